#include "page/page_pieces.h"

#include "write/json_out.h"

#include <string.h>

/* What may be left out, what is worth most first. */
static const struct piece {
    const char *name;
    const char *member[3]; /* of the document, or of its tables */
    int is_table, by_job;
} pieces[] = {
    {"comparisons", {"comparisons"}, 1, 0},
    {"rankings", {"rankings"}, 1, 0},
    {"leak_inflation", {"leak_inflation"}, 1, 0},
    {"selection_inflation", {"selection_inflation"}, 1, 0},
    {"models", {"models", "models_by_clusters"}, 1, 0},
    {"tuning", {"tuning", "tuning_curve", "trials"}, 1, 0},
    {"confusion", {"confusion"}, 0, 1},
    {"curves", {"curves"}, 0, 1},
    {"calibration", {"calibration", "calibration_cost"}, 1, 0},
    {"reliability", {"reliability"}, 1, 0},
    {"roc", {"roc"}, 0, 0},
    {"cuts", {"cuts"}, 0, 0},
    {"cells", {"misclassified", "suspects", "cells"}, 0, 0},
    {"claims", {"claims"}, 1, 0},
    {"literature", {"literature"}, 1, 0},
    {"factors", {"factors"}, 1, 0},
    {"scores", {"scores"}, 1, 0},
};

enum {
    N_PIECES = sizeof pieces / sizeof *pieces,
    N_MEMBERS = sizeof pieces->member / sizeof *pieces->member
};

/* Bytes of a value as the document has it. */
static size_t size_of(const json_t *value)
{
    return value ? json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY) : 0;
}

static json_t *home_of(json_t *root, const struct piece *piece)
{
    return piece->is_table ? json_object_get(root, "tables") : root;
}

static size_t piece_size(json_t *root, const struct piece *piece)
{
    size_t n = 0;
    for (int m = 0; m < N_MEMBERS && piece->member[m]; m++)
        n += size_of(json_object_get(home_of(root, piece), piece->member[m]));
    return n;
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
    json_t *home = home_of(root, piece), *lost = json_object();
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
    if (apart && !piece->by_job) {
        json_t *whole = json_object();
        json_out_put(whole, piece->is_table ? "tables" : "members", lost, failed);
        json_out_put(whole, "version", json_incref(json_object_get(root, "version")), failed);
        json_out_put(apart, piece->name, whole, failed);
    } else {
        json_decref(lost);
    }
}

int page_pieces_fit(json_t *root, size_t most, json_t *apart)
{
    int failed = 0;
    size_t size[N_PIECES], used = size_of(root);
    json_t *left_out = json_array();
    for (int i = 0; i < N_PIECES; i++)
        used -= size[i] = most > 0 ? piece_size(root, &pieces[i]) : 0;
    for (int i = 0; i < N_PIECES; i++) {
        if (most == 0 || size[i] == 0 || used + size[i] <= most) {
            used += size[i];
            continue;
        }
        take_out(root, &pieces[i], apart, &failed);
        json_out_add(left_out, json_string(pieces[i].name), &failed);
    }
    json_out_put(root, "left_out", left_out, &failed);
    return failed ? -1 : 0;
}
