"""Services as the API shows and refuses them: defaults, checks and their order, idempotency, lists, revisions, task sets.
What the scheduler does with them is told elsewhere."""

import sys
import unittest
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, CLUSTER_MISSING, SUBNETS, Case, arn  # noqa: E402

PORT = {"portMappings": [{"containerPort": 80, "name": "http"}]}
GROUP = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/web/0123456789abcdef"
BALANCER = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}
INACTIVE = ("ServiceNotActiveException", "Service was not ACTIVE.")
MISSING = ("ServiceNotFoundException", "Service not found.")
NOT_IDEMPOTENT = "Creation of service was not idempotent."
EXTERNAL = {"deploymentController": {"type": "EXTERNAL"}}
CODE_DEPLOY = {"deploymentController": {"type": "CODE_DEPLOY"}, "loadBalancers": [BALANCER]}


def nothings(shape, depth=2):
    """(member, nothing), for every optional way to write nothing down to that depth."""
    for name, member in shape.members.items():
        if member.type_name == "string":
            yield name, ""
        elif member.type_name == "list":
            yield name, []
        elif member.type_name in ("structure", "map"):
            yield name, {}
        if member.type_name == "structure" and depth > 1:
            for inner, nothing in nothings(member, depth - 1):
                if nothing != []:
                    yield name, {inner: nothing}


class Services(Case):
    options = ("--clock", "held", "--seed", "7", "--timing", "realistic")

    def setUp(self):
        super().setUp()
        self.register("web", PORT)

    def create(self, name="s", **more):
        body = {"serviceName": name, "taskDefinition": "web", "desiredCount": 0, **more}
        return self.ok("CreateService", {key: value for key, value in body.items() if value is not None})["service"]

    def create_refused(self, text, code="InvalidParameterException", **more):
        body = {"serviceName": "refused", "taskDefinition": "web", "desiredCount": 0, **more}
        self.refused(code, text, "CreateService", {key: value for key, value in body.items() if value is not None})
        self.assertEqual(self.ok("ListServices")["serviceArns"], [])

    def update(self, name="s", **more):
        return self.ok("UpdateService", {"service": name, **more})["service"]

    def update_refused(self, text, name="s", code="InvalidParameterException", **more):
        before = self.described(name)
        self.refused(code, text, "UpdateService", {"service": name, **more})
        self.assertEqual(self.described(name), before)

    def described(self, name="s", **more):
        reply = self.ok("DescribeServices", {"services": [name], **more})
        self.assertEqual(reply["failures"], [])
        return reply["services"][0]


