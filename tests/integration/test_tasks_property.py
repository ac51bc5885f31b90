"""Random operations on tasks, instances and definitions on a held clock. Whenever they are looked at:

- what is left of an instance is what it has less what its tasks reserve, and no host port is bound twice;
- the counts of clusters and instances are those of the tasks that exist;
- lists, however they are filtered and paged, name each task once, and those that DescribeTasks shows so;
- a task that is gone stays gone, and a family's revisions only grow;
- a kill and a restart change nothing of all that.

The seed is fixed; ECS_LOCAL_PROPERTY_SEED and ECS_LOCAL_PROPERTY_STEPS choose another one or more of it."""

import os
import random
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import SUBNETS  # noqa: E402
from server import Server  # noqa: E402

SEED = int(os.environ.get("ECS_LOCAL_PROPERTY_SEED", "20160713"))
STEPS = int(os.environ.get("ECS_LOCAL_PROPERTY_STEPS", "150"))
CLUSTERS = ("default", "other")
FAMILIES = tuple(f"f{number}" for number in range(6))
WAITING = ("PROVISIONING", "PENDING", "ACTIVATING")
OUTCOMES = ({"exit": {"code": 1, "after": "5s"}}, {"cannotPull": {}}, {"outOfMemory": {"after": "3s"}})
ADVANCES = ({"by": "7s"}, {"by": "33s"}, {"to": "next"}, {"by": "20m"}, {"to": "stable"})


