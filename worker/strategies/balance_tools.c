#include "strategies/balance_tools.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int balance_members(const struct samples *samples, int label, struct members *out, struct err *err)
{
    out->n = 0;
    out->position =
        err_calloc((unsigned long)samples->n, sizeof *out->position, "the samples of a class", err);
    if (!out->position)
        return E_IO;
    for (int i = 0; i < samples->n; i++)
        if (samples->sample[i].label == label)
            out->position[out->n++] = i;
    return 0;
}

void balance_originals(const struct samples *samples, struct members *members)
{
    int n = 0;
    for (int k = 0; k < members->n; k++)
        if (samples->sample[members->position[k]].copy == 0)
            members->position[n++] = members->position[k];
    members->n = n;
}

void balance_sizes(const struct balance *balance, int size[CONFIG_MAX_CLUSTERS])
{
    memset(size, 0, (size_t)balance->n_classes * sizeof *size);
    for (int i = 0; i < balance->samples->n; i++)
        if (sample_is_of(&balance->samples->sample[i], 0))
            size[balance->samples->sample[i].label]++;
}

int balance_largest(const int *size, int n_classes)
{
    int largest = 0;
    for (int c = 0; c < n_classes; c++)
        if (size[c] > largest)
            largest = size[c];
    return largest;
}

int balance_smallest(const int *size, int n_classes)
{
    int smallest = balance_largest(size, n_classes);
    for (int c = 0; c < n_classes; c++)
        if (size[c] > 0 && size[c] < smallest)
            smallest = size[c];
    return smallest;
}

void balance_effective_weights(const int *size, int n_classes, double beta, float *weight)
{
    double of[CONFIG_MAX_CLUSTERS], sum = 0;
    int present = 0;
    for (int c = 0; c < n_classes; c++) {
        of[c] = size[c] > 0 ? (1 - beta) / (1 - pow(beta, size[c])) : 0;
        sum += of[c];
        present += size[c] > 0;
    }
    for (int c = 0; c < n_classes; c++)
        weight[c] = size[c] > 0 ? (float)(of[c] / (sum / present)) : 0;
}

int balance_epoch_after(const struct config *config, double share)
{
    return (int)lround(share * (double)config->epochs);
}

int balance_add(struct balance *balance, struct samples *list, struct sample made, struct err *err)
{
    made.copy = ++balance->copies[made.image];
    made.pixels = NULL;
    return samples_add(list, made, err);
}

int balance_duplicate(struct balance *balance, int label, int n, struct err *err)
{
    struct members members;
    int rc = balance_members(balance->samples, label, &members, err);
    for (int k = 0; rc == 0 && members.n > 0 && k < n; k++) {
        int drawn = members.position[rng_below(&balance->rng, (uint32_t)members.n)];
        rc = balance_add(balance, balance->samples, balance->samples->sample[drawn], err);
    }
    free(members.position);
    return rc;
}

int balance_fill(struct balance *balance,
                 int (*fill)(struct balance *balance, int label, int missing, struct err *err),
                 struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS], rc = 0;
    balance_sizes(balance, size);
    int target = balance_largest(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        if (size[c] > 0 && size[c] < target)
            rc = fill(balance, c, target - size[c], err);
    return rc;
}

int balance_keep(struct balance *balance, const int *times, struct err *err)
{
    struct samples kept = {0};
    int rc = 0;
    for (int i = 0; rc == 0 && i < balance->samples->n; i++) {
        struct sample sample = balance->samples->sample[i];
        sample.pixels = NULL;
        if (times[i] > 0)
            rc = samples_add(&kept, sample, err);
        for (int k = 1; rc == 0 && k < times[i]; k++)
            rc = balance_add(balance, &kept, sample, err);
    }
    if (rc < 0) {
        samples_free(&kept);
        return rc;
    }
    samples_free(balance->samples);
    *balance->samples = kept;
    return 0;
}
