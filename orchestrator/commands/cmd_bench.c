/* cellsweep bench: the training engine against what this core can multiply and add, measured in the same
 * run. */
#include "command.h"

#include "image/image.h"
#include "models/model.h"
#include "models/net/net.h"
#include "bench/floor.h"
#include "kernels/kernels.h"
#include "bench/layer_time.h"
#include "rng.h"
#include "samples/augment.h"
#include "sections.h"
#include "bench/stopwatch.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 9, N_IMAGES = 256, MAX_RUNS = 4 };

struct options {
    enum kernels_isa isa;
    int batch; /* 0: the usual ones */
    int classes, channels, size;
    const char *model;
    struct arguments_list set; /* settings of the model */
    int json, server;
    double seconds; /* a batch size may take */
};

/* One network and batch, measured. Times are CPU seconds an image, medians of its rounds. */
struct result {
    int batch, n_layers;
    struct floor_rates rates;
    double step, predict;
    double warp;      /* what train.augment all adds to a step */
    double low, high; /* least and largest step of a round */
    double floor;     /* at the rate of the floor, all layers dense */
    struct layer_time layer[LAYER_TIME_ROWS];
};

/* Everything a training step needs. */
struct fixture {
    struct nodes nodes; /* as they run */
    struct net *net;
    float *pixels, *target, *weight, *probs; /* (N_IMAGES, ...), (batch, C), (batch), (N_IMAGES, C) */
    const float *image[N_IMAGES];
    struct batch batch;
    uint64_t draw;
    struct config config; /* that of the options */
    float *warped;        /* of one image */
};

static const struct argument rows[] = {
    ARGUMENT_ISA(isa, "auto"),
    {"batch", 'b', ARGUMENT_WHOLE, "N", AT(batch), 1, 4096, .help = "Only this batch size"},
    {"classes", 'c', ARGUMENT_WHOLE, "N", AT(classes), 2, LOSS_MAX_CLASSES,
     .help = "Number of classes, 2 to 256 (default 2)"},
    {"channels", 'C', ARGUMENT_WHOLE, "N", AT(channels), 1, IMAGE_MAX_CHANNELS,
     .help = "Channels of the images, 1 to 16 (default 1)"},
    {"model", 'm', ARGUMENT_TEXT, "NAME", AT(model), .help = "Any model that is a network (default cnn)"},
    {"size", 'S', ARGUMENT_WHOLE, "N", AT(size), 10, 512,
     .help = "Width and height of the images, 10 to 512 pixels (default 50)"},
    {"set", 0, ARGUMENT_LIST, "KEY=VALUE", AT(set),
     .help = "A setting of the model, e.g. cnn.blocks=32-64; may be repeated"},
    {"seconds", 's', ARGUMENT_REAL, "S", AT(seconds), 0.001, 3600,
     .help = "Time to spend on each batch size (default 6)"},
    {"json", 'j', ARGUMENT_FLAG, NULL, AT(json), .help = "Print one JSON object instead of the table"},
    {FLOOR_OPTION, 0, ARGUMENT_FLAG, NULL, AT(server), .help = NULL}, /* floor.h */
    {0}};

static void fixture_release(struct fixture *f)
{
    net_free(f->net);
    free(f->pixels);
    free(f->target);
    free(f->weight);
    free(f->probs);
    free(f->warped);
}

/* A setting of which the network hears nothing would be timed as if it had. */
static int check_read(const struct config *config, const char *key, struct err *err)
{
    const struct setting *setting = config_find(config->schema, key);
    const char *decided_by = config_decided_by(config->schema, setting);
    int is_of_all = setting->offset < offsetof(struct config, part); /* strategy, train.batch */
    if (decided_by && strcmp(decided_by, "model") == 0 && config_reads(config, setting) && !is_of_all)
        return 0;
    return err_set(err, E_USAGE, "--set: %s is no setting of model %s; `cellsweep plan --keys` lists those",
                   key, config->model);
}

/* A list as sweep files have it, "[32, 64]", as one text, "32-64"; any other text as it is. */
static void join_list(char *out, size_t size, const char *text)
{
    size_t n = 0;
    int list = *text == '[';
    for (; *text && n + 1 < size; text++)
        if (!list || !strchr("[] ", *text))
            out[n++] = (char)(list && *text == ',' ? '-' : *text);
    out[n] = '\0';
}

