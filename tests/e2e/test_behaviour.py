"""Clusters, container instances, task definitions and tasks as scripts see them: exact texts, defaults, transitions,
paginators and waiters, with boto3 and plain calls. Facts with marks A and B."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

APP = {"name": "app", "image": "busybox", "cpu": 10, "memory": 16}
REALISTIC = ("--clock", "held", "--timing", "realistic")
SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options).start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.ecs = self.server.boto3()
        self.server.ok("CreateCluster", {})

    def register(self, family="web", container=None, **more):
        body = {"family": family, "containerDefinitions": [{**APP, **(container or {})}], **more}
        return self.server.ok("RegisterTaskDefinition", body)["taskDefinition"]

    def fargate(self, family="far", **more):
        return self.register(family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512", **more)

    def run_task(self, **more):
        return self.server.ok("RunTask", {"taskDefinition": "web", **more})

    def task(self, arn):
        return self.server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]

    def refused(self, code, text, operation, body):
        self.assertEqual(self.server.error(operation, body), (code, text))


class Clusters(Case):
    def test_default_does_not_exist_until_created(self):
        self.server.admin("POST", "/_ecs/reset")
        reply = self.server.ok("DescribeClusters")
        self.assertEqual(reply, {"clusters": [], "failures": [
            {"arn": "arn:aws:ecs:us-east-1:000000000000:cluster/default", "reason": "MISSING"}]})
        self.refused("ClusterNotFoundException", "Cluster not found.", "ListTasks", {})

    def test_create_to_the_letter(self):
        got = self.server.ok("CreateCluster", {"clusterName": "c1", "tags": [{"key": "k", "value": "v"}]})
        self.assertEqual(got, {"cluster": {
            "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/c1", "clusterName": "c1", "status": "ACTIVE",
            "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
            "activeServicesCount": 0, "statistics": [], "tags": [{"key": "k", "value": "v"}],
            "settings": [{"name": "containerInsights", "value": "disabled"}], "capacityProviders": [],
            "defaultCapacityProviderStrategy": []}})
        plain = self.server.ok("DescribeClusters", {"clusters": ["c1"]})["clusters"][0]
        self.assertEqual((plain["tags"], plain["settings"]), ([], []))

    def test_create_is_idempotent(self):
        first = self.server.ok("CreateCluster", {"clusterName": "c"})
        self.assertEqual(self.server.ok("CreateCluster", {"clusterName": "c"}), first)
        self.assertEqual(len(self.server.ok("ListClusters")["clusterArns"]), 2)

    def test_include(self):
        self.server.ok("CreateCluster", {
            "clusterName": "c", "tags": [{"key": "k", "value": "v"}], "settings": [{"name": "containerInsights", "value": "enhanced"}],
            "configuration": {"executeCommandConfiguration": {"logging": "DEFAULT"}}})
        got = self.server.ok("DescribeClusters", {
            "clusters": ["c"], "include": ["STATISTICS", "TAGS", "SETTINGS", "CONFIGURATIONS", "ATTACHMENTS"]})["clusters"][0]
        self.assertEqual(got["settings"], [{"name": "containerInsights", "value": "enhanced"}])
        self.assertEqual(got["tags"], [{"key": "k", "value": "v"}])
        self.assertEqual(got["configuration"], {"executeCommandConfiguration": {"logging": "DEFAULT"}})
        self.assertIn({"name": "runningEC2TasksCount", "value": "0"}, got["statistics"])
        self.refused("InvalidParameterException",
                     "include should be one of [ATTACHMENTS,CONFIGURATIONS,SETTINGS,STATISTICS,TAGS]",
                     "DescribeClusters", {"include": ["NOPE"]})

    def test_names(self):
        for name in ("a b", "x" * 256, "a.b", "é"):
            code, text = self.server.error("CreateCluster", {"clusterName": name})
            self.assertEqual((code, text), ("InvalidParameterException",
                                            f"Cluster must match ^[a-zA-Z0-9\\-_]{{1,255}}$, but was {name}"))
        self.refused("InvalidParameterException", "Clusters can not be blank.", "DescribeClusters", {"clusters": [""]})
        arn = "arn:aws:ecs:us-east-1:000000000000:cluster/default"
        self.refused("InvalidParameterException", "Invalid Region in ARN", "DescribeClusters",
                     {"clusters": [arn.replace("us-east-1", "eu-west-1")]})
        self.refused("InvalidParameterException", "AccountIDs mismatch", "DescribeClusters",
                     {"clusters": [arn.replace("000000000000", "111111111111")]})

    def test_delete_and_its_refusals(self):
        self.server.fleet(1)
        self.refused("ClusterContainsContainerInstancesException",
                     "The Cluster cannot be deleted while Container Instances are active or draining.", "DeleteCluster",
                     {"cluster": "default"})
        self.server.ok("CreateCluster", {"clusterName": "far"})
        self.fargate()
        self.server.ok("RunTask", {"cluster": "far", "taskDefinition": "far", "launchType": "FARGATE", "networkConfiguration": SUBNETS})
        self.refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.", "DeleteCluster",
                     {"cluster": "far"})
        self.server.ok("CreateCluster", {"clusterName": "gone"})
        for _ in range(2):
            self.assertEqual(self.server.ok("DeleteCluster", {"cluster": "gone"})["cluster"]["status"], "INACTIVE")
        self.assertNotIn("gone", str(self.server.ok("ListClusters")))
        self.assertEqual(self.server.ok("DescribeClusters", {"clusters": ["gone"]})["clusters"][0]["status"], "INACTIVE")
        self.register()
        self.refused("ClusterNotFoundException", "The referenced cluster was inactive.", "RunTask",
                     {"cluster": "gone", "taskDefinition": "web"})
        self.assertEqual(self.server.ok("CreateCluster", {"clusterName": "gone"})["cluster"]["status"], "ACTIVE")
        self.refused("ClusterNotFoundException", "Cluster not found.", "DeleteCluster", {"cluster": "nope"})


class ContainerInstances(Case):
    IDENTITY = {"accountId": "000000000000", "architecture": "x86_64", "availabilityZone": "us-east-1b", "imageId": "ami-1",
                "instanceId": "i-0123456789abcdef0", "instanceType": "t2.micro", "region": "us-east-1", "version": "2017-09-30"}

    def instance(self, **more):
        return self.server.ok("RegisterContainerInstance", more)["containerInstance"]

    def test_register_with_an_identity_document(self):
        got = self.instance(instanceIdentityDocument=json.dumps(self.IDENTITY), instanceIdentityDocumentSignature="x",
                            versionInfo={"agentVersion": "1.0", "agentHash": "abc", "dockerVersion": "DockerVersion: 20"},
                            attributes=[{"name": "stack", "value": "test"}, {"name": "flag"}])
        self.assertRegex(got["containerInstanceArn"], r":container-instance/default/[0-9a-f]{32}$")
        self.assertEqual((got["ec2InstanceId"], got["status"], got["agentConnected"]), ("i-0123456789abcdef0", "ACTIVE", True))
        attributes = {entry["name"]: entry.get("value") for entry in got["attributes"]}
        self.assertEqual({name: attributes[name] for name in attributes}, {
            "stack": "test", "flag": None, "ecs.ami-id": "ami-1", "ecs.availability-zone": "us-east-1b",
            "ecs.instance-type": "t2.micro", "ecs.cpu-architecture": "x86_64", "ecs.vpc-id": "vpc-0ec51000000000001", "ecs.subnet-id": "subnet-0ec5100000000000b", "ecs.os-type": "linux"})
        resources = {entry["name"]: entry for entry in got["registeredResources"]}
        self.assertEqual(resources["CPU"], {"name": "CPU", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": 1024})
        self.assertEqual(resources["PORTS"]["stringSetValue"], ["22", "2376", "2375", "51678", "51679"])
        self.assertEqual(resources["PORTS_UDP"]["stringSetValue"], [])
        self.assertEqual([entry["name"] for entry in got["remainingResources"]], ["CPU", "MEMORY", "PORTS", "PORTS_UDP"])
        self.assertEqual((got["runningTasksCount"], got["pendingTasksCount"], got["attachments"], got["tags"]), (0, 0, [], []))

    def test_register_with_total_resources(self):
        got = self.instance(totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 100}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 200},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22", "8080"]},
            {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["53"]}])
        values = {entry["name"]: entry.get("stringSetValue", entry["integerValue"]) for entry in got["remainingResources"]}
        self.assertEqual(values, {"CPU": 100, "MEMORY": 200, "PORTS": ["22", "8080"], "PORTS_UDP": ["53"]})
        self.assertNotIn("ec2InstanceId", got)

    def test_register_again_keeps_the_arn(self):
        first = self.instance(attributes=[{"name": "stack", "value": "test"}])
        again = self.instance(containerInstanceArn=first["containerInstanceArn"], versionInfo={"agentVersion": "2"})
        self.assertEqual(again["containerInstanceArn"], first["containerInstanceArn"])
        self.assertEqual(again["versionInfo"], {"agentVersion": "2"})
        self.assertIn({"name": "stack", "value": "test"}, again["attributes"])
        self.assertEqual(len(self.server.ok("ListContainerInstances")["containerInstanceArns"]), 1)

    def test_missing_attributes_refuse_placement(self):
        arn = self.instance()["containerInstanceArn"]
        self.register(taskRoleArn="role")
        self.assertEqual(self.run_task()["failures"], [{"arn": arn, "reason": "ATTRIBUTE"}])
        self.instance(containerInstanceArn=arn, attributes=[{"name": "com.amazonaws.ecs.capability.task-iam-role"}])
        self.assertEqual(self.run_task()["failures"], [])

    def test_describe_failures(self):
        arn = self.server.fleet(1)[0]
        missing = arn.rsplit("/", 1)[0] + "/" + "0" * 32
        got = self.server.ok("DescribeContainerInstances", {"containerInstances": [arn, "0" * 32]})
        self.assertEqual((len(got["containerInstances"]), got["failures"]), (1, [{"arn": missing, "reason": "MISSING"}]))
        self.assertEqual(self.server.error("DescribeContainerInstances", {"containerInstances": ["0" * 32] * 101}),
                         ("InvalidParameterException", "instanceIds can have at most 100 items."))
        self.assertEqual(self.server.error("DescribeContainerInstances", {"containerInstances": []}),
                         ("ClientException", "Container Instances cannot be empty."))
        other = arn.replace("/default/", "/other/")
        self.assertEqual(self.server.error("DescribeContainerInstances", {"containerInstances": [other]})[1],
                         "Invalid identifier: Identifier is for cluster other. Your cluster is default")

    def test_deregister(self):
        arn = self.server.fleet(1)[0]
        self.register()
        task = self.run_task()["tasks"][0]["taskArn"]
        self.refused("InvalidParameterException", "Found running tasks on the instance.", "DeregisterContainerInstance",
                     {"containerInstance": arn})
        got = self.server.ok("DeregisterContainerInstance", {"containerInstance": arn, "force": True})["containerInstance"]
        self.assertEqual((got["status"], got["runningTasksCount"]), ("INACTIVE", 0))
        stopped = self.task(task)
        self.assertEqual((stopped["lastStatus"], stopped["stoppedReason"]),
                         ("STOPPED", "Container instance deregistration forced by user"))
        self.assertEqual(self.server.ok("ListContainerInstances")["containerInstanceArns"], [])
        self.assertEqual(self.server.ok("DescribeClusters")["clusters"][0]["registeredContainerInstancesCount"], 0)
        self.assertEqual(self.server.ok("DescribeContainerInstances", {"containerInstances": [arn]})["containerInstances"][0]["status"],
                         "INACTIVE")

    def test_list_pages(self):
        arns = self.server.fleet(7)
        pages = self.ecs.get_paginator("list_container_instances").paginate(PaginationConfig={"PageSize": 3})
        self.assertEqual([arn for page in pages for arn in page["containerInstanceArns"]], arns)
        self.assertEqual(self.server.ok("ListContainerInstances", {"status": "DRAINING"})["containerInstanceArns"], [])


class TaskDefinitions(Case):
    def test_minimal_to_the_letter(self):
        got = self.server.ok("RegisterTaskDefinition", {"family": "sleep360", "containerDefinitions": [
            {"name": "sleep", "image": "busybox", "cpu": 10, "command": ["sleep", "360"], "memory": 10}]})
        definition = got["taskDefinition"]
        self.assertEqual(set(got), {"taskDefinition"})
        self.assertIsInstance(definition.pop("registeredAt"), (int, float))
        self.assertEqual(definition.pop("registeredBy"), "arn:aws:iam::000000000000:root")
        self.assertEqual(definition, {
            "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/sleep360:1",
            "containerDefinitions": [{"name": "sleep", "image": "busybox", "cpu": 10, "memory": 10, "portMappings": [],
                                      "essential": True, "command": ["sleep", "360"], "environment": [], "mountPoints": [],
                                      "volumesFrom": [], "systemControls": []}],
            "family": "sleep360", "revision": 1, "volumes": [], "status": "ACTIVE", "placementConstraints": [],
            "compatibilities": ["EXTERNAL", "EC2"]})

    def test_fargate_attributes(self):
        got = self.fargate(executionRoleArn="role", container={
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", "portMappings": [{"containerPort": 80}],
            "memory": 128, "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}}})
        self.assertEqual({entry["name"] for entry in got["requiresAttributes"]}, {
            "com.amazonaws.ecs.capability.logging-driver.awslogs", "ecs.capability.execution-role-awslogs",
            "com.amazonaws.ecs.capability.ecr-auth", "com.amazonaws.ecs.capability.docker-remote-api.1.19",
            "ecs.capability.execution-role-ecr-pull", "com.amazonaws.ecs.capability.docker-remote-api.1.18",
            "ecs.capability.task-eni"})
        self.assertEqual(set(got["compatibilities"]), {"EC2", "FARGATE", "MANAGED_INSTANCES"})
        self.assertEqual(got["containerDefinitions"][0]["portMappings"], [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}])
        self.assertEqual(got["executionRoleArn"], "arn:aws:iam::000000000000:role/role")

    def test_texts(self):
        base = {"family": "f", "containerDefinitions": [APP]}
        two = [APP, {**APP, "name": "side"}]
        awsvpc = {"networkMode": "awsvpc"}
        fargate = {"requiresCompatibilities": ["FARGATE"], **awsvpc, "cpu": "256", "memory": "512"}
        logs = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p"}}
        container = lambda **more: {"containerDefinitions": [{**APP, **more}]}  # noqa: E731
        for change, text in (
                ({"containerDefinitions": [{**APP, "name": f"c{index}"} for index in range(11)]}, "Too many containers."),
                ({"containerDefinitions": [APP, APP]}, "Container names must be unique within a task definition"),
                ({"requiresCompatibilities": ["FARGATE"]}, "Fargate only supports network mode \u2018awsvpc\u2019."),
                (container(memory=8, memoryReservation=9),
                 "Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation'."),
                ({"memory": "15"}, "The 'memory' setting for container 'app' is greater than for the task."),
                ({"cpu": "128", **container(cpu=129)},
                 "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'."),
                (container(portMappings=[{"hostPort": 1}]), "Invalid 'containerPort' setting for container 'app'."),
                ({**awsvpc, **container(portMappings=[{"containerPort": 1, "hostPort": 2}])},
                 "When networkMode=awsvpc, the host ports and container ports in port mappings must match."),
                ({**awsvpc, **container(links=["x"])}, "Links are not supported when networkMode=awsvpc."),
                ({**awsvpc, **container(hostname="x")}, "hostname is not supported on container when networkMode=awsvpc."),
                (container(secrets=[]),
                 "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."),
                ({"containerDefinitions": [{**two[0], "dependsOn": [{"containerName": "side", "condition": "SUCCESS"}]}, two[1]]},
                 "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"),
                ({"containerDefinitions": [{**two[0], "dependsOn": [{"containerName": "side", "condition": "START"}]},
                                           {**two[1], "dependsOn": [{"containerName": "app", "condition": "START"}]}]},
                 "Container dependsOn contains a cycle"),
                (container(ulimits=[{"name": "nofile", "softLimit": 2, "hardLimit": 1}]), "Soft limit exceeds hard limit for ulimit nofile"),
                ({"volumes": [{"name": "v", "host": {"sourcePath": ""}}]}, "host.sourcePath should not be blank."),
                ({"taskRoleArn": "arn:aws:iam::1:user/x"}, "Role is not valid"),
                ({"ephemeralStorage": {"sizeInGiB": 20}}, "EphemeralStorage size should be at least 21"),
                ({"placementConstraints": [{"type": "distinctInstance"}]}, None),
                ({**fargate, "cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
                ({**fargate, "memory": "513"},
                 "No Fargate configuration exists for given values: 256 CPU, 513 memory. See the Amazon ECS documentation for the valid values."),
                ({**fargate, **container(privileged=True)}, "Fargate requires that the 'privileged' setting be 'false'"),
                ({**fargate, **container(logConfiguration=logs)},
                 "Fargate requires task definition to have execution role ARN to support log driver awslogs."),
                ({"cpu": "many"}, "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the "
                                  "Amazon ECS Developer Guide."),
                ({"tags": [{"key": "aws:x", "value": "y"}]}, "Invalid tag key or value.")):
            code, got = self.server.error("RegisterTaskDefinition", {**base, **change})
            self.assertEqual(code, "ClientException", change)
            if text is not None:
                self.assertEqual(got, text)
        self.assertEqual(self.server.ok("ListTaskDefinitionFamilies")["families"], [])

    def test_sizes_become_units(self):
        got = self.register(cpu="1 vCPU", memory="2GB")
        self.assertEqual((got["cpu"], got["memory"]), ("1024", "2048"))

    def test_empty_lists_are_echoed(self):
        got = self.register(container={"links": [], "command": [], "dockerLabels": {}, "ulimits": []})["containerDefinitions"][0]
        self.assertEqual((got["links"], got["command"], got["dockerLabels"], got["ulimits"]), ([], [], {}, []))

    def test_tags(self):
        tags = [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}]
        body = {"family": "web", "containerDefinitions": [APP], "tags": tags}
        self.assertEqual(self.server.ok("RegisterTaskDefinition", body)["tags"], tags)
        self.assertNotIn("tags", self.server.ok("DescribeTaskDefinition", {"taskDefinition": "web"}))
        self.assertEqual(self.server.ok("DescribeTaskDefinition", {"taskDefinition": "web", "include": ["TAGS"]})["tags"], tags)

    def test_identifiers(self):
        self.refused("InvalidParameterException", "Invalid revision number. Number: abc", "DescribeTaskDefinition",
                     {"taskDefinition": "web:abc"})
        self.refused("InvalidParameterException", "Invalid Region in ARN", "DescribeTaskDefinition",
                     {"taskDefinition": "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:1"})

    def test_lists(self):
        for family in ("b", "a", "a-x"):
            for _ in range(3):
                self.register(family)
        self.server.ok("DeregisterTaskDefinition", {"taskDefinition": "a:2"})
        for revision in (1, 2, 3):
            self.server.ok("DeregisterTaskDefinition", {"taskDefinition": f"b:{revision}"})
        names = lambda **more: [arn.rsplit("/", 1)[1] for arn in  # noqa: E731
                                self.server.ok("ListTaskDefinitions", more)["taskDefinitionArns"]]
        self.assertEqual(names(), ["a:1", "a:3", "a-x:1", "a-x:2", "a-x:3"])
        self.assertEqual(names(sort="DESC"), ["a-x:3", "a-x:2", "a-x:1", "a:3", "a:1"])
        self.assertEqual(names(familyPrefix="a"), ["a:1", "a:3"])
        self.assertEqual(names(familyPrefix="a", sort="DESC"), ["a:3", "a:1"])
        self.assertEqual(names(status="INACTIVE"), ["a:2", "b:1", "b:2", "b:3"])
        for order in ("ASC", "DESC"):
            pages = self.ecs.get_paginator("list_task_definitions").paginate(sort=order, PaginationConfig={"PageSize": 2})
            self.assertEqual([arn.rsplit("/", 1)[1] for page in pages for arn in page["taskDefinitionArns"]], names(sort=order))
        families = lambda **more: self.server.ok("ListTaskDefinitionFamilies", more)["families"]  # noqa: E731
        self.assertEqual(families(), ["a", "a-x", "b"])
        self.assertEqual(families(status="ACTIVE"), ["a", "a-x"])
        self.assertEqual(families(status="INACTIVE"), ["b"])
        self.assertEqual(families(familyPrefix="a"), ["a", "a-x"])
        pages = self.ecs.get_paginator("list_task_definition_families").paginate(PaginationConfig={"PageSize": 1})
        self.assertEqual([name for page in pages for name in page["families"]], ["a", "a-x", "b"])

    def test_delete(self):
        self.server.fleet(1)
        self.register()
        self.register()
        task = self.run_task(taskDefinition="web:1")["tasks"][0]["taskArn"]
        for revision in (1, 2):
            self.server.ok("DeregisterTaskDefinition", {"taskDefinition": f"web:{revision}"})
        self.register()
        got = self.server.ok("DeleteTaskDefinitions", {"taskDefinitions": ["web:1", "web:2", "web:3", "web", "nope:1"]})
        self.assertEqual([(entry["revision"], entry["status"]) for entry in got["taskDefinitions"]],
                         [(1, "DELETE_IN_PROGRESS"), (2, "DELETE_IN_PROGRESS")])
        self.assertEqual([entry["arn"] for entry in got["failures"]], ["web:3", "web", "nope:1"])
        self.assertEqual(got["failures"][0]["reason"],
                         "The specified task definition is still in ACTIVE status. Please deregister the target and try again.")
        describe = lambda revision: self.server.call("DescribeTaskDefinition", {"taskDefinition": f"web:{revision}"})[0]  # noqa: E731
        listed = lambda: self.server.ok("ListTaskDefinitions", {"status": "DELETE_IN_PROGRESS"})["taskDefinitionArns"]  # noqa: E731
        self.assertEqual((describe(1), describe(2), len(listed())), (200, 200, 2))
        self.server.admin("POST", "/_ecs/clock", {"mode": "held"})
        self.server.admin("POST", "/_ecs/clock/advance", {"by": "5s"})
        self.assertEqual((describe(1), describe(2), len(listed())), (200, 400, 1))
        self.server.ok("StopTask", {"task": task})
        self.assertEqual((describe(1), len(listed())), (400, 0))
        self.assertEqual(self.register()["revision"], 4)
        self.refused("InvalidParameterException", "size of TaskDefinition references list must be greater than 0",
                     "DeleteTaskDefinitions", {"taskDefinitions": []})


class RunTask(Case):
    def test_placement_failures_and_partial_placement(self):
        arns = self.server.fleet(2, "m5.large")
        self.register(container={"cpu": 1000})
        got = self.run_task(count=6)
        self.assertEqual((len(got["tasks"]), len(got["failures"])), (4, 2))
        self.assertTrue(all(entry["reason"] == "RESOURCE:CPU" for entry in got["failures"]))
        got = self.run_task(count=2)
        self.assertEqual(sorted(entry["arn"] for entry in got["failures"]), sorted(arns))

    def test_udp_ports(self):
        self.server.fleet(1)
        self.register(container={"portMappings": [{"containerPort": 53, "hostPort": 53, "protocol": "udp"}]})
        self.assertEqual(self.run_task()["failures"], [])
        self.assertEqual(self.run_task()["failures"][0]["reason"], "RESOURCE:PORTS_UDP")

    def test_network_configuration(self):
        self.server.fleet(1)
        self.register(networkMode="awsvpc")
        self.refused("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
                     "RunTask", {"taskDefinition": "web"})
        self.register("plain")
        self.refused("InvalidParameterException",
                     "Network Configuration is not valid for the given networkMode of this task definition.", "RunTask",
                     {"taskDefinition": "plain", "networkConfiguration": SUBNETS})
        self.refused("InvalidParameterException", "Assign public IP is not supported for this launch type.", "RunTask",
                     {"taskDefinition": "web", "networkConfiguration": SUBNETS})

    def test_launch_types(self):
        self.register()
        self.refused("InvalidParameterException", "Task definition does not support launch_type FARGATE.", "RunTask",
                     {"taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": SUBNETS})
        self.refused("InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]",
                     "RunTask", {"taskDefinition": "web", "launchType": "NOPE"})
        self.refused("InvalidParameterException",
                     "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
                     "RunTask", {"taskDefinition": "web", "launchType": "EC2",
                                 "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]})
        self.refused("InvalidParameterException", "The platform version must be null when specifying an EC2 launch type.",
                     "RunTask", {"taskDefinition": "web", "platformVersion": "1.4.0"})
        self.fargate()
        body = {"taskDefinition": "far", "launchType": "FARGATE", "networkConfiguration": SUBNETS, "platformVersion": "1.4"}
        self.refused("PlatformUnknownException", "The specified platform does not exist.", "RunTask", body)

    def test_fargate_task(self):
        self.fargate()
        got = self.server.ok("RunTask", {"taskDefinition": "far", "launchType": "FARGATE", "networkConfiguration": SUBNETS,
                                         "platformVersion": "LATEST"})["tasks"][0]
        self.assertEqual((got["lastStatus"], got["launchType"], got["platformVersion"], got["platformFamily"]),
                         ("PROVISIONING", "FARGATE", "1.4.0", "Linux"))
        self.assertEqual((got["cpu"], got["memory"], got["ephemeralStorage"]), ("256", "512", {"sizeInGiB": 20}))
        self.assertNotIn("containerInstanceArn", got)
        attachment = got["attachments"][0]
        self.assertEqual((attachment["type"], attachment["status"], attachment["details"]),
                         ("ElasticNetworkInterface", "PRECREATED", [{"name": "subnetId", "value": "subnet-1"}]))
        running = self.task(got["taskArn"])
        self.assertEqual(running["attachments"][0]["status"], "ATTACHED")
        self.assertEqual([entry["name"] for entry in running["attachments"][0]["details"]],
                         ["subnetId", "networkInterfaceId", "macAddress", "privateDnsName", "privateIPv4Address"])
        container = running["containers"][0]
        self.assertEqual(container["networkInterfaces"][0]["attachmentId"], attachment["id"])
        self.assertEqual(container["networkBindings"], [])
        self.assertRegex(container["runtimeId"], r"^[0-9a-f]{32}-\d{9,10}$")
        self.assertEqual(running["version"], 3)

    def test_capacity_provider_strategy(self):
        self.fargate()
        body = {"taskDefinition": "far", "networkConfiguration": SUBNETS,
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
        self.refused("InvalidParameterException",
                     "The specified capacity provider strategy cannot contain a capacity provider that is not associated with "
                     "the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.", "RunTask", body)
        self.server.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                                                       "defaultCapacityProviderStrategy": []})
        got = self.server.ok("RunTask", body)["tasks"][0]
        self.assertEqual((got["launchType"], got["capacityProviderName"]), ("FARGATE", "FARGATE_SPOT"))

    def test_group_tags_and_managed_tags(self):
        self.server.fleet(1)
        self.server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [APP],
                                                  "tags": [{"key": "k", "value": "definition"}, {"key": "d", "value": "1"}]})
        got = self.run_task(enableECSManagedTags=True, propagateTags="TASK_DEFINITION", tags=[{"key": "k", "value": "mine"}])
        expected = [{"key": "aws:ecs:clusterName", "value": "default"}, {"key": "k", "value": "mine"}, {"key": "d", "value": "1"}]
        self.assertEqual(got["tasks"][0]["tags"], expected)
        self.assertEqual(got["tasks"][0]["group"], "family:web")
        arn = got["tasks"][0]["taskArn"]
        self.assertEqual(self.task(arn)["tags"], [])
        self.assertEqual(self.server.ok("DescribeTasks", {"tasks": [arn], "include": ["TAGS"]})["tasks"][0]["tags"], expected)
        self.assertEqual(self.run_task(group="mine")["tasks"][0]["group"], "mine")

    def test_execute_command_needs_a_role(self):
        self.server.fleet(1)
        self.register()
        self.refused("InvalidParameterException",
                     "The execute command failed because a valid task role is not being used. Specify a valid task role in "
                     "your task definition or as a task override and try again.", "RunTask",
                     {"taskDefinition": "web", "enableExecuteCommand": True})
        self.assertTrue(self.run_task(enableExecuteCommand=True, overrides={"taskRoleArn": "r"})["tasks"][0]["enableExecuteCommand"])

    def test_overrides_change_what_is_reserved(self):
        arn = self.server.fleet(1)[0]
        self.register()
        self.run_task(overrides={"containerOverrides": [{"name": "app", "cpu": 100, "memory": 300}]})
        got = self.server.ok("DescribeContainerInstances", {"containerInstances": [arn]})["containerInstances"][0]
        used = {entry["name"]: entry["integerValue"] for entry in got["registeredResources"]}
        left = {entry["name"]: entry["integerValue"] for entry in got["remainingResources"]}
        self.assertEqual((used["CPU"] - left["CPU"], used["MEMORY"] - left["MEMORY"]), (100, 300))

    def test_waiters_and_paginator(self):
        self.server.fleet(1)
        self.register()
        arns = [task["taskArn"] for task in self.run_task(count=5)["tasks"]]
        quick = {"Delay": 1, "MaxAttempts": 3}
        self.ecs.get_waiter("tasks_running").wait(tasks=arns, WaiterConfig=quick)
        pages = self.ecs.get_paginator("list_tasks").paginate(PaginationConfig={"PageSize": 2})
        self.assertEqual([arn for page in pages for arn in page["taskArns"]], arns)
        for arn in arns:
            self.ecs.stop_task(task=arn)
        self.ecs.get_waiter("tasks_stopped").wait(tasks=arns, WaiterConfig=quick)


class ListTasks(Case):
    def test_filters(self):
        instances = self.server.fleet(2)
        self.register()
        self.register("job")
        self.fargate()
        web = self.server.ok("StartTask", {"taskDefinition": "web", "containerInstances": [instances[0]]})["tasks"][0]["taskArn"]
        job = self.server.ok("StartTask", {"taskDefinition": "job", "containerInstances": [instances[1]],
                                           "startedBy": "me"})["tasks"][0]["taskArn"]
        far = self.server.ok("RunTask", {"taskDefinition": "far", "launchType": "FARGATE",
                                         "networkConfiguration": SUBNETS})["tasks"][0]["taskArn"]
        names = lambda **more: sorted(self.server.ok("ListTasks", more)["taskArns"])  # noqa: E731
        self.assertEqual(names(), sorted([web, job, far]))
        self.assertEqual(names(family="job"), [job])
        self.assertEqual(names(family="nope"), [])
        self.assertEqual(names(containerInstance=instances[0]), [web])
        self.assertEqual(names(containerInstance=instances[0], family="job"), [])
        self.assertEqual(names(startedBy="me"), [job])
        self.assertEqual(names(launchType="FARGATE"), [far])
        self.assertEqual(names(launchType="EC2", family="web"), [web])
        self.assertEqual(names(desiredStatus="PENDING"), [])
        self.server.ok("StopTask", {"task": web})
        self.assertEqual(names(desiredStatus="STOPPED"), [web])
        self.assertEqual(names(family="web"), [])
        self.assertEqual(names(family="web", desiredStatus="STOPPED"), [web])

    def test_refusals(self):
        for body, text in (({"startedBy": "x", "family": "f"}, "cannot specify startedBy with other arguments"),
                           ({"startedBy": "x", "desiredStatus": "STOPPED"}, "cannot specify startedBy with other arguments"),
                           ({"serviceName": "s", "family": "f"}, "cannot specify serviceName with other arguments"),
                           ({"family": "f:1"}, "family must match ^[a-zA-Z0-9\\-_]+$")):
            self.refused("InvalidParameterException", text, "ListTasks", body)
        self.refused("ServiceNotFoundException", "Service not found.", "ListTasks", {"serviceName": "s"})


class LifeCycle(Case):
    options = REALISTIC

    def statuses(self, arn, step="1s", count=60):
        seen = []
        for _ in range(count):
            status = self.task(arn)["lastStatus"]
            if not seen or seen[-1] != status:
                seen.append(status)
            self.server.advance(by=step)
        return seen

    def test_ec2(self):
        self.server.fleet(1)
        self.register()
        arn = self.run_task()["tasks"][0]["taskArn"]
        self.assertEqual(self.statuses(arn), ["PENDING", "RUNNING"])
        self.server.ok("StopTask", {"task": arn})
        self.assertEqual(self.statuses(arn)[-2:], ["STOPPING", "STOPPED"])
        self.assertEqual(self.task(arn)["version"], 4)

    def test_fargate_passes_every_status(self):
        self.fargate()
        arn = self.server.ok("RunTask", {"taskDefinition": "far", "launchType": "FARGATE",
                                         "networkConfiguration": SUBNETS})["tasks"][0]["taskArn"]
        self.assertEqual(self.statuses(arn), ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"])
        stopping = self.server.ok("StopTask", {"task": arn})["task"]
        self.assertEqual((stopping["desiredStatus"], stopping["lastStatus"], stopping["version"]), ("STOPPED", "RUNNING", 4))
        self.assertEqual(self.statuses(arn)[-4:], ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"])
        task = self.task(arn)
        order = ["createdAt", "connectivityAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "executionStoppedAt",
                 "stoppedAt"]
        self.assertEqual([task[name] for name in order], sorted(task[name] for name in order))
        self.assertEqual((task["version"], task["attachments"][0]["status"]), (6, "DELETED"))

    def test_stop_before_it_runs(self):
        self.server.fleet(1)
        self.register()
        arn = self.run_task()["tasks"][0]["taskArn"]
        self.server.ok("StopTask", {"task": arn, "reason": "too late"})
        task = self.task(arn)
        self.assertEqual((task["lastStatus"], task["stoppedReason"]), ("STOPPED", "too late"))
        self.assertNotIn("startedAt", task)
        self.assertNotIn("exitCode", task["containers"][0])

    def test_stopped_tasks_stay_for_an_hour(self):
        self.server.fleet(1)
        self.register()
        arn = self.run_task()["tasks"][0]["taskArn"]
        self.server.ok("StopTask", {"task": arn})
        self.server.advance(by="59m")
        self.assertEqual(self.task(arn)["lastStatus"], "STOPPED")
        self.assertEqual(self.server.ok("ListTasks", {"desiredStatus": "STOPPED"})["taskArns"], [arn])
        self.server.advance(by="2m")
        self.assertEqual(self.server.ok("DescribeTasks", {"tasks": [arn]})["failures"], [{"arn": arn, "reason": "MISSING"}])
        self.assertEqual(self.server.ok("ListTasks", {"desiredStatus": "STOPPED"})["taskArns"], [])

    def test_pending_counts_and_no_bindings_before_running(self):
        self.server.fleet(1)
        self.register(container={"portMappings": [{"containerPort": 80}]})
        arn = self.run_task()["tasks"][0]["taskArn"]
        cluster = self.server.ok("DescribeClusters")["clusters"][0]
        self.assertEqual((cluster["pendingTasksCount"], cluster["runningTasksCount"]), (1, 0))
        self.assertNotIn("networkBindings", self.task(arn)["containers"][0])
        self.server.advance(to="next")
        cluster = self.server.ok("DescribeClusters")["clusters"][0]
        self.assertEqual((cluster["pendingTasksCount"], cluster["runningTasksCount"]), (0, 1))
        self.assertEqual(len(self.task(arn)["containers"][0]["networkBindings"]), 1)

    def test_advance_answers_what_fired(self):
        self.server.fleet(1)
        self.register()
        arn = self.run_task()["tasks"][0]["taskArn"]
        before = self.server.admin("GET", "/_ecs/clock")[1]
        self.assertEqual((before["mode"], before["pendingTimers"]), ("held", 1))
        reply = self.server.advance(to="next")
        self.assertEqual([(entry["task"], entry["from"], entry["to"]) for entry in reply["fired"]], [(arn, "PENDING", "RUNNING")])
        self.assertEqual(reply["now"], before["nextTimerAt"])
        for bad in ({"by": "soon"}, {}, {"to": "never"}, {"by": "1s", "to": "next"}):
            self.assertEqual(self.server.admin("POST", "/_ecs/clock/advance", bad)[0], 400)


class Seeded(unittest.TestCase):
    def run_once(self):
        with Server("--seed", "42", "--clock", "held") as server:
            server.ok("CreateCluster", {})
            fleet = [arn for arn in server.fleet(5)]
            server.ok("RegisterTaskDefinition", {"family": "web", "containerDefinitions": [
                {**APP, "portMappings": [{"containerPort": 80}]}]})
            tasks = server.ok("RunTask", {"taskDefinition": "web", "count": 5})["tasks"]
            described = server.ok("DescribeTasks", {"tasks": [task["taskArn"] for task in tasks]})["tasks"]
            for task in described:
                for name in [name for name in task if name.endswith("At")]:
                    del task[name]
            return fleet, described

    def test_the_same_seed_gives_the_same_world(self):
        self.assertEqual(self.run_once(), self.run_once())


if __name__ == "__main__":
    unittest.main()
