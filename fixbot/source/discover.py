"""Which files can matter, told from names and bytes before anything is parsed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from fixbot.lens import ResourceType
from fixbot.source.file_facts import FileFacts
from fixbot.source.partition import KUSTOMIZATIONS
from fixbot.syntax import syntax_of
from fixbot.text.word_search import holds_any

ENDINGS = (
    ".json",
    ".yaml",
    ".yml",
    ".tf",
    ".tofu",
    ".hcl",
    ".tfvars",
    ".template",
    ".tpl",
    ".tftpl",
    ".tmpl",
    ".j2",
    ".dist",
)
_OTHER_TOOLS = ("package-lock.json", "package.json", "tsconfig.json")
_OUR_KEYS = re.compile(
    rb"(?:kind|containerDefinitions|Resources|Statement|AWSEBDockerrunVersion|services)[\"']?[ \t\r\n]*+:"
    rb"|\\(?:u00|x|U0000)"
)
"""One of these stands in every document that holds a container or a policy."""
_FILLED_IN = (".tpl", ".tftpl", ".tmpl", ".template", ".j2", ".dist")
_VALUES_ELSEWHERE = (
    b"HelmRelease", b"valuesObject", b"helmCharts", b'"helm_release"', b"HelmChart", b"argoproj.io/",
    b"literals:", b"rivileged", b"ootFilesystem", b"tekton.dev/", b"\nreleases:", b"substitute:", b"patches:",
    b"root_filesystem", b"yaml_body", b"Web Service", b"Backend Service", b"Worker Service", b"Scheduled Job",
)  # fmt: skip
"""What hands values to a chart that isn't here, or says of containers what no container says."""
_ESCAPES = (b"\\u00", b"\\x", b"\\U0000")
"""How JSON, YAML and HCL may write a letter of a key."""
_CRD = re.compile(rb"^kind:[ \t]*['\"]?CustomResourceDefinition\b", re.MULTILINE)
_KINDS = re.compile(rb"^kind:(?![ \t]*['\"]?CustomResourceDefinition\b)", re.MULTILINE)
_ODD_LINE = re.compile(
    rb"^(?![A-Za-z][\w-]*:(?:[ \t\r]|$)|[ \t#\r]|---(?:[ \t\r]|$)|- |\{[{%]|$)", re.MULTILINE
)
_NO_KEY_FIRST = re.compile(
    rb"(?:\A|^---)(?:[ \t]*+(?:#[^\r\n]*+)?\r?\n)*+[ \t]++[^\s#]",
    re.MULTILINE,
)
"""A document that begins indented, or on the line of its mark: none of its keys begins a line."""
_LINE_ENDS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
"""What YAML 1.1 takes for the end of a line beside the usual ones."""
_SECRET = re.compile(rb"^kind:[ \t]*['\"]?(?:Secret|ExternalSecret|SecretProviderClass)\b", re.MULTILINE)
_TELLS = re.compile(
    rb"aws_(?:secretsmanager_secret|ssm_parameter|iam_|kms_key|ecs_|rds|db_|scheduler|cloudwatch_event_target)"
    rb"|template_file|sensitive|_password|^locals\b|^provider \"aws\""
    rb"|^variable[ \t]+\"\w{0,80}(?:pass|pwd|secret|token|key|cred|auth|dsn)",
    re.MULTILINE,
)
_SETTINGS = re.compile(
    rb"^kind:[ \t]*['\"]?ConfigMap\b|ConfigMap['\"]?[ \t]*[,}]|(?:configMap|secret)Generator",
    re.MULTILINE,
)
_SETTING = re.compile(
    rb"(?i:pass|pwd|secret|token|key|cred|auth|dsn|salt|_url|_uri|conn)[\w.-]{0,40}[\"']?"
    rb"[ \t]*[:=][ \t]*[^\s|>]"
)
_HOLDS = re.compile(
    rb"(?:^(?:\xef\xbb\xbf)?|\*/)[ \t]*(?:resource|data|module|locals|provider|ephemeral)\b", re.MULTILINE
)
_BY_VARIABLE = re.compile(rb"rivileged\"?[ \t]*+[=:][ \t]*+\"?(?:\$\{)?[ \t]*+var\.")
"""A flag that is given by a variable, whose default decides it."""
_TERRAFORM = (".tf", ".tofu")
GIVEN = (".tfvars", ".tfvars.json")
"""How files end that give values to Terraform's variables."""
_MAY_BE_SECRET = re.compile(rb"(?i:pass|pwd|pw\b|secret|token|key|cred|auth|dsn|salt)")
"""What a name in a file of variables says that decides a secret."""
_YAML = (".yaml", ".yml")
_LARGE = 100_000
_NEEDLES = (
    "ontainer", "tatement", '"image"', "AWSEBDockerrunVersion", "services:", "Secret", "HelmRelease",
    "valuesObject", "helmCharts", "HelmChart", "argoproj.io/", "literals:", "rivileged", "ootFilesystem",
    "tekton.dev/", "releases:", "substitute:", "patches:", "ConfigMap",
)  # fmt: skip
"""One of these is in every text that can matter."""


