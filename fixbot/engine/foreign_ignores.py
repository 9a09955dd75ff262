"""What people told other scanners to leave alone counts here as well, with the reason that they gave.

In comments: `checkov:skip=ID:reason` (bridgecrew too) inside of a block or an object, `trivy:ignore:ID` and
`tfsec:ignore:ID` there or right above. In annotations of Kubernetes objects and pods: checkov's
(`checkov.io/skip1: ID=reason`), kube-linter's (`ignore-check.kube-linter.io/CHECK: reason`) and polaris'
(`polaris.fairwinds.com/CHECK-exempt: "true"`). In a CloudFormation resource's Metadata: `checkov.skip`,
`cfn_nag` and `cdk_nag` `rules_to_suppress`, `guard.SuppressedRules`. Each tool's own documentation says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from fixbot.edit.tree import Node, NodeKind
from fixbot.settings.suppressions import NO_REASON
from fixbot.source.document import find_comments
from fixbot.text.kinds import normalize_check

if TYPE_CHECKING:
    from fixbot.engine.detect import Detection
    from fixbot.source.document import Document

_ANY: Final = re.compile(
    r"(?:checkov|bridgecrew):skip=|(?:trivy|tfsec):ignore:|(?:checkov|kube-linter)\.io/|polaris\.fairwinds\.com/"
    r"|rules_to_suppress|SuppressedRules|[\"']?checkov[\"']?\s*:"
)
"""What every text holds that says something to another tool."""
_WORDS: Final = (
    *("checkov", "bridgecrew", "trivy:ignore:", "tfsec:ignore:", "kube-linter.io/", "polaris.fairwinds.com/"),
    *("rules_to_suppress", "SuppressedRules"),
)
"""One of these stands in all of that."""
_COMMENT: Final = re.compile(
    r"(?:#+|//+|/\*+)\s*(?:(?P<skip>checkov|bridgecrew):skip=(?P<ids>[\w,-]{1,400})(?::(?P<reason>[^\r\n]{0,400}))?"
    r"|(?P<ignore>trivy|tfsec):ignore:(?P<id>[\w:-]{1,80}))"
)
_CHECKOV: Final = re.compile(r"checkov\.io/skip\d{0,4}")
_KUBE_LINTER: Final = "ignore-check.kube-linter.io/"
_POLARIS: Final = re.compile(r"polaris\.fairwinds\.com/(?:([\w-]{1,100})-)?exempt")
_LIBRARIES: Final = {"cfn_nag": "cfn-nag", "cdk_nag": "cdk-nag"}
_OF_OBJECTS: Final = frozenset(("kind", "spec"))
"""One of these is in an object of Kubernetes, and in what pods are made from; in nothing inside of them."""
_LONGEST: Final = 400
"""Characters of a reason that are kept."""


class ForeignIgnore(NamedTuple):
    """That somebody told a tool to leave a check alone; a check of `*` is every one of that tool."""

    tool: str
    check: str
    reason: str


class ForeignIgnores:
    """What other tools were told, in the files of a part. Each file's comments are found once."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._comments: dict[str, list[tuple[int, int]]] = {}
        self._says: dict[str, bool] = {}

    def find_reason(self, problem: Detection) -> str | None:
        """Why a finding is left alone: who was told so, and the reason. None where nobody was told."""
        document, peers = self._documents.get(problem.path), problem.fixer.peers
        if document is None or not peers or not self._may_say(document):
            return None
        here = [node for node in problem.around if node.root_node.source == problem.path]
        for said in (*_read_nodes(here), *self._read_comments(here, document)):
            if any(_is_same(said.check, each) for each in peers.get(said.tool, ())):
                which = said.check if said.check != "*" else "everything"
                return f"{said.tool} was told to leave {which} alone here: {said.reason or NO_REASON}"
        return None

    def _may_say(self, document: Document) -> bool:
        if document.path not in self._says:
            text = document.text
            told = any(word in text for word in _WORDS)
            self._says[document.path] = told and _ANY.search(text) is not None
        return self._says[document.path]

    def _read_comments(self, nodes: Sequence[Node], document: Document) -> Iterator[ForeignIgnore]:
        if not nodes:
            return
        text = document.text
        if document.path not in self._comments:
            spans = find_comments(document.path, text)
            self._comments[document.path] = [span for span in spans if _COMMENT.match(text, *span)]
        widest = max(nodes, key=lambda node: node.end - node.start)
        entries = widest.parent.entries if widest.parent is not None else ()
        keys = (entry.key_start for entry in entries if entry.value is widest)
        start = _find_comment_start(text, min((widest.start, *keys)))
        for begin, end in self._comments[document.path]:
            if start <= begin < widest.end and (found := _COMMENT.match(text, begin, end)):
                yield from _read_comment(found)


