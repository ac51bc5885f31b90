/* The whole server on a disk that fails: the n-th write, sync, read, lock or allocation of SQLite, once or from then on.
 *
 * For every kind and every n a server with a data directory is asked the same things. Whatever fails, a request is
 * answered: with success, with a refusal that follows from an earlier failure, or with 500. When the fault is over the
 * server is healthy and shows exactly what it acknowledged, and so does the next one on the same directory. A server that
 * cannot even read its state again after a failure gives up; the next one on the directory then shows it. */
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/event_loop.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/json_memory.h"
#include "ecs-local/base/text.h"
#include "faulty_disk.h"
#include "scenario/story_server.h"

enum {
    EVERY_OPERATION = 10, /* so many are tried one by one, then in growing steps */
    OPERATIONS_MAX = 6000,
    ACKNOWLEDGED_MAX = 16,
    ARN_MAX = 256,
    REPLY_MAX = 1 << 20,
};

#define TARGET_HEADERS                                                                                       \
    "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonEC2ContainerServiceV20141113."

static const struct request {
    const char *operation; /* NULL: an admin call to `path` */
    const char *path;
    const char *body;
    const char *creates; /* what of the reply's lists is kept: its path, NULL for nothing */
} requests[] = {
    {"CreateCluster", NULL, "{\"clusterName\":\"first\"}", "cluster.clusterArn"},
    {"RegisterTaskDefinition", NULL,
        "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"busybox\",\"memory\":64}]}",
        "taskDefinition.taskDefinitionArn"},
    {NULL, "/_ecs/fleet",
        "{\"cluster\":\"first\",\"instances\":[{\"count\":2,\"instanceType\":\"m5.large\"}]}", NULL},
    {"RunTask", NULL, "{\"cluster\":\"first\",\"taskDefinition\":\"web\"}", "tasks.0.taskArn"},
    {NULL, "/_ecs/clock/advance", "{\"by\":\"10s\"}", NULL},
    {"RunTask", NULL, "{\"cluster\":\"first\",\"taskDefinition\":\"web\",\"count\":2}", "tasks.0.taskArn"},
    {"CreateCluster", NULL, "{\"clusterName\":\"second\"}", "cluster.clusterArn"},
    {NULL, "/_ecs/clock/advance", "{\"by\":\"1m\"}", NULL},
    {"DeleteCluster", NULL, "{\"cluster\":\"second\"}", NULL},
    {"RegisterTaskDefinition", NULL,
        "{\"family\":\"web\",\"containerDefinitions\":[{\"name\":\"app\",\"image\":\"busybox\",\"memory\":64}]}",
        "taskDefinition.taskDefinitionArn"},
};

static const struct kind {
    enum fault_kind kind;
    const char *name;
} kinds[] = {
    {FAULT_DISK_FULL, "disk full"},
    {FAULT_WRITE_ERROR, "write error"},
    {FAULT_SYNC_ERROR, "sync error"},
    {FAULT_READ_ERROR, "read error"},
    {FAULT_BUSY, "busy"},
    {FAULT_NO_MEMORY, "no memory"},
};

struct trial {
    const struct kind *kind;
    unsigned number;
    bool lasting;
    char folder[64];
    struct story_server *server;
    struct buf body;
    bool failed;
    struct told *told;
};

/* What the server's process has told, in memory that outlives it. */
static struct told {
    /* What it said it has made, and not deleted since. */
    char acknowledged[ACKNOWLEDGED_MAX][ARN_MAX];
    size_t count;
    unsigned failures; /* operations that failed */
} * shared;

static unsigned gave_up; /* processes that could not read their state again */

static void complain(struct trial *trial, const char *what) {
    if (!trial->failed)
        printf("%s, operation %u%s: %s\n", trial->kind->name, trial->number, trial->lasting ? " and on" : "",
            what);
    trial->failed = true;
}

static struct story_server *start(const struct trial *trial) {
    char state[128];
    snprintf(state, sizeof(state), "%s/state", trial->folder);
    const char *options[] = {"--clock", "held", "--seed", "42", "--durability", "full", "--data-dir", state,
        "--timing", "realistic", "--log-level", "error", NULL};
    return story_server_open(options);
}

