"""Laws, judgments and debates from documents in Akoma Ntoso, whoever published them.

A work is known by its address in the identification. The outcome of a judgment is the result in its analysis, by the
vocabulary of the standard; where there is no analysis, the outcome is prose and is not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, elements, known, mint
from solidarity_spectrum.records import Record

_PARTS = ("akomaNtoso/*/meta", "akomaNtoso/*/header", "akomaNtoso/*/preface")


@dataclass
class Work:
    """What a document says of the work that it holds."""

    kind: str = ""
    address: str = ""
    date: str = ""
    name: str = ""
    number: str = ""
    country: str = ""
    language: str = ""
    title: str = ""
    author: str = ""
    results: list[str] = field(default_factory=list)
    judges: list[str] = field(default_factory=list)
    dockets: list[str] = field(default_factory=list)
    citation: str = ""
    court: str = ""
    meta: Fields | None = None


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one document."""
    found = document(source, description)
    if found.meta is None:
        return
    yield from (judgment if found.kind == "judgment" else _text)(found, found.meta, source, description)


def document(source: Input, description: Description) -> Work:
    """What a document says of its work. Raises InputError for another namespace or root, and for a missing address."""
    found = Work()
    people: dict[str, str] = {}
    for item in elements(source, description, *_PARTS, namespace=_namespace(source, description)):
        name = item.path.rpartition("/")[2]
        kind = str(known(description.tables["kinds"], item.path.split("/")[1], item.place, item.path))
        if name == "meta" and found.meta is None:
            found.kind, found.meta = kind, item
            people = _meta(item, found, description)
        elif name == "meta":  # of an annex
            item.skip(*item.keys())
        else:
            _heading(item, found, people)
    return found


def _namespace(source: Input, description: Description) -> str:
    """The namespace of the document if it is one of Akoma Ntoso, or else that of the standard, which then is missed."""
    with source.open() as stream:
        head = stream.read(1 << 14).decode("utf-8", "replace")
    root = re.search(r"<(?:(\w+):)?akomaNtoso\b([^>]*)>", head)
    prefix = f":{root[1]}" if root and root[1] else ""
    written = re.search(rf"""\bxmlns{prefix}\s*=\s*["']([^"']*)["']""", root[2]) if root else None
    known_ones: list[str] = description.tables["namespaces"]
    return written[1] if written and written[1] in known_ones else known_ones[0]


def _meta(item: Fields, found: Work, description: Description) -> dict[str, str]:
    """Fills in what the metadata say; returns the names of those they list, by their ids."""
    identification = item.one("identification")
    if identification is None:
        raise item.error("missing-field", "there is no identification", "nincs azonosítás (identification)")
    work = identification.one("FRBRWork")
    if work is None:
        raise item.error("missing-field", "there is no FRBRWork", "nincs FRBRWork")
    addresses = [part.get("@value") for key in ("FRBRuri", "FRBRthis") for part in work.each(key)]
    found.address = next(filter(None, addresses), "")
    if not found.address:
        raise item.error("missing-field", "the work has no address (FRBRuri)", "a műnek nincs címe (FRBRuri)")
    expressions = identification.each("FRBRExpression")
    # The day of an expression may be that of a judgment, but never that of the adoption of an act.
    levels = (work, *expressions) if found.kind == "judgment" else (work,)
    for part in (part for level in levels for part in level.each("FRBRdate")):
        day, name = part.get("@date")[:10], part.get("@name").lower()
        if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", day):
            raise item.error("syntax", f"«{day}» in «FRBRdate» is not a date", f"«{day}» («FRBRdate») nem dátum")
        # The day of a hearing or of the markup is not that of the work; one of the year 1000 stands for an unknown one.
        if name not in description.tables["other-dates"] and not day.startswith(("1000-", "0001-", "9999-")):
            found.date = found.date or day
    for key, name in (("FRBRname", "name"), ("FRBRnumber", "number"), ("FRBRcountry", "country")):
        setattr(found, name, next((" ".join(part.get("@value").split()) for part in work.each(key)), ""))
    author = next((part.get("@href").lstrip("#") for part in work.each("FRBRauthor")), "")
    for expression in expressions:
        found.language = next((part.get("@language") for part in expression.each("FRBRlanguage")), "")
    people = {}
    for references in item.each("references"):
        references.skip(*references.keys())
        for listed in references.element.iter() if references.element is not None else ():
            known_as = listed.get("eId") or listed.get("id")  # the latter in version 2.0
            if known_as and listed.get("showAs"):
                people[str(known_as)] = " ".join(str(listed.get("showAs")).split())
    found.author = people.get(author, "")
    for analysis in item.each("analysis"):
        for judicial in analysis.each("judicial"):
            found.results += [part.get("@type") for part in judicial.each("result")]
    for proprietary in item.each("proprietary"):
        found.citation = found.citation or proprietary.get("uk:cite")
        found.court = found.court or proprietary.get("uk:court")
        found.dockets += proprietary.texts("uk:caseNumber")
    return people


