/* stored_network.h - a kept network of a results file, for jobs of another sweep that take it over: what
 * kept_model_read_by() is given.
 *
 *     kept_model_read_by(stored_network_read);
 *
 * No MPI. */
#ifndef CELLSWEEP_STORED_NETWORK_H
#define CELLSWEEP_STORED_NETWORK_H

#include "models/kept_model.h"

/* A kept_model_reader: of the one finished job that matches a filter. It has learnt from the images that it
 * was trained on and from those that its epoch or its settings were chosen on. E_USAGE when several or none
 * match, for a job of several networks, of a model that is none, and of a file that does not tell prints. */
int stored_network_read(const char *file, const char *filter, struct kept_model *out, struct err *err);

#endif
