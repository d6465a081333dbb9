"""Real HTTP load on the service and on what one would pick instead, side by side in one run: `make bench-load`.

The same data in three sizes, the same queries (the catalogue, and `tests/adhoc`), 1, 4 and 16 clients. Every answer is
counted against that of the engine in process before anything is timed, and a query that two servers answer differently
is named and left out of what they are compared by. The load comes from wrk: it is public, in every distribution, and in
C, so that on a small machine it takes little of what the servers need; a client in Python would be the bottleneck.

Results are kept in `build/bench/results.json` as they come, so that a run that was stopped goes on where it was. The
report is made from them, with nothing typed: `--report FILE`, by default `build/bench/report.md`.
"""

import argparse
import contextlib
import hashlib
import http.client
import json
import multiprocessing
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import __version__, questions, store
from tests.grow import grow
from tests.load_report import (
    CATALOGUE,
    DISK,
    LOOKUPS,
    MEMORY,
    OURS,
    RDFLIB,
    SHARED,
    VIRTUOSO,
    WORK,
    write_report,
)

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "bench"
BIN = FOLDER / "venv" / "bin"
SIZES = {"shipped": 0, "1M": 1_000_000, "5M": 5_000_000}
RDFLIB_SIZES = (
    "shipped",
)  # it reads some 13,000 quads a second, and answers in seconds what takes others milliseconds
JSON, TRIPLES = "application/sparql-results+json", "application/n-triples, text/plain;q=0.9"
CLIENT_SECONDS = 30.0
SEQUENCE = 40  # different things that a query about one thing is asked of
LONGEST = 30  # seconds of one measurement under load
SLOWEST = 2000.0  # milliseconds: what takes one client longer is not put under load, but compared one by one
MIXES = {
    LOOKUPS: ("lookups", (OURS, DISK, MEMORY, VIRTUOSO, RDFLIB)),
    WORK: ("work", (OURS, DISK, MEMORY, VIRTUOSO)),
    CATALOGUE: ("catalogue", (OURS, DISK, MEMORY)),
    SHARED: ("catalogue", (OURS, DISK, MEMORY, VIRTUOSO)),
}
"""Which queries are asked in turn, of whom."""
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d FILTER(STR(?b) < STR(?d)) }"
QUESTION = "rhetoric-to-outcome"
INI = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
MaxCheckpointRemap = 2000
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = {sql}
DirsAllowed = {data}
NumberOfBuffers = 340000
MaxDirtyBuffers = 250000
MaxClientConnections = 40
ThreadsPerQuery = {cores}
AsyncQueueMaxThreads = 10
MaxQueryMem = 2G
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 40
MaxKeepAlives = 40
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryExecutionTime = 600
"""
LUA = """local R = {}
for line in io.lines(%r) do
  local accept, body = line:match("^(.-)\\t(.*)$")
  R[#R + 1] = {accept, body}
end
local i = 0
request = function()
  i = i %% #R + 1
  return wrk.format("POST", %r, {["Content-Type"] = "application/x-www-form-urlencoded", ["Accept"] = R[i][1]}, R[i][2])
end
"""
DONE = """
done = function(summary, latency)
  local e = summary.errors
  local form = '{"requests": %d, "microseconds": %d, "bad": %d, "p50": %.3f, "p95": %.3f, "p99": %.3f}'
  io.write("\\nRESULT " .. string.format(form,
    summary.requests, summary.duration, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000) .. "\\n")
end
"""


class Missing(Exception):
    """Something that the benchmark needs is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Query:
    """One query with the texts that it is asked in: one, or one for each of several things."""

    name: str
    group: str
    texts: tuple[str, ...]

    @property
    def accept(self) -> str:
        return TRIPLES if re.search(r"^CONSTRUCT", self.texts[0], re.MULTILINE) else JSON


def catalogue() -> list[Query]:
    """The questions with their defaults."""
    return [
        Query(name, "catalogue", (questions.bind(question, {}),)) for name, question in questions.catalogue().items()
    ]


def ad_hoc(graph: ox.Store) -> list[Query]:
    """The queries of `tests/adhoc`, `$it` bound to things that the graph holds, always the same ones."""
    result = []
    for file in sorted((ROOT / "tests" / "adhoc").glob("*.rq")):
        text = file.read_text("utf-8")
        texts = [questions.prefixes() + text]
        if over := re.search(r"^# over: (.*)$", text, re.MULTILINE):
            rows = graph.query(questions.prefixes() + over[1], use_default_graph_as_union=True)
            things = [str(row["it"]) for row in rows]  # type: ignore[union-attr]
            random.Random(1).shuffle(things)
            texts = [texts[0].replace("$it", thing) for thing in things[:SEQUENCE]]
        result.append(Query(file.stem, "lookups" if "# one row" in text else "work", tuple(texts)))
    return result


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def size_of(body: bytes, accept: str) -> int:
    """Rows of a table, or different triples of a graph."""
    if accept == JSON:
        return len(json.loads(body)["results"]["bindings"])
    return len({line for line in body.splitlines() if line.strip() and not line.startswith(b"#")})


class Failed(Exception):
    """The server did not answer, or not with 200."""


class Client:
    """One connection to a server."""

    def __init__(self, port: int, path: str, seconds: float = CLIENT_SECONDS) -> None:
        self._port, self._path, self._seconds = port, path, seconds
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, text: str, accept: str) -> bytes:
        """The body of an answer. Raises Failed; TimeoutError if it takes too long."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._seconds)
        try:
            body = urllib.parse.urlencode({"query": text})
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            data = response.read()
        except TimeoutError:
            self.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Failed(type(error).__name__) from error
        if response.status != 200:
            raise Failed(f"{response.status} {data[:150].decode('utf-8', 'replace')}")
        return data

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


@dataclass
class Server:
    """A server that was started here, and all its processes."""

    name: str
    command: list[str]
    version: str
    path: str = "/sparql"
    folder: Path | None = None
    prepare: Callable[["Server"], None] | None = None
    limit: float = CLIENT_SECONDS
    port: int = field(default_factory=free_port)
    ready: float = 0.0
    _process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        """Start it, load what it must load, and wait for its first answer."""
        start = time.perf_counter()
        command = [part.replace("{port}", str(self.port)) for part in self.command]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            start_new_session=True,
        )
        if self.prepare:
            self.prepare(self)
        while True:
            if self._process.poll() is not None:
                raise Missing(f"{self.name} ended with status {self._process.returncode} when it was started")
            try:
                Client(self.port, self.path, 600).ask("SELECT * { ?a <https://example.org/none> ?b }", JSON)
                break
            except (Failed, TimeoutError):
                time.sleep(0.1)
        self.ready = time.perf_counter() - start

    def client(self) -> Client:
        return Client(self.port, self.path, self.limit)

    def unblock(self) -> None:
        """End a query that ran too long: only rdflib-endpoint needs that, and it needs a kill."""
        assert self._process and self._process.stdout
        os.kill(int(self._process.stdout.readline()), signal.SIGKILL)
        while True:
            time.sleep(0.2)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return

    def megabytes(self) -> float:
        """What all its processes hold in memory, what they share counted once."""
        assert self._process
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if stat.read_text().rpartition(")")[2].split()[3] == str(self._process.pid):
                    rollup = (stat.parent / "smaps_rollup").read_text()
                    total += int(re.search(r"^Pss: +(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
        return total / 1024

    def stop(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def service(target: Path, *options: str) -> Server:
    """This service: no limit of rate, time for the slowest."""
    command = [sys.executable, "-m", "solidarity_spectrum", "serve", "--store", str(target), "--port", "{port}"]
    return Server(OURS, [*command, "--rate", "0", "--timeout", "60", *options], __version__)


def pip_version(package: str) -> str:
    command = [str(BIN / "python"), "-c", f"from importlib.metadata import version; print(version({package!r}))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def oxigraph(target: Path, in_memory: bool) -> Server:
    binary, options = str(BIN / "oxigraph"), ["--bind", "127.0.0.1:{port}", "--union-default-graph"]
    if not in_memory:
        command = [binary, "serve-read-only", "--location", str(target / store.DATABASE), *options]
        return Server(DISK, command, pip_version("oxigraph"), "/query")

    def load(server: Server) -> None:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
            try:
                with (target / store.DUMP).open("rb") as dump:
                    headers = {
                        "Content-Type": "application/n-quads",
                        "Content-Length": str(os.fstat(dump.fileno()).st_size),
                    }
                    connection.request("POST", "/store?no_transaction&lenient", dump, headers)
                    response = connection.getresponse()
                    response.read()
            except ConnectionRefusedError:
                time.sleep(0.1)
                continue
            if response.status >= 300:
                raise Missing(f"{MEMORY} did not load the data: {response.status}")
            return

    return Server(MEMORY, [binary, "serve", *options], pip_version("oxigraph"), "/query", prepare=load)


def virtuoso(target: Path, folder: Path) -> Server:
    binary, isql = shutil.which("virtuoso-t"), shutil.which("isql-vt") or shutil.which("isql")
    if not binary or not isql:
        raise Missing("Virtuoso is not installed: apt-get install virtuoso-opensource")
    sql, port = free_port(), free_port()
    data = folder / "data"
    data.mkdir()
    (data / "dump.nq").symlink_to((target / store.DUMP).resolve())
    ini = INI.format(sql=sql, http=port, data=f"{data}, {target.resolve()}", cores=os.cpu_count())
    (folder / "virtuoso.ini").write_text(ini, "utf-8")

    def run(*statements: str) -> str:
        command = [
            isql,
            f"127.0.0.1:{sql}",
            "dba",
            "dba",
            "exec=" + " ".join(f"{statement};" for statement in statements),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def load(server: Server) -> None:
        while "1 Rows" not in run("select 1"):
            if server._process and server._process.poll() is not None:
                raise Missing("Virtuoso does not start")
            time.sleep(0.3)
        run(f"ld_dir('{data}', 'dump.nq', 'https://example.org/none')", "rdf_loader_run()", "checkpoint")
        failed = run("select ll_error from DB.DBA.load_list where ll_error is not null or ll_state <> 2")
        if "0 Rows" not in failed:
            raise Missing(f"Virtuoso did not load the data: {failed[-300:]}")

    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"Version ([\d.]+)", said.stdout + said.stderr)
    command = [binary, "+foreground", "+configfile", "virtuoso.ini", "+wait"]
    return Server(VIRTUOSO, command, number[1] if number else "?", folder=folder, prepare=load, port=port)


def rdflib_endpoint(target: Path, limit: float) -> Server:
    command = [str(BIN / "python"), str(ROOT / "tests" / "rdflib_server.py"), str(target / store.DUMP), "{port}"]
    return Server(RDFLIB, command, f"{pip_version('rdflib-endpoint')}, rdflib {pip_version('rdflib')}", limit=limit)


def wrk(server: Server, queries: list[Query], clients: int, seconds: int) -> dict[str, float]:
    """Requests a second and latencies in milliseconds, the queries in an order that is always the same."""
    requests = []
    most = max(len(query.texts) for query in queries)
    for query in queries:
        for number in range(most):
            text = query.texts[number % len(query.texts)]
            requests.append(f"{query.accept}\t{urllib.parse.urlencode({'query': text})}\n")
    random.Random(2).shuffle(requests)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "requests").write_text("".join(requests), "utf-8")
        script = Path(name) / "requests.lua"
        script.write_text(LUA % (str(Path(name) / "requests"), server.path) + DONE, "utf-8")
        return _wrk(["-s", str(script)], server, clients, seconds)


def _wrk(options: list[str], server: Server, clients: int, seconds: int) -> dict[str, float]:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", f"--timeout={CLIENT_SECONDS:.0f}s", *options]
    run = subprocess.run([*command, f"http://127.0.0.1:{server.port}/"], capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (.*)$", run.stdout, re.MULTILINE)
    if not found:
        raise Missing(f"wrk failed: {run.stdout[-300:]} {run.stderr[-300:]}")
    result: dict[str, float] = json.loads(found[1])
    return {"rate": (result["requests"] - result["bad"]) / (result["microseconds"] / 1e6)} | {
        name: result[name] for name in ("p50", "p95", "p99", "bad")
    }


def one_by_one(server: Server, query: Query, wanted: int, seconds: float) -> dict[str, Any]:
    """How long one client waits for a query, in milliseconds, after the answer was found to be of the size wanted."""
    client = server.client()
    try:
        start = time.perf_counter()
        got = size_of(client.ask(query.texts[0], query.accept), query.accept)
        times = [(time.perf_counter() - start) * 1000]
        if got != wanted:
            return {"wrong": f"{got} instead of {wanted}"}
        end, number = time.perf_counter() + seconds, 0
        while len(times) < 3 or (time.perf_counter() < end and len(times) < 100):
            if time.perf_counter() > end + 4 * seconds and len(times) > 1:
                break
            number += 1
            start = time.perf_counter()
            client.ask(query.texts[number % len(query.texts)], query.accept)
            times.append((time.perf_counter() - start) * 1000)
    except TimeoutError:
        if server.name == RDFLIB:
            server.unblock()
        return {"over": server.limit * 1000}
    except (Failed, ValueError) as error:
        return {"wrong": " ".join(str(error).split())[:150]}
    finally:
        client.close()
    return {"p50": statistics.median(times[1:]), "p95": percentile(times[1:], 95), "runs": len(times) - 1}


def percentile(values: list[float], part: int) -> float:
    """By nearest rank."""
    return sorted(values)[max(0, -(-len(values) * part // 100) - 1)]


def in_process(graph: ox.Store, query: Query, seconds: float) -> dict[str, Any]:
    """The limit: the same, with the answer in bytes, but without any HTTP."""
    form, times = ("json" if query.accept == JSON else "nt"), list[float]()
    end, number = time.perf_counter() + seconds, -1
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 100):
        number += 1
        start = time.perf_counter()
        body = store.query(graph, query.texts[number % len(query.texts)], form)
        times.append((time.perf_counter() - start) * 1000)
        if number == 0:
            size = size_of(body, query.accept)
        if time.perf_counter() > end + 4 * seconds:
            break
    return {"p50": statistics.median(times), "p95": percentile(times, 95), "runs": len(times), "size": size}


def the_limit(target: Path, seconds: float) -> tuple[list[Query], dict[str, dict[str, Any]]]:
    """The queries of this graph, and what they take in process. To be run in a process of its own, for its memory."""
    graph = store.load_memory(target)
    queries = [*ad_hoc(graph), *catalogue()]
    return queries, {query.name: in_process(graph, query, seconds) for query in queries}


@contextlib.contextmanager
def slow_ones(server: Server, number: int = 4) -> Iterator[None]:
    """Ask something that takes very long, several times at once, until the end."""
    ended, clients = threading.Event(), [server.client() for _ in range(number)]

    def ask(client: Client) -> None:
        while not ended.is_set():
            with contextlib.suppress(Failed, TimeoutError):
                client.ask(SLOW, JSON)
            time.sleep(0.05)

    threads = [threading.Thread(target=ask, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(2)
    try:
        yield
    finally:
        ended.set()


class Run:
    """One run, or what is missing of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._file = FOLDER / "results.json"
        about = self._about()
        self.results: dict[str, Any] = {"about": about, "sizes": {}}
        with contextlib.suppress(OSError, ValueError):
            before = json.loads(self._file.read_text("utf-8"))
            if not options.anew and before["about"]["same"] == about["same"]:
                self.results = before

    def _about(self) -> dict[str, Any]:
        """What the figures hold for; a run goes on where it was only if `same` is."""
        options, cpu = self._options, Path("/proc/cpuinfo").read_text()
        sources = [
            *(ROOT / "solidarity_spectrum").rglob("*.py"),
            *(ROOT / "queries").glob("*"),
            *(ROOT / "tests").glob("adhoc/*"),
        ]
        sources += [Path(__file__), *(ROOT / "tests").glob("grow.py")]
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(sources) if file.is_file()))
        memory = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[1])  # type: ignore[index]
        return {
            "same": {
                "build": store.manifest(options.store)["hash"],
                "program": digest.hexdigest(),
                "seconds": options.seconds,
                "wait": options.rdflib_limit,
            },
            "date": time.strftime("%Y-%m-%d"),
            "processor": re.search(r"model name\s*: (.*)", cpu)[1] if "model name" in cpu else platform.machine(),  # type: ignore[index]
            "cores": os.cpu_count(),
            "memory": round(memory / 2**20),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "pyoxigraph": version("pyoxigraph"),
            "load": os.getloadavg()[0],
        }

    def keep(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(self.results, indent=1), "utf-8")
        fresh.replace(self._file)

    def size(self, name: str) -> None:
        """Measure everything at one size."""
        options = self._options
        held = self.results["sizes"].setdefault(name, {"one": {}, "load": {}, "servers": {}, "slow": {}, "again": {}})
        wanted = [f"{mix}/{clients}" for mix in MIXES for clients in options.clients]
        if held.get("done") and all(key in held["load"] for key in wanted):
            tell(f"{name}: measured before")
            return
        target = self._store(name)
        held["quads"] = store.manifest(target)["quads"]
        tell(f"{name}: {held['quads']:,} quads; in process")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as aside:
            queries, limit = aside.submit(the_limit, target, options.seconds / 10).result()
        with contextlib.ExitStack() as stack:
            servers = self._servers(name, target, stack, held)
            for query in queries:
                one = held["one"].setdefault(query.name, {})
                one["limit"] = limit[query.name]
                for server in servers:
                    if server.name not in one:
                        one[server.name] = one_by_one(server, query, limit[query.name]["size"], options.seconds / 10)
                        self.keep()
                tell(f"{name}: {query.name}: " + ", ".join(f"{who} {_brief(figure)}" for who, figure in one.items()))
            for mix, (group, names) in MIXES.items():
                self._load(name, mix, group, [server for server in servers if server.name in names], queries, held)
            for server in servers:
                held["servers"][server.name]["megabytes"] = server.megabytes()
            if name == "shipped":
                self._again(target, servers, queries, held, stack)
            lookups = [query for query in queries if query.group == "lookups"]
            for server in servers:  # last: but for this service, nobody can end what runs then
                if server.name not in held["slow"] and server.name != RDFLIB:
                    idle = wrk(server, lookups, 1, options.seconds)
                    with slow_ones(server):
                        held["slow"][server.name] = {"idle": idle, "slow": wrk(server, lookups, 1, options.seconds)}
                    p95 = held["slow"][server.name]["slow"]["p95"]
                    tell(f"{name}: beside four slow ones, {server.name}: p95 {p95:.1f} ms")
                server.stop()
        held["done"] = True
        self.keep()

    def _store(self, name: str) -> Path:
        if not SIZES[name]:
            return Path(self._options.store).resolve()
        target = FOLDER / name / "store"
        mark = FOLDER / name / "of"
        if not (mark.is_file() and mark.read_text() == self.results["about"]["same"]["build"]):
            tell(f"growing the graph to {name} quads")
            grow(self._options.store, target, SIZES[name])
            mark.write_text(self.results["about"]["same"]["build"])
        return target.resolve()

    def _servers(self, name: str, target: Path, stack: contextlib.ExitStack, held: dict[str, Any]) -> list[Server]:
        made: list[Callable[[], Server]] = [
            lambda: service(target, "--cache", "0"),
            lambda: oxigraph(target, False),
            lambda: oxigraph(target, True),
            lambda: virtuoso(target, Path(stack.enter_context(tempfile.TemporaryDirectory()))),
        ]
        if name in RDFLIB_SIZES:
            made.append(lambda: rdflib_endpoint(target, self._options.rdflib_limit))
        servers = []
        for make in made:
            try:
                server = make()
                stack.callback(server.stop)
                server.start()
            except Missing as missing:
                tell(f"left out: {missing}")
                self.results.setdefault("missing", []).append(str(missing))
                continue
            held["servers"][server.name] = {"version": server.version, "ready": server.ready}
            tell(f"{name}: {server.name} {server.version} ready after {server.ready:.1f} s")
            servers.append(server)
        return servers

    def _load(
        self, name: str, mix: str, group: str, servers: list[Server], queries: list[Query], held: dict[str, Any]
    ) -> None:
        """One mix of queries with each number of clients, server after server, so that all meet the same weather."""
        fit = [query for query in queries if query.group == group and _comparable(held["one"][query.name], servers)]
        held.setdefault("mixes", {})[mix] = [query.name for query in fit]
        if not fit:
            return
        for clients in self._options.clients:
            figures = held["load"].setdefault(f"{mix}/{clients}", {})
            for server in servers:
                if server.name not in figures:
                    # Long enough to come to every query, or a fast server would be asked others than a slow one.
                    once = sum(held["one"][query.name][server.name]["p50"] for query in fit) / 1000
                    seconds = max(self._options.seconds, round(2 * once / min(clients, os.cpu_count() or 1)))
                    figures[server.name] = wrk(server, fit, clients, min(seconds, LONGEST))
                    self.keep()
            said = ", ".join(
                f"{who} {figure['rate']:.0f}/s p95 {figure['p95']:.0f} ms" for who, figure in figures.items()
            )
            tell(f"{name}: {mix} ({len(fit)} queries), {clients} clients: {said}")

    def _again(
        self,
        target: Path,
        servers: list[Server],
        queries: list[Query],
        held: dict[str, Any],
        stack: contextlib.ExitStack,
    ) -> None:
        """One question of the catalogue again and again: with its ETag, without it, and asked of the others."""
        question = [query for query in queries if query.name == QUESTION]
        ours = service(target)
        stack.callback(ours.stop)
        ours.start()
        path = "/sparql?" + urllib.parse.urlencode({"query": question[0].texts[0]})
        with urllib.request.urlopen(f"http://127.0.0.1:{ours.port}{path}", timeout=60) as response:
            tag = response.headers["ETag"]
        for label, field_ in (("with its ETag", {"If-None-Match": tag}), ("without", {})):
            held["again"][f"{OURS}, {label}"] = get_again(ours, path, field_, self._options.seconds)
        ours.stop()
        for server in servers:
            if "p50" in held["one"][QUESTION].get(server.name, {}):
                held["again"][server.name] = wrk(server, question, 4, self._options.seconds)
        tell("again: " + ", ".join(f"{who} {figure['rate']:.0f}/s" for who, figure in held["again"].items()))


