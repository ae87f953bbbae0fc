#include "sweep/speeds.h"

#include "clock.h"
#include "models/model.h"
#include "rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double speeds_budget = 10;

/* What a kind gets at most, seconds. */
static const double moment = 0.25;

/* The wanted jobs of one kind. */
struct kind {
    unsigned long number;
    int job;      /* one of them */
    double work;  /* of all, in the units of the model */
    double speed; /* seconds a unit of work, 0: not known */
};

/* Work of a training step on a whole batch. */
static double step_work(const struct config *c)
{
    return model_of(c)->work(c, (double)c->batch, 0) / (double)c->epochs;
}

/* Whether a job must be tried to know its speed. */
static int is_tried(const struct config *c)
{
    return model_of(c)->seconds <= 0;
}

/* ---- one kind ---- */

/* Train on noise for `share` seconds, after one step to warm up: seconds a unit of work. */
static int time_steps(void *model, const struct config *c, const float *pixels, double share, double *speed,
                      struct err *err)
{
    int n = (int)c->batch, classes = c->clusters.n, steps = 0;
    const float **image = err_calloc((size_t)n, sizeof *image, "a trial", err);
    float *target = err_calloc((size_t)n * (size_t)classes, sizeof *target, "a trial", err);
    float *weight = err_calloc((size_t)n, sizeof *weight, "a trial", err);
    float *probs = err_calloc((size_t)n * (size_t)classes, sizeof *probs, "a trial", err);
    int rc = image && target && weight && probs ? 0 : E_IO;
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    double start = 0, end = 0;
    for (int i = 0; rc == 0 && i < n; i++) {
        image[i] = pixels;
        weight[i] = target[i * classes + i % classes] = 1;
    }
    while (rc == 0 && (steps < 2 || end - start < share)) {
        const struct batch batch = {.n = n,
                                    .per_epoch = INT32_MAX,
                                    .image = image,
                                    .target = target,
                                    .weight = weight,
                                    .dropout_key = 1,
                                    .dropout_step = (uint64_t)steps};
        model_of(c)->teach(model, c, &batch, &loss, probs);
        end = clock_now();
        start = steps++ ? start : end;
    }
    if (rc == 0)
        *speed = (end - start) / (steps - 1) / step_work(c);
    free(image);
    free(target);
    free(weight);
    free(probs);
    return rc;
}

static int measure(const struct config *c, double share, double *speed, struct err *err)
{
    const struct model_spec spec = {c, NULL, rng_key("trial", "", 0)};
    void *model = NULL;
    size_t n_pixels = (size_t)(c->image_size * c->image_size * c->channels);
    float *pixels = err_calloc(n_pixels, sizeof *pixels, "a trial", err);
    struct rng rng = rng_start(rng_key("trial", "", 0), 0);
    for (size_t i = 0; pixels && i < n_pixels; i++)
        pixels[i] = (float)rng_uniform(&rng);
    int rc = pixels ? model_of(c)->open(&spec, &model, err) : E_IO;
    if (rc == 0)
        rc = time_steps(model, c, pixels, share, speed, err);
    if (model)
        model_of(c)->close(model);
    free(pixels);
    return rc;
}

/* ---- all kinds ---- */

static int by_number(const void *a, const void *b)
{
    const struct kind *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static int by_falling_work(const void *a, const void *b)
{
    const struct kind *x = a, *y = b;
    if (x->work < y->work || x->work > y->work)
        return x->work > y->work ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

/* The kinds of the wanted jobs, by their numbers, in kind (n_jobs); number: of the kind of each job. Returns
 * how many. */
static int list_kinds(const struct sweep *sweep, const char *wanted, const unsigned long *number,
                      struct kind *kind)
{
    int n = 0, n_kinds = 0;
    for (int j = 0; j < sweep->n_jobs; j++)
        if (wanted[j])
            kind[n++] = (struct kind){number[j], j, sweep->job[j].plan.cost, 0};
    qsort(kind, (size_t)n, sizeof *kind, by_number);
    for (int i = 0; i < n; i++) {
        if (n_kinds && kind[n_kinds - 1].number == kind[i].number)
            kind[n_kinds - 1].work += kind[i].work;
        else
            kind[n_kinds++] = kind[i];
    }
    return n_kinds;
}

/* Whether a kind can be timed, at the mean speed of those that were, without using more than the budget. */
static int is_affordable(const struct config *c, double speed, double spent)
{
    return spent + 2 * speed * step_work(c) < speeds_budget;
}

/* Time kinds, the most work first, and give the others the mean speed by work. */
static int time_kinds(const struct sweep *sweep, struct kind *kind, int n_kinds, struct speeds *out,
                      struct err *err)
{
    double begun = clock_now(), work = 0, seconds = 0, share;
    struct config config, *c = &config;
    for (int k = 0; k < n_kinds; k++) {
        sweep_config(sweep, kind[k].job, c);
        out->n_kinds += is_tried(c);
    }
    share = fmin(moment, speeds_budget / fmax(1, out->n_kinds));
    qsort(kind, (size_t)n_kinds, sizeof *kind, by_falling_work);
    for (int k = 0; k < n_kinds; k++) {
        sweep_config(sweep, kind[k].job, c);
        if (!is_tried(c)) {
            kind[k].speed = model_of(c)->seconds;
            continue;
        }
        if (out->n_timed > 0 && !is_affordable(c, seconds / work, clock_now() - begun))
            continue;
        int rc = measure(c, share, &kind[k].speed, err);
        if (rc < 0)
            return rc;
        out->n_timed++;
        work += kind[k].work;
        seconds += kind[k].work * kind[k].speed;
    }
    for (int k = 0; k < n_kinds; k++)
        if (kind[k].speed <= 0)
            kind[k].speed = seconds / work;
    out->spent = clock_now() - begun;
    return 0;
}

static unsigned long kind_of(const struct sweep *sweep, int job)
{
    struct config config;
    sweep_config(sweep, job, &config);
    return sweep_kind(&config);
}

/* Position of the kind with a number, which is there. */
static int find_kind(const struct kind *kind, int n, unsigned long number)
{
    int low = 0, high = n - 1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (kind[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int speeds_expect(const struct sweep *sweep, const char *wanted, double *seconds, struct speeds *out,
                  struct err *err)
{
    struct kind *kind = err_calloc((size_t)sweep->n_jobs, sizeof *kind, "the plan", err);
    unsigned long *number = err_calloc((size_t)sweep->n_jobs, sizeof *number, "the plan", err);
    int rc = kind && number ? 0 : E_IO, n_kinds = 0;
    *out = (struct speeds){0};
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++)
        number[j] = wanted[j] ? kind_of(sweep, j) : 0;
    if (rc == 0) {
        n_kinds = list_kinds(sweep, wanted, number, kind);
        rc = time_kinds(sweep, kind, n_kinds, out, err);
    }
    if (rc == 0)
        qsort(kind, (size_t)n_kinds, sizeof *kind, by_number);
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++)
        seconds[j] =
            wanted[j] ? kind[find_kind(kind, n_kinds, number[j])].speed * sweep->job[j].plan.cost : -1;
    free(number);
    free(kind);
    return rc;
}
