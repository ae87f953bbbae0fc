#include "support/said.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-6))
        fail_msg("%.9g is not %.9g", x, expected);
}

void assert_says(const char *text, const char *expected)
{
    if (!strstr(text, expected))
        fail_msg("'%s' does not say '%s'", text, expected);
}

void assert_silent(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("'%s' says '%s'", text, unwanted);
}
