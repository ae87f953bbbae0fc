/* edits.h - a valid HDF5 file with foreign content: bytes read as a list of edits of a good one.
 *
 * What HDF5 does with bytes that are no HDF5 file is the library's affair, contained by child.h. What a
 * well-formed file may claim - other shapes and types, missing or doubled columns, numbers out of range,
 * links in circles - is for our own readers to bear, and this is how they meet it. Every edit is four bytes
 * of what and where, then its operands; an edit that HDF5 refuses changes nothing. */
#ifndef CELLSWEEP_EDITS_H
#define CELLSWEEP_EDITS_H

#include <stddef.h>
#include <stdint.h>

/* Names in a file that an edit may choose from. */
struct edits_names {
    const char *const *object;
    int n_objects;
    const char *const *attribute; /* of the root */
    int n_attributes;
};

/* Change the file at path as the bytes say. */
void edits_apply(const char *path, const struct edits_names *names, const uint8_t *bytes, size_t n);

#endif
