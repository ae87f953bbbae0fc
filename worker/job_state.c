#include "job_state.h"

#include "strategies/balance.h"
#include "job.h"

#include <string.h>

struct checkpoint job_state_take(const struct model_kind *kind, struct ensemble *nets, int epoch, long steps)
{
    struct checkpoint state = {.epoch = epoch, .steps = steps};
    if (ensemble_n_weights(nets) == 0)
        return state;
    state.n_members = ensemble_n_members(nets);
    state.n_params = ensemble_n_weights(nets) / (size_t)state.n_members;
    for (int m = 0; m < state.n_members; m++) {
        struct model_state member = kind->state(ensemble_member(nets, m));
        state.params[m] = member.params;
        state.moments[m] = member.moments;
        state.net_steps[m] = *member.steps;
    }
    return state;
}

int job_state_fits(const struct config *config, int best_weights, const struct checkpoint *state,
                   struct err *err)
{
    size_t n_weights = job_n_weights(config);
    int n_members = n_weights ? balance_n_members(config) : 0;
    if (!(model_of(config)->can & MODEL_EPOCHS))
        return err_set(err, E_USAGE, "the job's model %s is fitted at once and has no checkpoints",
                       config->model);
    if (state->n_members != n_members || state->n_params * (size_t)n_members != n_weights)
        return err_set(
            err, E_USAGE, "the checkpoint holds %d networks of %zu weights, the job has %d and %zu",
            state->n_members, state->n_params, n_members, n_members ? n_weights / (size_t)n_members : 0);
    if (state->epoch < 1 || state->epoch >= config->epochs)
        return err_set(err, E_USAGE, "the checkpoint is of epoch %d, the job has %d", state->epoch,
                       (int)config->epochs);
    if (best_weights && n_weights && !state->tracks_best)
        return err_set(err, E_USAGE, "the checkpoint is of a job that did not keep its best weights");
    return 0;
}

void job_state_put(const struct model_kind *kind, const struct checkpoint *state, struct ensemble *nets,
                   long *steps)
{
    *steps = (long)state->steps;
    for (int m = 0; m < state->n_members; m++) {
        struct model_state member = kind->state(ensemble_member(nets, m));
        memcpy(member.params, state->params[m], state->n_params * sizeof(float));
        memcpy(member.moments, state->moments[m], 2 * state->n_params * sizeof(float));
        *member.steps = (long)state->net_steps[m];
    }
}
