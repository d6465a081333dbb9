"""What there is to judge: from file names, folders, zip files, standard input or an upload to texts and workbooks.

`gather` takes the names of files and folders, as on the command line; `expand` takes what has been read already, as
from an upload, finds out its format, opens zip files, and keeps the limits. `validate_files` calls `expand` itself, so
who has bytes only writes

    validate_files([("upload.zip", data, "")], folder)

An `Input` is a name for findings, the content, and a format: a key of FORMATS, or "" to be found out by the name and
the content. What cannot be read is a Finding in place of an Input, so that the rest is judged all the same.
"""

import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path, PurePath

import pyoxigraph as ox

from solidarity_spectrum.findings import Finding, Place, violation
from solidarity_spectrum.records.text import OLD_OR_LOCKED, OLE

Input = tuple[str, bytes, str]
MAX_BYTES = 64 * 2**20
"""All inputs together, unpacked, unless the caller says otherwise."""
MAX_FILES = 10_000
"""Files of a folder or a zip file."""
MAX_RATIO = 200
"""How many times its packed size a member of a zip file may have; texts shrink to a tenth, bombs to a thousandth."""
FORMATS: dict[str, ox.RdfFormat | None] = {
    "yaml": None,
    "yml": None,
    "json": None,
    "csv": None,
    "tsv": None,
    "xlsx": None,
    "zip": None,
    "jsonld": ox.RdfFormat.JSON_LD,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "rdf": ox.RdfFormat.RDF_XML,
}
"""What can be judged, by file name ending; None means records (or a zip file)."""
_HIDDEN = re.compile(r"\.(?!\.?\Z)|__MACOSX\Z")
_LOOKS = (
    ("rdf", r"<(\?xml\b|rdf:RDF\b)"),
    ("nq", r"(<[^<>\s]*>|_:\S+)\s+<[^<>\s]*>\s+[<\"_]"),
    ("trig", r"(?i)(@prefix|@base|prefix|base|graph)\s"),
    ("json", r"[\[{]"),
    ("csv", r'(?i)"?(id|type)"?[,;\t]|sep='),
    ("yaml", r"(---|%YAML|- *\w+:|\w+:)(\s|\Z)"),
)
"""How the first line that is neither empty nor a comment begins; Turtle is read as TriG, which holds it."""


def gather(names: Iterable[str], kind: str = "", limit: int = MAX_BYTES) -> Iterator[Input | Finding]:
    """Read files and, in the order of their names, what is in folders; `-` is standard input.

    `kind` is the format of all of them, or "". Hidden files and folders are skipped. Raises OSError for a name that
    cannot be read; inside a folder that is a finding. A file is read only when it is asked for, and of it one byte
    more than `limit` at most, so that `expand` sees that it is too large.
    """
    for name in names:
        if name == "-":
            yield "<stdin>", sys.stdin.buffer.read(limit + 1), kind
        elif Path(name).is_dir():
            yield from _folder(Path(name), kind, limit)
        else:
            yield name, _read(Path(name), limit), kind


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit + 1)


def _folder(folder: Path, kind: str, limit: int) -> Iterator[Input | Finding]:
    count = 0

    def unreadable(error: OSError) -> None:
        problems.append(_unreadable(str(error.filename), error))

    problems: list[Finding] = []
    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from problems
        problems.clear()
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            count += 1
            if count > MAX_FILES:
                yield _too_many(str(folder))
                return
            try:
                if stat.S_ISREG(path.stat().st_mode):
                    yield str(path), _read(path, limit), kind
                else:
                    yield _unknown(str(path))
            except OSError as error:
                yield _unreadable(str(path), error)
    yield from problems
    if not count:
        yield violation("record", Place(str(folder)), "the folder holds no file", "a mappában nincs fájl")


def expand(inputs: Iterable[Input | Finding], limit: int = MAX_BYTES) -> Iterator[Input | Finding]:
    """Find out the format of each input and open zip files, whose members are named `file.zip/inner.yaml`.

    What comes out has a format of FORMATS other than `zip`. Ends with a finding when the inputs together, unpacked,
    have more than `limit` bytes.
    """
    left = limit

    def members() -> Iterator[Input | Finding]:
        for item in inputs:
            if isinstance(item, Finding):
                yield item
                continue
            name, data, kind = item
            kind = kind or format_of(name, data)
            if kind == "zip":
                yield from _members(name, data, left)
            elif kind in FORMATS:
                yield name, data, kind
            elif data.startswith(OLE):
                en, hu = OLD_OR_LOCKED
                yield violation("syntax", Place(name), f"the file is {en}", f"a fájl {hu}")
            else:
                yield _unknown(name)

    for item in members():
        if not isinstance(item, Finding):
            left -= len(item[1])
            if left < 0:
                size = f"{limit >> 20} MiB" if limit >= 2**20 else f"{limit} B"
                yield violation(
                    "too-large",
                    Place(item[0]),
                    f"larger than {size}, alone or with what came before: split it, or see --max-size",
                    f"nagyobb, mint {size}, egymaga vagy az előzőkkel együtt: ossza fel, vagy lásd: --max-size",
                )
                return
        yield item


