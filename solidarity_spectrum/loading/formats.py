"""Readers of XML, JSON, YAML and tables: item by item, in constant memory, each with its place."""

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from lxml import etree

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading.description import Description, pattern
from solidarity_spectrum.loading.fields import TEXT, Fields, in_turn, line_of, local, of_element
from solidarity_spectrum.loading.inputs import Input, Stream, not_utf8, refuse
from solidarity_spectrum.records.yaml import read as read_yaml

MAX_DEPTH = 100
"""Elements inside each other; no published format comes near."""


def elements(
    source: Input, description: Description, *paths: str, namespace: str = "", holders: Sequence[str] = ()
) -> Iterator[Fields]:
    """The elements at some paths of an XML document, in its order.

    A path starts at the root (`TEI/text/body//u`; `//` is any depth); names are those of `namespace`, others take a
    prefix of the description; `holders` are paths below `//` that may be empty. Raises InputError for what is not
    well-formed or cut off, for a document type with entities, for another root or namespace, and for what stands
    outside the paths and is not out of scope.
    """
    matches = cache(re.compile("|".join(f"(?:{pattern(path)})" for path in paths)).fullmatch)
    holds = cache(re.compile("|".join(f"(?:{pattern(path)})" for path in holders) or "(?!)").fullmatch)
    roots = {re.split("/+", path)[0] for path in paths}
    containers = {"/".join(steps[:n]) for path in paths if (steps := path.split("/")) for n in range(1, len(steps))}
    ignores = description.ignores
    names: list[str] = []
    leaf: list[bool] = []
    inside = 0
    with source.open() as stream:
        try:
            events = etree.iterparse(
                stream,
                events=("start", "end"),
                load_dtd=False,
                no_network=True,
                resolve_entities=False,
                remove_comments=True,
                remove_pis=True,
                huge_tree=False,
            )
            for event, element in events:
                if event == "start":
                    name = local(str(element.tag), namespace or None, description)
                    if not names:
                        _check_root(element, name, roots, namespace, source, description)
                    elif leaf:
                        leaf[-1] = False
                    names.append(name)
                    leaf.append(True)
                    if len(names) > MAX_DEPTH:
                        place = source.place(line_of(element))
                        raise refuse("syntax", place, f"nested deeper than {MAX_DEPTH} levels", "túl mély beágyazás")
                    if inside or matches("/".join(names)):
                        inside += 1
                    continue
                if inside > 1:
                    inside -= 1
                    names.pop()
                    leaf.pop()
                    continue
                path = "/".join(names)
                if inside:
                    inside = 0
                    stream.next_item()
                    yield from in_turn(of_element(element, path, source.name, description))
                elif not (
                    path in containers
                    or not (leaf[-1] or (element.text or "").strip())
                    or (leaf[-1] and not (element.text or "").strip() and holds(path))
                    or ignores(path)
                ):
                    place = source.place(line_of(element))
                    en, hu = f"nothing reads the element «{path}»", f"semmi sem olvassa ezt az elemet: «{path}»"
                    raise refuse("unread-field", place, en, hu)
                names.pop()
                leaf.pop()
                element.clear()
                parent = element.getparent()
                while parent is not None and len(parent) > 1:
                    del parent[0]
        except etree.XMLSyntaxError as error:
            entry: Any = events.error_log[-1] if events.error_log else None
            line, column = error.position or (0, 0)
            message = error.msg or (entry.message if entry else "no element found")
            message = re.sub(r"(, line \d+, column \d+)? ?(\(.*, line \d+\))?$", "", message)
            place = source.place(line or (entry.line if entry else 0), column or 0)
            raise refuse("syntax", place, f"not valid XML: {message}", f"hibás XML: {message}") from error


def _check_root(
    element: "etree._Element", name: str, roots: set[str], namespace: str, source: Input, description: Description
) -> None:
    place = source.place(line_of(element))
    kind: Any = element.getroottree().docinfo.internalDTD
    if kind is not None and kind.entities():
        en, hu = "it declares entities, which are not read", "entitásokat határoz meg, ami nem megengedett"
        raise refuse("syntax", place, en, hu)
    if name in roots:
        return
    found = etree.QName(element)
    if found.localname in {root.rpartition(":")[2] for root in roots}:
        prefix = next(root for root in roots if root.rpartition(":")[2] == found.localname).rpartition(":")[0]
        namespace = description.prefixes.get(prefix, namespace)
        en = f"the root element is in the namespace «{found.namespace or ''}», not «{namespace}»"
        raise refuse("namespace", place, en, f"a gyökérelem névtere «{found.namespace or ''}», nem «{namespace}»")
    wanted = ", ".join(sorted(roots))
    raise refuse("root", place, f"the root element is «{name}», not {wanted}", f"a gyökérelem «{name}», nem {wanted}")


