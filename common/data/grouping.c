#include "data/grouping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct item {
    const char *word;
    int image;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = strcmp(x->word, y->word);
    return order ? order : (x->image > y->image) - (x->image < y->image); /* nothing is left to qsort */
}

static void number_words(struct grouping *grouping, struct item *item, int n)
{
    qsort(item, (size_t)n, sizeof *item, compare_items);
    for (int i = 0; i < n; i++) {
        grouping->n += i == 0 || !*item[i].word || strcmp(item[i].word, item[i - 1].word) != 0;
        grouping->number[item[i].image] = grouping->n - 1;
    }
    XXH128_hash_t hash = XXH3_128bits(grouping->number, (size_t)n * sizeof *grouping->number);
    snprintf(grouping->checksum, sizeof grouping->checksum, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

int groupings_add(struct groupings *groupings, const char *column, const char *const *word, int n,
                  struct err *err)
{
    if (groupings_find(groupings, column))
        return 0;
    if (groupings->n == META_MAX_COLUMNS)
        return err_set(err, E_USAGE, "groups: %d columns at most; make a sweep of each", META_MAX_COLUMNS);
    struct grouping *grouping = &groupings->item[groupings->n];
    struct item *item = err_calloc((size_t)n, sizeof *item, "groups of images", err);
    memset(grouping, 0, sizeof *grouping);
    grouping->number = err_calloc((size_t)n, sizeof *grouping->number, "groups of images", err);
    int rc = item && grouping->number ? 0 : E_IO;
    if (rc == 0) {
        snprintf(grouping->column, sizeof grouping->column, "%s", column);
        for (int i = 0; i < n; i++)
            item[i] = (struct item){word[i] ? word[i] : "", i};
        number_words(grouping, item, n);
        groupings->n++;
    } else {
        free(grouping->number);
        grouping->number = NULL;
    }
    free(item);
    return rc;
}

const struct grouping *groupings_find(const struct groupings *groupings, const char *column)
{
    for (int k = 0; k < groupings->n; k++)
        if (strcmp(groupings->item[k].column, column) == 0)
            return &groupings->item[k];
    return NULL;
}

void groupings_release(struct groupings *groupings)
{
    for (int k = 0; k < groupings->n; k++)
        free(groupings->item[k].number);
    *groupings = (struct groupings){0};
}
