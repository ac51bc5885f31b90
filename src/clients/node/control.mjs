// What a test can make a running ecs-local do, for one account.
import { randomInt } from "node:crypto";
import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const TARGET = "AmazonEC2ContainerServiceV20141113.";
const PAGE = 1000;
const POLL_MS = 10;

// The server refused: `code`, `message`, and the HTTP `status`.
export class EcsLocalError extends Error {
  name = "EcsLocalError";

  constructor(status, code, message, what) {
    super(`${what}: ${code}: ${message} (HTTP ${status})`);
    this.status = status;
    this.code = code;
    this.reason = message;
  }
}

// What waitFor() waited for did not come.
export class WaitTimeout extends Error {
  name = "WaitTimeout";
}

// A 12-digit account that no other test uses.
export function newAccount() {
  const half = () => String(randomInt(1_000_000)).padStart(6, "0");
  return half() + half();
}

// Is everything that `pattern` names in `value`? Of a list's items each must match some item of the value's list; a function
// is asked.
export function matches(pattern, value) {
  if (typeof pattern === "function") return Boolean(pattern(value));
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.every((item) => value.some((other) => matches(item, other)));
  if (pattern !== null && typeof pattern === "object")
    return value !== null && typeof value === "object" && !Array.isArray(value)
      && Object.entries(pattern).every(([key, item]) => key in value && matches(item, value[key]));
  return pattern === value;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text) {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!found) throw new TypeError(`"${text}" is no duration: 250ms, 5s, 3m, 1h`);
  return Number(found[1]) * UNITS[found[2]];
}

