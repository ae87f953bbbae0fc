#include "run/node.h"

#include "clock.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Bytes from one slot to the next: two lines of the cache, so that what one rank writes all the time is not
 * in the line of another. Shared memory of MPI begins at any multiple of 8, so nothing here asks for more. */
enum { APART = 128 };

/* What a rank shows the others of its node. */
struct slot {
    _Atomic double beat; /* when; 0: never */
    _Atomic double sign;
    _Atomic double lease;
    _Atomic double images, slowest;
    _Atomic int epoch; /* of a checkpoint nobody was told of, from 1; 0: none */
    _Atomic int stopping, fenced, left;
    _Atomic int asks;         /* how long that job may take, + 1; 0: nothing */
    _Atomic int told;         /* of that job, + 1; 0: of none */
    _Atomic double job_limit; /* seconds it may take */
    char apart[APART - 72];
};
_Static_assert(sizeof(struct slot) == APART && _Alignof(struct slot) <= 8, "slots are not apart");

/* What the node knows of rank 0. */
struct board {
    _Atomic double heard; /* when it answered last */
    _Atomic double sign;
    char apart[APART - 16];
    struct slot slot[];
};

/* How a rank sees another. */
struct view {
    double beat, sign;   /* at the last look */
    double mute, silent; /* own seconds since its beat changed; since either did */
    double told;         /* its beat when rank 0 was last told of it */
};

struct node {
    struct board *board;
    int n, self;
    int *rank;         /* (n) */
    struct view *view; /* (n) */
    clockid_t clock;
    double limit, tick;
    double root_heard, root_sign, root_silent; /* of the last look */
    double asked;                              /* the clock of the words under way; 0: none */
    int told_stop;
    MPI_Comm comm;
    MPI_Win window;
};

size_t node_bytes(int n)
{
    return sizeof(struct board) + (size_t)n * sizeof(struct slot);
}

/* Without a beat for so long another one speaks. */
static double freshness(const struct node *node)
{
    return 4 * node->tick;
}

static double now(const struct node *node)
{
    return clock_read(node->clock);
}

static struct slot *own(const struct node *node)
{
    return &node->board->slot[node->self];
}

int node_on(void *memory, int n, int self, const int *rank, double limit, clockid_t clock, struct node **out,
            struct err *err)
{
    struct node *node = *out = err_calloc(1, sizeof *node, "the ranks of this node", err);
    if (!node)
        return E_IO;
    *node = (struct node){.board = memory, .n = n, .self = self, .clock = clock, .limit = limit};
    node->tick = words_tick(limit);
    node->comm = MPI_COMM_NULL;
    node->window = MPI_WIN_NULL;
    node->rank = err_calloc((size_t)n, sizeof *node->rank, "the ranks of this node", err);
    node->view = err_calloc((size_t)n, sizeof *node->view, "the ranks of this node", err);
    if (!node->rank || !node->view)
        return E_IO;
    memcpy(node->rank, rank, (size_t)n * sizeof *rank);
    own(node)->beat = now(node);
    own(node)->lease = now(node) + limit;
    if (node->board->heard <= 0)
        node->board->heard = now(node);
    return 0;
}

/* Ranks of the node, rising, from a communicator of it. */
static int *list_ranks(MPI_Comm comm, MPI_Comm on_node, int n, struct err *err)
{
    int rank, *list = err_calloc((size_t)n, sizeof *list, "the ranks of this node", err), bad = !list,
              any_bad;
    MPI_Comm_rank(comm, &rank);
    MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, on_node);
    if (!any_bad) {
        MPI_Allgather(&rank, 1, MPI_INT, list, 1, MPI_INT, on_node);
        return list;
    }
    if (!bad)
        err_set(err, E_IO, "another rank ran out of memory");
    free(list);
    return NULL;
}

/* CELLSWEEP_TEST_NODE=N: tests have but one machine, and call every N ranks a node. */
static void split_by_node(MPI_Comm comm, int rank, MPI_Comm *on_node)
{
    const char *ranks = getenv("CELLSWEEP_TEST_NODE");
    MPI_Comm on_machine;
    if (!ranks || atoi(ranks) < 1) {
        MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, on_node);
        return;
    }
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &on_machine);
    MPI_Comm_split(on_machine, rank / atoi(ranks), rank, on_node);
    MPI_Comm_free(&on_machine);
}

int node_new(MPI_Comm comm, double limit, clockid_t clock, struct node **out, struct err *err)
{
    MPI_Comm on_node;
    MPI_Win window;
    MPI_Aint size;
    void *memory;
    int rank, n, self, unit;
    *out = NULL;
    MPI_Comm_rank(comm, &rank);
    split_by_node(comm, rank, &on_node);
    MPI_Comm_rank(on_node, &self);
    MPI_Comm_size(on_node, &n);
    int *list = list_ranks(comm, on_node, n, err);
    if (!list) {
        MPI_Comm_free(&on_node);
        return E_IO;
    }
    MPI_Win_allocate_shared(self == 0 ? (MPI_Aint)node_bytes(n) : 0, 1, MPI_INFO_NULL, on_node, &memory,
                            &window);
    MPI_Win_shared_query(window, 0, &size, &unit, &memory);
    if (self == 0)
        memset(memory, 0, node_bytes(n));
    MPI_Win_fence(0, window);
    int rc = node_on(memory, n, self, list, limit, clock, out, err);
    free(list);
    if (*out) {
        (*out)->comm = on_node;
        (*out)->window = window;
    }
    return rc;
}

int node_size(const struct node *node)
{
    return node->n;
}

int node_leader(const struct node *node)
{
    return node->rank[0];
}

/* ---- what this rank shows ---- */

