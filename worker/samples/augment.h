/* augment.h - one random affine warp of an image, bilinear, nearest fill.
 *
 *     struct augment_warp warp = augment_draw(config, size, &rng);
 *     augment_apply(out, in, size, channels, &warp);
 *
 * Ranges, order and signs are those of Keras' ImageDataGenerator, so that its settings carry over. That
 * includes the shear angle: Keras' documentation once called shear_range radians, its code takes degrees, and
 * so does augment.shear. The usual 0.2 is thus all but no shear (0.2 degrees, less than 0.1 pixel at the edge
 * of a 50 pixel image). Pure functions, no allocation, no MPI. */
#ifndef CELLSWEEP_AUGMENT_H
#define CELLSWEEP_AUGMENT_H

#include "settings/config.h"
#include "rng.h"

/* Of strategy augment alone. */
struct augment_variants {
    int64_t variants; /* made of every minority image */
};

/* The augment.* ranges. */
struct augment_settings {
    double rotation; /* degrees, to either side */
    double shift;    /* share of the image size, to either side */
    double shear;    /* degrees, to either side, as Keras computes it */
    double zoom_min, zoom_max;
    double flip; /* probability of a horizontal flip */
};

/* Of struct augment_variants, and of struct augment_settings. */
extern const struct section augment_section, augment_ranges_section;

/* Output pixel (x, y) shows input position matrix * (x, y, 1), in pixels, the centre of the first pixel at
 * (0, 0). */
struct augment_warp {
    double matrix[2][3];
};

/* What is drawn at random for one warp. */
struct augment_parameters {
    double rotation;         /* degrees */
    double shift_y, shift_x; /* pixels */
    double shear;            /* degrees */
    double zoom_y, zoom_x;   /* above 1 the image shrinks */
    int flip;                /* 1: mirrored left to right */
};

/* Draw the parameters for size x size images from the augment.* ranges of config. Always seven numbers of
 * rng, in the order of the struct, so that switching one range off leaves the others as they were. */
struct augment_parameters augment_parameters_draw(const struct config *config, int size, struct rng *rng);

/* The warp of given parameters: rotation * shift * shear * zoom about the image centre, after the flip, as
 * maps from output to input positions. */
struct augment_warp augment_matrix(const struct augment_parameters *parameters, int size);

/* Both of the above: one random warp. */
struct augment_warp augment_draw(const struct config *config, int size, struct rng *rng);

/* out (size, size, channels) = in seen through the warp, all channels through the same; values stay what they
 * are. Positions outside take the nearest edge pixel. out must not alias in. */
void augment_apply(float *out, const float *in, int size, int channels, const struct augment_warp *warp);

#endif
