import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { Control, EcsLocalError, WaitTimeout, matches, newAccount, startServer, useEcsLocal } from "../index.mjs";

const ecs = useEcsLocal({ before, after, beforeEach, afterEach }, { options: ["--clock", "held", "--seed", "1", "--timing", "realistic"] });

async function runTask(control, family = "job") {
  await control.call("CreateCluster");
  await control.call("RegisterTaskDefinition", {
    family, cpu: "256", memory: "512", networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [{ name: "app", image: "busybox" }],
  });
  const reply = await control.call("RunTask", {
    taskDefinition: family, launchType: "FARGATE", networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
  });
  return reply.tasks[0].taskArn;
}

const accounts = new Set();
for (const number of [1, 2])
  test(`every test has an account of its own (${number})`, async () => {
    assert.match(ecs.account, /^\d{12}$/);
    assert.ok(!accounts.has(ecs.account));
    accounts.add(ecs.account);
    assert.deepEqual((await ecs.control.call("ListClusters")).clusterArns, []);
    await ecs.control.call("CreateCluster");
  });

test("new accounts have twelve digits", () => {
  for (let number = 0; number < 1000; number++) assert.match(newAccount(), /^\d{12}$/);
});

test("what clients need", () => {
  assert.equal(ecs.clientConfig.endpoint, ecs.endpoint);
  assert.equal(ecs.clientConfig.credentials.accessKeyId, ecs.account);
  assert.equal(ecs.environment.AWS_ENDPOINT_URL_ECS, ecs.endpoint);
});

test("refusals have a code, a reason and a status", async () => {
  await assert.rejects(ecs.control.call("ListTasks", { cluster: "nowhere" }),
    (refusal) => refusal instanceof EcsLocalError && refusal.code === "ClusterNotFoundException" && refusal.status === 400);
  await assert.rejects(ecs.control.advance("soon"), EcsLocalError);
});

test("time moves when told to", async () => {
  const from = (await ecs.control.clock()).now;
  const { now } = await ecs.control.advance("5m");
  assert.equal(Date.parse(now) - Date.parse(from), 300_000);
});

test("a fleet belongs to the account", async () => {
  const arns = await ecs.control.fleet({ count: 3, zones: ["a", "b"] });
  assert.equal(arns.length, 3);
  assert.ok(arns.every((arn) => arn.includes(`:${ecs.account}:container-instance/default/`)));
});

test("waiting for a task moves held time", async () => {
  const task = await runTask(ecs.control);
  const from = (await ecs.control.clock()).now;
  assert.equal((await ecs.control.waitFor({ task })).lastStatus, "RUNNING");
  assert.ok((await ecs.control.clock()).now > from);
  await ecs.control.call("StopTask", { task });
  await assert.rejects(ecs.control.waitFor({ task, status: "STOPPED" }, { within: "1s" }), WaitTimeout);
  assert.equal((await ecs.control.waitFor({ task, status: "STOPPED" })).stopCode, "UserInitiated");
});

test("waiting for a condition", async () => {
  const answers = [undefined, 0, "there"];
  assert.equal(await ecs.control.waitFor(() => answers.shift()), "there");
  await assert.rejects(ecs.control.waitFor(() => false, { patienceMs: 30 }), WaitTimeout);
  await assert.rejects(ecs.control.waitFor({}), TypeError);
});

test("matching", () => {
  const event = { detail: { group: "family:web", containers: [{ exitCode: 1 }, { exitCode: 0 }] } };
  assert.ok(matches({ detail: { containers: [{ exitCode: 0 }] } }, event));
  assert.ok(matches({ detail: { group: (group) => group.startsWith("family:") } }, event));
  assert.ok(!matches({ detail: { containers: [{ exitCode: 2 }] } }, event));
  assert.ok(!matches({ detail: { nothing: 1 } }, event));
  assert.ok(!matches({ detail: 1 }, event));
});

test("reset forgets one account", async () => {
  const other = new Control(ecs.endpoint);
  await Promise.all([ecs.control.call("CreateCluster"), other.call("CreateCluster")]);
  await ecs.control.reset();
  assert.equal((await ecs.control.call("ListClusters")).clusterArns.length, 0);
  assert.equal((await other.call("ListClusters")).clusterArns.length, 1);
});

test("an outcome decides what becomes of a task", async () => {
  const made = await ecs.control.outcome({ exit: { code: 3, after: "30s" } }, { family: "job", times: 1 });
  const stopped = await ecs.control.waitFor({ task: await runTask(ecs.control), status: "STOPPED" });
  assert.equal(stopped.containers[0].exitCode, 3);
  assert.deepEqual((await ecs.control.outcomes()).map((entry) => entry.id), [made.id]);
  await ecs.control.clear("outcomes");
  assert.deepEqual(await ecs.control.outcomes(), []);
});

test("a fault is for one account", async () => {
  await ecs.control.fault({ operation: "ListClusters", error: "ThrottlingException", times: 1 });
  await new Control(ecs.endpoint).call("ListClusters");
  await assert.rejects(ecs.control.call("ListClusters"), /Rate exceeded/);
  await ecs.control.call("ListClusters");
  await ecs.control.clear("faults");
  assert.deepEqual(await ecs.control.faults(), []);
});

test("the journal says what was asked and what happened", async () => {
  const task = await runTask(ecs.control);
  await ecs.control.waitFor({ task });
  assert.equal((await ecs.control.requests("RunTask")).length, 1);
  const event = await ecs.control.waitFor({ event: { "detail-type": "ECS Task State Change", detail: { taskArn: task, lastStatus: "RUNNING" } } });
  assert.equal(event.account, ecs.account);
  assert.deepEqual(await ecs.control.events({ detail: { lastStatus: "STOPPED" } }), []);
});

test("snapshots and forks", async () => {
  const server = await startServer();
  try {
    const control = new Control(server.endpoint);
    await control.call("CreateCluster", { clusterName: "kept" });
    await control.snapshot("one");
    await control.call("CreateCluster", { clusterName: "lost" });
    await control.restore("one");
    assert.equal((await control.call("ListClusters")).clusterArns.length, 1);
    await control.deleteSnapshot("one");
    assert.deepEqual(await control.snapshots(), []);
  } finally {
    await server.stop();
  }
});
