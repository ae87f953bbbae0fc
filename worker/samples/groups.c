#include "samples/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Random deals tried, and exchanges tried in each of them for every group. */
enum { MAX_DEALS = 64, EXCHANGES = 16 };

/* Sums of square roots that differ by less are equal. */
static const double slack = 1e-9;

const double groups_tolerance = 0.25;

/* A sample of the list and its group. */
struct member {
    int group, position;
};

/* A group waiting for its part. */
struct waiting {
    int group;
    double scatter; /* of its class counts, C^2 times their variance */
};

struct deal {
    const struct split_task *task;
    int n_parts, n_groups;
    struct member *member;          /* (samples) group after group */
    int *begin;                     /* (n_groups + 1) first member of a group */
    int *part;                      /* (n_groups) where it goes */
    int *even;                      /* (n_groups) where the even deal puts it */
    struct waiting *waiting;        /* (n_groups) in the order of dealing */
    int *in_part;                   /* (n_parts, n_classes) samples dealt */
    int *load;                      /* (n_parts) samples dealt */
    int total[CONFIG_MAX_CLUSTERS]; /* samples of every class */
    int n_of[CONFIG_MAX_CLUSTERS];  /* groups with samples of it */
    /* of a deal under way */
    int left[CONFIG_MAX_CLUSTERS];      /* groups with samples of a class, not dealt yet */
    int lacking[CONFIG_MAX_CLUSTERS];   /* parts without samples of it */
    double dealt[CONFIG_MAX_CLUSTERS];  /* samples of it in all parts */
    double square[CONFIG_MAX_CLUSTERS]; /* sum over parts of weight times samples squared */
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->group != y->group)
        return (x->group > y->group) - (x->group < y->group);
    return (x->position > y->position) - (x->position < y->position);
}

