#include "run/job_log.h"

#include "write/json_out.h"

void job_log_started(struct events *events, int rank, int job, int attempt)
{
    events_add(events, "job_started", "{s:i, s:i, s:i}", "job", job, "rank", rank, "attempt", attempt);
}

void job_log_finished(struct events *events, int rank, const struct handout_report *r)
{
    if (!events) /* nobody would take over what is made below */
        return;
    json_t *message = r->diverged ? json_out_text(r->message) : NULL;
    events_add(events, r->diverged ? "job_diverged" : "job_finished",
               "{s:i, s:i, s:f, s:i, s:o, s:o, s:o, s:o, s:o*}", "job", r->job, "rank", rank, "seconds",
               r->seconds, "epochs", r->epochs, "loss", events_number((double)r->test[METRIC_LOSS]),
               "accuracy", events_number((double)r->test[METRIC_ACCURACY]), "balanced_accuracy",
               events_number((double)r->test[METRIC_BALANCED_ACCURACY]), "balanced_accuracy_as_published",
               events_number((double)r->test[METRIC_BALANCED_ACCURACY_AS_PUBLISHED]), "message", message);
}
