#include "store/drawn.h"

#include "store/classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int drawn_parse(const char *text, long *size)
{
    int n = 0;
    if (text[strspn(text, "0123456789-")] != '\0')
        return 0;
    for (const char *at = text; n < CONFIG_MAX_CLUSTERS; at++) {
        char *end;
        size[n] = strtol(at, &end, 10);
        if (end == at || size[n++] <= 0)
            return 0;
        at = end;
        if (*at != '-')
            break;
    }
    return n < 2 ? 0 : n;
}

static void natural_sizes(const struct store *store, const int *cluster, int n, long *size)
{
    const struct dataset_image *image = store_images(store);
    for (int c = 0; c < n; c++) {
        size[c] = 0;
        for (int i = 0; i < store_n_images(store); i++)
            size[c] += image[i].cluster == cluster[c];
    }
}

int drawn_sizes(const struct store *store, const struct store_job *job, long *size)
{
    char text[2048];
    int cluster[CONFIG_MAX_CLUSTERS];
    classes_config(store, job, "class_sizes", text, sizeof text);
    int n = drawn_parse(text, size);
    if (n > 0)
        return n;
    n = classes_of(store, job, cluster);
    natural_sizes(store, cluster, n, size);
    return n;
}

int drawn_by_sizes(const struct store *store, const struct store_job *job)
{
    char text[2048];
    long size[CONFIG_MAX_CLUSTERS];
    classes_config(store, job, "class_sizes", text, sizeof text);
    return drawn_parse(text, size) > 0;
}
