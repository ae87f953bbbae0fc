#include "table/class_titles.h"

#include "class_name.h"
#include "table/csv.h"

#include <stddef.h>

static int call(const char *path, long line, const char *number, const char *name, struct err *err)
{
    struct err why = {0};
    int class = class_number(number, &why);
    int rc = class == CLASS_NONE ? why.code : class_call(class, name, &why);
    return rc < 0 ? err_set(err, E_USAGE, "%s:%ld: %s", path, line, why.text) : 0;
}

static int read_rows(const char *path, struct csv *csv, struct err *err)
{
    const char *field[2], *first = csv_name(csv, 0), *second = csv_name(csv, 1);
    int rc = 0;
    if (!first || !second)
        return err_set(err, E_USAGE, "%s: one column; expected two, the number of a class and its name",
                       path);
    if (class_number(first, NULL) >= 0)
        rc = call(path, 1, first, second, err);
    csv_select(csv, (const int[]){0, 1}, 2);
    while (rc == 0 && (rc = csv_next(csv, field, err)) > 0)
        rc = call(path, csv_line(csv), field[0], field[1], err);
    return rc;
}

int class_titles_read(const char *path, struct err *err)
{
    struct csv *csv = NULL;
    int rc = csv_open(path, NULL, 0, &csv, err);
    if (rc == 0)
        rc = read_rows(path, csv, err);
    csv_close(csv);
    return rc;
}
