/* ids.h - when the id that a table writes and the one of an image's name mean the same cell.
 *
 * "cell_7" is "7" everywhere. What else programs put around ids is left out of both sides before they are
 * compared, when the user says so; ids_explain() finds what to say. Pure functions but for memory. */
#ifndef CELLSWEEP_IDS_H
#define CELLSWEEP_IDS_H

#include <stddef.h>

enum { IDS_MAX = 256 };

struct ids_rule {
    const char *prefix, *suffix; /* left out where ids begin or end so; NULL: nothing */
    int zeros;                   /* 1: zeros at the beginning are left out */
};

/* An id without the prefix "cell_", inside the text. */
const char *ids_bare(const char *id);

/* What is compared of an id: without "cell_" and what the rule leaves out; in the text, or in room when it
 * had to be cut. An id of IDS_MAX bytes or more stays as it is. Something is always left of it. */
const char *ids_key(const struct ids_rule *rule, const char *id, char room[IDS_MAX]);

/* How ids that do not meet differ, told by an example: here (n_here) those of a table, there (n_there) those
 * of images, compared by what ids_key() gave. out: `"abc" there is "abc-1" here: --strip-suffix=-1 leaves the
 * suffix out`, or one id of each side when no difference is a usual one. */
void ids_explain(const char *const *here, int n_here, const char *const *there, int n_there, char *out,
                 size_t size);

#endif
