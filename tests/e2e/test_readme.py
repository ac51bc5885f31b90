"""README's examples, taken out of README and run: what it promises works as pasted."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from server import BINARY, ROOT, Server  # noqa: E402

CHAPTER = "Testing with ecs-local"
EXAMPLES = 5
SECONDS = 120


def chapters():
    """Title → text of README's second-level chapters; "" is what comes before the first."""
    parts = re.split(r"^## (.+)$", (ROOT / "README.md").read_text(), flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def blocks(text):
    """(language, code) of every fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


class Readme(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # A user's PATH with the program on it.
        self.environment = {**os.environ, "PATH": f"{Path(BINARY).parent}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1",
                            "PYTHONPATH": str(ROOT / "src/clients/python"), "PYTEST_PLUGINS": "ecs_local.pytest_plugin",
                            "ECS_LOCAL_BIN": BINARY}
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION", "ECS_LOCAL_ENDPOINT"):
            self.environment.pop(name, None)

    def run_command(self, *command):
        done = subprocess.run(command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout[-5000:])
        return done.stdout

    def write(self, name, code):
        path = self.folder / name
        path.write_text(code)
        return str(path)

    def run_python(self, code):
        output = self.run_command("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", self.write("test_example.py", code))
        self.assertRegex(output, rf"\b{len(re.findall(r'^def test_', code, re.M))} passed")
        self.assertNotIn("skipped", output)

    def run_js(self, code):
        modules = self.folder / "node_modules"
        modules.mkdir()
        installed = ROOT / "tests/e2e/node_modules"
        if not (installed / "@aws-sdk/client-ecs").is_dir():
            self.skipTest("@aws-sdk/client-ecs is not installed")
        (modules / "@aws-sdk").symlink_to(installed / "@aws-sdk")
        (modules / "ecs-local").symlink_to(ROOT / "src/clients/node")
        output = self.run_command("node", "--test", self.write("example.test.mjs", code))
        self.assertRegex(output, rf"pass {len(re.findall(r'^test[(]', code, re.M))}\b")

    def run_sh(self, code):
        # The example's server is in the background; its port is a fixed one there, a free one here.
        with Server("--clock", "held", "--seed", "1") as server:
            lines = [line for line in code.splitlines() if not re.match(r"ecs-local( serve)? .*&$", line)]
            self.assertLess(len(lines), len(code.splitlines()), "the example starts a server in the background")
            self.environment["ECS_LOCAL_ENDPOINT"] = server.url
            self.run_command("bash", "-euo", "pipefail", self.write("example.sh", "\n".join(lines).replace("http://localhost:4566", server.url)))

    def test_the_chapter_has_five_examples(self):
        self.assertGreaterEqual(len(blocks(chapters()[CHAPTER])), EXAMPLES)

    def test_boto3_as_pasted(self):
        (code,) = [code for language, code in blocks(chapters()[""]) if language == "python"]
        self.assertLessEqual(len(code.splitlines()), 6)
        with Server() as server:
            self.assertEqual(self.run_command("/usr/bin/python3", "-c", code.replace("http://localhost:4566", server.url)), "RUNNING\n")

    def test_links_lead_somewhere(self):
        for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "src").rglob("README.md"), *(ROOT / "tests").glob("**/README.md")]:
            if "node_modules" in path.parts:
                continue
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
                self.assertTrue((path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}")


def add_example(number, language, code):
    def body(self):
        getattr(self, f"run_{language}")(code)

    body.__doc__ = code.splitlines()[0]
    setattr(Readme, f"test_example_{number}_{language}", body)


for example_number, (example_language, example_code) in enumerate(blocks(chapters().get(CHAPTER, "")), 1):
    add_example(example_number, example_language, example_code)


if __name__ == "__main__":
    unittest.main()
