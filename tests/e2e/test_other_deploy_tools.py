"""More deploy tools (facts: services 17): the CircleCI orb, CloudFormation, PipeCD, Terraform's task sets, Express services, daemons
and clusters, and the monitor of Express services of the AWS CLI. Each of them is told a deployment that works, one that is rolled
back, one that fails, and one that it gives up on."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cases import ROLE, SUBNETS, arn  # noqa: E402
from test_deploy_tools import BREAKER, CRASH, NO_BREAKER, REASON, Failed, TimedOut, Tool  # noqa: E402

GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/t/0123456789abcdef"
ROLES = {"infrastructureRoleArn": ROLE, "executionRoleArn": ROLE}


class CircleCiOrb(Tool):
    def deploy(self, attempts=50):
        """Registers, updates, and asks three times a poll, every five seconds."""
        revision = self.new_revision()
        self.ok("UpdateService", {"service": "web", "taskDefinition": revision})

        def poll():
            counts = [len(self.described()["deployments"]) for _ in range(2)]
            matching = [deployment for deployment in self.described()["deployments"]
                        if deployment["taskDefinition"] == revision and deployment["runningCount"] == deployment["desiredCount"]
                        and deployment["status"] in ("PRIMARY", "ACTIVE")]
            return True if counts == [1, 1] and len(matching) == 1 else None

        return self.wait(poll, 5, attempts)

    def test_works(self):
        self.service()
        self.assertTrue(self.deploy())
        self.assert_serves(2)

    def test_a_rollback_is_seen_as_a_timeout(self):
        self.service()
        self.doomed()
        with self.assertRaises(TimedOut):
            self.deploy(100)
        self.assert_serves(1)

    def test_failing_tasks(self):
        self.service(NO_BREAKER)
        self.doomed(CRASH)
        with self.assertRaises(TimedOut):
            self.deploy()
        self.assertGreater(self.described()["deployments"][0]["failedTasks"], 3)


class CloudFormation(Tool):
    def stabilise(self, attempts=120):
        """Waits for a steady state; a deployment that has failed, or has been taken back, is an error."""
        wanted = self.described()["deployments"][0]["id"]

        def poll():
            shown = self.described()["deployments"]
            own = [deployment for deployment in shown if deployment["id"] == wanted]
            if not own or own[0]["rolloutState"] == "FAILED":
                raise Failed("Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.")
            return True if len(shown) == 1 and own[0]["rolloutState"] == "COMPLETED" else None

        return self.wait(poll, 15, attempts)

    def update(self, definition):
        self.ok("UpdateService", {"service": arn("service/default/web"), "cluster": "default", "taskDefinition": definition, "desiredCount": 2,
                                  "deploymentConfiguration": BREAKER, "networkConfiguration": SUBNETS, "platformVersion": "LATEST"})
        return self.stabilise()

    def test_create_update_delete(self):
        self.ok("CreateService", {"serviceName": "web", "cluster": "default", "taskDefinition": "web:1", "desiredCount": 2, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS, "deploymentConfiguration": BREAKER, "schedulingStrategy": "REPLICA",
                                  "tags": [{"key": "stack", "value": "s"}], "enableECSManagedTags": False, "clientToken": "t"})
        self.assertTrue(self.stabilise())
        self.assertEqual(self.described(include=["TAGS"])["tags"], [{"key": "stack", "value": "s"}])
        self.ok("TagResource", {"resourceArn": arn("service/default/web"), "tags": [{"key": "stack", "value": "t"}]})
        self.assertTrue(self.update(self.new_revision()))
        self.assert_serves(2)
        self.ok("DeleteService", {"service": arn("service/default/web"), "cluster": "default", "force": True})
        self.wait(lambda: True if self.described()["status"] == "INACTIVE" else None, 15)

    def test_the_breaker_ends_the_update_and_the_stack_goes_back(self):
        self.service()
        self.doomed()
        with self.assertRaisesRegex(Failed, "Circuit Breaker"):
            self.update(self.new_revision())
        self.assertTrue(self.update("web:1"))
        self.assert_serves(1)

    def test_a_first_deployment_that_fails(self):
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "outcome": CRASH})
        self.ok("CreateService", {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 1, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS, "deploymentConfiguration": BREAKER})
        with self.assertRaises(Failed):
            self.stabilise()
        self.assertEqual(self.described()["deployments"][0]["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.")

    def test_it_gives_up_without_a_breaker(self):
        self.service(NO_BREAKER)
        self.doomed()
        self.ok("UpdateService", {"service": "web", "taskDefinition": self.new_revision()})
        with self.assertRaises(TimedOut):
            self.stabilise(40)


class TaskSets(Tool):
    """PipeCD and Terraform's aws_ecs_task_set: a service of which somebody else decides."""

    def setUp(self):
        super().setUp()
        self.ok("CreateService", {"serviceName": "web", "desiredCount": 4, "deploymentController": {"type": "EXTERNAL"}})

    def create(self, definition, percent):
        return self.ok("CreateTaskSet", {
            "service": "web", "cluster": "default", "taskDefinition": definition, "launchType": "FARGATE", "networkConfiguration": SUBNETS,
            "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
            "scale": {"value": percent, "unit": "PERCENT"}, "tags": [{"key": "pipecd-dev-managed-by", "value": "piped"}]})["taskSet"]

    def sets(self):
        return self.ok("DescribeTaskSets", {"service": "web", "cluster": "default", "include": ["TAGS"]})["taskSets"]

    def until_steady(self, made, attempts=40):
        def poll():
            shown = [item for item in self.sets() if item["id"] == made["id"]]
            return shown[0] if shown and shown[0]["stabilityStatus"] == "STEADY_STATE" else None

        return self.wait(poll, 6, attempts)

    def primary(self, made):
        self.ok("UpdateServicePrimaryTaskSet", {"service": "web", "cluster": "default", "primaryTaskSet": made["taskSetArn"]})

    def remove(self, made):
        self.ok("DeleteTaskSet", {"service": "web", "cluster": "default", "taskSet": made["taskSetArn"], "force": True})
        self.wait(lambda: True if made["id"] not in [item["id"] for item in self.sets()] else None, 5)

    def first(self):
        made = self.create("web:1", 100)
        steady = self.until_steady(made)
        self.assertEqual((steady["runningCount"], steady["computedDesiredCount"], steady["tags"][0]["key"]), (4, 4, "pipecd-dev-managed-by"))
        self.primary(made)
        return made

    def test_canary_then_all(self):
        old = self.first()
        canary = self.create(self.new_revision(), 25)
        self.assertEqual(self.until_steady(canary)["runningCount"], 1)
        new = self.create("web:2", 100)
        self.until_steady(new)
        self.primary(new)
        self.assertEqual([item["status"] for item in self.sets()].count("PRIMARY"), 1)
        self.remove(canary)
        self.remove(old)
        self.assertEqual([(item["id"], item["status"]) for item in self.sets()], [(new["id"], "PRIMARY")])
        self.assertEqual(self.described()["taskDefinition"], arn("task-definition/web:2"))

    def test_a_canary_that_fails_is_given_up_and_taken_back(self):
        old = self.first()
        self.doomed()
        canary = self.create(self.new_revision(), 25)
        with self.assertRaises(TimedOut):
            self.until_steady(canary)
        self.remove(canary)
        self.assertEqual([(item["id"], item["status"], item["runningCount"]) for item in self.sets()], [(old["id"], "PRIMARY", 4)])

    def test_targets_that_never_are_healthy(self):
        self.first()
        status, _ = self.server.admin("POST", "/_ecs/targets", {"service": "web", "taskDefinition": "web:2", "health": "unhealthy"})
        self.assertEqual(status, 204)
        with self.assertRaises(TimedOut):
            self.until_steady(self.create(self.new_revision(), 100))

    def test_terraform_scales_and_destroys(self):
        made = self.first()
        self.ok("UpdateTaskSet", {"service": "web", "cluster": "default", "taskSet": made["id"], "scale": {"value": 50, "unit": "PERCENT"}})
        self.assertEqual(self.until_steady(made)["runningCount"], 2)
        self.invalid("Primary TaskSet cannot be deleted", "DeleteTaskSet", {"service": "web", "cluster": "default", "taskSet": made["id"], "force": True})
        other = self.create(self.new_revision(), 50)
        self.until_steady(other)
        self.remove(other)
        missing = self.ok("DescribeTaskSets", {"service": "web", "cluster": "default", "taskSets": [other["taskSetArn"]]})
        self.assertEqual([(item["arn"], item["reason"]) for item in missing["failures"]], [(other["taskSetArn"], "MISSING")])
        self.assertEqual(self.server.error("DescribeTaskSets", {"service": "nope", "cluster": "default"})[0], "ServiceNotFoundException")


