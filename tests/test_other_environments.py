"""What runs code and is no task: its variables, its privileged mode, its pods; where vendors have them."""

from __future__ import annotations

import pytest

from fixbot.dialects.batch_pods import CLOUDFORMATION_POD, TERRAFORM_POD
from fixbot.lens import ResourceType
from fixbot.secret_stores.other_environments import ENVIRONMENTS
from fixers.privileged_container import _MODE, PROJECT
from tests.vendor_schemas import cloudformation_property, terraform_attribute

PLACES = [*((kind, path) for kind, paths in ENVIRONMENTS.items() for path in paths), (PROJECT, _MODE)]
POD = ("containers", "name"), ("initContainers", "env", "value"), ("hostNetwork",), (
    "containers", "securityContext", "readOnlyRootFilesystem",
), ("containers", "securityContext", "privileged")  # fmt: skip


@pytest.mark.parametrize(("kind", "path"), PLACES, ids=lambda each: getattr(each, "edited", each))
def test_vendors_have_the_variables_where_they_are_looked_for(kind: ResourceType, path: str) -> None:
    if not kind.cloudformation.startswith("AWS::Serverless::"):
        assert cloudformation_property(kind.cloudformation, path.split(".")) is not None
    if kind.terraform:
        assert terraform_attribute(kind.terraform, kind.path("terraform", path)) is not None


@pytest.mark.parametrize("path", POD, ids=".".join)
def test_vendors_have_what_a_pod_of_batch_says(path: tuple[str, ...]) -> None:
    template = map(CLOUDFORMATION_POD.key, path)
    argument = map(TERRAFORM_POD.key, path)
    above = ("EksProperties", "PodProperties")
    assert cloudformation_property("AWS::Batch::JobDefinition", [*above, *template]) is not None
    places = ["eks_properties", "pod_properties", *argument]
    assert terraform_attribute("aws_batch_job_definition", places) is not None