def json_items(source: Input, description: Description, *paths: str) -> Iterator[Fields]:
    """The items at some paths of a JSON document, in its order.

    A path names keys from the top (`results/bindings`); an array there gives each of its items, an object itself. The
    empty path is the top: an array, one object, or a line each (JSON Lines). Numbers stay as written. Raises
    InputError for what is not JSON or cut off, for keys that stand twice, deep nesting, and for what stands outside
    the paths and is not out of scope.
    """
    with source.open() as stream:
        for path, line, value in _Json(stream, source, paths, description).items():
            yield from in_turn(_fields(value, path, source, line, description))


def yaml_items(source: Input, description: Description, *paths: str) -> Iterator[Fields]:
    """The items at some paths of a YAML document, as `json_items` gives them.

    A list at the top in block style is read item by item; anything else whole.
    """
    if paths != ("",):
        document, places = read_yaml(source.text().encode(), source.name)
        for path, at, value in _inner(document, "", (), paths, source, description, places):
            yield from in_turn(_fields(value, path, source, places.get(at, (0, 0))[0], description))
        return
    with source.open() as stream:
        for line, chunk in _list_items(stream):
            try:
                found, _ = read_yaml(b"\n" * (line - 1) + chunk, source.name)
            except RecursionError as error:
                raise refuse("syntax", source.place(line), "nested too deeply", "túl mély beágyazás") from error
            stream.next_item()
            for value in found if isinstance(found, list) else [] if found is None else [found]:
                yield from in_turn(_fields(value, "", source, line, description))


def _list_items(stream: Stream) -> Iterator[tuple[int, bytes]]:
    """Line and bytes of each item of a list in block style, or of the whole text if it is none."""
    chunk: list[bytes] = []
    start = 1
    for line, text in enumerate(stream, 1):
        if text.startswith((b"- ", b"-\n", b"-\r")) and any(part.strip() for part in chunk):
            yield start, b"".join(chunk)
            chunk, start = [], line
        if text.rstrip() == b"---" and not any(part.strip() for part in chunk):
            text = b"\n"
        chunk.append(text)
    yield start, b"".join(chunk)


def _inner(
    value: Any,
    path: str,
    at: tuple[str | int, ...],
    paths: Sequence[str],
    source: Input,
    description: Description,
    places: dict[tuple[str | int, ...], tuple[int, int]],
) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    if path in paths:
        if isinstance(value, list):
            yield from ((path, (*at, number), item) for number, item in enumerate(value))
        else:
            yield path, at, value
    elif _leads(path, paths) and isinstance(value, dict):
        for key, item in value.items():
            yield from _inner(item, f"{path}/{key}" if path else key, (*at, key), paths, source, description, places)
    elif not description.ignores(path):
        raise _unread(path, source, places.get(at, (0, 0))[0])


def _leads(path: str, paths: Iterable[str]) -> bool:
    return not path or any(wanted.startswith(path + "/") for wanted in paths)


def _unread(path: str, source: Input, line: int) -> InputError:
    en, hu = f"nothing reads the field «{path}»", f"semmi sem olvassa ezt a mezőt: «{path}»"
    return refuse("unread-field", source.place(line), en, hu)


def _fields(value: Any, path: str, source: Input, line: int, description: Description) -> Fields:
    return Fields(value if isinstance(value, dict) else {TEXT: value}, path, source.place(line), description)


