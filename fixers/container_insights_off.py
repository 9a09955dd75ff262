"""A cluster that gives no metrics per task hides a miner or a task that loops."""

from __future__ import annotations

from fixbot.lens import Module, ResourceType
from fixbot.model.findings import Safety, Severity
from fixbot.rules import ESSENTIAL, Rule, Words, must_have_entry

CLUSTER = ResourceType(
    "cluster", "clusters", "AWS::ECS::Cluster", "aws_ecs_cluster",
    name="ClusterName", renamed={"ClusterName": "name", "ClusterSettings": "setting"},
    modules={
        "terraform-aws-modules/ecs/aws//modules/cluster": Module(
            {"ClusterSettings": "setting"}, {"ClusterSettings.Value": "enabled"}
        )
    },
)  # fmt: skip

rule = Rule(
    title="Turn on Container Insights for {subject}",
    topic="task-service",
    severity=Severity.MEDIUM,
    controls={
        "fsbp": ("ECS.12",),
        "cis-compute": ("3.9",),
        "nist-800-190": ("4.4.5",),
        "nist-800-53": ("AU-6(3)", "AU-6(4)", "CA-7", "SI-2"),
    },
    looks_at=CLUSTER,
    check=must_have_entry(
        "ClusterSettings", {"Name": "containerInsights"}, {"Value": "enabled"},
        good=lambda value: value == "enhanced",
        words=Words(
            problem="measures nothing of its single tasks",
            change="{who} {reports|report} CPU, memory, disk and network of each task and service to "
            "CloudWatch.",
            effect="CloudWatch bills these as custom metrics; nothing that runs changes.",
            why="A miner or a task that loops in {who} is seen by nobody until the bill comes.",
        ),
        safety=Safety.SAFE,
    ),
    peers={"checkov": ("CKV_AWS_65",), "trivy": ("AWS-0034",)},
    profiles=ESSENTIAL,
)  # fmt: skip
