"""What single files say of the whole repository, told from bytes before anything is parsed."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fixbot.source.dockerfiles import (
    find_image_user,
    holds_static_program,
    image_of_dockerfile,
    is_dockerfile,
    is_variant,
)
from fixbot.source.example_paths import find_deployed_paths, find_examples, list_folders
from fixbot.source.namespace_survey import find_bound_accounts, find_named_namespaces
from fixbot.source.partition import find_file_references, list_built_folders, list_kustomized
from fixbot.source.project import RepositoryFacts
from fixbot.source.pushed_tags import find_moving_tags
from fixbot.source.role_callers import find_role_callers
from fixbot.source.tag_survey import find_own_tags

_SCRIPTS = (".sh", ".yml", ".yaml", "makefile", ".ps1", ".py", ".toml")
_STORE = re.compile(
    rb"secretStoreRef:[ \t\r]*+\n\s++(?:kind:[ \t]*+(\w++)[ \t\r]*+\n\s++)?"
    rb"name:[ \t]*+[\"']?([\w.-]++)(?:[\"']?[ \t\r]*+\n\s++kind:[ \t]*+(\w++))?"
)
_ESO = re.compile(rb"apiVersion:\s*[\"']?(external-secrets\.io/v\w+)")
_CSI = re.compile(rb"apiVersion:\s*[\"']?(secrets-store\.csi\.x-k8s\.io/v\w+)")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file says of its repository: how secrets are fetched, who enters containers, which tags."""

    operator: tuple[str, str, str] | None = None
    csi: str | None = None
    executes: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    reads: tuple[str, ...] = ()
    """The files that it reads, as Terraform does."""
    names: tuple[str, ...] = ()
    """The files that it names, as a kustomization does."""
    image: str = ""
    """The image that it describes, where it is a Dockerfile."""
    static: bool = False
    """Whether that image holds one static program and nothing else."""
    namespaces: tuple[tuple[str, bool], ...] = ()
    """The Kubernetes namespaces that it names, and whether something in it may need its node."""
    role_callers: tuple[tuple[str, str, str], ...] = ()
    image_user: str = ""
    """The user that the image starts as, where the Dockerfile says."""
    builds: tuple[str, ...] = ()
    """The folders that it has Argo CD or Flux build."""
    moving_tags: tuple[str, ...] = ()
    """Tags that it pushes to ECR again and again."""
    bound_accounts: tuple[str, ...] = ()
    """The names in it, where it binds roles to accounts of Kubernetes."""
    deploys: tuple[str, ...] = ()
    """The paths that it deploys which would else be taken for examples."""


def read_facts(path: str, data: bytes) -> FileFacts:
    """What a file says of the whole repository, told from its bytes."""
    if is_dockerfile(path):
        return _read_image_facts(path, data.decode("utf-8-sig", errors="replace"))
    operator = None
    if b"external-secrets.io/" in data and (found := _ESO.search(data)):
        store = _STORE.search(data)
        kind = (store[1] or store[3] or b"SecretStore").decode() if store else ""
        operator = (found[1].decode(), store[2].decode() if store else "", kind)
    driver = _CSI.search(data) if b"secrets-store.csi" in data else None
    executes = b"enable-execute-command" in data and path.lower().endswith(_SCRIPTS)
    return FileFacts(
        operator,
        driver[1].decode() if driver else None,
        executes,
        tuple(find_own_tags(path, data)),
        tuple(find_file_references(path, data)),
        tuple(list_kustomized(path, data)),
        namespaces=tuple(find_named_namespaces(path, data)),
        role_callers=tuple(find_role_callers(path, data)),
        moving_tags=find_moving_tags(path, data),
        builds=tuple(list_built_folders(data)),
        bound_accounts=tuple(find_bound_accounts(data)),
        deploys=find_deployed_paths(path, data),
    )


def _read_image_facts(path: str, text: str) -> FileFacts:
    """What a Dockerfile says of the image that is called like its folder; one for development says none."""
    return FileFacts(
        image="" if is_variant(path) else image_of_dockerfile(path),
        static=holds_static_program(text),
        image_user=find_image_user(text),
    )


def gather_surroundings(
    facts: Mapping[str, FileFacts],
    paths: Collection[str],
    unpatched: Iterable[str],
    repository: str = "",
    judged: Collection[str] = (),
) -> RepositoryFacts:
    """The facts about the whole repository that fixers ask for. `judged` are the files that rules look at."""
    named = {path: (*each.deploys, *each.names) for path, each in facts.items() if each.deploys or each.names}
    tags = Counter(pair for each in facts.values() for pair in each.tags)
    ranked = tuple((key, value, count) for (key, value), count in tags.most_common(20))
    return RepositoryFacts(
        paths=frozenset(paths),
        external_secrets=next((e.operator for e in facts.values() if e.operator is not None), None),
        secret_provider_class=next((each.csi for each in facts.values() if each.csi is not None), None),
        exec_in=tuple(path for path, each in facts.items() if each.executes),
        tags=ranked,
        unpatched=frozenset(unpatched),
        charts=frozenset(posixpath.dirname(path) for path in paths if path.endswith("Chart.yaml")),
        static_images=frozenset(each.image for each in facts.values() if each.image)
        - {each.image for each in facts.values() if not each.static},
        image_users=frozenset((each.image, each.image_user) for each in facts.values() if each.image),
        bound_accounts=frozenset(name for each in facts.values() for name in each.bound_accounts),
        namespaces=frozenset(
            (name, posixpath.dirname(path), needs_node)
            for path, each in facts.items()
            for name, needs_node in each.namespaces
        ),
        role_callers=tuple(caller for each in facts.values() for caller in each.role_callers),
        repository=repository,
        moving_tags=tuple((path, tag) for path, each in facts.items() for tag in each.moving_tags),
        examples=find_examples(judged, named, list_folders(paths)),
    )
