"""Hostile and broken clients: afterwards the server answers as before, and its memory is back."""

import http.client
import json
import os
import random
import resource
import select
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import TARGET, Server, wait_for  # noqa: E402

IDLE_CONNECTIONS = 1000
# The sanitizer keeps freed memory for a while; here it would hide what is given back.
ENVIRONMENT = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=0"}
RSS_SLACK_KIB = 24 * 1024


def head(operation="ListClusters", length=None, more=b""):
    size = b"" if length is None else b"Content-Length: %d\r\n" % length
    return (b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: " + (TARGET + operation).encode() + b"\r\n" + size + more +
            b"\r\n")


def request(operation="ListClusters", body=b"{}", more=b""):
    return head(operation, len(body), more) + body


def read_to_end(connection, seconds=30):
    """Everything until the other side closes; None when it does not within the time."""
    deadline = time.monotonic() + seconds
    data = b""
    while True:
        ready, _, _ = select.select([connection], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return None
        try:
            chunk = connection.recv(65536)
        except ConnectionError:
            return data
        if not chunk:
            return data
        data += chunk


class Hostile(unittest.TestCase):
    options = ("--log-level", "error")

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options, env=ENVIRONMENT).start()
        cls.sample_work()
        cls.rss_before = cls.server.rss_kib()

    @classmethod
    def sample_work(cls):
        """So that what is built once on first use is there before the memory is measured."""
        for _ in range(50):
            cls.server.ok("ListClusters")
        cls.server.call("ListClusters", raw=b"{" + b" " * 500000)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def tearDown(self):
        """Health is ok, an ordinary request works, and the memory is back near where it was."""
        status, reply = self.server.admin("GET", "/_ecs/health")
        self.assertEqual((status, reply["status"]), (200, "ok"))
        self.server.ok("ListClusters")
        wait_for(lambda: self.server.rss_kib() < self.rss_before + RSS_SLACK_KIB,
                 f"memory given back ({self.rss_before} KiB before, {self.server.rss_kib()} now)")

    def answers_400(self, raw, code="SerializationException", operation="ListTasks"):
        status, reply, _ = self.server.call(operation, raw=raw)
        self.assertEqual((status, reply["__type"]), (400, code), raw[:80])

    def exchange(self, data, seconds=30):
        with self.server.socket() as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return read_to_end(connection, seconds)


