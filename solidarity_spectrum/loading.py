"""How sources that are not records come in: one folder per source in `loaders/`, one door for all.

A source's folder holds `description.yaml` (what the source is, and how its values map), a module whose
`read(path, description)` yields records, and a README. Everything after that (checks, context, shapes) is the
same for every source.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from solidarity_spectrum.findings import InputError, Place, violation
from solidarity_spectrum.records import Record
from solidarity_spectrum.records.yaml import read
from solidarity_spectrum.resources import DATA, LOADERS

T = TypeVar("T")


def catalogue() -> dict[str, dict[str, Any]]:
    """The description of every loader, by name, in order."""
    return {
        file.parent.name.replace("_", "-"): read(file.read_bytes(), str(file))[0]
        for file in sorted(LOADERS.glob("*/description.yaml"))
    }


def load(source: str, paths: Iterable[Path]) -> Iterator[Record]:
    """The records of the files of one source.

    Raises KeyError for an unknown source and InputError, naming file and line, for whatever a file holds that the
    loader does not know: an unread column, an unknown value, a broken row.
    """
    description = catalogue()[source]
    module = import_module(f"solidarity_spectrum.loaders.{source.replace('-', '_')}")
    for path in paths:
        yield from module.read(path, description)


def known(table: dict[str, T], value: str, record: Record, column: str) -> T:
    """What a source's value maps to. Raises InputError for a value that the description does not list."""
    if value not in table:
        raise InputError(
            [
                violation(
                    "unknown-value",
                    record.place(),
                    f"«{value}» in column «{column}» is not in the loader's description",
                    f"a(z) «{column}» oszlop «{value}» értéke nincs a betöltő leírásában",
                )
            ]
        )
    return table[value]


@cache
def states() -> dict[str, dict[str, Any]]:
    """The record of every state in the shipped data, by its three-letter code of ISO 3166-1."""
    file = DATA / "actors" / "states.yaml"
    codes: dict[str, dict[str, Any]] = {}
    for state in read(file.read_bytes(), str(file))[0]["records"]:
        written = state["isoCountryCode"]
        codes |= {code: state for code in ([written] if isinstance(written, str) else written) if len(code) == 3}
    return codes


def citation(text: str, description: dict[str, Any], record: Record) -> dict[str, Any]:
    """The source of a row whose own `source` cell reads «address (place in it)».

    Title and tier are those of the description, or those it gives for this address under `elsewhere`. Raises
    InputError for a cell that is written otherwise.
    """
    cell = re.fullmatch(r"(https?://\S+) \((.+)\)", text)
    if not cell:
        en = f"«{text}» in column «source» is not written «address (place in it)»"
        hu = f"a «source» oszlop értéke, «{text}», nem «cím (hely benne)» alakú"
        raise InputError([violation("syntax", record.place(), en, hu)])
    url, locator = cell.groups()
    about = description.get("elsewhere", {}).get(url, description)
    return {"url": url, "title": about["title"], "tier": about["tier"], "consulted": True, "locator": locator}


def rows(
    path: Path, columns: set[str], optional: Iterable[str] = (), delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and row, by column, for every row.

    Lines starting with `#` before the header are comments. Raises InputError if the header lacks one of `columns` or
    has one that is not among them nor `optional`, if a row is longer or shorter than the header, or if the file is
    not UTF-8.
    """
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            [violation("syntax", Place(name), "the file is not UTF-8 text", "a fájl nem UTF-8 kódolású")]
        ) from error
    lines = text.splitlines(keepends=True)
    skipped = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for row in reader:
            line = skipped + reader.line_num
            if not header:
                header = row
                _compare(set(header), columns, set(optional), Place(name, line))
            elif len(row) != len(header):
                en = f"{len(row)} cells where the header has {len(header)}"
                raise InputError(
                    [violation("syntax", Place(name, line), en, f"{len(row)} cella, a fejléc {len(header)}")]
                )
            else:
                yield line, dict(zip(header, row, strict=True))
    except csv.Error as error:
        place = Place(name, skipped + reader.line_num)
        raise InputError([violation("syntax", place, f"broken row: {error}", f"hibás sor: {error}")]) from error
    if not header:
        raise InputError([violation("syntax", Place(name), "the table is empty", "a táblázat üres")])


def _compare(found: set[str], columns: set[str], optional: set[str], place: Place) -> None:
    for rule, names, en, hu in (
        ("missing-column", columns - found, "missing", "hiányzó oszlop"),
        ("unknown-column", found - columns - optional, "unknown: no reader takes it", "ismeretlen oszlop"),
    ):
        if names:
            listed = ", ".join(sorted(names))
            raise InputError([violation(rule, place, f"column {listed}: {en}", f"{hu}: {listed}")])
