"""The JSON Schema of record files: what is shipped fits it, and what is broken does not, at the right place."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml as pyyaml

from solidarity_spectrum import forms, schema
from solidarity_spectrum.records import yaml
from solidarity_spectrum.records.tables import KINDS
from tests.conftest import ROOT
from tests.test_validation import GOOD_YAML

FILE = ROOT / "ontology" / "records.schema.json"


class Core(pyyaml.SafeLoader):
    """YAML as editors read it (1.2, core schema): numbers and truth values, but no dates, and `no` is a word."""

    yaml_implicit_resolvers = yaml._Dumper.yaml_implicit_resolvers


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.validator_for(FILE.read_text("utf-8"), validate_formats=True)


def wrong(validator: Any, document: Any) -> set[str]:
    """The places at which a document breaks the schema."""
    return {"/".join(map(str, error.instance_path)) for error in validator.iter_errors(document)}


def test_the_shipped_schema_is_up_to_date_and_a_schema():
    assert FILE.read_text("utf-8") == schema.text(), "run «make docs»"
    jsonschema_rs.meta.validate(schema.schema())


def test_the_shipped_data_fit(validator: Any):
    files = sorted((ROOT / "data").glob("*/*.yaml"))
    assert len(files) > 100
    for file in files:
        assert wrong(validator, yaml.read(file.read_bytes(), str(file))[0]) == set(), file


@pytest.mark.parametrize("name", ["cases/hungary.yaml", "laws/italy-malta.yaml", "concepts/solidarity.yaml"])
def test_an_editor_reads_them_so_too(name: str, validator: Any):
    document = pyyaml.load((ROOT / "data" / name).read_text("utf-8"), Core)
    assert wrong(validator, document) == set()


def test_examples_and_templates_fit(validator: Any):
    texts = re.findall(r"```yaml\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    texts = [text for text in texts if "records:" in text]
    assert len(texts) >= 5
    for text in [*texts, GOOD_YAML, forms.as_yaml(list(KINDS)).decode()]:
        document = pyyaml.load(text, Core)
        assert wrong(validator, document) == set()
        records = [{"recorded": document["recorded"]} | record for record in document["records"]]
        assert wrong(validator, records) == set() == wrong(validator, records[0])


GOOD = pyyaml.load(GOOD_YAML, Core)


def change(*path: str | int, to: object = None) -> Callable[[Any], None]:
    """A change of the value at a path; None takes the key away."""

    def apply(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        if to is None:
            del document[path[-1]]
        else:
            document[path[-1]] = to

    return apply


R = "records/0"


@pytest.mark.parametrize(
    ("apply", "at"),
    [
        (change("records", 0, "id"), R),
        (change("records", 0, "id", to="Not An Id"), f"{R}/id"),
        (change("records", 0, "type"), R),
        (change("records", 0, "type", to="Statment"), f"{R}/type"),
        (change("records", 0, "type", to="Office"), f"{R}/type"),
        (change("records", 0, "speaker"), R),
        (change("records", 0, "speakr", to="viktor-orban"), R),
        (change("records", 0, "speaker", to={"id": "x"}), f"{R}/speaker"),
        (change("records", 0, "speaker", to=["viktor-orban", "Viktor Orbán"]), f"{R}/speaker/1"),
        (change("records", 0, "date", to="2018-6-20"), f"{R}/date"),
        (change("records", 0, "date", to="20 June 2018"), f"{R}/date"),
        (change("records", 0, "date", to=20180620), f"{R}/date"),
        (change("records", 0, "label", to="A test"), f"{R}/label"),
        (change("records", 0, "label", "en"), f"{R}/label"),
        (change("records", 0, "label", to={"en": "x", "english": "y"}), f"{R}/label"),
        (change("records", 0, "label", to={"en": ""}), f"{R}/label/en"),
        (change("records", 0, "status"), R),
        (change("records", 0, "status", to="proven"), f"{R}/status"),
        (change("records", 0, "sources"), R),
        (change("records", 0, "sources", to=[]), f"{R}/sources"),
        (change("records", 0, "sources", 0, "url"), f"{R}/sources/0"),
        (change("records", 0, "sources", 0, "tier", to="primry"), f"{R}/sources/0/tier"),
        (change("records", 0, "sources", 0, "consulted", to="maybe"), f"{R}/sources/0/consulted"),
        (change("records", 0, "ecli", to="EU:C:2021:930"), f"{R}/ecli"),
        (change("records", 0, "wikidataId", to="1234"), f"{R}/wikidataId"),
        (change("records", 0, "unverified", to={"dat": "2016"}), f"{R}/unverified"),
        (change("records", 0, "figures", to=[{"id": "x"}]), f"{R}/figures/0"),
        (change("records", 0, "figures", to=[{"id": "x", "type": "Figur"}]), f"{R}/figures/0/type"),
        (change("recorded"), R),
        (change("recorded", to="yesterday"), "recorded"),
        (change("records", to=[]), "records"),
        (change("record", to=[]), ""),
    ],
)
def test_what_is_broken_is_found_at_its_place(apply: Callable[[Any], None], at: str, validator: Any):
    document = copy.deepcopy(GOOD)
    assert wrong(validator, document) == set()
    apply(document)
    assert at in wrong(validator, document)


def test_what_is_unverified_need_not_be_complete(validator: Any):
    document = copy.deepcopy(GOOD)
    document["records"][0]["status"] = "unverified"
    del document["records"][0]["speaker"]
    assert wrong(validator, document) == set()


def test_the_command_prints_it(solidarity, tmp_path: Path):  # type: ignore[no-untyped-def]
    status, out, _ = solidarity("schema")
    assert status == 0 and out == FILE.read_text("utf-8")
    status, _, _ = solidarity("schema", "--out", str(tmp_path / "s.json"))
    assert status == 0 and (tmp_path / "s.json").read_text("utf-8") == out
