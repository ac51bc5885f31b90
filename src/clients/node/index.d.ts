/** "250ms", "5s", "3m", "1h". */
export type Duration = string;

export interface ServerSettings {
  /** Options of `ecs-local serve`; `--clock held --seed 1` when left out. */
  options?: readonly string[];
  /** The program; else ECS_LOCAL_BIN, else `ecs-local` from the PATH. */
  binary?: string;
  timeoutMs?: number;
}

export const DEFAULT_OPTIONS: readonly string[];

/** The program is not there, or it does not start. */
export class ServerError extends Error {}

export class Server {
  constructor(settings?: ServerSettings);
  /** Where it listens; undefined while it does not run. */
  endpoint: string | undefined;
  readonly options: readonly string[];
  readonly binary: string;
  readonly log: string;
  readonly pid: number | undefined;
  start(): Promise<this>;
  /** Its exit status: 0 when all was well. */
  stop(): Promise<number | string | undefined>;
}

export function startServer(settings?: ServerSettings): Promise<Server>;

/** The server refused. */
export class EcsLocalError extends Error {
  readonly status: number;
  readonly code: string;
  readonly reason: string;
}

/** What waitFor() waited for did not come. */
export class WaitTimeout extends Error {}

/** A 12-digit account that no other test uses. */
export function newAccount(): string;

/** Is everything that `pattern` names in `value`? */
export function matches(pattern: unknown, value: unknown): boolean;

export interface Clock {
  mode: "real" | "held" | "scaled";
  now: string;
  pendingTimers: number;
  nextTimerAt?: string | null;
  [further: string]: unknown;
}

export interface Advance {
  by?: Duration;
  to?: "next" | "stable" | string;
  limit?: Duration;
}

export interface Fleet {
  count?: number;
  instanceType?: string;
  cluster?: string;
  zones?: readonly string[];
  attributes?: Record<string, string>;
  [further: string]: unknown;
}

export type Outcome =
  | { cannotPull: { message?: string } }
  | { cannotStart: { message?: string } }
  | { exit: { code: number; after?: Duration; reason?: string } }
  | { outOfMemory: { after?: Duration } }
  | { health: { status: "HEALTHY" | "UNHEALTHY"; after?: Duration } }
  | { stuck: { at: string } }
  | { slow: { stage: string; by: Duration } }
  | Record<string, object>;

export interface OutcomeMatch {
  times?: number;
  cluster?: string;
  family?: string;
  revision?: number;
  group?: string;
  startedBy?: string;
  container?: string;
}

export type Fault =
  | { operation: string; error?: string; message?: string; times?: number; rate?: number; latency?: Duration }
  | { capacity: string; zone?: string; fault: "unavailable" }
  | { containerInstance: string; fault: "agentDisconnect" | "terminate" | "spotInterruption" }
  | { visibilityDelay: Duration }
  | Record<string, unknown>;

export interface Entry {
  id: string | number;
  [further: string]: unknown;
}

export interface JournalEntry {
  cursor: number;
  kind: "request" | "transition" | "event";
  event?: EcsEvent;
  [further: string]: unknown;
}

/** In EventBridge's shape. */
export interface EcsEvent {
  id: string;
  source: string;
  account: string;
  region: string;
  time: string;
  resources: string[];
  "detail-type": string;
  detail: Record<string, any>;
}

export type Wanted<T> =
  | (() => T | Promise<T>)
  | { task: string; status?: string; cluster?: string }
  | { event: object };

export class Control {
  constructor(endpoint: string, settings?: { account?: string; region?: string });
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** For new ECSClient(control.clientConfig). */
  readonly clientConfig: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** For code that makes its own clients. */
  readonly environment: Record<string, string>;
  admin(method: string, path: string, body?: unknown, query?: Record<string, string | number | undefined>): Promise<any>;
  call(operation: string, parameters?: object): Promise<any>;
  clock(): Promise<Clock>;
  setClock(mode: Clock["mode"], factor?: number): Promise<Clock>;
  advance(how: Duration | Advance): Promise<any>;
  fleet(fleet?: Fleet): Promise<string[]>;
  outcome(outcome: Outcome, match?: OutcomeMatch): Promise<Entry>;
  outcomes(): Promise<Entry[]>;
  fault(fault: Fault): Promise<Entry>;
  faults(): Promise<Entry[]>;
  clear(kind: "outcomes" | "faults"): Promise<void>;
  explain(query: { task?: string; service?: string; cluster?: string }): Promise<any>;
  journal(filter?: { kind?: JournalEntry["kind"]; operation?: string; arn?: string; after?: number }): Promise<JournalEntry[]>;
  events(pattern?: object): Promise<EcsEvent[]>;
  requests(operation?: string): Promise<JournalEntry[]>;
  /** Moves held time from timer to timer until it is so; looks again and again while time runs by itself. */
  waitFor<T = any>(wanted: Wanted<T>, limits?: { within?: Duration; patienceMs?: number }): Promise<T>;
  snapshot(name: string): Promise<any>;
  restore(name: string): Promise<void>;
  snapshots(): Promise<any[]>;
  deleteSnapshot(name: string): Promise<void>;
  fork(to?: string): Promise<Control>;
  reset(): Promise<void>;
  health(): Promise<any>;
}

type Hook = (body: () => void | Promise<void>) => void;

export interface Hooks {
  before?: Hook;
  beforeAll?: Hook;
  after?: Hook;
  afterAll?: Hook;
  beforeEach: Hook;
  afterEach: Hook;
}

export interface EcsLocal {
  readonly endpoint: string;
  readonly account: string;
  readonly control: Control;
  readonly clientConfig: Control["clientConfig"];
  readonly environment: Record<string, string>;
  readonly server: Server | undefined;
}

/** One server for the test file, one account for each test. */
export function useEcsLocal(hooks: Hooks, settings?: ServerSettings & { endpoint?: string; region?: string }): EcsLocal;
