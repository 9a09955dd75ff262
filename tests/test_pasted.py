"""What a reader may paste, executed: whatever a repository says, a shell starts what is announced alone.

Every block of shell and every code span that begins with a program's name, of every text that fixbot makes,
is read by a real `sh` in an empty folder where stubs of the programs write down what they were started with.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report
from fixbot.proposal.pull_request_text import render_proposal
from fixbot.report import html as page_of
from fixbot.report import markdown_report, text
from fixbot.report.style import TerminalStyle
from fixbot.rules import load_rules
from fixbot.settings import Settings
from tests.gfm import Page

PROGRAMS = ("aws", "docker", "git", "kubectl", "sleep", "terraform", "tr", "xargs")
OTHERS = ("touch", "sh", "id", "cat", "rm", "curl", "python3")
"""Programs that nothing announces: whoever starts one was made to."""
STUB = '#!/bin/sh\nprintf \'%s\\0\' "${0##*/}" "$@" \'\n\' >> "$SAID"\n'
ODD = (
    "shop;touch PWN;:", "shop`touch PWN`", "$(touch${IFS}PWN)", "a&touch\tPWN&", "a|touch PWN",
    "a\ntouch PWN\n", "o';touch PWN;:'", '"; touch PWN; "', "T;touch PWN;:", "x --kubeconfig=/elsewhere",
    "--privileged", "-rf", "ALL --privileged --pid=host -v /:/host", "a > PWN", "a b", "\x1b[2K",
    '${file("/etc/passwd")}', "%{ if true }", "x\\", "!!", "~", "*", "#", "`touch PWN`",
    "` `touch PWN` `", "./scripts/install.sh", "A" * 3000 + " b", "{a,b}",
    "a\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: evil", "</details>", "<!-- fixbot",
    "[skip ci]", "a/../b", "\u202etouch PWN", "é", "con", "..",
)  # fmt: skip
WORDS = st.sampled_from(ODD) | st.text(max_size=30) | st.text("ab;|&$`'\"()<>{}\\ \t\n-/.:!#*", max_size=20)


def pod(name: str) -> dict[str, object]:
    """A pod with a secret, privileges and the name in every place that a command or a document could take."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": name},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": name,
                            "image": name,
                            "command": [name],
                            "args": [name],
                            "env": [
                                {"name": "DB_PASSWORD", "value": "plum-Tr4ctor-9"},
                                {"name": name, "value": "x"},
                            ],
                            "securityContext": {
                                "privileged": True,
                                "capabilities": {"add": [name, "NET_ADMIN"]},
                            },
                            "volumeMounts": [{"name": name, "mountPath": name}],
                        }
                    ]
                }
            }
        },
    }


