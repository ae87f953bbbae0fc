#include "support/made.h"

#include "support/hand_dataset.h"
#include "support/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const char *made_slide(int image, void *self)
{
    (void)self;
    return image % 3 ? "s1" : "";
}

void made_check(int rc, const struct err *err)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

void made_dataset(const char *path, int with_groups, int channels)
{
    static const int number[] = {8, 10}, count[] = {3, 2};
    struct dataset *data = hand_dataset(2, number, count, 8);
    hand_channels(data, channels);
    struct err err = {0};
    for (int i = 0; i < data->n_images; i++)
        snprintf(data->image[i].id, sizeof data->image[i].id, "%d", i);
    data->pixel_size = 0.2125;
    made_check(dataset_finish(data, &err), &err);
    if (with_groups)
        hand_groups(data, made_slide, NULL);
    made_check(dataset_write(data, path, &err), &err);
    hand_dataset_free(data);
}

/* A job as a real one leaves it: labels and images are in range. */
static void made_job(struct store *store, int job)
{
    static const int image[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, copy[12],
                     label[12] = {0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1}, matrix[4] = {1, 0, 1, 1};
    static const float metric[N_ALL_METRICS] = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f}, weights[8];
    float probs[24];
    struct err err = {0};
    struct store_outcome outcome = {.n_classes = 2,
                                    .n_train = 9,
                                    .judged_epoch = 2,
                                    .set = {[SET_VAL] = {2, image, copy, label, probs, matrix},
                                            [SET_TEST] = {3, image, copy, label, probs, matrix},
                                            [SET_ALL] = {12, image, copy, label, probs, matrix}},
                                    .leak = job,
                                    .role = copy,
                                    .n_weights = store_n_weights(store),
                                    .weights = store_n_weights(store) ? weights : NULL};
    struct store_mark mark = {
        .state = JOB_DONE, .attempts = 1, .epochs_done = 2, .started = 100, .finished = 101};
    for (int i = 0; i < 24; i++)
        probs[i] = (float)(i % 2 ? 12 - i / 2 : i / 2) / 12;
    for (int e = 0; e < 2; e++)
        made_check(
            store_write_epochs(store, job, e, 1, (const float *[N_SETS]){metric, metric, metric}, &err),
            &err);
    made_check(store_write_outcome(store, job, &outcome, &err), &err);
    made_check(store_write_mark(store, job, &mark, &err), &err);
}

void made_results(const char *path, int done, size_t n_weights)
{
    struct fixture *f = fixture_new(4, 2, n_weights);
    struct store *store = NULL;
    struct err err = {0};
    f->plan.n_val = 2;
    made_check(store_create(path, &f->plan, &err), &err);
    made_check(store_open_shared(path, MPI_COMM_NULL, &store, &err), &err);
    for (int j = 0; j < done; j++)
        made_job(store, j);
    made_check(store_close(store, &err), &err);
    fixture_free(f);
}
