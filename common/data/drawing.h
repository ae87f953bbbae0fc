/* drawing.h - one synthetic cell: its outline and the crop a microscope would show.
 *
 * A nucleus with texture and chromocentres, a dim glow of cytoplasm, parts of neighbours beyond the outline,
 * and noise: DNA stain on a dark background. Cells are numbered across the section, as instruments do, and
 * the light rises that way: the last cells of a cluster are brighter than its first, so a test set of
 * the last ones (protocol tail) is not like the rest. A pure function of kind and id. */
#ifndef CELLSWEEP_DRAWING_H
#define CELLSWEEP_DRAWING_H

#include "data/kinds.h"
#include "image/polygon.h"
#include "err.h"

enum { DRAWING_CORNERS = 13, DRAWING_CELLS = 1000 };

struct drawing {
    int width, height;                     /* pixels of 0.2125 micrometres */
    unsigned char *gray;                   /* (height, width) */
    struct point outline[DRAWING_CORNERS]; /* micrometres, rounded to 4 decimals as they are written */
};

/* Draw cell `id`, 1 to DRAWING_CELLS, of a kind. Released with drawing_release. */
int drawing_make(const struct kind *kind, int id, struct drawing *out, struct err *err);

void drawing_release(struct drawing *drawing);

#endif
