#include "tables.h"

#include "published.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- final.csv ---- */

static void csv_number(FILE *file, double x)
{
    if (isnan(x))
        fputc(',', file);
    else
        fprintf(file, ",%.9g", x);
}

static void csv_text(FILE *file, const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

static void csv_summary_names(FILE *file, const char *prefix, const char *name)
{
    fprintf(file, ",%s%s_mean,%s%s_sd,%s%s_low,%s%s_high", prefix, name, prefix, name, prefix, name, prefix,
            name);
}

static void csv_summary(FILE *file, const struct stats_summary *s)
{
    csv_number(file, s->mean);
    csv_number(file, s->sd);
    csv_number(file, s->low);
    csv_number(file, s->high);
}

static void csv_header(FILE *file, const struct summary *summary)
{
    fputs("clusters,strategy,protocol,model", file);
    for (int i = 0; i < store_n_axes(summary->store); i++)
        fprintf(file, ",%s", store_axis_name(summary->store, i));
    fputs(",jobs,n,failed,diverged", file);
    for (int m = 0; m < N_METRICS; m++)
        csv_summary_names(file, "train_", metric_names[m]);
    for (int m = 0; m < N_METRICS; m++)
        csv_summary_names(file, "val_", metric_names[m]);
    csv_summary_names(file, "all_", "balanced_accuracy");
    fputs(",n_train_mean,n_val_mean,leak_mean,leak_share_mean,published_protocol", file);
    for (int m = 0; m < N_METRICS; m++)
        fprintf(file, ",published_val_%s", metric_names[m]);
    fputc('\n', file);
}

static void csv_published(FILE *file, const struct store_job *cell)
{
    double value[N_METRICS];
    int any = 0;
    for (int m = 0; m < N_METRICS; m++) {
        value[m] = published_final(cell->clusters, cell->strategy, SPLIT_VAL, (enum metric)m);
        any |= !isnan(value[m]);
    }
    fprintf(file, ",%s", any ? published_protocol(cell->strategy) : "");
    for (int m = 0; m < N_METRICS; m++)
        csv_number(file, value[m]);
}

static void csv_row(FILE *file, const struct summary *summary, const struct summary_group *group)
{
    const struct store_job *cell = group->cell;
    csv_text(file, cell->clusters);
    fprintf(file, ",%s,%s,%s", cell->strategy, cell->protocol, cell->model);
    for (int i = 0; i < store_n_axes(summary->store); i++) {
        fputc(',', file);
        csv_text(file, cell->axis[i]);
    }
    fprintf(file, ",%d,%d,%d,%d", group->n_jobs, group->n_state[JOB_DONE], group->n_state[JOB_FAILED],
            group->n_state[JOB_DIVERGED]);
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < N_METRICS; m++)
            csv_summary(file, &group->final[s][m]);
    csv_summary(file, &group->all);
    csv_number(file, group->n_train.mean);
    csv_number(file, group->n_val.mean);
    csv_number(file, group->leak.mean);
    csv_number(file, group->leak_share.mean);
    csv_published(file, cell);
    fputc('\n', file);
}

void tables_write_csv(FILE *file, const struct summary *summary)
{
    csv_header(file, summary);
    for (int g = 0; g < summary->n_groups; g++)
        csv_row(file, summary, &summary->group[g]);
}

/* ---- what people read ---- */

enum { CELL_SIZE = 96, MAX_COLUMNS = 10 + STORE_MAX_AXES };

typedef char table_cell[CELL_SIZE];

/* A table of texts: row 0 is the header. */
struct table {
    int rows, columns, numeric_from; /* columns from here on are flushed right */
    table_cell *cell;                /* (rows, columns) owned */
};

static void format_interval(char *out, const struct stats_summary *s)
{
    if (s->n == 0)
        snprintf(out, CELL_SIZE, "-");
    else if (s->n == 1)
        snprintf(out, CELL_SIZE, "%.3f", s->mean);
    else
        snprintf(out, CELL_SIZE, "%.3f ± %.3f", s->mean, stats_half_width(s));
}

static void format_n(char *out, const struct summary_group *group)
{
    int lost = group->n_state[JOB_FAILED] + group->n_state[JOB_DIVERGED], done = group->n_state[JOB_DONE];
    int n = done == group->n_jobs ? snprintf(out, CELL_SIZE, "%d", done)
                                  : snprintf(out, CELL_SIZE, "%d of %d", done, group->n_jobs);
    if (lost > 0)
        snprintf(out + n, (size_t)(CELL_SIZE - n), " (%d lost)", lost);
}

static void format_leak(char *out, const struct summary_group *group)
{
    if (group->leak.n == 0)
        snprintf(out, CELL_SIZE, "-");
    else
        snprintf(out, CELL_SIZE, "%.3g of %.3g", group->leak.mean, group->n_val.mean);
}

static void format_published(char *out, const struct store_job *cell)
{
    double value =
        published_final(cell->clusters, cell->strategy, SPLIT_VAL, METRIC_BALANCED_ACCURACY_AS_PUBLISHED);
    if (isnan(value))
        snprintf(out, CELL_SIZE, "-");
    else
        snprintf(out, CELL_SIZE, "%.3f", value);
}

