#include "paper/published.h"

#include "store/classes.h"
#include "data/kinds.h"
#include "store/drawn.h"
#include "embed.h"
#include "models/model.h"
#include "sections.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EMBED(published_text, "experiments/published_curves.csv");

/* The next line that begins with `prefix` at or after `from`, or NULL. */
static const char *find_line(const char *from, const char *prefix)
{
    size_t n = strlen(prefix);
    for (const char *line = from; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, prefix, n) == 0)
            return line;
    }
    return NULL;
}

static void curve_prefix(char *out, size_t size, const char *clusters, const char *strategy,
                         enum image_set set, enum metric metric)
{
    snprintf(out, size, "%s,%s,%s,%s,", clusters, strategy, image_set_names[set], metric_names[metric]);
}

int published_fits(const struct store *store)
{
    const struct dataset_image *image = store_images(store);
    int left[N_KINDS], n = 0;
    for (int k = 0; k < N_KINDS; k++)
        n += left[k] = kinds[k].n_images;
    if (store_n_images(store) != n)
        return 0;
    for (int i = 0; i < n; i++) {
        int k = 0;
        while (k < N_KINDS && kinds[k].cluster != image[i].cluster)
            k++;
        if (k == N_KINDS || left[k]-- == 0)
            return 0;
    }
    return 1;
}

static int is_published(const char *model)
{
    const struct model_kind *kind = model_find(model);
    return kind && kind->can & MODEL_PUBLISHED;
}

int published_compares(const struct store *store, const struct store_job *job)
{
    char size[CONFIG_WORD_SIZE];
    classes_config(store, job, "image.size", size, sizeof size);
    return is_published(job->model) && published_fits(store) && !drawn_by_sizes(store, job) &&
           (*size == '\0' || atoi(size) == config_defaults(worker_schema()).image_size);
}

const char *published_clusters(const struct store *store, const struct store_job *job, char *out)
{
    char text[SETTING_TEXT_SIZE];
    int class[CONFIG_MAX_CLUSTERS];
    class_list(class, classes_of(store, job, class), 0, text, sizeof text);
    store_clusters_text(out, CONFIG_WORD_SIZE, strcmp(job->clusters, "all") == 0 ? "all" : text);
    return out;
}

int published_curve(const char *clusters, const char *strategy, enum image_set set, enum metric metric,
                    double *out, int n_epochs)
{
    char prefix[256];
    int found = 0;
    for (int e = 0; e < n_epochs; e++)
        out[e] = nan("");
    curve_prefix(prefix, sizeof prefix, clusters, strategy, set, metric);
    for (const char *line = find_line(published_text, prefix); line;
         line = find_line(strchr(line, '\n'), prefix)) {
        char *end;
        long epoch = strtol(line + strlen(prefix), &end, 10);
        if (epoch >= 1 && epoch <= n_epochs && *end == ',') {
            out[epoch - 1] = strtod(end + 1, NULL);
            found++;
        }
    }
    return found;
}

double published_final(const char *clusters, const char *strategy, enum image_set set, enum metric metric)
{
    char prefix[256];
    double value = nan("");
    long last = 0;
    curve_prefix(prefix, sizeof prefix, clusters, strategy, set, metric);
    for (const char *line = find_line(published_text, prefix); line;
         line = find_line(strchr(line, '\n'), prefix)) {
        char *end;
        long epoch = strtol(line + strlen(prefix), &end, 10);
        if (epoch > last && *end == ',') {
            value = strtod(end + 1, NULL);
            last = epoch;
        }
    }
    return value;
}

double published_originals(const char *clusters, const char *strategy)
{
    static const struct {
        const char *clusters, *strategy;
        double value;
    } checks[] = {
        {"14-15", "oversample", 0.82}, {"14-15", "augment", 0.80}, {"1-27", "reweight", 0.56},
        {"1-27", "oversample", 1.00},  {"1-27", "augment", 0.59},  {"1-28", "augment_all", 0.89},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (strcmp(checks[i].clusters, clusters) == 0 && strcmp(checks[i].strategy, strategy) == 0)
            return checks[i].value;
    return nan("");
}

const char *published_protocol(const char *strategy)
{
    return strcmp(strategy, "none") == 0 ? "tail" : "report";
}
