/* Features "pixels": the image as it is, in rows as they stand in the dataset. */
#include "features/feature.h"

#include "image/image.h"

static size_t floats(const struct config *config)
{
    return image_floats((int)config->image_size) * (size_t)config->channels;
}

const struct feature_kind feature_pixels = {
    .name = "pixels",
    .help = "the image as it is",
    .floats = floats,
};