class Express(Tool):
    """Terraform's aws_ecs_express_gateway_service and --monitor-resources of the AWS CLI."""

    def create(self, image="web:1", **more):
        return self.ok("CreateExpressGatewayService", {"serviceName": "front", "primaryContainer": {"image": image}, **ROLES, **more})["service"]

    def express(self, service):
        return self.ok("DescribeExpressGatewayService", {"serviceArn": service["serviceArn"]})["service"]

    def deployments(self, service):
        listed = self.ok("ListServiceDeployments", {"service": service["serviceArn"], "cluster": "default", "maxResults": 1})["serviceDeployments"]
        return self.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [item["serviceDeploymentArn"] for item in listed]})["serviceDeployments"]

    def settled(self, service, attempts=40):
        def poll():
            self.assertEqual(self.express(service)["status"]["statusCode"], "ACTIVE")
            found = self.deployments(service)[0]
            if found["status"] in ("STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"):
                raise Failed(found.get("statusReason"))
            return found if found["status"] == "SUCCESSFUL" else None

        return self.wait(poll, 15, attempts)

    def monitor(self, service, attempts=40):
        """What the CLI looks at every five seconds, until all that ECS manages has come to an end."""
        def poll():
            shown = self.express(service)
            self.assertIsNotNone(shown["activeConfigurations"])
            message = self.ok("DescribeServices", {"cluster": "default", "services": [service["serviceArn"]]})["services"][0]["events"]
            self.assertTrue(not message or message[0]["message"])
            revisions = [item["arn"] for found in self.deployments(service)
                         for item in [found["targetServiceRevision"], *found.get("sourceServiceRevisions", [])]]
            answer = self.ok("DescribeServiceRevisions", {"serviceRevisionArns": revisions})
            states = set()
            for revision in answer["serviceRevisions"]:
                managed = revision["ecsManagedResources"]
                for group in ("ingressPaths", "metricAlarms", "serviceSecurityGroups", "logGroups"):
                    states |= {item.get("status") for item in managed.get(group, []) if "status" in item}
            return states if states <= {"ACTIVE", "DELETED", "FAILED"} else None

        return self.wait(poll, 5, attempts)

    def update(self, service, image):
        return self.ok("UpdateExpressGatewayService", {"serviceArn": service["serviceArn"], "primaryContainer": {"image": image}})["service"]

    def test_apply_change_destroy(self):
        service = self.create(scalingTarget={"minTaskCount": 2, "maxTaskCount": 4})
        self.settled(service)
        self.assertTrue(self.monitor(service))
        changed = self.update(service, "web:2")
        self.settled(service)
        shown = self.express(service)
        self.assertEqual([item["serviceRevisionArn"] for item in shown["activeConfigurations"]], [changed["targetConfiguration"]["serviceRevisionArn"]])
        self.ok("DeleteExpressGatewayService", {"serviceArn": service["serviceArn"]})
        self.wait(lambda: True if self.express(service)["status"]["statusCode"] == "INACTIVE" else None, 5)
        self.refused("ServiceNotActiveException", "Cannot perform this operation on a service in INACTIVE status",
                     "DeleteExpressGatewayService", {"serviceArn": service["serviceArn"]})

    def test_rolled_back(self):
        service = self.create()
        self.settled(service)
        before = self.express(service)["activeConfigurations"][0]["serviceRevisionArn"]
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"revision": 2}, "outcome": {"cannotPull": {"message": "web:2 not found"}}})
        self.update(service, "web:2")
        with self.assertRaisesRegex(Failed, REASON):
            self.settled(service)
        self.wait(lambda: True if len(self.express(service)["activeConfigurations"]) == 1 else None, 5)
        self.assertEqual(self.express(service)["activeConfigurations"][0]["serviceRevisionArn"], before)

    def test_a_first_one_that_fails(self):
        self.server.admin("POST", "/_ecs/outcomes", {"outcome": CRASH})
        with self.assertRaises(Failed):
            self.settled(self.create())

    def test_it_gives_up(self):
        self.server.admin("POST", "/_ecs/outcomes", {"outcome": {"stuck": {"at": "PENDING"}}})
        with self.assertRaises(TimedOut):
            self.settled(self.create())

    def test_gone_is_told_apart(self):
        self.assertIn(self.server.error("DescribeExpressGatewayService", {"serviceArn": arn("service/default/nope")})[0],
                      ("ResourceNotFoundException", "InvalidParameterException"))


