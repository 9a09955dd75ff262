"""Files of formats that make containers and policies and are not read: told from names and bytes, and named.

What is to be done about each is part of the sentence: nothing that holds a container is passed by in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class OtherFormat:
    """How files of a format are called, what one holds that matters, and what a reader is told."""

    ending: str
    holds: re.Pattern[bytes]
    reason: str


_CONTAINERS: Final = re.compile(rb"(?i)container|privileged|statement|\bimage\b")
_ANY: Final = re.compile(rb"")
_RENDERED: Final = "fixbot doesn't read these; run it on what they are rendered to"
_FORMATS: Final = (
    *(
        OtherFormat(ending, _CONTAINERS, f"{name}; {_RENDERED}")
        for ending, name in (
            (".jsonnet", "Jsonnet"),
            (".libsonnet", "Jsonnet"),
            (".cue", "CUE"),
            (".k", "KCL"),
            (".bicep", "Bicep"),
            (".dhall", "Dhall"),
            (".gotmpl", "a template of Helmfile"),
            ("serverless.ts", "a Serverless Framework file in TypeScript"),
            ("serverless.js", "a Serverless Framework file in JavaScript"),
        )
    ),
    OtherFormat(".nomad", _CONTAINERS, "a Nomad job; fixbot doesn't change these"),
    OtherFormat(".nomad.hcl", _CONTAINERS, "a Nomad job; fixbot doesn't change these"),
    OtherFormat(
        "terragrunt.hcl",
        re.compile(rb"(?i)container|privileged|root_filesystem|environment|secret|password|policy"),
        "a Terragrunt file: the inputs of its module are not looked at; change them by hand",
    ),
    OtherFormat(".hcl", re.compile(rb'(?m)^job[ \t]+"'), "a Nomad job; fixbot doesn't change these"),
    OtherFormat(
        ".hcl",
        re.compile(rb"(?m)^inputs[ \t]*="),
        "a Terragrunt file: the inputs of its module are not looked at; change them by hand",
    ),
    *(
        OtherFormat(f".{kind}.{ending}", _CONTAINERS, f"{name}; {_RENDERED}")
        for kind in ("yaml", "yml", "json", "tf")
        for ending, name in (
            ("erb", "a template of ERB"),
            ("epp", "a template of Puppet"),
            ("mustache", "a template of Mustache"),
            ("hbs", "a template of Handlebars"),
            ("ejs", "a template of EJS"),
        )
    ),
    *(
        OtherFormat(
            f"*stack.{ending}",
            re.compile(rb"aws_cdk|aws-cdk|awscdk|Amazon\.CDK|cdktf|cdk8s|pulumi"),
            "a program that makes resources; run fixbot on what it makes (`cdk synth`), change its source",
        )
        for ending in ("ts", "js", "py", "java", "go", "cs")
    ),
    OtherFormat(
        "cdk.json", _ANY, "an AWS CDK application; run fixbot on the output of `cdk synth`, fix its source"
    ),
    OtherFormat("cdktf.json", _ANY, "a CDKTF application; run fixbot on the output of `cdktf synth`"),
    OtherFormat("cdk8s.yaml", _ANY, "a cdk8s application; run fixbot on the output of `cdk8s synth`"),
    OtherFormat(
        "Pulumi.yaml",
        re.compile(rb"(?m)^runtime:(?![ \t]*['\"]?yaml)"),
        "a Pulumi program; fixbot doesn't read these, change what it makes in its source",
    ),
    OtherFormat(
        "skaffold.yaml",
        re.compile(rb"setValue|overrides"),
        "a Skaffold file: the values that it gives to charts are not looked at",
    ),
)


def select_others(paths: tuple[str, ...]) -> list[str]:
    """Those of other files whose names say that they are of such a format."""
    endings = tuple({each.ending.removeprefix("*") for each in _FORMATS})
    others = (".lock.hcl", ".pkr.hcl")
    return [path for path in paths if _ends_so(path, endings) and not path.endswith(others)]


def _ends_so(path: str, endings: tuple[str, ...]) -> bool:
    return path.endswith(endings) or path.lower().endswith(endings)


def name_format(path: str, data: bytes) -> str | None:
    """What a reader is told of a file of such a format that holds what would be looked at."""
    name = path.rpartition("/")[2]
    for each in _FORMATS:
        if _is_called(name, each.ending) and each.holds.search(data):
            return each.reason
    return None


def _is_called(name: str, ending: str) -> bool:
    """Whether a file's name is a format's: `.cue` and `*stack.ts` are endings, anything else is the whole."""
    if ending[0] == "*":
        return name.lower().endswith(ending[1:])
    return name.endswith(ending) if ending[0] == "." else name == ending
