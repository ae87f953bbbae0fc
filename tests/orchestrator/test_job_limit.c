/* How long an attempt at a job may take: texts, and what becomes of a multiple. */
#include "run/job_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

static void texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        double seconds, times;
    } want[] = {
        {"5x", 0, 0, 5},      {"1.5x", 0, 0, 1.5},  {"90", 0, 90, 0},    {"2:00:00", 0, 7200, 0},
        {"1x", -1, 0, 0},     {"0x", -1, 0, 0},     {"-5x", -1, 0, 0},   {"x", -1, 0, 0},
        {"5xx", -1, 0, 0},    {"5 x", -1, 0, 0},    {"infx", -1, 0, 0},  {"nanx", -1, 0, 0},
        {"1e999x", -1, 0, 0}, {"", -1, 0, 0},       {"0", -1, 0, 0},     {"soon", -1, 0, 0},
        {"0x10x", -1, 0, 0},  {"0x1.8x", -1, 0, 0}, {"0X10x", -1, 0, 0}, {"0x10", -1, 0, 0},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct job_limit limit;
        assert_int_equal(job_limit_parse(want[i].text, &limit), want[i].rc);
        if (want[i].rc == 0)
            assert_true(limit.seconds == want[i].seconds && limit.times == want[i].times);
    }
}

static void seconds(void **state)
{
    (void)state;
    const struct job_limit none = {0, 0}, fixed = {90, 0}, multiple = {0, 5};
    assert_true(isinf(job_limit_of(&none, 3)));
    assert_true(job_limit_of(&fixed, (double)NAN) == 90 && job_limit_of(&fixed, 1000) == 90);
    assert_true(isinf(job_limit_of(&multiple, (double)NAN)));
    assert_true(job_limit_of(&multiple, 100) == 500);
    assert_true(job_limit_of(&multiple, 0.01) == job_limit_least);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(seconds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
