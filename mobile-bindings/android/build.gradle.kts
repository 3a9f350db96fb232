// The Android library of which `cargo xtask package android` makes a Gradle module: beside this file
// it lays `src/main/jniLibs` (the library for each ABI) and `src/main/kotlin` (the face). In the
// app's project: include it in settings.gradle.kts and depend on it, or `gradle assembleRelease`
// here for an AAR.
plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "vanguard"
    compileSdk = 35
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    // Libraries stay uncompressed in the APK, at offsets that suit pages of 16 KB.
    packaging.jniLibs.useLegacyPackaging = false
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions.jvmTarget = "17"
}

dependencies {
    // The archive of JNA that has its own library for each ABI, with pages of 16 KB since 5.17.
    api("net.java.dev.jna:jna:5.18.1@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
}
