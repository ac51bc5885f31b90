/* Runs stories inside this process: the real rooms with a held clock, asked through the real listener.
 *
 *   scenario_runner STORY.json…      every story three times
 *
 * Once in memory, once with a data directory (both must give the same bytes), and once with an orderly restart after every
 * third step; which ones depends on the story's name. ECS_LOCAL_STORIES=every restarts after every step. test_scenarios.py
 * tells the same stories to the shipped program, with kill -9.
 * tests/scenario/README.md has the language. */
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/event_loop.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/json_memory.h"
#include "ecs-local/base/text.h"
#include "story_match.h"
#include "story_server.h"

#define BEGIN "{\"to\":\"2030-01-01T00:00:00Z\"}"

enum {
    OPTIONS_MAX = 30,
    PATH_MAX_BYTES = 512,
    BODY_MAX = 16 << 20,
    PROBLEM_MAX = 1 << 16,
    EVENT_PAGES_MAX = 100,
    STEPS_PER_RESTART = 3,
};

enum manner {
    IN_MEMORY,
    ON_DISK,
    RESTARTING,
};

static const char *const manner_names[] = {"in memory", "on disk", "with restarts"};

struct player {
    const json_t *story;
    enum manner manner;
    size_t first_restart; /* after this step (from 0), and every so many from there */
    size_t restart_every;
    char folder[64];
    struct story_server *server;
    json_t *names;      /* what steps captured */
    char *event_cursor; /* where the next expect_event begins */
    struct buf replies; /* every status and body, in order */
    struct buf body;    /* of the last reply */
    struct buf problem; /* why the step failed */
};

/* --- the server ------------------------------------------------------------------------------------------------ */

static bool mentions(const json_t *story, const char *member) {
    size_t index = 0;
    json_t *step = NULL;
    json_array_foreach(json_object_get(story, "steps"), index, step) {
        if (json_object_get(step, member) != NULL)
            return true;
    }
    return false;
}

static bool start(struct player *player) {
    char state[PATH_MAX_BYTES];
    char timing[PATH_MAX_BYTES];
    snprintf(state, sizeof(state), "%s/state", player->folder);
    snprintf(timing, sizeof(timing), "%s/timing.json", player->folder);
    const char *options[OPTIONS_MAX + 1] = {"--clock", "held", "--seed", "42", "--log-level", "error"};
    size_t count = 6;
    if (player->manner != IN_MEMORY || mentions(player->story, "restart")) {
        options[count++] = "--data-dir";
        options[count++] = state;
    }
    size_t index = 0;
    json_t *option = NULL;
    json_array_foreach(json_object_get(player->story, "options"), index, option) {
        if (count < OPTIONS_MAX - 2)
            options[count++] = json_string_value(option);
    }
    const json_t *stages = json_object_get(player->story, "timing");
    if (stages != NULL && json_dump_file(stages, timing, 0) == 0) {
        options[count++] = "--timing";
        options[count++] = timing;
    }
    player->server = story_server_open(options);
    if (player->server == NULL)
        buf_printf(&player->problem, "the server does not start");
    return player->server != NULL;
}

static bool restart(struct player *player) {
    story_server_close(take_ptr(player->server));
    return start(player);
}

static unsigned ask(
    struct player *player, const char *method, const char *path, const char *headers, const json_t *body) {
    cleanup_free char *text = body == NULL ? strdup("") : story_text(body);
    unsigned status = story_server_ask(player->server, method, path, headers, text, &player->body);
    /* How large a snapshot is depends on where the state lives. */
    if (!text_starts_with(path, "/_ecs/snapshots"))
        buf_printf(&player->replies, "%u %s\n", status, buf_text(&player->body));
    if (status == 0)
        buf_printf(&player->problem, "%s %s: no reply", method, path);
    return status;
}

