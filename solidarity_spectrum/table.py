"""Rows for people: a table that fits the terminal."""

import json
import shutil
import textwrap
from collections.abc import Sequence

from solidarity_spectrum.records import context
from solidarity_spectrum.resources import BASE

_CODES = BASE + "concept/"


def shorten(iri: str) -> str:
    """An IRI as a person would write it: a code or an id bare, anything else with a prefix where one is known."""
    if iri.startswith(_CODES) and iri.count("/") > _CODES.count("/"):
        return iri.rpartition("/")[2]
    for prefix, namespace in context().prefixes.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    base = str(context().raw["@base"])
    return iri.removeprefix(base)


def from_json(answer: bytes) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a SPARQL JSON result (W3C SPARQL 1.1 Query Results JSON Format)."""
    document = json.loads(answer)
    if "boolean" in document:
        return ["answer"], [[str(document["boolean"]).lower()]]
    columns = document["head"]["vars"]
    rows = []
    for binding in document["results"]["bindings"]:
        cells = []
        for column in columns:
            term = binding.get(column, {"type": "", "value": ""})
            cells.append(shorten(term["value"]) if term["type"] == "uri" else term["value"])
        rows.append(cells)
    return columns, rows


def render(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0) -> str:
    """A plain table no wider than the terminal, long cells wrapped; below it the number of rows.

    Where there are more columns than fit, each row becomes a block of «column: value» lines.
    """
    width = width or shutil.get_terminal_size((120, 24)).columns
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    if not rows:
        return count
    natural = [
        max([len(name)] + [len(line) for row in rows for line in row[i].split("\n")]) for i, name in enumerate(columns)
    ]
    room = width - 2 * (len(columns) - 1)
    if sum(min(n, 14) for n in natural) > room:
        return _blocks(columns, rows, width) + "\n" + count
    widths = list(natural)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    lines = [_line(columns, widths), "  ".join("-" * w for w in widths)]
    for row in rows:
        wrapped = [textwrap.wrap(cell, w, break_on_hyphens=False) or [""] for cell, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, wrapped))):
            lines.append(_line([cell[i] if i < len(cell) else "" for cell in wrapped], widths))
    return "\n".join([*lines, count])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip()


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    label = max(map(len, columns)) + 2
    blocks = []
    for row in rows:
        lines = []
        for name, cell in zip(columns, row, strict=True):
            if cell:
                lines += textwrap.wrap(
                    cell,
                    width,
                    initial_indent=f"{name}:".ljust(label),
                    subsequent_indent=" " * label,
                    break_on_hyphens=False,
                    break_long_words=False,
                )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"
