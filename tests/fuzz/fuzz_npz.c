/* A NumPy archive, packed as a dataset, and its images alone. */
#include "fuzz.h"

#include "data/npz.h"

static int look(void *self, const char *name, struct image *image, struct err *err)
{
    float *sum = self;
    (void)name;
    (void)err;
    for (int i = 0; i < image->width * image->height * image->channels; i++)
        *sum += image->pixels[i];
    return 0;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    const struct dataset_options options = {
        .size = 8, .pixel_size = 1, .preprocess = {.scale = SCALE_DATASET}};
    struct dataset *data = NULL;
    struct pack_report report = {0};
    struct err err = {0};
    int rc = fuzz_check(npz_pack(fuzz_file(0, bytes, n), &options, &data, &report, &err), &err);
    float sum = 0;
    fuzz_check(npz_each(fuzz_file(0, bytes, n), look, &sum, &err), &err);
    pack_report_release(&report);
    dataset_free(data);
    return rc == 0;
}
