"""Finding the ways in which triple patterns hold in a graph that is looked at from a few triples only."""

from collections.abc import Iterator
from itertools import islice

import pyoxigraph as ox

from solidarity_spectrum import patterns
from solidarity_spectrum.patterns import Pattern, Slot
from solidarity_spectrum.view import Term, View

_PROBES = (8, 64, 512)
"""How many triples of each pattern are looked at to tell which fits fewest."""
Bindings = dict[str, Term]


class Matcher:
    """Patterns against a graph, from bindings that are known."""

    def __init__(self, view: View) -> None:
        self.all = view

    def triples(
        self, subject: Term | None, predicate: ox.NamedNode | None, obj: Term | None
    ) -> Iterator[ox.Triple] | list[ox.Triple]:
        """The triples that fit."""
        return self.all.triples(subject, predicate, obj)

    def fits(self, pattern: Pattern, triple: ox.Triple) -> Iterator[Bindings]:
        """The bindings with which a pattern is a triple, or a chain of which the triple is a part."""
        if not pattern.many:
            found = unify(pattern, triple, {})
            if found is not None:
                yield found
            return
        if pattern.predicate != triple.predicate:
            return
        before = {triple.subject, *self.chain(triple.subject, triple.predicate, back=True)}
        after = {triple.object, *self.chain(triple.object, triple.predicate, back=False)}
        step = Pattern(pattern.subject, pattern.predicate, pattern.object)
        for subject in before:
            for obj in after:
                found = unify(step, (subject, triple.predicate, obj), {})
                if found is not None:
                    yield found

    def join(self, rest: tuple[Pattern, ...], found: Bindings) -> Iterator[tuple[Bindings, tuple[ox.Triple, ...]]]:
        if not rest:
            yield found, ()
            return
        chosen, rows = self.choose(rest, found)
        others = tuple(pattern for pattern in rest if pattern is not chosen)
        for more, used in rows:
            for last, then in self.join(others, more):
                yield last, used + then

    def choose(
        self, rest: tuple[Pattern, ...], found: Bindings
    ) -> tuple[Pattern, list[tuple[Bindings, tuple[ox.Triple, ...]]]]:
        """The pattern that fits fewest triples, with these: a thing that thousands point to is not run through."""
        free = {pattern: len(pattern.variables() - found.keys()) for pattern in rest}
        least = [pattern for pattern in rest if free[pattern] == min(free.values())]
        if len(least) == 1:
            return least[0], list(self.rows(least[0], found))
        for cap in _PROBES:
            some = [(pattern, list(islice(self.rows(pattern, found), cap))) for pattern in least]
            best = min(some, key=lambda each: len(each[1]))
            if len(best[1]) < cap:
                return best
        return least[0], list(self.rows(least[0], found))

    def rows(self, pattern: Pattern, found: Bindings) -> Iterator[tuple[Bindings, tuple[ox.Triple, ...]]]:
        subject, predicate, obj = (bound(slot, found) for slot in patterns.slots(pattern))
        if not isinstance(predicate, ox.NamedNode | None):
            return
        if pattern.many:
            assert isinstance(predicate, ox.NamedNode)
            start, end = (subject, obj) if subject is not None else (obj, None)
            assert start is not None, "a path with no end known"
            for node, edges in self.chain(start, predicate, back=subject is None).items():
                if end is None or node == end:
                    s, o = (node, start) if subject is None else (start, node)
                    more = unify(Pattern(pattern.subject, predicate, pattern.object), (s, predicate, o), found)
                    if more is not None:
                        yield more, edges
            return
        for triple in self.triples(subject, predicate, obj):
            more = unify(pattern, triple, found)
            if more is not None:
                yield more, (triple,)

    def chain(self, start: Term, predicate: ox.NamedNode, back: bool) -> dict[Term, tuple[ox.Triple, ...]]:
        """All that is reached from a node by one or more steps, and all steps on the way."""
        steps: set[ox.Triple] = set()
        reached: set[Term] = set()
        front = [start]
        while front:
            here = front.pop()
            if isinstance(here, ox.Literal) and not back:
                continue
            for triple in self.triples(*((None, predicate, here) if back else (here, predicate, None))):
                steps.add(triple)
                there: Term = triple.subject if back else triple.object
                if there not in reached:
                    reached.add(there)
                    front.append(there)
        return dict.fromkeys(reached, tuple(steps))


def bound(slot: Slot, found: Bindings) -> Term | None:
    return found.get(slot) if isinstance(slot, str) else slot


def unify(pattern: Pattern, triple: ox.Triple | tuple[Term, Term, Term], found: Bindings) -> Bindings | None:
    """The bindings with which a pattern is a triple, or None."""
    more = found
    for slot, term in zip(patterns.slots(pattern), triple, strict=True):
        if isinstance(slot, str):
            known = more.get(slot)
            if known is None:
                more = {**more, slot: term}
            elif known != term:
                return None
        elif slot != term:
            return None
    return more
