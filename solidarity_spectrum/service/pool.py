"""The front's side of the workers: who is free, who has run too long, which store is served.

A *generation* is one state of the store: a template process and its workers. When a build swaps the store or a write
changes it, a new generation takes over once it has a worker; the one before ends when its last query does.

Every query has a *quick turn* of a fraction of a second, measured by the processor, so that it is as long on a busy
machine. What needs longer goes on in one of a few slow slots, at the
lowest priority, or, if all are taken, is cut off and begun anew when one is free. So quick queries wait for quick turns
only, and clients take turns in both lanes.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import json
import logging
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, Protocol, TypeVar

from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service import workers, writes
from solidarity_spectrum.service.limits import LOCAL, FairQueue, Full, client
from solidarity_spectrum.service.metrics import Metrics
from solidarity_spectrum.service.settings import Settings, writes_of

logger = logging.getLogger("solidarity_spectrum.service")
T = TypeVar("T")

_LOAD_SECONDS = 300.0
_POLL_SECONDS = 1.0
_REPORT_SECONDS = 2.0
_OUT_OF_MEMORY = {signal.SIGABRT, signal.SIGKILL}  # how the engine ends without memory; how the kernel ends it
_PR_SET_CHILD_SUBREAPER = 36
_COMPACT_WRITES = 1000
_MAX_CACHED = 8  # no answer takes more than an eighth of the cache
_PATIENCE = 5  # times as long as a quick turn may take by the clock, where others have the processor
_TICK = 0.005
_WHOLE = 4  # times the largest answer the whole graph may be: nobody chose how large that is

PREFIXES = {
    "sol": BASE + "ontology#",
    "solsh": BASE + "shapes#",
    "id": BASE + "id/",
    "concept": BASE + "concept/",
    "graph": BASE + "graph/",
    "question": BASE + "question/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "org": "http://www.w3.org/ns/org#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "oa": "http://www.w3.org/ns/oa#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
}
"""Prefixes of the project: for serialising graphs, and for queries shown to readers."""


class Unavailable(Exception):
    """No answer, by no fault of the query's wording: a limit was hit or the service is not ready.

    `retry_after` is in seconds, None if asking again would not help.
    """

    def __init__(self, reason: str, retry_after: int | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class BadQuery(Exception):
    """The query cannot be answered as it is written."""


class WrongFormat(Exception):
    """The format asked for does not fit this kind of query."""


class Crashed(Exception):
    """The worker ended in a way that no limit explains."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs of a query: by default the union of all. What a request names overrides what the query names."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default or self.named)


class Absent(Exception):
    """There is no such graph."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A document that a query or an update wants besides the store, as the graph of a name."""

    graph: str
    media_type: str
    body: bytes


class _Process(Protocol):
    """A template's process: a child, or a child's child that went on as template."""

    def wait(self, timeout: float | None = None) -> Any: ...
    def kill(self) -> None: ...


