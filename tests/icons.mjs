// `npm run icons`: the icons of the installed page, drawn here and rasterised by Chromium. Run by hand after a change; the results are committed.
//
// One mark: the wire, from the agent's square to the person's circle, with the turn at the person.
import { mkdirSync, writeFileSync } from "node:fs";
import { inRoot } from "../scripts/lib/paths.mjs";
import { openBrowser } from "./lib/browser.mjs";

const ground = "#1d2024";
const wire = "#80858c";
const person = "#e9b44c";

/** The mark on a 32 x 32 grid, around the middle; `scale` 1 fills the width that an icon with round corners leaves. */
const mark = (scale) => `<g transform="translate(16 16) scale(${scale}) translate(-16 -16)">
<path d="M9 16h12" stroke="${wire}" stroke-width="2.25"/>
<rect x="4.25" y="12.5" width="7" height="7" rx="1" fill="${wire}"/>
<circle cx="22.25" cy="16" r="5.5" fill="${person}"/></g>`;

/** The same with nothing waiting: the turn is with the agents. */
const quiet = `<path d="M9 16h12" stroke="${wire}" stroke-width="2.25"/>
<rect x="4.25" y="11.5" width="9" height="9" rx="1" fill="#d8d6d2"/>
<circle cx="22.75" cy="16" r="4" fill="${ground}" stroke="${wire}" stroke-width="2.25"/>`;

const svg = (content, corner) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="${corner}" fill="${ground}"/>${content}</svg>`.replace(
    /\n/g,
    "",
  );

/** A line icon as the page has them, on a 16 px grid, in a disc: what a launcher shows beside a shortcut's name. */
const shortcut = (path) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="${ground}"/><g transform="translate(8 8)"><path d="${path}" fill="none" stroke="#eceae6" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/></g></svg>`;

const pictures = [
  { file: "icon-192", size: 192, content: svg(mark(1), 7) },
  { file: "icon-512", size: 512, content: svg(mark(1), 7) },
  // A launcher cuts its own shape out of it: the ground bleeds, the mark keeps to the middle 80 %.
  { file: "maskable-512", size: 512, content: svg(mark(0.82), 0) },
  { file: "apple-touch-icon", size: 180, content: svg(mark(0.94), 0) },
  {
    file: "shortcut-needs-you-96",
    size: 96,
    content: shortcut("M1.5 8h8.2M14.5 8a2.4 2.4 0 1 1-4.8 0 2.4 2.4 0 0 1 4.8 0Z"),
  },
  { file: "shortcut-new-task-96", size: 96, content: shortcut("M8 3v10M3 8h10") },
  { file: "shortcut-activity-96", size: 96, content: shortcut("M1.5 8.5h3l2-5 3 9 2-4h3") },
];

const folder = inRoot("web/public/icons");
mkdirSync(folder, { recursive: true });
writeFileSync(inRoot("web/public/icon.svg"), `${svg(mark(1), 7)}\n`);
writeFileSync(inRoot("web/public/icon-quiet.svg"), `${svg(quiet, 7)}\n`);
const browser = await openBrowser();
try {
  for (const { file, size, content } of pictures) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${content}`);
    await page.screenshot({ path: `${folder}/${file}.png`, omitBackground: true });
    await page.close();
    console.log(`web/public/icons/${file}.png`);
  }
} finally {
  await browser.close();
}
