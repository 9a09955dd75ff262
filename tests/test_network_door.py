"""The door to the network: where a request goes, where it does not, and how much of an answer is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.network.addresses import is_for_everyone
from fixbot.network.door import NamedBy, NetworkDoor, RequestRefused, WebRequest
from tests.sink import Sink, redirect, sink_for

TOKEN = {"Authorization": "Bearer wren-7Qz-canary"}
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink_for(tmp_path, monkeypatch, "registry.example", "cdn.example") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "sink.pem"))
        yield made


def ask(address: str, named_by: NamedBy = "user", **more: object) -> WebRequest:
    return WebRequest(address, named_by, **more)  # type: ignore[arg-type]


def test_an_answer_is_taken_over_tls_from_the_host_by_its_name(sink: Sink) -> None:
    sink.answers.append(BODY)
    answer = NetworkDoor().send_request(ask("https://registry.example/v2/?n=1", headers=TOKEN))
    assert (answer.status, answer.data) == (200, b"hello")
    ((host, text),) = sink.requests
    assert host == "https://registry.example"
    assert text.startswith("GET /v2/?n=1 HTTP/1.1\r\n")
    assert "wren-7Qz-canary" in text


def test_a_certificate_of_another_host_ends_it(sink: Sink) -> None:
    with pytest.raises(RequestRefused, match=r"other\.example: its certificate"):
        NetworkDoor().send_request(ask("https://other.example/"))
    assert sink.requests == []


def test_a_redirect_to_another_host_is_followed_without_the_header_that_says_who_asks(sink: Sink) -> None:
    sink.answers += [redirect("https://cdn.example/blob", 307), BODY]
    door = NetworkDoor()
    with pytest.raises(RequestRefused, match=r"cdn\.example is no public host"):
        door.send_request(ask("https://registry.example/v2/", headers=TOKEN))
    sink.answers[:] = [redirect("http://127.0.0.1/blob", 307), BODY]
    answer = door.send_request(ask("http://localhost/v2/", headers=TOKEN))
    assert answer.data == b"hello"
    assert sink.shown_to("wren-7Qz-canary") == {"https://registry.example", "http://localhost"}


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("http://registry.example/", "this very machine alone"),
        ("http://127.0.0.1/", "from https to http"),
        ("https://x@registry.example/", "name or password"),
        ("ftp://registry.example/", "no address"),
        ("https://registry.example/again", "redirects more than 5 times"),
    ],
)
def test_a_redirect_is_looked_at_like_the_first_address(to: str, said: str, sink: Sink) -> None:
    sink.answers += [redirect(to, 302)] * 8
    with pytest.raises(RequestRefused, match=said):
        NetworkDoor().send_request(ask("https://registry.example/"))


def test_what_a_file_names_must_be_public_whatever_it_resolves_to(sink: Sink) -> None:
    for found in (
        ["127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a00:1"],
    ):
        door = NetworkDoor(resolve=lambda *_, found=found: found)
        with pytest.raises(RequestRefused, match=r"registry\.example is no public host"):
            door.send_request(ask("https://registry.example/v2/", "file", headers=TOKEN))
    assert sink.requests == []


@pytest.mark.parametrize(
    "address",
    ["http://registry.example/", "https://", "registry.example", "https://u:p@registry.example/", "file:///etc/passwd",
     "https://registry.example:99999/", "https://registry.example/ a", "https://regist\u0440y.example/",
     "http://169.254.169.254/latest/meta-data", "https://[::1/", "gopher://registry.example/"],
)  # fmt: skip
def test_these_addresses_are_asked_nothing(address: str, sink: Sink) -> None:
    with pytest.raises(RequestRefused) as caught:
        NetworkDoor().send_request(ask(address))
    assert "meta-data" not in str(caught.value)
    assert sink.requests == []


def test_sizes_lengths_and_digests_are_bounds(sink: Sink) -> None:
    address, digest = "https://registry.example/b", f"sha256:{hashlib.sha256(b'hello').hexdigest()}"
    sink.answers += [BODY, BODY, BODY, BODY.replace(b"5", b"9")]
    assert NetworkDoor().send_request(ask(address, digest=digest, most_bytes=5)).data == b"hello"
    with pytest.raises(RequestRefused, match="more than 4 bytes"):
        NetworkDoor().send_request(ask(address, most_bytes=4))
    with pytest.raises(RequestRefused, match="another digest"):
        NetworkDoor().send_request(ask(address, digest="sha256:00"))
    with pytest.raises(RequestRefused, match=r"cut short|no answer"):
        NetworkDoor().send_request(ask(address))


def test_all_of_it_has_one_time(sink: Sink) -> None:
    ticks = iter(range(0, 1000, 7))
    sink.answers += [redirect("https://registry.example/again", 302)] * 8
    with pytest.raises(RequestRefused, match=r"registry\.example takes too long"):
        NetworkDoor(clock=lambda: float(next(ticks))).send_request(ask("https://registry.example/"))


def test_the_proxy_of_the_environment_is_told_an_address_where_a_file_names_the_host(sink: Sink) -> None:
    ways = {"HTTPS_PROXY": "http://me:secret@proxy.example:3128"}
    for named_by, told in (("file", "93.184.216.34:443"), ("user", "registry.example:443")):
        door = NetworkDoor(ways, resolve=lambda *_: ["93.184.216.34"])
        with pytest.raises(RequestRefused):
            door.send_request(ask("https://registry.example/", named_by, headers=TOKEN))  # type: ignore[arg-type]
        assert f"CONNECT {told} " in sink.requests[-1][1]
        assert "Basic bWU6c2VjcmV0" in sink.requests[-1][1]
    assert sink.shown_to("wren-7Qz-canary") == set()
    sink.requests.clear()
    sink.answers.append(BODY)
    NetworkDoor({**ways, "NO_PROXY": "registry.example"}).send_request(ask("https://registry.example/"))
    assert sink.requests[0][0] == "https://registry.example"


@given(st.ip_addresses(v=4))
def test_an_address_inside_of_another_is_judged_like_itself(inner: object) -> None:
    public = is_for_everyone(str(inner))
    assert is_for_everyone(f"::ffff:{inner}") == public
    assert is_for_everyone(f"64:ff9b::{inner}") == public
