#include "run/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A broadcast of more bytes than an int counts. */
static void bcast_bytes(void *bytes, size_t n, MPI_Comm comm)
{
    const size_t most = 1u << 30;
    for (size_t first = 0; first < n; first += most)
        MPI_Bcast((char *)bytes + first, (int)(n - first < most ? n - first : most), MPI_BYTE, 0, comm);
}

/* Room for the numbers of groups that rank 0 is about to send, where its own were; 1 when there is. */
static int receive_groupings(struct dataset *data, struct err *err)
{
    int rooms = 0;
    for (int k = 0; k < data->groupings.n; k++) {
        int *number = err_calloc((size_t)data->n_images, sizeof *number, "groups of images", err);
        data->groupings.item[k].number = number;
        rooms += number != NULL;
    }
    return rooms == data->groupings.n;
}

/* Room for the descriptions that rank 0 is about to send; the pixels come from the window. */
static struct dataset *receive_head(struct dataset head, struct err *err)
{
    struct dataset *data = err_calloc(1, sizeof *data, "a dataset", err);
    if (!data)
        return NULL;
    *data = head;
    data->pixels = NULL;
    data->meta = (struct meta){0}; /* the groups are made already */
    data->content = err_calloc((size_t)head.n_images, sizeof *data->content, "fingerprints of images", err);
    int has_groups = receive_groupings(data, err);
    data->image = err_calloc((size_t)head.n_images, sizeof *data->image, "the list of images", err);
    data->cluster = err_calloc((size_t)head.n_clusters, sizeof *data->cluster, "cluster numbers", err);
    data->cluster_count =
        err_calloc((size_t)head.n_clusters, sizeof *data->cluster_count, "cluster sizes", err);
    if (data->content && has_groups && data->image && data->cluster && data->cluster_count)
        return data;
    dataset_free(data);
    return NULL;
}

/* Classes of images as this rank numbers them: what was theirs[k] is data->cluster[k]. */
static void renumber(struct dataset *data, const int *theirs)
{
    for (int i = 0, k = 0; i < data->n_images; i++) {
        if (data->image[i].cluster != theirs[k]) /* images of a class stand together */
            for (k = 0; k < data->n_clusters - 1 && data->image[i].cluster != theirs[k];)
                k++;
        data->image[i].cluster = data->cluster[k];
    }
}

/* name (n_clusters): the texts of data->cluster, which are still as rank 0 numbers them. */
static int take_names(struct dataset *data, char (*name)[CLASS_NAME_SIZE], struct err *err)
{
    int *theirs = err_calloc((size_t)data->n_clusters, sizeof *theirs, "class names", err);
    int rc = theirs ? 0 : E_IO;
    for (int k = 0; k < data->n_clusters && rc == 0; k++) {
        theirs[k] = data->cluster[k];
        data->cluster[k] = class_number(name[k], err);
        rc = data->cluster[k] == CLASS_NONE ? E_IO : 0;
    }
    if (rc == 0)
        renumber(data, theirs);
    free(theirs);
    return rc;
}

/* Texts of classes from rank 0 to all: names have other numbers in every process. */
static int share_names(MPI_Comm comm, struct dataset *data, struct err *err)
{
    int rank, bad, any_bad;
    char(*name)[CLASS_NAME_SIZE] = err_calloc((size_t)data->n_clusters, sizeof *name, "class names", err);
    MPI_Comm_rank(comm, &rank);
    bad = !name;
    MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, comm);
    for (int k = 0; rank == 0 && !any_bad && k < data->n_clusters; k++) {
        char room[CLASS_NAME_SIZE];
        snprintf(name[k], sizeof *name, "%s", class_text(data->cluster[k], room));
    }
    if (!any_bad) {
        bcast_bytes(name, (size_t)data->n_clusters * sizeof *name, comm);
        bad = rank != 0 && take_names(data, name, err) < 0;
        MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, comm);
    }
    free(name);
    if (bad || !any_bad)
        return bad ? E_IO : 0;
    return err_set(err, E_IO, "another rank ran out of memory for the names of classes");
}

static int share_descriptions(MPI_Comm comm, struct dataset **data, struct err *err)
{
    int rank, bad, any_bad;
    struct dataset head = {0};
    MPI_Comm_rank(comm, &rank);
    if (rank == 0)
        head = **data;
    bcast_bytes(&head, sizeof head, comm);
    if (rank != 0)
        *data = receive_head(head, err);
    bad = !*data;
    MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, comm);
    if (any_bad)
        return bad ? E_IO : err_set(err, E_IO, "another rank ran out of memory for the dataset");
    bcast_bytes((*data)->content, (size_t)head.n_images * sizeof *(*data)->content, comm);
    for (int k = 0; k < head.groupings.n; k++)
        bcast_bytes((*data)->groupings.item[k].number, (size_t)head.n_images * sizeof(int), comm);
    bcast_bytes((*data)->image, (size_t)head.n_images * sizeof *(*data)->image, comm);
    bcast_bytes((*data)->cluster, (size_t)head.n_clusters * sizeof *(*data)->cluster, comm);
    bcast_bytes((*data)->cluster_count, (size_t)head.n_clusters * sizeof *(*data)->cluster_count, comm);
    return share_names(comm, *data, err);
}

int share_dataset(MPI_Comm comm, struct dataset **data, struct shared_dataset *shared, struct err *err)
{
    int rank, node_rank, unit;
    MPI_Aint size;
    MPI_Comm leaders;
    float *pixels;
    shared->node = MPI_COMM_NULL;
    shared->window = MPI_WIN_NULL;
    int rc = share_descriptions(comm, data, err);
    if (rc < 0)
        return rc;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &shared->node);
    MPI_Comm_rank(shared->node, &node_rank);
    MPI_Comm_split(comm, node_rank == 0 ? 0 : MPI_UNDEFINED, rank, &leaders);
    size_t bytes = (size_t)(*data)->n_images * dataset_floats(*data) * sizeof *pixels;
    MPI_Win_allocate_shared(node_rank == 0 ? (MPI_Aint)bytes : 0, (int)sizeof *pixels, MPI_INFO_NULL,
                            shared->node, &pixels, &shared->window);
    MPI_Win_shared_query(shared->window, 0, &size, &unit, &pixels);
    if (rank == 0 && (*data)->pixels) {
        memcpy(pixels, (*data)->pixels, bytes);
        free((*data)->pixels);
    }
    (*data)->pixels = pixels;
    MPI_Win_fence(0, shared->window);
    if (node_rank == 0) {
        bcast_bytes(pixels, bytes, leaders);
        MPI_Comm_free(&leaders);
    }
    MPI_Win_fence(0, shared->window);
    return 0;
}

void share_free(struct shared_dataset *shared, struct dataset *data)
{
    if (data && shared->window != MPI_WIN_NULL)
        data->pixels = NULL;
    dataset_free(data);
    if (shared->window != MPI_WIN_NULL)
        MPI_Win_free(&shared->window);
    if (shared->node != MPI_COMM_NULL)
        MPI_Comm_free(&shared->node);
}
