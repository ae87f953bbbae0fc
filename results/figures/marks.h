/* marks.h - gnuplot's points that are told apart without their colour, filled and hollow, and the size in
 * which they look alike. No MPI. */
#ifndef CELLSWEEP_MARKS_H
#define CELLSWEEP_MARKS_H

enum { N_MARKS = 6 };

static const struct mark {
    int filled, hollow;
    double size;
} marks[N_MARKS] = {{7, 6, 1.5}, {5, 4, 1.35}, {9, 8, 1.65}, {13, 12, 1.75}, {11, 10, 1.65}, {15, 14, 1.55}};

#endif
