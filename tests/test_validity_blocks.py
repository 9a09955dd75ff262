"""A pod in blocks of Terraform is held to the same rules as one in YAML."""

from __future__ import annotations

import pytest

from fixbot.dialects import read_dialects
from fixbot.source.document import parse_document
from fixbot.source.project import Project
from fixbot.validity import find_problems

POD = """\
resource "kubernetes_pod" "web" {
  metadata { name = "web" }
  spec {
    container {
      name  = "web"
      image = "registry.example/web:1"
      security_context {
        privileged                 = false
        allow_privilege_escalation = false
      }
      volume_mount {
        name       = "tmp"
        mount_path = "/tmp"
      }
    }
    volume {
      name = "tmp"
      empty_dir {}
    }
  }
}
"""


def problems(text: str) -> tuple[str, ...]:
    document = parse_document("main.tf", text)
    (task,) = read_dialects(Project({"main.tf": document})).tasks
    return find_problems(task)


def test_nothing_is_said_of_a_good_pod() -> None:
    assert problems(POD) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "tmp"', 'name = "run"', "there is no volume tmp"),
        ('mount_path = "/tmp"', 'mount_path = "/tmp"\n mount_propagation = "Bidirectional"', "privileged"),
        (
            "privileged                 = false",
            "privileged = true",
            "allowPrivilegeEscalation can't be false",
        ),
        (
            "container {",
            'host_pid = true\n os { name = "windows" }\n container {',
            "hostPID is not supported",
        ),
    ],
)
def test_what_the_api_server_refuses_is_named(old: str, new: str, said: str) -> None:
    found = problems(POD.replace(old, new, 1))
    assert any(said in each for each in found)
