/* mail.h - small messages that are sent and forgotten: nobody ever waits for a rank that may be dead.
 *
 * MPI_Send to a rank that was killed or is stopped may block for ever once buffers are full; so every
 * message is a copy with its own MPI_Isend, looked after now and then, and abandoned with its rank.
 * One thread at a time. */
#ifndef CELLSWEEP_MAIL_H
#define CELLSWEEP_MAIL_H

#include "err.h"

#include <mpi.h>

struct mail; /* a list of messages under way */

/* Send n bytes, a few hundred. Without memory the message is lost: a heartbeat or its absence
 * makes up for it. */
void mail_post(struct mail **mail, MPI_Comm comm, int rank, int tag, const void *bytes, int n);

/* Forget what has left. Returns how many messages to `rank` are still under way; rank -1: to anybody. */
int mail_reap(struct mail **mail, int rank);

/* Forget everything. What is still under way leaks: MPI may yet read it. */
void mail_abandon(struct mail **mail);

#endif
