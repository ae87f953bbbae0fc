#include "run/dispatch.h"

#include "run/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What rank 0 knows of a rank. */
struct worker {
    int has;      /* the job it holds, handed out and not reported; -1: none */
    int next;     /* the job it was given ahead; -1: none */
    int node;     /* it runs on */
    int held;     /* 1: idle, its request waits for an answer */
    int gone;     /* 1: was told END */
    int quiet;    /* 1: who speaks for its node has not heard of it for a while */
    int killed;   /* 1: its process is gone */
    int dead;     /* 1: declared dead */
    int bye;      /* 1: has taken leave */
    double heard; /* when; of who is not quiet it may be earlier than that of its node */
};

/* What rank 0 knows of a node: its ranks are of_node[first .. first + n), the quiet ones
 * quiet[first .. + n_quiet).
 */
struct node_book {
    int first, n, n_quiet, n_dead;
    double heard;
    double images; /* trained by its ranks since their last requests */
};

struct dispatch {
    int size, n_nodes, dedicated;
    struct handout_hooks hooks;
    struct dispatch_wire wire;
    double limit, margin, tick; /* seconds */
    struct schedule *schedule;
    struct worker *worker; /* (size) */
    struct node_book *node;
    int *of_node, *quiet; /* (size) */
    int *held;            /* (size) a ring of ranks whose requests wait, who came first at first_held */
    int first_held, n_held;
    int n_alive;    /* ranks that are not dead, this one too */
    int n_working;  /* other ranks that are neither dead nor were told END */
    int n_staying;  /* other ranks that are neither dead nor have taken leave */
    int *condemned; /* (size) jobs whose row must say that they killed their ranks */
    int n_condemned;
    int stopping, told; /* told 1: the others were told to stop */
    double last_look;
    double live;     /* images, sum over the nodes */
    struct ack *ack; /* room for that of any node */
    struct handout_counts counts;
};

static double now(const struct dispatch *d)
{
    return d->wire.now(d->wire.self);
}

static void post(const struct dispatch *d, int rank, int tag, const void *bytes, size_t n)
{
    d->wire.send(d->wire.self, rank, tag, bytes, n);
}

/* ---- the book of who has what ---- */

static void count_report(struct dispatch *d, const struct handout_report *report)
{
    int job = report->job;
    if (report->end == HANDOUT_FINISHED) {
        schedule_finished(d->schedule, job, report->seconds);
        d->counts.finished++;
        d->counts.diverged += report->diverged;
    } else if (report->end == HANDOUT_PAUSED) {
        schedule_paused(d->schedule, job, report->seconds);
    } else if (report->end == HANDOUT_FAILED && schedule_attempts(d->schedule, job) >= SCHEDULE_ATTEMPTS) {
        schedule_dropped(d->schedule, job);
        d->counts.failed++;
    } else {
        schedule_return(d->schedule, job);
    }
    if (report->end == HANDOUT_FATAL)
        d->counts.fatal = 1;
    if (report->end == HANDOUT_STOPPED || report->end == HANDOUT_FATAL)
        d->stopping = 1;
}

static void tell_start(const struct dispatch *d, int rank)
{
    int job = d->worker[rank].has;
    if (job >= 0 && d->hooks.start)
        d->hooks.start(d->hooks.self, rank, job, schedule_attempts(d->schedule, job));
}

static void tell_report(const struct dispatch *d, int rank, const struct handout_report *report)
{
    if (d->hooks.report)
        d->hooks.report(d->hooks.self, rank, report);
}

void dispatch_tick(struct dispatch *d)
{
    tell_report(d, 0, NULL);
}

/* The job that a rank holds now; -1: none. */
static void hold(struct dispatch *d, int rank, int job)
{
    struct worker *w = &d->worker[rank];
    d->counts.running += (job >= 0) - (w->has >= 0);
    w->has = job;
}

