#include "models/net/net.h"

#include "models/net/parts.h"

#include "rng.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { LINE_FLOATS = 16, FEW_DROPOUTS = 4 };

/* The arrays of a node, for max_batch samples. In place: those of the node before. */
struct arrays_of {
    float *out, *dout;
    int passes; /* 1: dout is of a part, made and used before the next one comes */
    int remade; /* 1: so is out, which is made again for backward (parts.h) */
    void *kept;
};

/* Parameters that the optimiser updates in one call. */
struct run {
    size_t from, to;
    int decays; /* 1: they are weights */
};

enum { MAX_RUNS = NODES_MAX * NODE_MAX_PARAMS };

struct net {
    struct nodes nodes;
    const struct kernels *kernels;
    const struct optimiser *optimiser;
    int max_batch,
        first;  /* first: the node whose input gradient nobody wants, the first one with parameters */
    int lowest; /* the first node that learns in the step at hand: `first`, or the last of all */
    size_t n_params, n_buffers, n_moments, n_stored;
    int64_t steps;
    float *params;   /* (n_params) */
    float *buffers;  /* (n_buffers) */
    float *moments;  /* (n_moments, n_params) */
    float *gradient; /* (n_stored) of the parameters up to the last whose update is not fused */
    float *image;    /* (max_batch, input): the batch, gathered */
    struct arrays_of of[NODES_MAX];
    unsigned char adds[NODES_MAX][2]; /* 1: somebody leaves a gradient of this input before the node does */
    float *folded;   /* weights and biases of a convolution that stands for the batch norm behind it */
    float *spare[2]; /* for the gradient of an input that has one already */
    float *scratch;
    int n_runs;
    struct run run[MAX_RUNS]; /* of the parameters whose updates are not fused */
};

