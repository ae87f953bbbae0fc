/* Sweeps of played ranks: every job is done once, what rank 0 is sent does not grow faster than ranks and
 * jobs, and how many ranks follow from that. Times are not looked at. */
#include "run/play.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct play_cost played(int ranks, int jobs, int kinds, double seconds)
{
    const struct play_load load = {
        .ranks = ranks, .node = 128, .jobs = jobs, .kinds = kinds, .seconds = seconds};
    struct play_cost cost;
    assert_int_equal(play(&load, &cost, NULL), 0);
    return cost;
}

static void every_job_is_done_once(void **state)
{
    (void)state;
    for (int ranks = 2; ranks <= 2048; ranks *= 32)
        for (int kinds = 1; kinds <= 100; kinds += 99) {
            struct play_cost cost = played(ranks, 5000, kinds, 1);
            assert_int_equal(cost.wrong, 0);
            assert_int_equal(cost.jobs, 5000);
        }
}

/* A message a job, and at the start and the end of a sweep three a rank at most. */
static void messages_are_as_many_as_jobs(void **state)
{
    (void)state;
    for (int ranks = 100; ranks <= 10000; ranks *= 10) {
        struct play_cost cost = played(ranks, 20 * ranks, 1, 10);
        assert_true(cost.words - cost.beats >= cost.jobs);
        assert_true(cost.words - cost.beats <= cost.jobs + 3 * ranks);
        assert_true((double)cost.beats <= (cost.seconds + 1) * (ranks / 128 + 1));
        assert_true(cost.seconds > 20 * 10);
    }
}

static void ranks_follow_from_the_cost_of_a_message(void **state)
{
    const struct play_cost cost = {.words = 110, .beats = 10, .jobs = 100, .word_seconds = 110e-6};
    (void)state;
    /* 1 us to hear and 1 us in MPI: a core takes 500 000 messages a second */
    assert_true(fabs(play_ranks(&cost, 1e-6, 100, 1, 1) / (500000 / 1.01) - 1) < 1e-9);
    assert_true(fabs(play_ranks(&cost, 1e-6, 100, 10, 0.5) / (250000 / 0.11) - 1) < 1e-9);
}

/* Jobs that are given take the seconds that they are given, and go seed by seed, or the longest first: two
 * ranks, and of each seed a job of 1 s and one of 2 s. */
static void jobs_that_are_given_are_played(void **state)
{
    enum { JOBS = 200 };
    struct play_job job[JOBS];
    struct play_load load = {.ranks = 3, .node = 128, .jobs = JOBS, .job = job, .tick = 0.01};
    struct play_cost cost;
    (void)state;
    for (int j = 0; j < JOBS; j++)
        job[j] = (struct play_job){.cost = 1 + j % 2, .seconds = 1 + j % 2, .wave = j / 2};
    assert_int_equal(play(&load, &cost, NULL), 0);
    assert_int_equal(cost.wrong, 0);
    assert_true(cost.makespan >= 150 && cost.makespan < 150 + 1); /* 300 s of work for two */
    job[0].seconds = 1000;
    assert_int_equal(play(&load, &cost, NULL), 0);
    assert_true(cost.makespan >= 1000 && cost.makespan < 1000 + 5); /* nothing waits for one that is long */
    job[0].seconds = 1;
    job[JOBS - 2].seconds = job[JOBS - 2].cost = 1000; /* in the last wave: begun before that has come */
    assert_int_equal(play(&load, &cost, NULL), 0);
    assert_true(cost.makespan < 1000 + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_is_done_once),
        cmocka_unit_test(messages_are_as_many_as_jobs),
        cmocka_unit_test(jobs_that_are_given_are_played),
        cmocka_unit_test(ranks_follow_from_the_cost_of_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
