#include "support/selected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct job_samples selected(const struct config *config, const struct dataset *data, const char *key)
{
    struct job_samples samples;
    struct err err = {0};
    if (job_samples_select(config, data, key, NULL, &samples, &err) < 0)
        fail_msg("%s: %s", config->strategy, err.text);
    return samples;
}

void selected_refuses(const struct config *config, const struct dataset *data, const char *expected)
{
    struct job_samples samples;
    struct err err = {0};
    assert_int_equal(job_samples_select(config, data, "key", NULL, &samples, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not say '%s'", err.text, expected);
    assert_null(samples.all.sample);
}
