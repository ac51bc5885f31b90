"""What the shipped program promises about its data and its process: kill -9 and restart, disk full, one process per data
directory, versions, signals, options."""

import contextlib
import http.client
import json
import os
import random
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
from server import BINARY, CONTENT_TYPE, TARGET, Server, authorization, wait_for  # noqa: E402

SLEEPER = {"name": "app", "image": "busybox", "cpu": 1, "memory": 6}
WRITERS = 4
KILLS = 6
FARGATE = {"family": "far", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
           "containerDefinitions": [{"name": "app", "image": "busybox"}]}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.database = Path(self.folder) / "ecs-local.db"

    def start(self, *options, **more):
        server = Server("--data-dir", self.folder, *options, **more).start()
        self.addCleanup(server.__exit__, None)
        return server

    def run_binary(self, *arguments, env=None, **more):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20,
                              env={**os.environ, **(env or {})}, **more)

    def statuses(self, server, cluster="default"):
        arns = [arn for status in ("RUNNING", "STOPPED")
                for arn in server.ok("ListTasks", {"desiredStatus": status, "cluster": cluster})["taskArns"]]
        found = server.ok("DescribeTasks", {"tasks": arns, "cluster": cluster})["tasks"] if arns else []
        return {task["taskArn"]: task["lastStatus"] for task in found}


class Writer(threading.Thread):
    """Writes over one connection as fast as it can until the server goes away; remembers what was acknowledged."""

    def __init__(self, server, number, begin):
        super().__init__(daemon=True)
        self.server, self.number, self.begin = server, number, begin
        self.clusters, self.revisions, self.running, self.stopped = [], [], [], []
        self.deleted, self.in_doubt, self.unexpected = [], None, []

    def call(self, connection, operation, body):
        self.in_doubt = (operation, body)
        connection.request("POST", "/", json.dumps(body), {
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + operation, "Authorization": authorization()})
        response = connection.getresponse()
        reply = json.loads(response.read())
        if response.status != 200:
            self.unexpected.append((operation, response.status, reply))
        self.in_doubt = None
        return reply

    def run(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=20)
        try:
            for step in range(self.begin, self.begin + 100000):
                name = f"w{self.number}-{step}"
                self.call(connection, "CreateCluster", {"clusterName": name})
                self.clusters.append(name)
                if step % 3 == 0:
                    self.call(connection, "DeleteCluster", {"cluster": name})
                    self.deleted.append(name)
                reply = self.call(connection, "RegisterTaskDefinition",
                                  {"family": f"w{self.number}", "containerDefinitions": [SLEEPER]})
                self.revisions.append(reply["taskDefinition"]["revision"])
                reply = self.call(connection, "RunTask", {"taskDefinition": f"w{self.number}", "startedBy": name})
                arns = [task["taskArn"] for task in reply["tasks"]]
                self.running += arns
                if step % 2 == 0 and arns:
                    self.call(connection, "StopTask", {"task": arns[0], "reason": name})
                    self.stopped.append((arns[0], name))
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass
        finally:
            connection.close()


