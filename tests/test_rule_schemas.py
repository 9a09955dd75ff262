"""Rules held against the vendors' schemas: properties exist, values fit, nothing with data is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from fixbot.edit.tree import Scalar
from fixbot.lens import ResourceType
from fixbot.rules import Rule, load_rules
from fixbot.rules.checks import ByType, EachOf, MustBe, MustContain, MustNotHold
from fixbot.rules.entry_checks import MustHaveEntry
from tests.sample_rules import SAMPLES
from tests.vendor_schemas import (
    cloudformation_property,
    cloudformation_types,
    is_created_only,
    terraform_attribute,
    terraform_resources,
)  # fmt: skip

RULES = (*load_rules(), *SAMPLES)
KINDS: Mapping[type, str] = {bool: "boolean", int: "number", float: "number", str: "string"}
LISTS = (MustContain, MustNotHold)


def properties_of(check: object) -> Mapping[str, Scalar]:
    """The canonical properties that a check speaks of, with the value that it wants."""
    if isinstance(check, EachOf):
        return {name: value for each in check.checks for name, value in properties_of(each).items()}
    if isinstance(check, MustBe):
        above = [f"{at}." for at in check.in_each] or [""]
        return {f"{each}{name}": value for each in above for name, value in check.wanted.items()}
    if isinstance(check, MustHaveEntry):
        return {f"{check.at}.{name}": value for name, value in {**check.key, **check.wanted}.items()}
    return {check.at: None} if isinstance(check, LISTS) else {}


def declared() -> Iterator[tuple[Rule, ResourceType, str, Scalar]]:
    for rule in RULES:
        for kind in rule.selectors:
            if isinstance(kind, ResourceType):
                check = rule.check.by_type[kind] if isinstance(rule.check, ByType) else rule.check
                yield from ((rule, kind, name, value) for name, value in properties_of(check).items())


DECLARED = [pytest.param(*each, id=f"{each[0].name}: {each[1].noun} {each[2]}") for each in declared()]


@pytest.mark.parametrize(("rule", "kind", "name", "value"), DECLARED)
def test_cloudformation_has_the_property_and_takes_the_value(
    rule: Rule, kind: ResourceType, name: str, value: Scalar
) -> None:
    if not kind.cloudformation:
        return
    assert kind.cloudformation in cloudformation_types()
    path = kind.path("cloudformation", name)
    schema = cloudformation_property(kind.cloudformation, path)
    assert schema is not None, f"{kind.cloudformation} has no {name}"
    if value is None:
        assert schema["type"] == "array"
    else:
        assert KINDS[type(value)] == schema["type"].replace("integer", "number")
        assert value in schema.get("enum", [value])
    assert is_created_only(kind.cloudformation, path) == (name in kind.replaced_by)


@pytest.mark.parametrize(("rule", "kind", "name", "value"), DECLARED)
def test_the_provider_has_the_attribute_and_takes_the_value(
    rule: Rule, kind: ResourceType, name: str, value: Scalar
) -> None:
    if not kind.terraform:
        return
    assert kind.terraform in terraform_resources()
    beside = [beginning for beginning in kind.companions if f"{name}.".startswith(f"{beginning}.")]
    owner = kind.companions[beside[0]].type if beside else kind.terraform
    rest = name.removeprefix(beside[0]).lstrip(".") if beside else name
    attribute = terraform_attribute(owner, kind.path("terraform", rest))
    assert attribute is not None, f"{owner} has no {rest}"
    if value is None:
        assert attribute == "list" or isinstance(attribute, dict)
    else:
        as_text = attribute == "string" and isinstance(value, bool)  # Terraform makes a text of it
        assert attribute == KINDS[type(value)] or as_text


@pytest.mark.parametrize("kind", dict.fromkeys(each.values[1] for each in DECLARED), ids=lambda k: k.noun)
def test_what_a_type_says_of_itself_is_true(kind: ResourceType) -> None:
    if kind.cloudformation and kind.name:
        assert cloudformation_property(kind.cloudformation, [kind.name]) is not None
    if kind.terraform and kind.name:
        assert terraform_attribute(kind.terraform, kind.path("terraform", kind.name)) is not None
    for beginning, companion in kind.companions.items():
        assert terraform_attribute(companion.type, [companion.refers_by]) == "string"
        if kind.cloudformation:
            assert cloudformation_property(kind.cloudformation, beginning.split(".")) is not None
    for name in kind.replaced_by:
        assert is_created_only(kind.cloudformation, name.split("."))


def test_a_property_that_is_not_there_and_one_that_replaces_would_be_seen() -> None:
    assert cloudformation_property("AWS::S3::Bucket", ["PublicAccessBlock"]) is None
    assert is_created_only("AWS::RDS::DBInstance", ["StorageEncrypted"])
    assert not is_created_only("AWS::RDS::DBInstance", ["PubliclyAccessible"])
    assert terraform_attribute("aws_db_instance", ["public"]) is None
