"""Writing what a loader yields: checked as it goes, in constant memory, whole or not at all."""

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from solidarity_spectrum.findings import Finding, InputError
from solidarity_spectrum.records import Compiled, Record, compile_records, yaml
from solidarity_spectrum.vocabulary import vocabulary

FORMATS = ("yaml", "nq")
_AT_ONCE = 500
_EVERY = 10_000


def write(
    records: Iterable[Record],
    head: dict[str, Any],
    out: Path | None,
    shape: str = "yaml",
    warn: Callable[[Finding], None] = lambda finding: None,
    progress: Callable[[str], None] = lambda text: None,
) -> Counter[str]:
    """Write records as a YAML document (`yaml`), or the quads of those that are accepted (`nq`).

    `head` holds the keys that all records share. The file is replaced when everything is there; without `out`, all
    goes to standard output then. Returns the number of records by status. Raises InputError for a record that the
    compiler refuses; then nothing is written.
    """
    folder = out.resolve().parent if out else None
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".solidarity-", delete=False) as file:
        try:
            counts = _write(records, head, file, shape, warn, progress)
            file.flush()
            if out:
                Path(file.name).chmod(0o644)
                Path(file.name).replace(out)
            else:
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()
        finally:
            Path(file.name).unlink(missing_ok=True)
    return counts


def _write(
    records: Iterable[Record],
    head: dict[str, Any],
    file: IO[bytes],
    shape: str,
    warn: Callable[[Finding], None],
    progress: Callable[[str], None],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    if shape == "yaml":
        file.write((yaml.dump(head) + "records:\n").encode())
    for batch in batches(iter(records)):
        compiled = compile_batch(batch, head)
        for finding in compiled.findings:
            warn(finding)
        if shape == "yaml":
            for record in batch:
                file.write(yaml.dump([record.data]).encode())
        else:
            file.write("".join(f"{quad} .\n" for quad in compiled.accepted).encode())
        before = counts.total()
        counts.update(str(record.data.get("status")) for record in batch)
        if before // _EVERY < counts.total() // _EVERY:
            progress(f"{counts.total()} records")
    return counts


def compile_batch(batch: list[Record], head: dict[str, Any]) -> Compiled:
    """The quads of some records with the keys that all share. Raises InputError for a record that is refused."""
    whole = [Record(head | record.data, record.file, record.places, record.base) for record in batch]
    compiled = compile_records(whole, vocabulary().documented_relations())
    if refused := [finding for finding in compiled.findings if finding.severity == "violation"]:
        raise InputError(refused)
    return compiled


def batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    """The same in lists, so that compiling is quick and memory flat."""
    while batch := list(islice(records, _AT_ONCE)):
        yield batch