def task(name: str, image: str = "") -> dict[str, object]:
    """A task definition of ECS, likewise."""
    return {
        "family": name,
        "executionRoleArn": f"arn:aws:iam::111122223333:role/{name}",
        "containerDefinitions": [
            {
                "name": name,
                "image": image or f"111122223333.dkr.ecr.{name}.amazonaws.com/{name}:1",
                "privileged": True,
                "user": name,
                "entryPoint": [name],
                "command": [name],
                "linuxParameters": {"capabilities": {"add": [name, "NET_ADMIN"]}},
                "environment": [{"name": "DB_PASSWORD", "value": "plum-Tr4ctor-9"}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": name}},
            }
        ],
    }


def template(name: str) -> dict[str, object]:
    """A CloudFormation template, likewise."""
    properties = {
        "Family": name,
        "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "ContainerDefinitions": [
            {"Name": name, "Image": name, "Environment": [{"Name": "DB_PASSWORD", "Value": "plum-Tr4ctor-9"}]}
        ],
    }
    return {"Resources": {name: {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}}


def terraform(name: str) -> str:
    """Terraform, likewise; JSON's quoting is HCL's, but for templates."""
    quoted = json.dumps(name).replace("${", "$${").replace("%{", "%%{")
    return (
        f'resource "aws_ecs_task_definition" {quoted} {{\n'
        f'  family = {quoted}\n  execution_role_arn = "arn:aws:iam::111122223333:role/x"\n'
        f"  container_definitions = jsonencode([{{ name = {quoted}, image = {quoted}, privileged = true,\n"
        '    environment = [{ name = "DB_PASSWORD", value = "plum-Tr4ctor-9" }] }])\n}\n'
    )


def policy(name: str) -> dict[str, object]:
    """A policy with a wildcard, likewise."""
    statement = {"Sid": name, "Effect": "Allow", "Action": ["ecs:StopTask", "ecs:RunTask"], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


OPERATOR = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: billing
spec:
  secretStoreRef:
    name: aws-store
    kind: ClusterSecretStore
  target:
    name: billing
  data:
    - secretKey: A
      remoteRef:
        key: billing
"""
DIALECTS: dict[str, Callable[[str], dict[str, str]]] = {
    "kubernetes": lambda name: {"pod.json": json.dumps(pod(name))},
    "operator": lambda name: {"app/pod.json": json.dumps(pod(name)), "app/other.yaml": OPERATOR},
    "ecs": lambda name: {"task.json": json.dumps(task(name))},
    "image": lambda name: {"task.json": json.dumps(task("web", name))},
    "cloudformation": lambda name: {"stack.json": json.dumps(template(name))},
    "terraform": lambda name: {"main.tf": terraform(name)},
    "policy": lambda name: {"policy.json": json.dumps(policy(name)), "tags.tf": tagged(name)},
}


def tagged(name: str) -> str:
    quoted = json.dumps(name).replace("${", "$${").replace("%{", "%%{")
    return f'resource "aws_instance" "x" {{\n  tags = {{ {quoted} = {quoted} }}\n}}\n' * 3


RESOURCES = (
    ("db_instance", "publicly_accessible = true"), ("ecs_cluster", ""), ("kms_key", ""), ("lb", ""),
    ("ecr_repository", "force_delete = true"), ("s3_bucket", "force_destroy = true"), ("instance", ""),
    ("eks_cluster", ""), ("launch_template", ""), ("rds_cluster", "skip_final_snapshot = true"),
)  # fmt: skip
OBJECTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("karpenter.k8s.aws/v1", "EC2NodeClass", {"metadataOptions": {"httpTokens": "optional"}}),
    ("eksctl.io/v1alpha5", "ClusterConfig", {}),
)


def resources(name: str) -> dict[str, str]:
    """What has no containers, likewise, in all its dialects."""
    quoted = json.dumps(name).replace("${", "$${").replace("%{", "%%{")
    written = "".join(
        f'resource "aws_{kind}" {quoted} {{\n  name = {quoted}\n  {more}\n}}\n' for kind, more in RESOURCES
    )
    stack = {f"{name}{kind}": {"Type": f"AWS::{kind}", "Properties": {"Name": name}} for kind in TYPES}
    objects = [
        {"apiVersion": api, "kind": kind, "metadata": {"name": name, "region": name}, "spec": spec}
        for api, kind, spec in OBJECTS
    ]
    return {
        "main.tf": written, "stack.json": json.dumps({"Resources": stack}),
        "objects.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
    }  # fmt: skip


TYPES = ("RDS::DBInstance", "ECS::Cluster", "KMS::Key", "EKS::Cluster", "EC2::Instance", "ECR::Repository")
DIALECTS["resources"] = resources


def looked_at(folder: Path, files: dict[str, str], wishes: Settings | None = None) -> Report:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    return run_pipeline(Checkout.open_checkout(str(folder)), load_rules(), wishes or Settings())


def pasted(report: Report) -> Iterator[str]:
    """Everything in every output that a reader could take for a command."""
    outputs = [
        markdown_report.render_markdown(report),
        *(render_proposal(each).body for each in report.proposals),
    ]
    for output in outputs:
        found = Page(output)
        assert not found.faults
        for each in found.codes:
            if looks_pasted(each):
                yield each
    for lines in (
        text.render_run(report, TerminalStyle(width=72)).split("\n"),
        [line for each in report.proposals for line in render_proposal(each).commit_message.split("\n")],
    ):
        yield from (line.strip() for line in lines if looks_pasted(line.strip()) and line.startswith("    "))
    page = page_of.render_html(report, "x")
    for each in re.findall(r"<code[^>]*>(.*?)</code>", page, re.DOTALL):
        if looks_pasted(html.unescape(each)):
            yield html.unescape(each)


def looks_pasted(line: str) -> bool:
    first = line.lstrip("# \n").split(" ", 1)[0]
    return line.startswith("#") or first in {*PROGRAMS, "read", "echo", "printf"}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shell")
    (folder / "bin").mkdir()
    for name in (*PROGRAMS, *OTHERS):
        (folder / "bin" / name).write_text(STUB)
        (folder / "bin" / name).chmod(0o755)
    return folder


def started(script: str, folder: Path) -> list[list[str]]:
    """The programs that a shell started for that text, with their words."""
    here, told = folder / "here", folder / "said"
    here.mkdir(exist_ok=True)
    told.unlink(missing_ok=True)
    subprocess.run(
        ["/bin/sh"], input=script.encode("utf-8", "surrogatepass"), cwd=here, check=False,
        capture_output=True, env={"PATH": str(folder / "bin"), "SAID": str(told)},
    )  # fmt: skip
    left = {each.name for each in here.iterdir()}
    assert left <= {"before.json"}
    whole = told.read_text() if told.exists() else ""
    return [each.split("\0") for each in whole.split("\0\n\0") if each]


OPTIONS = re.compile(
    r"-(?:n|f|d|o|p|r|rs)|--entrypoint=[^\n]*|--as=system:serviceaccount:[\w-]+:default|--dry-run=server"
    r"|--(?:rm|list|overwrite|cap-add|cap-drop|security-opt|tmpfs|name|env|user|read-only|server-side|region"
    r"|force-new-deployment|service|secret-id|type|kms-key-id|log-group-name|lookup-attributes"
    r"|value|no-execute-changeset|stack-name|capabilities|template-file|logical-resource-id|query|output|cluster"
    r"|include|services|resource-type-filters|role-name|tags|parameter-filters|secret-string|task-definition"
    r"|policy-type|existing-policy-document|new-policy-document|platform-version|action-names|analyzer-arn|filters"
    r"|permissions-boundary-policy-input-list|policy-source-arn|granularity|no-associate-public-ip-address)"
    r"|-target=[\w.-]+"
)


def before_the_image(words: list[str]) -> list[str]:
    """The words that Docker takes for its own: what stands behind an image's name is the program's."""
    if words[:1] != ["run"]:
        return words
    at = 1
    while at < len(words) and words[at].startswith("-"):
        at += 1 if "=" in words[at] or words[at] in ("-d", "--rm", "--read-only") else 2
    return words[:at]


def check(report: Report, shell: Path) -> int:
    count = 0
    for each in pasted(report):
        for words in started(each, shell):
            assert words[0] in PROGRAMS
            options = [one for one in before_the_image(words[1:]) if one.startswith("-") and one != "-"]
            assert [one for one in options if not OPTIONS.fullmatch(one)] == [], each
            count += 1
    return count


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_shell_starts_what_is_announced(shell: Path, tmp_path: Path, dialect: str, name: str) -> None:
    report = looked_at(tmp_path, DIALECTS[dialect](name))
    assert report.failures == ()
    assert report.proposals or dialect in ("cloudformation", "terraform", "policy", "operator")
    check(report, shell)
    check_documents(report)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
)
@given(st.sampled_from(sorted(DIALECTS)), WORDS)
def test_any_name_is_one_word_or_none(
    shell: Path, tmp_path_factory: pytest.TempPathFactory, dialect: str, name: str
) -> None:
    report = looked_at(tmp_path_factory.mktemp("any"), DIALECTS[dialect](name))
    assert report.failures == ()
    check(report, shell)
    check_documents(report)


def check_documents(report: Report) -> None:
    """Whatever is printed to be applied, or comes as a new file, is the one object that is spoken of."""
    for each in report.proposals:
        for row in each.story.rows:
            for step in (*row.steps_before, *row.steps_after):
                if step.document is not None and not step.document.why_refused:
                    load_one(step.document.text, step.document.syntax)
    for patch in report.patches:
        if patch.before is None:
            found = load_one(patch.after, "yaml")
            assert found["kind"] in ("ExternalSecret", "SecretProviderClass")
            assert re.fullmatch(r"[a-z]+/[a-z0-9.-]+\.yaml", patch.path)


def load_one(written: str, syntax: str) -> dict[str, object]:
    found = json.loads(written) if syntax == "json" else yaml.safe_load(written)
    assert isinstance(found, dict)
    if "apiVersion" in found:
        assert set(found["metadata"]) <= {"name", "namespace"}
        assert re.fullmatch("[a-z0-9.-]+", found["metadata"]["name"])
    else:
        assert set(found) <= {"Effect", "Action", "Resource", "Condition", "Sid"}
    return found


def test_an_ordinary_name_stands_in_the_commands(shell: Path, tmp_path: Path) -> None:
    report = looked_at(tmp_path, {**DIALECTS["kubernetes"]("web"), **DIALECTS["ecs"]("eu-west-1")})
    assert check(report, shell) > 10
    said = {tuple(words) for each in pasted(report) for words in started(each, shell)}
    assert ("kubectl", "-n", "web", "get", "secret", "web-secrets") in said
    run = ("docker", "run", "--rm", "--cap-add", "CAPABILITY", "--cap-add", "NET_ADMIN")
    assert any(words[: len(run)] == run and words[-1] == "web" for words in said)


@pytest.mark.parametrize("name", ["T}${X", "T;touch PWN;:", "T$(id)", "a-b", "T.Arn", "é"])
def test_nothing_refers_to_a_resource_whose_name_is_none(tmp_path: Path, name: str) -> None:
    report = looked_at(tmp_path, {"stack.json": json.dumps(template(name))})
    found = [each.reason or "" for each in report.findings if each.rule == "secret-in-environment"]
    assert all("letters and digits" in each for each in found)
    assert found or report.unread
    assert not any("Fn::Sub" in patch.after for patch in report.patches)
