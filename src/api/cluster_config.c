#include "cluster_config.h"

#include <string.h>

#include "account_setting.h"
#include "capacity_strategy.h"
#include "cluster_reply.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"

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

/* There is no Cloud Map to ask: an ARN of another account or region names nothing (D). */
static int check_namespace(struct api_call *call) {
    const char *name = value_string(value_get(call->input, "serviceConnectDefaults"), "namespace");
    const char *prefix = arena_printf(call->arena, "arn:%s:servicediscovery:%s:%s:namespace/",
        scope_partition(call->scope), scope_region(call->scope), scope_account(call->scope));
    if (name != NULL && text_starts_with(name, "arn:") && !text_starts_with(name, prefix))
        return api_fail(call, ERROR_NAMESPACE_NOT_FOUND, NULL);
    return 0;
}

int cluster_config_check_update(struct api_call *call) {
    int result = check_settings(call, value_get(call->input, "settings"));
    if (result == 0)
        result = check_logging(call, value_get(call->input, "configuration"));
    return result == 0 ? check_namespace(call) : result;
}

int cluster_config_check_providers(struct api_call *call) {
    const struct value *providers = value_get(call->input, "capacityProviders");
    if (value_count(providers) > CAPACITY_PROVIDERS_MAX)
        return api_fail(call, ERROR_PROVIDERS_TOO_MANY, NULL);
    value_for_each(provider, providers) {
        struct capacity_provider found;
        int result = capacity_provider_find(call, provider->string, &found);
        if (result == 0 && !found.active)
            result = STORE_NOT_FOUND;
        if (result == STORE_NOT_FOUND)
            return api_fail(call, ERROR_PROVIDER_NOT_FOUND, provider->string);
        if (result != 0)
            return result;
    }
    return capacity_strategy_check(
        call, value_get(call->input, "defaultCapacityProviderStrategy"), providers);
}

int cluster_config_check_new(struct api_call *call) {
    int result = cluster_config_check_update(call);
    if (result == 0)
        result = cluster_config_check_providers(call);
    return result == 0 ? check_tags(call, value_get(call->input, "tags")) : result;
}

/* Providers are kept by name, whether they were given by name or by ARN. */
static const char *short_name(const char *provider) {
    const char *slash = strrchr(provider, '/');
    return slash != NULL ? slash + 1 : provider;
}

static struct value *short_names(struct api_call *call, const struct value *providers) {
    struct value *names = value_new_list(call->arena, value_count(providers));
    value_for_each(provider, providers)
        value_append(call->arena, names, value_new_string(call->arena, short_name(provider->string)));
    return names;
}

/* weight and base are always in replies (facts: tasks 3.2). */
static struct value *complete_strategy(struct api_call *call, const struct value *strategy) {
    struct value *list = value_new_list(call->arena, value_count(strategy));
    value_for_each(item, strategy) {
        struct value *complete = value_new_map(call->arena, 3);
        value_add(call->arena, complete, "capacityProvider",
            value_new_string(call->arena, short_name(value_string(item, "capacityProvider"))));
        value_add(call->arena, complete, "weight", value_new_int(call->arena, value_int(item, "weight", 0)));
        value_add(call->arena, complete, "base", value_new_int(call->arena, value_int(item, "base", 0)));
        value_append(call->arena, list, complete);
    }
    return list;
}

static void add_pair(struct api_call *call, struct value *list, const char *name, const char *value) {
    struct value *pair = value_new_map(call->arena, 2);
    value_add(call->arena, pair, "name", value_new_string(call->arena, name));
    value_add(call->arena, pair, "value", value_new_string(call->arena, value));
    value_append(call->arena, list, pair);
}

static void add_attachment(struct api_call *call, struct value *attachments, const char *type,
    const char *provider, const char *detail, const char *value) {
    char uuid[ID_UUID_SIZE];
    ids_uuid(engine_ids(call->engine), uuid);
    struct value *attachment = value_new_map(call->arena, 3);
    struct value *details = value_new_list(call->arena, 2);
    add_pair(call, details, "capacityProviderName", provider);
    add_pair(call, details, detail, value);
    value_add(call->arena, attachment, "id", value_new_string(call->arena, arena_strdup(call->arena, uuid)));
    value_add(call->arena, attachment, "type", value_new_string(call->arena, type));
    value_add(call->arena, attachment, "details", details);
    value_append(call->arena, attachments, attachment);
}

/* Managed scaling and managed draining put something into the Auto Scaling group (facts: tasks 3.1). */
static int make_attachments(
    struct api_call *call, const struct value *providers, struct value **ret_attachments) {
    struct value *attachments = value_new_list(call->arena, 0);
    value_for_each(name, providers) {
        struct capacity_provider provider;
        int result = capacity_provider_find(call, name->string, &provider);
        if (result != 0)
            return result;
        if (provider.kind != PROVIDER_AUTO_SCALING_GROUP)
            continue;
        char uuid[ID_UUID_SIZE];
        ids_uuid(engine_ids(call->engine), uuid);
        if (provider.managed_scaling)
            add_attachment(call, attachments, "as_policy", provider.name, "scalingPolicyName",
                arena_printf(call->arena, "ECSManagedAutoScalingPolicy-%s", uuid));
        if (provider.managed_draining)
            add_attachment(call, attachments, "managed_draining", provider.name,
                "autoScalingLifecycleHookName", "ecs-managed-draining-termination-hook");
    }
    *ret_attachments = value_count(attachments) != 0 ? attachments : NULL;
    return 0;
}

