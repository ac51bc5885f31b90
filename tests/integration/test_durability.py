"""Nothing acknowledged is lost: kill -9, restarts, a second process, newer schemas, full disks, signals, options."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import BINARY, Server, wait_for  # noqa: E402

TINY = {"family": "tiny", "containerDefinitions": [{"name": "app", "image": "busybox", "cpu": 1, "memory": 6}]}


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def server(self, *options, **more):
        server = Server("--data-dir", self.folder, *options, **more).start()
        self.addCleanup(lambda: server.process and server.kill())
        return server

    def prepare(self, server, count=2):
        server.ok("CreateCluster", {})
        instances = server.fleet(count)
        server.ok("RegisterTaskDefinition", TINY)
        return instances

    def task(self, server, arn):
        return server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]


class KillNine(WithFolder):
    def write(self, server, acknowledged, stop):
        """Registers definitions and runs tasks until the server is gone; notes what was acknowledged."""
        index = 0
        while not stop.is_set():
            index += 1
            try:
                family = f"f{threading.get_ident()}-{index}"
                arn = server.ok("RegisterTaskDefinition", {**TINY, "family": family})["taskDefinition"]["taskDefinitionArn"]
                acknowledged.append(("definition", arn))
                task = server.ok("RunTask", {"taskDefinition": "tiny"})["tasks"][0]["taskArn"]
                acknowledged.append(("task", task))
                server.ok("StopTask", {"task": task, "reason": "done"})
                acknowledged.append(("stopped", task))
            except (OSError, ValueError, AssertionError):
                if not stop.is_set():
                    raise
            except Exception:  # http.client's own errors when the server dies
                return

    def test_acknowledged_changes_survive(self):
        server = self.server()
        self.prepare(server)
        for _ in range(4):
            acknowledged, stop = [], threading.Event()
            threads = [threading.Thread(target=self.write, args=(server, acknowledged, stop)) for _ in range(4)]
            for thread in threads:
                thread.start()
            before = len(acknowledged)
            wait_for(lambda: len(acknowledged) > before + 60, "some work")
            stop.set()
            server.process.kill()
            for thread in threads:
                thread.join()
            server.restart()
            for kind, arn in acknowledged:
                if kind == "definition":
                    server.ok("DescribeTaskDefinition", {"taskDefinition": arn})
                else:
                    task = self.task(server, arn)
                    if kind == "stopped":
                        self.assertEqual((task["lastStatus"], task["stoppedReason"]), ("STOPPED", "done"))
        check = sqlite3.connect(f"file:{self.folder}/ecs-local.db?mode=ro&immutable=1", uri=True)
        check.close()

    def test_counters_and_resources_are_rebuilt(self):
        server = self.server()
        instances = self.prepare(server)
        server.ok("RunTask", {"taskDefinition": "tiny", "count": 7})
        look = lambda: (server.ok("DescribeClusters", {"include": ["STATISTICS"]})["clusters"][0],  # noqa: E731
                        server.ok("DescribeContainerInstances", {"containerInstances": instances})["containerInstances"])
        before = look()
        server.restart()
        self.assertEqual(look(), before)
        self.assertEqual(before[0]["runningTasksCount"], 7)

    def test_state_machines_go_on(self):
        timing = Path(self.folder) / "timing.json"
        timing.write_text(json.dumps({"PENDING": "10s", "STOPPING": "20s"}))
        server = self.server("--clock", "held", "--timing", str(timing))
        self.prepare(server)
        pending, stopping = (server.ok("RunTask", {"taskDefinition": "tiny"})["tasks"][0]["taskArn"] for _ in range(2))
        server.advance(by="4s")
        server.restart()
        self.assertEqual(self.task(server, pending)["lastStatus"], "PENDING")
        server.advance(by="6s")
        self.assertEqual(self.task(server, pending)["lastStatus"], "RUNNING")
        server.ok("StopTask", {"task": stopping})
        server.advance(by="5s")
        server.restart()
        self.assertEqual(self.task(server, stopping)["lastStatus"], "STOPPING")
        fired = server.advance(by="15s")["fired"]
        self.assertIn(("STOPPING", "STOPPED"), [(entry["from"], entry["to"]) for entry in fired])
        self.assertEqual(self.task(server, stopping)["lastStatus"], "STOPPED")

    def test_real_clock_catches_up_after_a_restart(self):
        timing = Path(self.folder) / "timing.json"
        timing.write_text(json.dumps({"PENDING": "300ms"}))
        server = self.server("--timing", str(timing))
        self.prepare(server)
        arn = server.ok("RunTask", {"taskDefinition": "tiny"})["tasks"][0]["taskArn"]
        server.restart()
        wait_for(lambda: self.task(server, arn)["lastStatus"] == "RUNNING", "RUNNING")

    def test_page_tokens_survive(self):
        server = self.server()
        for name in "abc":
            server.ok("CreateCluster", {"clusterName": name})
        token = server.ok("ListClusters", {"maxResults": 1})["nextToken"]
        server.restart()
        self.assertTrue(server.ok("ListClusters", {"nextToken": token})["clusterArns"][0].endswith("/b"))


class Directory(WithFolder):
    def run_binary(self, *options, env=None):
        return subprocess.run([BINARY, "--port", "0", *options], capture_output=True, text=True, timeout=20,
                              env={**os.environ, **(env or {})})

    def test_a_second_process_is_refused(self):
        self.server()
        done = self.run_binary("--data-dir", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another ecs-local uses the data directory", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_newer_schema_is_refused(self):
        self.server().stop()
        database = sqlite3.connect(Path(self.folder) / "ecs-local.db")
        database.execute("PRAGMA user_version = 9999")
        database.commit()
        database.close()
        done = self.run_binary("--data-dir", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("newer", done.stderr)

    def test_a_foreign_or_broken_database_is_refused(self):
        path = Path(self.folder) / "ecs-local.db"
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE x (y)")
        database.commit()
        database.close()
        done = self.run_binary("--data-dir", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not one of ecs-local", done.stderr)
        path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
        self.assertEqual(self.run_binary("--data-dir", self.folder).returncode, 1)

    def test_full_disk(self):
        """RLIMIT_FSIZE stands for a full disk: writes fail, the answer is a 500, nothing acknowledged is lost."""
        server = self.server()
        self.prepare(server)
        size = sum(path.stat().st_size for path in Path(self.folder).iterdir())
        server.stop()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300000, resource.RLIM_INFINITY))

        server = self.server(preexec_fn=limit)
        acknowledged, status = [], 200
        while status == 200:
            body = {**TINY, "family": f"full-{len(acknowledged)}"}
            body["containerDefinitions"] = [{**TINY["containerDefinitions"][0], "command": ["x" * 20000]}]
            status, reply, _ = server.call("RegisterTaskDefinition", body)
            if status == 200:
                acknowledged.append(reply["taskDefinition"]["taskDefinitionArn"])
            self.assertLess(len(acknowledged), 200)
        self.assertEqual((status, reply["__type"]), (500, "ServerException"))
        self.assertEqual(server.admin("GET", "/_ecs/health")[0], 200)
        self.assertEqual(len(server.ok("ListTaskDefinitions", {"maxResults": 100})["taskDefinitionArns"]),
                         len(acknowledged) + 1)
        server.kill()
        server = self.server()
        for arn in acknowledged:
            server.ok("DescribeTaskDefinition", {"taskDefinition": arn})


class Process(unittest.TestCase):
    def run_binary(self, *options, env=None):
        return subprocess.run([BINARY, *options], capture_output=True, text=True, timeout=20,
                              env={**os.environ, **(env or {})})

    def test_help_and_version(self):
        done = self.run_binary("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--host", "--port", "--data-dir", "--durability", "--runtime", "--timing", "--clock", "--seed", "--region",
                       "--account", "--log-level", "--log-format", "--auth", "--max-body-bytes", "--max-connections",
                       "--journal-limit"):
            self.assertIn(option, done.stdout)
        done = self.run_binary("--version")
        self.assertRegex(done.stdout, r"^ecs-local \d+\.\d+\.\d+\n$")

    def test_bad_options(self):
        for options in (["--nope"], ["--port", "x"], ["--port", "70000"], ["--clock", "slow"], ["--account", "12"],
                        ["--timing", "/does/not/exist"], ["--durability", "some"], ["extra"]):
            done = self.run_binary(*options)
            self.assertEqual(done.returncode, 2, (options, done.stderr))
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = self.run_binary("--port", str(taken.getsockname()[1]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)

    def test_ready_line_and_environment(self):
        with Server(env={"ECS_LOCAL_ACCOUNT": "999999999999", "ECS_LOCAL_REGION": "eu-north-1", "ECS_LOCAL_CLOCK": "held"}) as server:
            arn = server.ok("CreateCluster", {}, headers={"Authorization": ""})["cluster"]["clusterArn"]
            self.assertEqual(arn, "arn:aws:ecs:eu-north-1:999999999999:cluster/default")
            self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["mode"], "held")

    def test_sigterm_ends_within_a_second_under_load(self):
        server = Server().start()
        server.ok("CreateCluster", {})
        stop = threading.Event()

        def work():
            while not stop.is_set():
                try:
                    server.call("ListClusters", {})
                except Exception:
                    return

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        start = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 1.0)
        stop.set()
        for thread in threads:
            thread.join()

    def test_json_log_lines(self):
        with Server("--log-format", "json", "--log-level", "debug") as server:
            server.ok("ListClusters", {})
            wait_for(lambda: any("ListClusters" in line for line in server.log), "a log line")
            for line in server.log:
                self.assertEqual(sorted(json.loads(line)), ["level", "message", "time"])
        self.assertTrue(re.match(r"^\d{4}-", json.loads(server.log[0])["time"]))


if __name__ == "__main__":
    unittest.main()
