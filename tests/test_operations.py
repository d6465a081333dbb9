"""What whoever runs the service sees: options, sockets, health, metrics, log, and the files that start it."""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

from solidarity_spectrum import questions
from solidarity_spectrum.service.http import protocol
from solidarity_spectrum.service.limits import LOCAL, RateLimit, client_name
from solidarity_spectrum.service.metrics import Metrics
from solidarity_spectrum.service.settings import TOKEN_VARIABLE, BadSettings, Settings, add_options, from_options
from tests.conftest import ROOT
from tests.test_service import COUNT, Server

STORE = Path("somewhere/store")


def settings(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return from_options(parser.parse_args(options), STORE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("operations"), "--no-cors")
    yield started
    started.close()


def test_options_are_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert settings() == Settings()
    assert settings("--workers", "7").workers == 7
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token-that-is-long")
    assert settings().token is None and settings().writes is None
    writable = settings("--writable")
    assert (writable.token, writable.writes) == ("a-token-that-is-long", Path("somewhere/store.writes"))
    assert "a-token-that-is-long" not in repr(writable)
    file = tmp_path / "token"
    file.write_text("another-token-that-is-long\n")
    assert settings("--writable", "--token-file", str(file)).token == "another-token-that-is-long"


@pytest.mark.parametrize(
    ("options", "token", "reason"),
    [
        (["--writable"], "", "token"),
        (["--writable"], "short", "token"),
        (["--writable"], "with a blank in a long one", "token"),
        (["--writable"], "tökén-that-is-long-enough", "token"),
        (["--allow-remote", "https://example.org"], "", "slash after the host"),
        (["--allow-remote", "ftp://example.org/"], "", "https://host/"),
        (["--allow-remote", "https://user@example.org/"], "", "https://host/"),
        (["--trusted-proxy", "proxy.example"], "", "address"),
        (["--workers", "0"], "", "at least 1"),
        (["--timeout", "0"], "", "at least"),
    ],
)
def test_options_that_cannot_be_served(
    monkeypatch: pytest.MonkeyPatch, options: list[str], token: str, reason: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(BadSettings, match=reason):
        settings(*options)


def test_the_command_says_so_too(tmp_path: Path, solidarity: object, store_folder: Path) -> None:
    assert callable(solidarity)
    status, _, error = solidarity("serve", "--store", str(store_folder), "--allow-remote", "nowhere")
    assert status == 2 and "slash after the host" in error


def test_every_limit_is_documented() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = {action.option_strings[0] for action in parser._actions if action.option_strings}
    documented = set(re.findall(r"`(--[a-z-]+)", (ROOT / "SECURITY.md").read_text("utf-8")))
    assert options - {"-h", "--host", "--port", "--token-file", "--writes"} <= documented
    assert documented <= options | {"--engine"}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        *(
            (host, LOCAL)
            for host in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", None, "unix", "nonsense")
        ),
    ],
)
def test_what_one_client_is(host: str | None, name: str) -> None:
    assert client_name(host) == name


def test_rate_limit_forgets_and_stays_small() -> None:
    limit = RateLimit(1000, 2)
    assert [limit.wait("a") > 0 for _ in range(3)] == [False, False, True]
    assert all(limit.wait(f"client {number}") == 0 for number in range(20_000))
    assert limit.wait("a") == 0
    assert len(limit._buckets) <= 10_000
    assert RateLimit(0, 1).wait("a") == RateLimit(0, 1).wait("a") == 0


