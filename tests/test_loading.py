"""The frame of the loaders: inputs, destructive reading, the readers of formats, and what is checked of the output."""

import bz2
import gzip
import lzma
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solidarity_spectrum import loading
from solidarity_spectrum.findings import InputError
from solidarity_spectrum.loading import Description, Fields, Input, elements, inputs, json_items, mint, rows, yaml_items
from solidarity_spectrum.loading import description as descriptions
from solidarity_spectrum.loading.run import Tally
from solidarity_spectrum.records import Record, compile_records, context, read_records
from solidarity_spectrum.store import NoStore

BASIS = """
title: A source
publisher: Somebody
address: https://example.org/
format: any
languages: [en]
licence: none
coverage: all
rhythm: never
tier: primary
graph: [thing]
files: ['*.txt']
fields: {a: label}
assertions: {}
"""


def describe(more: str = "") -> Description:
    return descriptions.parse((BASIS + more).encode(), "description.yaml", "some")


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str | bytes], Input]:
    def make(content: str | bytes) -> Input:
        path = tmp_path / "file.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Input(path)

    return make


def refused(work: Callable[[], object]) -> tuple[str, int, str]:
    """Rule, line and message of the refusal."""
    with pytest.raises(InputError) as caught:
        work()
    first = caught.value.findings[0]
    assert first.messages["en"] and first.messages["hu"]
    return first.rule, first.place.line, first.message()


# -- descriptions


def test_every_description_is_whole_and_maps_to_keys_that_records_have():
    known = {*context().keys, "id", "type", "status", "record", "unverified"}
    starts: dict[str, str] = {}
    for name, about in loading.catalogue().items():
        assert about.fields and about.graph and about.files, name
        for path, keys in about.fields.items():
            for key in [keys] if isinstance(keys, str) else keys:
                assert key.partition("/")[0] in known, (name, path, key)
        for start in about.graph:
            assert starts.setdefault(start, name) == name, start
        assert (Path(loading.__file__).parents[2] / "loaders" / name.replace("-", "_") / "README.md").is_file(), name


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (lambda text: text.replace("title: A source\n", ""), 2, "«title» is missing"),
        (lambda text: text + "tabels: {}\n", 15, "Did you mean «tables»"),
        (lambda text: text.replace("[en]", "en"), 6, "«languages» has the wrong kind"),
        (lambda text: text.replace("primary", "first"), 10, "primary or secondary"),
        (
            lambda text: text.replace("assertions: {}", "assertions: {least: {Case: many}}"),
            14,
            "«many» is not a number",
        ),
        (lambda text: text.replace("assertions: {}", "assertions: {lest: {Case: 1}}"), 14, "«lest» is none of"),
        (lambda text: "- a", 1, "a description is a mapping"),
    ],
)
def test_a_broken_description_is_refused_with_its_line(change: Callable[[str], str], line: int, says: str):
    rule, at, message = refused(lambda: descriptions.parse(change(BASIS).encode(), "description.yaml", "some"))
    assert (rule, at) == ("description", line) and says in message


def test_what_is_out_of_scope():
    about = describe("out-of-scope: {a/b: why, 'x//y': why, 'l/*/@id': why}")
    assert all(about.ignores(p) for p in ("a/b", "a/b/c", "x/y", "x/1/2/y/z", "l/m/@id"))
    assert not any(about.ignores(p) for p in ("a", "a/bc", "x", "l/m/n/@id", "x/yy"))


# -- inputs


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_a_file_is_unpacked_and_read_twice(pack: Callable[[bytes], bytes], made: Callable[[bytes], Input]):
    source = made(pack(b"text"))
    assert source.text() == source.text() == "text"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_broken_archive_is_refused(pack: Callable[[bytes], bytes], made: Callable[[bytes], Input]):
    packed = pack(b"some text that is long enough to be cut " * 9)
    for broken in (packed[:-9], packed[:20] + b"\xff\x00\xff" + packed[23:]):
        rule, _, message = refused(made(broken).text)
        assert rule == "syntax" and "archive" in message