def format_of(name: str, data: bytes) -> str:
    """The format that the name of a file tells, or else its content; "" if neither does."""
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending in FORMATS:
        return ending
    if ending:
        return ""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx" if b"xl/workbook.xml" in data else "zip"
    lines = data[:100_000].decode("utf-8-sig", "replace").splitlines()
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    return next((kind for kind, looks in _LOOKS if re.match(looks, first)), "")


def _members(name: str, data: bytes, limit: int) -> Iterator[Input | Finding]:
    """The files in a zip file, in order; nothing is written anywhere. Those inside others are refused."""
    count = 0
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in sorted(archive.infolist(), key=lambda each: each.filename):
                inner = member.filename
                parts = PurePath(inner).parts
                if member.is_dir() or any(_HIDDEN.match(part) for part in parts):
                    continue
                count += 1
                if count > MAX_FILES:
                    yield _too_many(name)
                    return
                yield _member(archive, member, f"{name}/{_printable(inner)}", limit)
    except BROKEN_ZIP as error:
        reason = _printable(str(error)) or type(error).__name__
        yield violation("syntax", Place(name), f"not a sound zip file: {reason}", f"hibás zip-fájl: {reason}")
    else:
        if not count:
            yield violation("record", Place(name), "the zip file holds no file", "a zip-fájlban nincs fájl")


BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
"""What the standard library raises for zip files that are broken, cut off or made to mislead."""


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> Input | Finding:
    en = hu = ""
    if member.flag_bits & 1:
        en, hu = "the file needs a password: pack it without one", "jelszó védi: tömörítse jelszó nélkül"
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        en, hu = "packed in an unusual way: use an ordinary zip", "szokatlan tömörítés: használjon közönséges zipet"
    elif member.file_size > max(2**20, MAX_RATIO * member.compress_size):
        en = f"unpacks to more than {MAX_RATIO} times its size"
        hu = f"kicsomagolva több mint {MAX_RATIO}-szor akkora"
    elif member.filename.lower().endswith(".zip"):
        en, hu = "a zip file inside a zip file is not opened", "zip-fájlban lévő zip-fájlt nem nyitunk ki"
    if en:
        return violation("syntax", Place(name), en, hu)
    if PurePath(member.filename).suffix and not format_of(member.filename, b""):
        return _unknown(name)  # not unpacked for nothing
    try:
        with archive.open(member) as file:  # a size that the header gives may be a lie
            data = file.read(limit + 1)
    except BROKEN_ZIP as error:
        reason = _printable(str(error)) or type(error).__name__
        return violation("syntax", Place(name), f"cannot be unpacked: {reason}", f"nem csomagolható ki: {reason}")
    kind = format_of(name, data)
    if kind == "zip":
        en, hu = "a zip file inside a zip file is not opened", "zip-fájlban lévő zip-fájlt nem nyitunk ki"
        return violation("syntax", Place(name), en, hu)
    return (name, data, kind) if kind else _unknown(name)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)[:200]


def _unknown(name: str) -> Finding:
    known = ", ".join(FORMATS)
    return violation(
        "unknown-format",
        Place(name),
        f"unknown format: the name tells none that can be read ({known}); rename it, or give --input",
        f"ismeretlen formátum: a név végződése egyik sem ezek közül ({known}); nevezze át, vagy adja meg: --input",
    )


def _unreadable(name: str, error: OSError) -> Finding:
    reason = error.strerror or type(error).__name__
    return violation("missing-file", Place(name), f"cannot be read: {reason}", f"nem olvasható: {reason}")


def _too_many(name: str) -> Finding:
    en, hu = f"more than {MAX_FILES} files: the rest was not read", f"több mint {MAX_FILES} fájl: a többi kimaradt"
    return violation("too-large", Place(name), en, hu)
