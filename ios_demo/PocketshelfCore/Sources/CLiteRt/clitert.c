#include "include/clitert.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// LiteRT's constants: success, the CPU as accelerator, element types, ways to lock a buffer.
enum { OK = 0, CPU = 1, FLOAT32 = 1, UINT8 = 3, READ = 0, WRITE = 1 };

// LiteRtRankedTensorType: element type, rank in the low 7 bits, 8 dimensions, 8 strides: 72 bytes.
typedef union {
    int32_t words[32];
} ranked_type;

typedef int status;

typedef struct {
    status (*create_environment)(int, const void *, void **);
    status (*create_model)(void *, const char *, void **);
    status (*create_options)(void **);
    status (*set_accelerators)(void *, int);
    status (*create_compiled)(void *, void *, void *, void **);
    status (*signature)(void *, size_t, void **);
    status (*input_count)(void *, size_t *);
    status (*output_count)(void *, size_t *);
    status (*input)(void *, size_t, void **);
    status (*output)(void *, size_t, void **);
    status (*subgraph)(void *, void **);
    status (*subgraph_output)(void *, size_t, void **);
    status (*tensor_type)(void *, ranked_type *);
    status (*input_needs)(void *, size_t, size_t, void **);
    status (*output_needs)(void *, size_t, size_t, void **);
    status (*create_buffer)(void *, const ranked_type *, void *, void **);
    status (*lock)(void *, void **, int);
    status (*unlock)(void *);
    status (*run)(void *, size_t, size_t, void **, size_t, void **);
    void (*destroy_buffer)(void *);
    void (*destroy_compiled)(void *);
    void (*destroy_options)(void *);
    void (*destroy_model)(void *);
    void (*destroy_environment)(void *);
} functions;

static const char *const NAMES[] = {
    "LiteRtCreateEnvironment", "LiteRtCreateModelFromFile", "LiteRtCreateOptions",
    "LiteRtSetOptionsHardwareAccelerators", "LiteRtCreateCompiledModel", "LiteRtGetModelSignature",
    "LiteRtGetNumSignatureInputs", "LiteRtGetNumSignatureOutputs", "LiteRtGetSignatureInputTensorByIndex",
    "LiteRtGetSignatureOutputTensorByIndex", "LiteRtGetSignatureSubgraph", "LiteRtGetSubgraphOutput",
    "LiteRtGetRankedTensorType", "LiteRtGetCompiledModelInputBufferRequirements",
    "LiteRtGetCompiledModelOutputBufferRequirements", "LiteRtCreateManagedTensorBufferFromRequirements",
    "LiteRtLockTensorBuffer", "LiteRtUnlockTensorBuffer", "LiteRtRunCompiledModel", "LiteRtDestroyTensorBuffer",
    "LiteRtDestroyCompiledModel", "LiteRtDestroyOptions", "LiteRtDestroyModel", "LiteRtDestroyEnvironment",
};
enum { FUNCTIONS = sizeof NAMES / sizeof *NAMES };
_Static_assert(sizeof(functions) == FUNCTIONS * sizeof(void *), "one name a function");

struct clitert_model {
    functions call;
    void *environment, *model, *options, *compiled;
    void *input, *outputs[clitert_most_outputs];
    clitert_shape input_shape, output_shapes[clitert_most_outputs];
    size_t output_count;
    // Of each output of the graph, its place in the signature.
    size_t order[clitert_most_outputs];
};

static int load(functions *call, const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return 0;
    for (size_t i = 0; i < FUNCTIONS; i++) {
        void *symbol = dlsym(handle, NAMES[i]);
        if (!symbol) return 0;
        memcpy((char *)call + i * sizeof symbol, &symbol, sizeof symbol);
    }
    return 1;
}

static int shape_of(const ranked_type *type, clitert_shape *shape) {
    shape->rank = type->words[1] & 0x7f;
    if (shape->rank > clitert_most_dimensions) return 0;
    for (int i = 0; i < shape->rank; i++) {
        shape->sides[i] = type->words[2 + i];
        if (shape->sides[i] < 1) return 0;
    }
    return 1;
}

static size_t count(const clitert_shape *shape) {
    size_t product = 1;
    for (int i = 0; i < shape->rank; i++) product *= (size_t)shape->sides[i];
    return product;
}

