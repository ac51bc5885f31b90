/* What RunTask and StartTask find out before a task is made. */
#ifndef TASK_REQUEST_H
#define TASK_REQUEST_H

#include "capacity_strategy.h"
#include "ecs-local/engine/task_launch.h"

/* The launch type of the request, its capacity provider strategy, or the cluster's. 0, API_ERROR or <0. */
int launch_choose_capacity(struct api_call *call, const struct cluster *cluster, struct task_launch *launch);
/* The volumeConfigurations of the request against the definition's volume. 0 or API_ERROR. */
int launch_check_volumes(struct api_call *call, struct task_launch *launch);

/* RunTask with a clientToken (facts: tasks 5.3). 0: the token is new; CLIENT_TOKEN_REPLAYED: the answer of the first
 * call is written; API_ERROR: it was another request. */
enum {
    CLIENT_TOKEN_REPLAYED = 1
};
int client_token_replay(struct api_call *call, struct cluster *cluster);
/* Keeps what the call has answered (the reply is complete). */
int client_token_keep(struct api_call *call, const struct cluster *cluster);

#endif
