"""Data directories of older programs: everything is there, and what was on its way goes on. `states/schema-N.sql` is what
`iterdump` says of a database that a program with schema N left by kill -9: one cluster with an instance, a service, four tasks
(running, pending, stopping, stopped), a scripted outcome and a client token."""

import json
import select
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import BINARY, Server, wait_for  # noqa: E402

STATES = sorted((Path(__file__).parent / "states").glob("schema-*.sql"))
OPTIONS = ("--clock", "held", "--seed", "7", "--timing", "realistic")


class OlderStates(unittest.TestCase):
    def directory(self, state):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.database = Path(folder.name) / "ecs-local.db"
        self.query(state.read_text(), script=True)
        return folder.name

    def query(self, sql, script=False):
        database = sqlite3.connect(self.database)
        try:
            return database.executescript(sql) if script else database.execute(sql).fetchone()[0]
        finally:
            database.close()

    def tasks(self, server):
        arns = [arn for status in ("RUNNING", "STOPPED") for arn in server.ok("ListTasks", {"desiredStatus": status})["taskArns"]]
        return server.ok("DescribeTasks", {"tasks": arns})["tasks"]

    def everything_is_there(self, server):
        cluster, = server.ok("DescribeClusters", {"include": ["TAGS"]})["clusters"]
        self.assertEqual((cluster["tags"], cluster["registeredContainerInstancesCount"], cluster["activeServicesCount"]),
                         ([{"key": "team", "value": "a"}], 1, 1))
        instance, = server.ok("ListAttributes", {"targetType": "container-instance", "attributeName": "stack"})["attributes"]
        self.assertEqual(instance["value"], "blue")
        self.assertEqual(len(server.ok("ListTaskDefinitions")["taskDefinitionArns"]), 2)
        self.assertEqual(sorted((task["lastStatus"], task["group"]) for task in self.tasks(server)),
                         [("PENDING", "family:job"), ("RUNNING", "service:svc"), ("STOPPED", "family:job"), ("STOPPING", "family:job")])
        stopped = next(task for task in self.tasks(server) if task["lastStatus"] == "STOPPED")
        self.assertEqual((stopped["stoppedReason"], stopped["startedBy"], stopped["containers"][0]["name"]), ("enough", "me", "app"))
        service, = server.ok("DescribeServices", {"services": ["svc"]})["services"]
        self.assertEqual((service["runningCount"], service["deployments"][0]["rolloutState"], bool(service["events"])),
                         (1, "COMPLETED", True))
        outcome, = server.admin("GET", "/_ecs/outcomes")[1]["outcomes"]
        self.assertEqual((outcome["used"], outcome["remaining"]), (1, 1))
        self.assertEqual(server.admin("GET", "/_ecs/journal?kind=request&limit=1")[1]["entries"][0]["operation"], "CreateCluster")

    def it_goes_on(self, server):
        again = server.ok("RunTask", {"taskDefinition": "job", "clientToken": "one"})["tasks"][0]
        self.assertEqual(again["lastStatus"], "PENDING")
        server.advance(by="2m")
        self.assertEqual(sorted(task["lastStatus"] for task in self.tasks(server)), ["RUNNING", "RUNNING", "STOPPED", "STOPPED"])
        self.assertIn((again["taskArn"], "RUNNING"), [(task["taskArn"], task["lastStatus"]) for task in self.tasks(server)])
        server.advance(by="40m")
        self.assertIn(3, [task["containers"][0].get("exitCode") for task in self.tasks(server)])

    def test_an_older_directory_is_brought_along(self):
        self.assertTrue(STATES)
        for state in STATES:
            with self.subTest(state=state.name), Server("--data-dir", self.directory(state), *OPTIONS) as server:
                self.everything_is_there(server)
                server.restart()
                self.everything_is_there(server)
                self.it_goes_on(server)

    def test_a_kill_on_the_way(self):
        """kill -9 while the tables are changed: each step is done or not, and the next start goes on with the rest."""
        for state in STATES:
            folder = self.directory(state)
            log = Path(folder) / "ecs-local.db-wal"
            versions = [self.query("PRAGMA user_version")]
            for written in (0, 1, 100_000, 200_000):
                process = subprocess.Popen([BINARY, "--port", "0", "--data-dir", folder, *OPTIONS], stdout=subprocess.PIPE)
                if written:
                    line = process.stdout  # readable when it listens: then there was less to write
                    wait_for(lambda: log.exists() and log.stat().st_size >= written or select.select([line], [], [], 0)[0],
                             "a log of this length")
                process.kill()
                process.wait()
                process.stdout.close()
                self.assertEqual(self.query("PRAGMA integrity_check"), "ok")
                versions.append(self.query("PRAGMA user_version"))
            self.assertEqual(versions, sorted(versions))
            with self.subTest(state=state.name, versions=json.dumps(versions)), Server("--data-dir", folder, *OPTIONS) as server:
                self.everything_is_there(server)
                self.it_goes_on(server)


if __name__ == "__main__":
    unittest.main()
