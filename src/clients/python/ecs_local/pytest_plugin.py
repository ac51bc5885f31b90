"""pytest fixtures. Nothing to configure when `ecs-local` is on the PATH.

    def test_my_code(ecs_control, ecs_client):
        ecs_control.fleet(2)
        ...

| fixture | scope | is |
| --- | --- | --- |
| ecs_server | session | the server, started on a free port and ended with the run |
| ecs_endpoint | session | its address; that of a running server when ECS_LOCAL_ENDPOINT names one |
| ecs_account | test | 12 digits, a new account for every test: use it as the access key id |
| ecs_control | test | an ecs_local.Control of that account |
| ecs_client | test | boto3's client of that account (skips the test where boto3 is not installed) |
| ecs_environment | test | the same as environment variables, set during the test, for code that makes its own clients |

In pytest.ini or pyproject.toml: `ecs_local_binary`, and `ecs_local_options`, which replaces `--clock held --seed 1`.
"""

from __future__ import annotations

import os
import shlex

import pytest

from .control import Control, new_account
from .server import DEFAULT_OPTIONS, Server


def pytest_addoption(parser):
    parser.addini("ecs_local_binary", "the ecs-local program; else ECS_LOCAL_BIN, else from the PATH", default="")
    parser.addini("ecs_local_options", "options of ecs-local serve", default=" ".join(DEFAULT_OPTIONS))
    parser.getgroup("ecs-local").addoption(
        "--ecs-local-endpoint", default=None, help="use this running server instead of starting one (or ECS_LOCAL_ENDPOINT)")


@pytest.fixture(scope="session")
def ecs_server(pytestconfig):
    """The server of this run (with pytest-xdist: of this worker)."""
    options = shlex.split(pytestconfig.getini("ecs_local_options"))
    with Server(*options, binary=pytestconfig.getini("ecs_local_binary") or None) as server:
        yield server


@pytest.fixture(scope="session")
def ecs_endpoint(request, pytestconfig):
    """Where the server listens."""
    running = pytestconfig.getoption("--ecs-local-endpoint") or os.environ.get("ECS_LOCAL_ENDPOINT")
    return running or request.getfixturevalue("ecs_server").endpoint


@pytest.fixture
def ecs_account():
    """An account that is this test's alone."""
    return new_account()


@pytest.fixture
def ecs_control(ecs_endpoint, ecs_account):
    """Clock, fleet, outcomes, faults, journal and snapshots, for this test's account."""
    control = Control(ecs_endpoint, ecs_account)
    yield control
    control.reset()


@pytest.fixture
def ecs_client(ecs_control):
    """boto3.client("ecs") for this test's account."""
    boto3 = pytest.importorskip("boto3")
    return boto3.client("ecs", **ecs_control.client_options)


@pytest.fixture
def ecs_environment(ecs_control, monkeypatch):
    """Sets the environment that SDKs and the AWS CLI read; the variables that were set."""
    for name, value in ecs_control.environment.items():
        monkeypatch.setenv(name, value)
    return ecs_control.environment
