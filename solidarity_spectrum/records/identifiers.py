"""The identifiers of a record: each in its normal form, and none against another or against the record's dates."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from solidarity_spectrum.identifiers import Identifier, IdentifierError, conversions, parse
from solidarity_spectrum.records import dates

KEYS = {
    "celex": "celex",
    "codices": "codices",
    "doi": "doi",
    "ecli": "ecli",
    "eliUri": "eli",
    "eurovocId": "eurovoc",
    "hudoc": "hudoc",
    "isbn": "isbn",
    "unSymbol": "un-symbol",
    "untcReference": "untc",
    "wikidataId": "wikidata",
}
"""Keys of records that hold identifiers of one scheme, and nothing else."""
_FREE = {
    "officialNumber": (
        (r"\d{4}\.?\s?évi\s|\d+/\d{4}\.?\s?\([ivx]+\.", ("hu-act", "hu-numbered")),
        (r"(?:executive order|e\.?o\.?)\s", ("us-executive-order",)),
        (r"proclamation\s", ("us-proclamation",)),
        (r"pub(?:lic|\.)\s?l", ("us-public-law",)),
        (r"\[\d{4}\]\s[a-z]", ("neutral-citation",)),
        (r"\d+\s(?:fr|fed\.\s?reg\.)\s", ("fr-citation",)),
    ),
    "gazette": ((r"magyar közlöny", ("hu-gazette",)), (r"(?:oj|hl)\s", ("oj",)), (r"φεκ|fek\s", ("gr-gazette",))),
    "coeReference": ((r"cdl", ("venice",)),),
}
"""Keys of free text: what starts like one of these schemes must be of it."""
_DOCKETS = {"cjeu": "cjeu-case", "ecthr": "echr-application"}
"""Courts whose case numbers have one known form; a docket of any other court is free text."""
_COUNTRIES = {
    "AT": "austria",
    "AU": "australia",
    "BE": "belgium",
    "CA": "canada",
    "CH": "switzerland",
    "CZ": "czechia",
    "DE": "germany",
    "DK": "denmark",
    "ES": "spain",
    "FR": "france",
    "GB": "united-kingdom",
    "GR": "greece",
    "HU": "hungary",
    "IE": "ireland",
    "IT": "italy",
    "LU": "luxembourg",
    "MT": "malta",
    "NL": "netherlands",
    "PL": "poland",
    "PT": "portugal",
    "SK": "slovakia",
    "US": "united-states",
}
_RECORDS_OF_COUNTRY = {name: code for code, name in _COUNTRIES.items()}
Span = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value of a key; `rule` is `identifier` or `identifier-conflict`."""

    key: str
    value: str
    rule: str
    severity: str
    en: str
    hu: str


def problems(node: Mapping[str, Sequence[str]]) -> list[Problem]:
    """What is wrong with the identifiers of one node, given the texts of each of its keys (references as ids).

    Every value must be an identifier of its key's scheme in normal form; a conflict is sought between those that are.
    """
    found: list[Problem] = []
    good: dict[str, list[Identifier]] = {}
    for key, values in node.items():
        for value in values:
            try:
                identifier = _read(key, value, node)
            except IdentifierError as error:
                en, hu = error.message("en"), error.message("hu")
                found.append(
                    Problem(
                        key,
                        value,
                        "identifier",
                        "violation",
                        f"«{key}: {value}» {_short(en, value)}",
                        f"«{key}: {value}»: {hu}",
                    )
                )
                continue
            if identifier is None:
                continue
            if identifier.value != value:
                found.append(
                    Problem(
                        key,
                        value,
                        "identifier",
                        "violation",
                        f"«{value}» is not in its normal form; write «{key}: {identifier.value}»"
                        + _lookalikes(value, identifier),
                        f"«{value}» nem a szabályos alak; így írja: «{key}: {identifier.value}»"
                        + _lookalikes(value, identifier),
                    )
                )
            good.setdefault(key, []).append(identifier)
    return found + list(_conflicts(node, good))


def _lookalikes(value: str, identifier: Identifier) -> str:
    """Which letters differ, by their names in Unicode, where nobody could see it (a Latin A for a Greek Alpha)."""
    pairs = {pair for pair in zip(value, identifier.value, strict=False) if pair[0] != pair[1]}
    alike = len(value) == len(identifier.value) and all(one.isascii() != other.isascii() for one, other in pairs)
    named = sorted(f"{unicodedata.name(one)} → {unicodedata.name(other)}" for one, other in pairs if alike)
    return f" ({', '.join(named)})" if named else ""


