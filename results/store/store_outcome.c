#include "store/store_outcome.h"

struct store_outcome store_outcome_of(const struct job_result *r)
{
    struct store_outcome outcome = {.n_classes = r->n_classes,
                                    .n_train = r->n_train,
                                    .leak = r->leak_test,
                                    .leak_val = r->leak_val,
                                    .trained = r->trained,
                                    .judged_epoch = r->judged_epoch,
                                    .role = r->role,
                                    .weights = r->weights,
                                    .n_weights = r->n_weights};
    for (int s = 0; s < N_SETS; s++) {
        const struct job_predictions *p = &r->set[s];
        outcome.set[s] = (struct store_judged){p->n, p->image, p->copy, p->label, p->probs, p->confusion};
    }
    return outcome;
}
