"""One thing made wrong in a good record breaks the rule about that thing, and no rule about anything else.

The table is made from the shapes: what each property shape asks for says how to break it. The good records are the
passing examples of the shapes (`ontology/shapes/examples/NAME/pass.ttl`). All spoilt copies of one record are judged in
one go, as things of their own beside an unspoilt copy; what they break, and it does not, comes from what was done to
them.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import NamedTuple

import pyoxigraph as ox
import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH, XSD
from rdflib.term import Node

from solidarity_spectrum.validation.shapes import judge
from tests.test_shapes import EXAMPLE, FIXTURES, NAMES, SOLSH, background, local, shapes

NOBODY = URIRef(EXAMPLE + "nobody-of-that-name")
NONSENSE = Literal("nonsense")


class Mutation(NamedTuple):
    """What is done to one property of a good thing, and the rule that must say so."""

    record: str
    thing: str
    property: URIRef
    kind: str
    rule: str


def properties(path: Node | None) -> list[URIRef]:
    """The properties of a thing itself that a path of a shape starts with: one, or several alternatives."""
    if isinstance(path, URIRef):
        return [path]
    steps = shapes().value(path, SH.alternativePath)
    return [step for step in Collection(shapes(), steps) if isinstance(step, URIRef)] if steps else []


def alternatives(path: Node | None) -> int:
    steps = shapes().value(path, SH.alternativePath)
    return len(Collection(shapes(), steps)) if steps else 1


@cache
def mentioned(rule: Node) -> frozenset[str]:
    """The local names of all terms that a rule speaks of, also by the shapes that it refers to and its query."""
    found: set[str] = set()
    front, seen = [rule], set()
    while front:
        node = front.pop()
        if node in seen:
            continue
        seen.add(node)
        for link, value in shapes().predicate_objects(node):
            if link in (SH.message, SH.name):
                continue
            if isinstance(value, Literal):
                found.update(word.rpartition(":")[2] for word in str(value).split() if ":" in word)
            elif isinstance(value, BNode) or str(value).startswith(str(SOLSH)):
                front.append(value)
            else:
                found.add(local(value))
    return frozenset(found)


def ways(rule: Node) -> Iterator[str]:
    """How the value of a property may be spoilt so that a rule about it must fail."""
    asks = set(shapes().predicates(rule))
    least = shapes().value(rule, SH.minCount)
    if least is None:
        least = shapes().value(rule, SH.qualifiedMinCount)
    if least is not None and alternatives(shapes().value(rule, SH.path)) == 1:
        yield "delete"
    if shapes().value(rule, SH.maxCount) == Literal(1):
        yield "repeat"
    if shapes().value(rule, SH.uniqueLang) == Literal(True):
        yield "say twice"
    if asks & {SH["class"], SH.datatype, SH["in"], SH.nodeKind, SH.node} or {SH["or"], SH.pattern} <= asks:
        yield "corrupt"
    if asks & {SH["class"], SH["in"]} or shapes().value(rule, SH.datatype):
        yield "misrefer"
    if SH.pattern in asks:
        yield "garble"
    if shapes().value(rule, SH.minInclusive) is not None or shapes().value(rule, SH.minExclusive) is not None:
        yield "negate"


@cache
def good(name: str) -> Graph:
    return Graph().parse(FIXTURES / name / "pass.ttl")


@cache
def mutations() -> dict[str, list[Mutation]]:
    """All that can be done, by record."""
    found = defaultdict(list)
    for name in NAMES:
        things = {s for s in good(name).subjects() if isinstance(s, URIRef) and local(s).startswith("pass")}
        for rule in shapes().objects(SOLSH[name], SH.property):
            for prop in properties(shapes().value(rule, SH.path)):
                thing = next((t for t in sorted(things) if (t, prop, None) in good(name)), None)
                if thing is not None:
                    found[name] += [Mutation(name, str(thing), prop, way, local(rule)) for way in ways(rule)]
    return found


def spoil(values: list[Node], way: str) -> list[Node]:
    """The values of a property, spoilt in one way."""
    first = values[0]
    if way == "delete":
        return []
    if way == "repeat":
        return [*values, Literal("1871-01-18", datatype=XSD.date) if isinstance(first, Literal) else NOBODY]
    if way == "say twice":
        assert isinstance(first, Literal)
        return [*values, Literal(str(first) + " again", lang=first.language)]
    if way == "misrefer":
        return [NOBODY]
    if way == "garble":
        return [URIRef("urn:x:garbled") if isinstance(first, URIRef) else Literal(" ")]
    if way == "negate":
        assert isinstance(first, Literal)
        return [Literal("-7", datatype=first.datatype)]
    return [Literal(7) if isinstance(first, Literal) and first.datatype in (None, XSD.string) else NONSENSE]


def broken(name: str) -> dict[Mutation, set[str]]:
    """The rules that each spoilt copy of a record breaks and an unspoilt one does not."""
    source = good(name)
    number = count()
    copies: dict[str, URIRef] = {}
    graph = Graph() + background() + source

    def copy(thing: URIRef, change: Mutation | None = None) -> URIRef:
        fresh = URIRef(f"{EXAMPLE}copy-{next(number)}")
        for prop, value in source.predicate_objects(thing):
            if change is None or prop != change.property:
                graph.add((fresh, prop, fresh if value == thing else value))
        for subject, prop in source.subject_predicates(thing):
            if subject != thing:
                graph.add((subject, prop, fresh))
        if change is not None:
            for value in spoil(sorted(source.objects(thing, change.property)), change.kind):
                graph.add((fresh, change.property, value))
        return fresh

    spoilt = {}
    for mutation in mutations()[name]:
        thing = URIRef(mutation.thing)
        if mutation.thing not in copies:
            copies[mutation.thing] = copy(thing)
        spoilt[mutation] = copy(thing, mutation)
    triples = [quad.triple for quad in ox.parse(graph.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)]
    by_focus = defaultdict(set)
    for result in judge(triples):
        by_focus[result.focus].add(result.rule)
    return {m: by_focus[str(node)] - by_focus[str(copies[m.thing])] for m, node in spoilt.items()}


@pytest.mark.parametrize("name", sorted(mutations()))
def test_the_rule_about_it_fires_and_no_other(name: str) -> None:
    for mutation, rules in broken(name).items():
        assert mutation.rule in rules, f"{mutation}: only {rules}"
        about = local(mutation.property)
        others = {rule for rule in rules if about not in mentioned(SOLSH[rule])}
        assert not others, f"{mutation}: {others} too"


def test_what_the_shapes_ask_for_is_spoilt() -> None:
    """Nearly every rule that can be broken by one value is; those that are not read paths of several steps or nodes."""
    tried = {mutation.rule for some in mutations().values() for mutation in some}
    able = {
        local(rule)
        for name in NAMES
        for rule in shapes().objects(SOLSH[name], SH.property)
        if properties(shapes().value(rule, SH.path)) and list(ways(rule))
    }
    assert sum(map(len, mutations().values())) > 350
    assert able - tried == set()
