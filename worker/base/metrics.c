#include "base/metrics.h"

#include <math.h>
#include <string.h>

static const double keras_epsilon = 1e-7; /* K.epsilon() */

const char *const metric_names[N_ALL_METRICS] = {"loss", "accuracy", "balanced_accuracy",
                                                 "balanced_accuracy_as_published", "auroc"};

void metrics_start(struct metrics *metrics, int n_classes)
{
    size_t n = (size_t)n_classes;
    metrics->n_classes = n_classes;
    metrics->loss_sum = 0;
    metrics->n = 0;
    metrics->published_sum = 0;
    metrics->n_batches = 0;
    /* Not the whole struct: two classes need 4 of its 65536 counters. */
    memset(metrics->total, 0, n * sizeof *metrics->total);
    memset(metrics->confusion, 0, n * n * sizeof *metrics->confusion);
}

int metrics_predicted(const float *probs, int n)
{
    int best = 0;
    for (int c = 0; c < n; c++) {
        if (isnan(probs[c]))
            return -1;
        if (probs[c] > probs[best])
            best = c;
    }
    return best;
}

void metrics_add(struct metrics *metrics, const float *probs, const int *label, int n, double loss_mean)
{
    const int n_classes = metrics->n_classes;
    if (n <= 0)
        return;
    for (int i = 0; i < n; i++) {
        int predicted = metrics_predicted(probs + (size_t)i * (size_t)n_classes, n_classes);
        metrics->total[label[i]]++;
        if (predicted >= 0)
            metrics->confusion[label[i] * n_classes + predicted]++;
    }
    metrics->loss_sum += loss_mean * n;
    metrics->n += n;
    metrics->published_sum += metrics_published(probs, label, n, n_classes);
    metrics->n_batches++;
}

static double accuracy(const struct metrics *metrics)
{
    long right = 0;
    for (int c = 0; c < metrics->n_classes; c++)
        right += metrics->confusion[c * metrics->n_classes + c];
    return (double)right / (double)metrics->n;
}

static double balanced_accuracy(const struct metrics *metrics)
{
    double recall_sum = 0;
    int present = 0;
    for (int c = 0; c < metrics->n_classes; c++) {
        if (metrics->total[c] == 0)
            continue;
        recall_sum += (double)metrics->confusion[c * metrics->n_classes + c] / metrics->total[c];
        present++;
    }
    return recall_sum / present;
}

void metrics_finish(const struct metrics *metrics, float out[N_METRICS])
{
    if (metrics->n == 0) {
        for (int m = 0; m < N_METRICS; m++)
            out[m] = NAN;
        return;
    }
    out[METRIC_LOSS] = (float)(metrics->loss_sum / (double)metrics->n);
    out[METRIC_ACCURACY] = (float)accuracy(metrics);
    out[METRIC_BALANCED_ACCURACY] = (float)balanced_accuracy(metrics);
    out[METRIC_BALANCED_ACCURACY_AS_PUBLISHED] = (float)(metrics->published_sum / (double)metrics->n_batches);
}

double metrics_published(const float *probs, const int *label, int n, int n_classes)
{
    double true_positive = 0, true_negative = 0;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < n_classes; c++) {
            double rounded = rint((double)probs[i * n_classes + c]);
            if (c == label[i])
                true_positive += rounded;
            else
                true_negative += 1 - rounded;
        }
    double sensitivity = true_positive / (n + keras_epsilon);
    double specificity = true_negative / ((double)n * (n_classes - 1) + keras_epsilon);
    return (sensitivity + specificity) / 2;
}

double metrics_cross_entropy(const float *probs, const int *label, int n, int n_classes)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double p = (double)probs[i * n_classes + label[i]];
        sum -= log(p < keras_epsilon ? keras_epsilon : p); /* NaN stays NaN */
    }
    return sum / n;
}
