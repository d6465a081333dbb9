"""Identifiers that states give to their laws, decisions and gazettes: Hungary, the United States, the United Kingdom,
Australia, Canada, France, Italy and Greece, where the form is official and regular."""

import re
from collections.abc import Iterator

from solidarity_spectrum.identifiers.base import (
    Conversion,
    Identifier,
    IdentifierError,
    Link,
    Read,
    Scheme,
    checked_date,
    checked_year,
    from_roman,
    pattern,
    to_roman,
)
from solidarity_spectrum.identifiers.european import _made

# Hungary


def _hu_act(match: re.Match[str]) -> Read:
    year = checked_year(match["year"] or match["en_year"], 1000, 2099)
    number = match["number"] or match["en_number"]
    roman = to_roman(int(number)) if number.isdigit() else number.upper()
    kind = "törvénycikk" if "cikk" in (match["kind"] or "").lower() or (match["kind"] or "") == "tc." else "törvény"
    parts = {"country": "HU", "year": year, "number": str(from_roman(roman)), "kind": kind}
    return f"{year}. évi {roman}. {kind}", parts


def _hu_act_conversions(identifier: Identifier) -> Iterator[Conversion]:
    parts = identifier.parts
    if parts["kind"] == "törvény":
        address = f"https://njt.hu/eli/TV/{parts['year']}/{parts['number']}"
        yield Conversion(_made("eli", address), "njt.hu/eli/bevezeto: ELI by type, year and number of the act")


_ISSUERS = {
    "korm": "Korm.",
    "ab": "AB",
    "mt": "MT",
    "ogy": "OGY",
    "ke": "KE",
    "me": "ME",
    "önkormányzati": "önkormányzati",
}
_KINDS = "rendelet|határozat|végzés|utasítás|törvényerejű rendelet|közlemény|döntés"


def _hu_numbered(match: re.Match[str]) -> Read:
    """Number/year. (month in Roman numerals day.) issuer kind: decree 61/2009. (XII. 14.) IRM on the drafting of laws,
    and the practice of the Constitutional Court; the day is that of publication."""
    year = checked_year(match["year"], 1945, 2099)
    day = checked_date(year, from_roman(match["month"]), match["day"])
    issuer = match["issuer"].rstrip(".")
    issuer = _ISSUERS.get(issuer.lower(), issuer)
    if issuer == "MT" and match["issuer"] == "Mt":
        issuer = "MT"
    number = f"{int(match['number'])}/{year}. ({match['month'].upper()}. {int(match['day'])}.)"
    kind = match["kind"].lower()
    parts = {"country": "HU", "year": year, "date": day, "issuer": issuer, "kind": kind}
    return f"{number} {issuer} {kind}", parts


def _hu_provision(match: re.Match[str]) -> Read:
    letter = f"/{match['letter'].upper()}" if match["letter"] else ""
    paragraph = f" ({match['paragraph']}) bekezdés" if match["paragraph"] else ""
    point = f" {match['point'].lower()}) pont" if match["point"] else ""
    act = match["act"]
    statute = HU_ACT.fullmatch(act)
    act = _hu_act(statute)[0] if statute else act.capitalize()
    return f"{act} {int(match['section'])}{letter}. §{paragraph}{point}", {"country": "HU", "act": act}


def _hu_gazette(match: re.Match[str]) -> Read:
    year = checked_year(match["year"] or match["long_year"], 1867, 2099)
    return f"Magyar Közlöny {year}/{int(match['issue'] or match['long_issue'])}", {"country": "HU", "year": year}


HU_ACT = pattern(
    r"""(?P<year>\d{4})\.?\s?(?:évi|evi)\s(?P<number>[ivxlcdm]+|\d+)\.?\s
    (?P<kind>törvénycikk|törvény|torveny|tv\.?|t\.c\.|tc\.)(?:e|ének|ben|t|ről)?
    |Act\s(?P<en_number>[ivxlcdm]+|\d+)\sof\s(?P<en_year>\d{4})(?:\s\(?Hungary\)?)?"""
)

# The United States


def _order(match: re.Match[str]) -> Read:
    number = int(match["number"].replace(",", ""))
    return f"Executive Order {number}", {"country": "US", "number": str(number)}


def _proclamation(match: re.Match[str]) -> Read:
    number = int(match["number"].replace(",", ""))
    return f"Proclamation {number}", {"country": "US", "number": str(number)}


