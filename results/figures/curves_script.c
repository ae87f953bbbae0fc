#include "figures/curves.h"

#include "strategies/balance.h"
#include "store/classes.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "write/output.h"
#include "paper/published.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels of a page, from the top; a row of panels holds its title, the accuracy, the
 * loss and the epochs' axis. */
enum {
    ROW_TITLE = 34,
    UPPER = 206,
    GAP = 16,
    LOWER = 124,
    ROW_REST = 120,   /* title, gap, axis and what separates rows */
    AXIS_NAME = 24,   /* of that, the word Epoch: panels below each other have it once */
    BROKEN_TITLE = 9, /* points */
    SMALL = 90,       /* a half of a panel that is less high has fewer ticks */
    LEFT = 100,
    RIGHT = 24,
    PANEL_WIDTH = 500,
    WIDE_PANEL_WIDTH = 760, /* of a page with one panel */
    LEAST_PANEL_WIDTH = 250,
    NARROW = 700, /* below it texts begin at the edge, and the legend has one column */
    EDGE = 14,
    LEGEND_LINE = 21
};

static const double LEAST_SHRINK = 0.35; /* of a panel: less shows nothing */
static const double LEAST_SHARE = 0.5; /* of a loss axis that curves take up, or they have one of their own */

/* What the whole page has in common. */
struct layout {
    int columns, rows, panel_width, width, height;
    int head, upper, lower, row, legend; /* heights */
    int text_left, text_width;
    char title[512], subtitle[512];
    struct figtext_notes notes;
    int epochs;      /* the last one any panel shows */
    double loss_top; /* end of the loss axis that panels share */
    int n_done, n_jobs;
    int bands, singles; /* 1: some panel has enough jobs for a band; some shows each of a few jobs */
    int inner;          /* 1: jobs of some panel have an inner set */
    int published_upper, published_loss; /* 1: some panel has such a curve */
};

static int has_published(const struct summary *summary, const struct summary_group *group, enum metric metric)
{
    double first; /* a published curve is whole */
    return curves_published(summary, group, SET_TEST, metric, &first, 1) > 0;
}

static int has_inner(const struct summary *summary, const struct summary_group *group)
{
    const struct stats_summary *curve = group->curve[SET_VAL][METRIC_LOSS];
    int any = 0;
    for (int e = 0; curve && e < summary->n_epochs; e++)
        any |= curve[e].n > 0;
    return any;
}

static void raise_to(double *top, double x)
{
    if (isfinite(x) && x > *top)
        *top = x;
}

/* The highest mean loss of a panel; one wild interval must not flatten its curves, so intervals count up to
 * one and a half times that. Published losses do not count: they leave the picture where they are higher. */
static double own_loss_top(const struct curves_page *page, int panel, int n_epochs)
{
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(page->summary->store, set);
    double top = 0, band = 0;
    for (int s = 0; s < n_sets; s++)
        for (int e = 0; e < n_epochs; e++) {
            raise_to(&top, page->panel[panel]->curve[set[s]][METRIC_LOSS][e].mean);
            raise_to(&band, page->panel[panel]->curve[set[s]][METRIC_LOSS][e].high);
        }
    band = fmin(band, 1.5 * top);
    return fmax(top, band) > 0 ? 1.05 * fmax(top, band) : 1;
}

/* The highest of all panels, which they share so that losses can be compared at a glance. */
static double shared_loss_top(const struct curves_page *page, int n_epochs)
{
    double top = 0;
    for (int i = 0; i < page->n_panels; i++)
        top = fmax(top, own_loss_top(page, i, n_epochs));
    return top;
}

/* End of a panel's loss axis: its own where the shared one would leave it less than a part of its height. */
static double loss_top(const struct curves_page *page, const struct layout *l, int panel)
{
    double own = own_loss_top(page, panel, l->epochs);
    return own < LEAST_SHARE * l->loss_top ? own : l->loss_top;
}

static int any_own_axis(const struct curves_page *page, const struct layout *l)
{
    int any = 0;
    for (int i = 0; i < page->n_panels; i++)
        any |= loss_top(page, l, i) < l->loss_top;
    return any;
}

