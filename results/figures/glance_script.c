#include "figures/glance_parts.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "store/classes.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- layout ---- */

/* Pixels. */
enum {
    WIDTH = 960,
    EDGE = 14,
    LEAST_PANEL = 190, /* width of a panel with its gutter */
    GUTTER = 30,       /* of brackets, right of a panel */
    NAMES = 210,       /* most of the names of rows, or two fifths of the page */
    STEP = 24,         /* a row */
    HEAD = 62,         /* above a panel: its clusters, its leak */
    AXIS = 34,
    LETTER = 9 /* of a name, at most */
};

struct layout {
    int width, height, top, names, n_across, n_down, panel; /* panel: width without gutter */
    double low, high;
    const struct glance_facts *facts;
    char title[512], subtitle[256];
    struct figtext_notes notes;
};

static void row_name(const struct glance_page *page, int row, char *out, size_t size)
{
    const struct summary_group *group = glance_of_row(page, row);
    int has_models = summary_varies(page->summary, FACTOR_MODEL);
    char strategy[128], model[COMBINATION_LABEL_SIZE];
    curves_group_title(strategy, sizeof strategy, page->summary, group,
                       combination_own(page->summary->store, FACTOR_MODEL));
    combination_label(page->summary->store, group->cell, FACTOR_MODEL, page->summary->varying, model);
    snprintf(out, size, "%.60s%s%.60s", has_models ? model : "", has_models ? ", " : "", strategy);
}

static int names_width(const struct glance_page *page, int width)
{
    char name[256];
    int most = 0, most_names = NAMES > width * 2 / 5 ? NAMES : width * 2 / 5;
    for (int r = 0; r < page->n_rows; r++) {
        row_name(page, r, name, sizeof name);
        int needs = LETTER * (int)strlen(name);
        most = needs > most ? needs : most;
    }
    return most < most_names ? most : most_names;
}

static void stretch(struct layout *l, double x)
{
    if (isnan(x))
        return;
    l->low = fmin(l->low, x);
    l->high = fmax(l->high, x);
}

static void find_range(struct layout *l, const struct glance_page *page, const struct replicates *replicates)
{
    l->low = HUGE_VAL;
    l->high = -HUGE_VAL;
    for (int p = 0; p < page->n_panels; p++) {
        stretch(l, glance_chance(page, p));
        for (int r = 0; r < page->n_rows; r++) {
            const struct summary_group *group = glance_group(page, p, r);
            const struct replicates_group *runs =
                group ? &replicates->group[page->group[p * page->n_rows + r]] : NULL;
            for (int i = 0; runs && i < runs->n; i++)
                stretch(l, runs->replicate[i].value);
            stretch(l, group ? glance_number(group)->low : (double)NAN);
            stretch(l, group ? glance_number(group)->high : (double)NAN);
        }
    }
    l->low = fmax(0, floor(10 * l->low + 1e-9) / 10) - 0.02;
    l->high = fmin(1, ceil(10 * l->high - 1e-9) / 10) + 0.02;
}

static void count_jobs(const struct glance_page *page, int *done, int *jobs, int *leaky)
{
    *done = *jobs = *leaky = 0;
    for (int i = 0; i < page->n_rows * page->n_panels; i++) {
        if (page->group[i] < 0)
            continue;
        const struct summary_group *group = &page->summary->group[page->group[i]];
        *done += group->n_state[JOB_DONE];
        *jobs += group->n_jobs;
        *leaky += group->n_state[JOB_DONE] > 0 && glance_leaks(group);
    }
}

