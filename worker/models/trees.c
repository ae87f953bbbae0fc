#include "models/trees.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

void trees_free(struct trees *trees)
{
    free(trees->root);
    free(trees->node);
    free(trees->threshold);
    free(trees->share);
    *trees = (struct trees){.n_classes = trees->n_classes, .floats = trees->floats};
}

int trees_resize(struct trees *trees, size_t n, size_t n_nodes, size_t n_leaves, struct err *err)
{
    struct trees new = {.n_classes = trees->n_classes,
                        .floats = trees->floats,
                        .n = n,
                        .n_nodes = n_nodes,
                        .n_leaves = n_leaves,
                        .room = n,
                        .room_nodes = n_nodes,
                        .room_leaves = n_leaves};
    new.root = err_calloc(n, sizeof *new.root, "trees", err);
    new.node = err_calloc(n_nodes, 2 * sizeof *new.node, "trees", err);
    new.threshold = err_calloc(n_nodes, sizeof *new.threshold, "trees", err);
    new.share = err_calloc(n_leaves, new.n_classes * sizeof *new.share, "trees", err);
    if (!new.root || !new.node || !new.threshold || !new.share) {
        trees_free(&new);
        return E_IO;
    }
    trees_free(trees);
    *trees = new;
    return 0;
}

/* *cells with room for n of them of size bytes, *room as many. */
static int enlarge(void **cells, size_t *room, size_t n, size_t size, struct err *err)
{
    if (n <= *room)
        return 0;
    size_t more = n + n / 2 + 64;
    assert(more > n && size > 0);
    void *grown = realloc(*cells, more * size);
    if (!grown)
        return err_set(err, E_IO, "out of memory for the trees of a model; use fewer ranks a node");
    *cells = grown;
    *room = more;
    return 0;
}

static int add_root(struct trees *t, struct err *err)
{
    void *root = t->root;
    int rc = enlarge(&root, &t->room, t->n + 1, sizeof *t->root, err);
    t->root = root;
    if (rc == 0)
        t->root[t->n++] = (int64_t)t->n_nodes;
    return rc;
}

/* A node without anything in it. */
static int add_node(struct trees *t, struct err *err)
{
    void *node = t->node, *threshold = t->threshold;
    size_t room = t->room_nodes;
    int rc = enlarge(&node, &room, t->n_nodes + 1, 2 * sizeof *t->node, err);
    t->node = node;
    if (rc == 0)
        rc = enlarge(&threshold, &t->room_nodes, t->n_nodes + 1, sizeof *t->threshold, err);
    t->threshold = threshold;
    if (rc == 0) {
        t->threshold[t->n_nodes] = 0;
        t->n_nodes++;
    }
    return rc;
}

static int add_leaf(struct trees *t, int64_t *node, const double *sum, struct err *err)
{
    void *share = t->share;
    double all = 0;
    int rc = enlarge(&share, &t->room_leaves, t->n_leaves + 1, t->n_classes * sizeof *t->share, err);
    t->share = share;
    if (rc < 0)
        return rc;
    for (size_t c = 0; c < t->n_classes; c++)
        all += sum[c];
    for (size_t c = 0; c < t->n_classes; c++)
        t->share[t->n_leaves * t->n_classes + c] = (float)(sum[c] / all);
    node[0] = -1;
    node[1] = (int64_t)t->n_leaves++;
    return 0;
}

int trees_check(const struct trees *t, struct err *err)
{
    int bad = 0;
    for (size_t i = 0; i < t->n; i++)
        bad |= t->root[i] < 0 || (uint64_t)t->root[i] >= t->n_nodes;
    for (size_t i = 0; i < t->n_nodes; i++) {
        int64_t feature = t->node[2 * i], to = t->node[2 * i + 1];
        bad |= feature < 0
                   ? to < 0 || (uint64_t)to >= t->n_leaves
                   : (uint64_t)feature >= t->floats || to <= (int64_t)i + 1 || (uint64_t)to >= t->n_nodes;
    }
    return bad ? err_set(err, E_USAGE, "the trees of a model lead nowhere") : 0;
}

const float *trees_leaf(const struct trees *t, int64_t at, const float *image)
{
    while (t->node[2 * at] >= 0)
        at = image[t->node[2 * at]] <= t->threshold[at] ? at + 1 : t->node[2 * at + 1];
    return t->share + (size_t)t->node[2 * at + 1] * t->n_classes;
}

/* ---- ranks ---- */

struct ranked {
    uint32_t key, row;
};

/* Sort n by the lowest n_passes bytes of their keys, stably; other: room for as many. Returns where they
 * are then. */
static struct ranked *sort_ranked(struct ranked *some, struct ranked *other, size_t n, int n_passes)
{
    for (int pass = 0; pass < n_passes; pass++) {
        size_t first[257] = {0};
        int shift = 8 * pass;
        for (size_t i = 0; i < n; i++)
            first[(some[i].key >> shift & 255) + 1]++;
        for (int b = 0; b < 256; b++)
            first[b + 1] += first[b];
        for (size_t i = 0; i < n; i++)
            other[first[some[i].key >> shift & 255]++] = some[i];
        struct ranked *swap = some;
        some = other;
        other = swap;
    }
    return some;
}

