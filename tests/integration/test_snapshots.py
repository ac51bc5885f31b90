"""Snapshots: set apart, restored, carried from one server to another; files that are none are refused and change nothing."""

import json
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import BINARY, ROOT, Server  # noqa: E402

DEFINITION = {"family": "web", "containerDefinitions": [{"name": "app", "image": "busybox", "cpu": 100, "memory": 64}]}
HELD = ("--clock", "held", "--seed", "7", "--timing", "realistic", "--log-level", "error")


def populate(server, tasks=3):
    server.fleet(2)
    server.ok("RegisterTaskDefinition", DEFINITION)
    return [task["taskArn"] for task in server.ok("RunTask", {"taskDefinition": "web", "count": tasks})["tasks"]]


def entries_of(server):
    """The journal without the reads that these tests make themselves."""
    entries = server.admin("GET", "/_ecs/journal?limit=1000")[1]["entries"]
    return [entry for entry in entries if not entry.get("operation", "").startswith(("Describe", "List"))]


def state_of(server):
    """What clients see, as far as these tests change it."""
    tasks = sorted(arn for status in ("RUNNING", "STOPPED") for arn in server.ok("ListTasks", {"desiredStatus": status})["taskArns"])
    return {
        "tasks": server.ok("DescribeTasks", {"tasks": tasks})["tasks"] if tasks else [],
        "instances": server.ok("DescribeContainerInstances", {
            "containerInstances": server.ok("ListContainerInstances")["containerInstanceArns"]})["containerInstances"]
        if server.ok("DescribeClusters")["clusters"] else [],
        "clusters": server.ok("DescribeClusters"),
        "families": server.ok("ListTaskDefinitions"),
        "clock": server.admin("GET", "/_ecs/clock")[1],
        "journal": entries_of(server),
    }


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *options):
        server = Server(*(options or HELD)).start()
        self.addCleanup(server.stop)
        return server

    def save(self, server, name="one"):
        status, reply = server.admin("POST", "/_ecs/snapshots", {"name": name})
        self.assertEqual(status, 200, reply)
        return reply

    def restore(self, server, name="one"):
        status, reply = server.admin("POST", f"/_ecs/snapshots/{name}/restore")
        self.assertEqual(status, 200, reply)
        return reply

    def download(self, server, name="one"):
        status, headers, body = server.http("GET", f"/_ecs/snapshots/{name}")
        self.assertEqual((status, headers["content-type"]), (200, "application/octet-stream"))
        return body

    def upload(self, server, body, name="one"):
        return server.http("PUT", f"/_ecs/snapshots/{name}", body)[0::2]

    def go_on(self, server):
        """The rest of a life: what fires, what new ids and places come out."""
        fired = [server.advance(by="10s")]
        fired.append(server.ok("RunTask", {"taskDefinition": "web", "count": 2}))
        fired.append(server.ok("StopTask", {"task": fired[1]["tasks"][0]["taskArn"]}))
        fired.append(server.advance(by="90s"))
        return fired, state_of(server)


