"""Acts, bills and rulings of Hungary, as the collection World Wide Law keeps the official texts.

The ruling of a court has its outcome in prose, which is not read. The courts publish with names left out; what they
leave out is not looked for.
"""

import re
from collections.abc import Iterator

from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.identifiers.base import from_roman, to_roman
from solidarity_spectrum.loading import Description, Fields, Input, json_items, mint
from solidarity_spectrum.records import Record


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file: an object, a list of them or a line each."""
    for item in json_items(source, description, ""):
        kind = item.code("_source", description.tables["sources"])
        page = item.get("url") or description.address
        title = " ".join(item.take("title").split())
        common: dict[str, object] = {"sources": [description.source(page, title)], "status": description.status}
        if kind == "law":
            yield _law(item, title, common, source, description)
        elif kind == "paper":
            yield _paper(item, title, page, common, source, description)
        elif kind == "opinion":
            yield _opinion(item, title, common)
        else:
            yield from _ruling(item, kind, title, common, source, description)


def _law(item: Fields, title: str, common: dict[str, object], source: Input, description: Description) -> Record:
    about = item.code("doc_type", description.tables["laws"])
    year, number = item.take("year"), item.take("number")
    # The page repeats its title before and after the name of the site.
    name = title.split(" - Nemzeti Jogszabálytár")[0].strip()
    official = (
        f"{year}. évi {to_roman(int(number))}. törvény" if about["kind"] == "törvény" and number.isdigit() else name
    )
    thing = source.joined("officialNumber", official, "LegalInstrument")
    item.skip("_id", "date")  # of the day the source does not say what it is
    eli = item.get("eli_uri")
    return item.record(
        {
            "record": mint("hulaw", item.take("doc_id")),
            "id": thing or mint("hulaw", item.take("doc_id")),
            "type": "LegalInstrument",
            "label": {} if thing else {"en": f"Hungary: {official}", "hu": official},
            "altLabel": {"hu": name} if name != official else {},
            "jurisdiction": "" if thing else "hungary",
            "instrumentType": "" if thing else about.get("instrumentType", ""),
            "bindingness": "" if thing else about.get("bindingness", ""),
            "adopted": "" if thing else year,
            "officialNumber": official,
            "eliUri": _identifier(item, "eli_uri", eli, "eli") if eli else "",
            **common,
        }
    )


def _paper(
    item: Fields, title: str, page: str, common: dict[str, object], source: Input, description: Description
) -> Record:
    about = item.code("doc_type", description.tables["papers"])
    number, date, cycle = item.take("official_number"), item.take("date"), item.take("cycle")
    item.skip("_id", "doc_number")
    bill = about["kind"] == "bill"
    return item.record(
        {
            "id": mint("hulaw", "parliament", cycle, number),
            "type": "LegalInstrument" if bill else "Event",
            "label": {
                "en": f"Hungarian {about['en']} {number} ({cycle})",
                "hu": f"{number}. sz. {about['hu']} ({cycle})",
            },
            # Its title is that of the page, and often names who brought it in.
            "description": {"hu": title},
            "jurisdiction": "hungary",
            "instrumentType": "bill" if bill else "",
            "legislativeStatus": "proposed" if bill else "",
            "proposed" if bill else "date": date,
            "billNumber": number if bill else "",
            "officialNumber": "" if bill else number,
            "url": page,
            **common,
        }
    )


def _opinion(item: Fields, title: str, common: dict[str, object]) -> Record:
    """An opinion of a college of the Kúria, whose number holds the day: 2/2012. (XII. 10.)."""
    item.skip("date", "decision_number", "case_number", "decision_type")
    found = re.match(r"(\d+)/(\d{4})\.?\s*\(([IVX]+)\.\s*(\d{1,2})\.?\)", title)
    day = ""
    if found:
        try:
            day = f"{found[2]}-{from_roman(found[3]):02}-{int(found[4]):02}"
        except IdentifierError as error:
            raise item.error("identifier", f"«title»: {error}", f"«title»: {error.message('hu')}") from error
    return item.record(
        {
            "id": mint("hulaw", item.take("_id")),
            "type": "LegalInstrument",
            "label": {"en": f"Hungary, Kúria: {title}", "hu": title},
            "jurisdiction": "hungary",
            "instrumentType": "guidance",
            "bindingness": "soft-law",
            "adopted": day,
            **common,
        }
    )


def _ruling(
    item: Fields, kind: str, title: str, common: dict[str, object], source: Input, description: Description
) -> Iterator[Record]:
    docket = item.get("case_number") or item.take("decision_number")
    name = "Alkotmánybíróság" if kind == "constitutional" else item.take("court")
    court = description.tables["courts"].get(name, "")
    date = item.take("date")
    # The collection of the courts gives the year alone and writes it as its first day.
    date = date[:4] if kind == "ruling" and date.endswith("-01-01") else date
    words = [item.get(key) for key in ("subject", "summary", "abstract", "collegium", "legal_area")]
    form, key = item.get("decision_type"), item.take("_id")
    laws, others = _provisions(item.get("legal_provisions"), source)
    item.skip("decision_number")
    case = mint("hulaw", "case", key)
    yield item.record(
        {
            "id": case,
            "type": "Case",
            "label": {"en": f"{name}, {docket}", "hu": f"{name}, {docket}"},
            "description": {"hu": "; ".join(filter(None, words))},
            "court": court,
            "jurisdiction": "hungary",
            "partyDescription": "the parties, whom the published text does not name",
            "docket": docket,
            **common,
        }
    )
    yield item.record(
        {
            "id": mint("hulaw", key),
            "type": "Decision",
            "label": {
                "en": f"{name}, {date}, {docket}",
                "hu": f"{name}, {date}, {docket}{f', {form}' if form else ''}",
            },
            "altLabel": {"hu": title},
            "inCase": case,
            "court": court,
            "date": date,
            "docket": docket,
            "applies": laws,
            "note": f"The source names as applied: {'; '.join(others)}." if others else "",
            **common,
        }
    )


def _provisions(text: str, source: Input) -> tuple[list[str], list[str]]:
    """Acts that the graph holds, and the others in words; each stands as «act § - day»."""
    ours: list[str] = []
    others: list[str] = []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        words = re.sub(r"\s-\s\d{4}-\d\d-\d\d$", "", part)
        act = re.match(r"\d{4}\. évi [IVXLCDM]+\. törvény", words)
        thing = source.joined("officialNumber", act[0], "LegalInstrument") if act else None
        wanted, said = (ours, thing) if thing else (others, words)
        if said not in wanted:
            wanted.append(str(said))
    return ours, others


def _identifier(item: Fields, key: str, text: str, scheme: str) -> str:
    try:
        return parse(text, scheme).value
    except IdentifierError as error:
        raise item.error("identifier", f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error
