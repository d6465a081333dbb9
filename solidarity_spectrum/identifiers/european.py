"""Identifiers of the European Union and of the courts of Europe: CELEX, ELI, ECLI, case numbers, the Official Journal,
EuroVoc and the authority tables."""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from solidarity_spectrum.identifiers.base import (
    Conversion,
    Identifier,
    IdentifierError,
    Link,
    Read,
    Scheme,
    checked_date,
    checked_year,
    full_year,
    pattern,
    to_roman,
)

EUR_LEX = "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri="
CELLAR = "http://publications.europa.eu/resource/"

# Descriptors by sector: EUR-Lex, «Types of documents in EUR-Lex». The other sectors are left open: their lists
# grow, and the institutions coin new letters.
_DESCRIPTORS = {
    "2": "A D P X",
    "3": "A B C D E F G H J K L M O Q R S X Y",
    "4": "A D X Y Z",
    "6": "CJ CO CC CS CT CV CX CD CP CN CA CB CU CG TJ TO TC TT TN TA TB FJ FO FT FN FA FB",
}
_DESCRIPTORS["0"] = f"{_DESCRIPTORS['2']} {_DESCRIPTORS['3']} {_DESCRIPTORS['4']} E M T"
_TREATIES = "K A E F B R H I G U M N D C T S L P W ME"
SECTORS = {
    "0": ("consolidated act", "egységes szerkezetű jogszabály"),
    "1": ("treaty", "szerződés"),
    "2": ("international agreement", "nemzetközi megállapodás"),
    "3": ("legislation", "jogszabály"),
    "4": ("complementary legislation", "kiegészítő jogszabály"),
    "5": ("preparatory act", "előkészítő dokumentum"),
    "6": ("case-law", "ítélkezési gyakorlat"),
    "7": ("national transposition measure", "nemzeti átültető intézkedés"),
    "8": ("national case-law on EU law", "uniós jogra vonatkozó nemzeti ítélkezési gyakorlat"),
    "9": ("parliamentary question", "parlamenti kérdés"),
    "C": ("other document of the Official Journal, C series", "a Hivatalos Lap C sorozatának egyéb dokumentuma"),
    "E": ("EFTA document", "EFTA-dokumentum"),
}
_CELEX_TAIL = re.compile(
    r"""(?P<number>\d{4})                       # most documents
    (?P<sequence>\(\d{2}\))?                    # several of one number
    (?P<corrigendum>R\(\d{2}\))?
    (?:-(?P<consolidated>\d{8}))?
    (?P<derived>_(?:RES|SUM|INF|EXT))?""",
    re.VERBOSE,
)
_TREATY_TAIL = re.compile(
    r"(?:\d{3}|\d{3}[A-Z]|/TXT(?:\(\d{2}\))?|N\d{2}(?:/\d{2})?(?:/[A-Z])?|/(?:PRO|DCL|AFI|ACT|NEW)/[\d/]+)?"
)
_OPEN_TAIL = re.compile(r"\d{2,6}[A-Z0-9_/()-]*")


