"""Laws, rulings and procedures of the European Union from the notices of the Publications Office.

A work is known by its CELEX number, which also tells what it is. Relations are stated to works that the graph holds;
others are named in words, by their numbers. The outcome of a ruling is that in its type of procedure, by a table.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lxml import etree

from solidarity_spectrum.identifiers import Identifier, IdentifierError, conversions, parse
from solidarity_spectrum.loading import Description, Fields, Input, elements, known, mint
from solidarity_spectrum.records import Record

_RELATIONS = {
    "RESOURCE_LEGAL_BASED_ON_RESOURCE_LEGAL": ("legalBasis", "legal basis"),
    "RESOURCE_LEGAL_AMENDS_RESOURCE_LEGAL": ("amends", ""),
    "RESOURCE_LEGAL_REPEALS_RESOURCE_LEGAL": ("replaces", "repeals"),
    "RESOURCE_LEGAL_COMPLETES_RESOURCE_LEGAL": ("supplements", "completes"),
    "RESOURCE_LEGAL_IMPLEMENTS_RESOURCE_LEGAL": ("implements", "implements"),
    "ACT_CONSOLIDATED_BASED_ON_RESOURCE_LEGAL": ("about", "consolidates"),
    "CASE-LAW_INTERPRETES_RESOURCE_LEGAL": ("applies", "interprets"),
}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one notice."""
    parts = ("NOTICE/WORK", "NOTICE/EXPRESSION", "NOTICE/DOSSIER", "NOTICE/EVENT")
    for item in elements(source, description, *parts):
        name = item.path.rpartition("/")[2]
        if name == "WORK":
            yield from work(item, item.each("EXPRESSION"), source, description)
        elif name == "EXPRESSION":
            yield from _expression(item, source, description)
        elif name == "DOSSIER":
            yield from _dossier(item, description)
        else:
            yield _event(item, "", description)


def work(item: Fields, expressions: list[Fields], source: Input, description: Description) -> Iterator[Record]:
    """The records of a work and its titles: a law, a ruling with its case, or nothing for a mere notice of a case."""
    tables = description.tables
    same = _same(item)
    celex = _celex(item, same)
    ecli = same.get("ecli") or value(item, "ECLI") or value(item, "CASE-LAW_ECLI")
    item.skip("ECLI", "CASE-LAW_ECLI", "ID_CELEX", "RESOURCE_LEGAL_ID_CELEX")
    dates = {
        key: _day(item, name, tables)
        for key, name in (
            ("date", "WORK_DATE_DOCUMENT"),
            ("inForce", "RESOURCE_LEGAL_DATE_ENTRY-INTO-FORCE"),
            ("endDate", "RESOURCE_LEGAL_DATE_END-OF-VALIDITY"),
            ("signed", "RESOURCE_LEGAL_DATE_SIGNATURE"),
            ("transpositionDeadline", "DIRECTIVE_DATE_TRANSPOSITION"),
        )
    }
    force = value(item, "RESOURCE_LEGAL_IN-FORCE")
    relations, others = _relations(item, source)
    outcomes, procedures = _outcomes(item, tables)
    titles = {language: title for each in expressions for language, title in [_title(each, tables)] if title}
    about = _type(celex, item, tables)
    if about["kind"] == "notice":
        return
    cited = description.source(address(celex), f"EUR-Lex, {titles.get('en') or celex.value}")
    common = {"celex": celex.value, "sources": [cited], "status": description.status}
    known_as = (source.joined("ecli", ecli) if ecli else None) or source.joined("celex", celex.value)
    identity = {"record": mint(*description.graph, celex.value), "id": known_as or mint("eurlex", celex.value)}
    label = {} if known_as else {"en": f"{about['en']}, {celex.value}", "hu": f"{about['hu']}, {celex.value}"}
    label = {language: text[0].upper() + text[1:] for language, text in label.items()}
    if about["kind"] in ("decision", "opinion"):
        yield from _ruling(
            item,
            celex,
            ecli,
            about,
            dates["date"],
            outcomes,
            procedures,
            titles,
            relations,
            identity | {"label": label},
            source,
            common,
        )
        return
    adopted = {"bill": "proposed", "preparatory": "date", "consolidated": "date"}.get(about["kind"], "adopted")
    notes = [f"{words}: {', '.join(numbers)}" for words, numbers in others.items() if words]
    if about["kind"] == "consolidated":
        notes.append("a consolidated text has no legal effect of its own")
    yield item.record(
        {
            **identity,
            "type": "LegalInstrument",
            "label": label,
            "altLabel": titles,
            "instrumentType": about.get("instrumentType", ""),
            "bindingness": about.get("bindingness", ""),
            "legislativeStatus": "proposed"
            if about["kind"] == "bill"
            else known(tables["in-force"], force, item.place, "RESOURCE_LEGAL_IN-FORCE")
            if force and not known_as
            else "",
            "jurisdiction": "" if known_as else "european-union",
            adopted: dates["date"],
            **{key: day for key, day in dates.items() if key != "date"},
            **relations,
            "amendsDescription": ", ".join(others.get("", [])),
            "eliUri": _eli(item, same),
            "note": f"EUR-Lex: {'; '.join(notes)}." if notes else "",
            **common,
        }
    )


