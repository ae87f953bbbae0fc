#include "job_state.h"

#include "job.h"

#include <string.h>

static const char *const best_name = "best";

int job_state_take(struct ensemble *nets, int epoch, long steps, float *best, size_t n_best,
                   struct state_file *out, struct err *err)
{
    const size_t dim[] = {n_best, 0};
    *out = (struct state_file){.epoch = epoch, .steps = steps};
    ensemble_arrays(nets, MODEL_STATE, &out->arrays);
    out->arrays.prefix[0] = '\0';
    if (best)
        arrays_add(&out->arrays, best_name, ARRAY_F32, dim, best);
    return arrays_check(&out->arrays, err);
}

/* Whether a state is one of models of a config: they take it over, and its best weights. */
static int check_arrays(const struct config *config, const struct state_file *state, struct err *err)
{
    const struct array *best = arrays_find(&state->arrays, best_name);
    struct ensemble *nets = NULL;
    int rc = job_networks(config, NULL, 0, &nets, err);
    if (rc < 0)
        return rc;
    rc = ensemble_restore(nets, MODEL_STATE, &state->arrays, err);
    if (rc == 0 && choose_best(config) && state->choice.best_epoch)
        rc = best && best->type == ARRAY_F32
                 ? ensemble_put(nets, best->data, array_bytes(best) / sizeof(float), err)
                 : err_set(err, E_USAGE, "its best weights are not there");
    ensemble_free(nets);
    return rc;
}

int job_state_fits(const struct config *config, const struct state_file *state, struct err *err)
{
    const struct model_kind *kind = model_of(config);
    if (!(kind->can & MODEL_EPOCHS))
        return err_set(err, E_USAGE, "the job's model %s is fitted at once and has no checkpoints",
                       config->model);
    if (state->epoch < 1 || state->epoch >= config->epochs)
        return err_set(err, E_USAGE, "the checkpoint is of epoch %d, the job has %d", state->epoch,
                       (int)config->epochs);
    if (kind->arrays && check_arrays(config, state, err) < 0) {
        struct err why = *err;
        return err_set(err, why.code, "the checkpoint is of other networks: %.200s", why.text);
    }
    return 0;
}

int job_state_best(const struct state_file *state, float **weights, size_t *n, struct err *err)
{
    const struct array *best = arrays_find(&state->arrays, best_name);
    *n = array_bytes(best) / sizeof **weights;
    *weights = err_calloc(*n, sizeof **weights, "best weights", err);
    if (!*weights)
        return E_IO;
    memcpy(*weights, best->data, array_bytes(best));
    return 0;
}
