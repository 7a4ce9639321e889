//! Memory that goes back to the system.

/// Makes the C library return what a set of models took when another has taken its place.
///
/// By itself it moves its threshold up to the largest block that was freed, up to 32 MiB, and so keeps the weights of
/// replaced models among blocks that are still in use: a server that reloads again and again grows. A threshold that
/// was set once stays. Other C libraries have no such threshold.
pub(crate) fn return_freed_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (parameter, bytes) in [(libc::M_MMAP_THRESHOLD, 1 << 20), (libc::M_TRIM_THRESHOLD, 1 << 17)] {
        set(parameter, bytes);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the standard library has no word for the allocator of the C library")]
fn set(parameter: libc::c_int, value: libc::c_int) {
    // SAFETY: any values may be passed, at any time; those out of range are refused, which leaves the defaults.
    let _ = unsafe { libc::mallopt(parameter, value) };
}
