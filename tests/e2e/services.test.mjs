// The newest AWS SDK for JavaScript on services: waiters, paginators, classes of errors, and the operations and members that
// older clients do not know.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as sdk from "@aws-sdk/client-ecs";

const binary = process.env.ECS_LOCAL_BIN ?? fileURLToPath(new URL("../../build/dev/ecs-local", import.meta.url));
let server, url, ecs;

const send = (name, input = {}) => ecs.send(new sdk[`${name}Command`](input));
const admin = (path, body, method = "POST") => fetch(url + path, { method, body: body && JSON.stringify(body) });
const stable = () => admin("/_ecs/clock/advance", { to: "stable" });
const network = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
const quick = (more = {}) => ({ client: ecs, maxWaitTime: 30, minDelay: 1, maxDelay: 1, ...more });

before(async () => {
  server = spawn(binary, ["--port", "0", "--clock", "held", "--timing", "realistic"], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    url = line.split(" ").at(-1);
    break;
  }
  ecs = new sdk.ECSClient({
    endpoint: url, region: "us-east-1", maxAttempts: 1,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
  });
});

after(async () => {
  ecs.destroy();
  server.kill("SIGTERM");
  const status = await new Promise((done) => server.once("exit", done));
  assert.equal(status, 0);
});

beforeEach(async () => {
  await admin("/_ecs/reset");
  await send("CreateCluster");
  for (const image of ["one", "two"]) {
    await send("RegisterTaskDefinition", {
      family: "web", networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512",
      containerDefinitions: [{ name: "app", image, portMappings: [{ containerPort: 80, name: "http" }] }],
    });
  }
});

const create = (more = {}) => send("CreateService", {
  serviceName: "web", taskDefinition: "web:1", desiredCount: 2, launchType: "FARGATE", networkConfiguration: network, ...more,
});
const described = async () => (await send("DescribeServices", { services: ["web"] })).services[0];
const newest = async () => {
  const { currentServiceDeployment } = await described();
  return (await send("DescribeServiceDeployments", { serviceDeploymentArns: [currentServiceDeployment] })).serviceDeployments[0];
};

test("waiters of services and tasks", async () => {
  await create();
  await stable();
  const ask = { services: ["web"] };
  assert.equal((await sdk.waitUntilServicesStable(quick(), ask)).state, "SUCCESS");
  const { taskArns } = await send("ListTasks", { serviceName: "web" });
  assert.equal((await sdk.waitUntilTasksRunning(quick(), { tasks: taskArns })).state, "SUCCESS");
  await send("DeleteService", { service: "web", force: true });
  await assert.rejects(sdk.waitUntilServicesStable(quick(), ask), /DRAINING|FAILURE/);
  await stable();
  assert.equal((await sdk.waitUntilServicesInactive(quick(), ask)).state, "SUCCESS");
  assert.equal((await sdk.waitUntilTasksStopped(quick(), { tasks: taskArns })).state, "SUCCESS");
  await assert.rejects(sdk.waitUntilServicesInactive(quick(), { services: ["nope"] }), /MISSING|FAILURE/);
});

test("a waiter gives up on a rollout that stands still", async () => {
  await create({ deploymentConfiguration: { deploymentCircuitBreaker: { enable: false, rollback: false } } });
  await stable();
  await admin("/_ecs/outcomes", { match: { revision: 2 }, outcome: { cannotPull: { message: "gone" } } });
  await send("UpdateService", { service: "web", taskDefinition: "web:2" });
  await assert.rejects(sdk.waitUntilServicesStable(quick({ maxWaitTime: 2 }), { services: ["web"] }), /TimeoutError|TIMEOUT/);
});

test("paginators", async () => {
  const connect = { enabled: true, namespace: "shop" };
  for (let index = 0; index < 12; index++) {
    await create({ serviceName: `s${index}`, desiredCount: 0, serviceConnectConfiguration: connect });
  }
  const pages = async (paginate, input, member) => {
    const found = [];
    for await (const page of paginate({ client: ecs, pageSize: 5 }, input)) found.push(...page[member]);
    return found;
  };
  assert.equal((await pages(sdk.paginateListServices, {}, "serviceArns")).length, 12);
  assert.equal((await pages(sdk.paginateListServicesByNamespace, { namespace: "shop" }, "serviceArns")).length, 12);
});

