#include "figures/models_page.h"

#include "figures/costaxis.h"
#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "figures/marks.h"
#include "figures/pagename.h"
#include "write/output.h"

#include <math.h>
#include <string.h>

/* ---- what is drawn ---- */

int models_page_drawn(const struct summary *summary, const struct which_model *which, int p)
{
    const struct which_place *place = &which->place[p];
    int timed = 0, shown = 0;
    for (int v = 0; v < place->ranking->n_values; v++)
        timed += place->value[v].timed;
    for (int i = 0; i < place->ranking->n_datasets * place->ranking->n_values; i++)
        for (int g = 0; g < summary->n_groups && !shown; g++)
            shown = combination_same(summary->group[g].cell, place->point[i].group->cell, 0);
    return timed > 0 && shown;
}

static unsigned own_of(const struct summary *summary)
{
    return combination_own(summary->store, FACTOR_MODEL);
}

void models_page_name(const struct summary *summary, const struct which_model *which, int p, char *out)
{
    const struct summary_group *group = which->place[p].point[0].group;
    snprintf(out, PAGENAME_SIZE, "models_");
    pagename_append_strategy(out, summary, group);
    pagename_append_cell(out, summary, group, own_of(summary));
}

static int write_data(const struct summary *summary, const struct which_place *place, const char *name,
                      const char *dir, struct err *err)
{
    struct output out;
    char title[COMBINATION_LABEL_SIZE];
    int n = place->ranking->n_datasets, k = place->ranking->n_values;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    fputs("model\tset\tclusters\tseconds\tbalanced_accuracy\tlow\thigh\taverage_rank\tname\n", out.file);
    for (int v = 0; v < k; v++) {
        const struct which_value *value = &place->value[v];
        which_model_name(summary, value->cell, title);
        fprintf(out.file, "%d\t-1\tmean\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%s\n", v, value->seconds,
                value->balanced, value->low, value->high, value->rank, title);
        for (int d = 0; d < n; d++) {
            const struct which_point *point = &place->point[d * k + v];
            fprintf(out.file, "%d\t%d\t%s\t%.9g\t%.9g\t%.9g\t%.9g\tNaN\t%s\n", v, d,
                    point->group->cell->clusters, point->seconds, point->balanced.mean, point->balanced.low,
                    point->balanced.high, title);
        }
    }
    return output_close(&out, err);
}

/* ---- layout ---- */

/* Pixels. */
enum {
    WIDTH = 900,
    LEFT = 78,
    RIGHT = 62, /* for the word chance */
    EDGE = 14,
    PLOT = 320, /* height */
    LEAST_PLOT = 330,
    AXIS = 56,
    LEGEND = 240, /* width beside the plot */
    LINE = 20,    /* of the legend, and of the diagram */
    RANK_NAMES = 210,
    RANK_TOP = 86, /* from the plot's end to the axis of ranks */
    BAR = 7,       /* between bars of the diagram */
    MARK = 11      /* of a model, beside its name */
};

/* Colours times shapes: no two of 64 models have both alike, and near colours have other shapes. */
static const char *const colours[] = {PALETTE_BLUE,   PALETTE_VERMILION, PALETTE_GREEN, PALETTE_PURPLE,
                                      PALETTE_ORANGE, PALETTE_SKY,       PALETTE_BLACK, PALETTE_WINE,
                                      PALETTE_INDIGO, PALETTE_OLIVE,     PALETTE_BROWN, PALETTE_FOREST};

enum { N_COLOURS = sizeof colours / sizeof *colours };

struct look {
    const char *colour;
    struct mark shape;
};

static struct look look_of(const struct which_value *value)
{
    int v = value->number;
    return (struct look){colours[v % N_COLOURS], marks[(v + v / N_COLOURS) % N_MARKS]};
}

struct bar {
    int first, last; /* places in the order of ranks that it joins */
};

