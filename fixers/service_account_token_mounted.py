"""Every container of a pod finds a token for the cluster's API in a file, whether it ever calls it or not."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import Final

from fixbot.knowledge.image_tables import find_write_paths
from fixbot.knowledge.images import ImageReference
from fixbot.knowledge.rollout import describe_rollout, keeps_to_its_containers
from fixbot.lens import ABSENT, UNKNOWN, ResourceType, Task
from fixbot.model.findings import Fix, Manual, Refusal, Safety, Severity
from fixbot.rules import RECOMMENDED, Rule, Words, must_be
from fixbot.rules.context import Context
from fixbot.text.command import NAMESPACE, build_command, join_words
from fixbot.text.markdown_escape import mark_code

TOKEN: Final = "automountServiceAccountToken"  # noqa: S105 - the name of a field
_MOUNTED_AT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
ACCOUNT = ResourceType(
    "service account", "service accounts", terraform="kubernetes_service_account", kubernetes="ServiceAccount"
)
_CLIENTS: Final = re.compile(
    r"(?:\A|[^a-z])(?:kube|k8s|kubernetes|kubectl|helm|argo|argocd|flux|istio|pilot|linkerd|envoy-gateway|knative|tekton"
    r"|keda|karpenter|velero|vault|consul|traefik|jenkins|prometheus|promtail|alloy|vector|fluentd|fluent|filebeat"
    r"|datadog|newrelic|dynatrace|otel|opentelemetry|telegraf|spark|flink|csi|cni|calico|cilium|falco|kyverno"
    r"|gatekeeper|opa|reloader|spire|ingress|webhook|dashboard"
    r"|metrics|descheduler|external-dns|cert-manager|runner|leader)(?:[^a-z]|\Z)"
    r"|controller|operator|autoscaler|scheduler"
)
"""Words in names and images of what calls the API: controllers, agents, meshes, GitOps, runners."""


def spare_settled(pod: Task, world: Context) -> bool:
    """The pod's account says it, or the account has a role, for which it needs its token."""
    name = _name_account(pod)
    if name is None:
        return False
    if name != "default" and name in world.surroundings.bound_accounts:
        return True
    return pod.value(TOKEN) is ABSENT and any(
        each.slot(TOKEN).value is False
        and each.slot("metadata.name").value == name
        and each.slot("metadata.namespace").value in (ABSENT, pod.namespace)
        for each in world.resources
        if each.type == ACCOUNT and posixpath.dirname(each.path) == posixpath.dirname(pod.path)
    )


def refuse_or_explain(pod: Task, world: Context) -> Refusal | Manual | None:
    """What calls the API, what takes a token on purpose, and accounts of which nobody says what they may."""
    name = _name_account(pod)
    if name is None:
        return Refusal(f"Which account {pod.title} has is filled in elsewhere.")
    for each in pod.containers:
        words = (each.name, each.image or "", *each.words("command"), *each.words("args"))
        if any(_CLIENTS.search(word.lower()) for word in (pod.name, *words)):
            return Refusal(f"{each.name} looks like a client of the cluster's API, which needs the token.")
        if any((mount.path or "").rstrip("/") == _MOUNTED_AT for mount in each.mounts):
            return Refusal(f"{each.name} mounts a token of its own choice where the other one would be.")
    if any(volume.kind == "projected" for volume in pod.volumes or ()):
        return Refusal(f"{pod.title} has a projected volume, which may hold a token that it needs.")
    if name == "default" and "default" in world.surroundings.bound_accounts:
        return Refusal("A binding names the account `default`, so its pods may call the cluster's API.")
    if not keeps_to_its_containers(pod):
        return Manual(
            f"An operator makes the pods of {pod.title}, and may add containers that call the cluster's API "
            f"with this token. If it adds none: {mark_code(f'{TOKEN}: false')}."
        )
    if name != "default":
        return Manual(
            f"{pod.title} has the account {mark_code(name)}, and no binding here says what it may. If it "
            f"never calls the cluster's API: {mark_code(f'{TOKEN}: false')}, on the account or the pod."
        )
    return None


def complete_fix(fix: Fix, pod: Task, _world: Context) -> Fix:
    """When it begins to count; safe for the plain servers of the image table."""
    account = join_words("--as=system:serviceaccount:", NAMESPACE(pod.namespace or "default"), ":default")
    asked = build_command("kubectl", "auth", "can-i", "--list", account, note="what the token opens today")
    plain = [find_write_paths(ImageReference.parse_reference(each.image or "")) for each in pod.containers]
    fix = replace(fix, rollout=describe_rollout(pod), commands=(asked,))
    return replace(fix, safety=Safety.SAFE, unknown="") if plain and None not in plain else fix


def _name_account(pod: Task) -> str | None:
    """The name of its account; None where a template fills it in."""
    said = [pod.value(each) for each in ("serviceAccountName", "serviceAccount")]
    if UNKNOWN in said:
        return None
    return next((each for each in said if isinstance(each, str) and each), "default")


rule = Rule(
    title="Give {subject} no token for the cluster's API",
    topic="workload-hardening",
    severity=Severity.MEDIUM,
    controls={"cis-eks": ("4.1.5", "4.1.6"), "cis-k8s": ("5.1.5", "5.1.6"), "nist-800-190": ("4.3.2",)},
    looks_at=Task,
    beside=(ACCOUNT,),
    check=must_be(
        {TOKEN: False}, unwritten=True, spares=spare_settled, unless=refuse_or_explain, finish=complete_fix,
        words=Words(
            problem="gives each of its containers a token for the cluster's API",
            change="{who} can no longer call the cluster's API.",
            effect="Its clients get no token. IAM roles for accounts, and Pod Identity, have their own.",
            why="Code that gets to run in {who} can read the token and talk to the API server with it.",
            unknown="Whether a program in {who} calls the cluster's API is not known.",
        ),
    ),
    peers={"checkov": ("CKV_K8S_38",), "trivy": ("KSV-0036",), "kube-linter": ("default-service-account",),
           "polaris": ("automountServiceAccountToken",), "kubescape": ("C-0034", "C-0190", "C-0261")},
    profiles=RECOMMENDED,
)  # fmt: skip
