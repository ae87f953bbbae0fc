/* trees.h - decision trees on pixels, one after the other in three arrays: what a forest consists of.
 *
 *     rc = tree_rows_new(&set, floats, n_classes, &rows, pause, &err);
 *     rc = trees_grow(&trees, &rows, weight, rule, &rng, pause, &err);           once a tree
 *     const float *share = trees_leaf(&trees, trees.root[t], image);
 *     tree_rows_free(&rows);
 *     trees_free(&trees);
 *
 * A tree is split where it lowers the Gini impurity most, among features drawn anew at each node, until
 * leaves are pure (Breiman et al. 1984, Breiman 2001). Exact: thresholds lie between neighbouring values, and
 * all sums are in one order, so that a tree has the same bits on every CPU. No MPI. */
#ifndef CELLSWEEP_TREES_H
#define CELLSWEEP_TREES_H

#include "models/model.h"
#include "rng.h"

struct trees {
    size_t n_classes, floats;
    size_t n, n_nodes, n_leaves; /* trees; nodes and leaves of all */
    size_t room, room_nodes, room_leaves;
    int64_t *root; /* (n) its first node */
    /* (n_nodes, 2) feature and right child, whose left one comes next; of a leaf: -1 and its number */
    int64_t *node;
    float *threshold; /* (n_nodes) what is at most that goes left */
    float *share;     /* (n_leaves, n_classes) of the weights of the classes in it, sum to 1 */
};

/* The training set, its values ranked feature by feature. */
struct tree_rows {
    const struct model_set *set;
    size_t n, floats, n_classes;
    int n_passes;   /* bytes that a rank has */
    uint32_t *rank; /* (floats, n) among the values of the feature; equal ones share theirs */
};

struct tree_rule {
    size_t n_features; /* tried at a node; more only until one of them can be split */
    int depth;         /* of a leaf at most; 0: any */
    int leaf;          /* rows in one at least */
};

/* Ranks of a set, which must live as long; 4 bytes a value. *out is owned by the caller. */
int tree_rows_new(const struct model_set *set, size_t floats, size_t n_classes, struct tree_rows *out,
                  struct pause *pause, struct err *err);
void tree_rows_free(struct tree_rows *rows);

/* Append a tree that is grown on the rows whose weight (n) is above 0, one or more. 0, E_IO or E_STOPPED. */
int trees_grow(struct trees *trees, const struct tree_rows *rows, const double *weight, struct tree_rule rule,
               struct rng *rng, struct pause *pause, struct err *err);

/* Shares (n_classes) of the leaf an image falls into, from a root. */
const float *trees_leaf(const struct trees *trees, int64_t root, const float *image);

/* Room for so many in place of those there are: all zero, to be filled. 0 or E_IO; then nothing is lost. */
int trees_resize(struct trees *trees, size_t n, size_t n_nodes, size_t n_leaves, struct err *err);

/* 0, or E_USAGE when a walk from a root could leave the arrays. */
int trees_check(const struct trees *trees, struct err *err);

void trees_free(struct trees *trees);

#endif
