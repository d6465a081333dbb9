"""The processes that answer queries.

A *template* loads the store into memory once and forks *workers* of it (10 to 20 ms each at a million quads). A
worker answers one query at a time and can be killed at any moment, which is the only way to stop a query: the
engine has no cancellation. The template is single-threaded, so that forking it is safe, and stays responsive, so
that it alone starts, kills and reaps workers and no process id can be mistaken for a later process of that id.

Run as `python -m solidarity_spectrum.service.workers STORE MEMORY_MB CONTROL_FD PARENT_PID` by `pool`.

Control socket (stream), to the template: ORDER, asking to fork one worker or to kill one. From it: REPORT, of a
store that is loaded, of a worker (with its socket attached) and of a worker's end (with its wait status).
A worker's socket carries for each query one frame there and one back: see `frame`.
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyoxigraph
    from _typeshed import ReadableBuffer

ORDER = struct.Struct(">ci")
FORK, KILL = b"F", b"K"
REPORT = struct.Struct(">cii")
LOADED, STARTED, ENDED = b"L", b"S", b"E"
_LENGTHS = struct.Struct(">II")
LENGTHS_SIZE = _LENGTHS.size
_PR_SET_PDEATHSIG = 1

OK, SYNTAX, TOO_LARGE, NO_MEMORY, FAILED, WRONG_FORMAT = "ok", "syntax", "too-large", "no-memory", "failed", "format"


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


def _die_with(parent: int) -> None:
    """End when the parent does, however it ends. Only Linux can; elsewhere the end of the socket must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _confine(memory_mb: int, keep: int) -> int:
    """Take from this process what no query needs; `keep` stays the only open file beside the standard three.

    No new file can be opened, thus no connection either: a SERVICE that the scan missed ends here.
    Returns the number that `keep` now has.
    """
    if sys.platform == "linux":  # elsewhere the system accepts the limit and does not enforce it
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if keep != 3:
        os.dup2(keep, 3)
    os.closerange(4, 256)  # the template holds a handful of files
    resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return 3


def _answer(store: "pyoxigraph.Store", ask: dict[str, Any]) -> tuple[str, bytes]:
    """Evaluate and serialise in one go, within the limits."""
    import pyoxigraph as ox

    output = _Capped(ask["limit"])
    dataset: dict[str, Any] = {}
    try:
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
                return WRONG_FORMAT, b""
            results.serialize(output, format=table_format)
    except SyntaxError as error:
        return SYNTAX, str(error).encode()
    except _TooLarge:
        return TOO_LARGE, b""
    except (OSError, RuntimeError, ValueError) as error:
        return FAILED, str(error).encode()
    return OK, output.getvalue()


def _work(store: "pyoxigraph.Store", channel: socket.socket) -> None:
    """Answer queries until the other end closes."""
    stream = channel.makefile("rb")
    while len(start := stream.read(LENGTHS_SIZE)) == LENGTHS_SIZE:
        size, _ = lengths(start)
        ask = json.loads(stream.read(size))
        try:
            status, body = _answer(store, ask)
            channel.sendall(frame({"status": status}, body))
        except MemoryError:
            channel.sendall(frame({"status": NO_MEMORY}))
            return  # what is left of this process is not worth trusting


class _Template:
    """Forks, kills and reaps workers as the control socket orders."""

    def __init__(self, store: "pyoxigraph.Store", control: socket.socket, memory_mb: int) -> None:
        self._store = store
        self._control = control
        self._memory_mb = memory_mb
        self._children: set[int] = set()

    def run(self) -> None:
        """Serve until the front closes its end, then end every worker."""
        wake, alarm = socket.socketpair()
        wake.setblocking(False)
        alarm.setblocking(False)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must exist for the wake-up to be written
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is wake:
                        wake.recv(4096)
                        self._reap()
                    elif not self._obey():
                        self._end()
                        return

    def _obey(self) -> bool:
        order = self._control.recv(ORDER.size, socket.MSG_WAITALL)
        if len(order) < ORDER.size:
            return False
        kind, pid = ORDER.unpack(order)
        if kind == FORK:
            self._fork()
        elif pid in self._children:  # else it has ended and been reaped already
            os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _die_with(parent)
                channel = socket.socket(fileno=_confine(self._memory_mb, theirs.detach()))
                _work(self._store, channel)
            finally:
                os._exit(0)
        self._children.add(pid)
        theirs.close()
        socket.send_fds(self._control, [REPORT.pack(STARTED, pid, 0)], [ours.fileno()])
        ours.close()

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


def main(folder: str, memory_mb: str, control_fd: str, parent: str) -> None:
    """Load the store of `folder`, say so, and fork workers on order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the front decides what it means
    _die_with(int(parent))
    control = socket.socket(fileno=int(control_fd))
    from solidarity_spectrum.store import load_memory

    store = load_memory(Path(folder))
    gc.freeze()  # a collection in a worker must not touch, and so copy, the pages it shares with the others
    try:
        control.sendall(REPORT.pack(LOADED, 0, 0))
        _Template(store, control, int(memory_mb)).run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the front is gone: the workers go with this process or by the end of their sockets


if __name__ == "__main__":
    main(*sys.argv[1:])
