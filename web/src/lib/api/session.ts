// Signing in and out, and who is signed in.
import type { Person } from "../model/types";
import { json, keepSessionKey, send } from "./http";
import { asProblem } from "./problem";

export async function signIn(key: string): Promise<Person> {
  const answer = await json<{ person: Person; sessionKey: string | null }>("/api/session", {
    method: "POST",
    json: { key },
    quiet: true,
  });
  keepSessionKey(answer.sessionKey);
  return answer.person;
}

export async function whoAmI(): Promise<Person> {
  return (await json<{ person: Person }>("/api/session", { quiet: true })).person;
}

export async function signOut(): Promise<void> {
  try {
    await send("/api/session", { method: "DELETE", quiet: true });
  } catch (error) {
    // A session that was ended elsewhere is signed out of already.
    if (asProblem(error).status !== 401) throw error;
  }
  keepSessionKey(null);
}
