/* predictor_parts.h - what a predictor consists of. For the predictor*.c files only.
 *
 * Jobs whose networks have one shape share one set of networks in memory, and take turns in
 * it with their weights; a model that grows has its own. */
#ifndef CELLSWEEP_PREDICTOR_PARTS_H
#define CELLSWEEP_PREDICTOR_PARTS_H

#include "models/ensemble.h"
#include "predict/predictor.h"

#include <stdint.h>

/* Networks of one shape. */
struct predictor_nets {
    struct config config;
    struct ensemble *nets;
    int loaded; /* number of the voter whose weights they hold */
};

/* A job that votes. */
struct predictor_voter {
    int nets; /* its entry in predictor.nets */
    float *weights;
    size_t n_weights;
};

struct predictor {
    int n_voters, n_nets, n_classes, cluster[CONFIG_MAX_CLUSTERS];
    int n_chosen_on_test, n_elsewhere; /* voters */
    int n_networks, size, data_size, channels, is_exact;
    double pixel_size;
    struct preprocess how;         /* the sweep's images became pixels */
    struct predictor_voter *voter; /* (n_voters) */
    struct predictor_nets *nets;   /* (n_nets) */
    char who[512];
    /* what predictor_similar() remembers of a dataset */
    char checksum[DATASET_CHECKSUM_SIZE];
    int n_known, *known;  /* (n_known) dataset rows */
    float *known_feature; /* (n_known, features) of length 1 */
    /* what predictor_know() remembers of one */
    char looked_at[DATASET_CHECKSUM_SIZE];
    uint64_t *print; /* (images of the dataset) sums over their pixels as the network sees them */
    int n_small, small_side;
    float *small; /* (n_small, small_side, small_side, channels) those of our clusters */
    float usual;
};

/* The networks of voter v, with its weights in them. */
struct ensemble *predictor_load(struct predictor *p, int v);

/* 1 when a cluster is one of the predictor's. */
int predictor_is_ours(const struct predictor *p, int cluster);

/* E_USAGE: the dataset's images are not what the networks take. */
int predictor_check_data(const struct predictor *p, const struct dataset *data, struct err *err);

#endif
