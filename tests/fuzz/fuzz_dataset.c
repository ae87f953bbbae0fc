/* A packed dataset whose content somebody changed (edits.h). The checksum in the file is not made right
 * again: it refuses most changes of content, as it should. */
#include "data/dataset.h"
#include "edits.h"
#include "fuzz.h"

#include "support/made.h"

static const char *const object[] = {"/images/pixels", "/images/id",     "/images/cluster", "/images/source",
                                     "/images/width",  "/images/height", "/images/masked",  "/images/group",
                                     "/images",        "/channels/name"};
static const char *const attribute[] = {"cellsweep_dataset", "checksum", "synthetic",         "source",
                                        "pixel_size",        "groups",   "cellsweep_results", "channels"};
static const struct edits_names names = {object, sizeof object / sizeof *object, attribute,
                                         sizeof attribute / sizeof *attribute};

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static uint8_t *good[2]; /* gray, and of three channels */
    static size_t n_good[2];
    size_t k = n % 2;
    struct dataset *data = NULL;
    struct err err = {0};
    if (!good[k]) {
        const char *made = fuzz_file(0, bytes, 0);
        made_dataset(made, 1, k ? 3 : 1);
        good[k] = fuzz_bytes(made, &n_good[k]);
    }
    const char *path = fuzz_file(1, good[k], n_good[k]);
    edits_apply(path, &names, bytes, n);
    int rc = fuzz_check(dataset_open(path, NULL, &data, &err), &err);
    dataset_free(data);
    return rc == 0;
}
