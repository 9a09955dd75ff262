"""Values that CloudFormation fetches itself: they are secret, yet end up in clear in the task definition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects.cloudformation import find_references
from fixbot.edit.tree import Node
from fixbot.lens import Variable, condition_branches, text_of, truth_of
from fixbot.model.findings import Manual, Refusal
from fixbot.rules.context import Context
from fixbot.secret_stores.aws_names import secret_arn_of
from fixbot.secret_stores.cloudformation_functions import build_substitution, function_of, render_as_sub
from fixbot.secret_stores.secret_leaks import holds_literal_secret
from fixbot.secret_stores.secret_source import SSM, SecretSource
from fixbot.secret_stores.written_elsewhere import (
    WrittenValue,
    choose_written,
    explain_written,
    find_written_secret,
)
from fixbot.text.markdown_escape import mark_code

_HOLES = r"(?:[^{}]|\$\{[^{}]*\})*"
_RESOLVE = re.compile(rf"\{{\{{resolve:(?P<service>secretsmanager|ssm-secure):(?P<body>{_HOLES})\}}\}}")
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_SECRETS = ("AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment")
_KEYS_OF_MAP = 3
_ALONE = re.compile(r"\$\{([^{}.]+)(\.[^{}]+)?\}")


def judge_template_value(
    variable: Variable, root: Node, world: Context
) -> SecretSource | Refusal | Manual | None:
    """What a computed value of a template is, None where nothing says that it is a secret."""
    if variable.value is None:
        return None
    written = _find_written(variable.name, variable.value, root)
    if written is not None:
        return explain_written(
            variable.name,
            written,
            world,
            "let the parameter hold the secret's ARN, and refer to it under `Secrets`.",
        )
    text = render_as_sub(variable.value)
    found = _RESOLVE.search(text)
    if found is not None:
        return _source_of_reference(variable.name, text, found, root)
    if holds_literal_secret(variable.name, text):
        return Refusal(
            f"{variable.name} is put together from parts, and a secret is written out in one of them. "
            "Store the whole value as "
            "one secret, or give the application the secret part in a variable of its own; then run again."
        )
    hidden = next((name for name in find_references(variable.value) if _is_no_echo(name, root)), None)
    if hidden is not None:
        return Manual(
            f"{variable.name} gets the parameter {hidden}, which NoEcho hides in CloudFormation, but not "
            "in the task definition. "
            "Store the value in Secrets Manager, let the parameter hold the secret's ARN, and refer to it "
            "under `Secrets`."
        )
    return None


def _find_written(name: str, value: Node, root: Node) -> WrittenValue | None:
    """The literal behind a reference: a parameter's default, what a mapping holds, a condition's branch."""

    def look_up(expression: str) -> WrittenValue | None:
        default = root.find_node("Parameters", expression, "Default")
        text = text_of(default)
        kind = root.find_node("Parameters", expression, "Type")
        if default is None or text is None or (kind is not None and str(kind.value).startswith("AWS::SSM")):
            return None  # of a parameter of Systems Manager the default is a name
        return WrittenValue(text, default, expression, f"the default of the parameter {expression}")

    found = find_written_secret(name, render_as_sub(value), look_up)
    inside = (_find_written(name, branch, root) for branch in condition_branches(value))
    return found or next(filter(None, inside), None) or choose_written(name, _list_choices(value, root))


def _list_choices(value: Node, root: Node) -> Iterator[WrittenValue]:
    """What a value may be by `Fn::If` and `Fn::FindInMap`, where that is written out."""
    for branch in condition_branches(value):
        if (text := text_of(branch)) is not None:
            yield WrittenValue(text, branch, "", "a value that a condition chooses")
        else:
            yield from _list_choices(branch, root)
    made = function_of(value)
    if made is None or made[0] != "FindInMap" or len(made[1].items) < _KEYS_OF_MAP:
        return
    name, key = text_of(made[1].items[0]), text_of(made[1].items[2])
    if name is None or key is None or (mapping := root.find_node("Mappings", name)) is None:
        return
    for entry in mapping.entries:
        leaf = entry.value.find_node(key)
        if leaf is not None and (text := text_of(leaf)) is not None:
            yield WrittenValue(text, leaf, key, f"a value of the mapping {name}")


def _is_no_echo(name: str, root: Node) -> bool:
    return truth_of(root.find_node("Parameters", name, "NoEcho")) is True


def _source_of_reference(name: str, text: str, found: re.Match[str], root: Node) -> SecretSource | Refusal:
    if found[0] != text.strip():
        return Refusal(
            f"{name} is put together from parts, and CloudFormation fetches a secret into one of them, so "
            "that it stands in "
            "clear in the task definition. Store the whole value as one secret and refer to it under "
            "`Secrets`."
        )
    json = not root.grammar.has_tags
    if found["service"] == "ssm-secure":
        return _parameter_source(found["body"], json=json)
    base, _, rest = found["body"].partition(":SecretString")
    parts = [*rest.lstrip(":").split(":"), "", ""][:3]
    suffix = ":" + ":".join(parts) if any(parts) else ""
    arn = _build_arn(base.rstrip(":"), root)
    if isinstance(arn, Refusal):
        return Refusal(f"{name}: {arn.reason}")
    resource = arn if _ALONE.fullmatch(arn) or _SUFFIX.search(secret_arn_of(arn)) else f"{arn}-??????"
    return SecretSource(
        build_substitution(arn + suffix, json=json),
        "the secret that the template fetched it from",
        build_substitution(resource, json=json),
        resource,
    )


def _build_arn(base: str, root: Node) -> str | Refusal:
    """The ARN for the secret that a dynamic reference names."""
    alone = _ALONE.fullmatch(base)
    if base.startswith("arn:"):
        return base
    if alone is not None:
        kind = text_of(root.find_node("Resources", alone[1], "Type"))
        if (alone[2] or "").endswith("Arn") or kind in _SECRETS:
            return base
        return Refusal(
            f"{mark_code(base)} may be a secret's name or its ARN, and `Secrets` takes only the ARN. "
            "Refer to "
            "it by ARN and run again."
        )
    if _SUFFIX.search(base):
        return Refusal(
            "the secret's name ends like the six characters of an ARN, so a partial ARN does not find it. "
            "Write its full ARN under `Secrets`."
        )
    return f"arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{base}"


def _parameter_source(body: str, *, json: bool) -> SecretSource:
    """`name:version`; `Secrets` takes the name, and the newest version."""
    name = body.partition(":")[0]
    path = name if name.startswith("/") else f"/{name}"
    arn = f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{path}"
    return SecretSource(
        build_substitution(name, json=json),
        f"parameter {mark_code(name)}",
        build_substitution(arn, json=json),
        arn,
        SSM,
    )
