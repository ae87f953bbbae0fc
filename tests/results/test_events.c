/* The event log and the status file: whole lines only, null for what is not finite, half lines of a killed
 * host do no harm. */
#include "beside/status_file.h"
#include "support/scratch.h"
#include "beside/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128], path[256], log_path[300], status_path[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(log_path, sizeof log_path, "%s.events.jsonl", path);
    snprintf(status_path, sizeof status_path, "%s.status", path);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    unlink(log_path);
    unlink(status_path);
    return 0;
}

static int remove_folder(void **state)
{
    clean(state);
    return rmdir(folder);
}

static const char *text_of(const json_t *event, const char *key)
{
    return json_string_value(json_object_get(event, key));
}

/* A log as several runs of it leave it: half lines, other jobs, another grid before. */
static void write_log(const char *text, int times)
{
    FILE *file = fopen(log_path, "a");
    assert_non_null(file);
    for (int i = 0; i < times; i++)
        fputs(text, file);
    fclose(file);
}

static void lines_of_a_job_are_found(void **state)
{
    (void)state;
    json_t *lines = json_array();
    assert_int_equal(events_of_job(path, 1, "2026-01-01T00:00:00Z", lines), 0);
    assert_int_equal(json_array_size(lines), 0);
    write_log("{\"time\": \"2025-12-31T23:59:59.900Z\", \"event\": \"job_failed\", \"job\": 1}\n", 1);
    write_log(
        "{\"time\": \"2026-01-01T00:00:00.000Z\", \"event\": \"job_started\", \"job\": 1, \"attempt\": 1}\n"
        "{\"time\": \"2026-01-01T00:00:01.000Z\", \"event\": \"job_fi\n"
        "{\"time\": \"2026-01-01T00:00:02.000Z\", \"event\": \"job_started\", \"job\": 12}\n"
        "{\"time\": \"2026-01-01T00:00:02.000Z\", \"event\": \"run_ended\", "
        "\"message\": \"\\\"job\\\": 1,\"}\n",
        1);
    write_log(
        "{\"time\": \"2026-01-01T00:00:02.000Z\", \"event\": \"job_started\", \"job\": 7, \"rank\": 3}\n",
        9000);
    write_log("{\"time\": \"2026-01-01T00:00:03.000Z\", \"event\": \"job_failed\", \"job\": 1}\n"
              "{\"time\": \"2026-01-01T00:00:04.000Z\", \"event\": \"job_started\", \"job\": 1",
              1);
    assert_int_equal(events_of_job(path, 1, "2026-01-01T00:00:00Z", lines), 0);
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(text_of(json_array_get(lines, 0), "event"), "job_started");
    assert_string_equal(text_of(json_array_get(lines, 1), "event"), "job_failed");
    json_array_clear(lines);
    assert_int_equal(events_of_job(path, 7, "", lines), 1); /* far more than anybody reads */
    assert_int_equal(json_array_size(lines), EVENTS_MOST_OF_JOB);
    json_decref(lines);
}

/* Numbers that are none of a job, or of one inside of another object. */
static void what_is_no_number_of_a_job_is_none_of_job_0(void **state)
{
    (void)state;
    json_t *lines = json_array();
    write_log("{\"time\": \"2026-01-01T00:00:00Z\", \"event\": \"job_started\", \"job\": 0.5}\n"
              "{\"time\": \"2026-01-01T00:00:00Z\", \"event\": \"grown\", \"of\": {\"job\": 0}}\n"
              "{\"time\": \"2026-01-01T00:00:00Z\", \"event\": \"job_failed\", \"job\": 0}\n",
              1);
    assert_int_equal(events_of_job(path, 0, "", lines), 0);
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(text_of(json_array_get(lines, 0), "event"), "job_failed");
    json_decref(lines);
}

static void lines_are_appended(void **state)
{
    (void)state;
    json_t *event[8];
    assert_int_equal(events_tail(path, event, 8), 0);
    for (int run = 0; run < 2; run++) {
        struct events *events = events_open(path, NULL);
        assert_non_null(events);
        events_add(events, "job_finished", "{s:i, s:o, s:s}", "job", run, "loss", events_number((double)NAN),
                   "message", "a \"quoted\"\nline");
        events_close(events);
    }
    assert_int_equal(events_tail(path, event, 8), 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(text_of(event[i], "event"), "job_finished");
        assert_int_equal(json_integer_value(json_object_get(event[i], "job")), i);
        assert_true(json_is_null(json_object_get(event[i], "loss")));
        assert_string_equal(text_of(event[i], "message"), "a \"quoted\"\nline");
        assert_int_equal(strlen(text_of(event[i], "time")), strlen("2026-01-02T03:04:05.678Z"));
        json_decref(event[i]);
    }
    events_add(NULL, "no log", "{}");
}

static void a_half_line_spoils_no_other(void **state)
{
    (void)state;
    json_t *event[8];
    FILE *f = fopen(log_path, "w");
    assert_non_null(f);
    fputs("{\"event\": \"whole\"}\n{\"event\": \"ha", f);
    fclose(f);
    struct events *events = events_open(path, NULL);
    events_add(events, "next", "{}");
    events_close(events);
    assert_int_equal(events_tail(path, event, 8), 2);
    assert_string_equal(text_of(event[0], "event"), "whole");
    assert_string_equal(text_of(event[1], "event"), "next");
    json_decref(event[0]);
    json_decref(event[1]);
}

