"""The check of a list of maps: one entry must be there, by its key, and must say something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial

from fixbot.edit.change import Change
from fixbot.edit.tree import ABSENT, UNKNOWN, Node, NodeKind, Scalar
from fixbot.lens import Resource, Slot, condition_branches, is_function, is_no_value
from fixbot.model.findings import Found, Outcome, Refusal, Safety
from fixbot.rules.context import Context
from fixbot.rules.hooks import Finish, Good, Spares, Unless, Weigh, keep_fix, keep_severity, never, spare_none
from fixbot.rules.outcomes import (
    find_hindrance,
    format_cell,
    make_fix,
    make_found,
    refuse_computed_list,
)
from fixbot.rules.words import Words
from fixbot.text.markdown_escape import mark_code


@dataclass(frozen=True, slots=True)
class MustHaveEntry:
    """The list of maps at a canonical path must have the entry that `key` names, and it must say `wanted`.

    In HCL the entries are blocks. `made` are the keys of all entries of a list that isn't there yet. `good`
    says which other values do as well.
    """

    at: str
    key: Mapping[str, Scalar]
    wanted: Mapping[str, Scalar]
    _: KW_ONLY
    words: Words
    made: tuple[Mapping[str, Scalar], ...] = ()
    good: Good | None = None
    unless: Unless = never
    spares: Spares = spare_none
    finish: Finish = keep_fix
    weigh: Weigh = keep_severity
    safety: Safety = Safety.REVIEW

    def __call__(self, resource: Resource, world: Context) -> Iterator[Found]:
        """The entry that is missing, or that says something else."""
        slot = resource.slot(self.at)
        entries = [each for each in slot.items if self._is_meant(resource, each)]
        slots = {
            name: resource.slot_in(entry, f"{self.at}.{name}") for entry in entries for name in self.wanted
        }
        wrong = {name: each for name, each in slots.items() if not self._is_right(name, each)}
        settled = (entries and not wrong) or self._is_module_default(resource, slot)
        if settled or self.spares(resource, world):
            return
        node = next((each.node for each in wrong.values()), slot.node)
        outcome = partial(self._choose_outcome, resource, world, slot, entries, wrong)
        yield make_found(resource, world, node, f"{self.at} {self._shown}", self, outcome)

    @property
    def _shown(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in {**self.key, **self.wanted}.items())

    def _choose_outcome(
        self,
        resource: Resource,
        world: Context,
        slot: Slot,
        entries: Sequence[Node],
        wrong: Mapping[str, Slot],
    ) -> Outcome:
        changes: list[Callable[[], Change]] = [
            partial(each.set, self.wanted[name]) for name, each in wrong.items()
        ]
        return (
            self._find_doubt(resource, slot, entries)
            or find_hindrance(resource, wrong.values())
            or make_fix(
                self, resource, world,
                changes or [partial(resource.add_entries, slot, self.at, self._list_missing(slot))],
                before=", ".join(format_cell(each.written, each.value) for each in wrong.values())
                or format_cell(slot.written, ABSENT),
                after=mark_code(self._shown), wrong=[slot, *wrong.values()],
            )
        )  # fmt: skip

    def _is_module_default(self, resource: Resource, slot: Slot) -> bool:
        """Whether the module that makes the resource has the entry where its input isn't given."""
        if resource.module is None or slot.found is not None:
            return False
        given = resource.module.defaults
        return all(
            (said := given.get(f"{self.at}.{name}")) == wanted
            or (self.good is not None and self.good(said or ABSENT))
            for name, wanted in self.wanted.items()
        )

    def _list_missing(self, slot: Slot) -> list[dict[str, Scalar]]:
        keys = self.made if self.made and slot.found is None else (self.key,)
        return [{**key, **self.wanted} for key in keys]

    def _is_meant(self, resource: Resource, entry: Node) -> bool:
        return all(resource.slot_in(entry, f"{self.at}.{n}").value == value for n, value in self.key.items())

    def _is_right(self, name: str, slot: Slot) -> bool:
        return slot.value == self.wanted[name] or (
            self.good is not None and slot.value is not UNKNOWN and self.good(slot.value)
        )

    def _find_doubt(self, resource: Resource, slot: Slot, entries: Sequence[Node]) -> Refusal | None:
        """Why nobody can say which entries there are, if that is so."""
        if len(entries) > 1:
            meant = mark_code(", ".join(map(str, self.key.values())))
            return Refusal(f"{resource.title} has several entries for {meant}.")
        if entries:
            return None
        every = [each for item in slot.items for each in list_branches(item)]
        names = [resource.slot_in(each, f"{self.at}.{name}").value for each in every for name in self.key]
        if UNKNOWN in names or any(self._is_meant(resource, each) for each in every):
            return Refusal(f"Which entries {mark_code(slot.written)} of {resource.title} has is computed.")
        blocks = resource.has_blocks(slot) and (slot.found is None or bool(slot.items))
        return None if blocks else refuse_computed_list(resource, slot)


def list_branches(item: Node) -> list[Node]:
    """The entries that an item of the list can be: itself, or what a condition chooses between."""
    chosen = condition_branches(item)
    if not chosen:
        return [item] if item.kind is NodeKind.MAP or not is_function(item) else []
    return [each for branch in chosen if not is_no_value(branch) for each in list_branches(branch)]
