"""Cases of the European Court of Human Rights and the decisions in them, from the search of HUDOC.

An outcome comes from `conclusion` alone, a list in which the Registry gives each finding in set words; the tables
`findings` and `outcomes` of the description map it. What a conclusion begins with is known or it is an error.

One decision has a document in each language, all of the same ECLI, and one case several decisions: each document says
what it says in records of its own about the same decision and case.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from solidarity_spectrum.findings import Place
from solidarity_spectrum.identifiers import IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, refuse, states, total
from solidarity_spectrum.loading.client import Client
from solidarity_spectrum.records import Record

_NAMES = {
    "judgment": ("Decision", "judgment", "ítélete"),
    "decision": ("Decision", "decision", "határozata"),
    "advisory": ("Decision", "advisory opinion", "tanácsadó véleménye"),
    "report": ("Decision", "report of the former Commission", "(az egykori Bizottság) jelentése"),
    "resolution": (
        "ProceduralAct",
        "resolution of the Committee of Ministers",
        "(a Miniszteri Bizottság) állásfoglalása",
    ),
    "communicated": ("ProceduralAct", "communication of the application", "közlése a kérelemről"),
}


_PAGE, _MOST = 500, 10_000
"""Rows of a page; the search gives no row past the second."""
_RANKING = "11111111-0000-0000-0000-000000000000"


def fetch(client: Client, description: Description, wanted: dict[str, str]) -> Iterator[Input]:
    """Replies of the search for decisions between two days, a year at a time, each to its end.

    Raises InputError for a day that is none, for a span of which the search would not give all, and when the pages hold
    fewer documents than it counts.
    """
    # The end of the year, not today: the question stays the same, so that a recorded answer is found again.
    end_of_year = f"{date.today().year}-12-31"
    first, last = (_asked(wanted, key, fallback) for key, fallback in (("from", "1959-01-01"), ("to", end_of_year)))
    names = {"respondent": "respondent", "article": "article"}
    conditions = ["contentsitename:ECHR", "(NOT (doctype=PR OR doctype=HFCOMOLD OR doctype=HECOMOLD))"]
    for key, column in names.items():
        if value := wanted.get(key, ""):
            if not re.fullmatch(r"[\w+-]{1,20}", value):
                raise refuse("choice", Place(key), f"«{value}» is no {key} of HUDOC", f"«{value}» nem jó: {key}")
            conditions.append(f'({column}:"{value}")')
    if wanted.get("query"):
        conditions.append(f"({wanted['query']})")
    select = ",".join(path.rpartition("/")[2] for path in description.fields)
    start = first
    while start <= last:
        end = min(last, date(start.year, 12, 31))
        span = f'(kpdate>="{start}" AND kpdate<="{end}")'
        yield from pages(client, description, " AND ".join([*conditions, span]), select, "itemid Ascending", _RANKING)
        start = end + timedelta(days=1)


def pages(
    client: Client, description: Description, query: str, select: str, sort: str, ranking: str
) -> Iterator[Input]:
    """The pages of one search of HUDOC or HUDOC-EXEC, counted against its own count."""
    read, count = 0, 1
    while read < count:
        asked = {"query": query, "select": select, "sort": sort, "start": str(read), "length": str(_PAGE)}
        reply = client.get(
            f"{description.address.rstrip('/')}/app/query/results",
            {**asked, "rankingModelId": ranking},
            "application/json",
        )
        try:
            whole = json.loads(reply.body)
            count, found = int(whole["resultcount"]), len(whole["results"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            en = f"this is no reply of the search: {type(error).__name__} {error}"
            raise refuse("fetch", Place(reply.url), en, f"ez nem a kereső válasza: {error}") from error
        if count > _MOST:
            en = f"the search finds {count} documents and gives {_MOST} at most: narrow what you ask for"
            raise refuse("fetch", Place(reply.url), en, f"{count} találat, legfeljebb {_MOST} kérhető le: szűkítse")
        read += found
        if not found:
            total(Place(reply.url), "documents", count, read)
            return
        yield reply.input(client.index)


def _asked(wanted: dict[str, str], key: str, fallback: str) -> date:
    try:
        return date.fromisoformat(wanted.get(key) or fallback)
    except ValueError as error:
        raise refuse("choice", Place(key), f"«{wanted[key]}» is not a day", f"«{wanted[key]}» nem nap") from error


def case_label(docket: str) -> dict[str, str]:
    """What a case without another name is called, by the number of its application."""
    return {
        "en": f"European Court of Human Rights, application no. {docket}",
        "hu": f"Emberi Jogok Európai Bírósága, {docket}. sz. kérelem",
    }


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one reply of the search."""
    for result in json_items(source, description, "results"):
        for item in result.each("columns"):
            yield from _document(item, source, description)


