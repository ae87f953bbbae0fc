#include "figures/costaxis.h"

#include "figures/palette.h"

#include <math.h>

struct costaxis costaxis_begin(double least)
{
    return (struct costaxis){HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, least};
}

static void stretch(double *low, double *high, double x)
{
    if (isnan(x))
        return;
    *low = fmin(*low, x);
    *high = fmax(*high, x);
}

void costaxis_cost(struct costaxis *axis, double x)
{
    if (isfinite(x) && fmax(axis->least, x) > 0) /* a logarithm */
        stretch(&axis->x_low, &axis->x_high, fmax(axis->least, x));
}

void costaxis_accuracy(struct costaxis *axis, double y)
{
    stretch(&axis->y_low, &axis->y_high, y);
}

void costaxis_end(struct costaxis *axis)
{
    double margin = fmax(1.3, pow(axis->x_high / axis->x_low, 0.06));
    axis->x_low /= margin;
    axis->x_high *= margin;
    axis->y_low = fmax(0, floor(10 * axis->y_low - 0.2) / 10);
    axis->y_high = fmin(1.02, ceil(10 * axis->y_high + 0.2) / 10);
}

/* So much of every decade that the axis has several; of many decades every second one. */
static const struct density {
    double decades; /* up to which */
    int n, every;
    double step[7];
} densities[] = {{0.8, 7, 1, {1, 1.5, 2, 3, 4, 5, 7}},
                 {1.7, 3, 1, {1, 2, 5}},
                 {2.5, 2, 1, {1, 3}},
                 {7, 1, 1, {1}},
                 {HUGE_VAL, 1, 2, {1}}};

void costaxis_write(FILE *file, const struct costaxis *axis)
{
    const struct density *d = densities;
    const char *separator = "set xtics (";
    while (d->decades < HUGE_VAL && !(log10(axis->x_high / axis->x_low) < d->decades))
        d++;
    fprintf(file, "set logscale x; set xrange [%.9g:%.9g]; set yrange [%.9g:%.9g]; set ytics 0.1\n",
            axis->x_low, axis->x_high, axis->y_low, axis->y_high);
    for (int decade = (int)floor(log10(axis->x_low)); pow(10, decade) < axis->x_high; decade++)
        for (int i = 0; i < d->n && decade % d->every == 0; i++) {
            double x = d->step[i] * pow(10, decade);
            if (x < axis->x_low || x > axis->x_high)
                continue;
            fprintf(file, x < 999999 ? "%s'%.6g' %.9g" : "%s'%.3e' %.9g", separator, x, x);
            separator = ", ";
        }
    if (*separator == ',')
        fputs(")\n", file);
}

void costaxis_chance(FILE *file, double chance)
{
    if (isfinite(chance))
        fprintf(file,
                "set arrow from graph 0,first %.9g to graph 1,first %.9g nohead back lw 1 dt (4,4) lc rgb "
                "'" PALETTE_GREY "'\n"
                "set label 'chance' at graph 1,first %.9g left offset 0.6,0 font plain(9.5) textcolor "
                "rgb '" PALETTE_GREY "'\n",
                chance, chance, chance);
}
