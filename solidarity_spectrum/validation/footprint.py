"""What the shapes see: which things a triple can put right or wrong, and what must be at hand to judge a thing.

Both are derived from the shapes themselves: the paths of their properties (inverse, sequence, alternative, repeated),
the classes that they ask of a value, the shapes inside shapes, and the patterns of SPARQL constraints. A term of SHACL
whose reach is not known here raises ValueError, so that no shape is ever judged on half of what it sees.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

import pyoxigraph as ox

from solidarity_spectrum import patterns
from solidarity_spectrum.patterns import RDF_TYPE
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.view import Term, View
from solidarity_spectrum.vocabulary import vocabulary

SHAPES = ox.NamedNode(BASE + "graph/shapes")
_SH = "http://www.w3.org/ns/shacl#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST, _REST = ox.NamedNode(_RDF + "first"), ox.NamedNode(_RDF + "rest")
_SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
_VALUES_ONLY = frozenset(
    {
        "datatype",
        "nodeKind",
        "minCount",
        "maxCount",
        "minExclusive",
        "minInclusive",
        "maxExclusive",
        "maxInclusive",
        "minLength",
        "maxLength",
        "pattern",
        "flags",
        "languageIn",
        "uniqueLang",
        "hasValue",
        "in",
        "qualifiedMinCount",
        "qualifiedMaxCount",
        "name",
        "description",
        "message",
        "severity",
        "order",
        "group",
        "deactivated",
        "prefixes",
        "select",
        "targetClass",
        "targetSubjectsOf",
    }
)
"""They ask of the values at the end of a path, and of nothing beyond."""
_NEIGHBOURS = 200
"""A thing with more triples than this is asked for those of each property apart."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: along a property or, if `back`, against it; once, or, if `again`, any number of times."""

    property: ox.NamedNode
    back: bool = False
    again: bool = False


