"""One work per entry of a reference list, in BibTeX, RIS or CSL JSON.

An entry with a DOI that the graph holds adds to the work that the graph has; any other becomes a work of its own, named
by its DOI, or else by the file and its key there.
"""

import calendar
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import rispy  # type: ignore[import-untyped]
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry, ParsingFailedBlock

from solidarity_spectrum import identifiers
from solidarity_spectrum.findings import Place
from solidarity_spectrum.loading import Description, Fields, Input, json_items, known, mint, refuse
from solidarity_spectrum.records import Record, dates

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The works of one file."""
    kind = PurePath(source.stem).suffix.lower()
    entries = {".bib": _bibtex, ".ris": _ris, ".json": _csl}
    if kind not in entries:
        en, hu = f"«{kind}» is not .bib, .ris or .json", f"«{kind}» nem .bib, .ris vagy .json"
        raise refuse("format", source.place(), en, hu)
    for item, said in entries[kind](source, description):
        if (found := work(source, item, said, "bibliography")) is not None:
            yield found
        item.done()


def work(source: Input, item: Fields, said: dict[str, Any], prefix: str) -> Record | None:
    """The record of a work, or None for a law or case that the user chose to leave out.

    `said` holds `key`, `type`, `title`, `language`, `doi` and `isbn` as the source has them, and those keys of a record
    that are ready. Raises InputError for a type, a DOI or an ISBN that is none.
    """
    about = item.description
    kind = known(about.tables["types"], said.pop("type"), item.place, "type")
    if kind == "legal":
        if about.chosen.get("legal") == "skip":
            return None
        en = "this is a law or a case, no work: leave it out with --choose legal=skip"
        raise item.error("unknown-value", en, "ez jogszabály vagy ügy, nem mű: --choose legal=skip kihagyja")
    title, language = _plain(said.pop("title")), said.pop("language").strip()
    language = about.tables["languages"].get(language.lower(), language.replace("_", "-"))
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|", language):
        raise item.error("unknown-value", f"«{language}» is no language", f"«{language}» nem nyelv")
    doi, isbn = _identifier(said.pop("doi"), "doi", item), _identifier(said.pop("isbn"), "isbn", item)
    key = said.pop("key")
    if not (title or doi):
        raise item.error("missing-field", "the entry has no title and no DOI", "a tételnek nincs se címe, se DOI-ja")
    name = mint(prefix, doi) if doi else mint(prefix, PurePath(source.stem).stem, key)
    held = source.joined("doi", doi, "Work") if doi else None
    url = f"https://doi.org/{doi}" if doi else said.get("url") or about.address
    return item.record(
        {
            **({"record": name, "id": held} if held else {"id": name}),
            "type": "Work",
            "label": None if held else {"en": title or f"doi:{doi}"},
            "title": {language.split("-")[0]: title} if language and not held else None,
            "workType": kind,
            "doi": doi,
            "isbn": isbn if kind == "book" else None,  # else it is that of the container
            **said,
            "sources": [about.source(url, f"{title[:200] or doi} ({about.title})", locator=key)],
            "status": about.status,
        }
    )


def _identifier(text: str, scheme: str, item: Fields) -> str:
    if not text:
        return ""
    try:
        return identifiers.parse(text, scheme).value
    except identifiers.IdentifierError as error:
        raise item.error("identifier", error.message("en"), error.message("hu")) from error


def _plain(text: str) -> str:
    """A title without the mark-up of publishers and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"</?(i|b|em|strong|sub|sup|scp|jats:\w+|span)\b[^>]*>|[{}]", "", text)).strip()


def date_of(item: Fields, year: str, month: str = "", day: str = "") -> str:
    """A year, a month or a day, as precise as given; a month by number or by English name. Raises InputError."""
    if not year:
        return ""
    number = month if month.isdigit() else str(_MONTHS.get(month[:3].lower(), month))
    written = "-".join(part.zfill(2) for part in (year, number, day) if part)
    try:
        dates.datatype(written)
    except ValueError as error:
        raise item.error("date", f"«{written}» is not a date", f"«{written}» nem dátum") from error
    return written


