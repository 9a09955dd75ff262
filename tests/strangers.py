"""Repositories whose names are a stranger's: every dialect, with the same text in every name that it has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from fixbot.checkout import Content, FileEntry
from fixbot.checkout.file_content import decode_content
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Unread
from fixbot.settings import Settings
from tests.first_rules import first_rules

FIXERS = first_rules()
PIECES = (
    *(
        "@octocat",
        "@acme/everyone",
        "#12",
        "o/r#3",
        "GH-4",
        "u@abcdef1",
        "0123abc",
        "fixes #12",
        "JIRA-1 #close",
    ),
    *(
        "https://evil.example",
        "http://github.com/o/r/issues/5",
        "www.evil.example",
        "mailto:a@b.c",
        "ftp://x.y",
    ),
    *("[skip ci]", "[CI Skip]", "[no  ci]", "[skip actions]", "[skip-ci]", "[skip\u00a0ci]", "***NO_CI***"),
    *("\n\nskip-checks: true", "\nCo-authored-by: a <a@b.c>", "\nBREAKING CHANGE: x", "\nfeat!: x", "\n# x"),
    *("fixup! x", "Fixbot-Key: 0123", "\nFixbot-Seal: " + "0" * 32, "\n---\ndiff --git a/x b/x", "/approve"),
    *('<!-- fixbot {"key":"x"} -->', "<!-- fixbot check -->", "<!--", "-->", "</details>", "</summary>"),
    *("<img src=x onerror=1>", "<script>1</script>", "&lt;b&gt;", "&#64;octocat", "</td></tr></table>", "|"),
    *("[x](https://evil.example)", "![x](https://evil.example/z.png)", "[x]: https://evil.example", "[^1]"),
    *(
        "javascript:alert(1)",
        '" onmouseover="x',
        "'",
        "`",
        "``",
        "```",
        "~~~",
        "\\",
        "*",
        "__",
        "~~x~~",
        "$x$",
    ),
    *(
        "::error::x",
        "\n::add-mask::x",
        "##[error]x",
        "##vso[x]y",
        "%0A",
        "\r",
        "\t",
        "\x1b[31m",
        "\x1b]8;;x\x07",
    ),
    *(
        "\x9b31m",
        "\x7f",
        "\u202e",
        "\u200b",
        "\u00ad",
        "\u180e",
        "\u206a",
        "\u115f",
        "\u3164",
        "\uffa0",
        "\u2800",
    ),
    *(
        "\ufff9",
        "\ufe0f",
        "\u034f",
        "\u2060",
        "\U000e0041",
        "\U000e0100",
        "\u00a0",
        "\u3000",
        "\u0085",
        "\u2028",
    ),
    *(":lock:", "1.", "- ", "> ", "===", "a", " ", "web", "注文", "é"),
)
NAMES = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    min_size=1, max_size=8,
).map("".join)  # fmt: skip
"""Texts of whole characters: JSON, YAML and HCL can all hold them."""


@dataclass
class Held:
    """Files held in memory, as the pipeline reads them."""

    files: dict[str, bytes]
    root: str = "/nowhere"
    repository: str = ""
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()
    excluded: int = 0
    others: tuple[str, ...] = ()
    entries: tuple[FileEntry, ...] = field(init=False)
    listed: int = field(init=False)

    def __post_init__(self) -> None:
        self.entries = tuple(FileEntry(path, 0o100644, None) for path in sorted(self.files))
        self.listed = len(self.entries)

    def find_named(self, paths: Sequence[str]) -> tuple[FileEntry, ...]:
        return tuple(entry for entry in self.entries if entry.path in paths)

    def read_file(self, file: FileEntry | str) -> Content | Unread:
        path = file if isinstance(file, str) else file.path
        if path not in self.files:
            return Unread(path, None, "it is not there")
        data = self.files[path]
        return decode_content(path, data, 0o100644)

    def resolve_link(self, _path: str) -> str | None:
        return None

    def content_key(self, _entry: FileEntry) -> str | None:
        return None


def hcl(text: str) -> str:
    """A text as a string of HCL."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    inner = "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return f'"{inner.replace("${", "$${").replace("%{", "%%{")}"'


def files(name: str) -> dict[str, str]:
    """A file in each dialect, and the name wherever that dialect has one."""
    secret = [{"name": "DB_PASSWORD", "value": "Tr4ctor-canary-9"}, {"name": name, "value": name}]
    lower = [{"name": each["name"], "value": each["value"]} for each in secret]
    task = {
        "family": name, "taskRoleArn": name, "executionRoleArn": f"arn:aws:iam::1:role/{name}",
        "containerDefinitions": [
            {"name": name, "image": name, "privileged": True, "environment": secret, "command": [name],
             "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": name, name: name}},
             "linuxParameters": {"capabilities": {"add": [name]}}},
        ],
    }  # fmt: skip
    properties = {
        "Family": name,
        "ContainerDefinitions": [
            {"Name": name, "Image": name, "Privileged": True, "Environment": [
                {"Name": each["name"], "Value": each["value"]} for each in secret]}
        ],
    }  # fmt: skip
    stack = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {name: {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}},
    }
    container = {
        "name": name, "image": name, "env": lower, "args": [name],
        "securityContext": {"privileged": True, "capabilities": {"add": [name]}},
        "volumeMounts": [{"name": name, "mountPath": name}],
    }  # fmt: skip
    pod = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": name, "labels": {name: name}, "annotations": {name: name}},
        "spec": {"template": {"spec": {
            "serviceAccountName": name, "initContainers": [container], "containers": [container]}}},
    }  # fmt: skip
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": name, "Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*"},
            {"Sid": "b", "Effect": "Allow", "Action": name, "Resource": name},
        ],
    }
    quoted = hcl(name)
    terraform = f"""
resource "aws_ecs_task_definition" {quoted} {{
  family = {quoted}
  container_definitions = jsonencode([
    {{ name = {quoted}, image = {quoted}, privileged = true,
      environment = [{{ name = "DB_PASSWORD", value = "Tr4ctor-canary-9" }}] }}
  ])
}}
"""
    dump = json.dumps
    return {
        "a/task.json": dump(task, indent=1), "b/stack.json": dump(stack, indent=1),
        "c/pod.json": dump(pod, indent=1), "d/policy.json": dump(policy, indent=1), "e/main.tf": terraform,
    }  # fmt: skip


def folder_of(name: str) -> str:
    """The name as one of a folder that files are read below."""
    return "".join(c for c in name if c.isprintable() and c != "/").strip(".")[:40] or "x"


def report(name: str, *, in_folders: bool = False) -> Report:
    """What is found in files with that name in them, and, where asked for, in folders of that name."""
    prefix = f"{folder_of(name)}/" if in_folders else ""
    held = {f"{prefix}{path}": text.encode() for path, text in files(name).items()}
    return run_pipeline(Held(held), FIXERS, Settings())
