#include "packed_document.h"

#include <limits.h>
#include <lz4.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/error.h"

enum {
    /* The first byte of a blob. Blobs stay as they have been written: what is said by a number never changes. */
    PACKED_NOT = 0, /* the text follows */
    PACKED_WITH_DICTIONARY =
        1, /* the text's length in four bytes, lowest first, and an LZ4 block that refers to `usual` */
    HEADER_BYTES = 5,
    PACK_HASTE = 2, /* as small as with 1, and faster; 3 makes documents with two containers a sixth larger */
    TEXT_MAX = 16 * 1024 * 1024,
};

/* What most tasks say: two documents without what is different in each. Never to be changed; a better one gets a
 * number of its own. */
static const char usual[] =
    "{\"attachments\":[{\"id\":\"\",\"type\":\"ElasticNetworkInterface\",\"status\":\"ATTACHED\",\"details\":[{\"name\""
    ":\"subnetId\",\"value\":\"subnet-\"},{\"name\":\"networkInterfaceId\",\"value\":\"eni-\"},{\"name\":\"macAddress\""
    ",\"value\":\"0a:\"},{\"name\":\"privateDnsName\",\"value\":\"ip-10-0-0-.ec2.internal\"},{\"name\":\"privateIPv4"
    "Address\",\"value\":\"10.0.0.\"}]}],\"attributes\":[{\"name\":\"ecs.cpu-architecture\",\"value\":\"x86_64\"}],\""
    "availabilityZone\":\"us-east-1b\",\"capacityProviderName\":\"FARGATE\",\"clusterArn\":\"arn:aws:ecs:us-eas"
    "t-1:000000000000:cluster/default\",\"connectivity\":\"CONNECTED\",\"connectivityAt\":,\"containers\":[{\"c"
    "ontainerArn\":\"arn:aws:ecs:us-east-1:000000000000:container/default//\",\"taskArn\":\"arn:aws:ecs:us-"
    "east-1:000000000000:task/default/\",\"name\":\"web\",\"image\":\"nginx\",\"imageDigest\":\"sha256:\",\"runtime"
    "Id\":\"\",\"lastStatus\":\"RUNNING\",\"networkBindings\":[{\"bindIP\":\"0.0.0.0\",\"containerPort\":80,\"hostPor"
    "t\":8080,\"protocol\":\"tcp\"}],\"networkInterfaces\":[{\"attachmentId\":\"\",\"privateIpv4Address\":\"10.0.0."
    "\"}],\"healthStatus\":\"HEALTHY\",\"managedAgents\":[{\"lastStartedAt\":,\"name\":\"ExecuteCommandAgent\",\"la"
    "stStatus\":\"RUNNING\"}],\"cpu\":\"256\",\"memory\":\"512\",\"memoryReservation\":\"128\"}],\"cpu\":\"1024\",\"creat"
    "edAt\":,\"desiredStatus\":\"RUNNING\",\"enableExecuteCommand\":true,\"group\":\"service:\",\"healthStatus\":\""
    "HEALTHY\",\"lastStatus\":\"RUNNING\",\"launchType\":\"FARGATE\",\"memory\":\"2048\",\"overrides\":{\"containerOv"
    "errides\":[{\"name\":\"app\",\"command\":[\"\"],\"environment\":[{\"name\":\"\",\"value\":\"\"}]}],\"cpu\":\"256\",\"mem"
    "ory\":\"512\",\"inferenceAcceleratorOverrides\":[]},\"platformVersion\":\"1.4.0\",\"platformFamily\":\"Linux"
    "\",\"pullStartedAt\":,\"pullStoppedAt\":,\"startedAt\":,\"startedBy\":\"ecs-svc/\",\"stopCode\":\"EssentialCon"
    "tainerExited\",\"stoppedReason\":\"Essential container in task exited\",\"taskArn\":\"arn:aws:ecs:us-eas"
    "t-1:000000000000:task/default/\",\"taskDefinitionArn\":\"arn:aws:ecs:us-east-1:000000000000:task-def"
    "inition/:1\",\"version\":5,\"ephemeralStorage\":{\"sizeInGiB\":20},\"fargateEphemeralStorage\":{\"sizeInGi"
    "B\":20}}{\"attachments\":[],\"attributes\":[{\"name\":\"ecs.cpu-architecture\",\"value\":\"x86_64\"}],\"availa"
    "bilityZone\":\"us-east-1a\",\"clusterArn\":\"arn:aws:ecs:us-east-1:000000000000:cluster/default\",\"conn"
    "ectivity\":\"CONNECTED\",\"connectivityAt\":,\"containerInstanceArn\":\"arn:aws:ecs:us-east-1:0000000000"
    "00:container-instance/default/\",\"containers\":[{\"containerArn\":\"arn:aws:ecs:us-east-1:00000000000"
    "0:container/default//\",\"taskArn\":\"arn:aws:ecs:us-east-1:000000000000:task/default/\",\"name\":\"app\""
    ",\"image\":\"busybox\",\"imageDigest\":\"sha256:\",\"runtimeId\":\"\",\"lastStatus\":\"STOPPED\",\"exitCode\":0,\"n"
    "etworkBindings\":[],\"networkInterfaces\":[],\"healthStatus\":\"UNKNOWN\",\"cpu\":\"0\",\"memory\":\"512\"}],\"c"
    "pu\":\"256\",\"createdAt\":,\"desiredStatus\":\"STOPPED\",\"enableExecuteCommand\":false,\"executionStoppedA"
    "t\":,\"group\":\"family:\",\"healthStatus\":\"UNKNOWN\",\"lastStatus\":\"STOPPED\",\"launchType\":\"EC2\",\"memory"
    "\":\"512\",\"overrides\":{\"containerOverrides\":[{\"name\":\"app\"}],\"inferenceAcceleratorOverrides\":[]},\""
    "pullStartedAt\":,\"pullStoppedAt\":,\"startedAt\":,\"startedBy\":\"ecs-svc/\",\"stopCode\":\"UserInitiated\","
    "\"stoppedAt\":,\"stoppedReason\":\"Task stopped by user\",\"stoppingAt\":,\"taskArn\":\"arn:aws:ecs:us-east"
    "-1:000000000000:task/default/\",\"taskDefinitionArn\":\"arn:aws:ecs:us-east-1:000000000000:task-defi"
    "nition/:1\",\"version\":4}";

