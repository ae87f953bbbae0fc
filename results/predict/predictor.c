#include "predict/predictor.h"

#include "job.h"
#include "kernels/kernels.h"
#include "predict/predictor_parts.h"
#include "store/store_select.h"
#include "store/stored_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which jobs ---- */

/* Finished jobs of the filter, in job (J). Returns how many, or a code. */
static int choose_jobs(struct store *store, const char *filter, int *job, struct err *err)
{
    struct selection chosen = {0};
    struct store_mark *mark = err_calloc((size_t)store_n_jobs(store), sizeof *mark, "commit marks", err);
    int n = 0, rc = mark ? store_read_marks(store, mark, err) : E_IO;
    if (rc == 0)
        rc = store_select(store, filter, &chosen, err);
    for (int i = 0; i < chosen.n; i++)
        if (mark[chosen.job[i]].state == JOB_DONE)
            job[n++] = chosen.job[i];
    int n_match = chosen.n;
    selection_free(&chosen);
    free(mark);
    if (rc < 0)
        return rc;
    if (n == 0)
        return err_set(err, E_USAGE,
                       "%s: none of the %d jobs chosen has finished yet; wait, or run the sweep again",
                       store_path(store), n_match);
    return n;
}

/* One kind of jobs to choose from: its clusters, and its model and image size where those differ in the
 * file. */
static void kind_of(const struct store *store, int models_vary, const struct store_job *row, char *out,
                    size_t size)
{
    int n = snprintf(out, size, "clusters=%s", row->clusters);
    if (models_vary && n < (int)size)
        n += snprintf(out + n, size - (size_t)n, ",model=%s", row->model);
    for (int a = 0; a < store_n_axes(store) && n < (int)size; a++)
        if (strcmp(store_axis_name(store, a), "image.size") == 0)
            snprintf(out + n, size - (size_t)n, ",image.size=%s", row->axis[a]);
}

static int listed_before(const struct store *store, int models_vary, const int *job, int i)
{
    char kind[256], other[256];
    kind_of(store, models_vary, &store_jobs(store)[job[i]], kind, sizeof kind);
    for (int k = 0; k < i; k++) {
        kind_of(store, models_vary, &store_jobs(store)[job[k]], other, sizeof other);
        if (strcmp(kind, other) == 0)
            return 1;
    }
    return 0;
}

/* Votes can be averaged only when they are about the same classes of the same pixels, and are those of
 * one model. */
static int check_one_kind(const struct store *store, const int *job, int n, struct err *err)
{
    char list[700] = "", kind[256];
    int n_kinds = 0, used = 0, models_vary = stored_models_vary(store);
    for (int i = 0; i < n; i++) {
        if (listed_before(store, models_vary, job, i))
            continue;
        kind_of(store, models_vary, &store_jobs(store)[job[i]], kind, sizeof kind);
        if (used < (int)sizeof list)
            used += snprintf(list + used, sizeof list - (size_t)used, "%s%s", n_kinds ? " or " : "", kind);
        n_kinds++;
    }
    if (n_kinds == 1)
        return 0;
    return err_set(err, E_USAGE, "%s: has %d kinds of jobs; choose one by --filter %s%s", store_path(store),
                   n_kinds, list, used >= (int)sizeof list ? "..." : "");
}

/* ---- their networks ---- */

/* Two jobs share networks when all that job_networks() looks at is the same. */
static int same_nets(const struct config *a, const struct config *b)
{
    char x[MODEL_IDENTITY_SIZE], y[MODEL_IDENTITY_SIZE];
    model_of(a)->identity(a, x);
    model_of(b)->identity(b, y);
    return strcmp(x, y) == 0 && a->batch == b->batch && job_n_weights(a) == job_n_weights(b);
}

static int find_nets(struct predictor *p, const struct config *config, int *found, struct err *err)
{
    for (*found = 0; *found < p->n_nets; ++*found)
        if (same_nets(&p->nets[*found].config, config))
            return 0;
    struct predictor_nets *nets = &p->nets[p->n_nets];
    *nets = (struct predictor_nets){.config = *config, .loaded = -1};
    int rc = job_networks(config, NULL, &nets->nets, err);
    p->n_nets += rc == 0;
    return rc;
}

static int add_voter(struct predictor *p, struct store *store, int job, struct err *err)
{
    struct predictor_voter *voter = &p->voter[p->n_voters];
    struct config config;
    int rc = stored_job_config(store, job, &config, err);
    if (rc == 0)
        rc = find_nets(p, &config, &voter->nets, err);
    if (rc == 0)
        rc = stored_job_weights(store, job, &config, &voter->weights, err);
    if (rc < 0)
        return rc;
    p->n_voters++;
    p->n_networks += ensemble_n_members(p->nets[voter->nets].nets);
    if (p->n_voters > 1)
        return 0;
    p->n_classes = config.clusters.n;
    for (int c = 0; c < p->n_classes; c++)
        p->cluster[c] = config.clusters.number[c];
    p->size = (int)config.image_size;
    p->data_size = stored_image_size(store, &config);
    p->pixel_size = stored_pixel_size(store);
    return 0;
}

/* Networks take the kernels that are selected when they are made: those of the sweep, if this CPU runs
 * them. */
