"""Secrets and parameters as they are in AWS, and what their texts hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fixbot.aws.aws_failures import AwsCallFailed
from fixbot.aws.aws_gateway import AwsGateway
from fixbot.model.moved_secrets import SealedText, Store


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """What a name stands for in AWS. `version` tells writes apart; `problem` says why it stays untouched."""

    arn: str
    version: str = ""
    text: SealedText | None = None
    """None where it has no value yet, or one that isn't read."""
    problem: str = ""

    def read_keys(self) -> Mapping[str, SealedText]:
        """What each key of a secret of Secrets Manager holds; empty without a value, or with a problem."""
        found = parse_keys(self.text.reveal()) if self.text is not None else {}
        return {} if isinstance(found, str) else found


def read_stored(gateway: AwsGateway, store: Store, name: str, region: str) -> StoredSecret | None:
    """What a name stands for; None where there is nothing. Raises AwsCallFailed, FixbotError."""
    return _read_parameter(gateway, name, region) if store == "ssm" else _read_secret(gateway, name, region)


def _read_secret(gateway: AwsGateway, name: str, region: str) -> StoredSecret | None:
    try:
        seen = gateway.call_service("secretsmanager", "describe_secret", {"SecretId": name}, region)
    except AwsCallFailed as failed:
        if failed.code == "ResourceNotFoundException":
            return None
        raise
    arn = str(seen.get("ARN", ""))
    if seen.get("DeletedDate") is not None:
        return StoredSecret(arn, problem="It waits for its deletion; restore it, or take another prefix.")
    try:
        found = gateway.call_service("secretsmanager", "get_secret_value", {"SecretId": arn}, region)
    except AwsCallFailed as failed:
        if failed.code == "ResourceNotFoundException":  # made, and never filled
            return StoredSecret(arn)
        raise
    version, text = str(found.get("VersionId", "")), found.get("SecretString")
    if not isinstance(text, str):
        return StoredSecret(arn, version, problem="What it holds is binary, and no JSON object of keys.")
    keys = parse_keys(text)
    return StoredSecret(arn, version, SealedText(text), keys if isinstance(keys, str) else "")


def _read_parameter(gateway: AwsGateway, name: str, region: str) -> StoredSecret | None:
    try:
        found = gateway.call_service("ssm", "get_parameter", {"Name": name, "WithDecryption": True}, region)
    except AwsCallFailed as failed:
        if failed.code == "ParameterNotFound":
            return None
        raise
    parameter = found["Parameter"]
    arn, version = str(parameter.get("ARN", "")), str(parameter.get("Version", ""))
    if parameter.get("Type") != "SecureString":
        return StoredSecret(arn, version, problem="It is there and no SecureString: its value is in clear.")
    return StoredSecret(arn, version, SealedText(str(parameter["Value"])))


def parse_keys(text: str) -> Mapping[str, SealedText] | str:
    """The keys of a secret's text, each with its value as ECS hands it over; or why there are none."""
    twice: list[str] = []

    def take_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.append("")
        return found

    try:
        data = json.loads(text, object_pairs_hook=take_pairs)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return "What it holds is no JSON object of keys."
    if twice:
        return "What it holds has a key twice."
    return {
        key: SealedText(value if isinstance(value, str) else json.dumps(value)) for key, value in data.items()
    }


def add_keys(text: str, values: Mapping[str, SealedText]) -> str:
    """The text of a JSON object with more keys at its end; all else stays byte for byte."""
    end = text.rindex("}")
    begin = len(text[:end].rstrip())
    more = json.dumps({key: value.reveal() for key, value in values.items()}, ensure_ascii=False)[1:-1]
    comma = "" if text[:begin].endswith("{") else ", "
    return f"{text[:begin]}{comma}{more}{text[begin:]}"
