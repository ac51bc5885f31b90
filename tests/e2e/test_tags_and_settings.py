"""TagResource, UntagResource, ListTagsForResource and the account settings, with what those change."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, APP, NOWHERE, ROLE, SUBNETS, Case, arn  # noqa: E402

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/someone"


def tags(**pairs):
    return [{"key": key, "value": value} for key, value in pairs.items()]


class Tags(Case):
    def setUp(self):
        super().setUp()
        (self.instance_arn,) = self.server.fleet(1)
        self.definition = self.register()["taskDefinitionArn"]
        self.task_arn = self.run_task()["tasks"][0]["taskArn"]
        self.provider = self.ok("CreateCapacityProvider", {
            "name": "spot", "autoScalingGroupProvider": {"autoScalingGroupArn": "asg"}})["capacityProvider"]["capacityProviderArn"]
        self.everything = [arn("cluster/default"), self.instance_arn, self.definition, self.task_arn, self.provider]

    def listed(self, resource):
        return self.ok("ListTagsForResource", {"resourceArn": resource})["tags"]

    def test_every_type(self):
        for resource in self.everything:
            self.assertEqual(self.listed(resource), [])
            self.assertEqual(self.ok("TagResource", {"resourceArn": resource, "tags": tags(a="1", b="2")}), {})
            self.assertEqual(self.listed(resource), tags(a="1", b="2"))
            # The same key overwrites in its place; others follow.
            self.ok("TagResource", {"resourceArn": resource, "tags": tags(c="3", a="9")})
            self.assertEqual(self.listed(resource), tags(a="9", b="2", c="3"))
            self.assertEqual(self.ok("UntagResource", {"resourceArn": resource, "tagKeys": ["b", "unknown"]}), {})
            self.assertEqual(self.listed(resource), tags(a="9", c="3"))

    def test_include_shows_them(self):
        for resource in self.everything:
            self.ok("TagResource", {"resourceArn": resource, "tags": tags(k="v")})
        seen = [
            self.ok("DescribeClusters", {"include": ["TAGS"]})["clusters"][0]["tags"],
            self.instance(self.instance_arn, include=["TAGS"])["tags"],
            self.ok("DescribeTaskDefinition", {"taskDefinition": "web", "include": ["TAGS"]})["tags"],
            self.task(self.task_arn, include=["TAGS"])["tags"],
            self.ok("DescribeCapacityProviders", {"capacityProviders": ["spot"], "include": ["TAGS"]})["capacityProviders"][0]["tags"],
        ]
        self.assertEqual(seen, [tags(k="v")] * 5)
        unseen = [self.ok("DescribeClusters")["clusters"][0]["tags"], self.instance(self.instance_arn)["tags"],
                  self.task(self.task_arn)["tags"],
                  self.ok("DescribeCapacityProviders", {"capacityProviders": ["spot"]})["capacityProviders"][0]["tags"]]
        self.assertEqual(unseen, [[]] * 4)

    def test_limits(self):
        many = [{"key": f"k{index}", "value": ""} for index in range(50)]
        for resource in self.everything:
            self.ok("TagResource", {"resourceArn": resource, "tags": many})
            self.ok("TagResource", {"resourceArn": resource, "tags": many[:3]})
            self.refused("LimitExceededException", "The maximum number of tags per resource is 50.", "TagResource",
                         {"resourceArn": resource, "tags": tags(one="more")})
            self.assertEqual(len(self.listed(resource)), 50)
        self.ok("TagResource", {"resourceArn": arn("cluster/default"), "tags": [{"key": "k1", "value": "v" * 256}]})

    def test_bad_tags(self):
        # A task definition's are a ClientException, everybody else's an InvalidParameterException.
        for resource in self.everything:
            code = "ClientException" if resource == self.definition else "InvalidParameterException"
            for bad in ([{"key": "x" * 129, "value": "v"}], [{"key": "k", "value": "v" * 257}], tags(**{"a*b": "v"}), tags(k="<>"),
                        tags(**{"aws:x": "v"}), tags(**{"AWS:x": "v"}), [{"key": "", "value": "v"}]):
                self.refused(code, "Invalid tag key or value.", "TagResource", {"resourceArn": resource, "tags": bad})
            self.refused(code, "Duplicate tag keys are not allowed.", "TagResource",
                         {"resourceArn": resource, "tags": [*tags(a="1"), *tags(a="2")]})
            self.refused(code, "Tag key can not be null.", "TagResource", {"resourceArn": resource, "tags": [{"value": "v"}]})
            self.ok("TagResource", {"resourceArn": resource, "tags": [{"key": "Größe +-=._:/@", "value": "ø 1"}]})

    def test_bad_tags_at_creation(self):
        many = [{"key": f"k{index}", "value": ""} for index in range(51)]
        group = {"autoScalingGroupArn": "asg"}
        calls = [("CreateCluster", {"clusterName": "n"}), ("RegisterContainerInstance", {}), ("RunTask", {"taskDefinition": "web"}),
                 ("StartTask", {"taskDefinition": "web", "containerInstances": [self.instance_arn]}),
                 ("CreateCapacityProvider", {"name": "p", "autoScalingGroupProvider": group}),
                 ("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [APP]})]
        for operation, body in calls:
            code = "ClientException" if operation == "RegisterTaskDefinition" else "InvalidParameterException"
            self.refused(code, "The maximum number of tags per resource is 50.", operation, {**body, "tags": many})
            self.refused(code, "Invalid tag key or value.", operation, {**body, "tags": tags(**{"aws:x": "v"})})
            self.refused(code, "Duplicate tag keys are not allowed.", operation, {**body, "tags": [*tags(a="1"), *tags(a="2")]})
            self.refused(code, "Tag key can not be null.", operation, {**body, "tags": [{"value": "v"}]})

    def test_bad_arns(self):
        for resource in ("", "nonsense", "arn:aws:ecs", arn("nothing/x"), "arn:aws:s3:::bucket"):
            for operation, more in (("TagResource", {"tags": tags(a="1")}), ("UntagResource", {"tagKeys": ["a"]}), ("ListTagsForResource", {})):
                self.assertEqual(self.server.error(operation, {"resourceArn": resource, **more})[0], "InvalidParameterException", resource)
        for rest in ("task/" + NOWHERE, "container-instance/" + NOWHERE, "service/short"):
            self.invalid("Long arn format must be used for tagging operations", "TagResource",
                         {"resourceArn": arn(rest), "tags": tags(a="1")})
        self.invalid("Invalid Region in ARN", "ListTagsForResource", {"resourceArn": arn("cluster/default", region="eu-west-1")})

    def test_unknown_resources(self):
        for rest, noun in (("cluster/nope", "cluster"), (f"task/default/{NOWHERE}", "task"), ("service/default/nope", "service")):
            self.invalid(f"The specified {noun} does not exist.", "ListTagsForResource", {"resourceArn": arn(rest)})
        for operation, more in (("TagResource", {"tags": tags(a="1")}), ("UntagResource", {"tagKeys": ["a"]}), ("ListTagsForResource", {})):
            self.refused("ClusterNotFoundException", "Cluster not found.", operation, {"resourceArn": arn(f"task/nope/{NOWHERE}"), **more})
            if operation != "ListTagsForResource":
                self.assertEqual(self.server.error(operation, {"resourceArn": arn("capacity-provider/nope"), **more})[0], "ResourceNotFoundException")
        self.refused("ClientException", "Unable to describe task definition.", "ListTagsForResource",
                     {"resourceArn": arn("task-definition/nope:1")})

    def test_inactive_targets(self):
        self.ok("StopTask", {"task": self.task_arn})
        self.invalid("The specified task is stopped. Specify a running task and try again.", "TagResource",
                     {"resourceArn": self.task_arn, "tags": tags(a="1")})
        self.ok("DeregisterContainerInstance", {"containerInstance": self.instance_arn})
        self.assertEqual(self.server.error("TagResource", {"resourceArn": self.instance_arn, "tags": tags(a="1")})[0],
                         "InvalidParameterException")
        self.ok("DeregisterTaskDefinition", {"taskDefinition": "web:1"})
        self.ok("TagResource", {"resourceArn": self.definition, "tags": tags(a="1")})
        self.assertEqual(self.listed(self.definition), tags(a="1"))
        self.ok("CreateCluster", {"clusterName": "gone"})
        self.ok("DeleteCluster", {"cluster": "gone"})
        for operation, more in (("TagResource", {"tags": tags(a="1")}), ("UntagResource", {"tagKeys": ["a"]})):
            self.invalid("The specified cluster is inactive. Specify an active cluster and try again.", operation,
                         {"resourceArn": arn("cluster/gone"), **more})

    def test_a_task_has_no_more_tags_from_two_sides(self):
        (host,) = self.server.fleet(1)
        self.register("tagged", tags=[{"key": f"d{number}", "value": ""} for number in range(30)])
        tags = [{"key": f"d{number}", "value": "own"} for number in range(2)] + [{"key": f"k{number}", "value": ""} for number in range(20)]
        for operation, more in (("RunTask", {}), ("StartTask", {"containerInstances": [host]})):
            body = {"taskDefinition": "tagged", "propagateTags": "TASK_DEFINITION", "enableECSManagedTags": True, **more}
            self.assertEqual(len(self.ok(operation, {**body, "tags": tags})["tasks"][0]["tags"]), 51)
            self.assertEqual(self.server.error(operation, {**body, "tags": [*tags, {"key": "more", "value": ""}]}),
                             ("InvalidParameterException", "The maximum number of tags per resource is 50."))

    def test_managed_tags_stay(self):
        task = self.run_task(enableECSManagedTags=True, tags=tags(mine="1"))["tasks"][0]
        managed = {"key": "aws:ecs:clusterName", "value": "default"}
        self.assertEqual(task["tags"], [managed, *tags(mine="1")])
        self.ok("UntagResource", {"resourceArn": task["taskArn"], "tagKeys": ["aws:ecs:clusterName", "mine"]})
        self.assertEqual(self.listed(task["taskArn"]), [managed])
        # Tags of AWS do not count.
        self.ok("TagResource", {"resourceArn": task["taskArn"], "tags": [{"key": f"k{index}", "value": ""} for index in range(50)]})

    def test_propagation(self):
        self.register("tagged", tags=tags(a="definition", b="definition"))
        self.assertEqual(self.run_task("tagged")["tasks"][0]["tags"], [])
        self.assertEqual(self.run_task("tagged", propagateTags="NONE")["tasks"][0]["tags"], [])
        task = self.run_task("tagged", propagateTags="TASK_DEFINITION", tags=tags(a="given"))["tasks"][0]
        self.assertEqual({tag["key"]: tag["value"] for tag in task["tags"]}, {"a": "given", "b": "definition"})
        self.assertEqual(self.server.error("RunTask", {"taskDefinition": "tagged", "propagateTags": "SERVICE"})[0],
                         "InvalidParameterException")
        self.invalid("propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]", "RunTask",
                     {"taskDefinition": "tagged", "propagateTags": "NOPE"})


class Settings(Case):
    NAMES = ["serviceLongArnFormat", "taskLongArnFormat", "containerInstanceLongArnFormat", "awsvpcTrunking", "containerInsights",
             "fargateFIPSMode", "tagResourceAuthorization", "fargateTaskRetirementWaitPeriod", "guardDutyActivate",
             "defaultLogDriverMode", "fargateEventWindows"]

    def listed(self, **more):
        return self.ok("ListAccountSettings", more)["settings"]

    def effective(self):
        return {setting["name"]: setting["value"] for page in self.ecs.get_paginator("list_account_settings").paginate(
            effectiveSettings=True) for setting in page["settings"]}

    def test_nothing_is_set_at_first(self):
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.effective(), {
            "serviceLongArnFormat": "enabled", "taskLongArnFormat": "enabled", "containerInstanceLongArnFormat": "enabled",
            "awsvpcTrunking": "disabled", "containerInsights": "disabled", "fargateFIPSMode": "disabled",
            "tagResourceAuthorization": "on", "fargateTaskRetirementWaitPeriod": "7", "guardDutyActivate": "off",
            "defaultLogDriverMode": "non-blocking", "fargateEventWindows": "disabled"})
        self.assertEqual(self.listed(effectiveSettings=True, name="guardDutyActivate"),
                         [{"name": "guardDutyActivate", "value": "off", "principalArn": ROOT, "type": "aws_managed"}])

    def test_put_and_delete(self):
        got = self.ok("PutAccountSetting", {"name": "containerInsights", "value": "enabled"})
        self.assertEqual(got, {"setting": {"name": "containerInsights", "value": "enabled", "principalArn": ROOT, "type": "user"}})
        self.assertEqual(self.listed(), [got["setting"]])
        self.assertEqual(self.listed(name="containerInsights", value="enabled"), [got["setting"]])
        self.assertEqual(self.listed(name="containerInsights", value="disabled"), [])
        gone = self.ok("DeleteAccountSetting", {"name": "containerInsights"})
        self.assertEqual(gone["setting"]["value"], "disabled")
        self.assertEqual(self.listed(), [])

    def test_a_principal_of_its_own(self):
        self.ok("PutAccountSettingDefault", {"name": "awsvpcTrunking", "value": "enabled"})
        mine = self.ok("PutAccountSetting", {"name": "awsvpcTrunking", "value": "disabled", "principalArn": USER})["setting"]
        self.assertEqual((mine["principalArn"], mine["value"]), (USER, "disabled"))
        self.assertEqual(self.listed(principalArn=USER), [mine])
        self.assertEqual(self.listed(name="awsvpcTrunking", effectiveSettings=True)[0]["value"], "enabled")
        self.assertEqual(self.listed(name="awsvpcTrunking", effectiveSettings=True, principalArn=USER)[0]["value"], "disabled")
        self.assertEqual(self.ok("DeleteAccountSetting", {"name": "awsvpcTrunking", "principalArn": USER})["setting"]["value"], "enabled")

    def test_refusals(self):
        for operation in ("PutAccountSetting", "PutAccountSettingDefault"):
            code, text = self.server.error(operation, {"name": "dualStackIPv6x", "value": "enabled"})
            self.assertEqual((code, text.split(" [")[0]), ("InvalidParameterException", "dualStackIPv6x should be one of"))
            self.assertEqual(self.server.error(operation, {"name": "containerInsights", "value": "maybe"})[0], "InvalidParameterException")
            self.assertEqual(self.server.error(operation, {"name": "guardDutyActivate", "value": "on"})[0], "InvalidParameterException")
            self.assertEqual(self.server.error(operation, {"name": "fargateTaskRetirementWaitPeriod", "value": "3"})[0],
                             "InvalidParameterException")
            for name in self.NAMES[:3]:
                self.invalid("You can no longer disable Long Arn settings", operation, {"name": name, "value": "disabled"})
                self.ok(operation, {"name": name, "value": "enabled"})
        self.assertEqual(self.server.error("ListAccountSettings", {"value": "enabled"})[0], "InvalidParameterException")
        self.invalid("Max results can not be greater than 10", "ListAccountSettings", {"maxResults": 11})
        self.assertEqual(self.server.error("PutAccountSetting", {"name": "containerInsights", "value": "enabled", "principalArn": "nobody"})[0],
                         "InvalidParameterException")
        self.assertEqual(self.server.error("DeleteAccountSetting", {"name": "nope"})[0], "InvalidParameterException")

    def test_every_value_that_there_is(self):
        for name, values in (("awsvpcTrunking", ("enabled", "disabled")), ("containerInsights", ("enhanced", "enabled", "disabled")),
                             ("fargateFIPSMode", ("enabled", "disabled")), ("tagResourceAuthorization", ("on", "off")),
                             ("fargateTaskRetirementWaitPeriod", ("0", "7", "14")), ("defaultLogDriverMode", ("blocking", "non-blocking")),
                             ("fargateEventWindows", ("enabled", "disabled"))):
            for value in values:
                self.assertEqual(self.ok("PutAccountSettingDefault", {"name": name, "value": value})["setting"]["value"], value)

    def test_pages(self):
        for name in self.NAMES[:8]:
            self.ok("PutAccountSetting", {"name": name, "value": self.effective()[name]})
        names = [setting["name"] for page in self.ecs.get_paginator("list_account_settings").paginate(
            PaginationConfig={"PageSize": 3}) for setting in page["settings"]]
        self.assertEqual(names, self.NAMES[:8])
        self.assertEqual(self.server.error("ListAccountSettings", {"nextToken": "x"})[0], "InvalidParameterException")

    def test_container_insights_is_the_default_of_new_clusters(self):
        self.ok("PutAccountSettingDefault", {"name": "containerInsights", "value": "enhanced"})
        wanted = [{"name": "containerInsights", "value": "enhanced"}]
        self.assertEqual(self.ok("CreateCluster", {"clusterName": "new"})["cluster"]["settings"], wanted)
        self.ok("PutAccountSettingDefault", {"name": "containerInsights", "value": "disabled"})
        seen = self.ok("DescribeClusters", {"clusters": ["new", "default"], "include": ["SETTINGS"]})["clusters"]
        self.assertEqual([cluster["settings"][0]["value"] for cluster in seen], ["enhanced", "disabled"])

    def test_trunking_raises_how_many_tasks_have_an_interface(self):
        self.register("vpc", networkMode="awsvpc")
        body = {"count": 3, "networkConfiguration": SUBNETS}
        (plain,) = self.server.fleet(1, "m5.large")
        reply = self.run_task("vpc", **body)
        # Three interfaces, one is the instance's own.
        self.assertEqual((len(reply["tasks"]), reply["failures"]), (2, [{"arn": plain, "reason": "RESOURCE:ENI"}]))
        self.ok("StopTask", {"task": reply["tasks"][0]["taskArn"]})
        self.assertEqual(len(self.run_task("vpc", **body)["tasks"]), 1)
        self.ok("UpdateContainerInstancesState", {"containerInstances": [plain], "status": "DRAINING"})
        self.ok("PutAccountSettingDefault", {"name": "awsvpcTrunking", "value": "enabled"})
        (trunked,) = self.server.fleet(1, "m5.large")
        instance = self.instance(trunked)
        self.assertIn("ecs.awsvpc-trunk-id", [attribute["name"] for attribute in instance["attributes"]])
        self.assertEqual([(found["type"], found["status"]) for found in instance["attachments"]], [("ElasticNetworkInterface", "ATTACHED")])
        placed = sum(len(self.run_task("vpc", **body)["tasks"]) for _ in range(5))
        self.assertEqual(placed, 10)

    def test_an_instance_with_a_trunk_is_registering_first(self):
        body = {"attributes": [{"name": "ecs.instance-type", "value": "m5.large"}, {"name": "ecs.capability.task-eni-trunking"}]}
        self.assertEqual(self.ok("RegisterContainerInstance", body)["containerInstance"]["status"], "ACTIVE")
        self.ok("PutAccountSettingDefault", {"name": "awsvpcTrunking", "value": "enabled"})
        new = self.ok("RegisterContainerInstance", body)["containerInstance"]
        self.assertEqual(new["status"], "REGISTERING")
        instance = self.instance(new["containerInstanceArn"])
        self.assertEqual((instance["status"], instance["attachments"][0]["status"]), ("ACTIVE", "ATTACHED"))

    def test_an_account_a_region(self):
        self.ok("PutAccountSetting", {"name": "containerInsights", "value": "enabled"})
        self.assertEqual(self.ok("ListAccountSettings", region="eu-west-1")["settings"], [])
        self.assertEqual(self.ok("ListAccountSettings", access_key="111111111111")["settings"], [])


class Gpus(Case):
    def test_devices_of_an_agent(self):
        got = self.ok("RegisterContainerInstance", {
            "totalResources": [{"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}],
            "platformDevices": [{"id": "GPU-a", "type": "GPU"}, {"id": "GPU-b", "type": "GPU"}]})["containerInstance"]
        self.assertEqual([entry["stringSetValue"] for entry in got["registeredResources"] if entry["name"] == "GPU"], [["GPU-a", "GPU-b"]])
        self.register("one", {"resourceRequirements": [{"type": "GPU", "value": "1"}]})
        self.assertEqual(self.run_task("one")["tasks"][0]["containers"][0]["gpuIds"], ["GPU-a"])

    def test_they_are_dealt_out(self):
        (host,) = self.server.fleet(1, "p3.8xlarge")
        def free():
            found = [entry for entry in self.instance(host)["remainingResources"] if entry["name"] == "GPU"]
            return found[0]["stringSetValue"]
        every = free()
        self.assertEqual(len(every), 4)
        gpu = lambda count: {"resourceRequirements": [{"type": "GPU", "value": str(count)}]}  # noqa: E731
        self.register("one", gpu(1))
        self.register("two", containerDefinitions=[{**APP, **gpu(1)}, {**APP, "name": "side", **gpu(1)}])
        first = self.run_task("one")["tasks"][0]
        self.assertEqual(first["containers"][0]["gpuIds"], every[:1])
        second = self.run_task("two")["tasks"][0]
        self.assertEqual([container["gpuIds"] for container in second["containers"]], [every[1:2], every[2:3]])
        self.assertEqual(free(), every[3:])
        self.assertEqual(self.run_task("two")["failures"], [{"arn": host, "reason": "RESOURCE:GPU"}])
        self.ok("StopTask", {"task": first["taskArn"]})
        self.assertEqual(free(), [every[0], every[3]])
        override = {"containerOverrides": [{"name": "app", **gpu(2)}]}
        third = self.run_task("one", overrides=override)["tasks"][0]
        self.assertEqual(third["containers"][0]["gpuIds"], [every[0], every[3]])
        self.assertEqual(self.run_task("one")["failures"], [{"arn": host, "reason": "RESOURCE:GPU"}])


if __name__ == "__main__":
    unittest.main()
