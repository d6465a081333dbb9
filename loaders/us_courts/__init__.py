"""Opinions of the courts of the United States, precedents of the Board of Immigration Appeals, and the courts.

None of the three has the outcome in a field, so none is given. Persons are named in the title of a case as the court
publishes it, and nowhere else.
"""

import re
from collections.abc import Iterator

from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint
from solidarity_spectrum.records import Record

# What stands between the commas of a list of judges without being a name.
_NO_NAME = re.compile(r"(?:[A-Z]\. ?)*JJ?\.?|[JS]r\.?|II|III|IV|per curiam\.?", re.IGNORECASE)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file: a reply of the search, opinions or decisions, or the list of courts."""
    with source.open() as stream:
        reply = b'"results"' in stream.read(1 << 14)
    for item in json_items(source, description, "results" if reply else ""):
        keys = item.keys()
        if reply:
            yield from _result(item, description)
        elif "regex" in keys:
            yield _court(item, description)
        elif "decision_number" in keys:
            yield from _board(item, description)
        else:
            yield from _opinion(item, description)


def _result(item: Fields, description: Description) -> Iterator[Record]:
    """An opinion as the search tells of it."""
    name, full = item.take("caseName"), item.get("caseNameFull")
    parts = (each.strip() for each in item.get("judge").split(","))
    judges = [each for each in parts if each and not _NO_NAME.fullmatch(each)]
    path = item.get("absolute_url")
    page = f"https://www.courtlistener.com{path}" if path.startswith("/") else description.address
    yield from _ruling(
        item,
        mint("uscourts", item.take("cluster_id")),
        full or name,
        item.get("docketNumber"),
        item.take("dateFiled"),
        item.get("court"),
        description.tables["courts"].get(item.get("court_id"), ""),
        item.texts("citation"),
        page,
        judges,
        description,
    )


def _opinion(item: Fields, description: Description) -> Iterator[Record]:
    """An opinion as the collection keeps it."""
    court = item.get("court")
    yield from _ruling(
        item,
        mint("uscourts", item.take("_id")),
        item.take("title"),
        item.get("case_number"),
        item.take("date"),
        court,
        description.tables["courts"].get(court, ""),
        item.texts("citation"),
        item.get("url") or description.address,
        [],
        description,
    )


def _board(item: Fields, description: Description) -> Iterator[Record]:
    """A precedent of the Board of Immigration Appeals; its day is kept as the year alone."""
    title, authority = item.take("title"), item.code("authority", description.tables["authorities"])
    year = re.search(r"\(([A-Z. ]*)(\d{4})\)$", title)
    date = year[2] if year else item.take("date")[:4]
    item.skip("_id", "date")
    yield from _ruling(
        item,
        mint("uscourts", "bia", item.take("decision_number")),
        re.sub(r",\s*\d+ I&N Dec\..*$", "", title),
        item.take("decision_number"),
        date,
        authority,
        "",
        [f"{item.take('volume')} I. & N. Dec. {item.take('page')}"],
        item.get("url") or description.address,
        [],
        description,
    )


def _ruling(
    item: Fields,
    decision: str,
    name: str,
    docket: str,
    date: str,
    court_name: str,
    court: str,
    citations: list[str],
    page: str,
    judges: list[str],
    description: Description,
) -> Iterator[Record]:
    name = " ".join(name.split())
    if not re.fullmatch(r"\d{4}(-\d\d-\d\d)?", date[:10]):
        raise item.error("syntax", f"«{date}» is not a date", f"«{date}» nem dátum")
    common = {
        "court": court,
        "sources": [description.source(page, f"{name} ({court_name or 'CourtListener'}, {date[:10]})")],
        "status": description.status,
    }
    yield item.record(
        {
            "id": f"{decision}-case",
            "type": "Case",
            "label": {"en": f"{name}, {docket}" if docket else name},
            "jurisdiction": "united-states",
            "partyDescription": name,
            "docket": docket,
            **common,
        }
    )
    yield item.record(
        {
            "id": decision,
            "type": "Decision",
            "label": {"en": f"{court_name or 'Court of the United States'}, {date[:10]}, {name}"},
            "inCase": f"{decision}-case",
            "date": date[:10],
            "reporterCitation": citations,
            "judges": judges,
            "url": page,
            **common,
        }
    )


def _court(item: Fields, description: Description) -> Record:
    key, short = item.take("id"), item.get("name_abbreviation")
    ours = description.tables["courts"].get(key)
    item.skip("name", "type", "court_url", "system", "url")
    return item.record(
        {
            "record": mint("uscourts", "court", key),
            "id": ours or mint("uscourts", "court", key),
            "type": "Court",
            "label": {} if ours else {"en": item.take("name")},
            "altLabel": {"en": [text for text in (short, item.get("name") if ours else "") if text]},
            "organisationType": "" if ours else "court",
            "courtLevel": "" if ours else known(description.tables["types"], item.get("type"), item.place, "type"),
            "country": "" if ours or item.get("system") == "international" else "united-states",
            "url": "" if ours else item.get("court_url"),
            "sources": [description.source("https://github.com/freelawproject/courts-db", f"courts-db, {key}")],
            "status": description.status,
        }
    )
