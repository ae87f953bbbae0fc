#include "support/with.h"

#include "sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

void with_text(struct config *config, const char *key, const char *text)
{
    struct err err = {0};
    if (config_set(config, key, text, &err) < 0)
        fail_msg("%s", err.text);
}

void with(struct config *config, const char *key, double value)
{
    char text[32];
    const struct setting *setting = config_find(config->schema, key);
    setting_real_text(value, text, sizeof text);
    if (setting && setting->type == SETTING_BOOL)
        with_text(config, key, value > 0 ? "true" : "false");
    else
        with_text(config, key, text);
}
