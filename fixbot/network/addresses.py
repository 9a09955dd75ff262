"""Addresses of servers: what is one, where it leads, and whether that is a place for everyone."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""IPv6 addresses whose end is the IPv4 address that a gateway sends to. Source: RFC 6052."""


class Origin(NamedTuple):
    """Where a request goes: what a token is bound to. `host` is in lower case, IPv6 without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """As in an address, without the port that its scheme has anyway."""
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{self.host_in_address}" + ("" if usual else f":{self.port}")

    @property
    def host_in_address(self) -> str:
        """The host with the brackets that an IPv6 address needs."""
        return f"[{self.host}]" if ":" in self.host else self.host


def split_address(address: str) -> SplitResult | None:
    """An address in its parts; None where it is none: odd characters, brackets, an impossible port."""
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # only read to see that it can be one
    except ValueError:
        return None
    return parts if parts.hostname else None


def is_host(host: str) -> bool:
    """Whether that can be a host: a name in ASCII and lower case, or an address."""
    return _HOST.fullmatch(host) is not None or is_ip_address(host)


def is_ip_address(host: str) -> bool:
    """Whether a host is named by its address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether it is this machine by its very spelling; a name that merely resolves to it is not."""
    return host == "localhost" or (is_ip_address(host) and ip_address(host).is_loopback)


def is_for_everyone(address: str) -> bool:
    """Whether an IP address is a public one, by what it leads to: IPv4 addresses inside of IPv6 count.

    Raises ValueError for what is no address.
    """
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _TRANSLATED:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast
