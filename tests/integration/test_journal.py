"""The journal: its entries and their order, filters, pages, what is lost, long polls, event streams, restarts."""

import http.client
import json
import socket
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

OTHER = "123456789012"
DEFINITION = {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "memory": 64}]}
TASK_EVENT, INSTANCE_EVENT = "ECS Task State Change", "ECS Container Instance State Change"


class Case(unittest.TestCase):
    OPTIONS = ("--clock", "held", "--seed", "3")

    def setUp(self):
        self.server = Server(*self.OPTIONS).start()
        self.addCleanup(self.server.stop)

    def journal(self, query="", server=None):
        status, reply = (server or self.server).admin("GET", "/_ecs/journal" + query)
        self.assertEqual(status, 200, reply)
        return reply

    def entries(self, query=""):
        return self.journal(query)["entries"]

    def prepare(self, server=None):
        server = server or self.server
        server.ok("CreateCluster")
        server.ok("RegisterTaskDefinition", DEFINITION)
        return server.fleet(1)

    def run_and_stop(self, server=None):
        server = server or self.server
        arn = server.ok("RunTask", {"taskDefinition": "f"})["tasks"][0]["taskArn"]
        server.ok("StopTask", {"task": arn, "reason": "enough"})
        return arn

    def wait(self, **body):
        status, reply = self.server.admin("POST", "/_ecs/journal/wait", body)
        self.assertEqual(status, 200, reply)
        return reply


