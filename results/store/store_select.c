#include "store/store_select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the filter's text, not terminated. */
struct piece {
    const char *at;
    size_t n;
};

/* The next `stop` that is not in quotes, or NULL. Quotes that do not end are letters like any other. */
static const char *find_stop(const char *at, const char *end, char stop)
{
    int quoted = 0;
    const char *p = at;
    for (; p < end && (quoted || *p != stop); p++)
        quoted ^= *p == '"';
    return quoted ? memchr(at, stop, (size_t)(end - at)) : p < end ? p : NULL;
}

/* Cut the piece up to the next `stop` off the front of *rest; the trimmed piece. */
static struct piece next_piece(const char **rest, const char *end, char stop)
{
    const char *at = *rest, *cut = find_stop(at, end, stop);
    const char *last = cut ? cut : end;
    *rest = cut ? cut + 1 : end;
    while (at < last && *at == ' ')
        at++;
    while (last > at && last[-1] == ' ')
        last--;
    return (struct piece){at, (size_t)(last - at)};
}

static int equals(struct piece piece, const char *text)
{
    return strlen(text) == piece.n && memcmp(piece.at, text, piece.n) == 0;
}

/* The job's value of a key as text in out; 0 when there is no such key. */
static int value_of(const struct store_job *job, int n_axes, const char *const *axis_name, struct piece key,
                    char out[CONFIG_WORD_SIZE])
{
    const struct {
        const char *name, *text;
    } texts[] = {{"key", job->key},
                 {"clusters", job->clusters},
                 {"strategy", job->strategy},
                 {"protocol", job->protocol},
                 {"model", job->model}};
    const struct {
        const char *name;
        long long value;
    } numbers[] = {{"seed", job->seed}, {"fold", job->fold}, {"repeat", job->repeat}};
    int found = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (equals(key, texts[i].name))
            found = snprintf(out, CONFIG_WORD_SIZE, "%s", texts[i].text) >= 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (equals(key, numbers[i].name))
            found = snprintf(out, CONFIG_WORD_SIZE, "%lld", numbers[i].value) >= 0;
    for (int i = 0; i < n_axes; i++)
        if (equals(key, axis_name[i]))
            found = snprintf(out, CONFIG_WORD_SIZE, "%s", job->axis[i]) >= 0;
    return found;
}

static int as_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0';
}

/* "1..5"; 0 when the text is no range of numbers. */
static int as_range(const char *text, double *first, double *last)
{
    char head[CONFIG_WORD_SIZE];
    const char *dots = strstr(text, "..");
    if (!dots || dots - text >= (long)sizeof head)
        return 0;
    snprintf(head, sizeof head, "%.*s", (int)(dots - text), text);
    return as_number(head, first) && as_number(dots + 2, last);
}

/* "4+5" for "4-5": as tables write it (csv_out.h). */
static int is_same_set(const char *value, const char *text)
{
    size_t n = strspn(value, "0123456789-");
    if (value[n] || strlen(text) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] != value[i] && (text[i] != '+' || value[i] != '-'))
            return 0;
    return 1;
}

static int value_matches(const char *value, struct piece wanted)
{
    char text[2 * CONFIG_WORD_SIZE];
    double number, first, last;
    if (wanted.n >= sizeof text)
        return 0;
    snprintf(text, sizeof text, "%.*s", (int)wanted.n, wanted.at);
    if (strcmp(value, text) == 0 || is_same_set(value, text))
        return 1;
    if (!*value) /* a setting that the job does not read */
        return strcmp(text, "-") == 0;
    if (wanted.n && strncmp(value, text, wanted.n) == 0 && value[wanted.n] == ':')
        return 1; /* kfold of kfold:5x3 */
    if (!as_number(value, &number))
        return 0;
    if (as_number(text, &first))
        return number >= first && number <= first; /* 1e-3 is 0.001 */
    return as_range(text, &first, &last) && number >= first && number <= last;
}

/* Whether a row's list of classes, as store_clusters_text() writes it, is the one that is wanted. */
static int classes_match(const char *value, struct piece wanted)
{
    char text[SETTING_TEXT_SIZE], field[CONFIG_WORD_SIZE];
    int class[CONFIG_MAX_CLUSTERS], n = 0;
    if (wanted.n >= sizeof text)
        return 0;
    snprintf(text, sizeof text, "%.*s", (int)wanted.n, wanted.at);
    for (const char *rest = text; rest; n++)
        if (n == CONFIG_MAX_CLUSTERS || class_next(rest, &class[n], &rest, NULL) < 0)
            return 0;
    for (int titles = 0; titles < 2; titles++) {
        class_list(class, n, titles, text, sizeof text);
        store_clusters_text(field, sizeof field, text);
        if (strcmp(value, field) == 0)
            return 1;
    }
    return 0;
}

static int unknown_key(struct piece key, int n_axes, const char *const *axis_name, struct err *err)
{
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; i < n_axes && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, ", %s", axis_name[i]);
    return err_set(
        err, E_USAGE,
        "filter: '%.*s' is not one of key, clusters, strategy, protocol, seed, fold, repeat, model%s",
        (int)(key.n < 60 ? key.n : 60), key.at, list);
}

