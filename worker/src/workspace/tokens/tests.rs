//! Tokens in a database: what they open, for how long, and what of them can be changed.

use super::*;
use crate::gate::mac::for_tests;
use crate::migrations::migrate;
use crate::sql::native::memory;
use rusqlite::Connection;

fn start() -> Timestamp {
    Timestamp::from_ms(1_774_362_821_000)
}

fn days(days: u64) -> Timestamp {
    start().plus_ms(days * DAY_MS)
}

fn db() -> Connection {
    let db = memory();
    migrate(&db, &[MIGRATION, HEARS]).expect("the table");
    db
}

fn new(label: &str) -> NewToken {
    NewToken { label: label.to_owned(), expires_in_days: None, scopes: None }
}

fn with_scopes(words: &[&str]) -> NewToken {
    NewToken { scopes: Some(words.iter().map(|&word| word.to_owned()).collect()), ..new("a") }
}

fn extension(days: u64) -> TokenChange {
    TokenChange { expires_in_days: Some(days), scopes: None }
}

fn rescoping(words: &[&str]) -> TokenChange {
    TokenChange { expires_in_days: None, scopes: with_scopes(words).scopes }
}

fn scopes(words: &[&str]) -> Scopes {
    Scopes::read(words.iter().copied()).expect("scopes")
}

fn held(db: &Connection, proof: &TokenProof) -> Holder {
    verify(db, proof, start()).expect("read").expect("good")
}

fn hears(db: &Connection, id: Id) -> u64 {
    let row = db.first("SELECT hears FROM tokens WHERE id = ?", &[id.to_string().into()]).expect("rows").expect("one");
    row.count(0).expect("a number")
}

fn make(db: &Connection, random: u32, new: &NewToken) -> Result<(CreatedToken, TokenProof), Problem> {
    let mac = for_tests();
    let workspace = mac.workspace(1);
    let making = Making {
        mac: &mac,
        workspace: &workspace,
        base: "https://a.example",
        id: Id::new(start().ms(), random),
        secret: &[random as u8; 32],
        now: start(),
    };
    let created = create(db, new, &making)?;
    let proof = token::read(&mac, &workspace, &created.token).expect("a token of this workspace");
    Ok((created, proof))
}

#[test]
fn a_token_is_good_for_thirty_days_and_says_its_holder() {
    let db = db();
    let (created, proof) = make(&db, 1, &new(" laptop ")).expect("a token");
    assert_eq!(created.expires_at, days(30));
    assert!(created.mcp_url.ends_with(&format!("?token={}", created.token)), "{}", created.mcp_url);
    assert_eq!(
        verify(&db, &proof, start()),
        Ok(Ok(Holder { token: created.id, label: "laptop".to_owned(), scopes: Scopes::default(), last_used: None }))
    );
    assert_eq!(verify(&db, &proof, days(30)), Ok(Err(Refused::Expired(days(30)))));
}

#[test]
fn the_token_itself_stands_nowhere_in_the_database() {
    let db = db();
    let (_, proof) = make(&db, 1, &new("a")).expect("a token");
    let row = db.first("SELECT secret_hash FROM tokens", &[]).expect("rows").expect("one");
    assert_eq!(row.blob(0), Ok(proof.secret_hash.as_slice()));
    assert_ne!(row.blob(0), Ok([1u8; 32].as_slice()));
}

#[test]
fn a_right_id_with_another_secret_is_unknown() {
    let db = db();
    let (_, proof) = make(&db, 1, &new("a")).expect("a token");
    assert_eq!(verify(&db, &TokenProof { secret_hash: [0; 32], ..proof }, start()), Ok(Err(Refused::Unknown)));
    assert_eq!(verify(&db, &TokenProof { id: Id::new(0, 0), ..proof }, start()), Ok(Err(Refused::Unknown)));
}

#[test]
fn a_revoked_token_opens_nothing_at_once_and_for_good() {
    let db = db();
    let (created, proof) = make(&db, 1, &new("a")).expect("a token");
    assert_eq!(revoke(&db, created.id, days(1)), Ok(()));
    assert_eq!(revoke(&db, created.id, days(2)), Ok(()));
    assert_eq!(verify(&db, &proof, days(1)), Ok(Err(Refused::Revoked(days(1)))));
    assert_eq!(is_good(&db, created.id, days(1)), Ok(false));
    assert_eq!(change(&db, created.id, &extension(30), days(1)).map_err(|problem| problem.status), Err(404));
    assert_eq!(list(&db, days(1)), Ok(vec![]));
    assert_eq!(revoke(&db, Id::new(0, 0), start()).map_err(|problem| problem.status), Err(404));
}

