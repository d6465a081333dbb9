"""Which state signed, ratified or acceded to which treaty of the United Nations Treaty Collection on which day, the
treaties themselves, and what states declared about them.

A treaty is known by its chapter and number, which are in the name of the file. An act that `data/treaties/actions.csv`
holds is the same connection here; this source says it once more.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import PurePath

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.identifiers.base import to_roman
from solidarity_spectrum.loading import Description, Fields, Input, known, load, mint, refuse, rows, states
from solidarity_spectrum.records import Record
from solidarity_spectrum.resources import DATA

_URL = "https://treaties.un.org/Pages/ViewDetails.aspx?src=TREATY&mtdsg_no={}&chapter={}&clang=_en"


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file, by its name: the list of treaties, the status of one, or the declarations on it."""
    name = PurePath(source.name.rpartition("!")[2]).name
    if name.startswith("index."):
        yield from _list(source, description)
    elif found := re.match(r"(\d{1,2})-(\d{1,2})(?:[-.](\d{1,2}|[a-z]))?(?:-([a-z]))?\.", name):
        number = "-".join(filter(None, (to_roman(int(found[1])), found[2], found[3], found[4])))
        yield from (_declarations if ".txt" in name else _status)(number, int(found[1]), source, description)
    else:
        en = f"«{name}» does not tell the treaty: chapter and number, as in 5-2.csv"
        raise refuse(
            "file-name", source.place(), en, f"«{name}» nem mondja meg a szerződést: fejezet és szám, mint 5-2.csv"
        )


def _list(source: Input, description: Description) -> Iterator[Record]:
    for row in rows(source, description, required=("treaty_name", "url")):
        url = row.take("url")
        row.skip("chapter_no", "treaty_no")
        number = re.search(r"mtdsg_no=([A-Za-z0-9.-]+)", url)
        if not number:
            raise row.error("missing-field", f"«{url}» has no mtdsg_no", f"«{url}»: nincs mtdsg_no")
        title = " ".join(row.take("treaty_name").split())
        # The place and day of conclusion stand at the end, after stray marks of footnotes.
        when = re.search(r"(\d{1,2} [A-Z][a-z]+ \d{4})$", title)
        name = re.sub(r"(?<=[a-z)])[*\d\s]*(?=\.\s[^.]*$)", "", title)
        yield row.record(
            {
                "record": mint("untc", number[1]),
                **_treaty(number[1], source, description),
                "altLabel": {"en": re.sub(r"\.\s[^.]*\d{4}$", "", name)},
                "adopted": _day(when[1], row) if when else "",
                "sources": [description.source(url, title)],
            }
        )


def _treaty(number: str, source: Input, description: Description) -> dict[str, object]:
    try:
        reference, document = parse(number, "untc").value, ""
    except IdentifierError:  # a number of a kind that the scheme does not cover, such as that of an annex
        reference, document = "", number
    thing = source.joined("untcReference", reference) if reference else None
    return {
        "id": thing or mint("untc", "treaty", number),
        "type": "LegalInstrument",
        "label": {}
        if thing
        else {
            "en": f"Treaty deposited with the Secretary-General of the United Nations, {number}",
            "hu": f"Az ENSZ főtitkáránál letétbe helyezett szerződés, {number}",
        },
        "instrumentType": "" if thing else "treaty",
        "bindingness": "" if thing else "binding",
        "jurisdiction": "" if thing else "united-nations",
        "untcReference": reference,
        "documentNumber": document,
        "status": description.status,
    }


def _status(number: str, chapter: int, source: Input, description: Description) -> Iterator[Record]:
    cited = description.source(_URL.format(number, chapter), f"UN Treaty Collection, status of {number}")
    treaty = _treaty(number, source, description)
    columns: dict[str, dict[str, tuple[str, str]]] = {}
    for row in rows(source, description, required=("Participant",)):
        if not columns:
            columns = {name: _acts(name, row, description) for name in row.keys() if name != "Participant"}  # noqa: SIM118
            yield row.record({"record": mint("untc", number, "status"), **treaty, "sources": [cited]})
        code = participant(row.take("Participant"), row, description)
        if code and code not in states() and code not in description.tables["organisations"]:
            yield row.record(
                {
                    "record": mint("untc", number, "state", code),
                    "id": mint("untc", "state", code),
                    "type": "State",
                    "label": {"en": row.get("Participant")},
                    "isoCountryCode": code,
                    "sources": [cited],
                    "status": description.status,
                }
            )
        for column, acts in columns.items():
            for cell in filter(None, (each.strip() for each in row.get(column).split(";"))):
                found = re.fullmatch(r"\[?\s*(\d{1,2} [A-Z][a-z]{2,8} \d{4})\s*([A-Za-z]{0,2})\s*\]?(?:\s*\d+)?", cell)
                if not found or found[2] not in acts:
                    en = f"«{cell}» in «{column}» is not a day with one of: {', '.join(sorted(acts))}"
                    raise row.error("unknown-value", en, f"«{cell}» («{column}») nem nap a jelek egyikével")
                if code:
                    yield _act(
                        acts[found[2]], _day(found[1], row), code, number, str(treaty["id"]), row, cited, description
                    )


