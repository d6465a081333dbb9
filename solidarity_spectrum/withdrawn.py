"""Ids that were published and taken out without a successor: their addresses answer 410, nothing has them again.

They are listed in `withdrawn.yaml` of the data folder, each with a day and a reason that may be told, and stand in
`graph/withdrawn`. What was merged or renamed is no case for it: that has `formerIds`.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.records import context, dates, entity_iri, graph_iri
from solidarity_spectrum.records.yaml import read
from solidarity_spectrum.resources import BASE

FILE = "withdrawn.yaml"
GRAPH = ox.NamedNode(BASE + "graph/withdrawn")


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An id that was taken out: the day, and the reason by language."""

    id: str
    date: str
    reason: dict[str, str] = field(hash=False)
    place: Place

    @property
    def iri(self) -> str:
        return entity_iri(self.id)

    def quads(self) -> list[ox.Quad]:
        """What is said of the thing and of its record graph."""
        day = ox.Literal(self.date, datatype=ox.NamedNode(dates.datatype(self.date)))
        said = [(context().expand("prov:invalidatedAtTime"), day)]
        note = context().expand("skos:changeNote")
        said += [(note, ox.Literal(text, language=language)) for language, text in self.reason.items()]
        nodes = [ox.NamedNode(self.iri), ox.NamedNode(graph_iri(self.id))]
        return [ox.Quad(node, ox.NamedNode(name), value, GRAPH) for node in nodes for name, value in said]


def read_withdrawn(folder: Path) -> list[Withdrawn]:
    """What the data folder lists as taken out. Raises InputError for a list that is malformed."""
    file = folder / FILE
    if not file.exists():
        return []
    listed, places = read(file.read_bytes(), str(file))
    found = []
    for index, item in enumerate(listed if isinstance(listed, list) else [listed]):
        place = Place(str(file), *places.get((index,), (0, 0)))
        try:
            entry = Withdrawn(item["id"], str(item["date"]), dict(item["reason"]), place)
            if item.keys() != {"id", "date", "reason"} or entry.reason.keys() < {"en", "hu"}:
                raise ValueError("it has the keys id, date and reason, and a reason in en and hu")
            entry.quads()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"each entry needs an id, a date and a reason in English and Hungarian ({error})"
            raise InputError([violation("withdrawn", place, why, f"hibás bejegyzés ({error})")]) from error
        found.append(entry)
    return found


def reused(item: Withdrawn, place: Place | None) -> Finding:
    """The finding for a record that has an id which was taken out."""
    return violation(
        "withdrawn",
        place or item.place,
        f"«{item.id}» was taken out on {item.date}; give the record another id",
        f"«{item.id}» azonosítót {item.date} napján eltávolítottuk; adjon a rekordnak másikat",
    )
