/* load_handout.c - what rank 0 pays for handing out, for any number of ranks:
 * the real hand-out and schedule over an MPI that is only a queue in this
 * process.
 *
 *     load_handout RANKS JOBS KINDS
 *
 * prints microseconds: a job, and a look for messages while all ranks but one
 * wait for the last job to end. Every job must be handed out once, else the
 * exit status is 1. Jobs end as soon as they are handed out. */
#include "run/handout.c" /* its messages are nobody else's business */

enum { TAIL_LOOKS = 20 };

struct letter {
    int rank;
    struct request request;
};

static struct letter *queue; /* (n_ranks) a ring: a rank has one request on its way at most */
static int n_ranks, first_letter, n_letters;
static int keep, n_given; /* jobs */
static char *given;       /* (jobs) */

static void put(int rank, int job, double seconds)
{
    struct letter *l = &queue[(first_letter + n_letters++) % n_ranks];
    memset(l, 0, sizeof *l);
    l->rank = rank;
    l->request.report.job = job;
    l->request.report.end = job >= 0 ? HANDOUT_FINISHED : HANDOUT_NONE;
    l->request.report.seconds = seconds;
}

/* ---- the MPI that handout.c and mail.c see ---- */

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *out)
{
    *out = comm;
    return MPI_SUCCESS;
}

int MPI_Comm_set_name(MPI_Comm comm, const char *name)
{
    (void)comm;
    (void)name;
    return MPI_SUCCESS;
}

int MPI_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler handler)
{
    (void)comm;
    (void)handler;
    return MPI_SUCCESS;
}

int MPI_Comm_rank(MPI_Comm comm, int *rank)
{
    (void)comm;
    *rank = 0;
    return MPI_SUCCESS;
}

int MPI_Comm_size(MPI_Comm comm, int *size)
{
    (void)comm;
    *size = n_ranks;
    return MPI_SUCCESS;
}

int MPI_Comm_free(MPI_Comm *comm)
{
    (void)comm;
    return MPI_SUCCESS;
}

int MPI_Query_thread(int *level)
{
    *level = MPI_THREAD_SERIALIZED;
    return MPI_SUCCESS;
}

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    (void)source;
    (void)tag;
    (void)comm;
    *flag = n_letters > 0;
    status->MPI_SOURCE = n_letters > 0 ? queue[first_letter].rank : 0;
    status->MPI_TAG = TAG_REQUEST;
    return MPI_SUCCESS;
}

int MPI_Recv(void *out, int n, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    (void)n;
    (void)type;
    (void)source;
    (void)tag;
    (void)comm;
    (void)status;
    if (out)
        memcpy(out, &queue[first_letter].request, sizeof queue->request);
    first_letter = (first_letter + 1) % n_ranks;
    n_letters--;
    return MPI_SUCCESS;
}

/* A rank that gets a job has finished it. */
int MPI_Isend(const void *bytes, int n, MPI_Datatype type, int rank, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    struct reply reply = {.job = REPLY_END};
    (void)n;
    (void)type;
    (void)comm;
    (void)request;
    if (tag == TAG_REPLY && bytes)
        memcpy(&reply, bytes, sizeof reply);
    if (reply.job < 0)
        return MPI_SUCCESS;
    given[reply.job]++;
    n_given++;
    if (n_given < keep) /* the last one lasts */
        put(rank, reply.job, 1 + rank % 7);
    return MPI_SUCCESS;
}

int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    (void)request;
    (void)status;
    *flag = 1;
    return MPI_SUCCESS;
}

/* ---- the measurement ---- */

static struct handout *subject;

/* As run_root.c does. */
static double time_is_left(void *self)
{
    (void)self;
    return 1e9 - handout_counts(subject).slowest;
}

static void take_note(void *self, int rank, const struct handout_report *report)
{
    (void)self;
    (void)rank;
    (void)report;
    handout_counts(subject);
}

static struct schedule *make(int n_jobs, int n_kinds)
{
    int *job = calloc((size_t)n_jobs, sizeof *job);
    double *cost = calloc((size_t)n_jobs, sizeof *cost);
    unsigned long *kind = calloc((size_t)n_jobs, sizeof *kind);
    struct schedule *schedule = NULL;
    for (int j = 0; j < n_jobs; j++) {
        job[j] = j;
        cost[j] = 1 + (double)(j % 1009);
        kind[j] = (unsigned long)(j % n_kinds);
    }
    if (schedule_new(n_jobs, job, cost, kind, &schedule, NULL) < 0)
        exit(1);
    free(job);
    free(cost);
    free(kind);
    return schedule;
}

static double timed_serve(void)
{
    double start = now(subject);
    lock(subject);
    serve(subject);
    unlock(subject);
    return 1e6 * (now(subject) - start);
}

int main(int argc, char **argv)
{
    const struct handout_options options = {.dedicated = 1, .heartbeat = 86400};
    const struct handout_hooks hooks = {.report = take_note, .left = time_is_left};
    if (argc != 4)
        return 2;
    n_ranks = atoi(argv[1]);
    int n_jobs = atoi(argv[2]), n_kinds = atoi(argv[3]), wrong = 0;
    if (n_ranks < 2 || n_jobs < 1 || n_kinds < 1)
        return 2;
    queue = calloc((size_t)n_ranks, sizeof *queue);
    given = calloc((size_t)n_jobs, 1);
    struct schedule *schedule = make(n_jobs, n_kinds);
    if (handout_new(MPI_COMM_WORLD, schedule, &options, &hooks, &subject, NULL) < 0)
        return 1;
    lock(subject);
    keep = n_jobs;
    for (int r = 1; r < n_ranks; r++)
        put(r, -1, 0);
    unlock(subject);
    double all = 0, tail = 0;
    while (n_letters > 0)
        all += timed_serve();
    for (int i = 0; i < TAIL_LOOKS; i++)
        tail += timed_serve() / TAIL_LOOKS;
    for (int j = 0; j < n_jobs; j++)
        wrong += given[j] != 1;
    printf("%d ranks, %d jobs, %d kinds: %.2f us a job, %.2f us a look at the tail%s\n", n_ranks, n_jobs,
           n_kinds, all / n_jobs, tail, wrong ? "; NOT EVERY JOB ONCE" : "");
    return wrong > 0;
}
