"""Data on a disk that isn't encrypted can be read by whoever gets the disk, or a snapshot of it."""

from __future__ import annotations

from dataclasses import replace

from fixbot.edit.tree import Node
from fixbot.lens import ABSENT, Module, Resource, ResourceType
from fixbot.model.findings import Manual, Refusal, Severity
from fixbot.rules import Rule, Words, by_type, each_of, must_be, report
from fixbot.rules.context import Context
from fixbot.rules.entry_checks import list_branches

STORED, AT_REST, PLAIN, EBS = "StorageEncrypted", "AtRestEncryptionEnabled", "Encrypted", "Ebs.Encrypted"
DISKS, DATA = "BlockDeviceMappings", "LaunchTemplateData.BlockDeviceMappings"
_MADE = frozenset([STORED, AT_REST, PLAIN])
_ON = Module({STORED: "storage_encrypted"}, {STORED: True})
DATABASE = ResourceType(
    "database", "databases", "AWS::RDS::DBInstance", "aws_db_instance", name="DBInstanceIdentifier",
    renamed={"DBInstanceIdentifier": "identifier"}, replaced_by=_MADE & {STORED},
    modules={"terraform-aws-modules/rds/aws": _ON, "cloudposse/rds/aws": _ON},
)  # fmt: skip
CLUSTERS = tuple(
    ResourceType(noun, f"{noun}s", aws, terraform, replaced_by=_MADE & {STORED}, modules=modules)
    for noun, aws, terraform, modules in (
        ("database cluster", "AWS::RDS::DBCluster", "aws_rds_cluster",
         {"terraform-aws-modules/rds-aurora/aws": _ON}),
        ("document database", "AWS::DocDB::DBCluster", "aws_docdb_cluster", {}),
        ("graph database", "AWS::Neptune::DBCluster", "aws_neptune_cluster", {}),
    )
)  # fmt: skip
FILES = ResourceType(
    "file system", "file systems", "AWS::EFS::FileSystem", "aws_efs_file_system",
    replaced_by=_MADE & {PLAIN},
    modules={"terraform-aws-modules/efs/aws": Module({PLAIN: "encrypted"}, {PLAIN: True})},
)  # fmt: skip
CACHE = ResourceType(
    "cache", "caches", "AWS::ElastiCache::ReplicationGroup", "aws_elasticache_replication_group",
    replaced_by=_MADE & {AT_REST},
)  # fmt: skip
VOLUME = ResourceType("volume", "volumes", "AWS::EC2::Volume", "aws_ebs_volume")
INSTANCE = ResourceType("instance", "instances", "AWS::EC2::Instance")
CONFIGURATION = ResourceType(
    "launch configuration", "launch configurations", "AWS::AutoScaling::LaunchConfiguration",
    replaced_by=frozenset([f"{DISKS}.{EBS}"]),
)  # fmt: skip
MACHINES = (
    ResourceType("instance", "instances", terraform="aws_instance"),
    ResourceType("launch configuration", "launch configurations", terraform="aws_launch_configuration"),
)
_NOUNS = ("launch template", "launch templates")
TEMPLATE = ResourceType(*_NOUNS, "AWS::EC2::LaunchTemplate")
TERRAFORM = ResourceType(*_NOUNS, terraform="aws_launch_template")
GROUP = ResourceType(
    "Auto Scaling group", "Auto Scaling groups",
    modules={"terraform-aws-modules/autoscaling/aws":
             Module({DISKS: "block_device_mappings"}, {DISKS: ABSENT})},
)  # fmt: skip
EKSCTL = ResourceType("cluster", "clusters", kubernetes="eksctl.io/ClusterConfig")
KARPENTER = ResourceType("node class", "node classes", kubernetes="karpenter.k8s.aws/EC2NodeClass")
DEFAULT = ResourceType("account default", "account defaults", terraform="aws_ebs_encryption_by_default")
_RESTORE = "copy it with a key, restore that as a new one beside it, and move over"
WAYS = {
    DATABASE: f"Take a snapshot of {{who}}, {_RESTORE} (`aws rds copy-db-snapshot --kms-key-id`).",
    **dict.fromkeys(CLUSTERS, f"Take a snapshot of {{who}}, {_RESTORE}: a restore takes a key of its own."),
    FILES: "Make an encrypted file system beside {who}, and copy what it holds with AWS DataSync.",
    CACHE: "Take a backup of {who}, restore it as an encrypted one, and let the programs go there.",
    VOLUME: "Take a snapshot of {who}, copy it with `--encrypted`, and make a volume of that.",
    **dict.fromkeys((INSTANCE, CONFIGURATION, *MACHINES), "A change of the disks makes {who} anew: turn on "
                    "EBS encryption by default in the account, and it is encrypted when it is next made."),
}  # fmt: skip


