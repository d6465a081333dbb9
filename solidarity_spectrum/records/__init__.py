"""Records: what every source becomes. Read them, check them, compile them to quads."""

from typing import Any

from solidarity_spectrum.findings import InputError, violation
from solidarity_spectrum.records import yaml
from solidarity_spectrum.records.compile import (
    PROVENANCE,
    Compiled,
    Record,
    compile_records,
    entity_iri,
    graph_iri,
)
from solidarity_spectrum.records.context import context
from solidarity_spectrum.records.yaml import Path

__all__ = ["PROVENANCE", "Compiled", "Record", "compile_records", "context", "entity_iri", "graph_iri", "read_records"]


def read_records(data: bytes, file: str) -> list[Record]:
    """The records of a YAML or JSON document: one record, a list of them, or a mapping with `records` and defaults.

    `file` is the name used in findings. Raises InputError where the document cannot be read.
    """
    document, places = yaml.read(data, file)
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