/* Next `floats` of the arena, a cache line's multiple; with base NULL only *used advances. */
static float *take(float *base, size_t *used, size_t floats)
{
    float *p = base ? base + *used : NULL;
    *used += (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    return p;
}

/* Where node i finds what it reads and leaves the gradient of it. */
static struct arrays_of read_by(const struct net *net, int i, int input)
{
    int from = net->nodes.node[i].from[input];
    if (from >= 0)
        return net->of[from];
    return (struct arrays_of){.out = from == NODE_IMAGE ? net->image : NULL};
}

/* Samples of node i at a time. */
static int part_of(const struct net *net, int i)
{
    int some = parts_samples(&net->nodes, i);
    return some < net->max_batch ? some : net->max_batch;
}

static void lay_out_node(struct net *net, int i, float *base, size_t *used)
{
    const struct node *node = &net->nodes.node[i];
    size_t n = (size_t)net->max_batch, floats = n * tensor_floats(node->out);
    struct arrays_of *of = &net->of[i];
    if (node->op->in_place) {
        *of = read_by(net, i, 0);
        of->kept = NULL;
        return;
    }
    of->out = take(base, used, of->remade ? (size_t)part_of(net, i) * tensor_floats(node->out) : floats);
    if (node->op->kept)
        of->kept = take(base, used, (n * node->op->kept(node) + 3) / 4);
}

/* Arrays that gradients of nodes take turns in: each from the first that leaves one to the node itself. */
struct turns {
    int n, of_node[NODES_MAX]; /* -1: none yet */
    size_t floats[NODES_MAX];
    int taken[NODES_MAX];
};

/* The one that is free and fits best, or else may grow least, or else a new one. */
static int free_turn(const struct turns *t, size_t floats)
{
    int best = t->n;
    for (int i = 0; i < t->n; i++) {
        int fits = t->floats[i] >= floats;
        if (t->taken[i])
            continue;
        if (best == t->n || (fits ? t->floats[best] < floats || t->floats[i] < t->floats[best]
                                  : t->floats[best] < t->floats[i]))
            best = i;
    }
    return best;
}

/* The node in whose array `node` leaves what it gives, or NODE_IMAGE or NODE_NONE. */
static int owner_of(const struct net *net, int node)
{
    while (node >= 0 && net->nodes.node[node].op->in_place)
        node = net->nodes.node[node].from[0];
    return node;
}

/* Whether the gradient of node i's array is made and used in one run of nodes. */
static int passes(const struct net *net, const int *run, int i)
{
    int stays = i < net->nodes.n - 1 && !net->nodes.node[i].op->measure;
    for (int j = i + 1; j < net->nodes.n; j++)
        for (int input = 0; input < 2; input++)
            if (owner_of(net, net->nodes.node[j].from[input]) == i)
                stays &= run[j] == run[i];
    return stays;
}

static void take_turn(const struct net *net, struct turns *t, int node)
{
    node = owner_of(net, node);
    if (node < 0 || t->of_node[node] >= 0)
        return;
    size_t samples = (size_t)(net->of[node].passes ? part_of(net, node) : net->max_batch);
    size_t floats = samples * tensor_floats(net->nodes.node[node].out);
    int turn = t->of_node[node] = free_turn(t, floats);
    t->n += turn == t->n;
    t->taken[turn] = 1;
    t->floats[turn] = t->floats[turn] > floats ? t->floats[turn] : floats;
}

/* Of nodes from, from - 1 .. to + 1, which run together. */
static void plan_run(const struct net *net, struct turns *t, int from, int to)
{
    for (int i = from; i > to; i--)
        for (int input = 0; input < 2; input++)
            take_turn(net, t, net->nodes.node[i].from[input]);
    for (int i = from; i > to; i--)
        if (!net->nodes.node[i].op->in_place)
            t->taken[t->of_node[i]] = 0;
}

static void plan_turns(const struct net *net, struct turns *t)
{
    *t = (struct turns){0};
    for (int i = 0; i < net->nodes.n; i++)
        t->of_node[i] = -1;
    take_turn(net, t, net->nodes.n - 1);
    for (int from = net->nodes.n - 1, to; from >= 0; from = to) {
        to = parts_back_end(&net->nodes, from);
        plan_run(net, t, from, to);
    }
}

/* Of nodes whose outputs are laid out. */
static void lay_out_gradients(struct net *net, float *base, size_t *used)
{
    struct turns turns;
    float *array[NODES_MAX] = {0};
    int run[NODES_MAX] = {0};
    parts_back_runs(&net->nodes, run);
    for (int i = 0; i < net->nodes.n; i++)
        net->of[i].passes = passes(net, run, owner_of(net, i));
    plan_turns(net, &turns);
    for (int i = 0; i < turns.n; i++)
        array[i] = take(base, used, turns.floats[i]);
    for (int i = 0; i < net->nodes.n; i++)
        net->of[i].dout = net->nodes.node[i].op->in_place ? read_by(net, i, 0).dout : array[turns.of_node[i]];
}

static size_t scratch_floats(const struct net *net)
{
    size_t most = 0;
    for (int i = 0; i < net->nodes.n; i++) {
        const struct node *node = &net->nodes.node[i];
        for (int gradient = 0; gradient < 2 && node->op->scratch; gradient++) {
            size_t floats = node->op->scratch(node, net->kernels, net->max_batch, gradient);
            most = floats > most ? floats : most;
        }
    }
    return most;
}

static size_t read_floats(const struct net *net, int i, int input)
{
    int from = net->nodes.node[i].from[input];
    return from >= 0 ? tensor_floats(net->nodes.node[from].out) : 0;
}

static size_t spare_floats(const struct net *net, int input)
{
    size_t most = 0;
    for (int i = 0; i < net->nodes.n; i++)
        if (net->adds[i][input] && read_floats(net, i, input) * (size_t)part_of(net, i) > most)
            most = read_floats(net, i, input) * (size_t)part_of(net, i);
    return most;
}

static size_t folded_floats(const struct net *net)
{
    size_t most = 0;
    for (int i = 0; i < net->nodes.n; i++) {
        const struct node *node = &net->nodes.node[i];
        size_t floats = node->n_params + (size_t)node->units;
        if (node->folds && floats > most)
            most = floats;
    }
    return most;
}

/* Lay the network's arrays out from base, or, with base NULL, only count. Returns the floats they take. */
static size_t lay_out(struct net *net, float *base)
{
    unsigned char remade[NODES_MAX];
    size_t used = 0;
    net->params = take(base, &used, net->n_params);
    net->buffers = take(base, &used, net->n_buffers);
    net->moments = take(base, &used, net->n_moments * net->n_params);
    net->gradient = take(base, &used, net->n_stored);
    net->image = take(base, &used, (size_t)net->max_batch * tensor_floats(net->nodes.input));
    parts_remade(&net->nodes, remade);
    for (int i = 0; i < net->nodes.n; i++) {
        net->of[i].remade = remade[i];
        lay_out_node(net, i, base, &used);
    }
    lay_out_gradients(net, base, &used);
    for (int input = 0; input < 2; input++)
        net->spare[input] = take(base, &used, spare_floats(net, input));
    net->folded = take(base, &used, folded_floats(net));
    net->scratch = take(base, &used, scratch_floats(net));
    return used;
}

/* Append to the last run, or begin another. */
static void add_run(struct net *net, struct run run)
{
    struct run *last = net->n_runs ? &net->run[net->n_runs - 1] : NULL;
    if (last && last->to == run.from && last->decays == run.decays)
        last->to = run.to;
    else
        net->run[net->n_runs++] = run;
}

/* Where nothing decays weights and biases go together, in as long runs as there are. */
static void plan_runs(struct net *net)
{
    const struct node *node;
    struct param param;
    size_t at, n;
    for (int i = 0; (n = nodes_param(&net->nodes, i, &node, &param, &at)) > 0; i++)
        if (!node->fused_update)
            add_run(net, (struct run){at, at + n, net->optimiser->decays && param.fan_in > 0});
}

static size_t count_moments(const struct optimiser *optimiser)
{
    size_t n = 0;
    while (optimiser->moment[n])
        n++;
    return n;
}

static void plan(struct net *net, const struct nodes *nodes, int max_batch, const struct optimiser *optimiser)
{
    memset(net, 0, sizeof *net);
    net->nodes = *nodes;
    net->kernels = kernels_selected();
    net->max_batch = max_batch;
    net->optimiser = optimiser;
    net->n_params = nodes_n_params(nodes);
    net->n_buffers = nodes_n_buffers(nodes);
    net->n_moments = count_moments(optimiser);
    while (net->first < nodes->n && nodes->node[net->first].n_params == 0)
        net->first++;
    for (int i = 0; i < nodes->n; i++)
        if (nodes->node[i].n_params && !nodes->node[i].fused_update)
            net->n_stored = nodes->node[i].param + nodes->node[i].n_params;
    for (int i = 0; i < nodes->n; i++)
        for (int input = 0; input < 2; input++)
            net->adds[i][input] = nodes_read_behind(nodes, nodes->node[i].from[input], i) != 0;
    plan_runs(net);
}

static const size_t head_bytes = (sizeof(struct net) + 63) / 64 * 64;

size_t net_bytes(const struct nodes *nodes, int max_batch, const struct optimiser *optimiser)
{
    struct net net;
    plan(&net, nodes, max_batch, optimiser);
    return head_bytes + lay_out(&net, NULL) * sizeof(float);
}

/* Zeros, from a cache line on. Maps of a batch are megabytes that every step reads from end to end: in large
 * pages, where the system has them to give, a step of resnet-8 takes 0.9 of its time. */
static void *new_arena(size_t bytes)
{
    const size_t page = (size_t)2 << 20, whole = (bytes + page - 1) / page * page;
    void *arena = bytes < page ? aligned_alloc(64, bytes) : aligned_alloc(page, whole);
#ifdef MADV_HUGEPAGE
    if (arena && bytes >= page)
        madvise(arena, whole, MADV_HUGEPAGE);
#endif
    return arena ? memset(arena, 0, bytes) : NULL;
}

int net_new(const struct nodes *nodes, int max_batch, const struct optimiser *optimiser, struct net **out,
            struct err *err)
{
    size_t bytes = net_bytes(nodes, max_batch, optimiser);
    struct net *net = new_arena(bytes);
    if (!net)
        return err_set(err, E_IO,
                       "out of memory: a network needs %zu MB; use fewer ranks a node or a smaller batch",
                       bytes >> 20);
    plan(net, nodes, max_batch, optimiser);
    lay_out(net, (void *)((char *)net + head_bytes));
    *out = net;
    return 0;
}

/* Array p of the parameters, or a buffer, as it begins. */
static void begin(float *values, size_t n, const struct param *param, uint64_t key, int p)
{
    double limit = sqrt(6 / (param->fan_in + param->fan_out));
    struct rng rng = rng_start(key, (uint64_t)p);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(param->fan_in > 0 ? rng_between(&rng, -limit, limit) : param->start);
}

/* Nothing is remembered of steps; the parameters of one node begin, or, with NULL, of all. */
static void begin_params(struct net *net, const struct node *only, uint64_t key)
{
    const struct node *node;
    struct param param;
    size_t at, n;
    memset(net->moments, 0, net->n_moments * net->n_params * sizeof *net->moments);
    net->steps = 0;
    for (int i = 0; (n = nodes_param(&net->nodes, i, &node, &param, &at)) > 0; i++)
        if (!only || node == only)
            begin(net->params + at, n, &param, key, i);
}

void net_init(struct net *net, uint64_t key)
{
    struct param param;
    size_t at, n;
    begin_params(net, NULL, key);
    for (int i = 0; (n = nodes_buffer(&net->nodes, i, NULL, &param, &at)) > 0; i++)
        begin(net->buffers + at, n, &param, key, i);
}

void net_renew_last(struct net *net, uint64_t key)
{
    begin_params(net, &net->nodes.node[net->nodes.n - 1], key);
}

/* What is the same for all nodes in a pass over n samples. batch gives the dropout masks, NULL: none. */
static struct pass start(const struct net *net, int n, const struct batch *batch)
{
    struct pass pass = {
        .kernels = net->kernels, .n = n, .all = n, .scratch = net->scratch, .drops = batch != NULL};
    if (batch) {
        pass.key = batch->dropout_key;
        pass.substream =
            batch->dropout_step * (net->nodes.n_dropouts > FEW_DROPOUTS ? NODES_MAX_DROPOUTS : FEW_DROPOUTS);
        pass.learns = !batch->last_only;
    }
    return pass;
}

static float *behind(float *array, int samples, struct tensor_shape shape)
{
    return array ? array + (size_t)samples * tensor_floats(shape) : NULL;
}

/* Where the gradient of what node i reads is gathered: of samples from `first` on. */
static float *gathered(const struct net *net, int i, int input, int first)
{
    struct arrays_of of = read_by(net, i, input);
    return behind(of.dout, of.passes ? 0 : first, net->nodes.node[i].in);
}

/* Where node i leaves the gradient of an input. NULL: nobody wants it. */
static float *din_of(const struct net *net, int i, int input, int first)
{
    if (net->nodes.node[i].from[input] < net->lowest)
        return NULL;
    return net->adds[i][input] ? net->spare[input] : gathered(net, i, input, first);
}

/* What an input of node i gives, and what it gives itself, of samples from `first` on. */
static float *read_at(const struct net *net, int i, int input, int first)
{
    struct arrays_of of = read_by(net, i, input);
    return behind(of.out, of.remade ? 0 : first, net->nodes.node[i].in);
}

static float *out_at(const struct net *net, int i, int first)
{
    return behind(net->of[i].out, net->of[i].remade ? 0 : first, net->nodes.node[i].out);
}

static void *kept_of(const struct net *net, int i, int first)
{
    const struct op *op = net->nodes.node[i].op;
    size_t at = op->kept && !op->measure ? (size_t)first * op->kept(&net->nodes.node[i]) : 0;
    return net->of[i].kept ? (char *)net->of[i].kept + at : NULL;
}

/* The pass at node i. gradient: where those of all parameters go. */
static struct pass at_node(const struct net *net, int i, struct pass pass, float *gradient)
{
    const struct node *node = &net->nodes.node[i];
    const struct arrays_of *of = &net->of[i];
    pass.params = net->params + node->param;
    pass.m = net->moments + node->param;
    pass.v = net->moments + (net->n_moments - 1) * net->n_params + node->param;
    pass.buffers = net->buffers + node->buffer;
    pass.gradient = gradient ? gradient + node->param : NULL;
    pass.in = read_at(net, i, 0, pass.first);
    pass.in2 = read_at(net, i, 1, pass.first);
    pass.din = din_of(net, i, 0, pass.first);
    pass.din2 = din_of(net, i, 1, pass.first);
    pass.out = out_at(net, i, pass.first);
    pass.dout = behind(of->dout, of->passes ? 0 : pass.first, node->out);
    pass.kept = kept_of(net, i, pass.first);
    pass.substream += (uint64_t)node->dropout;
    return pass;
}

static void gather(struct net *net, const float *const *image, int n)
{
    size_t floats = tensor_floats(net->nodes.input);
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(net->image + i * floats, image[i], floats * sizeof(float));
}

/* Convolution i for itself and the batch norm behind it. */
static void forward_folded(struct net *net, int i, struct pass all)
{
    struct node conv = net->nodes.node[i];
    const struct node *norm = &net->nodes.node[i + 1];
    struct pass pass = at_node(net, i, all, NULL);
    node_fold(&conv, pass.params, norm, net->params + norm->param, net->buffers + norm->buffer, net->folded);
    conv.unbiased = 0;
    conv.relu = norm->relu;
    pass.params = net->folded;
    pass.out = out_at(net, i + 1, pass.first);
    conv.op->forward(&conv, &pass);
}

/* A node at some samples, unless the convolution before it has stood for it. */
static void forward_node(struct net *net, int i, struct pass some)
{
    const struct node *node = &net->nodes.node[i];
    const struct pass pass = at_node(net, i, some, NULL);
    if (i > 0 && node[-1].folds && !some.learns)
        return;
    if (node->folds && !some.learns)
        forward_folded(net, i, some);
    else if (node->op->forward)
        node->op->forward(node, &pass);
}

/* Samples first .. first + n - 1 of all, or as many as there are. */
static struct pass part(struct pass all, int first, int n)
{
    all.first = first;
    all.n = n < all.all - first ? n : all.all - first;
    return all;
}

/* Nodes from .. to - 1 and what node `to` measures, one part after the other. */
static void forward_run(struct net *net, int from, int to, struct pass all)
{
    int n = part_of(net, from), measures = to < net->nodes.n && all.learns && net->nodes.node[to].op->measure;
    for (int first = 0; first < all.all; first += n) {
        struct pass some = part(all, first, n);
        for (int i = from; i < to; i++)
            forward_node(net, i, some);
        if (measures) {
            const struct pass pass = at_node(net, to, some, NULL);
            net->nodes.node[to].op->measure(&net->nodes.node[to], &pass);
        }
    }
}

/* From images to logits. */
static void forward(struct net *net, const float *const *image, int n, const struct batch *batch)
{
    const struct pass all = start(net, n, batch);
    gather(net, image, n);
    for (int from = 0, to = parts_begin(&net->nodes, all.learns); from < net->nodes.n;) {
        forward_run(net, from, to, all);
        from = to;
        to = from < net->nodes.n ? parts_end(&net->nodes, from, all.learns) : from;
    }
}

/* What node i has left in spare arrays to what others left before. */
static void add_spares(const struct net *net, int i, int first, int n)
{
    for (int input = 0; input < 2; input++) {
        if (net->nodes.node[i].from[input] < net->lowest || !net->adds[i][input])
            continue;
        float *restrict to = gathered(net, i, input, first);
        const float *restrict more = net->spare[input];
        size_t floats = (size_t)n * read_floats(net, i, input);
        for (size_t j = 0; j < floats; j++)
            to[j] += more[j];
    }
}

/* Where the gradients of all parameters go at node i: to grad, or, with NULL, to those that are stored. */
static float *gradients_at(const struct net *net, int i, float *grad)
{
    return grad ? grad : net->nodes.node[i].fused_update ? NULL : net->gradient;
}

static void backward_node(struct net *net, int i, struct pass some, float *grad)
{
    const struct node *node = &net->nodes.node[i];
    const struct pass pass = at_node(net, i, some, gradients_at(net, i, grad));
    if (node->op->backward)
        node->op->backward(node, &pass);
    add_spares(net, i, some.first, some.n);
}

/* Whether node `to` is to be made again for nodes from, from - 1 .. to + 1, which are all that read it. */
static int is_remade(const struct net *net, int from, int to)
{
    int wanted = 0;
    for (int i = from; i > to; i--)
        for (int input = 0; input < 2; input++)
            wanted |= net->nodes.node[i].from[input] == to && !net->nodes.node[i].op->forgets;
    return to >= net->lowest && net->of[to].remade && wanted;
}

/* Nodes from, from - 1 .. to + 1, and what node `to` measures, one part after the other. */
static void backward_run(struct net *net, int from, int to, struct pass all, float *grad)
{
    int n = part_of(net, from), measures = to >= net->lowest && net->nodes.node[to].op->measure;
    for (int first = 0; first < all.all; first += n) {
        struct pass some = part(all, first, n);
        if (is_remade(net, from, to))
            forward_node(net, to, some);
        for (int i = from; i > to && i >= net->lowest; i--)
            backward_node(net, i, some, grad);
        if (measures) {
            const struct pass pass = at_node(net, to, some, gradients_at(net, to, grad));
            net->nodes.node[to].op->measure_gradient(&net->nodes.node[to], &pass);
        }
    }
}

/* Zeros for those that nodes add to. */
static void clear_gradients(struct net *net, float *grad)
{
    for (int i = net->lowest; i < net->nodes.n; i++) {
        const struct node *node = &net->nodes.node[i];
        float *to = gradients_at(net, i, grad);
        if (to && node->op->by_sample)
            memset(to + node->param, 0, node->n_params * sizeof *to);
    }
}

/* From the gradient of the logits down. grad: where all gradients go; NULL: fused updates are done with
 * `update`. */
static void backward(struct net *net, const struct batch *batch, const struct update *update, float *grad)
{
    struct pass all = start(net, batch->n, batch);
    all.update = update;
    clear_gradients(net, grad);
    for (int from = net->nodes.n - 1, to = parts_back_begin(&net->nodes); from >= net->lowest;) {
        backward_run(net, from, to, all, grad);
        from = to;
        to = from >= 0 ? parts_back_end(&net->nodes, from) : from;
    }
}

static float *logits_of(const struct net *net)
{
    return net->of[net->nodes.n - 1].out;
}

static int n_classes_of(const struct net *net)
{
    return net->nodes.node[net->nodes.n - 1].out.c;
}

/* Forward, loss and backward. */
static double pass_both(struct net *net, const struct batch *batch, const struct loss_rule *loss,
                        const struct update *update, float *grad)
{
    net->lowest = batch->last_only ? net->nodes.n - 1 : net->first;
    forward(net, batch->image, batch->n, batch);
    double value = loss_gradient(net->of[net->nodes.n - 1].dout, logits_of(net), batch->target, batch->weight,
                                 batch->n, n_classes_of(net), loss);
    backward(net, batch, update, grad);
    return value;
}

/* Where the parameters that learn in the step at hand begin. */
static size_t learning_from(const struct net *net)
{
    return net->nodes.node[net->lowest].param;
}

/* All gradients shortened to a common length of at most `most`. What is not finite stays so. */
static void clip(struct net *net, double most)
{
    float *gradient = net->gradient + learning_from(net);
    size_t n = net->n_params - learning_from(net);
    double norm = sqrt(net->kernels->sum_squares(gradient, n)), share = most / (norm + 1e-6);
    float factor = (float)share;
    for (size_t i = 0; !(share >= 1) && i < n; i++)
        gradient[i] *= factor;
}

static void update_run(struct net *net, size_t from, const struct run *run, const struct update *update)
{
    float *moment[OPTIMISER_MAX_MOMENTS] = {0};
    for (size_t m = 0; m < net->n_moments; m++)
        moment[m] = net->moments + m * net->n_params + from;
    net->optimiser->apply(net->kernels, net->params + from, moment, net->gradient + from, run->to - from,
                          run->decays, update);
}

/* All parameters that learn and whose update is not fused. */
static void update_rest(struct net *net, const struct update *update)
{
    size_t from = learning_from(net);
    for (int i = 0; i < net->n_runs; i++)
        if (net->run[i].to > from)
            update_run(net, net->run[i].from > from ? net->run[i].from : from, &net->run[i], update);
}

/* Denormals, which vanishing gradients and moments become, cost a hundred times a normal operation on x86.
 * Flush them to zero while we compute; the caller's mode is restored. */
static unsigned flush_denormals(void)
{
#if defined(__SSE2__)
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040); /* FTZ and DAZ */
    return mode;
#else
    return 0;
#endif
}

