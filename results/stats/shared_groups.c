#include "stats/shared_groups.h"

#include "job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Arrays for one job; all owned. */
struct shared {
    struct store *store;
    size_t room;   /* the most originals or test images of a job */
    int *number;   /* (3, room) image, copy, label */
    int *role;     /* (room) */
    float *probs;  /* (room, n_classes) */
    int *group;    /* (n_images) the first image of the same group; -1: it has none */
    int n_grouped; /* images that have a group */
    char *taught;  /* (n_images) of a group's first image: 1: the job trains on an image of it */
};

static int allocate(struct shared *s, struct err *err)
{
    size_t all = (size_t)store_n_predictions(s->store, SET_ALL),
           test = (size_t)store_n_predictions(s->store, SET_TEST);
    size_t images = (size_t)store_n_images(s->store);
    s->room = all > test ? all : test;
    s->number = err_calloc(3 * s->room, sizeof *s->number, "predictions", err);
    s->role = err_calloc(s->room, sizeof *s->role, "predictions", err);
    s->probs = err_calloc(s->room * (size_t)store_n_classes(s->store), sizeof *s->probs, "predictions", err);
    s->group = err_calloc(images, sizeof *s->group, "groups of images", err);
    s->taught = err_calloc(images, sizeof *s->taught, "groups of images", err);
    return s->number && s->role && s->probs && s->group && s->taught ? 0 : E_IO;
}

static void release(struct shared *s)
{
    free(s->number);
    free(s->role);
    free(s->probs);
    free(s->group);
    free(s->taught);
}

struct named {
    const char *group;
    int image;
};

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->group, y->group);
    return order ? order : x->image - y->image;
}

static int find_groups(struct shared *s, struct err *err)
{
    int n = store_n_images(s->store);
    struct named *named = err_calloc((unsigned long)n, sizeof *named, "groups of images", err);
    if (!named)
        return E_IO;
    for (int i = 0; i < n; i++)
        named[i] = (struct named){store_images(s->store)[i].group, i};
    qsort(named, (size_t)n, sizeof *named, compare_named);
    for (int i = 0, begin = 0; i < n; i++) {
        begin = strcmp(named[i].group, named[begin].group) == 0 ? begin : i;
        s->group[named[i].image] = named[i].group[0] ? named[begin].image : -1;
        s->n_grouped += named[i].group[0] != '\0';
    }
    free(named);
    return 0;
}

/* The images of a set of a job in s->number; -1 where there is none. */
static int read_images(struct shared *s, int job, enum image_set set, struct err *err)
{
    return store_read_predictions(s->store, job, set, s->number, s->number + s->room, s->number + 2 * s->room,
                                  s->probs, err);
}

static int find_taught(struct shared *s, int job, struct err *err)
{
    int rc = read_images(s, job, SET_ALL, err);
    if (rc == 0)
        rc = store_read_roles(s->store, job, s->role, err);
    memset(s->taught, 0, (size_t)store_n_images(s->store));
    for (int i = 0; rc == 0 && i < store_n_predictions(s->store, SET_ALL); i++)
        if (s->number[i] >= 0 && s->role[i] == JOB_TRAINED && s->group[s->number[i]] >= 0)
            s->taught[s->group[s->number[i]]] = 1;
    return rc;
}

/* Of one job. */
static int share_of(struct shared *s, int job, double *share, struct err *err)
{
    int shared = 0, n = 0, rc = find_taught(s, job, err);
    if (rc == 0)
        rc = read_images(s, job, SET_TEST, err);
    for (int i = 0; rc == 0 && i < store_n_predictions(s->store, SET_TEST); i++)
        if (s->number[i] >= 0) {
            int group = s->group[s->number[i]];
            shared += group >= 0 && s->taught[group];
            n++;
        }
    *share = n > 0 ? shared / (double)n : (double)NAN;
    return rc;
}

int shared_groups(struct store *store, const int *job, int n, double *share, struct err *err)
{
    struct shared s = {.store = store};
    double sum = 0, one = 0;
    int rc = allocate(&s, err);
    if (rc == 0)
        rc = find_groups(&s, err);
    for (int i = 0; i < n && rc == 0; i++) {
        rc = share_of(&s, job[i], &one, err);
        sum += one;
    }
    *share = n > 0 && s.n_grouped > 0 ? sum / n : (double)NAN;
    release(&s);
    return rc;
}