class Kills(Folder):
    def check_file(self):
        """What the kill left behind opens and is sound: looked at in a copy."""
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(self.folder, copy, dirs_exist_ok=True)
            database = sqlite3.connect(Path(copy) / "ecs-local.db")
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            database.close()

    def check(self, server, writers):
        """Everything acknowledged is there, with the state it was acknowledged in or a later one."""
        known = []
        token = None
        while True:
            page = server.ok("ListClusters", {"maxResults": 100, **({"nextToken": token} if token else {})})
            known += [arn.split("/")[1] for arn in page["clusterArns"]]
            token = page.get("nextToken")
            if not token:
                break
        known = set(known)
        for writer in writers:
            doubt = writer.in_doubt[1].get("cluster") if writer.in_doubt and writer.in_doubt[0] == "DeleteCluster" else None
            for name in writer.clusters:
                if name not in writer.deleted and name != doubt:
                    self.assertIn(name, known)
            for name in writer.deleted:
                self.assertNotIn(name, known)
            self.assertEqual(writer.revisions, sorted(set(writer.revisions)))
            if writer.revisions:
                last = server.ok("DescribeTaskDefinition", {"taskDefinition": f"w{writer.number}"})["taskDefinition"]
                self.assertIn(last["revision"] - writer.revisions[-1], (0, 1))
            for start in range(0, len(writer.running), 100):
                arns = writer.running[start:start + 100]
                found = server.ok("DescribeTasks", {"tasks": arns})
                self.assertEqual(found["failures"], [])
                self.assertEqual([task["taskArn"] for task in found["tasks"]], arns)
                by_arn = {task["taskArn"]: task for task in found["tasks"]}
                for arn, reason in writer.stopped:
                    if arn in by_arn:
                        self.assertEqual((by_arn[arn]["desiredStatus"], by_arn[arn]["stoppedReason"]), ("STOPPED", reason))

    def settled(self, server, arns):
        for start in range(0, len(arns), 100):
            for task in server.ok("DescribeTasks", {"tasks": arns[start:start + 100]})["tasks"]:
                if task["lastStatus"] != task["desiredStatus"]:
                    return False
        return True

    def test_nothing_acknowledged_is_lost(self):
        """kill -9 at random moments under concurrent writers."""
        chance = random.Random(20160713)
        server = self.start("--timing", "instant", "--log-level", "error")
        server.fleet(20, instance_type="m5.24xlarge")
        everything = []
        acknowledged = 0
        for round_number in range(KILLS):
            writers = [Writer(server, number, round_number * 100000) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            goal = chance.randrange(5, 60)
            wait_for(lambda: sum(len(writer.running) for writer in writers) >= goal, "the writers' first steps", 30)  # noqa: B023
            server.kill()
            for writer in writers:
                writer.join(20)
                self.assertFalse(writer.is_alive())
                self.assertEqual(writer.unexpected, [])
            self.check_file()
            server.start()
            self.check(server, writers)
            everything += [arn for writer in writers for arn in writer.running]
            acknowledged += sum(len(writer.clusters) for writer in writers)
        self.assertGreater(acknowledged, KILLS)
        wait_for(lambda: self.settled(server, everything), "all tasks in the state that is wanted of them")
        self.assertEqual(len(everything), len(set(everything)))

    def test_resources_are_the_same_after_a_kill(self):
        """What instances have left, and what clusters count, is not changed by a restart."""
        server = self.start("--timing", "instant")
        instances = server.fleet(2)
        server.ok("RegisterTaskDefinition", {"family": "p", "containerDefinitions": [
            {**SLEEPER, "cpu": 100, "memory": 100, "portMappings": [{"containerPort": 80, "hostPort": 8080}]}]})
        tasks = [task["taskArn"] for task in server.ok("RunTask", {"taskDefinition": "p", "count": 2})["tasks"]]
        self.assertEqual(len(tasks), 2)
        server.ok("StopTask", {"task": tasks[0]})
        wait_for(lambda: sorted(self.statuses(server).values()) == ["RUNNING", "STOPPED"], "one running, one stopped")

        def world():
            found = server.ok("DescribeContainerInstances", {"containerInstances": instances})
            return [found, server.ok("DescribeClusters", {"clusters": ["default"], "include": ["STATISTICS"]}),
                    server.ok("DescribeTasks", {"tasks": tasks})]

        before = world()
        for _ in range(3):
            server.restart()
            self.assertEqual(world(), before)
        self.assertEqual(len(server.ok("RunTask", {"taskDefinition": "p", "count": 1})["tasks"]), 1)
        self.assertEqual([entry["reason"] for entry in server.ok("RunTask", {"taskDefinition": "p"})["failures"]],
                         ["RESOURCE:PORTS"] * 2)

    def test_a_graceful_end_keeps_the_same(self):
        server = self.start()
        server.ok("CreateCluster", {"clusterName": "kept", "tags": [{"key": "k", "value": "v"}]})
        before = server.ok("DescribeClusters", {"clusters": ["kept"], "include": ["TAGS"]})
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.ok("DescribeClusters", {"clusters": ["kept"], "include": ["TAGS"]}), before)

    def test_full_durability(self):
        server = self.start("--durability", "full")
        for index in range(20):
            server.ok("CreateCluster", {"clusterName": f"c{index}"})
        server.restart()
        self.assertEqual(len(server.ok("ListClusters")["clusterArns"]), 20)

    def test_page_tokens_survive(self):
        server = self.start()
        for name in "abc":
            server.ok("CreateCluster", {"clusterName": name})
        token = server.ok("ListClusters", {"maxResults": 1})["nextToken"]
        server.restart()
        self.assertEqual([arn.split("/")[1] for arn in server.ok("ListClusters", {"nextToken": token})["clusterArns"]],
                         ["b", "c"])

    def test_reset_is_durable(self):
        server = self.start()
        server.ok("CreateCluster")
        server.admin("POST", "/_ecs/reset")
        server.restart()
        self.assertEqual(server.ok("ListClusters")["clusterArns"], [])