class Daemons(Tool):
    """Terraform's aws_ecs_daemon."""

    def setUp(self):
        super().setUp()
        self.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": {
            "infrastructureRoleArn": ROLE, "instanceLaunchTemplate": {"ec2InstanceProfileArn": "arn:aws:iam::000000000000:instance-profile/x",
                                                                      "networkConfiguration": {"subnets": ["subnet-1"]}}}})
        self.server.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [{"count": 3, "instanceType": "m5.large", "capacityProvider": "mi"}]})

    def definition(self, image):
        return self.ok("RegisterDaemonTaskDefinition", {"family": "agent", "containerDefinitions": [{"name": "a", "image": image, "memory": 64}]})[
            "daemonTaskDefinitionArn"]

    def create(self):
        made = self.ok("CreateDaemon", {"daemonName": "d", "daemonTaskDefinitionArn": self.definition("a:1"), "clientToken": "terraform-1",
                                        "capacityProviderArns": [arn("capacity-provider/mi")]})
        self.wait(lambda: True if self.daemon(made)["status"] == "ACTIVE" else None, 1)
        return made

    def daemon(self, made):
        return self.ok("DescribeDaemon", {"daemonArn": made["daemonArn"]})["daemon"]

    def settled(self, made, attempts=40):
        def poll():
            found = self.ok("DescribeDaemonDeployments", {"daemonDeploymentArns": [made["deploymentArn"]]})["daemonDeployments"][0]
            if found["status"] in ("STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"):
                raise Failed(found["status"])
            return found if found["status"] == "SUCCESSFUL" else None

        return self.wait(poll, 15, attempts)

    def update(self, made):
        return self.ok("UpdateDaemon", {"daemonArn": made["daemonArn"], "daemonTaskDefinitionArn": self.definition("a:2"), "critical": False,
                                        "capacityProviderArns": [arn("capacity-provider/mi")], "deploymentConfiguration": {"drainPercent": 100}})

    def test_apply_change_destroy(self):
        made = self.create()
        self.assertEqual(self.settled(made)["statusReason"], "Deployment completed successfully.")
        changed = self.update(made)
        self.settled(changed)
        shown = self.daemon(made)
        self.assertEqual([item["totalRunningCount"] for item in shown["currentRevisions"]], [3])
        revision = self.ok("DescribeDaemonRevisions", {"daemonRevisionArns": [shown["currentRevisions"][0]["arn"]]})["daemonRevisions"][0]
        self.assertEqual(revision["daemonTaskDefinitionArn"], arn("daemon-task-definition/agent:2"))
        self.ok("DeleteDaemon", {"daemonArn": made["daemonArn"]})

        def gone():
            code = self.server.error("DescribeDaemon", {"daemonArn": made["daemonArn"]})[0] if self.ok("ListDaemons")["daemonSummariesList"] == [] else None
            return code

        self.assertEqual(self.wait(gone, 5), "DaemonNotFoundException")

    def test_rolled_back(self):
        made = self.create()
        self.settled(made)
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "agent", "revision": 2}, "outcome": CRASH})
        with self.assertRaisesRegex(Failed, "ROLLBACK_SUCCESSFUL"):
            self.settled(self.update(made))
        self.assertEqual(self.daemon(made)["currentRevisions"][0]["totalRunningCount"], 3)

    def test_a_first_one_that_fails(self):
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "agent"}, "outcome": CRASH})
        with self.assertRaisesRegex(Failed, "ROLLBACK_FAILED"):
            self.settled(self.create(), 80)

    def test_it_gives_up(self):
        self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "agent"}, "outcome": {"stuck": {"at": "PENDING"}}})
        with self.assertRaises(TimedOut):
            self.settled(self.create())


