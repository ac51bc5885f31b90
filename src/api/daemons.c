/* CreateDaemon, UpdateDaemon, DeleteDaemon, DescribeDaemon, ListDaemons (facts: services 13). Texts of refusals are not
 * established there; they are made by analogy (D). */
#include <string.h>

#include "cluster_reply.h"
#include "daemon_lookup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/daemon.h"
#include "ecs-local/engine/task_launch.h"
#include "page_token.h"

enum {
    CLIENT_TOKEN_MAX = 36,
};

static const char *text_or(const struct value *map, const char *key, const char *fallback) {
    const char *text = value_string_nonempty(map, key);
    return text != NULL ? text : fallback;
}

/* The images that the revision is made of. Digests are not known before a task runs. */
static int read_images(struct api_call *call, const char *document_text, const char **ret_images) {
    struct value *document = NULL;
    if (value_parse(call->arena, document_text, strlen(document_text), &document) != 0)
        return -1;
    struct value *images = value_new_list(call->arena, 4);
    value_for_each(container, value_get(document, "containerDefinitions")) {
        struct value *image = value_new_map(call->arena, 2);
        value_add(call->arena, image, "containerName", value_get(container, "name"));
        value_add(call->arena, image, "image", value_get(container, "image"));
        value_append(call->arena, images, image);
    }
    *ret_images = value_text(call, images);
    return 0;
}

static int read_definition(struct api_call *call, struct daemon_revision_row *revision) {
    struct task_definition_row row;
    int result = lookup_daemon_definition(call, value_string(call->input, "daemonTaskDefinitionArn"), &row);
    if (result == STORE_NOT_FOUND)
        return api_fail(call, ERROR_DAEMON_DEFINITION_NOT_FOUND, NULL);
    if (result != 0)
        return result;
    if (!text_equal(row.status, "ACTIVE"))
        return api_fail(call, ERROR_DAEMON_DEFINITION_INACTIVE, NULL);
    revision->task_definition_id = row.id;
    revision->family_id = row.family_id;
    return read_images(call, row.document, &revision->images);
}

static bool is_associated(struct api_call *call, const struct cluster *cluster, const char *name) {
    value_for_each(item, value_get(cluster_document(call, cluster), "capacityProviders")) {
        if (text_equal(item->string, name) || text_equal(item->string, provider_arn_of(call, name)))
            return true;
    }
    return false;
}

/* One of managed instances, of the daemon's cluster. */
static int check_provider(
    struct api_call *call, const struct cluster *cluster, const char *text, const char **ret_name) {
    struct violation violation;
    struct capacity_provider provider;
    if (arn_resolve_capacity_provider(call->arena, text, scope_region(call->scope),
            scope_account(call->scope), ret_name, &violation) != 0)
        return api_fail_with(call, &violation);
    int result = engine_capacity_provider(call->engine, call->scope, *ret_name, call->arena, &provider);
    if (result < 0)
        return result;
    if (result != 0 || !provider.active)
        return api_fail(call, ERROR_PROVIDER_NOT_FOUND, *ret_name);
    if (provider.kind != PROVIDER_MANAGED_INSTANCES)
        return api_fail(call, ERROR_DAEMON_PROVIDER_KIND, NULL);
    if (!is_associated(call, cluster, *ret_name))
        return api_fail(call, ERROR_DAEMON_PROVIDER_CLUSTER, *ret_name);
    return 0;
}

static int read_providers(
    struct api_call *call, const struct cluster *cluster, struct daemon_revision_row *revision) {
    struct value *names = value_new_list(call->arena, 4);
    value_for_each(item, value_get(call->input, "capacityProviderArns")) {
        const char *name = NULL;
        int result = check_provider(call, cluster, item->string, &name);
        if (result != 0)
            return result;
        bool there = false;
        value_for_each(known, names) there = there || text_equal(known->string, name);
        if (!there)
            value_append(call->arena, names, value_new_string(call->arena, name));
    }
    revision->providers = value_text(call, names);
    return 0;
}

