/* pause.h - long computations that let others be served while they last.
 *
 *     struct pause pause = {hooks->pause, hooks->self, 0};
 *     for (...) {
 *         ... about n multiply-adds ...
 *         rc = pause_after(&pause, n, err);
 *         if (rc < 0) leave, giving back what is held
 *     }
 *
 * Pure functions apart from what the asked one does. No MPI. */
#ifndef CELLSWEEP_PAUSE_H
#define CELLSWEEP_PAUSE_H

#include "err.h"

struct pause {
    int (*ask)(void *self); /* serve others, look at signals; non-zero: stop. NULL: nobody to ask */
    void *self;
    double work; /* done since it was last asked; 0 at the beginning */
};

/* Count `work` plain multiply-adds, those of a BLAS as PAUSE_BLAS of one, as done, and ask after every
 * PAUSE_WORK of them, some ten milliseconds. 0, or E_STOPPED when told to stop. pause may be NULL. */
#define PAUSE_WORK 1e7
#define PAUSE_BLAS (1.0 / 16)
static inline int pause_after(struct pause *pause, double work, struct err *err)
{
    if (!pause || !pause->ask)
        return 0;
    pause->work += work;
    if (pause->work < PAUSE_WORK)
        return 0;
    pause->work = 0;
    return pause->ask(pause->self) ? err_set(err, E_STOPPED, "stopped while images were compared") : 0;
}

#endif
