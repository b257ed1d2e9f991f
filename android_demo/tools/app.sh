# Sourced by ./check: the app, its APK, and what can only be compiled.

FRAMEWORK_API=29 # Of Debian's android-framework-res: resources know the attributes of Android 10.
APK=$BUILD/apk

# kotlinc NAME CLASSPATH SOURCES…: plain Kotlin for Android, Java 8's API, into build/NAME.
kotlinc() {
    local name=$1 classpath=$2
    shift 2
    rm -rf "${BUILD:?}/$name"
    mkdir -p "$BUILD/$name"
    "$JDK17/bin/java" -Xmx1g -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$KOTLIN/lib/kotlin-compiler.jar:$KOTLIN/lib/*" \
        org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -Werror -jdk-home "$JDK17" -Xjdk-release=8 \
        -module-name "pocketshelf-$name" -cp "$classpath" -d "$BUILD/$name" "$@"
}

javac() { "$JDK17/bin/javac" --release 8 -Xlint:-options -nowarn "$@"; }

app() {
    local stdlib=$KOTLIN/lib/kotlin-stdlib.jar
    local core=$stdlib:$BUILD/core:$BUILD/signatures
    local android=$core:$ANDROID/android.jar
    rm -rf "$APK"
    mkdir -p "$APK"
    needed "resources compile and link; every layout, colour and string is there" resources
    needed "the app compiles (flavour plain, Android 6's API)" kotlinc app "$android:$APK/r.jar" app/src/main/kotlin app/src/plain/kotlin
    step "stubs of CameraX, LiteRT, ExecuTorch, USearch compile" stubs "$android" || true
    step "phone (CameraX, LiteRT, ExecuTorch, USearch) compiles against the stubs" \
        kotlinc phone "$android:$BUILD/stubs" phone/src/main/kotlin || true
    step "the app compiles with phone (flavour google)" \
        kotlinc app-google "$android:$APK/r.jar:$BUILD/phone:$BUILD/stubs" app/src/main/kotlin app/src/google/kotlin || true
    step "the README's snippets compile" snippets "$android:$APK/r.jar:$BUILD/phone:$BUILD/stubs" || true
    app_tests "$android:$APK/r.jar"
    package
}

resources() {
    aapt2 compile --dir app/src/main/res -o "$APK/res.zip"
    aapt2 link -o "$APK/base.apk" -I "$FRAMEWORK" --manifest app/src/main/AndroidManifest.xml --java "$APK/r" -0 tflite \
        --min-sdk-version 26 --target-sdk-version 35 --version-code "$(version code)" --version-name "$(version)" \
        -A "$(assets)" "$APK/res.zip"
    mkdir -p "$APK/r-classes"
    javac -d "$APK/r-classes" $(find "$APK/r" -name '*.java')
    (cd "$APK/r-classes" && zip -qr ../r.jar .)
}

# version [code]: of contract/VERSION; 1.2.3 becomes 10203.
version() {
    local name
    name=$(tr -d '[:space:]' < ../contract/VERSION)
    if [ "${1:-}" = code ]; then
        printf '%s' "$name" | tr -c '0-9\n' '.' | awk -F. '{ print $1 * 10000 + $2 * 100 + $3 }'
    else
        printf '%s' "$name"
    fi
}

# The bundle that ships, and what its embedder must say of known pictures; Gradle takes the same files.
assets() {
    local name
    mkdir -p "$APK/assets/bundle" "$APK/assets/golden"
    cp ../models/universal/bundle.json "$APK/assets/bundle/"
    for name in $(sed -n 's/^ *"file": *"\([^"]*\)".*/\1/p' ../models/universal/bundle.json); do
        cp "../models/universal/$name" "$APK/assets/bundle/"
    done
    cp ../contract/golden/embeddings-universal.json "$APK/assets/golden/embeddings.json"
    cp ../contract/golden/images/*.png "$APK/assets/golden/"
    printf '%s' "$APK/assets"
}

# What is Kotlin in the library is Kotlin here, so that properties and defaults are called as they will be.
stubs() {
    kotlinc stubs "$1" phone/stubs/kotlin
    javac -cp "$1:$BUILD/stubs" -d "$BUILD/stubs" $(find phone/stubs/java -name '*.java')
}

# Every block of Kotlin in the README, each as a file of its own.
snippets() {
    rm -rf "$BUILD/snippets-source"
    mkdir -p "$BUILD/snippets-source"
    awk -v folder="$BUILD/snippets-source" '
        /^```kotlin/ { n++; file = folder "/Snippet" n ".kt"; print "package snippet" n > file; next }
        /^```/ { file = "" }
        file { print > file }' README.md
    [ -e "$BUILD/snippets-source/Snippet1.kt" ] || { echo "no snippet in README.md"; return 1; }
    kotlinc snippets "$1" "$BUILD/snippets-source"
}

junit_jars() {
    printf '%s:' "$JARS"/{junit-platform-console-standalone,junit-jupiter-api,junit-jupiter-params,junit-jupiter-engine,junit-platform-commons,junit-platform-engine,junit-platform-launcher,junit-platform-reporting,junit-platform-console,opentest4j,apiguardian-api,picocli,univocity-parsers}.jar
}

# What of app/ and phone/ does not need a phone; Android's own classes are on the path, and throw when they are called.
app_tests() {
    local path
    path=$1:$BUILD/app:$BUILD/phone:$BUILD/stubs:$(junit_jars)$KOTLIN/lib/kotlin-test.jar:$KOTLIN/lib/kotlin-test-junit5.jar
    step "the app's tests compile" kotlinc app-tests "$path" app/src/test/kotlin || return 0
    jni || return 0
    start "app's tests" env POCKETSHELF_ANDROID="$HERE" POCKETSHELF_USEARCH_JNI="$BUILD/libpocketshelf_usearch.so" "$JDK17/bin/java" -XX:+UseSerialGC -cp "$BUILD/app-tests:$path" \
        org.junit.platform.console.ConsoleLauncher --disable-banner --details=summary --include-engine=junit-jupiter \
        --scan-classpath "$BUILD/app-tests"
    tests_end "app's tests"
}

# The phone's JNI over USearch, by this machine's compiler and library: the NDK builds the same file for a phone.
jni() {
    search_library
    step "the phone's JNI over USearch compiles (C)" "${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared \
        -I "$JDK17/include" -I "$JDK17/include/linux" -o "$BUILD/libpocketshelf_usearch.so" phone/src/main/cpp/usearch_jni.c \
        "$POCKETSHELF_USEARCH" "-Wl,-rpath,$(dirname "$POCKETSHELF_USEARCH")"
}
