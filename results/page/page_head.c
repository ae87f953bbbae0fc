/* What the file says of itself: of what it is, and how it is named. */
#include "page/page_parts.h"

#include "figures/curves.h"
#include "models/model.h"
#include "store/classes.h"
#include "strategies/balance.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_QUANTILES = 10000 };

static void put_texts(struct document *d, json_t *object, const char *const *name, int n)
{
    for (int i = 0; i < n; i++)
        document_put(d, object, name[i], json_out_text(store_text(d->store, name[i])));
}

static json_t *provenance(struct document *d)
{
    static const char *const names[] = {"yaml", "yaml_resolved", "version", "commit",  "created",
                                        "host", "libraries",     "cpu",     "kernels", "merged_from"};
    json_t *object = json_object();
    put_texts(d, object, names, sizeof names / sizeof *names);
    document_put(d, object, "ranks", json_integer(atoi(store_text(d->store, "ranks"))));
    document_put(d, object, "results_file", json_out_text(store_path(d->store)));
    return object;
}

/* Every class of the images and its size, in order. */
static json_t *cluster_sizes(struct document *d)
{
    int n = store_n_images(d->store), *cluster = calloc((size_t)n + 1, sizeof *cluster);
    json_t *sizes = json_array();
    if (!cluster)
        d->failed = 1;
    for (int i = 0; i < n && cluster; i++)
        cluster[i] = store_images(d->store)[i].cluster;
    if (cluster)
        qsort(cluster, (size_t)n, sizeof *cluster, class_compare_ints);
    for (int i = 0, end; i < n && cluster; i = end) {
        for (end = i; end < n && cluster[end] == cluster[i];)
            end++;
        document_add(d, sizes,
                     json_pack("{s:o, s:i}", "number", json_out_class(cluster[i]), "count", end - i));
    }
    free(cluster);
    return sizes;
}

static json_t *data_of(struct document *d)
{
    json_t *object = json_object();
    document_put(d, object, "origin", json_out_text(store_text(d->store, "data")));
    document_put(d, object, "checksum", json_out_text(store_text(d->store, "dataset_checksum")));
    document_put(d, object, "n_images", json_integer(store_n_images(d->store)));
    document_put(d, object, "clusters", cluster_sizes(d));
    return object;
}

static json_t *metric_list(struct document *d)
{
    json_t *list = json_array();
    for (int m = 0; m < N_METRICS; m++)
        document_add(d, list, json_out_text(metric_names[m]));
    return list;
}

static json_t *axes(struct document *d)
{
    json_t *list = json_array();
    for (int i = 0; i < store_n_axes(d->store); i++) {
        json_t *axis = json_object();
        document_put(d, axis, "name", json_out_text(store_axis_name(d->store, i)));
        document_put(d, axis, "is_number", json_boolean(store_axis_is_number(d->store, i)));
        int owner = combination_owner(d->store, FACTOR_AXES + i);
        document_put(d, axis, "of",
                     owner < 0 ? json_null() : json_out_text(combination_name(d->store, owner)));
        document_add(d, list, axis);
    }
    return list;
}

/* Names of the factors that vary among the jobs of the document. */
static json_t *varying(struct document *d)
{
    json_t *list = json_array();
    for (int f = 0; f < combination_n_factors(d->store); f++)
        if (summary_varies(d->summary, f))
            document_add(d, list, json_out_text(combination_name(d->store, f)));
    return list;
}

/* Quantiles that intervals of 95 % are made with, of 1 degree of freedom and up to those of the largest
 * group; beyond MOST_QUANTILES the last one serves. */
static json_t *quantiles(struct document *d)
{
    json_t *list = json_array();
    int most = 2;
    for (int g = 0; g < d->summary->n_groups; g++)
        most = d->summary->group[g].n_jobs > most ? d->summary->group[g].n_jobs : most;
    for (int df = 1; df < most && df <= MOST_QUANTILES; df++)
        document_add(d, list, json_real(stats_t_quantile(0.5 + summary_level / 2, df)));
    return list;
}

