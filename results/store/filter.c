#include "store/filter.h"

#include "sections.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the filter's text, not terminated. */
struct piece {
    const char *at;
    size_t n;
};

enum comparison { EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST };

/* What a row has of every job. */
enum column { KEY, CLUSTERS, STRATEGY, PROTOCOL, MODEL, SEED, FOLD, REPEAT, N_COLUMNS };

static const char *const column_name[N_COLUMNS] = {"key",   "clusters", "strategy", "protocol",
                                                   "model", "seed",     "fold",     "repeat"};

/* What a part asks of: a column of all rows, else one of the grid's axes, else a setting. */
struct part {
    struct piece key, value;
    enum comparison comparison;
    int column, axis; /* -1: none */
    const struct setting *setting;
    double number; /* to compare with */
};

struct filter {
    const struct store_rows *rows;
    int n;
    struct part *part; /* (n) */
};

/* ---- the text in pieces ---- */

/* The next of some characters that is not in quotes, or NULL. Quotes that do not end are letters like any
 * other. */
static const char *find_stop(const char *at, const char *end, const char *stops)
{
    int quoted = 0;
    const char *p = at;
    for (; p < end && (quoted || !strchr(stops, *p)); p++)
        quoted ^= *p == '"';
    for (p = quoted ? at : p; quoted && p < end && !strchr(stops, *p);)
        p++;
    return p < end ? p : NULL;
}

static struct piece trimmed(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    while (end > at && end[-1] == ' ')
        end--;
    return (struct piece){at, (size_t)(end - at)};
}

/* Cut the piece up to the next `stop` off the front of *rest; NULL is left of it behind the last. */
static struct piece next_piece(const char **rest, const char *end, const char *stop)
{
    const char *at = *rest, *cut = find_stop(at, end, stop);
    *rest = cut ? cut + 1 : NULL;
    return trimmed(at, cut ? cut : end);
}

static int equals(struct piece piece, const char *text)
{
    return strlen(text) == piece.n && memcmp(piece.at, text, piece.n) == 0;
}

/* For messages. */
static int shown_length(struct piece piece)
{
    return (int)(piece.n < 60 ? piece.n : 60);
}

static int as_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0';
}

/* ---- the keys ---- */

static const char *nearest_column(const char *name)
{
    int few = strlen(name) > 3 ? 2 : 1;
    for (int distance = 1; distance <= few; distance++)
        for (int c = 0; c < N_COLUMNS; c++)
            if (setting_distance(name, column_name[c]) == distance)
                return column_name[c];
    return config_nearest(worker_schema(), name);
}

