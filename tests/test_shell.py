"""Scripts read as a shell reads them: what is started and written, and which words of it are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.syntax.shell import HOLE, Script, ShellWord, read_command, read_script


def started(script: Script) -> list[tuple[str | None, ...]]:
    """Each program with its words, None for those that aren't known."""
    return [
        (each.program, *(w.text for w in each.arguments)) for each in script.invocations if each.called.parts
    ]


def written(text: str, **variables: str) -> list[str | None]:
    known = {name: ShellWord((value,)) for name, value in variables.items()}
    script = read_script(text, known, "/app")
    return [word.text for each in script.invocations for word in each.writes]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("echo a > /etc/x", ["/etc/x"]),
        ("echo a >> log", ["/app/log"]),
        ("echo a >| /x; echo b &> /y; echo c 2>/z", ["/x", "/y", "/z"]),
        ("cd /etc/site && echo a > site.conf", ["/etc/site/site.conf"]),
        ("cd /etc && cd site && echo a > ../b", ["/etc/b"]),
        ("(cd /opt; echo a > b); echo c > d", ["/opt/b", "/app/d"]),
        ("cd $(pwd) && echo a > b", ["b"]),
        ("{ echo a; echo b; } > /etc/x", ["/etc/x"]),
        ("(echo a) > /etc/x", ["/etc/x"]),
        ("for f in a b; do echo $f; done > /etc/x", ["/etc/x"]),
        ("while read l; do echo $l; done < /in > /out", ["/out"]),
        ("for d in log run; do echo a > /var/$d/x; done", ["/var/log/x", "/var/run/x"]),
        ("cat <<EOF > /etc/x\na ${b}\nEOF", ["/etc/x"]),
        ("cat > /etc/x <<'EOF'\na > /not/this\nEOF", ["/etc/x"]),
        ("> /etc/empty", ["/etc/empty"]),
        ("F=/etc/x; echo a > $F", ["/etc/x"]),
        ("echo a > ${F:-/etc/x}", ["/etc/x"]),
        ("echo a > $F/x", [None]),
        ("if test -f /y; then D=/a; fi; echo a > $D", [None]),
        ("f() { echo a > $1; }; f /etc/x", ["/etc/x"]),
        ("sh -c 'echo a > /etc/x'", ["/etc/x"]),
        ('eval "echo a > /etc/x"', ["/etc/x"]),
        ('x="$(echo a > /etc/x)"', ["/etc/x"]),
        ("echo 'a > /etc/x' \"> /etc/y\" # > /etc/z", []),
        ("cat < /etc/x 2>&1", []),
    ],
)
def test_what_a_script_writes(text: str, paths: list[str | None]) -> None:
    assert written(text) == paths


def test_home_is_a_variable_like_others() -> None:
    assert written("echo a > ~/.rc; echo b > $HOME/x", HOME="/home/app") == ["/home/app/.rc", "/home/app/x"]
    assert written("echo a > ~/.rc") == ["~/.rc"]


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ('iptables -s "$(hostname -i)" -j X', [("hostname", "-i"), ("iptables", "-s", None, "-j", "X")]),
        ("exec sited --port ${PORT}", [("exec", "sited", "--port", None), ("sited", "--port", None)]),
        ("echo mount", [("echo", "mount")]),
        ("sudo -u app env A=b /usr/bin/mount x", [
            ("sudo", "-u", "app", "env", "A=b", "/usr/bin/mount", "x"),
            ("env", "A=b", "/usr/bin/mount", "x"), ("mount", "x"),
        ]),
        ("find / -exec chown a {} ;", [("find", "/", "-exec", "chown", "a", "{}"), ("chown", "a", "{}")]),
        ("a | b && c || d; e &", [("a",), ("b",), ("c",), ("d",), ("e",)]),
        ("if [ -f x ]; then a; elif b; then c; else d; fi", [("a",), ("b",), ("c",), ("d",)]),
        ("case $x in a) b ;; *) c ;; esac", [("b",), ("c",)]),
        ("f() { g; f; }; f", [("f",), ("g",)]),
        ('"unclosed', []),
    ],
)  # fmt: skip
def test_what_a_script_starts(text: str, programs: list[tuple[str | None, ...]]) -> None:
    assert list(dict.fromkeys(started(read_script(text)))) == programs


@pytest.mark.parametrize(
    ("text", "missing", "unread"),
    [
        ("exec sited", (), ()),
        (". /etc/profile", ("/etc/profile",), ()),
        ("bash /docker-entrypoint.sh", ("/docker-entrypoint.sh",), ()),
        ("/scripts/start --fast", ("/scripts/start",), ()),
        ("/usr/bin/env -i app", (), ()),
        ("sh $SCRIPT", (), ("a script that only running it would tell",)),
        ("if true; then", (), ("a stretch that no shell reads so",)),
    ],
)
def test_what_is_not_here_is_named(text: str, missing: tuple[str, ...], unread: tuple[str, ...]) -> None:
    script = read_script(text)
    assert (script.missing, script.unread) == (missing, unread)


def test_a_command_is_read_by_no_shell_unless_it_names_one() -> None:
    assert started(read_command(["echo", "a > /x", "$(rm)"])) == [("echo", "a > /x", "$(rm)")]
    assert started(read_command(["sh", "-c", "mount /x"])) == [("sh", "-c", "mount /x"), ("mount", "/x")]


def test_what_a_template_fills_in_is_unknown_and_nothing_else_is() -> None:
    assert started(read_command(["run", f"--host={HOLE}", "-v"])) == [("run", None, "-v")]
    (word,) = read_command(["run", f"--host={HOLE}"]).invocations[0].arguments
    assert word.beginning == "--host="
    assert started(read_script(f"mount {HOLE} /mnt")) == [("mount", None, "/mnt")]


@given(st.text(max_size=60) | st.text("ab $(){};&|<>'\"`\\\n/~*=!#[]-" + HOLE, max_size=60))
def test_any_text_is_read(text: str) -> None:
    script = read_script(text)
    assert all(word.parts == () or word.text is None or word.text == "".join(map(str, word.parts))
               for each in script.invocations for word in each.arguments)  # fmt: skip
    read_command([text, text])


@given(st.lists(st.text(max_size=20), max_size=4))
def test_words_in_quotes_come_out_as_they_went_in(words: list[str]) -> None:
    usable = [word for word in words if "\x00" not in word and HOLE not in word and "\r" not in word]
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in usable)
    (first, *_) = read_script(f"run {quoted}").invocations
    assert first.words == tuple(usable)
