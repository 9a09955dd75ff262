"""Which files nobody deploys: examples, tests, documentation and archives that nothing else names.

Told from paths, and from the bytes of what deploys: Argo CD, Flux, pipelines, kustomizations.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

EXAMPLE_FOLDERS: Final = frozenset(
    (
        "archive", "archived", "archives", "demo", "demos", "doc", "docs", "e2e", "example", "examples",
        "sample", "samples", "test", "tests",
    )
)  # fmt: skip
_ENVIRONMENTS: Final = frozenset(
    (
        "acc", "acceptance", "dev", "development", "int", "integration", "live", "preprod", "prd", "prod",
        "production", "qa", "sandbox", "stage", "staging", "stg", "uat",
    )
)  # fmt: skip
_PIPELINES: Final = re.compile(
    r"(?:^|/)(?:\.github/workflows/[^/]+|\.circleci/config|\.gitlab-ci|azure-pipelines|bitbucket-pipelines"
    r"|buildspec[\w.-]{0,40}|cloudbuild|copilot/[^/]+/manifest|Jenkinsfile[\w.-]{0,40}|Makefile)(?:\.ya?ml)?$"
)
_DEPLOYS: Final = re.compile(
    rb"^.*\b(?:kubectl|kustomize|helm|helmfile|terraform|tofu|terragrunt|cloudformation|sam deploy|ecs|"
    rb"task-definition|working-directory|flux|argocd)\b.*$",
    re.MULTILINE,
)
_ENGINES: Final = (b"argoproj.io/", b"toolkit.fluxcd.io/")
_PATH_LINE: Final = re.compile(rb"^[ \t-]{0,80}(?:path|chart):[ \t]*[\"']?([\w./-]{1,300})", re.MULTILINE)
_WORD: Final = re.compile(rb"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,20}/?")
_LONGEST_LINE: Final = 2_000


def find_deployed_paths(path: str, data: bytes) -> tuple[str, ...]:
    """The paths that a file deploys, where it is one that does: those of an example folder only."""
    return tuple(dict.fromkeys(filter(_is_below_example, _list_deployed(path, data))))


def _list_deployed(path: str, data: bytes) -> Iterator[str]:
    if any(engine in data for engine in _ENGINES):
        for found in _PATH_LINE.finditer(data):
            yield posixpath.normpath(found[1].decode().lstrip("/"))
    if _PIPELINES.search(path):
        for line in _DEPLOYS.finditer(data):
            for word in _WORD.finditer(line[0][:_LONGEST_LINE]):
                yield posixpath.normpath(word[0].decode(errors="replace"))


def find_examples(
    judged: Collection[str], named: Mapping[str, Iterable[str]], folders: Collection[str]
) -> frozenset[str]:
    """The files among those that are judged which nobody deploys; none where all of them would be.

    `named` has by file what it deploys or takes in; what lies in an example folder itself names nothing.
    `folders` are all folders of the repository.
    """
    deployed = {
        each
        for path, paths in named.items()
        if not _is_below_example(posixpath.dirname(path))
        for each in paths
    }
    beside = {
        posixpath.dirname(each) for each in folders if posixpath.basename(each).lower() in _ENVIRONMENTS
    }
    found = {path for path in judged if _lies_there(path, deployed, beside)}
    return frozenset() if len(found) == len(set(judged)) else frozenset(found)


def list_folders(paths: Iterable[str]) -> frozenset[str]:
    """All folders of a repository, by the paths of its files."""
    found: set[str] = set()
    for path in paths:
        while (path := posixpath.dirname(path)) and path not in found:
            found.add(path)
    return frozenset(found)


def _is_below_example(path: str) -> bool:
    return any(step.lower() in EXAMPLE_FOLDERS for step in path.split("/"))


def _lies_there(path: str, deployed: Collection[str], beside: Collection[str]) -> bool:
    steps = path.split("/")
    above = ["/".join(steps[:size]) for size in range(1, len(steps) + 1)]
    if any(each in deployed for each in above):
        return False
    return any(
        step.lower() in EXAMPLE_FOLDERS and "/".join(steps[:at]) not in beside
        for at, step in enumerate(steps[:-1])
    )
