/* stored_model.h - what a finished job left to predict with, from the results file alone: the one
 * door to kept models.
 *
 *     struct selection finished = {0};
 *     struct stored_model model;
 *     rc = stored_models_find(store, "strategy=augment", &finished, &err);
 *     rc = stored_model_open(store, finished.job[0], &model, &err);
 *     ... job_networks(&model.config, model.weights, model.n_weights, &nets, &err) ...
 *     stored_model_close(&model);
 *     selection_free(&finished);
 *
 * No MPI. */
#ifndef CELLSWEEP_STORED_MODEL_H
#define CELLSWEEP_STORED_MODEL_H

#include "settings/config.h"
#include "image/preprocess.h"
#include "err.h"
#include "store/store_select.h"

struct stored_model {
    struct config config; /* what the job was: every key that the file tells, defaults else; its classes are
                             those of /classes/job, so a list that /jobs had to cut is whole */
    float *weights;       /* (n_weights), owned; there may be fewer, NaN behind them */
    size_t n_weights;
    int data_size;         /* pixels that the images of the sweep were packed at */
    double pixel_size;     /* micrometres, of these images; 0: the file does not tell */
    struct preprocess how; /* their files became pixels */
};

/* The finished jobs of a filter, at least one, ascending; reads all rows of the store. E_USAGE when the sweep
 * kept no models, or none of the jobs has finished; errors of store_select(). */
int stored_models_find(struct store *store, const char *filter, struct selection *out, struct err *err);

/* The model of a finished job. E_USAGE for a model that has no weights, E_IO when the file is damaged or the
 * job left none; *out then holds nothing. */
int stored_model_open(struct store *store, int job, struct stored_model *out, struct err *err);

/* The config of a job of the grid, as the grid has it: without what tuning chose. E_IO when the file is
 * damaged. */
int stored_model_config(struct store *store, int job, struct config *out, struct err *err);

/* *err: `why` with the file and the job in front, for whoever builds the network. Returns E_IO. */
int stored_model_blame(const struct store *store, int job, const struct err *why, struct err *err);

void stored_model_close(struct stored_model *model);

#endif