/* The highest published loss of a panel, 0 without any. */
static double published_top(const struct curves_page *page, int panel, int n_epochs)
{
    double top = 0, *published = calloc((size_t)n_epochs + 1, sizeof *published);
    for (int s = 0; s < N_CURVE_SETS && published; s++)
        if (curves_published(page->summary, page->panel[panel], curve_sets[s], METRIC_LOSS, published,
                             n_epochs))
            for (int e = 0; e < n_epochs; e++)
                raise_to(&top, published[e]);
    free(published);
    return top;
}

static int any_published_beyond(const struct curves_page *page, const struct layout *l)
{
    int any = 0;
    for (int i = 0; i < page->n_panels; i++)
        any |= published_top(page, i, l->epochs) > loss_top(page, l, i);
    return any;
}

static int last_epoch(const struct curves_page *page)
{
    int last = 1;
    for (int i = 0; i < page->n_panels; i++)
        for (int e = last; e < page->summary->n_epochs; e++)
            if (page->panel[i]->curve[SET_TEST][METRIC_LOSS][e].n > 0)
                last = e + 1;
    return last;
}

static int any_leak(const struct curves_page *page)
{
    for (int i = 0; i < page->n_panels; i++)
        if (page->panel[i]->leak.mean > 0)
            return 1;
    return 0;
}

/* ---- texts ---- */

/* 1 when nothing was done about the classes' sizes: strategy none, and no all-cluster rule. */
static int is_plain(const struct curves_page *page)
{
    char title[128];
    curves_group_title(title, sizeof title, page->summary, page->panel[0], 0);
    return strcmp(title, balance_title("none")) == 0;
}

static void page_title(char *out, size_t size, const struct curves_page *page)
{
    char clusters[128];
    classes_title(page->summary->store, page->panel[0]->cell, clusters, sizeof clusters);
    snprintf(out, size, "%s, %s%s", clusters, is_plain(page) ? "unbalanced" : "rebalanced",
             page->part ? ", more strategies" : "");
    curves_append_factors(out, size, page->summary, page->panel[0], 0);
}

/* What a reader must know of a protocol before believing the curves. */
static const char *protocol_meaning(const char *protocol, int unbalanced)
{
    static const struct {
        const char *name, *meaning, *when_unbalanced;
    } meanings[] = {
        {"report", "rebalanced, then split: the test set may hold copies of training images",
         "shuffled, then split"},
        {"tail", "the last images, unshuffled, are the test set, maybe of one class only",
         "the last images, unshuffled, are the test set, maybe of one class only"},
        {"holdout", "split first, only the training part rebalanced", "stratified split"},
        {"kfold", "each fold judged once, only the training folds rebalanced; folds share images",
         "each fold judged once; folds share images"},
        {"given", "sets as the images came, only set train rebalanced; bands are over initial weights only",
         "sets as the images came; bands are over initial weights only"},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(protocol, meanings[i].name, strlen(meanings[i].name)) == 0)
            return unbalanced ? meanings[i].when_unbalanced : meanings[i].meaning;
    return "";
}

const char *curves_protocol_meaning(const char *protocol)
{
    return protocol_meaning(protocol, 0);
}

void curves_footer(char *out, size_t size, const struct summary *summary, const char *protocol, int n_done,
                   int n_jobs)
{
    const struct store *store = summary->store;
    char filter[SUMMARY_FILTER_SIZE];
    summary_filter_text(summary, filter, sizeof filter);
    const char *version = store_text(store, "version"), *commit = store_text(store, "commit");
    snprintf(out, size, "%s%sSweep %s%s%s. %d of %d jobs finished. cellsweep %s, commit %.16s.", filter,
             *filter ? ". " : "", store_text(store, "name"), protocol ? ", protocol " : "",
             protocol ? protocol : "", n_done, n_jobs, version, *commit ? commit : "unknown");
}