static int read_deployment(struct api_call *call, struct daemon_deployment_row *deployment) {
    const struct value *given = value_get(call->input, "deploymentConfiguration");
    const struct value *percent = value_get(given, "drainPercent");
    const struct value *alarms = value_get(given, "alarms");
    const struct value *names = value_get(alarms, "alarmNames");
    deployment->drain_percent = -1;
    if (percent != NULL) {
        deployment->drain_percent = percent->kind == VALUE_REAL ? percent->real : (double)percent->integer;
        if (!(deployment->drain_percent >= 0 && deployment->drain_percent <= 100))
            return api_fail(call, ERROR_DAEMON_DRAIN, NULL);
    }
    deployment->bake_minutes = value_int(given, "bakeTimeInMinutes", 0);
    bool watched = value_bool(alarms, "enable", false);
    if (watched && value_count(names) == 0)
        return api_fail(call, ERROR_DAEMON_ALARMS, NULL);
    deployment->alarms = watched ? value_text(call, names) : "[]";
    return 0;
}

/* What Create and Update have in common. `old` NULL: nothing was said before. */
static int read_spec(struct api_call *call, const struct cluster *cluster,
    const struct daemon_revision_row *old_or_null, struct daemon_spec *spec) {
    static const struct daemon_revision_row defaults = {.propagate_tags = "NONE", .critical = true};
    const struct daemon_revision_row *old = old_or_null != NULL ? old_or_null : &defaults;
    int result = read_definition(call, &spec->revision);
    if (result == 0)
        result = read_providers(call, cluster, &spec->revision);
    if (result == 0)
        result = read_deployment(call, &spec->deployment);
    spec->revision.propagate_tags = text_or(call->input, "propagateTags", old->propagate_tags);
    spec->revision.managed_tags = value_bool(call->input, "enableECSManagedTags", old->managed_tags);
    spec->revision.execute_command = value_bool(call->input, "enableExecuteCommand", old->execute_command);
    spec->revision.critical = value_bool(call->input, "critical", old->critical);
    return result;
}

static void reply(struct api_call *call, const struct cluster *cluster, const struct daemon_row *daemon,
    const char *deployment_uid) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "daemonArn", daemon_arn(call, "daemon", cluster->name, daemon->name, NULL));
    writer_key_string(writer, "status", daemon->status);
    writer_key_timestamp_opt(writer, "createdAt", daemon->created_ms);
    writer_key_timestamp_opt(writer, "updatedAt", daemon->updated_ms);
    writer_key_string(writer, "deploymentArn",
        daemon_arn(call, "daemon-deployment", cluster->name, daemon->name, deployment_uid));
    writer_object_end(writer);
}

static int deployment_uid(struct api_call *call, const struct daemon_row *daemon, const char **ret_uid) {
    struct daemon_deployment_row deployment;
    int result = daemon_deployment_rows_get_by_id(
        engine_store(call->engine), daemon->deployment_id, call->arena, &deployment);
    if (result == 0)
        *ret_uid = deployment.uid;
    return result <= 0 ? result : -1;
}

/* The name is taken: the same request with the same token gets the same answer. */
static int create_again(struct api_call *call, const struct cluster *cluster, const struct daemon_row *old,
    const struct daemon_row *given) {
    const char *uid = NULL;
    if (!text_equal(old->status, "ACTIVE"))
        return api_fail(call, ERROR_DAEMON_DELETING, NULL);
    if (given->client_token == NULL || !text_equal(given->client_token, old->client_token) ||
        !text_equal(given->request, old->request))
        return api_fail(call, ERROR_DAEMON_EXISTS, NULL);
    int result = deployment_uid(call, old, &uid);
    if (result == 0)
        reply(call, cluster, old, uid);
    return result;
}

static int check_new(struct api_call *call, struct cluster **ret_cluster, struct daemon_spec *spec) {
    const char *name = value_string(call->input, "daemonName");
    const char *token = value_string_nonempty(call->input, "clientToken");
    struct value *request = value_clone(call->arena, call->input);
    int result = lookup_active_cluster(call, "clusterArn", ret_cluster);
    if (result != 0)
        return result;
    if (!text_is_name(name, DAEMON_NAME_MAX))
        return api_fail(call, ERROR_DAEMON_NAME, name);
    if (token != NULL && strlen(token) > CLIENT_TOKEN_MAX)
        return api_fail(call, ERROR_IDEMPOTENCY_TOKEN, NULL);
    value_remove(request, "clientToken");
    spec->daemon = (struct daemon_row){
        .name = name,
        .client_token = token,
        .request = value_text(call, request),
        .tags = tags_text(call, value_get(call->input, "tags")),
    };
    return check_tags(call, value_get(call->input, "tags"));
}

