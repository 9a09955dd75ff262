"""A listener that still speaks TLS 1.0 or 1.1 lets whoever stands between make both sides speak it."""

from __future__ import annotations

from dataclasses import replace

from fixbot.knowledge.elb_policies import RECOMMENDED as RESTRICTED
from fixbot.knowledge.elb_policies import read_elb_policies, suggest_policy
from fixbot.lens import ABSENT, UNKNOWN, Module, Resource, ResourceType
from fixbot.model.findings import Fix, Manual, Refusal, Severity
from fixbot.rules import Rule, Words, by_type, must_be
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

POLICY, MUTUAL = "SslPolicy", "MutualAuthentication.Mode"
_NOUNS = ("listener", "listeners")
LISTENER = ResourceType(*_NOUNS, "AWS::ElasticLoadBalancingV2::Listener", "aws_lb_listener")
IN_MODULE = ResourceType(
    "load balancer", "load balancers",
    modules={"terraform-aws-modules/alb/aws": Module({"Listeners": "listeners"})},
)  # fmt: skip
MODULE = ResourceType(
    "load balancer", "load balancers",
    modules={"cloudposse/alb/aws": Module(
        {POLICY: "https_ssl_policy", "Https": "https_enabled"},
        {POLICY: "ELBSecurityPolicy-TLS13-1-2-2021-06", "Https": False},
    )},
)  # fmt: skip
_INGRESS, _SERVICE = "ssl-policy", "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy"
OBJECTS = (
    ResourceType(
        "Ingress", "Ingresses", kubernetes="networking.k8s.io/Ingress",
        marks=(f"alb.ingress.kubernetes.io/{_INGRESS}",),
        in_objects={POLICY: f"metadata.annotations.[alb.ingress.kubernetes.io/{_INGRESS}]"},
    ),
    ResourceType(
        "Service", "Services", kubernetes="Service", marks=(_SERVICE,),
        in_objects={POLICY: f"metadata.annotations.[{_SERVICE}]"},
    ),
)  # fmt: skip


def is_strict(value: object) -> bool:
    """Whether a policy is one that Security Hub recommends."""
    return read_elb_policies().get(str(value)) == "recommended"


def spare_plain(listener: Resource, _world: Context) -> bool:
    """Listeners that speak no TLS, and objects and modules that leave the choice to what makes them."""
    if listener.type == MODULE:
        return listener.slot("Https").value is not True
    if listener.type in OBJECTS:
        return listener.slot(POLICY).value is ABSENT
    if listener.slot(POLICY).value is not ABSENT:
        return False
    return listener.slot("Protocol").value not in ("HTTPS", "TLS")


def refuse_special(listener: Resource, _world: Context) -> Refusal | Manual | None:
    """Policies that nobody knows, and those that are there for another reason than age."""
    slot = listener.slot(POLICY)
    said = slot.value
    if not isinstance(said, str):
        return None
    if said not in read_elb_policies():
        return Refusal(f"What the policy {mark_code(said)} lets clients use isn't known.")
    if (instead := suggest_policy(said)) != RESTRICTED:
        return Manual(
            f"{mark_code(said)} is chosen for more than its age. Write {mark_code(instead)}, which keeps "
            "what it is for, once no client speaks less."
        )
    return None


def weigh_severity(listener: Resource, _world: Context) -> Severity | None:
    """TLS 1.2 with ciphers that are weaker than they could be is less than TLS 1.0."""
    said = listener.slot(POLICY).value
    return Severity.LOW if read_elb_policies().get(str(said)) == "weak" else None


def name_mutual(fix: Fix, listener: Resource, _world: Context) -> Fix:
    """Clients with certificates of their own are often old machines."""
    if listener.type != LISTENER or listener.slot(MUTUAL).value in (ABSENT, UNKNOWN, "off"):
        return fix
    return replace(fix, notes=(*fix.notes, "Its clients bring certificates of their own: ask who runs them."))


WORDS = Words(
    problem="still lets clients use outdated TLS",
    change="{who} {speaks|speak} TLS 1.3 and 1.2, with forward secrecy alone.",
    effect="Clients that know only TLS 1.0 and 1.1 (Java 7, Windows 7, old devices) get no connection.",
    why="Who stands between a client and {who} can make both speak the oldest version that both know, and "
    "read along with what has been broken since.",
    unknown="How many clients of {who} know no newer TLS, {its|their} connection log says: "
    "count TLSv1 and TLSv1.1 first.",
)
_CHECK = must_be(
    {POLICY: RESTRICTED}, words=WORDS, good=is_strict, spares=spare_plain, unless=refuse_special,
    weigh=weigh_severity, finish=name_mutual,
)  # fmt: skip
rule = Rule(
    title="Refuse outdated TLS at {subject}",
    topic="load-balancer",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ELB.17",),
              "nist-800-53": ("AC-17(2)", "SC-8", "SC-8(1)", "SC-13", "SC-23", "SI-7(6)")},
    looks_at=(LISTENER, IN_MODULE, MODULE, *OBJECTS),
    check=by_type({
        **dict.fromkeys((LISTENER, MODULE, *OBJECTS), _CHECK),
        IN_MODULE: must_be(
            {POLICY: RESTRICTED}, in_each=("Listeners",), words=WORDS, unwritten=RESTRICTED, good=is_strict
        ),
    }),
    peers={"checkov": ("CKV_AWS_103", "CKV2_AWS_74", "CKV_AWS_213"), "trivy": ("AWS-0047",)},
)  # fmt: skip