static void add_metric_note(struct figtext_notes *notes, const struct curves_page *page)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    if (classes_of(page->summary->store, page->panel[0]->cell, cluster) == 2)
        figtext_note(
            notes, "* What the report calls balanced accuracy; with two classes it equals accuracy while all "
                   "test images fit into one batch. The dotted line is the true one: the mean of the "
                   "classes' recalls.");
    else
        figtext_note(notes,
                     "* What the report calls balanced accuracy: (sensitivity + specificity) / 2 over "
                     "one-hot outputs, about 0.5 by guessing. The dotted line is the true one: the mean of "
                     "the classes' recalls.");
}

/* Of protocol tail no interval allows for images that splits share. */
static int any_widened(const struct curves_page *page)
{
    for (int i = 0; i < page->n_panels; i++)
        if (!isnan(page->panel[i]->test_ratio))
            return 1;
    return 0;
}

/* Where the jobs of a panel end at different epochs: how many are behind its points, "5 to epoch 34, 2 to
 * 100", in out. Returns how many steps there are. */
static int ends_text(char *out, size_t size, const struct curves_page *page, int panel)
{
    enum { MOST = 5 };
    const struct stats_summary *curve = page->panel[panel]->curve[SET_TEST][METRIC_LOSS];
    size_t used = 0;
    int steps = 0;
    *out = '\0';
    for (int e = 0, last = page->summary->n_epochs; e < last; e++) {
        if (curve[e].n == 0 || (e + 1 < last && curve[e + 1].n == curve[e].n))
            continue;
        if (++steps <= MOST && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%d to %s%d", steps > 1 ? ", " : "",
                                     curve[e].n, steps > 1 ? "" : "epoch ", e + 1);
    }
    if (steps > MOST && used < size)
        snprintf(out + used, size - used, ", ...");
    return steps;
}

/* "Jobs end at their own epochs: Undersampling n = 5 to epoch 34, 2 to 100; Oversampling n = ...", of the
 * panels where they do. */
static void add_ends_note(struct figtext_notes *notes, const struct curves_page *page)
{
    char text[800] = "";
    size_t used = 0;
    for (int i = 0; i < page->n_panels && used < sizeof text; i++) {
        char strategy[128], ends[160];
        if (ends_text(ends, sizeof ends, page, i) < 2)
            continue;
        curves_group_title(strategy, sizeof strategy, page->summary, page->panel[i], 0);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s n = %s", used ? "; " : "", strategy,
                                 ends);
    }
    if (used)
        figtext_note(notes, "Jobs end at their own epochs: %s.", text);
}

static int any_chosen(const struct curves_page *page, enum chosen_on on)
{
    for (int i = 0; i < page->n_panels; i++)
        if (page->panel[i]->chosen == on)
            return 1;
    return 0;
}

/* What stands below the legend, the footer last. */
static void collect_notes(struct layout *l, const struct curves_page *page, enum metric metric)
{
    const struct store_job *cell = page->panel[0]->cell;
    char footer[CURVES_FOOTER_SIZE];
    if (metric == METRIC_BALANCED_ACCURACY_AS_PUBLISHED)
        add_metric_note(&l->notes, page);
    if (l->bands || l->singles)
        figtext_note(&l->notes, "%s%s%s",
                     !l->bands ? ""
                     : any_widened(page)
                         ? "Bands: Student's t, widened where splits share images (Nadeau and Bengio 2003)."
                         : "Bands: Student's t.",
                     l->bands && l->singles ? " " : "",
                     l->singles ? "Thin lines: single jobs, where there are too few for an interval." : "");
    if (any_leak(page))
        figtext_note(&l->notes,
                     "Leak: test images that have a copy or an augmented sibling in training, mean.");
    if (l->published_loss) {
        int known = !classes_is_published_all(page->summary->store, cell);
        const char *beyond =
            any_published_beyond(page, l)
                ? " Where losses of it leave the picture, the words above say up to where they go."
                : "";
        figtext_note(&l->notes, "Published: a single run%s%s.%s%s", known ? ", protocol " : "",
                     known ? published_protocol(cell->strategy) : " of all clusters",
                     l->published_upper ? "" : " Losses only: the metric above was not published.", beyond);
    }
    if (any_own_axis(page, l))
        figtext_note(&l->notes, "Loss axes end where the curves of their panel do, so they differ.");
    add_ends_note(&l->notes, page);
    if (any_chosen(page, CHOSEN_TEST))
        figtext_note(&l->notes, "Epochs or settings were %s.", chosen_on_test);
    if (any_chosen(page, CHOSEN_ELSEWHERE))
        figtext_note(&l->notes, "A model was %s.", chosen_elsewhere);
    curves_footer(footer, sizeof footer, page->summary, cell->protocol, l->n_done, l->n_jobs);
    figtext_note(&l->notes, "%s", footer);
}

