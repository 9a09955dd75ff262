"""The JSON Schema of `.fixbot.yml`, made from the same types that read it, for editors.

`python -m fixbot.settings.schema > fixbot/data/settings.schema.json` writes the shipped copy.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass
from datetime import date
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fixbot.settings import Settings
from fixbot.settings.read_settings import MOST_ENTRIES
from fixbot.settings.setting_fields import list_settable_fields, list_words
from fixbot.text.text_shape import TextShape

OPERATORS = " Only from the command line or `--config`: a repository's own file can't set it."


def build_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of fixbot (.fixbot.yml)",
        **_object_schema(Settings),
    }


def _object_schema(kind: type) -> dict[str, Any]:
    hints, known = get_type_hints(kind), list_settable_fields(kind)
    required = [
        name for name, each in known.items() if each.default is MISSING and each.default_factory is MISSING
    ]
    properties = {
        name: {"description": _describe_field(each.metadata), **_type_schema(hints[name], each.metadata)}
        for name, each in known.items()
    }
    whole = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**whole, "required": required} if required else whole


def _describe_field(meta: Mapping[str, Any]) -> str:
    return f"{meta['says']}{OPERATORS if meta.get('operator') else ''}"


def _type_schema(hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if NoneType in arguments:
        inner = _type_schema(next(each for each in arguments if each is not NoneType), meta)
        return {"anyOf": [inner, {"type": "null"}]}
    if origin is tuple:
        most = meta.get("entries", MOST_ENTRIES)
        return {"type": "array", "items": _type_schema(arguments[0], meta), "maxItems": most}
    if origin is Mapping:
        inner = _type_schema(arguments[1], {**meta, "entries": MOST_ENTRIES})
        most = meta.get("entries", MOST_ENTRIES)
        names = {"propertyNames": _text_schema(meta["keys"]), "maxProperties": most}
        return {"type": "object", "additionalProperties": inner, **names}
    if is_dataclass(hint) and isinstance(hint, type):
        return _object_schema(hint)
    return _scalar_schema(hint, meta)


def _scalar_schema(hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": list(list_words(hint))}
    if hint is bool:
        return {"type": "boolean"}
    if hint is int:
        return {"type": "integer", "minimum": meta["least"], "maximum": meta["most"]}
    if hint is date:
        return {"type": "string", "format": "date"}
    kind = ["string", "number"] if meta.get("digits") else "string"
    return {"type": kind, **_text_schema(meta["shape"])}


def _text_schema(shape: TextShape) -> dict[str, Any]:
    return {"title": shape.says, "pattern": f"^(?:{shape.pattern})$", "maxLength": shape.longest}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n")