def _celex(match: re.Match[str]) -> Read:
    sector, year, letters, tail = (
        match["sector"].upper(),
        match["year"],
        match["letters"].upper(),
        match["tail"].upper(),
    )
    parts = {"sector": sector, "year": checked_year(year, 1949, 2099), "type": letters, "country": "EU"}
    known = (_TREATIES if sector == "1" else _DESCRIPTORS.get(sector, "")).split()
    if known and letters not in known:
        name_en, name_hu = SECTORS[sector]
        raise IdentifierError(
            f"sector {sector} ({name_en}) has no document type «{letters}»; it has {', '.join(known)}",
            f"a {sector}. ágazatban ({name_hu}) nincs «{letters}» típus; ezek vannak: {', '.join(known)}",
        )
    if sector == "1":
        if not _TREATY_TAIL.fullmatch(tail):
            raise IdentifierError(
                f"«{tail}» is not an article or part of a treaty: three digits (078), /TXT or /PRO/11",
                f"«{tail}» nem szerződés cikke vagy része: három számjegy (078), /TXT vagy /PRO/11",
            )
        parts["article"] = tail if tail.isdigit() else ""
    elif sector in "02346":
        fits = _CELEX_TAIL.fullmatch(tail)
        if not fits:
            digits = re.match(r"\d+", tail)
            padded = f"{sector}{year}{letters}{int(digits[0]):04}{tail[digits.end() :]}" if digits else ""
            right = bool(digits) and len(padded) > 8 and _CELEX_TAIL.fullmatch(padded[5 + len(letters) :])
            raise IdentifierError(
                "after the document type come four digits"
                + (f": {padded}" if right else ", then at most (01), R(01) and a date"),
                "a típus után négy számjegy áll"
                + (f": {padded}" if right else ", majd legfeljebb (01), R(01) és dátum"),
            )
        if (sector == "0") != bool(fits["consolidated"]) and (fits["consolidated"] or not tail.endswith(")")):
            if sector == "0":
                raise IdentifierError(
                    "a consolidated act (sector 0) ends with the day it stands for, such as -20200101",
                    "az egységes szerkezetű jogszabály (0. ágazat) nappal végződik, például -20200101",
                )
            raise IdentifierError(
                "only a consolidated act (sector 0) ends with a day",
                "csak az egységes szerkezetű (0. ágazat) végződik nappal",
            )
        if day := fits["consolidated"]:
            parts["consolidated"] = checked_date(day[:4], day[4:6], day[6:])
        parts |= {
            "number": fits["number"],
            "sequence": fits["sequence"] or "",
            "corrigendum": fits["corrigendum"] or "",
        }
        parts["derived"] = (fits["derived"] or "").lstrip("_")
    elif sector == "C":
        if letters or not re.fullmatch(r"/\d{3}[A-Z]?/\d{2}", tail):
            raise IdentifierError(
                "in sector C the year is followed by issue and number, such as C2014/123/01",
                "a C ágazatban az év után a szám és a sorszám áll, például C2014/123/01",
            )
    elif not letters or not _OPEN_TAIL.fullmatch(tail):
        raise IdentifierError(
            f"«{tail}» cannot follow the document type «{letters}»", f"«{tail}» nem állhat a(z) «{letters}» típus után"
        )
    return sector + year + letters + tail, parts


def _celex_links(identifier: Identifier) -> Iterator[Link]:
    # The resource IRI of CELLAR denotes the work (CELLAR, Metadata notices: resource/{ps-name}/{ps-id}, ps-name celex).
    encoded = quote(identifier.value, safe="()")
    if not identifier.parts.get("derived"):
        yield Link("thing", f"{CELLAR}celex/{encoded}")
    yield Link("page", f"{EUR_LEX}CELEX:{quote(identifier.value, safe='()')}")


def _celex_conversions(identifier: Identifier) -> Iterator[Conversion]:
    parts = identifier.parts
    if parts["sector"] == "6" and parts["type"] in ("CJ", "CC", "CO", "TJ", "TO", "TC", "FJ", "FO"):
        court, number, year = parts["type"][0], str(int(parts["number"])), parts["year"]
        if int(year) >= 1989:  # before the Court of First Instance, case numbers had no letter
            rule = "EUR-Lex, CELEX numbers: in sector 6 year and number are those of the (first) case"
            yield Conversion(_made("cjeu-case", f"{court}-{number}/{year[2:]}"), rule)
    if parts["sector"] == "3" and parts["type"] == "L" and not (parts.get("corrigendum") or parts.get("derived")):
        # From R, say, follows reg, reg_impl or reg_del; only for dir the templates allow the short one for all three.
        address = f"http://data.europa.eu/eli/dir/{parts['year']}/{int(parts['number'])}{parts.get('sequence', '')}/oj"
        yield Conversion(
            _made("eli", address), "Publications Office, URI templates: dir is an alias of dir_impl, dir_del"
        )
    if parts["sector"] == "0":
        base = f"3{identifier.value[1:].partition('-')[0]}"
        if parts["type"] in _DESCRIPTORS["3"].split():
            yield Conversion(
                _made("celex", base), "EUR-Lex, CELEX numbers: sector 0 keeps the rest of the base act's number"
            )


