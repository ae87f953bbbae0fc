/* Rank 0's book without MPI: who is declared dead and when, what becomes of its job, and what that costs. */
#include "run/dispatch.h"
#include "run/words.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double limit = 40, margin = 4, tick = 0.25;

static struct dispatch *d;
static struct schedule *schedule;
static double time_now;
static int size, node_ranks;
static int n_seen;                          /* ranks that were looked at one by one */
static int n_sent[WORD_BYE + 1], last_rank; /* words to others, by tag; to whom the last one went */
static struct reply last_reply;
static struct ack *last_ack;
static int n_lost, lost[8], lost_job[8];
static int checkpoint_of, checkpoint_epoch;

static void send_word(void *self, int rank, int tag, const void *bytes, size_t n)
{
    (void)self;
    n_sent[tag]++;
    last_rank = rank;
    if (tag == WORD_REPLY)
        memcpy(&last_reply, bytes, n);
    if (tag == WORD_ACK)
        memcpy(last_ack, bytes, n);
}

static double tell_time(void *self)
{
    (void)self;
    return time_now;
}

static double seen(void *self, int rank)
{
    (void)self;
    (void)rank;
    n_seen++;
    return 0;
}

static int on_lost(void *self, int rank, int job, double silent, struct handout_report *report)
{
    (void)self;
    (void)silent;
    (void)report;
    assert_true(n_lost < 8);
    lost[n_lost] = rank;
    lost_job[n_lost++] = job;
    return 0;
}

static double limit_of(void *self, int job)
{
    (void)self;
    return 30 + job;
}

static void on_checkpoint(void *self, int rank, int job, int epoch)
{
    (void)self;
    (void)job;
    checkpoint_of = rank;
    checkpoint_epoch = epoch;
}

/* n ranks, `on` a node, and n_jobs jobs that cost the same. */
static void begin(int n, int on, int n_jobs)
{
    const struct handout_options options = {.dedicated = 1, .heartbeat = limit};
    const struct handout_hooks hooks = {.lost = on_lost, .checkpoint = on_checkpoint, .limit = limit_of};
    const struct dispatch_wire wire = {NULL, send_word, tell_time, seen};
    int *node = calloc((size_t)n, sizeof *node), *job = calloc((size_t)n_jobs, sizeof *job);
    double *cost = calloc((size_t)n_jobs, sizeof *cost);
    unsigned long *kind = calloc((size_t)n_jobs, sizeof *kind);
    assert_true(node && job && cost && kind);
    for (int r = 0; r < n; r++)
        node[r] = r / on;
    for (int j = 0; j < n_jobs; j++) {
        job[j] = j;
        cost[j] = 1;
    }
    size = n;
    node_ranks = on;
    time_now = 1000;
    n_seen = n_lost = checkpoint_of = checkpoint_epoch = 0;
    memset(n_sent, 0, sizeof n_sent);
    last_ack = malloc(ack_size(on));
    assert_non_null(last_ack);
    assert_int_equal(schedule_new(n_jobs, job, cost, kind, &schedule, NULL), 0);
    assert_int_equal(dispatch_new(n, node, (n + on - 1) / on, schedule, &options, &hooks, &wire, &d, NULL),
                     0);
    free(node);
    free(job);
    free(cost);
    free(kind);
}

static void end(void)
{
    dispatch_free(d);
    schedule_free(schedule);
    free(last_ack);
}

/* A rank asks for a job, having finished `job` (-1: none). */
static void ask(int rank, int job)
{
    struct request request = {.report = {.job = job, .end = HANDOUT_FINISHED, .seconds = 1}};
    dispatch_hear(d, rank, WORD_REQUEST, &request);
    dispatch_look(d);
}

/* `rank` speaks for its node: of `quiet` (0: of nobody) it has heard nothing for so long. */
static void speak(int rank, int quiet, double silent)
{
    struct beats *beats = malloc(beats_size(1));
    assert_non_null(beats);
    *beats = (struct beats){.clock = time_now, .images = 10, .n_notes = quiet > 0};
    beats->note[0] = (struct beat_note){quiet, -1, silent, 0};
    dispatch_hear(d, rank, WORD_BEATS, beats);
    free(beats);
}

/* Seconds pass in which every node but `mute` speaks every tick, and nobody is quiet
 * but, on its node, `quiet`. */
static void pass(double seconds, int mute, int quiet, double silent)
{
    for (double end_time = time_now + seconds; time_now < end_time;) {
        time_now += tick;
        for (int k = 0; k * node_ranks < size; k++)
            if (k != mute)
                speak(k * node_ranks + (k == 0), quiet / node_ranks == k ? quiet : 0,
                      silent + seconds - (end_time - time_now));
        dispatch_look(d);
    }
}

static void silent_rank_is_lost_and_its_job_goes_on(void **state)
{
    (void)state;
    begin(9, 3, 1);
    ask(4, -1);
    assert_int_equal(last_reply.job, 0);
    pass(limit + margin - 1, -1, 4, 0);
    assert_int_equal(n_lost, 0);
    pass(2, -1, 4, limit + margin - 1);
    assert_int_equal(n_lost, 1);
    assert_int_equal(lost[0], 4);
    assert_int_equal(lost_job[0], 0);
    ask(5, -1);
    assert_int_equal(last_rank, 5);
    assert_int_equal(last_reply.job, 0);
    assert_int_equal(last_reply.order.attempt, 2);
    end();
}

