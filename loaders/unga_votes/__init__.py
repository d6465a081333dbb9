"""One connection per vote: a state votes in favour of a resolution, against it, abstains or stays away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from solidarity_spectrum.loading import citation, known, rows
from solidarity_spectrum.records import Record

_VERBS = {
    "votesInFavourOf": "votes in favour of",
    "votesAgainstAdoptionOf": "votes against",
    "abstainsOn": "abstains on",
    "doesNotVoteOn": "does not vote on",
}


def read(path: Path, description: dict[str, Any]) -> Iterator[Record]:
    """The votes of one file."""
    for line, row in rows(path, {"resolution", "iso3", "country", "vote", "source"}):
        record = Record({}, str(path), {(): (line, 1)})
        relation = known(description["votes"], row["vote"], record, "vote")
        state = known(description["states"], row["iso3"], record, "iso3")
        resolution = known(description["resolutions"], row["resolution"], record, "resolution")
        record.data = {
            "id": f"vote-{resolution}-{row['iso3'].lower()}",
            "type": "Connection",
            "label": {"en": f"{row['country']} {_VERBS[relation]} {row['resolution']}"},
            "subject": state,
            "relation": relation,
            "object": resolution,
            "sources": [citation(row["source"], description)],
            "status": "verified",
        }
        yield record
