"""What every scheme of identifiers shares: the result, the error, the cleaning of what was pasted, numerals, dates."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

MAX_LENGTH = 500
"""Nothing that identifies is longer; what is longer is refused before any pattern sees it."""

Kind = Literal["thing", "concept", "page"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address that the publisher of a scheme offers: `kind` says what the IRI denotes, the very thing that the
    identifier identifies, a SKOS concept, or a web page about it."""

    kind: Kind
    iri: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """A checked identifier: name of its scheme, normal form, and the parts that the form holds (all text).

    Parts that mean the same have the same name in all schemes: `country` (ISO 3166 alpha-2, or `EU`), `year`,
    `date` (YYYY-MM-DD).
    """

    scheme: str
    value: str
    parts: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)

    @property
    def key(self) -> str:
        """Equal for two spellings of one identifier: a DOI keeps the case it was given, but does not tell it apart."""
        return self.value.lower() if self.scheme == "doi" else self.value

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Conversion:
    """An identifier that follows from another by a published rule; `rule` says which, in English."""

    identifier: Identifier
    rule: str


class IdentifierError(ValueError):
    """Why a text is no identifier: one sentence by language (`en`, `hu`); `scheme` is the one it seems to be meant
    for, or empty."""

    def __init__(self, en: str, hu: str, scheme: str = "") -> None:
        super().__init__(en)
        self.messages = {"en": en, "hu": hu}
        self.scheme = scheme

    def message(self, language: str = "en") -> str:
        return self.messages.get(language) or self.messages["en"]


Read = tuple[str, dict[str, str]]
"""Normal form and parts."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of identifier.

    `pattern` finds, in cleaned text and whatever its case, what is meant as one; `read` takes the match to normal form
    and parts or raises IdentifierError; `links` and `conversions` take the checked identifier. `rule` names the
    publication that states the form. `example` is a real one, in normal form.
    """

    name: str
    titles: Mapping[str, str]
    example: str
    rule: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], Read]
    links: Callable[[Identifier], Iterable[Link]] = lambda _: ()
    conversions: Callable[[Identifier], Iterable[Conversion]] = lambda _: ()

    def match(self, text: str) -> Identifier | None:
        """The identifier that a cleaned text is, or None if it is of another kind. Raises IdentifierError where it is
        of this kind but wrong."""
        found = self.pattern.fullmatch(text)
        if not found:
            return None
        try:
            value, parts = self.read(found)
        except IdentifierError as error:
            error.scheme = self.name
            raise
        kept = {name: part for name, part in parts.items() if part}
        return Identifier(self.name, value, MappingProxyType(kept))


def pattern(text: str) -> re.Pattern[str]:
    """A pattern written with spaces and comments, blind to case."""
    return re.compile(text, re.VERBOSE | re.IGNORECASE)


_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"), None)
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u201f«»"


def clean(text: str) -> str:
    """A pasted text without what only typography added: kinds of dashes and spaces, full-width letters, invisible
    characters, quotation marks, angle brackets and the full stop around it.

    Raises IdentifierError if nothing is left, or too much, or if it holds control characters.
    """
    if len(text) > MAX_LENGTH:
        raise IdentifierError(
            f"longer than any identifier ({len(text)} characters)",
            f"hosszabb bármely azonosítónál ({len(text)} karakter)",
        )
    plain = unicodedata.normalize("NFKC", text.translate(_DASHES).translate(_INVISIBLE)).translate(_DASHES)
    plain = " ".join(plain.split()).strip(_QUOTES + " ,;").removesuffix(".").strip(_QUOTES + " ,;")
    if plain.startswith("<") and plain.endswith(">"):
        plain = plain[1:-1].strip()
    if not plain:
        raise IdentifierError("there is nothing to read", "nincs mit olvasni")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co") for character in plain):
        raise IdentifierError("a control character is not allowed here", "vezérlőkarakter itt nem megengedett")
    return plain


_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)


def to_roman(number: int) -> str:
    """A whole number from 1 to 3999 in Roman numerals."""
    result = ""
    for size, letters in _ROMAN:
        while number >= size:
            result += letters
            number -= size
    return result


def from_roman(text: str) -> int:
    """The number that Roman numerals stand for. Raises IdentifierError if they are not well formed (IIII, VX)."""
    letters, rest, number = text.upper(), text.upper(), 0
    for size, sign in _ROMAN:
        while rest.startswith(sign):
            number += size
            rest = rest[len(sign) :]
    if rest or not letters or to_roman(number) != letters:
        raise IdentifierError(f"«{text}» is not a Roman numeral", f"«{text}» nem római szám")
    return number


def checked_date(year: str | int, month: str | int, day: str | int) -> str:
    """A day as YYYY-MM-DD. Raises IdentifierError if the calendar has none such."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        shown = f"{year}-{int(month):02}-{int(day):02}"
        raise IdentifierError(
            f"it holds the day {shown}, which does not exist", f"a benne álló nap ({shown}) nincs"
        ) from error


def checked_year(year: str | int, first: int, last: int = date.max.year) -> str:
    """A year of four digits within bounds. Raises IdentifierError otherwise."""
    if not first <= int(year) <= last:
        upper = f" to {last}" if last != date.max.year else " on"
        raise IdentifierError(
            f"the year {year} is impossible here: they run from {first}{upper}",
            f"a(z) {year}. év itt lehetetlen: {first} az első",
        )
    return f"{int(year):04}"


def full_year(two_digits: str, first: int = 1953) -> str:
    """The year from `first` on, within a hundred years, that two digits stand for."""
    year = first - first % 100 + int(two_digits)
    return str(year if year >= first else year + 100)
