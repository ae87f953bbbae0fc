#include "figures/trend_script.h"

#include "store/classes.h"
#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/glance_parts.h"
#include "figures/gnuplot.h"
#include "write/output.h"
#include "strategies/balance.h"
#include "figures/pagename.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels of the page. */
enum {
    WIDTH = 1000,
    LEFT = 84,
    RIGHT = 62,         /* for the word chance */
    LEGEND_WIDTH = 280, /* beside the plot; below it where that leaves the plot less than LEAST_PLOT */
    LEAST_PLOT = 380,
    LEGEND_GAP = 62,
    LEGEND_LINE = 21,
    PLOT_HEIGHT = 400,
    LINE = 18,
    LEAK = 18, /* above the plot, where something leaks */
    EDGE = 14
};

/* Strategies have the palette's colours; from the ninth line on they are dashed, with open points. Of lines
 * of one strategy, which its own axes tell apart, all but the first are dashed. */
static const int filled_points[8] = {7, 5, 9, 11, 13, 7, 5, 9}, open_points[8] = {6, 4, 8, 10, 12, 6, 4, 8};

struct page {
    int width, height, top, plot_width, plot_height, below; /* below: the legend stands there */
    int text_left;
    char title[1024], subtitle[512];
    struct figtext_notes notes;
    double x_low, x_high, y_low, y_high;
    double chance;          /* balanced accuracy by guessing; NaN: of unknown classes */
    int bars, jobs, single; /* 1: some point has an interval; shows its jobs; is of one job */
    int n_x;                /* different values on the axis */
    double gap;             /* between the nearest two of them, as a part of the axis */
    int two_lines;          /* 1: below the axis there is room for two lines of ticks */
    double leak;            /* share of the test images that were seen in training, where it is largest */
    int in_turn;            /* 1: ticks too wide to stand side by side take these in turn */
};

static const struct stats_summary *final_of(const struct trend_point *point)
{
    return &point->group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
}

static void stretch(double *low, double *high, double x)
{
    if (isfinite(x)) {
        *low = fmin(*low, x);
        *high = fmax(*high, x);
    }
}

/* 1: a bar spans an interval or, of a marginal figure, a range. */
static int has_bar(const struct trend_point *point)
{
    return final_of(point)->n > 1 && point->n_jobs == 0;
}

static void find_ranges(struct page *p, const struct trend *trend)
{
    for (int i = 0; i < trend->n; i++) {
        const struct trend_point *point = &trend->point[i];
        const struct stats_summary *s = final_of(point);
        stretch(&p->x_low, &p->x_high, point->x);
        stretch(&p->y_low, &p->y_high, s->mean);
        if (has_bar(point)) {
            stretch(&p->y_low, &p->y_high, s->low);
            stretch(&p->y_low, &p->y_high, s->high);
        }
        for (int k = 0; k < point->n_jobs; k++)
            stretch(&p->y_low, &p->y_high, point->job[k]);
        p->bars |= has_bar(point);
        p->jobs |= point->n_jobs > 0;
        p->single |= s->n < 2;
        if (glance_leaks(point->group))
            p->leak = fmax(p->leak, point->group->leak_share.mean);
    }
    p->y_low = fmax(0, floor(10 * p->y_low - 0.2) / 10);
    p->y_high = fmin(1.02, ceil(10 * p->y_high + 0.2) / 10);
}

/* Axis units from the left end to x, 0 to 1. */
static double place_on_axis(const struct trend *trend, const struct page *page, double x)
{
    double low = page->x_low, high = page->x_high;
    if (!(high > low))
        return 0.5;
    return trend->axis.log ? log(x / low) / log(high / low) : (x - low) / (high - low);
}

/* A point at the next value on the axis, or NULL; before the first one there is `from` -HUGE_VAL. */
static const struct trend_point *next_value(const struct trend *trend, double from)
{
    const struct trend_point *next = NULL;
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].x > from && (!next || trend->point[i].x < next->x))
            next = &trend->point[i];
    return next;
}

