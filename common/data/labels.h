/* labels.h - what a table says about cells: an id, a label, and whatever else of them is asked for.
 *
 *     struct labels_options options = {.label_column = "leiden"};
 *     if (labels_read("clusters.csv", &options, &labels, &err) < 0) ...
 *     for (int i = 0; i < labels.n; i++)
 *         use(labels_text(&labels, i, LABELS_ID), labels_text(&labels, i, LABELS_LABEL));
 *     labels_release(&labels);
 *
 * The table is text (csv.h), or obs of an AnnData file (anndata.h). Columns of a text that nobody names are
 * found by their usual names, in any case:
 *     ids      Barcode, cell_id, cell, id, ...; else a column without a name, as R and pandas write the index
 *     files    path, file, filename, image, ...: where the image lies in the source folder
 *     labels   Cluster, group, label, true_label, leiden, cell_type, ...; else the other one of two columns
 *     sets     split, set, subset, when all that stands there is train, val, test or nothing
 * A choice that another table would have made differently is told as a guess. Memory: the wanted columns. */
#ifndef CELLSWEEP_LABELS_H
#define CELLSWEEP_LABELS_H

#include "err.h"

#include <stddef.h>

enum { LABELS_MAX_META = 12 };
enum labels_field {
    LABELS_ID,
    LABELS_FILE,
    LABELS_LABEL,
    LABELS_SET,
    LABELS_GROUP,
    LABELS_META, /* + k: the k-th of the columns that are kept as they are */
    N_LABELS_FIELDS = LABELS_META + LABELS_MAX_META
};
enum { LABELS_NAME_SIZE = 80, LABELS_PATH_SIZE = 4096 };

struct labels_options {
    const char *id_column, *label_column; /* names; NULL: found */
    const char *groups;                   /* a column that must be there; NULL: none */
    const char *meta; /* columns that are kept: "slide,animal", or "all" others; NULL: none */
};

struct labels {
    char path[LABELS_PATH_SIZE];
    int n; /* rows */
    char column[N_LABELS_FIELDS][LABELS_NAME_SIZE];
    int has[N_LABELS_FIELDS]; /* 1: the table has that column, named in `column`, perhaps "" */
    int is_guess;             /* 1: ids or labels could have been meant to be another column */
    char found[400];          /* the names of all columns, in quotes */
    /* ---- its own ---- */
    char *text;
    size_t used, room;
    struct labels_row *row;
    int capacity;
};

/* Read a table. E_IO when it is none, or lacks a column that options name, or one for ids or files. One
 * without labels is read. On failure *labels is empty. */
int labels_read(const char *path, const struct labels_options *options, struct labels *labels,
                struct err *err);

/* Text of a field; NULL when the table has no such column. Blanks at its ends are gone. */
const char *labels_text(const struct labels *labels, int row, enum labels_field field);

/* Column k of a list of names with commas in out (LABELS_NAME_SIZE bytes); 0 behind the last. */
int labels_meta_name(const char *list, int k, char *out);

/* Line of the file at which a row begins, from 1. */
long labels_line(const struct labels *labels, int row);

/* 1 for a label that says that there is none: empty, NA, nan, null, none, -1, Unassigned, in any case. */
int labels_is_none(const char *text);

/* An enum given_set (dataset.h) by its name or a usual other one: training, valid, validation, testing; -1
 * for what is no set. "" is GIVEN_NONE. */
int labels_set(const char *text);

/* E_IO: the table has no column for labels, with the columns it has. */
int labels_lack(const struct labels *labels, struct err *err);

/* Append a row for who reads another kind of file: a text for every field, NULL where the table has no such
 * column. */
int labels_append(struct labels *labels, const char *const *field, long line, struct err *err);

void labels_release(struct labels *labels);

#endif
