"""A secret is hidden by its place, whatever it parses to, and wherever else it stands: in no output."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fixbot.report.html
import fixbot.report.json
import fixbot.report.markdown_report
import fixbot.report.sarif
import fixbot.report.text
from fixbot.checkout import Checkout, Scope
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.report.style import TerminalStyle
from fixbot.settings import Settings
from fixbot.source.discover import is_candidate
from tests.secret_places import SECRET, Files, cases, manifest, template, terraform, variable
from tests.strangers import FIXERS, Held

CASES: Final = tuple(cases())
PIECE: Final = 8
"""Characters of a secret that no output may hold in a row."""


def reported(files: Files) -> Report:
    return run_pipeline(Held({path: text.encode() for path, text in files.items()}), FIXERS, Settings())


def outputs(report: Report) -> Iterator[tuple[str, str]]:
    """Everything that people are shown of a report, by format."""
    yield "text", fixbot.report.text.render_run(report, TerminalStyle())
    yield "json", fixbot.report.json.render_json(report)
    yield "sarif", fixbot.report.sarif.render_sarif(report, FIXERS)
    yield "markdown", fixbot.report.markdown_report.render_markdown(report)
    yield "html", fixbot.report.html.render_html(report)
    for proposal in report.proposals:
        words = render_proposal(proposal)
        yield "words", f"{words.title}\n{words.body}\n{words.commit_message}"
    yield "traces", "".join(each.trace for each in report.failures)


@pytest.mark.parametrize(("what", "files"), CASES, ids=[what for what, _ in CASES])
def test_no_output_holds_a_secret(what: str, files: Files) -> None:
    report = reported(files)
    assert not report.failures, report.failures[0].trace
    unreadable = ("a tag handle", "a header by mistake")
    assert report.patches or what.endswith(unreadable), "what isn't shown can't tell anything"
    for form, text in outputs(report):
        at = text.find("CANARY")
        assert at < 0, f"{form}: …{text[max(0, at - 80) : at + 20]}…"


def test_a_command_that_would_show_a_secret_is_left_out() -> None:
    report = reported({"a.yaml": manifest(variable(SECRET), image=f"registry/{SECRET.lower()}x:1")})
    assert report.proposals
    shown = reported({"a.yaml": manifest(variable("plum-tr4ct0r9x"), image="registry/plum-tr4ct0r9x:1")})
    text = "".join(text for _, text in outputs(shown))
    assert "plum-tr4ct0r9x" not in text
    assert "A command is left out here: it would show a secret." in text


@pytest.mark.parametrize("word_", ["mysql", "orders", "shop-db"])
def test_a_word_that_is_somebodys_name_is_hidden_in_its_own_place_only(word_: str) -> None:
    text = manifest(variable(word_), image=f"{word_}:8").replace("name: app", f"name: {word_}")
    report = reported({"a.yaml": text})
    (patch,) = report.patches
    assert f"image: {word_}:8" in patch.diff
    assert f"- name: {word_}\n" in patch.diff
    assert f"value: {word_}\n" not in patch.diff
    assert any(f"container {word_}" in each.resource for each in report.findings)


def test_plain_settings_stay_readable() -> None:
    env = variable("db.example.org", "DB_HOST") + variable("info", "LOG_LEVEL") + variable(SECRET)
    args = '        args: ["--port", "80", "--log-level", "info", "-p", "80:80"]\n'
    (patch,) = reported({"a.yaml": manifest(env, args)}).patches
    for shown in ("db.example.org", "LOG_LEVEL", "info", '"--port", "80"', '"-p", "80:80"', "DB_PASSWORD"):
        assert shown in patch.diff
    removed = next(line for line in patch.diff.splitlines() if line.startswith("-") and "••••••" in line)
    assert removed == "-          value: ••••••"


HOLDERS = {
    ".env": "DB_PASSWORD={}\n",
    "deploy/.env.production": "export TOTP_SEED={}\n",
    "prod.auto.tfvars": 'db_password = "{}"\n',
    ".npmrc": "//registry.npmjs.org/:_authToken={}\n",
    ".netrc": "machine h login u password {}\n",
    ".pgpass": "h:5432:db:u:{}\n",
    "application.properties": "spring.datasource.password={}\n",
    "config.ini": "[db]\npassword = {}\n",
    ".git-credentials": "https://u:{}@github.com\n",
}


PHRASED = (".env", "prod.auto.tfvars", "application.properties", "config.ini")
"""Those in which a value may have blanks."""


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *((name, "pl7CANARYtr4c") for name in HOLDERS),
        *((name, "correct horse CANARY staple") for name in PHRASED),
    ],
)
def test_a_secret_of_a_file_that_is_not_examined_is_hidden_in_those_that_are(
    name: str, secret: str, tmp_path: Path
) -> None:
    for path, text in {
        name: HOLDERS[name],
        "k8s/a.yaml": manifest("", "        args: [run, '{}']\n"),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text.replace("{}", secret))
    report = run_pipeline(
        Checkout.open_checkout(str(tmp_path), Scope(wanted=is_candidate)), FIXERS, Settings()
    )
    assert report.patches
    assert all("CANARY" not in text for _, text in outputs(report))


ORDINARY = {
    "PIN": "17", "TOKEN_TTL": "3600s", "TOKEN_URL": "https://login.example.org/oauth2/v2.0/token",
    "KEY_ID": "1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f", "S3_KEY": "code/handleV2Events.zip",
    "AUTH_MODE": "rbacV2",
    "SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf", "SEED": "42",
    "PASSWORD_FILE": "/run/secrets/db", "TOKEN_ISSUER": "https://t4.b3n.example", "COMMUNITY": "public",
    "SESSION_COOKIE_NAME": "sid_v2x", "LOGIN_IMAGE": "ghcr.io/shop/login:v1.2.3-rc1",
    "AUTH_HOST": "a1.b2c3.example.org",
    "KEYS_CHECKSUM": "1f3870be274f6c49b3e31a0c6728957f",
    "AUTH_VERSION": "v1.29.3-gke.1234", "AUTH_REGION": "eu-west-1a",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_settings_under_such_names_stay_readable(name: str) -> None:
    value = ORDINARY[name]
    (patch,) = reported({"a.yaml": manifest(variable(value, name))}).patches
    assert value in patch.diff


def test_a_comments_plain_words_stay_readable() -> None:
    value = f"{SECRET} # rotate this, please"
    (patch,) = reported({"a.yaml": manifest(variable(value, "SECRET_KEY_BASE"))}).patches
    assert "# rotate this, please" in patch.diff


def written(value: str, how: str) -> Files | None:
    """A file in which a value stands under DB_PASSWORD, in one of many ways; None where that can't be."""
    quoted = json.dumps(value)
    match how:
        case "json":
            container = {"name": "app", "image": "nginx", "privileged": True,
                         "environment": [{"name": "DB_PASSWORD", "value": value}]}  # fmt: skip
            return {"t.json": json.dumps({"family": "o", "containerDefinitions": [container]}, indent=1)}
        case "raw json":
            container = {"name": "app", "image": "nginx", "privileged": True,
                         "environment": [{"name": "DB_PASSWORD", "value": value}],
                         "command": ["--token", value]}  # fmt: skip
            task = {"family": "o", "containerDefinitions": [container]}
            return {"t.json": json.dumps(task, ensure_ascii=False)}
        case "yaml, double":
            return {"a.yaml": manifest(variable(quoted))}
        case "yaml, single":
            return {"a.yaml": manifest(variable("'" + value.replace("'", "''").replace("\n", "\n\n") + "'"))}
        case "yaml, option":
            return {"a.yaml": manifest(variable("b", "A"), f'        args: ["--password", {quoted}]\n')}
        case "yaml, base64":
            data = base64.b64encode(value.encode()).decode()
            tail = f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  password: {data}\n"
            return {"a.yaml": manifest(variable(quoted), tail=tail)}
        case "template":
            return {"t.yaml": template(f'{{"Fn::If": ["P", {{"Ref": "X"}}, {quoted}]}}')}
        case "template, sub":
            return {"t.yaml": template(f"!Sub {quoted}")}
        case "terraform":
            escaped = quoted.replace("${", "$${").replace("%{", "%%{")
            return {"main.tf": terraform(f"trimspace({escaped})")}
        case _:
            escaped = quoted.replace("${", "$${").replace("%{", "%%{")
            return {"main.tf": terraform("var.pw", f'variable "pw" {{\n  default = {escaped}\n}}\n')}