static void fill_row(table_cell *cell, const struct summary *summary, const struct summary_group *group)
{
    int c = 0;
    snprintf(cell[c++], CELL_SIZE, "%s", group->cell->clusters);
    snprintf(cell[c++], CELL_SIZE, "%s", group->cell->strategy);
    snprintf(cell[c++], CELL_SIZE, "%s", group->cell->protocol);
    for (int i = 0; i < store_n_axes(summary->store); i++)
        if (summary_axis_varies(summary, i))
            snprintf(cell[c++], CELL_SIZE, "%s", group->cell->axis[i]);
    format_n(cell[c++], group);
    format_interval(cell[c++], &group->final[SPLIT_VAL][METRIC_BALANCED_ACCURACY]);
    format_leak(cell[c++], group);
    format_interval(cell[c++], &group->final[SPLIT_VAL][METRIC_BALANCED_ACCURACY_AS_PUBLISHED]);
    format_published(cell[c++], group->cell);
    format_interval(cell[c++], &group->all);
}

static void fill_header(struct table *table, const struct summary *summary)
{
    static const char *const first[] = {"clusters", "strategy", "protocol"};
    static const char *const last[] = {"n",         "val balanced", "leak", "val as published",
                                       "published", "all originals"};
    int c = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        snprintf(table->cell[c++], CELL_SIZE, "%s", first[i]);
    for (int i = 0; i < store_n_axes(summary->store); i++)
        if (summary_axis_varies(summary, i))
            snprintf(table->cell[c++], CELL_SIZE, "%s", store_axis_name(summary->store, i));
    table->numeric_from = c;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        snprintf(table->cell[c++], CELL_SIZE, "%s", last[i]);
    table->columns = c;
}

/* Without memory the table is empty: nothing else depends on it. */
static struct table make_table(const struct summary *summary)
{
    struct table table = {0};
    table.cell = calloc((size_t)(summary->n_groups + 1) * MAX_COLUMNS, sizeof *table.cell);
    if (!table.cell)
        return table;
    fill_header(&table, summary);
    for (int g = 0; g < summary->n_groups; g++)
        fill_row(table.cell + (size_t)(g + 1) * (size_t)table.columns, summary, &summary->group[g]);
    table.rows = summary->n_groups + 1;
    return table;
}

/* Characters on the screen of UTF-8 text. */
static int text_width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void print_row(FILE *file, const struct table *table, int row, const int *width, const char *before,
                      const char *between, const char *after)
{
    table_cell *cell = table->cell + (size_t)row * (size_t)table->columns;
    fputs(before, file);
    for (int c = 0; c < table->columns; c++) {
        int pad = width[c] - text_width(cell[c]), left = c < table->numeric_from;
        int last = c == table->columns - 1;
        fprintf(file, "%*s%s%*s%s", left ? 0 : pad, "", cell[c], left ? pad : 0, "", last ? after : between);
    }
    fputc('\n', file);
}

static void column_widths(const struct table *table, int *width)
{
    for (int c = 0; c < table->columns; c++) {
        width[c] = 3;
        for (int row = 0; row < table->rows; row++) {
            int w = text_width(table->cell[row * table->columns + c]);
            width[c] = w > width[c] ? w : width[c];
        }
    }
}

static int any_published(const struct summary *summary)
{
    for (int g = 0; g < summary->n_groups; g++)
        if (!isnan(published_final(summary->group[g].cell->clusters, summary->group[g].cell->strategy,
                                   SPLIT_VAL, METRIC_LOSS)))
            return 1;
    return 0;
}

static void print_notes(FILE *file, const struct summary *summary)
{
    fprintf(file,
            "%s: %d of %d jobs finished%s. Mean ± half the %.0f %% interval (Student's t) over the n "
            "finished jobs of a row, at their last epoch.\n",
            store_text(summary->store, "name"), summary->n_state[JOB_DONE], summary->n_jobs,
            store_synthetic(summary->store) ? ", synthetic data" : "", 100 * summary_level);
    if (summary->n_state[JOB_FAILED] + summary->n_state[JOB_DIVERGED] > 0)
        fprintf(file, "Lost: %d failed and %d diverged jobs, in no mean.\n", summary->n_state[JOB_FAILED],
                summary->n_state[JOB_DIVERGED]);
    if (any_published(summary))
        fputs("published: the report's last value of 'val as published', one run, judged by "
              "protocol tail (none) or report (others).\n",
              file);
}

void tables_print(FILE *file, const struct summary *summary)
{
    struct table table = make_table(summary);
    int width[MAX_COLUMNS];
    column_widths(&table, width);
    for (int row = 0; row < table.rows; row++)
        print_row(file, &table, row, width, "", "  ", "");
    print_notes(file, summary);
    free(table.cell);
}

/* The line of dashes under a Markdown header; a colon marks columns flushed right. */
static void print_rule(FILE *file, const struct table *table, const int *width)
{
    for (int c = 0; c < table->columns; c++) {
        int right = c >= table->numeric_from;
        fputc('|', file);
        for (int i = 0; i < width[c] + 2 - right; i++)
            fputc('-', file);
        fputs(right ? ":" : "", file);
    }
    fputs("|\n", file);
}

void tables_write_markdown(FILE *file, const struct summary *summary)
{
    struct table table = make_table(summary);
    int width[MAX_COLUMNS];
    column_widths(&table, width);
    for (int row = 0; row < table.rows; row++) {
        print_row(file, &table, row, width, "| ", " | ", " |");
        if (row == 0)
            print_rule(file, &table, width);
    }
    fputc('\n', file);
    print_notes(file, summary);
    fputs("\n"
          "- **val balanced**: mean recall over the classes of the validation images.\n"
          "- **leak**: mean number of validation images with a copy or an augmented sibling in training, "
          "of the mean number of validation images. Where it is not 0, validation is no test.\n"
          "- **val as published**: the number the report calls balanced accuracy; it equals accuracy for "
          "two classes.\n"
          "- **all originals**: balanced accuracy on every original image of the pair, training images "
          "included.\n"
          "- Folds and repeats share images, so intervals over them are narrower than those of "
          "independent studies.\n",
          file);
    free(table.cell);
}
