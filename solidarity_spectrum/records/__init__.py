"""Records: what every source becomes. Read them, check them, compile them to quads."""

import re
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
        return Read(_records(value, places, file) if value or not findings else [], findings, text if findings else "")
    try:
        value, places, findings = yaml.parse(text, file)
        return Read(_records(value, places, file), findings)
    except InputError as error:
        return _one_by_one(text, file, error)


def _records(document: Value, places: Places, file: str) -> list[Record]:
    base: Path = ()
    defaults: dict[str, Any] = {}
    if isinstance(document, dict) and "records" in document:
        defaults = {key: value for key, value in document.items() if key != "records"}
        base, document = ("records",), document["records"]
    elif isinstance(document, dict):
        return [Record(document, file, places)]
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
            read.findings += findings
            if number == 0:
                defaults = {key: each for key, each in (value or {}).items() if key != "records"}
            elif isinstance(value, list):
                read.records += _records(value, places, file)
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
