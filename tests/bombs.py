"""Files made to take all the time and memory that there is, in every syntax that is read."""

from __future__ import annotations

import json
from collections.abc import Callable

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
BOX = "  - {name: web, image: a}\n"
HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n"
TASK = HEAD + "  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n"
TF = 'resource "aws_ecs_task_definition" "a" {\n  family = "a"\n  container_definitions = '
MB5 = 4_900_000


def doubling(letter: str, last: str) -> str:
    """Locals of which each is twice the one before."""
    twice = (f"${{local.{letter}{n}}}" * 2 for n in range(59))
    lines = [f'  {letter}0 = "x"', *(f'  {letter}{n} = "{value}"' for n, value in enumerate(twice, 1))]
    return "locals {\n" + "\n".join(lines) + f"\n}}\n{TF}{last}\n}}\n"


def tower(function: str, depth: int) -> str:
    text = "x"
    for _ in range(depth):
        text = {
            "If": f"{{'Fn::If': [A, {text}, {text if depth < 20 else 'y'}]}}",
            "Sub": f"{{'Fn::Sub': ['${{a}}', {{a: {text}}}]}}",
            "Join": f"{{'Fn::Join': ['', [{text}, {text if depth < 20 else 'y'}]]}}",
        }[function]
    return TASK + f"      - {{Name: web, Image: a, Command: [{text}]}}\n"


