"""The pages of the docs that are made from the program, every setting, every rule, and the site's menu.

`make docs` writes them before it builds the site; a test holds the kept copies to what this makes.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fixbot.rules.loading import load_rules
from fixbot.settings.schema import build_schema

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DEFAULTS = ROOT / "config" / "default.yml"
SETTINGS = """\
# Every setting

fixbot needs no settings. Yours go into `.fixbot.yml` at the top of the repository. Settings for all
repositories go into a file of their own, named by `--config` or by the variable `FIXBOT_CONFIG`; what the
repository says counts more. Maps are laid over each other key by key, `ignore` adds up, any other list
replaces the one below. A key that is not on this page is an error that names its line.

This page is made from the schema by which fixbot reads the file. Editors can use it too, with this as the
file's first line:

```yaml
# yaml-language-server: $schema=https://raw.githubusercontent.com/fixbot-dev/fixbot/main/fixbot/data/settings.schema.json
```
"""
RULES = """\
# The rules

Each rule is one concern, fixed alike in ECS task definitions, CloudFormation, Terraform, Kubernetes and IAM
files, wherever it can occur. Its page has the threat, examples (executed by the tests), what is left alone,
and how safe the fix is. `fixbot explain RULE` shows the same page in a terminal.

"""
MEANING = """
A fix is `safe` where it can't change how a program behaves, and `review` where someone has to look, with what
to try. The word in the table is the rule's usual one; a fix may be marked otherwise case by case.
"""


def pages() -> dict[Path, str]:
    """Each file that is made, or made in part, with its text."""
    menu = ROOT / "zensical.toml"
    return {DOCS / "settings.md": _settings(), DOCS / "rules.md": _rules(), menu: _menu(menu.read_text())}


def _menu(text: str) -> str:
    """The site's menu with every page of the two folders that grow."""
    for folder, one in (("fixers", "fixer"), ("decisions", "decision")):
        names = sorted(path.name for path in (DOCS / folder).glob("*.md"))
        indented = "".join(f'\\g<2>"{folder}/{name}",\n' for name in names)
        pattern = rf"(( *)# every {one}, by `make docs`\n).*?( *# so far\n)"
        text = re.sub(pattern, rf"\g<1>{indented}\g<3>", text, flags=re.DOTALL)
    return text


def _settings() -> str:
    defaults = YAML(typ="safe").load(DEFAULTS)
    parts = [SETTINGS]
    for name, what in build_schema()["properties"].items():
        parts.append(f"## {name}\n\n{what['description']}\n")
        rows = list(_rows(what, "", defaults.get(name)))
        if "properties" in _inner(what):
            parts.append("| key | what it says | values | default |\n|---|---|---|---|\n" + "".join(rows))
        else:
            parts.append(f"Values: {_kind(what)}. Default: {_value(defaults.get(name))}.\n")
    parts.append(f"## The defaults\n\n```yaml\n{DEFAULTS.read_text(encoding='utf-8')}```\n")
    return "\n".join(parts)


def _inner(what: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry of a list is, for a list."""
    return dict(what.get("items", what))


def _rows(what: Mapping[str, Any], prefix: str, defaults: Any) -> Iterator[str]:
    known = defaults if isinstance(defaults, dict) else {}
    needed = _inner(what).get("required", ())
    for name, each in _inner(what).get("properties", {}).items():
        if "properties" in each:
            yield from _rows(each, f"{prefix}{name}.", known.get(name))
            continue
        default = "needed" if name in needed else _value(known.get(name))
        yield f"| `{prefix}{name}` | {_cell(each['description'])} | {_cell(_kind(each))} | {default} |\n"


def _kind(what: Mapping[str, Any]) -> str:
    if "enum" in what:
        return _or([f"`{json.dumps(each) if isinstance(each, bool) else each}`" for each in what["enum"]])
    if "anyOf" in what:
        return _or([_kind(each) for each in what["anyOf"]])
    if isinstance(what.get("type"), list):
        return _or([_kind({"type": each}) for each in what["type"]])
    match what.get("type"):
        case "array":
            return f"a list; {_each(what['items'])}" if "title" in what["items"] else "a list of maps"
        case "object" if isinstance(what.get("additionalProperties"), Mapping):
            return f"a map; each key: {what['propertyNames']['title']}; {_each(what['additionalProperties'])}"
        case "object":
            return "a map"
        case "boolean":
            return "`true` or `false`"
        case "null":
            return "`null`"
        case "string" if what.get("format") == "date":
            return "a date"
        case other:
            return (
                what.get("title")
                or {"string": "a text", "integer": "a whole number", "number": "a number"}[str(other)]
            )


def _each(what: Mapping[str, Any]) -> str:
    return f"each: {_kind(what)}"


def _or(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _value(default: Any) -> str:
    if default in ([], {}, ""):
        return "empty"
    return f"`{default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _rules() -> str:
    table = "| rule | what it does | severity | the fix | controls |\n|---|---|---|---|---|\n"
    details = ""
    for each in load_rules():
        table += (
            f"| [{each.name}](fixers/{each.name}.md) | {each.heading} | {each.severity.label} | "
            f"{each.safety.value} | {', '.join(each.control_ids)} |\n"
        )
        why = each.section("Why").split("\n\n")[0]
        more = f"[Examples, what is left alone, safety](fixers/{each.name}.md)"
        details += f"\n## {each.name}\n\n{why}\n\n{more}\n"
    return RULES + table + MEANING + details


def main() -> None:
    """Write the pages that differ."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
