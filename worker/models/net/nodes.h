/* nodes.h - what a network is made of: a list of operations, one node each, that read one another in order.
 *
 *     struct nodes nodes;
 *     nodes_start(&nodes, (struct tensor_shape){50, 50, 1});
 *     nodes_add(&nodes, &op_conv, "conv%d", 1)->units = 32;
 *     nodes_add(&nodes, &op_relu, "relu%d", 1);
 *     ...
 *     rc = nodes_finish(&nodes, &err);         shapes, places of the parameters, numbers of the dropouts
 *     nodes_fuse(&nodes, 1);                   the same network in fewer, faster operations
 *
 * A node reads the one before it, unless from[] says otherwise: a graph, in the order in which it runs.
 *
 *     int skip = nodes->n - 1;                                     the node appended last, to be read again
 *     ...
 *     nodes_add(&nodes, &op_add, "add1")->from[1] = skip;
 *
 * A builder (cnn.h) only appends nodes; net.h runs them; whoever writes a network in another program's format
 * walks them as the builder left them. To add a kind of layer: a row in an ops_*.c file, its name in the
 * table of nodes.c, and, if it is to be exported, its function in results/predict/onnx_ops.c. Pure functions,
 * no allocation, no MPI. */
#ifndef CELLSWEEP_NODES_H
#define CELLSWEEP_NODES_H

#include "kernels/kernels.h"
#include "models/net/optimiser.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    NODES_MAX = 256,
    NODE_NAME_SIZE = 24,
    NODE_MAX_PARAMS = 2,
    PARAM_MAX_DIMS = 4,
    NODES_MAX_DROPOUTS = 64,
    NODE_IMAGE = -1, /* what stands before the first node: the images */
    NODE_NONE = -2
};

/* One sample, channels last; h = w = 0: a plain vector of c. */
struct tensor_shape {
    int h, w, c;
};

struct op;

struct node {
    const struct op *op;
    double rate;               /* dropout: 0 <= rate < 1, quantised to 1/65536 */
    char name[NODE_NAME_SIZE]; /* "conv1" */
    int from[2];               /* which nodes it reads, or NODE_IMAGE; the second NODE_NONE but for op_add */
    int units;                 /* conv, dense: filters, outputs */
    int side, pad, stride;     /* conv: as in kernels.h; 3, 0 and 1 unless set */
    int unbiased;              /* conv: 1: it has no bias */
    int relu;                  /* conv, dense, batch norm, add: 1: its ReLU is part of it */
    int folds;        /* conv: 1: it stands for the batch norm behind it when it judges (nodes_fuse) */
    int fused_update; /* 1: its optimiser step is part of its backward pass (nodes_fuse) */
    /* as nodes_finish() finds them */
    struct tensor_shape in, out;
    size_t param, n_params;   /* where its parameters begin in the flat vector, and how many they are */
    size_t buffer, n_buffers; /* the same of its buffers, in a vector of their own */
    int dropout;              /* its number among those that draw masks, from 0 */
};

struct nodes {
    struct tensor_shape input;
    int n, n_dropouts;
    struct node node[NODES_MAX];
};

/* An array of parameters of a node, or a buffer: numbers that training leaves, and no optimiser knows of. */
struct param {
    const char *role;            /* "weight", "bias": "conv1.weight" with the node's name */
    int dim[PARAM_MAX_DIMS + 1]; /* ended by 0 */
    /* Of the limit between which it begins (Glorot and Bengio 2010); 0: it begins at `start`, all of it
     * alike. Those that have one are weights; the others do not decay. */
    double fan_in, fan_out, start;
};

/* A node at work on n samples of a batch, the first of which is `first` of `all`. Arrays are of n times its
 * shapes; of an operation in place out is in, and din is dout. in2 and din2 are of its second input. */
struct pass {
    const struct kernels *kernels;
    int n, first, all;
    float *params, *m, *v; /* of the node, one array after the other; the moments of Adam */
    float *gradient;       /* where theirs goes; NULL: the operation applies `update` itself (fused_update) */
    const struct update *update;
    float *buffers; /* of the node */
    float *in, *in2, *out;
    float *din, *din2, *dout; /* din, din2 NULL: nobody wants it */
    void *kept;     /* what forward leaves for backward: of these samples, or, where it measures, of all */
    float *scratch; /* 64-byte aligned */
    int drops;      /* 1: masks are drawn, in training */
    int learns;     /* 1: in training of all nodes: statistics are those of these samples */
    uint64_t key, substream; /* of the masks */
};

