"""One connection per treaty action: a state signs, ratifies, accedes to or succeeds to a treaty on a day."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solidarity_spectrum.loading import citation, known, rows, states
from solidarity_spectrum.records import Record

_WORDS = {
    "signs": "aláírás",
    "ratifies": "megerősítés",
    "accedesTo": "csatlakozás",
    "succeedsTo": "jogutódlás",
    "accepts": "elfogadás",
    "approves": "jóváhagyás",
}


def read(path: Path, description: dict[str, Any]) -> Iterator[Record]:
    """The actions of one file."""
    for line, row in rows(path, {"treaty", "iso3", "country", "date", "action", "source"}):
        record = Record({}, str(path), {(): (line, 1)})
        relation = known(description["actions"], row["action"], record, "action")
        state = known(states() | description["organisations"], row["iso3"], record, "iso3")
        treaty = known(description["treaties"], row["treaty"], record, "treaty")
        source = citation(row["source"], description, record)
        record.data = {
            "id": f"{row['action']}-{treaty['id']}-{row['iso3'].lower()}",
            "type": "Connection",
            "label": {
                "en": f"{row['country']}: {row['action']}, {row['treaty']}",
                "hu": f"{state['label']['hu']}: {_WORDS[relation]}, {treaty['hu']}",
            },
            "subject": state["id"],
            "relation": relation,
            "object": treaty["id"],
            "date": row["date"],
            "sources": [source],
            "status": "verified" if source["tier"] == "primary" else "single-source",
        }
        yield record
