"""The AWS CLI of Debian against every operation that is built, its own output formats and waiters."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402


class AwsCli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def aws(self, *words, status=0):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                       "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}
        done = subprocess.run(["aws", "--endpoint-url", self.server.url, "--output", "json", "ecs", *words],
                              capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout) if status == 0 and done.stdout else done.stderr

    def test_the_life_of_a_task(self):
        self.assertEqual(self.aws("create-cluster", "--cluster-name", "cli")["cluster"]["status"], "ACTIVE")
        self.assertEqual(len(self.aws("list-clusters", "--page-size", "1")["clusterArns"]), 1)
        registered = self.aws("register-container-instance", "--cluster", "cli", "--total-resources",
                              "name=CPU,type=INTEGER,integerValue=1024", "name=MEMORY,type=INTEGER,integerValue=1024")
        instance = registered["containerInstance"]["containerInstanceArn"]
        self.assertEqual(self.aws("list-container-instances", "--cluster", "cli")["containerInstanceArns"], [instance])
        self.aws("register-task-definition", "--family", "cli", "--container-definitions",
                 '[{"name":"app","image":"busybox","memory":16}]', "--task-role-arn", "role")
        failures = self.aws("run-task", "--cluster", "cli", "--task-definition", "cli")["failures"]
        self.assertEqual(failures, [{"arn": instance, "reason": "ATTRIBUTE"}])
        self.aws("register-task-definition", "--family", "cli", "--container-definitions",
                 '[{"name":"app","image":"busybox","memory":16}]')
        task = self.aws("run-task", "--cluster", "cli", "--task-definition", "cli", "--overrides",
                        '{"containerOverrides":[{"name":"app","command":["x"]}]}')["tasks"][0]["taskArn"]
        self.aws("wait", "tasks-running", "--cluster", "cli", "--tasks", task)
        self.assertEqual(self.aws("list-tasks", "--cluster", "cli", "--family", "cli")["taskArns"], [task])
        self.aws("stop-task", "--cluster", "cli", "--task", task, "--reason", "enough")
        self.aws("wait", "tasks-stopped", "--cluster", "cli", "--tasks", task)
        described = self.aws("describe-tasks", "--cluster", "cli", "--tasks", task)["tasks"][0]
        self.assertEqual((described["stoppedReason"], described["containers"][0]["exitCode"]), ("enough", 0))
        started = self.aws("start-task", "--cluster", "cli", "--task-definition", "cli:2", "--container-instances", instance)
        self.assertEqual(len(started["tasks"]), 1)
        self.aws("deregister-container-instance", "--cluster", "cli", "--container-instance", instance, "--force")
        self.assertEqual(self.aws("delete-cluster", "--cluster", "cli")["cluster"]["status"], "INACTIVE")

    def test_task_definitions(self):
        for _ in range(3):
            self.aws("register-task-definition", "--family", "defs", "--container-definitions",
                     '[{"name":"app","image":"busybox","memory":16}]')
        self.assertEqual(self.aws("describe-task-definition", "--task-definition", "defs")["taskDefinition"]["revision"], 3)
        self.assertEqual(self.aws("deregister-task-definition", "--task-definition", "defs:3")["taskDefinition"]["status"], "INACTIVE")
        self.assertEqual(len(self.aws("list-task-definitions", "--family-prefix", "defs", "--page-size", "1")["taskDefinitionArns"]), 2)
        self.assertIn("defs", self.aws("list-task-definition-families")["families"])
        self.assertEqual(self.aws("delete-task-definitions", "--task-definitions", "defs:3")["taskDefinitions"][0]["status"],
                         "DELETE_IN_PROGRESS")

    def test_errors(self):
        text = self.aws("describe-task-definition", "--task-definition", "nope", status=255)
        self.assertIn("An error occurred (ClientException) when calling the DescribeTaskDefinition operation: "
                      "Unable to describe task definition.", text)
        self.assertIn("NotImplementedException", self.aws("list-services", status=255))


if __name__ == "__main__":
    unittest.main()
