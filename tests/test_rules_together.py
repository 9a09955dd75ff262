"""All rules at once: none takes away what another would do alone, and one run is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Status
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.pages import Example, Page
from tests.test_examples import examples, lay_out

RULES = load_rules()


@pytest.mark.parametrize(
    ("page", "example"), [pytest.param(p, e, id=f"{p.rule}: {e.title}") for p, e in examples()]
)
def test_what_a_rule_repairs_alone_it_repairs_among_all(tmp_path: Path, page: Page, example: Example) -> None:
    lay_out(tmp_path, {name: text for name, text in example.before.items() if name != ".fixbot.yml"})
    checkout = Checkout.open_checkout(str(tmp_path))
    alone = run_pipeline(checkout, tuple(each for each in RULES if each.name == page.rule), Settings())
    together = run_pipeline(checkout, RULES, Settings())
    fixed = {each.id for each in together.findings if each.status is Status.FIXED}
    said = "\n".join(f"{each.rule} {each.resource}: {each.reason}" for each in together.findings)
    assert {each.id for each in alone.findings if each.status is Status.FIXED} <= fixed, said
    for patch in together.patches:
        (tmp_path / patch.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / patch.path).write_bytes(patch.after.encode("utf-8", "surrogateescape"))
    again = run_pipeline(Checkout.open_checkout(str(tmp_path)), RULES, Settings())
    assert [f"{each.rule} {each.resource}" for each in again.findings if each.status is Status.FIXED] == []


OPEN = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Admin:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: administrators
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
  Hosts:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {IamInstanceProfile: {Name: hosts}, SecurityGroupIds: [!Ref Admin]}
  Agent:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: agent, Image: "registry.example/agent:1", Privileged: true}]
"""


@pytest.mark.parametrize(
    ("gone", "severity"),
    [("", "critical"), (", Privileged: true", "high"), ("IamInstanceProfile: {Name: hosts}, ", "high")],
)
def test_an_open_port_is_worse_where_who_gets_in_has_the_host_and_its_role(
    tmp_path: Path, gone: str, severity: str
) -> None:
    (tmp_path / "template.yaml").write_text(OPEN.replace(gone, "") if gone else OPEN)
    found = run_pipeline(Checkout.open_checkout(str(tmp_path)), load_rules(), Settings()).findings
    (port,) = [each for each in found if each.rule == "ssh-open-to-world"]
    assert port.severity.name.lower() == severity
    assert ("task Agent runs privileged beside it" in port.message) is (severity == "critical")


POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop}}
spec:
  containers:
    - {{name: app, image: "registry.example/{name}:1"}}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


@pytest.mark.parametrize(
    "beside", [{}, {"policy.yaml": POLICY}], ids=["alone", "with a policy in another file"]
)
def test_what_other_files_say_is_no_new_finding(tmp_path: Path, beside: dict[str, str]) -> None:
    lay_out(tmp_path, {**{f"{name}.yaml": POD.format(name=name) for name in ("api", "web")}, **beside})
    report = run_pipeline(Checkout.open_checkout(str(tmp_path)), RULES, Settings())
    assert [each.reason for each in report.findings if "new finding" in (each.reason or "")] == []
    fixed = {each.path for each in report.findings if each.status is Status.FIXED}
    assert fixed == {"api.yaml", "web.yaml"}