# Typedocs whose CELEX letter follows: Publications Office, URI templates for European Union legislation.
_ELI_LETTERS = {
    "dir": "L",
    "dir_impl": "L",
    "dir_del": "L",
    "reg": "R",
    "reg_impl": "R",
    "reg_del": "R",
    "dec": "D",
    "dec_impl": "D",
    "dec_del": "D",
    "dec_framw": "F",
}
_ELI_MISTAKES = {
    "directive": "dir",
    "regulation": "reg",
    "decision": "dec",
    "recommendation": "reco",
    "framework_decision": "dec_framw",
    "dec_frmw": "dec_framw",
}
_EU_ELI = re.compile(
    r"""eli/(?:treaty/(?P<treaty>[a-z_]+_\d{4})|(?P<type>[a-z]+(?:_[a-z]+)*|C)/(?P<year>\d{4})/(?P<number>\d{1,5})(?P<sequence>\(\d{1,2}\))?)
    (?P<part>(?:/(?:art|par|pnt|cit|rct|anx|tit|cpt|sct|pbl|enc|fnp|unp|ser)_[\w.-]+)*)
    (?:/(?:(?P<oj>oj)|corrigendum/(?P<corrected>\d{4}-\d{2}-\d{2})(?:/\d{1,2})?/oj|(?P<point>\d{4}-\d{2}-\d{2})))?
    (?:/(?P<language>[a-z]{3}))?(?:/(?P<format>[a-z0-9]{2,10}))?/?""",
    re.VERBOSE | re.IGNORECASE,
)
# Publishers of national ELIs and how their addresses start: the ELI register of EUR-Lex.
ELI_HOSTS = {
    "ris.bka.gv.at": ("AT", "https://www.ris.bka.gv.at"),
    "ejustice.just.fgov.be": ("BE", "http://www.ejustice.just.fgov.be"),
    "e-sbirka.cz": ("CZ", "https://www.e-sbirka.cz"),
    "retsinformation.dk": ("DK", "https://www.retsinformation.dk"),
    "boe.es": ("ES", "https://www.boe.es"),
    "finlex.fi": ("FI", "https://www.finlex.fi"),
    "data.finlex.fi": ("FI", "http://data.finlex.fi"),
    "legifrance.gouv.fr": ("FR", "https://www.legifrance.gouv.fr"),
    "narodne-novine.nn.hr": ("HR", "https://narodne-novine.nn.hr"),
    "njt.hu": ("HU", "https://njt.hu"),
    "irishstatutebook.ie": ("IE", "https://www.irishstatutebook.ie"),
    "gazzettaufficiale.it": ("IT", "https://www.gazzettaufficiale.it"),
    "normattiva.it": ("IT", "https://www.normattiva.it"),
    "legilux.public.lu": ("LU", "http://legilux.public.lu"),
    "data.legilux.public.lu": ("LU", "http://data.legilux.public.lu"),
    "legislation.mt": ("MT", "https://legislation.mt"),
    "lovdata.no": ("NO", "https://lovdata.no"),
    "eli.gov.pl": ("PL", "https://eli.gov.pl"),
    "data.dre.pt": ("PT", "https://data.dre.pt"),
}
EU_ELI_HOSTS = {"data.europa.eu", "eur-lex.europa.eu", "publications.europa.eu"}


def _eli(match: re.Match[str]) -> Read:
    host = (match["host"] or "").lower().removeprefix("www.")
    path = match["path"].strip("/")
    path = path if path.lower().startswith("eli/") else f"eli/{path}"
    if host in EU_ELI_HOSTS or (not host and not path.lower().startswith("eli/tv/")):
        return _eu_eli(path)
    if not host:
        host = "njt.hu"
    country, start = ELI_HOSTS.get(
        host, ("", f"{(match['protocol'] or 'https').lower()}://{(match['host'] or '').lower()}")
    )
    if re.search(r"[^\w./()~%:@+=-]|//", path):
        raise IdentifierError(
            "an ELI path has letters, digits and single slashes only",
            "az ELI útvonalában csak betű, számjegy és «/» állhat",
        )
    parts = {"country": country}
    # ELI paths put the date as year/month/day (France, Italy, Spain, Luxembourg) or a year alone.
    if day := re.search(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?=/|\Z)", path):
        parts |= {"date": checked_date(*day.groups()), "year": day[1]}
    elif year := re.search(r"/((?:1[5-9]|20)\d\d)(?=/|\Z)", path):
        parts["year"] = year[1]
    if country == "HU":
        path = _hungarian_eli(path)
    return f"{start}/{path}", parts


