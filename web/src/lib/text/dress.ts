// What sanitised prose still needs to be read well: each block in its own direction, tables that scroll in themselves, boxes that are ticked
// in words, headings in their place under the page's own, #12 as the link that it means, and the name of what cannot be seen in its place.
import { revealWords } from "./invisible";

export interface Dress {
  /** The heading that this prose stands under. */
  under: number;
  /** Where #12 leads, if there is such a task. */
  taskLink: (number: number) => string | null;
  /** Somebody decides on what stands here: links say where they lead. */
  whole: boolean;
}

export function dress(content: DocumentFragment, { under, taskLink, whole }: Dress): DocumentFragment {
  for (const block of content.children) block.setAttribute("dir", "auto");
  headings(content, under);
  for (const item of content.querySelectorAll("li")) check(item);
  for (const table of content.querySelectorAll("table")) scrolls(table);
  if (whole) for (const anchor of content.querySelectorAll("a")) address(anchor);
  link(content, taskLink);
  name(content);
  return content;
}

/** No level is left out on the way down, whatever the text does. */
function headings(content: DocumentFragment, under: number): void {
  let last = under;
  for (const heading of content.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    last = Math.min(6, under + Number(heading.tagName.slice(1)), last + 1);
    const own = document.createElement(`h${last}`);
    own.append(...heading.childNodes);
    for (const { name, value } of heading.attributes) own.setAttribute(name, value);
    heading.replaceWith(own);
  }
}

function check(item: Element): void {
  const first = (item.firstElementChild?.tagName === "P" ? item.firstElementChild : item).firstChild;
  const box = first?.nodeType === Node.TEXT_NODE ? /^\s*([☑☐])\s/u.exec(first.textContent ?? "") : null;
  if (!first || !box) return;
  const mark = document.createElement("span");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", box[1] === "☑" ? "Done:" : "To do:");
  mark.textContent = box[1] ?? "";
  first.textContent = (first.textContent ?? "").slice(box[0].length);
  first.parentNode?.insertBefore(mark, first);
  item.className = "check";
}

function scrolls(table: Element): void {
  const box = document.createElement("div");
  box.className = "table";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Table");
  table.replaceWith(box);
  box.append(table);
}

/** Behind words that are not the address itself. */
function address(anchor: HTMLAnchorElement): void {
  const href = anchor.getAttribute("href") ?? "";
  if (href === "" || href.endsWith(anchor.textContent)) return;
  const words = document.createElement("span");
  words.className = "address";
  words.textContent = ` (${href})`;
  anchor.after(words);
}

function texts(content: DocumentFragment): Text[] {
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  const found: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) found.push(node as Text);
  return found;
}

function name(content: DocumentFragment): void {
  for (const node of texts(content)) {
    const pieces = revealWords(node.data);
    if (pieces.every(({ kind }) => kind === "text")) continue;
    node.replaceWith(
      ...pieces.map((piece) => {
        if (piece.kind === "text") return piece.text;
        const mark = document.createElement("span");
        mark.className = "hidden";
        mark.title = piece.name;
        mark.textContent = piece.code;
        return mark;
      }),
    );
  }
}

/** So many tasks are looked up for one text. */
const MOST_LINKS = 200;
const NUMBERED = /(?<![\p{L}\p{N}_&/#-])#(\d{1,9})(?![\p{L}\p{N}_-])/gu;

function link(content: DocumentFragment, taskLink: Dress["taskLink"]): void {
  let left = MOST_LINKS;
  for (const node of texts(content)) {
    if (node.parentElement?.closest("a, code, pre, .address")) continue;
    const text = node.data;
    const parts: (string | Node)[] = [];
    let last = 0;
    for (const match of text.matchAll(NUMBERED)) {
      if (left-- <= 0) break;
      const href = taskLink(Number(match[1]));
      if (href === null) continue;
      const anchor = document.createElement("a");
      anchor.href = href;
      anchor.textContent = match[0];
      parts.push(text.slice(last, match.index), anchor);
      last = match.index + match[0].length;
    }
    if (parts.length > 0) node.replaceWith(...parts, text.slice(last));
  }
}
