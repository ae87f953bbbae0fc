#include "data/rejects.h"

#include "data/dataset.h"
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

static void free_cell(struct reject_cell *cell)
{
    if (!cell)
        return;
    for (int k = 0; cell->word && k < cell->n_words; k++)
        free(cell->word[k]);
    free(cell->word);
    free(cell->id);
    free(cell->group);
    free(cell);
}

static void free_item(struct reject *item)
{
    free(item->source);
    free(item->reason);
    free_cell(item->cell);
}

/* NULL without memory. */
static struct reject_cell *new_cell(const struct dataset_image *image, int class, const struct meta *meta,
                                    int row)
{
    struct reject_cell *cell = calloc(1, sizeof *cell);
    if (!cell)
        return NULL;
    cell->id = strdup(image->id);
    cell->group = strdup(image->group);
    cell->class = class;
    cell->given = image->given;
    cell->n_words = meta ? meta->n_columns : 0;
    cell->word = calloc((size_t)cell->n_words + 1, sizeof *cell->word);
    int whole = cell->id && cell->group && cell->word;
    for (int k = 0; whole && k < cell->n_words; k++)
        whole = (cell->word[k] = strdup(meta_word(&meta->column[k], row))) != NULL;
    if (whole)
        return cell;
    free_cell(cell);
    return NULL;
}

int rejects_add(struct rejects *rejects, const char *source, const char *reason, struct err *err)
{
    int rc = make_room(rejects, err);
    if (rc < 0)
        return rc;
    struct reject item = {.source = strdup(source), .reason = strdup(reason)};
    if (!item.source || !item.reason) {
        free_item(&item);
        return err_set(err, E_IO, "out of memory for the list of rejected images");
    }
    rejects->item[rejects->n++] = item;
    return 0;
}

int rejects_add_cell(struct rejects *rejects, const struct dataset_image *image, int class,
                     const struct meta *meta, int row, const char *reason, struct err *err)
{
    int rc = rejects_add(rejects, image->source, reason, err);
    if (rc < 0)
        return rc;
    struct reject *item = &rejects->item[rejects->n - 1];
    item->cell = new_cell(image, class, meta, row);
    return item->cell ? 0 : err_set(err, E_IO, "out of memory for the list of rejected images");
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
    for (int i = 0; i < rejects->n; i++)
        free_item(&rejects->item[i]);
    free(rejects->item);
    *rejects = (struct rejects){0};
}