// One request without keep-alive, so that nothing of it keeps a test run alive.
function http(endpoint, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, endpoint), { method, agent: false, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function errorOf(body) {
  try {
    return JSON.parse(body).error ?? {};
  } catch {
    return { message: body.toString().slice(0, 500) };
  }
}

export class Control {
  constructor(endpoint, { account = newAccount(), region = "us-east-1" } = {}) {
    this.endpoint = endpoint;
    this.account = account;
    this.region = region;
  }

  // An admin call, for what has no method of its own: admin("GET", "/_ecs/coverage").
  async admin(method, path, body, query = {}) {
    const url = new URL(path, this.endpoint);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const content = body === undefined ? undefined : JSON.stringify(body);
    const reply = await http(this.endpoint, method, url.pathname + url.search, { "Content-Type": "application/json" }, content);
    if (reply.status >= 300) {
      const error = errorOf(reply.body);
      throw new EcsLocalError(reply.status, error.code ?? "Error", error.message ?? "", `${method} ${path}`);
    }
    return reply.body.length === 0 ? undefined : JSON.parse(reply.body);
  }

  // An ECS operation without an SDK: call("DescribeTasks", { tasks: [arn] }).
  async call(operation, parameters = {}) {
    const scope = `${this.account}/20260101/${this.region}/ecs/aws4_request`;
    const reply = await http(this.endpoint, "POST", "/", {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": TARGET + operation,
      Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`,
    }, JSON.stringify(parameters));
    const content = JSON.parse(reply.body);
    if (reply.status !== 200) throw new EcsLocalError(reply.status, content.__type ?? "Error", content.message ?? "", operation);
    return content;
  }

  // For new ECSClient(control.clientConfig).
  get clientConfig() {
    return {
      endpoint: this.endpoint,
      region: this.region,
      credentials: { accessKeyId: this.account, secretAccessKey: "test" },
    };
  }

  // For code that makes its own clients.
  get environment() {
    return {
      AWS_ENDPOINT_URL_ECS: this.endpoint,
      AWS_ACCESS_KEY_ID: this.account,
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
    };
  }

  clock() {
    return this.admin("GET", "/_ecs/clock");
  }

  setClock(mode, factor) {
    return this.admin("POST", "/_ecs/clock", { mode, factor });
  }

  // advance("5m"); advance({ to: "next" }); advance({ to: "stable", limit: "1h" }).
  advance(how) {
    return this.admin("POST", "/_ecs/clock/advance", typeof how === "string" ? { by: how } : how);
  }

  // Adds simulated container instances; their ARNs.
  async fleet({ count = 1, instanceType = "m5.large", cluster = "default", zones = ["a"], ...more } = {}) {
    const reply = await this.admin("POST", "/_ecs/fleet", {
      cluster, account: this.account, region: this.region, instances: [{ count, instanceType, zones, ...more }],
    });
    return reply.containerInstances.map((instance) => instance.containerInstanceArn);
  }

  // What is to become of coming tasks: outcome({ exit: { code: 1, after: "5s" } }, { family: "job", times: 2 }).
  outcome(outcome, { times, ...match } = {}) {
    return this.admin("POST", "/_ecs/outcomes", { match: { ...match, account: this.account }, times, outcome });
  }

  async outcomes() {
    return (await this.admin("GET", "/_ecs/outcomes", undefined, { account: this.account })).outcomes;
  }

  // fault({ operation: "RunTask", error: "ThrottlingException", times: 3 }).
  fault(fault) {
    return this.admin("POST", "/_ecs/faults", { ...fault, account: this.account });
  }

  async faults() {
    return (await this.admin("GET", "/_ecs/faults", undefined, { account: this.account })).faults;
  }

  // clear("outcomes") or clear("faults").
  async clear(kind) {
    const entries = kind === "outcomes" ? await this.outcomes() : await this.faults();
    for (const entry of entries) await this.admin("DELETE", `/_ecs/${kind}/${encodeURIComponent(entry.id)}`);
  }

  // Why a task or a service is not where it should be: explain({ task: arn }).
  explain(query) {
    return this.admin("GET", "/_ecs/explain", undefined, { account: this.account, region: this.region, ...query });
  }

  // All entries in order: requests, transitions, events.
  async journal({ kind, operation, arn, after = 0 } = {}) {
    const entries = [];
    for (let cursor = after; ;) {
      const page = await this.admin("GET", "/_ecs/journal", undefined,
        { kind, operation, arn, account: this.account, after: cursor, limit: PAGE });
      entries.push(...page.entries);
      if (!page.more) return entries;
      cursor = page.nextCursor;
    }
  }

  // The events so far in EventBridge's shape, those that match the pattern.
  async events(pattern = {}) {
    const entries = await this.journal({ kind: "event" });
    return entries.map((entry) => entry.event).filter((event) => matches(pattern, event));
  }

  requests(operation) {
    return this.journal({ kind: "request", operation });
  }

  // Waits until a condition is true, a task has a status, or an event has come; answers the condition's value, the task or the
  // event. While the clock is held, time is moved from timer to timer, at most `within`: no test sleeps. When nothing is on
  // its way, or the clock runs by itself, it looks again for at most `patienceMs` real milliseconds.
  async waitFor(wanted, { within = "15m", patienceMs = 10_000 } = {}) {
    const { check, what } = this.#condition(wanted);
    let deadline = performance.now() + patienceMs;
    let limit;
    for (;;) {
      const value = await check();
      if (value) return value;
      const clock = await this.clock();
      limit ??= Date.parse(clock.now) + durationMs(within);
      const due = clock.nextTimerAt == null ? undefined : Date.parse(clock.nextTimerAt);
      const held = clock.mode === "held" && due !== undefined;
      if (held && due <= limit) {
        await this.advance({ to: "next" });
        deadline = performance.now() + patienceMs;
      } else if (held || performance.now() > deadline) {
        throw new WaitTimeout(`${what} did not come true; the clock says ${JSON.stringify(clock)}`);
      } else {
        await sleep(POLL_MS);
      }
    }
  }

  #condition(wanted) {
    if (typeof wanted === "function") return { check: wanted, what: wanted.name || "the condition" };
    if (wanted?.event)
      return { check: async () => (await this.events(wanted.event))[0], what: `an event like ${JSON.stringify(wanted.event)}` };
    if (!wanted?.task) throw new TypeError("waitFor() takes a function, { task, status } or { event }");
    const { task, status = "RUNNING", cluster = "default" } = wanted;
    const check = async () => {
      const reply = await this.call("DescribeTasks", { cluster, tasks: [task] });
      return reply.tasks.find((one) => one.lastStatus === status);
    };
    return { check, what: `${task} ${status}` };
  }

  // Keeps the whole server's state under a name: clock, timers, scripts and work in flight.
  snapshot(name) {
    return this.admin("POST", "/_ecs/snapshots", { name });
  }

  restore(name) {
    return this.admin("POST", `/_ecs/snapshots/${encodeURIComponent(name)}/restore`);
  }

  async snapshots() {
    return (await this.admin("GET", "/_ecs/snapshots")).snapshots;
  }

  deleteSnapshot(name) {
    return this.admin("DELETE", `/_ecs/snapshots/${encodeURIComponent(name)}`);
  }

  // Copies this account's state to another account (a new one); the control of that one.
  async fork(to = newAccount()) {
    await this.admin("POST", "/_ecs/fork", { from: this.account, to });
    return new Control(this.endpoint, { account: to, region: this.region });
  }

  // Forgets all state of this account.
  reset() {
    return this.admin("POST", "/_ecs/reset", undefined, { account: this.account });
  }

  health() {
    return this.admin("GET", "/_ecs/health");
  }
}