static unsigned ask(struct trial *trial, const char *operation, const char *path, const char *body) {
    char headers[256];
    snprintf(headers, sizeof(headers), TARGET_HEADERS "%s\r\n", operation == NULL ? "" : operation);
    return story_server_ask(trial->server, "POST", operation == NULL ? path : "/",
        operation == NULL ? "Content-Type: application/json\r\n" : headers, body, &trial->body);
}

/* The text at "a.0.b" of the reply, from malloc; NULL when there is none. */
static char *text_at(const struct trial *trial, const char *path) {
    json_t *reply = json_loadb(buf_text(&trial->body), trial->body.length, 0, NULL);
    json_t *value = reply;
    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        value = json_is_array(value) ? json_array_get(value, strtoul(path, NULL, 10))
                                     : json_object_getn(value, path, length);
        path += length + (path[length] == '.');
    }
    char *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;
    json_decref(reply);
    return text;
}

static void forget_cluster(struct trial *trial, const char *name) {
    for (size_t index = 0; index < trial->told->count; index++) {
        if (text_ends_with(trial->told->acknowledged[index], name)) {
            memmove(
                trial->told->acknowledged[index], trial->told->acknowledged[--trial->told->count], ARN_MAX);
            return;
        }
    }
}

/* A fleet makes its cluster when it is not there. */
static void note_cluster_of_fleet(struct trial *trial) {
    static const char arn[] = "arn:aws:ecs:us-east-1:000000000000:cluster/first";
    for (size_t index = 0; index < trial->told->count; index++)
        if (text_equal(trial->told->acknowledged[index], arn))
            return;
    if (trial->told->count < ACKNOWLEDGED_MAX)
        snprintf(trial->told->acknowledged[trial->told->count++], ARN_MAX, "%s", arn);
}

static void ask_everything(struct trial *trial) {
    for (size_t index = 0; index < array_length(requests) && !trial->failed; index++) {
        const struct request *request = &requests[index];
        unsigned status = ask(trial, request->operation, request->path, request->body);
        if (status == 0)
            complain(trial, "a request got no answer");
        else if (status != 200 && status != 400 && status != 404 && status != 500)
            complain(trial, "a request got a strange answer");
        char *made = status == 200 && request->creates != NULL ? text_at(trial, request->creates) : NULL;
        if (made != NULL && trial->told->count < ACKNOWLEDGED_MAX)
            snprintf(trial->told->acknowledged[trial->told->count++], ARN_MAX, "%s", made);
        free(made);
        if (status == 200 && text_equal(request->path, "/_ecs/fleet"))
            note_cluster_of_fleet(trial);
        if (status == 200 && text_equal(request->operation, "DeleteCluster"))
            forget_cluster(trial, "cluster/second");
    }
}

/* Are all acknowledged ARNs of that kind in the list, and nothing else? */
static void compare(
    struct trial *trial, const char *operation, const char *body, const char *part, size_t extra) {
    unsigned status = ask(trial, operation, NULL, body);
    size_t found = 0;
    for (size_t index = 0; index < trial->told->count; index++) {
        if (strstr(trial->told->acknowledged[index], part) == NULL)
            continue;
        found++;
        if (status != 200 || strstr(buf_text(&trial->body), trial->told->acknowledged[index]) == NULL)
            complain(trial, "something acknowledged is not there");
    }
    size_t shown = 0;
    for (const char *at = buf_text(&trial->body); (at = strstr(at, part)) != NULL; at++)
        shown++;
    if (status == 200 && shown > found + extra)
        complain(trial, "something is there that was not acknowledged");
}

static void check_state(struct trial *trial) {
    if (trial->failed || trial->server == NULL)
        return;
    if (story_server_ask(trial->server, "GET", "/_ecs/health", "", "", &trial->body) != 200)
        complain(trial, "not healthy when the fault is over");
    compare(trial, "ListClusters", "{}", ":cluster/", 0);
    compare(trial, "ListTaskDefinitions", "{}", ":task-definition/", 0);
    /* Of the call with two tasks one was noted. */
    compare(trial, "ListTasks", "{\"cluster\":\"first\"}", ":task/", 1);
}

