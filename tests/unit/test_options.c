#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "ecs-local/base/cleanup.h"
#include "ecs-local/base/text.h"

struct outcome {
    int status;
    struct options options;
    char *out;
    char *err;
};

static struct outcome parse(const char *const *words, const char *const *environment) {
    struct outcome outcome = {.status = 0};
    size_t out_size;
    size_t err_size;
    FILE *out = open_memstream(&outcome.out, &out_size);
    FILE *err = open_memstream(&outcome.err, &err_size);
    int count = 0;
    while (words[count] != NULL)
        count++;
    outcome.status = options_parse(
        count, (char *const *)words, (char *const *)environment, out, err, &outcome.options);
    fclose(out);
    fclose(err);
    return outcome;
}

static void outcome_done(struct outcome *outcome) {
    options_done(&outcome->options);
    free(outcome->out);
    free(outcome->err);
}

#define WORDS(...) ((const char *const[]){"ecs-local", ##__VA_ARGS__, NULL})
#define ENVIRONMENT(...) ((const char *const[]){"PATH=/bin", ##__VA_ARGS__, NULL})

static void test_defaults(void **state) {
    (void)state;
    struct outcome outcome = parse(WORDS(), ENVIRONMENT());
    const struct options *options = &outcome.options;
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out, "");
    assert_string_equal(outcome.err, "");
    assert_string_equal(options->host, "127.0.0.1");
    assert_int_equal(options->port, 4566);
    assert_null(options->data_dir);
    assert_int_equal(options->durability, OPTIONS_DURABILITY_NORMAL);
    assert_string_equal(options->runtime, "sim:");
    assert_int_equal(options->timing, OPTIONS_TIMING_INSTANT);
    assert_null(options->timing_file);
    assert_int_equal(options->clock_mode, CLOCK_REAL);
    assert_false(options->seeded);
    assert_string_equal(options->region, "us-east-1");
    assert_string_equal(options->account, "000000000000");
    assert_int_equal(options->log_level, LOG_LEVEL_INFO);
    assert_false(options->log_json);
    assert_int_equal(options->max_body_bytes, 4194304);
    assert_int_equal(options->max_header_bytes, 16384);
    assert_int_equal(options->max_connections, 4096);
    assert_int_equal(options->idle_timeout_ms, 60000);
    assert_int_equal(options->request_timeout_ms, 30000);
    assert_int_equal(options->journal_limit, 10000);
    assert_int_equal(options->allow_host_count, 0);
    outcome_done(&outcome);
}

static void test_every_option(void **state) {
    (void)state;
    struct outcome outcome = parse(
        WORDS("serve", "--host", "::1", "--port=0", "--data-dir", "/tmp/d", "--durability=full", "--runtime",
            "sim:", "--timing", "stages.json", "--clock", "x60", "--seed=18446744073709551615", "--region",
            "eu-central-1", "--account", "123456789012", "--log-level", "debug", "--log-format=json",
            "--auth", "off", "--max-body-bytes", "2048", "--max-header-bytes=8192", "--max-connections", "7",
            "--idle-timeout", "5m", "--request-timeout=1500ms", "--journal-limit", "0", "--allow-host",
            "a.test,b", "--allow-host=c"),
        ENVIRONMENT());
    const struct options *options = &outcome.options;
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(options->host, "::1");
    assert_int_equal(options->port, 0);
    assert_string_equal(options->data_dir, "/tmp/d");
    assert_int_equal(options->durability, OPTIONS_DURABILITY_FULL);
    assert_int_equal(options->timing, OPTIONS_TIMING_FILE);
    assert_string_equal(options->timing_file, "stages.json");
    assert_int_equal(options->clock_mode, CLOCK_SCALED);
    assert_true(options->clock_factor > 59.9 && options->clock_factor < 60.1);
    assert_true(options->seeded);
    assert_true(options->seed == UINT64_MAX);
    assert_string_equal(options->region, "eu-central-1");
    assert_string_equal(options->account, "123456789012");
    assert_int_equal(options->log_level, LOG_LEVEL_DEBUG);
    assert_true(options->log_json);
    assert_int_equal(options->max_body_bytes, 2048);
    assert_int_equal(options->max_header_bytes, 8192);
    assert_int_equal(options->max_connections, 7);
    assert_int_equal(options->idle_timeout_ms, 300000);
    assert_int_equal(options->request_timeout_ms, 1500);
    assert_int_equal(options->journal_limit, 0);
    assert_int_equal(options->allow_host_count, 3);
    assert_string_equal(options->allow_hosts[0], "a.test");
    assert_string_equal(options->allow_hosts[1], "b");
    assert_string_equal(options->allow_hosts[2], "c");
    outcome_done(&outcome);
}

