#include "page/page_pieces.h"

#include "write/json_out.h"
#include "write/json_text.h"

#include <stdlib.h>
#include <string.h>

/* Where a piece has its members: in the document, in its tables, among the means of curves. */
enum home { HOME_DOCUMENT, HOME_TABLES, HOME_MEANS };

/* What may be left out, what is worth most first. Means of curves stand in for curves that do not fit, in
 * whose place nobody can ask for rows. */
static const struct piece {
    const char *name;
    const char *member[3];
    enum home home;
    int by_job;
} pieces[] = {
    {"", {"test balanced_accuracy"}, HOME_MEANS, 0},
    {"", {"train balanced_accuracy"}, HOME_MEANS, 0},
    {"comparisons", {"comparisons"}, HOME_TABLES, 0},
    {"rankings", {"rankings"}, HOME_TABLES, 0},
    {"leak_inflation", {"leak_inflation"}, HOME_TABLES, 0},
    {"selection_inflation", {"selection_inflation"}, HOME_TABLES, 0},
    {"models", {"models", "models_by_clusters"}, HOME_TABLES, 0},
    {"training", {"training_size", "training_cost"}, HOME_TABLES, 0},
    {"tuning", {"tuning", "tuning_curve", "trials"}, HOME_TABLES, 0},
    {"", {"test loss"}, HOME_MEANS, 0},
    {"", {"train loss"}, HOME_MEANS, 0},
    {"", {"val balanced_accuracy"}, HOME_MEANS, 0},
    {"", {"val loss"}, HOME_MEANS, 0},
    {"confusion", {"confusion"}, HOME_DOCUMENT, 1},
    {"curves", {"curves"}, HOME_DOCUMENT, 1},
    {"calibration", {"calibration", "calibration_cost"}, HOME_TABLES, 0},
    {"reliability", {"reliability"}, HOME_TABLES, 0},
    {"roc", {"roc"}, HOME_DOCUMENT, 0},
    {"cuts", {"cuts"}, HOME_DOCUMENT, 0},
    {"cells", {"misclassified", "suspects", "cells"}, HOME_DOCUMENT, 0},
    {"claims", {"claims"}, HOME_TABLES, 0},
    {"literature", {"literature"}, HOME_TABLES, 0},
    {"factors", {"factors"}, HOME_TABLES, 0},
    {"scores", {"scores"}, HOME_TABLES, 0},
    {"", {"test accuracy"}, HOME_MEANS, 0},
    {"", {"train accuracy"}, HOME_MEANS, 0},
    {"", {"val accuracy"}, HOME_MEANS, 0},
};

enum {
    N_PIECES = sizeof pieces / sizeof *pieces,
    N_MEMBERS = sizeof pieces->member / sizeof *pieces->member
};

/* Pieces of a document, and which of them it keeps. */
struct fit {
    json_t *root;
    size_t rest;           /* bytes of what is no piece */
    size_t size[N_PIECES]; /* 0: the document has no such piece */
    int is_lost[N_PIECES];
};

/* Bytes of a value as the document has it. */
static size_t size_of(const json_t *value)
{
    size_t n = 0;
    if (value)
        free(json_text(value, &n));
    return n;
}

static json_t *home_of(json_t *root, enum home home)
{
    return home == HOME_TABLES  ? json_object_get(root, "tables")
           : home == HOME_MEANS ? json_object_get(root, "curve_means")
                                : root;
}

/* Null, and a table without rows, say all that there is to say: nobody needs to ask for them. */
static int has_content(const json_t *value)
{
    const json_t *rows = json_object_get(value, "rows");
    return value && !json_is_null(value) && !(rows && json_array_size(rows) == 0);
}

static int is_piece(json_t *root, const struct piece *piece)
{
    int has = 0;
    for (int m = 0; m < N_MEMBERS && piece->member[m]; m++)
        has |= has_content(json_object_get(home_of(root, piece->home), piece->member[m]));
    return has;
}

/* Of its members with their names. */
static size_t piece_size(json_t *root, const struct piece *piece)
{
    size_t n = 0;
    for (int m = 0; m < N_MEMBERS && piece->member[m]; m++)
        n += size_of(json_object_get(home_of(root, piece->home), piece->member[m])) +
             strlen(piece->member[m]) + strlen("\"\":,");
    return n;
}

