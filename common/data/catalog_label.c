/* What the table says about the images that were found, checked row by row. */
#include "data/catalog_parts.h"

#include "data/listing.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct labelling {
    struct cataloguing *c;
    const struct labels *labels;
    int *row;    /* (n cells) row that the cell got its label from, -1: none yet */
    char **lost; /* (n_lost) ids of rows with a label but without an image */
    int n_lost, first_lost;
};

/* Path below SRC without the extension. */
static const char *path_id(const struct cataloguing *c, const char *source, char *room)
{
    size_t n = strlen(c->base);
    source += n && strncmp(source, c->base, n) == 0 ? n : 0;
    snprintf(room, CATALOG_PATH_SIZE, "%.*s", (int)image_stem(source), source);
    return room;
}

const char *catalog_row_id(const struct cataloguing *c, int i, char *room)
{
    const char *id = labels_text(c->labels, i, LABELS_ID), *file = labels_text(c->labels, i, LABELS_FILE);
    if (!id && c->catalog->counts.are_paths)
        return path_id(c, file, room);
    const char *slash = id ? NULL : strrchr(file, '/'), *name = id ? id : slash ? slash + 1 : file;
    snprintf(room, CATALOG_PATH_SIZE, "%.*s", (int)image_stem(name), name);
    return room;
}

static const char *cell_name(const struct labelling *l, int i)
{
    return l->c->catalog->cell[i].id;
}

static int note_lost(struct labelling *l, int row, const char *id, struct err *err)
{
    if ((l->n_lost & (l->n_lost - 1)) == 0) {
        char **lost = realloc(l->lost, (l->n_lost ? 2 * (size_t)l->n_lost : 1) * sizeof *lost);
        if (!lost)
            return err_set(err, E_IO, "%s: out of memory for its rows", l->labels->path);
        l->lost = lost;
    }
    if (l->n_lost == 0)
        l->first_lost = row;
    if (!(l->lost[l->n_lost] = strdup(id)))
        return err_set(err, E_IO, "%s: out of memory for its rows", l->labels->path);
    l->n_lost++;
    return 0;
}

static int take_group(const struct labelling *l, int row, struct dataset_image *cell, struct err *err)
{
    const char *text = labels_text(l->labels, row, LABELS_GROUP);
    if (!text)
        return 0;
    if (strlen(text) >= sizeof cell->group)
        return err_set(err, E_IO, "%s:%ld: %s is \"%.40s...\", longer than %d characters; shorten it",
                       l->labels->path, labels_line(l->labels, row), l->labels->column[LABELS_GROUP], text,
                       DATASET_GROUP_SIZE - 1);
    snprintf(cell->group, sizeof cell->group, "%s", text);
    return 0;
}

/* The label of a row that has one; where folders said it, they must agree. */
static int take_label(const struct labelling *l, int row, const char *text, struct dataset_image *cell,
                      struct err *err)
{
    struct cataloguing *c = l->c;
    int place = class_table_add(&c->classes, text, l->labels->path, labels_line(l->labels, row), err);
    if (place < 0)
        return place;
    if (c->by_folder && place != cell->cluster)
        return err_set(err, E_IO, "%s:%ld: cell %s is in cluster %s here, but in %s; make them agree",
                       l->labels->path, labels_line(l->labels, row), cell->id, c->classes.label[place].text,
                       cell->source);
    cell->cluster = place;
    return 0;
}

static int label_cell(struct labelling *l, int row, int i, const char *text, struct err *err)
{
    struct dataset_image *cell = &l->c->catalog->cell[i];
    if (l->row[i] >= 0)
        return err_set(err, E_IO, "%s:%ld: cell %s has a label already, in line %ld; remove one",
                       l->labels->path, labels_line(l->labels, row), cell_name(l, i),
                       labels_line(l->labels, l->row[i]));
    l->row[i] = row;
    int rc = text ? take_label(l, row, text, cell, err) : 0;
    if (!text && !l->c->by_folder)
        cell->cluster = CATALOG_UNLABELLED;
    if (rc == 0 && l->labels->has[LABELS_SET] && cell->given == GIVEN_NONE)
        cell->given = labels_set(labels_text(l->labels, row, LABELS_SET));
    return rc == 0 ? take_group(l, row, cell, err) : rc;
}

