// Who was signed in here last, and the workspace they looked at: with them the page can begin without a network. Both are forgotten with the
// sign-in.
import type { Id, Person } from "../model/types";
import { STORED } from "./belongings";

export function rememberedPerson(): Person | null {
  try {
    const person: unknown = JSON.parse(localStorage.getItem(STORED.person) ?? "null");
    if (typeof person !== "object" || person === null) return null;
    const { id, name } = person as Partial<Person>;
    return typeof id === "string" && typeof name === "string" ? { id, name } : null;
  } catch {
    return null; // storage is switched off, or holds something else
  }
}

export function rememberPerson(person: Person): void {
  try {
    localStorage.setItem(STORED.person, JSON.stringify({ id: person.id, name: person.name }));
  } catch {
    // the next visit begins with the network
  }
}

export function rememberedWorkspace(): Id | null {
  try {
    return localStorage.getItem(STORED.lastWorkspace);
  } catch {
    return null;
  }
}

export function rememberWorkspace(id: Id): void {
  try {
    localStorage.setItem(STORED.lastWorkspace, id);
  } catch {
    // the next visit starts at the list
  }
}
