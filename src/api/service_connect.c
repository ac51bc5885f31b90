#include "service_connect.h"

#include <string.h>

#include "cluster_reply.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/service_rows.h"

enum {
    NAMES_PAGE = 100,
};

struct cluster_search {
    struct api_call *call;
    int64_t id;
    const char *name_space;
    const struct cluster *found;
};

static void match_row(void *context, const struct cluster *cluster) {
    struct cluster_search *search = context;
    if (cluster->id == search->id)
        search->found = cluster;
}

const struct cluster *service_connect_cluster(struct api_call *call, int64_t id) {
    struct cluster_search search = {.id = id};
    engine_clusters_each(call->scope, &search, match_row);
    return search.found;
}

static const char *name_of(const struct value *service) {
    const char *name = value_string(service, "discoveryName");
    return name != NULL ? name : value_string(service, "portName");
}

static bool share_a_name(const struct value *left, const struct value *right) {
    value_for_each(one, value_get(left, "services")) {
        value_for_each(other, value_get(right, "services")) {
            if (text_equal(name_of(one), name_of(other)))
                return true;
        }
    }
    return false;
}

static int check_against(struct api_call *call, const struct value *connect, const struct service_name *row,
    const struct service *self_or_null) {
    const struct cluster *cluster = service_connect_cluster(call, row->cluster_id);
    const struct service *service = cluster != NULL ? engine_service_find(call->engine, cluster, row->name)
                                                    : NULL;
    struct service_contents contents;
    if (service == NULL || service == self_or_null)
        return 0;
    int result = service_contents_read(call, service, &contents);
    if (result == 0 && share_a_name(connect, value_get(contents.document, "serviceConnectConfiguration")))
        return api_fail(call, ERROR_DISCOVERY_NAME_USED, service->arn);
    return result;
}

int service_connect_check_free(
    struct api_call *call, const struct value *document, const struct service *self_or_null) {
    const struct value *connect = value_get(document, "serviceConnectConfiguration");
    struct service_filter filter = {
        .scope_id = scope_id(call->scope), .name_space = value_string(connect, "namespace")};
    struct service_name *names = arena_new_array(call->arena, struct service_name, NAMES_PAGE);
    unsigned count = NAMES_PAGE;
    if (!value_bool(connect, "enabled", false) || value_count(value_get(connect, "services")) == 0)
        return 0;
    int result = engine_flush(call->engine);
    for (int64_t after = 0; result == 0 && count == NAMES_PAGE;
         after = count != 0 ? names[count - 1].id : 0) {
        result = service_rows_list(
            engine_store(call->engine), &filter, after, NAMES_PAGE, call->arena, names, &count);
        for (unsigned index = 0; result == 0 && index < count; index++)
            result = check_against(call, connect, &names[index], self_or_null);
    }
    return result;
}

static void match_default(void *context, const struct cluster *cluster) {
    struct cluster_search *search = context;
    /* Most clusters have no such text at all. */
    if (search->found != NULL || strstr(cluster->document, "serviceConnectDefaults") == NULL)
        return;
    const struct value *defaults = value_get(
        cluster_document(search->call, cluster), "serviceConnectDefaults");
    if (text_equal(value_string(defaults, "namespace"), search->name_space))
        search->found = cluster;
}

int service_connect_check_namespace(struct api_call *call, const char *name_space) {
    struct cluster_search search = {.call = call, .name_space = name_space};
    struct service_filter filter = {.scope_id = scope_id(call->scope), .name_space = name_space};
    struct service_name name;
    unsigned count = 0;
    int result = engine_flush(call->engine);
    if (result == 0)
        result = service_rows_list(engine_store(call->engine), &filter, 0, 1, call->arena, &name, &count);
    if (result != 0 || count != 0)
        return result;
    engine_clusters_each(call->scope, &search, match_default);
    return search.found != NULL ? 0 : api_fail(call, ERROR_NAMESPACE_MISSING, name_space);
}
