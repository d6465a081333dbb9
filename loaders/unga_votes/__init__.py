"""One connection per vote: a state votes in favour of a resolution, against it, abstains or stays away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solidarity_spectrum.loading import citation, known, rows, states
from solidarity_spectrum.records import Record

_WORDS = {
    "votesInFavourOf": ("votes in favour of", "igen"),
    "votesAgainstAdoptionOf": ("votes against", "nem"),
    "abstainsOn": ("abstains on", "tartózkodás"),
    "doesNotVoteOn": ("does not vote on", "nem szavazott"),
}
_OPTIONAL = {"remark", "reported_by", "former_id"}


def read(path: Path, description: dict[str, Any]) -> Iterator[Record]:
    """The votes of one file."""
    for line, row in rows(path, {"resolution", "iso3", "country", "vote", "source"}, _OPTIONAL):
        record = Record({}, str(path), {(): (line, 1)})
        relation = known(description["votes"], row["vote"], record, "vote")
        state = known(states(), row["iso3"], record, "iso3")
        resolution = known(description["resolutions"], row["resolution"], record, "resolution")
        en, hu = _WORDS[relation]
        record.data = {
            "id": f"vote-{resolution}-{row['iso3'].lower()}",
            "type": "Connection",
            "label": {
                "en": f"{row['country']} {en} {row['resolution']}",
                "hu": f"{state['label']['hu']}: {hu} ({row['resolution']})",
            },
            "subject": state["id"],
            "relation": relation,
            "object": resolution,
            "date": description["dates"][row["resolution"]],
            "formerIds": row.get("former_id"),
            "sources": [
                citation(row["source"], description, record),
                *(
                    known(description["reports"], report, record, "reported_by")
                    for report in filter(None, row.get("reported_by", "").split("; "))
                ),
            ],
            "status": "verified",
            "note": row.get("remark"),
        }
        record.data = {key: value for key, value in record.data.items() if value}
        yield record
