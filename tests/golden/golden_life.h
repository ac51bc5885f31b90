/* The life of simulated tasks. */
#ifndef GOLDEN_LIFE_H
#define GOLDEN_LIFE_H

#include "ecs-local/base/value.h"

/* life: {"platform": "ec2" | "awsvpc" | "fargate", "containerDefinitions": […], "timing": {…} or a name,
 *        "outcomes": [{"container": NAME, "outcome": {…}}], "stopAt": "90s", "until": "10m"}
 * → a list: what happened, each with its time since the task was made. */
struct value *answer_life(struct arena *arena, const struct value *input);

#endif