struct layout {
    int width, height, top, plot_width, below; /* below: the legend stands below the plot */
    int rank_y, rank_left, rank_right;         /* the axis of ranks; 0: there is none */
    int order[RANKS_MAX_STRATEGIES], n_bars;
    struct bar bar[RANKS_MAX_STRATEGIES];
    struct costaxis axis; /* of the plot */
    char title[1024], subtitle[512];
    struct figtext_notes notes;
};

/* The longest runs of models that are not shown to differ, none within another. */
static void find_bars(struct layout *l, const struct which_place *place)
{
    int k = place->ranking->n_values, reached = -1;
    which_model_order(place, l->order);
    for (int i = 0; i < k && place->ranking->tested && !isnan(place->ranking->test.critical); i++) {
        int last = i;
        while (last + 1 < k && !which_model_differs(place, place->value[l->order[i]].rank,
                                                    place->value[l->order[last + 1]].rank))
            last++;
        if (last > i && last > reached)
            l->bar[l->n_bars++] = (struct bar){i, last};
        reached = last > reached ? last : reached;
    }
}

/* Beside jobs of seconds those of less than a hundredth take no time: they would push the others together. */
static double least_seconds(const struct which_place *place)
{
    double slowest = 0;
    for (int i = 0; i < place->ranking->n_datasets * place->ranking->n_values; i++)
        slowest = fmax(slowest, place->point[i].seconds);
    return slowest >= 1 ? 0.01 : 0;
}

static void find_ranges(struct layout *l, const struct which_place *place)
{
    int k = place->ranking->n_values, n = place->ranking->n_datasets;
    l->axis = costaxis_begin(least_seconds(place));
    costaxis_accuracy(&l->axis, place->chance);
    for (int i = 0; i < n * k; i++) {
        costaxis_cost(&l->axis, place->point[i].seconds);
        costaxis_accuracy(&l->axis, place->point[i].balanced.mean);
    }
    for (int v = 0; v < k; v++) {
        costaxis_accuracy(&l->axis, place->value[v].low);
        costaxis_accuracy(&l->axis, place->value[v].high);
    }
    costaxis_end(&l->axis);
}

static int has_faster(const struct layout *l, const struct which_place *place)
{
    for (int i = 0; i < place->ranking->n_datasets * place->ranking->n_values; i++)
        if (place->point[i].seconds < l->axis.least)
            return 1;
    return 0;
}

static void describe_points(struct layout *l, const struct which_place *place)
{
    int n = place->ranking->n_datasets;
    if (n == 1)
        figtext_note(&l->notes,
                     "Points: means over runs%s. Seconds: median from start to end of a job on its "
                     "core, judging included; another machine has others.",
                     place->value[0].runs > 1 ? ", bars their 95 % interval" : "");
    else
        figtext_note(&l->notes,
                     "Large points: means over %d sets of clusters; small points: each of them. Seconds: "
                     "median from start to end of a job on its core, judging included; another machine has "
                     "others.",
                     n);
    if (has_faster(l, place))
        figtext_note(&l->notes, "Jobs of less than %g s stand at %g s.", l->axis.least, l->axis.least);
}

static const char *ranks_meaning(const struct compare_ranking *r)
{
    return !r->tested                        ? "are of too few sets of clusters for a test"
           : !(r->test.p_f < contrast_alpha) ? "are no evidence that models differ"
           : isnan(r->test.critical)         ? "differ; models are too many for a critical difference"
                                             : "differ: bars join models that are not shown to";
}

