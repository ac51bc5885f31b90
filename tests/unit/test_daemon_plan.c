/* What is to be done on which instance so that each has its one task of a daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ecs-local/domain/daemon.h"

enum {
    SLOTS_MAX = 10,
};

/* A letter an instance: '.' nothing there, 'n' the wanted revision runs, 'p' it is on its way, 'o' another revision runs,
 * 's' something is being stopped, 'N' wanted and another; behind '-' instances that drain, behind '!' foreign ones.
 * The answer: 'k' keep, 'S' start, 'O' stop others, 'A' stop all. */
struct row {
    const char *now;
    double drain_percent;
    bool ending;
    const char *acts;
    unsigned running;
    unsigned without;
    bool complete;
};

static void read_slot(char letter, enum daemon_place place, struct daemon_slot *slot) {
    *slot = (struct daemon_slot){.place = place};
    slot->running = letter == 'n' || letter == 'N';
    slot->pending = letter == 'p';
    slot->others = letter == 'o' || letter == 'N';
    slot->stopping = letter == 's';
}

static unsigned read_slots(const char *text, struct daemon_slot *slots) {
    enum daemon_place place = DAEMON_PLACE_ACTIVE;
    unsigned count = 0;
    for (; *text != '\0'; text++) {
        if (*text == '-')
            place = DAEMON_PLACE_DRAINING;
        else if (*text == '!')
            place = DAEMON_PLACE_FOREIGN;
        else
            read_slot(*text, place, &slots[count++]);
    }
    return count;
}

static void check(const struct row *row) {
    static const char letters[] = {
        [DAEMON_KEEP] = 'k', [DAEMON_START] = 'S', [DAEMON_STOP_OTHERS] = 'O', [DAEMON_STOP_ALL] = 'A'};
    struct daemon_slot slots[SLOTS_MAX];
    enum daemon_act acts[SLOTS_MAX];
    struct daemon_counts counts;
    char got[SLOTS_MAX + 1] = "";
    unsigned count = read_slots(row->now, slots);
    daemon_plan(slots, count, row->drain_percent, row->ending, acts, &counts);
    for (unsigned index = 0; index < count; index++)
        got[index] = letters[acts[index]];
    if (strcmp(got, row->acts) != 0)
        fail_msg("%s at %g%%: %s, not %s", row->now, row->drain_percent, got, row->acts);
    if (counts.running != row->running || counts.without != row->without || counts.complete != row->complete)
        fail_msg("%s at %g%%: %u run, %u are without, complete %d", row->now, row->drain_percent,
            counts.running, counts.without, counts.complete);
}

static void test_table(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* nothing to do, and the first of everything */
        {"", 50, false, "", 0, 0, true},
        {"....", 50, false, "SSSS", 0, 4, false},
        {"pppp", 50, false, "kkkk", 0, 4, false},
        {"nnnn", 50, false, "kkkk", 4, 0, true},
        {"nn.", 0, false, "kkS", 2, 1, false},
        /* another revision is replaced a share at a time */
        {"oooo", 50, false, "OOkk", 0, 4, false},
        {"ssoo", 50, false, "kkkk", 0, 4, false},
        {"..oo", 50, false, "SSkk", 0, 4, false},
        {"ppoo", 50, false, "kkkk", 0, 4, false},
        {"nnoo", 50, false, "kkOO", 2, 2, false},
        {"npoo", 50, false, "kkOk", 1, 3, false},
        {"oooo", 100, false, "OOOO", 0, 4, false},
        {"oooo", 0, false, "Okkk", 0, 4, false},
        {"oooo", 10, false, "Okkk", 0, 4, false},
        {"oooooooo", -1, false, "OOkkkkkk", 0, 8, false},
        {"oooooooooo", 39, false, "OOOkkkkkkk", 0, 10, false},
        {"o", 1, false, "O", 0, 1, false},
        /* two on one instance: the other goes at once, since the wanted one is there */
        {"Nooo", 25, false, "OOkk", 1, 3, false},
        {"Nnnn", 25, false, "Okkk", 4, 0, false},
        /* a new instance does not wait, but counts as one without */
        {".ooo", 25, false, "Skkk", 0, 4, false},
        {"nnns", 25, false, "kkkk", 3, 1, false},
        /* instances on their way out keep what they have and get nothing */
        {"n-no.", 50, false, "kkkk", 1, 0, true},
        {"-o", 50, false, "k", 0, 0, true},
        /* instances that are not of its providers lose it */
        {"n!no.", 50, false, "kAAk", 1, 0, false},
        {"n!s", 50, false, "kk", 1, 0, false},
        {"n!.", 50, false, "kk", 1, 0, true},
        /* the end */
        {"npos.", 50, true, "AAAkk", 1, 4, false},
        {"n-n!n", 50, true, "AAA", 1, 0, false},
    };
    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++)
        check(&rows[index]);
}

/* Whatever the share, the daemon never leaves more instances at a time than it allows, and in the end all are done. */
static void test_walk(void **state) {
    (void)state;
    for (int percent = 0; percent <= 100; percent += 7) {
        struct daemon_slot slots[SLOTS_MAX];
        enum daemon_act acts[SLOTS_MAX];
        struct daemon_counts counts = {.complete = false};
        read_slots("oooooooooo", slots);
        unsigned allowed = (unsigned)(SLOTS_MAX * percent / 100);
        allowed = allowed != 0 ? allowed : 1;
        unsigned rounds = 0;
        for (; rounds < 100 && !counts.complete; rounds++) {
            unsigned without = 0;
            daemon_plan(slots, SLOTS_MAX, percent, false, acts, &counts);
            for (unsigned index = 0; index < SLOTS_MAX; index++) {
                if (acts[index] == DAEMON_STOP_OTHERS)
                    read_slot('s', DAEMON_PLACE_ACTIVE, &slots[index]);
                else if (acts[index] == DAEMON_START)
                    read_slot('p', DAEMON_PLACE_ACTIVE, &slots[index]);
                else if (slots[index].stopping != 0)
                    read_slot('.', DAEMON_PLACE_ACTIVE, &slots[index]);
                else if (slots[index].pending != 0)
                    read_slot('n', DAEMON_PLACE_ACTIVE, &slots[index]);
                without += slots[index].running + slots[index].others == 0;
            }
            assert_true(without <= allowed);
        }
        assert_true(counts.complete);
    }
}

static void test_backoff(void **state) {
    (void)state;
    static const int64_t wanted[] = {0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (size_t failures = 0; failures < sizeof(wanted) / sizeof(wanted[0]); failures++)
        assert_int_equal(daemon_backoff_ms((int64_t)failures), wanted[failures]);
    assert_int_equal(daemon_backoff_ms(INT64_MAX), 60000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_backoff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
