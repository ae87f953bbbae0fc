#include "stats/calibrated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ECE_BINS = 15, NEWTON_STEPS = 100 };

const struct calibration_score calibration_scores[N_CALIBRATION] = {
    [CALIBRATION_ACCURACY] = {"accuracy", 0, 1},
    [CALIBRATION_BALANCED_ACCURACY] = {"balanced_accuracy", 0, 1},
    [CALIBRATION_NLL] = {"nll", 0, (double)INFINITY},
    [CALIBRATION_BRIER] = {"brier", 0, 2},
    [CALIBRATION_RELIABILITY] = {"reliability", 0, 2},
    [CALIBRATION_RESOLUTION] = {"resolution", 0, 1},
    [CALIBRATION_UNCERTAINTY] = {"uncertainty", 0, 1},
    [CALIBRATION_WITHIN_BINS] = {"within_bins", -2, 2},
    [CALIBRATION_ECE] = {"ece", 0, 1},
    [CALIBRATION_SLOPE] = {"slope", -(double)INFINITY, (double)INFINITY},
    [CALIBRATION_INTERCEPT] = {"intercept", -(double)INFINITY, (double)INFINITY},
};

/* A set with its probabilities as they are after the recalibration. */
struct work {
    int n, n_classes, positive;
    const int *label;
    double *q;      /* (n, C) */
    int *predicted; /* (n) */
    double *x;      /* (n) scratch */
    unsigned char *y;
};

static double q_of(const struct work *w, int i, int c)
{
    return w->q[(size_t)i * (size_t)w->n_classes + (size_t)c];
}

/* The first largest probability, whatever the threshold. */
static int surest(const struct work *w, int i)
{
    int best = 0;
    for (int c = 1; c < w->n_classes; c++)
        best = q_of(w, i, c) > q_of(w, i, best) ? c : best;
    return best;
}

static int bin_of(double q, int bins)
{
    return (int)fmin(fmax(ceil(q * bins) - 1, 0), bins - 1);
}

int reliability_bin(double q)
{
    return bin_of(q, RELIABILITY_BINS);
}

static int count_of(const struct work *w, int c)
{
    int n = 0;
    for (int i = 0; i < w->n; i++)
        n += w->label[i] == c;
    return n;
}

/* ---- decisions ---- */

static void score_decisions(const struct work *w, double *value)
{
    double recalls = 0;
    int right = 0, present = 0;
    for (int c = 0; c < w->n_classes; c++) {
        int hit = 0, n = count_of(w, c);
        for (int i = 0; i < w->n; i++)
            hit += w->label[i] == c && w->predicted[i] == c;
        right += hit;
        recalls += n > 0 ? (double)hit / n : 0;
        present += n > 0;
    }
    value[CALIBRATION_ACCURACY] = (double)right / w->n;
    value[CALIBRATION_BALANCED_ACCURACY] = recalls / present;
}

/* ---- probabilities ---- */

static void score_probabilities(const struct work *w, double *value)
{
    double nll = 0, brier = 0, ece = 0, gap[ECE_BINS] = {0};
    for (int i = 0; i < w->n; i++) {
        int sure = surest(w, i);
        nll -= recalibrate_log(q_of(w, i, w->label[i]));
        for (int c = 0; c < w->n_classes; c++) {
            double d = q_of(w, i, c) - (w->label[i] == c);
            brier += d * d;
        }
        gap[bin_of(q_of(w, i, sure), ECE_BINS)] += (w->label[i] == sure) - q_of(w, i, sure);
    }
    for (int b = 0; b < ECE_BINS; b++)
        ece += fabs(gap[b]);
    value[CALIBRATION_NLL] = nll / w->n;
    value[CALIBRATION_BRIER] = brier / w->n;
    value[CALIBRATION_ECE] = ece / w->n;
}

/* Images of a class in a bin: how many, and means of q and y. */
struct bin {
    int n;
    double q, y;
};

static void fill_bins(const struct work *w, int c, struct bin bin[RELIABILITY_BINS])
{
    memset(bin, 0, RELIABILITY_BINS * sizeof *bin);
    for (int i = 0; i < w->n; i++) {
        struct bin *b = &bin[reliability_bin(q_of(w, i, c))];
        b->n++;
        b->q += q_of(w, i, c);
        b->y += w->label[i] == c;
    }
    for (int b = 0; b < RELIABILITY_BINS; b++) {
        bin[b].q /= bin[b].n > 0 ? bin[b].n : 1;
        bin[b].y /= bin[b].n > 0 ? bin[b].n : 1;
    }
}

/* What a class adds to the parts of the Brier score. */
static void decompose(const struct work *w, int c, double *value)
{
    struct bin bin[RELIABILITY_BINS];
    double share = (double)count_of(w, c) / w->n, within = 0;
    fill_bins(w, c, bin);
    for (int b = 0; b < RELIABILITY_BINS; b++) {
        double weight = (double)bin[b].n / w->n, off = bin[b].q - bin[b].y, apart = bin[b].y - share;
        value[CALIBRATION_RELIABILITY] += weight * off * off;
        value[CALIBRATION_RESOLUTION] += weight * apart * apart;
    }
    for (int i = 0; i < w->n; i++) {
        const struct bin *b = &bin[reliability_bin(q_of(w, i, c))];
        double dq = q_of(w, i, c) - b->q, dy = (w->label[i] == c) - b->y;
        within += dq * dq - 2 * dq * dy;
    }
    value[CALIBRATION_UNCERTAINTY] += share * (1 - share);
    value[CALIBRATION_WITHIN_BINS] += within / w->n;
}

/* ---- slope and intercept ---- */

