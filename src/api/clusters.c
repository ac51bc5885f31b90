/* Clusters: CreateCluster, DescribeClusters, ListClusters, DeleteCluster (facts: tasks 3). */
#include <stdio.h>
#include <string.h>

#include "api_lookup.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/cluster_rows.h"
#include "page_token.h"

/* Which optional members a reply shows (facts: tasks 3.1). */
struct cluster_view {
    bool statistics;
    bool tags;
    bool settings;
    bool settings_member; /* `settings` is there, if only as [] */
    bool configuration;
};

static void write_statistic(struct writer *writer, const char *name, unsigned count) {
    char digits[16];
    snprintf(digits, sizeof(digits), "%u", count);
    writer_object_begin(writer);
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "value", digits);
    writer_object_end(writer);
}

static void write_statistics(struct writer *writer, const struct cluster *cluster) {
    write_statistic(writer, "runningEC2TasksCount", cluster->running[LAUNCH_EC2]);
    write_statistic(writer, "runningFargateTasksCount", cluster->running[LAUNCH_FARGATE]);
    write_statistic(writer, "pendingEC2TasksCount", cluster->pending[LAUNCH_EC2]);
    write_statistic(writer, "pendingFargateTasksCount", cluster->pending[LAUNCH_FARGATE]);
    write_statistic(writer, "activeEC2ServiceCount", 0);
    write_statistic(writer, "activeFargateServiceCount", 0);
    write_statistic(writer, "drainingEC2ServiceCount", 0);
    write_statistic(writer, "drainingFargateServiceCount", 0);
    write_statistic(writer, "runningExternalTasksCount", cluster->running[LAUNCH_EXTERNAL]);
    write_statistic(writer, "pendingExternalTasksCount", cluster->pending[LAUNCH_EXTERNAL]);
    write_statistic(writer, "activeExternalServiceCount", 0);
    write_statistic(writer, "drainingExternalServiceCount", 0);
}

/* The stored members, or an empty object when a cluster was created without any. */
static struct value *cluster_document(struct api_call *call, const struct cluster *cluster) {
    struct value *document = NULL;
    if (cluster->document[1] == '}' ||
        value_parse(call->arena, cluster->document, strlen(cluster->document), &document) != 0)
        return NULL;
    return document;
}

