#include "store/store_chosen.h"

#include "models/model.h"
#include "store/classes.h"
#include "store/store_layout.h"
#include "store/store_merge.h"

#include <stdlib.h>
#include <string.h>

const char *const chosen_on_names[N_CHOSEN_ON] = {"none", "val", "test", "elsewhere"};

const char chosen_on_test[] = "chosen on the reported set";
const char chosen_elsewhere[] = "trained elsewhere: that it did not see these images is the user's word";

enum chosen_on chosen_from(const char *judge, double patience, int is_tuned, int has_val)
{
    if (strcmp(judge, "best") != 0 && !(patience > 0) && !is_tuned)
        return CHOSEN_NOTHING;
    return has_val ? CHOSEN_VAL : CHOSEN_TEST;
}

int store_choosing_set(struct store *store, int job, enum image_set *out, struct err *err)
{
    hsize_t val = 0;
    int rc = store_has_val(store) ? store_room(store, job, DIM_VAL, &val, err) : 0;
    *out = val > 0 ? SET_VAL : SET_TEST;
    return rc;
}

int store_job_is_tuned(struct store *store, int job, int *out, struct err *err)
{
    int chosen = -1, rc = 0;
    *out = store_n_trials(store) > 0;
    if (*out && store_is_apart(store)) {
        rc = store_read_chosen(store, job, &chosen, err);
        *out = chosen >= 0;
    }
    return rc;
}

int store_chosen_on(struct store *store, const struct store_job *job, enum chosen_on *out, struct err *err)
{
    const struct model_kind *kind = model_find(job->model);
    char judge[SETTING_TEXT_SIZE] = "", patience[SETTING_TEXT_SIZE] = "";
    enum image_set set;
    if (kind && kind->can & MODEL_EPOCHS) {
        classes_config(store, job, "judge", judge, sizeof judge);
        classes_config(store, job, "train.stop.patience", patience, sizeof patience);
    }
    if (kind && kind->can & MODEL_ELSEWHERE) {
        *out = CHOSEN_ELSEWHERE;
        return 0;
    }
    int is_tuned, rc = store_choosing_set(store, job->row, &set, err);
    if (rc == 0)
        rc = store_job_is_tuned(store, job->row, &is_tuned, err);
    if (rc == 0)
        *out = chosen_from(judge, strtod(patience, NULL), is_tuned, set == SET_VAL);
    return rc;
}