def _short(reason: str, value: str) -> str:
    return f"is not right: {reason.removeprefix(f'«{value}» ')}"


def _read(key: str, value: str, node: Mapping[str, Sequence[str]]) -> Identifier | None:
    """The identifier in a value, or None where the key takes free text and this is not the form of a known scheme."""
    if scheme := KEYS.get(key):
        identifier = parse(value, scheme)
        if key == "wikidataId" and identifier.value.startswith("P"):
            raise IdentifierError(
                "a property of Wikidata is not a thing: give the item, Q…", "a P… nem elem: adja meg a Q… kódot"
            )
        return identifier
    if key == "docket":
        schemes = {_DOCKETS[court] for court in node.get("court", ()) if court in _DOCKETS}
        return parse(value, schemes.pop()) if len(schemes) == 1 else None
    for start, names in _FREE.get(key, ()):
        if re.match(start, value.strip(), re.IGNORECASE):
            for name in names[:-1]:
                try:
                    return parse(value, name)
                except IdentifierError:
                    continue
            try:
                return parse(value, names[-1])
            except IdentifierError:
                if key == "officialNumber" and "hu-act" in names:
                    return None  # parts of acts and bodies that the drafting decree does not name
                raise
    return None


def _span(node: Mapping[str, Sequence[str]], *keys: str) -> Span:
    """First and last day of the first of the keys that holds a date that can be read."""
    for key in keys:
        for text in node.get(key, ()):
            try:
                return dates.bounds(text)
            except ValueError:
                continue
    return None, None


def _outside(day: str, span: Span) -> bool:
    return bool((span[0] and day < span[0].isoformat()) or (span[1] and day > span[1].isoformat()))


def _years(span: Span) -> str:
    return " – ".join(dict.fromkeys(str(day.year) for day in span if day))


def _conflicts(node: Mapping[str, Sequence[str]], good: Mapping[str, list[Identifier]]) -> Iterator[Problem]:
    decided = _span(node, "date", "announced")
    adopted = _span(node, "adopted", "date", "proposed")
    for key, identifiers in good.items():
        for identifier in identifiers:
            for severity, en, hu in (
                *_against_dates(identifier, node, decided, adopted),
                *_against_others(key, identifier, good),
                *_against_place(identifier, node),
            ):
                yield Problem(
                    key,
                    identifier.value,
                    "identifier-conflict",
                    severity,
                    f"«{identifier.value}» {en}",
                    f"«{identifier.value}» {hu}",
                )


Conflict = tuple[str, str, str]
"""Severity and what follows the identifier in the message, in English and Hungarian."""


