#include "models/model_net.h"

#include "models/net/net_arrays.h"
#include "models/training.h"

static void network_of(const struct config *config, struct nodes *out)
{
    model_of(config)->network(config, out);
}

/* Forward costs a third of a training pass: one of three products of every layer. */
double model_net_work(const struct config *config, double n_seen, double n_judged)
{
    struct nodes nodes;
    network_of(config, &nodes);
    return nodes_dense_flop(&nodes) * (double)config->epochs * (n_seen + n_judged / 3);
}

size_t model_net_room(const struct config *config, int n_train)
{
    struct nodes nodes;
    (void)n_train;
    network_of(config, &nodes);
    return (nodes_n_params(&nodes) + nodes_n_buffers(&nodes)) * sizeof(float);
}

size_t model_net_bytes(const struct config *config, int n_train)
{
    struct nodes nodes;
    (void)n_train;
    network_of(config, &nodes);
    return training_bytes(config, &nodes);
}

int model_net_open(const struct model_spec *spec, void **out, struct err *err)
{
    struct nodes nodes;
    struct net *net = NULL;
    network_of(spec->config, &nodes);
    int rc = training_new(spec->config, &nodes, &net, err);
    if (rc == 0)
        net_init(net, spec->start);
    *out = net;
    return rc;
}

double model_net_teach(void *model, const struct config *config, const struct batch *batch,
                       const struct loss_rule *loss, float *probs)
{
    return training_teach(model, config, batch, loss, probs);
}

void model_net_judge(void *model, const float *const *image, int n, float *probs)
{
    net_predict(model, image, n, probs);
}

size_t model_net_n_features(const struct config *config)
{
    struct nodes nodes;
    network_of(config, &nodes);
    return net_n_features(&nodes);
}

void model_net_embed(void *model, const float *const *image, int n, float *features)
{
    net_features(model, image, n, features);
}

/* The biases of the last layer are the last of all parameters. */
float *model_net_logit_bias(void *model)
{
    const struct nodes *nodes = net_nodes(model);
    return net_params(model) + nodes_n_params(nodes) - (size_t)nodes->node[nodes->n - 1].units;
}

float *model_net_last_layer(void *model, size_t *n)
{
    const struct nodes *nodes = net_nodes(model);
    *n = nodes->node[nodes->n - 1].n_params;
    return net_params(model) + nodes->node[nodes->n - 1].param;
}

void model_net_renew_last(void *model, uint64_t start)
{
    net_renew_last(model, start);
}

void model_net_arrays(void *model, enum model_part part, struct arrays *out)
{
    net_arrays(model, part == MODEL_STATE, out);
}

int model_net_restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    static const struct model_kind any = {.arrays = model_net_arrays};
    return model_restore_in_place(&any, model, part, from, err);
}

void model_net_close(void *model)
{
    net_free(model);
}
