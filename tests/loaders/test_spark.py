"""The loaders on a cluster of separate worker processes give the quads that one process gives."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "Web ID,Region of Incident,Reported Date,Reported Year,Reported Month,Number Dead,Cause of Death,URL\n"


def _java() -> str:
    """The version line of the Java that Spark would start, or "" if there is none."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    return subprocess.run([java, "-version"], capture_output=True, text=True).stderr if java else ""


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(not _java(), reason="Spark needs Java: apt-get install openjdk-17-jre-headless"),
]


def solidarity(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "solidarity_spectrum", "load", "missing-migrants", *arguments]
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    return subprocess.run(
        [*command, "--recorded", "2026-11-26"], capture_output=True, text=True, timeout=280, env=environment
    )


def test_a_cluster_gives_the_same_quads(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for file in range(3):
        rows = [f"{file}{row},Mediterranean,2{row % 9}-Oct-19,2019,Oct,{row + 1},Drowning,\n" for row in range(20)]
        (folder / f"{file}.csv").write_text(HEADER + "".join(rows))
    out = tmp_path / "quads"
    done = solidarity(str(folder), "--spark", "local-cluster[2,1,1024]", "--out", str(out))
    assert done.returncode == 0, done.stderr
    parts = sorted(out.glob("part-*"))
    assert len(parts) == 3
    alone = solidarity(str(folder), "--format", "nq").stdout
    assert sorted("".join(part.read_text() for part in parts).splitlines()) == sorted(alone.splitlines())
    # What stops one machine stops a cluster, and nothing is written: here an id that stands in two files.
    (folder / "3.csv").write_text(HEADER + "10,Mediterranean,20-Oct-19,2019,Oct,1,Drowning,\n")
    refused = tmp_path / "refused"
    done = solidarity(str(folder), "--spark", "local[2]", "--out", str(refused))
    assert done.returncode == 2 and "stands twice" in done.stderr and "3.csv:2" in done.stderr
    assert not refused.exists()
    assert solidarity(str(folder), "--spark", "local[2]", "--out", str(out)).returncode == 2
