"""Persons, parties and bodies from Wikidata: entities (https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html)
and answers of its query service on who held an office."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, refuse
from solidarity_spectrum.records import Record

if TYPE_CHECKING:
    from solidarity_spectrum.loading.client import Client

API = "https://www.wikidata.org/w/api.php"
SPARQL = "https://query.wikidata.org/sparql"
_AT_ONCE = 50
_LENGTHS = {"9": 4, "10": 7, "11": 10}
"""Characters of a date that count, by its precision: a year, a month or a day."""
_ITEM = re.compile(r"Q[1-9]\d*")
_LANGUAGES = ("en", "hu")
_COLUMNS = re.compile(
    r"statement|item|role|(start|end)(_precision)?|org|party|(name|role|org|party_name)_[a-z-]+"
    r"|district(_name_[a-z-]+)?|facebook|org_jurisdiction|role_superclass(_[a-z-]+)?"
)
_HOLDERS = """PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX pqv: <http://www.wikidata.org/prop/qualifier/value/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?statement ?item ?name_en ?name_hu ?role ?role_en ?role_hu
  ?start ?start_precision ?end ?end_precision ?org ?org_en ?org_hu WHERE {
  VALUES ?org { wd:ORGANISATION }
  ?role wdt:P361|wdt:P2389 ?org .
  ?item p:P39 ?statement .
  ?statement ps:P39 ?role ; wikibase:rank ?rank .
  FILTER(?rank != wikibase:DeprecatedRank)
  OPTIONAL { ?statement pqv:P580 [ wikibase:timeValue ?start ; wikibase:timePrecision ?start_precision ] }
  OPTIONAL { ?statement pqv:P582 [ wikibase:timeValue ?end ; wikibase:timePrecision ?end_precision ] }
  OPTIONAL { ?item rdfs:label ?name_en FILTER(LANG(?name_en) = "en") }
  OPTIONAL { ?item rdfs:label ?name_hu FILTER(LANG(?name_hu) = "hu") }
  OPTIONAL { ?role rdfs:label ?role_en FILTER(LANG(?role_en) = "en") }
  OPTIONAL { ?role rdfs:label ?role_hu FILTER(LANG(?role_hu) = "hu") }
  OPTIONAL { ?org rdfs:label ?org_en FILTER(LANG(?org_en) = "en") }
  OPTIONAL { ?org rdfs:label ?org_hu FILTER(LANG(?org_hu) = "hu") }
}"""


def fetch(client: "Client", description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """The entities named by `ids`, and who held an office in `organisation`."""
    given = [each.strip() for key in ("ids", "organisation") for each in wanted.get(key, "").split(",") if each.strip()]
    if strange := [each for each in given if not _ITEM.fullmatch(each)]:
        en, hu = f"«{strange[0]}» is not an item, such as Q57641", f"«{strange[0]}» nem elem, mint Q57641"
        raise refuse("fetch", Place(API), en, hu)
    ids = [each.strip() for each in wanted.get("ids", "").split(",") if each.strip()]
    for start in range(0, len(ids), _AT_ONCE):
        listed = "|".join(ids[start : start + _AT_ONCE])
        asked = {"action": "wbgetentities", "format": "json", "ids": listed, "maxlag": "5", "redirects": "yes"}
        yield client.get(API, asked, "application/json").input(client.index, f"{API}?ids={listed}")
    if "organisation" in wanted:
        query = _HOLDERS.replace("ORGANISATION", wanted["organisation"].strip())
        # A person or body may stand on several pages, so that they are read as one answer.
        found = [json.loads(page.body) for page in client.pages(SPARQL, query, "?statement ?start ?end ?name_en")]
        rows = [row for page in found for row in page["results"]["bindings"]]
        whole = json.dumps({"head": found[0].get("head", {}), "results": {"bindings": rows}}).encode()
        yield Input(Path(SPARQL), SPARQL, client.index, lambda: BytesIO(whole))


def read(source: Input, description: Description) -> Iterator[Record]:
    """The entities or rows of one reply."""
    for item in json_items(source, description, ""):
        if "error" in item.keys():  # noqa: SIM118 - not a mapping
            problem = item.one("error")
            told = problem.get("info") or problem.get("code") if problem else ""
            raise item.error("fetch", f"the reply is an error: {told}", f"a válasz hiba: {told}")
        if "results" in item.keys():  # noqa: SIM118
            yield from _holders(item, source)
        elif "entities" in item.keys():  # noqa: SIM118
            entities = item.raw("entities")
            if not isinstance(entities, dict) or not entities:
                raise item.error("missing-field", "there are no entities in it", "nincs benne entitás")
            for name, data in entities.items():
                if not isinstance(data, dict) or "missing" in data:
                    en, hu = f"Wikidata has no «{name}»", f"a Wikidatában nincs «{name}»"
                    raise item.error("missing-field", en, hu)
                entity = Fields(data, "", item.place, description)
                yield _entity(entity, source, name)
                entity.done()
        else:
            yield _entity(item, source, "")


# -- entities


def _texts(raw: Any) -> dict[str, list[str]]:
    """Texts by language; an empty map comes as an empty list."""
    found: dict[str, list[str]] = {}
    for tag, values in (raw if isinstance(raw, dict) else {}).items():
        for value in values if isinstance(values, list) else [values]:
            found.setdefault(tag, []).append(str(value["value"]))
    return found


def _label(texts: dict[str, list[str]], otherwise: str) -> dict[str, str]:
    """In our languages; the English one is that of any language if it is missing, or the id."""
    label = {tag: texts[tag][0] for tag in _LANGUAGES if texts.get(tag)}
    label.setdefault("en", next((texts[tag][0] for tag in ("mul", *sorted(texts)) if texts.get(tag)), otherwise))
    return label


def _best(claims: Any, which: str) -> list[dict[str, Any]]:
    """The statements of a property that count: the preferred ones, else the normal ones; with a value."""
    found = claims.get(which, []) if isinstance(claims, dict) else []
    ranks = {each.get("rank", "normal") for each in found}
    rank = "preferred" if "preferred" in ranks else "normal"
    return [e for e in found if e.get("rank", "normal") == rank and e["mainsnak"].get("snaktype") == "value"]


def _item(claim: dict[str, Any]) -> str:
    value = claim["mainsnak"]["datavalue"]["value"]
    return str(value.get("id") or f"Q{value['numeric-id']}")


def _day(claim: dict[str, Any]) -> str:
    """A time as precise as it is: a day, a month or a year; "" for what is vaguer or before our era."""
    value = claim["mainsnak"]["datavalue"]["value"]
    match = re.fullmatch(r"\+0*(\d{4})-(\d\d)-(\d\d)T.*", value["time"])
    length = _LENGTHS.get(str(value["precision"]), 0)
    return f"{match[1]}-{match[2]}-{match[3]}"[:length] if match else ""


def _entity(entity: Fields, source: Input, asked: str) -> Record:
    about = entity.description
    name = entity.take("id")
    claims = entity.raw("claims") or {}
    kinds = [_item(claim) for claim in _best(claims, "P31")]
    table = about.tables["kinds"]
    kind = next((table[each] for each in kinds if each in table), "")
    if not kind:
        kind = known(table, kinds[0] if kinds else "(none)", entity.place, f"claims/P31 of {name}")
    names, aliases = _texts(entity.raw("labels")), _texts(entity.raw("aliases"))
    days = {day for claim in _best(claims, "P569") if (day := _day(claim))}
    parties = [
        source.joined("wikidataId", _item(claim))
        for claim in _best(claims, "P102")
        if not {"P582", "P1534"} & set(claim.get("qualifiers", {}))
    ]
    joined = source.joined("wikidataId", name)
    made = mint("wikidata", name)
    cited = [about.source(f"https://www.wikidata.org/wiki/{name}", f"Wikidata, {_label(names, name)['en']} ({name})")]
    data = {
        **({"record": made, "id": joined} if joined else {"id": made}),
        "type": kind,
        "label": None if joined else _label(names, name),
        "altLabel": None if joined else {tag: aliases[tag] for tag in _LANGUAGES if aliases.get(tag)},
        "wikidataId": name,
        "born": days.pop() if len(days) == 1 and kind == "Person" else None,
        "memberOf": sorted(set(filter(None, parties))) if kind == "Person" else None,
        "sources": cited,
        "status": about.status,
    }
    if asked and asked != name:
        data["note"] = f"Asked for as {asked}, which Wikidata has merged into {name}."
    return entity.record(data)


# -- rows of the query service


def _cell(row: Fields, name: str) -> str:
    part = row.one(name)
    if part is None:
        return ""
    kind = part.take("type")
    part.skip("xml:lang", "datatype")
    value = part.get("value")
    if kind == "bnode" or (kind == "uri" and "/.well-known/genid/" in value):
        return ""  # a value that is not known
    return value.rpartition("/")[2] if kind == "uri" else value


def _date(cells: dict[str, str], name: str) -> str:
    """As precise as it is; without a precision the first of January stands for the year, as the service writes it."""
    value, precision = cells.get(name, "")[:10], cells.get(f"{name}_precision", "")
    if precision:
        return value[: _LENGTHS.get(precision, 0)]
    return value.removesuffix("-01-01")


def _holders(answer: Fields, source: Input) -> Iterator[Record]:
    """A row each for person, statement, party and language: put together by person."""
    about = answer.description
    people: dict[str, dict[str, Any]] = {}
    bodies: dict[str, tuple[str, dict[str, str]]] = {}
    results = answer.one("results")
    found = results.each("bindings") if results else []
    if results:
        results.skip("distinct", "ordered")
    for row in found:
        columns = row.keys()
        for strange in (name for name in columns if not _COLUMNS.fullmatch(name)):
            raise row.error(
                "unknown-column", f"column «{strange}»: no reader takes it", f"ismeretlen oszlop: {strange}"
            )
        cells = {name: _cell(row, name) for name in columns}
        item = cells.get("item", "")
        if not _ITEM.fullmatch(item):
            raise row.error("missing-field", "a row has no item", "egy sorban nincs elem (item)")
        person = people.setdefault(item, {"label": {}, "offices": {}})
        person["label"] |= _by_language(cells, "name")
        for kind, key, text in (("Organisation", "org", "org"), ("PoliticalParty", "party", "party_name")):
            if _ITEM.fullmatch(cells.get(key, "")):
                bodies.setdefault(cells[key], (kind, {}))[1].update(_by_language(cells, text))
        statement = cells.get("statement", "")
        if statement and _ITEM.fullmatch(cells.get("org", "")):
            person["offices"].setdefault(statement, cells)
    names = {}
    for item, (kind, label) in bodies.items():
        joined = source.joined("wikidataId", item)
        names[item] = joined or mint("wikidata", item)
        if not joined:
            yield answer.record({"id": names[item], "type": kind} | _common(about, item, label))
    for item, person in people.items():
        joined = source.joined("wikidataId", item, "Person")
        made = mint("wikidata", item)
        offices = [
            {
                "id": mint(made, statement.rpartition("-")[2]),
                "type": "Office",
                "label": _filled_label(_by_language(cells, "role"), cells.get("role", "office")),
                "organisation": names[cells["org"]],
                "startDate": _date(cells, "start"),
                "endDate": _date(cells, "end"),
            }
            for statement, cells in person["offices"].items()
        ]
        data = ({"record": made, "id": joined} if joined else {"id": made}) | {"type": "Person", "offices": offices}
        common = _common(about, item, person["label"])
        if joined:
            common.pop("label")
        yield answer.record(data | common)


def _by_language(cells: dict[str, str], name: str) -> dict[str, str]:
    return {tag: cells[f"{name}_{tag}"] for tag in _LANGUAGES if cells.get(f"{name}_{tag}")}


def _filled_label(label: dict[str, str], otherwise: str) -> dict[str, str]:
    return {"en": next(iter(label.values()), otherwise)} | label


def _common(about: Description, item: str, label: dict[str, str]) -> dict[str, Any]:
    named = _filled_label(label, item)
    cited = about.source(f"https://www.wikidata.org/wiki/{item}", f"Wikidata, {named['en']} ({item})")
    return {"label": named, "wikidataId": item, "sources": [cited], "status": about.status}
