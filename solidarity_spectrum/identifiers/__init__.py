"""The identifier kit: reads what people paste, checks it, and gives its normal form, links and conversions.

    >>> parse("https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX%3A62019CJ0821").value
    '62019CJ0821'

A conversion exists only where a publisher's rule computes it: the CELEX number of a judgment follows from the case
number, its ECLI does not.
"""

import re

from solidarity_spectrum.identifiers import addresses, european, international, national, works
from solidarity_spectrum.identifiers.base import (
    Conversion,
    Identifier,
    IdentifierError,
    Link,
    Scheme,
    clean,
)

__all__ = ["SCHEMES", "Conversion", "Identifier", "IdentifierError", "Link", "Scheme", "conversions", "links", "parse"]

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        *european.SCHEMES_HERE,
        *works.SCHEMES,
        *national.SCHEMES_HERE,
        *international.SCHEMES_HERE,
    )
}
"""Every kind of identifier by name, in the order in which a text is tried: the ones hard to mistake first."""


def parse(text: str, scheme: str = "") -> Identifier:
    """The identifier that a pasted text is: bare, with a label, as a URN, or as an address of its publisher.

    `scheme` is a name of SCHEMES, or empty to find it out. Raises IdentifierError, which says why, for everything else;
    KeyError for an unknown scheme.
    """
    wanted = [SCHEMES[scheme]] if scheme else list(SCHEMES.values())
    plain = clean(text)
    address = addresses.read(plain)
    if address:
        found, plain = address[0], clean(address[1])  # once more: it was percent-encoded
        if scheme and found != scheme:
            raise IdentifierError(
                f"this is the address of something else: {SCHEMES[found].titles['en']}",
                f"ez másnak a címe: {SCHEMES[found].titles['hu']}",
                scheme,
            )
        wanted = [SCHEMES[found]]
    elif not scheme and plain.isdigit() and len(plain) < 8:
        raise IdentifierError(
            f"«{plain}» could be many things: say of which scheme it is",
            f"«{plain}» sok minden lehet: adja meg, melyik rendszer azonosítója",
        )
    reason: IdentifierError | None = None
    for candidate in wanted:
        try:
            if (identifier := candidate.match(plain)) is not None:
                return identifier
        except IdentifierError as error:
            reason = reason or error
    if several := _several(plain, scheme):
        listed = ", ".join(several)
        raise IdentifierError(
            f"these are several identifiers; give each one alone: {listed}",
            f"ez több azonosító; adja meg őket egyenként: {listed}",
            scheme,
        )
    if reason:
        raise reason
    if len(wanted) == 1:
        known = wanted[0]
        raise IdentifierError(
            f"«{plain}» does not have the form of: {known.titles['en']}, such as {known.example}",
            f"«{plain}» alakja nem ilyen: {known.titles['hu']}, például {known.example}",
            known.name,
        )
    raise IdentifierError(
        f"«{plain}» has the form of no identifier that is known here",
        f"«{plain}» egyetlen ismert azonosító alakjának sem felel meg",
    )


def _several(text: str, scheme: str) -> list[str]:
    """The normal forms of the identifiers that a text lists, or nothing if a piece of it is none."""
    pieces = re.split(r"\s*[;,]\s*(?:and\s|és\s)?|\s(?:and|és|et)\s", text)
    found: list[str] = []
    for piece in pieces if len(pieces) > 1 else []:
        try:
            found.append(parse(piece, scheme).value)
        except IdentifierError:
            return []
    return found


def links(identifier: Identifier) -> list[Link]:
    """The addresses that the publisher documents for an identifier; none where it documents none."""
    return list(SCHEMES[identifier.scheme].links(identifier))


def conversions(identifier: Identifier) -> list[Conversion]:
    """What follows from an identifier by a published rule."""
    return list(SCHEMES[identifier.scheme].conversions(identifier))
