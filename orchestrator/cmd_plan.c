#include "command.h"

#include "cnn.h"
#include "grid.h"
#include "progress.h"
#include "rng.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SET = 256, OPTION_SET = 256, OPTION_KEYS };

static const char doc[] =
    "Show what a sweep would do, without doing it.\v"
    "Every job with the sizes of its training and validation set, its leak (validation images with a copy or "
    "an augmented "
    "sibling in training) and its cost on this machine, then the expected wall time for 1, 2, 4, ... ranks, "
    "or for N. "
    "Speed is measured for a moment on made-up images of each network of the grid; nothing is written.\n\n"
    "Examples:\n"
    "  cellsweep plan experiments/fig4.yaml\n"
    "  cellsweep plan sweep.yaml --ranks 256 --filter strategy=augment\n"
    "  cellsweep plan --keys\n";

static const struct argp_option options[] = {
    {"ranks", 'n', "N", 0, "Expected wall time for N ranks", 0},
    {"set", OPTION_SET, "KEY=VALUE", 0,
     "Override a value of the sweep file; of a key that the grid varies, leave that value alone (seed=5), or "
     "other ones ('grid.seed=[5, 6]'); may be repeated",
     0},
    {"filter", 'f', "FILTER", 0, "Only matching jobs, e.g. 'strategy=augment|none,clusters=1-27'", 0},
    {"keys", OPTION_KEYS, NULL, 0, "List every key a sweep file may hold, with default and meaning", 0},
    {0}};

