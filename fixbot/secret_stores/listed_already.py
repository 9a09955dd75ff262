"""Values under a name that comes from a store as well: the literal goes, and nothing is made."""

from __future__ import annotations

import re

from fixbot.edit.change import Drop
from fixbot.edit.tree import Node, NodeKind
from fixbot.knowledge.rollout import describe_rollout
from fixbot.lens import text_of
from fixbot.model.findings import Fix
from fixbot.secret_stores import secret_steps
from fixbot.secret_stores.secret_leaks import SecretLeak, text_as_written
from fixbot.secret_stores.secret_source import SSM, SecretSource
from fixbot.secret_stores.task_definition_secrets import read_family
from fixbot.text.markdown_escape import mark_code

_SECRET = re.compile(r":secret:([^:\s]+?)(?:-[A-Za-z0-9]{6})?(?::[^\s]*)?$")
_PARAMETER = re.compile(r":parameter(/[^\s]+)$")


def find_listed(leak: SecretLeak) -> Node | None:
    """What the list of references says for the leak's name; None where it doesn't have it."""
    container = leak.container
    if container.spelling.vocabulary == "k8s":
        return None
    names = ("logConfiguration.secretOptions",) if leak.option else ("secrets", "mapSecrets")
    name, value = container.spelling.key("name"), container.spelling.key("valueFrom")
    for listed in names:
        node = container.get(listed)
        if node is None:
            continue
        for item in (*node.items, *container.node.list_items(container.spelling.spell_field(listed))):
            if item.kind is NodeKind.MAP and text_of(item.find_node(name)) == leak.name:
                return item.find_node(value) or item
        if node.kind is NodeKind.MAP and (found := node.find_node(leak.name)) is not None:
            return found
    return None


def build_listed_fix(leak: SecretLeak, listed: Node, why: str) -> Fix:
    """The literal out, with the secret that is in use named."""
    text = text_as_written(listed)
    shown = mark_code(_short_name(text)) if text else "the store"
    task = leak.container.task
    service = SSM if text and (":ssm:" in text or not text.startswith("arn:")) else "secretsmanager"
    return Fix(
        (Drop(leak.variable.node),),
        before=f"{mark_code(leak.name)} in clear in the file",
        after=f"from {shown}, as before",
        who=mark_code(task.name),
        gist=f"{mark_code(leak.name)} of {{who}} already comes from {shown}; only the literal goes.",
        why=why,
        effect="ECS refuses a task that has one name among its secrets and among its plain variables.",
        rollout=describe_rollout(task),
        steps_before=(secret_steps.see_stored_step(shown, leak.name),),
        steps_after=(
            secret_steps.rotate_step([SecretSource(None, shown, service=service)]),
            *((secret_steps.delete_revisions_step(read_family(task)),) if task.kind == "ecs" else ()),
        ),
    )


def _short_name(text: str) -> str:
    found = _SECRET.search(text) or _PARAMETER.search(text)
    return found[1] if found is not None else text
