/* In test builds (ECS_LOCAL_CHECK_REPLIES): every reply is walked against the model, every error must be one
 * that the operation declares, and what was produced is noted in the file that ECS_LOCAL_TALLY names. In
 * other builds nothing of this exists. */
#ifndef REPLY_CHECK_H
#define REPLY_CHECK_H

#include "ecs-local/model/model.h"
#include "ecs-local/protocol/aws_json.h"

#ifdef ECS_LOCAL_CHECK_REPLIES
/* 0, or ERR_BUG (logged) for a reply that the model does not allow. */
int reply_check(
    const struct model_operation *operation, struct arena *arena, const struct aws_json_reply *reply);
#else
static inline int reply_check(
    const struct model_operation *operation, struct arena *arena, const struct aws_json_reply *reply) {
    (void)operation;
    (void)arena;
    (void)reply;
    return 0;
}
#endif

#endif