static void write_heading(FILE *file, const struct curves_page *page, struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    l->head = 3 + figtext_heading(&text, l->text_left, l->title, l->subtitle,
                                  store_synthetic(page->summary->store));
}

/* ---- layout ---- */

static void count_jobs(struct layout *l, const struct curves_page *page, enum metric metric)
{
    for (int i = 0; i < page->n_panels; i++) {
        const struct summary_group *group = page->panel[i];
        int n = group->n_state[JOB_DONE];
        l->bands |= n >= CURVES_FEW;
        l->singles |= curves_shows_jobs(group);
        l->n_done += n;
        l->n_jobs += group->n_jobs;
        l->inner |= has_inner(page->summary, group);
        l->published_upper |= has_published(page->summary, group, metric);
        l->published_loss |= has_published(page->summary, group, METRIC_LOSS);
    }
}

/* Two panels beside each other where they have room. */
static void divide_width(struct layout *l, const struct curves_page *page, const struct figstyle *style)
{
    int margins = LEFT + RIGHT;
    int own = page->n_panels > 1 ? 2 * (margins + PANEL_WIDTH) : margins + WIDE_PANEL_WIDTH;
    l->width = figstyle_width(style, own);
    l->columns = page->n_panels > 1 && l->width >= 2 * (margins + LEAST_PANEL_WIDTH) ? 2 : 1;
    l->rows = (page->n_panels + l->columns - 1) / l->columns;
    l->panel_width = l->width / l->columns - margins;
    l->text_left = l->width < NARROW ? EDGE : LEFT;
    l->text_width = l->width - l->text_left - EDGE;
}

static int legend_entries(const struct layout *l, enum metric metric)
{
    return 2 + l->inner + l->bands + 2 * (l->published_upper || l->published_loss) +
           (metric == METRIC_BALANCED_ACCURACY_AS_PUBLISHED);
}

/* A panel narrower than usual is less high, too; many of them below each other have to fit a sheet. */
static void divide_height(struct layout *l, enum metric metric, const struct figstyle *style)
{
    double shrink = l->rows > 2 ? 0.6 : fmin(1, fmax(0.6, l->panel_width / (double)PANEL_WIDTH));
    int shared = l->columns == 1 ? AXIS_NAME : 0;
    l->legend = l->width < NARROW ? 24 + LEGEND_LINE * legend_entries(l, metric) : 86;
    int rest = l->head + l->legend + figtext_notes_height(&l->notes, l->text_width) + 14;
    int room = (figstyle_height(style) - rest) / l->rows - ROW_REST + shared;
    shrink = fmax(LEAST_SHRINK, fmin(shrink, room / (double)(UPPER + LOWER)));
    l->upper = (int)(shrink * UPPER);
    l->lower = (int)(shrink * LOWER);
    l->row = l->upper + l->lower + ROW_REST - shared;
    l->height = rest + l->rows * l->row;
}

static struct layout lay_out(const struct curves_page *page, enum metric metric, const struct figstyle *style)
{
    const char *protocol = page->panel[0]->cell->protocol;
    struct layout l = {.epochs = last_epoch(page)};
    l.loss_top = shared_loss_top(page, l.epochs);
    count_jobs(&l, page, metric);
    divide_width(&l, page, style);
    page_title(l.title, sizeof l.title, page);
    snprintf(l.subtitle, sizeof l.subtitle, "Protocol %s: %s", protocol,
             protocol_meaning(protocol, is_plain(page)));
    collect_notes(&l, page, metric);
    write_heading(NULL, page, &l); /* only measured */
    divide_height(&l, metric, style);
    return l;
}

