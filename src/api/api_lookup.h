/* What many operations ask first: which cluster, which task definition, which page. */
#ifndef API_LOOKUP_H
#define API_LOOKUP_H

#include "api_errors.h"
#include "ecs-local/store/task_definition_rows.h"

/* The name in `member` (a name or an ARN); "default" when it is absent or empty. 0 or API_ERROR. */
int lookup_cluster_name(struct api_call *call, const char *member, const char **ret_name);
/* The cluster, ACTIVE or not. 0, API_ERROR ClusterNotFoundException, or <0. */
int lookup_cluster(struct api_call *call, const char *member, struct cluster **ret_cluster);
/* An ACTIVE cluster: for operations that put something into it. */
int lookup_active_cluster(struct api_call *call, const char *member, struct cluster **ret_cluster);

/* What stands behind "<type>/" in an ARN of this account and region. 0, or API_ERROR for another type or none. */
int lookup_arn_rest(struct api_call *call, const char *arn, const char *type, const char **ret_rest);

/* Family and revision (0: none given) that the text names. 0 or API_ERROR. */
int lookup_task_definition_name(
    struct api_call *call, const char *text, const char **ret_family, int64_t *ret_revision);

/* Checks a RegisterTaskDefinition request and makes the next revision of its family. 0, API_ERROR or <0. */
int task_definition_register(
    struct api_call *call, const struct value *request, struct task_definition_row *ret_row);

/* Does the request's `include` list hold `field`? */
bool include_has(struct api_call *call, const char *field);

/* Checks a list of tags: 50 at most, keys once, 1–128 and 0–256 characters, no aws: prefix (facts: tasks 9).
 */
int check_tags(struct api_call *call, const struct value *tags);
/* JSON text of the tags of the request, "[]" when there are none. */
const char *tags_text(struct api_call *call, const struct value *tags);
/* Any tree as JSON text in the call's arena. */
const char *value_text(struct api_call *call, const struct value *value);

/* One entry of `failures`. */
void write_failure(struct writer *writer, const char *arn, const char *reason);

#endif
