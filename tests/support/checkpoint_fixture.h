/* checkpoint_fixture.h - a state with every field set, NaN, infinity and -0 among its floats. */
#ifndef CELLSWEEP_CHECKPOINT_FIXTURE_H
#define CELLSWEEP_CHECKPOINT_FIXTURE_H

#include "checkpoint.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { MEMBERS = 2, PARAMS = 37, EPOCHS = 3 };

static const struct checkpoint_identity identity = {
    "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "avx2", "0.1.0 abcdef"};

/* The numbers that `state` points to. */
struct checkpoint_fixture {
    float numbers[2][EPOCHS * N_METRICS], nets[MEMBERS][3 * PARAMS], best[MEMBERS * PARAMS];
    struct checkpoint state;
};

static inline void checkpoint_fill(float *out, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)rng_normal(rng);
}

static inline void checkpoint_make(struct checkpoint_fixture *f, int with_best)
{
    struct rng rng = rng_start(rng_key("test", "checkpoint", 10), 0);
    memset(f, 0, sizeof *f);
    checkpoint_fill(f->numbers[0], 2 * EPOCHS * N_METRICS, &rng);
    checkpoint_fill(f->nets[0], MEMBERS * 3 * PARAMS, &rng);
    checkpoint_fill(f->best, MEMBERS * PARAMS, &rng);
    const uint32_t odd[3] = {0x7fc12345, 0xff800000, 0x80000000};
    memcpy(f->nets[0], odd, sizeof odd);
    f->state = (struct checkpoint){.epoch = EPOCHS,
                                   .n_members = MEMBERS,
                                   .n_params = PARAMS,
                                   .steps = 123456789012,
                                   .train = f->numbers[0],
                                   .test = f->numbers[1],
                                   .tracks_best = with_best,
                                   .best = with_best ? f->best : NULL,
                                   .best_epoch = with_best,
                                   .best_value = with_best ? 0.75f : 0};
    for (int m = 0; m < MEMBERS; m++) {
        f->state.net_steps[m] = 1000 + m;
        f->state.params[m] = f->nets[m];
        f->state.moments[m] = f->nets[m] + PARAMS;
    }
}

static inline void assert_equal_states(const struct checkpoint *a, const struct checkpoint *b)
{
    assert_true(a->epoch == b->epoch && a->n_members == b->n_members && a->n_params == b->n_params);
    assert_true(a->steps == b->steps && a->tracks_best == b->tracks_best && a->best_epoch == b->best_epoch);
    assert_memory_equal(&a->best_value, &b->best_value, sizeof a->best_value);
    assert_memory_equal(a->net_steps, b->net_steps, sizeof a->net_steps);
    assert_memory_equal(a->train, b->train, (size_t)a->epoch * N_METRICS * sizeof(float));
    assert_memory_equal(a->test, b->test, (size_t)a->epoch * N_METRICS * sizeof(float));
    for (int m = 0; m < a->n_members; m++) {
        assert_memory_equal(a->params[m], b->params[m], a->n_params * sizeof(float));
        assert_memory_equal(a->moments[m], b->moments[m], 2 * a->n_params * sizeof(float));
    }
    assert_int_equal(a->best == NULL, b->best == NULL);
    if (a->best)
        assert_memory_equal(a->best, b->best, (size_t)a->n_members * a->n_params * sizeof(float));
}

#endif