def test_folders_and_zips_are_walked_in_order(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_text("two")
    (tmp_path / "3.txt.gz").write_bytes(gzip.compress(b"three"))
    (tmp_path / "ignored.pdf").write_text("no")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/1.txt", "one")
        archive.writestr("in/x.pdf", "no")
    read = [(item.name, item.text()) for item in loading.walk([tmp_path], ["*.txt"])]
    assert [text for _, text in read] == ["three", "one", "two"]
    assert read[1][0] == f"{tmp_path}/a.zip!in/1.txt"
    member = next(loading.walk([tmp_path / "a.zip"], ["*.txt"]))
    beside = member.sibling("../in/x.pdf")
    assert beside is not None and beside.text() == "no"
    assert member.sibling("../../etc/passwd") is None
    assert refused(lambda: list(loading.walk([tmp_path / "b"], ["*.xml"])))[0] == "missing-file"


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip", b"PK\x05\x06"])
def test_a_broken_zip_is_refused(content: bytes, made: Callable[[bytes], Input]):
    assert refused(lambda: list(loading.walk([made(content).path], ["*"])))[0] == "syntax"


def test_a_tar_archive_is_named_as_such(tmp_path: Path):
    (tmp_path / "x.tgz").write_bytes(gzip.compress(b"anything"))
    assert "unpack it" in refused(lambda: list(loading.walk([tmp_path / "x.tgz"], ["*"])))[2]


def test_bombs_are_refused(made: Callable[[bytes], Input], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inputs, "FREE_EXPANSION", 1 << 20)
    monkeypatch.setattr(inputs, "MAX_ITEM", 1 << 30)
    bomb = gzip.compress(bytes(5 << 20))
    zipped = tmp_path / "bomb.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.txt", bytes(5 << 20))
    for source in (made(bomb), next(loading.walk([zipped], ["*"]))):
        rule, _, message = refused(source.text)
        assert rule == "too-large" and "unpacks to more than" in message


def test_an_item_without_end_is_refused(made: Callable[[str], Input], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inputs, "MAX_ITEM", 1 << 18)
    endless = "x" * (1 << 19)
    about = describe()
    for work in (
        lambda: list(json_items(made('["' + endless), about, "")),
        lambda: list(rows(made('a\n"' + endless), about)),
        lambda: list(elements(made("<a><b>" + endless), about, "a/b")),
        lambda: list(yaml_items(made("- x: " + endless), about, "")),
    ):
        assert refused(work)[0] == "too-large"


def test_joining_needs_the_graph_and_one_answer(made: Callable[[str], Input]):
    source = made("")
    with pytest.raises(NoStore):
        source.joined("wikidataId", "Q1")
    source.index = {("docket", "1/2"): [("a", "Case"), ("b", "Decision"), ("c", "Decision")]}
    assert source.joined("docket", "1/3") is None
    assert source.joined("docket", "1/2", "Case") == "a"
    assert refused(lambda: source.joined("docket", "1/2"))[0] == "ambiguous"


def test_the_graph_is_found_by_its_identifiers(store_folder: Path, tmp_path: Path):
    source = Input(tmp_path, index=loading.index(store_folder))
    assert source.joined("isoCountryCode", "HUN", "State") == "hungary"
    assert source.joined("ecli", "ECLI:EU:C:2021:930", "Decision") == "decision-cjeu-c-821-19"
    with pytest.raises(NoStore):
        loading.index(tmp_path)


# -- fields


def items(text: str, made: Callable[[str], Input], more: str = "") -> Iterator[Fields]:
    return json_items(made(text), describe(more), "")


