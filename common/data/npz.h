/* npz.h - a dataset in one NumPy archive, as MedMNIST and others publish them, packed like a folder.
 *
 *     train_images, train_labels, val_images, val_labels, test_images, test_labels    with the sets they are
 *                                                                                     given to,
 *     images, labels                                                                  or without
 *
 * Images (n, height, width) or (n, height, width, channels) of any type of npy.h, three channels are
 * RGB; labels (n) or (n, 1), whole numbers from 0 to CLASS_MOST. Members are stored or
 * compressed, read by libzip one image at a time. An image's id is its set and its place there,
 * "train_17". No outlines, no groups. No MPI. */
#ifndef CELLSWEEP_NPZ_H
#define CELLSWEEP_NPZ_H

#include "data/dataset.h"
#include "data/pack.h"
#include "err.h"
#include "image/image.h"

/* 1 for a file that begins as a zip archive does. */
int npz_is(const char *path);

/* What is done with an image, which it may change; it is released behind it. 0 or a code, which ends it. */
typedef int npz_visitor(void *self, const char *name, struct image *image, struct err *err);

/* Visit all images, those with labels and those without, in the order of the archive's sets; named by path
 * and id, "blood.npz/train_17". E_IO for an archive without images, a damaged one, or shapes that are no
 * images'. */
int npz_each(const char *path, npz_visitor *visit, void *self, struct err *err);

/* As pack_folder(). */
int npz_pack(const char *path, const struct dataset_options *options, struct dataset **out,
             struct pack_report *report, struct err *err);

#endif
