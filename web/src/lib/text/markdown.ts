// Markdown from agents and people to safe HTML. Loaded on demand: a list of tasks needs none of it.
// Raw HTML is shown as text, never interpreted: what a person approves must not hide anything. DOMPurify stands behind that as the second wall.
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Only these may be followed; everything else stays text. */
const SAFE_LINK = /^(https?:|mailto:)/iu;

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return escapeHtml(text);
    },
    // A remote image would tell its server who reads, and when. It is a link until the reader follows it.
    image({ href, text }: Tokens.Image): string {
      const label = `Image: ${text || href}`;
      return SAFE_LINK.test(href) ? `<a href="${escapeHtml(href)}">${escapeHtml(label)}</a>` : escapeHtml(label);
    },
    link({ href, tokens, text }: Tokens.Link): string {
      const label = this.parser.parseInline(tokens) || escapeHtml(text);
      return SAFE_LINK.test(href) ? `<a href="${escapeHtml(href)}">${label}</a>` : `${label} (${escapeHtml(href)})`;
    },
    checkbox({ checked }: Tokens.Checkbox): string {
      return checked ? "☑ " : "☐ ";
    },
  },
});

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
    ALLOWED_ATTR: ["href", "start", "align"],
    ALLOWED_URI_REGEXP: SAFE_LINK,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });

/** Past this, structure costs more than it gives, and the text is shown as it is. */
const MOST = 64 * 1024;

export type Block = { kind: "prose"; content: DocumentFragment } | { kind: "bytes"; text: string; lang: string };

/** The text as prose and code blocks, in order; code stays text, so that it can be shown byte for byte. */
export function renderBlocks(text: string): Block[] {
  if (text.length > MOST) return [{ kind: "bytes", text, lang: "" }];
  const tokens = marked.lexer(text);
  const blocks: Block[] = [];
  let prose: typeof tokens = Object.assign([], { links: tokens.links });
  const flush = (): void => {
    if (prose.some((token) => token.type !== "space")) {
      prose.links = tokens.links;
      blocks.push({ kind: "prose", content: sanitise(marked.parser(prose)) });
    }
    prose = Object.assign([], { links: tokens.links });
  };
  for (const token of tokens) {
    if (token.type === "code") {
      flush();
      blocks.push({ kind: "bytes", text: String(token["text"]), lang: String(token["lang"] ?? "") });
    } else prose.push(token);
  }
  flush();
  return blocks;
}
