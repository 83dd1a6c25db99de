//! Keyed MACs: what was not minted here is refused before any Durable Object is touched.
//!
//! Every MAC names its domain and the length of each part, so that one made for a workspace id never fits a token, and no two
//! lists of parts have one encoding. Truncated MACs only sort out what was never minted; secrets are checked against hashes besides.

use agentrq_core::model::WorkspaceId;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac as _};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::names::{HALF, is_minted_form};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a MAC is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    Workspace,
    Account,
    /// The random part of an account id that is not random: the owner's.
    Owner,
    Session,
    Token,
}

impl Domain {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Workspace => b"agentrq workspace id 1",
            Self::Account => b"agentrq account id 1",
            Self::Owner => b"agentrq owner 1",
            Self::Session => b"agentrq session 1",
            Self::Token => b"agentrq token 1",
        }
    }
}

/// The server's secret, from which all MACs are made.
#[derive(Clone)]
pub struct Mac {
    /// The key, padded with zeros to a block of SHA-256 as HMAC defines it.
    block: [u8; 64],
}

/// An account: one person. Made like a workspace id, in a domain of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountId(pub String);

impl Mac {
    /// Takes `AGENTRQ_SECRET`: 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let key = unhex(text)?;
        let mut block = [0; 64];
        block.get_mut(..32)?.copy_from_slice(&key);
        Some(Self { block })
    }

    fn tag(&self, domain: Domain, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.block.into());
        mac.update(domain.name());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// 128 bits that only the holder of the secret can make.
    pub fn short(&self, domain: Domain, parts: &[&[u8]]) -> [u8; 16] {
        let tag = self.tag(domain, parts);
        let mut short = [0; 16];
        short.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        short
    }

    /// Is this the MAC of these parts? Takes the same time whatever the answer.
    pub fn verify(&self, domain: Domain, parts: &[&[u8]], given: &[u8]) -> bool {
        self.short(domain, parts).ct_eq(given).into()
    }

    fn mint(&self, domain: Domain, bits: u64) -> String {
        let random = base62(bits);
        let mac = base62(half(&self.tag(domain, &[random.as_bytes()])));
        random + &mac
    }

    fn is_minted(&self, domain: Domain, id: &str) -> bool {
        if !is_minted_form(id) {
            return false;
        }
        let (random, mac) = id.split_at(HALF);
        base62(half(&self.tag(domain, &[random.as_bytes()]))).as_bytes().ct_eq(mac.as_bytes()).into()
    }

    /// A new workspace id from random bits.
    pub fn workspace(&self, random: u64) -> WorkspaceId {
        WorkspaceId(self.mint(Domain::Workspace, random))
    }

    /// Was this workspace id minted here?
    pub fn is_workspace(&self, id: &WorkspaceId) -> bool {
        self.is_minted(Domain::Workspace, &id.0)
    }

    /// The account of the one person who holds the owner key.
    pub fn owner(&self) -> AccountId {
        AccountId(self.mint(Domain::Account, half(&self.tag(Domain::Owner, &[]))))
    }

    /// Was this account id minted here?
    pub fn account(&self, id: &str) -> Option<AccountId> {
        self.is_minted(Domain::Account, id).then(|| AccountId(id.to_owned()))
    }
}

/// SHA-256, which is all that is ever stored of a secret with 256 random bits.
pub fn hash(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Are two secrets (or their hashes) equal? Their length may show, their content does not.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// The upper 63 bits of a tag.
fn half(tag: &[u8; 32]) -> u64 {
    tag.iter().take(8).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte)) >> 1
}

/// The lower 63 bits, written in 11 characters.
fn base62(bits: u64) -> String {
    let mut rest = bits & (u64::MAX >> 1);
    let mut text = [b'0'; HALF];
    for place in text.iter_mut().rev() {
        *place = BASE62.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    text.iter().map(|&byte| char::from(byte)).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    // `from_str_radix` takes a sign, hex digits only are wanted.
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(bytes)
}

/// Lower-case hex, as hashes travel in headers and JSON.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

/// The 32 bytes that 64 hex digits stand for.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    unhex(text)
}

#[cfg(test)]
pub(crate) fn for_tests() -> Mac {
    Mac::from_hex(&"0f".repeat(32)).expect("a key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_workspace_id_is_known_again() {
        let mac = for_tests();
        for bits in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let id = mac.workspace(bits);
            assert_eq!(id.0.len(), 22);
            assert!(mac.is_workspace(&id), "{id}");
        }
    }

    #[test]
    fn an_id_with_any_other_character_is_refused() {
        let mac = for_tests();
        let id = mac.workspace(42).0;
        for index in 0..id.len() {
            let mut other = id.clone().into_bytes();
            other[index] = if other[index] == b'a' { b'b' } else { b'a' };
            let other = String::from_utf8(other).expect("ascii");
            assert!(!mac.is_workspace(&WorkspaceId(other.clone())), "{other}");
        }
        for wrong in ["", "a", &id[1..], &format!("{id}0"), &format!("{}/", &id[1..]), &"é".repeat(11)] {
            assert!(!mac.is_workspace(&WorkspaceId(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn a_workspace_id_is_no_account_id_and_another_secret_minted_neither() {
        let mac = for_tests();
        let other = Mac::from_hex(&"0e".repeat(32)).expect("a key");
        let id = mac.workspace(7);
        assert_eq!(mac.account(&id.0), None);
        assert!(!other.is_workspace(&id));
        assert_eq!(mac.account(&mac.owner().0), Some(mac.owner()));
        assert_eq!(other.account(&mac.owner().0), None);
    }

    #[test]
    fn a_secret_is_64_hex_digits() {
        for wrong in ["", "00", &"0g".repeat(32), &"+0".repeat(32), &"0".repeat(63), &"00".repeat(33)] {
            assert!(Mac::from_hex(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_mac() {
        let mac = for_tests();
        assert_ne!(mac.short(Domain::Token, &[b"ab", b"c"]), mac.short(Domain::Token, &[b"a", b"bc"]));
        assert_ne!(mac.short(Domain::Token, &[b"a"]), mac.short(Domain::Session, &[b"a"]));
        assert!(mac.verify(Domain::Token, &[b"a"], &mac.short(Domain::Token, &[b"a"])));
        assert!(!mac.verify(Domain::Token, &[b"a"], &[]));
    }

    #[test]
    fn the_mac_is_hmac_sha_256() {
        // RFC 4231, test case 2, has a shorter key than ours may be; so this pins the construction by an independent computation.
        let mac = for_tests();
        let inner = Sha256::new().chain_update(mac.block.map(|byte| byte ^ 0x36)).chain_update(Domain::Owner.name()).finalize();
        let outer: [u8; 32] = Sha256::new().chain_update(mac.block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into();
        assert_eq!(mac.tag(Domain::Owner, &[]), outer);
    }

    #[test]
    fn hex_comes_back() {
        assert_eq!(from_hex(&hex(&[0xab; 32])), Some([0xab; 32]));
    }
}
