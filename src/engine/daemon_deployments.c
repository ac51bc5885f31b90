/* How a deployment of a daemon goes on (facts: services 13): PENDING → IN_PROGRESS → SUCCESSFUL, or, when its tasks fail
 * too often, back to the revision before. */
#include <string.h>

#include "daemon_internal.h"
#include "ecs-local/base/error.h"
#include "ecs-local/base/text.h"
#include "ecs-local/base/value_json.h"
#include "ecs-local/base/writer.h"
#include "ecs-local/store/service_rows.h"

enum {
    MINUTE_MS = 60 * 1000,
    ALARM_NAME_MAX = 64 * 1024,
};

static void move(struct engine *engine, struct daemon_view *view, const char *status, const char *reason) {
    const char *from = view->deployment.status;
    view->deployment.status = status;
    view->deployment.reason = reason;
    daemon_transition(engine, view, from);
}

static void finish(struct engine *engine, struct daemon_view *view, const char *status, const char *reason) {
    view->deployment.finished_ms = engine_now_ms(engine);
    move(engine, view, status, reason);
}

/* Back to the revision before; where there is none, nothing is started any more until the daemon is updated (D). */
static void roll_back(struct engine *engine, struct daemon_view *view, const char *reason) {
    struct daemon_deployment_row *deployment = &view->deployment;
    deployment->rollback_reason = reason;
    deployment->rollback_ms = engine_now_ms(engine);
    deployment->stable_ms = 0;
    if (deployment->source_revision_id == 0) {
        finish(engine, view, "ROLLBACK_FAILED",
            "The deployment failed, and there is no earlier revision to roll back to.");
        return;
    }
    view->daemon.revision_id = deployment->source_revision_id;
    view->daemon.failures = 0;
    move(engine, view, "ROLLBACK_IN_PROGRESS", reason);
    daemon_mark(engine, view->daemon.id); /* to be looked at anew, with what is wanted now */
}

static void step_pending(
    struct engine *engine, struct daemon_view *view, bool *ret_act, int64_t *ret_due_ms) {
    int64_t start_ms = view->deployment.created_ms + engine_delay_ms(engine, RUNTIME_DELAY_DAEMON_DEPLOYMENT);
    *ret_act = engine_now_ms(engine) >= start_ms;
    if (!*ret_act) {
        *ret_due_ms = start_ms;
        return;
    }
    view->deployment.started_ms = engine_now_ms(engine);
    move(engine, view, "IN_PROGRESS", NULL);
    daemon_mark(engine, view->daemon.id);
}

/* The names of the watched alarms that are in ALARM, as a JSON list; "[]" for none. */
static int read_alarms(struct engine *engine, const struct daemon_view *view, const char **ret_triggered) {
    struct value *names = NULL;
    const char *list = "";
    const struct daemon_deployment_row *deployment = &view->deployment;
    if (value_parse(engine->turn, deployment->alarms, strlen(deployment->alarms), &names) != 0)
        return ERR_STORE;
    value_for_each(name, names) {
        const char *state = NULL;
        struct buf text = BUF_INIT(ALARM_NAME_MAX);
        struct writer writer = WRITER_INIT(&text);
        int result = alarm_rows_get(engine->store, view->daemon.scope_id, name->string, engine->turn, &state);
        writer_string(&writer, name->string);
        if (result == 0 && text_equal(state, "ALARM"))
            list = arena_printf(engine->turn, "%s%s%s", list, list[0] != '\0' ? "," : "", buf_text(&text));
        buf_done(&text);
        if (result < 0)
            return result;
    }
    *ret_triggered = arena_printf(engine->turn, "[%s]", list);
    return 0;
}

static int step_in_progress(struct engine *engine, struct daemon_view *view,
    const struct daemon_counts *counts, bool *ret_act, int64_t *ret_due_ms) {
    struct daemon_deployment_row *deployment = &view->deployment;
    int64_t now_ms = engine_now_ms(engine);
    int result = read_alarms(engine, view, &deployment->triggered);
    if (result != 0)
        return result;
    bool alarmed = !text_equal(deployment->triggered, "[]");
    if (alarmed || deployment->failures >= DAEMON_FAILURES_MAX) {
        roll_back(engine, view,
            alarmed ? "An alarm of the deployment was triggered."
                    : "The deployment circuit breaker was triggered: tasks failed to start.");
        *ret_act = false;
        return 0;
    }
    if (!counts->complete) {
        deployment->stable_ms = 0;
        return 0;
    }
    if (deployment->stable_ms == 0)
        deployment->stable_ms = now_ms;
    int64_t end_ms = deployment->stable_ms + deployment->bake_minutes * MINUTE_MS;
    if (now_ms >= end_ms)
        finish(engine, view, "SUCCESSFUL", "Deployment completed successfully.");
    else
        *ret_due_ms = end_ms;
    return 0;
}

static void step_rollback(
    struct engine *engine, struct daemon_view *view, const struct daemon_counts *counts, bool *ret_act) {
    if (view->deployment.failures >= 2 * DAEMON_FAILURES_MAX) {
        finish(engine, view, "ROLLBACK_FAILED", "The tasks of the earlier revision failed to start.");
        *ret_act = false;
    } else if (counts->complete) {
        finish(engine, view, "ROLLBACK_SUCCESSFUL", "The rollback completed successfully.");
    }
}

int daemon_deployment_step(struct engine *engine, struct daemon_view *view,
    const struct daemon_counts *counts, bool *ret_act, int64_t *ret_due_ms) {
    struct daemon_deployment_row before = view->deployment;
    struct daemon_deployment_row *now = &view->deployment;
    int result = 0;
    *ret_act = true;
    *ret_due_ms = 0;
    if (text_equal(now->status, "PENDING"))
        step_pending(engine, view, ret_act, ret_due_ms);
    else if (text_equal(now->status, "IN_PROGRESS"))
        result = step_in_progress(engine, view, counts, ret_act, ret_due_ms);
    else if (text_equal(now->status, "ROLLBACK_IN_PROGRESS"))
        step_rollback(engine, view, counts, ret_act);
    else if (text_equal(now->status, "ROLLBACK_FAILED"))
        *ret_act = false;
    if (result != 0)
        return result;
    if (text_equal(before.status, now->status) && before.stable_ms == now->stable_ms &&
        before.started_ms == now->started_ms)
        return 0;
    return daemon_deployment_rows_update(engine->store, now);
}
