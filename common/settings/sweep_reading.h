/* sweep_reading.h - what the readers of a sweep file share: sweep_file.c the keys, sweep_values.c a value of
 * a key, sweep_axis.c the values of an axis, sweep_grid.c the blocks of the grid. Nobody else includes it. */
#ifndef CELLSWEEP_SWEEP_READING_H
#define CELLSWEEP_SWEEP_READING_H

#include "settings/sweep_file.h"
#include "settings/tree.h"

#include <stdio.h>

struct reading {
    const char *path;
    struct sweep_file *file;
    struct err *err;
    int is_copy; /* 1: of a resolved text: `data` was found when it was made; lines mean nothing */
    sweep_file_check *check; /* NULL: nobody else checks values */
};

/* ---- sweep_values.c ---- */

/* The line of a node; SWEEP_KEY_NOT_GIVEN of a copy. */
int reading_line(const struct reading *r, const struct tree *node);

/* config_set() and the caller's own check, with file and line in front of their message. */
int reading_set(const struct reading *r, const struct tree *node, struct config *config, const char *key,
                const char *text);

/* The path that a key has, as found from the working directory, else from the sweep file's folder, in out. */
int reading_find(const struct reading *r, const char *key, const struct tree *node, char *out, size_t size);

/* One value of a key, however the file writes it, as text. */
int reading_value(const struct reading *r, const struct setting *key, const struct tree *node, char *out,
                  size_t size);

/* A text in quotes, as names and paths need it. */
void reading_print_quoted(FILE *out, const char *text);

/* ---- sweep_axis.c ---- */

/* The values that the file gives an axis, which has none yet. zipped: they may stand more than once. */
int reading_axis(const struct reading *r, struct sweep_axis *axis, const struct tree *node, int zipped);

/* The values of an axis of a block, or the value beside the grid, into the file's axis of the key, each once;
 * of several blocks' seeds, one of which is a range, the range that holds them all. */
int reading_join(const struct reading *r, struct sweep_axis *all, const struct sweep_axis *axis);
int reading_join_base(const struct reading *r, struct sweep_axis *all);

/* The values of an axis as a list or a range. */
void reading_print_axis(FILE *out, const struct sweep_axis *axis);

void reading_free_axis(struct sweep_axis *axis);

/* ---- sweep_grid.c ---- */

/* The grid, after all that stands beside it: its blocks, and the axes of the file. */
int reading_grid(const struct reading *r, const struct tree *grid);

/* `grid:` and its lines, as they read back. */
void reading_print_grid(FILE *out, const struct sweep_file *file);

void reading_free_grid(struct sweep_file *file);

#endif
