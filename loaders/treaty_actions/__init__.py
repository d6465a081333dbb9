"""One connection per treaty action: a state signs, ratifies, accedes to or succeeds to a treaty on a day."""

from collections.abc import Iterator

from solidarity_spectrum.loading import Description, Input, citation, mint, rows, states
from solidarity_spectrum.records import Record

_WORDS = {
    "signs": "aláírás",
    "ratifies": "megerősítés",
    "accedesTo": "csatlakozás",
    "succeedsTo": "jogutódlás",
    "accepts": "elfogadás",
    "approves": "jóváhagyás",
}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The actions of one file."""
    tables = description.tables
    for row in rows(source, description, ("treaty", "iso3", "country", "date", "action", "source")):
        relation = row.code("action", tables["actions"])
        state = row.code("iso3", states() | tables["organisations"])
        treaty = row.code("treaty", tables["treaties"])
        country = row.take("country")
        cited = citation(row)
        yield row.record(
            {
                "id": mint(row.take("action"), treaty["id"], row.take("iso3")),
                "type": "Connection",
                "label": {
                    "en": f"{country}: {row.take('action')}, {row.take('treaty')}",
                    "hu": f"{state['label']['hu']}: {_WORDS[relation]}, {treaty['hu']}",
                },
                "subject": state["id"],
                "relation": relation,
                "object": treaty["id"],
                "date": row.take("date"),
                "sources": [cited],
                "status": "verified" if cited["tier"] == "primary" else "single-source",
            }
        )
