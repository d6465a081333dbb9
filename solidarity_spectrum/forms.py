"""Templates to fill in: workbooks, CSV and YAML files for each kind of record, made from ontology and shapes."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from solidarity_spectrum import fields
from solidarity_spectrum.fields import Field
from solidarity_spectrum.records import yaml
from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.records.tables import EXAMPLE, KINDS
from solidarity_spectrum.report.catalogue import plain
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.vocabulary import SOL

SCHEMA_IRI = BASE + "records.schema.json"
LANGUAGES = ("en", "hu")
_SECOND_SOURCE = ("url", "title", "tier", "consulted", "locator")
_CODES = "_codes"
_LAST_ROW = 1_048_576
_NEED = {
    "required": ("required", "kötelező"),
    "recommended": ("recommended", "ajánlott"),
    "one": ("this, or another key of its kind, is needed", "ez vagy egy másik hasonló kulcs kell"),
    "several": ("several, separated by ;", "több is lehet, ; jellel elválasztva"),
    "list": ("Choose a code of the list.", "Válasszon kódot a listából."),
}
_EXAMPLES = {
    "date": "2024-03-01",
    "relation": "annuls",
    "recordedBy": "solidarity-spectrum-project",
    "status": "single-source",
    "sources.1.url": "https://example.org/page",
    "sources.1.title": "Example Weekly, 1 March 2024",
    "sources.1.tier": "primary",
    "sources.1.consulted": "true",
}
"""Values of the example row where the shapes' messages give none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a template: its name (see `records/tables.py`), its key, and whether it must be filled in."""

    name: str
    field: Field
    need: str

    @property
    def key(self) -> Key | None:
        return self.field.key

    @property
    def several(self) -> bool:
        """Whether a cell may hold several values."""
        return self.key is not None and self.key.kind in ("reference", "code", "term") and not self.field.single


def columns(kind: str) -> list[Column]:
    """The columns of a kind of record: first what is required, then what is recommended, then the rest, parts last."""
    types = [fields.of_type(name) for name in KINDS[kind]]
    keys = {name: known for name, known in fields.evidence().items() if name not in ("sources", "unverified")}
    for each in types:
        for name, known in each.items():
            if all(other.get(name) and other[name].need == known.need for other in types):
                keys[name] = known
            elif each is types[0] and known.need:  # needed where the row is of the type that is meant by default
                keys[name] = replace(known, need="recommended")
            else:
                keys.setdefault(name, _optional(known))
    if len(types) == 1:
        del keys["type"]
    flat = [column for known in keys.values() if not known.part for column in _expanded("", known)]
    flat += [column for known in fields.source().values() for column in _expanded("sources.1.", known)]
    second = [_optional(fields.source()[name]) for name in _SECOND_SOURCE]
    rest = [column for known in second for column in _expanded("sources.2.", known)]
    rest += [column for known in keys.values() if known.part for column in _expanded("", known)]
    order = ("required", "one", "recommended", "")
    first = ("id", "type", "label.en", "prefLabel.en")
    return sorted(flat, key=lambda c: (c.name not in first, order.index(c.need))) + rest


def _optional(known: Field) -> Field:
    return replace(known, need="", group="", languages={})


def _expanded(prefix: str, known: Field) -> Iterator[Column]:
    name = prefix + known.name
    need = "one" if known.need == "required" and known.group else known.need
    if known.part:
        yield from _expanded(name + ".1.", Field("id", None))
        needed = fields.needs(fields.ancestors(context().classes[known.part]) - {SOL + "Entity"})
        for each in fields.of_type(known.part).values():
            if each.name not in fields.general() or each.name == "label" or each.name in needed:
                yield from _expanded(name + ".1.", _optional(each))
    elif known.key and known.key.kind == "language":
        other = "recommended" if "required" in (need, known.languages.get("en")) else ""
        for tag in LANGUAGES:
            yield Column(f"{name}.{tag}", known, known.languages.get(tag, "") or (need if tag == "en" else other))
    else:
        yield Column(name, known, need)


def example(kind: str) -> dict[str, str]:
    """The cells of a row that validates, by column: what is required or recommended."""
    row: dict[str, str] = {}
    groups: set[str] = set()
    for column in columns(kind):
        wanted = (column.need or column.name in _EXAMPLES) and column.field.group not in groups
        if wanted and (value := _example(kind, column)):
            row[column.name] = value
            groups |= {column.field.group} - {""}
    return row


def _example(kind: str, column: Column) -> str:
    name, key, first = column.name, column.key, KINDS[kind][0]
    if name == "id":
        return ("concept:" if first == "Concept" else "") + EXAMPLE + kind
    if name == "type":
        return first
    if name == "recorded":
        return date.today().isoformat()
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if key and key.kind == "code":
        known = fields.codes(key.scheme)
        return column.field.example if column.field.example in known else known[0]
    if key and key.kind == "language":
        language = name.rpartition(".")[2]
        word = fields.type_label(first, language)
        return f"Example: {word}" if language == "en" else f"Példa: {word}"
    return column.field.example


def help_text(column: Column, language: str) -> str:
    """What the column is for, and how to fill it in."""
    hu = language == "hu"
    lines = [plain(fields.meaning(column.field.name, language, "sources." in column.name))]
    if column.need:
        lines.insert(0, _NEED[column.need][hu].upper())
    if column.several:
        lines.append(_NEED["several"][hu] + ".")
    if column.field.pattern:
        lines.append(column.field.pattern)
    key = column.key
    if key and key.kind == "code" and len(known := fields.codes(key.scheme)) <= 12:
        lines += [f"{code} – {fields.code_label(key.scheme, code, language)}" for code in known]
    return "\n".join(lines)


