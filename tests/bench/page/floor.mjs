// The least that a page does: the same inputs in a page that has nothing but a button, a field and some lines.
import { openBare, press } from "./browser.mjs";

const lines = Array.from({ length: 300 }, (_, at) => `<li>Line ${at}</li>`).join("");
const content = `
  <button>Say it</button> <input aria-label="Words">
  <p></p>
  <ul style="height: 700px; overflow: auto; line-height: 44px">${lines}</ul>`;

/** A click that adds a paragraph, a letter that is shown again, a list of lines that scrolls. */
export async function openFloor(page) {
  const bare = await openBare(page, content);
  await bare.evaluate(() => {
    const [button, field, said] = ["button", "input", "p"].map((name) => document.querySelector(name));
    button.onclick = () => document.body.append(Object.assign(document.createElement("p"), { textContent: "Said" }));
    field.oninput = () => (said.textContent = field.value);
  });
  return {
    bare,
    async click() {
      await bare.evaluate(() => {
        const before = document.querySelectorAll("p").length;
        globalThis.measured.watch("click", () => document.querySelectorAll("p").length > before);
      });
      await press(bare, bare.getByRole("button"));
      return bare.evaluate(() => globalThis.measured.taken());
    },
    async letter(round) {
      await bare.getByRole("textbox").focus();
      await bare.evaluate(() => {
        const before = document.querySelector("p").textContent;
        globalThis.measured.watch("keydown", () => document.querySelector("p").textContent !== before);
      });
      await bare.keyboard.press("abcdefg"[round % 7]);
      return bare.evaluate(() => globalThis.measured.taken());
    },
  };
}
