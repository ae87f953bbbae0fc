#include "stats/scores.h"

#include "base/metrics.h"
#include "base/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ECE_BINS = 15 };

struct judged {
    struct scores_input in;
    int has_nan;           /* a NaN among the probabilities */
    long right, predicted; /* images predicted rightly, and at all */
    long *confusion;       /* (C, C) rows true, columns predicted */
    long *row, *column;    /* (C) images of a class, predictions of it */
    struct ranked *ranked; /* (n) scratch */
};

/* ---- preparation ---- */

static const float *probs_of(const struct judged *j, int i)
{
    return j->in.probs + (size_t)i * (size_t)j->in.stride;
}

static void count(struct judged *j)
{
    for (int i = 0; i < j->in.n; i++) {
        int label = j->in.label[i], predicted = metrics_predicted(probs_of(j, i), j->in.n_classes);
        j->row[label]++;
        j->has_nan |= predicted < 0;
        if (predicted < 0)
            continue;
        j->predicted++;
        j->column[predicted]++;
        j->confusion[label * j->in.n_classes + predicted]++;
        j->right += label == predicted;
    }
}

int judged_new(const struct scores_input *input, struct judged **out, struct err *err)
{
    size_t n = (size_t)input->n, c = (size_t)input->n_classes;
    struct judged *j = err_calloc(1, sizeof *j, "scores", err);
    *out = NULL;
    if (!j)
        return E_IO;
    j->in = *input;
    j->confusion = err_calloc(c * c, sizeof(long), "scores", err);
    j->row = err_calloc(c, sizeof(long), "scores", err);
    j->column = err_calloc(c, sizeof(long), "scores", err);
    j->ranked = err_calloc(n, sizeof *j->ranked, "scores", err);
    if (!j->confusion || !j->row || !j->column || !j->ranked) {
        judged_free(j);
        return E_IO;
    }
    count(j);
    *out = j;
    return 0;
}

void judged_free(struct judged *judged)
{
    if (!judged)
        return;
    free(judged->confusion);
    free(judged->row);
    free(judged->column);
    free(judged->ranked);
    free(judged);
}

int scores_minority(const int *label, int n, int n_classes)
{
    int best = -1, fewest = 0;
    for (int c = 0; c < n_classes; c++) {
        int images = 0;
        for (int i = 0; i < n; i++)
            images += label[i] == c;
        if (best < 0 || images <= fewest) {
            best = c;
            fewest = images;
        }
    }
    return best;
}

/* ---- of one class ---- */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

static double hits(const struct judged *j, int c)
{
    return (double)j->confusion[c * j->in.n_classes + c];
}

static double class_recall(const struct judged *j, int c)
{
    return ratio(hits(j, c), (double)j->row[c]);
}

/* Images of other classes that were not taken for this one. */
static double class_specificity(const struct judged *j, int c)
{
    double others = (double)(j->in.n - j->row[c]), taken = (double)j->column[c] - hits(j, c);
    return ratio(others - taken, others);
}

static double class_precision(const struct judged *j, int c)
{
    return ratio(hits(j, c), (double)j->column[c]);
}

static double class_f1(const struct judged *j, int c)
{
    return ratio(2 * hits(j, c), (double)(j->row[c] + j->column[c]));
}

static double class_prevalence(const struct judged *j, int c)
{
    return ratio((double)j->row[c], (double)j->in.n);
}

/* Images by falling probability of class c. */
static const struct ranked *rank_by_class(const struct judged *j, int c)
{
    for (int i = 0; i < j->in.n; i++)
        j->ranked[i] = (struct ranked){probs_of(j, i)[c], j->in.label[i] == c};
    ranking_sort(j->ranked, j->in.n);
    return j->ranked;
}

/* Share of pairs (image of c, other image) in which the first has the larger probability of
 * c; a tie counts one half. */
static double class_auroc(const struct judged *j, int c)
{
    return j->has_nan ? (double)NAN : ranking_auroc(rank_by_class(j, c), j->in.n);
}

/* Sum over thresholds of the gain in recall times the precision there; equal scores are one threshold. */
static double class_auprc(const struct judged *j, int c)
{
    double area = 0, n_hits, seen = 0;
    if (j->has_nan)
        return (double)NAN;
    const struct ranked *ranked = rank_by_class(j, c);
    for (int i = 0, end; i < j->in.n; i = end) {
        end = ranking_tie_end(ranked, i, j->in.n, &n_hits);
        seen += n_hits;
        area += n_hits * seen / end;
    }
    return ratio(area, (double)j->row[c]);
}

/* ---- of all classes ---- */

typedef double class_score(const struct judged *, int c);

static double macro(const struct judged *j, class_score *of_class)
{
    double sum = 0;
    int present = 0;
    for (int c = 0; c < j->in.n_classes; c++)
        if (j->row[c] > 0) {
            sum += of_class(j, c);
            present++;
        }
    return ratio(sum, present);
}

/* Two classes: the positive one's; more: the macro value. */
static double positive_or_macro(const struct judged *j, class_score *of_class)
{
    return j->in.n_classes == 2 ? of_class(j, j->in.positive) : macro(j, of_class);
}

static double sensitivity(const struct judged *j)
{
    return positive_or_macro(j, class_recall);
}

static double specificity(const struct judged *j)
{
    return positive_or_macro(j, class_specificity);
}

static double precision(const struct judged *j)
{
    return positive_or_macro(j, class_precision);
}

