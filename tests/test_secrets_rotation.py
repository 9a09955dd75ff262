"""Values that AWS still holds though Git's history shows them, by the program as people start it."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws_endpoint import ACCOUNT, REGION, refuse, serve_aws
from tests.test_cli import fixbot, git, repository
from tests.test_help import examples
from tests.test_secrets_create import CANARY, Shop, assert_hidden, documented, make, task

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fixbot/orders-api"


def moved(value_from: str = f"{ARN}:DB_PASSWORD::") -> str:
    """The task after the proposal."""
    data = json.loads(task())
    data["containerDefinitions"][0]["secrets"] = [{"name": "DB_PASSWORD", "valueFrom": value_from}]
    return json.dumps(data, indent=2)


def commit(folder: Path, text: str, path: str = "deploy/orders.json") -> str:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A repository whose password was moved, and an account that holds the same one still."""
    folder = repository(tmp_path / "orders-repo")
    with serve_aws() as aws:
        yield Shop(folder, aws)


def check(shop: Shop, *words: str, code: int) -> list[dict[str, Any]]:
    done = shop("rotate-check", *words, "--format", "json")
    assert done.code == code, (done.err, done.out)
    assert_hidden(shop, done)
    assert shop.writes() == []
    rows: list[dict[str, Any]] = json.loads(done.out)["secrets"]
    return rows


def test_a_value_that_the_history_shows_must_change_and_a_new_one_is_fine(shop: Shop) -> None:
    leaking = commit(shop.folder, task(DB_PASSWORD=CANARY))
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    (row,) = check(shop, code=1)
    assert (row["name"], row["key"]) == ("fixbot/orders-api", "DB_PASSWORD")
    assert (row["in_history"], row["commit"]) == (True, leaking)
    done = shop("rotate-check")
    assert f"must change  fixbot/orders-api DB_PASSWORD  commit {leaking[:12]} shows it" in done.out
    new = json.dumps({"DB_PASSWORD": "new-" + CANARY[::-1]})
    shop.aws.client("secretsmanager").put_secret_value(SecretId="fixbot/orders-api", SecretString=new)
    (row,) = check(shop, code=0)
    assert (row["in_history"], row["commit"], row["reason"]) == (False, None, None)


@pytest.mark.parametrize("branch", ["side branch", "deleted file", "merged away"])
def test_every_branch_and_every_file_of_the_history_counts(branch: str, shop: Shop) -> None:
    git(shop.folder, "checkout", "-qb", "side")
    leaking = commit(shop.folder, f"DB_PASSWORD={CANARY}\n", "notes with blank.txt")
    if branch != "side branch":
        git(shop.folder, "rm", "-q", "notes with blank.txt")
        git(shop.folder, "commit", "-qm", "gone")
    git(shop.folder, "checkout", "-q", "main")
    if branch == "merged away":
        git(shop.folder, "merge", "-q", "--no-ff", "-m", "merge", "side")
        git(shop.folder, "branch", "-q", "-D", "side")
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    (row,) = check(shop, code=1)
    assert (row["in_history"], row["commit"]) == (True, leaking)


VALUE = 'it\'s "q\\x" ${HOME} é'


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        "'" + VALUE.replace("'", "''") + "'",
        base64.b64encode(VALUE.encode()).decode(),
    ],
)
def test_a_value_is_known_in_the_ways_that_files_write_it(written: str, shop: Shop) -> None:
    commit(shop.folder, f"DB_PASSWORD: {written}\n", "old.txt")
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": VALUE}))
    (row,) = check(shop, code=1)
    assert row["in_history"] is True


def test_a_short_value_counts_only_beside_its_name(shop: Shop) -> None:
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": "a1"}))
    commit(shop.folder, "the a1 road\n", "notes.txt")
    assert check(shop, code=0)[0]["in_history"] is False
    commit(shop.folder, "db_password=a1x\n", "old.env.txt")
    assert check(shop, code=0)[0]["in_history"] is False
    commit(shop.folder, "db_password=a1\n", "old.env.txt")
    assert check(shop, code=1)[0]["in_history"] is True


