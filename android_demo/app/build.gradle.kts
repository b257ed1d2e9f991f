// Two flavours: `google` brings camera and runtimes (phone/), `plain` is what `android_demo/check` packs.
plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

val contract = rootDir.resolve("../contract")
val version = contract.resolve("VERSION").readText().trim()

android {
    namespace = "org.pocketshelf.demo"
    compileSdk = 35

    defaultConfig {
        applicationId = "org.pocketshelf.demo"
        minSdk = 26
        targetSdk = 35
        versionName = version
        versionCode = version.split(".").map(String::toInt).let { (major, minor, patch) -> major * 10_000 + minor * 100 + patch }
    }
    flavorDimensions += "parts"
    productFlavors {
        create("google") { dimension = "parts" }
        create("plain") { dimension = "parts" }
    }
    sourceSets {
        getByName("main") {
            kotlin.srcDir("src/main/kotlin")
            assets.srcDir(layout.buildDirectory.dir("contract-assets"))
        }
        getByName("google") { kotlin.srcDir("src/google/kotlin") }
        getByName("plain") { kotlin.srcDir("src/plain/kotlin") }
    }
    androidResources { noCompress += "tflite" } // Mapped into memory as it lies there.
    packaging { jniLibs { useLegacyPackaging = false } } // Uncompressed and aligned to 16 KB.
    buildTypes {
        getByName("release") { isMinifyEnabled = true; proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "rules.pro") }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
    lint { warningsAsErrors = false }
}

// The bundle that ships and its golden vectors, as `android_demo/check` packs them.
val contractAssets by tasks.registering(Sync::class) {
    into(layout.buildDirectory.dir("contract-assets"))
    from(rootDir.resolve("../models/universal")) {
        include("bundle.json", "*.tflite", "outfit.npz")
        into("bundle")
    }
    from(contract.resolve("golden/embeddings-universal.json")) {
        rename { "embeddings.json" }
        into("golden")
    }
    from(contract.resolve("golden/images")) {
        include("*.png")
        into("golden")
    }
}
tasks.named("preBuild") { dependsOn(contractAssets) }

kotlin { compilerOptions { jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8) } }

dependencies {
    implementation(project(":core"))
    implementation(project(":signatures"))
    "googleImplementation"(project(":phone"))
}
