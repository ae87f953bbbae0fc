/* optimiser.h - how a model that learns step by step takes its steps: settings that all such models share. No
 * MPI. */
#ifndef CELLSWEEP_OPTIMISER_H
#define CELLSWEEP_OPTIMISER_H

#include "settings/config.h"

struct optimiser {
    char name[CONFIG_WORD_SIZE]; /* "adam" */
    double learning_rate, beta1, beta2, epsilon;
};

/* Of struct optimiser. */
extern const struct section optimiser_section;

/* 1 when the model of config learns step by step. */
int optimiser_is_used(const struct config *config, const struct section *section);

#endif
