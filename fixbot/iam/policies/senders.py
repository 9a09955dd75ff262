"""What sends to a queue or topic, as far as the same template or folder says, and its ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fixbot.edit.tree import CodeExpression, TaggedValue, Value
from fixbot.lens import Policy, Resource, ResourceType, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixbot.rules.context import Context

QUEUE: Final = ResourceType("queue", "queues", "AWS::SQS::Queue", "aws_sqs_queue")
TOPIC: Final = ResourceType("topic", "topics", "AWS::SNS::Topic", "aws_sns_topic")
_SUBSCRIPTION: Final = ResourceType(
    "subscription", "subscriptions", "AWS::SNS::Subscription", "aws_sns_topic_subscription"
)
_EVENT_RULE: Final = ResourceType("rule", "rules", "AWS::Events::Rule", "aws_cloudwatch_event_rule")
_TARGET: Final = ResourceType("target", "targets", terraform="aws_cloudwatch_event_target")
_BUCKET: Final = ResourceType("bucket", "buckets", "AWS::S3::Bucket", "aws_s3_bucket", name="BucketName")
_NOTIFICATION: Final = ResourceType("notification", "notifications", terraform="aws_s3_bucket_notification")
_QUEUE_POLICY: Final = ResourceType(
    "queue policy", "queue policies", "AWS::SQS::QueuePolicy", "aws_sqs_queue_policy"
)
_TOPIC_POLICY: Final = ResourceType(
    "topic policy", "topic policies", "AWS::SNS::TopicPolicy", "aws_sns_topic_policy"
)
READ_BESIDE: Final = (
    QUEUE, TOPIC, _SUBSCRIPTION, _EVENT_RULE, _TARGET, _BUCKET, _NOTIFICATION, _QUEUE_POLICY, _TOPIC_POLICY,
)  # fmt: skip
_SOURCES: Final = (TOPIC, _EVENT_RULE, _BUCKET)
_LINKS: Final = {TOPIC: _SUBSCRIPTION, _EVENT_RULE: _TARGET, _BUCKET: _NOTIFICATION}
"""What joins a source with what it sends to, where that isn't said in the source itself."""


def find_sender(policy: Policy, world: Context) -> tuple[Resource, Value] | None:
    """The one topic, rule or bucket that sends to a policy's queue or topic, with its ARN."""
    targets = list(_find_targets(policy, world))
    if len(targets) != 1:
        return None
    (target,) = targets
    found = {id(each.owner): each for kind in _SOURCES for each in _list_sources(kind, target, world)}
    if len(found) != 1:
        return None
    (sender,) = found.values()
    arn = _spell_arn(sender)
    return None if arn is None else (sender, arn)


def _find_targets(policy: Policy, world: Context) -> Iterator[Resource]:
    """The queues or topics of a policy, which may stand in themselves."""
    for kind, holder in ((QUEUE, _QUEUE_POLICY), (TOPIC, _TOPIC_POLICY)):
        for target in world.resources_beside(policy, kind):
            holders = (target, *world.resources_beside(policy, holder))
            if any(
                policy in world.policies_of(each) and world.mentions(each.owner, target.address)
                for each in holders
            ):
                yield target


def _list_sources(kind: ResourceType, target: Resource, world: Context) -> Iterator[Resource]:
    links = [
        each
        for each in world.resources_beside(target, _LINKS[kind])
        if each.owner is not target.owner and world.mentions(each.owner, target.address)
    ] if target.dialect == "terraform" or kind is TOPIC else []  # fmt: skip
    for source in world.resources_beside(target, kind):
        if source.owner is not target.owner and (
            world.mentions(source.node, target.address)
            or any(world.mentions(link.owner, source.address) for link in links)
        ):
            yield source


def _spell_arn(sender: Resource) -> Value | None:
    """The sender's ARN; of a bucket of a template only by its name, or each would wait for the other."""
    if sender.dialect == "terraform":
        return CodeExpression(f"{sender.address}.arn") if sender.lone else None
    tags = sender.node.grammar.has_tags
    if sender.type is TOPIC:
        return TaggedValue("!Ref", sender.address) if tags else {"Ref": sender.address}
    if sender.type is _EVENT_RULE:
        return (
            TaggedValue("!GetAtt", f"{sender.address}.Arn")
            if tags
            else {"Fn::GetAtt": [sender.address, "Arn"]}
        )
    name = text_of(sender.slot("BucketName").found)
    return f"arn:aws:s3:::{name}" if name is not None else None
