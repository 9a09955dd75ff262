"""A token belongs to a host: whatever a checkout, an answer or a redirect says, nobody else is shown one."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.cli.options import Options
from fixbot.cli.pull_request_runs import run_pull_requests
from fixbot.model.errors import FixbotError
from fixbot.network.addresses import Origin
from fixbot.publish.github.bound_client import build_client
from fixbot.publish.github.connector import Connector
from fixbot.publish.github.credentials import Token
from fixbot.publish.github.github_errors import NoConnection, OutcomeUnknown, RequestRejected, WrongHost
from fixbot.publish.github.hosts import choose_host, is_repository_name, parse_repository_url
from tests.sink import Sink, redirect, sink_for

COMMON, ENTERPRISE = "ghp_commoncommoncommon", "ghp_enterpriseenterprise"
OURS = "git.acme.example"
NAMES = (
    "api.github.com",
    "github.com",
    "api.acme.ghe.com",
    OURS,
    "evil.example",
    "api.evil.example",
    "github.com.evil.example",
    "api.github.com.evil.example",
    "ghe.com",
    "api.ghe.com",
    "xghe.com",
    "api.xghe.com",
    "localhost",
)
PORT = "PORT"
"""Stands for the sink's own port in addresses."""

# Remotes that name no GitHub: whatever they are, nothing is sent to anybody.
STRANGERS = [
    "http://127.0.0.1:PORT/acme/infra.git",
    "http://localhost:PORT/acme/infra",
    "http://[::1]:PORT/acme/infra",
    "https://evil.example/acme/infra.git",
    "http://evil.example/acme/infra.git",
    "https://gitlab.com/acme/infra.git",
    "git@gitlab.com:acme/infra.git",
    "https://github.com.evil.example/acme/infra",
    "https://evil.example/github.com",
    "https://evil.example/github.com/acme/infra",
    "https://github.com@evil.example/acme/infra",
    "https://github.com:443@evil.example/acme/infra",
    "https://github.com%40evil.example/acme/infra",
    "https://github.com%2f@evil.example/acme/infra",
    "https://user:github.com@evil.example/acme/infra",
    "https://github.com\\@evil.example/acme/infra",
    "https://github.com\\.evil.example/acme/infra",
    "https://evil.example#@github.com/acme/infra",
    "https://evil.example?@github.com/acme/infra",
    "https://evil.example\\@github.com/acme/infra",
    "https://ghe.com/acme/infra",
    "https://xghe.com/acme/infra",
    "https://acme.xghe.com/acme/infra",
    "https://acme.ghe.com.evil.example/acme/infra",
    "https://a.b.ghe.com/acme/infra",
    "https://.ghe.com/acme/infra",
    "https://-.ghe.com/acme/infra",
    "https://acme_.ghe.com/acme/infra",
    "https://github.com./acme/infra",
    "https://github.com:8443/acme/infra",
    "https://acme.ghe.com:8443/acme/infra",
    "https://github.com:80/acme/infra",
    "https://g\u0131thub.com/acme/infra",
    "https://github\u3002com/acme/infra",
    "https://\uff47ithub.com/acme/infra",
    "https://github.com\u2024evil.example/acme/infra",
    "https://xn--gthub-n4a.com/acme/infra",
    "https://githüb.ghe.com/acme/infra",
    "https://evil.example:99999999/acme/infra",
    "https://github.com:99999999/acme/infra",
    "https://github.com:-1/acme/infra",
    "https://github.com:x/acme/infra",
    "https://[::1/acme/infra",
    "https://[github.com]/acme/infra",
    "https://[v1.github.com]/acme/infra",
    "https:///acme/infra",
    "https:github.com/acme/infra",
    "git@evil.example:acme/infra.git",
    "git@github.com.evil.example:acme/infra.git",
    "github.com@evil.example:acme/infra.git",
    "git@evil.example:github.com/acme/infra",
    "git@ssh.evil.example:acme/infra.git",
    "git@github.com-work:acme/infra.git",
    "work:acme/infra.git",
    "ssh://git@evil.example/acme/infra",
    "ssh://git@github.com@evil.example/acme/infra",
    "ssh://git@ssh.evil.example:443/acme/infra",
    "ssh://git@evil.example:22/github.com/infra",
    "ssh://git@[::1]:22/acme/infra",
    "git://evil.example/acme/infra",
    "ext::sh -c evil",
    "file:///srv/git/acme/infra",
    "/srv/git/acme/infra.git",
    "../acme/infra",
    "ftp://github.com/acme/infra",
    "javascript:acme/infra",
    "https://github.com/../infra",
    "https://github.com/acme/..",
    "https://github.com/acme/infra/pulls",
    "https://github.com/acme",
    "https://github.com/acme/infra?x=1/../..",
    "https://github.com/acme/in fra",
    "https://github.com/%2e%2e/infra",
    "",
]

