/* cellsweep bench: the training engine against this machine's own GEMM rate, measured in the same run. */
#include "command.h"

#include "cnn.h"
#include "kernels/kernels.h"
#include "layer_time.h"
#include "rng.h"
#include "stopwatch.h"

#include <argp.h>
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GEMM_SIZE = 2048, ROUNDS = 7, N_IMAGES = 256, MAX_RUNS = 4 };

struct options {
    enum kernels_isa isa;
    int batch, classes; /* 0: both of the usual ones */
    int json;
    double seconds; /* a configuration may take */
    struct err *err;
};

/* One network and batch, measured. Times are medians. */
struct result {
    int batch, classes;
    double gemm_flops;    /* flop a second of a large cblas_sgemm */
    double step, predict; /* seconds an image */
    double floor;         /* seconds an image at the GEMM rate, all layers dense */
    struct layer_time layer[LAYER_TIME_ROWS];
    int n_layers;
};

/* Everything a training step needs. */
struct fixture {
    struct cnn_shape shape;
    struct cnn *net;
    float *pixels, *target, *weight, *probs; /* (N_IMAGES, ...), (batch, C), (batch), (N_IMAGES, C) */
    const float *image[N_IMAGES];
    struct cnn_batch batch;
    uint64_t draw;
};

static const char DOC[] = "Measure the speed of the training engine on one core."
                          "\vThe default network is trained on random images and compared with the floor: "
                          "the time its arithmetic would take, "
                          "every layer done densely, at the rate of a 2048 x 2048 x 2048 cblas_sgemm "
                          "measured between the training steps. "
                          "A step includes gathering the batch, dropout, the loss and Adam. Without --batch "
                          "and --classes: batches of 32 and "
                          "128, 2 and 28 classes. The table times each kernel alone.\n\n"
                          "  cellsweep bench\n"
                          "  cellsweep bench --isa avx2 --batch 32 --classes 2\n"
                          "  cellsweep bench --json > bench.json";

static const struct argp_option OPTIONS[] = {
    {"isa", 'i', "NAME", 0, "Kernels: auto, reference, blas, avx2 or avx512 (default auto)", 0},
    {"batch", 'b', "N", 0, "Only this batch size", 0},
    {"classes", 'c', "N", 0, "Only this number of classes, 2 to 256", 0},
    {"seconds", 's', "S", 0, "Time to spend on each batch and class count (default 6)", 0},
    {"json", 'j', NULL, 0, "Print one JSON object instead of the table", 0},
    {0}};

/* A whole number from low to high, or an error that names the option. */
static int parse_int(const char *name, const char *text, int low, int high, int *value, struct err *err)
{
    char *end;
    long v = strtol(text, &end, 10);
    if (end == text || *end || v < low || v > high)
        return err_set(err, E_USAGE, "bench: --%s is '%s'; it must be a whole number from %d to %d", name,
                       text, low, high);
    *value = (int)v;
    return 0;
}