def statements(count: int, action: str, resource: str) -> str:
    rows = [
        {"Effect": "Allow", "Action": [action % n, "ecs:*"], "Resource": resource % n} for n in range(count)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": rows}, indent=1)


BOMBS: dict[str, Callable[[], str]] = {
    "flow.yaml": lambda: "containers: " + "{a: " * 1_000_000,
    "flow_lists.yaml": lambda: POD + "  - " + "[" * 190 + "]" * 190 + "\n" + "# x\n" * 1_000_000,
    "many.yaml": lambda: POD + "  - {name: web, image: a, args: [" + "a, " * 1_500_000 + "]}\n",
    "lines.yaml": lambda: POD + BOX + "data:\n" + "- a\n" * 1_200_000,
    "key.yaml": lambda: POD + BOX + f"  ? {'k' * 4_000_000}\n  : 1\n",
    "documents.yaml": lambda: "---\n".join(["kind: Pod\nspec: {containers: [{name: a}]}\n"] * 100_000),
    "empty.yaml": lambda: "containers:\n" + "---\n" * 1_200_000,
    "broken.yaml": lambda: "---\n".join(["containers: [\n"] * 100_000),
    "anchors.yaml": lambda: POD + "".join(f"  - &a{n} {{name: a{n}, image: b}}\n" for n in range(100_000)),
    "aliases.yaml": lambda: (
        "a: &a {name: a, image: b}\nkind: Pod\nspec:\n  containers:\n" + "  - *a\n" * 200_000
    ),
    "merges.yaml": lambda: (
        "b0: &b0 {name: a, image: b}\n"
        + "".join(f"b{n}: &b{n}\n  <<: [*b{n - 1}, *b{n - 1}]\n" for n in range(1, 60))
        + "kind: Pod\nspec: {containers: [{<<: *b59}]}\n"
    ),
    "folded.yaml": lambda: POD + BOX + "  x: >\n" + "    a\n\n" * 600_000,
    "comments.yaml": lambda: POD + "  # fixbot:ignore privileged-container x\n" * 100_000 + BOX,
    "quotes.yaml": lambda: POD + '  - {name: "' + "\\\\" * 2_000_000 + '", image: a}\n',
    "tags.yaml": lambda: POD + "  - " + "!a " * 1_000_000 + "\n",
    "deep.json": lambda: '{"containerDefinitions":' + '{"a":' * 800_000,
    "numbers.json": lambda: '{"containerDefinitions":[' + "9" * 4_000_000 + "]}",
    "list.json": lambda: '{"containerDefinitions":[' + "{}," * 1_500_000 + "{}]}",
    "keys.json": lambda: (
        '{"containerDefinitions":[{' + ",".join(f'"k{n}":{n}' for n in range(300_000)) + "}]}"
    ),
    "strings.json": lambda: '{"containerDefinitions":[' + '"\\u0000\\ud800",' * 350_000 + '""]}',
    "comments.json": lambda: '{"containerDefinitions":[' + "/**/ //\n" * 500_000 + "]}",
    "templates.tf": lambda: f'{TF}"' + '${"' * 1_600_000 + "\n}\n",
    "percents.tf": lambda: f'{TF}"' + '%{if "' * 800_000 + "\n}\n",
    "brackets.tf": lambda: TF + "[" * 4_000_000 + "\n}\n",
    "calls.tf": lambda: TF + "jsonencode(" * 400_000 + "\n}\n",
    "heredocs.tf": lambda: TF + "".join(f"<<A{n}\nx\n" for n in range(300_000)),
    "heredoc.tf": lambda: TF + "<<EOT\n" + " EOT x\n" * 600_000 + "EOT\n}\n",
    "attributes.tf": lambda: (
        f'{TF}"[]"\n}}\nlocals {{\n' + "".join(f"a{n} = 1\n" for n in range(400_000)) + "}\n"
    ),
    "blocks.tf": lambda: TF + '"[]"\n}\n' + "a {\n" * 1_000 + "}\n" * 1_000 + 'b "x" {}\n' * 300_000,
    "header.tf": lambda: "a" * 2_000_000 + " container\n" + f'{TF}"[]"\n}}\n',
    "operators.tf": lambda: TF + "1" + " + 1" * 1_000_000 + "\n}\n",
    "conditions.tf": lambda: TF + "a ? b : " * 500_000 + "c\n}\n",
    "doubling.tf": lambda: doubling("a", "local.a59"),
    "encoded.tf": lambda: doubling("a", "jsonencode([{name = local.a59, image = local.a59}])"),
    "circle.tf": lambda: f"locals {{\n  a = local.b\n  b = local.a\n}}\n{TF}local.a\n}}\n",
    "modules.tf": lambda: "".join(
        f'module "m{n}" {{\n  source = "./x"\n  container_definitions = module.m{n + 1}.o\n}}\n'
        for n in range(20_000)
    ),
    "if.yaml": lambda: tower("If", 15),
    "ifs.yaml": lambda: tower("If", 90),
    "sub.yaml": lambda: tower("Sub", 90),
    "join.yaml": lambda: tower("Join", 15),
    "resources.yaml": lambda: TASK + "      - {Name: web, Image: a}\n" + "".join(
        f"  R{n}:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {{TaskRoleArn: !Ref R{n + 1}}}\n"
        for n in range(15_000)
    ),
    "policy.json": lambda: statements(4_000, "ec2:*a*b%d*", "arn:aws:ecs:*:*:*a*%d*"),
    "actions.json": lambda: json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["*:*" + "*a" * n for n in range(700)], "Resource": "*"}]}),
    "wide.json": lambda: json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "ecs:" + "*a" * 900_000, "Resource": "arn:aws:ecs:::" + "?*" * 900_000,
    }]}),
    "selectors.yaml": lambda: POD + BOX + "".join(
        f"---\nkind: Service\nspec: {{selector: {{app: a{n}}}}}\n---\nkind: Deployment\nspec:\n  template:\n"
        f"    metadata: {{labels: {{app: a{n}}}}}\n    spec: {{containers: [{{name: a, image: b}}]}}\n"
        for n in range(8_000)
    ),
    "command.yaml": lambda: POD + "  - {name: web, image: a, command: ['sh -c " + '"$(' * 800_000 + "']}\n",
    "urls.yaml": lambda: (
        POD + "  - name: web\n    image: a\n    env: [{name: DB_PASSWORD, value: plum-Tr4ctor}]\n"
        "    command: ['" + "https://x?token=" * 15_000 + "']\n"
    ),
    "secrets.yaml": lambda: POD + "  - name: web\n    image: a\n    env:\n" + "".join(
        f"    - {{name: A{n}_PASSWORD, value: plum-Tr4ctor-{n}}}\n" for n in range(20_000)
    ),
    "image.yaml": lambda: POD + "  - {name: web, image: '" + "a/" * 2_000_000 + "'}\n",
}  # fmt: skip
