"""Made from the model: every built operation with each required member missing, with a wrong type at every member of
every depth, with nulls, and with odd values of the right type. Whatever comes in, the answer is a documented one."""

import http.client
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import CONTENT_TYPE, MODEL, TARGET, Server, authorization, implemented_operations  # noqa: E402

MODEL_DATA = json.loads(MODEL.read_text())
SHAPES = MODEL_DATA["shapes"]
OPERATIONS = {operation["name"]: operation for operation in MODEL_DATA["operations"]}
KINDS = ("string", "boolean", "integer", "long", "double", "float", "timestamp", "blob", "document")
ACCOUNT = "610000000001"

# Values that are never right for a kind.
WRONG = {
    "string": [1, 1.5, True, [], {}, ["x"]],
    "enum": [1, 1.5, True, [], {}],
    "boolean": ["true", 1, 0, [], {}],
    "integer": ["1", 1.5, True, [], {}],
    "long": ["1", 1.5, True, [], {}],
    "double": ["1.5", True, [], {}],
    "float": ["1.5", True, [], {}],
    "timestamp": ["soon", True, [], {}],
    "list": ["x", 1, True, {}],
    "map": ["x", 1, True, []],
    "structure": ["x", 1, True, []],
    "union": ["x", 1, True, []],
}

# Right in type, and strange.
ODD = {
    "string": ["", " ", "x" * 100000, "\u0001", "😀" * 300, "arn:aws:ecs:::", "arn:aws:ecs:us-east-1:000000000000:x/y/z/a/b",
               "../..", "a:b:c", "'; drop table tasks; --", "%s%n%x", ":", "f:0", "f:-1", "f:99999999999999999999"],
    "boolean": [True, False],
    "integer": [0, -1, 1, 2**31 - 1, -2**31],
    "long": [0, -1, 2**63 - 1, -2**63],
    "double": [0, -1.5, 1e308, 5e-324],
    "float": [0, -1.5],
    "timestamp": [0, -1, 1e9],
}


def kind_of(type_name):
    return type_name if type_name in KINDS else SHAPES[type_name]["kind"]


def sample(type_name, depth=0):
    """A plausible value of the type, so that what surrounds a wrong one is well-formed."""
    kind = kind_of(type_name)
    shape = SHAPES.get(type_name, {})
    if kind == "structure":
        return {member["name"]: sample(member["type"], depth + 1) for member in shape["members"] if member.get("required")}
    if kind == "union":
        return {}
    if kind == "list":
        return []
    if kind == "map":
        return {}
    if kind == "enum":
        return shape["values"][0]
    return {"string": "x", "boolean": False, "integer": 1, "long": 1, "double": 1.0, "float": 1.0, "timestamp": 1,
            "document": {}, "blob": ""}[kind]


def places(type_name, seen=()):
    """Every place below a type as (path text, kind, function that puts a value there into a fresh sample)."""
    kind = kind_of(type_name)
    if type_name in seen:
        return
    below = seen + (type_name,)
    shape = SHAPES.get(type_name, {})
    if kind in ("structure", "union"):
        for member in shape["members"]:
            name = member["name"]

            def put(value, name=name):
                return {**sample(type_name), name: value}

            yield f".{name}", kind_of(member["type"]), put
            for path, inner_kind, inner in places(member["type"], below):
                yield f".{name}{path}", inner_kind, lambda value, put=put, inner=inner: put(inner(value))
    elif kind == "list":
        element = shape["element"]
        yield "[0]", kind_of(element), lambda value: [value]
        for path, inner_kind, inner in places(element, below):
            yield f"[0]{path}", inner_kind, lambda value, inner=inner: [inner(value)]
    elif kind == "map":
        element = shape["value"]
        yield ".key", kind_of(element), lambda value: {"key": value}
        for path, inner_kind, inner in places(element, below):
            yield f".key{path}", inner_kind, lambda value, inner=inner: {"key": inner(value)}


