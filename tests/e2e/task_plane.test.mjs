// The newest AWS SDK for JavaScript on everything that is not a service: the classes of errors, the paginators and the members
// that older clients do not know.
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
const cluster = "arn:aws:ecs:us-east-1:000000000000:cluster/default";
const subnets = { awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "ENABLED" } };
const fargate = { networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512", containerDefinitions: [app] };
const managed = {
  infrastructureRoleArn: "arn:aws:iam::000000000000:role/infra", propagateTags: "CAPACITY_PROVIDER",
  instanceLaunchTemplate: {
    ec2InstanceProfileArn: "arn:aws:iam::000000000000:instance-profile/p", networkConfiguration: { subnets: ["subnet-1"] },
    storageConfiguration: { storageSizeGiB: 40 }, monitoring: "BASIC",
    instanceRequirements: { vCpuCount: { min: 1, max: 4 }, memoryMiB: { min: 1024 } },
  },
};

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

const fleet = async (count = 1, instanceType = "m5.large") => {
  const reply = await admin("/_ecs/fleet", { cluster: "default", instances: [{ count, instanceType }] });
  return (await reply.json()).containerInstances.map((instance) => instance.containerInstanceArn);
};
const collect = async (paginator, key) => {
  const all = [];
  for await (const page of paginator) all.push(...page[key]);
  return all;
};

test("attributes and their paginator", async () => {
  const [first, second] = await fleet(2);
  const attribute = { name: "stack", value: "blue", targetId: second };
  const put = await send("PutAttributes", { attributes: [attribute] });
  assert.deepEqual(put.attributes, [attribute]);
  const all = await collect(sdk.paginateListAttributes({ client: ecs, pageSize: 30 }, { targetType: "container-instance" }), "attributes");
  assert.equal(all.filter((found) => found.name === "stack").length, 1);
  assert.deepEqual(new Set(all.map((found) => found.targetId)), new Set([first, second]));
  await assert.rejects(send("PutAttributes", { attributes: [{ name: "x", targetId: first.replace(/[0-9a-f]{32}$/, "0".repeat(32)) }] }),
    sdk.TargetNotFoundException);
  const many = [...Array(10).keys()].map((index) => ({ name: `n${index}`, targetId: second }));
  await assert.rejects(send("PutAttributes", { attributes: many }), sdk.AttributeLimitExceededException);
  await send("DeleteAttributes", { attributes: [{ name: "stack", targetId: second }] });
  await send("PutAttributes", { attributes: many });
});

test("tags", async () => {
  const tags = [{ key: "a", value: "1" }, { key: "b", value: "2" }];
  await send("TagResource", { resourceArn: cluster, tags });
  assert.deepEqual((await send("ListTagsForResource", { resourceArn: cluster })).tags, tags);
  await send("UntagResource", { resourceArn: cluster, tagKeys: ["a"] });
  assert.deepEqual((await send("DescribeClusters", { include: ["TAGS"] })).clusters[0].tags, tags.slice(1));
  const many = [...Array(50).keys()].map((index) => ({ key: `k${index}`, value: "" }));
  await assert.rejects(send("TagResource", { resourceArn: cluster, tags: many }), sdk.LimitExceededException);
  await assert.rejects(send("ListTagsForResource", { resourceArn: `${cluster.replace("cluster/default", "task/nope/")}${"0".repeat(32)}` }),
    sdk.ClusterNotFoundException);
});

test("account settings and their paginator", async () => {
  for (const [name, value] of [["containerInsights", "enhanced"], ["fargateEventWindows", "enabled"], ["defaultLogDriverMode", "blocking"]])
    assert.equal((await send("PutAccountSetting", { name, value })).setting.value, value);
  const mine = await collect(sdk.paginateListAccountSettings({ client: ecs, pageSize: 2 }, {}), "settings");
  assert.equal(mine.length, 3);
  const effective = await collect(sdk.paginateListAccountSettings({ client: ecs, pageSize: 2 }, { effectiveSettings: true }), "settings");
  assert.deepEqual(new Set(effective.map((setting) => setting.name)), new Set(Object.values(sdk.SettingName)));
  assert.equal((await send("DeleteAccountSetting", { name: "containerInsights" })).setting.value, "disabled");
});

test("capacity providers of every type", async () => {
  const { capacityProvider } = await send("CreateCapacityProvider", { name: "mi", cluster: "default", managedInstancesProvider: managed });
  assert.equal(capacityProvider.type, "MANAGED_INSTANCES");
  assert.equal(capacityProvider.cluster, cluster);
  const described = await send("DescribeCapacityProviders", { capacityProviders: ["mi", "FARGATE"] });
  assert.deepEqual(described.capacityProviders[0].managedInstancesProvider, managed);
  assert.equal(described.capacityProviders[0].updateStatus, "CREATE_COMPLETE");
  await send("RegisterTaskDefinition", { family: "mi", ...fargate, requiresCompatibilities: ["MANAGED_INSTANCES"] });
  const network = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
  const { tasks } = await send("RunTask", { taskDefinition: "mi", capacityProviderStrategy: [{ capacityProvider: "mi" }], networkConfiguration: network });
  assert.equal(tasks[0].launchType, "MANAGED_INSTANCES");
  await send("StopTask", { task: tasks[0].taskArn });
  assert.equal((await send("DeleteCapacityProvider", { capacityProvider: "mi", cluster: "default" })).capacityProvider.updateStatus, "DELETE_IN_PROGRESS");
});

test("a client token conflicts with its tasks named", async () => {
  await send("RegisterTaskDefinition", { family: "far", ...fargate });
  const input = { taskDefinition: "far", launchType: "FARGATE", networkConfiguration: subnets, clientToken: "token" };
  const { tasks } = await send("RunTask", input);
  assert.equal((await send("RunTask", input)).tasks[0].taskArn, tasks[0].taskArn);
  await assert.rejects(send("RunTask", { ...input, count: 2 }), (error) =>
    error instanceof sdk.ConflictException && error.resourceIds.length === 1 && error.resourceIds[0] === tasks[0].taskArn);
});

test("errors of RunTask are the SDK's classes", async () => {
  await send("RegisterTaskDefinition", { family: "far", ...fargate });
  const volumes = [{ name: "v", efsVolumeConfiguration: { fileSystemId: "fs-1" } }];
  await send("RegisterTaskDefinition", { family: "efs", ...fargate, volumes });
  const input = { taskDefinition: "efs", launchType: "FARGATE", networkConfiguration: subnets };
  await assert.rejects(send("RunTask", { ...input, platformVersion: "9" }), sdk.PlatformUnknownException);
  await assert.rejects(send("RunTask", { ...input, platformVersion: "1.3.0" }), sdk.PlatformTaskDefinitionIncompatibilityException);
  await assert.rejects(send("RunTask", { ...input, cluster: "nope" }), sdk.ClusterNotFoundException);
});

test("GPUs, health and the newest members of an instance", async () => {
  const [instance] = await fleet(1, "p3.8xlarge");
  await send("RegisterTaskDefinition", { family: "gpu", containerDefinitions: [{ ...app, resourceRequirements: [{ type: "GPU", value: "2" }] }] });
  const { tasks } = await send("RunTask", { taskDefinition: "gpu" });
  assert.equal(tasks[0].containers[0].gpuIds.length, 2);
  const { containerInstances } = await send("DescribeContainerInstances", {
    containerInstances: [instance], include: ["TAGS", "CONTAINER_INSTANCE_HEALTH"] });
  assert.equal(containerInstances[0].healthStatus.overallStatus, "OK");
  assert.ok(containerInstances[0].healthStatus.details[0].lastUpdated instanceof Date);
  assert.deepEqual(containerInstances[0].gpuDevices.map((device) => device.sharingMode), ["DEDICATED", "DEDICATED", "IDLE", "IDLE"]);
  assert.equal(containerInstances[0].remainingResources.find((found) => found.name === "GPU").stringSetValue.length, 2);
});

test("a GPU is shared by memory", async () => {
  const requirement = { type: "GPU", sharingStrategy: { nvidiaMps: { memory: 1024, maxComputePercent: 50 } } };
  const { taskDefinition } = await send("RegisterTaskDefinition", {
    family: "mps", containerDefinitions: [{ ...app, resourceRequirements: [requirement] }] });
  assert.deepEqual(taskDefinition.containerDefinitions[0].resourceRequirements, [requirement]);
  const [instance] = await fleet(1, "g5.xlarge");
  const { tasks } = await send("RunTask", { taskDefinition: "mps", count: 2, placementConstraints: [
    { type: "memberOf", expression: "attribute:ecs.instance-type == g5.xlarge" }] });
  assert.deepEqual(tasks.map((task) => task.containers[0].gpuSharingStrategy), [requirement.sharingStrategy, requirement.sharingStrategy]);
  const { containerInstances } = await send("DescribeContainerInstances", { containerInstances: [instance] });
  const [{ gpuId, ...device }] = containerInstances[0].gpuDevices;
  assert.deepEqual(tasks[0].containers[0].gpuIds, [gpuId]);
  assert.deepEqual(device, { sharingMode: "NVIDIA_MPS", totalMemoryInMiB: 23028, remainingMemoryInMiB: 20980, containerCount: 2 });
});

test("execute command, protection and an EBS volume", async () => {
  await send("RegisterTaskDefinition", {
    family: "far", ...fargate, taskRoleArn: "arn:aws:iam::000000000000:role/r", volumes: [{ name: "v", configuredAtLaunch: true }],
    containerDefinitions: [{ ...app, mountPoints: [{ sourceVolume: "v", containerPath: "/v" }] }] });
  const { tasks } = await send("RunTask", {
    taskDefinition: "far", launchType: "FARGATE", networkConfiguration: subnets, enableExecuteCommand: true, startedBy: "ecs-svc/1234567890123456789",
    volumeConfigurations: [{ name: "v", managedEBSVolume: { roleArn: "arn:aws:iam::000000000000:role/e", sizeInGiB: 5, snapshotId: "snap-0123456789abcdef0", volumeInitializationRate: 100 } }] });
  const task = tasks[0].taskArn;
  const got = await send("ExecuteCommand", { task, command: "sh", interactive: true });
  assert.match(got.session.streamUrl, /^wss:/);
  const update = await send("UpdateTaskProtection", { cluster: "default", tasks: [task], protectionEnabled: true });
  assert.ok(update.protectedTasks[0].expirationDate instanceof Date);
  assert.equal((await send("GetTaskProtection", { cluster: "default", tasks: [task] })).protectedTasks[0].protectionEnabled, true);
  const described = await send("DescribeTasks", { tasks: [task] });
  assert.deepEqual(described.tasks[0].attachments.map((found) => found.type), ["ElasticNetworkInterface", "AmazonElasticBlockStorage"]);
});

test("an agent's calls", async () => {
  const { containerInstance } = await send("RegisterContainerInstance", {
    totalResources: [{ name: "CPU", type: "INTEGER", integerValue: 1024 }, { name: "MEMORY", type: "INTEGER", integerValue: 1024 }],
    versionInfo: { agentVersion: "1.0.0" }, platformDevices: [{ id: "GPU-1", type: "GPU" }] });
  const endpoint = await send("DiscoverPollEndpoint", { containerInstance: containerInstance.containerInstanceArn, cluster: "default" });
  assert.equal(new URL(endpoint.endpoint).host, new URL(url).host);
  await send("RegisterTaskDefinition", { family: "web", containerDefinitions: [app] });
  const { tasks } = await send("RunTask", { taskDefinition: "web" });
  const started = new Date(1795471685863);
  await send("SubmitTaskStateChange", { cluster: "default", task: tasks[0].taskArn, status: "RUNNING", pullStartedAt: started,
    containers: [{ containerName: "app", status: "RUNNING" }] });
  const described = await send("DescribeTasks", { tasks: [tasks[0].taskArn] });
  assert.equal(described.tasks[0].pullStartedAt.getTime(), started.getTime());
  await send("SubmitContainerStateChange", { task: tasks[0].taskArn, containerName: "app", status: "STOPPED", exitCode: 2 });
  await sdk.waitUntilTasksStopped({ client: ecs, minDelay: 1, maxDelay: 1, maxWaitTime: 10 }, { tasks: [tasks[0].taskArn] });
  await send("UpdateContainerAgent", { containerInstance: containerInstance.containerInstanceArn });
  await assert.rejects(send("UpdateContainerAgent", { containerInstance: containerInstance.containerInstanceArn }), sdk.UpdateInProgressException);
});
