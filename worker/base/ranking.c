#include "base/ranking.h"

#include <math.h>
#include <stdlib.h>

static int by_score(const void *a, const void *b)
{
    float x = ((const struct ranked *)a)->score, y = ((const struct ranked *)b)->score;
    return (x < y) - (x > y);
}

void ranking_sort(struct ranked *ranked, int n)
{
    qsort(ranked, (size_t)n, sizeof *ranked, by_score);
}

int ranking_tie_end(const struct ranked *ranked, int i, int n, double *n_hits)
{
    int end = i;
    *n_hits = 0;
    for (; end < n && ranked[end].score == ranked[i].score; end++)
        *n_hits += ranked[end].hit;
    return end;
}

double ranking_auroc(const struct ranked *ranked, int n)
{
    double above = 0, n_hits, seen = 0;
    for (int i = 0, end; i < n; i = end) {
        end = ranking_tie_end(ranked, i, n, &n_hits);
        double others = end - i - n_hits;
        above += others * (seen + n_hits / 2);
        seen += n_hits;
    }
    double pairs = seen * (n - seen);
    return pairs > 0 ? above / pairs : (double)NAN;
}

double ranking_macro_auroc(const float *probs, const int *label, int n, int n_classes, struct ranked *room)
{
    double sum = 0;
    int present = 0;
    for (int i = 0; i < n * n_classes; i++)
        if (isnan(probs[i]))
            return (double)NAN;
    for (int c = 0; c < n_classes; c++) {
        int hits = 0;
        for (int i = 0; i < n; i++) {
            room[i] = (struct ranked){probs[i * n_classes + c], label[i] == c};
            hits += label[i] == c;
        }
        if (hits == 0)
            continue;
        ranking_sort(room, n);
        sum += ranking_auroc(room, n);
        present++;
    }
    return present > 0 ? sum / present : (double)NAN;
}
