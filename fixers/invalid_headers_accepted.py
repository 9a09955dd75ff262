"""A header that load balancer and program read differently carries a second request past the first."""

from __future__ import annotations

from collections.abc import Iterator

from fixbot.lens import UNKNOWN, Module, Resource, ResourceType
from fixbot.model.findings import Found, Refusal, Severity
from fixbot.rules import Rule, Words, by_type, each_of, must_be, must_have_entry
from fixbot.rules.context import Context

DROP, MODE, KIND = "DropInvalidHeaderFields", "DesyncMitigationMode", "LoadBalancerType"
ATTRIBUTES = "LoadBalancerAttributes"
_DROP, _MODE = "routing.http.drop_invalid_header_fields.enabled", "routing.http.desync_mitigation_mode"
_NOUNS = ("load balancer", "load balancers")
TEMPLATE = ResourceType(*_NOUNS, "AWS::ElasticLoadBalancingV2::LoadBalancer", name="Name")
BALANCER = ResourceType(
    *_NOUNS, terraform="aws_lb", name="Name",
    modules={name: Module(
        {DROP: "drop_invalid_header_fields", KIND: "load_balancer_type", MODE: "desync_mitigation_mode"},
        {DROP: strict, KIND: "application", MODE: "defensive"},
    ) for name, strict in (("terraform-aws-modules/alb/aws", True), ("cloudposse/alb/aws", False))},
)  # fmt: skip
CLASSIC = ResourceType(*_NOUNS, terraform="aws_elb", name="Name")
_ANNOTATION = "alb.ingress.kubernetes.io/load-balancer-attributes"
INGRESS = ResourceType(
    "Ingress", "Ingresses", kubernetes="networking.k8s.io/Ingress", marks=(_ANNOTATION,),
    in_objects={ATTRIBUTES: f"metadata.annotations.[{_ANNOTATION}]"},
)  # fmt: skip


def spare_others(balancer: Resource, _world: Context) -> bool:
    """Network and gateway load balancers read no headers."""
    return _kind_of(balancer) in ("network", "gateway")


def refuse_unknown_kind(balancer: Resource, _world: Context) -> Refusal | None:
    """The attribute is refused where it isn't an application load balancer."""
    if _kind_of(balancer) is not UNKNOWN:
        return None
    return Refusal(f"Whether {balancer.title} is one that reads headers is computed.")


def _kind_of(balancer: Resource) -> object:
    return balancer.slot("Type" if balancer.dialect == "cloudformation" else KIND).value


def spare_guarded(balancer: Resource, world: Context) -> bool:
    """Only a mode that merely watches is worse than what AWS does by itself."""
    modes = [
        balancer.slot_in(each, f"{ATTRIBUTES}.Value").value
        for each in balancer.slot(ATTRIBUTES).items
        if balancer.slot_in(each, f"{ATTRIBUTES}.Key").value == _MODE
    ]
    return modes != ["monitor"] or spare_others(balancer, world)


HEADERS = Words(
    problem="passes headers on whose names are malformed",
    change="{who} {drops|drop} headers whose names hold anything but letters, digits and hyphens.",
    effect="Such headers no longer arrive, underscores among them (`user_id`); their requests do.",
    why="A header that {who} and the program behind it read differently can hide a second request in the "
    "first, which then runs as the next user's.",
    unknown="Whether a client of {who} sends headers with other characters isn't known; `proxy_set_header` "
    "and its code say.",
)
WATCHING = Words(
    problem="only watches requests that may hide another",
    change="{who} {refuses|refuse} requests that are no clear HTTP and could hide another.",
    effect="Requests of scanners and of very odd clients get 400 or lose their connection.",
    why="With `monitor` {who} {counts such requests and passes|count such requests and pass} them "
    "on: one that hides a second is let in.",
)
_MODE_CHECK = must_be(
    {MODE: "defensive"}, words=WATCHING, unwritten="defensive", spares=spare_others,
    good=lambda value: value not in ("monitor", UNKNOWN),
)  # fmt: skip


def find_in_annotation(ingress: Resource, world: Context) -> Iterator[Found]:
    """What the annotation says outright; of the rest the controller decides."""
    said = ingress.slot(ATTRIBUTES).value
    if isinstance(said, str):
        strict = said.replace(f"{_DROP}=false", f"{_DROP}=true").replace("mode=monitor", "mode=defensive")
        yield from must_be({ATTRIBUTES: strict}, words=HEADERS)(ingress, world)


rule = Rule(
    title="Drop malformed headers at {subject}",
    topic="load-balancer",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ELB.4", "ELB.12", "ELB.14"), "pci-dss": ("6.2.4",),
              "nist-800-53": ("SC-7(4)", "SC-8(2)")},
    looks_at=(TEMPLATE, BALANCER, CLASSIC, INGRESS),
    check=by_type({
        TEMPLATE: each_of(
            must_have_entry(
                ATTRIBUTES, {"Key": _DROP}, {"Value": "true"}, words=HEADERS, spares=spare_others,
                unless=refuse_unknown_kind, good=lambda value: str(value).lower() == "true",
            ),
            must_have_entry(
                ATTRIBUTES, {"Key": _MODE}, {"Value": "defensive"}, words=WATCHING, spares=spare_guarded,
                good=lambda value: value == "strictest",
            ),
        ),
        BALANCER: each_of(
            must_be({DROP: True}, words=HEADERS, unwritten=False, spares=spare_others,
                    unless=refuse_unknown_kind),
            _MODE_CHECK,
        ),
        CLASSIC: must_be({MODE: "defensive"}, words=WATCHING, unwritten="defensive",
                         good=lambda value: value not in ("monitor", UNKNOWN)),
        INGRESS: find_in_annotation,
    }),
    peers={"checkov": ("CKV_AWS_131", "CKV_AWS_328"), "trivy": ("AWS-0052",)},
)  # fmt: skip
