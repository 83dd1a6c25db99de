//! A person's account: who they are, their sessions, their workspaces. One Durable Object a person.

pub mod attempts;
pub mod client;
pub mod http;
pub mod object;
pub mod protocol;
pub mod recent;
pub mod rules;
