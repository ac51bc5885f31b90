"""Every operation that is asked in a cluster, or of a service, from the model: the same answers to one that is not there
and to what is none (facts: tasks 1.4b, 2)."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import CLUSTER_MISSING, NOWHERE, ROLE, arn  # noqa: E402
from server import MODEL, Server, implemented_operations  # noqa: E402

MODEL_DATA = json.loads(MODEL.read_text())
SUBNET_IDS = {"subnets": ["subnet-1"]}
CONTAINER = {"image": "busybox"}
INVALID = "InvalidParameterException"

# What each needs beside the cluster to be well-formed; nothing for the rest.
NEEDED = {
    "AssociateGatewayWithCluster": {"gateway": "g"},
    "CreateCapacityProvider": {"name": "cp", "managedInstancesProvider": {
        "infrastructureRoleArn": ROLE, "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": arn("instance-profile/p", region="").replace(":ecs:", ":iam:"), "networkConfiguration": SUBNET_IDS}}},
    "CreateDaemon": {"daemonName": "d", "daemonTaskDefinitionArn": arn("daemon-task-definition/d:1"), "capacityProviderArns": [
        arn("capacity-provider/cp")]},
    "CreateExpressGatewayService": {"executionRoleArn": ROLE, "infrastructureRoleArn": ROLE, "primaryContainer": CONTAINER},
    "CreateService": {"serviceName": "s", "taskDefinition": "web", "desiredCount": 1},
    "CreateTaskSet": {"service": "s", "taskDefinition": "web"},
    "DeleteAttributes": {"attributes": [{"name": "a", "targetId": NOWHERE, "targetType": "container-instance"}]},
    "DeleteCapacityProvider": {"capacityProvider": "cp"},
    "DeleteService": {"service": "s"},
    "DeleteTaskSet": {"service": "s", "taskSet": "ecs-svc/1"},
    "DeregisterContainerInstance": {"containerInstance": NOWHERE},
    "DescribeContainerInstances": {"containerInstances": [NOWHERE]},
    "DescribeServices": {"services": ["s"]},
    "DescribeTaskSets": {"service": "s"},
    "DescribeTasks": {"tasks": [NOWHERE]},
    "DisassociateGatewayFromCluster": {"gateway": "g"},
    "ExecuteCommand": {"task": NOWHERE, "command": "ls", "interactive": True},
    "ListAttributes": {"targetType": "container-instance"},
    "ListServiceDeployments": {"service": "s"},
    "PutAttributes": {"attributes": [{"name": "a", "targetId": NOWHERE, "targetType": "container-instance"}]},
    "PutClusterCapacityProviders": {"capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []},
    "RunTask": {"taskDefinition": "web"},
    "StartTask": {"taskDefinition": "web", "containerInstances": [NOWHERE]},
    "StopTask": {"task": NOWHERE},
    "SubmitAttachmentStateChanges": {"attachments": [{"attachmentArn": arn("attachment/a"), "status": "ATTACHED"}]},
    "SubmitContainerStateChange": {"task": NOWHERE, "status": "RUNNING"},
    "SubmitTaskStateChange": {"task": NOWHERE, "status": "RUNNING"},
    "UpdateCapacityProvider": {"name": "cp"},
    "UpdateClusterSettings": {"settings": [{"name": "containerInsights", "value": "enabled"}]},
    "UpdateContainerAgent": {"containerInstance": NOWHERE},
    "UpdateContainerInstancesState": {"containerInstances": [NOWHERE], "status": "ACTIVE"},
    "UpdateService": {"service": "s"},
    "UpdateServicePrimaryTaskSet": {"service": "s", "primaryTaskSet": "ecs-svc/1"},
    "UpdateTaskProtection": {"tasks": [NOWHERE], "protectionEnabled": True},
    "UpdateTaskSet": {"service": "s", "taskSet": "ecs-svc/1", "scale": {"value": 50, "unit": "PERCENT"}},
}

# A capacity provider and a gateway are looked for before their cluster is.
LOOKS_FIRST = {"AssociateGatewayWithCluster", "DisassociateGatewayFromCluster", "CreateDaemon"}


def that_name(members_wanted, error):
    """(operation, the member that names the thing) of those that know the error."""
    built = set(implemented_operations())
    for operation in MODEL_DATA["operations"]:
        members = {member["name"] for member in MODEL_DATA["shapes"].get(operation.get("input"), {}).get("members", [])}
        names = [name for name in members_wanted if name in members]
        if names and operation["name"] in built and error in operation["errors"]:
            yield operation["name"], names[0]


class NamedThings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--log-level", "error").start()
        cls.server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{"name": "app", "image": "x", "memory": 16}]})

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def each(self, named, expected, but=()):
        asked = 0
        for operation, member in that_name(("cluster", "clusterArn"), "ClusterNotFoundException"):
            if operation in but:
                continue
            name = named if member == "cluster" or named.startswith("arn:") else arn(f"cluster/{named}")
            with self.subTest(operation=operation):
                self.assertEqual(self.server.error(operation, {**NEEDED.get(operation, {}), member: name}), expected)
                asked += 1
        self.assertGreater(asked, 35)

    def test_a_cluster_that_is_not_there(self):
        self.each("nope", CLUSTER_MISSING, LOOKS_FIRST)
        self.each(arn("cluster/nope"), CLUSTER_MISSING, LOOKS_FIRST)

    def test_a_name_that_is_none(self):
        self.each("a b", (INVALID, r"Cluster must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b"), LOOKS_FIRST)

    def test_arns_of_elsewhere_and_of_other_things(self):
        for given, text in ((arn("cluster/nope", region="eu-west-1"), "Invalid Region in ARN"),
                            (arn("cluster/nope", account="999999999999"), "AccountIDs mismatch"),
                            (arn("service/nope"), "Unsupported resource type: service"),
                            (arn("cluster/a/b"), "Invalid identifier: Unexpected number of separators")):
            self.each(given, (INVALID, text), LOOKS_FIRST)

    def test_a_service_that_is_not_there(self):
        self.server.ok("CreateCluster")
        asked = 0
        for operation, member in that_name(("service", "serviceName"), "ServiceNotFoundException"):
            with self.subTest(operation=operation):
                body = {**NEEDED.get(operation, {}), "cluster": "default", member: "nope"}
                self.assertEqual(self.server.error(operation, body)[0], "ServiceNotFoundException")
                asked += 1
        self.assertGreater(asked, 8)


if __name__ == "__main__":
    unittest.main()
