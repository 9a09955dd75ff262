"""Policy documents in Terraform: `jsonencode(…)`, heredocs, files, objects in locals and modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.dialects import iam
from fixbot.dialects.terraform.attached_roles import AttachedRoles, find_attached_roles, find_carriers
from fixbot.dialects.terraform.folder_index import FolderIndex, TerraformBlock
from fixbot.dialects.terraform.literal_values import ValueSearch
from fixbot.dialects.terraform.policy_documents import read_policy_document
from fixbot.edit.tree import Node, NodeKind, SyntaxProblem
from fixbot.lens import Policy, Statement, text_of
from fixbot.source.document import Document, parse_embedded
from fixbot.source.project import Inventory, Project
from fixbot.syntax.hcl import find_content_span

_HOLDERS = re.compile(
    r"aws_iam_(?:user_|group_|role_)?policy|aws_iam_role|aws_ssoadmin_permission_set_inline_policy"
)
_GIVEN = ("policy", "inline_policy")
_OURS = ("aws_iam_", "aws_ssoadmin_")
_SILENT = ("terraform", "provider", "output", "moved", "removed", "import", "check")
_STATEMENT = re.compile(r"[\"']?Statement[\"']?\s*[:=]")


def read_policies(project: Project, index: FolderIndex, reading: Inventory) -> None:
    """Every policy of a folder."""
    for block in index.blocks:
        if block.type == "aws_iam_policy_document" and block.word == "data":
            reading.policies.append(read_policy_document(project, index, block, reading))
        elif block.word not in _SILENT:
            text = block.source_of(block.node)
            if "tatement" in text or "file(" in text:
                _PolicyFinder(project, index, block, reading).read_block()
            if block.word == "resource" and _HOLDERS.fullmatch(block.type):
                _report_given(project, index, block, reading)


class _PolicyFinder:
    """Goes through one block and takes out the policies that are written in it, or read by it."""

    def __init__(
        self, project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory
    ) -> None:
        self.project = project
        self.index = index
        self.block = block
        self.reading = reading
        self.attached = find_attached_roles(project, index, block)

    def read_block(self) -> None:
        """Each attribute of the block, and of the blocks inside it."""
        stack = [(entry.key, entry.value) for entry in reversed(self.block.node.entries)]
        while stack:
            place, node = stack.pop()
            if self._find_policy(place, node):
                continue
            stack.extend((f"{place}.{entry.key}", entry.value) for entry in reversed(node.entries))
            stack.extend((place, item) for item in reversed(node.items))

    def _find_policy(self, place: str, node: Node) -> bool:
        document = self.block.document
        if node.kind is NodeKind.MAP and node.style == "object" and node.find_entry("Statement") is not None:
            self._add_policy(place, document, node, "hcl")
        elif node.style == "heredoc":
            self._read_heredoc(place, node)
        elif node.kind is NodeKind.CALL and node.value in ("file", "templatefile"):
            self._read_file_call(place, node)
        elif (
            node.style == '"'
            and node.kind in (NodeKind.SCALAR, NodeKind.CODE)
            and _is_escaped_policy(str(node.value))
        ):
            quoted = iam.read_quoted_policy(node)
            if quoted is not None:
                self._add_policy(place, document, quoted, "template")
                return True
            self.reading.add_unread(
                document,
                node.start,
                (
                    f"a policy of {self._name_policy(place)} is a quoted string, with escapes that fixbot "
                    "doesn't edit"
                ),
            )
        else:
            return self._read_old_file(place, node)
        return True

    def _read_old_file(self, place: str, node: Node) -> bool:
        """`"${file("policy.json")}"`, as Terraform 0.11 had it."""
        if node.kind is not NodeKind.CODE or "file(" not in str(node.value):
            return False
        self._read_file_call(place, node)
        return True

    def _read_heredoc(self, place: str, node: Node) -> None:
        document = self.block.document
        start, end = find_content_span(document.text, node)
        if not _STATEMENT.search(document.text, start, end):
            return
        try:
            root = parse_embedded(node, document.text, "json", start, end)
        except SyntaxProblem as problem:
            if document.text[start:end].lstrip().startswith(("{", "[")):
                self.reading.add_unread(
                    document,
                    node.start,
                    f"a policy of {self._name_policy(place)} can't be read ({problem.reason})",
                )
            return
        found = iam.find_policy(root)
        if found is not None:
            twice = self.block.type == "template_file"
            self._add_policy(place, document, found, "twice" if twice else "template")

    def _read_file_call(self, place: str, node: Node) -> None:
        look = ValueSearch(self.project, self.index)
        for each in look.find_literals(self.block.document, node):
            root = each.node if each.document.syntax == "json" else None
            found = iam.find_policy(root) if root is not None and root.parent is None else None
            if found is not None and each.document.path not in self.project.claimed:
                template = self.block.type == "template_file" or each.reader == "template"
                self._add_policy(place, each.document, found, "template" if template else "file")
                self.project.claimed.add(each.document.path)

    def _name_policy(self, place: str) -> str:
        return f"local.{place.partition('.')[0]}" if self.block.word == "locals" else self.block.address

    def _add_policy(self, place: str, document: Document, node: Node, reader: str) -> None:
        free = self.block.word == "locals"
        short = "" if free else place.removesuffix("policy").rstrip("._")
        address = "/".join(filter(None, (self._name_policy(place), short)))
        name = (
            place.partition(".")[0] if free else text_of(self.block.node.find_node("name")) or self.block.name
        )
        found = iam.build_policy(document, node, "terraform", name, address)
        found.owner = self.block.node
        found.statements = list(_read_statements(self.index, found, self.reading, document))
        found.kind = self._classify_place(place, found)
        _attach_roles(found, self.attached)
        if self.block.word == "resource":
            trust = place == "assume_role_policy"
            carriers = (("trust", self.block.address),) if trust else find_carriers(self.index, self.block)
            found.carriers, found.holders = tuple(carriers), (self.block.type,)
        found.escape, found.unescape = ESCAPES[reader]
        self.reading.policies.append(found)

    def _classify_place(self, place: str, found: Policy) -> str:
        if place == "assume_role_policy":
            return "trust"
        kind = iam.classify_policy(found)
        foreign = self.block.word == "resource" and not self.block.type.startswith(_OURS)
        return "unknown" if kind == "identity" and foreign else kind


def _is_escaped_policy(text: str) -> bool:
    return "Statement" in text and text.lstrip('" \\n\t').startswith("{") and "Effect" in text


def _attach_roles(found: Policy, to: AttachedRoles) -> None:
    found.roles, found.principals = to.roles, to.services


def _read_statements(
    index: FolderIndex, policy: Policy, reading: Inventory, document: Document
) -> Iterator[Statement]:
    """The statements that are written out, those inside `concat(…)` and of locals included."""
    for position, node in enumerate(_list_elements(policy.node.find_node("Statement"))):
        value = index.resolve_local(node) if document.syntax == "hcl" else node
        if value is not None and value.kind is NodeKind.MAP:
            yield Statement(value, policy, position)
        else:
            reading.add_unread(document, node.start, f"statements of {policy.address} are computed")
            policy.others = "some of its statements are computed"


def _list_elements(node: Node | None) -> list[Node]:
    if node is None:
        return []
    if node.kind is NodeKind.CALL and node.value in ("concat", "flatten", "compact"):
        return [each for item in node.items for each in _list_elements(item)]
    return node.items if node.kind is NodeKind.LIST else [node]


def _report_given(project: Project, index: FolderIndex, block: TerraformBlock, reading: Inventory) -> None:
    """What a policy's resource takes from where it can't be read."""
    inline = [("inline_policy", each.find_node("policy")) for each in block.node.list_items("inline_policy")]
    for _, node in [*((key, block.node.find_node(key)) for key in _GIVEN), *inline]:
        if (
            node is None
            or node.style in ("body", "heredoc")
            or node.kind in (NodeKind.SCALAR, NodeKind.LIST, NodeKind.MAP)
            or (node.style == '"' and _is_escaped_policy(str(node.value)))
        ):
            continue
        text = block.source_of(node)
        if "data.aws_iam_policy." in text or any(
            index.is_mentioned(text, each) for each in _document_addresses(index)
        ):
            continue
        look = ValueSearch(project, index)
        look.find_literals(block.document, node)
        for each in look.unclear:
            reading.add_unread(each.document, each.offset, f"the policy of {block.address} is {each.reason}")
        for output in look.outputs:
            what = f"the policy of {block.address} is given by module.{output.module}.{output.name}"
            reading.add_unread(output.document, output.offset, what)


def _document_addresses(index: FolderIndex) -> list[str]:
    return [each.address for each in index.find_by_type("aws_iam_policy_document", "data")]


def _keep_text(text: str) -> str:
    return text


def _escape_template(text: str) -> str:
    return text.replace("${", "$${")


def _unescape_template(text: str) -> str:
    return text.replace("$${", "${")


ESCAPES = {
    "hcl": (_keep_text, _keep_text),
    "file": (_keep_text, _keep_text),
    "template": (_escape_template, _unescape_template),
    "twice": (lambda text: text.replace("${", "$$${"), lambda text: text.replace("$$${", "${")),
}
"""How `${` is written, and read, by what reads the text. The HCL writer escapes by itself."""
