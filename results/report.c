#include "report.h"

#include "figures/figures.h"
#include "tables/findings.h"
#include "write/output.h"
#include "page/page.h"
#include "page/page_data.h"
#include "beside/sweep_images.h"
#include "tables/sets.h"
#include "tables/tables.h"
#include "tables/headline.h"
#include "tables/cost.h"
#include "tables/export.h"
#include "tables/roc_table.h"
#include "tables/tuning_pages.h"
#include "tables/versus_pages.h"

#include <stdlib.h>
#include <string.h>

static int write_table(const struct summary *summary, void (*write)(FILE *, const struct summary *),
                       const char *dir, const char *name, struct err *err)
{
    struct output out;
    int rc = output_open(&out, dir, name, err);
    if (rc < 0)
        return rc;
    write(out.file, summary);
    return output_close(&out, err);
}

/* What was found, in a few lines. */
static void print_found(FILE *file, const struct findings *findings)
{
    fputc('\n', file);
    headline_run(file, findings->summary);
    fputc('\n', file);
    versus_sentences(file, findings);
    headline_outcome(file, findings);
    fputc(cost_n_settings(findings) > 0 ? ' ' : '\n', file);
    cost_sentence(file, findings);
    headline_leak(file, findings->summary);
    if (findings->selection->n > 0)
        fputc(' ', file); /* on that line, so that it is a screen */
    headline_selection(file, findings);
    fputc('\n', file);
    tuning_sentence(file, findings);
    headline_warnings(file, findings);
}

/* What was written, and what to do with it. */
static void print_written(FILE *file, const char *dir, int n_figures)
{
    const char *page = page_available() ? "report.html" : NULL;
    fprintf(
        file,
        "%s: %s%s%d figure%s (PNG, SVG and PDF, each with its data and script) and the tables as .csv, .md "
        "and .tex.\n"
        "Next: %s %s/%s%s.\n",
        dir, page ? page : "", page ? ", " : "", n_figures, n_figures == 1 ? "" : "s", page ? "open" : "read",
        dir, page ? page : "final.md", page ? " in a browser" : "");
}

/* Names of the models that are shown and have no learning curves; nothing of none. */
static void tell_flat(const struct summary *summary)
{
    const char *separator = "note: learnt at once, not epoch by epoch, so without learning curves: ";
    for (int g = 0; g < summary->n_groups; g++) {
        const char *model = summary->group[g].cell->model;
        int before = 0;
        while (before < g && strcmp(summary->group[before].cell->model, model) != 0)
            before++;
        if (before < g || !curves_are_flat(&summary->group[g]))
            continue;
        fprintf(stderr, "%s%s", separator, model);
        separator = ", ";
    }
    if (*separator == ',')
        fputc('\n', stderr);
}

static void tell_left_out(const struct summary *summary, const struct figures *figures, const char *dir)
{
    if (figures->n_of_models > 0)
        fprintf(stderr,
                "%s: figures that compare models; %d of single ones (learning curves, reliability, "
                "ROC, confusion) are left out, as there are more than %d models: --filter model=... chooses "
                "some, "
                "--all-figures draws all\n",
                dir, figures->n_of_models, FIGURES_MOST_MODELS);
    else if (figures->n_single > 0)
        fprintf(stderr,
                "%s: one figure an axis, the mean over the others; %d figures of single combinations, "
                "learning curves among them, are left out: --filter chooses some, --all-figures draws all\n",
                dir, figures->n_single);
    else
        tell_flat(summary);
}

static int write_figures(const struct findings *findings, const struct dataset *data,
                         const struct report_options *options, FILE *table, struct err *err)
{
    struct figures figures = {0};
    struct costs_row *costs = NULL;
    int n_costs = cost_rows(findings, &costs, err);
    if (n_costs < 0)
        return n_costs;
    struct figures_options drawn = {.metric = options->metric,
                                    .counts = options->counts,
                                    .all_heatmaps = options->all_heatmaps,
                                    .all_figures = options->all_figures,
                                    .calibration = findings->calibration,
                                    .roc = findings->roc,
                                    .costs = costs,
                                    .n_costs = n_costs,
                                    .whole = findings->whole,
                                    .strategies = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST],
                                    .which = findings->which,
                                    .cost = findings->cost,
                                    .versus = findings->versus[0],
                                    .style = options->style};
    int rc = figures_write(findings->summary, data, &drawn, options->dir, &figures, err);
    if (rc == 0)
        rc = figures_render(&figures, options->dir, err);
    if (rc == 0)
        tell_left_out(findings->summary, &figures, options->dir);
    if (rc == 0)
        print_written(table, options->dir, figures.n);
    figures_release(&figures);
    free(costs);
    return rc;
}

