"""Runs the stories in *.json beside this file: each as it is, each with a kill -9 and a restart after every step, and each
twice with the same seed, which must give the same bytes.

A story:

    {"about": "what it shows", "options": ["--timing", "realistic"], "timing": {…}, "steps": [STEP, …]}

The clock is held and starts at 2030-01-01T00:00:00Z, the seed is fixed; "timing" becomes a file for --timing. A step is one of

    {"call": OPERATION, "with": {…}}      with "error": [CODE, TEXT] when it is to fail; "as": ACCOUNT for another account
    {"fleet": {…}}                        POST /_ecs/fleet
    {"advance": {"by": "10s"}}            the clock; {"to": "next"} for the next timer
    {"admin": [METHOD, PATH]}             any other admin call
    {"restart": true}                     kill -9, and the same data directory again

and may have "expect" (what the reply must contain) and "capture" ({"name": "tasks.0.taskArn"}), which "${name}" in later steps
stands for. In "expect" an object lists members that must be there, a list is compared item by item, and these stand for more:
{"$any": true} anything, {"$absent": true} no such member, {"$match": REGEX}, {"$length": N}, {"$has": [ITEM, …]} in any order,
{"$above": N}."""

import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from server import CONTENT_TYPE, TARGET, Server, authorization  # noqa: E402

BEGIN = "2030-01-01T00:00:00Z"
MATCHERS = ("$any", "$absent", "$match", "$length", "$has", "$above")
STEP_MEMBERS = {"call", "with", "error", "as", "fleet", "advance", "admin", "restart", "expect", "capture", "about"}


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
    def __init__(self, server, restarting):
        self.server, self.restarting = server, restarting
        self.names = {}
        self.replies = []

    def http(self, method, path, body, headers):
        status, _, reply = self.server.http(method, path, json.dumps(body).encode() if body is not None else None, headers)
        self.replies.append((status, reply))
        return status, json.loads(reply) if reply else None

    def admin(self, method, path, body=None):
        status, reply = self.http(method, path, body, {"Content-Type": "application/json"})
        if status >= 300:
            raise Mismatch(f"{method} {path}: {status} {reply}")
        return reply

    def call(self, step):
        status, reply = self.http("POST", "/", step.get("with", {}), {
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + step["call"],
            "Authorization": authorization(step.get("as", "AKIDEXAMPLE"))})
        if "error" in step:
            code, text = step["error"]
            match({"__type": code, "message": text}, reply)
            if status != 400:
                raise Mismatch(f"{step['call']}: status {status}, not 400")
        elif status != 200:
            raise Mismatch(f"{step['call']}: {status} {reply}")
        return reply

    def play(self, step):
        unknown = set(step) - STEP_MEMBERS
        if unknown:
            raise Mismatch(f"no such step member: {unknown}")
        step = fill(step, self.names)
        reply = None
        if "call" in step:
            reply = self.call(step)
        elif "fleet" in step:
            reply = self.admin("POST", "/_ecs/fleet", step["fleet"])
        elif "advance" in step:
            reply = self.admin("POST", "/_ecs/clock/advance", step["advance"])
        elif "admin" in step:
            reply = self.admin(*step["admin"])
        elif "restart" in step:
            self.server.restart()
        if "expect" in step:
            match(step["expect"], reply)
        for name, path in step.get("capture", {}).items():
            self.names[name] = pick(reply, path)
        if self.restarting and "restart" not in step:
            self.server.restart()


class Stories(unittest.TestCase):
    def perform(self, path, restarting):
        story = json.loads(path.read_text())
        with tempfile.TemporaryDirectory() as folder:
            options = ["--clock", "held", "--seed", "42", "--log-level", "error", "--data-dir", folder + "/state",
                       *story.get("options", [])]
            if "timing" in story:
                timing = Path(folder) / "timing.json"
                timing.write_text(json.dumps(story["timing"]))
                options += ["--timing", str(timing)]
            with Server(*options) as server:
                player = Player(server, restarting)
                player.admin("POST", "/_ecs/clock/advance", {"to": BEGIN})
                for number, step in enumerate(story["steps"], 1):
                    try:
                        player.play(step)
                    except (Mismatch, KeyError, IndexError) as problem:
                        raise AssertionError(f"{path.name}, step {number} {json.dumps(step)[:200]}: {problem}") from problem
        self.replies = player.replies

    def replies_of(self, path):
        self.perform(path, False)
        return self.replies

    def twice(self, path):
        first, second = (self.replies_of(path) for _ in range(2))
        self.assertEqual(len(first), len(second))
        for one, other in zip(first, second, strict=True):
            self.assertEqual(one, other)


def add_story(path):
    name = path.stem
    about = json.loads(path.read_text())["about"]
    for suffix, body in (("", lambda self: self.perform(path, False)),
                         ("_with_a_restart_after_every_step", lambda self: self.perform(path, True)),
                         ("_twice_gives_the_same_bytes", lambda self: self.twice(path))):
        body.__doc__ = about
        setattr(Stories, f"test_{name}{suffix}", body)


for story_path in sorted(HERE.glob("*.json")):
    add_story(story_path)


class Runner(unittest.TestCase):
    """The runner itself can fail."""

    def test_stories_are_there(self):
        self.assertGreaterEqual(len(list(HERE.glob("*.json"))), 10)

    def test_matching(self):
        reply = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "d": True}
        for fine in ({}, {"a": 1}, {"b": [{}, {}]}, {"b": [{"c": "x"}, {"$any": True}]}, {"e": {"$absent": True}},
                     {"b": {"$has": [{"c": "y"}]}}, {"b": {"$length": 2}}, {"a": {"$above": 0}}, {"b": [{"c": {"$match": "^x$"}}, {}]}):
            match(fine, reply)
        for wrong in ({"a": 2}, {"a": True}, {"d": 1}, {"e": 1}, {"b": []}, {"b": [{"c": "y"}, {}]}, {"a": {"$absent": True}}, {"a": {}},
                      {"b": {"$has": [{"c": "z"}]}}, {"b": {"$length": 1}}, {"a": {"$above": 1}}, {"b": [{"c": {"$match": "z"}}, {}]}):
            with self.assertRaises(Mismatch, msg=wrong):
                match(wrong, reply)

    def test_names(self):
        self.assertEqual(fill({"a": ["${n}", "x/${n}"]}, {"n": 7}), {"a": [7, "x/7"]})


if __name__ == "__main__":
    unittest.main()
