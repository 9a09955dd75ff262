"""Values that reach a container from another place: patches, generators, ConfigMaps, defaults, templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Report, Status
from fixbot.settings import Settings
from tests.first_rules import first_rules

PW = "plum-Tr4ctor-88"
ESSENTIAL = tuple(
    rule
    for rule in first_rules()
    if rule.name in ("secret-in-environment", "privileged-container", "readonly-root-filesystem")
)
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: registry.example/web:2
        securityContext: {readOnlyRootFilesystem: true}
"""
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [web.yaml]\n"


def looked_at(folder: Path, files: dict[str, str]) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return run_pipeline(Checkout.open_checkout(str(folder)), ESSENTIAL, Settings())


def rules_at(report: Report) -> set[tuple[str, str, int]]:
    return {(each.rule, each.path, each.line) for each in report.findings}


@pytest.mark.parametrize(
    ("patch", "rule"),
    [
        (
            "containers:\n      - name: web\n        securityContext: {privileged: true}",
            "privileged-container",
        ),
        (
            "containers:\n      - name: web\n        securityContext: {readOnlyRootFilesystem: false}",
            "readonly-root-filesystem",
        ),
        (
            f"containers:\n      - name: web\n        env: [{{name: DB_PASSWORD, value: {PW}}}]",
            "secret-in-environment",
        ),
        (
            "initContainers:\n      - name: prepare\n        securityContext: {privileged: true}",
            "privileged-container",
        ),
    ],
)
@pytest.mark.parametrize("inline", [False, True])
def test_what_a_merged_patch_says_outright_is_found(
    tmp_path: Path, patch: str, rule: str, *, inline: bool
) -> None:
    head = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      "
    )
    text = head + patch + "\n"
    if inline:
        block = "".join(f"    {line}\n" for line in text.splitlines())
        files = {"kustomization.yaml": f"{KUSTOMIZATION}patches:\n- patch: |-\n{block}", "web.yaml": WEB}
    else:
        files = {
            "kustomization.yaml": f"{KUSTOMIZATION}patches:\n- path: p.yaml\n",
            "p.yaml": text,
            "web.yaml": WEB,
        }
    report = looked_at(tmp_path, files)
    (finding,) = report.findings
    assert (finding.rule, finding.status) == (rule, Status.MANUAL)
    assert finding.path == ("kustomization.yaml" if inline else "p.yaml")
    assert PW not in f"{finding.message}{finding.reason}"


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (
            "path: /spec/template/spec/containers/0/securityContext/privileged\n  value: true",
            "privileged-container",
        ),
        (
            "path: /spec/template/spec/containers/0/securityContext\n  value: {privileged: true}",
            "privileged-container",
        ),
        (
            (
                "path: /spec/template/spec/containers/-\n"
                "  value: {name: a, image: 'r.example/a:1', securityContext: {privileged: true}}"
            ),
            "privileged-container",
        ),
        ("path: /spec/containers/0/securityContext/privileged\n  value: true", "privileged-container"),
        (
            f"path: /spec/template/spec/containers/0/env/-\n  value: {{name: DB_PASSWORD, value: {PW}}}",
            "secret-in-environment",
        ),
        (
            f"path: /spec/template/spec/containers/0/env\n  value: [{{name: DB_PASSWORD, value: {PW}}}]",
            "secret-in-environment",
        ),
        (
            "path: /spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem\n  value: false",
            "readonly-root-filesystem",
        ),
        (f"path: /data/DB_PASSWORD\n  value: {PW}", "secret-in-environment"),
    ],
)
@pytest.mark.parametrize("inline", [False, True])
def test_what_an_operation_says_outright_is_found(
    tmp_path: Path, operation: str, rule: str, *, inline: bool
) -> None:
    text = f"- op: add\n  {operation}\n"
    target = "target: {kind: Deployment, name: web}"
    if inline:
        block = "".join(f"    {line}\n" for line in text.splitlines())
        files = {"kustomization.yaml": f"{KUSTOMIZATION}patches:\n- {target}\n  patch: |-\n{block}"}
    else:
        files = {
            "kustomization.yaml": f"{KUSTOMIZATION}patches:\n- {target}\n  path: p.yaml\n",
            "p.yaml": text,
        }
    report = looked_at(tmp_path, {**files, "web.yaml": WEB})
    (finding,) = report.findings
    assert (finding.rule, finding.status) == (rule, Status.MANUAL)
    assert finding.path == ("kustomization.yaml" if inline else "p.yaml")