void node_beat(struct node *node, double images, double slowest, int stopping)
{
    struct slot *slot = own(node);
    slot->images = images;
    slot->slowest = slowest;
    slot->stopping = stopping;
    slot->beat = now(node);
}

void node_checkpoint(struct node *node, int epoch)
{
    own(node)->epoch = epoch;
}

void node_ask(struct node *node, int job)
{
    own(node)->asks = job + 1;
}

/* The one who writes it may be doing so. */
double node_limit(const struct node *node, int job)
{
    const struct slot *slot = own(node);
    int before = slot->told;
    double limit = slot->job_limit;
    return before == job + 1 && slot->told == before ? limit : (double)INFINITY;
}

void node_leave(struct node *node)
{
    own(node)->left = 1;
}

void node_sign(struct node *node)
{
    own(node)->sign = now(node);
}

void node_root_sign(struct node *node)
{
    node->board->sign = now(node);
}

double node_root_quiet(const struct node *node)
{
    return now(node) - fmax(node->board->heard, node->board->sign);
}

int node_has_lower(const struct node *node, double seconds)
{
    double t = now(node);
    for (int i = 0; i < node->self; i++)
        if (t - fmax(node->board->slot[i].beat, node->board->slot[i].sign) < seconds)
            return 1;
    return 0;
}

int node_has_voice(const struct node *node, double seconds)
{
    double t = now(node);
    for (int i = 0; i < node->n; i++)
        if (i != node->self && t - node->board->slot[i].beat < seconds)
            return 1;
    return 0;
}

double node_lease(const struct node *node)
{
    return own(node)->lease;
}

int node_is_fenced(const struct node *node)
{
    return own(node)->fenced;
}

/* ---- what it sees ---- */

void node_look(struct node *node, double passed)
{
    const struct board *board = node->board;
    double heard = board->heard, sign = board->sign;
    for (int i = 0; i < node->n; i++) {
        struct view *v = &node->view[i];
        double beat = board->slot[i].beat, signed_at = board->slot[i].sign;
        v->mute = beat > v->beat ? 0 : v->mute + passed;
        v->silent = beat > v->beat || signed_at > v->sign ? 0 : v->silent + passed;
        v->beat = beat;
        v->sign = signed_at;
    }
    node->root_silent = heard > node->root_heard || sign > node->root_sign ? 0 : node->root_silent + passed;
    node->root_heard = heard;
    node->root_sign = sign;
}

double node_root_silent(const struct node *node)
{
    return node->root_silent;
}

int node_is_voice(const struct node *node)
{
    for (int i = 0; i < node->self; i++) {
        const struct slot *slot = &node->board->slot[i];
        if (node->view[i].mute < freshness(node) && !slot->left && !slot->fenced)
            return 0;
    }
    return 1;
}

int node_has_news(const struct node *node)
{
    for (int i = 0; i < node->n; i++) {
        const struct slot *slot = &node->board->slot[i];
        if (slot->epoch > 0 || (slot->stopping && !node->told_stop))
            return 1;
    }
    return 0;
}

/* ---- what it tells rank 0 ---- */

static void say_of(struct node *node, int i, const struct peers *peers, struct beats *beats)
{
    struct slot *slot = &node->board->slot[i];
    struct view *v = &node->view[i];
    int epoch = atomic_exchange(&slot->epoch, 0);
    double silent = v->silent > freshness(node) ? v->silent : 0;
    if (slot->left || slot->fenced)
        return;
    if (peers && peers_gone(peers, node->rank[i]))
        silent = (double)INFINITY;
    beats->images += slot->images;
    beats->slowest = fmax(beats->slowest, slot->slowest);
    beats->stopping |= slot->stopping;
    v->told = v->beat;
    if (epoch > 0 || silent > 0 || slot->asks > 0)
        beats->note[beats->n_notes++] =
            (struct beat_note){node->rank[i], epoch > 0 ? epoch : -1, silent, slot->asks > 0};
}

void node_say(struct node *node, const struct peers *peers, struct beats *beats)
{
    *beats = (struct beats){.clock = now(node)};
    for (int i = 0; i < node->n; i++)
        say_of(node, i, peers, beats);
    node->told_stop |= beats->stopping;
    node->asked = beats->clock;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return x < y ? -1 : x > y;
}

static void take_note(const struct node *node, const struct ack_note *note)
{
    const int *at = bsearch(&note->rank, node->rank, (size_t)node->n, sizeof *node->rank, by_number);
    if (!at)
        return;
    struct slot *slot = &node->board->slot[at - node->rank];
    if (note->job == ACK_DEAD) {
        slot->fenced = 1;
        return;
    }
    slot->told = 0;
    slot->job_limit = note->limit;
    slot->told = note->job + 1;
}

void node_answered(struct node *node, const struct ack *ack)
{
    if (ack->clock < node->asked || ack->clock > node->asked)
        return;
    for (int k = 0; k < ack->n_notes; k++)
        take_note(node, &ack->note[k]);
    for (int i = 0; i < node->n; i++) {
        struct slot *slot = &node->board->slot[i];
        if (!slot->fenced)
            slot->lease = fmax(slot->lease, node->view[i].told + node->limit);
    }
    node->board->heard = now(node);
    node->asked = 0;
}

int node_is_answered(const struct node *node)
{
    return node->asked <= 0;
}

void node_free(struct node *node, int alone)
{
    if (!node)
        return;
    if (!alone && node->window != MPI_WIN_NULL)
        MPI_Win_free(&node->window);
    if (!alone && node->comm != MPI_COMM_NULL)
        MPI_Comm_free(&node->comm);
    free(node->view);
    free(node->rank);
    free(node);
}
