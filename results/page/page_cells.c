#include "page/page_cells.h"

#include "page/thumbnails.h"
#include "stats/misjudged.h"
#include "stats/suspects.h"
#include "tables/columns.h"

#include <stdlib.h>

/* Rows a group, and different images in all: what keeps a page under a few MB. */
enum { MAX_ROWS = 40, MAX_IMAGES = 400, MAX_SUSPECTS = 60, MAX_SUSPECT_IMAGES = 400 };

/* The members under way. */
struct sheet {
    const struct summary *summary;
    const struct dataset *data;
    int n, *image; /* rows of the images that are shown; owned */
    int failed;    /* 1: something could not be allocated */
};

static void put(struct sheet *s, json_t *object, const char *name, json_t *value)
{
    json_out_put(object, name, value, &s->failed);
}

static void add(struct sheet *s, json_t *array, json_t *value)
{
    json_out_add(array, value, &s->failed);
}

/* An object that says which combination it is of. */
static json_t *of_group(struct sheet *s, int group)
{
    json_t *object = json_object();
    columns_put(object, s->summary->store, s->summary->group[group].cell, FACTORS_ALL, &s->failed);
    return object;
}

/* ---- cells that are taken for others ---- */

static json_t *misjudged_row(struct sheet *s, const struct misjudged_image *row)
{
    json_t *object = of_group(s, row->group);
    put(s, object, "image", json_integer(row->image));
    put(s, object, "judged", json_integer(row->judged));
    put(s, object, "wrong", json_integer(row->wrong));
    put(s, object, "p_true", json_out_real(row->p_true));
    put(s, object, "predicted", json_out_class(row->predicted));
    put(s, object, "n_wrong", json_integer(row->n_wrong));
    return object;
}

/* Room for n images more. */
static int show_more(struct sheet *s, int n, struct err *err)
{
    int *image = realloc(s->image, ((size_t)s->n + (size_t)n + 1) * sizeof *image);
    if (!image)
        return err_set(err, E_IO, "no memory for %d images", n);
    s->image = image;
    return 0;
}

static int put_misjudged(struct sheet *s, json_t *root, struct err *err)
{
    struct misjudged *m = NULL;
    json_t *list = json_array();
    int rc = misjudged_new(s->summary->store, s->summary, MAX_ROWS, MAX_IMAGES, &m, err);
    if (rc == 0)
        rc = show_more(s, m->n, err);
    for (int i = 0; rc == 0 && i < m->n; i++) {
        add(s, list, misjudged_row(s, &m->row[i]));
        s->image[s->n++] = m->row[i].image;
    }
    put(s, root, "misclassified", list);
    misjudged_free(m);
    return rc;
}

/* ---- cells whose label is likely wrong ---- */

static json_t *suspect_row(struct sheet *s, const struct suspect *row)
{
    json_t *object = of_group(s, row->group);
    put(s, object, "image", json_integer(row->image));
    put(s, object, "id", json_out_text(store_images(s->summary->store)[row->image].id));
    put(s, object, "given", json_out_class(row->given));
    put(s, object, "likelier", json_out_class(row->likelier));
    put(s, object, "p_given", json_out_real(row->p_given));
    put(s, object, "p_likelier", json_out_real(row->p_likelier));
    put(s, object, "judged", json_integer(row->judged));
    put(s, object, "seeds_agree", json_integer(row->seeds_agree));
    put(s, object, "seeds", json_integer(row->seeds));
    put(s, object, "share", json_out_real(row->share));
    put(s, object, "agree", json_integer(row->agree));
    put(s, object, "groups", json_integer(row->groups));
    return object;
}

static json_t *suspect_group(struct sheet *s, int group, const struct suspects_group *of)
{
    json_t *object = of_group(s, group);
    put(s, object, "images", json_integer(of->images));
    put(s, object, "suspects", json_integer(of->n));
    put(s, object, "wrong", of->images > 0 ? json_out_real(of->wrong) : json_null());
    put(s, object, "leaky", json_integer(of->n_leaky));
    return object;
}

