/*
 * org.pocketshelf.phone.usearch.Native over USearch's C functions. Every failure is an IllegalStateException; lengths are
 * checked on the Kotlin side as well as here, since a wrong one would be read beyond an array.
 */
#include "usearch_c.h"

#include <jni.h>
#include <stdlib.h>

static void refuse(JNIEnv *env, char const *why) {
    jclass error = (*env)->FindClass(env, "java/lang/IllegalStateException");
    if (error) (*env)->ThrowNew(env, error, why);
}

static usearch_index_t index_of(jlong handle) { return (usearch_index_t)(uintptr_t)handle; }

JNIEXPORT jlong JNICALL Java_org_pocketshelf_phone_usearch_Native_create(JNIEnv *env, jclass type, jint dimensions,
                                                                         jint connectivity, jint expansion) {
    (void)type;
    usearch_error_t error = NULL;
    usearch_init_options_t options = {0};
    options.metric_kind = USEARCH_METRIC_COSINE;
    options.quantization = USEARCH_SCALAR_INT8;
    options.dimensions = (size_t)dimensions;
    options.connectivity = (size_t)connectivity;
    options.expansion_search = (size_t)expansion;
    usearch_index_t index = usearch_init(&options, &error);
    if (error || !index) refuse(env, error ? error : "usearch: no index");
    return (jlong)(uintptr_t)index;
}

JNIEXPORT void JNICALL Java_org_pocketshelf_phone_usearch_Native_free(JNIEnv *env, jclass type, jlong handle) {
    (void)env, (void)type;
    usearch_error_t error = NULL;
    usearch_free(index_of(handle), &error);
}

JNIEXPORT jint JNICALL Java_org_pocketshelf_phone_usearch_Native_size(JNIEnv *env, jclass type, jlong handle) {
    (void)type;
    usearch_error_t error = NULL;
    size_t size = usearch_size(index_of(handle), &error);
    if (error) refuse(env, error);
    return (jint)size;
}

/* Keys 0 to n - 1. Room is reserved first: USearch neither grows nor complains on every path. */
JNIEXPORT void JNICALL Java_org_pocketshelf_phone_usearch_Native_build(JNIEnv *env, jclass type, jlong handle,
                                                                       jbyteArray vectors, jint dimensions) {
    (void)type;
    usearch_error_t error = NULL;
    size_t count = (size_t)(*env)->GetArrayLength(env, vectors) / (size_t)dimensions;
    usearch_reserve(index_of(handle), count, &error);
    jbyte *bytes = error ? NULL : (*env)->GetByteArrayElements(env, vectors, NULL);
    for (size_t key = 0; bytes && !error && key < count; key++)
        usearch_add(index_of(handle), key, bytes + key * (size_t)dimensions, USEARCH_SCALAR_INT8, &error);
    if (bytes) (*env)->ReleaseByteArrayElements(env, vectors, bytes, JNI_ABORT);
    if (error) refuse(env, error);
}

/* Fills keys and distances, nearest first; how many there are. */
JNIEXPORT jint JNICALL Java_org_pocketshelf_phone_usearch_Native_nearest(JNIEnv *env, jclass type, jlong handle,
                                                                         jbyteArray query, jintArray keys,
                                                                         jfloatArray distances) {
    (void)type;
    usearch_error_t error = NULL;
    size_t wanted = (size_t)(*env)->GetArrayLength(env, keys);
    size_t length = usearch_dimensions(index_of(handle), &error);
    if (error || (size_t)(*env)->GetArrayLength(env, query) != length ||
        (size_t)(*env)->GetArrayLength(env, distances) != wanted) {
        refuse(env, error ? error : "usearch: a query of another length");
        return 0;
    }
    usearch_key_t *found = malloc((wanted + 1) * sizeof *found);
    jbyte *bytes = (*env)->GetByteArrayElements(env, query, NULL);
    jfloat *far = (*env)->GetFloatArrayElements(env, distances, NULL);
    jint *near = (*env)->GetIntArrayElements(env, keys, NULL);
    size_t count = 0;
    if (found && bytes && far && near) {
        count = usearch_search(index_of(handle), bytes, USEARCH_SCALAR_INT8, wanted, found, far, &error);
        for (size_t i = 0; i < count && i < wanted; i++) near[i] = (jint)found[i];
    }
    if (near) (*env)->ReleaseIntArrayElements(env, keys, near, 0);
    if (far) (*env)->ReleaseFloatArrayElements(env, distances, far, 0);
    if (bytes) (*env)->ReleaseByteArrayElements(env, query, bytes, JNI_ABORT);
    free(found);
    if (error) refuse(env, error);
    return (jint)count;
}

JNIEXPORT jbyteArray JNICALL Java_org_pocketshelf_phone_usearch_Native_save(JNIEnv *env, jclass type, jlong handle) {
    (void)type;
    usearch_error_t error = NULL;
    size_t length = usearch_serialized_length(index_of(handle), &error);
    if (error || length > INT32_MAX) {
        refuse(env, error ? error : "usearch: the graph is too long for an array");
        return NULL;
    }
    jbyteArray saved = (*env)->NewByteArray(env, (jsize)length);
    jbyte *bytes = saved ? (*env)->GetByteArrayElements(env, saved, NULL) : NULL;
    if (!bytes) return NULL;
    usearch_save_buffer(index_of(handle), bytes, length, &error);
    (*env)->ReleaseByteArrayElements(env, saved, bytes, 0);
    if (error) refuse(env, error);
    return saved;
}

/* A graph of other vectors is refused: its dimensions would be read beyond a query. */
JNIEXPORT void JNICALL Java_org_pocketshelf_phone_usearch_Native_load(JNIEnv *env, jclass type, jlong handle,
                                                                      jbyteArray saved, jint dimensions) {
    (void)type;
    usearch_error_t error = NULL;
    jbyte *bytes = (*env)->GetByteArrayElements(env, saved, NULL);
    if (!bytes) return;
    usearch_load_buffer(index_of(handle), bytes, (size_t)(*env)->GetArrayLength(env, saved), &error);
    (*env)->ReleaseByteArrayElements(env, saved, bytes, JNI_ABORT);
    size_t length = error ? 0 : usearch_dimensions(index_of(handle), &error);
    if (error || length != (size_t)dimensions) refuse(env, error ? error : "usearch: a graph of other vectors");
}
