//! Agent tokens: `arq_` and 80 base64url characters that hold an id, 256 random bits, and a MAC bound to the workspace.
//!
//! The Worker checks the MAC; the object of the workspace checks the rest against its table, where only the SHA-256 of the secret stands.

use agentrq_core::id::Id;
use agentrq_core::model::WorkspaceId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::mac::{Domain, Mac, from_hex, hash, hex};

/// How every token begins, so that scanners for leaked secrets find them.
pub const PREFIX: &str = "arq_";
const VERSION: u8 = 1;
const SECRET: usize = 32;
const MAC: usize = 16;
const ID: usize = 11;

/// What of a token goes on to the object: who it says it is, and the hash that must stand in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenProof {
    pub id: Id,
    pub secret_hash: [u8; 32],
}

impl TokenProof {
    /// The value of the internal header: the id, a space, the hash in hex.
    pub fn to_header(&self) -> String {
        format!("{} {}", self.id, hex(&self.secret_hash))
    }

    /// Reads what [`TokenProof::to_header`] wrote.
    pub fn from_header(text: &str) -> Option<Self> {
        let (id, hash) = text.split_once(' ')?;
        Some(Self { id: id.parse().ok()?, secret_hash: from_hex(hash)? })
    }
}

fn mac_of(mac: &Mac, workspace: &WorkspaceId, id: &[u8], secret: &[u8]) -> [u8; MAC] {
    mac.short(Domain::Token, &[workspace.0.as_bytes(), id, secret])
}

/// A new token and what is stored of it.
pub fn mint(mac: &Mac, workspace: &WorkspaceId, id: Id, secret: &[u8; SECRET]) -> (String, TokenProof) {
    let name = id.to_string();
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(secret);
    bytes.extend_from_slice(&mac_of(mac, workspace, name.as_bytes(), secret));
    (format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)), TokenProof { id, secret_hash: hash(secret) })
}

/// What a token proves in this workspace; nothing, if it was not minted here for it.
pub fn read(mac: &Mac, workspace: &WorkspaceId, token: &str) -> Option<TokenProof> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    if bytes.len() != 1 + ID + SECRET + MAC {
        return None;
    }
    let (version, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_at(ID);
    let (secret, given) = rest.split_at(SECRET);
    if *version != VERSION || !mac.verify(Domain::Token, &[workspace.0.as_bytes(), id, secret], given) {
        return None;
    }
    Some(TokenProof { id: std::str::from_utf8(id).ok()?.parse().ok()?, secret_hash: hash(secret) })
}

#[cfg(test)]
mod tests {
    use super::super::mac::for_tests;
    use super::*;

    fn minted() -> (Mac, WorkspaceId, String, TokenProof) {
        let mac = for_tests();
        let workspace = mac.workspace(1);
        let (token, proof) = mint(&mac, &workspace, Id::new(1_774_362_821_000, 5), &[7; 32]);
        (mac, workspace, token, proof)
    }

    #[test]
    fn a_token_proves_itself_in_its_workspace() {
        let (mac, workspace, token, proof) = minted();
        assert_eq!(token.len(), 84);
        assert_eq!(read(&mac, &workspace, &token), Some(proof));
        assert_eq!(proof.secret_hash, hash(&[7; 32]));
    }

    #[test]
    fn a_token_proves_nothing_elsewhere() {
        let (mac, _, token, _) = minted();
        assert_eq!(read(&mac, &mac.workspace(2), &token), None);
    }

    #[test]
    fn a_token_with_any_other_character_proves_nothing() {
        let (mac, workspace, token, _) = minted();
        for index in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[index] = if other[index] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ascii");
            assert_eq!(read(&mac, &workspace, &other), None, "{other}");
        }
        for wrong in ["", "arq_", "arq_AAAA", &token[4..], &format!("{token}A"), &format!("{token}="), &format!(" {token}")] {
            assert_eq!(read(&mac, &workspace, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_proof_survives_the_way_through_a_header() {
        let (_, _, _, proof) = minted();
        assert_eq!(TokenProof::from_header(&proof.to_header()), Some(proof));
        for wrong in ["", "0ZRgCquBZ7R", "0ZRgCquBZ7R 00", "x 00"] {
            assert_eq!(TokenProof::from_header(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_proof_does_not_hold_the_secret() {
        let (_, _, _, proof) = minted();
        assert!(!proof.to_header().contains(&hex(&[7; 32])));
    }
}
