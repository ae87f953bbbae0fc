#include "models/net/cnn.h"

#include "image/image.h"

enum { MAX_UNITS = 1 << 16, MAX_SIZE = 4096 };

static int check_range(const char *what, int value, int low, int high, struct err *err)
{
    if (value < low || value > high)
        return err_set(err, E_USAGE, "cnn: %s is %d; it must be %d to %d", what, value, low, high);
    return 0;
}

static int check_rate(double rate, struct err *err)
{
    if (!(rate >= 0 && rate < 1))
        return err_set(err, E_USAGE, "cnn: dropout rate is %g; it must be at least 0 and below 1", rate);
    return 0;
}

static int check_shape(const struct cnn_shape *s, struct err *err)
{
    int rc = check_range("image size", s->size, 1, MAX_SIZE, err);
    if (rc == 0)
        rc = check_range("number of channels", s->channels, 1, IMAGE_MAX_CHANNELS, err);
    if (rc == 0)
        rc = check_range("number of blocks", s->n_blocks, 1, CNN_MAX_BLOCKS, err);
    for (int i = 0; rc == 0 && i < s->n_blocks; i++)
        rc = check_range("number of filters", s->filters[i], 1, MAX_UNITS, err);
    if (rc == 0)
        rc = check_range("number of dense layers", s->n_dense, 0, CNN_MAX_DENSE, err);
    for (int i = 0; rc == 0 && i < s->n_dense; i++)
        rc = check_range("number of dense units", s->dense[i], 1, MAX_UNITS, err);
    for (int i = 0; rc == 0 && i <= s->n_dense; i++)
        rc = check_rate(s->dropout[i], err);
    return rc < 0 ? rc : check_range("number of classes", s->n_classes, 2, LOSS_MAX_CLASSES, err);
}

int cnn_nodes(const struct cnn_shape *shape, struct nodes *out, struct err *err)
{
    int rc = check_shape(shape, err);
    nodes_start(out, (struct tensor_shape){shape->size, shape->size, shape->channels});
    if (rc < 0)
        return rc;
    for (int b = 1; b <= shape->n_blocks; b++) {
        nodes_add(out, &op_conv, "conv%d", b)->units = shape->filters[b - 1];
        nodes_add(out, &op_relu, "relu%d", b);
        nodes_add(out, &op_max_pool, "pool%d", b);
    }
    nodes_add(out, &op_dropout, "dropout1")->rate = shape->dropout[0];
    nodes_add(out, &op_flatten, "flat");
    for (int d = 1; d <= shape->n_dense; d++) {
        nodes_add(out, &op_dense, "dense%d", d)->units = shape->dense[d - 1];
        nodes_add(out, &op_relu, "dense%d.relu", d);
        nodes_add(out, &op_dropout, "dropout%d", d + 1)->rate = shape->dropout[d];
    }
    nodes_add(out, &op_dense, "logits")->units = shape->n_classes;
    return nodes_finish(out, err);
}

int cnn_check(const struct cnn_shape *shape, int max_batch, struct err *err)
{
    struct nodes nodes;
    int rc = check_range("batch", max_batch, 1, MAX_UNITS, err);
    if (rc == 0)
        rc = cnn_nodes(shape, &nodes, err);
    if (rc < 0)
        return rc;
    nodes_fuse(&nodes, 0);
    return nodes_check_batch(&nodes, max_batch, err);
}
