// Markdown from agents and people to safe HTML. Loaded on demand: a list of tasks needs none of it.
// Raw HTML and named characters are shown as text, never interpreted: what a person approves must not hide anything. DOMPurify stands behind
// whatever is written as HTML as the second wall.
import DOMPurify from "dompurify";
import { Marked, type Token, type Tokens, type TokensList } from "marked";
import { BoundedLexer } from "./lexer";
import { linesOf } from "./lines";
import { isWhole, saysAll } from "./says";

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Only these may be followed; everything else stays text. */
const SAFE_LINK = /^(https?:|mailto:)/iu;

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  tokenizer: {
    // A definition would be shown nowhere: it is words like any other.
    def: () => undefined,
  },
  renderer: {
    // An entity is shown as it is written: what it stands for may be nothing that can be seen.
    text(token: Tokens.Text | Tokens.Escape): string {
      if ("tokens" in token && token.tokens) return this.parser.parseInline(token.tokens);
      return escapeHtml(token.type === "text" ? token.raw : token.text);
    },
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return escapeHtml(text);
    },
    // A remote image would tell its server who reads, and when. It is a link until the reader follows it.
    image({ href, title, text }: Tokens.Image): string {
      return link(escapeHtml(`Image: ${text || href}`), href, title);
    },
    link({ href, title, tokens, text }: Tokens.Link): string {
      return link(this.parser.parseInline(tokens) || escapeHtml(text), href, title);
    },
    // Its number as it was written: nothing is counted anew.
    listitem({ tokens, raw }: Tokens.ListItem): string {
      const number = /^\s*(\d{1,9})[.)]/u.exec(raw)?.[1];
      return `<li${number ? ` value="${Number(number)}"` : ""}>${this.parser.parse(tokens)}</li>\n`;
    },
    checkbox({ checked }: Tokens.Checkbox): string {
      return checked ? "☑ " : "☐ ";
    },
    // Code inside a list or a quotation: a place for it, which the page fills with the very bytes.
    code({ text, lang }: Tokens.Code): string {
      nested.push({ text, lang: lang ?? "" });
      return "<pre></pre>";
    },
  },
});

function link(label: string, href: string, title: string | null | undefined): string {
  const words = title ? ` “${escapeHtml(title)}”` : "";
  return SAFE_LINK.test(href)
    ? `<a href="${escapeHtml(href)}">${label}</a>${words}`
    : `${label} (${escapeHtml(href)}${words})`;
}

/** The code blocks of the prose that is being rendered, in their order. */
let nested: Code[] = [];

const ALLOWED_TAGS = [
  "a",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "ol",
  "p",
  "pre",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];

// The one instance that the module brings: its Trusted Types policy, "dompurify", is the one that the page's CSP names.
DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer nofollow");
  node.setAttribute("target", "_blank");
});

/** As nodes, not as a string: nothing that was sanitised is ever parsed a second time. */
const sanitise = (html: string): DocumentFragment =>
  DOMPurify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["href", "start", "value", "align"],
    ALLOWED_URI_REGEXP: SAFE_LINK,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });

export interface Code {
  text: string;
  lang: string;
}

export type Block =
  /** `code` are the blocks that belong into the `pre` elements of the content, in their order. */
  { kind: "prose"; content: DocumentFragment; code: Code[] } | ({ kind: "bytes" } & Code);

/**
 * Words with no mark among them, as most replies are, become nodes as they stand: they need not be written as HTML, and sanitised, first.
 * Null: there are marks.
 */
function unmarked(tokens: TokensList): DocumentFragment | null {
  const content = new DocumentFragment();
  for (const token of tokens) {
    if (token.type === "space") continue;
    if (token.type !== "paragraph") return null;
    const paragraph = document.createElement("p");
    for (const part of token.tokens ?? []) {
      if (part.type === "text") paragraph.append(part.raw);
      else if (part.type === "br") paragraph.append(document.createElement("br"));
      else return null;
    }
    content.append(paragraph);
  }
  return content;
}

function render(tokens: TokensList): Extract<Block, { kind: "prose" }> {
  const words = unmarked(tokens);
  if (words) return { kind: "prose", content: words, code: [] };
  nested = [];
  const content = sanitise(marked.parser(tokens));
  return { kind: "prose", content, code: nested };
}

/** Past these, structure costs more than it gives, and the text is shown as it is. */
const MOST = 64 * 1024;
const MOST_LINES = 2000;

/**
 * The text as prose and code blocks, in order; code stays text, so that it can be shown byte for byte. So does a block whose words do not
 * all stand in what was made of it, and a text that would cost too much.
 */
export function renderBlocks(text: string): Block[] {
  const plain: Block[] = [{ kind: "bytes", text, lang: "" }];
  // HTML has no place for the first character of all: it would be dropped without a word.
  if (text.length > MOST || linesOf(text) > MOST_LINES || text.includes("\0")) return plain;
  try {
    return structured(text);
  } catch (error) {
    // Nested deeper than anything that can be read, or made to take its time.
    if (error instanceof RangeError) return plain;
    throw error;
  }
}

function structured(text: string): Block[] {
  const tokens = new BoundedLexer(marked.defaults).lex(text);
  if (!isWhole(text, tokens)) return [{ kind: "bytes", text, lang: "" }];
  const blocks: Block[] = [];
  let prose: TokensList = Object.assign([], { links: tokens.links });
  const flush = (): void => {
    if (prose.some((token) => token.type !== "space")) blocks.push(render(prose));
    prose = Object.assign([], { links: tokens.links });
  };
  for (const token of tokens) {
    const bytes = bytesOf(token);
    if (bytes) {
      flush();
      blocks.push({ kind: "bytes", ...bytes });
    } else prose.push(token);
  }
  flush();
  return blocks;
}

function bytesOf(token: Token): Code | null {
  if (!saysAll(token)) return { text: token.raw, lang: "" };
  return token.type === "code" ? { text: String(token["text"]), lang: String(token["lang"] ?? "") } : null;
}
