/* said.h - what a text says and what a number is: where it is otherwise, the test fails and tells both. */
#ifndef CELLSWEEP_TESTS_SAID_H
#define CELLSWEEP_TESTS_SAID_H

/* x is within 1e-6 of what is expected; NaN never is. */
void assert_near(double x, double expected);

void assert_says(const char *text, const char *expected);
void assert_silent(const char *text, const char *unwanted);

#endif
