/* jp2_fixture.h - JPEG 2000 made by OpenJPEG's encoder, without loss: codestreams and JP2 files. */
#ifndef CELLSWEEP_JP2_FIXTURE_H
#define CELLSWEEP_JP2_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed before the first; the next image is written over the last. The caller frees at. */
struct jp2_bytes {
    unsigned char *at;
    size_t n, room, place;
};

/* sample (side, side) of so many bits; a JP2 file (is_box 1) or a bare codestream. */
void jp2_encode(const uint16_t *sample, int side, int bits, int is_box, struct jp2_bytes *out);

/* The same in 1 or 3 components that are all the same. */
void jp2_encode_components(const uint16_t *sample, int side, int bits, unsigned components, int is_box,
                           struct jp2_bytes *out);

#endif