def get_again(server: Server, path: str, fields: dict[str, str], seconds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "again.lua"
        given = "".join(f"[{key!r}]={value!r}," for key, value in {"Accept": JSON, **fields}.items())
        script.write_text(
            f"local text\ninit = function() text = wrk.format('GET', {path!r}, {{{given}}}) end\n"
            "request = function() return text end\n" + DONE,
            "utf-8",
        )
        return _wrk(["-s", str(script)], server, 4, seconds)


def _comparable(one: dict[str, Any], servers: list[Server]) -> bool:
    """Whether all of these servers answer a query alike, and fast enough to be put under load."""
    return all(one[server.name].get("p50", SLOWEST + 1) <= SLOWEST for server in servers)


def _brief(figure: dict[str, Any]) -> str:
    return (
        f"{figure['p50']:.1f} ms"
        if "p50" in figure
        else f"over {figure['over'] / 1000:.0f} s"
        if "over" in figure
        else "WRONG"
    )


def tell(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--clients", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement under load (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="the shipped size only, two seconds each")
    parser.add_argument("--anew", action="store_true", help="measure again what was measured before")
    parser.add_argument("--store", type=Path, default=ROOT / "build" / "store")
    parser.add_argument("--report", type=Path, default=FOLDER / "report.md")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no server is left behind
    options.rdflib_limit = 5.0
    if options.quick:
        options.sizes, options.seconds, options.rdflib_limit = ["shipped"], 2, 3.0
    try:
        if not shutil.which("wrk"):
            raise Missing("wrk is not installed: apt-get install wrk")
        if not (BIN / "oxigraph").exists():
            raise Missing("the servers to compare with are not installed: run «make bench-load»")
        run = Run(options)
        for size in options.sizes:
            run.size(size)
    except (Missing, store.NoStore) as error:
        sys.exit(f"error: {error}")
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(write_report(run.results), "utf-8")
    tell(f"report: {options.report}")


if __name__ == "__main__":
    main()
