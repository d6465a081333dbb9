"""The documents say what is true: their commands run and print what they show, their links and numbers hold."""

import argparse
import importlib.util
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pyoxigraph as ox
import pytest

from solidarity_spectrum import __version__, guard, questions
from solidarity_spectrum.records import context, yaml
from solidarity_spectrum.resources import BASE, ONTOLOGY
from solidarity_spectrum.service.settings import add_options
from solidarity_spectrum.validation import validate_files
from tests import test_questions

ROOT = Path(__file__).parent.parent
# A README of a loader travels with the package; the others are read in the repository.
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("loaders/*/README.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = 8000
"""The port that the README names; the tests serve on another one and put that in."""


def blocks(name: str) -> list[tuple[str, str]]:
    """Language and text of the fenced blocks of a document, in order."""
    return BLOCK.findall((ROOT / name).read_text("utf-8"))


def examples() -> list[tuple[str, str, str]]:
    """Language and text of each block of the README that can be run, and the output shown after it."""
    listed = [*blocks("README.md"), ("", "")]
    return [
        (language, text, shown if kind == "text" else "")
        for (language, text), (kind, shown) in pairwise(listed)
        if language in ("sh", "python")
    ]


@pytest.fixture(scope="module")
def port(store_folder: Path) -> Iterator[int]:
    """A server over the shipped data."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "solidarity_spectrum",
        "serve",
        "--port",
        str(number),
        "--store",
        str(store_folder),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{number}/ready").close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield number
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place as a reader has it: the virtual environment, and the files that the README shows by their name."""
    here = tmp_path_factory.mktemp("reader")
    (here / ".venv").symlink_to(sys.prefix)
    for language, text in blocks("README.md"):
        if language == "yaml":
            (here / text.splitlines()[0].removeprefix("# ")).write_text(text, "utf-8")
    return here


def on_a_terminal(command: list[str], folder: Path, store_folder: Path) -> tuple[int, str]:
    """Exit status and output of a command that writes to a terminal 100 columns wide."""
    reader, terminal = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"SOLIDARITY_STORE": str(store_folder), "PATH": path, "COLUMNS": "100"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        output = b""
        try:
            while piece := os.read(reader, 65536):
                output += piece
        except OSError:  # how Linux says that nobody writes any more
            pass
    os.close(reader)
    return process.returncode, output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("language", "text", "shown"), examples(), ids=[e[1].splitlines()[0] for e in examples()])
