"""The ontology as the program needs it: its quads, and the few questions that other rooms ask of it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pyoxigraph as ox

from solidarity_spectrum.resources import BASE, ONTOLOGY

T = TypeVar("T")
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


def _read(file: Path, graph: ox.NamedNode) -> Iterator[ox.Quad]:
    """The quads of a file, its blank nodes named by file and order: the same file gives the same names."""
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(node: T) -> T | ox.BlankNode:
        if not isinstance(node, ox.BlankNode):
            return node
        return names.setdefault(node, ox.BlankNode(f"{file.parent.name}-{file.stem}-{len(names)}"))

    for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE):
        yield ox.Quad(named(quad.subject), quad.predicate, named(quad.object), graph)


class Vocabulary:
    """Modules, alignments, code lists and shapes, in one small store."""

    def __init__(self) -> None:
        self.store = ox.Store()
        for file, graph in ontology_files():
            self.store.extend(_read(file, ox.NamedNode(graph)))

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