@pytest.mark.parametrize(
    "operation",
    [
        "- {op: remove, path: /spec/template/spec/containers/0/securityContext/privileged}\n",
        "- {op: replace, path: /spec/replicas, value: 3}\n",
        "- {op: add, path: /spec/template/spec/containers/0/securityContext/privileged, value: false}\n",
        "- {op: replace, path: /spec/template/spec/containers/0/image, value: 'registry.example/web:3'}\n",
        "- {op: add, path: /metadata/labels/token, value: abc}\n",
        "- {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: LOG_LEVEL, value: info}}\n",
    ],
)
def test_an_operation_that_says_nothing_bad_is_none(tmp_path: Path, operation: str) -> None:
    files = {"kustomization.yaml": f"{KUSTOMIZATION}patches:\n- path: p.yaml\n", "p.yaml": operation}
    assert looked_at(tmp_path, {**files, "web.yaml": WEB}).findings == ()


def test_what_a_patch_does_not_say_is_no_finding(tmp_path: Path) -> None:
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n      - {name: web, resources: {limits: {memory: 1Gi}}}\n"
        "      - {name: old, $patch: delete}\n"
    )
    assert looked_at(tmp_path, {"p.yaml": patch, "web.yaml": WEB}).findings == ()


@pytest.mark.parametrize("generator", ["configMapGenerator", "secretGenerator"])
def test_a_secret_among_literals_is_found_where_it_stands(tmp_path: Path, generator: str) -> None:
    made = f"{generator}:\n- name: env\n  literals:\n  - LOG_LEVEL=info\n  - DB_PASSWORD={PW}\n"
    report = looked_at(tmp_path, {"kustomization.yaml": KUSTOMIZATION + made, "web.yaml": WEB})
    assert rules_at(report) == {("secret-in-environment", "kustomization.yaml", 8)}
    assert report.findings[0].status is Status.MANUAL


def test_a_generators_files_are_named_as_unread(tmp_path: Path) -> None:
    made = "secretGenerator:\n- name: env\n  envs: [prod.env]\n"
    report = looked_at(tmp_path, {"kustomization.yaml": KUSTOMIZATION + made, "web.yaml": WEB})
    assert any("prod.env" in each.reason for each in report.unread)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (f"DB_PASSWORD: {PW}", True),
        (f"db.password: {PW}", True),
        (f"DATABASE_URL: postgres://shop:{PW}@db/shop", True),
        (f"JAVA_OPTS: -Ddb.password={PW}", True),
        ("DB_PASSWORD_FILE: /run/secrets/db", False),
        ("TOKEN_URL: https://sso.example/token", False),
        ("SECRET_NAME: web-db", False),
        ("PASSWORD_POLICY: strong", False),
        ("DB_PASSWORD: ''", False),
        ("DB_PASSWORD: $(DB_PASSWORD)", False),
        ("app.properties: |\n    log=info\n    user=shop", False),
    ],
)
def test_a_config_map_with_a_secret_is_found(tmp_path: Path, data: str, *, found: bool) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: env}}\ndata:\n  LOG_LEVEL: info\n  {data}\n"
    shapes = ({"all.yaml": f"{text}---\n{WEB}"}, {"env.yaml": text, "web.yaml": WEB}, {"env.yaml": text})
    for number, files in enumerate(shapes):
        report = looked_at(tmp_path / str(number), files)
        assert [each.status for each in report.findings] == ([Status.MANUAL] if found else [])


TEMPLATE = """\
Parameters:
  DbPassword: {Type: String, %s}
Mappings:
  Stages: {prod: {pw: plum-Tr4ctor-88, level: info}}
Conditions: {Dev: !Equals [a, b]}
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: arn:aws:iam::111122223333:role/web
      ContainerDefinitions:
        - Name: web
          Image: registry.example/web:2
          ReadonlyRootFilesystem: true
          Environment:
            - {Name: %s, Value: %s}
"""


