import pytest

from ecs_local import Control, EcsLocalError, Server, ServerError, WaitTimeout, matches, new_account


def test_accounts_are_twelve_digits_and_never_the_same():
    accounts = {new_account() for _ in range(1000)}
    assert len(accounts) == 1000
    assert all(len(account) == 12 and account.isdigit() for account in accounts)


def test_a_server_says_where_it_listens_and_ends_well():
    server = Server()
    with server:
        assert Control(server.endpoint).health()["status"] == "ok"
    assert server.endpoint is None
    assert server.stop() is None


def test_its_end_is_exit_0():
    server = Server().start()
    assert server.stop() == 0


def test_a_server_that_does_not_start_says_why():
    with pytest.raises(ServerError, match="exit 2"):
        Server("--no-such-option").start()
    with pytest.raises(ServerError, match="no program"):
        Server(binary="/nowhere/ecs-local").start()


def test_options_replace_the_held_clock():
    with Server("--seed", "7") as server:
        assert Control(server.endpoint).clock()["mode"] == "real"


def test_refusals_have_a_code_and_a_message(ecs_control):
    with pytest.raises(EcsLocalError) as caught:
        ecs_control.call("DescribeTasks", tasks=["x"], cluster="nowhere")
    assert caught.value.code == "ClusterNotFoundException"
    assert caught.value.status == 400
    with pytest.raises(EcsLocalError) as caught:
        ecs_control.advance("soon")
    assert caught.value.message


def test_time_moves_when_told_to(ecs_control):
    before = ecs_control.clock()
    assert before["mode"] == "held"
    after = ecs_control.advance("5m")
    assert after["now"] > before["now"]
    assert ecs_control.clock()["now"] == after["now"]


def test_a_fleet_belongs_to_the_account(ecs_control, ecs_endpoint):
    arns = ecs_control.fleet(3, "m5.xlarge", zones=["a", "b"])
    assert len(arns) == 3
    assert all(f":{ecs_control.account}:container-instance/default/" in arn for arn in arns)
    assert ecs_control.call("ListContainerInstances")["containerInstanceArns"] == sorted(arns) or \
        set(ecs_control.call("ListContainerInstances")["containerInstanceArns"]) == set(arns)
    with pytest.raises(EcsLocalError, match="ClusterNotFoundException"):
        Control(ecs_endpoint).call("ListContainerInstances")


def test_wait_for_a_task_moves_held_time(fargate):
    with Server("--clock", "held", "--timing", "realistic") as server:
        control = Control(server.endpoint)
        control.call("CreateCluster")
        control.call("RegisterTaskDefinition", family="web", cpu="256", memory="512", networkMode="awsvpc",
                     requiresCompatibilities=["FARGATE"], containerDefinitions=[{"name": "app", "image": "busybox"}])
        task = control.call("RunTask", taskDefinition="web", launchType="FARGATE",
                            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})["tasks"][0]
        assert task["lastStatus"] == "PROVISIONING"
        begin = control.clock()["now"]
        assert control.wait_for(task=task["taskArn"])["lastStatus"] == "RUNNING"
        assert control.clock()["now"] > begin
        control.call("StopTask", task=task["taskArn"])
        with pytest.raises(WaitTimeout, match="STOPPED"):
            control.wait_for(task=task["taskArn"], status="STOPPED", within="1s")
        assert control.wait_for(task=task["taskArn"], status="STOPPED")["stopCode"] == "UserInitiated"


def test_wait_for_a_condition(ecs_control):
    answers = iter([None, [], "there"])
    assert ecs_control.wait_for(lambda: next(answers)) == "there"
    with pytest.raises(WaitTimeout):
        ecs_control.wait_for(lambda: False, patience=0.05)
    with pytest.raises(TypeError):
        ecs_control.wait_for()


def test_matching():
    event = {"detail-type": "X", "detail": {"group": "family:web", "containers": [{"exitCode": 1}, {"exitCode": 0}]}}
    assert matches({"detail": {"group": "family:web"}}, event)
    assert matches({"detail": {"containers": [{"exitCode": 0}]}}, event)
    assert matches({"detail": {"group": lambda group: group.startswith("family:")}}, event)
    assert not matches({"detail": {"containers": [{"exitCode": 2}]}}, event)
    assert not matches({"detail": {"nothing": 1}}, event)
    assert not matches({"detail": {"group": lambda group: group == "x"}}, event)
    assert not matches({"detail": 1}, event)


def test_reset_forgets_one_account(ecs_control, ecs_endpoint):
    other = Control(ecs_endpoint)
    for control in (ecs_control, other):
        control.call("CreateCluster")
    ecs_control.reset()
    assert ecs_control.call("ListClusters")["clusterArns"] == []
    assert len(other.call("ListClusters")["clusterArns"]) == 1
    other.reset()


def test_an_outcome_decides_what_becomes_of_a_task(ecs_control, fargate):
    made = ecs_control.outcome({"exit": {"code": 3, "after": "30s"}}, family="job", times=1)
    task = fargate("job")
    assert ecs_control.wait_for(task=task, status="RUNNING")
    stopped = ecs_control.wait_for(task=task, status="STOPPED")
    assert stopped["containers"][0]["exitCode"] == 3
    assert stopped["stoppedReason"] == "Essential container in task exited"
    assert [entry["id"] for entry in ecs_control.outcomes()] == [made["id"]]
    ecs_control.clear("outcomes")
    assert ecs_control.outcomes() == []


def test_a_fault_is_for_one_account(ecs_control, ecs_endpoint):
    ecs_control.fault(operation="ListClusters", error="ThrottlingException", times=1)
    other = Control(ecs_endpoint)
    assert other.call("ListClusters")["clusterArns"] == []
    with pytest.raises(EcsLocalError, match="Rate exceeded"):
        ecs_control.call("ListClusters")
    ecs_control.call("ListClusters")
    assert len(ecs_control.faults()) <= 1
    ecs_control.clear("faults")
    assert ecs_control.faults() == []


def test_the_journal_says_what_was_asked_and_what_happened(ecs_control, fargate):
    task = fargate("job")
    ecs_control.wait_for(task=task)
    asked = ecs_control.requests("RunTask")
    assert len(asked) == 1 and asked[0]["kind"] == "request"
    event = ecs_control.wait_for(event={"detail-type": "ECS Task State Change", "detail": {"taskArn": task, "lastStatus": "RUNNING"}})
    assert event["source"] == "aws.ecs" and event["account"] == ecs_control.account
    assert ecs_control.events({"detail": {"lastStatus": "STOPPED"}}) == []
    with pytest.raises(WaitTimeout):
        ecs_control.wait_for(event={"detail": {"lastStatus": "STOPPED"}}, within="1s", patience=0.05)


def test_explain_says_why_a_task_waits(ecs_control, fargate):
    assert ecs_control.explain(task=fargate("job"))


def test_snapshots_and_forks():
    with Server() as server:
        control = Control(server.endpoint)
        control.call("CreateCluster", clusterName="kept")
        control.snapshot("one")
        assert [entry["name"] for entry in control.snapshots()] == ["one"]
        control.call("CreateCluster", clusterName="lost")
        control.restore("one")
        assert [arn.rsplit("/", 1)[-1] for arn in control.call("ListClusters")["clusterArns"]] == ["kept"]
        other = control.fork()
        assert other.account != control.account
        assert other.call("ListClusters")["clusterArns"] == [arn.replace(control.account, other.account)
                                                           for arn in control.call("ListClusters")["clusterArns"]]
        control.delete_snapshot("one")
        assert control.snapshots() == []
