"""A contribution comes into a data folder whole or not at all, in the form of the others, and goes out again."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from solidarity_spectrum import acceptance, build
from solidarity_spectrum.acceptance import Acceptance, Change, Conflict
from solidarity_spectrum.findings import InputError
from solidarity_spectrum.records import Record, compile_records, context, graph_iri, read_records, yaml
from solidarity_spectrum.records.restore import canonical, restore
from solidarity_spectrum.resources import BASE, DATA
from solidarity_spectrum.vocabulary import vocabulary
from tests.bench import CONTRIBUTION

BY = "solidarity-spectrum-project"
DAY = "2026-11-30"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [record for file in sorted(DATA.glob("*/*.yaml")) for record in read_records(file.read_bytes(), str(file))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns(acceptance.JOURNAL))
    return folder


def state(data: Path) -> dict[str, bytes]:
    """All files of a data folder, the journal apart."""
    files = (path for path in data.rglob("*") if path.is_file() and acceptance.JOURNAL not in path.parts)
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in files}


def held(data: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """File and content of each record by id."""
    return {
        record.id: (file.relative_to(data).as_posix(), record.data)
        for file in sorted(data.glob("*/*.yaml"))
        for record in read_records(file.read_bytes(), str(file))
    }


def take(data: Path, store: Path, text: bytes | str, kind: str = "yaml", write: bool = True) -> Acceptance:
    content = text.encode() if isinstance(text, str) else text
    with acceptance.locked(data):
        findings, found = acceptance.prepare([(f"c.{kind}", content, kind)], store, data, BY, DAY)
        assert found, [str(f.place) + f.message() for f in findings]
        if write:
            acceptance.write(data, found)
    return found


def refused(data: Path, store: Path, text: str | bytes, kind: str = "yaml", by: str = BY) -> list[str]:
    """The rules that keep a contribution out."""
    before = state(data)
    content = text.encode() if isinstance(text, str) else text
    findings, found = acceptance.prepare([(f"c.{kind}", content, kind)], store, data, by, DAY)
    assert found is None and state(data) == before
    assert all(finding.messages["hu"] != finding.messages["en"] for finding in findings)
    return [finding.rule for finding in findings if finding.severity == "violation"]


# Back from quads.


def plain(value: Any) -> Any:
    """Scalars as text, and lists in any order, which RDF does not keep; one value is no list."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list) and len(value) != 1:
        return sorted((plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, list):
        return plain(value[0])
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_record_comes_back_from_its_quads(records: list[Record]) -> None:
    compiled = compile_records(records, vocabulary().documented_relations())
    restored = restore(compiled.accepted)
    assert not restored.left
    back = {record["id"]: record for record in restored.records}
    for record in records:
        said = {key: value for key, value in record.data.items() if key != "unverified"}
        if said["status"] != "unverified":
            assert plain(back.pop(record.id)) == plain(said), record.id
    assert not back


@pytest.mark.parametrize("seed", range(5))
def test_a_record_comes_back_from_a_document_without_graphs(records: list[Record], seed: int) -> None:
    """As Turtle and JSON-LD give it: all triples in the default graph, several records in one document."""
    chosen = [each for each in random.Random(seed).sample(records, 5) if each.data["status"] != "unverified"]
    compiled = compile_records(chosen, vocabulary().documented_relations())
    quads = [ox.Quad(*quad.triple, ox.NamedNode(BASE + "graph/contribution")) for quad in compiled.accepted]
    restored = restore(quads)
    assert not restored.left
    again = compile_records((Record(each, "") for each in restored.records), vocabulary().documented_relations())
    assert not again.findings and set(again.accepted) == set(compiled.accepted)


def test_what_no_record_says_is_left(records: list[Record]) -> None:
    some = next(record for record in records if record.id == "viktor-orban")
    quads = compile_records([some], vocabulary().documented_relations()).accepted
    about, graph = ox.NamedNode(BASE + "id/viktor-orban"), ox.NamedNode(graph_iri("viktor-orban"))
    unknown = ox.Quad(about, ox.NamedNode("https://schema.org/knows"), ox.Literal("x"), graph)
    wrong = ox.Quad(about, ox.NamedNode(context().expand("rdfs:label")), ox.Literal("without a language"), graph)
    loose = ox.Quad(ox.NamedNode(BASE + "id/nobody"), ox.NamedNode(context().expand("schema:about")), about)
    assert set(restore([*quads, unknown, wrong, loose]).left) == {unknown, wrong, loose}


def test_keys_have_one_order() -> None:
    text = """
status: verified
sources: [{consulted: 'true', url: u}]
sequence: '2'
note: n
versions: [{type: T, id: b}]
type: T
id: a
label: {hu: h, en: e}
"""
    written = canonical(yaml.read(text.encode(), "f")[0])
    assert list(written) == ["id", "type", "label", "versions", "sequence", "note", "sources", "status"]
    assert list(written["label"]) == ["en", "hu"] and list(written["versions"][0]) == ["id", "type"]
    assert list(written["sources"][0]) == ["url", "consulted"]
    assert "consulted: true\n" in yaml.dump(written) and "sequence: 2\n" in yaml.dump(written)


# Into the files.


def test_each_type_has_its_folder(records: list[Record]) -> None:
    """The table says what the data do, exceptions apart."""
    folders = {name: kind for kind, names in acceptance.KINDS.items() for name in names}
    assert folders.keys() == context().classes.keys()
    wrong = [r.id for r in records if Path(r.file).parent.name != folders[r.data["type"]]]
    assert len(wrong) < len(records) / 50


def test_new_records_come_in_and_go_out(data: Path, store_folder: Path) -> None:
    before = state(data)
    found = take(data, store_folder, CONTRIBUTION)
    after = held(data)
    assert [after[name][0] for name in found.records] == [
        "cases/hungary.yaml",
        "connections/hungary.yaml",
        "statements/hungary.yaml",
    ]
    statement = after["statement-bench"][1]
    assert (statement["recorded"], statement["recordedBy"]) == (DAY, BY) and statement["licence"] == acceptance.LICENCE
    assert len(list(build.read_data(data))) == len(list(build.read_data(DATA))) + 3
    # Nothing else changed: what was added stands at the end.
    for name, text in state(data).items():
        assert text.startswith(before[name]), name
    assert [entry.records for entry in acceptance.history(data)] == [found.records]
    with acceptance.locked(data):
        acceptance.write(data, acceptance.undo(data, "LAST"))
    assert state(data) == before
    first, second = acceptance.history(data)
    assert first.undone == second.id and second.undoes == first.id
    with pytest.raises(Conflict, match="no acceptance"):
        acceptance.undo(data, first.id)


def test_a_record_is_replaced_where_it_stands(data: Path, store_folder: Path) -> None:
    """In the middle of its file; comments around it stay."""
    file = data / "actors/hungary.yaml"
    name = read_records(file.read_bytes(), "f")[5].id
    text = file.read_text().replace(f"- id: {name}\n", f"# about the sixth\n- id: {name}\n")
    following = read_records(file.read_bytes(), "f")[6].id
    text = text.replace(f"- id: {following}\n", f"# about the seventh\n- id: {following}\n")
    file.write_text(text)
    record = held(data)[name][1] | {"note": "Changed."}
    found = take(data, store_folder, json.dumps(record), "json")
    assert [change.file for change in found.changes] == ["actors/hungary.yaml"]
    lines = [line for line in found.patch().splitlines() if line.startswith(("+", "-"))]
    assert "+  note: Changed." in lines and len(lines) < 12, lines
    assert "# about the sixth\n- id" in file.read_text() and "\n\n# about the seventh\n- id" in file.read_text()
    assert held(data)[name][1]["note"] == "Changed."


def test_the_same_again_changes_nothing(data: Path, store_folder: Path) -> None:
    take(data, store_folder, CONTRIBUTION)
    assert not take(data, store_folder, CONTRIBUTION, write=False).changes


@pytest.mark.parametrize("kind", ["nq", "ttl", "jsonld"])
def test_rdf_comes_in_as_records(data: Path, store_folder: Path, kind: str) -> None:
    quads = compile_records(read_records(CONTRIBUTION.encode(), "f"), vocabulary().documented_relations()).accepted
    form = {"nq": ox.RdfFormat.N_QUADS, "ttl": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD}[kind]
    text = ox.serialize(quads if form.supports_datasets else [quad.triple for quad in quads], format=form)
    assert text
    take(data, store_folder, text, kind)
    for record in read_records(CONTRIBUTION.encode(), "f"):
        expected = record.data | {"recorded": DAY, "licence": acceptance.LICENCE}
        assert plain(held(data)[record.id][1]) == plain(expected)


@pytest.mark.parametrize("seed", range(3))
def test_any_record_comes_out_as_it_went_in(data: Path, store_folder: Path, records: list[Record], seed: int) -> None:
    """Records of other places under new ids; they come out in one file of their kind."""
    chance = random.Random(seed)
    new = []
    for record in chance.sample([r for r in records if "versions" not in r.data and "offices" not in r.data], 6):
        text = json.dumps(record.data)
        for key in ("ecli", "celex", "formerIds", "wikidataId"):
            text = json.dumps({k: v for k, v in json.loads(text).items() if k != key})
        new.append(json.loads(text) | {"id": f"{record.id}-anew"})
    acceptance_of = take(data, store_folder, json.dumps({"records": new}), "json")
    for record_data in new:
        file, now = held(data)[record_data["id"]]
        assert plain(now) == plain(record_data | {"recorded": DAY, "recordedBy": BY, "licence": now["licence"]})
        assert file in {change.file for change in acceptance_of.changes}


def test_a_new_place_makes_a_new_file_and_undoing_takes_it_away(data: Path, store_folder: Path) -> None:
    text = CONTRIBUTION.partition("- id: decision")[0].replace("speaker: viktor-orban", "jurisdiction: japan")
    before = state(data)
    found = take(
        data, store_folder, text.replace("type: Statement", "type: Event").replace("quotation: {hu: Próba}", "")
    )
    assert [(change.file, change.before) for change in found.changes] == [("events/japan.yaml", None)]
    assert (data / "events/japan.yaml").read_text().startswith(f"recorded: {DAY}\nrecordedBy: {BY}\n")
    with acceptance.locked(data):
        acceptance.write(data, acceptance.undo(data, found.id))
    assert state(data) == before


def test_a_place_with_others_in_one_file(data: Path, store_folder: Path) -> None:
    text = CONTRIBUTION.partition("- id: decision")[0].replace("quotation: {hu: Próba}", "")
    for old, new in (
        ("speaker: viktor-orban", "jurisdiction: italy"),
        ("type: Statement", "type: Organisation"),
        ("date: 2018-06", "organisationType: ngo"),
    ):
        text = text.replace(old, new)
    found = take(data, store_folder, text)
    assert [change.file for change in found.changes] == ["actors/italy-malta.yaml"]


def test_in_a_file_that_is_in_order_order_is_kept(data: Path, store_folder: Path) -> None:
    """states.yaml stands by id."""
    record = held(data)["hungary"][1] | {"id": "hungary-again"}
    for key in ("isoCountryCode", "wikidataId", "eurovocId"):
        record.pop(key, None)
    path = data / "actors/states.yaml"
    shutil.move(path, data / "actors/hungary-again.yaml")
    take(data, store_folder, json.dumps(record | {"country": "hungary-again"}), "json")
    ids = [each.id for each in read_records((data / "actors/hungary-again.yaml").read_bytes(), "f")]
    assert "hungary-again" in ids and ids == sorted(ids)


def test_who_is_kept_out(data: Path, store_folder: Path) -> None:
    assert "Entity-jurisdiction" in refused(
        data, store_folder, CONTRIBUTION.replace("speaker:", "jurisdiction: hungry\n  speaker:")
    )
    assert "RecordGraph-recordedBy" in refused(data, store_folder, CONTRIBUTION, by="nobody-known")
    assert refused(data, store_folder, "- [") == ["syntax"]
    alone = (
        b'<https://w3id.org/solidarity-spectrum/id/viktor-orban> <http://www.w3.org/2004/02/skos/core#note> "x"@en .'
    )
    assert "no-record" in refused(data, store_folder, alone, "ttl")
    (data / "withdrawn.yaml").write_text("- {id: statement-bench, date: 2026-11-25, reason: {en: a, hu: b}}\n")
    assert refused(data, store_folder, CONTRIBUTION) == ["withdrawn"]
    (data / "withdrawn.yaml").write_text("[]\n")
    table = next(r for r in build.read_data(DATA) if r.file.endswith(".csv"))
    assert refused(data, store_folder, json.dumps(table.data), "json") == ["not-in-data"]
    adding = {"record": "example-adds", "id": "viktor-orban", "type": "Person", "altLabel": {"en": "X"}}
    adding |= {"sources": table.data["sources"], "status": "single-source", "recorded": DAY, "recordedBy": BY}
    assert "not-in-data" in refused(data, store_folder, json.dumps(adding), "json")


def test_a_file_of_another_form_is_left_alone(data: Path, store_folder: Path) -> None:
    file = data / "statements/hungary.yaml"
    for text in ("- {id: a}\n", "recorded: 2026-01-01\nrecords: [{id: a, type: Statement}]\n"):
        file.write_text(text)
        with pytest.raises(Conflict, match=r"statements/hungary\.yaml"):
            acceptance.prepare([("c.yaml", CONTRIBUTION.encode(), "yaml")], store_folder, data, BY, DAY)
    file.write_text("records: [")
    with pytest.raises(InputError):
        acceptance.prepare([("c.yaml", CONTRIBUTION.encode(), "yaml")], store_folder, data, BY, DAY)


# All or nothing.


def small_change(data: Path) -> Acceptance:
    """Three files: one changed, one new, one taken away."""
    (data / "a").mkdir(parents=True)
    (data / "a/old.yaml").write_text("before\n")
    (data / "a/gone.yaml").write_text("was here\n")
    changes = [
        Change("a/old.yaml", "before\n", "after\n"),
        Change("b/new.yaml", None, "new\n"),
        Change("a/gone.yaml", "was here\n", None),
    ]
    return Acceptance("20261130T000000-000000000000", BY, DAY, ["x"], "sha256:0", changes)


def killed_at(step: int, after: bool, data: Path, found: Acceptance) -> bool:
    """Carry it out in a process that is killed at the nth change of the file system; gives whether it was killed."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(name: str, real: Any) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == step and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                result = real(*arguments, **named)
                if count == step and after:
                    os.kill(os.getpid(), signal.SIGKILL)
                return result

            return call

        for name in ("replace", "rename", "unlink", "mkdir", "open"):
            setattr(Path, name, counted(name, getattr(Path, name)))
        try:
            with acceptance.locked(data):
                acceptance.write(data, found)
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_step_it_is_there_whole_or_not_at_all(tmp_path: Path, after: bool) -> None:
    step, seen = 0, set()
    while True:
        step += 1
        data = tmp_path / f"{step}"
        found = small_change(data)
        before = state(data)
        alive = not killed_at(step, after, data, found)
        now = {name: text for name, text in state(data).items() if not name.endswith(".draft")}
        new = {"a/old.yaml": b"after\n", "b/new.yaml": b"new\n"}
        if now not in (before, new):  # in the middle: no build reads it
            with pytest.raises(InputError):
                list(build.read_data(data))
        acceptance.recover(data)
        ended = {name: text for name, text in state(data).items() if not name.endswith(".draft")}
        assert ended in (before, new), step
        assert acceptance.pending(data) is None
        assert bool(acceptance.history(data)) == (ended == new)
        seen.add(ended == new)
        if alive:
            break
    assert seen == {True, False} and step > 8


def test_what_others_changed_is_not_overwritten(tmp_path: Path) -> None:
    data = tmp_path / "data"
    found = small_change(data)
    (data / "a/old.yaml").write_text("edited\n")
    with acceptance.locked(data), pytest.raises(Conflict, match=r"old\.yaml"):
        acceptance.write(data, found)
    assert state(data)["a/gone.yaml"] and not acceptance.history(data)
    (data / "a/old.yaml").write_text("before\n")
    with acceptance.locked(data):
        acceptance.write(data, found)
    (data / "b/new.yaml").write_text("edited\n")
    with pytest.raises(Conflict, match=r"new\.yaml"):
        acceptance.undo(data, "LAST")


def test_a_later_acceptance_is_undone_first(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = small_change(data)
    later = Acceptance("20261201T000000-000000000000", BY, DAY, ["y"], "", [Change("a/old.yaml", "after\n", "later\n")])
    with acceptance.locked(data):
        acceptance.write(data, first)
        acceptance.write(data, later)
    with pytest.raises(Conflict, match=f"undo {later.id} first"):
        acceptance.undo(data, first.id)


def test_a_broken_journal_is_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    small_change(data)
    (data / acceptance.JOURNAL).mkdir()
    (data / acceptance.JOURNAL / "x.pending").write_text("{")
    with pytest.raises(Conflict, match=r"x\.pending"):
        acceptance.recover(data)


def run(*arguments: str, input: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "solidarity_spectrum", "accept", *arguments]
    done = subprocess.run(command, input=input, capture_output=True, check=False, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_command(data: Path, store_folder: Path, tmp_path: Path) -> None:
    here = ("--data", str(data), "--store", str(store_folder))
    before = state(data)
    file = tmp_path / "c.yaml"
    file.write_text(CONTRIBUTION)
    status, out, _ = run(str(file), "--by", BY, "--recorded", DAY, "--dry-run", *here)
    assert status == 0 and "+++ b/statements/hungary.yaml\n" in out and f"+  recorded: {DAY}\n" in out
    assert state(data) == before and not (data / acceptance.JOURNAL).exists()
    patched = subprocess.run(["git", "apply", "--check", "-"], input=out, cwd=data, text=True, check=False)
    assert patched.returncode == 0
    status, _, err = run(str(file), "--by", BY, *here)
    assert status == 0 and "statements/hungary.yaml" in err
    name = err.partition("accepted as ")[2].partition(":")[0]
    status, out, _ = run("--history", *here)
    assert out.startswith(f"{name}  {BY}  decision-bench ")
    assert run("--undo", name, *here)[0] == 0 and state(data) == before
    assert "(undone: " in run("--history", *here)[1]
    file.write_text(CONTRIBUTION.replace("viktor-orban", "viktor-orbam"))
    status, _, err = run(str(file), "--by", BY, "--language", "hu", *here)
    assert status == 1 and "Erre gondolt: «viktor-orban»?" in err and state(data) == before
    assert run(*here)[0] == run(str(file), *here)[0] == run("--undo", "LAST", *here)[0] == 2
    assert run(str(file), "--by", BY, "--recorded", "tomorrow", *here)[0] == 2
