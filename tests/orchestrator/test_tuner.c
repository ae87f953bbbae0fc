/* Successive halving: who goes on, who is out, who is chosen; that the order of scores decides nothing. */
#include "run/tuner.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

enum { TRIALS = 9, SEEDS = 2, RUNGS = 3, CELLS = TRIALS * SEEDS * RUNGS };

static const int third[2] = {1, 3};

static struct tuner *new (int n_trials, int n_seeds, int n_rungs)
{
    struct tuner *tuner = NULL;
    assert_int_equal(tuner_new(n_trials, n_seeds, n_rungs, third, &tuner, NULL), 0);
    return tuner;
}

static void the_best_third_and_the_default_go_on(void **state)
{
    (void)state;
    struct tuner *tuner = new (TRIALS, 1, RUNGS);
    for (int t = 0; t < TRIALS; t++) {
        assert_int_equal(tuner_rung(tuner, t), 0);
        tuner_score(tuner, t, 0, 0, t); /* 8, 7 and 6 are best */
    }
    for (int t = 0; t < TRIALS; t++) {
        assert_int_equal(tuner_rung(tuner, t), t == 0 || t >= 6);
        assert_int_equal(tuner_is_out(tuner, t), t > 0 && t < 6);
        assert_int_equal(tuner_waits_for(tuner, t, 0), t == 0 || t >= 6);
    }
    const double second[4] = {0.1, 0.4, 0.4, 0.3}; /* of 0, 6, 7, 8: a tie, the lower one goes on */
    for (int i = 0; i < 4; i++)
        tuner_score(tuner, i ? 5 + i : 0, 0, 1, second[i]);
    assert_int_equal(tuner_rung(tuner, 6), 2);
    assert_int_equal(tuner_is_out(tuner, 7), 1);
    assert_int_equal(tuner_chosen(tuner), -1);
    tuner_score(tuner, 6, 0, 2, 0.5);
    assert_int_equal(tuner_chosen(tuner), -1);
    tuner_score(tuner, 0, 0, 2, 0.5);
    assert_int_equal(tuner_chosen(tuner), 0);
    tuner_free(tuner);
}

static void seeds_count_by_their_mean(void **state)
{
    (void)state;
    struct tuner *tuner = new (2, 2, 1);
    tuner_score(tuner, 0, 0, 0, 0.9);
    tuner_score(tuner, 0, 1, 0, 0.1);
    tuner_score(tuner, 1, 0, 0, 0.6);
    assert_int_equal(tuner_chosen(tuner), -1);
    tuner_score(tuner, 1, 1, 0, 0.6);
    assert_int_equal(tuner_chosen(tuner), 1);
    tuner_free(tuner);
}

static void diverged_trials_never_go_on(void **state)
{
    (void)state;
    struct tuner *tuner = new (3, 2, 2);
    tuner_score(tuner, 0, 0, 0, -(double)INFINITY);
    for (int t = 0; t < 3; t++)
        for (int s = t == 0; s < 2; s++)
            tuner_score(tuner, t, s, 0, t == 1 ? 0.2 : 0.1);
    assert_int_equal(tuner_is_out(tuner, 0), 1);
    assert_int_equal(tuner_waits_for(tuner, 0, 1), 0);
    assert_int_equal(tuner_rung(tuner, 1), 1);
    tuner_score(tuner, 1, 0, 1, -(double)INFINITY);
    tuner_score(tuner, 1, 1, 1, 0.9);
    assert_int_equal(tuner_chosen(tuner), 1);
    tuner_free(tuner);
    tuner = new (2, 1, 2);
    tuner_score(tuner, 1, 0, 0, -(double)INFINITY);
    tuner_score(tuner, 0, 0, 0, -(double)INFINITY);
    assert_int_equal(tuner_chosen(tuner), 0);
    assert_int_equal(tuner_waits_for(tuner, 0, 0) + tuner_waits_for(tuner, 1, 0), 0);
    tuner_free(tuner);
}

/* Scores of every trial in every rung, a few equal, a few diverged. */
static void draw(struct rng *rng, double score[CELLS])
{
    for (int i = 0; i < CELLS; i++)
        score[i] = rng_below(rng, 8) / 8.0;
    for (int i = 0; i < 2; i++) {
        int cell = (int)rng_below(rng, CELLS);
        for (int r = cell; r < (cell / RUNGS + 1) * RUNGS; r++)
            score[r] = -(double)INFINITY;
    }
}

/* What a run makes of them that has them in the order of `order`: what is not asked for yet comes later. */
static int decide(const double score[CELLS], const int order[CELLS], int rung[TRIALS])
{
    struct tuner *tuner = new (TRIALS, SEEDS, RUNGS);
    for (int round = 0; round < RUNGS; round++)
        for (int i = 0; i < CELLS; i++) {
            int trial = order[i] / (SEEDS * RUNGS), seed = order[i] / RUNGS % SEEDS, at = order[i] % RUNGS;
            if (tuner_rung(tuner, trial) >= at && !tuner_is_out(tuner, trial))
                tuner_score(tuner, trial, seed, at, score[order[i]]);
        }
    for (int t = 0; t < TRIALS; t++)
        rung[t] = tuner_rung(tuner, t);
    int chosen = tuner_chosen(tuner);
    tuner_free(tuner);
    return chosen;
}

static void order_decides_nothing(void **state)
{
    (void)state;
    struct rng rng = rng_start(rng_key("test", "tuner", 5), 0);
    for (int i = 0; i < 200; i++) {
        double score[CELLS];
        int order[CELLS], rung[2][TRIALS], chosen[2];
        draw(&rng, score);
        for (int k = 0; k < CELLS; k++)
            order[k] = k;
        chosen[0] = decide(score, order, rung[0]);
        rng_shuffle(&rng, order, CELLS);
        chosen[1] = decide(score, order, rung[1]);
        assert_int_equal(chosen[0], chosen[1]);
        assert_true(chosen[0] >= 0);
        assert_memory_equal(rung[0], rung[1], sizeof rung[0]);
    }
}

/* A file may know more than was asked for: trials of a run with more of them went on further. */
static void scores_of_closed_rungs_count_for_nothing(void **state)
{
    (void)state;
    struct tuner *tuner = new (3, 1, 2);
    tuner_score(tuner, 2, 0, 1, 99);
    for (int t = 0; t < 3; t++)
        tuner_score(tuner, t, 0, 0, t == 1);
    assert_int_equal(tuner_is_out(tuner, 2), 1);
    tuner_score(tuner, 1, 0, 1, 0.5);
    tuner_score(tuner, 0, 0, 1, 0.4);
    assert_int_equal(tuner_chosen(tuner), 1);
    tuner_free(tuner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_third_and_the_default_go_on),
        cmocka_unit_test(seeds_count_by_their_mean),
        cmocka_unit_test(diverged_trials_never_go_on),
        cmocka_unit_test(order_decides_nothing),
        cmocka_unit_test(scores_of_closed_rungs_count_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
