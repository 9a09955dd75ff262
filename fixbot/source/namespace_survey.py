"""Which namespaces and bound accounts of Kubernetes a file names, told from bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fixbot.source.partition import KUSTOMIZATIONS

_NAMED = re.compile(rb"namespace[\"']?:[ \t]*+[\"']?+([a-z0-9][a-z0-9-]{0,62})\b")
_NEEDS_NODE = re.compile(
    rb"\bhost(?:Network|PID|IPC|Path|Port|Process)\b|\b(?:privileged|procMount|sysctls|seLinuxOptions)\b"
    rb"|[Uu]nconfined|\badd[\"']?:"
)
"""Words of which one stands in every pod that falls short of the `baseline` of the Pod Security Standards."""
_NAME = re.compile(rb"\bname[\"']?[ \t]*+[:=][ \t]*+[\"']?+([a-z0-9][a-z0-9.-]{0,252})\b")
_ELSEWHERE = re.compile(rb"\.\./|://|\b(?:helmCharts|components)\b")


def find_named_namespaces(path: str, data: bytes) -> Iterator[tuple[str, bool]]:
    """Each namespace once; what a kustomization takes in from elsewhere may need the node."""
    if b"namespace" not in data or not path.endswith((".yaml", ".yml", ".json", "kustomization")):
        return
    gathers = path.rpartition("/")[2].lower() in KUSTOMIZATIONS
    needs_node = (_ELSEWHERE if gathers else _NEEDS_NODE).search(data) is not None
    for name in sorted(set(_NAMED.findall(data))):
        yield name.decode("ascii"), needs_node


def find_bound_accounts(data: bytes) -> list[str]:
    """Every name in a file that binds roles to accounts: more than are bound, but none is missing."""
    if b"RoleBinding" not in data and b"role_binding" not in data:
        return []
    return sorted({name.decode("ascii") for name in _NAME.findall(data)})
