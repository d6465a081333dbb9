"""The shapes: each is told in two languages, fails and passes on its examples, and means the same to both engines.

`ontology/shapes/examples/NAME/` holds the examples of the shape NAME, which its page shows too: `pass.ttl` breaks no
rule of any shape; `fail.ttl` begins with one line `# expect: FOCUS PATH RULE SEVERITY` for each result that the shape
and its property shapes must give (PATH is `-` where the rule concerns the node as a whole).
"""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pyshacl
import pytest
import shifty
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import Node

from solidarity_spectrum.validation.shapes import judge as our_judge

ROOT = Path(__file__).parent.parent
ONTOLOGY = ROOT / "ontology"
FIXTURES = ONTOLOGY / "shapes" / "examples"
SOLSH = Namespace("https://w3id.org/solidarity-spectrum/shapes#")
SOL = "https://w3id.org/solidarity-spectrum/ontology#"
RULES = "https://w3id.org/solidarity-spectrum/docs/rules#"
EXAMPLE = "https://example.org/"
TREE = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.inScheme)
NAMES = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())


class Result(NamedTuple):
    """One validation result, reduced to what both engines must agree on."""

    focus: str
    path: str
    rule: str
    severity: str
    component: str
    value: str
    messages: tuple[str, ...]


@cache
def shapes() -> Graph:
    graph = Graph()
    for file in sorted((ONTOLOGY / "shapes").glob("*.ttl")):
        graph.parse(file)
    return graph


@cache
def ontology() -> Graph:
    graph = Graph()
    for folder in ("modules", "vocabularies"):
        for file in sorted((ONTOLOGY / folder).glob("*.ttl")):
            graph.parse(file)
    return graph


@cache
def background() -> Graph:
    """What the shapes need beside a fixture: the trees of classes and relations, and who is in which code list."""
    graph = Graph()
    for predicate in TREE:
        for subject, value in ontology().subject_objects(predicate):
            if isinstance(subject, URIRef) and isinstance(value, URIRef):
                graph.add((subject, predicate, value))
    return graph


@cache
def fast() -> shifty.PreparedValidator:
    return shifty.PreparedValidator(shapes().serialize(format="turtle"))


@cache
def judged(name: str, which: str) -> tuple[frozenset[Result], frozenset[Result]]:
    """The results on one fixture, by the reference engine and by the fast one."""
    return judge(Graph().parse(FIXTURES / name / f"{which}.ttl"))


def judge(graph: Graph) -> tuple[frozenset[Result], frozenset[Result]]:
    data = graph + background()
    text = data.serialize(format="nt")
    _, reference, _ = pyshacl.validate(data, shacl_graph=shapes(), inplace=True)
    _, quick, _ = fast().validate(text)
    assert isinstance(reference, Graph)
    return reduce(reference), reduce(quick)


def reduce(report: Graph) -> frozenset[Result]:
    results = []
    for result in report.objects(None, SH.result):
        shape = report.value(result, SH.sourceShape)
        path = report.value(result, SH.resultPath)
        assert shape is not None
        # A complex path is a blank node in the report, which the shape's own path explains.
        path = path if isinstance(path, URIRef) else shapes().value(shape, SH.path)
        results.append(
            Result(
                str(report.value(result, SH.focusNode)),
                path_text(path) if path else "-",
                local(shape),
                local(report.value(result, SH.resultSeverity)),
                local(report.value(result, SH.sourceConstraintComponent)),
                str(report.value(result, SH.value) or ""),
                # pySHACL leaves out the languages of messages that a SPARQL constraint gives.
                tuple(sorted(str(m) for m in report.objects(result, SH.resultMessage))),
            )
        )
    assert len(set(results)) == len(results), "a result is given twice"
    return frozenset(results)


def local(term: Node | str | None) -> str:
    return re.split("[#/]", str(term))[-1]