static int write_page_file(const char *dir, const char *json, size_t n, struct err *err)
{
    struct output out;
    int rc = output_open(&out, dir, "report.html", err);
    if (rc < 0)
        return rc;
    page_write(out.file, json, n);
    return output_close(&out, err);
}

/* Bytes that the data may have beside the page's own. */
static size_t page_room(const struct report_options *options)
{
    size_t most = (size_t)options->page_megabytes * 1000000, own = page_size();
    return options->page_megabytes == 0 ? 0 : most > own ? most - own : 1;
}

static int write_page(struct findings *findings, const struct dataset *data,
                      const struct report_options *options, struct err *err)
{
    const struct page_data_options page = {.data = data, .most = page_room(options)};
    char *json = NULL;
    size_t n = 0;
    if (!page_available()) {
        fprintf(stderr, "%s/report.html is left out: %s\n", options->dir, page_remedy);
        return 0;
    }
    int rc = page_data_of(findings->summary, findings, &page, &json, &n, err);
    if (rc == 0)
        rc = write_page_file(options->dir, json, n, err);
    free(json);
    return rc;
}

/* What needs the images, if they are still there; without them the rest is written. */
static int write_pictures(const struct summary *summary, struct findings *findings,
                          const struct report_options *options, FILE *table, struct err *err)
{
    struct dataset *data = NULL;
    char why[SWEEP_IMAGES_WHY];
    int rc = sweep_images_open(summary->store, &data, why, err);
    if (rc == 0 && !data)
        fprintf(stderr, "%s, so the figure of augmented images and the pictures of cells are left out%s\n",
                why, sets_matter(summary) ? ", and how far the given sets leak is not known" : "");
    if (rc == 0 && data && sets_matter(summary))
        rc = sets_write(data, options->dir, table, err);
    if (rc == 0)
        rc = write_page(findings, data, options, err);
    if (rc == 0)
        rc = write_figures(findings, data, options, table, err);
    dataset_free(data);
    return rc;
}

/* What was fitted job by job, where anything was. */
static int write_thresholds(struct store *store, const struct calibration *calibration,
                            const struct report_options *options, struct err *err)
{
    struct output out;
    if (!readout_fits(calibration->readout))
        return 0;
    int rc = output_open(&out, options->dir, "thresholds.csv", err);
    if (rc < 0)
        return rc;
    rc = export_write_thresholds(store, calibration->readout, options->filter, out.file, err);
    if (rc == 0)
        return output_close(&out, err);
    output_abandon(&out);
    return rc;
}

static int write_final(const struct summary *summary, const char *dir, struct err *err)
{
    int rc = write_table(summary, tables_write_csv, dir, "final.csv", err);
    if (rc == 0)
        rc = write_table(summary, tables_write_markdown, dir, "final.md", err);
    return rc == 0 ? write_table(summary, tables_write_latex, dir, "final.tex", err) : rc;
}

int report_write(struct store *store, const struct report_options *options, FILE *table, struct err *err)
{
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    struct readout readout;
    int rc = calibration_readout(store, options->readout, &readout, err);
    if (rc == 0)
        rc = summary_new(store, options->filter, &summary, err);
    if (rc == 0)
        rc = output_directory(options->dir, err);
    if (rc == 0)
        rc = write_final(summary, options->dir, err);
    if (rc == 0) {
        tables_print(table, summary);
        rc = findings_new_read(store, summary, options->readout, &findings, err);
    }
    if (rc == 0) {
        print_found(table, findings);
        rc = findings_write(findings, options->dir, err);
        if (rc == 0)
            rc = write_thresholds(store, findings->calibration, options, err);
        if (rc == 0)
            rc = roc_table_write_file(summary, findings->roc, options->dir, err);
        fflush(table);
    }
    if (rc == 0)
        rc = write_pictures(summary, findings, options, table, err);
    findings_free(findings);
    summary_free(summary);
    return rc;
}
