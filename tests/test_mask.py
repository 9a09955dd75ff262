"""Nothing that people are shown holds a secret, or a part of one."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixbot.masking import MASK, SecretMasker
from tests.steps import steps

CANARY = "plum-Tr4ctor/9+é'\"\\ ${x}"


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        json.dumps(CANARY),
        json.dumps(CANARY, ensure_ascii=False),
        json.dumps(CANARY).replace("/", "\\/"),
        quote(CANARY, safe=""),
        re.sub("%..", lambda code: code[0].lower(), quote(CANARY, safe="")),
        quote_plus(CANARY),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="),
        base64.b64encode(f"{CANARY}\n".encode()).decode(),
        base64.b64encode(f"user:{CANARY}".encode()).decode(),
        base64.b64encode(f"u:{CANARY}:x".encode()).decode(),
        CANARY.replace("'", "''"),
        CANARY.replace("${", "$${"),
        html.escape(CANARY),
        CANARY.encode().hex(),
    ],
)
def test_a_known_secret_is_hidden_however_it_is_written(form: str) -> None:
    masked = SecretMasker([CANARY]).mask_text(f"before {form} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert not any(form[at : at + 6] in masked for at in range(len(form) - 5))


def test_the_mask_is_always_as_wide() -> None:
    masker = SecretMasker(["short-1", "a-much-longer-secret-2"])
    assert masker.mask_text("x short-1 y") == masker.mask_text("x a-much-longer-secret-2 y") == f"x {MASK} y"


def test_overlapping_secrets_leave_nothing() -> None:
    assert SecretMasker(["abcdef", "defghi"]).mask_text("x abcdefghi y") == f"x {MASK} y"
    assert SecretMasker(["abcd", "abcdefgh"]).mask_text("abcdefgh") == MASK
    assert SecretMasker(["aaaa"]).mask_text("aaaaaa") == MASK


def test_each_line_of_a_key_is_hidden_by_itself() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIBOgIBAAJBAKZZ\n-----END PRIVATE KEY-----\n"
    masker = SecretMasker([key])
    assert masker.mask_text("+    MIIBOgIBAAJBAKZZ") == f"+    {MASK}"
    assert "MIIB" not in masker.mask_text(f"a\n{key}b\n")


@pytest.mark.parametrize("secret", ["ab", "1", "password", "Postgres"])
def test_very_short_and_ordinary_words_are_hidden_as_values_only(secret: str) -> None:
    masker = SecretMasker([secret])
    assert masker.mask_text(f'key: "{secret}"') == f'key: "{MASK}"'
    assert masker.mask_text(f"key={secret}") == f"key={MASK}"
    assert masker.mask_text(f"  - {secret}") == f"  - {MASK}"
    assert masker.mask_text(f"a {secret}word and x{secret} here") == f"a {secret}word and x{secret} here"
    assert masker.mask_text(f'"{secret}": [2]') == f'"{secret}": [2]'


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ('"name": "DB_PASSWORD", "value": "hunter2"', '"name": "DB_PASSWORD", "value": "••••••"'),
        ('{"value":"hunter2","name":"DB_PASSWORD"}', '{"value":"••••••","name":"DB_PASSWORD"}'),
        (
            "  - name: DB_PASSWORD\n    value: hunter2\n    x: y\n",
            "  - name: DB_PASSWORD\n    value: ••••••\n    x: y\n",
        ),
        (
            "[{Name: DB_PASSWORD, Value: plum}, {Name: X, Value: y}]",
            "[{Name: DB_PASSWORD, Value: ••••••}, {Name: X, Value: y}]",
        ),
        ('password = "hunter2"', 'password = "••••••"'),
        ("-  DB_PASSWORD: a & 'b' # why", "-  DB_PASSWORD: •••••• # why"),
        ("export PASSWORD=hunter2", "export PASSWORD=••••••"),
        ('["--password=hunter2","x"]', '["--password=••••••","x"]'),
        ("app --password hunter2 --port 80", "app --password •••••• --port 80"),
        ('x = "{\\"API_KEY\\": \\"hunter2\\"}"', 'x = "{\\"API_KEY\\": \\"••••••\\"}"'),
        ("url: postgres://u:plum9@h/db", "url: postgres://u:••••••@h/db"),
        ("see https://x.example/c?sig=abcdefgh123&v=1", "see https://x.example/c?sig=••••••&v=1"),
        ("DbPassword: !If [Prod, !Ref P, hunter2]", "DbPassword: ••••••"),
        ("secretKey: hunter", "secretKey: ••••••"),
        ("AKIAQ2W3E4R5T6Y7U2I3", "••••••"),
    ],
)
def test_unknown_secrets_are_recognised(shown: str, hidden: str) -> None:
    assert SecretMasker().mask_text(shown) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "password = var.db_password",
        "api_key = aws_ssm_parameter.x.value",
        'password = jsondecode(x)["p"]',
        "password: ${PW}",
        "DB_PASSWORD: !Ref Pw",
        "secretName: shop",
        "existingSecret: shop",
        "MasterUserPassword: !If [HasPassword, !Ref Password, !Ref AWS::NoValue]",
        "- secretKey: TOKEN",
        "valueFrom: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:KEY::",
        "- name: LOG_LEVEL\n  value: info\n",
        'readonlyRootFilesystem = "true"',
        "DB_PASSWORD: changeme",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert SecretMasker(["plum-Tr4ctor"]).mask_text(text) == text


WORDS = st.text(
    st.characters(exclude_characters="•", exclude_categories=["Cs"]), min_size=4, max_size=30
).filter(lambda word: word == word.strip() and len(word) >= 4 and len(word.splitlines()) == 1)
JUNK = st.text(max_size=40)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(JUNK, min_size=5, max_size=5))
@example(["aaaa", "aaab"], ["a", "b", "a", "", ""])
def test_no_known_secret_survives(secrets: list[str], junk: list[str]) -> None:
    forms = [
        form for secret in secrets for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    ]
    text = "".join(part for pair in zip(junk * 4, forms, strict=False) for part in pair)
    masker = SecretMasker(secrets)
    masked = masker.mask_text(text)
    weak = [secret for secret in secrets if masker.mask_text(f"x{secret}x") == f"x{secret}x"]
    assert not any(form in masked for form in forms if form not in "".join(weak))
    assert masker.mask_text(masked) == masked


@given(WORDS, st.binary(max_size=9), st.binary(max_size=9))
def test_nor_does_one_inside_something_encoded(secret: str, before: bytes, behind: bytes) -> None:
    secret += "#tail"
    encoded = base64.b64encode(before + secret.encode() + behind).decode()
    shown = SecretMasker([secret]).mask_text(f"Basic {encoded}")
    assert secret.encode() not in base64.b64decode(
        shown.removeprefix("Basic ").replace(MASK, "") + "==", validate=False
    )
    assert MASK in shown


@given(st.text(max_size=400), st.lists(st.text(max_size=6), max_size=3))
def test_any_text_can_be_masked_and_lines_stay(text: str, secrets: list[str]) -> None:
    masked = SecretMasker(secrets).mask_text(text)
    if not any("\n" in secret for secret in secrets):
        assert masked.count("\n") == text.count("\n") or "-----BEGIN" in text or "password" in text.lower()


@pytest.mark.parametrize(
    "piece", ["a=", "a.b", "password: x\n", "a:${", "k='", '="\\', "{{", "--a ", "token="]
)
def test_hostile_text_takes_time_in_proportion(piece: str) -> None:
    def mask(size: int) -> None:
        SecretMasker(["aaaaaaa"]).mask_text(piece * (size // len(piece)))

    once, twice = steps(lambda: mask(2_000)), steps(lambda: mask(4_000))
    assert twice < 2.2 * once + 200
    mask(200_000)  # a pattern that went back and forth would not end


def test_a_setting_at_the_end_of_something_on_one_line_is_shown() -> None:
    line = "    ManageMasterUserPassword: true}}"
    assert SecretMasker().mask_text(line) == line
    assert "hunter2" not in SecretMasker().mask_text("    DbPassword: hunter2-abc}}")


def test_many_secrets_are_hidden_like_few() -> None:
    few, many = [f"tiger-{n}-{n * n}" for n in range(3)], [f"tiger-{n}-{n * n}" for n in range(500)]
    text = "a: tiger-2-4 b: dGlnZXItMS0x\nx: tiger-1-1tiger-0-0 y: tiger-499-249001"
    assert SecretMasker(many).mask_text(text) == SecretMasker([*few, many[-1]]).mask_text(text)
    assert "tiger" not in SecretMasker(many).mask_text(text)
    assert "dGlnZXI" not in SecretMasker(many).mask_text(text)


@pytest.mark.parametrize(
    "head", ["https://x?token=", "password=", "a=b password: x ", "u:p@", "--token ", "echo x | "]
)
def test_a_long_line_is_read_a_bounded_number_of_times(head: str) -> None:
    """Each value is taken once: there are as many spans as values, or a few times that."""
    count = 2_000
    text = (head + "x1y2z3w4") * count
    spans = sorted(set(SecretMasker().find_spans(text)))
    assert len(spans) <= 4 * count
    assert sum(end - start for start, end in spans) <= 4 * len(text)