def _ruling(
    item: Fields,
    celex: Identifier,
    ecli: str,
    about: dict[str, Any],
    date: str,
    outcomes: list[str],
    procedures: list[str],
    titles: dict[str, str],
    relations: dict[str, list[str]],
    identity: dict[str, Any],
    source: Input,
    common: dict[str, Any],
) -> Iterator[Record]:
    dockets = [each.identifier.value for each in conversions(celex) if each.identifier.scheme == "cjeu-case"]
    court = about.get("court", "")
    case = next(filter(None, (source.joined("docket", each, "Case") for each in dockets)), None)
    fresh = bool(identity["label"])
    if dockets and fresh:
        yield item.record(
            {
                "record": f"{identity['record']}-case",
                "id": case or mint("eurlex", "case", dockets[0]),
                "type": "Case",
                "label": {}
                if case
                else {
                    "en": f"Courts of the European Union, {dockets[0]}",
                    "hu": f"Az Európai Unió bíróságai, {dockets[0]}",
                },
                "docket": dockets,
                "court": court,
                "jurisdiction": "" if court else "european-union",
                "partyDescription": "" if case else _parties(titles) or f"the parties of case {dockets[0]}",
                "sources": common["sources"],
                "status": common["status"],
            }
        )
    yield item.record(
        {
            **identity,
            "type": "AdvocateGeneralOpinion" if about["kind"] == "opinion" else "Decision",
            "altLabel": titles,
            "court": court,
            "inCase": (case or mint("eurlex", "case", dockets[0])) if dockets and fresh else "",
            "date": date,
            "outcome": outcomes if about["kind"] == "decision" else [],
            "outcomeDescription": "; ".join(procedures) if outcomes and fresh and about["kind"] == "decision" else "",
            "applies": relations.get("applies", []) if about["kind"] == "decision" else [],
            "ecli": _parsed(item, "ECLI", ecli, "ecli") if ecli else "",
            **common,
        }
    )


def _parties(titles: dict[str, str]) -> str:
    """The second part of the title of a ruling, whose parts stand between number signs."""
    parts = next((title.split("#") for title in titles.values()), [])
    return parts[1].strip(" .") if len(parts) > 2 else ""


def _expression(item: Fields, source: Input, description: Description) -> Iterator[Record]:
    """A title in one language, as a record of its own about the work."""
    language, title = _title(item, description.tables)
    belongs = item.one("EXPRESSION_BELONGS_TO_WORK")
    item.skip("LANG")
    if belongs is None:
        raise item.error(
            "missing-field", "«EXPRESSION_BELONGS_TO_WORK» is missing", "hiányzik: «EXPRESSION_BELONGS_TO_WORK»"
        )
    if belongs.element is None:  # not of XML
        return
    texts = {uri.findtext("TYPE"): uri.findtext("IDENTIFIER") for uri in belongs.element.iter("URI")}
    number = texts.get("celex")
    if not number:
        raise item.error(
            "missing-field", "the work of this expression has no CELEX number", "a mű CELEX-száma hiányzik"
        )
    celex = parse(_parsed(item, "EXPRESSION_BELONGS_TO_WORK", number, "celex"), "celex")
    about = _type(celex, item, description.tables)
    if about["kind"] == "notice" or not title:
        return
    known_as = source.joined("celex", celex.value)
    label = {} if known_as else {"en": f"{about['en']}, {celex.value}", "hu": f"{about['hu']}, {celex.value}"}
    kinds = {"decision": "Decision", "opinion": "AdvocateGeneralOpinion"}
    yield item.record(
        {
            "record": mint("eurlex", celex.value, language),
            "id": known_as or mint("eurlex", celex.value),
            "type": kinds.get(about["kind"], "LegalInstrument"),
            "label": {key: text[0].upper() + text[1:] for key, text in label.items()},
            "altLabel": {language: title},
            "celex": celex.value,
            "sources": [description.source(address(celex), f"EUR-Lex, {title}")],
            "status": description.status,
        }
    )