static int put_suspect_rows(struct sheet *s, json_t *object, const struct suspects *suspects, struct err *err)
{
    json_t *rows = json_array();
    char *shown = err_calloc((size_t)suspects->n + 1, 1, "suspects", err);
    int rc = shown ? suspects_choose(suspects, MAX_SUSPECTS, MAX_SUSPECT_IMAGES, shown, err) : E_IO;
    if (rc == 0)
        rc = show_more(s, MAX_SUSPECT_IMAGES, err);
    for (int i = 0; i < suspects->n && rc == 0; i++)
        if (shown[i]) {
            add(s, rows, suspect_row(s, &suspects->row[i]));
            s->image[s->n++] = suspects->row[i].image;
        }
    put(s, object, "rows", rows);
    free(shown);
    return rc;
}

static int put_suspects(struct sheet *s, json_t *root, struct err *err)
{
    struct suspects *suspects = NULL;
    json_t *object = json_object(), *groups = json_array();
    int rc = suspects_new(s->summary->store, s->summary, &suspects, err);
    for (int g = 0; g < s->summary->n_groups && rc == 0; g++)
        add(s, groups, suspect_group(s, g, &suspects->group[g]));
    put(s, object, "groups", groups);
    if (rc == 0)
        rc = put_suspect_rows(s, object, suspects, err);
    put(s, root, "suspects", object);
    suspects_free(suspects);
    return rc;
}

/* ---- what they look like ---- */

static int by_number(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Each image once, ascending. */
static void sort_images(struct sheet *s)
{
    int n = 0;
    if (s->n > 0)
        qsort(s->image, (size_t)s->n, sizeof *s->image, by_number);
    for (int i = 0; i < s->n; i++)
        if (n == 0 || s->image[n - 1] != s->image[i])
            s->image[n++] = s->image[i];
    s->n = n;
}

static int put_sprite(struct sheet *s, json_t *object, struct err *err)
{
    void *png = NULL;
    size_t n_png = 0;
    int rc = thumbnails_new(s->data, s->image, s->n, &png, &n_png, err);
    if (rc == 0)
        put(s, object, "sprite", json_out_bytes("data:image/png;base64,", png, n_png));
    free(png);
    return rc;
}

static int put_pictures(struct sheet *s, json_t *root, struct err *err)
{
    json_t *object = json_object(), *rows = json_array(), *ids = json_array(), *clusters = json_array();
    for (int i = 0; i < s->n; i++) {
        const struct dataset_image *cell = &store_images(s->summary->store)[s->image[i]];
        add(s, rows, json_integer(s->image[i]));
        add(s, ids, json_out_text(cell->id));
        add(s, clusters, json_out_class(cell->cluster));
    }
    put(s, object, "size", json_integer(thumbnails_size(s->data)));
    put(s, object, "columns", json_integer(THUMBNAILS_COLUMNS));
    put(s, object, "image", rows);
    put(s, object, "id", ids);
    put(s, object, "cluster", clusters);
    int rc = put_sprite(s, object, err);
    put(s, root, "cells", object);
    return rc;
}

int page_cells(const struct summary *summary, const struct dataset *data, json_t *root, struct err *err)
{
    struct sheet s = {.summary = summary, .data = data};
    int rc = put_misjudged(&s, root, err);
    if (rc == 0)
        rc = put_suspects(&s, root, err);
    if (rc == 0) {
        sort_images(&s);
        if (s.n > 0 && data)
            rc = put_pictures(&s, root, err);
        else
            put(&s, root, "cells", json_null());
    }
    free(s.image);
    if (rc == 0 && s.failed)
        rc = err_set(err, E_IO, "%s: out of memory for the page's data", store_path(summary->store));
    return rc;
}