/* Whether y 0 and 1 overlap in x, more than in one value, so that the likelihood has a maximum. */
static int overlaps(const double *x, const unsigned char *y, int n)
{
    double least[2] = {(double)INFINITY, (double)INFINITY}, most[2] = {-(double)INFINITY, -(double)INFINITY};
    for (int i = 0; i < n; i++) {
        least[y[i]] = fmin(least[y[i]], x[i]);
        most[y[i]] = fmax(most[y[i]], x[i]);
    }
    return least[0] < most[1] && least[1] < most[0];
}

/* Slope and curvature of the sum of log likelihoods at a + b x. */
struct gradient {
    double a, b, aa, ab, bb, value;
};

static struct gradient gradient_at(const double *x, const unsigned char *y, int n, double a, double b)
{
    struct gradient g = {0};
    for (int i = 0; i < n; i++) {
        double eta = a + b * x[i], p = 1 / (1 + exp(-eta)), w = p * (1 - p), d = y[i] - p;
        g.value += y[i] * eta - (eta > 0 ? eta + log1p(exp(-eta)) : log1p(exp(eta)));
        g.a += d;
        g.b += d * x[i];
        g.aa += w;
        g.ab += w * x[i];
        g.bb += w * x[i] * x[i];
    }
    return g;
}

void calibrated_regression(const double *x, const unsigned char *y, int n, double *slope, double *intercept)
{
    double a = 0, b = 0;
    *slope = *intercept = (double)NAN;
    if (!overlaps(x, y, n))
        return;
    struct gradient g = gradient_at(x, y, n, a, b);
    for (int k = 0; k < NEWTON_STEPS; k++) {
        double det = g.aa * g.bb - g.ab * g.ab, step = 1;
        double da = (g.bb * g.a - g.ab * g.b) / det, db = (g.aa * g.b - g.ab * g.a) / det;
        struct gradient next = gradient_at(x, y, n, a + da, b + db);
        for (; !(next.value >= g.value) && step > 1e-9; step /= 2) /* a step too far is halved */
            next = gradient_at(x, y, n, a + step * da / 2, b + step * db / 2);
        if (!(next.value >= g.value))
            break; /* as good as rounding lets it be */
        a += step * da;
        b += step * db;
        g = next;
        if (fabs(step * da) <= 1e-13 * (1 + fabs(a)) && fabs(step * db) <= 1e-13 * (1 + fabs(b)))
            break;
    }
    *slope = b;
    *intercept = a;
}

static void regress(const struct work *w, int c, double *slope, double *intercept)
{
    for (int i = 0; i < w->n; i++) {
        double others = 0;
        for (int k = 0; k < w->n_classes; k++)
            others += k == c ? 0 : q_of(w, i, k);
        w->x[i] = recalibrate_log(q_of(w, i, c)) - recalibrate_log(others);
        w->y[i] = w->label[i] == c;
    }
    calibrated_regression(w->x, w->y, w->n, slope, intercept);
}

static void score_line(const struct work *w, double *value)
{
    double slope, intercept;
    int present = 0;
    for (int c = 0; c < w->n_classes; c++) {
        if (w->n_classes == 2 ? c != w->positive : count_of(w, c) == 0)
            continue;
        regress(w, c, &slope, &intercept);
        value[CALIBRATION_SLOPE] += slope;
        value[CALIBRATION_INTERCEPT] += intercept;
        present++;
    }
    value[CALIBRATION_SLOPE] /= present;
    value[CALIBRATION_INTERCEPT] /= present;
}

/* ---- all ---- */

static void add_to_diagram(const struct work *w, struct reliability *reliability)
{
    for (int i = 0; i < w->n; i++) {
        int c = w->n_classes == 2 ? w->positive : surest(w, i), b = reliability_bin(q_of(w, i, c));
        reliability->n[b]++;
        reliability->q[b] += q_of(w, i, c);
        reliability->hit[b] += w->label[i] == c;
    }
}

/* Recalibrates the set; 0 when it holds a NaN. */
static int apply(struct work *w, const struct recalibrator *fit, const struct scores_input *set)
{
    int whole = 1;
    for (int i = 0; i < w->n; i++) {
        const float *p = set->probs + (size_t)i * (size_t)set->stride;
        w->predicted[i] = recalibrate(fit, p, w->q + (size_t)i * (size_t)w->n_classes);
        whole &= w->predicted[i] >= 0;
    }
    return whole;
}

static void score(const struct work *w, double *value)
{
    memset(value, 0, N_CALIBRATION * sizeof *value);
    score_decisions(w, value);
    score_probabilities(w, value);
    for (int c = 0; c < w->n_classes; c++)
        decompose(w, c, value);
    score_line(w, value);
}

int calibrated_scores(const struct recalibrator *fit, const struct scores_input *set,
                      double value[N_CALIBRATION], struct reliability *reliability, struct err *err)
{
    size_t n = (size_t)set->n, c = (size_t)set->n_classes;
    struct work w = {set->n, set->n_classes, set->positive, set->label, NULL, NULL, NULL, NULL};
    for (int k = 0; k < N_CALIBRATION; k++)
        value[k] = (double)NAN;
    if (fit->why || set->n == 0)
        return 0;
    w.q = err_calloc(n * c, sizeof *w.q, "probabilities", err);
    w.predicted = err_calloc(n, sizeof *w.predicted, "predictions", err);
    w.x = err_calloc(n, sizeof *w.x, "logits", err);
    w.y = err_calloc(n, sizeof *w.y, "labels", err);
    int rc = w.q && w.predicted && w.x && w.y ? 0 : E_IO;
    if (rc == 0 && apply(&w, fit, set)) {
        score(&w, value);
        add_to_diagram(&w, reliability);
    }
    free(w.q);
    free(w.predicted);
    free(w.x);
    free(w.y);
    return rc;
}
