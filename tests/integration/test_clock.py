"""The clock: real, held, scaled; what an advance answers; the same calls give the same journal, byte for byte."""

import json
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import CONTENT_TYPE, TARGET, Server, authorization  # noqa: E402

HELD = ("--clock", "held", "--seed", "5", "--timing", "realistic", "--log-level", "error")
BEGIN = "2026-01-01T00:00:00.000Z"


def definition(family="web", **more):
    return {"family": family, "containerDefinitions": [{"name": "app", "image": "busybox", "cpu": 100, "memory": 64,
                                                     "portMappings": [{"containerPort": 80}]}], **more}


class Case(unittest.TestCase):
    def start(self, *options):
        server = Server(*(options or HELD)).start()
        self.addCleanup(server.stop)
        return server

    def running(self, server, count=1):
        server.fleet()
        server.ok("RegisterTaskDefinition", definition())
        return [task["taskArn"] for task in server.ok("RunTask", {"taskDefinition": "web", "count": count})["tasks"]]

    def refused(self, server, path, body, status=400):
        got, reply = server.admin("POST", path, body)
        self.assertEqual(got, status, reply)
        return reply["error"]["code"]


class Reset(Case):
    def test_a_complete_reset_gives_the_clock_back_as_it_was_started(self):
        for options, mode in (((), "real"), (HELD, "held"), (("--clock", "x60"), "scaled")):
            with self.subTest(mode=mode):
                server = self.start(*(options or ("--log-level", "error")))
                for other in ({"mode": "held"}, {"mode": "real"}, {"mode": "scaled", "factor": 7}):
                    self.assertEqual(server.admin("POST", "/_ecs/clock", other)[0], 200)
                    self.assertEqual(server.admin("POST", "/_ecs/reset?account=000000000000")[0], 204)
                    self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["mode"], other["mode"])
                    self.assertEqual(server.admin("POST", "/_ecs/reset")[0], 204)
                    clock = server.admin("GET", "/_ecs/clock")[1]
                    self.assertEqual((clock["mode"], clock.get("factor")), (mode, 60 if mode == "scaled" else None))


class Advancing(Case):
    def test_everything_on_the_way_is_told_in_order_with_its_time(self):
        server = self.start()
        arns = self.running(server, 3)
        reply = server.advance(by="1h")
        self.assertEqual((reply["now"], reply["complete"]), ("2026-01-01T01:00:00.000Z", True))
        self.assertEqual(reply["firedCount"], len(reply["fired"]))
        self.assertEqual(reply["eventCount"], len(reply["events"]))
        self.assertEqual(sorted(move["task"] for move in reply["fired"]), sorted(arns))
        for move in reply["fired"]:
            self.assertEqual((move["resourceType"], move["from"], move["to"]), ("task", "PENDING", "RUNNING"))
            self.assertLess(BEGIN, move["at"])
        both = sorted(reply["fired"] + reply["events"], key=lambda entry: entry["cursor"])
        times = [entry["at"] for entry in both]
        self.assertEqual(times, sorted(times))
        self.assertIn("ECS Task State Change", {event["event"]["detail-type"] for event in reply["events"]})
        # It is what the journal says, and all of it.
        entries = server.admin("GET", "/_ecs/journal")[1]["entries"]
        entries = [entry for entry in entries if entry["time"] > BEGIN and entry.get("resourceType") != "container"]
        self.assertEqual([entry["cursor"] for entry in entries], [entry["cursor"] for entry in both])
        for entry, told in zip(entries, both, strict=True):
            self.assertEqual(entry["time"], told["at"])
            self.assertEqual(entry.get("event"), told.get("event"))

    def test_events_of_instances_come_at_their_time(self):
        server = self.start()
        arn = self.running(server)[0]
        server.advance(by="1h")
        server.ok("StopTask", {"task": arn})
        reply = server.advance(by="1h")
        stopped = reply["fired"][-1]
        self.assertEqual(stopped["to"], "STOPPED")
        freed = [event for event in reply["events"] if event["event"]["detail-type"] == "ECS Container Instance State Change"]
        self.assertEqual(freed[-1]["at"], stopped["at"])

    def test_without_a_journal_it_tells_the_same(self):
        replies = []
        for limit in ("0", "10000"):
            server = self.start(*HELD, "--journal-limit", limit)
            self.running(server, 2)
            replies.append(server.advance(by="1h"))
        self.assertEqual(*replies)

    def test_next(self):
        server = self.start()
        self.assertEqual(server.advance(to="next")["now"], BEGIN)
        self.running(server)
        due = server.admin("GET", "/_ecs/clock")[1]
        self.assertEqual(due["pendingTimers"], 1)
        reply = server.advance(to="next")
        self.assertEqual((reply["now"], len(reply["fired"])), (due["nextTimerAt"], 1))
        self.assertEqual((reply["pendingTimers"], reply["nextTimerAt"]), (0, None))

    def test_to_a_time(self):
        server = self.start()
        self.assertEqual(server.advance(to="2026-02-01T00:00:00Z")["now"], "2026-02-01T00:00:00.000Z")
        self.assertEqual(server.advance(to="2026-01-01T00:00:00Z")["now"], "2026-02-01T00:00:00.000Z")

    def test_refusals(self):
        server = self.start()
        for body in ({}, {"by": "soon"}, {"by": "1h", "to": "next"}, {"to": "never"}, {"by": 5}, {"to": "stable", "limit": "x"},
                     {"to": "stable", "limit": 5}, {"by": "-1h"},
                     {"by": "999999999999d"}, {"by": "9000000d"}, {"to": "stable", "limit": "999999999999d"}, {"to": "99999-01-01T00:00:00Z"}):
            self.assertEqual(self.refused(server, "/_ecs/clock/advance", body), "InvalidAdvance", body)
        self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["now"], BEGIN)
        real = self.start("--log-level", "error")
        self.assertEqual(self.refused(real, "/_ecs/clock/advance", {"by": "1h"}, 409), "ClockIsReal")