def as_csv(kinds: Sequence[str], language: str = "en") -> bytes:
    """Header and example of the first kind as CSV, with the byte order mark by which Excel knows UTF-8; in Hungarian
    separated by semicolons, as a Hungarian Excel does."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";" if language == "hu" else ",", lineterminator="\r\n")
    kind = kinds[0]
    names = [column.name for column in columns(kind)]
    shown = example(kind)
    writer.writerow(names)
    writer.writerow([shown.get(name, "") for name in names])
    return target.getvalue().encode("utf-8-sig")


def as_yaml(kinds: Sequence[str], language: str = "en") -> bytes:
    """One example record of each kind, with the other keys as comments that say what they mean."""
    lines = [f"# yaml-language-server: $schema={SCHEMA_IRI}"]
    lines += [f"recorded: {date.today().isoformat()}", f"recordedBy: {_EXAMPLES['recordedBy']}", "records:"]
    for kind in kinds:
        record = _nested(example(kind))
        record = {"id": record.pop("id"), "type": KINDS[kind][0]} | record
        del record["recorded"], record["recordedBy"]
        text = yaml.dump([record]).rstrip("\n").split("\n")
        given = {name.partition(".")[0] for name in example(kind)}
        lines += text
        for found in {column.name.partition(".")[0]: column for column in columns(kind)}.values():
            name = found.name.partition(".")[0]
            if name not in given:
                said = plain(fields.meaning(name, language))
                lines.append(f"  # {name}:{'':{max(1, 20 - len(name))}}{said}")
    return ("\n".join(lines) + "\n").encode()


def _nested(row: dict[str, str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in row.items():
        steps = name.split(".")
        inner: Any = record
        for step, following in zip(steps, [*steps[1:], ""], strict=True):
            if isinstance(inner, list):
                if len(inner) < int(step):
                    inner.append({})
                inner = inner[int(step) - 1]
            elif following:
                inner = inner.setdefault(step, [] if following.isdigit() else {})
            else:
                inner[step] = value
    return record


def as_xlsx(kinds: Sequence[str], language: str = "en") -> bytes:
    """A workbook with a sheet for each kind; drop-downs come from a hidden sheet with codes and what they are called.

    All cells are formatted as text, so that Excel does not make days out of months.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    lists = _Lists(language)
    for kind in kinds:
        _fill(book.create_sheet(kind), kind, language, lists)
    lists.write(book.create_sheet(_CODES))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


class _Lists:
    """The lists that cells choose from: two columns of the hidden sheet for each, code and name."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.titles: list[str] = []
        self.rows: list[list[tuple[str, str]]] = []

    def formula(self, title: str, items: list[tuple[str, str]]) -> str:
        """The range that holds a list."""
        from openpyxl.utils import get_column_letter

        if title not in self.titles:
            self.titles.append(title)
            self.rows.append(items)
        letter = get_column_letter(2 * self.titles.index(title) + 1)
        return f"'{_CODES}'!${letter}$2:${letter}${len(items) + 1}"

    def write(self, sheet: Any) -> None:
        sheet.sheet_state = "hidden"
        for number, (title, items) in enumerate(zip(self.titles, self.rows, strict=True)):
            for row, pair in enumerate([(title, self.language), *items], start=1):
                for offset, value in enumerate(pair):
                    sheet.cell(row, 2 * number + 1 + offset, value)


def _fill(sheet: Any, kind: str, language: str, lists: _Lists) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    looks = {  # of what is required, recommended, optional
        "required": (Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="7A2E12")),
        "one": (Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="A8603F")),
        "recommended": (Font(bold=True), PatternFill("solid", fgColor="EBD9C6")),
        "": (Font(), PatternFill("solid", fgColor="EEEDE8")),
    }
    shown = example(kind)
    for number, column in enumerate(columns(kind), start=1):
        letter = get_column_letter(number)
        head = sheet.cell(1, number, column.name)
        head.font, head.fill = looks[column.need]
        head.comment = Comment(help_text(column, language), "Solidarity Spectrum", height=160, width=320)
        sheet.column_dimensions[letter].width = min(40, max(12, len(column.name) + 3))
        sheet.column_dimensions[letter].number_format = "@"
        if column.name in shown:
            cell = sheet.cell(2, number, shown[column.name])
            cell.number_format = "@"
            cell.font = Font(italic=True, color="777777")
        if formula := _choices(kind, column, language, lists):
            rule = DataValidation("list", formula1=formula, allow_blank=True)
            rule.errorStyle = "warning" if column.several else "stop"
            rule.error = _NEED["list"][language == "hu"]
            rule.add(f"{letter}2:{letter}{_LAST_ROW}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "B2"


def _choices(kind: str, column: Column, language: str, lists: _Lists) -> str:
    key = column.key
    if column.name == "type":
        return lists.formula(f"type ({kind})", [(name, fields.type_label(name, language)) for name in KINDS[kind]])
    if key and key.kind == "code":
        known = [(code, fields.code_label(key.scheme, code, language)) for code in fields.codes(key.scheme)]
        return lists.formula(key.scheme.rpartition("/")[2], known)
    if key and key.name == "relation":
        known = [(name, fields.text(SOL + name, fields.LABEL, language)) for name in fields.relations()]
        return lists.formula("relation", known)
    return '"true,false"' if key and key.datatype.endswith("#boolean") else ""


FORMATS: dict[str, Callable[[Sequence[str], str], bytes]] = {"xlsx": as_xlsx, "csv": as_csv, "yaml": as_yaml}
"""What makes a template of kinds, in a language."""
