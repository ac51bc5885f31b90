/* CreateCapacityProvider, DescribeCapacityProviders, UpdateCapacityProvider, DeleteCapacityProvider (facts: services
 * 11). FARGATE and FARGATE_SPOT are always there. */
#include <string.h>
#include <strings.h>

#include "capacity_strategy.h"
#include "cluster_config.h"
#include "cluster_reply.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/capacity_provider_rows.h"
#include "ecs-local/store/daemon_rows.h"
#include "ecs-local/store/task_rows.h"
#include "page_token.h"

enum {
    NAME_MAX_LENGTH = 255,
    PROVIDERS_PAGE = 10,
    MANAGED_INSTANCES_MAX = 1000, /* of one provider (D) */
};

static const char *const fargate_names[] = {"FARGATE", "FARGATE_SPOT"};

static bool is_fargate_name(const char *name) {
    return text_equal(name, fargate_names[0]) || text_equal(name, fargate_names[1]);
}

static const char *provider_arn(struct api_call *call, const char *name) {
    return arn_capacity_provider(call->arena, scope_region(call->scope), scope_account(call->scope), name);
}

static void write_fargate(struct api_call *call, const char *name) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "capacityProviderArn", provider_arn(call, name));
    writer_key_string(writer, "name", name);
    writer_key_string(writer, "status", "ACTIVE");
    writer_key_empty_list(writer, "tags");
    writer_key_string(writer, "type", name);
    writer_object_end(writer);
}

/* What is shown until the clock says that a change is complete. The call that makes it shows it in any case. */
static bool change_is_under_way(struct api_call *call, const struct value *document) {
    const struct value *change = value_get(document, "change");
    return change != NULL &&
           (value_int(change, "until", 0) > engine_now_ms(call->engine) || value_bool(change, "now", false));
}

/* The row has the state at the end of the change already. */
static void begin_change(
    struct api_call *call, struct value *document, const char *status, const char *update_status) {
    int64_t until_ms = engine_now_ms(call->engine) +
                       engine_delay_ms(call->engine, RUNTIME_DELAY_PROVIDER_UPDATE);
    struct value *change = value_new_map(call->arena, 4);
    value_add(call->arena, change, "status", value_new_string(call->arena, status));
    value_add(call->arena, change, "updateStatus", value_new_string(call->arena, update_status));
    value_add(call->arena, change, "until", value_new_int(call->arena, until_ms));
    value_set(call->arena, document, "change", change);
}

static int write_provider(struct api_call *call, const struct capacity_provider_row *row, bool with_tags) {
    struct writer *writer = &call->writer;
    struct value *document = NULL;
    if (value_parse(call->arena, row->document, strlen(row->document), &document) != 0)
        return -1;
    writer_object_begin(writer);
    writer_key_string(writer, "capacityProviderArn", provider_arn(call, row->name));
    writer_key_string(writer, "name", row->name);
    writer_key_value_opt(writer, "cluster", value_get(document, "cluster"));
    const struct value *change = value_get(document, "change");
    bool under_way = change_is_under_way(call, document);
    writer_key_string(writer, "status", under_way ? value_string(change, "status") : row->status);
    writer_key_value_opt(writer, "autoScalingGroupProvider", value_get(document, "autoScalingGroupProvider"));
    writer_key_value_opt(writer, "managedInstancesProvider", value_get(document, "managedInstancesProvider"));
    writer_key_string_opt(
        writer, "updateStatus", under_way ? value_string(change, "updateStatus") : row->update_status);
    writer_key_raw(writer, "tags", with_tags ? row->tags : "[]");
    writer_key_value_opt(writer, "type", value_get(document, "type"));
    writer_object_end(writer);
    return 0;
}

/* The answer of the call that changed it. */
static int reply_provider(struct api_call *call, struct capacity_provider_row *row, struct value *document) {
    struct value *change = value_get(document, "change");
    if (change != NULL)
        value_set(call->arena, change, "now", value_new_bool(call->arena, true));
    row->document = value_text(call, document);
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "capacityProvider");
    int result = write_provider(call, row, true);
    writer_object_end(&call->writer);
    return result;
}

static int check_name(struct api_call *call, const char *name) {
    static const char *const reserved[] = {"aws", "ecs", "fargate"};
    if (!text_is_name(name, NAME_MAX_LENGTH))
        return api_fail(call, ERROR_PROVIDER_NAME, NULL);
    for (size_t index = 0; index < array_length(reserved); index++) {
        if (strncasecmp(name, reserved[index], strlen(reserved[index])) == 0)
            return api_fail(call, ERROR_PROVIDER_NAME, NULL);
    }
    return 0;
}