def test_a_history_that_is_cut_is_not_known_and_how_to_fetch_it_is_said(shop: Shop) -> None:
    commit(shop.folder, task(DB_PASSWORD=CANARY))
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    shallow = shop.folder.parent / "shallow"
    words = ["git", "clone", "-q", "--depth", "1", f"file://{shop.folder}", str(shallow)]
    subprocess.run(words, check=True, capture_output=True)
    near = Shop(shallow, shop.aws)
    (row,) = check(near, code=1)
    assert (row["in_history"], row["commit"]) == (None, None)
    assert row["reason"] == "This clone is shallow; `git fetch --unshallow` fetches the rest."
    commit(shallow, f"DB_PASSWORD={CANARY}\n", "again.txt")
    assert check(near, code=1)[0]["in_history"] is True


@pytest.mark.parametrize(
    ("value_from", "stored"),
    [
        (ARN, CANARY),
        (f"{ARN}:other::", '{"other": "' + CANARY + '"}'),
        ("FULL:DB_PASSWORD::", '{"DB_PASSWORD": "' + CANARY + '"}'),
    ],
)
def test_a_secret_is_found_by_each_way_of_naming_it(value_from: str, stored: str, shop: Shop) -> None:
    arn = make(shop, stored)
    commit(shop.folder, task(DB_PASSWORD=CANARY))
    commit(shop.folder, moved(value_from.replace("FULL", arn)))
    (row,) = check(shop, code=1)
    assert (row["name"], row["in_history"]) == ("fixbot/orders-api", True)


def test_the_documented_policy_has_what_is_called_and_no_more(shop: Shop) -> None:
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    commit(shop.folder, moved())
    commit(shop.folder, moved("/fixbot/mail-api/TOKEN"), "deploy/mail.json")
    check(shop, code=1)
    assert {*shop.aws.actions} - {"sts:GetCallerIdentity"} == documented("fixbot secrets rotate-check")


def test_parameters_are_looked_at_too(shop: Shop) -> None:
    name = "/fixbot/orders-api/DB_PASSWORD"
    shop.aws.client("ssm").put_parameter(Name=name, Value=CANARY, Type="SecureString")
    commit(shop.folder, task(DB_PASSWORD=CANARY))
    commit(shop.folder, moved(name))
    (row,) = check(shop, code=1)
    assert (row["name"], row["store"], row["in_history"]) == (name, "ssm", True)


@pytest.mark.parametrize(
    ("text", "reason"), [(None, "does not exist"), ("{}", "no such key"), ("[]", "no JSON object")]
)
def test_what_can_not_be_read_is_not_known(text: str | None, reason: str, shop: Shop) -> None:
    if text is not None:
        make(shop, text)
    commit(shop.folder, moved())
    (row,) = check(shop, code=1)
    assert row["in_history"] is None
    assert reason in row["reason"]


def test_a_refused_call_and_another_account_are_not_known_either(shop: Shop) -> None:
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    commit(shop.folder, moved())
    shop.aws.before.append(
        lambda call: refuse("AccessDeniedException") if call.action.startswith("secretsmanager:") else None
    )
    assert "may not do that" in check(shop, code=1)[0]["reason"]
    commit(shop.folder, moved(f"{ARN}:DB_PASSWORD::".replace(ACCOUNT, "999900001111")))
    assert "It is in account 999900001111" in check(shop, code=1)[0]["reason"]


def test_secrets_below_other_prefixes_are_not_asked_for(shop: Shop) -> None:
    commit(shop.folder, moved(f"{ARN.replace('fixbot/', 'theirs/')}:DB_PASSWORD::"))
    assert check(shop, code=0) == []
    assert shop.aws.calls == []


def test_outside_of_git_it_is_one_line(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    done = fixbot("secrets", "rotate-check", at=tmp_path / "bare", **shop.aws.variables)
    assert (done.code, done.out) == (2, "")
    assert done.err == "fixbot: .: rotate-check looks at Git's history, and there is none\n"


def test_the_examples_of_help_do_what_they_say(shop: Shop) -> None:
    commit(shop.folder, moved())
    make(shop, json.dumps({"DB_PASSWORD": CANARY}))
    for line in examples(("secrets", "rotate-check")):
        done = fixbot(*shlex.split(line)[1:], at=shop.folder, **shop.aws.variables)
        assert done.code == 0, done.err
        assert "fixbot/orders-api" in done.out
