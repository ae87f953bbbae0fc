#include "run/play.h"

#include "clock.h"
#include "run/dispatch.h"
#include "run/job_log.h"
#include "run/progress.h"
#include "run/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LOOKS = 20 };

static const double heartbeat = 60, beats_every = 1;

/* A rank that is played. */
struct player {
    int job, next; /* that it has, that it was given ahead; -1: none */
    double until;  /* when its job ends; INFINITY: it waits, or has left */
};

struct play {
    const struct play_load *load;
    struct play_cost *cost;
    struct schedule *schedule;
    struct dispatch *dispatch;
    struct events *events;
    struct progress *progress;
    struct player *player; /* (ranks) */
    int *heap, n_heap;     /* ranks that work, whose job ends first on top */
    int *node, n_nodes;    /* (ranks) */
    struct request *mail;  /* (ranks) words under way, from sender[] */
    int *sender, n_mail;
    struct reply *reply; /* (ranks) the same the other way, to asker[] */
    int *asker, n_replies;
    unsigned char *done; /* (jobs) how often */
    double now, tick;
    int n_given, last, n_tail; /* jobs; the last one; looks while it runs alone */
};

/* ---- the ranks that work, by the end of their jobs ---- */

static double ends(const struct play *p, int at)
{
    return p->player[p->heap[at]].until;
}

static void swap(struct play *p, int a, int b)
{
    int rank = p->heap[a];
    p->heap[a] = p->heap[b];
    p->heap[b] = rank;
}

static void push(struct play *p, int rank)
{
    int at = p->n_heap++;
    p->heap[at] = rank;
    for (; at > 0 && ends(p, at) < ends(p, (at - 1) / 2); at = (at - 1) / 2)
        swap(p, at, (at - 1) / 2);
}

static int pop(struct play *p)
{
    int rank = p->heap[0], at = 0;
    p->heap[0] = p->heap[--p->n_heap];
    for (int low; (low = 2 * at + 1) < p->n_heap; at = low) {
        low += low + 1 < p->n_heap && ends(p, low + 1) < ends(p, low);
        if (ends(p, at) <= ends(p, low))
            break;
        swap(p, at, low);
    }
    return rank;
}

/* ---- what ranks do ---- */

/* What a job is said to take; made up, all the same. */
static double told_seconds(const struct play *p, int job)
{
    return p->load->job && job >= 0 ? p->load->job[job].seconds : p->load->seconds;
}

static void ask(struct play *p, int rank, int ahead, int finished)
{
    struct handout_report *r = &p->mail[p->n_mail].report;
    p->sender[p->n_mail] = rank;
    p->mail[p->n_mail] = (struct request){.ahead = ahead, .images = 100, .report = {.job = -1}};
    if (finished >= 0)
        *r = (struct handout_report){.job = finished, .end = HANDOUT_FINISHED, .epochs = 100};
    for (int m = 0; m < N_METRICS; m++)
        r->test[m] = 0.9371F;
    r->seconds = told_seconds(p, finished);
    p->n_mail++;
}

/* Made up: half to one and a half times the average, for ranks not to keep step; the last one ends when all
 * others have. */
static double seconds_of(const struct play *p, int job)
{
    if (p->load->job)
        return p->load->job[job].seconds;
    double last = job == p->last ? p->load->seconds + TAIL_LOOKS * p->tick : 0;
    return p->load->seconds * (0.5 + ((unsigned)job * 2654435761u % 1024) / 1024.0) + last;
}

static void begin(struct play *p, int rank, int job, double from)
{
    struct player *me = &p->player[rank];
    me->job = job;
    me->next = -1;
    me->until = from + seconds_of(p, job);
    push(p, rank);
}

/* A rank got what it asked for: a job ahead, or one to begin with; then it asks for the next one at once. */
static void take_reply(struct play *p, int rank, const struct reply *reply)
{
    struct player *me = &p->player[rank];
    if (reply->job >= 0 && ++p->n_given == p->load->jobs)
        p->last = reply->job;
    if (me->job >= 0)
        me->next = reply->job >= 0 ? reply->job : -1;
    else if (reply->job >= 0) {
        begin(p, rank, reply->job, p->now);
        ask(p, rank, 1, -1);
    }
}