class EveryMember(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--log-level", "error").start()
        cls.connection = http.client.HTTPConnection(cls.server.host, cls.server.port, timeout=60)
        cls.server.fleet(1, account=ACCOUNT)
        cls.server.ok("RegisterTaskDefinition", access_key=ACCOUNT, body={
            "family": "x", "containerDefinitions": [{"name": "x", "image": "x", "memory": 6}]})

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        assert cls.server.stop() == 0

    def send(self, operation, body):
        self.connection.request("POST", "/", json.dumps(body), {
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + operation, "Authorization": authorization(ACCOUNT)})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def expect_refusal(self, operation, what, body, code):
        status, reply = self.send(operation, body)
        if status != 400 or reply["__type"] != code:
            self.fail(f"{operation} {what}: {status} {json.dumps(reply)[:300]} for {json.dumps(body)[:300]}")
        self.assertTrue(reply.get("Message", reply.get("message")), (operation, what))

    def expect_documented(self, operation, what, body):
        status, reply = self.send(operation, body)
        if status == 200:
            return
        known = OPERATIONS[operation]["errors"]
        # The one refusal without words that AWS has (facts: services 4).
        if operation == "DeleteService" and reply == {"__type": "ServiceNotFoundException", "message": ""}:
            return
        if status != 400 or reply["__type"] not in [*known, "SerializationException"] or not (reply.get("message") or reply.get("Message")):
            self.fail(f"{operation} {what}: {status} {json.dumps(reply)[:300]} for {json.dumps(body)[:300]}")

    def test_the_model_reaches_deep(self):
        """The generator sees what it should: a member five levels down."""
        found = [path for path, _, _ in places("RegisterTaskDefinitionRequest")]
        self.assertIn(".containerDefinitions[0].linuxParameters.devices[0].permissions[0]", found)
        self.assertIn(".containerDefinitions[0].dockerLabels.key", found)
        self.assertGreater(len(found), 150)

    def test_each_required_member_missing(self):
        for operation in implemented_operations():
            input_name = OPERATIONS[operation]["input"]
            full = sample(input_name)
            for member in SHAPES[input_name]["members"]:
                if not member.get("required"):
                    continue
                name = member["name"]
                for what, body in ((f"without {name}", {key: full[key] for key in full if key != name}),
                                   (f"{name} null", {**full, name: None})):
                    status, reply = self.send(operation, body)
                    self.assertEqual(status, 400, (operation, what, reply))
                    self.assertIn(reply["__type"], ("ClientException", "InvalidParameterException"), (operation, what))
                    self.assertTrue(reply["message"], (operation, what))

    def test_wrong_types_everywhere(self):
        tried = 0
        for operation in implemented_operations():
            for path, kind, put in places(OPERATIONS[operation]["input"]):
                for value in WRONG.get(kind, ()):
                    self.expect_refusal(operation, f"{path} = {value!r}", put(value), "SerializationException")
                    tried += 1
        self.assertGreater(tried, 1000)

    def test_enumerations_are_checked_everywhere(self):
        """A value outside an enumeration: refused, or kept where the service is known to be lenient; never a failure."""
        for operation in implemented_operations():
            for path, kind, put in places(OPERATIONS[operation]["input"]):
                if kind == "enum":
                    self.expect_documented(operation, f"{path} = nope", put("nope"))

    def test_nulls_everywhere(self):
        for operation in implemented_operations():
            for path, _, put in places(OPERATIONS[operation]["input"]):
                self.expect_documented(operation, f"{path} = null", put(None))

    def test_odd_values_everywhere(self):
        for operation in implemented_operations():
            for path, kind, put in places(OPERATIONS[operation]["input"]):
                for value in ODD.get(kind, ()):
                    self.expect_documented(operation, f"{path} = {str(value)[:40]!r}", put(value))
        self.assertEqual(self.server.admin("GET", "/_ecs/health")[1]["status"], "ok")


if __name__ == "__main__":
    unittest.main()