@pytest.mark.parametrize(
    ("given", "name", "value", "said"),
    [
        (f"NoEcho: true, Default: {PW}", "DB_PASSWORD", "!Ref DbPassword", "default"),
        (f"Default: {PW}", "DB_PASSWORD", "!Ref DbPassword", "default"),
        (f"Default: {PW}", "DB_PASSWORD", "{Ref: DbPassword}", "default"),
        (f"Default: {PW}", "DB_PASSWORD", '!Sub "${DbPassword}"', "default"),
        (f"Default: {PW}", "DATABASE_URL", '!Sub "postgres://shop:${DbPassword}@db/shop"', "default"),
        (f"Default: {PW}", "DATABASE_URL", '!Join ["", ["pg://a:", !Ref DbPassword, "@db"]]', "default"),
        ("NoEcho: true", "DB_PASSWORD", "!Ref DbPassword", "NoEcho"),
        ("Default: x", "DB_PASSWORD", "!FindInMap [Stages, prod, pw]", "mapping"),
        ("Default: x", "DB_PASSWORD", f"!If [Dev, {PW}, !Ref DbPassword]", "condition"),
    ],
)
def test_a_templates_literal_is_followed(
    tmp_path: Path, given: str, name: str, value: str, said: str
) -> None:
    (finding,) = looked_at(tmp_path, {"t.yaml": TEMPLATE % (given, name, value)}).findings
    assert finding.rule == "secret-in-environment"
    assert said in str(finding.reason)
    assert PW not in f"{finding.message}{finding.reason}"


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("Default: ''", "DB_PASSWORD", "!Ref DbPassword"),
        ("Default: changeme", "DB_PASSWORD", "!Ref DbPassword"),
        ("Default: info", "LOG_LEVEL", "!Ref DbPassword"),
        ("Default: x", "LOG_LEVEL", "!FindInMap [Stages, prod, level]"),
    ],
)
def test_a_templates_plain_default_is_none(tmp_path: Path, given: str, name: str, value: str) -> None:
    text = TEMPLATE.replace("DbPassword", "Level") % (given, name, value.replace("DbPassword", "Level"))
    assert [
        each for each in looked_at(tmp_path, {"t.yaml": text}).findings if each.severity.label == "critical"
    ] == []


TASK = """\
resource "aws_ecs_task_definition" "web" {
  family                = "web"
  execution_role_arn    = "arn:aws:iam::111122223333:role/web"
  container_definitions = %s
}
"""
CONTAINER = (
    '{"name": "web", "image": "${image}", "readonlyRootFilesystem": true, '
    '"environment": [{"name": "%s", "value": "%s"}]}'
)


@pytest.mark.parametrize(
    ("name", "value", "given", "more"),
    [
        ("DB_PASSWORD", "${pw}", f'pw = "{PW}"', ""),
        ("DB_PASSWORD", "${pw}", "pw = var.pw", f'variable "pw" {{ default = "{PW}" }}\n'),
        ("DB_PASSWORD", "${pw}", "pw = local.pw", f'locals {{ pw = "{PW}" }}\n'),
        ("DATABASE_URL", "postgres://shop:${pw}@db/shop", f'pw = "{PW}"', ""),
        ("SETTING", "${db_password}", f'db_password = "{PW}"', ""),
    ],
)
@pytest.mark.parametrize("old", [False, True])
def test_what_fills_in_a_template_is_followed(
    tmp_path: Path, name: str, value: str, given: str, more: str, *, old: bool
) -> None:
    if old:
        vars_ = f'vars = {{\n    image = "r.example/web:2"\n    {given}\n  }}'
        data = f'data "template_file" "web" {{\n  template = file("web.json")\n  {vars_}\n}}\n'
        text = TASK % "data.template_file.web.rendered" + data
    else:
        call = (
            f'templatefile("${{path.module}}/web.json", {{\n    image = "r.example/web:2"\n    {given}\n  }})'
        )
        text = TASK % call
    report = looked_at(tmp_path, {"main.tf": text + more, "web.json": f"[{CONTAINER % (name, value)}]"})
    (finding,) = report.findings
    assert finding.path == "web.json"
    assert "main.tf:" in str(finding.reason)
    assert "is in Git" in str(finding.reason)


@pytest.mark.parametrize("name", ["terraform.tfvars", "prod.auto.tfvars", "prod.tfvars"])
def test_what_a_file_of_variables_says_is_followed(tmp_path: Path, name: str) -> None:
    task = 'jsonencode([{ name = "web", image = "r.example/web:2", readonlyRootFilesystem = true, '
    task += 'environment = [{ name = "DB_PASSWORD", value = var.db_pw }] }])'
    files = {
        "main.tf": TASK % task,
        "variables.tf": 'variable "db_pw" { type = string }\n',
        name: f'region = "eu-west-1"\ndb_pw = "{PW}"\n',
    }
    (finding,) = looked_at(tmp_path, files).findings
    assert f"{name}:2" in str(finding.reason)


