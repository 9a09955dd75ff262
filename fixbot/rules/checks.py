"""Checks of the common shapes: a property must say this, a list must hold that, an item must not be there.

Each is called with its facts and is then the check itself; the facts can be read, so that tests hold a rule's
properties against the vendors' schemas, and a list of rules can say what they fix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from fixbot.edit.change import Add, Change, Drop
from fixbot.edit.tree import ABSENT, UNKNOWN, Node, Scalar, UnsetValue, Value
from fixbot.lens import Resource, ResourceType, Slot, Subject
from fixbot.model.findings import Found, Manual, Outcome, Safety
from fixbot.rules.context import Context
from fixbot.rules.entry_checks import MustHaveEntry, list_branches
from fixbot.rules.hooks import (
    Among,
    Finish,
    Good,
    Spares,
    Unless,
    Weigh,
    every_entry,
    keep_fix,
    keep_severity,
    never,
    spare_none,
)
from fixbot.rules.outcomes import (
    find_hindrance,
    format_cell,
    make_fix,
    make_found,
    refuse_computed_list,
    spell_alike,
)
from fixbot.rules.words import Words
from fixbot.text.markdown_escape import mark_code


@dataclass(frozen=True, slots=True)
class MustBe:
    """Each property of `wanted`, by its canonical name, must have that value.

    `in_each` names lists of maps (in HCL blocks): then each of their entries must, or of those that `among`
    is true of.
    `unwritten` is what AWS or Kubernetes takes where nothing is written. `good` says which other values do
    as well. `unless` says where a fix would break something; it is asked only where something is wrong.
    `spares` says what is no finding, whatever is written there; `finish` what is true of one fix alone,
    `weigh` how bad it is here.
    """

    wanted: Mapping[str, Scalar]
    _: KW_ONLY
    words: Words
    in_each: tuple[str, ...] = ()
    among: Among = every_entry
    unwritten: Scalar | UnsetValue = ABSENT
    good: Good | None = None
    unless: Unless = never
    spares: Spares = spare_none
    finish: Finish = keep_fix
    weigh: Weigh = keep_severity
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """What is wrong with a subject: one finding, whichever of the properties are."""
        slots = self._find_slots(subject)
        wrong = {at: slot for at, slot in slots.items() if not self._is_right(slot, self._wanted_at(at))}
        if not wrong or self.spares(subject, world):
            return
        node = next(iter(wrong.values())).node
        outcome = partial(self._choose_outcome, subject, world, wrong)
        yield make_found(subject, world, node, ",".join(self.wanted), self, outcome)

    def _choose_outcome(
        self, subject: Subject, world: Context, wrong: Mapping[tuple[str, int], Slot]
    ) -> Outcome:
        return (
            find_hindrance(subject, wrong.values())
            or make_fix(
                self, subject, world, [
                    partial(slot.set, spell_alike(subject, slot, self._wanted_at(at)))
                    for at, slot in wrong.items()
                ],
                before=", ".join(format_cell(slot.written, slot.value) for slot in wrong.values()),
                after=", ".join(format_cell(s.written, self._wanted_at(at)) for at, s in wrong.items()),
                wrong=wrong.values(),
            )
        )  # fmt: skip

    def _find_slots(self, subject: Any) -> dict[tuple[str, int], Slot]:
        """The places by the property's name and the entry's number; 0 where it isn't asked of entries."""
        if not self.in_each:
            return {(name, 0): subject.slot(name) for name in self.wanted if subject.offers(name)}
        listed = (
            (at, entry)
            for at in self.in_each
            if subject.offers(at)
            for item in subject.slot(at).items
            for entry in list_branches(item)
        )
        entries = [(at, entry) for at, entry in listed if self.among(subject, at, entry)]
        return {
            (name, number): subject.slot_in(entry, f"{at}.{name}", at)
            for number, (at, entry) in enumerate(entries)
            for name in self.wanted
        }

    def _wanted_at(self, at: tuple[str, int]) -> Scalar:
        return self.wanted[at[0]]

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
    """The list at a canonical path must hold that item. Where there is none it is made, with `made` in it.

    `good` says of which items one does as well.
    """

    at: str
    item: Scalar
    _: KW_ONLY
    words: Words
    made: tuple[Scalar, ...] = ()
    good: Good | None = None
    unless: Unless = never
    spares: Spares = spare_none
    finish: Finish = keep_fix
    weigh: Weigh = keep_severity
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The list that lacks it, if it does."""
        if not subject.offers(self.at):
            return
        slot = subject.slot(self.at)
        held = [each.scalar for each in slot.items] if slot.found is not None else [slot.value]
        settled = self.item in held or (self.good is not None and any(map(self.good, held)))
        if settled or self.spares(subject, world):
            return
        outcome = partial(self._choose_outcome, subject, world, slot, held)
        yield make_found(subject, world, slot.node, f"{self.at} {self.item}", self, outcome)

    def _choose_outcome(
        self, subject: Subject, world: Context, slot: Slot, held: Sequence[Scalar | UnsetValue]
    ) -> Outcome:
        before = ", ".join(str(each) for each in held if not isinstance(each, UnsetValue))
        return (
            refuse_computed_list(subject, slot)
            or make_fix(
                self, subject, world, [partial(_add_item, slot, self.item, self.made)],
                before=format_cell(slot.written, before or ABSENT),
                after=format_cell(slot.written, f"{self.item} too"), wrong=[slot],
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MustNotHold:
    """No item of the list at a canonical path (in HCL: no block of that type) may be `bad`; such ones go."""

    at: str
    bad: Callable[[Node, Context], bool]
    _: KW_ONLY
    words: Words
    unless: Unless = never
    spares: Spares = spare_none
    finish: Finish = keep_fix
    weigh: Weigh = keep_severity
    safety: Safety = Safety.REVIEW

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The items that are, as one finding."""
        if not subject.offers(self.at):
            return
        slot = subject.slot(self.at)
        wrong = [item for item in slot.items if self.bad(item, world)]
        if not wrong or self.spares(subject, world):
            return
        outcome = partial(
            make_fix, self, subject, world, [partial(Drop, item) for item in wrong],
            before=f"{len(slot.items)} of {mark_code(slot.written)}", after=str(len(slot.items) - len(wrong)),
            wrong=[slot],
        )  # fmt: skip
        yield make_found(subject, world, wrong[0], self.at, self, outcome)


