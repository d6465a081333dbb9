"""One connection per vote: a state votes in favour of a resolution, against it, abstains or stays away."""

from collections.abc import Iterator

from solidarity_spectrum.loading import Description, Input, citation, known, mint, rows, states
from solidarity_spectrum.records import Record

_WORDS = {
    "votesInFavourOf": ("votes in favour of", "igen"),
    "votesAgainstAdoptionOf": ("votes against", "nem"),
    "abstainsOn": ("abstains on", "tartózkodás"),
    "doesNotVoteOn": ("does not vote on", "nem szavazott"),
}


def read(source: Input, description: Description) -> Iterator[Record]:
    """The votes of one file."""
    tables = description.tables
    for row in rows(source, description, ("resolution", "iso3", "country", "vote", "source")):
        relation = row.code("vote", tables["votes"])
        state = row.code("iso3", states())
        resolution = row.code("resolution", tables["resolutions"])
        en, hu = _WORDS[relation]
        reports = filter(None, row.get("reported_by").split("; "))
        yield row.record(
            {
                "id": mint("vote", resolution, row.take("iso3")),
                "type": "Connection",
                "label": {
                    "en": f"{row.take('country')} {en} {row.take('resolution')}",
                    "hu": f"{state['label']['hu']}: {hu} ({row.take('resolution')})",
                },
                "subject": state["id"],
                "relation": relation,
                "object": resolution,
                "date": row.code("resolution", tables["dates"]),
                "formerIds": row.get("former_id"),
                "sources": [
                    citation(row),
                    *(known(tables["reports"], report, row.place, "reported_by") for report in reports),
                ],
                "status": "verified",
                "note": row.get("remark"),
            }
        )
