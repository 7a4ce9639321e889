//! Pictures of sequences as SVG and PNG: attribution maps with their motifs, and sequence logos. What comes in are
//! plain numbers, letters and labels.
//!
//! - [`Figure`]: one value per base over one or more aligned panels, such as a window's Grad-CAM map with reference and
//!   alternate, as heat strip, curve and clusters, and as letters around the place of interest.
//! - [`Logo`] and [`LogoComparison`]: position weight matrices.
//! - [`png::render`]: the SVG text of any of them as PNG.
//!
//! No text of a picture touches another: titles wrap or end in an ellipsis, and labels without room are left out. Any
//! number may come in; those that are not finite are drawn as missing.
//!
//! ```
//! use polaris_figures::{Figure, Panel, XAxis};
//!
//! let figure = Figure {
//!     title: "RBFOX2.K562".to_owned(),
//!     x_axis: XAxis::falling("chr11, minus strand", 5_226_571),
//!     panels: vec![Panel::new("reference", "logit", b"UUGCAUGUU".to_vec(), vec![0.1; 9])],
//!     highlight: Some(4..5),
//!     ..Figure::default()
//! };
//! let svg = figure.to_svg()?;
//! assert!(svg.starts_with("<svg"));
//! # Ok::<(), polaris_figures::FigureError>(())
//! ```

mod area;
mod axis;
mod canvas;
mod colour_map;
mod coordinates;
mod error;
mod figure;
mod heading;
mod letters;
mod logo;
pub mod png;
mod scale;
#[cfg(test)]
mod testing;
mod text;
mod theme;

pub use coordinates::XAxis;
pub use error::FigureError;
pub use figure::{Cluster, Figure, Panel};
pub use letters::{Glyph, glyph};
pub use logo::{Alphabet, Logo, LogoComparison};
