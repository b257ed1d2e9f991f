#include "include/cusearch.h"

#include <dlfcn.h>
#include <stdlib.h>

static int found(void *library, const char *name, void *place) {
    void *symbol = dlsym(library, name);
    *(void **)place = symbol;  // POSIX lets a function's address be kept so.
    return symbol != NULL;
}

const cusearch_functions *cusearch_open(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return NULL;
    cusearch_functions *functions = calloc(1, sizeof *functions);
    if (functions && found(library, "usearch_init", &functions->make) &&
        found(library, "usearch_free", &functions->release) &&
        found(library, "usearch_reserve", &functions->reserve) && found(library, "usearch_add", &functions->add) &&
        found(library, "usearch_search", &functions->search) && found(library, "usearch_get", &functions->get) &&
        found(library, "usearch_size", &functions->size) &&
        found(library, "usearch_dimensions", &functions->dimensions) &&
        found(library, "usearch_serialized_length", &functions->serialized_length) &&
        found(library, "usearch_save_buffer", &functions->save_buffer) &&
        found(library, "usearch_view_buffer", &functions->view_buffer)) {
        return functions;
    }
    free(functions);
    dlclose(library);
    return NULL;
}
