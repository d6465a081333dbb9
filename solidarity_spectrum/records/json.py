"""Reading JSON (RFC 8259) with the line and column of every value; strict, without recursion, and with the numbers
as they are written."""

import json
import re
from bisect import bisect_right
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.records.text import MAX_VALUES, TOO_MANY, decode
from solidarity_spectrum.records.yaml import CONTROL, NO_CONTROL, Path, Places, Value

MAX_DEPTH = 100
_SPACE = re.compile(r"[ \t\r\n]*+")
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")
    |(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![\w.+-])
    |(?P<word>true|false|null)(?!\w)
    |(?P<mark>[\[\]{},:])""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_FAULTS = (
    (
        r'"(?:[^"\\\n]|\\.)*+(?:\n|\Z)',
        "the text is not closed with a quotation mark",
        "a szöveg nincs idézőjellel lezárva",
    ),
    (
        r'"',
        "the text holds a character or an escape that JSON does not allow",
        "a szövegben nem megengedett karakter vagy \\ jel van",
    ),
    (r"/[/*]|#", "comments are not allowed", "megjegyzés nem megengedett"),
    (r"'|[“”„‘’«]", 'text stands in quotation marks of this form: "', 'a szöveg ilyen idézőjelbe kerüljön: "'),
    (r"-?(NaN|Infinity)", "this is not a number of JSON", "ez nem JSON-szám"),
    (r"[-+.]?[0-9]", "this is not a number of JSON; put it in quotation marks", "ez nem JSON-szám; tegye idézőjelbe"),
    (r"\w", 'text must stand in quotation marks: "', 'a szöveget idézőjelbe kell tenni: "'),
    (r"\Z", "the file ends too early: a bracket is not closed", "a fájl túl korán véget ér: nincs bezárva egy zárójel"),
    (r"", "this character does not belong here", "ez a karakter nem ide való"),
)
_CLOSES = {"{": "}", "[": "]"}


def read(data: bytes, file: str) -> tuple[Value, Places]:
    """Parse one JSON document: its value, and the places of its keys and items.

    Raises InputError for bytes that are not UTF-8 and for JSON errors, keys that stand twice and deep nesting included.
    """
    value, places, findings = recover(data, file)
    if findings:
        raise InputError(findings)
    return value, places


def recover(data: bytes, file: str) -> tuple[Value, Places, list[Finding]]:
    """As `read`, but what is wrong is returned, with as much of the value as stood complete before it.

    An object or list that was not complete is left out, unless the rest stands in it: it is then a list, or an object
    whose last value such a list is. Raises InputError for bytes that are not UTF-8.
    """
    reader = _Reader(decode(data, file), file)
    try:
        reader.run()
    except _Broken as broken:
        offset, en, hu = broken.args
        reader.findings.append(violation("syntax", reader.place(offset), f"not valid JSON: {en}", f"hibás JSON: {hu}"))
        reader.cut()
    return reader.value, reader.places, reader.findings


