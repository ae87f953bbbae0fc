#include "models/net/parts.h"

#include <limits.h>

/* Of a part at least: floats of its largest map, 512 KiB, a few of which stay in the caches of one core; and
 * pixels, so that filters are not transformed more often than they are worth. */
#ifndef PART_FLOATS
enum { PART_FLOATS = 1 << 17, PART_PIXELS = 4000 };
#endif

int parts_samples(const struct nodes *nodes, int i)
{
    const struct node *node = &nodes->node[i];
    size_t in = tensor_floats(node->in), out = tensor_floats(node->out), most = in > out ? in : out;
    size_t pixels = (size_t)node->out.h * (size_t)node->out.w;
    if (!node->op->by_sample || pixels == 0)
        return INT_MAX;
    size_t fit = PART_FLOATS / most, worth = PART_PIXELS / pixels, some = fit > worth ? fit : worth;
    return some < 1 ? 1 : (int)some;
}

static int measures(const struct nodes *nodes, int i)
{
    return nodes->node[i].op->measure != NULL;
}

int parts_end(const struct nodes *nodes, int from, int learns)
{
    int to = from + 1, samples = parts_samples(nodes, from);
    while (to < nodes->n && !(learns && measures(nodes, to)) && parts_samples(nodes, to) == samples)
        to++;
    return to;
}

int parts_begin(const struct nodes *nodes, int learns)
{
    return learns && measures(nodes, 0) ? 0 : parts_end(nodes, 0, learns);
}

int parts_back_end(const struct nodes *nodes, int from)
{
    int to = from - 1, samples = parts_samples(nodes, from);
    while (to >= 0 && !measures(nodes, to) && parts_samples(nodes, to) == samples)
        to--;
    return to;
}

int parts_back_begin(const struct nodes *nodes)
{
    return measures(nodes, nodes->n - 1) ? nodes->n - 1 : parts_back_end(nodes, nodes->n - 1);
}

void parts_back_runs(const struct nodes *nodes, int *run)
{
    for (int from = nodes->n - 1, to, number = 0; from >= 0; from = to, number++) {
        to = parts_back_end(nodes, from);
        for (int i = from; i > to; i--)
            run[i] = number;
    }
}

/* Node `to` of the run backward that each node is in. */
static void back_ends(const struct nodes *nodes, int *end)
{
    for (int from = nodes->n - 1, to; from >= 0; from = to) {
        to = parts_back_end(nodes, from);
        for (int i = from; i > to; i--)
            end[i] = to;
    }
}

void parts_remade(const struct nodes *nodes, unsigned char *remade)
{
    int end[NODES_MAX] = {0};
    back_ends(nodes, end);
    for (int i = 0; i < nodes->n; i++)
        remade[i] = i > 0 && i < nodes->n - 1 && measures(nodes, i) &&
                    parts_samples(nodes, i - 1) == parts_samples(nodes, i);
    for (int j = 0; j < nodes->n; j++)
        for (int input = 0; input < 2; input++) {
            int read = nodes->node[j].from[input];
            if (read >= 0 &&
                (nodes->node[j].op->in_place || j >= parts_end(nodes, read, 1) || end[j] != read))
                remade[read] = 0;
        }
}
