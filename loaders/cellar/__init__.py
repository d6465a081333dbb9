"""Statements about laws and rulings of the European Union from the SPARQL endpoint of CELLAR, a row each."""

import re
from collections.abc import Iterator
from typing import Any

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, describe, json_items, known, mint, refuse
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

from ..eurlex_notice import address

_CDM = "http://publications.europa.eu/ontology/cdm#"


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """Pages of results on works by their CELEX numbers, or on those of some days."""
    if wanted.get("celex"):
        numbers = [_parsed("celex", text, Place(text)) for text in wanted["celex"].split(",")]
        listed = " ".join(f'"{number}"^^xsd:string' for number in numbers)
        which = f"VALUES ?celex {{ {listed} }} ?work cdm:resource_legal_id_celex ?celex ."
    else:
        first, last = (_asked(wanted, key) for key in ("from", "to"))
        which = (
            "?work cdm:resource_legal_id_celex ?celex ; cdm:work_date_document ?day . "
            f'FILTER(?day >= "{first}"^^xsd:date && ?day <= "{last}"^^xsd:date)'
        )
    kinds = description.tables["properties"].items()
    plain, relations = (
        " ".join(f"<{_CDM}{name}>" for name, about in kinds if (about["kind"] == "work") == related)
        for related in (False, True)
    )
    query = (
        f"PREFIX cdm: <{_CDM}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
        f"SELECT DISTINCT ?celex ?property ?value {{ {which} "
        f"{{ VALUES ?property {{ {plain} }} ?work ?property ?value }} UNION "
        f"{{ VALUES ?property {{ {relations} }} ?work ?property ?other . "
        "?other cdm:resource_legal_id_celex ?value } }"
    )
    for page in client.pages(description.address, query, "?celex ?property ?value"):
        yield page.input(client.index)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one page of results."""
    for item in json_items(source, description, "results/bindings"):
        celex = parse(_parsed("celex", _value(item, "celex"), item.place), "celex")
        name = _value(item, "property").removeprefix(_CDM)
        about = known(description.tables["properties"], name, item.place, "property")
        value = _value(item, "value")
        types = describe("eurlex-notice").tables["types"]
        sector, letters = celex.parts["sector"], celex.parts.get("type", "")
        kind = known(types, sector + letters if sector + letters in types else sector, item.place, "CELEX number")
        if kind["kind"] == "notice":
            continue
        thing = source.joined("celex", celex.value)
        ruling = kind["kind"] in ("decision", "opinion")
        label = {key: f"{kind[key][0].upper()}{kind[key][1:]}, {celex.value}" for key in ("en", "hu")}
        yield item.record(
            {
                "record": mint("cellar", celex.value, name, value),
                "id": thing or mint("eurlex", celex.value),
                "type": {"decision": "Decision", "opinion": "AdvocateGeneralOpinion"}.get(
                    kind["kind"], "LegalInstrument"
                ),
                "label": {} if thing else label,
                "celex": celex.value,
                **_stated(about, kind["kind"], value, item, source, description),
                "court": kind.get("court", "") if ruling else "",
                "sources": [description.source(address(celex), f"CELLAR, {celex.value}", locator=f"cdm:{name}")],
                "status": description.status,
            }
        )


def _stated(
    about: dict[str, str],
    kind: str,
    value: str,
    item: Fields,
    source: Input,
    description: Description,
) -> dict[str, Any]:
    """Key and value of one statement."""
    key = about["key"]
    if about["kind"] == "day":
        day = value[:10]
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise item.error("syntax", f"«{value}» is not a date", f"«{value}» nem dátum")
        if day in describe("eurlex-notice").tables["unknown-dates"]:
            return {}
        if key == "date":
            key = {"law": "adopted", "bill": "proposed"}.get(kind, "date")
        return {key: day}
    if about["kind"] == "force":
        return {key: known(description.tables["force"], value.lower(), item.place, "value")}
    if about["kind"] in ("eli", "ecli"):
        return {key: _parsed(about["kind"], value, item.place)}
    other = source.joined("celex", value)
    return {key: [other]} if other else {"note": f"CELLAR: {about['note']} {value}."}


def _value(item: Fields, key: str) -> str:
    """The value of a variable."""
    part = item.one(key)
    if part is None:
        raise item.error("missing-field", f"the variable «{key}» is missing", f"hiányzik a(z) «{key}» változó")
    return part.take("value")


def _parsed(scheme: str, text: str, place: Place) -> str:
    try:
        return parse(text, scheme).value
    except IdentifierError as error:
        raise refuse("identifier", place, f"«{scheme}»: {error}", f"«{scheme}»: {error.message('hu')}") from error


def _asked(wanted: dict[str, str], key: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", wanted.get(key, "")):
        en = f"give celex, or both from and to, as days: «{key}» is «{wanted.get(key, '')}»"
        raise refuse("choice", Place(key), en, f"adjon meg celex értéket, vagy from és to napot: «{key}»")
    return wanted[key]