/* Clusters of the classes of each list of clusters. */
static json_t *classes(struct document *d)
{
    json_t *object = json_object();
    int cluster[CONFIG_MAX_CLUSTERS];
    for (int g = 0; g < d->summary->n_groups; g++) {
        const struct store_job *cell = d->summary->group[g].cell;
        if (json_object_get(object, cell->clusters))
            continue;
        json_t *list = json_array();
        int n = classes_of(d->store, cell, cluster);
        for (int c = 0; c < n; c++)
            document_add(d, list, json_out_class(cluster[c]));
        document_put(d, object, cell->clusters, list);
    }
    return object;
}

static json_t *colors(struct document *d)
{
    json_t *object = json_object();
    for (int g = 0; g < d->summary->n_groups; g++) {
        const char *strategy = d->summary->group[g].cell->strategy;
        document_put(d, object, strategy, json_out_text(balance_colour(strategy)));
    }
    return object;
}

/* A strategy whose groups differ in the all-cluster rule keeps its name. */
static json_t *titles(struct document *d)
{
    json_t *object = json_object();
    for (int g = 0; g < d->summary->n_groups; g++) {
        const char *strategy = d->summary->group[g].cell->strategy;
        char title[128];
        curves_group_title(title, sizeof title, d->summary, &d->summary->group[g],
                           combination_owned(d->store));
        const char *other = json_string_value(json_object_get(object, strategy));
        document_put(d, object, strategy,
                     json_out_text(other && strcmp(other, title) != 0 ? strategy : title));
    }
    return object;
}

/* What part of the file the document is. */
static json_t *filter_of(const struct summary *s)
{
    json_t *filter = json_object();
    int failed = filter == NULL;
    json_out_put(filter, "text", json_out_text(s->filter), &failed);
    json_out_put(filter, "jobs", json_integer(s->n_jobs), &failed);
    json_out_put(filter, "of_jobs", json_integer(s->n_jobs_file), &failed);
    json_out_put(filter, "strategies", json_integer(s->same[SUMMARY_STRATEGY]->n_parts), &failed);
    json_out_put(filter, "of_strategies", json_integer(s->n_strategies_file), &failed);
    if (!failed)
        return filter;
    json_decref(filter);
    return NULL;
}

/* Models whose curves are horizontal lines. */
static json_t *at_once(struct document *d)
{
    json_t *list = json_array();
    const struct model_kind *kind;
    for (int i = 0; (kind = model_kind(i)); i++)
        if (!(kind->can & MODEL_EPOCHS))
            document_add(d, list, json_string(kind->name));
    return list;
}

void document_put_head(struct document *d)
{
    const struct summary *s = d->summary;
    document_put(d, d->root, "format", json_integer(1));
    put_texts(d, d->root, (const char *const[]){"name"}, 1);
    document_put(d, d->root, "version", d->options->version ? json_string(d->options->version) : json_null());
    document_put(d, d->root, "synthetic", json_boolean(store_synthetic(d->store)));
    document_put(d, d->root, "live", json_boolean(d->options->live));
    document_put(d, d->root, "complete",
                 json_boolean(s->n_state[JOB_WAITING] == 0 && s->n_state[JOB_RUNNING] == 0));
    document_put(d, d->root, "filter", s->filter ? filter_of(s) : json_null());
    document_put(d, d->root, "data", data_of(d));
    document_put(d, d->root, "provenance", provenance(d));
    document_put(d, d->root, "n_epochs", json_integer(store_n_epochs(d->store)));
    document_put(d, d->root, "n_classes", json_integer(store_n_classes(d->store)));
    document_put(d, d->root, "metrics", metric_list(d));
    document_put(d, d->root, "axes", axes(d));
    document_put(d, d->root, "varying", varying(d));
    document_put(d, d->root, "t95", quantiles(d));
    document_put(d, d->root, "classes", classes(d));
    document_put(d, d->root, "titles", titles(d));
    document_put(d, d->root, "colors", colors(d));
    document_put(d, d->root, "at_once", at_once(d));
}
