#include "run/handout.h"

#include "clock.h"
#include "run/dispatch.h"
#include "run/lifesign.h"
#include "run/mail.h"
#include "run/node.h"
#include "run/words.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct handout {
    MPI_Comm comm;
    int rank, size;
    struct handout_hooks hooks;
    const struct peers *peers;
    double limit, margin, tick; /* seconds */
    clockid_t clock;
    struct mail *mail;
    struct node *node; /* the ranks beside this one */
    struct lifesign *life;
    size_t room;
    void *in;            /* (room) any word */
    struct beats *beats; /* room for those of this node */
    double last_beats;   /* when they were told */
    /* the thread */
    pthread_t thread;
    pthread_mutex_t mutex; /* of MPI and of everything here; recursive */
    pthread_cond_t wake;
    int has_thread, quit;
    int job;           /* the one that handout_next gave last */
    int has_limits;    /* 1: it asks how long that may take */
    double last_round; /* when it, or the main thread, last looked */
    /* what this rank has to tell */
    struct handout_report report; /* not yet sent */
    double images, slowest;       /* not yet told; the longest */
    /* workers: one request on its way at most */
    int stopping;
    struct request request;
    struct reply reply;
    MPI_Request coming;
    int asked;         /* 1: reply not yet used */
    int ended;         /* 1: FINAL has come */
    int is_fenced;     /* 1: rank 0 said so */
    double last_check; /* of rank 0's process */
    struct final final;
    /* rank 0 */
    struct dispatch *dispatch;
};

static double now(const struct handout *h)
{
    return clock_read(h->clock);
}

static void nap(double seconds)
{
    struct timespec t = clock_span(seconds);
    nanosleep(&t, NULL);
}

/* Sleep, longer every time: 50 us to 1 ms, and `least` seconds at least. */
static void back_off(int *round, double least)
{
    long us = 50L << (*round < 5 ? (*round)++ : 5);
    nap(fmax(least, 1e-6 * (double)(us > 1000 ? 1000 : us)));
}

static void post(struct handout *h, int rank, int tag, const void *bytes, size_t n)
{
    mail_post(&h->mail, h->comm, rank, tag, bytes, (int)n);
}

static void lock(struct handout *h)
{
    pthread_mutex_lock(&h->mutex);
}

static void unlock(struct handout *h)
{
    pthread_mutex_unlock(&h->mutex);
}

/* ---- rank 0: serving ---- */

/* Receive the message that a probe found and act on it. */
static void receive(struct handout *h, int rank, int tag)
{
    if (h->hooks.foreign && tag == h->hooks.foreign_tag) {
        h->hooks.foreign(h->hooks.self, rank, dispatch_is_dead(h->dispatch, rank));
        return;
    }
    MPI_Recv(h->in, (int)h->room, MPI_BYTE, rank, tag, h->comm, MPI_STATUS_IGNORE);
    dispatch_hear(h->dispatch, rank, tag, h->in);
}

/* Rank 0 speaks for its own node, to itself. */
static void look_around(struct handout *h)
{
    double passed = dispatch_passed(h->dispatch);
    if (passed <= 0)
        return;
    node_look(h->node, passed);
    node_say(h->node, h->peers, h->beats);
    node_answered(h->node, dispatch_beats(h->dispatch, 0, h->beats));
}

/* Receive whatever has arrived and answer it. Returns how many messages there were. */
static int serve(struct handout *h)
{
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    int n = 0, flag = 1;
    lifesign_round(h->life);
    node_beat(h->node, 0, 0, 0);
    while (h->size > 1 && flag) {
        MPI_Status status;
        flag = 0;
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, h->comm, &flag, &status);
        if (!flag)
            break;
        n++;
        receive(h, status.MPI_SOURCE, status.MPI_TAG);
    }
    look_around(h);
    dispatch_look(h->dispatch);
    mail_reap(&h->mail, -1);
    h->last_round = now(h);
    dispatch_add(h->dispatch, 0, 0, clock_read(CLOCK_THREAD_CPUTIME_ID) - start);
    return n;
}

