/* Clusters: Create, Describe, List, Delete, Update, UpdateSettings, PutCapacityProviders (facts: tasks 3). */

#include <string.h>

#include "api_lookup.h"
#include "cluster_config.h"
#include "cluster_reply.h"
#include "ecs-local/base/json_members.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/engine/service_engine.h"
#include "ecs-local/store/cluster_rows.h"
#include "ecs-local/store/daemon_rows.h"
#include "ecs-local/store/task_rows.h"
#include "page_token.h"

int api_create_cluster(struct api_call *call) {
    const char *name = NULL;
    const char *document = NULL;
    int result = lookup_cluster_name(call, "clusterName", &name);
    /* Where a name is given, an ARN is none. */
    const char *given = value_string_nonempty(call->input, "clusterName");
    if (result == 0 && given != NULL && !text_equal(given, name))
        return api_fail(call, ERROR_CLUSTER_NAME, given);
    if (result == 0)
        result = cluster_config_check_new(call);
    if (result == 0)
        result = cluster_config_new(call, &document);
    if (result != 0)
        return result;
    struct cluster *cluster = engine_cluster_find(call->scope, name);
    bool fresh = cluster == NULL || !cluster->active;
    const char *tags = tags_text(call, value_get(call->input, "tags"));
    if (cluster == NULL)
        result = engine_cluster_create(call->engine, call->scope, name, document, tags, &cluster);
    else if (!cluster->active)
        result = engine_cluster_update(call->engine, cluster, true, document, tags);
    if (result != 0)
        return result;
    struct cluster_view view = {
        .tags = true, .settings = true, .configuration = true, .attachments = true, .updating = fresh};
    reply_cluster(call, cluster, &view);
    return 0;
}

/* In the order of facts: tasks 3.6. */
static int check_deletable(struct api_call *call, const struct cluster *cluster) {
    const struct value *document = cluster_document(call, cluster);
    if (cluster->registered != 0)
        return api_fail(call, ERROR_CLUSTER_HAS_INSTANCES, NULL);
    if (cluster->services_active + cluster->services_draining != 0)
        return api_fail(call, ERROR_CLUSTER_HAS_SERVICES, NULL);
    if (cluster->unfinished != 0)
        return api_fail(call, ERROR_CLUSTER_HAS_TASKS, NULL);
    int daemons = daemon_rows_uses_cluster(engine_store(call->engine), cluster->id);
    if (daemons != STORE_NOT_FOUND)
        return daemons == 0 ? api_fail(call, ERROR_CLUSTER_HAS_DAEMONS, NULL) : daemons;
    if (cluster_is_busy(call, document))
        return api_fail(call, ERROR_CLUSTER_BUSY, NULL);
    if (value_count(value_get(document, "scopedProviders")) != 0)
        return api_fail(call, ERROR_CLUSTER_HAS_PROVIDERS, NULL);
    return 0;
}

int api_delete_cluster(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    struct cluster_view view = {.settings_member = true, .attachments = true};
    if (cluster->active) {
        result = check_deletable(call, cluster);
        if (result == 0)
            result = engine_cluster_update(
                call->engine, cluster, false, cluster_config_gone(call, cluster), NULL);
        if (result == 0)
            result = engine_gateways_leave_cluster(call->engine, cluster);
        if (result != 0)
            return result;
        view.updating = true;
    }
    reply_cluster(call, cluster, &view);
    return 0;
}

static int describe_one(
    struct api_call *call, const char *text, const struct cluster_view *view, struct value *missing) {
    const char *name = NULL;
    struct violation violation;
    if (text[0] == '\0')
        return api_fail(call, ERROR_NAME_BLANK, "Clusters");
    if (arn_resolve_cluster(
            call->arena, text, scope_region(call->scope), scope_account(call->scope), &name, &violation) != 0)
        return api_fail_with(call, &violation);
    const struct cluster *cluster = engine_cluster_find(call->scope, name);
    if (cluster != NULL)
        write_cluster(call, cluster, view);
    else
        value_append(call->arena, missing, value_new_string(call->arena, name));
    return 0;
}

int api_describe_clusters(struct api_call *call) {
    struct cluster_view view = {
        .statistics = include_has(call, "STATISTICS"),
        .tags = include_has(call, "TAGS"),
        .settings = include_has(call, "SETTINGS"),
        .settings_member = true,
        .configuration = include_has(call, "CONFIGURATIONS"),
        .attachments = include_has(call, "ATTACHMENTS"),
    };
    const struct value *clusters = value_get(call->input, "clusters");
    struct value *missing = value_new_list(call->arena, 0);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "clusters");
    int result = value_count(clusters) == 0 ? describe_one(call, "default", &view, missing) : 0;
    for (size_t index = 0; result == 0 && index < value_count(clusters); index++)
        result = describe_one(call, value_string_at(clusters, index), &view, missing);
    if (result != 0)
        return result;
    writer_list_end(writer);
    writer_key_list_begin(writer, "failures");
    value_for_each(name, missing) write_failure(writer,
        arn_cluster(call->arena, scope_region(call->scope), scope_account(call->scope), name->string),
        "MISSING");
    writer_list_end(writer);
    writer_object_end(writer);
    return 0;
}