class Creating(Services):
    def test_what_a_new_service_looks_like(self):
        got = self.create()
        digits = got["deployments"][0]["id"].removeprefix("ecs-svc/")
        self.assertRegex(digits, "^[0-9]{19}$")
        created = got["createdAt"]
        self.assertEqual(got, {
            "serviceArn": arn("service/default/s"), "serviceName": "s", "clusterArn": arn("cluster/default"),
            "loadBalancers": [], "serviceRegistries": [], "status": "ACTIVE", "desiredCount": 0, "runningCount": 0, "pendingCount": 0,
            "launchType": "EC2", "taskDefinition": arn("task-definition/web:1"),
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": False, "rollback": False, "resetOnHealthyTask": True,
                                             "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}},
                "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0},
            "deployments": [{
                "id": f"ecs-svc/{digits}", "status": "PRIMARY", "taskDefinition": arn("task-definition/web:1"), "desiredCount": 0,
                "pendingCount": 0, "runningCount": 0, "failedTasks": 0, "createdAt": created, "updatedAt": created, "launchType": "EC2",
                "rolloutState": "IN_PROGRESS", "rolloutStateReason": f"ECS deployment ecs-svc/{digits} in progress."}],
            "events": [], "createdAt": created,
            "currentServiceRevisions": [{"arn": arn(f"service-revision/default/s/{digits}"), "requestedTaskCount": 0,
                                         "runningTaskCount": 0, "pendingTaskCount": 0}],
            "placementConstraints": [], "placementStrategy": [], "healthCheckGracePeriodSeconds": 0, "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"}, "createdBy": f"arn:aws:iam::{ACCOUNT}:root", "enableECSManagedTags": False,
            "propagateTags": "NONE", "enableExecuteCommand": False, "availabilityZoneRebalancing": "ENABLED",
            "resourceManagementType": "CUSTOMER"})
        order = list(got)
        for before, behind in (("status", "desiredCount"), ("deploymentConfiguration", "deployments"), ("events", "createdAt"),
                               ("currentServiceRevisions", "placementConstraints"), ("createdBy", "enableECSManagedTags")):
            self.assertLess(order.index(before), order.index(behind))

    def test_fargate(self):
        self.fargate()
        got = self.create(taskDefinition="far", launchType="FARGATE", networkConfiguration=SUBNETS)
        network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": [], "assignPublicIp": "DISABLED"}}
        self.assertEqual((got["platformVersion"], got["platformFamily"], got["networkConfiguration"]), ("LATEST", "Linux", network))
        self.assertEqual(got["roleArn"], f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
        deployment = got["deployments"][0]
        self.assertEqual((deployment["platformVersion"], deployment["platformFamily"], deployment["networkConfiguration"]),
                         ("1.4.0", "Linux", network))

    def test_a_strategy_instead_of_a_launch_type(self):
        self.fargate()
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                                                "defaultCapacityProviderStrategy": []})
        self.server.advance(to="stable")
        spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        got = self.create(taskDefinition="far", capacityProviderStrategy=spot, networkConfiguration=SUBNETS)
        whole = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
        self.assertEqual((got["capacityProviderStrategy"], got["deployments"][0]["capacityProviderStrategy"]), (whole, whole))
        self.assertNotIn("launchType", got)
        self.assertNotIn("launchType", got["deployments"][0])
        none = "There are no capacity providers in the capacity provider strategy with a weight value greater than zero. Specify a " \
               "weight value greater than zero for at least one capacity provider and try again."
        self.invalid(none, "CreateService", {"serviceName": "x", "taskDefinition": "far", "desiredCount": 0, "networkConfiguration": SUBNETS,
                                             "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}, {"capacityProvider": "FARGATE_SPOT"}]})
        # A cluster's default is taken when nothing is asked for.
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                                                "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 2}]})
        self.server.advance(to="stable")
        got = self.create("t", taskDefinition="far", networkConfiguration=SUBNETS)
        self.assertEqual(got["capacityProviderStrategy"], [{"capacityProvider": "FARGATE", "weight": 2, "base": 0}])

    def test_empty_things_are_not_given(self):
        # What Ansible sends (facts: services 1.2).
        plain = self.create("plain")
        empty = self.create("empty", clientToken="", role="", launchType="", platformVersion="", loadBalancers=[], placementStrategy=[],
                            placementConstraints=[], serviceRegistries=[], deploymentConfiguration={}, capacityProviderStrategy=[])
        for member in ("loadBalancers", "launchType", "deploymentConfiguration", "placementStrategy", "placementConstraints", "serviceRegistries"):
            self.assertEqual(empty[member], plain[member], member)
        self.assertEqual(list(empty), list(plain))

    def test_every_empty_member_is_not_given(self):
        # Each member of the two requests as "", {} or [], and objects of nothing else.
        model = boto3.client("ecs", region_name="us-east-1").meta.service_model
        plain = self.create("plain")
        unlike = {"serviceArn", "serviceName", "createdAt", "deployments", "currentServiceRevisions", "currentServiceDeployment", "events"}
        for number, (member, nothing) in enumerate(nothings(model.operation_model("CreateService").input_shape)):
            if member in ("serviceName", "taskDefinition"):
                continue
            with self.subTest(operation="CreateService", member=member, nothing=nothing):
                got = self.create(f"empty{number}", **{member: nothing})
                self.assertEqual({key: got[key] for key in got if key not in unlike}, {key: plain[key] for key in plain if key not in unlike})
        for member, nothing in nothings(model.operation_model("UpdateService").input_shape):
            if member == "service":
                continue
            with self.subTest(operation="UpdateService", member=member, nothing=nothing):
                got = self.update("plain", **{member: nothing})
                self.assertEqual(len(got["deployments"]), 1)
                self.assertEqual({key: got[key] for key in got if key not in unlike}, {key: plain[key] for key in plain if key not in unlike})

    def test_daemon(self):
        got = self.create(schedulingStrategy="DAEMON", desiredCount=None)
        configuration = got["deploymentConfiguration"]
        self.assertEqual((configuration["maximumPercent"], configuration["minimumHealthyPercent"]), (100, 0))
        self.assertEqual((got["desiredCount"], got["availabilityZoneRebalancing"]), (0, "DISABLED"))

    def test_the_checks_that_look_something_up(self):
        self.refused(*CLUSTER_MISSING, "CreateService", {"cluster": "nope", "serviceName": "x y", "taskDefinition": "nope"})
        self.create_refused("ServiceName must match ^[a-zA-Z0-9\\-_]{1,255}$, but was x y", serviceName="x y", taskDefinition="nope")
        self.create_refused("TaskDefinition not found.", code="ClientException", taskDefinition="nope", desiredCount=-1)
        self.register("old", PORT)
        self.ok("DeregisterTaskDefinition", {"taskDefinition": "old:1"})
        self.create_refused("TaskDefinition is inactive", code="ClientException", taskDefinition="old:1")
        self.create_refused("DesiredCount is missing", desiredCount=None)
        self.create_refused("DesiredCount can not be lesser than 0", desiredCount=-1)
        self.create_refused("idempotency token longer than 36.", clientToken="x" * 37)
        self.create_refused("Scheduling strategy should be one of [REPLICA,DAEMON]", schedulingStrategy="SOMETIMES")
        self.create_refused("propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]", propagateTags="ALL")
        self.create_refused("Invalid deployment circuit breaker threshold type.", deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True, "thresholdConfiguration": {"type": "X", "value": 1}}})
        self.create_refused("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
                            launchType="EC2", capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])
        self.fargate()
        self.create_refused("The specified platform does not exist.", code="PlatformUnknownException", taskDefinition="far",
                            launchType="FARGATE", networkConfiguration=SUBNETS, platformVersion="9.9.9")
        self.create_refused("Task definition does not support launch_type FARGATE.", launchType="FARGATE")

    def test_platforms(self):
        """A version that is none, and one that is too old for the definition, wherever a service or task set says it."""
        self.fargate("efs", container={"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]},
                     volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}])
        far = {"launchType": "FARGATE", "networkConfiguration": SUBNETS}
        asked = {"taskDefinition": "efs", "desiredCount": 1, "cluster": "default"}
        self.ok("CreateService", {**asked, **far, "serviceName": "s"})
        self.ok("CreateService", {"serviceName": "ours", "desiredCount": 1, "deploymentController": {"type": "EXTERNAL"}})
        for version, code, text in (("1.4", "PlatformUnknownException", "The specified platform does not exist."),
                                    ("1.3.0", "PlatformTaskDefinitionIncompatibilityException",
                                     "One or more of the requested capabilities are not supported.")):
            platform = {"platformVersion": version}
            self.refused(code, text, "CreateService", {**asked, **far, **platform, "serviceName": "t"})
            self.refused(code, text, "UpdateService", {"service": "s", **platform})
            self.refused(code, text, "CreateTaskSet", {"service": "ours", "cluster": "default", "taskDefinition": "efs", **far, **platform})
        self.ok("UpdateService", {"service": "s", "platformVersion": "1.4.0"})

    def test_the_same_again(self):
        first = self.create(clientToken="t", tags=[{"key": "a", "value": "1"}])
        self.invalid(NOT_IDEMPOTENT, "CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 0})
        self.invalid(NOT_IDEMPOTENT, "CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 0, "clientToken": "u"})
        for changed in ({"desiredCount": 1}, {"taskDefinition": "web:1"}):
            self.invalid(NOT_IDEMPOTENT, "CreateService",
                         {"serviceName": "s", "taskDefinition": "web", "desiredCount": 0, "clientToken": "t", **changed})
        again = self.create(clientToken="t", tags=[{"key": "b", "value": "2"}])
        for member in ("serviceArn", "createdAt", "tags"):
            self.assertEqual(again[member], first[member])
        self.assertEqual(again["deployments"][0]["id"], first["deployments"][0]["id"])
        self.assertNotEqual(self.create("other", clientToken="t")["serviceArn"], first["serviceArn"])
        self.ok("DeleteService", {"service": "s"})
        self.invalid("Unable to Start a service that is still Draining.", "CreateService",
                     {"serviceName": "s", "taskDefinition": "web", "desiredCount": 0})

    def test_tags(self):
        got = self.create(tags=[{"key": "a", "value": "1"}])
        self.assertEqual(got["tags"], [{"key": "a", "value": "1"}])
        self.assertNotIn("tags", self.create("plain"))
        self.assertNotIn("tags", self.described())
        self.assertNotIn("tags", self.update(desiredCount=0))
        self.assertEqual(self.described("plain", include=["TAGS"])["tags"], [])
        self.ok("TagResource", {"resourceArn": got["serviceArn"], "tags": [{"key": "b", "value": "2"}]})
        self.ok("UntagResource", {"resourceArn": got["serviceArn"], "tagKeys": ["a"]})
        self.assertEqual(self.described(include=["TAGS"])["tags"], [{"key": "b", "value": "2"}])
        self.assertEqual(self.ok("ListTagsForResource", {"resourceArn": got["serviceArn"]})["tags"], [{"key": "b", "value": "2"}])
        self.invalid("The specified service does not exist.", "ListTagsForResource", {"resourceArn": arn("service/default/nope")})


class Deleting(Services):
    def test_the_tags_go_with_the_service(self):
        self.create(tags=[{"key": "team", "value": "blue"}])
        self.ok("DeleteService", {"service": "s"})
        self.advance("1h")
        got = self.described(include=["TAGS"])
        self.assertEqual((got["status"], got["tags"], got["deployments"]), ("INACTIVE", [], []))
        self.create(desiredCount=0)
        self.assertEqual(self.described(include=["TAGS"])["tags"], [])


class Updating(Services):
    def test_refusals(self):
        self.refused(*CLUSTER_MISSING, "UpdateService", {"cluster": "nope", "service": "s"})
        self.refused(*MISSING, "UpdateService", {"service": "s"})
        self.create()
        self.update_refused("Task count can not be lesser than 0", desiredCount=-1)
        self.update_refused("TaskDefinition not found.", code="ClientException", taskDefinition="nope")
        self.register("old", PORT)
        self.ok("DeregisterTaskDefinition", {"taskDefinition": "old:1"})
        self.update_refused("TaskDefinition is inactive", code="ClientException", taskDefinition="old:1")
        self.update_refused("The service couldn't be updated because Availability Zone Rebalancing does not support maximumPercent <= 100 % "
                            "as deployment configuration. Update deployment configuration and try again.",
                            deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 0})
        self.update_refused("The service couldn't be updated because a valid taskRoleArn is not being used. Specify a valid task role in "
                            "your task definition and try again.", enableExecuteCommand=True)
        self.ok("DeleteService", {"service": "s"})
        self.refused(*INACTIVE, "UpdateService", {"service": "s", "desiredCount": 1})

    def test_only_a_difference_makes_a_new_deployment(self):
        self.create(loadBalancers=[BALANCER])
        same = {"taskDefinition": "web:1", "loadBalancers": [BALANCER], "serviceRegistries": [], "volumeConfigurations": [],
                "deploymentConfiguration": {"maximumPercent": 150}, "placementStrategy": [{"type": "random"}], "propagateTags": "SERVICE",
                "healthCheckGracePeriodSeconds": 5, "enableECSManagedTags": True, "desiredCount": 1}
        got = self.update(**same)
        self.assertEqual(len(got["deployments"]), 1)
        self.assertEqual((got["desiredCount"], got["propagateTags"], got["enableECSManagedTags"]), (1, "SERVICE", True))
        self.assertEqual(got["deploymentConfiguration"]["minimumHealthyPercent"], 100)
        self.register("web", {**PORT, "cpu": 20})
        old = got["deployments"][0]["id"]
        current = self.described()["currentServiceDeployment"]
        got = self.update(taskDefinition="web")
        self.assertEqual(got["currentServiceDeployment"], current)  # the answer still shows the one before
        self.assertNotEqual(self.described()["currentServiceDeployment"], current)
        self.assertEqual([item["status"] for item in got["deployments"]], ["PRIMARY", "ACTIVE"])
        self.assertEqual(got["deployments"][1]["id"], old)
        self.assertEqual(got["taskDefinition"], arn("task-definition/web:2"))
        self.assertEqual(self.update(placementStrategy=[])["placementStrategy"], [])
        newest = self.update(loadBalancers=[])
        self.assertEqual(newest["loadBalancers"], [])
        self.assertNotEqual(newest["deployments"][0]["id"], got["deployments"][0]["id"])
        forced = self.update(forceNewDeployment=True)
        self.assertNotEqual(forced["deployments"][0]["id"], newest["deployments"][0]["id"])

    def test_service_connect(self):
        connect = {"enabled": True, "namespace": "shop", "services": [{"portName": "http", "discoveryName": "web",
                                                                      "clientAliases": [{"port": 80}]}]}
        got = self.create(serviceConnectConfiguration=connect)
        deployment = got["deployments"][0]
        self.assertNotIn("serviceConnectConfiguration", got)
        self.assertEqual(deployment["serviceConnectConfiguration"], connect)
        resource = deployment["serviceConnectResources"][0]
        self.assertEqual(resource["discoveryName"], "web")
        self.assertRegex(resource["discoveryArn"], f"^arn:aws:servicediscovery:us-east-1:{ACCOUNT}:service/srv-[a-z0-9]+$")
        self.invalid(f"SC service is already used by {got['serviceArn']}", "CreateService",
                     {"serviceName": "t", "taskDefinition": "web", "desiredCount": 0, "serviceConnectConfiguration": connect})
        self.assertEqual(len(self.update(serviceConnectConfiguration=connect)["deployments"]), 1)
        self.assertEqual(self.ok("ListServicesByNamespace", {"namespace": "shop"})["serviceArns"], [got["serviceArn"]])
        self.refused("NamespaceNotFoundException", "The namespace none was not found.", "ListServicesByNamespace", {"namespace": "none"})
        self.create("client", serviceConnectConfiguration={"enabled": True, "namespace": "shop"})
        page = self.ok("ListServicesByNamespace", {"namespace": "shop", "maxResults": 1})
        rest = self.ok("ListServicesByNamespace", {"namespace": "shop", "maxResults": 1, "nextToken": page["nextToken"]})
        self.assertEqual(page["serviceArns"] + rest["serviceArns"], [got["serviceArn"], arn("service/default/client")])

    def test_a_namespace_of_the_cluster(self):
        self.ok("CreateCluster", {"clusterName": "c", "serviceConnectDefaults": {"namespace": "inner"}})
        self.invalid("Namespace is missing", "CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 0,
                                                               "serviceConnectConfiguration": {"enabled": True}})
        self.assertEqual(self.ok("ListServicesByNamespace", {"namespace": "inner"})["serviceArns"], [])
        self.ok("CreateService", {"cluster": "c", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0,
                                  "serviceConnectConfiguration": {"enabled": True}})
        self.assertEqual(self.ok("ListServicesByNamespace", {"namespace": "inner"})["serviceArns"], [arn("service/c/s")])

    def test_code_deploy(self):
        got = self.create(**CODE_DEPLOY)
        self.assertEqual(got["deployments"], [])
        self.assertEqual([(item["status"], item["startedBy"]) for item in got["taskSets"]], [("PRIMARY", "CODE_DEPLOY")])
        use = "on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
        self.update_refused(f"Unable to update task definition {use}", taskDefinition="web")
        self.update_refused(f"Unable to update network parameters {use}", networkConfiguration=SUBNETS)
        self.update_refused(f"Cannot force a new deployment {use}", forceNewDeployment=True)
        self.assertEqual(self.update(desiredCount=2)["desiredCount"], 2)