/* A key in the order of floats that are numbers; both zeros have one. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    value += 0.0f;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

int tree_rows_new(const struct model_set *set, size_t floats, size_t n_classes, struct tree_rows *out,
                  struct pause *pause, struct err *err)
{
    size_t n = (size_t)set->n;
    struct ranked *some = err_calloc(n, 2 * sizeof *some, "ranks of pixels", err);
    uint32_t most = 0;
    int rc = some ? 0 : E_IO;
    *out = (struct tree_rows){.set = set, .n = n, .floats = floats, .n_classes = n_classes};
    out->rank = rc == 0 ? err_calloc(n, floats * sizeof *out->rank, "ranks of pixels", err) : NULL;
    if (!out->rank)
        rc = E_IO;
    for (size_t f = 0; rc == 0 && f < floats; f++) {
        for (size_t i = 0; i < n; i++)
            some[i] = (struct ranked){key_of(set->image[i][f]), (uint32_t)i};
        const struct ranked *sorted = sort_ranked(some, some + n, n, 4);
        uint32_t rank = 0;
        for (size_t i = 0; i < n; i++) {
            rank += i > 0 && sorted[i].key != sorted[i - 1].key;
            out->rank[f * n + sorted[i].row] = rank;
        }
        most = rank > most ? rank : most;
        rc = pause_after(pause, 16 * (double)n, err);
    }
    for (out->n_passes = 1; out->n_passes < 4 && most >> 8 * out->n_passes; out->n_passes++)
        ;
    free(some);
    if (rc < 0)
        tree_rows_free(out);
    return rc;
}

void tree_rows_free(struct tree_rows *rows)
{
    free(rows->rank);
    rows->rank = NULL;
}

/* ---- growing ---- */

struct part {
    size_t begin, end; /* of the rows */
    int64_t parent;    /* whose right child it is; -1: its left one, or the root */
    int depth;
};

struct split {
    size_t feature;
    uint32_t rank; /* the highest that goes left */
    double gain;
    float threshold;
};

struct grower {
    struct trees *trees;
    const struct tree_rows *rows;
    const double *weight;
    struct tree_rule rule;
    struct rng *rng;
    uint32_t *row;        /* (n_rows) those of a node lie together */
    uint32_t *feature;    /* (floats) in the order of the last draws */
    struct ranked *order; /* (2, n_rows) */
    struct part *part;    /* those to come */
    size_t n_rows, n_parts;
};

static void sum_weights(const struct grower *g, size_t begin, size_t end, double *sum)
{
    for (size_t c = 0; c < g->rows->n_classes; c++)
        sum[c] = 0;
    for (size_t i = begin; i < end; i++)
        sum[g->rows->set->label[g->row[i]]] += g->weight[g->row[i]];
}

static int is_pure(const double *sum, size_t n_classes)
{
    int n = 0;
    for (size_t c = 0; c < n_classes; c++)
        n += sum[c] > 0;
    return n < 2;
}

/* The rows of a node by the rank of a feature. */
static const struct ranked *sort_rows(const struct grower *g, const struct part *part, size_t feature)
{
    enum { FEW = 40 };
    struct ranked *order = g->order;
    const uint32_t *rank = g->rows->rank + feature * g->rows->n, *row = g->row + part->begin;
    size_t n = part->end - part->begin;
    for (size_t i = 0; i < n; i++) {
        struct ranked new = {rank[row[i]], row[i]};
        size_t at = i;
        for (; n <= FEW && at > 0 && order[at - 1].key > new.key; at--)
            order[at] = order[at - 1];
        order[at] = new;
    }
    return n <= FEW ? order : sort_ranked(order, order + g->n_rows, n, g->rows->n_passes);
}

/* Between two values, or the lower where no float is between them. */
static float middle(float low, float high)
{
    float half = low / 2 + high / 2;
    return half < high ? half : low;
}

/* What a split gains, but for what all splits of a node share: the sum over both sides of
 * sum_c w_c^2 / w. */
static double purity(const double *left, const double *all, size_t n_classes)
{
    double on_left = 0, on_right = 0, square_left = 0, square_right = 0;
    for (size_t c = 0; c < n_classes; c++) {
        double right = all[c] - left[c];
        on_left += left[c];
        on_right += right;
        square_left += left[c] * left[c];
        square_right += right * right;
    }
    return square_left / on_left + square_right / on_right;
}

