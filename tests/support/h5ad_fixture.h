/* h5ad_fixture.h - a small AnnData file as h5py writes one: four cells "1" to "4" whose columns of
 * obs are leiden (categories T, B, T and none), kind (texts), n (whole numbers), score (reals), slide
 * (texts of one length). */
#ifndef CELLSWEEP_H5AD_FIXTURE_H
#define CELLSWEEP_H5AD_FIXTURE_H

#include <hdf5.h>

/* Categories as a group of codes and categories, since anndata 0.7, or as codes with an attribute. */
enum h5ad_style { H5AD_OLD, H5AD_NEW };

/* Write the file, over the one that is there; aborts when it cannot. */
void put_h5ad(const char *path, enum h5ad_style style);

/* A new dataset of n values of a type, as which they are stored, too; aborts when it cannot. */
void h5ad_put(hid_t loc, const char *name, hid_t type, hsize_t n, const void *data);

#endif
