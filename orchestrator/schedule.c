#include "schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    int job;
    double cost;
    unsigned long kind;
    int group; /* position in schedule->group */
    int attempts, deaths;
    int taken; /* 1: handed out from its group once; later it comes from the stack of returned ones */
};

/* Jobs of one kind: a stretch of the sorted entries, dearest first, handed out from `next`. */
struct group {
    int next, end;
    double seconds, cost; /* sums over finished jobs */
    double waiting_cost, running_cost;
};

struct schedule {
    int n;
    struct entry *entry; /* (n) by kind, then by falling cost, then by job number */
    int n_groups;
    struct group *group;
    int *returned; /* (n) stack of entry indices */
    int n_returned;
    int waiting, running;
    int max_job;
    int *entry_of; /* (max_job + 1) job -> index of its entry */
};

static int by_kind_then_cost(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->cost < y->cost || x->cost > y->cost)
        return x->cost > y->cost ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static void make_groups(struct schedule *s)
{
    for (int i = 0; i < s->n; i++) {
        if (i == 0 || s->entry[i].kind != s->entry[i - 1].kind)
            s->group[s->n_groups++].next = i;
        struct group *group = &s->group[s->n_groups - 1];
        group->end = i + 1;
        group->waiting_cost += s->entry[i].cost;
        s->entry[i].group = s->n_groups - 1;
        s->entry_of[s->entry[i].job] = i;
    }
}

int schedule_new(int n, const int *job, const double *cost, const unsigned long *kind, struct schedule **out,
                 struct err *err)
{
    struct schedule *s = err_calloc(1, sizeof *s, "the schedule", err);
    *out = NULL;
    if (!s)
        return E_IO;
    s->n = s->waiting = n;
    for (int i = 0; i < n; i++)
        s->max_job = job[i] > s->max_job ? job[i] : s->max_job;
    s->entry = err_calloc((size_t)n, sizeof *s->entry, "the schedule", err);
    s->group = err_calloc((size_t)n, sizeof *s->group, "the schedule", err);
    s->returned = err_calloc((size_t)n, sizeof *s->returned, "the schedule", err);
    s->entry_of = err_calloc((size_t)s->max_job + 1, sizeof *s->entry_of, "the schedule", err);
    if (!s->entry || !s->group || !s->returned || !s->entry_of) {
        schedule_free(s);
        return E_IO;
    }
    for (int i = 0; i < n; i++)
        s->entry[i] = (struct entry){.job = job[i], .cost = cost[i], .kind = kind[i]};
    qsort(s->entry, (size_t)n, sizeof *s->entry, by_kind_then_cost);
    make_groups(s);
    *out = s;
    return 0;
}

/* Seconds a unit of cost; the mean of all kinds while a kind's own is unknown; NaN while no job has finished. */
static double speed(const struct schedule *s, const struct group *group)
{
    double seconds = group->seconds, cost = group->cost;
    if (cost <= 0) {
        seconds = 0;
        for (int g = 0; g < s->n_groups; g++) {
            seconds += s->group[g].seconds;
            cost += s->group[g].cost;
        }
    }
    return cost > 0 ? seconds / cost : (double)NAN;
}

static int take(struct schedule *s, int i)
{
    struct group *group = &s->group[s->entry[i].group];
    s->waiting--;
    s->running++;
    s->entry[i].attempts++;
    group->waiting_cost -= s->entry[i].cost;
    group->running_cost += s->entry[i].cost;
    return s->entry[i].job;
}

/* Expected seconds of an entry; 0 while nothing is known. */
static double seconds_of(const struct schedule *s, int i)
{
    double rate = speed(s, &s->group[s->entry[i].group]);
    return isnan(rate) ? 0 : s->entry[i].cost * rate;
}

/* The dearest entry of a group that waits and fits; -1: none. Costs fall along the group, so what does not fit is at its beginning:
 * bisection finds the first that does. */
