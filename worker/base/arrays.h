/* arrays.h - named arrays: what a model is, whatever kind it is of; how it is kept, saved and gone on with.
 *
 *     struct arrays arrays = {0};
 *     arrays_add(&arrays, "dense1.weight", ARRAY_F32, (const size_t[]){128, 7744, 0}, weights);
 *     if (arrays_check(&arrays, &err) < 0) ...
 *     const struct array *a = arrays_find(&arrays, "dense1.weight");
 *     arrays_free(&arrays);
 *
 * A list names data that others own, unless it says otherwise. No MPI. */
#ifndef CELLSWEEP_ARRAYS_H
#define CELLSWEEP_ARRAYS_H

#include "err.h"

#include <stddef.h>

enum { ARRAY_NAME_SIZE = 64, ARRAY_MAX_RANK = 4 };

enum array_type { ARRAY_F32, ARRAY_I64, ARRAY_U8, ARRAY_F64, N_ARRAY_TYPES };

/* "float32", "int64", "uint8", "float64". */
extern const char *const array_type_names[N_ARRAY_TYPES];

struct array {
    char name[ARRAY_NAME_SIZE];
    enum array_type type;
    int rank;                   /* 1 to ARRAY_MAX_RANK */
    size_t dim[ARRAY_MAX_RANK]; /* the rest are 0 */
    void *data;
};

/* All zero: empty. */
struct arrays {
    int n, room, lacks; /* lacks: one could not be added for want of memory */
    struct array *item; /* (n) */
    char prefix[24];    /* put before names that are added from now on: "member2." */
};

/* Bytes of an element, of an array. */
size_t array_item_bytes(enum array_type type);
size_t array_bytes(const struct array *array);

/* Add an array by its dimensions, ended by 0: none, or more than ARRAY_MAX_RANK, is a mistake of ours.
 * Without memory the list lacks it, which arrays_check() tells. */
void arrays_add(struct arrays *arrays, const char *name, enum array_type type, const size_t *dim, void *data);

/* 0, or E_IO when an array could not be added. */
int arrays_check(const struct arrays *arrays, struct err *err);

/* The array of a name, or NULL. */
const struct array *arrays_find(const struct arrays *arrays, const char *name);

/* 0 when `from` has all arrays of `to`, of the same types and dimensions; E_USAGE with the
 * first that it has not. */
int arrays_match(const struct arrays *to, const struct arrays *from, struct err *err);

/* Fill the arrays of `to` with the values of those of the same names in `from`. E_USAGE, and nothing is
 * filled, when one is missing there, or has another type or other dimensions: the line names it. */
int arrays_copy(const struct arrays *to, const struct arrays *from, struct err *err);

/* Bytes of all, each beginning at a multiple of 4. */
size_t arrays_bytes(const struct arrays *arrays);

/* Forget the arrays, but keep the room for as many. */
void arrays_clear(struct arrays *arrays);

/* Free the list, not the data. */
void arrays_free(struct arrays *arrays);

#endif