int api_list_clusters(struct api_call *call) {
    const char *after = NULL;
    int result = page_token_read(call, "", &after);
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    const char **names = arena_new_array(call->arena, const char *, limit + 1);
    unsigned count = 0;
    /* One more than asked tells whether there is a next page. */
    result = cluster_rows_list(engine_store(call->engine), scope_id(call->scope), after != NULL ? after : "",
        limit + 1, call->arena, names, &count);
    if (result != 0)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "clusterArns");
    for (unsigned index = 0; index < count && index < limit; index++)
        writer_string(writer,
            arn_cluster(call->arena, scope_region(call->scope), scope_account(call->scope), names[index]));
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken", page_token_make(call, "", names[limit - 1]));
    writer_object_end(writer);
    return 0;
}

/* UpdateCluster and UpdateClusterSettings: what is not given stays (facts: tasks 3.5). */
int api_update_cluster(struct api_call *call) {
    static const struct cluster_view view = {.settings = true, .configuration = true, .attachments = true};
    struct cluster *cluster = NULL;
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = cluster_config_check_update(call);
    if (result == 0)
        result = engine_cluster_update(
            call->engine, cluster, true, cluster_config_updated(call, cluster), NULL);
    if (result == 0)
        reply_cluster(call, cluster, &view);
    return result;
}

/* Declares UpdateInProgressException where UpdateCluster does not (facts: tasks 1.4). */
int api_update_cluster_settings(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0 && cluster_is_busy(call, cluster_document(call, cluster)))
        return api_fail(call, ERROR_CLUSTER_BUSY, NULL);
    return result == 0 ? api_update_cluster(call) : result;
}

/* Is a service of the cluster set up with the provider? */
static int services_use(
    struct api_call *call, const struct cluster *cluster, const char *provider, bool *ret_used) {
    static const char *const names[] = {"capacityProviderStrategy"};
    const char *quoted = arena_printf(call->arena, "\"%s\"", provider);
    for (const struct service *service = engine_services_first(cluster); service != NULL;
         service = service->next_in_cluster) {
        struct json_member strategy;
        const char *document = NULL;
        const char *tags = NULL;
        const char *created_by = NULL;
        if (service->status == SERVICE_INACTIVE)
            continue;
        int result = engine_service_document(
            call->engine, service, call->arena, &document, &tags, &created_by);
        if (result != 0)
            return result;
        if (json_members(document, names, 1, &strategy) == 0 && strategy.text != NULL &&
            memmem(strategy.text, strategy.length, quoted, strlen(quoted)) != NULL) {
            *ret_used = true;
            return 0;
        }
    }
    return 0;
}

static int is_used(
    struct api_call *call, const struct cluster *cluster, const char *provider, bool *ret_used) {
    int result = task_rows_uses_provider(engine_store(call->engine), cluster->id, provider);
    *ret_used = result == 0;
    if (result != STORE_NOT_FOUND)
        return result;
    return services_use(call, cluster, provider, ret_used);
}

/* A provider that leaves the cluster must not have tasks or services of it there (facts: services 11.2). */
static int check_removed(struct api_call *call, const struct cluster *cluster) {
    const struct value *kept = value_get(call->input, "capacityProviders");
    const struct value *document = cluster_document(call, cluster);
    value_for_each(provider, value_get(document, "capacityProviders")) {
        bool stays = false;
        value_for_each(item, kept)
            stays = stays || text_equal(item->string, provider->string) ||
                    text_ends_with(item->string, arena_printf(call->arena, "/%s", provider->string));
        if (stays)
            continue;
        bool used = false;
        int result = is_used(call, cluster, provider->string, &used);
        if (result == 0 && used)
            return api_fail(call, ERROR_PROVIDER_IN_USE, NULL);
        if (result != 0)
            return result;
    }
    return 0;
}

int api_put_cluster_capacity_providers(struct api_call *call) {
    static const struct cluster_view view = {.settings = true, .attachments = true, .updating = true};
    struct cluster *cluster = NULL;
    const char *document = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    const struct value *document_now = cluster_document(call, cluster);
    if (!text_equal(cluster_status(call, cluster, document_now, false), "ACTIVE"))
        return api_fail(call, ERROR_CLUSTER_NOT_ACTIVE, NULL);
    if (cluster_is_busy(call, document_now))
        return api_fail(call, ERROR_CLUSTER_BUSY, NULL);
    if (result == 0)
        result = cluster_config_check_providers(call);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result == 0)
        result = check_removed(call, cluster);
    if (result == 0)
        result = cluster_config_with_providers(call, cluster, &document);
    if (result == 0)
        result = engine_cluster_update(call->engine, cluster, true, document, NULL);
    if (result == 0)
        reply_cluster(call, cluster, &view);
    return result;
}