def is_candidate(path: str) -> bool:
    """Whether a file's name is one that its dialects use."""
    name = path.rsplit("/", 1)[-1].lower()
    return (name.endswith(ENDINGS) or name in KUSTOMIZATIONS) and name != ".terraform.lock.hcl"


def is_relevant(data: bytes, needles: Iterable[bytes] = ()) -> bool:
    """Whether a text can hold a container, a task, a policy or one of `needles`.

    Plain searches cost a quarter of a regex. A word that is written with escapes is found by those.
    """
    if b"ontainer" not in data and b"tatement" not in data and b'"image"' not in data:
        others = (
            b"AWSEBDockerrunVersion",
            b"\nservices:",
            b"path: /data",
            *_VALUES_ELSEWHERE,
            *_ESCAPES,
            *needles,
        )
        return (
            data.startswith(b"services:")
            or holds_any(data, others)
            or (b"env:" in data and b"apiVersion:" in data)
            or (b"environment" in data and b'module "' in data)
            or ((b"ConfigMap" in data or b"Generator" in data) and holds_settings(data))
            or (b"ConfigMap" in data and (b"#!/" in data or b"sh: |" in data))
            or (b'? "' in data and b"\\\n" in data)
        )
    return b"CustomResourceDefinition" not in data or not _defines_resources_only(data)


def holds_settings(data: bytes) -> bool:
    """Whether a text holds ConfigMaps, or what makes them, with a name that a secret may have."""
    return _SETTINGS.search(data) is not None and _SETTING.search(data) is not None


def _defines_resources_only(data: bytes) -> bool:
    """Whether all documents of a YAML text are definitions of custom resources, which hold no container.

    That is told from the keys at the lines' beginnings, where nothing else stands there than plain keys.
    """
    if _KINDS.search(data) is not None or _CRD.search(data) is None or _ODD_LINE.search(data) is not None:
        return False
    if _NO_KEY_FIRST.search(data) is not None:
        return False
    return data.count(b"\r") == data.count(b"\r\n") and not any(end in data for end in _LINE_ENDS)


def is_script(path: str, data: bytes) -> bool:
    """Whether a template is one of a script, by name and first line; what YAML is called may be YAML."""
    begins = data.startswith(b"#!") and path.lower().endswith(_FILLED_IN)
    return begins and syntax_of(path, "#!") is None


def may_be_script(path: str, text: str) -> bool:
    """Whether a template that can't be read is a script, as its first line says: no name says what it is."""
    name = path.rsplit("/", 1)[-1].lower()
    return (
        text.startswith("#!")
        and name.endswith(_FILLED_IN)
        and "Resources" not in text
        and (name.count(".") == 1)
    )


def is_of_other_tool(path: str, data: bytes) -> bool:
    """Whether a file of the name that another tool's has holds nothing else: that name may be taken."""
    return path.rsplit("/", 1)[-1].lower() in _OTHER_TOOLS and _OUR_KEYS.search(data) is None


def declares_only(path: str, data: bytes) -> bool:
    """Whether a Terraform file holds no block in which a task or policy can stand, such as `variables.tf`."""
    return path.endswith(_TERRAFORM) and _HOLDS.search(data) is None


def is_relevant_text(text: str, needles: Iterable[str] = ()) -> bool:
    """The same of a part of a text; what stands beside a workload counts too."""
    data = text.encode()
    relevant = is_relevant(data) or holds_any(text, needles)
    return relevant or (holds_any(text, _NEEDLES) and _holds_secrets(data))


@lru_cache(maxsize=4)
@lru_cache(maxsize=16)
def collect_needles(types: tuple[ResourceType, ...]) -> tuple[str, ...]:
    """Texts of which one stands in every file that holds a resource of these types."""
    return tuple(dict.fromkeys(needle for each in types for needle in each.needles))


