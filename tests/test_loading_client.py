"""The client, against a server that pages, limits, fails, truncates, redirects and hangs as the real ones do."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from solidarity_spectrum import network
from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import client as clients
from solidarity_spectrum.loading.client import Client

Answer = Callable[[BaseHTTPRequestHandler, str], None]


class Server:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str, str]] = []
        self.answers: list[Answer] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                outer.requests.append((self.command, self.path, body, self.headers["User-Agent"]))
                answer = outer.answers[min(len(outer.requests), len(outer.answers)) - 1]
                answer(self, body)
                self.close_connection = True

            do_GET = do_POST = _do

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/sparql"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def client(self, log: Path | None = None, **options: object) -> Client:
        return Client(log, **({"deadline": 5, "pause": 0.005, "loopback": True} | options))  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def say(status: int, text: str = "", kind: str = "application/json", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, body: str) -> None:
        data = text.encode()
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def cut(handler: BaseHTTPRequestHandler, body: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"results": ')


def hang(handler: BaseHTTPRequestHandler, body: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100):
        time.sleep(0.02)
        try:
            handler.wfile.write(b" ")
        except OSError:
            return


def failure(work: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        work()
    assert caught.value.findings[0].rule == "fetch"
    return caught.value.findings[0].message()


def test_what_may_pass_is_tried_again_and_the_agent_says_who_asks(server: Server):
    server.answers = [say(503), say(429, Retry_After="0"), say(500), cut, say(200, "[1]")]
    assert server.client().get(server.url, {"a": "ő b"}).body == b"[1]"
    assert len(server.requests) == 5 and {agent for *_, agent in server.requests} == {network.AGENT}
    assert server.requests[0][1] == "/sparql?a=%C5%91+b"


def test_retry_after_is_honoured_within_the_deadline(server: Server):
    server.answers = [say(429, Retry_After="1"), say(200, "[]")]
    started = time.monotonic()
    server.client().get(server.url)
    assert time.monotonic() - started >= 1
    server.requests.clear()
    server.answers = [say(429, Retry_After="3600")]
    assert "status 429" in failure(lambda: server.client(deadline=1).get(server.url))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "says", "requests"),
    [
        (say(404, "<html>not here</html>"), "status 404: <html>not here", 1),
        (say(503), "after 6 tries; the last: status 503", 6),
        (cut, "after 6 tries; the last: IncompleteRead", 6),
        (say(200, "x" * 5000), "larger than 1000 bytes", 1),
        (say(302, Location="http://example.org/"), "another host", 1),
        (say(302, Location="https://127.0.0.1/"), "another host", 1),
        (say(302, Location="/sparql"), "leads on more than", 6),
        (say(200, "x", Content_Encoding="gzip"), "an encoding", 1),
    ],
)
def test_what_is_no_answer_is_an_error(answer: Answer, says: str, requests: int, server: Server):
    server.answers = [answer]
    assert says in failure(lambda: server.client(most_bytes=1000).get(server.url))
    assert len(server.requests) == requests


def test_a_server_that_drips_or_hangs_is_left_at_the_deadline(server: Server):
    server.answers = [hang]
    started = time.monotonic()
    assert "0.3 seconds" in failure(lambda: server.client(deadline=0.3).get(server.url))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "file:///etc/passwd",
        "https://u@e.org/",
    ],
)
def test_only_https_to_public_addresses(url: str):
    assert failure(lambda: Client(pause=0, deadline=1).get(url))


def test_requests_to_a_host_are_spaced(server: Server):
    server.answers = [say(200, "[]")]
    client = server.client(pause=0.2)
    started = time.monotonic()
    for _ in range(3):
        client.get(server.url)
    assert time.monotonic() - started >= 0.4


def test_what_was_fetched_is_kept_replayed_and_checked(server: Server, tmp_path: Path):
    server.answers = [say(200, '{"a": 1}')]
    first = server.client(tmp_path / "log").get(server.url)
    assert server.client(tmp_path / "log").get(server.url) == first and len(server.requests) == 1
    replay = server.client(tmp_path / "log", replay=True)
    assert replay.get(server.url).input().text() == '{"a": 1}'
    assert "no answer to this GET" in failure(lambda: replay.get(server.url + "?other"))
    entry = json.loads(next((tmp_path / "log").glob("*.json")).read_text())
    assert (entry["method"], entry["url"], entry["status"], len(entry["sha256"])) == ("GET", server.url, 200, 64)
    next((tmp_path / "log").glob("*.body")).write_text("changed")
    assert "its hash differs" in failure(lambda: replay.get(server.url))


def sparql(number: int, most: int = 10**6, count: int | None = None) -> Answer:
    """An endpoint of so many rows that gives no more than `most` at once."""

    def answer(handler: BaseHTTPRequestHandler, body: str) -> None:
        query = parse_qs(body)["query"][0]
        if "COUNT(*)" in query:
            rows = [{"count": {"type": "typed-literal", "value": str(number if count is None else count)}}]
        else:
            limit, offset = map(int, re.search(r"ORDER BY \?s LIMIT (\d+) OFFSET (\d+)$", query).groups())  # type: ignore[union-attr]
            rows = [
                {"s": {"type": "uri", "value": f"urn:{n}"}}
                for n in range(offset, min(number, offset + min(limit, most)))
            ]
        text = json.dumps({"head": {"vars": ["s"]}, "results": {"bindings": rows}})
        say(200, text, "application/sparql-results+json")(handler, body)

    return answer


QUERY = "PREFIX e: <urn:e:>\nSELECT ?s WHERE { ?s a e:select }"


def test_a_query_is_read_page_by_page_until_it_is_whole(server: Server):
    server.answers = [sparql(25)]
    pages = list(server.client().pages(server.url, QUERY, "?s", 10))
    rows = [row["s"]["value"] for page in pages for row in json.loads(page.body)["results"]["bindings"]]
    assert rows == [f"urn:{n}" for n in range(25)]
    assert {method for method, *_ in server.requests} == {"POST"} and len(server.requests) == 4
    assert (
        "PREFIX e: <urn:e:>\nSELECT (COUNT(*) AS ?count) WHERE { SELECT ?s WHERE"
        in parse_qs(server.requests[0][2])["query"][0]
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (sparql(25, most=5), "5 rows where 10 must be (from row 0 of 25)"),
        (sparql(25, count=30), "5 rows where 10 must be (from row 20 of 30)"),
        (sparql(25, count=24), "5 rows where 4 must be"),
        (sparql(0), "no row fits"),
        (say(200, "<html>", "text/html"), "text/html"),
        (say(200, '{"head": {}, "boolean": true}'), "not SPARQL results"),
        (say(200, '{"results": {"bindings": [{"cou'), "cut off"),
        (say(200, '{"results": {"bindings": []}}'), "does not count"),
        (say(200, '{"results": {"bindings": [{"count": {"value": "many"}}]}}'), "does not count"),
        (say(400, "syntax error"), "status 400: syntax error"),
    ],
)
def test_a_page_that_is_short_capped_or_no_result_is_an_error(answer: Answer, says: str, server: Server):
    server.answers = [answer]

    def read() -> object:
        return list(server.client().pages(server.url, QUERY, "?s", 10))

    assert says in failure(read)


def test_an_interrupted_read_goes_on_where_it_was(server: Server, tmp_path: Path):
    server.answers = [sparql(25), sparql(25), say(404)]
    assert failure(lambda: list(server.client(tmp_path).pages(server.url, QUERY, "?s", 10)))
    server.answers = [sparql(25)]
    server.requests.clear()
    assert len(list(server.client(tmp_path).pages(server.url, QUERY, "?s", 10))) == 3
    assert len(server.requests) == 2


def test_the_command_fetches_nothing_by_what_a_loader_does_not_offer(solidarity: Callable[..., tuple[int, str, str]]):
    status, _, told = solidarity("load", "unga-votes", "--live", "session=73")
    assert status == 2 and "fetches nothing by «session»" in told
    status, _, told = solidarity("load", "unga-votes")
    assert status == 2 and "give files to read" in told
    assert clients.MAX_BYTES > 0
