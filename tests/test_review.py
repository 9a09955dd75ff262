"""`fixbot run --review` as people use it: at a real terminal, on real repositories."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.edit.tree import CannotEdit
from fixbot.model.findings import Finding, Safety, Severity, Status
from fixbot.settings import Settings
from fixbot.settings.add_ignores import add_ignores, glob_for_path, ignore_for_finding, render_ignore_block
from fixbot.settings.read_settings import load_settings, parse_settings
from fixbot.settings.suppressions import Ignore, Suppressions
from tests.test_cli import environment, fixbot, git, repository
from tests.typist import Typist

CANARY = "hunter2-Zq8rT3vL0w"
SHOP = """{
  "family": "shop-web",
  "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
  "requiresCompatibilities": ["EC2"],
  "containerDefinitions": [
    {
      "name": "web",
      "logConfiguration": {"logDriver": "splunk"},
      "image": "public.ecr.aws/nginx/nginx:1.27",
      "privileged": true,
      "environment": [{"name": "DB_PASSWORD", "value": "hunter2-Zq8rT3vL0w"}]
    }
  ]
}
"""
MAIL = SHOP.replace("shop-web", "mail").replace('      "privileged": true,\n', "").replace(CANARY, "x")
SUPPRESSED = "Ignored, as asked"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Three proposals in one file, and one in another: password, privileged, and two root file systems."""
    return repository(tmp_path / "shop", **{"deploy/task.json": SHOP, "mail/task.json": MAIL})


def by_rule(at: Path) -> tuple[str, str]:
    """The option that makes a proposal for each rule: what a review asks about are proposals of any kind."""
    file = at.parent / "by-rule.yml"
    file.write_text("pull_requests: {group: folder}\n")
    return "--config", str(file)


@contextmanager
def review(at: Path, *words: str, columns: int = 80, **variables: str) -> Iterator[Typist]:
    more = {"TERM": "xterm", "XDG_CACHE_HOME": str(at.parent / "cache"), **variables}
    with Typist(["run", "--review", *by_rule(at), *words], at, environment(**more), columns) as typist:
        yield typist
        assert CANARY not in typist.said
        assert "Traceback" not in typist.said
        assert "a bug of ours" not in typist.said


