"""What Terraform would make anew is never changed silently, whichever rule changes it and however."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.lens import ResourceType, Update
from fixbot.rules import Rule, load_rules
from fixbot.rules.terraform_replacements import read_replacements
from fixbot.settings import Settings
from tests.oracle.nodes import Place
from tests.oracle.read_hcl import read
from tests.pages import read_page
from tests.test_rule_schemas import DECLARED

PAGES = Path(__file__).parent.parent / "docs" / "fixers"
RULES = {each.name: each for each in load_rules()}
KNOWN = {kind for kind, _ in read_replacements()}
HOLDS_NOTHING = {
    "aws_ecs_task_definition",  # a change is a revision
    "aws_security_group_rule",  # rules and listeners are made anew in a moment
    "aws_vpc_security_group_ingress_rule",
    "aws_secretsmanager_secret_version",  # one more version beside the others
}


def changed(
    before: Place | None, after: Place | None, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The attributes that differ, by their dotted paths without the numbers of blocks."""
    if before is not None and after is not None and before.value == after.value:
        return
    old, new = (each.entries if each is not None else {} for each in (before, after))
    if old or new:
        for name in {**old, **new}.keys() - {"(labels)", "depends_on"}:
            yield from changed(old.get(name), new.get(name), (*path, name))
        return
    listed, made = (each.items if each is not None else [] for each in (before, after))
    if any(each.entries for each in (*listed, *made)):
        for number in range(max(len(listed), len(made))):
            one, other = (each[number] if number < len(each) else None for each in (listed, made))
            yield from changed(one, other, path)
        return
    if [plain(each) for each in listed] != [plain(each) for each in made] or not listed:
        yield path


def plain(place: Place) -> object:
    """What stands there, wherever that is."""
    if place.entries:
        return {name: plain(each) for name, each in place.entries.items()}
    return [plain(each) for each in place.items] if place.items else place.value


def resources(text: str) -> dict[tuple[str, ...], Place]:
    blocks = (each for root in read(text).roots for each in (root.get("resource{}") or root).items)
    return {tuple(str(label.value) for label in each.entries["(labels)"].items): each for each in blocks}


def edits() -> Iterator[tuple[str, str, str]]:
    """Every attribute of a resource that was there and that an example of a page changes."""
    for path in sorted(PAGES.glob("*.md")):
        for example in read_page(path).examples:
            for file, after in example.after.items():
                before = example.before.get(file)
                if before is None or not file.endswith(".tf") or before == after:
                    continue
                old, new = resources(before), resources(after)
                for at in old.keys() & new.keys():
                    for found in changed(old[at], new[at]) if at[0] in KNOWN else ():
                        yield path.stem, at[0], ".".join(found).replace("{}", "")


def look_at(folder: Path, rule: str, text: str) -> list[str]:
    (folder / "main.tf").write_text(text)
    report = run_pipeline(Checkout.open_checkout(str(folder)), (RULES[rule],), Settings())
    said = [finding.reason or "" for finding in report.findings]
    rows = [row for proposal in report.proposals for row in proposal.story.rows]
    return [*said, *(row.unknown for row in rows), *(str(each) for row in rows for each in row.commands)]


def test_what_is_made_anew_is_left_to_a_person(tmp_path: Path) -> None:
    (said,) = look_at(
        tmp_path, "database-public",
        'resource "aws_neptune_cluster_instance" "graph" {\n  publicly_accessible = true\n}\n',
    )  # fmt: skip
    assert "would replace graph database graph" in said
    assert "Make another one with it" in said


def test_where_the_provider_decides_a_plan_is_asked_for(tmp_path: Path) -> None:
    said = " ".join(
        look_at(
            tmp_path,
            "imds-v1-allowed",
            'resource "aws_spot_instance_request" "worker" {\n  ami = "ami-1"\n}\n',
        )
    )
    assert "`terraform plan` says" in said
    assert "nothing may be replaced" in said


def update_of(kind: str, path: str) -> Update | None:
    names = path.split(".")
    return next(
        (found for size in range(len(names), 0, -1)
         if (found := read_replacements().get((kind, ".".join(names[:size])))) is not None),
        None,
    )  # fmt: skip


@pytest.mark.parametrize(("rule", "kind", "path"), sorted(set(edits())))
def test_what_the_pages_show_replaces_nothing(rule: str, kind: str, path: str) -> None:
    assert kind in HOLDS_NOTHING or update_of(kind, path) is Update.NONE, f"{rule} changes {kind}.{path}"


@pytest.mark.parametrize(("rule", "kind", "name", "value"), DECLARED)
def test_the_table_knows_every_attribute_that_a_rule_declares(
    rule: Rule, kind: ResourceType, name: str, value: object
) -> None:
    if rule.name not in RULES:
        return
    for written in kind.terraform_names:
        beside = [each for each in kind.companions if f"{name}.".startswith(f"{each}.")]
        owner = kind.companions[beside[0]].type if beside else written
        rest = name.removeprefix(beside[0]).lstrip(".") if beside else name
        assert (owner, ".".join(kind.path("terraform", rest))) in read_replacements()
