/* A table, plain or gzip, with two of its columns. */
#include "fuzz.h"

#include "table/csv.h"

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static const char *const columns[] = {"id", "note"};
    const char *field[2];
    struct csv *csv = NULL;
    struct err err = {0};
    double value;
    int rc = fuzz_check(csv_open(fuzz_file(0, bytes, n), columns, 2, &csv, &err), &err);
    int more = rc == 0;
    while (more && (more = rc = fuzz_check(csv_next(csv, field, &err), &err)) > 0)
        fuzz_check(csv_number(csv, "note", field[1], &value, &err), &err);
    csv_close(csv);
    return rc == 0;
}
