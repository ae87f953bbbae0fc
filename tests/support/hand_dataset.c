#include "support/hand_dataset.h"

#include "sections.h"

#include <stdio.h>
#include <stdlib.h>

struct dataset *hand_dataset(int n_clusters, const int *number, const int *count, int size)
{
    struct dataset *data = calloc(1, sizeof *data);
    for (int c = 0; c < n_clusters; c++)
        data->n_images += count[c];
    data->size = size;
    data->channels = 1;
    data->n_clusters = n_clusters;
    data->cluster = calloc((size_t)n_clusters, sizeof(int));
    data->cluster_count = calloc((size_t)n_clusters, sizeof(int));
    data->image = calloc((size_t)data->n_images, sizeof *data->image);
    data->pixels = calloc((size_t)(data->n_images * size * size), sizeof(float));
    for (int c = 0, i = 0; c < n_clusters; c++) {
        data->cluster[c] = number[c];
        data->cluster_count[c] = count[c];
        for (int k = 0; k < count[c]; k++, i++)
            data->image[i].cluster = number[c];
    }
    for (int i = 0; i < data->n_images * size * size; i++)
        data->pixels[i] = (float)(i / (size * size)) / 1024.0f;
    return data;
}

void hand_channels(struct dataset *data, int channels)
{
    size_t n = (size_t)data->n_images * dataset_floats(data), k = (size_t)channels;
    float *pixels = realloc(data->pixels, n * k * sizeof *pixels);
    if (!pixels)
        abort();
    data->pixels = pixels;
    data->channels = channels;
    for (size_t i = n * k; i-- > 0;)
        pixels[i] = pixels[i / k];
}

void hand_dataset_free(struct dataset *data)
{
    free(data->cluster);
    free(data->cluster_count);
    free(data->image);
    free(data->content);
    groupings_release(&data->groupings);
    free(data->pixels);
    free(data);
}

void hand_groups(struct dataset *data, const char *(*name)(int image, void *self), void *self)
{
    snprintf(data->group_column, sizeof data->group_column, "slide");
    for (int i = 0; i < data->n_images; i++)
        snprintf(data->image[i].group, sizeof data->image[i].group, "%s", name(i, self));
    if (dataset_finish(data, NULL) < 0)
        abort();
}

int hand_image_of(const float *pixels)
{
    return (int)(pixels[0] * 1024.0f + 0.5f);
}

struct config hand_config(const char *clusters, const char *strategy, const char *protocol)
{
    struct config config = config_defaults(worker_schema());
    struct err err = {0};
    if (config_set(&config, "clusters", clusters, &err) < 0 ||
        config_set(&config, "strategy", strategy, &err) < 0 ||
        config_set(&config, "protocol", protocol, &err) < 0)
        abort();
    return config;
}