/* Bytes of the document without its pieces, which are written but once to be measured. */
static size_t size_of_rest(const struct fit *fit)
{
    json_t *rest = json_copy(fit->root);
    for (int home = HOME_TABLES; rest && home <= HOME_MEANS; home++) {
        json_t *own = home_of(rest, (enum home)home);
        if (own)
            json_object_set_new(rest, home == HOME_TABLES ? "tables" : "curve_means", json_copy(own));
    }
    for (int i = 0; i < N_PIECES && rest; i++)
        for (int m = 0; m < N_MEMBERS && pieces[i].member[m] && fit->size[i] > 0; m++)
            json_object_del(home_of(rest, pieces[i].home), pieces[i].member[m]);
    size_t n = size_of(rest);
    json_decref(rest);
    return n;
}

/* Keep what is worth most while it fits; the means of curves too, or not. */
static void choose(struct fit *fit, size_t most, int with_means)
{
    size_t used = fit->rest;
    for (int i = 0; i < N_PIECES; i++) {
        int fits = (pieces[i].home != HOME_MEANS || with_means) && used + fit->size[i] <= most;
        fit->is_lost[i] = fit->size[i] > 0 && !fits;
        used += fit->is_lost[i] ? 0 : fit->size[i];
    }
}

/* Sets without their numbers: which sets there are is still said. */
static void empty_sets(json_t *sets, int of_metrics, int *failed)
{
    const char *set;
    json_t *value;
    void *next;
    json_object_foreach_safe(sets, next, set, value)
    {
        json_out_put(sets, set, of_metrics ? json_object() : json_null(), failed);
    }
}

static void take_out(json_t *root, const struct piece *piece, json_t *apart, int *failed)
{
    json_t *home = home_of(root, piece->home), *lost = json_object();
    for (int m = 0; m < N_MEMBERS && piece->member[m]; m++) {
        json_t *value = json_object_get(home, piece->member[m]);
        if (!value)
            continue;
        if (piece->by_job) {
            empty_sets(value, strcmp(piece->name, "curves") == 0, failed);
            continue;
        }
        json_out_put(lost, piece->member[m], json_incref(value), failed);
        *failed |= json_object_del(home, piece->member[m]) < 0;
    }
    if (apart && !piece->by_job && piece->home != HOME_MEANS) {
        json_t *whole = json_object();
        json_out_put(whole, piece->home == HOME_TABLES ? "tables" : "members", lost, failed);
        json_out_put(whole, "version", json_incref(json_object_get(root, "version")), failed);
        json_out_put(apart, piece->name, whole, failed);
    } else {
        json_decref(lost);
    }
}

static int is_in(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
            return 1;
    return 0;
}

/* Curves are lost, or were never made: then their means are worth keeping. */
static int lacks_curves(const struct fit *fit, const json_t *before)
{
    int lost = is_in(before, "curves");
    for (int i = 0; i < N_PIECES; i++)
        lost |= fit->is_lost[i] && strcmp(pieces[i].name, "curves") == 0;
    return lost;
}

static void measure(struct fit *fit)
{
    for (int i = 0; i < N_PIECES; i++)
        fit->size[i] = is_piece(fit->root, &pieces[i]) ? piece_size(fit->root, &pieces[i]) : 0;
    fit->rest = size_of_rest(fit);
}

int page_pieces_fit(json_t *root, size_t most, json_t *apart)
{
    struct fit fit = {.root = root};
    int failed = 0;
    json_t *before = json_incref(json_object_get(root, "left_out")), *left_out = json_array();
    if (most > 0) {
        measure(&fit);
        choose(&fit, most, 0);
        if (lacks_curves(&fit, before))
            choose(&fit, most, 1);
    }
    for (int i = 0; i < N_PIECES; i++) {
        int is_missing = *pieces[i].name && is_in(before, pieces[i].name);
        if (fit.is_lost[i])
            take_out(root, &pieces[i], apart, &failed);
        if ((fit.is_lost[i] || is_missing) && *pieces[i].name)
            json_out_add(left_out, json_string(pieces[i].name), &failed);
    }
    if (json_object_size(json_object_get(root, "curve_means")) == 0)
        json_object_del(root, "curve_means");
    json_decref(before);
    json_out_put(root, "left_out", left_out, &failed);
    return failed ? -1 : 0;
}