static int set_all(struct config *config, const struct arguments_list *set, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < set->n && rc == 0; i++) {
        char key[CONFIG_WORD_SIZE], value[SETTING_TEXT_SIZE];
        size_t n = strcspn(set->text[i], "=");
        if (!set->text[i][n] || n >= sizeof key)
            return err_set(err, E_USAGE, "--set: '%.60s' is no setting; write e.g. cnn.blocks=32-64",
                           set->text[i]);
        snprintf(key, sizeof key, "%.*s", (int)n, set->text[i]);
        join_list(value, sizeof value, set->text[i] + n + 1);
        rc = config_set(config, key, value, err);
        if (rc == 0)
            rc = check_read(config, key, err);
    }
    return rc;
}

/* A job of the options, as far as its model asks. */
static int make_config(struct config *config, int batch, const struct options *o, struct err *err)
{
    *config = config_defaults(worker_schema());
    int rc = model_check(o->model, err);
    if (rc == 0)
        rc = config_set(config, "model", o->model, err);
    if (rc < 0)
        return rc;
    config->image_size = o->size;
    config->channels = o->channels;
    config->clusters.n = o->classes;
    config->batch = batch;
    if (!model_of(config)->network)
        return err_set(err, E_USAGE, "model %s is no network: it has no layers to be timed", o->model);
    rc = set_all(config, &o->set, err);
    if (rc == 0)
        rc = config_check(config, err);
    return rc == 0 ? model_of(config)->check(config, err) : rc;
}

/* Its nodes as they run, and it. */
static int new_network(struct fixture *f, int batch, const struct options *o, struct err *err)
{
    int rc = make_config(&f->config, batch, o, err);
    if (rc < 0)
        return rc;
    model_of(&f->config)->network(&f->config, &f->nodes);
    nodes_fuse(&f->nodes, 1);
    return net_new(&f->nodes, batch, &optimiser_adam, &f->net, err);
}

static int fixture_init(struct fixture *f, int batch, const struct options *o, struct err *err)
{
    size_t pixels, C = (size_t)o->classes;
    memset(f, 0, sizeof *f);
    int rc = new_network(f, batch, o, err);
    if (rc < 0)
        return rc;
    pixels = tensor_floats(f->nodes.input);
    f->pixels = err_calloc(N_IMAGES * pixels, sizeof(float), "the images of a benchmark", err);
    f->target = err_calloc((size_t)batch * C, sizeof(float), "the targets of a benchmark", err);
    f->weight = err_calloc((size_t)batch, sizeof(float), "the weights of a benchmark", err);
    f->probs =
        err_calloc((size_t)(batch > N_IMAGES ? batch : N_IMAGES) * C, sizeof(float), "the outputs", err);
    f->warped = err_calloc(pixels, sizeof(float), "an image", err);
    if (!f->pixels || !f->target || !f->weight || !f->probs || !f->warped)
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
    return 0;
}

/* Assemble the next batch by pointer from the images, and train on it. New weights now and then: a network
 * that has learnt its noise by heart has gradients that are exactly zero, and the kernels skip those. The
 * median does not see these calls. */
static void train_step(void *context)
{
    enum { STEPS_A_NETWORK = 20 };
    static const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    static const struct adam_settings adam = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
    struct fixture *f = context;
    const float *image[4096];
    for (int i = 0; i < f->batch.n; i++)
        image[i] = f->image[(f->draw * 97 + (uint64_t)i * 31) % N_IMAGES];
    if (f->draw % STEPS_A_NETWORK == 0)
        net_init(f->net, rng_key("bench", &f->draw, sizeof f->draw));
    f->batch.image = image;
    f->batch.dropout_step = f->draw++;
    const struct update update = optimiser_adam_update(&adam, *net_steps(f->net) + 1, 1e-3);
    net_train(f->net, &f->batch, &loss, &update, f->probs);
}

/* What train.augment all does with an image before it is learnt from. */
static void warp_all(void *context)
{
    struct fixture *f = context;
    for (int i = 0; i < N_IMAGES; i++) {
        struct rng rng = rng_start(rng_key("bench", &i, sizeof i), f->draw++);
        struct augment_warp warp = augment_draw(&f->config, f->nodes.input.h, &rng);
        augment_apply(f->warped, f->image[i], f->nodes.input.h, f->nodes.input.c, &warp);
    }
}