static void put_default(struct api_call *call, struct value *map, const char *key, struct value *fallback) {
    if (value_get(map, key) == NULL)
        value_set(call->arena, map, key, fallback);
}

static struct value *text_value(struct api_call *call, const char *text) {
    return value_new_string(call->arena, text);
}

/* Managed scaling that is not given is off (D); given without a status it is on (C). */
static struct value *complete_scaling(struct api_call *call, const struct value *given) {
    struct value *scaling = given != NULL ? value_clone(call->arena, given) : value_new_map(call->arena, 5);
    put_default(call, scaling, "status", text_value(call, given != NULL ? "ENABLED" : "DISABLED"));
    put_default(call, scaling, "targetCapacity", value_new_int(call->arena, 100));
    put_default(call, scaling, "minimumScalingStepSize", value_new_int(call->arena, 1));
    put_default(call, scaling, "maximumScalingStepSize", value_new_int(call->arena, 10000));
    put_default(call, scaling, "instanceWarmupPeriod", value_new_int(call->arena, 300));
    return scaling;
}

static struct value *complete_group(struct api_call *call, const struct value *given) {
    struct value *group = value_clone(call->arena, given);
    value_set(
        call->arena, group, "managedScaling", complete_scaling(call, value_get(given, "managedScaling")));
    put_default(call, group, "managedTerminationProtection", text_value(call, "DISABLED"));
    put_default(call, group, "managedDraining", text_value(call, "ENABLED"));
    return group;
}

static int check_group(struct api_call *call, const struct value *group) {
    const struct value *scaling = value_get(group, "managedScaling");
    if (value_int(scaling, "minimumScalingStepSize", 1) > value_int(scaling, "maximumScalingStepSize", 10000))
        return api_fail(call, ERROR_PROVIDER_STEPS, NULL);
    return 0;
}

/* The document of a new provider: one of the two sorts. */
static int make_document(struct api_call *call, struct value **ret_document) {
    const struct value *group = value_get(call->input, "autoScalingGroupProvider");
    struct value *managed = value_get(call->input, "managedInstancesProvider");
    if ((group == NULL) == (managed == NULL))
        return api_fail(call, ERROR_PROVIDER_KIND, NULL);
    struct value *document = value_new_map(call->arena, 3);
    if (group != NULL) {
        struct value *complete = complete_group(call, group);
        value_set(call->arena, document, "autoScalingGroupProvider", complete);
        value_set(call->arena, document, "type", text_value(call, "EC2_AUTOSCALING"));
        *ret_document = document;
        return check_group(call, complete);
    }
    struct cluster *cluster = NULL;
    if (value_string_nonempty(call->input, "cluster") == NULL)
        return api_fail(call, ERROR_PROVIDER_CLUSTER, NULL);
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result != 0)
        return result;
    value_set(call->arena, document, "managedInstancesProvider", managed);
    value_set(call->arena, document, "type", text_value(call, "MANAGED_INSTANCES"));
    value_set(call->arena, document, "cluster", text_value(call, cluster->arn));
    *ret_document = document;
    return 0;
}

/* The row of a provider that is not INACTIVE. */
static int find_row(struct api_call *call, const char *text, struct capacity_provider_row *ret_row) {
    const char *name = NULL;
    struct violation violation;
    if (arn_resolve_capacity_provider(
            call->arena, text, scope_region(call->scope), scope_account(call->scope), &name, &violation) != 0)
        return api_fail_with(call, &violation);
    if (is_fargate_name(name))
        return api_fail(call, ERROR_PROVIDER_RESERVED, name);
    int result = capacity_provider_rows_get(
        engine_store(call->engine), scope_id(call->scope), name, call->arena, ret_row);
    if (result == STORE_NOT_FOUND || (result == 0 && text_equal(ret_row->status, "INACTIVE")))
        return api_fail(call, ERROR_PROVIDER_DOES_NOT_EXIST, NULL);
    return result;
}

/* A managed instances provider belongs to its cluster from the beginning (facts: services 11.1). */
static int join_cluster(struct api_call *call, const struct value *document, const char *name) {
    struct cluster *cluster = NULL;
    if (!value_has(document, "managedInstancesProvider"))
        return 0;
    struct scaling_bounds bounds = {
        .capacity_provider = name, .maximum = MANAGED_INSTANCES_MAX, .documents = "[]"};
    int result = lookup_active_cluster(call, "cluster", &cluster);
    if (result == 0)
        result = engine_cluster_update(
            call->engine, cluster, true, cluster_config_with_scoped(call, cluster, name, true), NULL);
    return result == 0 ? engine_scaling_group_set(call->engine, cluster, &bounds) : result;
}

