/* gnuplot.h - pictures drawn by gnuplot from a script that stays beside them.
 *
 *     gnuplot_begin(file, "fig1", width, height);      terminals and defaults, then the page's own commands
 *     gnuplot_quote(file, "sweep 'A'");                a text as gnuplot wants it
 *     gnuplot_render(dir, "fig1", &err);               dir/fig1.gp -> dir/fig1.png, .svg, .pdf
 *
 * A script needs only the data files beside it, so a user can change and run it again: `gnuplot fig1.gp`.
 * Names are made of letters, digits, '.', '_', '-', '='. No MPI calls; children are started with posix_spawn. */
#ifndef CELLSWEEP_GNUPLOT_H
#define CELLSWEEP_GNUPLOT_H

#include "err.h"

#include <stdio.h>

/* Okabe and Ito's colours, told apart with any colour vision, in the order of the report's blue and orange. */
#define GNUPLOT_BLUE   "#0072B2"
#define GNUPLOT_ORANGE "#D55E00"
#define GNUPLOT_DARK   "#404040"
#define GNUPLOT_GREY   "#666666"

/* The head of a script: how to run it, terminal and output by `format`, look. Pictures are width x height pixels at 96 an
 * inch; the PNG has twice as many. */
void gnuplot_begin(FILE *file, const char *name, int width, int height);

/* A text in gnuplot's single quotes; control characters become blanks. */
void gnuplot_quote(FILE *file, const char *text);

/* Run dir/name.gp for each format; pictures appear whole or not at all. E_IO when gnuplot is missing, naming its package,
 * or fails; the script and its data stay. */
int gnuplot_render(const char *dir, const char *name, struct err *err);

#endif
