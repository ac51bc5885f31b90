"""Managed scaling of simulated Auto Scaling groups: they grow when tasks wait, shrink when instances are empty, on the clock and
between their bounds; what protects an instance with tasks."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import APP, Case  # noqa: E402
from server import Server  # noqa: E402

STRATEGY = [{"capacityProvider": "asg", "weight": 1}]


class Scaling(Case):
    options = ("--clock", "held", "--timing", "realistic")

    def provider(self, **group):
        scaling = {"status": "ENABLED", **group.pop("managedScaling", {})}
        self.ok("CreateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {
            "autoScalingGroupArn": "asg", "managedScaling": scaling, **group}})
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": STRATEGY})
        self.advance("10s")
        # Two of them fit on an m5.large.
        self.register(container={"cpu": 1000})

    def group(self, count=0, **more):
        status, reply = self.server.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [
            {"count": count, "instanceType": "m5.large", "zones": ["a", "b"], "capacityProvider": "asg", **more}]})
        self.assertEqual(status, 200, reply)

    def instances(self, status="ACTIVE"):
        return self.ok("ListContainerInstances", {"status": status})["containerInstanceArns"]

    def start(self, count):
        return [task["taskArn"] for task in self.ok("RunTask", {"taskDefinition": "web", "count": count})["tasks"]]

    def statuses(self, tasks):
        return [task["lastStatus"] for task in self.ok("DescribeTasks", {"tasks": tasks})["tasks"]]

    def stop(self, tasks):
        for task in tasks:
            self.ok("StopTask", {"task": task})

    def test_out_and_in(self):
        self.provider()
        self.group(min=0, max=3)
        self.assertEqual(self.instances(), [])
        tasks = self.start(5)
        self.assertEqual(self.statuses(tasks), ["PROVISIONING"] * 5)
        self.advance("59s")
        self.assertEqual(self.instances(), [])
        self.advance("1s")
        self.assertEqual(len(self.instances()), 3)
        self.advance("30s")
        self.assertEqual(self.statuses(tasks), ["RUNNING"] * 5)
        described = self.ok("DescribeContainerInstances", {"containerInstances": self.instances()})["containerInstances"]
        self.assertEqual({found["capacityProviderName"] for found in described}, {"asg"})
        zones = [attribute["value"] for found in described for attribute in found["attributes"] if attribute["name"] == "ecs.availability-zone"]
        self.assertEqual(sorted(set(zones)), ["us-east-1a", "us-east-1b"])
        # No further than the bound: what does not fit goes on waiting and fails.
        late = self.start(3)
        self.advance("10m")
        self.assertEqual(len(self.instances()), 3)
        self.assertEqual(sorted(self.statuses(late)), ["PROVISIONING", "PROVISIONING", "RUNNING"])
        self.advance("10m")
        self.assertEqual(sorted(self.statuses(late)), ["RUNNING", "STOPPED", "STOPPED"])
        self.stop(tasks + late[:1])
        self.advance("10s")
        self.advance("14m")
        self.assertEqual(len(self.instances()), 3)
        self.advance("2m")
        self.assertEqual(self.instances(), [])

    def test_an_instance_with_tasks_stays(self):
        self.provider()
        self.group(min=1, max=5)
        tasks = self.start(4)
        self.advance("90s")
        self.assertEqual(len(self.instances()), 2)
        host = self.task(tasks[0])["containerInstanceArn"]
        self.stop([task for task in tasks if self.task(task)["containerInstanceArn"] != host])
        self.advance("20m")
        self.assertEqual(self.instances(), [host])
        self.stop(tasks)
        self.advance("1h")
        self.assertEqual(self.instances(), [host])

    def test_target_capacity_keeps_some_free(self):
        self.provider(managedScaling={"targetCapacity": 50})
        self.group(min=0, max=10)
        self.ok("RunTask", {"taskDefinition": "web", "count": 2, "placementStrategy": [{"type": "binpack", "field": "cpu"}]})
        self.advance("5m")
        self.assertEqual(len(self.instances()), 2)

    def test_step_sizes(self):
        self.provider(managedScaling={"minimumScalingStepSize": 2, "maximumScalingStepSize": 2})
        self.group(min=0, max=10)
        self.start(1)
        self.advance("60s")
        self.assertEqual(len(self.instances()), 2)
        for _ in range(2):
            self.start(6)
        self.advance("60s")
        self.assertEqual(len(self.instances()), 4)
        self.advance("60s")
        self.assertEqual(len(self.instances()), 6)

    def test_what_no_instance_could_take_adds_none(self):
        self.provider()
        self.group(min=0, max=3)
        self.register("huge", container={"memory": 900000})
        task = self.ok("RunTask", {"taskDefinition": "huge"})["tasks"][0]["taskArn"]
        self.advance("16m")
        self.assertEqual(self.instances(), [])
        self.assertEqual(self.task(task)["stopCode"], "TaskFailedToStart")

    def test_distinct_instances(self):
        self.provider()
        self.group(min=0, max=4)
        self.ok("RunTask", {"taskDefinition": "web", "count": 3, "placementConstraints": [{"type": "distinctInstance"}]})
        self.advance("60s")
        self.assertEqual(len(self.instances()), 3)

    def test_scaling_that_is_off(self):
        self.provider(managedScaling={"status": "DISABLED"})
        self.group(min=0, max=3)
        self.invalid("No Container Instances were found in your capacity provider.", "RunTask", {"taskDefinition": "web"})
        self.advance("1h")
        self.assertEqual(self.instances(), [])

    def test_smaller_bounds_and_managed_draining(self):
        self.provider()
        self.group(min=0, max=2)
        tasks = self.start(4)
        self.advance("90s")
        self.assertEqual(len(self.instances()), 2)
        self.group(min=0, max=1)
        self.advance("15m")
        (leaving,) = self.instances("DRAINING")
        mine = [task for task in tasks if self.task(task)["containerInstanceArn"] == leaving]
        self.assertEqual(self.statuses(mine), ["RUNNING"] * 2)
        self.stop(mine)
        self.advance("10s")
        self.assertEqual((len(self.instances()), self.instances("DRAINING")), (1, []))
        self.assertEqual(self.instance(leaving)["status"], "INACTIVE")

    def test_smaller_bounds_without_draining(self):
        self.provider(managedDraining="DISABLED")
        self.group(min=0, max=2)
        tasks = self.start(4)
        self.advance("90s")
        self.group(min=0, max=1)
        self.advance("15m")
        self.assertEqual(len(self.instances()), 1)
        stopped = [task for task in self.ok("DescribeTasks", {"tasks": tasks})["tasks"] if task["lastStatus"] == "STOPPED"]
        self.assertEqual(len(stopped), 2)
        self.assertRegex(stopped[0]["stoppedReason"], r"^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$")

    def test_smaller_bounds_and_termination_protection(self):
        self.provider(managedDraining="DISABLED", managedTerminationProtection="ENABLED")
        self.group(min=0, max=2)
        tasks = self.start(4)
        self.advance("90s")
        self.group(min=0, max=1)
        self.advance("1h")
        self.assertEqual(len(self.instances()), 2)
        host = self.task(tasks[0])["containerInstanceArn"]
        self.stop([task for task in tasks if self.task(task)["containerInstanceArn"] == host])
        self.advance("16m")
        self.assertEqual(len(self.instances()), 1)

    def test_admin_refusals(self):
        for more in ({"min": 2, "max": 1}, {"max": 5001}, {"min": -1}):
            status, _ = self.server.admin("POST", "/_ecs/fleet", {"instances": [{"instanceType": "m5.large", "capacityProvider": "asg", **more}]})
            self.assertEqual(status, 400)
        status, _ = self.server.admin("POST", "/_ecs/fleet", {"instances": [{"instanceType": "m5.large", "max": 2}]})
        self.assertEqual(status, 400)


class ManagedInstances(Case):
    options = ("--clock", "held", "--timing", "realistic")
    NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}

    def provider(self, **requirements):
        template = {"ec2InstanceProfileArn": "arn:aws:iam::000000000000:instance-profile/p", "networkConfiguration": {"subnets": ["subnet-a"]}}
        if requirements:
            template["instanceRequirements"] = {"vCpuCount": {"min": 1}, "memoryMiB": {"min": 1}, **requirements}
        self.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": {
            "infrastructureRoleArn": "arn:aws:iam::000000000000:role/i", "instanceLaunchTemplate": template}})
        self.advance("10s")

    def start(self, cpu="512", memory="1024", count=1, **more):
        self.register("mi", networkMode="awsvpc", requiresCompatibilities=["MANAGED_INSTANCES"], cpu=cpu, memory=memory, **more)
        reply = self.ok("RunTask", {"taskDefinition": "mi", "count": count, "networkConfiguration": self.NETWORK,
                                    "capacityProviderStrategy": [{"capacityProvider": "mi"}]})
        self.assertEqual(reply["failures"], [])
        return [task["taskArn"] for task in reply["tasks"]]

    def types(self):
        arns = self.ok("ListContainerInstances")["containerInstanceArns"]
        if not arns:
            return []
        found = self.ok("DescribeContainerInstances", {"containerInstances": arns})["containerInstances"]
        self.assertEqual({instance["capacityProviderName"] for instance in found}, {"mi"})
        return sorted(attribute["value"] for instance in found for attribute in instance["attributes"] if attribute["name"] == "ecs.instance-type")

    def test_an_instance_for_the_tasks(self):
        self.provider()
        tasks = self.start(count=3)
        self.assertEqual((self.types(), self.task(tasks[0])["lastStatus"]), ([], "PROVISIONING"))
        self.advance("60s")
        self.assertEqual(self.types(), ["c7i.large"])
        self.advance("60s")
        for task in self.ok("DescribeTasks", {"tasks": tasks})["tasks"]:
            self.assertEqual((task["lastStatus"], task["launchType"], task["capacityProviderName"]), ("RUNNING", "MANAGED_INSTANCES", "mi"))
            self.assertIn("containerInstanceArn", task)
            self.assertEqual(task["attachments"][0]["details"][0], {"name": "subnetId", "value": "subnet-a"})
        for task in tasks:
            self.ok("StopTask", {"task": task})
        self.advance("20m")
        self.assertEqual(self.types(), [])

    def test_the_type_follows_the_task_and_the_requirements(self):
        self.provider(allowedInstanceTypes=["m5.*", "r5.2xlarge"])
        self.start()
        self.advance("60s")
        self.assertEqual(self.types(), ["r5.2xlarge"])

    def test_a_large_task(self):
        self.provider(vCpuCount={"min": 1, "max": 16})
        self.start("8192", "32768")
        self.advance("60s")
        self.assertEqual(self.types(), ["r7i.2xlarge"])
        (task,) = self.start("32768", "65536")
        self.advance("20m")
        self.assertEqual(self.task(task)["stopCode"], "TaskFailedToStart")

    def test_gpus_and_arm(self):
        self.provider()
        self.start(containerDefinitions=[{"name": "app", "image": "i", "resourceRequirements": [{"type": "GPU", "value": "1"}]}])
        self.advance("60s")
        self.assertEqual(self.types(), ["g5.xlarge"])

    def test_arm(self):
        self.provider()
        (task,) = self.start(runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"})
        self.advance("120s")
        self.assertEqual(self.types(), ["c7g.medium"])
        self.assertEqual(self.task(task)["lastStatus"], "RUNNING")

    def test_they_end_with_their_provider(self):
        self.provider()
        (task,) = self.start()
        self.advance("120s")
        self.ok("StopTask", {"task": task})
        self.advance("60s")
        self.ok("DeleteCapacityProvider", {"capacityProvider": "mi"})
        self.assertEqual(self.types(), [])
        self.assertEqual(self.ok("DeleteCluster", {"cluster": "default"})["cluster"]["status"], "INACTIVE")


class AtOnce(unittest.TestCase):
    def test_out(self):
        """Without durations an instance is there before the next call."""
        with Server() as server:
            server.ok("CreateCluster")
            server.ok("CreateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {
                "autoScalingGroupArn": "asg", "managedScaling": {"status": "ENABLED"}}})
            server.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": STRATEGY})
            server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [{**APP, "cpu": 1000}]})
            server.admin("POST", "/_ecs/fleet", {"instances": [{"instanceType": "m5.large", "capacityProvider": "asg", "min": 0, "max": 2}]})
            tasks = [task["taskArn"] for task in server.ok("RunTask", {"taskDefinition": "web", "count": 4})["tasks"]]
            self.assertEqual({task["lastStatus"] for task in server.ok("DescribeTasks", {"tasks": tasks})["tasks"]}, {"RUNNING"})
            self.assertEqual(len(server.ok("ListContainerInstances")["containerInstanceArns"]), 2)


if __name__ == "__main__":
    unittest.main()
