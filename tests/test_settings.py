"""What a person may write into `.fixbot.yml`, and what they are told when it is wrong."""

from __future__ import annotations

import json
from dataclasses import is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fixbot.model.errors import FixbotError
from fixbot.model.findings import Safety, Severity
from fixbot.settings import Settings
from fixbot.settings.pull_request_settings import PullRequestSettings
from fixbot.settings.read_settings import load_settings, parse_settings
from fixbot.settings.rebase_globs import NOTHING, rebase_glob
from fixbot.settings.schema import build_schema
from fixbot.settings.setting_fields import list_settable_fields
from fixbot.settings.suppressions import Ignore
from fixbot.text.globs import Globs

ROOT = Path(__file__).parent.parent


def told(text: str) -> str:
    with pytest.raises(FixbotError) as caught:
        parse_settings(Settings(), text, ".fixbot.yml")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_default_file_says_what_the_types_say() -> None:
    text = (ROOT / "config" / "default.yml").read_text()
    read = parse_settings(Settings(), text, "default.yml")
    assert replace(read, written=()) == Settings()
    assert set(yaml.safe_load(text)) == set(list_settable_fields(Settings))
    jsonschema.validate(yaml.safe_load(text), build_schema())


def test_the_shipped_schema_is_the_one_that_the_types_make() -> None:
    shipped = json.loads((ROOT / "fixbot" / "data" / "settings.schema.json").read_text())
    assert shipped == build_schema()
    jsonschema.Draft202012Validator.check_schema(shipped)


PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter"
WHOLE = """\
enforce: [rules]
profile: all
rules:
  only: [readonly-root-filesystem]
  skip: [secret-in-environment]
safety: safe
thorough: true
severity: high
include: [deploy/]
exclude: ["*.bak"]
never_patch: []
secrets:
  prefix: shop/
  store: ssm
  existing:
    DB_PASSWORD: arn:aws:ssm:eu-central-1:123456789012:parameter/db
account: 012345678901
region: eu-central-1
partition: aws
tag: {key: Stage, value: prod}
tag_services: [ecs]
trust_by: arn
aws_organization: o-exampleorgid
allowed_actions: {deploy: ["ecs:UpdateService"]}
permissions_boundary: boundary
write_paths:
  "registry.example/orders": [/var/cache/orders]
run_as: {"registry.example/*": "1000:1000"}
external_secrets: {store: vault, kind: SecretStore}
public_ports: [443]
private_subnets: true
cluster_endpoint: private
required_tags: [Environment]
pin_platform: true
ecs_guardrails: true
runtime_monitoring: true
pin_images: digest
registries: {allow: [public.ecr.aws], mirrors: {docker.io: registry.example/docker-hub}}
ecr_keep_images: 30
flow_logs: elsewhere
lb_log_bucket: shop-logs
ecr_tag_exclusions: true
log_retention_days: 30
ephemeral_paths: [dev/]
branch_prefix: bot/
dashboard: true
pull_requests:
  group: rule
  base: develop
  draft: never
  style: conventional
  labels: [security]
  assignees: [anna]
  reviewers: [bert, "shop/platform"]
  code_owners: false
  most_reviewers: 1
  milestone: Hardening
  most_open: 3
  per_run: 2
  per_hour: 1
  per_week: 4
  examples: true
  stand_back: false
  disclose: open
  schedule: ["mon-fri 08:00-18:00", sat]
  timezone: Europe/Berlin
  rebase: never
  verified: true
  patience: 0
limits: {seconds: 60, memory_mb: 4000, file_mb: 20}
ignore:
  - rule: readonly-root-filesystem
    path: deploy/legacy/**
    resource: "*orders*"
    reason: goes away
    until: 2027-03-31
admin_cidrs: [203.0.113.0/24]
"""


def test_yes_and_no_are_not_words() -> None:
    assert told("thorough: sometimes\n") == ".fixbot.yml:1: thorough must be true or false"


def operators(kind: type = Settings, before: str = "") -> set[str]:
    """The dotted keys that only whoever runs fixbot may set."""
    hints = get_type_hints(kind)
    found: set[str] = set()
    for name, each in list_settable_fields(kind).items():
        if each.metadata.get("operator"):
            found.add(f"{before}{name}")
        elif is_dataclass(hints[name]):
            found |= operators(hints[name], f"{before}{name}.")
    return found


def test_what_only_the_operator_may_set_does_not_count_in_a_repository() -> None:
    text = "severity: high\nthorough: true\n"
    read = parse_settings(Settings(), text, ".fixbot.yml")
    assert not read.thorough
    assert not read.is_set("thorough")
    assert read.is_set("severity")
    (note,) = read.notes
    assert note == (
        ".fixbot.yml:2: thorough is not for a repository to set, so it does not count; whoever runs fixbot "
        "may set it with --thorough or in a file named by --config"
    )
    operator = parse_settings(Settings(), text, "all.yml", operator=True)
    assert operator.thorough
    assert operator.notes == ()
    assert parse_settings(operator, "thorough: false\n", ".fixbot.yml").thorough


