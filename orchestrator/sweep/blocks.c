#include "sweep/blocks.h"

#include "sweep/job_name.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a block excludes ---- */

/* The jobs of one block as a filter sees them. */
struct rows_of_block {
    const struct store_rows *all;
    int begin;
};

static int row_of_block(const void *of, int j, struct store_job *out, struct err *err)
{
    const struct rows_of_block *block = of;
    return block->all->row(block->all->of, block->begin + j, out, err);
}

static int setting_of_block(const void *of, int j, const struct setting *key, char *out, struct err *err)
{
    const struct rows_of_block *block = of;
    return block->all->setting(block->all->of, block->begin + j, key, out, err);
}

/* "file:line", or "--set". */
static const char *tell_line(const struct sweep_file *file, int line, char *out, size_t size)
{
    if (line > 0)
        snprintf(out, size, "%.300s:%d", file->path, line);
    else
        snprintf(out, size, "%.300s", line == SWEEP_KEY_BY_SET ? "--set" : file->path);
    return out;
}

/* Mark what exclude x of a block matches, count it, and remember why it matches nothing. */
static int mark(const struct sweep *sweep, int b, int x, const struct store_rows *rows, char *is_out,
                struct err *err)
{
    const struct sweep_exclude *exclude = &sweep->file->block[b].exclude[x];
    struct block_count *count = &sweep->count[b];
    struct filter *filter = NULL;
    struct err why = {0};
    char place[320];
    int rc = filter_new(exclude->text, rows, &filter, &why);
    if (rc < 0)
        return err_set(err, rc, "%s: grid: exclude: %s", tell_line(sweep->file, exclude->line, place, 320),
                       why.text);
    for (int j = 0; j < rows->n && rc >= 0; j++) {
        rc = filter_matches(filter, j, err);
        is_out[j] |= rc > 0;
        count->n_matching[x] += rc > 0;
    }
    if (count->n_matching[x] == 0)
        filter_hint(filter, count->hint[x], sizeof count->hint[x]);
    filter_free(filter);
    return rc < 0 ? rc : 0;
}

/* Take away the jobs from `begin` on that are marked. Returns how many. */
static int drop(struct sweep *sweep, int begin, const char *is_out)
{
    int kept = begin;
    for (int j = begin; j < sweep->n_jobs; j++)
        if (!is_out[j - begin])
            sweep->job[kept++] = sweep->job[j];
    int n = sweep->n_jobs - kept;
    sweep->n_jobs = kept;
    return n;
}

int blocks_exclude(struct sweep *sweep, int b, int begin, struct err *err)
{
    int n = sweep->file->block[b].n_excludes, rc = 0;
    struct block_count *count = &sweep->count[b];
    const char *name[SWEEP_MAX_AXES];
    const struct store_rows all = sweep_rows(sweep, name);
    const struct rows_of_block of = {&all, begin};
    const struct store_rows rows = {all.n - begin, all.n_axes, name, row_of_block, setting_of_block, &of};
    if (n == 0)
        return 0;
    count->n_matching = err_calloc((size_t)n, sizeof *count->n_matching, "excludes", err);
    count->hint = err_calloc((size_t)n, sizeof *count->hint, "excludes", err);
    char *is_out = err_calloc((size_t)rows.n, 1, "excludes", err);
    if (!count->n_matching || !count->hint || !is_out)
        rc = E_IO;
    for (int x = 0; x < n && rc == 0; x++)
        rc = mark(sweep, b, x, &rows, is_out, err);
    if (rc == 0)
        count->n_excluded = drop(sweep, begin, is_out);
    free(is_out);
    return rc;
}

/* ---- what several give ---- */

static int compare_jobs(const void *a, const void *b, void *jobs)
{
    const struct job *job = jobs;
    int i = *(const int *)a, j = *(const int *)b, order = memcmp(job[i].key, job[j].key, JOB_KEY_BYTES);
    return order ? order : (i > j) - (i < j);
}

static int block_of(const struct sweep *sweep, int job)
{
    int place[SWEEP_MAX_AXES];
    return sweep_file_place(sweep->file, sweep->job[job].combination, place);
}

/* Mark jobs whose key one of an earlier block has. Equal ones of one block stay, to be refused. */
static void mark_twice(struct sweep *sweep, const int *order, char *is_out)
{
    for (int i = 1, first = 0; i < sweep->n_jobs; i++) {
        if (memcmp(sweep->job[order[i]].key, sweep->job[order[first]].key, JOB_KEY_BYTES) != 0)
            first = i;
        int b = block_of(sweep, order[i]);
        if (b == block_of(sweep, order[first]))
            continue;
        is_out[order[i]] = 1;
        sweep->count[b].n_twice++;
    }
}

