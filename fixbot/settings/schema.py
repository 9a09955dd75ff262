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
from fixbot.settings.reading import MOST_ENTRIES, readable, words
from fixbot.textshape import TextShape

OPERATORS = " Only from the command line or `--config`: a repository's own file can't set it."


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of fixbot (.fixbot.yml)",
        **_object(Settings),
    }


def _object(kind: type) -> dict[str, Any]:
    hints, known = get_type_hints(kind), readable(kind)
    required = [
        name for name, each in known.items() if each.default is MISSING and each.default_factory is MISSING
    ]
    properties = {
        name: {"description": _said(each.metadata), **_type(hints[name], each.metadata)}
        for name, each in known.items()
    }
    whole = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**whole, "required": required} if required else whole


def _said(meta: Mapping[str, Any]) -> str:
    return f"{meta['says']}{OPERATORS if meta.get('operator') else ''}"


def _type(hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if NoneType in arguments:
        inner = _type(next(each for each in arguments if each is not NoneType), meta)
        return {"anyOf": [inner, {"type": "null"}]}
    if origin is tuple:
        most = meta.get("entries", MOST_ENTRIES)
        return {"type": "array", "items": _type(arguments[0], meta), "maxItems": most}
    if origin is Mapping:
        inner = _type(arguments[1], {**meta, "entries": MOST_ENTRIES})
        most = meta.get("entries", MOST_ENTRIES)
        names = {"propertyNames": _text(meta["keys"]), "maxProperties": most}
        return {"type": "object", "additionalProperties": inner, **names}
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    return _scalar(hint, meta)


def _scalar(hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": list(words(hint))}
    if hint is bool:
        return {"type": "boolean"}
    if hint is int:
        return {"type": "integer", "minimum": meta["least"], "maximum": meta["most"]}
    if hint is date:
        return {"type": "string", "format": "date"}
    kind = ["string", "number"] if meta.get("digits") else "string"
    return {"type": kind, **_text(meta["shape"])}


def _text(shape: TextShape) -> dict[str, Any]:
    return {"title": shape.says, "pattern": f"^(?:{shape.pattern})$", "maxLength": shape.longest}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
