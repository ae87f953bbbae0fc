#include "run/schedule.h"

#include "run/places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    int job;
    double cost; /* what its place among its likes rests on */
    double left; /* what it has to do when it is handed out next: the same, until it is opened with another */
    unsigned long kind;
    int group; /* position in schedule->group */
    int wave;
    int attempts, deaths;
};

/* Jobs of one kind: the stretch of the sorted entries from begin to end, dearest first. */
struct group {
    int begin, end;
    double seconds, cost; /* sums over finished jobs; cost > 0: the speed of the kind is known */
    int n_finished, n_waiting, n_running;
    double waiting_cost, running_cost;
};

/* Sums and the best over a stretch of groups. */
struct node {
    double seconds; /* expected, of the work left in groups of known speed */
    double cost;    /* of the work left in the others */
    int best;       /* entry of a known group to hand out next, -1: none fits */
    double best_seconds;
    double longest; /* expected seconds of the longest job of known groups that was never handed out */
    double dearest; /* cost of the dearest one of the others */
};

struct schedule {
    int n;
    struct entry *entry; /* (n) by kind, then by falling cost, then by job number */
    int n_groups;
    struct group *group;
    double seconds, cost;  /* over the finished jobs of all groups */
    struct places rest;    /* of entry[]: what was never handed out nor parked */
    struct places left;    /* those of them whose wave has come */
    int *dearest;          /* (n) entries by falling cost, then by their own order */
    int *place;            /* (n) entry -> its position there */
    struct places unknown; /* of dearest[]: what is left of groups without a speed */
    int *by_wave, n_come;  /* (n) entries by wave; those whose wave has come */
    int n_first,
        first_left; /* waves before which nothing else goes; what is never handed out nor parked of them */
    int ranks;
    int n_leaves;      /* power of two >= n_groups */
    struct node *node; /* (2 n_leaves) node i is over 2i and 2i + 1; group g is n_leaves + g */
    double limit;      /* what best fits into */
    int *returned;     /* (n) stack of entry indices: those that were opened below, the longest on top */
    int n_returned, n_opened;
    int waiting, running, parked;
    int max_job;
    int *entry_of; /* (max_job + 1) job -> index of its entry */
};

/* ---- speeds ---- */

/* Seconds a unit of cost over all kinds; NaN while no job has finished. */
static double mean_speed(const struct schedule *s)
{
    return s->cost > 0 ? s->seconds / s->cost : (double)NAN;
}

static double speed(const struct schedule *s, const struct group *group)
{
    return group->cost > 0 ? group->seconds / group->cost : mean_speed(s);
}

/* The first of a falling list of costs that takes at most `seconds`; `from` is its position in entry[] or,
 * with `order`, in order[]. */
static int first_short(const struct schedule *s, const int *order, int from, int end, double rate,
                       double seconds)
{
    while (from < end) {
        int middle = from + (end - from) / 2;
        if (s->entry[order ? order[middle] : middle].cost * rate <= seconds)
            end = middle;
        else
            from = middle + 1;
    }
    return from;
}

/* ---- the tree over groups ---- */

/* The dearest entry of a group of known speed that waits and fits into the limit; -1: none. */
static int group_best(const struct schedule *s, const struct group *group)
{
    int i = first_short(s, NULL, group->begin, group->end, speed(s, group), s->limit);
    i = places_next(&s->left, i);
    return i < group->end ? i : -1;
}

static struct node leaf(const struct schedule *s, const struct group *group)
{
    struct node node = {.best = -1};
    double cost =
        (group->n_waiting ? group->waiting_cost : 0) + (group->n_running ? group->running_cost : 0) / 2;
    int first = places_next(&s->rest, group->begin);
    double most = first < group->end ? s->entry[first].cost : 0;
    if (group->cost > 0) {
        node.longest = most * speed(s, group);
        node.seconds = cost * speed(s, group);
        node.best = group_best(s, group);
        node.best_seconds = node.best < 0 ? 0 : s->entry[node.best].cost * speed(s, group);
    } else {
        node.dearest = most;
        node.cost = cost;
    }
    return node;
}

