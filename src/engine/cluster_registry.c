/* Scopes and clusters. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/store/cluster_rows.h"
#include "engine_internal.h"

int64_t scope_id(const struct scope *scope) {
    return scope->id;
}

const char *scope_account(const struct scope *scope) {
    return scope->account;
}

const char *scope_region(const struct scope *scope) {
    return scope->region;
}

const char *scope_partition(const struct scope *scope) {
    return scope->partition;
}

static struct scope *scope_add(struct engine *engine, int64_t id, const char *account, const char *region) {
    size_t length = strlen(account) + 1 + strlen(region);
    struct scope *scope = xcalloc(1, sizeof(*scope) + length + 1);
    text_pair_key(scope->key, length + 1, account, region);
    scope->id = id;
    scope->account = arena_strdup(engine->world, account);
    scope->region = arena_strdup(engine->world, region);
    scope->partition = arn_partition(region);
    scope->origin = journal_origin_new(engine->world, account, region);
    HASH_ADD_KEYPTR(hh, engine->scopes, scope->key, length, scope);
    return scope;
}

struct scope *engine_scope_find(struct engine *engine, const char *account, const char *region) {
    char key[160];
    int length = text_pair_key(key, sizeof(key), account, region);
    struct scope *scope = NULL;
    if (length > 0)
        HASH_FIND(hh, engine->scopes, key, (unsigned)length, scope);
    return scope;
}

int engine_scope(struct engine *engine, const char *account, const char *region, struct scope **ret_scope) {
    char key[160];
    int length = text_pair_key(key, sizeof(key), account, region);
    if (length < 0)
        return error_raise(ERR_BUG, "the name of an account or region is too long");
    struct scope *scope = NULL;
    HASH_FIND(hh, engine->scopes, key, (unsigned)length, scope);
    if (scope == NULL) {
        int64_t id = 0;
        int result = store_scope_id(engine->store, account, region, &id);
        if (result != 0)
            return result;
        scope = scope_add(engine, id, account, region);
    }
    *ret_scope = scope;
    return 0;
}

const struct scope *scope_by_row(const struct engine *engine, int64_t row) {
    const struct scope *scope = engine->scopes;
    while (scope != NULL && scope->id != row)
        scope = scope->hh.next;
    return scope;
}

void engine_scopes_each(
    struct engine *engine, void *context, void (*each)(void *context, struct scope *scope)) {
    for (struct scope *scope = engine->scopes; scope != NULL; scope = scope->hh.next)
        each(context, scope);
}

struct cluster *engine_cluster_find(struct scope *scope, const char *name) {
    struct cluster_entry *entry = NULL;
    HASH_FIND_STR(scope->clusters, name, entry);
    return entry != NULL ? &entry->cluster : NULL;
}

struct cluster *cluster_by_row(struct engine *engine, int64_t id) {
    return id > 0 && id < engine->clusters_by_row_size ? engine->clusters_by_row[id] : NULL;
}

struct cluster *engine_cluster_of_row(struct engine *engine, int64_t id) {
    return cluster_by_row(engine, id);
}

static void remember_row(struct engine *engine, struct cluster *cluster) {
    if (cluster->id >= engine->clusters_by_row_size) {
        int64_t size = cluster->id * 2 + 16;
        engine->clusters_by_row = xrealloc(engine->clusters_by_row, (size_t)size * sizeof(struct cluster *));
        for (int64_t row = engine->clusters_by_row_size; row < size; row++)
            engine->clusters_by_row[row] = NULL;
        engine->clusters_by_row_size = size;
    }
    engine->clusters_by_row[cluster->id] = cluster;
}

static struct cluster *cluster_add(
    struct engine *engine, struct scope *scope, const struct cluster_row *row) {
    struct cluster_entry *entry = xcalloc(1, sizeof(*entry));
    struct cluster *cluster = &entry->cluster;
    cluster->id = row->id;
    cluster->scope = scope;
    cluster->name = arena_strdup(engine->world, row->name);
    cluster->arn = arn_cluster(engine->world, scope->region, scope->account, row->name);
    cluster->active = text_equal(row->status, "ACTIVE");
    cluster->document = xstrdup(row->document);
    cluster->tags = xstrdup(row->tags);
    HASH_ADD_KEYPTR(hh, scope->clusters, cluster->name, strlen(cluster->name), entry);
    remember_row(engine, cluster);
    return cluster;
}

void engine_clusters_each(
    struct scope *scope, void *context, void (*each)(void *context, const struct cluster *cluster)) {
    for (struct cluster_entry *entry = scope->clusters; entry != NULL; entry = entry->hh.next)
        each(context, &entry->cluster);
}

int engine_cluster_create(struct engine *engine, struct scope *scope, const char *name, const char *document,
    const char *tags, struct cluster **ret_cluster) {
    struct cluster_row row = {
        .scope_id = scope->id,
        .name = name,
        .status = "ACTIVE",
        .document = document,
        .tags = tags,
    };
    int result = cluster_rows_insert(engine->store, &row, &row.id);
    if (result != 0)
        return result;
    *ret_cluster = cluster_add(engine, scope, &row);
    return 0;
}

static void replace_text(const char **text, const char *new_text) {
    if (new_text == NULL || new_text == *text)
        return;
    char *copy = xstrdup(new_text);
    free((char *)(uintptr_t)*text);
    *text = copy;
}

int engine_cluster_update(
    struct engine *engine, struct cluster *cluster, bool active, const char *document, const char *tags) {
    struct cluster_row row = {
        .id = cluster->id,
        .status = active ? "ACTIVE" : "INACTIVE",
        .document = document != NULL ? document : cluster->document,
        .tags = tags != NULL ? tags : cluster->tags,
    };
    int result = cluster_rows_update(engine->store, &row);
    if (result != 0)
        return result;
    cluster->active = active;
    replace_text(&cluster->document, document);
    replace_text(&cluster->tags, tags);
    return 0;
}

static unsigned sum(const unsigned counts[LAUNCH_KIND_COUNT]) {
    unsigned total = 0;
    for (unsigned kind = 0; kind < LAUNCH_KIND_COUNT; kind++)
        total += counts[kind];
    return total;
}

unsigned cluster_running_tasks(const struct cluster *cluster) {
    return sum(cluster->running);
}

unsigned cluster_pending_tasks(const struct cluster *cluster) {
    return sum(cluster->pending);
}

static int load_scope(void *context, const struct store_scope *scope) {
    scope_add(context, scope->id, scope->account, scope->region);
    return 0;
}

static int load_cluster(void *context, const struct cluster_row *row) {
    struct engine *engine = context;
    for (struct scope *scope = engine->scopes; scope != NULL; scope = scope->hh.next) {
        if (scope->id == row->scope_id) {
            cluster_add(engine, scope, row);
            return 0;
        }
    }
    return error_raise(ERR_STORE, "the cluster %s belongs to no account", row->name);
}

int clusters_load(struct engine *engine) {
    int result = store_scopes(engine->store, engine, load_scope);
    return result == 0 ? cluster_rows_each(engine->store, engine, load_cluster) : result;
}

static void scope_free(struct scope *scope) {
    struct cluster_entry *entry;
    struct cluster_entry *next;
    HASH_ITER(hh, scope->clusters, entry, next) {
        HASH_DEL(scope->clusters, entry);
        task_groups_free(&entry->cluster);
        free((char *)(uintptr_t)entry->cluster.document);
        free((char *)(uintptr_t)entry->cluster.tags);
        free(entry->cluster.instances);
        free(entry);
    }
    free(scope);
}

void clusters_free(struct engine *engine) {
    struct scope *scope;
    struct scope *next;
    HASH_ITER(hh, engine->scopes, scope, next) {
        HASH_DEL(engine->scopes, scope);
        address_pool_done(&scope->addresses);
        scope_free(scope);
    }
    free(engine->clusters_by_row);
    engine->clusters_by_row = NULL;
    engine->clusters_by_row_size = 0;
}
