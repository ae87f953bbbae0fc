/* cut.h - boxes cut out of a huge image tile by tile: every tile is decoded once, and one a channel is held.
 *
 *     rc = cut_new(box, n, tiles_shape(channel[0]), rank, size, &cut, &err);
 *     rc = cut_run(cut, channel, n_channels, done, self, &err);
 *     cut_free(cut);
 *
 * A tile gives what it has of every box that reaches into it; a box is done with its last tile. So memory is
 * a tile a channel, and the boxes that are begun and not done: those across the border of two tiles, about a
 * row of tiles long at most. Tiles that no box needs are passed over. The tiles that are needed are dealt to
 * ranks in bands; a box of several bands stays with each of them, in parts, until gather.h brings them to its
 * owner, the rank of its first tile. Pixels beyond the image are 0. No MPI. */
#ifndef CELLSWEEP_CUT_H
#define CELLSWEEP_CUT_H

#include "xenium/tiles.h"

enum { CUT_MAX_SIDE = 2048 };

/* In pixels of the image, and at least one of them inside. width and height: 1 to CUT_MAX_SIDE. */
struct cut_box {
    int x, y, width, height;
};

struct cut;

/* Called for every box that is done, in the order of the tiles, with its samples / (2^bits - 1), (height,
 * width, channels), which it takes. Negative ends the run. */
typedef int (*cut_done)(void *self, int box, float *pixels, struct err *err);

/* Called for the part of every box that a tile has, (height, width, channels), which is gone afterwards. */
typedef void (*cut_part)(void *self, float *pixels, int width, int height);

/* Plan the cutting of n boxes by `size` ranks, of which this is one. box must stay where it is. */
int cut_new(const struct cut_box *box, int n, const struct tiles_shape *shape, int rank, int size,
            struct cut **out, struct err *err);

/* Cut the boxes of this rank from the channels of the image, all of one shape. */
int cut_run(struct cut *cut, struct tiles *const *channel, int n_channels, cut_done done, void *self,
            struct err *err);

/* The same pixels in parts, for those who only look at them; each tile is decoded for this, too. */
int cut_look(struct cut *cut, struct tiles *const *channel, int n_channels, cut_part part, void *self,
             struct err *err);

/* Rank that a box belongs to, and the k-th of all that have parts of it, in order; -1 behind the last. */
int cut_owner(const struct cut *cut, int box);
int cut_rank(const struct cut *cut, int box, int k);

/* The begun pixels of a box that others have parts of, which the caller takes. */
float *cut_take(struct cut *cut, int box);

struct cut_counts {
    int n_tiles;      /* that all boxes need */
    int n_decoded;    /* by this rank, times the channels */
    int most_unended; /* boxes that were begun and not done at once */
};
const struct cut_counts *cut_counts(const struct cut *cut);

void cut_free(struct cut *cut);

#endif