static void collect_texts(struct layout *l, const struct summary *summary, const struct which_model *which,
                          int p)
{
    const struct which_place *place = &which->place[p];
    const struct summary_group *group = place->point[0].group;
    char footer[CURVES_FOOTER_SIZE], strategy[128], words[900] = "";
    int done = 0, jobs = 0;
    curves_group_title(strategy, sizeof strategy, summary, group, own_of(summary));
    snprintf(l->title, sizeof l->title, "Which model: %s", strategy);
    curves_append_factors(l->title, sizeof l->title, summary, group,
                          own_of(summary) | combination_own(summary->store, FACTOR_STRATEGY));
    snprintf(l->subtitle, sizeof l->subtitle, "Protocol %s: %s", group->cell->protocol,
             curves_protocol_meaning(group->cell->protocol));
    FILE *file = fmemopen(words, sizeof words, "w");
    if (file) {
        which_model_words(file, summary, which, p);
        fclose(file);
    }
    figtext_note(&l->notes, "%s", words);
    describe_points(l, place);
    if (place->ranking->n_datasets > 1)
        figtext_note(&l->notes, "Average ranks %s.", ranks_meaning(place->ranking));
    for (int i = 0; i < place->ranking->n_datasets * place->ranking->n_values; i++) {
        done += place->point[i].group->n_state[JOB_DONE];
        jobs += place->point[i].group->n_jobs;
    }
    curves_footer(footer, sizeof footer, summary, group->cell->protocol, done, jobs);
    figtext_note(&l->notes, "%s", footer);
}

static int write_heading(FILE *file, const struct summary *summary, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    return 8 + figtext_heading(&text, EDGE, l->title, l->subtitle, store_synthetic(summary->store));
}

static struct layout lay_out(const struct summary *summary, const struct which_model *which, int p,
                             const struct figstyle *style)
{
    const struct which_place *place = &which->place[p];
    int k = place->ranking->n_values;
    struct layout l = {.width = figstyle_width(style, WIDTH)};
    l.plot_width = l.width - LEFT - RIGHT - LEGEND;
    l.below = l.plot_width < LEAST_PLOT;
    if (l.below)
        l.plot_width = l.width - LEFT - RIGHT;
    find_ranges(&l, place);
    find_bars(&l, place);
    collect_texts(&l, summary, which, p);
    l.top = write_heading(NULL, summary, &l);
    l.height = l.top + PLOT + AXIS + (l.below ? 10 + LINE * k : 0);
    if (place->ranking->n_datasets > 1) {
        l.rank_y = l.height + RANK_TOP;
        l.rank_left = l.width > 700 ? EDGE + RANK_NAMES : EDGE + RANK_NAMES * 3 / 4;
        l.rank_right = l.width - l.rank_left;
        l.height = l.rank_y + 14 + BAR * l.n_bars + LINE * ((k + 1) / 2) + 14;
    }
    l.height += 14 + figtext_notes_height(&l.notes, l.width - 2 * EDGE);
    return l;
}

/* ---- the diagram of ranks ---- */

static void line(FILE *file, const struct layout *l, double x0, double y0, double x1, double y1,
                 const char *look)
{
    fprintf(file, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead %s\n", x0 / l->width,
            1 - y0 / l->height, x1 / l->width, 1 - y1 / l->height, look);
}

static double rank_x(const struct layout *l, const struct which_place *place, double rank)
{
    return l->rank_left + (l->rank_right - l->rank_left) * (rank - 1) / (place->ranking->n_values - 1);
}

