"""One connection per treaty action: a state signs, ratifies, accedes to or succeeds to a treaty on a day."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solidarity_spectrum.loading import citation, known, rows
from solidarity_spectrum.records import Record


def read(path: Path, description: dict[str, Any]) -> Iterator[Record]:
    """The actions of one file."""
    for line, row in rows(path, {"treaty", "iso3", "country", "date", "action", "source"}):
        record = Record({}, str(path), {(): (line, 1)})
        relation = known(description["actions"], row["action"], record, "action")
        state = known(description["states"], row["iso3"], record, "iso3")
        treaty = known(description["treaties"], row["treaty"], record, "treaty")
        record.data = {
            "id": f"{row['action']}-{treaty}-{row['iso3'].lower()}",
            "type": "Connection",
            "label": {"en": f"{row['country']}: {row['action']} of the {row['treaty']}"},
            "subject": state,
            "relation": relation,
            "object": treaty,
            "date": row["date"],
            "sources": [citation(row["source"], description)],
            "status": "verified",
        }
        yield record