/* One "key=a|b". */
static int part_matches(const struct store_job *job, int n_axes, const char *const *axis_name,
                        struct piece part, struct err *err)
{
    char value[CONFIG_WORD_SIZE];
    const char *rest = part.at, *end = part.at + part.n;
    if (!memchr(part.at, '=', part.n))
        return err_set(
            err, E_USAGE,
            "filter: '%.*s' is not key=value, such as strategy=augment|none,clusters=1-27; a class with "
            "a comma in its name stands in double quotes",
            (int)(part.n < 60 ? part.n : 60), part.at);
    struct piece key = next_piece(&rest, end, '=');
    if (!value_of(job, n_axes, axis_name, key, value))
        return unknown_key(key, n_axes, axis_name, err);
    do {
        struct piece wanted = next_piece(&rest, end, '|');
        if (value_matches(value, wanted) || (equals(key, "clusters") && classes_match(value, wanted)))
            return 1;
    } while (rest < end);
    return 0;
}

static int row_matches(const struct store_job *job, const struct store_rows *rows, const char *filter,
                       struct err *err)
{
    int all = 1;
    const char *rest = filter ? filter : "", *end = rest + strlen(rest);
    while (rest < end) {
        struct piece part = next_piece(&rest, end, ',');
        int rc = part.n ? part_matches(job, rows->n_axes, rows->axis_name, part, err) : 1;
        if (rc < 0)
            return rc;
        all &= rc;
    }
    return all;
}

/* ---- why nothing matches ---- */

enum { MAX_VALUES = 12 };

/* How many jobs one part of a filter matches. */
static int count_matches(const struct store_rows *rows, struct piece part)
{
    struct store_job job;
    int n = 0;
    for (int j = 0; j < rows->n; j++) {
        n += rows->row(rows->of, j, &job, NULL) == 0 &&
             part_matches(&job, rows->n_axes, rows->axis_name, part, NULL) > 0;
    }
    return n;
}

/* The different values of a key, in the order of jobs, at most MAX_VALUES + 1 of them. Returns how many. */
static int collect_values(const struct store_rows *rows, struct piece key,
                          char value[MAX_VALUES + 1][CONFIG_WORD_SIZE])
{
    struct store_job job;
    int n = 0;
    for (int j = 0; j < rows->n && n <= MAX_VALUES; j++) {
        int known = 0;
        if (rows->row(rows->of, j, &job, NULL) < 0 ||
            !value_of(&job, rows->n_axes, rows->axis_name, key, value[n]))
            return 0;
        for (int i = 0; i < n && !known; i++)
            known = strcmp(value[i], value[n]) == 0;
        n += !known;
    }
    return n;
}

static void list_values(const struct store_rows *rows, struct piece part, char *out, size_t size)
{
    char value[MAX_VALUES + 1][CONFIG_WORD_SIZE];
    const char *rest = part.at;
    struct piece key = next_piece(&rest, part.at + part.n, '=');
    int n = collect_values(rows, key, value);
    size_t used = (size_t)snprintf(out, size, "; %.*s is %s", (int)(key.n < 60 ? key.n : 60), key.at,
                                   n > 1 ? "one of " : "");
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 i == MAX_VALUES ? "..."
                                 : *value[i]     ? value[i]
                                                 : "- (not read)");
}

/* Why a filter matched no job, in out: the values of the first key whose values no job has; "" when
 * it is the combination. */
static void find_hint(const struct store_rows *rows, const char *filter, char *out, size_t size)
{
    const char *rest = filter, *end = rest + strlen(rest);
    *out = '\0';
    while (rest < end && !*out) {
        struct piece part = next_piece(&rest, end, ',');
        if (part.n && count_matches(rows, part) == 0)
            list_values(rows, part, out, size);
    }
}

/* ---- all ---- */

int select_rows(const struct store_rows *rows, const char *filter, const char *name, struct selection *out,
                struct err *err)
{
    struct store_job row;
    char hint[512];
    int rc = 0;
    filter = filter ? filter : "";
    *out = (struct selection){0, err_calloc((unsigned long)rows->n, sizeof(int), "the jobs chosen", err)};
    if (!out->job)
        return E_IO;
    for (int j = 0; j < rows->n && rc >= 0; j++) {
        rc = *filter ? rows->row(rows->of, j, &row, err) : 1;
        if (*filter && rc == 0)
            rc = row_matches(&row, rows, filter, err);
        if (rc > 0)
            out->job[out->n++] = j;
    }
    if (rc >= 0 && out->n == 0) {
        find_hint(rows, filter, hint, sizeof hint);
        rc = err_set(err, E_USAGE, "%s: --filter '%.200s' matches none of the %d jobs%s", name, filter,
                     rows->n, hint);
    }
    if (rc < 0)
        selection_free(out);
    return rc < 0 ? rc : 0;
}

struct rows_of_store {
    struct store *store;
};

static int row_of_store(const void *of, int j, struct store_job *out, struct err *err)
{
    return store_row(((const struct rows_of_store *)of)->store, j, out, err);
}

int store_select(struct store *store, const char *filter, struct selection *out, struct err *err)
{
    const char *axis[STORE_MAX_AXES];
    const struct rows_of_store of = {store};
    for (int a = 0; a < store_n_axes(store); a++)
        axis[a] = store_axis_name(store, a);
    const struct store_rows rows = {store_n_jobs(store), store_n_axes(store), axis, row_of_store, &of};
    return select_rows(&rows, filter, store_path(store), out, err);
}

void selection_free(struct selection *selection)
{
    free(selection->job);
    *selection = (struct selection){0};
}