static json_t *reply_of(const struct player *player) {
    return json_loadb(buf_text(&player->body), player->body.length, JSON_DECODE_ANY, NULL);
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

/* Answers whether the step went as it should; *ret_reply is what "expect" and "capture" look at. */
typedef bool step_action(struct player *player, const json_t *step, json_t **ret_reply);

/* [CODE, TEXT] against the two members of an error. */
static bool error_fits(struct player *player, const json_t *wanted, const json_t *code, const json_t *text) {
    return story_match(
               json_array_get(wanted, 0), code == NULL ? json_null() : code, "code", &player->problem) &&
           story_match(
               json_array_get(wanted, 1), text == NULL ? json_null() : text, "message", &player->problem);
}

static const char *text_of(const json_t *step, const char *member, const char *otherwise) {
    const json_t *value = json_object_get(step, member);
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

static bool do_call(struct player *player, const json_t *step, json_t **ret_reply) {
    const char *operation = text_of(step, "call", "");
    char headers[1024];
    snprintf(headers, sizeof(headers),
        "Content-Type: application/x-amz-json-1.1\r\n"
        "X-Amz-Target: AmazonEC2ContainerServiceV20141113.%s\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=%s/20260101/%s/ecs/aws4_request, SignedHeaders=host, Signature=00\r\n",
        operation, text_of(step, "as", "AKIDEXAMPLE"), text_of(step, "region", "us-east-1"));
    json_t *nothing = json_object();
    const json_t *input = json_object_get(step, "with");
    unsigned status = ask(player, "POST", "/", headers, input == NULL ? nothing : input);
    json_decref(nothing);
    *ret_reply = reply_of(player);
    const json_t *error = json_object_get(step, "error");
    unsigned wanted = error == NULL ? 200 : (unsigned)json_integer_value(json_object_get(step, "status"));
    if (wanted == 0)
        wanted = 400;
    if (status != wanted) {
        buf_printf(&player->problem, "%s: status %u, not %u: %s", operation, status, wanted,
            buf_text(&player->body));
        return false;
    }
    if (error == NULL)
        return true;
    const json_t *text = json_object_get(*ret_reply, "message");
    return error_fits(player, error, json_object_get(*ret_reply, "__type"),
        text != NULL ? text : json_object_get(*ret_reply, "Message"));
}

static bool admin(struct player *player, const char *method, const char *path, const json_t *body,
    const json_t *error, json_t **ret_reply) {
    unsigned status = ask(player, method, path, "Content-Type: application/json\r\n", body);
    *ret_reply = reply_of(player);
    if ((status >= 300) != (error != NULL) || status == 0) {
        buf_printf(&player->problem, "%s %s: %u %s", method, path, status, buf_text(&player->body));
        return false;
    }
    const json_t *told = json_object_get(*ret_reply, "error");
    return error == NULL ||
           error_fits(player, error, json_object_get(told, "code"), json_object_get(told, "message"));
}

static bool do_admin(struct player *player, const json_t *step, json_t **ret_reply) {
    const json_t *request = json_object_get(step, "admin");
    return admin(player, json_string_value(json_array_get(request, 0)),
        json_string_value(json_array_get(request, 1)), json_array_get(request, 2),
        json_object_get(step, "error"), ret_reply);
}

/* The steps that are a POST of their own value. */
static bool post(
    struct player *player, const json_t *step, const char *member, const char *path, json_t **ret_reply) {
    return admin(
        player, "POST", path, json_object_get(step, member), json_object_get(step, "error"), ret_reply);
}

static bool do_fleet(struct player *player, const json_t *step, json_t **ret_reply) {
    return post(player, step, "fleet", "/_ecs/fleet", ret_reply);
}

static bool do_advance(struct player *player, const json_t *step, json_t **ret_reply) {
    return post(player, step, "advance", "/_ecs/clock/advance", ret_reply);
}

static bool do_outcome(struct player *player, const json_t *step, json_t **ret_reply) {
    return post(player, step, "outcome", "/_ecs/outcomes", ret_reply);
}

static bool do_fault(struct player *player, const json_t *step, json_t **ret_reply) {
    return post(player, step, "fault", "/_ecs/faults", ret_reply);
}

static bool do_snapshot(struct player *player, const json_t *step, json_t **ret_reply) {
    json_t *body = json_pack("{s:O}", "name", json_object_get(step, "snapshot"));
    size_t before = player->replies.length;
    bool fine = admin(player, "POST", "/_ecs/snapshots", body, json_object_get(step, "error"), ret_reply);
    json_decref(body);
    /* How large its file is depends on where the data is: that need not be the same every time. */
    if (player->replies.length > before)
        player->replies.data[player->replies.length = before] = '\0';
    return fine;
}

static bool do_restore(struct player *player, const json_t *step, json_t **ret_reply) {
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "/_ecs/snapshots/%s/restore", text_of(step, "restore", ""));
    return admin(player, "POST", path, NULL, json_object_get(step, "error"), ret_reply);
}

static bool do_restart(struct player *player, const json_t *step, json_t **ret_reply) {
    (void)step;
    (void)ret_reply;
    return restart(player);
}

/* The first entry of the page whose event fits; the cursor goes past it, or to the page's end. */
static json_t *find_event(struct player *player, const json_t *wanted, const json_t *page) {
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(page, "entries"), index, entry) {
        struct buf unused = BUF_INIT(PROBLEM_MAX);
        json_t *event = json_object_get(entry, "event");
        bool fine = event != NULL && story_match(wanted, event, "event", &unused);
        buf_done(&unused);
        if (!fine)
            continue;
        free(player->event_cursor);
        player->event_cursor = story_text(json_object_get(entry, "cursor"));
        return json_incref(event);
    }
    return NULL;
}