static int add_voters(struct predictor *p, struct store *store, const int *job, int n, struct err *err)
{
    enum kernels_isa before = KERNELS_AUTO, trained = KERNELS_AUTO;
    int rc = kernels_isa_from_name(kernels_selected()->name, &before, err);
    if (rc == 0 && *store_text(store, "kernels"))
        rc = kernels_isa_from_name(store_text(store, "kernels"), &trained, err);
    if (rc < 0)
        return rc;
    p->is_exact = trained != KERNELS_AUTO && trained <= kernels_best();
    if (p->is_exact)
        rc = kernels_select(trained, err);
    for (int i = 0; i < n && rc == 0; i++)
        rc = add_voter(p, store, job[i], err);
    kernels_select(before, NULL);
    return rc;
}

static void describe(struct predictor *p, const struct store *store, const int *job, int n)
{
    const struct store_job *first = &store_jobs(store)[job[0]];
    int strategies = 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (strcmp(store_jobs(store)[job[k]].strategy, store_jobs(store)[job[i]].strategy) != 0)
            k++;
        strategies += k == i;
    }
    int used = snprintf(p->who, sizeof p->who, "%d network%s of %d job%s (clusters %s, ", p->n_networks,
                        p->n_networks == 1 ? "" : "s", n, n == 1 ? "" : "s", first->clusters);
    if (stored_models_vary(store))
        used += snprintf(p->who + used, sizeof p->who - (size_t)used, "model %s, ", first->model);
    if (strategies == 1)
        snprintf(p->who + used, sizeof p->who - (size_t)used, "strategy %s)", first->strategy);
    else
        snprintf(p->who + used, sizeof p->who - (size_t)used, "%d strategies)", strategies);
}

static int build(struct predictor *p, struct store *store, const int *job, int n, struct err *err)
{
    int rc = check_one_kind(store, job, n, err);
    if (rc < 0)
        return rc;
    p->voter = err_calloc((size_t)n, sizeof *p->voter, "the networks", err);
    p->nets = err_calloc((size_t)n, sizeof *p->nets, "the networks", err);
    rc = p->voter && p->nets ? add_voters(p, store, job, n, err) : E_IO;
    if (rc == 0)
        describe(p, store, job, n);
    return rc;
}

int predictor_new(struct store *store, const char *filter, struct predictor **out, struct err *err)
{
    *out = NULL;
    if (store_n_weights(store) == 0)
        return err_set(err, E_USAGE,
                       "%s: holds no weights; run the sweep with keep_weights: final or best into a new file",
                       store_path(store));
    int *job = err_calloc((size_t)store_n_jobs(store), sizeof *job, "the jobs", err);
    struct predictor *p = err_calloc(1, sizeof *p, "the predictor", err);
    int n = job && p ? choose_jobs(store, filter, job, err) : E_IO;
    int rc = n < 0 ? n : build(p, store, job, n, err);
    free(job);
    if (rc == 0)
        *out = p;
    else
        predictor_free(p);
    return rc;
}

int predictor_n_jobs(const struct predictor *p)
{
    return p->n_voters;
}

int predictor_n_networks(const struct predictor *p)
{
    return p->n_networks;
}

int predictor_n_classes(const struct predictor *p)
{
    return p->n_classes;
}

int predictor_cluster(const struct predictor *p, int c)
{
    return p->cluster[c];
}

int predictor_size(const struct predictor *p)
{
    return p->size;
}

double predictor_pixel_size(const struct predictor *p)
{
    return p->pixel_size;
}

int predictor_is_exact(const struct predictor *p)
{
    return p->is_exact;
}

void predictor_describe(const struct predictor *p, char *out, size_t size)
{
    snprintf(out, size, "%s", p->who);
}

/* ---- votes ---- */

struct ensemble *predictor_load(struct predictor *p, int v)
{
    struct predictor_nets *nets = &p->nets[p->voter[v].nets];
    if (nets->loaded != v)
        ensemble_put(nets->nets, p->voter[v].weights);
    nets->loaded = v;
    return nets->nets;
}

/* Every job says what it thinks of all images before the next is loaded. */
static void vote(struct predictor *p, const float *const *pixels, int n, double *sum, float *probs)
{
    size_t cells = (size_t)n * (size_t)p->n_classes;
    for (int v = 0; v < p->n_voters; v++) {
        ensemble_predict(predictor_load(p, v), pixels, n, probs);
        for (size_t i = 0; i < cells; i++)
            sum[i] += (double)probs[i];
    }
    for (size_t i = 0; i < cells; i++)
        probs[i] = (float)(sum[i] / p->n_voters);
}

int predictor_classify(struct predictor *p, const float *const *pixels, int n, float *probs, struct err *err)
{
    if (p->n_voters == 1) {
        ensemble_predict(predictor_load(p, 0), pixels, n, probs);
        return 0;
    }
    double *sum = err_calloc((size_t)n * (size_t)p->n_classes, sizeof *sum, "probabilities", err);
    if (!sum)
        return E_IO;
    vote(p, pixels, n, sum, probs);
    free(sum);
    return 0;
}

void predictor_free(struct predictor *p)
{
    if (!p)
        return;
    for (int v = 0; v < p->n_voters; v++)
        free(p->voter[v].weights);
    for (int k = 0; k < p->n_nets; k++)
        ensemble_free(p->nets[k].nets);
    free(p->voter);
    free(p->nets);
    free(p->known);
    free(p->known_feature);
    free(p);
}
