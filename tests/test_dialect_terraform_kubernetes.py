"""Terraform's Kubernetes workloads."""

# ruff: noqa: E501 (the texts are as wide as people write them)
from __future__ import annotations

import pytest

from fixbot.edit.tree import ABSENT, UNKNOWN
from tests.terraform_texts import (
    aloud,
    changed,
    containers,
    only_task,
    tf,
)

DEPLOYMENT = """\
    resource "kubernetes_deployment_v1" "web" {
      metadata {
        name      = "web"
        namespace = "shop"
      }
      spec {
        template {
          spec {
            host_network = true
            init_container {
              name  = "init"
              image = "busybox"
            }
            container {
              name  = "app"
              image = "nginx:1.27"
              env {
                name  = "DB_PASSWORD"
                value = "hunter2"
              }
              env {
                name = "TOKEN"
                value_from {
                  secret_key_ref {
                    name = "web"
                    key  = "token"
                  }
                }
              }
              security_context {
                privileged = true
              }
              volume_mount {
                name       = "cache"
                mount_path = "/cache"
              }
            }
            volume {
              name = "cache"
              empty_dir {}
            }
          }
        }
      }
    }
    """


def test_a_workload_in_blocks() -> None:
    task = only_task(tf(DEPLOYMENT))
    init, app = task.containers
    assert (task.title, task.namespace, task.kind) == ("Deployment web", "shop", "k8s")
    assert task.host_namespaces == ("hostNetwork",)
    assert (init.role, app.role) == ("init", "container")
    assert [(v.name, v.value is None) for v in app.environment] == [("DB_PASSWORD", False), ("TOKEN", True)]
    assert app.flag("securityContext.privileged") is True
    assert app.flag("securityContext.readOnlyRootFilesystem") is ABSENT
    assert [(m.volume, m.path) for m in app.mounts] == [("cache", "/cache")]
    assert [(v.name, v.kind) for v in task.volumes or ()] == [("cache", "emptyDir")]


def test_a_read_only_root_in_blocks() -> None:
    task = only_task(tf(DEPLOYMENT))
    init, app = task.containers
    flag = "securityContext.readOnlyRootFilesystem"
    mount = app.add("volumeMounts", {"name": "tmp", "mountPath": "/tmp"})  # noqa: S108
    after = changed(
        DEPLOYMENT, app.put(flag, value=True), init.put(flag, value=True), mount, task.add_volume("tmp")
    )
    again = only_task(tf(after))
    assert [c.flag(flag) for c in again.containers] == [True, True]
    assert [m.path for m in again.containers[1].mounts] == ["/cache", "/tmp"]  # noqa: S108
    assert [(v.name, v.kind) for v in again.volumes or ()] == [("cache", "emptyDir"), ("tmp", "emptyDir")]


def test_dynamic_blocks_are_unknown_not_absent() -> None:
    text = DEPLOYMENT.replace(
        "security_context {\n                privileged = true\n              }",
        'dynamic "security_context" {\n                for_each = var.s\n                content {}\n              }',
    )
    reading = tf(text)
    assert containers(reading)[1].flag("securityContext.privileged") is UNKNOWN
    assert aloud(reading) == [
        "a dynamic security_context block of kubernetes_deployment_v1.web is filled in when Terraform runs"
    ]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("kubernetes_daemonset", "DaemonSet"),
        ("kubernetes_stateful_set", "StatefulSet"),
        ("kubernetes_job", "Job"),
    ],
)
def test_kinds_of_workloads(kind: str, shown: str) -> None:
    task = only_task(tf(DEPLOYMENT.replace("kubernetes_deployment_v1", kind)))
    assert (task.workload, task.daemon) == (shown, shown == "DaemonSet")


def test_a_literal_manifest() -> None:
    text = """\
        resource "kubernetes_manifest" "web" {
          manifest = {
            apiVersion = "apps/v1"
            kind       = "Deployment"
            metadata   = { name = "web" }
            spec = { template = { spec = { containers = [{ name = "app", image = "nginx", securityContext = { privileged = true } }] } } }
          }
        }
        resource "kubernetes_manifest" "other" {
          manifest = yamldecode(<<EOF
        containers: []
        EOF
          )
        }
        """
    reading = tf(text)
    task = only_task(reading)
    assert task.address == "kubernetes_manifest.web/Deployment/web"
    assert task.containers[0].flag("securityContext.privileged") is True
    assert aloud(reading) == ["the manifest of kubernetes_manifest.other is given as a string or computed"]