static int first_fit(const struct schedule *s, const struct group *group, double seconds)
{
    int low = group->next, high = group->end;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (seconds_of(s, middle) <= seconds)
            high = middle;
        else
            low = middle + 1;
    }
    while (low < group->end && s->entry[low].taken)
        low++;
    return low < group->end ? low : -1;
}

/* Position in the stack of the last returned job that fits; -1: none. */
static int returned_fit(const struct schedule *s, double seconds)
{
    int i = s->n_returned - 1;
    while (i >= 0 && seconds_of(s, s->returned[i]) > seconds)
        i--;
    return i;
}

/* The entry to hand out from the groups; -1: none. While no speed is known, costs are compared. */
static int best_fit(const struct schedule *s, double seconds)
{
    int best = -1;
    double best_seconds = 0;
    for (int g = 0; g < s->n_groups; g++) {
        int i = first_fit(s, &s->group[g], seconds);
        if (i < 0)
            continue;
        double rate = speed(s, &s->group[g]);
        double expected = s->entry[i].cost * (isnan(rate) ? 1 : rate);
        if (best < 0 || expected > best_seconds) {
            best = i;
            best_seconds = expected;
        }
    }
    return best;
}

int schedule_next(struct schedule *s, double seconds)
{
    int at = returned_fit(s, seconds);
    if (at >= 0) {
        int i = s->returned[at];
        s->n_returned--;
        memmove(&s->returned[at], &s->returned[at + 1], (size_t)(s->n_returned - at) * sizeof *s->returned);
        return take(s, i);
    }
    int i = best_fit(s, seconds);
    if (i < 0)
        return -1;
    struct group *group = &s->group[s->entry[i].group];
    s->entry[i].taken = 1;
    while (group->next < group->end && s->entry[group->next].taken)
        group->next++;
    return take(s, i);
}

int schedule_fits(const struct schedule *s, double seconds)
{
    return returned_fit(s, seconds) >= 0 || best_fit(s, seconds) >= 0;
}

void schedule_dropped(struct schedule *s, int job)
{
    struct entry *entry = &s->entry[s->entry_of[job]];
    s->running--;
    s->group[entry->group].running_cost -= entry->cost;
}

void schedule_finished(struct schedule *s, int job, double seconds)
{
    struct entry *entry = &s->entry[s->entry_of[job]];
    struct group *group = &s->group[entry->group];
    schedule_dropped(s, job);
    group->seconds += seconds;
    group->cost += entry->cost;
}

void schedule_return(struct schedule *s, int job)
{
    int i = s->entry_of[job];
    struct group *group = &s->group[s->entry[i].group];
    s->returned[s->n_returned++] = i;
    s->running--;
    s->waiting++;
    group->running_cost -= s->entry[i].cost;
    group->waiting_cost += s->entry[i].cost;
}

void schedule_unused(struct schedule *s, int job)
{
    s->entry[s->entry_of[job]].attempts--;
    schedule_return(s, job);
}

int schedule_attempts(const struct schedule *s, int job)
{
    return s->entry[s->entry_of[job]].attempts;
}

void schedule_died(struct schedule *s, int job)
{
    s->entry[s->entry_of[job]].deaths++;
}

int schedule_deaths(const struct schedule *s, int job)
{
    return s->entry[s->entry_of[job]].deaths;
}

int schedule_waiting(const struct schedule *s)
{
    return s->waiting;
}

int schedule_running(const struct schedule *s)
{
    return s->running;
}

double schedule_expect(const struct schedule *s, int job)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    return entry->cost * speed(s, &s->group[entry->group]);
}

double schedule_remaining(const struct schedule *s, int ranks)
{
    double seconds = 0;
    for (int g = 0; g < s->n_groups; g++) {
        double cost = s->group[g].waiting_cost + s->group[g].running_cost / 2;
        if (cost > 0)
            seconds += cost * speed(s, &s->group[g]);
    }
    return seconds / ranks;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    free(s->entry_of);
    free(s->returned);
    free(s->group);
    free(s->entry);
    free(s);
}
