"""The ECS API document of 2016-07-13, sentence by sentence, with boto3.

Every test names the sentence it stands for in its own words. Where AWS of today differs from the document, today's
behaviour counts and the docstring says so. Each class runs twice: as it is, and with a kill -9 and a restart on the same
data directory between what a test sets up and what it asks (settle())."""

import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

from botocore.exceptions import ClientError  # noqa: E402

ROLE = "arn:aws:iam::000000000000:role/task-role"
OTHER_ROLE = "arn:aws:iam::000000000000:role/other-role"

FULL_CONTAINER = {
    "name": "web_Server-1",
    "image": "docker.example/team/app#x:1.0",
    "cpu": 10,
    "memory": 64,
    "links": ["db:alias"],
    "portMappings": [
        {"containerPort": 80, "hostPort": 8080, "protocol": "tcp"},
        {"containerPort": 53, "hostPort": 5353, "protocol": "udp"},
    ],
    "essential": True,
    "entryPoint": ["sh", "-c"],
    "command": ["echo", "hello"],
    "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
    "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}],
    "volumesFrom": [{"sourceContainer": "db", "readOnly": True}],
    "hostname": "web",
    "user": "nobody",
    "workingDirectory": "/srv",
    "disableNetworking": False,
    "privileged": False,
    "readonlyRootFilesystem": True,
    "dnsServers": ["10.0.0.2"],
    "dnsSearchDomains": ["example.org"],
    "extraHosts": [{"hostname": "h", "ipAddress": "10.0.0.9"}],
    "dockerSecurityOptions": ["label:user:x"],
    "dockerLabels": {"k": "v"},
    "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
    "logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}},
}


