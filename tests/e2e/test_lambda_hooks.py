"""Lifecycle hooks that are Lambda functions, invoked at --lambda-endpoint."""

import http.server
import json
import sys
import tempfile
import threading
import unittest
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from cases import SUBNETS, Case, arn  # noqa: E402
from server import Server, wait_for  # noqa: E402

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:check"
HOOK = {"hookTargetArn": FUNCTION, "roleArn": "arn:aws:iam::000000000000:role/h", "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"],
        "hookDetails": {"who": "me"}}


class Lambda(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.answers = []
        self.hang = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        answer = self.server.answers.pop(0) if self.server.answers else (200, {"hookStatus": "SUCCEEDED"})
        if answer is None:
            self.server.hang.wait(60)
            return
        status, reply = answer
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class LambdaHooks(Case):
    @classmethod
    def setUpClass(cls):
        cls.function = Lambda()
        cls.server = Server("--clock", "held", "--lambda-endpoint", f"http://127.0.0.1:{cls.function.server_port}/base/").start()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.function.shutdown()
        cls.function.server_close()

    def setUp(self):
        super().setUp()
        self.function.asked.clear()
        self.function.answers.clear()
        self.fargate("web")
        self.fargate("web")
        self.ok("CreateService", {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 1, "launchType": "FARGATE",
                                  "networkConfiguration": SUBNETS, "deploymentConfiguration": {"strategy": "BLUE_GREEN"}})
        self.server.advance(to="stable")

    def deploy(self, *answers):
        self.function.answers.extend(answers)
        self.ok("UpdateService", {"service": "web", "taskDefinition": "web:2", "deploymentConfiguration": {
            "strategy": "BLUE_GREEN", "lifecycleHooks": [HOOK]}})
        # The tasks of green need some time to count as healthy; a function takes none of the held clock's.
        for _ in range(20):
            if self.function.asked:
                break
            self.server.advance(by="5s")
        wait_for(lambda: self.function.asked and not self.function.answers, "the function to be asked")

    def deployment(self):
        service = self.ok("DescribeServices", {"services": ["web"]})["services"][0]
        return self.ok("DescribeServiceDeployments", {"serviceDeploymentArns": [service["currentServiceDeployment"]]})["serviceDeployments"][0]

    def ends(self, status, reason=None):
        def over():
            self.server.advance(by="5s")
            return self.deployment()["status"] not in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

        wait_for(over, "the end of the deployment")
        got = self.deployment()
        self.assertEqual((got["status"], got.get("statusReason")), (status, reason))

    def test_succeeds(self):
        self.deploy()
        path, body = self.function.asked[0]
        self.assertEqual(path, f"/base/2015-03-31/functions/{urllib.parse.quote(FUNCTION, safe='')}/invocations")
        target = self.deployment()["targetServiceRevision"]["arn"]
        self.assertEqual(body["serviceArn"], arn("service/default/web"))
        self.assertEqual(body["targetServiceRevisionArn"], target)
        self.assertEqual(body["lifecycleStage"], "POST_PRODUCTION_TRAFFIC_SHIFT")
        self.assertEqual(body["productionTrafficWeights"][target], 100.0)
        self.assertEqual(body["hookDetails"], {"who": "me"})
        self.ends("SUCCESSFUL")

    def test_fails(self):
        self.deploy((200, {"hookStatus": "FAILED"}))
        self.ends("ROLLBACK_SUCCESSFUL", "Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed. "
                                         f"Lifecycle hook target {FUNCTION} returned FAILED status.")

    def test_takes_its_time(self):
        self.deploy((200, {"hookStatus": "IN_PROGRESS", "callBackDelay": 10}))
        self.assertEqual(self.deployment()["lifecycleHookDetails"][0]["status"], "IN_PROGRESS")
        self.ends("SUCCESSFUL")
        self.assertEqual(len(self.function.asked), 2)

    def test_nonsense_and_errors(self):
        head = "Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed. ECS was unable to"
        self.deploy((200, {"status": "fine"}))
        self.ends("ROLLBACK_SUCCESSFUL", f"{head} parse the response from {FUNCTION} due to HookStatus must not be null")
        self.function.asked.clear()
        self.deploy((500, {}))
        self.ends("ROLLBACK_SUCCESSFUL", f"{head} invoke hook target {FUNCTION}")

    def test_a_script_comes_first(self):
        self.server.admin("POST", "/_ecs/hooks", {"match": {"service": "web"}, "answer": "SUCCEEDED"})
        self.ok("UpdateService", {"service": "web", "taskDefinition": "web:2", "deploymentConfiguration": {"lifecycleHooks": [HOOK]}})
        self.server.advance(to="stable")
        self.assertEqual((self.deployment()["status"], self.function.asked), ("SUCCESSFUL", []))

    def test_asked_again_after_kill_9(self):
        self.function.answers.append(None)
        with tempfile.TemporaryDirectory() as directory, Server("--data-dir", directory, *self.server.options) as server:
            shared, self.server = self.server, server
            try:
                self.ok("CreateCluster")
                self.fargate("web")
                self.ok("CreateService", {
                    "serviceName": "web", "taskDefinition": "web", "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": SUBNETS,
                    "deploymentConfiguration": {"strategy": "BLUE_GREEN", "lifecycleHooks": [{**HOOK, "lifecycleStages": ["PRE_SCALE_UP"]}]}})
                wait_for(lambda: len(self.function.asked) == 1, "the first question")
                server.restart()
                self.assertEqual(self.deployment()["status"], "IN_PROGRESS")
                server.advance(by="61s")
                wait_for(lambda: len(self.function.asked) == 2, "the second question")
                self.ends("SUCCESSFUL")
            finally:
                self.server = shared
                self.function.hang.set()


if __name__ == "__main__":
    unittest.main()
