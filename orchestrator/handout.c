#include "handout.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAG_REQUEST = 1, TAG_REPLY, TAG_PROGRESS, TAG_STOP };
enum { REPLY_END = -1, REPLY_LATER = -2 };

struct request {
    int ahead;    /* 1: asked while still training */
    int stopping; /* 1: this rank was told to stop */
    double images;
    struct handout_report report;
};

struct reply {
    int job; /* or REPLY_END, REPLY_LATER */
    int attempt;
    int stopping; /* 1: the sweep is draining */
};

struct progress {
    double images;
    int stopping;
};

struct handout {
    MPI_Comm comm;
    int rank, size, dedicated;
    int stopping;
    int job;                      /* this rank's running job, -1: none */
    struct handout_report report; /* not yet sent */
    double images;                /* trained, not yet told */
    double last_progress;
    /* workers: one request on its way at most */
    struct request request;
    struct reply reply;
    MPI_Request sent, coming;
    int asked; /* 1: reply not yet used */
    struct progress progress;
    MPI_Request progress_sent;
    /* rank 0 */
    struct schedule *schedule;
    char *held; /* (size) 1: an idle rank's request waits for an answer */
    int *has;   /* (size) the job a rank holds, handed out and not reported; -1: none */
    int *next;  /* (size) the job it was given ahead; -1: none */
    char *gone; /* (size) 1: was told END */
    int ended;  /* how many were */
    int told;   /* 1: the others were told to stop */
    struct handout_counts counts;
    struct handout_hooks hooks;
};

static double now(void)
{
    return MPI_Wtime();
}

/* Sleep, longer every time: 50 us to 1 ms. */
static void back_off(int *round)
{
    long us = 50L << (*round < 5 ? (*round)++ : 5);
    struct timespec nap = {.tv_nsec = (us > 1000 ? 1000 : us) * 1000};
    nanosleep(&nap, NULL);
}

int handout_new(MPI_Comm comm, struct schedule *schedule, int dedicated, const struct handout_hooks *hooks,
                struct handout **out, struct err *err)
{
    struct handout *h = err_calloc(1, sizeof *h, "the hand-out", err);
    *out = NULL;
    if (!h)
        return E_IO;
    h->comm = comm;
    MPI_Comm_rank(comm, &h->rank);
    MPI_Comm_size(comm, &h->size);
    h->dedicated = dedicated && h->size > 1;
    h->job = -1;
    h->report.job = -1;
    h->sent = h->coming = h->progress_sent = MPI_REQUEST_NULL;
    h->schedule = schedule;
    h->hooks = *hooks;
    h->held = err_calloc((size_t)h->size, 1, "the hand-out", err);
    h->has = err_calloc((size_t)h->size, sizeof *h->has, "the hand-out", err);
    h->next = err_calloc((size_t)h->size, sizeof *h->next, "the hand-out", err);
    h->gone = err_calloc((size_t)h->size, 1, "the hand-out", err);
    if (!h->held || !h->has || !h->next || !h->gone) {
        handout_free(h);
        return E_IO;
    }
    for (int r = 0; r < h->size; r++)
        h->has[r] = h->next[r] = -1;
    *out = h;
    return 0;
}

void handout_free(struct handout *h)
{
    if (!h)
        return;
    if (h->progress_sent != MPI_REQUEST_NULL)
        MPI_Wait(&h->progress_sent, MPI_STATUS_IGNORE);
    free(h->gone);
    free(h->held);
    free(h->has);
    free(h->next);
    free(h);
}

/* ---- rank 0: the book of who has what ---- */

