/* A cluster as replies show it (facts: tasks 3.1). */
#ifndef CLUSTER_REPLY_H
#define CLUSTER_REPLY_H

#include "ecs-local/api/api.h"

/* Which optional members a reply shows (facts: tasks 3.1). */
struct cluster_view {
    bool statistics;
    bool tags;
    bool settings;
    bool settings_member; /* `settings` is there, if only as [] */
    bool configuration;
    bool attachments;
    bool updating; /* the attachments were changed by this call */
};

/* What the clock says about a cluster whose attachments were changed (facts: tasks 3.1, services 11.2). */
bool cluster_is_busy(struct api_call *call, const struct value *document);
const char *cluster_status(
    struct api_call *call, const struct cluster *cluster, const struct value *document, bool updating);

/* What was given at creation and since; NULL when a cluster has nothing of it. */
struct value *cluster_document(struct api_call *call, const struct cluster *cluster);
void write_cluster(struct api_call *call, const struct cluster *cluster, const struct cluster_view *view);
/* {"cluster": …} */
void reply_cluster(struct api_call *call, const struct cluster *cluster, const struct cluster_view *view);

#endif