WAYS: Final = (
    "json", "raw json", "yaml, double", "yaml, single", "yaml, option", "yaml, base64", "template",
    "template, sub",
    "terraform", "terraform, variable",
)  # fmt: skip
ALPHABET: Final = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="•\ufeff\u2028\u2029\x85")
ODD: Final = st.text(st.one_of(ALPHABET, st.sampled_from("\"'\\$ {}:#,@/%-&!|>`\n")), max_size=20)


@given(ODD, ODD, st.sampled_from(WAYS))
@example("", "\n", "yaml, single")
@example("x" * 70_000, "", "json")
@example("x" * 70_000, "", "yaml, double")
@example("x" * 70_000, "", "terraform")
@example("#", "", "yaml, double")
@example("'", '"', "yaml, option")
@example("a@b:", "/c@", "template, sub")
def test_no_piece_of_any_secret_is_shown(before: str, behind: str, how: str) -> None:
    core = "Qz7-Kx9_Vt3Wm5"
    value = f"{before}{core}{behind}"
    files = written(value, how)
    if files is None:
        return
    report = reported(files)
    assert not report.failures
    for form, text in outputs(report):
        for at in range(len(core) - PIECE + 1):
            assert core[at : at + PIECE] not in text, (
                form,
                text[max(0, text.find(core[at : at + PIECE]) - 90) :][:130],
            )