static int parse_seconds(const char *text, double *value, struct err *err)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !(*value > 0 && *value <= 3600))
        return err_set(err, E_USAGE, "bench: --seconds is '%s'; it must be a number above 0, at most 3600",
                       text);
    return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    int rc = 0;
    switch (key) {
    case 'i':
        rc = kernels_isa_from_name(arg, &o->isa, o->err);
        break;
    case 'b':
        rc = parse_int("batch", arg, 1, 4096, &o->batch, o->err);
        break;
    case 'c':
        rc = parse_int("classes", arg, 2, CNN_MAX_CLASSES, &o->classes, o->err);
        break;
    case 's':
        rc = parse_seconds(arg, &o->seconds, o->err);
        break;
    case 'j':
        o->json = 1;
        break;
    case ARGP_KEY_ARG:
        rc = err_set(o->err, E_USAGE, "bench: unexpected argument '%s'; see cellsweep bench --help", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return rc < 0 ? EINVAL : 0;
}

static struct cnn_shape default_shape(int classes)
{
    return (struct cnn_shape){.size = 50,
                              .filters = {32, 64},
                              .dense = {128, 64},
                              .n_classes = classes,
                              .dropout = {0.25, 0.5, 0.5}};
}

static void fixture_release(struct fixture *f)
{
    cnn_free(f->net);
    free(f->pixels);
    free(f->target);
    free(f->weight);
    free(f->probs);
}

static int fixture_init(struct fixture *f, int batch, int classes, struct err *err)
{
    size_t pixels, C = (size_t)classes;
    *f = (struct fixture){.shape = default_shape(classes)};
    pixels = (size_t)f->shape.size * (size_t)f->shape.size;
    f->pixels = err_calloc(N_IMAGES * pixels, sizeof(float), "the images of a benchmark", err);
    f->target = err_calloc((size_t)batch * C, sizeof(float), "the targets of a benchmark", err);
    f->weight = err_calloc((size_t)batch, sizeof(float), "the weights of a benchmark", err);
    f->probs =
        err_calloc((size_t)(batch > N_IMAGES ? batch : N_IMAGES) * C, sizeof(float), "the outputs", err);
    if (!f->pixels || !f->target || !f->weight || !f->probs)
        return E_IO;
    struct rng rng = rng_start(rng_key("bench", NULL, 0), 0);
    for (size_t i = 0; i < N_IMAGES * pixels; i++)
        f->pixels[i] = (float)rng_uniform(&rng);
    for (size_t i = 0; i < N_IMAGES; i++)
        f->image[i] = f->pixels + i * pixels;
    for (size_t i = 0; i < (size_t)batch; i++) {
        f->weight[i] = 1;
        f->target[i * C + i % C] = 1;
    }
    return cnn_new(&f->shape, batch, &f->net, err);
}

/* Assemble the next batch by pointer from the images, and train on it. New weights now and then: a network that has learnt its
 * noise by heart has gradients that are exactly zero, and the kernels skip those. The median does not see these calls. */
static void train_step(void *context)
{
    enum { STEPS_A_NETWORK = 20 };
    static const struct cnn_loss loss = {.kind = CNN_CROSS_ENTROPY};
    static const struct cnn_adam adam = {
        .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
    struct fixture *f = context;
    const float *image[4096];
    for (int i = 0; i < f->batch.n; i++)
        image[i] = f->image[(f->draw * 97 + (uint64_t)i * 31) % N_IMAGES];
    if (f->draw % STEPS_A_NETWORK == 0)
        cnn_init(f->net, rng_key("bench", &f->draw, sizeof f->draw));
    f->batch.image = image;
    f->batch.dropout_step = f->draw++;
    cnn_train(f->net, &f->batch, &loss, &adam, f->probs);
}

static void predict_all(void *context)
{
    struct fixture *f = context;
    cnn_predict(f->net, f->image, N_IMAGES, f->probs);
}

/* Seconds of one large sgemm on `matrix`, three GEMM_SIZE x GEMM_SIZE matrices. */
static double gemm_once(float *matrix)
{
    const size_t floats = (size_t)GEMM_SIZE * GEMM_SIZE;
    double start = stopwatch_now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM_SIZE, GEMM_SIZE, GEMM_SIZE, 1.0F, matrix,
                GEMM_SIZE, matrix + floats, GEMM_SIZE, 0.0F, matrix + 2 * floats, GEMM_SIZE);
    return stopwatch_now() - start;
}

/* Rounds of one GEMM, some steps and some predictions, so that a slow moment of the machine hits all three; medians. */
static void measure_rounds(struct fixture *f, float *matrix, double seconds, struct result *r)
{
    double gemm[ROUNDS], step[ROUNDS], predict[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        gemm[i] = gemm_once(matrix);
        step[i] = stopwatch_median(train_step, f, 0.4 * seconds / ROUNDS);
        predict[i] = stopwatch_median(predict_all, f, 0.1 * seconds / ROUNDS);
    }
    r->gemm_flops = 2.0 * GEMM_SIZE * GEMM_SIZE * GEMM_SIZE / stopwatch_median_of(gemm, ROUNDS);
    r->step = stopwatch_median_of(step, ROUNDS) / f->batch.n;
    r->predict = stopwatch_median_of(predict, ROUNDS) / N_IMAGES;
    r->floor = cnn_dense_flop(&f->shape) / r->gemm_flops;
}

static int measure(int batch, int classes, double seconds, float *matrix, struct result *r, struct err *err)
{
    struct fixture f;
    int rc = fixture_init(&f, batch, classes, err);
    if (rc < 0)
        goto done;
    *r = (struct result){.batch = batch, .classes = classes};
    f.batch = (struct cnn_batch){.n = batch, .target = f.target, .weight = f.weight, .dropout_key = 1};
    cnn_init(f.net, rng_key("bench weights", NULL, 0));
    measure_rounds(&f, matrix, seconds, r);
    rc = layer_time(&f.shape, batch, 0.3 * seconds, r->layer, &r->n_layers, err);
done:
    fixture_release(&f);
    return rc;
}

static double share_of(const struct result *r, double seconds)
{
    return seconds / (r->step * r->batch);
}

static double rate(const struct layer_time *l)
{
    return l->seconds > 0 ? l->flop / l->seconds * 1e-9 : 0;
}

static void print_layers(const struct result *r)
{
    double sum = 0;
    printf("  %-16s %9s %6s %9s  %s\n", "kernel alone", "us/image", "share", "GFLOP/s", "path");
    for (int i = 0; i < r->n_layers; i++) {
        const struct layer_time *l = &r->layer[i];
        sum += l->seconds;
        printf("  %-16s %9.2f %5.1f%%", l->name, 1e6 * l->seconds / r->batch, 100 * share_of(r, l->seconds));
        if (l->flop > 0)
            printf(" %9.1f  %s\n", rate(l), l->path);
        else
            printf(" %9s  %s\n", "", l->path);
    }
    printf("  %-16s %9.2f %5.1f%%\n\n", "sum", 1e6 * sum / r->batch, 100 * share_of(r, sum));
}

static void print_table(const struct result *r, int n)
{
    printf("kernels %s, one thread\n", kernels_selected()->name);
    printf("%6s %8s %14s %10s %10s %9s %12s\n", "batch", "classes", "sgemm GFLOP/s", "floor us", "step us",
           "ratio", "predict us");
    for (int i = 0; i < n; i++)
        printf("%6d %8d %14.1f %10.1f %10.1f %9.3f %12.1f\n", r[i].batch, r[i].classes,
               1e-9 * r[i].gemm_flops, 1e6 * r[i].floor, 1e6 * r[i].step, r[i].step / r[i].floor,
               1e6 * r[i].predict);
    printf("times an image; ratio = step / floor\n\n");
    for (int i = 0; i < n; i++) {
        printf("batch %d, %d classes\n", r[i].batch, r[i].classes);
        print_layers(&r[i]);
    }
}

static void print_json_run(const struct result *r)
{
    printf("{\"batch\": %d, \"classes\": %d, \"gemm_gflops\": %.3f, \"floor_us\": %.3f, \"step_us\": %.3f, "
           "\"ratio\": %.4f, \"predict_us\": %.3f, \"layers\": [",
           r->batch, r->classes, 1e-9 * r->gemm_flops, 1e6 * r->floor, 1e6 * r->step, r->step / r->floor,
           1e6 * r->predict);
    for (int i = 0; i < r->n_layers; i++)
        printf("%s{\"name\": \"%s\", \"path\": \"%s\", \"us\": %.4f, \"gflops\": %.3f}", i ? ", " : "",
               r->layer[i].name, r->layer[i].path, 1e6 * r->layer[i].seconds / r->batch, rate(&r->layer[i]));
    printf("]}");
}

static void print_json(const struct result *r, int n)
{
    printf("{\"kernels\": \"%s\", \"unit\": \"microseconds an image\", \"runs\": [",
           kernels_selected()->name);
    for (int i = 0; i < n; i++) {
        printf("%s", i ? ", " : "");
        print_json_run(&r[i]);
    }
    printf("]}\n");
}

/* Three matrices for the GEMM, filled. */
static float *new_matrices(struct err *err)
{
    const size_t floats = 3 * (size_t)GEMM_SIZE * GEMM_SIZE;
    float *matrix = err_calloc(floats, sizeof *matrix, "the matrices of a benchmark", err);
    for (size_t i = 0; matrix && i < floats; i++)
        matrix[i] = (float)(i % 17) * 0.1F;
    return matrix;
}

static int bench(const struct options *o, struct err *err)
{
    static const int usual_batch[] = {32, 128}, usual_classes[] = {2, 28};
    struct result result[MAX_RUNS];
    float *matrix = new_matrices(err);
    int n = 0, rc = matrix ? 0 : E_IO;
    for (int c = 0; c < (o->classes ? 1 : 2) && rc == 0; c++)
        for (int b = 0; b < (o->batch ? 1 : 2) && rc == 0; b++)
            rc = measure(o->batch ? o->batch : usual_batch[b], o->classes ? o->classes : usual_classes[c],
                         o->seconds, matrix, &result[n++], err);
    if (rc == 0 && o->json)
        print_json(result, n);
    else if (rc == 0)
        print_table(result, n);
    free(matrix);
    return rc;
}

int cmd_bench(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {.options = OPTIONS, .parser = parse_option, .doc = DOC};
    struct options o = {.isa = KERNELS_AUTO, .seconds = 6, .err = err};
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "bench: see cellsweep bench --help");
    return kernels_select(o.isa, err) < 0 ? err->code : bench(&o, err);
}
