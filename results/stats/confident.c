#include "stats/confident.h"

#include <math.h>
#include <string.h>

static void find_thresholds(const struct confident *c, double *threshold)
{
    for (int k = 0; k < c->n_classes; k++) {
        double sum = 0;
        int n = 0;
        for (int i = 0; i < c->n; i++)
            if (c->label[i] == k) {
                sum += c->probs[i * c->n_classes + k];
                n++;
            }
        threshold[k] = n ? sum / n : (double)NAN;
    }
}

static int counts_as(const double *probs, const double *threshold, int n_classes)
{
    int best = -1;
    for (int k = 0; k < n_classes; k++)
        if (probs[k] >= threshold[k] && (best < 0 || probs[k] > probs[best]))
            best = k;
    return best;
}

void confident_count(const struct confident *c, double *threshold, int *joint, int *counted)
{
    memset(joint, 0, (size_t)c->n_classes * (size_t)c->n_classes * sizeof *joint);
    find_thresholds(c, threshold);
    for (int i = 0; i < c->n; i++) {
        counted[i] = counts_as(c->probs + (size_t)i * (size_t)c->n_classes, threshold, c->n_classes);
        if (counted[i] >= 0)
            joint[c->label[i] * c->n_classes + counted[i]]++;
    }
}

double confident_share(const int *joint, int n_classes, int given, int other)
{
    int sum = 0;
    for (int k = 0; k < n_classes; k++)
        sum += joint[given * n_classes + k];
    return sum ? (double)joint[given * n_classes + other] / sum : 0;
}
