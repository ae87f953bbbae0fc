/* boost_form.h - the trees of a booster in plain numbers, as xgboost itself tells them. For boost.c. No
 * MPI. */
#ifndef CELLSWEEP_BOOST_FORM_H
#define CELLSWEEP_BOOST_FORM_H

#include "models/form.h"

#include <xgboost/c_api.h>

/* form->n_classes and floats are set; nothing else of it is. E_IO when xgboost tells something else. */
int boost_form(BoosterHandle booster, struct model_form *form, struct err *err);

#endif