def test_what_nobody_reads_is_an_error_unless_out_of_scope(made: Callable[[str], Input]):
    text = '[\n{"a": 1,\n "b": {"c": "x", "d": null}}]'

    def read(more: str, *below: str) -> None:
        for item in items(text, made, more):
            assert item.take("a") == "1"
            for part in item.each("b"):
                for key in below:
                    part.get(key)

    assert refused(lambda: read("", "c")) == ("unread-field", 2, "nothing reads the field «b/d»")
    read("", "c", "d")
    read("out-of-scope: {b/d: why}", "c")
    assert refused(lambda: [item.get("a") for item in items(text, made)])[2].endswith("«b»")


def test_fields_say_what_is_missing_several_or_unknown(made: Callable[[str], Input]):
    item = next(items('[{"a": "", "b": [{}, {}], "c": ["x", 2, null], "d": true, "e": "x\\u0001", "f": {}}]', made))
    assert item.get("nothing") == "" and item.each("nothing") == [] and item.one("nothing") is None
    assert (item.texts("c"), item.get("d"), item.texts("d")) == (["x", "2"], "true", ["true"])
    for rule, work in (
        ("missing-field", lambda: item.take("a")),
        ("missing-field", lambda: item.take("nothing")),
        ("several", lambda: item.one("b")),
        ("value", lambda: item.get("f")),
        ("value", lambda: item.texts("b")),
        ("syntax", lambda: item.get("e")),
        ("unknown-value", lambda: item.code("d", {"yes": 1})),
    ):
        assert refused(work)[:2] == (rule, 1)
    made_of = item.record(
        {"id": "x", "label": {"en": "", "hu": "y"}, "sources": [{"url": ""}, {"url": "u"}], "n": None}
    )
    assert made_of.data == {"id": "x", "label": {"hu": "y"}, "sources": [{"url": "u"}]}
    assert made_of.place().line == 1


# -- formats

XML = """<r xmlns="urn:x" xmlns:o="urn:o" xml:lang="hu">
 <head><title>T</title></head>
 <list><i a="1" xml:id="x">one <b>two</b> three</i>
  <i a="2"><o:c>4</o:c></i></list>
</r>"""


def test_elements_are_read_one_by_one(made: Callable[[str], Input]):
    about = describe("out-of-scope: {r/head: why}\nprefixes: {other: 'urn:o'}")
    found = elements(made(XML), about, "r/list/i", namespace="urn:x")
    first = next(found)
    assert (first.path, first.place.line, first.keys()) == ("r/list/i", 3, ["@a", "@xml:id", "b", "#"])
    assert (first.take("@a"), first.take("@xml:id"), first.get("#")) == ("1", "x", "one two three")
    second = next(found)
    assert (second.get("@a"), second.get("other:c")) == ("2", "4")
    assert next(found, None) is None


