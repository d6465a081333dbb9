"""Dates as precise as the source gave them: a day, a month, a year, an interval; never an invented day.

The forms are those of ISO 8601 and, for intervals and open ends, of EDTF level 0 and 1
(Library of Congress, Extended Date/Time Format): `2018-06-20`, `2018-06`, `2018`, `2017-10/2018-01`, `../2016`.
"""

import re
from calendar import monthrange
from datetime import date

XSD = "http://www.w3.org/2001/XMLSchema#"
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"
DATATYPES = {XSD + "gYear", XSD + "gYearMonth", XSD + "date", EDTF}
_POINT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)


def datatype(text: str) -> str:
    """The datatype IRI of a date as written. Raises ValueError, with the reason, if it is none."""
    bounds(text)
    return EDTF if "/" in text else XSD + {4: "gYear", 7: "gYearMonth", 10: "date"}[len(text)]


def bounds(text: str) -> tuple[date | None, date | None]:
    """First and last day that a date may mean, both inclusive; None for an open end.

    Raises ValueError, with the reason, for anything else than the forms of this module.
    """
    if "/" not in text:
        return _point(text)
    start, end = text.split("/", 1)
    first = None if start == ".." else _point(start)[0]
    last = None if end == ".." else _point(end)[1]
    if first is None and last is None:
        raise ValueError("an interval needs at least one end")
    if first and last and first > last:
        raise ValueError("the interval ends before it starts")
    return first, last


def _point(text: str) -> tuple[date, date]:
    match = _POINT.match(text)
    if not match:
        raise ValueError("expected YYYY-MM-DD, YYYY-MM, YYYY, or an interval such as 2017-10/2018-01 or ../2016")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        first = date(year, month or 1, day or 1)
    except ValueError as error:
        raise ValueError(f"no such day: {text}") from error
    if day:
        return first, first
    if month:
        return first, date(year, month, monthrange(year, month)[1])
    return first, date(year, 12, 31)
