"""Express gateway services: ordinary services on Fargate with a task definition, network, ingress and scaling made for them.
Plain calls (Debian's SDK does not know them). Facts: services 12."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

PREFIX = "arn:aws:ecs:us-east-1:000000000000:"
ROLE = "arn:aws:iam::000000000000:role/"
INVALID = "InvalidParameterException"
CLIENT = "ClientException"
MAIN = {"name": "Main", "image": "web:1", "portMappings": [{"containerPort": 8080, "name": "http"}]}


class Case(unittest.TestCase):
    options = ("--clock", "held")

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options).start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.server.ok("CreateCluster")

    body = {"infrastructureRoleArn": ROLE + "infra", "executionRoleArn": ROLE + "exec", "serviceName": "web",
            "primaryContainer": {"image": "web:1"}}

    def create(self, **more):
        return self.server.ok("CreateExpressGatewayService", {**self.body, **more})["service"]

    def describe(self, name="web", **more):
        return self.server.ok("DescribeExpressGatewayService", {"serviceArn": PREFIX + "service/default/" + name, **more})["service"]

    def update(self, **more):
        return self.server.ok("UpdateExpressGatewayService", {"serviceArn": PREFIX + "service/default/web", **more})["service"]

    def service(self, name="web"):
        return self.server.ok("DescribeServices", {"services": [name]})["services"][0]

    def settle(self):
        self.assertTrue(self.server.advance(to="stable")["stable"])

    def customer(self, family="mine", container=None, **more):
        return self.server.ok("RegisterTaskDefinition", {
            "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
            "containerDefinitions": [container or MAIN], **more})["taskDefinition"]["taskDefinitionArn"]

    def refused(self, code, text, operation, body):
        self.assertEqual(self.server.error(operation, body), (code, text))


class Create(Case):
    def test_defaults(self):
        got = self.create()
        self.assertEqual((got["cluster"], got["serviceName"], got["serviceArn"], got["infrastructureRoleArn"], got["status"], got["tags"]),
                         ("default", "web", PREFIX + "service/default/web", ROLE + "infra", {"statusCode": "ACTIVE"}, []))
        self.assertEqual(got["createdAt"], got["updatedAt"])
        configuration = got["activeConfigurations"][0]
        self.assertRegex(configuration.pop("serviceRevisionArn"), "^" + PREFIX + "service-revision/default/web/[0-9]{19}$")
        paths = configuration.pop("ingressPaths")
        self.assertEqual([path["accessType"] for path in paths], ["PUBLIC"])
        self.assertRegex(paths[0]["endpoint"], r"^https://[0-9a-f]+\.ecs\.us-east-1\.on\.aws$")
        network = configuration.pop("networkConfiguration")
        self.assertEqual((len(network["subnets"]), len(network["securityGroups"])), (2, 1))
        del configuration["createdAt"]
        self.assertEqual(configuration, {
            "executionRoleArn": ROLE + "exec", "taskDefinitionArn": PREFIX + "task-definition/web:1", "cpu": "256", "memory": "512",
            "cpuArchitecture": "X86_64", "healthCheckPath": "/ping",
            "primaryContainer": {"image": "web:1", "containerPort": 80, "awsLogsConfiguration": {"logGroup": "/aws/ecs/default/web", "logStreamPrefix": "ecs"}},
            "scalingTarget": {"minTaskCount": 1, "maxTaskCount": 20, "autoScalingMetric": "AVERAGE_CPU", "autoScalingTargetValue": 60}})

    def test_everything_given(self):
        container = {"image": "web:2", "containerPort": 8080, "awsLogsConfiguration": {"logGroup": "/mine", "logStreamPrefix": "x"},
                     "repositoryCredentials": {"credentialsParameter": "arn:aws:secretsmanager:us-east-1:000000000000:secret:s"},
                     "command": ["run"], "environment": [{"name": "A", "value": "1"}],
                     "secrets": [{"name": "S", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/p"}]}
        target = {"minTaskCount": 2, "maxTaskCount": 4, "autoScalingMetric": "AVERAGE_MEMORY", "autoScalingTargetValue": 70}
        network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
        got = self.create(primaryContainer=container, taskRoleArn=ROLE + "task", cpu="1024", memory="2048", cpuArchitecture="ARM64",
                          healthCheckPath="/health", scalingTarget=target, networkConfiguration=network, tags=[{"key": "k", "value": "v"}])
        configuration = got["activeConfigurations"][0]
        self.assertEqual((configuration["primaryContainer"], configuration["scalingTarget"], configuration["networkConfiguration"]),
                         (container, target, network))
        self.assertEqual((configuration["cpu"], configuration["memory"], configuration["cpuArchitecture"], configuration["healthCheckPath"], configuration["taskRoleArn"]),
                         ("1024", "2048", "ARM64", "/health", ROLE + "task"))
        self.assertEqual(got["tags"], [{"key": "k", "value": "v"}])
        definition = self.server.ok("DescribeTaskDefinition", {"taskDefinition": "web"})["taskDefinition"]
        self.assertEqual((definition["cpu"], definition["networkMode"], definition["requiresCompatibilities"], definition["runtimePlatform"]),
                         ("1024", "awsvpc", ["FARGATE"], {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}))
        main = definition["containerDefinitions"][0]
        self.assertEqual((main["name"], main["image"], main["command"], main["essential"]), ("Main", "web:2", ["run"], True))
        self.assertEqual(main["portMappings"], [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "main"}])
        self.assertEqual(main["logConfiguration"]["options"], {"awslogs-group": "/mine", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"})

    def test_it_is_an_ordinary_service_whose_tasks_run(self):
        self.create(scalingTarget={"minTaskCount": 2})
        self.settle()
        service = self.service()
        self.assertEqual((service["resourceManagementType"], service["launchType"], service["desiredCount"], service["runningCount"], service["status"]),
                         ("ECS", "FARGATE", 2, 2, "ACTIVE"))
        self.assertEqual(self.server.ok("ListServices", {"resourceManagementType": "ECS"})["serviceArns"], [PREFIX + "service/default/web"])
        self.assertEqual(self.server.ok("ListServices", {"resourceManagementType": "CUSTOMER"})["serviceArns"], [])
        tasks = self.server.ok("DescribeTasks", {"tasks": self.server.ok("ListTasks", {"serviceName": "web"})["taskArns"]})["tasks"]
        self.assertEqual({(task["lastStatus"], task["group"], task["taskDefinitionArn"]) for task in tasks},
                         {("RUNNING", "service:web", PREFIX + "task-definition/web:1")})
        got = self.describe()
        deployment = self.server.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [got["currentDeployment"]]})["serviceDeployments"][0]
        self.assertEqual(deployment["status"], "SUCCESSFUL")
        self.assertEqual(deployment["targetServiceRevision"]["arn"], got["activeConfigurations"][0]["serviceRevisionArn"])

    def test_a_name_is_made(self):
        name = self.create(serviceName="")["serviceName"]
        self.assertRegex(name, "^express-service-[0-9a-f]{8}$")
        self.assertNotEqual(self.create(serviceName="")["serviceName"], name)

    def test_a_cluster_of_its_own(self):
        self.server.ok("CreateCluster", {"clusterName": "c"})
        got = self.create(cluster=PREFIX + "cluster/c")
        self.assertEqual((got["cluster"], got["serviceArn"]), ("c", PREFIX + "service/c/web"))

    def test_a_task_definition_of_the_customer(self):
        arn = self.customer()
        got = self.server.ok("CreateExpressGatewayService", {
            "infrastructureRoleArn": ROLE + "infra", "serviceName": "own", "taskDefinitionArn": "mine"})["service"]
        configuration = got["activeConfigurations"][0]
        self.assertEqual((configuration["taskDefinitionArn"], "primaryContainer" in configuration, "cpu" in configuration), (arn, False, False))
        self.settle()
        self.assertEqual((self.service("own")["taskDefinition"], self.service("own")["runningCount"]), (arn, 1))

    def test_tags_only_when_asked(self):
        self.create(tags=[{"key": "k", "value": "v"}])
        self.assertNotIn("tags", self.describe())
        self.assertEqual(self.describe(include=["TAGS"])["tags"], [{"key": "k", "value": "v"}])
        arn = PREFIX + "service/default/web"
        self.server.ok("UntagResource", {"resourceArn": arn, "tagKeys": ["k"]})
        self.assertEqual(self.describe(include=["TAGS"])["tags"], [])


class Resources(Case):
    def managed(self, name="web"):
        arn = self.describe(name)["activeConfigurations"][0]["serviceRevisionArn"]
        return self.server.ok("DescribeServiceRevisions", {"serviceRevisionArns": [arn]})["serviceRevisions"][0]["ecsManagedResources"]

    def test_all_there_at_once(self):
        self.create(scalingTarget={"minTaskCount": 1, "maxTaskCount": 3}, networkConfiguration={"subnets": ["subnet-1"], "securityGroups": ["sg-1"]})
        got = self.managed()
        self.assertEqual(set(got), {"ingressPaths", "autoScaling", "metricAlarms", "serviceSecurityGroups", "logGroups"})
        path = got["ingressPaths"][0]
        self.assertEqual((path["accessType"], path["endpoint"]),
                         ("PUBLIC", self.describe()["activeConfigurations"][0]["ingressPaths"][0]["endpoint"]))
        self.assertEqual((path["loadBalancer"]["subnetIds"], path["loadBalancer"]["scheme"]), (["subnet-1"], "internet-facing"))
        self.assertEqual([group["healthCheckPath"] for group in path["targetGroups"]], ["/ping", "/ping"])
        self.assertEqual((got["autoScaling"]["scalableTarget"]["minCapacity"], got["autoScaling"]["scalableTarget"]["maxCapacity"]), (1, 3))
        policy = got["autoScaling"]["applicationAutoScalingPolicies"][0]
        self.assertEqual((policy["policyType"], policy["targetValue"], policy["metric"]), ("TargetTrackingScaling", 60.0, "ECSServiceAverageCPUUtilization"))
        self.assertEqual(got["logGroups"][0]["logGroupName"], "/aws/ecs/default/web")
        resources = [path["loadBalancer"], path["listener"], path["rule"], path["certificate"], *path["targetGroups"], *path["loadBalancerSecurityGroups"],
                     policy, got["autoScaling"]["scalableTarget"], *got["metricAlarms"], *got["serviceSecurityGroups"], *got["logGroups"]]
        for resource in resources:
            self.assertEqual((resource["status"], resource["arn"].startswith("arn:aws:"), "updatedAt" in resource), ("ACTIVE", True, True))

    def test_an_ordinary_service_has_none(self):
        self.create()
        self.server.ok("CreateService", {"serviceName": "plain", "taskDefinition": "web", "desiredCount": 0, "launchType": "FARGATE",
                                         "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}})
        arn = self.service("plain")["currentServiceRevisions"][0]["arn"]
        self.assertNotIn("ecsManagedResources", self.server.ok("DescribeServiceRevisions", {"serviceRevisionArns": [arn]})["serviceRevisions"][0])
        self.assertEqual(self.service("plain")["resourceManagementType"], "CUSTOMER")
        self.refused(INVALID, "The service is not an Express gateway service.", "DescribeExpressGatewayService",
                     {"serviceArn": PREFIX + "service/default/plain"})


class Update(Case):
    def test_a_new_image_rolls_out(self):
        self.create()
        self.settle()
        before = self.describe()
        got = self.update(primaryContainer={"image": "web:2"})
        self.assertEqual((got["serviceName"], got["cluster"], got["status"], set(got)),
                         ("web", "default", {"statusCode": "ACTIVE"},
                          {"serviceArn", "cluster", "serviceName", "status", "targetConfiguration", "createdAt", "updatedAt"}))
        target = got["targetConfiguration"]
        self.assertEqual((target["taskDefinitionArn"], target["primaryContainer"]["image"], target["primaryContainer"]["containerPort"], target["executionRoleArn"]),
                         (PREFIX + "task-definition/web:2", "web:2", 80, ROLE + "exec"))
        self.assertEqual(target["ingressPaths"], before["activeConfigurations"][0]["ingressPaths"])
        self.settle()
        after = self.describe()
        self.assertEqual([one["serviceRevisionArn"] for one in after["activeConfigurations"]], [target["serviceRevisionArn"]])
        self.assertNotEqual(after["currentDeployment"], before["currentDeployment"])
        tasks = self.server.ok("DescribeTasks", {"tasks": self.server.ok("ListTasks", {"serviceName": "web"})["taskArns"]})["tasks"]
        self.assertEqual([task["containers"][0]["image"] for task in tasks], ["web:2"])

    def test_two_configurations_during_a_deployment(self):
        with Server("--clock", "held", "--timing", "realistic") as server:
            server.ok("CreateCluster")
            arn = server.ok("CreateExpressGatewayService", self.body)["service"]["serviceArn"]
            server.advance(to="stable")
            server.ok("UpdateExpressGatewayService", {"serviceArn": arn, "primaryContainer": {"image": "web:2"}})
            got = server.ok("DescribeExpressGatewayService", {"serviceArn": arn})["service"]
            self.assertEqual([one["primaryContainer"]["image"] for one in got["activeConfigurations"]], ["web:2", "web:1"])
            server.advance(to="stable")
            got = server.ok("DescribeExpressGatewayService", {"serviceArn": arn})["service"]
            self.assertEqual([one["primaryContainer"]["image"] for one in got["activeConfigurations"]], ["web:2"])

    def test_what_is_not_given_stays(self):
        self.create(healthCheckPath="/health", scalingTarget={"minTaskCount": 2, "maxTaskCount": 4})
        self.settle()
        target = self.update(scalingTarget={"maxTaskCount": 5})["targetConfiguration"]
        self.assertEqual((target["healthCheckPath"], target["scalingTarget"]["minTaskCount"], target["scalingTarget"]["maxTaskCount"]), ("/health", 2, 5))
        self.assertEqual(target["taskDefinitionArn"], PREFIX + "task-definition/web:1")
        self.settle()
        self.assertEqual(len(self.describe()["activeConfigurations"]), 1)

    def test_the_count_follows_its_bounds(self):
        self.create(scalingTarget={"minTaskCount": 2, "maxTaskCount": 4})
        self.settle()
        self.update(scalingTarget={"minTaskCount": 3})
        self.settle()
        self.assertEqual(self.service()["runningCount"], 3)
        self.update(scalingTarget={"minTaskCount": 1, "maxTaskCount": 2})
        self.settle()
        self.assertEqual(self.service()["runningCount"], 2)

    def test_from_one_sort_to_the_other(self):
        self.create()
        arn = self.customer()
        target = self.update(taskDefinitionArn=arn)["targetConfiguration"]
        self.assertEqual((target["taskDefinitionArn"], "primaryContainer" in target, "executionRoleArn" in target), (arn, False, False))
        target = self.update(primaryContainer={"image": "web:3"}, executionRoleArn=ROLE + "exec")["targetConfiguration"]
        self.assertEqual((target["taskDefinitionArn"], target["cpu"]), (PREFIX + "task-definition/web:2", "256"))
        self.settle()
        self.assertEqual(self.service()["taskDefinition"], PREFIX + "task-definition/web:2")

    def test_network(self):
        self.create()
        self.update(networkConfiguration={"subnets": ["subnet-9"]})
        network = self.service()["networkConfiguration"]["awsvpcConfiguration"]
        self.assertEqual((network["subnets"], network["assignPublicIp"]), (["subnet-9"], "ENABLED"))
        self.assertEqual(self.describe()["activeConfigurations"][0]["networkConfiguration"]["subnets"], ["subnet-9"])


class Delete(Case):
    def test_drains_and_ends(self):
        self.create()
        self.settle()
        got = self.server.ok("DeleteExpressGatewayService", {"serviceArn": PREFIX + "service/default/web"})["service"]
        self.assertEqual(got["status"]["statusCode"], "DRAINING")
        self.settle()
        got = self.describe()
        self.assertEqual((got["status"]["statusCode"], got["activeConfigurations"]), ("INACTIVE", []))
        self.assertEqual(self.server.ok("ListTasks")["taskArns"], [])
        for operation in ("UpdateExpressGatewayService", "DeleteExpressGatewayService"):
            self.refused("ServiceNotActiveException", "Cannot perform this operation on a service in INACTIVE status", operation,
                         {"serviceArn": PREFIX + "service/default/web"})
        self.assertEqual(self.create()["status"]["statusCode"], "ACTIVE")

    def test_while_it_drains(self):
        with Server("--clock", "held", "--timing", "realistic") as server:
            server.ok("CreateCluster")
            arn = server.ok("CreateExpressGatewayService", self.body)["service"]["serviceArn"]
            server.advance(to="stable")
            server.ok("DeleteExpressGatewayService", {"serviceArn": arn})
            self.assertEqual(server.error("UpdateExpressGatewayService", {"serviceArn": arn}),
                             ("ServiceNotActiveException", "Cannot perform this operation on a service in DRAINING status"))
            self.assertEqual(server.error("CreateExpressGatewayService", self.body),
                             (INVALID, "Unable to Start a service that is still Draining."))


class Refusals(Case):
    def test_create(self):
        bare = {"infrastructureRoleArn": ROLE + "infra", "serviceName": "own"}
        self.customer("no-main", {**MAIN, "name": "app"})
        self.customer("no-name", {**MAIN, "portMappings": [{"containerPort": 80}]})
        self.customer("udp", {**MAIN, "portMappings": [{"containerPort": 80, "name": "x", "protocol": "udp"}]})
        self.server.ok("RegisterTaskDefinition", {"family": "ec2", "networkMode": "awsvpc", "requiresCompatibilities": ["EC2"],
                                                  "containerDefinitions": [{**MAIN, "memory": 64}]})
        port = "The container Main must have exactly one TCP port mapping, with a name."
        for body, code, text in (
            ({**self.body, "cluster": "none"}, "ClusterNotFoundException", "Cluster not found."),
            ({**self.body, "serviceName": "a b"}, INVALID, r"ServiceName must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b"),
            ({**self.body, "infrastructureRoleArn": "role"}, INVALID, "Role is not valid"),
            (bare, INVALID, "Either a primary container or a task definition must be specified. Specify one of them and try again."),
            ({**bare, "primaryContainer": {"image": "x"}}, INVALID, "An execution role is required with a primary container. Specify one and try again."),
            ({**self.body, "taskDefinitionArn": "web"}, INVALID,
             "A task definition and the settings of a container cannot both be specified. Specify one of them and try again."),
            ({**bare, "taskDefinitionArn": "web", "cpuArchitecture": "ARM64"}, INVALID,
             "A task definition and the settings of a container cannot both be specified. Specify one of them and try again."),
            ({**bare, "taskDefinitionArn": "none"}, CLIENT, "TaskDefinition not found."),
            ({**bare, "taskDefinitionArn": "no-main"}, INVALID, "The task definition must have a container named Main."),
            ({**bare, "taskDefinitionArn": "no-name"}, INVALID, port),
            ({**bare, "taskDefinitionArn": "udp"}, INVALID, port),
            ({**bare, "taskDefinitionArn": "ec2"}, INVALID, None),
            ({**self.body, "cpu": "300"}, CLIENT, None),
            ({**self.body, "healthCheckPath": "ping"}, INVALID, "healthCheckPath must begin with /."),
            ({**self.body, "scalingTarget": {"minTaskCount": 5, "maxTaskCount": 4}}, INVALID, "minTaskCount must be less than or equal to maxTaskCount."),
            ({**self.body, "scalingTarget": {"minTaskCount": -1}}, INVALID, "minTaskCount must be at least 0, and maxTaskCount at least 1."),
            ({**self.body, "scalingTarget": {"minTaskCount": 5001, "maxTaskCount": 5001}}, INVALID, "maxTaskCount must be at most 5000."),
            ({**self.body, "scalingTarget": {"autoScalingTargetValue": 0}}, INVALID, "autoScalingTargetValue must be at least 1"),
            ({**self.body, "primaryContainer": {"image": "x", "containerPort": 0}}, INVALID, None),
            ({**self.body, "tags": [{"key": "aws:x", "value": "v"}]}, INVALID, None),
        ):
            got = self.server.error("CreateExpressGatewayService", body)
            self.assertEqual((got[0], got[1] if text else None), (code, text), body)
        self.assertEqual(self.server.ok("ListServices")["serviceArns"], [])
        self.assertNotIn("web", self.server.ok("ListTaskDefinitionFamilies")["families"])

    def test_a_name_that_is_taken(self):
        self.create()
        self.refused(INVALID, "Creation of service was not idempotent.", "CreateExpressGatewayService", self.body)
        self.assertEqual(len(self.server.ok("ListTaskDefinitions")["taskDefinitionArns"]), 1)

    def test_identifiers(self):
        missing = {"DescribeExpressGatewayService": ("ResourceNotFoundException", "Resource not found"),
                   "UpdateExpressGatewayService": ("ServiceNotFoundException", "Service not found."),
                   "DeleteExpressGatewayService": ("ServiceNotFoundException", "Service not found.")}
        for operation, error in missing.items():
            self.refused(*error, operation, {"serviceArn": PREFIX + "service/default/none"})
            self.refused("ClusterNotFoundException", "Cluster not found.", operation, {"serviceArn": PREFIX + "service/none/web"})
            self.refused(INVALID, "Unsupported resource type: cluster", operation, {"serviceArn": PREFIX + "cluster/default"})
            self.refused(INVALID, "Invalid identifier: Unexpected number of separators", operation, {"serviceArn": PREFIX + "service/web"})
            self.refused(INVALID, "Invalid identifier: Unexpected number of separators", operation, {"serviceArn": "web"})

    def test_update(self):
        self.create()
        before = self.describe()
        arn = PREFIX + "service/default/web"
        for body, code, text in (
            ({"cpu": "300"}, CLIENT, None),
            ({"taskDefinitionArn": "web", "cpu": "256"}, INVALID, "A task definition and the settings of a container cannot both be specified. Specify one of them and try again."),
            ({"taskDefinitionArn": "none"}, CLIENT, "TaskDefinition not found."),
            ({"scalingTarget": {"minTaskCount": 30}}, INVALID, "minTaskCount must be less than or equal to maxTaskCount."),
        ):
            got = self.server.error("UpdateExpressGatewayService", {"serviceArn": arn, **body})
            self.assertEqual((got[0], got[1] if text else None), (code, text), body)
        self.assertEqual(self.describe(), before)


class Restart(unittest.TestCase):
    def test_survives_a_kill(self):
        with tempfile.TemporaryDirectory() as directory, Server("--clock", "held", "--timing", "realistic", "--data-dir", directory) as server:
            server.ok("CreateCluster")
            arn = server.ok("CreateExpressGatewayService", Case.body)["service"]["serviceArn"]
            for _ in range(4):
                before = server.ok("DescribeExpressGatewayService", {"serviceArn": arn})
                server.restart()
                self.assertEqual(server.ok("DescribeExpressGatewayService", {"serviceArn": arn}), before)
                server.advance(by="20s")
            server.ok("UpdateExpressGatewayService", {"serviceArn": arn, "primaryContainer": {"image": "web:2"}})
            server.restart()
            server.advance(to="stable")
            got = server.ok("DescribeExpressGatewayService", {"serviceArn": arn})["service"]
            self.assertEqual([one["primaryContainer"]["image"] for one in got["activeConfigurations"]], ["web:2"])


if __name__ == "__main__":
    unittest.main()
