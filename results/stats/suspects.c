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
    int *of_image;                /* (N) label of every image that is judged */
    int *job;                     /* (J) of the group, those that count */
    double threshold[CONFIG_MAX_CLUSTERS];
    int *joint;               /* (C, C) */
    int *agree, *of;          /* (sets of clusters, N) groups that suspect an image, and that judge it */
    int *seen;                /* (N) predictions of one seed */
    double *part;             /* (N, C) of one seed, summed */
    int *seeds, *seeds_agree; /* (N) that judged an image; (N, C) that count it as each class */
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
    free(w->of_image);
    free(w->counted);
    free(w->job);
    free(w->joint);
    free(w->agree);
    free(w->of);
    free(w->seen);
    free(w->part);
    free(w->seeds);
    free(w->seeds_agree);
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
        !(w->of_image = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->counted = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->job = err_calloc((size_t)store_n_jobs(w->store), sizeof(int), "suspects", err)) ||
        !(w->seen = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->part = err_calloc(n * c, sizeof(double), "suspects", err)) ||
        !(w->seeds = err_calloc(n, sizeof(int), "suspects", err)) ||
        !(w->seeds_agree = err_calloc(n * c, sizeof(int), "suspects", err)) ||
        !(w->joint = err_calloc(c * c, sizeof(int), "suspects", err)) ||
        !(w->agree = err_calloc(sets * n, sizeof(int), "suspects", err)) ||
        !(w->of = err_calloc(sets * n, sizeof(int), "suspects", err)))
        return E_IO;
    return predicted_new(w->store, &w->predicted, err);
}

/* The finished jobs of a group that hardly leak, in w->job. Returns how many. */
static int list_jobs(struct work *w, int g)
{
    const struct summary_group *group = &w->summary->group[g];
    int n = 0;
    for (int i = 0; i < group->n_state[JOB_DONE]; i++) {
        const struct store_job *row = &store_jobs(w->store)[group->job[i]];
        if (row->leak > most_leak * row->n_test)
            w->found->group[g].n_leaky++;
        else
            w->job[n++] = group->job[i];
    }
    w->found->n_leaky += w->found->group[g].n_leaky;
    return n;
}

/* A job among those of a group. */
struct of_seed {
    int64_t seed;
    int repeat, job, place, first; /* first: the place of the first one of its seed and repeat */
};

static int by_seed(const void *a, const void *b)
{
    const struct of_seed *x = a, *y = b;
    if (x->seed != y->seed)
        return x->seed < y->seed ? -1 : 1;
    return x->repeat != y->repeat ? (x->repeat > y->repeat) - (x->repeat < y->repeat) : x->place - y->place;
}

static int by_first(const void *a, const void *b)
{
    const struct of_seed *x = a, *y = b;
    return x->first != y->first ? x->first - y->first : x->place - y->place;
}

/* Bring w->job[0 .. n) into an order in which jobs of one seed and repeat follow each other, and those seeds
 * as their first jobs did: sums are made in the order of old. */
static int group_by_seed(struct work *w, int n, struct err *err)
{
    struct of_seed *of = err_calloc((size_t)n, sizeof *of, "suspects", err);
    for (int i = 0; i < n && of; i++) {
        const struct store_job *row = &store_jobs(w->store)[w->job[i]];
        of[i] = (struct of_seed){row->seed, row->repeat, w->job[i], i, i};
    }
    if (!of)
        return E_IO;
    qsort(of, (size_t)n, sizeof *of, by_seed);
    for (int i = 1; i < n; i++)
        if (of[i].seed == of[i - 1].seed && of[i].repeat == of[i - 1].repeat)
            of[i].first = of[i - 1].first;
    qsort(of, (size_t)n, sizeof *of, by_first);
    for (int i = 0; i < n; i++)
        w->job[i] = of[i].job;
    free(of);
    return 0;
}

/* How many of w->job[0 .. n) have the seed and repeat of the first, one after the other. */
static int n_of_seed(const struct work *w, const int *job, int n)
{
    const struct store_job *jobs = store_jobs(w->store), *first = &jobs[job[0]];
    int k = 1;
    while (k < n && jobs[job[k]].seed == first->seed && jobs[job[k]].repeat == first->repeat)
        k++;
    return k;
}

static int has_nan(const float *probs, int n)
{
    for (int c = 0; c < n; c++)
        if (isnan(probs[c]))
            return 1;
    return 0;
}

/* Sums of one seed's predictions, and added to those of all. */
static void add_sums(struct work *w, const struct scores_input *input)
{
    const int *image = predicted_images(w->predicted);
    size_t c = (size_t)input->n_classes;
    for (int i = 0; i < input->n; i++) {
        const float *probs = input->probs + (size_t)i * (size_t)input->stride;
        size_t at = (size_t)image[i];
        if (has_nan(probs, input->n_classes))
            continue;
        w->seen[at]++;
        w->judged[at]++;
        w->of_image[at] = input->label[i];
        for (size_t k = 0; k < c; k++) {
            w->part[at * c + k] += (double)probs[k];
            w->sum[at * c + k] += (double)probs[k];
        }
    }
}

/* Means of the images with predictions, in order of their rows, into w->probs, w->label and w->image. Returns
 * how many. judged (N), sum (N, c). */
static int average(struct work *w, const int *judged, const double *sum, size_t c)
{
    int n = 0;
    for (int at = 0; at < w->n_images; at++) {
        if (!judged[at])
            continue;
        for (size_t k = 0; k < c; k++)
            w->probs[(size_t)n * c + k] = sum[(size_t)at * c + k] / judged[at];
        w->label[n] = w->of_image[at];
        w->image[n++] = at;
    }
    return n;
}