int api_create_daemon(struct api_call *call) {
    struct daemon_spec spec = {0};
    struct daemon_row old;
    struct cluster *cluster = NULL;
    int result = check_new(call, &cluster, &spec);
    if (result != 0)
        return result;
    result = daemon_rows_get(engine_store(call->engine), cluster->id, spec.daemon.name, call->arena, &old);
    if (result == 0)
        return create_again(call, cluster, &old, &spec.daemon);
    if (result == STORE_NOT_FOUND)
        result = read_spec(call, cluster, NULL, &spec);
    if (result == 0)
        result = engine_daemon_create(call->engine, cluster, &spec);
    if (result == 0)
        reply(call, cluster, &spec.daemon, spec.deployment.uid);
    return result;
}

int api_update_daemon(struct api_call *call) {
    struct daemon_spec spec = {0};
    struct daemon_revision_row old;
    struct cluster *cluster = NULL;
    int result = lookup_daemon(call, &spec.daemon, &cluster);
    if (result == 0 && !text_equal(spec.daemon.status, "ACTIVE"))
        return api_fail(call, ERROR_DAEMON_NOT_ACTIVE, NULL);
    if (result == 0)
        result = daemon_revision_rows_get_by_id(
            engine_store(call->engine), spec.daemon.revision_id, call->arena, &old);
    if (result == 0)
        result = read_spec(call, cluster, &old, &spec);
    if (result == 0)
        result = engine_daemon_update(call->engine, &spec);
    if (result == 0)
        reply(call, cluster, &spec.daemon, spec.deployment.uid);
    return result;
}

int api_delete_daemon(struct api_call *call) {
    struct daemon_row daemon;
    struct cluster *cluster = NULL;
    const char *uid = NULL;
    int result = lookup_daemon(call, &daemon, &cluster);
    if (result == 0 && !text_equal(daemon.status, "ACTIVE"))
        return api_fail(call, ERROR_DAEMON_NOT_ACTIVE, NULL);
    if (result == 0)
        result = deployment_uid(call, &daemon, &uid);
    if (result == 0)
        result = engine_daemon_delete(call->engine, &daemon);
    if (result == 0)
        reply(call, cluster, &daemon, uid);
    return result;
}

static int write_revision(struct api_call *call, const struct cluster *cluster,
    const struct daemon_row *daemon, int64_t revision_id) {
    struct writer *writer = &call->writer;
    struct daemon_revision_row revision;
    struct daemon_provider_counts *counts = NULL;
    unsigned count = 0;
    unsigned running = 0;
    unsigned without = 0;
    int result = daemon_revision_rows_get_by_id(
        engine_store(call->engine), revision_id, call->arena, &revision);
    if (result == 0)
        result = engine_daemon_count(call->engine, daemon, &revision, call->arena, &counts, &count);
    if (result != 0)
        return result <= 0 ? result : -1;
    writer_object_begin(writer);
    writer_key_string(
        writer, "arn", daemon_arn(call, "daemon-revision", cluster->name, daemon->name, revision.digits));
    writer_key_list_begin(writer, "capacityProviders");
    for (unsigned index = 0; index < count; index++) {
        writer_object_begin(writer);
        writer_key_string(writer, "arn", provider_arn_of(call, counts[index].name));
        writer_key_int(writer, "runningCount", counts[index].running);
        writer_key_int(writer, "withoutDaemonCount", counts[index].without);
        writer_object_end(writer);
        running += counts[index].running;
        without += counts[index].without;
    }
    writer_list_end(writer);
    writer_key_int(writer, "totalRunningCount", running);
    writer_key_int(writer, "totalWithoutDaemonCount", without);
    writer_object_end(writer);
    return 0;
}

