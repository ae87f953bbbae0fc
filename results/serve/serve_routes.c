#include "serve/serve_core.h"

#include <string.h>

static const struct {
    const char *path;
    int is_post;
    serve_handler answer;
} routes[N_SERVE_ROUTES] = {
    [ROUTE_PAGE] = {"/", 0, serve_answer_page},
    [ROUTE_SWEEP] = {"/api/sweep", 0, serve_answer_sweep},
    [ROUTE_PROGRESS] = {"/api/progress", 0, serve_answer_progress},
    [ROUTE_CURVES] = {"/api/curves", 0, serve_answer_curves},
    [ROUTE_LOG] = {"/api/log", 0, serve_answer_log},
    [ROUTE_MODELS] = {"/api/models", 0, serve_answer_models},
    [ROUTE_PREDICT] = {"/api/predict", 1, serve_answer_predict},
    [ROUTE_METRICS] = {"/metrics", 0, serve_answer_metrics},
    [ROUTE_OPENAPI] = {"/api/openapi.yaml", 0, serve_answer_openapi},
    [ROUTE_OTHER] = {"other", 0, NULL},
};

serve_handler serve_route_find(const char *path, const char *method, enum serve_route *route,
                               unsigned *status)
{
    int is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0,
        is_post = strcmp(method, "POST") == 0;
    *route = ROUTE_OTHER;
    *status = is_get || is_post ? MHD_HTTP_NOT_FOUND : MHD_HTTP_METHOD_NOT_ALLOWED;
    for (int i = 0; i < ROUTE_OTHER; i++) {
        if (strcmp(path, routes[i].path) != 0)
            continue;
        *route = (enum serve_route)i;
        *status = MHD_HTTP_METHOD_NOT_ALLOWED;
        return (routes[i].is_post ? is_post : is_get) ? routes[i].answer : NULL;
    }
    return NULL;
}

const char *serve_route_path(enum serve_route route)
{
    return routes[route].path;
}
