/* screen.h - texts for people that fit the window of the terminal they are read on.
 *
 *     screen_fit_stdout();         once: lines of stdout that are too long are broken between words
 *     screen_page_begin(); printf(...); screen_page_end();       instead of what the window showed
 *
 * The width is that of the terminal, or COLUMNS (LINES for the height) where the environment has it. What is
 * piped or written to a file has no width, and not a byte of it changes. No MPI, not for several threads. */
#ifndef CELLSWEEP_SCREEN_H
#define CELLSWEEP_SCREEN_H

#include <stdio.h>

/* Where nothing narrower is drawn for. */
enum { SCREEN_MIN_WIDTH = 20 };

/* From here on stdout is a stream that breaks lines; does nothing unless it is a terminal. Lines go on below
 * the text after their first gap of two blanks ("label  text"), else below their first letter. A word that is
 * wider than the window stays whole, so that a path can be copied. */
void screen_fit_stdout(void);

/* Characters of a line of `file`; 0: it is no terminal, or one that does not tell. */
int screen_width(FILE *file);

/* What is printed to stdout from begin to end takes the place of what the window shows, as many lines as it
 * has, from the first on; how many did not fit is said in the last one. No terminal: nothing but what is
 * printed. */
void screen_page_begin(void);
void screen_page_end(void);

/* Bytes of the first line of `text` broken to at most `width` (>= 1) characters; *next: where the next line
 * begins, at the end of the text when there is none. Broken at blanks, of which the line keeps none at its
 * end. Words that are too long stay whole, unless cut is 1: then they are broken after one of + _ . , /
 * behind a letter, or anywhere. */
size_t screen_break(const char *text, int width, int cut, const char **next);

/* Letters of the longest piece of a text between such places: in lines of at least as many, cut breaks
 * none. */
int screen_piece(const char *text);

#endif
