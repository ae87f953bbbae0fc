#include "trend_script.h"

#include "classes.h"
#include "curves.h"
#include "gnuplot.h"
#include "output.h"
#include "pagename.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels of the page. */
enum { WIDTH = 1000, LEFT = 84, TOP = 84, PLOT_WIDTH = 620, PLOT_HEIGHT = 400, LEGEND_GAP = 16, LINE = 18 };

/* Okabe and Ito's colours without the yellow, which is too light for a line, and a wine red; the second eight lines have the
 * same colours, dashed, with open points. */
static const char *const colors[8] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#E69F00", "#56B4E9", "#000000", "#882255"};
static const int filled_points[8] = {7, 5, 9, 11, 13, 7, 5, 9}, open_points[8] = {6, 4, 8, 10, 12, 6, 4, 8};

struct page {
    int height, kfold;
    double x_low, x_high, y_low, y_high;
    double chance; /* balanced accuracy by guessing */
    int single;    /* 1: some point has no interval, because it is of one job */
};

static const struct stats_summary *final_of(const struct trend_point *point)
{
    return &point->group->final[SPLIT_VAL][METRIC_BALANCED_ACCURACY];
}

static void stretch(double *low, double *high, double x)
{
    if (isfinite(x)) {
        *low = fmin(*low, x);
        *high = fmax(*high, x);
    }
}

static struct page lay_out(const struct trend *trend)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    const struct store_job *cell = trend->point[0].group->cell;
    struct page p = {.x_low = HUGE_VAL, .x_high = -HUGE_VAL, .y_low = HUGE_VAL, .y_high = -HUGE_VAL};
    p.chance = 1.0 / classes_of(trend->summary->store, cell, cluster);
    p.kfold = strncmp(cell->protocol, "kfold", 5) == 0;
    stretch(&p.y_low, &p.y_high, p.chance);
    for (int i = 0; i < trend->n; i++) {
        const struct stats_summary *s = final_of(&trend->point[i]);
        stretch(&p.x_low, &p.x_high, trend->point[i].x);
        stretch(&p.y_low, &p.y_high, s->mean);
        stretch(&p.y_low, &p.y_high, s->low);
        stretch(&p.y_low, &p.y_high, s->high);
        p.single |= s->n < 2;
    }
    p.y_low = fmax(0, floor(10 * p.y_low - 0.2) / 10);
    p.y_high = fmin(1.02, ceil(10 * p.y_high + 0.2) / 10);
    p.height = TOP + PLOT_HEIGHT + 84 + (trend->axis.tick ? LINE : 0) + LINE * (2 + p.kfold);
    return p;
}

static void write_label(FILE *file, const struct page *page, int x, int y, const char *options,
                        const char *text)
{
    fputs("set label ", file);
    gnuplot_quote(file, text);
    fprintf(file, " at screen %.5f,%.5f %s\n", (double)x / WIDTH, 1 - (double)y / page->height, options);
}

#define GREY " textcolor rgb '" GNUPLOT_GREY "'"

static void write_heading(FILE *file, const struct trend *trend, const struct page *page)
{
    const struct summary_group *group = trend->point[0].group;
    char text[1024];
    classes_title(trend->summary->store, group->cell, text, sizeof text);
    curves_append_axes(text, sizeof text, trend->summary, group, trend->axis.axis);
    size_t n = strlen(text);
    if (trend->has_facet)
        snprintf(text + n, sizeof text - n, ", %s class %ld", trend->axis.facet_name,
                 trend->axis.facet(trend->summary, group, trend->axis.axis));
    write_label(file, page, LEFT, 30, strlen(text) > 58 ? "left font bold(11)" : "left font bold(16)", text);
    snprintf(text, sizeof text, "Protocol %s: %s", group->cell->protocol,
             curves_protocol_meaning(group->cell->protocol));
    write_label(file, page, LEFT, 56, "left font plain(11)" GREY, text);
    if (store_synthetic(trend->summary->store))
        write_label(file, page, WIDTH - 24, 30, "right font bold(13) textcolor rgb '#882255'",
                    "synthetic data");
}

