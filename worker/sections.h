/* sections.h - the table of tables: every section of settings that a job can have (config.h).
 *
 *     struct config config = config_defaults(worker_schema());
 *
 * Strategies, features and models bring theirs in their rows, so this file names none of them. */
#ifndef CELLSWEEP_SECTIONS_H
#define CELLSWEEP_SECTIONS_H

#include "settings/config.h"

/* Made at the first call, by whichever thread; the same for ever. */
const struct schema *worker_schema(void);

#endif