def _hungarian_eli(path: str) -> str:
    """`eli/{type}/{year}/{number}`: njt.hu/eli/bevezeto; TV is an act (törvény)."""
    found = re.fullmatch(r"eli/((?:v\d+/)?[A-Za-zÁÉÍÓÖŐÚÜŰ0-9-]+)/(\d{4})/(\d{1,5})((?:/[\w.-]+)*)", path)
    if not found:
        raise IdentifierError(
            "a Hungarian ELI is eli/{type}/{year}/{number}, such as https://njt.hu/eli/TV/2018/6",
            "a magyar ELI alakja eli/{típus}/{év}/{szám}, például https://njt.hu/eli/TV/2018/6",
        )
    kind = found[1] if found[1].startswith("v") else found[1].upper()
    return f"eli/{kind}/{checked_year(found[2], 1000, 2099)}/{int(found[3])}{found[4]}"


def _eu_eli(path: str) -> Read:
    found = _EU_ELI.fullmatch(path)
    if not found:
        raise IdentifierError(
            "an ELI of the EU is eli/{type}/{year}/{number}/oj, such as http://data.europa.eu/eli/dir/2002/90/oj",
            "az uniós ELI alakja eli/{típus}/{év}/{szám}/oj, például http://data.europa.eu/eli/dir/2002/90/oj",
        )
    parts = {"country": "EU", "part": found["part"].strip("/").lower(), "language": (found["language"] or "").lower()}
    if treaty := found["treaty"]:
        base = f"treaty/{treaty.lower()}"
        parts |= {"type": "treaty", "treaty": treaty.lower()}
    else:
        kind = "C" if found["type"] in ("C", "c") else found["type"].lower()
        if right := _ELI_MISTAKES.get(kind):
            raise IdentifierError(
                f"«{kind}» is written «{right}» in an ELI", f"az ELI-ben «{kind}» helyett «{right}» áll"
            )
        year, number = checked_year(found["year"], 1949, 2099), str(int(found["number"]))
        base = f"{kind}/{year}/{number}{found['sequence'] or ''}"
        parts |= {"type": kind, "year": year, "number": number, "sequence": found["sequence"] or ""}
    ending = ""
    if found["oj"]:
        ending = "/oj"
    elif found["corrected"]:
        ending = "/" + path[found.start("corrected") - len("corrigendum/") : found.end()].rstrip("/").lower()
        parts["corrigendum"] = checked_date(*found["corrected"].split("-"))
    elif found["point"]:
        ending = f"/{checked_date(*found['point'].split('-'))}"
        parts["consolidated"] = found["point"]
    if not found["corrected"]:
        ending += "".join(f"/{found[name].lower()}" for name in ("language", "format") if found[name])
    parts["original"] = "oj" if found["oj"] else ""
    part = f"/{parts['part']}" if parts["part"] else ""
    return f"http://data.europa.eu/eli/{base}{part}{ending}", parts


def _eli_links(identifier: Identifier) -> Iterator[Link]:
    # A wording of one day, in one language or file, is not the act itself (ELI: resource, expression, format).
    narrower = ("consolidated", "corrigendum", "language")
    yield Link("page" if any(identifier.parts.get(name) for name in narrower) else "thing", identifier.value)


def _eli_conversions(identifier: Identifier) -> Iterator[Conversion]:
    parts = identifier.parts
    rule = "Publications Office, URI templates for European Union legislation; EUR-Lex, CELEX numbers"
    if (letter := _ELI_LETTERS.get(parts.get("type", ""))) and not parts.get("corrigendum") and not parts.get("part"):
        tail = f"{parts['year']}{letter}{int(parts['number']):04}" if int(parts["number"]) <= 9999 else ""
        if tail and parts.get("sequence"):
            tail += f"({int(parts['sequence'].strip('()')):02})"
        if tail and (day := parts.get("consolidated")):
            yield Conversion(_made("celex", f"0{tail}-{day.replace('-', '')}"), rule)
        if tail:
            yield Conversion(_made("celex", f"3{tail}"), rule)
    if found := re.fullmatch(r"https://njt\.hu/eli/TV/(\d{4})/(\d+)", identifier.value):
        citation = f"{found[1]}. évi {to_roman(int(found[2]))}. törvény"
        yield Conversion(_made("hu-act", citation), "njt.hu/eli/bevezeto: ELI by type, year and number of the act")


