/* What the operations on daemons share. */
#ifndef DAEMON_LOOKUP_H
#define DAEMON_LOOKUP_H

#include "api_lookup.h"
#include "ecs-local/store/daemon_definition_rows.h"

const char *daemon_definition_arn(struct api_call *call, const char *family, int64_t revision);
/* The daemon task definition that a family, family:revision or ARN names. 0, STORE_NOT_FOUND, API_ERROR or <0. */
int lookup_daemon_definition(struct api_call *call, const char *text, struct task_definition_row *ret_row);

#endif
