"""Serve the stand-in, or act as a person on one that serves.

python -m tests.hub --repo DIR[=OWNER/NAME]   print the variables of GitHub Actions as shell lines, and serve
python -m tests.hub close 3                   act as a person: close, merge, comment, push, …
python -m tests.hub show 3                    print a pull request's title and text
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

from tests.hub.hub import Hub
from tests.hub.limits import Limits
from tests.hub.people import ACTIONS
from tests.hub.server import Server

SEEN = ("log", "show", "state")
"""What can be looked at: every request, a pull request, what went wrong."""


def folder(path: Path) -> dict[str, bytes | tuple[int, bytes]]:
    """The files of a folder with their modes: those that git tracks, or all where it isn't a repository."""
    words = ["git", "-C", str(path), "ls-files", "-z"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    names = [name for name in done.stdout.split("\0") if name]
    if not names:
        found = (each for each in path.rglob("*") if each.is_file() and ".git" not in each.parts)
        names = [each.relative_to(path).as_posix() for each in found]
    return {
        name: _file(path / name) for name in names if (path / name).is_file() or (path / name).is_symlink()
    }


def _file(path: Path) -> tuple[int, bytes]:
    if path.is_symlink():
        return 0o120000, os.fsencode(path.readlink())
    return (0o100755 if path.stat().st_mode & 0o100 else 0o100644), path.read_bytes()


def serve(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    with tempfile.TemporaryDirectory() as root:
        hub = Hub(Path(root), limits=Limits(on=not options.no_limits))
        names = []
        for text in options.repo:
            source, _, name = text.partition("=")
            names.append(name or f"acme/{Path(source).resolve().name}")
            hub.add_repo(names[-1], folder(Path(source)))
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        token = hub.actions_token(names[0])
        with Server(hub, options.port, enterprise=options.enterprise) as server:
            said = server.environment(token, names[0])
            said["HUB_PATH"] = str(hub.repo(names[0]).store.path)
            lines = [f"export {name}={shlex.quote(value)}" for name, value in said.items()]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            stop.wait()
        for problem in (*hub.violations, *hub.defects):
            sys.stderr.write(f"{problem}\n")


def act(action: str, words: list[str]) -> None:
    """Let a person do something: words are a number, a branch, or name=value (JSON where it is JSON)."""
    said: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            name, value = ("number" if word.isdigit() else "branch"), word
        try:
            said[name] = json.loads(value)
        except ValueError:
            said[name] = value
    said.setdefault("repository", os.environ["GITHUB_REPOSITORY"])
    path = f"show/{words[0]}" if action == "show" else action if action in SEEN else f"person/{action}"
    address = f"{os.environ['GITHUB_SERVER_URL']}/-/{path}"
    request = urllib.request.Request(address, json.dumps(said).encode(), method="POST")  # noqa: S310 - our own port
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own port
        told = answer.read().decode()
    if action == "show":
        shown = json.loads(told)
        told = f"{shown['title']}\n\n{shown['body']}"
    sys.stdout.write(f"{told}\n")


def main() -> None:
    """Read the command line."""
    if len(sys.argv) > 1 and sys.argv[1] in (*ACTIONS, *SEEN):
        act(sys.argv[1], sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        prog="python -m tests.hub", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--repo", action="append", required=True, metavar="DIR[=OWNER/NAME]")
    parser.add_argument("--enterprise", action="store_true", help="serve below /api/v3 and /api/graphql")
    parser.add_argument("--no-limits", action="store_true", help="count requests, but never refuse")
    serve(parser.parse_args())


if __name__ == "__main__":
    main()