class Clusters(Tool):
    """Terraform's aws_ecs_cluster and aws_ecs_cluster_capacity_providers."""

    def described_cluster(self):
        return self.ok("DescribeClusters", {"clusters": ["tf"], "include": ["TAGS", "CONFIGURATIONS", "SETTINGS"]})["clusters"][0]

    def test_apply_and_destroy_with_its_retries(self):
        self.ok("CreateCluster", {"clusterName": "tf", "tags": [], "settings": [{"name": "containerInsights", "value": "enabled"}]})
        self.wait(lambda: True if self.described_cluster()["status"] == "ACTIVE" else None, 1)
        self.ok("PutClusterCapacityProviders", {"cluster": "tf", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []})
        self.wait(lambda: True if self.described_cluster()["status"] == "ACTIVE" else None, 1)
        self.ok("CreateService", {"cluster": "tf", "serviceName": "web", "taskDefinition": "web:1", "desiredCount": 1, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS})
        self.server.advance(by="2m")

        def delete():
            code = self.server.error("DeleteCluster", {"cluster": "tf"})[0]
            self.assertIn(code, ("ClusterContainsServicesException", "ClusterContainsTasksException"))

        delete()
        with self.assertRaises(TimedOut):
            self.wait(delete, 5, 3)
        self.ok("DeleteService", {"cluster": "tf", "service": "web", "force": True})
        delete()
        self.server.advance(to="stable")
        self.ok("DeleteCluster", {"cluster": "tf"})
        self.wait(lambda: True if self.described_cluster()["status"] == "INACTIVE" else None, 5)


if __name__ == "__main__":
    unittest.main()
