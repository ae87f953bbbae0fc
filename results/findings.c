#include "findings.h"

#include "findings_pages.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

/* ---- strategies compared, as a matrix ---- */

enum { MAX_MATRIX = 8 }; /* what fits on a screen */

/* The row of groups a and b, either way round; NULL: none. */
static const struct compare_row *find_row(const struct compare *compare, int a, int b)
{
    for (int i = 0; i < compare->n; i++) {
        const struct compare_row *row = &compare->row[i];
        if ((row->group_a == a && row->group_b == b) || (row->group_a == b && row->group_b == a))
            return row;
    }
    return NULL;
}

static void add_matrix_cell(struct texttable *table, const struct compare_row *row, int a)
{
    static const char mark[] = {'*', '*', ' ', '?', ' '};
    if (!row || row->contrast.n == 0)
        texttable_add(table, ". ");
    else
        texttable_add(table, "%+.3f%c",
                      findings_tidy(row->group_a == a ? row->contrast.mean : -row->contrast.mean),
                      mark[row->verdict]);
}

static int has_row(const struct compare *compare, int group)
{
    for (int i = 0; i < compare->n; i++)
        if (compare->row[i].group_a == group || compare->row[i].group_b == group)
            return 1;
    return 0;
}

/* Distinct strategies that were compared, in order of groups. */
static int list_strategies(const struct findings *f, const struct compare *compare, const char **name,
                           int max)
{
    int n = 0;
    for (int g = 0; g < f->summary->n_groups; g++) {
        int known = !has_row(compare, g);
        for (int k = 0; k < n && !known; k++)
            known = strcmp(name[k], f->summary->group[g].cell->strategy) == 0;
        if (!known && n < max)
            name[n++] = f->summary->group[g].cell->strategy;
    }
    return n;
}

static void add_matrix_row(struct texttable *table, const struct findings *f, const struct compare *compare,
                           int g, const char *const *name, int n)
{
    const struct summary_group *group = &f->summary->group[g];
    texttable_add(table, "%s", group->cell->clusters);
    findings_add_setting(table, f->summary, group->cell);
    texttable_add(table, "%s", group->cell->strategy);
    for (int k = 0; k < n; k++) {
        const struct compare_row *row = NULL;
        for (int other = 0; other < f->summary->n_groups && !row; other++)
            if (strcmp(f->summary->group[other].cell->strategy, name[k]) == 0 &&
                compare_same_but_strategy(f->summary, group, &f->summary->group[other]))
                row = find_row(compare, g, other);
        add_matrix_cell(table, row, g);
    }
    texttable_end(table);
}

/* Returns how many strategies there are; the first MAX_MATRIX of them are columns. */
static int matrix_table(struct texttable *table, const struct findings *f, const struct compare *compare)
{
    const char *name[RANKS_MAX_STRATEGIES];
    int all = list_strategies(f, compare, name, RANKS_MAX_STRATEGIES),
        n = all < MAX_MATRIX ? all : MAX_MATRIX;
    texttable_add(table, "clusters");
    findings_add_setting_names(table, f->summary);
    texttable_add(table, "strategy");
    table->numeric_from = table->filled;
    for (int k = 0; k < n; k++)
        texttable_add(table, "- %s", name[k]);
    texttable_end(table);
    for (int g = 0; g < f->summary->n_groups; g++)
        if (has_row(compare, g))
            add_matrix_row(table, f, compare, g, name, n);
    return all;
}

/* ---- files ---- */

enum format { FORMAT_CSV, FORMAT_MARKDOWN, FORMAT_LATEX };

static int write_page(const struct findings *f, const struct findings_page *page, enum format format,
                      const char *dir, struct err *err)
{
    static const char *const extension[] = {"csv", "md", "tex"};
    struct texttable table = {0};
    struct output out;
    char name[64];
    snprintf(name, sizeof name, "%s.%s", page->name, extension[format]);
    int rc = output_open(&out, dir, name, err);
    if (rc < 0)
        return rc;
    if (format == FORMAT_CSV) {
        struct csv_out csv = {.file = out.file};
        page->csv(&csv, f);
    } else {
        page->table(&table, f);
        if (format == FORMAT_MARKDOWN) {
            texttable_markdown(out.file, &table);
            fprintf(out.file, "\n%s", page->note);
        } else {
            texttable_latex(out.file, &table);
        }
    }
    texttable_release(&table);
    return output_close(&out, err);
}

int findings_write(const struct findings *findings, const char *dir, struct err *err)
{
    int rc = 0;
    for (int p = 0; p < N_FINDINGS_PAGES; p++)
        for (int format = FORMAT_CSV; format <= FORMAT_LATEX && rc == 0; format++)
            if (findings_pages[p].rows(findings) > 0)
                rc = write_page(findings, &findings_pages[p], (enum format)format, dir, err);
    return rc;
}

static void print_section(FILE *file, const struct findings *f, const struct findings_page *page)
{
    struct texttable table = {0};
    if (page->rows(f) == 0)
        return;
    page->table(&table, f);
    fprintf(file, "\n%s\n", page->title);
    texttable_print(file, &table);
    texttable_release(&table);
}

void findings_print(FILE *file, const struct findings *findings)
{
    const struct compare *val = findings->strategies[UNITS_VAL];
    struct texttable table = {0};
    if (val->n > 0) {
        int all = matrix_table(&table, findings, val);
        fputs("\nStrategies compared: validation balanced accuracy, row minus column\n", file);
        texttable_print(file, &table);
        fputs(
            "* significant (Holm-adjusted p < 0.05), ? cannot be significant with so few runs, unmarked: no "
            "evidence of a difference.\n",
            file);
        if (all > MAX_MATRIX)
            fprintf(file, "Columns: the first %d of %d strategies; comparisons.csv has every pair.\n",
                    MAX_MATRIX, all);
    }
    texttable_release(&table);
    print_section(file, findings, &findings_pages[FINDINGS_LEAK]);
    print_section(file, findings, &findings_pages[FINDINGS_CLAIMS]);
}

/* ---- beginning and end ---- */

int findings_new(struct store *store, const struct summary *summary, struct findings **out, struct err *err)
{
    static const char metric[] = "balanced_accuracy";
    struct findings *f = err_calloc(1, sizeof *f, "findings", err);
    int rc = f ? 0 : E_IO;
    *out = NULL;
    if (f)
        f->summary = summary;
    for (int s = 0; s < N_UNITS_SETS && rc == 0; s++)
        rc = compare_strategies(store, summary, metric, (enum units_set)s, &f->strategies[s], err);
    for (int s = 0; s < N_UNITS_SETS && rc == 0; s++)
        rc = units_scores(store, summary, (enum units_set)s, &f->scores[s], err);
    if (rc == 0)
        rc = compare_leak(store, summary, metric, &f->leak, err);
    if (rc == 0)
        rc = claims_new(store, summary, &f->claims, err);
    if (rc < 0)
        findings_free(f);
    else
        *out = f;
    return rc;
}

void findings_free(struct findings *findings)
{
    if (!findings)
        return;
    for (int s = 0; s < N_UNITS_SETS; s++) {
        compare_free(findings->strategies[s]);
        free(findings->scores[s]);
    }
    compare_free(findings->leak);
    claims_free(findings->claims);
    free(findings);
}
