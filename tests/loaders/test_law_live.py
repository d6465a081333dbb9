"""Law and cases fetched from their publishers, against a local server that answers as they do."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import Description, describe, fetch, load
from tests.loaders.lawsources import FIXTURES, named, records
from tests.test_loading_client import Server, say, server, sparql

__all__ = ["server"]


def about(source: str, server: Server) -> Description:
    return replace(describe(source), address=server.url)


def asked(server: Server, number: int = -1) -> dict[str, list[str]]:
    return parse_qs(urlsplit(server.requests[number][1]).query)


def test_hudoc_a_year_at_a_time_to_the_end(server: Server, tmp_path: Path) -> None:
    whole = json.loads((FIXTURES / "hudoc" / "page.json").read_text())["results"]
    first, second = ({"resultcount": 5, "results": part} for part in (whole[:3], whole[3:5]))
    other = {"resultcount": 0, "results": []}
    server.answers = [say(200, json.dumps(page)) for page in (first, second, other)]
    wanted = {"from": "2022-03-01", "to": "2023-02-28", "respondent": "HUN", "article": "P4-4"}
    made = named(load("hudoc", inputs=fetch(about("hudoc", server), server.client(tmp_path, index={}), wanted)))
    assert "hudoc-001-900001" in made and len(made) == 10  # a case and a decision each
    assert [asked(server, n)["start"] for n in range(3)] == [["0"], ["3"], ["0"]]
    spans = [asked(server, n)["query"][0].rpartition("AND (")[2] for n in (0, 2)]
    assert spans == ['kpdate>="2022-03-01" AND kpdate<="2022-12-31")', 'kpdate>="2023-01-01" AND kpdate<="2023-02-28")']
    again = fetch(about("hudoc", server), server.client(tmp_path, replay=True, index={}), wanted)
    assert len(list(load("hudoc", inputs=again))) == 10 and len(server.requests) == 3


def test_hudoc_is_asked_to_the_end_of_the_year(server: Server) -> None:
    year = date.today().year
    server.answers = [say(200, json.dumps({"resultcount": 0, "results": []}))]
    list(fetch(about("hudoc", server), server.client(index={}), {"from": f"{year}-01-01"}))
    assert f'kpdate<="{year}-12-31"' in asked(server)["query"][0]


@pytest.mark.parametrize(
    ("reply", "rule", "words"),
    [
        ({"resultcount": 20000, "results": [{}]}, "fetch", "10000 at most"),
        ({"resultcount": 3, "results": []}, "total", "counts 3 documents, 0 were read"),
        ({"error": "x"}, "fetch", "no reply of the search"),
    ],
)
def test_hudoc_is_whole_or_an_error(server: Server, reply: dict[str, object], rule: str, words: str) -> None:
    server.answers = [say(200, json.dumps(reply))]
    with pytest.raises(InputError) as caught:
        list(fetch(about("hudoc", server), server.client(index={}), {"from": "2022-01-01", "to": "2022-12-31"}))
    assert caught.value.findings[0].rule == rule and words in caught.value.findings[0].message()


def test_hudoc_is_asked_for_no_more_than_words(server: Server) -> None:
    for wanted in ({"respondent": 'HUN") OR ("'}, {"from": "yesterday"}):
        with pytest.raises(InputError):
            list(fetch(about("hudoc", server), server.client(index={}), wanted))
    assert not server.requests


def test_execution_of_the_judgments_of_a_state(server: Server) -> None:
    page = json.loads((FIXTURES / "hudoc_exec" / "page.json").read_text())
    server.answers = [say(200, json.dumps(page))]
    inputs = fetch(about("hudoc-exec", server), server.client(index={}), {"state": "HUN"})
    assert len(list(load("hudoc-exec", inputs=inputs))) == 5 and 'execstate="HUN"' in asked(server)["query"][0]


def test_federal_register_page_by_page(server: Server) -> None:
    whole = json.loads((FIXTURES / "federal_register" / "reply.json").read_text())["results"]
    server.answers = [
        say(200, json.dumps({"count": 3, "total_pages": 2, "results": whole[:2]})),
        say(200, json.dumps({"count": 3, "total_pages": 2, "results": whole[2:]})),
    ]
    wanted = {"kind": "executive_order", "president": "donald-trump", "from": "2017-01-20"}
    made = list(
        load("federal-register", inputs=fetch(about("federal-register", server), server.client(index={}), wanted))
    )
    assert len(made) == 3 and [asked(server, n)["page"] for n in (0, 1)] == [["1"], ["2"]]
    assert asked(server)["conditions[president][]"] == ["donald-trump"]
    server.answers = [say(200, json.dumps({"count": 5000, "results": whole}))]
    with pytest.raises(InputError, match="2000 at most"):
        list(fetch(about("federal-register", server), server.client(index={}), {}))


def test_one_document_each(server: Server) -> None:
    server.answers = [
        say(200, json.dumps(json.loads((FIXTURES / "federal_register" / "reply.json").read_text())["results"][0]))
    ]
    inputs = fetch(about("federal-register", server), server.client(index={}), {"document": "2017-02281"})
    assert [record.name for record in load("federal-register", inputs=inputs)] == ["fedreg-2017-02281"]
    server.answers = [say(200, (FIXTURES / "rechtspraak" / "ruling.xml").read_text(), "application/xml")]
    inputs = fetch(about("rechtspraak", server), server.client(index={}), {"ecli": "ECLI:NL:RVS:2099:1"})
    assert len(list(load("rechtspraak", inputs=inputs))) == 2 and asked(server)["id"] == ["ECLI:NL:RVS:2099:1"]
    server.answers = [say(200, (FIXTURES / "uk_caselaw" / "judgment.xml").read_text(), "application/xml")]
    inputs = fetch(about("uk-caselaw", server), server.client(index={}), {"uri": "ewca/crim/2099/1"})
    assert len(list(load("uk-caselaw", inputs=inputs))) == 2
    assert server.requests[-1][1].endswith("/ewca/crim/2099/1/data.xml")
    with pytest.raises(InputError):
        list(fetch(about("uk-caselaw", server), server.client(index={}), {"uri": "../../etc/passwd"}))


def test_cellar_rows() -> None:
    index = {
        ("celex", "32013L0032"): [("eu-directive-2013-32", "LegalInstrument")],
        ("celex", "62019CJ0821"): [("decision-cjeu-c-821-19", "Decision")],
    }
    made = [record.data for record in records("cellar", FIXTURES / "cellar" / "rows.json", index=index)]
    assert {data["id"] for data in made} == {"eurlex-32099l0001", "decision-cjeu-c-821-19"}
    assert made[0]["amends"] == ["eu-directive-2013-32"] and made[1]["note"] == "CELLAR: legal basis 12012E078."
    assert made[2]["legislativeStatus"] == "in-force" and made[3]["adopted"] == "2099-06-26"
    assert made[4]["ecli"] == "ECLI:EU:C:2021:930" and "label" not in made[4]


def test_cellar_is_asked_by_typed_numbers_and_days(server: Server) -> None:
    server.answers = [sparql(0)]
    for wanted in ({"celex": "CELEX:62019CJ0821"}, {"from": "2024-05-14", "to": "2024-05-14"}):
        with pytest.raises(InputError, match="no row fits"):
            list(fetch(about("cellar", server), server.client(index={}), wanted))
    bodies = [parse_qs(body)["query"][0] for _, _, body, _ in server.requests]
    assert '"62019CJ0821"^^xsd:string' in bodies[0] and '?day >= "2024-05-14"^^xsd:date' in bodies[1]
    for wanted in ({"celex": '"} DROP'}, {"from": "2024-05-14"}):
        with pytest.raises(InputError):
            list(fetch(about("cellar", server), server.client(index={}), wanted))