class Deleting(Services):
    def test_rules(self):
        self.refused(*CLUSTER_MISSING, "DeleteService", {"cluster": "nope", "service": "s"})
        self.refused("ServiceNotFoundException", "", "DeleteService", {"service": "s"})
        self.create(desiredCount=1)
        self.invalid("The service cannot be stopped while it is scaled above 0.", "DeleteService", {"service": "s"})
        self.invalid_cluster()
        got = self.ok("DeleteService", {"service": "s", "force": True})["service"]
        self.assertEqual((got["status"], got["desiredCount"]), ("DRAINING", 0))
        self.assertEqual(got["deploymentConfiguration"]["deploymentCircuitBreaker"], {"enable": False, "rollback": False})
        self.assertNotIn("bakeTimeInMinutes", got["deploymentConfiguration"])
        self.assertNotIn("currentServiceRevisions", got)
        self.assertEqual(self.ok("DeleteService", {"service": "s"})["service"]["status"], "DRAINING")
        self.assertEqual(self.ok("ListServices")["serviceArns"], [])
        cluster = self.ok("DescribeClusters")["clusters"][0]
        self.assertEqual(cluster["activeServicesCount"], 0)

    def invalid_cluster(self):
        self.refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.", "DeleteCluster",
                     {"cluster": "default"})
        cluster = self.ok("DescribeClusters", {"include": ["STATISTICS"]})["clusters"][0]
        counts = {item["name"]: item["value"] for item in cluster["statistics"]}
        self.assertEqual((cluster["activeServicesCount"], counts["activeEC2ServiceCount"], counts["activeFargateServiceCount"]), (1, "1", "0"))

    def test_a_daemon_needs_no_force(self):
        self.create(schedulingStrategy="DAEMON", desiredCount=None)
        self.assertEqual(self.ok("DeleteService", {"service": "s"})["service"]["status"], "DRAINING")


