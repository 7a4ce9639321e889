//! Build script of every crate whose binaries or tests link libtorch: writes the library folder into
//! them as their run-time path, so that they run without an environment variable.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-env-changed=POLARIS_LIBTORCH_RPATH");
    // An image that keeps libtorch elsewhere at run time than at build time says so here.
    if let Some(folder) = std::env::var_os("POLARIS_LIBTORCH_RPATH") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", PathBuf::from(folder).display());
        return;
    }
    let Some(folder) = std::env::var_os("LIBTORCH").map(PathBuf::from) else {
        println!("cargo:warning=LIBTORCH is not set; run scripts/setup_libtorch.py");
        return;
    };
    match folder.join("lib").canonicalize() {
        Ok(libraries) => println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display()),
        Err(error) => println!(
            "cargo:warning={} has no lib folder ({error}); run scripts/setup_libtorch.py",
            folder.display()
        ),
    }
}
