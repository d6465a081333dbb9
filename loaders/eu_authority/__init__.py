"""Countries, bodies and treaties of the authority tables of the European Union: links, and what the graph lacks.

Formats: SKOS in RDF/XML as the Publications Office distributes it, and SPARQL results in JSON (column `conceptURI`).
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import Description, Fields, Input, elements, json_items, known, mint, refuse
from solidarity_spectrum.records import Record

if TYPE_CHECKING:
    from solidarity_spectrum.loading.client import Client

ENDPOINT = "https://publications.europa.eu/webapi/rdf/sparql"
AUTHORITY = "http://publications.europa.eu/resource/authority/"
_CONCEPT = re.compile(re.escape(AUTHORITY) + r"([a-z-]+)/([A-Za-z0-9_.-]+)")
_QUERY = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?conceptURI ?label WHERE {
  ?conceptURI skos:inScheme <SCHEME> ; skos:prefLabel ?label FILTER(LANG(?label) = "en")
}"""


def fetch(client: "Client", description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """All concepts of a table, page by page."""
    table = wanted.get("table", "")
    if not description.tables["kinds"].get(table):
        listed = ", ".join(description.tables["kinds"])
        raise refuse(
            "fetch", Place(ENDPOINT), f"«{table}» is none of: {listed}", f"«{table}» nem ezek egyike: {listed}"
        )
    for page in client.pages(ENDPOINT, _QUERY.replace("SCHEME", AUTHORITY + table), "?conceptURI ?label"):
        yield page.input(client.index)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The concepts of one file."""
    if re.search(r"\.rdf(\.gz|\.bz2|\.xz)?$", source.name):
        for concept in elements(source, description, "rdf:RDF/skos:Concept"):
            labels = {part.get("@xml:lang"): part.get("#") for part in concept.each("prefLabel")}
            dates = {key: _day(concept, f"eli-o:{name}") for key, name in _DATES.items()}
            yield from _record(concept, source, concept.take("@rdf:about"), labels.get("en", ""), dates)
        return
    for row in json_items(source, description, "results/bindings"):
        cells = {}
        for name in ("conceptURI", "label"):
            part = row.one(name)
            if part:
                cells[name] = part.get("value")
                part.skip("type", "datatype", "xml:lang")
        yield from _record(row, source, cells.get("conceptURI", ""), cells.get("label", ""), {})


_DATES = {"adopted": "date_document", "inForce": "first_date_entry_in_force"}


def _day(concept: Fields, key: str) -> str:
    parts = concept.each(key)
    found = {part.get("#") for part in parts}
    for part in parts:
        part.skip("@rdf:datatype")
    return found.pop() if len(found) == 1 else ""  # several, as for a treaty of several acts: none is the one


def _record(item: Fields, source: Input, address: str, label: str, dates: dict[str, str]) -> Iterator[Record]:
    about = item.description
    match = _CONCEPT.fullmatch(address)
    if not match:
        en, hu = f"«{address}» is not the address of a concept of a table", f"«{address}» nem egy tábla fogalmának címe"
        raise item.error("value", en, hu)
    table, code = match.groups()
    kind = known(about.tables["kinds"], table, item.place, "table")
    joined = about.tables["same"].get(f"{table}/{code}")
    if kind == "State":
        joined = source.joined("isoCountryCode", code, "State")
        if not joined:
            return  # territories and former states, which the graph does not hold
    made = mint("eu-authority", table, code)
    own: dict[str, Any] = {"label": {"en": label or code}}
    if kind == "LegalInstrument":
        own |= dates | {"instrumentType": "treaty"}
    data = {
        **({"record": made, "id": joined} if joined else {"id": made} | own),
        "type": kind,
        "url": address,
        "sources": [about.source(address, f"{table}: {label or code}")],
        "status": about.status,
    }
    yield item.record(data)
