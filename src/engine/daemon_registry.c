/* Managed daemons: what is kept of them (facts: services 13). */
#include "ecs-local/store/daemon_definition_rows.h"
#include "engine_internal.h"

int engine_daemon_definition_delete(struct engine *engine, int64_t id) {
    return daemon_definition_rows_set_status(
        engine->store, id, "DELETE_IN_PROGRESS", engine_now_ms(engine), engine->turn);
}