def find_companions(
    files: Mapping[str, bytes],
    facts: Mapping[str, FileFacts],
    chosen: Iterable[str],
    *,
    variables: bool = False,
) -> list[str]:
    """Files that say more of the chosen ones in their folder.

    That is Terraform with roles, services, stores and locals beside tasks and policies (with `variables`, or
    where one decides a flag, those too for their defaults), values given to them, Terraform that reads them
    by name, and Secrets and kustomizations beside YAML.
    """
    known = set(chosen)
    terraform = {posixpath.dirname(p) for p in known if p.endswith(_TERRAFORM)}
    workloads = {posixpath.dirname(p) for p in known if p.endswith(_YAML)}
    varied = {posixpath.dirname(p) for p in known if p.endswith(_TERRAFORM) and _BY_VARIABLE.search(files[p])}
    found = []
    for path, data in files.items():
        ours = terraform if path.endswith(_TERRAFORM) else workloads if path.endswith(_YAML) else ()
        if path.endswith(GIVEN) and posixpath.dirname(path) in terraform:
            told = variables or posixpath.dirname(path) in varied
            if path not in known and (told or _MAY_BE_SECRET.search(data)):
                found.append(path)
            continue
        if path not in known and posixpath.dirname(path) in ours:
            name = posixpath.basename(path)
            if (
                (
                    ours is terraform
                    and (
                        _TELLS.search(data)
                        or ((variables or posixpath.dirname(path) in varied) and b"variable" in data)
                    )
                )
                or _holds_secrets(data)
                or name.startswith("kustomization.")
            ):
                found.append(path)
                continue
        if path not in known and any(read in known for read in facts[path].reads):
            found.append(path)
    return found


def find_unnamed(facts: Mapping[str, FileFacts]) -> list[str]:
    """Files that Terraform or a kustomization reads, and whose names don't say that they matter."""
    found = {read: None for each in facts.values() for read in (*each.reads, *each.names)}
    return [path for path in found if path not in facts and not is_candidate(path)]


def _holds_secrets(data: bytes) -> bool:
    """Whether a text holds Secrets, or what makes them; templates of them say nothing."""
    return b"Secret" in data and _SECRET.search(data) is not None and b"{{" not in data and len(data) < _LARGE


_GENERATED = re.compile(
    rb"(?i)(?:\bdo not (?:edit|modify)\b|@generated|\bautogenerated by\b|code generated by)"
)


_RENDERED = re.compile(rb"^# Source: ([\w.-]+)/(?:charts/[\w./-]+/)?templates/", re.MULTILINE)
"""What `helm template` writes above each object."""


def why_unpatchable(data: bytes, charts: frozenset[str] = frozenset()) -> str | None:
    """Why a file is never changed, told from its text: something else writes it, or has encrypted it.

    `charts` are the folders of the repository's charts: what one of them renders to is not its source.
    """
    rendered = _RENDERED.search(data) if charts and b"# Source: " in data else None
    if rendered is not None:
        names = {folder.rpartition("/")[2]: folder for folder in sorted(charts, reverse=True)}
        if (folder := names.get(rendered[1].decode())) is not None:
            return f"`{folder}` renders to it (`helm template`); change that chart, and render it anew"
    head = data[:2000]
    if (found := _GENERATED.search(head)) and _is_in_comment(head, found.start()):
        return "its header says that it is generated; change what generates it"
    if b"aws:cdk:path" in data:
        return "AWS CDK writes this template; change the CDK application"
    if b"sops" in data and (b"ENC[AES256" in data or b"sops:" in data or b'"sops"' in data):
        return "it is encrypted with SOPS"
    return None


def _is_in_comment(head: bytes, at: int) -> bool:
    line = head[head.rfind(b"\n", 0, at) + 1 : at].lstrip()
    return line.startswith((b"#", b"//", b"/*", b"*", b"<!--"))


def find_chart(path: str, charts: frozenset[str]) -> str | None:
    """The folder of the chart that a file belongs to, if there is one."""
    folders = path.split("/")[:-1]
    return next((d for n in range(len(folders), -1, -1) if (d := "/".join(folders[:n])) in charts), None)


def is_values_file(path: str, chart: str) -> bool:
    """Whether a file is by its name one of a chart's files of values."""
    rest = path[len(chart) :].lstrip("/")
    name = rest.rsplit("/", 1)[-1]
    return "values" in name and _VALUES.fullmatch(name) is not None


_VALUES = re.compile(r"[\w.-]+\.ya?ml")
