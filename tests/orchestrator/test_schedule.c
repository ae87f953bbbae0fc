/* Longest expected first, speeds learnt a kind, retries first, never a job lost or twice; the same as
 * a plain reference does. */
#include "run/schedule.h"

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

/* What a job of another kind took says nothing of it, nor do one or two of its own. */
static void what_is_usual_is_known_from_the_third_on(void **state)
{
    (void)state;
    const int job[] = {0, 1, 2, 3, 4};
    const double cost[] = {8, 4, 2, 2, 3};
    const unsigned long kind[] = {1, 1, 1, 1, 2};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(5, job, cost, kind, &s, NULL), 0);
    for (int i = 0; i < 5; i++)
        schedule_next(s, ANY);
    schedule_finished(s, 0, 16);
    schedule_finished(s, 1, 8);
    assert_true(isnan(schedule_usual(s, 3, 2)));
    schedule_finished(s, 2, 11);
    assert_true(fabs(schedule_usual(s, 3, 2) - 2 * 35.0 / 14) < 1e-9);
    assert_true(fabs(schedule_usual(s, 3, 8) - 8 * 35.0 / 14) < 1e-9); /* whatever the job has left to do */
    assert_true(isnan(schedule_usual(s, 4, 3)));
    schedule_free(s);
}

/* Whoever takes a dead rank's job goes on from its checkpoint: a whole job in a moment, it would seem. */
static void jobs_of_dead_ranks_teach_nothing(void **state)
{
    (void)state;
    const int job[] = {0, 1, 2, 3, 4, 5};
    const double cost[] = {2, 2, 2, 2, 2, 2};
    const unsigned long kind[] = {1, 1, 1, 1, 1, 1};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(6, job, cost, kind, &s, NULL), 0);
    for (int j = 0; j < 6; j++)
        assert_int_equal(schedule_next(s, ANY), j);
    for (int j = 0; j < 3; j++) {
        schedule_died(s, j);
        schedule_return(s, j);
        assert_int_equal(schedule_next(s, ANY), j);
        schedule_finished(s, j, 0.1);
    }
    assert_true(isnan(schedule_expect(s, 3)));
    for (int j = 3; j < 6; j++) {
        assert_true(isnan(schedule_usual(s, 5, 2)));
        schedule_finished(s, j, 8);
    }
    assert_true(fabs(schedule_usual(s, 5, 2) - 8) < 1e-9);
    assert_int_equal(schedule_running(s) + schedule_waiting(s), 0);
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

/* A trial that pauses and goes on, and a job that waits for it. */
static void parked_jobs_wait_to_be_opened(void **state)
{
    (void)state;
    const int job[] = {4, 6, 8};
    const double cost[] = {2, 9, 1};
    const unsigned long kind[] = {0, 0, 1};
    struct schedule *s = NULL;
    assert_int_equal(schedule_new(3, job, cost, kind, &s, NULL), 0);
    schedule_park(s, 6);
    assert_int_equal(schedule_waiting(s), 2);
    assert_int_equal(schedule_next(s, ANY), 4);
    schedule_paused(s, 4, 20);
    assert_int_equal(schedule_parked(s), 2);
    assert_float_equal(schedule_expect(s, 6), 90, 1e-9); /* 10 s a unit */
    assert_float_equal(schedule_remaining(s, 1), 90 + 10, 1e-9);
    schedule_open(s, 4, 3);
    assert_float_equal(schedule_remaining(s, 1), 90 + 10 + 30, 1e-9);
    assert_int_equal(schedule_fits(s, 5), 0);
    assert_int_equal(schedule_next(s, ANY), 4);
    assert_int_equal(schedule_attempts(s, 4), 1);
    assert_int_equal(schedule_next(s, ANY), 8);
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_paused(s, 4, 30);
    schedule_close(s, 4);
    schedule_finished(s, 8, 1);
    schedule_open(s, 6, 9);
    assert_int_equal(schedule_parked(s), 0);
    assert_int_equal(schedule_next(s, ANY), 6);
    schedule_finished(s, 6, 90);
    assert_int_equal(schedule_running(s) + schedule_waiting(s), 0);
    assert_float_equal(schedule_remaining(s, 1), 0, 1e-9);
    schedule_free(s);
}

/* Of jobs that were opened the longest is first, of equals the first that was opened, whatever the order; one
 * that was handed back goes before all of them, and others come behind. */
