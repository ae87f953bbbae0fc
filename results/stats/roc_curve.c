#include "stats/roc_curve.h"

#include "base/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const roc_kind_names[N_ROC_CURVES] = {"roc", "pr"};

enum { LAST = ROC_POINTS - 1 };

double roc_place(int k)
{
    return (double)k / LAST;
}

/* Images taken for the class at some threshold: of it, and others. */
struct point {
    double tp, fp;
};

/* The way from the strictest threshold to none: from a point to the next one. */
struct walk {
    const struct ranked *ranked;
    int n, end; /* images, those above the threshold of b */
    struct point a, b;
};

static int step(struct walk *w)
{
    double hits;
    int begin = w->end;
    if (begin == w->n)
        return 0;
    w->end = ranking_tie_end(w->ranked, begin, w->n, &hits);
    w->a = w->b;
    w->b.tp += hits;
    w->b.fp += w->end - begin - hits;
    return 1;
}

/* Rates are compared as whole numbers: k / LAST against FP / N as k N against LAST FP. */
static void add_tpr(struct walk w, double hits, double *curve)
{
    double others = w.n - hits;
    int more = step(&w);
    for (int k = 0; k < ROC_POINTS; k++) {
        while (more && LAST * w.b.fp <= k * others)
            more = step(&w);
        double share = w.b.fp > w.a.fp ? (k * others / LAST - w.a.fp) / (w.b.fp - w.a.fp) : 0;
        double tp = more ? w.a.tp + share * (w.b.tp - w.a.tp) : hits;
        curve[k] += others > 0 ? tp / hits : (double)NAN;
    }
}

/* Between a and b, where true positives are tp > 0, or grow from 0. */
static double precision(const struct walk *w, double tp)
{
    double slope = (w->b.fp - w->a.fp) / (w->b.tp - w->a.tp);
    double fp = w->a.fp + slope * (tp - w->a.tp);
    if (tp > 0)
        return tp / (tp + fp);
    return fp > 0 ? 0 : 1 / (1 + slope);
}

static void add_precision(struct walk w, double hits, double *curve)
{
    step(&w);
    for (int k = 0; k < ROC_POINTS; k++) {
        while (LAST * w.b.tp < k * hits || w.b.tp <= 0)
            if (!step(&w))
                break;
        curve[k] += precision(&w, k * hits / LAST);
    }
}

static int has_nan(const struct scores_input *in)
{
    for (int i = 0; i < in->n * in->n_classes; i++)
        if (isnan(in->probs[(size_t)(i / in->n_classes) * (size_t)in->stride + (size_t)(i % in->n_classes)]))
            return 1;
    return 0;
}

/* Add the curves of a class that images are of. Returns 0 when none is. */
static int add_class(const struct scores_input *in, int c, struct ranked *ranked,
                     double curve[N_ROC_CURVES][ROC_POINTS])
{
    struct walk walk = {.ranked = ranked, .n = in->n};
    int hits = 0;
    for (int i = 0; i < in->n; i++) {
        float p = in->probs[(size_t)i * (size_t)in->stride + (size_t)c];
        ranked[i] = (struct ranked){p, in->label[i] == c};
        hits += ranked[i].hit;
    }
    if (hits == 0)
        return 0;
    ranking_sort(ranked, in->n);
    add_tpr(walk, hits, curve[ROC_TPR]);
    add_precision(walk, hits, curve[ROC_PRECISION]);
    return 1;
}

int roc_curve(const struct scores_input *in, double curve[N_ROC_CURVES][ROC_POINTS], struct err *err)
{
    int present = 0, n_classes = has_nan(in) ? 0 : in->n_classes;
    struct ranked *ranked = err_calloc((size_t)in->n, sizeof *ranked, "curves", err);
    if (!ranked)
        return E_IO;
    memset(curve, 0, N_ROC_CURVES * sizeof *curve);
    for (int c = 0; c < n_classes; c++)
        if (n_classes != 2 || c == in->positive)
            present += add_class(in, c, ranked, curve);
    for (int k = 0; k < N_ROC_CURVES * ROC_POINTS; k++)
        curve[k / ROC_POINTS][k % ROC_POINTS] /= present > 0 ? present : (double)NAN;
    free(ranked);
    return 0;
}