struct arguments {
    const char *sweep_path, *filter;
    int ranks, keys, n_set;
    char *set[MAX_SET];
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'n':
        a->ranks = atoi(arg);
        if (a->ranks < 1)
            argp_error(state, "--ranks: '%s' is not a number of ranks", arg);
        return 0;
    case 'f':
        a->filter = arg;
        return 0;
    case OPTION_KEYS:
        a->keys = 1;
        return 0;
    case OPTION_SET:
        if (a->n_set == MAX_SET)
            argp_error(state, "more than %d --set", MAX_SET);
        a->set[a->n_set++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->sweep_path)
            argp_error(state, "one sweep file, please; '%s' is a second", arg);
        a->sweep_path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->sweep_path && !a->keys)
            argp_error(state, "which sweep file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_keys(void)
{
    printf("%-25s %-10s %s\n", "key", "default", "meaning");
    printf("%-25s %-10s %s\n", "name", "sweep", "what the sweep is called");
    printf("%-25s %-10s %s\n", "data", "-", "builtin, a packed dataset, or a folder of images");
    printf("%-25s %-10s %s\n", "pixel_size", "0.2125",
           "micrometres a pixel, for a folder with cell boundaries");
    printf("%-25s %-10s %s\n", "keep_weights", "false",
           "weights of every job to store, for predict and serve: final (or true), best, or false: none");
    for (const struct config_key *key = config_keys; key->name; key++)
        printf("%-25s %-10s %s\n", key->name, key->fallback, key->help);
    printf("%-25s %-10s %s\n", "grid", "-",
           "any of the keys from clusters on with a list of values; seed also {first: 1, count: 10}");
    return 0;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct cnn_shape shape_of(const struct config *c)
{
    return (struct cnn_shape){.size = (int)c->image_size,
                              .filters = {(int)c->filters1, (int)c->filters2},
                              .dense = {(int)c->dense1, (int)c->dense2},
                              .n_classes = c->clusters.n,
                              .dropout = {c->dropout1, c->dropout2, c->dropout3}};
}

/* Train on noise for a quarter of a second, after one step to warm up: seconds a unit of cost. */
static int time_steps(struct cnn *net, const struct config *c, const float *pixels, double *speed,
                      struct err *err)
{
    int n = (int)c->batch, classes = c->clusters.n, steps = 0;
    const float **image = err_calloc((size_t)n, sizeof *image, "a trial", err);
    float *target = err_calloc((size_t)n * (size_t)classes, sizeof *target, "a trial", err);
    float *weight = err_calloc((size_t)n, sizeof *weight, "a trial", err);
    float *probs = err_calloc((size_t)n * (size_t)classes, sizeof *probs, "a trial", err);
    int rc = image && target && weight && probs ? 0 : E_IO;
    const struct cnn_loss loss = {.kind = CNN_CROSS_ENTROPY};
    const struct cnn_adam adam = {c->learning_rate, c->beta1, c->beta2, c->epsilon};
    double start = 0, end = 0;
    for (int i = 0; rc == 0 && i < n; i++) {
        image[i] = pixels;
        weight[i] = target[i * classes + i % classes] = 1;
    }
    while (rc == 0 && (steps < 2 || end - start < 0.25)) {
        struct cnn_batch batch = {n, image, target, weight, 1, (uint64_t)steps};
        cnn_train(net, &batch, &loss, &adam, probs);
        end = seconds_now();
        start = steps++ ? start : end;
    }
    struct cnn_shape shape = shape_of(c);
    if (rc == 0)
        *speed = (end - start) / (steps - 1) / n / cnn_dense_flop(&shape);
    free(image);
    free(target);
    free(weight);
    free(probs);
    return rc;
}

/* Seconds a unit of cost on this machine; for model fake cost is in milliseconds. */
static int measure_speed(const struct config *c, double *speed, struct err *err)
{
    struct cnn_shape shape = shape_of(c);
    struct cnn *net = NULL;
    size_t n_pixels = (size_t)(c->image_size * c->image_size);
    *speed = 1e-3;
    if (strcmp(c->model, "fake") == 0)
        return 0;
    float *pixels = err_calloc(n_pixels, sizeof *pixels, "a trial", err);
    struct rng rng = rng_start(rng_key("trial", "", 0), 0);
    for (size_t i = 0; pixels && i < n_pixels; i++)
        pixels[i] = (float)rng_uniform(&rng);
    int rc = pixels ? cnn_new(&shape, (int)c->batch, &net, err) : E_IO;
    if (rc == 0) {
        cnn_init(net, rng_key("trial", "", 0));
        rc = time_steps(net, c, pixels, speed, err);
    }
    cnn_free(net);
    free(pixels);
    return rc;
}

static int same_network(const struct config *a, const struct config *b)
{
    return a->image_size == b->image_size && a->filters1 == b->filters1 && a->filters2 == b->filters2 &&
           a->dense1 == b->dense1 && a->dense2 == b->dense2 && a->clusters.n == b->clusters.n &&
           a->batch == b->batch && strcmp(a->model, b->model) == 0;
}

/* Expected seconds of every matching job, -1 for the others. */
static int expect_seconds(const struct sweep *sweep, const char *filter, double *seconds, int *n_matching,
                          struct err *err)
{
    *n_matching = 0;
    for (int j = 0; j < sweep->n_jobs; j++) {
        double speed = -1;
        const struct job *job = &sweep->job[j];
        int rc = sweep_job_matches(sweep, j, filter, err);
        *n_matching += rc == 1;
        for (int i = j - 1; rc == 1 && speed < 0 && i >= 0 && j - i < 1000; i--)
            if (seconds[i] >= 0 && same_network(&sweep->job[i].config, &job->config))
                speed = seconds[i] / sweep->job[i].plan.cost;
        if (rc == 1 && speed < 0)
            rc = measure_speed(&job->config, &speed, err) < 0 ? E_IO : 1;
        if (rc < 0)
            return rc;
        seconds[j] = rc == 1 ? speed * job->plan.cost : -1;
    }
    if (*n_matching == 0)
        return sweep_no_match(sweep, filter, err);
    return 0;
}

static void print_jobs(const struct sweep *sweep, const double *seconds)
{
    const char *name[STORE_MAX_AXES];
    int is_number[STORE_MAX_AXES], n_axes = sweep_axis_names(sweep, name, is_number);
    printf("%6s  %-12s %-16s %-8s %6s %4s %6s", "job", "clusters", "strategy", "protocol", "seed", "fold",
           "repeat");
    for (int a = 0; a < n_axes; a++)
        printf(" %*s", (int)(strlen(name[a]) > 8 ? strlen(name[a]) : 8), name[a]);
    printf(" %7s %5s %5s %9s\n", "n_train", "n_val", "leak", "seconds");
    for (int j = 0; j < sweep->n_jobs; j++) {
        struct store_job row;
        const struct job_plan *plan = &sweep->job[j].plan;
        if (seconds[j] < 0)
            continue;
        sweep_row(sweep, j, &row);
        printf("%6d  %-12s %-16s %-8s %6lld %4d %6d", j, row.clusters, row.strategy, row.protocol,
               (long long)row.seed, row.fold, row.repeat);
        for (int a = 0; a < n_axes; a++)
            printf(" %*s", (int)(strlen(name[a]) > 8 ? strlen(name[a]) : 8), row.axis[a]);
        printf(" %7d %5d %5d %9.2f\n", plan->n_train, plan->n_val, plan->leak, seconds[j]);
    }
}

static int by_falling_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Wall time when the longest job always goes to the rank that is free first: the schedule of `run`. load: (ranks) a heap of end
 * times, the earliest at the root. */
static double wall_time(const double *sorted, int n, int ranks, double *load)
{
    double last = 0;
    memset(load, 0, (size_t)ranks * sizeof *load);
    for (int j = 0; j < n; j++) {
        double end = load[0] + sorted[j];
        int at = 0;
        for (int child = 1; child < ranks; child = 2 * at + 1) {
            child += child + 1 < ranks && load[child + 1] < load[child];
            if (load[child] >= end)
                break;
            load[at] = load[child];
            at = child;
        }
        load[at] = end;
        last = end > last ? end : last;
    }
    return last;
}

static int print_wall_times(const double *seconds, int n_jobs, int n_matching, int ranks, struct err *err)
{
    int most = ranks ? ranks : 512, n = 0;
    double *sorted = err_calloc((size_t)n_matching, sizeof *sorted, "the schedule", err);
    double *load = err_calloc((size_t)most, sizeof *load, "the schedule", err);
    int rc = sorted && load ? 0 : E_IO;
    for (int j = 0; rc == 0 && j < n_jobs; j++)
        if (seconds[j] >= 0)
            sorted[n++] = seconds[j];
    if (rc == 0) {
        qsort(sorted, (size_t)n, sizeof *sorted, by_falling_seconds);
        printf("expected wall time, one core a rank as fast as this one:\n");
    }
    for (int r = ranks ? ranks : 1; rc == 0 && r <= most; r *= 2) {
        char text[32];
        printf("  %4d rank%s %10s\n", r, r == 1 ? " " : "s",
               progress_duration(wall_time(sorted, n, r, load), text, sizeof text));
        if (r >= n)
            break;
    }
    free(sorted);
    free(load);
    return rc;
}

static int plan(const struct arguments *a, struct sweep *sweep, const struct dataset *data, struct err *err)
{
    int n_matching = 0;
    double *seconds = err_calloc((size_t)sweep->n_jobs, sizeof *seconds, "the plan", err);
    int rc = seconds ? expect_seconds(sweep, a->filter, seconds, &n_matching, err) : E_IO;
    if (rc == 0) {
        print_jobs(sweep, seconds);
        printf("%s: %d jobs; data %s%s, %d images of %d x %d pixels, checksum %.12s\n", sweep->name,
               n_matching, data->origin, data->synthetic ? " (synthetic)" : "", data->n_images, data->size,
               data->size, data->checksum);
        rc = print_wall_times(seconds, sweep->n_jobs, n_matching, a->ranks, err);
    }
    free(seconds);
    return rc;
}

int cmd_plan(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {options, parse, "SWEEP.yaml", doc, NULL, NULL, NULL};
    struct arguments a = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.keys)
        return print_keys();
    struct sweep *sweep = NULL;
    struct dataset *data = NULL;
    int rc = sweep_read(a.sweep_path, a.n_set, a.set, &sweep, err);
    if (rc == 0) {
        struct dataset_options data_options = {sweep_image_size(sweep), sweep->pixel_size,
                                               sweep_groups(sweep), 0};
        rc = dataset_try(sweep->data, err);
        if (rc == 0)
            rc = dataset_open(sweep->data, &data_options, &data, err);
    }
    if (rc == 0)
        rc = sweep_expand(sweep, data, err);
    if (rc == 0)
        rc = plan(&a, sweep, data, err);
    dataset_free(data);
    sweep_free(sweep);
    return rc;
}