static int unknown_key(struct piece key, struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", shown_length(key), key.at);
    const char *near = nearest_column(name);
    return err_set(
        err, E_USAGE,
        "'%s' is no key of jobs%s%s%s; they are key, fold, repeat and all settings, which `cellsweep plan "
        "--keys` lists",
        name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int find_key(struct part *part, const struct store_rows *rows, struct err *err)
{
    char name[64];
    part->column = part->axis = -1;
    part->setting = NULL;
    for (int c = 0; c < N_COLUMNS; c++)
        if (equals(part->key, column_name[c]))
            part->column = c;
    for (int a = 0; a < rows->n_axes && part->column < 0; a++)
        if (equals(part->key, rows->axis_name[a]))
            part->axis = a;
    if (part->key.n < sizeof name) {
        snprintf(name, sizeof name, "%.*s", shown_length(part->key), part->key.at);
        part->setting = config_find(worker_schema(), name);
    }
    return part->column >= 0 || part->axis >= 0 || part->setting ? 0 : unknown_key(part->key, err);
}

static int has_numbers(const struct part *part)
{
    if (part->column >= 0)
        return part->column >= SEED;
    return part->setting && (part->setting->type == SETTING_INT || part->setting->type == SETTING_REAL);
}

/* <, <=, > and >= compare with one number. */
static int take_number(struct part *part, struct err *err)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", shown_length(part->value), part->value.at);
    if (!has_numbers(part))
        return err_set(err, E_USAGE,
                       "'%.*s' has texts, which < and > do not compare; name the values: %.*s=a|b, or != for "
                       "all others",
                       shown_length(part->key), part->key.at, shown_length(part->key), part->key.at);
    if (part->value.n >= sizeof text || !as_number(text, &part->number))
        return err_set(err, E_USAGE, "'%.*s' is compared with '%s', which is no number",
                       shown_length(part->key), part->key.at, text);
    return 0;
}

/* ---- a part ---- */

/* The comparison at *p, which is moved behind it. */
static enum comparison next_comparison(const char **p, const char *end)
{
    char first = *(*p)++;
    int is_twofold = *p < end && **p == '=' && first != '=';
    *p += is_twofold;
    if (first == '<')
        return is_twofold ? AT_MOST : LESS;
    if (first == '>')
        return is_twofold ? AT_LEAST : MORE;
    return first == '=' ? EQUAL : UNEQUAL;
}

static int read_part(struct piece text, const struct store_rows *rows, struct part *out, struct err *err)
{
    const char *end = text.at + text.n, *p = find_stop(text.at, end, "=!<>");
    if (!p || (*p == '!' && (p + 1 == end || p[1] != '=')))
        return err_set(err, E_USAGE,
                       "'%.*s' is not key=value, such as strategy=augment|none,clusters=1-27,seed<=5; a "
                       "class with a comma in its name stands in double quotes",
                       shown_length(text), text.at);
    out->key = trimmed(text.at, p);
    out->comparison = next_comparison(&p, end);
    out->value = trimmed(p, end);
    int rc = find_key(out, rows, err);
    return rc == 0 && out->comparison >= LESS ? take_number(out, err) : rc;
}

int filter_new(const char *text, const struct store_rows *rows, struct filter **out, struct err *err)
{
    struct filter *filter = err_calloc(1, sizeof *filter, "a filter", err);
    size_t most = 1;
    const char *end = text + strlen(text);
    *out = filter;
    if (!filter)
        return E_IO;
    for (const char *p = text; *p; p++)
        most += *p == ',';
    filter->rows = rows;
    filter->part = err_calloc(most, sizeof *filter->part, "a filter", err);
    int rc = filter->part ? 0 : E_IO;
    for (const char *rest = text; rest && rc == 0;) {
        struct piece piece = next_piece(&rest, end, ",");
        rc = piece.n ? read_part(piece, rows, &filter->part[filter->n], err) : 0;
        filter->n += piece.n > 0;
    }
    if (rc < 0) {
        filter_free(filter);
        *out = NULL;
    }
    return rc;
}

void filter_free(struct filter *filter)
{
    if (!filter)
        return;
    free(filter->part);
    free(filter);
}

/* ---- values ---- */

static const char *text_of_column(const struct store_job *row, int column, char out[CONFIG_WORD_SIZE])
{
    const char *const text[] = {row->key, row->clusters, row->strategy, row->protocol, row->model};
    const long long number[] = {row->seed, row->fold, row->repeat};
    if (column < SEED)
        return text[column];
    snprintf(out, CONFIG_WORD_SIZE, "%lld", number[column - SEED]);
    return out;
}

/* Job j's value of what a part asks of, in out or the row; NULL with *err set. */
static const char *value_of(const struct filter *filter, const struct part *part, const struct store_job *row,
                            int j, char out[CONFIG_WORD_SIZE], struct err *err)
{
    if (part->column >= 0)
        return text_of_column(row, part->column, out);
    if (part->axis >= 0)
        return row->axis[part->axis];
    return filter->rows->setting(filter->rows->of, j, part->setting, out, err) < 0 ? NULL : out;
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

/* Whether a value is as a pattern has it, in which * outside of quotes is any characters. After a mismatch
 * the last * takes one character more. */
static int is_like(const char *value, const char *pattern)
{
    const char *star = NULL, *from = NULL;
    int quoted = 0;
    while (*value || *pattern) {
        if (*pattern == '*' && !quoted) {
            star = ++pattern;
            from = value;
        } else if (*pattern && *value == *pattern) {
            quoted ^= *pattern++ == '"';
            value++;
        } else if (star && *from) {
            value = ++from;
            pattern = star;
            quoted = 0;
        } else {
            return 0;
        }
    }
    return 1;
}

static int value_matches(const char *value, const char *wanted)
{
    double number, first, last;
    size_t n = strlen(wanted);
    if (strcmp(value, wanted) == 0 || is_same_set(value, wanted))
        return 1;
    if (!*value) /* a setting that the job does not read */
        return strcmp(wanted, "-") == 0;
    if (n && strncmp(value, wanted, n) == 0 && value[n] == ':')
        return 1; /* kfold of kfold:5x3 */
    if (is_like(value, wanted))
        return 1;
    if (!as_number(value, &number))
        return 0;
    if (as_number(wanted, &first))
        return number >= first && number <= first; /* 1e-3 is 0.001 */
    return as_range(wanted, &first, &last) && number >= first && number <= last;
}

/* The classes of a list by number; 0 when it is none, or one that a field had to cut. */
static int read_classes(const char *list, int class[CONFIG_MAX_CLUSTERS])
{
    int n = 0;
    for (const char *rest = list; rest; n++)
        if (n == CONFIG_MAX_CLUSTERS || class_next(rest, &class[n], &rest, NULL) < 0)
            return 0;
    return n;
}

/* Whether a row's list of classes, as store_clusters_text() writes it, is the one that is wanted, or the
 * numbers of its classes are as the pattern has them. */
static int classes_match(const char *value, const char *wanted)
{
    char text[SETTING_TEXT_SIZE], field[CONFIG_WORD_SIZE];
    int class[CONFIG_MAX_CLUSTERS], n = read_classes(strchr(wanted, '*') ? value : wanted, class);
    for (int titles = 0; titles < 2 && n > 0; titles++) {
        class_list(class, n, titles, text, sizeof text);
        store_clusters_text(field, sizeof field, text);
        if (strchr(wanted, '*') ? is_like(text, wanted) : strcmp(value, field) == 0)
            return 1;
    }
    return 0;
}

static int any_matches(const struct part *part, const char *value)
{
    char wanted[SETTING_TEXT_SIZE];
    const char *end = part->value.at + part->value.n;
    for (const char *rest = part->value.at; rest;) {
        struct piece piece = next_piece(&rest, end, "|");
        if (piece.n >= sizeof wanted)
            continue;
        snprintf(wanted, sizeof wanted, "%.*s", (int)piece.n, piece.at);
        if (value_matches(value, wanted) || (part->column == CLUSTERS && classes_match(value, wanted)))
            return 1;
    }
    return 0;
}

static int part_matches(const struct part *part, const char *value)
{
    double number;
    if (part->comparison <= UNEQUAL)
        return any_matches(part, value) == (part->comparison == EQUAL);
    if (!as_number(value, &number))
        return 0;
    switch (part->comparison) {
    case LESS:
        return number < part->number;
    case AT_MOST:
        return number <= part->number;
    case MORE:
        return number > part->number;
    default:
        return number >= part->number;
    }
}

int filter_matches(const struct filter *filter, int j, struct err *err)
{
    struct store_job row;
    char room[CONFIG_WORD_SIZE];
    int rc = filter->n ? filter->rows->row(filter->rows->of, j, &row, err) : 0;
    for (int p = 0; p < filter->n && rc == 0; p++) {
        const char *value = value_of(filter, &filter->part[p], &row, j, room, err);
        if (!value)
            rc = err ? err->code : E_IO;
        else if (!part_matches(&filter->part[p], value))
            return 0;
    }
    return rc < 0 ? rc : 1;
}

/* ---- why nothing matches ---- */

enum { MAX_VALUES = 12 };

/* The different values of a part's key, in the order of jobs, at most MAX_VALUES + 1 of them. Returns how
 * many; 0 when some job matches the part. */
static int collect_values(const struct filter *filter, const struct part *part,
                          char value[MAX_VALUES + 1][CONFIG_WORD_SIZE])
{
    struct store_job row;
    char room[CONFIG_WORD_SIZE];
    int n = 0;
    for (int j = 0; j < filter->rows->n; j++) {
        const char *text = NULL;
        int known = n > MAX_VALUES;
        if (filter->rows->row(filter->rows->of, j, &row, NULL) == 0)
            text = value_of(filter, part, &row, j, room, NULL);
        if (!text || part_matches(part, text))
            return 0;
        for (int i = 0; i < n && !known; i++)
            known = strcmp(value[i], text) == 0;
        if (!known)
            snprintf(value[n++], CONFIG_WORD_SIZE, "%s", text);
    }
    return n;
}

void filter_hint(const struct filter *filter, char *out, size_t size)
{
    char value[MAX_VALUES + 1][CONFIG_WORD_SIZE];
    int n = 0, p = 0;
    *out = '\0';
    while (p < filter->n && (n = collect_values(filter, &filter->part[p], value)) == 0)
        p++;
    if (n == 0)
        return;
    struct piece key = filter->part[p].key;
    size_t used =
        (size_t)snprintf(out, size, "; %.*s is %s", shown_length(key), key.at, n > 1 ? "one of " : "");
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 i == MAX_VALUES ? "..."
                                 : *value[i]     ? value[i]
                                                 : "- (not read)");
}
