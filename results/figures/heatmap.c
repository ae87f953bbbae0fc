#include "figures/heatmap.h"

#include "store/classes.h"
#include "utf8.h"
#include "figures/curves.h"
#include "figures/figtext.h"
#include "figures/gnuplot.h"
#include "write/output.h"
#include "store/repeat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static const struct store_job *job_of(const struct heatmap *h, int i)
{
    return &store_jobs(h->summary->store)[h->group->job[i]];
}

/* 1: the folds of a repeat are summed. */
static int is_pooled(const struct heatmap *h)
{
    return h->set == SET_TEST && protocol_is_kfold(h->group->cell->protocol);
}

static int same_unit(const struct heatmap *h, int i, int k)
{
    const struct store_job *a = job_of(h, i), *b = job_of(h, k);
    return i == k || (is_pooled(h) && a->seed == b->seed && a->repeat == b->repeat);
}

/* 1 when no finished job before i is of its unit. */
static int is_first_of_unit(const struct heatmap *h, int i)
{
    for (int k = 0; k < i; k++)
        if (same_unit(h, i, k))
            return 0;
    return 1;
}

/* Add the matrix of one job (c, c), c the store's classes, to sum (n, n). matrix is scratch (c, c). */
static int add_job(const struct heatmap *h, int i, int *matrix, int *sum, struct err *err)
{
    int c = store_n_classes(h->summary->store);
    int rc = store_read_confusion(h->summary->store, h->group->job[i], h->set, matrix, err);
    for (int row = 0; row < h->n && rc == 0; row++)
        for (int column = 0; column < h->n; column++)
            if (matrix[row * c + column] > 0)
                sum[row * h->n + column] += matrix[row * c + column];
    return rc;
}

/* The unit of job i: its matrix joins the counts. Returns its balanced accuracy in *balanced. */
static int add_unit(struct heatmap *h, int i, int *matrix, int *sum, double *balanced, struct err *err)
{
    int rc = 0;
    memset(sum, 0, (size_t)(h->n * h->n) * sizeof *sum);
    for (int k = i; k < h->group->n_state[JOB_DONE] && rc == 0; k++)
        if (same_unit(h, i, k))
            rc = add_job(h, k, matrix, sum, err);
    for (int k = 0; k < h->n * h->n; k++)
        h->count[k] += sum[k];
    *balanced = stats_balanced_accuracy(sum, h->n);
    return rc;
}

/* balanced and count are used up. Runs of one split are one value where a unit is a job (summary.h). */
static void finish_means(struct heatmap *h, double *balanced, int *count)
{
    double right = 0, all = 0;
    for (int k = 0; k < h->n * h->n; k++) {
        h->count[k] /= h->n_units;
        all += h->count[k];
        right += k % (h->n + 1) == 0 ? h->count[k] : 0;
    }
    h->accuracy = all > 0 ? right / all : nan("");
    double ratio = h->set == SET_TEST && !is_pooled(h) ? h->group->test_ratio : nan("");
    int n = stats_pool(balanced, is_pooled(h) ? NULL : h->group->first, h->n_units, count);
    h->balanced = stats_within(stats_of_splits(balanced, n, ratio, summary_level), 0, 1);
}

static int add_units(struct heatmap *h, struct err *err)
{
    size_t c = (size_t)store_n_classes(h->summary->store), n = (size_t)h->n;
    int n_jobs = h->group->n_state[JOB_DONE], rc = 0;
    int *matrix = err_calloc(c * c, sizeof *matrix, "a confusion matrix", err);
    int *sum = err_calloc(n * n, sizeof *sum, "a confusion matrix", err);
    double *balanced = err_calloc((size_t)n_jobs, sizeof *balanced, "balanced accuracies", err);
    int *count = err_calloc((size_t)n_jobs, sizeof *count, "balanced accuracies", err);
    if (!matrix || !sum || !balanced || !count)
        rc = E_IO;
    for (int i = 0; i < n_jobs && rc == 0; i++)
        if (is_first_of_unit(h, i))
            rc = add_unit(h, i, matrix, sum, &balanced[h->n_units++], err);
    if (rc == 0)
        finish_means(h, balanced, count);
    free(count);
    free(matrix);
    free(sum);
    free(balanced);
    return rc;
}