static int compare_waiting(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;
    if (x->scatter > y->scatter || x->scatter < y->scatter)
        return x->scatter > y->scatter ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

/* Share of the samples that a part should have. Of the sides of a holdout part 0 judges. */
static double target(const struct deal *d, int part)
{
    double validation = d->task->config->validation;
    if (split_rule(d->task->config->protocol.kind)->needs_folds)
        return 1.0 / d->n_parts;
    return part == 0 ? validation : 1 - validation;
}

static double weight(const struct deal *d, int part)
{
    return split_rule(d->task->config->protocol.kind)->needs_folds ? d->n_parts : 1 / target(d, part);
}

/* Samples of every class in a group; returns how many in all. */
static int tally(const struct deal *d, int group, int *count)
{
    memset(count, 0, (size_t)d->task->n_classes * sizeof *count);
    for (int i = d->begin[group]; i < d->begin[group + 1]; i++)
        count[d->task->samples->sample[d->member[i].position].label]++;
    return d->begin[group + 1] - d->begin[group];
}

/* Sort the samples into groups and count them. */
static void find_groups(struct deal *d)
{
    const struct samples *samples = d->task->samples;
    int count[CONFIG_MAX_CLUSTERS];
    for (int i = 0; i < samples->n; i++)
        d->member[i] = (struct member){d->task->group[samples->sample[i].image], i};
    qsort(d->member, (size_t)samples->n, sizeof *d->member, compare_members);
    for (int i = 0; i < samples->n; i++)
        if (i == 0 || d->member[i].group != d->member[i - 1].group)
            d->begin[d->n_groups++] = i;
    d->begin[d->n_groups] = samples->n;
    samples_count(samples, d->task->n_classes, d->total);
    for (int g = 0; g < d->n_groups; g++) {
        tally(d, g, count);
        for (int c = 0; c < d->task->n_classes; c++)
            d->n_of[c] += count[c] > 0;
    }
}

static double scatter(const struct deal *d, int group)
{
    int count[CONFIG_MAX_CLUSTERS];
    double squares = 0, n = tally(d, group, count);
    for (int c = 0; c < d->task->n_classes; c++)
        squares += (double)count[c] * count[c];
    return d->task->n_classes * squares - n * n;
}

/* The order of the even deal: by falling scatter. */
static void order_by_scatter(struct deal *d)
{
    for (int g = 0; g < d->n_groups; g++)
        d->waiting[g] = (struct waiting){g, scatter(d, g)};
    qsort(d->waiting, (size_t)d->n_groups, sizeof *d->waiting, compare_waiting);
}

/* A random order. d->part is room for the shuffle. */
static void order_at_random(struct deal *d, struct rng *rng)
{
    for (int g = 0; g < d->n_groups; g++)
        d->part[g] = g;
    rng_shuffle(rng, d->part, d->n_groups);
    for (int k = 0; k < d->n_groups; k++)
        d->waiting[k].group = d->part[k];
}

/* Classes of the group that the part has already, while all their remaining groups are needed by
 * parts that lack them. */
static int n_starved(const struct deal *d, const int *count, int part)
{
    const int *have = d->in_part + (size_t)part * (size_t)d->task->n_classes;
    int n = 0;
    for (int c = 0; c < d->task->n_classes; c++)
        n += count[c] && have[c] && d->lacking[c] >= d->left[c];
    return n;
}

/* How uneven the shares of the group's classes are over the parts once it is in this one. */
static double unevenness(const struct deal *d, const int *count, int part)
{
    const int *have = d->in_part + (size_t)part * (size_t)d->task->n_classes;
    double sum = 0;
    for (int c = 0; c < d->task->n_classes; c++) {
        double more = count[c], dealt = d->dealt[c] + more;
        if (count[c] == 0)
            continue;
        double square = d->square[c] + weight(d, part) * more * (2.0 * have[c] + more);
        sum += sqrt(fmax(0, square - dealt * dealt)) / d->total[c];
    }
    return sum;
}

static int choose_part(const struct deal *d, const int *count)
{
    int best = 0, best_starved = n_starved(d, count, 0);
    double best_uneven = unevenness(d, count, 0), best_load = d->load[0] * weight(d, 0);
    for (int p = 1; p < d->n_parts; p++) {
        int starved = n_starved(d, count, p);
        double uneven = unevenness(d, count, p), load = d->load[p] * weight(d, p);
        int is_better = uneven < best_uneven - slack || (uneven < best_uneven + slack && load < best_load);
        if (starved > best_starved || (starved == best_starved && !is_better))
            continue;
        best = p;
        best_starved = starved;
        best_uneven = uneven;
        best_load = load;
    }
    return best;
}

static void put_group(struct deal *d, int group, int part, const int *count, int n)
{
    int *have = d->in_part + (size_t)part * (size_t)d->task->n_classes;
    for (int c = 0; c < d->task->n_classes; c++) {
        if (count[c] == 0)
            continue;
        d->left[c]--;
        d->lacking[c] -= have[c] == 0;
        d->dealt[c] += count[c];
        d->square[c] += weight(d, part) * count[c] * (2.0 * have[c] + count[c]);
        have[c] += count[c];
    }
    d->load[part] += n;
    d->part[group] = part;
}

static void deal_groups(struct deal *d)
{
    size_t n_classes = (size_t)d->task->n_classes;
    int count[CONFIG_MAX_CLUSTERS];
    memset(d->in_part, 0, (size_t)d->n_parts * n_classes * sizeof *d->in_part);
    memset(d->load, 0, (size_t)d->n_parts * sizeof *d->load);
    memcpy(d->left, d->n_of, sizeof d->left);
    for (size_t c = 0; c < n_classes; c++) {
        d->lacking[c] = d->n_parts;
        d->dealt[c] = d->square[c] = 0;
    }
    for (int k = 0; k < d->n_groups; k++) {
        int group = d->waiting[k].group, n = tally(d, group, count);
        put_group(d, group, choose_part(d, count), count, n);
    }
}

/* A class that is in one part only, so that it is missing on a side; -1: none. */
static int one_sided(const struct deal *d)
{
    for (int c = 0; c < d->task->n_classes; c++)
        if (d->n_parts - d->lacking[c] < 2)
            return c;
    return -1;
}

static int too_few(const struct deal *d, int c, struct err *err)
{
    const struct config *config = d->task->config;
    const char *protocol = config_protocol_name(config->protocol.kind);
    const char *groups = d->n_of[c] == 1 ? "group" : "groups";
    char room[CLASS_NAME_SIZE];
    const char *cluster = class_title(config->clusters.number[c], room);
    if (d->task->is_inner)
        return err_set(
            err, E_USAGE,
            "inner: cluster %.80s has training images of %d %s (%s), at least %d are needed: leave "
            "the cluster out, or inner",
            cluster, d->n_of[c], groups, config->groups, d->n_parts);
    if (split_rule(config->protocol.kind)->needs_folds)
        return err_set(
            err, E_USAGE,
            "cluster %.80s has images of %d %s (%s); protocol %s with %d folds needs at least %d a "
            "class: use fewer folds or leave the cluster out",
            cluster, d->n_of[c], groups, config->groups, protocol, d->n_parts, d->n_parts);
    return err_set(err, E_USAGE,
                   "cluster %.80s has images of %d %s (%s); protocol %s needs at least %d a class: leave the "
                   "cluster out",
                   cluster, d->n_of[c], groups, config->groups, protocol, d->n_parts);
}

/* ---- how even a deal is, and making it more so ---- */

/* How far `n` of `total` samples are from a share, beyond what whole samples allow, in shares of `least`. */
static double departure(int n, int total, double share, double least)
{
    return fmax(0, fabs(n - total * share) - 1) / (total * least);
}

/* The greatest departure of a part from its share, of a class or of all samples. */
static double excess(const struct deal *d)
{
    double worst = 0, least = 1;
    for (int p = 0; p < d->n_parts; p++)
        least = fmin(least, target(d, p));
    for (int p = 0; p < d->n_parts; p++) {
        const int *have = d->in_part + (size_t)p * (size_t)d->task->n_classes;
        worst = fmax(worst, departure(d->load[p], d->task->samples->n, target(d, p), least));
        for (int c = 0; c < d->task->n_classes; c++)
            worst = fmax(worst, departure(have[c], d->total[c], target(d, p), least));
    }
    return worst;
}

/* Squares of the departures of a part, were `more` samples of every class added to it. */
static double squares_with(const struct deal *d, int part, const int *more)
{
    const int *have = d->in_part + (size_t)part * (size_t)d->task->n_classes;
    double share = target(d, part), sum = 0, n = 0;
    for (int c = 0; c < d->task->n_classes; c++) {
        double off = (have[c] + more[c]) / (double)d->total[c] - share;
        sum += off * off;
        n += have[c] + more[c];
    }
    double off = n / d->task->samples->n - share;
    return (sum + off * off) * weight(d, part);
}

static void add_to_part(struct deal *d, int part, const int *more)
{
    int *have = d->in_part + (size_t)part * (size_t)d->task->n_classes;
    for (int c = 0; c < d->task->n_classes; c++) {
        d->lacking[c] -= have[c] == 0 && more[c] != 0;
        have[c] += more[c];
        d->lacking[c] += have[c] == 0 && more[c] != 0;
        d->load[part] += more[c];
    }
}

/* Two groups of different parts change places, or one goes to another part (b: -1), if that is more even. */
static void exchange(struct deal *d, int a, int b, int to)
{
    int more[CONFIG_MAX_CLUSTERS], back[CONFIG_MAX_CLUSTERS], none[CONFIG_MAX_CLUSTERS] = {0};
    int from = d->part[a];
    tally(d, a, more);
    if (b >= 0) {
        tally(d, b, back);
        for (int c = 0; c < d->task->n_classes; c++)
            more[c] -= back[c];
    }
    for (int c = 0; c < d->task->n_classes; c++)
        back[c] = -more[c];
    double now = squares_with(d, from, none) + squares_with(d, to, none);
    if (squares_with(d, from, back) + squares_with(d, to, more) >= now - slack)
        return;
    add_to_part(d, from, back);
    add_to_part(d, to, more);
    d->part[a] = to;
    if (b >= 0)
        d->part[b] = from;
}

/* Random exchanges until the deal departs no further than `limit`; 1 when it does not. */
static int even_out(struct deal *d, struct rng *rng, double limit)
{
    uint32_t n = (uint32_t)d->n_groups;
    for (uint32_t k = 0; k < EXCHANGES * n && excess(d) > limit; k++) {
        int a = (int)rng_below(rng, n), b = (int)rng_below(rng, 2 * n);
        int to = b < d->n_groups ? d->part[b] : (int)rng_below(rng, (uint32_t)d->n_parts);
        if (to != d->part[a])
            exchange(d, a, b < d->n_groups ? b : -1, to);
    }
    return excess(d) <= limit;
}

/* ---- which deal ---- */

/* The most even deal that is known, in d->even; what random deals may depart from their shares. Where it
 * leaves a class on one side only, any of theirs is as good. */
static double deal_evenly(struct deal *d, int *is_one)
{
    order_by_scatter(d);
    deal_groups(d);
    memcpy(d->even, d->part, (size_t)d->n_groups * sizeof *d->even);
    *is_one = one_sided(d) < 0;
    return *is_one ? excess(d) + groups_tolerance : (double)INFINITY;
}

static int find_deal(struct deal *d, struct rng *rng, struct err *err)
{
    const struct config *config = d->task->config;
    char room[CLASS_NAME_SIZE];
    int c = 0, is_one = 0;
    for (c = 0; c < d->task->n_classes; c++)
        if (d->n_of[c] < d->n_parts)
            return too_few(d, c, err);
    double limit = deal_evenly(d, &is_one);
    for (int k = 0; k < MAX_DEALS; k++) {
        order_at_random(d, rng);
        deal_groups(d);
        if (even_out(d, rng, limit) && (c = one_sided(d)) < 0)
            return 0;
    }
    memcpy(d->part, d->even, (size_t)d->n_groups * sizeof *d->even);
    if (is_one)
        return 0;
    return err_set(err, E_USAGE,
                   "cluster %.80s has images of %d groups (%s), but in no division that was tried are it and "
                   "every other class on both sides: leave out a cluster that shares its groups",
                   class_title(config->clusters.number[c], room), d->n_of[c], config->groups);
}

static void hold_part(const struct deal *d, unsigned char *held)
{
    int judged = split_rule(d->task->config->protocol.kind)->needs_folds ? (int)d->task->config->fold : 0;
    for (int g = 0; g < d->n_groups; g++)
        for (int i = d->begin[g]; i < d->begin[g + 1]; i++)
            held[d->member[i].position] = d->part[g] == judged;
}

static int allocate(struct deal *d, struct err *err)
{
    unsigned long n = (unsigned long)d->task->samples->n, n_parts = (unsigned long)d->n_parts;
    static const char what[] = "the groups of a job";
    d->member = err_calloc(n, sizeof *d->member, what, err);
    d->begin = err_calloc(n + 1, sizeof *d->begin, what, err);
    d->part = err_calloc(n, sizeof *d->part, what, err);
    d->even = err_calloc(n, sizeof *d->even, what, err);
    d->waiting = err_calloc(n, sizeof *d->waiting, what, err);
    d->in_part = err_calloc(n_parts * (unsigned long)d->task->n_classes, sizeof *d->in_part, what, err);
    d->load = err_calloc(n_parts, sizeof *d->load, what, err);
    return d->member && d->begin && d->part && d->even && d->waiting && d->in_part && d->load ? 0 : E_IO;
}

int groups_hold(const struct split_task *task, struct rng *rng, unsigned char *held, struct err *err)
{
    struct deal d = {.task = task, .n_parts = split_min_images(task->config)};
    int rc = allocate(&d, err);
    if (rc == 0) {
        find_groups(&d);
        rc = find_deal(&d, rng, err);
    }
    if (rc == 0)
        hold_part(&d, held);
    free(d.load);
    free(d.in_part);
    free(d.waiting);
    free(d.even);
    free(d.part);
    free(d.begin);
    free(d.member);
    return rc;
}
