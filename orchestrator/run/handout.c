#include "run/handout.h"

#include "clock.h"
#include "run/lifesign.h"
#include "run/mail.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAG_REQUEST = 1, TAG_REPLY, TAG_PROGRESS, TAG_ACK, TAG_STOP, TAG_FENCED, TAG_FINAL, TAG_BYE };
enum { REPLY_END = -1, REPLY_LATER = -2 };

struct request {
    int ahead;    /* 1: asked while still training */
    int stopping; /* 1: this rank was told to stop */
    double images, slowest;
    struct handout_report report;
};

struct reply {
    int job; /* or REPLY_END, REPLY_LATER */
    struct handout_order order;
    int stopping; /* 1: the sweep is draining */
};

/* A heartbeat. */
struct progress {
    double images, slowest;
    int stopping;
    int checkpoint; /* last epoch whose state was saved since the last one; -1: none */
    double clock;   /* the sender's; comes back in the answer */
};

/* The answer to one. */
struct ack {
    double clock, limit; /* the sender's; seconds that its job may take */
    int job;             /* the one that is meant; -1: none */
};

struct final {
    int code, alone;
    char text[sizeof((struct err *)0)->text];
};

/* What rank 0 knows of a rank. */
struct worker {
    int has;      /* the job it holds, handed out and not reported; -1: none */
    int next;     /* the job it was given ahead; -1: none */
    int held;     /* 1: idle, its request waits for an answer */
    int gone;     /* 1: was told END */
    int dead;     /* 1: declared dead */
    int bye;      /* 1: has taken leave */
    double heard; /* when */
};