static void write_rank_axis(FILE *file, const struct layout *l, const struct which_place *place)
{
    const struct figtext_page text = {file, l->width, l->height};
    const struct compare_ranking *r = place->ranking;
    char words[200], number[16];
    snprintf(words, sizeof words, "Average ranks over %d sets of clusters", r->n_datasets);
    figtext_label(&text, EDGE, l->rank_y - RANK_TOP + 26, "left font bold(11)", words);
    line(file, l, l->rank_left, l->rank_y, l->rank_right, l->rank_y, "lw 1.2 lc rgb '" PALETTE_GREY "'");
    for (int rank = 1; rank <= r->n_values; rank++) {
        double x = rank_x(l, place, rank);
        line(file, l, x, l->rank_y - 4, x, l->rank_y, "lw 1.2 lc rgb '" PALETTE_GREY "'");
        snprintf(number, sizeof number, "%d", rank);
        figtext_label(&text, (int)x, l->rank_y - 12, "center font plain(10)", number);
    }
    if (!r->tested || isnan(r->test.critical))
        return;
    double y = l->rank_y - 28, x0 = rank_x(l, place, 1), x1 = rank_x(l, place, 1 + r->test.critical);
    line(file, l, x0, y, fmin(x1, l->width - EDGE), y, "lw 1.6 lc rgb '" PALETTE_DARK "'");
    line(file, l, x0, y - 3, x0, y + 3, "lw 1.6 lc rgb '" PALETTE_DARK "'");
    if (x1 < l->width - EDGE)
        line(file, l, x1, y - 3, x1, y + 3, "lw 1.6 lc rgb '" PALETTE_DARK "'");
    snprintf(words, sizeof words, "critical difference %.2f", r->test.critical);
    figtext_label(&text, EDGE, (int)y, "left font plain(9.5) textcolor rgb '" PALETTE_GREY "'", words);
}

static void name_text(char *out, size_t size, const struct summary *summary, const struct which_value *value)
{
    char name[COMBINATION_LABEL_SIZE];
    snprintf(out, size, "%.40s  %.2f", which_model_name(summary, value->cell, name), value->rank);
}

/* The size in which all names have room beside the axis. */
static double names_size(const struct summary *summary, const struct layout *l,
                         const struct which_place *place)
{
    double points = 10.5;
    char words[96];
    for (int v = 0; v < place->ranking->n_values; v++) {
        name_text(words, sizeof words, summary, &place->value[v]);
        points = fmin(points, figtext_fit(words, points, l->rank_left - EDGE - 12 - MARK));
    }
    return points;
}

static void write_mark(FILE *file, const struct layout *l, double x, double y, const struct look *mark)
{
    fprintf(file, "set label '' at screen %.5f,%.5f point pt %d ps mark*%.3g lc rgb '%s'\n", x / l->width,
            1 - y / l->height, mark->shape.filled, mark->shape.size * 0.75, mark->colour);
}

/* The better half has its names on the left, the other on the right, the outermost on top. */
static void write_rank_names(FILE *file, const struct summary *summary, const struct layout *l,
                             const struct which_place *place)
{
    const struct figtext_page text = {file, l->width, l->height};
    int k = place->ranking->n_values, half = (k + 1) / 2;
    double points = names_size(summary, l, place);
    for (int i = 0; i < k; i++) {
        const struct which_value *value = &place->value[l->order[i]];
        char words[96], look[96];
        int left = i < half, level = left ? i : k - 1 - i;
        double x = rank_x(l, place, value->rank), y = l->rank_y + 18 + BAR * l->n_bars + LINE * level;
        double end = left ? l->rank_left - 8 : l->rank_right + 8;
        const struct look mark = look_of(value);
        snprintf(look, sizeof look, "lw 1.2 lc rgb '%s'", mark.colour);
        line(file, l, x, l->rank_y, x, y, look);
        line(file, l, x, y, end, y, look);
        write_mark(file, l, end, y, &mark);
        name_text(words, sizeof words, summary, value);
        snprintf(look, sizeof look, "%s font plain(%.3g)", left ? "right" : "left", points);
        figtext_label(&text, (int)end + (left ? -MARK : MARK), (int)y, look, words);
    }
}

static void write_ranks(FILE *file, const struct summary *summary, const struct layout *l,
                        const struct which_place *place)
{
    write_rank_axis(file, l, place);
    write_rank_names(file, summary, l, place);
    for (int i = 0; i < l->n_bars; i++) {
        double y = l->rank_y + 8 + BAR * i;
        double first = rank_x(l, place, place->value[l->order[l->bar[i].first]].rank);
        double last = rank_x(l, place, place->value[l->order[l->bar[i].last]].rank);
        line(file, l, first - 3, y, last + 3, y, "front lw 4 lc rgb '" PALETTE_DARK "'");
    }
}