#[test]
fn a_week_before_its_end_a_token_expires_soon_and_one_tap_extends_it() {
    let db = db();
    let (created, proof) = make(&db, 1, &new("a")).expect("a token");
    let soon = |now| list(&db, now).expect("a list").first().map(|token| token.expires_soon);
    assert_eq!([soon(days(22)), soon(days(23)), soon(days(40))], [Some(false), Some(true), Some(true)]);
    let extended = change(&db, created.id, &extension(30), days(40)).expect("extended").info;
    assert_eq!((extended.expires_at, extended.expires_soon), (days(70), false));
    assert!(matches!(verify(&db, &proof, days(69)), Ok(Ok(_))));
    assert_eq!(next_expiry(&db, days(40)), Ok(Some(days(70))));
}

#[test]
fn the_last_use_is_written_once_a_minute_and_at_once_for_another_name() {
    let db = db();
    let (_, proof) = make(&db, 1, &new("label")).expect("a token");
    let (one, two) = (AgentName::new("one").expect("a name"), AgentName::new("two").expect("a name"));
    let seen = || {
        list(&db, start()).expect("a list").first().map(|token| (token.agent.clone(), token.last_used_at.map(|at| at.ms() - start().ms())))
    };
    assert_eq!(seen(), Some(("label".to_owned(), None)));
    for (agent, after, expected) in [(&one, 0, 0), (&one, 59_999, 0), (&one, 60_000, 60_000), (&two, 60_001, 60_001)] {
        let now = start().plus_ms(after);
        let holder = verify(&db, &proof, now).expect("read").expect("good");
        used(&db, &holder, agent, now).expect("written");
        assert_eq!(seen(), Some((agent.to_string(), Some(expected))));
    }
}

#[test]
fn what_a_token_cannot_be_is_refused_and_nothing_is_stored() {
    let db = db();
    for (wrong, field) in [
        (new(""), "label"),
        (new(&"x".repeat(65)), "label"),
        (NewToken { expires_in_days: Some(0), ..new("a") }, "expiresInDays"),
        (NewToken { expires_in_days: Some(367), ..new("a") }, "expiresInDays"),
        (with_scopes(&["everything"]), "scopes"),
        (with_scopes(&["ask", "everything"]), "scopes"),
        (with_scopes(&["ask", "ask"]), "scopes"),
        (with_scopes(&[]), "scopes"),
    ] {
        let problem = make(&db, 1, &wrong).map(|_| ()).expect_err(field);
        assert_eq!((problem.status, problem.extra["field"].as_str()), (400, Some(field)));
    }
    assert_eq!(list(&db, start()), Ok(vec![]));
}

#[test]
fn an_agent_is_named_by_itself_or_by_its_token() {
    let holder = Holder { token: Id::new(0, 0), label: "laptop".to_owned(), scopes: Scopes::default(), last_used: None };
    assert_eq!(holder.agent(None).map(String::from), Ok("laptop".to_owned()));
    assert_eq!(holder.agent(Some(" ")).map(String::from), Ok("laptop".to_owned()));
    assert_eq!(holder.agent(Some("two")).map(String::from), Ok("two".to_owned()));
    assert_eq!(holder.agent(Some("a\nb")).map_err(|problem| problem.status), Err(400));
}

#[test]
fn five_hundred_agents_have_a_name_and_one_more_finds_no_room_but_under_its_tokens_label() {
    let db = memory();
    migrate(&db, crate::workspace::schema::MIGRATIONS).expect("migrated");
    let holder = Holder { token: Id::new(0, 1), label: "laptop".to_owned(), scopes: Scopes::default(), last_used: None };
    let room = |name: &str| check_room(&db, &holder, &AgentName::new(name).expect("a name")).map_err(|problem| problem.status);
    for number in 0..MAX_AGENTS {
        assert_eq!(room("new"), Ok(()));
        db.exec("INSERT INTO agents (name, json) VALUES (?, '{}')", &[format!("agent {number}").into()]).expect("inserted");
    }
    assert_eq!([room("new"), room("agent 7"), room("laptop")], [Err(409), Ok(()), Ok(())]);
}

#[test]
fn a_token_opens_everything_unless_its_maker_says_otherwise() {
    let db = db();
    for (random, words, expected) in [
        (1, None, "agent"),
        (2, Some(&["read"][..]), "read"),
        (3, Some(&["read", "ask"]), "ask read"),
        (4, Some(&["read", "agent"]), "agent"),
    ] {
        let wanted = words.map_or_else(|| new("a"), with_scopes);
        let (created, proof) = make(&db, random, &wanted).expect("a token");
        assert_eq!(created.scopes.to_string(), expected);
        assert_eq!(held(&db, &proof).scopes, created.scopes);
        assert_eq!(hears(&db, created.id), u64::from(created.scopes.hear()));
    }
    let listed: Vec<_> = list(&db, start()).expect("a list").iter().map(|token| token.scopes.to_string()).collect();
    assert_eq!(listed, ["agent", "ask read", "read", "agent"]);
}

