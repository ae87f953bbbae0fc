/* rejects.h - images that were left out, each with its reason, and what was known of it by then. */
#ifndef CELLSWEEP_REJECTS_H
#define CELLSWEEP_REJECTS_H

#include "err.h"

#include <stdio.h>

struct dataset_image;
struct meta;

struct reject_cell {
    char *id, *group; /* "": none */
    int class;        /* CLASS_NONE: not known */
    int given;        /* an enum given_set */
    int n_words;
    char **word; /* (n_words) of the other columns; none where they are not read yet */
};

struct reject {
    char *source; /* path inside the source folder */
    char *reason;
    struct reject_cell *cell; /* NULL: nothing is known but that */
};

struct rejects {
    int n, capacity;
    struct reject *item; /* (n) */
};

/* Append copies of both texts. 0 or E_IO when out of memory. */
int rejects_add(struct rejects *rejects, const char *source, const char *reason, struct err *err);

/* The same of an image with an id, with a class unless that is CLASS_NONE. meta, row: its other
 * columns; NULL: not known. */
int rejects_add_cell(struct rejects *rejects, const struct dataset_image *image, int class,
                     const struct meta *meta, int row, const char *reason, struct err *err);

/* Order by source, so that a listing does not depend on the file system. */
void rejects_sort(struct rejects *rejects);

/* A line an image, "  source: reason"; a reason that more than REJECTS_SHOWN images share gets one line with
 *                     their number and the first
 * of them. */
enum { REJECTS_SHOWN = 20 };
void rejects_print(const struct rejects *rejects, FILE *to);

void rejects_release(struct rejects *rejects);

#endif
