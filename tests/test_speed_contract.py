"""What keeps a run fast, counted and not timed: how often the dear things are done."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

import pytest

from fixbot.checkout import Checkout
from fixbot.edit.diff import LineMask, masked_diff
from fixbot.edit.edited_text import EditedFile
from fixbot.edit.tree import Grammar, Node
from fixbot.engine import analyze, prove_together
from fixbot.engine.detect import Detection
from fixbot.engine.pipeline import run_pipeline
from fixbot.engine.verify import VerifiedPatch, Verifier
from fixbot.model.findings import Refusal, Report, Status
from fixbot.rules import load_rules
from fixbot.settings import Settings
from fixbot.source import document
from fixbot.syntax.yaml import YamlGrammar
from tests.first_rules import first_rules

FIXERS = first_rules()
READ_ONLY = tuple(each for each in FIXERS if each.name == "readonly-root-filesystem")


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted here must run here: as on a system that can't fork."""
    monkeypatch.setattr("fixbot.engine.workers.can_fork", lambda: False)


def deployment(name: str, more: str = "") -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
        f"  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n"
        f"        - name: {name}\n          image: nginx:1.27\n{more}"
    )


def looked_at(folder: Path, **files: str) -> Report:
    for name, text in files.items():
        (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), READ_ONLY, Settings())


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many fixes each proof was about."""
    found: list[int] = []
    old = Verifier.verify_fixes

    def prove(self: Verifier, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        found.append(len(chosen))
        return old(self, chosen)

    monkeypatch.setattr(Verifier, "verify_fixes", prove)
    return found


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stretches of YAML that were parsed."""
    found: list[str] = []
    old = YamlGrammar.parse_text

    def parse(self: YamlGrammar, text: str, start: int = 0, end: int | None = None) -> tuple[Node, ...]:
        found.append(text[start:end])
        return old(self, text, start, end)

    monkeypatch.setattr(YamlGrammar, "parse_text", parse)
    return found


def pods(*containers: str) -> str:
    return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n" + "".join(containers)


def test_all_fixes_of_a_rule_in_a_file_are_one_proof(tmp_path: Path, proofs: list[int]) -> None:
    report = looked_at(
        tmp_path, **{"a.yaml": pods(*(f"    - {{name: c{n}, image: nginx}}\n" for n in range(50)))}
    )
    assert {each.status for each in report.findings} == {Status.FIXED}
    assert proofs == [50]


def test_fixes_without_an_exact_edit_cost_no_proof_each(tmp_path: Path, proofs: list[int]) -> None:
    """A hundred containers; in half of them the security context is repeated elsewhere by an alias."""
    fine = "    - name: c{0}\n      image: nginx\n"
    shared = fine + "      securityContext: &x{0}\n        runAsUser: 1\n      x: *x{0}\n"
    report = looked_at(
        tmp_path, **{"a.yaml": pods(*((shared if n % 2 else fine).format(n) for n in range(100)))}
    )
    assert Counter(each.status for each in report.findings) == {Status.FIXED: 50, Status.REFUSED: 50}
    assert proofs == [100, 50]


def test_the_search_for_what_spoils_a_proof_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse(_: Verifier, chosen: Sequence[Detection]) -> Refusal:
        tries.append(len(chosen))
        return Refusal("not today")

    monkeypatch.setattr(Verifier, "verify_fixes", refuse)
    report = looked_at(
        tmp_path, **{"a.yaml": pods(*(f"    - {{name: c{n}, image: nginx}}\n" for n in range(500)))}
    )
    assert len(report.findings) == 500
    assert {each.status for each in report.findings} == {Status.REFUSED}
    assert len({each.reason for each in report.findings}) == 2
    # One more for each half that was still waiting when the search ended.
    assert prove_together.MOST_TRIES < len(tries) < prove_together.MOST_TRIES + 20


def test_what_spoils_a_proof_is_found_by_halving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Verifier.verify_fixes

    def prove(self: Verifier, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        bad = any(each.found.address.endswith("/c7") for each in chosen)
        return Refusal("not c7") if bad else old(self, chosen)

    monkeypatch.setattr(Verifier, "verify_fixes", prove)
    report = looked_at(
        tmp_path, **{"a.yaml": pods(*(f"    - {{name: c{n}, image: nginx}}\n" for n in range(20)))}
    )
    refused = [each for each in report.findings if each.status is Status.REFUSED]
    assert [(each.resource, each.reason) for each in refused] == [("Pod p, container c7", "not c7")]
    assert len(report.findings) == 20


def test_halves_that_hold_alone_but_not_together_leave_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Verifier.verify_fixes

    def prove(self: Verifier, chosen: Sequence[Detection]) -> VerifiedPatch | Refusal:
        return Refusal("one at a time") if len(chosen) > 1 else old(self, chosen)

    monkeypatch.setattr(Verifier, "verify_fixes", prove)
    report = looked_at(
        tmp_path, **{"a.yaml": pods(*(f"    - {{name: c{n}, image: nginx}}\n" for n in range(4)))}
    )
    assert [each.status for each in report.findings].count(Status.FIXED) == 1
    assert {each.reason for each in report.findings} == {None, "one at a time"}


def test_only_the_changed_document_of_a_file_is_parsed_again(tmp_path: Path, parsed: list[str]) -> None:
    done = deployment("done", "          securityContext:\n            readOnlyRootFilesystem: true\n")
    other = "kind: Service\nmetadata:\n  name: s\n"
    looked_at(tmp_path, **{"a.yaml": "---\n".join([done, deployment("open"), other])})
    assert [text.count("image") for text in parsed] == [1, 1, 1]
    assert "readOnlyRootFilesystem" in parsed[0]
    assert "readOnlyRootFilesystem" not in parsed[1]
    assert parsed[2].startswith(parsed[1].rstrip("\n")[:100])


def test_rules_that_hold_together_cost_no_proof_each(tmp_path: Path, proofs: list[int]) -> None:
    """Three rules of one topic in a pod: once for all of it, and once where the first commit ends."""
    chosen = {"privilege-escalation-allowed", "readonly-root-filesystem", "seccomp-profile-missing"}
    rules = tuple(each for each in load_rules() if each.name in chosen)
    pod = POD.replace("privileged: true", "runAsUser: 1000")
    (tmp_path / "a.yaml").write_text(pod)
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), rules, Settings())
    assert [each.status for each in report.findings] == [Status.FIXED] * 3
    assert proofs[0] == 3
    assert len(proofs) <= 2, proofs


