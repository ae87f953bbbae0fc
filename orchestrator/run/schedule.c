#include "run/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    int job;
    double cost; /* what its place in the order rests on */
    double left; /* what it has to do when it is handed out next: the same, until it is opened with another */
    unsigned long kind;
    int group; /* position in schedule->group */
    int attempts, deaths;
};

/* Jobs of one kind: the stretch of the sorted entries from begin to end, dearest first. */
struct group {
    int begin, end;
    double seconds, cost; /* sums over finished jobs; cost > 0: the speed of the kind is known */
    int n_finished, n_waiting, n_running;
    double waiting_cost, running_cost;
};

/* What is left to hand out of a list of entries, in its order. next[i]: i when it is left, else some later
 * position, whose own next goes on; n: none is. */
struct line {
    int n;
    int *next; /* (n + 1) */
};

/* Sums and the best over a stretch of groups. */
struct node {
    double seconds; /* expected, of the work left in groups of known speed */
    double cost;    /* of the work left in the others */
    int best;       /* entry of a known group to hand out next, -1: none fits */
    double best_seconds;
};

struct schedule {
    int n;
    struct entry *entry; /* (n) by kind, then by falling cost, then by job number */
    int n_groups;
    struct group *group;
    double seconds, cost; /* over the finished jobs of all groups */
    struct line left;     /* of entry[]: what was never handed out */
    int *dearest;         /* (n) entries by falling cost, then by their own order */
    int *place;           /* (n) entry -> its position there */
    struct line unknown;  /* of dearest[]: the same, of groups without a speed */
    int n_leaves;         /* power of two >= n_groups */
    struct node *node;    /* (2 n_leaves) node i is over 2i and 2i + 1; group g is n_leaves + g */
    double limit;         /* what best fits into */
    int *returned;        /* (n) stack of entry indices: those that were opened below, the longest on top */
    int n_returned, n_opened;
    int waiting, running, parked;
    int max_job;
    int *entry_of; /* (max_job + 1) job -> index of its entry */
};

/* ---- lines ---- */

static int line_new(struct line *line, int n, struct err *err)
{
    line->n = n;
    line->next = err_calloc((size_t)n + 1, sizeof *line->next, "the schedule", err);
    for (int i = 0; line->next && i <= n; i++)
        line->next[i] = i;
    return line->next ? 0 : E_IO;
}

/* The first position from i on that is left; n: none. Paths are halved on the way, so that it takes
 * O(log n) on average. */
static int line_find(const struct line *line, int i)
{
    while (line->next[i] != i)
        i = line->next[i] = line->next[line->next[i]];
    return i;
}

static void line_take(const struct line *line, int i)
{
    line->next[i] = i + 1;
}

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
    i = i < group->end ? line_find(&s->left, i) : group->end;
    return i < group->end ? i : -1;
}

static struct node leaf(const struct schedule *s, const struct group *group)
{
    struct node node = {.best = -1};
    double cost =
        (group->n_waiting ? group->waiting_cost : 0) + (group->n_running ? group->running_cost : 0) / 2;
    if (group->cost > 0) {
        node.seconds = cost * speed(s, group);
        node.best = group_best(s, group);
        node.best_seconds = node.best < 0 ? 0 : s->entry[node.best].cost * speed(s, group);
    } else {
        node.cost = cost;
    }
    return node;
}

static struct node join(const struct node *a, const struct node *b)
{
    int right = b->best >= 0 && (a->best < 0 || b->best_seconds > a->best_seconds);
    return (struct node){a->seconds + b->seconds, a->cost + b->cost, right ? b->best : a->best,
                         right ? b->best_seconds : a->best_seconds};
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
        s->entry_of[s->entry[i].job] = s->dearest[i] = i;
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
    s->returned = err_calloc(room, sizeof *s->returned, "the schedule", err);
    s->entry_of = err_calloc((size_t)s->max_job + 1, sizeof *s->entry_of, "the schedule", err);
    if (!s->entry || !s->group || !s->dearest || !s->place || !s->returned || !s->entry_of)
        return E_IO;
    int rc = line_new(&s->left, n, err);
    return rc < 0 ? rc : line_new(&s->unknown, n, err);
}

int schedule_new(int n, const int *job, const double *cost, const unsigned long *kind, struct schedule **out,
                 struct err *err)
{
    struct schedule *s = err_calloc(1, sizeof *s, "the schedule", err);
    *out = NULL;
    if (!s)
        return E_IO;
    s->n = s->waiting = n;
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
    i = line_find(&s->unknown, i);
    return i < s->n ? s->dearest[i] : -1;
}

/* The entry to hand out of those that never were; -1: none. */
static int best_fit(struct schedule *s, double seconds)
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
    int i = best_fit(s, seconds);
    if (i < 0)
        return -1;
    line_take(&s->left, i);
    line_take(&s->unknown, s->place[i]);
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
    for (int i = line_find(&s->left, group->begin); i < group->end; i = line_find(&s->left, i + 1))
        line_take(&s->unknown, s->place[i]);
}

void schedule_finished(struct schedule *s, int job, double seconds)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    struct group *group = &s->group[entry->group];
    int was_known = group->cost > 0;
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
    line_take(&s->left, i);
    line_take(&s->unknown, s->place[i]);
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

/* Among those that were opened, below those that are not longer. */
static void push_opened(struct schedule *s, int i)
{
    int at = s->n_opened;
    while (at > 0 && seconds_of(s, s->returned[at - 1]) >= seconds_of(s, i))
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

double schedule_usual(const struct schedule *s, int job)
{
    const struct entry *entry = &s->entry[s->entry_of[job]];
    const struct group *group = &s->group[entry->group];
    int known = group->n_finished >= SCHEDULE_KNOWN && group->cost > 0;
    return known ? entry->left * group->seconds / group->cost : (double)NAN;
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
    free(s->unknown.next);
    free(s->left.next);
    free(s->place);
    free(s->dearest);
    free(s->group);
    free(s->entry);
    free(s);
}