# Council conclusions 2011/C 127/01, annex, 1: codes of the interinstitutional style guide (EL, UK), EU for the
# courts of the Union, and what the Commission assigned to international bodies (CE: Council of Europe, EP: European
# Patent Office).
_ECLI_CODES = """
    EU CE EP AT BE BG HR CY CZ DK EE FI FR DE EL HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE UK
    IS LI NO CH AL BA GE MD ME MK RS TR UA XK
"""
_ECLI_COUNTRIES = set(_ECLI_CODES.split())
_ECLI_SLIPS = {"GR": "EL", "GB": "UK", "COE": "CE"}


def _ecli(match: re.Match[str]) -> Read:
    country, court, year, ordinal = (match[name].upper() for name in ("country", "court", "year", "ordinal"))
    if country not in _ECLI_COUNTRIES:
        right = _ECLI_SLIPS.get(country)
        raise IdentifierError(
            f"«{country}» is not a country code of ECLI" + (f": write {right}" if right else ""),
            f"«{country}» nem ECLI-országkód" + (f": így írja: {right}" if right else ""),
        )
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,6}", court):
        raise IdentifierError(
            f"the court code «{court}» must have one to seven letters and digits, a letter first",
            f"a(z) «{court}» bíróságkód egy–hét betű vagy számjegy lehet, betűvel kezdve",
        )
    if not re.fullmatch(r"\d{4}", year):
        raise IdentifierError(f"«{year}» must be a year of four digits", f"«{year}» helyén négyjegyű évnek kell állnia")
    if not re.fullmatch(r"[A-Z0-9.]{1,25}", ordinal):
        raise IdentifierError(
            "the last part has one to 25 letters, digits and dots, nothing else",
            "az utolsó rész legfeljebb 25 betű, számjegy vagy pont lehet, más nem",
        )
    parts = {"country": country, "court": court, "year": checked_year(year, 1800, 2099), "ordinal": ordinal}
    if country == "EU":
        if court not in ("C", "T", "F"):
            raise IdentifierError(
                f"the courts of the EU are C, T and F, not «{court}»", f"az EU bíróságai C, T és F, nem «{court}»"
            )
        if not ordinal.isdigit():
            raise IdentifierError(
                "an ECLI of an EU court ends with a number", "az uniós bíróság ECLI-je számmal végződik"
            )
        parts["year"] = checked_year(year, 1954, 2099)
    if country == "CE" and court == "ECHR":
        parts |= _echr(ordinal, year)
    if country in ("EL", "UK"):
        parts["country"] = {"EL": "GR", "UK": "GB"}[country]
    return f"ECLI:{country}:{court}:{year}:{ordinal}", parts


def _echr(ordinal: str, year: str) -> dict[str, str]:
    """Day, kind and application inside an ECLI of Strasbourg: MMDD, JUD or DEC, number of seven digits, year of two.

    Found to hold in HUDOC's own records; older ordinals of other forms are left alone.
    """
    found = re.fullmatch(r"(\d{2})(\d{2})([A-Z]{3})(\d{7})(\d{2})", ordinal)
    if not found:
        if re.match(r"\d{4}(JUD|DEC|REP)", ordinal):
            raise IdentifierError(
                "after JUD, DEC or REP come nine digits: seven of the application's number, two of its year",
                "a JUD, DEC vagy REP után kilenc számjegy áll: hét a kérelem száma, kettő az éve",
            )
        return {}
    day = checked_date(year, found[1], found[2])
    # The Court numbers no more than 99,999 applications a year; another number is something else.
    application = f"{int(found[4])}/{found[5]}" if 0 < int(found[4]) < 100_000 else ""
    return {"date": day, "kind": found[3], "application": application}


def _ecli_links(identifier: Identifier) -> Iterator[Link]:
    # There is no resolver for all ECLIs; the ECLI search engine of e-Justice documents this address.
    yield Link("page", f"https://e-justice.europa.eu/ecli/{identifier.value}")