void cluster_config_begin_work(struct api_call *call, struct value *document) {
    int64_t until_ms = engine_now_ms(call->engine) +
                       engine_delay_ms(call->engine, RUNTIME_DELAY_CLUSTER_ATTACHMENTS);
    value_set(call->arena, document, "busyUntil", value_new_int(call->arena, until_ms));
}

static int put_providers(struct api_call *call, struct value *document) {
    struct value *providers = value_get(call->input, "capacityProviders");
    const struct value *strategy = value_get(call->input, "defaultCapacityProviderStrategy");
    struct value *attachments = NULL;
    int result = make_attachments(call, providers, &attachments);
    if (result != 0)
        return result;
    value_remove(document, "capacityProviders");
    value_remove(document, "defaultCapacityProviderStrategy");
    value_remove(document, "attachments");
    value_remove(document, "busyUntil");
    if (value_count(providers) != 0)
        value_set(call->arena, document, "capacityProviders", short_names(call, providers));
    if (value_count(strategy) != 0)
        value_set(
            call->arena, document, "defaultCapacityProviderStrategy", complete_strategy(call, strategy));
    if (attachments != NULL)
        value_set(call->arena, document, "attachments", attachments);
    if (attachments != NULL)
        cluster_config_begin_work(call, document);
    return 0;
}

/* There is one setting: of several values for it the last one counts. */
static struct value *last_setting(struct api_call *call, const struct value *settings) {
    struct value *list = value_new_list(call->arena, 1);
    value_append(call->arena, list, value_at(settings, value_count(settings) - 1));
    return list;
}

/* A new cluster keeps what the account setting says now (facts: tasks 3.1). */
static int put_settings(struct api_call *call, struct value *document) {
    struct value *settings = value_get(call->input, "settings");
    if (value_count(settings) != 0) {
        settings = last_setting(call, settings);
    } else {
        const char *value = NULL;
        int result = account_setting_effective(call, NULL, "containerInsights", &value);
        if (result != 0)
            return result;
        if (text_equal(value, "disabled"))
            return 0;
        settings = value_new_list(call->arena, 1);
        add_pair(call, settings, "name", value);
        struct value *setting = value_at(settings, 0);
        value_set(call->arena, setting, "name", value_new_string(call->arena, "containerInsights"));
    }
    value_set(call->arena, document, "settings", settings);
    return 0;
}

int cluster_config_new(struct api_call *call, const char **ret_document) {
    static const char *const kept[] = {"configuration", "serviceConnectDefaults"};
    struct value *document = value_new_map(call->arena, 6);
    for (size_t index = 0; index < array_length(kept); index++) {
        struct value *member = value_get(call->input, kept[index]);
        if (value_count(member) != 0)
            value_set(call->arena, document, kept[index], member);
    }
    int result = put_settings(call, document);
    if (result == 0)
        result = put_providers(call, document);
    if (result == 0 && value_get(document, "attachments") != NULL)
        value_set(call->arena, document, "isNew", value_new_bool(call->arena, true));
    if (result == 0)
        *ret_document = value_text(call, document);
    return result;
}

const char *cluster_config_gone(struct api_call *call, const struct cluster *cluster) {
    struct value *document = cluster_document(call, cluster);
    if (value_get(document, "attachments") == NULL)
        return NULL;
    cluster_config_begin_work(call, document);
    return value_text(call, document);
}

static struct value *open_document(struct api_call *call, const struct cluster *cluster) {
    struct value *document = cluster_document(call, cluster);
    return document != NULL ? document : value_new_map(call->arena, 6);
}

const char *cluster_config_updated(struct api_call *call, const struct cluster *cluster) {
    static const char *const given[] = {"settings", "configuration"};
    struct value *document = open_document(call, cluster);
    for (size_t index = 0; index < array_length(given); index++) {
        struct value *member = value_get(call->input, given[index]);
        if (value_count(member) != 0)
            value_set(call->arena, document, given[index], index == 0 ? last_setting(call, member) : member);
    }
    /* An empty namespace takes the defaults away (facts: tasks 3.5). */
    struct value *defaults = value_get(call->input, "serviceConnectDefaults");
    if (defaults != NULL && value_string_nonempty(defaults, "namespace") == NULL)
        value_remove(document, "serviceConnectDefaults");
    else if (defaults != NULL)
        value_set(call->arena, document, "serviceConnectDefaults", defaults);
    return value_text(call, document);
}

int cluster_config_with_providers(
    struct api_call *call, const struct cluster *cluster, const char **ret_document) {
    struct value *document = open_document(call, cluster);
    value_remove(document, "isNew");
    int result = put_providers(call, document);
    if (result == 0)
        *ret_document = value_text(call, document);
    return result;
}

/* The list without the name, or with it at its end. */
static struct value *list_with(struct api_call *call, const struct value *list, const char *name, bool with) {
    struct value *changed = value_new_list(call->arena, value_count(list) + 1);
    value_for_each(item, list) {
        if (!text_equal(item->string, name))
            value_append(call->arena, changed, item);
    }
    if (with)
        value_append(call->arena, changed, value_new_string(call->arena, name));
    return changed;
}

const char *cluster_config_with_scoped(
    struct api_call *call, const struct cluster *cluster, const char *name, bool with) {
    static const char *const lists[] = {"capacityProviders", "scopedProviders"};
    struct value *document = open_document(call, cluster);
    for (size_t index = 0; index < array_length(lists); index++)
        value_set(call->arena, document, lists[index],
            list_with(call, value_get(document, lists[index]), name, with));
    return value_text(call, document);
}
