"""The frameworks whose controls a rule can name: how settings call them, and how a reader knows an id."""

from __future__ import annotations

import re
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

_SPEAKS_OF: Final = {
    "RDS": r"AWS::RDS::|aws_(?:db|rds)_",
    "RDS.7": r"AWS::RDS::DBCluster\b|aws_rds_cluster\b",
    "RDS.8": r"AWS::RDS::DBInstance|aws_db_instance",
    "RDS.3": r"AWS::RDS::DBInstance|aws_db_instance",
    "RDS.27": r"AWS::RDS::DBCluster\b|aws_rds_cluster\b",
    "DocumentDB": r"AWS::DocDB::|aws_docdb_",
    "Neptune": r"AWS::Neptune::|aws_neptune_",
    "DynamoDB": r"AWS::DynamoDB::|aws_dynamodb_",
    "Redshift": r"AWS::Redshift::|aws_redshift_",
    "DMS": r"AWS::DMS::|aws_dms_",
    "EFS": r"AWS::EFS::|aws_efs_",
    "S3": r"AWS::S3::|aws_s3_",
    "ECR": r"AWS::ECR::|aws_ecr_",
    "ECS": r"AWS::ECS::|aws_ecs_",
    "EKS": r"AWS::EKS::|aws_eks_|eksctl",
    "KMS": r"AWS::KMS::|aws_kms_",
    "ELB": r"AWS::ElasticLoadBalancing|aws_a?lb\b|aws_a?lb_|aws_elb\b|networking|gateway|Service",
    "ELB.4": r"AWS::ElasticLoadBalancingV2|aws_lb\b|networking",
    "ELB.14": r"AWS::ElasticLoadBalancing::|aws_elb\b",
    "ELB.12": r"AWS::ElasticLoadBalancingV2|aws_lb\b|networking",
    "AutoScaling": r"AWS::AutoScaling::|aws_launch_configuration|aws_autoscaling_",
    "EC2": r"AWS::EC2::|AWS::EKS::Nodegroup|aws_(?:instance|launch_template|ebs|ec2|vpc|spot|security)"
    r"|aws_eks_node|eksctl|karpenter",
    "EC2.170": r"AWS::EC2::LaunchTemplate|aws_launch_template|eksctl|karpenter",
    "EC2.181": r"AWS::EC2::LaunchTemplate|aws_launch_template|eksctl|karpenter",
    "EC2.8": r"AWS::EC2::Instance|aws_(?:instance|spot_instance_request|ec2_instance_metadata_defaults)",
    "EC2.3": r"AWS::EC2::(?:Volume|Instance)|aws_(?:ebs_volume|instance)",
}
"""The types of resources that a control of fsbp is about, where it isn't about all that a rule looks at.

Source: the Security Hub user guide, "Resource type" of each control.
"""


def speaks_of(framework: str, control: str, edited: str) -> bool:
    """Whether a control is about a type, by its name in CloudFormation or Terraform."""
    pattern = _SPEAKS_OF.get(control) or _SPEAKS_OF.get(control.partition(".")[0])
    if framework != "fsbp" or pattern is None or not edited:
        return True
    return re.match(pattern, edited) is not None
