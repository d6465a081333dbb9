"""The command line as a user meets it: exit status, output, plain errors."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from solidarity_spectrum import explain, table

Run = Callable[..., tuple[int, str, str]]


def test_a_query_answers_as_json_when_piped_and_as_a_table_on_request(solidarity: Run):
    text = "SELECT ?s { ?s a sol:Statement } ORDER BY ?s LIMIT 2"
    status, out, _ = solidarity("query", text)
    assert status == 0 and len(json.loads(out)["results"]["bindings"]) == 2
    _, out, _ = solidarity("query", text, "--format", "table")
    assert out.splitlines()[-1] == "2 rows" and "https" not in out
    _, out, _ = solidarity("query", text, "--format", "csv")
    assert next(csv.reader(io.StringIO(out))) == ["s"]


def test_a_graph_query_gives_a_graph(solidarity: Run):
    text = "CONSTRUCT { ?s a ?t } WHERE { ?s a sol:Statement ; a ?t }"
    status, out, _ = solidarity("query", text)
    assert status == 0 and list(ox.parse(out, format=ox.RdfFormat.TURTLE))
    status, out, _ = solidarity("query", text, "--format", "jsonld")
    assert status == 0 and list(ox.parse(out, format=ox.RdfFormat.JSON_LD))
    status, _, err = solidarity("query", text, "--format", "csv")
    assert status == 2 and "graph" in err


def test_a_query_may_come_from_a_file_or_standard_input(
    solidarity: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "q.rq"
    file.write_text("ASK { ?s a sol:Case }")
    assert json.loads(solidarity("query", str(file))[1])["boolean"] is True
    monkeypatch.setattr("sys.stdin", io.StringIO("ASK { ?s a sol:Case }"))
    assert json.loads(solidarity("query", "-")[1])["boolean"] is True


def test_from_selects_graphs_of_the_store(solidarity: Run):
    text = "SELECT (COUNT(*) AS ?n) FROM graph:hu-btk-353a { ?s ?p ?o }"
    count = int(json.loads(solidarity("query", text)[1])["results"]["bindings"][0]["n"]["value"])
    assert 10 < count < 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query", "SELECT ?x {"), "not SPARQL"),
        (("query", "rhetoric-to-outcom"), "did you mean «rhetoric-to-outcome»"),
        (("query", "rhetoric-to-outcome", "--param", "jurisdicton=hungary"), "has no parameter"),
        (("query", "rhetoric-to-outcome", "--param", "jurisdiction=hungry"), "did you mean hungary"),
        (("query", "rhetoric-to-outcome", "--param", "jurisdiction=x> } #"), "is not an id"),
        (("query", "rhetoric-to-outcome", "--param", "jurisdiction"), "NAME=VALUE"),
        (("query", "ASK {}", "--param", "a=b"), "belongs to a question"),
        (("query", "{" * 300), "brackets"),
        (("explain", "hu-btk-353b2"), "did you mean hu-btk-353a"),
        (("explain", "\x01"), "the graph has no"),
        (("explain", "an id with <spaces>"), "the graph has no"),
        (("validate", "no-such-file.yaml"), "No such file"),
        (("validate", "README.md", "--input", "markdown"), "--input takes one of"),
        (("load", "nothing", "x.csv"), "no loader «nothing»"),
        (("export", "--graph", "nothing"), "no graph"),
        (("query", "ASK {}", "--store", "/nonexistent"), "run «solidarity build» first"),
        (("query",), "required"),
        (("quary",), "invalid choice"),
    ],
)
def test_errors_are_plain_and_the_status_is_2(arguments: tuple[str, ...], message: str, solidarity: Run):
    status, out, err = solidarity(*arguments)
    assert status == 2 and message in err and "Traceback" not in err and not out


def test_a_misspelt_term_is_not_answered_with_silence(solidarity: Run):
    status, _, err = solidarity("query", "SELECT ?x { ?x a sol:Statment ; rdfs:label ?l }")
    assert status == 0 and "no sol:Statment; did you mean sol:Statement?" in err
    _, _, err = solidarity(
        "query", "PREFIX s: <http://w3id.org/solidarity-spectrum/ontology#> SELECT ?x { ?x a s:Case }"
    )
    assert "no http://w3id.org/solidarity-spectrum/ontology#Case" in err
    assert solidarity("query", "SELECT ?x { ?x a sol:Statement FILTER(false) }")[2] == ""


def test_explain_shows_facts_parts_and_sources(solidarity: Run):
    status, out, _ = solidarity("explain", "hu-btk-353a")
    assert status == 0
    for part in ("[verified]", "s. 353/A as inserted in 2018", "maximum: P90D", "<- subject", "https://", "(primary)"):
        assert part in out
    document = json.loads(solidarity("explain", "hu-btk-353a", "--format", "json", "--language", "hu")[1])
    assert document["iri"].endswith("/id/hu-btk-353a")
    assert document["records"][0]["record"] == "hu-btk-353a" and document["records"][0]["sources"]


def test_an_id_that_was_merged_leads_to_the_new_one(solidarity: Run):
    _, out, _ = solidarity("explain", "eu-decision-2015-1601")
    assert "/id/decision-eu-2015-1601>" in out.splitlines()[0]


def test_what_refers_in_the_same_way_is_counted_beyond_the_first_few(solidarity: Run):
    short, full = (solidarity("explain", "a-res-73-195", *options)[1] for options in ((), ("--all",)))
    assert "votes in favour of: Zimbabwe" in full and "votes in favour of: Zimbabwe" not in short
    assert len(short.splitlines()) < len(full.splitlines()) / 2
    hidden = re.search(r"^(\d+) more records: <- object of connection, votes in favour of$", short, re.MULTILINE)
    assert hidden and full.count("\n  <- votes in favour of: ") == int(hidden[1]) + explain.MOST
    assert "more records" not in full


def test_a_claim_is_never_explained_without_its_claimant(solidarity: Run):
    _, out, _ = solidarity("explain", "statement-toroczkai-suicide")
    block = next(b for b in out.split("\n\n") if b.startswith("link-statement-toroczkai-suicide--exemplifies"))
    assert "claimant: Obiora Chinedu Okafor" in block


def test_validate_reports_as_text_and_json(solidarity: Run, tmp_path: Path):
    file = tmp_path / "bad.yaml"
    file.write_text("id: x-y\ntype: Persn\n")
    status, out, _ = solidarity("validate", str(file))
    assert status == 1 and f"{file}:2:1: error" in out and "1 error" in out
    status, out, _ = solidarity("validate", str(file), "--format", "json", "--language", "hu")
    report = json.loads(out)
    assert status == 1 and report["conforms"] is False and report["findings"][0]["places"][0]["line"] == 2
    assert "nem típus" in report["findings"][0]["message"]


def test_load_gives_records_that_validate(solidarity: Run, tmp_path: Path):
    from solidarity_spectrum.resources import DATA

    out_file = tmp_path / "votes.yaml"
    assert solidarity("load", "unga-votes", str(DATA / "votes" / "unga.csv"), "--out", str(out_file))[0] == 0
    out_file.write_text(out_file.read_text().replace("vote-a-res", "test-vote-a-res"))
    status, out, _ = solidarity("validate", str(out_file))
    assert status == 0, out


def test_export_in_every_format_and_of_one_graph(solidarity: Run, store_folder: Path):
    assert solidarity("export")[1] == (store_folder / "dump.nq").read_text("utf-8")
    for name, kind in (("ttl", ox.RdfFormat.TURTLE), ("trig", ox.RdfFormat.TRIG), ("jsonld", ox.RdfFormat.JSON_LD)):
        status, out, _ = solidarity("export", "--format", name, "--graph", "hu-btk-353a")
        assert status == 0 and len(list(ox.parse(out, format=kind))) > 10
    assert "unverified" in solidarity("export", "--candidates")[1]


def test_questions_stats_and_loaders_list_what_there_is(solidarity: Run):
    assert "rhetoric-to-outcome" in solidarity("questions")[1]
    assert "--param jurisdiction=ENTITY" in solidarity("questions", "rhetoric-to-outcome")[1]
    assert len(json.loads(solidarity("questions", "--format", "json")[1])) >= 10
    assert json.loads(solidarity("stats", "--format", "json")[1])["quads"] > 30_000
    assert "unga-votes" in solidarity("loaders")[1]


def test_a_closed_pipe_is_no_error(store_folder: Path):
    command = f"{sys.executable} -m solidarity_spectrum export --store {store_folder} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Broken pipe" not in done.stderr and done.returncode in (0, 120, 141)


def test_tables_fit_their_width():
    rows = [["a" * 50, "b " * 40], ["c", "d"]]
    text = table.render(["one", "two"], rows, width=60)
    assert max(map(len, text.splitlines())) <= 60 and text.endswith("2 rows")
    blocks = table.render([f"column{i}" for i in range(12)], [["x" * 20] * 12], width=60)
    assert "column11:" in blocks and max(map(len, blocks.splitlines())) <= 60
    assert table.render(["x"], [], width=60) == "0 rows"


def test_explain_as_of_a_day_tells_what_held_then(solidarity: Run):
    def told(name: str, day: str) -> str:
        return solidarity("explain", name, "--as-of", day)[1]

    assert "hu-btk-353a" in told("hu-btk-353a", "2020-01-01")
    first, second = told("hu-btk-353a", "2022-12-31"), told("hu-btk-353a", "2023-01-01")
    assert "2018-07-01" in first and "2023-01-01" not in first
    assert "2023-01-01" in second
    assert "final outcome" in told("case-cjeu-c-821-19", "2021-11-16")
    before = told("case-cjeu-c-821-19", "2021-11-15")
    assert "final outcome" not in before and "judgment of 16 November 2021" not in before
    assert "formal notice" in before


def test_explain_as_of_takes_a_day(solidarity: Run):
    status, _, err = solidarity("explain", "hu-btk-353a", "--as-of", "2020-13-01")
    assert status == 2 and "YYYY-MM-DD" in err
