"""The plugin as a test run of somebody else sees it."""

import os
from pathlib import Path

import ecs_local
import pytest
from ecs_local import Server


@pytest.fixture(autouse=True)
def plugin(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(ecs_local.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_PLUGINS", "ecs_local.pytest_plugin")
    monkeypatch.delenv("ECS_LOCAL_ENDPOINT", raising=False)


def test_every_test_has_an_account_of_its_own(pytester):
    pytester.makepyfile("""
        seen = set()

        def test_one(ecs_control, ecs_account):
            assert ecs_control.account == ecs_account
            seen.add(ecs_account)
            ecs_control.call("CreateCluster")

        def test_two(ecs_control, ecs_account):
            assert ecs_account not in seen
            assert ecs_control.call("ListClusters")["clusterArns"] == []
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_clients(pytester):
    pytest.importorskip("boto3")
    pytester.makepyfile("""
        import os

        def test_client(ecs_client, ecs_control):
            ecs_client.create_cluster(clusterName="mine")
            assert len(ecs_control.call("ListClusters")["clusterArns"]) == 1

        def test_environment(ecs_environment, ecs_control):
            assert os.environ["AWS_ENDPOINT_URL_ECS"] == ecs_control.endpoint
            assert os.environ["AWS_ACCESS_KEY_ID"] == ecs_control.account

        def test_the_environment_is_as_before():
            assert os.environ.get("AWS_ENDPOINT_URL_ECS") is None
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=3)


def test_options_come_from_the_configuration(pytester):
    pytester.makeini("[pytest]\necs_local_options = --clock x60 --account 111122223333\n")
    pytester.makepyfile("""
        def test_clock(ecs_control):
            assert ecs_control.clock()["mode"] == "scaled"
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_running_server_is_used(pytester):
    with Server() as server:
        pytester.makepyfile(f"""
            def test_endpoint(ecs_endpoint, ecs_control):
                assert ecs_endpoint == "{server.endpoint}"
                ecs_control.health()
        """)
        pytester.runpytest_subprocess("--ecs-local-endpoint", server.endpoint).assert_outcomes(passed=1)


def test_a_missing_program_is_said_clearly(pytester):
    pytester.makeini("[pytest]\necs_local_binary = no-such-program\n")
    pytester.makepyfile("def test_it(ecs_control): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no program 'no-such-program'*"])


def test_no_server_is_left(pytester):
    pytester.makepyfile("""
        import pathlib

        def test_it(ecs_server, ecs_control):
            pathlib.Path("pid").write_text(str(ecs_server._process.pid))
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((pytester.path / "pid").read_text()), 0)
