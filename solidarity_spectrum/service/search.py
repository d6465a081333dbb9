"""Finding things by name and by class, and listing them."""

import re
import unicodedata
from functools import cache

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.pages import PAGE_SIZE, Pages, page_number
from solidarity_spectrum.service.reading import Row, Term, values
from solidarity_spectrum.service.sparql import QUERY_ERRORS, Problem, as_problem

_CLASS = re.compile(r"[A-Za-z]{1,60}\Z")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$#&~-]")
_MAX = 100


@cache
def _variants() -> dict[str, str]:
    """For each plain letter all letters that are it with a mark, such as á for a."""
    found: dict[str, str] = {}
    for code in range(0xC0, 0x250):
        plain = unicodedata.normalize("NFD", chr(code))[0].lower()
        if plain.isascii() and plain.isalpha():
            found[plain] = found.get(plain, "") + chr(code)
    return found


def pattern(text: str) -> str:
    """A regular expression that finds a text whether or not it is written with the marks of its letters."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return "".join(
        f"[{c}{_variants()[c.lower()]}]" if c.lower() in _variants() else _SPECIAL.sub(r"\\\g<0>", c) for c in plain
    )


class Search:
    """The page that finds things."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def routes(self) -> list[BaseRoute]:
        """The route of the page."""
        return [Route("/search", self._pages.revalidated(self.search, ("q", "type", "page")))]

    async def search(self, request: Request) -> Response:
        """What is called so (`q`) or is of a class (`type`), in pages."""
        try:
            return await self._search(request)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error

    async def _search(self, request: Request) -> Response:
        reader = self._pages.reader(request)
        wanted = " ".join(request.query_params.get("q", "").split())
        held = request.query_params.get("type", "")
        if len(wanted) > _MAX or not wanted.isprintable():
            raise Problem(400, "Bad parameter", f"parameter q: at most {_MAX} signs that can be printed")
        if held and not _CLASS.match(held):
            raise Problem(400, "Bad parameter", f"parameter type: «{held}» is not the name of a class")
        first = PAGE_SIZE * page_number(request)
        parts = ["?g foaf:primaryTopic ?x"]
        if held:
            parts.append(f"?x a <{BASE}ontology#{held}>" if held != "Concept" else "?x a skos:Concept")
        if wanted:
            literal = ox.Literal(pattern(wanted))
            identifier = ox.Literal(wanted.lower().replace(" ", "-"))
            parts.append(
                f"""?x rdfs:label|skos:prefLabel|skos:altLabel ?called
                FILTER(REGEX(STR(?called), {literal}, "i") || CONTAINS(STR(?x), {identifier}))"""
            )
        where = " . ".join(parts)
        counts: list[Row] = []
        rows: list[Row] = []
        if wanted or held:
            rows = await reader.select(
                f"""SELECT DISTINCT ?x ?n ?connects ?l {{ {{ SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {where} }} }} {where}
                    OPTIONAL {{ ?x rdfs:label|skos:prefLabel ?l FILTER(LANG(?l) = "{reader.language}") }}
                    BIND(EXISTS {{ ?x a sol:Connection }} AS ?connects)
                    }} ORDER BY ?connects LCASE(STR(COALESCE(?l, ""))) ?x LIMIT {PAGE_SIZE} OFFSET {first}"""
            )
        if not rows:
            counts = await reader.select(
                """SELECT ?class (COUNT(DISTINCT ?x) AS ?n) { ?g foaf:primaryTopic ?x . ?x a ?class
                    FILTER(STRSTARTS(STR(?class), STR(sol:)) || ?class = skos:Concept) }
                    GROUP BY ?class ORDER BY DESC(?n) ?class"""
            )
        told = await reader.select(
            f"""SELECT DISTINCT ?x ?type ?date {{
                GRAPH ?g {{ VALUES ?x {{ {values(row["x"].value for row in rows)} }} ?x a ?type }}
                FILTER(?g != <{BASE}graph/inferred>)
                OPTIONAL {{ ?x dcterms:date|sol:adopted|sol:lodged ?date }} }} ORDER BY ?x ?type ?date"""
        )
        details: dict[str, list[Term]] = {}
        for row in told:
            for name in ("type", "date"):
                if name in row and row[name] not in details.setdefault(row["x"].value, []):
                    details[row["x"].value].append(row[name])
        kind = Term("uri", f"{BASE}ontology#{held}")
        await reader.fetch_labels([kind, *(row["x"] for row in rows), *(row["class"] for row in counts)])
        await reader.fetch_labels(term for cells in details.values() for term in cells)
        count = int(rows[0]["n"].value) if rows else 0
        return self._pages.render(
            request,
            "search.html",
            reader=reader,
            wanted=wanted,
            held=held,
            kind=kind,
            counts=counts,
            found=[row["x"] for row in rows],
            details=details,
            count=count,
            first=first,
            page=page_number(request),
            more=count > first + len(rows),
        )
