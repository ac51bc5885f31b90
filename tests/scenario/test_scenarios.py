"""Runs the stories in *.json beside this file against the shipped program, each with a few kills (kill -9, and a new start) spread
over its steps; after which ones depends on its name. With ECS_LOCAL_STORIES=every there is a kill after every step.
README.md has the language. scenario_runner.c runs the same stories inside one process, in memory and on disk."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from server import BINARY, CONTENT_TYPE, TARGET, Server, authorization  # noqa: E402

BEGIN = "2030-01-01T00:00:00Z"
KILLS = 3  # a story, about
EVERY_STEP = os.environ.get("ECS_LOCAL_STORIES") == "every"
MATCHERS = ("$any", "$absent", "$match", "$length", "$has", "$above", "$not")
POSTS = {"fleet": "/_ecs/fleet", "advance": "/_ecs/clock/advance", "outcome": "/_ecs/outcomes", "fault": "/_ecs/faults"}
STEP_MEMBERS = {"call", "with", "error", "status", "as", "region", "admin", *POSTS, "snapshot", "restore", "restart",
                "expect_event", "expect_no_event", "expect", "capture", "about"}


class Mismatch(AssertionError):
    pass


def fill(value, names):
    """The value with every ${name} replaced; a text that is nothing else takes the captured value as it is."""
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{(\w+)\}", value)
    if whole:
        return names[whole.group(1)]
    return re.sub(r"\$\{(\w+)\}", lambda found: str(names[found.group(1)]), value)


def pick(value, path):
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def match_special(wanted, got, where):
    (kind, argument), = wanted.items()
    if kind == "$match":
        fine = isinstance(got, str) and re.search(argument, got) is not None
    elif kind == "$length":
        fine = len(got) == argument
    elif kind == "$above":
        fine = got > argument
    elif kind == "$has":
        fine = all(any(matches(item, candidate) for candidate in got) for item in argument)
    elif kind == "$not":
        fine = not matches(argument, got)
    else:
        fine = kind == "$any"
    if not fine:
        raise Mismatch(f"{where}: wanted {wanted}, got {json.dumps(got)[:500]}")


def match(wanted, got, where="reply"):
    if isinstance(wanted, dict) and len(wanted) == 1 and next(iter(wanted)) in MATCHERS:
        match_special(wanted, got, where)
    elif isinstance(wanted, dict):
        if not isinstance(got, dict):
            raise Mismatch(f"{where}: wanted an object, got {json.dumps(got)[:500]}")
        for key, item in wanted.items():
            if item == {"$absent": True}:
                if key in got:
                    raise Mismatch(f"{where}.{key}: must not be there, is {got[key]!r}")
            elif key not in got:
                raise Mismatch(f"{where}.{key}: is missing in {json.dumps(got)[:500]}")
            else:
                match(item, got[key], f"{where}.{key}")
    elif isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            raise Mismatch(f"{where}: wanted {len(wanted)} items, got {json.dumps(got)[:500]}")
        for index, item in enumerate(wanted):
            match(item, got[index], f"{where}[{index}]")
    elif wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
        raise Mismatch(f"{where}: wanted {wanted!r}, got {got!r}")


def matches(wanted, got):
    try:
        match(wanted, got)
    except Mismatch:
        return False
    return True


class Player:
    def __init__(self, server):
        self.server = server
        self.names = {}
        self.event_cursor = 0

    def http(self, method, path, body, headers):
        status, _, reply = self.server.http(method, path, json.dumps(body).encode() if body is not None else None, headers)
        return status, json.loads(reply) if reply else None

    def admin(self, method, path, body=None, error=None):
        status, reply = self.http(method, path, body, {"Content-Type": "application/json"})
        if (status >= 300) != (error is not None):
            raise Mismatch(f"{method} {path}: {status} {reply}")
        if error is not None:
            match({"code": error[0], "message": error[1]}, reply["error"])
        return reply

    def call(self, step):
        status, reply = self.http("POST", "/", step.get("with", {}), {
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + step["call"],
            "Authorization": authorization(step.get("as", "AKIDEXAMPLE"), step.get("region", "us-east-1"))})
        wanted = step.get("status", 400) if "error" in step else 200
        if status != wanted:
            raise Mismatch(f"{step['call']}: status {status}, not {wanted}: {reply}")
        if "error" in step:
            code, text = step["error"]
            match({"__type": code, "message": text}, {**reply, "message": reply.get("message", reply.get("Message"))})
        return reply

    def seek_event(self, wanted):
        """The first event after the cursor that fits; the cursor goes past it. None leaves the cursor."""
        cursor = self.event_cursor
        while True:
            page = self.admin("GET", f"/_ecs/journal?kind=event&after={cursor}")
            for entry in page["entries"]:
                if "event" in entry and matches(wanted, entry["event"]):
                    self.event_cursor = entry["cursor"]
                    return entry["event"]
            if not page["entries"] or page.get("nextCursor") is None:
                return None
            cursor = page["nextCursor"]

    def perform(self, step):
        error = step.get("error")
        for member, path in POSTS.items():
            if member in step:
                return self.admin("POST", path, step[member], error)
        if "call" in step:
            return self.call(step)
        if "admin" in step:
            return self.admin(*step["admin"], error=error)
        if "snapshot" in step:
            return self.admin("POST", "/_ecs/snapshots", {"name": step["snapshot"]}, error)
        if "restore" in step:
            return self.admin("POST", f"/_ecs/snapshots/{step['restore']}/restore", None, error)
        if "expect_event" in step:
            event = self.seek_event(step["expect_event"])
            if event is None:
                raise Mismatch("no such event came")
            return event
        if "expect_no_event" in step:
            event = self.seek_event(step["expect_no_event"])
            if event is not None:
                raise Mismatch(f"such an event came: {event}")
            return None
        if "restart" not in step:
            raise Mismatch("the step does nothing")
        return None  # play() restarts

    def play(self, step, kill):
        unknown = set(step) - STEP_MEMBERS
        if unknown:
            raise Mismatch(f"no such step member: {unknown}")
        step = fill(step, self.names)
        reply = self.perform(step)
        if "expect" in step:
            match(step["expect"], reply)
        for name, path in step.get("capture", {}).items():
            self.names[name] = pick(reply, path)
        if kill or "restart" in step:
            self.server.restart()


class Stories(unittest.TestCase):
    def tell(self, path):
        story = json.loads(path.read_text())
        with tempfile.TemporaryDirectory() as folder:
            options = ["--clock", "held", "--seed", "42", "--log-level", "error", "--data-dir", folder + "/state",
                       *story.get("options", [])]
            if "timing" in story:
                timing = Path(folder) / "timing.json"
                timing.write_text(json.dumps(story["timing"]))
                options += ["--timing", str(timing)]
            with Server(*options) as server:
                player = Player(server)
                player.admin("POST", "/_ecs/clock/advance", {"to": BEGIN})
                stride = 1 if EVERY_STEP else max(1, len(story["steps"]) // KILLS)
                for number, step in enumerate(story["steps"], 1):
                    try:
                        player.play(step, (number + len(path.stem)) % stride == 0)
                    except (Mismatch, KeyError, IndexError) as problem:
                        raise AssertionError(f"{path.name}, step {number} {json.dumps(step)[:200]}: {problem}") from problem


def add_story(path):
    story = json.loads(path.read_text())
    if "without_kill" in story:
        return

    def body(self):
        self.tell(path)

    body.__doc__ = story["about"]
    setattr(Stories, f"test_{path.stem}_across_kill_9", body)


for story_path in sorted(HERE.glob("*.json")):
    add_story(story_path)


class Runner(unittest.TestCase):
    """The runner itself can fail."""

    def test_stories_are_there(self):
        self.assertGreaterEqual(len(list(HERE.glob("*.json"))), 10)

    def test_matching(self):
        reply = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "d": True}
        for fine in ({}, {"a": 1}, {"b": [{}, {}]}, {"b": [{"c": "x"}, {"$any": True}]}, {"e": {"$absent": True}},
                     {"b": {"$has": [{"c": "y"}]}}, {"b": {"$length": 2}}, {"a": {"$above": 0}}, {"b": [{"c": {"$match": "^x$"}}, {}]},
                     {"a": {"$not": 2}}, {"b": {"$not": {"$has": [{"c": "z"}]}}}):
            match(fine, reply)
        for wrong in ({"a": 2}, {"a": True}, {"d": 1}, {"e": 1}, {"b": []}, {"b": [{"c": "y"}, {}]}, {"a": {"$absent": True}}, {"a": {}},
                      {"b": {"$has": [{"c": "z"}]}}, {"b": {"$length": 1}}, {"a": {"$above": 1}}, {"b": [{"c": {"$match": "z"}}, {}]}, {"a": {"$not": 1}}):
            with self.assertRaises(Mismatch, msg=wrong):
                match(wrong, reply)

    def test_the_other_runner_can_fail_too(self):
        runner = Path(BINARY).parent / "tests/scenario/scenario_runner"
        for step, sentence in (({"admin": ["GET", "/_ecs/health"], "expect": {"status": "ill"}}, "reply.status: wanted \"ill\", got \"ok\""),
                               ({"admin": ["GET", "/_ecs/health"], "expect": {"status": {"$not": "ok"}}}, "reply.status"),
                               ({"call": "ListClusters", "error": ["X", "y"]}, "status 200, not 400"),
                               ({"call": "NoSuchThing"}, "status 400, not 200"),
                               ({"fleet": {}, "expectt": {}}, "no such step member: expectt"),
                               ({"call": "${nobody}"}, "no earlier step captured \"nobody\""),
                               ({"about": "nothing else"}, "the step does nothing")):
            with self.subTest(step=step), tempfile.TemporaryDirectory() as folder:
                story = Path(folder) / "story.json"
                story.write_text(json.dumps({"about": "fails", "steps": [step]}))
                done = subprocess.run([runner, story], capture_output=True, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertIn(sentence, done.stdout)
                self.assertTrue(done.stdout.endswith("0 passed, 3 failed\n"), done.stdout)

    def test_names(self):
        self.assertEqual(fill({"a": ["${n}", "x/${n}"]}, {"n": 7}), {"a": [7, "x/7"]})


if __name__ == "__main__":
    unittest.main()
