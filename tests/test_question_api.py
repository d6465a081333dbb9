"""The questions as HTTP operations: what they answer, what they refuse, and that they are as they are described."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from solidarity_spectrum import questions
from solidarity_spectrum.resources import BASE

CATALOGUE = list(questions.catalogue().values())


@pytest.mark.parametrize("question", CATALOGUE, ids=lambda question: question.name)
def test_json_and_csv_say_the_same(client: httpx.Client, question: questions.Question):
    answer = client.get(f"/questions/{question.name}.json").json()
    table = client.get(f"/questions/{question.name}.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert answer["question"] == question.iri and answer["columns"] == list(question.columns)
    assert answer["count"] == len(answer["rows"]) == len(rows) > 0
    for ours, theirs in zip(answer["rows"], rows, strict=True):
        for column, value in ours.items():
            if isinstance(value, list):
                said = [f"{source['title']} <{source['url']}>" for source in value]
                assert sorted(" ; ".join(said).split(" ; ")) == sorted(theirs[column].split(" ; "))
            elif value is None or isinstance(value, str):
                # In which order an engine concatenates a group is up to it, each time.
                assert sorted((value or "").split(" ; ")) == sorted(theirs[column].split(" ; "))
            elif isinstance(value, bool):
                assert theirs[column] == str(value).lower()
            else:
                assert float(theirs[column]) == value


def test_evidence_is_given_as_titles_and_addresses(client: httpx.Client):
    answer = client.get("/questions/case-instances.json").json()
    assert answer["evidence"] == ["sources"]
    for row in answer["rows"]:
        assert row["sources"] and all(source["title"] and source["url"].startswith("http") for source in row["sources"])


def test_an_answer_is_negotiated_and_revalidated(client: httpx.Client):
    for accept, media_type in (("text/csv", "text/csv"), ("*/*", "application/json"), ("text/html", "text/html")):
        answer = client.get("/questions/concept", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(media_type) and "Accept" in answer.headers["vary"]
        assert "concept" in answer.headers["content-location"]
        held = client.get("/questions/concept", headers={"Accept": accept, "If-None-Match": answer.headers["etag"]})
        assert held.status_code == 304 and not held.content
    assert client.get("/questions/concept", headers={"Accept": "image/png"}).status_code == 406
    first = client.get("/questions/concept.json").headers["etag"]
    assert first != client.get("/questions/concept.json", params={"concept": "solidarity"}).headers["etag"]
    head = client.head("/questions/concept.json")
    assert head.status_code == 200 and head.headers["etag"] == first and not head.content


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("punishable-on.json?day=2018-02-30", 400, "day"),
        ("punishable-on.csv?day=", 400, "day"),
        ("punishable-on.json?tag=2018-01-01", 400, "tag"),
        ("punishable-on.json?day=2018-01-01&day=2019-01-01", 400, "day"),
        ("case-instances.json?case=No%20id", 400, "case"),
        ("case-instances.json?case=%3E%20.%20%3Fs%20%3Fp", 400, "case"),
        ("case-instances.json?case=case-hu-ahmed", 404, "case-hu-ahmed-h"),
        ("case-instances.json?case=%ff", 400, "UTF-8"),
        ("case-instance.json", 404, "case-instances"),
        ("case-instances.pdf", 404, "json, csv, html"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(client: httpx.Client, address: str, status: int, told: str):
    answer = client.get(f"/questions/{address}")
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status and told in answer.json()["detail"]
    page = client.get(f"/questions/{address}", headers={"Accept": "text/html"})
    assert page.status_code == status and "<h1>" in page.text and "<html" in page.text


def test_the_catalogue_is_listed(client: httpx.Client):
    listed = client.get("/questions", headers={"Accept": "application/json"}).json()["questions"]
    assert [item["name"] for item in listed] == [question.name for question in CATALOGUE]
    assert all(client.head(item["answer"]["json"]).status_code == 200 for item in listed[:3])
    page = client.get("/questions", headers={"Accept": "text/html", "Accept-Language": "hu"}).text
    assert all(f'href="/question/{question.name}"' in page for question in CATALOGUE)


def test_the_description_names_every_question_and_parameter(client: httpx.Client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    for question in CATALOGUE:
        for extension in ("", ".json", ".csv"):
            operation = document["paths"][f"/questions/{question.name}{extension}"]["get"]
            assert [item["name"] for item in operation["parameters"]] == [item.name for item in question.parameters]


@pytest.mark.slow
def test_a_fuzzer_finds_the_operations_as_described(client: httpx.Client, tmp_path: Path):
    fuzzer = Path(sys.executable).with_name("schemathesis")
    command = [str(fuzzer), "run", f"{client.base_url}/openapi.json", "--checks", "all", "--max-examples", "3"]
    bounds = ["--max-time", "60", "--seed", "1", "--no-color"]
    done = subprocess.run([*command, *bounds], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-5000:]
    assert f"Tested: {3 * len(CATALOGUE) + 3}" in done.stdout


def test_iris_in_answers_are_ours_or_others(client: httpx.Client):
    rows = client.get("/questions/rhetoric-to-outcome.json").json()["rows"]
    assert {row["law"].startswith(BASE) for row in rows} == {True}