/* Reads the journal's events from the cursor on. A missing event ("expect_no_event") leaves the cursor. */
static bool seek_event(struct player *player, const json_t *wanted, json_t **ret_event) {
    cleanup_free char *cursor = strdup(player->event_cursor);
    for (unsigned page_number = 0; page_number < EVENT_PAGES_MAX; page_number++) {
        char path[PATH_MAX_BYTES];
        /* A cursor is a number or a text; in the path it stands without quotes. */
        size_t length = strlen(cursor);
        bool quoted = length > 1 && cursor[0] == '"';
        snprintf(path, sizeof(path), "/_ecs/journal?kind=event&after=%.*s",
            (int)(quoted ? length - 2 : length), cursor + quoted);
        json_t *page = NULL;
        if (!admin(player, "GET", path, NULL, NULL, &page)) {
            json_decref(page);
            return false;
        }
        *ret_event = find_event(player, wanted, page);
        bool more = *ret_event == NULL && json_array_size(json_object_get(page, "entries")) != 0;
        free(cursor);
        const json_t *next = json_object_get(page, "nextCursor");
        cursor = next == NULL ? NULL : story_text(next);
        json_decref(page);
        if (!more || cursor == NULL)
            return true;
    }
    return true;
}

static bool do_expect_event(struct player *player, const json_t *step, json_t **ret_reply) {
    const json_t *wanted = json_object_get(step, "expect_event");
    if (!seek_event(player, wanted, ret_reply))
        return false;
    if (*ret_reply == NULL)
        buf_printf(&player->problem, "no such event came");
    return *ret_reply != NULL;
}

static bool do_expect_no_event(struct player *player, const json_t *step, json_t **ret_reply) {
    if (!seek_event(player, json_object_get(step, "expect_no_event"), ret_reply))
        return false;
    if (*ret_reply != NULL)
        buf_printf(&player->problem, "such an event came");
    return *ret_reply == NULL;
}

static const struct step_kind {
    const char *member;
    step_action *action;
} step_kinds[] = {
    {"call", do_call},
    {"admin", do_admin},
    {"fleet", do_fleet},
    {"advance", do_advance},
    {"outcome", do_outcome},
    {"fault", do_fault},
    {"snapshot", do_snapshot},
    {"restore", do_restore},
    {"restart", do_restart},
    {"expect_event", do_expect_event},
    {"expect_no_event", do_expect_no_event},
};

static const char *const further_members[] = {
    "with", "error", "status", "as", "region", "expect", "capture", "about"};

static bool known_member(const char *name) {
    for (size_t index = 0; index < array_length(step_kinds); index++)
        if (text_equal(step_kinds[index].member, name))
            return true;
    for (size_t index = 0; index < array_length(further_members); index++)
        if (text_equal(further_members[index], name))
            return true;
    return false;
}

static bool only_known_members(struct player *player, const json_t *step) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)step, key, value) {
        if (!known_member(key)) {
            buf_printf(&player->problem, "no such step member: %s", key);
            return false;
        }
    }
    return true;
}

static bool capture(struct player *player, const json_t *step, json_t *reply) {
    const char *name = NULL;
    json_t *path = NULL;
    json_object_foreach(json_object_get(step, "capture"), name, path) {
        json_t *value = story_pick(reply, json_string_value(path));
        if (value == NULL) {
            buf_printf(&player->problem, "nothing at %s in the reply", json_string_value(path));
            return false;
        }
        json_object_set_new(player->names, name, json_deep_copy(value));
    }
    return true;
}

static bool perform(struct player *player, const json_t *step, json_t **ret_reply) {
    for (size_t index = 0; index < array_length(step_kinds); index++)
        if (json_object_get(step, step_kinds[index].member) != NULL)
            return step_kinds[index].action(player, step, ret_reply);
    buf_printf(&player->problem, "the step does nothing");
    return false;
}

