"""What a test can make a running ecs-local do, for one account."""

from __future__ import annotations

import http.client
import json
import secrets
import time
import urllib.parse
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

TARGET = "AmazonEC2ContainerServiceV20141113."
PAGE = 1000
POLL_SECONDS = 0.01


class EcsLocalError(RuntimeError):
    """The server refused: `code`, `message` and the HTTP `status`."""

    def __init__(self, status: int, code: str, message: str, what: str):
        super().__init__(f"{what}: {code}: {message} (HTTP {status})")
        self.status, self.code, self.message = status, code, message


class WaitTimeout(AssertionError):
    """What wait_for() waited for did not come."""


def new_account() -> str:
    """A 12-digit account that no other test of this run, nor one of a run beside it, uses."""
    return f"{secrets.randbelow(10**12):012d}"


def matches(pattern: Any, value: Any) -> bool:
    """Is everything that `pattern` names in `value`? Of a list's items each must match some item of the value's list."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(key in value and matches(item, value[key]) for key, item in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(item, other) for other in value) for item in pattern)
    return callable(pattern) and bool(pattern(value)) or pattern == value


def _without_none(**members: Any) -> dict:
    return {key: value for key, value in members.items() if value is not None}


class Control:
    """One account of one server. Everything here acts on that account only, except the clock and snapshots: a server has one
    clock, and a snapshot is of the whole server (fork() copies one account)."""

    def __init__(self, endpoint: str, account: str | None = None, region: str = "us-east-1", timeout: float = 30):
        self.endpoint, self.account, self.region = endpoint, account or new_account(), region
        self._timeout = timeout

    # --- the wire ------------------------------------------------------------------------------------------------

    def _http(self, method: str, path: str, body: bytes | None, headers: dict) -> tuple[int, bytes]:
        parts = urllib.parse.urlsplit(self.endpoint)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=self._timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def admin(self, method: str, path: str, body: Any = None, raw: bool = False, **query: Any) -> Any:
        """An admin call, for what has no method of its own: admin("GET", "/_ecs/coverage"). `raw` gives the bytes."""
        text = urllib.parse.urlencode(_without_none(**query))
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        status, reply = self._http(method, path + ("?" + text if text else ""), content, {"Content-Type": "application/json"})
        if status >= 300:
            error = _error_of(reply)
            raise EcsLocalError(status, error.get("code", "Error"), error.get("message", ""), f"{method} {path}")
        if raw:
            return reply
        return json.loads(reply) if reply else None

    def call(self, operation: str, **parameters: Any) -> dict:
        """An ECS operation without an SDK: call("DescribeTasks", tasks=[arn])."""
        status, reply = self._http("POST", "/", json.dumps(parameters).encode(), {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": TARGET + operation,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.account}/20260101/{self.region}/ecs/aws4_request, "
                             "SignedHeaders=host, Signature=00",
        })
        content = json.loads(reply)
        if status != 200:
            raise EcsLocalError(status, content.get("__type", "Error"), content.get("message", ""), operation)
        return content

    @property
    def client_options(self) -> dict:
        """For boto3.client("ecs", **control.client_options)."""
        return {"endpoint_url": self.endpoint, "region_name": self.region,
                "aws_access_key_id": self.account, "aws_secret_access_key": "test"}

    @property
    def environment(self) -> dict[str, str]:
        """For code that makes its own clients: AWS_ENDPOINT_URL_ECS (SDKs since 2023), credentials and region."""
        return {"AWS_ENDPOINT_URL_ECS": self.endpoint, "AWS_ACCESS_KEY_ID": self.account, "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region}

    # --- time ----------------------------------------------------------------------------------------------------

    def clock(self) -> dict:
        """mode, now, pendingTimers, nextTimerAt."""
        return self.admin("GET", "/_ecs/clock")

    def set_clock(self, mode: str, factor: float | None = None) -> dict:
        """"held", "real", or "scaled" with a factor."""
        return self.admin("POST", "/_ecs/clock", _without_none(mode=mode, factor=factor))

    def advance(self, by: str | None = None, *, to: str | None = None, limit: str | None = None) -> dict:
        """advance("5m"); advance(to="next"), the next timer; advance(to="stable", limit="1h"): until nothing is on its way.
        Everything due on the way happens, in order; the reply says what."""
        return self.admin("POST", "/_ecs/clock/advance", _without_none(by=by, to=to, limit=limit))

    # --- what is there, and what becomes of it ------------------------------------------------------------------

    def fleet(self, count: int = 1, instance_type: str = "m5.large", cluster: str = "default", zones: Iterable[str] = ("a",),
              **more: Any) -> list[str]:
        """Adds simulated container instances; their ARNs. `more` is further members, such as attributes={…}."""
        body = {"cluster": cluster, "account": self.account, "region": self.region,
                "instances": [{"count": count, "instanceType": instance_type, "zones": list(zones), **more}]}
        return [instance["containerInstanceArn"] for instance in self.admin("POST", "/_ecs/fleet", body)["containerInstances"]]

    def outcome(self, outcome: dict, *, times: int | None = None, **match: str) -> dict:
        """What is to become of coming tasks: outcome({"exit": {"code": 1, "after": "5s"}}, family="job", times=2). The keywords
        are what a task must have: cluster, family, revision, group, startedBy, container."""
        body = _without_none(match={**match, "account": self.account}, times=times, outcome=outcome)
        return self.admin("POST", "/_ecs/outcomes", body)

    def outcomes(self) -> list[dict]:
        """The scripts with how often each was used."""
        return self.admin("GET", "/_ecs/outcomes", account=self.account)["outcomes"]

    def fault(self, **fault: Any) -> dict:
        """fault(operation="RunTask", error="ThrottlingException", times=3); fault(capacity="FARGATE", fault="unavailable");
        fault(containerInstance=arn, fault="agentDisconnect"); fault(visibilityDelay="500ms")."""
        return self.admin("POST", "/_ecs/faults", {**fault, "account": self.account})

    def faults(self) -> list[dict]:
        return self.admin("GET", "/_ecs/faults", account=self.account)["faults"]

    def clear(self, kind: str) -> None:
        """clear("outcomes") or clear("faults")."""
        for entry in self.outcomes() if kind == "outcomes" else self.faults():
            self.admin("DELETE", f"/_ecs/{kind}/{urllib.parse.quote(str(entry['id']))}")

    def explain(self, *, task: str | None = None, service: str | None = None, cluster: str | None = None) -> dict:
        """Why it is not where it should be."""
        return self.admin("GET", "/_ecs/explain", task=task, service=service, cluster=cluster, account=self.account,
                          region=self.region)

    # --- what happened -------------------------------------------------------------------------------------------

    def journal(self, kind: str | None = None, *, operation: str | None = None, arn: str | None = None, after: int | None = None) -> list[dict]:
        """All entries in order: requests, transitions, events; `kind` is "request", "transition" or "event"."""
        entries: list[dict] = []
        cursor = after or 0
        while True:
            page = self.admin("GET", "/_ecs/journal", kind=kind, operation=operation, arn=arn, account=self.account, after=cursor,
                              limit=PAGE)
            entries += page["entries"]
            if not page.get("more"):
                return entries
            cursor = page["nextCursor"]

    def events(self, pattern: dict | None = None) -> list[dict]:
        """The events so far in EventBridge's shape, those that match the pattern."""
        found = [entry["event"] for entry in self.journal("event")]
        return [event for event in found if pattern is None or matches(pattern, event)]

    def requests(self, operation: str | None = None) -> list[dict]:
        """What was asked of ECS: operation, parameters, outcome."""
        return self.journal("request", operation=operation)

    # --- waiting without sleeping --------------------------------------------------------------------------------

    def wait_for(self, condition: Callable[[], Any] | None = None, *, task: str | None = None, status: str = "RUNNING",
                 cluster: str = "default", event: dict | None = None, within: str = "15m", patience: float = 10) -> Any:
        """Waits until `condition()` is true, or until the task has that lastStatus, or until such an event has come; answers
        the condition's value, the task, or the event.

        While the clock is held, time is moved from timer to timer, at most `within`: no test sleeps. When nothing is on its
        way, or the clock runs by itself, it looks again for at most `patience` real seconds."""
        check, what = self._condition(condition, task, status, cluster, event)
        limit = None
        deadline = time.monotonic() + patience
        while True:
            value = check()
            if value:
                return value
            clock = self.clock()
            if limit is None:
                limit = _time_ms(clock["now"]) + _duration_ms(within)
            due = clock.get("nextTimerAt")
            if clock["mode"] == "held" and due is not None and _time_ms(due) <= limit:
                self.advance(to="next")
                deadline = time.monotonic() + patience
            elif time.monotonic() > deadline or (clock["mode"] == "held" and due is not None):
                raise WaitTimeout(f"{what} did not come true; the clock says {clock}")
            else:
                time.sleep(POLL_SECONDS)

    def _condition(self, condition, task, status, cluster, event):
        if (condition is not None) + (task is not None) + (event is not None) != 1:
            raise TypeError("wait_for() takes one of: a condition, task=, event=")
        if condition is not None:
            return condition, getattr(condition, "__name__", "the condition")
        if event is not None:
            return lambda: next(iter(self.events(event)), None), f"an event like {event}"

        def has_status():
            tasks = self.call("DescribeTasks", cluster=cluster, tasks=[task])["tasks"]
            return next((one for one in tasks if one["lastStatus"] == status), None)

        return has_status, f"{task} {status}"

    # --- all of it -----------------------------------------------------------------------------------------------

    def snapshot(self, name: str) -> dict:
        """Keeps the whole server's state under a name: clock, timers, scripts and work in flight."""
        return self.admin("POST", "/_ecs/snapshots", {"name": name})

    def restore(self, name: str) -> None:
        self.admin("POST", f"/_ecs/snapshots/{urllib.parse.quote(name)}/restore")

    def snapshots(self) -> list[dict]:
        return self.admin("GET", "/_ecs/snapshots")["snapshots"]

    def delete_snapshot(self, name: str) -> None:
        self.admin("DELETE", f"/_ecs/snapshots/{urllib.parse.quote(name)}")

    def fork(self, to: str | None = None) -> Control:
        """Copies this account's state to another account (a new one); the control of that one."""
        other = Control(self.endpoint, to, self.region, self._timeout)
        self.admin("POST", "/_ecs/fork", {"from": self.account, "to": other.account})
        return other

    def reset(self) -> None:
        """Forgets all state of this account."""
        self.admin("POST", "/_ecs/reset", account=self.account)

    def health(self) -> dict:
        return self.admin("GET", "/_ecs/health")


def _error_of(reply: bytes) -> dict:
    try:
        return json.loads(reply)["error"]
    except (ValueError, KeyError, TypeError):
        return {"message": reply.decode("utf-8", "replace")[:500]}


def _duration_ms(text: str) -> float:
    units = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number) * units[text[len(number):]]


def _time_ms(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000
