"""Random operations and failures against services, thousands of steps on a held clock. After every step that time or a
request takes, the invariants of rolling services must hold:

- no task is started that makes those that run or are about to more than maximumPercent allows;
- tasks that are healthy never fall below minimumHealthyPercent because the scheduler stopped one;
- the counts that a service and its deployments show are those of the tasks that exist;
- there is one PRIMARY deployment, first in the list, and when the failures end every deployment ends.

The seed is fixed; ECS_LOCAL_PROPERTY_SEED and ECS_LOCAL_PROPERTY_STEPS choose another one or more of it."""

import math
import os
import random
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

SEED = int(os.environ.get("ECS_LOCAL_PROPERTY_SEED", "20160713"))
STEPS = int(os.environ.get("ECS_LOCAL_PROPERTY_STEPS", "1200"))
PERCENTS = [(0, 100), (50, 100), (50, 150), (50, 200), (67, 134), (75, 150), (100, 150), (100, 200)]
FAMILIES = ("good", "other", "bad", "ill", "late")
ILL_AFTER = 20
GOING_UP = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


def was_ill(task):
    """Its container had turned UNHEALTHY before it was stopped: it did not count any more."""
    # Containers start a little before their task is RUNNING.
    age = task["stoppingAt"] - task.get("startedAt", 0) + 2
    return task.get("healthStatus") == "UNHEALTHY" or ("ill:" in task["taskDefinitionArn"] and age >= ILL_AFTER)


