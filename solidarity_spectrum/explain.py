"""Every assertion about an entity, each with the record it stands in and that record's sources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import pyoxigraph as ox

from solidarity_spectrum.reasoning import INFERRED
from solidarity_spectrum.records import PROVENANCE, context
from solidarity_spectrum.resources import BASE

_ARGUMENT = ("sol:claimant", "sol:claimantName", "sol:statedIn", "sol:qualifier", "sol:rationale")
_LABELS = ("rdfs:label", "skos:prefLabel", "dcterms:title")


@dataclass(slots=True)
class Source:
    """One citation: the address that can be opened, its title, the place inside it and its tier."""

    url: str
    title: str
    locator: str
    tier: str


@dataclass(slots=True)
class Fact:
    """One assertion; `subject` is set where it is about a part of the entity (an office, a version of a law)."""

    property: str
    value: str
    value_iri: str = ""
    subject: str = ""
    incoming: bool = False


@dataclass(slots=True)
class Evidence:
    """The facts of one record with what they rest on; `status` is empty for what the rules inferred."""

    record: str
    status: str
    facts: list[Fact] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


class Explainer:
    """Reads a store for one language, with English as the fallback."""

    def __init__(self, store: ox.Store, language: str = "en") -> None:
        self.store = store
        self.language = language

    def resolve(self, name: str) -> str | None:
        """The IRI of an id, a compact IRI or an IRI, following redirects; None if the graph does not hold it."""
        for iri in (context().expand(name), BASE + "id/" + name, BASE + "concept/" + name):
            if not iri.startswith("http"):
                continue
            node = ox.NamedNode(iri)
            for quad in self.store.quads_for_pattern(node, self._node("dcterms:isReplacedBy"), None, None):
                assert isinstance(quad.object, ox.NamedNode)
                node = quad.object
            if next(self.store.quads_for_pattern(node, None, None, None), None):
                return node.value
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
        for node in own:
            for quad in self.store.quads_for_pattern(ox.NamedNode(node), None, None, None):
                self._add(found, quad, "" if node == iri else self.label(node), incoming=False)
        for quad in self.store.quads_for_pattern(None, None, ox.NamedNode(iri), None):
            if isinstance(quad.subject, ox.NamedNode) and quad.subject.value not in own:
                self._add(found, quad, "", incoming=True)
                for name in _ARGUMENT:  # an argument is never shown without whose it is
                    for more in self.store.quads_for_pattern(quad.subject, self._node(name), None, quad.graph_name):
                        self._add(found, more, "", incoming=False)
        for item in found.values():
            item.facts.sort(key=lambda fact: (fact.subject, fact.incoming, fact.property, fact.value))
        topic = self._node("foaf:primaryTopic")

        def order(graph: str) -> tuple[bool, bool, str]:
            mine = next(self.store.quads_for_pattern(ox.NamedNode(graph), topic, ox.NamedNode(iri), None), None)
            return graph == INFERRED.value, mine is None, graph

        return [found[graph] for graph in sorted(found, key=order)]

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
        value = other.value if isinstance(other, ox.Literal) else self.label(str(getattr(other, "value", other)))
        if isinstance(other, ox.Literal) and other.language:
            value += f" [{other.language}]"
        link = other.value if isinstance(other, ox.NamedNode) else ""
        fact = Fact(self.label(quad.predicate.value), value, link, subject, incoming)
        if fact not in found[graph].facts:
            found[graph].facts.append(fact)

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

    @staticmethod
    def _node(name: str) -> ox.NamedNode:
        return ox.NamedNode(context().expand(name))


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, or an empty string."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.7)), "")


def text(label: str, iri: str, evidence: Sequence[Evidence]) -> str:
    """The explanation for a terminal: per record its status, its facts, part by part, then its sources."""
    lines = [f"{label}  <{iri}>"]
    for item in evidence:
        lines += ["", f"{item.record}  [{item.status}]" if item.status else "what follows (inferred)"]
        part = ""
        for fact in item.facts:
            if fact.subject != part:
                part = fact.subject
                lines.append(f"    {part}")
            arrow = "<- " if fact.incoming else ""
            lines.append(f"{'      ' if part else '  '}{arrow}{fact.property}: {fact.value}")
        for source in item.sources:
            place = f", {source.locator}" if source.locator else ""
            lines.append(f"  * {source.title}{place} ({source.tier})\n    {source.url}")
    return "\n".join(lines)
