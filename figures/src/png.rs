//! SVG text as PNG.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

use crate::FigureError;

/// The most pixels a PNG may have, 4 bytes each while it is drawn.
pub const MOST_PIXELS: u64 = 64_000_000;

/// Draws an SVG picture as PNG, `scale` pixels for each of its units, with the fonts of the system.
///
/// # Errors
///
/// [`FigureError::NoFont`] on a system without a font, [`FigureError::Svg`] if the text is no SVG picture,
/// [`FigureError::Scale`] for a scale that is no number above 0, [`FigureError::TooLarge`] beyond [`MOST_PIXELS`].
pub fn render(svg: &str, scale: f32) -> Result<Vec<u8>, FigureError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(FigureError::Scale { scale });
    }
    let fonts = system_fonts();
    if fonts.is_empty() {
        return Err(FigureError::NoFont);
    }
    let options = usvg::Options { fontdb: Arc::clone(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let mut pixels = blank(tree.size(), scale)?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| FigureError::Png(error.to_string()))
}

/// A transparent picture of `size` at `scale`.
fn blank(size: usvg::Size, scale: f32) -> Result<tiny_skia::Pixmap, FigureError> {
    let width = (f64::from(size.width()) * f64::from(scale)).ceil().max(1.0);
    let height = (f64::from(size.height()) * f64::from(scale)).ceil().max(1.0);
    let too_large = FigureError::TooLarge { width, height, limit: MOST_PIXELS };
    if width * height > MOST_PIXELS as f64 {
        return Err(too_large);
    }
    tiny_skia::Pixmap::new(width as u32, height as u32).ok_or(too_large)
}

/// The system's fonts, read once, with a sans-serif family that is among them.
pub(crate) fn system_fonts() -> &'static Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_system_fonts();
        if let Some(family) = sans_serif(&fonts) {
            fonts.set_sans_serif_family(family);
        }
        Arc::new(fonts)
    })
}

/// A family that stands for `sans-serif`, else the first there is: text in a family that is not there is not drawn.
fn sans_serif(fonts: &usvg::fontdb::Database) -> Option<String> {
    let families = || fonts.faces().flat_map(|face| face.families.iter().map(|(name, _)| name.as_str()));
    ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial"]
        .into_iter()
        .find(|wanted| families().any(|name| name == *wanted))
        .or_else(|| families().next())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
