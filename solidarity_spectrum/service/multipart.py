"""Bodies in several parts: multipart/form-data (RFC 7578), and the general form below it (RFC 2046, section 5.1).

Own code: the library that Starlette would use writes large parts to disk; these bodies are in memory and have a limit.
"""

import re
from dataclasses import dataclass

from solidarity_spectrum.service.sparql import Problem

MULTIPART = "multipart/form-data"
_MAX_PARTS = 1000
_MAX_HEAD = 8192
_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A part: the name of its field, the name of its file if it is one, its content type and its content."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts of a body. Raises Problem 400."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise Problem(400, "No boundary", "A multipart body must say how its parts are divided.")
    boundary = (found[1] or found[2]).encode()
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--") or len(pieces) > _MAX_PARTS:
        raise Problem(400, "Bad multipart body", f"It must hold 1 to {_MAX_PARTS} parts and an end.")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    head, blank, content = piece.partition(b"\r\n\r\n")
    if not blank or len(head) > _MAX_HEAD:
        raise Problem(400, "Bad multipart body", f"A part has no empty line after a head of at most {_MAX_HEAD} bytes.")
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (f.partition(b":") for f in head.split(b"\r\n"))
    }
    content_type = fields.get(b"content-type", b"").decode("latin-1")
    if content_type.lower().startswith(MULTIPART):
        raise Problem(400, "Bad multipart body", "A part may not have parts of its own.")
    # Browsers send names in UTF-8, with a quotation mark as %22 (HTML, section 4.10.22.8).
    disposition = fields.get(b"content-disposition", b"").decode("utf-8", "replace")
    given = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted or bare) for name, quoted, bare in _PARAMETER.findall(disposition)
    }
    return Part(given.get("name", ""), given.get("filename"), content_type, content)
