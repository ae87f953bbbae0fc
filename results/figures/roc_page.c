#include "figures/roc_page.h"

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

int roc_pages(const struct summary *summary, const struct roc *roc, struct roc_page **out, struct err *err)
{
    const struct partition *settings = summary->same[SUMMARY_SETTING];
    struct roc_page *page = err_calloc((unsigned long)summary->n_groups, sizeof *page, "pages", err);
    int n = 0;
    *out = page;
    for (int part = 0; page && part < settings->n_parts; part++) {
        int lines = 0;
        for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
            if (!roc_has(&roc->group[settings->member[i]]))
                continue;
            if (lines % ROC_PAGE_LINES == 0)
                page[n++] = (struct roc_page){.summary = summary, .roc = roc, .part = lines / ROC_PAGE_LINES};
            page[n - 1].line[page[n - 1].n_lines++] = settings->member[i];
            lines++;
        }
    }
    return page ? n : E_IO;
}

static const struct summary_group *group_of(const struct roc_page *page, int line)
{
    return &page->summary->group[page->line[line]];
}

static const struct roc_group *curves_of(const struct roc_page *page, int line)
{
    return &page->roc->group[page->line[line]];
}

void roc_page_name(const struct roc_page *page, char *out)
{
    char more[32];
    snprintf(out, PAGENAME_SIZE, "roc_");
    pagename_append_classes(out, group_of(page, 0)->cell->clusters);
    pagename_append_cell(out, page->summary, group_of(page, 0), 0);
    snprintf(more, sizeof more, "_more%d", page->part);
    pagename_append(out, page->part > 0 ? more : "");
}

/* ---- data ---- */

static int write_data(const struct roc_page *page, const char *name, const char *dir, struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("line\tplace", out.file);
    for (int c = 0; c < N_ROC_CURVES; c++)
        for (int k = 0; k < 4; k++)
            fprintf(out.file, "\t%s%s", roc_kind_names[c],
                    (const char *const[]){"_n", "", "_low", "_high"}[k]);
    fputc('\n', out.file);
    for (int i = 0; i < page->n_lines * ROC_POINTS; i++) {
        fprintf(out.file, "%d\t%.9g", i / ROC_POINTS, roc_place(i % ROC_POINTS));
        for (int c = 0; c < N_ROC_CURVES; c++) {
            const struct stats_summary *s = &curves_of(page, i / ROC_POINTS)->curve[c][i % ROC_POINTS];
            fprintf(out.file, "\t%d", s->n);
            gnuplot_number(out.file, s->mean);
            gnuplot_number(out.file, s->low);
            gnuplot_number(out.file, s->high);
        }
        fputc('\n', out.file);
    }
    return output_close(&out, err);
}

/* ---- the script ---- */

/* Pixels. */
enum {
    WIDTH = 900,
    LEFT = 84,
    RIGHT = 24,
    GAP = 86,     /* between panels */
    NARROW = 230, /* panels that would be narrower stand below each other */
    WIDEST = 400,
    TITLE = 26,  /* above a panel */
    AXIS = 58,   /* below it */
    LEGEND = 20, /* a line of the legend, and what stands before its words: */
    LEGEND_SAMPLE = 50,
    EDGE = 14
};

static const double LEGEND_POINTS = 10.5;

struct layout {
    int width, height, top, columns, side; /* of the figure; panels beside each other; side of a square */
    char title[1024], subtitle[512];
    double leak; /* share of the test images that were seen in training, of the line with most */
    struct figtext_notes notes;
};

static void tell_leak(struct layout *l, const struct roc_page *page)
{
    for (int i = 0; i < page->n_lines; i++)
        if (glance_leaks(group_of(page, i)))
            l->leak = fmax(l->leak, group_of(page, i)->leak_share.mean);
    if (!(l->leak > 0))
        return;
    figtext_note(&l->notes,
                 "Dotted on red: test images were seen in training, so these curves are no estimate of "
                 "what new cells would give.");
}

static void tell_curves(struct layout *l, const struct roc_page *page)
{
    char name[CLASS_NAME_SIZE];
    int positive = curves_of(page, 0)->positive;
    if (positive == CLASS_NONE)
        figtext_note(&l->notes,
                     "Each class against the rest; curves and areas are means over the classes (macro).");
    else
        figtext_note(&l->notes, "Positive: %s%s.", class_any_named(&positive, 1) ? "" : "cluster ",
                     class_short(positive, CLASSES_SHORT, name));
    figtext_note(
        &l->notes,
        "Lines: means over runs at each false positive rate (Fawcett 2006) and each recall (Davis and "
        "Goadrich 2006); bands: their 95 %% interval there, not one of the curve as a whole. Dashed: chance; "
        "of the right panel it is the share of positives in the test set. Areas as in the table of scores; "
        "AUPRC there is average precision.");
}

