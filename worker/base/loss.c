#include "base/loss.h"

#include <math.h>
#include <stddef.h>

/* log_p (classes) = log-softmax(logits + offset); the maximum is taken out first so
 * that no exponential overflows. */
static void log_softmax(double *log_p, const float *logits, const float *offset, int classes)
{
    double top = -HUGE_VAL, sum = 0;
    for (int j = 0; j < classes; j++) {
        log_p[j] = (double)logits[j] + (offset ? (double)offset[j] : 0.0);
        top = log_p[j] > top || isnan(log_p[j]) ? log_p[j] : top;
    }
    for (int j = 0; j < classes; j++)
        sum += exp(log_p[j] - top);
    for (int j = 0; j < classes; j++)
        log_p[j] -= top + log(sum);
}

void loss_softmax(float *probs, const float *logits, int n, int classes)
{
    double log_p[LOSS_MAX_CLASSES];
    for (int i = 0; i < n; i++) {
        log_softmax(log_p, logits + (size_t)i * (size_t)classes, NULL, classes);
        for (int j = 0; j < classes; j++)
            probs[(size_t)i * (size_t)classes + (size_t)j] = (float)exp(log_p[j]);
    }
}

static double cross_entropy(float *dlogits, const double *log_p, const float *target, double scale,
                            int classes)
{
    double loss = 0;
    for (int j = 0; j < classes; j++) {
        double t = (double)target[j];
        if (t != 0)
            loss -= t * log_p[j];
        dlogits[j] = (float)(scale * (exp(log_p[j]) - t));
    }
    return scale * loss;
}

/* With q = 1 - p and a_j = p_j dL/dp_j = t_j (gamma q_j^(gamma-1) p_j log p_j - q_j^gamma), the gradient is
 * dL/dz_i = a_i - p_i sum_j a_j. At q = 0 the first term's limit is 0 for every gamma > 0. */
static double focal(float *dlogits, const double *log_p, const float *target, double gamma, double scale,
                    int classes)
{
    double a[LOSS_MAX_CLASSES] = {0}, loss = 0, sum = 0;
    for (int j = 0; j < classes; j++) {
        double t = (double)target[j], q = -expm1(log_p[j]), power = pow(q, gamma);
        if (t == 0)
            continue;
        double slope = gamma == 0 || q == 0 ? 0 : gamma * pow(q, gamma - 1) * exp(log_p[j]) * log_p[j];
        loss -= t * power * log_p[j];
        a[j] = t * (slope - power);
        sum += a[j];
    }
    for (int j = 0; j < classes; j++)
        dlogits[j] = (float)(scale * (a[j] - exp(log_p[j]) * sum));
    return scale * loss;
}

double loss_gradient(float *dlogits, const float *logits, const float *target, const float *weight, int n,
                     int classes, const struct loss_rule *rule)
{
    double log_p[LOSS_MAX_CLASSES], total = 0;
    for (int i = 0; i < n; i++) {
        size_t row = (size_t)i * (size_t)classes;
        double scale = (double)weight[i] / n;
        log_softmax(log_p, logits + row, rule->logit_offset, classes);
        total += rule->kind == LOSS_FOCAL
                     ? focal(dlogits + row, log_p, target + row, rule->gamma, scale, classes)
                     : cross_entropy(dlogits + row, log_p, target + row, scale, classes);
    }
    return total;
}