# Remotes of the hosts that GitHub runs for everyone, and where the token goes then.
GITHUBS = [
    ("https://github.com/acme/infra.git", "https://api.github.com"),
    ("https://GitHub.COM/acme/infra", "https://api.github.com"),
    ("https://github.com:443/acme/infra", "https://api.github.com"),
    ("https://www.github.com/acme/infra", "https://api.github.com"),
    ("https://x-access-token:secret@github.com/acme/infra.git", "https://api.github.com"),
    ("http://github.com/acme/infra", "https://api.github.com"),
    ("git://github.com/acme/infra", "https://api.github.com"),
    ("git@github.com:acme/infra.git", "https://api.github.com"),
    ("git@GITHUB.com:acme/infra.git", "https://api.github.com"),
    ("github.com:acme/infra.git", "https://api.github.com"),
    ("org-1@github.com:/acme/infra.git", "https://api.github.com"),
    ("ssh://git@github.com/acme/infra", "https://api.github.com"),
    ("ssh://git@github.com:22/acme/infra", "https://api.github.com"),
    ("ssh://git@ssh.github.com:443/acme/infra.git", "https://api.github.com"),
    ("git+ssh://git@github.com/acme/infra.git", "https://api.github.com"),
    ("https://acme.ghe.com/acme/infra", "https://api.acme.ghe.com"),
    ("https://ACME.ghe.com/acme/infra", "https://api.acme.ghe.com"),
    ("git@acme.ghe.com:acme/infra.git", "https://api.acme.ghe.com"),
]


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink_for(tmp_path, monkeypatch, *NAMES) as made:
        yield made


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "README.md").write_text("Hello\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "Start")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


def ends(folder: Path, environment: Mapping[str, str], **options: object) -> tuple[int, str]:
    """How `run --pr` ends there: exit code and, where there is one, its line."""
    made = Options("run", str(folder), pr=True, jobs=1, cache=False, **options)  # type: ignore[arg-type]
    whole = {"HOME": str(folder.parent), "PATH": os.environ["PATH"], **environment}
    try:
        return run_pull_requests(made, whole), ""
    except FixbotError as error:
        return error.exit_code, str(error)


def remote(folder: Path, url: str) -> None:
    config = folder / ".git" / "config"
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}[remote "origin"]\n\turl = "{quoted}"\n', encoding="utf-8")


TOKENS = {"GITHUB_TOKEN": COMMON, "GH_TOKEN": COMMON, "GH_ENTERPRISE_TOKEN": ENTERPRISE}


@pytest.mark.parametrize("url", STRANGERS)
def test_a_remote_that_is_no_github_is_told_nothing_and_ends_with_one_line(
    url: str, sink: Sink, here: Path
) -> None:
    remote(here, url.replace(PORT, str(sink.port)))
    code, said = ends(here, TOKENS)
    assert sink.reached == set()
    assert code == 2
    assert "\n" not in said
    assert said.startswith(("the remote `origin`", "which repository is this"))


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize(("url", "api"), GITHUBS)
def test_a_remote_of_github_is_asked_where_its_api_is(
    url: str, api: str, sink: Sink, here: Path, dry: bool
) -> None:
    remote(here, url)
    ends(here, TOKENS, dry_run=dry)
    assert sink.shown_to(COMMON) == {api.replace("https://", "https://")}
    assert sink.shown_to(ENTERPRISE) == set()
    assert "secret" not in "".join(text for _, text in sink.requests)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url.http://127.0.0.1:PORT/.insteadOf", "https://github.com/"),
        ("url.https://evil.example/.insteadOf", "https://github.com/"),
        ("url.git@evil.example:.insteadOf", "https://github.com/"),
        ("url.https://github.com.evil.example/.insteadOf", "https://github.com/"),
    ],
)
def test_rewriting_addresses_in_the_checkouts_settings_leads_nowhere(
    key: str, value: str, sink: Sink, here: Path
) -> None:
    remote(here, "https://github.com/acme/infra.git")
    section, _, name = key.rpartition(".")
    set_to = (f"{section.replace(PORT, str(sink.port))}.{name}", value)
    subprocess.run(["git", "-C", str(here), "config", *set_to], check=True)
    code, _ = ends(here, TOKENS)
    assert (code, sink.reached) == (2, set())


