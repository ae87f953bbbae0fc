/* selected.h - for cmocka tests: the images that a job gets (worker/select.h), or how it is refused. */
#ifndef CELLSWEEP_SELECTED_H
#define CELLSWEEP_SELECTED_H

#include "select.h"

/* What a job of this key gets; the caller frees it. The test fails, with the reason, when it gets nothing. */
struct job_samples selected(const struct config *config, const struct dataset *data, const char *key);

/* The test fails unless the job is refused with E_USAGE and a line that says `expected`, and gets nothing. */
void selected_refuses(const struct config *config, const struct dataset *data, const char *expected);

#endif
