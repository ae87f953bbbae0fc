/* gnuplot.h - pictures drawn by gnuplot from a script that stays beside them.
 *
 *     gnuplot_begin(file, "fig1", width, height, style);      terminals and defaults, then the page's own
 *                                                             commands
 *     gnuplot_quote(file, "sweep 'A'");                a text as gnuplot wants it
 *     gnuplot_render(dir, "fig1", &err);               dir/fig1.gp -> dir/fig1.png, .svg, .pdf
 *
 * A script needs only the data files beside it, so a user can change and run it again: `gnuplot fig1.gp`.
 * Names are made of letters, digits, '.', '_', '-', '='. No MPI calls; children are started with
 * posix_spawn. */
#ifndef CELLSWEEP_GNUPLOT_H
#define CELLSWEEP_GNUPLOT_H

#include "err.h"
#include "figures/figstyle.h"
#include "figures/palette.h"
#include "write/output.h"

#include <stdio.h>

/* The head of a script: how to run it, terminal and output by `format`, look. The layout has width x height
 * pixels; without a style the PNG has twice as many, with one it has 300 an inch. */
void gnuplot_begin(FILE *file, const char *name, int width, int height, const struct figstyle *style);

/* Open dir/name.gp and begin it. out is closed by the caller with output_close(); E_IO when it cannot be
 * opened. */
int gnuplot_open(struct output *out, const char *dir, const char *name, int width, int height,
                 const struct figstyle *style, struct err *err);

/* Open dir/name.tsv, what the script draws; the same. */
int gnuplot_open_data(struct output *out, const char *dir, const char *name, struct err *err);

/* A text in gnuplot's single quotes, within which nothing is special: in double quotes what stands between
 * backquotes would be run by a shell. Line ends, apostrophes and @ are joined to them in double quotes, other
 * control characters become blanks. Every text that is not the program's own goes into a script through here,
 * or through pagename_append() as the name of a file. */
void gnuplot_quote(FILE *file, const char *text);

/* The same of the name of a class beside a tic of an axis, where % begins a format: at most `letters` letters
 * of it (class_short()). */
void gnuplot_quote_class(FILE *file, int class, int letters);

/* A tab and a number of a data file; NaN as gnuplot reads it, where printf may write -nan. */
void gnuplot_number(FILE *file, double x);

/* Run dir/name.gp for each format; pictures appear whole or not at all. E_IO when gnuplot is missing, naming
 * its package, or fails; the script and its data stay. */
int gnuplot_render(const char *dir, const char *name, struct err *err);

#endif