struct document_packer {
    LZ4_stream_t with_dictionary; /* as it is before the first text: copied for each */
    LZ4_stream_t stream;
    char *blob;
    size_t capacity;
};

static struct document_packer *packer_new(void) {
    struct document_packer *packer = xcalloc(1, sizeof(*packer));
    LZ4_initStream(&packer->with_dictionary, sizeof(packer->with_dictionary));
    LZ4_loadDict(&packer->with_dictionary, usual, sizeof(usual) - 1);
    return packer;
}

const void *document_pack(
    struct document_packer **packer, const char *text, size_t length, size_t *ret_length) {
    if (*packer == NULL)
        *packer = packer_new();
    struct document_packer *with = *packer;
    if (with->capacity < length + HEADER_BYTES) {
        with->capacity = (length + HEADER_BYTES) * 2;
        with->blob = xrealloc(with->blob, with->capacity);
    }
    int packed = 0;
    if (length <= TEXT_MAX) {
        with->stream = with->with_dictionary;
        packed = LZ4_compress_fast_continue(
            &with->stream, text, with->blob + HEADER_BYTES, (int)length, (int)length, PACK_HASTE);
    }
    if (packed <= 0) { /* it would not become shorter */
        with->blob[0] = PACKED_NOT;
        memcpy(with->blob + 1, text, length);
        *ret_length = length + 1;
        return with->blob;
    }
    with->blob[0] = PACKED_WITH_DICTIONARY;
    for (unsigned index = 0; index < 4; index++)
        with->blob[1 + index] = (char)(uint8_t)(length >> (8 * index));
    *ret_length = HEADER_BYTES + (size_t)packed;
    return with->blob;
}

int document_unpack(const void *blob, size_t length, struct buf *out) {
    const unsigned char *bytes = blob;
    if (length > 0 && bytes[0] == PACKED_NOT) {
        buf_append(out, bytes + 1, length - 1);
        return buf_failed(out) ? 1 : 0;
    }
    if (length < HEADER_BYTES || length > INT_MAX || bytes[0] != PACKED_WITH_DICTIONARY)
        return 1;
    size_t text_length = bytes[1] | (size_t)bytes[2] << 8 | (size_t)bytes[3] << 16 | (size_t)bytes[4] << 24;
    if (text_length > TEXT_MAX || !buf_reserve(out, text_length))
        return 1;
    int unpacked = LZ4_decompress_safe_usingDict((const char *)bytes + HEADER_BYTES, out->data + out->length,
        (int)(length - HEADER_BYTES), (int)text_length, usual, sizeof(usual) - 1);
    if (unpacked < 0 || (size_t)unpacked != text_length)
        return 1;
    out->length += text_length;
    out->data[out->length] = '\0';
    return 0;
}

void document_packer_free(struct document_packer *packer_or_null) {
    if (packer_or_null != NULL)
        free(packer_or_null->blob);
    free(packer_or_null);
}

/* --- for statements that look into documents ----------------------------------------------------------------- */

static void sql_pack(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL)
        return;
    struct document_packer *packer = NULL;
    size_t length = 0;
    const void *blob = document_pack(&packer, text, (size_t)sqlite3_value_bytes(values[0]), &length);
    sqlite3_result_blob64(context, blob, length, SQLITE_TRANSIENT);
    document_packer_free(packer);
}

static void sql_unpack(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct buf text = BUF_INIT(TEXT_MAX);
    const void *blob = sqlite3_value_blob(values[0]);
    if (blob != NULL && document_unpack(blob, (size_t)sqlite3_value_bytes(values[0]), &text) == 0)
        sqlite3_result_text64(context, buf_text(&text), text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_done(&text);
}

int document_functions(sqlite3 *db) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int result = sqlite3_create_function_v2(db, "pack_document", 1, flags, NULL, sql_pack, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function_v2(
            db, "unpack_document", 1, flags, NULL, sql_unpack, NULL, NULL, NULL);
    return result;
}