class LifeCycles(Folder):
    """Tasks that are on their way when the process dies go on where they were."""

    def test_pending_tasks_reach_running_and_stopping_ones_stopped(self):
        server = self.start("--timing", "realistic", "--clock", "held")
        server.fleet(1)
        server.ok("RegisterTaskDefinition", {"family": "ec2", "containerDefinitions": [SLEEPER]})
        server.ok("RegisterTaskDefinition", FARGATE)
        going = server.ok("RunTask", {"taskDefinition": "ec2"})["tasks"][0]["taskArn"]
        server.advance(by="60s")
        server.ok("StopTask", {"task": going, "reason": "enough"})
        pending = server.ok("RunTask", {"taskDefinition": "ec2"})["tasks"][0]["taskArn"]
        early = server.ok("RunTask", {"taskDefinition": "far", "launchType": "FARGATE",
                                      "networkConfiguration": NETWORK})["tasks"][0]["taskArn"]
        server.advance(by="1s")
        expected = {going: "STOPPING", pending: "PENDING", early: "PROVISIONING"}
        self.assertEqual(self.statuses(server), expected)
        now = server.admin("GET", "/_ecs/clock")[1]["now"]
        server.restart()
        self.assertEqual(self.statuses(server), expected)
        clock = server.admin("GET", "/_ecs/clock")[1]
        self.assertEqual((clock["mode"], clock["now"], clock["pendingTimers"]), ("held", now, 3))
        server.advance(by="60s")
        self.assertEqual(self.statuses(server), {going: "STOPPED", pending: "RUNNING", early: "RUNNING"})

    def test_every_stage_survives(self):
        """One step, one kill, from the beginning to the end of a Fargate task."""
        server = self.start("--timing", "realistic", "--clock", "held")
        server.ok("CreateCluster")
        server.ok("RegisterTaskDefinition", FARGATE)
        arn = server.ok("RunTask", {"taskDefinition": "far", "launchType": "FARGATE",
                                    "networkConfiguration": NETWORK})["tasks"][0]["taskArn"]

        def task():
            return server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]

        seen = [task()["lastStatus"]]
        for step in range(20):
            before = task()
            server.restart()
            self.assertEqual(task(), before)
            if before["lastStatus"] == "RUNNING" and before["desiredStatus"] == "RUNNING":
                server.ok("StopTask", {"task": arn})
            elif before["lastStatus"] == "STOPPED":
                break
            else:
                server.advance(to="next")
            if task()["lastStatus"] != seen[-1]:
                seen.append(task()["lastStatus"])
        self.assertEqual(seen, ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING",
                                "DEPROVISIONING", "STOPPED"])
        server.advance(by="2h")
        server.restart()
        self.assertEqual(server.ok("DescribeTasks", {"tasks": [arn]})["failures"][0]["reason"], "MISSING")

    def test_seeded_ids_go_on_behind_refusals(self):
        """Calls that are refused or find no place draw ids, too: what comes behind a kill is what would have come."""
        def run(kills):
            replies = []
            with Server("--data-dir", f"{self.folder}/{kills}", "--seed", "7", "--clock", "held") as server:
                server.ok("CreateCluster")
                server.fleet(count=3, instance_type="t3.micro")
                for memory in (100000, 10):
                    server.ok("RegisterTaskDefinition", {"family": f"of-{memory}", "containerDefinitions": [
                        {"name": "app", "image": "busybox", "memory": memory}]})
                for operation, body in (
                        ("RunTask", {"taskDefinition": "of-100000", "count": 3}),
                        ("RunTask", {"taskDefinition": "of-10", "count": 9, "overrides": {"containerOverrides": [{"name": "none"}]}}),
                        ("CreateService", {"serviceName": "web", "taskDefinition": "none", "desiredCount": 1}),
                        ("RunTask", {"taskDefinition": "of-10", "count": 2})):
                    replies.append(server.call(operation, body)[1])
                    if kills:
                        server.restart()
            return replies

        self.assertEqual(run(False), run(True))

    def test_ids_go_on_behind_the_newest_task(self):
        """A task's id has its number in it: those behind a deleted newest task are the same with a kill between them."""
        def run(kills):
            arns = []
            with Server("--data-dir", f"{self.folder}/newest-{kills}", "--seed", "7", "--clock", "held") as server:
                server.fleet()
                server.ok("RegisterTaskDefinition", {"family": "job", "containerDefinitions": [
                    {"name": "app", "image": "busybox", "memory": 10}]})
                for _ in range(3):
                    arns += [task["taskArn"] for task in server.ok("RunTask", {"taskDefinition": "job", "count": 2})["tasks"]]
                    server.ok("StopTask", {"task": arns[-1]})
                    server.advance(by="3h")
                    if kills:
                        server.restart()
                    found = server.ok("DescribeTasks", {"tasks": arns})
                    self.assertEqual([failure["arn"] for failure in found["failures"]], arns[1::2])
                    self.assertEqual([task["taskArn"] for task in found["tasks"]], arns[::2])
                server.admin("POST", "/_ecs/reset")
                server.fleet()
                server.ok("RegisterTaskDefinition", {"family": "job", "containerDefinitions": [
                    {"name": "app", "image": "busybox", "memory": 10}]})
                again = server.ok("RunTask", {"taskDefinition": "job", "count": 2})["tasks"]
                self.assertEqual([task["taskArn"] for task in again], arns[:2])
            return arns

        self.assertEqual(run(False), run(True))

    def test_a_timing_file(self):
        """Stages from a file: an exit by itself after ten seconds, with its code, across a kill."""
        timing = Path(self.folder) / "timing.json"
        timing.write_text(json.dumps({"pending": "3s", "running": {"duration": "10s", "exitCode": 7}, "stopping": "2s"}))
        server = self.start("--timing", str(timing), "--clock", "held")
        server.fleet(1)
        server.ok("RegisterTaskDefinition", {"family": "ec2", "containerDefinitions": [SLEEPER]})
        arn = server.ok("RunTask", {"taskDefinition": "ec2"})["tasks"][0]["taskArn"]
        for by, status in (("2s", "PENDING"), ("1s", "RUNNING"), ("9s", "RUNNING"), ("1s", "STOPPING"), ("2s", "STOPPED")):
            server.restart()
            server.advance(by=by)
            self.assertEqual(self.statuses(server)[arn], status, by)
        task = server.ok("DescribeTasks", {"tasks": [arn]})["tasks"][0]
        self.assertEqual((task["stopCode"], task["stoppedReason"], task["containers"][0]["exitCode"]),
                         ("EssentialContainerExited", "Essential container in task exited", 7))

    def test_with_the_real_clock(self):
        """The time that passes while the process is away counts."""
        timing = Path(self.folder) / "timing.json"
        timing.write_text(json.dumps({"pending": "300ms"}))
        server = self.start("--timing", str(timing))
        server.fleet(1)
        server.ok("RegisterTaskDefinition", {"family": "ec2", "containerDefinitions": [SLEEPER]})
        arn = server.ok("RunTask", {"taskDefinition": "ec2"})["tasks"][0]["taskArn"]
        server.restart()
        wait_for(lambda: self.statuses(server)[arn] == "RUNNING", "RUNNING after the restart")


