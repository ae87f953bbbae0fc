/* Nodes that the kernels do at once, replaced by one. */
#include "models/net/nodes.h"

#include <string.h>

/* Whether the nodes from i on are these operations, ended by NULL, each read by the next alone. */
static int follow(const struct nodes *nodes, int i, const struct op *const *op)
{
    for (int first = i; *op; op++, i++)
        if (i >= nodes->n || nodes->node[i].op != *op ||
            (i > first && (nodes->node[i].from[0] != i - 1 || nodes_read_behind(nodes, i - 1, i))))
            return 0;
    return 1;
}

static int can_be_pooled(const struct node *conv)
{
    return conv->side == 3 && conv->pad == 0 && conv->stride == 1 && !conv->unbiased;
}

/* What stands for node i in the fused network, and for how many from there on. */
static int fuse_at(const struct nodes *nodes, int i, int updates, struct node *out)
{
    static const struct op
        *const pooled[] = {&op_conv, &op_relu, &op_max_pool, NULL},
               *const conv[] = {&op_conv, &op_relu, NULL}, *const dense[] = {&op_dense, &op_relu, NULL},
               *const norm[] = {&op_batch_norm, &op_relu, NULL}, *const add[] = {&op_add, &op_relu, NULL},
               *const conv_norm[] = {&op_conv, &op_batch_norm, NULL};
    *out = nodes->node[i];
    out->fused_update = updates && out->op == &op_dense;
    if (follow(nodes, i, pooled) && can_be_pooled(out)) {
        out->op = &op_conv_pool;
        return 3;
    }
    if (follow(nodes, i, conv) || follow(nodes, i, dense) || follow(nodes, i, norm) ||
        follow(nodes, i, add)) {
        out->relu = 1;
        return 2;
    }
    out->folds = out->unbiased && follow(nodes, i, conv_norm);
    return 1;
}

void nodes_fuse(struct nodes *nodes, int updates)
{
    struct node fused[NODES_MAX] = {0};
    int n = 0, place[NODES_MAX]; /* of what a node gives, afterwards */
    for (int i = 0; i < nodes->n; n++) {
        int some = fuse_at(nodes, i, updates, &fused[n]);
        for (int input = 0; input < 2; input++)
            if (fused[n].from[input] >= 0)
                fused[n].from[input] = place[fused[n].from[input]];
        while (some--)
            place[i++] = n;
    }
    memcpy(nodes->node, fused, (size_t)n * sizeof *fused);
    nodes->n = n;
    nodes_finish(nodes, NULL);
}
