#include "tables/training_pages.h"

#include "tables/columns.h"
#include "tables/findings_pages.h"

#include <math.h>
#include <string.h>

const char training_size_note[] =
    "Test balanced accuracy against training size, with its 95 % interval. originals: images that a job "
    "has to learn from, before a strategy drops, copies or makes any, so the same for every strategy: "
    "copies add none, and what undersampling leaves out had to be collected, too. n_train: what the "
    "strategy made of them, mean over jobs. Rows are those of which there are several sizes with all else "
    "the same (axes class_sizes, with classes in the same proportions, validation, inner); of validation "
    "test sets have other sizes, too. Where leak is above 0, test images were seen in training, and the "
    "number is no estimate.\n";

const char training_cost_note[] =
    "Test balanced accuracy beside what a job costs, where all else but strategy and model is the same. "
    "images: seen in training, what the strategy makes of the training set times the epochs done (once of "
    "models that learn at once), mean over jobs; an image that several networks of an ensemble see counts "
    "once, and trials of tuning are not counted. seconds: median from start to end of a job on its core, "
    "judging included, of jobs that ran in one go; they are of the machine that ran it. front: no other "
    "has a mean as high at no more cost (Pareto); it is of means, and a place on it may be chance. "
    "beaten: by how many others that cost no more and are significantly better (paired comparisons, p "
    "below 0.05 after Holm's correction for all of the sweep); - where no pair is tested. What leaks is "
    "on no front and beats nobody.\n";

static unsigned shown(const struct findings *f)
{
    return combination_shown(f->summary->varying);
}

static void header(struct texttable *table, const struct findings *f, const char *const *name, size_t n)
{
    columns_add_names(table, f->whole->store, shown(f));
    table->numeric_from = table->filled;
    for (size_t i = 0; i < n; i++)
        texttable_add(table, "%s", name[i]);
    texttable_end(table);
}

static const char *chosen_word(enum chosen_on chosen)
{
    return chosen == CHOSEN_TEST ? "the reported set" : chosen_on_names[chosen];
}

/* ---- training size ---- */

static const struct stats_summary *final_of(const struct summary_group *group)
{
    return &group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
}

int training_size_rows(const struct findings *f)
{
    return f->size->n;
}

void training_size_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {"proportions", "originals",         "n_train",
                                       "n",           "balanced_accuracy", "low",
                                       "high",        "leak_share",        "chosen_on"};
    columns_csv_names(csv, f->summary->store, FACTORS_ALL);
    findings_csv_names(csv, last, sizeof last / sizeof *last);
    csv_out_end(csv);
    for (int g = 0; g < f->summary->n_groups; g++) {
        const struct summary_group *group = &f->summary->group[g];
        const struct stats_summary *s = final_of(group);
        char proportions[COMBINATION_LABEL_SIZE];
        if (!f->size->stands[g])
            continue;
        training_size_proportions(proportions, sizeof proportions, f->summary, group);
        columns_csv(csv, f->summary->store, group->cell, FACTORS_ALL);
        csv_out_text(csv, proportions);
        csv_out_real(csv, training_size_of(group));
        csv_out_real(csv, group->n_train.mean);
        csv_out_int(csv, s->n);
        const double number[] = {s->mean, s->low, s->high, group->leak_share.mean};
        for (int i = 0; i < 4; i++)
            csv_out_real(csv, number[i]);
        csv_out_text(csv, chosen_on_names[group->chosen]);
        csv_out_end(csv);
    }
}

void training_size_table(struct texttable *table, const struct findings *f)
{
    static const char *const names[] = {"classes",           "originals", "n_train",        "n",
                                        "balanced accuracy", "leak",      "epoch chosen on"};
    header(table, f, names, sizeof names / sizeof *names);
    for (int g = 0; g < f->summary->n_groups; g++) {
        const struct summary_group *group = &f->summary->group[g];
        char text[COMBINATION_LABEL_SIZE];
        if (!f->size->stands[g])
            continue;
        columns_add(table, f->summary->store, group->cell, shown(f), 0);
        training_size_proportions(text, sizeof text, f->summary, group);
        texttable_add(table, "%s", text);
        texttable_add(table, "%.0f", training_size_of(group));
        texttable_add(table, "%.0f", group->n_train.mean);
        texttable_add(table, "%d", final_of(group)->n);
        stats_text(text, 64, final_of(group));
        texttable_add(table, "%s", text);
        columns_add_leak(table, group->leak_share.mean);
        texttable_add(table, "%s", chosen_word(group->chosen));
        texttable_end(table);
    }
}

