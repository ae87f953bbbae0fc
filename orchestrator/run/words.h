/* words.h - what ranks say to each other about jobs and lives: the messages of handout.md. Flat structs, sent
 * as their bytes between processes of one program. No calls. */
#ifndef CELLSWEEP_WORDS_H
#define CELLSWEEP_WORDS_H

#include "run/handout.h"

/* Tags. Those above 50 are others' (hooks.foreign_tag). */
enum word {
    WORD_REQUEST = 1,
    WORD_REPLY,
    WORD_BEATS,
    WORD_ACK,
    WORD_STOP,
    WORD_FENCED,
    WORD_FINAL,
    WORD_BYE
};

enum { REPLY_END = -1, REPLY_LATER = -2 };

/* Any rank to rank 0. */
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

/* Of a rank that has been silent for a while, or has something to tell. */
struct beat_note {
    int rank;
    int epoch;     /* of the last checkpoint that was saved since the last note; -1: none */
    double silent; /* seconds, 0: it lives, INFINITY: its process is gone */
    int asks;      /* 1: how long its job may take */
};

/* Who speaks for a node to rank 0: every other rank of it lives. */
struct beats {
    double clock;   /* the sender's; comes back in the ack */
    double images;  /* trained by the node's ranks since their last requests */
    double slowest; /* see handout_slow() */
    int stopping;   /* 1: one of them was told to stop */
    int n_notes;
    struct beat_note note[]; /* (n_notes) one a rank at most */
};

/* What a rank of that node is told. */
struct ack_note {
    int rank;
    int job;      /* the one that is meant; ACK_DEAD: it was declared dead */
    double limit; /* seconds that the job may take */
};

enum { ACK_DEAD = -1 };

/* Rank 0 to who spoke. */
struct ack {
    double clock;
    int n_notes;
    struct ack_note note[]; /* (n_notes) one a rank at most */
};

/* Beyond the limit a rank is waited for so many seconds more: for clocks that differ, and a
 * write that has begun. */
static inline double words_margin(double limit)
{
    return limit > 10 ? limit / 10 : 1;
}

/* Seconds between two looks of the thread of a rank. */
static inline double words_tick(double limit)
{
    return limit < 2 ? limit / 8 : 0.25;
}

struct final {
    int code, alone;
    char text[sizeof((struct err *)0)->text];
};

/* Bytes of either for a node of n ranks, at most. */
static inline size_t beats_size(int n)
{
    return sizeof(struct beats) + (size_t)n * sizeof(struct beat_note);
}

static inline size_t ack_size(int n)
{
    return sizeof(struct ack) + (size_t)n * sizeof(struct ack_note);
}

#endif
