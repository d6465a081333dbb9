"""The files of a source: single, in folders and zip archives, compressed or not, or from standard input."""

import bz2
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from solidarity_spectrum.findings import InputError, Place, violation

MAX_ITEM = 64 * 2**20
"""Most bytes that are read for one item of a file; it bounds the memory that a hostile file can take."""
MAX_TEXT = 64 * 2**20
MAX_EXPANSION = 250
"""A compressed file may grow by this factor; published text grows by less than fifty."""
FREE_EXPANSION = 64 * 2**20
MAX_MEMBERS = 1_000_000
STDIN = "-"
_PACKED = (".gz", ".bz2", ".xz")
_OPENERS: tuple[tuple[bytes, Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (b"\x1f\x8b", lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file))),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
Index = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""Ids and types of what the graph holds, by key and value of an identifier."""


class Input:
    """One file of a source.

    `name` is what errors call it. `index` says what the graph holds; without it nothing can be joined.
    """

    def __init__(
        self,
        path: Path,
        name: str = "",
        index: Index | None = None,
        opener: Callable[[], BinaryIO] | None = None,
        sibling: Callable[[str], "Input | None"] | None = None,
    ) -> None:
        self.path = path
        self.name = name or str(path)
        self.index = index
        self.own: tuple[str, ...] = ()
        """What the ids of this source begin with: what it brought itself before is made anew, not joined."""
        self.packed = 0
        """Bytes that it takes in its zip archive."""
        self._opener = opener or (lambda: path.open("rb"))
        self._sibling = sibling or self._beside

    @property
    def stem(self) -> str:
        """The name without the ending of a compressed file: what tells the format."""
        return _unpacked(self.name)

    def place(self, line: int = 0, column: int = 0) -> Place:
        """A spot in this file."""
        return Place(self.name, line, column)

    def open(self) -> "Stream":
        """The bytes, decompressed, from the start. Reading raises InputError for a broken or hostile archive."""
        file = self._opener()
        head = file.read(8)
        file.seek(0)
        unpack = next((unpack for magic, unpack in _OPENERS if head.startswith(magic)), None)
        return Stream(unpack(file), self, file) if unpack else Stream(file, self)

    def text(self) -> str:
        """The whole text of a small file. Raises InputError if it is not UTF-8 or too large."""
        with self.open() as stream:
            data = stream.read(MAX_TEXT)
            if stream.read(1):
                raise refuse("too-large", self.place(), f"larger than {MAX_TEXT >> 20} MiB", "túl nagy")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise not_utf8(self.place(data[: error.start].count(b"\n") + 1)) from error

    def sibling(self, name: str) -> "Input | None":
        """Another file by its path relative to this one's folder, or None; never one outside what was given."""
        return self._sibling(name)

    def _beside(self, name: str) -> "Input | None":
        path = self.path.parent / name
        return Input(path, index=self.index) if path.is_file() else None

    def joined(self, key: str, value: str, kind: str = "") -> str | None:
        """The id of the one thing of other origin in the graph with this identifier, or None.

        `key` is a key of records such as `wikidataId`, `kind` a type it must have. Raises NoStore if the graph is not
        at hand, InputError if several things have the identifier.
        """
        from solidarity_spectrum.store import NoStore

        if self.index is None:
            raise NoStore("this source joins what the graph holds: run «solidarity build» first, or give --store")
        holders = self.holders(key, value)
        found = sorted({name for name, is_a in holders if kind in ("", is_a)})
        if len(found) > 1:
            several = ", ".join(found)
            raise refuse(
                "ambiguous",
                self.place(),
                f"{key} «{value}» is that of several things in the graph: {several}",
                f"a gráfban több dolog {key} azonosítója «{value}»: {several}",
            )
        return found[0] if found else None

    def holders(self, key: str, value: str) -> list[tuple[str, str]]:
        """Ids and types of the things of other origin with this identifier."""
        return [holder for holder in (self.index or {}).get((key, value), ()) if not holder[0].startswith(self.own)]


class Stream(io.BufferedReader):
    """Bytes of an input. What is read between two calls of `next_item` is capped, and what an archive grows to."""

    def __init__(self, file: IO[bytes], source: Input, packed: IO[bytes] | None = None) -> None:
        self._raw = _Raw(file, source, packed)
        super().__init__(self._raw, 1 << 16)

    def next_item(self) -> None:
        """Start counting anew: an item has been read whole."""
        self._raw.since = 0


