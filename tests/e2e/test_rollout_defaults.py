"""Roll-outs as a client sees them with the defaults: the real clock and instant timing. What is well is stable at the first poll; what
a script lets fail is not COMPLETED before it has, and exactly the circuit breaker's number of failures ends it."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import SUBNETS, Case, arn  # noqa: E402

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
CHECK = {"healthCheck": {"command": ["CMD-SHELL", "true"]}}
GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/t/0123456789abcdef"
AT_ONCE = {"Delay": 1, "MaxAttempts": 1}


class Defaults(Case):
    def revision(self, **container):
        return self.fargate("web", container={"portMappings": [{"containerPort": 80}], **container})["taskDefinitionArn"]

    def create(self, count=2, **more):
        self.ok("CreateService", {"serviceName": "web", "taskDefinition": "web", "desiredCount": count, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS, "deploymentConfiguration": BREAKER, **more})

    def stable(self):
        self.ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig=AT_ONCE)

    def described(self):
        return self.ok("DescribeServices", {"services": ["web"]})["services"][0]

    def ended(self):
        """The last deployment, when it is over: waits for its event in the journal, not for time."""
        listed = self.ok("ListServiceDeployments", {"service": "web"})["serviceDeployments"][0]["serviceDeploymentArn"]
        status, found = self.server.admin("POST", "/_ecs/journal/wait", {
            "after": 0, "timeout": "60s", "match": {"event": {"detail-type": "ECS Deployment State Change", "detail": {
                "eventName": "SERVICE_DEPLOYMENT_FAILED"}}}})
        self.assertEqual(status, 200, found)
        return self.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [listed]})["serviceDeployments"][0]

    def breaks(self, count, threshold, outcome=None):
        if outcome is not None:
            self.server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web", "revision": 2}, "outcome": outcome})
        self.ok("UpdateService", {"service": "web", "taskDefinition": "web:2"})
        first = self.described()["deployments"]
        self.assertEqual([(item["status"], item["rolloutState"]) for item in first], [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")])
        breaker = self.ended()["deploymentCircuitBreaker"]
        self.assertEqual((breaker["status"], breaker["failureCount"], breaker["threshold"]), ("TRIGGERED", threshold, threshold))
        self.stable()
        got = self.described()
        self.assertEqual((got["taskDefinition"], got["runningCount"]), (arn("task-definition/web:1"), count))

    def test_stable_at_the_first_poll(self):
        for container in ({}, CHECK):
            with self.subTest(container=container):
                self.server.admin("POST", "/_ecs/reset")
                self.ok("CreateCluster")
                self.revision(**container)
                self.create(loadBalancers=[{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}])
                self.stable()
                self.ok("UpdateService", {"service": "web", "taskDefinition": self.revision(**container), "desiredCount": 3})
                self.stable()
                self.assertEqual([item["rolloutState"] for item in self.described()["deployments"]], ["COMPLETED"])

    def test_unhealthy_containers(self):
        self.revision(**CHECK)
        self.create()
        self.stable()
        self.revision(**CHECK)
        self.breaks(2, 3, {"health": {"status": "UNHEALTHY", "after": "500ms"}})

    def test_unhealthy_without_a_check(self):
        self.revision()
        self.create()
        self.stable()
        self.revision()
        self.breaks(2, 3, {"health": {"status": "UNHEALTHY", "after": "500ms"}})

    def test_unhealthy_targets(self):
        self.revision()
        self.create(loadBalancers=[{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}])
        self.stable()
        self.revision()
        self.server.admin("POST", "/_ecs/targets", {"service": "web", "taskDefinition": "web:2", "health": "unhealthy"})
        self.breaks(2, 3)

    def test_many_at_once(self):
        self.revision(**CHECK)
        self.create(10)
        self.stable()
        self.revision(**CHECK)
        self.breaks(10, 5, {"health": {"status": "UNHEALTHY", "after": "500ms"}})

    def test_exits_that_a_health_check_does_not_hide(self):
        self.revision(**CHECK)
        self.create()
        self.stable()
        self.revision(**CHECK)
        self.breaks(2, 3, {"exit": {"code": 1, "after": "500ms"}})


if __name__ == "__main__":
    unittest.main()