/* What one seed says by itself; its sums are cleared for the next one. */
static void ask_seed(struct work *w, int n_classes)
{
    size_t c = (size_t)n_classes;
    int n = average(w, w->seen, w->part, c);
    const struct confident confident = {n, n_classes, w->probs, w->label};
    confident_count(&confident, w->threshold, w->joint, w->counted);
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)w->image[i];
        w->seeds[at]++;
        if (w->counted[i] >= 0)
            w->seeds_agree[at * c + (size_t)w->counted[i]]++;
        w->seen[at] = 0;
        memset(w->part + at * c, 0, c * sizeof *w->part);
    }
}

/* Every seed of a group: sums of all of them, and what each says. *n_classes is 0 where nothing is stored. */
static int ask_seeds(struct work *w, int jobs, int *n_classes, struct err *err)
{
    size_t n = (size_t)w->n_images, c = (size_t)w->n_classes;
    int rc = jobs > 0 ? group_by_seed(w, jobs, err) : 0, n_seed;
    *n_classes = 0;
    memset(w->judged, 0, n * sizeof *w->judged);
    memset(w->sum, 0, n * c * sizeof *w->sum);
    memset(w->seeds, 0, n * sizeof *w->seeds);
    memset(w->seeds_agree, 0, n * c * sizeof *w->seeds_agree);
    for (int at = 0; at < jobs && rc == 0; at += n_seed) {
        struct scores_input input;
        n_seed = n_of_seed(w, w->job + at, jobs - at);
        rc = predicted_read(w->predicted, w->job + at, n_seed, SET_TEST, &input, err);
        if (rc < 0 || input.n == 0)
            continue;
        *n_classes = input.n_classes;
        add_sums(w, &input);
        ask_seed(w, input.n_classes);
    }
    return rc;
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
    size_t at = (size_t)w->image[i];
    if (rc == 0)
        w->found->row[w->found->n++] =
            (struct suspect){.group = group,
                             .image = w->image[i],
                             .given = predicted_cluster(w->predicted, given),
                             .likelier = predicted_cluster(w->predicted, likelier),
                             .judged = w->judged[at],
                             .p_given = probs[given],
                             .p_likelier = probs[likelier],
                             .seeds_agree = w->seeds_agree[at * (size_t)n_classes + (size_t)likelier],
                             .seeds = w->seeds[at],
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

/* The share of n images, with w->label, that the joint says are labelled wrong. */
static double wrong_share(const struct work *w, int n, int n_classes)
{
    double wrong = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n_classes; k++)
            wrong += k == w->label[i] ? 0 : confident_share(w->joint, n_classes, w->label[i], k);
    return n > 0 ? wrong / n : 0;
}

static int add_group(struct work *w, int g, struct err *err)
{
    int first = w->found->n, c, rc = ask_seeds(w, list_jobs(w, g), &c, err);
    size_t set = (size_t)w->summary->same[SUMMARY_CLUSTERS]->part_of[g] * (size_t)w->n_images;
    struct suspects_group *group = &w->found->group[g];
    if (rc < 0 || c == 0)
        return rc;
    int n = average(w, w->judged, w->sum, (size_t)c);
    const struct confident confident = {n, c, w->probs, w->label};
    confident_count(&confident, w->threshold, w->joint, w->counted);
    w->found->n_judged += n > 0;
    for (int i = 0; i < n && rc == 0; i++) {
        int is_suspect = w->counted[i] >= 0 && w->counted[i] != w->label[i];
        w->of[set + (size_t)w->image[i]]++;
        w->agree[set + (size_t)w->image[i]] += is_suspect;
        rc = is_suspect ? add(w, g, i, c, err) : 0;
    }
    group->images = n;
    group->n = w->found->n - first;
    group->wrong = wrong_share(w, n, c);
    if (group->n > 0)
        qsort(w->found->row + first, (size_t)group->n, sizeof *w->found->row, by_margin);
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
    if (w.found)
        w.found->group = err_calloc((size_t)summary->n_groups + 1, sizeof *w.found->group, "suspects", err);
    int rc = w.found && w.found->group ? make_room(&w, err) : E_IO;
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

static int shown_of(const struct suspects *s, int most)
{
    int n = 0, of_group = 0;
    for (int i = 0; i < s->n; i++) {
        of_group = i > 0 && s->row[i].group == s->row[i - 1].group ? of_group + 1 : 1;
        n += of_group <= most;
    }
    return n;
}

int suspects_choose(const struct suspects *suspects, int most_of_group, int most, char *shown,
                    struct err *err)
{
    int n = 0, of_group = 0, limit = most_of_group;
    struct suspect *row = err_calloc((size_t)suspects->n + 1, sizeof *row, "suspects", err);
    if (!row)
        return E_IO;
    while (limit > 1 && shown_of(suspects, limit) > most)
        limit--;
    for (int i = 0; i < suspects->n; i++) {
        of_group = i > 0 && suspects->row[i].group == suspects->row[i - 1].group ? of_group + 1 : 1;
        shown[i] = of_group <= limit;
        if (shown[i]) {
            row[n] = suspects->row[i];
            row[n++].image = i; /* the place: of equals the first */
        }
    }
    if (n > most) { /* one a group is too many already: the surest of those */
        qsort(row, (size_t)n, sizeof *row, by_margin);
        for (int i = most; i < n; i++)
            shown[row[i].image] = 0;
    }
    free(row);
    return 0;
}

void suspects_free(struct suspects *suspects)
{
    if (!suspects)
        return;
    free(suspects->row);
    free(suspects->group);
    free(suspects);
}
