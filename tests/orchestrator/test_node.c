/* Ranks of a node in one process: who speaks, what is told to rank 0, whose lease is renewed. */
#include "run/node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka compares floats, in which a clock's seconds are too coarse. */
static void assert_same(double a, double b)
{
    assert_true(fabs(a - b) < 1e-9);
}

enum { RANKS = 4, FIRST = 8 };

static const double limit = 40, tick = 0.25;

static struct node *of[RANKS];
static char *room;   /* owned */
static void *memory; /* in it, at a multiple of 8, as MPI's is */
static struct beats *beats;

static int set_up(void **state)
{
    int rank[RANKS];
    (void)state;
    room = malloc(node_bytes(RANKS) + 8);
    memory = room + 8;
    beats = malloc(beats_size(RANKS));
    if (!room || !beats)
        return 1;
    memset(memory, 0, node_bytes(RANKS));
    for (int i = 0; i < RANKS; i++)
        rank[i] = FIRST + i;
    for (int i = 0; i < RANKS; i++)
        if (node_on(memory, RANKS, i, rank, limit, CLOCK_MONOTONIC, &of[i], NULL) < 0)
            return 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < RANKS; i++)
        node_free(of[i], 0);
    free(beats);
    free(room);
    return 0;
}

/* All ranks but `dumb` beat, then everyone looks. */
static void pass(double seconds, int dumb)
{
    for (int i = 0; i < RANKS; i++)
        if (i != dumb)
            node_beat(of[i], i, 0, 0);
    for (int i = 0; i < RANKS; i++)
        node_look(of[i], seconds);
}

static int voices(void)
{
    int mask = 0;
    for (int i = 0; i < RANKS; i++)
        mask |= node_is_voice(of[i]) << i;
    return mask;
}

static void answer(struct node *node, int n_dead, int dead)
{
    struct ack *ack = malloc(ack_size(1));
    assert_non_null(ack);
    ack->clock = beats->clock;
    ack->n_notes = n_dead;
    ack->note[0] = (struct ack_note){dead, ACK_DEAD, 0};
    node_answered(node, ack);
    free(ack);
}

static void lowest_speaks_for_all(void **state)
{
    (void)state;
    pass(tick, -1);
    assert_int_equal(voices(), 1);
    node_say(of[0], NULL, beats);
    assert_int_equal(beats->n_notes, 0);
    assert_same(beats->images, 0 + 1 + 2 + 3);
}

static void next_one_speaks_when_it_is_silent(void **state)
{
    (void)state;
    pass(tick, -1);
    for (int i = 0; i < 3; i++)
        pass(tick, 0);
    assert_int_equal(voices(), 1); /* not at once */
    pass(tick, 0);
    assert_int_equal(voices() & ~1, 2); /* the silent one cannot know */
    pass(tick, 0);
    node_say(of[1], NULL, beats);
    assert_int_equal(beats->n_notes, 1);
    assert_int_equal(beats->note[0].rank, FIRST);
    assert_same(beats->note[0].silent, 5 * tick);
    pass(tick, -1);
    assert_int_equal(voices(), 1);
}

static void signs_are_heard_but_do_not_speak(void **state)
{
    (void)state;
    pass(tick, -1);
    for (int i = 0; i < 9; i++) {
        node_sign(of[0]);
        pass(tick, 0);
    }
    assert_int_equal(voices() & ~1, 2);
    node_say(of[1], NULL, beats);
    assert_int_equal(beats->n_notes, 0);
}

static void leases_are_renewed_by_beats_that_were_told(void **state)
{
    double lease[RANKS];
    (void)state;
    pass(tick, -1);
    for (int i = 0; i < RANKS; i++)
        lease[i] = node_lease(of[i]);
    node_say(of[0], NULL, beats);
    assert_false(node_is_answered(of[0]));
    double told = beats->clock;
    beats->clock = told - 1;
    answer(of[0], 0, 0); /* of older words */
    assert_false(node_is_answered(of[0]));
    assert_same(node_lease(of[1]), lease[1]);
    beats->clock = told;
    pass(tick, 2);
    answer(of[0], 0, 0);
    assert_true(node_is_answered(of[0]));
    for (int i = 0; i < RANKS; i++) {
        assert_true(node_lease(of[i]) > lease[i]);
        assert_true(node_lease(of[i]) <= told + limit);
        lease[i] = node_lease(of[i]);
    }
    node_sign(of[2]); /* renews nothing */
    pass(tick, 2);
    node_say(of[0], NULL, beats);
    answer(of[0], 0, 0);
    assert_true(node_lease(of[1]) > lease[1]);
    assert_same(node_lease(of[2]), lease[2]);
}

