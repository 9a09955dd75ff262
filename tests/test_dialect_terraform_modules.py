"""Modules that take containers."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from fixbot.checkout import Checkout
from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit
from fixbot.engine.pipeline import run_pipeline
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.terraform_texts import (
    APP,
    aloud,
    changed,
    containers,
    only_task,
    task_with,
    tf,
)

SERVICE_MODULE = """\
    module "web" {
      source  = "terraform-aws-modules/ecs/aws//modules/service"
      version = "VERSION"

      name = "web"
      container_definitions = {
        app = {
          image = "nginx:1.27"
          FLAGS
        }
      }
    }
    """


@pytest.mark.parametrize(
    ("version", "flags", "expected"),
    [
        ("~> 5.6", "", True),
        ("~> 5.6", "readonly_root_filesystem = false", False),
        ("~> 6.0", "readonlyRootFilesystem = false", False),
        ("6.1.0", "readonlyRootFilesystem = null", True),
        ("~> 5.6", "readonly_root_filesystem = var.ro", UNKNOWN),
        ("~> 5.6", "readonlyRootFilesystem = false", False),
    ],
)
def test_a_service_module_is_read_only_by_default(version: str, flags: str, expected: object) -> None:
    text = dedent(SERVICE_MODULE).replace("VERSION", version).replace("FLAGS", flags)
    task = only_task(tf(text))
    (app,) = task.containers
    assert (app.name, app.flag("readonlyRootFilesystem"), app.flag("privileged")) == ("app", expected, False)
    assert (task.fargate, task.exec_enabled, task.network_mode) == (True, False, "awsvpc")


def test_a_service_module_takes_volumes_by_name() -> None:
    text = (
        dedent(SERVICE_MODULE)
        .replace("VERSION", "~> 5.6")
        .replace("FLAGS", "readonly_root_filesystem = false")
    )
    task = only_task(tf(text))
    (app,) = task.containers
    after = changed(
        text,
        app.put("readonlyRootFilesystem", value=True),
        app.add("mountPoints", {"sourceVolume": "tmp", "containerPath": "/tmp"}),  # noqa: S108
        task.add_volume("tmp"),
        task.add_volume("run"),
    )
    assert "readonly_root_filesystem = true" in after
    assert "mount_points" in after
    assert "volume = {" in after
    again = only_task(tf(after))
    assert [(v.name, v.kind) for v in again.volumes or ()] == [("tmp", "bind"), ("run", "bind")]
    assert [m.volume for m in again.containers[0].mounts] == ["tmp"]


def test_volumes_of_a_service_module() -> None:
    text = dedent(SERVICE_MODULE).replace("VERSION", "6.0.0").replace("FLAGS", "")
    text = text.replace(
        "  name = ", '  volume = {\n    a = {}\n    b = { name = "bee", host_path = "/b" }\n  }\n  name = '
    )
    task = only_task(tf(text))
    assert [(v.name, v.kind) for v in task.volumes or ()] == [("a", "bind"), ("bee", "host")]
    assert "c = {}" in changed(text, task.add_volume("c"))


def test_services_of_the_root_module() -> None:
    text = """\
        module "ecs" {
          source   = "terraform-aws-modules/ecs/aws"
          services = {
            web = {
              enable_execute_command = true
              container_definitions = {
                app     = { image = "a", mountPoints = [] }
                sidecar = var.sidecar
              }
            }
            other = var.other
          }
        }
        """
    reading = tf(text)
    task = only_task(reading)
    assert (task.address, task.exec_enabled) == ("module.ecs/web", True)
    assert aloud(reading) == [
        "the container sidecar of module.ecs is computed",
        "the service other of module.ecs is computed",
    ]


CLOUDPOSSE = """\
    module "app" {
      source          = "cloudposse/ecs-container-definition/aws"
      version         = "0.61.2"
      container_name  = "app"
      container_image = "nginx:1.27"
      environment     = [{ name = "A", value = "1" }]
      map_environment = { B = "2" }
    }
    """


def test_a_container_module_alone() -> None:
    task = only_task(tf(CLOUDPOSSE))
    (app,) = task.containers
    assert (app.name, app.image) == ("app", "nginx:1.27")
    assert app.flag("readonlyRootFilesystem") is ABSENT
    assert [v.name for v in app.environment] == ["A", "B"]
    with pytest.raises(CannotEdit, match="stands elsewhere"):
        task.add_volume("tmp")


def test_a_container_module_that_a_task_takes() -> None:
    text = dedent(CLOUDPOSSE) + task_with("module.app.json_map_encoded_list")
    task = only_task(tf(text))
    (app,) = task.containers
    assert task.address == "aws_ecs_task_definition.web"
    mount = app.add("mountPoints", {"sourceVolume": "tmp", "containerPath": "/tmp"})  # noqa: S108
    parameters = app.put("linuxParameters.initProcessEnabled", value=True)
    after = changed(
        text, app.put("readonlyRootFilesystem", value=True), mount, parameters, task.add_volume("tmp")
    )
    (again,) = only_task(tf(after)).containers
    assert again.flag("readonlyRootFilesystem") is True
    assert again.flag("linuxParameters.initProcessEnabled") is True
    assert [(m.volume, m.path) for m in again.mounts] == [("tmp", "/tmp")]  # noqa: S108
    assert re.search(r"^  linux_parameters += \{", after, re.MULTILINE)


def test_an_unknown_module_that_is_given_containers_in_the_apis_words() -> None:
    text = f"""\
        module "api" {{
          source                = "./modules/api"
          container_definitions = [{APP}]
        }}
        """
    task = only_task(tf(text))
    assert [c.name for c in task.containers] == ["app"]
    with pytest.raises(CannotEdit, match=r"module\.api"):
        task.add_volume("tmp")


def test_an_unknown_module_with_words_of_its_own() -> None:
    reading = tf(
        'module "api" {\n  source = "./x"\n  containers = { web = { image = "a", ports = [80] } }\n}\n'
    )
    assert containers(reading) == []
    assert aloud(reading) == ["module.api is given containers under names that fixbot doesn't know"]


def test_every_rule_says_what_it_can_not_see_of_a_module(tmp_path: Path) -> None:
    """The task's own fields stand in the module, which nobody has here."""
    call = '  container_definitions = [{\n    name = "web"\n    image = "r.example/web:2"\n  }]\n'
    (tmp_path / "main.tf").write_text(f'module "app" {{\n  source = "../../modules/task"\n{call}}}\n')
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), load_rules(), Settings())
    assert report.failures == ()
    assert {"readonly-root-filesystem", "root-user"} <= {each.rule for each in report.findings}
    said = [each.reason for each in report.unread]
    rule = "file-system-traffic-plaintext"
    assert f"volumes of module app is set by a variable or a condition, and so not judged by {rule}" in said
