"""The built store: a folder with the graph as sorted N-Quads, the same on disk for quick opening, and a manifest.

build/store -> store-<hash>/    a link, swapped in one step, so that readers see the old or the new, never half
    dump.nq         the accepted graph, sorted: the same input gives the same bytes
    dumps/          the same in parts, compressed, with checksums
    candidates.nq   what is unverified, kept out of the default view
    oxigraph/       the accepted graph, ready to be opened
    manifest.json   counts and hash
    report.json     what validation found
    report.html     the same for a person, with the counts and the quality of the graph
    names.txt       IRI and label of all that has one, sorted: what somebody may have meant or told already
"""

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

import pyoxigraph as ox

from solidarity_spectrum import dumps

if TYPE_CHECKING:
    from solidarity_spectrum.remote import Remote

DUMP, DUMPS, CANDIDATES, DATABASE = "dump.nq", "dumps", "candidates.nq", "oxigraph"
MANIFEST, REPORT, PAGE, NAMES = "manifest.json", "report.json", "report.html", "names.txt"
_LABELS = ("http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#prefLabel")
_LABELLED = re.compile(f"<([^>]*)> <(?:{'|'.join(_LABELS)})> " + r'"((?:[^"\\]|\\.)*)"')

RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
}


Place: TypeAlias = Union[Path, "Remote"]
"""Where a store is: a folder, or a server."""


class NoStore(Exception):
    """There is no built store where one is expected."""


def _check(folder: Path) -> Path:
    if not (folder / MANIFEST).is_file():
        raise NoStore(f"no store at {folder}: run «solidarity build» first")
    return folder.resolve()


def load_memory(folder: Place) -> ox.Store:
    """The accepted graph in memory: three to six times as fast to query as on disk. Raises NoStore."""
    if not isinstance(folder, Path):
        return folder.memory()
    store = ox.Store()
    # The dump was written by a build from parsed quads, so checking every IRI again would only cost time.
    store.bulk_load(path=str(_check(folder) / DUMP), format=ox.RdfFormat.N_QUADS, lenient=True)
    return store


def open_disk(folder: Place) -> ox.Store:
    """The accepted graph on disk, read-only: opens at once whatever its size. Raises NoStore.

    That of a server is the `Remote`, which answers `quads_for_pattern` as a store does, and `query` of this module.
    """
    if not isinstance(folder, Path):
        folder.manifest()
        return cast(ox.Store, folder)
    return ox.Store.read_only(str(_check(folder) / DATABASE))


def manifest(folder: Place) -> dict[str, Any]:
    """Counts and hash of a built store. Raises NoStore."""
    if not isinstance(folder, Path):
        return folder.manifest()
    try:
        result: dict[str, Any] = json.loads((_check(folder) / MANIFEST).read_text("utf-8"))
    except ValueError as error:
        raise NoStore(f"the store at {folder} is broken: run «solidarity build»") from error
    return result


def report(folder: Place) -> list[dict[str, Any]]:
    """What validation found in a built store. Raises NoStore."""
    text = (folder / REPORT).read_text("utf-8") if isinstance(folder, Path) else folder.text(REPORT)
    result: list[dict[str, Any]] = json.loads(text)
    return result


def names(place: Place | ox.Store) -> set[str]:
    """IRIs of all that has a label in a built store, or in one in memory. Raises NoStore."""
    return {iri for iri, _ in labels(place)}


def labels(place: Place | ox.Store) -> list[tuple[str, str]]:
    """IRI and label (as in N-Quads, without its language) of all that has a label in a built store, or in one in
    memory. Raises NoStore."""
    if isinstance(place, ox.Store):
        quads = (quad for label in _LABELS for quad in place.quads_for_pattern(None, ox.NamedNode(label), None, None))
        return sorted({match.groups() for quad in quads if (match := _LABELLED.match(f"{quad} ."))})  # type: ignore[misc]
    folder = place
    try:
        text = (_check(folder) / NAMES).read_text("utf-8") if isinstance(folder, Path) else folder.text(NAMES)
        lines = text.rstrip("\n").split("\n")
        return [(iri, label) for iri, label in (line.split("\t", 1) for line in lines)]
    except (FileNotFoundError, ValueError) as error:
        raise NoStore(f"the store at {folder} is of an older version: run «solidarity build»") from error


def query(store: ox.Store, text: str, result_format: str, union: bool = True) -> bytes:
    """Answer a SPARQL query over the union of all graphs, or, without `union`, over the dataset that it names.

    `result_format` is a key of RESULT_FORMATS (for SELECT and ASK) or of GRAPH_FORMATS (for CONSTRUCT and
    DESCRIBE). Raises SyntaxError for a query that is not SPARQL, ValueError for a format that does not fit.
    """
    if not isinstance(store, ox.Store):  # a Remote
        return cast("Remote", store).query(text, result_format, union)
    results = store.query(text, use_default_graph_as_union=union)
    if isinstance(results, ox.QueryTriples):
        if result_format not in GRAPH_FORMATS:
            raise ValueError(f"the answer is a graph: choose one of {', '.join(GRAPH_FORMATS)}")
        return results.serialize(format=GRAPH_FORMATS[result_format]) or b""
    if result_format not in RESULT_FORMATS:
        raise ValueError(f"the answer is a table: choose one of {', '.join(RESULT_FORMATS)}")
    return results.serialize(format=RESULT_FORMATS[result_format]) or b""


def sorted_lines(quads: Iterable[ox.Quad]) -> list[str]:
    """N-Quads lines in byte order, each with its line end."""
    return sorted({f"{quad} .\n" for quad in quads})


def _remove_abandoned(folder: Path) -> None:
    """Clear away what builds that were killed left half-written."""
    for left in folder.parent.glob(f"{folder.name}-*-*"):
        pid = left.name.partition(".")[0].rpartition("-")[2]
        if left.resolve() == folder.resolve() or not pid.isdigit():
            continue
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            left.unlink() if left.is_symlink() else shutil.rmtree(left, ignore_errors=True)
        except PermissionError:
            continue  # alive, and somebody else's


def write(
    folder: Path, dump: list[str], candidates: list[str], manifest: dict[str, Any], report: Any, page: str
) -> None:
    """Write a store beside the one in use, then swap. An interruption leaves the old one untouched.

    `folder` becomes a link to the new store; the one before it is removed after the swap.
    """
    if folder.is_dir() and not folder.is_symlink():
        raise FileExistsError(f"{folder} is a folder, not a link that a build made: move it away first")
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    fresh = folder.parent / f"{folder.name}-{manifest['hash'][:16]}-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        (fresh / DUMP).write_text("".join(dump), "utf-8")
        dumps.write(fresh / DUMPS, dump, fresh / DUMP)
        (fresh / CANDIDATES).write_text("".join(candidates), "utf-8")
        labelled = sorted({match.groups() for line in dump if (match := _LABELLED.match(line))})
        (fresh / NAMES).write_text("".join(f"{iri}\t{label}\n" for iri, label in labelled), "utf-8")
        (fresh / REPORT).write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
        (fresh / PAGE).write_text(page, "utf-8")
        disk = ox.Store(str(fresh / DATABASE))
        disk.bulk_load(path=str(fresh / DUMP), format=ox.RdfFormat.N_QUADS)
        disk.flush()
        del disk  # releases the lock, so that others can open it
        (fresh / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
        before = folder.resolve() if folder.is_symlink() else None
        link = fresh.with_suffix(".link")
        link.unlink(missing_ok=True)
        link.symlink_to(fresh.name)
        link.replace(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if before and before != fresh.resolve():
        shutil.rmtree(before, ignore_errors=True)