def explain_way(store: Resource, _world: Context) -> Manual:
    """Nothing that holds data is encrypted in place: what a person does instead."""
    return Manual(WAYS[store.type].replace("{who}", store.title))


def spare_others(store: Resource, world: Context) -> bool:
    """Members of a cluster, which take what that says, and disks in an account that encrypts all."""
    if store.type == DATABASE and store.module is None:
        member = store.slot("DBClusterIdentifier").found is not None and store.dialect == "cloudformation"
        return member or str(store.slot("Engine").value).startswith(("aurora", "neptune", "docdb"))
    if store.dialect != "terraform" or store.type in (DATABASE, *CLUSTERS, FILES, CACHE):
        return False
    return any(
        each.slot("Enabled").value in (True, ABSENT) for each in world.resources_beside(store, DEFAULT)
    )


def is_disk(machine: Resource, at: str, entry: Node) -> bool:
    """Whether an entry is a disk of its own: no instance store, and not one that is left out."""
    names = ("VirtualName", "NoDevice") if machine.type not in (EKSCTL, KARPENTER) else ("launchTemplate",)
    said = [machine.slot_in(entry, f"{at}.{name}") for name in names]
    return all(each.found is None or each.why_not for each in said)


def refuse_snapshots(machine: Resource, _world: Context) -> Refusal | None:
    """A disk that is made of a snapshot is encrypted as that is."""
    at = DATA if machine.type == TEMPLATE else DISKS
    for entry in (each for item in machine.slot(at).items for each in list_branches(item)):
        found = machine.slot_in(entry, f"{at}.Ebs.SnapshotId", at).found
        if found is not None and machine.slot_in(entry, f"{at}.{EBS}", at).value is not True:
            return Refusal(
                f"A disk of {machine.title} is made of a snapshot, and encrypted as that is. Copy the "
                "snapshot with `--encrypted`, and name the copy."
            )
    return None


def weigh_severity(machine: Resource, _world: Context) -> Severity | None:
    """Where nothing is written, account, image and snapshot decide: it may well be encrypted."""
    at = DATA if machine.type == TEMPLATE else DISKS
    entries = [each for item in machine.slot(at).items for each in list_branches(item)]
    said = [machine.slot_in(each, f"{at}.{EBS}", at).value for each in entries]
    return None if False in said or "false" in said else Severity.MEDIUM


def find_no_disks(template: Resource, world: Context) -> Node | None:
    """A template that says nothing of its disks leaves all to account and image."""
    slot = template.slot(DATA if template.type == TEMPLATE else DISKS)
    return None if slot.found is not None or slot.items or spare_others(template, world) else slot.node


WORDS = Words(
    problem="keeps data on disks that are not encrypted",
    change="Disks that {who} {makes|make} from now on are encrypted, with the key aws/ebs "
    "unless another is named.",
    effect="Disks that are there stay as they are. With a key of your own, whoever starts instances needs a "
    "grant for it: the service-linked role of Auto Scaling has none by itself.",
    why="A snapshot of {who} that is shared by mistake, or taken along, can be read by whoever mounts it.",
    unknown="Whether the account encrypts all disks, `aws ec2 get-ebs-encryption-by-default` says.",
)
_BARE = replace(WORDS, problem="leaves it to account and image whether its disks are encrypted")
_SAID = must_be({f"{EBS}": True}, in_each=(DISKS,), words=WORDS, among=is_disk, spares=spare_others,
                unless=explain_way, weigh=weigh_severity)  # fmt: skip


