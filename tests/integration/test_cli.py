"""The program as a client: every command against a running server, its exit status, its help, its completion."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import BINARY, Server, wait_for  # noqa: E402

HELD = ("--clock", "held", "--seed", "9", "--timing", "realistic", "--log-level", "error")
DEFINITION = {"family": "web", "containerDefinitions": [{"name": "app", "image": "busybox", "cpu": 100, "memory": 64}]}


def commands():
    """As --help lists them."""
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, timeout=20).stdout
    part = text.split("Commands", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in part.splitlines()[1:]]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*HELD).start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")

    def run_it(self, *words, env=None, **more):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ECS_LOCAL_")}
        environment |= env if env is not None else {"ECS_LOCAL_ENDPOINT": self.server.url}
        return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=30, env=environment, **more)

    def ok(self, *words, **more):
        done = self.run_it(*words, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def json(self, *words):
        return json.loads(self.ok(*words, "--json"))

    def run_tasks(self, count=1):
        self.ok("fleet", "add", "m5.large")
        self.server.ok("RegisterTaskDefinition", DEFINITION)
        return [task["taskArn"] for task in self.server.ok("RunTask", {"taskDefinition": "web", "count": count})["tasks"]]


class Status(Case):
    def test_what_it_says(self):
        text = self.ok("status")
        self.assertIn(f"at {self.server.url}: ok, runtime sim:", text)
        self.assertIn("clock held at 2026-01-01T00:00:00Z", text)
        self.assertEqual(self.json("status")["status"], "ok")

    def test_quiet(self):
        self.assertEqual(self.ok("status", "--quiet"), "")
        gone = self.run_it("status", "--quiet", "--endpoint", "http://127.0.0.1:1")
        self.assertEqual((gone.returncode, gone.stdout, gone.stderr), (3, "", ""))

    def test_nobody_there(self):
        for words in (["status"], ["advance", "next"], ["fleet"], ["journal"], ["snapshot", "save", "x"]):
            gone = self.run_it(*words, "--endpoint", "http://127.0.0.1:1")
            self.assertEqual((gone.returncode, gone.stdout), (3, ""))
            self.assertIn("no answer from http://127.0.0.1:1", gone.stderr)

    def test_waiting_for_it(self):
        gone = self.run_it("status", "--quiet", "--wait", "100ms", "--endpoint", "http://127.0.0.1:1")
        self.assertEqual(gone.returncode, 3)
        self.assertEqual(self.run_it("status", "--wait", "soon").returncode, 2)

    def test_where_the_endpoint_comes_from(self):
        port = {"ECS_LOCAL_PORT": str(self.server.port)}
        self.assertIn("ok", self.ok("status", env=port))
        self.assertIn("ok", self.ok("status", env={**port, "ECS_LOCAL_ENDPOINT": ""}))
        self.assertIn("ok", self.ok("status", "--endpoint", self.server.url + "/", env={"ECS_LOCAL_ENDPOINT": "http://127.0.0.1:1"}))
        self.assertIn("ok", self.ok("status", f"--endpoint=127.0.0.1:{self.server.port}", env={}))
        self.assertIn("ok", self.ok("status", env={**port, "http_proxy": "http://127.0.0.1:1"}))


class World(Case):
    def test_clock_and_advance(self):
        arn = self.run_tasks()[0]
        text = self.ok("advance", "stable")
        self.assertIn("PENDING → RUNNING", text)
        self.assertIn(arn.split(":", 5)[5], text)
        self.assertIn("event: ECS Task State Change", text)
        self.assertIn("clock held at 2026-01-01T00:00:", text)
        self.assertTrue(self.json("advance", "stable")["stable"])
        self.assertIn("nothing happened", self.ok("advance", "5s"))
        self.assertEqual(self.json("advance", "2026-02-01T00:00:00Z")["now"], "2026-02-01T00:00:00.000Z")
        self.assertIn("2026-03-01T00:00:00Z", self.ok("clock", "hold", "2026-03-01T00:00:00Z"))
        self.assertEqual(self.json("clock", "scale", "60")["factor"], 60)
        self.assertIn("clock real", self.ok("clock", "real"))
        refused = self.run_it("advance", "5s")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("the clock is real", refused.stderr)
        self.assertIn("clock held", self.ok("clock", "hold"))
        self.assertIn("clock held", self.ok("clock"))

    def test_other_ways_to_say_it(self):
        self.assertIn("clock held", self.ok("clock", "held"))
        self.assertEqual(self.json("clock", "scaled", "x60")["factor"], 60)
        self.ok("clock", "hold", "2026-05-01T00:00:00Z")
        self.assertIn("2026-05-01T00:00:05Z", self.ok("clock", "advance", "5s"))
        self.assertIn("2026-05-01T00:00:15Z", self.ok("advance", "--by", "10s"))
        self.assertIn("2026-06-01T00:00:00Z", self.ok("clock", "advance", "--to", "2026-06-01T00:00:00Z"))
        self.assertTrue(self.json("advance", "--to", "stable")["stable"])
        self.assertEqual(self.run_it("advance", "5s", "--by", "5s").returncode, 2)
        self.ok("snapshot", "create", "one")
        self.ok("snapshot", "remove", "one")
        arn = self.run_tasks()[0]
        self.assertEqual(self.ok("explain", "--task", arn), self.ok("explain", arn))
        self.ok("fleet", "delete", "--all")

    def test_quietly(self):
        self.assertEqual(self.ok("fleet", "add", "m5.large", "--quiet"), "")
        self.assertEqual(self.ok("--quiet", "advance", "5s"), "")
        self.assertNotEqual(self.ok("--quiet", "clock", "--json"), "")
        done = self.run_it("--quiet", "fleet", "add", "m99.huge")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", ""))

    def test_options_before_the_command(self):
        text = self.ok("--endpoint", self.server.url, "status", env={})
        self.assertIn("ok", text)
        self.assertEqual(json.loads(self.ok("--json", f"--endpoint={self.server.url}", "clock", env={}))["mode"], "held")
        self.assertEqual(self.ok("--help", "fleet"), self.ok("fleet", "--help"))
        self.assertEqual(self.run_it("--endpoint", self.server.url, "serve").returncode, 2)
        self.assertEqual(self.run_it("--endpoint", self.server.url).returncode, 2)

    def test_not_stable(self):
        arn = self.run_tasks()[0]
        self.ok("advance", "stable")
        self.server.ok("StopTask", {"task": arn})
        done = self.run_it("advance", "stable", "--limit", "1s")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not stable: 1 tasks on their way", done.stdout)

    def test_reset(self):
        self.server.ok("CreateCluster", {"clusterName": "a"}, access_key="111111111111")
        self.server.ok("CreateCluster", {"clusterName": "a"}, access_key="222222222222")
        self.assertEqual(self.ok("reset", "--account", "111111111111"), "")
        self.assertEqual(self.server.ok("ListClusters", access_key="111111111111")["clusterArns"], [])
        self.assertEqual(len(self.server.ok("ListClusters", access_key="222222222222")["clusterArns"]), 1)
        self.ok("reset")
        self.assertEqual(self.server.ok("ListClusters", access_key="222222222222")["clusterArns"], [])

    def test_snapshots(self):
        with tempfile.TemporaryDirectory() as folder:
            arn = self.run_tasks()[0]
            self.assertIn("saved one, ", self.ok("snapshot", "save", "one"))
            self.assertRegex(self.ok("snapshot"), r"NAME +BYTES +WORLD TIME +SCHEMA\none +\d+ +2026-01-01T00:00:00Z")
            self.ok("reset")
            self.assertIn("clock held", self.ok("snapshot", "restore", "one"))
            self.assertEqual(self.server.ok("DescribeTasks", {"tasks": [arn]})["failures"], [])
            path = folder + "/one.db"
            self.ok("snapshot", "download", "one", path)
            self.assertTrue(Path(path).read_bytes().startswith(b"SQLite format 3\0"))
            self.ok("snapshot", "upload", "two", path)
            self.assertEqual([one["name"] for one in self.json("snapshot")["snapshots"]], ["one", "two"])
            self.ok("snapshot", "delete", "one", "two")
            self.assertEqual(self.ok("snapshot", "list"), "no snapshots\n")
            Path(path).write_text("no")
            refused = self.run_it("snapshot", "upload", "bad", path)
            self.assertEqual((refused.returncode, refused.stdout), (1, ""))
            self.assertIn("this is not a database", refused.stderr)
            self.assertEqual(self.run_it("snapshot", "upload", "bad", folder + "/nothing").returncode, 2)
            self.assertEqual(self.run_it("snapshot", "restore", "nothing").returncode, 1)

    def test_fork(self):
        self.server.ok("CreateCluster", {"clusterName": "a"}, access_key="111111111111")
        self.ok("fork", "111111111111", "222222222222")
        self.assertEqual(len(self.server.ok("ListClusters", access_key="222222222222")["clusterArns"]), 1)
        refused = self.run_it("fork", "333333333333", "222222222222", "--json")
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(json.loads(refused.stdout)["error"]["code"], "AccountNotFound")

    def test_explain(self):
        arn = self.run_tasks()[0]
        text = self.ok("explain", arn)
        self.assertIn("The task is PENDING, on its way to RUNNING.\n- the container app is PENDING\nNext, at 2026-01-01T00:00:", text)
        self.assertEqual(self.json("explain", arn)["task"], arn)
        self.server.ok("RegisterTaskDefinition", {**DEFINITION, "containerDefinitions": [{"name": "app", "image": "busybox", "memory": 9000}]})
        service = self.server.ok("CreateService", {"serviceName": "s", "taskDefinition": "web", "desiredCount": 1})["service"]["serviceArn"]
        self.ok("advance", "2m")
        text = self.ok("explain", service)
        self.assertIn("Waits for: room on a container instance\n", text)
        self.assertRegex(text, r"container-instance/default/\w+ +us-east-1a +RESOURCE:MEMORY +9000 MiB are needed, \d+ of 7938 are left")
        self.assertEqual(self.run_it("explain", arn[:-1] + "x").returncode, 1)

    def test_outcomes(self):
        first = self.ok("outcome", "add", "exit", '{"code":1,"after":"5s"}', "--match", "family=web", "--times", "2").strip()
        self.ok("outcome", "add", "cannotPull")
        text = self.ok("outcome")
        self.assertRegex(text, r"ID +MATCH +OUTCOME +TIMES +USED\n")
        self.assertIn('{"family":"web"}', text)
        self.assertEqual(len(self.json("outcome", "list")["outcomes"]), 2)
        self.ok("outcome", "remove", first)
        self.assertEqual(len(self.json("outcome")["outcomes"]), 1)
        self.ok("outcome", "remove", "--all")
        self.assertEqual(self.ok("outcome"), "no outcomes\n")
        refused = self.run_it("outcome", "add", "frobnicate")
        self.assertEqual(refused.returncode, 1)

    def test_faults(self):
        added = self.ok("fault", "add", '{"operation":"ListClusters","error":"ThrottlingException","times":1}').strip()
        self.assertIn("ThrottlingException", self.ok("fault"))
        self.assertEqual(self.server.error("ListClusters"), ("ThrottlingException", "Rate exceeded"))
        self.ok("fault", "remove", added)
        self.assertEqual(self.ok("fault"), "no faults\n")
        self.ok("fault", "add", "--file", "-", input='{"visibilityDelay":"5s"}')
        self.ok("fault", "remove", "--all")
        self.assertEqual(self.json("fault")["faults"], [])

    def test_sinks(self):
        with tempfile.TemporaryDirectory() as folder:
            added = self.ok("sink", "add", "--path", folder + "/events.jsonl").strip()
            self.ok("sink", "add", "--url", "http://127.0.0.1:1/events")
            self.assertEqual({sink["type"] for sink in self.json("sink")["sinks"]}, {"file", "webhook"})
            self.assertRegex(self.ok("sink"), r"ID +TYPE +SINK\n")
            self.ok("sink", "remove", added)
            self.assertEqual(len(self.json("sink")["sinks"]), 1)
            self.ok("sink", "remove", "--all")
            self.assertEqual(self.ok("sink"), "no sinks\n")

    def test_coverage(self):
        self.assertRegex(self.ok("coverage"), r"RunTask +implemented")
        self.assertGreater(self.json("coverage")["implemented"], 10)


class Fleet(Case):
    def test_a_life(self):
        arns = self.ok("fleet", "add", "m5.large", "--count", "2", "--zones", "a,b", "--attribute", "stack=blue", "--cluster", "web").split()
        self.assertEqual(len(arns), 2)
        text = self.ok("fleet", "--cluster", "web")
        self.assertRegex(text, r"CONTAINER INSTANCE +EC2 INSTANCE +TYPE +ZONE +STATUS +AGENT +RUNNING +PENDING\n"
                               r"container-instance/web/\w+ +i-0\w+ +m5.large +us-east-1a +ACTIVE +connected +0 +0\n")
        listed = self.server.ok("ListContainerInstances", {"cluster": "web", "filter": "attribute:stack == blue"})
        self.assertEqual(sorted(listed["containerInstanceArns"]), sorted(arns))
        self.ok("fleet", "disconnect", arns[0])
        self.assertIn("gone", self.ok("fleet", "list"))
        self.ok("fleet", "connect", *arns)
        self.assertNotIn("gone", self.ok("fleet", "list"))
        self.ok("fleet", "remove", arns[0])
        self.assertEqual(len(self.json("fleet")["containerInstances"]), 1)
        self.ok("fleet", "remove", "--all")
        self.assertEqual(self.ok("fleet"), "no container instances\n")
        self.assertEqual(self.run_it("fleet", "remove", "i-nothing").returncode, 1)

    def test_from_standard_input(self):
        self.ok("fleet", "add", "--file", "-", input='{"instances":[{"instanceType":"t3.small","count":3}]}')
        self.assertEqual(len(self.json("fleet")["containerInstances"]), 3)


class Journal(Case):
    def test_entries(self):
        self.run_tasks()
        self.server.call("RunTask", {"taskDefinition": "nothing"})
        lines = self.ok("journal").splitlines()
        self.assertEqual(len(lines), len(self.server.admin("GET", "/_ecs/journal")[1]["entries"]))
        self.assertTrue(any("RunTask 200" in line for line in lines))
        self.assertTrue(any("RunTask 400 ClientException" in line for line in lines))
        self.assertTrue(any("new → PENDING" in line for line in lines))
        requests = self.ok("journal", "--kind", "request", "--operation", "RunTask").splitlines()
        self.assertEqual(len(requests), 2)
        self.assertEqual(len(self.ok("journal", "--limit", "3").splitlines()), 3)
        entries = [json.loads(line) for line in self.ok("journal", "--json").splitlines()]
        self.assertEqual([entry["cursor"] for entry in entries], list(range(1, len(entries) + 1)))
        self.assertEqual(len(self.ok("journal", "--after", "2", "--limit", "1").splitlines()), 1)
        events = [json.loads(line) for line in self.ok("events", "--json").splitlines()]
        self.assertEqual({event["kind"] for event in events}, {"event"})

    def test_following(self):
        environment = {**os.environ, "ECS_LOCAL_ENDPOINT": self.server.url}
        # Who starts the tests in the background has SIGINT ignored, and we inherit that.
        follower = subprocess.Popen([BINARY, "journal", "--follow", "--kind", "request"], stdout=subprocess.PIPE, text=True,
                                    env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        try:
            for name in ("CreateCluster", "ListClusters"):
                self.server.ok(name)
                self.assertIn(f"{name} 200", follower.stdout.readline())
        finally:
            follower.send_signal(signal.SIGINT)
            self.assertIn(follower.wait(10), (-signal.SIGINT, 0))
            follower.stdout.close()

    def test_a_reader_that_goes_away(self):
        for _ in range(30):
            self.server.ok("CreateCluster")
        done = subprocess.run(f"'{BINARY}' journal --endpoint {self.server.url} | head -n 1", shell=True, capture_output=True, text=True, timeout=20)
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (1, ""))


class Usage(Case):
    def test_every_command_has_help_with_examples(self):
        self.assertGreaterEqual(len(commands()), 14)
        for command in commands():
            text = self.ok(command, "--help")
            for part in ("Usage\n  ecs-local " + command, "--endpoint URL", "--json", "\nExamples\n  ", "Exit status"):
                self.assertIn(part, text, command)
            self.assertEqual(self.ok(command, "-h"), text)

    def test_bad_command_lines(self):
        for words in (["status", "--nothing"], ["advance"], ["advance", "1s", "2s"], ["advance", "--limit"], ["clock", "stop"],
                      ["clock", "scale"], ["clock", "scale", "x"], ["fleet", "sink"], ["fleet", "add"], ["fleet", "remove"],
                      ["fleet", "add", "m5.large", "--count", "x"], ["fleet", "add", "m5.large", "--attribute", "x"], ["fleet", "add", "--file", "/nothing"],
                      ["outcome", "add"], ["outcome", "add", "exit", "x"], ["fault", "add"], ["fault", "remove"], ["sink", "add"],
                      ["sink", "add", "--url", "x", "--path", "y"], ["journal", "--after", "x"], ["journal", "x"], ["explain"], ["snapshot", "save"],
                      ["snapshot", "frobnicate", "x"], ["fork", "1"], ["completion", "fish"], ["status", "--json=yes"]):
            done = self.run_it(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith(f"ecs-local {words[0]}: "), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_no_such_command(self):
        done = self.run_it("frobnicate")
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_what_refuses_says_why(self):
        done = self.run_it("fleet", "add", "m99.huge")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("m99.huge is not known", done.stderr)


class Completion(Case):
    def complete(self, *words):
        script = self.ok("completion", "bash")
        line = " ".join(f"'{word}'" for word in ("ecs-local", *words))
        done = subprocess.run(["bash", "-c", script + f"\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}; _ecs_local\n"
                               'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def test_bash(self):
        self.assertEqual(self.complete(""), {*commands(), "serve", "--help", "--version"})
        self.assertEqual(self.complete("s"), {"status", "serve", "sink", "snapshot"})
        self.assertGreaterEqual(self.complete("fleet", ""), {"add", "remove", "list", "--zones", "--json"})
        self.assertEqual(self.complete("fleet", "add", "--z"), {"--zones"})
        self.assertEqual(self.complete("journal", "--kind", ""), {"request", "transition", "event"})
        self.assertEqual(self.complete("clock", "r"), {"real"})

    def zsh(self, *words):
        """What the function offers, with zsh's own functions replaced by ones that print."""
        stubs = 'compdef() { }\n_describe() { print -l -- ${(P)2} }\n_files() { print files }\ncompadd() { print -l -- $@ }\n'
        line = " ".join(f"'{word}'" for word in ("ecs-local", *words))
        done = subprocess.run(["zsh", "-f", "-c", stubs + self.ok("completion", "zsh") + f"\nwords=({line}); CURRENT=$#words; _ecs_local"],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {line.split(":")[0] for line in done.stdout.splitlines()}

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        self.assertEqual(self.zsh(""), {*commands(), "serve"})
        self.assertGreaterEqual(self.zsh("fleet", ""), {"add", "remove", "list", "--zones", "--json"})
        self.assertNotIn("add", self.zsh("fleet", "add", ""))
        self.assertEqual(self.zsh("journal", "--kind", ""), {"request", "transition", "event"})
        self.assertEqual(self.zsh("fleet", "add", "--file", ""), {"files"})

    def test_zsh_names_everything(self):
        script = self.ok("completion", "zsh")
        self.assertTrue(script.startswith("#compdef ecs-local\n"))
        for command in commands():
            self.assertIn(f"'{command}:", script)
            self.assertIn(f"    {command})", script)


if __name__ == "__main__":
    unittest.main()
