#include "curves.h"

#include "output.h"
#include "published.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *title;
} strategy_titles[] = {
    /* the order of the report's page */
    {"none", "Unbalanced"},         {"undersample", "Undersampling"}, {"reweight", "Reweighting"},
    {"oversample", "Oversampling"}, {"augment", "Augmentation"},
};
enum { N_TITLES = sizeof strategy_titles / sizeof *strategy_titles };

static const struct {
    const char *clusters, *letter;
} report_pages[] = {{"8-10", "a"}, {"14-15", "b"}, {"1-27", "c"}};

/* Position on the report's page, N_TITLES for a strategy it does not have. */
static int strategy_rank(const char *strategy)
{
    int i = 0;
    while (i < N_TITLES && strcmp(strategy_titles[i].name, strategy) != 0)
        i++;
    return i;
}

const char *curves_strategy_title(const char *strategy)
{
    int rank = strategy_rank(strategy);
    return rank < N_TITLES ? strategy_titles[rank].title : strategy;
}

/* ---- which pages ---- */

int curves_is_unbalanced(const struct summary_group *group)
{
    return strcmp(group->cell->strategy, "none") == 0;
}

static int same_page(const struct summary_group *a, const struct summary_group *b, int n_axes)
{
    int same = curves_is_unbalanced(a) == curves_is_unbalanced(b) &&
               strcmp(a->cell->clusters, b->cell->clusters) == 0 &&
               strcmp(a->cell->protocol, b->cell->protocol) == 0 &&
               strcmp(a->cell->model, b->cell->model) == 0;
    for (int i = 0; i < n_axes && same; i++)
        same = strcmp(a->cell->axis[i], b->cell->axis[i]) == 0;
    return same;
}

/* Append text to a file name; whatever is not harmless in one becomes '-'. */
static void append_name(char *name, size_t size, const char *text)
{
    size_t n = strlen(name);
    for (; *text && n + 1 < size; text++)
        name[n++] = isalnum((unsigned char)*text) || strchr("._=", *text) ? *text : '-';
    name[n] = '\0';
}

static void append_clusters(char *name, size_t size, const char *clusters)
{
    for (size_t i = 0; i < sizeof report_pages / sizeof *report_pages; i++)
        if (strcmp(report_pages[i].clusters, clusters) == 0) {
            append_name(name, size, report_pages[i].letter);
            return;
        }
    append_name(name, size, "_");
    append_name(name, size, clusters);
}

/* A name says what tells the page from the sweep's others, no more. */
static void name_page(struct curves_page *page, const struct curves_page *others, int n_others)
{
    const struct summary *summary = page->summary;
    const struct summary_group *group = page->panel[0];
    size_t size = sizeof page->name - 8;
    snprintf(page->name, sizeof page->name, "%s", curves_is_unbalanced(group) ? "fig2" : "fig4");
    append_clusters(page->name, size, group->cell->clusters);
    if (summary_protocol_varies(summary)) {
        append_name(page->name, size, "_");
        append_name(page->name, size, group->cell->protocol);
    }
    for (int i = 0; i < store_n_axes(summary->store); i++)
        if (summary_axis_varies(summary, i)) {
            const char *key = store_axis_name(summary->store, i), *dot = strrchr(key, '.');
            append_name(page->name, size, "_");
            append_name(page->name, size, dot ? dot + 1 : key);
            append_name(page->name, size, "=");
            append_name(page->name, size, group->cell->axis[i]);
        }
    for (int i = 0; i < n_others; i++)
        if (strcmp(others[i].name, page->name) == 0) {
            snprintf(page->name + strlen(page->name), 8, "_%d", n_others % 100000);
            break;
        }
}

/* Groups of the page of `first`, in the order of the report's page. */
static int collect_panels(struct curves_page *page, const struct summary *summary, int first, struct err *err)
{
    int n_axes = store_n_axes(summary->store);
    page->summary = summary;
    page->panel = err_calloc((size_t)summary->n_groups, sizeof(void *), "panels", err);
    if (!page->panel)
        return E_IO;
    for (int rank = 0; rank <= N_TITLES; rank++)
        for (int g = first; g < summary->n_groups; g++) {
            const struct summary_group *group = &summary->group[g];
            if (strategy_rank(group->cell->strategy) == rank && group->n_state[JOB_DONE] > 0 &&
                same_page(group, &summary->group[first], n_axes))
                page->panel[page->n_panels++] = group;
        }
    return 0;
}

