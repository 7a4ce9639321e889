//! Where tensors live, and how libtorch is set up for it.

use std::fmt;
use std::str::FromStr;

/// The device that calculates.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU, by its index.
    Cuda(usize),
}

/// A device that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Not a device's name.
    #[error("{0:?} is no device; use cpu, cuda or cuda:N")]
    Name(String),
    /// The CUDA part of libtorch could not be loaded.
    #[error(
        "libtorch_cuda.so could not be loaded ({0}); install the CUDA build of libtorch 2.11.0 and put its lib folder on the library path"
    )]
    Library(libloading::Error),
    /// There is no such GPU.
    #[error("{device} is not available: libtorch sees {count} CUDA devices")]
    Absent {
        /// The device asked for.
        device: Device,
        /// GPUs that libtorch sees.
        count: i64,
    },
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| DeviceError::Name(text.to_owned())),
        }
    }
}

impl Device {
    /// Makes the device usable. For CUDA this loads the CUDA part of libtorch, which binaries are not
    /// linked against so that one binary serves both; it must come before any other call of this crate.
    ///
    /// # Errors
    /// If the CUDA library or the GPU is missing.
    pub fn prepare(self) -> Result<(), DeviceError> {
        let Self::Cuda(index) = self else { return Ok(()) };
        load_cuda_library().map_err(DeviceError::Library)?;
        let count = tch::Cuda::device_count();
        if i64::try_from(index).is_ok_and(|index| index < count) {
            Ok(())
        } else {
            Err(DeviceError::Absent { device: self, count })
        }
    }

    /// Free memory of a GPU in bytes, after [`Device::prepare`]; `None` for the processor, or if CUDA does not say.
    pub fn free_bytes(self) -> Option<u64> {
        self.memory().map(|memory| memory.free)
    }

    /// Memory of a GPU that is taken in bytes, by whatever process, after [`Device::prepare`]; `None` for the processor,
    /// or if CUDA does not say.
    pub fn taken_bytes(self) -> Option<u64> {
        self.memory().map(|memory| memory.total.saturating_sub(memory.free))
    }

    fn memory(self) -> Option<CudaMemory> {
        let Self::Cuda(index) = self else { return None };
        cuda_memory(i32::try_from(index).ok()?)
    }

    pub(crate) fn torch(self) -> tch::Device {
        match self {
            Self::Cpu => tch::Device::Cpu,
            Self::Cuda(index) => tch::Device::Cuda(index),
        }
    }
}

#[expect(unsafe_code, reason = "dlopen runs the library's initializers")]
fn load_cuda_library() -> Result<(), libloading::Error> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    // SAFETY: the initializers of libtorch_cuda register its kernels and touch nothing of ours.
    let library = unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) }?;
    // The registered kernels are used until the process ends.
    std::mem::forget(library);
    Ok(())
}

/// Memory of a GPU in bytes.
struct CudaMemory {
    free: u64,
    total: u64,
}

/// What the CUDA runtime that libtorch loaded says; libtorch has no function for it that Rust can call.
#[expect(unsafe_code, reason = "functions of the CUDA runtime are found by name")]
fn cuda_memory(index: i32) -> Option<CudaMemory> {
    use libloading::os::unix::{Library, Symbol};
    let program = Library::this();
    // SAFETY: these are the runtime's functions of these names with the types that its documentation gives; both
    // pointers are to integers that live through the call.
    unsafe {
        let set_device: Symbol<unsafe extern "C" fn(i32) -> i32> = program.get(b"cudaSetDevice").ok()?;
        let memory: Symbol<unsafe extern "C" fn(*mut usize, *mut usize) -> i32> =
            program.get(b"cudaMemGetInfo").ok()?;
        let (mut free, mut total) = (0usize, 0usize);
        let told = set_device(index) == 0 && memory(&raw mut free, &raw mut total) == 0;
        told.then_some(CudaMemory { free: free as u64, total: total as u64 })
    }
}

/// Sets the threads that libtorch uses within one operation.
pub fn set_threads(count: usize) {
    tch::set_num_threads(i32::try_from(count.max(1)).unwrap_or(i32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, device) in [("cpu", Device::Cpu), ("cuda:3", Device::Cuda(3))] {
            assert_eq!(name.parse::<Device>().unwrap(), device);
            assert_eq!(device.to_string(), name);
        }
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for bad in ["", "gpu", "cuda:", "cuda:x", "CPU"] {
            assert!(bad.parse::<Device>().is_err(), "{bad}");
        }
    }

    #[test]
    fn cuda_is_refused_where_there_is_none() {
        if tch::Cuda::device_count() == 0 {
            assert!(Device::Cuda(0).prepare().is_err());
            assert_eq!(Device::Cuda(0).free_bytes(), None);
        }
    }
}
