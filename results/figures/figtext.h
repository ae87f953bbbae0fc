/* figtext.h - texts of a figure: broken where they have no room, since gnuplot does not.
 *
 *     struct figtext_page page = {.width = 550};                    no file: nothing is written, only
 *                                                                   measured
 *     int top = figtext_heading(&page, 12, title, subtitle, 1);
 *     page.height = top + 300 + figtext_notes_height(&notes, 520);
 *     page.file = file;                                             and now the same again, in writing
 *
 * Pixels of the layout from the top left; y is the middle of a line. Widths of letters are estimates, on the
 * safe side. No MPI. */
#ifndef CELLSWEEP_FIGTEXT_H
#define CELLSWEEP_FIGTEXT_H

#include "figures/gnuplot.h"

#include <stdio.h>

enum { FIGTEXT_MAX_NOTES = 8 };

struct figtext_page {
    FILE *file; /* or NULL */
    int width, height;
};

/* Lines that a text of a size in points needs in a width in pixels. */
int figtext_lines(const char *text, double points, int width);

/* Pixels from one line of a paragraph to the next. */
int figtext_step(double points);

/* Of the layout: less would be below 5 points in a column of 85 mm, which nobody reads (figstyle.h). */
#define FIGTEXT_LEAST 8.6

/* The largest size in points, at most `points`, in which a bold text fits; not below FIGTEXT_LEAST: what does
 * not fit then has to be cut or broken. */
double figtext_fit(const char *text, double points, int width);

/* A text cut, with an ellipsis, to what fits into a width at a size; in place. bold: of bold letters. */
void figtext_cut(char *text, double points, int bold, int width);

/* One line; options: gnuplot's of a label. */
void figtext_label(const struct figtext_page *page, int x, int y, const char *options, const char *text);

/* Where the next plot stands, without its tics and titles. */
void figtext_place(const struct figtext_page *page, double x, double y, double width, double height);

/* A paragraph in grey, its first line at y. Returns its lines. */
int figtext_paragraph(const struct figtext_page *page, int x, int y, int width, double points,
                      const char *text);

/* Title, in lines where it is longer than the page is wide, what a reader must know, and the words "synthetic
 * data" where they belong. Returns where the next line would be. */
int figtext_heading(const struct figtext_page *page, int left, const char *title, const char *subtitle,
                    int synthetic);

/* Small print below a figure, starts zeroed; more than FIGTEXT_MAX_NOTES are left out. */
struct figtext_notes {
    int n;
    char text[FIGTEXT_MAX_NOTES][1024];
};
void figtext_note(struct figtext_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Pixels that notes need in a width. */
int figtext_notes_height(const struct figtext_notes *notes, int width);
void figtext_write_notes(const struct figtext_page *page, int x, int y, int width,
                         const struct figtext_notes *notes);

/* The same at the foot of the page, `above` pixels higher than where they end it. */
void figtext_write_foot(const struct figtext_page *page, int x, int width, int above,
                        const struct figtext_notes *notes);

/* The ground of the next plot where some of its test images were seen in training, and the words for up to
 * which share of them, 0 to 1, that end at x. */
void figtext_leak_ground(FILE *file);
void figtext_leak_words(const struct figtext_page *page, int x, int y, double share);

/* A page with a heading, whatever it draws, and notes at its foot, all `edge` from its sides. */
struct figtext_sheet {
    int width, height, edge;
    const char *title, *subtitle;
    const struct figtext_notes *notes;
    int synthetic; /* 1: it says so */
};

/* Where the picture may begin: below the heading. */
int figtext_sheet_top(const struct figtext_sheet *sheet);

/* Of the whole sheet, with a picture of so many pixels between heading and notes. */
int figtext_sheet_height(const struct figtext_sheet *sheet, int picture);

/* Open dir/name.gp, begin it, and write heading and notes. out is closed by the caller; E_IO. */
int figtext_sheet_open(struct output *out, const char *dir, const char *name,
                       const struct figtext_sheet *sheet, const struct figstyle *style, struct err *err);

#endif
