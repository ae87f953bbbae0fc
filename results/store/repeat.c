#include "store/repeat.h"

#include <string.h>

int protocol_is_kfold(const char *protocol)
{
    return strncmp(protocol, "kfold", 5) == 0;
}

struct repeat repeat_of(const struct store *store, int job)
{
    const struct store_job *row = store_jobs(store);
    struct repeat repeat = {job - row[job].fold, 0};
    if (!protocol_is_kfold(row[job].protocol) || repeat.first < 0)
        return (struct repeat){job, 0};
    while (repeat.first + repeat.n < store_n_jobs(store) && row[repeat.first + repeat.n].fold == repeat.n)
        repeat.n++;
    return repeat;
}
