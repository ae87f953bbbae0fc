#include "table/class_titles.h"

#include "class_name.h"
#include "table/csv.h"

#include <stdlib.h>

/* A table on its way: which line names a number, 0: none yet. */
struct reading {
    const char *path;
    long *line; /* (CLASS_MOST + 1) */
};

static int call(const struct reading *r, long line, const char *number, const char *name, struct err *err)
{
    struct err why = {0};
    int class = class_number(number, &why);
    int rc = class == CLASS_NONE ? why.code : class_call(class, name, &why);
    if (rc < 0)
        return err_set(err, E_USAGE, "%s:%ld: %s", r->path, line, why.text);
    if (r->line[class])
        return err_set(err, E_USAGE,
                       "%s:%ld: class %d has its name in line %ld already; leave one of them out", r->path,
                       line, class, r->line[class]);
    r->line[class] = line;
    return 0;
}

static int read_rows(const struct reading *r, struct csv *csv, struct err *err)
{
    const char *path = r->path;
    const char *field[2], *first = csv_name(csv, 0), *second = csv_name(csv, 1);
    int rc = 0;
    if (!first || !second)
        return err_set(err, E_USAGE, "%s: one column; expected two, the number of a class and its name",
                       path);
    if (class_number(first, NULL) >= 0)
        rc = call(r, 1, first, second, err);
    csv_select(csv, (const int[]){0, 1}, 2);
    while (rc == 0 && (rc = csv_next(csv, field, err)) > 0)
        rc = call(r, csv_line(csv), field[0], field[1], err);
    return rc;
}

int class_titles_read(const char *path, struct err *err)
{
    struct csv *csv = NULL;
    struct reading r = {path, err_calloc(CLASS_MOST + 1, sizeof *r.line, path, err)};
    int rc = r.line ? csv_open(path, NULL, 0, &csv, err) : E_IO;
    if (rc == 0)
        rc = read_rows(&r, csv, err);
    csv_close(csv);
    free(r.line);
    return rc;
}
