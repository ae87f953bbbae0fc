#include "store/partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLUSTERS = 7, STRATEGIES = 5, AXIS = 3, SEEDS = 2, N = CLUSTERS * STRATEGIES * AXIS * SEEDS };

static struct store_job job[N];
static const struct store_job *item[N];

static int set_up(void **state)
{
    (void)state;
    for (int j = 0; j < N; j++) { /* the last axis moves slowest, so that the members of a part lie apart */
        snprintf(job[j].clusters, sizeof job[j].clusters, "%d-%d", j % CLUSTERS, j % CLUSTERS + 1);
        snprintf(job[j].strategy, sizeof job[j].strategy, "s%d", j / CLUSTERS % STRATEGIES);
        strcpy(job[j].protocol, "holdout");
        strcpy(job[j].model, "cnn");
        snprintf(job[j].axis[1], sizeof job[j].axis[1], "%d", j / CLUSTERS / STRATEGIES % AXIS);
        item[j] = &job[j];
    }
    return 0;
}

/* Every item stands once, with its like, in order; parts are numbered by their first items. */
static void parts_hold_what_is_alike(void **state)
{
    (void)state;
    struct partition *p = NULL;
    struct err err;
    int next = 0;
    assert_int_equal(partition_new(item, N,
                                   FACTORS_ALL & ~(FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_PROTOCOL) |
                                                   FACTOR(FACTOR_MODEL)),
                                   &p, &err),
                     0);
    assert_int_equal(p->n_parts, CLUSTERS * AXIS);
    assert_int_equal(p->begin[p->n_parts], N);
    for (int part = 0; part < p->n_parts; part++) {
        int first = p->member[p->begin[part]];
        assert_int_equal(p->begin[part + 1] - p->begin[part], STRATEGIES * SEEDS);
        assert_true(partition_is_first(p, first) && (part == 0 || first > p->member[p->begin[part - 1]]));
        for (int i = p->begin[part]; i < p->begin[part + 1]; i++, next++) {
            const struct store_job *member = item[p->member[i]];
            assert_int_equal(p->part_of[p->member[i]], part);
            assert_string_equal(member->clusters, item[first]->clusters);
            assert_string_equal(member->axis[1], item[first]->axis[1]);
            assert_true(i == p->begin[part] || p->member[i] > p->member[i - 1]);
        }
    }
    assert_int_equal(next, N);
    partition_free(p);
}

static void nothing_has_no_parts(void **state)
{
    (void)state;
    struct partition *p = NULL;
    struct err err;
    assert_int_equal(partition_new(item, 0, FACTORS_ALL, &p, &err), 0);
    assert_int_equal(p->n_parts, 0);
    partition_free(p);
    assert_int_equal(partition_new(item, N, FACTOR(FACTOR_PROTOCOL) | FACTOR(FACTOR_MODEL), &p, &err), 0);
    assert_int_equal(p->n_parts, 1);
    assert_int_equal(p->member[N - 1], N - 1);
    partition_free(p);
}

/* Where a text ends counts: "1-2" and "3" are not "1-" and "23". */
static void texts_do_not_run_together(void **state)
{
    (void)state;
    struct store_job two[2] = {{.clusters = "1-2", .strategy = "3"}, {.clusters = "1-", .strategy = "23"}};
    const struct store_job *both[] = {&two[0], &two[1]};
    struct partition *p = NULL;
    struct err err;
    assert_int_equal(partition_new(both, 2, FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY), &p, &err), 0);
    assert_int_equal(p->n_parts, 2);
    partition_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_hold_what_is_alike),
        cmocka_unit_test(nothing_has_no_parts),
        cmocka_unit_test(texts_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
