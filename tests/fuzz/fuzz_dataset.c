/* A packed dataset. */
#include "fuzz.h"

#include "data/dataset.h"

int fuzz_one(const uint8_t *bytes, size_t n)
{
    struct dataset *data = NULL;
    struct err err = {0};
    int rc = fuzz_check(dataset_open(fuzz_file(0, bytes, n), NULL, &data, &err), &err);
    dataset_free(data);
    return rc == 0;
}
