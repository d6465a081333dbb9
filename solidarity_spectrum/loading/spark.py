"""The same loaders on many machines: one task per file, through Apache Spark.

Every worker needs this package, the files under the same paths, and Python's `pyspark` of the cluster's version.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from solidarity_spectrum.findings import Finding, InputError, Place
from solidarity_spectrum.loading.description import describe
from solidarity_spectrum.loading.inputs import Index, Input, refuse, walk
from solidarity_spectrum.loading.run import Tally, read_file
from solidarity_spectrum.loading.write import batches, compile_batch
from solidarity_spectrum.records import Record

Stub = tuple[dict[str, Any], str, tuple[int, int]]
"""What the tally needs of a record: its name, type and filled keys, its file, and its line and column."""


def load(
    master: str,
    source: str,
    paths: Iterable[Path],
    head: dict[str, Any],
    out: Path,
    index: Index | None = None,
    chosen: Mapping[str, str] | None = None,
) -> int:
    """Write what files of a source become as N-Quads into a new folder, in parts: the same quads as on one machine.

    `master` is the address of the cluster (`spark://host:7077`, or `local[4]`). Returns the number of records. Raises
    ImportError without pyspark, FileExistsError if the folder is there, and what `loading.load` raises; the folder is
    made only when everything is right.
    """
    from pyspark import SparkConf, SparkContext, StorageLevel  # type: ignore[import-not-found, unused-ignore]

    if out.exists():
        raise FileExistsError(f"{out} exists: name a new folder")
    description = describe(source).choose(chosen or {})
    files = [_plain(item) for item in walk(paths, description.files)]
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkContext(conf=SparkConf().setMaster(master).setAppName(f"solidarity load {source}"))
    try:
        spark.setLogLevel("ERROR")
        task = partial(_records, source, dict(chosen or {}), head, spark.broadcast(index))
        found = spark.parallelize(files, max(len(files), 1)).flatMap(task).persist(StorageLevel.DISK_ONLY)
        tally = Tally(description)
        count = 0
        for stubs, findings in found.map(lambda part: part[:2]).toLocalIterator():
            if findings:
                raise InputError(findings)
            for data, file, place in stubs:
                tally.take(Record(data, file, {(): place}))
                count += 1
        tally.done(Place(files[-1] if files else source), lambda finding: None)
        found.map(lambda part: part[2]).saveAsTextFile(out.resolve().as_uri())
        return count
    finally:
        spark.stop()


def _plain(item: Input) -> str:
    if not item.path.is_file() or item.name != str(item.path):
        en, hu = "a cluster reads files and folders: unpack it first", "a fürt fájlokat olvas: csomagolja ki előbb"
        raise refuse("syntax", item.place(), en, hu)
    return str(item.path.resolve())


def _records(
    source: str, chosen: dict[str, str], head: dict[str, Any], index: Any, file: str
) -> Iterator[tuple[list[Stub], list[Finding], str]]:
    """One file on a worker, in parts: what the tally needs, findings that stop it, and quads."""
    description = describe(source).choose(chosen)
    shares = description.assertions.get("filled", {}).values()
    kept = {"id", "record", "type", *(key for share in shares for key in share)}
    try:
        for batch in batches(read_file(Input(Path(file), index=index.value), description)):
            quads = "\n".join(f"{quad} ." for quad in compile_batch(batch, head).accepted)
            yield [_stub(record, kept) for record in batch], [], quads
    except InputError as error:
        yield [], error.findings, ""


def _stub(record: Record, kept: set[str]) -> Stub:
    place = record.place()
    return {key: record.data[key] for key in kept & record.data.keys()}, record.file, (place.line, place.column)
