/* utf8.h - texts from files, file names and cut lines, made safe for what takes UTF-8 alone (JSON, terminals, HDF5). No MPI. */
#ifndef CELLSWEEP_UTF8_H
#define CELLSWEEP_UTF8_H

/* Bytes of the UTF-8 letter (RFC 3629) that begins at `at`, 1 to 4; 0: none does, or the text ends there. */
int utf8_letter(const char *at);

/* Every byte of a text that belongs to no letter becomes '?'. */
void utf8_mend(char *text);

#endif