class Stable(Case):
    def test_when_everything_runs(self):
        server = self.start()
        self.running(server, 5)
        reply = server.advance(to="stable")
        self.assertTrue(reply["stable"])
        self.assertEqual(reply["tasksInTransition"], 0)
        self.assertEqual(len(reply["fired"]), 5)
        self.assertEqual(reply["now"], max(move["at"] for move in reply["fired"]))
        again = server.advance(to="stable")
        self.assertEqual((again["stable"], again["fired"], again["now"]), (True, [], reply["now"]))

    def test_when_everything_has_stopped(self):
        server = self.start()
        arns = self.running(server, 2)
        server.advance(to="stable")
        server.ok("StopTask", {"task": arns[0]})
        reply = server.advance(to="stable")
        self.assertEqual([move["to"] for move in reply["fired"]], ["STOPPED"])
        self.assertTrue(reply["stable"])

    def test_a_limit_bounds_it(self):
        server = self.start()
        arn = self.running(server)[0]
        server.advance(to="stable")
        server.ok("StopTask", {"task": arn})
        now = server.admin("GET", "/_ecs/clock")[1]["now"]
        reply = server.advance(to="stable", limit="1s")
        self.assertEqual((reply["stable"], reply["tasksInTransition"]), (False, 1))
        self.assertGreater(reply["now"], now)
        self.assertTrue(server.advance(to="stable")["stable"])

    def test_it_knows_after_a_restart_too(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.start(*HELD, "--data-dir", folder + "/state")
            arns = self.running(server, 2)
            server.restart()
            self.assertEqual(server.advance(to="stable", limit="0s")["tasksInTransition"], 2)
            self.assertTrue(server.advance(to="stable")["stable"])
            server.ok("StopTask", {"task": arns[0]})
            server.restart()
            self.assertEqual(server.advance(to="stable", limit="0s")["tasksInTransition"], 1)
            self.assertTrue(server.advance(to="stable")["stable"])
            server.stop()


class Modes(Case):
    def test_changing_them(self):
        server = self.start()
        status, reply = server.admin("POST", "/_ecs/clock", {"mode": "held", "now": "2031-05-06T07:08:09Z"})
        self.assertEqual((status, reply["mode"], reply["now"]), (200, "held", "2031-05-06T07:08:09.000Z"))
        arn = self.running(server)[0]
        created = server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]["createdAt"]
        self.assertEqual(created, datetime(2031, 5, 6, 7, 8, 9, tzinfo=timezone.utc).timestamp())
        status, reply = server.admin("POST", "/_ecs/clock", {"mode": "scaled", "factor": 3600})
        self.assertEqual((reply["mode"], reply["factor"]), ("scaled", 3600))
        self.assertGreaterEqual(reply["now"], "2031-05-06T07:08:09.000Z")
        status, reply = server.admin("POST", "/_ecs/clock", {"mode": "real"})
        self.assertEqual(reply["mode"], "real")
        self.assertNotIn("factor", reply)

    def test_refusals(self):
        server = self.start()
        for body, code in (({}, "InvalidMode"), ({"mode": "fast"}, "InvalidMode"), ({"mode": "scaled"}, "InvalidFactor"),
                           ({"mode": "scaled", "factor": 0}, "InvalidFactor"), ({"mode": "scaled", "factor": "60"}, "InvalidFactor"),
                           ({"mode": "scaled", "factor": 1e9}, "InvalidFactor"), ({"mode": "held", "now": "x"}, "InvalidTime"),
                           ({"mode": "held", "now": 5}, "InvalidTime"), ({"mode": "real", "now": BEGIN}, "InvalidTime")):
            self.assertEqual(self.refused(server, "/_ecs/clock", body), code, body)
        self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["mode"], "held")

    def test_a_held_clock_without_a_seed_stands_still_over_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.start("--clock", "held", "--log-level", "error", "--data-dir", folder + "/state")
            now = server.admin("GET", "/_ecs/clock")[1]["now"]
            self.assertNotEqual(now, BEGIN)
            server.restart()
            self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["now"], now)
            server.stop()

    def test_a_scaled_clock_never_goes_back_over_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.start("--clock", "x100000", "--log-level", "error", "--data-dir", folder + "/state")
            server.ok("CreateCluster", {"clusterName": "a"})
            server.advance(by="100h")
            server.ok("CreateCluster", {"clusterName": "b"})
            server.fleet(cluster="b")
            registered = server.ok("DescribeContainerInstances", {"cluster": "b", "containerInstances": server.ok(
                "ListContainerInstances", {"cluster": "b"})["containerInstanceArns"]})["containerInstances"][0]["registeredAt"]
            server.restart()
            server.fleet(cluster="a")
            later = server.ok("DescribeContainerInstances", {"cluster": "a", "containerInstances": server.ok(
                "ListContainerInstances", {"cluster": "a"})["containerInstanceArns"]})["containerInstances"][0]["registeredAt"]
            self.assertGreaterEqual(later, registered)
            server.stop()


