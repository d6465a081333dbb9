"""Linked-data pages and data: a thing redirects to a page or to data about it, by what the client accepts (303).

Source of the rules: https://www.w3.org/TR/cooluris/ (303 URIs) and RFC 9110, sections 8.7 and 12.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pyoxigraph as ox
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from solidarity_spectrum.report import catalogue, words
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.home import home_view
from solidarity_spectrum.service.negotiation import best_language, best_type
from solidarity_spectrum.service.pool import PREFIXES, Dataset, Pool
from solidarity_spectrum.service.reading import (
    LANGUAGES,
    PROLOGUE,
    Reader,
    Row,
    Table,
    Term,
    cited,
    parse_table,
    spaced,
    values,
)
from solidarity_spectrum.service.remote import Remote
from solidarity_spectrum.service.settings import Settings
from solidarity_spectrum.service.sparql import (
    GRAPHS,
    HTML,
    QUERY_ERRORS,
    TABLES,
    Operation,
    Problem,
    as_problem,
    entity_tag,
    not_modified,
    read_query,
    while_connected,
    with_others,
)
from solidarity_spectrum.service.texts import text
from solidarity_spectrum.store import GRAPH_FORMATS as RDF_FORMATS
from solidarity_spectrum.vocabulary import ontology_files

PAGE_SIZE = 50
_FORM_ROWS = 1000
_GRAPH_ROWS = 500
_INCOMING_IN_DATA = 200
DATA_FORMATS = ("ttl", "jsonld", "nt", "rdf", "trig", "nq")
_QUAD_FORMATS = ("trig", "nq")
_FORMAT_NAMES = {
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "nt": "N-Triples",
    "rdf": "RDF/XML",
    "trig": "TriG",
    "nq": "N-Quads",
}
_NAME = re.compile(r"([A-Za-z0-9_-]+/)*([A-Za-z0-9_-]+|[0-9]+(\.[0-9]+)+)\Z")
_PAGES_KEPT = 16_000_000
_PROVENANCE = BASE + "graph/provenance"
_INFERRED = BASE + "graph/inferred"
_WITHDRAWN = BASE + "graph/withdrawn"
_SOL = BASE + "ontology#"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABELS = {
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
}
_AS_OF = _SOL + "asOf"
_NOTE = "http://www.w3.org/2004/02/skos/core#note"
_DESCRIPTIONS = {"http://purl.org/dc/terms/description", "http://www.w3.org/2004/02/skos/core#definition"}
_DERIVED = {_RDF_TYPE, _SOL + "earliest", _SOL + "latest"}  # shown in another form, or told by the dates themselves
_SPACES = {
    "/id/": "/search",
    "/concept/": "/search?type=Concept",
    "/graph/": "/page/dataset",
    "/quality/": "/page/graph/quality",
    "/question/": "/questions",
}
"""Spaces of IRIs, and the lists of what is in them."""
_CHARGES = {_SOL + "chargedUnder", _SOL + "chargeDescription"}
_OUTCOMES = {_SOL + "finalOutcome", _SOL + "outcome", _SOL + "outcomeDescription"}


@dataclass(slots=True)
class Source:
    """A citation: its number on the page, and what is known of it."""

    number: int
    node: str
    graph: str
    properties: dict[str, list[Term]] = field(default_factory=dict)

    def first(self, name: str) -> Term | None:
        """The first value of a property, by its full IRI."""
        return next(iter(self.properties.get(name, [])), None)


@dataclass(slots=True)
class Fact:
    """One value with the sources of its record; `nested` is what is said of a value that lives in the same record."""

    value: Term
    graphs: list[str]
    sources: list[Source] = field(default_factory=list)
    nested: "list[Property]" = field(default_factory=list)


@dataclass(slots=True)
class Property:
    """All values of one property."""

    term: Term
    facts: list[Fact]


def _document(thing: str, address: str, offset: int) -> str:
    """The pattern of the data about a thing: ?s ?p ?o in ?g.

    It holds what is said of the thing, its record and that record's provenance, of an entity also what refers to it,
    and a link back to the dataset. `address` is that of the document.
    """
    about = f"""{{ VALUES (?s ?p ?o) {{ (<{address}> rdf:type foaf:Document) (<{address}> foaf:primaryTopic <{thing}>)
            (<{address}> <http://rdfs.org/ns/void#inDataset> <{BASE}dataset>) }} }}"""
    if thing.startswith(BASE + "graph/"):
        return (
            about
            + f"""
            UNION {{ GRAPH <{thing}> {{ ?s ?p ?o }} BIND(<{thing}> AS ?g) }}
            UNION {{ GRAPH ?g {{ <{thing}> ?p ?o }} BIND(<{thing}> AS ?s) }}
            UNION {{ GRAPH ?g {{ <{thing}> sol:citation ?s . ?s ?p ?o }} }}"""
        )
    return (
        about
        + f"""
        UNION {{ GRAPH ?g {{ <{thing}> ?p ?o }} BIND(<{thing}> AS ?s) }}
        UNION {{ ?g foaf:primaryTopic <{thing}> . GRAPH ?g {{ ?s ?p ?o }} }}
        UNION {{ GRAPH ?g {{ ?s foaf:primaryTopic <{thing}> . ?s ?p ?o }} }}
        UNION {{ GRAPH ?g {{ ?h foaf:primaryTopic <{thing}> ; sol:citation ?s . ?s ?p ?o }} }}
        UNION {{ {{ SELECT ?g ?s ?p {{ {_incoming_pattern(thing)} }} ORDER BY ?p ?s ?g
            LIMIT {_INCOMING_IN_DATA} OFFSET {offset} }} BIND(<{thing}> AS ?o) }}"""
    )


def _incoming_pattern(thing: str) -> str:
    return f"""GRAPH ?g {{ ?s ?p <{thing}> }} FILTER(?g NOT IN (<{_PROVENANCE}>, <{_INFERRED}>))"""


@cache
def _module_files() -> dict[str, tuple[Path, str]]:
    """For the IRI of each module of the ontology its file and the hash of it."""
    found = {}
    for file, _ in ontology_files():
        content = file.read_bytes()
        for quad in ox.parse(content, format=ox.RdfFormat.TURTLE):
            if quad.predicate.value == _RDF_TYPE and str(quad.object) == f"<{PREFIXES['owl']}Ontology>":
                found[quad.subject.value] = (file, hashlib.sha256(content).hexdigest())
    return found


@cache
def appearance() -> str:
    """A hash of all that makes a page look as it does, the data apart."""
    folder = Path(__file__).parent
    files = sorted(file for name in ("templates", "static") for file in (folder / name).iterdir() if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in (*files, *sorted(folder.glob("*.py"))))).hexdigest()


class Pages:
    """The handlers of every page, over one pool."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._kept: dict[str, tuple[bytes, dict[str, str]]] = {}
        self._rendering = asyncio.Semaphore(1)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"cited": cited, "spaced": spaced}
        self._templates.globals |= {"media_types": GRAPHS, "format_names": _FORMAT_NAMES, "page_size": PAGE_SIZE}

    def routes(self) -> list[BaseRoute]:
        """Routes of the home page, of things, of pages and of data."""
        routes: list[BaseRoute] = [Route("/", self.revalidated(self.home))]
        routes.append(Route("/docs/rules", self.revalidated(self.rules)))
        routes += [Route(space, _to(address)) for space, address in _SPACES.items()]
        for path, page, parameters in (
            ("/id/{name}", self.entity, ("page",)),
            ("/concept/{name:path}", self.entity, ("page",)),
            ("/quality/{name:path}", self.entity, ("page",)),
            ("/graph/{name}", self.graph, ("page",)),
            ("/ontology", self.vocabulary, ()),
            ("/ontology/{name:path}", self.vocabulary, ()),
            ("/shapes", self.vocabulary, ()),
            ("/shapes/{name:path}", self.vocabulary, ()),
        ):
            routes += self.thing_routes(path, page, parameters=parameters)
        return routes

    def thing_routes(
        self,
        path: str,
        page: Callable[..., Any],
        data: Callable[..., Any] | None = None,
        parameters: Collection[str] | Callable[[Request], Collection[str]] = (),
    ) -> list[Route]:
        """Routes of a kind of things: the thing itself, the page, which has `parameters`, and the data about it."""
        kind = path.split("/")[1]
        return [
            Route(path, self.thing(kind)),
            Route("/page" + path, self.guarded(kind, self.revalidated(page, parameters))),
            Route("/data" + path + ".{extension}", self.guarded(kind, data or self.data)),
        ]

    # -- what all pages share ------------------------------------------------------------------------------------

    def language(self, request: Request) -> str:
        chosen = request.query_params.get("lang", "")
        return chosen if chosen in LANGUAGES else best_language(request.headers.get("accept-language"), LANGUAGES)

    def reader(self, request: Request) -> Reader:
        """A reader in the visitor's language; links keep a language that was chosen, rather than preferred."""
        chosen = request.query_params.get("lang", "")
        return Reader(self._pool, self.language(request), f"?lang={chosen}" if chosen in LANGUAGES else "")

    def render(
        self, request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **view: Any
    ) -> Response:
        language = self.language(request)
        other = "en" if language == "hu" else "hu"
        # Bytes that are not UTF-8 must not break the page that says so.
        parameters = [(name, value) for name, value in given_parameters(request) if name != "lang"]

        def query_with(**changed: object) -> str:
            """The query string of this page with other values of some parameters."""
            kept = [(name, value) for name, value in given_parameters(request) if name not in changed]
            return urlencode([*kept, *changed.items()])

        content = self._templates.get_template(template).render(
            language=language,
            other=other,
            other_href="?" + urlencode([*parameters, ("lang", other)]),
            t=lambda key: text(key, language),
            keep=f"?lang={language}" if request.query_params.get("lang") in LANGUAGES else "",
            base=BASE,
            query_with=query_with,
            **view,
        )
        vary = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", "Content-Language": language}
        return Response(content, status, {**vary, **(headers or {})}, HTML)

    def revalidated(
        self,
        page: Callable[..., Any],
        parameters: Collection[str] | Callable[[Request], Collection[str]] = (),
    ) -> Callable[..., Any]:
        """Give a page a validator: it changes with the build and with how pages look.

        Whoever holds that version gets 304; the pages asked for last are kept, and are sent as they are. Parameters
        other than those named and `lang` are as if they were not there: else each made-up one were another page.
        """

        async def handle(request: Request, *rest: str) -> Response:
            names = {"lang", *(parameters(request) if callable(parameters) else parameters)}
            request.state.given = [(name, value) for name, value in given_parameters(request) if name in names]

            def tag() -> str:
                seen = (self.language(request), request.url.path, request.state.given)
                return entity_tag(self._pool.build, appearance(), *seen)

            before = tag()
            if self._pool.ready and not_modified(request, before):
                vary = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-cache", "ETag": before}
                return Response(status_code=304, headers=vary)
            if self._pool.ready and before in self._kept:
                self._kept[before] = self._kept.pop(before)  # the last one asked for is the last to go
                body, headers = self._kept[before]
                return Response(body, headers=headers)
            response: Response = await page(request, *rest)
            if before == tag() and response.status_code == 200:  # else another build took over meanwhile
                response.headers["ETag"] = before
                self._keep(before, response)
            return response

        return handle

    def _keep(self, tag: str, response: Response) -> None:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        self._kept[tag] = (bytes(response.body), headers)
        while sum(len(body) for body, _ in self._kept.values()) > _PAGES_KEPT:
            del self._kept[next(iter(self._kept))]

    async def render_aside(self, request: Request, template: str, make: Callable[[], dict[str, Any]]) -> Response:
        """Render what may take long in a thread, while others are served; one after the other, since more threads
        would only take the interpreter from those who ask for little."""
        async with self._rendering:
            return await asyncio.to_thread(lambda: self.render(request, template, **make()))

    def error(self, request: Request, problem: Problem) -> Response | None:
        """The problem as a page, None if the client would rather have something else."""
        accepted = best_type(request.headers.get("accept"), ["application/problem+json", "text/plain", HTML])
        if accepted != HTML:
            return None
        return self.render(request, "error.html", status=problem.status, headers=problem.headers, problem=problem)

    def guarded(self, kind: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Give a handler the IRI of its thing, once it is known to exist; turn failed queries into problems."""

        async def handle(request: Request) -> Response:
            name = request.path_params.get("name", "")
            thing = await self._existing(request, kind, name)
            if isinstance(thing, Response):
                return thing
            try:
                response: Response = await handler(request, thing)
            except QUERY_ERRORS as error:
                raise as_problem(error) from error
            return response

        return handle

    async def _existing(self, request: Request, kind: str, name: str) -> str | Response:
        """The IRI of a thing that the store knows, or a permanent redirect if another took its place.

        The version IRI of a module stands for the module, as long as that is its version. Raises Problem 404 for what
        was never here and 410 for what was taken out.
        """
        language = self.language(request)
        unknown = Problem(404, text("not_found", language), text("not_found_detail", language))
        if name and not _NAME.match(name):
            raise unknown
        thing = f"{BASE}{kind}/{name}" if name else BASE + kind
        graph = thing if name else f"{BASE}graph/{kind}"
        try:
            rows = await Reader(self._pool, language).select(
                f"""SELECT ?known ?new ?current ?gone ?why {{
                    BIND(EXISTS {{ <{thing}> ?p ?o }} || EXISTS {{ GRAPH <{graph}> {{ ?a ?b ?c }} }} AS ?known)
                    OPTIONAL {{ <{thing}> dcterms:isReplacedBy ?new }}
                    OPTIONAL {{ ?current owl:versionIRI <{thing}> }}
                    OPTIONAL {{ GRAPH <{_WITHDRAWN}> {{ <{thing}> prov:invalidatedAtTime ?gone
                        OPTIONAL {{ <{thing}> skos:changeNote ?why }} }} }} }}
                    ORDER BY (LANG(?why) != "{language}") LIMIT 1"""
            )
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        row = rows[0]
        if "new" in row and row["new"].value.startswith(BASE):
            path = request.scope["path"].replace(f"/{kind}/{name}", row["new"].href)  # a page stays one, data stay data
            return RedirectResponse(path + (f"?{request.url.query}" if request.url.query else ""), 301)
        if "gone" in row:
            why = f" {row['why'].value}" if "why" in row else ""
            raise Problem(410, text("gone", language), f"{text('gone_detail', language)} {row['gone'].value}.{why}")
        if "current" in row:
            return row["current"].value
        if row["known"].value != "true":
            raise unknown
        return thing

    def thing(self, kind: str) -> Callable[..., Any]:
        """A thing is no document: see elsewhere (303) for a page or data about it."""

        async def see_other(request: Request, thing: str) -> Response:
            offered = {HTML: f"/page/{thing.removeprefix(BASE)}"}
            offered |= {GRAPHS[key]: f"/data/{thing.removeprefix(BASE)}.{key}" for key in DATA_FORMATS}
            media_type = best_type(request.headers.get("accept"), list(offered))
            if media_type is None:
                raise Problem(406, "Not acceptable", f"This is described in: {', '.join(offered)}.")
            query = request.url.query if media_type == HTML else ""
            target = offered[media_type] + (f"?{query}" if query else "")
            return RedirectResponse(target, 303, headers={"Vary": "Accept"})

        return self.guarded(kind, see_other)

    async def data(self, request: Request, thing: str) -> Response:
        """Data about a thing, in the format its extension names; in those with graphs, each fact in its record's.

        What refers to an entity comes in pages, which the header `Link` leads through.
        """
        extension, path, page = request.path_params["extension"], thing.removeprefix(BASE), page_number(request)
        if extension not in DATA_FORMATS:
            raise Problem(404, "No such format", f"Data come as: {', '.join(DATA_FORMATS)}.")
        address = f"/data/{path}.{extension}"
        modules = _module_files()
        state = modules[thing][1] if thing in modules else ""
        tag = entity_tag(self._pool.build, appearance(), state, address, page)
        headers = {"Content-Location": address + (f"?page={page}" if page else ""), "Cache-Control": "no-cache"}
        links = [f'<{thing}>; rel="canonical"', f'</page/{path}>; rel="alternate"; type="{HTML}"']
        if self._pool.ready and not_modified(request, tag):
            return Response(status_code=304, headers={**headers, "ETag": tag})
        build = self._pool.build
        if thing in modules and thing != BASE + "ontology":
            body = await asyncio.to_thread(_convert, modules[thing][0], extension)
        else:
            shown = BASE + "graph/" + path if thing in (BASE + "ontology", BASE + "shapes") else thing
            if path.startswith(("id/", "concept/", "quality/")):
                more = await self._ask(f"{{ {_incoming_pattern(thing)} }} OFFSET {(page + 1) * _INCOMING_IN_DATA}")
                links += [f'<{address}?page={page + 1}>; rel="next"'] if more else []
                links += [f'<{address}?page={page - 1}>; rel="prev"'] if page else []
            body, build = await self._document(shown, BASE + address[1:], page, extension)
        headers["Link"] = ", ".join(links)
        if build == self._pool.build:
            headers["ETag"] = tag
        return Response(body, headers={**headers, "Content-Type": GRAPHS[extension]})

    async def _ask(self, pattern: str) -> bool:
        """Whether a pattern, which may say from which match on, has any."""
        rows = await Reader(self._pool, "en").select(f"SELECT * {pattern} LIMIT 1")
        return bool(rows)

    async def _document(self, thing: str, address: str, page: int, extension: str) -> tuple[bytes, str]:
        pattern = _document(thing, address, page * _INCOMING_IN_DATA)
        if extension not in _QUAD_FORMATS:
            query = f"CONSTRUCT {{ ?s ?p ?o }} {{ SELECT DISTINCT ?s ?p ?o {{ {pattern} }} }}"
            return await self._pool.query(PROLOGUE + query, GRAPHS[extension], cached=True)
        query = f"SELECT DISTINCT ?g ?s ?p ?o {{ {pattern} }} ORDER BY ?g ?s ?p ?o"
        return await self._pool.query(PROLOGUE + query, GRAPHS[extension], cached=True, quads=True)

    def links(self, thing: str) -> dict[str, str]:
        path = thing.removeprefix(BASE)
        described = ", ".join(f'</data/{path}.{key}>; rel="describedby"; type="{GRAPHS[key]}"' for key in DATA_FORMATS)
        return {"Content-Location": f"/page/{path}", "Link": f'<{thing}>; rel="canonical", {described}'}

    # -- the pages -----------------------------------------------------------------------------------------------

    async def home(self, request: Request) -> Response:
        """What this is, what is in it, one whole chain, and the questions."""
        reader = self.reader(request)
        try:
            view = await home_view(reader)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        return self.render(request, "home.html", **view)

    async def entity(self, request: Request, thing: str) -> Response:
        """Everything about an entity or a concept, with its evidence."""
        reader = self.reader(request)
        page = page_number(request)
        offset = PAGE_SIZE * page
        counts = await reader.select(
            f"""SELECT ?connections ?incoming {{
                {{ SELECT (COUNT(DISTINCT ?c) AS ?connections) {{ {_connected_pattern(thing)} }} }}
                {{ SELECT (COUNT(*) AS ?incoming) {{
                    SELECT DISTINCT ?s ?p {{ {_referring_pattern(thing)} }} }} }} }}"""
        )
        connected, referring = (int(counts[0][name].value) for name in ("connections", "incoming"))
        self.in_range(request, max(connected, referring), PAGE_SIZE)
        facts, connections, incoming, records = await asyncio.gather(
            reader.select(_facts_query(thing)),
            reader.select(_connections_query(thing, offset)),
            reader.select(_incoming_query(thing, offset)),
            reader.select(
                f"""SELECT ?g ?status ?day {{ GRAPH <{_PROVENANCE}> {{ ?g foaf:primaryTopic <{thing}>
                    OPTIONAL {{ ?g sol:status ?status }} OPTIONAL {{ ?g sol:recorded ?day }} }} }} ORDER BY ?g"""
            ),
        )
        graphs = dict.fromkeys(row["g"].value for row in (*facts, *connections) if "g" in row)
        sources = await self._sources(reader, graphs)
        cells = (row.values() for row in (*facts, *connections, *incoming, *records))
        cited = [term for source in sources for items in source.properties.values() for term in items]
        await reader.fetch_labels([Term("uri", thing), *(term for cell in cells for term in cell), *cited])

        def view() -> dict[str, Any]:
            own = [row for row in facts if row["g"].value != _INFERRED]
            told = _properties(reader, own, thing, sources, set())
            inferred = _properties(reader, [row for row in facts if row["g"].value == _INFERRED], thing, sources, set())
            aside = _LABELS | _DERIVED | _DESCRIPTIONS | _CHARGES | _OUTCOMES | {_NOTE, _AS_OF}
            by_iri = {item.term.value: item for item in told}
            return {
                "headers": self.links(thing),
                "reader": reader,
                "thing": Term("uri", thing),
                "types": [fact.value for fact in by_iri[_RDF_TYPE].facts] if _RDF_TYPE in by_iri else [],
                "records": records,
                "as_of": [by_iri[_AS_OF]] if _AS_OF in by_iri else [],
                "notes": by_iri[_NOTE].facts if _NOTE in by_iri else [],
                "descriptions": [by_iri[name] for name in sorted(_DESCRIPTIONS) if name in by_iri],
                "charges": [by_iri[name] for name in sorted(_CHARGES) if name in by_iri],
                "outcomes": [by_iri[name] for name in sorted(_OUTCOMES) if name in by_iri],
                "facts": [item for item in told if item.term.value not in aside],
                "inferred": [item for item in inferred if item.term.value != _RDF_TYPE],
                "connections": _connections(connections, sources),
                "connection_count": connected,
                "incoming": _incoming(incoming),
                "incoming_count": referring,
                "sources": sources,
                "page": page,
                "more": max(connected, referring) > offset + PAGE_SIZE,
                "formats": DATA_FORMATS,
            }

        return await self.render_aside(request, "entity.html", view)

    def in_range(self, request: Request, count: int, size: int) -> None:
        """Raise Problem 404 for a page after the last one of `count` things."""
        if (page := page_number(request)) and page * size >= count:
            language = self.language(request)
            raise Problem(404, text("not_found", language), text("not_found_detail", language))

    async def _sources(self, reader: Reader, graphs: Iterable[str]) -> list[Source]:
        """The citations of record graphs, numbered, with the status of each record."""
        # VALUES inside GRAPH: outside, the engine reads the citations of all records before it joins them.
        rows = await reader.select(
            f"""SELECT ?g ?c ?p ?o ?status {{ GRAPH <{_PROVENANCE}> {{ VALUES ?g {{ {values(graphs)} }}
                ?g sol:citation ?c . ?c ?p ?o OPTIONAL {{ ?g sol:status ?status }} }} }}"""
        )
        rows.sort(key=lambda row: (list(graphs).index(row["g"].value), _natural(row["c"].value)))
        found: dict[str, Source] = {}
        for row in rows:
            node = row["c"].value
            source = found.setdefault(node, Source(len(found) + 1, node, row["g"].value))
            source.properties.setdefault(row["p"].value, []).append(row["o"])
            if "status" in row:
                source.properties[_SOL + "status"] = [row["status"]]
        return list(found.values())

    async def graph(self, request: Request, thing: str) -> Response:
        """A graph: what it is about, its status and sources, and its assertions."""
        reader = self.reader(request)
        first = _GRAPH_ROWS * page_number(request)
        about, rows, counts, sources = await asyncio.gather(
            reader.select(f"SELECT ?p ?o {{ GRAPH <{_PROVENANCE}> {{ <{thing}> ?p ?o }} }}"),
            reader.select(
                f"""SELECT ?s ?p ?o {{ GRAPH <{thing}> {{ ?s ?p ?o }} }} ORDER BY ?s ?p ?o
                    LIMIT {_GRAPH_ROWS} OFFSET {first}"""
            ),
            reader.select(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{thing}> {{ ?s ?p ?o }} }}"),
            self._sources(reader, [thing]),
        )
        count = int(counts[0]["n"].value)
        self.in_range(request, count, _GRAPH_ROWS)
        cited = [term for source in sources for items in source.properties.values() for term in items]
        await reader.fetch_labels([*(term for row in (*about, *rows) for term in row.values()), *cited])
        told = [{"g": Term("uri", _PROVENANCE), "s": Term("uri", thing), **row} for row in about]
        return await self.render_aside(
            request,
            "graph.html",
            lambda: {
                "headers": self.links(thing),
                "reader": reader,
                "thing": Term("uri", thing),
                "topics": [row["o"] for row in about if row["p"].value == PREFIXES["foaf"] + "primaryTopic"],
                "about": [
                    item
                    for item in _properties(reader, told, thing, [], set())
                    if item.term.value not in (_SOL + "citation", _RDF_TYPE)
                ],
                "rows": rows,
                "first": first,
                "count": count,
                "page": page_number(request),
                "more": count > first + len(rows),
                "sources": sources,
                "formats": DATA_FORMATS,
            },
        )

    async def rules(self, request: Request) -> Response:
        """What contributions are judged by, with examples; the address of a rule names its place on this page."""
        language = self.language(request)
        readers = [
            (name, catalogue.meaning(name, language), catalogue.advice(name, language)) for name in catalogue.READERS
        ]
        shapes = catalogue.shapes(language)
        return self.render(
            request, "rules.html", readers=readers, shapes=shapes, word=lambda level: words.word(level, language)
        )

    async def vocabulary(self, request: Request, thing: str) -> Response:
        """The terms of the ontology, of one of its modules, or the shapes, on one page; their IRIs are hash IRIs."""
        reader = self.reader(request)
        kind = thing.removeprefix(BASE).partition("/")[0]
        module = thing != BASE + kind
        chosen = f"?t rdfs:isDefinedBy <{thing}>" if module else f'FILTER(STRSTARTS(STR(?t), "{thing}#"))'
        rows, header, modules = await asyncio.gather(
            reader.select(
                f"""SELECT ?t ?p ?o {{ GRAPH <{BASE}graph/{kind}> {{ ?t a ?type ; ?p ?o . {chosen} }}
                    FILTER(!isBlank(?o)) }} ORDER BY LCASE(STR(?t)) ?p ?o"""
            ),
            reader.select(f"SELECT ?p ?o {{ GRAPH <{BASE}graph/{kind}> {{ <{thing}> ?p ?o }} FILTER(!isBlank(?o)) }}"),
            reader.select(
                f"""SELECT DISTINCT ?m {{ GRAPH <{BASE}graph/{kind}> {{ ?m a owl:Ontology }}
                    FILTER(STRSTARTS(STR(?m), "{BASE}{kind}/")) }} ORDER BY ?m"""
            ),
        )
        await reader.fetch_labels([Term("uri", thing), *(term for row in (*rows, *modules) for term in row.values())])
        await reader.fetch_labels(term for row in header for term in row.values())
        nowhere = Term("uri", "")
        terms: dict[str, list[Row]] = {}
        for row in rows:
            terms.setdefault(row["t"].value, []).append({"g": nowhere, "s": row["t"], **row})
        told = [{"g": nowhere, "s": Term("uri", thing), **row} for row in _spoken(header, reader.language)]
        return await self.render_aside(
            request,
            "vocabulary.html",
            lambda: {
                "headers": self.links(thing),
                "reader": reader,
                "thing": Term("uri", thing),
                "kind": kind,
                "modules": [row["m"] for row in modules] if not module else [],
                "header": [
                    item
                    for item in _properties(reader, told, thing, [], set())
                    if item.term.value not in _LABELS | {_RDF_TYPE, PREFIXES["dcterms"] + "title"}
                ],
                "terms": [
                    (
                        name.rpartition("#")[2],
                        Term("uri", name),
                        [
                            item
                            for item in _properties(reader, _spoken(own, reader.language), name, [], set())
                            if item.term.value not in _LABELS
                        ],
                    )
                    for name, own in terms.items()
                ],
                "formats": DATA_FORMATS,
            },
        )

    async def query_form(self, request: Request, operation: Operation, remote: Remote) -> Response:
        """The query form, with the answer below it if there is a query."""
        reader = self.reader(request)
        view: dict[str, Any] = {"table": None, "document": None, "links": []}
        if operation.query is not None:
            view = await self._run(request, reader, operation, remote)
        query = operation.query if operation.query is not None else PROLOGUE + "\nSELECT * WHERE {\n  \n}\nLIMIT 100"
        return self.render(request, "sparql.html", reader=reader, query=query, prologue=PROLOGUE, **view)

    async def _run(self, request: Request, reader: Reader, operation: Operation, remote: Remote) -> dict[str, Any]:
        query, dataset = operation.query or "", operation.dataset
        try:
            seen = await read_query(query, self._settings)
            graph = seen.form in ("CONSTRUCT", "DESCRIBE")
            complete, extra = await with_others(request, self._settings, remote, query, seen, dataset)
            work = self._pool.query(
                complete,
                GRAPHS["ttl"] if graph else TABLES["json"],
                dataset=dataset,
                names_dataset=seen.has_dataset,
                cached=not (seen.volatile or seen.services or extra),
                extra=extra,
            )
            body, _ = await while_connected(request, work)
        except QUERY_ERRORS as error:
            raise as_problem(error) from error
        if graph:
            links = _download_links(query, operation.dataset, GRAPHS)
            return {"table": None, "document": body.decode(), "links": links}
        table = parse_table(body)
        await reader.fetch_labels(term for row in table.rows[:_FORM_ROWS] for term in row.values())
        return {"document": None, **table_view(table, query, operation.dataset)}


def _to(address: str) -> Callable[[Request], Response]:
    """A handler that sends elsewhere (303)."""
    return lambda _: RedirectResponse(address, 303)


@cache
def _convert(file: Path, extension: str) -> bytes:
    """A Turtle file in another format."""
    if extension == "ttl":
        return file.read_bytes()
    triples = (quad.triple for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE))
    return ox.serialize(triples, format=RDF_FORMATS[extension], prefixes=PREFIXES) or b""


def given_parameters(request: Request) -> list[tuple[str, str]]:
    """The parameters of a request; of a page only those that it has."""
    given: list[tuple[str, str]] | None = getattr(request.state, "given", None)
    if given is not None:
        return given
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")


def page_number(request: Request) -> int:
    """Which page of a long list is asked for, from 0. Raises Problem 400 if that is no number."""
    number = request.query_params.get("page", "") or "0"
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise Problem(400, "Bad parameter", f"parameter page: «{number}» is not a number from 0 to 99999")
    return int(number)


def _natural(name: str) -> tuple[str, int]:
    """A key that puts source-10 after source-9."""
    head, _, tail = name.rpartition("-")
    return (head, int(tail)) if tail.isdigit() else (name, 0)


def _download_links(query: str, dataset: Dataset, formats: dict[str, str]) -> list[tuple[str, str]]:
    graphs = [("default-graph-uri", name) for name in dataset.default]
    graphs += [("named-graph-uri", name) for name in dataset.named]
    return [(key, "/sparql?" + urlencode([("query", query), *graphs, ("format", key)])) for key in formats]


def table_view(table: Table, query: str, dataset: Dataset = Dataset()) -> dict[str, Any]:  # noqa: B008 - frozen
    """What the macro `results` needs of an answer: its first rows, how many there are, and where they all are."""
    return {
        "table": Table(table.columns, table.rows[:_FORM_ROWS], table.truth),
        "count": len(table.rows),
        "links": _download_links(query, dataset, TABLES),
    }


def _facts_query(thing: str) -> str:
    return f"""SELECT ?g ?s ?p ?o {{
        {{ GRAPH ?g {{ <{thing}> ?p ?o }} BIND(<{thing}> AS ?s) FILTER(?g != <{_PROVENANCE}>) }}
        UNION {{ GRAPH <{_PROVENANCE}> {{ ?g foaf:primaryTopic <{thing}> }} GRAPH ?g {{ ?s ?p ?o }} }} }}"""


def _connected_pattern(thing: str) -> str:
    return f"{{ ?c sol:subject <{thing}> }} UNION {{ ?c sol:object <{thing}> }}"


def _connections_query(thing: str, offset: int) -> str:
    return f"""SELECT ?g ?c ?s ?r ?o ?argued ?claimant ?name ?work ?chronology ?status {{
        {{ SELECT DISTINCT ?c ?r {{ {_connected_pattern(thing)} ?c sol:relation ?r }} ORDER BY ?r ?c
            LIMIT {PAGE_SIZE} OFFSET {offset} }}
        GRAPH ?g {{ ?c sol:subject ?s ; sol:relation ?r ; sol:object ?o
            OPTIONAL {{ ?c sol:claimant ?claimant }} OPTIONAL {{ ?c sol:claimantName ?name }}
            OPTIONAL {{ ?c sol:statedIn ?work }} }}
        BIND(EXISTS {{ ?c a sol:ArguedConnection }} AS ?argued)
        OPTIONAL {{ ?c sol:chronology ?chronology }}
        OPTIONAL {{ GRAPH <{_PROVENANCE}> {{ ?g sol:status ?status }} }} }} ORDER BY ?r ?c"""


def _referring_pattern(thing: str) -> str:
    """What refers to a thing in a record that is not its own, connections apart."""
    return f"""{_incoming_pattern(thing)} FILTER(?p NOT IN (sol:subject, sol:object))
        FILTER NOT EXISTS {{ GRAPH <{_PROVENANCE}> {{ ?g foaf:primaryTopic <{thing}> }} }}"""


def _incoming_query(thing: str, offset: int) -> str:
    return f"""SELECT ?s ?p ?outcome {{
        {{ SELECT DISTINCT ?s ?p {{ {_referring_pattern(thing)} }} ORDER BY ?p ?s LIMIT {PAGE_SIZE} OFFSET {offset} }}
        OPTIONAL {{ ?s sol:finalOutcome|sol:outcome ?outcome }} }} ORDER BY ?p ?s ?outcome"""


def _properties(
    reader: Reader, rows: list[Row], subject: str, sources: list[Source], above: set[str]
) -> list[Property]:
    """What rows say of a subject, by property; nodes that live in the same record are nested below it."""
    described = {row["s"].value for row in rows}
    above = above | {subject}
    by_property: dict[str, dict[Term, Fact]] = {}
    for row in rows:
        if row["s"].value != subject:
            continue
        facts = by_property.setdefault(row["p"].value, {})
        fact = facts.setdefault(row["o"], Fact(row["o"], []))
        if row["g"].value not in fact.graphs:
            fact.graphs.append(row["g"].value)
    result = []
    for name, found in by_property.items():
        for value, fact in found.items():
            if value.is_iri and value.value in described - above:
                nested = _properties(reader, rows, value.value, sources, above)
                fact.nested = [item for item in nested if item.term.value not in _LABELS | _DERIVED]
            fact.sources = [source for source in sources if source.graph in fact.graphs and _backs(source, name)]
        ordered = sorted(found.values(), key=lambda fact: (fact.value.language, reader.label(fact.value).value))
        result.append(Property(Term("uri", name), ordered))
    return sorted(result, key=lambda item: reader.label(item.term).value.lower())


def _spoken(rows: list[Row], language: str) -> list[Row]:
    """Rows without texts in other languages, for properties that have one in this."""
    here = {row["p"] for row in rows if row["o"].language == language}
    return [row for row in rows if row["o"].language in ("", language) or row["p"] not in here]


def _backs(source: Source, name: str) -> bool:
    """Whether a source stands for a property: all of them, unless it says which."""
    supported = source.properties.get(_SOL + "supports")
    return supported is None or any(term.value == name for term in supported)


def _connections(rows: list[Row], sources: list[Source]) -> list[dict[str, Any]]:
    """One view for each connection, its claimants and works gathered."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        view = found.setdefault(row["c"].value, {**row, "claimants": [], "works": [], "sources": []})
        for key, name in (("claimants", "claimant"), ("claimants", "name"), ("works", "work")):
            if name in row and row[name] not in view[key]:
                view[key].append(row[name])
        view["argued"] = row["argued"].value == "true"
        view["sources"] = [source for source in sources if source.graph == row["g"].value]
    return list(found.values())


def _incoming(rows: list[Row]) -> list[dict[str, Any]]:
    """One view for each reference; outcomes of the same thing gathered, so that none is told without them."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        view = found.setdefault((row["s"].value, row["p"].value), {"s": row["s"], "p": row["p"], "outcomes": []})
        if "outcome" in row:
            view["outcomes"].append(row["outcome"])
    return list(found.values())
