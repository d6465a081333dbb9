"""Building the store: records → quads → what follows → shapes → a new store, swapped in whole or not at all."""

import fcntl
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from solidarity_spectrum import __version__, acceptance, links, quality, questions, reasoning, store, void, withdrawn
from solidarity_spectrum.findings import Finding, InputError, Place, violation
from solidarity_spectrum.loading import load
from solidarity_spectrum.records import (
    PROVENANCE,
    Compiled,
    Record,
    compile_records,
    context,
    graph_iri,
    read_records,
)
from solidarity_spectrum.records.yaml import read
from solidarity_spectrum.resources import BASE, DATA, ONTOLOGY, user_cache
from solidarity_spectrum.validation.shapes import finding, judge
from solidarity_spectrum.vocabulary import vocabulary
from solidarity_spectrum.withdrawn import Withdrawn

Progress = Callable[[str], None]
SOURCES = "sources.yaml"
_SHIPPED = (".py", ".yaml", ".ttl", ".csv", ".tsv", ".jsonld", ".rq")


@dataclass(slots=True)
class Built:
    """A build: the graph in memory, what came in, what was found, and whether it may be used."""

    graph: ox.Store
    compiled: Compiled
    inferred: int
    findings: list[Finding]
    counts: dict[str, Any]
    quality: list[quality.Measurement]

    @property
    def refused(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "violation"]


def read_data(folder: Path) -> Iterator[Record]:
    """Every record of a data folder: its YAML files, and the other files that its `sources.yaml` names.

    Raises InputError, with the findings of all broken files, after the last record, and for a folder in which an
    acceptance was cut off.
    """
    acceptance.check_whole(folder)
    findings: list[Finding] = []
    for file in sorted(folder.glob("*/**/*.yaml")):
        try:
            yield from read_records(file.read_bytes(), str(file))
        except InputError as error:
            findings += error.findings
    sources = folder / SOURCES
    if sources.exists():
        for entry in read(sources.read_bytes(), str(sources))[0]:
            try:
                for record in load(entry["loader"], [folder / entry["file"]]):
                    record.data = entry["defaults"] | record.data
                    yield record
            except InputError as error:
                findings += error.findings
            except FileNotFoundError:
                findings.append(_missing(sources, entry["file"]))
    if findings:
        raise InputError(findings)


def _missing(sources: Path, name: str) -> Finding:
    return violation("missing-file", Place(str(sources)), f"{name} is missing", f"{name} hiányzik")


def assemble(
    records: Iterable[Record],
    progress: Progress = lambda _: None,
    taken_out: Iterable[Withdrawn] = (),
    before: Iterable[ox.Quad] = (),
) -> Built:
    """Build the graph in memory: compile, reason, validate. Writes nothing.

    `taken_out` are the ids that no record may have any more, `before` quads of records that were compiled before.
    Raises InputError only where records cannot be read at all; everything else is a finding.
    """
    words = vocabulary()
    progress("reading records")
    everything = list(records)
    compiled = compile_records(everything, words.documented_relations())
    progress(f"{len(everything)} records read, {len(compiled.accepted)} quads")
    graph = ox.Store()
    graph.extend(words.quads())
    graph.extend(questions.quads())
    graph.extend(before)
    graph.extend(compiled.accepted)
    linked = links.materialise(graph)
    progress(f"{linked} links out; reasoning")
    inferred = reasoning.materialise(graph, progress)
    progress("validating")
    results = judge({quad.triple for quad in graph})
    said = {(found.focus, found.path) for found in compiled.findings}  # the reader named the cause already
    findings = compiled.findings + sorted(
        (finding(result, [compiled.locate]) for result in results if (result.focus, result.path) not in said),
        key=lambda f: (str(f.place), f.rule, f.value),
    )
    measured = quality.measure(graph, findings)
    graph.extend(quality.quads(measured))
    for item in taken_out:
        graph.extend(item.quads())
        if item.iri in compiled.nodes:
            findings.append(withdrawn.reused(item, compiled.locate(item.iri)))
    graph.extend(void.describe({quad.triple for quad in graph}))
    counts = _counts(everything, compiled, graph, inferred, linked, findings)
    return Built(graph, compiled, inferred, findings, counts, measured)


def _counts(
    records: list[Record], compiled: Compiled, graph: ox.Store, inferred: int, linked: int, findings: list[Finding]
) -> dict[str, Any]:
    kinds = Counter(str(record.data.get("type")) for record in records if isinstance(record.data, dict))
    statuses = Counter(str(record.data.get("status")) for record in records if isinstance(record.data, dict))
    return {
        "records": len(records),
        "records by type": dict(sorted(kinds.items())),
        "records by status": dict(sorted(statuses.items())),
        "quads": len(graph),
        "asserted": len(compiled.accepted),
        "inferred": inferred,
        "links out": linked,
        "candidates": len(compiled.candidates),
        "graphs": len(list(graph.named_graphs())),
        "findings": dict(sorted(Counter(f.severity for f in findings).items())),
    }


def build(data: Path = DATA, target: Path = Path("build/store"), progress: Progress = lambda _: None) -> Built:
    """Build the store from a data folder and swap it in.

    If anything is refused, nothing is written: the store in use stays as it is. Raises InputError where files
    cannot be read.
    """
    built = assemble(read_data(data), progress, withdrawn.read_withdrawn(data))
    if built.refused:
        return built
    _put(built, store.sorted_lines(built.compiled.candidates), target, progress)
    return built


