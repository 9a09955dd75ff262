"""Rules held against other scanners' checks of the same control, as they answered on the pages' examples.

The answers are made by `python benchmarks/agreement.py --pages`; an example that was changed since is not in
them, and a rule of which none is left fails here until they are made again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from benchmarks.agreement import ANSWERS, name_example
from fixbot.rules import load_rules
from tests.pages import read_page

PAGES = Path(__file__).parent.parent / "docs" / "fixers"
WIDER = {
    (
        "cluster-audit-log-off",
        "CKV_AWS_37",
    ): "it wants all five logs, the rule the one that says who did what",
    ("registry-tags-mutable", "CKV_AWS_51"): "it takes no exception, not even one that the settings ask for",
    ("pass-role-unscoped", "CKV_AWS_110"): "it wants no combination of actions that leads to more rights",
    ("cluster-endpoint-public", "CKV_AWS_39"): "it wants no public address, not even for a few ranges",
    ("exec-session-unlogged", "CKV_AWS_224"): "it wants a key of one's own for the log of sessions too",
    ("host-path-mounted", "sensitive-host-mounts"): "it wants no mount, not even one that is read-only",
    ("policy-open-to-anyone", "CKV_AWS_60"): "it reads no conditions",
    ("password-policy-weak", "CKV_AWS_9"): "it wants passwords to end, which NIST SP 800-63B advises against",
    **{
        (
            "password-policy-weak",
            each,
        ): "it wants that kind, even where nobody has switched it off"
        for each in ("CKV_AWS_11", "CKV_AWS_12", "CKV_AWS_14", "CKV_AWS_15")
    },
    **{
        ("service-wide-actions", each): "it wants fewer resources, the rule fewer actions"
        for each in ("CKV_AWS_290", "CKV_AWS_355", "CKV_AWS_356")
    },
}
"""Checks that ask for more than the rule does, and what."""
UNSEEN = {
    "bucket-http-allowed": "theirs looks at policies that exist, and lets a bucket without one pass",
    "dangerous-capabilities": "theirs look at pods, where the rule only reports",
    "egress-unrestricted": "it only reports",
    "image-not-pinned": "it only reports",
    "network-policy-missing": "it only reports",
    "port-open-to-world": "theirs look at port 80 and at all ports alone",
    "runtime-monitoring-off": "theirs look at the detector, the rule at the cluster's tag",
    "waf-missing": "it only reports",
    "container-logs-missing": "no peer looks at it in files",
    "database-password-in-code": "their scanners of secrets look at values, not at who keeps them",
    "long-lived-access-key": "it is only explained, so that no example of its page changes",
    "oidc-trust-unscoped": "theirs know GitHub alone, and one form of it",
    "pod-security-label-missing": "no peer looks at it in files",
    "secret-in-command": "it is only explained, so that no example of its page changes",
    "secret-in-environment": "their scanners of secrets look at values",
    "secret-value-committed": "their scanners of secrets look at values",
    "task-role-shared": "it is only explained, so that no example of its page changes",
}
"""Rules of whose examples checkov and kube-linter see nothing, before as after, and why."""


def answers() -> dict[str, dict[str, list[str]]]:
    """What the peers' checks of the rule's own control say, before and after, by the example."""
    stored: dict[str, dict[str, list[str]]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    kept = {}
    for path in sorted(PAGES.glob("*.md")):
        for example in read_page(path).examples:
            for file, after in example.after.items():
                name = name_example(path.stem, example.before.get(file, after), after)
                if name in stored:
                    kept[name] = stored[name]
    return kept


FOUND = answers()


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_we_call_fixed_the_peers_no_longer_see(name: str) -> None:
    rule, said = name.partition(" ")[0], FOUND[name]
    assert [each for each in said["after"] if (rule, each) not in WIDER] == []


def test_every_rule_that_has_a_peer_is_held_against_it() -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for name, said in FOUND.items():
        seen[name.partition(" ")[0]] |= set(said["before"])
    peers = {each.name for each in load_rules() if each.peers.keys() & {"checkov", "kube-linter"}}
    assert {each for each in peers if not seen[each]} == UNSEEN.keys() & peers
