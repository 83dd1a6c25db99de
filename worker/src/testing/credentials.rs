//! Tokens, cookies and the headers inside the server: one form each, and none that was not minted here.

use agentrq_core::id::Id;
use agentrq_core::model::Person;
use agentrq_core::testing::fuzz::Choices;

use crate::gate::caller::{ACTOR_HEADER, Caller, SESSION_HEADER};
use crate::gate::mac::Mac;
use crate::gate::{session, token};

fn secret(choices: &mut Choices<'_>) -> [u8; 32] {
    [(); 32].map(|()| choices.byte())
}

fn mac() -> Mac {
    Mac::from_hex(&"0f".repeat(32)).expect("a key")
}

pub(super) fn a_token_opens_as_it_was_minted_and_in_no_other_form(choices: &mut Choices<'_>) {
    let mac = mac();
    let (here, there) = (mac.workspace(choices.number()), mac.workspace(u64::MAX));
    let (text, proof) = token::mint(&mac, &here, Id::new(choices.number(), 1), &secret(choices));
    assert_eq!(token::read(&mac, &here, &text), Some(proof));
    if here != there {
        assert_eq!(token::read(&mac, &there, &text), None);
    }
    let close = choices.changed(&text);
    if close != text {
        assert_eq!(token::read(&mac, &here, &close), None, "{close:?} opens as {text:?} does");
    }
}

pub(super) fn a_cookie_opens_as_it_was_minted_and_in_no_other_form(choices: &mut Choices<'_>) {
    let mac = mac();
    let made = session::mint(&mac, mac.owner(), Id::new(choices.number(), 1), &secret(choices), None);
    assert_eq!(session::read(&mac, &made.cookie, None), Some(made.proof));
    let header = format!("a=b; agentrq_session={}; c=d", made.cookie);
    assert_eq!(session::cookie_of(&header, false), Some(made.cookie.as_str()));
    let close = choices.changed(&made.cookie);
    if close != made.cookie {
        assert_eq!(session::read(&mac, &close, None), None, "{close:?} opens as {:?} does", made.cookie);
    }
    // Read without a panic, whatever stands in it.
    let _ = session::cookie_of(&choices.changed(&header), true);
}

pub(super) fn a_caller_survives_the_way_through_headers(choices: &mut Choices<'_>) {
    let person = Person { id: choices.text(4), name: choices.text(8) };
    let caller = Caller::Person { person, session: Id::new(choices.number(), 1) };
    let headers = caller.to_headers();
    let value = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let (actor, session) = (value(ACTOR_HEADER), value(SESSION_HEADER));
    assert!(actor.into_iter().chain(session).all(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte))), "{headers:?}");
    assert_eq!(Caller::from_headers(actor, session, None), Some(caller));
}
