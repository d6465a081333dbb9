"""Members of legislatures, with their parties and terms: Popolo (https://www.popoloproject.com/specs/), or a table."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from solidarity_spectrum.loading import Description, Fields, Input, json_items, mint, rows
from solidarity_spectrum.records import Record

_LISTS = ("persons", "organizations", "memberships", "events")


def read(source: Input, description: Description) -> Iterator[Record]:
    """The persons and organisations of one file."""
    table = re.search(r"\.csv(\.gz|\.bz2|\.xz)?$", source.name)
    yield from _rows(source, description) if table else _popolo(source, description)


def names(name: str, hungarian: bool = False) -> dict[str, str]:
    """A name with the given one first; of a member of the Hungarian legislature, as Hungarian writes it too.

    >>> names("Orbán, Viktor", hungarian=True)
    {'en': 'Viktor Orbán', 'hu': 'Orbán Viktor'}
    >>> names("Smith, John")
    {'en': 'John Smith'}
    """
    family, comma, given = name.partition(", ")
    if not comma:
        return {"en": name}
    return {"en": f"{given} {family}"} | ({"hu": f"{family} {given}"} if hungarian else {})


def _hungarian(legislature: str, about: Description) -> bool:
    return bool(about.tables["same"].get(f"{legislature}/legislature") == "hu-parliament")


def _wikidata(item: Fields) -> str:
    found = ""
    for each in item.each("identifiers"):
        scheme, value = each.take("scheme"), each.take("identifier")
        found = value if scheme == "wikidata" else found
    return found


def _popolo(source: Input, description: Description) -> Iterator[Record]:
    terms: dict[str, str] = {}
    bodies: dict[str, tuple[str, str]] = {}
    offices: dict[str, list[dict[str, str]]] = {}
    people: set[str] = set()
    legislature = ""
    for item in json_items(source, description, *_LISTS):
        if item.path == "organizations" and item.get("classification") in ("legislature", "chamber"):
            legislature = legislature or item.take("name")
        elif item.path == "events":
            terms[item.take("id")] = item.take("name")
        elif item.path == "memberships":
            wanted = ("organization_id", "on_behalf_of_id", "legislative_period_id", "role", "start_date", "end_date")
            offices.setdefault(item.take("person_id"), []).append({key: item.get(key) for key in wanted})
        elif item.path == "persons":
            people.add(item.take("id"))
        item.skip(*item.keys())
    for item in json_items(source, description, *_LISTS):
        if item.path == "organizations" and item.take("id") in description.tables["independents"]:
            item.skip(*item.keys())  # who belongs to no party is no party
        elif item.path == "organizations":
            record, name = _organisation(item, source, legislature)
            bodies[item.take("id")] = (record.id, name)
            yield record
        else:
            item.skip(*item.keys())
    strangers = offices.keys() - people
    if strangers:
        en = f"a membership is of «{min(strangers)}», who is not among the persons"
        raise item.error("missing-field", en, f"egy tagság személye, «{min(strangers)}», nincs a személyek közt")
    for item in json_items(source, description, *_LISTS):
        if item.path == "persons":
            hungarian = _hungarian(legislature, description)
            yield _person(item, source, offices.get(item.take("id"), []), bodies, terms, hungarian)
        else:
            item.skip(*item.keys())


def _organisation(item: Fields, source: Input, legislature: str) -> tuple[Record, str]:
    about = item.description
    kind = item.code("classification", about.tables["classifications"])
    name, wikidata = item.take("name"), _wikidata(item)
    same = about.tables["same"].get(f"{legislature}/{item.take('id')}")
    joined = same or (source.joined("wikidataId", wikidata) if wikidata else None)
    made = mint("everypolitician", legislature or source.name.rpartition("/")[2], item.take("id"))
    data = {
        **({"record": made, "id": joined} if joined else {"id": made}),
        "type": "PoliticalParty" if kind == "political-party" else "Organisation",
        "label": None if joined else {"en": name},
        "organisationType": None if joined else kind,
        "wikidataId": wikidata,
        "sources": [about.source(about.address, locator=f"organization {item.take('id')} of {legislature}")],
        "status": about.status,
    }
    return item.record(data), name


def _person(
    item: Fields,
    source: Input,
    memberships: list[dict[str, str]],
    bodies: dict[str, tuple[str, str]],
    terms: dict[str, str],
    hungarian: bool,
) -> Record:
    about = item.description
    wikidata = _wikidata(item)
    same = about.tables["same"].get(item.take("id"))
    joined = same or (source.joined("wikidataId", wikidata, "Person") if wikidata else None)
    made = mint("everypolitician", item.take("id"))
    others: dict[str, str] = {}
    born = item.get("birth_date")
    label = names(item.take("name"), hungarian)
    for other in item.each("other_names"):
        tag, name = other.get("lang"), other.take("name")
        if tag in ("en", "hu", "es") and name not in label.values():
            others.setdefault(tag, name)
    data = {
        **({"record": made, "id": joined} if joined else {"id": made}),
        "type": "Person",
        "label": None if joined else label,
        "altLabel": None if joined else others,
        "born": None if joined else born,
        "wikidataId": wikidata,
        "offices": [office for each in memberships for office in _offices(item, made, each, bodies, terms)],
        "sources": [about.source(about.address, locator=f"person {item.take('id')}")],
        "status": about.status,
    }
    return item.record(data)


def _offices(
    item: Fields, made: str, membership: dict[str, str], bodies: dict[str, tuple[str, str]], terms: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """A seat, and the place in the party on whose behalf it is held: only with the dates that the membership has."""
    term = membership["legislative_period_id"]
    told = terms.get(term, term)
    for key in ("organization_id", "on_behalf_of_id"):
        body = membership[key]
        if not body or body in item.description.tables["independents"]:
            continue
        if body not in bodies:
            en, hu = f"«{body}» is not among the organizations", f"«{body}» nincs a szervezetek közt"
            raise item.error("missing-field", en, hu)
        identity, name = bodies[body]
        role = (membership["role"] or "member") if key == "organization_id" else "member"
        whole = "\x1f".join((key, *membership.values()))
        yield {
            "id": f"{made}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}",
            "type": "Office",
            "label": {"en": f"{role}, {name}" + (f" ({told})" if told else "")},
            "organisation": identity,
            "startDate": membership["start_date"],
            "endDate": membership["end_date"],
        }


def _rows(source: Input, description: Description) -> Iterator[Record]:
    """A row is a record of its own about the person, since a file has one for each change of group."""
    seen: set[str] = description.kept.setdefault("bodies", set())
    for row in rows(source, description, ("id", "name", "term")):
        person, group, chamber = mint("everypolitician", row.take("id")), row.get("group"), row.get("chamber")
        wikidata = row.get("wikidata")
        same = description.tables["same"].get(row.take("id"))
        joined = same or (source.joined("wikidataId", wikidata, "Person") if wikidata else None)
        parts = [row.take("id"), "term", row.take("term"), row.get("group_id"), row.get("start_date")]
        made = mint("everypolitician", *filter(None, parts))
        cited = [description.source(description.address, locator=f"term {row.take('term')}, {row.take('id')}")]
        bodies = []
        for kind, name, key in (("Organisation", chamber, chamber), ("PoliticalParty", group, row.get("group_id"))):
            if not name or key in description.tables["independents"]:
                continue
            local = "legislature" if kind == "Organisation" else f"party/{key}"
            same = description.tables["same"].get(f"{chamber}/{local}")
            body = same or mint("everypolitician", chamber or "chamber", "table", key or name)
            bodies.append((body, name))
            if not same and body not in seen:
                seen.add(body)
                code = "parliament" if kind == "Organisation" else "political-party"
                yield row.record(
                    {
                        "id": body,
                        "type": kind,
                        "label": {"en": name},
                        "organisationType": code,
                        "sources": cited,
                        "status": description.status,
                    }
                )
        offices = [
            {
                "id": f"{made}-office-{number}",
                "type": "Office",
                "label": {"en": f"member, {name} (term {row.take('term')})"},
                "organisation": body,
                "startDate": row.get("start_date"),
                "endDate": row.get("end_date"),
            }
            for number, (body, name) in enumerate(bodies, 1)
        ]
        yield row.record(
            {
                "record": made,
                "id": joined or person,
                "type": "Person",
                "label": None if joined else names(row.take("name"), _hungarian(chamber, description)),
                "wikidataId": wikidata,
                "offices": offices,
                "sources": cited,
                "status": description.status,
            }
        )
        row.take("name")
