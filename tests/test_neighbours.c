#include "neighbours.h"

#include "strategy_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void neighbours_by_brute_force(void **state)
{
    enum { N = 40, DIM = 531, K = 6 }; /* more than a chunk, and not a whole number of lanes */
    const int count[] = {N};
    struct dataset *data = noise_dataset(1, count, 24, 5);
    const float *point[N];
    int at[N];
    struct neighbours near;
    (void)state;
    for (int i = 0; i < N; i++) {
        point[i] = data->pixels + i * 24 * 24;
        at[i] = i;
    }
    const struct cloud cloud = {point, N, DIM};
    const struct positions some = {at + 10, 5}, all = {at, N};
    assert_int_equal(neighbours_find(&cloud, some, all, K, NULL, &near, NULL), 0);
    for (int q = 0; q < some.n; q++)
        for (int r = 0; r < N; r++) {
            double sum = 0;
            int listed = 0, nearer = 0;
            for (int i = 0; i < DIM; i++)
                sum += pow((double)point[10 + q][i] - (double)point[r][i], 2);
            for (int k = 0; k < K; k++) {
                listed += near.at[q * K + k] == r;
                nearer += near.distance[q * K + k] < sqrt(sum) - 1e-9;
                if (near.at[q * K + k] == r)
                    assert_true(fabs(near.distance[q * K + k] - sqrt(sum)) < 1e-9);
            }
            assert_true(r == 10 + q ? !listed : listed || nearer == K);
        }
    neighbours_free(&near);
    hand_dataset_free(data);
}

/* Equal images: the first in the list is the nearer one; nobody is his own neighbour. */
static void ties_go_to_the_first(void **state)
{
    const float a = 0.5f, b = 0.75f;
    const float *point[] = {&a, &a, &b, &a};
    const int at[] = {0, 1, 2, 3};
    const struct cloud cloud = {point, 4, 1};
    struct neighbours near;
    (void)state;
    assert_int_equal(
        neighbours_find(&cloud, (struct positions){at, 4}, (struct positions){at, 4}, 9, NULL, &near, NULL),
        0);
    assert_int_equal(near.k, 3);
    assert_memory_equal(near.at, ((const int[]){1, 3, 2, 0, 3, 2, 0, 1, 3, 0, 1, 2}), 12 * sizeof(int));
    neighbours_free(&near);
    assert_int_equal(
        neighbours_find(&cloud, (struct positions){at, 1}, (struct positions){at, 1}, 2, NULL, &near, NULL),
        0);
    assert_int_equal(near.k, 0);
    neighbours_free(&near);
}

/* ---- by blocks, and as specified ---- */

enum { MANY = 2500, WIDE = 70 }; /* three tiles; not a whole number of lanes */

struct space {
    float value[MANY][WIDE];
    const float *point[MANY];
    int at[MANY];
};

/* Points whose coordinates are `offset` plus a multiple of `step` below `levels` steps. */
static struct space *space_new(int levels, float step, float offset)
{
    struct space *space = calloc(1, sizeof *space);
    struct rng rng = rng_start(1, 0);
    assert_non_null(space);
    for (int i = 0; i < MANY; i++) {
        space->point[i] = space->value[i];
        space->at[i] = i;
        for (int j = 0; j < WIDE; j++)
            space->value[i][j] = offset + step * (float)rng_below(&rng, (uint32_t)levels);
    }
    return space;
}

static void assert_as_specified(const struct space *space, struct positions query, struct positions reference,
                                int k)
{
    const struct cloud cloud = {space->point, MANY, WIDE};
    struct neighbours blocks, plain;
    assert_int_equal(neighbours_find(&cloud, query, reference, k, NULL, &blocks, NULL), 0);
    assert_int_equal(neighbours_find_ref(&cloud, query, reference, k, NULL, &plain, NULL), 0);
    assert_int_equal(blocks.k, plain.k);
    size_t n = (size_t)plain.n * (size_t)plain.k;
    assert_memory_equal(blocks.at, plain.at, n * sizeof *plain.at);
    assert_memory_equal(blocks.distance, plain.distance, n * sizeof *plain.distance);
    neighbours_free(&blocks);
    neighbours_free(&plain);
}

static void compare_space(struct space *space)
{
    const struct positions all = {space->at, MANY}, first = {space->at, 1100},
                           last = {space->at + 1100, MANY - 1100}, middle = {space->at + 900, 400};
    assert_as_specified(space, all, all, 1);
    assert_as_specified(space, all, all, 5);
    assert_as_specified(space, first, last, 3);
    assert_as_specified(space, middle, all, 70);
    free(space);
}

static void blocks_find_what_is_specified(void **state)
{
    (void)state;
    compare_space(space_new(1 << 20, 1.0f / (1 << 20), 0)); /* as pixels are */
    compare_space(space_new(2, 1, 0));                      /* few distances, each many times */
    compare_space(space_new(1, 1, 0.25f));                  /* all points in one place */
    compare_space(space_new(3, 1e-6f, 1000)); /* differences that single precision loses in the norms */
    compare_space(space_new(2, 0.3f, 0.1f));  /* ties that rounding breaks */
    compare_space(space_new(256, 1e-21f, 0)); /* products that underflow */
    compare_space(space_new(256, 1e13f, 0));  /* too large for a bound */
}

static void duplicates_of_images(void **state)
{
    struct space *space = space_new(1 << 20, 1.0f / (1 << 20), 0);
    (void)state;
    for (int i = 0; i < MANY; i += 3)
        memcpy(space->value[(i * 7 + 11) % MANY], space->value[i], sizeof space->value[i]);
    compare_space(space);
}

/* ---- who waits is served ---- */

struct waiting {
    int asked, stop_at;
};

static int count_pause(void *self)
{
    struct waiting *waiting = self;
    return ++waiting->asked == waiting->stop_at;
}

static void others_are_served_meanwhile(void **state)
{
    struct space *space = space_new(1 << 20, 1.0f / (1 << 20), 0);
    const struct cloud cloud = {space->point, MANY, WIDE};
    const struct positions all = {space->at, MANY};
    struct waiting waiting = {0, 0};
    struct pause pause = {count_pause, &waiting, 0};
    struct neighbours near;
    struct err err;
    (void)state;
    assert_int_equal(neighbours_find(&cloud, all, all, 5, &pause, &near, &err), 0);
    neighbours_free(&near);
    /* n^2 dim / 2 multiply-adds of a BLAS at least: one question after every PAUSE_WORK */
    assert_true(waiting.asked >= (int)(0.5 * MANY * MANY * WIDE * PAUSE_BLAS / PAUSE_WORK));
    for (int stop_at = 1; stop_at <= waiting.asked; stop_at++) {
        struct waiting stopped = {0, stop_at};
        pause = (struct pause){count_pause, &stopped, 0};
        assert_int_equal(neighbours_find(&cloud, all, all, 5, &pause, &near, &err), E_STOPPED);
        assert_int_equal(stopped.asked, stop_at);
        assert_null(near.at);
        assert_null(near.distance);
    }
    free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_by_brute_force),     cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(blocks_find_what_is_specified), cmocka_unit_test(duplicates_of_images),
        cmocka_unit_test(others_are_served_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