def _ecli_conversions(identifier: Identifier) -> Iterator[Conversion]:
    if application := identifier.parts.get("application"):
        yield Conversion(
            _made("echr-application", application),
            "ECLI of the ECtHR: the ordinal holds the (first) application number",
        )


def _cjeu_case(match: re.Match[str]) -> Read:
    court, number, year = match["court"].upper(), match["number"], match["year"]
    rest = " ".join((match["suffix"] or "").upper().split())
    if rest and not re.fullmatch(
        r"(?:P|PPU|R|RX|RX-II|DEP|REV|TO|OP|SA|INTP|AJ|RENV|OST|P-R|P-DEP|P-OST|P-REV|P\(R\)|P\(I\)|PPU-R)(?: [A-Z]+)?",
        rest,
    ):
        raise IdentifierError(
            f"«{rest}» is not a suffix of a case number, such as P (appeal) or PPU (urgent reference)",
            f"«{rest}» nem ügyszám-utótag, mint a P (fellebbezés) vagy a PPU (sürgős előzetes döntéshozatal)",
        )
    if int(number) == 0:
        raise IdentifierError("a case number starts at 1", "az ügyek számozása 1-gyel kezdődik")
    if len(year) == 4:
        year = year[2:]
    parts = {"country": "EU", "court": court, "number": str(int(number)), "year": full_year(year), "suffix": rest}
    return f"{court}-{int(number)}/{year}" + (f" {rest}" if rest else ""), parts


def _cjeu_conversions(identifier: Identifier) -> Iterator[Conversion]:
    parts = identifier.parts
    suffix = parts.get("suffix", "")
    if suffix in ("", "P", "PPU") and int(parts["number"]) <= 9999:
        letter = {"C": "CJ", "T": "TJ", "F": "FJ"}[parts["court"]]
        rule = (
            "EUR-Lex, CELEX numbers: sector 6, year and number of the case, CJ, TJ or FJ for a judgment; "
            "it exists only if there is a judgment, and joined cases share that of the first"
        )
        yield Conversion(_made("celex", f"6{parts['year']}{letter}{int(parts['number']):04}"), rule)


def _oj(match: re.Match[str]) -> Read:
    if not (match["year"] or match["day"] or match["after"]):
        raise IdentifierError("the year of the Official Journal is missing", "hiányzik a Hivatalos Lap éve")
    series = match["series"].upper()
    number = match["number"]
    page = f", p. {int(match['page'] or match['paged'])}" if match["page"] or match["paged"] else ""
    if match["day"]:
        day = checked_date(match["yearlong"], match["month"], match["day"])
        written = f"{int(match['day'])}.{int(match['month'])}.{match['yearlong']}"
        return f"OJ {series} {number}, {written}{page}", {
            "country": "EU",
            "series": series,
            "date": day,
            "year": day[:4],
        }
    year = checked_year(match["year"] or match["after"], 1952, 2099)
    return f"OJ {year} {series} {number}{page}", {"country": "EU", "series": series, "year": year}


def _authority(match: re.Match[str]) -> Read:
    code = unquote(match["code"])
    return f"{CELLAR}authority/{match['table'].lower()}/{quote(code, safe='')}", {
        "table": match["table"].lower(),
        "code": code,
    }


def _made(scheme: str, value: str) -> Identifier:
    from solidarity_spectrum.identifiers import SCHEMES

    made = SCHEMES[scheme].match(value)
    assert made, f"{scheme} does not read {value}"
    return made


