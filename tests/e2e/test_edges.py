"""What a stranger tries at the edges of task definitions, clusters and overrides: choices of "", every member of the
overrides, names that are none. The codes and texts are those of the facts where they have one."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import APP, SUBNETS, Case  # noqa: E402


class Definitions(Case):
    def test_a_choice_of_nothing_is_no_choice(self):
        """An enumeration given as "" is not given, wherever it stands; in a list it is refused."""
        got = self.register(container={"versionConsistency": "", "portMappings": [{"containerPort": 80, "appProtocol": "", "protocol": ""}]},
                            pidMode="", ipcMode="", networkMode="", runtimePlatform={"cpuArchitecture": ""},
                            volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": ""}}])
        container = got["containerDefinitions"][0]
        self.assertNotIn("versionConsistency", container)
        self.assertEqual(container["portMappings"], [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}])
        self.assertFalse({"pidMode", "ipcMode", "networkMode"} & set(got))
        self.assertEqual(got["volumes"], [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}}])
        self.refused("ClientException", "requiresCompatibilities should be one of [EC2,FARGATE,EXTERNAL,MANAGED_INSTANCES]",
                     "RegisterTaskDefinition", {"family": "web", "containerDefinitions": [APP], "requiresCompatibilities": [""]})

    def test_constraints_of_a_definition(self):
        for kind in ("distinctInstance", "other"):
            self.refused("ClientException", f"constraint.type '{kind}' is not supported.", "RegisterTaskDefinition",
                         {"family": "web", "containerDefinitions": [APP], "placementConstraints": [{"type": kind}]})

    def test_swap(self):
        for member, number in (("swappiness", -1), ("swappiness", 101), ("maxSwap", -1)):
            code, _ = self.server.call("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [
                {**APP, "linuxParameters": {member: number}}]})[:2]
            self.assertEqual(code, 400, member)
        self.assertEqual(self.register(container={"linuxParameters": {"swappiness": 100, "maxSwap": 0}})["revision"], 1)


class Clusters(Case):
    def test_a_name_is_no_arn(self):
        given = "arn:aws:ecs:us-east-1:000000000000:cluster/other"
        self.invalid(rf"Cluster must match ^[a-zA-Z0-9\-_]{{1,255}}$, but was {given}", "CreateCluster", {"clusterName": given})

    def test_one_setting(self):
        """There is one setting; said twice, the last value counts."""
        twice = [{"name": "containerInsights", "value": value} for value in ("enabled", "enhanced")]
        self.assertEqual(self.ok("CreateCluster", {"clusterName": "c", "settings": twice})["cluster"]["settings"], twice[1:])
        for operation in ("UpdateCluster", "UpdateClusterSettings"):
            got = self.ok(operation, {"cluster": "c", "settings": twice[::-1]})
            self.assertEqual(got["cluster"]["settings"], twice[:1])


class Overrides(Case):
    def run_with(self, overrides):
        return {"taskDefinition": "web", "overrides": overrides}

    def of_app(self, **members):
        return self.run_with({"containerOverrides": [{"name": "app", **members}]})

    def test_limits_hold_for_overrides(self):
        self.server.fleet(1)
        self.register(container={"memory": 64, "secrets": [{"name": "KEY", "valueFrom": "k"}]}, executionRoleArn="r", memory="128")
        secret = ("The secret name must be unique and not shared with any new or existing environment variables set on the "
                  "container, such as 'KEY'.")
        for members, text in (
                ({"cpu": -1}, "Invalid 'cpu' setting for container 'app'."),
                ({"memory": 3}, "Invalid setting for container 'app'. 'memory' must be at least 4 MiB."),
                ({"memoryReservation": 65}, "Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation'."),
                ({"memory": 129}, "The 'memory' setting for container 'app' is greater than for the task."),
                ({"environment": [{"name": "A", "value": "1"}, {"name": "KEY", "value": "x"}]}, secret),
                ({"environmentFiles": [{"type": "s3", "value": "file"}]}, "Invalid arn syntax."),
                ({"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/k"}] * 11},
                 "The maximum number of environment files was exceeded. Specify ten or less and try again.")):
            self.refused("ClientException", text, "RunTask", self.of_app(**members))
        for overrides, code, text in (
                ({"cpu": "127"}, "InvalidParameterException", "Invalid 'cpu' setting for task."),
                ({"memory": "0"}, "InvalidParameterException", "Invalid 'memory' setting for task."),
                ({"ephemeralStorage": {"sizeInGiB": 20}}, "InvalidParameterException", "EphemeralStorage size should be at least 21"),
                ({"ephemeralStorage": {"sizeInGiB": 201}}, "InvalidParameterException", "EphemeralStorage size should be at most 200"),
                ({"taskRoleArn": "arn:aws:iam::000000000000:user/u"}, "ClientException", "Role is not valid"),
                ({"executionRoleArn": "a b"}, "ClientException", "Role is not valid")):
            self.refused(code, text, "RunTask", self.run_with(overrides))
        self.assertEqual(self.ok("ListTasks")["taskArns"], [])
        got = self.ok("RunTask", {"taskDefinition": "web", "overrides": {
            "memory": "256", "containerOverrides": [{"name": "app", "memory": 129, "memoryReservation": 129}]}})
        self.assertEqual((len(got["tasks"]), got["tasks"][0]["memory"]), (1, "256"))

    def test_characters_are_counted(self):
        """8,192 characters of JSON, whatever they take on the wire."""
        self.server.fleet(1)
        self.register()
        fixed = len(json.dumps({"containerOverrides": [{"name": "app", "command": [""]}]}, separators=(",", ":")))
        self.ok("RunTask", self.of_app(command=["é" * (8192 - fixed)]))
        self.invalid("Container Overrides length must be at most 8192", "RunTask", self.of_app(command=["é" * (8193 - fixed)]))


class Launches(Case):
    def run_far(self, **more):
        return {"taskDefinition": "far", "launchType": "FARGATE", "networkConfiguration": SUBNETS, **more}

    def test_platforms(self):
        """The two largest sizes came with 1.4.0; Windows has versions of its own."""
        self.fargate(cpu="8192", memory="16384")
        for version in ("1.3.0", "1.0.0"):
            self.refused("PlatformTaskDefinitionIncompatibilityException",
                         "One or more of the requested capabilities are not supported.", "RunTask", self.run_far(platformVersion=version))
        self.assertEqual(self.ok("RunTask", self.run_far(platformVersion="1.4.0"))["tasks"][0]["platformVersion"], "1.4.0")
        self.fargate(cpu="1024", memory="2048", runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE", "cpuArchitecture": "X86_64"})
        self.refused("PlatformUnknownException", "The specified platform does not exist.", "RunTask", self.run_far(platformVersion="1.4.0"))
        for version in ("1.0.0", "LATEST"):
            self.assertEqual(self.ok("RunTask", self.run_far(platformVersion=version))["tasks"][0]["platformVersion"], "1.0.0")

    def test_volumes_of_tasks_follow_the_rules_of_services(self):
        role = "arn:aws:iam::000000000000:role/r"
        self.fargate(container={"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]},
                     volumes=[{"name": "data", "configuredAtLaunch": True}])
        invalid = "ECS managed EBS volume configuration was invalid: "
        for name, volume, text in (
                ("other", {"sizeInGiB": 1}, "The volume name 'other' in your request does not have a matching volume in your Task Definition "
                                            "that is configurable at launch."),
                ("data", {}, invalid + "Either a sizeInGiB or a snapshotId must be specified."),
                ("data", {"sizeInGiB": 16385}, invalid + "sizeInGiB must be between 1 and 16384 for gp3 volumes."),
                ("data", {"sizeInGiB": 3, "volumeType": "io1", "iops": 100}, invalid + "sizeInGiB must be between 4 and 16384 for io1 volumes."),
                ("data", {"sizeInGiB": 9, "volumeType": "io1"}, invalid + "The parameter iops must be specified for io1 volumes."),
                ("data", {"sizeInGiB": 9, "volumeType": "st"}, invalid + "The volume type st is not supported.")):
            self.invalid(text, "RunTask", self.run_far(volumeConfigurations=[{"name": name, "managedEBSVolume": {"roleArn": role, **volume}}]))
        self.server.admin("POST", "/_ecs/clock", {"mode": "held"})
        got = self.ok("RunTask", self.run_far(volumeConfigurations=[{"name": "data", "managedEBSVolume": {"roleArn": role, "sizeInGiB": 9}}]))
        volume = got["tasks"][0]["attachments"][-1]
        self.assertEqual((volume["type"], volume["status"]), ("AmazonElasticBlockStorage", "CREATED"))
        self.fargate()
        self.invalid("Volume configuration provided but no matching configuredAtLaunch volume found in task definition.", "RunTask",
                     self.run_far(volumeConfigurations=[{"name": "data", "managedEBSVolume": {"roleArn": role, "sizeInGiB": 9}}]))

    def test_overrides_of_null(self):
        instance = self.server.fleet(1)[0]
        self.register()
        for operation, more in (("RunTask", {}), ("StartTask", {"containerInstances": [instance]})):
            self.invalid("Override argument cannot be null", operation, {"taskDefinition": "web", "overrides": None, **more})


if __name__ == "__main__":
    unittest.main()