def test_the_readme_shows_what_happens(
    language: str, text: str, shown: str, folder: Path, store_folder: Path, request: pytest.FixtureRequest
):
    if text.startswith("make "):  # too much to run here, and running: that make knows it must do
        subprocess.run(["make", "--dry-run", *text.split()[1:]], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return
    if text.startswith("curl "):
        if not shutil.which("curl"):
            pytest.skip("there is no curl")
        text = text.replace(f":{PORT}/", f":{request.getfixturevalue('port')}/")
    command = ["bash", "-e", "-c", text] if language == "sh" else [sys.executable, "-c", text]
    status, output = on_a_terminal(command, folder, store_folder)
    assert status == (1 if "error:" in shown or text.startswith("solidarity diff") else 0), output
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
    assert re.fullmatch(pattern, output.strip(), re.DOTALL), output


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/records.md"])
def test_the_examples_of_records_validate(name: str, store_folder: Path):
    files = [text for language, text in blocks(name) if language == "yaml" and "\nrecords:\n" in text]
    inputs = [(f"{name}, example {number}", text.encode(), "yaml") for number, text in enumerate(files, start=1)]
    findings, statements = validate_files(inputs, store_folder)
    assert statements and not findings, [f"{f.place}: {f.message()}" for f in findings]


def test_the_example_of_a_question_meets_the_catalogue(graph: ox.Store):
    (text,) = (text for _, text in blocks("CONTRIBUTING.md") if text.startswith("question:"))
    question = questions._parse("example", yaml.read(text.encode(), "example")[0], "example")
    test_questions.test_a_question_speaks_both_languages_and_names_its_competency(question)
    test_questions.test_defaults_answer_with_evidence_in_every_row(question, graph)
    for check in question.expected:
        test_questions.test_the_answer_is_the_expected_one(question, check, graph)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    return script("generate")


@pytest.mark.slow
def test_the_reference_documentation_shows_every_class_in_both_languages(tmp_path: Path):
    # A process of its own: pyLODE leaves files open.
    subprocess.run(
        [sys.executable, str(ROOT / "docs" / "reference.py"), str(tmp_path)], check=True, capture_output=True
    )
    pages = {page.name: page.read_text("utf-8") for page in tmp_path.iterdir()}
    classes = {iri for iri in context().classes.values() if iri.startswith(BASE)}
    assert classes
    for name, label in (("ontology.en.html", "legal instrument"), ("ontology.hu.html", "jogi aktus")):
        assert label in pages[name]
        assert not [iri for iri in classes if iri not in pages[name]]
        assert not re.findall(r'(?:src|href)="https?://[^"]*[.](?:js|css)"', pages[name]), "nothing from other hosts"


@pytest.mark.parametrize("name", ["rules.md", "records.md", "model.svg"])
def test_generated_pages_are_up_to_date(name: str, generate: ModuleType):
    assert (ROOT / "docs" / name).read_text("utf-8") == generate.page(name), "run «make docs»"


def test_every_rule_has_its_place_on_the_page():
    anchors = re.findall(r'<a id="([^"]+)">', (ROOT / "docs" / "rules.md").read_text("utf-8"))
    assert len(anchors) == len(set(anchors))
    shapes = "".join(file.read_text("utf-8") for file in (ONTOLOGY / "shapes").glob("*.ttl"))
    code = "".join(file.read_text("utf-8") for file in (ROOT / "solidarity_spectrum").rglob("*.py"))
    code += "".join(file.read_text("utf-8") for file in (ROOT / "loaders").rglob("*.py"))
    read = set(re.findall(r'(?:violation|refuse)\(\s*"([a-z-]+)"', code))
    wanted = set(re.findall(r"rdfs:seeAlso rules:([\w-]+)", shapes))
    assert read and wanted | read <= set(anchors)


def test_every_type_and_relation_has_its_place_on_the_page():
    from solidarity_spectrum.records import context

    page = (ROOT / "docs" / "records.md").read_text("utf-8")
    derived = {"earliest", "latest", "contentHash", "describes"}
    assert not {name for name in context().classes if f"\n## {name}\n" not in page}
    assert not {name for name in context().keys if f"| `{name}` |" not in page} - derived


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path):
    text = BLOCK.sub("", document.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        if anchor:
            page = target.read_text("utf-8")
            headings = {
                re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
                for h in re.findall(r"^#+ (.+)$", page, re.M)
            }
            assert anchor in headings or f'<a id="{anchor}">' in page, link


def test_one_version():
    citation, _ = yaml.read((ROOT / "CITATION.cff").read_bytes(), "CITATION.cff")
    newest = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest and citation["version"] == newest.group(1) == __version__
    assert citation["cff-version"] == "1.2.0" and citation["message"] and citation["title"] and citation["authors"]


def test_the_limits_are_those_of_the_code():
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    parser = argparse.ArgumentParser()
    add_options(parser)
    limits = next(group for group in parser._action_groups if group.title == "limits")
    defaults = {action.option_strings[0]: action.default for action in limits._group_actions}
    defaults |= {name: getattr(guard, name) for name in ("MAX_TOKENS", "MAX_NESTING", "MAX_PATTERNS", "MAX_OPERATORS")}
    del defaults["--quick-workers"]  # as many as the machine has processors, and one
    told = {}
    for row in re.findall(r"^\| (`(?:--|MAX)[^|]*\|[^|]*)\|", page, re.MULTILINE):
        numbers = [float(number.replace(",", "")) for number in re.findall(r"(?<![\w-])\d[\d,]*(?:\.\d+)?", row)]
        options = [name for name in re.findall(r"`([\w-]+)`", row) if name in defaults]
        told |= dict.fromkeys(options, numbers)
    assert set(told) == set(defaults)
    for name, numbers in told.items():
        assert float(defaults[name]) in numbers, name


def test_each_threat_has_its_tests():
    threats = re.findall(
        r"^\| [A-Z][^|`]*\|.*\| (`test_.*`) \|$", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE
    )
    code = "".join(file.read_text("utf-8") for file in (ROOT / "tests").glob("test_*.py"))
    assert len(threats) > 20
    for name in re.findall(r"`(\w+)`", " ".join(threats)):
        assert f"def {name}(" in code, name


def test_nothing_names_one_machine():
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    names = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    local = re.compile(r"(?<![\w.:/-])/(?:work|home|Users|root)/|pypi\.org|pythonhosted\.org")
    temporary = re.compile(r"(?<![\w.-])/tmp/")
    for name in filter(None, names.split("\0")):
        file = ROOT / name
        if file == Path(__file__) or not file.is_file():
            continue
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found = local.search(text) or (None if name.startswith("tests/") else temporary.search(text))
        assert not found, f"{name}: {found and found.group()}"