/* Where an INACTIVE one had the name, its row is taken again. */
static int find_free_row(struct api_call *call, struct capacity_provider_row *row) {
    struct capacity_provider_row old;
    struct value *document = NULL;
    int result = capacity_provider_rows_get(
        engine_store(call->engine), row->scope_id, row->name, call->arena, &old);
    if (result != 0)
        return result == STORE_NOT_FOUND ? 0 : result;
    if (!text_equal(old.status, "INACTIVE"))
        return api_fail(call, ERROR_PROVIDER_EXISTS, row->name);
    if (value_parse(call->arena, old.document, strlen(old.document), &document) != 0)
        return -1;
    row->id = old.id;
    return change_is_under_way(call, document) ? api_fail(call, ERROR_PROVIDER_BUSY, NULL) : 0;
}

int api_create_capacity_provider(struct api_call *call) {
    const char *name = value_string(call->input, "name");
    struct value *document = NULL;
    int result = check_name(call, name);
    if (result == 0)
        result = make_document(call, &document);
    if (result == 0)
        result = check_tags(call, value_get(call->input, "tags"));
    if (result != 0)
        return result;
    bool managed = value_has(document, "managedInstancesProvider");
    if (managed)
        begin_change(call, document, "PROVISIONING", "CREATE_IN_PROGRESS");
    struct capacity_provider_row row = {
        .scope_id = scope_id(call->scope),
        .name = name,
        .status = "ACTIVE",
        .update_status = managed ? "CREATE_COMPLETE" : NULL,
        .tags = tags_text(call, value_get(call->input, "tags")),
        .document = value_text(call, document),
    };
    result = find_free_row(call, &row);
    if (result == 0)
        result = join_cluster(call, document, name);
    if (result == 0)
        result = row.id == 0 ? capacity_provider_rows_insert(engine_store(call->engine), &row)
                             : capacity_provider_rows_update(engine_store(call->engine), &row);
    return result == 0 ? reply_provider(call, &row, document) : result;
}

/* Only providers of managed instances have one; it must be there all the same. */
static int check_cluster(struct api_call *call) {
    struct cluster *cluster = NULL;
    if (value_string_nonempty(call->input, "cluster") == NULL)
        return 0;
    return lookup_cluster(call, "cluster", &cluster);
}

/* One change at a time (facts: services 11.2). UpdateCapacityProvider does not declare an exception for it, but
 * clients wait for it. */
static int find_idle_row(struct api_call *call, const char *text, struct capacity_provider_row *ret_row,
    struct value **ret_document) {
    int result = find_row(call, text, ret_row);
    if (result != 0)
        return result;
    if (value_parse(call->arena, ret_row->document, strlen(ret_row->document), ret_document) != 0)
        return -1;
    return change_is_under_way(call, *ret_document) ? api_fail(call, ERROR_PROVIDER_BUSY, NULL) : 0;
}

/* Members that are given replace those of before, one level down. */
static void merge(struct api_call *call, struct value *into, const struct value *from) {
    for (uint32_t index = 0; index < value_count(from); index++)
        value_set(call->arena, into, from->entries[index].key, from->entries[index].value);
}

int api_update_capacity_provider(struct api_call *call) {
    struct capacity_provider_row row;
    struct value *document = NULL;
    int result = check_cluster(call);
    if (result == 0)
        result = find_idle_row(call, value_string(call->input, "name"), &row, &document);
    if (result != 0)
        return result;
    const struct value *group = value_get(call->input, "autoScalingGroupProvider");
    const struct value *managed = value_get(call->input, "managedInstancesProvider");
    struct value *old_group = value_get(document, "autoScalingGroupProvider");
    struct value *old_managed = value_get(document, "managedInstancesProvider");
    if ((group == NULL) == (managed == NULL) || (group != NULL) != (old_group != NULL))
        return api_fail(call, ERROR_PROVIDER_KIND, NULL);
    if (group != NULL) {
        struct value *scaling = value_get(old_group, "managedScaling");
        merge(call, scaling, value_get(group, "managedScaling"));
        merge(call, old_group, group);
        value_set(call->arena, old_group, "managedScaling", scaling);
        result = check_group(call, old_group);
    } else {
        struct value *launch_template = value_get(old_managed, "instanceLaunchTemplate");
        merge(call, launch_template, value_get(managed, "instanceLaunchTemplate"));
        merge(call, old_managed, managed);
        value_set(call->arena, old_managed, "instanceLaunchTemplate", launch_template);
    }
    if (result != 0)
        return result;
    begin_change(call, document, row.status, "UPDATE_IN_PROGRESS");
    row.document = value_text(call, document);
    row.update_status = "UPDATE_COMPLETE";
    result = capacity_provider_rows_update(engine_store(call->engine), &row);
    return result == 0 ? reply_provider(call, &row, document) : result;
}

