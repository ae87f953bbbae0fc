/* Longest expected first, speeds learnt a kind, retries first, and never a job lost or twice. */
#include "schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

/* Seconds that any job takes less than. */
static const double ANY = 1e300;

static void longest_first(void **state)
{
    (void)state;
    const int job[] = {3, 5, 7, 9};
    const double cost[] = {1, 4, 2, 4};
    const unsigned long kind[] = {0, 0, 0, 0};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(4, job, cost, kind, &s, NULL), 0);
    assert_true(isnan(schedule_expect(s, 3)));
    assert_int_equal(schedule_next(s, ANY), 5);
    assert_int_equal(schedule_next(s, ANY), 9);
    assert_int_equal(schedule_next(s, ANY), 7);
    assert_int_equal(schedule_waiting(s), 1);
    assert_int_equal(schedule_running(s), 3);
    assert_int_equal(schedule_next(s, ANY), 3);
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_free(s);
}

static void speeds_are_learnt_by_kind(void **state)
{
    (void)state;
    const int job[] = {0, 1, 2, 3};
    const double cost[] = {10, 9, 5, 5};
    const unsigned long kind[] = {1, 1, 2, 2};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(4, job, cost, kind, &s, NULL), 0);
    assert_int_equal(schedule_next(s, ANY), 0);
    schedule_finished(s, 0, 10); /* kind 1: 1 s a unit */
    assert_int_equal(schedule_next(s, ANY), 1);
    schedule_return(s, 1);
    assert_int_equal(schedule_next(s, ANY), 1); /* a returned job goes first */
    assert_int_equal(schedule_attempts(s, 1), 2);
    assert_int_equal(schedule_next(s, ANY), 2);
    schedule_finished(s, 2, 50); /* kind 2: 10 s a unit */
    schedule_finished(s, 1, 9);
    assert_true(fabs(schedule_expect(s, 3) - 50) < 1e-9);
    assert_true(fabs(schedule_remaining(s, 2) - 25) < 1e-9);
    schedule_free(s);
}

static void a_slow_kind_overtakes(void **state)
{
    (void)state;
    const int job[] = {0, 1, 2, 3};
    const double cost[] = {10, 9, 5, 4};
    const unsigned long kind[] = {1, 1, 2, 2};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(4, job, cost, kind, &s, NULL), 0);
    assert_int_equal(schedule_next(s, ANY), 0);
    schedule_finished(s, 0, 1); /* kind 1 is fast */
    assert_int_equal(schedule_next(s, ANY), 1);
    assert_int_equal(schedule_next(s, ANY), 2);
    schedule_finished(s, 2, 100);
    assert_int_equal(schedule_next(s, ANY), 3);
    schedule_free(s);
}

static void only_what_fits_before_the_deadline(void **state)
{
    (void)state;
    const int job[] = {0, 1, 2, 3, 4};
    const double cost[] = {100, 50, 20, 10, 10};
    const unsigned long kind[] = {0, 0, 0, 0, 0};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(5, job, cost, kind, &s, NULL), 0);
    assert_int_equal(schedule_next(s, 1), 0);   /* nothing is known: any may fit */
    assert_int_equal(schedule_next(s, -1), -1); /* but not when there is no time at all */
    schedule_finished(s, 0, 100);               /* a second a unit */
    assert_int_equal(schedule_next(s, 30), 2);
    assert_int_equal(schedule_next(s, 30), 3);
    assert_false(schedule_fits(s, 9.5));
    assert_int_equal(schedule_next(s, 9.5), -1);
    assert_int_equal(schedule_waiting(s), 2);
    schedule_return(s, 2);
    assert_int_equal(schedule_next(s, 15), 4); /* the returned one does not fit */
    assert_int_equal(schedule_next(s, 30), 2);
    assert_int_equal(schedule_next(s, ANY), 1);
    assert_int_equal(schedule_next(s, ANY), -1);
    assert_int_equal(schedule_waiting(s), 0);
    schedule_free(s);
}

static void deaths_and_jobs_never_begun(void **state)
{
    (void)state;
    const int job[] = {4, 6};
    const double cost[] = {2, 1};
    const unsigned long kind[] = {0, 0};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(2, job, cost, kind, &s, NULL), 0);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(schedule_next(s, ANY), 4);
        schedule_unused(s, 4);
        assert_int_equal(schedule_next(s, ANY), 4);
        assert_int_equal(schedule_attempts(s, 4), i);
        schedule_died(s, 4);
        assert_int_equal(schedule_deaths(s, 4), i);
        if (i < 3)
            schedule_return(s, 4);
    }
    schedule_dropped(s, 4);
    assert_int_equal(schedule_running(s), 0);
    assert_true(isnan(schedule_expect(s, 6))); /* a dropped job tells nothing about speed */
    assert_int_equal(schedule_next(s, ANY), 6);
    schedule_free(s);
}

static void every_job_exactly_once(void **state)
{
    (void)state;
    enum { N = 1000 };
    int job[N], seen[N];
    double cost[N];
    unsigned long kind[N];
    struct schedule *s = NULL;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < N; i++) {
        job[i] = i;
        cost[i] = (i * 37) % 101 + 1;
        kind[i] = (unsigned long)(i % 7);
    }
    assert_int_equal(schedule_new(N, job, cost, kind, &s, NULL), 0);
    for (int i = 0; i < N; i++) {
        int j = schedule_next(s, ANY);
        assert_in_range(j, 0, N - 1);
        assert_int_equal(seen[j]++, 0);
        schedule_finished(s, j, cost[j] * (double)(kind[j] + 1));
    }
    assert_int_equal(schedule_next(s, ANY), -1);
    assert_int_equal(schedule_running(s), 0);
    schedule_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_first),
        cmocka_unit_test(speeds_are_learnt_by_kind),
        cmocka_unit_test(a_slow_kind_overtakes),
        cmocka_unit_test(only_what_fits_before_the_deadline),
        cmocka_unit_test(deaths_and_jobs_never_begun),
        cmocka_unit_test(every_job_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
