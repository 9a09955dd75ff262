"""Without the audit log nobody can tell who read a secret in a cluster, or who started what there."""

from __future__ import annotations

from fixbot.lens import Module, ResourceType
from fixbot.model.findings import Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, by_type, must_contain, must_have_entry

_TYPES = ("api", "audit", "authenticator")
TEMPLATE = ResourceType("cluster", "clusters", "AWS::EKS::Cluster", name="Name")
OTHERS = ResourceType(
    "cluster", "clusters", terraform="aws_eks_cluster", kubernetes="eksctl.io/ClusterConfig", name="Name",
    renamed={"LogTypes": "enabled_cluster_log_types"},
    in_objects={"LogTypes": "cloudWatch.clusterLogging.enableTypes"},
    modules={
        "terraform-aws-modules/eks/aws": Module({"LogTypes": "enabled_log_types"}, {"LogTypes": "audit"})
    },
)  # fmt: skip
WORDS = Words(
    problem="keeps no audit log",
    change="{who} {writes down who asked its|write down who asked their} API for what, in CloudWatch Logs.",
    effect="CloudWatch bills the lines. They are kept for ever, until their group gets a retention.",
    access="Nobody: {who} {takes|take} the same calls as before, and writes them down.",
    why="Who has a login to {who} can read its secrets and start containers, and deny it afterwards.",
)
rule = Rule(
    title="Keep an audit log of {subject}",
    topic="cluster",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("EKS.8",), "cis-eks": ("2.1.1",), "nist-800-190": ("4.3.1",), "pci-dss": ("10.2.1",),
              "nist-800-53": ("AU-2", "AU-3", "AU-10", "AU-12")},
    looks_at=(TEMPLATE, OTHERS),
    check=by_type({
        TEMPLATE: must_have_entry(
            "Logging.ClusterLogging.EnabledTypes", {"Type": "audit"}, {}, words=WORDS, safety=Safety.SAFE,
            made=tuple({"Type": each} for each in _TYPES),
        ),
        OTHERS: must_contain(
            "LogTypes", "audit", words=WORDS, safety=Safety.SAFE, made=_TYPES,
            good=lambda item: item in ("all", "*"),
        ),
    }),
    peers={"checkov": ("CKV_AWS_37",), "trivy": ("AWS-0038",), "kubescape": ("C-0067",)},
    profiles=ESSENTIAL,
)  # fmt: skip