static void write_notes(FILE *file, const struct trend *trend, const struct page *page)
{
    char text[1024];
    int y = page->height - 14, done = 0, jobs = 0;
    for (int i = 0; i < trend->n; i++) {
        done += trend->point[i].group->n_state[JOB_DONE];
        jobs += trend->point[i].group->n_jobs;
    }
    curves_footer(text, sizeof text, trend->summary->store, trend->point[0].group->cell->protocol, done,
                  jobs);
    write_label(file, page, LEFT, y, "left font plain(9.5)" GREY, text);
    if (page->kfold)
        write_label(file, page, LEFT, y -= LINE, "left font plain(9.5)" GREY,
                    "Folds share training images, so these intervals are narrower than those of independent "
                    "studies.");
    snprintf(
        text, sizeof text,
        "Last epoch, mean and 95 %% interval of the mean (Student's t) over n jobs%s; strategies stand side "
        "by side.",
        page->single ? ", none where n = 1" : "");
    write_label(file, page, LEFT, y - LINE, "left font plain(9.5)" GREY, text);
}

static void tick_text(char *out, const struct trend *trend, const struct trend_point *point)
{
    const struct trend_axis *axis = &trend->axis;
    if (axis->tick)
        axis->tick(out, TREND_LABEL_SIZE, point->group, axis->axis, point->x);
    else
        snprintf(out, TREND_LABEL_SIZE, "%s", point->group->cell->axis[axis->axis]);
}

/* Axis units from the left end to x, 0 to 1. */
static double place_on_axis(const struct trend *trend, const struct page *page, double x)
{
    double low = page->x_low, high = page->x_high;
    if (!(high > low))
        return 0.5;
    return trend->axis.log ? log(x / low) / log(high / low) : (x - low) / (high - low);
}

/* A tick at every value, its text only where the one before leaves room. */
static void write_ticks(FILE *file, const struct trend *trend, const struct page *page)
{
    char text[TREND_LABEL_SIZE];
    const char *separator = "";
    double *x = calloc((size_t)trend->n + 1, sizeof *x), last = -1;
    int n = 0;
    fputs("set xtics font ''.plain(10.5) (", file);
    for (double from = -HUGE_VAL; x; from = x[n - 1]) {
        const struct trend_point *next = NULL;
        for (int i = 0; i < trend->n; i++)
            if (trend->point[i].x > from && (!next || trend->point[i].x < next->x))
                next = &trend->point[i];
        if (!next)
            break;
        double at = place_on_axis(trend, page, next->x);
        tick_text(text, trend, next);
        if (last >= 0 && at - last < 0.06)
            *text = '\0';
        else
            last = at;
        fprintf(file, "%s\"%s\" %.9g", separator, text, x[n++] = next->x);
        separator = ", ";
    }
    fputs(")\n", file);
    free(x);
}

static void write_axes(FILE *file, const struct trend *trend, const struct page *page)
{
    double w = WIDTH, h = page->height, low = page->x_low, high = page->x_high;
    fprintf(file,
            "set lmargin at screen %.5f; set rmargin at screen %.5f; set tmargin at screen %.5f; set bmargin "
            "at screen %.5f\n",
            LEFT / w, (LEFT + PLOT_WIDTH) / w, 1 - TOP / h, 1 - (TOP + PLOT_HEIGHT) / h);
    if (trend->axis.log) {
        double margin = high > low ? pow(high / low, 0.12) : 2;
        fprintf(file, "set logscale x\nset xrange [%.9g:%.9g]\n", low / margin, high * margin);
    } else {
        double margin = high > low ? 0.12 * (high - low) : 1;
        fprintf(file, "set xrange [%.9g:%.9g]\n", low - margin, high + margin);
    }
    fprintf(file, "set yrange [%.9g:%.9g]; set ytics 0.1\nset xlabel ", page->y_low, page->y_high);
    gnuplot_quote(file, trend->axis.label);
    fprintf(file, " offset 0,%g; set ylabel 'Validation balanced accuracy'\n", trend->axis.tick ? -1.0 : 0.0);
    write_ticks(file, trend, page);
    fprintf(file,
            "set arrow from graph 0,first %.9g to graph 1,first %.9g nohead back lw 1 dt (4,4) lc rgb "
            "'" GNUPLOT_GREY "'\n"
            "set label 'chance' at graph 0.006,first %.9g left offset 0,0.5 font plain(9.5)" GREY "\n",
            page->chance, page->chance, page->chance);
}

