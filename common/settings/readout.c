#include "settings/readout.h"

#include <stdio.h>
#include <string.h>

const char *const recalibration_names[N_RECALIBRATIONS] = {"none", "prior", "temperature"};
const char *const threshold_names[N_THRESHOLDS] = {"argmax", "tuned"};
const char readout_remedy[] =
    "they are fitted on a val set, which no job has: add `inner: {share: 0.2}` to the sweep file";

struct readout readout_plain(void)
{
    return (struct readout){1u << RECALIBRATE_NONE, THRESHOLD_ARGMAX};
}

struct readout readout_unsaid(void)
{
    return (struct readout){0, -1};
}

struct readout readout_over(struct readout over, struct readout under)
{
    return (struct readout){over.recalibrate ? over.recalibrate : under.recalibrate,
                            over.threshold >= 0 ? over.threshold : under.threshold};
}

int readout_fits(struct readout readout)
{
    return readout.recalibrate >> 1 != 0 || readout.threshold == THRESHOLD_TUNED;
}

/* The place of a word of n bytes among names, or -1. */
static int find(const char *word, size_t n, const char *const *name, int n_names)
{
    for (int i = 0; i < n_names; i++)
        if (strlen(name[i]) == n && memcmp(name[i], word, n) == 0)
            return i;
    return -1;
}

int readout_recalibrate(const char *text, unsigned *out, struct err *err)
{
    unsigned set = 0;
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        int how = find(at, n, recalibration_names, N_RECALIBRATIONS);
        if (how < 0)
            return err_set(err, E_USAGE,
                           "recalibrate: expected none, prior or temperature, or several, not %.60s", text);
        set |= 1u << how;
        at += n;
        if (!*at)
            break;
    }
    *out = set;
    return 0;
}

int readout_threshold(const char *text, int *out, struct err *err)
{
    int found = find(text, strlen(text), threshold_names, N_THRESHOLDS);
    if (found < 0)
        return err_set(err, E_USAGE, "threshold: expected argmax or tuned, not %.60s", text);
    *out = found;
    return 0;
}

const char *readout_text(unsigned recalibrate, char out[READOUT_TEXT_SIZE])
{
    size_t used = 0;
    *out = '\0';
    for (int how = 0; how < N_RECALIBRATIONS; how++)
        if (recalibrate >> how & 1)
            used += (size_t)snprintf(out + used, READOUT_TEXT_SIZE - used, "%s%s", used ? "," : "",
                                     recalibration_names[how]);
    return out;
}