/* ---- the plot ---- */

static void write_axes(FILE *file, const struct layout *l, double chance)
{
    double w = l->width, h = l->height;
    const struct figtext_page text = {file, l->width, l->height};
    figtext_place(&text, LEFT, l->top, l->plot_width, PLOT);
    costaxis_write(file, &l->axis);
    fputs("set xlabel 'Seconds a job' offset 0,0.4; set ylabel 'Test balanced accuracy'\n", file);
    costaxis_chance(file, chance);
    int x = l->below ? LEFT : LEFT + l->plot_width + RIGHT, y = l->below ? l->top + PLOT + AXIS : l->top;
    fprintf(
        file,
        "set key at screen %.5f,%.5f left top Left reverse vertical maxcols 1 samplen 1 spacing 1.25*tight "
        "font ''.plain(10.5)\n",
        x / w, 1 - y / h);
}

/* gnuplot complains of a plot without a point. */
static void write_points(FILE *file, const struct layout *l, const struct summary *summary,
                         const struct which_place *place)
{
    int several = place->ranking->n_datasets > 1;
    const char *separator = "plot ";
    fprintf(file, "drawn(seconds) = seconds < %.9g ? %.9g : seconds\n", l->axis.least, l->axis.least);
    for (int v = 0; v < place->ranking->n_values; v++) {
        const struct which_value *value = &place->value[v];
        const struct look look = look_of(value);
        char title[COMBINATION_LABEL_SIZE];
        if (value->timed == 0)
            continue;
        fprintf(file,
                "%sf using (column('model') == %d && column('set') %s ? drawn(column('seconds')) : NaN):",
                separator, v, several ? ">= 0" : "== -1");
        if (several)
            fprintf(file, "'balanced_accuracy' with points notitle pt %d ps mark*%.3g lw 1.2 lc rgb '%s'",
                    look.shape.hollow, look.shape.size * 0.55, look.colour);
        else
            fprintf(file, "'balanced_accuracy':%s:%s with yerrorbars notitle lw 1.2 pt -1 ps 0 lc rgb '%s'",
                    isnan(value->low) ? "'balanced_accuracy'" : "'low'",
                    isnan(value->low) ? "'balanced_accuracy'" : "'high'", look.colour);
        fprintf(
            file,
            ", \\\n     f using (column('model') == %d && column('set') == -1 ? drawn(column('seconds')) : "
            "NaN):'balanced_accuracy' with points pt %d ps mark*%.3g lc rgb '%s' title ",
            v, look.shape.filled, look.shape.size, look.colour);
        gnuplot_quote(file, which_model_name(summary, value->cell, title));
        separator = ", \\\n     ";
    }
    fputs("\nunset output\n", file);
}

int models_page_write(const struct summary *summary, const struct which_model *which, int p, const char *name,
                      const struct figstyle *style, const char *dir, struct err *err)
{
    const struct which_place *place = &which->place[p];
    struct layout l = lay_out(summary, which, p, style);
    struct output out;
    int rc = write_data(summary, place, name, dir, err);
    if (rc == 0)
        rc = gnuplot_open(&out, dir, name, l.width, l.height, style, err);
    if (rc != 0)
        return rc;
    const struct figtext_page page = {out.file, l.width, l.height};
    write_heading(out.file, summary, &l);
    figtext_write_foot(&page, EDGE, l.width - 2 * EDGE, 0, &l.notes);
    if (l.rank_y > 0)
        write_ranks(out.file, summary, &l, place);
    write_axes(out.file, &l, place->chance);
    fprintf(out.file, "f = '%s.tsv'\n", name);
    write_points(out.file, &l, summary, place);
    return output_close(&out, err);
}
