#include "stats/suspects.h"

#include "stats/confident.h"
#include "stats/predicted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double most_leak = 0.05;

/* Room for one group at a time; N images of the store, C classes. */
struct work {
    struct store *store;
    const struct summary *summary;
    struct predicted *predicted;
    int n_images, n_classes;
    int *judged;                  /* (N) predictions */
    double *sum;                  /* (N, C) of probabilities */
    double *probs;                /* (N, C) means of the images that are judged, one after the other */
    int *image, *label, *counted; /* (N) of these */
    int *job;                     /* (J) of the group, those that count */
    double threshold[CONFIG_MAX_CLUSTERS];
    int *joint;      /* (C, C) */
    int *agree, *of; /* (sets of clusters, N) groups that suspect an image, and that judge it */
    struct suspects *found;
    int room; /* of found->row */
};

static void release(struct work *w)
{
    predicted_free(w->predicted);
    free(w->judged);
    free(w->sum);
    free(w->probs);
    free(w->image);
    free(w->label);
    free(w->counted);
    free(w->job);
    free(w->joint);
    free(w->agree);
    free(w->of);
}

static int make_room(struct work *w, struct err *err)
{
    size_t n = (size_t)w->n_images, c = (size_t)w->n_classes;
    size_t sets = (size_t)w->summary->same[SUMMARY_CLUSTERS]->n_parts;
    if (!(w->judged = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->sum = err_calloc(n * c, sizeof(double), "suspects", err)) ||
        !(w->probs = err_calloc(n * c, sizeof(double), "suspects", err)) ||
        !(w->image = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->label = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->counted = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->job = err_calloc((size_t)store_n_jobs(w->store), sizeof(int), "suspects", err)) ||
        !(w->joint = err_calloc(c * c, sizeof(int), "suspects", err)) ||
        !(w->agree = err_calloc(sets * n, sizeof(int), "suspects", err)) ||
        !(w->of = err_calloc(sets * n, sizeof(int), "suspects", err)))
        return E_IO;
    return predicted_new(w->store, &w->predicted, err);
}

/* The finished jobs of a group that hardly leak, in w->job. Returns how many. */
static int list_jobs(struct work *w, const struct summary_group *group)
{
    int n = 0;
    for (int i = 0; i < group->n_state[JOB_DONE]; i++) {
        const struct store_job *row = &store_jobs(w->store)[group->job[i]];
        if (row->leak > most_leak * row->n_test)
            w->found->n_leaky++;
        else
            w->job[n++] = group->job[i];
    }
    return n;
}

static int has_nan(const float *probs, int n)
{
    for (int c = 0; c < n; c++)
        if (isnan(probs[c]))
            return 1;
    return 0;
}

/* Means of the images judged, in order of their rows. Returns how many. */
static int average(struct work *w, const struct scores_input *input)
{
    const int *image = predicted_images(w->predicted);
    size_t c = (size_t)input->n_classes;
    int n = 0;
    memset(w->judged, 0, (size_t)w->n_images * sizeof *w->judged);
    memset(w->sum, 0, (size_t)w->n_images * (size_t)w->n_classes * sizeof *w->sum);
    for (int i = 0; i < input->n; i++) {
        const float *probs = input->probs + (size_t)i * (size_t)input->stride;
        if (has_nan(probs, input->n_classes))
            continue;
        w->judged[image[i]]++;
        w->label[image[i]] = input->label[i];
        for (size_t k = 0; k < c; k++)
            w->sum[(size_t)image[i] * c + k] += (double)probs[k];
    }
    for (int at = 0; at < w->n_images; at++) {
        if (!w->judged[at])
            continue;
        for (size_t k = 0; k < c; k++)
            w->probs[(size_t)n * c + k] = w->sum[(size_t)at * c + k] / w->judged[at];
        w->label[n] = w->label[at]; /* n <= at: what is overwritten has been read */
        w->image[n++] = at;
    }
    return n;
}

/* A larger copy of the rows when they are full. */
static int room_for_one(struct work *w, struct err *err)
{
    if (w->found->n < w->room)
        return 0;
    int room = w->room ? 2 * w->room : 64;
    struct suspect *row = realloc(w->found->row, (size_t)room * sizeof *row);
    if (!row)
        return err_set(err, E_IO, "no memory for %d suspects", room);
    w->found->row = row;
    w->room = room;
    return 0;
}

static int add(struct work *w, int group, int i, int n_classes, struct err *err)
{
    const double *probs = w->probs + (size_t)i * (size_t)n_classes;
    int given = w->label[i], likelier = w->counted[i], rc = room_for_one(w, err);
    if (rc == 0)
        w->found->row[w->found->n++] =
            (struct suspect){.group = group,
                             .image = w->image[i],
                             .given = predicted_cluster(w->predicted, given),
                             .likelier = predicted_cluster(w->predicted, likelier),
                             .judged = w->judged[w->image[i]],
                             .p_given = probs[given],
                             .p_likelier = probs[likelier],
                             .share = confident_share(w->joint, n_classes, given, likelier)};
    return rc;
}

/* The most doubtful first. */
static int by_margin(const void *a, const void *b)
{
    const struct suspect *x = a, *y = b;
    double p = x->p_likelier - x->p_given, q = y->p_likelier - y->p_given;
    if (p > q || p < q)
        return p > q ? -1 : 1;
    return x->image - y->image;
}

static int add_group(struct work *w, int g, struct err *err)
{
    int jobs = list_jobs(w, &w->summary->group[g]), first = w->found->n;
    size_t set = (size_t)w->summary->same[SUMMARY_CLUSTERS]->part_of[g] * (size_t)w->n_images;
    struct scores_input input;
    int rc = predicted_read(w->predicted, w->job, jobs, SET_TEST, &input, err);
    if (rc < 0 || input.n == 0)
        return rc;
    int n = average(w, &input);
    const struct confident confident = {n, input.n_classes, w->probs, w->label};
    confident_count(&confident, w->threshold, w->joint, w->counted);
    w->found->n_judged += n > 0;
    for (int i = 0; i < n && rc == 0; i++) {
        int is_suspect = w->counted[i] >= 0 && w->counted[i] != w->label[i];
        w->of[set + (size_t)w->image[i]]++;
        w->agree[set + (size_t)w->image[i]] += is_suspect;
        rc = is_suspect ? add(w, g, i, input.n_classes, err) : 0;
    }
    if (w->found->n > first)
        qsort(w->found->row + first, (size_t)(w->found->n - first), sizeof *w->found->row, by_margin);
    return rc;
}

static void note_agreement(struct work *w)
{
    for (int i = 0; i < w->found->n; i++) {
        struct suspect *row = &w->found->row[i];
        size_t at = (size_t)w->summary->same[SUMMARY_CLUSTERS]->part_of[row->group] * (size_t)w->n_images +
                    (size_t)row->image;
        row->agree = w->agree[at];
        row->groups = w->of[at];
    }
}

int suspects_new(struct store *store, const struct summary *summary, struct suspects **out, struct err *err)
{
    struct work w = {.store = store,
                     .summary = summary,
                     .n_images = store_n_images(store),
                     .n_classes = store_n_classes(store)};
    *out = NULL;
    w.found = err_calloc(1, sizeof *w.found, "suspects", err);
    int rc = w.found ? make_room(&w, err) : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = add_group(&w, g, err);
    if (rc == 0)
        note_agreement(&w);
    release(&w);
    if (rc < 0)
        suspects_free(w.found);
    else
        *out = w.found;
    return rc;
}

void suspects_free(struct suspects *suspects)
{
    if (!suspects)
        return;
    free(suspects->row);
    free(suspects);
}
