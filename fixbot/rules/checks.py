"""Checks of the common shapes: a property must say this, a list must hold that, an item must not be there.

Each is called with its facts and is then the check itself; the facts can be read, so that tests hold a rule's
properties against the vendors' schemas, and a list of rules can say what they fix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial

from fixbot.edit.change import Add, Change, Drop
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit, Node, NodeKind, Scalar, UnsetValue, Value
from fixbot.lens import Slot, Subject, Update
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Safety
from fixbot.rules.context import Context
from fixbot.rules.words import Words
from fixbot.text.markdown_escape import mark_code

Good = Callable[[Scalar | UnsetValue], bool]
Unless = Callable[[Subject, Context], Refusal | Manual | None]
"""Why a fix would break something at this subject, if it would."""


def never(_subject: Subject, _world: Context) -> None:
    """No reason against a fix."""


@dataclass(frozen=True, slots=True)
class MustBe:
    """Each property of `wanted`, by its canonical name, must have that value.

    `unwritten` is what AWS or Kubernetes takes where nothing is written. `good` says which other values do
    as well. `unless` says where a fix would break something; it is asked only where something is wrong.
    """

    wanted: Mapping[str, Scalar]
    _: KW_ONLY
    words: Words
    unwritten: Scalar | UnsetValue = ABSENT
    good: Good | None = None
    unless: Unless = never
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """What is wrong with a subject: one finding, whichever of the properties are."""
        slots = {name: subject.slot(name) for name in self.wanted if subject.offers(name)}
        wrong = {name: slot for name, slot in slots.items() if not self._is_right(slot, self.wanted[name])}
        if not wrong:
            return
        outcome: Outcome = (
            _find_hindrance(subject, wrong.values())
            or self.unless(subject, world)
            or _make_fix(
                subject, self.words, self.safety,
                [partial(slot.set, self.wanted[name]) for name, slot in wrong.items()],
                before=", ".join(_format_cell(slot.written, slot.value) for slot in wrong.values()),
                after=", ".join(_format_cell(s.written, self.wanted[name]) for name, s in wrong.items()),
            )
        )  # fmt: skip
        node = next(iter(wrong.values())).node
        yield _make_found(subject, node, ",".join(self.wanted), self.words, outcome)

    def _is_right(self, slot: Slot, wanted: Scalar) -> bool:
        value = self.unwritten if slot.value is ABSENT else slot.value
        if isinstance(wanted, bool) and isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower(), value)
        if value is UNKNOWN:
            return False
        return (type(value) is type(wanted) and value == wanted) or (
            self.good is not None and self.good(value)
        )


@dataclass(frozen=True, slots=True)
class MustContain:
    """The list at a canonical path must hold that item; it is made where there is none."""

    at: str
    item: Scalar
    _: KW_ONLY
    words: Words
    unless: Unless = never
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The list that lacks it, if it does."""
        if not subject.offers(self.at):
            return
        slot = subject.slot(self.at)
        held = [each.scalar for each in slot.items]
        if self.item in held:
            return
        before = ", ".join(str(each) for each in held if not isinstance(each, UnsetValue))
        outcome: Outcome = (
            _refuse_computed_list(subject, slot)
            or self.unless(subject, world)
            or _make_fix(
                subject, self.words, self.safety, [partial(_add_item, slot, self.item)],
                before=_format_cell(slot.written, before or ABSENT),
                after=_format_cell(slot.written, f"{self.item} too"),
            )
        )  # fmt: skip
        yield _make_found(subject, slot.node, f"{self.at} {self.item}", self.words, outcome)


@dataclass(frozen=True, slots=True)
class MustNotHold:
    """No item of the list at a canonical path (in HCL: no block of that type) may be `bad`; such ones go."""

    at: str
    bad: Callable[[Node, Context], bool]
    _: KW_ONLY
    words: Words
    unless: Unless = never
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The items that are, as one finding."""
        slot = subject.slot(self.at)
        wrong = [item for item in slot.items if self.bad(item, world)]
        if not wrong:
            return
        outcome: Outcome = self.unless(subject, world) or _make_fix(
            subject, self.words, self.safety, [partial(Drop, item) for item in wrong],
            before=f"{len(slot.items)} of {mark_code(slot.written)}", after=str(len(slot.items) - len(wrong)),
        )  # fmt: skip
        yield _make_found(subject, wrong[0], self.at, self.words, outcome)


@dataclass(frozen=True, slots=True)
class Reported:
    """What is wrong and no machine should change: `bad` gives the place, `instead` what a person can do."""

    bad: Callable[[Subject, Context], Node | None]
    _: KW_ONLY
    words: Words
    instead: str
    safety: Safety = Safety.MANUAL

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The place, with what a person can do."""
        node = self.bad(subject, world)
        if node is not None:
            instead = Manual(self.instead.replace("{who}", subject.title))
            yield _make_found(subject, node, "", self.words, instead)


must_be, must_contain, must_not_hold, report = MustBe, MustContain, MustNotHold, Reported
"""How a rule reads: `check=must_be({…}, words=…)`."""


def _make_found(subject: Subject, node: Node, wrong: str, words: Words, outcome: Outcome) -> Found:
    message = f"{subject.title} {words.problem}"
    return Found(node, subject.title, subject.address, wrong, message, outcome, subject=subject.subject)


def _find_hindrance(subject: Subject, wrong: Iterable[Slot]) -> Refusal | None:
    """Why they can't be set, if one can't."""
    for slot in wrong:
        if slot.why_not or slot.value is UNKNOWN:
            return _refuse(subject, slot)
        if slot.update is Update.REPLACEMENT:
            return Refusal(
                f"Changing {mark_code(slot.written)} would replace {subject.title}, and what it holds."
            )
    return None


def _refuse_computed_list(subject: Subject, slot: Slot) -> Refusal | None:
    known = slot.found is None or (slot.found.is_known and slot.found.kind is NodeKind.LIST)
    return None if known and not slot.why_not else _refuse(subject, slot)


def _refuse(subject: Subject, slot: Slot) -> Refusal:
    why = slot.why_not or "it is computed where the file is used"
    return Refusal(f"{mark_code(slot.written)} of {subject.title} is not changed: {why}.")


def _add_item(slot: Slot, item: Value) -> Change:
    return slot.set([item]) if slot.found is None else Add(slot.found, (), item)


def _make_fix(
    subject: Subject,
    words: Words,
    safety: Safety,
    changes: Sequence[Callable[[], Change]],
    *,
    before: str,
    after: str,
) -> Fix | Refusal:
    try:
        made = tuple(change() for change in changes)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return Fix(
        made,
        safety=safety,
        who=subject.called,
        before=before,
        after=after,
        gist=words.change,
        why=words.why,
        effect=words.effect,
        unknown=words.unknown,
        notes=words.notes,
    )


def _format_cell(name: str, value: Scalar | UnsetValue) -> str:
    if isinstance(value, UnsetValue):
        return f"{mark_code(name)} not set"
    return mark_code(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