static const char *make_input(clitert_model *m, void *signature) {
    const functions *call = &m->call;
    ranked_type type = {{0}};
    void *tensor, *needs;
    size_t inputs = 0;
    if (call->input_count(signature, &inputs) || inputs != 1) return "the model does not have one input";
    if (call->input(signature, 0, &tensor) || call->tensor_type(tensor, &type) || type.words[0] != UINT8 ||
        !shape_of(&type, &m->input_shape)) {
        return "the model's input is not of uint8";
    }
    if (call->input_needs(m->compiled, 0, 0, &needs) ||
        call->create_buffer(m->environment, &type, needs, &m->input)) {
        return "LiteRT gives no buffer for the input";
    }
    return NULL;
}

static const char *make_outputs(clitert_model *m, void *signature) {
    const functions *call = &m->call;
    void *tensors[clitert_most_outputs], *needs, *graph;
    size_t outputs = 0;
    if (call->output_count(signature, &outputs) || outputs > clitert_most_outputs || outputs == 0) {
        return "the model has no outputs, or too many";
    }
    for (size_t i = 0; i < outputs; i++) {
        ranked_type type = {{0}};
        if (call->output(signature, i, &tensors[i]) || call->tensor_type(tensors[i], &type) ||
            type.words[0] != FLOAT32 || !shape_of(&type, &m->output_shapes[i])) {
            return "an output of the model is not of float32";
        }
        if (call->output_needs(m->compiled, 0, i, &needs) ||
            call->create_buffer(m->environment, &type, needs, &m->outputs[i])) {
            return "LiteRT gives no buffer for an output";
        }
        m->output_count = i + 1;
    }
    if (call->subgraph(signature, &graph)) return "the model has no graph";
    for (size_t i = 0; i < outputs; i++) {
        void *wanted;
        size_t place = 0;
        if (call->subgraph_output(graph, i, &wanted)) return "the model's graph lacks an output";
        while (place < outputs && tensors[place] != wanted) place++;
        if (place == outputs) return "the model's signature lacks an output of its graph";
        m->order[i] = place;
    }
    return NULL;
}

static const char *make(clitert_model *m, const char *library, const char *path) {
    const functions *call = &m->call;
    void *signature;
    if (!load(&m->call, library)) return "no LiteRT library with the C API of version 2";
    if (call->create_environment(0, NULL, &m->environment)) return "LiteRT does not start";
    if (call->create_model(m->environment, path, &m->model)) return "LiteRT cannot read the model";
    if (call->create_options(&m->options) || call->set_accelerators(m->options, CPU) ||
        call->create_compiled(m->environment, m->model, m->options, &m->compiled)) {
        return "LiteRT cannot compile the model";
    }
    if (call->signature(m->model, 0, &signature)) return "the model has no signature";
    const char *problem = make_input(m, signature);
    return problem ? problem : make_outputs(m, signature);
}

clitert_model *clitert_open(const char *library, const char *model, const char **problem) {
    clitert_model *made = calloc(1, sizeof *made);
    *problem = made ? make(made, library, model) : "not enough memory";
    if (!*problem) return made;
    clitert_close(made);
    return NULL;
}

clitert_shape clitert_input(const clitert_model *model) {
    return model->input_shape;
}

size_t clitert_outputs(const clitert_model *model) {
    return model->output_count;
}

clitert_shape clitert_output(const clitert_model *model, size_t index) {
    return model->output_shapes[model->order[index]];
}

int clitert_run(clitert_model *m, const uint8_t *pixels, size_t bytes) {
    void *memory;
    if (bytes != count(&m->input_shape) || m->call.lock(m->input, &memory, WRITE)) return 1;
    memcpy(memory, pixels, bytes);
    if (m->call.unlock(m->input)) return 1;
    return m->call.run(m->compiled, 0, 1, &m->input, m->output_count, m->outputs) != OK;
}

int clitert_read(clitert_model *m, size_t index, float *values) {
    void *memory, *buffer = m->outputs[m->order[index]];
    if (m->call.lock(buffer, &memory, READ)) return 1;
    memcpy(values, memory, count(&m->output_shapes[m->order[index]]) * sizeof *values);
    return m->call.unlock(buffer) != OK;
}

void clitert_close(clitert_model *m) {
    if (!m) return;
    for (size_t i = 0; i < clitert_most_outputs; i++) {
        if (m->outputs[i]) m->call.destroy_buffer(m->outputs[i]);
    }
    if (m->input) m->call.destroy_buffer(m->input);
    if (m->compiled) m->call.destroy_compiled(m->compiled);
    if (m->options) m->call.destroy_options(m->options);
    if (m->model) m->call.destroy_model(m->model);
    if (m->environment) m->call.destroy_environment(m->environment);
    free(m);
}
