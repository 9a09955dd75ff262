"""Which values count as secrets, and what is said about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.knowledge.classify_secrets import (
    SecretKind,
    classify_value,
    find_aws_key_pairs,
    find_certain_spans,
    holds_certain_secret,
    is_reference,
)
from fixbot.knowledge.classify_variables import classify_variables
from tests.steps import steps

KEY_ID = "AKIA" + "Q2W3E4R5T6Y7U2I3"
SECRET_KEY = "/qWeRtYuIoPaSdFgHjKlZxCvBnM12345678+/zzz"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("ANYTHING", KEY_ID, SecretKind.CERTAIN),
        ("AWS_ACCESS_KEY_ID", KEY_ID, SecretKind.CERTAIN),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", SecretKind.NONE),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY, SecretKind.CERTAIN),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SecretKind.PLACEHOLDER),
        ("TLS", PEM, SecretKind.CERTAIN),
        ("X", "ghp_" + "a1B2" * 9, SecretKind.CERTAIN),
        ("X", "glpat-" + "a1B2" * 5, SecretKind.CERTAIN),
        ("X", "https://hooks.slack.com/services/T0AB/B0AB/abcdef", SecretKind.CERTAIN),
        ("X", "sk_live_" + "a1B2" * 5, SecretKind.CERTAIN),
        ("X", "sk-proj-" + "a1B2" * 8, SecretKind.CERTAIN),
        ("X", "sk-learn-model-with-a-long-name-of-words", SecretKind.NONE),
        ("X", "hvs." + "a1B2" * 6, SecretKind.CERTAIN),
        ("X", "7312345678" + ":AA" + "Hk3vQz9LmXwPpRtYuIoPaSdFgHjKlZxCv", SecretKind.CERTAIN),
        ("X", "8080:AAPL", SecretKind.NONE),
        ("X", "hf_" + "aBcDeFgHiJkLmNoPq" * 2, SecretKind.CERTAIN),
        ("X", "dckr_pat_" + "a1B2" * 7, SecretKind.CERTAIN),
        ("X", "whsec_" + "a1B2" * 9, SecretKind.CERTAIN),
        ("X", "glrt-" + "a1B2" * 5, SecretKind.CERTAIN),
        ("X", "dop_v1_" + "a1b2" * 16, SecretKind.CERTAIN),
        ("X", "a1B2" * 3 + "a1.atlasv1." + "a1B2" * 16, SecretKind.CERTAIN),
        ("X", "AGE-SECRET-KEY-" + "1QPZ" * 12, SecretKind.CERTAIN),
        ("X", "db.shop.internal:5432:shop:bob:plumTr4ctor", SecretKind.CERTAIN),
        ("X", "db.shop.internal:5432:shop:bob:${PASSWORD}", SecretKind.NONE),
        ("X", "db:5432:shop", SecretKind.NONE),
        ("X", '{"auths": {"r.example": {"auth": "Ym9iOnBsdW1UcjRjdG9y"}}}', SecretKind.CERTAIN),
        ("X", '{"auths": {"r.example": {"auth": "${AUTH}"}}}', SecretKind.NONE),
        ("X", '{"auth": "optional"}', SecretKind.NONE),
        ("X", "eyJhdXRocyI6eyJyLmV4YW1wbGUiOnsiYXV0aCI6IlltOWlPbkEifX19", SecretKind.CERTAIN),
        ("X", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlCT2dJQkFBSkJBSw==", SecretKind.CERTAIN),
        ("X", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJPZ0lCQUFKQkFL", SecretKind.NONE),
        ("DATABASE_URL", "postgres://shop:plum9@db/shop", SecretKind.CERTAIN),
        ("JDBC_URL", "jdbc:postgresql://shop:plum9@db/shop", SecretKind.CERTAIN),
        ("REDIS_URL", "redis://:plum9@cache:6379", SecretKind.CERTAIN),
        ("DATABASE_URL", "postgres://shop:${DB_PASSWORD}@db/shop", SecretKind.NONE),
        ("DATABASE_URL", "postgres://shop:changeme@db/shop", SecretKind.NONE),
        ("DATABASE_URL", "postgres://db:5432/shop", SecretKind.NONE),
        ("CONNECTION", "Server=db;User Id=sa;Password=Plum9!;", SecretKind.CERTAIN),
        ("CONNECTION", "Server=db;User Id=sa;Password=${p};", SecretKind.NONE),
        ("SAS", "https://x.example/c?sv=1&sig=abcdefgh123", SecretKind.LIKELY),
        ("DB_PASSWORD", "hunter2", SecretKind.LIKELY),
        ("DB_PASSWORD", "password", SecretKind.LIKELY),
        ("DB_PASSWORD", "123456", SecretKind.LIKELY),
        ("dbPassword", "hunter2", SecretKind.LIKELY),
        ("splunk-token", "5e1f7c90-0000-4000-8000-1c2d3e4f5a6b", SecretKind.LIKELY),
        ("AQUA_TOKEN", "b2f0-not-a-real-token-77aa", SecretKind.LIKELY),
        ("SECRET_KEY_BASE", "abc", SecretKind.LIKELY),
        ("NEW_RELIC_LICENSE_KEY", "abcd1234", SecretKind.LIKELY),
        ("WEBHOOK_URL", "https://discord.com/api/webhooks/123/abcdefghijklmnopqrs", SecretKind.LIKELY),
        ("WEBHOOK_URL", "https://example.com/hook", SecretKind.NONE),
        ("DB_PASSWORD", "changeme", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "DB_PASSWORD", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "YOUR_PASSWORD_HERE", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "your-password", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "x", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "••••••", SecretKind.PLACEHOLDER),
        ("DB_PASSWORD", "<password>", SecretKind.NONE),
        ("DB_PASSWORD", "${DB_PASSWORD}", SecretKind.NONE),
        ("DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}", SecretKind.NONE),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db", SecretKind.NONE),
        ("DB_PASSWORD", "vault:secret/data/db#password", SecretKind.NONE),
        ("DB_PASSWORD", "", SecretKind.NONE),
        ("DB_PASSWORD", "true", SecretKind.NONE),
        ("DB_SECRET", "prod/app/db", SecretKind.POSSIBLE),
        ("DB_PASSWORD", "$(workspaces.release.path)/$(params.key)", SecretKind.NONE),
        ("DB_PASSWORD", "{{ a }}plum{{ b }}", SecretKind.LIKELY),
        ("MYSQL_ALLOW_EMPTY_PASSWORD", "1", SecretKind.NONE),
        ("DB_PASSWORD_FILE", "/run/secrets/db", SecretKind.NONE),
        ("SECRET_NAME", "db", SecretKind.NONE),
        ("TOKEN_TTL", "3600", SecretKind.NONE),
        ("MAX_TOKENS", "4096", SecretKind.NONE),
        ("NEXT_PUBLIC_API_KEY", "abcd1234", SecretKind.NONE),
        ("PUBLIC_KEY", "abcd1234", SecretKind.NONE),
        ("PWD", "/app", SecretKind.NONE),
        ("GIT_COMMIT", "0123456789abcdef0123456789abcdef01234567", SecretKind.NONE),
        ("SETTINGS", "q8Zr1Lx0Vt7Kp3Yw9Bn5Hs2Jd6Gf4", SecretKind.POSSIBLE),
        ("ID", "5e1f7c90-0000-4000-8000-1c2d3e4f5a6b", SecretKind.NONE),
        ("LOG_LEVEL", "info", SecretKind.NONE),
    ],
)
def test_a_value_is_judged_by_its_form_and_its_name(name: str, value: str, kind: SecretKind) -> None:
    verdict = classify_value(name, value)
    assert verdict.kind is kind, verdict.reason
    assert len(value) < 4 or value not in verdict.reason
    assert verdict.is_secret == (kind in (SecretKind.CERTAIN, SecretKind.LIKELY))


def test_half_of_an_aws_pair_gives_the_other_away() -> None:
    pair = [("S3_AWS_ACCESS_KEY_ID", "abcd"), ("S3_AWS_SECRET_ACCESS_KEY", SECRET_KEY), ("X", "y")]
    verdicts = classify_variables(pair)
    assert verdicts["S3_AWS_ACCESS_KEY_ID"].kind is SecretKind.LIKELY
    assert verdicts["X"].kind is SecretKind.NONE
    assert find_aws_key_pairs(name for name, _ in pair) == (
        ("S3_AWS_ACCESS_KEY_ID", "S3_AWS_SECRET_ACCESS_KEY"),
    )
    assert (
        classify_variables([*pair[:1], (pair[1][0], "${Key}")])["S3_AWS_ACCESS_KEY_ID"].kind
        is SecretKind.NONE
    )


def test_certain_secrets_are_found_in_any_text() -> None:
    text = f"first {KEY_ID} then postgres://u:plum9@h and\n{PEM}\nend"
    assert [text[start:end] for start, end, _ in find_certain_spans(text)] == [KEY_ID, "plum9", PEM]
    assert holds_certain_secret(text)
    assert not holds_certain_secret("nothing://here, password: none")


def test_references_are_no_secrets() -> None:
    assert is_reference("${a}${b}")
    assert is_reference("ENC[AES256_GCM,data:x]")
    assert not is_reference("${a}plum")


@given(st.text(max_size=60), st.text(max_size=400))
def test_any_text_can_be_judged_and_no_reason_repeats_it(name: str, value: str) -> None:
    verdict = classify_value(name, value)
    assert len(value) < 8 or value not in verdict.reason
    assert holds_certain_secret(value) == bool(list(find_certain_spans(value)))


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "-eyJ",
        "a.a",
        "://",
        "a://",
        "A://:",
        "password=",
        "pwd=a ",
        "-----BEGIN ",
        "sk-ant-a-",
        "${",
        "{{",
        "a/",
    ],
)
def test_hostile_text_takes_time_in_proportion(piece: str) -> None:
    def look_at(size: int) -> None:
        text = piece * (size // len(piece))
        holds_certain_secret(text)
        classify_value("DB_TOKEN", text)
        classify_value("DB_TOKEN", text[:60] + "!")

    once, twice = steps(lambda: look_at(2_000)), steps(lambda: look_at(4_000))
    assert twice < 2.2 * once + 100
    look_at(300_000)  # a pattern that went back and forth would not end
