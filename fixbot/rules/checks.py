"""Checks of the common shapes: a property must say this, a list must hold that, an item must not be there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from fixbot.change import Add, Change, Drop
from fixbot.fixer import Check
from fixbot.lens import Slot, Subject, Update
from fixbot.model import Fix, Found, Manual, Outcome, Refusal, Safety
from fixbot.prose import code
from fixbot.rules.words import Words
from fixbot.tree import ABSENT, UNKNOWN, CannotEdit, Kind, Node, Scalar, Unset, Value
from fixbot.world import World

Good = Callable[[Scalar | Unset], bool]
Unless = Callable[[Subject, World], Refusal | Manual | None]


def never(_subject: Subject, _world: World) -> None:
    """No reason against a fix."""


def must_be(
    wanted: Mapping[str, Scalar],
    *,
    words: Words,
    unwritten: Scalar | Unset = ABSENT,
    good: Good | None = None,
    unless: Unless = never,
    safety: Safety = Safety.REVIEW,
) -> Check:
    """Each property of `wanted`, by its canonical name, must have that value.

    `unwritten` is what AWS or Kubernetes takes where nothing is written. `good` says which other values do
    as well. `unless` says where a fix would break something; it is asked only where something is wrong.
    """

    def check(subject: Subject, world: World) -> Iterator[Found]:
        slots = {name: subject.slot(name) for name in wanted}
        wrong = {n: slot for n, slot in slots.items() if not _is_right(slot, wanted[n], unwritten, good)}
        if not wrong:
            return
        outcome: Outcome = (
            _hindrance(subject, wrong.values())
            or unless(subject, world)
            or _fix(
                subject, words, safety,
                [partial(slot.set, wanted[name]) for name, slot in wrong.items()],
                before=", ".join(_cell(slot.written, slot.value) for slot in wrong.values()),
                after=", ".join(_cell(slot.written, wanted[name]) for name, slot in wrong.items()),
            )
        )  # fmt: skip
        yield _found(subject, next(iter(wrong.values())).node, ",".join(wanted), words, outcome)

    return check


def must_contain(
    at: str, item: Scalar, *, words: Words, unless: Unless = never, safety: Safety = Safety.REVIEW
) -> Check:
    """The list at a canonical path must hold that item; it is made where there is none."""

    def check(subject: Subject, world: World) -> Iterator[Found]:
        slot = subject.slot(at)
        held = [each.scalar for each in slot.items]
        if item in held:
            return
        before = ", ".join(str(each) for each in held if not isinstance(each, Unset))
        outcome: Outcome = (
            _computed_list(subject, slot)
            or unless(subject, world)
            or _fix(
                subject, words, safety, [partial(_with_item, slot, item)],
                before=_cell(slot.written, before or ABSENT), after=_cell(slot.written, f"{item} too"),
            )
        )  # fmt: skip
        yield _found(subject, slot.node, f"{at} {item}", words, outcome)

    return check


def must_not_hold(
    at: str,
    bad: Callable[[Node, World], bool],
    *,
    words: Words,
    unless: Unless = never,
    safety: Safety = Safety.REVIEW,
) -> Check:
    """No item of the list at a canonical path (in HCL: no block of that type) may be `bad`; such ones go."""

    def check(subject: Subject, world: World) -> Iterator[Found]:
        slot = subject.slot(at)
        wrong = [item for item in slot.items if bad(item, world)]
        if not wrong:
            return
        outcome: Outcome = unless(subject, world) or _fix(
            subject, words, safety, [partial(Drop, item) for item in wrong],
            before=f"{len(slot.items)} of {code(slot.written)}", after=str(len(slot.items) - len(wrong)),
        )  # fmt: skip
        yield _found(subject, wrong[0], at, words, outcome)

    return check


def report(bad: Callable[[Subject, World], Node | None], *, words: Words, instead: str) -> Check:
    """What is wrong and no machine should change: `bad` gives the place, `instead` what a person can do."""

    def check(subject: Subject, world: World) -> Iterator[Found]:
        node = bad(subject, world)
        if node is not None:
            yield _found(subject, node, "", words, Manual(instead.format(who=subject.title)))

    return check


def _found(subject: Subject, node: Node, wrong: str, words: Words, outcome: Outcome) -> Found:
    message = f"{subject.title} {words.problem}"
    return Found(node, subject.title, subject.address, wrong, message, outcome, subject=subject.subject)


def _is_right(slot: Slot, wanted: Scalar, unwritten: Scalar | Unset, good: Good | None) -> bool:
    value = unwritten if slot.value is ABSENT else slot.value
    if isinstance(wanted, bool) and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if value is UNKNOWN:
        return False
    return (type(value) is type(wanted) and value == wanted) or (good is not None and good(value))


def _hindrance(subject: Subject, wrong: Iterable[Slot]) -> Refusal | None:
    """Why they can't be set, if one can't."""
    for slot in wrong:
        if slot.why_not or slot.value is UNKNOWN:
            return _unchanged(subject, slot)
        if slot.update is Update.REPLACEMENT:
            return Refusal(f"Changing {code(slot.written)} would replace {subject.title}, and what it holds.")
    return None


def _computed_list(subject: Subject, slot: Slot) -> Refusal | None:
    known = slot.found is None or (slot.found.known and slot.found.kind is Kind.LIST)
    return None if known and not slot.why_not else _unchanged(subject, slot)


def _unchanged(subject: Subject, slot: Slot) -> Refusal:
    why = slot.why_not or "it is computed where the file is used"
    return Refusal(f"{code(slot.written)} of {subject.title} is not changed: {why}.")


def _with_item(slot: Slot, item: Value) -> Change:
    return slot.set([item]) if slot.found is None else Add(slot.found, (), item)


def _fix(
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


def _cell(name: str, value: Scalar | Unset) -> str:
    if isinstance(value, Unset):
        return f"{code(name)} not set"
    return code(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
