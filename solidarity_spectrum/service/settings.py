"""The limits of the service, all in one place, and the options of the command line that set them."""

import argparse
import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

TOKEN_VARIABLE = "SOLIDARITY_TOKEN"  # noqa: S105 - the name of a variable, not a token
_MIN_TOKEN = 16
_NAME = re.compile(r"[a-z0-9]+(-+[a-z0-9]+)*")
_ORIGIN = re.compile(r"https?://[^/?#@\s]+/[^\s<>\"]*\Z")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What a stranger may ask of the service. Seconds, bytes, or as the name says.

    `query_timeout` holds for the wait in the queue and, apart from it, for the evaluation. `memory_mb` is what a query
    may use beyond the store itself; only Linux enforces it. See SECURITY.md for what happens beyond each limit.
    """

    query_timeout: float = 10.0
    workers: int = 4
    """Queries evaluated at length at the same time, all at the lowest priority."""
    quick_workers: int = field(default_factory=lambda: max(2, _cores() + 1))
    """Queries that have their first, quick turn at the same time."""
    quick_seconds: float = 0.2
    """Of the processor."""
    queue: int = 32
    max_query_bytes: int = 100_000
    max_result_bytes: int = 50_000_000
    memory_mb: int = 1024
    max_contribution_bytes: int = 2_000_000
    """Of what is sent to be judged, unpacked."""
    judges: int = 2
    """Contributions judged at the same time, at the lowest priority; queries have other places."""
    cache_bytes: int = 64_000_000
    cors: bool = True
    rate: float = 20.0
    """Requests a second of one client in the long run; 0 for no limit. `burst` is what may come at once."""
    burst: int = 100
    trusted_proxies: tuple[str, ...] = ()
    connections: int = 2000
    connections_per_client: int = 100
    head_seconds: float = 10.0
    """For the head of a request, and for the first bytes of a body or of an answer read; then `min_rate` a second."""
    min_rate: int = 16_384
    public_metrics: bool = False
    token: str | None = field(default=None, repr=False)
    """What whoever writes must know; None where nobody may write."""
    writes: Path | None = None
    """Where what was written is kept."""
    quarantine: Path | None = None
    """Where contributions wait for a reviewer, who is whoever may write; None where none are taken."""
    contributors: dict[str, str] = field(default_factory=dict, repr=False)
    """Token by id of whoever may contribute."""
    max_update_bytes: int = 1_000_000
    max_graph_bytes: int = 50_000_000
    allow_remote: tuple[str, ...] = ()
    """Prefixes of the addresses that SERVICE, LOAD and FROM may call."""
    allow_private: bool = False
    """Whether these may be addresses of this machine or of a private network: for tests."""
    remote_bytes: int = 10_000_000


def writes_of(store: Path) -> Path:
    """Where what was written to a store is kept, unless somebody says otherwise."""
    return store.with_name(store.name + ".writes")


class BadSettings(ValueError):
    """An option that cannot be served."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the service, for whichever command starts it."""
    default = Settings()

    def option(flag: str, kind: type, value: object, text: str) -> None:
        limits.add_argument(flag, type=kind, default=value, help=f"{text} (default: %(default)s)")

    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument("--socket", type=Path, help="Unix socket to listen on instead of host and port")
    limits = parser.add_argument_group("limits")
    option("--timeout", float, default.query_timeout, "seconds a query may run, and may wait")
    option("--workers", int, default.workers, "long queries answered at the same time")
    option("--quick-workers", int, default.quick_workers, "queries having their quick turn at the same time")
    option("--quick-seconds", float, default.quick_seconds, "seconds of the processor in the quick turn")
    option("--queue", int, default.queue, "queries that may wait")
    option("--max-query", int, default.max_query_bytes, "bytes of a query")
    option("--max-result", int, default.max_result_bytes, "bytes of an answer")
    option("--memory", int, default.memory_mb, "MiB a query may use beyond the store")
    option("--max-contribution", int, default.max_contribution_bytes, "bytes of a contribution to be judged")
    option("--judges", int, default.judges, "contributions judged at the same time")
    option("--cache", int, default.cache_bytes, "bytes of answers kept to be given again")
    option("--connections", int, default.connections, "open connections")
    option("--connections-per-client", int, default.connections_per_client, "open connections of one client")
    option("--head-seconds", float, default.head_seconds, "seconds for the head of a request")
    option("--min-rate", int, default.min_rate, "bytes a second at which bodies come and answers are read, at least")
    option("--rate", float, default.rate, "requests a second of one client in the long run, 0 for no limit")
    option("--burst", int, default.burst, "requests of one client at once")
    option("--max-update", int, default.max_update_bytes, "bytes of an update")
    option("--max-graph", int, default.max_graph_bytes, "bytes of a graph that is written")
    option("--max-remote", int, default.remote_bytes, "bytes of a remote answer")
    doors = parser.add_argument_group("who may do what")
    doors.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="address or network of a proxy whose X-Forwarded-For is believed; may be repeated",
    )
    doors.add_argument("--no-cors", action="store_true", help="no answers to scripts of other sites")
    doors.add_argument("--public-metrics", action="store_true", help="/metrics for everybody, not this machine only")
    doors.add_argument(
        "--writable", action="store_true", help="take SPARQL updates and graph store writes with a token"
    )
    doors.add_argument(
        "--token-file", type=Path, help=f"file that holds the token of writers (else the variable {TOKEN_VARIABLE})"
    )
    doors.add_argument(
        "--quarantine", type=Path, metavar="FOLDER", help="take contributions into this folder, to be reviewed"
    )
    about = "file with a line «ID TOKEN» for each contributor, ID being that of a record of type Contributor"
    doors.add_argument("--contributors", type=Path, metavar="FILE", help=about)
    doors.add_argument("--writes", type=Path, help="folder that keeps what is written (default: STORE.writes)")
    doors.add_argument(
        "--allow-remote",
        action="append",
        default=[],
        metavar="PREFIX",
        help="address that SERVICE, LOAD and FROM may call, as https://host/path; may be repeated",
    )
    doors.add_argument("--allow-private", action="store_true", help="private addresses too, which is for tests only")


