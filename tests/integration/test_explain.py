"""GET /_ecs/explain: why a task or service is not where it should be, instance by instance."""

import sys
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

HELD = ("--clock", "held", "--seed", "13", "--timing", "realistic", "--log-level", "error")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*HELD).start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")

    def explain(self, status=200, **what):
        (key, arn), = what.items()
        got, reply = self.server.admin("GET", f"/_ecs/explain?{key}={quote(arn, safe='')}")
        self.assertEqual(got, status, reply)
        return reply

    def define(self, family="web", cpu=100, memory=64, ports=(), **more):
        self.server.ok("RegisterTaskDefinition", {"family": family, "containerDefinitions": [{
            "name": "app", "image": "busybox", "cpu": cpu, "memory": memory,
            "portMappings": [{"containerPort": port, "hostPort": port} for port in ports]}], **more})

    def run_task(self, **more):
        return self.server.ok("RunTask", {"taskDefinition": "web", **more})["tasks"][0]["taskArn"]

    def service(self, count=1, **more):
        return self.server.ok("CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": count, **more})["service"]["serviceArn"]

    def reasons(self, reply):
        return {one["containerInstanceArn"]: one.get("reason") for one in reply["instances"]}


class Tasks(Case):
    def test_on_its_way_and_there(self):
        self.server.fleet()
        self.define()
        arn = self.run_task()
        reply = self.explain(task=arn)
        self.assertEqual((reply["task"], reply["lastStatus"], reply["desiredStatus"]), (arn, "PENDING", "RUNNING"))
        self.assertEqual(reply["summary"], "The task is PENDING, on its way to RUNNING.")
        self.assertEqual((reply["nextAt"], reply["next"]), (self.server.admin("GET", "/_ecs/clock")[1]["nextTimerAt"], "its next step"))
        self.assertNotIn("instances", reply)
        self.server.advance(to="stable")
        self.assertEqual(self.explain(task=arn)["summary"], "The task is RUNNING, as it should be.")

    def test_stopped(self):
        self.server.fleet()
        self.define()
        arn = self.run_task()
        self.server.advance(to="stable")
        self.server.ok("StopTask", {"task": arn, "reason": "enough"})
        reply = self.explain(task=arn)
        self.assertEqual(reply["summary"], "The task is RUNNING, on its way to STOPPED." if reply["lastStatus"] == "RUNNING"
                         else "The task is STOPPING, on its way to STOPPED.")
        self.assertIn("it is being stopped: enough", reply["because"])
        self.server.advance(to="stable")
        reply = self.explain(task=arn)
        self.assertRegex(reply["summary"], r"^The task is STOPPED since 2026-01-01T00:\S+Z: enough$")
        self.assertIn("its stop code is UserInitiated", reply["because"])
        self.assertTrue(any(line.startswith("the container app ended with exit code ") for line in reply["because"]))
        self.assertEqual(reply["next"], "it is forgotten")
        self.server.advance(by="2h")
        self.assertEqual(self.explain(404, task=arn)["error"]["code"], "TaskNotFound")

    def test_an_agent_that_is_gone(self):
        instance, = self.server.fleet()
        self.define()
        arn = self.run_task()
        self.server.admin("POST", "/_ecs/fleet/disconnect", {"containerInstances": [instance]})
        self.server.advance(by="10m")
        reply = self.explain(task=arn)
        self.assertEqual(reply["waitsFor"], "the agent of its container instance, which is not connected")
        self.assertNotIn("nextAt", reply)

    def test_a_script_that_holds_it(self):
        self.server.fleet()
        self.define()
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "outcome": {"stuck": {"at": "PENDING"}}})
        arn = self.run_task()
        self.server.advance(by="10m")
        reply = self.explain(task=arn)
        self.assertEqual(reply["waitsFor"], "nothing: a scripted outcome keeps it there (GET /_ecs/outcomes)")
        self.assertIn("a scripted outcome applies to it (GET /_ecs/outcomes)", reply["because"])

    def test_what_it_waits_for(self):
        self.server.ok("CreateCluster")
        self.server.ok("CreateCapacityProvider", {"name": "mine", "autoScalingGroupProvider": {
            "autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:1:autoScalingGroupName/a",
            "managedScaling": {"status": "ENABLED"}}})
        self.server.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["mine"], "defaultCapacityProviderStrategy": []})
        self.server.advance(by="5m")
        other, = self.server.fleet()
        self.define(memory=6000)
        arn = self.run_task(capacityProviderStrategy=[{"capacityProvider": "mine"}])
        reply = self.explain(task=arn)
        self.assertEqual(reply["summary"], "The task waits for a container instance that takes it.")
        self.assertIn("the capacity provider mine", reply["waitsFor"])
        self.assertEqual(self.reasons(reply), {other: "CAPACITY PROVIDER"})
        self.assertEqual(reply["next"], "it gives up")
        self.assertGreater(reply["nextAt"], "2026-01-01T00:15:00.000Z")

    def test_what_cannot_be_asked(self):
        for query in ("", "?task=", "?task=x&service=y", "?task=abc", "?service=arn:aws:ecs:us-east-1:000000000000:task/default/x",
                      "?task=arn:aws:ecs:us-east-1:000000000000:task/x", "?task=arn:aws:ecs:us-east-1:000000000000:service/default/x"):
            status, reply = self.server.admin("GET", "/_ecs/explain" + query)
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidQuery"), query)
        self.explain(404, task="arn:aws:ecs:us-east-1:999999999999:task/default/0123")
        self.explain(404, service="arn:aws:ecs:us-east-1:000000000000:service/default/x")


