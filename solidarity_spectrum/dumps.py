"""Dumps of a build: the whole graph and its parts, as N-Quads, plain and gzipped, with checksums.

dumps/
    solidarity-spectrum.nq   everything
    NAME.nq                  a part: a kind of records (Statement, Case ...) with their provenance, or a graph of the
                             program (ontology, shapes, inferred ...); together the parts are the whole
    NAME.nq.gz               the same, compressed; equal input gives equal bytes
    SHA256SUMS               of all of them, for `sha256sum --check`
"""

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from solidarity_spectrum.resources import BASE

WHOLE, SUMS = "solidarity-spectrum", "SHA256SUMS"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_TOPIC = "<http://xmlns.com/foaf/0.1/primaryTopic>"
_GRAPHS = BASE + "graph/"
_PROVENANCE = "provenance"


def _graph(line: str) -> str:
    """The name of the graph of an N-Quads line: what follows `graph/`."""
    return line[line.rindex(" <") + 2 : line.rindex("> .")].removeprefix(_GRAPHS)


def parts(lines: Iterable[str]) -> dict[str, list[str]]:
    """Lines of N-Quads by the part they belong to, in their order. What is said of a record goes with its kind."""
    lines = list(lines)
    topics = {}
    for line in lines:
        if f" {_TOPIC} " in line:
            record, _, topic, _ = line.split(" ", 3)
            topics[record[1:-1].removeprefix(_GRAPHS)] = topic
    kinds: dict[str, str] = {}
    for line in lines:
        if f" {_TYPE} " in line and topics.get(graph := _graph(line)) == line.partition(" ")[0]:
            kinds.setdefault(graph, line.split(" ", 3)[2].strip("<>").rpartition("#")[2].rpartition("/")[2])
    found: dict[str, list[str]] = {}
    for line in lines:
        graph = _graph(line)
        if graph == _PROVENANCE:
            record = line.partition(" ")[0][1:-1].partition("#")[0].removeprefix(_GRAPHS)
            name = kinds.get(record, graph)
        else:
            name = kinds.get(graph, graph if graph.isascii() and graph.replace("-", "").isalnum() else "other")
        found.setdefault(name, []).append(line)
    return found


def write(folder: Path, lines: list[str], whole: Path) -> None:
    """Write the dumps of sorted N-Quads lines into a new folder; `whole` is the file that holds them already."""
    folder.mkdir()
    os.link(whole, folder / f"{WHOLE}.nq")
    for name, part in parts(lines).items():
        (folder / f"{name}.nq").write_text("".join(part), "utf-8")
    sums = []
    for file in sorted(folder.glob("*.nq")):
        packed = file.with_name(file.name + ".gz")
        # No name and no time inside, so that the same build gives the same bytes.
        with (
            file.open("rb") as source,
            packed.open("wb") as target,
            gzip.GzipFile("", "wb", compresslevel=6, fileobj=target, mtime=0) as output,
        ):
            shutil.copyfileobj(source, output, 2**20)
        for made in (file, packed):
            with made.open("rb") as content:
                sums.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {made.name}\n")
    (folder / SUMS).write_text("".join(sums), "ascii")


def read_sums(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and SHA-256, in hexadecimal, of each file; nothing if a store has no dumps."""
    file = folder / SUMS
    if file.is_file():
        for line in file.read_text("ascii").splitlines():
            digest, _, name = line.partition("  ")
            yield name, digest