static void what_is_opened_goes_longest_first(void **state)
{
    const int job[] = {0, 1, 2, 3, 4, 5}, expected[] = {2, 3, 1, 4, 0};
    const double cost[] = {1, 1, 1, 1, 1, 50};
    const unsigned long kind[] = {0, 0, 0, 0, 0, 0};
    struct schedule *s = NULL;
    (void)state;
    assert_int_equal(schedule_new(6, job, cost, kind, &s, NULL), 0);
    for (int j = 0; j < 5; j++)
        schedule_park(s, j);
    assert_int_equal(schedule_next(s, ANY), 5);
    schedule_finished(s, 5, 50); /* a speed */
    schedule_open(s, 0, 1);
    schedule_open(s, 2, 8);
    assert_int_equal(schedule_next(s, ANY), 2);
    schedule_open(s, 3, 4);
    schedule_open(s, 1, 3);
    schedule_open(s, 4, 3);
    schedule_return(s, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(schedule_next(s, ANY), expected[i]);
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_free(s);
}

static void assert_order(struct schedule *s, int n, const int *expected)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(schedule_next(s, ANY), expected[i]);
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_free(s);
}

/* Twenty short jobs and a long one, in waves of seven: until the end is near a wave is done before the next
 * one, the longest first; then the long one of the last wave goes before what is left of earlier ones. */
static void waves_come_one_after_the_other(void **state)
{
    enum { N = 21 };
    static const int expected[N] = {6, 5, 4, 3, 2, 1, 0, 13, 12, 11, 10, 20, 19, 18, 17, 9, 16, 8, 15, 7, 14};
    int job[N], wave[N];
    double cost[N];
    unsigned long kind[N] = {0};
    struct schedule *s = NULL;
    (void)state;
    for (int j = 0; j < N; j++) {
        job[j] = j;
        cost[j] = j == N - 1 ? 10 : 1 + j % 7;
        wave[j] = j / 7;
    }
    assert_int_equal(schedule_new(N, job, cost, kind, &s, NULL), 0);
    schedule_waves(s, N, job, wave, 0);
    for (int j = 0; j < N; j++) {
        assert_int_equal(schedule_next(s, ANY), expected[j]);
        schedule_finished(s, expected[j], cost[expected[j]]);
    }
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_free(s);
}

/* Waves that go first do so to their end; a job that does not fit lets the next waves come. */
static void some_go_first(void **state)
{
    static const int job[] = {0, 1, 2, 3, 4, 5}, wave[] = {2, 1, 0, 0, 1, 2}, expected[] = {3, 2, 4, 1, 5, 0};
    static const double cost[] = {50, 1, 1, 2, 9, 60};
    const unsigned long kind[6] = {0, 1, 0, 1, 0, 1};
    struct schedule *s = NULL;
    (void)state;
    assert_int_equal(schedule_new(6, job, cost, kind, &s, NULL), 0);
    schedule_waves(s, 6, job, wave, 2);
    schedule_ranks(s, 64);
    assert_order(s, 6, expected);
    assert_int_equal(schedule_new(6, job, cost, kind, &s, NULL), 0);
    schedule_waves(s, 6, job, wave, 2);
    assert_int_equal(schedule_next(s, ANY), 3);
    schedule_finished(s, 3, 2);
    assert_int_equal(schedule_next(s, ANY), 2);
    assert_int_equal(schedule_next(s, 5), 1);
    assert_int_equal(schedule_next(s, 5), -1);
    assert_int_equal(schedule_next(s, 55), 0);
    schedule_free(s);
}

