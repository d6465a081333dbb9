"""What several loaders need: ids, counts, and what the shipped data and the built store hold."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import store
from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading.description import Description
from solidarity_spectrum.loading.fields import Fields
from solidarity_spectrum.loading.inputs import Index, Input, refuse
from solidarity_spectrum.records import context
from solidarity_spectrum.records.yaml import read
from solidarity_spectrum.resources import BASE, DATA

MAX_ID = 120
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
IDENTIFIERS = (
    *("wikidataId", "ecli", "celex", "docket", "hudoc", "isoCountryCode", "unSymbol", "doi", "eliUri", "eurovocId"),
    *("officialNumber", "untcReference", "neutralCitation"),
)
"""The keys of records that name a thing for others too."""
NAME, BORN = "(name)", "(born)"
"""Of persons in the index: the folded name, and the year of birth by id."""
_PLAIN = re.compile(r"[A-Za-z0-9]+([ _./:-][A-Za-z0-9]+)*")


def mint(*values: str) -> str:
    """The id that stable values of a source make, always the same, in lower case with hyphens.

        >>> mint("hudoc", "001-201353"), mint("parlamint", "LászlóGyörgyLukács")
        ('hudoc-001-201353', 'parlamint-laszlogyorgylukacs-a8fd86d8')

    Where letters are lost on the way, or the id would be too long and is cut, a hash of the values follows, so that
    different values make different ids. Case and the separators between words do not count as different. Raises
    ValueError for an empty value.
    """
    if not values or not all(value.strip() for value in values):
        raise ValueError("an id needs values that are not empty")
    whole = "\x1f".join(values)
    plain = "".join(c for c in unicodedata.normalize("NFKD", "-".join(values)) if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    if len(name) <= MAX_ID and all(_PLAIN.fullmatch(value) for value in values):
        return name
    return f"{name[:MAX_ID].strip('-')}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}".strip("-")


def total(place: Place, what: str, declared: int, counted: int) -> None:
    """Compare a count with the source's own. Raises InputError if they differ."""
    if declared != counted:
        en = f"the source counts {declared} {what}, {counted} were read"
        raise refuse("total", place, en, f"a forrás szerint {declared} {what}, beolvasva {counted}")


def folded(name: str) -> str:
    """The words of a name in one order, without case, accents or punctuation: `Orbán, Viktor` is `orban viktor`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
    return " ".join(sorted(re.findall(r"\w+", plain)))


def namesake(source: Input, name: str, born: str = "") -> str | None:
    """The id of the only person of this name in the graph, or None; not of one who was born in another year.

    A name identifies nobody for certain: use it for candidates only.
    """
    if source.index is None:
        return None
    found = {who for who, _ in source.holders(NAME, folded(name))}
    if len(found) != 1:
        return None
    who = found.pop()
    years = {year for year, _ in source.index.get((BORN, who), ())}
    return who if not born or not years or born[:4] in years else None


@cache
def states() -> dict[str, dict[str, Any]]:
    """The record of every state in the shipped data, by its three-letter code of ISO 3166-1."""
    file = DATA / "actors" / "states.yaml"
    codes: dict[str, dict[str, Any]] = {}
    for state in read(file.read_bytes(), str(file))[0]["records"]:
        written = state["isoCountryCode"]
        codes |= {code: state for code in ([written] if isinstance(written, str) else written) if len(code) == 3}
    return codes


def citation(row: Fields, column: str = "source") -> dict[str, Any]:
    """The source of a row whose own cell reads «address (place in it)».

    Title and tier are those of the description, or those it gives for this address in its table `elsewhere`. Raises
    InputError for a cell that is written otherwise.
    """
    text = row.take(column)
    cell = re.fullmatch(r"(https?://\S+) \((.+)\)", text)
    if not cell:
        en = f"«{text}» in column «{column}» is not written «address (place in it)»"
        raise row.error("syntax", en, f"a «{column}» oszlop értéke, «{text}», nem «cím (hely benne)» alakú")
    url, locator = cell.groups()
    about: Description = row.description
    other = about.tables.get("elsewhere", {}).get(url)
    return about.source(url, locator=locator) | ({"title": other["title"], "tier": other["tier"]} if other else {})


def index(folder: Path, keys: Iterable[str] = IDENTIFIERS) -> Index:
    """What a built store holds by its identifiers, in one query. Raises NoStore if there is none."""
    return index_of(store.open_disk(folder), keys)


def index_of(graph: ox.Store, keys: Iterable[str] = IDENTIFIERS) -> Index:
    """What a graph holds by its identifiers, its persons by name, and its concepts by name and language."""
    ours = context()
    terms = {ours.keys[key].iri: key for key in keys}
    listed = " ".join(f"<{iri}>" for iri in terms)
    query = f"SELECT ?thing ?term ?value ?type {{ VALUES ?term {{ {listed} }} ?thing ?term ?value ; a ?type }}"
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    names = {ours.expand(f"sol:{name}"): name for name in ours.classes}
    solutions: Any = graph.query(query, use_default_graph_as_union=True)
    for thing, term, value, kind in solutions:
        name = thing.value.removeprefix(BASE + "id/").replace(BASE + "concept/", "concept:")
        entry = (name, names.get(kind.value, ""))
        holders = found.setdefault((terms[term.value], value.value), [])
        if entry not in holders:
            holders.append(entry)
    person, born = ours.classes["Person"], ours.keys["born"].iri
    query = f"SELECT ?who ?name ?born {{ ?who a <{person}> ; rdfs:label ?name OPTIONAL {{ ?who <{born}> ?born }} }}"
    solutions = graph.query(query, use_default_graph_as_union=True, prefixes={"rdfs": RDFS})
    for who, name, day in solutions:
        short = who.value.removeprefix(BASE + "id/")
        found.setdefault((NAME, folded(name.value)), []).append((short, "Person"))
        if day is not None:
            found.setdefault((BORN, short), []).append((day.value[:4], ""))
    query = "SELECT ?concept ?name { ?concept skos:prefLabel ?name FILTER(STRSTARTS(STR(?concept), STR(concept:))) }"
    solutions = graph.query(
        query, use_default_graph_as_union=True, prefixes={"skos": SKOS, "concept": BASE + "concept/"}
    )
    for concept, name in solutions:
        short = concept.value.removeprefix(BASE + "concept/")
        if "/" not in short:  # a concept of the tree, not a code of a list
            key = ("prefLabel", f"{folded(name.value)}@{name.language}")
            found.setdefault(key, []).append((f"concept:{short}", "Concept"))
    return found