static struct node join(const struct node *a, const struct node *b)
{
    int right = b->best >= 0 && (a->best < 0 || b->best_seconds > a->best_seconds);
    return (struct node){.seconds = a->seconds + b->seconds,
                         .cost = a->cost + b->cost,
                         .best = right ? b->best : a->best,
                         .best_seconds = right ? b->best_seconds : a->best_seconds,
                         .longest = fmax(a->longest, b->longest),
                         .dearest = fmax(a->dearest, b->dearest)};
}

/* After anything of the group has changed. */
static void update(struct schedule *s, int group)
{
    int i = s->n_leaves + group;
    s->node[i] = leaf(s, &s->group[group]);
    for (i /= 2; i > 0; i /= 2)
        s->node[i] = join(&s->node[2 * i], &s->node[2 * i + 1]);
}

/* Let the best of the tree be one that fits into `seconds`. They shrink as a deadline comes nearer, so only
 * groups whose best no longer fits are looked at again. */
static void set_limit(struct schedule *s, double seconds)
{
    int grew = seconds > s->limit;
    s->limit = seconds;
    for (int g = 0; grew && g < s->n_groups; g++)
        update(s, g);
    while (s->node[1].best >= 0 && s->node[1].best_seconds > seconds)
        update(s, s->entry[s->node[1].best].group);
}

/* ---- making one ---- */

static int by_kind_then_cost(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->cost < y->cost || x->cost > y->cost)
        return x->cost > y->cost ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static int by_cost(const void *a, const void *b, void *entries)
{
    const struct entry *entry = entries;
    int i = *(const int *)a, j = *(const int *)b;
    if (entry[i].cost < entry[j].cost || entry[i].cost > entry[j].cost)
        return entry[i].cost > entry[j].cost ? -1 : 1;
    return i < j ? -1 : i > j;
}

static void make_groups(struct schedule *s)
{
    for (int i = 0; i < s->n; i++) {
        if (i == 0 || s->entry[i].kind != s->entry[i - 1].kind)
            s->group[s->n_groups++].begin = i;
        struct group *group = &s->group[s->n_groups - 1];
        group->end = i + 1;
        group->n_waiting++;
        group->waiting_cost += s->entry[i].cost;
        s->entry[i].group = s->n_groups - 1;
        s->entry_of[s->entry[i].job] = s->dearest[i] = s->by_wave[i] = i;
        places_add(&s->rest, i);
    }
    qsort_r(s->dearest, (size_t)s->n, sizeof *s->dearest, by_cost, s->entry);
    for (int i = 0; i < s->n; i++)
        s->place[s->dearest[i]] = i;
}

static int make_tree(struct schedule *s, struct err *err)
{
    s->n_leaves = 1;
    while (s->n_leaves < s->n_groups)
        s->n_leaves *= 2;
    s->node = err_calloc(2 * (size_t)s->n_leaves, sizeof *s->node, "the schedule", err);
    if (!s->node)
        return E_IO;
    for (int i = 0; i < 2 * s->n_leaves; i++)
        s->node[i].best = -1;
    for (int g = 0; g < s->n_groups; g++)
        s->node[s->n_leaves + g] = leaf(s, &s->group[g]);
    for (int i = s->n_leaves - 1; i > 0; i--)
        s->node[i] = join(&s->node[2 * i], &s->node[2 * i + 1]);
    return 0;
}

