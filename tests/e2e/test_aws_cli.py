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

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")

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

    def test_attributes_and_instances(self):
        self.aws("create-cluster", "--cluster-name", "attr")
        self.server.fleet(2, cluster="attr")
        instances = self.aws("list-container-instances", "--cluster", "attr")["containerInstanceArns"]
        put = self.aws("put-attributes", "--cluster", "attr", "--attributes", f"name=stack,value=blue,targetId={instances[0]}")
        self.assertEqual(put["attributes"], [{"name": "stack", "value": "blue", "targetId": instances[0]}])
        listed = self.aws("list-attributes", "--cluster", "attr", "--target-type", "container-instance", "--attribute-name", "stack")
        self.assertEqual(listed["attributes"], put["attributes"])
        self.assertEqual(len(self.aws("list-attributes", "--cluster", "attr", "--target-type", "container-instance", "--page-size", "50")["attributes"]),
                         sum(len(found["attributes"]) for found in self.aws(
                             "describe-container-instances", "--cluster", "attr", "--container-instances", *instances)["containerInstances"]))
        found = self.aws("list-container-instances", "--cluster", "attr", "--filter", "attribute:stack == blue")
        self.assertEqual(found["containerInstanceArns"], instances[:1])
        drained = self.aws("update-container-instances-state", "--cluster", "attr", "--container-instances", instances[0], "--status", "DRAINING")
        self.assertEqual(drained["containerInstances"][0]["status"], "DRAINING")
        self.aws("delete-attributes", "--cluster", "attr", "--attributes", f"name=stack,targetId={instances[0]}")
        text = self.aws("update-container-agent", "--cluster", "attr", "--container-instance", instances[1], status=255)
        self.assertIn("There is no update available for your container agent.", text)
        self.assertTrue(self.aws("discover-poll-endpoint", "--cluster", "attr")["endpoint"].startswith("http://"))

    def test_tags_and_settings(self):
        arn = self.aws("create-cluster", "--cluster-name", "tagged", "--tags", "key=a,value=1")["cluster"]["clusterArn"]
        self.aws("tag-resource", "--resource-arn", arn, "--tags", "key=b,value=2")
        self.aws("untag-resource", "--resource-arn", arn, "--tag-keys", "a")
        self.assertEqual(self.aws("list-tags-for-resource", "--resource-arn", arn)["tags"], [{"key": "b", "value": "2"}])
        put = self.aws("put-account-setting-default", "--name", "awsvpcTrunking", "--value", "enabled")
        self.assertEqual(put["setting"]["value"], "enabled")
        self.aws("put-account-setting", "--name", "awsvpcTrunking", "--value", "disabled")
        self.assertEqual(len(self.aws("list-account-settings", "--effective-settings", "--page-size", "3")["settings"]), 11)
        self.assertEqual(self.aws("delete-account-setting", "--name", "awsvpcTrunking")["setting"]["name"], "awsvpcTrunking")

    def test_clusters_and_capacity(self):
        self.aws("create-cluster", "--cluster-name", "cap")
        created = self.aws("create-capacity-provider", "--name", "cli-asg", "--auto-scaling-group-provider",
                           "autoScalingGroupArn=asg,managedScaling={status=ENABLED,targetCapacity=100}")["capacityProvider"]
        self.assertEqual(created["status"], "ACTIVE")
        put = self.aws("put-cluster-capacity-providers", "--cluster", "cap", "--capacity-providers", "cli-asg", "--default-capacity-provider-strategy",
                       "capacityProvider=cli-asg,weight=1")["cluster"]
        self.assertEqual((put["attachmentsStatus"], put["defaultCapacityProviderStrategy"]),
                         ("UPDATE_IN_PROGRESS", [{"capacityProvider": "cli-asg", "weight": 1, "base": 0}]))
        self.aws("update-cluster", "--cluster", "cap", "--configuration", "executeCommandConfiguration={logging=DEFAULT}")
        updated = self.aws("update-cluster-settings", "--cluster", "cap", "--settings", "name=containerInsights,value=enabled")["cluster"]
        self.assertEqual(updated["settings"], [{"name": "containerInsights", "value": "enabled"}])
        self.aws("update-capacity-provider", "--name", "cli-asg", "--auto-scaling-group-provider", "managedScaling={targetCapacity=50}")
        self.aws("put-cluster-capacity-providers", "--cluster", "cap", "--capacity-providers", "FARGATE", "--default-capacity-provider-strategy",
                 "capacityProvider=FARGATE")
        self.assertEqual(self.aws("delete-capacity-provider", "--capacity-provider", "cli-asg")["capacityProvider"]["updateStatus"], "DELETE_IN_PROGRESS")
        names = [found["name"] for found in self.aws("describe-capacity-providers")["capacityProviders"]]
        self.assertEqual(names[:2], ["FARGATE", "FARGATE_SPOT"])

    def test_protection_and_reports(self):
        self.aws("create-cluster", "--cluster-name", "exec")
        self.server.fleet(1, cluster="exec")
        self.aws("register-task-definition", "--family", "exec", "--task-role-arn", "role", "--container-definitions",
                 '[{"name":"app","image":"busybox","memory":16}]')
        task = self.aws("run-task", "--cluster", "exec", "--task-definition", "exec", "--started-by", "ecs-svc/1234567890123456789")["tasks"][0]["taskArn"]
        self.assertTrue(self.aws("update-task-protection", "--cluster", "exec", "--tasks", task, "--protection-enabled",
                                 "--expires-in-minutes", "5")["protectedTasks"][0]["protectionEnabled"])
        self.assertEqual(len(self.aws("get-task-protection", "--cluster", "exec")["protectedTasks"]), 1)
        # Of a simulated instance nobody can tell news.
        report = ("submit-task-state-change", "--cluster", "exec", "--status", "STOPPED", "--task")
        self.assertTrue(self.aws(*report, task)["acknowledgment"])
        self.assertEqual(self.aws("describe-tasks", "--cluster", "exec", "--tasks", task)["tasks"][0]["desiredStatus"], "RUNNING")
        host = self.aws("register-container-instance", "--cluster", "exec", "--total-resources", "name=CPU,type=INTEGER,integerValue=1024",
                        "name=MEMORY,type=INTEGER,integerValue=1024")["containerInstance"]["containerInstanceArn"]
        self.aws("register-task-definition", "--family", "plain", "--container-definitions", '[{"name":"app","image":"busybox","memory":16}]')
        told = self.aws("start-task", "--cluster", "exec", "--task-definition", "plain", "--container-instances", host)["tasks"][0]["taskArn"]
        self.assertTrue(self.aws(*report, told)["acknowledgment"])
        self.aws("wait", "tasks-stopped", "--cluster", "exec", "--tasks", told)

    def test_errors(self):
        text = self.aws("describe-task-definition", "--task-definition", "nope", status=255)
        self.assertIn("An error occurred (ClientException) when calling the DescribeTaskDefinition operation: "
                      "Unable to describe task definition.", text)
        self.assertIn("ClusterNotFoundException", self.aws("list-tasks", "--cluster", "nope", status=255))


if __name__ == "__main__":
    unittest.main()