@dataclass(slots=True, eq=False)
class Reach:
    """A tree of steps from a focus node: what is read at the end of each."""

    steps: dict[Step, "Reach"] = field(default_factory=dict)

    def at(self, step: Step) -> "Reach":
        return self.steps.setdefault(step, Reach())

    def walk(self, before: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Step]]:
        """Every step, with those that lead to it."""
        for step, after in self.steps.items():
            yield before, step
            yield from after.walk((*before, step))

    def merge(self, other: "Reach") -> None:
        for step, after in other.steps.items():
            self.at(step).merge(after)


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape with targets: classes, and properties whose subjects it judges; and its reach."""

    classes: frozenset[ox.NamedNode]
    properties: frozenset[ox.NamedNode]
    reach: Reach


class Footprint:
    """The reach of all shapes of a store in which one graph holds shapes. Raises ValueError as said above."""

    def __init__(self, store: ox.Store, graph: ox.NamedNode = SHAPES) -> None:
        self._store, self._graph = View(store), graph
        targets: dict[Term, tuple[set[ox.NamedNode], set[ox.NamedNode]]] = {}
        for number, name in enumerate(("targetClass", "targetSubjectsOf")):
            for quad in store.quads_for_pattern(None, ox.NamedNode(_SH + name), None, graph):
                assert isinstance(quad.object, ox.NamedNode)
                targets.setdefault(quad.subject, (set(), set()))[number].add(quad.object)
        self.shapes = []
        for node, (classes, properties) in targets.items():
            reach = Reach()
            for each in properties:
                reach.at(Step(each))
            self._read(node, [reach], [reach], ())
            self.shapes.append(Shape(frozenset(classes), frozenset(properties), reach))
        self._by_property: dict[ox.NamedNode, set[tuple[tuple[Step, ...], Step]]] = {}
        for shape in self.shapes:
            for before, step in shape.reach.walk():
                self._by_property.setdefault(step.property, set()).add((before, step))
        self._merged: dict[frozenset[int], Reach] = {}
        self._by_class: dict[ox.NamedNode, set[int]] = {}
        self._by_subject: dict[ox.NamedNode, set[int]] = {}
        for number, shape in enumerate(self.shapes):
            for each in shape.classes:
                self._by_class.setdefault(each, set()).add(number)
            for each in shape.properties:
                self._by_subject.setdefault(each, set()).add(number)

    # Reading the shapes.

    def _values(self, node: Term, name: str) -> list[Term]:
        found = self._store.quads_for_pattern(node, ox.NamedNode(_SH + name), None, self._graph)
        return [quad.object for quad in found]

    def _list(self, node: Term) -> list[Term]:
        items = []
        while first := next(self._store.quads_for_pattern(node, _FIRST, None, self._graph), None):
            items.append(first.object)
            node = next(self._store.quads_for_pattern(node, _REST, None, self._graph)).object
        return items

    def _read(self, shape: Term, nodes: list[Reach], focus: list[Reach], above: tuple[Term, ...]) -> None:
        """Put down what a shape reads at `nodes`; `focus` is what `$this` means in it."""
        if shape in above:
            raise ValueError(f"{shape} is inside itself")
        above = (*above, shape)
        paths = self._values(shape, "path")
        ends = [end for path in paths for node in nodes for end in self._path(path, node)] if paths else nodes
        for quad in self._store.quads_for_pattern(shape, None, None, self._graph):
            name = quad.predicate.value.removeprefix(_SH)
            value: Term = quad.object
            if name == quad.predicate.value or name in _VALUES_ONLY or name == "path":
                continue
            if name == "class":
                for end in ends:
                    end.at(Step(RDF_TYPE))
            elif name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"):
                assert isinstance(value, ox.NamedNode)
                for node in nodes:
                    node.at(Step(value))
            elif name in ("node", "property", "not", "qualifiedValueShape"):
                self._read(value, ends, ends, above)
            elif name in ("and", "or", "xone"):
                for each in self._list(value):
                    self._read(each, ends, ends, above)
            elif name == "sparql":
                for node in nodes:
                    self._sparql(value, node)
            else:
                raise ValueError(f"{shape}: what sh:{name} reads is not known")

    def _path(self, path: Term, start: Reach, back: bool = False, again: bool = False) -> list[Reach]:
        if isinstance(path, ox.NamedNode):
            return [start.at(Step(path, back, again))]
        if steps := self._list(path):
            if again:
                raise ValueError("a repeated sequence of properties")
            ends = [start]
            for step in reversed(steps) if back else steps:
                ends = [end for each in ends for end in self._path(step, each, back)]
            return ends
        for name, values in ((n, self._values(path, n + "Path")) for n in ("alternative", "inverse")):
            for value in values:
                if name == "inverse":
                    return self._path(value, start, not back, again)
                if again:
                    raise ValueError("a repeated alternative of properties")
                return [end for each in self._list(value) for end in self._path(each, start, back)]
        for name in ("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"):
            for value in self._values(path, name):
                return self._path(value, start, back, again=True)
        raise ValueError(f"{path} is no path")

    def _sparql(self, constraint: Term, node: Reach) -> None:
        """A query reads what its patterns lead to from `$this`."""
        prefixes = {}
        for owner in self._values(constraint, "prefixes"):
            for declared in self._values(owner, "declare"):
                (prefix,), (namespace,) = self._values(declared, "prefix"), self._values(declared, "namespace")
                assert isinstance(prefix, ox.Literal) and isinstance(namespace, ox.Literal)
                prefixes[prefix.value] = namespace.value
        for text in self._values(constraint, "select"):
            assert isinstance(text, ox.Literal)
            for body in patterns.read(text.value, prefixes).bodies:
                rest = [*body.patterns, *(pattern for group in body.optional for pattern in group)]
                known = {"this": node}
                while rest:
                    pattern = next((p for p in rest if p.subject in known or p.object in known), None)
                    if pattern is None or not isinstance(pattern.predicate, ox.NamedNode):
                        raise ValueError(f"{constraint} reads what does not hang together with $this")
                    rest.remove(pattern)
                    back = pattern.subject not in known
                    here, there = (pattern.object, pattern.subject) if back else (pattern.subject, pattern.object)
                    after = known[str(here)].at(Step(pattern.predicate, back, pattern.many))
                    if isinstance(there, str):
                        if there in known:
                            after.merge(known[there])
                        known[there] = after

    # Asking.

    def judged_by(self, view: View, node: Term) -> frozenset[int]:
        """The shapes (by number) that a node of a graph is a target of."""
        found: set[int] = set()
        for kind in _classes(view, node):
            found |= self._by_class.get(kind, set())
        for each, numbers in self._by_subject.items():
            if not numbers <= found and next(view.triples(node, each, None), None) is not None:
                found |= numbers
        return frozenset(found)

    def affected(self, view: View, changed: Iterable[ox.Triple]) -> set[Term]:
        """The nodes whose judgement can be another one because of some triples.

        `view` is the graph as it was and as it is, together; `changed` are the triples that came or went.
        """
        found: set[Term] = set()
        memo: dict[tuple[tuple[Step, ...], Term], set[Term]] = {}
        incoming: dict[Term, set[ox.NamedNode] | None] = {}
        for triple in changed:
            if triple.predicate == RDF_TYPE or triple.predicate in self._by_subject:
                found.add(triple.subject)
            for before, step in self._by_property.get(triple.predicate, ()):
                node: Term = triple.object if step.back else triple.subject
                starts = _reached(view, {node}, Step(step.property, not step.back, True)) if step.again else {node}
                for start in starts:
                    found |= _before(view, before, start, memo, incoming)
        return {node for node in found if not isinstance(node, ox.Literal) and self.judged_by(view, node)}

    def slice(self, view: View, nodes: Iterable[Term]) -> set[ox.Triple]:
        """The triples that judging these nodes needs."""
        kept: set[ox.Triple] = set()
        done: set[tuple[int, Term]] = set()
        for node in nodes:
            numbers = self.judged_by(view, node)
            if not numbers:
                continue
            if numbers not in self._merged:
                merged = Reach()
                for number in numbers:
                    merged.merge(self.shapes[number].reach)
                self._merged[numbers] = merged
            self._gather(view, self._merged[numbers], node, kept, done)
            kept.update(view.triples(node, RDF_TYPE, None))
        return kept

    def _gather(self, view: View, reach: Reach, node: Term, kept: set[ox.Triple], done: set[tuple[int, Term]]) -> None:
        if (id(reach), node) in done:
            return
        done.add((id(reach), node))
        own: dict[ox.NamedNode, list[ox.Triple]] | None = None
        if len(reach.steps) > 3 and not isinstance(node, ox.Literal):
            some = list(islice(view.triples(node, None, None), _NEIGHBOURS))
            if len(some) < _NEIGHBOURS:
                own = {}
                for triple in some:
                    own.setdefault(triple.predicate, []).append(triple)
        for step, after in reach.steps.items():
            if step.again:
                ends = _reached(view, {node}, step, kept)
            else:
                found = (
                    own.get(step.property, []) if own is not None and not step.back else list(_along(view, node, step))
                )
                kept.update(found)
                ends = {triple.subject if step.back else triple.object for triple in found}
            if after.steps:
                for end in ends:
                    self._gather(view, after, end, kept, done)


def _along(view: View, node: Term, step: Step) -> Iterator[ox.Triple]:
    return view.triples(None, step.property, node) if step.back else view.triples(node, step.property, None)


def _reached(view: View, nodes: set[Term], step: Step, kept: set[ox.Triple] | None = None) -> set[Term]:
    """The nodes and, by one step any number of times if `again`, all beyond."""
    reached = set(nodes) if step.again else set()
    front = list(nodes)
    while front:
        for triple in list(_along(view, front.pop(), step)):
            if kept is not None:
                kept.add(triple)
            there: Term = triple.subject if step.back else triple.object
            if there not in reached:
                reached.add(there)
                if step.again:
                    front.append(there)
    return reached


def _before(
    view: View,
    path: tuple[Step, ...],
    node: Term,
    memo: dict[tuple[tuple[Step, ...], Term], set[Term]],
    incoming: dict[Term, set[ox.NamedNode] | None],
) -> set[Term]:
    """The nodes from which a path leads to a node."""
    if not path:
        return {node}
    if (path, node) not in memo:
        last = path[-1]
        if node not in incoming:
            some = list(islice(view.triples(None, None, node), _NEIGHBOURS))
            incoming[node] = {triple.predicate for triple in some} if len(some) < _NEIGHBOURS else None
        inward = incoming[node]
        if not last.back and inward is not None and last.property not in inward:
            nodes = {node} if last.again else set()
        else:
            nodes = _reached(view, {node}, Step(last.property, not last.back, last.again))
        memo[path, node] = {start for each in nodes for start in _before(view, path[:-1], each, memo, incoming)}
    return memo[path, node]


@cache
def _tree() -> dict[ox.NamedNode, frozenset[ox.NamedNode]]:
    """Every class with those above it, as the ontology says."""
    above: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    for quad in class_tree():
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            above.setdefault(quad.subject, set()).add(quad.object)
    while True:
        more = {kind: {w for c in wider for w in above.get(c, set())} - wider for kind, wider in above.items()}
        if not any(more.values()):
            return {kind: frozenset(wider) for kind, wider in above.items()}
        for kind, wider in more.items():
            above[kind] |= wider


@cache
def class_tree() -> tuple[ox.Triple, ...]:
    """All that the ontology says of classes below classes: the engines look for it in the data."""
    return tuple(quad.triple for quad in vocabulary().store.quads_for_pattern(None, _SUBCLASS, None, None))


def _classes(view: View, node: Term) -> set[ox.NamedNode]:
    kinds = {triple.object for triple in view.triples(node, RDF_TYPE, None) if isinstance(triple.object, ox.NamedNode)}
    return kinds | {wider for kind in kinds for wider in _tree().get(kind, ())}


@cache
def footprint() -> Footprint:
    """The reach of the shipped shapes, derived once."""
    return Footprint(vocabulary().store)
