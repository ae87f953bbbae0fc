/* class_titles.h - names for numbered classes, from a table of two columns: number, name.
 *
 *     rc = class_titles_read("names.csv", &err);       class_title(8, room) is now "Polylobed"
 *
 * A text that csv.h reads; a first line that begins with no number is a header. Other columns are passed
 * over. No MPI. */
#ifndef CELLSWEEP_CLASS_TITLES_H
#define CELLSWEEP_CLASS_TITLES_H

#include "err.h"

/* Give classes their titles (class_call()). E_IO when it cannot be read, E_USAGE for what is no number or no
 * name, and for a number that stands twice, with file and line. */
int class_titles_read(const char *path, struct err *err);

#endif
