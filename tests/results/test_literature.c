/* The rules by which claims of the literature are judged, of numbers worked out by hand. */
#include "paper/literature.h"

#include "models/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define MOST ((double)INFINITY)
#define NONE ((double)NAN)

/* A difference d, with p of it against each bound (p_low, p_high; NaN: there is no such bound). */
static const struct {
    double d, low, high, p_low, p_high;
    enum literature_outcome outcome;
} expected[] = {
    /* it wins: above 0 */
    {0.10, 0, MOST, 0.01, NONE, LITERATURE_SUPPORTED},
    {0.10, 0, MOST, 0.20, NONE, LITERATURE_UNDECIDED},
    {-0.10, 0, MOST, 0.01, NONE, LITERATURE_CONTRADICTED},
    {-0.10, 0, MOST, 0.20, NONE, LITERATURE_UNDECIDED},
    {0.10, 0, MOST, 0.05, NONE, LITERATURE_UNDECIDED}, /* below 0.05, not at it */
    /* it degrades: below 0 */
    {-0.10, -MOST, 0, NONE, 0.01, LITERATURE_SUPPORTED},
    {0.10, -MOST, 0, NONE, 0.01, LITERATURE_CONTRADICTED},
    /* it leaves: within 0.02. No difference at all, of runs that scatter, supports nothing */
    {0.000, -0.02, 0.02, 0.01, 0.01, LITERATURE_SUPPORTED},
    {0.000, -0.02, 0.02, 0.40, 0.40, LITERATURE_UNDECIDED},
    {0.015, -0.02, 0.02, 0.001, 0.30, LITERATURE_UNDECIDED},
    {0.060, -0.02, 0.02, 0.001, 0.01, LITERATURE_CONTRADICTED},
    {-0.060, -0.02, 0.02, 0.01, 0.001, LITERATURE_CONTRADICTED},
    {0.030, -0.02, 0.02, 0.001, 0.50, LITERATURE_UNDECIDED},
    /* it worsens by 0.058 to 0.16 */
    {0.10, 0.058, 0.16, 0.01, 0.02, LITERATURE_SUPPORTED},
    {0.10, 0.058, 0.16, 0.01, 0.06, LITERATURE_UNDECIDED},
    {0.02, 0.058, 0.16, 0.01, 0.001, LITERATURE_CONTRADICTED},
    {0.30, 0.058, 0.16, 0.001, 0.01, LITERATURE_CONTRADICTED},
};

static void outcomes_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct literature_bound bound[2];
        int n = 0;
        if (!isinf(expected[i].low))
            bound[n++] = (struct literature_bound){1, expected[i].d - expected[i].low, expected[i].p_low};
        if (!isinf(expected[i].high))
            bound[n++] = (struct literature_bound){0, expected[i].d - expected[i].high, expected[i].p_high};
        enum literature_outcome outcome =
            literature_judge(literature_within(bound, n), literature_beyond(bound, n));
        if (outcome != expected[i].outcome)
            fail_msg("row %zu: %s", i, literature_outcome_names[outcome]);
    }
}

/* Every strategy claimed of, and every model, is one there is. */
static void models_of_claims_exist(void **state)
{
    (void)state;
    for (int c = 0; c < n_literature_claims; c++) {
        char list[256] = "", *rest = NULL;
        strncpy(list, literature_claims[c].models ? literature_claims[c].models : "", sizeof list - 1);
        for (char *word = strtok_r(list, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
            assert_non_null(model_find(word));
        assert_true(literature_claims[c].low < literature_claims[c].high);
        assert_true(literature_claims[c].metric == literature_gap || score_find(literature_claims[c].metric));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(outcomes_are_those_worked_out_by_hand),
                                       cmocka_unit_test(models_of_claims_exist)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
