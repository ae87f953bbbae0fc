/* load_handout.c - what rank 0 pays for handing out, for any number of ranks, which are played (run/play.h).
 *
 *     load_handout RANKS JOBS KINDS [SECONDS [NODE [LOG]]]
 *
 * SECONDS (1): of a job; NODE (128): ranks a node; LOG: a results file beside which the event log goes.
 * Prints microseconds: a job, a message, and a look while all ranks but one wait for the last job to end;
 * what share of a core that is; and how many messages a second would fill it. Every job must be done once,
 * else the exit status is 1. */
#include "run/play.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct play_cost c;
    struct err err = {0};
    if (argc < 4)
        return 2;
    const struct play_load load = {.ranks = atoi(argv[1]),
                                   .jobs = atoi(argv[2]),
                                   .kinds = atoi(argv[3]),
                                   .seconds = argc > 4 ? atof(argv[4]) : 1,
                                   .node = argc > 5 ? atoi(argv[5]) : 128,
                                   .log = argc > 6 ? argv[6] : NULL};
    if (load.ranks < 2 || load.jobs < 1 || load.kinds < 1 || load.node < 1 || load.seconds < 0.25)
        return 2;
    if (play(&load, &c, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 3;
    }
    double cpu = c.word_seconds + c.look_seconds, words = (double)c.words;
    printf("%d ranks, %d jobs, %d kinds: %.2f us a job, %.2f us a look at the tail, %.2f us a message, ",
           load.ranks, load.jobs, load.kinds, 1e6 * cpu / load.jobs, 1e6 * c.tail_seconds, 1e6 * cpu / words);
    printf("%.3f %% of a core, %lld messages (%lld beats) in %.0f s, %.0f messages a second fill a core%s\n",
           100 * cpu / c.seconds, c.words, c.beats, c.seconds, words / cpu,
           c.wrong ? "; NOT EVERY JOB ONCE" : "");
    return c.wrong > 0;
}