def path_text(path: Node) -> str:
    """A shape path in SPARQL's notation."""
    if isinstance(path, URIRef):
        return shapes().namespace_manager.curie(path)
    if shapes().value(path, RDF.first):
        return "/".join(path_text(step) for step in Collection(shapes(), path))
    if steps := shapes().value(path, SH.alternativePath):
        return "|".join(path_text(step) for step in Collection(shapes(), steps))
    if step := shapes().value(path, SH.inversePath):
        return f"^{path_text(step)}"
    step = shapes().value(path, SH.zeroOrMorePath)
    assert step, "a kind of path that no shape uses yet"
    return f"{path_text(step)}*"


def expected(name: str) -> Counter[tuple[str, ...]]:
    lines = (FIXTURES / name / "fail.ttl").read_text("utf-8").splitlines()
    return Counter(tuple(line.split()[2:]) for line in lines if line.startswith("# expect: "))


def rules_of(name: str) -> set[str]:
    """What may stand as the source of a result: the shape itself and its property shapes."""
    return {name} | {local(part) for part in shapes().objects(SOLSH[name], SH.property)}


def targeted() -> set[str]:
    return {local(shape) for link in (SH.targetClass, SH.targetSubjectsOf) for shape in shapes().subjects(link)}


def told() -> list[Node]:
    """All that speaks: property shapes, SPARQL constraints, and node shapes that report on their own."""
    kinds = {s for kind in (SH.PropertyShape, SH.SPARQLConstraint) for s in shapes().subjects(RDF.type, kind)}
    return sorted(kinds | set(shapes().subjects(SH.message)), key=str)


@pytest.mark.parametrize("name", NAMES)
def test_fail(name: str) -> None:
    own = rules_of(name)
    for results in judged(name, "fail"):
        found = Counter(
            (local(r.focus), r.path, r.rule, r.severity)
            for r in results
            if r.rule in own and r.focus.startswith(EXAMPLE)
        )
        assert found == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_pass(name: str) -> None:
    own = rules_of(name)
    for results in judged(name, "pass"):
        here = [r for r in results if r.focus.startswith(EXAMPLE)]
        assert not [r for r in here if r.severity == "Violation"]
        assert not [r for r in here if r.rule in own and local(r.focus).startswith("pass")]


@pytest.mark.parametrize("which", ["pass", "fail"])
@pytest.mark.parametrize("name", NAMES)
def test_engines_agree(name: str, which: str) -> None:
    reference, quick = judged(name, which)
    assert reference == quick


@pytest.mark.parametrize("name", [name for name in NAMES if (SOLSH[name], SH.sparql, None) in shapes()])
def test_what_a_query_finds_is_told_in_both_languages(name: str) -> None:
    """The fast engine names the shape and not the query, which has the message."""
    query = shapes().value(SOLSH[name], SH.sparql)
    due = {message.language: str(message) for message in shapes().objects(query, SH.message)}
    data = Graph().parse(FIXTURES / name / "fail.ttl") + background()
    triples = [quad.triple for quad in ox.parse(data.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)]
    for engine in ("fast", "reference"):
        found = [result for result in our_judge(triples, engine) if result.rule == name]
        assert found and all(dict(result.messages) == due for result in found)


@pytest.mark.parametrize(("length", "broken"), [(1000, False), (1001, True)])
def test_quotations_are_short(length: int, broken: bool) -> None:
    graph = Graph()
    statement = URIRef(EXAMPLE + "statement")
    graph.add((statement, RDF.type, URIRef(SOL + "Statement")))
    graph.add((statement, URIRef(SOL + "quotation"), Literal("x" * length, lang="en")))
    for results in judge(graph):
        assert ("Statement-quotation" in {r.rule for r in results}) is broken


def test_every_shape_has_fixtures() -> None:
    assert set(NAMES) == targeted()
    for name in NAMES:
        assert {f.name for f in (FIXTURES / name).iterdir()} == {"pass.ttl", "fail.ttl"}
        broken = {rule for _, _, rule, _ in expected(name)}
        assert broken == rules_of(name) - (set() if name in broken else {name}), "each rule is broken somewhere"


