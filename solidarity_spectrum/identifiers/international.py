"""Identifiers of the Council of Europe and of the United Nations."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from solidarity_spectrum.identifiers.base import (
    Identifier,
    IdentifierError,
    Link,
    Read,
    Scheme,
    checked_year,
    from_roman,
    full_year,
    pattern,
)

# First components of document symbols: UN Dag Hammarskjöld Library, UN Document Symbols; ST/LIB/SER.B/5/Rev.5. The
# treaty bodies and the bodies outside the main organs have series of their own.
_UN_CODES = """
    A S E T ST TD DP CCPR CAT CEDAW CERD CRC CRPD CMW CED HRI UNEP HSP FCCC CBD ICCD CTOC CAC HCR UNW UNA UNFPA DC
    ISBA SPLOS SG CEB ACC JIU LC NPT CD BWC CCW APLC ATT ID IDB GC PBC PC WFP UNITAR ECE ESA TRANS DPI
"""
_UN_SERIES = set(_UN_CODES.split())
_MIXED_CASE = {"ADD": "Add", "CORR": "Corr", "REV": "Rev", "AMEND": "Amend", "SUB": "Sub", "SUMMARY": "Summary"}


def _un_symbol(match: re.Match[str]) -> Read:
    components = match["body"].strip("/").split("/")
    first = components[0].upper()
    if first not in _UN_SERIES:
        raise IdentifierError(
            f"the United Nations have no document series «{components[0]}»; symbols start with A/, S/, E/, CCPR/ …",
            f"az ENSZ-nek nincs «{components[0]}» jelű iratsorozata; a jelzetek kezdete A/, S/, E/, CCPR/ …",
        )
    if "" in components:
        raise IdentifierError("two slashes follow each other", "két perjel áll egymás után")
    body = "/".join(_component(component) for component in components)
    parts = {"series": first}
    bracket = match["bracket"]
    if resolution := re.fullmatch(r"([AS])/RES/((?:S|ES)-)?(\d+)(?:/(\d+)(?:[A-Z])?)?", body):
        organ, special, number, second = resolution.groups()
        if organ == "A" and not special and second is None:
            if not bracket:
                raise IdentifierError(
                    "a resolution of the General Assembly has session and number (A/RES/73/195), before 1976 number "
                    "and session in Roman numerals (A/RES/194(III))",
                    "a Közgyűlés határozatának jelzete ülésszak és szám (A/RES/73/195), 1976 előtt szám és római "
                    "számmal az ülésszak (A/RES/194(III))",
                )
        elif organ == "A" and not special:
            if not 31 <= int(number) <= 150:
                raise IdentifierError(
                    "sessions are written this way from the 31st (1976) on; before, as in A/RES/194(III)",
                    "az ülésszakot a 31. (1976) óta írják így; korábban úgy, mint itt: A/RES/194(III)",
                )
            parts["session"] = number
        elif organ == "S" and bracket and not bracket.isdigit():
            raise IdentifierError(
                "a resolution of the Security Council has its year in brackets: S/RES/1440 (2002)",
                "a Biztonsági Tanács határozatánál zárójelben az év áll: S/RES/1440 (2002)",
            )
    ending = ""
    if bracket:
        if bracket.isdigit():
            parts["year"] = checked_year(bracket, 1945, 2099)
            ending = f" ({bracket})"
        else:
            roman = bracket.upper().removeprefix("S-").removeprefix("ES-")
            session = str(from_roman(roman.split("-")[-1].split(" ")[0]))
            parts["session"] = session if roman == bracket.upper() else ""
            ending = f"({bracket.upper()})"
    if country := re.fullmatch(r"[A-Z]+/C(?:/\d+)?/([A-Z]{3})(?:/.*)?", body):
        parts["state"] = country[1]
    return body + ending, parts


def _component(text: str) -> str:
    """A component in the spelling of the UN: capitals, but Add.1, Rev.1, Corr.1, Sub.2."""
    upper = text.upper()
    name, dot, number = upper.partition(".")
    return f"{_MIXED_CASE[name]}{dot}{number}" if name in _MIXED_CASE else upper


def _un_links(identifier: Identifier) -> Iterator[Link]:
    # undocs.org/{symbol}: the UN's own short address of a document in the Official Document System.
    yield Link("page", f"https://undocs.org/{quote(identifier.value.replace(' (', '('), safe='/()')}")


def _untc(match: re.Match[str]) -> Read:
    chapter, letter = match["chapter"].upper(), (match["letter"] or "").lower()
    if not 1 <= from_roman(chapter) <= 29:
        raise IdentifierError(
            f"the depositary's list has chapters I to XXIX, not {chapter}",
            f"a letéteményes jegyzékének I–XXIX. fejezete van, {chapter}. nincs",
        )
    number = str(int(match["number"]))
    return f"{chapter}-{number}" + (f"-{letter}" if letter else ""), {"chapter": str(from_roman(chapter))}


def _untc_links(identifier: Identifier) -> Iterator[Link]:
    yield Link(
        "page",
        "https://treaties.un.org/Pages/ViewDetails.aspx?src=TREATY"
        f"&mtdsg_no={identifier.value}&chapter={identifier.parts['chapter']}&clang=_en",
    )


def _application(match: re.Match[str]) -> Read:
    if int(match["number"]) == 0:
        raise IdentifierError("an application number starts at 1", "a kérelmek számozása 1-gyel kezdődik")
    year = full_year(match["year"], 1955)
    return f"{int(match['number'])}/{match['year']}", {
        "country": "CE",
        "number": str(int(match["number"])),
        "year": year,
    }


def _hudoc(match: re.Match[str]) -> Read:
    if match["collection"] not in {f"00{digit}" for digit in range(1, 10)}:
        raise IdentifierError(
            f"a HUDOC item starts with 001 to 009, not {match['collection']}",
            f"a HUDOC-azonosító 001–009-cel kezdődik, nem ezzel: {match['collection']}",
        )
    return f"{match['collection']}-{match['number']}", {"country": "CE"}


SCHEMES_HERE = (
    Scheme(
        "hudoc",
        {"en": "item of HUDOC, the case-law database of the European Court of Human Rights", "hu": "HUDOC-azonosító"},
        "001-198760",
        "HUDOC user manual: item id",
        pattern(r"(?:hudoc[:\s]\s*|itemid[:\s]\s*)?(?P<collection>0\d{2})-(?P<number>\d{3,7})"),
        _hudoc,
        lambda identifier: [Link("page", f"https://hudoc.echr.coe.int/eng?i={identifier.value}")],
    ),
    Scheme(
        "echr-application",
        {
            "en": "application number of the European Court of Human Rights",
            "hu": "az Emberi Jogok Európai Bírósága előtti kérelem száma",
        },
        "47287/15",
        "European Court of Human Rights, note on the citation of the case-law",
        pattern(
            r"(?:(?:application|appl?\.|requête|kérelem)\s?)?(?:(?:no|n°|nº|sz|nr)s?\.?\s?)?(?P<number>\d{1,5})\s?/\s?(?P<year>\d{2})"
        ),
        _application,
    ),
    Scheme(
        "un-symbol",
        {"en": "United Nations document symbol", "hu": "ENSZ-dokumentumjelzet"},
        "A/RES/73/195",
        "UN Dag Hammarskjöld Library, UN Document Symbols",
        pattern(
            r"""(?:(?:un|u\.n\.)\s(?:doc(?:ument)?\.?|symbol)\s)?(?P<body>[a-z]{1,6}/[a-z0-9./_-]*[a-z0-9])
            (?:\s?\((?P<bracket>[ivxlcdm]+|s-[ivxlcdm]+|es-[ivxlcdm]+|\d{4})\))?"""
        ),
        _un_symbol,
        _un_links,
    ),
    Scheme(
        "untc",
        {"en": "chapter and number in the UN Treaty Collection", "hu": "fejezet és szám az ENSZ Szerződéstárában"},
        "XVIII-12-b",
        "Multilateral Treaties Deposited with the Secretary-General, table of contents (mtdsg_no)",
        pattern(
            r"(?:untc\s|mtdsg(?:_no)?[=\s])?(?:chapter\s)?(?P<chapter>[ivx]{1,6})[-.](?P<number>\d{1,2})(?:[-.](?P<letter>[a-z]))?"
        ),
        _untc,
        _untc_links,
    ),
    Scheme(
        "unts",
        {
            "en": "volume and page of the United Nations Treaty Series",
            "hu": "az ENSZ szerződéssorozatának kötete és oldala",
        },
        "606 UNTS 267",
        "United Nations Treaty Series",
        pattern(
            r"""(?P<volume>\d{1,4})\s(?:UNTS|U\.\s?N\.\s?T\.\s?S\.?)\s(?:p\.\s)?(?P<page>\d{1,4})
            |(?:United\sNations,?\s)?(?:Treaty\sSeries|UNTS),?\svol\.\s(?P<vol>\d{1,4}),?\sp\.\s(?P<p>\d{1,4})"""
        ),
        lambda match: (f"{int(match['volume'] or match['vol'])} UNTS {int(match['page'] or match['p'])}", {}),
    ),
    Scheme(
        "venice",
        {"en": "reference of the Venice Commission", "hu": "a Velencei Bizottság hivatkozási száma"},
        "CDL-AD(2018)013",
        "Venice Commission, documents by opinions and studies",
        pattern(
            r"(?P<series>CDL(?:-[A-Z]{1,4})?)\s?\((?P<year>\d{4})\)\s?(?P<number>\d{3})(?P<suffix>[a-z]*(?:-[a-z0-9]+)?)"
        ),
        lambda match: (
            f"{match['series'].upper()}({checked_year(match['year'], 1990, 2099)}){match['number']}"
            + match["suffix"].lower(),
            {"year": match["year"]},
        ),
    ),
    Scheme(
        "codices",
        {"en": "reference of CODICES, the database of constitutional case-law", "hu": "CODICES-hivatkozás"},
        "HUN-2016-3-006",
        "Venice Commission, CODICES: country, year, issue of the bulletin, number",
        pattern(r"(?P<country>[A-Z]{3})-(?P<year>\d{4})-(?P<issue>[1-4SXC])-(?P<number>\d{3})"),
        lambda match: (
            f"{match['country']}-{checked_year(match['year'], 1900, 2099)}-{match['issue']}-{match['number']}".upper(),
            {"year": match["year"]},
        ),
    ),
)