class Finding(Services):
    def test_describe(self):
        self.refused(*CLUSTER_MISSING, "DescribeServices", {"cluster": "nope", "services": ["s"]})
        self.invalid("Services cannot be empty.", "DescribeServices", {"services": []})
        self.invalid("services can have at most 10 items", "DescribeServices", {"services": ["s"] * 11})
        self.invalid("include should be one of [TAGS]", "DescribeServices", {"services": ["s"], "include": ["EVENTS"]})
        made = self.create()
        reply = self.ok("DescribeServices", {"services": ["s", made["serviceArn"], "nope"]})
        self.assertEqual([item["serviceName"] for item in reply["services"]], ["s", "s"])
        self.assertEqual(reply["failures"], [{"arn": arn("service/default/nope"), "reason": "MISSING"}])

    def test_lists(self):
        self.invalid("launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]", "ListServices", {"launchType": "X"})
        self.invalid("Max results can not be greater than 100", "ListServices", {"maxResults": 101})
        self.refused(*CLUSTER_MISSING, "ListServices", {"cluster": "nope"})
        names = [f"s{index:02}" for index in range(12)]
        for name in names:
            self.create(name)
        self.create("d", schedulingStrategy="DAEMON", desiredCount=None)
        page = self.ok("ListServices")
        self.assertEqual(len(page["serviceArns"]), 10)
        rest = self.ok("ListServices", {"nextToken": page["nextToken"]})
        self.assertNotIn("nextToken", rest)
        self.assertEqual(sorted(page["serviceArns"] + rest["serviceArns"]), sorted(arn(f"service/default/{name}") for name in [*names, "d"]))
        self.assertEqual(self.ok("ListServices", {"schedulingStrategy": "DAEMON"})["serviceArns"], [arn("service/default/d")])
        self.assertEqual(self.ok("ListServices", {"launchType": "FARGATE"})["serviceArns"], [])
        self.assertEqual(self.ok("ListServices", {"resourceManagementType": "ECS"})["serviceArns"], [])
        paginator = self.ecs.get_paginator("list_services")
        self.assertEqual(len([item for part in paginator.paginate() for item in part["serviceArns"]]), 13)
        self.refused(*MISSING, "ListTasks", {"serviceName": "nope"})
        self.assertEqual(self.ok("ListTasks", {"serviceName": "d"})["taskArns"], [])

    def test_service_deployments(self):
        self.create()
        self.server.advance(by="1s")
        self.update(forceNewDeployment=True)
        listed = self.ok("ListServiceDeployments", {"service": "s"})["serviceDeployments"]
        self.assertEqual(len(listed), 2)
        self.assertGreaterEqual(listed[0]["createdAt"], listed[1]["createdAt"])
        newest = self.described()["currentServiceDeployment"]
        self.assertEqual(listed[0]["serviceDeploymentArn"], newest)
        self.assertRegex(newest.rsplit("/", 1)[1], "^[A-Za-z0-9_-]{21}$")
        primary = self.described()["deployments"][0]["id"].removeprefix("ecs-svc/")
        self.assertEqual(listed[0]["targetServiceRevisionArn"], arn(f"service-revision/default/s/{primary}"))
        self.assertEqual(self.ok("ListServiceDeployments", {"service": "s", "status": ["ROLLBACK_FAILED"]})["serviceDeployments"], [])
        after = {"createdAt": {"after": listed[0]["createdAt"]}}
        self.assertEqual(len(self.ok("ListServiceDeployments", {"service": "s", **after})["serviceDeployments"]), 1)
        before = {"createdAt": {"before": listed[0]["createdAt"]}}
        self.assertEqual(self.ok("ListServiceDeployments", {"service": "s", **before})["serviceDeployments"], listed[1:])
        page = self.ok("ListServiceDeployments", {"service": "s", "maxResults": 1})
        rest = self.ok("ListServiceDeployments", {"service": "s", "maxResults": 1, "nextToken": page["nextToken"]})
        self.assertEqual(page["serviceDeployments"] + rest["serviceDeployments"], listed)
        self.assertNotIn("nextToken", rest)
        unknown = arn("service-deployment/default/s/" + "x" * 21)
        reply = self.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [newest, unknown]})
        self.assertEqual(reply["failures"], [{"arn": unknown, "reason": "MISSING"}])
        shown = reply["serviceDeployments"][0]
        self.assertEqual(shown["deploymentCircuitBreaker"]["status"], "DISABLED")
        self.assertEqual(shown["alarms"]["status"], "DISABLED")
        self.assertEqual(len(shown["sourceServiceRevisions"]), 1)
        self.refused("ServiceDeploymentNotFoundException", "The service deployment does not exist.", "StopServiceDeployment",
                     {"serviceDeploymentArn": unknown})
        self.refused("ServiceDeploymentNotFoundException", "The service deployment does not exist.", "ContinueServiceDeployment",
                     {"serviceDeploymentArn": unknown, "hookId": "ecs-pause-x"})
        self.invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}", "ContinueServiceDeployment",
                     {"serviceDeploymentArn": newest, "hookId": "x"})
        self.refused(*MISSING, "ListServiceDeployments", {"service": "nope"})

    def test_service_revisions(self):
        self.create()
        self.register("web", {**PORT, "image": "other"})
        got = self.update(taskDefinition="web:2")
        arns = [item["arn"] for item in got["currentServiceRevisions"]]
        reply = self.ok("DescribeServiceRevisions", {"serviceRevisionArns": arns})
        new, old = reply["serviceRevisions"]
        self.assertEqual((new["taskDefinition"], old["taskDefinition"]), (arn("task-definition/web:2"), arn("task-definition/web:1")))
        self.assertEqual((new["loadBalancers"], new["serviceRegistries"]), ([], []))
        self.assertNotIn("loadBalancers", old)
        self.assertEqual([item["image"] for item in new["containerImages"]], ["other"])
        unknown = arn("service-revision/default/s/" + "1" * 19)
        reply = self.ok("DescribeServiceRevisions", {"serviceRevisionArns": [unknown, unknown]})
        self.assertEqual(reply["failures"], [{"arn": unknown, "reason": "MISSING"}] * 2)
        for arns, text in (
            ([], "The Service ARN provided is invalid."), (["s"], "The Service ARN provided is invalid."),
            ([unknown] * 21, "Service Revision ARN count cannot exceed 20"),
            ([arn("service-revision/default/s/1", region="eu-west-1")], "The ServiceRevision ARN is invalid."),
            ([arn("service-revision/default/s/1", account="111111111111")], "The ServiceRevision ARN is invalid."),
            ([arn("service-revision/default/s/abc")], "The ServiceRevision ARN is invalid."),
            ([unknown, arn("service-revision/default/t/1")],
             "Cross service requests are not allowed. All requested service revisions must be for a single service"),
        ):
            self.invalid(text, "DescribeServiceRevisions", {"serviceRevisionArns": arns})
        self.refused(*MISSING, "DescribeServiceRevisions", {"serviceRevisionArns": [arn("service-revision/default/t/1")]})
        self.ok("CreateCluster", {"clusterName": "gone"})
        self.ok("DeleteCluster", {"cluster": "gone"})
        self.refused("ClusterNotFoundException", "The referenced cluster was inactive.", "DescribeServiceRevisions",
                     {"serviceRevisionArns": [arn("service-revision/gone/t/1")]})