/* ---- script ---- */

/* A round step for four to nine ticks: the first that divides the epochs, else the smallest. */
static int epoch_step(int epochs)
{
    static const int round_steps[] = {1, 2, 5};
    int smallest = 0;
    for (int power = 1;; power *= 10)
        for (int i = 0; i < 3; i++) {
            int step = power * round_steps[i];
            if (step < (epochs + 7) / 8)
                continue;
            smallest = smallest ? smallest : step;
            if (step > epochs / 3)
                return smallest;
            if (epochs % step == 0)
                return step;
        }
}

/* The last tick stands at the last epoch; one just before it would be in its way. */
static void write_epoch_ticks(FILE *file, int epochs)
{
    int step = epoch_step(epochs);
    fputs("set xtics (0", file);
    for (int e = step; e < epochs && 2 * (epochs - e) >= step; e += step)
        fprintf(file, ", %d", e);
    fprintf(file, ", %d)\n", epochs);
}

static void write_macros(FILE *file, const struct layout *l, enum metric metric)
{
    fprintf(file,
            "\n"
            "metric = '%s'   # or accuracy, balanced_accuracy\n"
            "epochs = %d\n"
            "train = '" PALETTE_TRAIN "'\n"
            "test = '" PALETTE_TEST "'\n"
            "val = '" PALETTE_VAL "'\n"
            "strict = '" PALETTE_DARK "'\n"
            "# what a panel is made of: f is its data file, m the metric\n",
            metric_names[metric], l->epochs);
    fputs("cut(y) = y > top ? top : y   # a band that leaves a panel is not drawn outside of it\n"
          "band(s) = \"f using "
          "'epoch':(cut(column('\".s.\"_'.m.'_low'))):(cut(column('\".s.\"_'.m.'_high'))) with "
          "filledcurves fs transparent solid 0.25 noborder fc rgb \".s\n"
          "mean(s) = \"f using 'epoch':(column('\".s.\"_'.m)) with lines lw 2 lc rgb \".s\n"
          "paper(s) = \"f using 'epoch':(column('published_\".s.\"_'.m)) with lines lw 1.2 dt (7,4) lc "
          "rgb \".s\n"
          "single(s) = \"for [j=1:n_jobs] f using 'epoch':(column('\".s.\"_'.m.'_job'.j)) with lines lw 0.6 "
          "lc rgb \".s\n"
          "bands = band('train').', '.band('test')\n"
          "singles = single('train').', '.single('test')\n"
          "means = mean('train').', '.mean('test')\n",
          file);
    if (l->inner)
        fputs("bands = bands.', '.band('val')\n"
              "singles = singles.', '.single('val')\n"
              "means = means.', '.mean('val')\n",
              file);
    fputs("published = paper('train').', '.paper('test')\n"
          "true_balanced = \"f using 'epoch':'test_balanced_accuracy' with lines lw 1.5 dt (2,2.5) lc rgb "
          "strict\"\n"
          "\n"
          "set multiplot\n"
          "set xrange [0:epochs]\n",
          file);
    write_epoch_ticks(file, l->epochs);
}

/* Place the next plot: pixels from the left and the top. */
static void place(FILE *file, const struct layout *l, int left, int top, int width, int height)
{
    const struct figtext_page text = {file, l->width, l->height};
    figtext_place(&text, left, top, width, height);
}

static void panel_title(char *out, size_t size, const struct summary *summary,
                        const struct summary_group *group)
{
    int n = group->n_values, done = group->n_state[JOB_DONE];
    char missing[32] = "", leak[64] = "", counts[64], title[128];
    if (n < done)
        snprintf(missing, sizeof missing, ", %d jobs", done);
    else if (n < group->n_jobs)
        snprintf(missing, sizeof missing, " of %d", group->n_jobs);
    summary_leak_text(counts, sizeof counts, group);
    if (group->leak.mean > 0)
        snprintf(leak, sizeof leak, ", leak %.50s", counts);
    curves_group_title(title, sizeof title, summary, group, 0);
    snprintf(out, size, "%s (n = %d%s%s)", title, n, missing, leak);
}