int heatmap_new(const struct summary *summary, const struct summary_group *group, enum image_set set,
                struct heatmap **out, struct err *err)
{
    struct heatmap *h = err_calloc(1, sizeof *h, "a confusion matrix", err);
    int rc = 0, c = store_n_classes(summary->store);
    *out = NULL;
    if (!h)
        return E_IO;
    h->summary = summary;
    h->group = group;
    h->set = set;
    h->n = classes_of(summary->store, group->cell, h->cluster);
    h->n = h->n < c ? h->n : c;
    h->count = err_calloc((size_t)h->n * (size_t)h->n, sizeof *h->count, "a confusion matrix", err);
    rc = h->count ? add_units(h, err) : E_IO;
    if (rc < 0)
        heatmap_free(h);
    else
        *out = h;
    return rc;
}

void heatmap_free(struct heatmap *heatmap)
{
    if (!heatmap)
        return;
    free(heatmap->count);
    free(heatmap);
}

/* ---- data file ---- */

static double class_size(const struct heatmap *h, int actual)
{
    double n = 0;
    for (int predicted = 0; predicted < h->n; predicted++)
        n += h->count[actual * h->n + predicted];
    return n;
}

/* What a cell shows: a count, or its percentage of the actual class (NaN: no such image). */
static double cell_value(const struct heatmap *h, int predicted, int actual, int percent)
{
    double count = h->count[actual * h->n + predicted], n = class_size(h, actual);
    if (!percent)
        return count;
    return n > 0 ? 100 * count / n : nan("");
}

static double largest_value(const struct heatmap *h, int percent)
{
    double top = 0;
    if (percent)
        return 100;
    for (int k = 0; k < h->n * h->n; k++)
        top = fmax(top, h->count[k]);
    return top > 0 ? top : 1;
}

/* As few characters as tell what it is; a mean that is not 0 never reads 0. */
static void cell_text(char *out, size_t size, double x, int percent)
{
    if (isnan(x))
        snprintf(out, size, "-");
    else if (percent && x > 0 && x < 0.5)
        snprintf(out, size, "<1");
    else if (percent || x >= 99.95 || fabs(x - round(x)) < 1e-9)
        snprintf(out, size, "%.0f", x);
    else
        snprintf(out, size, x < 0.05 ? "<.1" : "%.1f", x);
}

/* Ink of a cell's text: 0 pale for zeros, 1 dark on light cells, 2 white on dark ones. At 45 % of the scale
 * the two have the same contrast with the palette (WCAG ratio 4.5 to 4.7). */
static int cell_ink(double x, double top)
{
    if (isnan(x) || x <= 0)
        return 0;
    return x < 0.45 * top ? 1 : 2;
}

/* Numbers stand among the columns; names behind them, where a quote in one ends no other column. */
static void write_classes(FILE *file, const struct heatmap *h, int p, int a)
{
    char room[2][CLASS_NAME_SIZE];
    fprintf(file, "\t%s\t%s", class_title(h->cluster[p], room[0]), class_title(h->cluster[a], room[1]));
}

static void write_rows(FILE *file, const struct heatmap *h, int percent)
{
    double top = largest_value(h, percent);
    char text[32];
    int named = class_any_named(h->cluster, h->n);
    fprintf(file, "row\tcolumn%s\tcount\tpercent\tvalue\ttext\tink%s\n", named ? "" : "\tpredicted\tactual",
            named ? "\tpredicted\tactual" : "");
    for (int a = 0; a < h->n; a++)
        for (int p = 0; p < h->n; p++) {
            double x = cell_value(h, p, a, percent), share = cell_value(h, p, a, 1);
            cell_text(text, sizeof text, x, percent);
            fprintf(file, "%d\t%d", a, p);
            if (!named)
                write_classes(file, h, p, a);
            fprintf(file, "\t%.9g", h->count[a * h->n + p]);
            fprintf(file, isnan(share) ? "\tNaN" : "\t%.9g", share);
            fprintf(file, "\t%.9g\t%s\t%d", isnan(x) ? 0 : x, text, cell_ink(x, top));
            if (named)
                write_classes(file, h, p, a);
            putc('\n', file);
        }
}

