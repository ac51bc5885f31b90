/* What the operations on daemons share. */
#ifndef DAEMON_LOOKUP_H
#define DAEMON_LOOKUP_H

#include "api_lookup.h"
#include "ecs-local/engine/daemon_engine.h"
#include "ecs-local/store/daemon_definition_rows.h"

const char *daemon_definition_arn(struct api_call *call, const char *family, int64_t revision);
/* The daemon task definition that a family, family:revision or ARN names. 0, STORE_NOT_FOUND, API_ERROR or <0. */
int lookup_daemon_definition(struct api_call *call, const char *text, struct task_definition_row *ret_row);

/* What an ARN of the types daemon, daemon-revision and daemon-deployment names. */
struct daemon_name {
    const char *cluster;
    const char *daemon;
    const char *id; /* of a revision or deployment; NULL: of a daemon */
};
/* 0 or API_ERROR. `type`: the one that it must be of. */
int daemon_name_read(struct api_call *call, const char *arn, const char *type, struct daemon_name *ret_name);
/* The daemon of that name, in whatever state. 0, STORE_NOT_FOUND or <0. */
int daemon_find(struct api_call *call, const struct daemon_name *name, struct daemon_row *ret_row);
/* The daemon of the request's daemonArn. 0, API_ERROR (ClusterNotFoundException, DaemonNotFoundException) or <0. */
int lookup_daemon(struct api_call *call, struct daemon_row *ret_row, struct cluster **ret_cluster);

/* "type/cluster/daemon" or "type/cluster/daemon/id" as an ARN. */
const char *daemon_arn(
    struct api_call *call, const char *type, const char *cluster, const char *daemon, const char *id_or_null);
const char *provider_arn_of(struct api_call *call, const char *name);

#endif