/* The size of a panel's title; one too long for a line at a readable size is broken before its counts. */
static double fit_panel_title(char *title, int width)
{
    double points = figtext_fit(title, 12, width);
    char *counts = strrchr(title, '(');
    if (points >= BROKEN_TITLE)
        return points;
    counts[-1] = '\0';
    points = fmin(BROKEN_TITLE, fmin(figtext_fit(title, 12, width), figtext_fit(counts, 12, width)));
    counts[-1] = '\n';
    return points;
}

static const char *metric_label(enum metric metric)
{
    switch (metric) {
    case METRIC_BALANCED_ACCURACY_AS_PUBLISHED:
        return "Balanced accuracy\\nas published *";
    case METRIC_BALANCED_ACCURACY:
        return "Balanced accuracy";
    default:
        return "Accuracy";
    }
}

static void write_curves(FILE *file, const struct summary *summary, const struct summary_group *group,
                         enum metric metric, int with_true)
{
    const char *separator = "plot ";
    if (curves_shows_jobs(group) || group->n_state[JOB_DONE] >= CURVES_FEW) {
        fprintf(file, "%s@%s", separator, curves_shows_jobs(group) ? "singles" : "bands");
        separator = ", ";
    }
    if (has_published(summary, group, metric)) {
        fprintf(file, "%s@published", separator);
        separator = ", ";
    }
    fprintf(file, "%s@means%s\n", separator, with_true ? ", @true_balanced" : "");
}

static void write_upper(FILE *file, const struct summary *summary, const struct summary_group *group,
                        const struct layout *l, enum metric metric)
{
    char title[256];
    panel_title(title, sizeof title, summary, group);
    double points = fit_panel_title(title, l->panel_width + RIGHT);
    fprintf(file, "m = metric; top = 1.04; n_jobs = %d\nset title ", group->n_state[JOB_DONE]);
    gnuplot_quote(file, title);
    fprintf(file,
            " font bold(%.3g) offset 0,-0.4\n"
            "set ylabel \"%s\" font plain(%.3g) offset -0.6,0\n"
            "set yrange [0:1.04]; set ytics %g; set xtics format ''; unset xlabel\n",
            points, metric_label(metric),
            figtext_fit(metric_label(METRIC_BALANCED_ACCURACY), 12, l->upper + 2 * GAP),
            l->upper < SMALL ? 0.5 : 0.2);
    write_curves(file, summary, group, metric, metric == METRIC_BALANCED_ACCURACY_AS_PUBLISHED);
}

/* A round step, so that about four of them make the axis. */
static double tick_step(double top)
{
    double power = pow(10, floor(log10(top / 3.5))), step = top / 3.5 / power;
    return power * (step < 1.5 ? 1 : step < 3 ? 2 : step < 7.5 ? 5 : 10);
}

/* named: the axis has its name. Above the losses stands up to where a published one goes that leaves them. */
static void write_lower(FILE *file, const struct curves_page *page, const struct layout *l, int panel,
                        int named)
{
    double top = loss_top(page, l, panel), published = published_top(page, panel, l->epochs);
    fprintf(file,
            "m = 'loss'; top = %.4g\n"
            "unset title\n"
            "set ylabel 'Loss' font plain(12) offset -0.6,0\n"
            "set yrange [0:top]; set ytics %g; set xtics format '%%g'%s\n",
            top, tick_step((l->lower < SMALL ? 2 : 1) * top),
            named ? "; set xlabel 'Epoch' font plain(12) offset 0,0.6" : "");
    if (published > top)
        fprintf(file,
                "set label 1 'published: up to %.3g ↑' at graph 1,1 right offset 0,0.5 font plain(9) "
                "textcolor rgb '" PALETTE_GREY "'\n",
                published);
    write_curves(file, page->summary, page->panel[panel], METRIC_LOSS, 0);
    if (published > top)
        fputs("unset label 1\n", file);
}

