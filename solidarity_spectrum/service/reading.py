"""Answers of the pool as Python values, and values as readers see them: labels, languages, links."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.pool import PREFIXES, Pool
from solidarity_spectrum.service.sparql import TABLES

LANGUAGES = ("en", "hu")
PROLOGUE = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_CITED = re.compile(r"(.+) <(https?://[^<>\s]+)>", re.DOTALL)
_IRI = re.compile(r'[^<>"{}|^`\\\x00-\x20]+\Z')


@dataclass(frozen=True, slots=True)
class Term:
    """An IRI, a blank node or a literal of an answer."""

    kind: str
    value: str
    language: str = ""
    datatype: str = ""

    @property
    def is_iri(self) -> bool:
        return self.kind == "uri"

    @property
    def href(self) -> str:
        """Where a link to it leads: our own pages for our own IRIs, the web for http and https; else empty."""
        if not self.is_iri:
            return ""
        if self.local:
            return "/" + self.value.removeprefix(BASE)
        return self.value if self.value.startswith(("https://", "http://")) else ""

    @property
    def local(self) -> bool:
        """Whether it is one of our own IRIs."""
        return self.is_iri and self.value.startswith(BASE)

    @property
    def short(self) -> str:
        """The value, an IRI shortened by a known prefix or to its last part."""
        if not self.is_iri:
            return self.value
        for name, iri in PREFIXES.items():
            if self.value.startswith(iri):
                local = self.value.removeprefix(iri)
                return local if iri.startswith(BASE) else f"{name}:{local}"
        return self.value.removeprefix(BASE)


Row = dict[str, Term]


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a SELECT or, with `truth`, to an ASK."""

    columns: list[str]
    rows: list[Row]
    truth: bool | None = None

    @property
    def shown(self) -> list[str]:
        """The columns for a page, where a link carries its label: `lawLabel` beside `law` would say it twice."""
        return [name for name in self.columns if name.removesuffix("Label") not in self.columns or "Label" not in name]


def cited(term: Term) -> list[tuple[str, str]]:
    """Title and address of each source in a cell of the catalogue's form «title <address> ; title <address>»."""
    pieces = [] if term.is_iri else [_CITED.fullmatch(piece) for piece in term.value.split(" ; ")]
    return [(piece[1], piece[2]) for piece in pieces if piece] if pieces and all(pieces) else []


def spaced(name: str) -> str:
    """A column's name as words: `lawDate` as «law date»."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def parse_table(body: bytes) -> Table:
    """Read SPARQL results in JSON."""
    document = json.loads(body)
    if "boolean" in document:
        return Table([], [], document["boolean"])
    rows = [
        {
            name: Term(cell["type"], str(cell["value"]), cell.get("xml:lang", ""), cell.get("datatype", ""))
            for name, cell in binding.items()
        }
        for binding in document["results"]["bindings"]
    ]
    return Table(document["head"]["vars"], rows)


def values(iris: Iterable[str]) -> str:
    """The IRIs as the data of a VALUES clause; what cannot be an IRI is left out."""
    return " ".join(f"<{value}>" for value in dict.fromkeys(iris) if _IRI.match(value))


class Reader:
    """Asks the pool and reads the answers, in the language of one visitor."""

    def __init__(self, pool: Pool, language: str, suffix: str = "") -> None:
        self._pool = pool
        self.language = language
        self._suffix = suffix
        self._labels: dict[str, Term] = {}

    async def select(self, query: str) -> list[Row]:
        """The rows of a SELECT; the prefixes of the project are known. Raises what the pool raises."""
        body, _ = await self._pool.query(PROLOGUE + query, TABLES["json"])
        return parse_table(body).rows

    async def fetch_labels(self, terms: Iterable[Term]) -> None:
        """Learn the labels of all IRIs among the terms, in one query."""
        wanted = [term.value for term in terms if term.is_iri and term.value not in self._labels]
        if not wanted:
            return
        rows = await self.select(
            f"SELECT ?x ?l {{ VALUES ?x {{ {values(wanted)} }} ?x rdfs:label|skos:prefLabel|dcterms:title ?l }}"
        )
        found: dict[str, list[Term]] = {}
        for row in rows:
            found.setdefault(row["x"].value, []).append(row["l"])
        for name, labels in found.items():
            self._labels[name] = self.choose(labels)

    def link(self, term: Term) -> str:
        """Where a link to a term leads, empty if nowhere; to our own pages in the language that was chosen."""
        if not (term.local and self._suffix):
            return term.href
        address, _, fragment = term.href.partition("#")
        return address + self._suffix + (f"#{fragment}" if fragment else "")

    def choose(self, literals: Iterable[Term]) -> Term:
        """The literal in the visitor's language, else in English, else the first in order."""
        order = {self.language: 0, "en": 1, "": 2}
        return min(literals, key=lambda term: (order.get(term.language, 3), term.language, term.value))

    def label(self, term: Term) -> Term:
        """How a term is called: its label if there is one."""
        return self._labels.get(term.value, Term("literal", term.short)) if term.is_iri else term
