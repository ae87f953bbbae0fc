#include "models/net/nodes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double too_many = 1e9;

static const struct op *const op_table[] = {
    &op_conv,        &op_max_pool,   &op_average_pool,    &op_global_pool,
    &op_conv_pool,   &op_batch_norm, &op_group_norm,      &op_dense,
    &op_relu,        &op_dropout,    &op_flatten,         &op_add,
    &op_gelu,        &op_layer_norm, &op_linear,          &op_patches,
    &op_class_token, &op_attention,  &op_class_attention, &op_first_token};

const struct op *op_row(int i)
{
    return (size_t)i < sizeof op_table / sizeof *op_table ? op_table[i] : NULL;
}

size_t tensor_floats(struct tensor_shape shape)
{
    return shape.h ? (size_t)shape.h * (size_t)shape.w * (size_t)shape.c : (size_t)shape.c;
}

void nodes_start(struct nodes *nodes, struct tensor_shape input)
{
    memset(nodes, 0, sizeof *nodes);
    nodes->input = input;
}

struct node *nodes_add(struct nodes *nodes, const struct op *op, const char *name, ...)
{
    va_list more;
    assert(nodes->n < NODES_MAX);
    struct node *node = &nodes->node[nodes->n++];
    node->op = op;
    node->from[0] = nodes->n - 2;
    node->from[1] = NODE_NONE;
    node->side = 3;
    node->stride = 1;
    va_start(more, name);
    vsnprintf(node->name, sizeof node->name, name, more);
    va_end(more);
    return node;
}

static size_t param_floats(const struct param *param)
{
    size_t n = 1;
    for (int d = 0; param->dim[d]; d++)
        n *= (size_t)param->dim[d];
    return n;
}

/* op->params or op->buffers. */
typedef int (*lister)(const struct node *node, struct param out[NODE_MAX_PARAMS]);

static lister params_of(const struct node *node)
{
    return node->op->params;
}

static lister buffers_of(const struct node *node)
{
    return node->op->buffers;
}

static size_t count(const struct node *node, lister list)
{
    struct param param[NODE_MAX_PARAMS];
    size_t n = 0;
    int arrays = list ? list(node, param) : 0;
    for (int i = 0; i < arrays; i++)
        n += param_floats(&param[i]);
    return n;
}

static int check_size(const struct node *node, double n, struct err *err)
{
    if (n < too_many)
        return 0;
    return err_set(err, E_USAGE,
                   "network: %s with %.3g numbers is too large; make images, batch or layers smaller",
                   node->name, n);
}

static int finish_node(struct node *node, struct err *err)
{
    int rc = node->op->shape(node, err);
    if (rc < 0)
        return rc;
    node->n_params = count(node, params_of(node));
    node->n_buffers = count(node, buffers_of(node));
    rc = check_size(node, (double)tensor_floats(node->out), err);
    return rc < 0 ? rc : check_size(node, (double)node->n_params, err);
}

int nodes_read_behind(const struct nodes *nodes, int read, int node)
{
    for (int i = node + 1; i < nodes->n; i++)
        if (nodes->node[i].from[0] == read || nodes->node[i].from[1] == read)
            return 1;
    return 0;
}

static struct tensor_shape shape_from(const struct nodes *nodes, int from)
{
    return from == NODE_IMAGE ? nodes->input : nodes->node[from].out;
}

/* What its two inputs are; that those who are replaced have no other readers is the builder's business. */
static int connect(struct nodes *nodes, int i, struct err *err)
{
    struct node *node = &nodes->node[i];
    assert(node->from[0] < i && node->from[0] >= NODE_IMAGE && node->from[1] < i);
    assert((node->op->n_inputs == 2) == (node->from[1] != NODE_NONE) && node->from[1] != node->from[0]);
    assert(!node->op->in_place || !nodes_read_behind(nodes, node->from[0], i));
    assert(i == nodes->n - 1 || nodes_read_behind(nodes, i, i));
    node->in = shape_from(nodes, node->from[0]);
    if (node->from[1] == NODE_NONE)
        return 0;
    struct tensor_shape a = node->in, b = shape_from(nodes, node->from[1]);
    if (a.h == b.h && a.w == b.w && a.c == b.c)
        return 0;
    return err_set(err, E_USAGE, "network: %s gets %d x %d x %d and %d x %d x %d; both must be the same",
                   node->name, a.h, a.w, a.c, b.h, b.w, b.c);
}

int nodes_finish(struct nodes *nodes, struct err *err)
{
    size_t param = 0, buffer = 0;
    nodes->n_dropouts = 0;
    for (int i = 0; i < nodes->n; i++) {
        struct node *node = &nodes->node[i];
        int rc = connect(nodes, i, err);
        if (rc == 0)
            rc = finish_node(node, err);
        if (rc < 0)
            return rc;
        node->param = param;
        param += node->n_params;
        node->buffer = buffer;
        buffer += node->n_buffers;
        if (node->op->draws)
            node->dropout = nodes->n_dropouts++;
    }
    assert(nodes->n_dropouts <= NODES_MAX_DROPOUTS);
    return 0;
}

int nodes_check_batch(const struct nodes *nodes, int max_batch, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < nodes->n && rc == 0; i++)
        rc = check_size(&nodes->node[i], (double)tensor_floats(nodes->node[i].out) * max_batch, err);
    return rc;
}

size_t nodes_n_params(const struct nodes *nodes)
{
    size_t n = 0;
    for (int i = 0; i < nodes->n; i++)
        n += nodes->node[i].n_params;
    return n;
}

size_t nodes_n_buffers(const struct nodes *nodes)
{
    size_t n = 0;
    for (int i = 0; i < nodes->n; i++)
        n += nodes->node[i].n_buffers;
    return n;
}

/* Array i of the parameters, or of the buffers, over all nodes. */
static size_t array_at(const struct nodes *nodes, int buffers, int i, const struct node **node,
                       struct param *param, size_t *at)
{
    struct param all[NODE_MAX_PARAMS];
    size_t offset = 0;
    for (int j = 0; j < nodes->n; j++) {
        const struct node *of = &nodes->node[j];
        lister list = buffers ? buffers_of(of) : params_of(of);
        int arrays = list ? list(of, all) : 0;
        for (int p = 0; p < arrays; p++, i--) {
            size_t floats = param_floats(&all[p]);
            if (i == 0) {
                if (node)
                    *node = of;
                if (param)
                    *param = all[p];
                if (at)
                    *at = offset;
                return floats;
            }
            offset += floats;
        }
    }
    return 0;
}

size_t nodes_param(const struct nodes *nodes, int i, const struct node **node, struct param *param,
                   size_t *at)
{
    return array_at(nodes, 0, i, node, param, at);
}

size_t nodes_buffer(const struct nodes *nodes, int i, const struct node **node, struct param *param,
                    size_t *at)
{
    return array_at(nodes, 1, i, node, param, at);
}

/* Every layer makes three products: forward, and the gradients of its weights and its input; nobody wants the
 * gradient of the images. */
double nodes_dense_flop(const struct nodes *nodes)
{
    double multiply_adds = 0;
    for (int i = 0; i < nodes->n; i++) {
        const struct node *node = &nodes->node[i];
        if (node->op->multiply_adds)
            multiply_adds += (multiply_adds > 0 ? 3 : 2) * node->op->multiply_adds(node);
    }
    return 2 * multiply_adds;
}
