"""Gateways: the eleven operations with plain calls (Debian's SDK does not know them), their defaults, their refusals and
what they have to do with clusters. Facts: services 14."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from server import Server  # noqa: E402

ROLE = "arn:aws:iam::000000000000:role/infrastructure"
PREFIX = "arn:aws:ecs:us-east-1:000000000000:"
ARN = r"^arn:aws:ecs:us-east-1:000000000000:gateway/%s/[0-9a-f]{32}$"
INVALID = "InvalidParameterException"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.server.ok("CreateCluster")

    def create(self, name="g", alb=None, **more):
        body = {"name": name, "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": alb or {}}, **more}
        return self.server.ok("CreateGateway", body)

    def gateway(self, name="g"):
        return self.server.ok("DescribeGateway", {"gateway": name})["gateway"]

    def refused(self, code, text, operation, body):
        self.assertEqual(self.server.error(operation, body), (code, text))


class Life(Case):
    def test_create_answers_little(self):
        got = self.create()
        self.assertEqual((got["name"], got["status"], set(got)), ("g", "ACTIVE", {"gatewayArn", "name", "status"}))
        self.assertRegex(got["gatewayArn"], ARN % "g")

    def test_defaults(self):
        arn = self.create()["gatewayArn"]
        got = self.gateway()
        self.assertEqual(got.pop("createdAt"), got.pop("updatedAt"))
        self.assertEqual(got, {
            "gatewayArn": arn, "name": "g", "status": "ACTIVE", "infrastructureRoleArn": ROLE, "deletionProtection": True,
            "configuration": {"hostSharedAlb": {
                "networkConfiguration": {"ipAddressType": "dualstack"}, "scheme": "internet-facing", "port": 443,
                "protocol": "HTTPS", "maxAlbCount": 10, "httpDesync": "defensive", "currentAlbCount": 0}},
            "accessType": "PUBLIC", "propagateTags": "GATEWAY", "tags": []})
        self.assertEqual(self.gateway(arn), self.gateway("g"))

    def test_what_is_given_stays(self):
        alb = {"networkConfiguration": {"inboundSecurityGroup": "sg-1", "subnets": ["subnet-1", "subnet-2"], "ipAddressType": "ipv4"},
               "scheme": "internal", "webACLArn": "arn:aws:wafv2:::x", "accessLogs": {"destination": {"s3": {"bucket": "b", "prefix": "p"}}},
               "port": 8443, "protocol": "HTTP", "maxAlbCount": 3, "httpDesync": "strictest",
               "testTrafficRules": {"header": {"name": "x-test", "values": ["1"]}}}
        self.create(alb=alb, deletionProtection=False, propagateTags="NONE", tags=[{"key": "k", "value": "v"}])
        got = self.gateway()
        self.assertEqual(got["configuration"], {"hostSharedAlb": {**alb, "currentAlbCount": 0}})
        self.assertEqual((got["accessType"], got["deletionProtection"], got["propagateTags"], got["tags"]),
                         ("PRIVATE", False, "NONE", [{"key": "k", "value": "v"}]))

    def test_blanks_are_not_given(self):
        self.create(alb={"webACLArn": "", "scheme": "", "networkConfiguration": {"inboundSecurityGroup": ""}}, clientToken="")
        got = self.gateway()["configuration"]["hostSharedAlb"]
        self.assertEqual((got["scheme"], got["networkConfiguration"], "webACLArn" in got), ("internet-facing", {"ipAddressType": "dualstack"}, False))

    def test_update(self):
        arn = self.create(alb={"maxAlbCount": 2, "networkConfiguration": {"subnets": ["s"]}})["gatewayArn"]
        got = self.server.ok("UpdateGateway", {
            "gateway": arn, "infrastructureRoleArn": ROLE + "2", "deletionProtection": False, "propagateTags": "NONE",
            "configuration": {"hostSharedAlb": {"networkConfiguration": {"inboundSecurityGroup": "sg-9"}, "httpDesync": "monitor"}}})
        self.assertEqual(got, {"gatewayArn": arn, "name": "g", "status": "UPDATE_IN_PROGRESS"})
        got = self.gateway()
        self.assertEqual(got["status"], "UPDATE_COMPLETE")
        self.assertEqual((got["infrastructureRoleArn"], got["deletionProtection"], got["propagateTags"]), (ROLE + "2", False, "NONE"))
        alb = got["configuration"]["hostSharedAlb"]
        self.assertEqual((alb["networkConfiguration"], alb["httpDesync"], alb["maxAlbCount"]),
                         ({"subnets": ["s"], "inboundSecurityGroup": "sg-9", "ipAddressType": "dualstack"}, "monitor", 2))

    def test_an_empty_update_changes_nothing_but_the_time(self):
        self.create(tags=[{"key": "k", "value": "v"}])
        before = self.gateway()
        self.server.ok("UpdateGateway", {"gateway": "g"})
        after = self.gateway()
        self.assertEqual({**after, "status": "ACTIVE", "updatedAt": 0}, {**before, "updatedAt": 0})

    def test_delete(self):
        arn = self.create(deletionProtection=False)["gatewayArn"]
        self.assertEqual(self.server.ok("DeleteGateway", {"gateway": "g"}), {"gatewayArn": arn, "name": "g", "status": "DELETED"})
        for operation in ("DescribeGateway", "DeleteGateway", "UpdateGateway", "DescribeGatewayResources", "ListGatewayRoutes"):
            self.refused("GatewayNotFoundException", "Gateway not found.", operation, {"gateway": "g"})
        self.assertEqual(self.server.ok("ListGateways"), {"gateways": []})
        self.assertNotEqual(self.create()["gatewayArn"], arn)
        self.refused("GatewayNotFoundException", "Gateway not found.", "DescribeGateway", {"gateway": arn})

    def test_a_token_makes_creation_repeatable(self):
        first = self.create(clientToken="t")
        self.assertEqual(self.create(clientToken="t"), first)
        body = {"name": "g", "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": {}}}
        text = "Creation of gateway was not idempotent."
        self.refused(INVALID, text, "CreateGateway", body)
        self.refused(INVALID, text, "CreateGateway", {**body, "clientToken": "other"})
        self.refused(INVALID, text, "CreateGateway", {**body, "clientToken": "t", "deletionProtection": False})
        self.assertNotEqual(self.create("h", clientToken="t")["gatewayArn"], first["gatewayArn"])

    def test_accounts_do_not_see_each_other(self):
        self.create()
        self.assertEqual(self.server.ok("ListGateways", access_key="111111111111"), {"gateways": []})

    def test_tags(self):
        arn = self.create(tags=[{"key": "a", "value": "1"}])["gatewayArn"]
        self.server.ok("TagResource", {"resourceArn": arn, "tags": [{"key": "b", "value": "2"}]})
        self.server.ok("UntagResource", {"resourceArn": arn, "tagKeys": ["a"]})
        self.assertEqual(self.server.ok("ListTagsForResource", {"resourceArn": arn}), {"tags": [{"key": "b", "value": "2"}]})
        self.assertEqual(self.gateway()["tags"], [{"key": "b", "value": "2"}])
        self.refused(INVALID, "The specified gateway does not exist.", "ListTagsForResource", {"resourceArn": arn[:-1] + "x"})

    def test_list(self):
        for name in ("c", "a", "b"):
            self.create(name)
        self.server.ok("UpdateGateway", {"gateway": "b"})
        page = self.server.ok("ListGateways", {"maxResults": 2})
        self.assertEqual([gateway["name"] for gateway in page["gateways"]], ["a", "b"])
        self.assertEqual(set(page["gateways"][0]), {"gatewayArn", "name", "status", "createdAt"})
        rest = self.server.ok("ListGateways", {"maxResults": 2, "nextToken": page["nextToken"]})
        self.assertEqual(([gateway["name"] for gateway in rest["gateways"]], "nextToken" in rest), (["c"], False))
        names = lambda **more: [gateway["name"] for gateway in self.server.ok("ListGateways", more)["gateways"]]  # noqa: E731
        self.assertEqual(names(status=["UPDATE_COMPLETE"]), ["b"])
        self.assertEqual(names(status=["ACTIVE", "UPDATE_COMPLETE"]), ["a", "b", "c"])
        self.assertEqual(names(names=["c", "none", "a"]), ["a", "c"])
        self.refused(INVALID, "Invalid token", "ListGateways", {"nextToken": page["nextToken"], "status": ["ACTIVE"]})

    def test_survives_a_kill(self):
        with tempfile.TemporaryDirectory() as directory, Server("--data-dir", directory) as server:
            server.ok("CreateCluster")
            server.ok("CreateGateway", {"name": "g", "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": {}}})
            server.ok("AssociateGatewayWithCluster", {"gateway": "g", "cluster": "default"})
            before = (server.ok("DescribeGateway", {"gateway": "g"}), server.ok("ListGatewayClusterAssociations"))
            server.restart()
            self.assertEqual((server.ok("DescribeGateway", {"gateway": "g"}), server.ok("ListGatewayClusterAssociations")), before)
            server.admin("POST", "/_ecs/reset?account=000000000000")
            self.assertEqual(server.ok("ListGateways"), {"gateways": []})
            server.ok("CreateCluster")
            self.assertEqual(server.ok("ListGatewayClusterAssociations"), {"gatewayClusterAssociations": []})


class Refusals(Case):
    body = {"name": "g", "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": {}}}

    def test_create(self):
        for change, text in (
            ({"name": "a b"}, r"Gateway must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b"),
            ({"name": "x" * 256}, r"Gateway must match ^[a-zA-Z0-9\-_]{1,255}$, but was " + "x" * 256),
            ({"name": ""}, "Gateway can not be blank."),
            ({"infrastructureRoleArn": "role"}, "Role is not valid"),
            ({"configuration": {}}, "The gateway configuration must have exactly one member: hostSharedAlb."),
            ({"clientToken": "t" * 37}, "idempotency token longer than 36."),
            ({"tags": [{"key": "aws:x", "value": "v"}]}, None),
            ({"configuration": {"hostSharedAlb": {"port": 0}}}, None),
            ({"configuration": {"hostSharedAlb": {"maxAlbCount": 0}}}, None),
            ({"configuration": {"hostSharedAlb": {"scheme": "inside"}}}, None),
        ):
            code, message = self.server.error("CreateGateway", {**self.body, **change})
            self.assertEqual(code, INVALID, change)
            if text is not None:
                self.assertEqual(message, text)
        self.assertEqual(self.server.ok("ListGateways"), {"gateways": []})

    def test_update(self):
        self.create()
        self.refused(INVALID, "Role is not valid", "UpdateGateway", {"gateway": "g", "infrastructureRoleArn": "r"})
        self.refused(INVALID, "The gateway configuration must have exactly one member: hostSharedAlb.", "UpdateGateway",
                     {"gateway": "g", "configuration": {}})
        self.assertEqual(self.gateway()["status"], "ACTIVE")

    def test_identifiers(self):
        self.create()
        for text, message in (
            (PREFIX + "cluster/default", "Unsupported resource type: cluster"),
            (PREFIX + "gateway/g", "Invalid identifier: Unexpected number of separators"),
            ("arn:aws:ecs:eu-west-1:000000000000:gateway/g/0", "Invalid Region in ARN"),
            ("arn:aws:ecs:us-east-1:111111111111:gateway/g/0", "AccountIDs mismatch"),
            ("a b", r"Gateway must match ^[a-zA-Z0-9\-_]{1,255}$, but was a b"),
        ):
            self.refused(INVALID, message, "DescribeGateway", {"gateway": text})

    def test_delete_is_guarded(self):
        self.create()
        self.refused(INVALID, "The gateway cannot be deleted while deletion protection is enabled. Disable deletion protection and try again.",
                     "DeleteGateway", {"gateway": "g"})
        self.server.ok("UpdateGateway", {"gateway": "g", "deletionProtection": False})
        self.server.ok("AssociateGatewayWithCluster", {"gateway": "g", "cluster": "default"})
        self.refused(INVALID, "The gateway cannot be deleted while it is associated with a cluster. Disassociate it from all clusters and try again.",
                     "DeleteGateway", {"gateway": "g"})
        self.server.ok("DisassociateGatewayFromCluster", {"gateway": "g", "cluster": "default"})
        self.server.ok("DeleteGateway", {"gateway": "g"})
        self.assertEqual(self.server.ok("ListGatewayClusterAssociations"), {"gatewayClusterAssociations": []})

    def test_pages(self):
        self.create()
        for operation, limit, more in (("ListGateways", 100, {}), ("ListGatewayRoutes", 100, {}),
                                       ("ListGatewayClusterAssociations", 100, {}), ("DescribeGatewayResources", 20, {"gateway": "g"})):
            self.refused(INVALID, f"maxResults must be between 1 and {limit}.", operation, {"maxResults": limit + 1, **more})
            self.refused(INVALID, "Invalid token", operation, {"nextToken": "x", **more})
        self.refused(INVALID, "names can have at most 10 items.", "ListGateways", {"names": list("abcdefghijk")})


class Associations(Case):
    def pair(self, **more):
        return {"gateway": "g", "cluster": "default", **more}

    def test_come_and_go(self):
        arn = self.create()["gatewayArn"]
        shown = {"gatewayArn": arn, "clusterArn": PREFIX + "cluster/default", "status": "ACTIVE"}
        self.assertEqual(self.server.ok("AssociateGatewayWithCluster", self.pair()), shown)
        self.assertEqual(self.server.ok("AssociateGatewayWithCluster", self.pair(cluster=shown["clusterArn"], gateway=arn)), shown)
        self.assertEqual(self.server.ok("ListGatewayClusterAssociations"), {"gatewayClusterAssociations": [shown]})
        self.assertEqual(self.server.ok("DisassociateGatewayFromCluster", self.pair()), {**shown, "status": "DISASSOCIATING"})
        self.assertEqual(self.server.ok("ListGatewayClusterAssociations"), {"gatewayClusterAssociations": [{**shown, "status": "INACTIVE"}]})
        self.refused("ResourceNotFoundException", "The gateway is not associated with the cluster.", "DisassociateGatewayFromCluster", self.pair())
        self.assertEqual(self.server.ok("AssociateGatewayWithCluster", self.pair()), shown)

    def test_refusals(self):
        self.create()
        for operation in ("AssociateGatewayWithCluster", "DisassociateGatewayFromCluster"):
            self.refused("GatewayNotFoundException", "Gateway not found.", operation, self.pair(gateway="none"))
            self.refused("ClusterNotFoundException", "Cluster not found.", operation, self.pair(cluster="none"))
        self.refused("ResourceNotFoundException", "The gateway is not associated with the cluster.", "DisassociateGatewayFromCluster", self.pair())
        self.server.ok("CreateCluster", {"clusterName": "gone"})
        self.server.ok("DeleteCluster", {"cluster": "gone"})
        self.refused("ClusterNotFoundException", "The referenced cluster was inactive.", "AssociateGatewayWithCluster", self.pair(cluster="gone"))

    def test_five_for_a_cluster(self):
        for name in "abcdef":
            self.create(name)
        for name in "abcde":
            self.server.ok("AssociateGatewayWithCluster", self.pair(gateway=name))
        self.refused(INVALID, "A cluster can be associated with at most 5 gateways.", "AssociateGatewayWithCluster", self.pair(gateway="f"))
        self.server.ok("AssociateGatewayWithCluster", self.pair(gateway="a"))
        self.server.ok("DisassociateGatewayFromCluster", self.pair(gateway="c"))
        self.server.ok("AssociateGatewayWithCluster", self.pair(gateway="f"))

    def test_a_deleted_cluster_lets_go(self):
        self.create(deletionProtection=False)
        self.server.ok("AssociateGatewayWithCluster", self.pair())
        self.server.ok("DeleteCluster", {"cluster": "default"})
        self.assertEqual([one["status"] for one in self.server.ok("ListGatewayClusterAssociations")["gatewayClusterAssociations"]], ["INACTIVE"])
        self.server.ok("DeleteGateway", {"gateway": "g"})

    def test_filters_and_pages(self):
        for name in ("x", "y"):
            self.server.ok("CreateCluster", {"clusterName": name})
            self.create("g" + name)
        pairs = [("gx", "x"), ("gx", "y"), ("gy", "x")]
        for gateway, cluster in pairs:
            self.server.ok("AssociateGatewayWithCluster", {"gateway": gateway, "cluster": cluster})
        self.server.ok("DisassociateGatewayFromCluster", {"gateway": "gx", "cluster": "y"})

        def found(**more):
            reply = self.server.ok("ListGatewayClusterAssociations", more)
            return [(one["gatewayArn"].split("/")[1], one["clusterArn"].split("/")[1]) for one in reply["gatewayClusterAssociations"]]

        self.assertEqual(found(), pairs)
        self.assertEqual(found(gateway="gx"), [("gx", "x"), ("gx", "y")])
        self.assertEqual(found(cluster="x"), [("gx", "x"), ("gy", "x")])
        self.assertEqual(found(cluster="y", gateway="gx"), [("gx", "y")])
        self.assertEqual(found(status=["INACTIVE"]), [("gx", "y")])
        self.assertEqual(found(status=["ACTIVE"], cluster="x"), [("gx", "x"), ("gy", "x")])
        self.assertEqual((found(gateway="none"), found(cluster="none")), ([], []))
        page = self.server.ok("ListGatewayClusterAssociations", {"maxResults": 2})
        self.assertEqual(len(page["gatewayClusterAssociations"]), 2)
        rest = self.server.ok("ListGatewayClusterAssociations", {"maxResults": 2, "nextToken": page["nextToken"]})
        self.assertEqual((len(rest["gatewayClusterAssociations"]), "nextToken" in rest), (1, False))


class Routes(Case):
    def test_none_without_a_service(self):
        arn = self.create()["gatewayArn"]
        self.assertEqual(self.server.ok("DescribeGatewayResources", {"gateway": "g"}),
                         {"gatewayResources": {"gatewayArn": arn, "resources": {"hostSharedAlb": []}}})
        self.assertEqual(self.server.ok("ListGatewayRoutes"), {"gatewayRoutes": []})
        self.assertEqual(self.server.ok("ListGatewayRoutes", {"gateway": "g", "cluster": "default", "service": "s", "status": ["ACTIVE"]}),
                         {"gatewayRoutes": []})
        self.assertEqual(self.server.ok("ListGatewayRoutes", {"service": PREFIX + "service/none/s"}), {"gatewayRoutes": []})

    def test_refusals(self):
        arn = self.create()["gatewayArn"].replace("gateway/", "gateway-route/") + "/" + "0" * 32
        self.refused("ResourceNotFoundException", "Gateway route not found.", "DescribeGatewayRoute", {"gatewayRouteArn": arn})
        self.refused(INVALID, "Unsupported resource type: cluster", "DescribeGatewayRoute", {"gatewayRouteArn": PREFIX + "cluster/x"})
        self.refused(INVALID, "Invalid identifier: Unexpected number of separators", "DescribeGatewayRoute", {"gatewayRouteArn": "x"})
        self.refused(INVALID, "Unsupported resource type: task", "ListGatewayRoutes", {"service": PREFIX + "task/x/y"})
        self.refused(INVALID, "Invalid identifier: Unexpected number of separators", "ListGatewayRoutes", {"service": PREFIX + "service/y"})


class RoutesOfServices(unittest.TestCase):
    """Routes come and go with services that have gatewayConnectors."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--clock", "held", "--timing", "realistic").start()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop() == 0

    def setUp(self):
        self.server.admin("POST", "/_ecs/reset")
        self.server.ok("CreateCluster")
        self.gateway("g")
        self.server.ok("RegisterTaskDefinition", {
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "app", "image": "a", "portMappings": [
                {"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "admin"}]}]})

    def gateway(self, name, associate=True, **alb):
        self.server.ok("CreateGateway", {"name": name, "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": alb}, "deletionProtection": False})
        if associate:
            self.server.ok("AssociateGatewayWithCluster", {"gateway": name, "cluster": "default"})

    def service(self, name="s", port="http", **filters):
        return self.server.ok("CreateService", {
            "serviceName": name, "taskDefinition": "web", "desiredCount": 0, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "gatewayConnectors": [{"portName": port, **({"filters": filters} if filters else {})}]})["service"]

    def routes(self, **more):
        return self.server.ok("ListGatewayRoutes", more)["gatewayRoutes"]

    def brief(self, **more):
        return [(one["gatewayArn"].split("/")[1], one["serviceArn"].split("/")[-1], one["serviceContainerPortName"], one["status"]) for one in self.routes(**more)]

    def test_a_route_comes_and_goes(self):
        self.service()
        self.assertEqual(self.brief(), [("g", "s", "http", "CREATE_IN_PROGRESS")])
        self.server.advance(by="20s")
        self.assertEqual(self.brief(), [("g", "s", "http", "ACTIVE")])
        arn = self.routes()[0]["gatewayRouteArn"]
        self.assertRegex(arn, "^" + PREFIX + "gateway-route/g/[0-9a-f]{32}/[0-9a-f]{32}$")
        route = self.server.ok("DescribeGatewayRoute", {"gatewayRouteArn": arn})["gatewayRoute"]
        self.assertEqual((route["serviceArn"], route["serviceContainerPortName"], route["status"]), (PREFIX + "service/default/s", "http", "ACTIVE"))
        self.assertRegex(route["serviceUrl"], r"^https://[0-9a-f]{32}\.ecs\.us-east-1\.on\.aws$")
        resources = self.server.ok("DescribeGatewayResources", {"gateway": "g"})["gatewayResources"]["resources"]["hostSharedAlb"]
        self.assertEqual([(one["gatewayRouteArns"], one["loadBalancerArn"]) for one in resources], [([arn], route["resources"]["hostSharedAlb"][0]["loadBalancerArn"])])
        self.assertEqual(self.server.ok("DescribeGateway", {"gateway": "g"})["gateway"]["configuration"]["hostSharedAlb"]["currentAlbCount"], 1)
        self.server.ok("DeleteService", {"service": "s"})
        self.assertEqual(self.brief(), [("g", "s", "http", "DELETE_IN_PROGRESS")])
        self.server.advance(by="20s")
        self.assertEqual(self.brief(), [])
        self.assertEqual(self.server.error("DescribeGatewayRoute", {"gatewayRouteArn": arn}), ("ResourceNotFoundException", "Gateway route not found."))

    def test_the_revision_shows_it(self):
        revision = self.service()["currentServiceRevisions"][0]["arn"]
        self.server.advance(by="1m")
        got = self.server.ok("DescribeServiceRevisions", {"serviceRevisionArns": [revision]})["serviceRevisions"][0]
        connection = got["ecsManagedResources"]["gatewayConnections"][0]
        self.assertEqual((connection["portName"], connection["accessType"], connection["status"], connection["gatewayRouteArn"]),
                         ("http", "PUBLIC", "ACTIVE", self.routes()[0]["gatewayRouteArn"]))

    def test_a_cluster_waits_for_its_routes(self):
        self.service()
        self.server.ok("DisassociateGatewayFromCluster", {"gateway": "g", "cluster": "default"})
        status = lambda: self.server.ok("ListGatewayClusterAssociations")["gatewayClusterAssociations"][0]["status"]  # noqa: E731
        self.server.advance(by="1m")
        self.assertEqual(status(), "DISASSOCIATING")
        self.assertEqual(self.server.error("AssociateGatewayWithCluster", {"gateway": "g", "cluster": "default"}),
                         (INVALID, "The gateway is being disassociated from the cluster. Wait and try again."))
        self.assertEqual(self.server.error("DeleteGateway", {"gateway": "g"})[0], INVALID)
        self.server.ok("UpdateService", {"service": "s", "gatewayConnectors": []})
        self.server.advance(by="19s")
        self.assertEqual(status(), "DISASSOCIATING")
        self.server.advance(by="1s")
        self.assertEqual(status(), "INACTIVE")
        self.server.ok("DeleteGateway", {"gateway": "g"})

    def test_another_port(self):
        self.service()
        self.server.advance(by="20s")
        self.server.ok("UpdateService", {"service": "s", "gatewayConnectors": [{"portName": "admin"}]})
        self.assertEqual(self.brief(), [("g", "s", "http", "DELETE_IN_PROGRESS"), ("g", "s", "admin", "CREATE_IN_PROGRESS")])
        self.server.ok("UpdateService", {"service": "s", "gatewayConnectors": [{"portName": "http"}]})
        self.assertEqual(self.brief(), [("g", "s", "http", "CREATE_IN_PROGRESS"), ("g", "s", "admin", "DELETE_IN_PROGRESS")])
        self.server.advance(by="20s")
        self.assertEqual(self.brief(), [("g", "s", "http", "ACTIVE")])

    def test_every_gateway_that_the_filter_lets_through(self):
        self.gateway("inside", scheme="internal")
        self.gateway("elsewhere", associate=False)
        self.service("all")
        self.service("private", accessTypes=["PRIVATE"])
        self.assertEqual([one[:2] for one in self.brief()], [("g", "all"), ("inside", "all"), ("inside", "private")])

    def test_filters_and_pages(self):
        self.service("a")
        self.service("b", port="admin")
        names = lambda **more: [one[1] for one in self.brief(**more)]  # noqa: E731
        self.assertEqual(names(gateway="g"), ["a", "b"])
        self.assertEqual(names(service="b"), ["b"])
        self.assertEqual(names(service=PREFIX + "service/default/a"), ["a"])
        self.assertEqual(names(cluster="default", serviceContainerPortName="admin"), ["b"])
        self.assertEqual(names(status=["ACTIVE"]), [])
        self.assertEqual(names(cluster="none"), [])
        page = self.server.ok("ListGatewayRoutes", {"maxResults": 1})
        rest = self.server.ok("ListGatewayRoutes", {"maxResults": 1, "nextToken": page["nextToken"]})
        self.assertEqual((len(page["gatewayRoutes"]), len(rest["gatewayRoutes"]), "nextToken" in rest), (1, 1, False))

    def test_routes_go_on_after_a_kill(self):
        with tempfile.TemporaryDirectory() as directory:
            outer = self.server
            with Server("--clock", "held", "--timing", "realistic", "--data-dir", directory) as server:
                self.server = server
                try:
                    self.setUp()
                    self.service()
                    server.restart()
                    self.assertEqual(self.brief(), [("g", "s", "http", "CREATE_IN_PROGRESS")])
                    server.advance(by="20s")
                    server.restart()
                    self.assertEqual(self.brief(), [("g", "s", "http", "ACTIVE")])
                finally:
                    self.server = outer

    def test_load_balancers_fill_up(self):
        self.gateway("small", associate=False, maxAlbCount=1)
        self.server.ok("DisassociateGatewayFromCluster", {"gateway": "g", "cluster": "default"})
        self.server.ok("AssociateGatewayWithCluster", {"gateway": "small", "cluster": "default"})
        for number in range(101):
            self.service(f"s{number}")
        failed = self.routes(status=["CREATE_FAILED"])
        self.assertEqual([one["serviceArn"].split("/")[-1] for one in failed], ["s100"])
        self.server.ok("UpdateGateway", {"gateway": "small", "configuration": {"hostSharedAlb": {"maxAlbCount": 2}}})
        self.service("more")
        page = self.server.ok("DescribeGatewayResources", {"gateway": "small", "maxResults": 1})
        first = page["gatewayResources"]["resources"]["hostSharedAlb"]
        rest = self.server.ok("DescribeGatewayResources", {"gateway": "small", "nextToken": page["nextToken"]})["gatewayResources"]["resources"]["hostSharedAlb"]
        self.assertEqual([len(one["gatewayRouteArns"]) for one in first + rest], [100, 1])


if __name__ == "__main__":
    unittest.main()