static void take_report(struct dispatch *d, int rank, const struct handout_report *report)
{
    struct worker *w = &d->worker[rank];
    if (report->job < 0)
        return;
    count_report(d, report);
    hold(d, rank, w->next);
    w->next = -1;
    tell_report(d, rank, report);
    tell_start(d, rank);
}

static double time_left(const struct dispatch *d)
{
    return d->hooks.left ? d->hooks.left(d->hooks.self) : (double)INFINITY;
}

/* Take a job from the schedule for `rank`; -1 when there is none to take. */
static int pick(struct dispatch *d, int rank)
{
    struct worker *w = &d->worker[rank];
    schedule_ranks(d->schedule, d->n_alive - d->dedicated);
    int job = d->stopping ? -1 : schedule_next(d->schedule, time_left(d));
    if (job >= 0 && w->has >= 0) {
        w->next = job;
    } else if (job >= 0) {
        hold(d, rank, job);
        tell_start(d, rank);
    }
    return job;
}

static struct handout_order order_of(const struct dispatch *d, int job)
{
    struct handout_order order = {.attempt = schedule_attempts(d->schedule, job), .trial = -1};
    if (d->hooks.order)
        d->hooks.order(d->hooks.self, job, &order);
    return order;
}

static void answer(struct dispatch *d, int rank, int job)
{
    struct reply reply = {.job = job, .stopping = d->stopping};
    if (job >= 0)
        reply.order = order_of(d, job);
    if (job == REPLY_END) {
        d->worker[rank].gone = 1;
        d->n_working--;
    }
    post(d, rank, WORD_REPLY, &reply, sizeof reply);
}

/* Whether an idle rank may leave: no more is handed out, or nothing waits that fits before the deadline, and
 * no running job can come back. */
static int is_over(const struct dispatch *d)
{
    if (d->stopping)
        return 1;
    return schedule_running(d->schedule) == 0 && !schedule_fits(d->schedule, time_left(d));
}

static void hear_request(struct dispatch *d, int rank, const struct request *request)
{
    dispatch_add(d, request->images, request->slowest, 0);
    d->stopping |= request->stopping;
    take_report(d, rank, &request->report);
    if (!request->ahead) {
        d->worker[rank].held = 1; /* answered by answer_held() */
        d->held[(d->first_held + d->n_held++) % d->size] = rank;
        return;
    }
    int job = schedule_waiting(d->schedule) > d->size ? pick(d, rank) : -1;
    answer(d, rank, job >= 0 ? job : REPLY_LATER);
}

/* Idle ranks get what has come back or is left, or their leave, who waits longest first. When there is
 * nothing for one, there is nothing for the others. */
static void answer_held(struct dispatch *d)
{
    int over = 0;
    while (d->n_held > 0) {
        int r = d->held[d->first_held], job = -1;
        if (d->worker[r].held) { /* else it has died since */
            job = over ? -1 : pick(d, r);
            over = over || (job < 0 && is_over(d));
            if (job < 0 && !over)
                return;
            d->worker[r].held = 0;
            answer(d, r, job >= 0 ? job : REPLY_END);
        }
        d->first_held = (d->first_held + 1) % d->size;
        d->n_held--;
    }
}

/* Tell every rank that still works to stop, once. */
static void tell_stop(struct dispatch *d)
{
    for (int r = 1; r < d->size && !d->told; r++)
        if (!d->worker[r].gone && !d->worker[r].dead)
            post(d, r, WORD_STOP, NULL, 0);
    d->told = 1;
}

/* ---- who lives ---- */

static double heard(const struct dispatch *d, int rank)
{
    const struct worker *w = &d->worker[rank];
    double by_itself = d->wire.seen ? fmax(w->heard, d->wire.seen(d->wire.self, rank)) : w->heard;
    return w->quiet ? by_itself : fmax(by_itself, d->node[w->node].heard);
}

