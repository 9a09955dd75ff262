"""Policy documents in Terraform: `jsonencode(…)`, heredocs, files, objects in locals and modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects import iam
from fixbot.dialects.terraform.documents import read_document
from fixbot.dialects.terraform.index import Block, Index
from fixbot.dialects.terraform.roles import Attached, attached
from fixbot.dialects.terraform.values import Look
from fixbot.document import Document, embed
from fixbot.lens import Policy, Statement, text_of
from fixbot.project import Project, Reading
from fixbot.syntax.hcl import content_span
from fixbot.tree import Kind, Node, SyntaxProblem

_HOLDERS = re.compile(
    r"aws_iam_(?:user_|group_|role_)?policy|aws_iam_role|aws_ssoadmin_permission_set_inline_policy"
)
_GIVEN = ("policy", "inline_policy")
_OURS = ("aws_iam_", "aws_ssoadmin_")
_SILENT = ("terraform", "provider", "output", "moved", "removed", "import", "check")
_STATEMENT = re.compile(r"[\"']?Statement[\"']?\s*[:=]")


def read(project: Project, index: Index, reading: Reading) -> None:
    """Every policy of a folder."""
    for block in index.blocks:
        if block.type == "aws_iam_policy_document" and block.word == "data":
            reading.policies.append(read_document(project, index, block, reading))
        elif block.word not in _SILENT:
            text = block.text(block.node)
            if "tatement" in text or "file(" in text:
                _Finder(project, index, block, reading).read()
            if block.word == "resource" and _HOLDERS.fullmatch(block.type):
                _say_given(project, index, block, reading)


class _Finder:
    """Goes through one block and takes out the policies that are written in it, or read by it."""

    def __init__(self, project: Project, index: Index, block: Block, reading: Reading) -> None:
        self.project = project
        self.index = index
        self.block = block
        self.reading = reading
        self.attached = attached(project, index, block)

    def read(self) -> None:
        """Each attribute of the block, and of the blocks inside it."""
        stack = [(entry.key, entry.value) for entry in reversed(self.block.node.entries)]
        while stack:
            place, node = stack.pop()
            if self._policy(place, node):
                continue
            stack.extend((f"{place}.{entry.key}", entry.value) for entry in reversed(node.entries))
            stack.extend((place, item) for item in reversed(node.items))

    def _policy(self, place: str, node: Node) -> bool:
        document = self.block.document
        if node.kind is Kind.MAP and node.style == "object" and node.entry("Statement") is not None:
            self._add(place, document, node, "hcl")
        elif node.style == "heredoc":
            self._heredoc(place, node)
        elif node.kind is Kind.CALL and node.value in ("file", "templatefile"):
            self._file(place, node)
        elif node.style == '"' and node.kind in (Kind.SCALAR, Kind.CODE) and _escaped(str(node.value)):
            self.reading.skip(
                document,
                node.start,
                f"a policy of {self._name(place)} is a quoted string, with escapes that fixbot doesn't edit",
            )
        else:
            return self._old_file(place, node)
        return True

    def _old_file(self, place: str, node: Node) -> bool:
        """`"${file("policy.json")}"`, as Terraform 0.11 had it."""
        if node.kind is not Kind.CODE or "file(" not in str(node.value):
            return False
        self._file(place, node)
        return True

    def _heredoc(self, place: str, node: Node) -> None:
        document = self.block.document
        start, end = content_span(document.text, node)
        if not _STATEMENT.search(document.text, start, end):
            return
        try:
            root = embed(node, document.text, "json", start, end)
        except SyntaxProblem as problem:
            if document.text[start:end].lstrip().startswith(("{", "[")):
                self.reading.skip(
                    document, node.start, f"a policy of {self._name(place)} can't be read ({problem.reason})"
                )
            return
        found = iam.find(root)
        if found is not None:
            twice = self.block.type == "template_file"
            self._add(place, document, found, "twice" if twice else "template")

    def _file(self, place: str, node: Node) -> None:
        look = Look(self.project, self.index)
        for each in look.behind(self.block.document, node):
            root = each.node if each.document.syntax == "json" else None
            found = iam.find(root) if root is not None and root.parent is None else None
            if found is not None and each.document.path not in self.project.claimed:
                template = self.block.type == "template_file" or each.reader == "template"
                self._add(place, each.document, found, "template" if template else "file")
                self.project.claimed.add(each.document.path)

    def _name(self, place: str) -> str:
        return f"local.{place.partition('.')[0]}" if self.block.word == "locals" else self.block.address

    def _add(self, place: str, document: Document, node: Node, reader: str) -> None:
        free = self.block.word == "locals"
        short = "" if free else place.removesuffix("policy").rstrip("._")
        address = "/".join(filter(None, (self._name(place), short)))
        name = place.partition(".")[0] if free else text_of(self.block.node.get("name")) or self.block.name
        found = iam.policy(document, node, "terraform", name, address)
        found.owner = self.block.node
        found.statements = list(_statements(self.index, found, self.reading, document))
        found.kind = self._kind(place, found)
        _attach(found, self.attached)
        found.escape, found.unescape = ESCAPES[reader]
        self.reading.policies.append(found)

    def _kind(self, place: str, found: Policy) -> str:
        if place == "assume_role_policy":
            return "trust"
        kind = iam.kind_of(found)
        foreign = self.block.word == "resource" and not self.block.type.startswith(_OURS)
        return "unknown" if kind == "identity" and foreign else kind


def _escaped(text: str) -> bool:
    return "Statement" in text and text.lstrip('" \\n\t').startswith("{") and "Effect" in text


def _attach(found: Policy, to: Attached) -> None:
    found.roles, found.principals = to.roles, to.services


def _statements(index: Index, policy: Policy, reading: Reading, document: Document) -> Iterator[Statement]:
    """The statements that are written out, those inside `concat(…)` and of locals included."""
    for position, node in enumerate(_listed(policy.node.get("Statement"))):
        value = index.settled(node) if document.syntax == "hcl" else node
        if value is not None and value.kind is Kind.MAP:
            yield Statement(value, policy, position)
        else:
            reading.skip(document, node.start, f"statements of {policy.address} are computed")
            policy.others = "some of its statements are computed"


def _listed(node: Node | None) -> list[Node]:
    if node is None:
        return []
    if node.kind is Kind.CALL and node.value in ("concat", "flatten", "compact"):
        return [each for item in node.items for each in _listed(item)]
    return node.items if node.kind is Kind.LIST else [node]


def _say_given(project: Project, index: Index, block: Block, reading: Reading) -> None:
    """What a policy's resource takes from where it can't be read."""
    inline = [("inline_policy", each.get("policy")) for each in block.node.many("inline_policy")]
    for _, node in [*((key, block.node.get(key)) for key in _GIVEN), *inline]:
        if (
            node is None
            or node.style in ("body", "heredoc")
            or node.kind in (Kind.SCALAR, Kind.LIST, Kind.MAP)
        ):
            continue
        text = block.text(node)
        if "data.aws_iam_policy." in text or any(index.mentions(text, each) for each in _documents(index)):
            continue
        look = Look(project, index)
        look.behind(block.document, node)
        for each in look.unclear:
            reading.skip(each.document, each.offset, f"the policy of {block.address} is {each.reason}")
        for output in look.outputs:
            what = f"the policy of {block.address} is given by module.{output.module}.{output.name}"
            reading.skip(output.document, output.offset, what)


def _documents(index: Index) -> list[str]:
    return [each.address for each in index.of_type("aws_iam_policy_document", "data")]


def _same(text: str) -> str:
    return text


def _double(text: str) -> str:
    return text.replace("${", "$${")


def _single(text: str) -> str:
    return text.replace("$${", "${")


ESCAPES = {
    "hcl": (_same, _same),
    "file": (_same, _same),
    "template": (_double, _single),
    "twice": (lambda text: text.replace("${", "$$${"), lambda text: text.replace("$$${", "${")),
}
"""How `${` is written, and read, by what reads the text. The HCL writer escapes by itself."""