static void count_report(struct handout *h, const struct handout_report *report)
{
    int job = report->job;
    if (report->end == HANDOUT_FINISHED) {
        schedule_finished(h->schedule, job, report->seconds);
        h->counts.finished++;
        h->counts.diverged += report->diverged;
    } else if (report->end == HANDOUT_FAILED && schedule_attempts(h->schedule, job) >= SCHEDULE_ATTEMPTS) {
        schedule_finished(h->schedule, job, report->seconds);
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
    int job = h->has[rank];
    if (job >= 0 && h->hooks.start)
        h->hooks.start(h->hooks.self, rank, job, schedule_attempts(h->schedule, job));
}

static void tell_report(const struct handout *h, int rank, const struct handout_report *report)
{
    if (h->hooks.report)
        h->hooks.report(h->hooks.self, rank, report);
}

static void take_report(struct handout *h, int rank, const struct handout_report *report)
{
    if (report->job < 0)
        return;
    count_report(h, report);
    h->has[rank] = h->next[rank];
    h->next[rank] = -1;
    tell_report(h, rank, report);
    tell_start(h, rank);
}

/* Take a job from the schedule for `rank`; -1 when there is none to take. */
static int pick(struct handout *h, int rank)
{
    int job = h->stopping ? -1 : schedule_next(h->schedule);
    if (job >= 0 && h->has[rank] >= 0) {
        h->next[rank] = job;
    } else if (job >= 0) {
        h->has[rank] = job;
        tell_start(h, rank);
    }
    return job;
}

static void answer(struct handout *h, int rank, int job)
{
    struct reply reply = {.job = job, .stopping = h->stopping};
    if (job >= 0)
        reply.attempt = schedule_attempts(h->schedule, job);
    if (job == REPLY_END) {
        h->gone[rank] = 1;
        h->ended++;
    }
    MPI_Send(&reply, (int)sizeof reply, MPI_BYTE, rank, TAG_REPLY, h->comm);
}

/* Whether an idle rank may leave: nothing waits, or nothing more is handed out, and no running job can come back. */
static int is_over(const struct handout *h)
{
    if (h->stopping)
        return 1;
    return schedule_waiting(h->schedule) == 0 && schedule_running(h->schedule) == 0;
}

static void handle_request(struct handout *h, int rank, const struct request *request)
{
    h->counts.images += request->images;
    h->stopping |= request->stopping;
    take_report(h, rank, &request->report);
    if (!request->ahead) {
        h->held[rank] = 1; /* answered below, by serve() */
        return;
    }
    int job = schedule_waiting(h->schedule) > h->size ? pick(h, rank) : -1;
    answer(h, rank, job >= 0 ? job : REPLY_LATER);
}

/* Idle ranks get what has come back or is left, or their leave. */
static void answer_held(struct handout *h)
{
    for (int r = 1; r < h->size; r++) {
        if (!h->held[r])
            continue;
        int job = pick(h, r);
        if (job < 0 && !is_over(h))
            continue;
        h->held[r] = 0;
        answer(h, r, job >= 0 ? job : REPLY_END);
    }
}

/* Tell every rank that still works to stop, once. */
static void tell_stop(struct handout *h)
{
    for (int r = 1; r < h->size && !h->told; r++)
        if (!h->gone[r])
            MPI_Send(NULL, 0, MPI_BYTE, r, TAG_STOP, h->comm);
    h->told = 1;
}

/* Receive whatever has arrived and answer it. Returns how many messages there were. */
static int serve(struct handout *h)
{
    double start = now();
    int n = 0, flag = 1;
    while (h->size > 1 && flag) {
        MPI_Status status;
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, h->comm, &flag, &status);
        if (!flag)
            break;
        n++;
        if (status.MPI_TAG == TAG_REQUEST) {
            struct request request;
            MPI_Recv(&request, (int)sizeof request, MPI_BYTE, status.MPI_SOURCE, TAG_REQUEST, h->comm,
                     MPI_STATUS_IGNORE);
            handle_request(h, status.MPI_SOURCE, &request);
        } else {
            struct progress progress;
            MPI_Recv(&progress, (int)sizeof progress, MPI_BYTE, status.MPI_SOURCE, TAG_PROGRESS, h->comm,
                     MPI_STATUS_IGNORE);
            h->counts.images += progress.images;
            h->stopping |= progress.stopping;
        }
    }
    if (h->stopping)
        tell_stop(h);
    if (h->size > 1)
        answer_held(h);
    h->counts.serve_seconds += now() - start;
    return n;
}

