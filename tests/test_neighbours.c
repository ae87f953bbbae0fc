#include "neighbours.h"

#include "strategy_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_by_brute_force),
        cmocka_unit_test(ties_go_to_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
