"""Checks plain data against the request shapes of AWS APIs, read from the JSON that botocore ships.

Says what botocore's ParamValidator says, and of enumerations too (a test holds the two together), without
importing botocore: that costs 180 ms of a run, reading the model 10.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fixbot.edit.tree import ABSENT
from fixbot.validity.plain_data import is_unknown

_GZIP: Final = 31
_WORDS: Final = {
    "string": "a string",
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "boolean": "true or false",
    "list": "a list",
    "structure": "a map",
    "map": "a map",
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "boolean": (bool,),
    "list": (list, tuple),
    "structure": (Mapping,),
    "map": (Mapping,),
}


def find_request_problems(service: str, operation: str, request: Mapping[str, object]) -> tuple[str, ...]:
    """What the API `operation` of `service` would refuse in a request; unknown values are passed over."""
    model = _load_model(service)
    shapes = model["shapes"]
    shape = shapes[model["operations"][operation]["input"]["shape"]]
    return tuple(_check_shape(shapes, shape, request, ""))


@cache
def _load_model(service: str) -> dict[str, Any]:
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("botocore", name="botocore")
    folder = Path(spec.submodule_search_locations[0]) / "data" / service
    newest = max(folder.iterdir(), key=lambda path: path.name)
    packed = newest / "service-2.json.gz"
    data = (
        zlib.decompress(packed.read_bytes(), _GZIP)
        if packed.exists()
        else (newest / "service-2.json").read_bytes()
    )
    model: dict[str, Any] = json.loads(data)
    return model


def _check_shape(shapes: dict[str, Any], shape: dict[str, Any], value: object, where: str) -> Iterator[str]:
    kind = shape["type"]
    if is_unknown(value) or kind not in _TYPES:
        return
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{where or 'the whole'} is {_name_type(value)}, not {_WORDS[kind]}"
        return
    check = _CHECKS.get(kind)
    if check is not None:
        yield from check(shapes, shape, value, where)


def _check_structure(shapes: dict[str, Any], shape: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    prefix = f"{where}." if where else ""
    written = {key: each for key, each in value.items() if each is not ABSENT}
    for name in shape.get("required", ()):
        if name not in written:
            yield f"{prefix}{name} is missing"
    if shape.get("union") and len(written) != 1:
        yield f"{where} must have exactly one of {', '.join(shape['members'])}"
    for key, each in written.items():
        member = shape["members"].get(key)
        if member is None:
            yield f"{prefix}{key} is no field of the API"
        else:
            yield from _check_shape(shapes, shapes[member["shape"]], each, f"{prefix}{key}")


def _check_list(shapes: dict[str, Any], shape: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if len(value) < shape.get("min", 0):
        yield f"{where} needs at least {shape['min']} items"
    item = shapes[shape["member"]["shape"]]
    for at, each in enumerate(value):
        yield from _check_shape(shapes, item, each, f"{where}[{at}]")


def _check_map(shapes: dict[str, Any], shape: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    of_key, of_value = shapes[shape["key"]["shape"]], shapes[shape["value"]["shape"]]
    for key, each in value.items():
        yield from _check_shape(shapes, of_key, key, f"a key of {where}")
        yield from _check_shape(shapes, of_value, each, f"{where}.{key}")


def _check_string(_: dict[str, Any], shape: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if len(value) < shape.get("min", 0):
        yield f"{where} needs at least {shape['min']} characters"
    if "enum" in shape and value not in shape["enum"]:
        yield f"{where} is none of {', '.join(shape['enum'])}"


def _check_number(_: dict[str, Any], shape: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if value < shape.get("min", value):
        yield f"{where} is less than {shape['min']}"


_CHECKS: Final[dict[str, Callable[[dict[str, Any], dict[str, Any], Any, str], Iterator[str]]]] = {
    "structure": _check_structure,
    "list": _check_list,
    "map": _check_map,
    "string": _check_string,
    "integer": _check_number,
    "long": _check_number,
    "float": _check_number,
    "double": _check_number,
}


def _name_type(value: object) -> str:
    if value is None:
        return "null"
    named = {bool: "true or false", int: "a number", float: "a number", str: "a string", list: "a list"}
    return named.get(type(value), "a map")
