#include "paper/chance.h"

#include "stats/predicted.h"

#include <math.h>
#include <string.h>

double chance_average_precision(int n, int positive)
{
    double harmonic = 0;
    for (int k = 1; k <= n; k++)
        harmonic += 1.0 / k;
    return n > 1 ? (harmonic + (n - harmonic) * (positive - 1) / (n - 1)) / n : 1;
}

const char *chance_why_not_above(const struct contrast *above)
{
    if (above->n < 2)
        return "one run";
    if (above->mean > 0 && above->p < contrast_alpha)
        return NULL;
    return above->mean > 0 && above->smallest_p >= contrast_alpha ? "few runs" : "baseline at chance";
}

/* Of the images of one job; NaN of none. */
static double of_input(const struct scores_input *input)
{
    int count[CONFIG_MAX_CLUSTERS] = {0}, n = 0;
    double sum = 0;
    for (int i = 0; i < input->n; i++)
        count[input->label[i]]++;
    if (input->n_classes == 2)
        return count[input->positive] > 0 ? chance_average_precision(input->n, count[input->positive])
                                          : (double)NAN;
    for (int c = 0; c < input->n_classes; c++)
        if (count[c] > 0) {
            sum += chance_average_precision(input->n, count[c]);
            n++;
        }
    return n > 0 ? sum / n : (double)NAN;
}

int chance_of(struct store *store, const struct summary_group *group, const char *metric, double *out,
              struct err *err)
{
    struct predicted *predicted = NULL;
    double sum = 0;
    int n = 0, rc = 0;
    *out = 0.5;
    if (strcmp(metric, "auprc") != 0)
        return 0;
    rc = predicted_new(store, &predicted, err);
    for (int i = 0; i < group->n_state[JOB_DONE] && rc == 0; i++) {
        struct scores_input input;
        rc = predicted_read(predicted, &group->job[i], 1, SET_TEST, &input, err);
        double chance = rc == 0 ? of_input(&input) : (double)NAN;
        if (!isnan(chance)) {
            sum += chance;
            n++;
        }
    }
    predicted_free(predicted);
    *out = n > 0 ? sum / n : (double)NAN;
    return rc;
}