class Placement(Case):
    """A service that finds no place for its task: each instance has its reason."""

    def stuck_service(self, **more):
        arn = self.service(**more)
        self.server.advance(by="2m")
        return self.explain(service=arn)

    def why(self, **more):
        reply = self.stuck_service(**more)
        self.assertEqual(reply["summary"], "The service cannot place its tasks: 0 of 1 tasks RUNNING, 0 pending.")
        self.assertEqual(reply["waitsFor"], "room on a container instance")
        return {one["reason"]: one.get("detail") for one in reply["instances"]}

    def test_cpu(self):
        self.server.fleet()
        self.define(cpu=5000)
        self.assertEqual(self.why(), {"RESOURCE:CPU": "5000 CPU units are needed, 2048 of 2048 are left"})

    def test_memory(self):
        self.server.fleet()
        self.define(memory=9000)
        self.assertEqual(self.why(), {"RESOURCE:MEMORY": "9000 MiB are needed, 7938 of 7938 are left"})

    def test_ports(self):
        self.server.fleet()
        self.define(ports=(22,))
        self.assertEqual(self.why(), {"RESOURCE:PORTS": "port 22 is taken"})

    def test_a_constraint(self):
        self.server.fleet()
        self.define(requiresCompatibilities=["EC2"], placementConstraints=[{"type": "memberOf", "expression": "attribute:stack == blue"}])
        self.assertEqual(list(self.why()), ["MemberOf placement constraint unsatisfied."])

    def test_an_attribute(self):
        self.server.ok("CreateCluster")
        self.server.ok("RegisterContainerInstance", {"totalResources": [
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096}]})
        self.server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{
            "name": "app", "image": "busybox", "memory": 64, "logConfiguration": {"logDriver": "splunk"}}]})
        reasons = self.why()
        self.assertEqual(list(reasons), ["ATTRIBUTE"])
        self.assertRegex(reasons["ATTRIBUTE"], r"^it lacks the attribute com\.amazonaws\.ecs\.capability\.")

    def test_agents_drains_and_none(self):
        first, second = self.server.fleet(2)
        self.server.admin("POST", "/_ecs/fleet/disconnect", {"containerInstances": [first]})
        self.server.ok("UpdateContainerInstancesState", {"containerInstances": [second], "status": "DRAINING"})
        self.define()
        reply = self.stuck_service()
        self.assertEqual(self.reasons(reply), {first: "AGENT", second: "DRAINING"})
        self.assertEqual([one["fits"] for one in reply["instances"]], [False, False])

    def test_capacity_that_a_fault_takes_away(self):
        self.server.ok("CreateCluster")
        self.server.ok("RegisterTaskDefinition", {"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
                                                  "memory": "512", "containerDefinitions": [{"name": "app", "image": "busybox"}]})
        self.server.admin("POST", "/_ecs/faults", {"capacity": "FARGATE", "fault": "unavailable"})
        reply = self.stuck_service(launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
        self.assertEqual(reply["waitsFor"], "capacity of FARGATE")
        self.assertTrue(any("Capacity is unavailable at this time." in line for line in reply["because"]), reply)
        self.assertNotIn("instances", reply)

    def test_no_instances(self):
        self.server.ok("CreateCluster")
        self.define()
        reply = self.stuck_service()
        self.assertEqual(reply["instances"], [])
        self.assertIn("the cluster default has no container instances", reply["because"])


class Services(Case):
    def test_what_is_known_of_its_health(self):
        self.server.fleet()
        self.server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{
            "name": "app", "image": "busybox", "cpu": 10, "memory": 64, "healthCheck": {"command": ["CMD", "true"], "interval": 20}}]})
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "outcome": {"health": {"status": "UNHEALTHY", "after": "60s"}}})
        arn = self.service(healthCheckGracePeriodSeconds=120)
        said = {}
        for after, by in (("40s", "40s"), ("90s", "50s")):
            self.server.advance(by=by)
            said[after] = self.explain(service=arn)["because"][-1]
        self.assertTrue(said["40s"].endswith("not healthy: a script lets it fail soon (GET /_ecs/outcomes)"), said)
        self.assertTrue(said["90s"].endswith("UNHEALTHY, within its grace period"), said)

    def test_not_known_to_be_healthy(self):
        self.server.fleet()
        self.define()
        arn = self.service()
        self.server.advance(by="20s")
        self.assertTrue(self.explain(service=arn)["because"][-1].endswith("is RUNNING, wanted RUNNING, not known to be healthy yet"))

    def test_rolling_and_steady(self):
        self.server.fleet(2)
        self.define()
        arn = self.service(2)
        self.server.advance(by="1s")
        reply = self.explain(service=arn)
        self.assertTrue(reply["summary"].startswith("The service is rolling: 0 of 2 tasks RUNNING"), reply)
        self.assertTrue(any("PRIMARY, IN_PROGRESS" in line for line in reply["because"]), reply)
        self.assertIn("nextAt", reply)
        self.server.advance(to="stable")
        reply = self.explain(service=arn)
        self.assertEqual(reply["summary"], "The service is steady: 2 of 2 tasks RUNNING, 0 pending.")
        self.assertEqual((reply["desiredCount"], reply["runningCount"], reply["pendingCount"], reply["status"]), (2, 2, 0, "ACTIVE"))
        self.assertNotIn("instances", reply)

    def test_tasks_that_fail(self):
        self.server.fleet()
        self.define()
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "outcome": {"cannotPull": {"message": "no"}}})
        arn = self.service(1, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
        self.server.advance(by="5m")
        reply = self.explain(service=arn)
        self.assertTrue(any("failed in a row; its circuit breaker trips at 3" in line or "FAILED" in line for line in reply["because"]), reply)

    def test_deleted(self):
        self.server.ok("CreateCluster")
        self.define()
        arn = self.service(0)
        self.server.ok("DeleteService", {"service": "s", "force": True})
        self.server.advance(by="1m")
        self.assertEqual(self.explain(service=arn)["summary"], "The service is INACTIVE: it was deleted.")


if __name__ == "__main__":
    unittest.main()
