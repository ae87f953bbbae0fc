/* Settings of modules that keep their structs to themselves, set as a sweep file does. */
#ifndef CELLSWEEP_TEST_WITH_H
#define CELLSWEEP_TEST_WITH_H

#include "sections.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Fails the test when the value is refused. */
static inline void with_text(struct config *config, const char *key, const char *text)
{
    struct err err = {0};
    if (config_set(config, key, text, &err) < 0)
        fail_msg("%s", err.text);
}

/* The same of a number; of true or false: 1 or 0. */
static inline void with(struct config *config, const char *key, double value)
{
    char text[32];
    const struct setting *setting = config_find(config->schema, key);
    setting_real_text(value, text, sizeof text);
    if (setting && setting->type == SETTING_BOOL)
        with_text(config, key, value > 0 ? "true" : "false");
    else
        with_text(config, key, text);
}

#endif
