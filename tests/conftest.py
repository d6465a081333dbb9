"""What tests share: the shipped data, built once."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, settings

from solidarity_spectrum import build

# The machine that runs the tests may be slow; a slow draw is not a fault of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[build.Built, Path]:
    """The build of the shipped data and the store it was written to."""
    target = tmp_path_factory.mktemp("build") / "store"
    result = build.build(target=target)
    assert not result.refused, [f"{f.place}: {f.rule} {f.message()}" for f in result.refused[:10]]
    return result, target


@pytest.fixture(scope="session")
def graph(built: tuple[build.Built, Path]) -> ox.Store:
    """The graph of the shipped data, in memory."""
    return built[0].graph


@pytest.fixture(scope="session")
def store_folder(built: tuple[build.Built, Path]) -> Path:
    """The store of the shipped data, on disk."""
    return built[1]


@pytest.fixture
def solidarity(store_folder: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[object]:
    """Runs the command in process on the shipped data; gives exit status, output and error output."""
    from solidarity_spectrum import cli

    def run(*arguments: str) -> tuple[int, str, str]:
        verb, *rest = arguments
        takes_store = verb in ("query", "validate", "explain", "export", "stats")
        try:
            status = cli.main([verb, *(["--store", str(store_folder)] if takes_store else []), *rest])
        except SystemExit as usage:
            status = int(usage.code or 0)
        output = capfd.readouterr()
        return status, output.out, output.err

    yield run


@pytest.fixture(scope="session")
def client(store_folder: Path) -> Iterator[httpx.Client]:
    """A client of a server over the shipped data."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "solidarity_spectrum", "serve", "--store", str(store_folder), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for _ in range(200):
                try:
                    if client.get("/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield client
    finally:
        server.terminate()
        server.wait()
