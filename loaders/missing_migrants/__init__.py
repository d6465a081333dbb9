"""One event per incident in which people died or went missing on their way.

An empty count is unknown, not zero, and stays away. The table has had two layouts; a column goes by either name.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from solidarity_spectrum.loading import Description, Fields, Input, mint, rows
from solidarity_spectrum.records import Record

_FIGURES = {
    "dead": (("Number Dead", "Number of Dead"), "people found dead", "holtan talált ember"),
    "missing": (("Minimum Estimated Number of Missing",), "people missing, at least", "eltűnt ember, legalább"),
    "total": (
        ("Total Dead and Missing", "Total Number of Dead and Missing"),
        "people dead or missing",
        "meghalt vagy eltűnt ember",
    ),
    "survivors": (("Number of Survivors",), "survivors", "túlélő"),
}
_DAYS = ("%d-%b-%y", "%d-%b-%Y", "%Y-%m-%d", "%B %d, %Y", "%m/%d/%Y")
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The incidents of one file."""
    for row in rows(source, description):
        number = _either(row, "Web ID", "Incident ID")
        if not number:
            raise row.error("missing-field", "the row has no Web ID or Incident ID", "a sornak nincs azonosítója")
        name = mint("missing-migrants", number)
        cause, region = row.take("Cause of Death"), _either(row, "Region of Incident", "Region")
        yield row.record(
            {
                "id": name,
                "type": "Event",
                "label": {"en": f"Incident {number}: {cause}, {region}"},
                "date": _date(row),
                "placeName": _either(row, "Location Description", "Location of Incident", "Location of death"),
                "figures": [
                    {
                        "id": f"{name}-{kind}",
                        "type": "Figure",
                        "label": {"en": en, "hu": hu},
                        "value": count,
                        "unit": "people",
                    }
                    for kind, (columns, en, hu) in _FIGURES.items()
                    if (count := _count(row, *columns)) is not None
                ],
                "sources": _sources(row, number),
                "status": description.status,
            }
        )


def _either(row: Fields, *columns: str) -> str:
    return next(filter(None, [row.get(column) for column in columns]), "")


def _count(row: Fields, *columns: str) -> int | None:
    text = _either(row, *columns)
    if not re.fullmatch(r"(\d{1,3}(,\d{3})+|\d+)(\.0)?|", text):
        en, hu = f"«{text}» in «{columns[0]}» is not a whole number", f"«{text}» («{columns[0]}») nem egész szám"
        raise row.error("value", en, hu)
    return int(text.replace(",", "").removesuffix(".0")) if text else None


def _date(row: Fields) -> str:
    """The day, or the month or year that the row gives where no day can be read. Raises InputError for a wrong one."""
    day = _either(row, "Incident Date", "Reported Date")
    month, year = row.get("Reported Month"), _either(row, "Reported Year", "Incident year", "Incident Year")
    bare = re.sub(r"^\w+day, |^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), ?|[ T]\d{2}:\d{2}(:\d{2})?$", "", day)
    for form in _DAYS if bare else ():
        try:
            return datetime.strptime(bare, form).date().isoformat()
        except ValueError:
            continue
    if day:
        raise row.error("date", f"«{day}» is not a day in a form known here", f"«{day}» nem ismert alakú nap")
    if not re.fullmatch(r"(19|20)\d\d", year):
        raise row.error("date", f"no day, and «{year}» is not a year", f"nincs nap, és «{year}» nem év")
    number = _MONTHS.get(month[:3].lower())
    return f"{year}-{number:02}" if number else year


def _sources(row: Fields, number: str) -> list[dict[str, Any]]:
    """The table, and the reports that the row names, which nobody here has read."""
    about = row.description
    reports = re.findall(r"https?://[^\s,\"<>]+", row.get("URL"))
    return [
        about.source(about.address, locator=f"incident {number}"),
        *(
            {"url": url, "title": f"report on incident {number}", "tier": "secondary", "consulted": False}
            for url in dict.fromkeys(reports)
        ),
    ]