static void collect_texts(struct layout *l, const struct glance_page *page)
{
    const struct summary_group *first = glance_of_page(page);
    char footer[CURVES_FOOTER_SIZE];
    int done, jobs, leaky;
    unsigned but = glance_row_factors(page->summary);
    count_jobs(page, &done, &jobs, &leaky);
    snprintf(l->title, sizeof l->title, "Balanced accuracy on test images, protocol %s",
             first->cell->protocol);
    curves_append_factors(l->title, sizeof l->title, page->summary, first, but);
    snprintf(l->subtitle, sizeof l->subtitle, "%s", curves_protocol_meaning(first->cell->protocol));
    l->subtitle[0] = (char)toupper((unsigned char)l->subtitle[0]);
    figtext_note(&l->notes,
                 "Large dots: means, bars: their 95 %% interval; faint dots: single runs. Dashed line: none, "
                 "of the same model. %s%s",
                 page->overall ? "Brackets join none and what differs from it (p < 0.05, adjusted by Holm "
                                 "over the whole sweep; dashed: only within its panel and model); without a "
                                 "bracket no difference is claimed."
                               : "Nothing was compared.",
                 leaky ? " Hollow on red: test images were seen in training, so these are no estimates of "
                         "what new cells would give."
                       : "");
    curves_footer(footer, sizeof footer, page->summary, first->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static int write_heading(FILE *file, const struct glance_page *page, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    return figtext_heading(&text, EDGE, l->title, l->subtitle, store_synthetic(page->summary->store));
}

static int panel_height(const struct glance_page *page)
{
    return HEAD + STEP * page->n_rows + AXIS;
}

static struct layout lay_out(const struct glance_page *page, const struct replicates *replicates,
                             const struct glance_facts *facts, const struct figstyle *style)
{
    struct layout l = {.width = figstyle_width(style, WIDTH), .facts = facts};
    l.names = names_width(page, l.width);
    int room = l.width - 2 * EDGE - l.names - 8, most = room / LEAST_PANEL;
    most = most < 1 ? 1 : most;
    l.n_down = (page->n_panels + most - 1) / most;
    l.n_across = (page->n_panels + l.n_down - 1) / l.n_down;
    l.panel = room / l.n_across - GUTTER;
    l.panel = l.panel > 420 ? 420 : l.panel;
    find_range(&l, page, replicates);
    collect_texts(&l, page);
    l.top = write_heading(NULL, page, &l);
    l.height =
        l.top + l.n_down * panel_height(page) + 10 + figtext_notes_height(&l.notes, l.width - 2 * EDGE);
    return l;
}

/* ---- script ---- */

static int panel_left(const struct layout *l, int panel)
{
    return EDGE + l->names + 8 + panel % l->n_across * (l->panel + GUTTER);
}

static int panel_top(const struct layout *l, const struct glance_page *page, int panel)
{
    return l->top + panel / l->n_across * panel_height(page) + HEAD;
}

static double row_y(const struct layout *l, const struct glance_page *page, int panel, int row)
{
    return panel_top(l, page, panel) + STEP * (row + 0.5);
}

static void line(FILE *file, const struct layout *l, double x0, double y0, double x1, double y1,
                 const char *look)
{
    fprintf(file, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead %s\n", x0 / l->width,
            1 - y0 / l->height, x1 / l->width, 1 - y1 / l->height, look);
}

/* One bracket for the rows of a model that differ from its none: a spine with a tooth at each; the least that
 * differ over the whole sweep, 2, or in their setting, 1. */
static void write_bracket(FILE *file, const struct layout *l, const struct glance_page *page, int panel,
                          int none, int lane, int least)
{
    const char *look =
        least == 2 ? "lw 1.5 lc rgb '" PALETTE_DARK "'" : "lw 1.2 dt (4,3) lc rgb '" PALETTE_GREY "'";
    double x = panel_left(l, panel) + l->panel + 8 + 7 * lane;
    int first = none, last = none;
    for (int r = 0; r < page->n_rows; r++) {
        if (!glance_group(page, panel, r) || r == none || glance_none(page, panel, r) != none ||
            l->facts->differs[page->group[panel * page->n_rows + r]] != least)
            continue;
        line(file, l, x - 5, row_y(l, page, panel, r), x, row_y(l, page, panel, r), look);
        first = r < first ? r : first;
        last = r > last ? r : last;
    }
    if (first == last)
        return;
    line(file, l, x - 5, row_y(l, page, panel, none), x, row_y(l, page, panel, none), look);
    line(file, l, x, row_y(l, page, panel, first), x, row_y(l, page, panel, last), look);
}

/* Of none of each model: its line, through the rows of the model. */
static void write_reference(FILE *file, const struct glance_page *page, int panel, int none)
{
    int first = none, last = none;
    for (int r = 0; r < page->n_rows; r++)
        if (glance_none(page, panel, r) == none) {
            first = r < first ? r : first;
            last = r > last ? r : last;
        }
    double x = glance_number(glance_group(page, panel, none))->mean;
    fprintf(file,
            "set arrow from first %.9g,%.2f to first %.9g,%.2f nohead back lw 1.2 dt (6,4) lc rgb "
            "'" PALETTE_DARK "'\n",
            x, first - 0.5, x, last + 0.5);
}

/* Above a panel: its clusters, and how many of its test images were seen. */
static void write_panel_head(FILE *file, const struct layout *l, const struct glance_page *page, int panel)
{
    const struct figtext_page text = {file, l->width, l->height};
    const struct summary_group *group = NULL;
    char name[256] = "", options[64], leak[96];
    double share = 0;
    for (int r = 0; r < page->n_rows; r++) {
        int g = page->group[panel * page->n_rows + r];
        group = g >= 0 && !group ? &page->summary->group[g] : group;
        if (glance_group(page, panel, r) && glance_leaks(glance_group(page, panel, r)))
            share = fmax(share, glance_group(page, panel, r)->leak_share.mean);
    }
    if (group) /* a panel is of the groups that it has */
        classes_title(page->summary->store, group->cell, name, sizeof name);
    snprintf(options, sizeof options, "left font bold(%.1f)", figtext_fit(name, 11, l->panel + GUTTER - 4));
    figtext_cut(name, FIGTEXT_LEAST, 1, l->panel + GUTTER - 4);
    figtext_label(&text, panel_left(l, panel), panel_top(l, page, panel) - 43, options, name);
    if (!(share > 0))
        return;
    snprintf(leak, sizeof leak, "LEAK: up to %.*f %% of test seen", share < 0.1, 100 * share);
    double points = figtext_fit(leak, 9.5, l->panel + GUTTER - 4);
    if (points < 9) /* where panels are narrow; the note below says the rest */
        snprintf(leak, sizeof leak, "LEAK: %.*f %% seen", share < 0.1, 100 * share);
    snprintf(options, sizeof options, "left font bold(%.1f) textcolor rgb '" PALETTE_SYNTHETIC "'",
             figtext_fit(leak, 9.5, l->panel + GUTTER - 4));
    figtext_label(&text, panel_left(l, panel), panel_top(l, page, panel) - 27, options, leak);
    figtext_leak_ground(file);
}

/* The size in which all names of rows have room. */
static double names_size(const struct layout *l, const struct glance_page *page)
{
    char name[256];
    double points = 10.5;
    for (int r = 0; r < page->n_rows; r++) {
        row_name(page, r, name, sizeof name);
        points = fmin(points, figtext_fit(name, points, l->names));
    }
    return points;
}

static void write_row_names(FILE *file, const struct layout *l, const struct glance_page *page, int panel)
{
    const struct figtext_page text = {file, l->width, l->height};
    char name[256], options[64];
    snprintf(options, sizeof options, "right font plain(%.1f)", names_size(l, page));
    for (int r = 0; r < page->n_rows; r++) {
        row_name(page, r, name, sizeof name);
        figtext_cut(name, FIGTEXT_LEAST, 0, l->names);
        figtext_label(&text, panel_left(l, panel) - 8, (int)row_y(l, page, panel, r), options, name);
    }
}

/* Lines of none and of chance, brackets. */
static void write_marks(FILE *file, const struct layout *l, const struct glance_page *page, int panel)
{
    double chance = glance_chance(page, panel);
    if (chance >= l->low && chance <= l->high)
        fprintf(file,
                "set arrow from first %.9g,graph 0 to first %.9g,graph 1 nohead back lw 1 dt (2,3) lc rgb "
                "'" PALETTE_GREY "'\n"
                "set label 'chance' at first %.9g,graph 1 center offset 0,0.5 font plain(9) textcolor rgb "
                "'" PALETTE_GREY "'\n",
                chance, chance, chance);
    for (int r = 0; r < page->n_rows; r++)
        if (glance_group(page, panel, r) && glance_none(page, panel, r) == r) {
            write_reference(file, page, panel, r);
            write_bracket(file, l, page, panel, r, 0, 2);
            write_bracket(file, l, page, panel, r, 1, 1);
        }
}

/* Means, of groups that leak or of the others. */
static int n_means(const struct glance_page *page, int panel, int leaky)
{
    int n = 0;
    for (int r = 0; r < page->n_rows; r++) {
        const struct summary_group *group = glance_group(page, panel, r);
        n += group && glance_leaks(group) == leaky;
    }
    return n;
}

static void write_layer(FILE *file, int panel, const char *kind, const char *columns, const char *look)
{
    fprintf(file,
            ", \\\n     f using (column('panel') == %d && strcol('kind') eq '%s' ? "
            "column('balanced_accuracy') : NaN):%s with %s notitle",
            panel, kind, columns, look);
}

/* Runs below their mean; gnuplot complains of a layer without a point. */
static void write_points(FILE *file, const struct glance_page *page, int panel)
{
    static const char bars[] = "'row':'low':'high':'colour'";
    fputs("plot -99 notitle", file);
    if (n_means(page, panel, 0) + n_means(page, panel, 1) > 0)
        write_layer(file, panel, "run", "(column('row') + 0.3)",
                    "points pt 7 ps mark*0.4 lc rgb '#66666666'");
    if (n_means(page, panel, 0) > 0)
        write_layer(file, panel, "mean", bars, "xerrorbars pt 7 ps mark*1.25 lw 1.8 lc rgb variable");
    if (n_means(page, panel, 1) > 0)
        write_layer(file, panel, "leaky", bars, "xerrorbars pt 6 ps mark*1.25 lw 1.8 lc rgb variable");
    fputc('\n', file);
}

static void write_panel(FILE *file, const struct layout *l, const struct glance_page *page, int panel)
{
    const struct figtext_page text = {file, l->width, l->height};
    figtext_place(&text, panel_left(l, panel), panel_top(l, page, panel), l->panel, STEP * page->n_rows);
    write_panel_head(file, l, page, panel);
    if (panel % l->n_across == 0)
        write_row_names(file, l, page, panel);
    write_marks(file, l, page, panel);
    fprintf(file, "set xrange [%.9g:%.9g]; set yrange [%.1f:-0.5]\n", l->low, l->high, page->n_rows - 0.5);
    write_points(file, page, panel);
    fputs("unset label; unset arrow; unset object\n", file);
}

int glance_write_script(const struct glance_page *page, const struct replicates *replicates,
                        const struct glance_facts *facts, const struct figstyle *style, const char *dir,
                        struct err *err)
{
    struct layout l = lay_out(page, replicates, facts, style);
    struct output out;
    int rc = gnuplot_open(&out, dir, page->name, l.width, l.height, style, err);
    if (rc < 0)
        return rc;
    const struct figtext_page text = {out.file, l.width, l.height};
    fputs("set multiplot\n", out.file);
    write_heading(out.file, page, &l);
    figtext_write_foot(&text, EDGE, l.width - 2 * EDGE, 0, &l.notes);
    fprintf(out.file,
            "f = '%s.tsv'\nset xtics %s font ''.plain(9) offset 0,0.3; unset ytics; unset key\n"
            "unset grid; set grid xtics lt 1 lc rgb '" PALETTE_GRID "'\n",
            page->name, l.high - l.low > 0.55 && l.panel < 300 ? "0.2" : "0.1");
    for (int p = 0; p < page->n_panels; p++)
        write_panel(out.file, &l, page, p);
    fputs("unset multiplot\nunset output\n", out.file);
    return output_close(&out, err);
}