static void predict_all(void *context)
{
    struct fixture *f = context;
    net_predict(f->net, f->image, N_IMAGES, f->probs);
}

/* ROUNDS in a second or more; fewer in less, as the floor takes its time in every round, however few
 * seconds there are. */
static size_t rounds_in(double seconds)
{
    return seconds >= 1 ? ROUNDS : 1 + (size_t)(seconds * (ROUNDS - 1));
}

/* Rounds of the two rates, some steps and some predictions, so that a slow moment of the
 * machine hits all; medians. */
static int measure_rounds(struct fixture *f, struct floor *floor, double seconds, struct result *r,
                          struct err *err)
{
    double sgemm[ROUNDS] = {0}, registers[ROUNDS] = {0}, step[ROUNDS] = {0}, predict[ROUNDS] = {0},
           warp[ROUNDS] = {0};
    const size_t rounds = rounds_in(seconds);
    for (size_t i = 0; i < rounds; i++) {
        struct floor_rates rates;
        if (floor_sample(floor, &rates, err) < 0)
            return err->code;
        sgemm[i] = rates.sgemm;
        registers[i] = rates.registers;
        step[i] = stopwatch_median(train_step, f, 0.4 * seconds / (double)rounds);
        predict[i] = stopwatch_median(predict_all, f, 0.1 * seconds / (double)rounds);
        warp[i] = stopwatch_median(warp_all, f, 0.05 * seconds / (double)rounds);
    }
    r->rates.sgemm = stopwatch_median_of(sgemm, rounds);
    r->rates.registers = stopwatch_median_of(registers, rounds);
    r->step = stopwatch_median_of(step, rounds) / f->batch.n;
    r->low = step[0] / f->batch.n; /* sorted by now */
    r->high = step[rounds - 1] / f->batch.n;
    r->predict = stopwatch_median_of(predict, rounds) / N_IMAGES;
    r->warp = stopwatch_median_of(warp, rounds) / N_IMAGES;
    r->floor = nodes_dense_flop(&f->nodes) / floor_rate(r->rates);
    return 0;
}

static int measure(int batch, const struct options *o, struct floor *floor, struct result *r, struct err *err)
{
    struct fixture f;
    int rc = fixture_init(&f, batch, o, err);
    if (rc < 0)
        goto done;
    *r = (struct result){.batch = batch};
    f.batch = (struct batch){.n = batch, .target = f.target, .weight = f.weight, .dropout_key = 1};
    net_init(f.net, rng_key("bench weights", NULL, 0));
    rc = measure_rounds(&f, floor, o->seconds, r, err);
    if (rc == 0)
        rc = layer_time(&f.nodes, batch, 0.3 * o->seconds, r->layer, &r->n_layers, err);
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
    printf("  %-24s %9s %6s %9s  %s\n", "kernel alone", "us/image", "share", "GFLOP/s", "path");
    for (int i = 0; i < r->n_layers; i++) {
        const struct layer_time *l = &r->layer[i];
        sum += l->seconds;
        printf("  %-24s %9.2f %5.1f%%", l->name, 1e6 * l->seconds / r->batch, 100 * share_of(r, l->seconds));
        if (l->flop > 0)
            printf(" %9.1f  %s\n", rate(l), l->path);
        else
            printf(" %9s  %s\n", "", l->path);
    }
    printf("  %-24s %9.2f %5.1f%%\n", "sum", 1e6 * sum / r->batch, 100 * share_of(r, sum));
}

