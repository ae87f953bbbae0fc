/* preprocess.h - from what a file holds to what a dataset keeps: which channels, how values become 0
 * to 1, whether alpha masks.
 *
 *     struct preprocess how = {0};                     gray, by depth, alpha not used
 *     preprocess_set_channels(&how, "1,3", &err);
 *     preprocess_apply(&how, &image, &err);
 *
 * A dataset keeps the whole of it as one text, so that a new image goes the same way as those packed. */
#ifndef CELLSWEEP_PREPROCESS_H
#define CELLSWEEP_PREPROCESS_H

#include "image/image.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum preprocess_channels { CHANNELS_GRAY, CHANNELS_RGB, CHANNELS_ALL, CHANNELS_LISTED };
enum preprocess_scale { SCALE_DEPTH, SCALE_IMAGE, SCALE_DATASET, SCALE_PERCENTILE };
enum { PREPROCESS_TEXT_SIZE = 1024, PREPROCESS_BINS = 1 << 20 };

struct preprocess {
    enum preprocess_channels channels;
    int n_listed, listed[IMAGE_MAX_CHANNELS]; /* from 0 */
    int alpha_masks;                          /* 1: pixels of alpha below a half become 0 */
    enum preprocess_scale scale;
    double percent[2];                                       /* of SCALE_PERCENTILE, 0 to 100 */
    int n_ranges;                                            /* channels measured; 0: not yet */
    float low[IMAGE_MAX_CHANNELS], high[IMAGE_MAX_CHANNELS]; /* what becomes 0 and 1, SCALE_DATASET and on */
};

/* "gray": one channel, the luma of RGB; "rgb": three, a gray one thrice; "all" of the file; "1,3": these of
 * the file, counted from 1. E_USAGE otherwise. */
int preprocess_set_channels(struct preprocess *how, const char *text, struct err *err);

/* "depth": whole numbers by what their bits hold, floats as they are; "image": from the least to the greatest
 * value of each image; "dataset": of all images; "percentile:0.1,99.9": from one percentile of all images to
 * another, beyond is cut. By channel. E_USAGE otherwise. */
int preprocess_set_scale(struct preprocess *how, const char *text, struct err *err);

/* Channels of the image that are wanted, in place. E_IO when it does not have them. */
int preprocess_select(const struct preprocess *how, struct image *image, struct err *err);

/* Select, scale, mask by alpha, which is gone then, in place: pixels of 0 to 1. E_IO with the reason when the
 * image does not have the channels, or values outside 0 to 1 that nothing scales. */
int preprocess_apply(const struct preprocess *how, struct image *image, struct err *err);

/* 1 when all images have to be measured before one of them can be scaled. */
int preprocess_is_open(const struct preprocess *how);

/* Measuring: every image after preprocess_select(), without what alpha masks, then the ranges to *how.
 * Percentiles are exact to 1/2000 of their value. Memory: 8 MB a channel. */
struct preprocess_measure {
    int channels;
    /* What ranks that measured parts add up: the least, the greatest, the sums. */
    float low[IMAGE_MAX_CHANNELS], high[IMAGE_MAX_CHANNELS]; /* infinite, the wrong way, without values */
    uint64_t n[IMAGE_MAX_CHANNELS];                          /* values counted */
    uint64_t *count;                                         /* (channels, PREPROCESS_BINS) */
};
struct preprocess_measure *preprocess_measure_new(int channels, struct err *err);
void preprocess_measure_add(struct preprocess_measure *measure, const struct preprocess *how,
                            const struct image *image);
void preprocess_measure_end(struct preprocess_measure *measure, struct preprocess *how);
void preprocess_measure_free(struct preprocess_measure *measure);

/* All of it as one line, "channels=gray scale=depth", and back. E_IO for a text that is none. */
void preprocess_text(const struct preprocess *how, char *out, size_t size);
int preprocess_parse(const char *text, struct preprocess *how, struct err *err);

/* Name of channel c of an image of this kind, in out: "gray", "red", "channel 3". */
void preprocess_channel_name(const struct preprocess *how, int is_rgb, int c, char *out, size_t size);

#endif
