"""What an account may have at most (facts: tasks 14)."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import CONTENT_TYPE, TARGET, Server  # noqa: E402

HEAD = (f"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: {TARGET}CreateCluster\r\nContent-Type: {CONTENT_TYPE}\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=").encode() + b"%s/20260101/us-east-1/ecs/aws4_request\r\nContent-Length: %d\r\n\r\n"


class Limits(unittest.TestCase):
    def setUp(self):
        self.server = Server("--journal-limit", "0").start()
        self.addCleanup(self.server.stop)

    def test_as_many_clusters_and_instances_as_an_account_may_have(self):
        """10,000 clusters, 5,000 container instances in each (facts: tasks 14); deleted ones are not counted."""
        key = b"100000000000"
        bodies = [json.dumps({"clusterName": f"c{index}"}).encode() for index in range(10000)]
        connection = self.server.socket()
        for first in range(0, len(bodies), 100):
            connection.sendall(b"".join(HEAD % (key, len(body)) + body for body in bodies[first:first + 100]))
            reply = b""
            while reply.count(b'"cluster":{') < 100:
                reply += connection.recv(1 << 20)
            self.assertEqual(reply.count(b"HTTP/1.1 200 OK"), 100)
        connection.close()
        create = lambda name: self.server.call("CreateCluster", {"clusterName": name}, access_key=key.decode())[1].get("message")  # noqa: E731
        full = "The maximum number of clusters has been reached."
        self.assertEqual((create("one-more"), create("c5")), (full, None))
        self.server.ok("DeleteCluster", {"cluster": "c5"}, access_key=key.decode())
        self.assertEqual((create("one-more"), create("c5")), (None, full))
        status, _ = self.server.admin("POST", "/_ecs/fleet", {"cluster": "c1", "account": key.decode(), "instances": [{"count": 5000, "instanceType": "m5.large"}]})
        self.assertEqual(status, 200)
        status, reply, _ = self.server.call("RegisterContainerInstance", {"cluster": "c1"}, access_key=key.decode())
        self.assertEqual((status, reply["message"]), (400, "The maximum number of container instances in the cluster has been reached."))


if __name__ == "__main__":
    unittest.main()
