"""Reading YAML (and JSON, which is a part of it) with the line and column of every value.

Scalars stay text: the context, not the look of a value, decides its type, so that `no` remains the word «no»
and `2018-06` a month. Anchors, tags, duplicate keys and deep nesting are refused: records do not need them
and strangers could abuse them.
"""

import re
from typing import Any, ClassVar

import yaml

from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.records.text import MAX_VALUES, TOO_MANY, decode

Value = Any
"""A mapping (`dict[str, Value]`), a list, a string or None."""
Path = tuple[str | int, ...]
Places = dict[Path, tuple[int, int]]

MAX_DEPTH = 20
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = {"", "~", "null", "Null", "NULL"}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no text may hold, escaped or not: XML cannot carry it, and a terminal would obey it."""
NO_CONTROL = ("a control character is not allowed here", "vezérlőkarakter itt nem megengedett")


def read(data: bytes, file: str) -> tuple[Value, Places]:
    """Parse one document.

    Returns its value and the place (line, column; from 1) of every key and item by path.
    Raises InputError for bytes that are not UTF-8, for YAML errors, and for what records do not allow.
    """
    value, places, findings = parse(decode(data, file), file)
    if findings:
        raise InputError(findings)
    return value, places


def parse(text: str, file: str, line: int = 0) -> tuple[Value, Places, list[Finding]]:
    """As `read`, of a text that stands `line` lines below the beginning of the file; what records do not allow, but
    YAML does, is returned. Raises InputError for what is no YAML, or nested too deeply."""
    builder = _Builder(file, line)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise InputError([*builder.findings, _explained(error, text, file, line)]) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        place = Place(file, before.count("\n") + 1 + line, len(before) - before.rfind("\n"))
        raise InputError([_syntax(place, *NO_CONTROL)]) from error
    return builder.document, builder.places, builder.findings


_REASONS = {
    "mapping values are not allowed": (
        "no colon can stand here: put a text with «: » in quotation marks; check the indentation and the line above",
        "itt nem állhat kettőspont: a «: » jelet tartalmazó szöveg idézőjelbe való; vagy hibás a behúzás, az előző sor",
    ),
    "cannot start any token": (
        "a text cannot begin with this character: put it in quotation marks",
        "szöveg nem kezdődhet ezzel a karakterrel: tegye idézőjelbe",
    ),
    "did not find expected key": (
        "no key here: check the indentation, and that nothing stands behind a closing quotation mark",
        "itt kulcs kellene: nézze meg a behúzást, és hogy záró idézőjel után ne álljon semmi",
    ),
    "could not find expected ':'": ("a key without a colon", "kulcs kettőspont nélkül"),
    "did not find expected ',' or": (
        "a bracket is not closed, or a comma is missing",
        "nincs bezárva egy zárójel, vagy hiányzik egy vessző",
    ),
    "did not find expected node content": (
        "a value is missing, or a bracket is not closed",
        "hiányzik egy érték, vagy nincs bezárva egy zárójel",
    ),
    "found unexpected end of stream": ("a quotation mark is not closed", "nincs bezárva egy idézőjel"),
    "found unexpected document indicator": ("a quotation mark is not closed", "nincs bezárva egy idézőjel"),
    "did not find expected '-' indicator": (
        "the items of a list begin with «- », all at the same indentation",
        "egy lista elemei «- » jellel kezdődnek, azonos behúzással",
    ),
    "block sequence entries are not allowed": (
        "«- » cannot stand here: begin a new line, and check the indentation",
        "itt nem állhat «- »: kezdjen új sort, és nézze meg a behúzást",
    ),
    "unknown escape character": (
        "\\ means something special in \": write it twice, or use ' for the quotation marks",
        "a \\ jelnek \" között külön jelentése van: írja kétszer, vagy használjon ' idézőjelet",
    ),
}
"""What the parser says, and what that means for who wrote the file."""
_TAB = ("a tab cannot indent YAML: use spaces", "a YAML-ben a behúzás nem lehet tabulátor: használjon szóközt")


def _explained(error: yaml.MarkedYAMLError, text: str, file: str, line: int) -> Finding:
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    if mark is None:
        return _syntax(Place(file), f"not valid YAML: {error.problem}", f"hibás YAML: {error.problem}")
    problem = " ".join(filter(None, [error.context, error.problem]))
    en, hu = next((words for said, words in _REASONS.items() if said in problem), (problem, problem))
    lines = text.split("\n", mark.line + 1)
    here = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or here[mark.column : mark.column + 1] == "\t":
        en, hu = _TAB
    elif opened and opened.line < mark.line and re.search("flow|quoted|simple key", error.context or ""):
        # What is not closed is found out only where something else comes: the place to mend is where it was opened.
        en, hu = f"{en} (noticed at line {mark.line + 1 + line})", f"{hu} (a {mark.line + 1 + line}. sorban derült ki)"
        mark = opened
    return _syntax(Place(file, mark.line + 1 + line, mark.column + 1), f"not valid YAML: {en}", f"hibás YAML: {hu}")


def _syntax(place: Place, en: str, hu: str) -> Finding:
    return violation("syntax", place, en, hu)


class _Builder:
    """Builds the value from the parser's events, without recursion."""

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line
        self.document: Value = None
        self.places: Places = {}
        self.findings: list[Finding] = []
        self._open: list[tuple[Value, Path]] = []  # containers being filled, innermost last
        self._keys: list[str | None] = []  # the pending key of each open mapping
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(
                    event,
                    "a file holds one document, not several separated by «---»",
                    "egy fájl egy dokumentumot tartalmazhat, «---» nélkül",
                )
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases (*name) are not allowed", "hivatkozás (*név) nem megengedett")
            self._put(event, None)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()

    def _node(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            self._refuse(event, "anchors (&name) are not allowed", "horgony (&név) nem megengedett")
        if getattr(event, "tag", None) not in (None, "!", "tag:yaml.org,2002:str"):
            self._refuse(event, "tags (!type) are not allowed", "címke (!típus) nem megengedett")
        if isinstance(event, yaml.ScalarEvent):
            if CONTROL.search(event.value):
                self._refuse(event, *NO_CONTROL)
            plain_null = event.style is None or event.style == ""
            self._put(event, None if plain_null and event.value in _NULL else CONTROL.sub("\ufffd", event.value))
            return
        container: Value = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._put(event, container)
        if len(self._open) >= MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels", f"{MAX_DEPTH} szintnél mélyebb beágyazás")
            raise InputError(self.findings)
        self._open.append((container, path))
        self._keys.append(None)

    def _put(self, event: yaml.NodeEvent, value: Value) -> Path:
        where = self._position(event)
        if len(self.places) > MAX_VALUES:
            place = Place(self.file, *self._position(event))
            raise InputError([*self.findings, violation("too-large", place, *TOO_MANY)])
        if not self._open:
            if self._documents == 1:
                self.document = value
                self.places[()] = where
            return ()
        container, path = self._open[-1]
        if isinstance(container, list):
            here: Path = (*path, len(container))
            container.append(value)
            self.places[here] = where
            return here
        key = self._keys[-1]
        if key is None:
            if not isinstance(value, str):
                self._refuse(event, "a key must be text", "a kulcs csak szöveg lehet")
                value = f"?{len(container)}"
            if value in container:
                self._refuse(event, f"the key «{value}» stands twice", f"a(z) «{value}» kulcs kétszer szerepel")
            self._keys[-1] = value
            self.places[(*path, value)] = where
            return (*path, value)
        self._keys[-1] = None
        container[key] = value
        return (*path, key)

    def _refuse(self, event: yaml.Event, en: str, hu: str) -> None:
        place = Place(self.file, *self._position(event))
        self.findings.append(_syntax(place, en, hu))

    def _position(self, event: yaml.Event) -> tuple[int, int]:
        mark = event.start_mark
        return (mark.line + 1 + self.line, mark.column + 1) if mark else (0, 0)


def dump(value: Value) -> str:
    """Write records in the canonical form of `data/`: block style, width 120, keys in the order given."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one in C writes the same, six times as fast."""


class _Dumper(_Base):  # type: ignore[misc]
    """Quotes what a reader of YAML 1.2 would take for something else than text; dates stay plain."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def ignore_aliases(self, data: object) -> bool:
        """What two records share is written out twice: the reader takes no aliases."""
        return True


for _tag, _pattern in {
    "null": r"(?:~|null|Null|NULL|)\Z",
    "bool": r"(?:true|True|TRUE|false|False|FALSE|yes|Yes|no|No|on|On|off|Off)\Z",
    "int": r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z",
    "float": r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|nan))\Z",
}.items():
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), None)
