#include "figures/reliability.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "figures/pagename.h"
#include "store/classes.h"
#include "strategies/balance.h"
#include "write/output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- pages ---- */

static const struct reliability *diagram(const struct reliability_page *page, int line, int panel)
{
    return &page->calibration->group[page->line[line]].way[page->way[panel]].reliability;
}

static int holds_images(const struct calibration *calibration, int group)
{
    for (int k = 0; k < N_RECALIBRATIONS * RELIABILITY_BINS; k++)
        if (calibration->group[group].way[k / RELIABILITY_BINS].reliability.n[k % RELIABILITY_BINS] > 0)
            return 1;
    return 0;
}

static struct reliability_page begin(const struct summary *summary, const struct calibration *calibration,
                                     int part)
{
    struct reliability_page page = {.summary = summary, .calibration = calibration, .part = part};
    for (int how = 0; how < N_RECALIBRATIONS; how++)
        if (calibration->readout.recalibrate >> how & 1)
            page.way[page.n_ways++] = how;
    return page;
}

int reliability_pages(const struct summary *summary, const struct calibration *calibration,
                      struct reliability_page **out, struct err *err)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    struct reliability_page *page = err_calloc((unsigned long)summary->n_groups, sizeof *page, "pages", err);
    int n = 0;
    *out = page;
    for (int part = 0; page && part < settings->n_parts; part++) {
        int lines = 0;
        for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
            if (!holds_images(calibration, settings->member[i]))
                continue;
            if (lines % RELIABILITY_LINES == 0)
                page[n++] = begin(summary, calibration, lines / RELIABILITY_LINES);
            page[n - 1].line[page[n - 1].n_lines++] = settings->member[i];
            lines++;
        }
    }
    return page ? n : E_IO;
}

static const struct summary_group *first_of(const struct reliability_page *page)
{
    return &page->summary->group[page->line[0]];
}

void reliability_name(const struct reliability_page *page, char *out)
{
    char more[32];
    snprintf(out, PAGENAME_SIZE, "reliability_");
    pagename_append_classes(out, first_of(page)->cell->clusters);
    pagename_append_cell(out, page->summary, first_of(page), 0);
    snprintf(more, sizeof more, "_more%d", page->part);
    pagename_append(out, page->part > 0 ? more : "");
}

static int write_data(const struct reliability_page *page, const char *name, const char *dir, struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("panel\tline\tbin\tmiddle\tn\tprobability\tobserved\n", out.file);
    for (int k = 0; k < page->n_ways * page->n_lines * RELIABILITY_BINS; k++) {
        int b = k % RELIABILITY_BINS, line = k / RELIABILITY_BINS % page->n_lines;
        int panel = k / RELIABILITY_BINS / page->n_lines;
        const struct reliability *r = diagram(page, line, panel);
        if (r->n[b] > 0)
            fprintf(out.file, "%d\t%d\t%d\t%.9g\t%ld\t%.9g\t%.9g\n", panel, line, b + 1,
                    (b + 0.5) / RELIABILITY_BINS, r->n[b], r->q[b] / (double)r->n[b],
                    r->hit[b] / (double)r->n[b]);
    }
    return output_close(&out, err);
}

/* ---- the script ---- */

/* Pixels. */
enum {
    WIDTH = 1000, /* of several panels; of one: */
    WIDTH_OF_ONE = 640,
    LEFT = 92,
    RIGHT = 14,
    GAP = 82,     /* between panels */
    NARROW = 230, /* panels that would be narrower stand below each other */
    WIDEST = 360,
    TITLE = 26,  /* above a panel */
    COUNTS = 92, /* height of the counts and what is above them: */
    ABOVE = 20,
    AXIS = 58,   /* below them, and between panels that stand below each other */
    LEGEND = 20, /* a line of the legend, and what a name of it may need: */
    LEGEND_ENTRY = 280,
    EDGE = 14
};

struct layout {
    int width, height, top, columns, side; /* of the figure; panels beside each other; side of a square */
    char title[1024], subtitle[512];
    struct figtext_notes notes;
    long most; /* images in a bin */
};

