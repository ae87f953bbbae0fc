#include "store/classes.h"

#include "sections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int classes_of(const struct store *store, const struct store_job *job, int *cluster)
{
    return store_classes(store, job->row, cluster);
}

/* The value of an axis that a row holds; one that its field had to cut is among those of the grid. */
static const char *whole_value(const struct store *store, int axis, const char *stored)
{
    const struct sweep_axis *grid = sweep_file_axis(store_sweep(store), store_axis_name(store, axis));
    char field[CONFIG_WORD_SIZE];
    for (int i = 0; grid && i < grid->n && strstr(stored, "..."); i++) {
        store_field_text(field, sizeof field, grid->value[i]);
        if (strcmp(field, stored) == 0)
            return grid->value[i];
    }
    return stored;
}

const char *classes_config(const struct store *store, const struct store_job *job, const char *key, char *out,
                           size_t size)
{
    const struct setting *row = config_find(worker_schema(), key);
    *out = '\0';
    for (int i = 0; i < store_n_axes(store); i++)
        if (strcmp(store_axis_name(store, i), key) == 0) {
            snprintf(out, size, "%s", whole_value(store, i, job->axis[i]));
            return out;
        }
    if (row && !sweep_file_axis(store_sweep(store), key))
        config_get(&store_sweep(store)->base, row, out, size);
    return out;
}

/* "A, B, C" of names, as many as there is room for. */
static void list_names(const int *class, int n, char *out, size_t size)
{
    char name[CLASS_NAME_SIZE];
    size_t used = 0;
    *out = '\0';
    for (int c = 0; c < n; c++) {
        class_short(class[c], CLASSES_SHORT, name);
        if (used + strlen(name) + 32 > size) {
            snprintf(out + used, size - used, " and %d more", n - c);
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", c ? ", " : "", name);
    }
}

void classes_title(const struct store *store, const struct store_job *job, char *out, size_t size)
{
    int cluster[CONFIG_MAX_CLUSTERS], n = classes_of(store, job, cluster);
    int named = class_any_named(cluster, n);
    char name[2][CLASS_NAME_SIZE];
    if (strcmp(job->clusters, "all") == 0)
        snprintf(out, size, "All %d %s", n, named ? "classes" : "clusters");
    else if (n == 2)
        snprintf(out, size, "%s%s and %s", named ? "" : "Clusters ",
                 class_short(cluster[0], CLASSES_SHORT, name[0]),
                 class_short(cluster[1], CLASSES_SHORT, name[1]));
    else if (named)
        list_names(cluster, n, out, size);
    else
        snprintf(out, size, "Clusters %s", job->clusters);
}

int classes_is_published_all(const struct store *store, const struct store_job *job)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    char threshold[CONFIG_WORD_SIZE], cap[CONFIG_WORD_SIZE];
    return strcmp(job->clusters, "all") == 0 && strcmp(job->strategy, "none") == 0 &&
           classes_of(store, job, cluster) == 28 &&
           strcmp(classes_config(store, job, "balance.threshold", threshold, sizeof threshold), "40") == 0 &&
           strcmp(classes_config(store, job, "balance.cap", cap, sizeof cap), "45") == 0;
}
