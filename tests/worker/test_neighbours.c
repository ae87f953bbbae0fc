#include "rng.h"
#include "samples/neighbours.h"

#include "samples/products.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
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

/* ---- by blocks, and one by one ---- */

enum kind {
    NOISE,
    CONSTANT,
    FEW_DIFFERENT,
    NEARLY_TIED,
    FAR_FROM_ZERO,
    MASKED,
    SUBNORMAL,
    ONE_FAR_OUT,
    TOO_LARGE,
    NOT_A_NUMBER,
    N_KINDS
};

/* Coordinate i of point p. */
static float coordinate(enum kind kind, int p, int i, int dim, struct rng *rng)
{
    double u = rng_uniform(rng);
    switch (kind) {
    case CONSTANT:
        return 0.3f;
    case FEW_DIFFERENT:
        return (float)((p % 7 * 31 + i * 17) % 64) / 64;
    case NEARLY_TIED: /* a cross: distances agree to seven digits or so, and many of them exactly */
        return (float)(0.7 + 0.2 * sin(i) + (i == p % dim ? 0.01 * (1 + p % 5 * 1e-6) : 0));
    case FAR_FROM_ZERO:
        return (float)(4096 + u);
    case MASKED:
        return i % 5 < p % 5 ? 0 : (float)((int)(u * 4) / 4.0);
    case SUBNORMAL:
        return (float)(u * 1e-40);
    case ONE_FAR_OUT:
        return (float)(p == 3 ? 1e12 * u : u);
    case TOO_LARGE:
        return (float)(p % 9 == 4 ? 1e38 * (2 * u - 1) : u);
    case NOT_A_NUMBER:
        return i == 1 && p % 6 == 2 ? NAN : i == 2 && p % 6 == 3 ? HUGE_VALF : (float)u;
    default:
        return (float)u;
    }
}

struct points {
    float *pixels;
    const float **point;
    struct cloud cloud;
};

static struct points points_new(enum kind kind, int n, int dim)
{
    struct points points = {
        calloc((size_t)(n * dim), sizeof(float)), calloc((size_t)n, sizeof(float *)), {0}};
    struct rng rng = rng_start(rng_key("points", "of a test", 9), (uint64_t)kind);
    assert_true(points.pixels && points.point);
    for (int p = 0; p < n; p++) {
        points.point[p] = points.pixels + p * dim;
        for (int i = 0; i < dim; i++)
            points.pixels[p * dim + i] = coordinate(kind, p, i, dim, &rng);
    }
    points.cloud = (struct cloud){points.point, n, dim};
    return points;
}

static void points_free(struct points *points)
{
    free(points->pixels);
    free(points->point);
}

static void assert_as_specified(const struct cloud *cloud, struct positions query, struct positions reference,
                                int k)
{
    struct neighbours fast, plain;
    assert_int_equal(neighbours_find(cloud, query, reference, k, NULL, &fast, NULL), 0);
    assert_int_equal(neighbours_find_ref(cloud, query, reference, k, NULL, &plain, NULL), 0);
    assert_true(fast.n == query.n && plain.n == query.n && fast.k == plain.k);
    size_t n = (size_t)fast.n * (size_t)fast.k;
    assert_memory_equal(fast.at, plain.at, n * sizeof *fast.at);
    assert_memory_equal(fast.distance, plain.distance, n * sizeof *fast.distance);
    neighbours_free(&fast);
    neighbours_free(&plain);
}

/* Every kind of points: all against all, and lists that overlap, in an order of their own. */
static void compare_ways(int n, int dim, const int *ks, int n_ks)
{
    int *at = calloc((size_t)n, sizeof *at);
    struct rng rng = rng_start(rng_key("order", "of a test", 9), 0);
    assert_non_null(at);
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct points points = points_new((enum kind)kind, n, dim);
        for (int i = 0; i < n; i++)
            at[i] = i;
        for (int i = 0; i < n_ks; i++) {
            const struct positions all = {at, n}, head = {at, n * 2 / 3}, tail = {at + n / 2, n - n / 2};
            assert_as_specified(&points.cloud, all, all, ks[i]);
            assert_as_specified(&points.cloud, head, tail, ks[i]);
            rng_shuffle(&rng, at, n);
        }
        points_free(&points);
    }
    free(at);
}

