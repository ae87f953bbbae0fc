#include "beside/grow_request.h"

#include "target.h"
#include "write/json_out.h"
#include "write/output.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4200 };

static int path_of(const char *results_path, char out[PATH_SIZE])
{
    int n = snprintf(out, PATH_SIZE, "%s.grow", results_path);
    return n > 0 && n < PATH_SIZE;
}

int grow_request_write(const char *results_path, const char *yaml, const char *resolved, struct err *err)
{
    char path[PATH_SIZE];
    struct output out;
    json_t *root = json_pack("{s:o, s:o}", "yaml", json_out_text(yaml), "resolved", json_out_text(resolved));
    if (!root)
        return err_set(err, E_IO, "%s: out of memory for the larger sweep", results_path);
    int rc =
        path_of(results_path, path) ? 0 : err_set(err, E_IO, "%.200s...: the path is too long", results_path);
    if (rc == 0)
        rc = output_open_file(&out, path, err);
    if (rc == 0) {
        json_dumpf(root, out.file, 0); /* what it cannot write, output_close() tells */
        fputc('\n', out.file);
        rc = output_close(&out, err);
    }
    json_decref(root);
    return rc;
}

int grow_request_read(const char *results_path, struct grow_request *out)
{
    char path[PATH_SIZE];
    *out = (struct grow_request){NULL, NULL};
    json_t *root =
        path_of(results_path, path) && target_is_regular(path) ? json_load_file(path, 0, NULL) : NULL;
    const char *yaml = json_string_value(json_object_get(root, "yaml"));
    const char *resolved = json_string_value(json_object_get(root, "resolved"));
    if (yaml && resolved) {
        out->yaml = strdup(yaml);
        out->resolved = strdup(resolved);
    }
    json_decref(root);
    if (out->yaml && out->resolved)
        return 1;
    grow_request_release(out);
    return 0;
}

int grow_request_waits(const char *results_path)
{
    char path[PATH_SIZE];
    return path_of(results_path, path) && access(path, F_OK) == 0;
}

int grow_request_drop(const char *results_path)
{
    char path[PATH_SIZE];
    if (path_of(results_path, path))
        unlink(path);
    return !grow_request_waits(results_path);
}

void grow_request_release(struct grow_request *request)
{
    free(request->yaml);
    free(request->resolved);
    *request = (struct grow_request){NULL, NULL};
}
