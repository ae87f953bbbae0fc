/* optimiser.h - how parameters follow their gradient: a table of optimisers, one row each.
 *
 *     const struct optimiser *o = optimiser_find("sgd");
 *     struct update update = o->update(&config, t, rate);                  the constants of step t
 *     o->apply(kernels, w, moment, g, n, decays, &update);
 *
 *     adam    Kingma and Ba 2015, with epsilon where Keras has it: beside the uncorrected root. It takes no
 *             weight decay: as a part of the gradient, decay is divided by the root like all of it, and is
 *             none to speak of (Loshchilov and Hutter 2019). What does that right is adamw.
 *     adamw   torch.optim.AdamW: w -= rate * weight_decay * w, then Adam with epsilon beside the corrected
 *             root
 *     sgd     torch.optim.SGD: weight_decay * w is added to the gradient; momentum without dampening
 *
 * Weights decay; biases, and what else begins alike everywhere, such as a norm's, do not. To add one: a row
 * in optimiser.c with its settings. Pure functions, no allocation, no MPI. */
#ifndef CELLSWEEP_OPTIMISER_H
#define CELLSWEEP_OPTIMISER_H

#include "kernels/kernels.h"
#include "settings/config.h"

enum { OPTIMISER_MAX_MOMENTS = 2, OPTIMISER_MAX_SECTIONS = 2 };

/* What is the same for all parameters in one step. */
struct update {
    struct adam_step adam;
    struct sgd_step sgd;
    float shrink;     /* weights are multiplied by it before the step; 1: they are not */
    double clip_norm; /* of all gradients together, at most; 0: any */
};

struct optimiser {
    const char *name, *help;
    const struct section *section[OPTIMISER_MAX_SECTIONS + 1]; /* what it reads of train.*, ended by NULL */
    /* Vectors as long as the parameters that it goes on with, as they are called in a
     * checkpoint, ended by NULL */
    const char *moment[OPTIMISER_MAX_MOMENTS + 1];
    int decays; /* 1: it does with weights otherwise than with biases */
    int fuses;  /* 1: dense_update() of the kernels, and `shrink` before it, are its step */
    /* The constants of step t, from 1, at a learning rate. clip_norm is 0. */
    struct update (*update)(const struct config *config, int64_t t, double rate);
    /* One step of n parameters w by their gradient g; moment: pointers as many as it has. decays 1: they are
     * weights. */
    void (*apply)(const struct kernels *k, float *w, float *const *moment, const float *g, size_t n,
                  int decays, const struct update *update);
};

/* Settings of Adam, and of it alone. */
struct adam_settings {
    double beta1, beta2, epsilon;
};

extern const struct optimiser optimiser_adam, optimiser_adamw, optimiser_sgd;

/* Row i, from 0, or NULL past the last. */
const struct optimiser *optimiser_row(int i);

/* The row of a name, or NULL. */
const struct optimiser *optimiser_find(const char *name);

/* 1 when a row reads a section. */
int optimiser_reads(const struct optimiser *optimiser, const struct section *section);

/* optimiser_adam's update() of settings at hand. */
struct update optimiser_adam_update(const struct adam_settings *settings, int64_t t, double rate);

#endif
