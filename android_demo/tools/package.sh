# Sourced by ./check: classes → dex → a signed APK, and what must hold of it.

package() {
    step "every class of Java that is called is in Android 8" java_of_android || true
    step "lambdas are written as classes" desugared || return 0
    tests_end "core's tests"
    start "core's tests on the classes of the APK" tests_on_desugared
    step "the classes are dexed" dexed || return 0
    tests_end "core's tests on the classes of the APK"
    step "the APK is packed, aligned and signed" signed || return 0
    step "its signature verifies, for Android 8 and later" verified || true
    step "a copy with one other byte of code is refused" refused_byte || true
    step "a copy with one file more is refused" refused_file || true
    step "a copy signed by another key is known as another's" other_signer || true
    step "the manifest says what it should" manifest || true
    step "the dex holds app, core, Ed25519 and no invokedynamic" dex_holds || true
    step "contract's SQL, the bundle and no native code are in it" holds || true
    say "        $(du -h "$APK/pocketshelf.apk" | cut -f1) $APK/pocketshelf.apk"
}

# Java's classes in Android 8 beside those of Android 6's jar, by developer.android.com/reference ("added in API level").
ADDED=(java.lang.FunctionalInterface java.lang.invoke. java.io.UncheckedIOException java.nio.file. java.time. java.util.Base64
    java.util.Optional java.util.PrimitiveIterator java.util.Spliterator java.util.StringJoiner java.util.concurrent.Complet
    java.util.concurrent.atomic.LongAdder java.util.concurrent.atomic.DoubleAdder java.util.function. java.util.stream.)

# Java 8's API, which ours are compiled against, is a little more than Android has.
java_of_android() {
    local called unknown
    called=$("$JDK17/bin/jdeps" -v --multi-release base -cp "$JARS/bcprov.jar:$KOTLIN/lib/kotlin-stdlib.jar:$ANDROID/android.jar" \
        "$BUILD/core" "$BUILD/signatures" "$BUILD/app" "$BUILD/phone" 2>/dev/null |
        sed -n 's/^ \{3,\}[^ ]* *-> \(javax\{0,1\}\.[^ ]*\) .*/\1/p' | LC_ALL=C sort -u)
    [ "$(printf '%s\n' "$called" | wc -l)" -gt 50 ]
    unknown=$(printf '%s\n' "$called" | grep -vFf <(printf '%s\n' "${ADDED[@]}") |
        LC_ALL=C comm -23 - <(unzip -Z1 "$ANDROID/android.jar" '*.class' | sed 's/\.class$//; s|/|.|g' | LC_ALL=C sort)) || true
    [ -z "$unknown" ] || { echo "not in Android 8: $unknown"; return 1; }
}

# Our classes, Kotlin's library, and of BouncyCastle what ours reach.
desugared() {
    local provider
    provider=$(readlink -f "$JARS/bcprov.jar")
    "$JDK17/bin/jdeps" --multi-release base -v -R -cp "$provider:$KOTLIN/lib/kotlin-stdlib.jar" "$BUILD/core" "$BUILD/signatures" 2>/dev/null |
        sed -n 's/^ *[^ ]* *-> \(org\.bouncycastle\.[^ ]*\).*/\1/p' | sort -u | tr . / | sed 's/$/.class/' > "$APK/bouncy.list"
    [ -s "$APK/bouncy.list" ]
    mkdir -p "$APK/bouncy"
    (cd "$APK/bouncy" && unzip -qo "$provider" -x 'META-INF/*' && find . -name '*.class' | sed 's|^\./||' | sort |
        comm -23 - <(LC_ALL=C sort "$APK/bouncy.list") | xargs rm -f)
    wc -l < "$APK/bouncy.list"
    "$JDK17/bin/java" -cp "$JARS/asm.jar:$JARS/asm-tree.jar" tools/Desugar.java "$APK/classes" "$KOTLIN/lib/kotlin-stdlib.jar" \
        "$BUILD/core" "$BUILD/signatures" "$BUILD/app" "$APK/r-classes" "$APK/bouncy"
    mkdir -p "$APK/classes-resources"
    cp -r "$BUILD/core/contract" "$APK/classes-resources/"
}

# The core's tests once more, now on what goes into the APK: the desugarer changed it, Kotlin's library included.
tests_on_desugared() {
    local jni
    jni=$(dirname "$(ls /usr/lib/*/jni/libsqlitejdbc.so /usr/lib/jni/libsqlitejdbc.so 2>/dev/null | head -n 1)")
    POCKETSHELF_CONTRACT=$(cd ../contract && pwd) "$JDK25/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
        --add-modules jdk.incubator.vector "-Dorg.sqlite.lib.path=$jni" \
        -cp "$APK/classes:$APK/classes-resources:$BUILD/desktop:$BUILD/tests:$JARS/sqlite-jdbc.jar:$JARS/bcprov.jar:$(junit_jars)$KOTLIN/lib/kotlin-test.jar:$KOTLIN/lib/kotlin-test-junit5.jar" \
        org.junit.platform.console.ConsoleLauncher --disable-banner --details=summary --include-engine=junit-jupiter \
        --scan-classpath "$BUILD/tests"
}

# For Android 7.1: there the dexer refuses an invokedynamic that is left, which no Android could run.
dexed() {
    mkdir -p "$APK/dex"
    "$JDK17/bin/java" -Xmx2g -XX:+UseSerialGC -cp "$ANDROID/dx.jar" com.android.dx.command.Main --dex --multi-dex \
        --min-sdk-version=25 --output="$APK/dex" "$APK/classes"
}

