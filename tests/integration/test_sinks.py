"""Sinks: webhooks, event buses and files get the journal's events, in order and at least once, whatever the receiver does."""

import json
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from receiver import Receiver  # noqa: E402
from server import Server, wait_for  # noqa: E402

DEFINITION = {"family": "f", "containerDefinitions": [{"name": "c", "image": "i", "memory": 64}]}
STATES = ["PENDING", "RUNNING", "RUNNING", "STOPPED"]
TASKS = {"detail-type": "ECS Task State Change"}


class Case(unittest.TestCase):
    OPTIONS = ("--clock", "held", "--seed", "3")

    def setUp(self):
        self.server = Server(*self.OPTIONS).start()
        self.addCleanup(self.server.stop)
        self.server.ok("CreateCluster")
        self.server.ok("RegisterTaskDefinition", DEFINITION)
        self.server.fleet(1)

    def add(self, **sink):
        status, reply = self.server.admin("POST", "/_ecs/sinks", sink)
        self.assertEqual(status, 200, reply)
        return reply["id"]

    def sink(self, number):
        return self.server.admin("GET", f"/_ecs/sinks/{number}")[1]

    def run_and_stop(self):
        arn = self.server.ok("RunTask", {"taskDefinition": "f"})["tasks"][0]["taskArn"]
        self.server.ok("StopTask", {"task": arn})
        return arn

    def receiver(self):
        receiver = Receiver().start()
        self.addCleanup(receiver.stop)
        return receiver

    def events(self):
        entries = self.server.admin("GET", "/_ecs/journal?kind=event&detailType=ECS%20Task%20State%20Change")[1]["entries"]
        return [entry["event"] for entry in entries]


