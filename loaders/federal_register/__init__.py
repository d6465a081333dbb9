"""Executive orders, proclamations and other documents of the Federal Register of the United States.

What one order does to another stands in the disposition notes, in words of which some are fixed; a relation is stated
where the graph holds both, and the notes are kept as they are.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, refuse, total
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

_ORDER = re.compile(r":|\bEO\s+(?P<number>\d{3,5})\b")
_NO_WORD = re.compile(r"[^A-Za-z ]")

_MOST = 2000
"""Documents that the API gives for one search, whatever it counts."""


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """Replies of the API (version 1): one document, or the presidential documents that fit, page by page.

    Raises InputError for a search of which the API would not give all, and when the pages hold fewer documents than it
    counts.
    """
    start = f"{description.address.rstrip('/')}/api/v1/documents"
    fields = [path.rpartition("/")[2] for path in description.fields]
    if wanted.get("document"):
        for number in wanted["document"].split(","):
            try:
                name = parse(number, "fr-document").value
            except IdentifierError as error:
                raise refuse("identifier", Place(number), error.message("en"), error.message("hu")) from error
            chosen = urlencode([("fields[]", each) for each in fields])
            yield client.get(f"{start}/{name}.json?{chosen}", accept="application/json").input(client.index)
        return
    asked = [("conditions[type][]", "PRESDOCU"), ("order", "oldest"), ("per_page", "1000")]
    for key, name in (
        ("kind", "conditions[presidential_document_type][]"),
        ("president", "conditions[president][]"),
        ("from", "conditions[signing_date][gte]"),
        ("to", "conditions[signing_date][lte]"),
    ):
        if wanted.get(key):
            asked.append((name, wanted[key]))
    read, count, page = 0, 1, 1
    while read < count:
        query = urlencode([*asked, *(("fields[]", each) for each in fields), ("page", str(page))])
        reply = client.get(f"{start}.json?{query}", accept="application/json")
        try:
            whole = json.loads(reply.body)
            count, found = int(whole["count"]), len(whole.get("results", []))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            en = f"this is no reply of the API: {type(error).__name__} {error}"
            raise refuse("fetch", Place(reply.url), en, f"ez nem az API válasza: {error}") from error
        if count > _MOST:
            en = f"the API finds {count} documents and gives {_MOST} at most: narrow it by days"
            raise refuse("fetch", Place(reply.url), en, f"{count} találat, legfeljebb {_MOST} kérhető le: szűkítse")
        read, page = read + found, page + 1
        if not found:
            total(Place(reply.url), "documents", count, read)
            return
        yield reply.input(client.index)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one reply, or of one document."""
    with source.open() as stream:
        reply = b'"results"' in stream.read(1 << 16)
    for item in json_items(source, description, "results" if reply else ""):
        item.path = "results"
        yield from _document(item, source, description)


def _document(item: Fields, source: Input, description: Description) -> Iterator[Record]:
    tables = description.tables
    number = _identifier(item, "document_number", item.take("document_number"), "fr-document")
    title = " ".join(item.take("title").replace("``", "“").replace("''", "”").split())
    subtype = item.get("subtype")
    about = item.code("type", tables["types"]) | known(tables["subtypes"], subtype, item.place, "subtype")
    official = _official(item, subtype)
    citation, page = item.get("citation"), item.get("html_url")
    dates = {key: _day(item, key) for key in ("signing_date", "publication_date", "effective_on")}
    president = item.one("president")
    signer = known(tables["presidents"], president.get("identifier"), item.place, "president") if president else ""
    if president:
        president.skip("name")
    notes = [
        " ".join(text.split()) for text in (item.get("disposition_notes"), item.get("executive_order_notes")) if text
    ]
    thing = source.joined("officialNumber", official, "LegalInstrument") if official else None
    cited = description.source(
        page or f"https://www.federalregister.gov/d/{number}", f"Federal Register, {citation or number}: {title}"
    )
    identity = thing or mint("fedreg", number)
    yield item.record(
        {
            "record": mint("fedreg", number),
            "id": identity,
            "type": "LegalInstrument",
            "label": {} if thing else {"en": f"{official}: {title}" if official else title},
            "altLabel": {"en": title} if thing else {},
            "description": {} if thing else {"en": item.get("abstract")},
            "jurisdiction": "" if thing else "united-states",
            **({} if thing else about),
            "adopted": dates["signing_date"],
            "signed": dates["signing_date"],
            "published": dates["publication_date"],
            "inForce": "" if thing else dates["effective_on"],
            "signedBy": signer,
            "officialNumber": official,
            "documentNumber": number,
            "gazette": _identifier(item, "citation", citation, "fr-citation") if citation else "",
            "note": f"Office of the Federal Register: {'; '.join(notes)}" if notes else "",
            "sources": [cited],
            "status": description.status,
        }
    )
    item.skip("abstract")
    yield from _relations(item, number, identity, title, notes, cited, source, description)


def _relations(
    item: Fields,
    number: str,
    identity: str,
    title: str,
    notes: list[str],
    cited: dict[str, object],
    source: Input,
    description: Description,
) -> Iterator[Record]:
    """A connection for each other order in the notes that the graph holds, where the verb before it has a relation."""
    stated = set()
    for verb, order in (each for text in notes for each in _orders(text)):
        other = source.joined("officialNumber", f"Executive Order {order}", "LegalInstrument")
        if not other or other == identity or verb not in description.tables["verbs"]:
            continue
        relation, voice = description.tables["verbs"][verb]
        if (relation, voice, other) in stated:
            continue
        stated.add((relation, voice, other))
        subject, target = (identity, other) if voice == "active" else (other, identity)
        yield item.record(
            {
                "id": mint("fedreg", number, verb, order),
                "type": "Connection",
                "label": {"en": f"{title}: {verb.lower()} EO {order}"},
                "subject": subject,
                "relation": relation,
                "object": target,
                "sources": [cited | {"locator": f"disposition notes: {verb}"}],
                "status": description.status,
            }
        )


def _orders(text: str) -> Iterator[tuple[str, str]]:
    """The number of each order in a note, after all the words before the last colon, which may be no known verb."""
    verb, end = "", 0
    for found in _ORDER.finditer(text):
        if found["number"]:
            yield verb, found["number"]
        else:
            verb = _NO_WORD.split(text[end : found.start()])[-1].strip()
        end = found.end()


def _official(item: Fields, subtype: str) -> str:
    order, proclamation = item.get("executive_order_number"), item.get("proclamation_number")
    general = item.get("presidential_document_number")
    if order or (subtype == "Executive Order" and general):
        return _identifier(item, "executive_order_number", f"Executive Order {order or general}", "us-executive-order")
    if proclamation or (subtype == "Proclamation" and general):
        return _identifier(item, "proclamation_number", f"Proclamation {proclamation or general}", "us-proclamation")
    return ""


def _identifier(item: Fields, key: str, text: str, scheme: str) -> str:
    try:
        return parse(text, scheme).value
    except IdentifierError as error:
        raise item.error("identifier", f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error


def _day(item: Fields, key: str) -> str:
    text = item.get(key)
    if text and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise item.error("syntax", f"«{text}» in «{key}» is not a date", f"«{text}» («{key}») nem dátum")
    return text
