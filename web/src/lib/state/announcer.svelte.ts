// What a screen reader is told without being asked: new tasks, replies, refusals.

class Announcer {
  /** Two regions taken in turns, so that the same sentence twice is said twice. */
  first = $state("");
  second = $state("");
  #turn = false;

  say(text: string): void {
    this.#turn = !this.#turn;
    this.first = this.#turn ? text : "";
    this.second = this.#turn ? "" : text;
  }
}

export const announcer = new Announcer();
