#include "run/mail.h"

#include <stdlib.h>
#include <string.h>

struct mail {
    struct mail *next;
    int rank;
    MPI_Request request;
    unsigned char bytes[];
};

void mail_post(struct mail **mail, MPI_Comm comm, int rank, int tag, const void *bytes, int n)
{
    struct mail *m = malloc(sizeof *m + (size_t)n);
    if (!m)
        return;
    m->rank = rank;
    if (n)
        memcpy(m->bytes, bytes, (size_t)n);
    if (MPI_Isend(m->bytes, n, MPI_BYTE, rank, tag, comm, &m->request) != MPI_SUCCESS) {
        free(m);
        return;
    }
    m->next = *mail;
    *mail = m;
}

int mail_reap(struct mail **mail, int rank)
{
    int left = 0;
    for (struct mail **at = mail; *at;) {
        struct mail *m = *at;
        int sent = 0;
        MPI_Test(&m->request, &sent, MPI_STATUS_IGNORE);
        if (sent) {
            *at = m->next;
            free(m);
            continue;
        }
        left += rank < 0 || m->rank == rank;
        at = &m->next;
    }
    return left;
}

void mail_abandon(struct mail **mail)
{
    mail_reap(mail, -1);
    *mail = NULL;
}