class Webhooks(Case):
    def test_events_arrive_in_order(self):
        receiver = self.receiver()
        self.run_and_stop()
        number = self.add(type="webhook", url=receiver.url, match=TASKS, headers={"X-Secret": "s3"})
        arns = [self.run_and_stop() for _ in range(5)]
        requests = receiver.wait(20)
        got = [json.loads(request.body) for request in requests]
        self.assertEqual(got, self.events()[4:])
        self.assertEqual([event["resources"][0] for event in got], [arn for arn in arns for _ in STATES])
        self.assertEqual([event["detail"]["lastStatus"] for event in got], STATES * 5)
        self.assertEqual({request.headers["X-Secret"] for request in requests}, {"s3"})
        self.assertEqual({request.headers["Content-Type"] for request in requests}, {"application/json"})
        cursors = [int(request.headers["X-Ecs-Local-Cursor"]) for request in requests]
        self.assertEqual(cursors, sorted(cursors))
        sink = wait_for(lambda: self.sink(number)["delivered"] == 20 and self.sink(number))
        self.assertEqual((sink["state"], sink["lost"], sink["failures"], sink["cursor"]), ("idle", 0, 0, cursors[-1]))

    def test_what_fails_is_tried_again_and_order_is_kept(self):
        receiver = self.receiver()
        answers = [500, 503, 200, 404, 200]
        receiver.answer = lambda request: (answers.pop(0) if answers else 200, b"")
        number = self.add(type="webhook", url=receiver.url, match=TASKS)
        self.run_and_stop()
        requests = receiver.wait(7)
        taken = [json.loads(request.body) for request in requests if request.status == 200]
        self.assertEqual(taken, self.events())
        self.assertEqual(len(requests), 7)
        wait_for(lambda: self.sink(number)["delivered"] == 4)
        self.assertNotIn("lastError", self.sink(number))

    def test_a_receiver_that_is_away_comes_back(self):
        receiver = Receiver().start()
        receiver.stop()
        number = self.add(type="webhook", url=receiver.url, match=TASKS)
        self.run_and_stop()
        sink = wait_for(lambda: self.sink(number)["failures"] >= 2 and self.sink(number))
        self.assertEqual((sink["state"] in ("retrying", "sending"), sink["delivered"]), (True, 0))
        self.assertIn("lastError", sink)
        receiver.start()
        self.addCleanup(receiver.stop)
        got = [json.loads(request.body) for request in receiver.wait(4)]
        self.assertEqual(got, self.events())

    def test_a_receiver_that_hangs_blocks_nobody(self):
        slow, quick = self.receiver(), self.receiver()
        slow.hanging.clear()
        first = self.add(type="webhook", url=slow.url, match=TASKS, timeout="300ms")
        self.add(type="webhook", url=quick.url, match=TASKS)
        began = time.monotonic()
        for _ in range(10):
            self.run_and_stop()
        self.assertLess(time.monotonic() - began, 10)
        quick.wait(40)
        slow.wait(2)
        wait_for(lambda: self.sink(first)["failures"] >= 1)
        self.assertEqual(self.sink(first)["delivered"], 0)
        slow.hanging.set()
        wait_for(lambda: self.sink(first)["delivered"] == 40, seconds=30)
        seen = [json.loads(request.body)["id"] for request in slow.requests]
        self.assertEqual(list(dict.fromkeys(seen)), [event["id"] for event in self.events()])

    def test_whatever_is_asked_for(self):
        receiver = self.receiver()
        self.add(type="webhook", url=receiver.url, match={"kind": "request", "operation": "ListClusters"}, after=0)
        self.server.ok("ListClusters")
        entry = json.loads(receiver.wait(1)[0].body)
        self.assertEqual((entry["kind"], entry["operation"]), ("request", "ListClusters"))

    def test_a_deleted_sink_gets_nothing_and_a_reset_deletes_all(self):
        receiver = self.receiver()
        number = self.add(type="webhook", url=receiver.url, match=TASKS)
        self.assertEqual(self.server.admin("DELETE", f"/_ecs/sinks/{number}")[0], 204)
        self.assertEqual(self.server.admin("DELETE", f"/_ecs/sinks/{number}")[0], 404)
        self.run_and_stop()
        self.add(type="webhook", url=receiver.url, match=TASKS)
        self.server.admin("POST", "/_ecs/reset")
        self.assertEqual(self.server.admin("GET", "/_ecs/sinks")[1], {"sinks": []})
        self.assertEqual(receiver.requests, [])
        self.add(type="webhook", url=receiver.url)
        self.assertEqual(self.server.admin("DELETE", "/_ecs/sinks")[0], 204)
        self.assertEqual(self.server.admin("GET", "/_ecs/sinks")[1], {"sinks": []})

    def test_nonsense_is_refused(self):
        url = "http://127.0.0.1:1/"
        for sink in ({}, {"type": "pigeon"}, {"type": "webhook"}, {"type": "webhook", "url": "ftp://x/"}, {"type": "webhook", "url": "http://"},
                     {"type": "webhook", "url": "http://a b/"}, {"type": "webhook", "url": url, "bus": "x"}, {"type": "webhook", "url": url, "timeout": "0"},
                     {"type": "webhook", "url": url, "headers": {"a": 1}}, {"type": "webhook", "url": url, "headers": {"a": "b\r\nc: d"}},
                     {"type": "webhook", "url": url, "headers": {"a b": "c"}}, {"type": "webhook", "url": url, "match": []},
                     {"type": "webhook", "url": url, "match": {"kind": "gossip"}}, {"type": "webhook", "url": url, "after": "x"},
                     {"type": "eventbridge"}, {"type": "eventbridge", "endpoint": "x"}, {"type": "eventbridge", "endpoint": url, "bus": ""},
                     {"type": "eventbridge", "endpoint": url, "match": {"kind": "request"}}, {"type": "file"}, {"type": "file", "path": ""}):
            status, reply = self.server.admin("POST", "/_ecs/sinks", sink)
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidSink"), sink)
        for _ in range(32):
            self.add(type="webhook", url=url)
        self.assertEqual(self.server.admin("POST", "/_ecs/sinks", {"type": "webhook", "url": url})[0], 409)