static void check_restarted(struct trial *trial) {
    story_server_close(take_ptr(trial->server));
    trial->server = start(trial);
    if (trial->server == NULL)
        complain(trial, "does not start again");
    else
        check_state(trial);
    if (!trial->failed && ask(trial, "CreateCluster", NULL, "{\"clusterName\":\"later\"}") != 200)
        complain(trial, "changes nothing any more");
}

static int remove_one(const char *path, const struct stat *unused, int type, struct FTW *place) {
    (void)unused;
    (void)type;
    (void)place;
    return remove(path);
}

static void trial_done(struct trial *trial) {
    faulty_disk_arm(FAULT_NONE, 0, false);
    story_server_close(trial->server);
    buf_done(&trial->body);
    nftw(trial->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool trial_begin(struct trial *trial) {
    trial->body = (struct buf)BUF_INIT(REPLY_MAX);
    snprintf(trial->folder, sizeof(trial->folder), "%s/ecs-local-fault-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(trial->folder) != NULL;
}

/* Runs in a process of its own, which may give up. */
static void serve(struct trial *trial) {
    trial->server = start(trial);
    if (trial->server == NULL) {
        complain(trial, "does not start");
        return;
    }
    faulty_disk_arm(trial->kind->kind, trial->number, trial->lasting);
    ask_everything(trial);
    trial->told->failures = faulty_disk_failures();
    if (trial->kind->kind == FAULT_DISK_FULL)
        check_state(trial); /* reading goes on */
    faulty_disk_arm(FAULT_NONE, 0, false);
    check_state(trial);
    story_server_close(take_ptr(trial->server));
}

static void open_faulty(struct trial *trial) {
    faulty_disk_arm(trial->kind->kind, trial->number, trial->lasting);
    trial->server = start(trial);
    trial->told->failures = faulty_disk_failures();
    faulty_disk_arm(FAULT_NONE, 0, false);
    check_state(trial);
    story_server_close(take_ptr(trial->server));
}

typedef void trial_part(struct trial *trial);

/* Whether the part ended well, or gave up in order. */
static bool in_a_process(struct trial *trial, trial_part *part) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        part(trial);
        buf_done(&trial->body);
        fflush(NULL);
        exit(trial->failed ? 2 : 0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) {
        trial->told->failures = 1;
        gave_up++;
        return true;
    }
    if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 2))
        complain(trial, "the server's process ended in disorder");
    return status == 0;
}

/* While it serves, or while it starts: then it starts, or says that it cannot. The next one does in any case. */
static bool try_part(struct trial *trial, trial_part *part) {
    *shared = (struct told){0};
    trial->told = shared;
    if (!trial_begin(trial))
        complain(trial, "no folder");
    else if (in_a_process(trial, part))
        check_restarted(trial);
    else
        trial->failed = true;
    trial_done(trial);
    return !trial->failed;
}

/* All n until nothing fails any more. */
static void try_all(
    const struct kind *kind, bool lasting, trial_part *part, unsigned *passed, unsigned *failed) {
    for (unsigned number = 1; number < OPERATIONS_MAX; number += number < EVERY_OPERATION ? 1 : number / 2) {
        struct trial trial = {.kind = kind, .number = number, .lasting = lasting};
        if (try_part(&trial, part))
            ++*passed;
        else
            ++*failed;
        if (shared->failures == 0)
            break;
    }
}

int main(void) {
    unsigned passed = 0;
    unsigned failed = 0;
    event_loop_hold_signals();
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    faulty_disk_install();
    json_memory_install();
    for (size_t index = 0; index < array_length(kinds); index++) {
        for (int lasting = 0; lasting <= 1; lasting++) {
            try_all(&kinds[index], lasting, serve, &passed, &failed);
            try_all(&kinds[index], lasting, open_faulty, &passed, &failed);
        }
    }
    printf("%u gave up in order\n", gave_up);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
