"""Cases of the Court of Justice of the European Union, their judgments and the opinions of its Advocates General, from
a list of EUR-Lex metadata. The list holds no outcome, so none is given.

A case may stand in several rows, and a judgment in two: each row says what it says in records of its own.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, known, mint, rows
from solidarity_spectrum.records import Record

_NUMBER = (
    r"[CTF][-\s]\s?\d{1,4}/\d{2}(?:\s(?:PPU|P|R|RX|DEP|REV|TO|OP|SA|INTP|AJ|RENV|OST|P\(R\)|P\(I\)|RX-II)(?![A-Za-z]))*"
)


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of the list."""
    for row in rows(source, description, required=("Case Number", "Case Title", "Judgment ECLI", "Judgment CELEX")):
        yield from _row(row, source, description)


def _row(row: Fields, source: Input, description: Description) -> Iterator[Record]:
    written = " ".join(re.sub("[\\u2010-\\u2015]", "-", row.take("Case Number")).split()).rstrip(".")
    title = " ".join(re.sub("[\\u2010-\\u2015]", "-", row.take("Case Title")).split())
    numbers, opinion = dockets(written, row), re.fullmatch(r"Opinion (?:of the Court )?(\d{1,2}/\d{2})", written)
    if not numbers and not opinion:
        en = f"«{written}» in «Case Number» is not a case number, such as C-821/19"
        raise row.error("identifier", en, f"«{written}» nem ügyszám, mint a C-821/19")
    ecli, celex = _identifier(row, "Judgment ECLI", "ecli"), _identifier(row, "Judgment CELEX", "celex")
    for flag in ("Has AG Opinion", "Has Summary"):
        known(description.tables["flags"], row.get(flag), row.place, flag)
    number = numbers[0] if numbers else f"Opinion {opinion[1] if opinion else ''}"
    letter = number[0] if numbers else "C"
    name = known(description.tables["names"], letter, row.place, "Case Number")
    court = description.tables["courts"].get(letter, "")
    cited = description.source(description.address, locator=f"line {row.place.line}: {written}")
    words = ". ".join(filter(None, (row.get("Requesting Court"), row.get("Topics"))))
    common = {
        "court": court,
        "sources": [cited],
        "status": description.status,
    }
    case = next(filter(None, (source.joined("docket", each, "Case") for each in numbers)), None)
    held = (source.joined("ecli", ecli) if ecli else None) or (source.joined("celex", celex) if celex else None)
    proceedings = row.record(
        {
            # The title tells apart rows that a case or a judgment has twice.
            "record": mint("cjeu", number, celex or ecli or "undecided", title),
            "id": case or mint("cjeu", "case", number),
            "type": "Case",
            "label": {} if case else {"en": f"{name['en']}, {number}", "hu": f"{name['hu']}, {number}"},
            "altLabel": {"en": title.removeprefix(written).lstrip(" .") or title},
            "docket": numbers,
            "officialNumber": "" if numbers else number,
            "partyDescription": "" if case else title,
            "jurisdiction": "" if court else "european-union",
            **common,
            "sources": [cited | {"passage": {"en": words}}],
        }
    )
    if case or not held:  # a judgment that the graph holds is in a case already
        yield proceedings
    opinion_title, opinion_ecli = row.get("AG Opinion Title"), _identifier(row, "AG Opinion ECLI", "ecli")
    for type_, its_ecli, its_celex, words, en, hu in (
        ("Decision", ecli, celex, "", "ruling in", "határozat"),
        (
            "AdvocateGeneralOpinion",
            opinion_ecli,
            "",
            opinion_title,
            "opinion of the Advocate General in",
            "főtanácsnoki indítvány",
        ),
    ):
        if not its_ecli and not its_celex:
            continue
        thing = (source.joined("ecli", its_ecli) if its_ecli else None) or (
            source.joined("celex", its_celex) if its_celex else None
        )
        yield row.record(
            {
                "record": mint("cjeu", its_celex or its_ecli, title),
                "id": thing or mint("cjeu", its_ecli or its_celex),
                "type": type_,
                "label": {} if thing else {"en": f"{name['en']}, {en} {number}", "hu": f"{name['hu']}, {hu}, {number}"},
                "altLabel": {} if thing else {"en": words},
                "inCase": "" if thing else case or ("" if held else mint("cjeu", "case", number)),
                # The list has no day of the judgment; the year in the ECLI is that of the decision.
                "date": "" if thing else _delivered(words, its_ecli),
                "ecli": its_ecli,
                "celex": its_celex,
                **common,
            }
        )


def dockets(written: str, row: Fields) -> list[str]:
    """The case numbers in the first column, in their normal form, or none if it holds something else as well."""
    rest = re.sub(rf"{_NUMBER}|^(?:[Jj]oined )?[Cc]ases?\b|\band\b|\bto\b|[,;\s]", "", written)
    found: list[str] = []
    previous = ""
    for match in re.finditer(rf"(\bto\s+)?({_NUMBER})", written):
        try:
            number = parse(match[2], "cjeu-case").value
        except IdentifierError as error:
            raise row.error("identifier", f"«Case Number»: {error}", f"«Case Number»: {error.message('hu')}") from error
        if match[1] and previous:
            low, high = (int(each.split("-")[1].split("/")[0]) for each in (previous, number))
            if previous.split("/")[1] != number.split("/")[1] or not low < high < low + 100:
                raise row.error("identifier", f"«{written}» is no range of cases", f"«{written}» nem ügyek sora")
            found += [f"{number[0]}-{each}/{number.split('/')[1]}" for each in range(low + 1, high)]
        found.append(number)
        previous = number
    return [] if rest else found


def _identifier(row: Fields, key: str, scheme: str) -> str:
    text = row.get(key)
    try:
        return parse(text, scheme).value if text else ""
    except IdentifierError as error:
        raise row.error("identifier", f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error


def _delivered(title: str, ecli: str) -> str:
    """The day in the title of an opinion, if it is of the year of its ECLI; or else that year."""
    year = ecli.split(":")[3] if ecli else ""
    if found := re.search(r"delivered on (\d{1,2} [A-Z][a-z]+ \d{4})$", title):
        try:
            day = datetime.strptime(found[1], "%d %B %Y").date().isoformat()
        except ValueError:
            return year
        return day if day.startswith(year) else year
    return year