static void dead_ranks_learn_it(void **state)
{
    (void)state;
    pass(tick, -1);
    double lease = node_lease(of[2]);
    node_say(of[0], NULL, beats);
    answer(of[0], 1, FIRST + 2);
    assert_true(node_is_fenced(of[2]));
    assert_false(node_is_fenced(of[1]));
    assert_same(node_lease(of[2]), lease);
    pass(tick, -1);
    node_say(of[0], NULL, beats);
    assert_same(beats->images, 0 + 1 + 3);
}

static void checkpoints_and_stops_are_news_once(void **state)
{
    (void)state;
    pass(tick, -1);
    assert_false(node_has_news(of[0]));
    node_checkpoint(of[3], 7);
    assert_true(node_has_news(of[0]));
    node_say(of[0], NULL, beats);
    assert_int_equal(beats->n_notes, 1);
    assert_int_equal(beats->note[0].rank, FIRST + 3);
    assert_int_equal(beats->note[0].epoch, 7);
    assert_same(beats->note[0].silent, 0);
    assert_false(node_has_news(of[0]));
    node_beat(of[1], 0, 12, 1);
    assert_true(node_has_news(of[0]));
    node_say(of[0], NULL, beats);
    assert_int_equal(beats->n_notes, 0);
    assert_true(beats->stopping);
    assert_same(beats->slowest, 12);
    assert_false(node_has_news(of[0]));
}

static void jobs_are_limited_when_rank_0_says_so(void **state)
{
    struct ack *ack = malloc(ack_size(1));
    (void)state;
    assert_non_null(ack);
    node_ask(of[3], 77);
    pass(tick, -1);
    node_say(of[0], NULL, beats);
    assert_int_equal(beats->n_notes, 1);
    assert_int_equal(beats->note[0].rank, FIRST + 3);
    assert_true(beats->note[0].asks);
    assert_true(isinf(node_limit(of[3], 77)));
    ack->clock = beats->clock;
    ack->n_notes = 1;
    ack->note[0] = (struct ack_note){FIRST + 3, 77, 12.5};
    node_answered(of[0], ack);
    assert_same(node_limit(of[3], 77), 12.5);
    assert_true(isinf(node_limit(of[3], 78))); /* the next job is another */
    assert_true(isinf(node_limit(of[2], 77)));
    free(ack);
}

static void who_leaves_is_not_missed(void **state)
{
    (void)state;
    pass(tick, -1);
    node_leave(of[0]);
    pass(tick, 0);
    assert_int_equal(voices() & ~1, 2);
    for (int i = 0; i < 9; i++)
        pass(tick, 0);
    node_say(of[1], NULL, beats);
    assert_int_equal(beats->n_notes, 0);
}

static void rank_0_is_heard_of_by_its_answers_and_signs(void **state)
{
    (void)state;
    pass(3, -1);
    pass(3, -1);
    assert_same(node_root_silent(of[3]), 3); /* the first look saw it alive */
    node_say(of[0], NULL, beats);
    answer(of[0], 0, 0);
    pass(3, -1);
    assert_same(node_root_silent(of[3]), 0);
    pass(3, -1);
    node_root_sign(of[1]);
    pass(3, -1);
    assert_same(node_root_silent(of[3]), 0);
    assert_true(node_root_quiet(of[2]) < 1e6);
    assert_true(node_has_lower(of[1], 1e6) && !node_has_lower(of[0], 1e6) && !node_has_lower(of[1], 0));
    assert_true(node_has_voice(of[1], 1e6) && !node_has_voice(of[1], 0));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(lowest_speaks_for_all),
        WITH(next_one_speaks_when_it_is_silent),
        WITH(signs_are_heard_but_do_not_speak),
        WITH(leases_are_renewed_by_beats_that_were_told),
        WITH(dead_ranks_learn_it),
        WITH(checkpoints_and_stops_are_news_once),
        WITH(jobs_are_limited_when_rank_0_says_so),
        WITH(who_leaves_is_not_missed),
        WITH(rank_0_is_heard_of_by_its_answers_and_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
