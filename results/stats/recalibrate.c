#include "stats/recalibrate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double recalibrate_coldest = 0.05, recalibrate_hottest = 20;

enum { NEWTON_STEPS = 200, MOST_ROUNDS = 100 };

double recalibrate_log(double p)
{
    return log(p < (double)FLT_MIN ? (double)FLT_MIN : p); /* a NaN stays one */
}

static const float *row_of(const struct scores_input *in, int i)
{
    return in->probs + (size_t)i * (size_t)in->stride;
}

/* log q of a row; softmax of z / T + weight. */
static void log_row(const struct recalibrator *fit, const float *p, double *log_q)
{
    double largest = -(double)INFINITY, sum = 0;
    for (int c = 0; c < fit->n_classes; c++) {
        log_q[c] = recalibrate_log((double)p[c]) / fit->temperature + fit->weight[c];
        largest = fmax(largest, log_q[c]);
    }
    for (int c = 0; c < fit->n_classes; c++)
        sum += exp(log_q[c] - largest);
    for (int c = 0; c < fit->n_classes; c++)
        log_q[c] -= largest + log(sum);
}

static int predicted(const struct recalibrator *fit, const double *log_q)
{
    int best = 0;
    for (int c = 0; c < fit->n_classes; c++) {
        if (isnan(log_q[c]))
            return -1;
        if (log_q[c] + fit->offset[c] > log_q[best] + fit->offset[best])
            best = c;
    }
    return best;
}

int recalibrate(const struct recalibrator *fit, const float *p, double *q)
{
    double log_q[CONFIG_MAX_CLUSTERS];
    if (fit->how != RECALIBRATE_NONE)
        log_row(fit, p, log_q);
    for (int c = 0; c < fit->n_classes; c++) { /* none: the very numbers that are stored */
        q[c] = fit->how == RECALIBRATE_NONE ? (double)p[c] : exp(log_q[c]);
        if (fit->how == RECALIBRATE_NONE)
            log_q[c] = fit->threshold == THRESHOLD_ARGMAX ? q[c] : recalibrate_log(q[c]);
    }
    return predicted(fit, log_q);
}

/* ---- what a val set can tell ---- */

static const char *flaw(const struct scores_input *val, int *count)
{
    memset(count, 0, (size_t)val->n_classes * sizeof *count);
    for (int i = 0; i < val->n; i++) {
        count[val->label[i]]++;
        for (int c = 0; c < val->n_classes; c++)
            if (isnan(row_of(val, i)[c]))
                return "the val set has a probability that is no number";
    }
    for (int c = 0; c < val->n_classes; c++)
        if (count[c] == 0)
            return "the val set has no image of a class";
    return NULL;
}

static const char *fit_prior(struct recalibrator *fit, const int *count, const double *trained)
{
    for (int c = 0; c < fit->n_classes; c++) {
        if (!trained || !(trained[c] > 0))
            return "the shares of the classes that were trained on are not known";
        fit->weight[c] = log((double)count[c] / fit->n_val) - log(trained[c]);
    }
    return NULL;
}

/* ---- temperature ---- */

/* Slope and curvature of the sum of -log q_label in b = 1 / T: convex, since log-sum-exp is. */
static double slope(const struct scores_input *val, double b, double *curvature)
{
    double first = 0;
    *curvature = 0;
    for (int i = 0; i < val->n; i++) {
        const float *p = row_of(val, i);
        double largest = 0, sum = 0, mean = 0, square = 0;
        for (int c = 0; c < val->n_classes; c++)
            largest = fmax(largest, (double)p[c]);
        for (int c = 0; c < val->n_classes; c++) {
            double z = recalibrate_log((double)p[c]) - recalibrate_log(largest), e = exp(b * z);
            sum += e;
            mean += e * z;
            square += e * z * z;
        }
        mean /= sum;
        first += mean - (recalibrate_log((double)p[val->label[i]]) - recalibrate_log(largest));
        *curvature += square / sum - mean * mean;
    }
    return first;
}

/* Every image has its largest probability for its own class. */
static int is_separated(const struct scores_input *val)
{
    for (int i = 0; i < val->n; i++)
        for (int c = 0; c < val->n_classes; c++)
            if (row_of(val, i)[c] > row_of(val, i)[val->label[i]])
                return 0;
    return 1;
}

/* Newton's steps, halving where one leaves what is known to hold the root. */
static double root(const struct scores_input *val, double low, double high)
{
    double b = 1, curvature;
    for (int k = 0; k < NEWTON_STEPS; k++) {
        double first = slope(val, b, &curvature);
        *(first > 0 ? &high : &low) = b;
        double next = b - first / curvature;
        if (!(next > low && next < high))
            next = (low + high) / 2;
        if (fabs(next - b) <= 4 * DBL_EPSILON * b)
            break;
        b = next;
    }
    return b;
}

static void fit_temperature(struct recalibrator *fit, const struct scores_input *val)
{
    double low = 1 / recalibrate_hottest, high = 1 / recalibrate_coldest, curvature;
    fit->is_bound = 1;
    if (is_separated(val))
        return;
    if (slope(val, low, &curvature) >= 0) {
        fit->temperature = recalibrate_hottest;
    } else if (slope(val, high, &curvature) <= 0) {
        fit->temperature = recalibrate_coldest;
    } else {
        fit->temperature = 1 / root(val, low, high);
        fit->is_bound = 0;
    }
}

/* ---- threshold ---- */

/* An image and the offset of a class above which it is predicted as that. */
struct turn {
    double at;
    int before, after; /* its class is hit below and above */
    int label;
};