def _dossier(item: Fields, description: Description) -> Iterator[Record]:
    """A legislative procedure and the events in it."""
    same = _same(item)
    number = same.get("procedure") or same.get("pegase")
    if not number:
        raise item.error("missing-field", "the procedure has no number under SAMEAS", "az eljárásnak nincs száma")
    number = number.replace("_", "/")
    titles = {part.get("LANG"): " ".join(part.get("VALUE").split()) for part in item.each("DOSSIER_TITLE")}
    titles = {
        language: title for language, title in titles.items() if language in description.tables["languages"].values()
    }
    procedure = mint("eurlex", "procedure", number)
    yield item.record(
        {
            "id": procedure,
            "type": "Event",
            "label": {
                "en": f"Procedure of the European Union, {number}",
                "hu": f"Az Európai Unió eljárása, {number}",
            },
            "description": titles,
            "startDate": _day(item, "DATE", description.tables),
            "jurisdiction": "european-union",
            "officialNumber": number,
            "sources": [
                description.source(
                    f"http://publications.europa.eu/resource/procedure/{number.replace('/', '_')}",
                    f"EUR-Lex, procedure {number}",
                )
            ],
            "status": description.status,
        }
    )
    for each in item.each("EVENT"):
        yield _event(each, procedure, description)


def _event(item: Fields, procedure: str, description: Description) -> Record:
    kinds = []
    for part in item.each("EVENT_LEGAL_HAS_TYPE_CONCEPT_TYPE_EVENT_LEGAL"):
        kinds.append(part.get("PREFLABEL") or part.get("IDENTIFIER"))
        part.skip(*part.keys())
    uris = _uris(item)
    uuid = next((text for kind, text in uris if kind == "cellar"), "")
    for link in item.each("EVENT_LEGAL_PART_OF_DOSSIER"):
        numbers = dict(_uris(link))
        number = numbers.get("procedure") or numbers.get("pegase")
        procedure = procedure or (mint("eurlex", "procedure", number.replace("_", "/")) if number else "")
        link.skip(*link.keys())
    date = _day(item, "EVENT_LEGAL_DATE", description.tables) or _day(item, "DATE", description.tables)
    item.skip("DATE")
    kind = kinds[0] if kinds else "event"
    named = uuid or next((text for _, text in uris), "")
    if not named:
        raise item.error("missing-field", "the event has no identifier", "az eseménynek nincs azonosítója")
    return item.record(
        {
            "id": mint("eurlex", "event", named),
            "type": "Event",
            "label": {"en": f"{kind} ({date})" if date else kind},
            "date": date,
            "partOf": procedure,
            "jurisdiction": "european-union",
            "sources": [
                description.source(
                    f"http://publications.europa.eu/resource/cellar/{uuid}" if uuid else description.address,
                    "EUR-Lex, event of a procedure",
                )
            ],
            "status": description.status,
        }
    )


def address(celex: Identifier) -> str:
    """The page of a work in EUR-Lex."""
    return f"https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:{quote(celex.value)}"


def value(item: Fields, key: str) -> str:
    """The first literal of a property; the marks that a search leaves in it are taken off."""
    found = ""
    for part in item.each(key):
        text = re.sub(r"</?em>", "", part.get("VALUE") or part.get("#"))
        part.skip(*part.keys())
        found = found or text
    return found


def _uris(item: Fields) -> list[tuple[str, str]]:
    """Kind and identifier of everything that an item is called."""
    found = []
    parts = [*item.each("URI"), *(uri for same in item.each("SAMEAS") for uri in same.each("URI"))]
    for part in parts:
        kind, text, whole = part.get("TYPE"), part.get("IDENTIFIER"), part.get("VALUE")
        found.append((kind, whole if kind == "eli" else text))
    return found


def _same(item: Fields) -> dict[str, str]:
    return {kind: re.sub(r"</?em>", "", text) for kind, text in reversed(_uris(item)) if kind}


