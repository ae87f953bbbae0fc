#include "figures/glance_facts.h"

#include "store/classes.h"

#include <stdlib.h>
#include <string.h>

static int is_done_none(const struct summary *summary, int g)
{
    const struct summary_group *group = &summary->group[g];
    return group->n_state[JOB_DONE] > 0 && strcmp(group->cell->strategy, "none") == 0;
}

/* The first finished none of each part, for all that are finished. */
static void find_none(struct glance_facts *facts, const struct summary *summary, const struct partition *same)
{
    for (int part = 0; part < same->n_parts; part++) {
        int none = -1;
        for (int i = same->begin[part]; i < same->begin[part + 1] && none < 0; i++)
            none = is_done_none(summary, same->member[i]) ? same->member[i] : -1;
        for (int i = same->begin[part]; i < same->begin[part + 1]; i++)
            facts->none[same->member[i]] = summary->group[same->member[i]].n_state[JOB_DONE] > 0 ? none : -1;
    }
}

/* What row i of the comparisons says of its two groups, x and y of the summary. */
static void judge(struct glance_facts *facts, const struct overall *overall, int i, int x, int y)
{
    const struct compare_row *row = &overall->compare->row[i];
    int differ =
        overall_direction(overall, i) ? 2 : row->verdict == VERDICT_BETTER || row->verdict == VERDICT_WORSE;
    if (facts->none[x] == y && x != y)
        facts->differs[x] = differ;
    else if (facts->none[y] == x && x != y)
        facts->differs[y] = differ;
}

/* Rows of comparisons are of groups of the whole file, and the summary may show some of these: they are
 * found by their cells. */
static int judge_all(struct glance_facts *facts, const struct summary *summary, const struct overall *overall,
                     struct err *err)
{
    const struct compare *compare = overall->compare;
    size_t n = (size_t)summary->n_groups + 2 * (size_t)compare->n;
    const struct store_job **cell = err_calloc(n, sizeof *cell, "a figure", err);
    struct partition *same = NULL;
    if (!cell)
        return E_IO;
    for (int g = 0; g < summary->n_groups; g++)
        cell[g] = summary->group[g].cell;
    for (int i = 0; i < compare->n; i++) {
        cell[summary->n_groups + 2 * i] = compare->row[i].a->cell;
        cell[summary->n_groups + 2 * i + 1] = compare->row[i].b->cell;
    }
    int rc = partition_new(cell, (int)n, FACTORS_ALL, &same, err);
    for (int i = 0; i < compare->n && rc == 0; i++) {
        const int *part = &same->part_of[summary->n_groups + 2 * i];
        int x = same->member[same->begin[part[0]]], y = same->member[same->begin[part[1]]];
        if (x < summary->n_groups && y < summary->n_groups)
            judge(facts, overall, i, x, y);
    }
    partition_free(same);
    free(cell);
    return rc;
}

static int fill(struct glance_facts *facts, const struct summary *summary, const struct overall *overall,
                struct err *err)
{
    int cluster[CONFIG_MAX_CLUSTERS];
    const struct store_job **cell = summary_cells(summary, err);
    struct partition *same = NULL;
    int rc = cell ? partition_new(cell, facts->n,
                                  FACTORS_ALL & ~combination_own(summary->store, FACTOR_STRATEGY), &same, err)
                  : E_IO;
    if (rc == 0)
        find_none(facts, summary, same);
    for (int g = 0; g < facts->n; g++)
        facts->chance[g] = 1.0 / classes_of(summary->store, summary->group[g].cell, cluster);
    partition_free(same);
    free(cell);
    return rc == 0 && overall ? judge_all(facts, summary, overall, err) : rc;
}

int glance_facts_new(const struct summary *summary, const struct overall *overall, struct glance_facts **out,
                     struct err *err)
{
    size_t n = (size_t)summary->n_groups;
    struct glance_facts *facts = *out = err_calloc(1, sizeof *facts, "a figure", err);
    if (!facts)
        return E_IO;
    facts->n = summary->n_groups;
    facts->none = err_calloc(n, sizeof *facts->none, "a figure", err);
    facts->differs = err_calloc(n, sizeof *facts->differs, "a figure", err);
    facts->chance = err_calloc(n, sizeof *facts->chance, "a figure", err);
    int rc = facts->none && facts->differs && facts->chance ? fill(facts, summary, overall, err) : E_IO;
    if (rc == 0)
        return 0;
    glance_facts_free(facts);
    *out = NULL;
    return rc;
}

void glance_facts_free(struct glance_facts *facts)
{
    if (!facts)
        return;
    free(facts->none);
    free(facts->differs);
    free(facts->chance);
    free(facts);
}
