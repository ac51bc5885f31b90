"""PutAttributes, DeleteAttributes, ListAttributes and UpdateContainerInstancesState, UpdateContainerAgent, registrations."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import ACCOUNT, NOWHERE, Case, arn  # noqa: E402

CPU = {"name": "CPU", "type": "INTEGER", "integerValue": 1024}
MEMORY = {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024}


class Attributes(Case):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.server.fleet(2)

    def put(self, name, value=None, target=None, **more):
        attribute = {"name": name, "targetId": target or self.first, **more}
        if value is not None:
            attribute["value"] = value
        return self.ok("PutAttributes", {"attributes": [attribute]})["attributes"]

    def listed(self, **more):
        return self.ok("ListAttributes", {"targetType": "container-instance", **more})["attributes"]

    def test_put_answers_the_target_and_no_type(self):
        self.assertEqual(self.put("stack", "blue"), [{"name": "stack", "value": "blue", "targetId": self.first}])
        self.assertEqual(self.listed(attributeName="stack"), [{"name": "stack", "value": "blue", "targetId": self.first}])
        self.assertIn({"name": "stack", "value": "blue"}, self.instance(self.first)["attributes"])

    def test_short_ids_need_the_type(self):
        short = self.first.rsplit("/", 1)[1]
        self.assertEqual(self.put("stack", "x", short, targetType="container-instance")[0]["targetId"], self.first)
        self.invalid("targetType must be container-instance", "PutAttributes",
                     {"attributes": [{"name": "stack", "targetId": short}]})

    def test_a_value_is_replaced_and_may_be_missing(self):
        self.put("stack", "blue")
        self.put("stack", "green")
        self.assertEqual([found["value"] for found in self.listed(attributeName="stack")], ["green"])
        self.assertEqual(self.put("bare"), [{"name": "bare", "targetId": self.first}])
        self.assertEqual(self.listed(attributeName="bare"), [{"name": "bare", "targetId": self.first}])

    def test_delete(self):
        self.put("stack", "blue")
        gone = self.ok("DeleteAttributes", {"attributes": [{"name": "stack", "value": "blue", "targetId": self.first}]})
        self.assertEqual(gone["attributes"], [{"name": "stack", "value": "blue", "targetId": self.first}])
        self.assertEqual(self.listed(attributeName="stack"), [])
        # What is not there is gone already.
        self.ok("DeleteAttributes", {"attributes": [{"name": "stack", "targetId": self.first}]})

    def test_a_deleted_attribute_is_shown_with_its_value(self):
        self.put("stack", "blue")
        gone = self.ok("DeleteAttributes", {"attributes": [{"name": "stack", "targetId": self.first}]})
        self.assertEqual(gone["attributes"], [{"name": "stack", "value": "blue", "targetId": self.first}])

    def test_a_value_is_not_empty(self):
        code, _ = self.server.error("PutAttributes", {"attributes": [{"name": "stack", "value": "", "targetId": self.first}]})
        self.assertEqual(code, "InvalidParameterException")
        self.assertEqual(self.listed(attributeName="stack"), [])

    def test_several_targets_in_one_call(self):
        reply = self.ok("PutAttributes", {"attributes": [
            {"name": "a", "value": "1", "targetId": self.first}, {"name": "a", "value": "2", "targetId": self.second}]})
        self.assertEqual([entry["targetId"] for entry in reply["attributes"]], [self.first, self.second])
        self.assertEqual({entry["targetId"]: entry["value"] for entry in self.listed(attributeName="a")},
                         {self.first: "1", self.second: "2"})
        self.assertEqual([entry["targetId"] for entry in self.listed(attributeName="a", attributeValue="2")], [self.second])

    def test_one_bad_target_changes_nothing(self):
        missing = self.first.replace(self.first.rsplit("/", 1)[1], NOWHERE)
        for operation in ("PutAttributes", "DeleteAttributes"):
            code, text = self.server.error(operation, {"attributes": [
                {"name": "a", "value": "1", "targetId": self.first}, {"name": "a", "value": "1", "targetId": missing}]})
            self.assertEqual((code, text), ("TargetNotFoundException", f"Could not find {missing}"))
        self.assertEqual(self.listed(attributeName="a"), [])

    def test_names_and_values(self):
        for name in ("x" * 129, "a b", "a=b", "é", "a:b"):
            self.assertEqual(self.server.error("PutAttributes", {"attributes": [{"name": name, "targetId": self.first}]})[0],
                             "InvalidParameterException", name)
        for value in ("x" * 129, " a", "a ", "a=b", "é"):
            self.assertEqual(self.server.error("PutAttributes", {"attributes": [
                {"name": "n", "value": value, "targetId": self.first}]})[0], "InvalidParameterException", value)
        for name in ("ecs.instance-type", "com.amazonaws.ecs.capability.x"):
            self.assertEqual(self.server.error("PutAttributes", {"attributes": [{"name": name, "value": "x", "targetId": self.first}]})[0],
                             "InvalidParameterException")
        self.put("a-Z_0./\\", "a-Z_0.@/\\: b")
        self.put("x" * 128, "y" * 128)

    def test_limits(self):
        self.invalid("attributes can not be empty", "PutAttributes", {"attributes": []})
        self.invalid("attributes can not be empty", "DeleteAttributes", {"attributes": []})
        many = [{"name": f"n{index}", "targetId": self.first} for index in range(11)]
        self.invalid("attributes can have at most 10 items.", "PutAttributes", {"attributes": many})
        self.ok("PutAttributes", {"attributes": many[:10]})
        self.ok("PutAttributes", {"attributes": many[:10]})
        self.assertEqual(self.server.error("PutAttributes", {"attributes": many[10:]})[0], "AttributeLimitExceededException")
        self.ok("DeleteAttributes", {"attributes": many[:1]})
        self.ok("PutAttributes", {"attributes": many[10:]})

    def test_list_filters_and_pages(self):
        self.invalid("TargetType can not be blank.", "ListAttributes", {})
        self.assertEqual(self.server.error("ListAttributes", {"targetType": "container-instance", "attributeValue": "x"})[0],
                         "InvalidParameterException")
        self.invalid("Max results can not be greater than 100", "ListAttributes",
                     {"targetType": "container-instance", "maxResults": 101})
        everything = [(found["targetId"], found["name"]) for page in self.ecs.get_paginator("list_attributes").paginate(
            targetType="container-instance", PaginationConfig={"PageSize": 7}) for found in page["attributes"]]
        self.assertEqual(len(everything), len(set(everything)))
        self.assertEqual({target for target, _ in everything}, {self.first, self.second})
        names = {name for _, name in everything}
        for name in ("ecs.ami-id", "ecs.availability-zone", "ecs.instance-type", "ecs.os-type", "ecs.cpu-architecture",
                     "ecs.vpc-id", "ecs.subnet-id", "ecs.capability.task-eni", "ecs.capability.cni-plugin-version",
                     "ecs.capability.branch-cni-plugin-version", "com.amazonaws.ecs.capability.ecr-auth"):
            self.assertIn(name, names)
        self.assertEqual(len(self.listed()), 100)
        bad = {"targetType": "container-instance", "nextToken": "nonsense"}
        self.assertEqual(self.server.error("ListAttributes", bad)[0], "InvalidParameterException")

    def test_pages_are_stable_while_things_change(self):
        page = self.ok("ListAttributes", {"targetType": "container-instance", "maxResults": 5})
        seen = [(entry["targetId"], entry["name"]) for entry in page["attributes"]]
        self.put("aaa", "1")
        while "nextToken" in page:
            page = self.ok("ListAttributes", {"targetType": "container-instance", "maxResults": 50, "nextToken": page["nextToken"]})
            seen += [(entry["targetId"], entry["name"]) for entry in page["attributes"]]
        self.assertEqual(len(seen), len(set(seen)))

    def test_placement_uses_them(self):
        self.put("stack", "blue", self.second)
        self.register()
        for _ in range(4):
            task = self.run_task(placementConstraints=[{"type": "memberOf", "expression": "attribute:stack == blue"}])["tasks"][0]
            self.assertEqual(task["containerInstanceArn"], self.second)

    def test_clusters(self):
        attribute = [{"name": "a", "targetId": self.first}]
        self.cluster_missing("PutAttributes", {"attributes": attribute})
        self.cluster_missing("DeleteAttributes", {"attributes": attribute})
        self.cluster_missing("ListAttributes", {"targetType": "container-instance"})
        self.ok("CreateCluster", {"clusterName": "other"})
        self.invalid("Invalid identifier: Identifier is for cluster default. Your cluster is other", "PutAttributes",
                     {"cluster": "other", "attributes": attribute})

    def test_no_deregistered_instance(self):
        self.ok("DeregisterContainerInstance", {"containerInstance": self.second})
        self.refused("TargetNotFoundException", f"Could not find {self.second}", "PutAttributes",
                     {"attributes": [{"name": "a", "targetId": self.second}]})
        self.assertNotIn(self.second, {entry["targetId"] for entry in self.listed()})


class Registration(Case):
    DOCUMENT = {"accountId": ACCOUNT, "architecture": "x86_64", "availabilityZone": "us-east-1c", "imageId": "ami-1",
                "instanceId": "i-0123456789abcdef0", "instanceType": "c5.large", "privateIp": "10.0.0.9",
                "region": "us-east-1", "version": "2017-09-30"}

    def enlist(self, **more):
        return self.ok("RegisterContainerInstance", more)["containerInstance"]

    def test_every_attribute_comes_back(self):
        given = [{"name": "stack", "value": "blue"}, {"name": "ecs.capability.container-ordering"},
                 {"name": "ecs.os-family", "value": "LINUX"}]
        got = self.enlist(totalResources=[CPU, MEMORY], attributes=given,
                          instanceIdentityDocument=json.dumps(self.DOCUMENT), instanceIdentityDocumentSignature="s",
                          clientToken="ignored", versionInfo={"agentVersion": "1.80.0", "agentHash": "abcdef01"})
        for attribute in given:
            self.assertIn(attribute, got["attributes"])
        values = {entry["name"]: entry.get("value") for entry in got["attributes"]}
        self.assertEqual((values["ecs.availability-zone"], values["ecs.instance-type"], values["ecs.cpu-architecture"],
                          values["ecs.ami-id"]), ("us-east-1c", "c5.large", "x86_64", "ami-1"))
        self.assertIn("ecs.vpc-id", values)
        self.assertIn("ecs.subnet-id", values)
        self.assertEqual(got["ec2InstanceId"], "i-0123456789abcdef0")
        self.assertEqual((got["status"], got["agentConnected"], got["attachments"]), ("ACTIVE", True, []))
        self.assertEqual([entry["name"] for entry in got["registeredResources"]], ["CPU", "MEMORY", "PORTS", "PORTS_UDP"])
        self.assertEqual(got["registeredResources"], got["remainingResources"])

    def test_outside_ec2(self):
        got = self.enlist(instanceIdentityDocument="", instanceIdentityDocumentSignature="", totalResources=[CPU, MEMORY],
                          attributes=[{"name": "ecs.capability.external"}, {"name": "ecs.cpu-architecture", "value": "arm64"}])
        self.assertNotIn("ec2InstanceId", got)
        self.assertIn({"name": "ecs.cpu-architecture", "value": "arm64"}, got["attributes"])
        self.register()
        task = self.run_task(launchType="EXTERNAL")["tasks"][0]
        self.assertEqual((task["launchType"], task["attributes"][0]["value"]), ("EXTERNAL", "arm64"))

    def test_again_with_another_type_is_refused(self):
        got = self.enlist(totalResources=[CPU, MEMORY], instanceIdentityDocument=json.dumps(self.DOCUMENT))
        again = {**self.DOCUMENT, "instanceType": "c5.xlarge"}
        code, text = self.server.error("RegisterContainerInstance", {
            "containerInstanceArn": got["containerInstanceArn"], "instanceIdentityDocument": json.dumps(again)})
        self.assertIn(code, ("ClientException", "InvalidParameterException"))
        self.assertIn("Container instance type changes are not supported.", text)
        kept = self.enlist(containerInstanceArn=got["containerInstanceArn"], instanceIdentityDocument=json.dumps(self.DOCUMENT),
                           totalResources=[{**CPU, "integerValue": 2048}, MEMORY], versionInfo={"agentVersion": "1.90.0"})
        self.assertEqual(kept["containerInstanceArn"], got["containerInstanceArn"])
        self.assertEqual(kept["registeredResources"][0]["integerValue"], 2048)
        self.assertEqual(kept["versionInfo"]["agentVersion"], "1.90.0")
        self.assertGreater(kept["version"], got["version"])

    def test_custom_attributes_stay_when_it_comes_again(self):
        got = self.enlist(totalResources=[CPU, MEMORY], attributes=[{"name": "stack", "value": "blue"}])
        self.ok("PutAttributes", {"attributes": [{"name": "stack", "value": "green", "targetId": got["containerInstanceArn"]}]})
        again = self.enlist(containerInstanceArn=got["containerInstanceArn"], totalResources=[CPU, MEMORY],
                            attributes=[{"name": "ecs.capability.new"}])
        self.assertIn({"name": "stack", "value": "green"}, again["attributes"])
        self.assertIn({"name": "ecs.capability.new"}, again["attributes"])
        # What the agent could do before it may not be able to do any more.
        later = self.enlist(containerInstanceArn=got["containerInstanceArn"], totalResources=[CPU, MEMORY],
                            attributes=[{"name": "ecs.capability.other"}])
        self.assertIn({"name": "stack", "value": "green"}, later["attributes"])
        self.assertNotIn({"name": "ecs.capability.new"}, later["attributes"])

    def test_tags_and_include(self):
        tags = [{"key": "k", "value": "v"}]
        got = self.enlist(totalResources=[CPU, MEMORY], tags=tags)
        self.assertEqual(got["tags"], tags)
        self.assertEqual(self.instance(got["containerInstanceArn"])["tags"], [])
        self.assertEqual(self.instance(got["containerInstanceArn"], include=["TAGS"])["tags"], tags)
        health = self.instance(got["containerInstanceArn"], include=["CONTAINER_INSTANCE_HEALTH"])["healthStatus"]
        self.assertEqual(health["overallStatus"], "OK")
        self.assertEqual([(entry["type"], entry["status"]) for entry in health["details"]], [("CONTAINER_RUNTIME", "OK")])
        self.assertNotIn("healthStatus", self.instance(got["containerInstanceArn"]))
        self.invalid("include should be one of [TAGS,CONTAINER_INSTANCE_HEALTH]", "DescribeContainerInstances",
                     {"containerInstances": [got["containerInstanceArn"]], "include": ["NOPE"]})

    def test_refusals(self):
        self.cluster_missing("RegisterContainerInstance")
        self.ok("DeleteCluster", {"cluster": "default"})
        self.refused("ClusterNotFoundException", "The referenced cluster was inactive.", "RegisterContainerInstance", {})
        self.ok("CreateCluster")
        self.assertEqual(self.server.error("RegisterContainerInstance", {"instanceIdentityDocument": "{"})[0], "ClientException")
        self.assertEqual(self.server.error("RegisterContainerInstance", {
            "containerInstanceArn": arn(f"container-instance/default/{NOWHERE}")})[0], "InvalidParameterException")


class States(Case):
    def test_draining_and_back(self):
        first, second = self.server.fleet(2)
        self.register()
        reply = self.ok("UpdateContainerInstancesState", {"containerInstances": [first], "status": "DRAINING"})
        self.assertEqual(([entry["status"] for entry in reply["containerInstances"]], reply["failures"]), (["DRAINING"], []))
        for _ in range(4):
            self.assertEqual(self.run_task()["tasks"][0]["containerInstanceArn"], second)
        self.assertEqual(self.ok("ListContainerInstances", {"status": "DRAINING"})["containerInstanceArns"], [first])
        self.assertEqual(self.ok("ListContainerInstances", {"status": "ACTIVE"})["containerInstanceArns"], [second])
        self.assertEqual(len(self.ok("ListContainerInstances")["containerInstanceArns"]), 2)
        self.assertEqual(self.ok("DescribeClusters")["clusters"][0]["registeredContainerInstancesCount"], 2)
        # StartTask bypasses placement.
        self.assertEqual(self.ok("StartTask", {"taskDefinition": "web", "containerInstances": [first]})["failures"], [])
        version = self.instance(first)["version"]
        self.ok("UpdateContainerInstancesState", {"containerInstances": [first], "status": "ACTIVE"})
        self.assertGreater(self.instance(first)["version"], version)
        self.assertEqual(self.instance(first)["status"], "ACTIVE")

    def test_refusals(self):
        (first,) = self.server.fleet(1)
        gone = arn(f"container-instance/default/{NOWHERE}")
        reply = self.ok("UpdateContainerInstancesState", {"containerInstances": [NOWHERE, first], "status": "DRAINING"})
        self.assertEqual(reply["failures"], [{"arn": gone, "reason": "MISSING"}])
        self.assertEqual(len(reply["containerInstances"]), 1)
        for status in ("REGISTERING", "INACTIVE", "NOPE"):
            self.invalid("Container instance status should be one of [ACTIVE, DRAINING]", "UpdateContainerInstancesState",
                         {"containerInstances": [first], "status": status})
        self.invalid("instanceIds can have at most 10 items.", "UpdateContainerInstancesState",
                     {"containerInstances": [first] * 11, "status": "DRAINING"})
        self.cluster_missing("UpdateContainerInstancesState", {"containerInstances": [first], "status": "DRAINING"})
        self.ok("DeregisterContainerInstance", {"containerInstance": first})
        reply = self.ok("UpdateContainerInstancesState", {"containerInstances": [first], "status": "ACTIVE"})
        self.assertEqual(reply["failures"], [{"arn": first, "reason": "INACTIVE"}])

    def test_filter(self):
        arns = self.server.fleet(2, "m5.large") + self.server.fleet(1, "t3.micro", zones=("b",))
        for expression, count in (("attribute:ecs.instance-type =~ m5.*", 2), ("attribute:ecs.availability-zone == us-east-1b", 1),
                                  ("runningTasksCount == 0", 3), ("not(agentConnected == true)", 0),
                                  ("attribute:stack exists", 0), ("attribute:stack !exists and agentConnected == true", 3)):
            found = self.ok("ListContainerInstances", {"filter": expression})["containerInstanceArns"]
            self.assertEqual(len(found), count, expression)
        code, text = self.server.error("ListContainerInstances", {"filter": "attribute:x =="})
        self.assertEqual(code, "InvalidParameterException")
        self.assertIn("position 15", text)
        self.cluster_missing("ListContainerInstances")
        self.assertEqual(set(self.ok("ListContainerInstances")["containerInstanceArns"]), set(arns))

    def test_unknown_clusters(self):
        self.cluster_missing("DescribeContainerInstances", {"containerInstances": [NOWHERE]})
        self.cluster_missing("DeregisterContainerInstance", {"containerInstance": NOWHERE})
        self.assertEqual(self.server.error("DeregisterContainerInstance", {"containerInstance": NOWHERE})[0], "InvalidParameterException")
        self.assertEqual(self.ok("DescribeContainerInstances", {"containerInstances": [NOWHERE]})["failures"],
                         [{"arn": arn(f"container-instance/default/{NOWHERE}"), "reason": "MISSING"}])

    def test_an_agent_that_is_away(self):
        first, second = self.server.fleet(2)
        self.register()
        status, fault = self.server.admin("POST", "/_ecs/faults", {"containerInstance": first, "fault": "agentDisconnect"})
        self.assertEqual(status, 200)
        away = self.instance(first, include=["CONTAINER_INSTANCE_HEALTH"])
        self.assertEqual((away["agentConnected"], away["status"], away["healthStatus"]["overallStatus"]), (False, "ACTIVE", "INSUFFICIENT_DATA"))
        for _ in range(4):
            self.assertEqual(self.run_task()["tasks"][0]["containerInstanceArn"], second)
        reply = self.ok("StartTask", {"taskDefinition": "web", "containerInstances": [first]})
        self.assertEqual((reply["tasks"], reply["failures"]), ([], [{"arn": first, "reason": "AGENT"}]))
        self.assertEqual(self.ok("ListContainerInstances", {"filter": "agentConnected == false"})["containerInstanceArns"], [first])
        self.assertEqual(self.server.error("UpdateContainerAgent", {"containerInstance": first})[0], "InvalidParameterException")
        self.server.admin("DELETE", f"/_ecs/faults/{fault['id']}")
        self.assertTrue(self.instance(first)["agentConnected"])

    def test_counts(self):
        (first,) = self.server.fleet(1)
        self.register()
        task = self.run_task()["tasks"][0]["taskArn"]
        self.assertEqual((self.instance(first)["runningTasksCount"], self.instance(first)["pendingTasksCount"]), (1, 0))
        self.ok("StopTask", {"task": task})
        self.assertEqual(self.instance(first)["runningTasksCount"], 0)


class Agents(Case):
    def enlist(self, version="1.80.0", **more):
        return self.ok("RegisterContainerInstance", {
            "totalResources": [CPU, MEMORY], "versionInfo": {"agentVersion": version}, **more})["containerInstance"]

    def test_update_of_a_simulated_agent(self):
        got = self.enlist()
        reply = self.ok("UpdateContainerAgent", {"containerInstance": got["containerInstanceArn"]})["containerInstance"]
        self.assertEqual(reply["agentUpdateStatus"], "PENDING")
        later = self.instance(got["containerInstanceArn"])
        self.assertEqual(later["agentUpdateStatus"], "UPDATED")
        self.assertNotEqual(later["versionInfo"]["agentVersion"], "1.80.0")
        self.refused("NoUpdateAvailableException", "There is no update available for your container agent.",
                     "UpdateContainerAgent", {"containerInstance": got["containerInstanceArn"]})

    def test_refusals(self):
        got = self.enlist()
        self.ok("DiscoverPollEndpoint", {"containerInstance": got["containerInstanceArn"]})
        self.ok("UpdateContainerAgent", {"containerInstance": got["containerInstanceArn"]})
        self.assertEqual(self.server.error("UpdateContainerAgent", {"containerInstance": got["containerInstanceArn"]})[0],
                         "UpdateInProgressException")
        again = self.enlist("1.81.0", containerInstanceArn=got["containerInstanceArn"])
        self.assertEqual((again["agentUpdateStatus"], again["versionInfo"]["agentVersion"]), ("UPDATED", "1.81.0"))
        nameless = self.ok("RegisterContainerInstance", {"totalResources": [CPU, MEMORY]})["containerInstance"]
        self.assertEqual(self.server.error("UpdateContainerAgent", {"containerInstance": nameless["containerInstanceArn"]})[0],
                         "MissingVersionException")
        self.assertEqual(self.server.error("UpdateContainerAgent", {"containerInstance": NOWHERE})[0], "InvalidParameterException")
        self.cluster_missing("UpdateContainerAgent", {"containerInstance": NOWHERE})

    def test_poll_endpoint_is_where_the_caller_came_from(self):
        reply = self.ok("DiscoverPollEndpoint", {})
        self.assertEqual(reply["endpoint"], f"http://{self.server.host}:{self.server.port}/")
        self.assertTrue(reply["telemetryEndpoint"].startswith(f"http://{self.server.host}:{self.server.port}/"))
        self.assertTrue(reply["serviceConnectEndpoint"].startswith("http://"))
        self.assertEqual(self.server.error("DiscoverPollEndpoint", {"cluster": "a b"})[0], "InvalidParameterException")
        reply = self.ok("DiscoverPollEndpoint", {"cluster": "default", "zoneId": ""}, headers={"Host": "ecs.test:4566"})
        self.assertEqual(reply["endpoint"], "http://ecs.test:4566/")


class AgentReports(Case):
    """An agent that asked for its endpoint drives the tasks of its instance."""

    def setUp(self):
        super().setUp()
        got = self.ok("RegisterContainerInstance", {"totalResources": [CPU, MEMORY]})["containerInstance"]
        self.host = got["containerInstanceArn"]
        self.ok("DiscoverPollEndpoint", {"containerInstance": self.host, "cluster": "default"})
        self.register("two", containerDefinitions=[
            {"name": "app", "image": "busybox", "memory": 16, "portMappings": [{"containerPort": 80}]},
            {"name": "side", "image": "busybox", "memory": 16, "essential": False}])
        self.id = self.run_task("two")["tasks"][0]["taskArn"]

    def submit(self, status=None, **more):
        body = {"cluster": "default", "task": self.id, **more}
        if status:
            body["status"] = status
        return self.ok("SubmitTaskStateChange", body)

    def test_it_waits_for_the_agent(self):
        self.assertEqual(self.task(self.id)["lastStatus"], "PENDING")
        self.assertEqual(self.instance(self.host)["pendingTasksCount"], 1)

    def test_running_then_an_exit(self):
        bindings = [{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp"}]
        reply = self.submit("RUNNING", pullStartedAt=1795471685.863, pullStoppedAt=1795471699.751, containers=[
            {"containerName": "app", "runtimeId": "a" * 64, "status": "RUNNING", "imageDigest": "sha256:" + "b" * 64, "networkBindings": bindings},
            {"containerName": "side", "runtimeId": "c" * 64, "status": "RUNNING"}])
        self.assertTrue(reply["acknowledgment"])
        task = self.task(self.id)
        self.assertEqual((task["lastStatus"], task["pullStartedAt"], task["pullStoppedAt"]), ("RUNNING", 1795471685.863, 1795471699.751))
        self.assertIn("startedAt", task)
        app = task["containers"][0]
        self.assertEqual((app["runtimeId"], app["imageDigest"], app["networkBindings"]), ("a" * 64, "sha256:" + "b" * 64, bindings))
        self.assertEqual(self.instance(self.host)["runningTasksCount"], 1)
        # A container that is not essential may end.
        self.submit("RUNNING", containers=[{"containerName": "side", "status": "STOPPED", "exitCode": 3, "reason": "why"}])
        side = self.task(self.id)["containers"][1]
        self.assertEqual((side["lastStatus"], side["exitCode"], side["reason"]), ("STOPPED", 3, "why"))
        self.assertEqual(self.task(self.id)["lastStatus"], "RUNNING")
        self.submit("STOPPED", executionStoppedAt=1795471700.5, containers=[{"containerName": "app", "status": "STOPPED", "exitCode": 7}])
        task = self.task(self.id)
        self.assertEqual((task["lastStatus"], task["desiredStatus"], task["stopCode"], task["stoppedReason"], task["executionStoppedAt"]),
                         ("STOPPED", "STOPPED", "EssentialContainerExited", "Essential container in task exited", 1795471700.5))
        self.assertEqual(task["containers"][0]["exitCode"], 7)
        host = self.instance(self.host)
        self.assertEqual((host["runningTasksCount"], host["remainingResources"]), (0, host["registeredResources"]))
        # What comes late is acknowledged and changes nothing.
        self.submit("RUNNING")
        self.assertEqual(self.task(self.id), task)

    def test_a_start_that_fails(self):
        reason = "CannotPullContainerError: no such image"
        self.submit("STOPPED", reason=reason, containers=[{"containerName": "app", "status": "STOPPED", "reason": reason}])
        task = self.task(self.id)
        self.assertEqual((task["stopCode"], task["stoppedReason"]), ("TaskFailedToStart", reason))
        self.assertNotIn("exitCode", task["containers"][0])
        self.assertNotIn("startedAt", task)

    def test_a_stop_waits_for_the_agent(self):
        self.submit("RUNNING", containers=[{"containerName": name, "status": "RUNNING"} for name in ("app", "side")])
        self.ok("StopTask", {"task": self.id, "reason": "enough"})
        task = self.task(self.id)
        self.assertEqual((task["desiredStatus"], task["lastStatus"]), ("STOPPED", "RUNNING"))
        self.submit("STOPPED", containers=[{"containerName": name, "status": "STOPPED", "exitCode": 143} for name in ("app", "side")])
        task = self.task(self.id)
        self.assertEqual((task["lastStatus"], task["stopCode"], task["stoppedReason"]), ("STOPPED", "UserInitiated", "enough"))

    def test_container_by_container(self):
        for name in ("app", "side"):
            self.assertTrue(self.ok("SubmitContainerStateChange", {
                "task": self.id, "containerName": name, "status": "RUNNING", "runtimeId": "d" * 64})["acknowledgment"])
        self.assertEqual(self.task(self.id)["lastStatus"], "RUNNING")
        self.ok("SubmitContainerStateChange", {"task": self.id, "containerName": "app", "status": "STOPPED", "exitCode": 0})
        self.assertEqual(self.task(self.id)["stopCode"], "EssentialContainerExited")

    def test_unknown_tasks_are_acknowledged(self):
        for operation in ("SubmitTaskStateChange", "SubmitContainerStateChange"):
            self.assertTrue(self.ok(operation, {"task": NOWHERE, "status": "STOPPED"})["acknowledgment"])
        self.assertTrue(self.ok("SubmitAttachmentStateChanges", {
            "attachments": [{"attachmentArn": arn("attachment/1"), "status": "ATTACHED"}]})["acknowledgment"])

    def test_refusals(self):
        for operation in ("SubmitTaskStateChange", "SubmitContainerStateChange"):
            self.cluster_missing(operation, {"task": self.id, "status": "RUNNING"})
            self.assertEqual(self.server.error(operation, {"task": self.id, "status": "NOPE"})[0], "InvalidParameterException")
            self.assertEqual(self.server.error(operation, {"status": "RUNNING"})[0], "InvalidParameterException")
        self.cluster_missing("SubmitAttachmentStateChanges", {"attachments": [{"attachmentArn": arn("attachment/1"), "status": "ATTACHED"}]})
        self.assertEqual(self.server.error("SubmitContainerStateChange", {"task": self.id, "status": "RUNNING"}),
                         ("InvalidParameterException", "ContainerName can not be blank."))

    def test_lengths_of_reports(self):
        for name, longest in (("reason", 1024), ("runtimeId", 255), ("imageDigest", 255)):
            for more, fine in ((0, True), (1, False)):
                container = {"containerName": "app", name: "x" * (longest + more)}
                status, reply, _ = self.server.call("SubmitTaskStateChange", {"task": self.id, "containers": [container]})
                self.assertEqual(status, 200 if fine else 400, name)
                self.assertTrue(fine or reply["message"] == f"containers[0].{name} length must be at most {longest}", reply)
        self.assertEqual(self.server.error("SubmitTaskStateChange", {"task": self.id, "reason": "x" * 1025})[0], "InvalidParameterException")

    def test_resources_of_a_registration(self):
        for bad in ({"name": "CPU", "type": "INTEGER", "integerValue": -1}, {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["ssh"]},
                    {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["65536"]}):
            self.assertEqual(self.server.error("RegisterContainerInstance", {"totalResources": [bad]}),
                             ("InvalidParameterException", f"Invalid value for the resource {bad['name']}."))

    def test_attachments_are_needed(self):
        self.assertEqual(self.server.error("SubmitAttachmentStateChanges", {"attachments": []})[0], "InvalidParameterException")

    def test_managed_agent(self):
        self.register("exec", taskRoleArn="r", networkMode="host")
        # The role needs an attribute of the agent.
        failure = self.run_task("exec", enableExecuteCommand=True)["failures"]
        self.assertEqual(failure, [{"arn": self.host, "reason": "ATTRIBUTE"}])
        self.ok("RegisterContainerInstance", {"containerInstanceArn": self.host, "totalResources": [CPU, MEMORY], "attributes": [
            {"name": "com.amazonaws.ecs.capability.task-iam-role-network-host"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}]})
        task = self.run_task("exec", enableExecuteCommand=True)["tasks"][0]["taskArn"]
        self.ok("SubmitTaskStateChange", {
            "task": task, "status": "RUNNING", "containers": [{"containerName": "app", "status": "RUNNING"}],
            "managedAgents": [{"containerName": "app", "managedAgentName": "ExecuteCommandAgent", "status": "STOPPED", "reason": "bad"}]})
        agent = self.task(task)["containers"][0]["managedAgents"][0]
        version = self.task(task)["version"]
        news = {"containerName": "app", "managedAgentName": "ExecuteCommandAgent", "status": "RUNNING"}
        self.assertEqual(self.server.error("SubmitTaskStateChange", {"task": task, "managedAgents": [{**news, "status": "NOPE"}]}),
                         ("InvalidParameterException", "status should be one of [PENDING,RUNNING,STOPPED]"))
        self.ok("SubmitTaskStateChange", {"task": task, "managedAgents": [news]})
        self.assertEqual(self.task(task)["version"], version + 1)
        self.assertTrue(self.ok("ExecuteCommand", {"task": task, "command": "sh", "interactive": True})["session"]["tokenValue"])
        self.ok("SubmitTaskStateChange", {"task": task, "managedAgents": [{**news, "status": "STOPPED", "reason": "bad"}]})
        self.assertEqual((agent["name"], agent["lastStatus"], agent["reason"]), ("ExecuteCommandAgent", "STOPPED", "bad"))
        self.assertIn("isn’t running", self.server.error("ExecuteCommand", {"task": task, "command": "sh", "interactive": True})[1])


if __name__ == "__main__":
    unittest.main()