static void write_settings(struct writer *writer, const struct value *document) {
    const struct value *settings = value_get(document, "settings");
    writer_key_list_begin(writer, "settings");
    if (value_count(settings) != 0) {
        value_for_each(setting, settings) writer_value(writer, setting);
    } else {
        /* What the account setting containerInsights says; its own default is "disabled" (facts: tasks 3.1).
         */
        writer_object_begin(writer);
        writer_key_string(writer, "name", "containerInsights");
        writer_key_string(writer, "value", "disabled");
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

static void write_list_or_empty(struct writer *writer, const char *key, const struct value *list) {
    if (list != NULL)
        writer_key_value_opt(writer, key, list);
    else
        writer_key_empty_list(writer, key);
}

static void write_cluster(
    struct api_call *call, const struct cluster *cluster, const struct cluster_view *view) {
    struct writer *writer = &call->writer;
    const struct value *document = cluster_document(call, cluster);
    writer_object_begin(writer);
    writer_key_string(writer, "clusterArn", cluster->arn);
    writer_key_string(writer, "clusterName", cluster->name);
    if (view->configuration)
        writer_key_value_opt(writer, "configuration", value_get(document, "configuration"));
    writer_key_string(writer, "status", cluster->active ? "ACTIVE" : "INACTIVE");
    writer_key_int(writer, "registeredContainerInstancesCount", cluster->registered);
    writer_key_int(writer, "runningTasksCount", cluster_running_tasks(cluster));
    writer_key_int(writer, "pendingTasksCount", cluster_pending_tasks(cluster));
    writer_key_int(writer, "activeServicesCount", 0);
    writer_key_list_begin(writer, "statistics");
    if (view->statistics)
        write_statistics(writer, cluster);
    writer_list_end(writer);
    writer_key_raw(writer, "tags", view->tags ? cluster->tags : "[]");
    if (view->settings)
        write_settings(writer, document);
    else if (view->settings_member)
        writer_key_empty_list(writer, "settings");
    write_list_or_empty(writer, "capacityProviders", value_get(document, "capacityProviders"));
    write_list_or_empty(
        writer, "defaultCapacityProviderStrategy", value_get(document, "defaultCapacityProviderStrategy"));
    writer_key_value_opt(writer, "serviceConnectDefaults", value_get(document, "serviceConnectDefaults"));
    writer_object_end(writer);
}

static void reply_cluster(
    struct api_call *call, const struct cluster *cluster, const struct cluster_view *view) {
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "cluster");
    write_cluster(call, cluster, view);
    writer_object_end(&call->writer);
}

static int check_settings(struct api_call *call, const struct value *settings) {
    static const char *const values[] = {"enabled", "disabled", "enhanced"};
    value_for_each(setting, settings) {
        const char *value = value_string(setting, "value");
        if (!text_equal(value_string(setting, "name"), "containerInsights"))
            return api_fail(call, ERROR_CLUSTER_SETTING_NAME, NULL);
        bool known = false;
        for (size_t index = 0; index < array_length(values); index++)
            known = known || text_equal(value, values[index]);
        if (!known)
            return api_fail(call, ERROR_CLUSTER_SETTING_VALUE, value);
    }
    return 0;
}

static int check_logging(struct api_call *call, const struct value *configuration) {
    const struct value *execute = value_get(configuration, "executeCommandConfiguration");
    const struct value *target = value_get(execute, "logConfiguration");
    bool override = text_equal(value_string(execute, "logging"), "OVERRIDE");
    bool has_target = value_string_nonempty(target, "cloudWatchLogGroupName") != NULL ||
                      value_string_nonempty(target, "s3BucketName") != NULL;
    if (override && !has_target)
        return api_fail(call, ERROR_LOGGING_NEEDS_TARGET, NULL);
    if (!override && target != NULL)
        return api_fail(call, ERROR_LOGGING_NEEDS_OVERRIDE, NULL);
    return 0;
}

/* Only the two providers that every account has exist yet. */
static bool is_known_provider(const char *name) {
    return text_equal(name, "FARGATE") || text_equal(name, "FARGATE_SPOT");
}

static bool list_has(const struct value *list, const char *text) {
    value_for_each(item, list) {
        if (item->kind == VALUE_STRING && text_equal(item->string, text))
            return true;
    }
    return false;
}

static int check_providers(
    struct api_call *call, const struct value *providers, const struct value *strategy) {
    value_for_each(provider, providers) {
        if (provider->kind == VALUE_STRING && !is_known_provider(provider->string))
            return api_fail(call, ERROR_PROVIDER_NOT_FOUND, provider->string);
    }
    int64_t weights = 0;
    unsigned bases = 0;
    value_for_each(item, strategy) {
        if (!list_has(providers, value_string(item, "capacityProvider")))
            return api_fail(call, ERROR_STRATEGY_NOT_ASSOCIATED, NULL);
        weights += value_int(item, "weight", 0);
        bases += value_int(item, "base", 0) > 0;
    }
    if (value_count(strategy) > 1 && weights == 0)
        return api_fail(call, ERROR_STRATEGY_WEIGHTS, NULL);
    return bases > 1 ? api_fail(call, ERROR_STRATEGY_BASES, NULL) : 0;
}

/* weight and base are always in replies (facts: tasks 3.2). */
static struct value *complete_strategy(struct api_call *call, const struct value *strategy) {
    struct value *list = value_new_list(call->arena, value_count(strategy));
    value_for_each(item, strategy) {
        struct value *complete = value_new_map(call->arena, 3);
        value_add(call->arena, complete, "capacityProvider", value_get(item, "capacityProvider"));
        value_add(call->arena, complete, "weight", value_new_int(call->arena, value_int(item, "weight", 0)));
        value_add(call->arena, complete, "base", value_new_int(call->arena, value_int(item, "base", 0)));
        value_append(call->arena, list, complete);
    }
    return list;
}

static const char *new_cluster_document(struct api_call *call) {
    static const char *const kept[] = {
        "settings", "configuration", "capacityProviders", "serviceConnectDefaults"};
    struct value *document = value_new_map(call->arena, 5);
    for (size_t index = 0; index < array_length(kept); index++) {
        struct value *member = value_get(call->input, kept[index]);
        if (value_count(member) != 0)
            value_add(call->arena, document, kept[index], member);
    }
    const struct value *strategy = value_get(call->input, "defaultCapacityProviderStrategy");
    if (value_count(strategy) != 0)
        value_add(
            call->arena, document, "defaultCapacityProviderStrategy", complete_strategy(call, strategy));
    return value_text(call, document);
}

static int check_new_cluster(struct api_call *call) {
    const struct value *input = call->input;
    int result = check_settings(call, value_get(input, "settings"));
    if (result == 0)
        result = check_logging(call, value_get(input, "configuration"));
    if (result == 0)
        result = check_providers(
            call, value_get(input, "capacityProviders"), value_get(input, "defaultCapacityProviderStrategy"));
    return result == 0 ? check_tags(call, value_get(input, "tags")) : result;
}

int api_create_cluster(struct api_call *call) {
    const char *name = NULL;
    int result = lookup_cluster_name(call, "clusterName", &name);
    if (result == 0)
        result = check_new_cluster(call);
    if (result != 0)
        return result;
    struct cluster *cluster = engine_cluster_find(call->scope, name);
    if (cluster == NULL)
        result = engine_cluster_create(call->engine, call->scope, name, new_cluster_document(call),
            tags_text(call, value_get(call->input, "tags")), &cluster);
    else if (!cluster->active)
        result = engine_cluster_update(call->engine, cluster, true, new_cluster_document(call),
            tags_text(call, value_get(call->input, "tags")));
    if (result != 0)
        return result;
    static const struct cluster_view view = {.tags = true, .settings = true, .configuration = true};
    reply_cluster(call, cluster, &view);
    return 0;
}

int api_delete_cluster(struct api_call *call) {
    struct cluster *cluster = NULL;
    int result = lookup_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    if (cluster->active) {
        if (cluster->registered != 0)
            return api_fail(call, ERROR_CLUSTER_HAS_INSTANCES, NULL);
        if (cluster->unfinished != 0)
            return api_fail(call, ERROR_CLUSTER_HAS_TASKS, NULL);
        result = engine_cluster_update(call->engine, cluster, false, NULL, NULL);
        if (result != 0)
            return result;
    }
    static const struct cluster_view view = {.settings_member = true};
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
