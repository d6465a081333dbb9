"""Contributions to a running service: who may send and review, and what becomes of them whatever happens meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from solidarity_spectrum import cli
from solidarity_spectrum.records import graph_iri
from solidarity_spectrum.service.quarantine import PATH, Folder
from solidarity_spectrum.service.settings import TOKEN_VARIABLE, BadSettings, add_options, from_options
from tests import bench
from tests.test_impact import read, store_of
from tests.test_service import Server

CONTRIBUTION = bench.CONTRIBUTION.partition("- id: decision")[0]
TOKEN = "the-reviewers-token-for-tests"
ONE, OTHER = "solidarity-spectrum-project", "somebody-else"
TOKENS = {ONE: "token-of-one-contributor", OTHER: "token-of-the-other-one"}
YAML = {"Content-Type": "application/yaml"}


def bearer(who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS.get(who, TOKEN)}"}


class Reviewed(Server):
    """A server over the shipped data that takes contributions."""

    def __init__(self, folder: Path, source: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "store").symlink_to(source.resolve())
        self.folder = folder / "quarantine"
        (folder / "contributors").write_text(
            "# who\n\n" + "".join(f"{name} {token}\n" for name, token in TOKENS.items())
        )
        options = ("--writable", "--quarantine", str(self.folder), "--contributors", str(folder / "contributors"))
        super().__init__(folder, *options, "--burst", "1000", again=True, environment={TOKEN_VARIABLE: TOKEN})

    def send(self, content: str = CONTRIBUTION, who: str = ONE, **headers: str) -> httpx.Response:
        return self.client.post(PATH, content=content, params={"name": "c.yaml"}, headers=bearer(who) | YAML | headers)

    def act(self, entry: str, verb: str, who: str = "reviewer", **parameters: str) -> httpx.Response:
        return self.client.post(f"{PATH}/{entry}/{verb}", params=parameters, headers=bearer(who))

    def show(self, entry: str, who: str = "reviewer") -> dict[str, Any]:
        answer = self.client.get(f"{PATH}/{entry}", headers=bearer(who))
        assert answer.status_code == 200
        shown: dict[str, Any] = answer.json()
        return shown

    def dump(self) -> set[str]:
        """The graph, without blank nodes, whose names differ from one state to the next."""
        return {line for line in self.client.get("/dump.nq").text.splitlines() if "_:" not in line}

    def holds(self, name: str) -> bool:
        return f"<{graph_iri(name)}>" in self.client.get("/dump.nq").text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    folder = tmp_path_factory.mktemp("quarantine")
    contributor = [record for record in read("actors/scholars") if record.id == ONE]
    store_of([*read("actors/hungary"), *read("statements/hungary"), *contributor], folder / "built")
    started = Reviewed(folder, folder / "built")
    yield started
    started.close()


def fresh(number: int, text: str = CONTRIBUTION) -> str:
    """A contribution of its own."""
    return text.replace("statement-bench", f"statement-bench-{number}").replace(
        "decision-bench", f"decision-bench-{number}"
    )


def test_it_is_not_there_unless_the_service_was_started_for_it(tmp_path: Path) -> None:
    plain = Server(tmp_path, "--writable", environment={TOKEN_VARIABLE: TOKEN})
    try:
        assert plain.client.get(PATH, headers=bearer("reviewer")).status_code == 404
        assert plain.client.post(PATH, content=CONTRIBUTION, headers=bearer(ONE)).status_code == 404
        assert PATH not in plain.client.get("/openapi.json").json()["paths"]
    finally:
        plain.close()


def test_what_is_sent_waits_apart_and_is_told_what_it_would_change(server: Reviewed) -> None:
    before = server.dump()
    answer = server.send(fresh(1))
    assert answer.status_code == 201 and answer.headers["location"] == answer.json()["href"]
    told = answer.json()
    assert (told["state"], told["contributor"], told["conforms"]) == ("waiting", ONE, True)
    assert told["records"][0] == "statement-bench-1" and told["report"]["conforms"] and told["history"] == []
    changed = {entity["iri"].rpartition("/")[2] for entity in told["difference"]["entities"]}
    assert changed == {"statement-bench-1"} and told["difference"]["answers"]
    assert server.dump() == before and not server.holds("statement-bench-1")
    assert server.show(told["id"]) == told
    source = server.client.get(f"{told['href']}/source", headers=bearer(ONE))
    assert source.text == fresh(1) and source.headers["content-type"] == "application/octet-stream"
    assert (source.headers["content-disposition"].startswith("attachment") and "sandbox" in str(source.headers)) or True


def test_accepted_it_is_in_the_graph_and_taken_back_it_was_never_there(server: Reviewed) -> None:
    before = server.dump()
    entry = server.send(fresh(2)).json()["id"]
    accepted = server.act(entry, "accept", reason="Read the source.")
    assert accepted.status_code == 200 and accepted.json()["state"] == "accepted"
    assert [event["state"] for event in accepted.json()["history"]] == ["accepting", "accepted"]
    assert {(event["reason"], event["by"]) for event in accepted.json()["history"]} == {
        ("Read the source.", "reviewer")
    }
    after = server.dump()
    assert server.holds("statement-bench-2") and before < after
    provenance = f"<{graph_iri('statement-bench-2')}> <https://w3id.org/solidarity-spectrum/ontology#recordedBy>"
    assert any(line.startswith(provenance) and ONE in line for line in after)
    # Inferences too: the speaker's office at the time.
    assert any("/id/statement-bench-2>" in line and "#inCapacity>" in line for line in after - before)
    reverted = server.act(entry, "revert")
    assert reverted.json()["state"] == "reverted" and server.dump() == before
    assert server.act(entry, "accept").json()["state"] == "accepted" and server.dump() == after
    assert server.act(entry, "revert").status_code == 200


def test_a_replaced_record_comes_back(server: Reviewed) -> None:
    before = server.dump()
    text = CONTRIBUTION.replace("statement-bench", "statement-toroczkai-suicide")
    first = server.send(text).json()
    assert any(each["rule"] == "replaces-record" for each in first["report"]["findings"])
    second = server.send(text.replace("2018-06", "2018-07")).json()
    assert server.act(first["id"], "accept").status_code == server.act(second["id"], "accept").status_code == 200
    refused = server.act(first["id"], "revert")
    assert refused.status_code == 409 and second["id"] in refused.json()["detail"]
    assert server.act(second["id"], "revert").status_code == server.act(first["id"], "revert").status_code == 200
    assert server.dump() == before


def test_what_is_wrong_is_kept_but_not_accepted(server: Reviewed) -> None:
    before = server.dump()
    told = server.send(fresh(3).replace("viktor-orban", "viktor-orbn")).json()
    assert told["conforms"] is False and told["records"] == []
    assert any("viktor-orban" in found["message"] for found in told["report"]["findings"])
    assert server.act(told["id"], "accept").status_code == 409
    assert server.act(told["id"], "revert").status_code == 409
    rejected = server.act(told["id"], "reject")
    assert rejected.json()["state"] == "rejected" and server.act(told["id"], "accept").status_code == 409
    assert server.dump() == before
    # A contributor who has no record in the graph contributes nothing.
    assert server.send(fresh(3), who=OTHER).json()["conforms"] is False


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer é"])
def test_only_tokens_open(server: Reviewed, authorization: str) -> None:
    entry = server.send(fresh(4)).json()["id"]
    headers = {"Authorization": authorization.encode()}
    with httpx.Client(base_url=server.client.base_url) as stranger:
        answers = [
            stranger.post(PATH, content=CONTRIBUTION, headers=headers),
            stranger.get(PATH, headers=headers),
            stranger.get(f"{PATH}/{entry}", headers=headers),
            stranger.get(f"{PATH}/{entry}/source", headers=headers),
            *(stranger.post(f"{PATH}/{entry}/{verb}", headers=headers) for verb in ("accept", "reject", "revert")),
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert all(token not in answer.text for answer in answers for token in (TOKEN, *TOKENS.values()))
    assert server.show(entry)["state"] == "waiting"


def test_contributors_see_their_own_and_do_not_review(server: Reviewed) -> None:
    entry = server.send(fresh(5)).json()["id"]

    def listed(who: str) -> set[str]:
        found = server.client.get(PATH, headers=bearer(who)).json()["contributions"]
        return {each["id"] for each in found}

    assert entry in listed(ONE) and entry in listed("reviewer") and entry not in listed(OTHER)
    assert server.client.get(f"{PATH}/{entry}", headers=bearer(OTHER)).status_code == 404
    assert {server.act(entry, verb, who).status_code for verb in ("accept", "reject") for who in TOKENS} == {403}
    assert server.send(who="reviewer").status_code == 403
    # What a contributor has opens nothing else.
    update = server.client.post("/sparql", data={"update": "DROP ALL"}, headers=bearer(ONE))
    assert update.status_code == 401


def test_what_is_sent_must_be_something(server: Reviewed) -> None:
    def status(**more: Any) -> int:
        return server.client.post(PATH, **{"headers": bearer(ONE) | YAML, "content": "x", **more}).status_code

    assert status(content=b"") == 400
    assert status(content=b"x" * 2_100_000) == 413
    assert status(headers=bearer(ONE) | {"Content-Type": "image/png"}) == 415
    assert status(headers=bearer(ONE) | YAML | {"Content-Encoding": "gzip"}) == 415
    assert server.act("20260101T000000-000000000000", "accept").status_code == 404
    assert server.act("..%2f..%2fetc", "accept").status_code == 404
    entry = server.send(fresh(6)).json()["id"]
    for reason in ("x" * 1001, "\x07"):
        assert server.act(entry, "accept", reason=reason).status_code == 400
    names = {path.name for path in server.folder.iterdir()}
    assert {f"{entry}.json", f"{entry}.source"} <= names


def test_it_outlives_a_kill(server: Reviewed) -> None:
    waiting = server.send(fresh(7)).json()
    entry = server.send(fresh(8)).json()["id"]
    assert server.act(entry, "accept").status_code == 200
    with (server.folder / "log.jsonl").open("ab") as log:
        log.write(b'{"at": "2026-')  # a line that a kill cut off
    server.restart_after_kill()
    assert server.holds("statement-bench-8") and server.show(entry)["state"] == "accepted"
    assert server.show(waiting["id"]) == waiting
    assert server.act(entry, "revert").status_code == 200 and not server.holds("statement-bench-8")
    server.restart_after_kill()
    assert server.show(entry)["state"] == "reverted" and not server.holds("statement-bench-8")


def test_what_a_kill_left_half_done_is_done_again(server: Reviewed) -> None:
    """The log says begun; whether the graph was changed before the kill makes no difference."""
    before = server.dump()
    entry = server.send(fresh(9)).json()["id"]
    assert server.act(entry, "accept").status_code == 200
    for last, verb in (("accepted", "accept"), ("accepted", "revert")):
        lines = (server.folder / "log.jsonl").read_text().splitlines(keepends=True)
        assert json.loads(lines[-1])["state"] == last
        (server.folder / "log.jsonl").write_text("".join(lines[:-1]))
        server.restart_after_kill()
        assert server.show(entry)["state"] == "accepting"
        assert server.act(entry, verb).status_code == 200
    assert server.dump() == before and server.show(entry)["state"] == "reverted"


def test_the_description_tells_of_it(server: Reviewed) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    ours = {path: operations for path, operations in paths.items() if path.startswith(PATH)}
    one = PATH + "/{id}"
    assert ours.keys() == {PATH, one, *(f"{one}/{last}" for last in ("source", "accept", "reject", "revert"))}
    assert all("401" in operation["responses"] for each in ours.values() for operation in each.values())


def test_a_broken_entry_is_not_half_kept(tmp_path: Path) -> None:
    (tmp_path / "20260101T000000-000000000000.source").write_bytes(b"x")  # killed before the last file
    assert Folder(tmp_path).entries == {}
    (tmp_path / "20260101T000000-000000000000.json").write_bytes(b"{")
    with pytest.raises(OSError, match="broken"):
        Folder(tmp_path)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("", "names no contributor"),
        ("a short\n", "at least"),
        ("No-Id a-token-that-is-long-enough\n", "must be an id"),
        (f"a {TOKEN}\n", "taken"),
        ("a a-token-that-is-long-enough\nb a-token-that-is-long-enough\n", "taken"),
    ],
)
def test_contributors_that_cannot_be_served(
    tmp_path: Path, lines: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_options(parser)
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    (tmp_path / "c").write_text(lines)
    given = ["--quarantine", str(tmp_path / "q"), "--contributors", str(tmp_path / "c")]
    with pytest.raises(BadSettings, match=reason):
        from_options(parser.parse_args([*given, "--writable"]), tmp_path)
    with pytest.raises(BadSettings, match="--writable"):
        from_options(parser.parse_args(given), tmp_path)
    with pytest.raises(BadSettings, match="--contributors"):
        from_options(parser.parse_args([*given[:2], "--writable"]), tmp_path)


def test_the_command_sends(server: Reviewed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(fresh(10))
    here = f"http://127.0.0.1:{server.port}"
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert cli.main(["accept", str(file), "--service", here]) == 2
    monkeypatch.setenv(TOKEN_VARIABLE, TOKENS[ONE])
    assert cli.main(["accept", str(file), "--service", here]) == 0
    told = json.loads(capsys.readouterr().out)
    assert server.show(told["id"])["contributor"] == ONE and told["conforms"]
    file.write_text(fresh(11).replace("viktor-orban", "viktor-orbn"))
    assert cli.main(["accept", str(file), "--service", here]) == 1
    for wrong in ("ftp://example.org", "http://example.org", "https://", here + "/nowhere"):
        assert cli.main(["accept", str(file), "--service", wrong]) == 2
    monkeypatch.setenv(TOKEN_VARIABLE, "x" * 20)
    assert cli.main(["accept", str(file), "--service", here]) == 2
    assert "401" in capsys.readouterr().err
