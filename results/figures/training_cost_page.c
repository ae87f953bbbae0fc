#include "figures/training_cost_parts.h"

#include "figures/gnuplot.h"
#include "figures/pagename.h"
#include "write/output.h"

#include <math.h>

/* ---- what is drawn ---- */

int training_cost_is_known(const struct training_cost_place *place, int c)
{
    int n = 0;
    for (int i = 0; i < place->n; i++)
        n += !isnan(place->point[i].cost[c]);
    return n > 0;
}

int training_cost_page_drawn(const struct summary *summary, const struct training_cost *cost, int p)
{
    const struct training_cost_place *place = &cost->place[p];
    int shown = 0;
    for (int i = 0; i < place->n; i++)
        for (int g = 0; g < summary->n_groups && !shown; g++)
            shown = combination_same(summary->group[g].cell, place->point[i].group->cell, 0);
    return shown &&
           (training_cost_is_known(place, COST_IMAGES) || training_cost_is_known(place, COST_SECONDS));
}

unsigned training_cost_own(const struct summary *summary, const struct training_cost_place *place)
{
    return place->n_models > 1 ? combination_own(summary->store, FACTOR_MODEL) : 0;
}

void training_cost_page_name(const struct summary *summary, const struct training_cost *cost, int p,
                             char *out)
{
    const struct training_cost_place *place = &cost->place[p];
    snprintf(out, PAGENAME_SIZE, "training_cost_");
    pagename_append_classes(out, place->point[0].group->cell->clusters);
    pagename_append_cell(out, summary, place->point[0].group, training_cost_own(summary, place));
}

int training_cost_is_filled(const struct training_cost_point *point, int c)
{
    return point->front[c] >= 0 && (point->tested > 0 ? point->beaten[c] == 0 : point->front[c] == 1);
}

/* ---- data ---- */

static void write_point(FILE *file, const struct summary *summary, const struct training_cost_place *place,
                        int i)
{
    const struct training_cost_point *point = &place->point[i];
    const double number[] = {point->balanced.mean, point->balanced.low, point->balanced.high};
    char name[TRAINING_COST_NAME];
    fprintf(file, "%d\t%d", i, point->balanced.n);
    for (int k = 0; k < 3; k++)
        gnuplot_number(file, number[k]);
    gnuplot_number(file, point->group->leak_share.mean);
    for (int c = 0; c < N_TRAINING_COSTS; c++) {
        gnuplot_number(file, point->cost[c]);
        fprintf(file, "\t%d\t%d\t%d", point->front[c], point->beaten[c], training_cost_is_filled(point, c));
    }
    fprintf(file, "\t%d\t%s\n", point->tested, training_cost_name(summary, place, point, name));
}

static int write_data(const struct summary *summary, const struct training_cost_place *place,
                      const char *name, const char *dir, struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("point\tn\tbalanced_accuracy\tlow\thigh\tleak_share", out.file);
    for (int c = 0; c < N_TRAINING_COSTS; c++) {
        const char *cost = training_cost_names[c];
        fprintf(out.file, "\t%s\tfront_%s\tbeaten_%s\tfilled_%s", cost, cost, cost, cost);
    }
    fputs("\ttested_against\tname\n", out.file);
    for (int i = 0; i < place->n; i++)
        write_point(out.file, summary, place, i);
    return output_close(&out, err);
}

int training_cost_page_write(const struct summary *whole, const struct training_cost *cost, int p,
                             const char *name, const struct figstyle *style, const char *dir, struct err *err)
{
    int rc = write_data(whole, &cost->place[p], name, dir, err);
    return rc == 0 ? training_cost_script(whole, cost, p, name, style, dir, err) : rc;
}
