#include "stats/predicted.h"

#include "store/drawn.h"

#include <stdlib.h>
#include <string.h>

struct predicted {
    struct store *store;
    int n, capacity;                  /* rows filled, rows there is room for */
    int *image, *copy, *label;        /* (capacity) */
    float *probs;                     /* (capacity, C) */
    int cluster[CONFIG_MAX_CLUSTERS]; /* of class indices */
    int learned;                      /* the job whose classes are known, -1: none */
    int n_classes, rarest;            /* its; the smallest of its originals */
};

/* A larger copy of an array; without memory the array itself, and *failed is 1. */
static void *larger(void *array, size_t bytes, int *failed)
{
    void *copy = realloc(array, bytes);
    if (copy)
        return copy;
    *failed = 1;
    return array;
}

static int grow(struct predicted *predicted, int capacity, struct err *err)
{
    size_t n = (size_t)capacity, c = (size_t)store_n_classes(predicted->store);
    int failed = 0;
    predicted->image = larger(predicted->image, n * sizeof *predicted->image, &failed);
    predicted->copy = larger(predicted->copy, n * sizeof *predicted->copy, &failed);
    predicted->label = larger(predicted->label, n * sizeof *predicted->label, &failed);
    predicted->probs = larger(predicted->probs, n * c * sizeof *predicted->probs, &failed);
    if (failed)
        return err_set(err, E_IO, "%s: no memory for %d predictions", store_path(predicted->store), capacity);
    predicted->capacity = capacity;
    return 0;
}

int predicted_new(struct store *store, struct predicted **out, struct err *err)
{
    struct predicted *predicted = err_calloc(1, sizeof *predicted, "predictions", err);
    *out = NULL;
    if (!predicted)
        return E_IO;
    predicted->store = store;
    predicted->learned = -1;
    *out = predicted;
    return 0;
}

void predicted_free(struct predicted *predicted)
{
    if (!predicted)
        return;
    free(predicted->image);
    free(predicted->copy);
    free(predicted->label);
    free(predicted->probs);
    free(predicted);
}

static int is_used(const struct predicted *predicted, int i)
{
    return predicted->image[i] >= 0 && predicted->image[i] < store_n_images(predicted->store) &&
           predicted->label[i] >= 0 && predicted->label[i] < store_n_classes(predicted->store);
}

/* Append the predictions of a job, unused rows left out. */
static int append(struct predicted *predicted, int job, enum image_set set, struct err *err)
{
    int from = predicted->n, room = store_n_predictions(predicted->store, set), rc = 0;
    size_t c = (size_t)store_n_classes(predicted->store);
    if (room == 0)
        return 0;
    if (from + room > predicted->capacity)
        rc = grow(predicted, 2 * (from + room), err);
    if (rc == 0)
        rc = store_read_predictions(predicted->store, job, set, predicted->image + from,
                                    predicted->copy + from, predicted->label + from,
                                    predicted->probs + (size_t)from * c, err);
    for (int i = from; i < from + room && rc == 0; i++)
        if (is_used(predicted, i)) {
            predicted->image[predicted->n] = predicted->image[i];
            predicted->label[predicted->n] = predicted->label[i];
            memmove(predicted->probs + (size_t)predicted->n * c, predicted->probs + (size_t)i * c,
                    c * sizeof *predicted->probs);
            predicted->n++;
        }
    return rc;
}

/* The positive class: of which fewest originals are drawn, the later one of equals. What class_sizes leaves
 * out does not count; without it all originals do, as scores_minority() takes them. */
static int positive_class(const struct predicted *predicted, int job)
{
    const struct store_job *row = &store_jobs(predicted->store)[job];
    long size[CONFIG_MAX_CLUSTERS];
    int fewest = 0;
    if (!drawn_by_sizes(predicted->store, row) ||
        drawn_sizes(predicted->store, row, size) != predicted->n_classes)
        return predicted->rarest;
    for (int c = 1; c < predicted->n_classes; c++)
        if (size[c] <= size[fewest])
            fewest = c;
    return fewest;
}

/* Every job of a set of clusters has the same originals with the same labels: they are read once. A text that
 * may have been cut tells nothing. */
static int knows_classes(const struct predicted *predicted, int job)
{
    const struct store_job *row = store_jobs(predicted->store);
    int last = predicted->learned;
    return last >= 0 && strcmp(row[last].clusters, row[job].clusters) == 0 &&
           strlen(row[job].clusters) + 1 < sizeof row->clusters;
}

/* Every class has originals, so their labels tell how many there are, which is the rarest and
 * what they are called. */
static int read_classes(struct predicted *predicted, int job, struct err *err)
{
    predicted->n = predicted->n_classes = 0;
    predicted->learned = -1;
    for (int c = 0; c < CONFIG_MAX_CLUSTERS; c++)
        predicted->cluster[c] = -1;
    int rc = append(predicted, job, SET_ALL, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < predicted->n; i++) {
        int label = predicted->label[i];
        predicted->n_classes = label >= predicted->n_classes ? label + 1 : predicted->n_classes;
        predicted->cluster[label] = store_images(predicted->store)[predicted->image[i]].cluster;
    }
    predicted->rarest = scores_minority(predicted->label, predicted->n, predicted->n_classes);
    predicted->learned = predicted->n > 0 ? job : -1;
    return 0;
}

static int learn_classes(struct predicted *predicted, int job, struct scores_input *input, struct err *err)
{
    int rc = knows_classes(predicted, job) ? 0 : read_classes(predicted, job, err);
    input->n_classes = predicted->n_classes;
    input->positive = rc == 0 ? positive_class(predicted, job) : 0;
    return rc;
}

int predicted_read(struct predicted *predicted, const int *job, int n_jobs, enum image_set set,
                   struct scores_input *input, struct err *err)
{
    memset(input, 0, sizeof *input);
    int rc = n_jobs > 0 ? learn_classes(predicted, job[0], input, err) : 0;
    predicted->n = 0;
    for (int j = 0; j < n_jobs && rc == 0; j++)
        rc = append(predicted, job[j], set, err);
    input->n = 0;
    for (int i = 0; i < predicted->n; i++) /* a class without originals cannot be judged */
        input->n += predicted->label[i] < input->n_classes;
    if (input->n < predicted->n && rc == 0)
        rc = err_set(err, E_IO, "%s: job %d has test labels that none of its originals has",
                     store_path(predicted->store), job[0]);
    input->stride = store_n_classes(predicted->store);
    input->probs = predicted->probs;
    input->label = predicted->label;
    return rc;
}

const int *predicted_images(const struct predicted *predicted)
{
    return predicted->image;
}

int predicted_cluster(const struct predicted *predicted, int class_index)
{
    return class_index >= 0 && class_index < CONFIG_MAX_CLUSTERS ? predicted->cluster[class_index] : -1;
}
