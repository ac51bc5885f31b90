/* Lifecycle hooks of deployments that are Lambda functions: invoked at an endpoint that speaks Lambda's Invoke
 * (--lambda-endpoint: LocalStack, the Runtime Interface Emulator behind a path, a server of one's own). */
#ifndef LAMBDA_HOOKS_H
#define LAMBDA_HOOKS_H

#include "ecs-local/engine/engine.h"
#include "ecs-local/outgoing/outgoing.h"

struct lambda_hooks;

/* `endpoint` is borrowed; NULL: there is none, and the caller that comes back calls nobody. */
struct lambda_hooks *lambda_hooks_open(struct outgoing *outgoing, const char *endpoint);
/* Takes NULL. */
void lambda_hooks_close(struct lambda_hooks *hooks);
struct hook_caller lambda_hooks_caller(struct lambda_hooks *hooks);
/* To whom the answers go. */
void lambda_hooks_set_engine(struct lambda_hooks *hooks, struct engine *engine);

#endif