static void gone_process_is_lost_at_the_next_look(void **state)
{
    (void)state;
    begin(9, 3, 1);
    time_now += tick;
    speak(7, 8, (double)INFINITY);
    assert_int_equal(n_lost, 0); /* what it said before may still come */
    dispatch_look(d);
    assert_int_equal(n_lost, 1);
    assert_int_equal(lost[0], 8);
    end();
}

static void any_rank_speaks_for_its_node(void **state)
{
    (void)state;
    begin(9, 3, 1);
    for (int i = 0; i < 400; i++) {
        time_now += tick;
        speak(3 + i % 3, 0, 0);
        speak(6 + i % 3, 0, 0);
        speak(1 + i % 2, 0, 0);
        dispatch_look(d);
    }
    assert_int_equal(n_lost, 0);
    assert_int_equal(n_sent[WORD_ACK], 1200);
    end();
}

static void silent_node_is_lost_whole(void **state)
{
    (void)state;
    begin(9, 3, 1);
    pass(limit + margin + 1, 2, 0, 0);
    assert_int_equal(n_lost, 3);
    assert_int_equal(lost[0], 6);
    assert_int_equal(lost[2], 8);
    end();
}

static void who_asked_itself_outlives_its_node(void **state)
{
    (void)state;
    begin(9, 3, 2);
    pass(limit, 2, 0, 0);
    ask(7, -1);
    pass(margin + 1, 2, 0, 0);
    assert_int_equal(n_lost, 2);
    assert_int_equal(lost[0], 6);
    assert_int_equal(lost[1], 8);
    end();
}

static void the_dead_are_told(void **state)
{
    (void)state;
    begin(9, 3, 1);
    time_now += tick;
    speak(7, 8, (double)INFINITY);
    assert_int_equal(last_ack->n_notes, 0);
    dispatch_look(d);
    speak(7, 0, 0);
    assert_int_equal(last_ack->n_notes, 1);
    assert_int_equal(last_ack->note[0].rank, 8);
    assert_int_equal(last_ack->note[0].job, ACK_DEAD);
    assert_float_equal(last_ack->clock, time_now, 0);
    ask(8, -1);
    assert_int_equal(n_sent[WORD_FENCED], 1);
    assert_int_equal(n_sent[WORD_REPLY], 0);
    end();
}

static void time_without_a_look_is_nobodys_silence(void **state)
{
    (void)state;
    begin(9, 3, 1);
    pass(1, -1, 4, limit - 1); /* 4 has been quiet for long */
    time_now += 10 * limit;
    dispatch_look(d);
    assert_int_equal(n_lost, 0);
    end();
}

static void checkpoints_come_by_notes(void **state)
{
    struct beats *beats = malloc(beats_size(1));
    (void)state;
    assert_non_null(beats);
    begin(9, 3, 1);
    ask(5, -1);
    *beats = (struct beats){.clock = time_now, .images = 64, .slowest = 3, .n_notes = 1};
    beats->note[0] = (struct beat_note){5, 12, 0, 1};
    dispatch_hear(d, 4, WORD_BEATS, beats);
    assert_int_equal(checkpoint_of, 5);
    assert_int_equal(checkpoint_epoch, 12);
    assert_float_equal(dispatch_counts(d).images, 64, 0);
    assert_float_equal(dispatch_counts(d).slowest, 3, 0);
    assert_int_equal(last_ack->n_notes, 1); /* and asked how long its job may take */
    assert_int_equal(last_ack->note[0].rank, 5);
    assert_int_equal(last_ack->note[0].job, 0);
    assert_float_equal(last_ack->note[0].limit, 30, 0);
    free(beats);
    end();
}

/* Words and looks at single ranks for 20 jobs a rank and 100 s: a job of any size of sweep is two words, and
 * of ranks that live none is looked at. */
static void costs_do_not_grow_with_ranks(void **state)
{
    (void)state;
    for (int n = 128; n <= 8192; n *= 8) {
        begin(n, 128, 20 * n);
        for (int r = 1; r < n; r++)
            ask(r, -1);
        int replies = n_sent[WORD_REPLY];
        pass(100, -1, 0, 0);
        for (int r = 1; r < n; r++)
            ask(r, r - 1);
        assert_int_equal(replies, n - 1);
        assert_int_equal(n_sent[WORD_REPLY], 2 * (n - 1));
        assert_int_equal(n_sent[WORD_ACK], (int)(100 / tick) * (n / 128));
        assert_int_equal(n_seen, 0);
        assert_int_equal(n_lost, 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_rank_is_lost_and_its_job_goes_on),
        cmocka_unit_test(gone_process_is_lost_at_the_next_look),
        cmocka_unit_test(any_rank_speaks_for_its_node),
        cmocka_unit_test(silent_node_is_lost_whole),
        cmocka_unit_test(who_asked_itself_outlives_its_node),
        cmocka_unit_test(the_dead_are_told),
        cmocka_unit_test(time_without_a_look_is_nobodys_silence),
        cmocka_unit_test(checkpoints_come_by_notes),
        cmocka_unit_test(costs_do_not_grow_with_ranks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
