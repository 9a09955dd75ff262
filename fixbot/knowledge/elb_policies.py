"""What the predefined TLS policies of load balancers still let clients use."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

RECOMMENDED: Final = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.3 and 1.2, forward secrecy alone: the one that most clients can speak with."""


@cache
def read_elb_policies() -> dict[str, str]:
    """`recommended`, `weak` or `old` by the policy's name; see the table for sources and dates."""
    text = (resources.files("fixbot") / "data" / "elb_policies.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines() if not line.startswith("#"))


def suggest_policy(name: str) -> str:
    """The recommended policy of the same family: those for FIPS and post-quantum keep what they are for."""
    family = ("FIPS-" if "FIPS" in name else "") + ("PQ-2025-09" if "PQ" in name else "")
    if not family:
        return RECOMMENDED
    return f"ELBSecurityPolicy-TLS13-1-2-Res-{family if family.endswith('09') else f'{family}2023-04'}"
