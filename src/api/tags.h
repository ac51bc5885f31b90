/* What can be tagged (facts: tasks 9). A family of resources joins by a row in the table of tags.c: the type that its
 * ARNs have, and two functions. */
#ifndef TAGS_H
#define TAGS_H

#include "api_lookup.h"
#include "ecs-local/engine/service_engine.h"
#include "ecs-local/store/capacity_provider_rows.h"

/* What an ARN names, and the tags that it has. Members beside `tags` and `inactive` are for find and store. */
struct tagged {
    const char *arn;         /* as given */
    const char *tags;        /* JSON list */
    enum api_error inactive; /* why it cannot be tagged now; ERROR_COUNT: it can */
    struct cluster *cluster; /* the one named, or that of the instance, task, service … */
    struct instance *instance;
    struct task *task;
    struct capacity_provider_row provider;
    struct service *service; /* of a task set */
    int64_t row;             /* any other resource's */
    void *resource;          /* likewise */
};

struct tag_kind {
    const char *type; /* of the ARN: "cluster" */
    /* `rest` is what follows the type and its slash. 0 with `tags` set, API_ERROR or <0. */
    int (*find)(struct api_call *call, const char *rest, struct tagged *tagged);
    int (*store)(struct api_call *call, struct tagged *tagged, const char *tags);
};

/* For find: "cluster/id" → tagged->cluster and the id; refuses short ARNs and unknown clusters. */
int tags_split(struct api_call *call, const char *rest, struct tagged *tagged, const char **ret_id);
/* "The specified <noun> does not exist." */
int tags_not_found(struct api_call *call, const char *noun);

#endif
