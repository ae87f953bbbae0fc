#include "figures/costs_page.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/glance_parts.h"
#include "figures/gnuplot.h"
#include "figures/pagename.h"
#include "store/classes.h"
#include "strategies/balance.h"
#include "write/output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- pages ---- */

int costs_pages(const struct summary *summary, const struct costs_row *row, int n, struct costs_page **out,
                struct err *err)
{
    struct costs_page *page = err_calloc((unsigned long)n + 1, sizeof *page, "pages", err);
    int n_pages = 0;
    *out = page;
    for (int i = 0; page && i < n; i++) {
        struct costs_page *last = n_pages > 0 ? &page[n_pages - 1] : NULL;
        int same = last && last->row->family == row[i].family;
        if (same && last->n < COSTS_PAGE_ROWS)
            last->n++;
        else
            page[n_pages++] = (struct costs_page){summary, &row[i], 1, same ? last->part + 1 : 0};
    }
    return page ? n_pages : E_IO;
}

void costs_page_name(const struct costs_page *page, char *out)
{
    char more[32];
    snprintf(out, PAGENAME_SIZE, "calibration_cost_");
    pagename_append_classes(out, page->row->group->cell->clusters);
    pagename_append_cell(out, page->summary, page->row->group, 0);
    snprintf(more, sizeof more, "_more%d", page->part);
    pagename_append(out, page->part > 0 ? more : "");
}

/* ---- data ---- */

static const char *const names[N_COSTS] = {"balanced_accuracy", "brier", "log_loss", "ece"};

static int write_data(const struct costs_page *page, const char *name, const char *dir, struct err *err)
{
    struct output out;
    char label[COMBINATION_LABEL_SIZE];
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("panel\trow\tstrategy\tscore\tn\tdifference\tlow\thigh\tsign\n", out.file);
    for (int i = 0; i < N_COSTS * page->n; i++) {
        const struct costs_row *row = &page->row[i % page->n];
        const struct costs_side *side = &row->side[i / page->n];
        fprintf(out.file, "%d\t%d\t%s\t%s\t%d", i / page->n, i % page->n,
                combination_label(page->summary->store, row->group->cell, FACTOR_STRATEGY,
                                  page->summary->varying, label),
                names[i / page->n], row->n);
        gnuplot_number(out.file, side->difference);
        gnuplot_number(out.file, side->low);
        gnuplot_number(out.file, side->high);
        fprintf(out.file, "\t%d\n", side->sign);
    }
    return output_close(&out, err);
}

/* ---- the script ---- */

/* Pixels. */
enum {
    WIDTH = 960,
    EDGE = 14,
    NAMES = 150, /* left of the panels of a line */
    LEAST = 150, /* of a panel's width */
    GAP = 26,    /* between panels */
    RIGHT = 24,
    HEAD = 44, /* above a panel */
    STEP = 26, /* a row */
    AXIS = 46, /* below a panel */
};

struct layout {
    int width, height, top, columns, panel; /* panels of a line; width of one */
    char title[1024], subtitle[512];
    double low[N_COSTS], high[N_COSTS];
    struct figtext_notes notes;
};

static void stretch(struct layout *l, int panel, double x)
{
    if (isnan(x))
        return;
    l->low[panel] = fmin(l->low[panel], x);
    l->high[panel] = fmax(l->high[panel], x);
}

/* From the differences, and as much of their intervals as leaves them to be seen: an interval of two runs
 * may be wider than anything that could be. */
static void find_range(struct layout *l, const struct costs_page *page, int panel)
{
    double most = 0.01;
    for (int i = 0; i < page->n; i++)
        if (!isnan(page->row[i].side[panel].difference))
            most = fmax(most, fabs(page->row[i].side[panel].difference));
    for (int i = 0; i < page->n; i++) {
        const struct costs_side *side = &page->row[i].side[panel];
        stretch(l, panel, side->difference);
        if (isnan(side->low)) /* fmax() would take the other number */
            continue;
        stretch(l, panel, fmax(side->low, -4 * most));
        stretch(l, panel, fmin(side->high, 4 * most));
    }
    double range = l->high[panel] - l->low[panel], room = range > 0 ? 0.06 * fmax(range, 0.01) : 0.012;
    l->low[panel] -= room;
    l->high[panel] += room;
}