/* The wanted revision, and during a deployment the one that it comes from. */
static int write_revisions(struct api_call *call, const struct cluster *cluster,
    const struct daemon_row *daemon, const struct daemon_deployment_row *deployment) {
    bool under_way = deployment->finished_ms == 0 && deployment->source_revision_id != 0;
    int64_t other = deployment->revision_id != daemon->revision_id ? deployment->revision_id
                                                                   : deployment->source_revision_id;
    int result = write_revision(call, cluster, daemon, daemon->revision_id);
    return result == 0 && under_way ? write_revision(call, cluster, daemon, other) : result;
}

int api_describe_daemon(struct api_call *call) {
    struct writer *writer = &call->writer;
    struct daemon_row daemon;
    struct daemon_deployment_row deployment;
    struct cluster *cluster = NULL;
    int result = lookup_daemon(call, &daemon, &cluster);
    if (result == 0)
        result = daemon_deployment_rows_get_by_id(
            engine_store(call->engine), daemon.deployment_id, call->arena, &deployment);
    if (result != 0)
        return result;
    writer_object_begin(writer);
    writer_key_object_begin(writer, "daemon");
    writer_key_string(writer, "daemonArn", daemon_arn(call, "daemon", cluster->name, daemon.name, NULL));
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "status", daemon.status);
    writer_key_list_begin(writer, "currentRevisions");
    result = write_revisions(call, cluster, &daemon, &deployment);
    writer_list_end(writer);
    writer_key_string(writer, "deploymentArn",
        daemon_arn(call, "daemon-deployment", cluster->name, daemon.name, deployment.uid));
    writer_key_timestamp_opt(writer, "createdAt", daemon.created_ms);
    writer_key_timestamp_opt(
        writer, "updatedAt", daemon.updated_ms != 0 ? daemon.updated_ms : daemon.created_ms);
    writer_object_end(writer);
    writer_object_end(writer);
    return result;
}

/* The names of the filter between commas; NULL when there is none. */
static int read_provider_filter(struct api_call *call, const char **ret_words) {
    const char *words = NULL;
    value_for_each(item, value_get(call->input, "capacityProviderArns")) {
        struct violation violation;
        const char *name = NULL;
        if (arn_resolve_capacity_provider(call->arena, item->string, scope_region(call->scope),
                scope_account(call->scope), &name, &violation) != 0)
            return api_fail_with(call, &violation);
        words = arena_printf(call->arena, "%s%s,", words != NULL ? words : ",", name);
    }
    *ret_words = words;
    return 0;
}

int api_list_daemons(struct api_call *call) {
    struct writer *writer = &call->writer;
    struct cluster *cluster = NULL;
    const char *providers = NULL;
    const char *after = NULL;
    const char *filters = "";
    int result = lookup_cluster(call, "clusterArn", &cluster);
    if (result == 0)
        result = read_provider_filter(call, &providers);
    if (result == 0) {
        filters = arena_printf(call->arena, "%s %s", cluster->name, providers != NULL ? providers : "");
        result = page_token_read(call, filters, &after);
    }
    if (result != 0)
        return result;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = 0;
    struct daemon_row *rows = arena_new_array(call->arena, struct daemon_row, limit + 1);
    result = daemon_rows_list(engine_store(call->engine), cluster->id, after != NULL ? after : "", providers,
        limit + 1, call->arena, rows, &count);
    writer_object_begin(writer);
    writer_key_list_begin(writer, "daemonSummariesList");
    for (unsigned index = 0; index < count && index < limit; index++) {
        const struct daemon_row *row = &rows[index];
        writer_object_begin(writer);
        writer_key_string(writer, "daemonArn", daemon_arn(call, "daemon", cluster->name, row->name, NULL));
        writer_key_string(writer, "status", row->status);
        writer_key_timestamp_opt(writer, "createdAt", row->created_ms);
        writer_key_timestamp_opt(
            writer, "updatedAt", row->updated_ms != 0 ? row->updated_ms : row->created_ms);
        writer_object_end(writer);
    }
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken", page_token_make(call, filters, rows[limit - 1].name));
    writer_object_end(writer);
    return result;
}
