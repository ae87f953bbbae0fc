#include "models/net/cnn.h"

#include "models/net/layers.h"
#include "base/loss.h"
#include "rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { LINE_FLOATS = 16, MAX_UNITS = 1 << 16, MAX_SIZE = 4096 };

/* Layers by number: conv 0, 1; dense 0, 1, 2 (2 is the output). Dropout l follows conv 1, dense 0, dense
 * 1. */
struct cnn {
    struct cnn_shape shape;
    const struct kernels *kernels;
    int max_batch;
    size_t n_params, offset[CNN_N_PARTS + 1];
    uint32_t keep_from[3];
    long steps;
    float *params;              /* (n_params) */
    float *moments;             /* (2, n_params) */
    float *conv_gradient;       /* gradients of the first four parts */
    float *image;               /* (max_batch, size, size): the batch, gathered */
    float *pooled[2];           /* outputs of conv 0 and 1; the second after dropout */
    float *dpooled[2];          /* their gradients */
    uint8_t *winner[2];         /* as conv_pool_forward leaves them */
    float *unit[LAYERS_DENSE];  /* outputs of the dense layers, after dropout; the last are the logits */
    float *dunit[LAYERS_DENSE]; /* their gradients */
    float *scratch;
};

/* What a backward pass does with gradients: store them in `gradient`, or, where that is NULL, apply
 * `adam`. */
struct backward {
    int n;
    float *gradient;
    struct adam_step adam;
};

size_t cnn_n_params(const struct cnn_shape *shape, size_t offset[CNN_N_PARTS + 1])
{
    size_t total = 0, part = 0;
    for (int layer = 0; layer < LAYERS_CONV + LAYERS_DENSE; layer++) {
        struct conv_shape c = layers_conv(shape, layer < 2 ? layer : 0, 1);
        struct dense_shape d = layers_dense(shape, layer < 2 ? 0 : layer - 2, 1);
        size_t units = (size_t)(layer < 2 ? c.k : d.out), inputs = (size_t)(layer < 2 ? 9 * c.c : d.in);
        const size_t size[2] = {units * inputs, units};
        for (int i = 0; i < 2; i++) {
            if (offset)
                offset[part++] = total;
            total += size[i];
        }
    }
    if (offset)
        offset[part] = total;
    return total;
}

double cnn_dense_flop(const struct cnn_shape *shape)
{
    double multiply_adds = 0;
    for (int layer = 0; layer < 2; layer++) {
        struct conv_shape s = layers_conv(shape, layer, 1);
        double forward = (double)(s.h - 2) * (s.w - 2) * 9 * s.c * s.k;
        multiply_adds += (layer == 0 ? 2 : 3) * forward; /* nobody wants the gradient of the images */
    }
    for (int layer = 0; layer < LAYERS_DENSE; layer++) {
        struct dense_shape s = layers_dense(shape, layer, 1);
        multiply_adds += 3.0 * s.in * s.out;
    }
    return 2 * multiply_adds;
}

static int check_range(const char *what, int value, int low, int high, struct err *err)
{
    if (value < low || value > high)
        return err_set(err, E_USAGE, "cnn: %s is %d; it must be %d to %d", what, value, low, high);
    return 0;
}

static int check_shape(const struct cnn_shape *s, int max_batch, struct err *err)
{
    int rc = check_range("image size", s->size, 10, MAX_SIZE, err);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = check_range("number of filters", s->filters[i], 1, MAX_UNITS, err);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = check_range("number of dense units", s->dense[i], 1, MAX_UNITS, err);
    if (rc == 0)
        rc = check_range("number of classes", s->n_classes, 2, LOSS_MAX_CLASSES, err);
    if (rc == 0)
        rc = check_range("batch", max_batch, 1, MAX_UNITS, err);
    for (int i = 0; i < 3 && rc == 0; i++)
        if (!(s->dropout[i] >= 0 && s->dropout[i] < 1))
            rc = err_set(err, E_USAGE, "cnn: dropout rate is %g; it must be at least 0 and below 1",
                         s->dropout[i]);
    return rc;
}

/* sgemm and the kernels index one layer's batch with int. */
static int check_total(const struct cnn_shape *s, int max_batch, struct err *err)
{
    double pixels = (double)s->size * s->size;
    double maps = pixels / 4 * s->filters[0] * max_batch, flat = pixels / 16 * s->filters[1];
    double lowered = pixels / 4 * 9 * s->filters[0];
    if (maps < 1e9 && flat * max_batch < 1e9 && flat * s->dense[0] < 1e9 && lowered < 1e9)
        return 0;
    return err_set(err, E_USAGE,
                   "cnn: image size %d with %d and %d filters, %d dense units and batch %d is too large",
                   s->size, s->filters[0], s->filters[1], s->dense[0], max_batch);
}