class DataDirectory(Folder):
    def test_one_process_at_a_time(self):
        """A second one is refused: one clear line, exit 1, and the first goes on."""
        server = self.start()
        server.ok("CreateCluster")
        done = self.run_binary("--port", "0", "--data-dir", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual((len(done.stderr.splitlines()), done.stdout), (1, ""), done.stderr)
        self.assertIn(self.folder, done.stderr)
        self.assertEqual(len(server.ok("ListClusters")["clusterArns"]), 1)
        server.kill()
        server.start()
        self.assertEqual(len(server.ok("ListClusters")["clusterArns"]), 1)

    def test_a_newer_database_is_refused(self):
        """No downgrade: exit 1, one line, and the file is as it was."""
        server = self.start()
        server.ok("CreateCluster")
        self.assertEqual(server.stop(), 0)
        database = sqlite3.connect(self.database)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        self.assertGreater(version, 0)
        database.execute(f"PRAGMA user_version = {version + 1}")
        database.commit()
        database.close()
        before = self.database.read_bytes()
        done = self.run_binary("--port", "0", "--data-dir", self.folder)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn(str(version + 1), done.stderr)
        self.assertEqual(self.database.read_bytes(), before)

    def test_a_database_of_something_else(self):
        database = sqlite3.connect(self.database)
        database.execute("CREATE TABLE x (y)")
        database.commit()
        database.close()
        before = self.database.read_bytes()
        done = self.run_binary("--port", "0", "--data-dir", self.folder)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn("not one of ecs-local", done.stderr)
        self.assertEqual(self.database.read_bytes(), before)

    def test_what_is_not_a_database(self):
        self.database.write_bytes(b"this is not a database\n" * 500)
        done = self.run_binary("--port", "0", "--data-dir", self.folder)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn(f"{self.database}: ", done.stderr)
        self.assertTrue(self.database.read_bytes().startswith(b"this is not a database"))

    def test_the_directory_is_made(self):
        new = Path(self.folder) / "state"
        with Server("--data-dir", str(new)) as server:
            server.ok("CreateCluster")
        self.assertTrue((new / "ecs-local.db").exists())

    def test_a_directory_that_cannot_be(self):
        (Path(self.folder) / "file").write_text("x")
        done = self.run_binary("--port", "0", "--data-dir", str(Path(self.folder) / "file"))
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)

    def test_without_a_directory_nothing_is_written(self):
        with Server() as server:
            server.ok("CreateCluster")
            folder = Path(f"/proc/{server.process.pid}/fd")
            files = []
            for path in folder.iterdir():
                with contextlib.suppress(FileNotFoundError):  # a connection that was closed just now
                    files.append(os.readlink(path))
        self.assertEqual([name for name in files if name.endswith((".db", "-wal", "-shm"))], [])

    def test_closed_standard_streams(self):
        """Our files do not get the numbers of streams that are closed, or what is said would be written into them."""

        def close():
            os.close(0)
            os.close(2)

        server = self.start("--log-level", "debug", preexec_fn=close)
        server.ok("CreateCluster")
        server.restart()
        self.assertEqual(len(server.ok("ListClusters")["clusterArns"]), 1)
        self.assertEqual(server.stop(), 0)
        self.assertEqual((Path(self.folder) / "ecs-local.lock").read_bytes(), b"")