static void test_argument_beats_environment(void **state) {
    (void)state;
    struct outcome outcome = parse(WORDS("--port", "5000", "--allow-host", "argument"),
        ENVIRONMENT("ECS_LOCAL_PORT=6000", "ECS_LOCAL_MAX_BODY_BYTES=9999", "ECS_LOCAL_ALLOW_HOST=one,two",
            "ECS_LOCAL_SEED=", "ECS_LOCAL_PORTS=nonsense", "ECS_LOCAL_CLOCK=held",
            "ECS_LOCAL_TIMING=realistic"));
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.options.port, 5000);
    assert_int_equal(outcome.options.max_body_bytes, 9999);
    assert_int_equal(outcome.options.allow_host_count, 1);
    assert_string_equal(outcome.options.allow_hosts[0], "argument");
    assert_false(outcome.options.seeded); /* empty counts as not set */
    assert_int_equal(outcome.options.clock_mode, CLOCK_HELD);
    assert_int_equal(outcome.options.timing, OPTIONS_TIMING_REALISTIC);
    outcome_done(&outcome);

    outcome = parse(WORDS(), ENVIRONMENT("ECS_LOCAL_PORT=abc"));
    assert_int_equal(outcome.status, OPTIONS_BAD);
    assert_string_equal(
        outcome.err, "ecs-local: bad value \"abc\" for ECS_LOCAL_PORT; allowed: 0 to 65535\n");
    outcome_done(&outcome);
}

static void test_bad_values(void **state) {
    (void)state;
    static const struct {
        const char *word;
        const char *value;
        const char *part; /* of the line on standard error */
    } cases[] = {
        {"--port", "65536", "bad value \"65536\" for --port; allowed: 0 to 65535"},
        {"--port", "-1", "--port"},
        {"--port", "80x", "--port"},
        {"--host", "example.org", "for --host; allowed: an IPv4 or IPv6 address, or localhost"},
        {"--data-dir", "", "--data-dir"},
        {"--durability", "most", "allowed: normal, full"},
        {"--runtime", "docker:///var/run/docker.sock", "not supported yet"},
        {"--timing", "", "--timing"},
        {"--clock", "x0", "allowed: real, held, xN"},
        {"--clock", "fast", "--clock"},
        {"--seed", "18446744073709551616", "--seed"},
        {"--seed", "-1", "--seed"},
        {"--seed", "0x1", "--seed"},
        {"--region", "eu_central", "--region"},
        {"--region", "", "--region"},
        {"--account", "12345678901", "allowed: 12 digits"},
        {"--account", "1234567890123", "--account"},
        {"--auth", "sigv4", "not supported yet"},
        {"--auth", "on", "--auth"},
        {"--credentials", "keys.json", "not supported yet"},
        {"--log-level", "loud", "allowed: error, warn, info, debug"},
        {"--log-format", "xml", "allowed: text, json"},
        {"--max-body-bytes", "0", "--max-body-bytes"},
        {"--max-body-bytes", "99999999999", "--max-body-bytes"},
        {"--max-header-bytes", "10", "--max-header-bytes"},
        {"--max-connections", "0", "--max-connections"},
        {"--idle-timeout", "30", "a duration from 1s to 24h"},
        {"--idle-timeout", "999ms", "--idle-timeout"},
        {"--request-timeout", "25h", "--request-timeout"},
        {"--journal-limit", "-5", "--journal-limit"},
        {"--allow-host", "a,,b", "--allow-host"},
        {"--allow-host", "", "--allow-host"},
    };
    for (size_t index = 0; index < array_length(cases); index++) {
        struct outcome outcome = parse(WORDS(cases[index].word, cases[index].value), ENVIRONMENT());
        assert_int_equal(outcome.status, OPTIONS_BAD);
        if (strstr(outcome.err, cases[index].part) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", cases[index].part, outcome.err);
        assert_ptr_equal(strchr(outcome.err, '\n'), outcome.err + strlen(outcome.err) - 1); /* one line */
        assert_string_equal(outcome.out, "");
        outcome_done(&outcome);
    }
}

static void test_bad_words(void **state) {
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        const char *line;
    } cases[] = {
        {"--colour", "red", "ecs-local: unknown option --colour; see ecs-local --help\n"},
        {"--por=1", NULL, "ecs-local: unknown option --por; see ecs-local --help\n"},
        {"run", NULL, "ecs-local: unexpected argument \"run\"; see ecs-local --help\n"},
        {"serve", "serve", "ecs-local: unexpected argument \"serve\"; see ecs-local --help\n"},
        {"-p", "1", "ecs-local: unexpected argument \"-p\"; see ecs-local --help\n"},
        {"--", NULL, "ecs-local: unknown option --; see ecs-local --help\n"},
        {"serve", "--port", "ecs-local: option --port needs a value: N\n"},
    };
    for (size_t index = 0; index < array_length(cases); index++) {
        struct outcome outcome = parse(WORDS(cases[index].first, cases[index].second), ENVIRONMENT());
        assert_int_equal(outcome.status, OPTIONS_BAD);
        assert_string_equal(outcome.err, cases[index].line);
        outcome_done(&outcome);
    }
}