@pytest.mark.parametrize(
    ("text", "rule", "line", "says"),
    [
        ("", "syntax", 0, "not valid XML"),
        (XML[:90], "syntax", 3, "not valid XML"),
        (XML.replace("</list>", "</lits>"), "syntax", 4, "mismatch"),
        (XML.replace("urn:x", "urn:y"), "namespace", 1, "«urn:y», not «urn:x»"),
        (XML.replace("<r ", "<s ").replace("</r>", "</s>"), "root", 1, "«s», not r"),
        (XML.replace("<head>", "<head><x/>"), "unread-field", 2, "«r/head/x»"),
        (XML.replace("<list>", "stray <list>").replace("<r ", "<r "), "", 0, ""),
        (XML.replace("T<", "&nbsp;<"), "syntax", 2, "not valid XML"),
        ('<!DOCTYPE r [<!ENTITY a "b">]>' + XML, "syntax", 1, "declares entities"),
        ('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + XML.replace("T<", "&a;<"), "syntax", 1, "declares"),
        (XML.replace("one ", "<z>" * 120 + "</z>" * 120), "syntax", 3, "deeper"),
        (XML.encode().replace(b"one", b"\xe9ne"), "syntax", 3, "not valid XML"),
    ],
)
def test_broken_xml_is_refused(text: str | bytes, rule: str, line: int, says: str, made: Callable[..., Input]):
    about = describe("out-of-scope: {r/head/title: why}\nprefixes: {other: 'urn:o'}")

    def work() -> None:
        for item in elements(made(text), about, "r/list/i", namespace="urn:x"):
            item.get("#")
            item.skip(*item.keys())

    if not rule:
        return work()
    found = refused(work)
    assert found[:2] == (rule, line) and says in found[2]


def test_entities_are_not_expanded(made: Callable[[str], Input]):
    bomb = (
        "<!DOCTYPE r ["
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
        + "]><r><list><i>&a11;</i></list></r>"
    )
    assert "entities" in refused(lambda: list(elements(made(bomb), describe(), "r/list/i")))[2]


def test_json_items_come_from_the_paths_in_order(made: Callable[[str], Input]):
    text = '{"meta": {"n": [1]},\n "p": [{"a": "1"}, \n\n{"a": 2.50}], "q": {"a": {"b": []}}}'
    about = describe("out-of-scope: {meta: why}")
    found = []
    for item in json_items(made(text), describe("out-of-scope: {meta: why, q: why}"), "p"):
        found.append((item.path, item.place.line, item.get("a")))
    assert found == [("p", 2, "1"), ("p", 4, "2.50")]
    assert refused(lambda: [i.get("a") for i in json_items(made(text), about, "p")]) == (
        "unread-field",
        4,
        "nothing reads the field «q»",
    )
    lines = [item.get("a") for item in json_items(made('{"a": 1}\n{"a": 2}\n'), about, "")]
    assert lines == ["1", "2"]
    assert [i.get("#") for i in json_items(made("[1, 2.0e5, -3]"), about, "")] == ["1", "2.0e5", "-3"]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none() | st.booleans())))
def test_json_is_read_as_the_standard_library_reads_it(value: list[dict[str, object]]):
    import io
    import json

    data = json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    source = Input(Path("x"), opener=lambda: io.BytesIO(data))
    read = [{k: item.raw(k) for k in list(item.keys())} for item in json_items(source, describe(), "")]
    assert read == json.loads(data, parse_int=str)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "empty"),
        ("[", 1, "cut off"),
        ('[{"a": 1},\n', 2, "cut off"),
        ('[{"a": "1', 1, "cut off"),
        ('[{"a": 1}\n{"a": 2}]', 2, "expected , or ]"),
        ('[{"a": 1}] x', 1, "follows the end"),
        ('[\n\n{"a": tru}]', 3, "Expecting value"),
        ('[{"a": 1, "a": 2}]', 1, "stands twice"),
        ('[{"a": NaN}]', 1, "NaN is not JSON"),
        ("[" * 100_000, 1, "nested"),
        (b'[{"a":\n "\xff"}]', 2, "not UTF-8"),
        ("<html><body>Too many requests", 1, "Expecting value"),
    ],
)
def test_broken_json_is_refused(text: str | bytes, line: int, says: str, made: Callable[..., Input]):
    found = refused(lambda: [item.raw("a") for item in json_items(made(text), describe(), "")])
    assert found[:2] == ("syntax", line) and says in found[2]


def test_rows_have_lines_and_nothing_is_unread(made: Callable[[str], Input]):
    about = describe("out-of-scope: {c: why}")
    text = '# note\na,c\n"x\ny",1\nz,2\n\n'
    found = [(row.place.line, row.take("a")) for row in rows(made(text), about, ("a",), comments="#")]
    assert found == [(3, "x\ny"), (5, "z")]
    assert refused(lambda: list(rows(made("a,b\n"), about)))[:2] == ("unknown-column", 1)
    assert refused(lambda: list(rows(made("c\n"), about, ("a",))))[:2] == ("missing-column", 1)
    assert refused(lambda: list(rows(made("a,a\n"), about)))[:2] == ("duplicate-column", 1)
    assert refused(lambda: list(rows(made(b"a\n\xff\n"), about)))[:2] == ("syntax", 2)
    assert refused(lambda: list(rows(made("a\nx\n"), about)))[0] == "unread-field"


