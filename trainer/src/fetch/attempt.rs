//! One attempt to get a file, or the rest of it.

use std::io::{self, Read};

use ureq::Body;
use ureq::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, LAST_MODIFIED};
use ureq::http::{Response, StatusCode};

use super::checksum::Expected;
use super::client::{Client, Rest, Trouble, trouble_of_status};
use super::error::FetchError;
use super::partial::{Origin, Partial};
use super::progress::FileProgress;

/// Where a file comes from and what it should be.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) client: &'a Client,
    /// After mirrors.
    pub(super) address: &'a str,
    pub(super) expected: &'a Expected,
}

/// What to do about bytes that are there.
enum Plan {
    /// They are all.
    Verify,
    /// Ask for the rest.
    Continue,
    /// Begin anew: nothing tells whether the rest would be of the same file.
    Restart,
}

impl Source<'_> {
    /// Gets what is missing.
    ///
    /// # Errors
    /// Trouble; what has arrived is kept, for the next attempt or run.
    pub(super) fn attempt(&self, partial: &mut Partial, progress: &FileProgress<'_>) -> Result<(), Trouble> {
        progress.at(partial.length());
        match self.plan(partial) {
            Plan::Verify => return Ok(()),
            Plan::Continue => {
                let origin = partial.origin().filter(|origin| origin.address == self.address);
                let rest = Rest { start: partial.length(), validator: origin.and_then(Origin::validator) };
                let response = self.client.get(self.address, Some(rest))?;
                match response.status() {
                    StatusCode::PARTIAL_CONTENT if self.continues(&response, partial) => {
                        partial.resume();
                        return receive(response, partial, progress);
                    }
                    // Another range than asked for, of another version, or of none: begin anew.
                    StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {}
                    _ => return self.begin(response, partial, progress),
                }
            }
            Plan::Restart => {}
        }
        self.begin(self.client.get(self.address, None)?, partial, progress)
    }

    fn plan(&self, partial: &Partial) -> Plan {
        let length = partial.length();
        let origin = partial.origin();
        let same_address = origin.is_some_and(|origin| origin.address == self.address);
        let verifiable = self.expected.has_checksum();
        let size_bytes = self.expected.size_bytes.or(origin.and_then(|origin| origin.size_bytes));
        let validated = same_address && origin.and_then(Origin::validator).is_some();
        if length == 0 || size_bytes.is_some_and(|size| length > size) || !(validated || verifiable) {
            Plan::Restart
        } else if size_bytes == Some(length) {
            Plan::Verify
        } else {
            Plan::Continue
        }
    }

    /// Whether an answer is the rest of what is there.
    fn continues(&self, response: &Response<Body>, partial: &Partial) -> bool {
        let Some((start, size_bytes)) = header(response, CONTENT_RANGE).and_then(parse_content_range) else {
            return false;
        };
        let origin = partial.origin().filter(|origin| origin.address == self.address);
        let known_size = origin.and_then(|origin| origin.size_bytes).or(self.expected.size_bytes);
        let same_size = known_size.is_none() || size_bytes.is_none() || known_size == size_bytes;
        // A server that does not heed If-Range may still say of which version the rest is.
        let known_tag = origin.and_then(|origin| origin.etag.as_deref());
        let tag = strong_tag(response);
        let same_tag = known_tag.is_none() || tag.is_none() || known_tag == tag;
        let known_date = origin.and_then(|origin| origin.last_modified.as_deref());
        let date = header(response, LAST_MODIFIED);
        let same_date = known_tag.is_some() || known_date.is_none() || date.is_none() || known_date == date;
        let same_version = same_tag && same_date;
        start == partial.length() && same_size && same_version
    }

    /// A whole file begins.
    fn begin(
        &self,
        response: Response<Body>,
        partial: &mut Partial,
        progress: &FileProgress<'_>,
    ) -> Result<(), Trouble> {
        if response.status() != StatusCode::OK {
            return Err(trouble_of_status(&response));
        }
        let encoding = header(&response, CONTENT_ENCODING).unwrap_or("identity");
        // Some servers call a file that is stored as gzip an encoded one.
        let stored = partial.holds_gzip() && ["gzip", "x-gzip"].contains(&encoding);
        if encoding != "identity" && !stored {
            return Err(FetchError::Encoded(encoding.to_owned()).into());
        }
        let size_bytes = header(&response, CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if let (Some(expected), Some(found)) = (self.expected.size_bytes, size_bytes)
            && expected != found
        {
            return Err(FetchError::WrongSize { expected, found, authority: self.expected.authority }.into());
        }
        let origin = Origin {
            address: self.address.to_owned(),
            etag: strong_tag(&response).map(str::to_owned),
            last_modified: header(&response, LAST_MODIFIED).map(str::to_owned),
            size_bytes,
        };
        partial.restart(Some(origin)).map_err(|cause| FetchError::file(partial.path(), cause))?;
        receive(response, partial, progress)
    }
}

/// Writes what arrives until the file is whole.
fn receive(
    response: Response<Body>,
    partial: &mut Partial,
    progress: &FileProgress<'_>,
) -> Result<(), Trouble> {
    let whole = partial.origin().and_then(|origin| origin.size_bytes);
    progress.whole(whole);
    let mut reader = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress.at(partial.length());
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let length = partial.length();
                return Err(Trouble::passing(format!("cut off after {length} bytes ({error})")));
            }
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        partial.append(bytes).map_err(|cause| FetchError::file(partial.path(), cause))?;
    }
    match whole {
        Some(whole) if partial.length() < whole => {
            Err(Trouble::passing(format!("cut off after {} of {whole} bytes", partial.length())))
        }
        _ => Ok(()),
    }
}

fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// A tag that stands for these very bytes; a weak one (`W/"..."`) does not.
fn strong_tag(response: &Response<Body>) -> Option<&str> {
    header(response, ETAG).filter(|tag| tag.starts_with('"'))
}

/// The first byte, and the whole size unless it is `*`, of `bytes 10-99/100`.
fn parse_content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = value.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let size = if size == "*" { None } else { Some(size.parse().ok()?) };
    Some((start.trim().parse().ok()?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(parse_content_range("bytes 10-99/100"), Some((10, Some(100))));
        assert_eq!(parse_content_range("bytes 0-9/*"), Some((0, None)));
        for value in ["bytes */100", "items 0-9/10", "bytes 1-2", ""] {
            assert_eq!(parse_content_range(value), None, "{value}");
        }
    }
}