static int label_row(struct labelling *l, int row, struct err *err)
{
    char room[CATALOG_PATH_SIZE];
    const char *id = catalog_row_id(l->c, row, room), *text = labels_text(l->labels, row, LABELS_LABEL);
    int i = catalog_find(l->c->catalog, id);
    if (text && labels_is_none(text)) {
        l->c->catalog->counts.n_unlabelled++;
        text = NULL;
        if (i < 0)
            return 0;
    }
    return i < 0 ? note_lost(l, row, id, err) : label_cell(l, row, i, text, err);
}

/* Rows without an image: none at all fits, or they are allowed, or the first is told. */
static int judge_lost(struct labelling *l, struct err *err)
{
    const struct labels *labels = l->labels;
    char how[400];
    int n_met = 0;
    l->c->catalog->counts.n_missing = l->n_lost;
    for (int i = 0; i < l->c->catalog->n; i++)
        n_met += l->row[i] >= 0;
    if (l->n_lost == 0 || (n_met && l->c->options->allow_missing))
        return 0;
    catalog_explain(l->c->catalog, (const char *const *)l->lost, l->n_lost, how, sizeof how);
    if (n_met == 0)
        return err_set(err, E_IO, "%s: none of its ids is that of an image: %s", labels->path, how);
    return err_set(
        err, E_IO,
        "%s:%ld: cell %s has a label but no image (%d such row%s); remove the row, add the image, or let "
        "`cellsweep data pack --allow-missing` pass over such rows%s%s",
        labels->path, labels_line(labels, l->first_lost), l->lost[0], l->n_lost, l->n_lost == 1 ? "" : "s",
        strstr(how, "--strip") ? "; " : "", strstr(how, "--strip") ? how : "");
}

int catalog_label(struct cataloguing *c, struct err *err)
{
    struct labelling l = {.c = c, .labels = c->labels};
    int n = c->catalog->n, rc = 0;
    l.row = err_calloc((size_t)n, sizeof *l.row, "labels", err);
    if (!l.row)
        return E_IO;
    for (int i = 0; i < n; i++)
        l.row[i] = -1;
    for (int row = 0; row < c->labels->n && rc == 0; row++)
        rc = label_row(&l, row, err);
    if (rc == 0)
        rc = judge_lost(&l, err);
    for (int i = 0; rc == 0 && c->by_folder && i < n; i++)
        c->catalog->counts.n_unlisted += l.row[i] < 0;
    for (int i = 0; i < l.n_lost; i++)
        free(l.lost[i]);
    free(l.lost);
    free(l.row);
    return rc;
}

/* ---- other columns ---- */

static void find_words(const struct cataloguing *c, enum labels_field field, const char **word)
{
    char room[CATALOG_PATH_SIZE];
    for (int i = 0; i < c->catalog->n; i++)
        word[i] = NULL;
    for (int row = 0; row < c->labels->n; row++) {
        int i = catalog_find(c->catalog, catalog_row_id(c, row, room));
        if (i >= 0)
            word[i] = labels_text(c->labels, row, field);
    }
}

int catalog_keep_meta(const struct cataloguing *c, struct err *err)
{
    const char **word = err_calloc((size_t)c->catalog->n, sizeof *word, "columns of words", err);
    int rc = word ? 0 : E_IO;
    for (int k = 0; k < LABELS_MAX_META && c->labels && c->labels->has[LABELS_META + k] && rc == 0; k++) {
        struct err why;
        find_words(c, (enum labels_field)(LABELS_META + k), word);
        rc = meta_add(&c->catalog->meta, c->labels->column[LABELS_META + k], word, c->catalog->n, &why);
        if (rc < 0)
            err_set(err, rc, "%s: %s", c->labels->path, why.text);
    }
    free(word);
    return rc;
}
