// What a thumb can hit: everything that can be pressed answers in a square of 44 px. Links in the middle of a sentence are as high as their line.
const least = 44;

export const targets = (page) =>
  page.evaluate((least) => {
    const pressed =
      "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=menuitem], [role=option], [role=tab]";
    const isText = (it) => it.matches("a[href]") && getComputedStyle(it).display === "inline";
    const small = [];
    for (const it of document.querySelectorAll(pressed)) {
      if (it.disabled || isText(it) || it.closest("[inert], [hidden]")) continue;
      const modal = document.querySelector("dialog[open]");
      if (modal && !modal.contains(it)) continue;
      // Who taps a label taps its field.
      const face = it.matches("input, select") ? (it.closest("label") ?? it) : it;
      face.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      const box = face.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || !face.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        continue;
      const answers = (x, y) => {
        const hit = document.elementFromPoint(x, y);
        return hit !== null && (face.contains(hit) || hit.closest("label")?.control === it);
      };
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      if (!answers(x, y)) continue; // covered, or scrolled out of a pane: not to be pressed now
      const reach = (dx, dy) => {
        let steps = 0;
        while (steps < least && answers(x + dx * (steps + 1), y + dy * (steps + 1))) steps += 1;
        return steps;
      };
      const [width, height] = [reach(-1, 0) + reach(1, 0) + 1, reach(0, -1) + reach(0, 1) + 1];
      if (width < least - 1 || height < least - 1)
        small.push(
          `${it.tagName.toLowerCase()} "${(it.ariaLabel ?? it.textContent).trim().slice(0, 40)}" answers in ${width} x ${height} px`,
        );
    }
    return small;
  }, least);