def _celex(item: Fields, same: dict[str, str]) -> Identifier:
    text = same.get("celex") or value(item, "ID_CELEX") or value(item, "RESOURCE_LEGAL_ID_CELEX")
    if not text:
        raise item.error("missing-field", "the work has no CELEX number", "a műnek nincs CELEX-száma")
    return parse(_parsed(item, "celex", text, "celex"), "celex")


def _parsed(item: Fields, key: str, text: str, scheme: str) -> str:
    try:
        return parse(text, scheme).value
    except IdentifierError as error:
        raise item.error("identifier", f"«{key}»: {error}", f"«{key}»: {error.message('hu')}") from error


def _eli(item: Fields, same: dict[str, str]) -> str:
    if not same.get("eli"):
        return ""
    # CELLAR writes the address under its own resources; that of the ELI register is the same path.
    path = same["eli"].replace("http://publications.europa.eu/resource/eli/", "http://data.europa.eu/eli/")
    return _parsed(item, "eli", path, "eli")


def _type(celex: Identifier, item: Fields, tables: dict[str, Any]) -> dict[str, Any]:
    types, sector, letters = tables["types"], celex.parts["sector"], celex.parts.get("type", "")
    key = sector + letters if sector + letters in types or sector not in types else sector
    found: dict[str, Any] = known(types, key, item.place, "CELEX number")
    return found


def _day(item: Fields, key: str, tables: dict[str, Any]) -> str:
    """The earliest day of a property, without those that stand for an unknown one."""
    days = []
    for part in item.each(key):
        text = part.get("VALUE") or "-".join(filter(None, (part.get("YEAR"), part.get("MONTH"), part.get("DAY"))))
        part.skip(*part.keys())
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise item.error("syntax", f"«{text}» in «{key}» is not a date", f"«{text}» («{key}») nem dátum")
        if text not in tables["unknown-dates"]:
            days.append(text)
    return min(days, default="")


def _title(item: Fields, tables: dict[str, Any]) -> tuple[str, str]:
    """Language and title of an expression."""
    language = ""
    for part in item.each("EXPRESSION_USES_LANGUAGE"):
        identifiers = [*part.texts("IDENTIFIER"), *part.texts("OP-CODE")]
        identifiers += [text for uri in part.each("URI") for text in uri.texts("IDENTIFIER")]
        part.skip(*part.keys())
        for uri in part.each("URI"):
            uri.skip(*uri.keys())
        language = language or (identifiers[0] if identifiers else "")
    if not language:
        written = [text for part in item.each("LANG") for text in [*part.texts("VALUE"), part.get("#")]]
        language = next((text.upper() for text in written if len(text) == 3), "")
    for part in item.each("LANG"):
        part.skip(*part.keys())
    title = value(item, "EXPRESSION_TITLE")
    if not title:
        return "", ""
    return str(known(tables["languages"], language, item.place, "EXPRESSION_USES_LANGUAGE")), " ".join(title.split())


def _relations(item: Fields, source: Input) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Ids by key of the works that the graph holds, and CELEX numbers by words of the others."""
    ours: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for name, (key, words) in _RELATIONS.items():
        for link in item.each(name):
            numbers = [text for kind, text in _uris(link) if kind == "celex"]
            link.skip(*link.keys())
            for number in numbers[:1]:
                thing = source.joined("celex", number)
                wanted = ours.setdefault(key, []) if thing else others.setdefault(words, [])
                if (thing or number) not in wanted:
                    wanted.append(thing or number)
    return ours, others


def _outcomes(item: Fields, tables: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The outcomes in the types of procedure, and these in words."""
    name, outcomes, words = "CASE-LAW_HAS_TYPE_PROCEDURE_CONCEPT_TYPE_PROCEDURE", [], []
    item.skip(name)
    if item.element is None:
        return [], []
    for found in item.element.iter("{*}" + name):
        above = next(up for up in found.iterancestors() if etree.QName(up).localname == "WORK" or up is item.element)
        if above is not item.element:
            continue  # of a work that is only linked
        code = (found.findtext("{*}IDENTIFIER") or found.findtext("{*}OP-CODE") or "").strip()
        for each in code.split(",") if "=" in code else []:
            each = each.strip()
            table = tables["results"]
            key = each if each in table else each.rpartition("=")[2]
            outcome = str(known(table, key if key in table else each, item.place, name))
            label = (found.findtext("{*}PREFLABEL") or each).strip()
            outcomes += [outcome] if outcome not in outcomes else []
            words += [label] if label not in words else []
    return outcomes, words
