"""Records from Excel workbooks: each sheet is a table (see `tables.py`).

What a cell shows and what it holds may differ, and a workbook may be made to mislead; so what is not plainly a text, a
whole number, a decimal or a date is refused, and parts of the file are checked before the library sees them.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import iterparse
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import MERGE_TAG, ROW_TAG, WorkSheetParser

from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.records.compile import Record
from solidarity_spectrum.records.tables import MAX_COLUMNS, Cell, Table
from solidarity_spectrum.records.text import OLD_OR_LOCKED, OLE

OWN_SHEETS = ("_codes",)
"""Sheets of our template that hold no records."""
MAX_BYTES = 64 * 2**20
MAX_RATIO = 500
"""How many times its packed size a part may have: the XML of sheets shrinks more than texts do."""
MAX_ELEMENTS = 3_000_000
MAX_ELEMENTS_ASIDE = 100_000
"""Of a part that is no sheet and no table of texts: of styles, say, each of which becomes objects of the library."""


def read_xlsx(data: bytes, file: str) -> tuple[list[Record], list[Finding]]:
    """The records of a workbook, and what is wrong with its sheets, headers and cells.

    The place of a finding is `file/sheet`, its row and its column. Raises InputError for what is no workbook.
    """
    records: list[Record] = []
    findings: list[Finding] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what the library would lose if it wrote the file again
        try:
            if data.startswith(OLE):
                raise _Refused(*OLD_OR_LOCKED)
            if not zipfile.is_zipfile(BytesIO(data)):
                raise _Refused("no Excel workbook (.xlsx), or cut off", "nem Excel-munkafüzet (.xlsx), vagy csonka")
            _check_parts(data)
            book: Any = load_workbook(BytesIO(data), read_only=True, keep_links=False)
        except _Refused as refused:
            raise InputError([violation("syntax", Place(file), *refused.args)]) from refused
        except Exception as error:  # the library raises whatever it stumbles over
            reason = f"{type(error).__name__}: {error}"[:200]
            en, hu = f"not a sound workbook ({reason})", f"hibás munkafüzet ({reason})"
            raise InputError([violation("syntax", Place(file), en, hu)]) from error
        for sheet in book.worksheets:
            if sheet.title in OWN_SHEETS:
                continue
            table = Table(f"{file}/{sheet.title}", sheet.title)
            try:
                _read_sheet(sheet, table)
            except InputError:
                pass  # its findings are those of the table
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"[:200]
                en, hu = f"the sheet cannot be read ({reason})", f"a munkalap nem olvasható ({reason})"
                table.findings.append(violation("syntax", Place(table.file), en, hu))
            records += table.records
            findings += table.findings
    if not records and not findings:
        findings.append(violation("record", Place(file), "no record found", "nincs benne rekord"))
    return records, findings


class _Refused(Exception):
    """Why a workbook is not opened, in English and Hungarian."""


def _check_parts(data: bytes) -> None:
    """Refuse what would take the library more time or memory than a workbook of that size should."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        left, elements = MAX_BYTES, MAX_ELEMENTS
        for part in archive.infolist():
            left -= part.file_size
            if left < 0 or part.file_size > max(2**20, MAX_RATIO * part.compress_size):
                raise _Refused("unpacks to too much: split it", "kicsomagolva túl nagy: ossza fel")
            if part.flag_bits & 1:
                raise _Refused("the workbook needs a password", "a munkafüzetet jelszó védi")
            name = part.filename.lower()
            # A workbook may keep a sheet under any name, so every part is looked at.
            aside = not name.endswith((".xml", ".rels")) or name.startswith(("xl/drawings", "xl/comments", "xl/media"))
            whole = aside or "worksheets" in name or name.endswith("sharedstrings.xml")
            try:
                used = _elements(archive.read(part), elements if whole else MAX_ELEMENTS_ASIDE)
            except expat.ExpatError:
                if not aside:
                    raise
                continue  # a picture: read as a sheet it would stop where this did
            elements -= used if whole else 0


def _elements(xml: bytes, most: int) -> int:
    """How many elements a part has. Raises _Refused if there are too many, and for document types, which could hold
    entities that expand; ExpatError for what is no XML."""
    count = 0

    def started(*_: object) -> None:
        nonlocal count
        count += 1
        if count > most:
            raise _Refused("has too many cells or styles: split it", "túl sok benne a cella vagy a stílus: ossza fel")

    def declared(*_: object) -> None:
        raise _Refused("document types are not allowed in a workbook", "munkafüzetben nem lehet dokumentumtípus")

    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = declared
    parser.Parse(xml, True)
    return count