static void take_note(struct dispatch *d, struct node_book *node, const struct beat_note *note, double t)
{
    struct worker *w = &d->worker[note->rank];
    if (w->dead || w->bye)
        return;
    if (note->epoch >= 0 && w->has >= 0 && d->hooks.checkpoint)
        d->hooks.checkpoint(d->hooks.self, note->rank, w->has, note->epoch);
    if (note->silent <= 0)
        return;
    d->quiet[node->first + node->n_quiet++] = note->rank;
    w->quiet = 1;
    w->killed = isinf(note->silent);
    if (!w->killed)
        w->heard = fmax(w->heard, t - note->silent);
}

static void take_beats(struct dispatch *d, struct node_book *node, const struct beats *beats)
{
    double t = now(d);
    for (int i = 0; i < node->n_quiet; i++) {
        struct worker *w = &d->worker[d->quiet[node->first + i]];
        w->quiet = w->killed = 0;
    }
    node->n_quiet = 0;
    node->heard = t;
    d->live += beats->images - node->images;
    node->images = beats->images;
    dispatch_add(d, 0, beats->slowest, 0);
    d->stopping |= beats->stopping;
    for (int i = 0; i < beats->n_notes; i++)
        take_note(d, node, &beats->note[i], t);
}

double dispatch_limit(const struct dispatch *d, int job)
{
    return job >= 0 && d->hooks.limit ? d->hooks.limit(d->hooks.self, job) : (double)INFINITY;
}

/* In the next answer. */
static void tell_of(struct dispatch *d, int rank, int job, double limit)
{
    d->ack->note[d->ack->n_notes++] = (struct ack_note){rank, job, limit};
}

const struct ack *dispatch_beats(struct dispatch *d, int rank, const struct beats *beats)
{
    struct node_book *node = &d->node[d->worker[rank].node];
    take_beats(d, node, beats);
    d->ack->clock = beats->clock;
    d->ack->n_notes = 0;
    for (int i = 0; i < node->n && d->ack->n_notes < node->n_dead; i++)
        if (d->worker[d->of_node[node->first + i]].dead)
            tell_of(d, d->of_node[node->first + i], ACK_DEAD, 0);
    for (int i = 0; i < beats->n_notes; i++) {
        int of = beats->note[i].rank, job = d->worker[of].has;
        if (beats->note[i].asks && job >= 0)
            tell_of(d, of, job, dispatch_limit(d, job));
    }
    return d->ack;
}

int dispatch_is_dead(const struct dispatch *d, int rank)
{
    return d->worker[rank].dead;
}

void dispatch_hear(struct dispatch *d, int rank, int tag, const void *bytes)
{
    struct worker *w = &d->worker[rank];
    d->counts.words++;
    if (w->dead) {
        post(d, rank, WORD_FENCED, NULL, 0);
        return;
    }
    w->heard = now(d);
    if (tag == WORD_REQUEST) {
        hear_request(d, rank, bytes);
    } else if (tag == WORD_BEATS) {
        const struct ack *ack = dispatch_beats(d, rank, bytes);
        post(d, rank, WORD_ACK, ack, ack_size(ack->n_notes));
    } else if (tag == WORD_BYE && !w->bye) {
        w->bye = 1;
        d->n_staying--;
    }
}

/* ---- the dead ---- */

static void bury(struct dispatch *d, int rank, double silent)
{
    struct worker *w = &d->worker[rank];
    struct handout_report report = {.job = -1};
    int job = w->has, ahead = w->next;
    d->n_alive--;
    d->n_working -= !w->gone;
    d->n_staying--; /* who has taken leave is not looked for */
    d->node[w->node].n_dead++;
    w->dead = 1;
    w->held = 0;
    hold(d, rank, -1);
    w->next = -1;
    d->counts.lost++;
    int finished = d->hooks.lost && d->hooks.lost(d->hooks.self, rank, job, silent, &report);
    if (job >= 0)
        schedule_died(d->schedule, job);
    if (ahead >= 0)
        schedule_unused(d->schedule, ahead);
    if (finished) {
        count_report(d, &report);
        tell_report(d, rank, &report);
    } else if (job >= 0 && schedule_attempts(d->schedule, job) >= SCHEDULE_ATTEMPTS)
        d->condemned[d->n_condemned++] = job;
    else if (job >= 0)
        schedule_return(d->schedule, job);
    if (d->dedicated && d->n_working == 0)
        d->dedicated = 0; /* somebody has to work */
}

