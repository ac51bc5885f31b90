// The program as a child process on a free port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";

// Time stands still until a test moves it, and ids repeat: a test that passes once passes always.
export const DEFAULT_OPTIONS = ["--clock", "held", "--seed", "1"];
const LOG_LINES = 200;

// The program is not there, or it does not start.
export class ServerError extends Error {
  name = "ServerError";
}

function environment() {
  // What is set for a shared server must not reach this one.
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("ECS_LOCAL_") || name === "ECS_LOCAL_TALLY"));
}

export class Server {
  #process;
  #log = [];
  #exited;
  #end = () => this.#process?.kill("SIGTERM");

  constructor({ options = DEFAULT_OPTIONS, binary, timeoutMs = 10_000 } = {}) {
    this.options = options;
    this.binary = binary ?? process.env.ECS_LOCAL_BIN ?? "ecs-local";
    this.timeoutMs = timeoutMs;
    this.endpoint = undefined;
  }

  async start() {
    this.#process = spawn(this.binary, ["serve", "--host", "127.0.0.1", "--port", "0", ...this.options],
      { stdio: ["ignore", "pipe", "pipe"], env: environment() });
    // A test run that ends without stop() leaves no server behind.
    process.once("exit", this.#end);
    const late = setTimeout(() => this.#process.kill("SIGKILL"), this.timeoutMs);
    try {
      this.endpoint = await this.#ready();
    } catch (problem) {
      process.removeListener("exit", this.#end);
      this.#process = undefined;
      throw problem;
    } finally {
      clearTimeout(late);
    }
    // The server alone does not keep the test run alive.
    this.#process.unref();
    this.#process.stdout.unref();
    this.#process.stderr.unref();
    return this;
  }

  async #ready() {
    this.#exited = new Promise((resolve) => this.#process.once("exit", (code, signal) => resolve(code ?? signal)));
    const failed = once(this.#process, "error").then(([error]) => {
      throw new ServerError(error.code === "ENOENT"
        ? `there is no program "${this.binary}": put ecs-local on the PATH, or name it in ECS_LOCAL_BIN`
        : error.message);
    });
    const closed = once(this.#process, "close").then(([code]) => {
      throw new ServerError(`ecs-local did not start (exit ${code}): ${this.log}`);
    });
    const ready = new Promise((resolve) => {
      this.#follow(this.#process.stdout, resolve);
      this.#follow(this.#process.stderr, () => {});
    });
    // Whichever of them comes late must not be an unhandled rejection.
    failed.catch(() => {});
    closed.catch(() => {});
    return Promise.race([ready, failed, closed]);
  }

  // Reads always, so that the program never waits for a full pipe.
  #follow(stream, ready) {
    createInterface({ input: stream }).on("line", (line) => {
      this.#log.push(line);
      if (this.#log.length > LOG_LINES) this.#log.shift();
      const found = / ready on (http:\S+)$/.exec(line);
      if (found) ready(found[1]);
    });
  }

  // The last lines that the program wrote.
  get log() {
    return this.#log.join("\n");
  }

  get pid() {
    return this.#process?.pid;
  }

  // Ends it; its exit status (0 when all was well), undefined when it does not run.
  async stop() {
    if (this.#process === undefined) return undefined;
    const child = this.#process;
    this.#process = undefined;
    this.endpoint = undefined;
    process.removeListener("exit", this.#end);
    child.ref();
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), this.timeoutMs);
    const status = await this.#exited;
    clearTimeout(late);
    return status;
  }
}

export function startServer(settings) {
  return new Server(settings).start();
}