def test_a_remote_with_two_addresses_or_a_push_address_is_known_by_the_first(sink: Sink, here: Path) -> None:
    remote(here, "https://github.com/acme/infra.git")
    with (here / ".git" / "config").open("a") as config:
        config.write("\turl = https://evil.example/acme/infra.git\n\tpushurl = https://evil.example/a/b\n")
    ends(here, TOKENS)
    assert {host for host, _ in sink.requests} == {"https://api.github.com"}


# Who names a host, and whose token goes there

HERE = "https://git.acme.example"
TABLE: list[tuple[str, dict[str, str], str, str]] = [
    # what it is, the environment, the remote, who is shown which token
    ("nobody names a host", {}, "", f"https://api.github.com {COMMON}"),
    ("GH_HOST", {"GH_HOST": OURS}, "", f"{HERE} {ENTERPRISE}"),
    ("GH_HOST in capitals", {"GH_HOST": "GIT.Acme.Example"}, "", f"{HERE} {ENTERPRISE}"),
    ("GH_HOST as an address", {"GH_HOST": f"{HERE}/"}, "", f"{HERE} {ENTERPRISE}"),
    ("GH_HOST is github.com", {"GH_HOST": "github.com"}, "", f"https://api.github.com {COMMON}"),
    ("GH_HOST is its API", {"GH_HOST": "api.github.com"}, "", f"https://api.github.com {COMMON}"),
    ("GH_HOST is resident", {"GH_HOST": "acme.ghe.com"}, "", f"https://api.acme.ghe.com {COMMON}"),
    ("GH_HOST looks like it", {"GH_HOST": "xghe.com"}, "", f"https://xghe.com {ENTERPRISE}"),
    ("GH_HOST and its remote", {"GH_HOST": OURS}, f"git@{OURS}:acme/infra", f"{HERE} {ENTERPRISE}"),
    ("GH_HOST and another remote", {"GH_HOST": OURS}, "git@evil.example:acme/infra", ""),
    ("GH_HOST and github.com's", {"GH_HOST": OURS}, "git@github.com:acme/infra", ""),
    ("a token names no host", {}, f"https://{OURS}/acme/infra", ""),
    ("Actions' server", {"GITHUB_SERVER_URL": HERE}, "", f"{HERE} {COMMON}"),
    ("Actions' API", {"GITHUB_API_URL": f"{HERE}/api/v3"}, "", f"{HERE} {COMMON}"),
    ("Actions and another remote", {"GITHUB_SERVER_URL": HERE}, "git@evil.example:acme/infra", ""),
    (
        "Actions' github.com",
        {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_API_URL": "https://api.github.com"},
        "https://github.com/acme/infra",
        f"https://api.github.com {COMMON}",
    ),
    (
        "Actions' github.com, and GH_HOST",
        {
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "https://api.github.com",
            "GH_HOST": OURS,
        },
        "",
        f"{HERE} {ENTERPRISE}",
    ),
    ("Actions' server, and GH_HOST", {"GITHUB_SERVER_URL": HERE, "GH_HOST": OURS}, "", f"{HERE} {COMMON}"),
]


@pytest.mark.parametrize(
    ("environment", "url", "shown"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_who_names_a_host_and_whose_token_goes_there(
    environment: dict[str, str], url: str, shown: str, sink: Sink, here: Path
) -> None:
    if url:
        remote(here, url)
    else:
        environment = {**environment, "GITHUB_REPOSITORY": "acme/infra"}
    code, said = ends(here, {**TOKENS, **environment})
    host, _, secret = shown.partition(" ")
    assert sink.shown_to(COMMON) == ({host} if secret == COMMON else set())
    assert sink.shown_to(ENTERPRISE) == ({host} if secret == ENTERPRISE else set())
    assert code == 2, said  # the sink has no such repository, and the others are refused
    if not shown:
        assert sink.reached == set()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"GH_HOST": OURS, "GITHUB_TOKEN": COMMON},
            "GITHUB_TOKEN is for github.com and *.ghe.com; set GH_ENT",
        ),
        (
            {"GH_HOST": OURS, "GH_TOKEN": COMMON},
            "GH_TOKEN is for github.com and *.ghe.com; set GH_ENTERPRISE",
        ),
        ({"GH_HOST": "localhost", "GITHUB_TOKEN": COMMON}, "GITHUB_TOKEN is for github.com"),
        ({"GH_ENTERPRISE_TOKEN": ENTERPRISE}, "no token: set GITHUB_TOKEN"),
        ({"GITHUB_ENTERPRISE_TOKEN": ENTERPRISE}, "no token: set GITHUB_TOKEN"),
        (
            {"GITHUB_SERVER_URL": HERE, "GH_HOST": "github.com", "GITHUB_TOKEN": COMMON},
            "GITHUB_TOKEN is for the server that GITHUB_SERVER_URL names; set GH_TOKEN",
        ),
    ],
)
def test_a_token_of_another_host_is_not_taken(environment: dict[str, str], said: str, sink: Sink) -> None:
    with pytest.raises(NoConnection) as caught:
        Connector(environment).gateway_for("acme/infra")
    assert said in str(caught.value)
    assert sink.reached == set()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GITHUB_API_URL", "http://git.acme.example/api/v3", "a token is sent encrypted only"),
        ("GITHUB_SERVER_URL", "http://git.acme.example", "a token is sent encrypted only"),
        ("GH_HOST", "http://git.acme.example", "a token is sent encrypted only"),
        ("GH_HOST", "http://127.0.0.1.evil.example", "a token is sent encrypted only"),
        ("GH_HOST", "http://2130706433", "a token is sent encrypted only"),
        ("GH_HOST", "http://localhost.evil.example", "a token is sent encrypted only"),
        ("GH_HOST", "http://0.0.0.0:80", "a token is sent encrypted only"),
        ("GH_HOST", "http://169.254.169.254", "a token is sent encrypted only"),
        ("GITHUB_API_URL", "https://github.com@evil.example", "holds a user's name or password"),
        ("GITHUB_API_URL", "https://evil.example:99999999", "no address of a server"),
        ("GITHUB_API_URL", "ftp://evil.example", "no address of a server"),
        ("GITHUB_API_URL", "https://", "no address of a server"),
        ("GITHUB_API_URL", "https://git\u3002acme.example", "no address of a server"),
        ("GH_HOST", "git.acme.example:99999999", "no address of a server"),
        ("GH_HOST", "git.acme.example/acme", "names a host alone"),
        ("GH_HOST", "gith\u00fcb.example", "no address of a server"),
        ("GH_HOST", "git.acme.example:443@evil.example", "holds a user's name or password"),
        ("GH_HOST", "git..acme", "names no host"),
        ("GH_HOST", "-evil", "names no host"),
        ("GITHUB_GRAPHQL_URL", "https://evil.example:0x/graphql", "no address of a server"),
        ("GITHUB_GRAPHQL_URL", "http://api.github.com/graphql", "a token is sent encrypted only"),
    ],
)
def test_an_address_that_is_none_or_not_encrypted_is_one_line_and_exit_code_2(
    name: str, value: str, said: str, sink: Sink
) -> None:
    other = {} if name != "GITHUB_GRAPHQL_URL" else {"GITHUB_SERVER_URL": "https://github.com"}
    with pytest.raises(WrongHost) as caught:
        Connector({**TOKENS, **other, name: value}).gateway_for("acme/infra")
    assert said in str(caught.value)
    assert (caught.value.exit_code, "\n" in str(caught.value), sink.reached) == (2, False, set())


