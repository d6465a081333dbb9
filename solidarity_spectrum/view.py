"""A store as it would be after a change, without making the change: what is there, less what goes, and what comes."""

from collections.abc import Iterator

import pyoxigraph as ox

Node = ox.NamedNode | ox.BlankNode | ox.Triple
Term = Node | ox.Literal
Graph = ox.NamedNode | ox.BlankNode


class View:
    """Quads and triples (of all graphs) of a store after a change; nothing is copied, whatever the size of the store.

    `gone` are quads of the store that are no longer there, `added` is a small store of its own, and the graph `hidden`
    is passed over.
    """

    def __init__(
        self,
        base: ox.Store,
        gone: set[ox.Quad] | None = None,
        added: ox.Store | None = None,
        hidden: Graph | None = None,
    ) -> None:
        self.base = base
        self.gone = gone if gone is not None else set()
        self.added = added if added is not None else ox.Store()
        self.hidden = hidden

    def without(self, graph: Graph) -> "View":
        """The same, one graph left out."""
        return View(self.base, self.gone, self.added, graph)

    def quads_for_pattern(
        self,
        subject: Term | None,
        predicate: ox.NamedNode | None,
        obj: Term | None,
        graph: Graph | None = None,
    ) -> Iterator[ox.Quad]:
        """As the method of `pyoxigraph.Store`; a quad that stands in both parts may come twice."""
        if isinstance(subject, ox.Literal):
            return
        for quad in self.base.quads_for_pattern(subject, predicate, obj, graph):
            if quad.graph_name != self.hidden and quad not in self.gone:
                yield quad
        yield from self.added.quads_for_pattern(subject, predicate, obj, graph)

    def triples(self, subject: Term | None, predicate: ox.NamedNode | None, obj: Term | None) -> Iterator[ox.Triple]:
        """The triples that fit; one that stands in several graphs may come several times."""
        for quad in self.quads_for_pattern(subject, predicate, obj):
            yield quad.triple

    def holds(self, triple: ox.Triple, but: Graph | None = None) -> bool:
        """Whether a triple stands in any graph, or in any other than `but`."""
        found = self.quads_for_pattern(triple.subject, triple.predicate, triple.object)
        return any(quad.graph_name != but for quad in found)
