#include "support/state_file_fixture.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

const struct state_file_identity identity = {"0123456789abcdef0123456789abcdef",
                                             "fedcba9876543210fedcba9876543210", "avx2", "0.1.0 abcdef"};

static void state_file_fill(float *out, size_t n, struct rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)rng_normal(rng);
}

/* Arrays of every type and of one to four dimensions. */
static void state_file_add_arrays(struct state_file_fixture *f, int with_best)
{
    struct arrays *arrays = &f->state.arrays;
    arrays_add(arrays, "member0.weight", ARRAY_F32, (const size_t[]){PARAMS, 2, 0}, f->weights);
    arrays_add(arrays, "member0.adam.steps", ARRAY_I64, (const size_t[]){3, 0}, f->steps);
    arrays_add(arrays, "booster", ARRAY_U8, (const size_t[]){1, 13, 1, 1, 0}, f->bytes);
    if (with_best)
        arrays_add(arrays, "best.member0.weight", ARRAY_F32, (const size_t[]){PARAMS, 1, 1, 0}, f->best);
}

void state_file_make(struct state_file_fixture *f, int with_best)
{
    struct rng rng = rng_start(rng_key("test", "checkpoint", 10), 0);
    memset(f, 0, sizeof *f);
    state_file_fill(f->numbers[0], N_CURVE_SETS * EPOCHS * N_ALL_METRICS, &rng);
    state_file_fill(f->weights, 2 * PARAMS, &rng);
    state_file_fill(f->best, PARAMS, &rng);
    const uint32_t odd[3] = {0x7fc12345, 0xff800000, 0x80000000};
    memcpy(f->weights, odd, sizeof odd);
    for (int i = 0; i < 13; i++)
        f->bytes[i] = (unsigned char)(250 + i);
    f->steps[0] = -1;
    f->steps[1] = INT64_MAX;
    f->state = (struct state_file){
        .epoch = EPOCHS,
        .steps = 123456789012,
        .choice = {2 * with_best, with_best ? 0.75f : 0, with_best, with_best ? -0.5f : 0}};
    for (int i = 0; i < N_CURVE_SETS; i++)
        f->state.metrics[curve_sets[i]] = f->numbers[i];
    state_file_add_arrays(f, with_best);
}

static void assert_equal_arrays(const struct arrays *a, const struct arrays *b)
{
    assert_int_equal(a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        const struct array *x = &a->item[i], *y = &b->item[i];
        assert_string_equal(x->name, y->name);
        assert_true(x->type == y->type && x->rank == y->rank);
        assert_memory_equal(x->dim, y->dim, sizeof x->dim);
        assert_memory_equal(x->data, y->data, array_bytes(x));
    }
}

void assert_equal_states(const struct state_file *a, const struct state_file *b)
{
    assert_true(a->epoch == b->epoch && a->steps == b->steps);
    assert_memory_equal(&a->choice, &b->choice, sizeof a->choice);
    for (int i = 0; i < N_CURVE_SETS; i++)
        assert_memory_equal(a->metrics[curve_sets[i]], b->metrics[curve_sets[i]],
                            (size_t)a->epoch * N_ALL_METRICS * sizeof(float));
    assert_equal_arrays(&a->arrays, &b->arrays);
}
