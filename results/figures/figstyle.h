/* figstyle.h - how large figures shall be, and their letters: to fit a column of a journal, or a slide.
 *
 * A figure is laid out in pixels, 96 an inch, with letters of FIGSTYLE_FONT points, and then scaled as a
 * whole: a column of 85 mm with letters of 7 points is a layout 550 pixels wide. Figures put fewer panels
 * beside each other and break texts where that is narrow. A style may be NULL wherever one is taken: figures
 * are then as they are made. No MPI. */
#ifndef CELLSWEEP_FIGSTYLE_H
#define CELLSWEEP_FIGSTYLE_H

#include "err.h"

enum {
    FIGSTYLE_FONT = 12,
    FIGSTYLE_SHEET = 240 /* millimetres: what A4 leaves to a figure and the lines below it */
};

/* 0: as the figure is made. */
struct figstyle {
    double width; /* of every figure, millimetres */
    /* of what has FIGSTYLE_FONT points in the layout; all other sizes, lines and points follow it */
    double font;
};

/* "single" (85 mm, 7 points), "double" (174 mm, 8 points), "slide" (250 mm, 12 points), or
 * any of "column=85mm,font=7". E_USAGE. */
int figstyle_parse(const char *text, struct figstyle *style, struct err *err);

/* Width of a figure's layout in pixels; own: when the style leaves it open. */
int figstyle_width(const struct figstyle *style, int own);

/* Most pixels of a layout's height, FIGSTYLE_SHEET; INT_MAX when the style leaves the width open, for then a
 * figure is scaled to where it stands. */
int figstyle_height(const struct figstyle *style);

/* What the layout is multiplied by. */
double figstyle_scale(const struct figstyle *style);

#endif