static void find_gap(struct page *p, const struct trend *trend)
{
    const struct trend_point *next;
    p->gap = 1;
    for (double x = -HUGE_VAL; (next = next_value(trend, x)); x = next->x)
        if (p->n_x++ > 0)
            p->gap = fmin(p->gap, place_on_axis(trend, p, next->x) - place_on_axis(trend, p, x));
}

/* Two values, or words, have no course that a line could show. */
static int is_joined(const struct trend *trend, const struct page *page)
{
    return page->n_x > 2 && !trend->axis.categorical;
}

/* What the points of a marginal figure are means of. */
static void describe_marginal(struct page *p, const struct trend *trend)
{
    int least = 0, most = 0;
    char n[64], left_out[160] = "";
    for (int i = 0; i < trend->n; i++) {
        int k = final_of(&trend->point[i])->n;
        least = i == 0 || k < least ? k : least;
        most = k > most ? k : most;
    }
    snprintf(n, sizeof n, least == most ? "%d" : "%d to %d", least, most);
    if (trend->axis.n_left_out > 0)
        snprintf(left_out, sizeof left_out,
                 " %d combinations of the sweep that lack a value of this axis are left out.",
                 trend->axis.n_left_out);
    figtext_note(
        &p->notes,
        "Judged epoch. Every point is the mean over %s combinations of the other axes of their mean over "
        "jobs; bars span the smallest and the largest of them, which is a range and no interval.%s A figure "
        "for each combination: --filter, or --all-figures.",
        n, left_out);
}

static void describe_points(struct page *p, const struct trend *trend)
{
    if (trend->axis.marginal) {
        describe_marginal(p, trend);
        return;
    }
    int widened = 0, splits = 0;
    for (int i = 0; i < trend->n; i++) {
        const struct summary_group *group = trend->point[i].group;
        widened |= !isnan(group->test_ratio);
        splits |= group->n_values < group->n_state[JOB_DONE];
    }
    figtext_note(&p->notes, "Judged epoch, mean over n jobs%s%s%s%s.",
                 splits ? " (those of one split are one)" : "",
                 p->bars ? " and its 95 % interval (Student's t" : "",
                 p->bars ? widened ? ", widened where splits share images)" : ")" : "",
                 p->bars && p->single ? ", none where n = 1" : "");
    figtext_note(&p->notes, "%sStrategies stand side by side.",
                 p->jobs ? "Small circles: single jobs, where there are too few for an interval. " : "");
}

static void collect_texts(struct page *p, const struct trend *trend)
{
    const struct summary_group *group = trend->point[0].group;
    char *title = p->title, footer[CURVES_FOOTER_SIZE], facet[TREND_LABEL_SIZE];
    int done = 0, jobs = 0, elsewhere = 0;
    classes_title(trend->summary->store, group->cell, title, sizeof p->title);
    curves_append_factors(title, sizeof p->title, trend->summary, group,
                          combination_own(trend->summary->store, trend->axis.factor));
    size_t n = strlen(title);
    if (trend->has_facet) {
        trend->axis.facet(facet, sizeof facet, trend->summary, group);
        snprintf(title + n, sizeof p->title - n, ", %s %s", trend->axis.facet_name, facet);
    }
    snprintf(p->subtitle, sizeof p->subtitle, "Protocol %s: %s", group->cell->protocol,
             curves_protocol_meaning(group->cell->protocol));
    describe_points(p, trend);
    for (int i = 0; i < trend->n; i++) {
        done += trend->point[i].group->n_state[JOB_DONE];
        jobs += trend->point[i].group->n_jobs;
        elsewhere |= trend->point[i].group->chosen == CHOSEN_ELSEWHERE;
    }
    if (p->leak > 0)
        figtext_note(&p->notes,
                     "Hollow%s, on red: test images were seen in training, so these are no "
                     "estimates of what new cells would give.",
                     is_joined(trend, p) ? " and dotted" : "");
    if (trend->axis.note)
        figtext_note(&p->notes, "%s", trend->axis.note);
    if (elsewhere)
        figtext_note(&p->notes, "A model was %s.", chosen_elsewhere);
    curves_footer(footer, sizeof footer, trend->summary, group->cell->protocol, done, jobs);
    figtext_note(&p->notes, "%s", footer);
}

