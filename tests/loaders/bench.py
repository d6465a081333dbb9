"""Speed and memory of the loaders on 1, 10 and 100 times the real samples: `make bench-loaders`.

A sample is grown by renaming: each copy has other identifiers, in files of their own or, for tables, in one file. What
is printed for each loader and size: records and quads, seconds of the processor, both by second, the peak memory of the
process, and the time by ten times that of the size before, and the memory by that of the size before: 1 is linear time
and flat memory.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(os.environ.get("SAMPLES", Path(__file__).parents[3] / "shared" / "samples"))
SIZES = (1, 10, 100)
_RUN = "import sys; from solidarity_spectrum.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class Sample:
    """Files of a source, and what makes their identifiers others.

    `names` are patterns; the last run of digits in a match is counted up, by `step` for each copy, in file names too.
    `table` puts the rows of all copies in one file. `beside` are files that go along without growing.
    """

    source: str
    files: Sequence[str]
    names: Sequence[str]
    step: int = 1_000_000
    table: bool = False
    beside: Sequence[str] = ()

    def grow(self, folder: Path, times: int) -> None:
        """Write the sample, `times` as large, into a folder."""
        pattern = re.compile("|".join(f"(?:{name})" for name in self.names), re.MULTILINE)
        for number, name in enumerate(self.files):
            path = SAMPLES / name
            text = path.read_text("utf-8-sig")
            if self.table:
                head, _, rows = text.partition("\n")
                grown = head + "\n" + "".join(self._rename(rows.rstrip("\n") + "\n", pattern, n) for n in range(times))
                (folder / path.name).write_text(grown, "utf-8")
                continue
            for n in range(times):
                copy = self._rename(path.name, pattern, n)
                copy = f"{n}-{number}-{copy}" if n and copy == path.name else copy
                (folder / copy).write_text(self._rename(text, pattern, n), "utf-8")
        for name in self.beside:
            shutil.copy(SAMPLES / name, folder)

    def _rename(self, text: str, pattern: re.Pattern[str], n: int) -> str:
        def other(match: re.Match[str]) -> str:
            return re.sub(
                r"\d+(?=\D*\Z)", lambda digits: str(int(digits[0]) + n * self.step).zfill(len(digits[0])), match[0]
            )

        return pattern.sub(other, text) if n else text


CATALOGUE = [
    Sample(
        "parlamint",
        ["parlamint-hu/ParlaMint-HU_2018-06-25.xml"],
        [r"ParlaMint-HU_\d{4}"],
        1,
        beside=["parlamint-hu/ParlaMint-HU.xml"],
    ),
    Sample(
        "hudoc",
        ["hudoc/hudoc-columns.json"],
        [r'"itemid": "\d+-\d+', r'(?<="ecli": ")[^"]*[A-Z]\d{7}', r'(?<=[";])\d+(?=/\d\d[";])'],
        400,
    ),
    Sample("hudoc-exec", ["hudoc-exec/93376.json"], [r'"_id": "\d+']),
    Sample("cjeu", ["cjeu/cjeu-cases.csv"], [r"C-\d+(?=/)", r"ECLI:EU:C:\d+:\d+", r"\d{5}C[A-Z]\d{4}"], 89, table=True),
    Sample(
        "federal-register",
        ["us-federal-register/fr_executive_orders_donald-trump.json"],
        [r'"document_number": "\d+-\d+', r'"executive_order_number": \d+', r"\d+ FR \d+"],
        100,
    ),
    Sample(
        "rechtspraak", ["ecli-rechtspraak/ECLI.NL.CRVB.2014.355.xml"], [r"ECLI:NL:CRVB:2014:\d+", r"12-\d+ AW"], 1000
    ),
    Sample("un-treaty-bodies", ["un-treaty-bodies/record_0000.json"], [r"\b429(?=/2010)"], 1000),
    Sample(
        "unvotes",
        ["un-votes/un_votes.csv", "un-votes/un_roll_calls.csv"],
        [r"^\d+(?=,)", r"RES/\d+/\d+", r"R/\d+/\d+"],
        table=True,
    ),
    Sample("un-digital-library", ["un-votes/undl_voting_record.marcxml.xml"], [r'tag="001">\d+', r"A/RES/ES-10/\d+"]),
    Sample(
        "missing-migrants",
        ["missing-migrants/MissingMigrants-Global-2019-11-04.subset.csv"],
        [r"^\d+(?=,)"],
        table=True,
    ),
    Sample("crossref", ["bibliographic/crossref_work-list.json"], [r'"DOI": "10\.1093/obo/\d+-\d+']),
    Sample("bibliography", ["bibliographic/crossref_transform.bib"], [r"DOI=\{[^}]*(?=\})"]),
]


def main() -> None:
    print("| loader | size | records | quads | seconds | records/s | quads/s | MB | time | memory |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    chosen = sys.argv[1:]
    for sample in CATALOGUE:
        if chosen and sample.source not in chosen:
            continue
        before: tuple[int, float, float] | None = None
        for times in SIZES:
            with tempfile.TemporaryDirectory() as made:
                folder, out = Path(made) / "files", Path(made) / "out.nq"
                folder.mkdir()
                sample.grow(folder, times)
                seconds, memory, records = run(sample, folder, out)
                quads = sum(1 for _ in out.open("rb"))
            step = " | "
            if before:
                step = f"{seconds / before[1] / (times / before[0]):.2f} | {memory / before[2]:.2f}"
            print(
                f"| {sample.source} | {times} | {records} | {quads} | {seconds:.2f} | {records / seconds:.0f} | "
                f"{quads / seconds:.0f} | {memory:.0f} | {step} |",
                flush=True,
            )
            before = (times, seconds, memory)


def run(sample: Sample, folder: Path, out: Path) -> tuple[float, float, int]:
    """Seconds of processor, peak memory in MB, and the number of records of one load in a process of its own."""
    command = [sys.executable, "-c", _RUN, "load", sample.source, str(folder)]
    process = subprocess.Popen(
        [*command, "--format", "nq", "--out", str(out), "--recorded", "2026-01-01"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{sample.source}: {said.strip()[-500:]}")
    counted = re.findall(r"^(\d+) records \(", said, re.MULTILINE)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(counted[-1])


if __name__ == "__main__":
    main()
