"""Plots of answers, as numbers that a template draws: bars of a count, or dates on a line for each thing.

No script draws them, so what cannot be seen at a glance is in the table below.
"""

from dataclasses import dataclass, field
from datetime import date

from solidarity_spectrum.records import dates
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.reading import Reader, Row, Table, Term, spaced

MAX_LANES = 40
_WIDTH, _LABEL, _LANE, _TOP = 920, 310, 22, 24
_NUMBERS = {"http://www.w3.org/2001/XMLSchema#" + name for name in ("integer", "decimal", "double", "float", "int")}
_THINGS = (BASE + "id/", BASE + "concept/")


@dataclass(slots=True)
class Mark:
    """One bar, or the days that a date may mean; `x` and `width` in pixels."""

    x: float
    width: float
    series: int
    text: str


@dataclass(slots=True)
class Lane:
    """A line of the plot: what it is about, and what is marked on it."""

    label: str
    href: str
    y: int
    marks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Plot:
    """A plot: lanes from top to bottom, ticks of its axis, and the names of the series in it."""

    kind: str
    lanes: list[Lane]
    ticks: list[tuple[float, str]]
    series: list[str]
    omitted: int
    width: int = _WIDTH
    left: int = _LABEL
    lane: int = _LANE

    @property
    def height(self) -> int:
        return _TOP + _LANE * len(self.lanes) + 6


def plot(hint: str, table: Table, reader: Reader) -> Plot | None:
    """The plot that a question hints at; None if the answer has nothing to draw."""
    if hint == "bar":
        return _bars(table, reader)
    return _timeline(table, reader) if hint == "timeline" else None


def _named(table: Table, column: str, row: Row, reader: Reader) -> Term:
    """What stands in a cell, or its label where there is nothing but that."""
    return reader.label(row[column]) if column in row else row.get(column + "Label", Term("literal", "–"))


def _bars(table: Table, reader: Reader) -> Plot | None:
    """One bar for each value of the first column; the first column of numbers is summed."""
    numbers = [
        name
        for name in table.columns
        if (cells := [row[name] for row in table.rows if name in row]) and all(c.datatype in _NUMBERS for c in cells)
    ]
    if not numbers or table.columns[0] == numbers[0]:
        return None
    first, counted = table.columns[0], numbers[0]
    sums: dict[Term, float] = {}
    for row in table.rows:
        if first in row and counted in row:
            sums[row[first]] = sums.get(row[first], 0.0) + float(row[counted].value)
    if not sums or min(sums.values()) < 0 or (most := max(sums.values())) == 0:
        return None
    room = _WIDTH - _LABEL - 60
    lanes: list[Lane] = []
    for key, number in list(sums.items())[:MAX_LANES]:
        lane = Lane(reader.label(key).value, reader.link(key), _TOP + _LANE * len(lanes))
        lane.marks.append(Mark(_LABEL, max(1.0, round(room * number / most, 1)), 0, f"{number:g}"))
        lanes.append(lane)
    return Plot("bar", lanes, [], [spaced(counted)], max(0, len(sums) - MAX_LANES))


def _timeline(table: Table, reader: Reader) -> Plot | None:
    """One line for each thing of the first column of things, with a mark for each date of its rows."""
    days: dict[str, tuple[date, date]] = {}
    dated = []
    for name in table.columns:
        cells = {row[name].value for row in table.rows if name in row and not row[name].is_iri}
        found = {cell: bounds for cell in cells if (bounds := _bounds(cell))}
        if found and len(found) == len(cells):
            dated.append(name)
            days |= found
    things = [
        name
        for name in table.columns
        if (held := [row[name] for row in table.rows if name in row]) and all(c.value.startswith(_THINGS) for c in held)
    ]
    if not dated or not things:
        return None
    begin = min(first for first, _ in days.values()).year
    end = min(9999, max(last for _, last in days.values()).year + 1)
    if begin == end:
        return None
    scale = (_WIDTH - _LABEL - 30) / (date(end, 1, 1) - date(begin, 1, 1)).days

    def place(day: date) -> float:
        return round(_LABEL + (day - date(begin, 1, 1)).days * scale, 1)

    lanes: dict[str, Lane] = {}
    omitted: set[str] = set()
    for row in table.rows:
        if things[0] not in row:
            continue
        key = row[things[0]]
        if key.value not in lanes and len(lanes) == MAX_LANES:
            omitted.add(key.value)
            continue
        new = Lane(_named(table, things[0], row, reader).value, reader.link(key), _TOP + _LANE * len(lanes))
        lane = lanes.setdefault(key.value, new)
        for number, name in enumerate(dated):
            if name in row:
                first, last = days[row[name].value]
                thing = name.removesuffix("Date")
                what = _named(table, thing, row, reader).value + ", " if thing in table.columns else ""
                text = f"{what}{spaced(name)} {row[name].value}"
                mark = Mark(place(first), max(8.0, round((last - first).days * scale, 1)), number, text)
                if mark not in lane.marks:
                    lane.marks.append(mark)
    step = max(1, (end - begin) // 12)
    ticks = [(place(date(year, 1, 1)), str(year)) for year in range(begin, end + 1, step)]
    return Plot("timeline", list(lanes.values()), ticks, [spaced(name) for name in dated], len(omitted))


def _bounds(text: str) -> tuple[date, date] | None:
    """The first and last day that a date may mean, None for what is no date or has no beginning and no end."""
    try:
        first, last = dates.bounds(text)
    except ValueError:
        return None
    begin, end = first or last, last or first
    return (begin, end) if begin and end else None