def test_the_option_names_a_host_as_the_variable_does(sink: Sink, tmp_path: Path) -> None:
    ends(tmp_path, TOKENS, repositories=("acme/infra",), host=OURS)
    assert (sink.shown_to(ENTERPRISE), sink.shown_to(COMMON)) == ({HERE}, set())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "talking to github.com (api.github.com), with GITHUB_TOKEN"),
        ({"GH_HOST": OURS}, f"talking to {OURS} ({OURS}), with GH_ENTERPRISE_TOKEN"),
    ],
)
def test_the_run_says_which_host_it_talks_to_and_with_whose_token(
    environment: dict[str, str], said: str, sink: Sink, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends(tmp_path, {**TOKENS, **environment}, repositories=("acme/infra", "acme/other"))
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("talking to")] == [said]
    assert sink.requests


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/repositories/1",
        "http://api.github.com/repositories/1",
        "https://api.github.com:8443/repositories/1",
        "//evil.example/repositories/1",
        "https://api.github.com@evil.example/repositories/1",
        "https://api.github.com.evil.example/repositories/1",
        "https://api.github.com:443@evil.example/x",
        "https://api.github.com:99999999/x",
        "https:evil.example",
        "\\\\evil.example/x",
    ],
)
def test_a_redirect_to_anywhere_else_is_not_followed(
    to: str, status: int, sink: Sink, tmp_path: Path
) -> None:
    sink.answers = [redirect(to, status)] * 9
    ends(tmp_path, TOKENS, repositories=("acme/infra",))
    hosts = {host for host, _ in sink.requests}
    assert hosts <= {"https://api.github.com"}
    assert all(asked == ("api.github.com", 443) for asked in sink.asked)


