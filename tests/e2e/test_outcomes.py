"""Scripted outcomes and faults of capacity and hosts as a client sees them, with boto3 and its waiters."""

import sys
import unittest
from pathlib import Path

from botocore.exceptions import WaiterError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import SUBNETS, Case  # noqa: E402

SCRIPTS_MAX = 1000
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
QUICK = {"Delay": 1, "MaxAttempts": 20}


def container(name, **more):
    return {"name": name, "image": "busybox", "cpu": 64, "memory": 64, **more}


class Scripted(Case):
    options = ()

    def setUp(self):
        super().setUp()
        self.server.fleet(1)
        self.ecs = self.server.boto3()

    def define(self, *containers, **more):
        self.ecs.register_task_definition(family="web", containerDefinitions=list(containers) or [container("app")], **more)

    def script(self, outcome, **more):
        status, reply = self.server.admin("POST", "/_ecs/outcomes", {"outcome": outcome, **more})
        self.assertEqual(status, 200, reply)
        return reply

    def run_task(self, **more):
        reply = self.ecs.run_task(taskDefinition="web", **more)
        self.assertEqual(reply["failures"], [])
        return reply["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(tasks=[arn])["tasks"][0]


class Outcomes(Scripted):
    def test_the_waiter_for_running_fails_when_the_image_cannot_be_pulled(self):
        self.define()
        self.script({"cannotPull": {"message": "API error (404): repository web not found"}}, match={"family": "web"}, times=1)
        arn = self.run_task()
        with self.assertRaises(WaiterError):
            self.ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig=QUICK)
        task = self.task(arn)
        self.assertEqual((task["stopCode"], task["stoppedReason"]),
                         ("TaskFailedToStart", "CannotPullContainerError: API error (404): repository web not found"))
        self.assertNotIn("startedAt", task)
        self.assertNotIn("exitCode", task["containers"][0])
        self.assertEqual(task["containers"][0]["reason"], task["stoppedReason"])
        second = self.run_task()
        self.ecs.get_waiter("tasks_running").wait(tasks=[second], WaiterConfig=QUICK)

    def test_the_waiter_for_stopped_sees_a_job_end(self):
        self.define()
        self.script({"exit": {"code": 3, "after": "300ms"}})
        arn = self.run_task()
        self.ecs.get_waiter("tasks_stopped").wait(tasks=[arn], WaiterConfig=QUICK)
        task = self.task(arn)
        self.assertEqual((task["stopCode"], task["stoppedReason"], task["containers"][0]["exitCode"]),
                         ("EssentialContainerExited", "Essential container in task exited", 3))
        self.assertLess(task["startedAt"], task["stoppedAt"])
        self.assertLessEqual(task["executionStoppedAt"], task["stoppedAt"])

    def test_a_service_gets_over_a_bad_start(self):
        self.define()
        self.script({"cannotPull": {}}, match={"group": "service:web"}, times=2)
        self.ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
        self.ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.assertEqual(self.server.admin("GET", "/_ecs/outcomes")[1]["outcomes"][0]["used"], 2)

    def test_only_so_many_are_kept(self):
        for number in range(SCRIPTS_MAX):
            self.script({"stuck": {"at": "PENDING"}}, match={"family": f"f{number}"})
        status, reply = self.server.admin("POST", "/_ecs/outcomes", {"outcome": {"exit": {}}})
        self.assertEqual((status, reply["error"]["code"]), (409, "TooManyOutcomes"))
        self.assertEqual(len(self.server.admin("GET", "/_ecs/outcomes")[1]["outcomes"]), SCRIPTS_MAX)
        self.define()
        self.ecs.get_waiter("tasks_running").wait(tasks=[self.run_task()], WaiterConfig=QUICK)

    def test_a_script_that_is_too_long_is_refused(self):
        status, reply = self.server.admin("POST", "/_ecs/outcomes", {"outcome": {"exit": {}}, "match": {"group": "g" * 9000}})
        self.assertEqual((status, reply["error"]["code"]), (409, "TooManyOutcomes"))
        status, reply = self.server.admin("POST", "/_ecs/outcomes", {"outcome": {"cannotPull": {"message": "m" * 1025}}})
        self.assertEqual((status, reply["error"]["code"]), (400, "InvalidOutcome"))

    def test_narrowed_by_the_query(self):
        status, reply = self.server.admin("POST", "/_ecs/outcomes?account=111111111111", {"outcome": {"exit": {"code": 9}}})
        self.assertEqual((status, reply["match"]), (200, {"account": "111111111111"}))
        self.define()
        arn = self.run_task()
        self.ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig=QUICK)
        self.assertEqual(self.server.admin("GET", "/_ecs/outcomes?account=222222222222")[1], {"outcomes": []})
        self.assertEqual(self.server.admin("DELETE", "/_ecs/outcomes?account=222222222222")[0], 204)
        self.assertEqual(len(self.server.admin("GET", "/_ecs/outcomes")[1]["outcomes"]), 1)


