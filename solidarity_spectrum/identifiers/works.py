"""Identifiers of works, persons and things: DOI, ISBN, ISSN, ORCID, Wikidata.

The check digits are a line each by their standards; a library for that alone is not worth a dependency
(docs/decisions/0016-identifiers.md).
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from solidarity_spectrum.identifiers.base import Identifier, IdentifierError, Link, Read, Scheme, pattern


def _digit_error(found: str, right: str) -> IdentifierError:
    return IdentifierError(
        f"the check digit is {found}, but the other digits give {right}: one of them is mistyped",
        f"az ellenőrző jegy {found}, de a többi számjegyből {right} adódik: valamelyik el van írva",
    )


def _doi(match: re.Match[str]) -> Read:
    if match["suffix"][-1] in ".,;":
        raise IdentifierError("a DOI does not end with a punctuation mark", "a DOI nem végződik írásjellel")
    return f"{match['prefix']}/{match['suffix']}", {"prefix": match["prefix"]}


def doi_iri(doi: str) -> str:
    """The address of a DOI; encoding as in the DOI Handbook, 3.8.1.2: what a URI cannot hold as it is."""
    return "https://doi.org/" + quote(doi, safe="/:;()-._~!$&'*+,=@")


def isbn13_digit(digits: str) -> str:
    """The check digit of twelve digits of an ISBN (ISO 2108): weights 1 and 3 in turn, modulo 10."""
    return str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10)


def modulo11_digit(digits: str) -> str:
    """The check digit of ISBN-10 (ISO 2108) and ISSN (ISO 3297): weights up to the left from 2, modulo 11; X is 10."""
    rest = -sum(int(digit) * weight for weight, digit in enumerate(reversed(digits), start=2)) % 11
    return "X" if rest == 10 else str(rest)


def orcid_digit(digits: str) -> str:
    """The check character of fifteen digits of an ORCID (ISO/IEC 7064, MOD 11-2)."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    return "X" if rest == 10 else str(rest)


def _isbn(match: re.Match[str]) -> Read:
    digits = re.sub(r"[ -]", "", match["number"]).upper()
    if len(digits) == 10:
        if (right := modulo11_digit(digits[:9])) != digits[9]:
            raise _digit_error(digits[9], right)
        return "978" + digits[:9] + isbn13_digit("978" + digits[:9]), {"isbn10": digits}
    if len(digits) != 13 or not digits.isdigit():
        raise IdentifierError(
            f"an ISBN has 10 or 13 digits, not {len(digits)}", f"az ISBN 10 vagy 13 számjegyű, nem {len(digits)}"
        )
    if digits[:3] not in ("978", "979"):
        raise IdentifierError(
            "an ISBN of 13 digits starts with 978 or 979", "a 13 jegyű ISBN 978-cal vagy 979-cel kezdődik"
        )
    if (right := isbn13_digit(digits[:12])) != digits[12]:
        raise _digit_error(digits[12], right)
    return digits, {"isbn10": digits[3:12] + modulo11_digit(digits[3:12]) if digits.startswith("978") else ""}


def _issn(match: re.Match[str]) -> Read:
    digits = (match["first"] + match["last"]).upper()
    if (right := modulo11_digit(digits[:7])) != digits[7]:
        raise _digit_error(digits[7], right)
    return f"{digits[:4]}-{digits[4:]}", {}


def _orcid(match: re.Match[str]) -> Read:
    digits = re.sub(r"[ -]", "", match["number"]).upper()
    if (right := orcid_digit(digits[:15])) != digits[15]:
        raise _digit_error(digits[15], right)
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4)), {}


def _wikidata(match: re.Match[str]) -> Read:
    if match["number"].startswith("0"):
        raise IdentifierError(
            "the number of a Wikidata item has no leading zero", "a Wikidata-szám nem kezdődik nullával"
        )
    letter = match["letter"].upper()
    return letter + match["number"], {"type": "item" if letter == "Q" else "property"}


def _wikidata_links(identifier: Identifier) -> Iterator[Link]:
    # The entity IRI denotes the thing, as Wikidata's documentation of its data access says; it is http, not https.
    yield Link("thing", f"http://www.wikidata.org/entity/{identifier.value}")


SCHEMES = (
    Scheme(
        "doi",
        {"en": "Digital Object Identifier (DOI)", "hu": "digitális objektumazonosító (DOI)"},
        "10.1007/s12142-020-00588-9",
        "DOI Handbook, 2.2 and 3.8 (ISO 26324)",
        pattern(r"(?:(?:info:|urn:)?doi[:\s]\s*)?(?P<prefix>10\.\d{4,9}(?:\.\d+)*)/(?P<suffix>\S+)"),
        _doi,
        lambda identifier: [Link("page", doi_iri(identifier.value))],
    ),
    Scheme(
        "orcid",
        {"en": "ORCID iD of a researcher", "hu": "kutatói ORCID-azonosító"},
        "0000-0002-1825-0097",
        "ORCID, Structure of the ORCID Identifier (ISO/IEC 7064)",
        pattern(r"(?:orcid[:\s]\s*)?(?P<number>\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dx])"),
        _orcid,
        lambda identifier: [Link("thing", f"https://orcid.org/{identifier.value}")],
    ),
    Scheme(
        "isbn",
        {"en": "International Standard Book Number (ISBN)", "hu": "nemzetközi szabványos könyvszám (ISBN)"},
        "9780593701249",
        "ISO 2108; normal form: 13 digits without hyphens",
        pattern(r"(?:(?:urn:)?isbn(?:-1[03])?[:\s]*)?(?P<number>\d[\d\ -]{8,20}[\dx])"),
        _isbn,
    ),
    Scheme(
        "issn",
        {"en": "International Standard Serial Number (ISSN)", "hu": "nemzetközi szabványos sorozatszám (ISSN)"},
        "0097-6326",
        "ISO 3297",
        pattern(r"(?P<label>(?:urn:)?e?issn(?:-l)?[:\s]\s*)?(?P<first>\d{4})(?(label)-?|-)(?P<last>\d{3}[\dx])"),
        _issn,
        lambda identifier: [Link("page", f"https://portal.issn.org/resource/ISSN/{identifier.value}")],
    ),
    Scheme(
        "wikidata",
        {"en": "Wikidata item or property", "hu": "Wikidata-elem vagy -tulajdonság"},
        "Q458",
        "Wikidata:Identifiers; Wikidata:Data access",
        pattern(r"(?:wdt?:|wikidata[:\s]\s*)?(?P<letter>[QP])(?P<number>\d{1,10})"),
        _wikidata,
        _wikidata_links,
    ),
)