/* Of jobs that were opened those of low waves go first; a parked job keeps no wave from coming. */
static void opened_jobs_go_by_waves(void **state)
{
    static const int job[] = {0, 1, 2, 3}, wave[] = {0, 1, 1, 0}, expected[] = {0, 2, 1};
    static const double cost[] = {1, 5, 7, 2};
    const unsigned long kind[4] = {0};
    struct schedule *s = NULL;
    (void)state;
    assert_int_equal(schedule_new(4, job, cost, kind, &s, NULL), 0);
    schedule_waves(s, 4, job, wave, 1);
    for (int j = 0; j < 3; j++)
        schedule_park(s, j);
    assert_int_equal(schedule_next(s, ANY), 3);
    schedule_finished(s, 3, 2);
    assert_int_equal(schedule_next(s, ANY), -1);
    schedule_open(s, 1, 5);
    schedule_open(s, 0, 1);
    schedule_open(s, 2, 7);
    assert_order(s, 3, expected);
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

/* ---- against a plain reference: the rule of schedule.h with loops over everything ---- */

enum { MOST = 400 };

struct plain {
    int n, returned[MOST], n_returned;
    double cost[MOST], finished_cost[MOST], finished_seconds[MOST]; /* sums over the jobs of a kind */
    unsigned long kind[MOST];
    int wave[MOST], come, n_waves, n_first, ranks; /* the last wave that has come */
    enum { WAITS, RUNS, WAITS_AGAIN, OVER } state[MOST];
};

static double plain_speed(const struct plain *p, unsigned long kind)
{
    double seconds = p->finished_seconds[kind], cost = p->finished_cost[kind];
    if (cost <= 0) {
        seconds = 0;
        for (int k = 0; k < MOST; k++) {
            seconds += p->finished_seconds[k];
            cost += p->finished_cost[k];
        }
    }
    return cost > 0 ? seconds / cost : (double)NAN;
}

static int plain_fits(const struct plain *p, int job, double seconds)
{
    double rate = plain_speed(p, p->kind[job]);
    return (isnan(rate) ? 0 : p->cost[job] * rate) <= seconds;
}

static double plain_remaining(const struct plain *p)
{
    double sum = 0;
    for (int j = 0; j < p->n; j++)
        if (p->state[j] != OVER)
            sum += plain_speed(p, p->kind[j]) * p->cost[j] * (p->state[j] == RUNS ? 0.5 : 1);
    return sum;
}

static int plain_is_near(const struct plain *p, double seconds)
{
    double work = plain_remaining(p), longest = 0;
    for (int j = 0; j < p->n; j++) {
        double rate = plain_speed(p, p->kind[j]), expected = p->cost[j] * (isnan(rate) ? 1 : rate);
        if (p->state[j] != WAITS)
            continue;
        if (p->wave[j] < p->n_first)
            return 0;
        longest = fmax(longest, expected);
    }
    work = isnan(work) ? 0 : work;
    for (int j = 0; isnan(plain_speed(p, 0)) && j < p->n; j++)
        work += p->state[j] == OVER ? 0 : p->cost[j] * (p->state[j] == RUNS ? 0.5 : 1);
    return work <= 4 * longest * p->ranks && work <= seconds * p->ranks;
}

/* Of the jobs whose wave has come; -1: none. */
static int plain_best(const struct plain *p, double seconds)
{
    int best = -1;
    double best_seconds = 0;
    for (int j = 0; j < p->n; j++) {
        double rate = plain_speed(p, p->kind[j]), expected = p->cost[j] * (isnan(rate) ? 1 : rate);
        if (p->state[j] != WAITS || p->wave[j] > p->come || !plain_fits(p, j, seconds) ||
            (best >= 0 && expected < best_seconds) ||
            (best >= 0 && expected <= best_seconds && p->kind[j] >= p->kind[best]))
            continue;
        best = j;
        best_seconds = expected;
    }
    return best;
}

static int plain_next(struct plain *p, double seconds)
{
    int best;
    for (int i = p->n_returned - 1; i >= 0; i--) {
        if (!plain_fits(p, p->returned[i], seconds))
            continue;
        best = p->returned[i];
        memmove(&p->returned[i], &p->returned[i + 1], (size_t)(--p->n_returned - i) * sizeof(int));
        p->state[best] = RUNS;
        return best;
    }
    if (plain_is_near(p, seconds))
        p->come = p->n_waves;
    while ((best = plain_best(p, seconds)) < 0 && p->come < p->n_waves)
        p->come++;
    if (best >= 0)
        p->state[best] = RUNS;
    return best;
}

static unsigned dice_state;

static int dice(int sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (int)((dice_state >> 8) % (unsigned)sides);
}

static int one_running(const struct plain *p)
{
    for (int i = 0, j = dice(p->n); i < p->n; i++, j = (j + 1) % p->n)
        if (p->state[j] == RUNS)
            return j;
    return -1;
}

static void end_one(struct plain *p, struct schedule *s)
{
    int job = one_running(p), seconds = 1 + dice(50), what = dice(8);
    if (job < 0)
        return;
    p->state[job] = OVER;
    if (what == 0) {
        schedule_dropped(s, job);
    } else if (what <= 2) {
        p->state[job] = WAITS_AGAIN;
        p->returned[p->n_returned++] = job;
        schedule_return(s, job);
    } else {
        p->finished_seconds[p->kind[job]] += seconds;
        p->finished_cost[p->kind[job]] += p->cost[job];
        schedule_finished(s, job, seconds);
    }
}

static int agree(double a, double b)
{
    return isnan(b) ? isnan(a) : fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

/* Whole numbers, so that sums are exact in any order and the same jobs are chosen. `limits`
 * 1: some do not fit. */
static void like_the_reference(int n, int n_kinds, int n_waves, int limits)
{
    static struct plain p;
    int job[MOST] = {0}, n_over = 0;
    double limit = 600;
    struct schedule *s = NULL;
    memset(&p, 0, sizeof p);
    p.n = n;
    p.n_waves = n_waves;
    p.n_first = dice(n_waves);
    p.ranks = 1 + dice(5);
    for (int j = 0; j < n; j++) {
        job[j] = j;
        p.cost[j] = 1 + dice(30);
        p.kind[j] = (unsigned long)dice(n_kinds);
        p.wave[j] = dice(n_waves);
    }
    assert_int_equal(schedule_new(n, job, p.cost, p.kind, &s, NULL), 0);
    schedule_waves(s, n, job, p.wave, p.n_first);
    schedule_ranks(s, p.ranks);
    for (int step = 0; step < 20 * n && n_over < n; step++) {
        if (dice(2))
            end_one(&p, s);
        limit =
            dice(20) ? fmax(5, limit - dice(3)) : 600; /* a deadline comes nearer, and a clock is set back */
        double seconds = limits ? limit : (double)INFINITY;
        int had = schedule_fits(s, seconds), next = plain_next(&p, seconds);
        assert_int_equal(had, next >= 0);
        assert_int_equal(schedule_next(s, seconds), next);
        assert_true(agree(schedule_remaining(s, 3), plain_remaining(&p) / 3));
        n_over = 0;
        for (int j = 0; j < n; j++) {
            n_over += p.state[j] == OVER;
            assert_true(agree(schedule_expect(s, j), p.cost[j] * plain_speed(&p, p.kind[j])));
        }
    }
    assert_true(limits || n_over == n);
    schedule_free(s);
}

static void same_order_as_a_plain_reference(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        dice_state = (unsigned)round;
        like_the_reference(1 + dice(60), 1 + dice(60), 1 + dice(9), round % 2);
    }
    like_the_reference(MOST / 4, 1, 1, 0);
    like_the_reference(MOST / 4, 3, 20, 0);
    like_the_reference(MOST / 4, MOST, 5, 1);
}

/* As many kinds as jobs: what looks at every kind for every kind would need days. */
static void a_sweep_that_is_all_kinds(void **state)
{
    (void)state;
    enum { N = 50000 };
    static int job[N];
    static double cost[N];
    static unsigned long kind[N];
    struct schedule *s = NULL;
    for (int i = 0; i < N; i++) {
        job[i] = i;
        cost[i] = 1 + (i * 7919) % N;
        kind[i] = (unsigned long)(i * 31) % N;
    }
    for (int limits = 0; limits < 2; limits++) {
        double last = ANY, seconds = limits ? 3.0 * N / 4 : (double)INFINITY;
        int n = 0;
        assert_int_equal(schedule_new(N, job, cost, kind, &s, NULL), 0);
        for (int j; (j = schedule_next(s, n ? seconds - n * 1e-3 : ANY)) >= 0; n++) {
            assert_true(n < 2 || cost[j] <= last);
            last = cost[j];
            schedule_finished(s, j, cost[j]);
            assert_true(schedule_remaining(s, 1) >= 0);
        }
        assert_in_range(n, limits ? N / 2 : N, limits ? 3 * N / 4 + 1 : N);
        schedule_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_first),
        cmocka_unit_test(speeds_are_learnt_by_kind),
        cmocka_unit_test(a_slow_kind_overtakes),
        cmocka_unit_test(only_what_fits_before_the_deadline),
        cmocka_unit_test(deaths_and_jobs_never_begun),
        cmocka_unit_test(parked_jobs_wait_to_be_opened),
        cmocka_unit_test(what_is_opened_goes_longest_first),
        cmocka_unit_test(waves_come_one_after_the_other),
        cmocka_unit_test(some_go_first),
        cmocka_unit_test(opened_jobs_go_by_waves),
        cmocka_unit_test(every_job_exactly_once),
        cmocka_unit_test(what_is_usual_is_known_from_the_third_on),
        cmocka_unit_test(jobs_of_dead_ranks_teach_nothing),
        cmocka_unit_test(same_order_as_a_plain_reference),
        cmocka_unit_test(a_sweep_that_is_all_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