class Wire(asyncio.Transport):
    """What a connection writes, and whether it was closed."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1), "sockname": ("192.0.2.0", 80)})
        self.written = b""
        self.closed = False

    def write(self, data: object) -> None:
        self.written += bytes(data)  # type: ignore[call-overload]

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0


def test_connections_of_one_client() -> None:
    """By hand, since all clients of a test are of this machine, which has no number of its own."""

    async def connect() -> list[Wire]:
        shared = Settings(connections_per_client=2, trusted_proxies=("198.51.100.0/24",))
        connection, config = protocol(shared, Metrics()), uvicorn.Config(lambda: None, log_config=None)
        state, wires = ServerState(), []
        for address in ["192.0.2.1"] * 4 + ["192.0.2.2"] + ["198.51.100.7"] * 3 + ["127.0.0.1"] * 3:
            wires.append(Wire(address))
            made = connection(config, state, {}, asyncio.get_running_loop())
            made.connection_made(wires[-1])
            if len(wires) == 1:
                made.connection_lost(None)  # it makes room again
        return wires

    refused = [wire.written[9:12] for wire in asyncio.run(connect())]
    assert refused == [b"", b"", b"", b"503", *[b""] * 7]


def test_health_and_readiness(server: Server) -> None:
    assert server.client.get("/health").text == "ok\n"
    assert server.client.get("/ready").text == "ready\n"


def test_metrics_can_be_read_and_add_up(server: Server) -> None:
    server.query(COUNT)
    server.query(COUNT)
    server.client.request("BREW", "/sparql")
    text = server.client.get("/metrics").text
    names = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            names.add(line.split()[2])
        elif not line.startswith("#"):
            name, labels, value = re.fullmatch(r"([a-z_]+)(\{.*\})? (\S+)", line).groups()  # type: ignore[union-attr]
            assert re.sub("_(bucket|sum|count)$", "", name) in names or name in names
            assert re.fullmatch(r'\{([a-z]+="[^"\\\n]*",?)*\}', labels or "{}")
            assert float(value) >= 0
    assert 'solidarity_build_info{build="first"} 1' in text
    assert 'solidarity_queries_total{outcome="cached"} 1' in text
    assert 'solidarity_requests_total{method="other",status="405"} 1' in text
    assert "solidarity_ready 1" in text


def test_metrics_are_for_this_machine(server: Server, tmp_path: Path) -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        assert server.client.get("/metrics", headers={header: "192.0.2.1"}).status_code == 404
    public = Server(tmp_path / "public", "--public-metrics")
    try:
        assert public.client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200
    finally:
        public.close()


def test_log_is_structured(server: Server) -> None:
    server.client.get("/health", headers={"X-Forwarded-For": "192.0.2.77", "User-Agent": "a telling agent"})
    text = (server.store.parent / "log.txt").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    line = [line for line in lines if line.get("path") == "/health"][-1]
    assert set(line) == {"time", "method", "path", "status", "bytes", "ms"}
    assert "192.0.2.77" not in text and "telling" not in text


def test_no_other_site_reads_without_cors(server: Server) -> None:
    answer = server.client.get("/sparql?query=ASK%7B%7D", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert server.client.options("/sparql", headers=asked).status_code == 405


def test_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = Server(tmp_path, "--socket", str(path), "--burst", "2", "--rate", "1", unix=path)
    try:
        assert server.count() > 3000
        assert {server.client.get("/health").status_code for _ in range(5)} == {200}
        proxied = [server.client.get("/health", headers={"X-Forwarded-For": "192.0.2.1"}) for _ in range(4)]
        assert [answer.status_code for answer in proxied] == [200, 200, 429, 429]
        assert server.client.get("/metrics").status_code == 200
        described = server.client.get("/sparql", headers={"X-Forwarded-Proto": "https", "Host": "data.example"})
        assert "https://data.example/sparql" in described.text
    finally:
        server.close()


def test_a_port_in_use_is_said(server: Server, store_folder: Path) -> None:
    command = [sys.executable, "-m", "solidarity_spectrum", "serve", "--store", str(store_folder)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run([*command, "--port", str(port)], capture_output=True, text=True, timeout=20, cwd=ROOT)
    assert ended.returncode == 2 and f"cannot listen on 127.0.0.1:{port}" in ended.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_unit(tmp_path: Path) -> None:
    """systemd finds nothing to say about the unit but that the command is not installed here."""
    unit = (ROOT / "deploy" / "solidarity.service").read_text("utf-8")
    copy = tmp_path / "solidarity.service"
    copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit, flags=re.MULTILINE), "utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr


def test_options_in_the_deployed_files_exist() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = {option for action in parser._actions for option in action.option_strings} | {"--store"}
    for name in ("solidarity.service", "Containerfile", "nginx.conf"):
        text = (ROOT / "deploy" / name).read_text("utf-8")
        lines = [line for line in text.splitlines() if "serve" in line and not line.startswith("#")]
        used = set(re.findall(r"(?<=[\s\"])--[a-z-]+", "\n".join(lines)))
        assert used <= options, name


@pytest.mark.slow
def test_answers_before_and_after_a_kill(store_folder: Path, tmp_path: Path) -> None:
    """Every question of the catalogue, before the front is killed and after a supervisor (a loop, as `Restart=always`
    of deploy/solidarity.service) has started it again: the same answers, under the same ETag. Byte by byte, but for the
    order in what GROUP_CONCAT puts together and of rows that are ordered alike: both are left open by SPARQL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "solidarity_spectrum", "serve", "--store", str(store_folder), "--port", str(port)]
    loop = ["sh", "-c", 'while :; do "$@"; sleep 0.2; done', "supervisor", *command]
    with (tmp_path / "log.txt").open("wb") as log:
        supervisor = subprocess.Popen(loop, stdout=log, stderr=log, start_new_session=True, cwd=ROOT)
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children")

    def front() -> int:
        """The front, when it is ready."""
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError, ValueError):
                process = int(children.read_text())
                if httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 200:
                    return process
            time.sleep(0.05)
        raise AssertionError((tmp_path / "log.txt").read_text("utf-8")[-2000:])

    def answers() -> dict[str, tuple[int, str, bytes]]:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            found = {}
            for name in questions.catalogue():
                for kind in ("json", "csv"):
                    answer = client.get(f"/questions/{name}.{kind}")
                    found[f"{name}.{kind}"] = answer.status_code, answer.headers.get("etag", ""), answer.content
            return found

    try:
        killed = front()
        before = answers()
        os.kill(killed, signal.SIGKILL)
        for _ in range(600):
            if children.read_text().strip() != str(killed):
                break
            time.sleep(0.05)
        assert front() != killed
        after = answers()
    finally:
        os.killpg(supervisor.pid, signal.SIGTERM)
        supervisor.wait()
    assert {status for status, _, _ in before.values()} == {200}
    assert [name for name in before if before[name][:2] != after[name][:2]] == []
    assert [name for name in before if len(before[name][2]) != len(after[name][2])] == []
    assert [name for name in before if _in_order(before[name][2]) != _in_order(after[name][2])] == []
    same = [name for name in before if before[name] == after[name]]
    assert len(same) > len(before) / 2


def _in_order(answer: bytes) -> list[str]:
    """The parts that an answer is put together from, in one order."""
    return sorted(re.split(r" ; |[\n,{}\[\]\"]+", answer.decode()))