def test_no_helper_is_left_over() -> None:
    used = {local(o) for s, o in shapes().subject_objects() if s != o}
    assert {local(s) for s in shapes().subjects(RDF.type, SH.NodeShape)} <= targeted() | used


@pytest.mark.parametrize("language", ["en", "hu"])
def test_told_in_both_languages(language: str) -> None:
    for rule in told():
        names = (*shapes().objects(rule, SH.name), *shapes().objects(rule, RDFS.label))
        for texts in (names, shapes().objects(rule, SH.message)):
            assert [t.language for t in texts if isinstance(t, Literal)].count(language) == 1, rule


def test_messages_say_which_key_to_mend() -> None:
    context = json.loads((ONTOLOGY / "context.jsonld").read_text("utf-8"))["@context"]
    keys = set(context) | set(context["sources"]["@context"])
    own = {local(query) for query in shapes().objects(None, SH.sparql)}
    own |= {rule for name in targeted() for rule in rules_of(name)}
    for rule in told():
        by_language = [re.findall(r"«([^»]+)»", str(message)) for message in shapes().objects(rule, SH.message)]
        assert Counter(by_language[0]) == Counter(by_language[1]), f"{rule}: the languages tell different things"
        if local(rule) in own:
            assert {re.split(r"\W", text)[0] for text in by_language[0]} & keys, rule


def test_every_rule_is_named_and_documented() -> None:
    for rule in set(told()) | set(shapes().subjects(RDF.type, SH.NodeShape)):
        assert isinstance(rule, URIRef) and rule.startswith(SOLSH), "no blank nodes among shapes"
        assert shapes().value(rule, RDFS.seeAlso) == URIRef(RULES + local(rule))
        assert shapes().value(rule, RDFS.isDefinedBy) == URIRef(str(SOLSH)[:-1])
    for shape in shapes().subjects(RDF.type, SH.NodeShape):
        parts = (part for link in (SH.property, SH.sparql) for part in shapes().objects(shape, link))
        assert all(local(part).startswith(f"{local(shape)}-") for part in parts)


def test_property_shapes_have_a_path_and_a_severity() -> None:
    assert set(shapes().subjects(SH.path)) == set(shapes().subjects(RDF.type, SH.PropertyShape))
    assert set(shapes().objects(None, SH.property)) == set(shapes().subjects(SH.path))
    for rule in told():
        shape = shapes().value(None, SH.sparql, rule) or rule  # a SPARQL constraint has the severity of its shape
        assert shapes().value(shape, SH.severity) in (SH.Violation, SH.Warning, SH.Info), rule


def test_blank_nodes_are_lists_or_paths() -> None:
    allowed = {RDF.first, RDF.rest, SH.alternativePath, SH.inversePath, SH.zeroOrMorePath}
    assert {p for s, p, _ in shapes() if isinstance(s, BNode)} <= allowed


def test_only_terms_of_shacl() -> None:
    """Engines pass over a misspelt term in silence."""
    terms = {t for triple in shapes() for t in triple if isinstance(t, URIRef) and t.startswith(str(SH))}
    assert not {t for t in terms if t not in SH}


def test_only_terms_of_the_ontology() -> None:
    terms = {t for triple in shapes() for t in triple if isinstance(t, URIRef) and t.startswith(SOL)}
    assert not {t for t in terms if (t, RDF.type, None) not in ontology()}
    codes = {t for t in shapes().objects() if isinstance(t, URIRef) and "/solidarity-spectrum/concept/" in t}
    assert not {t for t in codes if (t, RDF.type, None) not in ontology()}


def test_shapes_of_the_shapes() -> None:
    """pySHACL raises on a shape that the standard forbids; the fast engine would let some of them pass."""
    conforms, _, _ = pyshacl.validate(Graph(), shacl_graph=shapes(), meta_shacl=True)
    assert conforms


def test_no_shape_refers_to_one_that_is_not_there() -> None:
    """A reference to a missing shape conforms in silence, in both engines."""
    used = {node for node in shapes().objects() if isinstance(node, URIRef) and node.startswith(SOLSH)}
    assert used - set(shapes().subjects()) == set()