@pytest.mark.parametrize("key", sorted(operators()))
def test_no_key_of_the_operator_counts_from_a_repository(key: str) -> None:
    whole = yaml.safe_load(WHOLE)
    value = whole
    for name in key.split("."):
        value = value[name]
    for name in reversed(key.split(".")):
        value = {name: value}
    text = json.dumps(value, default=str)
    assert parse_settings(Settings(), text, "all.yml", operator=True) != Settings()
    read = parse_settings(Settings(), text, ".fixbot.yml")
    assert read == Settings()
    assert [note.split(" ", 1)[0] for note in read.notes] == [".fixbot.yml:1:"]
    page = (ROOT / "docs" / "settings.md").read_text()
    assert "Only from the command line or `--config`" in page


def test_everything_can_be_set() -> None:
    read = parse_settings(Settings(), WHOLE, ".fixbot.yml", operator=True)
    assert (read.safety, read.severity, read.account) == (Safety.SAFE, Severity.HIGH, "012345678901")
    assert read.secrets.existing == {"DB_PASSWORD": "arn:aws:ssm:eu-central-1:123456789012:parameter/db"}
    assert read.write_paths == {"registry.example/orders": ("/var/cache/orders",)}
    assert read.ignore == (
        Ignore(
            "readonly-root-filesystem",
            "goes away",
            "deploy/legacy/**",
            "*orders*",
            date(2027, 3, 31),
            where=".fixbot.yml:72",
        ),
    )
    defaults = Settings()
    for name in list_settable_fields(Settings):
        assert getattr(read, name) != getattr(defaults, name), f"{name} is not in the example"
    for name in list_settable_fields(PullRequestSettings):
        assert getattr(read.pull_requests, name) != getattr(defaults.pull_requests, name), (
            f"{name} is not there"
        )
    jsonschema.validate(json.loads(json.dumps(yaml.safe_load(WHOLE), default=str)), build_schema())


def test_what_was_written_is_known_from_what_is_only_the_default() -> None:
    read = parse_settings(Settings(), "tag:\n  key: Environment\n", ".fixbot.yml")
    assert read.tag == Settings().tag
    assert read.is_set("tag")
    assert read.is_set("tag.key")
    assert not read.is_set("tag.value")
    assert not Settings().is_set("tag")