def _us_code(match: re.Match[str]) -> Read:
    if not 1 <= int(match["title"]) <= 54:
        raise IdentifierError(
            f"the United States Code has titles 1 to 54, not {match['title']}",
            f"a United States Code 1–54. címből áll, {match['title']}. nincs",
        )
    section = re.sub(r"\s", "", match["section"])
    return f"{int(match['title'])} U.S.C. § {section}", {"country": "US", "title": match["title"]}


def _fr_citation(match: re.Match[str]) -> Read:
    volume = int(match["volume"])
    if not 1 <= volume <= 164:
        raise IdentifierError(
            f"the Federal Register has no volume {volume}", f"a Federal Registernek nincs {volume}. kötete"
        )
    # One volume a year; volume 1 is of 1936 (44 U.S.C. ch. 15; Office of the Federal Register).
    page = match["page"].replace(",", "")
    return f"{volume} FR {int(page)}", {"country": "US", "volume": str(volume), "year": str(1935 + volume)}


# Reporters of the federal courts: The Bluebook, table T1.1; the Supreme Court's own U.S. Reports.
_REPORTERS = (
    "U.S.",
    "S. Ct.",
    "L. Ed.",
    "L. Ed. 2d",
    "F.",
    "F.2d",
    "F.3d",
    "F.4th",
    "F. Supp.",
    "F. Supp. 2d",
    "F. Supp. 3d",
    "F. App'x",
    "F.R.D.",
    "I. & N. Dec.",
)
_REPORTER_KEYS = {re.sub(r"[\s.']", "", name).lower(): name for name in _REPORTERS}


def _reporter(match: re.Match[str]) -> Read:
    name = _REPORTER_KEYS.get(re.sub(r"[\s.'’]", "", match["reporter"]).lower())
    if name is None:
        raise IdentifierError(
            f"«{match['reporter']}» is not a reporter of the federal courts; known are {', '.join(_REPORTERS)}",
            f"«{match['reporter']}» nem szövetségi döntvénytár; ezek vannak: {', '.join(_REPORTERS)}",
        )
    year = f" ({match['year']})" if match["year"] else ""
    parts = {"country": "US", "reporter": name, "year": match["year"] or ""}
    return f"{int(match['volume'])} {name} {int(match['page'])}{year}", parts


def _us_docket(match: re.Match[str]) -> Read:
    parts = {"country": "US"}
    if match["term"]:
        year, number = match["term"], match["serial"]
        kind = match["application"]
        parts |= {"year": _docket_year(year)}
        return f"{year}{kind.upper()}{int(number)}" if kind else f"{year}-{number}", parts
    parts |= {"year": _docket_year(match["year"]), "kind": match["kind"].lower()}
    initials = f"-{match['initials'].upper()}" if match["initials"] else ""
    return f"{int(match['office'])}:{match['year']}-{match['kind'].lower()}-{int(match['number']):05}{initials}", parts


def _docket_year(two: str) -> str:
    return str((1900 if int(two) >= 50 else 2000) + int(two))


# Neutral citations: court, country, and the path of the United Kingdom's Find Case Law. Sources: practice directions of
# the courts; Find Case Law (The National Archives); Australian Guide to Legal Citation; Canadian Citation Committee.
_AUSTRALIA = """
    HCA HCATrans HCAB HCASJ FCA FCAFC FCCA FedCFamC1A FedCFamC1F FedCFamC2G AATA ARTA NSWSC NSWCA NSWCCA VSC VSCA
    QSC QCA SASC SASCFC WASC WASCA TASSC ACTSC NTSC
"""
_CANADA = "SCC CSC FC CF CAF BCCA BCSC BCPC ONCA ONSC ONCJ QCCA QCCS ABCA SKCA MBCA NSCA NBCA"
NEUTRAL_COURTS = {
    **{court: ("GB", court.lower()) for court in ("UKSC", "UKPC", "UKHL", "EAT")},
    **{f"EWCA {division}": ("GB", f"ewca/{division.lower()}") for division in ("Civ", "Crim")},
    **{
        f"EWHC {part}": ("GB", f"ewhc/{part.lower()}")
        for part in ("Admin", "Ch", "KB", "QB", "Fam", "Comm", "Pat", "TCC")
    },
    "EWHC": ("GB", ""),
    **{f"UKUT {chamber}": ("GB", f"ukut/{chamber.lower()}") for chamber in ("IAC", "AAC", "LC", "TCC")},
    "UKUT": ("GB", ""),
    "UKFTT": ("GB", ""),
    "UKAITUR": ("GB", ""),
    **dict.fromkeys(("CSIH", "CSOH", "HCJAC", "NICA", "NIKB", "NIQB", "EWFC", "EWCOP"), ("GB", "")),
    **dict.fromkeys(_AUSTRALIA.split(), ("AU", "")),
    **dict.fromkeys(_CANADA.split(), ("CA", "")),
    **dict.fromkeys(("NZSC", "NZCA", "NZHC"), ("NZ", "")),
    **dict.fromkeys(("IESC", "IECA", "IEHC"), ("IE", "")),
}
_NEUTRAL_KEYS = {name.upper(): name for name in NEUTRAL_COURTS}


