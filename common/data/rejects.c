#include "data/rejects.h"

#include <stdlib.h>
#include <string.h>

static int make_room(struct rejects *rejects, struct err *err)
{
    if (rejects->n < rejects->capacity)
        return 0;
    int capacity = rejects->capacity ? 2 * rejects->capacity : 16;
    struct reject *item = realloc(rejects->item, (size_t)capacity * sizeof *item);
    if (!item)
        return err_set(err, E_IO, "out of memory for the list of rejected images");
    rejects->item = item;
    rejects->capacity = capacity;
    return 0;
}

int rejects_add(struct rejects *rejects, const char *source, const char *reason, struct err *err)
{
    int rc = make_room(rejects, err);
    if (rc < 0)
        return rc;
    struct reject item = {strdup(source), strdup(reason)};
    if (!item.source || !item.reason) {
        free(item.source);
        free(item.reason);
        return err_set(err, E_IO, "out of memory for the list of rejected images");
    }
    rejects->item[rejects->n++] = item;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct reject *x = a, *y = b;
    return strverscmp(x->source, y->source);
}

void rejects_sort(struct rejects *rejects)
{
    if (rejects->n > 1)
        qsort(rejects->item, (size_t)rejects->n, sizeof *rejects->item, compare);
}

void rejects_release(struct rejects *rejects)
{
    for (int i = 0; i < rejects->n; i++) {
        free(rejects->item[i].source);
        free(rejects->item[i].reason);
    }
    free(rejects->item);
    *rejects = (struct rejects){0};
}
