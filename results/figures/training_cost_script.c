/* The gnuplot script of training_cost_page.h. */
#include "figures/training_cost_parts.h"

#include "figures/costaxis.h"
#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "figures/marks.h"
#include "store/classes.h"
#include "strategies/balance.h"
#include "write/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- layout ---- */

/* Pixels. */
enum {
    WIDTH = 960,
    LEFT = 78,
    RIGHT = 62,   /* for the word chance */
    GAP = 100,    /* between panels, with room for that word */
    NARROW = 250, /* panels that would be narrower stand below each other */
    PLOT = 300,   /* height */
    LEAK = 26,    /* above a panel */
    AXIS = 58,    /* below it */
    LEGEND = 20,  /* a line of the legend, and what stands before its words: */
    LEGEND_SAMPLE = 40,
    EDGE = 14
};

static const double LEGEND_POINTS = 10.5;

struct layout {
    int width, height, top, columns, panel; /* panels beside each other; width of one */
    int panel_of[N_TRAINING_COSTS], n_panels;
    struct costaxis axis[N_TRAINING_COSTS];
    double leak; /* share of the test images that were seen in training, of the point with most */
    char title[1024], subtitle[512];
    struct figtext_notes notes;
};

static void find_ranges(struct layout *l, const struct training_cost_place *place, int c)
{
    l->axis[c] = costaxis_begin(0);
    costaxis_accuracy(&l->axis[c], place->chance);
    for (int i = 0; i < place->n; i++) {
        const struct training_cost_point *point = &place->point[i];
        costaxis_cost(&l->axis[c], point->cost[c]);
        costaxis_accuracy(&l->axis[c], point->balanced.mean);
        costaxis_accuracy(&l->axis[c], point->balanced.low);
        costaxis_accuracy(&l->axis[c], point->balanced.high);
    }
    costaxis_end(&l->axis[c]);
}

/* Estimates that no test is about. */
static int any_untested(const struct training_cost_place *place)
{
    int n = 0;
    for (int i = 0; i < place->n; i++)
        n += !place->point[i].leaks && place->point[i].tested == 0;
    return n > 0;
}

static void tell_points(struct layout *l, const struct training_cost_place *place)
{
    if (place->tested > 0)
        figtext_note(&l->notes,
                     "Means over runs, bars their 95 %% interval. Hollow: something that costs no more is "
                     "significantly better (p < 0.05, Holm, over the whole sweep). Dashed: the Pareto "
                     "front of means, on which a place may be chance.%s",
                     any_untested(place) ? " What is tested against nothing is hollow behind that front."
                                         : "");
    else
        figtext_note(&l->notes,
                     "Means over runs%s. No pair is tested here. Dashed and filled: the Pareto front of "
                     "means, on which a place may be chance; hollow: behind it.",
                     place->point[0].balanced.n > 1 ? ", bars their 95 % interval" : "");
    if (l->leak > 0)
        figtext_note(&l->notes,
                     "Crosses, on red: test images were seen in training, so these are no estimates, and "
                     "on no front.");
    figtext_note(&l->notes,
                 "Images: what the strategy makes of the training set times the epochs done (once of "
                 "models that learn at once), the same on any machine. Seconds: median from start to "
                 "end of a job on its core, judging included; another machine has others.");
}

/* As many whole sentences as a note has room for. */
static void tell_words(struct layout *l, const struct summary *summary, const struct training_cost *cost,
                       int p)
{
    char *words = NULL, *end;
    size_t n;
    FILE *file = open_memstream(&words, &n);
    if (!file)
        return;
    training_cost_words(file, summary, cost, p);
    if (fclose(file) == 0 && n > 1000) {
        words[1000] = '\0';
        while ((end = strrchr(words, '.')) && strncmp(end, ". ", 2) != 0)
            *end = '\0';
        if (end)
            end[1] = '\0';
    }
    if (words && *words)
        figtext_note(&l->notes, "%s", words);
    free(words);
}