static int make_room(struct schedule *s, int n, struct err *err)
{
    size_t room = (size_t)n;
    s->entry = err_calloc(room, sizeof *s->entry, "the schedule", err);
    s->group = err_calloc(room, sizeof *s->group, "the schedule", err);
    s->dearest = err_calloc(room, sizeof *s->dearest, "the schedule", err);
    s->place = err_calloc(room, sizeof *s->place, "the schedule", err);
    s->by_wave = err_calloc(room, sizeof *s->by_wave, "the schedule", err);
    s->returned = err_calloc(room, sizeof *s->returned, "the schedule", err);
    s->entry_of = err_calloc((size_t)s->max_job + 1, sizeof *s->entry_of, "the schedule", err);
    if (!s->entry || !s->group || !s->dearest || !s->place || !s->by_wave || !s->returned || !s->entry_of)
        return E_IO;
    int rc = places_new(&s->rest, n, err);
    if (rc == 0)
        rc = places_new(&s->left, n, err);
    return rc < 0 ? rc : places_new(&s->unknown, n, err);
}

int schedule_new(int n, const int *job, const double *cost, const unsigned long *kind, struct schedule **out,
                 struct err *err)
{
    struct schedule *s = err_calloc(1, sizeof *s, "the schedule", err);
    *out = NULL;
    if (!s)
        return E_IO;
    s->n = s->waiting = n;
    s->ranks = 1;
    s->limit = (double)INFINITY;
    for (int i = 0; i < n; i++)
        s->max_job = job[i] > s->max_job ? job[i] : s->max_job;
    int rc = make_room(s, n, err);
    for (int i = 0; rc == 0 && i < n; i++)
        s->entry[i] = (struct entry){.job = job[i], .cost = cost[i], .left = cost[i], .kind = kind[i]};
    if (rc == 0) {
        qsort(s->entry, (size_t)n, sizeof *s->entry, by_kind_then_cost);
        make_groups(s);
        rc = make_tree(s, err);
    }
    if (rc < 0)
        schedule_free(s);
    else
        *out = s;
    return rc;
}

/* ---- waves ---- */

static int compare_waves(const void *a, const void *b, void *entries)
{
    const struct entry *entry = entries;
    int i = *(const int *)a, j = *(const int *)b;
    if (entry[i].wave != entry[j].wave)
        return entry[i].wave < entry[j].wave ? -1 : 1;
    return i < j ? -1 : i > j;
}

void schedule_waves(struct schedule *s, int n, const int *job, const int *wave, int n_first)
{
    s->n_first = n_first;
    for (int i = 0; i < n; i++)
        s->entry[s->entry_of[job[i]]].wave = wave[i];
    for (int i = 0; i < n; i++)
        s->first_left += wave[i] < n_first;
    qsort_r(s->by_wave, (size_t)s->n, sizeof *s->by_wave, compare_waves, s->entry);
}

void schedule_ranks(struct schedule *s, int ranks)
{
    s->ranks = ranks;
}

/* The time of one more wave has come. */
static void begin_wave(struct schedule *s)
{
    int wave = s->entry[s->by_wave[s->n_come]].wave;
    for (; s->n_come < s->n && s->entry[s->by_wave[s->n_come]].wave == wave; s->n_come++) {
        int i = s->by_wave[s->n_come], g = s->entry[i].group;
        if (!places_has(&s->rest, i))
            continue;
        places_add(&s->left, i);
        if (s->group[g].cost > 0)
            update(s, g);
        else
            places_add(&s->unknown, s->place[i]);
    }
}

/* A job that is begun so late that the others are done while it runs costs time. So when the work that is
 * left would keep the ranks busy for only so many times the longest job, lengths alone decide. Measured with
 * the jobs of figure 4 (tests/orchestrator/test_makespan.c) on 2 to 64 ranks, each the mean of 100 plays: 4
 * loses 0.5 % at most against the longest job first of all, 2 loses 4.8 %, and 6 0.1 %, but leaves only a
 * third of the sweep to the waves on 8 ranks. */
static const double last_lengths = 4;

/* Nothing is near that a deadline comes before. */
static int is_end_near(const struct schedule *s, double seconds)
{
    const struct node *all = &s->node[1];
    double mean = s->cost > 0 ? mean_speed(s) : 1, ranks = s->ranks;
    double work = all->seconds + all->cost * mean, longest = fmax(all->longest, all->dearest * mean);
    return s->first_left == 0 && work <= last_lengths * longest * ranks && work <= seconds * ranks;
}