static void take_replies(struct play *p)
{
    for (int i = 0; i < p->n_replies; i++)
        take_reply(p, p->asker[i], &p->reply[i]);
    p->n_replies = 0;
}

static void finish(struct play *p, int rank)
{
    struct player *me = &p->player[rank];
    int job = me->job;
    p->done[job]++;
    p->cost->makespan = fmax(p->cost->makespan, me->until);
    me->job = -1;
    if (me->next >= 0)
        begin(p, rank, me->next, me->until);
    ask(p, rank, me->job >= 0, job);
}

/* ---- what the book sees ---- */

/* Ranks read what they are sent when rank 0 is through: what they do costs it nothing. */
static void send_word(void *self, int rank, int tag, const void *bytes, size_t n)
{
    struct play *p = self;
    if (tag != WORD_REPLY)
        return;
    memcpy(&p->reply[p->n_replies], bytes, n);
    p->asker[p->n_replies++] = rank;
}

static double tell_time(void *self)
{
    const struct play *p = self;
    return p->now;
}

static void on_start(void *self, int rank, int job, int attempt)
{
    const struct play *p = self;
    job_log_started(p->events, rank, job, attempt);
}

/* As run_root.c does. */
static void on_report(void *self, int rank, const struct handout_report *report)
{
    const struct play *p = self;
    struct handout_counts counts = dispatch_counts(p->dispatch);
    if (report)
        job_log_finished(p->events, rank, report);
    progress_tick(p->progress, &counts);
}

/* A deadline takes more looking; jobs that are given are played without. */
static double time_left(void *self)
{
    const struct play *p = self;
    return p->load->job ? (double)INFINITY : 1e9 - dispatch_counts(p->dispatch).slowest;
}

/* ---- a tick of rank 0 ---- */

static void hear_mail(struct play *p)
{
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < p->n_mail; i++)
        dispatch_hear(p->dispatch, p->sender[i], WORD_REQUEST, &p->mail[i]);
    p->cost->word_seconds += clock_read(CLOCK_THREAD_CPUTIME_ID) - start;
    p->cost->words += p->n_mail;
    p->n_mail = 0;
}

/* Nodes take turns, so that each beats as often as in a run. */
static void hear_beats(struct play *p, long round)
{
    int every = (int)(beats_every / p->tick);
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (int k = (int)(round % every); k < p->n_nodes; k += every) {
        const struct beats beats = {.clock = p->now, .images = 100};
        int first = k * p->load->node;
        dispatch_hear(p->dispatch, first ? first : 1, WORD_BEATS, &beats);
        p->cost->beats++;
        p->cost->words++;
    }
    p->cost->word_seconds += clock_read(CLOCK_THREAD_CPUTIME_ID) - start;
}

static void look(struct play *p)
{
    int is_tail = p->n_given == p->load->jobs && p->n_heap == 1 && p->n_mail == 0;
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    dispatch_look(p->dispatch);
    dispatch_tick(p->dispatch);
    double took = clock_read(CLOCK_THREAD_CPUTIME_ID) - start;
    p->cost->look_seconds += took;
    p->n_tail += is_tail;
    p->cost->tail_seconds += is_tail ? took : 0;
}

static void play_sweep(struct play *p)
{
    for (int r = 1; r < p->load->ranks; r++)
        ask(p, r, 0, -1);
    hear_mail(p);
    look(p);
    take_replies(p);
    for (long round = 0; p->n_heap > 0 || p->n_mail > 0; round++) {
        p->now += p->tick;
        while (p->n_heap > 0 && ends(p, 0) <= p->now)
            finish(p, pop(p));
        hear_mail(p);
        hear_beats(p, round);
        look(p);
        take_replies(p);
    }
    p->cost->seconds = p->now;
    if (p->n_tail > 0)
        p->cost->tail_seconds /= p->n_tail;
}

double play_ranks(const struct play_cost *c, double more, int node, double seconds, double share)
{
    double jobs = (double)(c->words - c->beats),
           word = (c->word_seconds + c->look_seconds) / (double)c->words + more;
    return share / (word * (jobs / c->jobs / seconds + 1.0 / (node * beats_every)));
}