static void collect_texts(struct layout *l, const struct summary *summary, const struct training_cost *cost,
                          int p)
{
    const struct training_cost_place *place = &cost->place[p];
    const struct summary_group *first = place->point[0].group;
    char footer[CURVES_FOOTER_SIZE];
    int done = 0, jobs = 0;
    classes_title(summary->store, first->cell, l->title, sizeof l->title);
    curves_append_factors(l->title, sizeof l->title, summary, first,
                          training_cost_own(summary, place) |
                              combination_own(summary->store, FACTOR_STRATEGY));
    snprintf(l->subtitle, sizeof l->subtitle, "Accuracy against what training costs. Protocol %s: %s",
             first->cell->protocol, curves_protocol_meaning(first->cell->protocol));
    for (int i = 0; i < place->n; i++) {
        const struct summary_group *group = place->point[i].group;
        done += group->n_state[JOB_DONE];
        jobs += group->n_jobs;
        if (place->point[i].leaks)
            l->leak = fmax(l->leak, group->leak_share.mean);
    }
    tell_words(l, summary, cost, p);
    tell_points(l, place);
    curves_footer(footer, sizeof footer, summary, first->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static struct figtext_sheet sheet_of(const struct summary *summary, const struct layout *l)
{
    return (struct figtext_sheet){
        l->width, l->height, EDGE, l->title, l->subtitle, &l->notes, store_synthetic(summary->store)};
}

static int panel_height(const struct layout *l)
{
    return (l->leak > 0 ? LEAK : 8) + PLOT + AXIS;
}

/* "Oversampling, forest (n = 5)". */
static void legend_words(const struct summary *summary, const struct training_cost_place *place, int i,
                         char *out, size_t size)
{
    char title[128], model[COMBINATION_LABEL_SIZE] = "";
    const struct training_cost_point *point = &place->point[i];
    curves_group_title(title, sizeof title, summary, point->group, 0);
    if (place->n_models > 1)
        combination_label(summary->store, point->group->cell, FACTOR_MODEL, summary->varying, model);
    snprintf(out, size, "%s%s%.60s (n = %d)", title, *model ? ", " : "", model, point->balanced.n);
}

static int legend_lines(const struct summary *summary, const struct training_cost_place *place,
                        const struct layout *l)
{
    int columns = l->width > 700 ? 3 : 2;
    for (int i = 0; i < place->n; i++) {
        char text[256];
        legend_words(summary, place, i, text, sizeof text);
        while (columns > 1 && figtext_fit(text, LEGEND_POINTS,
                                          (l->width - 2 * EDGE) / columns - LEGEND_SAMPLE) < LEGEND_POINTS)
            columns--;
    }
    return (place->n + columns - 1) / columns;
}

static struct layout lay_out(const struct summary *summary, const struct training_cost *cost, int p,
                             const struct figstyle *style)
{
    const struct training_cost_place *place = &cost->place[p];
    struct layout l = {.width = figstyle_width(style, WIDTH)};
    for (int c = 0; c < N_TRAINING_COSTS; c++)
        if (training_cost_is_known(place, c)) {
            l.panel_of[l.n_panels++] = c;
            find_ranges(&l, place, c);
        }
    int room = l.width - LEFT - RIGHT - GAP * (l.n_panels - 1);
    l.columns = l.n_panels > 1 && room >= NARROW * l.n_panels ? l.n_panels : 1;
    l.panel = (l.width - LEFT - RIGHT - GAP * (l.columns - 1)) / l.columns;
    collect_texts(&l, summary, cost, p);
    const struct figtext_sheet sheet = sheet_of(summary, &l);
    l.top = 4 + figtext_sheet_top(&sheet);
    l.height = figtext_sheet_height(&sheet, 4 + l.n_panels / l.columns * panel_height(&l) +
                                                LEGEND * legend_lines(summary, place, &l));
    return l;
}

/* ---- the script ---- */

/* Of several models a shape each; else shapes in turn, so that colour is never the only difference. */
static struct mark mark_of(const struct training_cost_place *place, int i)
{
    int shape = i;
    if (place->n_models > 1)
        for (shape = 0;
             strcmp(place->point[shape].group->cell->model, place->point[i].group->cell->model) != 0;)
            shape++;
    return marks[shape % N_MARKS];
}

/* The point on the front that follows a cost; NULL: it ends there. */
static const struct training_cost_point *next_on_front(const struct training_cost_place *place, int c,
                                                       double from)
{
    const struct training_cost_point *next = NULL;
    for (int i = 0; i < place->n; i++) {
        const struct training_cost_point *point = &place->point[i];
        if (point->front[c] == 1 && point->cost[c] > from && (!next || point->cost[c] < next->cost[c]))
            next = point;
    }
    return next;
}

static void write_step(FILE *file, double x0, double y0, double x1, double y1)
{
    fprintf(file,
            "set arrow from %.9g,%.9g to %.9g,%.9g nohead back lw 1.4 dt (6,4) lc rgb '" PALETTE_DARK "'\n",
            x0, y0, x1, y1);
}

/* For every cost the highest mean that it buys, as steps to the right edge. */
static void write_front(FILE *file, const struct training_cost_place *place, const struct costaxis *axis,
                        int c)
{
    const struct training_cost_point *at = next_on_front(place, c, -1), *next;
    for (; at; at = next) {
        next = next_on_front(place, c, at->cost[c]);
        double end = next ? next->cost[c] : axis->x_high;
        write_step(file, at->cost[c], at->balanced.mean, end, at->balanced.mean);
        if (next)
            write_step(file, end, at->balanced.mean, end, next->balanced.mean);
    }
}

static void write_look(FILE *file, const struct training_cost_place *place, int i, int filled)
{
    const struct training_cost_point *point = &place->point[i];
    const struct mark mark = mark_of(place, i);
    fprintf(file, "pt %d ps mark*%.3g lw 1.6 lc rgb '%s'",
            point->leaks ? 2
            : filled     ? mark.filled
                         : mark.hollow,
            point->leaks ? 1.1 : mark.size * 0.8, balance_colour(point->group->cell->strategy));
}

static void write_points(FILE *file, const struct training_cost_place *place, int c)
{
    const char *separator = "plot ", *cost = training_cost_names[c];
    for (int k = 0; k < 2 * place->n; k++) { /* bars below all points */
        int i = k % place->n;
        const struct training_cost_point *point = &place->point[i];
        if (isnan(point->cost[c]) || (k < place->n && isnan(point->balanced.low)))
            continue;
        fprintf(file, "%sf every ::%d::%d using '%s':'balanced_accuracy'", separator, i, i, cost);
        if (k < place->n)
            fprintf(file, ":'low':'high' with yerrorbars notitle lw 1 pt -1 ps 0 lc rgb '%s'",
                    balance_colour(point->group->cell->strategy));
        else {
            fputs(" with points notitle ", file);
            write_look(file, place, i, training_cost_is_filled(point, c));
        }
        separator = ", \\\n     ";
    }
    fputc('\n', file);
}

static void write_panel(FILE *file, const struct training_cost_place *place, const struct layout *l, int k)
{
    static const char *const titles[] = {"Images seen in training", "Seconds a job"};
    const struct figtext_page text = {file, l->width, l->height};
    int c = l->panel_of[k], x = LEFT + k % l->columns * (l->panel + GAP),
        y = l->top + k / l->columns * panel_height(l) + (l->leak > 0 ? LEAK : 8);
    if (l->leak > 0) {
        figtext_leak_words(&text, x + l->panel, y - 12, l->leak);
        figtext_leak_ground(file);
    }
    figtext_place(&text, x, y, l->panel, PLOT);
    costaxis_write(file, &l->axis[c]);
    fprintf(file, "set xlabel '%s' offset 0,0.4; set ylabel '%s'\n", titles[c],
            k % l->columns ? "" : "Test balanced accuracy");
    costaxis_chance(file, place->chance);
    write_front(file, place, &l->axis[c], c);
    write_points(file, place, c);
    fputs("unset label; unset arrow; unset object\n", file);
}

static void write_legend(FILE *file, const struct summary *summary, const struct training_cost_place *place,
                         const struct layout *l)
{
    int y = l->top + l->n_panels / l->columns * panel_height(l), lines = legend_lines(summary, place, l);
    const struct figtext_page text = {file, l->width, l->height};
    /* a key is no higher than its plot */
    figtext_place(&text, LEFT, y, l->width - LEFT, (lines + 1) * LEGEND);
    fprintf(file,
            "unset logscale; unset border; unset tics; unset xlabel; unset ylabel; unset grid\n"
            "set xrange [0:1]; set yrange [0:1]\nset key at screen %.5f,%.5f left top Left reverse vertical "
            "maxrows %d samplen 1 spacing 1.25 font ''.plain(%g)\nplot ",
            (double)EDGE / l->width, 1 - (double)y / l->height, lines, LEGEND_POINTS);
    for (int i = 0; i < place->n; i++) {
        char words[256];
        legend_words(summary, place, i, words, sizeof words);
        fprintf(file, "%sNaN with points ", i ? ", \\\n     " : "");
        write_look(file, place, i, 1);
        fputs(" title ", file);
        gnuplot_quote(file, words);
    }
    fputc('\n', file);
}

int training_cost_script(const struct summary *whole, const struct training_cost *cost, int p,
                         const char *name, const struct figstyle *style, const char *dir, struct err *err)
{
    const struct training_cost_place *place = &cost->place[p];
    struct layout l = lay_out(whole, cost, p, style);
    const struct figtext_sheet sheet = sheet_of(whole, &l);
    struct output out;
    int rc = figtext_sheet_open(&out, dir, name, &sheet, style, err);
    if (rc < 0)
        return rc;
    fprintf(out.file, "f = '%s.tsv'\nset multiplot\n", name);
    for (int k = 0; k < l.n_panels; k++)
        write_panel(out.file, place, &l, k);
    write_legend(out.file, whole, place, &l);
    fputs("unset multiplot\nunset output\n", out.file);
    return output_close(&out, err);
}
