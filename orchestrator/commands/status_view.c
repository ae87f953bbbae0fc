#include "status_view.h"

#include "store/combination.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int status_view_is_over(const struct status_view *v)
{
    return v->alive == LOCK_DEAD || v->alive == LOCK_NONE;
}

int status_view_did_its_part(const struct status_view *v)
{
    return v->alive == LOCK_NONE && v->has_ending && v->ending.exit_status == 0;
}

int status_view_epochs(const struct status_view *v, const struct store_job *row)
{
    for (int i = 0; i < store_n_axes(v->store); i++)
        if (strcmp(store_axis_name(v->store, i), "train.epochs") == 0)
            return atoi(row->axis[i]);
    return store_n_epochs(v->store);
}

struct store_job status_view_row(const struct status_view *v, int job)
{
    struct store_job row;
    if (store_row(v->store, job, &row, v->trouble->code < 0 ? NULL : v->trouble) < 0)
        memset(&row, 0, sizeof row);
    return row;
}

/* The file may have been grown since the run with that filter, or the filter have been cut: then every
 * job. */
static int choose(struct status_view *v, const char *filter, struct err *err)
{
    v->filter = filter ? filter : v->has_ending ? v->ending.filter : "";
    int rc = store_select(v->store, v->filter, &v->counted, filter ? err : NULL);
    if (rc == E_USAGE && !filter) {
        v->filter = "";
        rc = store_select(v->store, NULL, &v->counted, err);
    }
    if (rc == 0)
        run_view_narrow(&v->view, &v->counted);
    return rc;
}

int status_view_take(const char *path, const char *filter, struct status_view *v, struct err *err)
{
    char name[512];
    memset(v, 0, sizeof *v);
    /* the lock before the rows: a run that ends in between shows as running once more, not as dead */
    v->alive = lock_file_look(path, &v->holder);
    v->has_ending = status_file_read(path, &v->ending);
    int rc = store_try(path, err);
    if (rc == 0)
        rc = store_open_lean(path, &v->store, err);
    if (rc < 0 && access(path, F_OK) != 0 && v->alive == LOCK_RUNNING)
        rc = err_set(err, E_IO, "%s: not made yet: the run (%s) is still preparing its images", path,
                     lock_file_name(&v->holder, name, sizeof name));
    if (rc < 0)
        return rc;
    rc = run_view_take(v->store, &v->view, err);
    if (rc == 0)
        rc = choose(v, filter, err);
    if (rc == 0)
        rc = combination_varying_in(v->store, &v->factors, err);
    v->factors = combination_shown(v->factors);
    if (rc == 0)
        run_view_judge(&v->view, path, v->alive, &v->holder);
    v->quiet = v->view.now - v->view.changed;
    return rc;
}

void status_view_release(struct status_view *v)
{
    store_close(v->store, NULL);
    selection_free(&v->counted);
    run_view_release(&v->view);
}
