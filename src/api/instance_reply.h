/* A container instance as replies show it. */
#ifndef INSTANCE_REPLY_H
#define INSTANCE_REPLY_H

#include "ecs-local/api/api.h"

/* 0, or <0 when its document cannot be read from the store. */
int write_instance(struct api_call *call, const struct instance *instance, bool with_tags);
/* The same, as it registers: one that gets a trunk is REGISTERING until that is attached, which it is as soon as anybody
 * asks (facts: tasks 7.2). */
int write_new_instance(struct api_call *call, const struct instance *instance);

/* The same, with healthStatus (include CONTAINER_INSTANCE_HEALTH). */
int write_instance_with(
    struct api_call *call, const struct instance *instance, bool with_tags, bool with_health);

#endif
