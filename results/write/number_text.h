/* number_text.h - numbers as printf() writes them with %.9g or %.12g, byte for byte, in a tenth of its time:
 * tables of a large sweep have millions. No MPI. */
#ifndef CELLSWEEP_NUMBER_TEXT_H
#define CELLSWEEP_NUMBER_TEXT_H

#include <stddef.h>

enum { NUMBER_TEXT_SIZE = 32, NUMBER_TEXT_MOST_DIGITS = 12 };

/* x with 1 to NUMBER_TEXT_MOST_DIGITS significant digits as "%.*g"; the length of the text. */
size_t number_text(char out[NUMBER_TEXT_SIZE], double x, int digits);

#endif
