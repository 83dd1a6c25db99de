// Where the focus is, and whether it can be seen: a line or a shadow of at least 3:1 against what lies beside it.

/**
 * In the page: what is wrong with how the focus on `it` is shown, or nothing. What stands for a hidden field is its label: the line may be
 * around a part of that.
 */
function wrongWith(it) {
  const leastContrast = 3;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  /** A colour painted over others, as the screen has it. */
  const painted = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb
      .map((value) => value / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const lineOf = (face) => {
    const style = getComputedStyle(face);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return outlined ? style.outlineColor : /(?:oklch|rgba?|color)\([^)]*\)/.exec(style.boxShadow)?.[0];
  };
  const hidden = getComputedStyle(it).opacity === "0";
  const face = [it, ...(hidden ? (it.closest("label")?.querySelectorAll("*") ?? []) : [])].find(lineOf);
  if (!face) return "has no line around it";
  const grounds = [];
  for (let at = face.parentElement; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
  grounds.unshift("white");
  const ratio = contrast(painted(...grounds, lineOf(face)), painted(...grounds));
  return ratio < leastContrast ? `its line has ${ratio.toFixed(2)}:1` : "";
}

/** In the page: what has the focus. */
function focused(wrongWith) {
  const it = document.activeElement;
  const name = it.ariaLabel ?? it.labels?.[0]?.textContent ?? it.textContent;
  return {
    role: it.getAttribute("role") ?? it.tagName.toLowerCase(),
    name: name.trim().replaceAll(/\s+/g, " "),
    shown: wrongWith(it),
  };
}

/** In the page: what does not show that it has the focus, of all that a key can come to. */
function unshown(wrongWith) {
  const reached =
    "a[href], button, input, select, textarea, summary, [tabindex='0'], [role=menuitem], [role=radio], [role=checkbox]";
  const modal = document.querySelector("dialog[open]");
  const found = [];
  for (const it of (modal ?? document).querySelectorAll(reached)) {
    if (it.disabled || it.closest("[inert]") || !it.checkVisibility({ visibilityProperty: true })) continue;
    it.focus({ preventScroll: true, focusVisible: true });
    if (document.activeElement !== it) continue;
    const wrong = wrongWith(it);
    const name = (it.ariaLabel ?? it.textContent).trim().slice(0, 40);
    if (wrong) found.push(`${it.tagName.toLowerCase()}.${it.getAttribute("class") ?? ""} "${name}" ${wrong}`);
  }
  return found;
}

/** What has the focus, as `{name, role, shown}`: `shown` says what is wrong with how it is shown, or nothing. */
export const focus = (page) => page.evaluate(`(${focused})(${wrongWith})`);

/** What a key can come to and does not show it. */
export async function focusLines(page) {
  // From here on the browser takes whatever gets the focus to have it by keyboard.
  await page.keyboard.press("Shift");
  return page.evaluate(`(${unshown})(${wrongWith})`);
}