/* The first ACTIVE cluster that has the provider; NULL when none has. */
struct association {
    struct api_call *call;
    const char *name;
    const struct cluster *found;
};

static void look_for_association(void *context, const struct cluster *cluster) {
    struct association *association = context;
    const struct value *document = cluster->active ? cluster_document(association->call, cluster) : NULL;
    value_for_each(item, value_get(document, "capacityProviders")) {
        if (text_equal(item->string, association->name) ||
            text_equal(item->string, provider_arn(association->call, association->name)))
            association->found = cluster;
    }
}

/* One of managed instances leaves its cluster with its end, unless tasks of it are there. */
static int leave_cluster(struct api_call *call, const struct value *document, const char *name) {
    const char *arn = value_string(document, "cluster");
    const char *slash = arn != NULL ? strrchr(arn, '/') : NULL;
    struct cluster *cluster = slash != NULL ? engine_cluster_find(call->scope, slash + 1) : NULL;
    if (cluster == NULL)
        return 0;
    int result = task_rows_uses_provider(engine_store(call->engine), cluster->id, name);
    if (result == STORE_NOT_FOUND)
        result = daemon_rows_uses_provider(engine_store(call->engine), cluster->id, name);
    if (result != STORE_NOT_FOUND)
        return result == 0 ? api_fail(call, ERROR_PROVIDER_ASSOCIATED, cluster->name) : result;
    result = engine_cluster_update(
        call->engine, cluster, cluster->active, cluster_config_with_scoped(call, cluster, name, false), NULL);
    return result == 0 ? engine_scaling_group_remove(call->engine, cluster, name) : result;
}

static int check_free(struct api_call *call, const struct value *document, const char *name) {
    struct association association = {.call = call, .name = name};
    if (value_has(document, "managedInstancesProvider"))
        return leave_cluster(call, document, name);
    engine_clusters_each(call->scope, &association, look_for_association);
    return association.found != NULL ? api_fail(call, ERROR_PROVIDER_ASSOCIATED, association.found->name) : 0;
}

int api_delete_capacity_provider(struct api_call *call) {
    struct capacity_provider_row row;
    struct value *document = NULL;
    int result = check_cluster(call);
    if (result == 0)
        result = find_idle_row(call, value_string(call->input, "capacityProvider"), &row, &document);
    if (result == 0)
        result = engine_flush(call->engine);
    if (result == 0)
        result = check_free(call, document, row.name);
    if (result != 0)
        return result;
    begin_change(call, document, "ACTIVE", "DELETE_IN_PROGRESS");
    row.document = value_text(call, document);
    row.status = "INACTIVE";
    row.update_status = "DELETE_COMPLETE";
    result = capacity_provider_rows_update(engine_store(call->engine), &row);
    return result == 0 ? reply_provider(call, &row, document) : result;
}

/* Is the provider one of a list of names and ARNs? */
static bool is_listed(struct api_call *call, const struct value *list, const char *name) {
    value_for_each(item, list) {
        if (text_equal(item->string, name) || text_equal(item->string, provider_arn(call, name)))
            return true;
    }
    return false;
}

static int describe_one(struct api_call *call, const char *name, bool with_tags, struct value *missing) {
    struct capacity_provider_row row;
    if (is_fargate_name(name)) {
        write_fargate(call, name);
        return 0;
    }
    int result = capacity_provider_rows_get(
        engine_store(call->engine), scope_id(call->scope), name, call->arena, &row);
    if (result == 0)
        return write_provider(call, &row, with_tags);
    if (result == STORE_NOT_FOUND)
        value_append(call->arena, missing, value_new_string(call->arena, name));
    return result == STORE_NOT_FOUND ? 0 : result;
}

static int provider_name(struct api_call *call, const char *text, const char **ret_name) {
    struct violation violation;
    return arn_resolve_capacity_provider(call->arena, text, scope_region(call->scope),
               scope_account(call->scope), ret_name, &violation) == 0
               ? 0
               : api_fail_with(call, &violation);
}

static void write_missing(struct api_call *call, const struct value *missing) {
    writer_list_end(&call->writer);
    writer_key_list_begin(&call->writer, "failures");
    value_for_each(name, missing) write_failure(&call->writer, provider_arn(call, name->string), "MISSING");
    writer_list_end(&call->writer);
}

