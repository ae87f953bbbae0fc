/* onnx_graph.h - an ONNX graph that is being built: nodes, their attributes, tensors.
 *
 * Everything of a message lives in one block: its size is bounded beforehand, and one free() ends it. Only
 * for onnx_*.c. No MPI. */
#ifndef CELLSWEEP_ONNX_GRAPH_H
#define CELLSWEEP_ONNX_GRAPH_H

#include "models/form.h"
#include "models/net/nodes.h"

#include <onnx.pb-c.h>

/* What a node of a network takes at most. */
enum { ONNX_MAX_NODES = 12, ONNX_MAX_TENSORS = 8 };

/* The operators of trees. */
#define ONNX_ML "ai.onnx.ml"

struct onnx_block {
    char *at, *end;
};

struct onnx_graph {
    struct onnx_block block;
    Onnx__GraphProto *proto;
    const struct nodes *nodes; /* of one network, as its builder left them; NULL: they are none */
    int member, n_members;     /* the branch that its next parts belong to, -1: none */
    char *image;               /* what the first of them read */
    char *output[NODES_MAX];   /* what stands for each node that is written */
    struct tensor_shape flat;  /* of the image that was flattened last and not yet read; h = 0: none */
};

/* n zeroed bytes, aligned for anything. */
void *onnx_take(struct onnx_block *block, size_t n);
char *onnx_text(struct onnx_block *block, const char *value);

/* A node of this branch with room for n_inputs and four attributes; its name is that of its output: "dense1",
 * or "member2.dense1" among several. */
Onnx__NodeProto *onnx_node(struct onnx_graph *g, const char *type, const char *output, int n_inputs);
void onnx_input(Onnx__NodeProto *node, char *name);
void onnx_int(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int value);

void onnx_float(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, double value);
void onnx_ints(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int n, const int *values);
/* Lists of n numbers, or of n times one of few words, which are the caller's; a word. more: attributes that a
 * node has beyond four. */
void onnx_more(struct onnx_graph *g, Onnx__NodeProto *node, int more);
void onnx_longs(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const int64_t *value,
                size_t n);
void onnx_floats(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const float *value, size_t n);
void onnx_words(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const char *const *value,
                size_t n);
void onnx_word(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const char *value);

/* Two equal numbers: of rows and of columns. */
void onnx_both(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int value);

/* A tensor of the model, its values for the caller to fill in. dims ends at 0. Returns its name. */
char *onnx_tensor(struct onnx_graph *g, const char *what, const int dims[4], float **values);

/* The same of n whole numbers, or, with n 0, of the one there. */
char *onnx_whole_numbers(struct onnx_graph *g, const char *what, int n, const int *values);

/* ---- parts of what stands for a node of the network: named after it, "block1.norm1.mean" ---- */

/* An operator on a, and on b unless NULL, with room for three more inputs; with what NULL its output is the
 * node's. */
Onnx__NodeProto *onnx_apply(struct onnx_graph *g, const struct node *node, const char *type, const char *what,
                            char *a, char *b);
char *onnx_numbers(struct onnx_graph *g, const struct node *node, const char *what, int n, const int *values);

/* onnx_tensor() of a part. */
char *onnx_part(struct onnx_graph *g, const struct node *node, const char *what, const int dims[4],
                float **values);

/* A tensor of one number, which goes with any shape. */
char *onnx_constant(struct onnx_graph *g, const struct node *node, const char *what, double value);

/* A tensor of as many numbers as the first two of dims say, from `from` on. */
char *onnx_parameters(struct onnx_graph *g, const struct node *node, const char *what, const int dims[4],
                      const float *from);
char *onnx_reshape(struct onnx_graph *g, const struct node *node, const char *what, const char *shape_name,
                   char *input, int rank, const int *shape);

/* What stands for what the node reads as its first or second input. */
char *onnx_read(const struct onnx_graph *g, const struct node *node, int input);

/* Appends what stands for a node of the network, whose parameters begin at node->param of params, and whose
 * buffers behind all of the parameters; returns the name of its output. */
typedef char *onnx_writer(struct onnx_graph *g, const struct node *node, const float *params, char *input);

/* Of a Transformer (onnx_tokens.c). Tokens are (N, tokens, width) there, as here. */
onnx_writer onnx_patches, onnx_class_token, onnx_linear, onnx_attention, onnx_first_token, onnx_layer_norm,
    onnx_gelu, onnx_add;

/* Of convolutional networks (onnx_images.c). */
onnx_writer onnx_conv, onnx_max_pool, onnx_average_pool, onnx_global_pool, onnx_batch_norm, onnx_group_norm;

/* out (rows, channels, pixels) of in (rows, pixels, channels). */
void onnx_channels_first(float *out, const float *in, int rows, int pixels, int channels);

/* 0, or E_USAGE when an operation of the network cannot be written. */
int onnx_ops_check(const struct nodes *nodes, struct err *err);

/* Append what the network does to `input`; params: a vector of its parameters, then its buffers. Returns the
 * name of the logits. */
char *onnx_ops_write(struct onnx_graph *g, const float *params, char *input);

/* Append what a fitted model of plain numbers does to `input` (N, floats), at most ONNX_FORM_NODES nodes and
 * as many tensors. Returns the name of the probabilities. */
enum { ONNX_FORM_NODES = 20 };
char *onnx_form_write(struct onnx_graph *g, const struct model_form *form, char *input);

/* Bytes of its numbers in a graph, at most. */
size_t onnx_form_bytes(const struct model_form *form);

#endif