class EventBuses(Case):
    def test_put_events(self):
        receiver = self.receiver()
        refused = []

        def answer(request):
            entries = json.loads(request.body)["Entries"]
            if not refused:
                refused.append(request)
                return 200, json.dumps({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}] * len(entries)}).encode()
            return 200, json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "x"}] * len(entries)}).encode()

        receiver.answer = answer
        number = self.add(type="eventbridge", endpoint=receiver.url, bus="ci", match=TASKS)
        for _ in range(5):
            self.run_and_stop()
        wait_for(lambda: self.sink(number)["delivered"] == 20)
        entries = []
        for request in receiver.requests:
            self.assertEqual(request.headers["X-Amz-Target"], "AWSEvents.PutEvents")
            self.assertEqual(request.headers["Content-Type"], "application/x-amz-json-1.1")
            self.assertIn("Credential=000000000000/20260101/us-east-1/events/aws4_request", request.headers["Authorization"])
            batch = json.loads(request.body)["Entries"]
            self.assertLessEqual(len(batch), 10)
            if request not in refused:
                entries += batch
        expected = self.events()
        self.assertEqual([json.loads(entry["Detail"]) for entry in entries], [event["detail"] for event in expected])
        self.assertEqual({**entries[0], "Detail": ""}, {
            "Time": 1767225600, "Source": "aws.ecs", "Resources": expected[0]["resources"], "DetailType": "ECS Task State Change",
            "Detail": "", "EventBusName": "ci"})


class Files(Case):
    def test_lines_of_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.jsonl"
            path.write_text('{"cut off')
            number = self.add(type="file", path=str(path), match=TASKS)
            for _ in range(3):
                self.run_and_stop()
            wait_for(lambda: self.sink(number)["delivered"] == 12)
            first, *lines = path.read_text().splitlines()
            self.assertEqual(first, '{"cut off')
            self.assertEqual([json.loads(line) for line in lines], self.events())

    def test_a_folder_that_comes_later(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "later" / "events.jsonl"
            number = self.add(type="file", path=str(path), match=TASKS)
            self.run_and_stop()
            self.assertEqual(wait_for(lambda: self.sink(number).get("lastError")), "No such file or directory")
            path.parent.mkdir()
            wait_for(lambda: self.sink(number)["delivered"] == 4)
            self.assertEqual(len(path.read_text().splitlines()), 4)


class Losses(Case):
    OPTIONS = ("--clock", "held", "--seed", "3", "--journal-limit", "50")

    def test_what_the_journal_forgets_is_counted(self):
        receiver = Receiver().start()
        receiver.stop()
        number = self.add(type="webhook", url=receiver.url)
        for _ in range(30):
            self.run_and_stop()
        receiver.start()
        self.addCleanup(receiver.stop)
        sink = wait_for(lambda: self.sink(number)["state"] == "idle" and self.sink(number)["delivered"] and self.sink(number), seconds=30)
        self.assertGreater(sink["lost"], 100)


class Restart(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.OPTIONS = ("--clock", "held", "--seed", "3", "--data-dir", folder.name + "/state")
        super().setUp()

    def test_a_sink_goes_on_where_it_was(self):
        receiver = self.receiver()
        number = self.add(type="webhook", url=receiver.url, match=TASKS)
        self.run_and_stop()
        receiver.wait(4)
        wait_for(lambda: self.sink(number)["delivered"] == 4)
        receiver.stop()
        self.run_and_stop()
        self.server.restart()
        self.run_and_stop()
        receiver.start()
        wait_for(lambda: self.sink(number)["delivered"] == 12)
        ids = [json.loads(request.body)["id"] for request in receiver.requests]
        self.assertEqual(list(dict.fromkeys(ids)), [event["id"] for event in self.events()])


del Case

if __name__ == "__main__":
    unittest.main()
