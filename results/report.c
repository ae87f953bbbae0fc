#include "report.h"

#include "figures.h"
#include "findings.h"
#include "output.h"
#include "tables.h"

#include <string.h>
#include <unistd.h>

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

/* The dataset a sweep ran on, if `run` left it; *data stays NULL otherwise. */
static int read_cells(const struct store *store, struct dataset **data, struct err *err)
{
    char path[OUTPUT_PATH_SIZE];
    const char *results = store_path(store);
    size_t n = strlen(results);
    if (n > 3 && strcmp(results + n - 3, ".h5") == 0)
        n -= 3;
    snprintf(path, sizeof path, "%.*s.cells.h5", (int)n, results);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "%s: not there, so the figure of augmented images is left out (data was '%s')\n",
                path, store_text(store, "data"));
        return 0;
    }
    int rc = dataset_try(path, err);
    if (rc == 0)
        rc = dataset_read(path, data, err);
    if (rc == 0 && strcmp((*data)->checksum, store_text(store, "dataset_checksum")) != 0) {
        fprintf(stderr, "%s: not the images of this sweep, so the figure of augmented images is left out\n",
                path);
        dataset_free(*data);
        *data = NULL;
    }
    return rc;
}

static int write_figures(const struct summary *summary, const struct report_options *options, struct err *err)
{
    struct dataset *data = NULL;
    struct figures figures = {0};
    struct figures_options drawn = {
        .metric = options->metric, .percent = options->percent, .all_heatmaps = options->all_heatmaps};
    int rc = read_cells(summary->store, &data, err);
    if (rc == 0)
        rc = figures_write(summary, data, &drawn, options->dir, &figures, err);
    if (rc == 0)
        rc = figures_render(&figures, options->dir, err);
    figures_release(&figures);
    dataset_free(data);
    return rc;
}

static int write_final(const struct summary *summary, const char *dir, struct err *err)
{
    int rc = write_table(summary, tables_write_csv, dir, "final.csv", err);
    if (rc == 0)
        rc = write_table(summary, tables_write_markdown, dir, "final.md", err);
    return rc == 0 ? write_table(summary, tables_write_latex, dir, "final.tex", err) : rc;
}

static int write_findings(struct store *store, const struct summary *summary, const char *dir, FILE *table,
                          struct err *err)
{
    struct findings *findings = NULL;
    int rc = findings_new(store, summary, &findings, err);
    if (rc < 0)
        return rc;
    findings_print(table, findings);
    rc = findings_write(findings, dir, err);
    findings_free(findings);
    return rc;
}

int report_write(struct store *store, const struct report_options *options, FILE *table, struct err *err)
{
    struct summary *summary = NULL;
    int rc = summary_new(store, options->filter, &summary, err);
    if (rc == 0)
        rc = output_directory(options->dir, err);
    if (rc == 0)
        rc = write_final(summary, options->dir, err);
    if (rc == 0) {
        tables_print(table, summary);
        rc = write_findings(store, summary, options->dir, table, err);
        fflush(table);
    }
    if (rc == 0)
        rc = write_figures(summary, options, err);
    summary_free(summary);
    return rc;
}