static void restore_denormals(unsigned mode)
{
#if defined(__SSE2__)
    _mm_setcsr(mode);
#else
    (void)mode;
#endif
}

double net_train(struct net *net, const struct batch *batch, const struct loss_rule *loss,
                 const struct update *update, float *probs)
{
    unsigned mode = flush_denormals();
    net->steps++;
    double value = pass_both(net, batch, loss, update, NULL);
    if (update->clip_norm > 0)
        clip(net, update->clip_norm);
    update_rest(net, update);
    loss_softmax(probs, logits_of(net), batch->n, n_classes_of(net));
    restore_denormals(mode);
    return value;
}

double net_gradient(struct net *net, const struct batch *batch, const struct loss_rule *loss, float *logits,
                    float *grad)
{
    unsigned mode = flush_denormals();
    double value = pass_both(net, batch, loss, NULL, grad);
    memcpy(logits, logits_of(net), (size_t)batch->n * (size_t)n_classes_of(net) * sizeof *logits);
    restore_denormals(mode);
    return value;
}

void net_predict(struct net *net, const float *const *image, int n, float *probs)
{
    unsigned mode = flush_denormals();
    int n_classes = n_classes_of(net);
    for (int first = 0; first < n; first += net->max_batch) {
        int some = n - first < net->max_batch ? n - first : net->max_batch;
        forward(net, image + first, some, NULL);
        loss_softmax(probs + (size_t)first * (size_t)n_classes, logits_of(net), some, n_classes);
    }
    restore_denormals(mode);
}

size_t net_n_features(const struct nodes *nodes)
{
    return tensor_floats(nodes->node[nodes->n - 1].in);
}

void net_features(struct net *net, const float *const *image, int n, float *features)
{
    unsigned mode = flush_denormals();
    size_t floats = net_n_features(&net->nodes);
    for (int first = 0; first < n; first += net->max_batch) {
        int some = n - first < net->max_batch ? n - first : net->max_batch;
        forward(net, image + first, some, NULL);
        const float *in = read_by(net, net->nodes.n - 1, 0).out;
        assert(in);
        memcpy(features + (size_t)first * floats, in, (size_t)some * floats * sizeof *features);
    }
    restore_denormals(mode);
}

float *net_params(struct net *net)
{
    return net->params;
}

float *net_moments(struct net *net)
{
    return net->moments;
}

float *net_buffers(struct net *net)
{
    return net->buffers;
}

int64_t *net_steps(struct net *net)
{
    return &net->steps;
}

const struct nodes *net_nodes(const struct net *net)
{
    return &net->nodes;
}

const struct optimiser *net_optimiser(const struct net *net)
{
    return net->optimiser;
}

void net_free(struct net *net)
{
    free(net);
}