static bool restarts_after(const struct player *player, size_t index) {
    return player->manner == RESTARTING && index % player->restart_every == player->first_restart;
}

static bool play_step(struct player *player, const json_t *raw, size_t index) {
    if (!only_known_members(player, raw))
        return false;
    json_t *step = story_fill(raw, player->names, &player->problem);
    if (step == NULL)
        return false;
    json_t *reply = NULL;
    bool fine = perform(player, step, &reply);
    const json_t *expected = json_object_get(step, "expect");
    if (fine && expected != NULL)
        fine = story_match(expected, reply == NULL ? json_null() : reply, "reply", &player->problem);
    fine = fine && capture(player, step, reply);
    if (fine && restarts_after(player, index) && json_object_get(step, "restart") == NULL)
        fine = restart(player);
    json_decref(reply);
    json_decref(step);
    return fine;
}

/* --- stories ---------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *unused, int type, struct FTW *place) {
    (void)unused;
    (void)type;
    (void)place;
    return remove(path);
}

static bool play(struct player *player, const char *file) {
    json_t *begin = json_loads(BEGIN, 0, NULL);
    json_t *reply = NULL;
    bool fine = start(player) && admin(player, "POST", "/_ecs/clock/advance", begin, NULL, &reply);
    json_decref(begin);
    json_decref(reply);
    if (!fine)
        printf("%s, %s: %s\n", file, manner_names[player->manner], buf_text(&player->problem));
    size_t index = 0;
    json_t *step = NULL;
    json_array_foreach(json_object_get(player->story, "steps"), index, step) {
        if (!fine)
            break;
        fine = play_step(player, step, index);
        if (fine)
            continue;
        cleanup_free char *text = story_text(step);
        printf("%s, %s, step %zu %.200s: %s\n", file, manner_names[player->manner], index + 1, text,
            buf_text(&player->problem));
    }
    story_server_close(take_ptr(player->server));
    return fine;
}

/* The story in one manner; *ret_replies is all that the server said. */
static bool run_story(const char *file, const json_t *story, enum manner manner, struct buf *ret_replies) {
    struct player player = {
        .story = story,
        .manner = manner,
        .restart_every = text_equal(getenv("ECS_LOCAL_STORIES"), "every") ? 1 : STEPS_PER_RESTART,
        .names = json_object(),
        .event_cursor = strdup("0"),
        .replies = BUF_INIT(BODY_MAX * 4),
        .body = BUF_INIT(BODY_MAX),
        .problem = BUF_INIT(PROBLEM_MAX),
    };
    player.first_restart = strlen(file) % player.restart_every;
    snprintf(player.folder, sizeof(player.folder), "%s/ecs-local-story-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    bool fine = mkdtemp(player.folder) != NULL && play(&player, file);
    nftw(player.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    json_decref(player.names);
    free(player.event_cursor);
    buf_done(&player.body);
    buf_done(&player.problem);
    *ret_replies = player.replies;
    return fine;
}

static bool same_replies(const char *file, const struct buf *left, const struct buf *right) {
    if (left->length == right->length && memcmp(buf_text(left), buf_text(right), left->length) == 0)
        return true;
    printf("%s: the same seed gave other bytes the second time\n", file);
    return false;
}

/* How many of the three ways failed. */
static unsigned run_file(const char *path) {
    const char *file = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    json_error_t error;
    json_t *story = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (story == NULL || !json_is_string(json_object_get(story, "about")) ||
        json_array_size(json_object_get(story, "steps")) == 0) {
        printf(
            "%s: not a story: %s\n", file, story == NULL ? error.text : "it needs \"about\" and \"steps\"");
        json_decref(story);
        return 3;
    }
    struct buf replies[3];
    unsigned failed = 0;
    for (enum manner manner = IN_MEMORY; manner <= RESTARTING; manner++)
        failed += !run_story(file, story, manner, &replies[manner]);
    if (failed == 0)
        failed += !same_replies(file, &replies[IN_MEMORY], &replies[ON_DISK]);
    for (size_t index = 0; index < array_length(replies); index++)
        buf_done(&replies[index]);
    json_decref(story);
    return failed;
}

int main(int argc, char **argv) {
    unsigned failed = 0;
    unsigned count = 0;
    event_loop_hold_signals();
    json_memory_install(); /* before the first tree, not only when the server opens */
    for (int index = 1; index < argc; index++, count += 3)
        failed += run_file(argv[index]);
    printf("%u passed, %u failed\n", count - failed, failed);
    return failed == 0 && count != 0 ? 0 : 1;
}
