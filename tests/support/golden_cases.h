/* golden_cases.h - files of golden values in which a case begins with a line "case". */
#ifndef CELLSWEEP_GOLDEN_CASES_H
#define CELLSWEEP_GOLDEN_CASES_H

#include <stdio.h>

enum { GOLDEN_LINE = 4096 };

/* Every line of the next case to take(); 0 at the end of the file. line: its first line on entry, that of the
 * next one afterwards. */
int golden_case(FILE *file, char line[GOLDEN_LINE], void (*take)(void *to, char *line), void *to);

#endif
