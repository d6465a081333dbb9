"""What follows from the graph: the rules of `ontology/rules`, each a SPARQL CONSTRUCT, run until nothing is new.

For a small change to a big graph, `changes` finds the same without running the rules on the graph: the patterns of the
rules tell which conclusions the change can make or unmake, and which triples these rest on; on those few triples, the
rules themselves are run. (This is the method «delete and rederive» with the rules as the last word.)
"""

from collections.abc import Callable, Iterator
from functools import cache

import pyoxigraph as ox

from solidarity_spectrum import patterns
from solidarity_spectrum.matching import Bindings, Matcher, bound
from solidarity_spectrum.patterns import RDF_TYPE, Body, Pattern, Query
from solidarity_spectrum.resources import BASE, ONTOLOGY
from solidarity_spectrum.view import Term, View

INFERRED = ox.NamedNode(BASE + "graph/inferred")
MAX_ROUNDS = 50
_RDFS, _OWL = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2002/07/owl#"
_SCHEMA = {ox.NamedNode(iri) for iri in (_RDFS + "subClassOf", _RDFS + "subPropertyOf", _OWL + "inverseOf")}
_SCHEMA_TYPES = {ox.NamedNode(_OWL + name) for name in ("SymmetricProperty", "TransitiveProperty")}


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    return tuple((file.stem, file.read_text("utf-8")) for file in sorted((ONTOLOGY / "rules").glob("*.rq")))


def materialise(store: ox.Store, progress: Callable[[str], None] = lambda _: None) -> int:
    """Add to `graph/inferred` all that follows; returns the number of new triples.

    Raises RuntimeError if the rules do not come to rest, which only a rule that invents terms could cause.
    """
    total = 0
    for round_number in range(1, MAX_ROUNDS + 1):
        new = 0
        for name, text in _texts():
            triples = store.query(text, use_default_graph_as_union=True)
            assert isinstance(triples, ox.QueryTriples), f"{name} is not a CONSTRUCT"
            quads = {
                ox.Quad(t.subject, t.predicate, t.object, INFERRED)
                for t in triples
                if next(store.quads_for_pattern(t.subject, t.predicate, t.object, None), None) is None
            }
            store.extend(quads)
            new += len(quads)
        total += new
        progress(f"round {round_number}: {new} new triples")
        if not new:
            return total
    raise RuntimeError(f"the rules did not come to rest in {MAX_ROUNDS} rounds")


def is_schema(triple: ox.Triple) -> bool:
    """Whether a triple says what terms mean: a rule may then conclude something from any triple of the graph."""
    return triple.predicate in _SCHEMA or (triple.predicate == RDF_TYPE and triple.object in _SCHEMA_TYPES)


@cache
def rules() -> tuple[tuple[str, Query], ...]:
    """The rules by name, as far as their patterns tell. Raises ValueError for one that cannot be read."""
    return tuple((name, patterns.read(text)) for name, text in _texts())


@cache
def _triggers() -> dict[ox.NamedNode | None, list[tuple[Query, Body, Pattern]]]:
    """The patterns that a triple may fit, by its predicate; under None those that fit any."""
    found: dict[ox.NamedNode | None, list[tuple[Query, Body, Pattern]]] = {}
    for _, query in rules():
        for body in query.bodies:
            for pattern in (*body.patterns, *(p for group in body.optional for p in group)):
                key = pattern.predicate if isinstance(pattern.predicate, ox.NamedNode) else None
                found.setdefault(key, []).append((query, body, pattern))
    return found


def changes(view: View, added: set[ox.Triple], removed: set[ox.Triple]) -> tuple[set[ox.Triple], set[ox.Triple]]:
    """What follows anew, and what follows no more (of `removed` too), when a graph changes.

    `view` is the changed graph with the conclusions from before the change; `added` are the triples that it holds and
    the graph before did not; `removed` those that no graph but `graph/inferred` holds any more. None of them may be
    `is_schema`.
    """
    return _Maintenance(view, added, removed).run()


