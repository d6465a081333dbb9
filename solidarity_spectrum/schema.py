"""The JSON Schema of record files, for editors: which keys there are, what they mean, which codes they take.

It says as much as a schema can of one file; whether ids exist, dates are in order or sources suffice only `validate`
knows. Numbers and truth values may stand where records take text, since editors read YAML by its own rules.
"""

import json
from typing import Any

from solidarity_spectrum import fields
from solidarity_spectrum.fields import Field
from solidarity_spectrum.forms import SCHEMA_IRI
from solidarity_spectrum.records.context import context
from solidarity_spectrum.records.tables import PARTS
from solidarity_spectrum.report.catalogue import plain

Schema = dict[str, Any]
_ID = "(concept:)?[a-z0-9]+(-+[a-z0-9]+)*"
_POINT = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
_LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_TYPED: dict[str, Schema] = {
    "boolean": {"enum": [True, False, "true", "false"]},
    "integer": {"type": ["integer", "string"], "pattern": "^[-+]?[0-9]+$"},
    "decimal": {"type": ["number", "string"], "pattern": "^[-+]?[0-9]*[.]?[0-9]+$"},
    "duration": {"type": "string", "pattern": "^-?P"},
}
_TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_UNVERIFIED: Schema = {"properties": {"status": {"const": "unverified"}}, "required": ["status"]}
_OF_FILE = ("status", "sources", "recorded")
"""Keys that a record must have which may stand at the top of its file instead."""


def schema() -> Schema:
    """The schema (draft 2020-12), as an object."""
    types = list(context().classes)
    records = [name for name in types if name not in PARTS.values()]
    must = {"required": list(_OF_FILE)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_IRI,
        "title": "Records of Solidarity Spectrum",
        "description": "One record, a list of records, or a file with keys that hold for all of its `records`.",
        "if": {"type": "object", "required": ["records"]},
        "then": {"$ref": "#/$defs/file"},
        "else": {
            "if": {"type": "array"},
            "then": {"items": {"$ref": "#/$defs/record", **must}, "minItems": 1},
            "else": {"$ref": "#/$defs/record", "type": "object", **must},
        },
        "$defs": {
            "file": _file(),
            "record": {
                "type": "object",
                "required": ["id", "type"],
                "properties": {"id": {"$ref": "#/$defs/id"}, "type": _described("type", {"enum": records})},
                "allOf": [_if_type(name) for name in records],
            },
            **{name: _type(name) for name in types},
            **{f"part-{name}": _part(name) for name in dict.fromkeys(PARTS.values())},
            "source": _source(),
            "name": {"enum": ["id", "type", "unverified", *_all_keys()]},
            "id": _described("id", {"type": ["string", "integer"], "pattern": f"^{_ID}$", "maxLength": 200}),
            "reference": {"type": ["string", "integer"], "pattern": f"^({_ID}|https?://[^/\\s].*)$"},
            "date": {
                "type": ["string", "integer"],
                "pattern": f"^({_POINT}|({_POINT}|[.]{{2}})/({_POINT}|[.]{{2}}))$",
                "minimum": 1000,
                "maximum": 9999,
            },
            "text": _TEXT,
            "texts": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": _LANGUAGE},
                "properties": {language: _several({"$ref": "#/$defs/text"}) for language in ("en", "hu")},
                "additionalProperties": _several({"$ref": "#/$defs/text"}),
            },
            **{f"key-{name}": _key(known) for name, known in _all_keys().items()},
        },
    }


