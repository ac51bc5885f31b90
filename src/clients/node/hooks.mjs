// One server for a test file, one account for a test: for every framework that has hooks.
import process from "node:process";

import { Control } from "./control.mjs";
import { Server } from "./server.mjs";

// useEcsLocal({ before, after, beforeEach, afterEach })                        node:test
// useEcsLocal({ beforeAll, afterAll, beforeEach, afterEach })                  vitest, jest
//
// The object it gives has, inside a test, `endpoint`, `account`, `control`, `clientConfig` and `environment`. With
// ECS_LOCAL_ENDPOINT, or `endpoint` in the settings, a running server is used.
export function useEcsLocal(hooks, settings = {}) {
  const begin = hooks.beforeAll ?? hooks.before;
  const end = hooks.afterAll ?? hooks.after;
  if (!begin || !end || !hooks.beforeEach || !hooks.afterEach)
    throw new TypeError("useEcsLocal() takes the framework's hooks: { beforeAll or before, afterAll or after, beforeEach, afterEach }");
  const running = settings.endpoint ?? process.env.ECS_LOCAL_ENDPOINT;
  const server = running ? undefined : new Server(settings);
  const use = {
    control: undefined,
    server,
    get endpoint() {
      return running ?? server.endpoint;
    },
    get account() {
      return use.control.account;
    },
    get clientConfig() {
      return use.control.clientConfig;
    },
    get environment() {
      return use.control.environment;
    },
  };
  begin(async () => {
    await server?.start();
  });
  end(async () => {
    await server?.stop();
  });
  hooks.beforeEach(() => {
    use.control = new Control(use.endpoint, { region: settings.region });
  });
  hooks.afterEach(async () => {
    await use.control.reset();
  });
  return use;
}
