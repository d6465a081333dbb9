"""Counts for Prometheus, in its text format, version 0.0.4.

Own code: the client library keeps locks, process collectors and registries for what is a few dictionaries here.
Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import resource
from collections.abc import Iterable
from pathlib import Path

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = tuple[tuple[str, str], ...]


def _labels(labels: Labels) -> str:
    escaped = ((name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for name, value in labels)
    text = ",".join(f'{name}="{value}"' for name, value in escaped)
    return f"{{{text}}}" if text else ""


class Counter:
    """A number that only grows, for each set of labels."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._values: dict[Labels, float] = {}

    def add(self, amount: float = 1, **labels: str) -> None:
        key = tuple(labels.items())
        self._values[key] = self._values.get(key, 0) + amount

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self._text}"
        yield f"# TYPE {self.name} counter"
        for key, value in sorted(self._values.items()):
            yield f"{self.name}{_labels(key)} {value:g}"


class Histogram:
    """How long something took, in seconds, for each set of labels."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._values: dict[Labels, list[float]] = {}

    def add(self, seconds: float, **labels: str) -> None:
        counts = self._values.setdefault(tuple(labels.items()), [0.0] * (len(_BOUNDS) + 2))
        counts[-1] += seconds
        counts[-2] += 1
        for place, bound in enumerate(_BOUNDS):
            counts[place] += seconds <= bound

    def lines(self) -> Iterable[str]:
        yield f"# HELP {self.name} {self._text}"
        yield f"# TYPE {self.name} histogram"
        for key, counts in sorted(self._values.items()):
            for bound, count in zip((*_BOUNDS, "+Inf"), counts, strict=False):
                yield f"{self.name}_bucket{_labels((*key, ('le', f'{bound}')))} {count:g}"
            yield f"{self.name}_sum{_labels(key)} {counts[-1]:g}"
            yield f"{self.name}_count{_labels(key)} {counts[-2]:g}"


class Metrics:
    """All that this service counts."""

    def __init__(self) -> None:
        self.requests = Counter("solidarity_requests_total", "Requests answered, by method and status.")
        self.seconds = Histogram("solidarity_request_seconds", "From the head of a request to the end of its answer.")
        self.queries = Counter("solidarity_queries_total", "Queries that ended, by outcome.")
        self.query_seconds = Histogram("solidarity_query_seconds", "Evaluation of queries, without the wait, by lane.")
        self.judgements = Counter("solidarity_judgements_total", "Contributions judged, or not, by outcome.")
        self.workers_ended = Counter("solidarity_workers_ended_total", "Workers that ended, by reason.")
        self.writes = Counter("solidarity_writes_total", "Writes that ended, by outcome.")
        self.refused = Counter("solidarity_refused_total", "Requests and connections refused unheard, by reason.")
        self.builds = Counter("solidarity_builds_total", "Builds loaded and taken over, or not, by outcome.")

    def text(self, gauges: Iterable[tuple[str, str, float]], build: str) -> str:
        """Everything counted, with the gauges given as (name, help, value)."""
        lines = ["# HELP solidarity_build_info The build that is served.", "# TYPE solidarity_build_info gauge"]
        lines.append(f"solidarity_build_info{_labels((('build', build),))} 1")
        for name, text, value in (*gauges, *_process()):
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value:g}"]
        for item in vars(self).values():
            lines += item.lines()
        return "\n".join(lines) + "\n"


def _process() -> Iterable[tuple[str, str, float]]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield "process_cpu_seconds_total", "Processor time of the front.", used.ru_utime + used.ru_stime
    if Path("/proc/self/statm").exists():
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        yield "process_resident_memory_bytes", "Memory of the front.", pages * resource.getpagesize()
        yield "process_open_fds", "Open files of the front.", len(list(Path("/proc/self/fd").iterdir()))