static int has_page(const struct summary_group *group, const struct curves_page *pages, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < pages[i].n_panels; k++)
            if (pages[i].panel[k] == group)
                return 1;
    return 0;
}

int curves_pages(const struct summary *summary, struct curves_page **out, struct err *err)
{
    struct curves_page *pages = err_calloc((size_t)summary->n_groups, sizeof *pages, "pages", err);
    int n = 0;
    *out = NULL;
    if (!pages)
        return E_IO;
    for (int g = 0; g < summary->n_groups; g++) {
        const struct summary_group *group = &summary->group[g];
        if (group->n_state[JOB_DONE] == 0 || has_page(group, pages, n))
            continue;
        if (collect_panels(&pages[n], summary, g, err) < 0) {
            curves_free(pages, n + 1);
            return E_IO;
        }
        name_page(&pages[n], pages, n);
        n++;
    }
    *out = pages;
    return n;
}

void curves_free(struct curves_page *pages, int n)
{
    for (int i = 0; i < n; i++)
        free(pages[i].panel);
    free(pages);
}

/* ---- data files ---- */

static const char *const split_names[2] = {"train", "val"};

static void write_header(FILE *file)
{
    fputs("epoch\tn", file);
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < N_METRICS; m++)
            fprintf(file, "\t%s_%s\t%s_%s_low\t%s_%s_high\tpublished_%s_%s", split_names[s], metric_names[m],
                    split_names[s], metric_names[m], split_names[s], metric_names[m], split_names[s],
                    metric_names[m]);
    fputc('\n', file);
}

static void write_number(FILE *file, double x)
{
    if (isnan(x)) /* printf may write -nan */
        fputs("\tNaN", file);
    else
        fprintf(file, "\t%.9g", x);
}

static void write_epochs(FILE *file, const struct summary_group *group, const double *published, int n_epochs)
{
    for (int e = 0; e < n_epochs; e++) {
        fprintf(file, "%d\t%d", e + 1, group->curve[SPLIT_VAL][METRIC_LOSS][e].n);
        for (int s = 0; s < 2; s++)
            for (int m = 0; m < N_METRICS; m++) {
                const struct stats_summary *point = &group->curve[s][m][e];
                write_number(file, point->mean);
                write_number(file, point->low);
                write_number(file, point->high);
                write_number(file, published[(s * N_METRICS + m) * n_epochs + e]);
            }
        fputc('\n', file);
    }
}

void curves_panel_file(char *out, size_t size, const struct curves_page *page, int panel)
{
    char strategy[CONFIG_WORD_SIZE] = "";
    append_name(strategy, sizeof strategy, page->panel[panel]->cell->strategy);
    snprintf(out, size, "%s_%s.tsv", page->name, strategy);
}

static int write_panel_data(const struct curves_page *page, int panel, const char *dir, struct err *err)
{
    const struct summary_group *group = page->panel[panel];
    int n_epochs = page->summary->n_epochs;
    char name[CURVES_NAME_SIZE + CONFIG_WORD_SIZE + 8];
    struct output out;
    double *published = err_calloc((size_t)n_epochs * 2 * N_METRICS, sizeof(double), "published curves", err);
    if (!published)
        return E_IO;
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < N_METRICS; m++)
            published_curve(group->cell->clusters, group->cell->strategy, (enum split)s, (enum metric)m,
                            published + (s * N_METRICS + m) * n_epochs, n_epochs);
    curves_panel_file(name, sizeof name, page, panel);
    int rc = output_open(&out, dir, name, err);
    if (rc == 0) {
        write_header(out.file);
        write_epochs(out.file, group, published, n_epochs);
        rc = output_close(&out, err);
    }
    free(published);
    return rc;
}

int curves_write(const struct curves_page *page, enum metric metric, const char *dir, struct err *err)
{
    for (int i = 0; i < page->n_panels; i++) {
        int rc = write_panel_data(page, i, dir, err);
        if (rc < 0)
            return rc;
    }
    return curves_write_script(page, metric, dir, err);
}
