#include "samples/render.h"

#include "samples/augment.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

/* Of which images, and by which streams. */
struct rendering {
    const struct config *config;
    const struct dataset *data;
    const char *job_key;
};

/* Whether a sample's pixels are made, not found in the dataset. */
static int is_made(const struct sample *sample)
{
    return sample->variant >= 0 || sample->blend > 0;
}

/* Point originals and duplicates into the dataset; list what has to be made behind (*n) in made. */
static void point_at_dataset(const struct dataset *data, struct samples *samples, struct sample **made,
                             int *n)
{
    for (int i = 0; i < samples->n; i++) {
        struct sample *sample = &samples->sample[i];
        sample->pixels = dataset_pixels(data, sample->image);
        if (is_made(sample))
            made[(*n)++] = sample;
    }
}

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

static int compare_made(const struct sample *x, const struct sample *y)
{
    int order = compare_ints(x->image, y->image);
    if (order == 0)
        order = compare_ints(x->variant, y->variant);
    if (order == 0)
        order = compare_ints(x->partner, y->partner);
    return order ? order : (x->blend > y->blend) - (x->blend < y->blend);
}

static int compare_pointers(const void *a, const void *b)
{
    return compare_made(*(struct sample *const *)a, *(struct sample *const *)b);
}

static int count_distinct(struct sample *const *made, int n)
{
    int distinct = 0;
    for (int i = 0; i < n; i++)
        distinct += i == 0 || compare_made(made[i], made[i - 1]) != 0;
    return distinct;
}

/* The pixels of a variant: a pure function of the job's key, the image and the variant's number. */
static void render_variant(const struct rendering *r, const struct sample *sample, float *out)
{
    uint64_t substream = (uint64_t)sample->image << 32 | (uint32_t)sample->variant;
    struct rng rng = rng_start(rng_key("augment", r->job_key, strlen(r->job_key)), substream);
    struct augment_warp warp = augment_draw(r->config, r->data->size, &rng);
    augment_apply(out, dataset_pixels(r->data, sample->image), r->data->size, r->data->channels, &warp);
}

static void render_blend(const struct dataset *data, const struct sample *sample, float *out)
{
    const float *x = dataset_pixels(data, sample->image);
    const float *y = dataset_pixels(data, sample->partner);
    for (size_t i = 0; i < dataset_floats(data); i++)
        out[i] = (float)((double)x[i] + sample->blend * ((double)y[i] - (double)x[i]));
}

/* Render n made samples, sorted, each distinct one once, into `out`. */
static void render_sorted(const struct rendering *r, struct sample *const *made, int n, float *out)
{
    float *next = out;
    for (int i = 0; i < n; i++) {
        if (i > 0 && compare_made(made[i], made[i - 1]) == 0) {
            made[i]->pixels = made[i - 1]->pixels;
            continue;
        }
        if (made[i]->blend > 0)
            render_blend(r->data, made[i], next);
        else
            render_variant(r, made[i], next);
        made[i]->pixels = next;
        next += dataset_floats(r->data);
    }
}

/* Render several lists; the first one owns what is made. */
static int render_lists(const struct rendering *r, struct samples *const *list, int n_lists, struct err *err)
{
    int n = 0, capacity = 0;
    for (int i = 0; i < n_lists; i++)
        capacity += list[i]->n;
    struct sample **made = err_calloc((unsigned long)capacity, sizeof *made, "the variants of a job", err);
    if (!made)
        return E_IO;
    for (int i = 0; i < n_lists; i++)
        point_at_dataset(r->data, list[i], made, &n);
    qsort(made, (size_t)n, sizeof *made, compare_pointers);
    free(list[0]->rendered);
    list[0]->rendered = err_calloc((unsigned long)count_distinct(made, n),
                                   dataset_floats(r->data) * sizeof(float), "augmented images", err);
    if (list[0]->rendered)
        render_sorted(r, made, n, list[0]->rendered);
    free(made);
    return list[0]->rendered ? 0 : E_IO;
}

int samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                   struct samples *samples, struct err *err)
{
    return render_lists(&(struct rendering){config, data, job_key}, &samples, 1, err);
}

int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err)
{
    struct samples *const list[] = {&samples->train, &samples->val, &samples->test, &samples->all};
    return render_lists(&(struct rendering){config, data, job_key}, list, 4, err);
}
