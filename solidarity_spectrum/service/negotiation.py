"""Content negotiation by the Accept and Accept-Language headers (RFC 9110, sections 12.4.2, 12.5.1 and 12.5.4).

Own code because no kept library does it: werkzeug and WebOb would each come whole for these few lines.
"""

import re
from collections.abc import Iterator, Sequence

_QUALITY = re.compile(r"(0(\.[0-9]{0,3})?|1(\.0{0,3})?)\Z")


def _weighted(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Each element of the header: its value, its parameters, its weight. A malformed weight makes it 0."""
    for element in header.split(","):
        value, *rest = (part.strip() for part in element.split(";"))
        if not value:
            continue
        parameters: dict[str, str] = {}
        quality = 1.0
        for item in rest:
            name, _, text = item.partition("=")
            if name.strip().lower() == "q":
                quality = float(text) if _QUALITY.match(text.strip()) else 0.0
                break  # what follows the weight is an extension, not part of the media range
            parameters[name.strip().lower()] = text.strip().strip('"').lower()
        yield value.lower(), parameters, quality


def best_type(header: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type the client likes best, the earlier one when it likes two equally; None if none will do.

    Without a header anything will do. The most specific media range that fits a type decides its weight.
    """
    if not offered or header is None or not header.strip():
        return offered[0] if offered else None
    ranges = list(_weighted(header))
    best: str | None = None
    best_quality = 0.0
    for media_type in offered:
        name, *own = (part.strip() for part in media_type.lower().split(";"))
        specificity, quality = -1, 0.0
        for value, parameters, weight in ranges:
            if not all(f"{key}={text}" in own for key, text in parameters.items() if key != "charset"):
                continue
            if value == name:
                rank = 2 + len(parameters)
            elif value == name.partition("/")[0] + "/*":
                rank = 1
            elif value == "*/*":
                rank = 0
            else:
                continue
            if rank > specificity:
                specificity, quality = rank, weight
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def best_language(header: str | None, offered: Sequence[str]) -> str:
    """The offered language the client likes best, else the first one offered."""
    best, best_quality = offered[0], 0.0
    for value, _, quality in _weighted(header or ""):
        primary = value.partition("-")[0]
        if primary in offered and quality > best_quality:
            best, best_quality = primary, quality
    return best