static void blocks_find_what_is_specified(void **state)
{
    (void)state;
    compare_ways(150, PRODUCTS_CHUNK * 2 + 77, (const int[]){1, 5, 149}, 3); /* several chunks */
    compare_ways(PRODUCTS_TILE + 130, 23, (const int[]){1, 10}, 2);          /* several tiles */
    compare_ways(2 * PRODUCTS_TILE + 1, 1, (const int[]){3}, 1);
    compare_ways(1, 9, (const int[]){1}, 1);
    compare_ways(2, 9, (const int[]){1}, 1);
}

/* The bound itself: of every pair, for points that try it. */
static void distances_are_within_their_bounds(void **state)
{
    enum { N = 90, DIM = 1300 };
    int at[N];
    (void)state;
    for (int i = 0; i < N; i++)
        at[i] = i;
    for (int kind = 0; kind < TOO_LARGE; kind++) {
        struct points points = points_new((enum kind)kind, N, DIM);
        struct products p;
        assert_int_equal(products_new(&points.cloud, (struct positions){at, N}, NULL, &p, NULL), 1);
        assert_int_equal(products_tile(&p, (struct positions){at, N}, (struct positions){at, N}, NULL, NULL),
                         0);
        for (int a = 0; a < N; a++)
            for (int b = 0; b < N; b++) {
                double d = distance_squared(points.point[a], points.point[b], DIM, HUGE_VAL);
                double twice = 2 * (double)p.tile[a * PRODUCTS_TILE + b];
                assert_true(p.least[a] + p.least[b] - twice <= d && d <= p.most[a] + p.most[b] - twice);
            }
        products_free(&p);
        points_free(&points);
    }
    struct points far = points_new(TOO_LARGE, N, DIM);
    struct products none;
    assert_int_equal(products_new(&far.cloud, (struct positions){at, N}, NULL, &none, NULL), 0);
    assert_null(none.tile);
    points_free(&far);
}

/* ---- pauses ---- */

struct patience {
    int asked, stop_at; /* stop when asked for the stop_at-th time; 0: never */
};

static int ask(void *self)
{
    struct patience *patience = self;
    return ++patience->asked == patience->stop_at;
}

/* Wherever a search is stopped, it leaves nothing behind, and finds the same when it is made again. */
static void a_search_pauses_and_can_be_stopped(void **state)
{
    enum { N = PRODUCTS_TILE + 300, DIM = 600 };
    struct points points = points_new(NOISE, N, DIM);
    int at[N];
    struct patience patience = {0};
    struct pause pause = {ask, &patience, 0};
    struct neighbours whole, near;
    (void)state;
    for (int i = 0; i < N; i++)
        at[i] = i;
    const struct positions all = {at, N};
    assert_int_equal(neighbours_find(&points.cloud, all, all, 5, &pause, &whole, NULL), 0);
    int most = patience.asked;
    assert_true(most * PAUSE_WORK > (double)N * N / 2 * DIM * PAUSE_BLAS / 4);
    for (int stop = 1; stop <= most; stop++) {
        struct err err = {0};
        patience = (struct patience){0, stop};
        pause.work = 0;
        assert_int_equal(neighbours_find(&points.cloud, all, all, 5, &pause, &near, &err), E_STOPPED);
        assert_true(err.code == E_STOPPED && !near.at && !near.distance && patience.asked == stop);
    }
    patience = (struct patience){0};
    pause.work = 0;
    assert_int_equal(neighbours_find_ref(&points.cloud, all, all, 5, &pause, &near, NULL), 0);
    assert_true(patience.asked > most);
    assert_memory_equal(whole.at, near.at, N * 5 * sizeof *near.at);
    neighbours_free(&near);
    neighbours_free(&whole);
    points_free(&points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_by_brute_force),
        cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(blocks_find_what_is_specified),
        cmocka_unit_test(distances_are_within_their_bounds),
        cmocka_unit_test(a_search_pauses_and_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
