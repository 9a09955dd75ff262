"""What fixbot sees in people's ECS task definitions in Terraform, and what it says aloud."""

# ruff: noqa: E501 (the texts are as wide as people write them)
from __future__ import annotations

from textwrap import dedent

import pytest

from fixbot.edit.tree import UNKNOWN, CannotEdit
from tests.terraform_texts import (
    APP,
    APP_JSON,
    TASK,
    aloud,
    changed,
    containers,
    only_task,
    task_with,
    tf,
)

WAYS = {
    "a list": f"jsonencode([{APP}])",
    "one object": f"jsonencode({APP})",
    "concat": f"jsonencode(concat([{APP}], []))",
    "flatten": f"jsonencode(flatten([[{APP}]]))",
    "a condition": f"jsonencode(var.on ? [{APP}] : [])",
    "an item under a condition": f"jsonencode([var.on ? {APP} : null])",
    "a heredoc": f"<<EOF\n{APP_JSON}\nEOF",
    "an indented heredoc": f"<<-EOF\n    {APP_JSON}\n  EOF",
    "numbers put right afterwards": f'replace(jsonencode([{APP}]), "/\\"([0-9]+)\\"/", "$1")',
}


@pytest.mark.parametrize("way", WAYS)
def test_containers_written_in_place(way: str) -> None:
    reading = tf(task_with(WAYS[way]))
    task = only_task(reading)
    (app,) = task.containers
    assert (app.name, app.image, app.flag("privileged")) == ("app", "nginx:1.27", True)
    assert app.conditional is ("condition" in way)
    assert aloud(reading) == []


def test_the_task_is_the_resource() -> None:
    task = only_task(tf(task_with(WAYS["a list"])))
    assert (task.kind, task.dialect, task.name, task.workload) == ("ecs", "terraform", "web", "task")
    assert task.address == "aws_ecs_task_definition.web"
    assert (task.fargate, task.windows, task.network_mode) == (True, False, "awsvpc")
    assert task.volumes is not None
    assert [(v.name, v.kind) for v in task.volumes] == [
        ("scratch", "bind"), ("sock", "host"), ("shared", "efsVolumeConfiguration"),
    ]  # fmt: skip
    assert task.execution_role is not None


def test_a_volume_is_added_as_a_block_beside_the_others() -> None:
    text = task_with(WAYS["a list"])
    task = only_task(tf(text))
    after = changed(text, task.add_volume("tmp"))
    assert after.count("volume {") == 4
    again = only_task(tf(after))
    assert [v.name for v in again.volumes or ()][-1] == "tmp"


def test_the_first_volume_stands_behind_the_arguments() -> None:
    text = """\
        resource "aws_ecs_task_definition" "web" {
          family                = "web"
          container_definitions = jsonencode([{ name = "app", image = "nginx" }])
          cpu                   = 256
        }
        """
    after = changed(text, only_task(tf(text)).add_volume("tmp"))
    assert after.endswith('cpu                   = 256\n\n  volume {\n    name = "tmp"\n  }\n}\n')


def test_a_mount_in_a_heredoc_is_written_as_json() -> None:
    text = task_with('<<EOF\n[{"name": "app", "image": "${var.image}", "memory": 5}]\nEOF')
    (app,) = containers(tf(text))
    after = changed(text, app.put("readonlyRootFilesystem", value=True))
    assert '"readonlyRootFilesystem": true' in after
    assert "${var.image}" in after
    assert containers(tf(after))[0].flag("readonlyRootFilesystem") is True


def test_host_namespaces_and_windows() -> None:
    text = task_with(WAYS["a list"]).replace(
        '"awsvpc"',
        '"host"\n  pid_mode = "host"\n  runtime_platform {\n    operating_system_family = "WINDOWS_SERVER_2022_CORE"\n  }',
    )
    task = only_task(tf(text))
    assert (task.network_mode, task.host_namespaces, task.windows) == ("host", ("pidMode",), True)
    unknown = text.replace('"WINDOWS_SERVER_2022_CORE"', "var.family")
    assert only_task(tf(unknown)).windows is None


# Files


