"""The container image and the compose example, built and run by a real Docker Engine that has no network to the outside."""

import json
import re
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from docker_engine import BASE, ROOT, engine_or_skip  # noqa: E402
from server import wait_for  # noqa: E402

IMAGE_BYTES_MAX = 40_000_000
HEALTHY_SECONDS_MAX = 15
ENDPOINT = "http://127.0.0.1:4566"
# Runs in the network of the containers: argument 1 is the endpoint.
CLIENT = """
import sys, boto3
ecs = boto3.client("ecs", "us-east-1", endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="test")
"""
MAKE = CLIENT + """
ecs.create_cluster(clusterName="kept")
ecs.register_task_definition(family="web", cpu="256", memory="512", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
                             containerDefinitions=[{"name": "web", "image": "nginx"}])
task = ecs.run_task(cluster="kept", taskDefinition="web", launchType="FARGATE",
                    networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})["tasks"][0]
ecs.get_waiter("tasks_running").wait(cluster="kept", tasks=[task["taskArn"]])
print(task["taskArn"])
"""
LOOK = CLIENT + """
print(ecs.list_tasks(cluster="kept")["taskArns"][0])
"""


def compose_command():
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    done = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if done.returncode == 0 else None


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = engine_or_skip()
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.import_base()
        cls.build_log = cls.engine.docker("build", "--network", "none", "--build-arg", f"BASE={BASE}", "-f", "docker/Dockerfile",
                                          "-t", "ecs-local", ".", cwd=ROOT)

    def run_server(self, *options, command=()):
        name = self.id().rsplit(".", 1)[-1]
        self.engine.docker("run", "-d", "--name", name, "-p", "127.0.0.1:4566:4566", *options, "ecs-local", *command)
        self.addCleanup(self.engine.docker, "rm", "-f", "-v", name)
        return name

    def inspect(self, name, template):
        return json.loads(self.engine.docker("inspect", "-f", "{{json " + template + "}}", name))

    def wait_until_healthy(self, name):
        wait_for(lambda: self.inspect(name, ".State.Health.Status") == "healthy", f"{name} healthy", HEALTHY_SECONDS_MAX)

    def boto3(self, program):
        return self.engine.inside("/usr/bin/python3", "-c", program, ENDPOINT).strip()

    def test_it_was_built_without_a_network(self):
        self.assertIn("built build/release/ecs-local", self.build_log)

    def test_it_holds_the_program_and_what_that_links_and_nothing_else(self):
        container = self.engine.docker("create", "ecs-local")
        self.addCleanup(self.engine.docker, "rm", "-v", container)
        archive = subprocess.run(["sh", "-c", f"docker export {container} | tar -t"], env=self.engine.environment(),
                                 capture_output=True, text=True, check=True).stdout
        files = {name for name in archive.splitlines() if not name.endswith("/")}
        # What the engine puts into every container.
        files -= {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
        libraries = {name for name in files if re.search(r"(^|/)(lib[^/]*|ld-linux[^/]*)\.so(\.\d+)*$", name)}
        self.assertEqual(files - libraries, {"usr/local/bin/ecs-local", "usr/share/doc/ecs-local/LICENSE", "etc/passwd", "etc/group"})
        for wanted in ("libmicrohttpd.so", "libsqlite3.so", "libjansson.so", "libc.so"):
            self.assertTrue(any(f"/{wanted}" in name for name in libraries), wanted)
        self.assertLess(self.inspect("ecs-local", ".Size"), IMAGE_BYTES_MAX)

    def test_it_runs_without_privileges_and_becomes_healthy(self):
        begin = time.monotonic()
        name = self.run_server("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "10001:10001")
        log = wait_for(lambda: self.engine.docker("logs", name), "the ready line")
        started = time.monotonic() - begin
        self.assertRegex(log, r"^ecs-local \S+ ready on http://0\.0\.0\.0:4566")
        self.wait_until_healthy(name)
        self.assertEqual(self.inspect(name, ".State.Health.FailingStreak"), 0)
        size = self.inspect("ecs-local", ".Size")
        print(f"image {size / 1e6:.1f} MB, ready {started:.2f} s after docker run, healthy after {time.monotonic() - begin:.1f} s",
              file=sys.stderr)

    def test_its_user_is_not_root(self):
        self.assertEqual(self.inspect("ecs-local", ".Config.User"), "ecs-local")
        name = self.run_server()
        user = self.engine.docker("top", name, "-o", "pid,uid").split()[-1]
        self.assertEqual(user, "10001")

    def test_the_health_check_can_fail(self):
        name = self.run_server(command=["--port", "4567"])
        self.assertEqual(self.inspect("ecs-local", ".Config.Healthcheck.Test"), ["CMD", "ecs-local", "status", "--quiet"])
        wait_for(lambda: self.engine.docker("logs", name), "the ready line")
        done = subprocess.run(["docker", "exec", name, "ecs-local", "status", "--quiet", "--endpoint", "http://127.0.0.1:4566"],
                              env=self.engine.environment(), capture_output=True)
        self.assertNotEqual(done.returncode, 0)
        self.engine.docker("exec", name, "ecs-local", "status", "--quiet", "--endpoint", "http://127.0.0.1:4567")

    def test_state_outlives_the_container(self):
        self.engine.docker("volume", "create", "kept")
        self.addCleanup(self.engine.docker, "volume", "rm", "kept")
        name = self.run_server("-v", "kept:/data", command=["--data-dir", "/data"])
        self.wait_until_healthy(name)
        task = self.boto3(MAKE)
        self.engine.docker("kill", "-s", "KILL", name)
        self.engine.docker("rm", name)
        self.engine.docker("run", "-d", "--name", name, "-p", "127.0.0.1:4566:4566", "-v", "kept:/data", "ecs-local", "--data-dir", "/data")
        self.wait_until_healthy(name)
        self.assertEqual(self.boto3(LOOK), task)

    def test_a_stop_is_orderly_and_quick(self):
        name = self.run_server()
        self.wait_until_healthy(name)
        begin = time.monotonic()
        self.engine.docker("stop", "-t", "8", name)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(self.inspect(name, ".State.ExitCode"), 0)

    def test_compose(self):
        command = compose_command()
        if command is None:
            self.skipTest("no docker-compose")

        def compose(*arguments):
            done = subprocess.run([*command, "-p", "ecslocaltest", "-f", "docker/compose.yaml", *arguments], cwd=ROOT,
                                  env=self.engine.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])
            return done.stdout

        self.addCleanup(compose, "down", "-v")
        compose("up", "-d", "--no-build")
        client = compose("ps", "-q", "client").split()[-1]
        self.assertEqual(self.engine.docker("wait", client), "0")
        self.assertIn("ok", self.engine.docker("logs", client))
        server = compose("ps", "-q", "ecs-local").split()[-1]
        self.assertEqual(self.inspect(server, ".State.Health.Status"), "healthy")
        task = self.boto3(MAKE)
        compose("down")
        compose("up", "-d", "--no-build", "ecs-local")
        self.wait_until_healthy(compose("ps", "-q", "ecs-local").split()[-1])
        self.assertEqual(self.boto3(LOOK), task)


if __name__ == "__main__":
    unittest.main()
