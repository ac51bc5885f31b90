"""The wire: headers, bodies, errors, accounts and regions, page tokens, admin paths (facts: tasks 1)."""

import email.utils
import http.client
import json
import re
import sys
import time
import unittest
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import CONTENT_TYPE, COVERAGE, MODEL, ROOT, TARGET, Server, authorization, implemented_operations  # noqa: E402

MODEL_DATA = json.loads(MODEL.read_text())
OPERATIONS = [operation["name"] for operation in MODEL_DATA["operations"]]
SLEEPER = {"name": "app", "image": "busybox", "memory": 16}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Wire(unittest.TestCase):
    accounts = iter(range(500000000001, 599999999999))

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.account = str(next(self.accounts))

    def post(self, operation, body, headers=None, region="us-east-1"):
        """Raw: (status, headers, bytes)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.server.http("POST", "/", data, {
            "Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET + operation,
            "Authorization": authorization(self.account, region), **(headers or {})})

    def ok(self, operation, body=None, **more):
        return self.server.ok(operation, body, access_key=self.account, **more)

    def error(self, operation, body=None, **more):
        return self.server.error(operation, body, access_key=self.account, **more)

    def raw_exchange(self, request):
        """The reply's bytes, up to the server's close."""
        with self.server.socket() as connection:
            connection.sendall(request)
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
        return data


class Replies(Wire):
    def test_headers_of_a_success(self):
        """x-amzn-RequestId, Content-Type, Content-Length and Date, spelled so (1.2)."""
        body = compact({})
        data = self.raw_exchange(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: " + TARGET.encode() +
            b"ListClusters\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n" + body)
        head, _, reply = data.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        self.assertEqual(lines[0], "HTTP/1.1 200 OK")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        self.assertEqual(set(headers) - {"Connection", "Server"},
                         {"x-amzn-RequestId", "Content-Type", "Content-Length", "Date"})
        self.assertEqual(headers["Content-Type"], "application/x-amz-json-1.1")
        self.assertEqual(int(headers["Content-Length"]), len(reply))
        self.assertTrue(headers["Date"].endswith(" GMT"))
        self.assertLess(abs(email.utils.parsedate_to_datetime(headers["Date"]).timestamp() - time.time()), 60)

    def test_headers_of_an_error(self):
        status, headers, body = self.post("ListTasks", {})
        self.assertEqual(status, 400)
        self.assertEqual(headers["content-type"], "application/x-amz-json-1.1")
        self.assertEqual(int(headers["content-length"]), len(body))
        self.assertRegex(headers["x-amzn-requestid"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_request_ids_are_version_4_and_unique(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
        self.addCleanup(connection.close)
        seen = set()
        for _ in range(300):
            connection.request("POST", "/", b"{}", {"X-Amz-Target": TARGET + "ListClusters"})
            response = connection.getresponse()
            response.read()
            text = response.headers["x-amzn-RequestId"]
            identity = uuid.UUID(text)
            self.assertEqual((identity.version, str(identity)), (4, text))
            seen.add(text)
        self.assertEqual(len(seen), 300)

    def test_one_connection_carries_many_requests(self):
        """Keep-alive: the socket stays the same."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.connect()
        first = connection.sock
        for _ in range(20):
            connection.request("POST", "/", b"{}", {"X-Amz-Target": TARGET + "ListClusters"})
            connection.getresponse().read()
            self.assertIs(connection.sock, first)

    def test_bodies_are_compact(self):
        """No spaces, not chunked (1.2)."""
        for operation, body in (
                ("CreateCluster", {"clusterName": "größe"[:2] + "x", "tags": [{"key": "ä", "value": "€ 😀"}]}),
                ("CreateCluster", {"clusterName": "c"}),
                ("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [
                    {**SLEEPER, "environment": [{"name": "N", "value": "äöü \" \\ / \u2028 😀"}]}]}),
                ("ListClusters", {})):
            _, headers, reply = self.post(operation, body)
            self.assertEqual(reply, compact(json.loads(reply)), operation)
            self.assertNotIn("transfer-encoding", headers)
            self.assertNotIn("content-encoding", headers)

    def test_absent_members_are_left_out(self):
        """Never null (1.2)."""
        self.ok("CreateCluster")
        for operation, body in (("DescribeClusters", {"include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]}),
                                ("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [SLEEPER]}),
                                ("ListTaskDefinitions", {})):
            _, _, reply = self.post(operation, body)
            self.assertNotIn(b"null", reply)

    def test_timestamps_are_numbers_with_three_decimals_at_most(self):
        """Epoch seconds (1.2)."""
        for _ in range(20):
            _, _, reply = self.post("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [SLEEPER]})
            match = re.search(rb'"registeredAt":([^,}]+)', reply)
            self.assertRegex(match.group(1).decode(), r"^[0-9]{10}(\.[0-9]{1,3})?$")
            self.assertLess(abs(float(match.group(1)) - time.time()), 60)

    def test_doubles_have_a_fraction(self):
        """doubleValue 0.0 beside longValue 0 in every resource (1.2)."""
        self.server.fleet(1, account=self.account)
        arns = self.ok("ListContainerInstances")["containerInstanceArns"]
        _, _, reply = self.post("DescribeContainerInstances", {"containerInstances": arns})
        self.assertIn(b'{"name":"CPU","type":"INTEGER","doubleValue":0.0,"longValue":0,"integerValue":2048}', reply)

    def test_unicode_comes_back(self):
        for text in ("äöüß€", "日本語", "😀 \U0010ffff", "tab\tnewline\nreturn\r", "\x01\x1f\x7f", '"\\/', "\u2028\u2029"):
            got = self.ok("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [
                {**SLEEPER, "environment": [{"name": "N", "value": text}]}]})
            self.assertEqual(got["taskDefinition"]["containerDefinitions"][0]["environment"][0]["value"], text)
            again = self.ok("DescribeTaskDefinition", {"taskDefinition": "f"})
            self.assertEqual(again["taskDefinition"]["containerDefinitions"][0]["environment"][0]["value"], text)

    def test_escapes_are_read(self):
        raw = (b'{"family":"f","containerDefinitions":[{"name":"app","image":"x","memory":16,"environment":'
               b'[{"name":"\\u00e4","value":"\\ud83d\\ude00\\/\\b\\f"}]}]}')
        got = self.server.ok("RegisterTaskDefinition", access_key=self.account, raw=raw)
        self.assertEqual(got["taskDefinition"]["containerDefinitions"][0]["environment"],
                         [{"name": "ä", "value": "😀/\b\f"}])


class Errors(Wire):
    def test_the_envelope_byte_for_byte(self):
        """__type without a namespace, then message in lower case, no spaces: 66 bytes in a capture (1.3)."""
        status, headers, body = self.post("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [
            {**SLEEPER, "mountPoints": [{"sourceVolume": "root-RO", "containerPath": "/x"}]}]})
        self.assertEqual(body, b"""{"__type":"ClientException","message":"Unknown volume 'root-RO'."}""")
        self.assertEqual((status, headers["content-length"]), (400, "66"))

    def test_a_modelled_error(self):
        _, _, body = self.post("ListTasks", {})
        self.assertEqual(body, b'{"__type":"ClusterNotFoundException","message":"Cluster not found."}')

    def test_unknown_operation(self):
        """A target that is not in the model."""
        for target in (TARGET + "NoSuchThing", TARGET + "listClusters", TARGET + "ListClustersX", TARGET, "ListClusters",
                       "AmazonEC2ContainerServiceV20991231.ListClusters", "", "x" * 4000):
            status, headers, body = self.post("ListClusters", {}, {"X-Amz-Target": target})
            self.assertEqual((status, json.loads(body)["__type"]), (400, "UnknownOperationException"), target)
            self.assertIn("x-amzn-requestid", headers)

    def test_missing_target(self):
        status, _, body = self.server.http("POST", "/", b"{}", {"Content-Type": CONTENT_TYPE})
        self.assertEqual((status, body), (400, b'{"__type":"UnknownOperationException"}'))

    def test_malformed_json(self):
        """SerializationException with 400 (1.3)."""
        for raw in (b"{", b"}", b"[]", b'"x"', b"1", b"true", b'{"cluster":}', b'{"cluster":"a",}', b"{'cluster':'a'}",
                    b'{"cluster":"a"}x', b'{"cluster":"a"}{}', b"{cluster:1}", b'{"cluster":"a', b"\xff", b"\x00", b"{}\x00",
                    b'{"cluster":"\xff"}', b'{"cluster":01}', b'{"cluster":+1}', b'{"cluster":.5}', b'{"cluster":NaN}',
                    b'{"cluster":"\t"}', b'{"cluster":"\\x"}', b'{"cluster":"\\ud800"}', b"<xml/>",
                    b"Action=ListClusters", b"\xef\xbb\xbf{}x"):
            status, _, body = self.post("ListTasks", raw)
            self.assertEqual((status, json.loads(body)["__type"]), (400, "SerializationException"), raw)

    def test_wrong_types(self):
        """The front end's words for a value of the wrong type (1.3)."""
        for operation, body in (("ListClusters", {"maxResults": "10"}), ("ListClusters", {"maxResults": 1.5}),
                                ("ListClusters", {"maxResults": True}), ("ListClusters", {"maxResults": [1]}),
                                ("ListClusters", {"nextToken": 7}), ("DescribeClusters", {"clusters": "default"}),
                                ("DescribeClusters", {"clusters": [1]}), ("DescribeClusters", {"clusters": {}}),
                                ("CreateCluster", {"clusterName": {}}), ("RunTask", {"overrides": []}),
                                ("DeregisterContainerInstance", {"force": "true"})):
            code, text = self.error(operation, body)
            self.assertEqual(code, "SerializationException", (operation, body))
            self.assertTrue(text, body)
        self.assertIn("STRING_VALUE can not be converted to an Integer",
                      self.error("ListClusters", {"maxResults": "10"})[1])

    def test_numbers_beyond_an_integer(self):
        for number in (b"2147483648", b"-2147483649", b"99999999999999999999999999", b"1e400", b"-1e400"):
            status, _, body = self.post("ListClusters", b'{"maxResults":' + number + b"}")
            self.assertEqual((status, json.loads(body)["__type"]), (400, "SerializationException"), number)

    def test_type_errors_come_before_everything_else(self):
        """A body that cannot be read is refused before its members are looked at."""
        self.assertEqual(self.error("RunTask", {"count": "x", "cluster": "no such cluster"})[0], "SerializationException")

    def test_operations_that_are_not_built(self):
        """Each operation of the model that is not built: 501 and exactly this body, whatever was sent."""
        missing = sorted(set(OPERATIONS) - set(implemented_operations()))
        self.assertEqual(len(OPERATIONS), len(set(OPERATIONS)))
        self.assertEqual(len(missing), len(OPERATIONS) - len(json.loads(COVERAGE.read_text())))
        for operation in missing:
            for raw in (b"{}", b""):
                status, headers, body = self.post(operation, raw)
                self.assertEqual(status, 501, operation)
                self.assertEqual(body, compact({"__type": "NotImplementedException",
                                                "message": f"ecs-local does not implement {operation} yet."}))
                self.assertEqual(headers["content-type"], CONTENT_TYPE)

    def test_every_built_operation_answers(self):
        """None of them answers 501 or 5xx to an empty request."""
        for operation in implemented_operations():
            status, _, body = self.post(operation, b"{}")
            self.assertIn(status, (200, 400), (operation, body))