def test_yaml_lists_are_read_item_by_item(made: Callable[[str], Input]):
    text = "---\n# c\n- a: '01'\n  t: |\n    - no item\n- a: no\n"
    found = [(item.place.line, item.take("a"), item.get("t")) for item in yaml_items(made(text), describe(), "")]
    assert found == [(3, "01", "- no item"), (6, "no", "")]
    inner = [item.take("a") for item in yaml_items(made("x: {y: [{a: 1}, {a: 2}]}\n"), describe(), "x/y")]
    assert inner == ["1", "2"]
    assert refused(lambda: list(yaml_items(made("- a: 1\n- {\n"), describe(), "")))[0] in ("syntax", "unread-field")


# -- output


def test_ids_are_minted_the_same_and_apart():
    assert mint("hudoc", "001-201353") == "hudoc-001-201353"
    assert mint("a", "Őry") == mint("a", "Őry") != mint("a", "Ory")
    assert mint("a", "x" * 500) != mint("a", "x" * 501) and len(mint("a", "x" * 500)) <= 130
    assert mint("a", "移民") != mint("a", "難民")
    with pytest.raises(ValueError, match="not empty"):
        mint("a", " ")


@given(st.lists(st.text(min_size=1), min_size=1).filter(lambda v: all(x.strip() for x in v)))
def test_what_is_minted_is_an_id(values: list[str]):
    from solidarity_spectrum.records.compile import _ID

    try:
        assert _ID.match(mint("p", *values))
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for v in values for c in v)


def test_the_output_is_counted_and_ids_stand_once():
    tally = Tally(describe().choose({}))
    tally.take(Record({"id": "thing-1", "type": "Case"}, "f", {(): (3, 1)}))
    assert refused(lambda: tally.take(Record({"id": "thing-1", "type": "Case"}, "g", {(): (9, 1)}))) == (
        "duplicate-id",
        9,
        "«thing-1» stands twice: first at f:3",
    )
    assert refused(lambda: tally.take(Record({"id": "other-1"}, "f")))[0] == "id"
    tally.take(Record({"record": "thing-2", "id": "viktor-orban", "type": "Person"}, "f"))


@pytest.mark.parametrize(
    ("assertions", "says"),
    [
        ("{least: {Case: 2}}", "1 records of type Case, at least 2"),
        ("{filled: {Case: {date: 0.5}}}", "«date» is filled in 0 of 1 Case"),
        ("{most: {Case: 0}}", ""),
    ],
)
def test_the_output_must_be_as_the_description_says(assertions: str, says: str):
    about = descriptions.parse(BASIS.replace("assertions: {}", f"assertions: {assertions}").encode(), "d", "some")
    tally, warned = Tally(about), []
    tally.take(Record({"id": "thing-1", "type": "Case"}, "f", {(): (3, 1)}))
    place = Record({}, "f").place()
    if says:
        assert says in refused(lambda: tally.done(place, warned.append))[2]
    else:
        tally.done(place, warned.append)
        assert [finding.severity for finding in warned] == ["warning"]


def test_nothing_at_all_is_an_error():
    assert refused(lambda: Tally(describe()).done(Record({}, "f").place(), print))[0] == "nothing"


