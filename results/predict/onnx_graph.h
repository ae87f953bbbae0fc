/* onnx_graph.h - an ONNX graph that is being built: nodes, their attributes, tensors.
 *
 * Everything of a message lives in one block: its size is bounded beforehand, and one free() ends it. Only
 * for onnx_model.c and onnx_ops.c. No MPI. */
#ifndef CELLSWEEP_ONNX_GRAPH_H
#define CELLSWEEP_ONNX_GRAPH_H

#include "models/net/nodes.h"

#include <onnx.pb-c.h>

struct onnx_block {
    char *at, *end;
};

struct onnx_graph {
    struct onnx_block block;
    Onnx__GraphProto *proto;
    const struct nodes *nodes; /* of one network, as its builder left them */
    int member, n_members;     /* the branch that its next parts belong to, -1: none */
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

/* Two equal numbers: of rows and of columns. */
void onnx_both(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int value);

/* A tensor of the model, its values for the caller to fill in. dims ends at 0. Returns its name. */
char *onnx_tensor(struct onnx_graph *g, const char *what, const int dims[4], float **values);

/* 0, or E_USAGE when an operation of the network cannot be written. */
int onnx_ops_check(const struct nodes *nodes, struct err *err);

/* Append what the network does to `input`, at most a node and NODE_MAX_PARAMS tensors for each of its own;
 * params: a vector of its parameters. Returns the name of the logits. */
char *onnx_ops_write(struct onnx_graph *g, const float *params, char *input);

#endif
