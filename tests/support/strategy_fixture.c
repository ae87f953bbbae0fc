#include "support/strategy_fixture.h"

#include "rng.h"
#include "support/hand_dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dataset *noise_dataset(int n_clusters, const int *count, int size, uint64_t seed)
{
    int number[16];
    struct rng rng = rng_start(rng_key("noise", "fixture", 7), seed);
    if (n_clusters < 1 || n_clusters > 16)
        abort();
    for (int c = 0; c < n_clusters; c++)
        number[c] = c + 1;
    struct dataset *data = hand_dataset(n_clusters, number, count, size);
    int pixels = size * size;
    for (int i = 0; i < data->n_images * pixels; i++)
        data->pixels[i] = (float)(0.1 + 0.03 * data->image[i / pixels].cluster + 0.5 * rng_uniform(&rng));
    return data;
}

struct config noise_config(const struct dataset *data, const char *strategy, const char *protocol)
{
    char clusters[64] = "";
    for (int c = 0; c < data->n_clusters; c++)
        snprintf(clusters + strlen(clusters), sizeof clusters - strlen(clusters), c ? "-%d" : "%d", c + 1);
    struct config config = hand_config(clusters, strategy, protocol);
    config.image_size = data->size;
    return config;
}
