"""Judging in people's workflow: the hook and the recipes, tried on a repository of contributed data."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import junitparser
import pytest
import yaml

from solidarity_spectrum import build
from solidarity_spectrum.store import NoStore
from tests.conftest import ROOT
from tests.test_validation import GOOD_YAML

RECIPES = (ROOT / "docs" / "contributing-data.md").read_text("utf-8")
HOOKS = ROOT / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
PRE_COMMIT = [sys.executable, "-m", "pre_commit"]
Call = Callable[..., tuple[int, str]]


def recipe(text: str) -> dict[str, object]:
    """The recipe that holds a text, as YAML."""
    (block,) = [block for block in re.findall(r"```yaml\n(.*?)```", RECIPES, re.DOTALL) if text in block]
    read: dict[str, object] = yaml.safe_load(block)
    return read


@pytest.fixture
def call(tmp_path: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command in a new repository with the folder «data», as one who has never built anything but once."""
    cache = tmp_path / "cache"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "SOLIDARITY"))}
    environment |= {
        "XDG_CACHE_HOME": str(cache),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }
    environment |= {"PRE_COMMIT_HOME": str(tmp_path / "hooks")}
    repository = tmp_path / "repository"
    (repository / "data").mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    target = build.shipped_folder()
    target.parent.mkdir(parents=True)
    target.symlink_to(store_folder)

    def run(*command: str, status: int | None = None) -> tuple[int, str]:
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, timeout=120)
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    run("git", "init", "-q", status=0)
    for name, value in (("user.name", "A. Contributor"), ("user.email", "a@example.org")):
        run("git", "config", name, value, status=0)
    return run


def test_the_hook_stops_a_commit_that_would_not_be_taken_in(call: Call, tmp_path: Path):
    (hook,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    call(*PRE_COMMIT, "validate-manifest", str(HOOKS), status=0)
    repository = tmp_path / "repository"
    # As it stands, except that what would be installed from the repository is installed already.
    local = {"repo": "local", "hooks": [{**hook, "language": "system"}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [local]}))
    call(*PRE_COMMIT, "install", status=0)
    data = repository / "data" / "mine.yaml"
    data.write_text(GOOD_YAML)
    call("git", "add", ".", status=0)
    _, told = call("git", "commit", "-m", "good", status=0)
    assert "Passed" in told
    (repository / "data" / "other.yaml").write_text(GOOD_YAML.replace("statement-test", "statement-other"))
    data.write_text(GOOD_YAML.replace("viktor-orban", "viktor-orbn"))
    call("git", "add", ".", status=0)
    _, told = call("git", "commit", "-m", "bad", status=1)
    assert "data/mine.yaml:8:3: error" in told and "Failed" in told
    data.write_text(GOOD_YAML)
    (repository / "README.md").write_text("not data")
    call("git", "add", ".", status=0)
    call("git", "commit", "-m", "mended", status=0)


def test_the_recipe_of_the_hook_names_it():
    (repository,) = recipe("repos:")["repos"]  # type: ignore[misc]
    (known,) = yaml.safe_load(HOOKS.read_text("utf-8"))
    assert [hook["id"] for hook in repository["hooks"]] == [known["id"]]  # type: ignore[index]


def test_the_workflow_of_github_reports_beside_the_lines(call: Call, tmp_path: Path):
    steps = recipe("upload-sarif")["jobs"]["validate"]["steps"]  # type: ignore[index]
    (command,) = [step["run"] for step in steps if step.get("run", "").startswith("solidarity ")]
    (upload,) = [step for step in steps if "upload-sarif" in step.get("uses", "")]
    assert upload["if"] == "always()"
    repository = tmp_path / "repository"
    (repository / "data" / "mine.yaml").write_text(GOOD_YAML.replace("viktor-orban", "viktor-orbn"))
    call("bash", "-e", "-c", command, status=1)
    (result,) = json.loads((repository / upload["with"]["sarif_file"]).read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/mine.yaml" and place["region"]["startLine"] == 8
    (repository / "data" / "mine.yaml").write_text(GOOD_YAML)
    call("bash", "-e", "-c", command, status=0)


def test_the_job_of_gitlab_reports_among_the_tests(call: Call, tmp_path: Path):
    job = recipe("junit")["validate"]
    repository = tmp_path / "repository"
    (repository / "data" / "mine.yaml").write_text(GOOD_YAML.replace("viktor-orban", "viktor-orbn"))
    script = "\n".join(job["script"])  # type: ignore[index]
    call("bash", "-e", "-c", script, status=1)
    artifacts = job["artifacts"]  # type: ignore[index]
    (page,) = artifacts["paths"]
    assert "<mark>" in (repository / page).read_text()
    suites = junitparser.JUnitXml.fromfile(str(repository / artifacts["reports"]["junit"]))
    assert [case.name for suite in suites for case in suite if case.result] == ["Statement-speaker"]


def test_who_has_built_nothing_is_judged_by_the_shipped_graph_built_once(
    tmp_path: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    from solidarity_spectrum import cli

    built = []

    def build_once(data: Path, target: Path, progress: Callable[[str], None]) -> build.Built:
        built.append(target)
        target.symlink_to(store_folder)
        return build.Built(None, None, 0, [], {}, [])  # type: ignore[arg-type]

    monkeypatch.setattr(build, "build", build_once)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOLIDARITY_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD_YAML)
    for _ in range(2):
        assert cli.main(["validate", "good.yaml"]) == 0
    assert built == [build.shipped_folder()] and built[0].is_relative_to(tmp_path / "cache")
    assert "building the graph once" in capfd.readouterr().err
    monkeypatch.setenv("SOLIDARITY_STORE", str(tmp_path / "none"))
    assert cli.main(["validate", "good.yaml"]) == 2 and "solidarity build" in capfd.readouterr().err


def test_a_graph_that_cannot_be_built_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from solidarity_spectrum.findings import Place, violation

    refused = build.Built(None, None, 0, [violation("id", Place("x"), "bad", "rossz")], {}, [])  # type: ignore[arg-type]
    monkeypatch.setattr(build, "build", lambda *_: refused)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoStore):
        build.shipped()
