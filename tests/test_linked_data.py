"""Every IRI of the shipped graph leads somewhere; dataset, dumps and pages hold what they promise."""

import base64
import gzip
import hashlib
import html
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from solidarity_spectrum import dumps, questions, void
from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service.pages import DATA_FORMATS
from solidarity_spectrum.service.publication import accepts_gzip
from solidarity_spectrum.service.search import pattern
from solidarity_spectrum.service.sparql import GRAPHS, HTML
from solidarity_spectrum.store import GRAPH_FORMATS

SAMPLE = 20  # of each kind there are many of; all of the others


def iris(graph: ox.Store) -> dict[str, set[str]]:
    """Every IRI of ours in the graph, without its fragment, and the fragments that it occurs with."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for quad in graph:
        for node in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(node, ox.NamedNode) and node.value.startswith(BASE):
                address, _, fragment = node.value.removeprefix(BASE).partition("#")
                found[address].update([fragment] if fragment else [])
    return found


@pytest.mark.slow
def test_every_iri_leads_to_a_page_and_to_data(client: httpx.Client, graph: ox.Store):
    found = iris(graph)
    kept = []
    for kind in sorted({address.split("/")[0] for address in found}):
        some = sorted(address for address in found if address.split("/")[0] == kind)
        step = max(1, len(some) // SAMPLE) if kind in ("id", "graph", "concept", "quality") else 1
        kept += some[::step]
    kept += [f"graph/{name}" for name in ("provenance", "inferred", "ontology", "questions", "void")]
    assert len(kept) > 150 and {"ontology/core", "ontology/core/0.1.0", "shapes", "dataset"} <= set(kept)
    failed = []
    for address in kept:
        thing = client.get(f"/{address}", headers={"Accept": HTML}, follow_redirects=True)
        anchors = set(re.findall(r' id="([^"]+)"', thing.text))
        if thing.status_code != 200 or (thing.history and thing.history[0].status_code not in (301, 303)):
            failed.append((address, thing.status_code))
        elif address.split("/")[0] in ("ontology", "shapes", "docs", "graph") and not found[address] <= anchors:
            failed.append((address, sorted(found[address] - anchors)[:3]))
        if address and not address.endswith("/") and not address.startswith("docs/"):
            data = client.get(f"/{address}", headers={"Accept": "application/n-triples"}, follow_redirects=True)
            if data.status_code != 200 or f"<{BASE}" not in data.text:
                failed.append((address, "data", data.status_code))
    assert not failed


@pytest.mark.parametrize("key", DATA_FORMATS)
@pytest.mark.parametrize(
    "address", ["id/case-cjeu-c-821-19", "graph/hu-btk-353a", "ontology/core", "dataset", "shapes"]
)
def test_data_say_the_same_in_every_format(client: httpx.Client, key: str, address: str):
    thing = client.head(f"/{address}", headers={"Accept": GRAPHS[key]})
    assert thing.status_code == 303 and "Accept" in thing.headers["vary"].split(", ")
    assert thing.headers["location"] == f"/data/{address}.{key}"
    data = client.get(f"/data/{address}.{key}")
    assert data.headers["content-type"] == GRAPHS[key] and data.headers["content-location"] == f"/data/{address}.{key}"
    held = client.get(f"/data/{address}.{key}", headers={"If-None-Match": data.headers["etag"]})
    assert held.status_code == 304 and not held.content

    def read(body: bytes, form: str) -> ox.Dataset:
        quads = [
            ox.Quad(q.subject, q.predicate, q.object)
            for q in ox.parse(body, format=GRAPH_FORMATS[form])
            if not q.subject.value.startswith(f"{BASE}data/")  # what is said of the document itself
        ]
        dataset = ox.Dataset(quads)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        return dataset

    plain = client.get(f"/data/{address}.nt").content
    assert read(data.content, key) == read(plain, "nt") and len(read(plain, "nt"))


def test_in_formats_with_graphs_each_fact_stands_in_its_record(client: httpx.Client):
    body = client.get("/data/id/hu-btk-353a.nq").content
    quads = list(ox.parse(body, format=ox.RdfFormat.N_QUADS))
    assert len(quads) == len(set(quads))
    facts = [q for q in quads if q.subject.value == f"{BASE}id/hu-btk-353a"]
    assert {q.graph_name.value for q in facts} >= {f"{BASE}graph/hu-btk-353a", f"{BASE}graph/inferred"}
    cited = [q for q in quads if q.predicate.value == "http://www.w3.org/ns/oa#hasSource"]
    assert cited and {q.graph_name.value for q in cited} == {f"{BASE}graph/provenance"}


def test_what_refers_to_a_thing_comes_in_pages(client: httpx.Client, graph: ox.Store):
    counted = graph.query(
        f"SELECT ?o (COUNT(*) AS ?n) {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?o), '{BASE}id/') && "
        f"?g NOT IN (<{BASE}graph/inferred>, <{BASE}graph/provenance>)) }} GROUP BY ?o ORDER BY DESC(?n) LIMIT 1"
    )
    assert isinstance(counted, ox.QuerySolutions)
    row = next(iter(counted))
    address, number = row["o"].value.removeprefix(BASE), int(row["n"].value)
    assert number > 200, "else there is nothing to page through"
    found: set[str] = set()
    target, rounds = f"/data/{address}.nt", 0
    while target:
        data = client.get(target)
        found |= {line for line in data.text.splitlines() if line.endswith(f"<{BASE}{address}> .")}
        following = re.search(r'<([^>]+)>; rel="next"', data.headers["link"])
        target = following[1] if following else ""
        rounds += 1
    triples = graph.query(
        f"SELECT DISTINCT ?s ?p {{ GRAPH ?g {{ ?s ?p <{BASE}{address}> }} FILTER(?g != <{BASE}graph/inferred>) }}"
    )
    assert isinstance(triples, ox.QuerySolutions)
    expected = {f"{r['s']} {r['p']} <{BASE}{address}> ." for r in triples}
    assert rounds == -(-number // 200) and {line for line in found if "/data/" not in line} == expected
    page = client.get(f"/page/{address}")
    assert 'rel="next"' in page.text and 'rel="prev"' not in page.text
    assert client.get(f"/page/{address}", params={"page": "x"}).status_code == 400


def test_a_fact_has_its_source_and_place_beside_it(client: httpx.Client):
    page = client.get("/page/id/hu-btk-353a").text
    notes = re.findall(r'<details class="src">.*?</details>', page, re.DOTALL)
    assert len(notes) > 20 and any("; at operative part, points 1-2" in html.unescape(note) for note in notes)
    assert all('href="http' in note for note in notes)


def test_pages_are_kept_and_revalidated(client: httpx.Client):
    first = client.get("/page/ontology/core", headers={"Accept-Language": "hu"})
    again = client.get("/page/ontology/core", headers={"Accept-Language": "hu"})
    assert first.headers["content-language"] == "hu" and first.content == again.content
    held = {"If-None-Match": first.headers["etag"]}
    assert client.get("/page/ontology/core", headers=held | {"Accept-Language": "hu"}).status_code == 304
    assert client.get("/page/ontology/core", headers=held | {"Accept-Language": "en"}).status_code == 200


def test_made_up_parameters_make_no_new_page(client: httpx.Client):
    plain = client.get("/page/ontology/core")
    other = client.get("/page/ontology/core", params={"x": "1", "page": "7"})
    assert other.headers["etag"] == plain.headers["etag"] and other.content == plain.content
    question = client.get("/page/question/case-instances", params={"utm": "x"})
    assert question.headers["etag"] == client.get("/page/question/case-instances").headers["etag"]


@pytest.mark.parametrize("path", ["/page/id/hu-btk-353a", "/page/graph/hu-btk-353a", "/page/question/case-instances"])
def test_there_is_no_page_after_the_last(client: httpx.Client, path: str):
    assert client.get(path, params={"page": "0"}).status_code == 200
    assert client.get(path, params={"page": "400"}).status_code == 404


def test_a_chosen_language_is_kept_in_links(client: httpx.Client):
    page = client.get("/page/id/hu-btk-353a", params={"lang": "hu"}, headers={"Accept-Language": "en"}).text
    assert 'href="/id/hu-act-vi-2018?lang=hu"' in page and 'href="/questions?lang=hu"' in page
    assert "?lang" not in client.get("/page/id/hu-btk-353a").text.replace('href="?lang=hu"', "")


def test_the_report_of_the_build_is_shown(client: httpx.Client, store_folder: Path):
    assert 'href="/report"' in client.get("/page/dataset").text
    report = client.get("/report")
    assert report.content == (store_folder / "report.html").read_bytes()
    style = re.search(r"<style>(.*?)</style>", report.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = report.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy and "default-src 'self'" in policy
    assert client.get("/report", headers={"If-None-Match": report.headers["etag"]}).status_code == 304


def test_the_service_description_leads_to_that_of_the_dataset(client: httpx.Client):
    store = ox.Store()
    store.load(client.get("/sparql", headers={"Accept": "text/turtle"}).content, format=ox.RdfFormat.TURTLE)
    rows = store.query(
        f"""PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
        SELECT ?void {{ ?service sd:defaultDataset <{void.DATASET}> .
            ?void a <{void.VOID}DatasetDescription> ; <http://xmlns.com/foaf/0.1/primaryTopic> <{void.DATASET}> }}"""
    )
    assert isinstance(rows, ox.QuerySolutions)
    (row,) = rows
    assert client.get(row["void"].value, headers={"Accept": "text/turtle"}).status_code == 200


# -- the dataset and its dumps -------------------------------------------------------------------------------------


def test_the_dataset_is_described_at_its_well_known_address(client: httpx.Client):
    data = client.get("/.well-known/void", headers={"Accept": "text/turtle"})
    assert data.headers["content-location"] == "/data/dataset.ttl"
    store = ox.Store()
    store.load(data.content, format=ox.RdfFormat.TURTLE)
    rows = store.query(
        f"""PREFIX dcat: <{void.DCAT}> PREFIX dct: <http://purl.org/dc/terms/> PREFIX spdx: <http://spdx.org/rdf/terms#>
        SELECT ?file ?size ?digest ?catalog ?endpoint {{
            ?catalog a dcat:Catalog ; dcat:dataset <{void.DATASET}> ; dct:title ?t ; dct:publisher ?p .
            <{void.DATASET}> dcat:distribution ?file ; <{void.VOID}sparqlEndpoint> ?endpoint ; dct:license ?l .
            ?file dcat:downloadURL ?file ; dcat:byteSize ?size ; spdx:checksum/spdx:checksumValue ?digest
            FILTER(LANG(?t) = "en") }}"""
    )
    assert isinstance(rows, ox.QuerySolutions)
    files = list(rows)
    assert {row["file"].value.rpartition("/")[2] for row in files} == {f"{dumps.WHOLE}.nq", f"{dumps.WHOLE}.nq.gz"}
    for row in files:
        body = client.get(row["file"].value, headers={"Accept-Encoding": "identity"}).content
        assert len(body) == int(row["size"].value)
        assert hashlib.sha256(body).hexdigest() == row["digest"].value.lower()
    answer = client.get(files[0]["endpoint"].value, params={"query": "ASK {}"})
    assert answer.json()["boolean"] is True
    assert client.get("/.well-known/void", headers={"Accept": HTML}).headers["location"] == "/page/dataset"
    assert client.get("/.well-known/void", headers={"Accept": "image/png"}).status_code == 406
    odd = client.get("/.well-known/void", headers={"Accept": "text/turtle", "Host": "a<b"})
    assert odd.status_code == 400 or b"a<b" not in odd.content


def test_dumps_in_parts_and_compressed(client: httpx.Client, store_folder: Path):
    plain = (store_folder / "dumps" / "Case.nq").read_bytes()
    packed = (store_folder / "dumps" / "Case.nq.gz").read_bytes()
    whole = client.get("/dumps/Case.nq", headers={"Accept-Encoding": "identity"})
    assert whole.content == plain and "content-encoding" not in whole.headers
    with client.stream("GET", "/dumps/Case.nq", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip" and "Accept-Encoding" in answer.headers["vary"]
        assert answer.headers["etag"] != whole.headers["etag"]
        assert b"".join(answer.iter_raw()) == packed and gzip.decompress(packed) == plain
    identity = {"Accept-Encoding": "identity"}
    part = client.get("/dumps/Case.nq", headers=identity | {"Range": "bytes=10-19", "If-Range": whole.headers["etag"]})
    assert part.status_code == 206 and part.content == plain[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(plain)}"
    assert part.headers["repr-digest"] == whole.headers["repr-digest"]
    stale = client.get("/dumps/Case.nq", headers=identity | {"Range": "bytes=10-19", "If-Range": '"old"'})
    assert stale.status_code == 200
    beyond = client.get("/dumps/Case.nq", headers=identity | {"Range": f"bytes={len(plain)}-"})
    assert beyond.status_code == 416
    held = client.get("/dumps/Case.nq", headers=identity | {"If-None-Match": whole.headers["etag"]})
    assert held.status_code == 304
    assert client.get("/dumps/Case.nq.gz").headers["content-type"] == "application/gzip"
    assert client.get("/dumps/SHA256SUMS").text == (store_folder / "dumps" / "SHA256SUMS").read_text()
    for name in ("../manifest.json", "nothing.nq", "%2e%2e%2fmanifest.json"):
        assert client.get(f"/dumps/{name}").status_code == 404


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        *(("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True), ("*;q=0", False), ("", False)),
        *((None, False), ("identity", False), ("gzip;q=x", False)),
    ],
)
def test_encodings_are_weighed(header: str | None, accepted: bool):
    assert accepts_gzip(header) is accepted


# -- pages ---------------------------------------------------------------------------------------------------------


class _Outline(HTMLParser):
    """What a screen reader would stumble over, and addresses on other hosts that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.labelled: set[str] = set()
        self.fields: set[str] = set()
        self.ids: list[str] = []
        self.level = 0
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.seen.add(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "label":
            self.labelled.add(given.get("for") or "")
        elif tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.add(given.get("id") or "")
        elif tag == "th" and "scope" not in given:
            self.faults.append("a header cell without scope")
        elif re.fullmatch("h[1-6]", tag):
            if int(tag[1]) > self.level + 1:
                self.faults.append(f"{tag} after h{self.level}")
            self.level = int(tag[1])
        if tag == "script" or "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"{tag} with a script or a style of its own")
        for name in ("src", "srcset") if tag != "link" else ("href",):
            if (given.get(name) or "").startswith("http") and given.get("rel") not in ("canonical", "alternate"):
                self.faults.append(f"{tag} loads from another host")
        if tag in ("svg",) and not (given.get("aria-hidden") or given.get("aria-labelledby")):
            self.faults.append("a drawing without a name")
        if "tabindex" in given and not given.get("aria-labelledby"):
            self.faults.append("a region without a name")


PAGES = ["/", "/page/id/hu-btk-353a", "/page/id/case-cjeu-c-821-19", "/page/id/viktor-orban", "/page/ontology/rhetoric"]
PAGES += ["/page/concept/de-solidarity", "/page/graph/hu-btk-353a", "/page/dataset", "/questions", "/search?q=orban"]
PAGES += ["/page/question/time-to-outcome", "/page/question/rhetoric-to-outcome", "/sparql", "/id/nothing", "/search"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "hu"])
def test_pages_can_be_read_without_eyes_and_without_scripts(client: httpx.Client, path: str, language: str):
    page = client.get(path, headers={"Accept": HTML, "Accept-Language": language})
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    outline = _Outline()
    outline.feed(page.text)
    assert not outline.faults
    assert outline.fields <= outline.labelled, "every field has a label"
    assert len(outline.ids) == len(set(outline.ids))
    assert {"main", "nav", "h1"} <= outline.seen and f'<html lang="{language}">' in page.text


def test_search_is_blind_to_marks_and_cases(client: httpx.Client):
    for wanted in ("orban viktor", "ORBÁN", "viktor-orban"):
        assert 'href="/id/viktor-orban"' in client.get("/search", params={"q": wanted}).text
    page = client.get("/search", params={"q": '"><b>.*\\'}).text
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert client.get("/search", params={"q": "x" * 101}).status_code == 400
    assert client.get("/search", params={"type": "No such"}).status_code == 400
    listed = client.get("/search", params={"type": "Statement", "page": "0"}).text
    assert listed.count('<li><a href="/id/') > 20


@pytest.mark.parametrize("text", ["a.b", "(x", "[y]", "a\\", "x-y", "<z>", "é", "{3}", "$^"])
def test_a_search_text_is_no_pattern(text: str):
    literal, regex = ox.Literal(text.upper()), ox.Literal(pattern(text))
    assert bool(ox.Store().query(f'ASK {{ FILTER(REGEX({literal}, {regex}, "i")) }}'))


def test_a_label_is_shown_where_the_thing_has_no_id(client: httpx.Client):
    rows = client.get("/questions/targets-by-year.json").json()["rows"]
    label = next(row["targetLabel"] for row in rows if row["target"] is None and row["targetLabel"])
    assert html.escape(label) in client.get("/page/question/targets-by-year").text


@pytest.mark.parametrize("name", [name for name, item in questions.catalogue().items() if item.plot != "table"])
def test_a_question_that_hints_at_a_plot_has_one(client: httpx.Client, name: str):
    page = client.get(f"/page/question/{name}").text
    plot = page[page.index('<svg class="plot"') : page.index("</svg>", page.index('<svg class="plot"'))]
    assert plot.count("<rect") and "NaN" not in plot
