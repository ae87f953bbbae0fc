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

/* Words of ASCII joined by single '-', in out, cut to its size. Returns 1 when letters were lost. */
static int plain_words(const char *list, char *out, size_t size)
{
    size_t n = 0;
    int is_new = 0, lost = 0;
    for (const unsigned char *p = (const unsigned char *)list; *p && n + 2 < size; p++) {
        int kept = *p < 128 && (isalnum(*p) || strchr("._=+", *p));
        if (kept && is_new && n > 0)
            out[n++] = '-';
        if (kept)
            out[n++] = (char)*p;
        is_new = !kept;
        lost |= *p >= 128;
    }
    out[n] = '\0';
    return lost;
}

void pagename_append_classes(char *name, const char *list)
{
    char text[CONFIG_WORD_SIZE + 1], hash[16];
    int lost = plain_words(list, text, sizeof text) || strlen(list) >= CONFIG_WORD_SIZE;
    const char *begin = text + (*name ? 0 : strspn(text, ".+=-"));
    pagename_append(name, begin);
    snprintf(hash, sizeof hash, "%s%08x", *begin ? "." : "", (unsigned)XXH3_64bits(list, strlen(list)));
    if (lost || !*begin)
        pagename_append(name, hash);
}

const char *pagename_factor(const struct summary *summary, int factor)
{
    const char *key = combination_name(summary->store, factor), *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

/* The values of factors of a set that vary and that the group reads; the name of a sweep stands for the
 * settings in which sweeps differ as such. */
static void append_factors(char *name, const struct summary *summary, const struct summary_group *group,
                           unsigned of)
{
    unsigned named = summary->varying & of & ~(store_bound_axes(summary->store) << FACTOR_AXES);
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