/* It is handed out or parked: no wave brings it any more. */
static void take_out(struct schedule *s, int i)
{
    s->first_left -= s->entry[i].wave < s->n_first && places_has(&s->rest, i);
    places_remove(&s->rest, i);
    places_remove(&s->left, i);
    places_remove(&s->unknown, s->place[i]);
}

/* ---- handing out ---- */

/* Expected seconds of an entry; 0 while nothing is known. */
static double seconds_of(const struct schedule *s, int i)
{
    double rate = speed(s, &s->group[s->entry[i].group]);
    return isnan(rate) ? 0 : s->entry[i].left * rate;
}

/* Position in the stack of the last returned job that fits; -1: none. */
static int returned_fit(const struct schedule *s, double seconds)
{
    int i = s->n_returned - 1;
    while (i >= 0 && seconds_of(s, s->returned[i]) > seconds)
        i--;
    return i;
}

/* The dearest entry that fits of groups whose own speed is not known; -1: none. All
 * share a speed: costs decide. */
static int best_unknown(const struct schedule *s, double seconds)
{
    double rate = mean_speed(s);
    int i = first_short(s, s->dearest, 0, s->n, isnan(rate) ? 0 : rate, seconds);
    i = places_next(&s->unknown, i);
    return i < s->n ? s->dearest[i] : -1;
}

/* The entry to hand out of those that never were and whose wave has come; -1: none. */
static int best_come(struct schedule *s, double seconds)
{
    set_limit(s, seconds);
    int known = s->node[1].best, unknown = best_unknown(s, seconds);
    if (known < 0 || unknown < 0)
        return known < 0 ? unknown : known;
    double a = s->node[1].best_seconds, b = seconds_of(s, unknown);
    if (a < b || a > b)
        return a > b ? known : unknown;
    return known < unknown ? known : unknown;
}

/* The same with the waves that come for want of others; -1: none fits of any. */
static int best_fit(struct schedule *s, double seconds)
{
    int i = best_come(s, seconds);
    while (i < 0 && s->n_come < s->n) {
        begin_wave(s);
        i = best_come(s, seconds);
    }
    return i;
}

static int take(struct schedule *s, int i)
{
    struct group *group = &s->group[s->entry[i].group];
    s->waiting--;
    s->running++;
    s->entry[i].attempts++;
    group->n_waiting--;
    group->n_running++;
    group->waiting_cost -= s->entry[i].left;
    group->running_cost += s->entry[i].left;
    update(s, s->entry[i].group);
    return s->entry[i].job;
}

int schedule_next(struct schedule *s, double seconds)
{
    int at = returned_fit(s, seconds);
    if (at >= 0) {
        int i = s->returned[at];
        s->n_returned--;
        s->n_opened -= at < s->n_opened;
        memmove(&s->returned[at], &s->returned[at + 1], (size_t)(s->n_returned - at) * sizeof *s->returned);
        return take(s, i);
    }
    while (s->n_come < s->n && is_end_near(s, seconds))
        begin_wave(s);
    int i = best_fit(s, seconds);
    if (i < 0)
        return -1;
    take_out(s, i);
    return take(s, i);
}

int schedule_fits(struct schedule *s, double seconds)
{
    return returned_fit(s, seconds) >= 0 || best_fit(s, seconds) >= 0;
}

/* ---- what became of them ---- */

static void stop_running(struct schedule *s, const struct entry *entry)
{
    struct group *group = &s->group[entry->group];
    s->running--;
    group->n_running--;
    group->running_cost -= entry->left;
}

void schedule_dropped(struct schedule *s, int job)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    stop_running(s, entry);
    update(s, entry->group);
}

/* The first of its kind: the rest of them leave the line of those without a speed. Every job does so once. */
static void become_known(struct schedule *s, const struct group *group)
{
    for (int i = places_next(&s->left, group->begin); i < group->end; i = places_next(&s->left, i + 1))
        places_remove(&s->unknown, s->place[i]);
}

