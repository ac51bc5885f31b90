"""Injected faults of requests: POST, GET, DELETE /_ecs/faults."""

import json
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import MODEL, Server, implemented_operations  # noqa: E402

OTHER = "123456789012"


class Faults(unittest.TestCase):
    def setUp(self):
        self.server = Server("--clock", "held", "--seed", "5").start()
        self.addCleanup(self.server.stop)

    def add(self, **fault):
        status, reply = self.server.admin("POST", "/_ecs/faults", fault)
        self.assertEqual(status, 200, reply)
        return reply

    def refused(self, **fault):
        status, reply = self.server.admin("POST", "/_ecs/faults", fault)
        self.assertEqual((status, reply["error"]["code"]), (400, "InvalidFault"), reply)
        return reply["error"]["message"]

    def faults(self):
        return self.server.admin("GET", "/_ecs/faults")[1]["faults"]

    def test_an_error_strikes_as_often_as_asked(self):
        fault = self.add(operation="ListClusters", error="ThrottlingException", times=2)
        self.assertEqual(fault, {**fault, "kind": "request", "message": "Rate exceeded", "status": 400, "used": 0, "remaining": 2})
        for _ in range(2):
            self.assertEqual(self.server.error("ListClusters"), ("ThrottlingException", "Rate exceeded"))
        self.server.ok("ListClusters")
        self.server.ok("DescribeClusters")
        self.assertEqual([(entry["used"], entry["remaining"]) for entry in self.faults()], [(2, 0)])

    def test_codes_have_the_status_and_the_words_of_aws(self):
        for code, status, message in (("ServerException", 500, "Service Unavailable. Please try again later."),
                                      ("ClusterNotFoundException", 400, "Cluster not found."),
                                      ("AccessDeniedException", 400, "User is not authorized to perform: ecs:ListClusters")):
            self.add(operation="ListClusters", error=code, times=1)
            got, body, headers = self.server.call("ListClusters")
            self.assertEqual((got, body), (status, {"__type": code, "message": message}))
            self.assertIn("x-amzn-requestid", headers)
        self.add(operation="ListClusters", error="Strange", message="own words", status=503)
        self.assertEqual(self.server.call("ListClusters")[:2], (503, {"__type": "Strange", "message": "own words"}))

    def test_every_declared_error_of_every_operation(self):
        """What no situation here brings about, a client under test must meet all the same."""
        declared = {entry["name"]: entry["errors"] for entry in json.loads(MODEL.read_text())["operations"]}
        for operation in implemented_operations():
            for code in declared[operation]:
                fault = self.add(operation=operation, error=code, times=1)
                status, reply, _ = self.server.call(operation)
                self.assertEqual((status, reply["__type"]), (500 if code == "ServerException" else 400, code), operation)
                self.assertTrue(reply["message"], code)
                self.server.admin("DELETE", f"/_ecs/faults/{fault['id']}")
        self.assertEqual(self.server.ok("ListClusters"), {"clusterArns": []})

    def test_boto3_retries_a_throttle(self):
        import boto3
        from botocore.config import Config

        self.add(operation="ListClusters", error="ThrottlingException", times=2)
        client = boto3.client("ecs", endpoint_url=self.server.url, region_name="us-east-1", aws_access_key_id="A",
                              aws_secret_access_key="b", config=Config(retries={"max_attempts": 4, "mode": "standard"}))
        self.assertEqual(client.list_clusters()["clusterArns"], [])
        entries = self.server.admin("GET", "/_ecs/journal?kind=request")[1]["entries"]
        self.assertEqual([entry["status"] for entry in entries], [400, 400, 200])
        self.assertEqual(entries[0]["error"], {"code": "ThrottlingException", "message": "Rate exceeded"})

    def test_a_fault_changes_nothing(self):
        self.add(operation="CreateCluster", error="ServerException", times=1)
        self.assertEqual(self.server.call("CreateCluster", {"clusterName": "x"})[0], 500)
        self.assertEqual(self.server.ok("ListClusters")["clusterArns"], [])
        self.server.ok("CreateCluster", {"clusterName": "x"})

    def test_every_operation_and_one_account(self):
        self.add(error="ThrottlingException", account=OTHER)
        self.server.ok("ListClusters")
        for operation in ("ListClusters", "ListTaskDefinitions"):
            self.assertEqual(self.server.error(operation, access_key=OTHER)[0], "ThrottlingException")
        self.assertEqual(self.server.admin("POST", f"/_ecs/reset?account={OTHER}")[0], 204)
        self.server.ok("ListClusters", access_key=OTHER)

    def test_a_rate_is_seeded(self):
        def outcomes():
            with Server("--clock", "held", "--seed", "9") as server:
                server.admin("POST", "/_ecs/faults", {"operation": "ListClusters", "error": "ThrottlingException", "rate": 0.5})
                return [server.call("ListClusters")[0] for _ in range(60)]

        first = outcomes()
        self.assertEqual(first, outcomes())
        self.assertTrue(15 < first.count(400) < 45, first)

    def test_latency_delays_one_reply_and_blocks_nobody(self):
        self.add(operation="ListClusters", latency="700ms", times=1)
        seconds = []

        def slow():
            began = time.monotonic()
            self.server.ok("ListClusters")
            seconds.append(time.monotonic() - began)

        thread = threading.Thread(target=slow)
        thread.start()
        while not self.faults()[0]["used"]:
            pass
        began = time.monotonic()
        self.server.ok("ListTaskDefinitions")
        self.assertLess(time.monotonic() - began, 0.6)
        thread.join()
        self.assertGreaterEqual(seconds[0], 0.69)
        entries = self.server.admin("GET", "/_ecs/journal?operation=ListClusters")[1]["entries"]
        self.assertEqual(entries[0]["durationMs"], 700)

    def test_latency_with_an_error_and_a_client_that_leaves(self):
        self.add(operation="ListClusters", error="ServerException", latency="100ms")
        self.assertEqual(self.server.call("ListClusters")[0], 500)
        with self.server.socket() as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                               b"X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListClusters\r\n\r\n{}")
        self.assertEqual(self.server.call("ListClusters")[0], 500)

    def test_new_tasks_are_invisible_for_a_while(self):
        self.server.ok("CreateCluster")
        self.server.ok("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "memory": 64}]})
        self.server.fleet(1)
        self.add(visibilityDelay="5s")
        arn = self.server.ok("RunTask", {"taskDefinition": "f"})["tasks"][0]["taskArn"]
        reply = self.server.ok("DescribeTasks", {"tasks": [arn]})
        self.assertEqual(reply, {"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]})
        self.server.advance(by="5s")
        self.assertEqual(self.server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]["taskArn"], arn)

    def test_one_and_all_can_be_deleted(self):
        ids = [self.add(operation="ListClusters", error="ServerException")["id"] for _ in range(2)]
        self.assertEqual(self.server.admin("GET", f"/_ecs/faults/{ids[0]}")[1]["id"], ids[0])
        self.assertEqual(self.server.admin("DELETE", f"/_ecs/faults/{ids[0]}")[0], 204)
        self.assertEqual(self.server.admin("DELETE", f"/_ecs/faults/{ids[0]}")[0], 404)
        self.assertEqual(self.server.admin("GET", f"/_ecs/faults/{ids[0]}")[0], 404)
        self.assertEqual([fault["id"] for fault in self.faults()], ids[1:])
        self.assertEqual(self.server.admin("DELETE", "/_ecs/faults")[0], 204)
        self.assertEqual(self.faults(), [])
        self.server.ok("ListClusters")
        self.add(operation="ListClusters", error="ServerException")
        self.server.admin("POST", "/_ecs/reset")
        self.assertEqual(self.faults(), [])

    def test_nonsense_is_refused(self):
        for fault in ({}, {"operation": "ListClusters"}, {"operation": "Fly", "error": "X"}, {"error": ""}, {"error": 1},
                      {"error": "X", "rate": 0}, {"error": "X", "rate": 1.5}, {"error": "X", "rate": "often"}, {"error": "X", "times": 0},
                      {"error": "X", "status": 200}, {"latency": "soon"}, {"latency": "11m"}, {"error": "X", "often": True},
                      {"visibilityDelay": "soon"}, {"visibilityDelay": "5s", "times": 1}, {"visibilityDelay": 5}):
            self.assertTrue(self.refused(**fault))
        self.assertEqual(self.faults(), [])
        for _ in range(1000):
            self.add(operation="ListClusters", latency="0ms")
        status, reply = self.server.admin("POST", "/_ecs/faults", {"error": "X"})
        self.assertEqual((status, reply["error"]["code"]), (409, "TooManyFaults"))


class Restart(unittest.TestCase):
    def test_faults_and_their_counts_survive(self):
        with tempfile.TemporaryDirectory() as folder, Server("--data-dir", folder + "/state") as server:
            server.admin("POST", "/_ecs/faults", {"operation": "ListClusters", "error": "ThrottlingException", "times": 3})
            server.error("ListClusters")
            server.restart()
            server.error("ListClusters")
            server.restart()
            server.error("ListClusters")
            server.ok("ListClusters")


if __name__ == "__main__":
    unittest.main()
