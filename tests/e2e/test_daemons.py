"""Managed daemons with plain calls: one task on every instance of their capacity providers, deployments with stages,
replacement a share at a time, failures and rollback, what is refused, lists. Facts: services 13."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

PREFIX = "arn:aws:ecs:us-east-1:000000000000:"
CLIENT = "ClientException"
INVALID = "InvalidParameterException"
ROLE = "arn:aws:iam::000000000000:role/infrastructure"
MANAGED = {"infrastructureRoleArn": ROLE, "instanceLaunchTemplate": {
    "ec2InstanceProfileArn": "arn:aws:iam::000000000000:instance-profile/x", "networkConfiguration": {"subnets": ["subnet-1"]}}}


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
        self.provider("mi")
        self.definition()

    def provider(self, name, cluster="default"):
        self.server.ok("CreateCapacityProvider", {"name": name, "cluster": cluster, "managedInstancesProvider": MANAGED})

    def definition(self, family="agent", image="agent:1", **more):
        container = {"name": "agent", "image": image, "memory": 64, **more}
        return self.server.ok("RegisterDaemonTaskDefinition", {"family": family, "containerDefinitions": [container]})["daemonTaskDefinitionArn"]

    def fleet(self, count=1, provider="mi", cluster="default"):
        status, reply = self.server.admin("POST", "/_ecs/fleet", {"cluster": cluster, "instances": [
            {"count": count, "instanceType": "m5.large", "capacityProvider": provider}]})
        self.assertEqual(status, 200)
        return [one["containerInstanceArn"] for one in reply["containerInstances"]]

    def create(self, name="d", **more):
        return self.server.ok("CreateDaemon", {
            "daemonName": name, "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"], **more})

    def update(self, **more):
        return self.server.ok("UpdateDaemon", {
            "daemonArn": PREFIX + "daemon/default/d", "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"], **more})

    def daemon(self, name="d"):
        return self.server.ok("DescribeDaemon", {"daemonArn": PREFIX + "daemon/default/" + name})["daemon"]

    def deployment(self, arn):
        return self.server.ok("DescribeDaemonDeployments", {"daemonDeploymentArns": [arn]})["daemonDeployments"][0]

    def tasks(self, name="d", **more):
        return self.server.ok("ListTasks", {"daemonName": name, **more})["taskArns"]

    def described(self, name="d", **more):
        arns = self.tasks(name, **more)
        return self.server.ok("DescribeTasks", {"tasks": arns, "include": ["TAGS"]})["tasks"] if arns else []

    def counts(self, revision=0, name="d"):
        got = self.daemon(name)["currentRevisions"][revision]
        return got["totalRunningCount"], got["totalWithoutDaemonCount"]

    def refused(self, code, text, operation, body):
        self.assertEqual(self.server.error(operation, body), (code, text))


class Life(Case):
    def test_create(self):
        got = self.create()
        self.assertEqual((got["daemonArn"], got["status"], set(got)),
                         (PREFIX + "daemon/default/d", "ACTIVE", {"daemonArn", "status", "createdAt", "deploymentArn"}))
        self.assertRegex(got["deploymentArn"], "^" + PREFIX + "daemon-deployment/default/d/[A-Za-z0-9]{16}$")
        daemon = self.daemon()
        revision = daemon["currentRevisions"][0]
        self.assertRegex(revision.pop("arn"), "^" + PREFIX + "daemon-revision/default/d/[0-9]{19}$")
        self.assertEqual(revision, {
            "capacityProviders": [{"arn": PREFIX + "capacity-provider/mi", "runningCount": 0, "withoutDaemonCount": 0}],
            "totalRunningCount": 0, "totalWithoutDaemonCount": 0})
        self.assertEqual((daemon["status"], daemon["clusterArn"], daemon["deploymentArn"], len(daemon["currentRevisions"])),
                         ("ACTIVE", PREFIX + "cluster/default", got["deploymentArn"], 1))

    def test_a_finished_deployment(self):
        got = self.deployment(self.create()["deploymentArn"])
        self.assertEqual((got["status"], got["statusReason"]), ("SUCCESSFUL", "Deployment completed successfully."))
        self.assertEqual(got["circuitBreaker"], {"failureCount": 0, "status": "MONITORING_COMPLETE", "threshold": 10})
        self.assertEqual(got["alarms"], {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []})
        self.assertEqual(got["deploymentConfiguration"], {"alarms": {"alarmNames": [], "enable": False}, "bakeTimeInMinutes": 0})
        self.assertEqual((got["sourceDaemonRevisions"], got["targetDaemonRevision"]["totalRunningInstanceCount"]), ([], 0))
        self.assertLessEqual({"createdAt", "startedAt", "finishedAt"}, set(got))

    def test_the_revision(self):
        self.create(enableECSManagedTags=True, enableExecuteCommand=True, critical=False, propagateTags="DAEMON")
        arn = self.daemon()["currentRevisions"][0]["arn"]
        got = self.server.ok("DescribeDaemonRevisions", {"daemonRevisionArns": [arn, arn[:-19] + "0" * 19]})
        self.assertEqual(got["failures"], [{"arn": arn[:-19] + "0" * 19, "reason": "MISSING"}])
        del got["daemonRevisions"][0]["createdAt"]
        self.assertEqual(got["daemonRevisions"], [{
            "daemonRevisionArn": arn, "clusterArn": PREFIX + "cluster/default", "daemonArn": PREFIX + "daemon/default/d",
            "daemonTaskDefinitionArn": PREFIX + "daemon-task-definition/agent:1", "propagateTags": "DAEMON",
            "containerImages": [{"containerName": "agent", "image": "agent:1"}],
            "enableECSManagedTags": True, "enableExecuteCommand": True, "critical": False}])

    def test_defaults_of_a_revision(self):
        self.create()
        arn = self.daemon()["currentRevisions"][0]["arn"]
        got = self.server.ok("DescribeDaemonRevisions", {"daemonRevisionArns": [arn]})["daemonRevisions"][0]
        self.assertEqual((got["propagateTags"], got["enableECSManagedTags"], got["enableExecuteCommand"], got["critical"]),
                         ("NONE", False, False, True))

    def test_one_task_on_every_instance(self):
        instances = self.fleet(3)
        self.fleet(2, provider=None)
        deployment = self.create(tags=[{"key": "k", "value": "v"}], propagateTags="DAEMON", enableECSManagedTags=True)["deploymentArn"]
        tasks = self.described()
        self.assertEqual(sorted(task["containerInstanceArn"] for task in tasks), sorted(instances))
        task = tasks[0]
        self.assertEqual((task["lastStatus"], task["group"], task["launchType"], task["capacityProviderName"], task["taskDefinitionArn"]),
                         ("RUNNING", "daemon:d", "MANAGED_INSTANCES", "mi", PREFIX + "daemon-task-definition/agent:1"))
        self.assertEqual(task["tags"], [{"key": "aws:ecs:clusterName", "value": "default"}, {"key": "k", "value": "v"}])
        self.assertEqual(self.counts(), (3, 0))
        self.assertEqual(self.deployment(deployment)["targetDaemonRevision"]["totalRunningInstanceCount"], 3)

    def test_a_new_instance_gets_it_and_a_gone_one_gives_it_back(self):
        self.create()
        first, second = self.fleet(2)
        self.assertEqual(self.counts(), (2, 0))
        self.server.ok("DeregisterContainerInstance", {"containerInstance": first, "force": True})
        self.assertEqual((self.counts(), len(self.tasks())), ((1, 0), 1))
        self.assertEqual(self.described()[0]["containerInstanceArn"], second)

    def test_a_draining_instance_keeps_its_task(self):
        first = self.fleet()[0]
        self.create()
        self.server.ok("RegisterTaskDefinition", {"family": "other", "containerDefinitions": [{"name": "a", "image": "a", "memory": 100}]})
        other = self.server.ok("RunTask", {"taskDefinition": "other"})["tasks"][0]["taskArn"]
        self.server.ok("UpdateContainerInstancesState", {"containerInstances": [first], "status": "DRAINING"})
        self.assertEqual(len(self.tasks()), 1)
        self.assertEqual(self.counts(), (0, 0))
        self.fleet()
        self.assertEqual(self.counts(), (1, 0))
        self.assertEqual(len(self.tasks()), 2)
        self.server.ok("StopTask", {"task": other})
        self.assertEqual(len(self.tasks()), 1)  # the daemon is the last to stop, and the instance ends
        described = self.server.ok("DescribeContainerInstances", {"containerInstances": [first]})
        self.assertEqual(described["containerInstances"][0]["status"], "INACTIVE")

    def test_a_stopped_task_is_replaced(self):
        self.fleet()
        self.create()
        before = self.tasks()
        self.server.ok("StopTask", {"task": before[0]})
        after = self.tasks()
        self.assertEqual((len(after), after != before), (1, True))

    def test_a_critical_one_that_stops_takes_its_instance_along(self):
        first = self.fleet()[0]
        self.create()
        self.server.ok("StopTask", {"task": self.tasks()[0]})
        described = self.server.ok("DescribeContainerInstances", {"containerInstances": [first]})
        self.assertEqual(described["containerInstances"][0]["status"], "INACTIVE")
        self.assertEqual(self.counts(), (1, 0))
        self.assertNotEqual(self.described()[0]["containerInstanceArn"], first)

    def test_one_that_is_not_critical_starts_again_in_place(self):
        first = self.fleet()[0]
        self.create(critical=False)
        self.server.ok("StopTask", {"task": self.tasks()[0]})
        self.assertEqual(self.described()[0]["containerInstanceArn"], first)
        self.assertEqual(self.counts(), (1, 0))

    def test_no_room_waits_for_room(self):
        self.fleet()
        self.definition(memory=7000)
        self.server.ok("RegisterTaskDefinition", {"family": "big", "containerDefinitions": [{"name": "a", "image": "a", "memory": 4000}]})
        task = self.server.ok("RunTask", {"taskDefinition": "big"})["tasks"][0]["taskArn"]
        deployment = self.create()["deploymentArn"]
        self.assertEqual((self.counts(), self.deployment(deployment)["status"]), ((0, 1), "IN_PROGRESS"))
        self.server.ok("StopTask", {"task": task})
        self.assertEqual((self.counts(), self.deployment(deployment)["status"]), ((1, 0), "SUCCESSFUL"))

    def test_it_comes_before_tasks_that_wait(self):
        """A new instance has its daemon before anything else takes its room."""
        self.create()
        self.fleet()
        self.assertEqual(self.counts(), (1, 0))

    def test_list_tasks(self):
        first, second = self.fleet(2)
        self.create()
        self.create("other")
        self.assertEqual((len(self.tasks()), len(self.tasks("other")), self.tasks("none")), (2, 2, []))
        self.assertEqual(len(self.tasks(containerInstance=first)), 1)
        self.assertEqual((len(self.tasks(launchType="MANAGED_INSTANCES")), self.tasks(launchType="EC2")), (2, []))
        page = self.server.ok("ListTasks", {"daemonName": "d", "maxResults": 1})
        rest = self.server.ok("ListTasks", {"daemonName": "d", "maxResults": 1, "nextToken": page["nextToken"]})
        self.assertEqual(sorted(page["taskArns"] + rest["taskArns"]), sorted(self.tasks()))
        self.server.ok("DeleteDaemon", {"daemonArn": PREFIX + "daemon/default/other"})
        self.assertEqual((len(self.tasks()), self.tasks("other")), (2, []))

    def test_delete(self):
        self.fleet(2)
        arn = self.create()["daemonArn"]
        tasks = self.tasks()
        got = self.server.ok("DeleteDaemon", {"daemonArn": arn})
        self.assertEqual((got["status"], got["daemonArn"], "updatedAt" in got, "deploymentArn" in got), ("DELETE_IN_PROGRESS", arn, True, True))
        for operation in ("DescribeDaemon", "DeleteDaemon"):
            self.refused("DaemonNotFoundException", "Daemon not found.", operation, {"daemonArn": arn})
        got = self.server.ok("DescribeTasks", {"tasks": tasks})["tasks"]
        self.assertEqual({(task["lastStatus"], task["stopCode"], task["stoppedReason"]) for task in got},
                         {("STOPPED", "ServiceSchedulerInitiated", "The daemon is being deleted.")})
        self.assertEqual(self.server.ok("ListDaemons"), {"daemonSummariesList": []})
        self.assertEqual(self.create()["status"], "ACTIVE")

    def test_definitions_go_when_no_daemon_needs_them(self):
        arn = self.create()["daemonArn"]
        status = lambda: self.server.ok("DescribeDaemonTaskDefinition", {"daemonTaskDefinition": "agent:1"})["daemonTaskDefinition"]["status"]  # noqa: E731
        self.server.ok("DeleteDaemonTaskDefinition", {"daemonTaskDefinition": "agent:1"})
        self.assertEqual(status(), "DELETE_IN_PROGRESS")
        self.assertEqual(len(self.server.ok("ListDaemonTaskDefinitions", {"status": "DELETE_IN_PROGRESS"})["daemonTaskDefinitions"]), 1)
        self.server.ok("DeleteDaemon", {"daemonArn": arn})
        self.assertEqual(status(), "DELETED")
        self.assertEqual(self.server.ok("ListDaemonTaskDefinitions", {"status": "ALL"})["daemonTaskDefinitions"], [])

    def test_tags(self):
        arn = self.create(tags=[{"key": "a", "value": "1"}])["daemonArn"]
        self.server.ok("TagResource", {"resourceArn": arn, "tags": [{"key": "b", "value": "2"}]})
        self.server.ok("UntagResource", {"resourceArn": arn, "tagKeys": ["a"]})
        self.assertEqual(self.server.ok("ListTagsForResource", {"resourceArn": arn}), {"tags": [{"key": "b", "value": "2"}]})
        self.refused(INVALID, "The specified daemon does not exist.", "ListTagsForResource", {"resourceArn": arn + "x"})

    def test_a_token_makes_creation_repeatable(self):
        first = self.create(clientToken="t")
        self.assertEqual(self.create(clientToken="t"), first)
        body = {"daemonName": "d", "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}
        for change in ({}, {"clientToken": "u"}, {"clientToken": "t", "critical": False}):
            self.refused(INVALID, "Creation of daemon was not idempotent.", "CreateDaemon", {**body, **change})

    def test_conflicts(self):
        self.create()
        self.refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Daemons are active.", "DeleteCluster", {"cluster": "default"})
        code, _ = self.server.error("DeleteCapacityProvider", {"capacityProvider": "mi"})
        self.assertEqual(code, CLIENT)
        self.server.ok("DeleteDaemon", {"daemonArn": PREFIX + "daemon/default/d"})
        self.server.ok("DeleteCapacityProvider", {"capacityProvider": "mi"})
        self.server.ok("DeleteCluster", {"cluster": "default"})


class Updates(Case):
    options = ("--clock", "held", "--timing", "realistic")

    def setUp(self):
        super().setUp()
        self.fleet(4)
        self.first = self.create(deploymentConfiguration={"drainPercent": 50})["deploymentArn"]

    def settle(self):
        for _ in range(60):
            if self.server.ok("ListDaemonDeployments", {"daemonArn": PREFIX + "daemon/default/d", "status": ["PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]}) == {"daemonDeployments": []}:
                return
            self.server.advance(by="10s")
        self.fail("the deployment does not end")

    def test_stages(self):
        got = self.deployment(self.first)
        self.assertEqual((got["status"], "startedAt" in got, self.tasks()), ("PENDING", False, []))
        self.assertEqual((got["circuitBreaker"]["status"], got["deploymentConfiguration"]["drainPercent"]), ("MONITORING", 50.0))
        self.server.advance(by="5s")
        got = self.deployment(self.first)
        self.assertEqual((got["status"], got["startedAt"] - got["createdAt"], len(self.tasks())), ("IN_PROGRESS", 5, 4))
        self.assertEqual(got["targetDaemonRevision"]["totalWithoutDaemonInstanceCount"], 4)
        self.settle()
        got = self.deployment(self.first)
        self.assertEqual((got["status"], got["targetDaemonRevision"]["totalRunningInstanceCount"]), ("SUCCESSFUL", 4))

    def test_replaces_a_share_at_a_time(self):
        self.settle()
        self.definition(image="agent:2")
        second = self.update(deploymentConfiguration={"drainPercent": 50})
        self.assertNotEqual(second["deploymentArn"], self.first)
        self.assertIn("updatedAt", second)
        lowest = 4
        for _ in range(100):
            states = [(task["taskDefinitionArn"].split(":")[-1], task["lastStatus"]) for task in self.described()]
            lowest = min(lowest, sum(state == "RUNNING" for _, state in states))
            got = self.deployment(second["deploymentArn"])
            if got["status"] == "SUCCESSFUL":
                break
            self.server.advance(by="1s")
        self.assertEqual((got["status"], lowest), ("SUCCESSFUL", 2))
        self.assertEqual({task["taskDefinitionArn"] for task in self.described()}, {PREFIX + "daemon-task-definition/agent:2"})
        self.assertEqual(len(got["sourceDaemonRevisions"]), 1)
        self.assertEqual(got["sourceDaemonRevisions"][0]["totalRunningInstanceCount"], 0)
        self.assertEqual(len(self.daemon()["currentRevisions"]), 1)

    def test_two_revisions_during_a_deployment(self):
        self.settle()
        self.update()
        self.server.advance(by="5s")
        daemon = self.daemon()
        self.assertEqual(len(daemon["currentRevisions"]), 2)
        self.assertEqual(sum(one["totalRunningCount"] for one in daemon["currentRevisions"]), 3)

    def test_bake_time(self):
        self.settle()
        arn = self.update(deploymentConfiguration={"drainPercent": 100, "bakeTimeInMinutes": 2})["deploymentArn"]
        self.server.advance(by="60s")
        got = self.deployment(arn)
        self.assertEqual((got["status"], got["targetDaemonRevision"]["totalRunningInstanceCount"]), ("IN_PROGRESS", 4))
        self.server.advance(by="110s")
        got = self.deployment(arn)
        self.assertEqual((got["status"], got["finishedAt"] - got["startedAt"] >= 120), ("SUCCESSFUL", True))

    def test_another_update_stops_the_one_before(self):
        self.server.advance(by="6s")
        second = self.update()["deploymentArn"]
        got = self.deployment(self.first)
        self.assertEqual((got["status"], got["statusReason"], "stoppedAt" in got), ("STOPPED", "The deployment was replaced by a newer one.", True))
        self.settle()
        self.assertEqual(self.deployment(second)["status"], "SUCCESSFUL")

    def test_a_provider_less(self):
        self.provider("other")
        self.fleet(2, provider="other")
        self.settle()
        self.update(capacityProviderArns=["mi", PREFIX + "capacity-provider/other"])
        self.settle()
        self.assertEqual([(one["arn"].split("/")[1], one["runningCount"]) for one in self.daemon()["currentRevisions"][0]["capacityProviders"]],
                         [("mi", 4), ("other", 2)])
        self.update(capacityProviderArns=["other"])
        self.settle()
        self.assertEqual((len(self.tasks()), self.counts()), (2, (2, 0)))

    def test_what_is_not_said_stays(self):
        self.settle()
        self.update(critical=False, propagateTags="DAEMON", enableECSManagedTags=True)
        self.update()
        arn = self.daemon()["currentRevisions"][0]["arn"]
        got = self.server.ok("DescribeDaemonRevisions", {"daemonRevisionArns": [arn]})["daemonRevisions"][0]
        self.assertEqual((got["critical"], got["propagateTags"], got["enableECSManagedTags"]), (False, "DAEMON", True))

    def test_while_it_is_deleted(self):
        self.settle()
        arn = PREFIX + "daemon/default/d"
        self.server.ok("DeleteDaemon", {"daemonArn": arn})
        self.assertEqual(self.daemon()["status"], "DELETE_IN_PROGRESS")
        self.assertEqual(self.server.ok("ListDaemons")["daemonSummariesList"][0]["status"], "DELETE_IN_PROGRESS")
        body = {"daemonArn": arn, "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}
        self.refused("DaemonNotActiveException", "Daemon was not ACTIVE.", "UpdateDaemon", body)
        self.refused("DaemonNotActiveException", "Daemon was not ACTIVE.", "DeleteDaemon", {"daemonArn": arn})
        self.refused(INVALID, "Unable to create a daemon that is still being deleted.", "CreateDaemon",
                     {"daemonName": "d", "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]})
        self.server.advance(by="60s")
        self.refused("DaemonNotFoundException", "Daemon not found.", "DescribeDaemon", {"daemonArn": arn})

    def test_deployments_listed(self):
        self.settle()
        second = self.update()["deploymentArn"]
        arn = PREFIX + "daemon/default/d"
        got = self.server.ok("ListDaemonDeployments", {"daemonArn": arn})["daemonDeployments"]
        self.assertEqual([one["daemonDeploymentArn"] for one in got], [second, self.first])
        self.assertEqual(set(got[0]), {"daemonDeploymentArn", "daemonArn", "clusterArn", "status", "targetDaemonRevisionArn", "createdAt"})
        found = lambda **more: [one["daemonDeploymentArn"] for one in self.server.ok("ListDaemonDeployments", {"daemonArn": arn, **more})["daemonDeployments"]]  # noqa: E731
        self.assertEqual(found(status=["SUCCESSFUL"]), [self.first])
        self.assertEqual(found(createdAt={"after": got[0]["createdAt"]}), [second])
        self.assertEqual(found(createdAt={"before": got[1]["createdAt"]}), [self.first])
        page = self.server.ok("ListDaemonDeployments", {"daemonArn": arn, "maxResults": 1})
        rest = self.server.ok("ListDaemonDeployments", {"daemonArn": arn, "maxResults": 1, "nextToken": page["nextToken"]})
        self.assertEqual((rest["daemonDeployments"][0]["daemonDeploymentArn"], "nextToken" in rest), (self.first, False))


class Failures(Case):
    def outcome(self, match, outcome):
        status, _ = self.server.admin("POST", "/_ecs/outcomes", {"match": match, "outcome": outcome})
        self.assertEqual(status, 200)

    def ended(self, arn, minutes=20):
        for _ in range(minutes * 6):
            got = self.deployment(arn)
            if "finishedAt" in got:
                return got
            self.server.advance(by="10s")
        self.fail("the deployment does not end: " + got["status"])

    def test_a_first_deployment_that_fails_goes_nowhere(self):
        self.fleet(2)
        self.outcome({"family": "agent"}, {"cannotPull": {"message": "no such image"}})
        arn = self.create()["deploymentArn"]
        got = self.ended(arn)
        self.assertEqual((got["status"], got["statusReason"]),
                         ("ROLLBACK_FAILED", "The deployment failed, and there is no earlier revision to roll back to."))
        self.assertEqual(got["circuitBreaker"], {"failureCount": 10, "status": "TRIGGERED", "threshold": 10})
        self.assertEqual(got["rollback"]["reason"], "The deployment circuit breaker was triggered: tasks failed to start.")
        failed = self.described(desiredStatus="STOPPED")
        self.assertEqual((len(failed), {task["stopCode"] for task in failed}), (10, {"TaskFailedToStart"}))
        self.server.advance(by="20s")  # an instance without tasks goes after a minute
        self.assertEqual(len(self.described(desiredStatus="STOPPED")), 10)
        self.server.admin("DELETE", "/_ecs/outcomes")
        self.assertEqual(self.ended(self.update()["deploymentArn"])["status"], "SUCCESSFUL")
        self.assertEqual(self.counts(), (2, 0))

    def test_goes_back_to_the_revision_before(self):
        self.fleet(2)
        self.create()
        before = self.daemon()["currentRevisions"][0]["arn"]
        self.definition(image="agent:2")
        self.outcome({"family": "agent", "revision": 2}, {"exit": {"code": 1, "after": "2s"}})
        arn = self.update(deploymentConfiguration={"drainPercent": 100})["deploymentArn"]
        self.assertEqual(self.deployment(arn)["status"], "IN_PROGRESS")
        got = self.ended(arn)
        self.assertEqual((got["status"], got["statusReason"]), ("ROLLBACK_SUCCESSFUL", "The rollback completed successfully."))
        self.assertEqual((got["rollback"]["rollbackTargetDaemonRevisionArn"], got["rollback"]["rollbackCapacityProviders"]), (before, ["mi"]))
        self.assertEqual((got["circuitBreaker"]["failureCount"], got["circuitBreaker"]["status"]), (10, "TRIGGERED"))
        self.assertEqual([one["arn"] for one in self.daemon()["currentRevisions"]], [before])
        self.assertEqual({task["taskDefinitionArn"] for task in self.described()}, {PREFIX + "daemon-task-definition/agent:1"})

    def test_waits_longer_after_each_failure(self):
        self.fleet()
        self.outcome({"family": "agent"}, {"cannotPull": {"message": "no"}})
        self.create()
        seen = []
        for _ in range(16):
            seen.append(len(self.tasks(desiredStatus="STOPPED")))
            self.server.advance(by="1s")
        self.assertEqual(seen, [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5])

    def test_an_alarm_rolls_back(self):
        self.fleet(2)
        self.create()
        configuration = {"alarms": {"enable": True, "alarmNames": ["high", "low"]}, "bakeTimeInMinutes": 5}
        arn = self.update(deploymentConfiguration=configuration)["deploymentArn"]
        got = self.deployment(arn)
        self.assertEqual((got["status"], got["alarms"]), ("IN_PROGRESS", {"status": "MONITORING", "alarmNames": ["high", "low"], "triggeredAlarmNames": []}))
        self.server.admin("POST", "/_ecs/alarms", {"name": "other", "state": "ALARM"})
        self.assertEqual(self.deployment(arn)["status"], "IN_PROGRESS")
        self.server.admin("POST", "/_ecs/alarms", {"name": "low", "state": "ALARM"})
        got = self.ended(arn)
        self.assertEqual((got["status"], got["alarms"]["status"], got["alarms"]["triggeredAlarmNames"]), ("ROLLBACK_SUCCESSFUL", "TRIGGERED", ["low"]))
        self.assertEqual((got["rollback"]["reason"], got["circuitBreaker"]["status"]), ("An alarm of the deployment was triggered.", "MONITORING_COMPLETE"))

    def test_health(self):
        self.fleet()
        self.definition(image="agent:2", healthCheck={"command": ["CMD", "true"]})
        self.outcome({"family": "agent", "revision": 2}, {"health": {"status": "UNHEALTHY", "after": "30s"}})
        arn = self.create()["deploymentArn"]
        self.assertEqual(self.deployment(arn)["status"], "IN_PROGRESS")
        self.server.advance(by="40s")
        stopped = self.described(desiredStatus="STOPPED")
        self.assertEqual([(task["stopCode"], task["stoppedReason"]) for task in stopped[:1]],
                         [("ServiceSchedulerInitiated", "Task failed container health checks")])
        self.assertEqual(self.deployment(arn)["circuitBreaker"]["failureCount"], len(stopped))
        self.server.admin("DELETE", "/_ecs/outcomes")
        self.server.advance(by="5m")
        self.assertEqual((self.deployment(arn)["status"], self.counts()), ("SUCCESSFUL", (1, 0)))

    def test_advance_to_stable_waits_for_daemons(self):
        self.fleet(2)
        arn = self.create(deploymentConfiguration={"bakeTimeInMinutes": 3})["deploymentArn"]
        got = self.server.advance(to="stable", limit="1h")
        self.assertEqual((got["stable"], self.deployment(arn)["status"]), (True, "SUCCESSFUL"))


class Restart(unittest.TestCase):
    def test_goes_on_where_it_was(self):
        with tempfile.TemporaryDirectory() as directory, Server(
                "--clock", "held", "--timing", "realistic", "--seed", "5", "--data-dir", directory) as server:
            server.ok("CreateCluster")
            server.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": MANAGED})
            server.admin("POST", "/_ecs/fleet", {"cluster": "default", "instances": [{"count": 2, "instanceType": "m5.large", "capacityProvider": "mi"}]})
            server.ok("RegisterDaemonTaskDefinition", {"family": "f", "containerDefinitions": [{"name": "a", "image": "a"}]})
            arn = server.ok("CreateDaemon", {"daemonName": "d", "daemonTaskDefinitionArn": "f", "capacityProviderArns": ["mi"]})["deploymentArn"]
            seen = []
            for _ in range(6):
                server.restart()
                got = server.ok("DescribeDaemonDeployments", {"daemonDeploymentArns": [arn]})["daemonDeployments"][0]
                seen.append((got["status"], got["targetDaemonRevision"]["totalRunningInstanceCount"], len(server.ok("ListTasks")["taskArns"])))
                server.advance(by="4s")
            self.assertEqual(seen, [("PENDING", 0, 0), ("PENDING", 0, 0), ("IN_PROGRESS", 0, 2), ("IN_PROGRESS", 0, 2),
                                    ("SUCCESSFUL", 2, 2), ("SUCCESSFUL", 2, 2)])
            server.admin("POST", "/_ecs/reset?account=000000000000")
            server.ok("CreateCluster")
            self.assertEqual(server.ok("ListDaemons"), {"daemonSummariesList": []})


class Refusals(Case):
    body = {"daemonName": "d", "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}

    def test_create(self):
        self.server.ok("CreateCapacityProvider", {"name": "asg", "autoScalingGroupProvider": {
            "autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:x:autoScalingGroupName/x"}})
        self.server.ok("CreateCluster", {"clusterName": "c"})
        self.provider("elsewhere", "c")
        self.definition("gone")
        self.create("user", daemonTaskDefinitionArn="gone")
        self.server.ok("DeleteDaemonTaskDefinition", {"daemonTaskDefinition": "gone"})
        for change, code, text in (
            ({"clusterArn": "none"}, "ClusterNotFoundException", "Cluster not found."),
            ({"daemonName": "a b"}, INVALID, r"DaemonName must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b"),
            ({"daemonName": ""}, INVALID, None),
            ({"clientToken": "t" * 37}, INVALID, "idempotency token longer than 36."),
            ({"daemonTaskDefinitionArn": "none"}, CLIENT, "DaemonTaskDefinition not found."),
            ({"daemonTaskDefinitionArn": "gone:1"}, CLIENT, "DaemonTaskDefinition is inactive"),
            ({"capacityProviderArns": []}, INVALID, None),
            ({"capacityProviderArns": ["none"]}, INVALID, "The specified capacity provider 'none' was not found. Specify a valid name or ARN and try again."),
            ({"capacityProviderArns": ["asg"]}, INVALID, "Daemons are only supported with managed instances capacity providers. Specify one and try again."),
            ({"capacityProviderArns": ["FARGATE"]}, INVALID, "Daemons are only supported with managed instances capacity providers. Specify one and try again."),
            ({"capacityProviderArns": ["elsewhere"]}, INVALID,
             "The capacity provider elsewhere is not associated with the cluster. Associate it with the cluster and try again."),
            ({"deploymentConfiguration": {"drainPercent": 101}}, INVALID, "drainPercent must be between 0 and 100."),
            ({"deploymentConfiguration": {"drainPercent": -1}}, INVALID, "drainPercent must be between 0 and 100."),
            ({"deploymentConfiguration": {"bakeTimeInMinutes": 1441}}, INVALID, "deploymentConfiguration.bakeTimeInMinutes must be between 0 and 1440."),
            ({"deploymentConfiguration": {"alarms": {"enable": True}}}, INVALID, "alarmNames cannot be empty."),
            ({"propagateTags": "SERVICE"}, INVALID, "propagateTags should be one of [DAEMON,NONE]"),
            ({"tags": [{"key": "aws:x", "value": "v"}]}, INVALID, None),
        ):
            got = self.server.error("CreateDaemon", {**self.body, **change})
            self.assertEqual((got[0], got[1] if text else None), (code, text), change)
        self.assertEqual([one["daemonArn"].split("/")[-1] for one in self.server.ok("ListDaemons")["daemonSummariesList"]], ["user"])

    def test_identifiers(self):
        update = {"daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}
        for operation, more in (("DescribeDaemon", {}), ("DeleteDaemon", {}), ("UpdateDaemon", update)):
            self.refused("DaemonNotFoundException", "Daemon not found.", operation, {"daemonArn": PREFIX + "daemon/default/none", **more})
            self.refused("ClusterNotFoundException", "Cluster not found.", operation, {"daemonArn": PREFIX + "daemon/none/d", **more})
            self.refused(INVALID, "Unsupported resource type: service", operation, {"daemonArn": PREFIX + "service/default/d", **more})
            self.refused(INVALID, "Invalid identifier: Unexpected number of separators", operation, {"daemonArn": PREFIX + "daemon/d", **more})
            self.refused(INVALID, "Invalid identifier: Unexpected number of separators", operation, {"daemonArn": "d", **more})
        self.refused(CLIENT, "Daemon not found.", "ListDaemonDeployments", {"daemonArn": PREFIX + "daemon/default/none"})
        self.refused("ClusterNotFoundException", "Cluster not found.", "ListDaemonDeployments", {"daemonArn": PREFIX + "daemon/none/d"})

    def test_update(self):
        self.create()
        arn = PREFIX + "daemon/default/d"
        body = {"daemonArn": arn, "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}
        before = self.daemon()
        self.refused(CLIENT, "DaemonTaskDefinition not found.", "UpdateDaemon", {**body, "daemonTaskDefinitionArn": "none"})
        self.refused(INVALID, "drainPercent must be between 0 and 100.", "UpdateDaemon", {**body, "deploymentConfiguration": {"drainPercent": 200}})
        self.assertEqual(self.daemon(), before)

    def test_describe_many(self):
        missing = PREFIX + "daemon-deployment/default/none/" + "a" * 16
        self.assertEqual(self.server.ok("DescribeDaemonDeployments", {"daemonDeploymentArns": [missing]}),
                         {"daemonDeployments": [], "failures": [{"arn": missing, "reason": "MISSING"}]})
        for operation, member, kind in (("DescribeDaemonDeployments", "daemonDeploymentArns", "daemon-deployment"),
                                        ("DescribeDaemonRevisions", "daemonRevisionArns", "daemon-revision")):
            arn = PREFIX + kind + "/default/d/x"
            self.refused(INVALID, f"{member} can have at most 20 items.", operation, {member: [arn] * 21})
            self.refused(INVALID, "Invalid identifier: Unexpected number of separators", operation, {member: [PREFIX + kind + "/default/d"]})
            self.refused("ClusterNotFoundException", "Cluster not found.", operation, {member: [PREFIX + kind + "/none/d/x"]})
            self.refused(INVALID, "Unsupported resource type: daemon", operation, {member: [PREFIX + "daemon/default/d"]})

    def test_lists(self):
        for name in ("c", "a", "b"):
            self.create(name)
        self.provider("other")
        self.create("x", capacityProviderArns=["other"])
        names = lambda **more: [one["daemonArn"].split("/")[-1] for one in self.server.ok("ListDaemons", more)["daemonSummariesList"]]  # noqa: E731
        self.assertEqual(names(), ["a", "b", "c", "x"])
        self.assertEqual(names(clusterArn=PREFIX + "cluster/default", capacityProviderArns=[PREFIX + "capacity-provider/other"]), ["x"])
        self.assertEqual(names(capacityProviderArns=["none"]), [])
        page = self.server.ok("ListDaemons", {"maxResults": 3})
        self.assertEqual(set(page["daemonSummariesList"][0]), {"daemonArn", "status", "createdAt", "updatedAt"})
        rest = self.server.ok("ListDaemons", {"maxResults": 3, "nextToken": page["nextToken"]})
        self.assertEqual((len(rest["daemonSummariesList"]), "nextToken" in rest), (1, False))
        self.refused(INVALID, "maxResults must be between 1 and 100.", "ListDaemons", {"maxResults": 101})
        self.refused(INVALID, "Invalid token", "ListDaemons", {"nextToken": "x"})
        self.refused("ClusterNotFoundException", "Cluster not found.", "ListDaemons", {"clusterArn": "none"})


if __name__ == "__main__":
    unittest.main()
