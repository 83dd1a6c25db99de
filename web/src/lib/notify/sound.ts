// Two soft tones, up: something needs you. Made here; nothing is loaded.

const TONES = [
  { hertz: 587.33, at: 0 },
  { hertz: 880, at: 0.12 },
];
const LASTS = 0.28;

let context: AudioContext | null = null;

/** Plays it, if the browser lets a page that nobody has touched make a sound. */
export async function chime(): Promise<void> {
  context ??= new AudioContext();
  if (context.state === "suspended") await context.resume();
  const now = context.currentTime;
  for (const { hertz, at } of TONES) {
    const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, now + at);
    volume.gain.linearRampToValueAtTime(0.14, now + at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + at + LASTS);
    tone.connect(volume).connect(context.destination);
    tone.start(now + at);
    tone.stop(now + at + LASTS);
  }
}