class World:
    """One server, two services on instances and one on Fargate, and what is known about them."""

    def __init__(self, server, chance):
        self.server = server
        self.chance = chance
        self.bounds = {}
        self.healthy = {}
        self.seen = set()
        self.open = {}
        self.log = []

    def call(self, operation, body):
        status, reply, _ = self.server.call(operation, body)
        if status >= 500:
            raise AssertionError(f"{operation} {body}: {status} {reply}")
        return reply if status == 200 else None

    def admin(self, method, path, body=None):
        return self.server.admin(method, path, body)[1]

    def begin(self):
        self.admin("POST", "/_ecs/clock", {"mode": "held"})
        self.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [
            {"count": 4, "instanceType": "m5.large", "zones": ["a", "b", "c"]}]})
        for family in FAMILIES:
            check = {"healthCheck": {"command": ["CMD", "true"]}} if family == "ill" else {}
            self.call("RegisterTaskDefinition", {"family": family, "containerDefinitions": [
                {"name": "app", "image": "busybox", "cpu": 10, "memory": 64, **check}]})
            self.call("RegisterTaskDefinition", {
                "family": "f-" + family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "busybox", **check}]})
        for prefix in ("", "f-"):
            for family, outcome in (("bad", {"cannotPull": {"message": "gone"}}),
                                    ("ill", {"health": {"status": "UNHEALTHY", "after": f"{ILL_AFTER}s"}}),
                                    ("late", {"exit": {"code": 1, "after": "7s"}})):
                self.admin("POST", "/_ecs/outcomes", {"match": {"family": prefix + family}, "outcome": outcome})
        for name in ("one", "two", "fargate"):
            self.create(name)

    def family(self, name, family):
        return ("f-" if name == "fargate" else "") + family

    def create(self, name):
        minimum, maximum = self.chance.choice(PERCENTS)
        desired = self.chance.randint(0, 6)
        body = {
            "serviceName": name, "taskDefinition": self.family(name, "good"), "desiredCount": desired,
            "availabilityZoneRebalancing": "DISABLED",
            "deploymentConfiguration": {
                "minimumHealthyPercent": minimum, "maximumPercent": maximum,
                "deploymentCircuitBreaker": {"enable": True, "rollback": self.chance.random() < 0.7}}}
        if name == "fargate":
            body.update(launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": ["s-1", "s-2"]}})
        if self.call("CreateService", body) is not None:
            self.bounds[name] = [minimum, maximum, desired]
            self.healthy[name] = None
            self.log.append(("create", name, desired, minimum, maximum))

    # -- what may happen

    def update(self, name):
        body = {"service": name}
        bounds = self.bounds[name]
        kind = self.chance.random()
        if kind < 0.45:
            body["taskDefinition"] = self.family(name, self.chance.choice(FAMILIES + ("good", "other")))
        elif kind < 0.6:
            body["forceNewDeployment"] = True
        if kind > 0.5:
            body["desiredCount"] = self.chance.randint(0, 7)
        if self.chance.random() < 0.15:
            minimum, maximum = self.chance.choice(PERCENTS)
            body["deploymentConfiguration"] = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
        if self.call("UpdateService", body) is None:
            return
        self.log.append(("update", body))
        if "deploymentConfiguration" in body:
            bounds[0], bounds[1] = minimum, maximum
        if "desiredCount" in body:
            bounds[2] = body["desiredCount"]
        self.healthy[name] = None  # what counts as too few has changed

    def stop_task(self, name):
        tasks = self.call("ListTasks", {"serviceName": name})
        if tasks and tasks["taskArns"]:
            self.call("StopTask", {"task": self.chance.choice(tasks["taskArns"])})
            self.healthy[name] = None

    def touch_instance(self):
        instances = self.call("ListContainerInstances", {})["containerInstanceArns"]
        instance = self.chance.choice(instances)
        if self.chance.random() < 0.2 and len(instances) > 3:
            self.call("DeregisterContainerInstance", {"containerInstance": instance, "force": True})
            self.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [
                {"count": 1, "instanceType": "m5.large", "zones": ["a", "b", "c"]}]})
        else:
            self.call("UpdateContainerInstancesState", {
                "containerInstances": [instance], "status": self.chance.choice(["ACTIVE", "ACTIVE", "DRAINING"])})
        self.healthy = dict.fromkeys(self.healthy)

    def replace_service(self, name):
        self.call("DeleteService", {"service": name, "force": True})
        self.log.append(("delete", name))
        for _ in range(40):
            if self.call("DescribeServices", {"services": [name]})["services"][0]["status"] == "INACTIVE":
                break
            self.admin("POST", "/_ecs/clock/advance", {"by": "10s"})
        self.healthy = dict.fromkeys(self.healthy)  # much may have happened
        self.create(name)

    def stop_deployment(self, name):
        listed = self.call("ListServiceDeployments", {"service": name, "maxResults": 1})
        if listed and listed["serviceDeployments"]:
            self.call("StopServiceDeployment",
                      {"serviceDeploymentArn": listed["serviceDeployments"][0]["serviceDeploymentArn"]})
            self.healthy[name] = None

    def act(self):
        name = self.chance.choice(list(self.bounds))
        kind = self.chance.random()
        if kind < 0.62:
            self.admin("POST", "/_ecs/clock/advance", {"to": "next"})
        elif kind < 0.72:
            self.admin("POST", "/_ecs/clock/advance", {"by": self.chance.choice(["1s", "5s", "30s", "2m"])})
            self.healthy = dict.fromkeys(self.healthy)  # more than one thing may have happened
        elif kind < 0.86:
            self.update(name)
        elif kind < 0.91:
            self.stop_task(name)
        elif kind < 0.96:
            self.touch_instance()
        elif kind < 0.98:
            self.stop_deployment(name)
        else:
            self.replace_service(name)

    # -- what must be true

    def tasks_of(self, name):
        """Those that are wanted RUNNING, and those that had not STOPPED when they were looked at last."""
        arns = set(self.call("ListTasks", {"serviceName": name, "maxResults": 100})["taskArns"])
        arns |= self.open.get(name, set())
        tasks = self.call("DescribeTasks", {"tasks": sorted(arns)[:100]})["tasks"] if arns else []
        self.open[name] = {task["taskArn"] for task in tasks if task["lastStatus"] != "STOPPED"}
        return tasks

    def check(self):
        reply = self.call("DescribeServices", {"services": list(self.bounds)})
        for service in reply["services"]:
            self.check_service(service, self.tasks_of(service["serviceName"]))

    def check_service(self, service, tasks):
        name = service["serviceName"]
        minimum, maximum, desired = self.bounds[name]
        running = [task for task in tasks if task["lastStatus"] == "RUNNING"]
        pending = [task for task in tasks if task["lastStatus"] in GOING_UP[:3]]
        where = f"{name} after {self.log[-6:]}: {service['deployments']}"
        assert service["runningCount"] == len(running), f"runningCount: {where}"
        assert service["pendingCount"] == len(pending), f"pendingCount: {where}"
        assert service["desiredCount"] == desired, f"desiredCount: {where}"
        assert len(service["events"]) <= 100
        assert [item["status"] for item in service["deployments"]].count("PRIMARY") == 1, where
        assert service["deployments"][0]["status"] == "PRIMARY", where
        for item in service["deployments"]:
            own = [task for task in tasks if task["startedBy"] == item["id"]]
            assert item["runningCount"] == sum(task["lastStatus"] == "RUNNING" for task in own), where
            assert item["pendingCount"] == sum(task["lastStatus"] in GOING_UP[:3] for task in own), where
        upper = max(math.floor(desired * maximum / 100), desired)
        fresh = {task["taskArn"] for task in tasks} - self.seen
        self.seen |= fresh
        # Only starting can lead above: a desired count or a maximum that was lowered leaves what was there.
        assert not fresh or len(running) + len(pending) <= upper, f"{len(running) + len(pending)} above {upper}: {where}"
        self.check_lower(name, minimum, desired, tasks, where)

    def check_lower(self, name, minimum, desired, tasks, where):
        lower = math.ceil(desired * minimum / 100)
        healthy = {task["taskArn"] for task in tasks
                   if task["lastStatus"] == "RUNNING" and task["desiredStatus"] == "RUNNING"
                   and task.get("healthStatus") != "UNHEALTHY"}
        before = self.healthy[name]
        self.healthy[name] = healthy
        if before is None or len(healthy) >= lower:
            return
        ours = [task for task in tasks if task["taskArn"] in before - healthy
                and task.get("stopCode") == "ServiceSchedulerInitiated" and not was_ill(task)
                and task.get("stoppedReason", "").startswith("Scaling activity")]
        # Some of `before` may have ended by themselves in this step; what we stopped must have been affordable.
        lost = len(before - healthy) - len(ours)
        assert not ours or len(before) - lost - len(ours) >= min(lower, len(before) - lost), f"below {minimum} %: {where}"

    def settle(self):
        """No more failures: everything must come to its end."""
        self.admin("DELETE", "/_ecs/outcomes")
        instances = self.call("ListContainerInstances", {})["containerInstanceArns"]
        self.call("UpdateContainerInstancesState", {"containerInstances": instances[:10], "status": "ACTIVE"})
        for name in self.bounds:
            self.call("UpdateService", {"service": name, "taskDefinition": self.family(name, "other"),
                                        "forceNewDeployment": True,
                                        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 200}})
            self.bounds[name][0:2] = [50, 200]
        advanced = self.admin("POST", "/_ecs/clock/advance", {"to": "stable", "limit": "12h"})
        for service in self.call("DescribeServices", {"services": list(self.bounds)})["services"]:
            name = service["serviceName"]
            where = f"{name}: {advanced} {service['deployments']} {service['events'][:3]}"
            assert len(service["deployments"]) == 1, where
            assert service["deployments"][0]["rolloutState"] == "COMPLETED", where
            assert service["runningCount"] == service["desiredCount"] == self.bounds[name][2], where
            listed = self.call("ListServiceDeployments", {"service": name, "maxResults": 100})["serviceDeployments"]
            for item in listed:
                assert item["status"] in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"), item


class Property(unittest.TestCase):
    def run_world(self, seed, steps, *options):
        with tempfile.TemporaryDirectory() as folder:
            server = Server("--clock", "held", "--seed", str(seed % 2**31), "--data-dir", folder, *options)
            with server:
                world = World(server, random.Random(seed))
                world.begin()
                for step in range(steps):
                    try:
                        world.act()
                        world.check()
                    except AssertionError as failure:
                        raise AssertionError(f"seed {seed}, step {step}: {failure}") from failure
                    if step % 150 == 149:
                        server.kill()
                        server.start()
                        world.check()
                world.settle()

    def test_realistic_timing(self):
        for part in range(3):
            self.run_world(SEED + part, STEPS // 4, "--timing", "realistic")

    def test_instant_timing(self):
        self.run_world(SEED + 100, STEPS // 4)


if __name__ == "__main__":
    unittest.main()
