"""Reading JSON with the line and column of every value; strict, and with the same scalars as the YAML reader."""

import json
from typing import Any

from solidarity_spectrum.findings import InputError, Place, violation
from solidarity_spectrum.records import yaml
from solidarity_spectrum.records.yaml import Places, Value


def read(data: bytes, file: str) -> tuple[Value, Places]:
    """Parse one JSON document; numbers stay as written.

    Returns its value and, as far as they can be told, the places of its keys and items. Raises what `parse` raises.
    """
    value = parse(data, file)
    try:
        # JSON is YAML but for tabs, which cannot stand inside its strings.
        return value, yaml.read(data.replace(b"\t", b" "), file)[1]
    except InputError:
        return value, {}


def parse(data: bytes, file: str) -> Value:
    """The value of one JSON document; numbers stay as written.

    Raises InputError for bytes that are not UTF-8 and for JSON errors, duplicate keys and deep nesting included.
    """
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refuse(Place(file, line), "the file is not UTF-8 text", "a fájl nem UTF-8 kódolású") from error
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise _refuse(place, f"not valid JSON: {error.msg}", f"hibás JSON: {error.msg}") from error
    except RecursionError as error:
        raise _refuse(Place(file), "nested too deeply", "túl mély beágyazás") from error
    except _JsonError as error:
        raise _refuse(Place(file), str(error), f"hibás JSON: {error}") from error


class _JsonError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _JsonError(f"the key «{key}» stands twice in one object")
        result[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise _JsonError(f"{name} is not JSON")


def _refuse(place: Place, en: str, hu: str) -> InputError:
    return InputError([violation("syntax", place, en, hu)])
