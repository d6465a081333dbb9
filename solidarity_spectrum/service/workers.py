"""The processes that answer queries and do writes.

A *template* loads the store into memory once and forks *workers* of it (10 to 20 ms each at a million quads). A
worker answers one query at a time and can be killed at any moment, which is the only way to stop a query: the
engine has no cancellation. The template is single-threaded, so that forking it is safe, and stays responsive, so
that it alone starts, kills and reaps workers and no process id can be mistaken for a later process of that id.

A *writer* is forked like a worker, does one write to its own copy of the store, and says how it went. If the front
then puts the write in force, the writer becomes the template of what comes after, and the one before ends. So a write
that fails, runs too long or dies has changed nothing, and a query sees the state before or after, never between.

Run as `python -m solidarity_spectrum.service.workers STORE WRITES MEMORY_MB CONTROL_FD PARENT_PID` by `pool`, where
WRITES is empty if nothing may be written.

Control socket (stream), to the template: ORDER, asking to fork a worker or a writer (whose file comes attached), to
lower a worker's priority, to kill one, or to let a writer go its own way. From it: REPORT, of a store that is loaded,
of a worker (with its socket attached) and of a worker's end (with its wait status). A worker's socket carries for each
query one frame there and one back: see `frame`. A writer's carries one frame back, and then the byte GO.
"""

import ctypes
import gc
import io
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import traceback
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pyoxigraph
    from _typeshed import ReadableBuffer

ORDER = struct.Struct(">ci")
FORK, WRITE, LOWER, KILL, RELEASE = b"F", b"W", b"N", b"K", b"R"
GO = b"G"
REPORT = struct.Struct(">cii")
LOADED, STARTED, ENDED = b"L", b"S", b"E"
_LENGTHS = struct.Struct(">II")
LENGTHS_SIZE = _LENGTHS.size
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_LOWEST = 19

QUERY, GRAPH, DUMP, JUDGE = "query", "graph", "dump", "judge"
REVIEW, TAKE_BACK = "review", "take-back"
OK, SYNTAX, TOO_LARGE, NO_MEMORY, FAILED, WRONG_FORMAT = "ok", "syntax", "too-large", "no-memory", "failed", "format"
ABSENT, BAD_DATA, BROKEN = "absent", "bad-data", "broken"
MAX_STATEMENTS = 10_000
"""Of a contribution that is judged: about five seconds' work."""


class _TooLarge(Exception):
    """The answer has outgrown the limit."""


class _Capped(io.BytesIO):
    """A file in memory that refuses to grow beyond a limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: "ReadableBuffer", /) -> int:
        if self.tell() + memoryview(data).nbytes > self._limit:
            raise _TooLarge
        return super().write(data)


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """A message: the lengths of header and body, the header as JSON, the body as it is."""
    text = json.dumps(header).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def lengths(start: bytes) -> tuple[int, int]:
    """The lengths of header and body from the start of a frame."""
    header, body = _LENGTHS.unpack(start)
    return header, body


def _die_with(parent: int | None) -> None:
    """End when the parent does, however it ends; None: not any more. Only Linux can; else the socket's end must do."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, 0 if parent is None else signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            os._exit(1)


def _limit_memory(memory_mb: int, hard: int | None = None) -> None:
    """Let this process grow by so many MiB and no more."""
    if sys.platform == "linux":  # elsewhere the system accepts the limit and does not enforce it
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit if hard is None else hard))


def _confine(memory_mb: int, keep: int) -> int:
    """Take from this process what no query needs; `keep` stays the only open file beside the standard three.

    No new file can be opened, thus no connection either: a SERVICE that the scan missed ends here.
    Returns the number that `keep` now has.
    """
    _limit_memory(memory_mb)
    if keep != 3:
        os.dup2(keep, 3)
    os.closerange(4, 256)  # the template holds a handful of files
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return 3


