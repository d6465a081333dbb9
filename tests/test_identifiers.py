"""The identifier kit: what is read, what is refused and why, and that nothing is lost or invented on the way.

`tests/identifiers/` holds the corpora: `pasted.tsv` what people paste and its normal form, `bad.tsv` what must be
refused and words of the reason, `fact-base.tsv` every identifier of the fact base, `samples.tsv`
identifiers met in real files of the sources.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solidarity_spectrum import build, links
from solidarity_spectrum.identifiers import SCHEMES, Identifier, IdentifierError, conversions, parse, works
from solidarity_spectrum.identifiers import links as links_of
from solidarity_spectrum.identifiers.base import from_roman, to_roman
from solidarity_spectrum.records import context, read_records
from solidarity_spectrum.records.identifiers import KEYS, problems
from solidarity_spectrum.records.yaml import read as read_yaml
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.validation import validate_files

Run = Callable[..., tuple[int, str, str]]
FOLDER = Path(__file__).parent / "identifiers"
SOL = BASE + "ontology#"


def corpus(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def test_every_scheme_is_told_in_two_languages_with_its_rule_and_a_normal_example():
    for name, scheme in SCHEMES.items():
        assert scheme.name == name and scheme.titles.keys() == {"en", "hu"} and scheme.rule
        assert parse(scheme.example, name).value == scheme.example


def test_what_people_paste_is_brought_to_its_normal_form():
    for row in corpus("pasted.tsv"):
        for scheme in ("", row["scheme"]):
            found = parse(row["pasted"], scheme)
            assert (found.scheme, found.value) == (row["scheme"], row["normal"]), row
        assert parse(row["normal"], row["scheme"]).value == row["normal"]


def test_what_is_wrong_is_refused_with_its_reason_in_two_languages():
    for row in corpus("bad.tsv"):
        with pytest.raises(IdentifierError) as refused:
            parse(row["value"], row["scheme"])
        assert row["reason"] in refused.value.message("en"), (row, refused.value.message("en"))
        assert refused.value.message("hu") not in ("", refused.value.message("en"))


def test_every_identifier_of_the_fact_base_is_read_or_has_a_reason():
    for row in corpus("fact-base.tsv"):
        labels = {"eo_number": "Executive Order ", "proclamation_number": "Proclamation "}
        text = labels.get(row["key"], "") + row["value"]
        if row["reason"]:
            with pytest.raises(IdentifierError):
                parse(text)
        else:
            assert parse(text, row["scheme"]).value == row["normal"], row


def test_identifiers_of_the_sources_are_read():
    for row in corpus("samples.tsv"):
        assert parse(row["value"], row["scheme"]).value == row["normal"], row


def examples() -> list[Identifier]:
    """One identifier per scheme, and all of the corpora."""
    rows = [*corpus("pasted.tsv"), *corpus("samples.tsv"), *(row for row in corpus("fact-base.tsv") if row["normal"])]
    found = [parse(scheme.example, name) for name, scheme in SCHEMES.items()]
    return found + [parse(row["normal"], row["scheme"]) for row in rows]


def test_what_links_to_an_identifier_leads_back_to_it():
    seen = set()
    for identifier in examples():
        for link in links_of(identifier):
            ox.NamedNode(link.iri)
            back = parse(link.iri)
            assert (back.scheme, back.key) == (identifier.scheme, identifier.key), link
            seen.add(identifier.scheme)
    assert len(seen) > 15


def test_a_conversion_that_can_be_turned_round_gives_the_same_identifier():
    turned = set()
    for identifier in examples():
        for made in conversions(identifier):
            assert made.rule and parse(made.identifier.value, made.identifier.scheme) == made.identifier
            for back in conversions(made.identifier):
                if (
                    back.identifier.scheme == identifier.scheme == "cjeu-case"
                ):  # P and PPU are no part of a CELEX number
                    assert identifier.value.startswith(back.identifier.value)
                    turned.add("case")
                elif identifier.scheme in ("hu-act", "cjeu-case"):
                    assert back.identifier == identifier
                    turned.add(identifier.scheme)
    assert turned == {"case", "hu-act"}


def converted(text: str) -> set[str]:
    return {made.identifier.value for made in conversions(parse(text))}


def test_conversions_follow_published_rules_and_nothing_else_is_converted():
    assert converted("C-821/19") == {"62019CJ0821"}
    assert converted("C-924/19 PPU") == {"62019CJ0924"}
    assert converted("62019CC0821") == {"C-821/19"}
    assert converted("http://data.europa.eu/eli/dir/2002/90/oj") == {"32002L0090"}
    assert converted("http://data.europa.eu/eli/dec_framw/2002/946/oj") == {"32002F0946"}
    assert converted("http://data.europa.eu/eli/reg/2016/399/2019-06-11") == {"02016R0399-20190611", "32016R0399"}
    assert converted("32002L0090") == {"http://data.europa.eu/eli/dir/2002/90/oj"}
    assert converted("02016R0399-20190611") == {"32016R0399"}
    assert converted("ECLI:CE:ECHR:2019:1121JUD004728715") == {"47287/15"}
    assert converted("2018. évi VI. törvény") == {"https://njt.hu/eli/TV/2018/6"}
    # A regulation may be reg, reg_impl or reg_del; an ECLI cannot be computed from a CELEX number.
    for text in ("32016R0399", "ECLI:EU:C:2021:930", "001-198760", "A/RES/73/195", "C-821/19 P-R"):
        assert not converted(text)


def test_parts_say_what_an_identifier_holds():
    parts = parse("ECLI:CE:ECHR:2019:1121JUD004728715").parts
    assert parts == {**parts, "date": "2019-11-21", "application": "47287/15", "country": "CE", "kind": "JUD"}
    assert parse("82 FR 8977").parts["year"] == "2017"
    assert parse("2/2019. (III. 5.) AB határozat").parts["date"] == "2019-03-05"
    assert parse("CCPR/C/HUN/CO/6").parts["state"] == "HUN"
    assert parse("C-6/90").parts["year"] == "1990" and parse("C-6/03").parts["year"] == "2003"


# Properties


@given(
    st.text(max_size=80)
    | st.sampled_from([row["pasted"] for row in corpus("pasted.tsv")]).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=3)).map(
            lambda cut: text[: cut[0]] + cut[1] + text[cut[0] + len(cut[1]) :]
        )
    )
)
@settings(max_examples=400)
def test_any_text_is_an_identifier_in_normal_form_or_refused(text: str):
    try:
        found = parse(text)
    except IdentifierError as error:
        assert error.message("en") and error.message("hu")
        return
    assert parse(found.value, found.scheme) == found, "the normal form is the normal form of itself"
    for link in links_of(found):
        ox.NamedNode(link.iri)
    conversions(found)


@pytest.mark.parametrize("name", SCHEMES)
def test_what_has_the_form_of_a_scheme_is_read_or_refused_by_it(name: str):
    scheme = SCHEMES[name]

    @given(
        st.from_regex(
            scheme.pattern, fullmatch=True, alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
        )
    )
    @settings(max_examples=25)
    def check(text: str) -> None:
        try:
            found = parse(text, name)
        except IdentifierError as error:
            assert error.message("hu")
            return
        assert parse(found.value, name) == found

    check()


MARKS = st.sampled_from(["{}", " {} ", "«{}»", "<{}>", "\u201e{}\u201d", "{}.", "\u200b{}", "{}\u00a0"])
DASHES = st.sampled_from("-\u2010\u2011\u2013\u2212")
CASED = ("doi", "eli", "eu-authority", "gr-gazette", "uk-legislation", "us-code")
CASELESS = [identifier for identifier in examples() if identifier.scheme not in CASED]


@given(st.sampled_from(CASELESS), MARKS, DASHES, st.sampled_from([str, str.lower, str.upper]))
def test_typography_and_case_change_nothing(identifier: Identifier, mark: str, dash: str, case: Callable[[str], str]):
    text = mark.format(case(identifier.value).replace("-", dash))
    assert parse(text, identifier.scheme) == identifier


@given(st.integers(1, 3999))
def test_roman_numerals_round_trip(number: int):
    assert from_roman(to_roman(number)) == number


@given(st.sampled_from(["isbn", "issn", "orcid"]), st.data())
def test_a_wrong_digit_is_always_found(name: str, data: st.DataObject):
    length = {"isbn": 12, "issn": 7, "orcid": 15}[name]
    digit = {"isbn": works.isbn13_digit, "issn": works.modulo11_digit, "orcid": works.orcid_digit}[name]
    body = data.draw(st.text("0123456789", min_size=length, max_size=length))
    if name == "isbn":
        body = "978" + body[3:]
    whole = body + digit(body)
    at = data.draw(st.integers(3 if name == "isbn" else 0, length - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != whole[at]]))
    wrong = whole[:at] + other + whole[at + 1 :]
    label = "ISSN " if name == "issn" else ""
    parse(label + whole, name)
    with pytest.raises(IdentifierError):
        parse(label + wrong, name)


def test_long_and_hostile_texts_are_refused_at_once():
    for text in (
        "A/" * 100_000,
        "1" * 499,
        "(" * 499,
        "A/RES/" + "1/" * 240,
        "ECLI:" * 99,
        "eli/" + "a_" * 240,
        "C-1/1 " * 80,
    ):
        with pytest.raises(IdentifierError):
            parse(text)


# Records


def rules(**node: str | list[str]) -> list[tuple[str, str, str]]:
    listed = {key: [value] if isinstance(value, str) else value for key, value in node.items()}
    return [(problem.key, problem.rule, problem.severity) for problem in problems(listed)]


def test_every_key_of_the_kit_is_a_key_of_records_and_a_scheme():
    assert KEYS.keys() <= context().keys.keys() and set(KEYS.values()) <= SCHEMES.keys()


def test_identifiers_of_records_are_in_normal_form():
    assert not rules(
        ecli="ECLI:EU:C:2021:930", celex="62019CJ0821", docket=["C-821/19"], court="cjeu", date="2021-11-16"
    )
    assert rules(celex="62019cj0821") == [("celex", "identifier", "violation")]
    assert rules(doi="https://doi.org/10.1017/aju.2020.64") == [("doi", "identifier", "violation")]
    assert rules(wikidataId="P31") == [("wikidataId", "identifier", "violation")]
    assert rules(isbn=["9780593701249", "978-92-1-130350-6"]) == [("isbn", "identifier", "violation")]
    (problem,) = problems({"celex": ["62019cj0821"]})
    assert "write «celex: 62019CJ0821»" in problem.en and "így írja: «celex: 62019CJ0821»" in problem.hu


def test_free_text_stays_free_where_no_form_is_known():
    assert not rules(docket="Knk.IV.37.222/2016/9", court="hu-kuria")
    assert not rules(docket="1:17-cv-00050 DKW-KSC (D. Haw.)", court="us-dist-ct")
    assert not rules(officialNumber="Prop. 2018/19:1", gazette="DOF 25 May 2011", coeReference="CM/Rec(2010)12")
    assert rules(docket="C-643/15 and C-647/15", court="cjeu") == [("docket", "identifier", "violation")]
    assert rules(docket="no. 47287/15", court="ecthr") == [("docket", "identifier", "violation")]
    assert rules(officialNumber="2018. évi vi. törvény") == [("officialNumber", "identifier", "violation")]
    assert rules(gazette="OJ L 180") == [("gazette", "identifier", "violation")]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"ecli": "ECLI:EU:C:2021:930", "date": "2020-11-16"}, ("ecli", "violation")),
        ({"ecli": "ECLI:CE:ECHR:2019:1121JUD004728715", "date": "2019-11-22"}, ("ecli", "violation")),
        ({"ecli": "ECLI:IT:COST:2022:63", "date": "2021"}, ("ecli", "warning")),
        ({"ecli": "ECLI:IT:COST:2022:63", "jurisdiction": "greece"}, ("ecli", "warning")),
        ({"ecli": "ECLI:CE:ECHR:2019:1121JUD004728715", "docket": "201/17", "court": "ecthr"}, ("ecli", "violation")),
        ({"celex": "62019CJ0821", "date": "2018-11-16"}, ("celex", "violation")),
        ({"celex": "62019CJ0821", "docket": "C-823/21", "court": "cjeu"}, ("celex", "violation")),
        ({"celex": "32002L0090", "eliUri": "http://data.europa.eu/eli/dir/2002/91/oj"}, ("eliUri", "violation")),
        ({"celex": "32002L0090", "adopted": "2012-11-28"}, ("celex", "warning")),
        ({"unSymbol": "A/RES/73/195", "adopted": "2008-12-19"}, ("unSymbol", "warning")),
        ({"officialNumber": "2018. évi VI. törvény", "adopted": "2019-06-20"}, ("officialNumber", "warning")),
        ({"officialNumber": "2/2019. (III. 5.) AB határozat", "date": "2019-04-01"}, ("officialNumber", "warning")),
        (
            {"officialNumber": "41/2016. (III. 9.) Korm. rendelet", "promulgated": "2016-03-08"},
            ("officialNumber", "warning"),
        ),
    ],
)
def test_contradictions_are_found(node: dict[str, str], expected: tuple[str, str]):
    key, severity = expected
    assert rules(**node) == [(key, "identifier-conflict", severity)]


@pytest.mark.parametrize(
    "node",
    [
        {"ecli": "ECLI:EU:C:2021:930", "date": "2021"},
        {"ecli": "ECLI:CE:ECHR:2019:1121JUD004728715", "date": "2019-11", "docket": "47287/15", "court": "ecthr"},
        {"celex": "62019CJ0924", "docket": ["C-924/19 PPU", "C-925/19 PPU"], "court": "cjeu"},
        {"celex": "32016R0399", "adopted": "2015-12-20"},
        {"celex": "12016E078", "adopted": "1957-03-25"},
        {"unSymbol": "A/RES/73/195", "adopted": "2018-12-19"},
        {"officialNumber": "2/2019. (III. 5.) AB határozat", "date": "2019-02-26"},
        {"ecli": "ECLI:EU:C:2021:930", "jurisdiction": "hungary"},
        {"eliUri": "https://njt.hu/eli/TV/2018/6", "jurisdiction": "hungary"},
    ],
)
def test_what_agrees_is_left_alone(node: dict[str, str]):
    assert rules(**node) == []


RECORD = """
- id: decision-test-identifiers
  type: Decision
  label: {en: A judgment, hu: Egy ítélet}
  inCase: case-cjeu-c-821-19
  court: cjeu
  date: 2021-11-16
  sequence: 9
  ecli: ECLI:EU:C:2021:8888
  celex:
  - 62019CJ9821
  outcome: infringement-declared
  recorded: 2026-11-23
  recordedBy: solidarity-spectrum-project
  sources:
  - {url: 'https://example.org/a', title: A, tier: primary, consulted: true}
  status: single-source
