#include "predict/predictor.h"

#include "job.h"
#include "kernels/kernels.h"
#include "predict/predictor_parts.h"
#include "store/partition.h"
#include "store/store_chosen.h"
#include "store/stored_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which jobs ---- */

/* What votes must have in common: clusters, and where those vary in the file, model, features, image size. */
static unsigned kind_factors(const struct store *store, unsigned varying)
{
    int size = combination_find(store, "image.size"), features = combination_find(store, "features");
    unsigned one =
        FACTOR(FACTOR_MODEL) | (size >= 0 ? FACTOR(size) : 0) | (features >= 0 ? FACTOR(features) : 0);
    return FACTOR(FACTOR_CLASSES) | (varying & one);
}

static int refuse_kinds(const struct store *store, const struct store_job *const *row,
                        const struct partition *kinds, unsigned factors, struct err *err)
{
    char list[700] = "", kind[256];
    size_t used = 0;
    for (int k = 0; k < kinds->n_parts && used < sizeof list; k++) {
        combination_filter(store, row[kinds->member[kinds->begin[k]]], factors, kind, sizeof kind);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s'%s'", k ? " or " : "", kind);
    }
    return err_set(err, E_USAGE, "%s: has %d kinds of jobs; choose one by --filter %s%s", store_path(store),
                   kinds->n_parts, list, used >= sizeof list ? "..." : "");
}

/* Votes can be averaged only when they are about the same classes of the same pixels, and are those of
 * one model. */
static int check_one_kind(const struct store *store, unsigned varying, const struct store_job *const *row,
                          int n, struct err *err)
{
    struct partition *kinds = NULL;
    unsigned factors = kind_factors(store, varying);
    int rc = partition_new(row, n, factors, &kinds, err);
    if (rc == 0 && kinds->n_parts > 1)
        rc = refuse_kinds(store, row, kinds, factors, err);
    partition_free(kinds);
    return rc;
}

/* ---- their networks ---- */

/* Two jobs share networks when all that job_networks() looks at is the same. */
static int same_nets(const struct config *a, const struct config *b)
{
    char x[MODEL_IDENTITY_SIZE], y[MODEL_IDENTITY_SIZE];
    model_identity(a, x);
    model_identity(b, y);
    return strcmp(x, y) == 0 && a->batch == b->batch && job_n_weights(a, 1) == job_n_weights(b, 1) &&
           !(model_of(a)->can & MODEL_GROWS);
}

static int find_nets(struct predictor *p, const struct stored_model *model, int *found, struct err *err)
{
    for (*found = 0; *found < p->n_nets; ++*found)
        if (same_nets(&p->nets[*found].config, &model->config))
            return 0;
    struct predictor_nets *nets = &p->nets[p->n_nets];
    *nets = (struct predictor_nets){.config = model->config, .loaded = p->n_voters};
    int rc = job_networks(&model->config, model->weights, model->n_weights, &nets->nets, err);
    p->n_nets += rc == 0;
    return rc;
}

/* What all voters have in common, from the first. */
static void take_kind(struct predictor *p, const struct stored_model *model)
{
    const struct config *config = &model->config;
    p->n_classes = config->clusters.n;
    for (int c = 0; c < p->n_classes; c++)
        p->cluster[c] = config->clusters.number[c];
    p->size = (int)config->image_size;
    p->channels = (int)config->channels;
    p->data_size = model->data_size;
    p->pixel_size = model->pixel_size;
    p->how = model->how;
}

static int add_voter(struct predictor *p, struct store *store, int job, struct err *err)
{
    struct predictor_voter *voter = &p->voter[p->n_voters];
    struct stored_model model;
    struct err why = {0};
    enum chosen_on chosen;
    int rc = store_chosen_on(store, &store_jobs(store)[job], &chosen, err);
    if (rc == 0)
        rc = stored_model_open(store, job, &model, err);
    if (rc == 0 && find_nets(p, &model, &voter->nets, &why) < 0) {
        rc = stored_model_blame(store, job, &why, err);
        stored_model_close(&model);
    }
    if (rc != 0)
        return rc;
    voter->weights = model.weights; /* the predictor's from here on */
    voter->n_weights = model.n_weights;
    p->n_chosen_on_test += chosen == CHOSEN_TEST;
    p->n_elsewhere += chosen == CHOSEN_ELSEWHERE;
    p->n_networks += ensemble_n_members(p->nets[voter->nets].nets);
    if (p->n_voters++ == 0)
        take_kind(p, &model);
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

/* "strategy augment" or "3 strategies" of the jobs that vote; "" of an axis that none of them reads. */
static int describe_factor(char *out, size_t size, const struct store *store,
                           const struct store_job *const *row, int n, int factor, struct err *err)
{
    struct partition *values = NULL;
    int rc = partition_new(row, n, FACTOR(factor), &values, err);
    *out = '\0';
    if (rc == 0 && values->n_parts == 1 && *combination_value(row[0], factor))
        snprintf(out, size, "%s %s", combination_noun(store, factor, 1), combination_value(row[0], factor));
    else if (rc == 0 && values->n_parts > 1)
        snprintf(out, size, "%d %s%s", values->n_parts, factor >= FACTOR_AXES ? "values of " : "",
                 combination_noun(store, factor, values->n_parts));
    partition_free(values);
    return rc;
}

/* Clusters and strategy, and what else varies in the file. */
static int describe(struct predictor *p, const struct store *store, unsigned varying,
                    const struct store_job *const *row, int n, struct err *err)
{
    unsigned factors = varying | FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY);
    size_t size = sizeof p->who;
    size_t used = (size_t)snprintf(p->who, size, "%d network%s of %d job%s", p->n_networks,
                                   p->n_networks == 1 ? "" : "s", n, n == 1 ? "" : "s");
    const char *before = " (";
    int rc = 0;
    for (int f = 0; f < combination_n_factors(store) && rc == 0; f++)
        if (factors >> f & 1) {
            char text[2 * CONFIG_WORD_SIZE];
            rc = describe_factor(text, sizeof text, store, row, n, f, err);
            if (rc < 0 || !*text)
                continue;
            if (used < size)
                used += (size_t)snprintf(p->who + used, size - used, "%s%s", before, text);
            before = ", ";
        }
    if (used < size)
        snprintf(p->who + used, size - used, ")");
    return rc;
}