/* Declare dead who of n ranks is silent for too long or whose process is gone. */
static void look_at(struct dispatch *d, const int *rank, int n, double t)
{
    for (int i = 0; i < n; i++) {
        const struct worker *w = &d->worker[rank[i]];
        double silent = t - heard(d, rank[i]);
        if (rank[i] != 0 && !w->dead && !w->bye && (w->killed || silent > d->limit + d->margin))
            bury(d, rank[i], silent);
    }
}

/* Time in which rank 0 itself did not look is nobody's silence. */
static void forgive(struct dispatch *d, struct node_book *node, double gap, double t)
{
    node->heard = fmin(t, node->heard + gap);
    for (int i = 0; i < node->n_quiet; i++) {
        struct worker *w = &d->worker[d->quiet[node->first + i]];
        w->heard = fmin(t, w->heard + gap);
    }
}

static void look_for_dead(struct dispatch *d)
{
    double t = now(d), gap = t - d->last_look;
    if (gap < d->tick)
        return;
    d->last_look = t;
    for (int k = 0; k < d->n_nodes; k++) {
        struct node_book *node = &d->node[k];
        if (gap > 4 * d->tick)
            forgive(d, node, gap, t);
        if (t - node->heard > d->limit + d->margin)
            look_at(d, d->of_node + node->first, node->n, t);
        else
            look_at(d, d->quiet + node->first, node->n_quiet, t);
    }
}

double dispatch_passed(const struct dispatch *d)
{
    double gap = now(d) - d->last_look;
    return gap < d->tick ? 0 : fmin(gap, 4 * d->tick);
}

void dispatch_look(struct dispatch *d)
{
    d->counts.looks++;
    if (d->size == 1)
        return;
    look_for_dead(d);
    if (d->stopping)
        tell_stop(d);
    answer_held(d);
}

int dispatch_condemned(struct dispatch *d, int *attempts, int *deaths)
{
    int job = d->n_condemned ? d->condemned[--d->n_condemned] : -1;
    *attempts = job < 0 ? 0 : schedule_attempts(d->schedule, job);
    *deaths = job < 0 ? 0 : schedule_deaths(d->schedule, job);
    return job;
}

void dispatch_buried(struct dispatch *d, int job)
{
    schedule_dropped(d->schedule, job);
    d->counts.failed++;
    dispatch_tick(d);
}

/* ---- rank 0's own ---- */

void dispatch_report(struct dispatch *d, const struct handout_report *report)
{
    take_report(d, 0, report);
}

int dispatch_take(struct dispatch *d, struct handout_order *order)
{
    int job = d->dedicated ? -1 : pick(d, 0);
    if (job >= 0)
        *order = order_of(d, job);
    return job;
}

int dispatch_over(struct dispatch *d)
{
    return is_over(d) && d->n_working == 0 && d->n_condemned == 0;
}

int dispatch_held(const struct dispatch *d)
{
    return d->worker[0].has;
}

void dispatch_add(struct dispatch *d, double images, double slowest, double seconds)
{
    d->counts.images += images;
    d->counts.slowest = fmax(d->counts.slowest, slowest);
    d->counts.serve_seconds += seconds;
}

void dispatch_stop(struct dispatch *d)
{
    d->stopping = 1;
}

int dispatch_stopping(const struct dispatch *d)
{
    return d->stopping;
}