int cnn_check(const struct cnn_shape *shape, int max_batch, struct err *err)
{
    int rc = check_shape(shape, max_batch, err);
    return rc < 0 ? rc : check_total(shape, max_batch, err);
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_floats(const struct kernels *k, const struct cnn_shape *s, int max_batch)
{
    size_t floats = 0;
    for (int layer = 0; layer < 2; layer++)
        for (int gradient = 0; gradient < 2; gradient++)
            floats = max_size(floats, k->conv_scratch(layers_conv(s, layer, max_batch), gradient));
    for (int layer = 0; layer < LAYERS_DENSE; layer++)
        for (int gradient = 0; gradient < 2; gradient++)
            floats = max_size(floats, k->dense_scratch(layers_dense(s, layer, max_batch), gradient));
    return floats;
}

/* Next `floats` of the arena, a cache line's multiple; with base NULL only *used advances. */
static float *take(float *base, size_t *used, size_t floats)
{
    float *p = base ? base + *used : NULL;
    *used += (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    return p;
}

/* Lay the network's arrays out from base, or, with base NULL, only count. Returns the floats they take. */
static size_t lay_out(struct cnn *net, float *base)
{
    const struct cnn_shape *s = &net->shape;
    size_t used = 0, n = (size_t)net->max_batch;
    net->params = take(base, &used, net->n_params);
    net->moments = take(base, &used, 2 * net->n_params);
    net->conv_gradient = take(base, &used, net->offset[CNN_DENSE1_W]);
    net->image = take(base, &used, n * image_floats(s->size));
    for (int layer = 0; layer < 2; layer++) {
        size_t floats = n * layers_conv_out(layers_conv(s, layer, 1));
        net->pooled[layer] = take(base, &used, floats);
        net->dpooled[layer] = take(base, &used, floats);
        net->winner[layer] = (uint8_t *)take(base, &used, (floats + 3) / 4);
    }
    for (int layer = 0; layer < LAYERS_DENSE; layer++) {
        size_t floats = n * (size_t)layers_dense(s, layer, 1).out;
        net->unit[layer] = take(base, &used, floats);
        net->dunit[layer] = take(base, &used, floats);
    }
    net->scratch = take(base, &used, scratch_floats(net->kernels, s, net->max_batch));
    return used;
}

/* A rate as the 16-bit threshold below which a unit is dropped; a rate just below 1 still
 * keeps one unit in 65536. */
static uint32_t keep_from(double rate)
{
    uint32_t threshold = (uint32_t)lround(rate * 65536);
    return threshold < 65535 ? threshold : 65535;
}

static struct cnn planned(const struct cnn_shape *shape, int max_batch)
{
    struct cnn plan = {.shape = *shape, .kernels = kernels_selected(), .max_batch = max_batch};
    plan.n_params = cnn_n_params(shape, plan.offset);
    return plan;
}

static const size_t head_bytes = (sizeof(struct cnn) + 63) / 64 * 64;

size_t cnn_bytes(const struct cnn_shape *shape, int max_batch)
{
    struct cnn plan = planned(shape, max_batch);
    return head_bytes + lay_out(&plan, NULL) * sizeof(float);
}

int cnn_new(const struct cnn_shape *shape, int max_batch, struct cnn **out, struct err *err)
{
    if (cnn_check(shape, max_batch, err) < 0)
        return E_USAGE;
    struct cnn plan = planned(shape, max_batch);
    for (int l = 0; l < 3; l++)
        plan.keep_from[l] = keep_from(shape->dropout[l]);
    size_t bytes = cnn_bytes(shape, max_batch);
    struct cnn *net = aligned_alloc(64, bytes);
    if (!net)
        return err_set(err, E_IO,
                       "out of memory: a network needs %zu MB; use fewer ranks a node or a smaller batch",
                       bytes >> 20);
    memset(net, 0, bytes);
    *net = plan;
    lay_out(net, (void *)((char *)net + head_bytes));
    *out = net;
    return 0;
}

static void glorot_uniform(float *weight, size_t n, double fan_in, double fan_out, struct rng rng)
{
    double limit = sqrt(6 / (fan_in + fan_out));
    for (size_t i = 0; i < n; i++)
        weight[i] = (float)rng_between(&rng, -limit, limit);
}

void cnn_init(struct cnn *net, uint64_t key)
{
    memset(net->params, 0, net->n_params * sizeof *net->params);
    memset(net->moments, 0, 2 * net->n_params * sizeof *net->moments);
    net->steps = 0;
    for (int layer = 0; layer < LAYERS_CONV + LAYERS_DENSE; layer++) {
        struct conv_shape c = layers_conv(&net->shape, layer < 2 ? layer : 0, 1);
        struct dense_shape d = layers_dense(&net->shape, layer < 2 ? 0 : layer - 2, 1);
        int part = 2 * layer;
        double fan_in = layer < 2 ? 9.0 * c.c : d.in, fan_out = layer < 2 ? 9.0 * c.k : d.out;
        glorot_uniform(net->params + net->offset[part], net->offset[part + 1] - net->offset[part], fan_in,
                       fan_out, rng_start(key, (uint64_t)part));
    }
}

static float *part(const struct cnn *net, float *vector, int which)
{
    return vector + net->offset[which];
}

/* Dropout l of this step, on activations or, the same call, on their gradient; none without a batch. */
static void drop(const struct cnn *net, float *x, int l, size_t n, const struct batch *batch)
{
    if (batch)
        net->kernels->dropout(x, n, net->keep_from[l], batch->dropout_key,
                              batch->dropout_step * 4 + (uint64_t)l, 0);
}

static void gather(struct cnn *net, const float *const *image, int n)
{
    size_t pixels = image_floats(net->shape.size);
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(net->image + i * pixels, image[i], pixels * sizeof(float));
}

/* From images to logits. batch gives the dropout masks, NULL: no dropout. */
static void forward(struct cnn *net, const float *const *image, int n, const struct batch *batch)
{
    const struct kernels *k = net->kernels;
    gather(net, image, n);
    for (int layer = 0; layer < 2; layer++)
        k->conv_pool_forward(net->pooled[layer], net->winner[layer], layer == 0 ? net->image : net->pooled[0],
                             part(net, net->params, 2 * layer), part(net, net->params, 2 * layer + 1),
                             layers_conv(&net->shape, layer, n), net->scratch);
    const float *in = net->pooled[1];
    drop(net, net->pooled[1], 0, (size_t)n * (size_t)layers_dense(&net->shape, 0, n).in, batch);
    for (int layer = 0; layer < LAYERS_DENSE; layer++) {
        struct dense_shape s = layers_dense(&net->shape, layer, n);
        int w = CNN_DENSE1_W + 2 * layer, hidden = layer < LAYERS_DENSE - 1;
        k->dense_forward(net->unit[layer], in, part(net, net->params, w), part(net, net->params, w + 1), s,
                         hidden, net->scratch);
        if (hidden)
            drop(net, net->unit[layer], layer + 1, (size_t)n * (size_t)s.out, batch);
        in = net->unit[layer];
    }
}

/* Gradient of a dense layer's weights, stored or applied. */
static void learn_dense(struct cnn *net, const struct backward *b, int layer, const float *in,
                        struct dense_shape s)
{
    int w = CNN_DENSE1_W + 2 * layer;
    float *m = net->moments, *v = net->moments + net->n_params;
    if (b->gradient)
        net->kernels->dense_backward_weight(part(net, b->gradient, w), part(net, b->gradient, w + 1),
                                            net->dunit[layer], in, s, net->scratch);
    else
        net->kernels->dense_update(part(net, net->params, w), part(net, m, w), part(net, v, w),
                                   part(net, net->params, w + 1), part(net, m, w + 1), part(net, v, w + 1),
                                   net->dunit[layer], in, s, b->adam, net->scratch);
}

/* A unit that ReLU or dropout made zero passes no gradient; a NaN does. */
static void relu_backward(float *restrict d, const float *restrict unit, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d[i] = unit[i] <= 0 ? 0 : d[i];
}

/* From dunit of the output layer to dpooled[1]. A layer's input gradient needs its
 * weights before their update. */
static void backward_dense(struct cnn *net, const struct backward *b, const struct batch *batch)
{
    for (int layer = LAYERS_DENSE - 1; layer >= 0; layer--) {
        struct dense_shape s = layers_dense(&net->shape, layer, b->n);
        float *in = layer == 0 ? net->pooled[1] : net->unit[layer - 1];
        float *din = layer == 0 ? net->dpooled[1] : net->dunit[layer - 1];
        size_t n_in = (size_t)s.n * (size_t)s.in;
        net->kernels->dense_backward_input(din, net->dunit[layer],
                                           part(net, net->params, CNN_DENSE1_W + 2 * layer), s, net->scratch);
        learn_dense(net, b, layer, in, s);
        drop(net, din, layer, n_in, batch);
        if (layer > 0)
            relu_backward(din, in, n_in);
    }
}

static void backward_conv(struct cnn *net, const struct backward *b)
{
    float *gradient = b->gradient ? b->gradient : net->conv_gradient;
    for (int layer = 1; layer >= 0; layer--)
        net->kernels->conv_pool_backward(part(net, gradient, 2 * layer), part(net, gradient, 2 * layer + 1),
                                         layer == 0 ? NULL : net->dpooled[0], net->dpooled[layer],
                                         net->winner[layer], layer == 0 ? net->image : net->pooled[0],
                                         part(net, net->params, 2 * layer),
                                         layers_conv(&net->shape, layer, b->n), net->scratch);
    if (!b->gradient)
        net->kernels->adam(net->params, net->moments, net->moments + net->n_params, gradient,
                           net->offset[CNN_DENSE1_W], b->adam);
}

/* Forward, loss and backward. */
static double pass(struct cnn *net, const struct batch *batch, const struct loss_rule *loss,
                   const struct backward *b)
{
    forward(net, batch->image, batch->n, batch);
    double value = loss_gradient(net->dunit[LAYERS_DENSE - 1], net->unit[LAYERS_DENSE - 1], batch->target,
                                 batch->weight, batch->n, net->shape.n_classes, loss);
    backward_dense(net, b, batch);
    backward_conv(net, b);
    return value;
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

static struct adam_step adam_step(const struct cnn_adam *adam, long t)
{
    double rate =
        adam->learning_rate * sqrt(1 - pow(adam->beta2, (double)t)) / (1 - pow(adam->beta1, (double)t));
    return (struct adam_step){.beta1 = (float)adam->beta1,
                              .beta2 = (float)adam->beta2,
                              .epsilon = (float)adam->epsilon,
                              .rate = (float)rate};
}

double cnn_train(struct cnn *net, const struct batch *batch, const struct loss_rule *loss,
                 const struct cnn_adam *adam, float *probs)
{
    unsigned mode = flush_denormals();
    struct backward b = {.n = batch->n, .gradient = NULL, .adam = adam_step(adam, ++net->steps)};
    double value = pass(net, batch, loss, &b);
    loss_softmax(probs, net->unit[LAYERS_DENSE - 1], batch->n, net->shape.n_classes);
    restore_denormals(mode);
    return value;
}

double cnn_gradient(struct cnn *net, const struct batch *batch, const struct loss_rule *loss, float *logits,
                    float *grad)
{
    unsigned mode = flush_denormals();
    struct backward b = {.n = batch->n, .gradient = grad};
    double value = pass(net, batch, loss, &b);
    memcpy(logits, net->unit[LAYERS_DENSE - 1],
           (size_t)batch->n * (size_t)net->shape.n_classes * sizeof *logits);
    restore_denormals(mode);
    return value;
}

void cnn_predict(struct cnn *net, const float *const *image, int n, float *probs)
{
    unsigned mode = flush_denormals();
    for (int first = 0; first < n; first += net->max_batch) {
        int some = n - first < net->max_batch ? n - first : net->max_batch;
        forward(net, image + first, some, NULL);
        loss_softmax(probs + (size_t)first * (size_t)net->shape.n_classes, net->unit[LAYERS_DENSE - 1], some,
                     net->shape.n_classes);
    }
    restore_denormals(mode);
}

void cnn_features(struct cnn *net, const float *const *image, int n, float *features)
{
    unsigned mode = flush_denormals();
    size_t units = (size_t)net->shape.dense[1];
    for (int first = 0; first < n; first += net->max_batch) {
        int some = n - first < net->max_batch ? n - first : net->max_batch;
        forward(net, image + first, some, NULL);
        memcpy(features + (size_t)first * units, net->unit[LAYERS_DENSE - 2],
               (size_t)some * units * sizeof *features);
    }
    restore_denormals(mode);
}

float *cnn_params(struct cnn *net)
{
    return net->params;
}

float *cnn_moments(struct cnn *net)
{
    return net->moments;
}

long *cnn_steps(struct cnn *net)
{
    return &net->steps;
}

void cnn_free(struct cnn *net)
{
    free(net);
}