static int build_of(struct predictor *p, struct store *store, const int *job, const struct store_job **row,
                    int n, struct err *err)
{
    for (int i = 0; i < n; i++)
        row[i] = &store_jobs(store)[job[i]];
    unsigned varying;
    int rc = combination_varying_in(store, &varying, err);
    rc = rc < 0 ? rc : check_one_kind(store, varying, row, n, err);
    if (rc < 0)
        return rc;
    p->voter = err_calloc((size_t)n, sizeof *p->voter, "the networks", err);
    p->nets = err_calloc((size_t)n, sizeof *p->nets, "the networks", err);
    rc = p->voter && p->nets ? add_voters(p, store, job, n, err) : E_IO;
    return rc == 0 ? describe(p, store, varying, row, n, err) : rc;
}

static int build(struct predictor *p, struct store *store, const int *job, int n, struct err *err)
{
    const struct store_job **row = err_calloc((size_t)n, sizeof *row, "the jobs", err);
    int rc = row ? build_of(p, store, job, row, n, err) : E_IO;
    free(row);
    return rc;
}

int predictor_new(struct store *store, const char *filter, struct predictor **out, struct err *err)
{
    struct selection finished = {0};
    *out = NULL;
    struct predictor *p = err_calloc(1, sizeof *p, "the predictor", err);
    int rc = p ? stored_models_find(store, filter, &finished, err) : E_IO;
    if (rc == 0)
        rc = build(p, store, finished.job, finished.n, err);
    selection_free(&finished);
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

int predictor_channels(const struct predictor *p)
{
    return p->channels;
}

size_t predictor_floats(const struct predictor *p)
{
    return image_floats(p->size) * (size_t)p->channels;
}

double predictor_pixel_size(const struct predictor *p)
{
    return p->pixel_size;
}

int predictor_is_exact(const struct predictor *p)
{
    return p->is_exact;
}

int predictor_n_chosen_on_test(const struct predictor *p)
{
    return p->n_chosen_on_test;
}

int predictor_n_elsewhere(const struct predictor *p)
{
    return p->n_elsewhere;
}

void predictor_describe(const struct predictor *p, char *out, size_t size)
{
    snprintf(out, size, "%s", p->who);
}

/* ---- votes ---- */

struct ensemble *predictor_load(struct predictor *p, int v)
{
    struct predictor_nets *nets = &p->nets[p->voter[v].nets];
    if (nets->loaded != v && ensemble_put(nets->nets, p->voter[v].weights, p->voter[v].n_weights, NULL) < 0)
        abort(); /* a model of one size takes weights of that size */
    nets->loaded = v;
    return nets->nets;
}

/* What is added up over the jobs; (n, n_classes) each. */
struct tally {
    double *sum, *squares;
    int *votes;
};

static void count(const struct predictor *p, int n, const float *probs, struct tally *t)
{
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)i * (size_t)p->n_classes, best = at;
        for (size_t k = at; k < at + (size_t)p->n_classes; k++) {
            t->sum[k] += (double)probs[k];
            t->squares[k] += (double)probs[k] * (double)probs[k];
            best = probs[k] > probs[best] ? k : best;
        }
        t->votes[best]++;
    }
}

/* Every job says what it thinks of all images before the next is loaded. */
static void vote(struct predictor *p, const float *const *pixels, int n, struct tally *t, float *probs)
{
    for (int v = 0; v < p->n_voters; v++) {
        ensemble_predict(predictor_load(p, v), pixels, n, probs);
        count(p, n, probs, t);
    }
    for (size_t i = 0; p->n_voters > 1 && i < (size_t)n * (size_t)p->n_classes; i++)
        probs[i] = (float)(t->sum[i] / p->n_voters);
}

static void spread_of(const struct predictor *p, size_t cells, const struct tally *t, float *spread)
{
    double n = p->n_voters;
    for (size_t i = 0; i < cells; i++)
        spread[i] =
            n > 1 ? (float)sqrt(fmax(0, t->squares[i] - t->sum[i] * t->sum[i] / n) / (n - 1)) : (float)NAN;
}

int predictor_classify_votes(struct predictor *p, const float *const *pixels, int n, float *probs, int *votes,
                             float *spread, struct err *err)
{
    size_t cells = (size_t)n * (size_t)p->n_classes;
    double *sums = err_calloc(2 * cells, sizeof *sums, "probabilities", err);
    if (!sums)
        return E_IO;
    struct tally t = {sums, sums + cells, votes};
    memset(votes, 0, cells * sizeof *votes);
    vote(p, pixels, n, &t, probs);
    spread_of(p, cells, &t, spread);
    free(sums);
    return 0;
}

int predictor_classify(struct predictor *p, const float *const *pixels, int n, float *probs, struct err *err)
{
    size_t cells = (size_t)n * (size_t)p->n_classes;
    int *votes = err_calloc(cells, sizeof *votes, "votes", err);
    float *spread = err_calloc(cells, sizeof *spread, "votes", err);
    int rc = votes && spread ? predictor_classify_votes(p, pixels, n, probs, votes, spread, err) : E_IO;
    free(votes);
    free(spread);
    return rc;
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
    free(p->print);
    free(p->small);
    free(p);
}
