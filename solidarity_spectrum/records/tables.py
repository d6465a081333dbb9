"""Records from tables: a row is a record, and the name of a column says which key its cells belong to.

A column is named by the path of its key inside the record, joined by dots: `id`, `label.en`, `sources.1.url`,
`offices.2.startDate`; the items of lists are counted from 1. A cell of ids, codes, dates or numbers may hold several,
separated by `;`. Several texts need columns of their own: `docket.1`, `docket.2`. The name of a table (a CSV file, a
sheet of a workbook) says what kind its records are, so that `type` may be left out; so may the `type` of parts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, Place, suggest, violation
from solidarity_spectrum.records.compile import Record
from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.records.text import MAX_VALUES, TOO_MANY, decode
from solidarity_spectrum.records.yaml import CONTROL, NO_CONTROL, Path, Places

KINDS = {
    "statements": ("Statement",),
    "laws": ("LegalInstrument",),
    "provisions": ("Provision", "Offence"),
    "cases": ("Case",),
    "decisions": ("Decision", "AdvocateGeneralOpinion", "SeparateOpinion", "ProceduralAct"),
    "persons": ("Person",),
    "organisations": ("Organisation", "PoliticalParty", "State", "Court", "Municipality"),
    "practices": ("Practice", "SolidarityPractice", "ControlPractice"),
    "events": ("Event",),
    "works": ("Work",),
    "concepts": ("Concept",),
    "claims": ("Claim",),
    "connections": ("Connection",),
}
"""The types of the records in a table, by its name; the first is meant where a row gives none."""
PARTS = {
    "offices": "Office",
    "versions": "ProvisionVersion",
    "penalties": "Penalty",
    "exemptions": "Exemption",
    "sentences": "Sentence",
    "figures": "Figure",
    "attributions": "Attribution",
    "disagreements": "Disagreement",
    "readings": "Reading",
}
"""What the keys hold whose values are parts, written inside their record."""
EXAMPLE = "example-row-"
"""How the id of the row begins that a template shows as an example."""
MAX_FINDINGS = 100
"""A file with more mistakes of form than this is not what it says it is."""
MAX_COLUMNS = 2_000
MAX_ITEMS = 1_000
"""The highest number of an item that the name of a column may give."""
_UNCLOSED = ('the quotation mark " is not closed', 'az idézőjel (") nincs bezárva')
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"')
_PLAIN = {separator: re.compile(f"[^{separator}\r\n]*+") for separator in ",;\t"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell and where it stands."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Table:
    """Takes rows, the header first, and makes records of them; what is wrong with a row or column is a finding."""

    file: str
    name: str
    """Name of the table, which may say the kind of its records: `statements`, `laws-hungary`."""
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _columns: list["_Column | None"] | None = None
    _values: int = 0

    @property
    def named(self) -> bool:
        """Whether a header was read."""
        return self._columns is not None

    def refuse(self, rule: str, cell: Cell, en: str, hu: str) -> None:
        """Add a finding about a cell. Raises InputError when there are too many to be worth reading on."""
        self.findings.append(violation(rule, Place(self.file, cell.line, cell.column), en, hu))
        if len(self.findings) >= MAX_FINDINGS:
            en, hu = "too many mistakes: the rest was not read", "túl sok hiba: a többit nem olvastuk be"
            self.findings.append(violation("syntax", Place(self.file, cell.line), en, hu))
            raise InputError(self.findings)

    def row(self, cells: Sequence[Cell], numbers: Sequence[int] | None = None) -> None:
        """Take the next row; rows without any text are skipped. `numbers` are the columns of the cells, from 0 on, if
        not all are given."""
        if not any(cell.text for cell in cells):
            return
        if self._columns is None and numbers:
            given = dict(zip(numbers, cells, strict=True))
            cells = [given.get(at, Cell("", cells[0].line, at + 1)) for at in range(min(max(given), MAX_COLUMNS) + 1)]
        if self._columns is None:
            self._columns = self._header(cells)
            return
        data: dict[str, Any] = {}
        places: Places = {(): (cells[0].line, cells[0].column)}
        for number, cell in zip(numbers or range(len(cells)), cells, strict=True):
            if not cell.text:
                continue
            if number >= len(self._columns):
                en, hu = "this cell stands outside the columns of the header", "ez a cella a fejléc oszlopain kívül áll"
                self.refuse("unknown-column", cell, f"{en}: «{cell.text[:50]}»", f"{hu}: «{cell.text[:50]}»")
            elif CONTROL.search(cell.text):
                self.refuse("syntax", cell, *NO_CONTROL)
            elif column := self._columns[number]:
                self._values += 1
                _put(data, places, column, cell)
        if self._values > MAX_VALUES:
            raise InputError([violation("too-large", Place(self.file, cells[0].line), *TOO_MANY)])
        if not data:
            return
        record = Record(_listed(data, (), (), places), self.file, places)
        if "type" not in data and (kind := kind_of(self.name)):
            record.data["type"] = KINDS[kind][0]
        if re.match(f"(concept:)?{EXAMPLE}", record.id):
            en, hu = "this is the example row of the template: delete it", "ez a minta példasora: törölje"
            self.findings.append(replace(violation("example-row", record.place(("id",)), en, hu), severity="warning"))
        self.records.append(record)

    def end(self) -> None:
        """After the last row: is there anything?"""
        if not self.records and not self.findings:
            cell = Cell("", 0, 0)
            self.refuse("record", cell, "no record found", "nincs benne rekord")

    def _header(self, cells: Sequence[Cell]) -> list["_Column | None"]:
        columns: list[_Column | None] = []
        seen: set[Path] = set()
        cells = list(cells)
        while cells and not cells[-1].text:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            en, hu = f"more than {MAX_COLUMNS} columns", f"több mint {MAX_COLUMNS} oszlop"
            raise InputError([violation("too-large", Place(self.file, cells[0].line), en, hu)])
        for cell in cells:
            column = None
            try:
                column = _Column.read(cell.text)
            except ValueError as error:
                self.refuse("unknown-column", cell, *error.args)
            if column and column.path in seen:
                en, hu = "stands twice: number them", "kétszer szerepel: számozza őket"
                example = f"{cell.text}.1, {cell.text}.2"
                self.refuse(
                    "unknown-column",
                    cell,
                    f"the column «{cell.text}» {en}, such as {example}",
                    f"a(z) «{cell.text}» oszlop {hu}, például {example}",
                )
                column = None
            if column:
                seen.add(column.path)
            columns.append(column)
        if not any(columns):
            self.findings.clear()
            self.refuse(
                "unknown-column",
                cells[0],
                "the first row must name the columns, such as id, type, label.en; see «solidarity template»",
                "az első sor az oszlopok neve legyen, például id, type, label.hu; lásd: «solidarity template»",
            )
            raise InputError(self.findings)
        if ("type",) not in seen and not kind_of(self.name):
            en, hu = suggest(self.name, KINDS)
            self.refuse(
                "missing-column",
                cells[0],
                f"there is no column «type», and the name «{self.name}» does not tell the kind of record.{en}",
                f"nincs «type» oszlop, és a(z) «{self.name}» név nem árulja el a rekordok fajtáját.{hu}",
            )
            raise InputError(self.findings)
        return columns


def kind_of(name: str) -> str:
    """The kind of record that the name of a table tells (`statements`, `Laws 2024`), or an empty text."""
    word = re.split(r"[^a-z]", name.lower(), maxsplit=1)[0]
    return word if word in KINDS else ""


def read_csv(data: bytes, file: str) -> tuple[list[Record], list[Finding]]:
    """The records of a CSV file, whose cells are separated by commas, semicolons or tabs, as its header shows, and
    what is wrong with its header and rows. Raises InputError for what is no text in UTF-8, or has no header."""
    table = Table(file, PurePath(file).stem)
    for cells in _rows(decode(data, file), table):
        table.row(cells)
    table.end()
    return table.records, table.findings


def _rows(text: str, table: Table) -> Iterator[list[Cell]]:
    """The rows of a CSV text (RFC 4180, strict), with the place of each cell; broken ones are skipped and told."""
    offset, line, separator = 0, 1, ""
    while offset < len(text):
        end = text.find("\n", offset)
        end = len(text) if end < 0 else end
        if not separator:
            head = text[offset:end].strip()
            if not head or head.startswith("#"):
                offset, line = end + 1, line + 1
                continue
            if said := re.match(r"(?i)sep=([,;\t])$", head):
                separator, offset, line = said[1], end + 1, line + 1
                continue
            bare = re.sub(r'"[^"]*"', "", head)
            separator = max(",;\t", key=bare.count)
        if not text[offset:end].strip(separator + " \r"):  # an empty row, of which Excel writes many
            offset, line = end + 1, line + 1
            continue
        try:
            cells, offset, line = _row(text, offset, line, separator)
        except ValueError as error:
            cell, en, hu = error.args
            table.refuse("syntax", cell, en, hu)
            if not table.named:  # without its header a table means nothing
                raise InputError(table.findings) from error
            offset, line = end + 1, line + 1
            continue
        yield cells


def _row(text: str, offset: int, line: int, separator: str) -> tuple[list[Cell], int, int]:
    """The cells of the row at an offset, the offset and the line after it. Raises ValueError(cell, en, hu)."""
    cells: list[Cell] = []
    start = offset
    while True:
        column = offset - start + 1
        here = line
        if text.startswith('"', offset):
            quoted = _QUOTED.match(text, offset)
            if not quoted:
                raise ValueError(Cell("", line, column), *_UNCLOSED)
            value = quoted[1].replace('""', '"')
            offset = quoted.end()
            if newlines := quoted[1].count("\n"):
                line += newlines
                start = text.rfind("\n", 0, offset) + 1
        else:
            plain = _PLAIN[separator].match(text, offset)
            value = plain[0] if plain else ""
            offset += len(value)
            if '"' in value:
                raise ValueError(
                    Cell("", line, column + value.index('"')),
                    'a quotation mark stands inside a cell: put the cell in quotation marks, and double it: ""',
                    'idézőjel áll a cellában: tegye a cellát idézőjelbe, és a benne állót kettőzze meg: ""',
                )
        cells.append(Cell(value.strip(), here, column))
        following = text[offset : offset + 2]
        if not following:
            return cells, offset, line
        if following == "\r\n" or following[0] == "\n":
            return cells, offset + (2 if following == "\r\n" else 1), line + 1
        if following[0] != separator and "\n" in value:
            raise ValueError(Cell("", here, column), *_UNCLOSED)
        if following[0] != separator:
            raise ValueError(
                Cell("", here, column),
                f"the cell begins with a quotation mark, but after the closing one stands «{following[0]}»",
                f"a cella idézőjellel kezdődik, de a záró után «{following[0]}» áll",
            )
        offset += 1


@dataclass(frozen=True, slots=True)
class _Column:
    """Where the cells of a column belong: `path` in the record, its list items counted from 0; its last key."""

    path: Path
    key: Key | None

    @classmethod
    def read(cls, name: str) -> "_Column":
        """From its name. Raises ValueError, with the reason in English and Hungarian, if there is no such column."""
        path: list[str | int] = []
        key: Key | None = None
        scoped: dict[str, Key] = {}
        steps = name.split(".")
        while steps:
            step = steps.pop(0)
            here = scoped.get(step) or context().keys.get(step)
            path.append(step)
            if here is None:
                if step == "unverified" and len(path) == 1 and steps:
                    continue
                if step in ("id", "type") and not steps and "sources" not in path:
                    return cls(tuple(path), None)
                raise ValueError(*_unknown(name, step, [*context().keys, *scoped, "id", "type"]))
            key, scoped = here, here.scoped
            if key.kind == "language":
                if not steps or not _LANGUAGE.match(steps[0]):
                    spelt = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
                    raise ValueError(
                        f"«{name}» needs a language, such as {spelt}.en",
                        f"«{name}» mellé nyelv kell, például {spelt}.hu",
                    )
                path.append(steps.pop(0))
            if steps and re.fullmatch("[1-9][0-9]{0,2}", steps[0], re.ASCII):
                path.append(int(steps.pop(0)) - 1)
            holds = step == "sources" or step in PARTS
            if holds and not (steps and isinstance(path[-1], int)):
                example = f"{step}.1.{'url' if step == 'sources' else 'id'}"
                raise ValueError(
                    f"«{name}» needs a number and a key, such as {example}",
                    f"«{name}» mellé szám és kulcs kell, például {example}",
                )
            if steps and not holds:
                raise ValueError(
                    f"«{name}»: «{steps[0]}» cannot stand below «{step}»",
                    f"«{name}»: «{steps[0]}» nem állhat «{step}» alatt",
                )
        return cls(tuple(path), key)


def _unknown(name: str, step: str, known: list[str]) -> tuple[str, str]:
    """That a column's key is unknown, and what was probably meant."""
    if not name:
        return "this column has no name", "ennek az oszlopnak nincs neve"
    plain, at, language = step.partition("@")
    bare = re.sub(r"[\s_-]", "", plain).lower()
    near = next((each for each in known if each.lower() == bare), "")
    if near:
        near += "." + language if at else ""
        en, hu = f" Did you mean «{near}»?", f" Erre gondolt: «{near}»?"
    else:
        en, hu = suggest(plain[:1].lower() + plain[1:], known)
    inside = name != step
    return (
        f"«{step}»{f' in the column «{name}»' if inside else ''} is not a key.{en}",
        f"«{step}»{f' a(z) «{name}» oszlopban' if inside else ''} nem kulcs.{hu}",
    )