def from_options(options: argparse.Namespace, store: Path) -> Settings:
    """The settings that the options name. Raises BadSettings, with the reason, and OSError for a token file."""
    token = None
    if options.writable:
        token = options.token_file.read_text("utf-8") if options.token_file else os.environ.get(TOKEN_VARIABLE, "")
        token = token.strip()
        if not _is_token(token):
            raise BadSettings(
                f"--writable needs a token of at least {_MIN_TOKEN} letters, digits and marks, in --token-file or in "
                f"the variable {TOKEN_VARIABLE}"
            )
    if bool(options.quarantine) != bool(options.contributors) or (options.quarantine and not options.writable):
        raise BadSettings(
            "--quarantine needs --contributors, who may send, and --writable, by whose token it is reviewed"
        )
    contributors = _contributors(options.contributors, token or "") if options.contributors else {}
    for proxy in options.trusted_proxy:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError as error:
            raise BadSettings(f"--trusted-proxy {proxy}: must be an address or a network of the Internet") from error
    for prefix in options.allow_remote:
        if not _ORIGIN.match(prefix) or "/../" in prefix:
            raise BadSettings(f"--allow-remote {prefix}: must be like https://host/, with the slash after the host")
    for name, least in (
        ("timeout", 0.01),
        ("workers", 1),
        ("quick_workers", 1),
        ("quick_seconds", 0.001),
        ("queue", 0),
        ("judges", 1),
        ("memory", 1),
        ("connections", 1),
        ("burst", 1),
    ):
        if getattr(options, name) < least:
            raise BadSettings(f"--{name.replace('_', '-')} must be at least {least}")
    return Settings(
        query_timeout=options.timeout,
        workers=options.workers,
        quick_workers=options.quick_workers,
        quick_seconds=options.quick_seconds,
        queue=options.queue,
        max_query_bytes=options.max_query,
        max_result_bytes=options.max_result,
        memory_mb=options.memory,
        max_contribution_bytes=options.max_contribution,
        judges=options.judges,
        cache_bytes=options.cache,
        cors=not options.no_cors,
        rate=options.rate,
        burst=options.burst,
        trusted_proxies=tuple(options.trusted_proxy),
        connections=options.connections,
        connections_per_client=options.connections_per_client,
        head_seconds=options.head_seconds,
        min_rate=options.min_rate,
        public_metrics=options.public_metrics,
        token=token,
        writes=(options.writes or writes_of(store)) if options.writable else None,
        quarantine=options.quarantine,
        contributors=contributors,
        max_update_bytes=options.max_update,
        max_graph_bytes=options.max_graph,
        allow_remote=tuple(options.allow_remote),
        allow_private=options.allow_private,
        remote_bytes=options.max_remote,
    )


def _is_token(token: str) -> bool:
    return len(token) >= _MIN_TOKEN and token.isascii() and token.isprintable() and " " not in token


def _contributors(file: Path, reviewer: str) -> dict[str, str]:
    """Token by id, from lines «ID TOKEN»; empty lines and those with # are passed over. Raises BadSettings."""
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        name, _, token = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        token = token.strip()
        if not _NAME.fullmatch(name) or not _is_token(token):
            raise BadSettings(f"{file}:{number}: must be an id and a token of at least {_MIN_TOKEN} letters and digits")
        if name == "reviewer":
            raise BadSettings(f"{file}:{number}: this id means whoever holds the token of the service")
        if name in found or token in (*found.values(), reviewer):
            raise BadSettings(f"{file}:{number}: this id or token is taken already")
        found[name] = token
    if not found:
        raise BadSettings(f"{file} names no contributor")
    return found
