/* What the phone's graph calls of USearch 2's C functions, as c/usearch.h of that package declares them. */
#ifndef POCKETSHELF_USEARCH_C_H
#define POCKETSHELF_USEARCH_C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *usearch_index_t;
typedef uint64_t usearch_key_t;
typedef float usearch_distance_t;
typedef char const *usearch_error_t;

enum { USEARCH_METRIC_COSINE = 1, USEARCH_SCALAR_INT8 = 4 };

typedef struct {
    int metric_kind;
    void *metric;
    int quantization;
    size_t dimensions;
    size_t connectivity;
    size_t expansion_add;
    size_t expansion_search;
    bool multi;
} usearch_init_options_t;

usearch_index_t usearch_init(usearch_init_options_t *options, usearch_error_t *error);
void usearch_free(usearch_index_t index, usearch_error_t *error);
void usearch_reserve(usearch_index_t index, size_t capacity, usearch_error_t *error);
void usearch_add(usearch_index_t index, usearch_key_t key, void const *vector, int kind, usearch_error_t *error);
size_t usearch_search(usearch_index_t index, void const *query, int kind, size_t count, usearch_key_t *keys,
                      usearch_distance_t *distances, usearch_error_t *error);
size_t usearch_size(usearch_index_t index, usearch_error_t *error);
size_t usearch_dimensions(usearch_index_t index, usearch_error_t *error);
size_t usearch_serialized_length(usearch_index_t index, usearch_error_t *error);
void usearch_save_buffer(usearch_index_t index, void *buffer, size_t length, usearch_error_t *error);
void usearch_load_buffer(usearch_index_t index, void const *buffer, size_t length, usearch_error_t *error);

#endif
