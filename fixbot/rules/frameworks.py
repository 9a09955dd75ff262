"""The frameworks whose controls a rule can name: how settings call them, and how a reader knows an id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

AWS: Final = "aws"
KUBERNETES: Final = "kubernetes"


@dataclass(frozen=True, slots=True)
class Framework:
    """A catalogue of controls. `prefix` stands before an id where it is shown: `CIS Compute 3.4`.

    `platform` is where containers and tasks must run for it to speak of them; empty: it speaks of all.
    """

    prefix: str
    platform: str = ""


FRAMEWORKS: Final = {
    "fsbp": Framework("", AWS),
    "cis-aws": Framework("CIS AWS ", AWS),
    "cis-compute": Framework("CIS Compute ", AWS),
    "cis-eks": Framework("CIS EKS ", KUBERNETES),
    "cis-k8s": Framework("CIS Kubernetes ", KUBERNETES),
    "pss-baseline": Framework("PSS baseline ", KUBERNETES),
    "pss-restricted": Framework("PSS restricted ", KUBERNETES),
    "nist-800-190": Framework("NIST 800-190 "),
    "nist-800-53": Framework("NIST 800-53 "),
    "pci-dss": Framework("PCI DSS "),
}
"""By the name that settings and options use, in the order in which a finding shows them.

The ids of fsbp (AWS Foundational Security Best Practices in Security Hub) name themselves: `ECS.4`.
"""


def join_controls(controls: Iterable[str], most: int | None = None) -> str:
    """Controls as a reader knows them, each framework named once: `ECS.4, NIST 800-53 AC-3, AC-6`.

    Only the first `most` are named, where that is given, and how many more there are.
    """
    every = list(dict.fromkeys(controls))
    said, before = [], ""
    for control in every[:most]:
        prefix = next((p for p in _PREFIXES if control.startswith(p)), "")
        said.append(control.removeprefix(prefix) if prefix and prefix == before else control)
        before = prefix
    rest = len(every) - len(said)
    return ", ".join(said) + (f" and {rest} more" if rest else "")


_PREFIXES: Final = tuple(each.prefix for each in FRAMEWORKS.values() if each.prefix)