/* ---- script ---- */

/* Pixels of the page. */
enum { LETTERS = 24 }; /* of a name beside the picture */
enum { LEFT = 84, BAR_GAP = 22, BAR = 20, RIGHT = 84, NARROWEST = 780, EDGE = 14, NUMBERS = 52, AXIS = 52 };

struct page {
    int cell, grid, width, height, top;
    int left, axis,
        turned; /* room for the names of classes: left of the picture, and below; 1: turned there */
    int text_left, text_width;
    char title[512], subtitle[512], balanced[128], accuracy[128];
    struct figtext_notes notes; /* below the picture, the footer last */
};

/* Beyond 100 classes cells have no texts: 40 000 of them make an SVG of 11 MB that nobody can read. */
static int cell_pixels(int n)
{
    return n <= 4 ? 110 : n <= 10 ? 56 : n <= 18 ? 40 : n <= 32 ? 30 : n <= 60 ? 900 / n : n <= 100 ? 15 : 8;
}

static const char *judged_on(const struct heatmap *h)
{
    const char *protocol = h->group->cell->protocol;
    if (h->set == SET_ALL)
        return "On all original images, training images included";
    if (protocol_is_kfold(protocol))
        return "Out of fold: judged by models that did not see them";
    if (strcmp(protocol, "holdout") == 0)
        return "On the held-out images, not seen in training";
    if (strcmp(protocol, "given") == 0)
        return "On set test, as the images came";
    if (strcmp(protocol, "tail") == 0)
        return "On the tail: the last images, unshuffled, maybe not of all classes";
    return "On test images, split off after rebalancing: may be copies of training images";
}

static void describe_counts(const struct heatmap *h, int percent, char *out, size_t size)
{
    int n = h->n_units, lost = h->group->n_jobs - h->group->n_state[JOB_DONE];
    const char *what = percent ? "Percent of the actual class: rows add up to 100" : "Counts";
    const char *unit = !is_pooled(h) ? "one model"
                       : lost > 0    ? "images of the finished folds"
                                     : "every image once, over all folds";
    char missing[64] = "";
    if (lost > 0)
        snprintf(missing, sizeof missing, "; %d of %d models are not finished", lost, h->group->n_jobs);
    if (n == 1)
        snprintf(out, size, "%s; %s%s.", what, unit, missing);
    else if (is_pooled(h))
        snprintf(out, size, "%s; %s, mean of %d repeats%s.", what, unit, n, missing);
    else
        snprintf(out, size, "%s; mean of %d models%s.", what, n, missing);
}

static void describe_leak(const struct heatmap *h, struct page *page)
{
    char counts[64];
    summary_leak_text(counts, sizeof counts, h->group);
    if (h->set == SET_TEST && h->group->leak.mean > 0)
        figtext_note(&page->notes,
                     "Leak: %s test images have a copy or an augmented sibling in training, mean.", counts);
}

static void describe_published(const struct heatmap *h, struct page *page)
{
    double value = curves_published_originals(h->summary, h->group);
    if (h->set != SET_ALL || isnan(value) || strcmp(h->group->cell->protocol, "report") != 0)
        return;
    figtext_note(&page->notes, "Published: balanced accuracy %.2f on all original images, one run.", value);
}

static void collect_notes(const struct heatmap *h, struct page *page, int percent)
{
    char text[CURVES_FOOTER_SIZE];
    describe_counts(h, percent, text, sizeof text);
    figtext_note(&page->notes, "%s", text);
    describe_leak(h, page);
    describe_published(h, page);
    curves_footer(text, sizeof text, h->summary, h->group->cell->protocol, h->group->n_state[JOB_DONE],
                  h->group->n_jobs);
    figtext_note(&page->notes, "%s", text);
}