static int leaks(const struct costs_page *page)
{
    for (int i = 0; i < page->n; i++)
        if (glance_leaks(page->row[i].group))
            return 1;
    return 0;
}

static void collect_texts(struct layout *l, const struct costs_page *page)
{
    const struct summary_group *first = page->row->group;
    char footer[CURVES_FOOTER_SIZE];
    int done = 0, jobs = 0, least = page->row->n, most = page->row->n;
    classes_title(page->summary->store, first->cell, l->title, sizeof l->title);
    curves_append_factors(l->title, sizeof l->title, page->summary, first,
                          combination_own(page->summary->store, FACTOR_STRATEGY));
    snprintf(l->subtitle, sizeof l->subtitle,
             "What strategies gain over none, and cost in calibration. Protocol %s: %s",
             first->cell->protocol, curves_protocol_meaning(first->cell->protocol));
    for (int i = 0; i < page->n; i++) {
        done += page->row[i].group->n_state[JOB_DONE];
        jobs += page->row[i].group->n_jobs;
        least = page->row[i].n < least ? page->row[i].n : least;
        most = page->row[i].n > most ? page->row[i].n : most;
    }
    if (leaks(page))
        figtext_note(&l->notes,
                     "On red: test images of some strategies were seen in training, so their differences are "
                     "no estimate of what new cells would give.");
    if (most < 2)
        figtext_note(&l->notes,
                     "Strategy minus none on test images, of one pair of runs: there is no interval, and no "
                     "difference is claimed. Of stored probabilities, before any recalibration.");
    else
        figtext_note(
            &l->notes,
            "Strategy minus none on test images, mean of n = %d%s%.0d pairs of runs, and its 95 %% interval. "
            "Filled: p < 0.05, adjusted by Holm for all pairs of strategies of the setting, each score "
            "by itself; open: no difference is claimed. Of stored probabilities, before any recalibration. "
            "An arrow: the interval goes on.",
            least, most > least ? " to " : "", most > least ? most : 0);
    curves_footer(footer, sizeof footer, page->summary, first->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static struct figtext_sheet sheet_of(const struct costs_page *page, const struct layout *l)
{
    return (struct figtext_sheet){
        l->width, l->height, EDGE, l->title, l->subtitle, &l->notes, store_synthetic(page->summary->store)};
}

static int panel_height(const struct costs_page *page)
{
    return HEAD + STEP * page->n + AXIS;
}

static struct layout lay_out(const struct costs_page *page, const struct figstyle *style)
{
    struct layout l = {.width = figstyle_width(style, WIDTH)};
    int room = l.width - NAMES - RIGHT + GAP;
    l.columns = room / (LEAST + GAP) >= N_COSTS ? N_COSTS : 2;
    l.panel = room / l.columns - GAP;
    for (int panel = 0; panel < N_COSTS; panel++)
        find_range(&l, page, panel);
    collect_texts(&l, page);
    const struct figtext_sheet sheet = sheet_of(page, &l);
    l.top = 4 + figtext_sheet_top(&sheet);
    l.height = figtext_sheet_height(&sheet, 4 + N_COSTS / l.columns * panel_height(page));
    return l;
}

static void write_names(FILE *file, const struct costs_page *page, const struct layout *l, int x, int y)
{
    const struct figtext_page text = {file, l->width, l->height};
    for (int i = 0; i < page->n; i++) {
        char title[128], look[64];
        curves_group_title(title, sizeof title, page->summary, page->row[i].group, 0);
        snprintf(look, sizeof look, "right font plain(%.3g)", figtext_fit(title, 10.5, NAMES - EDGE - 10));
        figtext_label(&text, x - 10, y + i * STEP + STEP / 2, look, title);
    }
}

/* Two to four tics, at steps of 1, 2 or 5. */
static double tics(double range)
{
    double step = pow(10, floor(log10(range / 2)));
    return range / step > 8 ? 5 * step : range / step > 4 ? 2 * step : step;
}

static void write_points(FILE *file, const struct costs_page *page, const struct layout *l, int panel)
{
    const char *separator = "plot ";
    for (int i = 0; i < page->n; i++) {
        const struct costs_side *side = &page->row[i].side[panel];
        const char *colour = balance_colour(page->row[i].group->cell->strategy);
        if (isnan(side->difference))
            continue;
        if (!isnan(side->low))
            fprintf(file,
                    "set arrow from %.9g,%d to %.9g,%d %s size graph 0.03,25 filled lw 1.8 lc rgb '%s'\n",
                    fmax(side->low, l->low[panel]), i, fmin(side->high, l->high[panel]), i,
                    side->low < l->low[panel] && side->high > l->high[panel] ? "heads"
                    : side->low < l->low[panel]                              ? "backhead"
                    : side->high > l->high[panel]                            ? "head"
                                                                             : "nohead",
                    colour);
    }
    for (int i = 0; i < page->n; i++) {
        const struct costs_side *side = &page->row[i].side[panel];
        const char *colour = balance_colour(page->row[i].group->cell->strategy);
        if (isnan(side->difference))
            continue;
        fprintf(file, "%sf every ::%d::%d using 'difference':'row' with points pt 7 ps 1.15 lc rgb '%s'",
                separator, panel * page->n + i, panel * page->n + i, colour);
        if (side->sign == 0)
            fprintf(file,
                    ", \\\n     f every ::%d::%d using 'difference':'row' with points pt 7 ps 0.65 "
                    "lc rgb 'white'",
                    panel * page->n + i, panel * page->n + i);
        separator = ", \\\n     ";
    }
    fputs(*separator == ',' ? "\n" : "plot NaN\n", file);
}

static void write_panel(FILE *file, const struct costs_page *page, const struct layout *l, int panel)
{
    static const char *const titles[N_COSTS] = {"Balanced accuracy", "Brier score", "Log loss", "ECE"};
    const struct figtext_page text = {file, l->width, l->height};
    int column = panel % l->columns, x = NAMES + column * (l->panel + GAP);
    int y = l->top + panel / l->columns * panel_height(page) + HEAD;
    figtext_label(&text, x, y - 28, "left font bold(11)", titles[panel]);
    figtext_label(&text, x, y - 11, "left font plain(9) textcolor rgb '" PALETTE_GREY "'",
                  panel == COSTS_BALANCED ? "right of 0 is better" : "right of 0 is worse");
    if (column == 0)
        write_names(file, page, l, x, y);
    figtext_place(&text, x, y, l->panel, STEP * page->n);
    if (leaks(page))
        figtext_leak_ground(file);
    fprintf(file,
            "set xrange [%.9g:%.9g]; set yrange [%g:-0.5]; set xtics %.9g\n"
            "set arrow from 0,graph 0 to 0,graph 1 nohead back lw 1.2 dt (6,4) lc rgb '" PALETTE_DARK "'\n",
            l->low[panel], l->high[panel], page->n - 0.5, tics(l->high[panel] - l->low[panel]));
    write_points(file, page, l, panel);
    fputs("unset label; unset arrow; unset object\n", file);
}

static int write_script(const struct costs_page *page, const char *name, const struct figstyle *style,
                        const char *dir, struct err *err)
{
    struct layout l = lay_out(page, style);
    struct output out;
    const struct figtext_sheet sheet = sheet_of(page, &l);
    int rc = figtext_sheet_open(&out, dir, name, &sheet, style, err);
    if (rc < 0)
        return rc;
    fprintf(out.file,
            "f = '%s.tsv'\nset multiplot\nset border 1; unset ytics; set xtics font ''.plain(9.5)\n", name);
    for (int panel = 0; panel < N_COSTS; panel++)
        write_panel(out.file, page, &l, panel);
    fputs("unset multiplot\nunset output\n", out.file);
    return output_close(&out, err);
}

int costs_page_write(const struct costs_page *page, const char *name, const struct figstyle *style,
                     const char *dir, struct err *err)
{
    int rc = write_data(page, name, dir, err);
    return rc == 0 ? write_script(page, name, style, dir, err) : rc;
}
