"""A store keeps a secret from readers; a file that makes it with the value in it shows it to them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from fixbot.edit.change import Change
from fixbot.edit.tree import CannotEdit
from fixbot.lens import Resource, ResourceType
from fixbot.model.findings import Fix, Found, Manual, Outcome, Refusal, Severity
from fixbot.rules import ESSENTIAL, Rule
from fixbot.rules.context import Context
from fixbot.secret_stores.committed_values import (
    CommittedValue,
    find_committed,
    read_generator_values,
    read_object_values,
)
from fixbot.secret_stores.store_fixes import (
    bring_by_operator,
    generate_instead,
    give_from_outside,
    is_patch,
    is_resolved_here,
    knows_ephemeral,
)
from fixbot.secret_stores.store_places import describe_object_places
from fixbot.text.command import NAMESPACE, OBJECT, build_command
from fixbot.text.markdown_escape import mark_code
from fixbot.text.name_lists import join_with_and
from fixbot.text.step import Step, build_step

OBJECTS = ResourceType("Secret", "Secrets", kubernetes="Secret")
GENERATOR = ResourceType(
    "kustomization", "kustomizations", kubernetes="kustomize.config.k8s.io/Kustomization"
)
SECRET = ResourceType("secret", "secrets", "AWS::SecretsManager::Secret", name="Name")
VERSION = ResourceType("secret", "secrets", terraform="aws_secretsmanager_secret_version")
PARAMETER = ResourceType(
    "parameter", "parameters", "AWS::SSM::Parameter", "aws_ssm_parameter", name="Name",
    renamed={"InsecureValue": "insecure_value"},
)  # fmt: skip
OF_CLUSTER = ResourceType("Secret", "Secrets", terraform="kubernetes_secret")
_PLACES = {
    SECRET: ("SecretString",),
    VERSION: ("SecretString", "SecretStringWo"),
    PARAMETER: ("Value", "InsecureValue", "ValueWo"),
    OF_CLUSTER: ("Data", "DataWo"),
}
_IN_TERRAFORM = (
    "From Terraform 1.11 on `ATTRIBUTE_wo = var.NAME` with an `ephemeral` variable keeps it out of file and "
    "state; before, write a word for it and `lifecycle { ignore_changes = [ATTRIBUTE] }`, and put the value "
    "by hand."
)


def find_values(store: Resource, world: Context) -> Iterator[Found]:
    """The values of a store that are written out, as one finding a place."""
    for value in _list_values(store):
        named = [mark_code(key) for key in value.secret if key]
        what = f"the value of {join_with_and(named)}" if named else "its value"
        by = f", as the default of {value.given_by}" if value.given_by else ""
        yield Found(
            value.node, store.title, store.address, f"value {' '.join(value.secret)}".strip(),
            f"{store.title} has {what} written out{by}",
            partial(_choose_outcome, store, value, world), subject=store.subject,
            severity=Severity.HIGH if value.given_by else Severity.CRITICAL,
        )  # fmt: skip


def _list_values(store: Resource) -> Iterator[CommittedValue]:
    if store.type == OBJECTS:
        yield from read_object_values(store)
    elif store.type == GENERATOR:
        yield from read_generator_values(store)
    else:
        name = store.name if store.type != PARAMETER else store.name.rpartition("/")[2]
        for canonical in _PLACES[store.type]:
            if (value := find_committed(store, canonical, name)) is not None:
                yield value


def _choose_outcome(store: Resource, value: CommittedValue, world: Context) -> Outcome:
    try:
        if store.type == OBJECTS:
            return _move_object(store, value, world)
        if store.type == SECRET and not value.given_by:
            return _move_template_secret(store, value, world)
        if store.type in (VERSION, PARAMETER) and value.is_literal and knows_ephemeral(store, world):
            written = "secret_string" if store.type == VERSION else "value"
            if store.node.find_node(written) is value.node:
                return _give_from_outside(store, value, written, world)
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return _explain(store, value)


def _explain(store: Resource, value: CommittedValue) -> Manual:
    said = "It is in Git, so change it where it was issued"
    if value.given_by:
        return Manual(
            f"{said}, and take the default of {mark_code(value.given_by)} out: whoever deploys gives the "
            "value then, from a store."
        )
    if store.type == GENERATOR:
        return Manual(
            f"{said}. Let the generator read it from a file that isn't committed (`envs: [secret.env]`), or "
            "let an operator bring the Secret."
        )
    if store.dialect == "terraform":
        attribute = store.type.path("terraform", _PLACES[store.type][0])[-1]
        return Manual(f"{said}. {_IN_TERRAFORM.replace('ATTRIBUTE', attribute)}")
    if store.type == PARAMETER:
        return Manual(
            f"{said}. CloudFormation makes no SecureString: put it with `aws ssm put-parameter --type "
            "SecureString`, or use an AWS::SecretsManager::Secret with `GenerateSecretString`."
        )
    return Manual(f"{said}, and put the new one into the store by hand.")


def _move_object(store: Resource, value: CommittedValue, world: Context) -> Outcome:
    if is_patch(store, world):
        return Refusal(
            f"What stands here patches {store.title}, which is made elsewhere. Take the value out of both, "
            "and let an operator bring it; it is in Git, so change it where it was issued."
        )
    moved = bring_by_operator(store, value, world)
    if moved is None:
        space = store.node.find_node("metadata", "namespace")
        where = ("-n", NAMESPACE(str(space.value))) if space is not None else ()
        made = build_command("kubectl", "apply", *where, "-f", "-")
        look = build_command("kubectl", "get", "secret", *where, OBJECT(store.name))
        return Refusal(
            "The value is in Git, so change it where it was issued. No operator that is used here can bring "
            f"{store.title}: take the file out of the repository, and make the Secret from a store, or by "
            f"hand with {mark_code(made.text)}; {mark_code(look.text)} shows that it is there."
        )
    changes, remote = moved
    fix = _build_fix(
        store, changes, f"an ExternalSecret that reads {mark_code(remote)}",
        "An operator brings {who} from a store; the file says where it is, and no more.",
        "Pods that start before the store has the value wait for {who}.",
        build_step(
            f"Store the value of {join_with_and(map(mark_code, value.texts))} under {mark_code(remote)}, "
            "where the operator reads; a new one, if it can be changed today."
        ),
    )  # fmt: skip
    return replace(fix, stores=describe_object_places(store.name, value.texts))


def _move_template_secret(store: Resource, value: CommittedValue, world: Context) -> Outcome:
    if not value.is_literal and value.node.tag is None and None in value.texts.values():
        return _explain(store, value)
    if is_resolved_here(store, world):
        return Refusal(
            f"Something in this template takes the value of {store.title} when it is deployed, and would get "
            "another one, or none. Let RDS make the password (`ManageMasterUserPassword`), or change both by "
            "hand."
        )
    changes = generate_instead(store, value)
    made = len(changes) > 1
    return _build_fix(
        store, changes, "`GenerateSecretString`" if made else "no value in the template",
        "Secrets Manager makes a new value for {who}." if made
        else "The template makes {who}, and no value for it.",
        "What was let in by the old value has to learn the new one." if made
        else "A new stack has {who} without a value until somebody puts one; elsewhere the old one stays.",
        build_step(
            "See who reads the secret and what it opens: there the new value has to be set as well." if made
            else "Put a new value with `aws secretsmanager put-secret-value` once this is deployed."
        ),
    )  # fmt: skip


def _give_from_outside(store: Resource, value: CommittedValue, written: str, world: Context) -> Outcome:
    return _build_fix(
        store, give_from_outside(store, value, written, world), mark_code(f"{written}_wo"),
        "Whoever applies gives the value of {who}; Terraform writes it to the store, and nowhere else.",
        "Every apply asks for the value, by `TF_VAR_…` or a file that isn't committed.",
        build_step("Let the pipeline give the variable; raise the `_wo_version` when it changes."),
    )  # fmt: skip


def _build_fix(store: Resource, changes: list[Change], after: str, gist: str, effect: str, step: Step) -> Fix:
    return Fix(
        tuple(changes), who=store.called, before="the value in clear", after=after, gist=gist, effect=effect,
        why="Anyone with a copy of this repository has what {who} is there to protect, and so has everyone "
        "who ever had one.",
        unknown="Whether the value works today, and who else has it, is not known.",
        steps_before=(step,),
        steps_after=(build_step(
            "Change the value where it was issued, and end the old one: Git's history keeps it for ever."
        ),),
    )  # fmt: skip


rule = Rule(
    title="Take the value of {subject} out of the file",
    many="Take {count} values of secrets in {folder} out of the files",
    topic="secrets",
    severity=Severity.CRITICAL,
    controls={"cis-eks": ("4.4.2",), "cis-k8s": ("5.4.2",), "nist-800-190": ("4.1.4",)},
    looks_at=(OBJECTS, GENERATOR, SECRET, VERSION, PARAMETER, OF_CLUSTER),
    check=find_values,
    profiles=ESSENTIAL,
    discloses=True,
    peers={"checkov": ("CKV_SECRET_6", "CKV_AWS_384"), "polaris": ("sensitiveConfigmapContent",)},
)
