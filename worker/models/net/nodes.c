#include "models/net/nodes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double too_many = 1e9;

static const struct op *const op_table[] = {&op_conv, &op_max_pool, &op_conv_pool, &op_dense,
                                            &op_relu, &op_dropout,  &op_flatten};

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

static size_t count_params(const struct node *node)
{
    struct param param[NODE_MAX_PARAMS];
    size_t n = 0;
    int arrays = node->op->params ? node->op->params(node, param) : 0;
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
    node->n_params = count_params(node);
    rc = check_size(node, (double)tensor_floats(node->out), err);
    return rc < 0 ? rc : check_size(node, (double)node->n_params, err);
}

int nodes_finish(struct nodes *nodes, struct err *err)
{
    struct tensor_shape shape = nodes->input;
    size_t at = 0;
    nodes->n_dropouts = 0;
    for (int i = 0; i < nodes->n; i++) {
        struct node *node = &nodes->node[i];
        node->in = shape;
        int rc = finish_node(node, err);
        if (rc < 0)
            return rc;
        shape = node->out;
        node->param = at;
        at += node->n_params;
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

size_t nodes_param(const struct nodes *nodes, int i, const struct node **node, struct param *param,
                   size_t *at)
{
    struct param all[NODE_MAX_PARAMS];
    size_t offset = 0;
    for (int j = 0; j < nodes->n; j++) {
        const struct node *of = &nodes->node[j];
        int arrays = of->op->params ? of->op->params(of, all) : 0;
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