class _Json:
    """A JSON document read piece by piece; each value that is wanted is decoded by the standard library."""

    def __init__(self, stream: Stream, source: Input, paths: Sequence[str], description: Description) -> None:
        self._stream, self._source, self._paths, self._description = stream, source, paths, description
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_no_constant
        )
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at, self._line, self._ended = "", 0, 1, False

    def items(self) -> Iterator[tuple[str, int, Any]]:
        """Path, line and value of each item."""
        top = self._peek()
        if not top:
            raise self._error("the file is empty", "a fájl üres")
        yield from self._value("")
        while self._peek():
            if "" not in self._paths or top != "{":
                raise self._error("something follows the end of the document", "a dokumentum vége után is van valami")
            yield from self._value("")

    def _value(self, path: str) -> Iterator[tuple[str, int, Any]]:
        first = self._peek()
        line = self._line
        if path in self._paths and first != "[":
            yield path, line, self._decode()
            self._stream.next_item()
        elif first == "[" and (path in self._paths or _leads(path, self._paths)):
            self._at += 1
            if self._peek() == "]":
                self._at += 1
                return
            while True:
                if path in self._paths:
                    self._peek()
                    line = self._line
                    yield path, line, self._decode()
                    self._stream.next_item()
                else:
                    yield from self._value(path)
                if self._next(",]") == "]":
                    return
        elif first == "{" and _leads(path, self._paths):
            yield from self._object(path)
        else:
            self._decode()
            self._stream.next_item()
            if not self._description.ignores(path):
                raise _unread(path or "(the top)", self._source, line)

    def _object(self, path: str) -> Iterator[tuple[str, int, Any]]:
        self._at += 1
        if self._peek() == "}":
            self._at += 1
            return
        seen: set[str] = set()
        while True:
            if self._peek() != '"':
                raise self._error("not valid JSON: a key is missing", "hibás JSON: hiányzik egy kulcs")
            key = str(self._decode())
            if key in seen:
                raise self._error(f"the key «{key}» stands twice in one object", f"a(z) «{key}» kulcs kétszer szerepel")
            seen.add(key)
            self._next(":")
            yield from self._value(f"{path}/{key}" if path else key)
            if self._next(",}") == "}":
                return

    def _next(self, wanted: str) -> str:
        found = self._peek()
        if not found or found not in wanted:
            names = " or ".join(wanted)
            what = "it is cut off" if not found else f"expected {names}"
            raise self._error(f"not valid JSON: {what}", f"hibás JSON: {'csonka' if not found else f'{names} kell'}")
        self._at += 1
        return found

    def _peek(self) -> str:
        """The next character that is not white space, or "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            end = found.end() if found else self._at
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            if end < len(self._text):
                return self._text[end]
            if not self._more(1 << 16):
                return ""

    def _decode(self) -> Any:
        size = 1 << 16
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # What stands well before the end of what was read cannot be mended by reading on.
                near_end = error.pos > len(self._text) - 16 or error.msg.startswith("Unterminated string")
                if near_end and self._more(size):
                    size *= 2
                    continue
                lines = self._text.count("\n", self._at, error.pos)
                place = self._source.place(self._line + lines, error.colno if lines else 0)
                cut = self._ended and (error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated"))
                en, hu = f"not valid JSON: {error.msg}", f"hibás JSON: {error.msg}"
                en, hu = ("the document is cut off", "a dokumentum csonka") if cut else (en, hu)
                raise refuse("syntax", place, en, hu) from error
            except RecursionError as error:
                raise self._error("nested too deeply", "túl mély beágyazás") from error
            except ValueError as error:
                raise self._error(str(error), f"hibás JSON: {error}") from error
            if end == len(self._text) and self._more(size):  # a number may go on
                size *= 2
                continue
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        """Read on; False at the end of the file."""
        if self._ended:
            return False
        data = self._stream.read(size)
        self._ended = len(data) < size
        try:
            text = self._bytes.decode(data, self._ended)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n", self._at) + data[: error.start].count(b"\n")
            raise not_utf8(self._source.place(line)) from error
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(text)

    def _error(self, en: str, hu: str) -> InputError:
        return refuse("syntax", self._source.place(self._line), en, hu)


_SPACE = re.compile(r"[ \t\r\n]*")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key «{twice}» stands twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def rows(
    source: Input,
    description: Description,
    required: Iterable[str] = (),
    delimiter: str = ",",
    comments: str = "",
    columns: Sequence[str] = (),
) -> Iterator[Fields]:
    """The rows of a table (CSV, TSV) as fields by column.

    The header is the first line after those that start with `comments`; a file without one is given its `columns`.
    Raises InputError if the header lacks one of `required`, has a name twice or one that the description neither maps
    nor puts out of scope, if a row is longer or shorter than the header, or if the file is not UTF-8.
    """
    csv.field_size_limit(1 << 24)
    header = list(columns)
    with source.open() as stream:
        skipped = 0

        def lines() -> Iterator[str]:
            nonlocal skipped
            for number, raw in enumerate(stream, 1):
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise not_utf8(source.place(number)) from error
                if comments and not header and skipped == number - 1 and text.startswith(comments):
                    skipped = number
                else:
                    yield text

        reader = csv.reader(lines(), delimiter=delimiter, strict=True)
        last = 0
        try:
            for row in reader:
                line, last = skipped + last + 1, reader.line_num
                stream.next_item()
                if not header:
                    header = row
                    _check_header(header, set(required), source, line, description)
                elif len(row) != len(header):
                    if not row:
                        continue
                    en = f"{len(row)} cells where the header has {len(header)}"
                    raise refuse("syntax", source.place(line), en, f"{len(row)} cella, a fejléc {len(header)}")
                else:
                    yield from in_turn(Fields(dict(zip(header, row, strict=True)), "", source.place(line), description))
        except csv.Error as error:
            place = source.place(skipped + reader.line_num)
            raise refuse("syntax", place, f"broken row: {error}", f"hibás sor: {error}") from error
    if not header:
        raise refuse("syntax", source.place(), "the table is empty", "a táblázat üres")


def _check_header(header: list[str], required: set[str], source: Input, line: int, description: Description) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    strange = [name for name in header if name not in description.fields and not description.ignores(name)]
    for rule, names, en, hu in (
        ("missing-column", sorted(required - set(header)), "missing", "hiányzó oszlop"),
        ("unknown-column", sorted(strange), "unknown: no reader takes it", "ismeretlen oszlop"),
        ("duplicate-column", twice, "stands twice", "kétszer szereplő oszlop"),
    ):
        if names:
            listed = ", ".join(f"«{name}»" for name in names)
            raise refuse(rule, source.place(line), f"column {listed}: {en}", f"{hu}: {listed}")