static void series_title(char *out, size_t size, const struct trend *trend, int series)
{
    int low = 0, high = 0;
    char group[128];
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series) {
            int n = trend->point[i].group->n_state[JOB_DONE];
            low = low == 0 || n < low ? n : low;
            high = n > high ? n : high;
        }
    curves_group_title(group, sizeof group, trend->summary, trend->series[series]);
    if (low == high)
        snprintf(out, size, "%s (n = %d)", group, high);
    else
        snprintf(out, size, "%s (n = %d to %d)", group, low, high);
}

/* Where a strategy's points stand beside their x, so that intervals do not hide each other: at most 3 % of the axis. */
static void shifted_x(char *out, size_t size, const struct trend *trend, const struct page *page, int series)
{
    double range = page->x_high > page->x_low, n = trend->n_series, step = fmin(0.008, 0.06 / n);
    double shift = range * step * (series - (n - 1) / 2);
    if (trend->axis.log)
        snprintf(out, size, "(column('x')*%.6g)", range > 0 ? pow(page->x_high / page->x_low, shift) : 1);
    else
        snprintf(out, size, "(column('x')%+.6g)", shift * (page->x_high - page->x_low));
}

/* gnuplot complains of a plot without a point. */
static int has_interval(const struct trend *trend, int series)
{
    for (int i = 0; i < trend->n; i++)
        if (trend->point[i].series == series && final_of(&trend->point[i])->n > 1)
            return 1;
    return 0;
}

static void write_series(FILE *file, const struct trend *trend, const struct page *page, int i,
                         const char *separator)
{
    char title[192], x[64];
    const char *dash = i < 8 ? "" : " dt (6,3)";
    series_title(title, sizeof title, trend, i);
    shifted_x(x, sizeof x, trend, page, i);
    fputs(separator, file);
    if (has_interval(trend, i))
        fprintf(
            file,
            "f using (column('series') == %d ? %s : NaN):'balanced_accuracy':'low':'high' with yerrorbars "
            "notitle lw 1.2 pt -1 ps 0 lc rgb '%s', \\\n     ",
            i, x, colors[i % 8]);
    fprintf(
        file,
        "f using (column('series') == %d ? %s : NaN):'balanced_accuracy' with linespoints lw 1.8%s pt %d ps "
        "0.8 lc rgb '%s' title ",
        i, x, dash, i < 8 ? filled_points[i] : open_points[i % 8], colors[i % 8]);
    gnuplot_quote(file, title);
}

int trend_write_script(const struct trend *trend, const char *name, const char *dir, struct err *err)
{
    struct page page = lay_out(trend);
    struct output out;
    char file[PAGENAME_SIZE + 8];
    snprintf(file, sizeof file, "%s.gp", name);
    int rc = output_open(&out, dir, file, err);
    if (rc < 0)
        return rc;
    gnuplot_begin(out.file, name, WIDTH, page.height);
    write_heading(out.file, trend, &page);
    write_notes(out.file, trend, &page);
    write_axes(out.file, trend, &page);
    fprintf(out.file,
            "set key at screen %.5f,%.5f left top Left reverse vertical samplen 2 spacing 1.25 font "
            "''.plain(10.5)\n"
            "f = '%s.tsv'\nplot ",
            (double)(LEFT + PLOT_WIDTH + LEGEND_GAP) / WIDTH, 1 - (double)TOP / page.height, name);
    for (int i = 0; i < trend->n_series; i++)
        write_series(out.file, trend, &page, i, i ? ", \\\n     " : "");
    fputs("\nunset output\n", out.file);
    return output_close(&out, err);
}
