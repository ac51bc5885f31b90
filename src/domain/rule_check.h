/* How the rules of task definitions are written: a function for each, run in the order of facts tasks 4.4
 * until one refuses. Private to the rules' files. */
#ifndef RULE_CHECK_H
#define RULE_CHECK_H

#include "ecs-local/domain/task_definition.h"

struct rule_check {
    struct arena *arena;
    const struct value *request;
    const char *network_mode; /* NULL: not given */
    bool fargate;             /* requiresCompatibilities names FARGATE */
    bool external;
    bool windows;
    int64_t cpu_units;  /* of the task level, 0: not given */
    int64_t memory_mib; /* of the task level, 0: not given */
    bool has_execution_role;
    bool memory_optional; /* a container may leave its memory open */
    struct violation *violation;
};

/* A rule answers 0, or 1 after rule_refuse(). */
typedef int rule(struct rule_check *check);
typedef int container_rule(struct rule_check *check, const struct value *container);

/* ClientException with the text; answers 1. */
int rule_refuse(struct rule_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define rule_for_each_container(check, container)                                                            \
    value_for_each(container, value_get((check)->request, "containerDefinitions"))

static inline const char *rule_container_name(const struct value *container) {
    const char *name = value_string(container, "name");
    return name != NULL ? name : "";
}

/* NULL when the list has none of that name. */
const struct value *rule_find_named(const struct value *list, const char *name);

/* rules of one container: task_definition_container_rules.c; of ports: …_port_rules.c; of volumes, Fargate
 * and the whole: …_rules.c */
int rules_check_containers_basic(struct rule_check *check);
int rules_check_sizes(struct rule_check *check);
int rules_check_ports(struct rule_check *check);
int rules_check_requirements(struct rule_check *check); /* requirement_rules.c */
int rules_check_container_features(struct rule_check *check);
int rules_check_dependencies(struct rule_check *check);
int rules_check_volumes(struct rule_check *check);
int rules_check_fargate(struct rule_check *check);

/* What keeps a container off Fargate, asked by its rules and for `compatibilities`. */
bool task_definition_has_gpu(const struct value *container);
/* SYS_PTRACE is the only capability that can be added there. */
bool task_definition_fargate_capabilities(const struct value *container);

#endif
