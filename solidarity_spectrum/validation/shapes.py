"""SHACL: one result type, two engines.

pySHACL is the reference; pyshifty gives the same report some hundred times faster and is the default.
The tests compare the two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
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
SHAPES = ox.NamedNode(BASE + "graph/shapes")
_SH = "http://www.w3.org/ns/shacl#"
_RESULT, _SHAPE, _CONSTRAINT, _MESSAGE, _SEVERITY, _FOCUS, _PATH, _VALUE, _COMPONENT = (
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
    )
)


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result: terms as IRIs or texts, `severity` as violation, warning or info,
    `rule` the local name of the shape, `messages` by language."""

    severity: str
    rule: str
    focus: str
    path: str
    value: str
    component: str
    messages: tuple[tuple[str, str], ...]


def _shapes() -> bytes:
    """The shipped shapes, as N-Triples."""
    found = vocabulary().store.quads_for_pattern(None, None, None, SHAPES)
    return ox.serialize((quad.triple for quad in found), format=ox.RdfFormat.N_TRIPLES) or b""


@cache
def shapes_graph() -> "rdflib.Graph":
    """The shipped shapes, for pySHACL."""
    import rdflib

    return rdflib.Graph().parse(data=_shapes(), format="nt")


@cache
def _prepared() -> Any:
    # The engine below the Python interface, which would read its report into rdflib: seconds on a whole graph.
    from shifty._shifty import PreparedValidator

    return PreparedValidator(shapes=_shapes(), shapes_format="nt")


def judge(triples: Iterable[ox.Triple], engine: Engine = "fast") -> set[Result]:
    """Validate triples, which must include the class tree, against the shipped shapes.

    Returns every result, of all severities.
    """
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    report = ox.Store()
    report.extend(ox.parse(_fast(data) if engine == "fast" else _reference(data), format=ox.RdfFormat.TURTLE))
    return {_result(report, quad.object) for quad in report.quads_for_pattern(None, _RESULT, None)}


def _fast(data: bytes) -> str:
    outcome = _prepared().validate_w3c(data=data, data_format="nt", run_infer=False, sort_results=False)
    report: str = outcome.report_turtle
    return report


def _reference(data: bytes) -> str:
    import logging

    import pyshacl
    import rdflib

    # rdflib logs a traceback for every ill-typed literal; the shapes report them properly.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    graph = rdflib.Graph().parse(data=data, format="nt")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph(), inplace=True, advanced=False)
    assert isinstance(report, rdflib.Graph)
    return report.serialize(format="turtle")


def _one(report: ox.Store, node: Any, link: ox.NamedNode) -> Any:
    found = next(report.quads_for_pattern(node, link, None), None)
    return found.object if found else None


def _text(term: Any) -> str:
    return "" if term is None or isinstance(term, ox.BlankNode) else str(term.value)


def _result(report: ox.Store, node: Any) -> Result:
    shape = _one(report, node, _SHAPE)
    return Result(
        severity=_text(_one(report, node, _SEVERITY)).rpartition("#")[2].lower(),
        rule=_text(shape).rpartition("#")[2],
        focus=_text(_one(report, node, _FOCUS)),
        path=_text(_one(report, node, _PATH)),
        value=_text(_one(report, node, _VALUE)),
        component=_text(_one(report, node, _COMPONENT)).rpartition("#")[2],
        messages=_messages(shape, _one(report, node, _CONSTRAINT)),
    )


@cache
def _messages(shape: Any, constraint: Any) -> tuple[tuple[str, str], ...]:
    """The messages of a constraint or shape, by language; SHACL's own are in English only."""
    shapes = vocabulary().store
    for owner in filter(None, (constraint, shape)):
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
    return Finding(result.severity, result.rule, dict(result.messages), place, result.focus, result.path, result.value)
