#ifndef POCKETSHELF_CUSEARCH_H
#define POCKETSHELF_CUSEARCH_H

// USearch's C API (c/usearch.h, version 2), as far as it is used here, reached by dlopen: the core builds without it,
// and searches by the exact scan where it is not found.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { cusearch_metric_cos = 1, cusearch_scalar_i8 = 4 };

typedef struct {
    int metric_kind;
    void *metric;
    int quantization;
    size_t dimensions;
    size_t connectivity;
    size_t expansion_add;
    size_t expansion_search;
    bool multi;
} cusearch_options;

typedef const char *cusearch_error;

typedef struct {
    void *(*make)(cusearch_options *, cusearch_error *);
    void (*release)(void *, cusearch_error *);
    void (*reserve)(void *, size_t, cusearch_error *);
    void (*add)(void *, uint64_t key, const void *, int scalar, cusearch_error *);
    size_t (*search)(
        void *, const void *, int scalar, size_t count, uint64_t *keys, float *distances, cusearch_error *);
    size_t (*get)(void *, uint64_t key, size_t count, void *, int scalar, cusearch_error *);
    size_t (*size)(void *, cusearch_error *);
    size_t (*dimensions)(void *, cusearch_error *);
    size_t (*serialized_length)(void *, cusearch_error *);
    void (*save_buffer)(void *, void *, size_t, cusearch_error *);
    void (*view_buffer)(void *, const void *, size_t, cusearch_error *);
} cusearch_functions;

/// Loads the library at `path` for the life of the process; NULL where there is none, or it lacks a function.
const cusearch_functions *cusearch_open(const char *path);

#endif