static void collect_heading(const struct heatmap *h, struct page *page)
{
    char clusters[128], strategy[128];
    int n;
    classes_title(h->summary->store, h->group->cell, clusters, sizeof clusters);
    curves_group_title(strategy, sizeof strategy, h->summary, h->group, 0);
    snprintf(page->title, sizeof page->title, "%s: %s", clusters, strategy);
    curves_append_factors(page->title, sizeof page->title, h->summary, h->group, 0);
    snprintf(page->subtitle, sizeof page->subtitle, "%s (protocol %s)", judged_on(h),
             h->group->cell->protocol);
    n = snprintf(page->balanced, sizeof page->balanced, "Balanced accuracy %.3f", h->balanced.mean);
    if (h->balanced.n > 1)
        snprintf(page->balanced + n, sizeof page->balanced - (size_t)n,
                 " (95 %% interval %.3f to %.3f, n = %d)", h->balanced.low, h->balanced.high, h->balanced.n);
    snprintf(page->accuracy, sizeof page->accuracy, "Accuracy %.3f; balanced accuracy by chance %.3f",
             h->accuracy, 1.0 / h->n);
}

/* Returns where the picture may begin. */
static int write_heading(FILE *file, const struct heatmap *h, const struct page *page)
{
    const struct figtext_page text = {file, page->width, page->height};
    char look[64];
    int y = 7 + figtext_heading(&text, page->text_left, page->title, page->subtitle,
                                store_synthetic(h->summary->store));
    snprintf(look, sizeof look, "left font bold(%.3g)", figtext_fit(page->balanced, 12, page->text_width));
    figtext_label(&text, page->text_left, y, look, page->balanced);
    figtext_paragraph(&text, page->text_left, y + 22, page->text_width, 11, page->accuracy);
    return y + NUMBERS;
}

/* Pixels of the longest name, as it is drawn; 0: all are numbers. */
static int widest_name(const struct heatmap *h)
{
    enum { LETTER = 7 };
    char name[CLASS_NAME_SIZE];
    int most = 0;
    for (int c = 0; c < h->n && class_any_named(h->cluster, h->n); c++) {
        int width = LETTER * utf8_width(class_short(h->cluster[c], LETTERS, name));
        most = width > most ? width : most;
    }
    return most;
}

static struct page lay_out(const struct heatmap *h, int percent, const struct figstyle *style)
{
    struct page page = {.cell = cell_pixels(h->n), .left = LEFT, .axis = AXIS};
    int widest = widest_name(h), margins;
    page.left = widest > LEFT - 50 ? widest + 50 : LEFT;
    margins = page.left + BAR_GAP + BAR + RIGHT;
    int own = margins + page.cell * h->n;
    page.width = figstyle_width(style, own > NARROWEST ? own : NARROWEST);
    if (margins + page.cell * h->n > page.width)
        page.cell = page.width > margins + 4 * h->n ? (page.width - margins) / h->n : 4;
    page.grid = page.cell * h->n;
    page.turned = widest > page.cell;
    page.axis = page.turned ? AXIS - 14 + widest : AXIS;
    page.text_left = page.width < NARROWEST || widest ? EDGE : LEFT;
    page.text_width = page.width - page.text_left - EDGE;
    collect_notes(h, &page, percent);
    collect_heading(h, &page);
    page.top = write_heading(NULL, h, &page); /* only measured */
    page.height = page.top + page.grid + 14 + page.axis + figtext_notes_height(&page.notes, page.text_width);
    return page;
}

/* A name for every class as long as it has room: 12 pixels. */
static void write_tics(FILE *file, const struct heatmap *h, const struct page *page)
{
    int step = (12 + page->cell - 1) / page->cell;
    for (int axis = 0; axis < 2; axis++) {
        fprintf(file, "set %ctics font ''.plain(10) scale 0.3%s (", axis ? 'y' : 'x',
                !axis && page->turned ? " rotate by 90 right" : "");
        for (int c = 0; c < h->n; c += step) {
            fputs(c ? ", " : "", file);
            gnuplot_quote_class(file, h->cluster[c], LETTERS);
            fprintf(file, " %d", c);
        }
        fputs(")\n", file);
    }
}

/* gnuplot puts the label of the axis where it takes long names to begin, which is beside the page. */
static void write_ylabel(FILE *file, const struct page *page, const char *class)
{
    double middle = 1 - (page->top + page->grid / 2.0) / page->height;
    if (page->left == LEFT)
        fprintf(file, "set ylabel 'Actual %s'\n", class);
    else
        fprintf(file, "set label 'Actual %s' at screen %.5f,%.5f center rotate by 90\n", class,
                EDGE / (double)page->width, middle);
}

