/* AssociateGatewayWithCluster, DisassociateGatewayFromCluster, ListGatewayClusterAssociations (facts: services 14). */
#include "ecs-local/base/text.h"
#include "ecs-local/domain/arn.h"
#include "ecs-local/domain/gateway.h"
#include "gateway_lookup.h"
#include "page_token.h"

static void write_association(
    struct api_call *call, const char *arn, const char *cluster_arn, const char *status) {
    writer_object_begin(&call->writer);
    writer_key_string(&call->writer, "gatewayArn", arn);
    writer_key_string(&call->writer, "clusterArn", cluster_arn);
    writer_key_string(&call->writer, "status", status);
    writer_object_end(&call->writer);
}

static int load(struct api_call *call, struct gateway_row *ret_gateway, struct cluster **ret_cluster) {
    int result = lookup_gateway(call, value_string(call->input, "gateway"), false, ret_gateway);
    return result == 0 ? lookup_active_cluster(call, "cluster", ret_cluster) : result;
}

/* The status of the pair; "INACTIVE" when they never had to do with each other. */
static int status_of(struct api_call *call, const struct gateway_row *gateway, const struct cluster *cluster,
    const char **ret_status) {
    int result = gateway_cluster_rows_status(
        engine_store(call->engine), gateway->id, cluster->id, call->arena, ret_status);
    if (result == STORE_NOT_FOUND)
        *ret_status = "INACTIVE";
    return result == STORE_NOT_FOUND ? 0 : result;
}

int api_associate_gateway_with_cluster(struct api_call *call) {
    struct gateway_row gateway;
    struct cluster *cluster = NULL;
    const char *status = NULL;
    int result = load(call, &gateway, &cluster);
    if (result == 0)
        result = status_of(call, &gateway, cluster, &status);
    if (result != 0)
        return result;
    if (text_equal(status, "DISASSOCIATING"))
        return api_fail(call, ERROR_GATEWAY_DISASSOCIATING, NULL);
    if (!text_equal(status, "ACTIVE")) {
        struct gateway_cluster_row others[GATEWAYS_PER_CLUSTER_MAX];
        unsigned count = 0;
        struct store *store = engine_store(call->engine);
        result = gateway_cluster_rows_of(
            store, cluster->id, GATEWAYS_PER_CLUSTER_MAX, call->arena, others, &count);
        if (result == 0 && count == GATEWAYS_PER_CLUSTER_MAX)
            return api_fail(call, ERROR_GATEWAYS_TOO_MANY, NULL);
        if (result == 0)
            result = gateway_cluster_rows_set(store, gateway.scope_id, gateway.id, cluster->id, "ACTIVE");
    }
    if (result == 0)
        write_association(call, gateway_arn(call, gateway.name, gateway.gateway_id), cluster->arn, "ACTIVE");
    return result;
}

int api_disassociate_gateway_from_cluster(struct api_call *call) {
    struct gateway_row gateway;
    struct cluster *cluster = NULL;
    const char *status = NULL;
    int result = load(call, &gateway, &cluster);
    if (result == 0)
        result = status_of(call, &gateway, cluster, &status);
    if (result == 0 && text_equal(status, "INACTIVE"))
        return api_fail(call, ERROR_GATEWAY_NOT_ASSOCIATED, NULL);
    if (result == 0)
        result = engine_gateway_disassociate(call->engine, &gateway, cluster);
    if (result == 0)
        write_association(
            call, gateway_arn(call, gateway.name, gateway.gateway_id), cluster->arn, "DISASSOCIATING");
    return result;
}

/* What the filters name. STORE_NOT_FOUND: nothing that there is, so nothing is listed (the operation declares no
 * error for it). */
static int read_filter(struct api_call *call, struct gateway_filter *filter) {
    const char *gateway = value_string_nonempty(call->input, "gateway");
    struct gateway_row row;
    *filter = (struct gateway_filter){
        .scope_id = scope_id(call->scope),
        .statuses = filter_words(call, value_get(call->input, "status")),
    };
    if (gateway != NULL) {
        int result = lookup_gateway(call, gateway, true, &row);
        if (result != 0)
            return result;
        filter->gateway_row = row.id;
    }
    return filter_cluster(call, &filter->cluster_id);
}

int api_list_gateway_cluster_associations(struct api_call *call) {
    struct gateway_filter filter;
    unsigned limit = page_size(call, PAGE_DEFAULT);
    unsigned count = 0;
    struct gateway_cluster_row *rows = arena_new_array(call->arena, struct gateway_cluster_row, limit + 1);
    int result = read_filter(call, &filter);
    const char *filters = arena_printf(call->arena, "%lld %lld %s", (long long)filter.gateway_row,
        (long long)filter.cluster_id, filter.statuses != NULL ? filter.statuses : "");
    if (result == 0)
        result = row_page_begin(call, filters, &filter.after);
    if (result == 0)
        result = gateway_cluster_rows_list(
            engine_store(call->engine), &filter, limit + 1, call->arena, rows, &count);
    if (result != 0 && result != STORE_NOT_FOUND)
        return result;
    struct writer *writer = &call->writer;
    writer_object_begin(writer);
    writer_key_list_begin(writer, "gatewayClusterAssociations");
    for (unsigned index = 0; index < count && index < limit; index++)
        write_association(call, gateway_arn(call, rows[index].gateway, rows[index].gateway_id),
            arn_cluster(
                call->arena, scope_region(call->scope), scope_account(call->scope), rows[index].cluster),
            rows[index].status);
    writer_list_end(writer);
    if (count > limit)
        writer_key_string(writer, "nextToken",
            page_token_make(call, filters, arena_printf(call->arena, "%lld", (long long)rows[limit - 1].id)));
    writer_object_end(writer);
    return 0;
}
