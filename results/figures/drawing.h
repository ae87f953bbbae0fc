/* drawing.h - a report's figures on their way: a kind of figure names each of its pages and writes it, or
 * only names it, so that how many there are needs no code of its own.
 *
 *     static int draw_roc(struct drawing *d, struct err *err)
 *         ...
 *         rc = drawing_name(d, name, err);
 *         if (rc > 0)
 *             rc = roc_page_write(&pages[i], name, &d->options->style, d->dir, err);
 *
 * No MPI. */
#ifndef CELLSWEEP_DRAWING_H
#define CELLSWEEP_DRAWING_H

#include "figures/figures.h"

struct drawing {
    const struct summary *summary;
    const struct figures_options *options;
    const char *dir;      /* NULL: figures are only counted */
    struct figures *list; /* with dir */
    int n;                /* figures so far */
};

/* The next figure. name (PAGENAME_SIZE): made one that no figure of the list has. Returns 1 when it is to be
 * written, 0 when it was only counted, or an error. */
int drawing_name(struct drawing *d, char *name, struct err *err);

#endif
