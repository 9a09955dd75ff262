"""A settings file is a stranger's words: what each of them may be, and what `enforce` leaves to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.model.errors import FixbotError
from fixbot.model.findings import Safety, Severity
from fixbot.settings import Settings
from fixbot.settings.enforced import Stricter, strictness_of
from fixbot.settings.read_settings import MOST_BYTES, load_settings, parse_settings
from fixbot.settings.setting_fields import list_known_keys, list_settable_fields
from fixbot.settings.suppressions import Ignore
from fixbot.text.globs import Globs
from fixbot.text.text_shape import TextShape
from tests.test_settings import told

Row = tuple[str, Any, Mapping[str, Any]]


def leaves(kind: type = Settings, above: str = "") -> Iterator[Row]:
    """Every field that a file may set, with its dotted key, its type and its metadata."""
    hints = get_type_hints(kind)
    for name, each in list_settable_fields(kind).items():
        hint = hints[name]
        if is_dataclass(hint) and isinstance(hint, type):
            yield from leaves(hint, f"{above}{name}.")
        elif hint == tuple[Ignore, ...]:
            yield f"{above}{name}", hint, each.metadata
            yield from leaves(Ignore, f"{above}{name}.")
        else:
            yield f"{above}{name}", hint, each.metadata


LEAVES = {name: (hint, meta) for name, hint, meta in leaves()}


def origin(hint: Any) -> Any:
    return get_origin(hint)


def innermost(hint: Any) -> Any:
    arguments = [each for each in get_args(hint) if each not in {NoneType, ...}]
    if origin(hint) in {tuple, Mapping} or NoneType in get_args(hint):
        return innermost(arguments[-1])
    return hint


@pytest.mark.parametrize("name", LEAVES)
def test_every_value_has_a_shape_and_a_bound(name: str) -> None:
    hint, meta = LEAVES[name]
    inner = innermost(hint)
    if inner is str:
        shape = meta["shape"]
        assert isinstance(shape, TextShape)
        assert 0 < shape.longest <= 2_000
        assert shape.hidden == (name == "ignore.resource")
        for text in ("", "a\nb", "a\x1b[31mb", "a\u202eb", "\x00", "a" * 2_001):
            assert not shape.is_fitting(text) or name in {
                "secrets.prefix",
                "ignore.resource",
                "ignore.reason",
            }, text
        assert not shape.is_fitting("\x00")
        assert not shape.is_fitting("a" * 2_001)
    elif inner is int:
        assert meta["least"] >= 0
        assert meta["most"] <= 1_000_000
    else:
        assert inner in {bool, date, Ignore} or get_origin(inner) is Literal or issubclass(inner, Enum)
    if origin(hint) is Mapping:
        assert isinstance(meta["keys"], TextShape)
    assert meta.get("entries", 1_000) <= 10_000


LIVE = [
    "$(id)",
    "`id`",
    "${{ x }}",
    "a;b",
    "a'b",
    'a"b',
    "a b\n",
    "<b>",
    "a&b",
    "a|b",
    "x\ny",
    "../x",
    "-x",
    "a\\b",
]
NAMES = ["secrets.prefix", "external_secrets.store", "branch_prefix", "pull_requests.base", "account",
         "region", "partition", "pull_requests.timezone", "tag.key"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", LIVE)
def test_no_name_holds_what_is_live_somewhere(name: str, text: str) -> None:
    *above, key = name.split(".")
    value: Any = {key: text}
    for part in above:
        value = {part: value}
    if name == "tag.key" and text in {"../x", "-x"}:
        return  # AWS allows these in tags
    said = told(json.dumps(value))
    assert said.startswith(f".fixbot.yml:1: {name} must be ")
    assert text not in said.replace(name, "")


ARABIC = "\N{ARABIC-INDIC DIGIT ONE}"


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("secrets.prefix", ["", "team/a.b_c+=@-/", "/x"],
         ['p${file("/etc/passwd")}/', "a//b", "a/../b", "ä", "x" * 201]),
        ("branch_prefix", ["fixbot/", "bots/fixbot/", "a", "a.b-"],
         ["", "/a", "a//", ".a", "a/.b", "a.lock/", "a/b.lock", "a..b", "-a", "a/-b", "a./b", "a@{b", "ä"]),
        ("pull_requests.base", ["main", "release/1.0", "日本"],
         ["-x", "a..b", "a/", "x.lock", "a b", "@", "a/.b"]),
        ("external_secrets.store", ["vault", "a.b-c"], ["Vault", "-a", "a-", "a..b", "a_b", "a" * 254]),
        ("account", ["123456789012"], [ARABIC * 12, "12345678901", "1234567890123"]),
        ("region", ["eu-central-1", "us-gov-west-1"], [f"eu-central-{ARABIC}", "eu", "eu-central-1 x"]),
        ("tag.value", ["prod", "${aws:PrincipalTag/Stage}", "${aws:PrincipalTag/Stage, 'none'}"],
         ['${file("x")}', "${aws:username}", "*", "a${b}", "a'b", "", "${aws:PrincipalTag/a}x"]),
        ("tag.key", ["Environment", "a:b/c", "Größe"], ["aws:x", "AWS:x", "a*", "a${b}", "a" * 129]),
        ("pull_requests.timezone", ["UTC", "Europe/Berlin", "Etc/GMT+1"],
         ["../x", "/etc/passwd", "a//b", "a" * 65]),
        ("pull_requests.milestone", ["Hardening ☂️ 2.0"], ["a\u202eb", "a\tb", "x" * 201]),
    ],
)  # fmt: skip
def test_what_a_name_may_be(key: str, right: list[str], wrong: list[str]) -> None:
    def text(value: str) -> str:
        *above, last = key.split(".")
        found: Any = {last: value}
        for part in above:
            found = {part: found}
        return json.dumps(found, ensure_ascii=False)

    for each in right:
        parse_settings(Settings(), text(each), ".fixbot.yml")
    for each in wrong:
        assert re.fullmatch(rf"\.fixbot\.yml:1: {re.escape(key)} must be .+", told(text(each))), each


ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf"


@pytest.mark.parametrize(
    "arn",
    [f"{ARN}'", f"{ARN}\n", f"x{ARN}", f"{ARN}${{x}}", f"{ARN}:key", f'{ARN}"', f"{ARN} b",
     "arn:aws:s3:::bucket", "arn:aws:ssm:eu-west-1:123456789012:parameter/a b",
     "arn:aws:secretsmanager:*:123456789012:secret:x"],
)  # fmt: skip
def test_an_existing_secret_is_an_arn_and_nothing_more(arn: str) -> None:
    said = told(json.dumps({"secrets": {"existing": {"DB_PASSWORD": arn}}}))
    assert said == ".fixbot.yml:1: secrets.existing.DB_PASSWORD must be the ARN of a secret or parameter"
    for right in (ARN, f"{ARN}:key::", "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a/b"):
        parse_settings(Settings(), json.dumps({"secrets": {"existing": {"DB_PASSWORD": right}}}), "x")


def test_keys_of_maps_are_checked_and_never_quoted() -> None:
    said = told(json.dumps({"secrets": {"existing": {"A": ARN, "B; rm -rf": ARN}}}))
    assert said.endswith(
        "secrets.existing has a key (number 2) that must be the name of an environment variable"
    )
    said = told(json.dumps({"write_paths": {"$(id)": ["/a"]}}))
    assert said.endswith("write_paths has a key (number 1) that must be an image's name, with * for any text")
    said = told(json.dumps({"write_paths": {"a/b:*": ["/a", "/b/../c"]}}))
    assert said == ".fixbot.yml:1: write_paths.entry 1.2 must be an absolute path such as /var/cache/orders"


@pytest.mark.parametrize(
    "path", ["/", "a", "/a/", "/a//b", "/a/.", "/a/../b", "/a\n", "/a b", "/a:b", "/${x}", "/a,b"]
)
def test_a_folder_is_absolute_and_plain(path: str) -> None:
    assert "must be an absolute path" in told(json.dumps({"write_paths": {"x": [path]}}))


SECRETS = [
    "root:*:20228:0:99999:7:::",
    "AKIAIOSFODNN7EXAMPLE/+hunter2",
    "hunter2 " * 10,
    "X" * 102,
    "a\x1b[2Jb",
]
PLACES = ["{T: 1}", "severity: T", "rules: {T: 1}", "ignore: [{T: 1}]", "safety: T", "{T: 1, T: 2}",
          "account: T", "ignore: [{rule: a, reason: b, until: T}]", "enforce: [T]",
          "rules: {skip: [T]}",
          "pull_requests: {reviewers: [T]}"]  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("where", PLACES)
def test_what_may_be_anything_is_not_quoted(text: str, where: str) -> None:
    said = told(where.replace("T", json.dumps(text)))
    assert text not in said
    assert text[:8] not in said
    assert said.isprintable()


MOST = "pull_requests.most_open must be a whole number from 0 to 10,000"
HOURS = "must be days and hours such as mon-fri 08:00-18:00"
LEVELS = (
    "secrets.prefix does not go together: with `store: ssm` the prefix must be made of letters, digits and "
    "_.-/ for parameters, at most 12 levels deep, and not begin with aws or ssm"
)
ONE = "{rule: a, reason: b}"
TOO_MUCH = {
    f"exclude: [{', '.join(['a'] * 1_001)}]": "exclude has 1,001 entries; there may be at most 1,000",
    f"ignore: [{', '.join([ONE] * 10_001)}]": "ignore has 10,001 entries; there may be at most 10,000",
    f"pull_requests: {{most_open: {'9' * 4_000}}}": MOST,
    "pull_requests: {patience: 1000000}": "pull_requests.patience must be a whole number from 0 to 86,400",
    "pull_requests: {schedule: ['']}": f"pull_requests.schedule.1 {HOURS}",
    "pull_requests: {schedule: ['99:99-00:00']}": f"pull_requests.schedule.1 {HOURS}",
    "secrets: {store: ssm, prefix: 'a=b'}": LEVELS,
    "secrets: {store: ssm, prefix: aws/x}": LEVELS,
    f"secrets: {{store: ssm, prefix: {'a/' * 15}}}": LEVELS,
}


@pytest.mark.parametrize(("text", "said"), TOO_MUCH.items(), ids=lambda each: each[:30])
def test_what_is_too_much_or_does_not_go_together(text: str, said: str) -> None:
    assert told(text) == f".fixbot.yml:1: {said}"


def test_a_file_of_any_size_is_read_to_its_bound_and_no_further(tmp_path: Path) -> None:
    with (tmp_path / ".fixbot.yml").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(FixbotError, match="larger than 1 MB"):
        load_settings(tmp_path)
    with pytest.raises(FixbotError, match=f"more than {MOST_BYTES:,} bytes"):
        load_settings(tmp_path / "none", tmp_path / ".fixbot.yml")


# What whoever runs fixbot enforces


def under(operator: str, own: str) -> Settings:
    read = parse_settings(Settings(), operator, "all.yml", operator=True)
    return parse_settings(read, own, ".fixbot.yml")


def at(settings: Settings, key: str) -> Any:
    found: Any = settings
    for part in key.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(
    ("key", "operators", "own", "counts", "noted"),
    [
        ("severity", "medium", "critical", Severity.MEDIUM, True),
        ("severity", "medium", "low", Severity.LOW, False),
        ("safety", "review", "safe", Safety.SAFE, False),
        ("safety", "safe", "review", Safety.SAFE, True),
        ("exclude", "[a, b]", "[a, b, '**']", ("a", "b"), True),
        ("exclude", "[a, b]", "[b]", ("b",), False),
        ("exclude", "[]", "['**']", (), True),
        ("exclude", "[a, '!a/x']", "[a]", ("a", "!a/x"), True),
        ("exclude", "[a]", "[a, '!a/x']", ("a", "!a/x"), False),
        ("never_patch", "[a]", "[]", (), False),
        ("never_patch", "[a]", "['*']", (), True),
        ("include", "[]", "[nothing]", (), True),
        ("include", "[a]", "[b]", ("a", "b"), True),
        ("include", "[a]", "[a, b]", ("a", "b"), False),
        ("include", "[a]", "[]", (), False),
        ("include", "[a]", "[a, '!a/x']", ("a",), True),
        ("rules.skip", "[x]", "[x, y]", ("x",), True),
        ("rules.skip", "[x]", "[]", (), False),
        ("rules.only", "[]", "[x]", (), True),
        ("rules.only", "[x]", "[y]", ("x", "y"), True),
        ("rules.only", "[x]", "[x, y]", ("x", "y"), False),
        ("pull_requests.per_run", "5", "6", 5, True),
        ("pull_requests.per_run", "5", "0", 0, False),
        ("pull_requests.code_owners", "true", "false", True, True),
        ("pull_requests.draft", "always", "never", "always", True),
        ("pull_requests.labels", "[a]", "[b]", ("a",), True),
        ("branch_prefix", "bot/", "other/", "bot/", True),
        ("secrets.existing", f"{{A: '{ARN}'}}", f"{{B: '{ARN}'}}", {"A": ARN}, True),
        ("write_paths", "{}", "{x: [/a]}", {}, True),
        ("region", "eu-west-1", "~", "eu-west-1", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_enforced_only_gets_stricter(
    key: str, operators: str, own: str, counts: object, *, noted: bool, whole: bool
) -> None:
    def written(value: str) -> str:
        *above, last = key.split(".")
        text = f"{last}: {value}"
        for part in above:
            text = f"{part}: {{{text}}}"
        return text

    enforced = key.partition(".")[0] if whole else key
    read = under(f"enforce: [{enforced}]\n{written(operators)}\n", written(own))
    assert at(read, key) == counts
    why = "may only get stricter than in the file named by --config, so not all of it counts"
    assert read.notes == ((f".fixbot.yml:1: {key} {why}",) if noted else ())
    free = under(written(operators), written(own))
    assert not free.notes


def test_an_enforced_list_of_ignores_does_not_grow() -> None:
    read = under("enforce: [ignore]\nignore: [{rule: a, reason: b}]\n", "ignore: [{rule: c, reason: d}]")
    assert [each.rule for each in read.ignore] == ["a"]
    assert read.notes[0].startswith(".fixbot.yml:1: ignore may only get stricter")


def test_the_defaults_are_enforced_where_the_operator_says_nothing() -> None:
    read = under(
        "enforce: [rules, exclude, severity]", "rules: {skip: [a]}\nexclude: ['**']\nseverity: high\n"
    )
    assert (read.rules.skip, read.exclude, read.severity) == ((), (), Severity.LOW)
    assert [note.split()[1] for note in read.notes] == ["rules.skip", "exclude", "severity"]


def test_a_repository_enforces_nothing_and_lifts_nothing() -> None:
    read = under("enforce: [exclude]", "enforce: []\nexclude: [a]\n")
    assert read.enforce == ("exclude",)
    assert read.exclude == ()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("rules.skp", "'rules.skp', which is no setting; did you mean rules.skip?"),
        ("everything", "'everything', which is no setting"),
    ],
)  # fmt: skip
def test_what_is_enforced_is_a_setting(key: str, said: str) -> None:
    with pytest.raises(FixbotError) as caught:
        parse_settings(Settings(), f"severity: low\nenforce: [{key}]\n", "all.yml", operator=True)
    assert str(caught.value) == f"all.yml:2: enforce names {said}"


def test_every_key_can_be_enforced() -> None:
    text = json.dumps({"enforce": list(list_known_keys())})
    assert parse_settings(Settings(), text, "all.yml", operator=True).enforce == tuple(list_known_keys())


def is_looked_at(settings: Settings, path: str) -> bool:
    include, exclude = Globs(settings.include), Globs(settings.exclude)
    return (not include or include.matches(path)) and not exclude.matches(path)


WAYS = set(get_args(Stricter))
GLOBS = st.lists(st.sampled_from(["a", "b", "!a", "c/", "**", "!c/x"]), max_size=4).map(tuple)


@pytest.mark.parametrize("name", LEAVES)
def test_every_field_gets_stricter_in_a_known_way(name: str) -> None:
    hint, meta = LEAVES[name]
    assert strictness_of(meta, None) in WAYS
    assert (meta.get("stricter") in {"shrinks", "covers"}) <= (origin(hint) is tuple)


@given(GLOBS, GLOBS, st.sampled_from(["a", "a/x", "b", "c/x", "c/y", "d"]))
def test_no_list_of_globs_takes_more_files_away(
    old: tuple[str, ...], new: tuple[str, ...], path: str
) -> None:
    operator = {"enforce": ["exclude", "include"], "exclude": old, "include": new}
    before = parse_settings(Settings(), json.dumps(operator), "all.yml", operator=True)
    after = parse_settings(before, json.dumps({"exclude": new, "include": old}), ".fixbot.yml")
    assert is_looked_at(after, path) or not is_looked_at(before, path)