def test_a_source_adds_to_a_thing_without_replacing_its_record():
    text = """
- {id: a-person, type: Person, label: {en: A}, sources: [{url: 'http://e/', title: t, tier: primary}], status: verified}
- {record: wikidata-q1, id: a-person, type: Person, wikidataId: Q1,
   sources: [{url: 'http://w/', title: w, tier: secondary}], status: single-source}
"""
    for order in (1, -1):
        compiled = compile_records(read_records(text.encode(), "f")[::order], ())
        assert not [f for f in compiled.findings if f.severity == "violation"]
        graphs = {quad.graph_name.value.rpartition("/")[2] for quad in compiled.accepted}
        assert graphs == {"a-person", "wikidata-q1", "provenance"}
        assert compiled.nodes["https://w3id.org/solidarity-spectrum/id/a-person"][0].name == "a-person"
    twice = compile_records(
        read_records(text.replace("a-person, type: Person, label", "b, type: Person, label").encode(), "f")
        + read_records(text.encode(), "g"),
        (),
    )
    assert "duplicate-id" in {f.rule for f in twice.findings}


# -- command


def test_a_file_is_whole_or_not_there(solidarity: Callable[..., tuple[int, str, str]], tmp_path: Path):
    good, bad, out = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "out.yaml"
    header = "resolution,iso3,country,vote,source\n"
    row = "A/RES/73/151,HUN,Hungary,no,http://e.org/ (x)\n"
    good.write_text(header + row)
    bad.write_text(header + row + row)
    assert solidarity("load", "unga-votes", str(good), "--out", str(out), "--recorded", "2026-11-26")[0] == 0
    before = out.read_bytes()
    assert [r.id for r in read_records(before, "out")] == ["vote-a-res-73-151-hun"]
    status, _, told = solidarity("load", "unga-votes", str(bad), "--out", str(out))
    assert status == 2 and "stands twice" in told and out.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv", "good.csv", "out.yaml"]
    status, text, _ = solidarity("load", "unga-votes", str(good), "--recorded", "2026-11-26")
    assert status == 0 and text.encode() == before
    quads = solidarity("load", "unga-votes", str(good), "--format", "nq", "--recorded", "2026-11-26")[1]
    assert "<https://w3id.org/solidarity-spectrum/graph/vote-a-res-73-151-hun>" in quads


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("load", "unga-vote", "x"), "did you mean unga-votes"),
        (("load", "unga-votes", "/nowhere/x.csv"), "No such file"),
        (("load", "unga-votes", "x", "--choose", "party=a"), "cannot be chosen from by «party»"),
        (("load", "unga-votes", "x", "--choose", "party"), "takes NAME=VALUE"),
        (("load", "unga-votes", "x", "--recorded", "today"), "not a day"),
    ],
)
def test_the_command_says_what_is_wrong(
    arguments: tuple[str, ...], says: str, solidarity: Callable[..., tuple[int, str, str]]
):
    status, out, told = solidarity(*arguments)
    assert status == 2 and not out and says in told


@pytest.mark.slow
def test_what_is_loaded_into_the_store_is_there_whole_or_not_at_all(
    store_folder: Path, solidarity: Callable[..., tuple[int, str, str]], tmp_path: Path
):
    from solidarity_spectrum import store
    from solidarity_spectrum.resources import DATA

    copy, target, votes = tmp_path / "copy", tmp_path / "store", tmp_path / "votes.csv"
    shutil.copytree(store_folder.resolve(), copy)
    target.symlink_to(copy)
    before = store.manifest(target)
    text = (DATA / "votes" / "unga.csv").read_text("utf-8")
    votes.write_text(text.replace("dgrtwo/unvotes (", "dgrtwo/unvotes2 ("), "utf-8")
    load = ("load", "unga-votes", str(votes), "--store", str(target), "--into-store")
    status, *_ = solidarity(*load, "--recorded", "2026-11-22")
    after = store.manifest(target)
    same = ("records", "records by type", "records by status", "candidates")
    assert status == 0 and [after[key] for key in same] == [before[key] for key in same]
    assert after["hash"] != before["hash"] and b"dgrtwo/unvotes2" in (target / store.DUMP).read_bytes()
    votes.write_text(text.replace(",HUN,", ",HUM,"), "utf-8")
    assert solidarity(*load)[0] == 2
    assert store.manifest(target) == after