struct search {
    const struct scores_input *val;
    const int *count;              /* (C) images of each class */
    double *log_q;                 /* (n, C) */
    struct turn *turn;             /* (n) */
    long hit[CONFIG_MAX_CLUSTERS]; /* (C) */
};

static double balanced(const struct search *s)
{
    double sum = 0;
    for (int c = 0; c < s->val->n_classes; c++)
        sum += (double)s->hit[c] / s->count[c];
    return sum / s->val->n_classes;
}

static double balanced_of(struct search *s, const struct recalibrator *fit)
{
    memset(s->hit, 0, sizeof s->hit);
    for (int i = 0; i < s->val->n; i++) {
        int label = s->val->label[i];
        s->hit[label] += predicted(fit, s->log_q + (size_t)i * (size_t)fit->n_classes) == label;
    }
    return balanced(s);
}

static int by_turn(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Where each image turns to class c, the offsets of the others as they are. */
static void find_turns(struct search *s, const struct recalibrator *fit, int c)
{
    memset(s->hit, 0, sizeof s->hit);
    for (int i = 0; i < s->val->n; i++) {
        const double *log_q = s->log_q + (size_t)i * (size_t)fit->n_classes;
        int other = c == 0, label = s->val->label[i];
        for (int k = 0; k < fit->n_classes; k++)
            if (k != c && log_q[k] + fit->offset[k] > log_q[other] + fit->offset[other])
                other = k;
        s->turn[i] =
            (struct turn){log_q[other] + fit->offset[other] - log_q[c], other == label, c == label, label};
        s->hit[label] += other == label;
    }
    qsort(s->turn, (size_t)s->val->n, sizeof *s->turn, by_turn);
}

/* The best offset of class c in the middle between two turns, the largest of equals, when it is better than
 * `best`. Sums of shares that differ by their rounding are equal. */
static double best_offset(struct search *s, const struct recalibrator *fit, int c, double best)
{
    double offset = fit->offset[c];
    find_turns(s, fit, c);
    for (int i = 0; i + 1 < s->val->n; i++) {
        const struct turn *turn = &s->turn[i];
        s->hit[turn->label] += turn->after - turn->before;
        double value = balanced(s);
        if (turn[1].at > turn->at && value > best - 1e-12) {
            offset = (turn->at + turn[1].at) / 2;
            best = fmax(best, value);
        }
    }
    return offset;
}

/* Moves class c when that is better. */
static int improve(struct search *s, struct recalibrator *fit, int c)
{
    double was = fit->offset[c], before = balanced_of(s, fit);
    fit->offset[c] = best_offset(s, fit, c, before + 1e-9);
    if (balanced_of(s, fit) > before)
        return 1;
    fit->offset[c] = was;
    return 0;
}

static void tune(struct search *s, struct recalibrator *fit)
{
    int moved = 1;
    if (fit->n_classes == 2)
        fit->offset[s->val->positive] = best_offset(s, fit, s->val->positive, balanced_of(s, fit));
    for (int round = 0; round < MOST_ROUNDS && moved && fit->n_classes > 2; round++) {
        moved = 0;
        for (int c = 0; c < fit->n_classes; c++)
            moved |= improve(s, fit, c);
    }
}

static int fit_threshold(struct recalibrator *fit, const struct scores_input *val, const int *count,
                         struct err *err)
{
    size_t n = (size_t)val->n, c = (size_t)val->n_classes;
    struct search s = {.val = val, .count = count};
    struct recalibrator plain = {.n_classes = val->n_classes, .temperature = 1};
    s.log_q = err_calloc(n * c, sizeof *s.log_q, "the val set", err);
    s.turn = err_calloc(n, sizeof *s.turn, "the val set", err);
    int rc = s.log_q && s.turn ? 0 : E_IO;
    if (rc == 0) {
        for (size_t i = 0; i < n; i++)
            log_row(&plain, row_of(val, (int)i), s.log_q + i * c);
        fit->before = balanced_of(&s, &plain);
        for (size_t i = 0; i < n; i++)
            log_row(fit, row_of(val, (int)i), s.log_q + i * c);
        if (fit->threshold == THRESHOLD_TUNED)
            tune(&s, fit);
        fit->after = balanced_of(&s, fit);
    }
    free(s.log_q);
    free(s.turn);
    return rc;
}

int recalibrate_fit(enum recalibration how, enum threshold threshold, const struct scores_input *val,
                    const double *trained, struct recalibrator *out, struct err *err)
{
    int count[CONFIG_MAX_CLUSTERS];
    *out = (struct recalibrator){.how = how,
                                 .threshold = threshold,
                                 .temperature = 1,
                                 .n_classes = val->n_classes,
                                 .before = (double)NAN,
                                 .after = (double)NAN};
    if (how == RECALIBRATE_NONE && threshold == THRESHOLD_ARGMAX)
        return 0;
    out->n_val = val->n;
    out->why = flaw(val, count);
    if (!out->why && how == RECALIBRATE_PRIOR)
        out->why = fit_prior(out, count, trained);
    if (!out->why && how == RECALIBRATE_TEMPERATURE)
        fit_temperature(out, val);
    return out->why ? 0 : fit_threshold(out, val, count, err);
}

double recalibrate_cut(const struct recalibrator *fit, int positive)
{
    if (fit->why || fit->threshold != THRESHOLD_TUNED || fit->n_classes != 2)
        return (double)NAN;
    double weight = fit->weight[positive] - fit->weight[1 - positive];
    return 1 / (1 + exp(fit->temperature * (fit->offset[positive] + weight)));
}