/* ---- training cost ---- */

/* Calls show(), if any, with every point of what is shown. Returns how many. */
static int each_point(const struct findings *f,
                      void (*show)(void *to, const struct findings *f,
                                   const struct training_cost_place *place,
                                   const struct training_cost_point *point),
                      void *to)
{
    int n = 0;
    for (int p = 0; p < f->cost->n_places; p++)
        for (int i = 0; i < f->cost->place[p].n; i++) {
            const struct training_cost_place *place = &f->cost->place[p];
            if (!f->shown[place->point[i].group - f->whole->group])
                continue;
            n++;
            if (show)
                show(to, f, place, &place->point[i]);
        }
    return n;
}

int training_cost_rows(const struct findings *f)
{
    return each_point(f, NULL, NULL);
}

static void add_csv(void *to, const struct findings *f, const struct training_cost_place *place,
                    const struct training_cost_point *point)
{
    struct csv_out *csv = to;
    const struct stats_summary *s = &point->balanced;
    columns_csv(csv, f->whole->store, point->group->cell, FACTORS_ALL);
    csv_out_int(csv, s->n);
    const double number[] = {s->mean, s->low, s->high, point->group->n_train.mean, point->epochs};
    for (int i = 0; i < 5; i++)
        csv_out_real(csv, number[i]);
    for (int c = 0; c < N_TRAINING_COSTS; c++) {
        csv_out_real(csv, point->cost[c]);
        csv_out_real(csv, point->front[c] < 0 ? (double)NAN : point->front[c]);
        csv_out_real(csv, point->front[c] < 0 || point->tested == 0 ? (double)NAN : point->beaten[c]);
    }
    csv_out_int(csv, point->timed);
    csv_out_int(csv, point->tested);
    csv_out_real(csv, point->group->leak_share.mean);
    csv_out_real(csv, place->chance);
    csv_out_text(csv, chosen_on_names[point->group->chosen]);
    csv_out_end(csv);
}

void training_cost_csv(struct csv_out *csv, const struct findings *f)
{
    static const char *const last[] = {
        "n",          "balanced_accuracy", "low",           "high",    "n_train",       "epochs",
        "images",     "front_images",      "beaten_images", "seconds", "front_seconds", "beaten_seconds",
        "jobs_timed", "tested_against",    "leak_share",    "chance",  "chosen_on"};
    columns_csv_names(csv, f->whole->store, FACTORS_ALL);
    findings_csv_names(csv, last, sizeof last / sizeof *last);
    csv_out_end(csv);
    each_point(f, add_csv, csv);
}

static void add_front(struct texttable *table, const struct training_cost_point *point, int c)
{
    int front = point->front[c];
    texttable_add(table, "%s", front < 0 ? "-" : front ? "front" : "behind");
    if (front < 0 || point->tested == 0)
        texttable_add(table, "-");
    else
        texttable_add(table, "%d", point->beaten[c]);
}

static void add_row(void *to, const struct findings *f, const struct training_cost_place *place,
                    const struct training_cost_point *point)
{
    struct texttable *table = to;
    char text[64];
    (void)place;
    columns_add(table, f->whole->store, point->group->cell, shown(f), 0);
    texttable_add(table, "%d", point->balanced.n);
    stats_text(text, sizeof text, &point->balanced);
    texttable_add(table, "%s", text);
    texttable_add(table, "%s", training_cost_images(point->cost[COST_IMAGES], text));
    add_front(table, point, COST_IMAGES);
    texttable_add(table, "%s", which_model_seconds(point->cost[COST_SECONDS], text));
    add_front(table, point, COST_SECONDS);
    columns_add_leak(table, point->group->leak_share.mean);
    texttable_add(table, "%s", chosen_word(point->group->chosen));
    texttable_end(table);
}

void training_cost_table(struct texttable *table, const struct findings *f)
{
    static const char *const names[] = {"n",      "balanced accuracy", "images",           "front of images",
                                        "beaten", "seconds",           "front of seconds", "beaten",
                                        "leak",   "epoch chosen on"};
    header(table, f, names, sizeof names / sizeof *names);
    each_point(f, add_row, table);
}