class DiskFull(Folder):
    def fill(self, server):
        """Registers until the disk is full: (names acknowledged, the failing reply)."""
        container = {**SLEEPER, "environment": [{"name": "N", "value": "x" * 20000}]}
        names = []
        for index in range(2000):
            status, reply, _ = server.call("RegisterTaskDefinition", {"family": f"f{index}", "containerDefinitions": [container]})
            if status != 200:
                return names, status, reply
            names.append(f"f{index}")
        raise AssertionError("the disk never was full")

    def look(self, server, names):
        for name in names:
            self.assertEqual(server.ok("DescribeTaskDefinition", {"taskDefinition": name})["taskDefinition"]["revision"], 1)

    def test_a_file_that_may_not_grow(self):
        """Writing fails: 500 ServerException, what was acknowledged stays, reading goes on, and writing works again later."""

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, resource.RLIM_INFINITY))

        server = self.start("--log-level", "error", preexec_fn=limit)
        names, status, reply = self.fill(server)
        self.assertGreater(len(names), 5)
        self.assertEqual((status, reply["__type"]), (500, "ServerException"))
        self.assertTrue(reply["message"])
        self.assertEqual(server.admin("GET", "/_ecs/health")[1]["status"], "ok")
        self.look(server, names)
        failed = f"f{len(names)}"
        self.assertEqual(server.error("DescribeTaskDefinition", {"taskDefinition": failed})[0], "ClientException")
        self.assertTrue(server.log, "the log says nothing of it")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        body = {"family": failed, "containerDefinitions": [SLEEPER]}
        self.assertEqual(server.ok("RegisterTaskDefinition", body)["taskDefinition"]["revision"], 1)
        server.preexec_fn = None
        server.restart()
        self.look(server, [*names, failed])

    def test_a_small_file_system(self):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.folder], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("this user may not mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.folder], check=True)
        server = self.start("--log-level", "error")
        names, status, reply = self.fill(server)
        self.assertEqual((status, reply["__type"]), (500, "ServerException"))
        self.look(server, names)
        subprocess.run(["mount", "-o", "remount,size=8m", self.folder], check=True)
        server.ok("CreateCluster")
        server.restart()
        self.look(server, names)
        self.assertEqual(len(server.ok("ListClusters")["clusterArns"]), 1)
        self.assertEqual(server.stop(), 0)

    def test_task_steps_wait_for_the_disk(self):
        """A step of a life cycle that cannot be stored is not shown as done; it happens when there is room again."""

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        server = self.start("--log-level", "error", "--timing", "realistic", "--clock", "held", preexec_fn=limit)
        server.fleet(1)
        server.ok("RegisterTaskDefinition", {"family": "ec2", "containerDefinitions": [SLEEPER]})
        arn = server.ok("RunTask", {"taskDefinition": "ec2"})["tasks"][0]["taskArn"]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        server.admin("POST", "/_ecs/clock/advance", {"by": "60s"})
        self.assertEqual(server.admin("GET", "/_ecs/health")[1]["status"], "ok")
        self.assertEqual(list(self.statuses(server)), [arn], "what was acknowledged can be listed and read")
        self.assertEqual(server.call("RunTask", {"taskDefinition": "ec2"})[0], 500)
        self.assertEqual(list(self.statuses(server)), [arn])
        self.assertEqual(server.admin("POST", "/_ecs/snapshots", {"name": "no-room"})[0], 500)
        self.assertEqual(list(self.statuses(server)), [arn])
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertLess(server.admin("POST", "/_ecs/snapshots", {"name": "room"})[0], 300, "the first thing after it")
        server.admin("POST", "/_ecs/clock/advance", {"by": "1s"})
        wait_for(lambda: self.statuses(server).get(arn) == "RUNNING", "RUNNING when there is room again")
        server.preexec_fn = None
        server.restart()
        self.assertEqual(self.statuses(server), {arn: "RUNNING"})


class Signals(Folder):
    def ends_within_a_second(self, server, number):
        began = time.monotonic()
        server.process.send_signal(number)
        self.assertEqual(server.process.wait(10), 0)
        self.assertLess(time.monotonic() - began, 1.0)
        server._close()

    def test_term_and_int(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for options in ((), ("--data-dir", self.folder)):
                server = Server(*options).start()
                self.addCleanup(server.__exit__, None)
                server.ok("CreateCluster")
                self.ends_within_a_second(server, number)

    def test_with_idle_and_half_open_connections(self):
        server = self.start()
        open_ones = [server.socket() for _ in range(50)]
        for connection in open_ones[::2]:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        server.ok("ListClusters")
        self.ends_within_a_second(server, signal.SIGTERM)
        for connection in open_ones:
            connection.close()

    def test_under_load(self):
        """What was acknowledged before the end is there afterwards."""
        server = self.start("--log-level", "error")
        server.fleet(5, instance_type="m5.24xlarge")
        writers = [Writer(server, number, 0) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_for(lambda: sum(len(writer.running) for writer in writers) > 20, "some load")
        self.ends_within_a_second(server, signal.SIGTERM)
        for writer in writers:
            writer.join(20)
            self.assertEqual(writer.unexpected, [])
        server.start()
        for writer in writers:
            for start in range(0, len(writer.running), 100):
                self.assertEqual(server.ok("DescribeTasks", {"tasks": writer.running[start:start + 100]})["failures"], [])

    def test_other_signals(self):
        """SIGPIPE and SIGHUP do not end it by accident."""
        with Server() as server:
            server.process.send_signal(signal.SIGPIPE)
            server.ok("ListClusters")


class Options(Folder):
    def test_help_and_version(self):
        done = self.run_binary("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in ("--host", "--port", "--data-dir", "--durability", "--runtime", "--timing", "--clock", "--seed",
                       "--region", "--account", "--log-level", "--log-format", "--auth", "--credentials", "--allow-host",
                       "--max-body-bytes", "--max-connections", "--journal-limit"):
            self.assertIn(option, done.stdout)
            self.assertIn("ECS_LOCAL_" + option[2:].upper().replace("-", "_"), done.stdout)
        done = self.run_binary("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^ecs-local \d+\.\d+\.\d+\n$")

    def test_bad_options(self):
        """One clear line that names the option, exit 2."""
        for arguments, word in ((["--nonsense"], "--nonsense"), (["--port"], "--port"), (["--port", "x"], "--port"),
                                (["--port", "65536"], "--port"), (["--port", "-1"], "--port"), (["--clock", "fast"], "--clock"),
                                (["--clock", "x0"], "--clock"), (["--clock", "x"], "--clock"),
                                (["--durability", "some"], "--durability"), (["--account", "12"], "--account"),
                                (["--auth", "maybe"], "--auth"), (["--log-level", "loud"], "--log-level"),
                                (["--log-format", "xml"], "--log-format"), (["--seed", "abc"], "--seed"),
                                (["--max-body-bytes", "many"], "--max-body-bytes"), (["--timing", "/no/such/file"], "--timing"),
                                (["--runtime", "magic:"], "--runtime"), (["--host", "no such host"], "--host"),
                                (["serve", "extra"], "extra"), (["dance"], "dance")):
            done = self.run_binary(*arguments)
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (2, "", 1), (arguments, done.stderr))
            self.assertIn(word, done.stderr)

    def test_bad_environment(self):
        done = self.run_binary(env={"ECS_LOCAL_PORT": "x"})
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1))
        self.assertIn("ECS_LOCAL_PORT", done.stderr)

    def test_a_bad_timing_file(self):
        file = Path(self.folder) / "timing.json"
        for text in ("", "{", "[]", '{"pending":"soon"}', '{"nowhere":"1s"}', '{"pending":{"jitter":"1s"}}', '{"ec2":"1s"}'):
            file.write_text(text)
            done = self.run_binary("--port", "0", "--timing", str(file))
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), (text, done.stderr))
            self.assertIn("timing.json", done.stderr)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            done = self.run_binary("--port", port)
        self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (1, "", 1), done.stderr)
        self.assertIn(port, done.stderr)

    def test_the_ready_line(self):
        """One line on standard output, with the address."""
        process = subprocess.Popen([BINARY, "serve", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        self.assertRegex(line, r"^ecs-local \d+\.\d+\.\d+ ready on http://127\.0\.0\.1:\d+\n$")
        process.terminate()
        rest, _ = process.communicate(timeout=10)
        self.assertEqual((process.returncode, rest), (0, ""))

    def test_every_option_by_environment(self):
        """The environment sets what an argument would; the argument wins."""
        timing = Path(self.folder) / "timing.json"
        timing.write_text('{"pending":"1h"}')
        environment = {
            "ECS_LOCAL_HOST": "127.0.0.1", "ECS_LOCAL_DATA_DIR": self.folder, "ECS_LOCAL_DURABILITY": "full",
            "ECS_LOCAL_RUNTIME": "sim:", "ECS_LOCAL_TIMING": str(timing), "ECS_LOCAL_CLOCK": "held", "ECS_LOCAL_SEED": "7",
            "ECS_LOCAL_REGION": "eu-west-3", "ECS_LOCAL_ACCOUNT": "123123123123", "ECS_LOCAL_LOG_LEVEL": "debug",
            "ECS_LOCAL_LOG_FORMAT": "json", "ECS_LOCAL_MAX_BODY_BYTES": "2000", "ECS_LOCAL_MAX_CONNECTIONS": "50",
            "ECS_LOCAL_MAX_HEADER_BYTES": "4096", "ECS_LOCAL_JOURNAL_LIMIT": "5", "ECS_LOCAL_ALLOW_HOST": "ecs.test",
            "ECS_LOCAL_IDLE_TIMEOUT": "30s", "ECS_LOCAL_REQUEST_TIMEOUT": "10s", "ECS_LOCAL_AUTH": "off",
        }
        with Server(env=environment) as server:
            _, _, body = server.http("POST", "/", b"", {"X-Amz-Target": TARGET + "CreateCluster"})
            self.assertIn(b"arn:aws:ecs:eu-west-3:123123123123:cluster/default", body)
            self.assertEqual(server.admin("GET", "/_ecs/clock")[1]["mode"], "held")
            self.assertEqual(server.call("ListClusters", raw=b" " * 2001)[0], 413)
            self.assertEqual(server.http("GET", "/_ecs/health", headers={"Host": "ecs.test"})[0], 200)
            instances = server.fleet(1)
            self.assertTrue(instances[0].startswith("arn:aws:ecs:eu-west-3:123123123123:"))
            more = {"access_key": "x", "region": "eu-west-3"}
            server.ok("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [SLEEPER]}, **more)
            task = server.ok("RunTask", {"taskDefinition": "f"}, **more)["tasks"][0]["taskArn"]
            server.advance(by="59m")
            self.assertEqual(server.ok("DescribeTasks", {"tasks": [task]}, **more)["tasks"][0]["lastStatus"], "PENDING")
            server.advance(by="1m")
            self.assertEqual(server.ok("DescribeTasks", {"tasks": [task]}, **more)["tasks"][0]["lastStatus"], "RUNNING")
        self.assertTrue(self.database.exists())
        self.assertTrue(server.log)
        for line in server.log:
            self.assertEqual(sorted(json.loads(line)), ["level", "message", "time"])
        with Server("--region", "ap-south-1", env=environment) as server:
            _, _, body = server.http("POST", "/", b"", {"X-Amz-Target": TARGET + "CreateCluster"})
            self.assertIn(b"arn:aws:ecs:ap-south-1:123123123123:cluster/default", body)


if __name__ == "__main__":
    unittest.main()
