/* A place of which_model.h in words. */
#include "stats/which_model.h"

#include <math.h>
#include <string.h>

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

const char *which_model_name(const struct summary *summary, const struct store_job *cell,
                             char out[COMBINATION_LABEL_SIZE])
{
    return combination_label(summary->store, cell, FACTOR_MODEL, summary->varying, out);
}

const char *which_model_seconds(double seconds, char out[WHICH_MODEL_SECONDS_SIZE])
{
    if (isnan(seconds))
        snprintf(out, WHICH_MODEL_SECONDS_SIZE, "-");
    else if (seconds >= 99.5 && seconds < 1e15)
        snprintf(out, WHICH_MODEL_SECONDS_SIZE, "%.0f", seconds);
    else
        snprintf(out, WHICH_MODEL_SECONDS_SIZE, "%.2g", seconds);
    return out;
}

static const char *name_of(const struct summary *summary, const struct which_value *value,
                           char out[COMBINATION_LABEL_SIZE])
{
    return which_model_name(summary, value->cell, out);
}

/* 1: on some set it does not merely guess. */
static int is_more_than_chance(const struct which_place *place, int v)
{
    int k = place->ranking->n_values;
    for (int d = 0; d < place->ranking->n_datasets; d++)
        if (fabs(place->point[d * k + v].balanced.mean - place->point[d * k + v].chance) > 1e-6)
            return 1;
    return 0;
}

/* Of those that do not merely guess, where there are any. */
static const struct which_value *fastest_of(const struct which_place *place)
{
    int fastest = 0;
    for (int v = 1; v < place->ranking->n_values; v++) {
        int more = is_more_than_chance(place, v) - is_more_than_chance(place, fastest);
        if (more > 0 || (more == 0 && place->value[v].seconds < place->value[fastest].seconds))
            fastest = v;
    }
    return &place->value[fastest];
}

static void write_best(FILE *file, const struct summary *summary, const struct which_place *place)
{
    const struct which_value *best = place->value, *fastest = fastest_of(place);
    char name[COMBINATION_LABEL_SIZE], seconds[WHICH_MODEL_SECONDS_SIZE];
    int n = place->ranking->n_datasets, ties = 0;
    for (int v = 1; v < place->ranking->n_values; v++)
        best = place->value[v].balanced > best->balanced ? &place->value[v] : best;
    for (int v = 0; v < place->ranking->n_values; v++)
        ties += best->balanced - place->value[v].balanced < 1e-6;
    fprintf(file, "%s%s the highest mean balanced accuracy, %.3f over %d set%s of clusters",
            name_of(summary, best, name), ties > 1 ? " shares" : " has", best->balanced, n, plural(n));
    if (!isnan(best->seconds))
        fprintf(file, ", at %s s a job", which_model_seconds(best->seconds, seconds));
    if (!isnan(fastest->seconds) && fastest != best)
        fprintf(file, "; %s is the fastest with %s s, and has %.3f", name_of(summary, fastest, name),
                which_model_seconds(fastest->seconds, seconds), fastest->balanced);
    fputc('.', file);
}

/* Pairs whose ranks differ: "Random forest from CNN, ...". */
static void write_differing(FILE *file, const struct summary *summary, const struct which_place *place)
{
    char a[COMBINATION_LABEL_SIZE], b[COMBINATION_LABEL_SIZE];
    int order[RANKS_MAX_STRATEGIES], n = 0;
    which_model_order(place, order);
    for (int i = 0; i < place->ranking->n_values; i++)
        for (int k = i + 1; k < place->ranking->n_values; k++) {
            const struct which_value *x = &place->value[order[i]], *y = &place->value[order[k]];
            if (which_model_differs(place, x->rank, y->rank))
                fprintf(file, "%s%s and %s", n++ ? ", " : " ", name_of(summary, x, a),
                        name_of(summary, y, b));
        }
    fputs(n ? "." : " none.", file);
}

static void write_ranks(FILE *file, const struct summary *summary, const struct which_place *place)
{
    const struct compare_ranking *r = place->ranking;
    if (r->n_datasets == 1)
        fputs(" One set of clusters says nothing about others, and ranks over sets are not to be had.", file);
    else if (!r->tested)
        fprintf(file, " %d sets of clusters are too few for a test of ranks, which takes %d.", r->n_datasets,
                RANKS_MIN_DATASETS);
    else if (!(r->test.p_f < contrast_alpha))
        fprintf(file, " Ranks over sets: no evidence that models differ (Friedman's test, p = %.3g).",
                r->test.p_f);
    else if (isnan(r->test.critical))
        fprintf(
            file,
            " Ranks over sets differ (Friedman's test, p %s%.2g); there is no critical difference of more "
            "than %d models.",
            r->test.p_f < 0.001 ? "< " : "= ", r->test.p_f < 0.001 ? 0.001 : r->test.p_f, RANKS_MAX_NEMENYI);
    else {
        fprintf(file,
                " Ranks over sets differ (Friedman's test, p %s%.2g); by more than Nemenyi's critical "
                "difference of %.2f:",
                r->test.p_f < 0.001 ? "< " : "= ", r->test.p_f < 0.001 ? 0.001 : r->test.p_f,
                r->test.critical);
        write_differing(file, summary, place);
    }
}

/* What the paired comparisons within sets say. */
static void write_pairs(FILE *file, const struct summary *summary, const struct which_model *which,
                        const struct which_place *place)
{
    char name[COMBINATION_LABEL_SIZE];
    int compared = 0, runs = place->value[0].runs, n = 0;
    for (int v = 0; v < place->ranking->n_values; v++) {
        compared += place->value[v].compared;
        runs = place->value[v].runs < runs ? place->value[v].runs : runs;
    }
    if (runs < 2) {
        fputs(" One run of each only: no interval, and no paired test.", file);
        return;
    }
    if (compared == 0) {
        fputs(" None of its paired comparisons counts: they are of images with copies in training, or of one "
              "split.",
              file);
        return;
    }
    fprintf(file,
            " Paired comparisons within sets, adjusted for all %d of the sweep (Holm):", which->comparisons);
    for (int v = 0; v < place->ranking->n_values; v++)
        if (place->value[v].better > 0)
            fprintf(file, "%s %s is better in %d of %d", n++ ? "," : "",
                    name_of(summary, &place->value[v], name), place->value[v].better,
                    place->value[v].compared);
    fputs(n ? "." : " none is significant.", file);
}

static int any_chosen(const struct which_place *place, enum chosen_on on)
{
    for (int i = 0; i < place->ranking->n_datasets * place->ranking->n_values; i++)
        if (place->point[i].group->chosen == on)
            return 1;
    return 0;
}

void which_model_words(FILE *file, const struct summary *summary, const struct which_model *which, int p)
{
    const struct which_place *place = &which->place[p];
    write_best(file, summary, place);
    write_ranks(file, summary, place);
    write_pairs(file, summary, which, place);
    if (any_chosen(place, CHOSEN_TEST))
        fprintf(file, " Epochs were %s.", chosen_on_test);
    if (any_chosen(place, CHOSEN_ELSEWHERE))
        fprintf(file, " A model was %s.", chosen_elsewhere);
}