class _Broken(Exception):
    """Where reading ends, and why, in English and Hungarian."""


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.value: Value = None
        self.places: Places = {}
        self.findings: list[Finding] = []
        self.open: list[tuple[Any, Path]] = []
        self.lines = [0] + [match.end() for match in re.finditer("\n", text)]

    def place(self, offset: int) -> Place:
        return Place(self.file, *self.spot(offset))

    def spot(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def run(self) -> None:
        text, offset, expect = self.text, 0, "value"
        key, at, comma = "", 0, 0
        while True:
            offset = _SPACE.match(text, offset).end()  # type: ignore[union-attr]
            if expect == "end":
                if offset < len(text):
                    raise _Broken(offset, "something stands after the end", "a vége után is áll valami")
                return
            token = _TOKEN.match(text, offset)
            mark = token["mark"] if token else ""
            container, path = self.open[-1] if self.open else (None, ())
            closing = _CLOSES["{" if isinstance(container, dict) else "["] if self.open else ""
            if mark and mark == closing and expect in ("first", "next"):
                self.open.pop()
                expect = "next" if self.open else "end"
            elif expect == "next":
                if mark != ",":
                    self.fault(
                        offset, "a comma or a closing bracket is missing", "vessző vagy záró zárójel hiányzik", token
                    )
                expect = "key" if isinstance(container, dict) else "value"
                comma = offset
            elif isinstance(container, dict) and expect in ("first", "key"):
                if mark == "}":
                    raise _Broken(comma, "a comma stands before the closing bracket", "vessző áll a záró zárójel előtt")
                if not token or not token["string"]:
                    self.fault(
                        offset, 'a key in quotation marks is missing: "', 'idézőjelbe tett kulcs hiányzik: "', token
                    )
                key, at = json.loads(token["string"]), offset  # type: ignore[index]
                expect = "colon"
            elif expect == "colon":
                if mark != ":":
                    self.fault(offset, "a colon is missing", "kettőspont hiányzik", token)
                expect = "value"
            else:
                if not token or mark in (*",:}]",):
                    if mark == "]" and isinstance(container, list):
                        raise _Broken(
                            comma, "a comma stands before the closing bracket", "vessző áll a záró zárójel előtt"
                        )
                    self.fault(offset, "a value is missing", "hiányzik egy érték", token)
                value = self.scalar(token) if not mark else {} if mark == "{" else []  # type: ignore[arg-type]
                here = self.put(container, path, key, value, at if isinstance(container, dict) else offset)
                expect = "next" if self.open else "end"
                if mark:
                    if len(self.open) >= MAX_DEPTH:
                        raise _Broken(
                            offset, f"nested deeper than {MAX_DEPTH} levels", f"{MAX_DEPTH} szintnél mélyebb beágyazás"
                        )
                    self.open.append((value, here))
                    expect = "first"
            offset = token.end()  # type: ignore[union-attr]

    def fault(self, offset: int, en: str, hu: str, token: re.Match[str] | None) -> None:
        """Raise what is wrong: if the text is no token at all, what is special about it."""
        if token is None:
            en, hu = next(words for look, *words in _FAULTS if re.compile(look).match(self.text, offset))
        raise _Broken(offset, en, hu)

    def scalar(self, token: re.Match[str]) -> Value:
        if token["string"]:
            return json.loads(token["string"])
        return token["number"] or _WORDS[token["word"]]

    def put(self, container: Any, path: Path, key: str, value: Value, offset: int) -> Path:
        if CONTROL.search(key) or (isinstance(value, str) and CONTROL.search(value)):
            self.findings.append(violation("syntax", self.place(offset), *NO_CONTROL))
            key, value = CONTROL.sub("\ufffd", key), CONTROL.sub("\ufffd", value) if isinstance(value, str) else value
        if container is None:
            self.value = value
            self.places[()] = self.spot(offset)
            return ()
        if isinstance(container, list):
            here: Path = (*path, len(container))
            container.append(value)
        else:
            here = (*path, key)
            if key in container:
                en, hu = f"the key «{key}» stands twice", f"a(z) «{key}» kulcs kétszer szerepel"
                self.findings.append(violation("syntax", self.place(offset), en, hu))
            container[key] = value
        self.places[here] = self.spot(offset)
        if len(self.places) > MAX_VALUES:
            raise InputError([*self.findings, violation("too-large", self.place(offset), *TOO_MANY)])
        return here

    def cut(self) -> None:
        """Leave out the last item of a list of records (all of the document, or its `records`) if it is not complete,
        and all of a document that has no such list."""
        depth = 0 if isinstance(self.value, list) else 1
        records = self.value if depth == 0 else self.value.get("records") if isinstance(self.value, dict) else None
        if not isinstance(records, list):
            self.value = None
        elif len(self.open) > depth + 1 and self.open[depth][0] is records:
            records.pop()