struct handout_counts dispatch_counts(const struct dispatch *d)
{
    struct handout_counts counts = d->counts;
    /* a job given ahead still waits */
    counts.waiting = schedule_waiting(d->schedule) + schedule_running(d->schedule) - counts.running;
    counts.remaining = schedule_remaining(d->schedule, d->n_alive - d->dedicated);
    counts.images += d->n_working > 0 ? d->live : 0; /* of who was told END all has come */
    counts.stopping = d->stopping;
    return counts;
}

/* ---- the end ---- */

void dispatch_end(struct dispatch *d, int code, const char *text)
{
    struct final final = {.code = code, .alone = d->counts.lost > 0};
    snprintf(final.text, sizeof final.text, "%s", text);
    for (int r = 1; r < d->size; r++)
        if (!d->worker[r].dead)
            post(d, r, WORD_FINAL, &final, sizeof final);
}

int dispatch_staying(const struct dispatch *d)
{
    return d->n_staying;
}

/* ---- birth and end ---- */

/* Ranks by node, in their order. */
static void sort_by_node(struct dispatch *d, const int *node)
{
    for (int r = 0; r < d->size; r++)
        d->node[node[r]].n++;
    for (int k = 1; k < d->n_nodes; k++)
        d->node[k].first = d->node[k - 1].first + d->node[k - 1].n;
    for (int r = 0; r < d->size; r++) {
        struct node_book *n = &d->node[node[r]];
        d->of_node[n->first + n->n_quiet++] = r; /* n_quiet counts them for now */
    }
    for (int k = 0; k < d->n_nodes; k++)
        d->node[k].n_quiet = 0;
}

static int largest_node(const struct dispatch *d)
{
    int most = 0;
    for (int k = 0; k < d->n_nodes; k++)
        most = d->node[k].n > most ? d->node[k].n : most;
    return most;
}

static void init(struct dispatch *d, const int *node)
{
    double t = now(d);
    d->last_look = t;
    d->n_alive = d->size;
    d->n_working = d->n_staying = d->size - 1;
    sort_by_node(d, node);
    for (int k = 0; k < d->n_nodes; k++)
        d->node[k].heard = t;
    for (int r = 0; r < d->size; r++)
        d->worker[r] = (struct worker){.has = -1, .next = -1, .node = node[r], .heard = t};
}

int dispatch_new(int size, const int *node, int n_nodes, struct schedule *schedule,
                 const struct handout_options *options, const struct handout_hooks *hooks,
                 const struct dispatch_wire *wire, struct dispatch **out, struct err *err)
{
    struct dispatch *d = *out = err_calloc(1, sizeof *d, "the hand-out", err);
    if (!d)
        return E_IO;
    d->size = size;
    d->n_nodes = n_nodes;
    d->schedule = schedule;
    d->hooks = *hooks;
    d->wire = *wire;
    d->dedicated = options->dedicated && size > 1;
    d->limit = options->heartbeat;
    d->margin = words_margin(d->limit);
    d->tick = words_tick(d->limit);
    size_t n = (size_t)size;
    d->worker = err_calloc(n, sizeof *d->worker, "the hand-out", err);
    d->node = err_calloc((size_t)n_nodes, sizeof *d->node, "the hand-out", err);
    d->of_node = err_calloc(n, sizeof *d->of_node, "the hand-out", err);
    d->quiet = err_calloc(n, sizeof *d->quiet, "the hand-out", err);
    d->held = err_calloc(n, sizeof *d->held, "the hand-out", err);
    d->condemned = err_calloc(n, sizeof *d->condemned, "the hand-out", err);
    if (d->worker && d->node && d->of_node && d->quiet && d->held && d->condemned) {
        init(d, node);
        d->ack = err_calloc(1, ack_size(largest_node(d)), "the hand-out", err);
        if (d->ack)
            return 0;
    }
    dispatch_free(d);
    *out = NULL;
    return E_IO;
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    free(d->ack);
    free(d->condemned);
    free(d->held);
    free(d->quiet);
    free(d->of_node);
    free(d->node);
    free(d->worker);
    free(d);
}
