"""What is written into a pull request and its commit for the next run: identity without a database.

The mark is an HTML comment at the end of the body. The seal is a line of the commit's message: a digest of
the commit's tree, its parent and the rest of its message, so that a commit which somebody amended, rebased or
added to is known not to be ours, whoever ran fixbot with whatever token.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fixbot.model.findings import FileEdits

_BEGIN: Final = "<!-- fixbot {"
_END: Final = "} -->"
_SEAL = re.compile(r"^Fixbot-Seal: ([0-9a-f]{32})$", re.MULTILINE)
_PART = re.compile(r"^Fixbot-Part: (\d{1,3})/(\d{1,3})$", re.MULTILINE)
_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)", re.MULTILINE)
_SAYS: Final = ("diff --git ", "+", "-")
_MOST_PATHS: Final = 40
_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class StateBlock:
    """What one run tells the next about a pull request.

    `findings` are ids; `paths` the files that it changes or that its findings stand in, empty where they are
    too many. `head` is the commit that was put on the branch. `patch` names what the fix says, `files` the
    contents that it was made for, `title` and `body` the texts as they were written: all are digests.
    `closed` is why fixbot itself closed it, `until` the last day of a no that ends, `bare` why it has no
    labels. `did` is the last comment whose wish was carried out.
    `rule` is empty where it holds `rules`; `group` is the setting that gathered it, empty before there were
    topics. `parts` are its commits, each an id and the places of its findings in `findings`. `nos` are
    findings that somebody said no to, taken out since: an id and perhaps the last day of the no.
    `spends` is whose weekly budget it was opened from: an owner, `*` for the repository, `-` for nobody.
    `sources` are digests of findings from outside that it resolves.
    """

    key: str
    rule: str
    findings: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    head: str = ""
    patch: str = ""
    files: str = ""
    title: str = ""
    body: str = ""
    closed: str = ""
    until: str = ""
    bare: str = ""
    did: int = 0
    topic: str = ""
    group: str = ""
    rules: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    nos: tuple[str, ...] = ()
    spends: str = ""
    sources: tuple[str, ...] = ()

    @property
    def every_rule(self) -> tuple[str, ...]:
        """The rules whose findings it holds."""
        return self.rules or ((self.rule,) if self.rule else ())

    @property
    def commits(self) -> dict[str, tuple[str, ...]]:
        """The findings of each commit, by the commit's id; empty for one that an older version wrote."""
        found: dict[str, tuple[str, ...]] = {}
        for part in self.parts:
            name, *places = part.split(" ")
            at = [int(each) for each in places if each.isdecimal()]
            found[name] = tuple(self.findings[each] for each in at if each < len(self.findings))
        return found

    @property
    def refused(self) -> dict[str, str]:
        """The last day of the no to each finding that was taken out, empty where it does not end."""
        rows = (each.partition(" ") for each in self.nos)
        return {finding: until for finding, _, until in rows}

    def __str__(self) -> str:
        """The comment, on one line, whatever the names of files hold."""
        said = {name: value for name, value in asdict(self).items() if value or name == "rule"}
        if len(self.paths) > _MOST_PATHS:
            del said["paths"]
        text = json.dumps(said, separators=(",", ":"), ensure_ascii=True)
        return (
            "<!-- fixbot "
            + text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
            + " -->"
        )


def read_state_block(body: str) -> StateBlock | None:
    """The last mark in a body, None where there is none or somebody changed its form."""
    body = body.replace("\r\n", "\n")
    found = [body[begin + len(_BEGIN) - 1 : end - len(_END) + 1] for begin, end in _find_state_blocks(body)]
    try:
        data = json.loads(found[-1]) if found else None
        return _parse_state_block(data) if isinstance(data, dict) else None
    except (ValueError, TypeError, RecursionError):
        return None


def _find_state_blocks(body: str) -> Iterator[tuple[int, int]]:
    """Where each mark begins and ends; it stands on one line. Every character is looked at once or twice."""
    line = 0
    while line < len(body):
        stop = body.find("\n", line)
        stop = len(body) if stop < 0 else stop
        begin = body.find(_BEGIN, line, stop)
        while begin >= 0 and (end := body.find(_END, begin + len(_BEGIN), stop)) >= 0:
            yield begin, end + len(_END)
            begin = body.find(_BEGIN, end + len(_END), stop)
        line = stop + 1