def _put(built: Built, candidates: list[str], target: Path, progress: Progress) -> None:
    progress("writing")
    dump = store.sorted_lines(built.graph)
    digest = hashlib.sha256("".join(dump).encode()).hexdigest()
    manifest = {"version": __version__, "hash": digest, **built.counts}
    report = [asdict(finding) for finding in built.findings]
    page = quality.page(built.quality, built.counts, built.findings)
    store.write(target, dump, candidates, manifest, report, page)
    progress(f"{target}: {len(dump)} quads in {built.counts['graphs']} graphs, {digest[:16]}")


def extend(target: Path, records: Iterable[Record], progress: Progress = lambda _: None) -> Built:
    """Add records to a built store, which is swapped for one with them in; a record of the same name is replaced.

    What follows, links out and descriptions are made anew, and all is judged. If anything is refused, the store stays
    as it was. The next `build` knows nothing of these records. Raises NoStore if there is no store, InputError where
    records cannot be read.
    """
    store.manifest(target)
    everything = list(records)
    new = {ox.NamedNode(graph_iri(record.name)) for record in everything}
    held = ox.parse(path=str(target / store.DUMP), format=ox.RdfFormat.N_QUADS, lenient=True)
    before = _without((quad for quad in held if quad.graph_name not in _MADE), new)
    held = ox.parse(path=str(target / store.CANDIDATES), format=ox.RdfFormat.N_QUADS, lenient=True)
    aside = _without(held, new)
    out = {str(quad.subject).strip("<>") for quad in before if quad.graph_name == withdrawn.GRAPH}
    built = assemble(everything, progress, (), before)
    for iri in sorted(out & built.compiled.nodes.keys()):
        place = built.compiled.locate(iri) or Place(str(target))
        built.findings.append(violation("withdrawn", place, f"{iri} was taken out", f"{iri} el lett távolítva", iri))
    if built.refused:
        return built
    whole = {*before, *built.compiled.accepted, *aside, *built.compiled.candidates}
    for key, term in (("records by type", None), ("records by status", _STATUS)):
        built.counts[key] = dict(sorted(_counted(whole, term).items()))
    built.counts["records"] = sum(built.counts["records by type"].values())
    built.counts["asserted"] += len(before)
    candidates = store.sorted_lines([*aside, *built.compiled.candidates])
    built.counts["candidates"] = len(candidates)
    _put(built, candidates, target, progress)
    return built


_STATUS = ox.NamedNode(BASE + "ontology#status")
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_MADE = {
    ox.NamedNode(f"{BASE}graph/{name}")
    for name in ("ontology", "vocabularies", "shapes", "questions", "inferred", "links", "void", "quality")
}
"""Graphs that every build makes anew."""


def _without(quads: Iterable[ox.Quad], graphs: set[ox.NamedNode]) -> list[ox.Quad]:
    """Quads that are not of some records: neither of their graphs, nor of their provenance."""
    kept: list[ox.Quad] = []
    starts = {graph.value for graph in graphs}
    for quad in quads:
        about = quad.subject.value.partition("#source-")[0] if isinstance(quad.subject, ox.NamedNode) else ""
        if quad.graph_name not in graphs and not (quad.graph_name == PROVENANCE and about in starts):
            kept.append(quad)
    return kept


def _counted(quads: set[ox.Quad], term: ox.NamedNode | None) -> Counter[str]:
    """How many of the records that these quads are have each status (`term`) or each type (None)."""
    told: Counter[str] = Counter()
    main: dict[Any, Any] = {
        quad.subject: quad.object
        for quad in quads
        if quad.graph_name == PROVENANCE
        and quad.predicate.value == "http://xmlns.com/foaf/0.1/primaryTopic"
        and not str(quad.subject).endswith("--unverified>")  # a part of a record, not one
    }
    names = {iri: name for name, iri in context().classes.items()}
    for quad in quads:
        if term and quad.predicate == term and quad.subject in main:
            told[str(quad.object).strip("<>").rpartition("/")[2]] += 1
        elif not term and quad.predicate == _TYPE and main.get(quad.graph_name) == quad.subject:
            told[names.get(str(quad.object).strip("<>"), "")] += 1
    return told


def shipped_folder() -> Path:
    """Where `shipped` keeps its store. What is shipped, data or program, gives the folder its name, so that another
    version has its own."""
    digest = hashlib.sha256()
    for folder in (Path(str(files(__package__))), DATA, ONTOLOGY):
        for file in sorted(file for file in folder.rglob("*") if file.suffix in _SHIPPED):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return user_cache() / digest.hexdigest()[:16] / "store"


def shipped(progress: Progress = lambda _: None) -> Path:
    """A store of the shipped data in the cache folder of the user, for who has built none; built the first time.

    Who finds it being built waits. Raises InputError or NoStore if it cannot be built, OSError if not written.
    """
    target = shipped_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / store.MANIFEST).is_file():
            progress(f"building the graph once, into {target.parent}")
            if build(DATA, target, progress).refused:
                raise store.NoStore("the shipped data cannot be built: run «solidarity build» to see why")
    return target
