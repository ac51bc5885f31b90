/* PutAccountSetting, PutAccountSettingDefault, DeleteAccountSetting, ListAccountSettings (facts: tasks 10). There is
 * no IAM: every caller is the account's root unless principalArn names somebody. */
#include <string.h>

#include "account_setting.h"
#include "api_errors.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"
#include "ecs-local/store/account_rows.h"
#include "page_token.h"

enum {
    SETTINGS_PAGE = 10,
};

struct setting {
    const char *name;
    const char *values; /* separated by commas */
    const char *fallback;
    bool managed_by_aws;
};

static const struct setting settings[] = {
    {"serviceLongArnFormat", "enabled,disabled", "enabled", false},
    {"taskLongArnFormat", "enabled,disabled", "enabled", false},
    {"containerInstanceLongArnFormat", "enabled,disabled", "enabled", false},
    {"awsvpcTrunking", "enabled,disabled", "disabled", false},
    {"containerInsights", "enhanced,enabled,disabled", "disabled", false},
    {"fargateFIPSMode", "enabled,disabled", "disabled", false},
    {"tagResourceAuthorization", "on,off", "on", false},
    {"fargateTaskRetirementWaitPeriod", "0,7,14", "7", false},
    {"guardDutyActivate", "on,off", "off", true},
    {"defaultLogDriverMode", "blocking,non-blocking", "non-blocking", false},
    {"fargateEventWindows", "enabled,disabled", "disabled", false},
};

static const struct setting *find_setting(const char *name) {
    for (size_t index = 0; index < array_length(settings); index++) {
        if (text_equal(settings[index].name, name))
            return &settings[index];
    }
    return NULL;
}

static const char *root_arn(struct api_call *call) {
    return arena_printf(
        call->arena, "arn:%s:iam::%s:root", scope_partition(call->scope), scope_account(call->scope));
}

static int own_value(
    struct api_call *call, const char *principal_arn, const char *name, const char **ret_value) {
    return account_setting_rows_get(
        engine_store(call->engine), scope_id(call->scope), principal_arn, name, call->arena, ret_value);
}

int account_setting_effective(
    struct api_call *call, const char *principal_arn_or_null, const char *name, const char **ret_value) {
    const char *root = root_arn(call);
    int result = STORE_NOT_FOUND;
    if (principal_arn_or_null != NULL)
        result = own_value(call, principal_arn_or_null, name, ret_value);
    if (result == STORE_NOT_FOUND)
        result = own_value(call, root, name, ret_value);
    if (result != STORE_NOT_FOUND)
        return result;
    const struct setting *setting = find_setting(name);
    *ret_value = setting != NULL ? setting->fallback : "disabled";
    return 0;
}

static bool is_value_of(const struct setting *setting, const char *value) {
    size_t length = strlen(value);
    for (const char *cursor = setting->values; *cursor != '\0';) {
        size_t size = strcspn(cursor, ",");
        if (size == length && strncmp(cursor, value, size) == 0)
            return true;
        cursor += size + (cursor[size] == ',');
    }
    return false;
}

/* Whose setting: of this account, whoever it is. */
static int read_principal(struct api_call *call, const char **ret_principal) {
    const char *given = value_string_nonempty(call->input, "principalArn");
    *ret_principal = given != NULL ? given : root_arn(call);
    if (given == NULL)
        return 0;
    const char *prefix = arena_printf(
        call->arena, "arn:%s:iam::%s:", scope_partition(call->scope), scope_account(call->scope));
    if (!text_starts_with(given, prefix) || given[strlen(prefix)] == '\0')
        return api_fail(call, ERROR_SETTING_PRINCIPAL, NULL);
    return 0;
}

static void write_setting(
    struct api_call *call, const struct setting *setting, const char *value, const char *principal_arn) {
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_string(writer, "name", setting->name);
    writer_key_string(writer, "value", value);
    writer_key_string(writer, "principalArn", principal_arn);
    writer_key_string(writer, "type", setting->managed_by_aws ? "aws_managed" : "user");
    writer_object_end(writer);
}

static int reply_setting(struct api_call *call, const struct setting *setting, const char *principal_arn) {
    const char *value = NULL;
    int result = account_setting_effective(call, principal_arn, setting->name, &value);
    if (result != 0)
        return result;
    writer_object_begin(&call->writer);
    writer_key(&call->writer, "setting");
    write_setting(call, setting, value, principal_arn);
    writer_object_end(&call->writer);
    return 0;
}

static int put_setting(struct api_call *call, const char *principal_arn) {
    const struct setting *setting = find_setting(value_string(call->input, "name"));
    const char *value = value_string(call->input, "value");
    if (setting == NULL)
        return api_fail(call, ERROR_SETTING_NAME, NULL);
    if (setting->managed_by_aws)
        return api_fail(call, ERROR_SETTING_MANAGED, setting->name);
    if (!is_value_of(setting, value))
        return api_fail(call, ERROR_SETTING_VALUE, setting->values);
    if (text_ends_with(setting->name, "LongArnFormat") && !text_equal(value, "enabled"))
        return api_fail(call, ERROR_SETTING_LONG_ARN, NULL);
    int result = account_setting_rows_set(
        engine_store(call->engine), scope_id(call->scope), principal_arn, setting->name, value);
    return result == 0 ? reply_setting(call, setting, principal_arn) : result;
}

