"""The calls that deploy tools make and what they read of the answers (facts: services 17), each told for a deployment that
works, one that fails, one that is rolled back and one that the tool gives up on. The clock is held: where a tool sleeps between
two polls, time is moved instead."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, SUBNETS, Case, arn  # noqa: E402

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}, "maximumPercent": 200, "minimumHealthyPercent": 100}
NO_BREAKER = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}, "maximumPercent": 200, "minimumHealthyPercent": 100}
DOOMED = {"match": {"family": "web", "revision": 2}, "outcome": {"cannotPull": {"message": "manifest for app:2 not found"}}}
CRASH = {"exit": {"code": 1, "after": "1s"}}
REASON = "Service deployment rolled back because the circuit breaker threshold was exceeded."


class TimedOut(Exception):
    pass


class Failed(Exception):
    pass


class Tool(Case):
    options = ("--clock", "held", "--seed", "11", "--timing", "realistic")

    def setUp(self):
        super().setUp()
        self.new_revision()

    # ---- the world ----

    def service(self, configuration=BREAKER, count=2, **more):
        self.ok("CreateService", {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": count, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS, "deploymentConfiguration": configuration, **more})
        self.server.advance(to="stable")

    def doomed(self, outcome=DOOMED["outcome"]):
        status, _ = self.server.admin("POST", "/_ecs/outcomes", {**DOOMED, "outcome": outcome})
        self.assertLess(status, 300)

    def new_revision(self):
        return self.fargate("web", container={"portMappings": [{"containerPort": 80}]})["taskDefinitionArn"]

    def described(self, **more):
        return self.ok("DescribeServices", {"services": ["web"], **more})["services"][0]

    def wait(self, done, seconds=15, attempts=40):
        """What a tool does between polls: `done` answers None for "not yet"."""
        for _ in range(attempts):
            answer = done()
            if answer is not None:
                return answer
            self.server.advance(by=f"{seconds}s")
        raise TimedOut

    def clock(self):
        return self.server.admin("GET", "/_ecs/clock")[1]["now"]

    def boto(self):
        """A boto3 client whose waiters move the clock instead of sleeping."""
        import botocore.waiter

        patch = mock.patch.object(botocore.waiter.time, "sleep", lambda seconds: self.server.advance(by=f"{int(seconds)}s"))
        patch.start()
        self.addCleanup(patch.stop)
        return self.server.boto3()

    def assert_serves(self, revision, count=2):
        got = self.described()
        self.assertEqual(len(got["deployments"]), 1)
        self.assertEqual((got["taskDefinition"], got["runningCount"], got["pendingCount"]), (arn(f"task-definition/web:{revision}"), count, 0))
        tasks = self.ok("ListTasks", {"serviceName": "web"})["taskArns"]
        shown = self.ok("DescribeTasks", {"tasks": tasks})["tasks"]
        self.assertEqual({task["taskDefinitionArn"] for task in shown}, {arn(f"task-definition/web:{revision}")})


class Waiters(Tool):
    def test_services_stable(self):
        self.service()
        boto = self.boto()
        boto.get_waiter("services_stable").wait(services=["web"])
        boto.update_service(service="web", taskDefinition=self.new_revision())
        self.assertEqual(len(boto.describe_services(services=["web"])["services"][0]["deployments"]), 2)
        boto.get_waiter("services_stable").wait(services=["web"])
        self.assert_serves(2)

    def test_services_stable_gives_up(self):
        from botocore.exceptions import WaiterError

        self.service(NO_BREAKER)
        boto = self.boto()
        self.doomed()
        boto.update_service(service="web", taskDefinition=self.new_revision())
        with self.assertRaisesRegex(WaiterError, "Max attempts exceeded"):
            boto.get_waiter("services_stable").wait(services=["web"])
        with self.assertRaisesRegex(WaiterError, "MISSING"):
            boto.get_waiter("services_stable").wait(services=["nope"])

    def test_services_inactive_and_tasks(self):
        self.service()
        boto = self.boto()
        tasks = boto.list_tasks(serviceName="web")["taskArns"]
        boto.get_waiter("tasks_running").wait(tasks=tasks)
        boto.delete_service(service="web", force=True)
        boto.get_waiter("services_inactive").wait(services=["web"])
        boto.get_waiter("tasks_stopped").wait(tasks=tasks)
        got = self.described()
        self.assertEqual((got["status"], got["deployments"], got["runningCount"]), ("INACTIVE", [], 0))


class Terraform(Tool):
    ARGUMENTS = {"serviceName": "web", "cluster": "default", "clientToken": "terraform-20260101000000000000000001", "desiredCount": 2,
                 "launchType": "FARGATE", "networkConfiguration": SUBNETS, "deploymentConfiguration": BREAKER, "tags": [],
                 "schedulingStrategy": "REPLICA", "propagateTags": "NONE", "enableECSManagedTags": False, "enableExecuteCommand": False,
                 "deploymentController": {"type": "ECS"}}

    def seconds(self):
        import datetime

        return datetime.datetime.fromisoformat(self.clock().replace("Z", "+00:00")).timestamp()

    def until_active(self):
        self.wait(lambda: self.described() if self.described()["status"] == "ACTIVE" else None, 1)

    def steady(self, started, attempts=80):
        def look():
            service = self.described(include=["TAGS"])
            primary = next(item for item in service["deployments"] if item["status"] == "PRIMARY")
            if primary["createdAt"] < started:
                return True if len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"] else None
            listed = self.ok("ListServiceDeployments", {"cluster": "default", "service": "web", "createdAt": {"after": started}})
            digits = primary["id"].removeprefix("ecs-svc/")
            mine = [item for item in listed["serviceDeployments"] if digits in item["targetServiceRevisionArn"]] or \
                   ([self.mine] if self.mine else [])
            if not mine:
                return None
            self.mine = mine[0]
            return self.outcome(self.mine["serviceDeploymentArn"])

        self.mine = None
        return self.wait(look, 6, attempts)

    def outcome(self, deployment):
        got = self.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [deployment]})["serviceDeployments"][0]
        if got["status"] == "SUCCESSFUL":
            return True
        if got["status"] in ("STOPPED", "ROLLBACK_FAILED", "ROLLBACK_SUCCESSFUL"):
            raise Failed(got.get("statusReason"))
        return None

    def apply(self, **more):
        started = self.seconds()
        self.ok("CreateService", {**self.ARGUMENTS, "taskDefinition": "web:1", **more})
        self.until_active()
        self.steady(started)

    def deploy(self, attempts=80):
        definition = self.new_revision()
        self.server.advance(by="1s")
        started = self.seconds()
        self.ok("UpdateService", {"cluster": "default", "service": "web", "taskDefinition": definition, "desiredCount": 2,
                                  "deploymentConfiguration": self.described()["deploymentConfiguration"]})
        self.steady(started, attempts)

    def test_apply_change_destroy(self):
        self.apply()
        self.assert_serves(1)
        self.deploy()
        self.assert_serves(2)
        # Nothing to change: the plan reads the same back.
        got = self.described(include=["TAGS"])
        self.assertEqual((got["availabilityZoneRebalancing"], got["propagateTags"], got["tags"]), ("ENABLED", "NONE", []))
        self.assertEqual(got["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"], True)
        self.ok("UpdateService", {"cluster": "default", "service": "web", "desiredCount": 0})
        self.wait(self.try_to_delete, 5)
        self.wait(lambda: True if self.described()["status"] == "INACTIVE" else None, 5)

    def try_to_delete(self):
        status, reply, _ = self.server.call("DeleteService", {"cluster": "default", "service": "web"})
        if status == 200:
            return True
        self.assertIn("while deployments are active", reply["message"])
        return None

    def test_rollback(self):
        self.apply()
        self.doomed()
        with self.assertRaisesRegex(Failed, re.escape(REASON)):
            self.deploy()
        self.server.advance(to="stable")
        self.assert_serves(1)

    def test_a_first_deployment_that_fails(self):
        self.doomed()
        self.new_revision()
        with self.assertRaises(Failed):
            self.apply(taskDefinition="web:2")

    def test_it_gives_up_and_rolls_back_on_interrupt(self):
        self.apply(deploymentConfiguration=NO_BREAKER)
        self.doomed()
        with self.assertRaises(TimedOut):
            self.deploy(attempts=30)
        self.ok("StopServiceDeployment", {"serviceDeploymentArn": self.mine["serviceDeploymentArn"], "stopType": "ROLLBACK"})
        with self.assertRaises(Failed):
            self.wait(lambda: self.outcome(self.mine["serviceDeploymentArn"]), 5)
        self.server.advance(to="stable")
        self.assert_serves(1)


class CdkHotswap(Tool):
    def deploy(self):
        boto = self.boto()
        made = boto.update_service(service=arn("service/default/web"), cluster="default", taskDefinition=self.new_revision(),
                                   forceNewDeployment=True, deploymentConfiguration={"minimumHealthyPercent": 0})["service"]
        boto.get_waiter("services_stable").wait(services=["web"], cluster=made["clusterArn"])

    def test_works(self):
        self.service()
        self.deploy()
        self.assert_serves(2)

    def test_rolls_back_unseen(self):
        # It asks for stability only, and stable it is again: with the old definition.
        self.service()
        self.doomed()
        self.deploy()
        self.assert_serves(1)

    def test_gives_up(self):
        from botocore.exceptions import WaiterError

        self.service(NO_BREAKER)
        self.doomed()
        with self.assertRaises(WaiterError):
            self.deploy()


class Ecspresso(Tool):
    def echo(self):
        """The attributes as they are read, sent back."""
        got = self.described(include=["TAGS"])
        primary = got["deployments"][0]
        for event in got["events"]:
            self.assertTrue(event["createdAt"] and event["message"])
        body = {name: got[name] for name in ("deploymentConfiguration", "networkConfiguration", "loadBalancers", "platformVersion",
                                             "healthCheckGracePeriodSeconds", "placementConstraints", "placementStrategy",
                                             "enableECSManagedTags", "propagateTags", "enableExecuteCommand", "serviceRegistries",
                                             "availabilityZoneRebalancing", "desiredCount") if name in got}
        for name in ("serviceConnectConfiguration", "volumeConfigurations"):
            if name in primary:
                body[name] = primary[name]
        return body

    def deploy(self):
        boto = self.boto()
        boto.describe_services(services=["web"], include=["TAGS"])
        definition = self.new_revision()
        before = self.described()["deployments"][0]["id"]
        after = self.ok("UpdateService", {"service": "web", **self.echo()})["service"]
        self.assertEqual(after["deployments"][0]["id"], before, "nothing has changed yet")
        self.ok("UpdateService", {"service": "web", "taskDefinition": definition, "forceNewDeployment": False})
        boto.get_waiter("services_stable").wait(services=["web"])
        if self.described()["taskDefinition"] != definition:
            raise Failed

    def test_works(self):
        self.service()
        self.deploy()
        self.assert_serves(2)
        self.assertEqual(self.ok("ListTaskDefinitions", {"familyPrefix": "web", "sort": "DESC"})["taskDefinitionArns"][0],
                         arn("task-definition/web:2"))

    def test_rolls_back(self):
        self.service()
        self.doomed()
        with self.assertRaises(Failed):
            self.deploy()
        self.assert_serves(1)

    def test_gives_up(self):
        from botocore.exceptions import WaiterError

        self.service(NO_BREAKER)
        self.doomed()
        with self.assertRaises(WaiterError):
            self.deploy()

    def test_creates_and_deletes(self):
        missing = self.ok("DescribeServices", {"services": ["web"], "include": ["TAGS"]})
        self.assertEqual((missing["services"], missing["failures"][0]["reason"]), ([], "MISSING"))
        self.service(tags=[{"key": "a", "value": "b"}])
        self.ok("UpdateService", {"service": "web", "desiredCount": 0})
        self.server.advance(to="stable")
        self.ok("DeleteService", {"service": "web"})
        self.server.advance(to="stable")
        self.assertEqual(self.described()["status"], "INACTIVE")


class FabfuelEcsDeploy(Tool):
    def deploy(self, attempts=150):
        service = self.described()
        self.ok("DescribeTaskDefinition", {"taskDefinition": service["taskDefinition"], "include": ["TAGS"]})
        definition = self.new_revision()
        self.ok("UpdateService", {"cluster": "default", "service": "web", "taskDefinition": definition})
        self.wait(self.finished, 2, attempts)
        self.ok("DeregisterTaskDefinition", {"taskDefinition": service["taskDefinition"]})

    def finished(self):
        service = self.described()
        primary = next(item for item in service["deployments"] if item["status"] == "PRIMARY")
        if primary["rolloutState"] == "FAILED" or "rolling back" in primary["rolloutStateReason"]:
            raise Failed(primary["rolloutStateReason"])
        for event in service["events"]:
            if event["createdAt"] > primary["updatedAt"] and "unable" in event["message"]:
                raise Failed(event["message"])
        tasks = self.ok("ListTasks", {"cluster": "default", "serviceName": "web"})["taskArns"]
        running = 0
        if tasks:
            shown = self.ok("DescribeTasks", {"cluster": "default", "tasks": tasks})["tasks"]
            running = sum(task["lastStatus"] == "RUNNING" and task["taskDefinitionArn"] == service["taskDefinition"] for task in shown)
        return True if len(service["deployments"]) == 1 and running == service["desiredCount"] else None

    def test_works(self):
        self.service()
        self.deploy()
        self.assert_serves(2)

    def test_an_event_that_says_unable(self):
        self.service()
        self.doomed()
        with self.assertRaisesRegex(Failed, "was unable to place a task. Reason: CannotPullContainerError: manifest for app:2 not found"):
            self.deploy()

    def test_rolls_back(self):
        self.service()
        self.doomed(CRASH)
        with self.assertRaisesRegex(Failed, "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/[0-9]{19}."):
            self.deploy()

    def test_fails_without_rollback(self):
        self.service({**NO_BREAKER, "deploymentCircuitBreaker": {"enable": True, "rollback": False}})
        self.doomed(CRASH)
        with self.assertRaisesRegex(Failed, "ECS deployment circuit breaker: tasks failed to start."):
            self.deploy()

    def test_gives_up(self):
        self.service(NO_BREAKER)
        self.doomed()
        with self.assertRaises((TimedOut, Failed)):
            self.deploy(10)

    def test_a_service_that_is_not_there(self):
        self.assertEqual(self.ok("DescribeServices", {"services": ["nope"]})["services"], [])


class SilinternationalEcsDeploy(Tool):
    def deploy(self, attempts=45):
        old = self.described()["taskDefinition"]
        definition = self.new_revision()
        self.ok("UpdateService", {"cluster": "default", "service": "web", "taskDefinition": definition})
        try:
            self.wait(lambda: self.new_task_runs(definition), 2, attempts)
        except TimedOut:
            self.ok("UpdateService", {"cluster": "default", "service": "web", "taskDefinition": old})
            raise
        self.wait(lambda: True if len(self.described()["deployments"]) == 1 else None, 2, 120)

    def new_task_runs(self, definition):
        tasks = self.ok("ListTasks", {"cluster": "default", "serviceName": "web", "desiredStatus": "RUNNING"})["taskArns"]
        shown = self.ok("DescribeTasks", {"cluster": "default", "tasks": tasks})["tasks"] if tasks else []
        return True if any(task["taskDefinitionArn"] == definition and task["lastStatus"] == "RUNNING" for task in shown) else None

    def test_works(self):
        self.service()
        self.deploy()
        self.assert_serves(2)

    def test_gives_up_and_goes_back_itself(self):
        self.service(NO_BREAKER)
        self.doomed()
        with self.assertRaises(TimedOut):
            self.deploy()
        self.server.advance(to="stable")
        self.assert_serves(1)

    def test_goes_on_after_a_rollback_by_ecs(self):
        self.service()
        self.doomed()
        with self.assertRaises(TimedOut):
            self.deploy(400)
        self.server.advance(to="stable")
        self.assert_serves(1)


class GithubAction(Tool):
    def deploy(self):
        boto = self.boto()
        described = boto.describe_services(cluster="default", services=["web"])
        self.assertEqual((described["failures"], described["services"][0]["status"]), ([], "ACTIVE"))
        self.assertEqual(described["services"][0]["deploymentController"]["type"], "ECS")
        before = self.primary(described["services"][0])
        after = self.primary(self.ok("UpdateService", {
            "cluster": "default", "service": "web", "taskDefinition": self.new_revision(), "forceNewDeployment": False,
            "enableECSManagedTags": None, "propagateTags": None, "volumeConfigurations": []})["service"])
        self.assertNotEqual(after, before)
        boto.get_waiter("services_stable").wait(cluster="default", services=["web"])
        mine = [item for item in self.described()["deployments"] if item["id"] == after]
        if not mine or mine[0]["rolloutState"] == "FAILED":
            raise Failed("rolled back")

    @staticmethod
    def primary(service):
        return next(item["id"] for item in service["deployments"] if item["status"] == "PRIMARY")

    def test_works(self):
        self.service()
        self.deploy()
        self.assert_serves(2)

    def test_sees_the_rollback(self):
        self.service()
        self.doomed()
        with self.assertRaises(Failed):
            self.deploy()
        self.assert_serves(1)

    def test_gives_up(self):
        from botocore.exceptions import WaiterError

        self.service(NO_BREAKER)
        self.doomed()
        with self.assertRaises(WaiterError):
            self.deploy()


class Copilot(Tool):
    TROUBLE = ("fail", "unhealthy", "error", "throttle", "unable", "missing", "alarm detected", "rolling back")

    def test_force_new_deployment(self):
        self.service()
        self.ok("UpdateService", {"cluster": "default", "service": "web", "forceNewDeployment": True})
        self.wait(lambda: True if len(self.described()["deployments"]) == 1 and self.described()["runningCount"] == 2 else None, 15, 80)
        self.assert_serves(1)

    def stream(self, attempts=80):
        """The deployment streamer."""
        started = self.described()["deployments"][0]["updatedAt"]

        def look():
            service = self.described()
            primary = service["deployments"][0]
            self.assertEqual(primary["status"], "PRIMARY")
            for event in service["events"]:
                if event["createdAt"] < started:
                    break
                if any(word in event["message"] for word in self.TROUBLE):
                    self.troubles.append(event["message"])
            if primary["updatedAt"] >= started and (primary["rolloutState"] == "FAILED" or (
                    primary["rolloutState"] == "COMPLETED" and primary["desiredCount"] == primary["runningCount"])):
                return primary
            return None

        self.troubles = []
        return self.wait(look, 3, attempts)

    def test_stream(self):
        self.service()
        self.ok("UpdateService", {"service": "web", "taskDefinition": self.new_revision()})
        self.assertEqual(self.stream()["rolloutState"], "COMPLETED")
        self.assertEqual(self.troubles, [])
        service = self.described()
        self.assertEqual(len(service["serviceArn"].split("/")), 3)
        task = self.ok("DescribeTasks", {"tasks": self.ok("ListTasks", {"serviceName": "web"})["taskArns"], "include": ["TAGS"]})["tasks"][0]
        self.assertEqual((task["group"], task["startedBy"]), ("service:web", service["deployments"][0]["id"]))

    def test_stream_of_a_rollback(self):
        self.service()
        self.doomed()
        self.ok("UpdateService", {"service": "web", "taskDefinition": self.new_revision()})
        self.stream()
        self.assertTrue(any("rolling back to deployment" in text for text in self.troubles), self.troubles)
        stopped = self.ok("ListTasks", {"serviceName": "web", "desiredStatus": "STOPPED"})["taskArns"]
        reasons = [task["stoppedReason"] for task in self.ok("DescribeTasks", {"tasks": stopped})["tasks"]]
        self.assertTrue(any("manifest for app:2 not found" in reason for reason in reasons), reasons)

    def test_gives_up(self):
        self.service(NO_BREAKER)
        self.doomed()
        self.ok("UpdateService", {"service": "web", "taskDefinition": self.new_revision()})
        with self.assertRaises(TimedOut):
            self.stream(20)


class Ansible(Tool):
    def module(self, **wanted):
        """community.aws.ecs_service, state present."""
        found = self.ok("DescribeServices", {"cluster": "default", "services": ["web"], "include": ["TAGS"]})
        existing = found["services"][0] if found["services"] and found["services"][0]["status"] != "INACTIVE" else None
        if not found["services"]:
            self.assertTrue(found["failures"][0]["arn"].endswith("web"))
        if existing is None:
            return self.ok("CreateService", {
                "cluster": "default", "serviceName": "web", "clientToken": "", "role": "", "loadBalancers": [], "placementStrategy": [],
                "placementConstraints": [], "deploymentConfiguration": {}, "launchType": "FARGATE", "networkConfiguration": SUBNETS,
                "schedulingStrategy": "REPLICA", **wanted})["service"]
        for key in ("schedulingStrategy", "serviceRegistries", "deployments", "events", "createdAt", "tags", "propagateTags",
                    "enableExecuteCommand", "healthCheckGracePeriodSeconds", "loadBalancers"):
            self.assertIn(key, existing)
        self.assertIn("type", existing["deploymentController"])
        if existing["taskDefinition"].split("/")[-1] == wanted["taskDefinition"] and existing["desiredCount"] == wanted["desiredCount"]:
            return None
        return self.ok("UpdateService", {"cluster": "default", "service": "web", "deploymentConfiguration": {},
                                         "networkConfiguration": SUBNETS, "loadBalancers": [], **wanted})["service"]

    def test_idempotent_module(self):
        self.assertIsNotNone(self.module(taskDefinition="web:1", desiredCount=2))
        self.server.advance(to="stable")
        self.assertIsNone(self.module(taskDefinition="web:1", desiredCount=2))
        self.assertEqual(len(self.module(taskDefinition="web:1", desiredCount=3)["deployments"]), 1)
        self.server.advance(to="stable")
        self.new_revision()
        self.module(taskDefinition="web:2", desiredCount=3)
        self.server.advance(to="stable")
        self.assert_serves(2, 3)
        self.ok("DeleteService", {"cluster": "default", "service": "web", "force": True})
        self.boto().get_waiter("services_inactive").wait(services=["web"])

    def test_failing_and_rolled_back(self):
        self.module(taskDefinition="web:1", desiredCount=2, deploymentConfiguration=BREAKER)
        self.server.advance(to="stable")
        self.doomed()
        self.new_revision()
        self.module(taskDefinition="web:2", desiredCount=2)
        self.server.advance(to="stable")
        self.assert_serves(1)
        # The next run finds a difference again.
        self.assertIsNotNone(self.module(taskDefinition="web:2", desiredCount=2))

    def test_waiting_for_what_does_not_come(self):
        from botocore.exceptions import WaiterError

        self.module(taskDefinition="web:1", desiredCount=1)
        with self.assertRaises(WaiterError):
            self.boto().get_waiter("services_inactive").wait(services=["web"])


class AwsCli(Tool):
    def aws(self, *arguments):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
                       "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
        return subprocess.run(["/usr/bin/aws", "--endpoint-url", self.server.url, "ecs", *arguments], env=environment, capture_output=True,
                              text=True, timeout=120)

    def test_wait_services_stable(self):
        self.service()
        done = self.aws("wait", "services-stable", "--services", "web")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.ok("DeleteService", {"service": "web", "force": True})
        done = self.aws("wait", "services-stable", "--services", "web")
        self.assertEqual(done.returncode, 255)
        self.assertIn("DRAINING", done.stderr)
        self.server.advance(to="stable")
        self.assertEqual(self.aws("wait", "services-inactive", "--services", "web").returncode, 0)

    def test_wait_is_content_with_a_rollback(self):
        self.service()
        self.doomed()
        done = self.aws("update-service", "--service", "web", "--task-definition", self.new_revision())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.server.advance(to="stable")
        done = self.aws("wait", "services-stable", "--services", "web")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.aws("describe-services", "--services", "web", "--query", "services[0].[taskDefinition,deployments[].rolloutState]")
        self.assertEqual(json.loads(done.stdout), [arn("task-definition/web:1"), ["COMPLETED"]])

    def test_deploy_refuses_what_is_not_there(self):
        definition = Path(self.enterContext(tempfile.TemporaryDirectory())) / "definition.json"
        definition.write_text(json.dumps({"family": "web", "containerDefinitions": [{"name": "app", "image": "two", "memory": 16}]}))
        spec = definition.with_name("appspec.json")
        spec.write_text(json.dumps({"version": 0.0, "Resources": []}))
        done = self.aws("deploy", "--service", "nope", "--task-definition", str(definition), "--codedeploy-appspec", str(spec))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nope", done.stderr)

    def test_deploy_as_far_as_it_goes(self):
        self.ok("CreateService", {
            "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": SUBNETS,
            "deploymentController": {"type": "CODE_DEPLOY"}, "loadBalancers": [{
                "targetGroupArn": f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/t/0", "containerName": "app", "containerPort": 80}]})
        definition = Path(self.enterContext(tempfile.TemporaryDirectory())) / "definition.json"
        definition.write_text(json.dumps({"family": "web", "containerDefinitions": [{"name": "app", "image": "two", "memory": 16}]}))
        spec = definition.with_name("appspec.json")
        spec.write_text(json.dumps({"version": 0.0, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": "x", "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 80}}}}]}))
        # It reads the service and goes on to CodeDeploy, which is not here, and must not be looked for elsewhere.
        with mock.patch.dict(os.environ, {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}):
            done = self.aws("deploy", "--service", "web", "--task-definition", str(definition), "--codedeploy-appspec", str(spec))
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "codedeploy|127.0.0.1:9")
        asked = self.server.admin("GET", "/_ecs/journal?kind=request&operation=DescribeServices")[1]["entries"]
        self.assertEqual(len(asked), 1, asked)


if __name__ == "__main__":
    unittest.main()
