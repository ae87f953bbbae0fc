#include "store/partition.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint64_t hash_of(const struct store_job *job, unsigned by)
{
    uint64_t hash = by;
    for (int f = 0; f < FACTORS_MOST; f++)
        if (by >> f & 1) {
            const char *value = combination_value(job, f);
            hash = XXH3_64bits_withSeed(value, strlen(value), hash);
        }
    return hash;
}

/* Open addressing: slot (a power of 2, more than twice the items) holds the first item of a part, -1:
 * free. */
static void number_parts(struct partition *p, const struct store_job *const *item, unsigned by, int *slot,
                         size_t n_slots)
{
    memset(slot, -1, n_slots * sizeof *slot);
    for (int i = 0; i < p->n; i++) {
        size_t at = hash_of(item[i], by) & (n_slots - 1);
        while (slot[at] >= 0 && !combination_same(item[slot[at]], item[i], ~by))
            at = (at + 1) & (n_slots - 1);
        if (slot[at] < 0) {
            slot[at] = i;
            p->part_of[i] = p->n_parts++;
        } else {
            p->part_of[i] = p->part_of[slot[at]];
        }
    }
}

/* Count, then place: begin[part + 1] is first the end of what was placed so far. */
static void list_members(struct partition *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->part_of[i] + 2 <= p->n_parts)
            p->begin[p->part_of[i] + 2]++;
    for (int part = 2; part <= p->n_parts; part++)
        p->begin[part] += p->begin[part - 1];
    for (int i = 0; i < p->n; i++)
        p->member[p->begin[p->part_of[i] + 1]++] = i;
}

int partition_new(const struct store_job *const *item, int n, unsigned by, struct partition **out,
                  struct err *err)
{
    size_t room = (size_t)n + 2, n_slots = 4;
    while (n_slots <= 2 * (size_t)n)
        n_slots *= 2;
    struct partition *p = err_calloc(1, sizeof *p, "a partition", err);
    int *slot = err_calloc(n_slots, sizeof *slot, "a partition", err), rc = p && slot ? 0 : E_IO;
    *out = NULL;
    if (rc == 0) {
        p->n = n;
        p->part_of = err_calloc(room, sizeof *p->part_of, "a partition", err);
        p->begin = err_calloc(room, sizeof *p->begin, "a partition", err);
        p->member = err_calloc(room, sizeof *p->member, "a partition", err);
        rc = p->part_of && p->begin && p->member ? 0 : E_IO;
    }
    if (rc == 0) {
        number_parts(p, item, by, slot, n_slots);
        list_members(p);
        *out = p;
    } else {
        partition_free(p);
    }
    free(slot);
    return rc;
}

void partition_free(struct partition *partition)
{
    if (!partition)
        return;
    free(partition->part_of);
    free(partition->begin);
    free(partition->member);
    free(partition);
}

int partition_is_first(const struct partition *partition, int i)
{
    return partition->member[partition->begin[partition->part_of[i]]] == i;
}
