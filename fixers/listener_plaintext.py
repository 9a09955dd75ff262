"""A listener that passes plain HTTP on shows passwords and cookies to whoever stands on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from fixbot.edit.change import Add, Change, Drop, Put, Replace
from fixbot.edit.tree import UNKNOWN, CannotEdit, CodeExpression, Node, NodeKind, Value
from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Fix, Found, Manual, Outcome, Outlook, Refusal, Severity
from fixbot.rules import Rule
from fixbot.rules.context import Context
from fixbot.text.markdown_escape import mark_code

_NOUNS = ("listener", "listeners")
LISTENERS = (
    ResourceType(*_NOUNS, "AWS::ElasticLoadBalancingV2::Listener"),
    ResourceType(*_NOUNS, terraform="aws_lb_listener", renamed={"DefaultActions": "default_action"}),
)
RULES = (
    ResourceType("listener rule", "listener rules", "AWS::ElasticLoadBalancingV2::ListenerRule"),
    ResourceType("listener rule", "listener rules", terraform="aws_lb_listener_rule"),
)
_BALANCER = ("load balancer", "load balancers")
BALANCERS = (
    ResourceType(*_BALANCER, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ResourceType(*_BALANCER, terraform="aws_lb"),
)
SERVICES = (
    ResourceType("service", "services", "AWS::ECS::Service"),
    ResourceType("service", "services", terraform="aws_ecs_service"),
)
CLASSIC = ResourceType(
    *_BALANCER, "AWS::ElasticLoadBalancing::LoadBalancer", "aws_elb",
    renamed={"Listeners": "listener", "Listeners.Protocol": "listener.lb_protocol"},
)  # fmt: skip
_NAMES = ("http_enabled", "http_redirect", "https_enabled")
CLOUDPOSSE = ResourceType(
    *_BALANCER,
    modules={"cloudposse/alb/aws": Module(
        dict(zip(_NAMES, _NAMES, strict=True)),
        {"http_enabled": True, "http_redirect": False, "https_enabled": False},
    )},
)  # fmt: skip
MODULE = ResourceType(
    *_BALANCER, modules={"terraform-aws-modules/alb/aws": Module({"Listeners": "listeners"})}
)
_ALB: Final = "alb.ingress.kubernetes.io/"
_MARKS: Final = ("networking.k8s.io/",)
INGRESS = ResourceType("Ingress", "Ingresses", kubernetes="networking.k8s.io/Ingress", marks=_MARKS)
GATEWAY = ResourceType("Gateway", "Gateways", kubernetes="gateway.networking.k8s.io/Gateway", marks=_MARKS)
_PLAIN_ORIGIN = re.compile(r"(?:OriginProtocolPolicy|origin_protocol_policy)[\"']?\s*[:=]\s*[\"']?http-only")
_SWITCHED = re.compile(r"\bCODE_DEPLOY\b|AWS::CodeDeploy::DeploymentGroup|aws_codedeploy_deployment_group")
_NO_TLS = (
    "Nothing here takes HTTPS for {who}. Ask ACM for a certificate (AWS::CertificateManager::Certificate, "
    "aws_acm_certificate), give it a listener for HTTPS on port 443, and let this one redirect there."
)


_WRITTEN = {
    "cloudformation": ("Type", ("TargetGroupArn", "ForwardConfig"), "RedirectConfig",
                       ("Protocol", "Port", "StatusCode")),
    "terraform": ("type", ("target_group_arn", "forward"), "redirect", ("protocol", "port", "status_code")),
}  # fmt: skip


def find_plain_listeners(resource: Resource, world: Context) -> Iterator[Found]:
    """Every listener that takes HTTP and passes it on, in each of the ways to write one."""
    if resource.type in LISTENERS:
        yield from _find_listener(resource, world)
    elif resource.type == CLASSIC:
        for entry in resource.slot("Listeners").items:
            protocol = resource.slot_in(entry, "Listeners.Protocol")
            if str(protocol.value).upper() == "HTTP":
                yield _build_found(resource, protocol.node, Manual(_NO_TLS.replace("{who}", resource.title)))
                return
    elif resource.type == CLOUDPOSSE:
        yield from _find_in_cloudposse(resource)
    elif resource.type == MODULE:
        yield from _find_in_module(resource)
    elif resource.type == GATEWAY:
        said = [each.find_node("protocol") for each in resource.slot("spec.listeners").items]
        plain = [each for each in said if each is not None and each.scalar == "HTTP"]
        if plain and len(plain) == len(said):
            yield _build_found(resource, plain[0], Manual(
                f"Give {resource.title} a listener with protocol HTTPS and a certificate, and let an "
                "HTTPRoute on this one redirect there (RequestRedirect, scheme https)."
            ))  # fmt: skip
    else:
        yield from _find_ingress(resource)


def _build_found(
    resource: Resource, node: Node, outlook: Outlook, *, low: bool = False, at: str = ""
) -> Found:
    return Found(
        node, resource.title, resource.address, f"HTTP {at}".strip(),
        f"{resource.title} takes plain HTTP and passes it on", outlook, subject=resource.subject,
        severity=Severity.LOW if low else None,
    )  # fmt: skip


def _find_listener(listener: Resource, world: Context) -> Iterator[Found]:
    if listener.slot("Protocol").value != "HTTP":
        return
    actions = listener.slot("DefaultActions").items
    kind = _WRITTEN[listener.dialect][0]
    if not any((said := each.find_node(kind)) is not None and said.scalar == "forward" for each in actions):
        return
    home = _find_balancer(listener, world)
    scheme = home.slot("Scheme" if listener.dialect == "cloudformation" else "Internal").value if home else ""
    outlook = partial(_choose_outcome, listener, list(actions), home, world)
    yield _build_found(listener, listener.slot("Protocol").node, outlook, low=scheme in ("internal", True))


def _find_balancer(listener: Resource, world: Context) -> Resource | None:
    node = listener.slot("LoadBalancerArn").found
    every = (each for kind in BALANCERS for each in _beside(listener, kind, world))
    return next((each for each in every if node is not None and world.mentions(node, each.address)), None)


def _beside(subject: Resource, kind: ResourceType, world: Context) -> list[Resource]:
    return world.resources_beside(subject, kind) if subject.dialect in kind.dialects else []


def _choose_outcome(
    listener: Resource, actions: list[Node], home: Resource | None, world: Context
) -> Outcome:
    others = [each for kind in LISTENERS for each in _beside(listener, kind, world)]
    secure = [
        each for each in others
        if each.slot("Protocol").value == "HTTPS" and home and _find_balancer(each, world) is home
    ]  # fmt: skip
    if not secure:
        return Manual(_NO_TLS.replace("{who}", listener.title))
    return _why_kept(listener, secure, actions, world) or _redirect(listener, secure[0], actions[0], world)


def _why_kept(
    listener: Resource, secure: list[Resource], actions: list[Node], world: Context
) -> Refusal | Manual | None:
    (other, *more), name = secure, listener.title
    rules = [each for kind in RULES for each in _beside(listener, kind, world)]
    if any(_hangs_on(each, listener, world) for each in rules):
        return Manual(
            f"Rules hang on {name} and would go on passing plain HTTP. Let each of them redirect too."
        )
    texts = world.texts_beside(listener)
    if any(map(_SWITCHED.search, texts)):
        return Refusal(f"CodeDeploy switches {name} between target groups, and would undo it.")
    if any(map(_PLAIN_ORIGIN.search, texts)):
        return Refusal("CloudFront fetches by http-only here, and a redirect would send it round and round.")
    if more or len(actions) > 1 or not other.lone or not listener.lone:
        return Refusal(f"Which listener {name} would redirect to isn't certain: there are several.")
    if listener.dialect == "cloudformation" and _condition(other) not in ("", _condition(listener)):
        return Refusal(
            f"{other.title} is there only under a condition, and {name} would redirect to nothing."
        )
    if other.slot("Port").value in (UNKNOWN, ABSENT):
        return Refusal(f"Which port {other.title} has is computed.")
    takers = [other, *(each for each in rules if _hangs_on(each, other, world))]
    groups = _list_names(actions[0])
    if not all(any(world.mentions(each.owner, group) for each in takers) for group in groups):
        return Refusal(f"Only {name} ties its target group to the load balancer; {other.title} must, first.")
    return None


def _hangs_on(rule: Resource, listener: Resource, world: Context) -> bool:
    node = rule.slot("ListenerArn").found
    return node is not None and world.mentions(node, listener.address)


def _condition(resource: Resource) -> str:
    node = resource.owner.find_node("Condition")
    return str(node.value) if node is not None else ""


_REFERENCE = re.compile(r"aws_(?:lb|alb)_target_group\.[\w-]+")


def _list_names(action: Node) -> list[str]:
    """What the action refers to, by address or logical name."""
    found: list[str] = []
    for each in action.walk_tree():
        text = each.value if isinstance(each.value, str) else ""
        found += _REFERENCE.findall(text)
        parent = each.parent
        long = parent is not None and any(e.value is each and e.key == "Ref" for e in parent.entries)
        found += [text] if each.tag == "!Ref" or long else []
    return found


def _redirect(listener: Resource, other: Resource, action: Node, world: Context) -> Outcome:
    kind, targets, redirect, (protocol, port, status) = _WRITTEN[listener.dialect]
    to: dict[str, Value] = {protocol: "HTTPS", port: str(other.slot("Port").value), status: "HTTP_301"}
    gone = [node for name in targets if (node := action.find_node(name)) is not None]
    try:
        changes = (
            Put(action, (kind,), "redirect"), Put(action, (redirect,), to, (kind,)), *map(Drop, gone),
            *_order_services(listener, other, world),
        )  # fmt: skip
    except CannotEdit as why:
        return Refusal(f"There is no exact edit here: {why}.")
    return _build_fix(listener, changes)


def _order_services(listener: Resource, other: Resource, world: Context) -> Iterator[Change]:
    """A service that waits for this listener waits for the other too: its target group has none before."""
    name = "depends_on" if listener.dialect == "terraform" else "DependsOn"
    for service in (each for kind in SERVICES for each in _beside(listener, kind, world)):
        node = service.owner.find_node(name)
        if node is None or not world.mentions(node, listener.address) or world.mentions(node, other.address):
            continue
        hcl = node.grammar.has_expressions
        item: Value = CodeExpression(other.address) if hcl else other.address
        if node.kind is NodeKind.LIST:
            yield Add(node, (), item, last=True)
        else:
            yield Replace(node, [listener.address, other.address])


def _build_fix(resource: Resource, changes: tuple[Change, ...]) -> Fix:
    return Fix(
        changes,
        who=resource.called,
        before="HTTP passed on",
        after="redirected to HTTPS",
        gist="{who} {answers|answer} plain HTTP with a redirect to HTTPS, and {passes|pass} nothing on.",
        effect="Clients that don't follow a redirect fail: webhooks that POST, health checks, old agents.",
        why="Whoever stands on the way to {who}, in a café or at a provider, reads passwords and session "
        "cookies, and can change what comes back.",
        unknown="Who calls {who} by http:// isn't in the files; {its|their} access log says so.",
    )


def _find_in_cloudposse(module: Resource) -> Iterator[Found]:
    plain, redirect, secure = (module.slot(name) for name in _NAMES)
    if plain.value is False or redirect.value is True:
        return
    outlook: Outlook = Manual(_NO_TLS.replace("{who}", module.title))
    if secure.value is True:
        stuck = redirect.why_not or redirect.value is UNKNOWN
        outlook = (
            Refusal(f"{mark_code('http_redirect')} of {module.title} is not changed: it is computed.")
            if stuck
            else _build_fix(module, (redirect.set(value=True),))
        )
    yield _build_found(module, redirect.node, outlook)


def _find_in_module(module: Resource) -> Iterator[Found]:
    listed = module.slot("Listeners").found
    entries = listed.entries if listed is not None and listed.kind is NodeKind.MAP else []
    said = {each.key: _text(each.value, "protocol") for each in entries}
    for each in entries:
        forward = each.value.find_node("forward")
        if said[each.key] != "HTTP" or forward is None:
            continue
        outlook: Outlook = Manual(_NO_TLS.replace("{who}", module.title))
        if "HTTPS" in said.values():
            ports = [_text(other.value, "port") for other in entries if said[other.key] == "HTTPS"]
            to: Value = {"port": ports[0] or "443", "protocol": "HTTPS", "status_code": "HTTP_301"}
            changes = (Put(each.value, ("redirect",), to, ("protocol", "port")), Drop(forward))
            outlook = (
                Manual(f"Rules hang on {each.key} and would go on passing plain HTTP.")
                if each.value.find_node("rules") is not None
                else _build_fix(module, changes)
            )
        yield _build_found(module, each.value, outlook, at=each.key)


def _text(node: Node, name: str) -> str:
    found = node.find_node(name)
    return str(found.scalar) if found is not None and found.scalar is not UNKNOWN else ""


def _find_ingress(ingress: Resource) -> Iterator[Found]:
    notes = ingress.node.find_node("metadata", "annotations")
    said = {each.key: each.value for each in notes.entries} if notes is not None else {}
    alb = any(key.startswith(_ALB) for key in said)
    secure = ingress.node.find_node("spec", "tls") is not None
    certificate = f"{_ALB}certificate-arn" in said or (alb and secure)
    ports = str(said[f"{_ALB}listen-ports"].value) if f"{_ALB}listen-ports" in said else ""
    if f"{_ALB}ssl-redirect" in said or f"{_ALB}actions.ssl-redirect" in said or (secure and not alb):
        return
    if certificate and not re.search(r"[\"']HTTP[\"']", ports):
        return
    if certificate and '"HTTPS"' in ports and notes is not None:
        fix = _build_fix(ingress, (Put(notes, (f"{_ALB}ssl-redirect",), "443", (f"{_ALB}listen-ports",)),))
        yield _build_found(ingress, said[f"{_ALB}listen-ports"], fix)
        return
    way = f"{mark_code(f'{_ALB}certificate-arn')}" if alb else "spec.tls with the name of a Secret"
    yield _build_found(ingress, ingress.node, Manual(
        f"Give {ingress.title} a certificate ({way}); its controller then answers HTTPS, and redirects there."
    ), low=_is_internal(said))  # fmt: skip


def _is_internal(said: dict[str, Node]) -> bool:
    scheme = said.get(f"{_ALB}scheme")
    return scheme is not None and scheme.value == "internal"


rule = Rule(
    title="Send plain HTTP of {subject} to HTTPS",
    topic="load-balancer",
    severity=Severity.MEDIUM,
    controls={"fsbp": ("ELB.1", "ELB.18"), "cis-eks": ("5.4.5",), "nist-800-190": ("4.3.3",),
              "nist-800-53": ("AC-17(2)", "SC-8", "SC-8(1)", "SC-13", "SC-23", "SI-7(6)")},
    looks_at=(*LISTENERS, CLASSIC, CLOUDPOSSE, MODULE, INGRESS, GATEWAY),
    beside=(*RULES, *BALANCERS, *SERVICES),
    check=find_plain_listeners,
    peers={"checkov": ("CKV_AWS_2", "CKV2_AWS_20"), "trivy": ("AWS-0054",),
           "polaris": ("tlsSettingsMissing",), "kubescape": ("C-0263",)},
)  # fmt: skip