def test_a_file_is_read_once_and_belongs_to_the_task() -> None:
    reading = tf(
        task_with('file("${path.module}/tasks/web.json")'),
        **{"tasks/web.json": APP_JSON.replace("true", 'true, "cpu": 1')},
    )
    task = only_task(reading)
    (app,) = task.containers
    assert app.node.root_node.source == "tasks/web.json"
    assert task.node is not None
    assert task.node.root_node.source == "main.tf"
    assert task.fargate is True
    assert [t for t in reading.tasks if t.dialect == "ecs"] == []


@pytest.mark.parametrize(
    "expression",
    [
        'templatefile("web.json.tpl", { image = var.image })',
        '"${file("web.json.tpl")}"',
        "data.template_file.web.rendered",
        '"${data.template_file.web.rendered}"',
        "data.template_file.web[0].rendered",
        "element(data.template_file.web.*.rendered, 0)",
        'jsonencode(jsondecode(templatefile("web.json.tpl", {})))',
        "local.rendered",
    ],
)
def test_ways_to_a_template(expression: str) -> None:
    rest = """
        data "template_file" "web" {
          template = file("${path.module}/web.json.tpl")
        }
        locals {
          rendered = templatefile("${path.module}/web.json.tpl", {})
        }
        """
    template = '[{"name": "app", "image": "${image}", "memory": ${memory}, "essential": true}]'
    reading = tf(task_with(expression, rest), **{"web.json.tpl": template})
    (app,) = only_task(reading).containers
    assert (app.name, app.value("image"), app.node.root_node.source) == ("app", UNKNOWN, "web.json.tpl")
    assert aloud(reading) == []


def test_the_containers_of_a_whole_task_definition_in_a_file() -> None:
    whole = f'{{"family": "web", "containerDefinitions": {APP_JSON}, "volumes": []}}'
    reading = tf(
        task_with('jsonencode(jsondecode(file("task.json")).containerDefinitions)'), **{"task.json": whole}
    )
    assert [c.name for c in only_task(reading).containers] == ["app"]
    assert only_task(reading).address == "aws_ecs_task_definition.web"


def test_two_tasks_that_read_one_file_share_one_place() -> None:
    second = dedent(TASK).replace("CONTAINERS", 'file("web.json")').replace('"web" {', '"worker" {')
    text = task_with('file("web.json")') + second.replace('["FARGATE"]', '["EC2"]')
    reading = tf(text, **{"web.json": APP_JSON})
    task = only_task(reading)
    assert len(task.containers) == 1
    assert task.fargate is None
    with pytest.raises(CannotEdit, match=r"aws_ecs_task_definition\.web and aws_ecs_task_definition\.worker"):
        task.add_volume("tmp")


# Locals


def test_a_local_that_is_used_once_is_read_as_if_it_stood_there() -> None:
    reading = tf(
        task_with("local.containers"),
        **{"locals.tf": f"locals {{\n  app = {APP}\n  containers = jsonencode([local.app])\n}}\n"},
    )
    (app,) = only_task(reading).containers
    assert (app.name, app.node.root_node.source) == ("app", "locals.tf")


def test_strings_put_together_from_locals() -> None:
    text = task_with(
        '"[${local.app}, ${local.log} ${var.otel ? ", ${local.otel}" : ""}]"',
        f"""
        locals {{
          app  = jsonencode({APP})
          log  = jsonencode({APP.replace("app", "log")})
          otel = jsonencode({APP.replace("app", "otel")})
        }}
        """,
    )
    assert [c.name for c in only_task(tf(text)).containers] == ["app", "log", "otel"]


def test_a_local_that_others_use_too_is_left_alone_aloud() -> None:
    text = task_with(
        "jsonencode([local.app])", f"locals {{\n  app = {APP}\n  two = merge(local.app, {{}})\n}}\n"
    )
    reading = tf(text)
    assert containers(reading) == []
    assert aloud(reading) == ["local.app is used in other places too; a change would reach further"]


def test_a_comment_is_no_use_of_a_local() -> None:
    text = task_with("jsonencode([local.app])", f"# see local.app\nlocals {{\n  app = {APP}\n}}\n")
    assert len(containers(tf(text))) == 1


