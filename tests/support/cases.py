"""What the suites of the task plane share: a server for the class, a fresh world for every test."""

import unittest

from server import Server

ACCOUNT = "000000000000"
REGION = "us-east-1"
APP = {"name": "app", "image": "busybox", "cpu": 10, "memory": 16}
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
NOWHERE = "0" * 32
CLUSTER_MISSING = ("ClusterNotFoundException", "Cluster not found.")


def arn(rest, region=REGION, account=ACCOUNT):
    return f"arn:aws:ecs:{region}:{account}:{rest}"


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options).start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.ecs = self.server.boto3()
        self.ok("CreateCluster")

    def ok(self, operation, body=None, **more):
        return self.server.ok(operation, body, **more)

    def refused(self, code, text, operation, body=None):
        self.assertEqual(self.server.error(operation, body), (code, text))

    def invalid(self, text, operation, body=None):
        self.refused("InvalidParameterException", text, operation, body)

    def cluster_missing(self, operation, body=None):
        self.refused(*CLUSTER_MISSING, operation, {**(body or {}), "cluster": "nope"})

    def register(self, family="web", container=None, **more):
        body = {"family": family, "containerDefinitions": [{**APP, **(container or {})}], **more}
        return self.ok("RegisterTaskDefinition", body)["taskDefinition"]

    def fargate(self, family="far", **more):
        body = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", **more}
        return self.register(family, **body)

    def run_task(self, family="web", **more):
        return self.ok("RunTask", {"taskDefinition": family, **more})

    def task(self, task_arn, **more):
        return self.ok("DescribeTasks", {"tasks": [task_arn], **more})["tasks"][0]

    def instance(self, instance_arn, **more):
        return self.ok("DescribeContainerInstances", {"containerInstances": [instance_arn], **more})["containerInstances"][0]

    def advance(self, by):
        return self.server.advance(by=by)
