"""From bytes to text: UTF-8 or a plain word on what else it is."""

import codecs
import re

from solidarity_spectrum.findings import InputError, Place, violation

MAX_VALUES = 500_000
"""More values than this in one file would take gigabytes of memory as Python objects."""
TOO_MANY = (f"more than {MAX_VALUES} values: split the file", f"több mint {MAX_VALUES} érték: ossza fel a fájlt")
OLE = b"\xd0\xcf\x11\xe0"
OLD_OR_LOCKED = (
    "an old Excel workbook (.xls), or one with a password: save it as .xlsx without one",
    "régi Excel-munkafüzet (.xls), vagy jelszó védi: mentse .xlsx formában, jelszó nélkül",
)
_MARKS = (  # the longer ones first, since UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_OTHER = (
    (
        b"PK\x03\x04",
        "a zip file or an Excel workbook: give it the ending .zip or .xlsx",
        "zip-fájl vagy Excel-munkafüzet: a vége .zip vagy .xlsx legyen",
    ),
    (OLE, *OLD_OR_LOCKED),
    (b"%PDF", "a PDF", "PDF"),
    (b"\x1f\x8b", "compressed: unpack it first", "tömörített: előbb csomagolja ki"),
)
_MEND = ("save it as UTF-8 (in Excel: «CSV UTF-8»)", "mentse UTF-8 kódolással (Excelben: «CSV UTF-8»)")


def decode(data: bytes, file: str) -> str:
    """The text of a file in UTF-8, without byte order mark, its lines ended as in Unix or Windows.

    A line end of old Macs becomes one of Unix, so that lines can be counted. Raises InputError, naming the line and
    column of the first wrong byte and, where it can be told, what the encoding is.
    """
    for mark, en, hu in _OTHER:
        if data.startswith(mark):
            raise _refuse(Place(file), f"the file is no text, but {en}", f"a fájl nem szöveg, hanem {hu}")
    name = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not name and b"\0\0" in (data[:4:2], data[1:4:2]) and data[:4].strip(b"\0"):
        name = "UTF-16"
    if name:
        raise _refuse(Place(file, 1, 1), f"the file is {name} text: {_MEND[0]}", f"a fájl {name} kódolású: {_MEND[1]}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        byte = data[error.start : error.start + 1]
        meant = byte.decode("cp1250", "ignore").strip()
        meant = f" («{meant}» in Windows-1250)" if meant.isalpha() else ""
        raise _refuse(
            place,
            f"the file is not UTF-8 text: byte {byte.hex().upper()}{meant} stands here; {_MEND[0]}",
            f"a fájl nem UTF-8 kódolású: itt a(z) {byte.hex().upper()}{meant} bájt áll; {_MEND[1]}",
        ) from error
    return re.sub("\r(?!\n)", "\n", text) if "\r" in text else text


def _refuse(place: Place, en: str, hu: str) -> InputError:
    return InputError([violation("syntax", place, en, hu)])