@dataclass(frozen=True, slots=True)
class Reported:
    """What is wrong and no machine should change: `bad` gives the place, `instead` what a person can do."""

    bad: Callable[[Any, Context], Node | None]
    _: KW_ONLY
    words: Words
    instead: str
    weigh: Weigh = keep_severity
    safety: Safety = Safety.MANUAL

    def __call__(self, subject: Subject, world: Context) -> Iterator[Found]:
        """The place, with what a person can do."""
        node = self.bad(subject, world)
        if node is not None:
            instead = Manual(self.instead.replace("{who}", subject.title))
            yield make_found(subject, world, node, "", self, instead)


@dataclass(frozen=True, slots=True)
class EachOf:
    """Several checks of one rule, for what dialects call by other names; the first says how safe it is."""

    checks: tuple[AnyCheck, ...]

    @property
    def safety(self) -> Safety:
        """How bold its fixes usually are."""
        return self.checks[0].safety

    def __call__(self, subject: Any, world: Context) -> Iterator[Found]:
        """What any of them finds."""
        for check in self.checks:
            yield from check(subject, world)


@dataclass(frozen=True, slots=True)
class ByType:
    """A check for each type of resource that a rule looks at; the first says how safe the rule is."""

    by_type: Mapping[ResourceType, AnyCheck | EachOf | OwnCheck]

    @property
    def checks(self) -> tuple[AnyCheck | EachOf | OwnCheck, ...]:
        """Those of all types."""
        return tuple(self.by_type.values())

    @property
    def safety(self) -> Safety:
        """How bold its fixes usually are."""
        safety: Safety = getattr(self.checks[0], "safety", Safety.REVIEW)
        return safety

    def __call__(self, resource: Resource, world: Context) -> Iterator[Found]:
        """What the check of its type finds."""
        yield from self.by_type[resource.type](resource, world)


OwnCheck = Callable[[Any, Context], Iterator[Found]]
"""A check of a rule's own shape."""
AnyCheck = MustBe | MustContain | MustHaveEntry | MustNotHold | Reported


def each_of(*checks: AnyCheck) -> EachOf:
    """Several checks as one."""
    return EachOf(checks)


must_be, must_contain, must_not_hold, report = MustBe, MustContain, MustNotHold, Reported
must_have_entry, by_type = MustHaveEntry, ByType
"""How a rule reads: `check=must_be({…}, words=…)`."""


def _add_item(slot: Slot, item: Value, made: Sequence[Value]) -> Change:
    return slot.set(list(made) or [item]) if slot.found is None else Add(slot.found, (), item)
