/* utf8.h - texts from files, file names and cut lines, made safe for what takes UTF-8 alone (JSON,
 * terminals, HDF5). No MPI. */
#ifndef CELLSWEEP_UTF8_H
#define CELLSWEEP_UTF8_H

/* Every byte of a text that belongs to no letter of UTF-8 (RFC 3629) becomes '?'. Needs no memory. */
void utf8_mend(char *text);

/* A text that is one line and steers neither a terminal nor the direction of reading: control characters
 * below U+0080 become blanks; those from U+0080 to U+009F, line and paragraph separators, marks and overrides
 * of direction, and bytes that are no UTF-8 become '?'. The text may get shorter. Needs no memory. */
void utf8_plain(char *text);

/* The same with the line ends left, '\n'. */
void utf8_plain_lines(char *text);

/* 1 when utf8_plain() would leave a text as it is, and it has no backquote: such words may stand in
 * tables, scripts and messages. */
int utf8_is_harmless(const char *text);

/* Letters of a text on the screen, each as wide as any other. */
int utf8_width(const char *text);

/* What follows the first n letters; at the end of a shorter text. */
const char *utf8_after(const char *text, int n);

#endif
