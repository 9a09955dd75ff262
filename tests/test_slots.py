"""Slots: a place where a value stands or would stand, and what writing there makes of the file."""

from __future__ import annotations

import pytest

from fixbot.edit.tree import ABSENT, UNKNOWN, CannotEdit
from tests.terraform_texts import APP, changed, only_task, task_with, tf


def test_a_field_of_a_terraform_task_is_found_by_the_apis_name() -> None:
    task = only_task(tf(text := task_with(f"jsonencode([{APP}])")))
    slot = task.slot("networkMode")
    assert (slot.value, slot.written) == ("awsvpc", "network_mode")
    assert changed(text, slot.set("bridge")) == text.replace('"awsvpc"', '"bridge"')


def test_a_field_that_is_not_written_sends_the_reader_to_the_task() -> None:
    task = only_task(tf(task_with(f"jsonencode([{APP}])")))
    slot = task.slot("pidMode")
    assert slot.value is ABSENT
    assert slot.node is task.node
    with pytest.raises(CannotEdit, match="pid_mode isn't written"):
        slot.drop()


def test_fields_of_a_block_that_is_missing_are_put_into_one_block() -> None:
    task = only_task(tf(text := task_with(f"jsonencode([{APP}])")))
    system, cpu = (
        task.slot("runtimePlatform.operatingSystemFamily"),
        task.slot("runtimePlatform.cpuArchitecture"),
    )
    after = changed(text, system.set("LINUX"), cpu.set("ARM64"))
    assert after.count("runtime_platform {") == 1
    again = only_task(tf(after))
    assert again.value("runtimePlatform.operatingSystemFamily") == "LINUX"
    assert again.value("runtimePlatform.cpuArchitecture") == "ARM64"


@pytest.mark.parametrize("value", ["var.mode", "local.mode", 'var.on ? "host" : null', '"${var.mode}"'])
def test_a_computed_value_is_unknown_and_never_absent(value: str) -> None:
    task = only_task(tf(task_with(f"jsonencode([{APP}])", "").replace('"awsvpc"', value)))
    assert task.slot("networkMode").value is UNKNOWN


def test_a_dynamic_block_makes_what_lies_in_it_unknown() -> None:
    block = 'dynamic "runtime_platform" {\n  for_each = var.p\n  content {\n  }\n}\n'
    task = only_task(tf(task_with(f"jsonencode([{APP}])").replace("  volume {", block + "  volume {", 1)))
    assert task.slot("runtimePlatform.cpuArchitecture").value is UNKNOWN


def test_a_container_s_field_that_is_there_can_be_dropped() -> None:
    task = only_task(tf(text := task_with(f"jsonencode([{APP}])")))
    (app,) = task.containers
    assert changed(text, app.slot("privileged").drop()) == text.replace(", privileged = true", "")
