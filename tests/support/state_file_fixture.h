/* state_file_fixture.h - a state with every field set, NaN, infinity and -0 among its floats. */
#ifndef CELLSWEEP_STATE_FILE_FIXTURE_H
#define CELLSWEEP_STATE_FILE_FIXTURE_H

#include "state_file.h"

#include <stdint.h>

enum { PARAMS = 37, EPOCHS = 3 };

/* Whose state it is. */
extern const struct state_file_identity identity;

/* The numbers that `state` points to. */
struct state_file_fixture {
    float numbers[N_CURVE_SETS][EPOCHS * N_ALL_METRICS], weights[2 * PARAMS], best[PARAMS];
    int64_t steps[3];
    unsigned char bytes[13];
    struct state_file state;
};

/* Of the same values every time; state_file_free(&f->state) frees the list of its arrays. */
void state_file_make(struct state_file_fixture *f, int with_best);

/* Fails the test unless both are the same to the bit. */
void assert_equal_states(const struct state_file *a, const struct state_file *b);

#endif
