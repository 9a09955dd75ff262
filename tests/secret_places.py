"""Ways in which a file may hold a secret: by dialect, spelling and quoting. `CANARY` is in each value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

SECRET = "plum-CANARY-Tr4ctor"
Files = Mapping[str, str]


def manifest(env: str = "", fields: str = "", tail: str = "", image: str = "nginx:1.25") -> str:
    """A Deployment whose container has something to repair, with variables and fields of its own."""
    variables = f"        env:\n{env}" if env else ""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
        "  selector: {matchLabels: {a: b}}\n"
        "  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n"
        f"      - name: app\n        image: {image}\n{fields}        securityContext: {{privileged: true}}\n"
        f"{variables}        ports: [{{containerPort: 80}}]\n{tail}"
    )


def variable(value: str, name: str = "DB_PASSWORD") -> str:
    """One variable of a manifest; `value` begins behind the colon."""
    return f"        - name: {name}\n          value: {value}\n"


def terraform(value: str, extra: str = "") -> str:
    """A task definition of Terraform whose variable DB_PASSWORD has that expression."""
    return (
        'resource "aws_ecs_task_definition" "t" {\n  family = "orders"\n'
        "  container_definitions = jsonencode([\n"
        '    {\n      name = "app", image = "nginx:1.25", privileged = true\n      environment = [\n'
        '        { name = "LOG", value = "x" },\n'
        f'        {{ name = "DB_PASSWORD", value = {value} }},\n        {{ name = "Z", value = "y" }}\n'
        f"      ]\n    }}\n  ])\n}}\n{extra}"
    )


def template(value: str, head: str = "") -> str:
    """A CloudFormation template whose variable DB_PASSWORD has that value; it begins behind the colon."""
    return (
        f'AWSTemplateFormatVersion: "2010-09-09"\n{head}Resources:\n  Task:\n'
        "    Type: AWS::ECS::TaskDefinition\n"
        "    Properties:\n      Family: orders\n      ContainerDefinitions:\n        - Name: app\n"
        "          Image: nginx:1.25\n          Privileged: true\n          Environment:\n"
        f"            - Name: DB_PASSWORD\n              Value: {value}\n"
        "            - Name: Z\n              Value: y\n"
    )


SCALARS = {
    "folded": ">-\n            correct-horse\n            battery-CANARY-staple",
    "folded, kept": ">\n            correct-horse\n            battery-CANARY-staple",
    "literal": "|-\n            correct-horse\n            battery-CANARY-staple",
    "plain, continued": "correct-horse\n            battery-CANARY-staple",
    "double, escaped end": '"correct-horse\\\n            battery-CANARY-staple"',
    "double, continued": '"correct-horse\n            battery-CANARY-staple"',
    "single, continued": "'correct-horse\n            battery-CANARY-staple'",
    "escapes": '"pl\\u0075m\\x2d\\\\CANARY\\"-Tr4ctor"',
    "anchored": f"&pw '{SECRET}'\n        - name: OTHER\n          value: *pw",
    "a comment by mistake": "#CANARYhunter2",
    "an anchor by mistake": "&CANARYhunter2",
    "a tag by mistake": "!CANARYhunter2",
    "a tag and more": "!CANARY hunter2",
    "a tag handle": "!CANARY!rest",
    "a header by mistake": "|CANARY",
    "a default of the shell": "${DB_PASSWORD:-plum-CANARY-Tr4ctor}",
    "a default of a template": "'{{ .Values.pw | default \"plum-CANARY-Tr4ctor\" }}'",
    "written twice": f"x1\n          value: {SECRET}",
    "remembered": f"hunter2x # was {SECRET} before",
    "remembered in a word": "hunter2x # CANARY",
    "said": "hunter2x # password is CANARYx",
    "remembered below": f"hunter2x\n          # old: {SECRET}",
    "a reference that is none": "vault:CANARYtr4ct0r9x",
    "a path that is none": "/CANARYtr4ct0r9x/ab1",
    "a variable that is none": "$CANARYtr4ct0r9x",
}
NAMES = (
    "STRIPE_KEY", "GITHUB_PAT", "REDIS_AUTH", "ADMIN_PW", "PASSWORT", "DBPASS", "api-key", "x-api-key",
    "app.secret-key",
    "private-key", "PASSWORD_SALT", "sasl.jaas.config", "apiKey", "dbPwd", "DB__PASSWORD", "DB_PASSWORD_OLD",
    "spring.datasource.password", "NPM_TOKEN_1", "TOKEN2", "TOTP_SEED", "PIN",
    "userPasswordHash", "SLACK_HOOK", "motDePasse", "contraseña", "senhaDoBanco", "clientSecretV2", "PSWD",
    "authKeys", "SNMP_COMMUNITY", "X-Origin-Verify",
    "hasło", "backup-codes", "LICENSE", "loginSalt", "DB_PASSWORD_FILE_CONTENT",
)  # fmt: skip
TEXTS = {
    "JSON": f'\'{{"password": "{SECRET}", "a": 1}}\'',
    "JSON on lines": (
        f'|\n            {{\n              "password":\n                "{SECRET}",\n            "a": 1}}'
    ),
    "JSON in quotes": f'"{{\\"db\\": {{\\"api-key\\": \\"{SECRET}\\"}}}}"',
    "a login with a slash": "postgres://u:p@ss/CANARY@h/db",
    "a token as user": "https://CANARYtoken123@github.com/x",
    "a query": "https://x/y?key=CANARYtoken123",
    "Oracle": "jdbc:oracle:thin:u/CANARYtok@h:1521:x",
    "JAAS": f'\'org.apache.kafka.Plain required username="u" password="{SECRET}";\'',
    "a token as user, no password": "https://CANARYtoken123:@api.x.com/",
    "a token for GitHub": "https://CANARYtoken123:x-oauth-basic@github.com/x",
    "a registry's login": '\'{"auths": {"r.io": {"auth": "Q0FOQVJZCANARY"}}}\'',
    "an object that was applied": '\'{"kind": "Secret", "data": {"a": "cGx1bS1DCANARY"}}\'',
    "properties": f"-Xmx1g -Ddb.password={SECRET} -Dx=y",
}
LINES = (
    "h:6432:d:u:c7CANARYq9x",
    "amqp://u:p/CANARY9@h/",
    "[smtp.example.org]:587 u:c7CANARYq9x",
    "AKIAABCDEFGHIJKLMNOP:c7CANARYq9xc7CANARYq9x",
    "AC0123456789abcdef0123456789abcdef:c7CANARYq9xyz",
    "AGE-SECRET-KEY-1CANARY9XYZQQQQQQQQQQQQQQQQQQQQ",
    "admin:$apr1$abc$c7CANARYq9xyzABCDEF",
    "root:$6$abc$c7CANARYq9xyzABCDEFGH:1:0:99999:7:::",
    "admin:$2y$05$CANARYCANARYCANARYCANARY",
    "define('DB_PASSWORD', 'c7CANARYq9x');",
    "createUser u SHA c7CANARYq9xyz AES c8CANARYq9xyz",
    "ip ospf message-digest-key 1 md5 c7CANARYq9xyz",
    "u * c7CANARYq9xyz *",
    "kinit u <<< c7CANARYq9xyz",
    "echo c7CANARYq9xyz | kinit u",
    "restic --password-command 'echo c7CANARYq9xyz' x",
    "openvpn --auth-user-pass <(echo c7CANARYq9xyz)",
    "printf 'password: %s' c7CANARYq9x > f",
    "sed -i 's/@@PASSWORD@@/c7CANARYq9x/' f",
    "case $TOKEN in c7CANARYq9x) ;; esac",
    "app /password:c7CANARYq9x",
    "app /p:c7CANARYq9xyzW",
    "SOPS_AGE_KEY=c7CANARYq9xyzW sops -d x",
    "app --auth u:c7CANARYq9x",
    "gcloud auth x --key c7CANARYq9x",
    "rclone config create x s3 secret_access_key c7CANARYq9x",
    "redis-cli auth c7CANARYq9x",
    "yq e '.password = \"c7CANARYq9x\"' f",
)
"""Lines of configurations and scripts, one a case, under a name that says nothing."""
_KEY_LINES = "".join(f"          CANARY{n}QWERTYUIOPASDFGHJKL\n" for n in range(20))


def _listed(*words: str) -> str:
    return "        command:\n" + "".join(f"        - {json.dumps(word)}\n" for word in words)


FIELDS = {
    "option and value": f'        args: ["--password", "{SECRET}"]\n',
    "option and value, a line each": f"        args:\n        - --token\n        - {SECRET}\n",
    "requirepass": f'        command: [redis-server]\n        args: ["--requirepass", "{SECRET}"]\n',
    "a letter beside its program": f'        command: [redis-cli]\n        args: ["-a", "{SECRET}"]\n',
    "a letter, a line each": f"        command:\n        - ldapsearch\n        - -w\n        - {SECRET}\n",
    "folded between": f"        command:\n        - >-\n          app --password\n          {SECRET} -x\n",
    "attached": f'        command: ["sh","-c","mysql -u root -p{SECRET} db"]\n',
    "sshpass": f'        command: ["sshpass","-p","{SECRET}","ssh"]\n',
    "script": (
        '        args:\n        - |\n          app --password "CANARY 1"\n'
        "          echo CANARY-2 | docker login"
        ' -u u --password-stdin\n          curl -H "Authorization: Bearer CANARY3abc" https://x\n'
        "          curl -u user:CANARY4 https://h\n          docker login -u u -p CANARY5 r\n"
    ),
    "probe": (
        "        livenessProbe:\n          httpGet:\n            path: /\n            port: 80\n"
        "            httpHeaders:\n            - name: Authorization\n"
        "              value: Bearer CANARY1abc\n"
        "            - name: X-Api-Key\n              value: CANARYkey\n"
    ),
    "key above the hunk": (
        "        args:\n        - |\n          -----BEGIN RSA PRIVATE KEY-----\n" + _KEY_LINES
        + "          -----END RSA PRIVATE KEY-----\n"
    ),
    "attached, a line each": _listed("mysql", "-uroot", "-pCANARYx1"),
    "a login, a line each": _listed("curl", "--user", "bob:CANARYx1", "h"),
    "a login attached": _listed("curl", "-ubob:CANARYx1", "https://h"),
    "a word behind two others": _listed("htpasswd", "-bc", "f", "bob", "CANARYx1"),
    "words of a setting": _listed("redis-server", "requirepass", "CANARYx1"),
    "words of a pipe": _listed("sh", "-c", "echo", "CANARYx1", "|", "docker", "login", "--password-stdin"),
    "in the program's other list": '        command: [mysqladmin]\n        args: [ping, "-pCANARYx1"]\n',
    "continued": "        args:\n        - |\n          app --password \\\n            CANARYx1 -v\n",
    "a default": "        args:\n        - |\n          PASSWORD=${PASSWORD:-CANARYx1}\n          app\n",
    "a login in a script": "        args:\n        - |\n          curl --user bob:CANARYx1 h\n",
    "masterauth": "        args:\n        - |\n          masterauth CANARYx1\n          app\n",
    "probe without a scheme": (
        "        livenessProbe:\n          httpGet:\n            path: /\n            port: 80\n"
        "            httpHeaders:\n            - name: Authorization\n              value: CANARY1abc\n"
        "            - name: Cookie\n              value: sid=CANARY2abc\n"
    ),
    "hyphens": '        args: ["--api-key=CANARY1","--access-key=CANARY2","--private-key=CANARY4"]\n',
    "cookie": '        args: ["-H","Cookie: session=CANARYabc"]\n',
    "SQL": "        args: [\"-c\", \"ALTER USER x IDENTIFIED BY 'CANARYabc'\"]\n",
}  # fmt: skip
EXPRESSIONS = {
    "call": f'nonsensitive("{SECRET}")',
    "calls": f'base64encode(trimspace("{SECRET}"))',
    "format": 'format("%s-%s", "plum", "CANARY-Tr4ctor")',
    "a login in halves": 'join("", ["smtp://a%40b:c7", "CANARYq9x@h:587"])',
    "coalesce": f'coalesce(var.x, "{SECRET}")',
    "try": f'try(var.x, "{SECRET}")',
    "lookup": f'lookup(var.x, "a", "{SECRET}")',
    "join": 'join("", ["plum", "-CANARY-Tr4ctor"])',
    "spread": f'join("", ["{SECRET}"]...)',
    "heredoc": f"chomp(<<-EOT\n          {SECRET}\n        EOT\n        )",
    "condition": f'var.p ? "a1" : "{SECRET}"',
    "template": f'"${{var.x}}-{SECRET}"',
    "condition in a template": f'"${{var.x ? "a1" : "{SECRET}"}}"',
    "escape": '"pl\\u0075m-CANARY-Tr4ctor"',
    "index": f'["{SECRET}"][0]',
    "for": f'[for s in ["{SECRET}"] : s][0]',
    "file": f'templatefile("x.tpl", {{ p = "{SECRET}" }})',
    "remembered": f'"hunter2x" /* was {SECRET} */',
    "remembered beside a reference": "var.x # c7CANARYq9xyzW\n      ",
}
DEFINED = {
    "variable": ("var.pw", f'variable "pw" {{\n  default = "{SECRET}"\n}}\n'),
    "local": ("local.pw", f'locals {{\n  pw = "{SECRET}"\n}}\n'),
    "local of locals": ("local.pw", f'locals {{\n  pw = local.q\n  q  = "{SECRET}"\n}}\n'),
    "map": ('local.m["prod"]', f'locals {{\n  m = {{ prod = "{SECRET}" }}\n}}\n'),
}
COMPOSED = {
    "a call in a template": f'x = "PASSWORD=${{upper("{SECRET}")}}"',
    "a template": f'x = "mysql://bob:${{"{SECRET}"}}@h/x"',
    "format": f'x = format("mysql://bob:%s@h/x", "{SECRET}")',
    "join": f'x = join("", ["PASSWORD=", "{SECRET}"])',
    "words": f'x = join(" ", ["app", "--password", "{SECRET}"])',
    "concat": f'x = concat(["--password"], ["{SECRET}"])',
    "compared": f'x = var.db_password == "{SECRET}"',
    "compared the other way": f'x = "{SECRET}" != var.db_password ? 1 : 2',
    "contained": f'x = !contains(["{SECRET}"], var.db_password)',
    "looked up": f'x = lookup(var.m, "db_password", "{SECRET}")',
    "a default": f'x = coalesce(var.db_password, "{SECRET}")',
    "a heredoc": f'x = <<E\nPASSWORD=${{"{SECRET}"}}\nE',
    "an object of an expression": f'x = [for s in ["a"] : {{ password = "{SECRET}" }}]',
    "an object in a call's member": f'x = merge(var.x, {{ password = "{SECRET}" }}).password',
    "a key in parentheses": f'x = {{ ("DB_PASSWORD") = "{SECRET}" }}',
    "a key with a hole": f'x = {{ "${{var.p}}_PASSWORD" = "{SECRET}" }}',
    "a key from elsewhere": f'k = "DB_PASSWORD"\n  x = {{ (local.k) = "{SECRET}" }}',
    "a map of passwords": f'passwords = {{ a = "{SECRET}" }}',
    "maps of passwords": f'passwords = {{ a = {{ b = "{SECRET}" }} }}',
    "a list of passwords": f'passwords = ["{SECRET}"]',
    "passwords by for": f'passwords = {{ for k in ["{SECRET}"] : k => k }}',
}
FUNCTIONS_OF_TEXTS = {
    "Sub": f'!Sub ["PASSWORD=${{A}}", {{A: {SECRET}}}]',
    "Join": f'!Join ["", ["PASSWORD=", {SECRET}]]',
    "Join, long": f'{{"Fn::Join": ["", ["mysql://bob:", "{SECRET}", "@h/x"]]}}',
    "Equals": f"!Equals [!Ref DbPassword, {SECRET}]",
}
_BELOW = "\n                "
FUNCTIONS = {
    "If, long": f'{{"Fn::If": ["Prod", {{"Ref": "X"}}, "{SECRET}"]}}',
    "If": f"!If [Prod, !Ref X, {SECRET}]",
    "If on lines": f"!If{_BELOW}- Prod{_BELOW}- !Ref X{_BELOW}- {SECRET}",
    "If, long on lines": f"{_BELOW}Fn::If:{_BELOW}  - Prod{_BELOW}  - {SECRET}{_BELOW}  - !Ref X",
    "Sub": f'!Sub "${{X}}-{SECRET}"',
    "Sub, long": f'{{"Fn::Sub": "{SECRET}${{X}}"}}',
    "Sub with a map": f'!Sub ["${{A}}x", {{A: {SECRET}}}]',
    "Sub, folded": f"!Sub >-{_BELOW}correct-horse{_BELOW}battery-CANARY-staple",
    "Join": '!Join ["", [plum, -CANARY-Tr4ctor]]',
    "Join, long": '{"Fn::Join": ["", ["plum", "-CANARY-Tr4ctor"]]}',
    "Join on lines": f'!Join{_BELOW}- ""{_BELOW}- - plum{_BELOW}  - -CANARY-Tr4ctor',
    "Base64": f"!Base64 {SECRET}",
    "Base64, long": f'{{"Fn::Base64": "{SECRET}"}}',
    "Select": f'!Select [0, !Split [",", "{SECRET},x"]]',
    "nested": f'!If [Prod, !Sub "x${{Y}}", !Join ["-", [a, !If [Prod, {SECRET}, b]]]]',
    "a default": f"!FindInMap [M, prod, nope, DefaultValue: {SECRET}]",
    "JSON": f'{{"Fn::ToJsonString": {{"password": "{SECRET}"}}}}',
    "anchored": f"&a !Sub {SECRET}",
}
OBJECTS = {
    "a list of Secrets": f"kind: SecretList\nitems:\n- data: {{a: {SECRET}}}\n",
    "a word as a key of TLS": "apiVersion: v1\nkind: Secret\ndata:\n  tls.key: CANARYhunter\n",
    "a data source": f"kind: X\nsecureJsonData:\n  httpHeaderValue1: {SECRET}\n",
    "a header of a proxy": "kind: X\nheaders:\n- {key: authorization, value: Bearer CANARY2024}\n",
    "an alias as a key": "n: &n PASSWORD\n*n : CANARYhunter\nkind: X\n",
    "an odd literal": "configMapGenerator:\n- literals:\n  - DB_PASSWORD={CANARY9xz}\n",
}
BLOCKS = {
    "each value": (
        'resource "aws_db_instance" "y" {\n  for_each = { a = { x = "CANARYhunter" } }\n'
        "  password = each.value.x\n}\n"
    ),
    "a commented variable": '/*\nvariable "db_password" { default = "CANARYhunter" }\n*/\n',
    "a compared word": 'locals {\n  x = var.db_password != "CANARYhunter"\n}\n',
    **{
        kind: f'resource "{kind}" "y" {{\n  {attribute} = "CANARYhunter"\n}}\n'
        for kind, attribute in (
            ("aws_api_gateway_api_key", "value"),
            ("azurerm_key_vault_secret", "value"),
            ("google_secret_manager_secret_version", "secret_data"),
            ("github_actions_secret", "plaintext_value"),
            ("vault_generic_secret", "data_json"),
        )
    },
    "an object for Vault": (
        'resource "vault_kv_secret_v2" "y" {\n  data_json = jsonencode({ x = "CANARYx" })\n}\n'
    ),
    "a value of a chart": (
        'resource "helm_release" "y" {\n  set_sensitive {\n    name = "a"\n    value = "CANARYx"\n  }\n}\n'
    ),
}
_PARAMETER = f"Parameters:\n  Pw:\n    Type: String\n    Default: {SECRET}\n"
_MAPPING = f"Mappings:\n  M:\n    prod: {{value: {SECRET}}}\n"
REFERRED = {
    "Ref": ("!Ref Pw", _PARAMETER),
    "Ref, long": ('{"Ref": "Pw"}', _PARAMETER),
    "Sub of a parameter": ('!Sub "${Pw}"', _PARAMETER),
    "FindInMap": ("!FindInMap [M, prod, value]", _MAPPING),
    "FindInMap of a computed map": ("!FindInMap [!Ref Which, prod, value]", _MAPPING),
    "FindInMap, long": ('{"Fn::FindInMap": [M, prod, value]}', _MAPPING),
}


def _task() -> str:
    container = {
        "name": "app", "image": "nginx:1.25", "privileged": True,
        "environment": [
            {"name": "DB_PASSWORD", "value": SECRET}, {"name": "STRIPE_KEY", "value": "CANARYstripe1"},
        ],
        "command": ["redis-cli", "-a", "CANARYredis"],
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "CANARYspl"}},
        "dockerLabels": {"com.x.api-key": "CANARYlabel"},
        "healthCheck": {"command": ["CMD-SHELL", "mysqladmin ping -pCANARYhealth"]},
    }  # fmt: skip
    return json.dumps({"family": "o", "containerDefinitions": [container]}, indent=2)


def cases() -> Iterator[tuple[str, Files]]:
    """(what it is, the files of a repository) for every way above."""
    for what, value in SCALARS.items():
        yield f"manifest, {what}", {"a.yaml": manifest(variable(value))}
        yield f"template, {what}", {"t.yaml": template(value.replace("\n  ", "\n      "))}
    for name in NAMES:
        yield f"name {name}", {"a.yaml": manifest(variable(SECRET, name))}
    for what, value in TEXTS.items():
        yield f"text, {what}", {"a.yaml": manifest(variable(value, "SETTINGS"))}
    for what, field in FIELDS.items():
        yield f"field, {what}", {"a.yaml": manifest(variable("b", "A"), field)}
    for what, value in EXPRESSIONS.items():
        yield f"terraform, {what}", {"main.tf": terraform(value)}
    for what, (value, more) in DEFINED.items():
        yield f"terraform, {what}", {"main.tf": terraform(value, more)}
        yield f"terraform, {what} elsewhere", {"main.tf": terraform(value), "other.tf": more}
    for what, value in FUNCTIONS.items():
        yield f"function, {what}", {"t.yaml": template(value)}
    for what, (value, head) in REFERRED.items():
        yield f"function, {what}", {"t.yaml": template(value, head)}
    yield "task", {"t.json": _task()}
    yield from _lines_and_objects()
    yield from _composed()
    yield from _other()


def _as_local(text: str) -> str:
    return "locals {\n  x = " + json.dumps(text).replace("${", "$${") + "\n}\n"


def _lines_and_objects() -> Iterator[tuple[str, Files]]:
    for line in LINES:
        yield f"line, {line}", {"a.yaml": manifest(variable(json.dumps(line), "SETTINGS"))}
        if any(word in line for word in ("echo ", "app ", "sed ", "<<<", "case ", "redis-cli", "--")):
            yield f"line of a script, {line}", {"a.yaml": manifest("", _listed("sh", "-c", line))}
        yield (
            f"line of a template, {line}",
            {"t.yaml": template("b", f"Metadata:\n  X: {json.dumps(line)}\n")},
        )
        yield f"line of Terraform, {line}", {"main.tf": terraform('"b"', _as_local(line))}
    for what, object_ in OBJECTS.items():
        yield f"object, {what}", {"a.yaml": manifest(tail=f"---\n{object_}")}
    for what, block in BLOCKS.items():
        yield f"block, {what}", {"main.tf": block + terraform('"b"')}


def _composed() -> Iterator[tuple[str, Files]]:
    for what, value in COMPOSED.items():
        yield f"composed, {what}", {"main.tf": terraform('"b"', f"locals {{\n  {value}\n}}\n")}
    for what, value in FUNCTIONS_OF_TEXTS.items():
        yield f"composed, {what}", {"t.yaml": template("b", f"Metadata:\n  X: {value}\n")}


def _other() -> Iterator[tuple[str, Files]]:
    held = variable(SECRET)
    yield (
        "the name comes last",
        {"a.yaml": manifest(f"        - value: {SECRET}\n          name: DB_PASSWORD\n")},
    )
    yield (
        "a merged name",
        {"a.yaml": manifest(f"        - <<: {{name: DB_PASSWORD}}\n          value: {SECRET}\n")},
    )
    yield (
        "a merged value",
        {"a.yaml": manifest(f"        - <<: {{value: {SECRET}}}\n          name: DB_PASSWORD\n")},
    )
    yield "an anchor elsewhere", {"a.yaml": manifest(variable(f"&pw {SECRET}", "X") + variable("*pw"))}
    yield "another variable", {"a.yaml": manifest(held + variable(f"x-{SECRET}-y", "OTHER"))}
    yield "another folder", {
        "a/a.yaml": manifest(held),
        "b/b.yaml": manifest(variable(SECRET, "X"), f'        command: ["{SECRET}"]\n'),
    }  # fmt: skip
    yield "an image", {"a.yaml": manifest(held, image=f"https://bot:{SECRET}@registry/x:1")}
    yield "an image alone", {"a.yaml": manifest(variable("b", "A"), image=f"bot:{SECRET}@registry/x:1")}
    yield "a path", {"a.yaml": manifest(held, f'        command: ["sh","-c","echo x > /var/lib/{SECRET}"]\n')}
    yield "a container's name", {"a.yaml": manifest(held).replace("name: app", f"name: {SECRET}")}
    yield "a Secret", {
        "a.yaml": manifest(variable("b", "A"), tail=(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  foo: >-\n    horse\n"
            f"    {SECRET}\ndata:\n  bar: cGx1bS1DQU5BUlktVHI0Y3Rvcg==\n"
        ))
    }  # fmt: skip
    yield (
        "a key of a ConfigMap",
        {
            "a.yaml": manifest(
                "        - name: DB_PASSWORD\n          valueFrom: {configMapKeyRef: {name: c, key: v1}}\n"
                + variable(SECRET, "X"),
                tail=f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{v1: {SECRET}}}\n",
            )
        },
    )
    yield (
        "a heredoc",
        {
            "main.tf": (
                'resource "aws_ecs_task_definition" "t" {\n  family = "o"\n  container_definitions = <<EOF\n'
                '[{"name": "app", "image": "nginx:1.25", "privileged": true,\n'
                '  "environment": [{"name": "DB_PASSWORD",\n'
                f'    "value": "{SECRET}"}}],\n  "command": ["--password", "{SECRET}2"]}}]\nEOF\n}}\n'
            )
        },
    )
    for what, value in EXPRESSIONS.items():
        if "\n" not in value and "/*" not in value:
            yield (
                f"a heredoc with a hole, {what}",
                {
                    "main.tf": (
                        'resource "aws_ecs_task_definition" "t" {\n  family = "o"\n'
                        "  container_definitions = <<EOF\n"
                        '[{"name": "app", "image": "nginx:1.25", "privileged": true,\n'
                        f'  "environment": [{{"name": "DB_PASSWORD", "value": "${{{value}}}"}}]}}]\nEOF\n}}\n'
                    )
                },
            )
    yield "a stringData of another kind", {
        "a.yaml": manifest(variable("b", "A"), tail=(
            "---\nkind: SealedSecret\nspec:\n  template:\n    stringData: {a: plum-CANARY-Tr4ctor}\n"
        ))
    }  # fmt: skip
    yield "a parameter of Parameter Store", {
        "main.tf": terraform('"b"', (
            'resource "aws_ssm_parameter" "x" {\n  name = "/x/y"\n  type = "SecureString"\n'
            f'  value = "{SECRET}"\n}}\n'
        ))
    }  # fmt: skip
    yield "line ends of Windows", {"a.yaml": manifest(variable(SCALARS["folded"])).replace("\n", "\r\n")}
    yield "a mark at the beginning", {"a.yaml": "\ufeff" + manifest(variable(SCALARS["folded"]))}
    yield "a ConfigMap", {
        "a.yaml": manifest(variable("b", "A"), tail=(
            f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: s}}\ndata:\n  db-password: {SECRET}\n"
            f"  app.properties: |\n    spring.datasource.password={SECRET}2\n"
        ))
    }  # fmt: skip
    yield "the default of a custom resource", {
        "a.yaml": manifest(variable(SECRET, "X"), f'        command: ["{SECRET}"]\n', tail=(
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: s}\n"
            "spec:\n  properties:\n    size:\n      default: small\n      type: string\n"
            f"    dbPassword:\n      type: string\n      default: {SECRET}\n"
        ))
    }  # fmt: skip
    yield "an example in a custom resource", {
        "a.yaml": manifest(variable(SECRET, "X"), tail=(
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: s}\n"
            f"spec:\n  properties:\n    dbPassword:\n      description: 'password: {SECRET}'\n"
        ))
    }  # fmt: skip
