# Sourced by ../check: a Swift toolchain, found or made. It sets SWIFT_ROOT ("" for a native one) and defines
# `in_toolchain FOLDER COMMAND…`, which runs a command there with $CHECKOUT at its own path.
# shellcheck shell=bash

TOOLCHAINS=${POCKETSHELF_TOOLCHAINS:-${XDG_CACHE_HOME:-$HOME/.cache}/pocketshelf/toolchains}
SWIFT_SUITE=trixie
# The compiler, what the core links, and certificates for its URLSession.
SWIFT_PACKAGES=swiftlang,libc6-dev,libsqlite3-dev,libsodium-dev,zlib1g-dev,ca-certificates
SWIFT_ROOT=

# A native toolchain is taken where there is one: macOS with Xcode, or a system that has swift and the libraries.
native_swift() {
    command -v swift >/dev/null || return 1
    local header
    [ "$(uname -s)" = Darwin ] && return
    for header in sodium sqlite3 zlib; do [ -e "/usr/include/$header.h" ] || return 1; done
}

# The mirror that this machine's own apt uses; nothing else is asked.
own_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1
}

# make_root FOLDER: Debian's swiftlang in a folder of its own. It appears under its name only when it is whole.
make_root() {
    local mirror part=$1.part log=$1.log
    [ "$(uname -s)" = Linux ] || { echo "no swift here, and a Debian chroot needs Linux"; return 1; }
    [ "$(id -u)" = 0 ] || { echo "no swift here, and making a Debian chroot needs root"; return 1; }
    unshare -m true 2>/dev/null || { echo "no swift here, and this system allows no mount namespace (unshare -m)"; return 1; }
    mirror=$(own_mirror)
    [ -n "$mirror" ] || { echo "no swift here, and apt names no Debian mirror"; return 1; }
    if ! command -v debootstrap >/dev/null; then
        { timeout --foreground 1800 apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive timeout --foreground 1800 apt-get install -y -qq --no-install-recommends debootstrap; } \
            >/dev/null 2>&1 || { echo "debootstrap cannot be installed"; return 1; }
    fi
    printf 'making a Debian %s with swiftlang in %s (once; about two minutes, 3.5 GB)\n' "$SWIFT_SUITE" "$1" >&2
    rm -rf --one-file-system "$part"
    # debootstrap mounts /proc inside; in a namespace of its own that is gone with it.
    unshare -m --propagation private timeout --foreground 3600 debootstrap --variant=minbase --include="$SWIFT_PACKAGES" \
        "$SWIFT_SUITE" "$part" "$mirror" >"$log" 2>&1 || {
        echo "debootstrap of $SWIFT_SUITE failed: $(grep -E '^[EW]:' "$log" | tail -n 1); its log is $log"
        return 1
    }
    rm -rf "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*
    # Its libraries are found by way of /proc, so it runs as the check runs it.
    SWIFT_ROOT=$part in_toolchain "$CHECKOUT" swift --version >/dev/null 2>>"$log" || {
        echo "the swift that was installed does not run: $(tail -n 1 "$log")"
        return 1
    }
    mv "$part" "$1"
}

# find_toolchain: 0 when in_toolchain works; else the reason on standard output, 1.
find_toolchain() {
    native_swift && return
    local root
    # Another list of packages is another folder.
    root=$TOOLCHAINS/swift-$SWIFT_SUITE-$(printf '%s' "$SWIFT_PACKAGES" | cksum | cut -d ' ' -f 1)
    mkdir -p "$TOOLCHAINS" || { echo "$TOOLCHAINS cannot be written"; return 1; }
    if [ ! -d "$root" ]; then
        # Two checks at once make one.
        exec 8>"$root.lock"
        flock -w 3600 8 || { echo "another check has been making $root for an hour"; return 1; }
        [ -d "$root" ] || make_root "$root" || return 1
        exec 8>&-
    fi
    SWIFT_ROOT=$root
}

# in_toolchain FOLDER COMMAND…: in the chroot with /proc and the checkout mounted in a private namespace, so that nothing
# stays mounted however this ends.
in_toolchain() {
    local folder=$1
    shift
    if [ -z "$SWIFT_ROOT" ]; then
        (cd "$folder" && "$@")
        return
    fi
    # shellcheck disable=SC2016  # The inner shell expands these.
    unshare -m --propagation private sh -c '
        root=$1 checkout=$2 folder=$3
        shift 3
        # An empty folder of the same name stays in the root; nothing else does.
        mkdir -p "$root/proc" "$root/dev" "$root$checkout"
        mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" && mount --bind "$checkout" "$root$checkout" || exit 125
        exec chroot "$root" /usr/bin/env -i -C "$folder" PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 "$@"
    ' sh "$SWIFT_ROOT" "$CHECKOUT" "$folder" "$@"
}
