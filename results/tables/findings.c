#include "tables/findings.h"

#include "tables/findings_pages.h"
#include "write/output.h"

#include <stdlib.h>
#include <string.h>

/* ---- strategies compared, as a matrix ---- */

enum { MAX_MATRIX = 8 }; /* what fits on a screen */

/* The shown row of a family that compares group g with a strategy (a part of SUMMARY_STRATEGY), either way round; NULL: none. */
static const struct compare_row *find_row(const struct findings *f, const struct compare *compare,
                                          const struct compare_family *family, int g, int strategy)
{
    const int *part_of = f->whole->same[SUMMARY_STRATEGY]->part_of;
    for (int i = family->begin; i < family->end; i++) {
        const struct compare_row *row = &compare->row[i];
        int other = row->group_a == g ? row->group_b : row->group_b == g ? row->group_a : -1;
        if (other >= 0 && (strategy < 0 || part_of[other] == strategy) && findings_shows(f, row))
            return row;
    }
    return NULL;
}

static void add_matrix_cell(struct texttable *table, const struct compare_row *row, int a)
{
    static const char mark[] = {[VERDICT_BETTER] = '*',     [VERDICT_WORSE] = '*',   [VERDICT_NONE] = ' ',
                                [VERDICT_IMPOSSIBLE] = '?', [VERDICT_MISSING] = ' ', [VERDICT_LACKING] = '!',
                                [VERDICT_REPEATED] = '!',   [VERDICT_SEEN] = ' '};
    if (!row || row->contrast.n == 0)
        texttable_add(table, ". ");
    else
        texttable_add(table, "%+.3f%c",
                      findings_tidy(row->group_a == a ? row->contrast.mean : -row->contrast.mean),
                      mark[row->verdict]);
}

/* Strategies of shown rows, as parts of SUMMARY_STRATEGY, the first max of them; returns how many there are. */
static int list_strategies(const struct findings *f, const struct compare *compare, int *strategy, int max)
{
    const struct partition *all = f->whole->same[SUMMARY_STRATEGY];
    unsigned char *seen = calloc((size_t)all->n_parts + 1, 1);
    int n = 0;
    for (int i = 0; i < compare->n && seen; i++)
        if (findings_shows(f, &compare->row[i]))
            seen[all->part_of[compare->row[i].group_a]] = seen[all->part_of[compare->row[i].group_b]] = 1;
    for (int s = 0; s < all->n_parts && seen; s++)
        if (seen[s] && n++ < max)
            strategy[n - 1] = s;
    free(seen);
    return n;
}

static void add_matrix_row(struct texttable *table, const struct findings *f, const struct compare *compare,
                           const struct compare_family *family, int g, const int *strategy, int n)
{
    const struct store_job *cell = f->whole->group[g].cell;
    texttable_add(table, "%s", cell->clusters);
    findings_add_setting(table, f->summary, cell);
    texttable_add(table, "%s", cell->strategy);
    for (int k = 0; k < n; k++)
        add_matrix_cell(table, find_row(f, compare, family, g, strategy[k]), g);
    texttable_end(table);
}

static const char *strategy_name(const struct findings *f, int strategy)
{
    const struct partition *all = f->whole->same[SUMMARY_STRATEGY];
    return f->whole->group[all->member[all->begin[strategy]]].cell->strategy;
}

/* Returns how many strategies there are; the first MAX_MATRIX of them are columns. */
static int matrix_table(struct texttable *table, const struct findings *f, const struct compare *compare)
{
    const struct partition *settings = f->whole->same[SUMMARY_SETTING];
    int strategy[MAX_MATRIX], all = list_strategies(f, compare, strategy, MAX_MATRIX),
                              n = all < MAX_MATRIX ? all : MAX_MATRIX;
    texttable_add(table, "clusters");
    findings_add_setting_names(table, f->summary);
    texttable_add(table, "strategy");
    table->numeric_from = table->filled;
    for (int k = 0; k < n; k++)
        texttable_add(table, "- %s", strategy_name(f, strategy[k]));
    texttable_end(table);
    for (const struct compare_family *family = compare->family;
         family < compare->family + compare->n_families; family++)
        for (int i = settings->begin[family->part]; i < settings->begin[family->part + 1]; i++)
            if (find_row(f, compare, family, settings->member[i], -1))
                add_matrix_row(table, f, compare, family, settings->member[i], strategy, n);
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
            fputc('\n', out.file);
            findings_print_note(out.file, f, page);
        } else {
            findings_latex_filter(out.file, f->summary);
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
    int all = matrix_table(&table, findings, val);
    if (all > 0) {
        fputs("\nStrategies compared: validation balanced accuracy, row minus column\n", file);
        texttable_print(file, &table);
        fputs(
            "* significant (Holm-adjusted p < 0.05), ? cannot be significant with so few runs, ! no verdict: "
            "jobs were judged without a class, or all on one split, unmarked: no evidence of a difference.\n",
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

/* Which groups of the whole file have a job of what is shown: those with the cell of a group of it. */
static int find_shown(struct findings *f, struct err *err)
{
    const struct summary *whole = f->whole, *part = f->summary;
    int n = whole->n_groups + part->n_groups, rc = E_IO;
    struct partition *same = NULL;
    const struct store_job **cell = err_calloc((size_t)n, sizeof *cell, "groups", err);
    f->shown = err_calloc((size_t)whole->n_groups, 1, "groups", err);
    for (int i = 0; i < n && cell; i++)
        cell[i] = i < whole->n_groups ? whole->group[i].cell : part->group[i - whole->n_groups].cell;
    if (cell && f->shown)
        rc = partition_new(cell, n, store_n_axes(whole->store), BY_ALL, &same, err);
    for (int g = 0; g < whole->n_groups && rc == 0; g++) {
        int p = same->part_of[g];
        f->shown[g] = same->begin[p + 1] - same->begin[p] > 1;
    }
    partition_free(same);
    free(cell);
    return rc;
}

static int find_whole(struct findings *f, struct store *store, struct err *err)
{
    int rc = f->summary->filter ? summary_outline(store, NULL, &f->outline, err) : 0;
    f->whole = f->outline ? f->outline : f->summary;
    return rc == 0 ? find_shown(f, err) : rc;
}

int findings_new(struct store *store, const struct summary *summary, struct findings **out, struct err *err)
{
    static const char metric[] = "balanced_accuracy";
    struct findings *f = err_calloc(1, sizeof *f, "findings", err);
    int rc = f ? 0 : E_IO;
    *out = NULL;
    if (f) {
        f->summary = summary;
        rc = find_whole(f, store, err);
    }
    for (int s = 0; s < N_UNITS_SETS && rc == 0; s++)
        rc = compare_strategies(store, f->whole, metric, (enum units_set)s, &f->strategies[s], err);
    for (int s = 0; s < N_UNITS_SETS && rc == 0; s++)
        rc = units_scores(store, summary, (enum units_set)s, &f->scores[s], err);
    if (rc == 0)
        rc = compare_leak(store, f->whole, metric, &f->leak, err);
    if (rc == 0)
        rc = claims_new(store, f->whole, &f->claims, err);
    if (rc < 0)
        findings_free(f);
    else
        *out = f;
    return rc;
}

int findings_shows(const struct findings *findings, const struct compare_row *row)
{
    return findings->shown[row->group_a] && findings->shown[row->group_b];
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
    summary_free(findings->outline);
    free(findings->shown);
    free(findings);
}