def _heading(item: Fields, found: Work, people: dict[str, str]) -> None:
    """Judges and case numbers in the heading of a judgment, and the title in the preface of an act."""
    item.skip(*item.keys())
    if item.element is None:
        return
    for part in item.element.iter("{*}judge"):
        name = people.get(str(part.get("refersTo", "")).lstrip("#")) or " ".join("".join(part.itertext()).split())
        if name and name not in found.judges:
            found.judges.append(name)
    for part in item.element.iter("{*}docketNumber"):
        number = " ".join("".join(part.itertext()).split())
        if number and number not in found.dockets:
            found.dockets.append(number)
    for name in ("{*}shortTitle", "{*}docTitle"):
        title = next((" ".join("".join(part.itertext()).split()) for part in item.element.iter(name)), "")
        found.title = found.title or title


def _text(found: Work, item: Fields, source: Input, description: Description) -> Iterator[Record]:
    cited = _cited(found, found.title or found.name or found.address, description)
    name = found.title or found.name
    language = description.tables["languages"].get(found.language.lower(), "")
    country = description.tables["countries"].get(found.country.lower(), "")
    common = {"jurisdiction": country, "sources": [cited], "status": description.status}
    label = {"en": f"{name}, {found.address}" if name else found.address}
    if found.kind in ("debate", "other"):
        kind = "Event" if found.kind == "debate" else "Work"
        yield item.record(
            {
                "id": mint("akn", found.address),
                "type": kind,
                "label": label,
                "altLabel": {language: found.title} if language and found.title else {},
                "date": found.date,
                **common,
            }
        )
        return
    yield item.record(
        {
            "id": mint("akn", found.address),
            "type": "LegalInstrument",
            "label": label,
            "altLabel": {language: found.title} if language and found.title else {},
            "instrumentType": "bill" if found.kind == "bill" else "act",
            "bindingness": "" if found.kind == "bill" else "binding",
            "legislativeStatus": "proposed" if found.kind == "bill" else "adopted",
            "proposed" if found.kind == "bill" else "adopted": found.date,
            "documentNumber": found.number,
            "url": found.address if found.address.startswith("http") else "",
            **common,
        }
    )


def judgment(found: Work, item: Fields, source: Input, description: Description) -> Iterator[Record]:
    """The records of a judgment: its case, unless the graph holds the judgment, and itself."""
    tables = description.tables
    if not found.date:
        raise item.error("missing-field", "the judgment has no date", "az ítéletnek nincs dátuma")
    citation = _citation(item, found.citation) if found.citation else ""
    named = citation or found.address
    thing = source.joined("neutralCitation", citation) if citation else None
    court = tables["courts"].get(found.court, "")
    outcomes = [str(known(tables["results"], each, item.place, "judicial/result")) for each in found.results]
    cited = _cited(found, f"{found.name or found.title or named}, {citation or found.date}", description)
    start = description.graph[0]
    case = mint(start, "case", named)
    common = {"sources": [cited], "status": description.status}
    if not thing:
        yield item.record(
            {
                "id": case,
                "type": "Case",
                "label": {"en": f"{found.name or found.title or 'Case'}, {named}"},
                "court": court,
                "jurisdiction": tables["countries"].get(found.country.lower(), ""),
                "partyDescription": found.name or found.title or found.author or named,
                "docket": found.dockets,
                **common,
            }
        )
    yield item.record(
        {
            "record": mint(start, named),
            "id": thing or mint(start, "decision", named),
            "type": "Decision",
            "label": {} if thing else {"en": f"{found.author or found.court or 'Judgment'}, {found.date}, {named}"},
            "inCase": "" if thing else case,
            "court": court,
            "date": found.date,
            "outcome": [each for each in dict.fromkeys(outcomes) if each],
            "neutralCitation": citation,
            "judges": found.judges,
            "url": found.address if found.address.startswith("http") else "",
            **common,
        }
    )


def _citation(item: Fields, text: str) -> str:
    try:
        return parse(text, "neutral-citation").value
    except IdentifierError as error:
        raise item.error("identifier", f"«uk:cite»: {error}", f"«uk:cite»: {error.message('hu')}") from error


def _cited(found: Work, title: str, description: Description) -> dict[str, Any]:
    """The citation of the document: at its own address if that is one of the web, or else by its name there."""
    if found.address.startswith(("http://", "https://")):
        return description.source(found.address, title)
    return description.source(description.address, title, locator=found.address)