def _read_sheet(sheet: Any, table: Table) -> None:
    for number, cells in _rows(sheet, table):
        row, numbers = [], []
        for cell in cells:
            if cell["value"] is None:
                continue
            if cell["column"] > MAX_COLUMNS:
                en, hu = f"beyond column {MAX_COLUMNS}", f"a(z) {MAX_COLUMNS}. oszlopon túl"
                table.refuse("unknown-column", Cell("", number, cell["column"]), en, hu)
                continue
            here = Cell("", number, cell["column"])
            try:
                text = _text(cell, sheet)
            except _Refused as refused:
                table.refuse("cell", here, *refused.args)
                continue
            row.append(Cell(text.strip(), number, here.column))
            numbers.append(here.column - 1)
        if row:
            table.row(row, numbers)


def _rows(sheet: Any, table: Table) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Number and cells of each row that the sheet holds; those that it leaves out are not made up, as the library's
    own iteration does, since a short file may leave out very many."""
    book = sheet.parent
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for _, element in iterparse(source):  # noqa: S314 - its parts were checked
            if element.tag == ROW_TAG:
                try:
                    row = parser.parse_row(element)  # type: ignore[arg-type]
                except Exception as error:
                    cell = Cell("", parser.row_counter, 0)
                    reason = type(error).__name__
                    table.refuse("syntax", cell, f"the row cannot be read ({reason})", f"a sor hibás ({reason})")
                    continue
                finally:
                    element.clear()
                yield row
            elif element.tag == MERGE_TAG:
                for merged in element:
                    _merged(merged.get("ref", ""), table)


def _merged(ref: str, table: Table) -> None:
    if match := re.match(r"([A-Z]{1,3})([0-9]{1,7}):", ref):
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        table.refuse(
            "cell",
            Cell("", int(match[2]), column),
            f"the cells {ref} are merged, so that all but the first are empty: unmerge them, and fill in each",
            f"a(z) {ref} cellák egyesítve vannak, így az elsőn kívül mind üres: szüntesse meg, és töltse ki mindet",
        )


def _text(cell: dict[str, Any], sheet: Any) -> str:
    """What a cell says, as text. Raises _Refused, with the reason, where that is not plain."""
    value, kind = cell["value"], cell["data_type"]
    if kind == "f":
        raise _Refused(
            "a formula: copy the column and paste it as values",
            "képlet: másolja az oszlopot, és illessze be értékként",
        )
    if kind == "e":
        raise _Refused(f"the cell holds an error, {value}", f"a cellában hiba áll: {value}")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(unescape(value))
    form = str(ReadOnlyCell(sheet, **cell).number_format)
    if isinstance(value, date):
        return _date(value, form)
    if not isinstance(value, int | float):
        raise _Refused(
            f"the cell holds a time of day or a duration ({value}), no text or date",
            f"a cellában időpont vagy időtartam van ({value}), nem szöveg vagy dátum",
        )
    if "%" in form:
        raise _Refused(
            f"the cell shows a percentage and holds {value}: format it as text, and write what is meant",
            f"a cella százalékot mutat, és {value} van benne: állítsa szöveg formátumra, és írja be, amit jelent",
        )
    if abs(value) >= 1e15:
        raise _Refused(
            f"the cell holds the number {value:.0f}, of which Excel keeps 15 digits: type it anew as text",
            f"a cellában a {value:.0f} szám van, amelyből az Excel 15 jegyet tart meg: írja be szövegként",
        )
    return str(int(value)) if float(value).is_integer() else f"{value:.15g}"


def _date(value: date, form: str) -> str:
    """A date as precisely as the cell shows it: Excel makes the first of the month out of a month."""
    letters = re.sub(r'\[[^\]]*\]|"[^"]*"|\\.|;.*', "", form.lower())
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) != (0, 0, 0):
            raise _Refused(f"the date {value} has a time of day", f"a(z) {value} dátumban napszak is van")
        value = value.date()
    if "d" in letters or "y" not in letters:
        return value.isoformat()
    return value.isoformat()[:7] if "m" in letters else value.isoformat()[:4]
