"""The service over the shipped data: the home page, every question, and what a reader or a program asks next."""

import re

import httpx
import pytest

from solidarity_spectrum import questions
from solidarity_spectrum.report.catalogue import READERS, is_shape
from tests.conftest import ROOT


@pytest.mark.parametrize("language", ["en", "hu"])
def test_the_home_page_shows_one_whole_chain_with_its_sources(client: httpx.Client, language: str):
    page = client.get("/", headers={"Accept-Language": language}).text
    steps = [
        "id/statement-pinter-justification-2018",
        "id/hu-act-vi-2018",
        "id/hu-btk-353a",
        "id/case-cjeu-c-821-19",
        "id/decision-cjeu-c-821-19",
        "concept/outcome/infringement-declared",
    ]
    places = [page.index(f'/{step}"') for step in steps]
    assert places == sorted(places), "in the order rhetoric, law, case, outcome"
    assert "https://fra.europa.eu/" in page
    assert all(f"/question/{name}" in page for name in questions.catalogue())


@pytest.mark.parametrize("name", questions.catalogue())
def test_every_question_runs_on_its_page(client: httpx.Client, name: str):
    page = client.get(f"/page/question/{name}")
    assert page.status_code == 200 and "<table>" in page.text
    answer = page.text[page.text.index("<table>") :]
    # The measures of the graph are taken from the graph itself.
    assert 'href="http' in answer or name == "quality", "a way to the sources"


def test_a_parameter_that_means_nothing_is_said_so(client: httpx.Client):
    page = client.get(
        "/page/question/case-instances", params={"case": "case-hu-ahmed"}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 404 and "case-hu-ahmed-h" in page.text, "with what it may have meant"
    page = client.get("/page/question/punishable-on", params={"day": "yesterday"}, headers={"Accept": "text/html"})
    assert page.status_code == 400


@pytest.mark.parametrize(
    ("accept", "media_type", "suffix"),
    [("text/turtle", "text/turtle", ".ttl"), ("application/ld+json", "application/ld+json", ".jsonld")],
)
def test_an_entity_is_data_for_programs(client: httpx.Client, accept: str, media_type: str, suffix: str):
    answer = client.get("/id/hu-btk-353a", headers={"Accept": accept})
    assert answer.status_code == 303 and answer.headers["location"] == f"/data/id/hu-btk-353a{suffix}"
    data = client.get(answer.headers["location"])
    assert data.headers["content-type"].startswith(media_type) and "P90D" in data.text


def test_a_merged_id_leads_on(client: httpx.Client):
    answer = client.get("/id/eu-decision-2015-1601", headers={"Accept": "text/html"})
    assert answer.status_code == 301 and answer.headers["location"].endswith("/id/decision-eu-2015-1601")


def test_the_context_and_the_rules_are_where_the_data_say(client: httpx.Client):
    schema = client.get("/records.schema.json")
    assert schema.headers["content-type"] == "application/schema+json" and "record" in schema.json()["$defs"]
    context = client.get("/context.jsonld")
    assert context.headers["content-type"] == "application/ld+json" and "@context" in context.json()
    page = client.get("/docs/rules").text
    documented = re.findall(r'<a id="([^"]+)">', (ROOT / "docs" / "rules.md").read_text("utf-8"))
    silent = {name for name in documented if not is_shape(name) and name not in READERS}  # parts of other shapes
    assert len(documented) > 300 and all(f'id="{name}"' in page for name in set(documented) - silent)
    assert "sol:ecli &#34;ECLI:EU:C:2021:930&#34;" in page  # an example
    assert "Példák" in client.get("/docs/rules?lang=hu").text
