"""Services that talk to each other without TLS are read and changed by whoever sees the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fixbot.edit.tree import Node
from fixbot.lens import Resource, ResourceType, Task
from fixbot.model.findings import Found, Manual, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context

CONNECT: Final = "ServiceConnectConfiguration"
SERVICE = ResourceType(
    "service", "services", "AWS::ECS::Service", "aws_ecs_service", name="ServiceName",
    renamed={"ServiceName": "name", f"{CONNECT}.Services": "service_connect_configuration.service"},
)  # fmt: skip
MESH = ResourceType("service mesh", "service meshes", "AWS::AppMesh::Mesh", "aws_appmesh_mesh", name=""
"MeshName",
                    renamed={"MeshName": "name"})  # fmt: skip
MESH_OBJECT = ResourceType("service mesh", "service meshes", kubernetes="appmesh.k8s.aws/Mesh")
_ENDED: Final = (
    "App Mesh ended on 30 September 2026: its proxies run on, but get no configuration any more. Move to "
    "Service Connect with tls { issuer_cert_authority { aws_pca_authority_arn } kms_key role_arn }, to VPC "
    "Lattice, or to an internal load balancer with a certificate."
)


def find_plain_traffic(subject: Resource | Task, _world: Context) -> Iterator[Found]:
    """A mesh that has ended, a task that goes through it, and Service Connect without TLS."""
    if isinstance(subject, Task):
        proxy = subject.get("proxyConfiguration.type") if subject.spelling.vocabulary == "ecs" else None
        if proxy is not None and proxy.scalar == "APPMESH":
            yield _build_found(subject, proxy, "goes through App Mesh, which has ended", _ENDED)
    elif subject.type in (MESH, MESH_OBJECT):
        yield _build_found(subject, subject.owner, "is one of App Mesh, which has ended", _ENDED)
    elif (plain := _find_plain_service(subject)) is not None:
        yield _build_found(
            subject, plain, "talks to others by Service Connect without TLS",
            f"Give the entry of {subject.title} in Service Connect a certificate authority: Tls with "
            "IssuerCertificateAuthority (AWS Private CA), KmsKey and RoleArn. It costs by certificate, "
            "and each "
            "client needs the newest agent.",
        )  # fmt: skip


def _find_plain_service(service: Resource) -> Node | None:
    """The first entry of a service that others reach by Service Connect without TLS."""
    if str(service.slot(f"{CONNECT}.Enabled").value).lower() != "true":
        return None
    listed = service.slot(f"{CONNECT}.Services")
    entries = listed.items or listed.owner.list_items("service")
    for entry in entries:
        if service.slot_in(entry, f"{CONNECT}.Services.Tls").found is None and not entry.list_items("tls"):
            return entry
    return None


def _build_found(subject: Resource | Task, node: Node, what: str, instead: str) -> Found:
    return Found(
        node, subject.title, subject.address, what.partition(",")[0],
        f"{subject.title} {what}", Manual(instead),
        subject=subject.subject,
    )  # fmt: skip


rule = Rule(
    title="Encrypt what {subject} sends to neighbours",
    topic="task-service",
    severity=Severity.MEDIUM,
    controls={"nist-800-190": ("4.3.3",)},
    looks_at=(SERVICE, MESH, MESH_OBJECT, Task),
    check=find_plain_traffic,
)  # fmt: skip