def _document(item: Fields, source: Input, description: Description) -> Iterator[Record]:
    tables = description.tables
    kind, translated = _kind(item, tables)
    branch, language = item.get("doctypebranch"), item.get("languageisocode")
    conclusion, violation, none = item.get("conclusion"), item.get("violation"), item.get("nonviolation")
    articles, name = item.get("article"), item.get("docname")
    dockets = [_identifier(item, "appno", number, "echr-application") for number in _list(item.get("appno"))]
    respondents = _list(item.get("respondent"))
    itemid = _identifier(item, "itemid", item.take("itemid"), "hudoc")
    ecli = item.get("ecli") and _identifier(item, "ecli", item.get("ecli"), "ecli")
    date = _day(item, "kpdate", "judgementdate", "decisiondate")
    if kind == "out":
        return
    if not dockets:
        if kind != "advisory":
            raise item.error("missing-field", "the field «appno» is missing or empty", "hiányzik vagy üres: «appno»")
        dockets = []
    type_, en, hu = _NAMES[kind]
    title = known(tables["titles"], language, item.place, "languageisocode") if language in tables["titles"] else ""
    cited = description.source(f"https://hudoc.echr.coe.int/eng?i={itemid}", f"HUDOC, {name or itemid}")
    common = {"court": "ecthr", "sources": [cited], "status": description.status}
    case = next(filter(None, (source.joined("docket", number, "Case") for number in dockets)), None)
    decision = (source.joined("ecli", ecli) if ecli else None) or source.joined("hudoc", itemid)
    if dockets and (case or not decision):  # a decision that the graph holds is in a case already
        yield item.record(
            {
                "record": mint("hudoc", itemid, "case"),
                "id": case or mint("hudoc", "case", dockets[0]),
                "type": "Case",
                "label": {} if case else case_label(dockets[0]),
                "altLabel": {title: name} if title and not translated else {},
                "docket": dockets,
                "respondent": [known(states(), code, item.place, "respondent")["id"] for code in respondents],
                "partyDescription": "" if case or respondents else name,
                **common,
            }
        )
    findings = [_finding(each, item, tables) for each in _split(conclusion, item)]
    yield item.record(
        {
            "record": mint("hudoc", itemid),
            "id": decision or mint("hudoc", ecli or itemid),
            "type": type_,
            "label": {}
            if decision
            else {
                "en": f"European Court of Human Rights, {en} of {date}, {', '.join(dockets[:1]) or ecli or itemid}",
                "hu": f"Emberi Jogok Európai Bírósága {hu}, {date}, {', '.join(dockets[:1]) or ecli or itemid}",
            },
            "inCase": (case or mint("hudoc", "case", dockets[0])) if dockets and not decision else "",
            "date": date,
            "formation": ""
            if decision or not branch
            else known(tables["formations"], branch, item.place, "doctypebranch"),
            **_outcome(findings, _list(violation), _list(none), item, tables),
            "outcomeDescription": conclusion if title == "en" and not decision and not translated else "",
            "applies": sorted({tables["articles"][each] for each in _list(articles) if each in tables["articles"]})
            if type_ == "Decision"
            else [],
            "ecli": ecli,
            # A translation has an item of its own; the decision is the one that the Court published itself.
            "hudoc": "" if translated else itemid,
            **common,
            "sources": [cited | {"passage": {title: conclusion} if title == "fr" else {}}],
        }
    )


def _kind(item: Fields, tables: dict[str, Any]) -> tuple[str, bool]:
    """What a document is, by its type or else its collections, and whether it is a translation."""
    doctype = item.get("doctype")
    collections = _list(item.get("documentcollectionid2")) or _list(item.get("documentcollectionid"))
    item.skip("documentcollectionid")
    stem = doctype[:-3] if re.fullmatch(r"H(JUD|DEC|COM|REP|RES|ADV)[A-Z]{3}", doctype) else ""
    if (doctype or stem) in tables["doctypes"] or stem:
        return tables["doctypes"][stem or doctype], bool(stem)
    for collection in collections:
        if collection in tables["collections"]:
            return tables["collections"][collection], False
    return item.code("doctype", tables["doctypes"]), False


