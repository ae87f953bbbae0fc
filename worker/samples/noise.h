/* noise.h - wrong labels on purpose: what a job learns from, not what it is judged by.
 *
 * `label_noise: 0.05` gives that share of every class of the training originals the label of another class:
 * symmetric noise, dealt to the other classes in turn, so that how many of each class are left does not hang
 * on the seed. A copy, variant or blend has the label of the original it was made of. Labels of val and test
 * stay as they are, and so does who is drawn for them. It happens before the training samples are rebalanced,
 * which then counts and copies what the labels say; under protocols that balance first (report, tail), on the
 * training side of what was balanced.
 *
 * The stream is named by clusters, protocol, seed, repeat, fold, groups and class_sizes: strategies and
 * models share the wrong labels where they share the training originals, and those of a smaller share are
 * part of those of a larger one. No MPI. */
#ifndef CELLSWEEP_NOISE_H
#define CELLSWEEP_NOISE_H

#include "samples/sample.h"
#include "settings/config.h"

/* `label_noise`, which every job reads. */
extern const struct section noise_section;

/* Share of the training originals with a wrong label, 0 to 0.5. */
double noise_of(const struct config *config);

/* Mislabel training samples of a job in place; nothing at 0. round(n_c x share) of the n_c originals of a
 * class. n_images: of the dataset. 0, or E_IO without memory. */
int noise_add(const struct config *config, int n_images, struct samples *train, struct err *err);

#endif
