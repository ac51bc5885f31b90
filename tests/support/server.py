"""Starts the server for a suite and talks to it.

    with Server("--clock", "held") as server:
        ecs = server.boto3()                      # a client; access_key="123456789012" picks an account
        status, body, headers = server.call("ListClusters", {})
        server.admin("POST", "/_ecs/clock/advance", {"by": "10s"})

The binary is the one that ECS_LOCAL_BIN names, else build/dev/ecs-local. Every server listens on a free port of the
loopback interface; leaving the block stops it and fails if it does not end within five seconds. Nothing sleeps: the
ready line says when the server listens, wait_for() polls a condition with a deadline.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("ECS_LOCAL_BIN", str(ROOT / "build/dev/ecs-local"))
MODEL = ROOT / "api-models/ecs-2014-11-13.json"
COVERAGE = ROOT / "api-models/coverage.json"
TARGET = "AmazonEC2ContainerServiceV20141113."
CONTENT_TYPE = "application/x-amz-json-1.1"


def authorization(access_key="AKIDEXAMPLE", region="us-east-1"):
    return (
        f"AWS4-HMAC-SHA256 Credential={access_key}/20260101/{region}/ecs/aws4_request, "
        "SignedHeaders=host, Signature=00"
    )


def wait_for(condition, what="the condition", seconds=10):
    """Polls until condition() is true and answers its value; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.01)


def implemented_operations():
    return sorted(json.loads(COVERAGE.read_text()))


class Server:
    def __init__(self, *options, env=None, preexec_fn=None):
        self.options = list(options)
        self.env = env
        self.preexec_fn = preexec_fn
        self.process = None
        self.url = self.host = None
        self.port = 0
        self.log = []

    def start(self):
        environment = {**os.environ, **(self.env or {})}
        self.process = subprocess.Popen(
            [BINARY, "--port", "0", *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=self.preexec_fn,
        )
        self.log = []
        self._reader = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        line = self.process.stdout.readline()
        if " ready on http://" not in line:
            self.process.wait(5)
            self._reader.join(5)
            raise RuntimeError(f"the server did not start: {line!r} {''.join(self.log)}")
        self.url = line.split()[-1]
        self.host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.port = int(port)
        return self

    def _read_log(self, stream):
        for line in stream:
            self.log.append(line)

    def _close(self):
        self._reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None

    def stop(self, seconds=5):
        """SIGTERM; answers the exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._close()
            raise AssertionError("the server did not end after SIGTERM") from None
        self._close()
        if any("ERROR: AddressSanitizer" in line or "runtime error" in line or "LeakSanitizer" in line for line in self.log):
            raise AssertionError("sanitizer: " + "".join(self.log)[-4000:])
        return status

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self._close()

    def restart(self, *options):
        """kill -9 and start again, with other options when they are given."""
        self.kill()
        if options:
            self.options = list(options)
        return self.start()

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, *_):
        try:
            status = self.stop()
        except AssertionError:
            if kind is None:
                raise
            return
        if kind is None and status not in (0, None):
            raise AssertionError(f"the server ended with status {status}: {''.join(self.log)[-4000:]}")

    # --- talking to it -------------------------------------------------------------------------------------------

    def boto3(self, access_key="AKIDEXAMPLE", region="us-east-1", validate=True):
        import boto3
        from botocore.config import Config

        return boto3.client(
            "ecs",
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, parameter_validation=validate, read_timeout=30),
        )

    def http(self, method, path, body=None, headers=None):
        """One request on a connection of its own: (status, headers with lower-case names, body bytes)."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            data = response.read()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, data
        finally:
            connection.close()

    def call(self, operation, body=None, access_key="AKIDEXAMPLE", region="us-east-1", raw=None, headers=None):
        """An operation over plain HTTP: (status, decoded body, headers). raw replaces the encoded body."""
        data = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        all_headers = {
            "Content-Type": CONTENT_TYPE,
            "X-Amz-Target": TARGET + operation,
            "Authorization": authorization(access_key, region),
            **(headers or {}),
        }
        status, reply_headers, reply = self.http("POST", "/", data, all_headers)
        return status, json.loads(reply) if reply else None, reply_headers

    def ok(self, operation, body=None, **more):
        status, reply, _ = self.call(operation, body, **more)
        if status != 200:
            raise AssertionError(f"{operation}: {status} {reply}")
        return reply

    def error(self, operation, body=None, **more):
        """The error's (code, message) of a call that must fail with 400."""
        status, reply, _ = self.call(operation, body, **more)
        if status != 400:
            raise AssertionError(f"{operation} answers {status}, not 400: {reply}")
        return reply["__type"], reply.get("message", reply.get("Message"))

    def admin(self, method, path, body=None, headers=None):
        """An admin call: (status, decoded body or None)."""
        data = json.dumps(body).encode() if body is not None else None
        status, _, reply = self.http(method, path, data, {"Content-Type": "application/json", **(headers or {})})
        return status, json.loads(reply) if reply else None

    def fleet(self, count=1, instance_type="m5.large", cluster="default", zones=("a",), **more):
        """Adds simulated instances; answers their ARNs."""
        body = {"cluster": cluster, "instances": [{"count": count, "instanceType": instance_type, "zones": list(zones)}]}
        status, reply = self.admin("POST", "/_ecs/fleet", {**body, **more})
        if status != 200:
            raise AssertionError(f"fleet: {status} {reply}")
        return [instance["containerInstanceArn"] for instance in reply["containerInstances"]]

    def advance(self, **how):
        status, reply = self.admin("POST", "/_ecs/clock/advance", how)
        if status != 200:
            raise AssertionError(f"advance: {status} {reply}")
        return reply

    def socket(self):
        return socket.create_connection((self.host, self.port), timeout=30)

    def rss_kib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")