class Containers(Scripted):
    options = ("--clock", "held", "--timing", "realistic")

    def test_members_of_containers_through_a_life(self):
        self.define(container("app", dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
                    container("init", essential=False), taskRoleArn="arn:aws:iam::000000000000:role/t")
        arn = self.run_task(enableExecuteCommand=True)
        for one in self.task(arn)["containers"]:
            self.assertFalse({"runtimeId", "imageDigest", "networkBindings", "healthStatus", "exitCode"} & set(one), one)
            self.assertEqual((one["lastStatus"], one["cpu"], one["memory"], one["managedAgents"]),
                             ("PENDING", "64", "64", [{"name": "ExecuteCommandAgent", "lastStatus": "PENDING"}]))
        self.server.advance(by="8s")
        app, init = self.task(arn)["containers"]
        self.assertEqual((app["lastStatus"], init["lastStatus"]), ("PENDING", "RUNNING"))
        self.assertRegex(init["runtimeId"], "^[0-9a-f]{64}$")
        self.assertRegex(init["imageDigest"], "^sha256:[0-9a-f]{64}$")
        self.assertEqual(init["managedAgents"][0]["lastStatus"], "RUNNING")
        self.server.advance(by="10s")
        task = self.task(arn)
        app, init = task["containers"]
        self.assertEqual((task["lastStatus"], app["lastStatus"], init["lastStatus"], init["exitCode"]),
                         ("RUNNING", "RUNNING", "STOPPED", 0))
        self.assertEqual(init["managedAgents"][0]["lastStatus"], "STOPPED")
        self.assertLessEqual(task["pullStartedAt"], task["pullStoppedAt"])
        self.assertLessEqual(task["pullStoppedAt"], task["startedAt"])

    def test_execute_command_needs_a_running_container(self):
        self.define(container("app", dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
                    container("init", essential=False), taskRoleArn="arn:aws:iam::000000000000:role/t")
        arn = self.run_task(enableExecuteCommand=True)
        self.server.advance(by="1m")
        reply = self.ecs.execute_command(task=arn, container="app", command="sh", interactive=True)
        self.assertEqual(reply["containerName"], "app")
        with self.assertRaises(self.ecs.exceptions.InvalidParameterException):
            self.ecs.execute_command(task=arn, container="init", command="sh", interactive=True)


class Faults(Scripted):
    def test_no_capacity(self):
        self.define(networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"])
        status, fault = self.server.admin("POST", "/_ecs/faults", {"capacity": "FARGATE"})
        self.assertEqual(status, 200)
        reply = self.ecs.run_task(taskDefinition="web", launchType="FARGATE", networkConfiguration=SUBNETS, count=3)
        self.assertEqual((reply["tasks"], [failure["reason"] for failure in reply["failures"]]), ([], [NO_CAPACITY] * 3))
        self.assertEqual(self.server.admin("DELETE", f"/_ecs/faults/{fault['id']}")[0], 204)
        reply = self.ecs.run_task(taskDefinition="web", launchType="FARGATE", networkConfiguration=SUBNETS, count=3)
        self.assertEqual((len(reply["tasks"]), reply["failures"]), (3, []))

    def test_a_host_that_goes_is_replaced_by_the_service(self):
        self.server.fleet(1, zones=("b",))
        self.define()
        self.ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
        self.ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig=QUICK)
        arn, = self.ecs.list_tasks(serviceName="web")["taskArns"]
        host = self.task(arn)["containerInstanceArn"]
        self.assertEqual(self.server.admin("POST", "/_ecs/faults", {"containerInstance": host, "fault": "terminate"})[0], 200)
        task = self.task(arn)
        self.assertEqual(task["lastStatus"], "STOPPED")
        self.assertRegex(task["stoppedReason"], r"^Host EC2 \(instance i-[0-9a-f]+\) terminated\.$")
        self.ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig=QUICK)
        new, = self.ecs.list_tasks(serviceName="web")["taskArns"]
        self.assertNotEqual(self.task(new)["containerInstanceArn"], host)


if __name__ == "__main__":
    unittest.main()