def tree(at: Path) -> dict[str, str]:
    return {
        path.relative_to(at).as_posix(): path.read_text()
        for path in sorted(at.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(at).parts
    }


def said_yes_to(at: Path, *rules: tuple[str, str]) -> dict[str, str]:
    """The tree as other ways lead there: everything ignored by the settings but these rules and folders."""
    copy = Path(shutil.copytree(at, at.parent / "copy"))
    git(copy, "checkout", "-q", "--", ".")
    every = {(rule, folder) for rule, folder, _ in PROPOSALS}
    lines = [f"  - {{rule: {r}, path: '{f}/**', reason: later}}" for r, f in sorted(every - set(rules))]
    (copy / ".fixbot.yml").write_text("\n".join(["ignore:", *lines]) + "\n" if lines else "")
    assert fixbot("run", "--write", at=copy).code == 0
    (copy / ".fixbot.yml").unlink()
    found = tree(copy)
    shutil.rmtree(copy)
    return found


PROPOSALS = [
    ("privileged-container", "deploy", "Drop privileged mode"),
    ("secret-in-environment", "deploy", "Take DB_PASSWORD of shop-web"),
    ("readonly-root-filesystem", "deploy", "Make the root filesystem of shop-web"),
    ("readonly-root-filesystem", "mail", "Make the root filesystem of mail"),
]


def order(at: Path) -> list[tuple[str, str]]:
    """The proposals of the shop in the order of the review, as rule and folder."""
    out = fixbot("run", "--quiet", *by_rule(at), at=at).out
    return sorted(
        ((rule, folder) for rule, folder, title in PROPOSALS if title in out),
        key=lambda each: out.index(next(t for r, f, t in PROPOSALS if (r, f) == each)),
    )


def test_what_is_taken_is_written_and_nothing_else(shop: Path) -> None:
    first, second, *_ = order(shop)
    with review(shop) as typist:
        page = typist.until(",?]")
        assert "(1 of " in page
        assert "   Why: " in page
        assert '-      "privileged": true' in page
        typist.type("n")
        typist.answer("y", "q")
        code, said = typist.end()
    assert code == 0
    assert "  taken  2  " in said
    assert "offered again by the next run" in said
    assert "Written: 1 file. Look at them: git diff" in said
    assert tree(shop) == said_yes_to(shop, second)
    assert tree(shop) != said_yes_to(shop, first)


def test_all_the_rest_is_what_write_does(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("a")
        assert typist.end()[0] == 0
    after = tree(shop)
    git(shop, "checkout", "-q", "--", ".")
    fixbot("run", "--write", at=shop)
    assert tree(shop) == after


def test_leaving_everything_writes_nothing(shop: Path) -> None:
    count = len(order(shop))
    with review(shop) as typist:
        typist.answer(*"n" * count)
        code, said = typist.end()
    assert code == 0
    assert f"  left   {count} proposals, offered again by the next run" in said
    assert "Written" not in said
    assert git(shop, "status", "--porcelain") == ""


def test_back_shows_what_was_said_and_lets_it_be_changed(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("y", "b")
        assert "Take it? (taken so far)" in typist.until(",?]")
        typist.type("n")
        typist.answer("q")
        assert "taken" not in typist.end()[1]
    assert git(shop, "status", "--porcelain") == ""


def test_keys_that_show_more_ask_again(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("d", "t", "e", "?", "b", "x", "q")
        assert "What you will notice" in typist.said
        assert "never: ignore it from now on" in typist.said
        assert "'x' is none of the keys; ? lists them" in typist.said
        assert typist.end()[0] == 0


def test_never_is_written_into_the_settings_with_its_reason_and_counts(shop: Path) -> None:
    (rule, _), *rest = order(shop)
    (shop / ".fixbot.yml").write_bytes(b"# ours\r\nsafety: review   # bold\r\n")
    with review(shop) as typist:
        typist.answer("i")
        typist.answer('legacy: "until" #1 moves\n', question="again): ")
        typist.answer("2030-02-31\n", question="good): ")
        typist.until("'2030-02-31' is no date")
        typist.answer("2099-12-31\n", question="good): ")
        typist.answer("q")
        code, said = typist.end()
    assert code == 0
    assert "never  1  " in said
    assert ".fixbot.yml: 1 entry added below `ignore`." in said
    text = (shop / ".fixbot.yml").read_bytes()
    assert text.startswith(b"# ours\r\nsafety: review   # bold\r\nignore:\r\n")
    (wanted,) = load_settings(shop).ignore
    assert (wanted.rule, wanted.reason) == (rule, 'legacy: "until" #1 moves')
    assert wanted.until == date(2099, 12, 31)
    out = fixbot("run", at=shop).out
    assert SUPPRESSED in out
    assert order(shop) == rest


def test_never_from_a_folder_counts_for_the_repository(shop: Path) -> None:
    with review(shop / "mail") as typist:
        typist.answer("i")
        typist.answer("no\n", question="again): ")
        typist.answer("\n", question="good): ")
        assert typist.end()[0] == 0
    assert [each.path for each in load_settings(shop).ignore] == ["mail/task.json"]
    assert ("readonly-root-filesystem", "mail") not in order(shop)


def test_no_reason_is_no_never(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("i")
        typist.answer("\n", question="again): ")
        typist.answer("q")
        assert typist.end()[0] == 0
    assert not (shop / ".fixbot.yml").exists()


def test_settings_that_cannot_be_added_to_are_left_and_said(shop: Path) -> None:
    (shop / "real.yml").write_text("safety: review\n")
    with review(shop) as typist:
        typist.answer("i")
        (shop / ".fixbot.yml").symlink_to("real.yml")
        typist.answer("no\n", question="again): ")
        typist.answer("\n", question="good): ")
        typist.answer("q")
        code, said = typist.end()
    assert code == 1
    assert "fixbot: .fixbot.yml: nothing was added: a symbolic link" in said
    assert (shop / "real.yml").read_text() == "safety: review\n"


def test_branches_are_made_of_what_was_taken_and_the_files_stay(shop: Path) -> None:
    with review(shop, "--branch") as typist:
        typist.answer("n", "y", "q")
        code, said = typist.end()
    assert code == 0
    assert "1 branch, one for each proposal:" in said
    assert git(shop, "status", "--porcelain") == ""
    (made,) = git(shop, "branch", "--list", "fixbot/*", "--format=%(refname:short)").split()
    assert f"git show {made}" in said


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("again", ["n", "\x03", "\x04"], ids=["no", "ctrl-c", "ctrl-d"])
def test_stopping_in_the_middle_writes_nothing_unless_that_is_said(shop: Path, key: str, again: str) -> None:
    with review(shop) as typist:
        typist.answer("y", key)
        typist.answer(again, question="Write what is decided so far (1 taken, 0 never)? [y,n] ")
        code, said = typist.end()
    assert code == 130
    assert "Nothing was written." in said
    assert git(shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_stopping_in_the_middle_can_still_write_what_was_taken(shop: Path, key: str) -> None:
    first = order(shop)[0]
    with review(shop) as typist:
        typist.answer("y", key)
        typist.answer("y", question="[y,n] ")
        assert typist.end()[0] == 0
    assert tree(shop) == said_yes_to(shop, first)


def test_stopping_before_anything_was_taken_asks_nothing(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("\x03")
        code, said = typist.end()
    assert code == 130
    assert "[y,n]" not in said


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_ends_the_program_leaves_everything(shop: Path, number: signal.Signals) -> None:
    with review(shop) as typist:
        typist.answer("y")
        typist.until(",?]")
        typist.process.send_signal(number)
        assert typist.end()[0] == 128 + number
    assert git(shop, "status", "--porcelain") == ""


def test_a_lost_connection_leaves_everything(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("y")
        typist.until(",?]")
        assert typist.hang_up() != 0
    assert git(shop, "status", "--porcelain") == ""


def test_a_file_that_changed_meanwhile_is_left_and_said(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("n", "y")
        typist.until(",?]")
        text = (shop / "deploy/task.json").read_text().replace("shop-web", "shop-web2")
        (shop / "deploy/task.json").write_text(text)
        typist.type("q")
        code, said = typist.end()
    assert code == 1
    assert "the files changed during the review" in said
    assert (shop / "deploy/task.json").read_text() == text


def test_the_terminal_is_as_it_was_afterwards(shop: Path) -> None:
    import termios  # noqa: PLC0415

    with review(shop) as typist:
        typist.answer("y", "q")
        typist.end()
        assert termios.tcgetattr(typist.follower) == typist.settings


def test_an_arrow_key_is_no_answer(shop: Path) -> None:
    with review(shop) as typist:
        typist.answer("\x1b[A", question=",?]")  # ends in the letter of "all", in capitals
        typist.type("\x1b")
        typist.type("\x1bOa")
        time.sleep(0.3)
        typist.type("ä")
        typist.type("q")
        code, said = typist.end()
    assert code == 0
    assert "taken" not in said


@pytest.mark.parametrize(
    "more", [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"TERM": "xterm", "COLUMNS": "40"}], ids=str
)
def test_poor_terminals_get_the_same(shop: Path, more: dict[str, str]) -> None:
    enter = "\n" if more.get("TERM") == "dumb" else ""
    second = order(shop)[1]
    with review(shop, columns=40, **more) as typist:
        typist.answer(f"n{enter}", f"y{enter}")
        # A slow run also draws how far it is, which is no colour.
        assert bool(re.search(r"\x1b\[[0-9;]*m", typist.said)) == ("COLUMNS" in more)
        typist.answer(f"q{enter}")
        assert typist.end()[0] == 0
    assert tree(shop) == said_yes_to(shop, second)


def test_where_lines_are_read_words_are_answers_too(shop: Path) -> None:
    first = order(shop)[0]
    with review(shop, TERM="dumb") as typist:
        typist.answer("\n", "maybe\n", "Take\n", "quit\n")
        assert "'maybe' is none of the keys" in typist.said
        assert typist.end()[0] == 0
    assert tree(shop) == said_yes_to(shop, first)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--review asks on a terminal, and there is none; --write and --branch do not ask"),
        (["--format", "json"], "--review shows the proposals on the terminal; leave --format and --output"),
        (["--write", "--branch"], "choose one"),
    ],
)
def test_without_a_terminal_it_is_one_clear_line(shop: Path, words: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fixbot", "run", "--review", *words], cwd=shop, env=environment(), check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_to_review_is_said(tmp_path: Path) -> None:
    empty = repository(tmp_path / "empty", **{"deploy/task.json": "{}"})
    with review(empty) as typist:
        code, said = typist.end()
    assert code == 0
    assert "No containers and no policies found." in said


# Whatever is typed

KEYS = ["y", "n", "a", "q", "b", "k", "d", "e", "t", "?", "x", "\x1b[A", "\x1b[B", "ö", "\n"]


def foreseen(keys: list[str], count: int) -> set[int] | None:
    """The proposals that these keys take; None where they don't come to an end."""
    decided: dict[int, bool] = {}
    at = 0
    for key in keys:
        if key in {"y", "n"}:
            decided[at] = key == "y"
            at += 1
        elif key in {"b", "k"}:
            at = max(0, at - 1)
        elif key == "a":
            decided = {**dict.fromkeys(range(count), True), **decided, at: True}
        if key in {"a", "q"} or at == count:
            return {number for number, yes in decided.items() if yes}
    return None


@cache
def samples() -> tuple[Path, list[tuple[str, str]], dict[frozenset[int], dict[str, str]]]:
    import tempfile  # noqa: PLC0415

    place = Path(tempfile.mkdtemp(prefix="fixbot-review-"))
    shop = repository(place / "shop", **{"deploy/task.json": SHOP, "mail/task.json": MAIL})
    return shop, order(shop), {}


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(keys=st.lists(st.sampled_from(KEYS), max_size=9), end=st.sampled_from(["\x03", "\x04", "q"]))
def test_whatever_is_typed_the_tree_is_what_was_said(keys: list[str], end: str) -> None:
    shop, proposals, known = samples()
    taken = foreseen([*keys, *(["q"] if end == "q" else [])], len(proposals))
    with review(shop) as typist:
        typist.until(",?]")
        for key in keys:
            typist.type(key)
        typist.type(end)
        code, _ = typist.end(question="[y,n]", key="n")
    assert code == (0 if taken is not None else 130) or (end == "\x03" and taken is not None)
    after = tree(shop)
    git(shop, "checkout", "-q", "--", ".")
    wanted = frozenset(taken or ())
    if wanted not in known:
        known[wanted] = said_yes_to(shop, *(proposals[at] for at in wanted))
    nothing = known.setdefault(frozenset(), tree(shop))
    # Ctrl-C also throws away what was typed and not yet read.
    assert after in ((known[wanted], nothing) if end == "\x03" else (known[wanted],))


# The settings file

FINDING = Finding(
    "0" * 16, "privileged-container", Severity.HIGH, Safety.REVIEW, "a/[b]/c*.json", 1, 1,
    "task a: b, container #1", "m", (), Status.FIXED,
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "# only words", "# only words\n", "---\n", "ignore:\n", "ignore: []\n",
        "ignore: ~\nsafety: safe\n",
        "safety: safe", "safety: safe\r\n", "\ufeffsafety: safe\n", "{}\n", "{safety: safe}\n",
        "ignore: [{rule: x, reason: y}] # z\n", "ignore:\n- rule: x\n  reason: y\n\n# end\nsafety: safe\n",
        "rules:\n    skip: [x]\n", "safety: safe\n...\n",
    ],
)  # fmt: skip
def test_an_ignore_is_added_to_any_settings_and_every_byte_stays(text: str) -> None:
    wanted = ignore_for_finding(FINDING, "top/", "it's: # fine", date(2030, 1, 31))
    after = add_ignores(text, [wanted, wanted], ".fixbot.yml")
    left = iter(after)
    assert all(each in left for each in text.replace("~", "").replace("[]", "[").replace("{}", "{"))
    read = parse_settings(Settings(), after, "f").ignore
    assert len(read) == 1 + text.count("reason")
    assert (
        Ignore(wanted.rule, wanted.reason, wanted.path, wanted.resource, wanted.until, where=read[-1].where)
        == read[-1]
    )
    found = Suppressions(read, frozenset({FINDING.rule}), date(2030, 1, 1))
    assert found.find_ignore(FINDING.rule, "top/a/[b]/c*.json", 1, FINDING.resource)
    assert not found.find_ignore(FINDING.rule, "top/a/b/cd.json", 1, FINDING.resource)


@pytest.mark.parametrize(
    "text",
    ["- a list\n", "ignore: &x []\nrules: {skip: *x}\n", "a: *x\n", "no: setting\n", "---\n...\n---\n{}\n"],
)
def test_settings_that_cannot_take_an_ignore_are_left(text: str) -> None:
    with pytest.raises(CannotEdit):
        add_ignores(text, [ignore_for_finding(FINDING, "", "why")], ".fixbot.yml")


def test_a_path_that_is_no_text_cannot_be_ignored_by_name() -> None:
    with pytest.raises(CannotEdit, match="half a character"):
        add_ignores("", [Ignore("a", "b", "\udcff")], ".fixbot.yml")


@pytest.mark.parametrize("path", ["a.json", "!a/b", "a/*?[x]", "a\\b/c", "#a"])
def test_the_glob_of_a_path_names_that_path_alone(path: str) -> None:
    found = Suppressions((Ignore("r", "x", glob_for_path(path)),), frozenset({"r"}), date(2030, 1, 1))
    assert found.find_ignore("r", path, 1, "")
    assert not found.find_ignore("r", f"x/{path}", 1, "")


ODD = st.text(
    st.sampled_from("ab/ .-_*?[]!\\#:'\"`|>&%@{}~,\n\t\x1b\u00e9\u202e\u200b$<"), min_size=1, max_size=12
)
ANY = ODD | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
SEEN = ODD.filter(lambda path: path.isprintable() and not {"", ".", ".."} & set(path.split("/")))


@given(st.lists(st.text(st.sampled_from("ab0-_./"), min_size=1, max_size=6), min_size=1, max_size=3))
def test_a_block_of_plain_words_is_what_the_writer_writes(words: list[str]) -> None:
    wishes = [
        Ignore("a-rule", "why not", glob_for_path(f"{each}/x"), f"Pod {each}, container {each}")
        for each in words
    ]
    assert render_ignore_block(wishes) == add_ignores("", wishes, ".fixbot.yml")


@given(SEEN, ANY, ANY, st.sampled_from(["", "safety: safe\n", "ignore: []\n"]))
def test_an_ignore_that_is_written_means_that_one_finding(
    path: str, name: str, other: str, text: str
) -> None:
    wanted = ignore_for_finding(replace(FINDING, path=path, resource=name), "", "why")
    after = add_ignores(text, [wanted], ".fixbot.yml")
    found = Suppressions(
        parse_settings(Settings(), after, "f").ignore, frozenset({FINDING.rule}), date(2030, 1, 1)
    )
    assert found.find_ignore(FINDING.rule, path, 1, name)
    assert (found.find_ignore(FINDING.rule, path, 1, other) is not None) == (name == other)
    assert not found.find_ignore(FINDING.rule, f"x/{path}", 1, name)