struct handout {
    MPI_Comm comm;
    int rank, size, dedicated;
    struct handout_hooks hooks;
    const struct peers *peers;
    double limit, margin, tick; /* seconds */
    clockid_t clock;
    struct mail *mail;
    struct lifesign *life;
    int stopping;
    struct handout_report report; /* not yet sent */
    double images, slowest;       /* not yet told */
    int checkpoint;
    int job;          /* the one that handout_next gave last */
    double job_limit; /* seconds that it may take */
    /* the thread */
    pthread_t thread;
    pthread_mutex_t mutex; /* of MPI and of everything here; recursive */
    pthread_cond_t wake;
    int has_thread, quit;
    /* workers: one request on its way at most */
    struct request request;
    struct reply reply;
    MPI_Request coming;
    int asked;         /* 1: reply not yet used */
    int ended;         /* 1: FINAL has come */
    double last_beat;  /* when the last heartbeat left */
    double last_check; /* of rank 0's process */
    double last_idle;  /* tick of handout_idle() */
    double lease;      /* may write until */
    double silent;     /* seconds of its own time without an ACK or a sign of life */
    double root_seen;  /* the last sign of rank 0 that was taken into account */
    struct final final;
    /* rank 0 */
    struct schedule *schedule;
    struct worker *worker; /* (size) */
    int *held;             /* (size) a ring of ranks whose requests wait, who came first at first_held */
    int first_held, n_held;
    int n_alive;    /* ranks that are not dead, this one too */
    int n_working;  /* other ranks that are neither dead nor were told END */
    int n_staying;  /* other ranks that are neither dead nor have taken leave */
    int *condemned; /* (size) jobs whose row must say that they killed their ranks */
    int n_condemned;
    int told; /* 1: the others were told to stop */
    double last_serve, last_look;
    struct handout_counts counts;
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

/* Sleep, longer every time: 50 us to 1 ms. */
static void back_off(int *round)
{
    long us = 50L << (*round < 5 ? (*round)++ : 5);
    nap(1e-6 * (double)(us > 1000 ? 1000 : us));
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

/* ---- rank 0: the book of who has what ---- */

static void count_report(struct handout *h, const struct handout_report *report)
{
    int job = report->job;
    if (report->end == HANDOUT_FINISHED) {
        schedule_finished(h->schedule, job, report->seconds);
        h->counts.finished++;
        h->counts.diverged += report->diverged;
    } else if (report->end == HANDOUT_PAUSED) {
        schedule_paused(h->schedule, job, report->seconds);
    } else if (report->end == HANDOUT_FAILED && schedule_attempts(h->schedule, job) >= SCHEDULE_ATTEMPTS) {
        schedule_dropped(h->schedule, job);
        h->counts.failed++;
    } else {
        schedule_return(h->schedule, job);
    }
    if (report->end == HANDOUT_FATAL)
        h->counts.fatal = 1;
    if (report->end == HANDOUT_STOPPED || report->end == HANDOUT_FATAL)
        h->stopping = 1;
}

static void tell_start(const struct handout *h, int rank)
{
    int job = h->worker[rank].has;
    if (job >= 0 && h->hooks.start)
        h->hooks.start(h->hooks.self, rank, job, schedule_attempts(h->schedule, job));
}

static void tell_report(const struct handout *h, int rank, const struct handout_report *report)
{
    if (h->hooks.report)
        h->hooks.report(h->hooks.self, rank, report);
}

/* The job that a rank holds now; -1: none. */
static void hold(struct handout *h, int rank, int job)
{
    struct worker *w = &h->worker[rank];
    h->counts.running += (job >= 0) - (w->has >= 0);
    w->has = job;
}

static void take_report(struct handout *h, int rank, const struct handout_report *report)
{
    struct worker *w = &h->worker[rank];
    if (report->job < 0)
        return;
    count_report(h, report);
    hold(h, rank, w->next);
    w->next = -1;
    tell_report(h, rank, report);
    tell_start(h, rank);
}

static double time_left(const struct handout *h)
{
    return h->hooks.left ? h->hooks.left(h->hooks.self) : (double)INFINITY;
}

/* Take a job from the schedule for `rank`; -1 when there is none to take. */
static int pick(struct handout *h, int rank)
{
    struct worker *w = &h->worker[rank];
    int job = h->stopping ? -1 : schedule_next(h->schedule, time_left(h));
    if (job >= 0 && w->has >= 0) {
        w->next = job;
    } else if (job >= 0) {
        hold(h, rank, job);
        tell_start(h, rank);
    }
    return job;
}

static struct handout_order order_of(const struct handout *h, int job)
{
    struct handout_order order = {.attempt = schedule_attempts(h->schedule, job), .trial = -1};
    if (h->hooks.order)
        h->hooks.order(h->hooks.self, job, &order);
    return order;
}

static void answer(struct handout *h, int rank, int job)
{
    struct reply reply = {.job = job, .stopping = h->stopping};
    if (job >= 0)
        reply.order = order_of(h, job);
    if (job == REPLY_END) {
        h->worker[rank].gone = 1;
        h->n_working--;
    }
    post(h, rank, TAG_REPLY, &reply, sizeof reply);
}

/* Whether an idle rank may leave: no more is handed out, or nothing waits that fits before the deadline, and
 * no running job can come back. */
static int is_over(const struct handout *h)
{
    if (h->stopping)
        return 1;
    return schedule_running(h->schedule) == 0 && !schedule_fits(h->schedule, time_left(h));
}

static void handle_request(struct handout *h, int rank, const struct request *request)
{
    h->counts.images += request->images;
    h->counts.slowest = fmax(h->counts.slowest, request->slowest);
    h->stopping |= request->stopping;
    take_report(h, rank, &request->report);
    if (!request->ahead) {
        h->worker[rank].held = 1; /* answered below, by serve() */
        h->held[(h->first_held + h->n_held++) % h->size] = rank;
        return;
    }
    int job = schedule_waiting(h->schedule) > h->size ? pick(h, rank) : -1;
    answer(h, rank, job >= 0 ? job : REPLY_LATER);
}

static double limit_of(const struct handout *h, int job)
{
    return job >= 0 && h->hooks.limit ? h->hooks.limit(h->hooks.self, job) : (double)INFINITY;
}

static void handle_progress(struct handout *h, int rank, const struct progress *progress)
{
    h->counts.images += progress->images;
    h->counts.slowest = fmax(h->counts.slowest, progress->slowest);
    h->stopping |= progress->stopping;
    if (progress->checkpoint >= 0 && h->worker[rank].has >= 0 && h->hooks.checkpoint)
        h->hooks.checkpoint(h->hooks.self, rank, h->worker[rank].has, progress->checkpoint);
    struct ack ack = {progress->clock, limit_of(h, h->worker[rank].has), h->worker[rank].has};
    post(h, rank, TAG_ACK, &ack, sizeof ack);
}

/* Idle ranks get what has come back or is left, or their leave, who waits longest first. When there is
 * nothing for one, there is nothing for the others. */
static void answer_held(struct handout *h)
{
    int over = 0;
    while (h->n_held > 0) {
        int r = h->held[h->first_held], job = -1;
        if (h->worker[r].held) { /* else it has died since */
            job = over ? -1 : pick(h, r);
            over = over || (job < 0 && is_over(h));
            if (job < 0 && !over)
                return;
            h->worker[r].held = 0;
            answer(h, r, job >= 0 ? job : REPLY_END);
        }
        h->first_held = (h->first_held + 1) % h->size;
        h->n_held--;
    }
}

/* Tell every rank that still works to stop, once. */
static void tell_stop(struct handout *h)
{
    for (int r = 1; r < h->size && !h->told; r++)
        if (!h->worker[r].gone && !h->worker[r].dead)
            post(h, r, TAG_STOP, NULL, 0);
    h->told = 1;
}

/* ---- rank 0: the dead ---- */

static void bury(struct handout *h, int rank, double silent)
{
    struct worker *w = &h->worker[rank];
    struct handout_report report = {.job = -1};
    int job = w->has, ahead = w->next;
    h->n_alive--;
    h->n_working -= !w->gone;
    h->n_staying--; /* who has taken leave is not looked for */
    w->dead = 1;
    w->held = 0;
    hold(h, rank, -1);
    w->next = -1;
    h->counts.lost++;
    int finished = h->hooks.lost && h->hooks.lost(h->hooks.self, rank, job, silent, &report);
    if (job >= 0)
        schedule_died(h->schedule, job);
    if (ahead >= 0)
        schedule_unused(h->schedule, ahead);
    if (finished) {
        count_report(h, &report);
        tell_report(h, rank, &report);
    } else if (job >= 0 && schedule_attempts(h->schedule, job) >= SCHEDULE_ATTEMPTS)
        h->condemned[h->n_condemned++] = job;
    else if (job >= 0)
        schedule_return(h->schedule, job);
    if (h->dedicated && h->n_working == 0)
        h->dedicated = 0; /* somebody has to work */
}

/* Declare dead who is silent for too long or whose process is gone. Time in which rank 0 itself did not look
 * (it was stopped, or the machine slept) is nobody's silence. */
static void look_for_dead(struct handout *h)
{
    double t = now(h), gap = t - h->last_look;
    if (gap < h->tick)
        return;
    h->last_look = t;
    for (int r = 1; r < h->size; r++) {
        struct worker *w = &h->worker[r];
        if (w->dead || w->bye)
            continue;
        if (gap > 4 * h->tick)
            w->heard = fmin(t, w->heard + gap);
        int killed = h->peers && peers_gone(h->peers, r);
        double silent = t - fmax(w->heard, lifesign_seen(h->life, r));
        if (killed || silent > h->limit + h->margin)
            bury(h, r, silent);
    }
}

/* Main thread: jobs that killed too many ranks. They count as running until their row says so. */
static void settle(struct handout *h)
{
    for (;;) {
        lock(h);
        int job = h->n_condemned ? h->condemned[--h->n_condemned] : -1;
        unlock(h);
        if (job < 0)
            return;
        if (h->hooks.condemn)
            h->hooks.condemn(h->hooks.self, job, schedule_attempts(h->schedule, job),
                             schedule_deaths(h->schedule, job));
        lock(h);
        schedule_dropped(h->schedule, job);
        h->counts.failed++;
        tell_report(h, 0, NULL);
        unlock(h);
    }
}

/* ---- rank 0: serving ---- */

/* Receive the message that a probe found and act on it. */
static void receive(struct handout *h, int rank, int tag)
{
    union {
        struct request request;
        struct progress progress;
    } in;
    if (h->hooks.foreign && tag == h->hooks.foreign_tag) {
        h->hooks.foreign(h->hooks.self, rank, h->worker[rank].dead);
        return;
    }
    memset(&in, 0, sizeof in);
    MPI_Recv(&in, (int)sizeof in, MPI_BYTE, rank, tag, h->comm, MPI_STATUS_IGNORE);
    if (h->worker[rank].dead) {
        post(h, rank, TAG_FENCED, NULL, 0);
        return;
    }
    h->worker[rank].heard = now(h);
    if (tag == TAG_REQUEST) {
        handle_request(h, rank, &in.request);
    } else if (tag == TAG_PROGRESS) {
        handle_progress(h, rank, &in.progress);
    } else if (tag == TAG_BYE && !h->worker[rank].bye) {
        h->worker[rank].bye = 1;
        h->n_staying--;
    }
}

/* Receive whatever has arrived and answer it. Returns how many messages there were. */
static int serve(struct handout *h)
{
    double start = now(h);
    int n = 0, flag = 1;
    lifesign_round(h->life);
    while (h->size > 1 && flag) {
        MPI_Status status;
        flag = 0;
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, h->comm, &flag, &status);
        if (!flag)
            break;
        n++;
        receive(h, status.MPI_SOURCE, status.MPI_TAG);
    }
    if (h->size > 1)
        look_for_dead(h);
    if (h->stopping)
        tell_stop(h);
    if (h->size > 1)
        answer_held(h);
    mail_reap(&h->mail, -1);
    h->last_serve = now(h);
    h->counts.serve_seconds += h->last_serve - start;
    return n;
}

static int next_on_root(struct handout *h, struct handout_order *order)
{
    int round = 0, job;
    lock(h);
    take_report(h, 0, &h->report);
    h->report.job = -1;
    unlock(h);
    for (;;) {
        settle(h);
        lock(h);
        int served = serve(h);
        job = h->dedicated ? -1 : pick(h, 0);
        int over = job < 0 && is_over(h) && h->n_working == 0 && h->n_condemned == 0;
        if (job < 0 && !over)
            tell_report(h, 0, NULL);
        if (job >= 0)
            *order = order_of(h, job);
        unlock(h);
        if (job >= 0 || over)
            return job;
        if (served)
            round = 0;
        back_off(&round);
    }
}

/* ---- workers ---- */

static void take_ack(struct handout *h)
{
    struct ack ack = {0};
    MPI_Recv(&ack, (int)sizeof ack, MPI_BYTE, 0, TAG_ACK, h->comm, MPI_STATUS_IGNORE);
    h->lease = fmax(h->lease, ack.clock + h->limit);
    if (ack.job == h->job)
        h->job_limit = ack.limit;
    h->silent = 0;
    lifesign_word(h->life);
}

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
        if (status.MPI_TAG == TAG_ACK) {
            take_ack(h);
        } else if (status.MPI_TAG == TAG_FINAL) {
            MPI_Recv(&h->final, (int)sizeof h->final, MPI_BYTE, 0, TAG_FINAL, h->comm, MPI_STATUS_IGNORE);
            h->ended = 1;
        } else {
            MPI_Recv(NULL, 0, MPI_BYTE, 0, status.MPI_TAG, h->comm, MPI_STATUS_IGNORE);
            h->stopping = 1;
            if (status.MPI_TAG == TAG_FENCED)
                h->hooks.leave(h->hooks.self, 1, "it was declared dead, its job is another rank's");
        }
    }
}

