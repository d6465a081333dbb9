"""Measurements, each beside what one would pick instead, in one run: `make bench`.

Nothing here passes or fails: the figures are printed for people, as medians over several runs, with ratios.
"""

import multiprocessing
import os
import queue
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import questions, store, validation
from solidarity_spectrum.validation.shapes import judge, shapes_graph
from tests.grow import grow

RUNS = 21
RDFLIB_LIMIT = 20.0
SOURCES = """
  sources: [{url: 'https://example.org/a', title: A, tier: primary, consulted: true}]
  status: single-source"""
CONTRIBUTION = f"""
recorded: 2026-11-22
recordedBy: solidarity-spectrum-project
records:
- id: statement-bench
  type: Statement
  label: {{en: A statement, hu: Kijelentés}}
  speaker: viktor-orban
  date: 2018-06
  quotation: {{hu: Próba}}{SOURCES}
- id: decision-bench
  type: Decision
  label: {{en: A decision, hu: Határozat}}
  inCase: case-cjeu-c-821-19
  court: cjeu
  date: 2021-12-01
  outcome: infringement-declared{SOURCES}
- id: link-statement-bench--motivates--hu-act-vi-2018
  type: Connection
  label: {{en: The statement is said to motivate the act, hu: A kijelentés állítólag indokolja a törvényt}}
  subject: statement-bench
  relation: motivates
  object: hu-act-vi-2018
  claimantName: Example Weekly{SOURCES}
"""
GROWN = 1_000_000


def timed(action: Callable[[], Any], runs: int = RUNS) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds, after one run that is not counted."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[18]


def build_whole(folder: Path) -> None:
    target = folder / "store"
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "solidarity_spectrum", "build", "--store", str(target)], check=True, capture_output=True
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    counts = store.manifest(target)
    print(f"full build: {seconds:.1f} s, {peak:.0f} MB; {counts['records']} records, {counts['quads']} quads, "
          f"{counts['graphs']} graphs, {counts['inferred']} inferred")  # fmt: skip


def load_whole(target: Path) -> Any:
    import rdflib

    start = time.perf_counter()
    store.load_memory(target)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    theirs = rdflib.Dataset(default_union=True)
    theirs.parse(target / store.DUMP, format="nquads")
    seconds = time.perf_counter() - start
    print(f"load the dump: {ours:.2f} s; rdflib {seconds:.1f} s, {seconds / ours:.0f} times as long")
    return theirs


def validate_whole(target: Path) -> None:
    graph = store.load_memory(target)
    triples = {quad.triple for quad in graph}
    shapes_graph()
    judge(triples)
    seconds, results = {}, {}
    for engine in ("fast", "reference"):
        start = time.perf_counter()
        results[engine] = judge(triples, engine)  # type: ignore[arg-type]
        seconds[engine] = time.perf_counter() - start
    ratio = seconds["reference"] / seconds["fast"]
    report = "the same report" if results["fast"] == results["reference"] else "ANOTHER REPORT"
    print(f"SHACL over the whole graph ({len(triples)} triples, {len(results['fast'])} results): "
          f"{seconds['fast']:.1f} s; pySHACL {seconds['reference']:.1f} s, {ratio:.0f} times as long, "
          f"{report}")  # fmt: skip
    validate_contribution(target, seconds)


def validate_contribution(target: Path, whole: dict[str, float]) -> None:
    """`whole` is how many seconds judging the whole graph takes, by engine."""
    inputs = [("bench.yaml", CONTRIBUTION.encode(), "yaml")]
    _, statements = validation.validate_files(inputs, target)
    print(f"\nvalidate a contribution of {statements} statements, against the shipped graph and one grown from it")
    first = store.manifest(target)["quads"]
    with tempfile.TemporaryDirectory() as name:
        grown = Path(name) / "store"
        grow(target, grown, GROWN)
        for folder in (target, grown):
            quads = store.manifest(folder)["quads"]
            median, high = timed(lambda: validation.validate_files(inputs, folder))  # noqa: B023
            # Nobody waits for pySHACL on a million quads: its time grows with the graph, as that of a loop over it.
            all_of_it = whole["reference"] * quads / first * 1000
            how = "pySHACL on the whole" + ("" if folder == target else ", extrapolated in proportion")
            print(f"{quads:>9} quads: {median:.0f} ms, p95 {high:.0f}; "
                  f"{how}: {all_of_it / 1000:.0f} s, {all_of_it / median:.0f} times as long")  # fmt: skip
        triples = {quad.triple for quad in store.load_memory(grown)}
        start = time.perf_counter()
        results = judge(triples)
        print(f"SHACL over all of the grown graph: {time.perf_counter() - start:.0f} s, {len(results)} results")
        del triples, results
        command = [sys.executable, "-m", "solidarity_spectrum", "validate", "--store", str(grown), "-"]
        command += ["--input", "yaml"]
        run = partial(subprocess.run, command, input=CONTRIBUTION.encode(), check=True, capture_output=True)
        median, _ = timed(run, runs=5)
        print(f"the command «solidarity validate», from start to end, against the grown graph: {median / 1000:.1f} s")