/* `associated_or_null`: of those only. */
static int describe_named(struct api_call *call, const struct value *names,
    const struct value *associated_or_null, bool with_tags) {
    struct value *missing = value_new_list(call->arena, 0);
    value_for_each(text, names) {
        const char *name = NULL;
        int result = provider_name(call, text->string, &name);
        if (result == 0 && associated_or_null != NULL && !is_listed(call, associated_or_null, name))
            value_append(call->arena, missing, value_new_string(call->arena, name));
        else if (result == 0)
            result = describe_one(call, name, with_tags, missing);
        if (result != 0)
            return result;
    }
    write_missing(call, missing);
    return 0;
}

/* Those of a cluster, in its order; the cursor is how many were shown. */
static int describe_associated(
    struct api_call *call, const struct cluster *cluster, const struct value *associated, bool with_tags) {
    struct value *missing = value_new_list(call->arena, 0);
    const char *filters = arena_printf(call->arena, "cluster %s", cluster->name);
    const char *after = NULL;
    int64_t first = 0;
    unsigned limit = page_size(call, PROVIDERS_PAGE);
    int result = page_token_read(call, filters, &after);
    if (result == 0 && after != NULL && text_parse_int(after, 0, INT32_MAX, &first) != 0)
        first = 0;
    size_t end = (size_t)first + limit < value_count(associated) ? (size_t)first + limit
                                                                 : value_count(associated);
    for (size_t index = (size_t)first; result == 0 && index < end; index++) {
        const char *name = NULL;
        result = provider_name(call, value_string_at(associated, index), &name);
        if (result == 0)
            result = describe_one(call, name, with_tags, missing);
    }
    if (result != 0)
        return result;
    write_missing(call, missing);
    if (end < value_count(associated))
        writer_key_string(&call->writer, "nextToken",
            page_token_make(call, filters, arena_printf(call->arena, "%zu", end)));
    return 0;
}

/* The two of Fargate come first; the cursor is the last name, "" when only they were shown. */
static int describe_all(struct api_call *call, bool with_tags) {
    const char *after = NULL;
    unsigned limit = page_size(call, PROVIDERS_PAGE);
    unsigned count = 0;
    unsigned shown = 0;
    int result = page_token_read(call, "", &after);
    if (result != 0)
        return result;
    /* The cursor: how many of Fargate's were shown, then the last name of the others. */
    unsigned fargate_shown = after != NULL ? (unsigned)(after[0] - '0') : 0;
    for (; fargate_shown < array_length(fargate_names) && shown < limit; shown++)
        write_fargate(call, fargate_names[fargate_shown++]);
    struct capacity_provider_row *rows = arena_new_array(
        call->arena, struct capacity_provider_row, limit + 1);
    result = capacity_provider_rows_list(engine_store(call->engine), scope_id(call->scope),
        after != NULL ? after + 1 : "", limit + 1 - shown, call->arena, rows, &count);
    const char *last = after != NULL ? after + 1 : "";
    unsigned index = 0;
    for (; result == 0 && index < count && shown < limit; index++, shown++) {
        result = write_provider(call, &rows[index], with_tags);
        last = rows[index].name;
    }
    writer_list_end(&call->writer);
    writer_key_empty_list(&call->writer, "failures");
    if (index < count || fargate_shown < array_length(fargate_names))
        writer_key_string(&call->writer, "nextToken",
            page_token_make(call, "", arena_printf(call->arena, "%u%s", fargate_shown, last)));
    return result;
}

int api_describe_capacity_providers(struct api_call *call) {
    const struct value *names = value_get(call->input, "capacityProviders");
    bool with_tags = include_has(call, "TAGS");
    struct cluster *cluster = NULL;
    const struct value *associated = NULL;
    int result = 0;
    if (value_string_nonempty(call->input, "cluster") != NULL) {
        result = lookup_cluster(call, "cluster", &cluster);
        if (result != 0)
            return result;
        associated = value_get(cluster_document(call, cluster), "capacityProviders");
        if (associated == NULL)
            associated = value_new_list(call->arena, 0);
    }
    writer_object_begin(&call->writer);
    writer_key_list_begin(&call->writer, "capacityProviders");
    if (value_count(names) != 0)
        result = describe_named(call, names, associated, with_tags);
    else if (associated != NULL)
        result = describe_associated(call, cluster, associated, with_tags);
    else
        result = describe_all(call, with_tags);
    writer_object_end(&call->writer);
    return result;
}
