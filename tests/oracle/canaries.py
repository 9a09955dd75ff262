"""Plants made-up secrets into copies of real files, and looks for them where none may ever be seen."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracle.nodes import Broken
from tests.oracle.reading import read

_NAMES = ("DB_PASSWORD", "API_TOKEN", "STRIPE_SECRET_KEY", "SMTP_PASSWORD", "clientSecret", "JWT_SECRET")
_COMMENTS = ("# DB_PASSWORD={}", '# password: "{}"', "# export API_TOKEN={}", "# was: secret: {}")
_YAML_IMAGE = re.compile(r"^(?P<head>[ ]*(?:- +)?)(?P<key>image|Image):[ ]+\S.*$")
_JSON_IMAGE = re.compile(r'^(?P<head>[ \t]*)"(?P<key>image|Image)"[ ]*:[ ]*"[^"]*"[ ]*,[ ]*$')
_HCL_IMAGE = re.compile(r"^(?P<head>[ \t]+)image[ ]*=[ ]*[^,]*$")
_WORD = re.compile(r"[A-Za-z0-9+/]{10,}")
_SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: planted
stringData:
  password: {}
data:
  token: {}
"""
_VARIABLES = """\
variable "planted_db_password" {{
  default = "{}"
}}

locals {{
  planted_api_token = "{}"
}}

resource "aws_db_instance" "planted" {{
  password = "{}"
}}
"""


@dataclass
class Canaries:
    """Every value that was planted, by the file it stands in."""

    seed: int = 7
    planted: dict[str, str] = field(default_factory=dict)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - only to be alike in each run

    def new(self, path: str) -> str:
        """A value that stands nowhere else."""
        alphabet = string.ascii_letters + string.digits
        value = "".join(self._random.choice(alphabet) for _ in range(22)) + str(self._random.randrange(10))
        value = "q7" + value
        self.planted[value] = path
        return value

    def pick(self, words: tuple[str, ...]) -> str:
        return self._random.choice(words)


def plant(folder: Path) -> Canaries:
    """Put canaries into every file of a folder that holds containers, and files with more of them beside."""
    canaries = Canaries()
    folders: dict[Path, set[str]] = {}
    for file in sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()):
        path = file.relative_to(folder).as_posix()
        if ".git" in path.split("/") or not path.endswith((".yaml", ".yml", ".json", ".template", ".tf")):
            continue
        if _into(canaries, file, path):
            folders.setdefault(file.parent, set()).add(file.suffix)
    for parent, kinds in folders.items():
        here = parent.relative_to(folder).as_posix()
        if kinds & {".yaml", ".yml"}:
            one, two = canaries.new(f"{here}/planted.yaml"), canaries.new(f"{here}/planted.yaml")
            encoded = base64.b64encode(two.encode()).decode()
            (parent / "planted.yaml").write_text(_SECRET.format(one, encoded))
        if ".tf" in kinds:
            values = [canaries.new(f"{here}/planted.tf") for _ in range(3)]
            (parent / "planted.tf").write_text(_VARIABLES.format(*values))
    return canaries


def _into(canaries: Canaries, file: Path, path: str) -> bool:
    """Plant into one file, where it still reads afterwards."""
    try:
        text = file.read_bytes().decode()
        before = len(read(path, text).twice)
    except (UnicodeDecodeError, Broken):
        return False
    known = dict(canaries.planted)
    planted = "".join(_lines(canaries, path, text.splitlines(keepends=True)))
    try:
        fine = planted != text and len(read(path, planted).twice) == before
    except Broken:
        fine = False
    if fine:
        file.write_bytes(planted.encode())
    else:
        canaries.planted = known
    return fine


def _lines(canaries: Canaries, path: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield line
        bare = line.rstrip("\r\n")
        end = line[len(bare) :]
        if not end:
            continue
        if path.endswith(".tf"):
            new = _hcl(canaries, path, bare)
        elif found := _JSON_IMAGE.match(bare):
            new = _json(canaries, path, found)
        elif found := _YAML_IMAGE.match(bare):
            new = _yaml(canaries, path, found)
        else:
            new = []
        yield from (each + end for each in new)


def _yaml(canaries: Canaries, path: str, found: re.Match[str]) -> list[str]:
    indent = " " * len(found["head"])
    one, two, three = (canaries.new(path) for _ in range(3))
    names = canaries.pick(_NAMES), "SESSION_SECRET"
    if found["key"] == "Image":
        key, name, value = "Environment", "Name", "Value"
    else:
        key, name, value = "env", "name", "value"
    return [
        indent + canaries.pick(_COMMENTS).format(one),
        f"{indent}{key}:",
        f"{indent}  - {name}: {names[0]}",
        f"{indent}    {value}: {two}",
        f'{indent}  - {{{name}: {names[1]}, {value}: "{three}"}}',
    ]


def _json(canaries: Canaries, path: str, found: re.Match[str]) -> list[str]:
    indent, upper = found["head"], found["key"] == "Image"
    one, two, three = (canaries.new(path) for _ in range(3))
    name, value = ("Name", "Value") if upper else ("name", "value")
    keys = ("Environment", "LogConfiguration", "LogDriver", "Options") if upper else (
        "environment", "logConfiguration", "logDriver", "options",
    )  # fmt: skip
    return [
        f'{indent}"{keys[0]}": [{{"{name}": "{canaries.pick(_NAMES)}", "{value}": "{one}"}},',
        f'{indent}  {{"{value}": "{two}", "{name}": "APP_TOKEN"}}],',
        f'{indent}"{keys[1]}": {{"{keys[2]}": "splunk", "{keys[3]}": {{"splunk-token": "{three}"}}}},',
    ]


def _hcl(canaries: Canaries, path: str, bare: str) -> list[str]:
    found = _HCL_IMAGE.match(bare)
    if found is None:
        return []
    indent = found["head"]
    one, two = canaries.new(path), canaries.new(path)
    return [
        f"{indent}# DB_PASSWORD = {one}",
        f'{indent}environment = [{{ name = "{canaries.pick(_NAMES)}", value = "{two}" }}]',
    ]


def leaks(canaries: Canaries, text: str) -> list[str]:
    """The canaries that a text gives away, in any usual writing; what is said does not hold them again."""
    found = []
    words = "\n".join(set(_WORD.findall(text)))  # much less to look through
    for value, path in canaries.planted.items():
        for how, needle in _writings(value):
            if needle in words:
                at = text.index(needle)
                around = text[max(0, at - 60) : at + 60].replace(needle, "<HERE>").replace("\n", "⏎")
                found.append(f"{path}: {how}: …{around}…")
                break
    return found


def _writings(value: str) -> Iterator[tuple[str, str]]:
    raw = value.encode()
    yield "as it is", value
    yield "its beginning", value[:10]
    yield "its end", value[-10:]
    for shift in range(3):
        middle = base64.b64encode(b"x" * shift + raw)[4 * (shift > 0) + 4 : -6].decode()
        yield "base64", middle
    yield "hexadecimal", raw.hex()
    for name in ("md5", "sha1", "sha256", "blake2b"):
        yield name, hashlib.new(name, raw).hexdigest()[:16]
