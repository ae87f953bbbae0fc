#include "imbalance.h"

#include "classes.h"
#include "pagename.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int imbalance_sizes(const char *text, long *largest, long *smallest)
{
    long high = 0, low = 0;
    int n = 0;
    for (const char *at = text;; at++) {
        char *end;
        long size = strtol(at, &end, 10);
        if (end == at || size <= 0)
            return 0;
        high = n == 0 || size > high ? size : high;
        low = n == 0 || size < low ? size : low;
        n++;
        at = end;
        if (*at != '-')
            break;
    }
    if (n < 2 || text[strspn(text, "0123456789-")] != '\0')
        return 0;
    *largest = high;
    *smallest = low;
    return 1;
}

static void natural_sizes(const struct summary *summary, const struct summary_group *group, long *largest,
                          long *smallest)
{
    const struct dataset_image *image = store_images(summary->store);
    int cluster[CONFIG_MAX_CLUSTERS], n = classes_of(summary->store, group->cell, cluster);
    *largest = *smallest = 0;
    for (int c = 0; c < n; c++) {
        long size = 0;
        for (int i = 0; i < store_n_images(summary->store); i++)
            size += image[i].cluster == cluster[c];
        *largest = c == 0 || size > *largest ? size : *largest;
        *smallest = c == 0 || size < *smallest ? size : *smallest;
    }
}

/* A list that did not fit into its row ends in "...": the whole one is in the sweep's resolved YAML, quoted. */
static int cut_sizes(const struct summary *summary, const char *cut, long *largest, long *smallest)
{
    char quoted[CONFIG_WORD_SIZE + 1], whole[2048];
    size_t n = strlen(cut);
    if (n < 4 || n >= CONFIG_WORD_SIZE || strcmp(cut + n - 3, "...") != 0)
        return 0;
    snprintf(quoted, sizeof quoted, "\"%.*s", (int)n - 3, cut);
    const char *at = strstr(store_text(summary->store, "yaml_resolved"), quoted);
    if (!at)
        return 0;
    snprintf(whole, sizeof whole, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    return imbalance_sizes(whole, largest, smallest);
}

/* 0 and 0 when they are not known. */
static void group_sizes(const struct summary *summary, const struct summary_group *group, int axis,
                        long *largest, long *smallest)
{
    const char *text = group->cell->axis[axis];
    *largest = *smallest = 0;
    if (imbalance_sizes(text, largest, smallest) || cut_sizes(summary, text, largest, smallest))
        return;
    if (!strstr(text, "..."))
        natural_sizes(summary, group, largest, smallest);
}

static double ratio(const struct summary *summary, const struct summary_group *group, int axis)
{
    long largest, smallest;
    group_sizes(summary, group, axis, &largest, &smallest);
    return smallest > 0 ? (double)largest / (double)smallest : nan("");
}

static long largest_class(const struct summary *summary, const struct summary_group *group, int axis)
{
    long largest, smallest;
    group_sizes(summary, group, axis, &largest, &smallest);
    return largest;
}

/* The ratio to three digits, and the sizes below it when they are short. */
static void tick(char *out, size_t size, const struct summary_group *group, int axis, double x)
{
    const char *sizes = group->cell->axis[axis];
    char ratio[32];
    snprintf(ratio, sizeof ratio, "%.3g", x);
    config_real_text(strtod(ratio, NULL), ratio, sizeof ratio);
    snprintf(out, size, "%s%s%s", ratio, strlen(sizes) <= 9 ? "\n" : "", strlen(sizes) <= 9 ? sizes : "");
}

int imbalance_is_axis(const struct summary *summary, int axis)
{
    return strcmp(pagename_axis(summary, axis), "class_sizes") == 0;
}

struct trend_axis imbalance_axis(int axis)
{
    return (struct trend_axis){.axis = axis,
                               .stem = "imbalance",
                               .label =
                                   "Imbalance ratio: images of the largest class to those of the smallest",
                               .log = 1,
                               .x = ratio,
                               .tick = tick,
                               .facet = largest_class,
                               .facet_name = "largest"};
}
