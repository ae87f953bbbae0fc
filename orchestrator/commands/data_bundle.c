#include "commands/data_bundle.h"

#include "h5.h"
#include "launch.h"
#include "xenium/gather.h"

#include <mpi.h>

/* The ranks of a pack; 0 of 1 without mpirun. */
struct crew {
    int is_mpi, rank, size;
};

/* Where any of the ranks failed, all have. */
static int agree(const struct crew *crew, int rc, struct err *err)
{
    return crew->is_mpi ? launch_agree(rc, err) : rc;
}

static int measure(const struct crew *crew, struct bundle *bundle, struct err *err)
{
    int rc = bundle_is_unmeasured(bundle) ? bundle_measure(bundle, err) : 0;
    rc = agree(crew, rc, err);
    if (rc == 0 && crew->size > 1 && bundle_is_unmeasured(bundle))
        rc = agree(crew, gather_measures(bundle, MPI_COMM_WORLD, err), err);
    return rc;
}

static int cut(const struct crew *crew, struct bundle *bundle, struct err *err)
{
    int rc = agree(crew, bundle_plan(bundle, crew->rank, crew->size, err), err);
    if (rc == 0)
        rc = measure(crew, bundle, err);
    if (rc == 0)
        rc = agree(crew, bundle_cut(bundle, err), err);
    if (rc == 0 && crew->size > 1)
        rc = agree(crew, gather_cells(bundle, MPI_COMM_WORLD, err), err);
    return rc;
}

static int finish(struct bundle *bundle, struct pack_report *report, data_bundle_use use, void *self,
                  struct err *err)
{
    struct dataset *data = NULL;
    int rc = bundle_finish(bundle, &data, report, err);
    if (rc == 0)
        rc = use(self, data, bundle, report, err);
    else
        pack_report_print(report, stderr);
    dataset_free(data);
    return rc;
}

int data_bundle(const char *folder, const struct bundle_options *options, data_bundle_use use, void *self,
                struct err *err)
{
    struct crew crew = {.is_mpi = launch_rank() >= 0, .size = 1};
    struct bundle *bundle = NULL;
    struct pack_report report = {0};
    int rc = bundle_open(folder, options, &bundle, &report, err);
    if (rc < 0 && launch_rank() <= 0)
        pack_report_print(&report, stderr);
    if (crew.is_mpi) {
        rc = launch_begin(rc, err);
        MPI_Comm_rank(MPI_COMM_WORLD, &crew.rank);
        MPI_Comm_size(MPI_COMM_WORLD, &crew.size);
    }
    if (rc == 0)
        rc = cut(&crew, bundle, err);
    if (rc == 0)
        rc = agree(&crew, crew.rank == 0 ? finish(bundle, &report, use, self, err) : 0, err);
    bundle_free(bundle);
    pack_report_release(&report);
    return crew.is_mpi ? launch_end(h5_handles_check(rc, err), err) : rc;
}
