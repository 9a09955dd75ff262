"""Requests are judged as botocore judges them, and whatever is written can be judged."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fixbot.validity.ecs_rules import (
    find_cross_problems,
    find_job_problems,
    find_task_problems,
    find_value_from_problem,
)
from fixbot.validity.fargate import find_fargate_problems
from fixbot.validity.kubernetes_rules import find_object_problems, find_pod_problems
from fixbot.validity.request_shapes import find_request_problems

KEYS = st.sampled_from(
    [
        "family",
        "containerDefinitions",
        "name",
        "image",
        "memory",
        "volumes",
        "mountPoints",
        "options",
        "tags",
        "key",
        "environment",
        "logConfiguration",
        "logDriver",
        "linuxParameters",
        "capabilities",
        "add",
        "tmpfs",
        "size",
        "x",
    ]
)
LEAVES = st.none() | st.integers() | st.floats(allow_nan=False) | st.text("ab", max_size=3)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_the_shapes_are_read_as_botocore_reads_them(request: dict[str, Any]) -> None:
    from botocore.validate import ParamValidator  # noqa: PLC0415 - slow to import, needed here only

    theirs = ParamValidator().validate(request, SHAPES[0]).generate_report().splitlines()
    ours = [
        each
        for each in find_request_problems("ecs", "RegisterTaskDefinition", request)
        if " is none of " not in each
    ]
    assert len(ours) == len(theirs), (ours, theirs)
    for kind, words in (("Missing required", " is missing"), ("Unknown parameter", " is no field")):
        assert sum(kind in each for each in theirs) == sum(words in each for each in ours)


def register_task_definition() -> Any:
    """botocore's own idea of the request."""
    from botocore.loaders import Loader  # noqa: PLC0415
    from botocore.model import ServiceModel  # noqa: PLC0415

    model = ServiceModel(Loader().load_service_model("ecs", "service-2"))
    return model.operation_model("RegisterTaskDefinition").input_shape


SHAPES = [register_task_definition()]


@given(VALUES | st.dictionaries(KEYS, VALUES))
def test_any_data_can_be_checked(data: Any) -> None:
    task = data if isinstance(data, dict) else {"containerDefinitions": data, "volumes": data}
    for found in (
        find_task_problems(task),
        find_fargate_problems(task),
        find_cross_problems(task),
        find_job_problems(task),
    ):
        assert all(isinstance(line, str) and "\n" not in line for line in found)
    find_pod_problems({**task, "containers": data, "securityContext": data})
    find_object_problems({**task, "spec": data, "template": {"spec": data}, "items": data})


BAD_REFERENCES = ("?", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a:b")
OUR_WORDS = " ".join(filter(None, map(find_value_from_problem, BAD_REFERENCES)))


@given(st.text(max_size=60) | st.text("arn:aws:secretsmanager:${}/-? ", max_size=80))
def test_any_reference_can_be_judged(reference: str) -> None:
    problem = find_value_from_problem(reference)
    assert problem is None or len(reference) < 4 or reference not in problem or reference in OUR_WORDS