def text() -> str:
    """The schema as it is shipped, `ontology/records.schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def _file() -> Schema:
    evidence = [name for name in fields.evidence() if name not in ("id", "type", "unverified")]
    return {
        "type": "object",
        "required": ["records"],
        "properties": {
            **{name: {"$ref": f"#/$defs/key-{name}"} for name in evidence},
            "records": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/record"}},
        },
        "propertyNames": {"enum": ["records", *_all_keys()]},
        "allOf": [
            {"if": {"required": [name]}, "else": {"properties": {"records": {"items": {"required": [name]}}}}}
            for name in _OF_FILE
        ],
    }


def _if_type(name: str) -> Schema:
    condition = {"properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": condition, "then": {"$ref": f"#/$defs/{name}"}}


def _type(name: str) -> Schema:
    """What holds of a record of a type. What is unverified need not be complete."""
    keys = fields.of_type(name)
    evidence = [key for key in fields.evidence() if key not in ("id", "type", "unverified")]
    own = {key: {"$ref": f"#/$defs/key-{key}"} for key in keys}
    loose = {key: {"type": ["object", "array"]} for key in keys if key in PARTS}  # need not be complete either
    aside = {"type": "object", "properties": own | loose, "propertyNames": {"$ref": "#/$defs/name"}}
    return {
        "description": f"{fields.type_label(name, 'en')} / {fields.type_label(name, 'hu')}",
        "properties": {
            "id": {"$ref": "#/$defs/id"},
            "type": True,
            **own,
            **{key: {"$ref": f"#/$defs/key-{key}"} for key in evidence},
            "unverified": _described("unverified", aside),
        },
        # Keys of other types are not refused: no shape does.
        "propertyNames": {"$ref": "#/$defs/name"},
        "if": _UNVERIFIED,
        "else": _needed(keys),
    }


def _needed(keys: dict[str, Field]) -> Schema:
    required = [
        name
        for name, known in keys.items()
        if (known.need == "required" and not known.group) or "required" in known.languages.values()
    ]
    groups: dict[str, list[str]] = {}
    for name, known in keys.items():
        if known.need == "required" and known.group:
            groups.setdefault(known.group, []).append(name)
    tags = {
        name: {"required": [tag for tag, need in known.languages.items() if need == "required"]}
        for name, known in keys.items()
    }
    return {
        "required": required,
        "properties": {name: wanted for name, wanted in tags.items() if wanted["required"]},
        **({"allOf": [{"anyOf": [{"required": [name]} for name in one]} for one in groups.values()]} if groups else {}),
    }


def _part(name: str) -> Schema:
    return {
        "type": "object",
        "required": ["id", "type"],
        "properties": {"id": {"$ref": "#/$defs/id"}, "type": {"const": name}},
        "allOf": [{"$ref": f"#/$defs/{name}"}],
    }


def _source() -> Schema:
    keys = fields.source()
    return {
        "type": "object",
        "required": [name for name, known in keys.items() if known.need == "required" and not known.group],
        "properties": {
            name: _described(name, _value(known) if _is_map(known) else _several(_value(known)), True)
            for name, known in keys.items()
        },
        "propertyNames": {"enum": [*dict.fromkeys([*keys, *_all_keys()])]},
    }


def _all_keys() -> dict[str, Field]:
    """Every key that a record may have, with what the shapes say of it wherever it stands."""
    found: dict[str, Field] = {}
    for name, known in fields.evidence().items():
        if name not in ("id", "type", "unverified"):
            found[name] = known
    for name, key in context().keys.items():
        if name not in fields.COMPUTED:
            found.setdefault(name, Field(name, key))
    everywhere = [fields.of_type(name) for name in context().classes]
    for name in found:
        said = [keys[name] for keys in everywhere if name in keys]
        if said:
            found[name] = said[0] if all(each.pattern == said[0].pattern for each in said) else found[name]
    return found


def _key(known: Field) -> Schema:
    if known.name == "sources":
        return _described("sources", _several({"$ref": "#/$defs/source"}))
    value = _value(known)
    return _described(known.name, value if _is_map(known) else _several(value))


def _is_map(known: Field) -> bool:
    return known.key is not None and known.key.kind == "language"


def _value(known: Field) -> Schema:
    """What one value of a key looks like."""
    key = known.key
    if key is None:
        return {}
    if known.part:
        return {"$ref": f"#/$defs/part-{known.part}"}
    if key.kind == "code":
        codes = fields.codes(key.scheme)
        said = [
            f"{fields.code_label(key.scheme, code, 'en')} / {fields.code_label(key.scheme, code, 'hu')}"
            for code in codes
        ]
        return {"enum": codes, "enumDescriptions": said}
    if key.kind == "language":
        return {"$ref": "#/$defs/texts"}
    if key.kind == "date":
        return {"$ref": "#/$defs/date"}
    if key.kind == "reference":
        return {"$ref": "#/$defs/reference"}
    if key.kind == "typed":
        return _TYPED[key.datatype.rpartition("#")[2]]
    if key.name == "relation":
        names = fields.relations()
        said = [f"{_label(name, 'en')} / {_label(name, 'hu')}" for name in names]
        return {"enum": names, "enumDescriptions": said}
    return {**_TEXT, "pattern": known.pattern} if known.pattern else {"$ref": "#/$defs/text"}


def _label(relation: str, language: str) -> str:
    return fields.text(fields.SOL + relation, fields.LABEL, language)


def _several(value: Schema) -> Schema:
    # Not anyOf, which would say of a mistake deep inside only that the whole is neither.
    return {"if": {"type": "array"}, "then": {"minItems": 1, "items": value}, "else": value}


def _described(name: str, value: Schema, of_source: bool = False) -> Schema:
    said = [plain(fields.meaning(name, language, of_source)) for language in ("en", "hu")]
    return {"description": f"{said[0]} / {said[1]}", **value}
