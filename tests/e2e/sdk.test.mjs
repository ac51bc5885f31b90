// The newest AWS SDK for JavaScript against ecs-local: operations, paginators, waiters, error classes, newest members.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as sdk from "@aws-sdk/client-ecs";

const binary = process.env.ECS_LOCAL_BIN ?? fileURLToPath(new URL("../../build/dev/ecs-local", import.meta.url));
let server, url, ecs;

const send = (name, input = {}) => ecs.send(new sdk[`${name}Command`](input));
const admin = (path, body) => fetch(url + path, { method: "POST", body: body && JSON.stringify(body) });
const app = { name: "app", image: "busybox", cpu: 1, memory: 6 };

before(async () => {
  server = spawn(binary, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
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
  const ended = new Promise((resolve) => server.on("exit", (code) => resolve(code)));
  server.kill("SIGTERM");
  assert.equal(await ended, 0);
});

beforeEach(async () => {
  await admin("/_ecs/reset");
  await send("CreateCluster");
});

const fleet = async (count = 1) => {
  const reply = await admin("/_ecs/fleet", { cluster: "default", instances: [{ count, instanceType: "m5.large" }] });
  return (await reply.json()).containerInstances.map((instance) => instance.containerInstanceArn);
};
const collect = async (paginator, key) => {
  const all = [];
  for await (const page of paginator) all.push(...page[key]);
  return all;
};

test("the seven operations of 2016", async () => {
  const [instance] = await fleet();
  const { taskDefinition } = await send("RegisterTaskDefinition", {
    family: "web", taskRoleArn: "arn:aws:iam::000000000000:role/r", containerDefinitions: [app] });
  assert.equal(taskDefinition.taskRoleArn, "arn:aws:iam::000000000000:role/r");
  assert.ok(taskDefinition.registeredAt instanceof Date);
  const run = await send("RunTask", { taskDefinition: "web", overrides: { taskRoleArn: "arn:aws:iam::000000000000:role/o" } });
  const tasks = [run.tasks[0].taskArn];
  await sdk.waitUntilTasksRunning({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { tasks });
  const start = await send("StartTask", { taskDefinition: "web", containerInstances: [instance] });
  assert.equal(start.tasks[0].containerInstanceArn, instance);
  const stopped = await send("StopTask", { task: tasks[0], reason: "enough" });
  assert.equal(stopped.task.overrides.taskRoleArn, "arn:aws:iam::000000000000:role/o");
  await sdk.waitUntilTasksStopped({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { tasks });
  const described = await send("DescribeTasks", { tasks });
  assert.equal(described.tasks[0].stoppedReason, "enough");
  assert.ok(described.tasks[0].stoppedAt instanceof Date);
  assert.equal((await send("DescribeTaskDefinition", { taskDefinition: "web" })).taskDefinition.revision, 1);
  assert.equal((await send("DeregisterTaskDefinition", { taskDefinition: "web:1" })).taskDefinition.status, "INACTIVE");
});

test("every paginator of what is built", async () => {
  const instances = await fleet(5);
  for (const family of ["a", "b", "c"]) await send("RegisterTaskDefinition", { family, containerDefinitions: [app] });
  const { tasks } = await send("RunTask", { taskDefinition: "a", count: 5 });
  const client = { client: ecs, pageSize: 2 };
  assert.deepEqual(await collect(sdk.paginateListContainerInstances(client, {}), "containerInstanceArns"), instances);
  assert.deepEqual(await collect(sdk.paginateListTasks(client, {}), "taskArns"), tasks.map((task) => task.taskArn));
  assert.deepEqual(await collect(sdk.paginateListTaskDefinitionFamilies(client, {}), "families"), ["a", "b", "c"]);
  assert.equal((await collect(sdk.paginateListTaskDefinitions(client, {}), "taskDefinitionArns")).length, 3);
  for (const clusterName of ["x", "y", "z"]) await send("CreateCluster", { clusterName });
  assert.equal((await collect(sdk.paginateListClusters(client, {}), "clusterArns")).length, 4);
});

test("errors are the SDK's classes", async () => {
  await assert.rejects(send("ListTasks", { cluster: "nope" }), (error) =>
    error instanceof sdk.ClusterNotFoundException && error.message === "Cluster not found." && error.$metadata.httpStatusCode === 400);
  await assert.rejects(send("DescribeTaskDefinition", { taskDefinition: "nope" }), sdk.ClientException);
  await assert.rejects(send("StopTask", { task: "0".repeat(32) }), sdk.InvalidParameterException);
});

test("the newest members of a task definition come back", async () => {
  const container = {
    ...app, versionConsistency: "disabled", credentialSpecs: ["credentialspec:arn:aws:s3:::b/k"],
    restartPolicy: { enabled: true, ignoredExitCodes: [0], restartAttemptPeriod: 60 },
    portMappings: [{ containerPort: 80, hostPort: 80, protocol: "tcp", name: "web", appProtocol: "http2" }],
    systemControls: [{ namespace: "net.core.somaxconn", value: "1" }],
    resourceRequirements: [{ type: "GPU", value: "1" }],
    environmentFiles: [{ type: "s3", value: "arn:aws:s3:::bucket/file.env" }],
    linuxParameters: { initProcessEnabled: true, capabilities: { add: ["SYS_PTRACE"] } },
    firelensConfiguration: { type: "fluentbit", options: { "enable-ecs-log-metadata": "true" } },
  };
  const input = {
    family: "new", networkMode: "awsvpc", containerDefinitions: [container], enableFaultInjection: true, pidMode: "task", cpu: "512", memory: "1024",
    runtimePlatform: { cpuArchitecture: "ARM64", operatingSystemFamily: "LINUX" }, ephemeralStorage: { sizeInGiB: 30 },
    volumes: [{ name: "v", configuredAtLaunch: true }],
  };
  container.mountPoints = [{ sourceVolume: "v", containerPath: "/v" }];
  const { taskDefinition } = await send("RegisterTaskDefinition", input);
  for (const [key, value] of Object.entries(container)) assert.deepEqual(taskDefinition.containerDefinitions[0][key], value, key);
  for (const key of ["enableFaultInjection", "pidMode", "runtimePlatform", "ephemeralStorage", "volumes"])
    assert.deepEqual(taskDefinition[key], input[key], key);
});

test("gateways: life, paginators, error classes", async () => {
  const role = "arn:aws:iam::000000000000:role/infrastructure";
  const configuration = { hostSharedAlb: { maxAlbCount: 2 } };
  for (const name of ["a", "b", "c"]) await send("CreateGateway", { name, infrastructureRoleArn: role, configuration, deletionProtection: false });
  const listed = await collect(sdk.paginateListGateways({ client: ecs, pageSize: 2 }, {}), "gateways");
  assert.deepEqual(listed.map((gateway) => gateway.name), ["a", "b", "c"]);
  const { gateway } = await send("DescribeGateway", { gateway: listed[0].gatewayArn });
  assert.equal(gateway.configuration.hostSharedAlb.currentAlbCount, 0);
  assert.ok(gateway.createdAt instanceof Date);
  await send("AssociateGatewayWithCluster", { gateway: "a", cluster: "default" });
  const pairs = await collect(sdk.paginateListGatewayClusterAssociations({ client: ecs }, { gateway: "a" }), "gatewayClusterAssociations");
  assert.equal(pairs[0].status, "ACTIVE");
  assert.deepEqual(await collect(sdk.paginateListGatewayRoutes({ client: ecs }, { gateway: "a" }), "gatewayRoutes"), []);
  await assert.rejects(send("DescribeGateway", { gateway: "none" }), sdk.GatewayNotFoundException);
  await assert.rejects(send("DisassociateGatewayFromCluster", { gateway: "b", cluster: "default" }), sdk.ResourceNotFoundException);
  assert.equal((await send("DisassociateGatewayFromCluster", { gateway: "a", cluster: "default" })).status, "DISASSOCIATING");
  assert.equal((await send("DeleteGateway", { gateway: "a" })).status, "DELETED");
});

test("managed daemons: every operation, error classes, waiters", async () => {
  const role = "arn:aws:iam::000000000000:role/i";
  await send("CreateCapacityProvider", { name: "mi", cluster: "default", managedInstancesProvider: {
    infrastructureRoleArn: role, instanceLaunchTemplate: {
      ec2InstanceProfileArn: "arn:aws:iam::000000000000:instance-profile/x", networkConfiguration: { subnets: ["subnet-1"] } } } });
  await admin("/_ecs/fleet", { cluster: "default", instances: [{ count: 2, instanceType: "m5.large", capacityProvider: "mi" }] });
  const { daemonTaskDefinitionArn } = await send("RegisterDaemonTaskDefinition", { family: "agent", containerDefinitions: [{ name: "a", image: "a:1" }] });
  const { daemonTaskDefinition } = await send("DescribeDaemonTaskDefinition", { daemonTaskDefinition: daemonTaskDefinitionArn });
  assert.ok(daemonTaskDefinition.registeredAt instanceof Date);
  const wanted = { daemonTaskDefinitionArn, capacityProviderArns: ["arn:aws:ecs:us-east-1:000000000000:capacity-provider/mi"] };
  const created = await send("CreateDaemon", { daemonName: "d", clusterArn: "default", ...wanted, deploymentConfiguration: { drainPercent: 50 } });
  assert.equal(created.status, "ACTIVE");
  const daemonArn = created.daemonArn;
  const patience = { client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 10 };
  await sdk.waitUntilDaemonActive(patience, { daemonArn });
  await sdk.waitUntilDaemonTaskDefinitionActive(patience, { daemonTaskDefinition: daemonTaskDefinitionArn });
  await sdk.waitUntilDaemonDeploymentSuccessful(patience, { daemonDeploymentArns: [created.deploymentArn] });
  const updated = await send("UpdateDaemon", { daemonArn, ...wanted });
  assert.ok(updated.updatedAt instanceof Date);
  const deployed = async () => (await send("DescribeDaemonDeployments", { daemonDeploymentArns: [updated.deploymentArn] })).daemonDeployments[0];
  let deployment;
  do deployment = await deployed(); while (deployment.status !== "SUCCESSFUL");
  assert.equal(deployment.targetDaemonRevision.totalRunningInstanceCount, 2);
  const { daemon } = await send("DescribeDaemon", { daemonArn });
  const { daemonRevisions } = await send("DescribeDaemonRevisions", { daemonRevisionArns: [daemon.currentRevisions[0].arn] });
  assert.equal(daemonRevisions[0].containerImages[0].image, "a:1");
  assert.equal((await send("ListDaemonDeployments", { daemonArn })).daemonDeployments.length, 2);
  assert.equal((await send("ListDaemons")).daemonSummariesList[0].daemonArn, daemonArn);
  assert.equal((await send("ListDaemonTaskDefinitions", { familyPrefix: "ag" })).daemonTaskDefinitions.length, 1);
  assert.equal((await send("ListTasks", { daemonName: "d" })).taskArns.length, 2);
  await admin("/_ecs/outcomes", { match: { family: "agent" }, outcome: { stuck: { at: "PENDING" } }, times: 2 });
  const stuck = await send("UpdateDaemon", { daemonArn, ...wanted });
  await assert.rejects(sdk.waitUntilDaemonDeploymentSuccessful({ ...patience, maxWaitTime: 2 }, { daemonDeploymentArns: [stuck.deploymentArn] }), /TimeoutError/);
  const last = await send("UpdateDaemon", { daemonArn, ...wanted });
  await sdk.waitUntilDaemonDeploymentStopped(patience, { daemonDeploymentArns: [stuck.deploymentArn] });
  await assert.rejects(sdk.waitUntilDaemonDeploymentSuccessful(patience, { daemonDeploymentArns: [stuck.deploymentArn] }), /FAILURE/);
  assert.ok(last.deploymentArn);
  assert.equal((await send("DeleteDaemon", { daemonArn })).status, "DELETE_IN_PROGRESS");
  await send("DeleteDaemonTaskDefinition", { daemonTaskDefinition: daemonTaskDefinitionArn });
  await sdk.waitUntilDaemonTaskDefinitionDeleted(patience, { daemonTaskDefinition: daemonTaskDefinitionArn });
  await assert.rejects(send("DescribeDaemon", { daemonArn: daemonArn + "x" }), sdk.DaemonNotFoundException);
});

test("Express gateway services: life, what it makes, error classes", async () => {
  const { service } = await send("CreateExpressGatewayService", {
    serviceName: "web", infrastructureRoleArn: "arn:aws:iam::000000000000:role/i", executionRoleArn: "arn:aws:iam::000000000000:role/e",
    primaryContainer: { image: "web:1" }, scalingTarget: { minTaskCount: 2 } });
  const serviceArn = service.serviceArn;
  await sdk.waitUntilServicesStable({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { services: [serviceArn] });
  const described = (await send("DescribeExpressGatewayService", { serviceArn, include: ["TAGS"] })).service;
  assert.match(described.activeConfigurations[0].ingressPaths[0].endpoint, /^https:/);
  const revisions = await send("DescribeServiceRevisions", { serviceRevisionArns: [described.activeConfigurations[0].serviceRevisionArn] });
  assert.equal(revisions.serviceRevisions[0].ecsManagedResources.autoScaling.scalableTarget.minCapacity, 2);
  const updated = (await send("UpdateExpressGatewayService", { serviceArn, primaryContainer: { image: "web:2" } })).service;
  assert.equal(updated.targetConfiguration.primaryContainer.image, "web:2");
  await sdk.waitUntilServicesStable({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { services: [serviceArn] });
  assert.equal((await send("DeleteExpressGatewayService", { serviceArn })).service.status.statusCode, "DRAINING");
  await sdk.waitUntilServicesInactive({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 20 }, { services: [serviceArn] });
  await assert.rejects(send("UpdateExpressGatewayService", { serviceArn }), sdk.ServiceNotActiveException);
  await assert.rejects(send("DescribeExpressGatewayService", { serviceArn: serviceArn + "x" }), sdk.ResourceNotFoundException);
});
