/* json_text.h - JSON as text, as json_dumps() writes it with JSON_COMPACT and JSON_REAL_PRECISION(12), byte
 * for byte, in a fraction of its time: most of a large document is numbers, and printf() of each is slow.
 *
 *     char *text = json_text(value, &n);
 *     ...
 *     free(text);
 *
 * No MPI. */
#ifndef CELLSWEEP_JSON_TEXT_H
#define CELLSWEEP_JSON_TEXT_H

#include "write/number_text.h"

#include <jansson.h>
#include <stddef.h>

/* Any value, *n bytes and a closing 0, owned by the caller; NULL without memory. 12 digits recover every
 * float32, and times to a hundredth of a second. */
char *json_text(const json_t *value, size_t *n);

/* A finite number with 12 digits: "0.25", "3.0", "1.5e-7"; its length. */
size_t json_text_real(char out[NUMBER_TEXT_SIZE], double x);

#endif
