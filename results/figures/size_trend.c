#include "figures/size_trend.h"

#include "stats/training_size.h"

#include <stdio.h>
#include <string.h>

static double size_of(const struct summary *summary, const struct summary_group *group)
{
    (void)summary;
    return training_size_of(group);
}

/* The sizes of the classes below it, when they are short. */
static void tick(char *out, size_t size, const struct summary_group *group, int factor, double x)
{
    const char *value = combination_value(group->cell, factor);
    int is_short = strlen(value) <= 9 && strchr(value, '-');
    snprintf(out, size, "%.0f%s%s", x, is_short ? "\n" : "", is_short ? value : "");
}

struct trend_axis size_trend_axis(const struct summary *summary, int factor)
{
    static const char *const stems[] = {"training_size_validation", "training_size_inner", "training_size"};
    const char *name = combination_name(summary->store, factor);
    int kind = strcmp(name, "validation") == 0 ? 0 : strcmp(name, "inner") == 0 ? 1 : 2;
    return (struct trend_axis){.factor = factor,
                               .stem = stems[kind],
                               .label = "Training images: originals, before any is dropped or copied",
                               .note =
                                   "x: originals that a job has to learn from, the same for every strategy. "
                                   "Copies and augmented versions add none, and what undersampling leaves "
                                   "out is counted.",
                               .log = 1,
                               .x = size_of,
                               .tick = tick,
                               .facet = kind == 2 ? training_size_proportions : NULL,
                               .facet_name = "classes",
                               .apart = 1,
                               .differs = training_size_differs};
}
