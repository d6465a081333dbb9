"""Records: what every source becomes. Read them, check them, compile them to quads."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, violation
from solidarity_spectrum.records import json, tables, yaml
from solidarity_spectrum.records.compile import (
    PROVENANCE,
    Compiled,
    Record,
    compile_records,
    entity_iri,
    graph_iri,
)
from solidarity_spectrum.records.context import context
from solidarity_spectrum.records.tables import MAX_FINDINGS
from solidarity_spectrum.records.text import decode
from solidarity_spectrum.records.yaml import Path, Places, Value

__all__ = [
    "MAX_RECOVERED",
    "PROVENANCE",
    "Compiled",
    "Read",
    "Record",
    "compile_records",
    "context",
    "entity_iri",
    "graph_iri",
    "read_records",
    "recover_records",
]


MAX_RECOVERED = 8 * 2**20
"""Characters of a broken file up to which its records are read one by one."""


@dataclass(slots=True)
class Read:
    """What a file holds: records, what is wrong with its form, and the text of what could not be read."""

    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lost: str = ""


def read_records(data: bytes, file: str) -> list[Record]:
    """The records of a YAML or JSON document: one record, a list of them, or a mapping with `records` and defaults.

    `file` is the name used in findings. Raises InputError where the document cannot be read.
    """
    return _records(*yaml.read(data, file), file)


def recover_records(data: bytes, file: str, kind: str) -> Read:
    """As `read_records`, but what is wrong is returned, and the records that can be read all the same.

    `kind` is `json`, `csv`, `tsv`, `xlsx`, or else YAML. After a mistake of syntax, the records of a YAML file are read
    one by one, those of a JSON file up to the mistake. Raises InputError for what is no text, or holds no record.
    """
    if kind in ("csv", "tsv"):
        return Read(*tables.read_csv(data, file))
    if kind == "xlsx":
        from solidarity_spectrum.records.xlsx import read_xlsx  # the library takes long to import

        return Read(*read_xlsx(data, file))
    text = decode(data, file)
    if kind == "json":
        value, places, findings = json.recover(data, file)
        return _sound(value, places, findings, text, file)
    try:
        value, places, findings = yaml.parse(text, file)
    except InputError as error:
        return _one_by_one(text, file, error)
    return _sound(value, places, findings, text, file)


def _sound(value: Value, places: Places, findings: list[Finding], text: str, file: str, before: int = 0) -> Read:
    """The records in which nothing is wrong; `before` lines stand in the file before the text. Raises InputError if
    nothing is wrong, but there is no record."""
    if not findings:
        return Read(_records(value, places, file))
    base: Path = ("records",) if isinstance(value, dict) and "records" in value else ()
    begins = [places[at] for number in range(len(places)) if (at := (*base, number)) in places]
    try:
        records = _records(value, places, file)
    except InputError:
        return Read(findings=findings, lost=text)
    broken = {bisect_right(begins, (found.place.line, found.place.column)) - 1 for found in findings}
    lines = text.splitlines()
    if not begins or -1 in broken:
        return Read(records if begins else [], findings, text)
    ends = [*(line - 1 for line, _ in begins[1:]), before + len(lines)]
    spans = [(begins[number][0], max(begins[number][0], ends[number])) for number in sorted(broken)]
    lost = [line for first, last in spans for line in lines[first - 1 - before : last - before]]
    return Read([record for number, record in enumerate(records) if number not in broken], findings, "\n".join(lost))


def _records(document: Value, places: Places, file: str) -> list[Record]:
    base: Path = ()
    defaults: dict[str, Any] = {}
    if isinstance(document, dict) and "records" in document:
        defaults = {key: value for key, value in document.items() if key != "records"}
        base, document = ("records",), document["records"]
    elif isinstance(document, dict):
        return [Record(document, file, places)]
    if isinstance(document, dict):
        place = Record({}, file, places).place(base)
        en, hu = "each record begins with «- »", "minden rekord «- » jellel kezdődik"
        raise InputError([violation("record", place, en, hu)])
    if not isinstance(document, list) or not document:
        place = Record({}, file, places).place(base)
        raise InputError([violation("record", place, "no record found", "nincs benne rekord")])
    return [
        Record(defaults | item if isinstance(item, dict) else item, file, places, (*base, index))
        for index, item in enumerate(document)
    ]


def _one_by_one(text: str, file: str, error: InputError) -> Read:
    """The records of a YAML file that is broken as a whole: what stands before the first «- », and then from one «- »
    of the same indentation to the next, as documents of their own."""
    if len(text) > MAX_RECOVERED or any(found.rule == "too-large" for found in error.findings):
        raise error
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if re.match(" *- ", line)), None)
    if first is None:
        raise error
    start = first[: first.index("-") + 2]
    begins = [number for number, line in enumerate(lines) if line.startswith(start)]
    read = Read(findings=[])
    defaults: dict[str, Any] = {}
    for number, begin in enumerate([0, *begins]):
        part = "".join(lines[begin : [*begins, len(lines)][number]])
        try:
            value, places, findings = yaml.parse(part, file, begin)
            if number == 0:
                defaults = {key: each for key, each in (value or {}).items() if key != "records"}
                read.findings += findings
                continue
            found = _sound(value, places, findings, part, file, begin)
            read.records += found.records
            read.findings += found.findings
            read.lost += found.lost
        except InputError as broken:
            if number == 0:  # nothing is known of the records without what holds for all of them
                raise error from broken
            read.findings += broken.findings
            read.lost += part
        if len(read.findings) > MAX_FINDINGS:
            raise InputError(read.findings) from error
    for record in read.records:
        if isinstance(record.data, dict):
            record.data = defaults | record.data
    if not read.findings:  # each by itself can be read: what is wrong lies between them
        raise error
    return read
