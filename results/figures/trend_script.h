/* trend_script.h - the gnuplot script of a page of trend.h. No MPI. */
#ifndef CELLSWEEP_TREND_SCRIPT_H
#define CELLSWEEP_TREND_SCRIPT_H

#include "figures/trend.h"

/* Write dir/name.gp, which draws dir/name.tsv. */
int trend_write_script(const struct trend *trend, const char *name, const struct figstyle *style,
                       const char *dir, struct err *err);

#endif