int api_put_account_setting(struct api_call *call) {
    const char *principal_arn = NULL;
    int result = read_principal(call, &principal_arn);
    return result == 0 ? put_setting(call, principal_arn) : result;
}

int api_put_account_setting_default(struct api_call *call) {
    return put_setting(call, root_arn(call));
}

int api_delete_account_setting(struct api_call *call) {
    const struct setting *setting = find_setting(value_string(call->input, "name"));
    const char *principal_arn = NULL;
    int result = read_principal(call, &principal_arn);
    if (result != 0)
        return result;
    if (setting == NULL)
        return api_fail(call, ERROR_SETTING_NAME, NULL);
    result = account_setting_rows_set(
        engine_store(call->engine), scope_id(call->scope), principal_arn, setting->name, NULL);
    return result == 0 ? reply_setting(call, setting, principal_arn) : result;
}

/* What a principal has set, in the order of the table; NULL where it has not. */
struct settings_of {
    struct arena *arena;
    const char *values[array_length(settings)];
};

static void note_setting(void *context, const char *name, const char *value) {
    struct settings_of *of = context;
    const struct setting *setting = find_setting(name);
    if (setting != NULL)
        of->values[setting - settings] = arena_strdup(of->arena, value);
}

static int read_settings_of(struct api_call *call, const char *principal_arn, struct settings_of *of) {
    of->arena = call->arena;
    return account_setting_rows_each(
        engine_store(call->engine), scope_id(call->scope), principal_arn, of, note_setting);
}

/* What is listed of each. */
static int read_listed(struct api_call *call, const char *principal_arn, struct settings_of *ret_listed) {
    *ret_listed = (struct settings_of){0};
    int result = read_settings_of(call, principal_arn, ret_listed);
    if (result != 0 || !value_bool(call->input, "effectiveSettings", false))
        return result;
    struct settings_of root = {0};
    result = read_settings_of(call, root_arn(call), &root);
    for (size_t index = 0; index < array_length(settings); index++) {
        const char *otherwise = root.values[index] != NULL ? root.values[index] : settings[index].fallback;
        if (ret_listed->values[index] == NULL)
            ret_listed->values[index] = otherwise;
    }
    return result;
}

static bool is_listed(const struct api_call *call, const struct setting *setting, const char *value_or_null) {
    const char *name = value_string_nonempty(call->input, "name");
    const char *wanted = value_string_nonempty(call->input, "value");
    return value_or_null != NULL && (name == NULL || text_equal(name, setting->name)) &&
           (wanted == NULL || text_equal(wanted, value_or_null));
}

/* A page of the settings from `start` on. *ret_next: where the next page begins, 0 when there is none. */
static int list_settings(struct api_call *call, const char *principal_arn, size_t start, size_t *ret_next) {
    struct settings_of listed;
    unsigned limit = page_size(call, SETTINGS_PAGE);
    unsigned written = 0;
    int result = read_listed(call, principal_arn, &listed);
    *ret_next = 0;
    for (size_t index = start; result == 0 && index < array_length(settings); index++) {
        if (!is_listed(call, &settings[index], listed.values[index]))
            continue;
        if (written == limit) {
            *ret_next = index;
            break;
        }
        write_setting(call, &settings[index], listed.values[index], principal_arn);
        written++;
    }
    return result;
}

int api_list_account_settings(struct api_call *call) {
    const char *principal_arn = NULL;
    const char *token = NULL;
    int64_t start = 0;
    size_t next = 0;
    int result = read_principal(call, &principal_arn);
    if (result != 0)
        return result;
    const char *name = value_string_nonempty(call->input, "name");
    const char *value = value_string_nonempty(call->input, "value");
    if (value != NULL && name == NULL)
        return api_fail(call, ERROR_SETTING_VALUE_ALONE, NULL);
    const char *filters = arena_printf(call->arena, "%s,%s,%s,%d", principal_arn, name != NULL ? name : "",
        value != NULL ? value : "", value_bool(call->input, "effectiveSettings", false));
    result = page_token_read(call, filters, &token);
    if (result != 0)
        return result;
    if (token != NULL && text_parse_int(token, 0, INT32_MAX, &start) != 0)
        return api_fail(call, ERROR_TOKEN, NULL);
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "settings");
    result = list_settings(call, principal_arn, (size_t)start, &next);
    writer_list_end(writer);
    if (next != 0)
        writer_key_string(
            writer, "nextToken", page_token_make(call, filters, arena_printf(call->arena, "%zu", next)));
    writer_object_end(writer);
    return result;
}
