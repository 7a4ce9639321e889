//! Bearer tokens: made once, known by their digests only.

use std::fmt::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use rand::RngCore;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a caller may do. Who may administer may also infer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Role {
    /// Ask for predictions.
    Infer,
    /// Change the server and read its metrics.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Infer => "infer",
            Self::Admin => "admin",
        })
    }
}

/// Not a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("infer or admin")]
pub(crate) struct RoleError;

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text {
            "infer" => Ok(Self::Infer),
            "admin" => Ok(Self::Admin),
            _ => Err(RoleError),
        }
    }
}

/// SHA-256 of a token. That is enough, because tokens are random and long: there is no list of likely ones to try.
#[derive(Clone, Copy)]
pub(crate) struct TokenDigest([u8; 32]);

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// Not a digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("64 hexadecimal digits, as polaris-server token prints them")]
pub(crate) struct TokenDigestError;

impl FromStr for TokenDigest {
    type Err = TokenDigestError;

    fn from_str(text: &str) -> Result<Self, TokenDigestError> {
        let mut digest = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 2 * digest.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(TokenDigestError);
        }
        for (byte, digits) in digest.iter_mut().zip(digits.chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| TokenDigestError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| TokenDigestError)?;
        }
        Ok(Self(digest))
    }
}

impl TokenDigest {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    fn hexadecimal(self) -> String {
        hexadecimal(&self.0)
    }
}

/// A token that is accepted.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// Whose it is.
    pub(crate) name: String,
    /// What it allows.
    pub(crate) role: Role,
    /// How it is known.
    pub(crate) digest: TokenDigest,
}

/// All tokens that are accepted. Without any, none is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens(Arc<[Token]>);

impl From<Vec<Token>> for Tokens {
    fn from(tokens: Vec<Token>) -> Self {
        Self(tokens.into())
    }
}

impl Tokens {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The token that was presented. How long this takes does not depend on how near it comes to one.
    pub(crate) fn find(&self, presented: &str) -> Option<&Token> {
        let presented = TokenDigest::of(presented);
        let mut found = None;
        for token in self.0.iter() {
            if bool::from(token.digest.0.ct_eq(&presented.0)) {
                found = Some(token);
            }
        }
        found
    }
}

/// Makes a token and says what is to be done with it.
pub(crate) fn describe_new(name: &str, role: Role) -> String {
    let mut secret = [0; 32];
    rand::rng().fill_bytes(&mut secret);
    let token = format!("polaris_{}", hexadecimal(&secret));
    let sha256 = TokenDigest::of(&token).hexadecimal();
    format!(
        "The token, which is shown this once; it goes to the client (POLARIS_TOKEN, or a file for --token-file):\n\n\
         {token}\n\n\
         What the server needs of it, in the settings:\n\n\
         [auth]\n\
         tokens = [\n    {{ name = {name:?}, sha256 = \"{sha256}\", role = \"{role}\" }},\n]\n"
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_found_by_what_the_settings_say_of_it() {
        let text = describe_new("pipeline", Role::Infer);
        let token = text.lines().find(|line| line.starts_with("polaris_")).unwrap();
        let digest = text.split("sha256 = \"").nth(1).unwrap().split('"').next().unwrap();
        assert_ne!(text, describe_new("pipeline", Role::Infer));
        let known = Token { name: "a".to_owned(), role: Role::Admin, digest: TokenDigest::of("another") };
        let new = Token { name: "pipeline".to_owned(), role: Role::Infer, digest: digest.parse().unwrap() };
        let tokens = Tokens::from(vec![known, new]);
        assert_eq!(tokens.find(token).unwrap().name, "pipeline");
        assert_eq!(tokens.find("another").unwrap().role, Role::Admin);
        assert!(tokens.find(&token[1..]).is_none() && tokens.find("").is_none());
        assert!(!format!("{tokens:?}").contains(digest));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let digest = TokenDigest::of("x").hexadecimal();
        assert!(
            digest.parse::<TokenDigest>().is_ok() && digest.to_uppercase().parse::<TokenDigest>().is_ok()
        );
        for bad in ["", "00", &digest[1..], &format!("{}+1", &digest[2..]), &format!("{}é", &digest[2..])] {
            assert!(bad.parse::<TokenDigest>().is_err(), "{bad}");
        }
    }
}