class _Maintenance(Matcher):
    def __init__(self, view: View, added: set[ox.Triple], removed: set[ox.Triple]) -> None:
        self.view = view
        self.old = View(view.base)
        extra = ox.Store()
        extra.extend(view.added)
        super().__init__(View(view.base, added=extra))  # before and after, with all that may follow
        self.asserted = added
        self.may_come: set[ox.Triple] = set()
        self.may_go = set(removed)
        self.open: dict[tuple[Term, Term], Query] = {}
        """Subject and predicate of conclusions whose value is computed."""
        self.queue = [(triple, True) for triple in added] + [(triple, False) for triple in removed]
        self.support: set[ox.Triple] = set()
        self.schema: dict[tuple[Term | None, ox.NamedNode, Term | None], list[ox.Triple]] = {}

    def run(self) -> tuple[set[ox.Triple], set[ox.Triple]]:
        while True:
            while self.queue:
                self.follow(*self.queue.pop())
            for triple in self.may_go:
                self.rest_on(triple)
            results = self.conclude()
            late = {t for t in results if t not in self.may_come and not self.old.holds(t)}
            if not late:
                break
            self.come(late)
        return {triple for triple in results if not self.view.holds(triple)}, self.may_go - results

    def come(self, triples: set[ox.Triple]) -> None:
        self.may_come |= triples
        self.all.added.extend(ox.Quad(t.subject, t.predicate, t.object, INFERRED) for t in triples)
        self.queue += [(triple, True) for triple in triples]

    def follow(self, triple: ox.Triple, comes: bool) -> None:
        """All that may follow, or follow no more, because of one triple."""
        triggers = _triggers()
        self.support.add(triple)
        for query, body, pattern in (*triggers.get(triple.predicate, ()), *triggers.get(None, ())):
            for start in self.fits(pattern, triple):
                for found in self.solve(body, start, pattern):
                    for head in query.head:
                        if body.optional:  # what comes may unmake a conclusion, what goes may make one
                            self.conclusion(query, head, found, not comes)
                        self.conclusion(query, head, found, comes)

    def conclusion(self, query: Query, head: Pattern, found: Bindings, comes: bool) -> None:
        subject, predicate, obj = (bound(slot, found) for slot in patterns.slots(head))
        if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
            return
        assert subject is not None, "a conclusion about something computed"
        if obj is None:  # computed, perhaps from what is missing: what it was may be wrong now
            if (subject, predicate) not in self.open:
                self.open[subject, predicate] = query
                for stood in self.old.triples(subject, predicate, None):
                    self.go(stood)
                self.rest(query, head, {head.subject: subject} if isinstance(head.subject, str) else {})
            return
        triple = ox.Triple(subject, predicate, obj)
        if not comes:
            self.go(triple)
        elif triple not in self.may_come and not self.old.holds(triple) and triple not in self.asserted:
            self.come({triple})

    def go(self, triple: ox.Triple) -> None:
        if triple in self.may_go or self.view.holds(triple, but=INFERRED) or not self.old.holds(triple):
            return
        self.may_go.add(triple)
        self.queue.append((triple, False))

    def rest_on(self, triple: ox.Triple) -> None:
        """Collect what a conclusion may rest on, by all rules that could give it."""
        for _, query in rules():
            for head in query.head:
                for start in self.fits(head, triple):
                    self.rest(query, head, start)

    def rest(self, query: Query, head: Pattern, start: Bindings) -> None:
        for body in query.bodies:
            for _ in self.solve(body, start):
                pass

    def conclude(self) -> set[ox.Triple]:
        """Run the rules on what the conclusions in question rest on."""
        if not (self.may_come or self.may_go or self.open):
            return set()
        small = ox.Store()
        known = self.support - self.may_come - self.may_go
        small.extend(ox.Quad(t.subject, t.predicate, t.object) for t in known)
        materialise(small)
        return {
            triple
            for triple in (quad.triple for quad in small.quads_for_pattern(None, None, None, INFERRED))
            if triple in self.may_come or triple in self.may_go or (triple.subject, triple.predicate) in self.open
        }

    def solve(self, body: Body, start: Bindings, held: Pattern | None = None) -> Iterator[Bindings]:
        """All ways in which the required patterns hold; what they hold by is put down as support.

        That of `held`, one triple, is put down already.
        """
        rest = tuple(pattern for pattern in body.patterns if pattern is not held or pattern.many)
        starts = [start]
        for rows in body.values:
            starts = [{**s, **row} for s in starts for row in rows if all(s.get(k, v) == v for k, v in row.items())]
        for given in starts:
            for found, used in self.join(rest, given):
                self.support.update(used)
                for group in body.optional:
                    for _, more in self.join(group, found):
                        self.support.update(more)
                yield found

    def triples(
        self, subject: Term | None, predicate: ox.NamedNode | None, obj: Term | None
    ) -> Iterator[ox.Triple] | list[ox.Triple]:
        if predicate in _SCHEMA or (predicate == RDF_TYPE and obj in _SCHEMA_TYPES):
            assert predicate is not None
            key = subject, predicate, obj
            if key not in self.schema:  # asked again and again, and never changed
                self.schema[key] = list(self.old.triples(*key))
            return self.schema[key]
        return super().triples(subject, predicate, obj)