class Bodies(Hostile):
    def test_deep_nesting(self):
        """10,000 levels and more, closed and not, in known and unknown members."""
        for depth in (200, 10000, 100000):
            for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
                tail = b"1" if opening != b"[" else b""
                self.answers_400(opening * depth)
                self.answers_400(b'{"cluster":' + opening * depth + tail + closing * depth + b"}")
                self.answers_400(b'{"unknown":' + opening * depth + tail + closing * depth + b"}")

    def test_moderate_nesting_in_an_unknown_member_is_ignored(self):
        self.assertEqual(self.server.call("ListClusters", raw=b'{"unknown":' + b"[" * 20 + b"]" * 20 + b"}")[0], 200)

    def test_invalid_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\x80", b"\xf8\x88\x80\x80\x80"):
            self.answers_400(b'{"cluster":"' + bad + b'"}')
            self.answers_400(b'{"unknown":"' + bad + b'"}')
            self.answers_400(b'{"' + bad + b'":1}')

    def test_nul_characters(self):
        """U+0000 cannot be kept in a text; it is refused, written either way."""
        for raw in (b'{"cluster":"a\\u0000b"}', b'{"cluster":"a\x00b"}', b'{"a\\u0000":1}', b"\x00" * 100, b"{}\x00{}"):
            self.answers_400(raw)

    def test_lone_surrogates(self):
        for raw in (b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\u0041"', b'"\\ud800\\ud800"'):
            self.answers_400(b'{"cluster":' + raw + b"}")

    def test_huge_numbers(self):
        for number in (b"9" * 400, b"-" + b"9" * 400, b"1e999999", b"9" * 100000, b"2.5", b"1e-5"):
            self.answers_400(b'{"maxResults":' + number + b"}", "SerializationException", "ListClusters")

    def test_many_members(self):
        many = b"{" + b",".join(b'"k%d":%d' % (index, index) for index in range(100000)) + b"}"
        self.assertEqual(self.server.call("ListClusters", raw=many)[0], 200)
        same = b"{" + b",".join([b'"cluster":"x"'] * 100000) + b"}"
        status, reply, _ = self.server.call("ListTasks", raw=same)
        self.assertEqual((status, reply["__type"]), (400, "ClusterNotFoundException"))

    def test_long_lists(self):
        for operation, member, text in (("DescribeTasks", "tasks", "taskIds can have at most 100 items."),
                                        ("DescribeContainerInstances", "containerInstances",
                                         "instanceIds can have at most 100 items.")):
            for count in (101, 100000):
                self.assertEqual(self.server.error(operation, {member: ["0" * 32] * count}),
                                 ("InvalidParameterException", text))

    def test_a_huge_definition_is_refused(self):
        """64 KB is a definition's limit (facts: tasks 4.1)."""
        container = {"name": "a", "image": "b", "memory": 16, "environment": [{"name": "N", "value": "x" * 70000}]}
        code, _ = self.server.error("RegisterTaskDefinition", {"family": "huge", "containerDefinitions": [container]})
        self.assertIn(code, ("ClientException", "InvalidParameterException"))
        self.assertEqual(self.server.error("DescribeTaskDefinition", {"taskDefinition": "huge"})[0], "ClientException")

    def test_lists_whose_members_are_compared(self):
        """A list of thousands is refused before each of its members is held against all others."""
        too_large = ("ClientException", "The task definition is larger than 64 KB, the maximum size of a task definition.")
        app = {"name": "a", "image": "b", "memory": 16}
        count = 40000

        def definition(more=None, **members):
            return {"family": "many", "executionRoleArn": "r", "containerDefinitions": [{**app, **members}], **(more or {})}

        definitions = [
            definition(portMappings=[{"containerPort": 1 + index, "name": f"p{index}"} for index in range(count)]),
            definition(secrets=[{"name": f"s{index}", "valueFrom": "x"} for index in range(count)]),
            definition({"volumes": [{"name": f"v{index}"} for index in range(count)]}),
            definition({"volumes": [{"name": f"v{index}", "dockerVolumeConfiguration": {"driver": f"d{index}"}} for index in range(count)]})]
        refusals = [("RegisterTaskDefinition", body, too_large) for body in definitions]
        for operation, member, limit in (("RegisterContainerInstance", "attributes", 500), ("RegisterContainerInstance", "totalResources", 100),
                                         ("ListDaemons", "capacityProviderArns", 100)):
            items = [{"name": f"n{index}", "type": "INTEGER", "integerValue": 1} for index in range(count)]
            body = {member: [item["name"] for item in items] if operation == "ListDaemons" else items}
            refusals.append((operation, body, ("InvalidParameterException", f"{member} can have at most {limit} items.")))
        for operation in ("ListGateways", "ListGatewayRoutes", "ListGatewayClusterAssociations"):
            refusals.append((operation, {"status": ["ACTIVE"] * count}, ("InvalidParameterException", "status can have at most 100 items.")))
        for operation, body, refusal in refusals:
            before = time.monotonic()
            self.assertEqual(self.server.error(operation, body), refusal)
            self.assertLess(time.monotonic() - before, 10, operation)
        self.assertEqual(self.server.ok("RegisterTaskDefinition", definition(
            {"tags": [{"key": f"k{index}", "value": "v" * 256} for index in range(50)]},
            environment=[{"name": "N", "value": "x" * 60000}]))["taskDefinition"]["revision"], 1)

    def test_a_message_that_repeats_the_request(self):
        """The refusal says the whole name; the journal keeps the beginning, so that it does not fill up with such (tearDown)."""
        name = "\u00e9" * 1500000
        for _ in range(20):
            status, reply, _ = self.server.call("CreateCluster", raw=b'{"clusterName":"%s"}' % name.encode())
            self.assertEqual(status, 400)
            self.assertTrue(reply["message"].endswith(f"but was {name}"))
        entry = self.server.admin("GET", "/_ecs/journal?operation=CreateCluster")[1]["entries"][-1]
        self.assertEqual(entry["error"]["code"], "InvalidParameterException")
        kept, dots = entry["error"]["message"][:-1], entry["error"]["message"][-1]
        self.assertTrue(reply["message"].startswith(kept))
        self.assertIn(len(kept.encode()), (4095, 4096))
        self.assertEqual(dots, "\u2026")

    def test_random_bytes(self):
        chance = random.Random(1)
        for _ in range(300):
            self.server.http("POST", "/", chance.randbytes(chance.randrange(1, 3000)), {"X-Amz-Target": TARGET + "RunTask"})

    def test_damaged_requests(self):
        """A real request with single bytes changed: always a documented answer."""
        chance = random.Random(2)
        whole = json.dumps({"family": "f", "volumes": [{"name": "v", "host": {"sourcePath": "/x"}}], "containerDefinitions": [
            {"name": "a", "image": "b", "memory": 16, "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
             "mountPoints": [{"sourceVolume": "v", "containerPath": "/y"}]}]}).encode()
        for _ in range(1000):
            raw = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                where = chance.randrange(len(raw))
                what = chance.random()
                if what < 0.5:
                    raw[where] = chance.randrange(256)
                elif what < 0.75:
                    del raw[where]
                else:
                    raw.insert(where, chance.randrange(256))
            status, reply, _ = self.server.call("RegisterTaskDefinition", raw=bytes(raw))
            self.assertIn(status, (200, 400), bytes(raw))
            if status == 400:
                self.assertIn(reply["__type"], ("SerializationException", "ClientException", "InvalidParameterException"))
        self.server.admin("POST", "/_ecs/reset")


class Limits(Hostile):
    options = ("--log-level", "error", "--max-body-bytes", "65536", "--max-header-bytes", "8192")

    @classmethod
    def sample_work(cls):
        for _ in range(50):
            cls.server.ok("ListClusters")

    def test_the_body_limit(self):
        """One byte more than allowed is refused with 413, with as many it is read."""
        self.assertEqual(self.server.call("ListClusters", raw=b"{" + b" " * 65534 + b"}")[0], 200)
        status, reply, _ = self.server.call("ListClusters", raw=b"{" + b" " * 65535 + b"}")
        self.assertEqual((status, reply["__type"]), (413, "SerializationException"))

    def test_an_announced_giant_is_refused_at_once(self):
        """The reply comes before the body has been sent: for what is far too long, and when the client asks first."""
        for length, more in ((10**9, b""), (10**15, b""), (10**25, b""), (65537, b"Expect: 100-continue\r\n")):
            with self.subTest(length=length), self.server.socket() as connection:
                connection.sendall(head("ListClusters", length, more))
                self.assertRegex(connection.recv(65536).split(b"\r\n")[0], rb" (413|400) ")

    def test_a_chunked_giant(self):
        with self.server.socket() as connection:
            connection.sendall(head("ListClusters", None, b"Transfer-Encoding: chunked\r\n"))
            chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
            sent = 0
            try:
                while sent < 200:
                    ready, writable, _ = select.select([connection], [connection], [], 30)
                    if ready or not writable:
                        break
                    connection.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            data = read_to_end(connection)
            self.assertLess(sent, 200)
            self.assertTrue(data is None or data == b"" or b" 413 " in data.split(b"\r\n")[0], data)
            self.assertIsNotNone(data, "the connection is left open")

    def test_the_header_limit(self):
        for more in (b"X-Long: " + b"x" * 9000 + b"\r\n", b"".join(b"X-%d: y\r\n" % index for index in range(2000))):
            data = self.exchange(head("ListClusters", 0, more))
            self.assertIsNotNone(data)
            self.assertTrue(data == b"" or data.split(b"\r\n")[0].split(b" ")[1] in (b"431", b"413", b"400"), data[:200])

    def test_refusals_of_the_head_have_their_form(self):
        """Too much of a header, or two lengths: a request id, and an error in the form of the endpoint."""
        long = b"X-Long: " + b"x" * 8192 + b"\r\n"
        twice = b"Content-Length: 2\r\n"
        for more, status, code in ((long, 431, "HeaderTooLarge"), (twice, 400, "BadRequest")):
            reply, _, body = self.exchange(head("ListClusters", 2, more) + b"{}").partition(b"\r\n\r\n")
            self.assertEqual(reply.split(b" ")[1], b"%d" % status)
            self.assertIn(b"\r\nx-amzn-requestid: ", reply.lower())
            self.assertEqual(json.loads(body)["__type"], "SerializationException")
            self.assertTrue(json.loads(body)["Message"])
            reply, _, body = self.exchange(
                b"POST /_ecs/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n" + more + b"\r\n{}").partition(b"\r\n\r\n")
            self.assertEqual(reply.split(b" ")[1], b"%d" % status)
            self.assertEqual(json.loads(body)["error"]["code"], code)

    def test_a_request_names_its_host_once(self):
        """HTTP/1.1 has one Host header (RFC 9112, 3.2); HTTP/1.0 may go without."""
        for path, hosts, version, status in (("/", 0, "1.1", 400), ("/", 2, "1.1", 400), ("/", 1, "1.1", 200), ("/", 0, "1.0", 200),
                                             ("/", 2, "1.0", 400), ("/_ecs/reset", 0, "1.1", 400), ("/_ecs/reset", 2, "1.1", 400)):
            with self.subTest(path=path, hosts=hosts, version=version):
                line = b"POST %s HTTP/%s\r\n" % (path.encode(), version.encode())
                reply, _, body = self.exchange(
                    line + b"Host: localhost\r\n" * hosts + b"X-Amz-Target: " + TARGET.encode() + b"ListClusters\r\n"
                    b"Connection: close\r\nContent-Length: 2\r\n\r\n{}").partition(b"\r\n\r\n")
                self.assertEqual(reply.split(b" ")[1], b"%d" % status)
                self.assertIn(b"\r\nx-amzn-requestid: ", reply.lower())
                if status == 400:
                    answer = json.loads(body)
                    self.assertEqual(answer["error"]["code"] if "error" in answer else answer["__type"],
                                     "BadRequest" if path != "/" else "SerializationException")

    def test_a_long_path(self):
        data = self.exchange(b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(data == b"" or data.split(b" ")[1] in (b"414", b"431", b"400", b"404"), data[:200])


class Connections(Hostile):
    options = ("--log-level", "error", "--request-timeout", "1s", "--idle-timeout", "60s")

    def test_truncated_bodies(self):
        """Half a body, then the connection goes away: nothing happens, and nothing is left."""
        body = b'{"clusterName":"never"}'
        for cut in (0, 1, 10, len(body) - 1):
            for _ in range(20):
                with self.server.socket() as connection:
                    connection.sendall(head("CreateCluster", len(body)) + body[:cut])
        self.assertEqual(self.server.ok("ListClusters")["clusterArns"], [])

    def test_half_sent_requests(self):
        whole = request("CreateCluster", b'{"clusterName":"never"}')
        for cut in range(0, len(whole) - 1, 3):
            with self.server.socket() as connection:
                connection.sendall(whole[:cut])
        self.assertEqual(self.server.ok("ListClusters")["clusterArns"], [])

    def test_a_slow_sender_is_cut_off(self):
        """A byte now and then: the request must be complete by --request-timeout, and others are served meanwhile."""
        whole = request("CreateCluster", b'{"clusterName":"slow"}' + b" " * 500)
        for start in (0, 20, len(whole) - 400):
            with self.server.socket() as connection:
                connection.sendall(whole[:start])
                began = time.monotonic()
                closed = False
                for index in range(start, len(whole) - 1):
                    ready, _, _ = select.select([connection], [], [], 0.05)
                    if ready:
                        read_to_end(connection)
                        closed = True
                        break
                    try:
                        connection.sendall(whole[index:index + 1])
                    except OSError:
                        closed = True
                        break
                    self.server.ok("ListClusters")
                self.assertTrue(closed)
                self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.server.ok("ListClusters")["clusterArns"], [])

    def test_a_silent_sender_is_cut_off(self):
        for part in (b"POST / HT", head("CreateCluster", 10), head("CreateCluster", 10) + b"{"):
            with self.server.socket() as connection:
                connection.sendall(part)
                self.assertIsNotNone(read_to_end(connection, 10), part)

    def test_a_reader_that_does_not_read(self):
        """Requests with long replies, none of them read: the others do not notice."""
        for index in range(100):
            self.server.ok("CreateCluster", {"clusterName": f"{'long' * 50}{index}"})
        self.addCleanup(self.server.admin, "POST", "/_ecs/reset")
        stubborn = [self.server.socket() for _ in range(10)]
        try:
            for connection in stubborn:
                connection.setblocking(False)
                try:
                    while connection.send(request() * 50):
                        pass
                except OSError:
                    pass
            for _ in range(50):
                self.assertEqual(len(self.server.ok("ListClusters")["clusterArns"]), 100)
        finally:
            for connection in stubborn:
                connection.close()

    def test_pipelining(self):
        """Requests in one go are answered in their order."""
        names = [f"pipe{index}" for index in range(100)]
        bodies = [json.dumps({"clusterName": name}).encode() for name in names]
        self.addCleanup(self.server.admin, "POST", "/_ecs/reset")
        with self.server.socket() as connection:
            connection.sendall(b"".join(request("CreateCluster", body) for body in bodies))
            replies = []
            stream = connection.makefile("rb")
            for _ in names:
                response = http.client.HTTPResponse(_Stream(stream))
                response.begin()
                replies.append(json.loads(response.read()))
        self.assertEqual([reply["cluster"]["clusterName"] for reply in replies], names)

    def test_things_that_are_not_http(self):
        chance = random.Random(3)
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(500),
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n\r\n", b"\x00" * 1000, b"SSH-2.0-x\r\n",
                     b"POST / HTTP/9.9\r\nHost: x\r\n\r\n", b"POST\r\n\r\n", b" / HTTP/1.1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
                     b"POST / HTTP/1.1\r\nBad Header\r\n\r\n", b"POST / HTTP/1.1\r\n: x\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: a\x00b\r\nX-Amz-Target: \x00\r\nContent-Length: 0\r\n\r\n",
                     *[chance.randbytes(2000) for _ in range(20)]):
            answer = self.exchange(data, 10)
            self.assertIsNotNone(answer, data[:60])
            if answer:
                self.assertTrue(answer.startswith(b"HTTP/1.") or b"<html" in answer or b"ecs-local" in answer, answer[:80])
                self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0] if data[:4] == b"POST" and b"HTTP/1.1" in data
                                 and b"Content-Length: 0" not in data else b"", data[:80])

    def test_a_request_cannot_be_smuggled(self):
        """Two lengths, or a length beside chunks: what follows the first reading of the body is never run as a request
        (RFC 9112, 6.1 and 6.3: refuse, or close the connection after the reply)."""
        hidden = request("CreateCluster", b'{"clusterName":"smuggled"}')
        self.addCleanup(self.server.admin, "POST", "/_ecs/reset")
        for more in (b"Content-Length: 5\r\nContent-Length: %d\r\n" % (5 + len(hidden)),
                     b"Content-Length: %d\r\nContent-Length: 5\r\n" % (5 + len(hidden)),
                     b"Content-Length: 5, %d\r\n" % (5 + len(hidden)),
                     b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n",
                     b"Content-Length: 5\r\nTransfer-Encoding: identity, chunked\r\n",
                     b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                     b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"):
            with self.subTest(headers=more):
                self.exchange(head("ListClusters", None, more) + b"0\r\n\r\n" + hidden, 10)
                found = self.server.ok("ListClusters")["clusterArns"]
                self.server.admin("POST", "/_ecs/reset")
                self.assertEqual(found, [])


class _Stream:
    """What http.client wants of a socket, around a stream that is shared by several replies."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, *_):
        return _Unclosed(self.stream)


class _Unclosed:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        pass

    def flush(self):
        pass


class Crowds(Hostile):
    options = ("--log-level", "error")

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 3 * IDLE_CONNECTIONS:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * IDLE_CONNECTIONS), hard))
        super().setUpClass()

    def test_idle_connections(self):
        """1,000 connections that say nothing, and 1,000 that were used once; everyone else is served."""
        crowd = []
        try:
            for index in range(IDLE_CONNECTIONS):
                connection = self.server.socket()
                crowd.append(connection)
                if index % 2:
                    connection.sendall(request())
            for connection in crowd[1::2]:
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200"))
            began = time.monotonic()
            for _ in range(20):
                self.server.ok("ListClusters")
            self.assertLess(time.monotonic() - began, 5)
            for connection in crowd[1::2]:
                connection.sendall(request())
            for connection in crowd[1::2]:
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200"))
        finally:
            for connection in crowd:
                connection.close()

    def test_a_crowd_after_its_bodies(self):
        """A connection that sent a body of 60 KB and now says nothing does not keep the memory for it."""
        body = b'{"unknown":"' + b"x" * 60000 + b'"}'
        crowd = []
        try:
            with Server(*self.options, "--journal-limit", "0", env=ENVIRONMENT) as server:
                server.call("ListClusters", raw=body)
                before = server.rss_kib()
                for _ in range(IDLE_CONNECTIONS):
                    connection = server.socket()
                    crowd.append(connection)
                    connection.sendall(head("ListClusters", len(body)) + body)
                    self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200"))
                self.assertLess(server.rss_kib() - before, IDLE_CONNECTIONS * 56)
        finally:
            for connection in crowd:
                connection.close()

    def test_a_crowd_that_hangs_up_in_the_middle(self):
        for _ in range(3):
            crowd = [self.server.socket() for _ in range(300)]
            for index, connection in enumerate(crowd):
                connection.sendall(request("ListClusters")[:30 + index % 150])
            for connection in crowd:
                connection.close()


class Crowded(unittest.TestCase):
    def test_more_connections_than_allowed(self):
        """Beyond --max-connections new ones are closed at once; room comes back."""
        with Server("--max-connections", "20", "--log-level", "error") as server:
            inside = []
            for _ in range(20):
                connection = server.socket()
                connection.sendall(request())
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200"))
                inside.append(connection)
            for _ in range(5):
                with server.socket() as outside:
                    try:
                        outside.sendall(request())
                    except OSError:
                        continue
                    self.assertEqual(read_to_end(outside, 10), b"")
            inside[0].sendall(request())
            self.assertTrue(inside[0].recv(65536).startswith(b"HTTP/1.1 200"))
            for connection in inside:
                connection.close()

            def served():
                try:
                    return server.call("ListClusters")[0] == 200
                except (OSError, http.client.HTTPException):
                    return False

            wait_for(served, "room for another connection")

    def test_silent_connections_are_closed(self):
        """--idle-timeout, also after a request."""
        with Server("--idle-timeout", "1s", "--log-level", "error") as server:
            with server.socket() as fresh, server.socket() as used:
                used.sendall(request())
                self.assertTrue(used.recv(65536).startswith(b"HTTP/1.1 200"))
                self.assertEqual(read_to_end(used, 10), b"")
                self.assertIsNotNone(read_to_end(fresh, 10))


if __name__ == "__main__":
    unittest.main()