/* Main thread: jobs that killed too many ranks. They count as running until their row says so. */
static void settle(struct handout *h)
{
    for (;;) {
        int attempts, deaths;
        lock(h);
        int job = dispatch_condemned(h->dispatch, &attempts, &deaths);
        unlock(h);
        if (job < 0)
            return;
        if (h->hooks.condemn)
            h->hooks.condemn(h->hooks.self, job, attempts, deaths);
        lock(h);
        dispatch_buried(h->dispatch, job);
        unlock(h);
    }
}

/* Open MPI looks through all ranks of a communicator for a message of any of them, some 0.8 ns each (mpirun's
 * own transports): rank 0 sleeps ten times as long between two such looks. */
static const double per_rank = 8e-9;

static int next_on_root(struct handout *h, struct handout_order *order)
{
    int round = 0, job;
    lock(h);
    dispatch_report(h->dispatch, &h->report);
    h->report.job = -1;
    unlock(h);
    for (;;) {
        settle(h);
        lock(h);
        int served = serve(h);
        job = dispatch_take(h->dispatch, order);
        int over = job < 0 && dispatch_over(h->dispatch);
        if (job < 0 && !over)
            dispatch_tick(h->dispatch);
        unlock(h);
        if (job >= 0 || over)
            return job;
        if (served)
            round = 0;
        back_off(&round, per_rank * h->size);
    }
}

/* ---- workers ---- */

/* Take rank 0's words, but for replies: those have their own receive posted. */
static void hear(struct handout *h)
{
    lifesign_round(h->life);
    for (int flag = 1; flag && !h->ended;) {
        MPI_Status status;
        flag = 0;
        MPI_Iprobe(0, MPI_ANY_TAG, h->comm, &flag, &status);
        if (!flag)
            break;
        MPI_Recv(h->in, (int)h->room, MPI_BYTE, 0, status.MPI_TAG, h->comm, MPI_STATUS_IGNORE);
        if (status.MPI_TAG == WORD_ACK) {
            node_answered(h->node, h->in);
        } else if (status.MPI_TAG == WORD_FINAL) {
            memcpy(&h->final, h->in, sizeof h->final);
            h->ended = 1;
        } else {
            h->stopping = 1;
            h->is_fenced |= status.MPI_TAG == WORD_FENCED;
        }
    }
    if (h->is_fenced || node_is_fenced(h->node))
        h->hooks.leave(h->hooks.self, 1, "it was declared dead, its job is another rank's");
}

static void beat(struct handout *h)
{
    if (!h->ended)
        node_beat(h->node, h->images, h->slowest, h->stopping);
}

/* Who speaks for the node tells rank 0, when it is time to or there is something to tell. */
static void speak(struct handout *h)
{
    double t = now(h);
    if (h->ended || !node_is_voice(h->node) || !node_is_answered(h->node) ||
        (t - h->last_beats < fmin(1, h->limit / 8) && !node_has_news(h->node)))
        return;
    h->last_beats = t;
    node_say(h->node, h->peers, h->beats);
    post(h, 0, WORD_BEATS, h->beats, beats_size(h->beats->n_notes));
}

/* Leave when rank 0 is gone. */
static void watch_root(struct handout *h)
{
    double t = now(h);
    if (h->ended)
        return;
    if (h->peers && t - h->last_check > 0.5) {
        h->last_check = t;
        if (peers_gone(h->peers, 0))
            h->hooks.leave(h->hooks.self, 0, "rank 0 is gone");
    }
    if (node_root_silent(h->node) > h->limit + h->margin)
        h->hooks.leave(h->hooks.self, 0, "rank 0 has been silent for longer than --heartbeat");
}

