"""Addresses of sources: which ones will not lead a reader to the source."""

import re

_FLEETING = re.compile(
    r"https?://(?:[^./]+(?::\d+)?(?:/|$)|[\d.]+[:/]|\[|[^/]+\.(?:local|localhost|internal|lan)(?:[:/]|$)"
    r"|(?:www\.)?(?:google|bing|duckduckgo|yahoo)\.[a-z.]+/(?:search|url)"
    r"|(?:bit\.ly|t\.co|tinyurl\.com|goo\.gl|ow\.ly|is\.gd|buff\.ly)/)",
    re.IGNORECASE,
)


def fleeting(address: str) -> tuple[str, str] | None:
    """What to say in English and Hungarian of a web address that is shortened, a search, a number instead of a name, or
    known on one network only; None of others."""
    if not _FLEETING.match(address):
        return None
    return (
        f"«{address}» will not lead a reader to the source: give the address that the page itself has",
        f"«{address}» nem vezeti el az olvasót a forráshoz: azt a címet adja meg, amely az oldalé",
    )
