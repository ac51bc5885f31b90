"""A Docker Engine of the tests' own: Debian's dockerd with a data root, a socket and a network namespace of its own, so that
it neither sees nor disturbs an engine that the machine may have.

    with Engine() as engine:                # raises Unavailable with one sentence where none can run
        engine.import_base()                # the image BASE: Debian 12 with the packages of the build, made by debootstrap
        engine.docker("run", "-d", "image") # the docker command; its output; AssertionError when it fails
        engine.inside("/usr/bin/python3", "-c", "…")   # a command that sees the network of the containers

The namespace has no way out: nothing can be pulled. ECS_LOCAL_TEST_DOCKER=require turns Unavailable into a failure,
=skip says not to try.
"""

import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/docker"
BASE = "ecs-local-test/debian:12"
SUITE = "bookworm"
NAMESPACE = "ecs-local-"
PR_SET_PDEATHSIG = 1
NEEDED = ("dockerd", "docker", "debootstrap", "ip", "nsenter")


class Unavailable(Exception):
    pass


def build_packages():
    text = (ROOT / "scripts/packages.sh").read_text()
    return re.search(r"BUILD_PACKAGES=\(([^)]*)\)", text).group(1).split()


def mirror():
    """The one that this machine's apt uses, so that debootstrap works where apt does."""
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")]
    for path in sources:
        text = path.read_text() if path.is_file() else ""
        for uri in re.findall(r"^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(https?://\S+/debian)/?(?:\s|$)", text, re.M):
            return uri
    return "http://deb.debian.org/debian"


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def checked(command, **more):
    done = run(command, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


def base_tarball():
    """Makes it with debootstrap, or takes the one that an earlier run made for the same packages."""
    packages = build_packages()
    mark = hashlib.sha256(" ".join([SUITE, *packages]).encode()).hexdigest()[:12]
    tarball = CACHE / f"{SUITE}-{mark}.tar"
    if tarball.is_file():
        return tarball
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{SUITE}-*.tar"):
        old.unlink()
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        tree = Path(folder) / "tree"
        log = checked(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, str(tree), mirror()])
        if not (tree / "usr/bin/cmake").exists():
            raise AssertionError(f"debootstrap made no complete tree: {log[-2000:]}")
        made = Path(folder) / "base.tar"
        checked(["tar", "-C", str(tree), "--exclude=./dev", "--exclude=./proc", "--exclude=./sys", "--exclude=./var/cache/apt/archives/*.deb",
                 "-cf", str(made), "."])
        made.rename(tarball)
    return tarball


def end_with_the_parent():
    """A suite that is killed takes its engine along, in order."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def remove_dead_namespaces():
    for path in Path("/run/netns").glob(f"{NAMESPACE}*"):
        if not Path(f"/proc/{path.name.removeprefix(NAMESPACE)}").exists():
            run(["ip", "netns", "del", path.name])


class Engine:
    def __init__(self):
        self.folder = self.process = self.namespace = None

    def start(self):
        wish = os.environ.get("ECS_LOCAL_TEST_DOCKER", "")
        if wish == "skip":
            raise Unavailable("ECS_LOCAL_TEST_DOCKER=skip")
        if os.geteuid() != 0:
            raise Unavailable("only root can start a Docker Engine")
        missing = [name for name in NEEDED if not shutil.which(name)]
        if missing:
            raise Unavailable(f"not installed: {', '.join(missing)}")
        try:
            self._start()
        except Unavailable:
            self.stop()
            raise
        except BaseException as problem:
            self.stop()
            raise Unavailable(str(problem)[-500:]) from problem
        return self

    def _start(self):
        # The path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ecs-docker.", dir="/tmp"))
        remove_dead_namespaces()
        self.namespace = f"{NAMESPACE}{os.getpid()}"
        checked(["ip", "netns", "add", self.namespace])
        checked(self._nsenter("ip", "link", "set", "lo", "up"))
        checked(self._nsenter("ip", "link", "add", "ecs0", "type", "bridge"))
        checked(self._nsenter("ip", "addr", "add", "172.29.0.1/24", "dev", "ecs0"))
        checked(self._nsenter("ip", "link", "set", "ecs0", "up"))
        self.socket = f"unix://{self.folder}/d.sock"
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(
                self._nsenter("dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
                              "--pidfile", f"{self.folder}/d.pid", "--host", self.socket, "--bridge", "ecs0",
                              "--fixed-cidr", "172.29.0.0/24", "--iptables=false", "--ip6tables=false"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_the_parent)
        deadline = time.monotonic() + 30
        while run(["docker", "version"], env=self.environment()).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable("dockerd does not start here: " + self.log().strip().rsplit("\n", 1)[-1])
            time.sleep(0.05)

    def _nsenter(self, *command):
        # Not `ip netns exec`: it mounts another /sys, in which dockerd finds no cgroups.
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *command]

    def log(self):
        return (self.folder / "log").read_text()[-3000:]

    def environment(self):
        return {**os.environ, "DOCKER_HOST": self.socket, "DOCKER_CONFIG": str(self.folder), "DOCKER_BUILDKIT": "0"}

    def docker(self, *arguments, **more):
        return checked(["docker", *arguments], env=self.environment(), **more).strip()

    def inside(self, *command, **more):
        return checked(self._nsenter(*command), **more)

    def import_base(self):
        self.docker("import", str(base_tarball()), BASE)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            containers = run(["docker", "ps", "-aq"], env=self.environment()).stdout.split()
            if containers:
                run(["docker", "rm", "-f", *containers], env=self.environment())
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.namespace is not None:
            run(["ip", "netns", "del", self.namespace])
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.process = self.namespace = self.folder = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def engine_or_skip():
    """A running engine; skips the suite, or fails when ECS_LOCAL_TEST_DOCKER=require."""
    try:
        return Engine().start()
    except Unavailable as problem:
        if os.environ.get("ECS_LOCAL_TEST_DOCKER") == "require":
            raise
        raise unittest.SkipTest(f"no Docker Engine: {problem}") from None