class Entries(Case):
    def test_a_request_says_who_asked_what_and_what_came_of_it(self):
        self.server.ok("CreateCluster", {"clusterName": "x"}, access_key=OTHER, region="eu-west-1")
        self.server.error("DescribeTasks", {"cluster": "none", "tasks": ["a"]})
        self.server.call("ListClusters", raw=b'{"maxResults":\r\n 5}')
        self.server.call("ListClusters", raw=b"{nonsense")
        self.server.call("Fly", {})
        first, second, third, fourth, fifth = self.entries("?kind=request")
        self.assertEqual(first, {
            "cursor": 1, "kind": "request", "time": "2026-01-01T00:00:00.000Z", "account": OTHER, "region": "eu-west-1",
            "requestId": first["requestId"], "operation": "CreateCluster", "accessKey": OTHER, "parameters": {"clusterName": "x"},
            "status": 200, "result": "ok", "durationMs": 0})
        self.assertEqual((second["status"], second["result"], second["error"]),
                         (400, "error", {"code": "ClusterNotFoundException", "message": "Cluster not found."}))
        self.assertEqual(third["parameters"], {"maxResults": 5})
        self.assertNotIn("parameters", fourth)
        self.assertEqual(fourth["error"]["code"], "SerializationException")
        self.assertEqual((fifth["operation"].split(".")[-1], fifth["error"]["code"]), ("Fly", "UnknownOperationException"))

    def test_the_reply_carries_the_id_of_the_entry(self):
        _, _, headers = self.server.call("ListClusters")
        self.assertEqual(headers["x-amzn-requestid"], self.entries()[-1]["requestId"])

    def test_what_clients_make_up_stays_json(self):
        self.server.http("POST", "/", b"{}", {"X-Amz-Target": "caf\xe9\"\\" + "x" * 600, "Authorization": "Credential=k\xe9y\"/x"})
        entry = self.entries()[-1]
        self.assertLess(len(entry["operation"]), 300)
        self.assertEqual(entry["error"]["code"], "UnknownOperationException")

    def test_a_large_body_is_counted_and_not_kept(self):
        self.server.call("ListClusters", {"x": "y" * 70000})
        entry = self.entries()[-1]
        self.assertGreater(entry["parametersBytes"], 70000)
        self.assertNotIn("parameters", entry)

    def test_a_task_moves_and_is_announced(self):
        self.prepare()
        after = self.journal()["nextCursor"]
        arn = self.run_and_stop()
        entries = self.entries(f"?after={after}")
        moves = [(entry["from"], entry["to"]) for entry in entries if entry.get("resourceType") == "task"]
        self.assertEqual(moves, [("", "PENDING"), ("PENDING", "RUNNING"), ("RUNNING", "STOPPING"), ("STOPPING", "STOPPED")])
        events = [entry["event"] for entry in entries if entry["kind"] == "event" and entry["event"]["detail-type"] == TASK_EVENT]
        self.assertEqual([(event["detail"]["lastStatus"], event["detail"]["desiredStatus"], event["detail"]["version"]) for event in events],
                         [("PENDING", "RUNNING", 1), ("RUNNING", "RUNNING", 2), ("RUNNING", "STOPPED", 3), ("STOPPED", "STOPPED", 4)])
        for event in events:
            self.assertEqual({**event, "id": "", "detail": {}}, {
                "version": "0", "id": "", "detail-type": TASK_EVENT, "source": "aws.ecs", "account": "000000000000",
                "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [arn], "detail": {}})
            for member in ("clusterArn", "containers", "createdAt", "overrides", "taskArn", "taskDefinitionArn", "updatedAt"):
                self.assertIn(member, event["detail"])
            self.assertEqual(event["detail"]["createdAt"], "2026-01-01T00:00:00.000Z")
        self.assertEqual(len({event["id"] for event in events}), len(events))
        self.assertEqual(events[-1]["detail"]["stoppedReason"], "enough")
        requests = [index for index, entry in enumerate(entries) if entry["kind"] == "request"]
        self.assertEqual(requests[0], 0, "the request comes before what it causes")

    def test_an_instance_is_announced_when_it_changes(self):
        instance, = self.prepare()
        self.run_and_stop()
        self.server.ok("UpdateContainerInstancesState", {"containerInstances": [instance], "status": "DRAINING"})
        events = [entry["event"] for entry in self.entries(f"?kind=event&arn={instance}") if entry["event"]["detail-type"] == INSTANCE_EVENT]
        self.assertEqual([event["detail"]["version"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual(events[-1]["detail"]["status"], "DRAINING")

        def left(event):
            return {item["name"]: item.get("integerValue", item.get("stringSetValue")) for item in event["detail"]["remainingResources"]}

        self.assertEqual(left(events[0])["MEMORY"] - left(events[1])["MEMORY"], 64)
        for event in events:
            self.assertEqual(event["resources"], [instance])
            self.assertTrue({"agentConnected", "attributes", "clusterArn", "containerInstanceArn", "ec2InstanceId", "registeredResources",
                             "remainingResources", "status", "version", "versionInfo", "updatedAt"} <= set(event["detail"]))
        moves = [(entry["from"], entry["to"]) for entry in self.entries("?kind=transition") if entry["resourceType"] == "containerInstance"]
        self.assertEqual(moves, [("", "ACTIVE"), ("ACTIVE", "DRAINING")])

    def test_filters(self):
        self.prepare()
        arn = self.run_and_stop()
        self.server.ok("ListClusters", access_key=OTHER)
        self.assertEqual({entry["kind"] for entry in self.entries("?kind=event")}, {"event"})
        self.assertEqual([entry["operation"] for entry in self.entries("?operation=RunTask")], ["RunTask"])
        self.assertEqual([entry["account"] for entry in self.entries(f"?account={OTHER}")], [OTHER])
        self.assertEqual(self.entries("?region=eu-west-1"), [])
        about = self.entries(f"?arn={arn}")
        self.assertEqual({entry["kind"] for entry in about}, {"request", "transition", "event"})
        self.assertEqual(self.entries(f"?arn={arn[:-1]}"), [])
        self.assertEqual(self.entries(f"?arn={arn.rsplit('/', 1)[1]}"), about)
        self.assertEqual({entry["event"]["detail-type"] for entry in self.entries("?detailType=ECS%20Task%20State%20Change")}, {TASK_EVENT})
        for query in ("?kind=gossip", "?limit=0", "?limit=10001", "?after=x", "?after=-1"):
            self.assertEqual(self.server.admin("GET", "/_ecs/journal" + query)[0], 400, query)

    def test_pages_with_a_cursor(self):
        self.prepare()
        self.run_and_stop()
        everything = self.entries()
        seen, cursor = [], 0
        for _ in range(100):
            page = self.journal(f"?after={cursor}&limit=3")
            seen += page["entries"]
            cursor = page["nextCursor"]
            if not page["more"]:
                break
        self.assertEqual(seen, everything)
        self.assertEqual(self.journal(f"?after={cursor}"), {"entries": [], "nextCursor": cursor, "more": False, "lost": 0})

    def test_a_reset_begins_again(self):
        self.prepare()
        before = self.journal()["nextCursor"]
        self.server.admin("POST", "/_ecs/reset")
        self.assertEqual(self.journal()["entries"], [])
        self.server.ok("ListClusters")
        reply = self.journal(f"?after={before}")
        self.assertEqual((reply["entries"][0]["cursor"], reply["restarted"]), (1, True))

    def test_a_reset_of_one_account_leaves_the_others(self):
        for key in (OTHER, "AKID"):
            self.server.ok("ListClusters", access_key=key)
        self.server.admin("POST", f"/_ecs/reset?account={OTHER}")
        self.assertEqual([(entry["account"], entry["cursor"]) for entry in self.entries()], [("000000000000", 2)])


class Limits(Case):
    OPTIONS = ("--clock", "held", "--seed", "3", "--journal-limit", "20")

    def test_the_oldest_go_and_the_loss_shows(self):
        for _ in range(50):
            self.server.ok("ListClusters")
        reply = self.journal()
        self.assertEqual([entry["cursor"] for entry in reply["entries"]], list(range(31, 51)))
        self.assertEqual((reply["lost"], reply["nextCursor"]), (30, 50))
        self.assertEqual(self.journal("?after=25")["lost"], 5)
        self.assertEqual(self.journal("?after=30")["lost"], 0)
        self.assertEqual(self.wait(after=20, timeout="1s")["lost"], 10)


class NoJournal(Case):
    OPTIONS = ("--journal-limit", "0")

    def test_nothing_is_kept(self):
        self.prepare()
        self.run_and_stop()
        self.assertEqual(self.journal()["entries"], [])


class Waiting(Case):
    def test_what_is_there_is_answered_at_once(self):
        self.prepare()
        arn = self.run_and_stop()
        reply = self.wait(match={"kind": "event", "arn": arn, "detail": {"lastStatus": "STOPPED"}}, timeout="30s")
        entry, = reply["entries"]
        self.assertEqual((entry["event"]["detail"]["stoppedReason"], reply["nextCursor"], reply["timedOut"]), ("enough", entry["cursor"], False))

    def test_the_reply_is_held_until_it_happens(self):
        self.prepare()
        after = self.journal()["nextCursor"]
        replies = []
        thread = threading.Thread(target=lambda: replies.append(
            self.wait(after=after, match={"detail-type": TASK_EVENT, "detail": {"lastStatus": ["RUNNING"]}}, timeout="30s")))
        thread.start()
        self.server.ok("ListClusters")
        self.assertEqual(replies, [])
        self.run_and_stop()
        thread.join(20)
        self.assertEqual(replies[0]["entries"][0]["event"]["detail"]["lastStatus"], "RUNNING")

    def test_patterns(self):
        self.server.ok("CreateCluster", {"clusterName": "blue", "tags": [{"key": "a", "value": "b"}]})
        self.server.error("DescribeTasks", {"cluster": "none", "tasks": ["a"]})

        def found(**match):
            reply = self.wait(match=match, timeout="0ms")
            return [entry["operation"] for entry in reply["entries"]]

        for match in ({"operation": "CreateCluster"}, {"parameters": {"clusterName": "blue"}}, {"operation": ["DescribeTasks", "CreateCluster"]},
                      {"parameters": {"clusterName": {"prefix": "bl"}}}, {"parameters": {"tags": {"key": "a"}}}, {"error": {"exists": False}},
                      {"status": 200}, {"parameters": {"clusterName": [{"anything-but": ["red"]}]}}, {"operation": {"equals-ignore-case": "createcluster"}},
                      {"kind": "request", "parameters": {"clusterName": {"suffix": "lue"}}}, {}):
            self.assertEqual(found(**match), ["CreateCluster"], match)
        self.assertEqual(found(error={"code": "ClusterNotFoundException"}), ["DescribeTasks"])
        for match in ({"operation": "Fly"}, {"parameters": {"clusterName": "red"}}, {"status": 500}, {"kind": "event"}, {"to": {"exists": True}}):
            self.assertEqual(found(**match), [], match)

    def test_time_runs_out(self):
        reply = self.wait(match={"kind": "event"}, timeout="50ms")
        self.assertEqual((reply["entries"], reply["timedOut"]), ([], True))

    def test_nonsense_is_refused(self):
        for body in ({"after": -1}, {"after": "x"}, {"after": 2**63 - 1}, {"timeout": "soon"}, {"timeout": "11m"}, {"match": []}, {"match": {"kind": "gossip"}},
                     {"match": {"x": {"prefix": 1}}}, {"match": {"x": []}}, {"timeout": 5}):
            status, reply = self.server.admin("POST", "/_ecs/journal/wait", body)
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidWait"), body)

    def test_a_client_that_leaves_hurts_nobody_and_too_many_are_refused(self):
        sockets = []
        body = b'{"match":{"kind":"event"},"timeout":"2s"}'
        for _ in range(260):
            connection = self.server.socket()
            connection.sendall(b"POST /_ecs/journal/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            sockets.append(connection)
        statuses = [sockets[index].recv(12) for index in (256, 259)]
        self.assertEqual(statuses, [b"HTTP/1.1 503"] * 2)
        for connection in sockets[:100]:
            connection.close()
        self.prepare()
        self.assertEqual(sockets[255].recv(12), b"HTTP/1.1 200")
        for connection in sockets:
            connection.close()


class Stream:
    """Reads server-sent events."""

    def __init__(self, server, query="", headers=None):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        self.connection.request("GET", "/_ecs/events" + query, headers=headers or {})
        self.response = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def event(self):
        """The next (id, event, data), or None at the end."""
        found = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            name, _, value = line.rstrip("\n").partition(": ")
            if name in ("id", "event", "data"):
                found[name] = value
            elif line == "\n" and "data" in found:
                return int(found["id"]), found["event"], json.loads(found["data"])


class Streams(Case):
    def test_live(self):
        self.server.ok("ListClusters")
        with Stream(self.server) as stream:
            self.assertEqual((stream.response.status, stream.response.headers["Content-Type"]), (200, "text/event-stream"))
            self.prepare()
            arn = self.run_and_stop()
            expected = self.entries("?after=1")
            got = [stream.event() for _ in expected]
            self.assertEqual([data for _, _, data in got], expected)
            self.assertEqual([(number, kind) for number, kind, _ in got], [(entry["cursor"], entry["kind"]) for entry in expected])
        with Stream(self.server, f"?kind=event&arn={arn}&after=0") as stream:
            self.assertEqual([stream.event()[2]["event"]["detail"]["lastStatus"] for _ in range(4)], ["PENDING", "RUNNING", "RUNNING", "STOPPED"])
            self.server.ok("ListClusters")
            self.run_and_stop()

    def test_last_event_id_goes_on(self):
        for _ in range(5):
            self.server.ok("ListClusters")
        with Stream(self.server, headers={"Last-Event-ID": "3"}) as stream:
            self.assertEqual([stream.event()[0] for _ in range(2)], [4, 5])
        self.assertEqual(self.server.admin("GET", "/_ecs/events?after=x")[0], 400)

    def test_a_reset_is_told(self):
        with Stream(self.server) as stream:
            self.server.ok("ListClusters")
            self.assertEqual(stream.event()[0], 1)
            self.server.admin("POST", "/_ecs/reset")
            self.server.ok("ListTaskDefinitions")
            self.assertEqual(stream.event()[:2], (0, "reset"))
            number, kind, data = stream.event()
            self.assertEqual((number, kind, data["operation"]), (1, "request", "ListTaskDefinitions"))

    def test_too_many_streams_are_refused_and_stopping_ends_them(self):
        streams = [Stream(self.server) for _ in range(64)]
        self.assertEqual(Stream(self.server).response.status, 503)
        self.assertEqual(self.server.stop(), 0)
        for stream in streams:
            self.assertIsNone(stream.event())
            stream.connection.close()


class SlowReaders(Case):
    OPTIONS = ("--journal-limit", "200")

    def test_who_reads_too_slowly_is_dropped_and_told(self):
        connection = socket.create_connection((self.server.host, self.server.port))
        connection.sendall(b"GET /_ecs/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(100)
        filler = "y" * 50000
        for _ in range(600):
            self.server.call("ListClusters", {"x": filler})
        received = b""
        connection.settimeout(20)
        while chunk := connection.recv(1 << 20):
            received += chunk
            if received.endswith(b"0\r\n\r\n"):
                break
        connection.close()
        last = int(received.rsplit(b"\nid: ", 1)[1].split(b"\n")[0])
        self.assertLess(last, 600)
        with Stream(self.server, headers={"Last-Event-ID": str(last)}) as stream:
            number, kind, data = stream.event()
            self.assertEqual((number, kind), (400, "lost"))
            self.assertEqual(data["lost"], 400 - last)
            self.assertEqual(stream.event()[0], 401)


class Restart(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.OPTIONS = ("--clock", "held", "--seed", "3", "--data-dir", folder.name + "/state", "--journal-limit", "60")
        super().setUp()

    def test_everything_that_was_told_survives_a_kill(self):
        self.prepare()
        for _ in range(3):
            self.run_and_stop()
        self.server.ok("ListClusters")
        before = self.journal()
        self.server.restart()
        self.assertEqual(self.journal(), before)
        self.server.ok("ListClusters")
        self.assertEqual([entry["cursor"] for entry in self.entries(f"?after={before['nextCursor']}")], [before["nextCursor"] + 1])
        for _ in range(20):
            self.run_and_stop()
        before = self.journal()
        self.assertEqual(len(before["entries"]), 60)
        self.server.restart()
        self.assertEqual(self.journal(), before)

    def test_an_account_that_was_reset_stays_forgotten(self):
        for key in (OTHER, "AKID"):
            self.server.ok("ListClusters", access_key=key)
            self.server.ok("CreateCluster", access_key=key)
        self.server.admin("POST", f"/_ecs/reset?account={OTHER}")
        before = self.journal()
        self.assertEqual({entry["account"] for entry in before["entries"]}, {"000000000000"})
        self.server.restart()
        self.assertEqual(self.journal()["entries"], before["entries"])

    def test_a_follower_sees_only_what_is_stored(self):
        with Stream(self.server) as stream:
            self.server.ok("ListClusters")
            number, _, data = stream.event()
            self.server.kill()
        self.server.start()
        self.assertEqual(self.entries(), [data])
        self.assertEqual(number, 1)


class Repeatable(unittest.TestCase):
    """The same seed, calls and advances give the same journal, to the byte."""

    def story(self):
        with Server("--clock", "held", "--seed", "11", "--timing", "realistic") as server:
            server.ok("CreateCluster")
            server.ok("RegisterTaskDefinition", DEFINITION)
            server.fleet(3, zones=("a", "b", "c"))
            server.admin("POST", "/_ecs/faults", {"operation": "ListTasks", "error": "ThrottlingException", "rate": 0.5})
            arns = []
            for number in range(20):
                reply = server.ok("RunTask", {"taskDefinition": "f", "count": 2})
                arns += [task["taskArn"] for task in reply["tasks"]]
                server.advance(by="7s")
                server.call("ListTasks", {})
                if number % 3 == 0:
                    server.ok("StopTask", {"task": arns[number]})
            server.advance(by="10m")
            return server.http("GET", "/_ecs/journal?limit=10000")[2]

    def test_twice(self):
        first = self.story()
        self.assertGreater(len(json.loads(first)["entries"]), 300)
        self.assertEqual(first, self.story())


del Case

if __name__ == "__main__":
    unittest.main()
