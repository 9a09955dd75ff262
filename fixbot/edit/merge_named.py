"""What two fixes want of one place as one: plainly, or by name as a strategic merge of Kubernetes has it."""

from __future__ import annotations

from fixbot.edit.tree import CannotEdit, Value


def merge_values(one: Value, two: Value, where: str) -> Value:
    """Two values as one, lists by what each has; `where` is named if they differ. Raises CannotEdit."""
    if isinstance(one, dict) and isinstance(two, dict):
        both = dict(one)
        for key, value in two.items():
            both[key] = merge_values(both[key], value, key) if key in both else value
        return both
    if isinstance(one, list) and isinstance(two, list):
        return one + [item for item in two if item not in one]
    if one == two and type(one) is type(two):
        return one
    raise CannotEdit(f"two fixes want different values for {where}")


def merge_named(one: Value, two: Value) -> Value:
    """Two parts of an object as one; items of one name are one. Raises CannotEdit where they differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        both = dict(one)
        for key, value in two.items():
            both[key] = merge_named(both[key], value) if key in both else value
        return both
    if isinstance(one, list) and isinstance(two, list):
        items = list(one)
        for each in two:
            at = next((n for n, old in enumerate(items) if _is_same_item(old, each)), None)
            if at is None:
                items.append(each)
            else:
                items[at] = merge_named(items[at], each)
        return items
    if one == two and type(one) is type(two):
        return one
    raise CannotEdit("two fixes want different values for one place")


def _is_same_item(one: Value, two: Value) -> bool:
    if not isinstance(one, dict) or not isinstance(two, dict):
        return one == two
    key = "mountPath" if "mountPath" in one and "mountPath" in two else "name"
    return one.get(key) is not None and one.get(key) == two.get(key)