"""


def found(text: str, kind: str, store_folder: Path) -> list[tuple[str, int, str]]:
    findings, _ = validate_files([(f"f.{kind}", text.encode(), kind)], store_folder)
    return [(f.rule, f.place.line, f.severity) for f in findings if f.severity != "info"]


def test_a_contribution_is_told_file_line_and_normal_form(store_folder: Path):
    assert found(RECORD, "yaml", store_folder) == []
    assert found(RECORD.replace("- 62019CJ9821", "- 62019cj9821"), "yaml", store_folder) == [
        ("identifier", 11, "violation")
    ]
    wrong_year = RECORD.replace("ECLI:EU:C:2021", "ECLI:EU:C:2020")
    assert found(wrong_year, "yaml", store_folder) == [("identifier-conflict", 9, "violation")]


def test_rdf_is_judged_by_the_same_rules(store_folder: Path):
    prefixes = {
        "sol": SOL,
        "id": BASE + "id/",
        "dct": "http://purl.org/dc/terms/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items())
    for line, expected in (
        ('id:decision-cjeu-c-821-19 sol:celex "62019CJ821" .', ("identifier", 5, "violation")),
        ("id:x sol:eliUri <http://data.europa.eu/eli/directive/2002/90/oj> .", ("identifier", 5, "violation")),
        (
            'id:x sol:ecli "ECLI:EU:C:2021:930" ; dct:date "2020"^^xsd:gYear .',
            ("identifier-conflict", 5, "violation"),
        ),
    ):
        assert expected in found(head + line, "ttl", store_folder), line


# Links out


def linked(graph: ox.Store, entity: str) -> set[tuple[str, str]]:
    quads = graph.quads_for_pattern(ox.NamedNode(BASE + entity), None, None, links.LINKS)
    return {(quad.predicate.value.rpartition("#")[2].rpartition("/")[2], quad.object.value) for quad in quads}


def test_links_claim_no_more_than_they_may(graph: ox.Store):
    assert linked(graph, "id/eu-directive-2013-32") == {
        ("sameAs", "http://publications.europa.eu/resource/celex/32013L0032"),
        ("sameAs", "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:32013L0032"),
    }
    same = {
        quad.object.value
        for quad in graph.quads_for_pattern(None, ox.NamedNode("http://www.w3.org/2002/07/owl#sameAs"), None, None)
    }
    assert "http://www.wikidata.org/entity/Q28" in same
    assert "http://publications.europa.eu/resource/celex/32013L0032" in same
    # The text of a judgment is not the decision, a EuroVoc concept not the organisation.
    assert not any("62019CJ0821" in iri or "eurovoc" in iri or "eur-lex" in iri or "doi.org" in iri for iri in same)
    assert ("seeAlso", "http://eurovoc.europa.eu/3710") in linked(graph, "id/unhcr")


def test_links_are_alone_in_their_graph_and_rest_on_records(graph: ox.Store):
    for quad in graph.quads_for_pattern(None, None, None, links.LINKS):
        assert isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(BASE)
        assert not quad.object.value.startswith(BASE)
    stated = sum(
        1 for key in KEYS for _ in graph.quads_for_pattern(None, ox.NamedNode(context().keys[key].iri), None, None)
    )
    assert stated > 60 and len({row.entity for row in links.rows(graph)}) > 40


def test_same_as_adds_nothing_by_reasoning(graph: ox.Store):
    """The rules know no owl:sameAs, so that a foreign description can never leak into ours."""
    for row in links.rows(graph):
        assert next(graph.quads_for_pattern(ox.NamedNode(row.target), None, None, None), None) is None


def test_a_record_of_the_name_links_would_write_into_that_graph(store_folder: Path):
    text = RECORD.replace("id: decision-test-identifiers", "id: links")
    assert ("id", 2, "violation") in found(text, "yaml", store_folder)


def test_links_are_written_as_sssom_that_reads_back_to_the_graph(solidarity: Run, graph: ox.Store):
    status, out, _ = solidarity("export", "--links")
    assert status == 0
    head = "".join(line.removeprefix("#") for line in out.splitlines(keepends=True) if line.startswith("#"))
    prefixes = read_yaml(head.encode(), "head")[0]["curie_map"]

    def expand(name: str) -> str:
        prefix, _, local = name.partition(":")
        return prefixes[prefix] + local if prefix in prefixes else name

    rows = list(
        csv.DictReader(
            io.StringIO("".join(line for line in out.splitlines(keepends=True) if line[0] != "#")), delimiter="\t"
        )
    )
    assert rows == sorted(rows, key=lambda row: tuple(row.values()))
    assert all(row["mapping_justification"].startswith("semapv:") and row["subject_label"] for row in rows)
    written = {(expand(r["subject_id"]), expand(r["predicate_id"]), expand(r["object_id"])) for r in rows}
    held = {
        (q.subject.value, q.predicate.value, q.object.value)
        for q in graph.quads_for_pattern(None, None, None, links.LINKS)
    }
    assert held < written
    assert ("concept:criminalisation", "skos:exactMatch", "yso:p1368") in {
        (r["subject_id"], r["predicate_id"], r["object_id"]) for r in rows
    }


def test_computing_links_anew_changes_nothing(graph: ox.Store):
    before = {str(quad) for quad in graph.quads_for_pattern(None, None, None, links.LINKS)}
    assert links.materialise(graph) == len(before)
    assert before == {str(quad) for quad in graph.quads_for_pattern(None, None, None, links.LINKS)}
    some = {str(quad) for quad in links.quads(graph, [BASE + "id/unhcr", BASE + "id/hungary"])}
    assert len(some) == 3 and some < before


def test_a_wrong_identifier_keeps_a_build_out():
    built = build.assemble(read_records(RECORD.replace("62019CJ9821", "62019CJ982").encode(), "f.yaml"))
    assert ("identifier", 11) in {(f.rule, f.place.line) for f in built.refused}
    assert not any(f.rule == "Entity-celex" for f in built.findings), "one cause, one finding"


# The command


def test_the_command_reads_several_values_and_says_what_they_are(solidarity: Run):
    status, out, err = solidarity("id", "c‑821/19", "https://doi.org/10.1017/aju.2020.64")
    assert status == 0 and not err
    assert "C-821/19  [cjeu-case]" in out and "= 62019CJ0821  [celex]" in out and "10.1017/aju.2020.64  [doi]" in out


def test_the_command_answers_in_json_and_refuses_with_status_1(solidarity: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Q458\n\nISBN 978-92-1-130350-7\n"))
    status, out, _ = solidarity("id", "-", "--format", "json")
    first, second = json.loads(out)
    assert status == 1
    assert first["value"] == "Q458" and first["links"] == [
        {"kind": "thing", "iri": "http://www.wikidata.org/entity/Q458"}
    ]
    assert "check digit is 7" in second["error"] and second["input"] == "ISBN 978-92-1-130350-7"


def test_the_command_speaks_hungarian_and_keeps_to_a_scheme(solidarity: Run):
    status, _, err = solidarity("id", "ISBN 978-92-1-130350-7", "--language", "hu")
    assert status == 1 and "az ellenőrző jegy 7" in err
    assert solidarity("id", "3710", "--scheme", "eurovoc")[0] == 0
    assert solidarity("id", "3710")[0] == 1
    assert solidarity("id", "3710", "--scheme", "no-such")[0] == 2
    status, out, _ = solidarity("id", "--language", "hu")
    assert status == 0 and all(f"{name}\n" in out for name in SCHEMES) and "CELEX-szám" in out


def test_schemes_that_are_easy_to_mistake_are_told_apart():
    texts = (
        "C2010A00050",
        "2017-02281",
        "17-02281",
        "17-85.736",
        "47287/15",
        "001-198760",
        "0097-6326",
        "2018-717/718 QPC",
    )
    schemes = [parse(text).scheme for text in texts]
    assert schemes == [
        "au-legislation",
        "fr-document",
        "us-docket",
        "fr-cassation",
        "echr-application",
        "hudoc",
        "issn",
        "fr-constitutional",
    ]
    assert all(one != other for one, other in pairwise(schemes))
