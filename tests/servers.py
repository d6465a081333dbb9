"""Real servers for tests: the service of this project, `oxigraph serve`, Virtuoso, and one that behaves badly."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from solidarity_spectrum import store
from solidarity_spectrum.service.settings import TOKEN_VARIABLE
from tests.conftest import ROOT

SERVICE_TOKEN = "a-token-for-tests-only"
VIRTUOSO = "virtuoso-t"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def installed(command: str, package: str) -> str:
    """The path of a command of Debian; installed if the tests may do that (root, CI), else the test is skipped."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    if not (found := shutil.which(command, path=path)) and os.geteuid() == 0 and os.environ.get("CI") == "true":
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 600}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(["apt-get", "update"], **quiet)
            subprocess.run(["apt-get", "install", "--yes", package], **quiet, env=environment)
        found = shutil.which(command, path=path)
    if not found:
        pytest.skip(f"{command} is not installed (Debian: {package}; installed by the tests for root with CI=true)")
    return found


@dataclass
class RealServer:
    """A server process. `address` is what `--store` takes."""

    command: list[str]
    folder: Path
    address: str
    ready: str
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RealServer":
        log = (self.folder / "log.txt").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder, env={**os.environ, **self.environment}
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, (self.folder / "log.txt").read_text("utf-8")[-2000:]
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.ready, timeout=5).status_code == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def oxigraph(folder: Path) -> RealServer:
    """An empty `oxigraph serve`, from the wheel of that name."""
    command = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or installed(
        "oxigraph", "oxigraph-server"
    )
    port = free_port()
    line = [command, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    return RealServer(
        line, folder, f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/query?query=ASK%7B%7D"
    ).start()


def virtuoso(folder: Path) -> RealServer:
    """An empty Virtuoso 7 of Debian, with its usual limit of 10,000 rows; name and password are `dba`."""
    command = installed(VIRTUOSO, "virtuoso-opensource-7-bin")
    port = free_port()
    (folder / "virtuoso.ini").write_text(
        f"[Database]\nDatabaseFile = {folder}/v.db\nErrorLogFile = {folder}/v.log\nLockFile = {folder}/v.lck\n"
        f"TransactionFile = {folder}/v.trx\nxa_persistent_file = {folder}/v.pxa\nFileExtend = 200\n"
        f"[TempDatabase]\nDatabaseFile = {folder}/t.db\nTransactionFile = {folder}/t.trx\n"
        f"[Parameters]\nServerPort = 127.0.0.1:{free_port()}\nDisableUnixSocket = 1\nCaseMode = 2\n"
        "NumberOfBuffers = 20000\nMaxDirtyBuffers = 15000\nCheckpointInterval = 0\n"
        f"[HTTPServer]\nServerPort = 127.0.0.1:{port}\nServerRoot = {folder}\nServerThreads = 8\n"
        "[SPARQL]\nResultSetMaxRows = 10000\nMaxQueryExecutionTime = 60\n",
        "utf-8",
    )
    line = [command, "+configfile", str(folder / "virtuoso.ini"), "+foreground"]
    at = f"http://127.0.0.1:{port}/sparql"
    return RealServer(line, folder, at, f"{at}?query=ASK%7B%7D").start()


def service(folder: Path) -> RealServer:
    """The service of this project over an empty store, open for who has the token."""
    store.write(folder / "store", [], [], {"hash": "0" * 64, "quads": 0}, [], "")
    port = free_port()
    line = [sys.executable, "-m", "solidarity_spectrum.service", str(folder / "store"), "--port", str(port)]
    environment = {TOKEN_VARIABLE: SERVICE_TOKEN, "PYTHONPATH": str(ROOT)}
    at = f"http://127.0.0.1:{port}/"
    return RealServer([*line, "--writable"], folder, at, at + "ready", environment).start()


SERVERS = {"oxigraph": oxigraph, "virtuoso": virtuoso, "service": service}


def _read(connection: socket.socket) -> None:
    """A whole request, so that closing the connection breaks nothing off."""
    received = b""
    while b"\r\n\r\n" not in received and (more := connection.recv(65_536)):
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head.lower())
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (more := connection.recv(65_536)):
        left -= len(more)


@contextlib.contextmanager
def answering(*answers: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that gives the raw answers, one a connection, the last one again and again; byte by byte if it pauses.

    Gives its address.
    """
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        for number in range(10_000):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                _read(connection)
                answer = answers[min(number, len(answers) - 1)]
                if not pause:
                    connection.sendall(answer)
                    continue
                for byte in answer:
                    if ended.wait(pause):
                        return
                    connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