def _acts(column: str, row: Fields, description: Description) -> dict[str, tuple[str, str]]:
    """Act and relation by the suffix of a date, as the name of a column lists them."""
    found = {}
    for part in column.split(","):
        named = re.fullmatch(r"\s*([A-Za-z ]+?)\s*(?:\(([A-Za-z]{1,2})\))?\s*", part)
        word = named[1] if named else part.strip()
        act, relation = known(description.tables["acts"], word, row.place, column)
        found[(named[2] if named else "") or ""] = (act, relation)
    return found


def _act(
    acts: tuple[str, str],
    day: str,
    code: str,
    number: str,
    treaty: str,
    row: Fields,
    cited: dict[str, object],
    description: Description,
) -> Record:
    act, relation = acts
    state = states().get(code)
    ours = f"{act}-{treaty}-{code.lower()}"
    held = ours in _held()
    name = mint("untc", number, act, code)
    words = description.tables["words"][act]
    return row.record(
        {
            "record": name if held else "",
            "id": ours if held else name,
            "type": "Connection",
            "label": {}
            if held
            else {
                "en": f"{state['label']['en'] if state else code}: {act}, {number}",
                "hu": f"{state['label']['hu'] if state else code}: {words}, {number}",
            },
            "subject": state["id"]
            if state
            else description.tables["organisations"].get(code) or mint("untc", "state", code),
            "relation": relation,
            "object": treaty,
            "date": day,
            "sources": [cited | {"locator": f"line {row.place.line}: {row.get('Participant')}"}],
            "status": description.status,
        }
    )


def _declarations(number: str, chapter: int, source: Input, description: Description) -> Iterator[Record]:
    """What states declared, each under a line with a number sign and its name; the text has no days."""
    as_of = description.chosen.get("as-of", "")
    if as_of and not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", as_of):
        raise refuse("choice", Place("as-of"), f"«{as_of}» is not a day, YYYY-MM-DD", f"«{as_of}» nem nap")
    treaty = _treaty(number, source, description)
    cited = description.source(_URL.format(number, chapter), f"UN Treaty Collection, declarations on {number}")
    blocks: list[tuple[int, str, list[str]]] = []
    for line, text in enumerate(source.text().splitlines(), 1):
        if text.startswith("#"):
            blocks.append((line, text[1:].strip(), []))
        elif blocks:
            blocks[-1][2].append(text)
        elif text.strip():
            raise refuse(
                "syntax", source.place(line), "text before the first «#State»", "szöveg az első «#State» előtt"
            )
    if not blocks:
        raise refuse("syntax", source.place(), "there is no line «#State»", "nincs «#State» sor")
    for line, name, lines in blocks:
        item = Fields({"Participant": name}, "", source.place(line), description)
        code, text = participant(item.take("Participant"), item, description), "\n".join(lines).strip()
        state = states().get(code)
        if not text or not state:
            continue
        yield item.record(
            {
                "id": mint("untc", number, "declaration", code),
                "type": "Statement",
                "label": {
                    "en": f"{state['label']['en']}: declaration or reservation, {number}",
                    "hu": f"{state['label']['hu']}: nyilatkozat vagy fenntartás, {number}",
                },
                "date": f"../{as_of}" if as_of else "",
                "speaker": state["id"],
                "about": treaty["id"],
                "occasion": "declaration or reservation deposited with the Secretary-General of the United Nations",
                "quotation": {"en": text},
                "sources": [cited | {"locator": name}],
                "status": description.status,
            }
        )


def participant(name: str, row: Fields, description: Description) -> str:
    """The three-letter code of a participant, or "" for a state that is no more; footnote numbers are not its name."""
    plain = " ".join(re.sub(r"[\s*,\d]+$", "", name.replace("’", "'")).split())
    table = _names() | description.tables["participants"]
    return str(known(table, plain, row.place, "Participant"))


@cache
def _names() -> dict[str, str]:
    """The code of each state by the English names of its record."""
    found = {}
    for code, state in states().items():
        others = state.get("altLabel", {}).get("en", [])
        for name in (state["label"]["en"], *([others] if isinstance(others, str) else others)):
            found[name] = code
    return found


@cache
def _held() -> frozenset[str]:
    """The ids of the acts that the shipped data hold."""
    file = DATA / "treaties" / "actions.csv"
    return frozenset(record.id for record in load("treaty-actions", [file])) if file.is_file() else frozenset()


def _day(text: str, row: Fields) -> str:
    for form in ("%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    raise row.error("syntax", f"«{text}» is not a date", f"«{text}» nem dátum")
