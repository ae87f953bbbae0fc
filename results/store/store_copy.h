/* store_copy.h - the row of a job from one results file into another, and whether two rows are the same.
 *
 *     struct store_copy copy;
 *     if (store_copy_begin(&copy, old, new, &err) == 0)
 *         rc = store_copy_row(&copy, 3, 7, mark[3].message, &err);
 *     store_copy_end(&copy);
 *
 * For the store_*.c files. No MPI. */
#ifndef CELLSWEEP_STORE_COPY_H
#define CELLSWEEP_STORE_COPY_H

#include "store/store_layout.h"
#include "store/store_merge.h"

struct store_copy {
    struct store *from, *to; /* the caller's; trials shown in both, or in none */
    size_t bytes;            /* of the largest part of a job in either file */
    unsigned char *part[2];  /* (bytes) one of `from`, one of `to`; owned */
};

/* E_IO without memory. End in any case. */
int store_copy_begin(struct store_copy *copy, struct store *from, struct store *to, struct err *err);

/* All that a job left, into a row of `to` that holds nothing yet, as far as both files have room for it: what
 * only `from` has is left out. message: of the commit mark, NULL is "". The state is not written last: for
 * files that nobody sees before they are whole. */
int store_copy_row(struct store_copy *copy, int from, int to, const char *message, struct err *err);

/* Compare what two jobs left, to the bit: every dataset that both files have, but for who ran them when, how
 * often and their messages. Cells that only one file has room for count when they hold something. */
int store_copy_compare(struct store_copy *copy, int from, int to, struct store_difference *out,
                       struct err *err);

void store_copy_end(struct store_copy *copy);

#endif