static int refuse_empty(const struct sweep *sweep, struct err *err)
{
    char place[320];
    for (int b = 0; b < sweep->file->n_blocks; b++)
        if (sweep->file->block[b].n_excludes > 0)
            return err_set(err, E_USAGE, "%s: grid: all jobs are excluded, so there would be none",
                           tell_line(sweep->file, sweep->file->block[b].exclude[0].line, place, 320));
    return 0;
}

int blocks_join(struct sweep *sweep, struct err *err)
{
    size_t n = (size_t)sweep->n_jobs;
    if (n == 0)
        return refuse_empty(sweep, err);
    if (sweep->file->n_blocks == 1)
        return 0;
    int *order = err_calloc(n, sizeof *order, "job keys", err);
    char *is_out = err_calloc(n, 1, "job keys", err);
    int rc = order && is_out ? 0 : E_IO;
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++)
        order[j] = j;
    if (rc == 0) {
        qsort_r(order, n, sizeof *order, compare_jobs, sweep->job);
        mark_twice(sweep, order, is_out);
        drop(sweep, 0, is_out);
    }
    free(order);
    free(is_out);
    return rc;
}

/* ---- what is told ---- */

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void print_block(FILE *out, const struct sweep_block *block, int number, const struct block_count *c)
{
    int left = c->n_given - c->n_excluded - c->n_twice;
    fprintf(out, "grid: block %d (line %d) gives %d job%s", number, block->line, left, plural(left));
    if (left < c->n_given)
        fprintf(out, ": %d", c->n_given);
    if (c->n_excluded)
        fprintf(out, ", less %d excluded", c->n_excluded);
    if (c->n_twice)
        fprintf(out, ", less %d that stand%s in an earlier block, too", c->n_twice,
                c->n_twice == 1 ? "s" : "");
    putc('\n', out);
}

/* "line 7", for who knows which file. */
static const char *short_line(int line, char out[32])
{
    if (line > 0)
        snprintf(out, 32, "line %d", line);
    else
        snprintf(out, 32, "%s", line == SWEEP_KEY_BY_SET ? "--set" : "the grid");
    return out;
}

static void print_exclude(FILE *out, const struct sweep *sweep, int b, int x)
{
    const struct sweep_exclude *exclude = &sweep->file->block[b].exclude[x];
    int n = sweep->count[b].n_matching[x];
    char place[32];
    if (n > 0)
        fprintf(out, "grid: %d job%s excluded by '%s' (%s)\n", n, plural(n), exclude->text,
                short_line(exclude->line, place));
}

void blocks_print(FILE *out, const struct sweep *sweep)
{
    for (int b = 0; b < sweep->file->n_blocks; b++) {
        if (sweep->file->n_blocks > 1)
            print_block(out, &sweep->file->block[b], b + 1, &sweep->count[b]);
        for (int x = 0; x < sweep->file->block[b].n_excludes; x++)
            print_exclude(out, sweep, b, x);
    }
    blocks_notes(out, sweep);
    unread_print(out, &sweep->unread, sweep->file);
}

static void note_exclude(FILE *out, const struct sweep *sweep, int b, int x)
{
    const struct sweep_exclude *exclude = &sweep->file->block[b].exclude[x];
    const struct block_count *count = &sweep->count[b];
    char place[32];
    short_line(exclude->line, place);
    if (count->n_matching[x] == 0)
        fprintf(out, "note: %s: exclude '%s' excludes nothing%s\n", place, exclude->text, count->hint[x]);
    else if (count->n_matching[x] == count->n_given)
        fprintf(out, "note: %s: exclude '%s' excludes all jobs of its block\n", place, exclude->text);
}

void blocks_notes(FILE *out, const struct sweep *sweep)
{
    for (int b = 0; b < sweep->file->n_blocks; b++) {
        const struct block_count *count = &sweep->count[b];
        char place[32];
        for (int x = 0; x < sweep->file->block[b].n_excludes; x++)
            note_exclude(out, sweep, b, x);
        if (count->n_given == count->n_excluded + count->n_twice)
            fprintf(out, "note: %s: block %d gives no job of its own\n",
                    short_line(sweep->file->block[b].line, place), b + 1);
    }
}
