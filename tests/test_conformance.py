"""Published suites, through our own pipeline: `make conformance`.

SUITES names the folder with `rdf-tests` and `data-shapes` (w3c/rdf-tests, w3c/data-shapes); the default is
`../shared/suites` beside the checkout.
"""

from pathlib import Path

import pytest

from solidarity_spectrum.validation.contribution import read
from tests.w3c import SUITES, needs_suites

SYNTAX = {"rdf-turtle": "ttl", "rdf-trig": "trig", "rdf-n-triples": "nt", "rdf-n-quads": "nq"}

pytestmark = needs_suites


def syntax_files(negative: bool) -> list[Path]:
    """The syntax tests by the suites' own naming: files with `bad` in their name must be refused."""
    files: list[Path] = []
    for folder, ending in SYNTAX.items():
        for file in sorted((SUITES / "rdf-tests" / "rdf" / "rdf11" / folder).glob(f"**/*.{ending}")):
            if ("-bad-" in file.name or "_bad_" in file.name) == negative and "manifest" not in file.name:
                files.append(file)
    return files


def test_the_suites_are_there():
    assert len(syntax_files(negative=True)) > 100 and len(syntax_files(negative=False)) > 300


@pytest.mark.parametrize("file", syntax_files(negative=True), ids=lambda file: file.name)
def test_invalid_files_are_refused_with_a_line(file: Path):
    findings = read(file.name, file.read_bytes(), file.suffix[1:]).findings
    assert findings[0].rule == "syntax" and findings[0].place.line
