"""JSON in the heredocs of Terraform, whether or not anybody else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from fixbot.edit.tree import Node, SyntaxProblem
from fixbot.source.document import Document, parse_embedded
from fixbot.syntax.hcl.strings import find_content_span


def parse_embedded_json(host: Node, documents: Mapping[str, Document]) -> Node | None:
    """The root of what stands in a heredoc; None where that is no JSON."""
    document = documents.get(host.root_node.source) if host.style == "heredoc" else None
    if document is None:
        return None
    start, end = find_content_span(document.text, host)
    if document.text[start:end].lstrip()[:1] not in ("{", "["):
        return None
    with suppress(SyntaxProblem):
        return parse_embedded(host, document.text, "json", start, end)
    return None
