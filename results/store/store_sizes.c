#include "store/store_sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without a plan of its rooms a job has the largest, and the clusters that its row names; else the
 * first of the dataset. */
static void guess_room(const struct store_plan *plan, int job, struct store_room *room)
{
    const char *rest = plan->job[job].clusters;
    int class;
    room->of = -1;
    room->n_val = plan->n_val;
    room->n_test = plan->n_test;
    room->n_all = plan->n_all;
    room->n_weights = plan->n_weights;
    room->n_classes = 0;
    while (rest && strcmp(rest, "all") != 0 && room->n_classes < plan->n_classes &&
           class_next(rest, &class, &rest, NULL) == 0)
        room->cluster[room->n_classes++] = class;
    if (room->n_classes > 0)
        return;
    for (int i = 0; i < plan->data->n_images && room->n_classes < plan->n_classes; i++)
        if (i == 0 || plan->data->image[i].cluster != plan->data->image[i - 1].cluster)
            room->cluster[room->n_classes++] = plan->data->image[i].cluster;
}

static void plan_room(const struct store_plan *plan, int job, struct store_room *room)
{
    if (plan->room)
        plan->room(plan->of, job, room);
    else
        guess_room(plan, job, room);
}

static void mark(unsigned char *is_name, int cluster)
{
    if (cluster >= INT16_MIN && cluster <= INT16_MAX)
        is_name[cluster - INT16_MIN] = 1;
}

/* The classes of the dataset and of all jobs, in their order: a plan without rooms may name some without
 * images. */
static int list_names(struct store_sizes *s, const struct store_plan *plan, struct err *err)
{
    enum { N_NUMBERS = 1 << 16 };
    struct store_room room = {0};
    unsigned char *is_name = err_calloc(N_NUMBERS, 1, "names of classes", err);
    s->name = err_calloc(N_NUMBERS, sizeof *s->name, "names of classes", err);
    int rc = is_name && s->name ? 0 : E_IO;
    for (int i = 0; i < plan->data->n_images && rc == 0; i++)
        mark(is_name, plan->data->image[i].cluster);
    for (int j = 0; j < plan->n_jobs && rc == 0; j++) {
        plan_room(plan, j, &room);
        for (int c = 0; c < room.n_classes; c++)
            mark(is_name, room.cluster[c]);
    }
    for (int k = 0; k < N_NUMBERS && rc == 0; k++)
        if (is_name[k])
            s->name[s->n[DIM_NAME]++] = k + INT16_MIN;
    if (rc == 0)
        qsort(s->name, (size_t)s->n[DIM_NAME], sizeof *s->name, class_compare_ints);
    free(is_name);
    return rc;
}

int store_sizes_class(const struct store_sizes *s, int class)
{
    const int *found = bsearch(&class, s->name, (size_t)s->n[DIM_NAME], sizeof *s->name, class_compare_ints);
    return found ? (int)(found - s->name) : -1;
}

static void put_classes(struct store_sizes *s, const struct store_plan *plan, int job,
                        const struct store_room *room)
{
    int16_t *class = s->class + (size_t)job * (size_t)plan->n_classes;
    for (int c = 0; c < plan->n_classes; c++)
        class[c] = c < room->n_classes ? (int16_t)store_sizes_class(s, room->cluster[c]) : -1;
}

/* The parts of a job behind those of the jobs before it. */
static void put_parts(struct store_sizes *s, const struct store_plan *plan, int job,
                      const struct store_room *room)
{
    hsize_t c = (hsize_t)room->n_classes, val = (hsize_t)room->n_val, test = (hsize_t)room->n_test,
            all = (hsize_t)room->n_all;
    const hsize_t cells[N_EXTENTS] = {[DIM_CONFUSION - FIRST_EXTENT] = c * c,
                                      [DIM_VAL - FIRST_EXTENT] = val,
                                      [DIM_VAL_PROBABILITY - FIRST_EXTENT] = val * c,
                                      [DIM_TEST - FIRST_EXTENT] = test,
                                      [DIM_TEST_PROBABILITY - FIRST_EXTENT] = test * c,
                                      [DIM_ALL - FIRST_EXTENT] = all,
                                      [DIM_ALL_PROBABILITY - FIRST_EXTENT] = all * c,
                                      [DIM_MODEL - FIRST_EXTENT] = room->n_weights * sizeof(float)};
    for (int x = 0; x < N_EXTENTS; x++) {
        s->first[(size_t)x * (size_t)plan->n_jobs + (size_t)job] = (int64_t)s->n[FIRST_EXTENT + x];
        s->n[FIRST_EXTENT + x] += cells[x];
    }
}

static void put_trial(struct store_sizes *s, int row, const struct store_room *room)
{
    size_t n = (size_t)s->n[DIM_TRIAL], at = (size_t)row - ((size_t)s->n[DIM_JOB] - n);
    s->trial[at] = room->of;
    s->trial[n + at] = room->trial;
    s->trial[2 * n + at] = room->trial_seed;
}

/* Jobs that fail do so for few reasons. Room for as many, at least for some of each job of a small sweep. */
static hsize_t n_texts(int n_jobs)
{
    return 256 + (hsize_t)(n_jobs < 4096 ? n_jobs : 4096) + (hsize_t)n_jobs / 64;
}

int store_sizes_init(struct store_sizes *s, const struct store_plan *plan, struct err *err)
{
    struct store_room room = {0};
    unsigned long n = (unsigned long)plan->n_jobs;
    *s = (struct store_sizes){.n = {[DIM_JOB] = (hsize_t)plan->n_jobs,
                                    [DIM_EPOCH] = (hsize_t)plan->n_epochs,
                                    [DIM_CLASS] = (hsize_t)plan->n_classes,
                                    [DIM_IMAGE] = (hsize_t)plan->data->n_images,
                                    [DIM_TEXT] = n_texts(plan->n_jobs),
                                    [DIM_TRIAL] = (hsize_t)plan->n_trials}};
    int rc = list_names(s, plan, err);
    s->first = err_calloc(N_EXTENTS * n, sizeof *s->first, "the places of jobs", err);
    s->class = err_calloc(n * (unsigned long)plan->n_classes, sizeof *s->class, "the classes of jobs", err);
    s->trial = err_calloc(3, (unsigned long)plan->n_trials * sizeof *s->trial, "the trials", err);
    if (!s->first || !s->class || !s->trial)
        rc = E_IO;
    for (int j = 0; j < plan->n_jobs && rc == 0; j++) {
        plan_room(plan, j, &room);
        put_parts(s, plan, j, &room);
        put_classes(s, plan, j, &room);
        if (j >= plan->n_jobs - plan->n_trials)
            put_trial(s, j, &room);
    }
    return rc;
}

void store_sizes_release(struct store_sizes *s)
{
    free(s->name);
    free(s->trial);
    free(s->first);
    free(s->class);
    *s = (struct store_sizes){0};
}