static void collect_texts(struct layout *l, const struct reliability_page *page)
{
    const struct summary_group *group = first_of(page);
    char footer[CURVES_FOOTER_SIZE], name[CLASS_NAME_SIZE];
    int positive = page->calibration->group[page->line[0]].positive, done = 0, jobs = 0, elsewhere = 0;
    classes_title(page->summary->store, group->cell, l->title, sizeof l->title);
    curves_append_factors(l->title, sizeof l->title, page->summary, group,
                          combination_own(page->summary->store, FACTOR_STRATEGY));
    snprintf(l->subtitle, sizeof l->subtitle, "Reliability of %s. Protocol %s: %s",
             positive == CLASS_NONE ? "the largest probability" : "the probability of the positive class",
             group->cell->protocol, curves_protocol_meaning(group->cell->protocol));
    figtext_note(
        &l->notes,
        "Test images of all jobs in %d bins of their probability%s%s; on the diagonal it can be taken at "
        "its word. Below: images in each bin. An image counts once a job.",
        RELIABILITY_BINS, positive == CLASS_NONE ? "" : " of ",
        positive == CLASS_NONE ? "" : class_short(positive, CLASSES_SHORT, name));
    if (readout_fits(page->calibration->readout))
        figtext_note(&l->notes, "Recalibrated on the val set of each job, which is no part of its test set.");
    for (int i = 0; i < page->n_lines; i++) {
        done += page->summary->group[page->line[i]].n_state[JOB_DONE];
        jobs += page->summary->group[page->line[i]].n_jobs;
        elsewhere |= page->summary->group[page->line[i]].chosen == CHOSEN_ELSEWHERE;
    }
    if (elsewhere)
        figtext_note(&l->notes, "A model was %s.", chosen_elsewhere);
    curves_footer(footer, sizeof footer, page->summary, group->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static struct figtext_sheet sheet_of(const struct reliability_page *page, const struct layout *l)
{
    return (struct figtext_sheet){
        l->width, l->height, EDGE, l->title, l->subtitle, &l->notes, store_synthetic(page->summary->store)};
}

static int panel_height(const struct layout *l)
{
    return TITLE + l->side + COUNTS + AXIS;
}

static int legend_lines(const struct reliability_page *page, const struct layout *l)
{
    int columns = (l->width - LEFT) / LEGEND_ENTRY;
    columns = columns > 1 ? columns : 1;
    return (page->n_lines + columns - 1) / columns;
}

static struct layout lay_out(const struct reliability_page *page, const struct figstyle *style)
{
    struct layout l = {.width = figstyle_width(style, page->n_ways > 1 ? WIDTH : WIDTH_OF_ONE), .most = 1};
    int n = page->n_ways;
    l.columns = (l.width - LEFT - RIGHT - (n - 1) * GAP) / n < NARROW ? 1 : n;
    l.side = (l.width - LEFT - RIGHT - (l.columns - 1) * GAP) / l.columns;
    l.side = l.side > WIDEST ? WIDEST : l.side;
    collect_texts(&l, page);
    for (int k = 0; k < n * page->n_lines * RELIABILITY_BINS; k++) {
        const struct reliability *r =
            diagram(page, k / RELIABILITY_BINS % page->n_lines, k / RELIABILITY_BINS / page->n_lines);
        l.most = r->n[k % RELIABILITY_BINS] > l.most ? r->n[k % RELIABILITY_BINS] : l.most;
    }
    const struct figtext_sheet sheet = sheet_of(page, &l);
    l.top = 4 + figtext_sheet_top(&sheet);
    l.height =
        figtext_sheet_height(&sheet, 4 + n / l.columns * panel_height(&l) + LEGEND * legend_lines(page, &l));
    return l;
}

/* Lines of a panel: what they show, the columns of x and y. */
static void write_lines(FILE *file, const struct reliability_page *page, int panel, const char *x,
                        const char *y)
{
    for (int i = 0; i < page->n_lines; i++) {
        const struct store_job *cell = page->summary->group[page->line[i]].cell;
        int repeats = 0;
        for (int k = 0; k < i; k++)
            repeats |= strcmp(page->summary->group[page->line[k]].cell->strategy, cell->strategy) == 0;
        fprintf(file,
                "%sf using (column('panel') == %d && column('line') == %d ? column('%s') : NaN):'%s' with "
                "linespoints lw 1.8%s pt 7 ps mark*0.5 lc rgb '%s'",
                i ? ", \\\n     " : "", panel, i, x, y, repeats ? " dt (6,3)" : "",
                balance_colour(cell->strategy));
    }
    fputc('\n', file);
}

static int has_lines(const struct reliability_page *page, int panel)
{
    for (int i = 0; i < page->n_lines; i++)
        for (int b = 0; b < RELIABILITY_BINS; b++)
            if (diagram(page, i, panel)->n[b] > 0)
                return 1;
    return 0;
}

static void write_panel(FILE *file, const struct reliability_page *page, const struct layout *l, int panel)
{
    const struct figtext_page text = {file, l->width, l->height};
    static const char *const titles[N_RECALIBRATIONS] = {"As stored", "Prior", "Temperature"};
    int x = LEFT + panel % l->columns * (l->side + GAP);
    int y = l->top + panel / l->columns * panel_height(l) + TITLE;
    figtext_label(&text, x, y - 12, "left font bold(11)", titles[page->way[panel]]);
    figtext_place(&text, x, y, l->side, l->side);
    fputs("unset logscale; set yrange [0:1]; set ytics 0.2; set xtics 0.2; set format x ''; unset xlabel\n"
          "set ylabel 'Observed share'\n"
          "set arrow 1 from 0,0 to 1,1 nohead back lw 1 dt (4,4) lc rgb '" PALETTE_GREY "'\nplot ",
          file);
    write_lines(file, page, panel, "probability", "observed");
    fputs("unset label; unset arrow 1\n", file);
    figtext_place(&text, x, y + l->side + ABOVE, l->side, COUNTS - ABOVE);
    fprintf(file,
            "set logscale y; set yrange [0.7:%ld]; set ytics 10; set format x '%%g'; set xlabel "
            "'Probability' font plain(12) offset 0,0.4\n"
            "set ylabel 'Images'\nplot ",
            2 * l->most);
    write_lines(file, page, panel, "middle", "n");
}

/* A line and a title for every strategy, below the panels. */
static void write_legend(FILE *file, const struct reliability_page *page, const struct layout *l)
{
    int y = l->top + page->n_ways / l->columns * panel_height(l), lines = legend_lines(page, l);
    const struct figtext_page text = {file, l->width, l->height};
    /* a key is no higher than its plot */
    figtext_place(&text, LEFT, y, l->width - LEFT, (lines + 2) * LEGEND);
    fprintf(file,
            "unset logscale; unset border; unset tics; unset xlabel; unset ylabel; unset grid\n"
            "set xrange [0:1]; set yrange [0:1]\nset key at screen %.5f,%.5f left top Left reverse vertical "
            "maxrows %d samplen 2 spacing 1.25*tight font ''.plain(10.5)\nplot ",
            (double)LEFT / l->width, 1 - (double)y / l->height, lines);
    for (int i = 0; i < page->n_lines; i++) {
        const struct summary_group *group = &page->summary->group[page->line[i]];
        char title[128], words[192];
        int repeats = 0;
        for (int k = 0; k < i; k++)
            repeats |= strcmp(page->summary->group[page->line[k]].cell->strategy, group->cell->strategy) == 0;
        curves_group_title(title, sizeof title, page->summary, group, 0);
        snprintf(words, sizeof words, "%s (n = %d)", title, group->n_values);
        fprintf(file, "%sNaN with linespoints lw 1.8%s pt 7 ps mark*0.5 lc rgb '%s' title ",
                i ? ", \\\n     " : "", repeats ? " dt (6,3)" : "", balance_colour(group->cell->strategy));
        gnuplot_quote(file, words);
    }
    fputc('\n', file);
}

static int write_script(const struct reliability_page *page, const char *name, const struct figstyle *style,
                        const char *dir, struct err *err)
{
    struct layout l = lay_out(page, style);
    struct output out;
    const struct figtext_sheet sheet = sheet_of(page, &l);
    int rc = figtext_sheet_open(&out, dir, name, &sheet, style, err);
    if (rc < 0)
        return rc;
    fprintf(out.file, "f = '%s.tsv'\nset multiplot\nset xrange [0:1]\n", name);
    for (int panel = 0; panel < page->n_ways; panel++)
        if (has_lines(page, panel))
            write_panel(out.file, page, &l, panel);
    write_legend(out.file, page, &l);
    fputs("unset multiplot\nunset output\n", out.file);
    return output_close(&out, err);
}

int reliability_write(const struct reliability_page *page, const char *name, const struct figstyle *style,
                      const char *dir, struct err *err)
{
    int rc = write_data(page, name, dir, err);
    return rc == 0 ? write_script(page, name, style, dir, err) : rc;
}
