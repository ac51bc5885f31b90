/* The simulated runtime: a life cycle as data. Every stage of task_life.h has a duration per platform; no container
 * exists.
 *
 * Timings: "instant" (everything at once), "realistic" (what was seen on AWS: facts tasks 5.6), or the path
 * of a JSON file. In a file every member is optional and starts from "instant":
 *
 *   {"PENDING": "5s",                              a status, for every platform
 *    "fargate": {"PROVISIONING": "9s"},            a platform: "ec2", "awsvpc", "fargate"
 *    "STOPPING": {"duration": "2s", "jitter": "1s"},
 *    "RUNNING": {"duration": "60s", "exitCode": 1},  its containers end by themselves then; absent: never
 *    "PULL": "7s", "START": "1s",                  of each container, after PENDING's duration or what it waits for
 *    "HEALTH": "interval",                         from start to HEALTHY; "interval": that of the health check
 *    "COMPLETE": {"duration": "3s", "exitCode": 0}, how long a container runs whose end another one waits for
 *    "delays": {"clusterAttachments": "10s"}}      what is no stage of a task: runtime_delay.h
 *
 * A STOPPING longer than a container's stopTimeout is cut there, and the container is killed (exit code 137);
 * otherwise it is taken to have handled SIGTERM (exit code 0). */
#ifndef ECS_LOCAL_RUNTIME_SIM_RUNTIME_H
#define ECS_LOCAL_RUNTIME_SIM_RUNTIME_H

#include "ecs-local/runtime/runtime_provider.h"

/* 0; ERR_CONFIG (logged) for a file that cannot be read or does not say what it must. The caller closes the
 * provider. */
int sim_runtime_open(const char *timing, struct runtime_provider *ret_provider);

#endif
