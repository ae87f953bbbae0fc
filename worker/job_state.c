#include "job_state.h"

#include "job.h"

#include <string.h>

int job_state_take(struct ensemble *nets, int epoch, long steps, float *best, struct state_file *out,
                   struct err *err)
{
    *out = (struct state_file){.epoch = epoch, .steps = steps};
    ensemble_arrays(nets, MODEL_STATE, &out->arrays);
    if (best)
        ensemble_flat_arrays(nets, "best.", best, &out->arrays);
    return arrays_check(&out->arrays, err);
}

/* Whether a state has all arrays that models of a config are made of. */
static int check_arrays(const struct config *config, const struct state_file *state, struct err *err)
{
    struct ensemble *nets = NULL;
    struct arrays own = {0};
    int rc = job_networks(config, NULL, &nets, err);
    if (rc < 0)
        return rc;
    float nothing = 0; /* only names and sizes are looked at */
    ensemble_arrays(nets, MODEL_STATE, &own);
    if (state->best_epoch)
        ensemble_flat_arrays(nets, "best.", &nothing, &own);
    rc = arrays_check(&own, err);
    if (rc == 0)
        rc = arrays_match(&own, &state->arrays, err);
    arrays_free(&own);
    ensemble_free(nets);
    return rc;
}

int job_state_fits(const struct config *config, int best_weights, const struct state_file *state,
                   struct err *err)
{
    const struct model_kind *kind = model_of(config);
    if (!(kind->can & MODEL_EPOCHS))
        return err_set(err, E_USAGE, "the job's model %s is fitted at once and has no checkpoints",
                       config->model);
    if (state->epoch < 1 || state->epoch >= config->epochs)
        return err_set(err, E_USAGE, "the checkpoint is of epoch %d, the job has %d", state->epoch,
                       (int)config->epochs);
    if (best_weights && kind->arrays && !state->tracks_best)
        return err_set(err, E_USAGE, "the checkpoint is of a job that did not keep its best weights");
    if (kind->arrays && check_arrays(config, state, err) < 0) {
        struct err why = *err;
        return err_set(err, why.code, "the checkpoint is of other networks: %.200s", why.text);
    }
    return 0;
}

int job_state_put(const struct state_file *state, struct ensemble *nets, float *best, struct err *err)
{
    struct arrays own = {0};
    int rc = ensemble_restore(nets, MODEL_STATE, &state->arrays, err);
    if (rc < 0 || !best || state->best_epoch == 0)
        return rc;
    ensemble_flat_arrays(nets, "best.", best, &own);
    rc = arrays_check(&own, err);
    if (rc == 0)
        rc = arrays_copy(&own, &state->arrays, err);
    arrays_free(&own);
    return rc;
}