/* The best split of a feature, if it is better than *best. 0: all rows have one value. */
static int try_feature(const struct grower *g, const struct part *part, const double *all, size_t feature,
                       struct split *best)
{
    const struct ranked *order = sort_rows(g, part, feature);
    const struct model_set *set = g->rows->set;
    size_t n = part->end - part->begin, leaf = (size_t)g->rule.leaf;
    double left[CONFIG_MAX_CLUSTERS] = {0};
    if (order[0].key == order[n - 1].key)
        return 0;
    for (size_t i = 0; i + leaf < n; i++) {
        left[set->label[order[i].row]] += g->weight[order[i].row];
        if (order[i].key == order[i + 1].key || i + 1 < leaf)
            continue;
        double gain = purity(left, all, g->rows->n_classes);
        if (gain > best->gain) {
            float low = set->image[order[i].row][feature], high = set->image[order[i + 1].row][feature];
            *best = (struct split){feature, order[i].key, gain, middle(low, high)};
        }
    }
    return 1;
}

/* 1: there is a split. */
static int find_split(struct grower *g, const struct part *part, const double *all, struct split *best,
                      struct pause *pause, struct err *err)
{
    size_t n_split = 0, floats = g->rows->floats;
    best->gain = -1;
    for (size_t k = 0; k < floats && (k < g->rule.n_features || n_split == 0); k++) {
        size_t other = k + rng_below(g->rng, (uint32_t)(floats - k));
        uint32_t feature = g->feature[other];
        g->feature[other] = g->feature[k];
        g->feature[k] = feature;
        n_split += (size_t)try_feature(g, part, all, feature, best);
        int rc = pause_after(pause, 20 * (double)(part->end - part->begin), err);
        if (rc < 0)
            return rc;
    }
    return best->gain > 0;
}

/* Rows that go left to the front, in their order; returns where the others begin. */
static size_t divide(const struct grower *g, const struct part *part, const struct split *split)
{
    const uint32_t *rank = g->rows->rank + split->feature * g->rows->n;
    size_t n_left = part->begin, n_right = 0;
    for (size_t i = part->begin; i < part->end; i++)
        if (rank[g->row[i]] <= split->rank)
            g->row[n_left++] = g->row[i];
        else
            g->order[n_right++].row = g->row[i];
    for (size_t i = 0; i < n_right; i++)
        g->row[n_left + i] = g->order[i].row;
    return n_left;
}

/* Take the next part and make a node of it, and of what is left of it two more parts, the left one first. */
static int grow_node(struct grower *g, struct pause *pause, struct err *err)
{
    struct part part = g->part[--g->n_parts];
    struct trees *t = g->trees;
    struct split split = {0};
    double all[CONFIG_MAX_CLUSTERS] = {0};
    size_t at = t->n_nodes;
    int rc = add_node(t, err);
    if (rc < 0)
        return rc;
    if (part.parent >= 0)
        t->node[2 * part.parent + 1] = (int64_t)at;
    sum_weights(g, part.begin, part.end, all);
    int is_leaf = is_pure(all, t->n_classes) || part.end - part.begin < 2 * (size_t)g->rule.leaf ||
                  (g->rule.depth && part.depth == g->rule.depth);
    int found = is_leaf ? 0 : find_split(g, &part, all, &split, pause, err);
    if (found <= 0)
        return found < 0 ? found : add_leaf(t, t->node + 2 * at, all, err);
    size_t middle_row = divide(g, &part, &split);
    t->node[2 * at] = (int64_t)split.feature;
    t->threshold[at] = split.threshold;
    g->part[g->n_parts++] = (struct part){middle_row, part.end, (int64_t)at, part.depth + 1};
    g->part[g->n_parts++] = (struct part){part.begin, middle_row, -1, part.depth + 1};
    return 0;
}

static int grow(struct grower *g, struct pause *pause, struct err *err)
{
    const struct tree_rows *rows = g->rows;
    for (size_t i = 0; i < rows->n; i++)
        if (g->weight[i] > 0)
            g->row[g->n_rows++] = (uint32_t)i;
    for (size_t f = 0; f < rows->floats; f++)
        g->feature[f] = (uint32_t)f;
    int rc = add_root(g->trees, err);
    g->part[g->n_parts++] = (struct part){0, g->n_rows, -1, 0};
    while (rc == 0 && g->n_parts > 0)
        rc = grow_node(g, pause, err);
    return rc;
}

int trees_grow(struct trees *trees, const struct tree_rows *rows, const double *weight, struct tree_rule rule,
               struct rng *rng, struct pause *pause, struct err *err)
{
    struct grower g = {.trees = trees, .rows = rows, .weight = weight, .rule = rule, .rng = rng};
    g.row = err_calloc(rows->n, sizeof *g.row, "a tree", err);
    g.feature = err_calloc(rows->floats, sizeof *g.feature, "a tree", err);
    g.order = err_calloc(rows->n, 2 * sizeof *g.order, "a tree", err);
    g.part = err_calloc(rows->n + 2, sizeof *g.part, "a tree", err);
    int rc = g.row && g.feature && g.order && g.part ? grow(&g, pause, err) : E_IO;
    free(g.row);
    free(g.feature);
    free(g.order);
    free(g.part);
    return rc;
}
