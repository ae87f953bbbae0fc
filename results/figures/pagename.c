#include "figures/pagename.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

void pagename_append(char *name, const char *text)
{
    size_t n = strlen(name);
    for (; *text && n < PAGENAME_LENGTH; text++)
        name[n++] = isalnum((unsigned char)*text) || strchr("._=+", *text) ? *text : '-';
    name[n] = '\0';
}

void pagename_append_classes(char *name, const char *list)
{
    enum { LONGEST = 80 };
    char text[LONGEST + 1], hash[16];
    int harmless = strlen(list) <= LONGEST;
    snprintf(text, sizeof text, "%s", *name ? list : list + strspn(list, "\"-"));
    for (const char *p = list; *p; p++)
        harmless &= isalnum((unsigned char)*p) || strchr("._=+-", *p) != NULL;
    pagename_append(name, text);
    snprintf(hash, sizeof hash, ".%08x", (unsigned)XXH3_64bits(list, strlen(list)));
    if (!harmless)
        pagename_append(name, hash);
}

const char *pagename_factor(const struct summary *summary, int factor)
{
    const char *key = combination_name(summary->store, factor), *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* The values of factors of a set that vary and that the group reads. */
static void append_factors(char *name, const struct summary *summary, const struct summary_group *group,
                           unsigned of)
{
    unsigned named = summary->varying & of;
    for (int f = 0; f < combination_n_factors(summary->store); f++)
        if (named >> f & 1 && *combination_value(group->cell, f)) {
            pagename_append(name, "_");
            if (f >= FACTOR_AXES) {
                pagename_append(name, pagename_factor(summary, f));
                pagename_append(name, "=");
            }
            pagename_append(name, combination_value(group->cell, f));
        }
}

void pagename_append_cell(char *name, const struct summary *summary, const struct summary_group *group,
                          unsigned but)
{
    append_factors(name, summary, group,
                   ~(but | FACTOR(FACTOR_CLASSES) | combination_own(summary->store, FACTOR_STRATEGY)));
}

void pagename_append_strategy(char *name, const struct summary *summary, const struct summary_group *group)
{
    pagename_append(name, group->cell->strategy);
    append_factors(name, summary, group,
                   combination_own(summary->store, FACTOR_STRATEGY) & ~FACTOR(FACTOR_STRATEGY));
}
