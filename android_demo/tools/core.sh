# Sourced by ./check: the core on the JVM, by ./compile, which a developer uses as well.

core() {
    export KOTLIN_HOME=$KOTLIN JAVA_17=$JDK17 JAVA_25=$JDK25 JARS
    needed "core compiles for the JVM, Java 8's API only" ./compile core
    needed "signatures (BouncyCastle) compile" ./compile signatures
    needed "desktop (JDBC, foreign functions, command line) compiles" ./compile desktop
    needed "tests of the core compile" ./compile tests
    search_library
    models_library
    start "core's tests" ./compile test # Beside what the app compiles.
    step "the command line answers" command_line || true
}

# libusearch_c.so with NumKong's kernels, from npm's sources; kept, since it takes a minute.
search_library() {
    export POCKETSHELF_USEARCH=$TOOLCHAINS/usearch/libusearch_c.so
    [ -e "$POCKETSHELF_USEARCH" ] && return
    step "USearch's C library is built from npm's sources" ../contract/usearch/build "$TOOLCHAINS/usearch" || true
}

# LiteRT's C library, where the SDK's environment has it: with it the models that ship run on the JVM, else five tests are skipped.
models_library() {
    local found
    [ -z "${POCKETSHELF_LITERT:-}" ] || return 0
    for found in "${POCKETSHELF_VENV:-../.venv}"/lib/python3*/site-packages/ai_edge_litert/libLiteRt.so; do
        [ ! -e "$found" ] || export POCKETSHELF_LITERT=$(realpath "$found")
    done
}

# A command without arguments is wrong usage: status 2 and a line that says what there is.
command_line() {
    local status=0
    build/pocketshelf-core || status=$?
    [ "$status" = 2 ]
}