class Seed(unittest.TestCase):
    data_dir = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options()).start()

    @classmethod
    def options(cls):
        return ("--timing", "instant")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.connect()
        self.ecs.create_cluster()
        self.instances = []

    def connect(self):
        self.ecs = self.server.boto3(validate=False)

    def settle(self):
        """Between doing and asking. The restart variant kills the server here."""

    def fleet(self, count=1, **more):
        self.instances = self.server.fleet(count, **more)
        return self.instances

    def register(self, family="web", **more):
        container = {"name": "app", "image": "busybox", "cpu": 10, "memory": 16, "command": ["sleep", "1"]}
        container.update(more.pop("container", {}))
        return self.ecs.register_task_definition(
            family=family, containerDefinitions=more.pop("containers", [container]), **more)["taskDefinition"]

    def refused(self, code, text, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error)
        if text is not None:
            self.assertEqual(error["Message"], text)

    def task(self, arn, **more):
        return self.ecs.describe_tasks(tasks=[arn], **more)["tasks"][0]

    def run_one(self, **more):
        reply = self.ecs.run_task(taskDefinition=more.pop("taskDefinition", "web"), **more)
        self.assertEqual(reply["failures"], [])
        return reply["tasks"][0]

    # --- RegisterTaskDefinition ----------------------------------------------------------------------------------

    def test_every_member_is_kept(self):
        """Each member that the document lists for a definition comes back as given."""
        db = {"name": "db", "image": "db", "memory": 8}
        volumes = [{"name": "data", "host": {"sourcePath": "/srv/data"}}, {"name": "scratch"}]
        self.register("all-Members_1", containers=[FULL_CONTAINER, db], volumes=volumes, taskRoleArn=ROLE)
        self.settle()
        got = self.ecs.describe_task_definition(taskDefinition="all-Members_1")["taskDefinition"]
        container = got["containerDefinitions"][0]
        for member, value in FULL_CONTAINER.items():
            self.assertEqual(container[member], value, member)
        self.assertEqual(got["volumes"], [volumes[0], {"name": "scratch", "host": {}}])
        self.assertEqual((got["family"], got["taskRoleArn"], got["status"]), ("all-Members_1", ROLE, "ACTIVE"))
        self.assertEqual(got["taskDefinitionArn"],
                         "arn:aws:ecs:us-east-1:000000000000:task-definition/all-Members_1:1")

    def test_revision_always_increases(self):
        """The first revision is 1, each further one is one more, even when earlier ones were deregistered."""
        self.assertEqual(self.register()["revision"], 1)
        self.assertEqual(self.register()["revision"], 2)
        self.ecs.deregister_task_definition(taskDefinition="web:2")
        self.ecs.deregister_task_definition(taskDefinition="web:1")
        self.settle()
        self.assertEqual(self.register()["revision"], 3)
        self.assertEqual(self.register("other")["revision"], 1)

    def test_family_is_required_and_has_a_character_set(self):
        """A family is needed: up to 255 letters, digits, hyphens and underscores."""
        containers = [{"name": "app", "image": "busybox", "memory": 16}]
        self.refused("ClientException", "Family can not be blank.", self.ecs.register_task_definition,
                     containerDefinitions=containers)
        for family in ("a b", "a.b", "a/b", "x" * 256):
            self.refused("ClientException", "Family contains invalid characters.", self.ecs.register_task_definition,
                         family=family, containerDefinitions=containers)
        self.register("x" * 255)
        self.settle()
        self.assertEqual(self.ecs.describe_task_definition(taskDefinition="x" * 255)["taskDefinition"]["revision"], 1)

    def test_container_definitions_are_required(self):
        """A definition has a list of containers."""
        for arguments in ({}, {"containerDefinitions": []}):
            self.refused("ClientException", "Container list cannot be empty.", self.ecs.register_task_definition,
                         family="web", **arguments)

    def test_container_name_character_set(self):
        """Container names: up to 255 letters, digits, hyphens and underscores; the name is needed."""
        self.refused("ClientException", "Container.name should not be null or empty.", self.register,
                     containers=[{"image": "x", "memory": 16}])
        for name in ("a b", "a.b", "y" * 256):
            self.refused("ClientException", "Container.name contains invalid characters.", self.register,
                         container={"name": name})
        self.register(container={"name": "y" * 255})

    def test_image_is_required(self):
        """The image starts the container."""
        self.refused("ClientException", "Container.image should not be null or empty.", self.register,
                     containers=[{"name": "app", "memory": 16}])

    def test_memory_is_required(self):
        """Memory must be a non-zero integer, and not below Docker's 4 MiB."""
        self.refused(
            "ClientException",
            "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
            self.register, containers=[{"name": "app", "image": "x"}])
        for memory in (0, 3, -1):
            self.refused("ClientException", None, self.register, container={"memory": memory})
        self.register(container={"memory": 6})

    def test_cpu_is_optional(self):
        """CPU need not be given; below 2 and null are fine."""
        got = self.register(containers=[{"name": "app", "image": "x", "memory": 16}])
        self.assertEqual(got["containerDefinitions"][0]["cpu"], 0)
        self.assertEqual(self.register(container={"cpu": 1})["containerDefinitions"][0]["cpu"], 1)

    def test_essential_defaults_to_true(self):
        """A container is taken to be essential unless it says otherwise."""
        self.assertIs(self.register()["containerDefinitions"][0]["essential"], True)

    def test_one_container_must_be_essential(self):
        """All tasks have at least one essential container."""
        self.refused("ClientException", "Task definition doesn't have any essential container", self.register,
                     container={"essential": False})

    def test_protocol_defaults_to_tcp_and_host_port_to_dynamic(self):
        """The protocol is tcp unless given; an omitted host port means one is chosen."""
        got = self.register(container={"portMappings": [{"containerPort": 80}]})
        self.assertEqual(got["containerDefinitions"][0]["portMappings"],
                         [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}])

    def test_volume_name_is_referenced_by_mount_points(self):
        """sourceVolume names a volume of the definition; volume names have the same character set."""
        self.refused("ClientException", "Unknown volume 'nope'.", self.register,
                     container={"mountPoints": [{"sourceVolume": "nope", "containerPath": "/x"}]})
        self.refused("ClientException", None, self.register, volumes=[{"name": "a b"}])

    def test_volumes_from_names_a_container(self):
        """sourceContainer names a container of the definition."""
        self.refused("ClientException", "Invalid 'volumesFrom' setting. Unknown container: 'nope'", self.register,
                     container={"volumesFrom": [{"sourceContainer": "nope"}]})

    def test_enumerations_are_checked(self):
        """ulimit names and log drivers are enumerations."""
        self.refused("ClientException", None, self.register,
                     container={"ulimits": [{"name": "nope", "softLimit": 1, "hardLimit": 1}]})
        self.refused("ClientException", None, self.register, container={"logConfiguration": {"logDriver": "nope"}})

    def test_task_role_adds_a_required_attribute(self):
        """A definition with a role says that its instance must support roles."""
        names = [entry["name"] for entry in self.register(taskRoleArn=ROLE)["requiresAttributes"]]
        self.assertIn("com.amazonaws.ecs.capability.task-iam-role", names)
        self.assertNotIn("requiresAttributes", self.register())

    def test_task_role_is_absent_when_not_given(self):
        """The member is there only when it was given."""
        self.assertNotIn("taskRoleArn", self.register())

    # --- DescribeTaskDefinition ----------------------------------------------------------------------------------

    def test_describe_by_family_revision_and_arn(self):
        """Family alone: the latest ACTIVE revision; family:revision; the ARN."""
        first = self.register()
        self.register()
        third = self.register()
        self.ecs.deregister_task_definition(taskDefinition="web:3")
        self.settle()
        describe = lambda name: self.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]  # noqa: E731
        self.assertEqual(describe("web")["revision"], 2)
        self.assertEqual(describe("web:1")["taskDefinitionArn"], first["taskDefinitionArn"])
        self.assertEqual(describe(third["taskDefinitionArn"])["status"], "INACTIVE")

    def test_describe_unknown(self):
        """A family without ACTIVE revision, an unknown family or revision cannot be described."""
        self.register()
        self.ecs.deregister_task_definition(taskDefinition="web:1")
        self.settle()
        for name in ("web", "nope", "web:9"):
            self.refused("ClientException", "Unable to describe task definition.",
                         self.ecs.describe_task_definition, taskDefinition=name)

    def test_inactive_definitions_can_be_described(self):
        """Today: INACTIVE revisions stay describable when asked for by revision, with the time they became so."""
        self.register()
        self.ecs.deregister_task_definition(taskDefinition="web:1")
        self.settle()
        got = self.ecs.describe_task_definition(taskDefinition="web:1")["taskDefinition"]
        self.assertEqual(got["status"], "INACTIVE")
        self.assertIn("deregisteredAt", got)

    # --- DeregisterTaskDefinition --------------------------------------------------------------------------------

    def test_deregister_needs_a_revision(self):
        """The revision must be given."""
        self.register()
        self.refused("ClientException", "Revision is missing.", self.ecs.deregister_task_definition,
                     taskDefinition="web")
        self.refused("ClientException", "Unable to describe task definition.", self.ecs.deregister_task_definition,
                     taskDefinition="web:7")

    def test_deregister_marks_inactive_and_returns_the_definition(self):
        """The whole definition comes back, INACTIVE, with its role."""
        self.register(taskRoleArn=ROLE)
        got = self.ecs.deregister_task_definition(taskDefinition="web:1")["taskDefinition"]
        self.assertEqual((got["status"], got["taskRoleArn"]), ("INACTIVE", ROLE))
        self.assertEqual(got["containerDefinitions"][0]["name"], "app")
        self.settle()
        again = self.ecs.deregister_task_definition(taskDefinition=got["taskDefinitionArn"])["taskDefinition"]
        self.assertEqual(again["status"], "INACTIVE")

    def test_running_tasks_survive_deregistration(self):
        """Tasks of an INACTIVE definition go on."""
        self.fleet()
        self.register()
        arn = self.run_one()["taskArn"]
        self.ecs.deregister_task_definition(taskDefinition="web:1")
        self.settle()
        self.assertEqual(self.task(arn)["lastStatus"], "RUNNING")

    def test_inactive_definitions_start_nothing(self):
        """An INACTIVE definition runs no new tasks."""
        instances = self.fleet()
        self.register()
        self.ecs.deregister_task_definition(taskDefinition="web:1")
        self.settle()
        self.refused("InvalidParameterException", "TaskDefinition is inactive", self.ecs.run_task,
                     taskDefinition="web:1")
        self.refused("InvalidParameterException", "TaskDefinition is inactive", self.ecs.start_task,
                     taskDefinition="web:1", containerInstances=instances)
        self.refused("ClientException", "TaskDefinition not found.", self.ecs.run_task, taskDefinition="web")

    # --- RunTask -------------------------------------------------------------------------------------------------

    def test_run_uses_the_latest_active_revision(self):
        """Without a revision the latest ACTIVE one runs; family:revision and ARNs name one."""
        self.fleet()
        first = self.register()["taskDefinitionArn"]
        second = self.register()["taskDefinitionArn"]
        self.register()
        self.ecs.deregister_task_definition(taskDefinition="web:3")
        self.settle()
        self.assertEqual(self.run_one()["taskDefinitionArn"], second)
        self.assertEqual(self.run_one(taskDefinition="web:1")["taskDefinitionArn"], first)
        self.assertEqual(self.run_one(taskDefinition=first)["taskDefinitionArn"], first)

    def test_run_defaults_to_the_default_cluster(self):
        """No cluster means the one named default; a name or an ARN picks another."""
        self.fleet()
        other = self.ecs.create_cluster(clusterName="other")["cluster"]["clusterArn"]
        self.server.fleet(1, cluster="other")
        self.register()
        self.settle()
        self.assertTrue(self.run_one()["clusterArn"].endswith(":cluster/default"))
        self.assertEqual(self.run_one(cluster="other")["clusterArn"], other)
        self.assertEqual(self.run_one(cluster=other)["clusterArn"], other)
        self.refused("ClusterNotFoundException", "Cluster not found.", self.ecs.run_task, cluster="nope",
                     taskDefinition="web")

    def test_run_answers_the_task(self):
        """What a new task looks like."""
        self.fleet()
        definition = self.register()
        task = self.run_one()
        self.assertEqual((task["lastStatus"], task["desiredStatus"]), ("PENDING", "RUNNING"))
        self.assertEqual(task["containerInstanceArn"], self.instances[0])
        self.assertEqual(task["taskDefinitionArn"], definition["taskDefinitionArn"])
        container = task["containers"][0]
        self.assertEqual((container["name"], container["lastStatus"], container["taskArn"]),
                         ("app", "PENDING", task["taskArn"]))
        self.assertRegex(container["containerArn"], r":container/default/[0-9a-f]{32}/[0-9a-f-]{36}$")
        self.assertRegex(task["taskArn"], r":task/default/[0-9a-f]{32}$")
        self.assertNotIn("startedAt", task)
        self.assertNotIn("stoppedAt", task)
        self.assertIn("createdAt", task)

    def test_run_overrides(self):
        """Command and environment overrides, by container name; role override beats the definition's role."""
        self.fleet()
        self.register(taskRoleArn=ROLE)
        overrides = {
            "containerOverrides": [{"name": "app", "command": ["x"], "environment": [{"name": "N", "value": "V"}]}],
            "taskRoleArn": OTHER_ROLE,
        }
        arn = self.run_one(overrides=overrides)["taskArn"]
        self.settle()
        got = self.task(arn)["overrides"]
        self.assertEqual(got["taskRoleArn"], OTHER_ROLE)
        self.assertEqual(got["containerOverrides"], overrides["containerOverrides"])

    def test_no_role_override_is_shown_when_none_is_given(self):
        """overrides.taskRoleArn is there only when given."""
        self.fleet()
        self.register(taskRoleArn=ROLE)
        arn = self.run_one()["taskArn"]
        self.settle()
        self.assertNotIn("taskRoleArn", self.task(arn)["overrides"])

    def test_override_of_an_unknown_container(self):
        """The name is one of the definition's containers."""
        self.fleet()
        self.register()
        self.refused("InvalidParameterException",
                     "Override for container named nope is not a container in the TaskDefinition.", self.ecs.run_task,
                     taskDefinition="web", overrides={"containerOverrides": [{"name": "nope", "command": ["x"]}]})

    def test_overrides_have_8192_characters(self):
        """8192 characters of overrides, the JSON's own included."""
        self.fleet()
        self.register()
        shell = len('{"containerOverrides":[{"name":"app","command":[""]}]}')
        fits = {"containerOverrides": [{"name": "app", "command": ["x" * (8192 - shell)]}]}
        over = {"containerOverrides": [{"name": "app", "command": ["x" * (8193 - shell)]}]}
        self.run_one(overrides=fits)
        self.refused("InvalidParameterException", "Container Overrides length must be at most 8192",
                     self.ecs.run_task, taskDefinition="web", overrides=over)

    def test_count(self):
        """So many instantiations of the task; one by default, ten at most."""
        self.fleet()
        self.register()
        self.assertEqual(len(self.ecs.run_task(taskDefinition="web")["tasks"]), 1)
        self.assertEqual(len(self.ecs.run_task(taskDefinition="web", count=10)["tasks"]), 10)
        for count in (0, 11, -1):
            self.refused("InvalidParameterException", None, self.ecs.run_task, taskDefinition="web", count=count)
        self.settle()
        self.assertEqual(len(self.ecs.list_tasks()["taskArns"]), 11)

    def test_random_placement_uses_all_instances(self):
        """RunTask places at random over the instances of the cluster."""
        instances = self.fleet(4)
        self.register(container={"cpu": 1, "memory": 6})
        used = set()
        for _ in range(8):
            for task in self.ecs.run_task(taskDefinition="web", count=10)["tasks"]:
                used.add(task["containerInstanceArn"])
        self.assertEqual(used, set(instances))

    def test_no_instances_is_an_exception(self):
        """Without any instance there is nothing to place on."""
        self.register()
        self.refused("InvalidParameterException", "No Container Instances were found in your cluster.",
                     self.ecs.run_task, taskDefinition="web")

    def test_failures_say_what_is_missing(self):
        """When nothing fits: no tasks, and a failure with the instance's ARN and the reason."""
        instances = self.fleet()
        for member, value, reason in (("cpu", 100000, "RESOURCE:CPU"), ("memory", 10**6, "RESOURCE:MEMORY")):
            self.register(container={member: value})
            reply = self.ecs.run_task(taskDefinition="web")
            self.assertEqual(reply["tasks"], [])
            self.assertEqual(reply["failures"], [{"arn": instances[0], "reason": reason}])

    def test_started_by(self):
        """startedBy is kept, and ListTasks filters by it."""
        self.fleet()
        self.register()
        arn = self.run_one(startedBy="batch-Job_7")["taskArn"]
        self.run_one()
        self.settle()
        self.assertEqual(self.task(arn)["startedBy"], "batch-Job_7")
        self.assertEqual(self.ecs.list_tasks(startedBy="batch-Job_7")["taskArns"], [arn])
        self.refused("InvalidParameterException", None, self.ecs.run_task, taskDefinition="web", startedBy="x" * 129)

    # --- ports ---------------------------------------------------------------------------------------------------

    def ports(self, index=0):
        found = self.ecs.describe_container_instances(containerInstances=[self.instances[index]])
        resources = {entry["name"]: entry for entry in found["containerInstances"][0]["remainingResources"]}
        return (sorted(map(int, resources["PORTS"]["stringSetValue"])),
                sorted(map(int, resources["PORTS_UDP"]["stringSetValue"])))

    def test_reserved_ports(self):
        """22, 2375, 2376 and 51678 are reserved; ports of running tasks are, too, and are released when they stop."""
        self.fleet()
        self.assertTrue({22, 2375, 2376, 51678} <= set(self.ports()[0]))
        self.register(container={"portMappings": [{"containerPort": 80, "hostPort": 8080},
                                                  {"containerPort": 53, "hostPort": 5300, "protocol": "udp"}]})
        arn = self.run_one()["taskArn"]
        self.settle()
        self.assertIn(8080, self.ports()[0])
        self.assertEqual(self.ports()[1], [5300])
        reply = self.ecs.run_task(taskDefinition="web")
        self.assertEqual([entry["reason"] for entry in reply["failures"]], ["RESOURCE:PORTS"])
        self.ecs.stop_task(task=arn)
        self.settle()
        self.assertNotIn(8080, self.ports()[0])
        self.assertEqual(self.ports()[1], [])
        self.run_one()

    def test_a_reserved_port_cannot_be_taken(self):
        """A task that wants port 22 of the host fits nowhere."""
        self.fleet()
        self.register(container={"portMappings": [{"containerPort": 22, "hostPort": 22}]})
        self.assertEqual(self.ecs.run_task(taskDefinition="web")["failures"][0]["reason"], "RESOURCE:PORTS")

    def test_dynamic_ports(self):
        """Host port 0 or none: one of the ephemeral range, shown when RUNNING, never twice, not counted as reserved."""
        self.fleet()
        self.register(container={"cpu": 1, "memory": 6,
                                 "portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 0}]})
        before = self.ports()
        arns = [task["taskArn"] for _ in range(5) for task in
                self.ecs.run_task(taskDefinition="web", count=10)["tasks"]]
        self.settle()
        seen = []
        for task in self.ecs.describe_tasks(tasks=arns)["tasks"]:
            self.assertEqual(task["lastStatus"], "RUNNING")
            bindings = task["containers"][0]["networkBindings"]
            self.assertEqual([entry["containerPort"] for entry in bindings], [80, 81])
            seen += [entry["hostPort"] for entry in bindings]
            self.assertEqual({(entry["bindIP"], entry["protocol"]) for entry in bindings}, {("0.0.0.0", "tcp")})
        self.assertEqual(len(set(seen)), 100)
        self.assertTrue(all(32768 <= port <= 65535 for port in seen))
        self.assertEqual(self.ports(), before)

    def test_a_hundred_reserved_ports(self):
        """An instance has at most 100 reserved ports, the default ones included."""
        self.fleet()
        mappings = [{"containerPort": 1000 + index, "hostPort": 1000 + index} for index in range(95)]
        self.register(container={"portMappings": mappings})
        self.run_one()
        self.assertEqual(len(self.ports()[0]), 100)
        self.register("more", container={"portMappings": [{"containerPort": 1, "hostPort": 9999}]})
        reply = self.ecs.run_task(taskDefinition="more")
        self.assertEqual(reply["failures"][0]["reason"], "RESOURCE:PORTS")

    # --- StartTask -----------------------------------------------------------------------------------------------

    def test_start_on_named_instances(self):
        """A task on each named instance, by id or ARN."""
        instances = self.fleet(3)
        self.register(taskRoleArn=ROLE)
        reply = self.ecs.start_task(
            taskDefinition="web", containerInstances=[instances[2], instances[0].split("/")[-1]],
            overrides={"taskRoleArn": OTHER_ROLE}, startedBy="me")
        self.assertEqual(reply["failures"], [])
        self.assertEqual([task["containerInstanceArn"] for task in reply["tasks"]], [instances[2], instances[0]])
        self.assertEqual(reply["tasks"][0]["overrides"]["taskRoleArn"], OTHER_ROLE)
        self.settle()
        self.assertEqual(self.task(reply["tasks"][1]["taskArn"])["lastStatus"], "RUNNING")

    def test_start_takes_ten_instances(self):
        """The list has one to ten entries."""
        instances = self.fleet(11)
        self.register()
        self.assertEqual(len(self.ecs.start_task(taskDefinition="web", containerInstances=instances[:10])["tasks"]), 10)
        for bad in (instances, []):
            with self.assertRaises(ClientError):
                self.ecs.start_task(taskDefinition="web", containerInstances=bad)

    def test_start_failures(self):
        """Unknown instances are MISSING, deregistered ones INACTIVE; missing resources are named."""
        instances = self.fleet(2)
        self.ecs.deregister_container_instance(containerInstance=instances[1])
        missing = instances[0].rsplit("/", 1)[0] + "/" + "0" * 32
        self.register(container={"cpu": 100000})
        self.settle()
        reply = self.ecs.start_task(taskDefinition="web", containerInstances=[missing, instances[1], instances[0]])
        self.assertEqual(reply["tasks"], [])
        self.assertEqual(reply["failures"], [
            {"arn": missing, "reason": "MISSING"},
            {"arn": instances[1], "reason": "INACTIVE"},
            {"arn": instances[0], "reason": "RESOURCE:CPU"},
        ])

    # --- StopTask ------------------------------------------------------------------------------------------------

    def test_stop(self):
        """Stops a running task; the reason appears in DescribeTasks; the role override is still there."""
        self.fleet()
        self.register()
        arn = self.run_one(overrides={"taskRoleArn": OTHER_ROLE})["taskArn"]
        self.settle()
        stopping = self.ecs.stop_task(task=arn, reason="no longer needed")["task"]
        self.assertEqual((stopping["desiredStatus"], stopping["lastStatus"]), ("STOPPED", "RUNNING"))
        self.assertEqual(stopping["overrides"]["taskRoleArn"], OTHER_ROLE)
        self.settle()
        task = self.task(arn)
        self.assertEqual((task["lastStatus"], task["stoppedReason"], task["stopCode"]),
                         ("STOPPED", "no longer needed", "UserInitiated"))
        self.assertIsInstance(task["containers"][0]["exitCode"], int)
        self.assertLessEqual(task["createdAt"], task["startedAt"])
        self.assertLessEqual(task["startedAt"], task["stoppedAt"])

    def test_stop_by_id_and_again(self):
        """By id; stopping a stopped task changes nothing."""
        self.fleet()
        self.register()
        arn = self.run_one()["taskArn"]
        self.ecs.stop_task(task=arn.split("/")[-1], reason="first")
        self.settle()
        again = self.ecs.stop_task(task=arn, reason="second")["task"]
        self.assertEqual((again["lastStatus"], again["stoppedReason"]), ("STOPPED", "first"))

    def test_stop_reason_has_255_characters(self):
        """Up to 255 characters of reason."""
        self.fleet()
        self.register()
        arn = self.run_one()["taskArn"]
        self.refused("InvalidParameterException", None, self.ecs.stop_task, task=arn, reason="r" * 256)
        self.ecs.stop_task(task=arn, reason="ü" * 255)
        self.assertEqual(self.task(arn)["stoppedReason"], "ü" * 255)

    def test_stop_unknown(self):
        """A task that is not there."""
        self.refused("InvalidParameterException", "The referenced task was not found.", self.ecs.stop_task,
                     task="0" * 32)
        self.refused("InvalidParameterException", "taskId length should be one of [32,36]", self.ecs.stop_task,
                     task="short")

    # --- DescribeTasks -------------------------------------------------------------------------------------------

    def test_describe_tasks(self):
        """By ids and ARNs; unknown ones are failures."""
        self.fleet()
        self.register()
        first, second = (self.run_one()["taskArn"] for _ in range(2))
        self.settle()
        missing = first.rsplit("/", 1)[0] + "/" + "f" * 32
        reply = self.ecs.describe_tasks(tasks=[first, second.split("/")[-1], "f" * 32])
        self.assertEqual([task["taskArn"] for task in reply["tasks"]], [first, second])
        self.assertEqual(reply["failures"], [{"arn": missing, "reason": "MISSING"}])

    def test_running_task_has_the_documented_members(self):
        """lastStatus, containers with status, timestamps in order."""
        self.fleet()
        self.register()
        arn = self.run_one()["taskArn"]
        self.settle()
        task = self.task(arn)
        self.assertEqual((task["lastStatus"], task["containers"][0]["lastStatus"]), ("RUNNING", "RUNNING"))
        self.assertLessEqual(task["createdAt"], task["startedAt"])
        self.assertLess(abs(task["startedAt"].timestamp() - time.time()), 60)
        self.assertNotIn("stoppedAt", task)
        self.assertNotIn("exitCode", task["containers"][0])

    def test_describe_nothing(self):
        """The list may not be empty."""
        self.refused("InvalidParameterException", "Tasks cannot be empty.", self.ecs.describe_tasks, tasks=[])
        self.refused("InvalidParameterException", "taskIds can have at most 100 items.", self.ecs.describe_tasks,
                     tasks=["0" * 32] * 101)


class SeedAfterRestart(Seed):
    """The same, with a kill -9 and a restart on the same data directory wherever a test settles."""

    @classmethod
    def options(cls):
        cls.folder = tempfile.TemporaryDirectory()
        return ("--timing", "instant", "--data-dir", cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def settle(self):
        self.server.restart()
        self.connect()


if __name__ == "__main__":
    unittest.main()