class Requests(Wire):
    def test_an_empty_body_is_an_empty_object(self):
        for raw in (b"", b" ", b"\r\n\t ", b"{}", b" { } \n"):
            status, _, body = self.post("ListClusters", raw)
            self.assertEqual((status, body), (200, b'{"clusterArns":[]}'), raw)

    def test_a_request_without_content_length(self):
        data = self.raw_exchange(b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: " +
                                 TARGET.encode() + b"ListClusters\r\nContent-Length: 0\r\n\r\n")
        self.assertTrue(data.startswith(b"HTTP/1.1 200"), data)

    def test_chunked_bodies(self):
        data = self.raw_exchange(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: " + TARGET.encode() +
            b"CreateCluster\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"11\r\n{\"clusterName\": \"\r\n9\r\nchunked\"}\r\n0\r\n\r\n")
        self.assertTrue(data.startswith(b"HTTP/1.1 200"), data)
        self.assertIn(b'"clusterName":"chunked"', data)

    def test_expect_100_continue(self):
        """Clients that ask before they send."""
        body = compact({"clusterName": "patient"})
        with self.server.socket() as connection:
            connection.sendall(
                b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nX-Amz-Target: " +
                TARGET.encode() + b"CreateCluster\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.assertTrue(connection.recv(1024).startswith(b"HTTP/1.1 100"))
            connection.sendall(body)
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
        self.assertIn(b"HTTP/1.1 200", data)

    def test_a_whole_url(self):
        """The request line may name the whole URL, as for a proxy (RFC 9112, 3.2.2)."""
        for url in (b"http://localhost:4566/", b"http://localhost", b"HTTP://localhost/?x=1"):
            data = self.raw_exchange(b"POST " + url + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Amz-Target: " +
                                     TARGET.encode() + b"ListClusters\r\nContent-Length: 2\r\n\r\n{}")
            self.assertTrue(data.startswith(b"HTTP/1.1 200"), data)
        data = self.raw_exchange(b"GET http://localhost/_ecs/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertIn(b'"status":"ok"', data)
        data = self.raw_exchange(b"GET http://localhost/_ecs/health HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n")
        self.assertTrue(data.startswith(b"HTTP/1.1 403"), data)

    def test_http_1_0(self):
        data = self.raw_exchange(b"POST / HTTP/1.0\r\nX-Amz-Target: " + TARGET.encode() +
                                 b"ListClusters\r\nContent-Length: 2\r\n\r\n{}")
        self.assertIn(b" 200 OK", data.split(b"\r\n")[0])

    def test_header_names_have_no_case_and_content_type_is_not_needed(self):
        for headers in ({"x-amz-target": TARGET + "ListClusters"}, {"X-AMZ-TARGET": TARGET + "ListClusters"},
                        {"X-Amz-Target": TARGET + "ListClusters", "Content-Type": "application/json"},
                        {"X-Amz-Target": TARGET + "ListClusters", "Content-Type": CONTENT_TYPE + "; charset=utf-8"}):
            status, _, _ = self.server.http("POST", "/", b"{}", headers)
            self.assertEqual(status, 200, headers)

    def test_unknown_members_are_ignored(self):
        """At every depth, and they do not come back (1.1)."""
        strange = {"nonsense": {"deep": [1, None, {"x": "y"}]}, "Cluster": "x"}
        self.ok("CreateCluster", {"clusterName": "c", **strange, "settings": [
            {"name": "containerInsights", "value": "enabled", **strange}]})
        got = self.ok("RegisterTaskDefinition", {"family": "f", **strange, "containerDefinitions": [
            {**SLEEPER, **strange, "environment": [{"name": "a", "value": "b", **strange}]}]})
        self.assertNotIn("nonsense", json.dumps(got))
        self.assertNotIn("nonsense", json.dumps(self.ok("DescribeTaskDefinition", {"taskDefinition": "f"})))

    def test_null_members_are_absent(self):
        """null means the same as leaving it out (1.1)."""
        self.assertEqual(self.ok("CreateCluster", {"clusterName": None, "tags": None})["cluster"]["clusterName"], "default")
        got = self.ok("RegisterTaskDefinition", {"family": "f", "taskRoleArn": None, "volumes": None,
                                                 "containerDefinitions": [{**SLEEPER, "cpu": None, "command": None}]})
        self.assertNotIn("taskRoleArn", got["taskDefinition"])
        self.assertNotIn("command", got["taskDefinition"]["containerDefinitions"][0])
        self.assertEqual(got["taskDefinition"]["containerDefinitions"][0]["cpu"], 0)
        self.ok("ListClusters", {"maxResults": None, "nextToken": None})

    def test_members_may_come_in_any_order(self):
        first = b'{"containerDefinitions":[{"memory":16,"image":"x","name":"app"}],"family":"f"}'
        got = self.server.ok("RegisterTaskDefinition", access_key=self.account, raw=first)
        self.assertEqual(list(got["taskDefinition"]["containerDefinitions"][0])[:2], ["name", "image"])


class Accounts(Wire):
    def test_the_account_is_the_access_key_of_twelve_digits(self):
        got = self.ok("CreateCluster")
        self.assertEqual(got["cluster"]["clusterArn"], f"arn:aws:ecs:us-east-1:{self.account}:cluster/default")

    def test_other_access_keys_share_the_default_account(self):
        for key in ("AKIDEXAMPLE", "12345678901", "1234567890123", "12345678901a", "x"):
            got = self.server.ok("CreateCluster", {"clusterName": "k"}, access_key=key)
            self.assertEqual(got["cluster"]["clusterArn"], "arn:aws:ecs:us-east-1:000000000000:cluster/k", key)

    def test_without_authorization_the_defaults_count(self):
        for header in (None, "", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=",
                       "AWS4-HMAC-SHA256 Credential=a/b", "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=x"):
            headers = {"X-Amz-Target": TARGET + "CreateCluster"}
            if header is not None:
                headers["Authorization"] = header
            status, _, body = self.server.http("POST", "/", b'{"clusterName":"anonymous"}', headers)
            self.assertEqual(status, 200, header)
            self.assertEqual(json.loads(body)["cluster"]["clusterArn"],
                             "arn:aws:ecs:us-east-1:000000000000:cluster/anonymous", header)

    def test_the_region_comes_from_the_credential_scope(self):
        for region, partition in (("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")):
            got = self.ok("CreateCluster", region=region)
            self.assertEqual(got["cluster"]["clusterArn"],
                             f"arn:{partition}:ecs:{region}:{self.account}:cluster/default")

    def test_a_key_of_several_regions_names_none(self):
        """SigV4A: KEY/DATE/SERVICE/aws4_request."""
        scope = f"AWS4-ECDSA-P256-SHA256 Credential={self.account}/20260101/ecs/aws4_request, SignedHeaders=host, Signature=0"
        got = self.ok("CreateCluster", headers={"Authorization": scope})
        self.assertEqual(got["cluster"]["clusterArn"], f"arn:aws:ecs:us-east-1:{self.account}:cluster/default")

    def test_accounts_and_regions_do_not_see_each_other(self):
        """Clusters, definitions, instances and tasks of one are nothing to the other."""
        self.server.fleet(1, account=self.account)
        self.ok("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [SLEEPER]})
        task = self.ok("RunTask", {"taskDefinition": "f"})["tasks"][0]["taskArn"]
        other = str(next(self.accounts))
        for key, region in ((other, "us-east-1"), (self.account, "eu-west-1")):
            more = {"access_key": key, "region": region}
            self.assertEqual(self.server.ok("ListClusters", **more)["clusterArns"], [])
            self.assertEqual(self.server.ok("ListTaskDefinitions", **more)["taskDefinitionArns"], [])
            self.assertEqual(self.server.error("ListTasks", **more)[0], "ClusterNotFoundException")
            self.server.ok("CreateCluster", **more)
            self.assertEqual(self.server.ok("ListTasks", **more)["taskArns"], [])
            self.assertEqual(self.server.ok("ListContainerInstances", **more)["containerInstanceArns"], [])
            got = self.server.ok("DescribeTasks", {"tasks": [task.rsplit("/", 1)[1]]}, **more)
            self.assertEqual(got["failures"][0]["reason"], "MISSING")
            self.assertEqual(self.server.ok("RegisterTaskDefinition", {"family": "f", "containerDefinitions": [SLEEPER]},
                                            **more)["taskDefinition"]["revision"], 1)
        self.assertEqual(self.ok("ListTasks")["taskArns"], [task])

    def test_arns_of_another_region_and_account(self):
        """Invalid Region in ARN; AccountIDs mismatch (1.4b)."""
        self.ok("CreateCluster")
        self.assertEqual(self.error("ListTasks", {"cluster": f"arn:aws:ecs:eu-west-1:{self.account}:cluster/default"}),
                         ("InvalidParameterException", "Invalid Region in ARN"))
        self.assertEqual(self.error("ListTasks", {"cluster": "arn:aws:ecs:us-east-1:999999999999:cluster/default"}),
                         ("InvalidParameterException", "AccountIDs mismatch"))


class Pages(Wire):
    def setUp(self):
        super().setUp()
        for index in range(7):
            self.ok("CreateCluster", {"clusterName": f"c{index}"})
            self.ok("RegisterTaskDefinition", {"family": f"f{index}", "containerDefinitions": [SLEEPER]})

    def test_pages_follow_each_other(self):
        for operation, member in (("ListClusters", "clusterArns"), ("ListTaskDefinitions", "taskDefinitionArns"),
                                  ("ListTaskDefinitionFamilies", "families")):
            whole = self.ok(operation)
            self.assertNotIn("nextToken", whole)
            self.assertEqual(len(whole[member]), 7)
            for size in (1, 3, 6, 7, 100):
                seen, token, calls = [], None, 0
                while calls == 0 or token:
                    page = self.ok(operation, {"maxResults": size, **({"nextToken": token} if token else {})})
                    self.assertLessEqual(len(page[member]), size)
                    seen += page[member]
                    token = page.get("nextToken")
                    calls += 1
                self.assertEqual(seen, whole[member])
                self.assertLessEqual(calls, -(-7 // size) + 1)

    def test_bad_tokens(self):
        """A token that was not given out is refused (1.5)."""
        good = self.ok("ListClusters", {"maxResults": 2})["nextToken"]
        for token in ("x", "0", "AAAA", "../../etc/passwd", "%00", "é", good[:-1], good + "a", good[::-1], good.upper()):
            self.assertEqual(self.error("ListClusters", {"nextToken": token})[0], "InvalidParameterException", token)
        self.assertEqual(len(self.ok("ListClusters", {"nextToken": good})["clusterArns"]), 5)

    def test_tokens_belong_to_their_request(self):
        good = self.ok("ListClusters", {"maxResults": 2})["nextToken"]
        self.assertEqual(self.error("ListTaskDefinitions", {"nextToken": good})[0], "InvalidParameterException")
        sorted_token = self.ok("ListTaskDefinitions", {"maxResults": 2, "sort": "ASC"})["nextToken"]
        self.assertEqual(self.error("ListTaskDefinitions", {"nextToken": sorted_token, "sort": "DESC"})[0],
                         "InvalidParameterException")
        other = str(next(self.accounts))
        status, reply, _ = self.server.call("ListClusters", {"nextToken": good}, access_key=other)
        self.assertTrue(status == 400 or reply["clusterArns"] == [], reply)

    def test_page_sizes(self):
        """1 to 100."""
        for operation in ("ListClusters", "ListTaskDefinitions", "ListTaskDefinitionFamilies"):
            for size in (0, -1, 101, 2**31 - 1):
                self.assertEqual(self.error(operation, {"maxResults": size})[0], "InvalidParameterException", size)
            self.ok(operation, {"maxResults": 100})


class Paths(Wire):
    def test_a_browser_finds_words(self):
        status, headers, body = self.server.http("GET", "/")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/"))
        self.assertIn(b"ecs-local", body)

    def test_other_methods(self):
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, _ = self.server.http(method, "/", b"")
            self.assertEqual(status, 405, method)
            self.assertIn("x-amzn-requestid", headers)
        for method in ("BREW", "TRACE"):
            status, _, _ = self.server.http(method, "/", b"")
            self.assertTrue(400 <= status < 600, method)

    def test_other_paths(self):
        for path in ("/foo", "/index.html", "/_ecs", "/_ecsx/health", "//", "/../etc/passwd", "/%2e%2e/etc/passwd"):
            status, _, _ = self.server.http("POST", path, b"{}", {"X-Amz-Target": TARGET + "NoSuch"})
            self.assertIn(status, (400, 404), path)
        for path in ("/foo", "/favicon.ico"):
            self.assertEqual(self.server.http("GET", path)[0], 404, path)

    def test_health(self):
        status, headers, body = self.server.http("GET", "/_ecs/health")
        reply = json.loads(body)
        self.assertEqual((status, headers["content-type"], reply["status"]), (200, "application/json", "ok"))
        self.assertEqual((reply["runtime"], sorted(reply)), ("sim:", ["runtime", "status", "uptimeSeconds", "version"]))
        self.assertIsInstance(reply["uptimeSeconds"], int)
        status, reply = self.server.admin("GET", "/_localstack/health")
        self.assertEqual((status, reply["services"]["ecs"]), (200, "running"))

    def test_unknown_admin_paths_and_methods(self):
        status, reply = self.server.admin("GET", "/_ecs/nothing")
        self.assertEqual((status, sorted(reply["error"])), (404, ["code", "message"]))
        self.assertEqual(self.server.admin("GET", "/_ecs/reset")[0], 405)
        self.assertEqual(self.server.admin("POST", "/_ecs/health", {})[0], 405)

    def test_admin_bodies_are_checked(self):
        for raw in (b"{", b"[]", b"1", b"\xff"):
            status, _, body = self.server.http("POST", "/_ecs/clock", raw)
            self.assertEqual((status, sorted(json.loads(body))), (400, ["error"]), raw)

    def test_coverage(self):
        """Every operation of the model, with the truth about it."""
        status, reply = self.server.admin("GET", "/_ecs/coverage")
        self.assertEqual(status, 200)
        known = {entry["name"]: entry["status"] for entry in reply["operations"]}
        self.assertEqual(sorted(known), sorted(OPERATIONS))
        for operation, status in known.items():
            got = self.server.call(operation, {}, access_key=self.account)[0]
            self.assertEqual(status == "not implemented", got == 501, operation)


class Reset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def clusters(self, account, region="us-east-1"):
        return len(self.server.ok("ListClusters", access_key=account, region=region)["clusterArns"])

    def fill(self):
        for account in ("111111111111", "222222222222"):
            for region in ("us-east-1", "eu-west-1"):
                self.server.ok("CreateCluster", access_key=account, region=region)

    def test_reset_and_its_other_names(self):
        for path in ("/_ecs/reset", "/moto-api/reset", "/_localstack/state/reset"):
            self.fill()
            self.assertEqual(self.server.http("POST", path)[0::2], (204, b""))
            self.assertEqual(self.clusters("111111111111") + self.clusters("222222222222", "eu-west-1"), 0)

    def test_reset_of_one_account_or_region(self):
        self.fill()
        self.assertEqual(self.server.admin("POST", "/_ecs/reset?account=111111111111")[0], 204)
        self.assertEqual((self.clusters("111111111111"), self.clusters("222222222222")), (0, 1))
        self.fill()
        self.assertEqual(self.server.admin("POST", "/_ecs/reset?region=eu-west-1")[0], 204)
        self.assertEqual((self.clusters("111111111111", "eu-west-1"), self.clusters("111111111111")), (0, 1))
        self.fill()
        self.assertEqual(self.server.admin("POST", "/_ecs/reset?region=eu-west-1&account=222222222222")[0], 204)
        self.assertEqual((self.clusters("222222222222", "eu-west-1"), self.clusters("111111111111", "eu-west-1"),
                          self.clusters("222222222222")), (0, 1, 1))

    def test_revisions_begin_again(self):
        body = {"family": "f", "containerDefinitions": [SLEEPER]}
        self.server.ok("RegisterTaskDefinition", body)
        self.server.admin("POST", "/_ecs/reset")
        self.assertEqual(self.server.ok("RegisterTaskDefinition", body)["taskDefinition"]["revision"], 1)


class Guard(unittest.TestCase):
    """Admin calls are for programs on this machine, not for web pages of others."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allow-host", "ecs.test,other.test").start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def status(self, **headers):
        return self.server.http("GET", "/_ecs/health", headers=headers)[0]

    def test_host_names(self):
        for host in ("localhost", "localhost:4566", "127.0.0.1", "[::1]:4566", "10.1.2.3:80", "ecs.test", "OTHER.test:1"):
            self.assertEqual(self.status(Host=host), 200, host)
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "ecs.test.evil"):
            self.assertEqual(self.status(Host=host), 403, host)

    def test_origins(self):
        for origin in ("http://evil.example", "null", "http://localhost:1", "https://127.0.0.1"):
            self.assertEqual(self.status(Origin=origin), 403, origin)
        self.assertEqual(self.status(Origin=self.server.url), 200)
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
            self.assertEqual(self.status(**{"Sec-Fetch-Site": site}), status, site)

    def test_every_route_is_guarded(self):
        source = (ROOT / "src/admin/admin.c").read_text()
        routes = re.findall(r'\{"([A-Z]+)", "(/[^"]+)", admin_\w+', source)
        self.assertGreater(len(routes), 30)
        for method, path in routes:
            status, _, body = self.server.http(method, path.replace("*", "1"), b"{}" if method != "GET" else None, {"Origin": "http://evil.example"})
            self.assertEqual((status, json.loads(body)["error"]["code"]), (403, "Forbidden"), path)

    def test_the_aws_endpoint_takes_no_forms_and_no_pages_of_others(self):
        target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
        own = {"Origin": self.server.url, "Content-Type": "application/x-amz-json-1.1", **target}

        def status(**headers):
            return self.server.http("POST", "/", b"{}", headers)[0]

        self.assertEqual(status(**own), 200)
        for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            self.assertEqual(status(**{**own, "Content-Type": kind}), 403, kind)
            self.assertEqual(status(**{"Content-Type": kind, "Sec-Fetch-Site": "same-origin", **target}), 403, kind)
            self.assertEqual(status(**{"Content-Type": kind, **target}), 200, "a program, not a browser")
        for origin in ("http://evil.example", "null"):
            self.assertEqual(status(**{**own, "Origin": origin}), 403)
        self.assertEqual(status(**{**own, "Host": "evil.example", "Origin": "http://evil.example"}), 403)
        self.assertEqual(status(**{"Host": "ecs.internal", "Content-Type": "application/x-amz-json-1.1", **target}), 200)
        _, _, body = self.server.http("POST", "/", b"{}", {**own, "Origin": "null"})
        self.assertEqual(json.loads(body), {"__type": "AccessDeniedException", "message": "Web pages of another origin may not use the AWS endpoint."})


class Sockets(unittest.TestCase):
    def test_two_servers_at_once(self):
        with Server() as first, Server() as second:
            first.ok("CreateCluster")
            self.assertEqual(second.ok("ListClusters")["clusterArns"], [])
            self.assertNotEqual(first.port, second.port)

    def test_it_listens_on_the_loopback_only(self):
        with Server() as server:
            self.assertEqual(server.host, "127.0.0.1")
            listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
                         if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == server.port]
            self.assertEqual(listening, [f"0100007F:{server.port:04X}"])


if __name__ == "__main__":
    unittest.main()