class _Adopted:
    """A process that this one did not start itself, held so that its id cannot come to mean another."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._handle = os.pidfd_open(pid) if sys.platform == "linux" else -1

    def wait(self, timeout: float | None = None) -> None:
        end = time.monotonic() + (timeout if timeout is not None else 3600)
        while not self._gone():
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("template", timeout or 0)
            time.sleep(0.01)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            else:
                os.kill(self._pid, signal.SIGKILL)

    def _gone(self) -> bool:
        try:
            return os.waitpid(self._pid, os.WNOHANG)[0] != 0
        except ChildProcessError:  # its parent is still there, or, without subreaping, it is the child of init
            if self._handle >= 0:
                return bool(select.select([self._handle], [], [], 0)[0])
            try:
                os.kill(self._pid, 0)
            except ProcessLookupError:
                return True
            return False


@dataclass(slots=True, eq=False)
class Worker:
    """One process that answers one query at a time."""

    pid: int
    generation: "Generation"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: "asyncio.Future[int]"
    quick: bool = True

    async def ask(self, question: dict[str, Any], body: bytes) -> tuple[str, bytes]:
        """Status and body of the answer. Raises IncompleteReadError or ConnectionError if the process ends before."""
        self.writer.write(workers.frame(question, body))
        await self.writer.drain()
        header, size = workers.lengths(await self.reader.readexactly(workers.LENGTHS_SIZE))
        status = json.loads(await self.reader.readexactly(header))["status"]
        return str(status), await self.reader.readexactly(size)


@dataclass(slots=True, eq=False)
class Writer:
    """One process that does one write and then, if told so, goes on as template."""

    pid: int
    channel: socket.socket
    ended: "asyncio.Future[int]"

    async def report(self) -> tuple[dict[str, Any], bytes]:
        """How the write went. Raises ConnectionError if the process ends before it says."""
        header, size = workers.lengths(await self._read(workers.LENGTHS_SIZE))
        said: dict[str, Any] = json.loads(await self._read(header))
        return said, await self._read(size)

    async def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = await asyncio.get_running_loop().sock_recv(self.channel, size - len(data))
            if not piece:
                raise ConnectionResetError
            data += piece
        return data


class Generation:
    """A template process over one state of the store, and its workers."""

    def __init__(self, folder: Path, build: str, sequence: int, control: socket.socket, process: _Process) -> None:
        self.folder = folder
        self.build = build
        self.sequence = sequence
        """The number of the last write in it, 0 if it is a build as it was made."""
        self.workers: dict[int, Worker | Writer] = {}
        self.quick = 0
        """Workers of the quick lane: idle, at work, or being started."""
        self.busy = 0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited: deque[asyncio.Future[tuple[int, int]]] = deque()
        self._control = control
        self._process = process
        control.setblocking(False)
        asyncio.get_running_loop().add_reader(control, self._report)

    @classmethod
    def start(cls, folder: Path, journal: writes.Journal | None, settings: Settings) -> "Generation":
        """Start a template over a build, or over what was written. Raises OSError, ValueError or KeyError."""
        written = journal if journal and journal.exists else None
        manifest = json.loads(((written.folder if written else folder) / "manifest.json").read_text("utf-8"))
        build, sequence = str(manifest["hash"]), written.sequence if written else 0
        if sequence:  # names of blank nodes differ from one load to the next
            build = f"{build}-{sequence}-{secrets.token_hex(4)}"
        control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", workers.__name__, str(folder), str(written.folder) if written else ""]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments, no shell
                [
                    *command,
                    str(settings.memory_mb),
                    str(theirs.fileno()),
                    str(os.getpid()),
                    "reviews" if settings.quarantine else "",
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        return cls(folder, build, sequence, control, process)

    async def loaded(self) -> None:
        """Wait for the store to be in memory. Raises Unavailable if the template gives up."""
        await asyncio.wait_for(asyncio.shield(self._loaded), _LOAD_SECONDS)

    async def start_worker(self) -> Worker:
        """Fork a worker. Raises Unavailable if the template is lost."""
        pid, descriptor = await self._start(workers.FORK, None)
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=2**20)
        worker = Worker(pid, self, reader, writer, asyncio.get_running_loop().create_future())
        self.workers[pid] = worker
        return worker

    async def start_writer(self, draft: IO[bytes]) -> Writer:
        """Fork a writer for a draft. Raises Unavailable if the template is lost."""
        pid, descriptor = await self._start(workers.WRITE, draft)
        channel = socket.socket(fileno=descriptor)
        channel.setblocking(False)
        writer = self.workers[pid] = Writer(pid, channel, asyncio.get_running_loop().create_future())
        return writer

    async def _start(self, order: bytes, draft: IO[bytes] | None) -> tuple[int, int]:
        if self.lost.done():
            raise Unavailable("The store is being loaded again.", 1)
        awaited: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._awaited.append(awaited)
        self._order(order, 0, draft)
        return await awaited

    def _order(self, order: bytes, pid: int, draft: IO[bytes] | None = None) -> None:
        if self.lost.done():
            return
        with contextlib.suppress(OSError):  # the template is gone, which is noticed elsewhere
            if draft:
                socket.send_fds(self._control, [workers.ORDER.pack(order, pid)], [draft.fileno()])
            else:
                self._control.send(workers.ORDER.pack(order, pid))

    def lower(self, worker: Worker) -> None:
        """Let a worker run only when nobody else wants the processor."""
        self._order(workers.LOWER, worker.pid)

    def kill(self, worker: Worker | Writer) -> None:
        """End a worker now, whatever it is doing."""
        if isinstance(worker, Worker):
            worker.writer.close()
        else:
            worker.channel.close()
        self._order(workers.KILL, worker.pid)

    async def succeed(self, writer: Writer, build: str) -> "Generation":
        """Make a writer that has done its write the template of a new generation. Raises Unavailable if it is lost."""
        self.workers.pop(writer.pid, None)
        process = _Adopted(writer.pid)
        self._order(workers.RELEASE, writer.pid)
        fresh = Generation(self.folder, build, self.sequence + 1, writer.channel, process)
        with contextlib.suppress(OSError):
            writer.channel.send(workers.GO)
        try:
            await fresh.loaded()
        except BaseException:
            await fresh.close()
            raise
        return fresh

    def _report(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, workers.REPORT.size, 1)
        except BlockingIOError:
            return
        except ConnectionError:
            data, descriptors = b"", []
        if len(data) < workers.REPORT.size:  # the template is gone; a report is too small to come in pieces
            self._lose()
            return
        kind, pid, status = workers.REPORT.unpack(data)
        if kind == workers.LOADED:
            self._loaded.set_result(None)
        elif kind == workers.STARTED:
            os.set_inheritable(descriptors[0], False)
            awaited = self._awaited.popleft()
            if awaited.done():  # nobody waits for it any more
                os.close(descriptors[0])
                self._order(workers.KILL, pid)
            else:
                awaited.set_result((pid, descriptors[0]))
        elif worker := self.workers.pop(pid, None):
            worker.ended.set_result(status)

    def _lose(self) -> None:
        asyncio.get_running_loop().remove_reader(self._control)
        gone = Unavailable("The store is being loaded again.", 1)
        futures: list[asyncio.Future[Any]] = [self._loaded, *self._awaited]
        for waiting in futures:
            if not waiting.done():
                waiting.set_exception(gone)
                waiting.exception()  # nobody may be left to ask for it
        self._awaited.clear()
        if not self.lost.done():
            self.lost.set_result(None)

    async def close(self) -> None:
        """End the template and with it every worker; nothing of them is left when this returns."""
        self._lose()
        self._control.close()
        for worker in self.workers.values():
            if isinstance(worker, Worker):
                worker.writer.close()
            else:
                worker.channel.close()
        try:
            await asyncio.to_thread(self._process.wait, 3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


def _processor_seconds(pid: int) -> float:
    """What a process has had of the processor; where the system does not tell, the time of the clock."""
    if sys.platform != "linux":
        return time.monotonic()
    try:
        return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid(3) makes it, which Python does not offer
    except OSError:  # it has just ended
        return time.monotonic()


class Pool:
    """Answers queries through killable workers, over the build that the store folder names at the moment, or, once
    something was written, over what was."""

    def __init__(self, store: Path, settings: Settings, metrics: Metrics | None = None) -> None:
        self._store = store
        self._settings = settings
        self._metrics = metrics or Metrics()
        self._journal = writes.Journal(settings.writes) if settings.writes else None
        self._generation: Generation | None = None
        self._idle: deque[Worker] = deque()
        self._turns: FairQueue[Worker] = FairQueue(settings.queue)
        self._slow_turns: FairQueue[None] = FairQueue(settings.queue)
        self._slow = 0
        self._judge_turns: FairQueue[None] = FairQueue(settings.queue)
        self._judging = 0
        self._held: Counter[str] = Counter()
        self._cache: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._cached_bytes = 0
        self._writing = asyncio.Lock()
        self._writers = 0
        self._reload = asyncio.Event()
        self._orphans: set[int] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lock: IO[bytes] | None = None
        self._closing = False

    @property
    def ready(self) -> bool:
        """Whether a query asked now would find a worker."""
        return self._generation is not None and not self._generation.lost.done()

    @property
    def build(self) -> str:
        """What names the state that is served: the hash of the build, and the number of the last write if any."""
        return self._generation.build if self._generation else ""

    @property
    def folder(self) -> Path:
        """The folder of the build that is served, or over which was written."""
        return self._generation.folder if self._generation else self._store

    @property
    def written(self) -> bool:
        """Whether what is served differs from the build in `folder`."""
        return bool(self._generation and self._generation.sequence)

    def gauges(self) -> list[tuple[str, str, float]]:
        """The state of the lanes, for the metrics: name, help, value."""
        generation = self._generation
        return [
            ("solidarity_ready", "Whether a store is served.", float(self.ready)),
            ("solidarity_workers", "Worker processes.", len(generation.workers) if generation else 0),
            ("solidarity_workers_idle", "Workers that wait for a query.", len(self._idle)),
            ("solidarity_slow_queries", "Queries in a slow slot.", self._slow),
            ("solidarity_waiting_quick", "Queries that wait for their quick turn.", len(self._turns)),
            ("solidarity_waiting_slow", "Queries that wait for a slow slot.", len(self._slow_turns)),
            ("solidarity_waiting_judgement", "Contributions that wait to be judged.", len(self._judge_turns)),
            ("solidarity_writers_waiting", "Writes that wait or run.", self._writers),
            ("solidarity_cache_bytes", "Answers kept to be given again.", self._cached_bytes),
        ]

    # -- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the store and start the workers. Raises Unavailable, OSError or ValueError if that fails."""
        if self._journal:
            self._claim(self._journal.folder)
        elif writes.Journal(writes_of(self._store)).exists:
            reason = "the build is served as it was made: only --writable serves what was written to it"
            logger.warning(json.dumps({"event": "writes-ignored", "reason": reason}))
        stamp = self._stamp()
        self._take_over(await self._begin())
        self._spawn(self._watch(stamp))

    def reload(self) -> None:
        """Load the store anew as soon as possible; queries go on meanwhile."""
        self._reload.set()

    def _claim(self, folder: Path) -> None:
        """See that no other service writes here, and that writers that go on as templates are ours to wait for."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._lock = folder.with_name(folder.name + ".lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable("another service writes to this store", None) from error
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)

    async def close(self) -> None:
        """End every process."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._generation:
            await self._generation.close()
        self._reap()
        if self._lock:
            self._lock.close()

    async def _begin(self) -> Generation:
        generation = Generation.start(self._store.resolve(strict=True), self._journal, self._settings)
        try:
            await generation.loaded()
            await self._first_worker(generation)
        except BaseException:
            await generation.close()
            raise
        return generation

    async def _first_worker(self, generation: Generation) -> None:
        generation.quick += 1
        worker = await generation.start_worker()
        worker.ended.add_done_callback(lambda _: self._ended(worker))

    def _take_over(self, generation: Generation) -> None:
        before, self._generation = self._generation, generation
        self._idle.clear()
        self._cache.clear()
        self._cached_bytes = 0
        alive = [worker for worker in generation.workers.values() if isinstance(worker, Worker)]
        generation.quick = len(alive)  # the first one may have died before anybody asked it
        for worker in alive:
            self._offer(worker)
        for _ in range(self._settings.quick_workers - generation.quick):
            self._spawn(self._refill(generation))
        if before:
            self._spawn(self._retire(before))
        self._metrics.builds.add(outcome="served")
        logger.info(json.dumps({"event": "serving", "build": generation.build}))

    async def _retire(self, generation: Generation) -> None:
        try:
            while generation.busy and not generation.lost.done():
                await asyncio.sleep(0.05)  # not for long: the deadline ends every query
        finally:
            self._orphans |= set(generation.workers)
            await generation.close()

    def _reap(self) -> None:
        """Take note of the end of processes that became ours when their parent ended."""
        for pid in list(self._orphans):
            try:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._orphans.discard(pid)
            except ChildProcessError:
                self._orphans.discard(pid)

    def _stamp(self) -> tuple[str, int, int] | None:
        """What tells one build from another: where the link leads, and which file the dump there is."""
        try:
            folder = self._store.resolve(strict=True)
            manifest = (folder / "manifest.json").stat()
        except OSError:
            return None
        return str(folder), manifest.st_ino, manifest.st_mtime_ns

    async def _watch(self, served: tuple[str, int, int] | None) -> None:
        """Follow the store folder from build to build, and replace a template that ended."""
        while self._generation is not None:
            reload = asyncio.ensure_future(self._reload.wait())
            events: list[asyncio.Future[Any]] = [self._generation.lost, reload]
            await asyncio.wait(events, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            reload.cancel()
            self._reap()
            lost, stamp = self._generation.lost.done(), self._stamp()
            asked = self._reload.is_set()
            if not (lost or asked) and stamp in (served, None):
                continue
            self._reload.clear()
            async with self._writing:
                if not (lost or asked) and self._journal and self._journal.exists:
                    logger.warning(json.dumps({"event": "build-ignored", "reason": "the store was written to"}))
                    served = stamp
                    continue
                try:
                    fresh = await self._begin()
                except (Unavailable, OSError, ValueError, KeyError, TimeoutError) as error:
                    # The old build goes on being served; a broken new one is tried again when it changes.
                    self._metrics.builds.add(outcome="not loaded")
                    logger.error(json.dumps({"event": "store-not-loaded", "reason": str(error)}))
                    await asyncio.sleep(_POLL_SECONDS)
                else:
                    self._take_over(fresh)
            served = stamp

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- workers -------------------------------------------------------------------------------------------------

    async def _refill(self, generation: Generation) -> None:
        """Start a worker of the quick lane where one is missing."""
        if generation is not self._generation or generation.quick >= self._settings.quick_workers:
            return
        generation.quick += 1
        try:
            worker = await generation.start_worker()
        except Unavailable:  # the template is lost: the watch starts another
            return
        worker.ended.add_done_callback(lambda _: self._ended(worker))
        self._offer(worker)

    def _ended(self, worker: Worker) -> None:
        """A worker that dies while it waits is replaced; one that dies at work is seen to by who asked it."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._metrics.workers_ended.add(reason="died idle")
            self._drop(worker)

    def _offer(self, worker: Worker) -> None:
        """A worker of the quick lane is free: somebody who waits gets it, or it waits."""
        if worker.generation is not self._generation or worker.ended.done():
            self._drop(worker)
        elif not self._turns.give(worker, self._may_hold):
            self._idle.append(worker)

    def _drop(self, worker: Worker) -> None:
        """End a worker; if it was of the quick lane, another takes its place."""
        generation = worker.generation
        generation.kill(worker)
        if worker.quick:
            worker.quick = False
            generation.quick -= 1
            self._spawn(self._refill(generation))

    def _may_hold(self, name: str) -> bool:
        """Whether a client may have a quick turn now: one is left for the others, if that is possible."""
        return name == LOCAL or self._held[name] < max(1, self._settings.quick_workers - 1)

    # -- queries -------------------------------------------------------------------------------------------------

    async def query(
        self,
        query: str,
        media_type: str,
        *,
        dataset: Dataset = Dataset(),
        names_dataset: bool = False,
        cached: bool = False,
        extra: tuple[Extra, ...] = (),
        quads: bool = False,
    ) -> tuple[bytes, str]:
        """The serialised answer and what names the state that it is from.

        `names_dataset` says that the query itself has a FROM clause, `cached` that the same query gives the same
        answer as long as the state is the same, `quads` that its rows ?g ?s ?p ?o are wanted as quads. Raises
        Unavailable, BadQuery, WrongFormat or Crashed.
        """
        key = (self.build, query, media_type, dataset, names_dataset)
        if cached and not extra and key in self._cache:
            self._cache.move_to_end(key)
            self._metrics.queries.add(outcome="cached")
            return self._cache[key], self.build
        question = {
            "op": workers.QUERY,
            "query": query,
            "format": media_type,
            "base": BASE,
            "prefixes": PREFIXES,
            "union": not (dataset or names_dataset),
            "default_graphs": dataset.default,
            "named_graphs": dataset.named,
            "quads": quads,
            "extra": [(item.graph, item.media_type, len(item.body)) for item in extra],
            "limit": self._settings.max_result_bytes,
        }
        body, build = await self._counted(question, b"".join(item.body for item in extra))
        if cached and not extra and build == self.build:
            self._remember((build, *key[1:]), body)
        return body, build

    async def graph(self, name: str | None, media_type: str) -> tuple[bytes, str]:
        """One graph, the default graph for None, and what names the state. Raises Absent and what `query` raises."""
        question = {
            "op": workers.GRAPH,
            "graph": name,
            "format": media_type,
            "prefixes": PREFIXES,
            "limit": self._settings.max_result_bytes,
        }
        return await self._counted(question, b"")

    async def dump(self, media_type: str) -> tuple[bytes, str]:
        """All graphs, in a format that names them, and what names the state. Raises what `query` raises."""
        question = {"op": workers.DUMP, "format": media_type, "prefixes": PREFIXES}
        return await self._counted({**question, "limit": _WHOLE * self._settings.max_result_bytes}, b"")

    def _remember(self, key: tuple[object, ...], body: bytes) -> None:
        limit = self._settings.cache_bytes
        if len(body) > limit // _MAX_CACHED or key in self._cache:
            return
        self._cache[key] = body
        self._cached_bytes += len(body)
        while self._cached_bytes > limit:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1])

    async def _counted(self, question: dict[str, Any], body: bytes) -> tuple[bytes, str]:
        """Evaluate, and count how it ended."""
        outcome = "cancelled"
        try:
            status, answer, build = await self._evaluate(question, body)
            outcome = status
        except Unavailable:
            outcome = "unavailable"
            raise
        except Crashed:
            outcome = "crashed"
            raise
        finally:
            self._metrics.queries.add(outcome=outcome)
        if status == workers.OK:
            return answer, build
        if status == workers.ABSENT:
            raise Absent
        if status == workers.WRONG_FORMAT:
            raise WrongFormat
        if status == workers.TOO_LARGE:
            raise self._too_large(question["limit"])
        raise self._fault(status, answer)

    def _too_large(self, limit: int) -> Unavailable:
        return Unavailable(f"The answer is larger than {limit} bytes, the limit here.", None)

    def _fault(self, status: str, reason: bytes) -> Exception:
        """What a status that is not OK means."""
        if status in (workers.SYNTAX, workers.BAD_DATA):
            return BadQuery(reason.decode())
        if status == workers.FAILED:
            return BadQuery(f"It cannot be evaluated here: {reason.decode()}")
        return Unavailable(f"It needs more memory than {self._settings.memory_mb} MiB, the limit here.", None)

    async def _evaluate(self, question: dict[str, Any], body: bytes) -> tuple[str, bytes, str]:
        """Status, body and state of an answer: in a quick turn if that is enough, else in a slow slot."""
        settings, name = self._settings, client.get()
        worker: Worker | None = await self._quick_turn(name)
        assert worker
        worker.generation.busy += 1
        self._held[name] += 1
        held, slot, fine = True, False, False
        begun = time.perf_counter()
        asking = asyncio.ensure_future(worker.ask(question, body))
        try:
            await self._quickly(asking, worker)
            if not asking.done():
                self._release(name)
                held = False
                if self._slow < settings.workers:
                    self._slow += 1
                    slot = True
                    self._demote(worker)
                    left = settings.query_timeout - (time.perf_counter() - begun)
                else:
                    asking.cancel()
                    self._metrics.workers_ended.add(reason="no slow slot")
                    self._finish(worker, False)
                    worker = None
                    await self._turn(self._slow_turns, name, lambda _: self._free_slot())
                    slot = True
                    worker = await self._slow_worker()
                    asking = asyncio.ensure_future(worker.ask(question, body))
                    left = settings.query_timeout
                await asyncio.wait({asking}, timeout=left)
                if not asking.done():
                    raise self._late()
            try:
                status, answer = asking.result()
            except (asyncio.IncompleteReadError, ConnectionError):
                await self._explain_end(worker)
            fine = status != workers.NO_MEMORY and not question.get("extra")
            return status, answer, worker.generation.build
        finally:
            self._metrics.query_seconds.add(time.perf_counter() - begun, lane="slow" if slot else "quick")
            if held:
                self._release(name)
            if not asking.done():
                asking.cancel()
            elif not asking.cancelled():
                asking.exception()  # it has been told, or nobody is left to tell
            if worker:
                self._finish(worker, fine and worker.quick)
            if slot:
                self._free_slot()

    def _late(self) -> Unavailable:
        """What to say of a worker that has run too long."""
        self._metrics.workers_ended.add(reason="time")
        seconds = self._settings.query_timeout
        return Unavailable(f"The work took longer than {seconds:g} seconds, the limit here.", max(1, round(seconds)))

    async def _quickly(self, asking: "asyncio.Future[Any]", worker: Worker) -> None:
        """Wait for an answer as long as its quick turn lasts."""
        settings = self._settings
        end = time.monotonic() + min(_PATIENCE * settings.quick_seconds, settings.query_timeout)
        enough = _processor_seconds(worker.pid) + settings.quick_seconds
        left = min(settings.quick_seconds, settings.query_timeout)
        while left > 0:
            await asyncio.wait({asking}, timeout=max(left, _TICK))
            if asking.done():
                return
            left = min(enough - _processor_seconds(worker.pid), end - time.monotonic())

    def _finish(self, worker: Worker, reusable: bool) -> None:
        """A worker's query has ended."""
        worker.generation.busy -= 1
        if reusable:
            self._offer(worker)
        else:
            self._drop(worker)

    async def judge(self, inputs: Sequence[tuple[str, bytes, str]], form: str, language: str, strict: bool) -> bytes:
        """A report on contributions (name, content and format of each), judged against what is served.

        It has places of its own, so that no upload takes the turn of a query, and a worker of its own, at the lowest
        priority. Raises Unavailable, BadQuery or Crashed.
        """
        question = {"op": workers.JUDGE, "form": form, "language": language, "strict": strict}
        return await self._apart(question, inputs)

    async def review(
        self,
        inputs: Sequence[tuple[str, bytes, str]],
        by: str,
        recorded: str,
        *,
        difference: bool,
        language: str = "en",
    ) -> dict[str, Any]:
        """What `reviewing.review` says of a contribution; with places as for `judge`, and the same is raised."""
        ask = {"op": workers.REVIEW, "by": by, "recorded": recorded, "language": language, "difference": difference}
        answer: dict[str, Any] = json.loads(await self._apart(ask, inputs))
        return answer

    async def take_back(self, came: str, went: str) -> dict[str, Any]:
        """What `reviewing.take_back` says of quads of records; with places as for `judge`, and the same is raised."""
        inputs = [("came", came.encode(), ""), ("went", went.encode(), "")]
        answer: dict[str, Any] = json.loads(await self._apart({"op": workers.TAKE_BACK}, inputs))
        return answer

    async def _apart(self, question: dict[str, Any], inputs: Sequence[tuple[str, bytes, str]]) -> bytes:
        question |= {
            "inputs": [(name, kind, len(data)) for name, data, kind in inputs],
            "bytes": self._settings.max_contribution_bytes,
            "limit": self._settings.max_result_bytes,
        }
        outcome = "failed"
        if self._judging < self._settings.judges:
            self._judging += 1
        else:
            await self._turn(self._judge_turns, client.get(), lambda _: self._free_judge())
        worker: Worker | None = None
        try:
            worker = await self._slow_worker()
            async with asyncio.timeout(self._settings.query_timeout):
                outcome, answer = await worker.ask(question, b"".join(data for _, data, _ in inputs))
        except TimeoutError:
            raise self._late() from None
        except (asyncio.IncompleteReadError, ConnectionError):
            assert worker
            await self._explain_end(worker)
        finally:
            self._metrics.judgements.add(outcome=outcome)
            if worker:
                self._finish(worker, False)
            self._free_judge()
        if outcome == workers.TOO_LARGE:
            raise self._too_large(question["limit"])
        if outcome == workers.BROKEN:
            logger.error(json.dumps({"event": "judging-failed", "reason": answer.decode()}))
            raise Crashed(answer.decode())
        if outcome != workers.OK:
            raise self._fault(outcome, answer)
        return answer

    def _free_judge(self) -> None:
        """Give a place for a judgement to who waits for one."""
        if not self._judge_turns.give(None):
            self._judging -= 1

    def _free_slot(self) -> None:
        """Give a slow slot to who waits for one."""
        if not self._slow_turns.give(None):
            self._slow -= 1

    def _release(self, name: str) -> None:
        """A client's quick turn is over: it may have another."""
        self._held[name] -= 1
        if not self._held[name]:
            del self._held[name]
        while self._idle and self._turns.give(self._idle[0], self._may_hold):
            self._idle.popleft()

    def _demote(self, worker: Worker) -> None:
        """Move a worker out of the quick lane, where another takes its place."""
        worker.generation.lower(worker)
        worker.quick = False
        worker.generation.quick -= 1
        self._spawn(self._refill(worker.generation))

    async def _slow_worker(self) -> Worker:
        """A worker for a slow slot. Raises Unavailable."""
        generation = self._generation
        assert generation
        worker = await generation.start_worker()
        worker.quick = False
        generation.busy += 1
        generation.lower(worker)
        return worker

    async def _quick_turn(self, name: str) -> Worker:
        """A worker for a quick turn. Raises Unavailable."""
        while True:
            if self._idle and self._may_hold(name):
                worker = self._idle.popleft()
            else:
                worker = await self._turn(self._turns, name, self._offer)
            if worker.generation is self._generation and not worker.ended.done() and not worker.generation.lost.done():
                return worker
            self._drop(worker)
            await asyncio.sleep(0)

    async def _turn(self, queue: FairQueue[T], name: str, back: Callable[[T], None]) -> T:
        """Wait for something in a queue; what comes too late is given `back`.

        Raises Unavailable if it takes too long, or there is no room to wait.
        """
        seconds = self._settings.query_timeout
        again = max(1, round(seconds))
        try:
            turn = queue.join(name)
        except Full:
            raise Unavailable(f"{len(queue)} requests are waiting, the limit here.", again) from None
        taken = False
        try:
            async with asyncio.timeout(seconds):
                thing = await asyncio.shield(turn)
            taken = True
            return thing
        except Full:
            raise Unavailable("More requests of yours are waiting than of others.", again) from None
        except TimeoutError:
            raise Unavailable(f"The request waited {seconds:g} seconds for its turn, the limit here.", again) from None
        finally:
            queue.leave(name, turn)
            if not turn.done():
                turn.cancel()
            elif not taken and not turn.exception():
                back(turn.result())

    async def _explain_end(self, worker: Worker | Writer) -> NoReturn:
        """Raise what the end of a worker in the middle of its work means."""
        lost = worker.generation.lost if isinstance(worker, Worker) else None
        futures: list[asyncio.Future[Any]] = [worker.ended, *([lost] if lost else [])]
        await asyncio.wait(futures, timeout=_REPORT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if lost and lost.done():
            raise Unavailable("The store is being loaded again.", 1)
        self._metrics.workers_ended.add(reason="crash")
        if not worker.ended.done():
            raise Crashed("a worker ended without a report")
        status = worker.ended.result()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_MEMORY:
            limit = f"{self._settings.memory_mb} MiB, the limit here"
            raise Unavailable(f"The evaluation was cut off, most likely for needing more memory than {limit}.", None)
        raise Crashed(f"a worker ended with wait status {status}")

    # -- writes --------------------------------------------------------------------------------------------------

    async def write(self, operation: dict[str, Any], body: bytes) -> bool:
        """Do a write (see `writes`), one at a time: when this returns, it is durable and every later query sees it.

        Gives whether the graph written is new.

        Raises Unavailable, BadQuery, Absent or Crashed; then nothing has changed, except if the message says that
        nobody knows.
        """
        if self._writers > self._settings.queue:
            raise Unavailable(f"{self._writers - 1} writes are waiting, the limit here.", 1)
        self._writers += 1
        # A client that goes away must not break off a write between what is durable and what is served.
        task = asyncio.get_running_loop().create_task(self._write(operation, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _write(self, operation: dict[str, Any], body: bytes) -> bool:
        outcome = "failed"
        try:
            async with self._writing:
                new = await self._write_alone(operation, body)
            outcome = "ok"
            return new
        finally:
            self._writers -= 1
            self._metrics.writes.add(outcome=outcome)

    async def _write_alone(self, operation: dict[str, Any], body: bytes) -> bool:
        journal, generation = self._journal, self._generation
        assert journal and generation
        if generation.sequence and not journal.exists:
            self.reload()
            raise Unavailable("What was written has been removed; the store is being loaded again.", 1)
        if (generation.sequence + 1) % _COMPACT_WRITES == 0:
            operation = {**operation, "replayable": False}  # so that a start need not do very many writes again
        try:
            await asyncio.to_thread(journal.begin, generation.folder)
            draft = await asyncio.to_thread(journal.draft, operation, body)
        except OSError as error:
            logger.error(json.dumps({"event": "journal-failed", "reason": str(error)}))
            raise Unavailable("The write could not be kept.", None) from error
        with draft:
            writer = await generation.start_writer(draft)
        try:
            header, reason = await asyncio.wait_for(writer.report(), self._settings.query_timeout)
            if header["status"] == workers.ABSENT:
                raise Absent
            if header["status"] != workers.OK:
                raise self._fault(header["status"], reason)
            await asyncio.to_thread(journal.commit, generation.sequence + 1)
        except TimeoutError:
            generation.kill(writer)
            limit = self._settings.query_timeout
            raise Unavailable(f"The write ran longer than {limit:g} seconds, the limit here.", None) from None
        except ConnectionError:
            await self._explain_end(writer)
        except BaseException:
            generation.kill(writer)
            raise
        build = f"{generation.build.partition('-')[0]}-{generation.sequence + 1}-{secrets.token_hex(4)}"
        try:
            fresh = await generation.succeed(writer, build)
            await self._first_worker(fresh)
        except Unavailable:  # it died, but what it did is durable
            try:
                fresh = await self._begin()
            except (Unavailable, OSError, ValueError, KeyError, TimeoutError) as error:
                raise Unavailable("The write is in force, but the store could not be loaded again yet.", 1) from error
        self._take_over(fresh)
        return bool(header["new"])
