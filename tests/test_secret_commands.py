"""The secrets of a command are hidden, however the command is written down."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixbot.knowledge.secret_programs import SECRET_PLACES, SecretPlace
from fixbot.masking import MASK, SecretMasker
from tests.steps import steps

SECRET: Final = "Tr4ctor-plum9"


def commands(place: SecretPlace, program: str) -> Iterator[list[str]]:
    """One command for each way in which a program is given a secret, by the row that says so."""
    head = [program, *(f"{word}x" if word.endswith("/") else word for word in place.words.split())]
    needed = {"^--secret$": ["--secret"], "SecureString": ["--type", "SecureString"], "": []}.get(
        place.needs, ["-b"] if "b" in place.needs else ["--auth"]
    )
    user = "bob" + place.behind[:1] if place.behind else ""
    value = user + SECRET + (f"{place.until[:1]}host" if place.until else "")
    for option in place.options.split():
        yield [*head, *needed, option, value, "more"]
        yield [*head, *needed, f"{option}={value}"]
    for option in place.glued.split():
        yield [*head, *needed, f"{option}{value}"]
    if place.pairs:
        yield [*head, f"name={SECRET}"]
    if place.at is not None:
        before = ["word"] * max(place.at, 0)
        yield [*head, *needed, *before, value]
        yield [*head, *needed, "--verbose", *before, value]


ROWS: Final = [
    (words, place)
    for place in SECRET_PLACES
    for program in place.programs.split()
    for words in commands(place, program)
]


@pytest.mark.parametrize("place", SECRET_PLACES, ids=lambda place: f"{place.programs} {place.words}")
def test_each_row_says_where_it_is_known_from_and_can_be_met(place: SecretPlace) -> None:
    assert place.source
    assert any(each is place for _, each in ROWS)


def shapes(words: list[str]) -> Iterator[str]:
    """Ways in which a command stands in a file."""
    line = shlex.join(words)
    yield line
    yield f"set -e\n  /usr/bin/{line} && echo done"
    yield f"if true; then {line}; fi"
    yield f'sh -c "{line}"'
    yield json.dumps(words)
    yield json.dumps(["sh", "-c", line])
    yield f"{words[0]} \\\n    {shlex.join(words[1:])}"
    yield f"{words[0]} {' '.join(json.dumps(word) if SECRET in word else word for word in words[1:])}"


def test_every_program_s_secret_is_hidden_in_every_shape() -> None:
    for words, place in ROWS:
        for text in shapes(words):
            assert SECRET not in SecretMasker().mask_text(text), (text, place)


@pytest.mark.parametrize(
    "text",
    [
        "curl -u bob https://example.org",
        "mysql -u root -p shop",
        "docker run -p 8080:80 nginx",
        "vault kv get secret/shop",
        "sqlplus /nolog",
        "kubectl create configmap x --from-literal=a=b",
        "git config user.name Ada",
        "npm config set registry https://registry.npmjs.org/",
        "mkdir -p /var/lib/data2Go",
        "net use",
        "gh auth login --web",
        "openssl req -key server.pem",
        "az vm list -p 3",
        "the host of a docker login",
        "http: -a",
        "psql -p 5432 -h db",
        "snmpwalk -v2c host",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert SecretMasker().mask_text(text) == text


OTHER: Final = {
    "a file of passwords": "cat <<EOF > .pgpass\ndb:5432:shop:bob:{}\nEOF",
    "any port": "db:*:*:bob:{}\n",
    "a variable that is read": "read -r DB_PASSWORD <<< '{}'",
    "compared": "if [ \"$DB_PASSWORD\" = '{}' ]; then",
    "compared without quotes": "[[ ${DB_PASSWORD} == {} ]]",
    "an index": "os.environ['DB_PASSWORD'] = '{}'",
    "a call": "set_password('bob', '{}')",
    "into a file": "echo '{}' > /etc/db-password",
    "into a program": "printf %s {} | sudo -S ls",
    "sent": "expect -c 'spawn ssh h; send \"{}\\r\"'",
    "a block": "config:\n  password: |\n    {}\n  x: y",
    "on the next line": "export DB_PASSWORD=\\\n  {}",
    "an option that is known everywhere": "tool -p {}",
    "a header of HTTP": "curl -H 'X-Api-Key: {}' h",
}


@pytest.mark.parametrize("what", OTHER)
def test_what_scripts_do_with_passwords_is_hidden(what: str) -> None:
    masked = SecretMasker().mask_text(OTHER[what].replace("{}", SECRET))
    assert SECRET not in masked
    assert MASK in masked


@given(
    st.lists(
        st.sampled_from(["docker", "login", "-p", "-p'", '"', "'", ",", " ", "\\\n", "a=b", "vault", "|"])
    )
)
@example(["vault", " ", "login", " ", '"'])
def test_any_command_can_be_read(pieces: list[str]) -> None:
    masked = SecretMasker().mask_text("".join(pieces))
    assert SecretMasker().mask_text(masked) == masked


@pytest.mark.parametrize("piece", ["docker login ", "vault ", "mysql -p", "net use x ", "curl -u a:b ", "'"])
def test_time_grows_with_the_length_only(piece: str) -> None:
    def mask(size: int) -> None:
        SecretMasker().mask_text(piece * (size // len(piece)))

    once, twice = steps(lambda: mask(2_000)), steps(lambda: mask(4_000))
    assert twice < 2.2 * once + 200
