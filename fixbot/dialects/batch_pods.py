"""Pods of AWS Batch on EKS: what a job definition says of them outright; Batch takes few of a pod's fields.

Source: CloudFormation's schema of AWS::Batch::JobDefinition (EksPodProperties, EksContainer); the provider's
aws_batch_job_definition (eks_properties).
"""

from __future__ import annotations

from typing import Final

from fixbot.edit.tree import Node, NodeKind
from fixbot.lens import Container, Spelling, Task, capitalize_first, text_of, to_snake_case
from fixbot.source.document import Document
from fixbot.source.project import Inventory

_ROLES: Final = (("containers", "container"), ("initContainers", "init"))
_WHY: Final = (
    "Not changed here: fixbot does not write pods of AWS Batch on EKS yet. Change it by hand, and register a "
    "new revision."
)


def spell_argument(name: str) -> str:
    """`readOnlyRootFilesystem` as the provider writes it here."""
    return "read_only_root_file_system" if name == "readOnlyRootFilesystem" else to_snake_case(name)


CLOUDFORMATION_POD: Final = Spelling("k8s", capitalize_first)
TERRAFORM_POD: Final = Spelling("k8s", spell_argument)


def read_batch_pod(
    document: Document, pod: Node, spelling: Spelling, owner: Node, address: str, reading: Inventory
) -> None:
    """Take in what the containers of a pod say; that the rest is not judged is said once."""
    dialect = "cloudformation" if spelling is CLOUDFORMATION_POD else "terraform"
    task = Task(
        document.path, "k8s", dialect, address, pod, spelling, address=f"{address}/pod",
        workload="job definition", owner=owner, volumes=None, volumes_reason=_WHY, partial=_WHY,
    )  # fmt: skip
    for listed, role in _ROLES:
        for position, node in enumerate(pod.list_items(spelling.key(listed))):
            if node.kind is NodeKind.MAP:
                name = text_of(node.find_node(spelling.key("name"))) or f"{role}-{position + 1}"
                task.containers.append(Container(node, task, spelling, position, role, key=name))
    reading.partial.append(task)
    said = f"of the pods of {address} (AWS Batch on EKS) only what is written out is judged"
    reading.add_unread(document, pod.start, said)
