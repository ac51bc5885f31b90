/* Answers of the service rules for golden.c. */
#ifndef GOLDEN_SERVICES_H
#define GOLDEN_SERVICES_H

#include "ecs-local/base/value.h"

struct value *answer_service_rules(struct arena *arena, const struct value *input);
struct value *answer_traffic_shift(struct arena *arena, const struct value *input);
struct value *answer_service_targets(struct arena *arena, const struct value *input);
struct value *answer_service_plan(struct arena *arena, const struct value *input);

#endif
