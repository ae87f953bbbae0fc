/* meta.h - columns of words about images, kept as they were: slide, animal, plate.
 *
 * In a packed file: /meta/<column>/value, the distinct words, and /meta/<column>/code [n] int32, which of
 * them an image has, -1: none. No MPI. */
#ifndef CELLSWEEP_META_H
#define CELLSWEEP_META_H

#include "err.h"

#include <hdf5.h>

enum { META_MAX_COLUMNS = 12, META_WORD_SIZE = 64 };

struct meta_column {
    char name[META_WORD_SIZE];
    int n_values;
    char (*value)[META_WORD_SIZE]; /* (n_values) distinct, by bytes */
    int *code;                     /* (n images) place in value, -1: none */
};

struct meta {
    int n_columns;
    struct meta_column column[META_MAX_COLUMNS];
};

/* Append a column of n words, NULL or "" for none. E_IO for words that are longer than META_WORD_SIZE - 1
 * bytes or no harmless text (utf8.h), and without memory; *meta keeps what it had. */
int meta_add(struct meta *meta, const char *name, const char *const *word, int n, struct err *err);

/* Keep the rows of n images: those of keep[i], in this order. */
void meta_keep(struct meta *meta, const int *keep, int n);

/* Column of a name, or NULL. */
const struct meta_column *meta_find(const struct meta *meta, const char *name);

/* Word of image i; "": none. */
const char *meta_word(const struct meta_column *column, int i);

/* Write or read the columns of n images of an open file. */
int meta_write(hid_t file, const struct meta *meta, int n, const char *path, struct err *err);
int meta_read(hid_t file, struct meta *meta, int n, const char *path, struct err *err);

void meta_release(struct meta *meta);

#endif