/* What a worker does every tick. That it was stopped meanwhile is nobody's silence. */
static void round_of_worker(struct handout *h)
{
    double t = now(h);
    hear(h);
    beat(h);
    node_look(h->node, fmin(t - h->last_round, 4 * h->tick));
    h->last_round = t;
    speak(h);
    watch_root(h);
}

static void ask(struct handout *h, int ahead)
{
    h->request = (struct request){ahead, h->stopping, h->images, h->slowest, h->report};
    h->images = 0;
    h->report.job = -1;
    h->asked = 1;
    beat(h); /* what the request tells the node need not */
    MPI_Irecv(&h->reply, (int)sizeof h->reply, MPI_BYTE, 0, WORD_REPLY, h->comm, &h->coming);
    post(h, 0, WORD_REQUEST, &h->request, sizeof h->request);
}

static struct reply await(struct handout *h)
{
    int flag = 0, round = 0;
    for (;;) {
        lock(h);
        MPI_Test(&h->coming, &flag, MPI_STATUS_IGNORE);
        mail_reap(&h->mail, 0);
        if (flag)
            h->stopping |= h->reply.stopping;
        unlock(h);
        if (flag)
            break;
        back_off(&round, 0);
    }
    h->asked = 0;
    return h->reply;
}

static int next_on_worker(struct handout *h, struct handout_order *order)
{
    struct reply reply = {.job = REPLY_LATER};
    if (h->asked)
        reply = await(h);
    if (reply.job == REPLY_LATER) {
        lock(h);
        ask(h, 0);
        unlock(h);
        reply = await(h);
    }
    *order = reply.order;
    if (reply.job < 0)
        return -1;
    lock(h);
    ask(h, 1);
    unlock(h);
    return reply.job;
}

/* ---- the thread: what must not wait for the main thread ---- */

static void *keep_alive(void *self)
{
    struct handout *h = self;
    lock(h);
    while (!h->quit) {
        /* Were the wall clock set back, it would wait for so long. */
        struct timespec until = clock_after(CLOCK_MONOTONIC, h->tick);
        pthread_cond_clockwait(&h->wake, &h->mutex, CLOCK_MONOTONIC, &until);
        if (h->quit)
            break;
        if (h->rank != 0) {
            round_of_worker(h);
        } else if (now(h) - h->last_round > h->tick) {
            serve(h);
            dispatch_tick(h->dispatch);
        }
    }
    unlock(h);
    return NULL;
}

static int start_thread(struct handout *h, struct err *err)
{
    pthread_mutexattr_t recursive;
    sigset_t all, before;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&h->mutex, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_cond_init(&h->wake, NULL);
    if (h->size == 1)
        return 0;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&h->thread, NULL, keep_alive, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return err_set(err, E_IO, "cannot start a thread: %s; is the limit of processes too low?",
                       strerror(rc));
    h->has_thread = 1;
    return 0;
}

static void stop_thread(struct handout *h)
{
    if (!h->has_thread)
        return;
    lock(h);
    h->quit = 1;
    pthread_cond_signal(&h->wake);
    unlock(h);
    pthread_join(h->thread, NULL);
    h->has_thread = 0;
}

/* ---- all ranks ---- */

/* ---- all ranks ---- */

static void send_word(void *self, int rank, int tag, const void *bytes, size_t n)
{
    post(self, rank, tag, bytes, n);
}

static double tell_time(void *self)
{
    return now(self);
}

static double sign_of(void *self, int rank)
{
    const struct handout *h = self;
    return lifesign_seen(h->life, rank);
}

/* node[r]: the lowest rank of the node of rank r, in; numbered from 0, out. Returns how many nodes there
 * are. */
static int number_nodes(int *node, int size)
{
    int n = 0;
    for (int r = 0; r < size; r++)
        node[r] = node[r] == r ? n++ : node[node[r]]; /* the lowest comes first */
    return n;
}

