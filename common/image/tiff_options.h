/* tiff_options.h - how libtiff is opened here: it prints nothing, its first complaint is kept, and what it
 * may take at once is bounded; and fields of 16 bits.
 *
 *     char reason[TIFF_REASON_SIZE] = "";
 *     TIFFOpenOptions *options = tiff_options(reason, 1 << 27);
 *     TIFF *tiff = options ? TIFFOpenExt(path, "rm", options) : NULL;
 *     if (options) TIFFOpenOptionsFree(options);
 *
 * No MPI. */
#ifndef CELLSWEEP_TIFF_OPTIONS_H
#define CELLSWEEP_TIFF_OPTIONS_H

#include <stdint.h>
#include <tiffio.h>

enum { TIFF_REASON_SIZE = 200 };

/* Options that leave the first error in `reason`, which must live as long as what is opened with them, and
 * let libtiff allocate `most` bytes at once. The caller frees them; NULL without memory. */
TIFFOpenOptions *tiff_options(char reason[TIFF_REASON_SIZE], tmsize_t most);

/* A field of 16 bits, or its default; 0 where there is none. */
uint16_t tiff_field(TIFF *tiff, uint32_t tag);

#endif