def _strip_state_blocks(body: str) -> str:
    """The body without marks and the empty lines before them."""
    parts, at = [], 0
    for begin, end in _find_state_blocks(body):
        parts.append(body[at:begin].rstrip("\n"))
        at = end
    return "".join([*parts, body[at:]])


def _parse_state_block(data: Mapping[str, Any]) -> StateBlock | None:
    texts = {
        name: data.get(name, "")
        for name in (
            "head",
            "patch",
            "files",
            "title",
            "body",
            "closed",
            "until",
            "bare",
            "topic",
            "group",
            "spends",
        )
    }
    lists = {name: data.get(name, []) for name in ("findings", "paths", "rules", "parts", "nos", "sources")}
    did = data.get("did", 0)
    right = (
        all(isinstance(value, str) for value in (data.get("key"), data.get("rule"), *texts.values()))
        and all(isinstance(v, list) and all(isinstance(each, str) for each in v) for v in lists.values())
        and isinstance(did, int)
    )
    if not right:
        return None
    many: Any = {name: tuple(value) for name, value in lists.items()}
    return StateBlock(data["key"], data["rule"], did=did, **texts, **many)


def remove_state_blocks(body: str) -> str:
    """A body without marks, as a person sees it; line ends and blanks at its end don't count."""
    return _strip_state_blocks(body.replace("\r\n", "\n")).rstrip()


def replace_state_block(body: str, mark: StateBlock) -> str:
    """The same body with that mark in the place of any other: nobody's words change."""
    kept = _strip_state_blocks(body).rstrip()
    return f"{kept}\n\n{mark}" if kept else str(mark)


def digest_text(text: str) -> str:
    """Names a title or body, to know whether a person changed it."""
    return _compute_digest([remove_state_blocks(text)])


def edits_digest(files: Iterable[FileEdits]) -> str:
    """Names what a fix says, by what it writes into each file, wherever that stands.

    What it takes away is not in it: that may be a secret.
    """
    said = ((file.path, edit.end > edit.start, edit.text) for file in files for edit in file.edits)
    return _compute_digest([json.dumps(each) for each in said])


def digest_patch(diff: str) -> str:
    """The same by a masked diff: each file's added and removed lines, not their places.

    For fixes that write what is hidden, and as it was before fixbot 0.2.
    """
    lines = diff.split("\n")
    kept = [each for each in lines if each.startswith(_SAYS) and not each.startswith(("+++ ", "--- "))]
    return _compute_digest(kept)


def digest_files(blobs: Mapping[str, str]) -> str:
    """Names the contents that a fix was made for, from Git's own hashes by path."""
    return _compute_digest([f"{path}\0{blob}" for path, blob in sorted(blobs.items())])


def digest_sources(names: Iterable[str]) -> tuple[str, ...]:
    """Names findings from outside, whose ids may be long and say an account; the first hundred of them."""
    return tuple(_compute_digest([name]) for name in islice(names, 100))


def seal_message(message: str, tree: str, parent: str) -> str:
    """The message with its seal as the last trailer; the same message for the same commit."""
    bare = message.rstrip("\n")
    return f"{bare}\nFixbot-Seal: {_compute_seal(bare, tree, parent)}\n"


def is_sealed(message: str, tree: str, parents: Iterable[str]) -> bool:
    """Whether a commit is just what fixbot made: nothing in it, below it or said of it was changed."""
    parents = list(parents)
    found = _SEAL.search(message)
    if found is None or len(parents) != 1:
        return False
    bare = (message[: found.start()] + message[found.end() :]).rstrip("\n")
    return found[1] == _compute_seal(bare, tree, parents[0])


def part_of_message(message: str) -> tuple[int, int]:
    """Which of how many commits a message of ours says that it is: 1 of 1 where it does not say."""
    found = _PART.search(message)
    return (int(found[1]), int(found[2])) if found else (1, 1)


def parts_named(message: str) -> tuple[int, ...]:
    """The numbers of our commits that a message names, as one does that somebody rebased or squashed."""
    return tuple(int(found[1]) for found in _PART.finditer(message))


def find_reverted(message: str) -> tuple[str, ...]:
    """The commits that a message says it reverts, as git and GitHub word it."""
    return tuple(_REVERTS.findall(message))


def _compute_seal(bare: str, tree: str, parent: str) -> str:
    words = " ".join(bare.split())
    return _compute_digest([words, tree, parent], 32)


def _compute_digest(parts: Iterable[str], length: int = _LENGTH) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:length]