def test_a_variable_without_a_value_here_is_none(tmp_path: Path) -> None:
    task = 'jsonencode([{ name = "web", image = "r.example/web:2", readonlyRootFilesystem = true, '
    task += 'environment = [{ name = "DB_PASSWORD", value = var.db_pw }] }])'
    files = {"main.tf": TASK % task + 'variable "db_pw" { type = string }\n'}
    assert looked_at(tmp_path, files).findings == ()


STORED = """\
resource "aws_secretsmanager_secret" "db" { name = "db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = %s
}
resource "aws_ssm_parameter" "token" {
  name  = "/shop/token"
  type  = "SecureString"
  value = %s
}
"""
STORE_TASK = (
    'jsonencode([{ name = "web", image = "r.example/web:2", readonlyRootFilesystem = true, secrets = ['
    '{ name = "DB_PASSWORD", valueFrom = aws_secretsmanager_secret.db.arn }, '
    '{ name = "API_TOKEN", valueFrom = aws_ssm_parameter.token.arn }] }])'
)


@pytest.mark.parametrize(
    ("secret", "parameter", "lines"),
    [
        (f'"{PW}"', "var.token", {4}),
        (f'jsonencode({{ password = "{PW}" }})', "var.token", {4}),
        ("var.db", '"b2f0-not-a-real-token-77aa"', {9}),
        ("var.db", '"dummy"', set()),
        ("random_password.db.result", '"initial"', set()),
        ('jsonencode({ password = "changeme" })', "var.token", set()),
    ],
)
def test_a_store_that_is_filled_from_the_file_is_named(
    tmp_path: Path, secret: str, parameter: str, lines: set[int]
) -> None:
    report = looked_at(tmp_path, {"main.tf": STORED % (secret, parameter) + TASK % STORE_TASK})
    assert {each.line for each in report.findings} == lines
    assert all(each.status is Status.MANUAL for each in report.findings)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (f'[for k, v in {{ DB_PASSWORD = "{PW}" }} : {{ name = k, value = v }}]', True),
        ("[for k, v in local.env : { name = k, value = v }]", True),
        ("[for k, v in var.env : { name = k, value = v }]", False),
        ('[for k, v in { LOG_LEVEL = "info" } : { name = k, value = v }]', False),
    ],
)
def test_a_computed_environment_is_looked_into(tmp_path: Path, environment: str, *, found: bool) -> None:
    task = 'jsonencode([{ name = "web", image = "r.example/web:2", readonlyRootFilesystem = true, '
    task += f"environment = {environment} }}])"
    report = looked_at(
        tmp_path, {"main.tf": TASK % task + f'locals {{\n  env = {{ DB_PASSWORD = "{PW}" }}\n}}\n'}
    )
    assert bool(report.findings) is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"${{DB_PASSWORD:-{PW}}}", True),
        (f"{{{{ pw | default('{PW}') }}}}", True),
        ("${DB_PASSWORD:-}", False),
        ("${DB_PASSWORD:-changeme}", False),
        ("${DB_PASSWORD}", False),
    ],
)
def test_a_default_in_a_placeholder_is_found(tmp_path: Path, value: str, *, found: bool) -> None:
    text = WEB + f'        env: [{{name: DB_PASSWORD, value: "{value}"}}]\n'
    assert bool(looked_at(tmp_path, {"web.yaml": text}).findings) is found


def test_a_config_map_of_terraform_is_read(tmp_path: Path) -> None:
    text = f"""\
resource "kubernetes_config_map" "env" {{
  metadata {{ name = "env" }}
  data = {{
    LOG_LEVEL   = "info"
    DB_PASSWORD = "{PW}"
  }}
}}
resource "kubernetes_pod" "web" {{
  metadata {{ name = "web" }}
  spec {{
    container {{
      name  = "web"
      image = "r.example/web:2"
      security_context {{ read_only_root_filesystem = true }}
      env_from {{
        config_map_ref {{ name = "env" }}
      }}
    }}
  }}
}}
"""
    (finding,) = looked_at(tmp_path, {"main.tf": text}).findings
    assert (finding.line, finding.status) == (5, Status.MANUAL)


def test_the_default_of_a_stores_parameter_is_its_name(tmp_path: Path) -> None:
    text = TEMPLATE.replace("Type: String", "Type: 'AWS::SSM::Parameter::Value<String>'")
    text %= ("Default: shop-db-password", "DB_PASSWORD", "!Ref DbPassword")
    assert looked_at(tmp_path, {"t.yaml": text}).findings == ()