class World:
    """One server, two clusters, and the tasks that were ever started in them."""

    def __init__(self, case, server, chance):
        self.case = case
        self.server = server
        self.chance = chance
        self.clusters = {}  # of the tasks that are not gone
        self.gone = set()
        self.revisions = {}
        for cluster in CLUSTERS:
            self.call("CreateCluster", clusterName=cluster)

    def call(self, operation, **body):
        status, reply, _ = self.server.call(operation, body)
        self.case.assertLess(status, 500, (operation, body, reply))
        return reply if status == 200 else None

    def register(self):
        chance = self.chance
        mode = chance.choice((None, None, "bridge", "host", "awsvpc", "fargate"))
        ports = {number: {"containerPort": number, "protocol": chance.choice(("tcp", "udp"))}
                 for number in chance.sample(range(8000, 8004), chance.randrange(3))}
        if mode in (None, "bridge"):
            for mapping in ports.values():
                mapping["hostPort"] = chance.choice((0, mapping["containerPort"]))
        size = {"cpu": "256", "memory": "1024", "requiresCompatibilities": ["FARGATE"]} if mode == "fargate" else {}
        network = {"networkMode": "awsvpc" if size else mode} if mode else {}
        reply = self.call("RegisterTaskDefinition", family=chance.choice(FAMILIES), **size, **network, containerDefinitions=[
            {"name": "a", "image": "x", "cpu": chance.choice((0, 10, 200)), "memory": chance.choice((16, 100, 700)),
             "portMappings": list(ports.values())},
            {"name": "b", "image": "y", "memory": 16, "essential": chance.random() < 0.5}])
        made = reply["taskDefinition"]
        known = self.revisions.setdefault(made["family"], [])
        self.case.assertEqual(made["revision"], known[-1] + 1 if known else 1)
        known.append(made["revision"])

    def some_definition(self):
        family = self.chance.choice(sorted(self.revisions))
        return f"{family}:{self.chance.choice(self.revisions[family])}"

    def run_some(self):
        chance = self.chance
        cluster = chance.choice(CLUSTERS)
        name = self.some_definition()
        definition = self.call("DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
        more = {"networkConfiguration": SUBNETS} if definition.get("networkMode") == "awsvpc" else {}
        if "FARGATE" in definition.get("requiresCompatibilities", ()):
            more["launchType"] = "FARGATE"
        elif chance.random() < 0.3:
            more["placementStrategy"] = [chance.choice(({"type": "spread", "field": "instanceId"}, {"type": "binpack", "field": "memory"}))]
        if chance.random() < 0.3:
            more["startedBy"] = "somebody"
        reply = self.call("RunTask", cluster=cluster, taskDefinition=name, count=chance.randrange(1, 6), **more)
        for task in reply["tasks"] if reply else ():
            self.case.assertNotIn(task["taskArn"], self.clusters)
            self.clusters[task["taskArn"]] = cluster

    def stop_one(self):
        if self.clusters:
            task = self.chance.choice(sorted(self.clusters))
            self.call("StopTask", cluster=self.clusters[task], task=task)

    def add_instances(self):
        self.server.fleet(self.chance.randrange(1, 3), self.chance.choice(("t2.micro", "m5.large")), self.chance.choice(CLUSTERS))

    def remove_an_instance(self):
        cluster = self.chance.choice(CLUSTERS)
        arns = self.call("ListContainerInstances", cluster=cluster)["containerInstanceArns"]
        if arns and self.chance.random() < 0.3:
            self.call("DeregisterContainerInstance", cluster=cluster, containerInstance=self.chance.choice(arns),
                      force=self.chance.random() < 0.5)

    def deregister(self):
        self.call("DeregisterTaskDefinition", taskDefinition=self.some_definition())

    def script(self):
        self.server.admin("POST", "/_ecs/outcomes", {
            "outcome": self.chance.choice(OUTCOMES), "match": {"family": self.chance.choice(FAMILIES)}, "times": 1})

    def advance(self):
        self.server.admin("POST", "/_ecs/clock/advance", self.chance.choice(ADVANCES))

    def listed(self, cluster, **filters):
        arns, token = [], {}
        while token is not None:
            reply = self.call("ListTasks", cluster=cluster, maxResults=self.chance.choice((3, 100)), **filters, **token)
            arns += reply["taskArns"]
            token = {"nextToken": reply["nextToken"]} if "nextToken" in reply else None
        self.case.assertEqual(len(arns), len(set(arns)))
        return set(arns)

    def seen(self, cluster):
        """What can be seen of a cluster: itself, its instances, its tasks."""
        arns = sorted(arn for arn, where in self.clusters.items() if where == cluster)
        pages = [self.call("DescribeTasks", cluster=cluster, tasks=arns[at:at + 100], include=["TAGS"]) for at in range(0, len(arns), 100)]
        instances = self.call("ListContainerInstances", cluster=cluster)["containerInstanceArns"]
        return (self.call("DescribeClusters", clusters=[cluster], include=["STATISTICS"])["clusters"][0],
                self.call("DescribeContainerInstances", cluster=cluster, containerInstances=instances)["containerInstances"]
                if instances else [],
                {task["taskArn"]: task for page in pages for task in page["tasks"]})

    def restart(self):
        before = [self.seen(cluster) for cluster in CLUSTERS]
        if self.chance.random() < 0.7:
            self.server.restart()
        else:
            self.case.assertEqual(self.server.stop(), 0)
            self.server.start()
        self.case.assertEqual([self.seen(cluster) for cluster in CLUSTERS], before)

    def check_instance(self, cluster, instance, tasks):
        case = self.case
        mine = [task for task in tasks.values() if task.get("containerInstanceArn") == instance["containerInstanceArn"]]
        live = [task for task in mine if task["lastStatus"] != "STOPPED"]
        has, left = ({resource["name"]: resource["integerValue"] for resource in instance[which]}
                     for which in ("registeredResources", "remainingResources"))
        case.assertEqual(has["MEMORY"] - left["MEMORY"], sum(int(task["memory"]) for task in live))
        case.assertEqual(has["CPU"] - left["CPU"], sum(int(task["cpu"]) for task in live))
        case.assertEqual(instance["runningTasksCount"], sum(task["lastStatus"] == "RUNNING" for task in mine))
        case.assertEqual(self.listed(cluster, containerInstance=instance["containerInstanceArn"]),
                         {task["taskArn"] for task in mine if task["desiredStatus"] == "RUNNING"})
        bound = [(binding["hostPort"], binding["protocol"]) for task in live if task["lastStatus"] == "RUNNING"
                 for container in task["containers"] for binding in container["networkBindings"]]
        case.assertEqual(len(bound), len(set(bound)), bound)

    def check(self):
        case = self.case
        for name in CLUSTERS:
            cluster, instances, tasks = self.seen(name)
            case.assertFalse(self.gone & set(tasks))
            self.gone |= {arn for arn, where in self.clusters.items() if where == name} - set(tasks)
            self.clusters = {arn: where for arn, where in self.clusters.items() if arn not in self.gone}
            running = {arn: task for arn, task in tasks.items() if task["desiredStatus"] == "RUNNING"}
            case.assertEqual(self.listed(name), set(running))
            case.assertEqual(self.listed(name, desiredStatus="STOPPED"), set(tasks) - set(running))
            case.assertEqual(self.listed(name, startedBy="somebody"), {arn for arn, task in running.items() if "startedBy" in task})
            case.assertEqual(self.listed(name, family="f0"), {
                arn for arn, task in running.items() if "task-definition/f0:" in task["taskDefinitionArn"]})
            statuses = [task["lastStatus"] for task in tasks.values()]
            case.assertEqual(cluster["runningTasksCount"], statuses.count("RUNNING"))
            case.assertEqual(cluster["pendingTasksCount"], sum(statuses.count(status) for status in WAITING))
            for instance in instances:
                self.check_instance(name, instance, tasks)


class RandomTasks(unittest.TestCase):
    def roam(self, *options, restarts):
        server = Server("--clock", "held", "--seed", str(SEED), "--log-level", "error", *options).start()
        self.addCleanup(server.stop)
        world = World(self, server, random.Random(SEED))
        world.add_instances()
        world.register()
        steps = {world.register: 3, world.run_some: 10, world.stop_one: 6, world.add_instances: 1, world.remove_an_instance: 1,
                 world.deregister: 1, world.script: 1, world.advance: 6, world.check: 3, world.restart: 1 if restarts else 0}
        for number in range(STEPS):
            step = world.chance.choices(list(steps), list(steps.values()))[0]
            try:
                step()
            except AssertionError as problem:
                raise AssertionError(f"seed {SEED}, step {number}: {step.__name__}") from problem
        world.check()
        self.assertTrue(world.clusters)
        self.assertTrue(world.gone)

    def test_in_memory(self):
        self.roam("--timing", "realistic", restarts=False)

    def test_on_disk_with_kills(self):
        with tempfile.TemporaryDirectory() as folder:
            self.roam("--data-dir", folder, restarts=True)


if __name__ == "__main__":
    unittest.main()
