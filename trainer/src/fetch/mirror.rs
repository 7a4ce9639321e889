//! Mirrors: other places for the same files.

use std::str::FromStr;

use super::manifest::is_address;

/// Addresses that begin with one prefix are asked for under another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mirror {
    from: String,
    to: String,
}

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The first `=` divides: what an address begins with has none, what replaces it may.
        let (from, to) = text.split_once('=').ok_or("PREFIX=PREFIX belongs here")?;
        if !is_address(from, &["https"]) {
            return Err(format!("`{from}`: an https address, as the manifest has it, belongs before the ="));
        }
        if !is_address(to, &["https", "http"]) {
            return Err(format!("`{to}`: an https or http address belongs behind the ="));
        }
        Ok(Self { from: from.to_owned(), to: to.to_owned() })
    }
}

impl Mirror {
    /// Whether an address begins with the prefix.
    pub(super) fn applies_to(&self, address: &str) -> bool {
        address.starts_with(&self.from)
    }

    /// The prefix that is replaced.
    pub(super) fn from(&self) -> &str {
        &self.from
    }
}

/// Where to ask for an address: under the mirror with the longest prefix, or as it is.
pub(super) fn mirrored(address: &str, mirrors: &[Mirror]) -> String {
    let applying = mirrors.iter().filter(|mirror| mirror.applies_to(address));
    let mirrored = applying.max_by_key(|mirror| mirror.from.len()).and_then(|mirror| {
        let rest = address.strip_prefix(&mirror.from)?;
        Some(format!("{}{rest}", mirror.to))
    });
    mirrored.unwrap_or_else(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let mirrors: Vec<Mirror> =
            ["https://e.org/=http://m.local/e/", "https://e.org/files/=https://f.net/?x=/"]
                .iter()
                .map(|text| text.parse().unwrap())
                .collect();
        assert_eq!(mirrored("https://e.org/a", &mirrors), "http://m.local/e/a");
        assert_eq!(mirrored("https://e.org/files/a", &mirrors), "https://f.net/?x=/a");
        assert_eq!(mirrored("https://other.org/a", &mirrors), "https://other.org/a");
    }

    #[test]
    fn a_mirror_is_two_addresses() {
        for text in
            ["https://e.org/", "e.org=https://m.org", "https://e.org=m.org", "=", "https://e.org=ftp://m.org"]
        {
            assert!(text.parse::<Mirror>().is_err(), "{text}");
        }
    }
}
