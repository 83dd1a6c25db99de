//! The database's own transaction, which both objects run everything in: all of it stands, or none.

use crate::problem::Problem;

/// Runs `work` in one transaction of the object's database: all of it stands, or none.
///
/// workers-rs 0.8 does not bind `transactionSync`; this is its signature. A panic inside is turned into an exception by
/// wasm-bindgen, at which the database rolls back.
pub fn atomically<T>(storage: &worker::Storage, work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    use std::ops::DerefMut;
    use std::panic::AssertUnwindSafe;

    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        type TransactionalStorage;
        #[wasm_bindgen(method, catch, js_name = transactionSync)]
        fn transaction_sync(this: &TransactionalStorage, work: &mut dyn FnMut() -> Result<JsValue, JsValue>) -> Result<JsValue, JsValue>;
    }

    let mut slots = (Some(work), None);
    // After a panic inside, `slots` is only looked at for an outcome, which is not there then.
    let mut inside = AssertUnwindSafe(&mut slots);
    let mut run = move || {
        let (work, outcome) = &mut **inside.deref_mut();
        let done = work.take().map(|work| work());
        let failed = !matches!(done, Some(Ok(_)));
        *outcome = done;
        if failed { Err(JsValue::from_str("rolled back")) } else { Ok(JsValue::UNDEFINED) }
    };
    let storage: &JsValue = storage.as_raw().as_ref();
    let ended = wasm_bindgen::JsCast::unchecked_ref::<TransactionalStorage>(storage).transaction_sync(&mut run);
    match (slots.1, ended) {
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (Some(Err(problem)), _) => Err(problem),
        (_, Err(error)) => Err(Problem::internal(format!("the transaction failed: {error:?}"))),
        (None, Ok(_)) => Err(Problem::internal("the transaction did not run")),
    }
}
