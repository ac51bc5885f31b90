"""Daemon task definitions with plain calls (Debian's SDK does not know them): what comes back, what is refused, revisions,
lists. Facts: services 13; the rules and their texts are those of task definitions."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

PREFIX = "arn:aws:ecs:us-east-1:000000000000:"
CLIENT = "ClientException"
INVALID = "InvalidParameterException"
AGENT = {"name": "agent", "image": "agent:1"}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")

    def register(self, family="agent", **more):
        body = {"family": family, "containerDefinitions": [AGENT], **more}
        return self.server.ok("RegisterDaemonTaskDefinition", body)["daemonTaskDefinitionArn"]

    def describe(self, name):
        return self.server.ok("DescribeDaemonTaskDefinition", {"daemonTaskDefinition": name})["daemonTaskDefinition"]

    def refused(self, code, text, operation, body):
        self.assertEqual(self.server.error(operation, body), (code, text))


class Register(Case):
    def test_the_least(self):
        arn = self.register()
        self.assertEqual(arn, PREFIX + "daemon-task-definition/agent:1")
        got = self.describe(arn)
        self.assertGreater(got.pop("registeredAt"), 1.6e9)
        self.assertEqual(got, {
            "daemonTaskDefinitionArn": arn, "family": "agent", "revision": 1, "status": "ACTIVE", "volumes": [],
            "registeredBy": "arn:aws:iam::000000000000:root", "pidMode": "none", "ipcMode": "none",
            "containerDefinitions": [{**AGENT, "cpu": 0, "essential": True, "environment": [], "mountPoints": [], "systemControls": []}]})

    def test_everything(self):
        container = {
            **AGENT, "memory": 128, "memoryReservation": 64, "cpu": 10, "essential": True, "entryPoint": ["/a"], "command": ["b"],
            "workingDirectory": "/w", "environment": [{"name": "E", "value": "1"}], "secrets": [{"name": "S", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/p"}],
            "readonlyRootFilesystem": True, "mountPoints": [{"sourceVolume": "data", "containerPath": "/d", "readOnly": True}],
            "logConfiguration": {"logDriver": "json-file"}, "privileged": True, "user": "root", "stopTimeout": 5, "startTimeout": 6,
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}], "linuxParameters": {"initProcessEnabled": True},
            "healthCheck": {"command": ["CMD", "true"]}, "interactive": True, "pseudoTerminal": True,
            "restartPolicy": {"enabled": True}, "systemControls": [{"namespace": "net.core.somaxconn", "value": "1"}]}
        arn = self.register(
            containerDefinitions=[container], cpu="1 vCPU", memory="1 GB", taskRoleArn="arn:aws:iam::000000000000:role/t",
            executionRoleArn="arn:aws:iam::000000000000:role/e", pidMode="shared", ipcMode="shared",
            volumes=[{"name": "data", "host": {"sourcePath": "/var"}}, {"name": "plain"}, {"name": "logs", "logDriverVolumeConfiguration": {"driver": "syslog"}}])
        got = self.describe(arn)
        self.assertEqual((got["cpu"], got["memory"], got["pidMode"], got["ipcMode"]), ("1024", "1024", "shared", "shared"))
        self.assertEqual(got["volumes"], [{"name": "data", "host": {"sourcePath": "/var"}}, {"name": "plain", "host": {}},
                                          {"name": "logs", "logDriverVolumeConfiguration": {"driver": "syslog"}}])
        shown = got["containerDefinitions"][0]
        self.assertEqual(shown.pop("healthCheck"), {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3})
        del container["healthCheck"]
        self.assertEqual(shown, container)

    def test_revisions_count_up_and_are_no_task_definitions(self):
        self.assertEqual([self.register(), self.register(), self.register("other")],
                         [PREFIX + "daemon-task-definition/" + name for name in ("agent:1", "agent:2", "other:1")])
        self.assertEqual(self.describe("agent")["revision"], 2)
        self.assertEqual(self.describe("agent:1")["revision"], 1)
        self.assertEqual(self.server.ok("ListTaskDefinitions")["taskDefinitionArns"], [])
        self.assertEqual(self.server.ok("ListTaskDefinitionFamilies")["families"], [])
        self.refused(CLIENT, "Unable to describe task definition.", "DescribeTaskDefinition", {"taskDefinition": "agent"})
        self.server.ok("RegisterTaskDefinition", {"family": "agent", "containerDefinitions": [{**AGENT, "memory": 8}]})
        self.assertEqual(self.register(), PREFIX + "daemon-task-definition/agent:3")

    def test_refusals(self):
        two = [AGENT, {"name": "b", "image": "b", "essential": False}]
        for body, text in (
            ({"family": "", "containerDefinitions": [AGENT]}, "Family can not be blank."),
            ({"containerDefinitions": [AGENT]}, "Family can not be blank."),
            ({"family": "a b", "containerDefinitions": [AGENT]}, "Family contains invalid characters."),
            ({"family": "f", "containerDefinitions": []}, "Container list cannot be empty."),
            ({"family": "f"}, "Container list cannot be empty."),
            ({"family": "f", "containerDefinitions": [AGENT] * 11}, "Too many containers."),
            ({"family": "f", "containerDefinitions": [{"image": "x"}]}, "Container.name should not be null or empty."),
            ({"family": "f", "containerDefinitions": [{"name": "x"}]}, "Container.image should not be null or empty."),
            ({"family": "f", "containerDefinitions": [AGENT, AGENT]}, "Container names must be unique within a task definition"),
            ({"family": "f", "containerDefinitions": [{**AGENT, "essential": False}]}, "Task definition doesn't have any essential container"),
            ({"family": "f", "containerDefinitions": [{**AGENT, "memory": 3}]}, "Invalid setting for container 'agent'. 'memory' must be at least 4 MiB."),
            ({"family": "f", "containerDefinitions": [{**AGENT, "memory": 8, "memoryReservation": 9}]},
             "Invalid setting for container 'agent'. 'memory' must be greater than or equal to 'memoryReservation'."),
            ({"family": "f", "containerDefinitions": [{**AGENT, "memory": 600}], "memory": "512"}, "The 'memory' setting for container 'agent' is greater than for the task."),
            ({"family": "f", "containerDefinitions": [{**AGENT, "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}]}, "Unknown volume 'v'."),
            ({"family": "f", "containerDefinitions": [AGENT], "volumes": [{"name": "v", "host": {"sourcePath": "/v"}, "logDriverVolumeConfiguration": {"driver": "syslog"}}]},
             "Only one volume configuration may be specified for volume 'v'."),
            ({"family": "f", "containerDefinitions": [AGENT], "taskRoleArn": "arn:aws:x"}, "Role is not valid"),
            ({"family": "f", "containerDefinitions": [AGENT], "tags": [{"key": "aws:x", "value": "y"}]}, "Invalid tag key or value."),
            ({"family": "f", "containerDefinitions": [AGENT], "pidMode": "host"}, "pidMode should be one of [none,shared]"),
            ({"family": "f", "containerDefinitions": [{**two[0], "dependsOn": [{"containerName": "b", "condition": "START"}]},
                                                     {**two[1], "dependsOn": [{"containerName": "agent", "condition": "START"}]}]},
             "Container dependsOn contains a cycle"),
            ({"family": "f", "containerDefinitions": [{**AGENT, "command": ["x" * 70000]}]},
             "The task definition is larger than 64 KB, the maximum size of a task definition."),
        ):
            self.refused(CLIENT, text, "RegisterDaemonTaskDefinition", body)
        self.assertEqual(self.server.ok("ListDaemonTaskDefinitions"), {"daemonTaskDefinitions": []})

    def test_tags(self):
        arn = self.register(tags=[{"key": "a", "value": "1"}])
        self.server.ok("TagResource", {"resourceArn": arn, "tags": [{"key": "b", "value": "2"}]})
        self.server.ok("UntagResource", {"resourceArn": arn, "tagKeys": ["a"]})
        self.assertEqual(self.server.ok("ListTagsForResource", {"resourceArn": arn}), {"tags": [{"key": "b", "value": "2"}]})
        self.refused(CLIENT, "Unable to describe daemon task definition.", "ListTagsForResource", {"resourceArn": arn[:-1] + "7"})


class Delete(Case):
    def test_unknown(self):
        for operation in ("DescribeDaemonTaskDefinition", "DeleteDaemonTaskDefinition"):
            for name in ("none", "none:1", PREFIX + "daemon-task-definition/none:1"):
                self.refused(CLIENT, "Unable to describe daemon task definition.", operation, {"daemonTaskDefinition": name})
            self.refused(INVALID, "Unsupported resource type: task-definition", operation, {"daemonTaskDefinition": PREFIX + "task-definition/x:1"})
            self.refused(INVALID, "Invalid revision number. Number: x", operation, {"daemonTaskDefinition": "f:x"})

    def test_goes_away(self):
        arn, second = self.register(), self.register()
        self.assertEqual(self.server.ok("DeleteDaemonTaskDefinition", {"daemonTaskDefinition": arn}), {"daemonTaskDefinitionArn": arn})
        got = self.describe(arn)
        self.assertIn(got["status"], ("DELETE_IN_PROGRESS", "DELETED"))
        self.assertGreater(got["deleteRequestedAt"], 1.6e9)
        self.refused(CLIENT, "The daemon task definition is not in ACTIVE status.", "DeleteDaemonTaskDefinition", {"daemonTaskDefinition": arn})
        self.assertEqual(self.server.ok("DeleteDaemonTaskDefinition", {"daemonTaskDefinition": "agent"}), {"daemonTaskDefinitionArn": second})
        self.refused(CLIENT, "Unable to describe daemon task definition.", "DescribeDaemonTaskDefinition", {"daemonTaskDefinition": "agent"})
        self.assertEqual(self.server.ok("ListDaemonTaskDefinitions"), {"daemonTaskDefinitions": []})
        self.assertEqual(self.register(), PREFIX + "daemon-task-definition/agent:3")


class List(Case):
    def found(self, **more):
        reply = self.server.ok("ListDaemonTaskDefinitions", more)
        return [one["arn"].split("/")[1] for one in reply["daemonTaskDefinitions"]]

    def test_filters(self):
        for family in ("web", "web-a", "web", "db", "web_b"):
            self.register(family)
        everything = ["db:1", "web:1", "web:2", "web-a:1", "web_b:1"]
        self.assertEqual(self.found(), everything)
        self.assertEqual(self.found(sort="DESC"), everything[::-1])
        self.assertEqual(self.found(family="web"), ["web:1", "web:2"])
        self.assertEqual(self.found(family="web", sort="DESC"), ["web:2", "web:1"])
        self.assertEqual(self.found(familyPrefix="we"), everything[1:])
        self.assertEqual(self.found(familyPrefix="web-"), ["web-a:1"])
        self.assertEqual(self.found(familyPrefix="x"), [])
        self.assertEqual(self.found(revision="LAST_REGISTERED"), ["db:1", "web:2", "web-a:1", "web_b:1"])
        self.assertEqual(self.found(revision="LAST_REGISTERED", family="web"), ["web:2"])
        self.assertEqual(self.found(status="ALL"), everything)
        self.assertEqual(self.found(status="DELETE_IN_PROGRESS"), [])
        one = self.server.ok("ListDaemonTaskDefinitions", {"family": "db"})["daemonTaskDefinitions"][0]
        self.assertEqual((set(one), one["status"]), ({"arn", "registeredAt", "registeredBy", "status"}, "ACTIVE"))

    def test_pages(self):
        for family in ("a", "b", "a", "c"):
            self.register(family)
        for sort, names in (("ASC", ["a:1", "a:2", "b:1", "c:1"]), ("DESC", ["c:1", "b:1", "a:2", "a:1"])):
            seen, token = [], None
            while True:
                body = {"maxResults": 1, "sort": sort, **({"nextToken": token} if token else {})}
                reply = self.server.ok("ListDaemonTaskDefinitions", body)
                seen += [one["arn"].split("/")[1] for one in reply["daemonTaskDefinitions"]]
                token = reply.get("nextToken")
                if token is None:
                    break
            self.assertEqual(seen, names)

    def test_refusals(self):
        self.refused(INVALID, "maxResults must be between 1 and 100.", "ListDaemonTaskDefinitions", {"maxResults": 0})
        self.refused(INVALID, "Invalid token", "ListDaemonTaskDefinitions", {"nextToken": "x"})
        self.refused(INVALID, "Specifying both a family and a family prefix is not supported. Remove one and try again.",
                     "ListDaemonTaskDefinitions", {"family": "f", "familyPrefix": "f"})
        self.refused(INVALID, "status should be one of [ACTIVE,DELETE_IN_PROGRESS,ALL]", "ListDaemonTaskDefinitions", {"status": "INACTIVE"})

    def test_survives_a_kill_and_ends_with_a_reset(self):
        with tempfile.TemporaryDirectory() as directory, Server("--data-dir", directory) as server:
            server.ok("RegisterDaemonTaskDefinition", {"family": "f", "containerDefinitions": [AGENT]})
            before = server.ok("DescribeDaemonTaskDefinition", {"daemonTaskDefinition": "f"})
            server.restart()
            self.assertEqual(server.ok("DescribeDaemonTaskDefinition", {"daemonTaskDefinition": "f"}), before)
            server.admin("POST", "/_ecs/reset")
            self.assertEqual(server.ok("ListDaemonTaskDefinitions"), {"daemonTaskDefinitions": []})


if __name__ == "__main__":
    unittest.main()