class Restoring(Case):
    def continues(self, *options):
        server = self.start(*HELD, *options)
        populate(server)
        server.advance(by="1s")
        before = state_of(server)
        self.assertGreater(before["clock"]["pendingTimers"], 0)
        self.save(server)
        first = self.go_on(server)
        self.assertNotEqual(state_of(server), before)
        reply = self.restore(server)
        self.assertEqual(reply["now"], before["clock"]["now"])
        self.assertEqual(state_of(server), before)
        for _ in range(2):
            self.restore(server)  # once more: even reads are in the journal
            self.assertEqual(self.go_on(server), first)
            server.advance(by="1h")
        return server, first

    def test_in_memory_it_goes_on_exactly(self):
        self.continues()

    def test_with_a_data_directory_it_goes_on_exactly(self):
        server, first = self.continues("--data-dir", str(self.folder / "state"))
        self.assertEqual(sorted(path.name for path in (self.folder / "state/snapshots").iterdir()), ["one.db"])
        self.restore(server)
        server.restart()
        self.assertEqual(self.go_on(server), first)

    def test_a_restored_state_survives_kill_9(self):
        server = self.start(*HELD, "--data-dir", str(self.folder / "state"))
        populate(server)
        self.save(server)
        before = state_of(server)
        server.advance(by="1h")
        self.restore(server)
        server.restart()
        self.assertEqual(state_of(server), before)
        server.advance(by="1h")
        server.restart()
        self.restore(server)
        self.assertEqual(state_of(server), before)

    def test_ids_of_events_stay_over_a_restart(self):
        for options in (("--log-level", "error"), HELD):
            with tempfile.TemporaryDirectory() as folder:
                server = self.start(*options, "--data-dir", folder + "/state")
                populate(server)
                before = entries_of(server)
                server.restart()
                self.assertEqual(entries_of(server)[: len(before)], before)
                server.stop()

    def test_reset_keeps_snapshots(self):
        server = self.start()
        arns = populate(server)
        self.save(server)
        server.admin("POST", "/_ecs/reset")
        self.restore(server)
        self.assertEqual(len(server.ok("DescribeTasks", {"tasks": arns})["tasks"]), 3)

    def test_the_clock_comes_back_as_it_was(self):
        server = self.start(*HELD)
        self.save(server, "held")
        server.admin("POST", "/_ecs/clock", {"mode": "scaled", "factor": 60})
        self.save(server, "scaled")
        server.admin("POST", "/_ecs/clock", {"mode": "real"})
        self.save(server, "real")
        self.assertEqual(self.restore(server, "held")["mode"], "held")
        self.assertEqual(self.restore(server, "held")["now"], "2026-01-01T00:00:00.000Z")
        reply = self.restore(server, "scaled")
        self.assertEqual((reply["mode"], reply["factor"], reply["now"][:15]), ("scaled", 60, "2026-01-01T00:0"))
        self.assertEqual(self.restore(server, "real")["mode"], "real")

    def test_a_seeded_generator_comes_to_a_server_without_a_seed(self):
        seeded = self.start()
        self.save(seeded)
        body = self.download(seeded)
        other = self.start("--clock", "held", "--timing", "realistic", "--log-level", "error")
        self.assertEqual(self.upload(other, body)[0], 200)
        self.restore(other)
        self.assertEqual(populate(other), populate(seeded))

    def test_scripts_faults_and_services_come_back(self):
        for options in ((), ("--data-dir", str(self.folder / "state"))):
            server = self.start(*HELD, *options)
            populate(server)
            server.ok("CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 2})
            server.advance(to="stable")
            server.admin("POST", "/_ecs/outcomes", {"match": {"family": "web"}, "times": 3, "outcome": {"exit": {"code": 7}}})
            server.admin("POST", "/_ecs/faults", {"operation": "ListClusters", "error": "ThrottlingException", "times": 2})
            server.ok("RunTask", {"taskDefinition": "web"})
            self.assertEqual(server.error("ListClusters")[0], "ThrottlingException")

            def world(server=server):
                return [server.admin("GET", path)[1] for path in ("/_ecs/outcomes", "/_ecs/faults")] + [
                    server.ok("DescribeServices", {"services": ["s"]})["services"]]

            before = world()
            self.assertEqual(before[0]["outcomes"][0]["used"], 1)
            self.save(server)
            server.ok("RunTask", {"taskDefinition": "web", "count": 5})
            self.assertEqual(server.error("ListClusters")[0], "ThrottlingException")
            server.ok("UpdateService", {"service": "s", "desiredCount": 0})
            server.admin("DELETE", "/_ecs/outcomes")
            server.admin("DELETE", "/_ecs/faults")
            server.advance(by="1h")
            self.assertNotEqual(world(), before)
            self.restore(server)
            self.assertEqual(world(), before)
            self.assertEqual(server.error("ListClusters")[0], "ThrottlingException")
            server.ok("ListClusters")

    def test_it_takes_milliseconds(self):
        server = self.start()
        populate(server, 10)
        for step in (self.save, self.restore):
            started = time.monotonic()
            step(server)
            self.assertLess(time.monotonic() - started, 0.5)


class Carrying(Case):
    def test_from_memory_to_a_data_directory_and_back(self):
        memory = self.start()
        populate(memory)
        self.save(memory)
        want = state_of(memory)
        body = self.download(memory)
        disk = self.start(*HELD, "--data-dir", str(self.folder / "state"))
        disk.fleet(5)
        self.assertEqual(self.upload(disk, body)[0], 200)
        self.restore(disk)
        self.assertEqual(state_of(disk), want)
        disk.restart()
        self.assertEqual(state_of(disk), want)
        self.save(disk, "back")
        again = self.download(disk, "back")
        self.assertEqual(self.upload(memory, again, "back")[0], 200)
        memory.admin("POST", "/_ecs/reset")
        self.restore(memory, "back")
        self.assertEqual(state_of(memory), want)

    def test_the_file_is_a_plain_database(self):
        for options in ((), ("--data-dir", str(self.folder / "state"))):
            server = self.start(*HELD, *options)
            populate(server)
            self.save(server)
            path = self.folder / "copy.db"
            path.write_bytes(self.download(server))
            with sqlite3.connect(path) as database:
                self.assertEqual(database.execute("SELECT count(*) FROM tasks").fetchone(), (3,))
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                self.assertEqual(database.execute("PRAGMA journal_mode").fetchone(), ("delete",))
            database.close()

    def test_at_the_start(self):
        server = self.start()
        arns = populate(server)
        self.save(server)
        want = state_of(server)
        path = self.folder / "begin.db"
        path.write_bytes(self.download(server))
        self.assertEqual(state_of(self.start("--log-level", "error", "--timing", "realistic", "--snapshot", str(path))), want)
        other = self.start(*HELD, "--snapshot", str(path), "--data-dir", str(self.folder / "state"))
        self.assertEqual(state_of(other), want)
        other.ok("StopTask", {"task": arns[0]})
        want = state_of(other)
        other.restart()  # with the same options: what it has done since is not lost
        self.assertEqual(state_of(other), want)

    def test_a_larger_body_than_any_other_call_takes(self):
        server = self.start("--max-body-bytes", "20000", "--log-level", "error")
        self.save(server)
        body = self.download(server)
        self.assertGreater(len(body), 20000)
        self.assertEqual(self.upload(server, body)[0], 200)
        status, _ = server.admin("POST", "/_ecs/snapshots", {"name": "x" * 30000})
        self.assertEqual(status, 413)
        limited = self.start("--max-snapshot-bytes", "65536", "--log-level", "error")
        status, reply = self.upload(limited, body)
        self.assertEqual(status, 413)
        self.assertIn(b'"BodyTooLarge"', reply)


    def test_of_an_older_schema(self):
        path = self.folder / "old.db"
        database = sqlite3.connect(path)
        database.executescript((ROOT / "src/store/sql/0001_initial.sql").read_text())
        database.executescript("PRAGMA user_version = 1; PRAGMA application_id = 0x6563736c;"
                               "INSERT INTO scopes (id, account, region) VALUES (1, '000000000000', 'us-east-1');"
                               "INSERT INTO clusters (scope_id, name, status, document, tags) VALUES (1, 'old', 'ACTIVE', '{}', '[]')")
        database.close()
        server = self.start()
        status, reply = self.upload(server, path.read_bytes())
        self.assertEqual((status, json.loads(reply)["schema"]), (200, 1))
        self.restore(server)
        self.assertEqual(server.ok("ListClusters")["clusterArns"], ["arn:aws:ecs:us-east-1:000000000000:cluster/old"])
        server.ok("RegisterTaskDefinition", DEFINITION)
        server.fleet(cluster="old")
        server.ok("CreateService", {"cluster": "old", "serviceName": "s", "taskDefinition": "web", "desiredCount": 1})
        self.assertTrue(server.advance(to="stable")["stable"])


class Shelf(Case):
    def check(self, server):
        self.assertEqual(server.admin("GET", "/_ecs/snapshots"), (200, {"snapshots": []}))
        for name in ("b", "a"):
            self.save(server, name)
        server.advance(by="5s")
        reply = self.save(server, "b")
        listed = server.admin("GET", "/_ecs/snapshots")[1]["snapshots"]
        self.assertEqual([one["name"] for one in listed], ["a", "b"])
        self.assertEqual(listed[1], reply)
        self.assertEqual([one["takenAt"] for one in listed], ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:05.000Z"])
        self.assertEqual(server.admin("DELETE", "/_ecs/snapshots/a"), (204, None))
        for method, path in (("DELETE", "/_ecs/snapshots/a"), ("GET", "/_ecs/snapshots/a"), ("POST", "/_ecs/snapshots/a/restore"),
                             ("GET", "/_ecs/snapshots/..%2Fecs-local")):
            status, reply = server.admin(method, path)
            self.assertEqual((status, reply["error"]["code"]), (404, "SnapshotNotFound") if "%" not in path else
                             (status, reply["error"]["code"]))
            self.assertEqual(status, 404)
        for name in ("", ".hidden", "a/b", "x" * 65, "ä", None, 5):
            status, reply = server.admin("POST", "/_ecs/snapshots", {"name": name})
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidName"), name)

    def test_in_memory(self):
        self.check(self.start())

    def test_in_a_directory(self):
        self.check(self.start(*HELD, "--data-dir", str(self.folder / "state")))

    def test_there_is_a_limit(self):
        for options in ((), ("--data-dir", str(self.folder / "state"))):
            server = self.start(*HELD, *options)
            for number in range(100):
                self.save(server, f"n{number}")
            status, reply = server.admin("POST", "/_ecs/snapshots", {"name": "more"})
            self.assertEqual((status, reply["error"]["code"]), (409, "TooManySnapshots"))
            self.save(server, "n5")

    def test_other_methods(self):
        server = self.start()
        self.assertEqual(server.admin("PUT", "/_ecs/snapshots")[0], 405)
        self.assertEqual(server.admin("PATCH", "/_ecs/snapshots/x")[0], 405)
        self.assertEqual(server.admin("GET", "/_ecs/snapshots/")[0], 404)


class Refusals(Case):
    """Whatever is wrong with the file, the answer is a sentence and the state stays as it was."""

    def setUp(self):
        super().setUp()
        self.server = self.start()
        populate(self.server)
        self.save(self.server)
        self.good = self.download(self.server)
        self.before = state_of(self.server)

    def changed(self, change):
        path = self.folder / "changed.db"
        path.write_bytes(self.good)
        database = sqlite3.connect(path)
        database.isolation_level = None
        change(database)
        database.close()
        return path.read_bytes()

    def refused(self, body, words, where="put"):
        status, reply = self.upload(self.server, body, "bad")
        self.assertEqual(status, 400, reply)
        self.assertIn(b'"InvalidSnapshot"', reply)
        self.assertIn(words, reply.decode())
        self.assertEqual(state_of(self.server), self.before)
        self.assertEqual([one["name"] for one in self.server.admin("GET", "/_ecs/snapshots")[1]["snapshots"]], ["one"])
        path = self.folder / "bad.db"
        path.write_bytes(body)
        done = subprocess.run([BINARY, "--port", "0", "--snapshot", str(path)], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(words, done.stderr)

    def test_not_a_database(self):
        self.refused(b"hello", "not a database")
        self.refused(b"", "not a database")
        self.refused(os.urandom(20000), "not a database")

    def test_of_another_program(self):
        path = self.folder / "other.db"
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE t (a)")
        database.commit()
        database.close()
        self.refused(path.read_bytes(), "not one of ecs-local")

    def test_newer(self):
        self.refused(self.changed(lambda database: database.execute("PRAGMA user_version = 9999")), "newer than this program")

    def test_cut_short(self):
        self.refused(self.good[: len(self.good) // 2], "its end is missing")

    def test_broken_pages(self):
        page = struct.unpack(">H", self.good[16:18])[0]
        for number in (1, 2, 5):
            body = bytearray(self.good)
            body[number * page : number * page + 200] = b"\xa5" * 200
            self.refused(bytes(body), "broken")

    def test_the_header_only(self):
        body = bytearray(self.good)
        body[100:4000] = b"\x00" * 3900
        self.refused(bytes(body), "broken")

    def test_other_tables(self):
        for sql in ("DROP TABLE tasks", "CREATE TABLE more (a)", "CREATE TRIGGER t AFTER INSERT ON tasks BEGIN DELETE FROM tasks; END",
                    "DROP INDEX tasks_by_family"):
            self.refused(self.changed(lambda database, sql=sql: database.execute(sql)), "tables")

    def test_rows_that_do_not_fit(self):
        for sql in ("UPDATE container_instances SET document = '{'", "UPDATE tasks SET packed_document = x''", "UPDATE tasks SET packed_document = x'01ffffffff00'", "UPDATE clusters SET id = -5",
                    "UPDATE clusters SET id = 4611686018427387904", "UPDATE container_instances SET id = id + 100000000",
                    "UPDATE journal SET first_seq = -4611686018427387904", "UPDATE journal SET last_seq = 4611686018427387904"):
            self.refused(self.changed(lambda database, sql=sql: database.execute(sql)), "has a row that cannot be")
        for sql in ("UPDATE task_definitions SET document = '[]'", "UPDATE task_definitions SET document = '{}'",
                    "UPDATE task_definitions SET tags = '{}'", "UPDATE tasks SET packed_document = x'005b5d'", "UPDATE tasks SET packed_document = x'007b7d'",
                    "UPDATE tasks SET life = '{'", "UPDATE tasks SET task_id = 'e' || task_id", "UPDATE clusters SET document = '7'",
                    """UPDATE task_definitions SET document = '{"family":"x","containerDefinitions":[]}'"""):
            self.refused(self.changed(lambda database, sql=sql: database.execute(sql)), "has a row that cannot be")
        for sql in ("DELETE FROM clusters", "DELETE FROM scopes", "UPDATE tasks SET last_status = 'NOWHERE'"):
            self.refused_at_restore(self.changed(lambda database, sql=sql: database.execute(sql)))

    def refused_at_restore(self, body):
        self.assertEqual(self.upload(self.server, body, "bad")[0], 200)
        status, reply = self.server.admin("POST", "/_ecs/snapshots/bad/restore")
        self.assertEqual((status, reply["error"]["code"]), (400, "InvalidSnapshot"))
        self.assertIn("does not fit together", reply["error"]["message"])
        self.assertEqual(state_of(self.server), self.before)

    def test_a_file_that_broke_where_it_lay(self):
        server = self.start(*HELD, "--data-dir", str(self.folder / "state"))
        populate(server)
        self.save(server)
        before = state_of(server)
        path = self.folder / "state/snapshots/one.db"
        body = bytearray(path.read_bytes())
        body[4096:9000] = b"\x5a" * 4904
        path.write_bytes(body)
        status, reply = server.admin("POST", "/_ecs/snapshots/one/restore")
        self.assertEqual((status, reply["error"]["code"]), (400, "InvalidSnapshot"))
        self.assertEqual(state_of(server), before)
        server.restart()
        self.assertEqual(state_of(server), before)

    def test_no_such_file(self):
        done = subprocess.run([BINARY, "--port", "0", "--snapshot", "/nowhere/x.db"], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("/nowhere/x.db cannot be read: No such file", done.stderr)


if __name__ == "__main__":
    unittest.main()
