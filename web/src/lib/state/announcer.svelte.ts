// What a screen reader is told without being asked: new tasks, replies, refusals. What a person does is answered at once; what others do is
// gathered, so that many things at once are one sentence.
import { belongs } from "./belongings";
import { gathered, type News } from "./news";

/** As long as a short sentence takes to be read out. */
const WHILE_MS = 2_000;

export class Announcer {
  /** Two regions taken in turns, so that the same sentence twice is said twice. */
  first = $state("");
  second = $state("");
  #turn = false;
  #gathering: News[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    this.#turn = !this.#turn;
    this.first = this.#turn ? text : "";
    this.second = this.#turn ? "" : text;
  }

  /** The first news is said at once, what comes in the while after it together. */
  tell(news: News): void {
    if (this.#timer === undefined) {
      this.say(news.words);
      this.#wait();
    } else this.#gathering.push(news);
  }

  /** What was said and what would have been is whoever's it was. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gathering = [];
    this.first = this.second = "";
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const news = this.#gathering;
      this.#gathering = [];
      if (news.length === 0) return;
      this.say(gathered(news));
      this.#wait();
    }, WHILE_MS);
  }
}

export const announcer = new Announcer();
belongs(announcer);