SCHEMES_HERE = (
    Scheme(
        "eli",
        {"en": "European Legislation Identifier (ELI)", "hu": "európai jogszabály-azonosító (ELI)"},
        "http://data.europa.eu/eli/dir/2002/90/oj",
        "Council conclusions 2017/C 441/05; Publications Office, URI templates; ELI register of EUR-Lex",
        pattern(
            r"""(?:(?P<protocol>https?)://(?P<host>[a-z0-9.-]+)/(?:resource/)?|/)?
            (?P<path>eli/\S+|(?:dir|reg|dec)(?:_impl|_del)?/\d{4}/\d+\S*|dec_framw/\d{4}/\d+\S*)"""
        ),
        _eli,
        _eli_links,
        _eli_conversions,
    ),
    Scheme(
        "ecli",
        {"en": "European Case Law Identifier (ECLI)", "hu": "európai esetjogi azonosító (ECLI)"},
        "ECLI:EU:C:2021:930",
        "Council conclusions 2011/C 127/01, annex, 1; e-Justice portal",
        pattern(
            r"""(?:urn:)?(?:ecli:\s*)?ecli\s*[:.]\s*(?P<country>[a-z]{2,3})\s*:\s*(?P<court>[^:\s]+)\s*:\s*
            (?P<year>[^:\s]+)\s*:\s*(?P<ordinal>\S+)"""
        ),
        _ecli,
        _ecli_links,
        _ecli_conversions,
    ),
    Scheme(
        "celex",
        {"en": "CELEX number", "hu": "CELEX-szám"},
        "62019CJ0821",
        "EUR-Lex, CELEX number of EUR-Lex documents; Types of documents in EUR-Lex",
        pattern(
            r"""(?:celex(?:\s*(?:no|nr|number|szám)\.?)?[:_\s]\s*)?(?P<sector>[0-9CE])(?P<year>(?:19|20)\d{2})
            (?P<letters>[A-Z]{0,2}?)(?P<tail>(?:N?\d|/)[\w/()-]*|)"""
        ),
        _celex,
        _celex_links,
        _celex_conversions,
    ),
    Scheme(
        "cjeu-case",
        {"en": "case number of the Court of Justice of the EU", "hu": "az Európai Unió Bíróságának ügyszáma"},
        "C-821/19",
        "Court of Justice of the EU, rules of procedure and method of citing the case-law",
        pattern(
            r"""(?:case\s|joined\scases\s|affaire\s|ügy\s)?\s*(?P<court>[CTF])\s?[-\s]\s?(?P<number>\d{1,4})/(?P<year>\d{2}|(?:19|20)\d{2})
            (?:[\s-](?P<suffix>[A-Z(][A-Z()\s-]{0,12}))?\.?(?:\.?\ssz\.\sügy)?"""
        ),
        _cjeu_case,
        conversions=_cjeu_conversions,
    ),
    Scheme(
        "oj",
        {"en": "reference to the Official Journal of the EU", "hu": "hivatkozás az EU Hivatalos Lapjára"},
        "OJ L 180, 29.6.2013, p. 60",
        "Interinstitutional style guide, 3.1; without a date, the form of the Court: OJ 2013 L 180, p. 60",
        pattern(
            r"""(?:OJ|HL|JO)\s(?:(?P<year>\d{4})(?:,\s?|\s))?(?P<series>[LC](?:\s?[AEIM])?)\s?(?P<number>\d{1,4}(?:/\d{1,5})?)
            (?:,?\s(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<yearlong>\d{4})|(?(year)|[/,]\s?(?P<after>\d{4})))?
            (?:,?\s(?:p\.|pp\.|o\.)\s?(?P<page>\d{1,4})(?:-\d{1,4})?|,?\s(?P<paged>\d{1,4})\.\so\.?)?"""
        ),
        _oj,
    ),
    Scheme(
        "eurovoc",
        {"en": "EuroVoc concept", "hu": "EuroVoc-fogalom"},
        "c_814bb9e4",
        "Publications Office, EuroVoc: http://eurovoc.europa.eu/{id}",
        pattern(r"(?:eurovoc[:\s]\s*)?(?P<number>\d{1,6}|c_[0-9a-f]{8})"),
        lambda match: (match["number"].lower(), {}),
        lambda identifier: [Link("concept", f"http://eurovoc.europa.eu/{identifier.value}")],
    ),
    Scheme(
        "eu-authority",
        {"en": "entry of an authority table of the EU", "hu": "uniós hivatalos nyilvántartás bejegyzése"},
        f"{CELLAR}authority/country/HUN",
        "Publications Office, EU Vocabularies: resource/authority/{table}/{code}",
        pattern(
            r"(?:http://publications\.europa\.eu/resource/)?authority/(?P<table>[a-z][a-z0-9_-]*)/(?P<code>[^\s?#{}*$]{1,60})"
        ),
        _authority,
        lambda identifier: [Link("concept", identifier.value)],
    ),
)
