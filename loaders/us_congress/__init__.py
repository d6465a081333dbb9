"""Members of the United States Congress and of its executive, from the YAML files of the @unitedstates project."""

from collections.abc import Iterator
from typing import Any

from solidarity_spectrum.loading import Description, Fields, Input, mint, yaml_items
from solidarity_spectrum.records import Record

_KEYS = ("bioguide", "govtrack", "icpsr_prez", "icpsr")
"""Keys of a person, the most stable first."""


def read(source: Input, description: Description) -> Iterator[Record]:
    """The persons of one file, and before each the body it was in, the first time."""
    executive = "executive" in source.name.rpartition("/")[2]
    for person in yaml_items(source, description, ""):
        keys = person.one("id")
        if keys is None:
            raise person.error("missing-field", "the person has no id", "a személynek nincs azonosítója (id)")
        key = next((keys.get(each) for each in _KEYS if keys.get(each)), "")
        if not key:
            listed = ", ".join(_KEYS)
            raise person.error("missing-field", f"the person has none of: {listed}", f"nincs meg egyik sem: {listed}")
        wikidata = keys.get("wikidata")
        joined = source.joined("wikidataId", wikidata, "Person") if wikidata else None
        own = mint("congress", key)
        made = mint("congress", "executive", key) if executive else own
        name, born, offices = _name(person), _born(person), []
        for number, term in enumerate(person.each("terms"), 1):
            body = term.code("type", description.tables["bodies"])
            item = body["wikidata"]
            if item not in description.kept:
                known = source.joined("wikidataId", item)
                description.kept[item] = known or mint("congress", item)
                if not known:
                    yield person.record(_body(body, description))
            offices.append(_office(term, f"{made}-term-{number}", body, description.kept[item]))
        yield person.record(
            {
                **({"record": made, "id": joined or own} if joined or executive else {"id": made}),
                "type": "Person",
                "label": None if joined else {"en": name},
                "born": None if joined else born,
                "wikidataId": wikidata,
                "offices": offices,
                "sources": [description.source(description.address, locator=f"person {key}")],
                "status": description.status,
            }
        )


def _body(body: dict[str, str], about: Description) -> dict[str, Any]:
    return {
        "id": mint("congress", body["wikidata"]),
        "type": "Organisation",
        "label": {"en": body["name"]},
        "organisationType": body["type"],
        "wikidataId": body["wikidata"],
        "sources": [about.source(about.address)],
        "status": about.status,
    }


def _name(person: Fields) -> str:
    name = person.one("name")
    if name is None:
        raise person.error("missing-field", "the person has no name", "a személynek nincs neve")
    whole = name.get("official_full") or f"{name.get('first')} {name.take('last')}"
    name.skip("first", "middle", "last", "suffix", "nickname")
    return whole.strip()


def _born(person: Fields) -> str:
    bio = person.one("bio")
    return bio.get("birthday") if bio else ""


def _office(term: Fields, made: str, body: dict[str, str], organisation: str) -> dict[str, Any]:
    state, district, party = term.get("state"), term.get("district"), term.get("party")
    seat = state + (f", district {district}" if district not in ("", "-1") else "")
    label = body["role"] + (f" for {seat}" if seat else "") + (f" ({party})" if party else "")
    return {
        "id": made,
        "type": "Office",
        "label": {"en": label},
        "organisation": organisation,
        "startDate": term.take("start"),
        "endDate": term.get("end"),
    }
