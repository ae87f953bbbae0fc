/* outline_fit.h - whether the outlines of a folder fit its images, and how: by a sample of both.
 *
 *     rc = outline_fit_find(&catalog, &outlines, &options, &way, note, sizeof note, &err);
 *
 * Sizes decide whether images are crops of the outlines' boxes, or have them in the middle with a margin;
 * they show x and y exchanged, and another pixel size. Where a box fits both ways, the brightness inside
 * against that outside shows an outline that is turned. */
#ifndef CELLSWEEP_OUTLINE_FIT_H
#define CELLSWEEP_OUTLINE_FIT_H

#include "data/catalog.h"
#include "data/outline_way.h"
#include "data/outlines.h"
#include "err.h"

#include <stddef.h>

/* Fill *way from what options say and the sample tells. note: a line when it had to be found, "" when
 * outlines are the usual crops. E_IO, with the option that mends it, when most outlines fit neither way, all
 * y are negative, x and y are exchanged or y is turned. */
int outline_fit_find(const struct catalog *catalog, const struct outlines *outlines,
                     const struct dataset_options *options, struct outline_way *way, char *note, size_t size,
                     struct err *err);

#endif
