"""Simulated container instances: made, shown, taken away, disconnected and connected again, read from a file at the start."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import BINARY, Server  # noqa: E402

HELD = ("--clock", "held", "--seed", "11", "--timing", "realistic", "--log-level", "error")
DEFINITION = {"family": "web", "containerDefinitions": [{"name": "app", "image": "busybox", "cpu": 100, "memory": 64}]}


class Case(unittest.TestCase):
    def setUp(self):
        self.server = self.start()

    def start(self, *options):
        server = Server(*HELD, *options).start()
        self.addCleanup(server.stop)
        return server

    def admin(self, method, path, body=None, status=200):
        got, reply = self.server.admin(method, path, body)
        self.assertEqual(got, status, reply)
        return reply

    def fleet(self, query=""):
        return self.admin("GET", "/_ecs/fleet" + query)["containerInstances"]

    def describe(self, arn):
        return self.server.ok("DescribeContainerInstances", {"containerInstances": [arn]})["containerInstances"][0]

    def run_task(self, count=1):
        self.server.ok("RegisterTaskDefinition", DEFINITION)
        reply = self.server.ok("RunTask", {"taskDefinition": "web", "count": count})
        self.assertEqual(reply["failures"], [])
        return [task["taskArn"] for task in reply["tasks"]]

    def task(self, arn):
        return self.server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]


class Showing(Case):
    def test_what_it_says_of_each(self):
        arn, = self.server.fleet()
        self.run_task()
        self.server.advance(to="stable")
        one, = self.fleet()
        self.assertEqual(one, {
            "containerInstanceArn": arn, "ec2InstanceId": self.describe(arn)["ec2InstanceId"], "cluster": "default",
            "account": "000000000000", "region": "us-east-1", "instanceType": "m5.large", "availabilityZone": "us-east-1a", "status": "ACTIVE",
            "agentConnected": True, "simulated": True, "runningTasksCount": 1, "pendingTasksCount": 0,
            "registered": {"cpu": 2048, "memory": 7938, "gpu": 0}, "remaining": {"cpu": 1948, "memory": 7874, "gpu": 0}})

    def test_filters_and_pages(self):
        self.server.fleet(3)
        self.server.fleet(2, cluster="other")
        self.server.fleet(1, account="111111111111")
        self.server.fleet(1, region="eu-west-1")
        self.assertEqual(len(self.fleet()), 7)
        for query, count in (("?cluster=other", 2), ("?account=111111111111", 1), ("?region=eu-west-1", 1), ("?cluster=nothing", 0),
                             ("?cluster=arn:aws:ecs:us-east-1:000000000000:cluster/other", 2)):
            self.assertEqual(len(self.fleet(query)), count, query)
        seen, after = [], 0
        while after is not None:
            page = self.admin("GET", f"/_ecs/fleet?limit=3&after={after}")
            self.assertLessEqual(len(page["containerInstances"]), 3)
            seen += page["containerInstances"]
            after = page.get("nextCursor")
        self.assertEqual(seen, self.fleet())
        for query in ("?limit=0", "?limit=x", "?after=x"):
            self.assertEqual(self.admin("GET", "/_ecs/fleet" + query, status=400)["error"]["code"], "InvalidQuery")

    def test_types(self):
        for name, cpus, memory, gpus in (("t3.micro", 2, 1024, 0), ("m5.large", 2, 8192, 0), ("c5.9xlarge", 36, 73728, 0), ("m7g.medium", 1, 4096, 0),
                                         ("g4dn.12xlarge", 48, 196608, 4), ("g6e.xlarge", 4, 32768, 1), ("p5.48xlarge", 192, 2097152, 8),
                                         ("m4.16xlarge", 64, 262144, 0), ("x2iedn.32xlarge", 128, 4194304, 0), ("m5zn.12xlarge", 48, 196608, 0),
                                         ("c3.large", 2, 3840, 0), ("trn1.32xlarge", 128, 524288, 0), ("r8g.metal-48xl", 192, 1572864, 0)):
            self.server.fleet(instance_type=name, cluster=name.replace(".", "-"))
            one, = self.fleet("?cluster=" + name.replace(".", "-"))
            self.assertEqual((one["registered"]["cpu"], one["registered"]["gpu"]), (cpus * 1024, gpus), name)
            self.assertTrue(memory * 0.9 < one["registered"]["memory"] < memory, (name, one["registered"]))
        for name in ("m5.huge", "m99.large", "large", "", "m5.", ".large"):
            status, reply = self.server.admin("POST", "/_ecs/fleet", {"instances": [{"instanceType": name}]})
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidFleet"), name)

    def test_what_is_no_fleet(self):
        """Members of another kind than they should be, or too many: refused, and nothing is made."""
        group = {"instanceType": "m5.large"}
        for instances in ({"instanceType": "m5.large"}, {"a": group}, "m5.large", 1, [1], ["m5.large"], [[]], [None],
                          [{**group, "zones": "a"}], [{**group, "zones": {"a": "b"}}], [{**group, "zones": [1]}],
                          [{**group, "zones": [""]}], [{**group, "zones": ["\u00e9"]}], [{**group, "zones": ["a"] * 27}], [{**group, "zones": ["a" * 65]}],
                          [{**group, "attributes": ["x"]}], [{**group, "attributes": "x"}], [{**group, "attributes": {"x": 1}}],
                          [{**group, "attributes": {"x": "y" * 129}}], [{**group, "attributes": {"": "y"}}],
                          [{**group, "attributes": {str(index): "y" for index in range(51)}}], [group, {}]):
            status, reply = self.server.admin("POST", "/_ecs/fleet", {"instances": instances})
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidFleet"), instances)
        self.assertEqual(self.fleet(), [])


    def test_a_cluster_is_full_at_some_point(self):
        self.server.fleet(4999)
        body = {"instances": [{"count": 2, "instanceType": "m5.large"}]}
        self.assertIn("at most 5000", self.admin("POST", "/_ecs/fleet", body, 400)["error"]["message"])
        self.server.fleet(1)
        self.assertEqual(len(self.fleet()), 5000)
        body = {"instances": [{"count": 5000, "instanceType": "m5.large"}] * 2, "cluster": "other"}
        self.admin("POST", "/_ecs/fleet", body, 400)
        self.admin("DELETE", "/_ecs/fleet", status=204)
        self.assertEqual(self.fleet(), [])


class Removing(Case):
    def test_by_name(self):
        arns = self.server.fleet(4)
        ids = [one["ec2InstanceId"] for one in self.fleet()]
        self.admin("DELETE", "/_ecs/fleet", {"containerInstances": [arns[0], ids[1]]}, 204)
        self.admin("DELETE", "/_ecs/fleet/" + arns[2].split("/")[-1], status=204)
        self.assertEqual([one["containerInstanceArn"] for one in self.fleet()], [arns[3]])
        self.assertEqual(self.describe(arns[0])["status"], "INACTIVE")
        self.admin("DELETE", "/_ecs/fleet/" + ids[3], status=204)
        self.assertEqual(self.server.ok("ListContainerInstances")["containerInstanceArns"], [])

    def test_all(self):
        self.server.fleet(3)
        self.server.fleet(2, cluster="other")
        self.admin("DELETE", "/_ecs/fleet?cluster=other", status=204)
        self.assertEqual(len(self.fleet()), 3)
        self.admin("DELETE", "/_ecs/fleet", status=204)
        self.assertEqual(self.fleet(), [])

    def test_its_tasks_stop_as_if_the_host_were_gone(self):
        arn, = self.server.fleet()
        task = self.run_task()[0]
        self.server.advance(to="stable")
        host = self.describe(arn)["ec2InstanceId"]
        self.admin("DELETE", "/_ecs/fleet/" + host, status=204)
        stopped = self.task(task)
        self.assertEqual((stopped["lastStatus"], stopped["stopCode"], stopped["stoppedReason"]),
                         ("STOPPED", "TerminationNotice", f"Host EC2 (instance {host}) terminated."))

    def test_all_or_nothing(self):
        arns = self.server.fleet(2)
        for names, code in (([arns[0], "i-nothing"], 404), ([], 400), ("x", 400), ([5], 404)):
            self.admin("DELETE", "/_ecs/fleet", {"containerInstances": names}, code)
            self.assertEqual(len(self.fleet()), 2)
        self.admin("DELETE", "/_ecs/fleet/i-nothing", status=404)
        self.admin("DELETE", "/_ecs/fleet", {"containerInstances": [arns[0], arns[0]]}, 204)
        self.assertEqual(len(self.fleet()), 1)


class Agents(Case):
    def turn(self, how, *arns):
        return self.admin("POST", "/_ecs/fleet/" + how, {"containerInstances": list(arns)})["containerInstances"]

    def test_nothing_is_placed_where_no_agent_is(self):
        arn, = self.server.fleet()
        self.assertEqual(self.turn("disconnect", arn)[0]["agentConnected"], False)
        self.assertFalse(self.describe(arn)["agentConnected"])
        self.server.ok("RegisterTaskDefinition", DEFINITION)
        reply = self.server.ok("RunTask", {"taskDefinition": "web"})
        self.assertEqual([failure["reason"] for failure in reply["failures"]], ["AGENT"])
        self.turn("connect", arn)
        self.run_task()

    def test_what_happens_meanwhile_is_told_when_it_is_back(self):
        arn, = self.server.fleet()
        task = self.run_task()[0]
        self.turn("disconnect", arn)
        reply = self.server.advance(by="10m")
        self.assertEqual([move for move in reply["fired"] if move["resourceType"] == "task"], [])
        self.assertEqual(self.task(task)["lastStatus"], "PENDING")
        self.turn("connect", arn)
        self.server.advance(by="0s")
        self.assertEqual(self.task(task)["lastStatus"], "RUNNING")

    def test_a_stop_waits_for_it(self):
        arn, = self.server.fleet()
        task = self.run_task()[0]
        self.server.advance(to="stable")
        self.turn("disconnect", arn)
        self.server.ok("StopTask", {"task": task})
        self.server.advance(by="10m")
        seen = self.task(task)
        self.assertEqual((seen["desiredStatus"], seen["lastStatus"]), ("STOPPED", "RUNNING"))
        self.assertFalse(self.server.advance(to="stable")["stable"])
        self.turn("connect", arn)
        self.assertTrue(self.server.advance(to="stable")["stable"])
        self.assertEqual(self.task(task)["lastStatus"], "STOPPED")

    def test_events_tell_of_it(self):
        arn, = self.server.fleet()
        self.turn("disconnect", arn)
        self.turn("disconnect", arn)
        self.turn("connect", arn)
        entries = self.admin("GET", "/_ecs/journal?kind=event")["entries"]
        self.assertEqual([entry["event"]["detail"]["agentConnected"] for entry in entries], [True, False, True])
        self.assertEqual([entry["event"]["detail"]["version"] for entry in entries], [1, 2, 3])

    def test_it_outlives_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.server = self.start("--data-dir", folder + "/state")
            arn, = server.fleet()
            task = self.run_task()[0]
            self.turn("disconnect", arn)
            server.advance(by="10m")
            server.restart()
            self.assertEqual(self.fleet()[0]["agentConnected"], False)
            server.advance(by="10m")
            self.assertEqual(self.task(task)["lastStatus"], "PENDING")
            self.turn("connect", arn)
            server.restart()
            server.advance(to="stable")
            self.assertEqual(self.task(task)["lastStatus"], "RUNNING")
            server.stop()


class AtTheStart(Case):
    def test_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fleet.json"
            path.write_text(json.dumps([{"cluster": "web", "instances": [{"count": 2, "instanceType": "m5.large", "zones": ["a", "b"]}]},
                                        {"cluster": "ml", "account": "111111111111", "instances": [{"instanceType": "g5.xlarge"}]}]))
            self.server = self.start("--fleet", str(path), "--data-dir", folder + "/state")
            self.assertEqual([(one["cluster"], one["instanceType"], one["availabilityZone"]) for one in self.fleet()], [
                ("web", "m5.large", "us-east-1a"), ("web", "m5.large", "us-east-1b"), ("ml", "g5.xlarge", "us-east-1a")])
            before = self.fleet()
            self.server.restart()
            self.assertEqual(self.fleet(), before)
            self.server.stop()
            path.write_text(json.dumps({"instances": [{"instanceType": "t3.small"}]}))
            self.server = self.start("--fleet", str(path))
            self.assertEqual([(one["cluster"], one["instanceType"]) for one in self.fleet()], [("default", "t3.small")])

    def test_what_is_wrong_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fleet.json"
            for text, words in (("{", "it is not JSON"), ("[]x", "it is not JSON"), ("{}", "instances must be a list"),
                                ('[{"instances":[{"instanceType":"m99.large"}]}]', "m99.large is not known"), ("[5]", "instances must be a list")):
                path.write_text(text)
                done = subprocess.run([BINARY, "--port", "0", "--fleet", str(path)], capture_output=True, text=True, timeout=20)
                self.assertEqual((done.returncode, done.stdout), (2, ""), text)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            done = subprocess.run([BINARY, "--port", "0", "--fleet", folder + "/nothing"], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)

    def test_nothing_stays_of_a_fleet_that_is_wrong_in_part(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fleet.json"
            path.write_text('[{"instances":[{"instanceType":"m5.large"}]},{"instances":[{"instanceType":"m99.large"}]}]')
            state = ("--data-dir", folder + "/state")
            done = subprocess.run([BINARY, "--port", "0", "--fleet", str(path), *state], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.server = self.start(*state)
            self.assertEqual(self.fleet(), [])


if __name__ == "__main__":
    unittest.main()