/* 1 when it went wrong on any rank. */
static int went_wrong(const struct handout *h, int rc, struct err *err)
{
    int bad = rc < 0;
    MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, h->comm);
    if (bad && rc == 0)
        err_set(err, E_IO, "another rank ran out of memory");
    return bad;
}

/* node (size) on rank 0. */
static int make_rooms(struct handout *h, int **node, struct err *err)
{
    int largest = h->node ? node_size(h->node) : 1;
    MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_INT, MPI_MAX, h->comm);
    size_t room = beats_size(largest) > ack_size(largest) ? beats_size(largest) : ack_size(largest);
    h->room = room > sizeof(struct request) ? room : sizeof(struct request);
    h->room = h->room > sizeof(struct final) ? h->room : sizeof(struct final);
    h->in = err_calloc(1, h->room, "messages", err);
    h->beats = err_calloc(1, beats_size(largest), "messages", err);
    *node = err_calloc(h->rank == 0 ? (size_t)h->size : 1, sizeof **node, "the hand-out", err);
    return h->in && h->beats && *node ? 0 : E_IO;
}

/* The ranks beside this one, room for messages, and on rank 0 the book. Collective. */
static int begin(struct handout *h, struct schedule *schedule, const struct handout_options *options,
                 struct err *err)
{
    const struct dispatch_wire wire = {h, send_word, tell_time, sign_of};
    int *node = NULL, rc = node_new(h->comm, h->limit, h->clock, &h->node, err),
        made = make_rooms(h, &node, err);
    rc = rc < 0 ? rc : made;
    if (went_wrong(h, rc, err)) {
        free(node);
        return E_IO;
    }
    int leader = node_leader(h->node);
    MPI_Gather(&leader, 1, MPI_INT, node, 1, MPI_INT, 0, h->comm);
    if (h->rank == 0)
        rc = dispatch_new(h->size, node, number_nodes(node, h->size), schedule, options, &h->hooks, &wire,
                          &h->dispatch, err);
    free(node);
    return rc;
}

static void init(struct handout *h, const struct handout_options *options)
{
    h->peers = options->peers;
    h->limit = options->heartbeat;
    h->margin = words_margin(h->limit);
    h->tick = words_tick(h->limit);
    h->clock = !options->peers || peers_all_here(options->peers) ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
    h->report.job = h->job = -1;
    h->has_limits = options->limits;
    h->coming = MPI_REQUEST_NULL;
    h->last_round = h->last_check = now(h);
}

int handout_new(MPI_Comm comm, struct schedule *schedule, const struct handout_options *options,
                const struct handout_hooks *hooks, struct handout **out, struct err *err)
{
    struct handout *h = err_calloc(1, sizeof *h, "the hand-out", err);
    *out = NULL;
    if (!h)
        return E_IO;
    MPI_Comm_dup(comm, &h->comm);
    MPI_Comm_set_errhandler(h->comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm, &h->rank);
    MPI_Comm_size(comm, &h->size);
    h->hooks = *hooks;
    init(h, options);
    int rc = begin(h, schedule, options, err);
    if (!went_wrong(h, rc, err))
        rc = lifesign_new(comm, h->node, h->limit, h->clock, &h->life, err);
    if (rc == 0 && h->life)
        rc = start_thread(h, err);
    *out = h;
    return rc;
}

MPI_Comm handout_comm(const struct handout *h)
{
    return h->comm;
}

void handout_free(struct handout *h, int alone)
{
    if (!h)
        return;
    stop_thread(h);
    lifesign_free(h->life, alone);
    node_free(h->node, alone);
    mail_abandon(&h->mail);
    if (!alone)
        MPI_Comm_free(&h->comm);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->mutex);
    dispatch_free(h->dispatch);
    free(h->beats);
    free(h->in);
    free(h);
}

int handout_next(struct handout *h, struct handout_order *order)
{
    int job = h->rank == 0 ? next_on_root(h, order) : next_on_worker(h, order);
    lock(h);
    h->job = job;
    node_ask(h->node, h->has_limits ? job : -1);
    unlock(h);
    return job;
}

