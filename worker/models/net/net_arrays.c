#include "models/net/net_arrays.h"

#include <stdio.h>

static void add(const struct node *node, const struct param *param, float *values, struct arrays *out)
{
    char name[NODE_NAME_SIZE + 16];
    size_t dim[PARAM_MAX_DIMS + 1] = {0};
    for (int d = 0; param->dim[d]; d++)
        dim[d] = (size_t)param->dim[d];
    snprintf(name, sizeof name, "%s.%s", node->name, param->role);
    arrays_add(out, name, ARRAY_F32, dim, values);
}

/* "adam.m" */
static const char *name_of(const struct optimiser *optimiser, const char *what, char name[ARRAY_NAME_SIZE])
{
    snprintf(name, ARRAY_NAME_SIZE, "%s.%s", optimiser->name, what);
    return name;
}

void net_arrays(struct net *net, int optimiser, struct arrays *out)
{
    const struct nodes *nodes = net_nodes(net);
    const struct optimiser *of = net_optimiser(net);
    const size_t all[] = {nodes_n_params(nodes), 0}, one[] = {1, 0};
    char name[ARRAY_NAME_SIZE];
    const struct node *node;
    struct param param;
    size_t at;
    for (int i = 0; nodes_param(nodes, i, &node, &param, &at) > 0; i++)
        add(node, &param, net_params(net) + at, out);
    for (int i = 0; nodes_buffer(nodes, i, &node, &param, &at) > 0; i++)
        add(node, &param, net_buffers(net) + at, out);
    if (!optimiser)
        return;
    for (size_t i = 0; of->moment[i]; i++)
        arrays_add(out, name_of(of, of->moment[i], name), ARRAY_F32, all, net_moments(net) + i * all[0]);
    arrays_add(out, name_of(of, "steps", name), ARRAY_I64, one, net_steps(net));
}