class _Raw(io.RawIOBase):
    def __init__(self, file: IO[bytes], source: Input, packed: IO[bytes] | None) -> None:
        self._file, self._source, self._packed = file, source, packed
        self.since = self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            data = self._file.read(len(view))
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, ValueError) as error:
            raise _broken(self._source, error) from error
        except OSError as error:
            if error.errno is None:  # what bz2 raises for broken data
                raise _broken(self._source, error) from error
            raise
        view[: len(data)] = data
        self.since += len(data)
        self._total += len(data)
        if self.since > MAX_ITEM:
            en, hu = f"one item of it is larger than {MAX_ITEM >> 20} MiB", "egyetlen eleme túl nagy"
            raise refuse("too-large", self._source.place(), en, hu)
        size = self._source.packed or (self._packed.tell() if self._packed else 0)
        if size and self._total > max(FREE_EXPANSION, MAX_EXPANSION * size):
            en = f"it unpacks to more than {MAX_EXPANSION} times its size"
            raise refuse("too-large", self._source.place(), en, "kicsomagolva gyanúsan nagy")
        return len(data)

    def close(self) -> None:
        self._file.close()
        if self._packed:
            self._packed.close()
        super().close()


def refuse(rule: str, place: Place, en: str, hu: str) -> InputError:
    """An input that cannot be taken in, for one reason: raise it."""
    return InputError([violation(rule, place, en, hu)])


def not_utf8(place: Place) -> InputError:
    """The refusal of bytes that are not UTF-8."""
    return refuse("syntax", place, "the file is not UTF-8 text", "a fájl nem UTF-8 kódolású")


def _broken(source: Input, error: Exception) -> InputError:
    return refuse("syntax", source.place(), f"the archive is broken: {error}", f"hibás tömörített fájl: {error}")


def walk(paths: Iterable[Path], patterns: Sequence[str], index: Index | None = None) -> Iterator[Input]:
    """Every file of a source, in order.

    A folder or zip archive gives those of its files whose names match one of `patterns`; a file is taken as it is;
    `-` is standard input. Raises FileNotFoundError, InputError for a broken archive, and for a folder or archive in
    which nothing matches.
    """
    for path in paths:
        if str(path) == STDIN:
            yield _standard_input(index)
        elif path.is_dir():
            yield from _some(_folder(path, patterns, index), Place(str(path)), patterns)
        elif _is_zip(path):
            yield from _some(_archive(path, patterns, index), Place(str(path)), patterns)
        else:
            yield Input(path, index=index)


def _some(inputs: Iterator[Input], place: Place, patterns: Sequence[str]) -> Iterator[Input]:
    first = next(inputs, None)
    if first is None:
        wanted = ", ".join(patterns)
        raise refuse("missing-file", place, f"no file in it is named like {wanted}", f"nincs benne ilyen: {wanted}")
    yield first
    yield from inputs


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    if name.startswith("._"):
        return False  # what macOS adds to archives beside each file
    stem = _unpacked(name).lower()
    return any(fnmatchcase(stem, pattern.lower()) for pattern in patterns)


def _unpacked(name: str) -> str:
    for ending in _PACKED:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name


def _folder(folder: Path, patterns: Sequence[str], index: Index | None) -> Iterator[Input]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            if _wanted(path.name, patterns):
                yield Input(path, index=index)
            elif path.suffix == ".zip" and _is_zip(path):
                yield from _archive(path, patterns, index)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(262)
    if head[257:262] == b"ustar" or path.name.endswith((".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")):
        en, hu = "a tar archive: unpack it (tar -xf) and give the folder", "tar archívum: csomagolja ki (tar -xf)"
        raise refuse("syntax", Place(str(path)), en, hu)
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _archive(path: Path, patterns: Sequence[str], index: Index | None) -> Iterator[Input]:
    place = Place(str(path))
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise refuse("syntax", place, f"the archive is broken: {error}", f"hibás tömörített fájl: {error}") from error
    members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if len(members) > MAX_MEMBERS:
        archive.close()
        raise refuse("too-large", place, f"more than {MAX_MEMBERS} files", "túl sok fájl")

    def member(name: str) -> Input:
        info = members[name]

        def opener() -> BinaryIO:
            try:
                # A loader may come back to a member when the walk is over and the archive closed.
                return cast(BinaryIO, (archive if archive.fp else zipfile.ZipFile(path)).open(info))
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
                raise _broken(made, error) from error

        def beside(other: str) -> Input | None:
            parts: list[str] = []
            for part in (PurePosixPath(name).parent / other).parts:
                if part != "..":
                    parts.append(part)
                elif parts:
                    parts.pop()
            full = "/".join(parts)
            return member(full) if full in members else None

        made = Input(path, f"{path}!{name}", index, opener, beside)
        made.packed = max(1, info.compress_size)
        return made

    with archive:
        for name in sorted(members):
            if _wanted(PurePosixPath(name).name, patterns):
                yield member(name)


def _standard_input(index: Index | None) -> Input:
    """Standard input, kept in a temporary file so that it can be read more than once."""
    kept = tempfile.NamedTemporaryFile(prefix="solidarity-", delete=True)  # noqa: SIM115 - closed with the process
    shutil.copyfileobj(sys.stdin.buffer, kept)
    kept.flush()
    made = Input(Path(kept.name), "<stdin>", index)
    made.kept = kept  # type: ignore[attr-defined]
    return made
