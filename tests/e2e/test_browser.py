"""A real browser with a page of another origin: whatever it tries, nothing changes and nothing is told. Needs Chromium
(Debian's package chromium); skipped where there is none."""

import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PAGE = """<!doctype html><title>elsewhere</title><body>
<iframe name=sink hidden></iframe>
<form id=plain method=post enctype=text/plain target=sink action="%(url)s/"><input name='{"clusterName":"by-form","x":"' value='"}'></form>
<form id=multi method=post enctype=multipart/form-data target=sink action="%(url)s/_ecs/reset"><input name=a value=b></form>
<form id=coded method=post target=sink action="%(url)s/_ecs/faults"><input name=a value=b></form>
<script>
const url = "%(url)s", target = "AmazonEC2ContainerServiceV20141113.";
const late = () => new Promise(done => setTimeout(() => done("late"), 5000));
async function attempt(name, what) {
  let came;
  try { came = await Promise.race([what(), late()]); } catch (error) { came = "blocked"; }
  await fetch("/said", {method: "POST", body: name + "=" + came});
}
const post = (path, more) => fetch(url + path, {method: "POST", ...more}).then(reply => reply.type === "opaque" ? "opaque" : reply.status);
const frame = (id) => new Promise(done => { const sink = document.querySelector("iframe"); sink.onload = () => done("sent"); document.getElementById(id).submit(); });
(async () => {
  await attempt("read", () => fetch(url + "/_ecs/journal").then(reply => reply.text()));
  await attempt("read-opaque", () => fetch(url + "/_ecs/journal", {mode: "no-cors"}).then(reply => reply.text()).then(text => text.length));
  await attempt("reset", () => post("/_ecs/reset", {mode: "no-cors"}));
  await attempt("fault", () => post("/_ecs/faults", {mode: "no-cors", body: '{"error":"ServerException"}'}));
  await attempt("fault-json", () => post("/_ecs/faults", {headers: {"Content-Type": "application/json"}, body: '{"error":"ServerException"}'}));
  await attempt("delete", () => fetch(url + "/_ecs/faults", {method: "DELETE"}).then(reply => reply.status));
  await attempt("aws", () => post("/", {headers: {"X-Amz-Target": target + "CreateCluster", "Content-Type": "application/x-amz-json-1.1"}, body: '{"clusterName":"by-fetch"}'}));
  await attempt("aws-simple", () => post("/", {mode: "no-cors", body: '{"clusterName":"by-fetch"}'}));
  await attempt("beacon", () => navigator.sendBeacon(url + "/_ecs/reset", "{}"));
  await attempt("events", () => new Promise((done, fail) => { const source = new EventSource(url + "/_ecs/events?after=0");
    source.onmessage = source.onopen = () => done("open"); source.onerror = () => { source.close(); fail(); }; }));
  await attempt("image", () => new Promise((done, fail) => { const image = new Image(); image.onload = () => done("loaded"); image.onerror = fail;
    image.src = url + "/_ecs/snapshots"; }));
  for (const id of ["plain", "multi", "coded"]) await attempt(id, () => frame(id));
  await fetch("/said", {method: "POST", body: "done"});
})();
</script>"""


class Elsewhere:
    """Serves the page from an origin of its own, and hears what came of its attempts."""

    def __init__(self, page):
        self.said, self.done = {}, threading.Event()
        elsewhere = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(page.encode())

            def do_POST(self):
                name, _, came = self.rfile.read(int(self.headers["Content-Length"])).decode().partition("=")
                elsewhere.said[name] = came
                self.answer(b"")
                if name == "done":
                    elsewhere.done.set()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(CHROMIUM, "there is no Chromium here (Debian: apt-get install chromium)")
class Browser(unittest.TestCase):
    def command(self, folder, *options):
        return [CHROMIUM, "--headless=new", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}", "--disable-dev-shm-usage",
                *(["--no-sandbox"] if os.geteuid() == 0 else []), *options]

    def dom(self, url, *options):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            done = subprocess.run(self.command(folder, "--dump-dom", *options, url), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, timeout=120, env={**os.environ, "HOME": folder})
        if not done.stdout.strip():
            self.skipTest("Chromium does not run here: " + done.stderr.strip()[-200:])
        return done.stdout

    def test_a_page_of_another_origin_can_do_nothing(self):
        with Server() as server, Elsewhere(PAGE % {"url": server.url}) as elsewhere, \
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            self.dom("data:text/html,<p>it runs</p>")
            server.ok("CreateCluster", {"clusterName": "mine"})
            browser = subprocess.Popen(self.command(folder, "--remote-debugging-port=0", elsewhere.url), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "HOME": folder})
            try:
                self.assertTrue(elsewhere.done.wait(90), elsewhere.said)
            finally:
                browser.terminate()
                browser.wait(20)
            said = elsewhere.said
            for name in ("read", "fault-json", "delete", "aws", "events", "image"):
                self.assertEqual(said[name], "blocked", said)
            for name in ("reset", "fault", "aws-simple"):
                self.assertIn(said[name], ("opaque", "blocked"), said)
            self.assertIn(said["read-opaque"], ("0", "blocked"), said)
            self.assertEqual({said[name] for name in ("plain", "multi", "coded")}, {"sent"}, said)
            self.assertEqual([arn.rsplit("/", 1)[1] for arn in server.ok("ListClusters")["clusterArns"]], ["mine"])
            self.assertEqual(server.admin("GET", "/_ecs/faults")[1], {"faults": []})
            asked = [entry["operation"] for entry in server.admin("GET", "/_ecs/journal?kind=request")[1]["entries"]]
            self.assertEqual(asked, ["CreateCluster", "ListClusters"])

    def test_a_name_that_leads_here_opens_nothing(self):
        with Server() as server:
            rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
            self.assertIn("Forbidden", self.dom(f"http://evil.example:{server.port}/_ecs/journal", rules))
            self.assertIn("nextCursor", self.dom(f"http://127.0.0.1:{server.port}/_ecs/journal"))


if __name__ == "__main__":
    unittest.main()
