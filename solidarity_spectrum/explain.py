"""Every assertion about an entity, each with the record it stands in and that record's sources."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import pyoxigraph as ox

from solidarity_spectrum.links import LINKS
from solidarity_spectrum.reasoning import INFERRED
from solidarity_spectrum.records import PROVENANCE, context, dates
from solidarity_spectrum.resources import BASE

_QUALIFIER = ("sol:qualifier",)
_ARGUMENT = ("sol:claimant", "sol:claimantName", "sol:statedIn", "sol:claim", "sol:rationale", *_QUALIFIER)
_CLAIM = ("sol:statedIn", "sol:standing", "sol:slip", "sol:correction")
_FIRST = ("rdf:type", "rdfs:label", "skos:prefLabel", "skos:definition", "dcterms:description")
_LINKS = LINKS.value.removeprefix(BASE + "graph/")
_DERIVED = ("sol:earliest", "sol:latest")
_LABELS = ("rdfs:label", "skos:prefLabel", "dcterms:title")
_INTERVALS = ("sol:ProvisionVersion", "sol:Provision", "sol:Exemption", "sol:Office", "sol:LegalInstrument")
"""Things that hold for a time; everything else happens once and stays true."""
MOST = 10
"""Of what refers to an entity in the same way, a terminal shows so many."""
_ENDINGS = ("sol:finalOutcome", "sol:outcomeDescription", "sol:asOf")
"""What a case tells of its end."""


@dataclass(slots=True)
class Source:
    """One citation: the address that can be opened, its title, the place inside it and its tier."""

    url: str
    title: str
    locator: str
    tier: str


@dataclass(slots=True)
class Fact:
    """One assertion: property and value as a person reads them and, where they have one, their IRIs.

    `subject_iri` is set where it is about a part of the entity (an office, a version of a law); `incoming` where the
    entity is the object, and `value` then the subject.
    """

    property: str
    value: str
    property_iri: str
    value_iri: str = ""
    subject_iri: str = ""
    incoming: bool = False


@dataclass(slots=True)
class Evidence:
    """The facts of one record with what they rest on; `status` is empty for what the rules inferred."""

    record: str
    status: str
    facts: list[Fact] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


class Explainer:
    """Reads a store for one language, with English as the fallback.

    With `as_of`, a day as text (YYYY-MM-DD), it tells what held and what had happened on that day, as the graph knows
    it now: no version, office or exemption of another time, nothing dated later, no outcome that was still to come.
    """

    def __init__(self, store: ox.Store, language: str = "en", as_of: str = "") -> None:
        self.store = store
        self.language = language
        self.as_of = as_of

    def resolve(self, name: str) -> str | None:
        """The IRI of an id (redirects followed), a compact IRI, an IRI or a label; None if the graph has none."""
        for iri in (context().expand(name), BASE + "id/" + name, BASE + "concept/" + name):
            try:
                node = ox.NamedNode(iri)
            except ValueError:
                continue
            for quad in self.store.quads_for_pattern(node, self._node("dcterms:isReplacedBy"), None, None):
                assert isinstance(quad.object, ox.NamedNode)
                node = quad.object
            if next(self.store.quads_for_pattern(node, None, None, None), None):
                return node.value
        wanted = name.casefold()
        for quad in self.store.quads_for_pattern(None, self._node("rdfs:label"), None, None):
            named, label = quad.subject, quad.object
            if not isinstance(named, ox.NamedNode) or not named.value.startswith(BASE):
                continue
            if isinstance(label, ox.Literal) and label.value.casefold() == wanted:
                return named.value
        return None

    def ids(self) -> set[str]:
        """The ids of all records."""
        return {
            quad.object.value.rpartition("/")[2]
            for quad in self.store.quads_for_pattern(None, self._node("foaf:primaryTopic"), None, PROVENANCE)
            if isinstance(quad.object, ox.NamedNode)
        }

    def explain(self, iri: str) -> list[Evidence]:
        """What the graph says about an entity, its parts included, and what other records say of it.

        The entity's own record comes first, then the others by name, what was inferred last.
        """
        found: dict[str, Evidence] = {}
        own = self._own_nodes(iri)
        undecided = bool(self.as_of) and self._decided_later(iri)
        endings = {context().expand(name) for name in _ENDINGS} if undecided else set()
        for node in own:
            if node != iri and self._outside(node):
                continue
            for quad in self.store.quads_for_pattern(ox.NamedNode(node), None, None, None):
                if quad.predicate.value not in endings:
                    self._add(found, quad, "" if node == iri else node, incoming=False)
        for quad in self.store.quads_for_pattern(None, None, ox.NamedNode(iri), None):
            if isinstance(quad.subject, ox.NamedNode) and quad.subject.value not in own:
                self._add(found, quad, "", incoming=True)
                argued = self._holds(quad.subject, "rdf:type", "sol:ArguedConnection")
                claimed = self._holds(quad.subject, "rdf:type", "sol:Claim")
                # An argument is never shown without whose it is, a claim never without whether it holds.
                for name in _CLAIM if claimed else _ARGUMENT if argued else _QUALIFIER:
                    for more in self.store.quads_for_pattern(quad.subject, self._node(name), None, quad.graph_name):
                        self._add(found, more, "", incoming=False)
        first = [context().expand(name) for name in _FIRST]
        for item in found.values():
            item.facts.sort(
                key=lambda fact: (
                    fact.subject_iri,
                    fact.incoming,
                    first.index(fact.property_iri) if fact.property_iri in first else len(first),
                    fact.property,
                    fact.value,
                )
            )
        topic = self._node("foaf:primaryTopic")

        def order(graph: str) -> tuple[bool, bool, str]:
            mine = next(self.store.quads_for_pattern(ox.NamedNode(graph), topic, ox.NamedNode(iri), None), None)
            return graph == INFERRED.value, mine is None, graph

        return [found[graph] for graph in sorted(found, key=order)]

    def _outside(self, node: str) -> bool:
        """Whether a thing did not exist or had not happened on the day, or no longer held then."""
        if not self.as_of:
            return False
        first, last = (self._text(ox.NamedNode(node), name) for name in ("sol:earliest", "sol:latest"))
        if first and first > self.as_of:
            return True
        held = any(self._holds(ox.NamedNode(node), "rdf:type", kind) for kind in _INTERVALS)
        return held and bool(last) and last < self.as_of

    def _decided_later(self, case: str) -> bool:
        steps = self.store.quads_for_pattern(None, self._node("sol:inCase"), ox.NamedNode(case), None)
        days = [self._text(s.subject, "sol:earliest") for s in steps if isinstance(s.subject, ox.NamedNode)]
        return any(day > self.as_of for day in days)

    def _own_nodes(self, iri: str) -> list[str]:
        """The entity and the parts that its own record describes."""
        topic = self._node("foaf:primaryTopic")
        nodes = {iri}
        for about in self.store.quads_for_pattern(None, topic, ox.NamedNode(iri), PROVENANCE):
            assert isinstance(about.subject, ox.NamedNode)
            for quad in self.store.quads_for_pattern(None, None, None, about.subject):
                if isinstance(quad.subject, ox.NamedNode) and not self._is_other_entity(quad.subject, iri):
                    nodes.add(quad.subject.value)
        return sorted(nodes)

    def _is_other_entity(self, node: ox.NamedNode, iri: str) -> bool:
        about = self.store.quads_for_pattern(None, self._node("foaf:primaryTopic"), node, PROVENANCE)
        return node.value != iri and next(about, None) is not None

    def _add(self, found: dict[str, Evidence], quad: ox.Quad, subject: str, incoming: bool) -> None:
        graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        if quad.graph_name == PROVENANCE or not graph:
            return
        if graph not in found:
            node = ox.NamedNode(graph)
            found[graph] = Evidence(graph.removeprefix(BASE + "graph/"), self._text(node, "sol:status"))
            found[graph].sources = self.sources(graph)
        other = quad.subject if incoming else quad.object
        if self.as_of and ((isinstance(other, ox.NamedNode) and self._outside(other.value)) or self._later(other)):
            return
        value = other.value if isinstance(other, ox.Literal) else self.label(str(getattr(other, "value", other)))
        if isinstance(other, ox.Literal) and other.language:
            value += f" [{other.language}]"
        link = other.value if isinstance(other, ox.NamedNode) else ""
        fact = Fact(self.label(quad.predicate.value), value, quad.predicate.value, link, subject, incoming)
        if fact not in found[graph].facts:
            found[graph].facts.append(fact)

    def _later(self, value: object) -> bool:
        """Whether a value is a date after the day."""
        if not isinstance(value, ox.Literal) or value.datatype.value not in dates.DATATYPES:
            return False
        first, _ = dates.bounds(value.value)
        return first is not None and first.isoformat() > self.as_of

    def sources(self, graph: str) -> list[Source]:
        """The citations of a record graph, in order."""
        result = []
        cited = self.store.quads_for_pattern(ox.NamedNode(graph), self._node("sol:citation"), None, PROVENANCE)
        numbered = [
            (int(quad.object.value.rpartition("-")[2]), quad.object)
            for quad in cited
            if isinstance(quad.object, ox.NamedNode)
        ]
        for _, node in sorted(numbered, key=lambda pair: pair[0]):
            parts = {name: self._text(node, f"sol:{name}") for name in ("section", "paragraph", "footnote", "page")}
            locator = [self._text(node, "sol:locator")]
            locator += [f"{name} {text}" if name != "section" else text for name, text in parts.items() if text]
            result.append(
                Source(
                    self._text(node, "oa:hasSource"),
                    self._text(node, "dcterms:title"),
                    ", ".join(filter(None, locator)),
                    self._text(node, "sol:tier"),
                )
            )
        return result

    def label(self, iri: str) -> str:
        """What a person calls a node: its label in the language, else in English, else its local name."""
        node = ox.NamedNode(iri)
        fallback = ""
        for name in _LABELS:
            for quad in self.store.quads_for_pattern(node, self._node(name), None, None):
                if isinstance(quad.object, ox.Literal):
                    if quad.object.language == self.language:
                        return quad.object.value
                    if quad.object.language == "en" or not fallback:
                        fallback = quad.object.value
        return fallback or iri.rpartition("#")[2].rpartition("/")[2] or iri

    def _text(self, node: ox.NamedNode, name: str) -> str:
        values = [quad.object for quad in self.store.quads_for_pattern(node, self._node(name), None, None)]
        texts = [
            v.value.rpartition("/")[2] if name in ("sol:status", "sol:tier") else v.value
            for v in values
            if isinstance(v, ox.NamedNode | ox.Literal)
        ]
        return ", ".join(sorted(texts))

    def _holds(self, subject: ox.NamedNode, predicate: str, value: str) -> bool:
        found = self.store.quads_for_pattern(subject, self._node(predicate), self._node(value), None)
        return next(found, None) is not None

    @staticmethod
    def _node(name: str) -> ox.NamedNode:
        return ox.NamedNode(context().expand(name))


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, or an empty string."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.7)), "")


def text(label: str, iri: str, evidence: Sequence[Evidence], as_of: str = "", most: int | None = MOST) -> str:
    """The explanation for a terminal: per record its status, its facts with the parts inside them, its sources.

    Of records that refer to the entity in the same way (a thousand votes), `most` are shown and the others counted.
    """
    derived = {context().expand(name) for name in _DERIVED}
    lines = [f"{label}  <{iri}>" + (f"  as of {as_of}" if as_of else "")]
    alike: Counter[str] = Counter()
    for item in evidence:
        ways = ", ".join(sorted({fact.property for fact in item.facts if fact.incoming})) if item.status else ""
        alike[ways] += 1
        if ways and most is not None and alike[ways] > most:
            continue
        if item.record == _LINKS:  # the short name of an address says too little
            lines += ["", "links out", *(f"  {fact.property}: {fact.value_iri}" for fact in item.facts)]
            continue
        lines += ["", f"{item.record}  [{item.status}]" if item.status else "what follows (inferred)"]
        of_part: dict[str, list[Fact]] = {}
        for fact in item.facts:
            if fact.property_iri not in derived:
                of_part.setdefault(fact.subject_iri, []).append(fact)
        for part in ("", *of_part):  # the entity, then parts that nothing in this record leads to
            lines += _facts(of_part, part, "  ", most, inferred=not item.status)
        for source, places in _by_address(item.sources):
            at = f", {'; '.join(places)}" if places else ""
            lines.append(f"  * {source.title}{at} ({source.tier})\n    {source.url}")
    if most is not None and (more := {ways: number - most for ways, number in alike.items() if ways and number > most}):
        lines += ["", *(f"{number} more records: <- {ways}" for ways, number in more.items()), "--all shows them"]
    return "\n".join(lines)


def _facts(of_part: dict[str, list[Fact]], part: str, indent: str, most: int | None, *, inferred: bool) -> list[str]:
    lines = []
    alike: Counter[str] = Counter()
    for fact in of_part.pop(part, []):
        alike[fact.property] += fact.incoming or inferred
        if most is not None and alike[fact.property] > most:
            continue
        lines.append(f"{indent}{'<- ' if fact.incoming else ''}{fact.property}: {fact.value}")
        if fact.value_iri in of_part:
            lines += _facts(of_part, fact.value_iri, indent + "    ", most, inferred=inferred)
    if most is not None:
        more = {name: number - most for name, number in alike.items() if number > most}
        lines += [f"{indent}{number} more: {name}" for name, number in more.items()]
    return lines


def _by_address(sources: Sequence[Source]) -> list[tuple[Source, list[str]]]:
    """Each address once, with all the places in it."""
    found: dict[str, tuple[Source, list[str]]] = {}
    for source in sources:
        _, places = found.setdefault(source.url, (source, []))
        if source.locator and source.locator not in places:
            places.append(source.locator)
    return list(found.values())
