/* form.h - what a fitted model computes, as plain numbers: for who writes it in another program's format.
 *
 *     struct model_form form;
 *     rc = kind->form(model, &form, &err);
 *     ... form.kind ...
 *     model_form_free(&form);
 *
 * Rows are those that judge() is given. No MPI. */
#ifndef CELLSWEEP_FORM_H
#define CELLSWEEP_FORM_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum model_form_kind {
    FORM_LINEAR, /* softmax of weight ((x - mean) * scale) + bias */
    FORM_TREES,  /* base + the values of the leaves that x falls into; their softmax where they are logits */
    FORM_KERNEL  /* softmax of what machines of all pairs of classes say: svm.c */
};

struct form_linear {
    float *mean, *scale;  /* (floats) */
    float *weight, *bias; /* (n_classes, floats), (n_classes) */
};

struct form_trees {
    size_t n, n_values; /* nodes, leaves among them; values of leaves */
    int64_t *tree, *id; /* (n) which tree, which node of it, both from 0; a tree begins with its node 0 */
    int64_t *feature;   /* (n) what is compared; -1: a leaf */
    float *threshold;   /* (n) */
    /* (n) nodes of the same tree, where the feature is at most, or below, the threshold */
    int64_t *yes, *no;
    int64_t *at, *class; /* (n_values) node, from 0 of all; class */
    float *value;        /* (n_values) */
    float *base;         /* (n_classes) */
    int below;           /* 1: below, 0: at most */
    int are_logits;
};

struct form_kernel {
    size_t n, pairs, n_there; /* support vectors; pairs of the classes that there were */
    int is_rbf;               /* exp(-gamma |x - v|^2), else x v */
    double gamma;
    float *vector;  /* (n, floats) */
    float *coef;    /* (pairs, n) */
    float *rho;     /* (pairs) taken away from a decision */
    int64_t *class; /* (n_there) their numbers */
};

struct model_form {
    size_t n_classes, floats;
    struct form_linear linear;
    struct form_trees trees;
    struct form_kernel kernel;
    enum model_form_kind kind;
    int n_owned;
    void *owned[16]; /* what is freed */
};

/* n zeroed elements, owned by the form; NULL without memory. */
void *model_form_room(struct model_form *form, size_t n, size_t size, struct err *err);

/* Room for trees: 0 or E_IO. */
int model_form_trees(struct model_form *form, size_t n, size_t n_values, struct err *err);

void model_form_free(struct model_form *form);

#endif