static void collect_texts(struct layout *l, const struct roc_page *page)
{
    const struct summary_group *first = group_of(page, 0);
    char footer[CURVES_FOOTER_SIZE];
    int done = 0, jobs = 0, elsewhere = 0;
    classes_title(page->summary->store, first->cell, l->title, sizeof l->title);
    curves_append_factors(l->title, sizeof l->title, page->summary, first,
                          combination_own(page->summary->store, FACTOR_STRATEGY));
    snprintf(l->subtitle, sizeof l->subtitle, "ROC and precision-recall on test images. Protocol %s: %s",
             first->cell->protocol, curves_protocol_meaning(first->cell->protocol));
    tell_leak(l, page);
    tell_curves(l, page);
    for (int i = 0; i < page->n_lines; i++) {
        done += group_of(page, i)->n_state[JOB_DONE];
        jobs += group_of(page, i)->n_jobs;
        elsewhere |= group_of(page, i)->chosen == CHOSEN_ELSEWHERE;
    }
    if (elsewhere)
        figtext_note(&l->notes, "A model was %s.", chosen_elsewhere);
    curves_footer(footer, sizeof footer, page->summary, first->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static struct figtext_sheet sheet_of(const struct roc_page *page, const struct layout *l)
{
    return (struct figtext_sheet){
        l->width, l->height, EDGE, l->title, l->subtitle, &l->notes, store_synthetic(page->summary->store)};
}

static int panel_height(const struct layout *l)
{
    return TITLE + l->side + AXIS;
}

/* "Oversampling (n = 5): AUROC 0.912, AUPRC 0.871". */
static void legend_words(const struct roc_page *page, int line, char *out, size_t size)
{
    const struct roc_group *curves = curves_of(page, line);
    char title[128];
    curves_group_title(title, sizeof title, page->summary, group_of(page, line), 0);
    snprintf(out, size, "%s (n = %d): AUROC %.3f, AUPRC %.3f", title, curves->curve[ROC_TPR][0].n,
             curves->area[ROC_AUROC].mean, curves->area[ROC_AUPRC].mean);
}

static int legend_lines(const struct roc_page *page, const struct layout *l)
{
    int room = (l->width - 2 * EDGE) / 2 - LEGEND_SAMPLE, columns = 2;
    for (int i = 0; i < page->n_lines; i++) {
        char text[256];
        legend_words(page, i, text, sizeof text);
        if (figtext_fit(text, LEGEND_POINTS, room) < LEGEND_POINTS)
            columns = 1;
    }
    return (page->n_lines + columns - 1) / columns;
}

static struct layout lay_out(const struct roc_page *page, const struct figstyle *style)
{
    struct layout l = {.width = figstyle_width(style, WIDTH)};
    l.columns = (l.width - LEFT - RIGHT - GAP) / N_ROC_CURVES < NARROW ? 1 : N_ROC_CURVES;
    l.side = (l.width - LEFT - RIGHT - (l.columns - 1) * GAP) / l.columns;
    l.side = l.side > WIDEST ? WIDEST : l.side;
    collect_texts(&l, page);
    const struct figtext_sheet sheet = sheet_of(page, &l);
    l.top = 4 + figtext_sheet_top(&sheet);
    l.height = figtext_sheet_height(&sheet, 4 + N_ROC_CURVES / l.columns * panel_height(&l) +
                                                LEGEND * legend_lines(page, &l));
    return l;
}

/* Dashes of a line: of a leaky group, or of a strategy that stands above already. */
static const char *dashes(const struct roc_page *page, int line)
{
    const struct store_job *cell = group_of(page, line)->cell;
    int repeats = 0;
    for (int i = 0; i < line; i++)
        repeats |= strcmp(group_of(page, i)->cell->strategy, cell->strategy) == 0;
    return glance_leaks(group_of(page, line)) ? " dt (2,2)" : repeats ? " dt (8,3)" : "";
}

static int has_band(const struct roc_page *page, int line, int kind)
{
    return curves_of(page, line)->curve[kind][ROC_POINTS / 2].n > 1;
}

/* Bands below all lines. */
static void write_curves(FILE *file, const struct roc_page *page, int kind)
{
    const char *name = roc_kind_names[kind], *separator = "plot ";
    for (int k = 0; k < 2 * page->n_lines; k++) {
        int i = k % page->n_lines, is_band = k < page->n_lines;
        const char *colour = balance_colour(group_of(page, i)->cell->strategy);
        if (curves_of(page, i)->curve[kind][0].n == 0 || (is_band && !has_band(page, i, kind)))
            continue;
        fprintf(file, "%sf every ::%d::%d using 'place':'%s", separator, i * ROC_POINTS,
                (i + 1) * ROC_POINTS - 1, name);
        if (is_band)
            fprintf(file, "_low':'%s_high' with filledcurves fs transparent solid 0.1 noborder fc rgb '%s'",
                    name, colour);
        else
            fprintf(file, "' with lines lw 1.8%s lc rgb '%s'", dashes(page, i), colour);
        separator = ", \\\n     ";
    }
    fputs(*separator == ',' ? "\n" : "plot NaN\n", file);
}

/* Where shares of positives differ, as in test sets that a strategy rebalanced, each is in the colour of
 * its line. */
static void write_shares(FILE *file, const struct roc_page *page)
{
    double first = curves_of(page, 0)->area[ROC_PREVALENCE].mean;
    int differ = 0;
    for (int i = 0; i < page->n_lines; i++)
        differ |= fabs(curves_of(page, i)->area[ROC_PREVALENCE].mean - first) > 0.005;
    for (int i = 0; i < (differ ? page->n_lines : 1); i++)
        fprintf(file, "set arrow %d from 0,%.6g to 1,%.6g nohead back lw 1 dt (4,4) lc rgb '%s'\n", i + 1,
                curves_of(page, i)->area[ROC_PREVALENCE].mean, curves_of(page, i)->area[ROC_PREVALENCE].mean,
                differ ? balance_colour(group_of(page, i)->cell->strategy) : PALETTE_GREY);
}

static void write_panel(FILE *file, const struct roc_page *page, const struct layout *l, int kind)
{
    static const char *const titles[] = {"ROC", "Precision-recall"};
    static const char *const axes[][2] = {{"False positive rate", "True positive rate"},
                                          {"Recall", "Precision"}};
    const struct figtext_page text = {file, l->width, l->height};
    int x = LEFT + kind % l->columns * (l->side + GAP),
        y = l->top + kind / l->columns * panel_height(l) + TITLE;
    figtext_label(&text, x, y - 12, "left font bold(11)", titles[kind]);
    if (l->leak > 0) {
        figtext_leak_words(&text, x + l->side, y - 12, l->leak);
        figtext_leak_ground(file);
    }
    figtext_place(&text, x, y, l->side, l->side);
    fprintf(file, "set xlabel '%s' offset 0,0.4; set ylabel '%s'\n", axes[kind][0], axes[kind][1]);
    if (kind == ROC_TPR)
        fputs("set arrow 1 from 0,0 to 1,1 nohead back lw 1 dt (4,4) lc rgb '" PALETTE_GREY "'\n", file);
    else
        write_shares(file, page);
    write_curves(file, page, kind);
    fputs("unset label; unset arrow; unset object\n", file);
}

/* A line and a title for every strategy, below the panels. */
static void write_legend(FILE *file, const struct roc_page *page, const struct layout *l)
{
    int y = l->top + N_ROC_CURVES / l->columns * panel_height(l), lines = legend_lines(page, l);
    const struct figtext_page text = {file, l->width, l->height};
    /* a key is no higher than its plot */
    figtext_place(&text, LEFT, y, l->width - LEFT, (lines + 1) * LEGEND);
    fprintf(file,
            "unset border; unset tics; unset xlabel; unset ylabel; unset grid\n"
            "set key at screen %.5f,%.5f left top Left reverse vertical "
            "maxrows %d samplen 2 spacing 1.25 font ''.plain(%g)\nplot ",
            (double)EDGE / l->width, 1 - (double)y / l->height, lines, LEGEND_POINTS);
    for (int i = 0; i < page->n_lines; i++) {
        char words[256];
        legend_words(page, i, words, sizeof words);
        fprintf(file, "%sNaN with lines lw 1.8%s lc rgb '%s' title ", i ? ", \\\n     " : "", dashes(page, i),
                balance_colour(group_of(page, i)->cell->strategy));
        gnuplot_quote(file, words);
    }
    fputc('\n', file);
}

static int write_script(const struct roc_page *page, const char *name, const struct figstyle *style,
                        const char *dir, struct err *err)
{
    struct layout l = lay_out(page, style);
    struct output out;
    const struct figtext_sheet sheet = sheet_of(page, &l);
    int rc = figtext_sheet_open(&out, dir, name, &sheet, style, err);
    if (rc < 0)
        return rc;
    fprintf(out.file,
            "f = '%s.tsv'\nset multiplot\nset xrange [0:1]; set yrange [0:1]; set xtics 0.2; set ytics 0.2\n",
            name);
    for (int kind = 0; kind < N_ROC_CURVES; kind++)
        write_panel(out.file, page, &l, kind);
    write_legend(out.file, page, &l);
    fputs("unset multiplot\nunset output\n", out.file);
    return output_close(&out, err);
}

int roc_page_write(const struct roc_page *page, const char *name, const struct figstyle *style,
                   const char *dir, struct err *err)
{
    int rc = write_data(page, name, dir, err);
    return rc == 0 ? write_script(page, name, style, dir, err) : rc;
}
