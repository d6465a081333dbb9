"""What the tests of the loaders for law and cases share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from solidarity_spectrum.loading import load
from solidarity_spectrum.records import Record, compile_records
from solidarity_spectrum.vocabulary import vocabulary

FIXTURES = Path(__file__).parent / "fixtures"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
DAY = {"recorded": "2026-11-26", "recordedBy": "solidarity-spectrum-project"}


def sample(name: str) -> Path:
    """A real file of a source. Skips the test where it is not at hand."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the real extracts are not here: {path}")
    return path


def records(
    source: str, *paths: Path, index: dict[tuple[str, str], list[tuple[str, str]]] | None = None
) -> list[Record]:
    """What a loader makes of files, given what the graph holds. Every record must be one that the compiler takes."""
    found = list(load(source, paths, index=index or {}))
    made = compile_records(
        [Record(DAY | each.data, each.file, each.places) for each in found], vocabulary().documented_relations()
    )
    refused = [finding for finding in made.findings if finding.severity == "violation"]
    assert not refused, [f"{finding.place}: {finding.message()}" for finding in refused]
    return found


def named(found: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """The data of records by the name of their graph."""
    return {record.name: record.data for record in found}
