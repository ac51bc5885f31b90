"""RunTask and StartTask in full: tokens, overrides, networks, platforms, volumes, limits; ExecuteCommand; task protection."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, APP, NOWHERE, ROLE, SUBNETS, Case, arn  # noqa: E402

NOT_ENABLED = ("The execute command failed because execute command was not enabled when the task was run or the execute command agent "
               "isn’t running. Wait and try again or run a new task with execute command enabled and try again.")


class Tokens(Case):
    options = ("--clock", "held", "--timing", "realistic")

    def setUp(self):
        super().setUp()
        self.server.fleet(1)
        self.register()

    def test_the_same_request_answers_the_same_tasks(self):
        body = {"taskDefinition": "web", "count": 2, "clientToken": "t-1", "startedBy": "me", "tags": [{"key": "k", "value": "v"}]}
        first = self.ok("RunTask", body)
        self.assertEqual(self.ok("RunTask", body), first)
        self.advance("10s")
        again = self.ok("RunTask", body)
        self.assertEqual([task["taskArn"] for task in again["tasks"]], [task["taskArn"] for task in first["tasks"]])
        self.assertEqual({task["lastStatus"] for task in again["tasks"]}, {"RUNNING"})
        self.assertEqual(again["tasks"][0]["tags"], [{"key": "k", "value": "v"}])
        self.assertEqual(len(self.ok("ListTasks")["taskArns"]), 2)
        self.server.restart(*self.options)

    def test_another_request_conflicts(self):
        body = {"taskDefinition": "web", "clientToken": "t-1"}
        first = self.ok("RunTask", body)["tasks"][0]["taskArn"]
        self.register()
        for change in ({"count": 2}, {"taskDefinition": "web:1"}, {"count": 1}, {"startedBy": "x"}, {"group": "g"}):
            status, reply, _ = self.server.call("RunTask", {**body, **change})
            self.assertEqual((status, reply["__type"], reply["resourceIds"]), (400, "ConflictException", [first]), change)
        self.assertEqual(len(self.ok("ListTasks")["taskArns"]), 1)

    def test_a_token_ends_with_its_tasks(self):
        body = {"taskDefinition": "web", "clientToken": "t-1"}
        first = self.ok("RunTask", body)["tasks"][0]["taskArn"]
        self.advance("10s")
        self.ok("StopTask", {"task": first})
        self.advance("10s")
        self.assertEqual(self.ok("RunTask", body)["tasks"][0]["lastStatus"], "STOPPED")
        self.advance("2h")
        self.assertNotEqual(self.ok("RunTask", body)["tasks"][0]["taskArn"], first)

    def test_a_conflict_names_the_tasks_where_they_are(self):
        first = self.ok("RunTask", {"taskDefinition": "web", "clientToken": "t-1"})["tasks"][0]["taskArn"]
        self.ok("CreateCluster", {"clusterName": "other"})
        self.server.fleet(1, cluster="other")
        status, reply, _ = self.server.call("RunTask", {"cluster": "other", "taskDefinition": "web", "clientToken": "t-1"})
        self.assertEqual((status, reply["__type"], reply["resourceIds"]), (400, "ConflictException", [first]))

    def test_an_ended_token_is_free_for_another_request(self):
        first = self.ok("RunTask", {"taskDefinition": "web", "clientToken": "t-1"})["tasks"][0]["taskArn"]
        self.ok("StopTask", {"task": first})
        self.advance("2h")
        self.assertEqual(len(self.ok("RunTask", {"taskDefinition": "web", "clientToken": "t-1", "count": 2})["tasks"]), 2)

    def test_a_token_ends_after_a_day(self):
        body = {"taskDefinition": "web", "clientToken": "t-1"}
        first = self.ok("RunTask", body)["tasks"][0]["taskArn"]
        self.advance("23h")
        self.assertEqual(self.ok("RunTask", body)["tasks"][0]["taskArn"], first)
        self.advance("2h")
        self.assertNotEqual(self.ok("RunTask", body)["tasks"][0]["taskArn"], first)

    def test_bad_tokens(self):
        for token in ("x" * 65, "a b", "é"):
            self.assertEqual(self.server.error("RunTask", {"taskDefinition": "web", "clientToken": token})[0], "InvalidParameterException")
        self.ok("RunTask", {"taskDefinition": "web", "clientToken": ""})
        # A refused request leaves the token free.
        self.server.error("RunTask", {"taskDefinition": "nope", "clientToken": "free"})
        self.ok("RunTask", {"taskDefinition": "web", "clientToken": "free"})

    def test_an_account_of_its_own(self):
        body = {"taskDefinition": "web", "clientToken": "t-1"}
        self.ok("RunTask", body)
        self.ok("CreateCluster", access_key="111111111111")
        self.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [APP]}, access_key="111111111111")
        self.server.admin("POST", "/_ecs/fleet", {"account": "111111111111", "instances": [{"count": 1, "instanceType": "m5.large"}]})
        self.assertEqual(len(self.ok("RunTask", body, access_key="111111111111")["tasks"]), 1)


class Overrides(Case):
    def setUp(self):
        super().setUp()
        (self.host,) = self.server.fleet(1)
        self.register("two", containerDefinitions=[{**APP, "environment": [{"name": "A", "value": "1"}]}, {**APP, "name": "side"}])

    def test_every_member(self):
        given = {
            "containerOverrides": [{
                "name": "app", "command": ["x", "y"], "environment": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
                "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/f.env"}], "cpu": 100, "memory": 200, "memoryReservation": 150}],
            "cpu": "512", "memory": "1024", "executionRoleArn": ROLE, "taskRoleArn": "short"}
        task = self.run_task("two", overrides=given)["tasks"][0]
        shown = task["overrides"]
        self.assertEqual([entry["name"] for entry in shown["containerOverrides"]], ["app", "side"])
        self.assertEqual(shown["containerOverrides"][0], given["containerOverrides"][0])
        self.assertEqual(shown["containerOverrides"][1], {"name": "side"})
        self.assertEqual((shown["cpu"], shown["memory"], shown["executionRoleArn"]), ("512", "1024", ROLE))
        self.assertEqual(shown["taskRoleArn"], f"arn:aws:iam::{ACCOUNT}:role/short")
        self.assertEqual(shown["inferenceAcceleratorOverrides"], [])
        self.assertEqual((task["cpu"], task["memory"]), ("512", "1024"))
        # A container's own cpu does not change what the container shows.
        self.assertEqual(task["containers"][0]["cpu"], "10")
        left = {entry["name"]: entry["integerValue"] for entry in self.instance(self.host)["remainingResources"]}
        self.assertEqual(left["CPU"], 2048 - 512)
        self.assertEqual(self.task(task["taskArn"])["overrides"], shown)

    def test_refusals(self):
        self.invalid("Override for container named nope is not a container in the TaskDefinition.", "RunTask",
                     {"taskDefinition": "two", "overrides": {"containerOverrides": [{"name": "nope"}]}})
        self.assertEqual(self.server.error("RunTask", {"taskDefinition": "two", "overrides": {"containerOverrides": [{"cpu": 1}]}})[0],
                         "InvalidParameterException")
        self.invalid("Override argument cannot be null", "RunTask", {"taskDefinition": "two", "overrides": None})
        for operation, more in (("RunTask", {}), ("StartTask", {"containerInstances": [self.host]})):
            long = {"containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": "x" * 8192}]}]}
            self.invalid("Container Overrides length must be at most 8192", operation, {"taskDefinition": "two", "overrides": long, **more})
        frame = len(json.dumps({"containerOverrides": [{"name": "app", "command": [""]}]}, separators=(",", ":")))
        fits = {"containerOverrides": [{"name": "app", "command": ["x" * (8192 - frame)]}]}
        self.assertEqual(self.run_task("two", overrides=fits)["failures"], [])

    def test_start_task(self):
        task = self.ok("StartTask", {"taskDefinition": "two", "containerInstances": [self.host], "overrides": {"taskRoleArn": ROLE},
                                     "startedBy": "me", "group": "g", "enableECSManagedTags": True, "referenceId": "r",
                                     "tags": [{"key": "k", "value": "v"}]})["tasks"][0]
        self.assertEqual((task["group"], task["startedBy"], task["overrides"]["taskRoleArn"]), ("g", "me", ROLE))
        self.assertEqual(task["tags"], [{"key": "aws:ecs:clusterName", "value": "default"}, {"key": "k", "value": "v"}])
        self.assertNotIn("referenceId", task)


class Networks(Case):
    options = ("--clock", "held", "--timing", "realistic")

    def test_refusals(self):
        self.server.fleet(1)
        self.fargate()
        network = lambda **more: {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], **more}}}  # noqa: E731
        base = {"taskDefinition": "far", "launchType": "FARGATE"}
        self.invalid("subnets can not be empty.", "RunTask", {**base, **network(subnets=[])})
        self.invalid("subnets can have at most 16 items.", "RunTask", {**base, **network(subnets=["subnet-1"] * 17)})
        self.invalid("securityGroups can have at most 5 items.", "RunTask", {**base, **network(securityGroups=["sg-1"] * 6)})
        self.ok("RunTask", {**base, **network(subnets=["subnet-1"] * 16, securityGroups=["sg-1"] * 5, assignPublicIp="ENABLED")})
        for member, text in (("placementConstraints", "Placement constraints"), ("placementStrategy", "Placement strategies")):
            item = {"type": "memberOf", "expression": "attribute:x exists"} if "Con" in member else {"type": "random"}
            code, got = self.server.error("RunTask", {**base, **network(), member: [item]})
            self.assertEqual((code, got.rstrip(".")), ("InvalidParameterException", f"{text} are not supported with FARGATE launch type"))

    def test_an_interface_through_its_life(self):
        (host,) = self.server.fleet(1)
        self.register("vpc", networkMode="awsvpc")
        task = self.run_task("vpc", networkConfiguration=SUBNETS)["tasks"][0]
        self.assertEqual((task["lastStatus"], task["attachments"][0]["status"], task["containers"][0]["networkInterfaces"]),
                         ("PROVISIONING", "PRECREATED", []))
        self.assertEqual(task["containerInstanceArn"], host)
        seen = []
        for _ in range(40):
            now = self.task(task["taskArn"])
            if not seen or seen[-1] != now["lastStatus"]:
                seen.append(now["lastStatus"])
            if now["lastStatus"] == "RUNNING":
                self.assertEqual(now["attachments"][0]["status"], "ATTACHED")
                details = {entry["name"]: entry["value"] for entry in now["attachments"][0]["details"]}
                address = now["containers"][0]["networkInterfaces"][0]
                self.assertEqual(address, {"attachmentId": now["attachments"][0]["id"], "privateIpv4Address": details["privateIPv4Address"]})
                self.assertRegex(details["macAddress"], "^([0-9a-f]{2}:){5}[0-9a-f]{2}$")
                self.assertRegex(details["networkInterfaceId"], "^eni-[0-9a-f]{17}$")
                self.assertIn(details["privateIPv4Address"].replace(".", "-"), details["privateDnsName"])
                self.ok("StopTask", {"task": task["taskArn"]})
                seen.append(self.task(task["taskArn"])["lastStatus"])
            if now["lastStatus"] == "STOPPED":
                break
            self.server.advance(to="next")
        self.assertEqual(seen, ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
        self.assertEqual(now["attachments"][0]["status"], "DELETED")
        self.assertEqual(len(now["attachments"][0]["details"]), 5)

    def test_addresses_differ(self):
        self.fargate()
        body = {"launchType": "FARGATE", "networkConfiguration": SUBNETS, "count": 10}
        tasks = [task["taskArn"] for _ in range(5) for task in self.run_task("far", **body)["tasks"]]
        self.advance("60s")
        addresses = [task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
                     for task in self.ok("DescribeTasks", {"tasks": tasks})["tasks"]]
        self.assertEqual(len(set(addresses)), 50)

    def test_the_zone_is_the_subnets(self):
        self.server.fleet(2, zones=("a", "b"))
        subnet = {attribute["targetId"]: attribute["value"] for attribute in
                  self.ok("ListAttributes", {"targetType": "container-instance", "attributeName": "ecs.subnet-id"})["attributes"]}
        zone = {attribute["targetId"]: attribute["value"] for attribute in
                self.ok("ListAttributes", {"targetType": "container-instance", "attributeName": "ecs.availability-zone"})["attributes"]}
        self.fargate()
        self.register("vpc", networkMode="awsvpc")
        for instance in subnet:
            network = {"awsvpcConfiguration": {"subnets": [subnet[instance]]}}
            task = self.run_task("far", launchType="FARGATE", networkConfiguration=network)["tasks"][0]
            self.assertEqual(task["availabilityZone"], zone[instance])
            # On instances only those of the subnet's zone are asked.
            task = self.run_task("vpc", networkConfiguration=network)["tasks"][0]
            self.assertEqual(task["containerInstanceArn"], instance)
            other = next(found for found in subnet if found != instance)
            reply = self.ok("StartTask", {"taskDefinition": "vpc", "containerInstances": [other], "networkConfiguration": network})
            self.assertEqual(reply["failures"], [{"arn": other, "reason": "LOCATION"}])


class Fargate(Case):
    def setUp(self):
        super().setUp()
        self.fargate()
        self.base = {"launchType": "FARGATE", "networkConfiguration": SUBNETS}

    def test_sizes_and_storage_may_be_overridden(self):
        task = self.run_task("far", **self.base, overrides={"cpu": "1024", "memory": "2048", "ephemeralStorage": {"sizeInGiB": 50}})["tasks"][0]
        self.assertEqual((task["cpu"], task["memory"], task["ephemeralStorage"], task["fargateEphemeralStorage"]),
                         ("1024", "2048", {"sizeInGiB": 50}, {"sizeInGiB": 50}))
        for overrides in ({"cpu": "1024"}, {"memory": "100"}, {"cpu": "300"}):
            code, text = self.server.error("RunTask", {"taskDefinition": "far", **self.base, "overrides": overrides})
            self.assertTrue(text.startswith("No Fargate configuration exists for given values"), text)
        for size in (20, 201):
            self.assertIn("EphemeralStorage size", self.server.error("RunTask", {
                "taskDefinition": "far", **self.base, "overrides": {"ephemeralStorage": {"sizeInGiB": size}}})[1])
        self.fargate("big", ephemeralStorage={"sizeInGiB": 100})
        self.assertEqual(self.run_task("big", **self.base)["tasks"][0]["ephemeralStorage"], {"sizeInGiB": 100})

    def test_platforms(self):
        for given, shown in (("LATEST", "1.4.0"), ("1.4.0", "1.4.0"), ("1.3.0", "1.3.0")):
            self.assertEqual(self.run_task("far", **self.base, platformVersion=given)["tasks"][0]["platformVersion"], shown)
        for unknown in ("1.4", "9.9.9", "latest"):
            self.refused("PlatformUnknownException", "The specified platform does not exist.", "RunTask",
                         {"taskDefinition": "far", **self.base, "platformVersion": unknown})
        self.fargate("efs", container={"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]},
                     volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}])
        self.refused("PlatformTaskDefinitionIncompatibilityException", "One or more of the requested capabilities are not supported.",
                     "RunTask", {"taskDefinition": "efs", **self.base, "platformVersion": "1.3.0"})
        self.ok("RunTask", {"taskDefinition": "efs", **self.base, "platformVersion": "1.4.0"})

    def test_windows_and_arm(self):
        self.fargate("win", cpu="1024", memory="2048", runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2019_CORE", "cpuArchitecture": "X86_64"})
        task = self.run_task("win", **self.base)["tasks"][0]
        self.assertEqual((task["platformVersion"], task["platformFamily"]), ("1.0.0", "Windows_Server_2019_Core"))
        self.fargate("arm", runtimePlatform={"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"})
        self.assertEqual(self.run_task("arm", **self.base)["tasks"][0]["attributes"], [{"name": "ecs.cpu-architecture", "value": "arm64"}])

    def test_no_instances_are_needed_and_ec2_has_none(self):
        self.assertEqual(self.run_task("far", **self.base)["failures"], [])
        self.register()
        self.invalid("No Container Instances were found in your cluster.", "RunTask", {"taskDefinition": "web"})


class Limits(Case):
    def test_every_missing_task_has_a_failure(self):
        hosts = self.server.fleet(2)
        self.register("huge", {"memory": 999999})
        for count, failures in ((1, hosts), (2, hosts), (3, [*hosts, hosts[0]]), (5, [*hosts, *hosts, hosts[0]])):
            reply = self.run_task("huge", count=count)
            self.assertEqual(reply["failures"], [{"arn": host, "reason": "RESOURCE:MEMORY"} for host in failures], count)

    def test_of_a_call(self):
        (host,) = self.server.fleet(1)
        self.register()
        for count in (0, 11, -1):
            code, text = self.server.error("RunTask", {"taskDefinition": "web", "count": count})
            self.assertEqual((code, text), ("InvalidParameterException", "Count must be between 1 and 10."))
        self.assertEqual(len(self.run_task(count=10)["tasks"]), 10)
        for operation, longest, more in (("RunTask", 128, {}), ("StartTask", 36, {"containerInstances": [host]})):
            self.ok(operation, {"taskDefinition": "web", "startedBy": "x" * longest, **more})
            self.ok(operation, {"taskDefinition": "web", "startedBy": "a:b/c-d_e", **more})
            for bad in ("a b", "a!", "é"):
                self.assertEqual(self.server.error(operation, {"taskDefinition": "web", "startedBy": bad, **more})[0],
                                 "InvalidParameterException")
            self.assertEqual(self.server.error(operation, {"taskDefinition": "web", "startedBy": "x" * (longest + 1), **more})[0],
                             "InvalidParameterException")
            self.ok(operation, {"taskDefinition": "web", "group": "g" * 255, **more})
            self.assertEqual(self.server.error(operation, {"taskDefinition": "web", "group": "g" * 256, **more})[0], "InvalidParameterException")
        constraint = {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}
        self.ok("RunTask", {"taskDefinition": "web", "placementConstraints": [constraint] * 10, "placementStrategy": [{"type": "random"}] * 5})
        for more in ({"placementConstraints": [constraint] * 11}, {"placementStrategy": [{"type": "random"}] * 6}):
            self.assertEqual(self.server.error("RunTask", {"taskDefinition": "web", **more})[0], "InvalidParameterException")
        self.register("fixed", placementConstraints=[constraint] * 6)
        self.assertEqual(self.server.error("RunTask", {"taskDefinition": "fixed", "placementConstraints": [constraint] * 5})[0],
                         "InvalidParameterException")
        self.refused("ClientException", "Container Instances cannot be empty.", "StartTask", {"taskDefinition": "web", "containerInstances": []})
        self.invalid("instanceIds can have at most 10 items.", "StartTask", {"taskDefinition": "web", "containerInstances": [host] * 11})

    def test_of_a_description(self):
        task = NOWHERE
        self.invalid("Tasks cannot be empty.", "DescribeTasks", {"tasks": []})
        self.invalid("taskIds can have at most 100 items.", "DescribeTasks", {"tasks": [task] * 101})
        self.assertEqual(len(self.ok("DescribeTasks", {"tasks": [task] * 100})["failures"]), 100)
        self.invalid("taskId length should be one of [32,36]", "DescribeTasks", {"tasks": ["short"]})
        self.invalid("Invalid identifier: Unexpected number of separators", "DescribeTasks", {"tasks": [arn("task/a/b/c")]})
        self.invalid("Invalid identifier: Identifier is for cluster other. Your cluster is default", "DescribeTasks",
                     {"tasks": [arn(f"task/other/{NOWHERE}")]})
        self.invalid("Unsupported resource type: cluster", "DescribeTasks", {"tasks": [arn("cluster/default")]})
        self.invalid("instanceIds can have at most 100 items.", "DescribeContainerInstances", {"containerInstances": [task] * 101})
        self.refused("ClientException", "Container Instances cannot be empty.", "DescribeContainerInstances", {"containerInstances": []})
        self.invalid("clusters can have at most 100 items.", "DescribeClusters", {"clusters": ["c"] * 101})
        self.invalid("The referenced task was not found.", "StopTask", {"task": NOWHERE})
        self.invalid("taskId length should be one of [32,36]", "StopTask", {"task": "short"})
        for operation in ("DescribeTasks", "StopTask"):
            self.cluster_missing(operation, {"tasks": [NOWHERE], "task": NOWHERE})
        self.register()
        for operation in ("RunTask", "StartTask"):
            self.cluster_missing(operation, {"taskDefinition": "web", "containerInstances": [NOWHERE]})
        self.invalid("size of TaskDefinition references list must be greater than 0", "DeleteTaskDefinitions", {"taskDefinitions": []})
        self.invalid("Size of TaskDefinition references list cannot exceed 10", "DeleteTaskDefinitions", {"taskDefinitions": ["web:1"] * 11})

    def test_task_definitions_of_elsewhere(self):
        for text, message in ((arn("task-definition/web:1", region="eu-west-1"), "Invalid Region in ARN"),
                              (arn("task-definition/web:1", account="111111111111"), "AccountIDs mismatch")):
            self.invalid(message, "RunTask", {"taskDefinition": text})
        self.refused("ClientException", "TaskDefinition not found.", "RunTask", {"taskDefinition": "nope"})
        self.register()
        self.ok("DeregisterTaskDefinition", {"taskDefinition": "web:1"})
        for operation, more in (("RunTask", {}), ("StartTask", {"containerInstances": [NOWHERE]})):
            self.invalid("TaskDefinition is inactive", operation, {"taskDefinition": "web:1", **more})

    def test_start_task_failures(self):
        first, second, third = self.server.fleet(3)
        self.register(container={"memory": 5000})
        self.ok("DeregisterContainerInstance", {"containerInstance": second})
        self.ok("StartTask", {"taskDefinition": "web", "containerInstances": [third]})
        gone = arn(f"container-instance/default/{NOWHERE}")
        reply = self.ok("StartTask", {"taskDefinition": "web", "containerInstances": [NOWHERE, second, third, first]})
        self.assertEqual(reply["failures"], [{"arn": gone, "reason": "MISSING"}, {"arn": second, "reason": "INACTIVE"},
                                             {"arn": third, "reason": "RESOURCE:MEMORY"}])
        self.assertEqual([task["containerInstanceArn"] for task in reply["tasks"]], [first])


class Volumes(Case):
    def setUp(self):
        super().setUp()
        self.fargate(container={"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]},
                     volumes=[{"name": "data", "configuredAtLaunch": True}])
        self.base = {"launchType": "FARGATE", "networkConfiguration": SUBNETS}

    def test_a_volume_of_its_own(self):
        volume = {"name": "data", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 10, "volumeType": "gp3", "filesystemType": "xfs",
                                                       "terminationPolicy": {"deleteOnTermination": False}}}
        task = self.run_task("far", **self.base, volumeConfigurations=[volume])["tasks"][0]
        found = [entry for entry in self.task(task["taskArn"])["attachments"] if entry["type"] == "AmazonElasticBlockStorage"][0]
        details = {entry["name"]: entry["value"] for entry in found["details"]}
        self.assertEqual((details["roleArn"], details["volumeName"], details["deleteOnTermination"]), (ROLE, "data", "false"))
        self.assertRegex(details["volumeId"], "^vol-[0-9a-f]{17}$")

    def test_refusals(self):
        self.assertEqual(self.server.error("RunTask", {"taskDefinition": "far", **self.base})[0], "InvalidParameterException")
        for volumes in ([{"name": "other", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 1}}], [{"name": "data"}],
                        [{"name": "data", "managedEBSVolume": {"roleArn": ROLE}}],
                        [{"name": "data", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 1}}] * 2,
                        [{"name": "data", "managedEBSVolume": {"sizeInGiB": 1}}]):
            self.assertEqual(self.server.error("RunTask", {"taskDefinition": "far", **self.base, "volumeConfigurations": volumes})[0],
                             "InvalidParameterException", volumes)
        self.fargate("none")
        self.assertEqual(self.server.error("RunTask", {"taskDefinition": "none", **self.base, "volumeConfigurations": [
            {"name": "data", "managedEBSVolume": {"roleArn": ROLE, "sizeInGiB": 1}}]})[0], "InvalidParameterException")


class Execute(Case):
    def setUp(self):
        super().setUp()
        self.server.fleet(1)
        self.register("one", taskRoleArn=ROLE)
        self.register("two", taskRoleArn=ROLE, containerDefinitions=[APP, {**APP, "name": "side"}])

    def start(self, family="one", **more):
        return self.run_task(family, **{"enableExecuteCommand": True, **more})["tasks"][0]["taskArn"]

    def execute(self, task, **more):
        return {"task": task, "command": "/bin/sh", "interactive": True, **more}

    def test_a_session(self):
        task = self.start()
        agent = self.task(task)["containers"][0]["managedAgents"][0]
        self.assertEqual((agent["name"], agent["lastStatus"]), ("ExecuteCommandAgent", "RUNNING"))
        self.assertIn("lastStartedAt", agent)
        got = self.ok("ExecuteCommand", self.execute(task))
        self.assertEqual((got["clusterArn"], got["containerName"], got["interactive"], got["taskArn"]), (arn("cluster/default"), "app", True, task))
        self.assertEqual(got["containerArn"], self.task(task)["containers"][0]["containerArn"])
        session = got["session"]
        self.assertRegex(session["sessionId"], "^ecs-execute-command-[a-z0-9]{26}$")
        self.assertTrue(session["streamUrl"].startswith(
            f"wss://ssmmessages.us-east-1.amazonaws.com/v1/data-channel/{session['sessionId']}?role=publish_subscribe"))
        self.assertTrue(session["tokenValue"].startswith("AAEAA"))
        other = self.ok("ExecuteCommand", self.execute(task.rsplit("/", 1)[1], container="app"))
        self.assertNotEqual(other["session"]["sessionId"], session["sessionId"])

    def test_more_than_one_container(self):
        task = self.start("two")
        self.assertEqual(self.server.error("ExecuteCommand", self.execute(task))[0], "InvalidParameterException")
        self.assertEqual(self.ok("ExecuteCommand", self.execute(task, container="side"))["containerName"], "side")
        self.assertEqual(self.server.error("ExecuteCommand", self.execute(task, container="nope"))[0], "InvalidParameterException")

    def test_refusals(self):
        task = self.start()
        self.invalid("Interactive is the only mode supported currently.", "ExecuteCommand", self.execute(task, interactive=False))
        self.invalid("task length should be one of [32,36]", "ExecuteCommand", self.execute("short"))
        self.invalid("The referenced task was not found.", "ExecuteCommand", self.execute(NOWHERE))
        self.invalid("Command can not be blank.", "ExecuteCommand", self.execute(task, command=""))
        self.cluster_missing("ExecuteCommand", self.execute(task))
        host = self.task(task)["containerInstanceArn"]
        self.server.admin("POST", "/_ecs/faults", {"containerInstance": host, "fault": "agentDisconnect"})
        if not self.instance(host)["agentConnected"]:
            self.refused("TargetNotConnectedException", "The execute command failed due to an internal error. Try again later.",
                         "ExecuteCommand", self.execute(task))
        self.server.admin("DELETE", "/_ecs/faults")
        plain = self.run_task("one")["tasks"][0]["taskArn"]
        self.invalid(NOT_ENABLED, "ExecuteCommand", self.execute(plain))
        self.ok("StopTask", {"task": task})
        self.invalid(NOT_ENABLED, "ExecuteCommand", self.execute(task))


class Protection(Case):
    options = ("--clock", "held")

    def setUp(self):
        super().setUp()
        self.server.fleet(1)
        self.register()
        # What a service starts is known by its startedBy.
        self.mine = self.run_task(startedBy="ecs-svc/1234567890123456789")["tasks"][0]["taskArn"]
        self.standalone = self.run_task()["tasks"][0]["taskArn"]

    def update(self, **more):
        return self.ok("UpdateTaskProtection", {"cluster": "default", "tasks": [self.mine], "protectionEnabled": True, **more})

    def get(self, *tasks):
        return self.ok("GetTaskProtection", {"cluster": "default", **({"tasks": list(tasks)} if tasks else {})})

    def test_it_ends_on_the_clock(self):
        self.assertEqual(self.get(self.mine), {"protectedTasks": [{"taskArn": self.mine, "protectionEnabled": False}], "failures": []})
        (found,) = self.update(expiresInMinutes=10)["protectedTasks"]
        self.assertEqual((found["taskArn"], found["protectionEnabled"]), (self.mine, True))
        self.assertEqual(self.get(self.mine)["protectedTasks"], [found])
        self.assertEqual(self.get()["protectedTasks"], [found])
        self.advance("599s")
        self.assertTrue(self.get(self.mine)["protectedTasks"][0]["protectionEnabled"])
        self.advance("1s")
        self.assertEqual(self.get(self.mine)["protectedTasks"], [{"taskArn": self.mine, "protectionEnabled": False}])

    def test_two_hours_by_default_and_off_again(self):
        first = self.update(expiresInMinutes=1)["protectedTasks"][0]["expirationDate"]
        second = self.update()["protectedTasks"][0]["expirationDate"]
        self.assertEqual(round(second - first), 119 * 60)
        self.assertEqual(self.update(protectionEnabled=False)["protectedTasks"], [{"taskArn": self.mine, "protectionEnabled": False}])

    def test_failures(self):
        gone = arn(f"task/default/{NOWHERE}")
        reply = self.update(tasks=[self.mine, self.standalone, NOWHERE])
        self.assertEqual([found["taskArn"] for found in reply["protectedTasks"]], [self.mine])
        self.assertEqual([(entry["arn"], entry["reason"]) for entry in reply["failures"]],
                         [(self.standalone, "TASK_NOT_VALID"), (gone, "MISSING")])
        self.assertEqual(self.get(NOWHERE)["failures"], [{"arn": gone, "reason": "MISSING"}])

    def test_refusals(self):
        body = {"tasks": [self.mine], "protectionEnabled": True}
        for operation in ("UpdateTaskProtection", "GetTaskProtection"):
            self.cluster_missing(operation, body)
            self.invalid("Cluster can not be blank.", operation, body)
        for minutes in (0, 2881, -1):
            self.assertEqual(self.server.error("UpdateTaskProtection", {"cluster": "default", **body, "expiresInMinutes": minutes})[0],
                             "InvalidParameterException")
        self.ok("UpdateTaskProtection", {"cluster": "default", **body, "expiresInMinutes": 2880})
        self.invalid("taskIds can have at most 10 items.", "UpdateTaskProtection", {"cluster": "default", **body, "tasks": [self.mine] * 11})
        self.invalid("taskIds can have at most 100 items.", "GetTaskProtection", {"cluster": "default", "tasks": [self.mine] * 101})
        self.assertEqual(self.server.error("UpdateTaskProtection", {"cluster": "default", "tasks": [self.mine]})[0], "InvalidParameterException")

    def test_no_more_than_the_service_wants(self):
        self.ok("CreateService", {"serviceName": "svc", "taskDefinition": "web", "desiredCount": 2,
                                  "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100}})
        self.server.advance(to="stable")
        tasks = self.ok("ListTasks", {"serviceName": "svc"})["taskArns"]
        self.assertEqual(len(tasks), 2)
        self.assertEqual(len(self.update(tasks=tasks)["protectedTasks"]), 2)
        self.ok("UpdateService", {"service": "svc", "desiredCount": 1})
        self.assertEqual(len(self.ok("ListTasks", {"serviceName": "svc"})["taskArns"]), 2)
        reply = self.update(tasks=tasks[:1])
        self.assertEqual((reply["protectedTasks"], [(entry["arn"], entry["reason"]) for entry in reply["failures"]]),
                         ([], [(tasks[0], "DEPLOYMENT_BLOCKED")]))
        self.assertIn("detail", reply["failures"][0])

    def test_it_does_not_keep_from_a_stop(self):
        self.update()
        self.ok("StopTask", {"task": self.mine})
        self.assertEqual(self.get(self.mine)["failures"][0]["reason"], "TASK_NOT_VALID")


if __name__ == "__main__":
    unittest.main()
