#include "bench/layer_time.h"

#include "rng.h"
#include "bench/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { IN, IN2, OUT, DIN, DIN2, DOUT, PARAMS, BUFFERS, GRADIENT, M, V, KEPT, SCRATCH, N_ARRAYS };

static const struct update STEP = {.adam = {.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-7F, .rate = 1e-3F},
                                   .shrink = 1};

/* The arrays that every node in turn works on, each large enough for all, and where the rows go. */
struct trial {
    const struct kernels *k;
    const struct node *node;
    struct pass pass;
    size_t floats, n_adam; /* of an array; parameters whose update is not fused */
    float *array[N_ARRAYS];
    double seconds; /* for one row */
    struct layer_time *row;
    int n_rows;
};

static void run_forward(void *context)
{
    const struct trial *t = context;
    if (t->node->op->measure)
        t->node->op->measure(t->node, &t->pass);
    t->node->op->forward(t->node, &t->pass);
}

static void run_backward(void *context)
{
    const struct trial *t = context;
    if (t->node->op->measure_gradient)
        t->node->op->measure_gradient(t->node, &t->pass);
    t->node->op->backward(t->node, &t->pass);
}

static void run_adam(void *context)
{
    const struct trial *t = context;
    t->k->adam(t->array[PARAMS], t->array[M], t->array[V], t->array[GRADIENT], t->n_adam, STEP.adam);
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats that hold any one array of any node, scratch included. */
static size_t largest(const struct kernels *k, const struct nodes *nodes, int batch)
{
    size_t most = max_size(nodes_n_params(nodes), nodes_n_buffers(nodes)), n = (size_t)batch;
    for (int i = 0; i < nodes->n; i++) {
        const struct node *node = &nodes->node[i];
        most = max_size(most, n * max_size(tensor_floats(node->in), tensor_floats(node->out)));
        if (node->op->kept)
            most = max_size(most, n * node->op->kept(node) / sizeof(float) + 1);
        if (node->op->scratch)
            most = max_size(most, node->op->scratch(node, k, batch, 1));
    }
    return (most + 15) / 16 * 16;
}

/* Images in [0, 1], everything else small and of both signs. */
static void fill(struct trial *t)
{
    struct rng rng = rng_start(1, 0);
    for (int a = 0; a < N_ARRAYS; a++)
        for (size_t i = 0; i < t->floats; i++) {
            float u = (float)(rng_u32(&rng) >> 8) * 0x1p-24F;
            t->array[a][i] = a == IN ? u : a == V ? 1e-4F * u : 0.1F * (u - 0.5F);
        }
}

/* A gradient as it comes down in training: that share of it zero. */
static void fill_gradient(struct trial *t, double zero)
{
    struct rng rng = rng_start(2, 0);
    for (size_t i = 0; i < t->floats; i++)
        t->array[DOUT][i] = rng_uniform(&rng) < zero ? 0.0F : 0.1F * ((float)rng_uniform(&rng) - 0.5F);
}

/* Every output passes the gradient: the zeros that ReLU makes are in it already. */
static void open_outputs(struct trial *t)
{
    for (size_t i = 0; i < t->floats; i++)
        t->array[OUT][i] = 1;
}

static void add_row(struct trial *t, const char *name, const char *verb, void (*work)(void *), double flop)
{
    struct layer_time *row = &t->row[t->n_rows++];
    snprintf(row->name, sizeof row->name, "%s %s", name, verb);
    row->path = t->node && t->node->op->path ? t->node->op->path(t->node, t->k) : "";
    row->seconds = stopwatch_median(work, t, t->seconds);
    row->flop = flop;
}

/* first: the node whose input gradient nobody wants. */
static struct pass pass_of(const struct trial *t, const struct node *node, int batch, int first)
{
    float *const *array = t->array;
    return (struct pass){.kernels = t->k,
                         .n = batch,
                         .all = batch,
                         .params = array[PARAMS],
                         .buffers = array[BUFFERS],
                         .m = array[M],
                         .v = array[V],
                         .gradient = node->fused_update ? NULL : array[GRADIENT],
                         .update = &STEP,
                         .in = node->op->in_place ? array[OUT] : array[IN],
                         .in2 = array[IN2],
                         .out = array[OUT],
                         .din = first                ? NULL
                                : node->op->in_place ? array[DOUT]
                                                     : array[DIN],
                         .din2 = node->op->n_inputs == 2 ? array[DIN2] : NULL,
                         .dout = array[DOUT],
                         .kept = array[KEPT],
                         .scratch = array[SCRATCH],
                         .drops = 1,
                         .learns = 1};
}

/* The share of zeros among the gradients that node i gets: the dropout behind it makes some, and ReLU 30 % of
 * the others, as seen in training the default network; where ReLU is pooled, the winners know. */
static double zeros_at(const struct nodes *nodes, int i)
{
    double rate = i + 1 < nodes->n ? nodes->node[i + 1].rate : 0;
    return nodes->node[i].relu ? 1 - 0.7 * (1 - rate) : rate;
}

static void time_node(struct trial *t, const struct nodes *nodes, int i, int batch, int first)
{
    const struct node *node = t->node = &nodes->node[i];
    double flop = node->op->multiply_adds ? 2.0 * batch * node->op->multiply_adds(node) : 0;
    t->pass = pass_of(t, node, batch, first);
    if (node->op->forward)
        add_row(t, node->name, "forward", run_forward, flop);
    if (!node->op->backward)
        return;
    fill_gradient(t, zeros_at(nodes, i));
    open_outputs(t);
    add_row(t, node->name, "backward", run_backward, first ? flop : 2 * flop);
}

static void time_nodes(struct trial *t, const struct nodes *nodes, int batch)
{
    int first = 1;
    for (int i = 0; i < nodes->n; i++) {
        const struct node *node = &nodes->node[i];
        time_node(t, nodes, i, batch, first);
        first &= node->n_params == 0;
        t->n_adam += node->fused_update ? 0 : node->n_params;
    }
    t->node = NULL;
    if (t->n_adam)
        add_row(t, "adam of the rest", "", run_adam, 0);
}

int layer_time(const struct nodes *nodes, int batch, double seconds, struct layer_time row[LAYER_TIME_ROWS],
               int *n_rows, struct err *err)
{
    struct trial t = {.k = kernels_selected(), .row = row, .seconds = seconds / (2 * nodes->n + 1)};
    t.floats = largest(t.k, nodes, batch);
    float *memory = aligned_alloc(64, N_ARRAYS * (t.floats + 16) * sizeof *memory);
    if (!memory)
        return err_set(err, E_IO,
                       "out of memory: cannot allocate the arrays of a benchmark; use a smaller batch");
    for (size_t a = 0; a < N_ARRAYS; a++)
        t.array[a] = memory + a * (t.floats + 16);
    fill(&t);
    time_nodes(&t, nodes, batch);
    *n_rows = t.n_rows;
    free(memory);
    return 0;
}
