import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Control, Server, ServerError, startServer, useEcsLocal } from "../index.mjs";

const run = promisify(execFile);
const here = fileURLToPath(new URL("..", import.meta.url));

test("a server says where it listens and ends well", async () => {
  const server = await startServer();
  assert.equal((await new Control(server.endpoint).health()).status, "ok");
  assert.equal(await server.stop(), 0);
  assert.equal(server.endpoint, undefined);
  assert.equal(await server.stop(), undefined);
});

test("a server that does not start says why", async () => {
  await assert.rejects(new Server({ options: ["--no-such-option"] }).start(),
    (problem) => problem instanceof ServerError && /exit 2/.test(problem.message) && /no-such-option/.test(problem.message));
  await assert.rejects(new Server({ binary: "/nowhere/ecs-local" }).start(), /there is no program/);
});

test("a run that forgets to stop leaves no server behind", async () => {
  const program = `import { startServer } from ${JSON.stringify(`${here}/index.mjs`)};
    console.log((await startServer()).pid);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  const pid = Number(stdout);
  for (let tries = 0; tries < 500; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`${pid} is still there`);
});

test("hooks of vitest and jest have other names", async () => {
  const hooks = {};
  const take = (name) => (body) => {
    hooks[name] = body;
  };
  const ecs = useEcsLocal({ beforeAll: take("begin"), afterAll: take("end"), beforeEach: take("each"), afterEach: take("done") });
  await hooks.begin();
  await hooks.each();
  assert.equal((await ecs.control.health()).status, "ok");
  const first = ecs.account;
  await hooks.done();
  await hooks.each();
  assert.notEqual(ecs.account, first);
  await hooks.done();
  await hooks.end();
  assert.throws(() => useEcsLocal({ beforeAll: take("begin") }), TypeError);
});

test("a running server is used", async () => {
  const server = await startServer();
  const nothing = () => {};
  const ecs = useEcsLocal({ before: nothing, after: nothing, beforeEach: nothing, afterEach: nothing }, { endpoint: server.endpoint });
  assert.equal(ecs.endpoint, server.endpoint);
  assert.equal(ecs.server, undefined);
  await server.stop();
});
