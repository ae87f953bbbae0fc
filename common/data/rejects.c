#include "data/rejects.h"

#include "table/idmap.h"

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

/* For every reject how many share its reason: count[kind[i]]. E_IO when out of memory. */
static int count_reasons(const struct rejects *rejects, int *kind, int *count)
{
    struct idmap *map = idmap_new(NULL);
    int n = 0, rc = map ? 0 : E_IO;
    for (int i = 0; rc == 0 && i < rejects->n; i++) {
        kind[i] = idmap_find(map, rejects->item[i].reason);
        if (kind[i] < 0)
            rc = idmap_add(map, rejects->item[i].reason, kind[i] = n++, NULL);
        count[kind[i]]++;
    }
    idmap_free(map);
    return rc;
}

static void print_one(const struct reject *reject, int *count, FILE *to)
{
    if (*count > REJECTS_SHOWN) {
        fprintf(to, "  %d images, the first %s: %s\n", *count, reject->source, reject->reason);
        *count = -1;
    } else if (*count >= 0)
        fprintf(to, "  %s: %s\n", reject->source, reject->reason);
}

void rejects_print(const struct rejects *rejects, FILE *to)
{
    int *kind = calloc((size_t)rejects->n + 1, sizeof *kind);
    int *count = calloc((size_t)rejects->n + 1, sizeof *count);
    if (kind && count && count_reasons(rejects, kind, count) == 0)
        for (int i = 0; i < rejects->n; i++)
            print_one(&rejects->item[i], &count[kind[i]], to);
    free(kind);
    free(count);
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
