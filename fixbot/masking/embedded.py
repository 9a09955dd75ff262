"""JSON in the heredocs of Terraform, whether or not anybody else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from fixbot.document import Document, embed
from fixbot.syntax.hcl.values import content_span
from fixbot.tree import Node, SyntaxProblem


def embedded_json(host: Node, documents: Mapping[str, Document]) -> Node | None:
    """The root of what stands in a heredoc; None where that is no JSON."""
    document = documents.get(host.root.source) if host.style == "heredoc" else None
    if document is None:
        return None
    start, end = content_span(document.text, host)
    if document.text[start:end].lstrip()[:1] not in ("{", "["):
        return None
    with suppress(SyntaxProblem):
        return embed(host, document.text, "json", start, end)
    return None
