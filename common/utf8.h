/* utf8.h - texts from files, file names and cut lines, made safe for what takes UTF-8 alone (JSON, terminals, HDF5). No MPI. */
#ifndef CELLSWEEP_UTF8_H
#define CELLSWEEP_UTF8_H

/* Every byte of a text that belongs to no letter of UTF-8 (RFC 3629) becomes '?'. Needs no memory. */
void utf8_mend(char *text);

#endif