def _neutral(match: re.Match[str]) -> Read:
    division = match["division"] or match["part"] or ""
    given = " ".join(filter(None, (match["court"], division)))
    name = _NEUTRAL_KEYS.get(given.upper()) or _NEUTRAL_KEYS.get(match["court"].upper())
    if name is None:
        raise IdentifierError(
            f"no court with neutral citations is called «{match['court']}»",
            f"nincs «{match['court']}» jelű bíróság, amely semleges hivatkozást adna",
        )
    country, _ = NEUTRAL_COURTS[name]
    year = checked_year(match["year"], 1980 if country != "CA" else 1998, 2099)
    number = str(int(match["number"]))
    court, _, chamber = name.partition(" ")
    if country == "CA":
        value = f"{year} {court} {number}"
    elif court in ("EWHC", "UKUT", "UKFTT") and chamber:
        value = f"[{year}] {court} {number} ({chamber})"
    else:
        value = f"[{year}] {name} {number}" + (f" ({division})" if division and not chamber else "")
    return value, {"country": country, "court": name, "year": year, "number": number}


def _neutral_links(identifier: Identifier) -> Iterator[Link]:
    # Find Case Law: caselaw.nationalarchives.gov.uk/{court}/{year}/{number}.
    country, path = NEUTRAL_COURTS[identifier.parts["court"]]
    if country == "GB" and path:
        start = "https://caselaw.nationalarchives.gov.uk"
        yield Link("page", f"{start}/{path}/{identifier.parts['year']}/{identifier.parts['number']}")


def _uk_legislation(match: re.Match[str]) -> Read:
    rest = (match["rest"] or "").strip("/").lower()
    year = checked_year(match["year"], 1200, 2099)
    value = f"{match['type'].lower()}/{year}/{int(match['number'])}" + (f"/{rest}" if rest else "")
    return value, {"country": "GB", "year": year, "type": match["type"].lower()}


def _au_legislation(match: re.Match[str]) -> Read:
    return match[0].upper(), {"country": "AU", "year": checked_year(match["year"], 1901, 2099)}


def _urn_nir(match: re.Match[str]) -> Read:
    value = match[0].lower()
    parts = {"country": "IT"}
    if day := match["day"]:
        parts |= {"date": checked_date(*day.split("-")), "year": day[:4]}
    elif match["year"]:
        parts["year"] = match["year"]
    return value, parts


def _fr_text(match: re.Match[str]) -> Read:
    return match[0].upper(), {"country": "FR"}


def _fr_nor(match: re.Match[str]) -> Read:
    return match["nor"].upper(), {"country": "FR"}


def _fr_qpc(match: re.Match[str]) -> Read:
    year = checked_year(match["year"], 1958, 2099)
    return f"{year}-{match['number']} {match['kind'].upper()}", {
        "country": "FR",
        "year": year,
        "kind": match["kind"].upper(),
    }


def _gr_gazette(match: re.Match[str]) -> Read:
    series = {"A": "Α", "B": "Β", "C": "Γ", "Γ": "Γ", "Α": "Α", "Β": "Β", "Δ": "Δ", "D": "Δ"}[match["series"].upper()]
    parts = {"country": "GR", "series": series}
    value = f"ΦΕΚ {series} {int(match['number'])}"
    if match["day"]:
        day = checked_date(match["year"], match["month"], match["day"])
        return f"{value}/{int(match['day'])}.{int(match['month'])}.{match['year']}", parts | {
            "date": day,
            "year": day[:4],
        }
    if match["only_year"]:
        year = checked_year(match["only_year"], 1833, 2099)
        return f"{value}/{year}", parts | {"year": year}
    return value, parts