double handout_limit(struct handout *h)
{
    lock(h);
    double limit = h->rank == 0 ? dispatch_limit(h->dispatch, h->job) : node_limit(h->node, h->job);
    unlock(h);
    return limit;
}

void handout_report(struct handout *h, const struct handout_report *report)
{
    lock(h);
    h->report = *report;
    if (report->end == HANDOUT_STOPPED || report->end == HANDOUT_FATAL)
        handout_stop(h);
    unlock(h);
}

int handout_pause(struct handout *h, double images)
{
    int stopping;
    if (h->rank == 0)
        settle(h);
    lock(h);
    if (h->rank == 0) {
        dispatch_add(h->dispatch, images, 0, 0);
        serve(h);
        dispatch_tick(h->dispatch);
        stopping = dispatch_stopping(h->dispatch);
    } else {
        h->images += images;
        hear(h);
        beat(h);
        stopping = h->stopping;
    }
    unlock(h);
    return stopping;
}

void handout_enter(struct handout *h)
{
    lock(h);
    while (h->rank != 0 && now(h) > node_lease(h->node)) {
        unlock(h); /* the thread asks rank 0 for a new one, and leaves when none comes */
        nap(h->tick);
        lock(h);
    }
}

void handout_leave(struct handout *h)
{
    unlock(h);
}

/* The thread waits for the mutex meanwhile. */
void handout_idle(struct handout *h)
{
    lock(h);
    if (h->rank != 0 && now(h) - h->last_round > h->tick)
        round_of_worker(h);
    unlock(h);
}

void handout_checkpointed(struct handout *h, int epoch)
{
    lock(h);
    if (h->rank != 0)
        node_checkpoint(h->node, epoch);
    else if (h->hooks.checkpoint && dispatch_held(h->dispatch) >= 0)
        h->hooks.checkpoint(h->hooks.self, 0, dispatch_held(h->dispatch), epoch);
    unlock(h);
}

void handout_slow(struct handout *h, double seconds)
{
    lock(h);
    if (h->rank == 0)
        dispatch_add(h->dispatch, 0, seconds, 0);
    else
        h->slowest = fmax(h->slowest, seconds);
    unlock(h);
}

void handout_stop(struct handout *h)
{
    lock(h);
    if (h->rank == 0)
        dispatch_stop(h->dispatch);
    else
        h->stopping = 1;
    unlock(h);
}

struct handout_counts handout_counts(const struct handout *h)
{
    return h->dispatch ? dispatch_counts(h->dispatch) : (struct handout_counts){0};
}

/* ---- the end ---- */

int handout_finish(struct handout *h, int code, const char *text)
{
    int round = 0;
    stop_thread(h);
    lock(h);
    serve(h); /* a rank that died since shows now, or while the farewells come in */
    double end = now(h) + h->limit + h->margin;
    dispatch_end(h->dispatch, code, text);
    while (dispatch_staying(h->dispatch) > 0 && now(h) < end) {
        serve(h);
        unlock(h);
        back_off(&round, 0);
        lock(h);
    }
    unlock(h);
    return dispatch_counts(h->dispatch).lost > 0 || dispatch_staying(h->dispatch) > 0;
}

int handout_await_end(struct handout *h, int *code, char *text)
{
    int round = 0, ended = 0;
    while (!ended) {
        lock(h);
        hear(h);
        ended = h->ended;
        unlock(h);
        if (!ended)
            back_off(&round, 0);
    }
    stop_thread(h);
    lock(h);
    node_leave(h->node);
    post(h, 0, WORD_BYE, NULL, 0);
    for (round = 0; mail_reap(&h->mail, 0) > 0 && round < 5;)
        back_off(&round, 0);
    unlock(h);
    *code = h->final.code;
    snprintf(text, sizeof h->final.text, "%s", h->final.text);
    return h->final.alone;
}