static void write_panel(FILE *file, const struct curves_page *page, const struct layout *l, int panel,
                        enum metric metric)
{
    int left = LEFT + panel % l->columns * (LEFT + l->panel_width + RIGHT);
    int top = l->head + panel / l->columns * l->row + ROW_TITLE;
    char data[CURVES_NAME_SIZE + CONFIG_WORD_SIZE + 8];
    curves_panel_file(data, sizeof data, page, panel);
    fprintf(file, "\nf = '%s'\n", data);
    place(file, l, left, top, l->panel_width, l->upper);
    write_upper(file, page->summary, page->panel[panel], l, metric);
    place(file, l, left, top + l->upper + GAP, l->panel_width, l->lower);
    write_lower(file, page, l, panel, l->columns > 1 || panel == page->n_panels - 1);
}

static void write_key_entry(FILE *file, const char *separator, const char *style, const char *title)
{
    fprintf(file, "%s keyentry with %s title ", separator, style);
    gnuplot_quote(file, title);
}

static void write_band_entry(FILE *file, const struct layout *l)
{
    if (l->bands)
        write_key_entry(file, ",",
                        "filledcurves fs transparent solid 0.35 noborder fc rgb '" PALETTE_BAND "'",
                        "95 % interval of the mean");
}

static void write_mean_entries(FILE *file, const struct layout *l)
{
    fputs("plot -1 notitle,", file); /* out of sight: gnuplot 5.4 cannot draw a key alone */
    write_key_entry(file, "", "lines lw 2 lc rgb train", "Training");
    write_key_entry(file, ",", "lines lw 2 lc rgb test", "Test set");
    if (l->inner)
        write_key_entry(file, ",", "lines lw 2 lc rgb val", "Inner set, val");
}

/* The legend is a plot of nothing: it belongs to the page, not to a panel. Entries go down its columns, of
 * two rows on a wide page and of three on a narrow one, so the band's place differs. */
static void write_legend(FILE *file, const struct layout *l, enum metric metric)
{
    int wide = l->columns > 1, lines = l->width < NARROW ? legend_entries(l, metric) : wide ? 2 : 3;
    place(file, l, 20, l->head + l->rows * l->row + 10, l->width - 40, l->legend - 24);
    fprintf(file,
            "set key at graph 0.5,0.5 center center horizontal Left reverse maxrows %d samplen 2.5 spacing "
            "1.1*tight font ''.plain(11)\n"
            "unset border; unset tics; unset xlabel; unset ylabel; unset grid\n"
            "set xrange [0:1]; set yrange [0:1]\n",
            lines);
    write_mean_entries(file, l);
    if (!wide)
        write_band_entry(file, l);
    if (l->published_upper || l->published_loss) {
        write_key_entry(file, ",", "lines lw 1.2 dt (7,4) lc rgb train", "Training, published");
        write_key_entry(file, ",", "lines lw 1.2 dt (7,4) lc rgb test", "Published (there: validation)");
    }
    if (wide)
        write_band_entry(file, l);
    if (metric == METRIC_BALANCED_ACCURACY_AS_PUBLISHED)
        write_key_entry(file, ",", "lines lw 1.5 dt (2,2.5) lc rgb strict",
                        "Test set, true balanced accuracy");
    fputs("\nunset multiplot\nunset output\n", file);
}

static void write_notes(FILE *file, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    figtext_write_foot(&text, l->text_left, l->text_width, 18, &l->notes);
}

int curves_write_script(const struct curves_page *page, enum metric metric, const struct figstyle *style,
                        const char *dir, struct err *err)
{
    struct layout l = lay_out(page, metric, style);
    struct output out;
    int rc = gnuplot_open(&out, dir, page->name, l.width, l.height, style, err);
    if (rc < 0)
        return rc;
    write_macros(out.file, &l, metric);
    for (int i = 0; i < page->n_panels; i++)
        write_panel(out.file, page, &l, i, metric);
    fputc('\n', out.file);
    write_heading(out.file, page, &l);
    write_notes(out.file, &l);
    write_legend(out.file, &l, metric);
    return output_close(&out, err);
}
