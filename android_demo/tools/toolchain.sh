# Sourced by ./check: where every tool comes from, and where it is kept. No Android SDK, no Gradle, no Google Maven.
#   Kotlin's compiler            npm's kotlin-compiler
#   JDK 17, JUnit, aapt2, …      the distribution's packages (Debian 12), installed where we may (root)
#   Android's API, the dexer     two packages of Debian 11: Android 6's jar is the newest that Debian has
#   JDK 25                       found on the machine (USearch is called through its foreign functions)
# Downloads are pinned by SHA-256 and kept in $TOOLCHAINS; what is there already is not fetched again.

KOTLIN_VERSION=2.4.20
KOTLIN_SHA256=c23dab400d7ce5ea8b6c909947c0ca5454189e4bb1108695b5f464500e5e950f
API_DEB=libandroid-23-java=6.0.1+r72-6
API_SHA256=8af1b6df556971dda0a6da3536ea526a838e0c363afcdd454213d8bce94793e3
DX_DEB=dalvik-exchange=10.0.0+r36-1
DX_SHA256=8fc128db7c27253d963eb9b33de79b197162a4749d2ba69019b2fd0664cbd7fe

TOOLCHAINS=${POCKETSHELF_TOOLCHAINS:-${XDG_CACHE_HOME:-$HOME/.cache}/pocketshelf/toolchains}
JARS=/usr/share/java
JDK17=
JDK25=

# unavailable WHY: no toolchain, so nothing was checked. A failure where it is required (the CI), else a
# skip that says so.
unavailable() {
    if [ "${POCKETSHELF_PHONES:-}" = required ]; then
        say "error: android_demo cannot be checked here: $1"
        exit 1
    fi
    printf '0 passed, 0 failed, skipped: %s\n' "$1"
    exit 0
}

# in_time COMMAND…: a network that hangs ends it.
in_time() { timeout --foreground -k 10 "$MOST" "$@"; }

# The distribution's packages that are missing, asked of the files that we use.
distribution_packages() {
    local missing=() pair
    for pair in /usr/bin/aapt2:aapt /usr/bin/apksigner:apksigner /usr/bin/zipalign:zipalign /usr/bin/dexdump:dexdump \
        "$JARS/junit-platform-console-standalone.jar:junit5" "$JARS/bcprov.jar:libbcprov-java" \
        "$JARS/sqlite-jdbc.jar:libxerial-sqlite-jdbc-java" "$JARS/asm-tree.jar:libasm-java" \
        "$FRAMEWORK:android-framework-res" \
        /usr/bin/cc:gcc /usr/bin/g++:g++ /usr/bin/unzip:unzip /usr/bin/zip:zip; do
        [ -e "${pair%%:*}" ] || missing+=("${pair##*:}")
    done
    find_jdk 17 >/dev/null || missing+=(openjdk-17-jdk-headless)
    command -v npm >/dev/null || [ -e "$KOTLIN/lib/kotlin-compiler.jar" ] || missing+=(npm)
    [ ${#missing[@]} = 0 ] && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || unavailable "missing packages, and no right to install them: ${missing[*]}"
    say "installing ${missing[*]}"
    { in_time apt-get update -qq && DEBIAN_FRONTEND=noninteractive in_time apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        > "$LOGS/apt.log" 2>&1 || unavailable "apt-get install ${missing[*]}: $(grep '^E:' "$LOGS/apt.log" | head -n 1)"
}
FRAMEWORK=/usr/share/android-framework-res/framework-res.apk

# find_jdk VERSION: the home of a JDK of that version.
find_jdk() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        if [ -x "$home/bin/javac" ] && grep -qs "^JAVA_VERSION=\"$1[.\"]" "$home/release"; then
            printf '%s' "$home"
            return
        fi
    done
    return 1
}

# checked FILE SHA256: whether it is what was pinned.
checked() { printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

kotlin() {
    [ -e "$KOTLIN/lib/kotlin-compiler.jar" ] && return
    say "fetching kotlin-compiler $KOTLIN_VERSION (90 MB, once)"
    local work=$SCRATCH/kotlin
    mkdir -p "$work"
    (cd "$work" && in_time npm pack --loglevel=error "kotlin-compiler@$KOTLIN_VERSION") > "$LOGS/npm.log" 2>&1 ||
        unavailable "npm pack kotlin-compiler@$KOTLIN_VERSION: $(grep -m 1 -i 'npm err' "$LOGS/npm.log")"
    checked "$work"/kotlin-compiler-*.tgz "$KOTLIN_SHA256" || { say "error: kotlin-compiler is not the file that was pinned"; exit 1; }
    tar -xzf "$work"/kotlin-compiler-*.tgz -C "$work"
    rm -rf "$KOTLIN"
    mv "$work/package" "$KOTLIN"
    ln -sfn "$(basename "$KOTLIN")" "$TOOLCHAINS/kotlin" # Where ./compile looks.
}

# Android's API jar and the dexer, out of Debian 11's packages, which are unpacked and not installed.
android() {
    [ -e "$ANDROID/android.jar" ] && [ -e "$ANDROID/dx.jar" ] && return
    say "fetching Android's API and the dexer (15 MB, once)"
    local work=$SCRATCH/android mirror options
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 -E '/debian/?$') ||
        unavailable "apt knows no Debian mirror"
    mkdir -p "$work"/{lists/partial,cache/archives/partial}
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bullseye main\n' "$mirror" > "$work/sources.list"
    options=(-qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o Acquire::Languages=none -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
        -o APT::Sandbox::User="$(id -un)")
    (cd "$work" && in_time apt-get "${options[@]}" update && in_time apt-get "${options[@]}" download "$API_DEB" "$DX_DEB") > "$LOGS/android.log" 2>&1 ||
        unavailable "Debian 11's $API_DEB: $(grep -E '^[EW]:' "$LOGS/android.log" | head -n 1)"
    checked "$work"/libandroid-23-java_*.deb "$API_SHA256" && checked "$work"/dalvik-exchange_*.deb "$DX_SHA256" ||
        { say "error: Debian 11's packages are not the files that were pinned"; exit 1; }
    dpkg-deb -x "$work"/libandroid-23-java_*.deb "$work/tree"
    dpkg-deb -x "$work"/dalvik-exchange_*.deb "$work/tree"
    mkdir -p "$ANDROID"
    install -m 644 "$work"/tree/usr/share/java/com.android.dx-*.jar "$ANDROID/dx.jar"
    install -m 644 "$work/tree/usr/share/java/com.android.android-23.jar" "$ANDROID/android.jar"
}

toolchain() {
    KOTLIN=$TOOLCHAINS/kotlin-$KOTLIN_VERSION
    ANDROID=$TOOLCHAINS/android-23
    mkdir -p "$TOOLCHAINS" "$LOGS"
    SCRATCH=$(mktemp -d "$TOOLCHAINS/scratch.XXXXXX")
    trap 'end_all; rm -rf "$SCRATCH"' EXIT
    distribution_packages
    JDK17=$(find_jdk 17) || unavailable "no JDK 17"
    JDK25=$(find_jdk 25) || unavailable "no JDK 25 (USearch is called through its foreign functions)"
    kotlin
    android
}
