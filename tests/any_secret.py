"""Every way in which a secret may be written down: dialect, place, quoting, its name and its own form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from hypothesis import strategies as st

from tests.secret_places import manifest, template, terraform, variable
from tests.strangers import hcl

CANARY: Final = "CANARY"
_WORDS: Final = (
    ("db", "password"), ("api", "key"), ("client", "secret"), ("access", "token"), ("smtp", "passphrase"),
    ("admin", "pwd"), ("private", "key"), ("redis", "auth"), ("wallet", "seed"),
)  # fmt: skip
_JOINTS: Final[Mapping[str, Callable[[tuple[str, str]], str]]] = {
    "constant": lambda words: "_".join(words).upper(),
    "snake": "_".join,
    "kebab": "-".join,
    "dotted": ".".join,
    "camel": lambda words: words[0] + words[1].title(),
    "prefixed": lambda words: "APP__" + "__".join(words).upper(),
}
_FORMS: Final = (
    "c7{}q9xyzW", "plum-{}-Tr4ctor", "correct horse battery {} staple", "Correct Horse {} Staple 9",
    "pa#{}#9z", "pa:{}:9z!", "pa,{},9z!", "p@ss@{}9", "pa${}$9z", "!{}x9", "*{}x9z", "&{}x9z", "%{}x9z",
    "({})x9z", "[{}]x9z", "a/{}/b9+z=", "pa;{};9z", "pa|{}|9z", "pä-{}-ß9", "~{}9zx", "pa={}=9z",
    "9f{}0a1b2c3d4e5f", "?{}9x",
)  # fmt: skip


class Written(NamedTuple):
    """A secret in a file: what the file is called, its text, and how the secret came there, for a reader."""

    path: str
    text: str
    how: tuple[str, ...]


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if c.isalpha() else c for c in text) + '"'


_QUOTES: Final = {"single": _single, "double": _double, "escaped": _escaped, "tagged": "!!str {}".format}
_LINES: Final[Mapping[str, Callable[[str, str], str]]] = {
    "properties": lambda name, value: f"{name}={value}",
    "properties with a colon": lambda name, value: f"{name}:{value}",
    "YAML": lambda name, value: f"{name}: {value}",
    "ini": lambda name, value: f"{name} = {value}",
    "export": lambda name, value: f"export {name}='{value}'",
    "TOML": lambda name, value: f'{name} = "{value}"',
    "XML": lambda name, value: f"<{name}>{value}</{name}>",
    "an attribute of XML": lambda name, value: f'<property name="{name}" value="{value}"/>',
    "an option": lambda name, value: f"app --{name} '{value}' --verbose",
    "an option with a sign": lambda name, value: f'app --{name}="{value}"',
    "PHP": lambda name, value: f"$config['{name}'] = '{value}';",
    "JavaScript": lambda name, value: f"  {name}: '{value}',",
    "Python": lambda name, value: f"    '{name}': '{value}',",
    "a daemon's": lambda name, value: f'  {name} "{value}";',
    "a remark": lambda name, value: f"# {name} = {value}",
    "JSON": lambda name, value: json.dumps({name: value}),
}
"""One line of a configuration or script that is kept in a value of another file."""


def _config_map(name: str, value: str) -> str:
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: s}}\ndata:\n  {name}: {value}\n  z: y\n"


def _annotated(name: str, value: str) -> str:
    labels = "metadata: {labels: {a: b}}"
    return manifest(variable("b", "A")).replace(
        labels, f"metadata:\n      labels: {{a: b}}\n      annotations:\n        {name}: {value}"
    )


_PLACES: Final[Mapping[str, Callable[[str, str], str]]] = {
    "a variable": lambda name, value: manifest(variable(value, name)),
    "a ConfigMap": lambda name, value: manifest(variable("b", "A"), tail=_config_map(name, value)),
    "an annotation": _annotated,
    "a template's variable": lambda name, value: template(value).replace("DB_PASSWORD", name),
    "a template's metadata": lambda name, value: template("b", f"Metadata:\n  {name}: {value}\n"),
    "a template's default": lambda name, value: template(
        "b", f"Parameters:\n  X{''.join(filter(str.isalnum, name))}:\n    Default: {value}\n"
    ),
}
"""Places of YAML; the value is written as YAML has it."""


def _block(indent: str, line: str) -> str:
    return f"|\n{indent}a=b\n{indent}{line}\n{indent}true\n"


_HOLDERS: Final[Mapping[str, Callable[[str], tuple[str, str]]]] = {
    "a ConfigMap's file": lambda line: (
        "a.yaml",
        manifest(variable("b", "A"), tail=_config_map("app.conf", _block("    ", line))),
    ),
    "a script": lambda line: (
        "a.yaml",
        manifest("", f"        args:\n        - {_block('          ', line)}"),
    ),
    "a variable's text": lambda line: ("a.yaml", manifest(variable(_double(line), "SETTINGS"))),
    "a template's text": lambda line: ("t.yaml", template("b", f"Metadata:\n  U: {_block('    ', line)}")),
    "a heredoc": lambda line: (
        "main.tf",
        f"locals {{\n  x = <<EOT\n{line.replace('${', '$${')}\nEOT\n}}\n{terraform(chr(34) + 'b' + chr(34))}",
    ),
}
"""Places of texts that hold lines of another syntax."""
_TERRAFORM: Final[Mapping[str, Callable[[str, str], str]]] = {
    "a variable": lambda name, value: terraform(value).replace("DB_PASSWORD", name),
    "a local": lambda name, value: f"locals {{\n  {name.replace('.', '_')} = {value}\n}}\n{terraform('1')}",
    "an entry": lambda name, value: f'locals {{\n  m = {{ "{name}" = {value} }}\n}}\n{terraform("1")}',
    "a default": lambda name, value: (
        f'variable "{name.replace(".", "_")}" {{\n  default = {value}\n}}\n{terraform("1")}'
    ),
    "a call": lambda name, value: terraform(f"trimspace({value})").replace("DB_PASSWORD", name),
}


def _pod(name: str, value: str) -> object:
    held = {"name": "a", "image": "nginx:1.25", "securityContext": {"privileged": True}}
    env = [{"name": name, "value": value}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {"containers": [held | {"env": env}]},
    }


def _task(name: str, value: str) -> object:
    env = [{"name": name, "value": value}]
    return {"family": "o", "containerDefinitions": [
        {"name": "a", "image": "nginx:1.25", "privileged": True, "environment": env}]}  # fmt: skip


_JSON: Final[Mapping[str, Callable[[str, str], object]]] = {"a pod": _pod, "a task": _task}


@st.composite
def written_secrets(draw: st.DrawFn) -> Written:
    """A file that holds a canary, and something to repair beside it."""
    joint = draw(st.sampled_from(sorted(_JOINTS)))
    name = _JOINTS[joint](draw(st.sampled_from(_WORDS)))
    value = draw(st.sampled_from(_FORMS)).format(CANARY)
    match draw(st.sampled_from(("yaml", "line", "line", "terraform", "json"))):
        case "yaml":
            quote = draw(st.sampled_from(sorted(_QUOTES)))
            place = draw(st.sampled_from(sorted(_PLACES)))
            quoted = _QUOTES[quote](_double(value) if quote == "tagged" else value)
            return Written("a.yaml", _PLACES[place](name, quoted), (place, quote, name, value))
        case "line":
            line = draw(st.sampled_from(sorted(_LINES)))
            place = draw(st.sampled_from(sorted(_HOLDERS)))
            return Written(*_HOLDERS[place](_LINES[line](name, value)), (place, line, name, value))
        case "terraform":
            place = draw(st.sampled_from(sorted(_TERRAFORM)))
            return Written("main.tf", _TERRAFORM[place](name, hcl(value)), (place, name, value))
        case _:
            place = draw(st.sampled_from(sorted(_JSON)))
            indent = draw(st.sampled_from((None, 1)))
            text = json.dumps(_JSON[place](name, value), indent=indent, ensure_ascii=draw(st.booleans()))
            return Written("a.json", text, (place, name, value))