def test_what_can_not_matter_is_not_parsed(tmp_path: Path, parsed: list[str]) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n"
    report = looked_at(tmp_path, **{"values.yaml": "replicas: 3\n", "service.yaml": service})
    assert (parsed, report.stats.files_parsed, report.stats.files_listed) == ([], 0, 2)


def test_terraform_that_only_declares_is_read_beside_what_uses_it(tmp_path: Path) -> None:
    said = 'variable "image" {\n  description = "the container"\n  sensitive   = true\n}\n'
    assert looked_at(tmp_path, **{"variables.tf": said}).stats.files_parsed == 0
    task = 'resource "aws_ecs_task_definition" "t" {\n  family = "t"\n  container_definitions = "[]"\n}\n'
    assert looked_at(tmp_path, **{"variables.tf": said, "main.tf": task}).stats.files_parsed == 2
    assert looked_at(tmp_path, **{"main.tf": "locals {\n  a = [] # a container\n}\n"}).stats.files_parsed == 2


def test_a_diff_is_masked_once_though_two_show_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    old = masked_diff

    def masked(file: EditedFile, cover: LineMask) -> str:
        calls.append(file.path)
        return old(file, cover)

    monkeypatch.setattr(analyze, "masked_diff", masked)
    report = looked_at(tmp_path, **{"a.yaml": deployment("a")})
    assert report.patches[0].diff == report.proposals[0].diff != ""
    assert calls == ["a.yaml"]


POD = pods(
    "    - name: web\n      image: nginx:1.27\n      env:\n        - name: DB_PASSWORD\n"
    "          value: hunter2!Xx9\n      securityContext:\n        privileged: true\n"
)
TEMPLATE = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: web
          Image: nginx:1.27
          Privileged: true
          Environment:
            - {Name: DB_PASSWORD, Value: "hunter2!Xx9"}
"""
MODULE = """\
resource "aws_ecs_task_definition" "web" {
  family = "web"
  container_definitions = jsonencode([{
    name        = "web"
    image       = "nginx:1.27"
    privileged  = true
    environment = [{ name = "DB_PASSWORD", value = "hunter2!Xx9" }]
  }])
}
"""


def count_steps(folder: Path) -> Counter[str]:
    """How often functions of each room are called in a run that meets nothing for the first time."""
    home = str(Path(analyze.__file__).parents[1])
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(home) and code.co_name[0] != "<":
            found[code.co_filename.removeprefix(home).split("/")[1]] += 1

    for hook in (None, note):
        sys.setprofile(hook)
        try:
            run_pipeline(Checkout.open_checkout(str(folder)), FIXERS, Settings())
        finally:
            sys.setprofile(None)
    return found


@pytest.mark.parametrize(
    ("name", "text", "most"),
    [("pod.yaml", POD, 15_500), ("template.yaml", TEMPLATE, 15_000), ("main.tf", MODULE, 15_500)],
)
def test_a_run_takes_no_more_steps_than_it_did(tmp_path: Path, name: str, text: str, most: int) -> None:
    """`most` leaves room for a third more than it took once: what doubles the work is seen."""
    (tmp_path / name).write_text(text)
    steps = count_steps(tmp_path)
    assert sum(steps.values()) < most, steps.most_common(6)


def marks(text: str) -> Iterator[int]:
    """Where lines of three dashes begin, told slowly."""
    at = 0
    for line in text.split("\n"):
        if at and line[:3] == "---" and line[3:4] in {"", " ", "\t", "\r"}:
            yield at
        at += len(line) + 1


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "---\na",
        "a\n---",
        "a\n---\nb\n--- c\n---\td\n---e\n----\n ---\n---\r\nf",
        "\n---\n\n---\n",
        "a\n---\x0bb",
    ],
)
def test_documents_are_told_apart_as_yaml_does(text: str) -> None:
    assert document._find_cuts(text) == [0, *marks(text), len(text)]  # noqa: SLF001


@pytest.mark.parametrize("text", ["%YAML 1.1\n---\na\n---\nb", "a\n...\n%TAG ! x\n---\nb"])
def test_directives_keep_a_text_whole(text: str) -> None:
    assert document._find_cuts(text) == [0, len(text)]  # noqa: SLF001


def test_nodes_that_can_have_no_children_share_none() -> None:
    (root,) = document.parse_document("a.yaml", "a: [b]\n").roots
    (entry,) = root.entries
    assert [*root.items, *entry.value.entries, *entry.value.items[0].items] == []
    with pytest.raises(TypeError, match="no children"):
        root.items.append(root)
    grammar: Grammar = root.grammar
    assert grammar.name == "yaml"