static void print_table(const struct options *o, const struct floor *floor, const struct result *r, int n)
{
    printf("kernels %s, one thread, model %s, %d x %d pixels, %d channel%s, %d classes\n",
           kernels_selected()->name, o->model, o->size, o->size, o->channels, o->channels == 1 ? "" : "s",
           o->classes);
    printf("%6s %14s %18s %9s %8s %17s %6s %11s\n", "batch", "sgemm GFLOP/s", "registers GFLOP/s", "floor us",
           "step us", "rounds", "ratio", "predict us");
    for (int i = 0; i < n; i++)
        printf("%6d %14.1f %18.1f %9.1f %8.1f %8.1f-%-8.1f %6.3f %11.1f\n", r[i].batch,
               1e-9 * r[i].rates.sgemm, 1e-9 * r[i].rates.registers, 1e6 * r[i].floor, 1e6 * r[i].step,
               1e6 * r[i].low, 1e6 * r[i].high, r[i].step / r[i].floor, 1e6 * r[i].predict);
    printf("times an image; ratio = step / floor; floor: the larger of sgemm (%s) and 0.95 registers (%s)\n",
           floor_sgemm_kernels(floor), floor_register_kernels(floor));
    if (strcmp(floor_sgemm_kernels(floor), openblas_get_corename()) != 0)
        printf("the sgemm of the steps is that of %s: OPENBLAS_CORETYPE is set\n", openblas_get_corename());
    for (int i = 0; i < n; i++) {
        printf("\nbatch %d; train.augment all: %.1f us an image more, %.1f with it\n", r[i].batch,
               1e6 * r[i].warp, 1e6 * (r[i].step + r[i].warp));
        print_layers(&r[i]);
    }
}

static void print_json_run(const struct result *r)
{
    printf("{\"batch\": %d, \"sgemm_gflops\": %.3f, \"register_gflops\": %.3f, \"floor_gflops\": %.3f, "
           "\"floor_us\": %.3f, \"step_us\": %.3f, \"step_us_least\": %.3f, \"step_us_most\": %.3f, "
           "\"ratio\": %.4f, \"predict_us\": %.3f, \"warp_us\": %.3f, \"layers\": [",
           r->batch, 1e-9 * r->rates.sgemm, 1e-9 * r->rates.registers, 1e-9 * floor_rate(r->rates),
           1e6 * r->floor, 1e6 * r->step, 1e6 * r->low, 1e6 * r->high, r->step / r->floor, 1e6 * r->predict,
           1e6 * r->warp);
    for (int i = 0; i < r->n_layers; i++)
        printf("%s{\"name\": \"%s\", \"path\": \"%s\", \"us\": %.4f, \"gflops\": %.3f}", i ? ", " : "",
               r->layer[i].name, r->layer[i].path, 1e6 * r->layer[i].seconds / r->batch, rate(&r->layer[i]));
    printf("]}");
}

static void print_json(const struct options *o, const struct floor *floor, const struct result *r, int n)
{
    printf(
        "{\"kernels\": \"%s\", \"sgemm_kernels\": \"%s\", \"register_kernels\": \"%s\", "
        "\"own_sgemm_kernels\": \"%s\", \"model\": \"%s\", \"size\": %d, \"channels\": %d, \"classes\": %d, "
        "\"unit\": \"microseconds an image\", \"runs\": [",
        kernels_selected()->name, floor_sgemm_kernels(floor), floor_register_kernels(floor),
        openblas_get_corename(), o->model, o->size, o->channels, o->classes);
    for (int i = 0; i < n; i++) {
        printf("%s", i ? ", " : "");
        print_json_run(&r[i]);
    }
    printf("]}\n");
}

static int bench(const struct options *o, struct err *err)
{
    static const int usual[MAX_RUNS] = {1, 8, 32, 128};
    struct result result[MAX_RUNS];
    struct floor *floor = NULL;
    struct config config;
    int n = 0, rc = make_config(&config, o->batch ? o->batch : usual[0], o, err);
    if (rc == 0) /* which takes a moment */
        rc = floor_start(&floor, err);
    for (int b = 0; b < (o->batch ? 1 : MAX_RUNS) && rc == 0; b++)
        rc = measure(o->batch ? o->batch : usual[b], o, floor, &result[n++], err);
    if (rc == 0 && o->json)
        print_json(o, floor, result, n);
    else if (rc == 0)
        print_table(o, floor, result, n);
    floor_end(floor);
    return rc;
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    if (o->server)
        return floor_serve(err);
    return kernels_select(o->isa, err) < 0 ? err->code : bench(o, err);
}

static const struct options defaults = {
    .isa = KERNELS_AUTO, .classes = 2, .channels = 1, .size = 50, .model = "cnn", .seconds = 6};

COMMAND(bench, "speed of the training engine against what this core can do", &defaults, 0, 0);
