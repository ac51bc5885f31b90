import pytest

from ecs_local import EcsLocalError

pytest_plugins = ["ecs_local.pytest_plugin", "pytester"]


@pytest.fixture
def fargate(ecs_control):
    """Registers a family and runs a task of it."""

    def run(family="job", **more):
        ecs_control.call(
            "RegisterTaskDefinition", family=family, cpu="256", memory="512", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            containerDefinitions=[{"name": "app", "image": "busybox"}])
        reply = ecs_control.call("RunTask", taskDefinition=family, launchType="FARGATE",
                                 networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}}, **more)
        return reply["tasks"][0]["taskArn"]

    try:
        ecs_control.call("CreateCluster")
    except EcsLocalError as problem:
        pytest.fail(str(problem))
    return run
