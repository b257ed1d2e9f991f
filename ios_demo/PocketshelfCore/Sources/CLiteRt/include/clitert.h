#ifndef POCKETSHELF_CLITERT_H
#define POCKETSHELF_CLITERT_H

// A `.tflite` file on a computer's processor by LiteRT's compiled models (litert/c, version 2), reached by dlopen: for the
// command line, which so runs what ships. The app has its own runtimes.

#include <stddef.h>
#include <stdint.h>

enum { clitert_most_outputs = 8, clitert_most_dimensions = 8 };

typedef struct {
    int rank;
    int32_t sides[clitert_most_dimensions];
} clitert_shape;

typedef struct clitert_model clitert_model;

/// Loads `model` by the library `library`. NULL where that fails; then `*problem` says why, in a static text.
clitert_model *clitert_open(const char *library, const char *model, const char **problem);

/// The shape of its one input, which is of uint8.
clitert_shape clitert_input(const clitert_model *model);

/// How many outputs it has, all of float32, in the order of its graph, and the shape of one.
size_t clitert_outputs(const clitert_model *model);
clitert_shape clitert_output(const clitert_model *model, size_t index);

/// Runs it on as many bytes as its input's shape says. Not for several threads at once. 0: done.
int clitert_run(clitert_model *model, const uint8_t *pixels, size_t bytes);

/// Copies an output's numbers, as many as its shape says. 0: done.
int clitert_read(clitert_model *model, size_t index, float *values);

void clitert_close(clitert_model *model);

#endif
