// What tabs tell each other, held until the world lets it through: each tab hears what another said in its order, but when, nobody knows.
import type { Random } from "./random";

export class Hub {
  #channels: Channel[] = [];
  #under: { to: Channel; from: Channel; words: unknown[] }[] = [];

  /** What stands for BroadcastChannel in these tabs. */
  readonly type = ((hub: Hub) =>
    class extends Channel {
      constructor(name: string) {
        super(hub, name);
        hub.#channels.push(this);
      }
    })(this) as unknown as typeof BroadcastChannel;

  get isQuiet(): boolean {
    return this.#under.length === 0;
  }

  say(from: Channel, word: unknown): void {
    for (const to of this.#channels) {
      if (to === from || to.name !== from.name) continue;
      const line = this.#under.find((one) => one.to === to && one.from === from);
      if (line) line.words.push(structuredClone(word));
      else this.#under.push({ to, from, words: [structuredClone(word)] });
    }
  }

  close(channel: Channel): void {
    this.#channels = this.#channels.filter((one) => one !== channel);
    this.#under = this.#under.filter(({ to }) => to !== channel);
  }

  /** One word is heard. Returns which. */
  arrive(random: Random): string {
    const line = random.of(this.#under);
    if (!line) return "nothing";
    const word = line.words.shift();
    if (line.words.length === 0) this.#under = this.#under.filter((one) => one !== line);
    line.to.onmessage?.({ data: word });
    return (word as { type: string }).type;
  }
}

class Channel {
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(
    readonly hub: Hub,
    readonly name: string,
  ) {}

  postMessage(word: unknown): void {
    this.hub.say(this, word);
  }

  close(): void {
    this.hub.close(this);
  }
}