signed() {
    cp "$APK/base.apk" "$APK/unaligned.apk"
    (cd "$APK/dex" && zip -q ../unaligned.apk ./*.dex)
    (cd "$APK/classes-resources" && zip -qr ../unaligned.apk contract)
    zipalign -f -p 4 "$APK/unaligned.apk" "$APK/aligned.apk"
    key_of ours
    sign ours "$APK/aligned.apk" "$APK/pocketshelf.apk"
    zipalign -c -p 4 "$APK/pocketshelf.apk"
}

# A key for this build alone; a shop signs with its own.
key_of() {
    rm -f "$APK/$1.p12"
    "$JDK17/bin/keytool" -genkeypair -keystore "$APK/$1.p12" -storetype PKCS12 -storepass pocketshelf -alias "$1" \
        -keyalg EC -groupname secp256r1 -validity 2 -dname "CN=Pocketshelf check $1"
}

sign() { apksigner sign --ks "$APK/$1.p12" --ks-pass pass:pocketshelf --min-sdk-version 26 --out "$3" "$2"; }

verify() { apksigner verify --min-sdk-version 26 "$@"; }

verified() {
    verify -v "$APK/pocketshelf.apk"
    [ "$(signer "$APK/pocketshelf.apk")" = "$(certificate ours)" ]
}

# The SHA-256 of the certificate that an APK is signed by, and that of a key.
signer() { verify --print-certs "$1" | sed -n 's/^Signer #1 certificate SHA-256 digest: //p'; }
certificate() {
    "$JDK17/bin/keytool" -exportcert -keystore "$APK/$1.p12" -storepass pocketshelf -alias "$1" | sha256sum | cut -d ' ' -f 1
}

# A byte in the middle of the code, so that the archive stays whole and only the signature can tell.
refused_byte() {
    local size
    cp "$APK/pocketshelf.apk" "$APK/tampered.apk"
    size=$(stat -c %s "$APK/tampered.apk")
    "$JDK17/bin/java" tools/Tamper.java "$APK/tampered.apk" classes.dex
    # Whatever follows a `!`, or stands before `&&`, may fail without ending a function.
    [ "$(stat -c %s "$APK/tampered.apk")" = "$size" ] && ! cmp -s "$APK/pocketshelf.apk" "$APK/tampered.apk" || return 1
    refuses "$APK/tampered.apk"
}

refused_file() {
    cp "$APK/pocketshelf.apk" "$APK/added.apk"
    echo intruder > "$APK/intruder.txt"
    (cd "$APK" && zip -q added.apk intruder.txt)
    refuses "$APK/added.apk"
}

# Refused, and for its signature's sake.
refuses() {
    local said
    if said=$(verify "$1" 2>&1); then
        echo "was accepted: $1"
        return 1
    fi
    printf '%s\n' "$said"
    grep -qiE 'digest|signature|signing block|DOES NOT VERIFY' <<< "$said"
}

other_signer() {
    key_of another
    sign another "$APK/aligned.apk" "$APK/another.apk"
    [ "$(signer "$APK/another.apk")" = "$(certificate another)" ]
    [ "$(certificate another)" != "$(certificate ours)" ]
    [ "$(signer "$APK/another.apk")" != "$(signer "$APK/pocketshelf.apk")" ]
}

manifest() {
    local said
    said=$(aapt dump badging "$APK/pocketshelf.apk" && aapt dump xmltree "$APK/pocketshelf.apk" AndroidManifest.xml)
    printf '%s\n' "$said"
    says "$said" "package: name='org.pocketshelf.demo'" "versionName='$(version)'" "sdkVersion:'26'" "targetSdkVersion:'35'" \
        "launchable-activity: name='org.pocketshelf.demo.camera.CameraActivity'" "application-label-de:" "application-label-zh:" \
        'android:allowBackup(0x01010280)=(type 0x12)0x0' 'android:networkSecurityConfig'
    local asked
    asked=$(printf '%s\n' "$said" | sed -n "s/^uses-permission: name='android.permission.\(.*\)'.*/\1/p" | sort | tr '\n' ' ')
    [ "$asked" = "ACCESS_NETWORK_STATE CAMERA INTERNET " ] || { echo "permissions: $asked"; return 1; }
    ! grep -q application-debuggable <<< "$said"
}

# says TEXT WANTED…: whether all are in it.
says() {
    local text=$1 each
    shift
    for each; do
        grep -qF -- "$each" <<< "$text" || { echo "missing: $each"; return 1; }
    done
}

dex_holds() {
    local each
    : > "$APK/dump.txt"
    for each in "$APK"/dex/*.dex; do dexdump -d "$each" >> "$APK/dump.txt"; done
    for each in org/pocketshelf/demo/camera/CameraActivity org/pocketshelf/demo/R\$layout org/pocketshelf/core/formats/StrictJson \
        org/bouncycastle/math/ec/rfc8032/Ed25519 kotlin/Unit; do
        grep -qF "Class descriptor  : 'L$each;'" "$APK/dump.txt" || { echo "missing: $each"; return 1; }
    done
    ! grep -qE 'invoke-(custom|polymorphic)' "$APK/dump.txt" || { echo "an invokedynamic is left"; return 1; }
    rm "$APK/dump.txt"
}

holds() {
    local names
    names=$(unzip -Z1 "$APK/pocketshelf.apk")
    says "$names" classes.dex resources.arsc contract/sql/apply_delta.sql assets/bundle/bundle.json assets/bundle/embedder.tflite
    # 16 KB pages are a matter of native code; there is none in this APK (phone/'s libraries bring theirs).
    ! grep -q '\.so$' <<< "$names" || { echo "native code is in it"; return 1; }
    cmp <(unzip -p "$APK/pocketshelf.apk" contract/sql/apply_delta.sql) ../contract/sql/apply_delta.sql
}