class TaskSets(Services):
    ONLY = "Amazon ECS only supports task set management on services configured to use external deployment controllers."

    def external(self, **more):
        return self.create("ext", taskDefinition=None, desiredCount=3, **EXTERNAL, **more)

    def task_set(self, **more):
        return self.ok("CreateTaskSet", {"cluster": "default", "service": "ext", "taskDefinition": "web", **more})["taskSet"]

    def test_only_where_somebody_else_deploys(self):
        self.create()
        who = {"cluster": "default", "service": "s"}
        for operation, more in (("DescribeTaskSets", {}), ("CreateTaskSet", {"taskDefinition": "web"}),
                                ("UpdateTaskSet", {"taskSet": "x", "scale": {"value": 1.0, "unit": "PERCENT"}}),
                                ("DeleteTaskSet", {"taskSet": "x"}), ("UpdateServicePrimaryTaskSet", {"primaryTaskSet": "x"})):
            self.invalid(self.ONLY, operation, {**who, **more})
        self.create_refused_external()

    def create_refused_external(self):
        self.ok("DeleteService", {"service": "s"})
        self.create_refused("TaskDefinition must be blank.", **EXTERNAL)
        self.create_refused("LoadBalancers must be empty or null.", taskDefinition=None, loadBalancers=[BALANCER], **EXTERNAL)

    def test_life(self):
        service = self.external()
        self.assertEqual((service["taskSets"], service["deployments"]), ([], []))
        self.assertNotIn("launchType", service)
        self.assertNotIn("taskDefinition", service)
        first = self.task_set(externalId="e", tags=[{"key": "a", "value": "1"}])
        self.assertRegex(first["id"], "^ecs-svc/[0-9]{19}$")
        self.assertEqual(first["taskSetArn"], arn(f"task-set/default/ext/{first['id']}"))
        self.assertEqual((first["status"], first["scale"], first["stabilityStatus"], first["launchType"], first["externalId"]),
                         ("ACTIVE", {"value": 0.0, "unit": "PERCENT"}, "STABILIZING", "EC2", "e"))
        who = {"cluster": "default", "service": "ext"}
        scaled = self.ok("UpdateTaskSet", {**who, "taskSet": first["id"], "scale": {"value": 50.0, "unit": "PERCENT"}})["taskSet"]
        self.assertEqual(scaled["scale"]["value"], 50.0)
        self.invalid("The task set cannot be deleted while it is scaled above 0. Use force to delete it.", "DeleteTaskSet",
                     {**who, "taskSet": first["id"]})
        primary = self.ok("UpdateServicePrimaryTaskSet", {**who, "primaryTaskSet": first["taskSetArn"]})["taskSet"]
        self.assertEqual(primary["status"], "PRIMARY")
        self.assertEqual(self.described("ext")["taskDefinition"], arn("task-definition/web:1"))
        self.invalid("Primary TaskSet cannot be deleted", "DeleteTaskSet", {**who, "taskSet": first["id"], "force": True})
        second = self.task_set(launchType="EC2")
        self.ok("UpdateServicePrimaryTaskSet", {**who, "primaryTaskSet": second["id"]})
        shown = {item["id"]: item["status"] for item in self.ok("DescribeTaskSets", who)["taskSets"]}
        self.assertEqual(shown, {first["id"]: "ACTIVE", second["id"]: "PRIMARY"})
        reply = self.ok("DescribeTaskSets", {**who, "taskSets": [first["id"], "ecs-svc/1"], "include": ["TAGS"]})
        self.assertEqual(reply["taskSets"][0]["tags"], [{"key": "a", "value": "1"}])
        self.assertEqual(reply["failures"], [{"arn": arn("task-set/default/ext/ecs-svc/1"), "reason": "MISSING"}])
        self.ok("TagResource", {"resourceArn": first["taskSetArn"], "tags": [{"key": "b", "value": "2"}]})
        self.assertEqual(len(self.ok("ListTagsForResource", {"resourceArn": first["taskSetArn"]})["tags"]), 2)
        self.assertEqual(self.ok("DeleteTaskSet", {**who, "taskSet": first["id"], "force": True})["taskSet"]["status"], "DRAINING")

    def test_limits_and_refusals(self):
        self.external()
        who = {"cluster": "default", "service": "ext"}
        missing = ("TaskSetNotFoundException", "The specified task set does not exist.")
        self.refused(*missing, "UpdateTaskSet", {**who, "taskSet": "ecs-svc/1", "scale": {"value": 1.0, "unit": "PERCENT"}})
        self.refused(*missing, "DeleteTaskSet", {**who, "taskSet": "ecs-svc/1"})
        self.refused(*missing, "UpdateServicePrimaryTaskSet", {**who, "primaryTaskSet": "ecs-svc/1"})
        self.invalid("The container nope does not exist in the task definition.", "CreateTaskSet",
                     {**who, "taskDefinition": "web", "loadBalancers": [{**BALANCER, "containerName": "nope"}]})
        self.invalid("The platform version must be null when specifying an EC2 launch type.", "CreateTaskSet",
                     {**who, "taskDefinition": "web", "platformVersion": "1.4.0"})
        one = self.task_set(clientToken="t")
        self.assertEqual(self.task_set(clientToken="t")["id"], one["id"])
        for _ in range(4):
            self.task_set()
        self.invalid("5 deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.",
                     "CreateTaskSet", {**who, "taskDefinition": "web"})
        self.invalid("Unable to update enableExecuteCommand on services with an EXTERNAL deployment controller.", "UpdateService",
                     {"service": "ext", "enableExecuteCommand": True})
        self.invalid("The service cannot be stopped while it is scaled above 0.", "DeleteService", {"service": "ext"})
        self.ok("DeleteService", {"service": "ext", "force": True})
        self.refused(*INACTIVE, "CreateTaskSet", {**who, "taskDefinition": "web"})


if __name__ == "__main__":
    unittest.main()