def _outcome(
    findings: list[str], violations: list[str], others: list[str], item: Fields, tables: dict[str, Any]
) -> dict[str, str]:
    """The outcome of a decision and, where the fields of the source contradict each other, a note instead."""
    columns = [name for name, articles in (("violation", violations), ("no-violation", others)) if articles]
    decided = {finding for finding in findings if finding in ("violation", "no-violation")}
    if findings and columns and decided != set(columns):
        ours, theirs = " and ".join(sorted(decided)) or "neither", " and ".join(columns)
        return {"note": f"HUDOC contradicts itself: its conclusion has {ours}, its columns have {theirs}."}
    found = set(findings or columns)
    if not found:
        return {}
    row = next((row for row in tables["outcomes"] if found >= set(row["findings"])), None)
    if row is None:
        listed = ", ".join(sorted(found))
        raise item.error(
            "unknown-value",
            f"the findings «{listed}» of «conclusion» have no row in the table of outcomes",
            f"a(z) «conclusion» mező megállapításainak ({listed}) nincs soruk a kimenetelek táblájában",
        )
    return {"outcome": row.get("outcome", "")}


def _finding(part: str, item: Fields, tables: dict[str, Any]) -> str:
    """The finding that an item of a conclusion states: what the longest beginning listed that fits maps to."""
    table, text = tables["findings"], plain(part).lstrip("-. ")
    for words in range(min(len(text), 60), 0, -1):
        lead = text[:words].rstrip()
        if lead in table and (lead[-1:] == "(" or "(" in lead or not text[words : words + 1].isalpha()):
            return str(table[lead])
    return str(known(table, part, item.place, item.path + "/conclusion"))


def _split(conclusion: str, item: Fields) -> list[str]:
    try:
        return items(conclusion)
    except ValueError as error:
        raise item.error(
            "syntax",
            f"«conclusion» has brackets that do not match: {error}",
            f"a(z) «conclusion» zárójelei nem illenek össze: {error}",
        ) from error


def items(conclusion: str) -> list[str]:
    """The items of a conclusion: it is split by semicolons, but not within brackets, nor before what only names a
    further article. Raises ValueError, with the part concerned, for brackets that do not match."""
    found, depth, start = [], 0, 0
    for at, character in enumerate(conclusion):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            raise ValueError(conclusion[start : at + 1])
        if character == ";" and not depth:
            found.append(conclusion[start:at])
            start = at + 1
    if depth:
        raise ValueError(conclusion[start:])
    merged: list[str] = []
    for part in filter(None, (each.strip() for each in [*found, conclusion[start:]])):
        if merged and re.match(r"\(|art(?:icles?|s?\.)?\s*[P\d]|P?\d", part, re.IGNORECASE):
            merged[-1] += f"; {part}"
        else:
            merged.append(part)
    return merged


def plain(text: str) -> str:
    """A text in small letters, without accents and with plain dashes, so that it can be compared."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'").replace("–", "-").replace("—", "-"))
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).casefold().split())


def _list(text: str) -> list[str]:
    """The parts of a field of several values."""
    return [part for part in (each.strip() for each in text.split(";")) if part]


def _identifier(item: Fields, key: str, text: str, scheme: str) -> str:
    try:
        return parse(text, scheme).value
    except IdentifierError as error:
        raise refuse("identifier", item.place, f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error


def _day(item: Fields, *keys: str) -> str:
    """The first day that is there: ISO, American with AM or PM, or else day first."""
    texts = {key: item.get(key) for key in keys}
    for key, text in texts.items():
        if not text:
            continue
        if iso := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?", text):
            year, month, day = iso.groups()
        elif us := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4}) [\d:]+ [AP]M", text):
            month, day, year = us.groups()
        elif european := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: [\d:]+)?", text):
            day, month, year = european.groups()
        else:
            raise item.error("syntax", f"«{text}» in «{key}» is not a date", f"«{text}» («{key}») nem dátum")
        return f"{year}-{int(month):02}-{int(day):02}"
    raise item.error("missing-field", f"none of {', '.join(keys)} is there", f"egyik sincs meg: {', '.join(keys)}")