static void test_allow_host_is_bounded(void **state) {
    (void)state;
    char many[512] = "h";
    for (int count = 1; count < 65; count++)
        memcpy(many + strlen(many), ",h", 3);
    struct outcome outcome = parse(WORDS("--allow-host", many), ENVIRONMENT());
    assert_int_equal(outcome.status, OPTIONS_BAD);
    outcome_done(&outcome);
    many[strlen(many) - 2] = '\0';
    outcome = parse(WORDS("--allow-host", many), ENVIRONMENT());
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.options.allow_host_count, 64);
    outcome_done(&outcome);
}

static void test_help_and_version(void **state) {
    (void)state;
    static const char *const parts[] = {"Usage: ecs-local [serve] [options]", "--port N", "default 4566",
        "ECS_LOCAL_PORT\n", "ECS_LOCAL_MAX_BODY_BYTES\n", "--clock real|held|xN", "Examples", "Exit status",
        "--data-dir DIR", "--durability normal|full", "--runtime URI", "--timing", "--seed", "--region",
        "--account", "--log-level", "--log-format", "--auth", "--credentials", "--max-connections",
        "--max-header-bytes", "--idle-timeout", "--request-timeout", "--journal-limit", "--allow-host",
        "--host"};
    /* Asking for help wins over whatever else is wrong. */
    struct outcome outcome = parse(WORDS("--nonsense", "--help"), ENVIRONMENT());
    assert_int_equal(outcome.status, OPTIONS_SHOWN);
    assert_string_equal(outcome.err, "");
    for (size_t index = 0; index < array_length(parts); index++) {
        if (strstr(outcome.out, parts[index]) == NULL)
            fail_msg("\"%s\" is not in the help", parts[index]);
    }
    for (const char *line = outcome.out; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 132);
    outcome_done(&outcome);
    outcome = parse(WORDS("serve", "--version"), ENVIRONMENT());
    assert_int_equal(outcome.status, OPTIONS_SHOWN);
    assert_string_equal(outcome.out, "ecs-local " ECS_LOCAL_VERSION "\n");
    outcome_done(&outcome);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_argument_beats_environment),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_allow_host_is_bounded),
        cmocka_unit_test(test_help_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
