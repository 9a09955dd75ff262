"""What other programs say of a file, where they are; their silence is never taken for consent."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.programs import Programs
from fixbot.source.document import Document
from fixbot.syntax import load_grammar
from fixbot.validity import checker_programs
from fixbot.validity.ask_checkers import Answer, ask_outside
from fixbot.validity.checker_programs import UnansweredChecker

PACKAGE = """\
class ValidationError(Exception):
    path = ("spec", 0)

def validate(data, version, strict):
    assert strict
    if data["kind"] == "Bad":
        raise ValidationError("hunter2")
    if data["kind"] == "Other":
        raise KeyError("schema")

def latest_version():
    return "1.37"
"""


@pytest.fixture
def none(tmp_path: Path) -> Programs:
    (tmp_path / "scratch").mkdir()
    return Programs("/usr/bin:/bin", str(tmp_path / "scratch"), sys.executable)


def script(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_extras_say_nothing_where_they_are_missing(none: Programs) -> None:
    assert checker_programs.run_cfn_lint("{}", none) is None
    assert checker_programs.run_terraform_fmt("", none) is None
    assert checker_programs.run_kubernetes_validate([{}], none) is None


def test_extras_are_asked_where_they_are_there(none: Programs, tmp_path: Path) -> None:
    tool = script(
        tmp_path / "tool",
        f"#!{sys.executable}\nimport json, sys\n"
        "if sys.argv[1] == 'fmt': print(sys.stdin.read().replace('  =', ' ='), end='')\n"
        "else: print(json.dumps([{'Rule': {'Id': 'E3012'}, 'Location': {'Path': ['Resources', 0]},"
        " 'Message': 'hunter2'}, {'Rule': {'Id': 'W1'}, 'Location': {}}]))\n",
    )
    there = replace(none, cfn_lint=tool, terraform=tool)
    assert checker_programs.run_cfn_lint("{}", there, ".json") == ("E3012 at /Resources/0",)
    assert checker_programs.run_terraform_fmt("a  = 1\n", there) == "a = 1\n"


@pytest.mark.parametrize(
    "text", ["echo no json\nexit 3\n", "exit 1\n", "echo '[1]'\n", "kill -9 $$\n", "echo {}\n"]
)
def test_an_answer_that_is_none_is_said(none: Programs, tmp_path: Path, text: str) -> None:
    tool = script(tmp_path / "tool", f"#!/bin/sh\n{text}")
    there = replace(none, cfn_lint=tool, terraform=tool)
    said = checker_programs.run_cfn_lint("{}", there)
    if text != "echo {}\n":
        assert isinstance(said, UnansweredChecker)
        assert str(said).startswith("cfn-lint did not answer: it printed no list of findings (status ")
    gone = replace(none, cfn_lint=str(tmp_path / "gone"), terraform=str(tmp_path / "gone"))
    assert isinstance(checker_programs.run_cfn_lint("{}", gone), UnansweredChecker)


def test_a_schema_check_names_places_not_values(none: Programs, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/kubernetes_validate.py").write_text(PACKAGE)
    # An interpreter that has the package, isolated or not.
    python = script(
        tmp_path / "python",
        f'#!/bin/sh\ncase "$*" in *-S*) exec {sys.executable} "$@";; esac\nshift\n'
        f'PYTHONPATH={tmp_path}/package exec {sys.executable} "$@"\n',
    )
    there = replace(none, python=python, kubernetes=True)
    asked = [{"kind": "Good"}, {"kind": "Other"}, {"kind": "Bad"}]
    assert checker_programs.run_kubernetes_validate(asked, there) == (
        (), None, ("spec.0 is not as the schema of Kubernetes has it",),
    )  # fmt: skip
    lost = replace(none, kubernetes=True)
    assert checker_programs.run_kubernetes_validate(asked, lost) is None


def document(text: str) -> Document:
    return Document("t.yaml", text, "yaml", tuple(load_grammar("yaml").parse_text(text)))


ORDERS = "{}Metadata:\n  {}:\n    config: {{parameter_files: [/etc/passwd]}}\nResources: {{}}\n"


@pytest.mark.parametrize("key", ["cfn-lint", "'cfn-lint'", '"cfn-lint"', '"cfn\\x2dlint"'])
@pytest.mark.parametrize("head", ["", "# cfn-lint\n"])
def test_a_template_gives_cfn_lint_no_orders(none: Programs, tmp_path: Path, key: str, head: str) -> None:
    seen = tmp_path / "seen"
    tool = script(tmp_path / "tool", f'#!/bin/sh\nfor last; do :; done\ncat "$last" >> {seen}\necho "[]"\n')
    asked = document(ORDERS.format(head, key))
    said = ask_outside(asked, asked, replace(none, cfn_lint=tool))
    if "x2d" in key:
        why = "cfn-lint was not asked: the template gives it orders of its own that can't be left out"
        assert said == Answer("cfn-lint", why)
        assert not seen.exists()
    else:
        assert said == Answer("cfn-lint", None)
        assert seen.read_text() == 2 * asked.text.replace(f"  {key}:", f"  {key.replace('cfn', 'not')}:")