def test_the_repository_counts_more_than_the_organisation(tmp_path: Path) -> None:
    organisation = tmp_path / "all.yml"
    organisation.write_text(
        f"severity: high\nsafety: safe\nsecrets: {{store: ssm, existing: {{A: '{PARAMETER}/a'}}}}\n"
        "ignore: [{rule: x, reason: everywhere}]\nrules: {skip: [a]}\n"
    )
    (tmp_path / ".fixbot.yml").write_text(
        f"severity: low\nsecrets: {{existing: {{B: '{PARAMETER}/b'}}}}\n"
        "ignore: [{rule: y, reason: here}]\nrules: {skip: [b]}\n"
    )
    read = load_settings(tmp_path, organisation)
    assert (read.severity, read.safety, read.secrets.store) == (Severity.LOW, Safety.SAFE, "ssm")
    assert set(read.secrets.existing) == {"A", "B"}
    assert [wish.rule for wish in read.ignore] == ["x", "y"]
    assert read.rules.skip == ("b",)


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    (tmp_path / ".fixbot.yml").write_text("# nothing yet\n")
    assert load_settings(tmp_path) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules:\n  skpi: []\n",
         ".fixbot.yml:2: rules: 'skpi' is no setting; did you mean skip? Allowed: only, skip"),
        ("severity: hihg\n",
         ".fixbot.yml:1: severity cannot be 'hihg'; did you mean high? Allowed: low, medium, high, critical"),
        ("safety: manual\n", ".fixbot.yml:1: safety cannot be 'manual'. Allowed: safe, review"),
        ("safety: yes\n", ".fixbot.yml:1: safety must be text, not a bare yes/no word; put it into quotes"),
        ("\n\ninclude: deploy/\n", ".fixbot.yml:3: include must be a list (`- one` or [one, two])"),
        ("exclude:\n- a\n-\n", ".fixbot.yml:3: exclude.2 must be text, not empty"),
        ("account: 1234\n", ".fixbot.yml:1: account must be 12 digits"),
        ("region: Frankfurt\n", ".fixbot.yml:1: region must be a Region such as eu-central-1"),
        ("pull_requests: {per_run: -1}\n",
         ".fixbot.yml:1: pull_requests.per_run must be a whole number from 0 to 10,000"),
        ("pull_requests: {per_run: yes}\n",
         ".fixbot.yml:1: pull_requests.per_run must be a whole number from 0 to 10,000"),
        ("pull_requests:\n  schedule: [nights]\n",
         ".fixbot.yml:2: pull_requests.schedule.1 must be days and hours such as mon-fri 08:00-18:00"),
        ("pull_requests:\n  reviewers: ['@anna']\n",
         ".fixbot.yml:2: pull_requests.reviewers.1 must be a GitHub login, or org/team"),
        ("branch_prefix: 'a b'\n",
         ".fixbot.yml:1: branch_prefix must be at most 100 letters, digits and ._/-, as Git has it"),
        ("tag: Environment\n", ".fixbot.yml:1: tag must be a map (`key: value`)"),
        ("secrets:\n  existing:\n    A: mysecret\n",
         ".fixbot.yml:3: secrets.existing.A must be the ARN of a secret or parameter"),
        ("write_paths:\n  nginx: [tmp]\n",
         ".fixbot.yml:2: write_paths.nginx.1 must be an absolute path such as /var/cache/orders"),
        ("ignore:\n- rule: x\n", ".fixbot.yml:2: ignore.1 needs a reason"),
        ("ignore:\n- {rule: x, reason: ''}\n", ".fixbot.yml:2: ignore.1.reason must be a few words"),
        ("ignore:\n- reason: y\n", ".fixbot.yml:2: ignore.1 needs a rule"),
        ("ignore:\n- {rule: x, reason: y, until: soon}\n",
         ".fixbot.yml:2: ignore.1.until must be a date (YYYY-MM-DD), not 'soon'"),
        ("severity: low\nseverity: high\n", ".fixbot.yml:2: severity is written twice"),
        ("- a\n", ".fixbot.yml:1: no map of settings"),
        ("severity: low\n---\nseverity: low\n", ".fixbot.yml:3: a second document; keep one"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(text: str, said: str) -> None:
    assert told(text) == said


def test_what_is_no_yaml_is_said_with_its_line() -> None:
    assert told("a: [1\nb: 2\n").startswith(".fixbot.yml:")


def test_two_files_a_missing_one_and_one_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / ".fixbot.yml").write_text("")
    (tmp_path / ".fixbot.yaml").write_text("")
    with pytest.raises(FixbotError, match="both exist; keep one"):
        load_settings(tmp_path)
    (tmp_path / ".fixbot.yaml").unlink()
    with pytest.raises(FixbotError, match=r"none\.yml: cannot be read: No such file"):
        load_settings(tmp_path, tmp_path / "none.yml")
    (tmp_path / ".fixbot.yml").write_bytes("severity: low".encode("utf-16"))
    with pytest.raises(FixbotError, match=r"\.fixbot\.yml: it is UTF-16 text"):
        load_settings(tmp_path)


KEYS = st.sampled_from([*list_settable_fields(Settings), "only", "rule", "reason", "existing", "odd", "<<"])
DATA: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["low", "safe", "2027-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@hypothesis_settings(max_examples=150)
@given(DATA)
def test_whatever_is_written_is_read_or_refused_in_one_line(data: object) -> None:
    said = "x.yml:"
    try:
        parse_settings(Settings(), json.dumps(data), "x.yml")
    except FixbotError as error:
        said = str(error)
    assert said.startswith("x.yml:")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("pattern", "from_deploy_eu"),
    [
        ("*.bak", {"/**/*.bak"}),
        ("deploy/", {"/**", "/**/deploy/"}),
        ("deploy/eu/task.json", {"/task.json"}),
        ("./deploy/*/legacy/", {"/legacy/"}),
        ("deploy/**", {"/**"}),
        ("/deploy", {"/**"}),
        ("**/eu/*.tf", {"/*.tf", "/**/eu/*.tf"}),
        ("other/**", {NOTHING}),
        ("deploy/us/x.tf", {NOTHING}),
        ("!deploy/eu/x.tf", {"!/x.tf"}),
    ],
)
def test_a_glob_of_the_repository_seen_from_a_folder(pattern: str, from_deploy_eu: set[str]) -> None:
    assert set(rebase_glob(pattern, "deploy/eu")) == from_deploy_eu


PART = st.sampled_from(["a", "b", "*", "**", "a*"])
WAY = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map("/".join)


@hypothesis_settings(max_examples=300)
@given(st.lists(PART, min_size=1, max_size=4).map("/".join), WAY, WAY, st.sampled_from(["", "/"]))
def test_it_matches_there_what_it_matches_from_above(glob: str, folder: str, path: str, end: str) -> None:
    above = Globs((glob + end,)).matches(f"{folder}/{path}")
    below = Globs(rebase_glob(glob + end, folder)).matches(path)
    assert below == above


def test_nothing_matches_nothing() -> None:
    assert not Globs((NOTHING,)).matches("x")
