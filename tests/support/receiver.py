"""A real HTTP receiver on a port of the loopback interface: it takes requests, answers as told, hangs, goes away and comes back.

    with Receiver() as receiver:
        receiver.answer = 500               # or a function of the request that answers (status, body)
        receiver.wait(3)                    # until three requests have come; answers them
"""

import http.server
import socketserver
import threading


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class Receiver:
    def __init__(self):
        self.answer = 200
        self.requests = []
        self.condition = threading.Condition()
        self.hanging = threading.Event()
        self.hanging.set()  # set: does not hang
        self.server = None
        self.port = 0

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, reply = receiver.take(Request(self.path, dict(self.headers), body))
                receiver.hanging.wait(30)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        self.hanging.set()
        self.server.shutdown()
        self.server.server_close()

    def take(self, request):
        with self.condition:
            answer = self.answer(request) if callable(self.answer) else (self.answer, b"{}")
            request.status = answer[0]
            self.requests.append(request)
            self.condition.notify_all()
        return answer

    def wait(self, count, seconds=20):
        with self.condition:
            if not self.condition.wait_for(lambda: len(self.requests) >= count, seconds):
                raise AssertionError(f"{len(self.requests)} requests have come, not {count}")
            return list(self.requests)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
