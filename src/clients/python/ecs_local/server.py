"""The program as a child process on a free port."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque

# Time stands still until a test moves it, and ids repeat: a test that passes once passes always.
DEFAULT_OPTIONS = ("--clock", "held", "--seed", "1")
LOG_LINES = 200
PR_SET_PDEATHSIG = 1


class ServerError(RuntimeError):
    """The program is not there, or it does not start."""


def find_binary(name: str | None = None) -> str:
    """`name`, else what ECS_LOCAL_BIN names, else `ecs-local` on the PATH."""
    wanted = name or os.environ.get("ECS_LOCAL_BIN") or "ecs-local"
    found = shutil.which(wanted)
    if found is None:
        raise ServerError(f"there is no program {wanted!r}: put ecs-local on the PATH, or name it in ECS_LOCAL_BIN")
    return found


def _end_with_the_parent() -> None:
    """A test run that is killed leaves no server behind (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _parent_is_told() -> bool:
    # The kernel means the thread that starts the child: only the main thread lives as long as the process.
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


class Server:
    """A server of one's own: `Server()` or `Server("--timing", "realistic")`, in a `with` block or with start() and stop().

    Without options the clock is held and the seed fixed; options of your own replace these.
    """

    def __init__(self, *options: str, binary: str | None = None, seconds: float = 10):
        self.options = list(options or DEFAULT_OPTIONS)
        self.endpoint: str | None = None
        self._binary = binary
        self._seconds = seconds
        self._process: subprocess.Popen | None = None
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._threads: list[threading.Thread] = []

    def start(self) -> Server:
        command = [find_binary(self._binary), "serve", "--host", "127.0.0.1", "--port", "0", *self.options]
        # What is set for a shared server must not reach this one.
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("ECS_LOCAL_") or key == "ECS_LOCAL_TALLY"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
            preexec_fn=_end_with_the_parent if _parent_is_told() else None)
        self._follow(self._process.stderr)
        late = threading.Timer(self._seconds, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        if " ready on http://" not in line:
            status = self._process.wait()
            self._close()
            raise ServerError(f"ecs-local did not start (exit {status}): {line}{self.log}".strip())
        self.endpoint = line.split()[-1]
        self._follow(self._process.stdout)
        return self

    def _follow(self, stream) -> None:
        # Read always, so that the program never waits for a full pipe.
        thread = threading.Thread(target=lambda: self._log.extend(stream), daemon=True)
        thread.start()
        self._threads.append(thread)

    @property
    def log(self) -> str:
        """The last lines that the program wrote."""
        return "".join(self._log)

    def stop(self, seconds: float = 10) -> int | None:
        """Ends it; its exit status (0 when all was well)."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._close()
        return status

    def _close(self) -> None:
        for thread in self._threads:
            thread.join(5)
        for stream in (self._process.stdout, self._process.stderr):
            stream.close()
        self._process, self._threads, self.endpoint = None, [], None

    def __enter__(self) -> Server:
        return self if self._process is not None else self.start()

    def __exit__(self, *_) -> None:
        self.stop()
