/* golden_file.h - HDF5 files of golden values of networks, a group a case, whose images and weights are drawn
 * from streams that the generators beside them (tests/golden/make_golden.py) draw, too. A test that cannot
 * read one fails. */
#ifndef CELLSWEEP_GOLDEN_FILE_H
#define CELLSWEEP_GOLDEN_FILE_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* The attribute of a name, as a native type: all of it, into value. */
void golden_attribute(hid_t group, const char *name, hid_t type, void *value);

/* A dataset of at most `most` floats into value; how many they are, 0 when it is empty. */
size_t golden_floats(hid_t group, const char *name, float *value, size_t most);

/* make_golden.py's hashed(), element i: in [0, 1). */
float golden_hashed(uint64_t stream, uint64_t i);

#endif
