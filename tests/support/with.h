/* with.h - settings of modules that keep their structs to themselves, set as a sweep file does. */
#ifndef CELLSWEEP_TEST_WITH_H
#define CELLSWEEP_TEST_WITH_H

#include "settings/config.h"

/* Fails the test when the value is refused. */
void with_text(struct config *config, const char *key, const char *text);

/* The same of a number; of true or false: 1 or 0. */
void with(struct config *config, const char *key, double value);

#endif