test("errors have their classes", async () => {
  const rejects = (name, input, kind, message) => assert.rejects(send(name, input), (error) => {
    assert.ok(error instanceof sdk[kind], `${error.name} is no ${kind}`);
    assert.equal(error.message, message);
    return true;
  });
  await rejects("UpdateService", { service: "web" }, "ServiceNotFoundException", "Service not found.");
  await rejects("DescribeServices", { cluster: "nope", services: ["web"] }, "ClusterNotFoundException", "Cluster not found.");
  await rejects("ListServicesByNamespace", { namespace: "nope" }, "NamespaceNotFoundException", "The namespace nope was not found.");
  await create({ desiredCount: 0 });
  const deployment = "arn:aws:ecs:us-east-1:000000000000:service-deployment/default/web/aaaaaaaaaaaaaaaaaaaaa";
  await rejects("StopServiceDeployment", { serviceDeploymentArn: deployment }, "ServiceDeploymentNotFoundException",
    "The service deployment does not exist.");
  await stable();
  const over = (await newest()).serviceDeploymentArn;
  await assert.rejects(send("StopServiceDeployment", { serviceDeploymentArn: over }), (error) => {
    assert.ok(error instanceof sdk.ConflictException);
    assert.deepEqual(error.resourceIds, [over]);
    return true;
  });
  await send("CreateService", { serviceName: "ext", desiredCount: 1, deploymentController: { type: "EXTERNAL" } });
  await rejects("DeleteTaskSet", { cluster: "default", service: "ext", taskSet: "ecs-svc/1" }, "TaskSetNotFoundException",
    "The specified task set does not exist.");
  await send("DeleteService", { service: "web" });
  await rejects("UpdateService", { service: "web" }, "ServiceNotActiveException", "Service was not ACTIVE.");
});

test("blue/green with a pause, in the newest members", async () => {
  await create();
  await stable();
  const { service } = await send("UpdateService", {
    service: "web", taskDefinition: "web:2",
    deploymentConfiguration: {
      strategy: "LINEAR", linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
      lifecycleHooks: [{ targetType: "PAUSE", lifecycleStages: ["POST_TEST_TRAFFIC_SHIFT"], hookDetails: { note: ["free", 1] } }],
    },
  });
  assert.equal(service.deploymentConfiguration.strategy, "LINEAR");
  assert.deepEqual(service.deploymentConfiguration.lifecycleHooks[0].hookDetails, { note: ["free", 1] });
  assert.equal(service.currentServiceRevisions.length, 2);
  await admin("/_ecs/clock/advance", { by: "2m" });
  let deployment = await newest();
  assert.equal(deployment.lifecycleStage, "POST_TEST_TRAFFIC_SHIFT");
  assert.equal(deployment.lifecycleHookDetails[0].status, "AWAITING_ACTION");
  assert.ok(deployment.lifecycleHookDetails[0].expiresAt instanceof Date);
  await send("ContinueServiceDeployment", {
    serviceDeploymentArn: deployment.serviceDeploymentArn, hookId: deployment.lifecycleHookDetails[0].hookId, action: "CONTINUE",
  });
  deployment = await newest();
  assert.equal(deployment.targetServiceRevision.requestedProductionTrafficWeight, 50);
  await stable();
  deployment = await newest();
  assert.equal(deployment.status, "SUCCESSFUL");
  assert.ok(deployment.finishedAt instanceof Date);
  const arns = [deployment.targetServiceRevision.arn, deployment.sourceServiceRevisions[0].arn];
  const { serviceRevisions, failures } = await send("DescribeServiceRevisions", { serviceRevisionArns: arns });
  assert.deepEqual(failures, []);
  assert.deepEqual(serviceRevisions.map((revision) => revision.containerImages[0].image), ["two", "one"]);
  assert.equal(serviceRevisions[0].guardDutyEnabled, false);
  const listed = await send("ListServiceDeployments", { service: "web", createdAt: { after: deployment.createdAt } });
  assert.deepEqual(listed.serviceDeployments.map((item) => item.serviceDeploymentArn), [deployment.serviceDeploymentArn]);
});
