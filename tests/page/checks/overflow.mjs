// Nothing sticks out sideways: the page does not scroll sideways, nor does any pane, and all that can be pressed is inside. Nor is the page longer
// than the screen where its panes scroll.

/** Where what is wider than its place may be scrolled sideways: code, tables, diffs, and the board. */
const mayScroll = "pre, table, .board, [data-scrolls-sideways]";

export async function overflow(page, size) {
  await page.setViewportSize(size);
  const found = await page.evaluate(async (mayScroll) => {
    // The next frame lays it out anew; what the layout then tells the page is drawn with the one after.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const pressed = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const told = (it) =>
      `${it.tagName.toLowerCase()}.${it.getAttribute("class") ?? ""} "${(it.ariaLabel ?? it.textContent).trim().slice(0, 40)}"`;
    const wide = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) wide.push(`the page is ${root.scrollWidth} px wide`);
    if (document.querySelector(".frame") && root.scrollHeight > root.clientHeight)
      wide.push(`the page is ${root.scrollHeight} px long`);
    for (const it of document.body.querySelectorAll("*")) {
      // What is cheap to ask comes first: most elements are as wide as they are.
      const tooWide = it.scrollWidth > it.clientWidth + 1;
      const box = it.matches(pressed) ? it.getBoundingClientRect() : null;
      const outside = box && box.width > 1 && (box.right > root.clientWidth + 1 || box.left < -1);
      if ((!tooWide && !outside) || it.closest(mayScroll)) continue;
      const { overflowX, visibility, clipPath } = getComputedStyle(it);
      if (tooWide && (overflowX === "auto" || overflowX === "scroll"))
        wide.push(`${told(it)} scrolls sideways: ${it.scrollWidth} in ${it.clientWidth} px`);
      if (outside && visibility === "visible" && clipPath === "none")
        wide.push(`${told(it)} reaches from ${Math.round(box.left)} to ${Math.round(box.right)} px`);
    }
    return wide;
  }, mayScroll);
  return found.map((what) => `at ${size.width} x ${size.height}: ${what}`);
}
