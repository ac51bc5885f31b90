"""UpdateCluster, UpdateClusterSettings, PutClusterCapacityProviders and what they show on the clock; the four operations on
capacity providers."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, SUBNETS, Case, arn  # noqa: E402

BUSY = ("UpdateInProgressException",
        "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or UPDATE_FAILED state before "
        "they can be updated.")
NOT_ASSOCIATED = ("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
                  "cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.")
GROUP = {"autoScalingGroupArn": f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:u:autoScalingGroupName/g"}
MANAGED = {"infrastructureRoleArn": f"arn:aws:iam::{ACCOUNT}:role/i", "instanceLaunchTemplate": {
    "ec2InstanceProfileArn": f"arn:aws:iam::{ACCOUNT}:instance-profile/p", "networkConfiguration": {"subnets": ["subnet-1"]}}}


class Providers(Case):
    def create(self, name="asg", **more):
        body = {"name": name, "autoScalingGroupProvider": {**GROUP, **more}}
        return self.ok("CreateCapacityProvider", body)["capacityProvider"]

    def described(self, *names, **more):
        return self.ok("DescribeCapacityProviders", {"capacityProviders": list(names), **more})["capacityProviders"]


class Clusters(Providers):
    def test_update(self):
        got = self.ok("UpdateCluster", {
            "cluster": "default", "settings": [{"name": "containerInsights", "value": "enabled"}],
            "configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE", "logConfiguration": {"s3BucketName": "b"}},
                              "managedStorageConfiguration": {"kmsKeyId": "k"}},
            "serviceConnectDefaults": {"namespace": "internal"}})["cluster"]
        self.assertEqual((got["settings"], got["statistics"], got["tags"]), ([{"name": "containerInsights", "value": "enabled"}], [], []))
        self.assertEqual(got["serviceConnectDefaults"], {"namespace": "internal"})
        self.assertEqual(got["configuration"]["managedStorageConfiguration"], {"kmsKeyId": "k"})
        # What is not given stays.
        got = self.ok("UpdateCluster", {"cluster": "default", "settings": [{"name": "containerInsights", "value": "enhanced"}]})["cluster"]
        self.assertEqual(got["serviceConnectDefaults"], {"namespace": "internal"})
        self.assertIn("configuration", got)
        seen = self.ok("DescribeClusters", {"include": ["CONFIGURATIONS", "SETTINGS"]})["clusters"][0]
        self.assertEqual((seen["configuration"], seen["settings"][0]["value"]), (got["configuration"], "enhanced"))
        self.assertNotIn("configuration", self.ok("DescribeClusters")["clusters"][0])
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["serviceConnectDefaults"], {"namespace": "internal"})
        got = self.ok("UpdateCluster", {"cluster": "default", "serviceConnectDefaults": {"namespace": ""}})["cluster"]
        self.assertNotIn("serviceConnectDefaults", got)

    def test_update_settings(self):
        got = self.ok("UpdateClusterSettings", {"cluster": arn("cluster/default"), "settings": [{"name": "containerInsights", "value": "enabled"}]})
        self.assertEqual(got["cluster"]["settings"], [{"name": "containerInsights", "value": "enabled"}])

    def test_refusals(self):
        settings = {"settings": [{"name": "containerInsights", "value": "enabled"}]}
        for operation in ("UpdateCluster", "UpdateClusterSettings"):
            self.cluster_missing(operation, settings)
            self.assertEqual(self.server.error(operation, {"cluster": "default", "settings": [{"name": "containerInsights", "value": "x"}]})[0],
                             "InvalidParameterException")
            self.assertEqual(self.server.error(operation, {"cluster": "default", "settings": [{"name": "nope", "value": "enabled"}]})[0],
                             "InvalidParameterException")
        self.invalid("Cluster can not be blank.", "UpdateCluster", {})
        for operation, more in (("CreateCluster", {"clusterName": "c"}), ("UpdateCluster", {"cluster": "default"})):
            self.invalid("A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration",
                         operation, {**more, "configuration": {"executeCommandConfiguration": {"logging": "OVERRIDE"}}})
            self.invalid("You must set logging to 'OVERRIDE' when you supply a log configuration.", operation, {
                **more, "configuration": {"executeCommandConfiguration": {"logging": "DEFAULT", "logConfiguration": {"s3BucketName": "b"}}}})
            elsewhere = f"arn:aws:servicediscovery:eu-west-1:{ACCOUNT}:namespace/ns-1"
            self.assertEqual(self.server.error(operation, {**more, "serviceConnectDefaults": {"namespace": elsewhere}})[0],
                             "NamespaceNotFoundException")
            self.ok(operation, {**more, "serviceConnectDefaults": {"namespace": elsewhere.replace("eu-west-1", "us-east-1")}})

    def test_statistics(self):
        self.server.fleet(1)
        self.register()
        self.fargate()
        self.run_task(count=2)
        self.run_task("far", launchType="FARGATE", networkConfiguration=SUBNETS)
        got = self.ok("DescribeClusters", {"include": ["STATISTICS"]})["clusters"][0]
        found = {entry["name"]: entry["value"] for entry in got["statistics"]}
        self.assertEqual((found["runningEC2TasksCount"], found["runningFargateTasksCount"], found["pendingEC2TasksCount"]), ("2", "1", "0"))
        self.assertEqual(list(found)[:8], [
            "runningEC2TasksCount", "runningFargateTasksCount", "pendingEC2TasksCount", "pendingFargateTasksCount", "activeEC2ServiceCount",
            "activeFargateServiceCount", "drainingEC2ServiceCount", "drainingFargateServiceCount"])
        self.assertEqual(got["runningTasksCount"], 3)

    def test_providers_of_a_cluster(self):
        self.create("asg", managedScaling={"status": "ENABLED"})
        got = self.ok("CreateCluster", {
            "clusterName": "c", "capacityProviders": ["asg", "FARGATE"],
            "defaultCapacityProviderStrategy": [{"capacityProvider": "asg", "weight": 1}]})["cluster"]
        self.assertEqual(got["capacityProviders"], ["asg", "FARGATE"])
        self.assertEqual(got["defaultCapacityProviderStrategy"], [{"capacityProvider": "asg", "weight": 1, "base": 0}])
        self.assertEqual((got["status"], got["attachmentsStatus"]), ("PROVISIONING", "UPDATE_IN_PROGRESS"))
        self.assertEqual([(found["type"], found["details"][0]) for found in got["attachments"]], [
            ("as_policy", {"name": "capacityProviderName", "value": "asg"}),
            ("managed_draining", {"name": "capacityProviderName", "value": "asg"})])
        self.assertRegex(got["attachments"][0]["details"][1]["value"], "^ECSManagedAutoScalingPolicy-[0-9a-f-]{36}$")
        plain = self.ok("DescribeClusters", {"clusters": ["c"]})["clusters"][0]
        self.assertEqual(plain["status"], "ACTIVE")
        self.assertNotIn("attachments", plain)
        full = self.ok("DescribeClusters", {"clusters": ["c"], "include": ["ATTACHMENTS"]})["clusters"][0]
        self.assertEqual((full["attachmentsStatus"], {found["status"] for found in full["attachments"]}), ("UPDATE_COMPLETE", {"CREATED"}))
        got = self.ok("PutClusterCapacityProviders", {"cluster": "c", "capacityProviders": [], "defaultCapacityProviderStrategy": []})["cluster"]
        self.assertEqual((got["capacityProviders"], got["defaultCapacityProviderStrategy"]), ([], []))
        self.assertNotIn("attachments", got)

    def test_put_refusals(self):
        self.create("one")
        self.create("two")
        put = lambda providers, strategy: ("PutClusterCapacityProviders", {  # noqa: E731
            "cluster": "default", "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy})
        self.invalid("The specified capacity provider 'nope' was not found. Specify a valid name or ARN and try again.", *put(["nope"], []))
        self.invalid(NOT_ASSOCIATED, *put(["one"], [{"capacityProvider": "two", "weight": 1}]))
        self.assertEqual(self.server.error(*put(["one", "two"], [{"capacityProvider": "one"}, {"capacityProvider": "two"}]))[0],
                         "InvalidParameterException")
        self.assertEqual(self.server.error(*put(["one", "two"], [
            {"capacityProvider": "one", "base": 1, "weight": 1}, {"capacityProvider": "two", "base": 1}]))[0], "InvalidParameterException")
        self.assertEqual(self.server.error(*put(["one", "FARGATE"], [
            {"capacityProvider": "one", "weight": 1}, {"capacityProvider": "FARGATE", "weight": 1}]))[0], "InvalidParameterException")
        for member, worst in (("weight", 1001), ("base", 100001)):
            self.assertEqual(self.server.error(*put(["one"], [{"capacityProvider": "one", member: worst}]))[0], "InvalidParameterException")
        self.cluster_missing("PutClusterCapacityProviders", {"capacityProviders": [], "defaultCapacityProviderStrategy": []})
        self.ok("CreateCluster", {"clusterName": "gone"})
        self.ok("DeleteCluster", {"cluster": "gone"})
        self.refused("ClientException", "Cluster was not ACTIVE.", "PutClusterCapacityProviders",
                     {"cluster": "gone", "capacityProviders": [], "defaultCapacityProviderStrategy": []})

    def test_a_provider_in_use_stays(self):
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []})
        self.fargate()
        task = self.run_task("far", capacityProviderStrategy=[{"capacityProvider": "FARGATE"}], networkConfiguration=SUBNETS)["tasks"][0]
        nothing = {"cluster": "default", "capacityProviders": [], "defaultCapacityProviderStrategy": []}
        self.refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.",
                     "PutClusterCapacityProviders", nothing)
        self.ok("StopTask", {"task": task["taskArn"]})
        self.ok("PutClusterCapacityProviders", nothing)

    def test_a_provider_of_a_service_stays(self):
        both = ["FARGATE", arn("capacity-provider/FARGATE_SPOT")]
        got = self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": both, "defaultCapacityProviderStrategy": [
            {"capacityProvider": both[1], "weight": 1}]})["cluster"]
        self.assertEqual((got["capacityProviders"], got["defaultCapacityProviderStrategy"][0]["capacityProvider"]),
                         (["FARGATE", "FARGATE_SPOT"], "FARGATE_SPOT"))
        self.fargate()
        self.ok("CreateService", {"serviceName": "svc", "taskDefinition": "far", "desiredCount": 0, "networkConfiguration": SUBNETS,
                                  "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]})
        change = {"cluster": "default", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": []}
        self.refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.",
                     "PutClusterCapacityProviders", change)
        self.ok("PutClusterCapacityProviders", {**change, "capacityProviders": both[1:]})
        self.ok("DeleteService", {"service": "svc"})
        self.ok("PutClusterCapacityProviders", change)

    def test_services_keep_a_cluster(self):
        self.fargate()
        self.ok("CreateService", {"serviceName": "svc", "taskDefinition": "far", "desiredCount": 0, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS})
        self.refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.", "DeleteCluster",
                     {"cluster": "default"})
        self.ok("DeleteService", {"service": "svc"})
        self.ok("DeleteCluster", {"cluster": "default"})

    def test_default_strategy_of_the_cluster(self):
        self.ok("PutClusterCapacityProviders", {
            "cluster": "default", "capacityProviders": ["FARGATE", "FARGATE_SPOT"], "defaultCapacityProviderStrategy": [
                {"capacityProvider": "FARGATE", "base": 1, "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 4}]})
        self.fargate()
        tasks = [task for _ in range(2) for task in self.run_task("far", count=10, networkConfiguration=SUBNETS)["tasks"]]
        spot = [task["capacityProviderName"] for task in tasks].count("FARGATE_SPOT")
        self.assertEqual({task["launchType"] for task in tasks}, {"FARGATE"})
        self.assertIn(spot, (14, 15, 16))
        # A launch type goes past it.
        self.assertNotIn("capacityProviderName", self.run_task("far", launchType="FARGATE", networkConfiguration=SUBNETS)["tasks"][0])


class OnTheClock(Providers):
    options = ("--clock", "held", "--timing", "realistic")

    def test_attachments(self):
        self.create("asg", managedScaling={"status": "ENABLED"})
        body = {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": []}
        got = self.ok("PutClusterCapacityProviders", body)["cluster"]
        self.assertEqual((got["status"], got["attachmentsStatus"], got["attachments"][0]["status"]), ("ACTIVE", "UPDATE_IN_PROGRESS", "PRECREATED"))
        self.refused(*BUSY, "PutClusterCapacityProviders", body)
        self.refused(*BUSY, "UpdateClusterSettings", {"cluster": "default", "settings": [{"name": "containerInsights", "value": "enabled"}]})
        self.refused(*BUSY, "DeleteCluster", {"cluster": "default"})
        self.advance("10s")
        seen = self.ok("DescribeClusters", {"include": ["ATTACHMENTS"]})["clusters"][0]
        self.assertEqual((seen["attachmentsStatus"], seen["attachments"][0]["status"]), ("UPDATE_COMPLETE", "CREATED"))
        self.assertEqual(self.ok("DeleteCluster", {"cluster": "default"})["cluster"]["status"], "DEPROVISIONING")
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["status"], "DEPROVISIONING")
        self.advance("10s")
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["status"], "INACTIVE")

    def test_a_new_cluster_is_provisioned_first(self):
        self.create("asg", managedScaling={"status": "ENABLED"})
        self.ok("CreateCluster", {"clusterName": "c", "capacityProviders": ["asg"]})
        self.assertEqual(self.ok("DescribeClusters", {"clusters": ["c"]})["clusters"][0]["status"], "PROVISIONING")
        self.refused("ClientException", "Cluster was not ACTIVE.", "PutClusterCapacityProviders",
                     {"cluster": "c", "capacityProviders": [], "defaultCapacityProviderStrategy": []})
        self.advance("10s")
        self.assertEqual(self.ok("DescribeClusters", {"clusters": ["c"]})["clusters"][0]["status"], "ACTIVE")

    def test_providers(self):
        self.create("asg")
        got = self.ok("UpdateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {"managedDraining": "DISABLED"}})["capacityProvider"]
        self.assertEqual(got["updateStatus"], "UPDATE_IN_PROGRESS")
        for operation, body in (("UpdateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {}}),
                                ("DeleteCapacityProvider", {"capacityProvider": "asg"})):
            self.assertEqual(self.server.error(operation, body)[0], "UpdateInProgressException")
        self.advance("5s")
        self.assertEqual(self.described("asg")[0]["updateStatus"], "UPDATE_COMPLETE")
        got = self.ok("DeleteCapacityProvider", {"capacityProvider": "asg"})["capacityProvider"]
        self.assertEqual((got["status"], got["updateStatus"]), ("ACTIVE", "DELETE_IN_PROGRESS"))
        self.assertEqual(self.described("asg")[0]["updateStatus"], "DELETE_IN_PROGRESS")
        self.assertEqual(self.server.error("CreateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": GROUP})[0],
                         "UpdateInProgressException")
        self.advance("5s")
        self.assertEqual((self.described("asg")[0]["status"], self.described("asg")[0]["updateStatus"]), ("INACTIVE", "DELETE_COMPLETE"))
        self.create("asg")

    def test_managed_instances(self):
        got = self.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": MANAGED})["capacityProvider"]
        self.assertEqual((got["status"], got["updateStatus"], got["type"], got["cluster"]),
                         ("PROVISIONING", "CREATE_IN_PROGRESS", "MANAGED_INSTANCES", arn("cluster/default")))
        self.advance("5s")
        self.assertEqual((self.described("mi")[0]["status"], self.described("mi")[0]["updateStatus"]), ("ACTIVE", "CREATE_COMPLETE"))
        # An update says what changes; the rest of the template stays.
        self.ok("UpdateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": {
            "infrastructureRoleArn": f"arn:aws:iam::{ACCOUNT}:role/other", "instanceLaunchTemplate": {"monitoring": "DETAILED"}}})
        provider = self.described("mi")[0]["managedInstancesProvider"]
        self.assertEqual(provider["infrastructureRoleArn"], f"arn:aws:iam::{ACCOUNT}:role/other")
        self.assertEqual({**provider["instanceLaunchTemplate"], **MANAGED["instanceLaunchTemplate"], "monitoring": "DETAILED"},
                         provider["instanceLaunchTemplate"])


class CapacityProviders(Providers):
    def test_create_to_the_letter(self):
        got = self.create("asg", managedScaling={"targetCapacity": 80})
        self.assertEqual(got, {
            "capacityProviderArn": arn("capacity-provider/asg"), "name": "asg", "status": "ACTIVE", "tags": [], "type": "EC2_AUTOSCALING",
            "autoScalingGroupProvider": {**GROUP, "managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED",
                                         "managedScaling": {"status": "ENABLED", "targetCapacity": 80, "minimumScalingStepSize": 1,
                                                            "maximumScalingStepSize": 10000, "instanceWarmupPeriod": 300}}})
        self.assertEqual(self.described("asg"), [got])
        self.assertEqual(self.described(got["capacityProviderArn"]), [got])

    def test_the_two_that_are_always_there(self):
        for name in ("FARGATE", "FARGATE_SPOT"):
            got = self.described(name)[0]
            self.assertEqual((got["capacityProviderArn"], got["name"], got["status"], got["tags"]),
                             (arn(f"capacity-provider/{name}"), name, "ACTIVE", []))
            self.assertNotIn("autoScalingGroupProvider", got)
            self.assertEqual(self.server.error("DeleteCapacityProvider", {"capacityProvider": name})[0], "ClientException")

    def test_names(self):
        text = ("The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), "
                "numbers, underscores, and hyphens. The name cannot be prefixed with \"aws\", \"ecs\", or \"fargate\". Specify a valid name and "
                "try again.")
        for name in ("a b", "x" * 256, "aws-x", "ecsx", "fargate1", "FARGATE", "é"):
            self.refused("ClientException", text, "CreateCapacityProvider", {"name": name, "autoScalingGroupProvider": GROUP})

    def test_refusals(self):
        self.assertEqual(self.server.error("CreateCapacityProvider", {"name": "x"})[0], "InvalidParameterException")
        both = {"name": "x", "autoScalingGroupProvider": GROUP, "managedInstancesProvider": MANAGED, "cluster": "default"}
        self.assertEqual(self.server.error("CreateCapacityProvider", both)[0], "InvalidParameterException")
        self.refused("ClientException", "The minimum or maximum scaling step size value is invalid. Specify a minimum scaling step size value "
                     "that is less than or equal to the maximum scaling step size value and try again.", "CreateCapacityProvider",
                     {"name": "x", "autoScalingGroupProvider": {**GROUP, "managedScaling": {"minimumScalingStepSize": 5, "maximumScalingStepSize": 4}}})
        self.create("asg")
        self.assertEqual(self.server.error("CreateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": GROUP})[0], "ClientException")
        gone = ("ClientException", "The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
        self.refused(*gone, "DeleteCapacityProvider", {"capacityProvider": "nope"})
        self.refused(*gone, "UpdateCapacityProvider", {"name": "nope", "autoScalingGroupProvider": {}})
        for operation, body in (("CreateCapacityProvider", {"name": "m", "managedInstancesProvider": MANAGED}), ("DescribeCapacityProviders", {}),
                                ("UpdateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {}}),
                                ("DeleteCapacityProvider", {"capacityProvider": "asg"})):
            self.cluster_missing(operation, body)
        self.refused("ResourceNotFoundException", gone[1], "TagResource",
                     {"resourceArn": arn("capacity-provider/nope"), "tags": [{"key": "k", "value": "v"}]})

    def test_describe(self):
        names = [f"p{index:02}" for index in range(13)]
        for name in reversed(names):
            self.create(name)
        reply = self.ok("DescribeCapacityProviders", {"capacityProviders": ["nope", "p03"]})
        self.assertEqual(reply["failures"], [{"arn": arn("capacity-provider/nope"), "reason": "MISSING"}])
        self.assertEqual([found["name"] for found in reply["capacityProviders"]], ["p03"])
        seen, token = [], {}
        while token is not None:
            page = self.ok("DescribeCapacityProviders", {"maxResults": 4, **token})
            seen += [found["name"] for found in page["capacityProviders"]]
            token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
        self.assertEqual(seen, ["FARGATE", "FARGATE_SPOT", *names])
        self.assertEqual(len(self.ok("DescribeCapacityProviders")["capacityProviders"]), 10)
        # Of a cluster: its own, in its order.
        self.ok("CreateCluster", {"clusterName": "own", "capacityProviders": ["FARGATE_SPOT", "p03"]})
        own = self.ok("DescribeCapacityProviders", {"cluster": "own"})
        self.assertEqual([item["name"] for item in own["capacityProviders"]], ["FARGATE_SPOT", "p03"])
        first = self.ok("DescribeCapacityProviders", {"cluster": "own", "maxResults": 1})
        second = self.ok("DescribeCapacityProviders", {"cluster": "own", "nextToken": first["nextToken"]})
        self.assertEqual(([item["name"] for item in second["capacityProviders"]], "nextToken" in second), (["p03"], False))
        others = self.ok("DescribeCapacityProviders", {"cluster": "own", "capacityProviders": ["p03", "p04"]})
        self.assertEqual(([item["name"] for item in others["capacityProviders"]], [item["reason"] for item in others["failures"]]), (["p03"], ["MISSING"]))
        self.assertEqual(self.ok("DescribeCapacityProviders", {"cluster": "default"})["capacityProviders"], [])
        self.invalid("capacityProviders can have at most 100 items.", "DescribeCapacityProviders", {"capacityProviders": ["x"] * 101})
        self.invalid("Max results can not be greater than 10", "DescribeCapacityProviders", {"maxResults": 11})

    def test_update(self):
        self.create("asg", managedScaling={"targetCapacity": 80, "minimumScalingStepSize": 2})
        got = self.ok("UpdateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {
            "managedScaling": {"targetCapacity": 90}, "managedTerminationProtection": "DISABLED"}})["capacityProvider"]
        self.assertEqual(got["updateStatus"], "UPDATE_IN_PROGRESS")
        seen = self.described("asg")[0]
        self.assertEqual(seen["updateStatus"], "UPDATE_COMPLETE")
        scaling = seen["autoScalingGroupProvider"]["managedScaling"]
        self.assertEqual((scaling["targetCapacity"], scaling["minimumScalingStepSize"]), (90, 2))
        self.assertEqual(self.server.error("UpdateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {
            "managedScaling": {"maximumScalingStepSize": 1}}})[0], "ClientException")
        self.assertEqual(self.server.error("UpdateCapacityProvider", {"name": "asg", "managedInstancesProvider": MANAGED})[0],
                         "InvalidParameterException")

    def test_delete(self):
        self.create("asg")
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": []})
        self.assertEqual(self.server.error("DeleteCapacityProvider", {"capacityProvider": "asg"})[0], "ClientException")
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": [], "defaultCapacityProviderStrategy": []})
        got = self.ok("DeleteCapacityProvider", {"capacityProvider": arn("capacity-provider/asg")})["capacityProvider"]
        self.assertEqual((got["status"], got["updateStatus"]), ("ACTIVE", "DELETE_IN_PROGRESS"))
        self.assertEqual((self.described("asg")[0]["status"], self.described("asg")[0]["updateStatus"]), ("INACTIVE", "DELETE_COMPLETE"))
        self.assertEqual(len(self.described()), 2)
        self.invalid("The specified capacity provider 'asg' was not found. Specify a valid name or ARN and try again.",
                     "PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": []})
        self.create("asg")

    def test_managed_instances_belong_to_their_cluster(self):
        self.assertEqual(self.server.error("CreateCapacityProvider", {"name": "mi", "managedInstancesProvider": MANAGED})[0],
                         "InvalidParameterException")
        self.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": MANAGED})
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["capacityProviders"], ["mi"])
        self.refused("ClientException", "The Cluster cannot be deleted while Cluster Scoped Capacity Providers are attached to the cluster.",
                     "DeleteCluster", {"cluster": "default"})
        self.fargate("mi", requiresCompatibilities=["MANAGED_INSTANCES"])
        task = self.run_task("mi", capacityProviderStrategy=[{"capacityProvider": "mi"}], networkConfiguration=SUBNETS)["tasks"][0]
        self.assertEqual((task["launchType"], task["capacityProviderName"]), ("MANAGED_INSTANCES", "mi"))
        self.assertEqual(self.server.error("DeleteCapacityProvider", {"capacityProvider": "mi"})[0], "ClientException")
        self.ok("StopTask", {"task": task["taskArn"]})
        self.ok("DeleteCapacityProvider", {"capacityProvider": "mi"})
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["capacityProviders"], [])
        self.assertEqual(self.ok("DeleteCluster", {"cluster": "default"})["cluster"]["status"], "INACTIVE")

    def test_one_provider_without_room(self):
        """Each task has its provider; what one of them cannot take does not keep the others."""
        for name in ("full", "empty"):
            self.create(name)
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["full", "empty"], "defaultCapacityProviderStrategy": [
            {"capacityProvider": "full", "weight": 1}, {"capacityProvider": "empty", "weight": 1}]})
        self.server.admin("POST", "/_ecs/fleet", {"instances": [{"count": 1, "instanceType": "m5.large", "capacityProvider": "full"}]})
        self.register()
        reply = self.run_task(count=4)
        self.assertEqual([task["capacityProviderName"] for task in reply["tasks"]], ["full", "full"])
        self.assertEqual(reply["failures"], [{"arn": arn("capacity-provider/empty"), "reason": "EMPTY CAPACITY PROVIDER"}] * 2)

    def test_tasks_wait_for_capacity(self):
        self.create("asg", managedScaling={"status": "ENABLED"})
        self.ok("PutClusterCapacityProviders", {"cluster": "default", "capacityProviders": ["asg"], "defaultCapacityProviderStrategy": []})
        self.register()
        strategy = [{"capacityProvider": "asg"}]
        task = self.run_task(capacityProviderStrategy=strategy)["tasks"][0]
        self.assertEqual((task["lastStatus"], task["launchType"], task["capacityProviderName"], task["containers"], task["attachments"]),
                         ("PROVISIONING", "EC2", "asg", [], []))
        self.assertEqual(task["overrides"], {"containerOverrides": [], "inferenceAcceleratorOverrides": []})
        self.assertNotIn("containerInstanceArn", task)
        status, reply = self.server.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [
            {"count": 1, "instanceType": "m5.large", "capacityProvider": "asg"}]})
        self.assertEqual(status, 200)
        instance = reply["containerInstances"][0]["containerInstanceArn"]
        self.assertEqual(self.instance(instance)["capacityProviderName"], "asg")
        task = self.task(task["taskArn"])
        self.assertEqual((task["lastStatus"], task["containerInstanceArn"]), ("RUNNING", instance))
        self.assertEqual(self.run_task(capacityProviderStrategy=strategy)["tasks"][0]["containerInstanceArn"], instance)

    def test_so_many_tasks_wait_in_each_cluster(self):
        self.create("asg", managedScaling={"status": "ENABLED"})
        self.register()
        for cluster in ("one", "two"):
            self.ok("CreateCluster", {"clusterName": cluster, "capacityProviders": ["asg"],
                                      "defaultCapacityProviderStrategy": [{"capacityProvider": "asg", "weight": 1}]})
            for _ in range(30):
                self.assertEqual(self.run_task(cluster=cluster, count=10)["failures"], [])
            reply = self.run_task(cluster=cluster)
            self.assertEqual((reply["tasks"], [failure["reason"] for failure in reply["failures"]]), ([], ["EMPTY CAPACITY PROVIDER"]))
        waiting = self.ok("ListTasks", {"cluster": "one", "maxResults": 1})["taskArns"][0]
        self.ok("StopTask", {"cluster": "one", "task": waiting})
        self.assertEqual(len(self.run_task(cluster="one")["tasks"]), 1)
        self.assertEqual(self.run_task(cluster="one")["tasks"], [])


if __name__ == "__main__":
    unittest.main()
