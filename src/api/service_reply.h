/* A service as replies show it (facts: services 2.5, 3.4, 4, 7.1). */
#ifndef SERVICE_REPLY_H
#define SERVICE_REPLY_H

#include "service_lookup.h"

struct service_view {
    bool tags;      /* the member is there, if only as [] */
    bool some_tags; /* the member is there when there are tags */
    bool created;   /* the reply of CreateService: nothing has happened yet */
    bool deleted;   /* the reply of DeleteService shows less of the configuration */
};

int write_service(struct api_call *call, const struct service *service, const struct service_view *view);
/* {"service": …} */
int reply_service(struct api_call *call, const struct service *service, const struct service_view *view);

/* The ARN of its last service deployment (`begun`: of those that are not PENDING), also when that is over; NULL: there is
 * none. */
int service_current_deployment(
    struct api_call *call, const struct service *service, bool begun, const char **ret_arn);

/* A task set; `tags`: the member is there. */
int write_task_set(
    struct api_call *call, const struct service *service, const struct deployment *task_set, bool tags);

/* The document of a deployment or task set, parsed. */
int deployment_document(
    struct api_call *call, const struct deployment *deployment, const struct value **ret_document);

#endif
