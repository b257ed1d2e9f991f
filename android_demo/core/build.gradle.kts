// Plain Kotlin over Java 8's API, which Android 8 has.
plugins {
    id("org.jetbrains.kotlin.jvm")
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8)
        freeCompilerArgs.add("-Xjdk-release=8")
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
}

// contract/sql travels as Java resources, word for word.
tasks.processResources {
    from(rootDir.resolve("../contract/sql")) { into("contract/sql") }
}

// The core's tests need desktop/ (JDBC): `android_demo/check core` runs them.
sourceSets.test { kotlin.setSrcDirs(emptyList<String>()) }
