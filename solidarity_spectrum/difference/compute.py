"""The difference between two graphs: entities, conclusions, findings, and the answers of the catalogue, row by row.

The second graph is the first one after a contribution, or another build. The measures that a build takes of the whole
(`graph/void`, `graph/quality`) are no part of a difference.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from solidarity_spectrum import links, quality, questions, reasoning, store, table, void
from solidarity_spectrum.difference import reads
from solidarity_spectrum.findings import Finding, Place
from solidarity_spectrum.patterns import RDF_TYPE
from solidarity_spectrum.questions import Question
from solidarity_spectrum.records import PROVENANCE, context
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation import impact
from solidarity_spectrum.validation.contribution import Examined
from solidarity_spectrum.validation.shapes import Engine, finding
from solidarity_spectrum.view import Term, View

SECONDS = 60.0
MANY = 2000
"""So many changed quads touch every question: each is asked again without a look at what it reads."""
_MEASURES = (void.GRAPH, quality.GRAPH)
_CONCLUDED = (reasoning.INFERRED, links.LINKS)
_JOINED = " ; "
Progress = Callable[[str], None]
_State = Callable[[], ox.Store]
"""Gives a graph as it was, or as it will be."""


@dataclass(frozen=True, slots=True)
class Key:
    """What changes under one key of an entity: its values before and after, as text."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity that is `added`, `changed` or `removed`, with its keys that differ; `labels` by language."""

    change: str
    iri: str
    kind: str
    labels: dict[str, str] = field(hash=False)
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A question whose answer to its default parameters differs, with the rows that come and go."""

    question: str
    titles: dict[str, str] = field(hash=False)
    columns: tuple[str, ...]
    added: tuple[tuple[str, ...], ...]
    removed: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Difference:
    """All that differs. `follows` and `follows_no_more` are triples (of the rules, and links out); `fires` and `stops`
    are what the shapes say, or say no more. Of the questions, `unaffected` were known to answer the same without being
    asked, `asked` were asked of both graphs, and `left` are the names of those for which there was no time."""

    entities: list[Entity] = field(default_factory=list)
    follows: list[tuple[str, str, str]] = field(default_factory=list)
    follows_no_more: list[tuple[str, str, str]] = field(default_factory=list)
    fires: list[Finding] = field(default_factory=list)
    stops: list[Finding] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    unaffected: int = 0
    asked: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.entities or self.follows or self.follows_no_more or self.fires or self.stops or self.answers)


def quads_of(change: impact.Change, folder: Path | ox.Store) -> tuple[set[ox.Quad], set[ox.Quad]]:
    """The quads that come and those that go with a change of a built store, or of one in memory; links out and all that
    follows included. A change `of_schema` needs a built store."""
    base = change.view.base
    if change.of_schema:
        assert isinstance(folder, Path)
        after = impact.carried_out(change, folder)
        came = {quad for quad in after if quad not in base}
        went = {quad for quad in base if quad not in after}
    else:
        came = {quad for quad in change.view.added if quad not in base}
        went = {quad for quad in change.view.gone if quad in base and quad not in change.view.added}
    # What is stated now need not follow as well.
    stated = {
        ox.Quad(q.subject, q.predicate, q.object, reasoning.INFERRED)
        for q in came
        if q.graph_name != reasoning.INFERRED
    }
    return came - stated, went | {quad for quad in stated if quad in base}


def of_contribution(
    examined: Examined,
    folder: Path | ox.Store,
    engine: Engine = "fast",
    progress: Progress = lambda _: None,
    seconds: float = SECONDS,
) -> Difference:
    """What a contribution would change in a built store; `seconds` are for the answers of the catalogue.

    A store in memory may be changed by this, so as not to copy it, and nothing is told of a change of the ontology.
    """
    change = examined.change
    if change is None or (change.of_schema and isinstance(folder, ox.Store)):
        return Difference()
    base = change.view.base
    progress("looking at what it touches")
    came, went = quads_of(change, folder)
    progress("judging")
    touched: set[Term] = {quad.subject for quad in came if quad.graph_name not in _CONCLUDED}
    fires, stops = impact.compare(change, touched, folder, engine)
    result = _compare(base, came, went)
    result.fires = _ordered(finding(each, examined.locators) for each in fires)
    result.stops = _ordered(finding(each, []) for each in stops)

    def graphs() -> tuple[_State, _State]:
        graph = folder if isinstance(folder, ox.Store) else store.load_memory(folder)

        def turned(gone: set[ox.Quad], new: set[ox.Quad]) -> _State:
            def state() -> ox.Store:
                for quad in gone:
                    graph.remove(quad)
                graph.extend(new)
                return graph

            return state

        return turned(came, went), turned(went, came)

    _ask(result, base, came, went, graphs, progress, seconds)
    return result


def of_stores(one: Path, other: Path, progress: Progress = lambda _: None, seconds: float = SECONDS) -> Difference:
    """What differs between two built stores. Raises NoStore."""
    progress("reading both stores")
    first, second = store.load_memory(one), store.load_memory(other)
    came = {quad for quad in second if quad not in first}
    went = {quad for quad in first if quad not in second}
    result = _compare(first, came, went)
    before, after = _report(one), _report(other)
    known, now = {_identity(found) for found in before}, {_identity(found) for found in after}
    result.fires = _ordered(found for found in after if _identity(found) not in known)
    result.stops = _ordered(found for found in before if _identity(found) not in now)
    _ask(result, first, came, went, lambda: (lambda: first, lambda: second), progress, seconds)
    return result


def _report(folder: Path) -> list[Finding]:
    entries = json.loads((folder / store.REPORT).read_text("utf-8"))
    names = Finding.__dataclass_fields__
    return [
        Finding(**{k: v for k, v in entry.items() if k in names and k != "place"}, place=Place(**entry["place"]))
        for entry in entries
    ]


def _identity(found: Finding) -> tuple[str, str, str, str]:
    return found.rule, found.focus, found.path, found.value


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    order = {"violation": 0, "warning": 1}
    return sorted(findings, key=lambda f: (order.get(f.severity, 2), f.rule, f.focus, f.path, f.value))


# Entities and conclusions.


def _compare(base: ox.Store, came: set[ox.Quad], went: set[ox.Quad]) -> Difference:
    added = ox.Store()
    added.extend(came)
    old, new = View(base), View(base, went, added)
    result = Difference()
    for view, quads, found in ((old, came, result.follows), (new, went, result.follows_no_more)):
        triples = {quad.triple for quad in quads if quad.graph_name in _CONCLUDED}
        about_records = f"<{BASE}graph/"  # that a record is an entity of PROV-O tells nobody anything
        found += sorted(
            _shown_triple(triple)
            for triple in triples
            if not str(triple.subject).startswith(about_records) and not view.holds(triple)
        )
    about: set[ox.NamedNode] = set()
    for quad in came | went:
        if quad.graph_name in (*_MEASURES, *_CONCLUDED) or not isinstance(quad.subject, ox.NamedNode):
            continue
        if quad.graph_name == PROVENANCE:
            record = ox.NamedNode(quad.subject.value.partition("#")[0])
            about |= {topic for view in (old, new) for topic in _nodes(view, record, _TOPIC)}
        else:
            about.add(quad.subject)
    for node in about:
        before, after = _described(old, node), _described(new, node)
        keys = tuple(
            Key(name, before.get(name, ()), after.get(name, ()))
            for name in sorted(before.keys() | after.keys(), key=_order)
            if before.get(name) != after.get(name)
        )
        if keys:
            change = "changed" if before and after else "added" if after else "removed"
            view = new if after else old
            kinds = [kind.removeprefix("sol:") for kind in (after or before).get("type", ())]
            result.entities.append(Entity(change, node.value, ", ".join(kinds), _labels(view, node), keys))
    ranks = {"added": 0, "changed": 1, "removed": 2}
    result.entities.sort(key=lambda entity: (ranks[entity.change], entity.iri))
    return result


_TOPIC = ox.NamedNode(context().expand("foaf:primaryTopic"))
_CITATION = ox.NamedNode(context().expand("sol:citation"))
_SOURCE = ox.NamedNode(context().expand("oa:hasSource"))
_TITLE = ox.NamedNode(context().expand("dcterms:title"))
_LABELS = tuple(ox.NamedNode(context().expand(name)) for name in ("rdfs:label", "skos:prefLabel"))
_COMPUTED = {context().expand(name) for name in ("sol:earliest", "sol:latest", "sol:contentHash", "foaf:primaryTopic")}
"""What follows from other keys of a record."""


def _order(name: str) -> tuple[int, str]:
    first = ("type", "label", "prefLabel")
    last = ("sources", "status", "recorded", "recordedBy", "licence")
    return (first.index(name) - len(first) if name in first else last.index(name) + 1 if name in last else 0), name


def _nodes(view: View, subject: ox.NamedNode, predicate: ox.NamedNode) -> list[ox.NamedNode]:
    found = {triple.object for triple in view.triples(subject, predicate, None)}
    return sorted((node for node in found if isinstance(node, ox.NamedNode)), key=str)


def _described(view: View, node: ox.NamedNode) -> dict[str, tuple[str, ...]]:
    """What is stated of an entity, by key: its own triples, and the provenance of the records about it."""
    found: dict[str, set[str]] = {}
    skipped = (*_MEASURES, *_CONCLUDED)
    for quad in view.quads_for_pattern(node, None, None):
        if quad.graph_name not in skipped and quad.predicate.value not in _COMPUTED:
            found.setdefault(_key(quad.predicate), set()).add(_shown(quad.object))
    for record in {quad.subject for quad in view.quads_for_pattern(None, _TOPIC, node, PROVENANCE)}:
        for quad in view.quads_for_pattern(record, None, None, PROVENANCE):
            if quad.predicate == _CITATION and isinstance(quad.object, ox.NamedNode):
                found.setdefault("sources", set()).add(_source(view, quad.object))
            elif quad.predicate.value not in _COMPUTED and quad.predicate != RDF_TYPE:
                found.setdefault(_key(quad.predicate), set()).add(_shown(quad.object))
    return {name: tuple(sorted(values)) for name, values in found.items()}


def _source(view: View, citation: ox.NamedNode) -> str:
    """A source in one line: title and address first, then what else is said of it."""
    said: dict[ox.NamedNode, list[str]] = {}
    for triple in view.triples(citation, None, None):
        if triple.predicate != RDF_TYPE:
            said.setdefault(triple.predicate, []).append(_shown(triple.object))
    title, address = (" ".join(said.pop(name, [])) for name in (_TITLE, _SOURCE))
    rest = sorted(f"{_key(name)}: {', '.join(sorted(set(values)))}" for name, values in said.items())
    return f"{title} <{address}>" + (f" ({'; '.join(rest)})" if rest else "")


def _key(predicate: ox.NamedNode) -> str:
    if predicate == RDF_TYPE:
        return "type"
    return context().key_of.get(predicate.value) or table.shorten(predicate.value)


def _shown(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return table.shorten(term.value)
    if isinstance(term, ox.Literal):
        return f"{term.value} @{term.language}" if term.language else term.value
    return "[]"


def _shown_triple(triple: ox.Triple) -> tuple[str, str, str]:
    return _shown(triple.subject), table.shorten(triple.predicate.value), _shown(triple.object)


def _labels(view: View, node: ox.NamedNode) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _LABELS:
        for triple in view.triples(node, name, None):
            if isinstance(triple.object, ox.Literal) and triple.object.language:
                found.setdefault(triple.object.language, triple.object.value)
    return found


# Answers.


def _ask(
    result: Difference,
    base: ox.Store,
    came: set[ox.Quad],
    went: set[ox.Quad],
    graphs: Callable[[], tuple[_State, _State]],
    progress: Progress,
    seconds: float,
) -> None:
    """Ask the questions that may answer otherwise, each of the graph before and of the graph after."""
    start = time.monotonic()
    catalogue = list(questions.catalogue().values())
    asked = _affected(catalogue, base, came, went)
    result.unaffected = len(catalogue) - len(asked)
    if not asked:
        return
    progress(f"asking {len(asked)} of {len(catalogue)} questions; the change cannot reach the others")
    before, after = graphs()
    for question in asked:
        if time.monotonic() - start > seconds:
            result.left.append(question.name)
            continue
        result.asked += 1
        old, new = _rows(before(), question), _rows(after(), question)
        added, removed = new - old, old - new
        if added or removed:
            rows = [tuple(sorted(each.elements())) for each in (added, removed)]
            result.answers.append(Answer(question.name, question.question, question.columns, rows[0], rows[1]))


def _affected(catalogue: Sequence[Question], base: ox.Store, came: set[ox.Quad], went: set[ox.Quad]) -> list[Question]:
    """The questions whose answers the changed quads can reach."""
    if len(came) + len(went) > MANY:
        return list(catalogue)
    added = ox.Store()
    added.extend(came)
    both = View(base, added=added)
    changed = {quad.triple for quad in came | went}
    found = []
    for question in catalogue:
        try:
            uses = reads.read(questions.bind(question, {}))
        except ValueError:
            found.append(question)
            continue
        if reads.affected(uses, both, changed):
            found.append(question)
    return found


def _rows(graph: ox.Store, question: Question) -> Counter[tuple[str, ...]]:
    """The rows of an answer to the default parameters, what a cell joins in order, which a graph does not keep."""
    _, rows = table.from_json(store.query(graph, questions.bind(question, {}), "json"))
    return Counter(
        tuple(_JOINED.join(sorted(cell.split(_JOINED))) if _JOINED in cell else cell for cell in row) for row in rows
    )
