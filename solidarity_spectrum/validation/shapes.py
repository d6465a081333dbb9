"""SHACL: one result type, two engines.

pySHACL is the reference; pyshifty gives the same report some hundred times faster and is the default.
The tests compare the two.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pyoxigraph as ox
import pyshacl
import rdflib
import shifty
from rdflib.namespace import SH

from solidarity_spectrum.findings import Finding, Place
from solidarity_spectrum.resources import ONTOLOGY

Engine = Literal["fast", "reference"]
Locate = Callable[[str, str, str], Place | None]
"""Finds the place of a focus node, its property and a value in an input; None where it does not stand there."""
# rdflib logs a traceback for every ill-typed literal; the shapes report them properly.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)


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


@cache
def shapes_graph() -> rdflib.Graph:
    """The shipped shapes."""
    graph = rdflib.Graph()
    for file in sorted((ONTOLOGY / "shapes").glob("*.ttl")):
        graph.parse(file, format="turtle")
    return graph


@cache
def _prepared() -> Any:
    return shifty.PreparedValidator(shapes_graph().serialize(format="turtle"))


def judge(triples: Iterable[ox.Triple], engine: Engine = "fast") -> set[Result]:
    """Validate triples, which must include the class tree, against the shipped shapes.

    Returns every result, of all severities.
    """
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    if engine == "fast":
        _, report, _ = _prepared().validate(data.decode(), infer=False, sort_results=False)
    else:
        graph = rdflib.Graph().parse(data=data, format="nt")
        _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph(), inplace=True, advanced=False)
    assert isinstance(report, rdflib.Graph)
    return {_result(report, node) for node in report.objects(None, SH.result)}


def _text(term: Any) -> str:
    if term is None:
        return ""
    return "" if isinstance(term, rdflib.BNode) else str(term)


def _result(report: rdflib.Graph, node: Any) -> Result:
    shape = report.value(node, SH.sourceShape)
    severity = _text(report.value(node, SH.resultSeverity)).rpartition("#")[2].lower()
    constraint = report.value(node, SH.sourceConstraint)
    return Result(
        severity=severity,
        rule=_text(shape).rpartition("#")[2],
        focus=_text(report.value(node, SH.focusNode)),
        path=_text(report.value(node, SH.resultPath)),
        value=_text(report.value(node, SH.value)),
        component=_text(report.value(node, SH.sourceConstraintComponent)).rpartition("#")[2],
        messages=_messages(shape, constraint),
    )


@cache
def _messages(shape: Any, constraint: Any) -> tuple[tuple[str, str], ...]:
    """The messages of a constraint or shape, by language; SHACL's own are in English only."""
    shapes = shapes_graph()
    for owner in filter(None, (constraint, shape)):
        found = {m.language: str(m) for m in shapes.objects(owner, SH.message) if isinstance(m, rdflib.Literal)}
        if "en" in found:
            return tuple(sorted((language, text) for language, text in found.items() if language))
    name = _text(shape) or "a shape"
    return (("en", f"the rule {name} is not met"),)


def finding(result: Result, locators: Iterable[Locate]) -> Finding:
    """A result as a finding, at the first place that a locator knows."""
    found = (locate(result.focus, result.path, result.value) for locate in locators)
    place = next((place for place in found if place), Place(result.focus))
    return Finding(result.severity, result.rule, dict(result.messages), place, result.focus, result.path, result.value)
