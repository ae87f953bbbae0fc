#include "stats/overall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum standing standing_of(const struct summary *summary, const struct partition *settings, int part)
{
    enum compare_flaw flaw = compare_setting_flaw(summary, settings, part, REPLICATES_TEST);
    enum standing standing = COUNTS;
    if (flaw != FLAW_NONE)
        return flaw == FLAW_UNFINISHED ? UNFINISHED : flaw == FLAW_LACKING ? LACKING : REPEATED;
    for (int i = settings->begin[part]; i < settings->begin[part + 1]; i++) {
        const struct summary_group *group = &summary->group[settings->member[i]];
        if (strcmp(group->cell->protocol, "tail") == 0)
            return TAIL;
        if (group->leak.mean > 0)
            standing = LEAKS;
    }
    return standing;
}

int overall_counts(const struct overall *o, int k)
{
    enum standing standing = o->standing[k];
    return o->clean ? standing == COUNTS : standing == LEAKS || standing == TAIL;
}

/* The rows that count, adjusted as one family; work has room for four numbers a row. */
static void adjust(struct overall *o, double *work)
{
    const struct compare *compare = o->compare;
    double *p = work, *smallest = work + compare->n, *scratch = work + 2 * compare->n;
    for (int i = 0; i < compare->n; i++)
        p[i] = smallest[i] = (double)NAN;
    for (int k = 0; k < compare->n_families; k++) {
        const struct compare_family *family = &compare->family[k];
        if (!overall_counts(o, k))
            continue;
        o->settings++;
        o->rows += family->end - family->begin;
        for (int i = family->begin; i < family->end; i++) {
            p[i] = compare->row[i].contrast.p;
            smallest[i] = isnan(p[i]) ? (double)NAN : compare->row[i].contrast.smallest_p;
        }
    }
    stats_holm(p, compare->n, o->adjusted, scratch);
    stats_holm(smallest, compare->n, o->reachable, scratch);
}

int overall_new(const struct summary *summary, const struct compare *compare, struct overall **out,
                struct err *err)
{
    size_t rows = (size_t)compare->n + 1;
    struct overall *o = *out = err_calloc(1, sizeof *o, "comparisons", err);
    double *work = err_calloc(4 * rows, sizeof *work, "p values", err);
    if (o) {
        o->compare = compare;
        o->standing = err_calloc((size_t)compare->n_families + 1, sizeof *o->standing, "settings", err);
        o->adjusted = err_calloc(rows, sizeof *o->adjusted, "p values", err);
        o->reachable = err_calloc(rows, sizeof *o->reachable, "p values", err);
    }
    if (!work || !o || !o->standing || !o->adjusted || !o->reachable) {
        free(work);
        overall_free(o);
        *out = NULL;
        return E_IO;
    }
    for (int k = 0; k < compare->n_families; k++)
        o->n_standing[o->standing[k] = standing_of(summary, compare->settings, compare->family[k].part)]++;
    o->clean = o->n_standing[COUNTS] > 0;
    adjust(o, work);
    free(work);
    return 0;
}

int overall_direction(const struct overall *o, int i)
{
    const struct compare_row *row = &o->compare->row[i];
    if (!(o->adjusted[i] < contrast_alpha) || row->verdict == VERDICT_LACKING ||
        row->verdict == VERDICT_REPEATED)
        return 0;
    return row->contrast.mean * o->compare->better > 0 ? 1 : -1;
}

int overall_impossible(const struct overall *o)
{
    int n = 0;
    for (int k = 0; k < o->compare->n_families; k++)
        for (int i = o->compare->family[k].begin; i < o->compare->family[k].end && overall_counts(o, k); i++)
            n += !(o->reachable[i] < contrast_alpha);
    return n;
}

void overall_free(struct overall *overall)
{
    if (!overall)
        return;
    free(overall->standing);
    free(overall->adjusted);
    free(overall->reachable);
    free(overall);
}