class Determinism(Case):
    """A long life, told twice: every byte of every reply and of the journal."""

    def live(self, *options):
        server = self.start(*HELD, *options)
        said = []

        def call(operation, body, access_key="AKIDEXAMPLE"):
            status, _, reply = server.http("POST", "/", json.dumps(body).encode(), {
                "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + operation, "Authorization": authorization(access_key)})
            said.append((operation, status, reply))
            return json.loads(reply)

        def admin(method, path, body=None):
            said.append((path, *server.http(method, path, json.dumps(body).encode() if body is not None else None)[0::2]))

        admin("POST", "/_ecs/fleet", {"instances": [{"count": 4, "instanceType": "m5.large", "zones": ["a", "b", "c"]}]})
        admin("POST", "/_ecs/fleet", {"account": "111111111111", "instances": [{"count": 2, "instanceType": "t3.small"}]})
        for account in ("AKIDEXAMPLE", "111111111111"):
            call("RegisterTaskDefinition", definition(), account)
            call("RegisterTaskDefinition", definition(
                "serverless", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512"), account)
            call("CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 3, "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": True, "rollback": True}}}, account)
        admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "times": 4, "outcome": {"exit": {"code": 3, "after": "9s"}}})
        admin("POST", "/_ecs/faults", {"operation": "StopTask", "error": "ThrottlingException", "rate": 0.5, "times": 3})
        for number in range(12):
            account = ("AKIDEXAMPLE", "111111111111")[number % 2]
            started = [task["taskArn"] for task in call("RunTask", {"taskDefinition": "web", "count": 3, "placementStrategy": [
                {"type": "random"}]} if number % 3 else {"taskDefinition": "web", "count": 2}, account).get("tasks", [])]
            started += [task["taskArn"] for task in call("RunTask", {
                "taskDefinition": "serverless", "launchType": "FARGATE", "networkConfiguration": {
                    "awsvpcConfiguration": {"subnets": ["subnet-1"]}}}, account).get("tasks", [])]
            admin("POST", "/_ecs/clock/advance", {"by": f"{number}s"})
            call("RunTask", {"taskDefinition": "nothing"}, account)
            for arn in started[number % 2 :: 2]:
                call("StopTask", {"task": arn, "reason": f"number {number}"}, account)
            call("UpdateService", {"service": "s", "desiredCount": number % 5, "forceNewDeployment": number % 4 == 0}, account)
            admin("POST", "/_ecs/clock/advance", {"to": "next"})
        admin("POST", "/_ecs/clock/advance", {"to": "stable"})
        admin("POST", "/_ecs/clock/advance", {"by": "2h"})
        admin("GET", "/_ecs/journal?limit=10000")
        return server, said

    def same(self, first, second):
        self.assertEqual(len(first), len(second))
        for one, other in zip(first, second, strict=True):
            self.assertEqual(one, other)

    def test_two_servers(self):
        first, second = (self.live()[1] for _ in range(2))
        journal = json.loads(first[-1][2])["entries"]
        self.assertGreater(len(journal), 200)
        self.assertEqual({entry["kind"] for entry in journal}, {"request", "transition", "event"})
        self.same(first, second)

    def test_in_memory_and_on_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            server, second = self.live("--data-dir", folder + "/state")
            self.same(self.live()[1], second)
            server.stop()


if __name__ == "__main__":
    unittest.main()
