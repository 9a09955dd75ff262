"""Commands as lists of words: what a shell makes of them, whatever a file says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.text import command
from fixbot.text.characters import escape_hidden
from fixbot.text.command import (
    CAPABILITY,
    FAMILY,
    IMAGE,
    KINDS,
    LONGEST,
    NAMESPACE,
    OBJECT,
    PATH,
    REGION,
    Command,
    ShellOperator,
    Substitution,
    WordKind,
    build_command,
    join_commands,
    join_words,
)
from fixbot.text.markdown_escape import defuse_references

NASTY = st.text() | st.text("ab-_./:;&|<>$`'\"\\(){}[]*?!#~% \t\n=@\x00\x1b\u202e", max_size=40)
STUB = (
    '#!/bin/sh\nfor word in "$0" "$@"; do printf "%s\\0" "$word" >> "$SAID"; done\nprintf "\\n" >> "$SAID"\n'
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one program, which writes down what it was started with."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "bin").mkdir()
    (folder / "bin/program").write_text(STUB)
    (folder / "bin/program").chmod(0o755)
    return folder


def said(text: str, folder: Path) -> list[str]:
    """What the program was started with when a shell in an empty folder read this text."""
    (folder / "empty").mkdir(exist_ok=True)
    told = folder / "said"
    told.unlink(missing_ok=True)
    subprocess.run(
        ["/bin/sh"], input=text.encode("utf-8", "surrogatepass"), cwd=folder / "empty", check=False,
        env={"PATH": str(folder / "bin"), "SAID": str(told)}, capture_output=True,
    )  # fmt: skip
    assert list((folder / "empty").iterdir()) == []
    return told.read_bytes().decode().split("\0")[1:-1] if told.exists() else []


@given(st.sampled_from(sorted(KINDS)), NASTY)
def test_any_text_is_one_word_or_a_placeholder(shell: Path, kind: str, text: str) -> None:
    word = KINDS[kind](text)
    wanted = word.text if word.missing_kinds else text
    assert word.text in (wanted, f"./{text}")
    assert KINDS[kind].typed or not word.text.startswith("-")
    assert said(build_command("program", "--about", word).text, shell) == ["--about", word.text]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda each: each.name)
def test_a_kind_takes_nothing_that_a_reader_would_not_see_as_it_is(kind: WordKind) -> None:
    for odd in ("a\nb", "a\tb", "a\x1b[31m", "a\u202eb", "a\u200bb", "a`b", "a  b", " a", "a ", "", None):
        assert not kind.is_fitting(odd)
    assert (kind.name in ("argument", "program word")) is kind.typed
    assert (
        KINDS[kind.name].placeholder == escape_hidden(kind.placeholder) == defuse_references(kind.placeholder)
    )
    assert kind.says


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (NAMESPACE, ["shop", "a", "shop-2", "0"],
         ["shop;touch PWN", "shop --kubeconfig=/x", "-n", "a.b", "Shop", "a-", "x" * 64, "${NS}"]),
        (OBJECT, ["web", "web.example.com"], ["a/b", "..", ".", "a..b", "-x", "x" * 254, "a\n", "a/../b"]),
        (REGION, ["eu-west-1", "us-gov-west-1", "us-isob-east-1", "ap-southeast-2"],
         ["$(id)", "eu-west-1`id`", "*", "", "eu", "-1", "${AWS::Region}", "EU-WEST-1"]),
        (CAPABILITY, ["NET_ADMIN", "CAP_SYS_PTRACE"],
         ["ALL", "all", "ALL --privileged", "NET_ADMIN;id", "CAP_", "FOO"]),
        (FAMILY, ["orders", "Orders_2"], ["o';touch PWN;:'", "-f", "o r", "${family}", "x" * 256]),
        (IMAGE, ["nginx", "nginx:1.27", "docker.io/library/nginx:1", "localhost:5000/a/b__c:x",
                 "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:1.4", f"a/b@sha256:{'0' * 64}"],
         ["--privileged", "./scripts/x.sh", "/bin/sh", "a b", "x;id", "${REPO}:1",
          "https://bot:X@host/a", "a:b:c:d", "A", "x:-v", f"{'a' * 501}"]),
        (PATH, ["a/b.yaml", "o'neil.json", "-x.yaml", "a b.tf", "$x", "a;b", "*"],
         ["a!b", "a`b`", "x" * 401]),
    ],
    ids=lambda each: getattr(each, "name", None),
)  # fmt: skip
def test_a_kind_has_the_rule_of_whoever_reads_the_word(
    kind: WordKind, good: list[str], bad: list[str]
) -> None:
    assert [each for each in good if not kind.is_fitting(each)] == []
    assert [each for each in bad if kind.is_fitting(each)] == []


def test_a_path_is_never_an_option() -> None:
    assert build_command("program", PATH("-x.yaml")).text == "program ./-x.yaml"
    assert build_command("program", join_words("--file=", PATH("-x"))).text == "program --file=-x"
    assert {kind.name for kind in KINDS.values() if kind.is_fitting("-x")} == {
        "path",
        "argument",
        "program word",
    }


def test_what_does_not_fit_is_explained_once() -> None:
    made = build_command(
        "kubectl", "-n", NAMESPACE("a;b"), "get", "secret", OBJECT("x y"), note=("in ", NAMESPACE(";"))
    )
    assert made.text == "kubectl -n NAMESPACE get secret NAME"
    assert made.comment == "in NAMESPACE"
    assert [each.partition(":")[0] for each in made.explain_placeholders] == ["NAMESPACE", "NAME"]
    assert build_command("kubectl", "-n", NAMESPACE("shop")).explain_placeholders == ()


def test_shell_is_ours_alone(shell: Path) -> None:
    inner = build_command("program", "in side", PATH("a'b"))
    made = join_commands(
        build_command("program", "a b"),
        "|",
        build_command("program", Substitution(inner)),
        ";",
        build_command("program", "$V", "$(id)"),
    )
    assert made.text == ("program 'a b' | program \"$(program 'in side' 'a'\"'\"'b')\"; program '$V' '$(id)'")
    assert said(made.text, shell)[-2:] == ["$V", "$(id)"]
    with pytest.raises(ValueError, match="no shell"):
        ShellOperator("; touch")


def test_a_long_command_is_left_out_and_never_cut() -> None:
    long = build_command("program", *(PATH("x" * 400) for _ in range(5)))
    assert len(long.text) > LONGEST
    assert "left out" in long.why_refused
    assert build_command("program").why_refused == ""
    held = build_command("program", "x").withhold("It holds a secret.")
    assert (held.text, held.why_refused) == ("", "It holds a secret.")


def test_a_command_outlives_its_process() -> None:
    made = join_commands(
        build_command(
            "a", NAMESPACE("x"), Substitution(build_command("b", IMAGE(None))), note=("at ", PATH("x y"))
        ),
        "|",
        build_command("c"),
    )
    again = command.unpack_command(json.loads(json.dumps(command.pack_command(made))))
    assert again == made
    for wrong in (
        [[["word", [["namespace", "a;b"]]]], [], ""],
        [[["shell", "; id"]], [], ""],
        [[["x", 1]], [], ""],
    ):
        with pytest.raises((ValueError, LookupError, TypeError)):
            command.unpack_command(wrong)
    assert isinstance(made, Command)
