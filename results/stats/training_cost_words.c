/* A place of training_cost.h in words. */
#include "stats/training_cost.h"

#include "stats/which_model.h"

#include <math.h>
#include <string.h>

const char *training_cost_name(const struct summary *summary, const struct training_cost_place *place,
                               const struct training_cost_point *point, char out[TRAINING_COST_NAME])
{
    char model[COMBINATION_LABEL_SIZE];
    combination_label(summary->store, point->group->cell, FACTOR_STRATEGY, summary->varying, out);
    size_t n = strlen(out);
    if (place->n_models > 1)
        snprintf(out + n, TRAINING_COST_NAME - n, ", %s",
                 which_model_name(summary, point->group->cell, model));
    return out;
}

const char *training_cost_images(double images, char out[TRAINING_COST_IMAGES])
{
    if (isnan(images))
        snprintf(out, TRAINING_COST_IMAGES, "-");
    else if (images >= 999500)
        snprintf(out, TRAINING_COST_IMAGES, "%.3g million", images / 1e6);
    else if (images >= 999.5)
        snprintf(out, TRAINING_COST_IMAGES, "%d %03d", (int)round(images) / 1000, (int)round(images) % 1000);
    else
        snprintf(out, TRAINING_COST_IMAGES, "%.0f", images);
    return out;
}

static void write_best(FILE *file, const struct summary *summary, const struct training_cost_place *place)
{
    const struct training_cost_point *best = NULL;
    char name[TRAINING_COST_NAME], images[TRAINING_COST_IMAGES], seconds[WHICH_MODEL_SECONDS_SIZE];
    int ties = 0;
    for (int i = 0; i < place->n; i++)
        if (!place->point[i].leaks && (!best || place->point[i].balanced.mean > best->balanced.mean))
            best = &place->point[i];
    if (!best) {
        fputs("Test images of every strategy were seen in training: there is no estimate, and no front.",
              file);
        return;
    }
    for (int i = 0; i < place->n; i++)
        ties += !place->point[i].leaks && best->balanced.mean - place->point[i].balanced.mean < 1e-6;
    fprintf(file, "%s %s the highest mean balanced accuracy, %.3f",
            training_cost_name(summary, place, best, name), ties > 1 ? "shares" : "has", best->balanced.mean);
    if (!isnan(best->cost[COST_IMAGES]))
        fprintf(file, ", at %s images a job", training_cost_images(best->cost[COST_IMAGES], images));
    if (!isnan(best->cost[COST_SECONDS]))
        fprintf(file, "%s %s s", isnan(best->cost[COST_IMAGES]) ? ", at" : " and",
                which_model_seconds(best->cost[COST_SECONDS], seconds));
    fputc('.', file);
}

/* Those on the front, the cheapest first. */
static void write_front(FILE *file, const struct summary *summary, const struct training_cost_place *place,
                        enum training_costs c)
{
    char name[TRAINING_COST_NAME];
    double last = -1;
    int n = 0;
    for (int i = 0; i < place->n; i++)
        n += place->point[i].front[c] == 1;
    if (n == 0)
        return;
    fprintf(file, " Pareto front of means against %s:", training_cost_names[c]);
    for (int written = 0; written < n;) {
        double next = HUGE_VAL;
        for (int i = 0; i < place->n; i++)
            if (place->point[i].front[c] == 1 && place->point[i].cost[c] > last)
                next = fmin(next, place->point[i].cost[c]);
        if (!(next < HUGE_VAL))
            break;
        for (int i = 0; i < place->n; i++)
            if (place->point[i].front[c] == 1 && place->point[i].cost[c] <= next &&
                place->point[i].cost[c] > last)
                fprintf(file, "%s %s", written++ ? ";" : "",
                        training_cost_name(summary, place, &place->point[i], name));
        last = next;
    }
    fputc('.', file);
}

