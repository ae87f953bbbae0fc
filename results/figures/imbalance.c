#include "figures/imbalance.h"

#include "store/classes.h"
#include "store/drawn.h"
#include "figures/pagename.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The extremes of what a group draws and the first largest class; 0 when they are not known. */
static int extremes(const struct summary *summary, const struct summary_group *group, long *largest,
                    long *smallest)
{
    long size[CONFIG_MAX_CLUSTERS];
    int n = drawn_sizes(summary->store, group->cell, size), first = 0;
    *largest = *smallest = n > 0 ? size[0] : 0;
    for (int c = 1; c < n; c++) {
        if (size[c] > *largest) {
            *largest = size[c];
            first = c;
        }
        *smallest = size[c] < *smallest ? size[c] : *smallest;
    }
    return first;
}

static double ratio(const struct summary *summary, const struct summary_group *group)
{
    long largest, smallest;
    extremes(summary, group, &largest, &smallest);
    return smallest > 0 ? (double)largest / (double)smallest : nan("");
}

enum { LETTERS = 20 }; /* of a name */

/* "40 of 8": images and name of the largest class. */
static void largest_class(char *out, size_t size, const struct summary *summary,
                          const struct summary_group *group)
{
    long largest, smallest;
    int cluster[CONFIG_MAX_CLUSTERS], n = classes_of(summary->store, group->cell, cluster);
    int first = extremes(summary, group, &largest, &smallest);
    char name[CLASS_NAME_SIZE];
    snprintf(out, size, "%ld of %s", largest,
             class_short(first < n ? cluster[first] : CLASS_NONE, LETTERS, name));
}

/* The ratio to three digits, and the sizes below it when they are short. */
static void tick(char *out, size_t size, const struct summary_group *group, int factor, double x)
{
    const char *sizes = combination_value(group->cell, factor);
    char ratio[32];
    snprintf(ratio, sizeof ratio, "%.3g", x);
    setting_real_text(strtod(ratio, NULL), ratio, sizeof ratio);
    snprintf(out, size, "%s%s%s", ratio, strlen(sizes) <= 9 ? "\n" : "", strlen(sizes) <= 9 ? sizes : "");
}

int imbalance_is_axis(const struct summary *summary, int factor)
{
    return strcmp(pagename_factor(summary, factor), "class_sizes") == 0;
}

struct trend_axis imbalance_axis(int factor)
{
    return (struct trend_axis){.factor = factor,
                               .stem = "imbalance",
                               .label =
                                   "Imbalance ratio: images of the largest class to those of the smallest",
                               .log = 1,
                               .x = ratio,
                               .tick = tick,
                               .facet = largest_class,
                               .facet_name = "largest class"};
}