def csl(item: Fields) -> dict[str, Any]:
    """What an item of CSL JSON, or a work of Crossref (which writes lists for texts), says of a work."""
    published = ""
    for key in ("issued", "published-print", "published", "published-online"):
        for part in item.each(key):
            part.skip("date-time", "timestamp", "season", "circa", "literal", "version")
            dates = part.raw("date-parts") or []
            first = [str(each) for each in (dates[0] if dates else []) if each not in (None, "")]
            raw = part.get("raw")
            if not first and re.fullmatch(r"\d{4}(-\d{1,2}){0,2}", raw):
                first = raw.split("-")
            published = published or (date_of(item, *first[:3]) if first else "")
    return {
        "key": item.get("id") or item.get("DOI"),
        "type": item.get("type") or "other",
        "title": ": ".join([*item.texts("title")[:1], *item.texts("subtitle")[:1]]),
        "language": item.get("language"),
        "doi": item.get("DOI"),
        "isbn": next(iter(item.texts("ISBN")), ""),
        "authorName": [_name(each) for each in item.each("author")] or [_name(each) for each in item.each("editor")],
        "published": published,
        "containerTitle": _plain(next(iter(item.texts("container-title")), "")),
        "seriesTitle": next(iter(item.texts("collection-title")), ""),
        "volume": item.get("volume"),
        "issue": item.get("issue"),
        "pages": item.get("page"),
        "publisher": item.get("publisher"),
        "url": _address(item.get("URL")),
    }


def _name(part: Fields) -> str:
    """«Given Family, Suffix», or the name of a body."""
    given, family, suffix = part.get("given"), part.get("family"), part.get("suffix")
    particles = part.get("dropping-particle"), part.get("non-dropping-particle")
    body = part.get("literal"), part.get("name")
    person = " ".join(filter(None, (given, *particles, family)))
    return ", ".join(filter(None, (person or next(filter(None, body), ""), suffix)))


def _address(text: str) -> str:
    return text if re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", text) else ""


def _csl(source: Input, description: Description) -> Iterator[tuple[Fields, dict[str, Any]]]:
    for item in json_items(source, description, ""):
        yield item, csl(item)


def _bibtex(source: Input, description: Description) -> Iterator[tuple[Fields, dict[str, Any]]]:
    library = parse_string(source.text(), append_middleware=[LatexDecodingMiddleware()])
    for block in library.blocks:
        place = source.place((block.start_line or 0) + 1)
        if isinstance(block, DuplicateFieldKeyBlock | DuplicateBlockKeyBlock):
            en = f"a key stands twice: {block.error}"
            raise refuse("duplicate", place, en, f"egy kulcs kétszer szerepel: {block.error}")
        if isinstance(block, ParsingFailedBlock):
            raise refuse("syntax", place, f"broken entry: {block.error}", f"hibás tétel: {block.error}")
        if not isinstance(block, Entry):
            continue
        data = {field.key.lower(): str(field.value) for field in block.fields}
        item = Fields(data | {"key": block.key, "type": block.entry_type.lower()}, "", place, description)
        whole = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:/.*)?", item.get("date"))
        year, month = item.get("year"), item.get("month")
        container = [item.get(key) for key in ("journal", "journaltitle", "booktitle")]
        publisher = [item.get(key) for key in ("publisher", "institution", "school", "organization")]
        language = [item.get(key) for key in ("langid", "language")]
        authors, editors = item.get("author"), item.get("editor")
        yield (
            item,
            {
                "key": item.get("key"),
                "type": item.get("type"),
                "title": ": ".join(filter(None, (item.get("title"), item.get("subtitle")))),
                "language": next(filter(None, language), ""),
                "doi": item.get("doi"),
                "isbn": item.get("isbn").partition(";")[0],
                "authorName": [_turned(name) for name in re.split(r"\s+and\s+", authors or editors) if name],
                "published": date_of(item, *(part or "" for part in whole.groups()))
                if whole
                else date_of(item, year, month),
                "containerTitle": _plain(next(filter(None, container), "")),
                "seriesTitle": _plain(item.get("series")),
                "volume": item.get("volume"),
                "issue": item.get("number") or item.get("issue"),
                "pages": item.get("pages").replace("--", "-"),
                "publisher": _plain(next(filter(None, publisher), "")),
                "url": _address(item.get("url")),
            },
        )


