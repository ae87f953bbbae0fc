/* hand_dataset.h - datasets made by hand for the sampling tests.
 * Every image is of one gray value of its own: any copy or warp of it still shows which image it came
 * from. */
#ifndef CELLSWEEP_HAND_DATASET_H
#define CELLSWEEP_HAND_DATASET_H

#include "data/dataset.h"
#include "settings/config.h"

/* n_clusters clusters with the given numbers (ascending) and counts, size x size images, in cluster order. */
struct dataset *hand_dataset(int n_clusters, const int *number, const int *count, int size);

/* Give every pixel `channels` channels, of the gray value it had. */
void hand_channels(struct dataset *data, int channels);

/* Free a dataset made here, and all that it owns. */
void hand_dataset_free(struct dataset *data);

/* Give every image the group that `name` says, in the column "slide". */
void hand_groups(struct dataset *data, const char *(*name)(int image, void *self), void *self);

/* The image a gray value came from. */
int hand_image_of(const float *pixels);

/* Configuration of one job at its defaults. */
struct config hand_config(const char *clusters, const char *strategy, const char *protocol);

#endif
