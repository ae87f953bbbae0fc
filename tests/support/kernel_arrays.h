/* kernel_arrays.h - arrays and comparisons for tests of kernel tables against the reference. */
#ifndef CELLSWEEP_TEST_KERNEL_ARRAYS_H
#define CELLSWEEP_TEST_KERNEL_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* Every table but the reference that this CPU runs, once find_tables(), a cmocka group's setup, has run. */
extern const struct kernels *tables[3];
extern int n_tables;
int find_tables(void **state);

/* Arrays are deliberately misaligned and exactly n floats long, so that a sanitizer sees any step beyond.
 * NaN; or numbers in [-1, 1) of a key. */
float *uninitialised(size_t n);
float *random_array(size_t n, uint64_t key);
void release(float *x);

/* n floats, aligned as scratch is and NaN. The caller frees it. */
float *new_scratch(size_t n);

/* Each fails the test, naming the table and what, unless: the largest difference is below 1e-4 of the largest
 * expected element; */
void check_close(const char *table, const char *what, const float *a, const float *expected, size_t n);
/* whatever is NaN or infinite in the reference, and something is, does not look like a number; */
void check_propagates(const char *table, const char *what, const float *a, const float *expected, size_t n);
/* all are finite. */
void check_finite(const char *table, const char *what, const float *a, size_t n);

#endif
