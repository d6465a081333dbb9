"""Acts of the European Union and their articles, from Formex, from XHTML pages and from the descriptions of lex-corpus.

A consolidated text has no legal effect: what it says of its act, its articles and the acts that changed it is said of
the act; an article that stands inside a quotation of another act is not its own. A page of XHTML does not tell its
CELEX number, which is that of the description beside it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from solidarity_spectrum.identifiers import Identifier, IdentifierError, parse
from solidarity_spectrum.loading import Description, Fields, Input, describe, elements, json_items, known, mint, refuse
from solidarity_spectrum.records import Record

from ..eurlex_notice import address

_XHTML = "http://www.w3.org/1999/xhtml"
_ROOT = re.compile(rb"<(LEXP\.COMBINED|CONS\.ACT|ACT|html)\b")


def read(source: Input, description: Description) -> Iterator[Record]:
    """The records of one file, by what it begins with: JSON, an act or consolidated text in Formex, or XHTML."""
    with source.open() as stream:
        head = stream.read(1 << 14)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        yield from _meta(source, description)
        return
    root = _ROOT.search(head)
    if root and root[1] == b"html":
        yield from _page(source, description)
    elif root and root[1] == b"ACT":
        yield from _act(source, description)
    else:
        yield from _consolidated(source, description, "LEXP.COMBINED/" if root and root[1].startswith(b"LEXP") else "")


def _meta(source: Input, description: Description) -> Iterator[Record]:
    for item in json_items(source, description, ""):
        celex = _celex(item.take("work_identifier").partition("/celex/")[2], item)
        titles = {
            each.take("language"): " ".join(each.get("title").replace("#", " – ").split())
            for each in item.each("expressions")
        }
        if title := item.get("title"):
            titles.setdefault(item.take("title_language"), " ".join(title.replace("#", " – ").split()))
        item.skip("title_language")
        force, version = item.get("in_force_status"), item.get("valid_from")
        yield from _law(
            item,
            mint("eulaw", celex.value, version or "work"),
            celex,
            {language: text for language, text in titles.items() if text and not text.endswith("…")},
            {"legislativeStatus": "in-force" if force == "1" else "", "published": item.get("publication_date")},
            source,
            description,
        )


def _consolidated(source: Input, description: Description, wrapper: str) -> Iterator[Record]:
    start = f"{wrapper}CONS.ACT"
    paths = [f"{start}/INFO.CONSLEG", f"{start}/CONS.DOC/BIB.INSTANCE", f"{start}/CONS.DOC/FAM.COMP"]
    day, language, celex = "", "", None
    for item in elements(source, description, *paths, f"{start}/CONS.DOC/ENACTING.TERMS//ARTICLE"):
        name = item.path.rpartition("/")[2]
        if name == "INFO.CONSLEG":
            day = _day(item.get("@START.DATE"), item)
            item.skip(*item.keys())
        elif name == "BIB.INSTANCE":
            language = _language(item)
        elif name == "FAM.COMP":
            for bib in item.each("BIB.DATA"):
                celex = _celex(bib.take("NO.CELEX"), item)
                adopted = _day(next((each.get("@ISO") for each in bib.each("DATE")), ""), item)
                title = _text(bib, "TITLE")
                _leave(bib)
            changes = list(item.element.iterfind("GR.MOD.ACT/MOD.ACT")) if item.element is not None else []
            numbers = [
                str(each.findtext("BIB.DATA/NO.CELEX")) for each in changes if each.findtext("BIB.DATA/NO.CELEX")
            ]
            _leave(item)
            if celex is None:
                raise item.error("missing-field", "the act has no CELEX number", "a jogszabálynak nincs CELEX-száma")
            note = f"Consolidated as of {day}, with the changes of {', '.join(numbers)}." if numbers else ""
            more = {"adopted": adopted, "note": note}
            name = mint("eulaw", celex.value, "consolidated", day or "undated", language)
            yield from _law(item, name, celex, {language: title}, more, source, description)
        elif celex is None:
            raise item.error("syntax", "an article before the act is named", "cikk a jogszabály megnevezése előtt")
        else:
            yield _article(item, celex, language, source, description)


def _act(source: Input, description: Description) -> Iterator[Record]:
    stem = PurePath(source.name.rpartition("!")[2]).name.partition(".")[0]
    celex, language, seen = None, "", False
    for item in elements(source, description, "ACT/BIB.INSTANCE", "ACT/TITLE", "ACT/ENACTING.TERMS//ARTICLE"):
        name = item.path.rpartition("/")[2]
        if celex is None:
            # An act in Formex does not hold its CELEX number; files are named by it.
            celex = _celex(stem, item)
        if name == "BIB.INSTANCE":
            language = _language(item)
        elif name == "TITLE" and not seen:
            seen = True
            title = " ".join(item.get("#").split())
            yield from _law(
                item, mint("eulaw", celex.value, language or "act"), celex, {language: title}, {}, source, description
            )
        elif name == "ARTICLE":
            yield _article(item, celex, language, source, description)


def _page(source: Input, description: Description) -> Iterator[Record]:
    beside = source.sibling("meta.json")
    if beside is None:
        en = "an XHTML page does not tell its CELEX number: the description meta.json is not beside it"
        raise refuse(
            "missing-file", source.place(), en, "az XHTML-oldal mellett nincs meta.json, amely a CELEX-számot mondaná"
        )
    try:
        written = str(json.loads(beside.text())["work_identifier"]).partition("/celex/")[2]
    except (ValueError, KeyError, TypeError) as error:
        raise refuse(
            "syntax", beside.place(), f"no work_identifier: {error}", f"nincs work_identifier: {error}"
        ) from error
    language = PurePath(source.name.rpartition("!")[2]).name.partition(".")[0].lower()
    for item in elements(source, description, "html/body", namespace=_XHTML):
        _leave(item)
        celex, titles, articles = _celex(written, item), [], []
        for part in item.element.iter("{*}p") if item.element is not None else ():
            kind, text = str(part.get("class", "")).removeprefix("oj-"), " ".join("".join(part.itertext()).split())
            if kind == "doc-ti" and text not in titles:
                titles.append(text)
            elif kind == "ti-art":
                articles.append((part, text, ""))
            elif kind == "sti-art" and articles and not articles[-1][2]:
                articles[-1] = (*articles[-1][:2], text)
        name = mint("eulaw", celex.value, "page", language)
        yield from _law(item, name, celex, {language: " ".join(titles)}, {}, source, description)
        if celex.parts.get("article"):
            continue  # the page is that of the one article
        for part, text, heading in articles:
            number = re.search(r"(\d+[a-z]{0,3})$", text)
            if number:
                place = source.place(part.sourceline or 0)
                fields = Fields({}, item.path, place, description)
                yield _provision(fields, celex, number[1], {language: heading}, language, source, description)


def _law(
    item: Fields,
    record: str,
    celex: Identifier,
    titles: dict[str, str],
    more: dict[str, Any],
    source: Input,
    description: Description,
) -> Iterator[Record]:
    """What a text says of its act, or of the article of a treaty that has a number of its own."""
    tables = describe("eurlex-notice").tables
    sector, letters, number = (celex.parts.get(key, "") for key in ("sector", "type", "article"))
    key = sector + letters if sector + letters in tables["types"] or sector not in tables["types"] else sector
    about = known(tables["types"], key, item.place, "CELEX number")
    thing = source.joined("celex", celex.value)
    cited = description.source(address(celex), f"EUR-Lex, {next(iter(titles.values()), celex.value)}")
    common = {"sources": [cited], "status": description.status}
    label = {} if thing else {language: f"{about[language]}, {celex.value}" for language in ("en", "hu")}
    whole = f"{celex.value[:-3]}/TXT" if number else ""
    yield item.record(
        {
            "record": record,
            "id": thing or mint("eurlex", celex.value),
            "type": "Provision" if number else "LegalInstrument",
            "label": {language: text[0].upper() + text[1:] for language, text in label.items()},
            "altLabel": {language: text for language, text in titles.items() if language and text},
            "number": number.lstrip("0"),
            "partOf": _whole(whole, source) if number and not thing else "",
            **(
                {}
                if thing or number
                else {"instrumentType": about.get("instrumentType", ""), "jurisdiction": "european-union"}
            ),
            "bindingness": "" if thing or number else about.get("bindingness", ""),
            **({} if number else more),
            "celex": celex.value,
            **common,
        }
    )
    if number and not thing and not source.joined("celex", whole):
        yield item.record(
            {
                "record": f"{record}-whole",
                "id": _whole(whole, source),
                "type": "LegalInstrument",
                "label": {
                    language: f"{about[language][0].upper()}{about[language][1:]}, {whole}" for language in ("en", "hu")
                },
                "instrumentType": "treaty",
                "bindingness": "binding",
                "jurisdiction": "european-union",
                "celex": whole,
                **common,
            }
        )


def _whole(celex: str, source: Input) -> str:
    return source.joined("celex", celex) or mint("eurlex", celex)


def _article(item: Fields, celex: Identifier, language: str, source: Input, description: Description) -> Record:
    identifier = item.take("@IDENTIFIER")
    heading = _text(item, "STI.ART")
    _leave(item)
    number = re.fullmatch(r"0*(\d+)([A-Z]{0,3})", identifier)
    if not number:
        raise item.error("syntax", f"«{identifier}» is not the number of an article", f"«{identifier}» nem cikkszám")
    return _provision(item, celex, number[1] + number[2].lower(), {language: heading}, language, source, description)


def _provision(
    item: Fields,
    celex: Identifier,
    number: str,
    heading: dict[str, str],
    language: str,
    source: Input,
    description: Description,
) -> Record:
    act = source.joined("celex", celex.value) or mint("eurlex", celex.value)
    return item.record(
        {
            "record": mint("eulaw", celex.value, "article", number, language),
            "id": mint("eulaw", celex.value, "article", number),
            "type": "Provision",
            "label": {"en": f"{celex.value}, article {number}", "hu": f"{celex.value}, {number}. cikk"},
            "altLabel": {key: text for key, text in heading.items() if key and text},
            "partOf": act,
            "number": number,
            "sources": [description.source(address(celex), f"EUR-Lex, {celex.value}", section=f"article {number}")],
            "status": description.status,
        }
    )


def _celex(text: str, item: Fields) -> Identifier:
    try:
        return parse(text, "celex")
    except IdentifierError as error:
        raise item.error("identifier", f"«CELEX»: {error}", f"«CELEX»: {error.message('hu')}") from error


def _language(item: Fields) -> str:
    found = next((text for text in item.texts("LG.DOC")), "").lower()
    _leave(item)
    return found


def _text(item: Fields, name: str) -> str:
    if item.element is None:
        return ""
    return " ".join("".join(text for part in item.element.iterfind(name) for text in part.itertext()).split())


def _leave(item: Fields) -> None:
    """Leave the rest of an element unread: its text is not taken."""
    item.skip(*item.keys())


def _day(text: str, item: Fields) -> str:
    """A day of Formex, YYYYMMDD; 99999999 is none."""
    if text in ("", "99999999"):
        return ""
    if not re.fullmatch(r"\d{8}", text):
        raise item.error("syntax", f"«{text}» is not a day (YYYYMMDD)", f"«{text}» nem nap (ÉÉÉÉHHNN)")
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"
