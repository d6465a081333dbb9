"""The wheel alone, installed in an empty folder, does the main job."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_the_wheel_alone_does_the_main_job(tmp_path: Path):
    """Built from a copy of the tracked files, installed beside this environment's libraries, run from nowhere near."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    source = tmp_path / "source"
    for name in filter(None, files.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path / "dist"), str(source)], check=True
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    # The libraries come from this environment, so that the test needs no registry; the package itself does not.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "libraries.pth").write_text(libraries)
    empty = tmp_path / "empty"
    empty.mkdir()
    python = [str(tmp_path / "venv" / "bin" / "python"), "-m", "solidarity_spectrum"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SOLIDARITY"))}

    def run(*arguments: str) -> str:
        done = subprocess.run([*python, *arguments], cwd=empty, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = subprocess.run([python[0], "-c", "import solidarity_spectrum as s; print(s.__file__)"], cwd=empty,
                           env=environment, capture_output=True, text=True).stdout  # fmt: skip
    assert where.startswith(str(tmp_path)), "the installed package, not the checkout"
    run("build")
    assert (empty / "build" / "store" / "dump.nq").stat().st_size > 1_000_000
    assert "C-821/19" in run("query", "rhetoric-to-outcome", "--param", "jurisdiction=hungary")
    assert "353/A" in run("explain", "hu-btk-353a")
