"""What comes of what a common check found: the finding, the fix in a rule's words, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from fixbot.edit.change import Change
from fixbot.edit.tree import UNKNOWN, CannotEdit, Node, NodeKind, Scalar, UnsetValue
from fixbot.lens import Resource, Slot, Subject, Update
from fixbot.model.findings import Fix, Found, Manual, Outlook, Refusal, Safety
from fixbot.rules.consequences import describe_update
from fixbot.rules.context import Context
from fixbot.rules.hooks import Finish, Unless, Weigh
from fixbot.rules.terraform_replacements import find_update
from fixbot.rules.words import Words
from fixbot.text.command import build_command
from fixbot.text.markdown_escape import mark_code


class Reporting(Protocol):
    """A check, as far as its findings go."""

    @property
    def words(self) -> Words:
        """What is said of all of them."""

    @property
    def weigh(self) -> Weigh:
        """How bad one is."""


class Fixing(Reporting, Protocol):
    """A check, as far as its fixes go."""

    @property
    def safety(self) -> Safety:
        """How bold they usually are."""

    @property
    def unless(self) -> Unless:
        """Where one would break something."""

    @property
    def finish(self) -> Finish:
        """What one says of its subject alone."""


def make_found(
    subject: Subject, world: Context, node: Node, wrong: str, check: Reporting, outcome: Outlook
) -> Found:
    """The finding, in the words of its check."""
    message = f"{subject.title} {check.words.problem}"
    return Found(
        node, subject.title, subject.address, wrong, message, outcome, subject=subject.subject,
        severity=check.weigh(subject, world),
    )  # fmt: skip


def find_hindrance(subject: Subject, wrong: Iterable[Slot]) -> Refusal | None:
    """Why they can't be set, if one is computed."""
    for slot in wrong:
        if slot.why_not or slot.value is UNKNOWN:
            return _refuse(subject, slot)
    return None


_PLAN: Final = build_command("terraform", "plan", note="on this branch: nothing may be replaced")


def _find_worst_update(subject: Subject, changed: Iterable[Slot]) -> tuple[Update, str]:
    """What the changes together do to the running thing, and the name of the property that does it."""
    updates = [
        (find_update(subject, each) if isinstance(subject, Resource) else each.update, each.written)
        for each in changed
    ]
    for worst in (Update.REPLACEMENT, Update.UNKNOWN):
        for update, name in updates:
            if update is worst:
                return worst, name
    return Update.NONE, ""


def _refuse_replacement(subject: Subject, name: str) -> Refusal:
    return Refusal(
        f"Changing {mark_code(name)} would replace {subject.title}, and what it holds. Make another one with "
        "it, move what uses this one over, and delete this one then."
    )


def _ask_for_plan(fix: Fix, name: str) -> Fix:
    """A fix of which Terraform alone knows whether it replaces something is looked at by a person."""
    doubt = f"Whether a change of {mark_code(name)} makes {{who}} anew, `terraform plan` says."
    return replace(
        fix, safety=Safety.REVIEW, unknown=f"{fix.unknown} {doubt}".strip(), commands=(*fix.commands, _PLAN)
    )


def refuse_computed_list(subject: Subject, slot: Slot) -> Refusal | None:
    """Why nobody can say what a list holds, if that is so."""
    known = slot.found is None or (slot.found.is_known and slot.found.kind is NodeKind.LIST)
    return None if known and not slot.why_not else _refuse(subject, slot)


def _refuse(subject: Subject, slot: Slot) -> Refusal:
    why = slot.why_not or "it is computed where the file is used"
    return Refusal(f"{mark_code(slot.written)} of {subject.title} is not changed: {why}.")


def spell_alike(subject: Subject, slot: Slot, wanted: Scalar) -> Scalar:
    """The value, in quotes where the old one is and CloudFormation and Terraform take it so."""
    if isinstance(wanted, bool) and isinstance(slot.value, str) and isinstance(subject, Resource):
        word = str(wanted)
        return word if slot.value.istitle() else word.lower()
    return wanted


def make_fix(
    check: Fixing,
    subject: Subject,
    world: Context,
    changes: Sequence[Callable[[], Change]],
    *,
    before: str,
    after: str,
    wrong: Iterable[Slot] = (),
) -> Fix | Refusal | Manual:
    """The fix in the words of its check, or why it would break something or there is no exact edit.

    `wrong` are the places that it changes: where one would make the thing anew it is refused, unless the rule
    has said a better way.
    """
    hindrance = check.unless(subject, world)
    waits = hindrance if isinstance(hindrance, Refusal) and hindrance.until else None
    if hindrance is not None and waits is None:
        return hindrance
    update, name = _find_worst_update(subject, wrong)
    if update is Update.REPLACEMENT:
        return _refuse_replacement(subject, name)
    try:
        made = tuple(change() for change in changes)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    words = check.words
    fix = Fix(
        made,
        safety=check.safety,
        who=subject.called,
        before=before,
        after=after,
        gist=words.change,
        why=words.why,
        effect=words.effect,
        unknown=words.unknown,
        notes=words.notes,
        access=words.access,
        undo=words.undo,
        waits=waits,
    )
    if isinstance(subject, Resource):
        fix = replace(fix, restarts=describe_update(subject, update, name))
    finished = check.finish(fix, subject, world)
    doubtful = update is Update.UNKNOWN and isinstance(subject, Resource) and subject.module is None
    return _ask_for_plan(finished, name) if doubtful else finished


def format_cell(name: str, value: Scalar | UnsetValue) -> str:
    """`Name: value` as code, for the table of a proposal."""
    if isinstance(value, UnsetValue):
        return f"{mark_code(name)} not set"
    return mark_code(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