def test_a_redirect_on_the_same_server_is_followed_and_a_circle_ends(sink: Sink, tmp_path: Path) -> None:
    sink.answers = [redirect("https://api.github.com/repositories/1")]
    ends(tmp_path, TOKENS, repositories=("acme/infra",))
    assert len(sink.requests) == 2
    sink.requests.clear()
    there = ("https://api.github.com/a", "https://api.github.com/b")
    sink.answers = [redirect(there[at % 2]) for at in range(999)]
    gateway = Connector({"GITHUB_TOKEN": COMMON}).gateway_for("acme/infra")
    gateway.down = True  # one try
    with pytest.raises(OutcomeUnknown):
        gateway.read_path("/repos/acme/infra")
    assert len(sink.requests) <= 6


# The one door


def test_the_door_sends_nothing_to_another_origin(sink: Sink) -> None:
    origin = Origin("https", "api.github.com", 443)
    for address in ("https://evil.example", "https://api.github.com:444", f"http://127.0.0.1:{sink.port}"):
        with pytest.raises(WrongHost):
            build_client(address, [origin], f"token {COMMON}", 5)
    ask = build_client("https://api.github.com", [origin], f"token {COMMON}", 5)
    for path in ("https://evil.example/x", "@evil.example/x", "//evil.example/x", ".evil.example/x"):
        try:
            ask("GET", path, {}, {}, None)
        except (OSError, WrongHost):
            continue
    assert sink.shown_to(COMMON) <= {"https://api.github.com"}


def test_what_is_plain_stays_on_this_machine_whatever_proxy_there_is(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        connector = Connector({"GITHUB_TOKEN": COMMON, "GITHUB_API_URL": f"http://127.0.0.1:{sink.port}"})
        gateway = connector.gateway_for("acme/infra")
        with pytest.raises(RequestRejected):
            gateway.read_path("/repos/acme/infra")
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_only_one_module_writes_the_header_that_holds_the_token() -> None:
    rooms = Path(__file__).parent.parent / "fixbot"
    with_header = [
        path for path in rooms.rglob("*.py") if '"Authorization"' in path.read_text(encoding="utf-8")
    ]
    assert [path.name for path in with_header] == ["bound_client.py"]
    text = (rooms / "publish" / "github" / "bound_client.py").read_text(encoding="utf-8")
    assert text.count('"Authorization"') == 1


@given(st.text(max_size=60))
def test_any_text_as_a_remote_is_a_repository_of_github_by_its_exact_name_or_refused(text: str) -> None:
    found = parse_repository_url(text)
    if found is None:
        return
    host, name = found
    assert is_repository_name(name)
    try:
        there = choose_host({}, remote=host)
    except WrongHost:
        return
    assert there.origin.scheme == "https"
    assert there.origin.host == "api.github.com" or there.origin.host.endswith(".ghe.com")


@given(
    st.sampled_from(["https://", "ssh://", "git@", "http://", ""]),
    st.text("github.comevl@:/\\#?[]%2", max_size=30),
    st.sampled_from([":", "/", ":443/", ":99999/"]),
)
def test_what_looks_like_github_and_is_not_leads_nowhere(scheme: str, middle: str, end: str) -> None:
    found = parse_repository_url(f"{scheme}{middle}{end}acme/infra")
    if found is not None and found[0] != "github.com" and not found[0].endswith(".ghe.com"):
        with pytest.raises(WrongHost):
            choose_host({}, remote=found[0])


def test_a_token_knows_its_host_and_hides_itself() -> None:
    token = Connector({"GITHUB_TOKEN": COMMON}).token_for("acme/infra")
    assert isinstance(token, Token)
    assert token.host.origin == Origin("https", "api.github.com", 443)
    assert COMMON not in repr(token)
