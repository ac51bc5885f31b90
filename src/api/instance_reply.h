/* A container instance as replies show it. */
#ifndef INSTANCE_REPLY_H
#define INSTANCE_REPLY_H

#include "ecs-local/api/api.h"

/* 0, or <0 when its document cannot be read from the store. */
int write_instance(struct api_call *call, const struct instance *instance, bool with_tags);

#endif