def _rdflib_answer(dataset: Any, text: str, queue: Any) -> None:
    start = time.perf_counter()
    try:
        rows = len(list(dataset.query(text)))
        queue.put((rows, (time.perf_counter() - start) * 1000))
    except Exception as error:  # rdflib's own faults on valid SPARQL are a result too
        queue.put((type(error).__name__, 0.0))


def rdflib_time(dataset: Any, text: str) -> tuple[int | str, float]:
    """Rows and milliseconds of one answer by rdflib; in place of the rows, why there is none."""
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=_rdflib_answer, args=(dataset, text, answer))
    process.start()
    try:
        rows, milliseconds = answer.get(timeout=RDFLIB_LIMIT)
        return rows, milliseconds
    except queue.Empty:  # it cannot be stopped but by a kill
        return f"over {RDFLIB_LIMIT:.0f} s", 0.0
    finally:
        process.kill()
        process.join()


def serve(target: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    command = [sys.executable, "-m", "solidarity_spectrum", "serve", "--store", str(target), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(address + "/ready", timeout=1).read()
            break
        except OSError:
            time.sleep(0.02)
    print(f"server ready: {time.perf_counter() - start:.1f} s after its start")
    return server, address


def ask_questions(target: Path, dataset: Any) -> None:
    graph = store.load_memory(target)
    server, address = serve(target)
    names = ("p50", "p95", "HTTP p50", "p95", "again", "rdflib", "ratio")
    header = f"{'question':<32}{'rows':>5}" + "".join(f"{name:>10}" for name in names)
    print("\nmilliseconds; «again» is the same question revalidated by its ETag\n" + header)
    try:
        for question in questions.catalogue().values():
            text = questions.bind(question, {})

            def over_http(number: list[int] = [0], text: str = text) -> None:  # noqa: B006
                number[0] += 1  # another text each time, so that no cache answers
                data = urllib.parse.urlencode({"query": f"{text}\n#{number[0]}"}).encode()
                urllib.request.urlopen(address + "/sparql", data, timeout=60).read()

            def again(text: str = text, tag: list[str] = []) -> None:  # noqa: B006
                url = address + "/sparql?" + urllib.parse.urlencode({"query": text})
                request = urllib.request.Request(url, headers={"If-None-Match": tag[0]} if tag else {})
                try:
                    with urllib.request.urlopen(request, timeout=60) as response:
                        tag[:] = [response.headers["ETag"]]
                        response.read()
                except urllib.error.HTTPError as error:
                    if error.code != 304:
                        raise

            rows = len(list(graph.query(text, use_default_graph_as_union=True)))  # type: ignore[arg-type]
            p50, p95 = timed(lambda: store.query(graph, text, "json"))  # noqa: B023
            http50, http95 = timed(over_http)
            cached, _ = timed(again)
            theirs, other = rdflib_time(dataset, text)
            figures = "".join(f"{value:>10.1f}" for value in (p50, p95, http50, http95, cached))
            wrong = "" if theirs == rows else f"  (rdflib: {theirs} rows)"
            beside = f"{other:>10.0f}{other / p50:>10.0f}{wrong}" if isinstance(theirs, int) else f"{theirs:>20}"
            print(f"{question.name:<32}{rows:>5}{figures}{beside}", flush=True)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, pyoxigraph {ox.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_whole(folder)
        dataset = load_whole(folder / "store")
        validate_whole(folder / "store")
        ask_questions(folder / "store", dataset)


if __name__ == "__main__":
    main()