static int write_heading(FILE *file, const struct trend *trend, const struct page *p)
{
    const struct figtext_page text = {file, p->width, p->height};
    return 7 + figtext_heading(&text, p->text_left, p->title, p->subtitle,
                               store_synthetic(trend->summary->store));
}

static int notes_width(const struct page *p)
{
    return p->width - p->text_left - EDGE;
}

static void tick_text(char *out, const struct trend *trend, const struct trend_point *point)
{
    const struct trend_axis *axis = &trend->axis;
    char label[COMBINATION_LABEL_SIZE];
    if (axis->tick)
        axis->tick(out, TREND_LABEL_SIZE, point->group, axis->factor, point->x);
    else
        snprintf(out, TREND_LABEL_SIZE, "%s",
                 combination_label(trend->summary->store, point->group->cell, axis->factor,
                                   trend->summary->varying, label));
}

/* Ticks of one line that would touch. An axis is the middle 1/1.24 of its plot. */
static int ticks_touch(const struct trend *trend, const struct page *page)
{
    char text[TREND_LABEL_SIZE];
    size_t widest = 0;
    for (int i = 0; i < trend->n; i++) {
        tick_text(text, trend, &trend->point[i]);
        widest = strlen(text) > widest ? strlen(text) : widest;
    }
    return page->n_x > 1 && page->gap >= 0.06 &&
           (double)(widest + 1) * 7.5 > page->gap * page->plot_width / 1.24;
}

static struct page lay_out(const struct trend *trend, const struct figstyle *style)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    struct page p = {.x_low = HUGE_VAL, .x_high = -HUGE_VAL, .y_low = HUGE_VAL, .y_high = -HUGE_VAL};
    int n_classes = classes_of(trend->summary->store, trend->point[0].group->cell, cluster);
    p.chance = n_classes > 0 ? 1.0 / n_classes : (double)NAN;
    stretch(&p.y_low, &p.y_high, p.chance);
    find_ranges(&p, trend);
    find_gap(&p, trend);
    p.width = figstyle_width(style, WIDTH);
    p.plot_width = p.width - LEFT - LEGEND_GAP - LEGEND_WIDTH;
    p.below = p.plot_width < LEAST_PLOT;
    if (p.below)
        p.plot_width = p.width - LEFT - RIGHT;
    p.plot_height = p.plot_width < LEAST_PLOT ? PLOT_HEIGHT * 3 / 4 : PLOT_HEIGHT;
    p.text_left = p.below ? EDGE : LEFT;
    p.in_turn = !trend->axis.tick && ticks_touch(trend, &p);
    p.two_lines = trend->axis.tick || p.in_turn;
    collect_texts(&p, trend);
    p.top = write_heading(NULL, trend, &p) + (p.leak > 0 ? LEAK : 0);
    p.height = p.top + p.plot_height + 84 + (p.two_lines ? LINE : 0) +
               (p.below ? 22 + LEGEND_LINE * trend->n_series : 0) +
               figtext_notes_height(&p.notes, notes_width(&p));
    return p;
}

#define GREY " textcolor rgb '" PALETTE_GREY "'"

static void write_notes(FILE *file, const struct page *p)
{
    const struct figtext_page text = {file, p->width, p->height};
    figtext_write_foot(&text, p->text_left, notes_width(p), 0, &p->notes);
}

/* Beside the plot, or below it and its axis. */
static void write_key(FILE *file, const struct page *p)
{
    int y = p->below ? p->top + p->plot_height + 64 + (p->two_lines ? LINE : 0) : p->top;
    int x = p->below ? LEFT : LEFT + p->plot_width + LEGEND_GAP;
    fprintf(
        file,
        "set key at screen %.5f,%.5f left top Left reverse vertical maxcols 1 samplen 2 spacing 1.25*tight "
        "font "
        "''.plain(10.5)\n",
        (double)x / p->width, 1 - (double)y / p->height);
}

