"""From quads back to records: what the context makes of a record, undone.

Only what is a record whole comes back: `graph/ID`, or the triples of a document without graphs, with what
`graph/provenance` says of it. Each record is compiled again, and what differs from the quads given is left over:
nothing is dropped in silence, nothing guessed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum.records.compile import PROVENANCE, Record, compile_records
from solidarity_spectrum.records.context import Key, context
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.vocabulary import vocabulary

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_HASH = ox.NamedNode(context().expand("sol:contentHash"))
_FIRST = ("id", "type", "label", "prefLabel", "altLabel")
_LAST = ("note", "sources", "status", "unverified", "recorded", "recordedBy", "licence")
_COMPUTED = ("earliest", "latest", "contentHash", "describes")
_LOCAL = re.compile(r"[a-z0-9]+(-+[a-z0-9]+)*")
_Said = dict[str, list[tuple[str, Any]]]
"""Predicate and object of each subject."""


@dataclass(slots=True)
class Restored:
    """Records, and the quads that no record says."""

    records: list[dict[str, Any]] = field(default_factory=list)
    left: list[ox.Quad] = field(default_factory=list)


def canonical(record: dict[str, Any]) -> dict[str, Any]:
    """The same record with its keys in the order of `data/`: what it is, what is said of it in the order of the
    context, the evidence; numbers and yes or no as such, so that they are written plain."""
    order = {name: number for number, name in enumerate(context().raw)}

    def rank(name: str) -> tuple[int, int]:
        if name in _FIRST:
            return 0, _FIRST.index(name)
        return (2, _LAST.index(name)) if name in _LAST else (1, order.get(name, len(order)))

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [plain(name, item) for item in value]
        if isinstance(value, dict):
            known = context().keys.get(name)
            if name == "sources":
                first = ("url", "title", "tier", "consulted")
                ranks = {key: first.index(key) if key in first else len(first) for key in value}
                return {key: plain(key, value[key]) for key in sorted(value, key=lambda key: ranks[key])}
            if known and known.kind == "language":
                return dict(sorted(value.items()))
            return canonical(value)
        kind = context().keys[name].datatype.rpartition("#")[2] if name in context().keys else ""
        if kind == "boolean" and value in ("true", "false"):
            return value == "true"
        if kind == "integer" and isinstance(value, str) and value.isascii() and value == value.lstrip("0+"):
            return int(value) if value.lstrip("-").isdigit() else value
        return value

    return {name: plain(name, record[name]) for name in sorted(record, key=rank)}


def restore(quads: Iterable[ox.Quad]) -> Restored:
    """The records that quads are. What stands in no graph of a record (`graph/ID`) is looked for in all of those."""
    given = set(quads)
    result = Restored()
    graphs: dict[str, _Said] = {}
    for quad in given:
        if isinstance(quad.subject, ox.NamedNode):
            name = _graph_of_record(quad.graph_name)
            if quad.graph_name == PROVENANCE or quad.subject.value.startswith(BASE + "graph/"):
                name = PROVENANCE.value
            graphs.setdefault(name, {}).setdefault(quad.subject.value, []).append((quad.predicate.value, quad.object))
    provenance = graphs.get(PROVENANCE.value, {})
    topics = {}
    for subject, said in provenance.items():
        about = [obj.value for name, obj in said if context().key_of.get(name) == "describes"]
        if "#" not in subject and len(about) == 1:
            topics[subject] = about[0]
    loose = _without_direct(graphs.get("", {}))
    for graph, topic in sorted(topics.items()):
        own = graphs.get(graph, loose)
        if topic in own:
            record = _Restorer(own, set(topics.values())).node(topic) | _evidence(provenance, graph)
            result.records.append(canonical(record))
    compiled = compile_records((Record(each, "") for each in result.records), vocabulary().documented_relations())
    made = {quad.triple for quad in compiled.accepted}
    result.left = sorted((q for q in given if q.triple not in made and q.predicate != _HASH), key=str)
    return result


def _graph_of_record(graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> str:
    name = graph.value if isinstance(graph, ox.NamedNode) else ""
    return name if name.startswith(BASE + "graph/") and name != BASE + "graph/contribution" else ""


def _without_direct(said: _Said) -> _Said:
    """Less the plain triples of connections, which follow from these."""
    term = context().expand
    ends = ("sol:subject", "sol:relation", "sol:object")
    direct = set()
    for triples in said.values():
        found = [next((obj.value for name, obj in triples if name == term(end)), "") for end in ends]
        direct.add(tuple(found))
    return {
        subject: [(name, obj) for name, obj in triples if (subject, name, getattr(obj, "value", "")) not in direct]
        for subject, triples in said.items()
    }


class _Restorer:
    def __init__(self, said: _Said, topics: set[str]) -> None:
        self.said = said
        self.done = set(topics)

    def node(self, iri: str) -> dict[str, Any]:
        """What is said of a node, by key; what no key says is passed over."""
        self.done.add(iri)
        result: dict[str, Any] = {"id": _id(iri)}
        classes = {full: name for name, full in context().classes.items()}
        for name, obj in sorted(self.said.get(iri, []), key=str):
            key = context().keys.get(context().key_of.get(name, ""))
            if name == _TYPE and getattr(obj, "value", "") in classes:
                result["type"] = classes[obj.value]
            elif key and key.name not in _COMPUTED and key.name != "formerIds":
                self.put(result, key, obj)
        former = context().keys["formerIds"]
        for subject, triples in sorted(self.said.items()):
            if any(name == former.iri and getattr(obj, "value", "") == iri for name, obj in triples):
                _add(result, former.name, _id(subject))
        if result.get("type") == "Concept" and result.get("label") == result.get("prefLabel"):
            result.pop("label", None)
        return result

    def put(self, result: dict[str, Any], key: Key, obj: Any) -> None:
        inner = self.said.get(getattr(obj, "value", ""), []) if isinstance(obj, ox.NamedNode) else []
        if key.kind == "reference" and obj.value not in self.done and any(name == _TYPE for name, _ in inner):
            _add(result, key.name, self.node(obj.value))
        else:
            _put(result, key, obj)


def _evidence(provenance: _Said, graph: str) -> dict[str, Any]:
    """Status, sources and the like of a record."""
    result: dict[str, Any] = {}
    citations = []
    for name, obj in sorted(provenance[graph], key=str):
        key = context().keys.get(context().key_of.get(name, ""))
        if key and key.name == "sources" and isinstance(obj, ox.NamedNode):
            citations.append(obj.value)
        elif key and key.name not in _COMPUTED:
            _put(result, key, obj)
    scoped = {key.iri: key for key in context().keys["sources"].scoped.values()}
    sources = []
    for citation in sorted(citations, key=lambda iri: (len(iri), iri)):
        source: dict[str, Any] = {}
        for name, obj in sorted(provenance.get(citation, []), key=str):
            key = scoped.get(name) or context().keys.get(context().key_of.get(name, ""))
            if key:
                _put(source, key, obj)
        sources.append(source)
    return result | ({"sources": sources} if sources else {})


def _put(result: dict[str, Any], key: Key, obj: Any) -> None:
    """Put a value down as the key writes it, if it does."""
    if isinstance(obj, ox.NamedNode):
        iri = obj.value
        if key.kind == "reference":
            _add(result, key.name, _id(iri))
        elif key.kind == "code" and iri.startswith(key.scheme + "/"):
            _add(result, key.name, iri.removeprefix(key.scheme + "/"))
        elif key.kind == "term":
            local = iri.removeprefix(key.scheme) if key.scheme and iri.startswith(key.scheme) else ""
            _add(result, key.name, local or context().key_of.get(iri, iri))
    elif isinstance(obj, ox.Literal):
        if key.kind == "language" and obj.language:
            texts = result.setdefault(key.name, {})
            _add(texts, obj.language, obj.value)
        elif key.kind in ("text", "date", "typed") and not key.name.startswith("@"):
            _add(result, key.name, obj.value)


def _add(result: dict[str, Any], name: str, value: Any) -> None:
    if name not in result:
        result[name] = value
    elif isinstance(result[name], list):
        result[name].append(value)
    else:
        result[name] = [result[name], value]


def _id(iri: str) -> str:
    for start, prefix in ((BASE + "id/", ""), (BASE + "concept/", "concept:")):
        if iri.startswith(start) and _LOCAL.fullmatch(iri[len(start) :]):
            return prefix + iri[len(start) :]
    return iri