rule = Rule(
    title="Encrypt the storage of {subject}",
    topic={
        "AWS::RDS::*": "database", "AWS::DocDB::*": "database", "AWS::Neptune::*": "database",
        "AWS::ElastiCache::*": "database", "AWS::EFS::*": "file-system", "default": "node",
    },
    severity=Severity.HIGH,
    controls={"fsbp": ("EC2.181", "EC2.3", "RDS.3", "RDS.27", "DocumentDB.1", "Neptune.1", "EFS.1", "EFS.8"),
              "cis-aws": ("3.2.1", "3.3.1", "6.1.1"), "cis-compute": ("2.2.1",),
              "nist-800-53": ("CA-9(1)", "SC-13", "SC-28", "SC-28(1)", "SC-7(10)")},
    looks_at=(TEMPLATE, TERRAFORM, GROUP, EKSCTL, KARPENTER, DEFAULT, DATABASE, *CLUSTERS, FILES, CACHE,
              VOLUME, INSTANCE, CONFIGURATION, *MACHINES),
    check=by_type({
        **{kind: each_of(
            must_be({EBS: True}, in_each=(at,), words=WORDS, among=is_disk, spares=spare_others,
                    unless=refuse_snapshots, weigh=weigh_severity),
            report(find_no_disks, words=_BARE, weigh=lambda *_: Severity.LOW,
                   instead="Turn on EBS encryption by default in the account, or write a block device "
                   "mapping for the root disk of {who}, named as in its image, and encrypted."),
        ) for kind, at in ((TEMPLATE, DATA), (TERRAFORM, DISKS))},
        GROUP: must_be({EBS: True}, in_each=(DISKS,), words=WORDS, among=is_disk, weigh=weigh_severity,
                       spares=spare_others, unless=refuse_snapshots),
        EKSCTL: must_be({"volumeEncrypted": True}, in_each=("nodeGroups", "managedNodeGroups"), words=WORDS,
                        among=is_disk),
        KARPENTER: must_be({"ebs.encrypted": True}, in_each=("spec.blockDeviceMappings",), words=WORDS,
                           among=is_disk),
        DEFAULT: must_be({"Enabled": True}, words=WORDS, unwritten=True),
        **dict.fromkeys((DATABASE, *CLUSTERS), must_be(
            {STORED: True}, words=WORDS, unwritten=False, spares=spare_others, unless=explain_way)),
        FILES: must_be({PLAIN: True}, words=WORDS, unwritten=False, unless=explain_way),
        CACHE: must_be({AT_REST: True}, words=WORDS, unwritten=False, unless=explain_way),
        VOLUME: must_be({PLAIN: True}, words=WORDS, unwritten=False, spares=spare_others, unless=explain_way),
        **dict.fromkeys((INSTANCE, CONFIGURATION), _SAID),
        **dict.fromkeys(MACHINES, must_be(
            {PLAIN: True}, in_each=("RootBlockDevice", "EbsBlockDevice"), words=WORDS, unless=explain_way,
            spares=spare_others)),
    }),
    peers={"checkov": ("CKV_AWS_8", "CKV_AWS_3", "CKV_AWS_16", "CKV_AWS_96", "CKV_AWS_42", "CKV_AWS_106",
                       "CKV_AWS_74", "CKV_AWS_44", "CKV_AWS_29", "CKV2_AWS_2"),
           "trivy": ("AWS-0008", "AWS-0131", "AWS-0026", "AWS-0079", "AWS-0080", "AWS-0037")},
)  # fmt: skip