def _against_dates(
    identifier: Identifier, node: Mapping[str, Sequence[str]], decided: Span, adopted: Span
) -> Iterator[Conflict]:
    parts, year = identifier.parts, identifier.parts.get("year", "")
    if identifier.scheme == "ecli":
        exact = node.get("type") == ["Decision"] or parts.get("country") in ("EU", "CE")
        severity = "violation" if parts.get("country") in ("EU", "CE") and exact else "warning"
        if (day := parts.get("date")) and _outside(day, decided):
            yield (
                severity,
                f"holds the day {day}, but «date» is another: correct the wrong one",
                f"a(z) {day} napot tartalmazza, a «date» más: javítsa a hibásat",
            )
        elif not day and _outside_year(year, decided):
            yield (
                severity,
                f"holds the year {year}, but the decision is of {_years(decided)}: correct the wrong one",
                f"a(z) {year}. évet tartalmazza, a határozat éve {_years(decided)}: javítsa a hibásat",
            )
    elif identifier.scheme == "celex" and parts["sector"] == "6" and decided[1] and int(year) > decided[1].year:
        yield (
            "violation",
            f"is of a case of {year}, later than the decision ({_years(decided)}): correct the wrong one",
            f"{year}. évi ügyé, ez későbbi a határozatnál ({_years(decided)}): javítsa a hibásat",
        )
    elif identifier.scheme in ("cjeu-case", "echr-application") and year:
        lodged = _span(node, "lodged")
        if decided[1] and int(year) > decided[1].year:
            yield (
                "violation",
                f"is of a case of {year}, later than the decision ({_years(decided)}): correct the wrong one",
                f"{year}. évi ügyé, ez későbbi a határozatnál ({_years(decided)}): javítsa a hibásat",
            )
        elif _outside_year(year, lodged) and _outside_year(str(int(year) - 1), lodged):
            # What comes in the last days of December may be numbered in January.
            yield (
                "warning",
                f"is of a case of {year}, but «lodged» says {_years(lodged)}: compare them",
                f"{year}. évi ügyé, a «lodged» szerint viszont {_years(lodged)}: vesse össze őket",
            )
    elif identifier.scheme in ("celex", "eli") and year and parts.get("sector", "3") == "3" and "treaty" not in parts:
        # Acts adopted in December may be numbered in January; older numbers follow other rules.
        if adopted[0] and adopted[1] and not adopted[0].year - 1 <= int(year) <= adopted[1].year + 1:
            yield (
                "warning",
                f"is of the year {year}, but the text was adopted in {_years(adopted)}: compare them",
                f"éve {year}, a szöveget viszont {_years(adopted)} során fogadták el: vesse össze őket",
            )
    elif (
        identifier.scheme == "un-symbol" and identifier.value.startswith("A/RES/") and (session := parts.get("session"))
    ):
        # The n-th regular session opens in the autumn of 1945 + n and ends a year later.
        first = 1945 + int(session)
        if adopted[0] and adopted[1] and not (adopted[1].year >= first and adopted[0].year <= first + 1):
            yield (
                "warning",
                f"is of the session {first}–{first + 1}, but the text was adopted in {_years(adopted)}: compare them",
                f"a {first}–{first + 1}. évi ülésszaké, de a szöveget {_years(adopted)} során fogadták el: vesse össze",
            )
    elif identifier.scheme == "hu-numbered":
        day = parts["date"]
        printed = _span(node, "promulgated", "published")
        if printed != (None, None) and _outside(day, printed):
            yield (
                "warning",
                f"was published on {day} by its own number, but the record says otherwise: compare them",
                f"a saját száma szerint {day} napján jelent meg, a rekord mást mond: vesse össze őket",
            )
        elif decided[0] and decided[0].isoformat() > day:
            yield (
                "warning",
                f"was published on {day} by its own number, before it was made: compare them",
                f"a saját száma szerint {day} napján jelent meg, vagyis a keletkezése előtt: vesse össze",
            )
    elif identifier.scheme == "hu-act":
        made = _span(node, "promulgated", "adopted")
        if _outside_year(year, made):
            yield (
                "warning",
                f"is of the year {year}, but the record says {_years(made)}: compare them",
                f"éve {year}, a rekord szerint viszont {_years(made)}: vesse össze őket",
            )


def _outside_year(year: str, span: Span) -> bool:
    return bool((span[0] and int(year) < span[0].year) or (span[1] and int(year) > span[1].year))


def _against_others(key: str, identifier: Identifier, good: Mapping[str, list[Identifier]]) -> Iterator[Conflict]:
    """What an identifier says of another, by rule, against what the node says itself."""
    follows = {conversion.identifier.scheme: conversion.identifier for conversion in conversions(identifier)}
    others = {"celex": good.get("celex", []), "docket": good.get("docket", [])}
    checks = []
    if key == "eliUri" and "celex" in follows:
        checks.append(("celex", follows["celex"]))
    if key == "celex" and "cjeu-case" in follows:
        checks.append(("docket", follows["cjeu-case"]))
    if key == "ecli" and "echr-application" in follows:
        checks.append(("docket", follows["echr-application"]))
    for other, expected in checks:
        # A suffix such as PPU is no part of the CELEX number.
        given = [item.value.partition(" ")[0] for item in others[other] if item.scheme == expected.scheme]
        if given and expected.value not in given:
            yield (
                "violation",
                f"goes with «{other}: {expected.value}», but the record has {', '.join(given)}: correct the wrong one",
                f"ehhez «{other}: {expected.value}» tartozik, a rekordban mégis {', '.join(given)} áll: javítsa",
            )


def _against_place(identifier: Identifier, node: Mapping[str, Sequence[str]]) -> Iterator[Conflict]:
    country = _COUNTRIES.get(identifier.parts.get("country", ""))
    places = {"united-states" if place.startswith("us-") else place for place in node.get("jurisdiction", ())}
    if country and places and country not in places and places <= set(_RECORDS_OF_COUNTRY):
        yield (
            "warning",
            f"is of {country}, but «jurisdiction» is {', '.join(sorted(places))}: compare them",
            f"országa {country}, a «jurisdiction» viszont {', '.join(sorted(places))}: vesse össze őket",
        )