/* The disk is full in the middle of a line, and has room again. */
static void a_line_cut_by_a_full_disk_spoils_no_other(void **state)
{
    (void)state;
    json_t *event[8];
    struct rlimit limit = {0, 0}, before;
    struct stat info;
    struct events *events = events_open(path, NULL);
    events_add(events, "whole", "{}");
    assert_int_equal(stat(log_path, &info), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit.rlim_cur = (rlim_t)info.st_size + 10;
    limit.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    events_add(events, "cut", "{}");
    events_add(events, "lost", "{}");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    events_add(events, "next", "{}");
    events_add(events, "last", "{}");
    events_close(events);
    assert_int_equal(events_tail(path, event, 8), 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(text_of(event[i], "event"), i == 0 ? "whole" : i == 1 ? "next" : "last");
        json_decref(event[i]);
    }
}

static void the_tail_of_a_long_log(void **state)
{
    (void)state;
    enum { N = 5000, LAST = 3 };
    json_t *event[LAST];
    struct events *events = events_open(path, NULL);
    for (int i = 0; i < N; i++)
        events_add(events, "job_started", "{s:i}", "job", i);
    events_close(events);
    assert_int_equal(events_tail(path, event, LAST), LAST);
    for (int i = 0; i < LAST; i++) {
        assert_int_equal(json_integer_value(json_object_get(event[i], "job")), N - LAST + i);
        json_decref(event[i]);
    }
    json_t **all = calloc(N, sizeof(json_t *));
    assert_non_null(all);
    int n = events_tail(path, all, N);
    assert_in_range(n, 100, N - 1); /* the last 64 KiB, from the beginning of a line */
    for (int i = 0; i < n; i++) {
        assert_int_equal(json_integer_value(json_object_get(all[i], "job")), N - n + i);
        json_decref(all[i]);
    }
    free(all);
}

static void endings_are_read_back(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *name;
    } want[] = {{-1, "running"}, {0, "finished"}, {1, "failed"}, {75, "stopped"}, {3, "error"}, {2, "error"}};
    struct status_file out;
    assert_int_equal(status_file_read(path, &out), 0);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct status_file in = {.exit_status = want[i].status, .done = 1, .diverged = 2, .failed = 3};
        in.left = 4;
        in.lost_ranks = 5;
        in.ranks = 6;
        in.silence = 7;
        in.deadline = i % 2 ? 8 : (double)INFINITY;
        snprintf(in.filter, sizeof in.filter, "seed=1..3");
        snprintf(in.message, sizeof in.message, "why");
        assert_int_equal(status_file_write(path, &in, NULL), 0);
        assert_int_equal(status_file_read(path, &out), 1);
        assert_string_equal(out.state, want[i].name);
        assert_int_equal(out.exit_status, want[i].status);
        assert_true(out.done == 1 && out.diverged == 2 && out.failed == 3);
        assert_true(out.left == 4 && out.lost_ranks == 5 && out.time > 1e9);
        assert_true(out.ranks == 6 && out.silence == 7);
        assert_true(i % 2 ? out.deadline == 8 : isinf(out.deadline));
        assert_string_equal(out.filter, "seed=1..3");
        assert_string_equal(out.message, "why");
    }
    struct err err = {0};
    assert_int_equal(status_file_write("/nowhere/r.h5", &out, &err), E_IO);
    assert_non_null(strstr(err.text, "/nowhere/r.h5"));
}

/* A message that was cut within a letter. */
static void an_ending_is_told_whatever_its_message(void **state)
{
    (void)state;
    struct status_file in = {.exit_status = 3}, out;
    snprintf(in.message, sizeof in.message, "caf\xc3");
    assert_int_equal(status_file_write(path, &in, NULL), 0);
    assert_int_equal(status_file_read(path, &out), 1);
    assert_int_equal(out.exit_status, 3);
    assert_string_equal(out.message, "caf?");
}

static void what_is_no_status_is_none(void **state)
{
    (void)state;
    struct status_file out;
    FILE *f = fopen(status_path, "w");
    assert_non_null(f);
    fputs("[1, 2", f);
    fclose(f);
    assert_int_equal(status_file_read(path, &out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_are_appended, clean),
        cmocka_unit_test_setup(lines_of_a_job_are_found, clean),
        cmocka_unit_test_setup(what_is_no_number_of_a_job_is_none_of_job_0, clean),
        cmocka_unit_test_setup(a_half_line_spoils_no_other, clean),
        cmocka_unit_test_setup(a_line_cut_by_a_full_disk_spoils_no_other, clean),
        cmocka_unit_test_setup(the_tail_of_a_long_log, clean),
        cmocka_unit_test_setup(endings_are_read_back, clean),
        cmocka_unit_test_setup(an_ending_is_told_whatever_its_message, clean),
        cmocka_unit_test_setup(what_is_no_status_is_none, clean),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
