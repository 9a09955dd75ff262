"""Which GitHub is meant, and by whom: only a host that the user names, and github.com, may get a token.

A checkout's remotes are a stranger's words. They may say which repository of github.com or of a
data-residency host (SUBDOMAIN.ghe.com) this is; any other server is talked to only where the user's own
environment or command line names it. Addresses are built from names that fit a pattern, never taken over
from a remote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fixbot.network.addresses import Origin, is_host, is_loopback, split_address
from fixbot.publish.github.github_errors import WrongHost

PUBLIC: Final = "github.com"
SERVER_VARIABLES: Final = ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL")
"""What GitHub Actions says of the server that a workflow runs on. Source: its "Variables reference"."""
HOST_VARIABLE: Final = "GH_HOST"
"""As the command line `gh` has it. Source: `gh help environment`."""
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_RESIDENT = re.compile(rf"{_LABEL}\.ghe\.com")
_SCP = re.compile(r"(?:[\w.-]{1,64}@)?(?P<host>[^@:/\s\[\]]{1,253}):(?P<path>[^:]{1,300})", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}/(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")
_ALSO: Final = {"ssh.github.com": PUBLIC, "www.github.com": PUBLIC}
"""Other names of github.com in remotes. Source: "Using SSH over the HTTPS port", docs.github.com."""


@dataclass(frozen=True, slots=True)
class GitHubHost:
    """One GitHub. `api`, `graphql` and `web` are addresses without a slash at the end.

    `named_by` is the variable or option by which the user named it, empty for github.com and data-residency
    hosts that a remote or nobody named.
    """

    api: str = "https://api.github.com"
    graphql: str = "https://api.github.com/graphql"
    web: str = "https://github.com"
    named_by: str = ""

    @property
    def host_name(self) -> str:
        """What people call it: the host of its pages."""
        return urlsplit(self.web).hostname or ""

    @property
    def origin(self) -> Origin:
        """Where its API is. Raises WrongHost."""
        return parse_origin(self.api, "the API's address")

    @property
    def origins(self) -> frozenset[Origin]:
        """All that a token for it may be sent to: two only where the user names one for GraphQL alone."""
        return frozenset((self.origin, parse_origin(self.graphql, "GraphQL's address")))

    @property
    def is_public(self) -> bool:
        """Whether it is run by GitHub for everyone: github.com, or a data-residency host."""
        api = self.origin
        whose = api.host.removeprefix("api.")
        return api == Origin("https", f"api.{whose}", 443) and is_public(whose)


def is_public(name: str) -> bool:
    """Whether that is the name of a host which GitHub runs for everyone, exactly."""
    return name == PUBLIC or _RESIDENT.fullmatch(name) is not None


def parse_origin(address: str, what: str) -> Origin:
    """Where an address leads, if a token may be sent there; `what` says where the address comes from.

    Raises WrongHost for what is no address, holds a name or password, or is neither encrypted nor loopback.
    """
    parts = split_address(address)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise WrongHost(f"{what} is no address of a server; it begins with https://")
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc:
        raise WrongHost(f"{what} holds a user's name or password; leave that out")
    if not is_host(host):
        raise WrongHost(f"{what} names no host: write it in ASCII, such as git.example.com")
    if parts.scheme == "http" and not is_loopback(host):
        raise WrongHost(f"{what} begins with http://, and a token is sent encrypted only; write https://")
    return Origin(parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80))


def choose_host(environment: Mapping[str, str], option: str = "", remote: str = "") -> GitHubHost:
    """The GitHub that is meant: by option, GH_HOST, the variables of Actions, the remote, else github.com.

    `remote` is the host that a checkout's remote names, or empty. Raises WrongHost where that is another
    one than the user names, or one that nobody but the remote names.
    """
    named = _find_named_host(environment, option)
    if named is None:
        if remote and not is_public(remote):
            raise WrongHost(
                f"the remote `origin` leads to {_printable_host(remote)}, a host that only the "
                "checkout names, so no "
                f"token is sent there; if it is your GitHub, set {HOST_VARIABLE} to it (and "
                "GH_ENTERPRISE_TOKEN), else set GITHUB_REPOSITORY to OWNER/NAME on github.com"
            )
        return _public_host(remote or PUBLIC, "")
    if remote and remote != named.host_name:
        raise WrongHost(
            f"the remote `origin` leads to {_printable_host(remote)}, and {named.named_by} names "
            f"{named.host_name}; "
            "set GITHUB_REPOSITORY to OWNER/NAME there"
        )
    return named


def _printable_host(host: str) -> str:
    return host if is_host(host) else "another host"


def _find_named_host(environment: Mapping[str, str], option: str) -> GitHubHost | None:
    """The host that the user names; None where nobody does."""
    of_actions = read_actions_host(environment)
    for word, by in ((option, "--host"), (environment.get(HOST_VARIABLE, "").strip(), HOST_VARIABLE)):
        if word:
            wanted = _parse_host_word(word, by)
            same = of_actions is not None and of_actions.host_name == wanted.host_name
            return of_actions if same else wanted
    return of_actions


def _parse_host_word(word: str, by: str) -> GitHubHost:
    """The host of `git.example.com`, with a port or as a whole address too."""
    if "://" not in word:
        parts = split_address(f"https://{word}")
        here = parts is not None and is_loopback(parts.hostname or "")
        word = f"{'http' if here else 'https'}://{word}"
    address = word.rstrip("/")
    origin = parse_origin(address, by)
    if origin in {Origin("https", name, 443) for name in ("api.github.com", *_ALSO)}:
        return _public_host(PUBLIC, by)
    if urlsplit(address).path or urlsplit(address).query or urlsplit(address).fragment:
        raise WrongHost(f"{by} names a host alone, such as git.example.com, and no path")
    if is_public(origin.host) and origin == Origin("https", origin.host, 443):
        return _public_host(origin.host, by)
    return GitHubHost(f"{origin}/api/v3", f"{origin}/api/graphql", str(origin), by)


def _public_host(name: str, by: str) -> GitHubHost:
    """A host that GitHub runs for everyone. Source: "Getting started with the REST API", docs.github.com."""
    return GitHubHost(f"https://api.{name}", f"https://api.{name}/graphql", f"https://{name}", by)


def read_actions_host(environment: Mapping[str, str]) -> GitHubHost | None:
    """The host that the variables of Actions name; None where there are none. Raises WrongHost.

    GitHub Enterprise Server has its API below /api; data-residency hosts have a host of their own for it.
    """
    web, api, graphql = (environment.get(name, "").strip().rstrip("/") for name in SERVER_VARIABLES)
    if not (web or api or graphql):
        return None
    by = next(name for name in SERVER_VARIABLES if environment.get(name, "").strip())
    if web:
        there = _parse_host_word(web, SERVER_VARIABLES[0])
    elif api:
        there = _host_of_api(api)
    else:
        there = _public_host(PUBLIC, by)
    api = api or there.api
    parse_origin(api, SERVER_VARIABLES[1])
    graphql = graphql or (
        f"{api.removesuffix('/v3')}/graphql" if api.endswith("/api/v3") else f"{api}/graphql"
    )
    parse_origin(graphql, SERVER_VARIABLES[2])
    return GitHubHost(api, graphql, there.web, by)


def _host_of_api(api: str) -> GitHubHost:
    """The host whose API is there."""
    origin = parse_origin(api, SERVER_VARIABLES[1])
    whose = origin.host.removeprefix("api.")
    if is_public(whose) and origin == Origin("https", f"api.{whose}", 443):
        return _public_host(whose, SERVER_VARIABLES[1])
    return _parse_host_word(str(origin), SERVER_VARIABLES[1])


def parse_repository_url(remote: str) -> tuple[str, str] | None:
    """The host and OWNER/NAME that a Git remote's URL names; None for no such URL.

    Nothing is sent there for the remote's word alone: see `choose_host`.
    """
    found = split_remote(remote)
    return found if found is not None and is_repository_name(found[1]) else None


def split_remote(remote: str) -> tuple[str, str] | None:
    """The host, in lower case and without a port, and the path that a Git remote's URL names."""
    if "://" in remote:
        parts = split_address(remote)
        if parts is None or parts.scheme not in {"http", "https", "ssh", "git+ssh", "git"}:
            return None
        if parts.query or parts.fragment:
            return None
        host, path = (parts.hostname or "").lower(), parts.path
        usual = {"https": {None, 443}, "http": {None, 80}}.get(parts.scheme)
        if usual is not None and parts.port not in usual and is_public(host):
            return None  # whoever answers there is not GitHub's web server
    else:
        found = _SCP.fullmatch(remote)
        if found is None:
            return None
        host, path = found["host"].lower(), found["path"]
    return _ALSO.get(host, host), path.strip("/").removesuffix(".git")


def is_repository_name(name: str) -> bool:
    """Whether that is OWNER/NAME."""
    return _NAME.fullmatch(name) is not None