def _answer(store: "pyoxigraph.Store", ask: dict[str, Any], body: bytes) -> tuple[str, bytes]:
    """Evaluate and serialise in one go, within the limits. `body` holds the documents that the query wants besides."""
    import pyoxigraph as ox

    from solidarity_spectrum.service import writes

    if ask["op"] in (JUDGE, REVIEW, TAKE_BACK):
        return _judge(store, ask, body)
    output = _Capped(ask["limit"])
    dataset: dict[str, Any] = {}
    try:
        if ask["op"] == DUMP:
            store.dump(output, format=ox.RdfFormat.from_media_type(ask["format"]), prefixes=ask["prefixes"])
            return OK, output.getvalue()
        if ask["op"] == GRAPH:
            return _graph(store, ask, output)
        place = 0
        for graph, media_type, size in ask["extra"]:
            writes.load(store, body[place : place + size], media_type, ox.NamedNode(graph), graph)
            place += size
        if ask["default_graphs"] or ask["named_graphs"]:
            dataset["default_graph"] = [ox.NamedNode(iri) for iri in ask["default_graphs"]]
            dataset["named_graphs"] = [ox.NamedNode(iri) for iri in ask["named_graphs"]]
        results = store.query(ask["query"], base_iri=ask["base"], use_default_graph_as_union=ask["union"], **dataset)
        if isinstance(results, ox.QueryTriples):
            graph_format = ox.RdfFormat.from_media_type(ask["format"])
            if graph_format is None:
                return WRONG_FORMAT, b""
            ox.serialize(results, output, format=graph_format, prefixes=ask["prefixes"])
        else:
            table_format = ox.QueryResultsFormat.from_media_type(ask["format"])
            if table_format is None:
                return _quads(results, ask, output)
            results.serialize(output, format=table_format)
    except SyntaxError as error:
        return SYNTAX, str(error).encode()
    except _TooLarge:
        return TOO_LARGE, b""
    except (OSError, RuntimeError, ValueError) as error:
        return FAILED, str(error).encode()
    return OK, output.getvalue()


def _judge(store: "pyoxigraph.Store", ask: dict[str, Any], body: bytes) -> tuple[str, bytes]:
    """A report on contributions, or a review; of an error of ours, where it is, and nothing of what was sent."""
    sent, place = [], 0
    for name, kind, size in ask["inputs"]:
        sent.append((name, body[place : place + size], kind))
        place += size
    try:
        if ask["op"] == JUDGE:
            text = _report(store, ask, sent)
        else:
            from solidarity_spectrum.service import reviewing

            if ask["op"] == REVIEW:
                text = reviewing.review(store, sent, ask)
            else:
                text = reviewing.take_back(store, *(data for _, data, _ in sent))
    except MemoryError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return BROKEN, f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}".encode()
    return (OK, text) if len(text) <= ask["limit"] else (TOO_LARGE, b"")


def _report(store: "pyoxigraph.Store", ask: dict[str, Any], sent: list[tuple[str, bytes, str]]) -> bytes:
    from solidarity_spectrum import report, validation
    from solidarity_spectrum.findings import Finding
    from solidarity_spectrum.report import html

    inputs = list(validation.expand(sent, ask["bytes"]))
    findings, statements = validation.validate_files(inputs, store, limit=ask["bytes"], most=MAX_STATEMENTS)
    sources = {item[0]: item[1] for item in inputs if not isinstance(item, Finding)}
    told = report.Report(findings, statements, sources, strict=ask["strict"])
    if ask["form"] == "html":
        return html.fragment(told, ask["language"]).encode()
    return report.render(told, ask["form"], ask["language"])


def _warm() -> None:
    """Load what judging needs, before a worker does it that may open no file and so import nothing."""
    from openpyxl import Workbook
    from pyoxigraph import Store

    from solidarity_spectrum import report, validation
    from solidarity_spectrum.report import html

    packed, workbook = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("á.yaml", _SAMPLES[0][1])
    book = Workbook()
    sheet = book.create_sheet("statements")
    for row in (["id", "type", "lable.en", "date"], ["sample", "Decision", "x", 5]):
        sheet.append(row)
    book.save(workbook)
    made = [("zip", packed.getvalue(), "zip"), ("xlsx", workbook.getvalue(), "xlsx")]
    findings, statements = validation.validate_files([*_SAMPLES, *made], Store())
    told = report.Report(findings, statements, {name: data for name, data, _ in _SAMPLES})
    for form in report.FORMATS:
        report.render(told, form, "hu")
    html.fragment(told, "hu")


_SAMPLES = [
    (
        "yaml",
        b"id: sample\ntype: Decision\nlabel: {en: A sample}\necli: ECLI:EU:C:2021:9290\ndate: 2020-13\ncourt: nowhere\n"
        b"statuss: verified\nsources:\n- {url: 'https://example.org/', title: A page, tier: primry, consulted: true}\n",
        "yaml",
    ),
    ("csv", b"id;type;lable.en\nsample;Decision;x\n", "csv"),
    ("nt", b"<urn:x> <urn:y> '\xe1' .", "nt"),
    ("json", b'[{"id": "sample", "type": "Persn"}]', "json"),
    (
        "jsonld",
        b'{"@context": "https://w3id.org/solidarity-spectrum/context.jsonld", "id": "x", "type": "Person"}',
        "jsonld",
    ),
    (
        "ttl",
        b"@prefix sol: <https://w3id.org/solidarity-spectrum/ontology#> . <urn:x> a sol:Persn ; sol:born 'x' . []",
        "ttl",
    ),
    ("rdf", b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description/></rdf:RDF>", "rdf"),
]
"""Contributions of every kind, each with something wrong."""


def _quads(results: Any, ask: dict[str, Any], output: _Capped) -> tuple[str, bytes]:
    """Rows ?g ?s ?p ?o as quads; those without ?g are in the default graph."""
    import pyoxigraph as ox

    form = ox.RdfFormat.from_media_type(ask["format"])
    if form is None or not ask["quads"] or not isinstance(results, ox.QuerySolutions):
        return WRONG_FORMAT, b""
    quads = (ox.Quad(row["s"], row["p"], row["o"], row["g"] or ox.DefaultGraph()) for row in results)
    ox.serialize(quads, output, format=form, prefixes=ask["prefixes"])
    return OK, output.getvalue()


def _graph(store: "pyoxigraph.Store", ask: dict[str, Any], output: _Capped) -> tuple[str, bytes]:
    """One graph, as it is."""
    import pyoxigraph as ox

    from solidarity_spectrum.service import writes

    name = writes.graph_name(ask["graph"])
    if isinstance(name, ox.NamedNode) and not store.contains_named_graph(name):
        return ABSENT, b""
    form = ox.RdfFormat.from_media_type(ask["format"])
    if form is None:
        return WRONG_FORMAT, b""
    if form.supports_datasets:  # else the dump would be of the whole store; a graph is asked for, so it has no name
        triples = (quad.triple for quad in store.quads_for_pattern(None, None, None, name))
        ox.serialize(triples, output, format=form, prefixes=ask["prefixes"])
    else:
        store.dump(output, format=form, from_graph=name, prefixes=ask["prefixes"])
    return OK, output.getvalue()


def _work(store: "pyoxigraph.Store", channel: socket.socket) -> None:
    """Answer queries until the other end closes."""
    stream = channel.makefile("rb")
    while len(start := stream.read(LENGTHS_SIZE)) == LENGTHS_SIZE:
        size, more = lengths(start)
        ask = json.loads(stream.read(size))
        try:
            status, body = _answer(store, ask, stream.read(more))
            channel.sendall(frame({"status": status}, body))
        except MemoryError:
            channel.sendall(frame({"status": NO_MEMORY}))
            return  # what is left of this process is not worth trusting


def _write(store: "pyoxigraph.Store", entry: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Do the write that a draft describes; what cannot be told again is replaced there by the whole state."""
    from solidarity_spectrum.service import writes

    entry.seek(0)
    operation = json.loads(entry.readline())
    try:
        new = writes.apply(store, operation, entry)
        if not operation["replayable"]:
            writes.write_state(store, entry)
    except writes.Absent:
        return {"status": ABSENT}, b""
    except writes.BadData as error:
        return {"status": BAD_DATA}, str(error).encode()
    except SyntaxError as error:
        return {"status": SYNTAX}, str(error).encode()
    except MemoryError:
        return {"status": NO_MEMORY}, b""
    except (OSError, RuntimeError, ValueError) as error:
        return {"status": FAILED}, str(error).encode()
    return {"status": OK, "new": new}, b""


class _Template:
    """Forks, kills and reaps workers as the control socket orders."""

    def __init__(self, store: "pyoxigraph.Store", control: socket.socket, memory_mb: int) -> None:
        self._store = store
        self._control = control
        self._memory_mb = memory_mb
        self._children: set[int] = set()
        self._successor: socket.socket | None = None

    def run(self) -> socket.socket | None:
        """Serve until the front closes its end, then end every worker.

        Returns None, or, in the process of a writer that is to go on as template, its control socket.
        """
        wake, alarm = socket.socketpair()
        wake.setblocking(False)
        alarm.setblocking(False)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must exist for the wake-up to be written
        with wake, alarm, selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is wake:
                        wake.recv(4096)
                        self._reap()
                    elif not self._obey():
                        self._end()
                        return None
                    if self._successor:
                        signal.set_wakeup_fd(-1)
                        return self._successor

    def _obey(self) -> bool:
        order, descriptors, _, _ = socket.recv_fds(self._control, ORDER.size, 1)
        if len(order) < ORDER.size:
            return False
        kind, pid = ORDER.unpack(order)
        if kind == FORK:
            self._fork(None)
        elif kind == WRITE:
            with os.fdopen(descriptors[0], "rb+") as entry:
                self._fork(entry)
        elif kind == RELEASE:
            self._children.discard(pid)
        elif pid not in self._children:
            pass  # it has ended and been reaped already
        elif kind == LOWER:
            os.setpriority(os.PRIO_PROCESS, pid, _LOWEST)
        else:
            os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, entry: BinaryIO | None) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _die_with(parent)
                if entry:
                    ours.close()
                    self._control.close()  # the front must notice when the template ends, so no copy may stay open
                    self._successor = self._become(entry, theirs)
                    if self._successor:
                        return
                else:
                    _work(self._store, socket.socket(fileno=_confine(self._memory_mb, theirs.detach())))
            finally:
                if not self._successor:
                    os._exit(0)
        self._children.add(pid)
        theirs.close()
        socket.send_fds(self._control, [REPORT.pack(STARTED, pid, 0)], [ours.fileno()])
        ours.close()

    def _become(self, entry: BinaryIO, channel: socket.socket) -> socket.socket | None:
        """Do a write, say how it went, and give the socket of the next template if the front wants it to go on."""
        from solidarity_spectrum.validation import duplicates

        files, memory = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)
        _limit_memory(self._memory_mb, memory[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, files[1]))  # nothing can be opened, thus nothing called
        header, body = _write(self._store, entry)
        resource.setrlimit(resource.RLIMIT_AS, memory)
        resource.setrlimit(resource.RLIMIT_NOFILE, files)
        channel.sendall(frame(header, body))
        if header["status"] != OK or channel.recv(1) != GO:
            return None
        _die_with(None)
        duplicates.forget()
        gc.freeze()
        channel.sendall(REPORT.pack(LOADED, 0, 0))
        return channel

    def _end(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            self._control.sendall(REPORT.pack(ENDED, pid, status))


def main(folder: str, written: str, memory_mb: str, control_fd: str, parent: str, reviews: str) -> None:
    """Load the store of `folder`, or what was written over it, say so, and fork workers on order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the front decides what it means
    _die_with(int(parent))
    control: socket.socket | None = socket.socket(fileno=int(control_fd))
    from solidarity_spectrum.service.writes import Journal
    from solidarity_spectrum.store import load_memory
    from solidarity_spectrum.validation import duplicates

    journal = Journal(Path(written)) if written else None
    with ThreadPoolExecutor(1) as aside:  # there is one thread again before anything is forked
        warmed = aside.submit(_warm)
        store = journal.load() if journal and journal.exists else load_memory(Path(folder))
        warmed.result()
    duplicates.learn(store)
    if reviews:
        from solidarity_spectrum.service import reviewing

        reviewing.warm()
    gc.freeze()  # a collection in a worker must not touch, and so copy, the pages it shares with the others
    try:
        assert control
        control.sendall(REPORT.pack(LOADED, 0, 0))
        while control:
            control = _Template(store, control, int(memory_mb)).run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the front is gone: the workers go with this process or by the end of their sockets


if __name__ == "__main__":
    main(*sys.argv[1:])
