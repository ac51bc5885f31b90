export { Control, EcsLocalError, WaitTimeout, matches, newAccount } from "./control.mjs";
export { DEFAULT_OPTIONS, Server, ServerError, startServer } from "./server.mjs";
export { useEcsLocal } from "./hooks.mjs";
