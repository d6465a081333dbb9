"""What would let a reader find or reach a person: addresses, numbers and places inside texts."""

import re
from collections.abc import Iterator

_CONTACT = re.compile(
    r"(?P<mail>[\w.%+-]+@[\w-]+\.[^\W\d_]|mailto:)"
    r"|(?P<telephone>\+\d{1,3}[ ./-]?\(?\d{1,4}\)?(?:[ ./-]?\d{2,4}){2,4}"
    r"|\b(?:tel|phone|telephone|telefon|mobil|mobile|τηλ)[.: ]{1,3}[+(]?\d[\d ./()-]{6,}|tel:\+?\d)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:utca|utcája|út|körút|tér|sétány|köz) \d{1,3}(?=[./, ]|$)"
    r"|\b\d{1,5},? (?:[A-Z][a-z]+ ){1,3}(?:Street|Avenue|Road|Lane|Square|Boulevard)\b"
    r"|\b(?:[Vv]ia|[Rr]ue|Calle|Avenue|Boulevard) (?:[A-Z][\w'’]+ ?|de |del |des |du ){1,4},? ?\d{1,4}\b"
    r"|\b\d{1,2}\.\d{3,}°?[ NSns]*[,;/ ]+-?\d{1,3}\.\d{3,}|\d{1,3}° ?\d{1,2}[.\d]*[′'’]"
)
EXACT = frozenset(
    iri + name
    for iri, names in (
        ("http://www.w3.org/2003/01/geo/wgs84_pos#", ("lat", "long", "lat_long")),
        ("https://schema.org/", ("latitude", "longitude", "streetAddress")),
        ("http://www.opengis.net/ont/geosparql#", ("asWKT", "asGML")),
    )
    for name in names
)
"""Properties of RDF that hold exact places."""
Seen = tuple[str, str, str, str]
"""Rule, severity, and what to say in English and Hungarian."""


def seen(text: str, predicate: str = "") -> Iterator[Seen]:
    """What a text, the value of a property if that is known, tells of how or where somebody can be found."""
    if match := _CONTACT.search(text):
        en, hu = ("an e-mail address", "e-mail-cím") if match["mail"] else ("a telephone number", "telefonszám")
        yield (
            "contact",
            "violation",
            f"«{match[0].strip()}» is {en}: take it out, nobody may be reached through the graph",
            f"«{match[0].strip()}»: ez {hu}; vegye ki, a gráfon át senki sem lehet elérhető",
        )
    match = _PLACE.search(text)
    if match or predicate in EXACT:
        told = match[0].strip() if match else text
        yield (
            "exact-place",
            "warning",
            f"«{told}» is an exact place: name the town or region only, unless it is the seat of a public body",
            f"«{told}» pontos hely: csak a települést vagy térséget nevezze meg, hacsak nem közintézmény székhelye",
        )