/* A tick at every value, its text only where the one before leaves room. */
static void write_ticks(FILE *file, const struct trend *trend, const struct page *page)
{
    char text[TREND_LABEL_SIZE];
    const char *separator = "";
    const struct trend_point *next;
    double last = -1;
    int n = 0;
    fputs("set xtics font ''.plain(10.5) (", file);
    for (double x = -HUGE_VAL; (next = next_value(trend, x)); x = next->x) {
        double at = place_on_axis(trend, page, next->x);
        tick_text(text, trend, next);
        if (last >= 0 && at - last < 0.06)
            *text = '\0';
        else
            last = at;
        fputs(separator, file);
        if (page->in_turn && n++ % 2 && *text)
            fputs("\"\\n\".", file);
        gnuplot_quote(file, text);
        fprintf(file, " %.9g", next->x);
        separator = ", ";
    }
    fputs(")\n", file);
}

static void write_axes(FILE *file, const struct trend *trend, const struct page *page)
{
    const struct figtext_page text = {file, page->width, page->height};
    double low = page->x_low, high = page->x_high;
    if (page->leak > 0) {
        figtext_leak_words(&text, LEFT + page->plot_width, page->top - LEAK / 2, page->leak);
        figtext_leak_ground(file);
    }
    figtext_place(&text, LEFT, page->top, page->plot_width, page->plot_height);
    if (trend->axis.log) {
        double margin = high > low ? pow(high / low, 0.12) : 2;
        fprintf(file, "set logscale x\nset xrange [%.9g:%.9g]\n", low / margin, high * margin);
    } else {
        double margin = high > low ? 0.12 * (high - low) : 1;
        fprintf(file, "set xrange [%.9g:%.9g]\n", low - margin, high + margin);
    }
    fprintf(file, "set yrange [%.9g:%.9g]; set ytics 0.1\nset xlabel ", page->y_low, page->y_high);
    gnuplot_quote(file, trend->axis.label);
    fprintf(file, " font plain(%.3g) offset 0,%g; set ylabel 'Test balanced accuracy'\n",
            figtext_fit(trend->axis.label, 12, page->plot_width * 6 / 5), page->two_lines ? -1.0 : 0.0);
    write_ticks(file, trend, page);
    if (isfinite(page->chance))
        fprintf(file,
                "set arrow from graph 0,first %.9g to graph 1,first %.9g nohead back lw 1 dt (4,4) lc rgb "
                "'" PALETTE_GREY "'\n"
                "set label 'chance' at graph 1,first %.9g left offset 0.6,0 font plain(9.5)" GREY "\n",
                page->chance, page->chance, page->chance);
}

static void series_title(char *out, size_t size, const struct trend *trend, int series)
{
    int low = 0, high = 0;
    char group[128];
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series) {
            const struct summary_group *of = trend->point[i].group;
            int n = trend->axis.marginal ? of->n_state[JOB_DONE] : of->n_values;
            low = low == 0 || n < low ? n : low;
            high = n > high ? n : high;
        }
    curves_group_title(group, sizeof group, trend->summary, trend->series[series],
                       FACTOR(trend->axis.factor));
    if (low == high)
        snprintf(out, size, "%s (n = %d)", group, high);
    else
        snprintf(out, size, "%s (n = %d to %d)", group, low, high);
}

/* Where a strategy's points stand beside their x, so that intervals do not hide each other: 2 % of the axis
 * from the next one, all of them within a fifth of it and half of what is between values. */
static void shifted_x(char *out, size_t size, const struct trend *trend, const struct page *page, int series)
{
    double n = trend->n_series, step = fmin(0.02, fmin(0.2, page->gap / 2) / n), low = page->x_low;
    double shift = step * (series - (n - 1) / 2), high = page->x_high;
    if (trend->axis.log)
        snprintf(out, size, "(column('x')*%.6g)", pow(high > low ? high / low : 2, shift));
    else
        snprintf(out, size, "(column('x')%+.6g)", shift * (high > low ? high - low : 1));
}