def _several(key: Key | None, text: str) -> list[str]:
    """The values of a cell: texts are never taken apart, and addresses only where a space follows the semicolon."""
    if key is None or key.kind in ("text", "language"):
        return [text]
    parts = re.split(r";\s+|\n" if "://" in text else r";|\n", text)
    return [part.strip() for part in parts if part.strip()]


def _put(data: dict[Any, Any], places: Places, column: _Column, cell: Cell) -> None:
    """Put the value of a cell where its column says. Lists are mappings by position until the row is complete."""
    inner = data
    for number, step in enumerate(column.path[:-1], start=1):
        inner = inner.setdefault(step, {})
        places.setdefault(column.path[:number], (cell.line, cell.column))
    values = _several(column.key, cell.text)
    inner[column.path[-1]] = values[0] if len(values) == 1 else values
    places[column.path] = (cell.line, cell.column)


def _listed(value: Any, path: Path, final: Path, places: Places) -> Any:
    """Mappings by position become lists, without what is empty; parts get the type that their key implies."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(step, int) for step in value):
        items: list[Any] = []
        for step in sorted(value):
            here = (*final, len(items))
            places[here] = places.get((*path, step), places[()])
            item = _listed(value[step], (*path, step), here, places)
            if isinstance(item, dict) and len(path) and path[-1] in PARTS:
                item = {"type": PARTS[str(path[-1])]} | item
            items.append(item)
        return items
    return {step: _moved(inner, (*path, step), (*final, step), places) for step, inner in value.items()}


def _moved(value: Any, path: Path, final: Path, places: Places) -> Any:
    if path != final and path in places:
        places[final] = places[path]
    return _listed(value, path, final, places)