/* Light where nothing is, so that zeros stay in the background and a printed page stays
 * white; lightness falls evenly. */
static void write_look(FILE *file, const struct heatmap *h, const struct page *page, int percent)
{
    double w = page->width, t = page->height;
    const char *class = class_any_named(h->cluster, h->n) ? "class" : "cluster";
    fprintf(file,
            "set lmargin at screen %.5f; set rmargin at screen %.5f; set tmargin at screen %.5f; set bmargin "
            "at screen %.5f\n"
            "unset grid; set border 15 lw 0.5\n"
            "set xrange [-0.5:%d.5]; set yrange [%d.5:-0.5]\n"
            "set xlabel 'Predicted %s' offset 0,0.3\n",
            page->left / w, (page->left + page->grid) / w, 1 - page->top / t,
            1 - (page->top + page->grid) / t, h->n - 1, h->n - 1, class);
    write_ylabel(file, page, class);
    write_tics(file, h, page);
    fprintf(file,
            "set palette defined (0 '#faf3ec', 1 '#faebdd', 4 '#f6b48f', 7 '#f4875e', 10 '#ec4c3e', 13 "
            "'#cb1b4f', 16 '#971c5b', 19 '#611f53', 22 '#30173a', 25 '#03051a')\n"
            "set cbrange [0:%.9g]; set cbtics font ''.plain(10) scale 0.4%s\n"
            "set colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f noborder\n",
            largest_value(h, percent), percent ? " format '%g %%'" : "",
            (page->left + page->grid + BAR_GAP) / w, 1 - (page->top + page->grid) / t, BAR / w,
            page->grid / t);
}

/* gnuplot complains of a plot without a point. */
static int has_ink(const struct heatmap *h, int percent, int ink)
{
    double top = largest_value(h, percent);
    for (int k = 0; k < h->n * h->n; k++)
        if (cell_ink(cell_value(h, k / h->n, k % h->n, percent), top) == ink)
            return 1;
    return 0;
}

static void write_plot(FILE *file, const struct heatmap *h, const struct page *page, int percent,
                       const char *name)
{
    static const char *const ink[] = {"#b5a69c", "#1a1a1a", "#ffffff"};
    double font = page->cell >= 50 ? 14 : page->cell >= 40 ? 11 : page->cell * 0.31;
    fprintf(file, "plot '%s.tsv' using 'column':'row':'value' with image pixels", name);
    for (int i = 0; i < 3 && page->cell >= 15; i++)
        if (has_ink(h, percent, i))
            fprintf(
                file,
                ", \\\n     '' using (column('ink') == %d ? column('column') : NaN):'row':'text' with labels "
                "font plain(%.3g) textcolor rgb '%s'",
                i, font, ink[i]);
    fputc('\n', file);
}

static void write_notes(FILE *file, const struct page *page)
{
    const struct figtext_page text = {file, page->width, page->height};
    figtext_write_foot(&text, page->text_left, page->text_width, 0, &page->notes);
}

static int write_script(const struct heatmap *h, const char *name, int percent, const struct figstyle *style,
                        const char *dir, struct err *err)
{
    struct page page = lay_out(h, percent, style);
    struct output out;
    int rc = gnuplot_open(&out, dir, name, page.width, page.height, style, err);
    if (rc < 0)
        return rc;
    write_heading(out.file, h, &page);
    write_notes(out.file, &page);
    write_look(out.file, h, &page, percent);
    write_plot(out.file, h, &page, percent, name);
    fputs("unset output\n", out.file);
    return output_close(&out, err);
}

int heatmap_write(const struct heatmap *heatmap, const char *name, int percent, const struct figstyle *style,
                  const char *dir, struct err *err)
{
    struct output out;
    int rc = gnuplot_open_data(&out, dir, name, err);
    if (rc < 0)
        return rc;
    write_rows(out.file, heatmap, percent);
    rc = output_close(&out, err);
    return rc == 0 ? write_script(heatmap, name, percent, style, dir, err) : rc;
}