# What can't be read is said


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("var.containers", "given by var.containers"),
        ("jsonencode(var.containers)", "given by var.containers"),
        ("module.web.definitions", "given by module.web.definitions"),
        ("jsonencode([merge(local.a, { image = 1 })])", "put together by merge(…)"),
        ("jsonencode([for c in var.all : c])", "computed by a for expression"),
        ('file("nowhere.json")', "read from nowhere.json, which isn't in this repository"),
        ('file("${path.root}/x.json")', "read from a file whose name is computed"),
        ("file(var.name)", "read from a file whose name is computed"),
        ('"[{\\"name\\": \\"x\\"}]"', "written as a quoted string, with escapes that fixbot doesn't edit"),
        ("data.template_file.gone.rendered", "given by data.template_file.gone, which is not in this folder"),
        ('jsonencode([{ name = "x" }])', "without an image here"),
    ],
)
def test_containers_that_are_computed(expression: str, reason: str) -> None:
    reading = tf(task_with(expression))
    assert containers(reading) == []
    assert aloud(reading) == [f"the containers of aws_ecs_task_definition.web are {reason}"]


def test_literal_containers_beside_computed_ones() -> None:
    reading = tf(task_with(f"jsonencode(concat([{APP}], var.sidecars))"))
    assert [c.name for c in containers(reading)] == ["app"]
    assert aloud(reading) == ["the containers of aws_ecs_task_definition.web are given by var.sidecars"]


def test_a_heredoc_with_directives() -> None:
    (reason,) = aloud(tf(task_with('<<EOF\n[\n%{ if var.x }\n{"name": "a"}\n%{ endif }\n]\nEOF')))
    assert "written in a heredoc that can't be read" in reason


def test_a_dynamic_volume_is_said_and_a_block_can_still_be_added() -> None:
    text = task_with(WAYS["a list"]).replace(
        "volume {", 'dynamic "volume" {\n    for_each = var.v\n    content {}\n  }\n  volume {', 1
    )
    reading = tf(text)
    assert aloud(reading) == ["some volumes of aws_ecs_task_definition.web are in a dynamic block"]
    assert 'name = "tmp"' in changed(text, only_task(reading).add_volume("tmp"))


def test_locals_that_name_each_other_end() -> None:
    text = task_with("local.a", 'locals {\n  a = "${local.b} ${local.b}"\n  b = "${local.a} ${local.a}"\n}\n')
    assert containers(tf(text)) == []


# Services


SERVICE = """
    resource "aws_ecs_service" "web" {
      task_definition = aws_ecs_task_definition.web.arn
      REST
    }
    """


@pytest.mark.parametrize(
    ("rest", "fargate", "exec_enabled", "daemon"),
    [
        ('launch_type = "FARGATE"', True, False, False),
        ('launch_type = "EC2"\n  scheduling_strategy = "DAEMON"', False, False, True),
        ("launch_type = var.launch\n  enable_execute_command = var.exec", None, None, False),
        ('capacity_provider_strategy {\n    capacity_provider = "FARGATE_SPOT"\n  }', True, False, False),
        ("enable_execute_command = true", None, True, False),
    ],
)
def test_a_service_says_where_its_task_runs(
    rest: str, fargate: bool | None, exec_enabled: bool | None, daemon: bool
) -> None:
    text = task_with(WAYS["a list"]).replace('["FARGATE"]', "var.compatibilities")
    task = only_task(tf(text, **{"service.tf": dedent(SERVICE).replace("REST", rest)}))
    assert (task.fargate, task.exec_enabled, task.daemon) == (fargate, exec_enabled, daemon)


def test_a_service_of_another_task_says_nothing() -> None:
    other = (
        dedent(SERVICE)
        .replace("definition.web.", "definition.web-two.")
        .replace("REST", "enable_execute_command = true")
    )
    assert only_task(tf(task_with(WAYS["a list"], other))).exec_enabled is None


# Batch


def test_a_batch_job_holds_one_container_and_its_own_volumes() -> None:
    text = """\
        resource "aws_batch_job_definition" "report" {
          name                  = "report"
          type                  = "container"
          platform_capabilities = ["FARGATE"]
          container_properties = jsonencode({
            image   = "busybox"
            volumes = [{ name = "x", host = { sourcePath = "/x" } }]
          })
        }
        """
    task = only_task(tf(text))
    (job,) = task.containers
    assert (task.kind, task.fargate, task.name, job.name) == ("batch", True, "report", "report")
    assert [(v.name, v.kind) for v in task.volumes or ()] == [("x", "host")]
    assert task.node is job.node
    assert 'name = "tmp"' in changed(text, task.add_volume("tmp"))