SCHEMES_HERE = (
    Scheme(
        "hu-act",
        {"en": "act of the Hungarian parliament", "hu": "magyar törvény"},
        "2018. évi VI. törvény",
        "Decree 61/2009. (XII. 14.) IRM on the drafting of laws; Act CXXX of 2010 on law-making",
        HU_ACT,
        _hu_act,
        conversions=_hu_act_conversions,
    ),
    Scheme(
        "hu-numbered",
        {
            "en": "Hungarian decree, resolution or decision of the Constitutional Court",
            "hu": "magyar rendelet, határozat vagy alkotmánybírósági döntés",
        },
        "2/2019. (III. 5.) AB határozat",
        "Decree 61/2009. (XII. 14.) IRM on the drafting of laws",
        pattern(
            rf"""(?P<number>\d{{1,5}})/(?P<year>\d{{4}})\.?\s?\((?P<month>[ivx]+)\.?\s?(?P<day>\d{{1,2}})\.?\)\s?
            (?P<issuer>önkormányzati|[A-ZÁÉÍÓÖŐÚÜŰ]{{1,8}}(?:-[A-ZÁÉÍÓÖŐÚÜŰ]{{1,8}}){{0,3}}\.?)\s(?P<kind>{_KINDS})(?:e|ot|ban|tól)?"""
        ),
        _hu_numbered,
    ),
    Scheme(
        "hu-provision",
        {"en": "provision of a Hungarian act", "hu": "magyar törvény rendelkezése"},
        "Btk. 353/A. §",
        "Decree 61/2009. (XII. 14.) IRM on the drafting of laws",
        pattern(
            r"""(?P<act>[A-ZÁÉÍÓÖŐÚÜŰ][a-záéíóöőúüű]{1,9}\.|\d{4}\.?\sévi\s[ivxlcdm]+\.\störvény)\s
            (?P<section>\d{1,4})(?:/(?P<letter>[A-Z]{1,2}))?\.?\s?§(?:-a)?
            (?:\s\((?P<paragraph>\d{1,2}[a-z]?)\)(?:\sbekezdés(?:e)?)?)?(?:\s(?P<point>[a-z]{1,2})\)(?:\spont(?:ja)?)?)?"""
        ),
        _hu_provision,
    ),
    Scheme(
        "hu-gazette",
        {"en": "issue of the Hungarian gazette", "hu": "a Magyar Közlöny száma"},
        "Magyar Közlöny 2016/191",
        "Magyar Közlöny (year and issue)",
        pattern(
            r"""(?:Magyar\sKözlöny|Magyar\sKozlony|MK\.?),?\s
            (?:(?P<year>\d{4})/(?P<issue>\d{1,3})|(?P<long_year>\d{4})\.\s?évi\s(?P<long_issue>\d{1,3})\.\s?szám)\.?"""
        ),
        _hu_gazette,
    ),
    Scheme(
        "us-executive-order",
        {
            "en": "executive order of the President of the United States",
            "hu": "az Egyesült Államok elnökének rendelete",
        },
        "Executive Order 13769",
        "Office of the Federal Register, disposition tables",
        pattern(r"(?:Executive\sOrder|Exec\.\sOrder|E\.?\s?O\.?)\s(?:No\.?\s)?(?P<number>\d{1,5}|\d{1,2},\d{3})"),
        _order,
    ),
    Scheme(
        "us-proclamation",
        {"en": "proclamation of the President of the United States", "hu": "az Egyesült Államok elnökének kiáltványa"},
        "Proclamation 9645",
        "Office of the Federal Register, disposition tables",
        pattern(r"(?:Presidential\s)?Proc(?:lamation|\.)\s(?:No\.?\s)?(?P<number>\d{1,5}|\d{1,2},\d{3})"),
        _proclamation,
    ),
    Scheme(
        "us-code",
        {"en": "section of the United States Code", "hu": "a United States Code szakasza"},
        "8 U.S.C. § 1324(a)(1)(A)(iii)",
        "Office of the Law Revision Counsel",
        pattern(
            r"(?P<title>\d{1,2})\s(?:U\.?\s?S\.?\s?C\.?(?:\s?A\.?)?)\s(?:§{1,2}\s?|sec(?:tion|\.)\s)?(?P<section>\d{1,5}[a-z]{0,2}(?:-\d{1,3}[a-z]?)?(?:\s?\(\w{1,5}\))*)"
        ),
        _us_code,
    ),
    Scheme(
        "us-public-law",
        {"en": "public law of the United States", "hu": "az Egyesült Államok törvénye (Public Law)"},
        "Public Law 104-208",
        "Office of the Federal Register, numbering of public laws",
        pattern(
            r"(?:Pub(?:lic|\.)?\sL(?:aw|\.)?|P\.?\s?L\.?)\s?(?:No\.?\s)?(?P<congress>[1-9]\d{1,2})-(?P<number>[1-9]\d{0,3})"
        ),
        lambda match: (
            f"Public Law {int(match['congress'])}-{int(match['number'])}",
            {"country": "US", "congress": match["congress"]},
        ),
    ),
    Scheme(
        "fr-citation",
        {"en": "volume and page of the Federal Register", "hu": "a Federal Register kötete és oldala"},
        "82 FR 8977",
        "Office of the Federal Register, document drafting handbook",
        pattern(r"(?P<volume>\d{1,3})\s(?:FR|F\.\s?R\.|Fed\.?\s?Reg\.?)\s(?P<page>\d{1,3},\d{3}|\d{1,6})"),
        _fr_citation,
    ),
    Scheme(
        "fr-document",
        {"en": "document of the Federal Register", "hu": "a Federal Register dokumentuma"},
        "2017-02281",
        "Federal Register API: document_number",
        pattern(
            r"(?:FR\s?Doc\.?\s?(?:No\.?:?\s)?)?(?P<number>(?P<year>20\d{2})-\d{5}|C\d-20\d{2}-\d{5}|[EZ]\d-\d{1,5}|9\d-\d{1,5})"
        ),
        lambda match: (match["number"].upper(), {"country": "US", "year": match["year"] or ""}),
    ),
    Scheme(
        "us-docket",
        {"en": "docket number of a court of the United States", "hu": "egyesült államokbeli bíróság ügyszáma"},
        "1:17-cv-00050",
        "CM/ECF: office, year, kind and number; the courts of appeals and the Supreme Court: term and number",
        pattern(
            r"""(?:No\.?\s)?(?:(?P<office>\d{1,2}):(?P<year>\d{2})-?\s?(?P<kind>cv|cr|mj|mc|md|ap|bk|po)-?\s?(?P<number>\d{1,5})
            (?:[\s-]\(?(?P<initials>[A-Z]{2,4}(?:[-/][A-Z]{2,4}){0,3})\)?)?
            |(?P<term>\d{2})(?:-|(?P<application>[AMO]))(?P<serial>\d{1,5}))"""
        ),
        _us_docket,
    ),
    Scheme(
        "us-reporter",
        {
            "en": "decision in a reporter of the federal courts of the United States",
            "hu": "szövetségi döntvénytár (USA)",
        },
        "585 U.S. 667",
        "The Bluebook, table T1.1; U.S. Reports",
        pattern(
            r"(?P<volume>\d{1,4})\s(?P<reporter>(?:U\.?\s?S\.?|S\.?\s?Ct\.?|L\.?\s?Ed|F\.|F\s?Supp|F\s?App|F[234]|I\.?\s?&)[\w.'\s&]{0,12}?)\s(?P<page>\d{1,5})(?:\s\((?P<year>\d{4})\))?"
        ),
        _reporter,
    ),
    Scheme(
        "neutral-citation",
        {"en": "neutral citation of a judgment", "hu": "ítélet semleges hivatkozása"},
        "[2023] UKSC 42",
        "practice directions of the courts; Find Case Law; guides of Australia and Canada",
        pattern(
            r"""\[?(?P<year>\d{4})\]?\s(?P<court>[A-Z][A-Za-z0-9]{1,10})(?:\s(?P<division>Civ|Crim))?\s(?P<number>\d{1,6})
            (?:\s\((?P<part>[A-Za-z]{2,6})\))?"""
        ),
        _neutral,
        _neutral_links,
    ),
    Scheme(
        "uk-legislation",
        {"en": "legislation of the United Kingdom", "hu": "az Egyesült Királyság jogszabálya"},
        "ukpga/2022/36",
        "legislation.gov.uk, URIs: http://www.legislation.gov.uk/id/{type}/{year}/{number}",
        pattern(
            r"(?P<type>ukpga|ukla|ukppa|uksi|ukcm|asp|ssi|anaw|asc|wsi|nia|nisr|nisi|aep|eur|eudn|eudr)/(?P<year>\d{4})/(?P<number>\d{1,5})(?P<rest>(?:/[a-z]+(?:/[\w-]+)?){0,6})/?"
        ),
        _uk_legislation,
        lambda identifier: [Link("thing", f"http://www.legislation.gov.uk/id/{identifier.value}")],
    ),
    Scheme(
        "au-legislation",
        {"en": "entry of the Australian Federal Register of Legislation", "hu": "az ausztrál jogszabálytár bejegyzése"},
        "C2010A00050",
        "Federal Register of Legislation: register id",
        pattern(r"[CF](?P<year>\d{4})[A-Z]\d{5}"),
        _au_legislation,
        lambda identifier: [Link("page", f"https://www.legislation.gov.au/{identifier.value}")],
    ),
    Scheme(
        "urn-nir",
        {"en": "Italian act (urn:nir)", "hu": "olasz jogszabály (urn:nir)"},
        "urn:nir:stato:decreto.legge:2019-06-14;53",
        "Normattiva, URN-NIR standard (AIPA circular 35/2001)",
        pattern(
            r"urn:nir:[a-z.-]+(?:;[a-z.-]+)*:[a-z.]+:(?:(?P<day>\d{4}-\d{2}-\d{2})|(?P<year>\d{4}))(?:;[\w.-]+)?(?:[~@!:][\w.;:~@!-]*)?"
        ),
        _urn_nir,
        lambda identifier: [Link("page", f"https://www.normattiva.it/uri-res/N2Ls?{identifier.value}")],
    ),
    Scheme(
        "fr-text",
        {"en": "text of Légifrance", "hu": "a Légifrance szövege"},
        "LEGITEXT000006070158",
        "Légifrance, identifiers of the DILA: collection and twelve digits",
        pattern(r"(?:JORFTEXT|JORFARTI|JORFCONT|LEGITEXT|LEGIARTI|LEGISCTA|CETATEXT|JURITEXT|CONSTEXT|KALITEXT)\d{12}"),
        _fr_text,
    ),
    Scheme(
        "fr-nor",
        {"en": "NOR number of a French text", "hu": "francia szöveg NOR-száma"},
        "INTX1801788L",
        "Légifrance, Système NOR: three letters, one letter, two digits of the year, five digits, one letter",
        pattern(r"(?:NOR\s?:?\s?)?(?P<nor>[A-Z]{4}\d{7}[A-Z])"),
        _fr_nor,
    ),
    Scheme(
        "fr-constitutional",
        {"en": "decision of the French Constitutional Council", "hu": "a francia Alkotmánytanács határozata"},
        "2018-717/718 QPC",
        "Conseil constitutionnel, numbering of decisions",
        pattern(
            r"(?:décision\s)?(?:n[°ºo]\s?)?(?P<year>\d{4})-(?P<number>\d{1,5}(?:/\d{1,5})*)\s?(?P<kind>QPC|DC|LP|FNR|AN|SEN|LOM|PDR|RIP|L|I|D)"
        ),
        _fr_qpc,
    ),
    Scheme(
        "fr-cassation",
        {"en": "appeal number of the French Court of Cassation", "hu": "a francia Semmítőszék ügyszáma"},
        "17-85.736",
        "Cour de cassation, numéro de pourvoi",
        pattern(r"(?:pourvoi\s)?(?:n[°ºo]\s?)?(?P<year>\d{2})-(?P<first>\d{2})\.(?P<last>\d{3})"),
        lambda match: (
            f"{match['year']}-{match['first']}.{match['last']}",
            {"country": "FR", "year": _docket_year(match["year"])},
        ),
    ),
    Scheme(
        "gr-gazette",
        {"en": "issue of the Greek gazette", "hu": "a görög hivatalos lap száma"},
        "ΦΕΚ Α 80",
        "Εθνικό Τυπογραφείο: series, issue, and day or year",
        pattern(
            r"""(?:ΦΕΚ|FEK)\s?(?P<series>[ABCDΑΒΓΔ])['΄’′]?\s?(?P<number>\d{1,5})
            (?:/(?P<day>\d{1,2})[.-](?P<month>\d{1,2})[.-](?P<year>\d{4})|/(?P<only_year>\d{4}))?"""
        ),
        _gr_gazette,
    ),
)
