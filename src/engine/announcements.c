/* What AWS announces about tasks and container instances (facts: services 15). Both have a version that counts what
 * is worth an event; whoever changes one counts, and the event follows from that. */
#include <stdlib.h>
#include <string.h>

#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "engine_internal.h"

enum {
    DESCRIPTION_MAX = 4 * 1024 * 1024,
};

void task_announce(struct engine *engine, struct task *task) {
    if (task->version == task->announced_version)
        return;
    task->announced_version = task->version;
    const struct scope *scope = cluster_by_row(engine, task->cluster_id)->scope;
    struct writer *writer = journal_event_begin(engine, scope, "ECS Task State Change", &task->arn, 1);
    if (writer == NULL)
        return;
    task_write_document(task, writer);
    /* Reopen the object: the document that is stored does not say when it changed last. */
    writer->buf->length--;
    writer_key_timestamp_opt(writer, "updatedAt", engine_now_ms(engine));
    writer_object_end(writer);
    journal_end(engine);
}

static void write_attributes(const struct instance *instance, struct writer *writer) {
    const char *name = NULL;
    const char *value = NULL;
    writer_key_list_begin(writer, "attributes");
    for (unsigned index = 0; instance_attribute_at(instance, index, &name, &value); index++) {
        writer_object_begin(writer);
        writer_key_string(writer, "name", name);
        if (value[0] != '\0')
            writer_key_string(writer, "value", value);
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

/* Items of events have fewer members than those of answers. */
static void write_registered(const struct value *document, struct writer *writer) {
    static const char *const members[] = {"name", "type", "integerValue", "stringSetValue"};
    writer_key_list_begin(writer, "registeredResources");
    value_for_each(item, value_get(document, "registeredResources")) {
        bool is_set = text_equal(value_string(item, "type"), "STRINGSET");
        writer_object_begin(writer);
        for (size_t index = 0; index < array_length(members); index++) {
            if (!text_equal(members[index], is_set ? "integerValue" : "stringSetValue"))
                writer_key_value_opt(writer, members[index], value_get(item, members[index]));
        }
        writer_object_end(writer);
    }
    writer_list_end(writer);
}

struct description_entry {
    struct journal_shared *shared;
    UT_hash_handle hh; /* by its text */
};

/* Instances of one kind have the same description: a reference to the one that is kept. */
static struct journal_shared *description_intern(struct engine *engine, const struct buf *text) {
    struct description_entry *entry = NULL;
    HASH_FIND(hh, engine->descriptions, buf_text(text), text->length, entry);
    if (entry == NULL) {
        entry = xcalloc(1, sizeof(*entry));
        entry->shared = journal_shared_new(buf_text(text), text->length);
        HASH_ADD_KEYPTR(hh, engine->descriptions, entry->shared->text, text->length, entry);
    }
    entry->shared->references++;
    return entry->shared;
}

/* The members that stay the same as long as its document does. NULL: it cannot be read. */
static struct journal_shared *description_of(struct engine *engine, struct instance *instance) {
    const char *text = NULL;
    const char *tags = NULL;
    struct value *document = NULL;
    if (instance->description != NULL)
        return instance->description;
    if (engine_instance_document(engine, instance, engine->turn, &text, &tags) != 0 ||
        value_parse(engine->turn, text, strlen(text), &document) != 0)
        return NULL;
    struct buf buf = BUF_INIT(DESCRIPTION_MAX);
    struct writer writer = WRITER_INIT(&buf);
    write_attributes(instance, &writer);
    write_registered(document, &writer);
    writer_key_value_opt(&writer, "versionInfo", value_get(document, "versionInfo"));
    instance->description = description_intern(engine, &buf);
    buf_done(&buf);
    return instance->description;
}

void instance_undescribe(struct engine *engine, struct instance *instance) {
    struct journal_shared *shared = instance->description;
    struct description_entry *entry = NULL;
    instance->description = NULL;
    if (shared == NULL)
        return;
    journal_shared_release(shared);
    if (shared->references != 1)
        return;
    /* Nobody has it but the table. */
    HASH_FIND(hh, engine->descriptions, shared->text, shared->length, entry);
    HASH_DEL(engine->descriptions, entry);
    journal_shared_release(entry->shared);
    free(entry);
}

void descriptions_free(struct engine *engine) {
    struct description_entry *entry;
    struct description_entry *next;
    HASH_ITER(hh, engine->descriptions, entry, next) {
        HASH_DEL(engine->descriptions, entry);
        journal_shared_release(entry->shared);
        free(entry);
    }
}

/* Two of these come with every task: the texts between the numbers are written in one piece each. */
static void append_ports(struct buf *buf, const struct port_set *ports) {
    char text[TEXT_INT_SIZE + 3];
    for (uint32_t index = 0; index < ports->count; index++) {
        size_t length = index == 0 ? 0 : 1;
        text[0] = ',';
        text[length++] = '"';
        length += text_put_int(text + length, ports->ports[index]);
        text[length++] = '"';
        buf_append(buf, text, length);
    }
}

static void write_remaining(struct writer *writer, const struct instance_resources *resources) {
    struct buf *buf = writer->buf;
    writer_key_list_begin(writer, "remainingResources");
    buf_append_text(buf, "{\"name\":\"CPU\",\"type\":\"INTEGER\",\"integerValue\":");
    writer_int(writer, resources->cpu_units - resources->cpu_taken);
    buf_append_text(buf, "},{\"name\":\"MEMORY\",\"type\":\"INTEGER\",\"integerValue\":");
    writer->comma = false;
    writer_int(writer, resources->memory_mib - resources->memory_taken);
    buf_append_text(buf, "},{\"name\":\"PORTS\",\"type\":\"STRINGSET\",\"stringSetValue\":[");
    append_ports(buf, &resources->reserved[PORT_TCP]);
    buf_append_text(buf, "]},{\"name\":\"PORTS_UDP\",\"type\":\"STRINGSET\",\"stringSetValue\":[");
    append_ports(buf, &resources->reserved[PORT_UDP]);
    buf_append_text(buf, "]}");
    writer_list_end(writer);
}

/* The members that an instance has for its life are kept as text. */
static void write_identity(struct engine *engine, struct instance *instance, struct writer *writer) {
    struct buf *buf = writer->buf;
    size_t from = buf->length;
    if (instance->identity != NULL) {
        buf_append(buf, instance->identity, instance->identity_length);
        return;
    }
    writer_key_string(writer, "clusterArn", instance->cluster->arn);
    writer_key_string(writer, "containerInstanceArn", instance->arn);
    writer_key_string_opt(writer, "ec2InstanceId", instance->ec2_instance_id);
    writer_key_timestamp_opt(writer, "registeredAt", instance->registered_ms);
    if (buf_failed(buf))
        return;
    instance->identity_length = buf->length - from;
    instance->identity = arena_strndup(engine->world, buf->data + from, instance->identity_length);
}

void instance_announce(struct engine *engine, struct instance *instance) {
    struct writer *writer = journal_event_begin(
        engine, instance->cluster->scope, "ECS Container Instance State Change", &instance->arn, 1);
    struct journal_shared *description = writer != NULL ? description_of(engine, instance) : NULL;
    if (writer == NULL)
        return;
    writer_object_begin(writer);
    writer_key_bool(writer, "agentConnected", instance->agent_connected);
    write_identity(engine, instance, writer);
    write_remaining(writer, &instance->resources);
    writer_key_word(writer, "status", instance_status_name(instance->status));
    writer_key_int(writer, "version", instance->version);
    writer_key_timestamp_opt(writer, "updatedAt", engine_now_ms(engine));
    if (description != NULL)
        journal_share(&engine->journal, description);
    writer_object_end(writer);
    journal_end(engine);
}
