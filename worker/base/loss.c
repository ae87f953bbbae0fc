#include "base/loss.h"

#include <math.h>
#include <stddef.h>

/* z (classes) becomes log-softmax(z); the maximum is taken out first so that no exponential overflows. */
static void to_log_softmax(double *z, int classes)
{
    double top = -HUGE_VAL, sum = 0;
    for (int j = 0; j < classes; j++)
        top = z[j] > top || isnan(z[j]) ? z[j] : top;
    for (int j = 0; j < classes; j++)
        sum += exp(z[j] - top);
    for (int j = 0; j < classes; j++)
        z[j] -= top + log(sum);
}

/* log_p (classes) = log-softmax(logits + offset). */
static void log_softmax(double *log_p, const float *logits, const float *offset, int classes)
{
    for (int j = 0; j < classes; j++)
        log_p[j] = (double)logits[j] + (offset ? (double)offset[j] : 0.0);
    to_log_softmax(log_p, classes);
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

static double loss_of(float *dlogits, const double *log_p, const float *target, double scale, int classes,
                      const struct loss_rule *rule)
{
    return rule->kind == LOSS_FOCAL ? focal(dlogits, log_p, target, rule->gamma, scale, classes)
                                    : cross_entropy(dlogits, log_p, target, scale, classes);
}

/* log_p (classes) of the logits with the margin of class y. */
static void log_softmax_against(double *log_p, const float *logits, int y, int classes,
                                const struct loss_rule *rule)
{
    for (int j = 0; j < classes; j++) {
        double margin = j == y ? (double)rule->margin[y] : 0.0;
        log_p[j] = rule->scale * ((double)logits[j] - margin);
        log_p[j] += rule->logit_offset ? (double)rule->logit_offset[j] : 0.0;
    }
    to_log_softmax(log_p, classes);
}

/* dL = sum_y t_y dL_y, since the margin is a constant. */
static double loss_with_margins(float *dlogits, const float *logits, const float *target, double scale,
                                int classes, const struct loss_rule *rule)
{
    float one_hot[LOSS_MAX_CLASSES] = {0}, d[LOSS_MAX_CLASSES];
    double log_p[LOSS_MAX_CLASSES], loss = 0;
    for (int j = 0; j < classes; j++)
        dlogits[j] = 0;
    for (int y = 0; y < classes; y++) {
        if (target[y] == 0)
            continue;
        one_hot[y] = 1;
        log_softmax_against(log_p, logits, y, classes, rule);
        loss += loss_of(d, log_p, one_hot, scale * (double)target[y], classes, rule);
        for (int j = 0; j < classes; j++)
            dlogits[j] += (float)(rule->scale * (double)d[j]);
        one_hot[y] = 0;
    }
    return loss;
}

double loss_gradient(float *dlogits, const float *logits, const float *target, const float *weight, int n,
                     int classes, const struct loss_rule *rule)
{
    double log_p[LOSS_MAX_CLASSES], total = 0;
    for (int i = 0; i < n; i++) {
        size_t row = (size_t)i * (size_t)classes;
        double scale = (double)weight[i] / n;
        if (rule->margin) {
            total += loss_with_margins(dlogits + row, logits + row, target + row, scale, classes, rule);
            continue;
        }
        log_softmax(log_p, logits + row, rule->logit_offset, classes);
        total += loss_of(dlogits + row, log_p, target + row, scale, classes, rule);
    }
    return total;
}