/* A heartbeat, when it is time for one or there is something to tell. */
static void beat(struct handout *h)
{
    double t = now(h);
    if (h->ended || (t - h->last_beat < fmin(1, h->limit / 8) && h->checkpoint < 0) ||
        mail_reap(&h->mail, 0) > 16)
        return;
    struct progress progress = {h->images, h->slowest, h->stopping, h->checkpoint, t};
    h->images = 0;
    h->checkpoint = -1;
    h->last_beat = t;
    post(h, 0, TAG_PROGRESS, &progress, sizeof progress);
}

/* Leave when rank 0 is gone. passed: seconds of this rank's own time since the last call. */
static void watch_root(struct handout *h, double passed)
{
    double t = now(h), seen = lifesign_seen(h->life, 0);
    h->silent = seen > h->root_seen ? 0 : h->silent + passed;
    h->root_seen = seen;
    if (h->ended)
        return;
    if (h->peers && t - h->last_check > 0.5) {
        h->last_check = t;
        if (peers_gone(h->peers, 0))
            h->hooks.leave(h->hooks.self, 0, "rank 0 is gone");
    }
    if (h->silent > h->limit + h->margin)
        h->hooks.leave(h->hooks.self, 0, "rank 0 has been silent for longer than --heartbeat");
}

static void ask(struct handout *h, int ahead)
{
    h->request = (struct request){ahead, h->stopping, h->images, h->slowest, h->report};
    h->images = 0;
    h->report.job = -1;
    h->asked = 1;
    MPI_Irecv(&h->reply, (int)sizeof h->reply, MPI_BYTE, 0, TAG_REPLY, h->comm, &h->coming);
    post(h, 0, TAG_REQUEST, &h->request, sizeof h->request);
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
        back_off(&round);
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
        if (h->rank == 0 && now(h) - h->last_serve > h->tick) {
            serve(h);
            tell_report(h, 0, NULL);
        } else if (h->rank != 0) {
            hear(h);
            beat(h);
            watch_root(h, h->tick);
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

static void init(struct handout *h, const struct handout_options *options)
{
    h->dedicated = options->dedicated && h->size > 1;
    h->peers = options->peers;
    h->limit = options->heartbeat;
    h->margin = fmax(1, h->limit / 10);
    h->tick = fmin(0.25, h->limit / 8);
    h->clock = !options->peers || peers_all_here(options->peers) ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
    h->report.job = h->checkpoint = h->job = -1;
    h->coming = MPI_REQUEST_NULL;
    h->last_serve = h->last_look = h->last_check = now(h);
    h->lease = now(h) + h->limit;
    h->n_alive = h->size;
    h->n_working = h->n_staying = h->size - 1;
    for (int r = 0; r < h->size; r++)
        h->worker[r] = (struct worker){.has = -1, .next = -1, .heard = now(h)};
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
    h->schedule = schedule;
    h->hooks = *hooks;
    h->worker = err_calloc((size_t)h->size, sizeof *h->worker, "the hand-out", err);
    h->held = err_calloc((size_t)h->size, sizeof *h->held, "the hand-out", err);
    h->condemned = err_calloc((size_t)h->size, sizeof *h->condemned, "the hand-out", err);
    int rc = h->worker && h->held && h->condemned ? 0 : E_IO;
    if (rc == 0) {
        init(h, options);
        rc = lifesign_new(comm, h->limit, h->clock, &h->life, err);
    }
    if (rc == 0)
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
    mail_abandon(&h->mail);
    if (!alone)
        MPI_Comm_free(&h->comm);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->mutex);
    free(h->condemned);
    free(h->held);
    free(h->worker);
    free(h);
}

int handout_next(struct handout *h, struct handout_order *order)
{
    int job = h->rank == 0 ? next_on_root(h, order) : next_on_worker(h, order);
    lock(h);
    h->job = job;
    h->job_limit = (double)INFINITY;
    unlock(h);
    return job;
}

double handout_limit(struct handout *h)
{
    lock(h);
    double limit = h->rank == 0 ? limit_of(h, h->job) : h->job_limit;
    unlock(h);
    return limit;
}

void handout_report(struct handout *h, const struct handout_report *report)
{
    lock(h);
    h->report = *report;
    if (report->end == HANDOUT_STOPPED || report->end == HANDOUT_FATAL)
        h->stopping = 1;
    unlock(h);
}

int handout_pause(struct handout *h, double images)
{
    if (h->rank == 0)
        settle(h);
    lock(h);
    if (h->rank == 0) {
        h->counts.images += images;
        serve(h);
        tell_report(h, 0, NULL);
    } else {
        h->images += images;
        hear(h);
        beat(h);
    }
    int stopping = h->stopping;
    unlock(h);
    return stopping;
}

void handout_enter(struct handout *h)
{
    lock(h);
    while (h->rank != 0 && now(h) > h->lease) {
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
    double t = now(h);
    if (h->rank != 0 && t - h->last_idle > h->tick) {
        h->last_idle = t;
        hear(h);
        beat(h);
        watch_root(h, h->tick);
    }
    unlock(h);
}

void handout_checkpointed(struct handout *h, int epoch)
{
    lock(h);
    if (h->rank != 0)
        h->checkpoint = epoch;
    else if (h->hooks.checkpoint && h->worker[0].has >= 0)
        h->hooks.checkpoint(h->hooks.self, 0, h->worker[0].has, epoch);
    unlock(h);
}

void handout_slow(struct handout *h, double seconds)
{
    lock(h);
    if (h->rank == 0)
        h->counts.slowest = fmax(h->counts.slowest, seconds);
    else
        h->slowest = fmax(h->slowest, seconds);
    unlock(h);
}

void handout_stop(struct handout *h)
{
    lock(h);
    h->stopping = 1;
    unlock(h);
}

struct handout_counts handout_counts(const struct handout *h)
{
    struct handout_counts counts = h->counts;
    if (h->schedule) {
        /* a job given ahead still waits */
        counts.waiting = schedule_waiting(h->schedule) + schedule_running(h->schedule) - counts.running;
        counts.remaining = schedule_remaining(h->schedule, h->n_alive - h->dedicated);
    }
    counts.stopping = h->stopping;
    return counts;
}

/* ---- the end ---- */

int handout_finish(struct handout *h, int code, const char *text)
{
    struct final final = {.code = code};
    int round = 0;
    stop_thread(h);
    lock(h);
    serve(h); /* a rank that died since shows now, or while the farewells come in */
    double end = now(h) + h->limit + h->margin;
    final.alone = h->counts.lost > 0;
    snprintf(final.text, sizeof final.text, "%s", text);
    for (int r = 1; r < h->size; r++)
        if (!h->worker[r].dead)
            post(h, r, TAG_FINAL, &final, sizeof final);
    while (h->n_staying > 0 && now(h) < end) {
        serve(h);
        unlock(h);
        back_off(&round);
        lock(h);
    }
    unlock(h);
    return h->counts.lost > 0 || h->n_staying > 0;
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
            back_off(&round);
    }
    stop_thread(h);
    lock(h);
    post(h, 0, TAG_BYE, NULL, 0);
    for (round = 0; mail_reap(&h->mail, 0) > 0 && round < 5;)
        back_off(&round);
    unlock(h);
    *code = h->final.code;
    snprintf(text, sizeof h->final.text, "%s", h->final.text);
    return h->final.alone;
}
