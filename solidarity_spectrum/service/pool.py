"""The front's side of the workers: who is free, who has run too long, which store is served.

A *generation* is one build of the store: a template process and its workers. When a build swaps the store, a new
generation starts beside the old one and takes over once its workers are there; the old one ends when its last
query does.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solidarity_spectrum.resources import BASE
from solidarity_spectrum.service import workers
from solidarity_spectrum.service.settings import Settings

logger = logging.getLogger("solidarity_spectrum.service")

_LOAD_SECONDS = 300.0
_POLL_SECONDS = 1.0
_REPORT_SECONDS = 2.0
_OUT_OF_MEMORY = {signal.SIGABRT, signal.SIGKILL}  # how the engine ends without memory; how the kernel ends it

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


@dataclass(slots=True, eq=False)
class Worker:
    """One process that answers one query at a time."""

    pid: int
    generation: "Generation"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: "asyncio.Future[int]"

    async def ask(self, question: dict[str, Any]) -> tuple[str, bytes]:
        """Status and body of the answer. Raises IncompleteReadError or ConnectionError if the process ends before."""
        self.writer.write(workers.frame(question))
        await self.writer.drain()
        header, body = workers.lengths(await self.reader.readexactly(workers.LENGTHS_SIZE))
        status = json.loads(await self.reader.readexactly(header))["status"]
        return str(status), await self.reader.readexactly(body)


class Generation:
    """A template process over one build of the store, and its workers."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        self.build = str(manifest["hash"])
        self.workers: dict[int, Worker] = {}
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited: deque[asyncio.Future[tuple[int, int]]] = deque()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", workers.__name__, str(folder), str(settings.memory_mb)]
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments, no shell
                [*command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._control.setblocking(False)
        asyncio.get_running_loop().add_reader(self._control, self._report)

    async def loaded(self) -> None:
        """Wait for the store to be in memory. Raises Unavailable if the template gives up."""
        await asyncio.wait_for(asyncio.shield(self._loaded), _LOAD_SECONDS)

    async def start_worker(self) -> Worker:
        """Fork a worker. Raises Unavailable if the template is lost."""
        if self.lost.done():
            raise Unavailable("The store is being loaded again.", 1)
        awaited: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._awaited.append(awaited)
        self._control.send(workers.ORDER.pack(workers.FORK, 0))
        pid, descriptor = await awaited
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        channel = socket.socket(fileno=descriptor)
        reader, writer = await asyncio.open_connection(sock=channel)
        worker = self.workers[pid] = Worker(pid, self, reader, writer, ended)
        return worker

    def kill(self, worker: Worker) -> None:
        """End a worker now, whatever it is doing."""
        worker.writer.close()
        if not self.lost.done():
            with contextlib.suppress(OSError):
                self._control.send(workers.ORDER.pack(workers.KILL, worker.pid))

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
            self._awaited.popleft().set_result((pid, descriptors[0]))
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
            worker.writer.close()
        try:
            await asyncio.to_thread(self._process.wait, 3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


class Pool:
    """Answers queries through killable workers, over the build that the store folder names at the moment."""

    def __init__(self, store: Path, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._generation: Generation | None = None
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._waiting = 0
        self._busy: dict[Generation, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def ready(self) -> bool:
        """Whether a query asked now would find a worker."""
        return self._generation is not None and not self._generation.lost.done()

    @property
    def build(self) -> str:
        """The hash of the build that is served."""
        return self._generation.build if self._generation else ""

    @property
    def folder(self) -> Path:
        """The folder of the build that is served."""
        return self._generation.folder if self._generation else self._store

    async def start(self) -> None:
        """Load the store and start the workers. Raises Unavailable, OSError or ValueError if that fails."""
        stamp = self._stamp()
        self._take_over(await self._begin())
        self._spawn(self._watch(stamp))

    async def close(self) -> None:
        """End every process."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        generations = set(self._busy) | ({self._generation} if self._generation else set())
        await asyncio.gather(*(generation.close() for generation in generations))

    async def query(
        self,
        query: str,
        media_type: str,
        *,
        dataset: Dataset = Dataset(),
        names_dataset: bool = False,
    ) -> tuple[bytes, str]:
        """The serialised answer and the hash of the build it is from.

        `names_dataset` says that the query itself has a FROM clause.
        Raises Unavailable, BadQuery, WrongFormat or Crashed.
        """
        settings = self._settings
        if self._idle.empty() and self._waiting >= settings.queue:
            raise Unavailable(
                f"{self._waiting} queries are waiting, the limit here.", max(1, round(settings.query_timeout))
            )
        self._waiting += 1
        try:
            async with asyncio.timeout(settings.query_timeout):
                worker = await self._take()
        except TimeoutError:
            raise Unavailable(
                f"The query waited {settings.query_timeout:g} seconds for its turn, the limit here.",
                max(1, round(settings.query_timeout)),
            ) from None
        finally:
            self._waiting -= 1
        question = {
            "query": query,
            "format": media_type,
            "base": BASE,
            "prefixes": PREFIXES,
            "union": not (dataset or names_dataset),
            "default_graphs": dataset.default,
            "named_graphs": dataset.named,
            "limit": settings.max_result_bytes,
        }
        return await self._ask(worker, question), worker.generation.build

    async def _ask(self, worker: Worker, question: dict[str, Any]) -> bytes:
        settings, generation, reusable = self._settings, worker.generation, False
        self._busy[generation] = self._busy.get(generation, 0) + 1
        try:
            async with asyncio.timeout(settings.query_timeout):
                status, body = await worker.ask(question)
            reusable = status != workers.NO_MEMORY
        except TimeoutError:
            raise Unavailable(
                f"The query ran longer than {settings.query_timeout:g} seconds, the limit here.",
                max(1, round(settings.query_timeout)),
            ) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self._explain_end(worker)
        finally:
            self._busy[generation] -= 1
            if not reusable:
                generation.kill(worker)
                if generation is self._generation:
                    self._spawn(self._refill(generation))
            elif generation is self._generation:
                self._idle.put_nowait(worker)
        if status == workers.OK:
            return body
        if status == workers.SYNTAX:
            raise BadQuery(body.decode())
        if status == workers.FAILED:
            raise BadQuery(f"The query cannot be evaluated here: {body.decode()}")
        if status == workers.WRONG_FORMAT:
            raise WrongFormat
        if status == workers.TOO_LARGE:
            raise Unavailable(f"The answer is larger than {settings.max_result_bytes} bytes, the limit here.", None)
        raise self._no_memory()

    def _no_memory(self) -> Unavailable:
        return Unavailable(f"The query needs more memory than {self._settings.memory_mb} MiB, the limit here.", None)

    async def _explain_end(self, worker: Worker) -> None:
        """Raise what the end of a worker in the middle of a query means."""
        futures: list[asyncio.Future[Any]] = [worker.ended, worker.generation.lost]
        await asyncio.wait(futures, timeout=_REPORT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if worker.generation.lost.done():
            raise Unavailable("The store is being loaded again.", 1)
        if not worker.ended.done():
            raise Crashed("a worker ended without a report")
        status = worker.ended.result()
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_MEMORY:
            limit = f"{self._settings.memory_mb} MiB, the limit here"
            raise Unavailable(f"The evaluation was cut off, most likely for needing more memory than {limit}.", None)
        raise Crashed(f"a worker ended with wait status {status}")

    async def _take(self) -> Worker:
        while True:
            worker = await self._idle.get()
            if worker.generation is not self._generation or worker.generation.lost.done():
                continue
            if worker.ended.done():
                self._spawn(self._refill(worker.generation))
                continue
            return worker

    async def _refill(self, generation: Generation) -> None:
        with contextlib.suppress(Unavailable):  # if the template is lost, the watch starts another
            worker = await generation.start_worker()
            if generation is self._generation:
                self._idle.put_nowait(worker)

    async def _begin(self) -> Generation:
        generation = Generation(self._store.resolve(strict=True), self._settings)
        try:
            await generation.loaded()
            for _ in range(self._settings.workers):
                await generation.start_worker()
        except BaseException:
            await generation.close()
            raise
        return generation

    def _take_over(self, generation: Generation) -> None:
        before, self._generation = self._generation, generation
        for worker in generation.workers.values():
            self._idle.put_nowait(worker)
        if before:
            self._spawn(self._retire(before))
        logger.info(json.dumps({"event": "serving", "build": generation.build}))

    async def _retire(self, generation: Generation) -> None:
        self._busy.setdefault(generation, 0)
        while self._busy[generation] and not generation.lost.done():
            await asyncio.sleep(0.1)  # not for long: the deadline ends every query
        await generation.close()
        self._busy.pop(generation, None)

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
            await asyncio.wait({self._generation.lost}, timeout=_POLL_SECONDS)
            lost, stamp = self._generation.lost.done(), self._stamp()
            if not lost and stamp in (served, None):
                continue
            try:
                fresh = await self._begin()
            except (Unavailable, OSError, ValueError, KeyError) as error:
                # The old build goes on being served; a broken new one is tried again when it changes.
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
