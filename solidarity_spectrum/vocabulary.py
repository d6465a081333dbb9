"""The ontology as the program needs it: its quads, and the few questions that other rooms ask of it."""

from functools import cache
from pathlib import Path

import pyoxigraph as ox

from solidarity_spectrum.resources import BASE, ONTOLOGY

SOL = BASE + "ontology#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_GRAPHS = {
    "modules": "ontology",
    "alignments": "ontology",
    "vocabularies": "vocabularies",
    "shapes": "shapes",
}


def ontology_files() -> list[tuple[Path, str]]:
    """Every Turtle file of the ontology, with the IRI of the graph it goes into."""
    return [
        (file, f"{BASE}graph/{graph}")
        for folder, graph in _GRAPHS.items()
        for file in sorted((ONTOLOGY / folder).glob("*.ttl"))
    ]


class Vocabulary:
    """Modules, alignments, code lists and shapes, in one small store."""

    def __init__(self) -> None:
        self.store = ox.Store()
        for file, graph in ontology_files():
            self.store.load(path=str(file), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(graph))

    def quads(self) -> list[ox.Quad]:
        return list(self.store)

    def below(self, iri: str, link: str = _RDFS + "subPropertyOf") -> set[str]:
        """`iri` and all that lies under it by `link`."""
        found, front = {iri}, [iri]
        while front:
            node = ox.NamedNode(front.pop())
            for quad in self.store.quads_for_pattern(None, ox.NamedNode(link), node, None):
                child = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else ""
                if child and child not in found:
                    found.add(child)
                    front.append(child)
        return found

    def documented_relations(self) -> frozenset[str]:
        """Names of the relations that are facts, not arguments."""
        return frozenset(iri.removeprefix(SOL) for iri in self.below(SOL + "documented"))

    def declared(self) -> set[str]:
        """IRIs of every term that the ontology, an alignment or a code list describes."""
        return {quad.subject.value for quad in self.store if isinstance(quad.subject, ox.NamedNode)}


@cache
def vocabulary() -> Vocabulary:
    """The shipped ontology, read once."""
    return Vocabulary()