/* ---- birth and end ---- */

static int make_schedule(struct play *p, struct err *err)
{
    size_t n = (size_t)p->load->jobs;
    int *job = err_calloc(n, sizeof *job, "jobs", err);
    double *cost = err_calloc(n, sizeof *cost, "jobs", err);
    unsigned long *kind = err_calloc(n, sizeof *kind, "jobs", err);
    int *wave = err_calloc(n, sizeof *wave, "jobs", err);
    int rc = job && cost && kind && wave ? 0 : E_IO;
    for (int j = 0; rc == 0 && j < p->load->jobs; j++) {
        struct play_job it = {.cost = 1 + (double)(j % 1009)};
        if (p->load->job)
            it = p->load->job[j];
        else
            it.kind = (unsigned long)(j % p->load->kinds);
        job[j] = j;
        cost[j] = it.cost;
        kind[j] = it.kind;
        wave[j] = it.wave;
    }
    if (rc == 0)
        rc = schedule_new(p->load->jobs, job, cost, kind, &p->schedule, err);
    if (rc == 0)
        schedule_waves(p->schedule, p->load->jobs, job, wave, 0);
    free(job);
    free(cost);
    free(kind);
    free(wave);
    return rc;
}

static int make_ranks(struct play *p, struct err *err)
{
    size_t n = (size_t)p->load->ranks;
    p->player = err_calloc(n, sizeof *p->player, "ranks", err);
    p->heap = err_calloc(n, sizeof *p->heap, "ranks", err);
    p->node = err_calloc(n, sizeof *p->node, "ranks", err);
    p->mail = err_calloc(n, sizeof *p->mail, "messages", err);
    p->sender = err_calloc(n, sizeof *p->sender, "messages", err);
    p->reply = err_calloc(n, sizeof *p->reply, "messages", err);
    p->asker = err_calloc(n, sizeof *p->asker, "messages", err);
    p->done = err_calloc((size_t)p->load->jobs, 1, "jobs", err);
    if (!p->player || !p->heap || !p->node || !p->mail || !p->sender || !p->reply || !p->asker || !p->done)
        return E_IO;
    for (int r = 0; r < p->load->ranks; r++) {
        p->player[r] = (struct player){-1, -1, (double)INFINITY};
        p->node[r] = r / p->load->node;
    }
    p->n_nodes = (p->load->ranks - 1) / p->load->node + 1;
    return 0;
}

static int begin_play(struct play *p, struct err *err)
{
    const struct handout_options options = {.dedicated = 1, .heartbeat = heartbeat};
    const struct handout_hooks hooks = {.self = p, .start = on_start, .report = on_report, .left = time_left};
    const struct dispatch_wire wire = {p, send_word, tell_time, NULL};
    p->tick = p->load->tick > 0 ? p->load->tick : words_tick(heartbeat);
    int rc = make_ranks(p, err);
    if (rc == 0)
        rc = make_schedule(p, err);
    if (rc == 0 && p->load->log && !(p->events = events_open(p->load->log, err)))
        rc = E_IO;
    if (rc == 0 && !(p->progress = progress_new(p->load->jobs, 1, err)))
        rc = E_IO;
    return rc < 0 ? rc
                  : dispatch_new(p->load->ranks, p->node, p->n_nodes, p->schedule, &options, &hooks, &wire,
                                 &p->dispatch, err);
}

int play(const struct play_load *load, struct play_cost *cost, struct err *err)
{
    struct play p = {.load = load, .cost = cost, .last = -1};
    *cost = (struct play_cost){.jobs = load->jobs};
    int rc = begin_play(&p, err);
    if (rc == 0)
        play_sweep(&p);
    for (int j = 0; rc == 0 && j < load->jobs; j++)
        cost->wrong += p.done[j] != 1;
    dispatch_free(p.dispatch);
    progress_free(p.progress);
    events_close(p.events);
    schedule_free(p.schedule);
    free(p.player);
    free(p.heap);
    free(p.node);
    free(p.mail);
    free(p.sender);
    free(p.reply);
    free(p.asker);
    free(p.done);
    return rc;
}
