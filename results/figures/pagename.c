#include "figures/pagename.h"

#include <ctype.h>
#include <string.h>

void pagename_append(char *name, const char *text)
{
    size_t n = strlen(name);
    for (; *text && n < PAGENAME_LENGTH; text++)
        name[n++] = isalnum((unsigned char)*text) || strchr("._=+", *text) ? *text : '-';
    name[n] = '\0';
}

const char *pagename_factor(const struct summary *summary, int factor)
{
    const char *key = combination_name(summary->store, factor), *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

void pagename_append_cell(char *name, const struct summary *summary, const struct summary_group *group,
                          unsigned but)
{
    unsigned named = summary->varying & ~(but | FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY));
    for (int f = 0; f < combination_n_factors(summary->store); f++)
        if (named >> f & 1) {
            pagename_append(name, "_");
            if (f >= FACTOR_AXES) {
                pagename_append(name, pagename_factor(summary, f));
                pagename_append(name, "=");
            }
            pagename_append(name, combination_value(group->cell, f));
        }
}