static int next_on_root(struct handout *h, int *job)
{
    int round = 0;
    take_report(h, 0, &h->report);
    h->report.job = -1;
    for (;;) {
        int served = serve(h);
        *job = h->dedicated ? -1 : pick(h, 0);
        if (*job >= 0)
            return 0;
        if (is_over(h) && h->ended == h->size - 1)
            return 0;
        if (served)
            round = 0;
        tell_report(h, 0, NULL);
        back_off(&round);
    }
}

/* ---- workers ---- */

/* Take rank 0's word to stop, if it has come. */
static void hear_stop(struct handout *h)
{
    int flag;
    MPI_Iprobe(0, TAG_STOP, h->comm, &flag, MPI_STATUS_IGNORE);
    if (!flag)
        return;
    MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, h->comm, MPI_STATUS_IGNORE);
    h->stopping = 1;
}

static void ask(struct handout *h, int ahead)
{
    h->request =
        (struct request){.ahead = ahead, .stopping = h->stopping, .images = h->images, .report = h->report};
    h->images = 0;
    h->report.job = -1;
    h->asked = 1;
    MPI_Irecv(&h->reply, (int)sizeof h->reply, MPI_BYTE, 0, TAG_REPLY, h->comm, &h->coming);
    MPI_Isend(&h->request, (int)sizeof h->request, MPI_BYTE, 0, TAG_REQUEST, h->comm, &h->sent);
}

static struct reply await(struct handout *h)
{
    int flag = 0, round = 0;
    for (MPI_Test(&h->coming, &flag, MPI_STATUS_IGNORE); !flag;
         MPI_Test(&h->coming, &flag, MPI_STATUS_IGNORE))
        back_off(&round);
    MPI_Wait(&h->sent, MPI_STATUS_IGNORE);
    h->asked = 0;
    h->stopping |= h->reply.stopping;
    return h->reply;
}

static int next_on_worker(struct handout *h, int *job, int *attempt)
{
    struct reply reply = {.job = REPLY_LATER};
    if (h->asked)
        reply = await(h);
    if (reply.job == REPLY_LATER) {
        ask(h, 0);
        reply = await(h);
    }
    *job = reply.job;
    *attempt = reply.attempt;
    if (*job >= 0)
        ask(h, 1);
    else
        hear_stop(h);
    return 0;
}

int handout_next(struct handout *h, int *job, int *attempt, struct err *err)
{
    (void)err;
    int rc = h->rank == 0 ? next_on_root(h, job) : next_on_worker(h, job, attempt);
    if (h->rank == 0 && *job >= 0)
        *attempt = schedule_attempts(h->schedule, *job);
    h->job = *job;
    return rc;
}

void handout_report(struct handout *h, const struct handout_report *report)
{
    h->report = *report;
    if (report->end == HANDOUT_STOPPED || report->end == HANDOUT_FATAL)
        h->stopping = 1;
}

int handout_pause(struct handout *h, double images)
{
    h->images += images;
    if (h->rank == 0) {
        h->counts.images += h->images;
        h->images = 0;
        serve(h);
        tell_report(h, 0, NULL);
        return h->stopping;
    }
    int flag = 1;
    hear_stop(h);
    if (h->progress_sent != MPI_REQUEST_NULL)
        MPI_Test(&h->progress_sent, &flag, MPI_STATUS_IGNORE);
    if (flag && now() - h->last_progress > 1) {
        h->progress = (struct progress){h->images, h->stopping};
        h->images = 0;
        h->last_progress = now();
        MPI_Isend(&h->progress, (int)sizeof h->progress, MPI_BYTE, 0, TAG_PROGRESS, h->comm,
                  &h->progress_sent);
    }
    return h->stopping;
}

void handout_stop(struct handout *h)
{
    h->stopping = 1;
}

struct handout_counts handout_counts(const struct handout *h)
{
    struct handout_counts counts = h->counts;
    if (h->schedule) {
        for (int r = 0; r < h->size; r++)
            counts.running += h->has[r] >= 0;
        /* a job given ahead still waits */
        counts.waiting = schedule_waiting(h->schedule) + schedule_running(h->schedule) - counts.running;
        counts.remaining = schedule_remaining(h->schedule, h->dedicated ? h->size - 1 : h->size);
    }
    counts.stopping = h->stopping;
    return counts;
}