/* gnuplot complains of a plot without a point. */
static int has_interval(const struct trend *trend, int series)
{
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series && has_bar(&trend->point[i]))
            return 1;
    return 0;
}

static int most_jobs(const struct trend *trend, int series)
{
    int most = 0;
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series && trend->point[i].n_jobs > most)
            most = trend->point[i].n_jobs;
    return most;
}

/* What lies behind the means of a line: single jobs, or bars. */
static void write_behind(FILE *file, const struct trend *trend, int i, const char *x, const char *color)
{
    if (most_jobs(trend, i) > 0)
        fprintf(file,
                "for [j=1:%d] f using (column('series') == %d ? %s : NaN):(column('job'.j)) with points "
                "notitle pt 6 ps mark*0.7 lw 1 lc rgb '%s', \\\n     ",
                most_jobs(trend, i), i, x, color);
    if (has_interval(trend, i))
        fprintf(file,
                "f using (column('series') == %d && column('n') >= %d ? %s : "
                "NaN):'balanced_accuracy':'low':'high' with yerrorbars notitle lw 1.2 pt -1 ps 0 lc rgb "
                "'%s', \\\n     ",
                i, trend->axis.marginal ? 2 : CURVES_FEW, x, color);
}

/* Values of a strategy's own axes have its colour. */
static int repeats_colour(const struct trend *trend, int series)
{
    int i = 0;
    while (strcmp(trend->series[i]->cell->strategy, trend->series[series]->cell->strategy) != 0)
        i++;
    return i < series;
}

static int leaks(const struct trend *trend, int series)
{
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series && glance_leaks(trend->point[i].group))
            return 1;
    return 0;
}

/* What leaks is hollow. */
static void write_holes(FILE *file, const struct trend *trend, const struct page *page, int i, const char *x)
{
    if (leaks(trend, i))
        fprintf(file,
                ", \\\n     f using (column('series') == %d && column('leak_share') > 0 ? %s : "
                "NaN):'balanced_accuracy' with points notitle pt %d ps mark*%g lc rgb 'white'",
                i, x, i < 8 ? filled_points[i] : 7, is_joined(trend, page) ? 0.4 : 0.55);
}

static void write_series(FILE *file, const struct trend *trend, const struct page *page, int i,
                         const char *separator)
{
    char title[192], x[64];
    const char *dash = leaks(trend, i) ? " dt (2,2)" : i < 8 && !repeats_colour(trend, i) ? "" : " dt (6,3)";
    const char *color = balance_colour(trend->series[i]->cell->strategy);
    series_title(title, sizeof title, trend, i);
    shifted_x(x, sizeof x, trend, page, i);
    fputs(separator, file);
    write_behind(file, trend, i, x, color);
    fprintf(file, "f using (column('series') == %d ? %s : NaN):'balanced_accuracy' with ", i, x);
    if (is_joined(trend, page))
        fprintf(file, "linespoints lw 1.8%s pt %d ps mark*0.8", dash,
                i < 8 ? filled_points[i] : open_points[i % 8]);
    else
        fprintf(file, "points lw 1.8 pt %d ps mark*1.1", i < 8 ? filled_points[i] : open_points[i % 8]);
    fprintf(file, " lc rgb '%s' title ", color);
    gnuplot_quote(file, title);
    write_holes(file, trend, page, i, x);
}

int trend_write_script(const struct trend *trend, const char *name, const struct figstyle *style,
                       const char *dir, struct err *err)
{
    struct page page = lay_out(trend, style);
    struct output out;
    int rc = gnuplot_open(&out, dir, name, page.width, page.height, style, err);
    if (rc < 0)
        return rc;
    write_heading(out.file, trend, &page);
    write_notes(out.file, &page);
    write_axes(out.file, trend, &page);
    write_key(out.file, &page);
    fprintf(out.file, "f = '%s.tsv'\nplot ", name);
    for (int i = 0; i < trend->n_series; i++)
        write_series(out.file, trend, &page, i, i ? ", \\\n     " : "");
    fputs("\nunset output\n", out.file);
    return output_close(&out, err);
}