static double auroc(const struct judged *j)
{
    return positive_or_macro(j, class_auroc);
}

static double auprc(const struct judged *j)
{
    return positive_or_macro(j, class_auprc);
}

static double prevalence(const struct judged *j)
{
    return positive_or_macro(j, class_prevalence);
}

static double macro_f1(const struct judged *j)
{
    return macro(j, class_f1);
}

static double balanced_accuracy(const struct judged *j)
{
    return macro(j, class_recall);
}

static double accuracy(const struct judged *j)
{
    return ratio((double)j->right, (double)j->in.n);
}

/* One class alone has no counterpart to weigh its recall against. */
static double g_mean(const struct judged *j)
{
    double product = 1;
    int present = 0;
    for (int c = 0; c < j->in.n_classes; c++)
        if (j->row[c] > 0) {
            product *= class_recall(j, c);
            present++;
        }
    return present >= 2 ? pow(product, 1.0 / present) : (double)NAN;
}

/* Sums of products of the counts of classes; images predicted as no class are a class of their own
 * that is never true. */
static void products(const struct judged *j, double *true_true, double *predicted_predicted,
                     double *true_predicted)
{
    double none = (double)(j->in.n - j->predicted);
    *true_true = *true_predicted = 0;
    *predicted_predicted = none * none;
    for (int c = 0; c < j->in.n_classes; c++) {
        double t = (double)j->row[c], p = (double)j->column[c];
        *true_true += t * t;
        *predicted_predicted += p * p;
        *true_predicted += t * p;
    }
}

static double mcc(const struct judged *j)
{
    double tt, pp, tp, n = j->in.n;
    products(j, &tt, &pp, &tp);
    return ratio((double)j->right * n - tp, sqrt((n * n - tt) * (n * n - pp)));
}

static double kappa(const struct judged *j)
{
    double tt, pp, tp, n = j->in.n;
    products(j, &tt, &pp, &tp);
    return ratio((double)j->right * n - tp, n * n - tp);
}

static double brier(const struct judged *j)
{
    double sum = 0;
    for (int i = 0; i < j->in.n; i++)
        for (int c = 0; c < j->in.n_classes; c++) {
            double d = (double)probs_of(j, i)[c] - (j->in.label[i] == c);
            sum += d * d;
        }
    return ratio(sum, j->in.n);
}

/* Bins are open below and closed above. A damaged file may hold any number. */
static int ece_bin(double confidence)
{
    return (int)fmin(fmax(ceil(confidence * ECE_BINS) - 1, 0), ECE_BINS - 1);
}

static double ece(const struct judged *j)
{
    double gap[ECE_BINS] = {0}, sum = 0;
    if (j->has_nan)
        return (double)NAN;
    for (int i = 0; i < j->in.n; i++) {
        int predicted = metrics_predicted(probs_of(j, i), j->in.n_classes);
        double confidence = (double)probs_of(j, i)[predicted];
        gap[ece_bin(confidence)] += (predicted == j->in.label[i]) - confidence;
    }
    for (int b = 0; b < ECE_BINS; b++)
        sum += fabs(gap[b]);
    return ratio(sum, j->in.n);
}

/* ---- the table ---- */

const struct score scores[] = {
    {"accuracy", "images predicted rightly / images", 1, 0, 1, accuracy, NULL},
    {"balanced_accuracy", "mean recall over the classes present", 1, 0, 1, balanced_accuracy, NULL},
    {"sensitivity", "TP / (TP + FN), the recall", 1, 0, 1, sensitivity, class_recall},
    {"specificity", "TN / (TN + FP)", 1, 0, 1, specificity, class_specificity},
    {"precision", "TP / (TP + FP)", 1, 0, 1, precision, class_precision},
    {"macro_f1", "mean over the classes present of 2 TP / (2 TP + FP + FN)", 1, 0, 1, macro_f1, class_f1},
    {"g_mean", "geometric mean of the recalls of the classes present, two at least (Kubat and Matwin 1997)",
     1, 0, 1, g_mean, NULL},
    {"mcc", "(n sum_c TP_c - sum_c t_c p_c) / sqrt((n^2 - sum t_c^2)(n^2 - sum p_c^2)) (Gorodkin 2004)", 1,
     -1, 1, mcc, NULL},
    {"kappa", "(observed - chance agreement) / (1 - chance agreement) (Cohen 1960)", 1, -1, 1, kappa, NULL},
    {"auroc",
     "P(score of an image of the class > score of another) + P(equal) / 2; more classes: one against the "
     "rest",
     1, 0, 1, auroc, class_auroc},
    {"auprc", "average precision: sum over thresholds of (gain in recall) x precision", 1, 0, 1, auprc,
     class_auprc},
    {"prevalence", "share of the class: the AUPRC of a random ranking", 0, 0, 1, prevalence,
     class_prevalence},
    {"brier",
     "mean over images of sum over classes of (p - y)^2; two classes: twice the one-column form (Brier "
     "1950)",
     -1, 0, 2, brier, NULL},
    {"ece", "sum over 15 bins of confidence of |accuracy - confidence| x share of images (Guo et al. 2017)",
     -1, 0, 1, ece, NULL},
};

const int n_scores = sizeof scores / sizeof *scores;

const struct score *score_find(const char *name)
{
    for (int s = 0; s < n_scores; s++)
        if (strcmp(scores[s].name, name) == 0)
            return &scores[s];
    return NULL;
}
