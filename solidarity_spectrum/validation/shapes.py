"""SHACL: one result type, two engines.

pySHACL is the reference; pyshifty gives the same report some hundred times faster and is the default.
The tests compare the two.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import pyoxigraph as ox

from solidarity_spectrum.findings import Finding, Place
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.vocabulary import vocabulary

if TYPE_CHECKING:
    import rdflib

Engine = Literal["fast", "reference"]
Locate = Callable[[str, str, str], Place | None]
"""Finds the place of a focus node, its property and a value in an input; None where it does not stand there."""
_Report = dict[Any, dict[Any, Any]]
SHAPES = ox.NamedNode(BASE + "graph/shapes")
_SH = "http://www.w3.org/ns/shacl#"
_RESULT, _SHAPE, _CONSTRAINT, _MESSAGE, _SEVERITY, _FOCUS, _PATH, _VALUE, _COMPONENT, _SPARQL = (
    ox.NamedNode(_SH + name)
    for name in (
        "result",
        "sourceShape",
        "sourceConstraint",
        "message",
        "resultSeverity",
        "focusNode",
        "resultPath",
        "value",
        "sourceConstraintComponent",
        "sparql",
    )
)


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result: terms as IRIs or texts, `severity` as violation, warning or info,
    `rule` the local name of the shape, `messages` by language, `term` the value as N-Triples."""

    severity: str
    rule: str
    focus: str
    path: str
    value: str
    component: str
    messages: tuple[tuple[str, str], ...]
    term: str = ""


def _shapes() -> bytes:
    """The shipped shapes, as N-Triples."""
    found = vocabulary().store.quads_for_pattern(None, None, None, SHAPES)
    return ox.serialize((quad.triple for quad in found), format=ox.RdfFormat.N_TRIPLES) or b""


@cache
def shapes_graph(shapes: bytes | None = None) -> "rdflib.Graph":
    """Shapes, in N-Triples, or the shipped ones, for pySHACL."""
    return _as_written(_shapes() if shapes is None else shapes)


def _as_written(data: bytes) -> "rdflib.Graph":
    """N-Triples for pySHACL, whose values rdflib would write anew otherwise (`"1"^^xsd:boolean` as `true`)."""
    import rdflib

    normalising, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        with warnings.catch_warnings(action="ignore"):  # a wrong value is for the shapes to tell
            return rdflib.Graph().parse(data=data, format="nt")
    finally:
        rdflib.NORMALIZE_LITERALS = normalising


@lru_cache(maxsize=4)
def _prepared(shapes: bytes | None) -> Any:
    # The engine below the Python interface, which would read its report into rdflib: seconds on a whole graph.
    from shifty._shifty import PreparedValidator

    return PreparedValidator(shapes=_shapes() if shapes is None else shapes, shapes_format="nt")


def judge(triples: Iterable[ox.Triple], engine: Engine = "fast", shapes: bytes | None = None) -> set[Result]:
    """Validate triples, which must include the class tree, against the shipped shapes, or others in N-Triples.

    Returns every result, of all severities; what has no IRI (a blank node, a path of several steps) is "" in them.
    Raises ValueError for shapes that the engine finds to be none.
    """
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    told = _fast(data, shapes) if engine == "fast" else _reference(data, shapes)
    # By subject and not in a store, which would not keep values as they are written.
    report: _Report = {}
    results = []
    for quad in ox.parse(told, format=ox.RdfFormat.TURTLE):
        report.setdefault(quad.subject, {})[quad.predicate] = quad.object
        if quad.predicate == _RESULT:
            results.append(quad.object)
    return {_result(report[result]) for result in results}


def _fast(data: bytes, shapes: bytes | None) -> str:
    # As pySHACL does, this looks for values in the data alone, and not in the shapes too.
    asked = {"data_format": "nt", "graph_mode": "data", "run_infer": False, "sort_results": False}
    outcome = _prepared(shapes).validate_w3c(data=data, **asked)
    report: str = outcome.report_turtle
    return report


def _reference(data: bytes, shapes: bytes | None) -> str:
    import logging

    import pyshacl
    import rdflib

    # rdflib logs a traceback for every ill-typed literal; the shapes report them properly.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    graph = _as_written(data)
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph(shapes), inplace=True, advanced=False)
    if not isinstance(report, rdflib.Graph):
        raise ValueError(f"the shapes cannot be used: {report}")
    return report.serialize(format="nt")  # in Turtle it would write wrong booleans bare


def _text(term: Any) -> str:
    return "" if term is None or isinstance(term, ox.BlankNode) else str(term.value)


def _result(said: dict[Any, Any]) -> Result:
    shape, value = said.get(_SHAPE), said.get(_VALUE)
    return Result(
        severity=_text(said.get(_SEVERITY)).rpartition("#")[2].lower(),
        rule=_text(shape).rpartition("#")[2],
        focus=_text(said.get(_FOCUS)),
        path=_text(said.get(_PATH)),
        value=_text(value),
        component=_text(said.get(_COMPONENT)).rpartition("#")[2],
        messages=_messages(shape, said.get(_CONSTRAINT)),
        term=str(value) if _text(value) else "",
    )


@cache
def _messages(shape: Any, constraint: Any) -> tuple[tuple[str, str], ...]:
    """The messages of a constraint or shape, by language; SHACL's own are in English only."""
    shapes = vocabulary().store
    # The fast engine does not name the constraint; a shape of ours has one query at most.
    queries = [quad.object for quad in shapes.quads_for_pattern(shape, _SPARQL, None, SHAPES)] if shape else []
    for owner in filter(None, (constraint, shape, *queries)):
        found = {
            quad.object.language: quad.object.value
            for quad in shapes.quads_for_pattern(owner, _MESSAGE, None, SHAPES)
            if isinstance(quad.object, ox.Literal)
        }
        if "en" in found:
            return tuple(sorted((language, text) for language, text in found.items() if language))
    name = _text(shape) or "a shape"
    return (("en", f"the rule {name} is not met"),)


def finding(result: Result, locators: Iterable[Locate]) -> Finding:
    """A result as a finding, at the first place that a locator knows."""
    found = (locate(result.focus, result.path, result.value) for locate in locators)
    place = next((place for place in found if place), Place(result.focus))
    return Finding(
        result.severity,
        result.rule,
        dict(result.messages),
        place,
        result.focus,
        result.path,
        result.value,
        result.component,
        result.term,
    )