/* "images none; augment": after `before` the first time. Returns how many there are. */
static int write_beaten(FILE *file, const struct summary *summary, const struct training_cost_place *place,
                        enum training_costs c, const char *before)
{
    char name[TRAINING_COST_NAME];
    int n = 0;
    for (int i = 0; i < place->n; i++)
        if (place->point[i].beaten[c] > 0) {
            training_cost_name(summary, place, &place->point[i], name);
            if (n++)
                fprintf(file, "; %s", name);
            else
                fprintf(file, "%s against %s %s", before, training_cost_names[c], name);
        }
    return n;
}

/* Why there are pairs without a test. */
static const char *why_others(const struct summary *summary, const struct training_cost_place *place)
{
    unsigned of_model = combination_own(summary->store, FACTOR_MODEL),
             of_strategy = combination_own(summary->store, FACTOR_STRATEGY);
    int in_both = 0;
    for (int i = 0; i < place->n; i++)
        for (int k = 0; k < i && !place->point[i].leaks; k++) {
            const struct store_job *a = place->point[i].group->cell, *b = place->point[k].group->cell;
            in_both += !place->point[k].leaks && !combination_same(a, b, FACTORS_ALL & ~of_model) &&
                       !combination_same(a, b, FACTORS_ALL & ~of_strategy);
        }
    if (in_both == 0)
        return "the others are of one run, one split or unfinished jobs, or beside what leaks";
    return place->tested + in_both == place->pairs
               ? "those that differ in strategy and model are not"
               : "those that differ in strategy and model are not, nor those of one run, one split or "
                 "unfinished jobs, or beside what leaks";
}

static void write_tests(FILE *file, const struct summary *summary, const struct training_cost_place *place)
{
    int n;
    if (place->pairs == 0)
        return;
    if (place->tested == 0) {
        fputs(" No pair is tested here (one run each, one split, unfinished jobs, or a strategy beside them "
              "leaks): the fronts are of means, and a place on them may be chance.",
              file);
        return;
    }
    n = write_beaten(file, summary, place, COST_IMAGES,
                     " Shown to be beaten, by what costs no more and is significantly better:");
    n += write_beaten(file, summary, place, COST_SECONDS,
                      n ? ";" : " Shown to be beaten, by what costs no more and is significantly better:");
    fputs(n ? "." : " Nothing is shown to be beaten by what costs no more (Holm, over the whole sweep).",
          file);
    if (place->tested < place->pairs)
        fprintf(file, " %d of %d pairs are tested: %s.", place->tested, place->pairs,
                why_others(summary, place));
}

static void write_leaks(FILE *file, const struct summary *summary, const struct training_cost_place *place)
{
    char name[TRAINING_COST_NAME];
    int n = 0, left = 0;
    for (int i = 0; i < place->n; i++)
        left += !place->point[i].leaks;
    for (int i = 0; i < place->n && left > 0; i++)
        if (place->point[i].leaks)
            fprintf(file, "%s%s",
                    n++ ? "; " : " On no front, since their test images were seen in training: ",
                    training_cost_name(summary, place, &place->point[i], name));
    fputs(n ? "." : "", file);
}

static int any_chosen(const struct training_cost_place *place, enum chosen_on on)
{
    for (int i = 0; i < place->n; i++)
        if (place->point[i].group->chosen == on)
            return 1;
    return 0;
}

void training_cost_words(FILE *file, const struct summary *summary, const struct training_cost *cost, int p)
{
    const struct training_cost_place *place = &cost->place[p];
    write_best(file, summary, place);
    for (int c = 0; c < N_TRAINING_COSTS; c++)
        write_front(file, summary, place, (enum training_costs)c);
    write_tests(file, summary, place);
    write_leaks(file, summary, place);
    if (any_chosen(place, CHOSEN_TEST))
        fprintf(file, " Epochs were %s.", chosen_on_test);
    if (any_chosen(place, CHOSEN_ELSEWHERE))
        fprintf(file, " A model was %s.", chosen_elsewhere);
}