def _read_comment(found: re.Match[str]) -> Iterator[ForeignIgnore]:
    if found["skip"]:
        reason = (found["reason"] or "").split("*/", 1)[0].strip()
        yield from (ForeignIgnore("checkov", each, reason) for each in found["ids"].split(","))
    else:
        # tfsec's names of checks (`aws-iam-no-policy-wildcards`) are read by trivy too.
        yield ForeignIgnore("trivy", found["id"].split(":", 1)[0], "")


def _is_same(said: str, check: str) -> bool:
    return said == "*" or normalize_check(said) == normalize_check(check)


def _find_comment_start(text: str, start: int) -> int:
    """Where the comment lines right above a node begin."""
    line = text.rfind("\n", 0, start) + 1
    while line:
        above = text.rfind("\n", 0, line - 1) + 1
        if text[above:line].lstrip()[:1] not in ("#", "/"):
            break
        line = above
    return line


def _read_nodes(nodes: Sequence[Node]) -> Iterator[ForeignIgnore]:
    for holder in dict.fromkeys(each for node in nodes for each in (node, node.parent) if each is not None):
        keys = {entry.key for entry in holder.entries} if holder.kind is NodeKind.MAP else frozenset()
        if keys & _OF_OBJECTS:
            annotations = holder.find_node("metadata", "annotations")
            if annotations is not None and annotations.kind is NodeKind.MAP:
                yield from _read_annotations(_read_texts(annotations))
        if "Type" in keys:
            yield from _read_metadata(holder)


def _read_texts(node: Node) -> Mapping[str, str]:
    return {
        entry.key: str(entry.value.value)
        for entry in node.entries
        if entry.key is not None and entry.value.kind is NodeKind.SCALAR
    }


def _read_annotations(annotations: Mapping[str, str]) -> Iterator[ForeignIgnore]:
    for key, value in annotations.items():
        if _CHECKOV.fullmatch(key):
            check, _, reason = value.partition("=")
            yield ForeignIgnore("checkov", check.strip(), reason.strip()[:_LONGEST])
        elif key.startswith(_KUBE_LINTER):
            yield ForeignIgnore("kube-linter", key.removeprefix(_KUBE_LINTER), value.strip()[:_LONGEST])
        elif key == "kube-linter.io/ignore-all":
            yield ForeignIgnore("kube-linter", "*", value.strip()[:_LONGEST])
        elif (found := _POLARIS.fullmatch(key)) and value.strip().lower() == "true":
            yield ForeignIgnore("polaris", found[1] or "*", "")


def _read_metadata(resource: Node) -> Iterator[ForeignIgnore]:
    """What the Metadata of a CloudFormation resource say."""
    for key, tool in _LIBRARIES.items():
        yield from _read_rows(resource.find_node("Metadata", key, "rules_to_suppress"), tool, "reason")
    yield from _read_rows(resource.find_node("Metadata", "checkov", "skip"), "checkov", "comment")
    suppressed = resource.find_node("Metadata", "guard", "SuppressedRules")
    if suppressed is not None and suppressed.kind is NodeKind.LIST:
        names = (item.value for item in suppressed.items if item.kind is NodeKind.SCALAR)
        yield from (ForeignIgnore("cfn-guard", str(name), "") for name in names)


def _read_rows(listed: Node | None, tool: str, reason: str) -> Iterator[ForeignIgnore]:
    for item in listed.items if listed is not None and listed.kind is NodeKind.LIST else ():
        row = _read_texts(item) if item.kind is NodeKind.MAP else {}
        if row.get("id"):
            yield ForeignIgnore(tool, row["id"], row.get(reason, "")[:_LONGEST])