void schedule_finished(struct schedule *s, int job, double seconds)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    struct group *group = &s->group[entry->group];
    int was_known = group->cost > 0;
    if (entry->deaths > 0) {
        schedule_dropped(s, job);
        return;
    }
    stop_running(s, entry);
    group->n_finished++;
    group->seconds += seconds;
    group->cost += entry->left;
    s->seconds += seconds;
    s->cost += entry->left;
    if (!was_known && group->cost > 0)
        become_known(s, group);
    update(s, entry->group);
}

void schedule_return(struct schedule *s, int job)
{
    int i = s->entry_of[job];
    const struct entry *entry = &s->entry[i];
    struct group *group = &s->group[entry->group];
    s->returned[s->n_returned++] = i;
    stop_running(s, entry);
    s->waiting++;
    group->n_waiting++;
    group->waiting_cost += entry->left;
    update(s, entry->group);
}

void schedule_park(struct schedule *s, int job)
{
    int i = s->entry_of[job];
    take_out(s, i);
    s->waiting--;
    s->parked++;
    update(s, s->entry[i].group);
}

void schedule_paused(struct schedule *s, int job, double seconds)
{
    struct entry *entry = &s->entry[s->entry_of[job]];
    schedule_finished(s, job, seconds);
    entry->left = 0;
    s->parked++;
    s->group[entry->group].n_waiting++;
}

/* Whether an entry that was opened goes before another one that is opened now. */
static int goes_before(const struct schedule *s, int i, int now)
{
    if (s->entry[i].wave != s->entry[now].wave)
        return s->entry[i].wave < s->entry[now].wave;
    return seconds_of(s, i) >= seconds_of(s, now);
}

/* Among those that were opened, below those that go before it. */
static void push_opened(struct schedule *s, int i)
{
    int at = s->n_opened;
    while (at > 0 && goes_before(s, s->returned[at - 1], i))
        at--;
    memmove(&s->returned[at + 1], &s->returned[at], (size_t)(s->n_returned - at) * sizeof *s->returned);
    s->returned[at] = i;
    s->n_returned++;
    s->n_opened++;
}

void schedule_open(struct schedule *s, int job, double cost)
{
    int i = s->entry_of[job];
    struct entry *entry = &s->entry[i];
    struct group *group = &s->group[entry->group];
    group->waiting_cost += cost - entry->left;
    entry->left = cost;
    entry->attempts = entry->deaths = 0;
    push_opened(s, i);
    s->parked--;
    s->waiting++;
    update(s, entry->group);
}

void schedule_close(struct schedule *s, int job)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    struct group *group = &s->group[entry->group];
    group->waiting_cost -= entry->left;
    group->n_waiting--;
    s->parked--;
    update(s, entry->group);
}

int schedule_parked(const struct schedule *s)
{
    return s->parked;
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
    return entry->left * speed(s, &s->group[entry->group]);
}

double schedule_usual(const struct schedule *s, int job, double cost)
{
    const struct group *group = &s->group[s->entry[s->entry_of[job]].group];
    int known = group->n_finished >= SCHEDULE_KNOWN && group->cost > 0;
    return known ? cost * group->seconds / group->cost : (double)NAN;
}

double schedule_remaining(const struct schedule *s, int ranks)
{
    const struct node *all = &s->node[1];
    double unknown = all->cost > 0 ? all->cost * mean_speed(s) : 0;
    return (all->seconds + unknown) / ranks;
}

void schedule_free(struct schedule *s)
{
    if (!s)
        return;
    free(s->entry_of);
    free(s->returned);
    free(s->node);
    places_free(&s->unknown);
    places_free(&s->left);
    places_free(&s->rest);
    free(s->by_wave);
    free(s->place);
    free(s->dearest);
    free(s->group);
    free(s->entry);
    free(s);
}
