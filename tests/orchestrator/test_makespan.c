/* What order costs and gives: a schedule played on ranks that ask ahead as those of a run do (dispatch.h),
 * with the jobs of figure 4: the costs that plan gives them, the seconds that they took. */
#include "run/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STRATEGIES = 5, COMBINATIONS = 15, SEEDS = 10, JOBS = COMBINATIONS * SEEDS, MOST_RANKS = 64 };

/* Three pairs of clusters with five strategies each, 100 epochs: means of ten seeds. */
static const struct {
    double cost, seconds;
} measured[COMBINATIONS] = {{44.23, 1.939}, {44.23, 1.925}, {43.65, 1.896}, {44.80, 1.874}, {44.80, 1.934},
                            {32.36, 1.517}, {32.36, 1.547}, {22.59, 1.139}, {41.74, 1.907}, {41.74, 1.945},
                            {49.97, 2.241}, {49.97, 2.188}, {6.89, 0.423},  {93.44, 4.042}, {93.44, 3.851}};

/* A sweep under way. */
struct played {
    struct schedule *schedule;
    int ranks, n_done, stop_at; /* jobs */
    int has[MOST_RANKS], ahead[MOST_RANKS];
    double until[MOST_RANKS], now;
    int done[COMBINATIONS]; /* seeds */
};

/* The same seeds differ by 4 % either way. */
static double seconds_of(int job)
{
    return measured[job / SEEDS].seconds * (0.96 + 0.08 * ((unsigned)job * 2654435761u % 1024) / 1023.0);
}

static void ask(struct played *p, int rank)
{
    if (p->has[rank] < 0) {
        p->has[rank] = p->ahead[rank] >= 0 ? p->ahead[rank] : schedule_next(p->schedule, (double)INFINITY);
        p->ahead[rank] = -1;
        p->until[rank] = p->has[rank] < 0 ? (double)INFINITY : p->now + seconds_of(p->has[rank]);
    }
    if (p->has[rank] >= 0 && schedule_waiting(p->schedule) > p->ranks)
        p->ahead[rank] = schedule_next(p->schedule, (double)INFINITY);
}

static void finish_one(struct played *p)
{
    int rank = 0;
    for (int r = 1; r < p->ranks; r++)
        rank = p->until[r] < p->until[rank] ? r : rank;
    int job = p->has[rank];
    p->now = p->until[rank];
    p->done[job / SEEDS]++;
    p->n_done++;
    p->has[rank] = -1;
    schedule_finished(p->schedule, job, seconds_of(job));
    ask(p, rank);
}

static void begin(struct played *p, int in_waves)
{
    int job[JOBS], wave[JOBS];
    double cost[JOBS];
    unsigned long kind[JOBS] = {0};
    for (int j = 0; j < JOBS; j++) {
        job[j] = j;
        cost[j] = measured[j / SEEDS].cost;
        wave[j] = in_waves ? j % SEEDS : 0;
    }
    assert_int_equal(schedule_new(JOBS, job, cost, kind, &p->schedule, NULL), 0);
    schedule_waves(p->schedule, JOBS, job, wave, 0);
    schedule_ranks(p->schedule, p->ranks);
    for (int r = 0; r < p->ranks; r++) {
        p->has[r] = p->ahead[r] = -1;
        ask(p, r);
    }
}

/* Play until so many jobs are done. */
static void play(struct played *p, int ranks, int in_waves, int stop_at)
{
    *p = (struct played){.ranks = ranks};
    begin(p, in_waves);
    while (p->n_done < stop_at)
        finish_one(p);
    schedule_free(p->schedule);
}

static void waves_cost_no_time(void **state)
{
    static const int ranks[] = {1, 2, 8, 64};
    struct played p;
    (void)state;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        double end[2];
        for (int in_waves = 0; in_waves < 2; in_waves++) {
            play(&p, ranks[i], in_waves, JOBS);
            end[in_waves] = p.now;
        }
        print_message("%d ranks: longest first %.2f s, seed by seed %.2f s (%+.2f %%)\n", ranks[i], end[0],
                      end[1], 100 * (end[1] / end[0] - 1));
        assert_true(end[1] <= 1.01 * end[0]);
    }
}

/* After so many jobs: the fewest and the most seeds that a combination, or on all pairs a strategy, has. */
static void count_seeds(int ranks, int stop_at, int a_strategy, double *least, double *most)
{
    struct played p;
    int n = a_strategy ? STRATEGIES : COMBINATIONS;
    double seeds[COMBINATIONS] = {0};
    play(&p, ranks, 1, stop_at);
    for (int c = 0; c < COMBINATIONS; c++)
        seeds[c % n] += (double)p.done[c] * n / COMBINATIONS;
    *least = *most = seeds[0];
    for (int i = 1; i < n; i++) {
        *least = fmin(*least, seeds[i]);
        *most = fmax(*most, seeds[i]);
    }
}

static void assert_even(int ranks, int stop_at, int a_strategy)
{
    double least, most;
    count_seeds(ranks, stop_at, a_strategy, &least, &most);
    if (most - least > 1)
        fail_msg("%d ranks, %d jobs: %g to %g seeds", ranks, stop_at, least, most);
}

static void whole_seeds_are_left_whenever_it_ends(void **state)
{
    (void)state;
    for (int stop_at = 1; stop_at <= JOBS * 8 / 10; stop_at++) {
        assert_even(1, stop_at, 0);
        assert_even(2, stop_at, 0);
    }
    for (int stop_at = 1; stop_at <= JOBS * 4 / 10; stop_at++)
        assert_even(8, stop_at, 1);
}

/* What the order is for: the longest first leave some strategies without any seed. */
static void by_length_there_are_none(void **state)
{
    struct played p;
    int none = 0;
    (void)state;
    play(&p, 2, 0, JOBS * 4 / 10);
    for (int c = 0; c < COMBINATIONS; c++)
        none += p.done[c] == 0;
    assert_true(none > COMBINATIONS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waves_cost_no_time),
        cmocka_unit_test(whole_seeds_are_left_whenever_it_ends),
        cmocka_unit_test(by_length_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