def _turned(name: str) -> str:
    """«Family, Given» as «Given Family»; a name in braces is that of a body."""
    family, comma, given = name.strip().partition(", ")
    return _plain(f"{given} {family}" if comma and not name.strip().startswith("{") else name)


def _ris(source: Input, description: Description) -> Iterator[tuple[Fields, dict[str, Any]]]:
    for line, text in _ris_entries(source):
        (data,) = rispy.loads(text, mapping=_TAGS, list_tags=list(_TAGS), enforce_list_tags=False)
        data |= data.pop("UK", {})
        data["TY"] = [data["TY"]]
        item = Fields(data, "", Place(source.name, line), description)

        def first(*tags: str, item: Fields = item) -> str:
            return next((text for found in [item.texts(tag) for tag in tags] for text in found), "")

        title = first("TI", "T1", "CT", "ST")
        years = first("PY", "Y1", "DA")
        year, _, rest = years.partition("/")
        month, _, rest = rest.partition("/")
        pages = "-".join(filter(None, (first("SP"), first("EP"))))
        number = first("SN")
        names = [item.texts(tag) for tag in ("AU", "A1", "ED", "A2")]
        yield (
            item,
            {
                "key": " ".join(filter(None, (first("ID"), title))),  # an ID may stand twice
                "type": first("TY"),
                "title": title,
                "language": first("LA"),
                "doi": first("DO"),
                "isbn": number if len(re.sub(r"[^0-9Xx]", "", number)) in (10, 13) else "",  # else an ISSN
                "authorName": [_turned(name) for name in next(filter(None, names), [])],
                "published": date_of(item, year.strip(), month.strip(), rest.partition("/")[0].strip()),
                "containerTitle": first("T2", "JO", "JF", "BT"),
                "seriesTitle": first("T3"),
                "volume": first("VL", "VO"),
                "issue": first("IS"),
                "pages": pages,
                "publisher": first("PB"),
                "url": _address(first("UR")),
            },
        )


_TAGS = {tag: tag for tag in rispy.TAG_KEY_MAPPING}
_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*))?")


def _ris_entries(source: Input) -> Iterator[tuple[int, str]]:
    """First line and text of each entry; text before, between and after entries is none of them.

    Raises InputError for an entry that does not end or that begins inside another one.
    """
    start, lines = 0, list[str]()
    number = 0
    for number, line in enumerate(source.text().splitlines(), 1):
        tag = _TAG.fullmatch(line.rstrip())
        if tag and tag[1] == "TY":
            if start:
                en, hu = "a new entry begins before «ER  -»", "új tétel kezdődik az «ER  -» sor előtt"
                raise refuse("syntax", Place(source.name, number), en, hu)
            start = number
        if start:
            lines.append(line)
        if tag and tag[1] == "ER":
            if not start:
                en, hu = "«ER  -» without «TY  -»", "«ER  -» sor «TY  -» nélkül"
                raise refuse("syntax", Place(source.name, number), en, hu)
            yield start, "\n".join(lines)
            start, lines = 0, []
    if start:
        en, hu = f"the entry of line {start} does not end with «ER  -»", f"a(z) {start}. sor tétele nem ér véget"
        raise refuse("syntax", Place(source.name, number), en, hu)
