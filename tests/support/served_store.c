#include "support/served_store.h"

#include "image/png.h"
#include "serve/serve_core.h"
#include "support/hand_dataset.h"
#include "support/http_client.h"
#include "support/scratch.h"
#include "support/strategy_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct trained_job served_job[SERVED_JOBS] = {{"1-2-3", "none", 1},
                                                    {"1-2-3", "none", 2},
                                                    {"1-2", "oversample", 1},
                                                    {"1-2-3", "reweight", 1},
                                                    {"1-2-3", "none", 3}};

static int served_port(const struct serve *serve)
{
    int port = 0;
    const char *colon = strrchr(serve_url(serve), ':');
    sscanf(colon, ":%d", &port);
    return port;
}

int served_make(struct served *s, struct err *err)
{
    static const int counts[] = {12, 8, 6};
    if (scratch_make(s->folder, sizeof s->folder) < 0)
        return -1;
    snprintf(s->path, sizeof s->path, "%s/r.h5", s->folder);
    snprintf(s->cells, sizeof s->cells, "%s/r.cells.h5", s->folder);
    s->data = noise_dataset(3, counts, SERVED_SIZE, 5);
    s->data->pixel_size = 0.2125;
    for (int i = 0; i < s->data->n_images; i++)
        snprintf(s->data->image[i].id, DATASET_ID_SIZE, "%d", i);
    int rc = dataset_finish(s->data, err);
    if (rc == 0)
        rc = dataset_write(s->data, s->cells, err);
    struct config base = trained_config(s->data);
    return rc < 0 ? rc : trained_store(s->path, s->data, &base, served_job, SERVED_JOBS, SERVED_WAITING, err);
}

int served_start(struct served *s, const char *filter, const char *token, struct err *err)
{
    const struct serve_options options = {
        .path = s->path, .filter = filter, .address = "127.0.0.1", .token = token};
    int rc = serve_start(&options, &s->serve, err);
    s->port = rc == 0 ? served_port(s->serve) : 0;
    if (rc == 0)
        serve_early_end(s->serve); /* tests open files, too, and HDF5 is not for two threads */
    return rc;
}

void served_end(struct served *s)
{
    serve_stop(s->serve);
    hand_dataset_free(s->data);
    unlink(s->path);
    unlink(s->cells);
    rmdir(s->folder);
}

void *served_png(const struct served *s, int i, size_t *n)
{
    unsigned char gray[SERVED_SIZE * SERVED_SIZE];
    void *png = NULL;
    const float *pixels = s->data->pixels + (size_t)i * SERVED_SIZE * SERVED_SIZE;
    for (int k = 0; k < SERVED_SIZE * SERVED_SIZE; k++)
        gray[k] = (unsigned char)(255 * (double)pixels[k] + 0.5);
    image_encode_png8(gray, SERVED_SIZE, SERVED_SIZE, 1, &png, n, NULL);
    return png;
}