#[test]
fn a_row_from_before_there_were_scopes_to_choose_from_opens_everything() {
    let db = memory();
    migrate(&db, &[MIGRATION]).expect("the table as it was");
    let row = "INSERT INTO tokens (id, label, scopes, secret_hash, created_at, expires_at) VALUES (?, 'old', 'agent', x'00', 0, ?)";
    let id = Id::new(0, 1);
    db.exec(row, &[id.to_string().into(), days(1).ms().into()]).expect("inserted");
    migrate(&db, &[MIGRATION, HEARS]).expect("migrated");
    assert_eq!(list(&db, start()).expect("a list").first().map(|token| token.scopes.clone()), Some(Scopes::default()));
    assert_eq!(hears(&db, id), 1);
}

#[test]
fn other_scopes_count_from_the_next_request_on_and_leave_the_rest_as_it_was() {
    let db = db();
    let (created, proof) = make(&db, 1, &new("a")).expect("a token");
    for (words, tools_changed) in [
        (&["read"][..], ToolsChanged::Yes),
        (&["read"], ToolsChanged::No),
        (&["ask"], ToolsChanged::Yes),
        (&["ask", "read"], ToolsChanged::No),
        (&["agent"], ToolsChanged::Yes),
        (&["agent", "read"], ToolsChanged::No),
    ] {
        let changed = change(&db, created.id, &rescoping(words), days(1)).expect("changed");
        assert_eq!((changed.info.scopes.clone(), changed.tools_changed), (scopes(words), tools_changed), "{words:?}");
        assert_eq!(changed.info.expires_at, created.expires_at);
        assert_eq!(held(&db, &proof).scopes, scopes(words));
        assert_eq!(hears(&db, created.id), u64::from(scopes(words).hear()));
    }
}

#[test]
fn one_change_may_hold_both_and_an_extension_leaves_the_scopes_alone() {
    let db = db();
    let (created, _) = make(&db, 1, &with_scopes(&["ask"])).expect("a token");
    let extended = change(&db, created.id, &extension(7), days(1)).expect("extended");
    assert_eq!((extended.info.expires_at, extended.info.scopes), (days(8), scopes(&["ask"])));
    assert_eq!(extended.tools_changed, ToolsChanged::No);
    let both = change(&db, created.id, &TokenChange { expires_in_days: Some(2), ..rescoping(&["read"]) }, days(1)).expect("changed");
    assert_eq!((both.info.expires_at, both.info.scopes), (days(3), scopes(&["read"])));
}

#[test]
fn a_change_that_is_wrong_in_one_part_changes_nothing_in_the_other() {
    let db = db();
    let (created, _) = make(&db, 1, &with_scopes(&["ask"])).expect("a token");
    let before = list(&db, start());
    for wrong in [
        TokenChange::default(),
        extension(0),
        extension(367),
        rescoping(&[]),
        rescoping(&["root"]),
        rescoping(&["read", "read"]),
        TokenChange { expires_in_days: Some(7), ..rescoping(&["root"]) },
        TokenChange { expires_in_days: Some(0), ..rescoping(&["agent"]) },
    ] {
        assert_eq!(change(&db, created.id, &wrong, days(1)).map_err(|problem| problem.status), Err(400), "{wrong:?}");
    }
    assert_eq!(change(&db, Id::new(0, 0), &rescoping(&["read"]), days(1)).map_err(|problem| problem.status), Err(404));
    assert_eq!(list(&db, start()), before);
}

#[test]
fn what_a_token_opens_is_known_at_each_moment_and_nothing_once_it_is_revoked() {
    let db = db();
    let (created, _) = make(&db, 1, &with_scopes(&["ask"])).expect("a token");
    for words in [&["ask"][..], &["read"], &["agent"]] {
        change(&db, created.id, &rescoping(words), start()).expect("changed");
        assert_eq!(super::scopes(&db, created.id), Ok(scopes(words)));
    }
    revoke(&db, created.id, start()).expect("revoked");
    assert_eq!(super::scopes(&db, created.id).map_err(|problem| problem.status), Err(401));
    assert_eq!(super::scopes(&db, Id::new(0, 0)).map_err(|problem| problem.status), Err(401));
}
