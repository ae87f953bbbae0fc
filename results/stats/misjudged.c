#include "stats/misjudged.h"

#include "base/metrics.h"
#include "stats/predicted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one group; N images, C classes of the store. */
struct tally {
    int n_images, n_classes;
    int *judged, *wrong, *taken_for; /* (N), (N), (N, C) */
    int *n_p;                        /* (N) probabilities that are numbers */
    double *p_true;                  /* (N) their sum */
    struct misjudged_image *row;     /* (N) */
};

static void tally_release(struct tally *t)
{
    free(t->judged);
    free(t->wrong);
    free(t->taken_for);
    free(t->n_p);
    free(t->p_true);
    free(t->row);
}

static int tally_init(struct tally *t, const struct store *store, struct err *err)
{
    size_t n = (size_t)store_n_images(store), c = (size_t)store_n_classes(store);
    *t = (struct tally){.n_images = (int)n, .n_classes = (int)c};
    if (!(t->judged = err_calloc(n, sizeof(int), "judged images", err)) ||
        !(t->wrong = err_calloc(n, sizeof(int), "judged images", err)) ||
        !(t->taken_for = err_calloc(n * c, sizeof(int), "judged images", err)) ||
        !(t->n_p = err_calloc(n, sizeof(int), "judged images", err)) ||
        !(t->p_true = err_calloc(n, sizeof(double), "judged images", err)) ||
        !(t->row = err_calloc(n, sizeof *t->row, "judged images", err)))
        return E_IO;
    return 0;
}

static void tally_clear(struct tally *t)
{
    size_t n = (size_t)t->n_images;
    memset(t->judged, 0, n * sizeof(int));
    memset(t->wrong, 0, n * sizeof(int));
    memset(t->taken_for, 0, n * (size_t)t->n_classes * sizeof(int));
    memset(t->n_p, 0, n * sizeof(int));
    memset(t->p_true, 0, n * sizeof(double));
}

static void tally_add(struct tally *t, const struct scores_input *input, const int *image)
{
    for (int i = 0; i < input->n; i++) {
        const float *probs = input->probs + (size_t)i * (size_t)input->stride;
        int at = image[i], label = input->label[i], predicted = metrics_predicted(probs, input->n_classes);
        t->judged[at]++;
        if (!isnan(probs[label])) {
            t->p_true[at] += (double)probs[label];
            t->n_p[at]++;
        }
        if (predicted == label)
            continue;
        t->wrong[at]++;
        if (predicted >= 0)
            t->taken_for[at * t->n_classes + predicted]++;
    }
}

static int most_taken_for(const struct tally *t, int image, const struct predicted *predicted)
{
    const int *times = t->taken_for + (size_t)image * (size_t)t->n_classes;
    int best = 0;
    for (int c = 1; c < t->n_classes; c++)
        best = times[c] > times[best] ? c : best;
    return times[best] > 0 ? predicted_cluster(predicted, best) : -1;
}

/* By the share that was wrong, one right and one wrong added: 9 of 9 says more than 1 of 1. */
static int by_wrong(const void *a, const void *b)
{
    const struct misjudged_image *x = a, *y = b;
    long left = (x->wrong + 1L) * (y->judged + 2L), right = (y->wrong + 1L) * (x->judged + 2L);
    if (left != right)
        return left > right ? -1 : 1;
    double p = isnan(x->p_true) ? 2 : x->p_true, q = isnan(y->p_true) ? 2 : y->p_true; /* unknown: last */
    if (p < q || p > q)
        return p < q ? -1 : 1;
    return x->image - y->image;
}

/* Rows of a group, the worst first, into t->row. Returns how many. */
static int tally_rank(struct tally *t, int group, const struct predicted *predicted)
{
    int n = 0;
    for (int i = 0; i < t->n_images; i++)
        if (t->wrong[i] > 0)
            t->row[n++] = (struct misjudged_image){group,
                                                   i,
                                                   t->judged[i],
                                                   t->wrong[i],
                                                   t->n_p[i] ? t->p_true[i] / t->n_p[i] : nan(""),
                                                   most_taken_for(t, i, predicted),
                                                   0};
    for (int i = 0; i < n; i++)
        t->row[i].n_wrong = n;
    qsort(t->row, (size_t)n, sizeof *t->row, by_wrong);
    return n;
}

/* ---- how many ---- */

/* Keep the first k rows of every group; rows of a group stand together. */
static void cut(struct misjudged *m, int k)
{
    int n = 0, of_group = 0;
    for (int i = 0; i < m->n; i++) {
        of_group = n > 0 && m->row[i].group == m->row[n - 1].group ? of_group + 1 : 1;
        if (of_group <= k)
            m->row[n++] = m->row[i];
    }
    m->n = n;
}

static int different_images(const struct misjudged *m, int n_images, char *seen)
{
    int n = 0;
    memset(seen, 0, (size_t)n_images);
    for (int i = 0; i < m->n; i++) {
        n += !seen[m->row[i].image];
        seen[m->row[i].image] = 1;
    }
    return n;
}

static int limit_images(struct misjudged *m, int n_images, int max_rows, int max_images, struct err *err)
{
    char *seen = err_calloc((size_t)n_images, 1, "judged images", err);
    if (!seen)
        return E_IO;
    for (int k = max_rows - 1; k >= 1 && different_images(m, n_images, seen) > max_images; k--)
        cut(m, k);
    free(seen);
    return 0;
}

static int add_group(struct misjudged *m, struct tally *t, struct predicted *predicted,
                     const struct summary *summary, int g, int max_rows, struct err *err)
{
    const struct summary_group *group = &summary->group[g];
    struct scores_input input;
    int rc = predicted_read(predicted, group->job, group->n_state[JOB_DONE], SET_TEST, &input, err);
    if (rc < 0)
        return rc;
    tally_clear(t);
    tally_add(t, &input, predicted_images(predicted));
    int n = tally_rank(t, g, predicted);
    n = n < max_rows ? n : max_rows;
    memcpy(m->row + m->n, t->row, (size_t)n * sizeof *m->row);
    m->n += n;
    return 0;
}

int misjudged_new(struct store *store, const struct summary *summary, int max_rows, int max_images,
                  struct misjudged **out, struct err *err)
{
    struct misjudged *m = err_calloc(1, sizeof *m, "judged images", err);
    struct predicted *predicted = NULL;
    struct tally tally = {0};
    int rc = m ? tally_init(&tally, store, err) : E_IO;
    *out = NULL;
    if (rc == 0)
        rc = predicted_new(store, &predicted, err);
    if (rc == 0) {
        m->row =
            err_calloc((size_t)summary->n_groups * (size_t)max_rows, sizeof *m->row, "judged images", err);
        rc = m->row ? 0 : E_IO;
    }
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        if (summary->group[g].n_state[JOB_DONE] > 0)
            rc = add_group(m, &tally, predicted, summary, g, max_rows, err);
    if (rc == 0)
        rc = limit_images(m, tally.n_images, max_rows, max_images, err);
    predicted_free(predicted);
    tally_release(&tally);
    if (rc < 0)
        misjudged_free(m);
    else
        *out = m;
    return rc;
}

void misjudged_free(struct misjudged *misjudged)
{
    if (!misjudged)
        return;
    free(misjudged->row);
    free(misjudged);
}
