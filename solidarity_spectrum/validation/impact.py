"""What a change does to the judgement of the graph: judged on what it touches, or, where it touches all, on the whole.

Both ways say the same (the tests compare them): the results at the nodes that the contribution describes, and those at
other nodes of the graph that were not there before.
"""

from collections.abc import Iterable

import pyoxigraph as ox

from solidarity_spectrum import links, reasoning, store
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation.footprint import class_tree, footprint
from solidarity_spectrum.validation.shapes import Engine, Result, judge
from solidarity_spectrum.view import Term, View

CONTRIBUTION = ox.NamedNode(BASE + "graph/contribution")
WORTH = 8
"""Judging a statement with what it touches costs about as much as judging this many in one go."""


class Change:
    """A graph as it would be, and the triples by which it would differ.

    `view` is the graph after the change, with the links out and all that follows; `came` and `went` are the triples
    that it holds and the graph before did not, and the other way round. A change `of_schema` (of classes below
    classes, or properties) has neither: `view` then stands without what follows.
    """

    def __init__(self, base: ox.Store, gone: set[ox.Quad], quads: Iterable[ox.Quad]) -> None:
        """`gone` are quads of the base that go, `quads` come; none comes into a graph that the program alone writes."""
        added = ox.Store()
        ours = (reasoning.INFERRED, links.LINKS)
        added.extend(_in(q.triple, CONTRIBUTION) if q.graph_name in ours else q for q in quads)
        self.old = View(base)
        self.view = View(base, set(gone), added)
        self._link()
        came = {quad.triple for quad in added if not self.old.holds(quad.triple)}
        went = {t for t in {quad.triple for quad in self.view.gone} if not self.view.holds(t, but=reasoning.INFERRED)}
        self.of_schema = any(map(reasoning.is_schema, came | went))
        self.came: set[ox.Triple] = set()
        self.went: set[ox.Triple] = set()
        if self.of_schema:
            return
        new, old = reasoning.changes(self.view, came, went)
        self.view.gone |= {_in(triple, reasoning.INFERRED) for triple in old}
        added.extend(_in(triple, reasoning.INFERRED) for triple in new)
        self.came = {triple for triple in came | new if not self.old.holds(triple)}
        self.went = (went | old) - new

    def of_all(self, folder: store.Place) -> bool:
        """Whether it is better judged with all of the graph (in the store `folder`) than by what it touches."""
        big = len(self.view.added) * WORTH > store.manifest(folder)["quads"]
        return self.of_schema or big

    def _link(self) -> None:
        """The links of all that is described anew or no more; as in a build, they come before what follows."""
        view = self.view
        subjects = {quad.subject.value for quad in (*view.added, *view.gone) if isinstance(quad.subject, ox.NamedNode)}
        for iri in subjects:
            view.gone |= set(view.base.quads_for_pattern(ox.NamedNode(iri), None, None, links.LINKS))
        view.added.extend(links.quads(view.without(reasoning.INFERRED), subjects))


def _in(triple: ox.Triple, graph: ox.NamedNode) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def judge_touched(change: Change, touched: set[Term], engine: Engine = "fast") -> set[Result]:
    """The results, from only what judging the touched and affected nodes needs."""
    reach = footprint()
    both = View(change.view.base, added=change.view.added)  # as it was and as it would be, together
    elsewhere = reach.affected(both, change.came | change.went) - touched
    results = _judge_slice(change.view, touched | elsewhere, engine)
    own = _names(touched)
    wrong = {result.focus for result in results} - own
    before = _judge_slice(change.old, {n for n in elsewhere if _name(n) in wrong}, engine) if wrong else set()
    known = {_key(result) for result in before}
    return {result for result in results if result.focus in own or _key(result) not in known}


def compare(
    change: Change, touched: set[Term], folder: store.Place | ox.Store, engine: Engine = "fast"
) -> tuple[set[Result], set[Result]]:
    """The results, at any node, that the change brings, and those that it takes away."""
    if not isinstance(folder, ox.Store) and change.of_all(folder):
        after = judge({quad.triple for quad in carried_out(change, folder)}, engine)
        before = judge({quad.triple for quad in change.old.base}, engine)
    else:
        both = View(change.view.base, added=change.view.added)
        nodes = touched | {quad.subject for quad in change.view.gone}
        nodes |= footprint().affected(both, change.came | change.went)
        after, before = _judge_slice(change.view, nodes, engine), _judge_slice(change.old, nodes, engine)
    known, now = {_key(result) for result in before}, {_key(result) for result in after}
    return {r for r in after if _key(r) not in known}, {r for r in before if _key(r) not in now}


def _key(result: Result) -> tuple[str, str, str, str]:
    """What makes it the same result as before."""
    return result.rule, result.focus, result.path, result.value


def _judge_slice(view: View, nodes: set[Term], engine: Engine) -> set[Result]:
    triples = footprint().slice(view, nodes)
    if not triples:
        return set()
    names = _names(nodes)
    return {result for result in judge(triples.union(class_tree()), engine) if result.focus in names}


def _name(node: Term) -> str:
    """As results name it: a blank node has no name."""
    return node.value if isinstance(node, ox.NamedNode) else ""


def _names(nodes: set[Term]) -> set[str]:
    return {_name(node) for node in nodes}


def judge_whole(change: Change, touched: set[Term], folder: store.Place, engine: Engine = "fast") -> set[Result]:
    """The results, from judging the whole graph; `folder` is the store that the change is about."""
    known = {(entry["rule"], entry["focus"], entry["path"], entry["value"]) for entry in store.report(folder)}
    own = _names(touched)
    return {
        result
        for result in judge({quad.triple for quad in carried_out(change, folder)}, engine)
        if result.focus in own or _key(result) not in known
    }


def carried_out(change: Change, folder: store.Place) -> ox.Store:
    """The graph after the change, in memory, all that follows concluded anew."""
    graph = store.load_memory(folder)
    for quad in change.view.gone:
        graph.remove(quad)
    graph.extend(quad for quad in change.view.added if quad.graph_name != reasoning.INFERRED)
    graph.remove_graph(reasoning.INFERRED)
    reasoning.materialise(graph)
    return graph
