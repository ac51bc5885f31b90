"""POST /_ecs/fork: an account gets what another has, in every table, and goes its own way from there."""

import json
import sqlite3
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

FROM, TO = "111111111111", "222222222222"
GLOBAL = {"meta", "scopes", "journal", "outcomes", "faults", "sinks", "hook_answers", "target_rules", "task_log"}
NAMED = {"definition_id": "task_definitions"}
DEFINITION = {"family": "web", "taskRoleArn": f"arn:aws:iam::{FROM}:role/app", "executionRoleArn": "arn:aws:iam::333333333333:role/other",
              "containerDefinitions": [{"name": "app", "image": f"{FROM}.dkr.ecr.us-east-1.amazonaws.com/app", "cpu": 100, "memory": 64}]}


def fork(server, **body):
    return server.admin("POST", "/_ecs/fork", {"from": FROM, "to": TO, **body})


NAMED = {"source_revision_id": "daemon_revisions", "definition_id": "task_definitions"}  # as in fork.sql


def populate(server, account=FROM, region="us-east-1", tasks=3):
    who = {"access_key": account, "region": region}
    server.fleet(2, account=account, region=region)
    server.ok("RegisterTaskDefinition", DEFINITION, **who)
    server.ok("RegisterTaskDefinition", {**DEFINITION, "family": "api"}, **who)
    server.ok("DeregisterTaskDefinition", {"taskDefinition": "api:1"}, **who)
    server.ok("PutAccountSetting", {"name": "containerInsights", "value": "enabled"}, **who)
    server.ok("PutAttributes", {"attributes": [{"name": "stack", "value": "blue", "targetId": server.ok(
        "ListContainerInstances", **who)["containerInstanceArns"][0]}]}, **who)
    server.ok("CreateCapacityProvider", {"name": "mine", "autoScalingGroupProvider": {
        "autoScalingGroupArn": f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:1:autoScalingGroupName/a"}}, **who)
    role = "arn:aws:iam::000000000000:role/i"
    server.ok("CreateGateway", {"name": "g", "infrastructureRoleArn": role, "configuration": {"hostSharedAlb": {}}}, **who)
    server.ok("AssociateGatewayWithCluster", {"gateway": "g", "cluster": "default"}, **who)
    server.ok("CreateCapacityProvider", {"name": "mi", "cluster": "default", "managedInstancesProvider": {
        "infrastructureRoleArn": role, "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": "arn:aws:iam::000000000000:instance-profile/x", "networkConfiguration": {"subnets": ["subnet-1"]}}}}, **who)
    server.fleet(1, account=account, region=region, instances=[{"count": 1, "instanceType": "m5.large", "capacityProvider": "mi"}])
    server.ok("RegisterDaemonTaskDefinition", {"family": "agent", "containerDefinitions": [{"name": "a", "image": "a"}]}, **who)
    for operation, daemon in (("CreateDaemon", {"daemonName": "d"}), ("UpdateDaemon", {"daemonArn": f"arn:aws:ecs:{region}:{account}:daemon/default/d"})):
        server.ok(operation, {**daemon, "daemonTaskDefinitionArn": "agent", "capacityProviderArns": ["mi"]}, **who)
    return server.ok("RunTask", {"taskDefinition": "web", "count": tasks, "clientToken": "t", "startedBy": "me",
                                 "tags": [{"key": "a", "value": "b"}]}, **who)["tasks"]


def seen_by(server, account, region="us-east-1"):
    """All that the account sees, as text."""
    who = {"access_key": account, "region": region}
    instances = server.ok("ListContainerInstances", **who)["containerInstanceArns"]
    tasks = [arn for status in ("RUNNING", "STOPPED") for arn in server.ok("ListTasks", {"desiredStatus": status}, **who)["taskArns"]]
    return json.dumps([
        server.ok("DescribeClusters", {"include": ["STATISTICS", "TAGS", "SETTINGS"]}, **who),
        server.ok("DescribeContainerInstances", {"containerInstances": instances}, **who),
        server.ok("DescribeTasks", {"tasks": tasks, "include": ["TAGS"]}, **who) if tasks else [],
        [server.ok("DescribeTaskDefinition", {"taskDefinition": name}, **who) for name in ("web:1", "api:1")],
        server.ok("ListTaskDefinitionFamilies", **who),
        server.ok("DescribeCapacityProviders", {"capacityProviders": ["mine"]}, **who),
        server.ok("ListAccountSettings", {"effectiveSettings": False}, **who),
        server.ok("DescribeGateway", {"gateway": "g"}, **who),
        server.ok("ListGatewayClusterAssociations", **who),
        server.ok("DescribeDaemonTaskDefinition", {"daemonTaskDefinition": "agent"}, **who),
        server.ok("DescribeDaemon", {"daemonArn": f"arn:aws:ecs:{region}:{account}:daemon/default/d"}, **who),
        server.ok("ListDaemonDeployments", {"daemonArn": f"arn:aws:ecs:{region}:{account}:daemon/default/d"}, **who),
        server.ok("ListTasks", {"daemonName": "d"}, **who),
        server.ok("ListAttributes", {"targetType": "container-instance", "attributeName": "stack"}, **who),
    ], sort_keys=True)


def renamed(text):
    """As the copy must show it: ARNs of the account, and nothing else that looks like it."""
    return text.replace(f":{FROM}:", f":{TO}:")


class Case(unittest.TestCase):
    options = ("--clock", "held", "--seed", "3", "--timing", "realistic", "--log-level", "error")

    def start(self, *options):
        server = Server(*self.options, *options).start()
        self.addCleanup(server.stop)
        return server

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def database(self, server):
        """The database of the server as it is now."""
        self.assertEqual(server.admin("POST", "/_ecs/snapshots", {"name": "now"})[0], 200)
        path = self.folder() / "now.db"
        path.write_bytes(server.http("GET", "/_ecs/snapshots/now")[2])
        database = sqlite3.connect(path)
        self.addCleanup(database.close)
        return database


class Forking(Case):
    def test_the_copy_is_the_same_but_for_its_account(self):
        server = self.start()
        populate(server)
        server.advance(by="1s")
        before = seen_by(server, FROM)
        self.assertEqual(fork(server), (200, {"from": FROM, "to": TO}))
        self.assertEqual(seen_by(server, TO), renamed(before))
        self.assertEqual(seen_by(server, FROM), before)
        self.assertIn(f"arn:aws:iam::{TO}:role/app", seen_by(server, TO))
        self.assertIn(f"{FROM}.dkr.ecr", seen_by(server, TO))
        self.assertIn("arn:aws:iam::333333333333:role/other", seen_by(server, TO))

    def test_work_in_flight_goes_on_in_both(self):
        server = self.start()
        populate(server)
        server.advance(by="6s")  # the daemon has begun
        fork(server)
        fired = server.advance(by="5m")["fired"]
        moves = [[(move["task"].split("/")[-1], move["from"], move["to"], move["at"]) for move in fired if f":{account}:" in move.get("task", "")]
                 for account in (FROM, TO)]
        self.assertGreater(len(moves[0]), 2)
        self.assertEqual(moves[0], moves[1])

    def test_each_goes_its_own_way(self):
        server = self.start()
        tasks = populate(server)
        fork(server)
        before = seen_by(server, FROM)
        copy = tasks[0]["taskArn"].replace(FROM, TO)
        self.assertEqual(server.ok("StopTask", {"task": copy}, access_key=TO)["task"]["desiredStatus"], "STOPPED")
        server.ok("RunTask", {"taskDefinition": "web", "count": 2}, access_key=TO)
        self.assertEqual(server.ok("RegisterTaskDefinition", DEFINITION, access_key=TO)["taskDefinition"]["revision"], 2)
        self.assertEqual(seen_by(server, FROM), before)
        again = server.ok("RunTask", {"taskDefinition": "web", "count": 3, "clientToken": "t", "startedBy": "me",
                                      "tags": [{"key": "a", "value": "b"}]}, access_key=TO)
        self.assertEqual([task["taskArn"] for task in again["tasks"]], [task["taskArn"].replace(FROM, TO) for task in tasks])

    def test_task_ids_lead_to_the_account_s_own_task(self):
        """Task ids of a copy are those of the original, and of the copy's copy: each names a task in each account."""
        server = self.start()
        tasks = [task["taskArn"].split("/")[-1] for task in populate(server)]
        third = "333333333333"
        fork(server)
        self.assertEqual(server.admin("POST", "/_ecs/fork", {"from": TO, "to": third})[0], 200)
        server.ok("RunTask", {"taskDefinition": "web"}, access_key=third)
        for index, account in enumerate((FROM, TO, third)):
            who = {"access_key": account}
            server.ok("TagResource", {"resourceArn": f"arn:aws:ecs:us-east-1:{account}:task/default/{tasks[index]}",
                                      "tags": [{"key": "whose", "value": account}]}, **who)
            server.ok("StopTask", {"task": tasks[index]}, **who)
        for index, account in enumerate((FROM, TO, third)):
            who = {"access_key": account}
            shown = server.ok("DescribeTasks", {"tasks": [*tasks, "0" * 32], "include": ["TAGS"]}, **who)
            self.assertEqual([task["desiredStatus"] for task in shown["tasks"]],
                             ["STOPPED" if place == index else "RUNNING" for place in range(3)])
            self.assertEqual([task["taskArn"].split(":")[4] for task in shown["tasks"]], [account] * 3)
            self.assertIn({"key": "whose", "value": account}, shown["tasks"][index]["tags"])
            self.assertEqual([failure["reason"] for failure in shown["failures"]], ["MISSING"])
            pages, token = [], {}
            while not pages or token:
                page = server.ok("ListTasks", {"family": "web", "maxResults": 1, **token}, **who)
                pages += page["taskArns"]
                token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
            running = [arn.split("/")[-1] for arn in pages]
            self.assertEqual(running[:2], [task for place, task in enumerate(tasks) if place != index])
            self.assertEqual(len(running), 3 if account == third else 2)

    def test_what_was_there_is_replaced(self):
        server = self.start()
        populate(server)
        populate(server, TO)
        server.ok("CreateCluster", {"clusterName": "extra"}, access_key=TO)
        for _ in range(3):
            fork(server)
        self.assertEqual(seen_by(server, TO), renamed(seen_by(server, FROM)))
        self.assertEqual(len(server.ok("ListClusters", access_key=TO)["clusterArns"]), 1)

    def test_regions(self):
        server = self.start()
        populate(server)
        populate(server, region="eu-west-1", tasks=1)
        self.assertEqual(fork(server, region="eu-west-1"), (200, {"from": FROM, "to": TO, "region": "eu-west-1"}))
        self.assertEqual(seen_by(server, TO, "eu-west-1"), renamed(seen_by(server, FROM, "eu-west-1")))
        self.assertEqual(server.ok("ListClusters", access_key=TO)["clusterArns"], [])
        fork(server)
        for region in ("us-east-1", "eu-west-1"):
            self.assertEqual(seen_by(server, TO, region), renamed(seen_by(server, FROM, region)))

    def test_it_survives_kill_9(self):
        server = self.start("--data-dir", str(self.folder() / "state"))
        populate(server)
        fork(server)
        want = seen_by(server, TO)
        server.restart()
        self.assertEqual(seen_by(server, TO), want)

    def test_refusals(self):
        server = self.start()
        for body in ({"from": "1"}, {"to": None}, {"to": FROM}, {"to": "22222222222x"}):
            status, reply = fork(server, **body)
            self.assertEqual((status, reply["error"]["code"]), (400, "InvalidFork"), body)
        status, reply = fork(server)
        self.assertEqual((status, reply["error"]["code"]), (404, "AccountNotFound"))


class Tables(Case):
    """The schema itself says how a row is copied (sql/statements/fork.sql): so that no table is forgotten."""

    def tables(self, database):
        rows = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name for (name,) in rows}

    def references(self, database, table):
        for _, name, kind, _, _, _ in database.execute(f"PRAGMA table_info({table})"):
            if kind == "INTEGER" and name.endswith(("_id", "_row")):
                stem = name.removesuffix("_id").removesuffix("_row")
                yield name, NAMED[name] if name in NAMED else stem[:-1] + "ies" if stem.endswith("y") and stem[-2] not in "ae" else stem + "s"

    def test_every_column_that_names_a_row_names_a_table(self):
        database = self.database(self.start())
        tables = self.tables(database)
        for table in tables - GLOBAL:
            references = dict(self.references(database, table))
            for column, target in references.items():
                self.assertIn(target, tables, f"{table}.{column}: see the head of fork.sql")
            self.assertTrue(references, f"{table} belongs to no account: is it global? see the head of fork.sql")

    def test_no_column_is_unique_over_all_accounts(self):
        database = self.database(self.start())
        for table in self.tables(database) - GLOBAL:
            owners = {name for name, _ in self.references(database, table)}
            for _, index, unique, origin, _ in database.execute(f"PRAGMA index_list({table})"):
                columns = {row[2] for row in database.execute(f"PRAGMA index_info({index})")}
                self.assertTrue(not unique or columns & owners, f"{table}: {columns} must be unique within an account only")

    def test_as_many_rows_as_the_original(self):
        server = self.start()
        populate(server)
        before = self.counts(self.database(server))
        fork(server)
        after = self.counts(self.database(server))
        self.assertEqual(after, {table: 2 * count for table, count in before.items()})
        server.admin("POST", f"/_ecs/reset?account={TO}")
        self.assertEqual(self.counts(self.database(server)), before)

    def counts(self, database):
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in self.tables(database) - GLOBAL}


if __name__ == "__main__":
    unittest.main()