/* A kind of layer. */
struct op {
    const char *name;
    /* 1: its output takes the place of its input. It makes nothing of that non-zero which was zero, so that
     * whoever stands before may still tell from its output where ReLU stopped a gradient. Nobody else reads
     * what it reads. */
    int in_place;
    /* 1: what it makes of a sample depends on no other but by what it measures, so that samples may go some
     * at a time; backward adds to `gradient`, zero before the first. */
    int by_sample;
    int forgets;  /* 1: backward reads neither in nor in2 */
    int draws;    /* 1: draws masks */
    int n_inputs; /* 2, or 0: one */
    /* out of a node from its in. E_USAGE when it does not fit: the line names the node. */
    int (*shape)(struct node *node, struct err *err);
    /* Its arrays, in order; returns how many. NULL: none. */
    int (*params)(const struct node *node, struct param out[NODE_MAX_PARAMS]);
    /* The same of its buffers: forward of samples that are learnt from may write them. */
    int (*buffers)(const struct node *node, struct param out[NODE_MAX_PARAMS]);
    /* Multiply-adds of the forward pass of one sample, done densely. NULL: not counted. */
    double (*multiply_adds)(const struct node *node);
    /* Bytes a sample that forward leaves for backward. NULL: none. */
    size_t (*kept)(const struct node *node);
    /* Floats for n samples. NULL: none. */
    size_t (*scratch)(const struct node *node, const struct kernels *k, int n, int with_gradient);
    /* What the kernels really use, for benchmarks. NULL: loops of its own. */
    const char *(*path)(const struct node *node, const struct kernels *k);
    /* What forward, of samples that are learnt from, and backward need of all samples before they see the
     * first: called for some of them after the other. NULL: nothing; backward's may add to `gradient`. */
    void (*measure)(const struct node *node, const struct pass *p);
    void (*measure_gradient)(const struct node *node, const struct pass *p);
    /* NULL: nothing to be done. backward overwrites din, din2 and, unless by_sample, gradient. */
    void (*forward)(const struct node *node, const struct pass *p);
    void (*backward)(const struct node *node, const struct pass *p);
};

extern const struct op op_conv;                      /* `units` filters */
extern const struct op op_max_pool, op_average_pool; /* 2x2; an odd last row or column is dropped */
extern const struct op op_global_pool;               /* an image as the vector of its channels' means */
extern const struct op op_conv_pool;                 /* conv, ReLU and max-pool at once */
extern const struct op op_batch_norm; /* by the batch in training, else by running statistics */
extern const struct op op_group_norm; /* of each image, in node_n_groups() groups of channels */
extern const struct op op_dense;      /* `units` outputs of a vector */
extern const struct op op_relu, op_dropout;
extern const struct op op_gelu;       /* the exact one */
extern const struct op op_layer_norm; /* over the channels of every pixel, or a vector */
extern const struct op op_flatten;    /* an image as the vector (y, x, channel) */
extern const struct op op_add;        /* sum of its two inputs, of one shape */
extern const struct op op_linear;     /* `units` outputs of the channels of every pixel, or of a vector */
/* Of a Transformer. Tokens are images one pixel wide. */
extern const struct op
    op_patches; /* squares of `units` pixels a side, as tokens (y, x, channel), row by row; of
                                    * what does not fill one, half is left out on each side */
extern const struct op op_class_token; /* a learned token before all others, and learned positions added */
extern const struct op op_attention;   /* `units` heads; of each token its queries, keys and values */
extern const struct op op_class_attention; /* the same of the first token, as a vector */
extern const struct op op_first_token;     /* as a vector */

/* What layer norm adds to the variance, as Dosovitskiy et al. 2021. */
#define LAYER_NORM_EPSILON   1e-6
#define CHANNEL_NORM_EPSILON 1e-5 /* of batch and group norms */

/* Row i, from 0, or NULL past the last. */
const struct op *op_row(int i);

size_t tensor_floats(struct tensor_shape shape);

void nodes_start(struct nodes *nodes, struct tensor_shape input);

/* Append a node named by a format, which reads the one before; all else of it is the caller's to set. At most
 * NODES_MAX. */
struct node *nodes_add(struct nodes *nodes, const struct op *op, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* All that follows from order, inputs and units. E_USAGE when a node does not fit what it gets, or is too
 * large to be indexed by int. */
int nodes_finish(struct nodes *nodes, struct err *err);

/* 0, or E_USAGE when batches of max_batch are too large to be indexed by int. */
int nodes_check_batch(const struct nodes *nodes, int max_batch, struct err *err);

/* Replace conv + relu + max_pool by conv_pool where the kernels can, conv, dense, batch norm or add + relu by
 * one, and let a conv stand for the batch norm behind it when it judges; updates 1: and let dense layers
 * apply their own updates, for optimisers that fuse. The same parameters in the same places; results within
 * rounding. Of finished nodes. */
void nodes_fuse(struct nodes *nodes, int updates);

/* Groups of channels of a group norm: the most, up to 8, that divide them. */
int node_n_groups(const struct node *node);

/* Weights and biases in out (n_params of conv, and its units) of a convolution that does what an unbiased one
 * of `weight` and a batch norm behind it do, by running statistics. params, buffers: of the norm. */
void node_fold(const struct node *conv, const float *weight, const struct node *norm, const float *params,
               const float *buffers, float *out);

/* For backward of what has ReLU in it: a unit that ReLU or a dropout behind it made zero passes no gradient;
 * a NaN does. */
void node_stop_gradient(const struct node *node, const struct pass *p);

size_t nodes_n_params(const struct nodes *nodes);
size_t nodes_n_buffers(const struct nodes *nodes);

/* 1 when a node behind `node` reads what node `read` gives, too. */
int nodes_read_behind(const struct nodes *nodes, int read, int node);

/* Array i of the parameters, from 0, over all nodes: whose it is, what it is, where it begins in the flat
 * vector. Any of the last three may be NULL. Returns its floats, 0 past the last. */
size_t nodes_param(const struct nodes *nodes, int i, const struct node **node, struct param *param,
                   size_t *at);

/* The same of the buffers. */
size_t nodes_buffer(const struct nodes *nodes, int i, const struct node **node, struct param *param,
                    size_t *at);

/* Multiply-adds x 2 of one training sample if every layer, forward and backward, is done densely. */
double nodes_dense_flop(const struct nodes *nodes);

#endif
