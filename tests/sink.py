"""A machine that pretends to be every other: all names lead to it, and it keeps what comes."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EMPTY = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
)


@dataclass
class Sink:
    """What came in: for each request the name or address that was looked for, and its text.

    `answers` are sent one after another, then 404. `asked` are the names and ports that were looked up.
    """

    port: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def shown_to(self, *secrets: str) -> set[str]:
        """The hosts that were shown one of these."""
        return {host for host, text in self.requests if any(secret in text for secret in secrets)}

    @property
    def reached(self) -> set[str]:
        """The hosts that anything was sent to."""
        return {host for host, _ in self.requests} | {f"{host}:{port}" for host, port in self.asked}


def redirect(to: str, status: int = 301) -> bytes:
    """An answer that leads elsewhere."""
    return (
        f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nConnection: close\r\n\r\n{}"
    ).encode()


def _authority(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    """A certificate that is its own authority, for these names, and it together with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown = made.public_bytes(serialization.Encoding.PEM)
    hidden = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    alone, both = folder / "sink.pem", folder / "sink-both.pem"
    alone.write_bytes(shown)
    both.write_bytes(shown + hidden)
    return alone, both


def _serve(sink: Sink, connection: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError), connection:
        connection.settimeout(60)
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS handshake
            with context.wrap_socket(connection, server_side=True) as inside:
                _answer(sink, inside, "https://")
        else:
            _answer(sink, connection, "http://")


def _answer(sink: Sink, there: socket.socket, scheme: str) -> None:
    data = b""
    while b"\r\n\r\n" not in data and (more := there.recv(65536)):
        data += more
    text = data.decode("latin-1")
    hosts = [line[6:] for line in text.split("\r\n") if line.lower().startswith("host: ")]
    sink.requests.append((f"{scheme}{hosts[0] if hosts else '?'}", text))
    there.sendall(sink.answers.pop(0) if sink.answers else EMPTY)


@contextmanager
def sink_for(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[Sink]:
    """All that this process looks up leads to the sink, which has a certificate for these names."""
    alone, both = _authority(folder, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(alone))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    listener = socket.create_server(("127.0.0.1", 0))
    made = Sink(listener.getsockname()[1])
    real = socket.getaddrinfo

    def looked_up(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        made.asked.append((str(host), int(port or 0)))
        return real("127.0.0.1", made.port, socket.AF_INET, socket.SOCK_STREAM)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(made, connection, context), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    try:
        yield made
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # a thread that waits in accept would wait for ever
        listener.close()
        thread.join()
